//! Followers synchronisation (FEP-8fcf; FOL-15, FOL-16): with each post for followers a server is told what the sender
//! believes of its people, so that both agree after one of them was down. Only the part of a list that is on one server
//! is ever compared or shown to it.

use super::{
    collections::{self, Bounds},
    fetch::Budget,
    json::Json,
};
use crate::{
    Error, Result,
    app::App,
    crypto,
    domain::{Task, follows},
    id::Id,
    model::{Account, Activity},
    store, uri,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::HashSet;

/// The header.
pub const HEADER: HeaderName = HeaderName::from_static("collection-synchronization");
/// Bytes of it that are read.
const HEADER_BYTES: usize = 4_096;
/// A list is asked for at most once in this time, by whichever process of the node hears of it. Milliseconds.
const PAUSE: i64 = 600_000;
/// People in a list; longer ones are not compared.
const ITEMS: usize = 10_000;
/// Requests that reading a list may take.
const ASKED: usize = 24;

/// SHA-256 of each id, all of them combined by exclusive or: 64 hexadecimal digits, whatever their order.
pub fn digest<'a>(ids: impl IntoIterator<Item = &'a str>) -> String {
    let mut all = [0_u8; 32];
    for id in ids {
        for (sum, byte) in all.iter_mut().zip(crypto::sha256(id.as_bytes())) {
            *sum ^= byte;
        }
    }
    crypto::hex(&all)
}

/// The beginning of all ids on the server of `address`.
fn prefix(address: &str) -> Option<String> {
    Some(format!("{}/", uri::authority(&uri::normalize(address)?)))
}

/// The followers of a local account that are on the server of `address`.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn followers_at(conn: &mut crate::db::Conn, account: Id<Account>, address: &str) -> Result<Vec<String>> {
    let Some(prefix) = prefix(address) else { return Ok(Vec::new()) };
    let mut found = store::follows::remote_followers(conn, account, &prefix)?;
    found.retain(|id| uri::same_authority(id, address));
    Ok(found)
}

/// What goes with a delivery to this inbox: something for a new post for followers, else nothing (FOL-15).
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn header(
    app: &App,
    activity: Id<Activity>,
    account: Id<Account>,
    inbox: &str,
) -> Result<Option<HeaderValue>> {
    let (site, inbox) = (app.site().clone(), inbox.to_owned());
    app.read(move |conn| {
        if !store::deliveries::is_for_followers(conn, activity)? {
            return Ok(None);
        }
        let sender = store::accounts::load(conn, account)?;
        // Also where nobody follows any more: somebody else there is named in it, and hears that.
        let followers = followers_at(conn, account, &inbox)?;
        let collection = site.followers_uri(&sender.username);
        let digest = digest(followers.iter().map(String::as_str));
        let text = format!("collectionId=\"{collection}\", url=\"{collection}_synchronization\", digest=\"{digest}\"");
        Ok(HeaderValue::try_from(text).ok())
    })
    .await
}

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
struct Claim {
    collection: String,
    url: String,
    digest: String,
}

fn read(headers: &HeaderMap) -> Option<Claim> {
    let text = headers.get(HEADER)?.to_str().ok().filter(|text| text.len() <= HEADER_BYTES)?;
    let mut claim = Claim { collection: String::new(), url: String::new(), digest: String::new() };
    for part in text.split(',') {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        match name.trim() {
            "collectionId" => claim.collection = uri::normalize(value)?,
            "url" => claim.url = uri::normalize(value)?,
            "digest" => claim.digest = value.to_ascii_lowercase(),
            _ => {}
        }
    }
    let is_digest = claim.digest.len() == 64 && claim.digest.bytes().all(|b| b.is_ascii_hexdigit());
    (is_digest && !claim.collection.is_empty() && !claim.url.is_empty()).then_some(claim)
}

/// A delivery of this actor was proven and taken. When it says something else about our people than we know, its list is
/// asked for (FOL-16).
pub async fn heard(app: &App, headers: &HeaderMap, actor: &str) {
    let Some(claim) = read(headers).filter(|claim| uri::same_authority(&claim.url, actor)) else { return };
    if let Err(error) = compare(app, claim, actor.to_owned()).await {
        tracing::debug!(%error, "followers could not be compared");
    }
}

async fn compare(app: &App, claim: Claim, actor: String) -> Result<()> {
    let (wanted, now) = (claim.digest.clone(), app.clock().now());
    let differs = app
        .read(move |conn| {
            let Some(account) = store::accounts::find_by_uri(conn, &actor)?.filter(|a| !a.is_local()) else {
                return Ok(None);
            };
            let own = account.followers_url.as_deref().and_then(uri::normalize);
            if own.as_deref() != Some(claim.collection.as_str()) {
                return Ok(None);
            }
            let followers = store::follows::local_followers(conn, account.id)?;
            let ours = digest(followers.iter().map(|(_, uri)| uri.as_str()));
            let is_news = ours != wanted && !store::inbox::is_pausing(conn, &pause_of(account.id), PAUSE, now)?;
            Ok(is_news.then_some((account.id, claim)))
        })
        .await?;
    let Some((account, claim)) = differs else { return Ok(()) };
    let task = Task::SyncFollowers { account: account.raw(), url: claim.url, digest: claim.digest };
    app.write(move |tx| {
        if !store::inbox::begin_again(tx.conn, &pause_of(account), PAUSE, tx.now)? {
            return Ok(());
        }
        tx.enqueue(&task)
    })
    .await
}

/// What the pause of this sender is kept under, in the database: several processes take letters. No activity has such an id.
fn pause_of(account: Id<Account>) -> Vec<u8> {
    let hash = crypto::sha256(format!("followers of {account}").as_bytes());
    hash.into_iter().take(16).collect()
}

/// Reads the list and does what it says. It counts only as a whole, and only while it is the one that was announced.
///
/// # Errors
/// `Upstream` when it cannot be had just now.
pub async fn run(app: &App, account: Id<Account>, url: &str, announced: &str) -> Result<()> {
    let owner = app.read(move |conn| store::accounts::load(conn, account)).await?;
    if owner.is_unavailable() || owner.is_local() || !uri::same_authority(url, &owner.uri) {
        return Ok(());
    }
    let bounds = Bounds { items: ITEMS, ..Bounds::default() };
    let found = match collections::read(app, &Json::Text(url.to_owned()), &owner.uri, bounds, &Budget::new(ASKED)).await
    {
        Ok(found) => found,
        Err(error @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(error),
        Err(error) => {
            tracing::debug!(%error, "no list of followers");
            return Ok(());
        }
    };
    let listed: HashSet<String> = found.items.iter().filter_map(Json::as_uri).collect();
    if !found.is_complete || digest(listed.iter().map(String::as_str)) != announced {
        return Ok(());
    }
    app.write(move |tx| follows::synchronise(tx, &owner, &listed)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fed_fol_15_the_digest_is_that_of_the_proposal_in_any_order() {
        let (one, two) = ("https://testing.example.org/users/1", "https://testing.example.org/users/2");
        let both = "c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f";
        assert_eq!((digest([one, two]), digest([two, one])), (both.into(), both.into()));
        assert_eq!(digest([one]), "3a06e99569547f444c352ab7f52e4bab207abec5ca6f07b0045cfdc9723f8fa9");
        assert_eq!(digest([]), "0".repeat(64));
    }

    #[test]
    fn a_header_is_read_in_any_order_or_not_at_all() {
        let of = |text: &str| read(&HeaderMap::from_iter([(HEADER, HeaderValue::from_str(text).unwrap())]));
        let digest = "A".repeat(64);
        let claim =
            of(&format!("url=\"https://a.example/s\",digest=\"{digest}\", collectionId=\"https://a.example/f\""))
                .unwrap();
        assert_eq!((claim.url.as_str(), claim.digest), ("https://a.example/s", "a".repeat(64)));
        for bad in ["", "url", "url=\"https://a.example/s\"", "collectionId=\"x\", url=\"y\", digest=\"z\""] {
            assert_eq!(of(bad), None, "{bad}");
        }
        assert_eq!(read(&HeaderMap::new()), None);
    }
}
