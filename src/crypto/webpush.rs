//! Encryption of push messages for the client that shall read them: `aes128gcm` (RFC 8291) and the draft before it,
//! `aesgcm`, that older clients still decrypt. Push services see neither texts nor keys.

use super::{base64url, unbase64url};
use crate::{Error, Result};
use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
    rand::{SecureRandom, SystemRandom},
};

/// Bytes of an uncompressed point on P-256.
const POINT: usize = 65;
/// Bytes of the secret that client and server share, and of a salt.
const SECRET: usize = 16;
/// The record size that is announced: a message is one record.
const RECORD: u32 = 4096;

/// What a client gave for messages to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushKeys {
    /// Its public key, an uncompressed point.
    pub p256dh: Vec<u8>,
    /// The secret it shares with us.
    pub auth: Vec<u8>,
}

impl PushKeys {
    /// Reads them as clients send them: base64 of either alphabet, with padding or without. None for what is no point on
    /// the curve, or no secret.
    pub fn read(p256dh: &str, auth: &str) -> Option<Self> {
        let keys = Self { p256dh: lenient(p256dh)?, auth: lenient(auth)? };
        let sound = keys.p256dh.len() == POINT && keys.p256dh.first() == Some(&4) && keys.auth.len() == SECRET;
        // An agreement checks the point.
        (sound && shared(&PrivateKey::generate(&ECDH_P256).ok()?, &keys.p256dh).is_ok()).then_some(keys)
    }
}

/// Base64 in any of its spellings.
fn lenient(text: &str) -> Option<Vec<u8>> {
    if text.len() > 4 * POINT {
        return None;
    }
    unbase64url(&text.trim().trim_end_matches('=').replace('+', "-").replace('/', "_"))
}

/// A message that only its client can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushMessage {
    /// What is sent.
    pub body: Vec<u8>,
    /// The salt, for the draft's header.
    pub salt: String,
    /// Our public key of this message, for the draft's header.
    pub public: String,
}

/// Encrypts by the standard (RFC 8291): salt and key stand in front of the text.
///
/// # Errors
/// `Internal` for keys that are none.
pub fn aes128gcm(keys: &PushKeys, text: &[u8]) -> Result<PushMessage> {
    aes128gcm_with(&fresh_key()?, salt()?, keys, text)
}

/// Encrypts by the draft before the standard: salt and key stand in headers.
///
/// # Errors
/// `Internal` for keys that are none.
pub fn aesgcm(keys: &PushKeys, text: &[u8]) -> Result<PushMessage> {
    aesgcm_with(&fresh_key()?, salt()?, keys, text)
}

fn aes128gcm_with(own: &PrivateKey, salt: [u8; SECRET], keys: &PushKeys, text: &[u8]) -> Result<PushMessage> {
    let public = own.compute_public_key().map_err(failed)?;
    let secret = shared(own, &keys.p256dh)?;
    let info = [b"WebPush: info\0".as_slice(), &keys.p256dh, public.as_ref()];
    let key = derive::<32>(&keys.auth, &secret, &info)?;
    let content = derive::<16>(&salt, &key, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce = derive::<12>(&salt, &key, &[b"Content-Encoding: nonce\0"])?;
    // The last record, without padding.
    let mut sealed = text.to_vec();
    sealed.push(2);
    seal(&content, nonce, &mut sealed)?;
    let mut body = Vec::with_capacity(SECRET + 5 + POINT + sealed.len());
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD.to_be_bytes());
    body.push(POINT as u8);
    body.extend_from_slice(public.as_ref());
    body.extend_from_slice(&sealed);
    Ok(PushMessage { body, salt: base64url(&salt), public: base64url(public.as_ref()) })
}

fn aesgcm_with(own: &PrivateKey, salt: [u8; SECRET], keys: &PushKeys, text: &[u8]) -> Result<PushMessage> {
    let public = own.compute_public_key().map_err(failed)?;
    let secret = shared(own, &keys.p256dh)?;
    let key = derive::<32>(&keys.auth, &secret, &[b"Content-Encoding: auth\0"])?;
    let length = (POINT as u16).to_be_bytes();
    let curve = b"P-256\0".as_slice();
    let info = |name: &'static [u8]| [name, curve, &length, &keys.p256dh, &length, public.as_ref()];
    let content = derive::<16>(&salt, &key, &info(b"Content-Encoding: aesgcm\0"))?;
    let nonce = derive::<12>(&salt, &key, &info(b"Content-Encoding: nonce\0"))?;
    // No padding: two bytes say so.
    let mut body = vec![0, 0];
    body.extend_from_slice(text);
    seal(&content, nonce, &mut body)?;
    Ok(PushMessage { body, salt: base64url(&salt), public: base64url(public.as_ref()) })
}

fn failed<E>(_: E) -> Error {
    Error::internal("a push message could not be encrypted")
}

fn fresh_key() -> Result<PrivateKey> {
    PrivateKey::generate(&ECDH_P256).map_err(failed)
}

fn salt() -> Result<[u8; SECRET]> {
    let mut salt = [0; SECRET];
    SystemRandom::new().fill(&mut salt).map_err(failed)?;
    Ok(salt)
}

fn shared(own: &PrivateKey, theirs: &[u8]) -> Result<Vec<u8>> {
    agreement::agree(own, UnparsedPublicKey::new(&ECDH_P256, theirs), failed(()), |secret| Ok(secret.to_vec()))
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive<const N: usize>(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> Result<[u8; N]> {
    let mut out = [0; N];
    let key = Salt::new(HKDF_SHA256, salt).extract(secret);
    key.expand(info, Length(N)).and_then(|okm| okm.fill(&mut out)).map_err(failed)?;
    Ok(out)
}

fn seal(key: &[u8; 16], nonce: [u8; 12], text: &mut Vec<u8>) -> Result<()> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key).map_err(failed)?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private(text: &str) -> PrivateKey {
        PrivateKey::from_private_key(&ECDH_P256, &unbase64url(text).unwrap()).unwrap()
    }

    fn salt_of(text: &str) -> [u8; SECRET] {
        unbase64url(text).unwrap().try_into().unwrap()
    }

    #[test]
    fn the_example_of_rfc_8291_comes_out_to_the_byte() {
        let keys = PushKeys::read(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
        )
        .unwrap();
        let own = private("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        let text = b"When I grow up, I want to be a watermelon";
        let message = aes128gcm_with(&own, salt_of("DGv6ra1nlYgDCS1FRnbzlw"), &keys, text).unwrap();
        assert_eq!(
            base64url(&message.body),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_\
             yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn the_example_of_the_draft_comes_out_to_the_byte() {
        let keys = PushKeys::read(
            "BCEkBjzL8Z3C-oi2Q7oE5t2Np-p7osjGLg93qUP0wvqRT21EEWyf0cQDQcakQMqz4hQKYOQ3il2nNZct4HgAUQU=",
            "R29vIGdvbyBnJyBqb29iIQ==",
        )
        .unwrap();
        let own = private("nCScek-QpEjmOOlT-rQ38nZzvdPlqa00Zy0i6m2OJvY");
        let message = aesgcm_with(&own, salt_of("lngarbyKfMoi9Z75xYXmkg"), &keys, b"I am the walrus").unwrap();
        assert_eq!(base64url(&message.body), "6nqAQUME8hNqw5J3kl8cpVVJylXKYqZOeseZG8UueKpA");
        assert_eq!(message.salt, "lngarbyKfMoi9Z75xYXmkg");
        assert!(message.public.starts_with("BNoRDbb84JGm8g5Z5CFxurSqsXWJ11ItfXEWYVLE85Y7"), "{}", message.public);
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        let point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        assert!(PushKeys::read(point, "BTBZMqHH6r4Tts7J_aSIgg").is_some());
        assert!(PushKeys::read(point, "BTBZMqHH6r4Tts7J_aSI").is_none(), "a short secret");
        assert!(PushKeys::read(&point[..80], "BTBZMqHH6r4Tts7J_aSIgg").is_none(), "a short point");
        let beside = point.replace("Aiw4", "Aiw8");
        assert!(PushKeys::read(&beside, "BTBZMqHH6r4Tts7J_aSIgg").is_none(), "a point beside the curve");
        assert!(PushKeys::read("", "").is_none());
    }
}
