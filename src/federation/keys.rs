//! Keys of others: where they come from, how long they are believed, and what it may cost to ask (SIGIN-13, 18, 19, 21).
//!
//! A key is looked for in memory, then in the account rows, then at its own address. The owner's own document is the
//! only proof of ownership. Failures are remembered, so that nobody can make us knock at a door again and again.

use super::{
    fetch::{self, Budget, Document},
    json::Json,
    objects::{self, Kind, actor},
    pace::Buckets,
};
use crate::{
    Error, Result,
    app::App,
    crypto::{KeyKind, PublicKey},
    id::Id,
    limits,
    model::Account,
    store,
    time::Timestamp,
    uri,
};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// Parsed keys kept in memory; one takes some 2 KiB.
const KEPT: u64 = 4_096;
/// Failures kept in memory.
const FAILURES: u64 = 16_384;
/// How long an HTTP answer that is no key is remembered, and how long a key is not asked for again. Seconds.
const AGAIN: i64 = 300;
/// How long a signed read trusts what the owner's row said. Milliseconds.
const FRESH: i64 = 5_000;
/// How long a 410 is remembered. Seconds.
const GONE: i64 = 86_400;
/// How long a host that cannot be reached is left alone, when nobody from there is known. Seconds.
const HOST_AWAY: i64 = 60;
/// Requests that finding one key may take: the key, its owner, WebFinger, each also in the other signature format.
const ASKED: usize = 8;
/// Fetches of keys that one host may cause: a minute's worth at once, then one a second.
const FETCHES: (u32, u32) = (1, 60);

/// A key whose owner is known here.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its id.
    pub key_id: Arc<str>,
    /// The owner's account.
    pub account: Id<Account>,
    /// The owner's actor id.
    pub actor: Arc<str>,
    /// The key.
    pub key: PublicKey,
    /// The account row carries this key (it has room for one of each kind).
    pub in_row: bool,
    /// When the owner's document that listed it was read. A key for which the row has no room counts until that is read
    /// again: then it may not be listed any more (SIG-23).
    learned: Option<Timestamp>,
    /// When the row was last found to be as this says. Milliseconds.
    checked: Arc<AtomicI64>,
}

impl Known {
    /// Whether the row was looked at a moment ago.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        (0..FRESH).contains(&(now.millis() - self.checked.load(Ordering::Relaxed)))
    }

    /// The row was looked at just now.
    pub fn checked_at(&self, now: Timestamp) {
        self.checked.store(now.millis(), Ordering::Relaxed);
    }

    /// Whether the account row still carries this key under this id: another process, or an Update, may have replaced it.
    /// Of one without a place in the row: whether the owner was not read since.
    pub fn is_current(&self, row: &Account) -> bool {
        if !self.in_row {
            return row.fetched_at == self.learned;
        }
        let (id, key) = match self.key.kind() {
            KeyKind::Rsa => (&row.public_key_id, &row.public_key),
            KeyKind::Ed25519 => (&row.ed25519_key_id, &row.ed25519_key),
        };
        id.as_deref() == Some(&*self.key_id) && key.as_deref() == Some(self.key.stored())
    }
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Its document is gone for good (410, or a Tombstone).
    Gone,
    /// There is an answer, and it is not this key; or our rules forbid to ask.
    Refused,
    /// Not now: its host cannot be reached, or was asked too often.
    Away,
}

/// In-memory state; a part of the app.
pub struct Keys {
    known: moka::sync::Cache<Arc<str>, Arc<Known>>,
    failed: moka::sync::Cache<String, (Trouble, Timestamp)>,
    away: moka::sync::Cache<String, Timestamp>,
    asked: moka::sync::Cache<String, Timestamp>,
    flights: moka::sync::Cache<String, Arc<tokio::sync::Mutex<()>>>,
    budget: Buckets,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            known: moka::sync::Cache::new(KEPT),
            failed: moka::sync::Cache::new(FAILURES),
            away: moka::sync::Cache::new(FAILURES),
            asked: moka::sync::Cache::new(FAILURES),
            flights: moka::sync::Cache::new(1_024),
            budget: Buckets::new(FETCHES.0, FETCHES.1),
        }
    }
}

impl Keys {
    /// Forgets a parsed key; the next look reads the row.
    pub fn forget(&self, key_id: &str) {
        self.known.invalidate(key_id);
    }

    /// Whether its address said a moment ago that what was there is gone for good.
    pub fn is_known_gone(&self, address: &str, now: Timestamp) -> bool {
        self.failed.get(address).is_some_and(|(trouble, until)| trouble == Trouble::Gone && until > now)
    }

    fn failure(&self, key_id: &str, now: Timestamp) -> Option<Trouble> {
        if let Some((trouble, until)) = self.failed.get(key_id)
            && until > now
        {
            return Some(trouble);
        }
        self.away.get(uri::host(key_id)).filter(|until| *until > now).map(|_| Trouble::Away)
    }
}

/// The key when it is known here, without any network. `key_id` is normalised.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn find(app: &App, keys: &Keys, key_id: &str) -> Result<Option<Arc<Known>>> {
    if let Some(known) = keys.known.get(key_id) {
        return Ok(Some(known));
    }
    let wanted = key_id.to_owned();
    let row = app
        .glance(move |conn| {
            if let Some(row) = store::accounts::find_by_key(conn, &wanted)? {
                return Ok(Some(row));
            }
            Ok(match store::inbox::find_by_ed25519(conn, &wanted)? {
                Some(row) => Some(row),
                None if may_be_an_actor(&wanted) => store::accounts::find_by_uri(conn, &wanted)?,
                None => None,
            })
        })
        .await?;
    Ok(row.filter(|row| !row.is_local()).and_then(|row| from_row(keys, key_id, &row)))
}

/// Whether what a signature calls its key may be the id of an actor: activitypub-express, and so Guppe, names the actor
/// where it means the actor's RSA key (SIGIN-18).
fn may_be_an_actor(key_id: &str) -> bool {
    !key_id.contains('#')
}

fn from_row(keys: &Keys, key_id: &str, row: &Account) -> Option<Arc<Known>> {
    let (rsa, ed25519) = (row.public_key_id.as_deref(), row.ed25519_key_id.as_deref());
    let (id, key) = if rsa == Some(key_id) {
        (key_id, PublicKey::from_spki(row.public_key.as_deref()?))
    } else if ed25519 == Some(key_id) {
        (key_id, PublicKey::from_ed25519(row.ed25519_key.as_deref()?))
    } else if row.uri == key_id {
        (rsa?, PublicKey::from_spki(row.public_key.as_deref()?))
    } else {
        return None;
    };
    let known = Known {
        key_id: id.into(),
        account: row.id,
        actor: row.uri.as_str().into(),
        key: key.ok()?,
        in_row: true,
        learned: row.fetched_at,
        checked: Arc::default(),
    };
    Some(keep(keys, known))
}

fn keep(keys: &Keys, known: Known) -> Arc<Known> {
    let known = Arc::new(known);
    keys.known.insert(known.key_id.clone(), known.clone());
    known
}

/// Asks an actor's own address whether it is gone for good. Within the same bounds as asking for a key; false when it
/// cannot be told.
pub async fn is_gone(app: &App, keys: &Keys, actor: &str) -> bool {
    let now = app.clock().now();
    // Remembered apart from keys: a key may live at the address of its actor.
    let slot = format!("actor {actor}");
    if let Some((trouble, until)) = keys.failed.get(&slot)
        && until > now
    {
        return trouble == Trouble::Gone;
    }
    if keys.budget.take(uri::host(actor), now).is_err() {
        return false;
    }
    let trouble = match document(app, actor, &Budget::new(ASKED)).await {
        Ok(found) if found.id == actor && objects::kind(&found.json) == Kind::Tombstone => Trouble::Gone,
        // Still there, or not to be had: remembered too, or somebody could make us ask without end.
        Ok(_) => Trouble::Refused,
        Err(trouble) => trouble,
    };
    let lasts = if trouble == Trouble::Gone { GONE } else { AGAIN };
    keys.failed.insert(slot, (trouble, now.plus_seconds(lasts)));
    trouble == Trouble::Gone
}

/// What the owner of a key, who is gone here and says that they are back, publishes now: their document, and the key that it
/// lists under this id. Asked once in five minutes, and not for a day where it says that it is gone (SIG-20).
pub async fn returned(
    app: &App,
    keys: &Keys,
    key_id: &str,
    actor: &str,
) -> Result<(Arc<Document>, PublicKey), Trouble> {
    let now = app.clock().now();
    let slot = format!("return {actor}");
    if let Some((trouble, until)) = keys.failed.get(&slot)
        && until > now
    {
        return Err(trouble);
    }
    if keys.budget.take(uri::host(actor), now).is_err() {
        return Err(Trouble::Away);
    }
    // What it answered while they were gone is over.
    for address in [actor, key_id] {
        fetch::forget(app, address);
    }
    let found = resolve(app, key_id, &Budget::new(ASKED)).await;
    let (trouble, lasts) = match &found {
        Ok(_) => (Trouble::Away, AGAIN),
        Err(Trouble::Gone) => (Trouble::Gone, GONE),
        Err(trouble) => (*trouble, AGAIN),
    };
    keys.failed.insert(slot, (trouble, now.plus_seconds(lasts)));
    if found.is_ok() {
        keys.failed.invalidate(key_id);
    }
    found
}

/// Asks the key's own address, unless that was tried in vain a moment ago. At most one request for a key is in flight.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn fetch(app: &App, keys: &Keys, key_id: &str) -> Result<Result<Arc<Known>, Trouble>> {
    if let Some(trouble) = keys.failure(key_id, app.clock().now()) {
        return Ok(Err(trouble));
    }
    let flight = keys.flights.get_with(key_id.to_owned(), Arc::default);
    let _alone = flight.lock().await;
    // Somebody else may have been answered meanwhile.
    if let Some(known) = find(app, keys, key_id).await? {
        return Ok(Ok(known));
    }
    if let Some(trouble) = keys.failure(key_id, app.clock().now()) {
        return Ok(Err(trouble));
    }
    ask(app, keys, key_id).await
}

/// Asks again for a key that did not fit, at most once in five minutes (SIGIN-13, SIG-23): the first time it was asked for
/// does not count, for its owner may change it right after. `None` when it is too early.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn refresh(app: &App, keys: &Keys, key_id: &str) -> Result<Option<Result<Arc<Known>, Trouble>>> {
    let flight = keys.flights.get_with(key_id.to_owned(), Arc::default);
    let _alone = flight.lock().await;
    let now = app.clock().now();
    if keys.is_known_gone(key_id, now) {
        return Ok(Some(Err(Trouble::Gone)));
    }
    if keys.asked.get(key_id).is_some_and(|at| now.millis() - at.millis() < AGAIN * 1_000) {
        // It may just have been renewed by the one before us in line.
        return Ok(keys.known.get(key_id).map(Ok));
    }
    keys.asked.insert(key_id.to_owned(), now);
    ask(app, keys, key_id).await.map(Some)
}

async fn ask(app: &App, keys: &Keys, key_id: &str) -> Result<Result<Arc<Known>, Trouble>> {
    let (now, host) = (app.clock().now(), uri::host(key_id));
    if keys.budget.take(host, now).is_err() {
        return Ok(Err(Trouble::Away));
    }
    let budget = Budget::new(ASKED);
    let found = match resolve(app, key_id, &budget).await {
        Ok(found) => remember(app, keys, key_id, found, &budget).await?,
        Err(trouble) => Err(trouble),
    };
    match found {
        Ok(known) => {
            keys.failed.invalidate(key_id);
            Ok(Ok(known))
        }
        Err(trouble) => {
            let lasts = if trouble == Trouble::Gone { GONE } else { AGAIN };
            if trouble != Trouble::Away {
                keys.failed.insert(key_id.to_owned(), (trouble, now.plus_seconds(lasts)));
            } else {
                // A made-up key must not silence a host that we speak with (SIGIN-21).
                let domain = host.to_owned();
                if !app.glance(move |conn| store::inbox::knows_domain(conn, &domain)).await? {
                    keys.away.insert(host.to_owned(), now.plus_seconds(HOST_AWAY));
                }
            }
            tracing::debug!(host, ?trouble, "no key");
            Ok(Err(trouble))
        }
    }
}

/// The document of the owner, which alone tells whose key it is, and the key that it lists under this id (SIG-14, SIG-16,
/// SIGIN-19). Both stand on the authority of the key's id.
async fn resolve(app: &App, key_id: &str, budget: &Budget) -> Result<(Arc<Document>, PublicKey), Trouble> {
    let mut document = document(app, key_id, budget).await?;
    if !uri::same_authority(&document.id, key_id) {
        return Err(Trouble::Refused);
    }
    let mut bare = None;
    if objects::kind(&document.json) == Kind::Key {
        // A bare key only says whom to ask.
        let mut listed = actor::keys(&document.json);
        let place = listed.iter().position(|k| k.id == key_id).unwrap_or_default();
        let key = (place < listed.len()).then(|| listed.swap_remove(place)).ok_or(Trouble::Refused)?;
        let owner = key.owner.clone().filter(|owner| uri::same_authority(owner, key_id)).ok_or(Trouble::Refused)?;
        document = self::document(app, &owner, budget).await?;
        // Its owner may list no more than its id.
        let named = |json: &Json| {
            json.values("publicKey").take(limits::KEYS_PER_ACTOR).any(|k| k.as_uri().as_deref() == Some(key_id))
        };
        bare = Some(key).filter(|key| key.id == key_id && named(&document.json));
    }
    if !uri::same_authority(&document.id, key_id) {
        return Err(Trouble::Refused);
    }
    match objects::kind(&document.json) {
        Kind::Actor => {}
        Kind::Tombstone => return Err(Trouble::Gone),
        _ => return Err(Trouble::Refused),
    }
    let listed = actor::keys(&document.json);
    let named = listed.iter().find(|k| k.id == key_id);
    // Where the actor itself is named, its first key is meant.
    let meant = || listed.first().filter(|_| document.id == key_id);
    let listed = named.or(bare.as_ref()).or_else(meant).ok_or(Trouble::Refused)?;
    if listed.owner.as_ref().is_some_and(|owner| *owner != document.id) {
        return Err(Trouble::Refused);
    }
    let key = PublicKey::parse(&listed.material).map_err(|_| Trouble::Refused)?;
    Ok((document, key))
}

/// What is served at this address, or at the id that a stub there names (GoToSocial serves one at the key's path).
async fn document(app: &App, address: &str, budget: &Budget) -> Result<Arc<Document>, Trouble> {
    fetch::key_document(app, address, budget).await.map_err(|error| match error {
        Error::Gone => Trouble::Gone,
        Error::Upstream(_) | Error::Unavailable(_) | Error::Internal(_) => Trouble::Away,
        _ => Trouble::Refused,
    })
}

/// Stores the owner as its document tells, under the handle that is known or that WebFinger confirms.
async fn save(app: &App, document: Arc<Document>, budget: &Budget) -> Result<Account> {
    let uri = document.id.clone();
    let known = app.glance(move |conn| store::accounts::find_by_uri(conn, &uri)).await?;
    let (actor, domain) = match known.and_then(|known| known.domain) {
        Some(domain) => (actor::read(&document.json)?, domain),
        None => {
            let mut found = fetch::actor_of(app, document, None, budget).await?;
            found.actor.username.clone_from(&found.handle.username);
            (found.actor, found.handle.domain)
        }
    };
    super::import::keep(app, actor, domain).await
}

/// Stores the owner and keeps the key.
async fn remember(
    app: &App,
    keys: &Keys,
    key_id: &str,
    (document, key): (Arc<Document>, PublicKey),
    budget: &Budget,
) -> Result<Result<Arc<Known>, Trouble>> {
    let account = match save(app, document, budget).await {
        Ok(account) => account,
        Err(error @ (Error::Unavailable(_) | Error::NoSpace)) => return Err(error),
        Err(Error::Gone) => return Ok(Err(Trouble::Gone)),
        // Somebody else wrote it at the same moment, or there is no room for its owner just now: that says nothing of the key.
        Err(Error::Conflict(_) | Error::Upstream(_)) => return Ok(Err(Trouble::Away)),
        Err(error) => {
            tracing::debug!(%error, "an actor was refused");
            return Ok(Err(Trouble::Refused));
        }
    };
    keys.forget(key_id);
    if let Some(known) = from_row(keys, key_id, &account).filter(|known| known.key == key) {
        return Ok(Ok(known));
    }
    // One of several keys of one kind: the row has room for one, memory for all.
    let known = Known {
        key_id: key_id.into(),
        account: account.id,
        actor: account.uri.as_str().into(),
        key,
        in_row: false,
        learned: account.fetched_at,
        checked: Arc::default(),
    };
    Ok(Ok(keep(keys, known)))
}
