//! Cryptography: keys and signatures ([`keys`]), passwords ([`password`]), secrets at rest ([`seal`]) and the small
//! things every layer needs (hashes, tokens, comparison in constant time). Documents that carry their own signature are
//! [`integrity`]'s. Everything is aws-lc-rs except argon2;
//! private keys never touch pure-Rust RSA (SIG-27). HTTP signature formats live in `federation::signatures`.

pub mod certificate;
pub mod integrity;
pub mod jcs;
pub mod keys;
pub mod password;
pub mod seal;
pub mod vapid;
pub mod webpush;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};

pub use keys::{KeyKind, PrivateKey, PublicKey};
pub use password::Passwords;
pub use seal::Vault;
pub use vapid::Voucher;
pub use webpush::PushKeys;

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// SHA-256 as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&sha256(bytes))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

/// The part of an address that proves that its holder was shown a remote file: whoever knows the file's own address
/// could fetch it there anyway, and nobody else can make this up (PRV-13, WEB-14).
pub fn address_seal(remote_url: &str) -> String {
    hex(sha256(remote_url.as_bytes()).get(..16).unwrap_or_default())
}

/// What is stored instead of a token, code or reset link (OPS-04): looked up by equality, so no comparison of secrets
/// ever happens in our code (OAU-20).
pub fn token_hash(token: &str) -> String {
    sha256_hex(token.as_bytes())
}

/// A token from 32 random bytes: 43 URL-safe characters, the first of them a letter, so that no command line takes it
/// for a flag.
pub fn token(mut random: [u8; 32]) -> String {
    random[0] &= 0x7f;
    URL_SAFE_NO_PAD.encode(random)
}

/// Standard base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads standard base64 with padding; `None` for anything else.
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// URL-safe base64 without padding.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads URL-safe base64 without padding; `None` for anything else.
pub fn unbase64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Equality whose duration tells nothing about the contents (only about the lengths).
pub fn same(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_the_published_ones() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(base64(&sha256(b"")), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(token([0; 32]).len(), 43);
        assert!(same(b"abc", b"abc") && !same(b"abc", b"abd") && !same(b"abc", b"ab"));
    }
}
