//! The keys of this node's actors: made ahead by a job or when first needed, never in anybody's way; sealed in the
//! database, opened once and kept parsed. Also the instance actor, which signs for the node as a whole (DISC-16).

use super::signatures::Signer;
use crate::{
    Error, Result,
    app::App,
    crypto::{self, PrivateKey, Vault},
    db::Conn,
    domain::{
        Fact, Task,
        accounts::instance,
        audit::{self, Staff},
        charter,
    },
    id::Id,
    model::Account,
    store,
};
pub use instance::INSTANCE;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// What sealed actor keys are sealed for.
const PURPOSE: &str = "actor-key";
/// Opened keys kept in memory.
const KEPT: u64 = 4_096;
/// How long an opened key is used before the database is asked for it again: another process, or the command line beside
/// several, may have made new ones.
const LASTS: Duration = Duration::from_secs(60);

/// Where RSA keys of new accounts come from.
pub type KeySource = Arc<dyn Fn() -> Result<PrivateKey> + Send + Sync>;

struct Keyring {
    vault: OnceLock<Vault>,
    /// Another source than the machine's randomness.
    source: OnceLock<KeySource>,
    signers: moka::future::Cache<i64, Arc<Signer>>,
    /// One key is made at a time: making one takes a whole core for a moment.
    making: tokio::sync::Mutex<()>,
}

fn keyring(app: &App) -> Arc<Keyring> {
    app.part_or(|| Keyring {
        vault: OnceLock::new(),
        source: OnceLock::new(),
        signers: moka::future::Cache::builder().max_capacity(KEPT).time_to_live(LASTS).build(),
        making: tokio::sync::Mutex::default(),
    })
}

impl Keyring {
    fn vault(&self, app: &App) -> Result<Vault> {
        if let Some(vault) = self.vault.get() {
            return Ok(vault.clone());
        }
        let vault = Vault::open(&app.config().data_dir.join("secret.key"), app.random().bytes())?;
        Ok(self.vault.get_or_init(|| vault).clone())
    }
}

/// Takes the RSA keys of new accounts from `source`, for simulations with many people: making one takes as long as some
/// hundred requests. Never for accounts that anybody else relies on. Counts from the first call on.
pub fn draw_from(app: &App, source: KeySource) {
    // A second source is none: who has keys of the first one keeps them.
    let _ = keyring(app).source.set(source);
}

/// What signs for a local account; its keys are made when it has none yet.
///
/// # Errors
/// `NotFound` for an account that is not of this node; `Internal` when its key cannot be opened.
pub async fn signer(app: &App, account: Id<Account>) -> Result<Arc<Signer>> {
    let ring = keyring(app);
    if let Some(signer) = ring.signers.get(&account.raw()).await {
        return Ok(signer);
    }
    let (key_id, sealed) = match load(app, account).await? {
        (key_id, Some(sealed)) => (key_id, sealed),
        (_, None) => {
            make(app, account).await?;
            let (key_id, sealed) = load(app, account).await?;
            (key_id, sealed.ok_or(Error::NotFound)?)
        }
    };
    let key = PrivateKey::from_pkcs8(&ring.vault(app)?.open_sealed(PURPOSE, &sealed)?)?;
    let signer = Arc::new(Signer { key_id, key });
    ring.signers.insert(account.raw(), signer.clone()).await;
    Ok(signer)
}

async fn load(app: &App, account: Id<Account>) -> Result<(String, Option<Vec<u8>>)> {
    app.glance(move |conn| {
        let owner = store::accounts::load(conn, account)?;
        if !owner.is_local() {
            return Err(Error::NotFound);
        }
        let key_id = owner.public_key_id.unwrap_or_else(|| format!("{}#main-key", owner.uri));
        Ok((key_id, store::actor_keys::find(conn, account)?.map(|keys| keys.rsa_sealed)))
    })
    .await
}

/// Makes the keys of a local account unless it has them: the job that runs after sign-up calls this.
///
/// # Errors
/// `NotFound` for nobody; `Internal` when the secret key file is unusable.
pub async fn make(app: &App, account: Id<Account>) -> Result<()> {
    let ring = keyring(app);
    let _one = ring.making.lock().await;
    if app.glance(move |conn| store::actor_keys::find(conn, account)).await?.is_some() {
        return Ok(());
    }
    let Made { rsa, ed25519, spki, point } = generate(ring.vault(app)?, ring.source.get().cloned()).await?;
    app.write(move |tx| {
        store::actor_keys::insert(tx.conn, account, &rsa, &ed25519, spki, point, tx.now)?;
        // What they said of themselves before could be told to no other node.
        let said = store::people::find(tx.conn, account)?.is_some();
        if said && charter::current(tx.conn)?.is_some() {
            tx.enqueue(&Task::SendProfile { account: account.raw() })?;
        }
        Ok(())
    })
    .await
}

/// New keys: the private halves sealed, the public ones as rows keep them.
struct Made {
    rsa: Vec<u8>,
    ed25519: Vec<u8>,
    spki: Vec<u8>,
    point: Vec<u8>,
}

async fn generate(vault: Vault, source: Option<KeySource>) -> Result<Made> {
    tokio::task::spawn_blocking(move || -> Result<Made> {
        let rsa = source.map_or_else(PrivateKey::generate_rsa, |draw| draw())?;
        let ed25519 = PrivateKey::generate_ed25519()?;
        let spki = from_pem(&rsa.public_pem()?)?;
        let point = bs58::decode(ed25519.public_multikey().trim_start_matches('z'))
            .into_vec()
            .map_err(Error::internal)?
            .split_off(2);
        let seal = |key: &PrivateKey| vault.seal(PURPOSE, &key.to_pkcs8()?);
        Ok(Made { rsa: seal(&rsa)?, ed25519: seal(&ed25519)?, spki, point })
    })
    .await
    .map_err(Error::internal)?
}

/// Makes new keys for a person or project of this node, in the place of those it has, under ids that no key had before
/// (REL-30, SIGOUT-08). Other servers are told with the profile; what they are sent from now on is signed with the new
/// ones, which they fetch when they see the new id.
///
/// # Errors
/// `NotFound` for nobody of this node; `Forbidden` for the node itself, whose key organisations have pinned; `Internal`
/// when the secret key file is unusable.
pub async fn rotate(app: &App, by: &Staff, account: Id<Account>) -> Result<()> {
    if account == INSTANCE {
        return Err(Error::forbidden(
            "the key of the node itself is what organisations know it by; it is not replaced",
        ));
    }
    make(app, account).await?;
    let ring = keyring(app);
    let _one = ring.making.lock().await;
    let Made { rsa, ed25519, spki, point } = generate(ring.vault(app)?, ring.source.get().cloned()).await?;
    let by = by.clone();
    app.write(move |tx| {
        let owner = store::accounts::load(tx.conn, account)?;
        if !owner.is_local() || owner.deleted_at.is_some() {
            return Err(Error::NotFound);
        }
        let number = number(&owner).saturating_add(1);
        store::actor_keys::replace(tx.conn, account, &rsa, &ed25519, spki, point, number, tx.now)?;
        audit::write(tx, &by, "account.rekey", &owner.acct(), &number.to_string())?;
        tx.enqueue(&Task::SendProfile { account: account.raw() })?;
        tx.record(Fact::AccountUpdated(account))
    })
    .await?;
    ring.signers.invalidate(&account.raw()).await;
    ring.signers.invalidate(&-account.raw()).await;
    Ok(())
}

/// The how manieth keys an actor has.
fn number(owner: &Account) -> u32 {
    let id = owner.public_key_id.as_deref().and_then(|id| id.rsplit_once("#main-key-"));
    id.and_then(|(_, number)| number.parse().ok()).unwrap_or(1)
}

/// How the ids of the keys of one of our actors end, and those of the keys that it had before them: of one with other keys
/// than its first.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn fragments(conn: &mut Conn, name: &str) -> Result<Vec<String>> {
    let owner = store::accounts::find_by_handle(conn, name)?.filter(Account::is_local);
    let newest = owner.map_or(1, |owner| number(&owner));
    let numbers = [newest, newest.saturating_sub(1)].into_iter().filter(|number| *number > 1);
    Ok(numbers.flat_map(|number| [format!("#main-key-{number}"), format!("#ed25519-key-{number}")]).collect())
}

/// A local account with its public keys, which are made when it has none yet: nobody can verify us without them.
///
/// # Errors
/// As [`make`].
pub async fn with_keys(app: &App, account: Account) -> Result<Account> {
    if account.public_key.is_some() || !account.is_local() {
        return Ok(account);
    }
    let id = account.id;
    make(app, id).await?;
    app.glance(move |conn| store::accounts::load(conn, id)).await
}

/// The instance actor, made when it is first needed.
///
/// # Errors
/// As [`make`].
pub async fn instance_actor(app: &App) -> Result<Account> {
    let found = app.glance(|conn| store::accounts::find(conn, INSTANCE)).await?;
    let account = match found {
        Some(account) => account,
        None => app.write(instance::actor).await?,
    };
    with_keys(app, account).await
}

/// The secrets of this node.
///
/// # Errors
/// `Internal` when the secret key file is unusable.
pub fn vault(app: &App) -> Result<Vault> {
    keyring(app).vault(app)
}

/// Forgets opened keys, after a restore: the next use reads the database.
pub fn forget_all(app: &App) {
    keyring(app).signers.invalidate_all();
}

/// What signs for the node as a whole where the other side knows its Ed25519 key: the charter pins that one.
///
/// # Errors
/// As [`signer`].
pub async fn node_signer(app: &App) -> Result<Arc<Signer>> {
    if let Some(signer) = keyring(app).signers.get(&-INSTANCE.raw()).await {
        return Ok(signer);
    }
    instance_actor(app).await?;
    document_signer(app, INSTANCE).await
}

/// The Ed25519 key of a local account, for what is proven by itself and not by the request that brings it (SIGOUT-05);
/// its keys are made when it has none yet.
///
/// # Errors
/// As [`signer`].
pub async fn document_signer(app: &App, account: Id<Account>) -> Result<Arc<Signer>> {
    let ring = keyring(app);
    // Accounts have positive numbers: this place is free for the other key.
    if let Some(signer) = ring.signers.get(&-account.raw()).await {
        return Ok(signer);
    }
    let owner = app.glance(move |conn| store::accounts::load(conn, account)).await?;
    if !owner.is_local() {
        return Err(Error::NotFound);
    }
    make(app, account).await?;
    let keys = app.glance(move |conn| store::actor_keys::find(conn, account)).await?.ok_or(Error::NotFound)?;
    let key = PrivateKey::from_pkcs8(&ring.vault(app)?.open_sealed(PURPOSE, &keys.ed25519_sealed)?)?;
    // That of the node is called as the charter names it.
    let key_id = owner.ed25519_key_id.filter(|_| account != INSTANCE);
    let signer = Arc::new(Signer { key_id: key_id.unwrap_or_else(|| format!("{}#ed25519-key", owner.uri)), key });
    ring.signers.insert(-account.raw(), signer.clone()).await;
    Ok(signer)
}

/// What signs for the node as a whole (SIGOUT-02).
///
/// # Errors
/// As [`signer`].
pub async fn instance_signer(app: &App) -> Result<Arc<Signer>> {
    if let Some(signer) = keyring(app).signers.get(&INSTANCE.raw()).await {
        return Ok(signer);
    }
    instance_actor(app).await?;
    signer(app, INSTANCE).await
}

/// The bytes inside a PEM block.
fn from_pem(pem: &str) -> Result<Vec<u8>> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    crypto::unbase64(&body).ok_or_else(|| Error::internal("PEM"))
}

/// SPKI DER as the PEM block that `publicKeyPem` wants.
pub fn to_pem(spki: &[u8]) -> String {
    let body = crypto::base64(spki);
    let mut pem = String::with_capacity(body.len() + 64);
    pem.push_str("-----BEGIN PUBLIC KEY-----\n");
    let mut rest = body.as_str();
    while let Some((line, more)) = rest.split_at_checked(64) {
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    if !rest.is_empty() {
        pem.push_str(rest);
        pem.push('\n');
    }
    pem.push_str("-----END PUBLIC KEY-----\n");
    pem
}

/// 32 bytes of an Ed25519 key as `publicKeyMultibase`.
pub fn to_multikey(point: &[u8]) -> String {
    crypto::keys::multikey_of_ed25519(point)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_survives_pem_both_ways() {
        let key = PrivateKey::generate_rsa().unwrap();
        let pem = key.public_pem().unwrap();
        assert_eq!(to_pem(&from_pem(&pem).unwrap()), pem);
        let key = PrivateKey::generate_ed25519().unwrap();
        let multikey = key.public_multikey();
        let point = bs58::decode(multikey.trim_start_matches('z')).into_vec().unwrap().split_off(2);
        assert_eq!(to_multikey(&point), multikey);
    }
}
