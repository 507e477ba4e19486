//! What a client does with Web Push: its key pair, and how it reads what a push service hands it.

use crate::support::Received;
use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{self, ECDH_P256, PrivateKey},
    hkdf, hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const AUTH: [u8; 16] = *b"sixteen secrets!";

/// Reads base64url.
pub fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// Writes base64url.
pub fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A client's own key pair.
pub struct Device(PrivateKey);

impl Device {
    pub fn new() -> Self {
        Self(PrivateKey::generate(&ECDH_P256).unwrap())
    }
    fn public(&self) -> Vec<u8> {
        self.0.compute_public_key().unwrap().as_ref().to_vec()
    }
    pub fn keys(&self) -> Value {
        json!({ "p256dh": text(&self.public()), "auth": text(&AUTH) })
    }
    fn secret(&self, theirs: &[u8]) -> Vec<u8> {
        let theirs = agreement::UnparsedPublicKey::new(&ECDH_P256, theirs);
        agreement::agree(&self.0, theirs, (), |secret| Ok(secret.to_vec())).unwrap()
    }

    /// Reads a message by the `Content-Encoding` it names.
    pub fn read(&self, message: &Received) -> Value {
        let head = |name: &str| message.headers[name].to_str().unwrap().to_owned();
        let plain = match head("content-encoding").as_str() {
            "aes128gcm" => self.standard(&message.body),
            "aesgcm" => {
                let salt = bytes(head("encryption").strip_prefix("salt=").unwrap());
                let keys = head("crypto-key");
                let dh = bytes(keys.split(';').find_map(|part| part.strip_prefix("dh=")).unwrap());
                self.draft(&message.body, &salt, &dh)
            }
            other => panic!("{other}"),
        };
        serde_json::from_slice(&plain).unwrap()
    }
    fn standard(&self, body: &[u8]) -> Vec<u8> {
        let (salt, rest) = body.split_at(16);
        assert_eq!(rest[..5], [0, 0, 16, 0, 65], "record size and length of the key");
        let (theirs, sealed) = rest[5..].split_at(65);
        let info = [b"WebPush: info\0".as_slice(), &self.public(), theirs].concat();
        let key = derive(&AUTH, &self.secret(theirs), &info, 32);
        let content = derive(salt, &key, b"Content-Encoding: aes128gcm\0", 16);
        let nonce = derive(salt, &key, b"Content-Encoding: nonce\0", 12);
        let mut plain = open(&content, &nonce, sealed);
        assert_eq!(plain.pop(), Some(2), "the mark of the last record");
        plain
    }
    fn draft(&self, sealed: &[u8], salt: &[u8], theirs: &[u8]) -> Vec<u8> {
        let key = derive(&AUTH, &self.secret(theirs), b"Content-Encoding: auth\0", 32);
        let context = [b"P-256\0\0\x41".as_slice(), &self.public(), b"\0\x41", theirs].concat();
        let info = |name: &[u8]| [b"Content-Encoding: ", name, b"\0", &context].concat();
        let content = derive(salt, &key, &info(b"aesgcm"), 16);
        let nonce = derive(salt, &key, &info(b"nonce"), 12);
        let plain = open(&content, &nonce, sealed);
        assert_eq!(plain[..2], [0, 0], "no padding");
        plain[2..].to_vec()
    }
}

/// HKDF with SHA-256, of one block.
fn derive(salt: &[u8], secret: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    assert_eq!(hkdf::HKDF_SHA256.hmac_algorithm(), hmac::HMAC_SHA256);
    let key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, salt), secret);
    let block = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()), &[info, &[1]].concat());
    block.as_ref()[..length].to_vec()
}

fn open(key: &[u8], nonce: &[u8], sealed: &[u8]) -> Vec<u8> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key).unwrap());
    let mut sealed = sealed.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).unwrap();
    key.open_in_place(nonce, Aad::empty(), &mut sealed).unwrap().to_vec()
}
