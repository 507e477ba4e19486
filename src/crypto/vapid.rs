//! The key that names this node to push services (RFC 8292).

use super::base64url;
use crate::{Error, Result};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};

/// A fresh P-256 key: PKCS#8 of the private half, and the public half as clients want it (the uncompressed point in
/// URL-safe base64).
///
/// # Errors
/// `Internal` when the machine gives no randomness.
pub fn generate() -> Result<(Vec<u8>, String)> {
    let failed = |_| Error::internal("no push key could be made");
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).map_err(failed)?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref())
        .map_err(|_| Error::internal("the push key is unusable"))?;
    Ok((pkcs8.as_ref().to_vec(), base64url(pair.public_key().as_ref())))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_push_key_is_an_uncompressed_point() {
        use base64::Engine;
        let (private, public) = super::generate().expect("a key");
        let point = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(public).expect("base64");
        assert_eq!((point.len(), point[0]), (65, 4));
        assert!(!private.is_empty());
    }
}
