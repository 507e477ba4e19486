//! The key that names this node to push services (RFC 8292), and the tokens it signs for them.

use super::base64url;
use crate::{Error, Result, time::Timestamp};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::json;

/// A fresh P-256 key: PKCS#8 of the private half, and the public half as clients want it (the uncompressed point in
/// URL-safe base64).
///
/// # Errors
/// `Internal` when the machine gives no randomness.
pub fn generate() -> Result<(Vec<u8>, String)> {
    let failed = |_| Error::internal("no push key could be made");
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).map_err(failed)?;
    let voucher = Voucher::from_pkcs8(pkcs8.as_ref())?;
    Ok((pkcs8.as_ref().to_vec(), voucher.public()))
}

/// The opened key.
pub struct Voucher(EcdsaKeyPair);

impl Voucher {
    /// From what [`generate`] made.
    ///
    /// # Errors
    /// `Internal` for what is no such key.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
            .map(Self)
            .map_err(|_| Error::internal("the push key is unusable"))
    }

    /// The public half, as clients want it.
    pub fn public(&self) -> String {
        base64url(self.0.public_key().as_ref())
    }

    /// A signed token for one push service (`audience`: its origin), until `expires`; `subject` says whom to write to: a
    /// `mailto:` or `https:` address.
    ///
    /// # Errors
    /// `Internal` when the machine gives no randomness.
    pub fn token(&self, audience: &str, subject: &str, expires: Timestamp) -> Result<String> {
        let part = |value: serde_json::Value| base64url(value.to_string().as_bytes());
        let head = part(json!({ "typ": "JWT", "alg": "ES256" }));
        let claims = part(json!({ "aud": audience, "exp": expires.seconds(), "sub": subject }));
        let signed = format!("{head}.{claims}");
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|_| Error::internal("a push token could not be signed"))?;
        Ok(format!("{signed}.{}", base64url(signature.as_ref())))
    }
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
