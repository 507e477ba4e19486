//! Signing keys: RSA (PKCS#1 v1.5 with SHA-256) and Ed25519. Public keys are read from PEM (SPKI or PKCS#1) and
//! Multikey, judged (SIG-25) and kept parsed: verifying with a parsed key costs some 20 us, parsing it as much again.

use crate::{Error, Result};
use aws_lc_rs::{
    encoding::{AsBigEndian, AsDer, Curve25519SeedBin, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeySize, PublicKeyComponents},
    signature::{
        ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use std::sync::Arc;

/// Bits of a modulus that are accepted (SIGIN-20).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Characters of a PEM or Multikey beyond which it is not read.
const KEY_TEXT: usize = 8 * 1024;
/// `rsaEncryption`, 1.2.840.113549.1.1.1.
const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// `id-Ed25519`, 1.3.101.112.
const OID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// What a key is for; decides the algorithm, whatever a message claims (SIG-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rsa,
    /// Ed25519.
    Ed25519,
}

/// A judged and parsed public key; cheap to clone.
#[derive(Clone, Debug)]
pub struct PublicKey {
    kind: KeyKind,
    parsed: Arc<ParsedPublicKey>,
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && (*self.parsed).as_ref() == (*other.parsed).as_ref()
    }
}
impl Eq for PublicKey {}

impl PublicKey {
    /// Reads whichever text form is given: PEM (`BEGIN PUBLIC KEY`, `BEGIN RSA PUBLIC KEY`) or Multikey (`z...`).
    /// Errors: `BadRequest` for what is malformed or too weak (SIG-25).
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.len() > KEY_TEXT {
            return Err(refused());
        }
        if text.starts_with('z') { Self::from_multikey(text) } else { Self::from_pem(text) }
    }

    /// Reads a PEM block. Line breaks may be missing, doubled or escaped: several programs send them so.
    pub fn from_pem(pem: &str) -> Result<Self> {
        let (label, der) = read_pem(pem).ok_or_else(refused)?;
        match label {
            "PUBLIC KEY" => Self::from_spki(&der),
            "RSA PUBLIC KEY" => Self::from_pkcs1(&der),
            _ => Err(refused()),
        }
    }

    /// Reads `publicKeyMultibase`: base58btc, prefix 0xed01 (Ed25519) or 0x1205 (RSA, PKCS#1).
    pub fn from_multikey(text: &str) -> Result<Self> {
        let body = text.strip_prefix('z').filter(|b| b.len() <= 2 * KEY_TEXT / 3).ok_or_else(refused)?;
        let bytes = bs58::decode(body).into_vec().map_err(|_| refused())?;
        match bytes.split_first_chunk::<2>() {
            Some(([0xed, 0x01], point)) => Self::from_ed25519(point),
            Some(([0x85, 0x24], der)) => Self::from_pkcs1(der),
            _ => Err(refused()),
        }
    }

    /// Reads SubjectPublicKeyInfo DER.
    pub fn from_spki(der: &[u8]) -> Result<Self> {
        let mut outer = Der(der);
        let mut info = outer.sequence().filter(|_| outer.0.is_empty()).ok_or_else(refused)?;
        let mut algorithm = info.sequence().ok_or_else(refused)?;
        let oid = algorithm.take(0x06).ok_or_else(refused)?;
        let bits = info.take(0x03).filter(|_| info.0.is_empty()).ok_or_else(refused)?;
        let Some((0, key)) = bits.split_first().map(|(unused, key)| (*unused, key)) else { return Err(refused()) };
        match oid {
            OID_RSA => Self::from_pkcs1(key),
            OID_ED25519 => Self::from_ed25519(key),
            _ => Err(refused()),
        }
    }

    /// Reads PKCS#1 RSAPublicKey DER.
    pub fn from_pkcs1(der: &[u8]) -> Result<Self> {
        let mut outer = Der(der);
        let mut key = outer.sequence().filter(|_| outer.0.is_empty()).ok_or_else(refused)?;
        let (Some(n), Some(e), true) = (key.unsigned(), key.unsigned(), key.0.is_empty()) else {
            return Err(refused());
        };
        let bits = n.first().map_or(0, |top| n.len() * 8 - top.leading_zeros() as usize);
        // Small exponents other than 3 and even ones do not occur; 1 would make every message its own signature.
        let odd = |x: &[u8]| x.last().is_some_and(|b| b & 1 == 1);
        if !RSA_BITS.contains(&bits) || !odd(n) || !odd(e) || e == [1] || e.len() > 4 {
            return Err(refused());
        }
        let parsed =
            PublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).map_err(|_| refused())?;
        Ok(Self { kind: KeyKind::Rsa, parsed: Arc::new(parsed) })
    }

    /// Reads the 32 bytes of an Ed25519 point; points of small order are refused: they accept forged signatures.
    pub fn from_ed25519(point: &[u8]) -> Result<Self> {
        let point: &[u8; 32] = point.try_into().map_err(|_| refused())?;
        if has_small_order(point) {
            return Err(refused());
        }
        let parsed = ParsedPublicKey::new(&ED25519, point).map_err(|_| refused())?;
        Ok(Self { kind: KeyKind::Ed25519, parsed: Arc::new(parsed) })
    }

    /// Which algorithm the key is for.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether `signature` is this key's signature of `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }

    /// The bytes that the account row keeps: DER SPKI of an RSA key, the 32 bytes of an Ed25519 key. Read back by
    /// [`PublicKey::from_spki`] and [`PublicKey::from_ed25519`].
    pub fn stored(&self) -> &[u8] {
        (*self.parsed).as_ref()
    }

    /// SPKI PEM with 64-character lines, as `publicKeyPem` wants it.
    pub fn to_pem(&self) -> Result<String> {
        let der: PublicKeyX509Der<'_> = self.parsed.as_der().map_err(|_| Error::internal("key encoding"))?;
        Ok(write_pem("PUBLIC KEY", der.as_ref()))
    }
}

/// A private key that signs; cheap to clone. Never printed, never leaves the process unsealed.
#[derive(Clone)]
pub struct PrivateKey(Inner);

#[derive(Clone)]
enum Inner {
    Rsa(Arc<RsaKeyPair>),
    Ed25519(Arc<Ed25519KeyPair>),
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey({:?})", self.kind())
    }
}

impl PrivateKey {
    /// A fresh RSA key of 2048 bits. Takes 50 to 500 ms of CPU: never on a runtime thread, never in a transaction.
    pub fn generate_rsa() -> Result<Self> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| Error::internal("RSA key generation"))?;
        Ok(Self(Inner::Rsa(Arc::new(pair))))
    }

    /// A fresh Ed25519 key.
    pub fn generate_ed25519() -> Result<Self> {
        let pair = Ed25519KeyPair::generate().map_err(|_| Error::internal("Ed25519 key generation"))?;
        Ok(Self(Inner::Ed25519(Arc::new(pair))))
    }

    /// Reads unencrypted PKCS#8 DER, of either kind.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self> {
        if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
            return Ok(Self(Inner::Rsa(Arc::new(pair))));
        }
        let pair = Ed25519KeyPair::from_pkcs8(der)
            .or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der))
            .map_err(|_| Error::internal("a stored private key is unreadable"))?;
        Ok(Self(Inner::Ed25519(Arc::new(pair))))
    }

    /// Reads a PKCS#8 PEM block (`BEGIN PRIVATE KEY`).
    pub fn from_pem(pem: &str) -> Result<Self> {
        match read_pem(pem) {
            Some(("PRIVATE KEY", der)) => Self::from_pkcs8(&der),
            _ => Err(Error::internal("not a PKCS#8 private key")),
        }
    }

    /// Reads the 32-byte seed of an Ed25519 key.
    pub fn from_ed25519_seed(seed: &[u8; 32]) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| Error::internal("Ed25519 seed"))?;
        Ok(Self(Inner::Ed25519(Arc::new(pair))))
    }

    /// Reads `secretKeyMultibase` of an Ed25519 key: base58btc, prefix 0x1300 (written as the varint 0x80 0x26).
    ///
    /// # Errors
    /// `BadRequest` for anything else.
    pub fn from_secret_multikey(text: &str) -> Result<Self> {
        let body = text.trim().strip_prefix('z').filter(|b| b.len() <= 64).ok_or_else(refused)?;
        let bytes = bs58::decode(body).into_vec().map_err(|_| refused())?;
        match bytes.split_first_chunk::<2>() {
            Some(([0x80, 0x26], seed)) => Self::from_ed25519_seed(seed.try_into().map_err(|_| refused())?),
            _ => Err(refused()),
        }
    }

    /// An Ed25519 key as `secretKeyMultibase`: for a person to keep, never for a table.
    ///
    /// # Errors
    /// `Internal` for an RSA key.
    pub fn secret_multikey(&self) -> Result<String> {
        let Inner::Ed25519(pair) = &self.0 else { return Err(Error::internal("only Ed25519 keys are written so")) };
        let failed = |_| Error::internal("key encoding");
        let seed: Curve25519SeedBin<'_> = pair.seed().map_err(failed)?.as_be_bytes().map_err(failed)?;
        Ok(format!("z{}", bs58::encode([&[0x80, 0x26], seed.as_ref()].concat()).into_string()))
    }

    /// PKCS#8 DER, to be sealed ([`super::Vault`]) before it is stored.
    pub fn to_pkcs8(&self) -> Result<Vec<u8>> {
        let failed = |_| Error::internal("key encoding");
        match &self.0 {
            Inner::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                Ok(der.as_ref().to_vec())
            }
            Inner::Ed25519(pair) => Ok(pair.to_pkcs8().map_err(failed)?.as_ref().to_vec()),
        }
    }

    /// Which algorithm the key is for.
    pub fn kind(&self) -> KeyKind {
        match self.0 {
            Inner::Rsa(_) => KeyKind::Rsa,
            Inner::Ed25519(_) => KeyKind::Ed25519,
        }
    }

    /// Signs `message`. RSA takes some 0.4 ms of CPU.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        match &self.0 {
            Inner::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut out)
                    .map_err(|_| Error::internal("RSA signing"))?;
                Ok(out)
            }
            Inner::Ed25519(pair) => {
                Ok(pair.try_sign(message).map_err(|_| Error::internal("Ed25519 signing"))?.as_ref().to_vec())
            }
        }
    }

    /// The public half.
    pub fn public(&self) -> Result<PublicKey> {
        match &self.0 {
            Inner::Rsa(pair) => PublicKey::from_pkcs1(pair.public_key().as_ref()),
            Inner::Ed25519(pair) => PublicKey::from_ed25519(pair.public_key().as_ref()),
        }
    }

    /// The public half as SPKI PEM, for `publicKeyPem`.
    pub fn public_pem(&self) -> Result<String> {
        self.public()?.to_pem()
    }

    /// The public half as Multikey, for `publicKeyMultibase`.
    pub fn public_multikey(&self) -> String {
        let (prefix, body) = match &self.0 {
            Inner::Rsa(pair) => ([0x85, 0x24], pair.public_key().as_ref()),
            Inner::Ed25519(pair) => ([0xed, 0x01], pair.public_key().as_ref()),
        };
        format!("z{}", bs58::encode([&prefix, body].concat()).into_string())
    }
}

/// The 32 bytes of an Ed25519 key as `publicKeyMultibase`.
pub fn multikey_of_ed25519(point: &[u8]) -> String {
    format!("z{}", bs58::encode([&[0xed, 0x01], point].concat()).into_string())
}

fn refused() -> Error {
    Error::bad_request("The key is malformed or too weak")
}

/// The encodings of the points of small order, canonical or not, with the sign bit cleared.
fn has_small_order(point: &[u8; 32]) -> bool {
    const EIGHT_A: [u8; 32] = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ];
    const EIGHT_B: [u8; 32] = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ];
    let mut y = *point;
    y[31] &= 0x7f;
    if y == EIGHT_A || y == EIGHT_B {
        return true;
    }
    // 0 and 1, and p-1, p, p+1: everything but the lowest byte is all zeros or the top of the field.
    let (low, top) = (y[0], y[31]);
    let middle = &y[1..31];
    (middle.iter().all(|b| *b == 0) && top == 0 && low <= 1)
        || (middle.iter().all(|b| *b == 0xff) && top == 0x7f && (0xec..=0xee).contains(&low))
}

/// A reader of the few DER shapes that keys are made of; anything else is `None`.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The contents of the next value, which must have this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_first_chunk::<2>()?;
        if head[0] != tag {
            return None;
        }
        let (length, rest) = match head[1] {
            short @ 0..=0x7f => (usize::from(short), rest),
            0x81 => rest.split_first().map(|(a, rest)| (usize::from(*a), rest)).filter(|(n, _)| *n >= 0x80)?,
            0x82 => rest
                .split_first_chunk::<2>()
                .map(|(n, rest)| (usize::from(u16::from_be_bytes(*n)), rest))
                .filter(|(n, _)| *n >= 0x100)?,
            _ => return None,
        };
        let (body, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(body)
    }

    fn sequence(&mut self) -> Option<Der<'a>> {
        self.take(0x30).map(Der)
    }

    /// A positive integer without its sign byte.
    fn unsigned(&mut self) -> Option<&'a [u8]> {
        match self.take(0x02)? {
            [0, rest @ ..] if rest.first().is_some_and(|b| b & 0x80 != 0) => Some(rest),
            body if body.first().is_some_and(|b| *b != 0 && b & 0x80 == 0) => Some(body),
            _ => None,
        }
    }
}

/// The label and the decoded body of the first PEM block.
fn read_pem(pem: &str) -> Option<(&str, Vec<u8>)> {
    if pem.len() > KEY_TEXT {
        return None;
    }
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, rest) = rest.split_once("-----END ")?;
    rest.strip_prefix(label)?.strip_prefix("-----")?;
    // A literal backslash-n comes from programs that escaped the key twice.
    let body: String = body.replace("\\n", "").chars().filter(|c| !c.is_whitespace()).collect();
    Some((label, super::unbase64(&body)?))
}

fn write_pem(label: &str, der: &[u8]) -> String {
    let body = super::base64(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for (i, c) in body.chars().enumerate() {
        if i > 0 && i % 64 == 0 {
            out.push('\n');
        }
        out.push(c);
    }
    out.push_str(&format!("\n-----END {label}-----\n"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_survive_every_encoding() {
        for key in [PrivateKey::generate_rsa().unwrap(), PrivateKey::generate_ed25519().unwrap()] {
            let signature = key.sign(b"message").unwrap();
            let again = PrivateKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
            assert_eq!(again.kind(), key.kind());
            let public = key.public().unwrap();
            let stored = match public.kind() {
                KeyKind::Rsa => PublicKey::from_spki(public.stored()),
                KeyKind::Ed25519 => PublicKey::from_ed25519(public.stored()),
            };
            assert_eq!(stored.unwrap(), public);
            assert_eq!(public, again.public().unwrap());
            for text in [key.public_pem().unwrap(), key.public_multikey()] {
                let read = PublicKey::parse(&text).unwrap();
                assert_eq!(read, public, "{text}");
                assert!(read.verify(b"message", &signature));
                assert!(!read.verify(b"massage", &signature));
                assert!(!read.verify(b"message", b""));
            }
            let squeezed = public.to_pem().unwrap().replace('\n', "");
            assert_eq!(PublicKey::parse(&squeezed).unwrap(), public);
        }
    }

    fn rsa_pem(n: &[u8], e: &[u8]) -> String {
        fn value(tag: u8, body: &[u8]) -> Vec<u8> {
            let mut out = vec![tag];
            match body.len() {
                n @ 0..=0x7f => out.push(n as u8),
                n @ 0x80..=0xff => out.extend([0x81, n as u8]),
                n => out.extend([0x82, (n >> 8) as u8, n as u8]),
            }
            out.extend(body);
            out
        }
        let integer = |x: &[u8]| value(2, &if x[0] & 0x80 != 0 { [&[0], x].concat() } else { x.to_vec() });
        write_pem("RSA PUBLIC KEY", &value(0x30, &[integer(n), integer(e)].concat()))
    }

    #[test]
    fn sec_sig_25_weak_keys_are_refused() {
        let n = |bytes: usize| [&vec![0xc5; bytes][..]].concat();
        assert!(PublicKey::parse(&rsa_pem(&n(256), &[1, 0, 1])).is_ok());
        assert!(PublicKey::parse(&rsa_pem(&n(128), &[1, 0, 1])).is_err(), "1024 bits");
        assert!(PublicKey::parse(&rsa_pem(&n(255), &[1, 0, 1])).is_err(), "2040 bits");
        assert!(PublicKey::parse(&rsa_pem(&n(1025), &[1, 0, 1])).is_err(), "8200 bits");
        assert!(PublicKey::parse(&rsa_pem(&n(256), &[1])).is_err(), "exponent 1");
        assert!(PublicKey::parse(&rsa_pem(&n(256), &[4])).is_err(), "even exponent");
        let mut zero = [0; 32];
        assert!(PublicKey::from_ed25519(&zero).is_err());
        zero[0] = 1;
        assert!(PublicKey::from_ed25519(&zero).is_err(), "the neutral element");
        zero[31] = 0x80;
        assert!(PublicKey::from_ed25519(&zero).is_err(), "the neutral element with the sign bit");
        let mut order_two = [0xff; 32];
        (order_two[0], order_two[31]) = (0xec, 0x7f);
        assert!(PublicKey::from_ed25519(&order_two).is_err());
        assert!(PublicKey::from_ed25519(&[1; 31]).is_err());
        for junk in
            ["", "z", "z1", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----AA==-----END PUBLIC KEY-----"]
        {
            assert!(PublicKey::parse(junk).is_err(), "{junk}");
        }
    }
}
