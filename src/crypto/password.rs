//! Passwords: argon2id with 19 MiB, 2 passes, 1 lane, as PHC strings. At most two hashes run at once, on the blocking
//! pool, so a flood of sign-ins costs 38 MiB and two cores' time and never a runtime thread (OAU-14).

use crate::{Error, Result};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Hashes computed at the same time.
const AT_ONCE: usize = 2;
/// Bytes of a password beyond which it cannot be right.
const LONGEST: usize = 1024;

/// The password gate; cheap to clone, one per node.
#[derive(Clone, Debug)]
pub struct Passwords {
    gate: Arc<Semaphore>,
    decoy: Arc<str>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// A gate with its own two places.
    pub fn new() -> Self {
        // A real hash of nothing anybody can type: verifying against it takes as long as against a person's.
        let decoy =
            "$argon2id$v=19$m=19456,t=2,p=1$d2F0ZXJjb29sZXItZGVjb3k$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        Self { gate: Arc::new(Semaphore::new(AT_ONCE)), decoy: decoy.into() }
    }

    /// The PHC string to store. `salt` is 16 fresh random bytes. Errors: `Invalid` beyond 1,024 bytes.
    pub async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String> {
        self.run(move || hash_password(&password, &salt)).await
    }

    /// Whether the password fits the stored hash. `None` (no such account) takes the same time and answers `false`.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool> {
        let decoy = self.decoy.clone();
        self.run(move || {
            Ok(match stored {
                Some(stored) => verify_password(&password, &stored),
                None => {
                    verify_password(&password, &decoy);
                    false
                }
            })
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let place = self.gate.clone().acquire_owned().await.map_err(Error::internal)?;
        let done = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
        drop(place);
        done
    }
}

/// The PHC string to store; takes some 20 ms of CPU, so servers go through [`Passwords`]. For the command line.
pub fn hash_password(password: &str, salt: &[u8; 16]) -> Result<String> {
    if password.len() > LONGEST {
        return Err(Error::invalid("password", "too_long", "Password is too long"));
    }
    let hash: PasswordHash = hasher()?
        .hash_password_with_salt(password.as_bytes(), salt)
        .map_err(|e| Error::internal(format!("argon2: {e}")))?;
    Ok(hash.to_string())
}

/// Whether the password fits; an unreadable stored hash fits nothing.
pub fn verify_password(password: &str, stored: &str) -> bool {
    let (Ok(hasher), Ok(stored)) = (hasher(), PasswordHash::new(stored)) else { return false };
    password.len() <= LONGEST && hasher.verify_password(password.as_bytes(), &stored).is_ok()
}

/// Whether the hash was made with other parameters than ours and should be replaced at the next sign-in.
pub fn needs_rehash(stored: &str) -> bool {
    !stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|e| Error::internal(format!("argon2: {e}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let hash = hash_password("correct horse", &[7; 16]).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !needs_rehash(&hash));
        assert!(verify_password("correct horse", &hash));
        assert!(!verify_password("correct hors", &hash));
        assert!(!verify_password("correct horse", "nonsense"));
        assert!(hash_password(&"x".repeat(1025), &[7; 16]).is_err());
    }

    #[tokio::test]
    async fn an_unknown_account_costs_a_hash_and_fits_nothing() {
        let gate = Passwords::new();
        assert!(PasswordHash::new(&gate.decoy).is_ok());
        assert!(!gate.verify("".into(), None).await.unwrap());
        let stored = gate.hash("pw".into(), [1; 16]).await.unwrap();
        assert!(gate.verify("pw".into(), Some(stored)).await.unwrap());
    }
}
