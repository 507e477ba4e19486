//! Secrets at rest (OPS-04): private keys and second factors are stored sealed with AES-256-GCM under the key in
//! `data/secret.key`, so a copy of the database alone signs nothing. Losing the file means new actor keys.

use crate::{Error, Result};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use std::{fs, io::Write, path::Path, sync::Arc};

/// First byte of everything sealed, for a later change of method.
const VERSION: u8 = 1;

/// The opened `secret.key`; cheap to clone. Shows nothing in debug output.
#[derive(Clone)]
pub struct Vault(Arc<RandomizedNonceKey>);

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// From 32 bytes.
    pub fn new(key: &[u8; 32]) -> Result<Self> {
        let key =
            RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| Error::internal("the secret key is unusable"))?;
        Ok(Self(Arc::new(key)))
    }

    /// Opens the key file (64 hexadecimal digits, mode 0600), or makes it from `fresh` random bytes when it does not
    /// exist yet. Errors: unreadable, malformed, or readable by others.
    pub fn open(path: &Path, fresh: [u8; 32]) -> Result<Self> {
        let said = |what: &str, e: &dyn std::fmt::Display| Error::internal(format!("{what} {}: {e}", path.display()));
        match fs::read_to_string(path) {
            Ok(text) => {
                refuse_open_mode(path)?;
                let key = unhex(text.trim()).ok_or_else(|| said("cannot read", &"not 64 hexadecimal digits"))?;
                Self::new(&key)
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                write_private(path, format!("{}\n", super::hex(&fresh)).as_bytes())
                    .map_err(|e| said("cannot write", &e))?;
                Self::new(&fresh)
            }
            Err(e) => Err(said("cannot read", &e)),
        }
    }

    /// Seals `secret`. `purpose` (such as `actor-key`) must be named again to open it: a sealed value cannot be moved
    /// to another use. The nonce is the cipher's own fresh randomness, never the seeded one of a simulation.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>> {
        let mut body = secret.to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut body)
            .map_err(|_| Error::internal("sealing failed"))?;
        let mut out = Vec::with_capacity(1 + NONCE_LEN + body.len());
        out.push(VERSION);
        out.extend_from_slice(nonce.as_ref());
        out.extend_from_slice(&body);
        Ok(out)
    }

    /// Opens what [`Vault::seal`] made for the same purpose. Errors: another key, another purpose, altered bytes.
    pub fn open_sealed(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let wrong = || Error::internal("a stored secret cannot be opened: was secret.key replaced?");
        let (version, rest) = sealed.split_first().ok_or_else(wrong)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        if *version != VERSION {
            return Err(wrong());
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut body = body.to_vec();
        let length = self.0.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut body).map_err(|_| wrong())?.len();
        body.truncate(length);
        Ok(body)
    }

    /// As [`Vault::seal`], as base64 for text columns.
    pub fn seal_text(&self, purpose: &str, secret: &[u8]) -> Result<String> {
        Ok(super::base64(&self.seal(purpose, secret)?))
    }

    /// As [`Vault::open_sealed`], from base64.
    pub fn open_text(&self, purpose: &str, sealed: &str) -> Result<Vec<u8>> {
        let sealed = super::unbase64(sealed).ok_or_else(|| Error::internal("a stored secret is not base64"))?;
        self.open_sealed(purpose, &sealed)
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}

#[cfg(unix)]
fn refuse_open_mode(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_err(Error::internal)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::internal(format!("{} can be read by others: run chmod 600 on it", path.display())));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_open_mode(_: &Path) -> Result<()> {
    Ok(())
}

/// Writes a new file that only its owner can read, whole and synced before it has its name: a kill in between leaves no
/// half key, and a key lost in a power cut would take the actor keys with it. Never overwrites.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let named = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_only_with_its_key_and_purpose() {
        let vault = Vault::new(&[3; 32]).unwrap();
        let sealed = vault.seal_text("actor-key", b"secret").unwrap();
        assert_eq!(vault.open_text("actor-key", &sealed).unwrap(), b"secret");
        assert_ne!(sealed, vault.seal_text("actor-key", b"secret").unwrap());
        assert!(vault.open_text("vapid", &sealed).is_err());
        assert!(Vault::new(&[4; 32]).unwrap().open_text("actor-key", &sealed).is_err());
        assert!(vault.open_sealed("actor-key", &[1, 2, 3]).is_err());
        assert_eq!(format!("{vault:?}"), "Vault");
    }

    #[test]
    fn the_key_file_is_made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret.key");
        let first = Vault::open(&path, [9; 32]).unwrap();
        let sealed = first.seal("x", b"y").unwrap();
        let second = Vault::open(&path, [8; 32]).unwrap();
        assert_eq!(second.open_sealed("x", &sealed).unwrap(), b"y");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(Vault::open(&path, [8; 32]).is_err());
        }
    }
}
