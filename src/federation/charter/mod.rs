//! The charter on the wire: every member serves the newest version, gives it to three others when it learns of one, and
//! asks one other by lot each minute, and with it those of which nothing was heard just now. What counts is decided in
//! `domain::charter`; everything outgoing takes the gate.
//!
//! Requests between members are signed with the Ed25519 key that the charter names for the node (RFC 9421), so nothing
//! has to be fetched to check them, and whoever takes over a name without its key is nobody.

pub mod alias;
mod auth;
pub mod checks;
mod client;
pub mod directory;
pub mod join;
mod lists;
pub mod questions;
mod serve;
mod stored;
pub mod vouch;

pub use serve::routes;

use crate::{
    Error, Result,
    app::App,
    domain::{
        Task,
        charter::{
            self, Member, Signed, Software,
            adopt::{ASK_SECONDS, COMPARE_SECONDS},
            document, keychain, steward,
        },
    },
    federation::own_keys,
    peers, store, uri,
};
use client::{Asked, Offered};
use futures_util::future::join_all;
use std::sync::Arc;

/// How many others a new version is given to.
const SPREAD: usize = 3;
/// A node that neither spoke to this one nor was reached just now is asked with the minute's question: then it shows within
/// a minute that it is away, also where nothing waits for it. Seconds; longer, and it would show that much later.
const SILENT: i64 = 3;
/// So many of them in one minute, and so many at once.
const SILENT_ASKED: usize = 64;
const AT_ONCE: usize = 16;

/// At the start: the minute's question goes on.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn prepare(app: &App) -> Result<()> {
    if peers::organisation(app).is_none() {
        return Ok(());
    }
    app.write(|tx| {
        tx.enqueue_at(&Task::AskCharter, tx.now.plus_seconds(ASK_SECONDS))?;
        tx.enqueue_at(&Task::CompareDirectory, tx.now.plus_seconds(COMPARE_SECONDS))
    })
    .await
}

/// The other nodes that speak this protocol.
fn others(app: &App, signed: &Signed) -> Vec<Member> {
    let own = app.site().domain();
    let speaks = |node: &&Member| node.domain != own && node.software == Software::Watercooler;
    signed.charter.nodes.iter().filter(speaks).cloned().collect()
}

/// Up to `most` of them, by lot.
fn by_lot(app: &App, mut nodes: Vec<Member>, most: usize) -> Vec<Member> {
    let mut chosen = Vec::with_capacity(most.min(nodes.len()));
    while chosen.len() < most && !nodes.is_empty() {
        let at = usize::try_from(app.random().below(nodes.len() as u64)).unwrap_or(0);
        chosen.push(nodes.swap_remove(at));
    }
    chosen
}

/// Brings the version to the gate of this node and to three others: the job after one came into force. Nodes that are new
/// in it are told too, because they ask nobody yet.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn spread(app: &App, hash: &str, from: &str) -> Result<()> {
    peers::refresh(app).await?;
    let Some(signed) = peers::organisation(app).filter(|signed| signed.hash == hash) else { return Ok(()) };
    let before = match signed.charter.previous.clone() {
        Some(hash) => app.read(move |conn| store::charter::find(conn, &hash)).await?,
        None => None,
    };
    let known = before.map(|row| charter::open(&row)).transpose()?;
    let is_new = |node: &Member| known.as_ref().is_some_and(|k| k.charter.node(&node.domain).is_none());
    let (mut chosen, rest): (Vec<_>, Vec<_>) =
        others(app, &signed).into_iter().filter(|node| node.domain != from).partition(is_new);
    if from.is_empty() && known.as_ref().is_some_and(|k| keychain::is_rescue(&signed.charter, &k.charter)) {
        // A thief may have removed anybody, and who was removed asks nobody.
        return join_all(others(app, &signed).iter().map(|node| offer(app, node, &signed, false)))
            .await
            .into_iter()
            .collect();
    }
    if !from.is_empty() {
        // Only who made the version tells the new ones.
        chosen.clear();
    }
    // Who is known to have it needs it least.
    let seen = app.read(store::charter::peers).await?;
    let has = |node: &Member| {
        seen.iter().any(|seen| seen.domain == node.domain && seen.hash.as_deref() == Some(signed.hash.as_str()))
    };
    chosen.extend(by_lot(app, rest.into_iter().filter(|node| !has(node)).collect(), SPREAD));
    join_all(chosen.iter().map(|node| offer(app, node, &signed, false))).await.into_iter().collect()
}

/// Offers our version to one node, and remembers what it said. One that claims to have a better one is asked for it, a
/// while later; with `asked` that was done already, and what it served was not better.
async fn offer(app: &App, node: &Member, signed: &Arc<Signed>, asked: bool) -> Result<()> {
    let domain = node.domain.clone();
    match client::offer(app, node, signed).await {
        Offered::Taken => {
            let (version, hash) = (signed.charter.version, signed.hash.clone());
            app.write(move |tx| store::charter::heard(tx.conn, &domain, version, &hash, tx.now)).await
        }
        Offered::HasBetter if asked => {
            let why = "It says that it has a newer charter, and serves an older one. Look at its clock and its log.";
            app.write(move |tx| store::charter::failed(tx.conn, &domain, why, tx.now)).await
        }
        Offered::HasBetter => {
            app.write(move |tx| tx.enqueue_at(&Task::AskCharterOf { domain }, tx.now.plus_seconds(ASK_SECONDS))).await
        }
        Offered::Failed(why) => app.write(move |tx| store::charter::failed(tx.conn, &domain, &why, tx.now)).await,
    }
}

/// The nodes that nothing was heard of just now.
async fn silent(app: &App, signed: &Signed) -> Result<Vec<Member>> {
    let (health, seen) = (peers::health::all(app).await?, app.read(store::charter::peers).await?);
    let before = app.clock().now().plus_seconds(-SILENT);
    let is_silent = |node: &Member| {
        let health = health.iter().find(|peer| peer.domain == uri::host(&node.actor));
        let reached = seen.iter().find(|seen| seen.domain == node.domain).and_then(|seen| seen.heard_at);
        let last = reached.max(health.and_then(|peer| peer.last_success.max(peer.last_heard)));
        last.is_none_or(|last| last <= before)
    };
    Ok(others(app, signed).into_iter().filter(is_silent).collect())
}

/// The minute's question to one node by lot and to those that were silent, and the renewal that may be due.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn ask_by_lot(app: &App) -> Result<()> {
    peers::refresh(app).await?;
    let Some(signed) = peers::organisation(app) else { return Ok(()) };
    let vault = own_keys::vault(app)?;
    app.write(move |tx| {
        tx.enqueue_at(&Task::AskCharter, tx.now.plus_seconds(ASK_SECONDS))?;
        steward::renew_when_due(tx, &vault)
    })
    .await?;
    let mut asked = by_lot(app, others(app, &signed), 1);
    let mut silent = silent(app, &signed).await?;
    silent.retain(|node| !asked.contains(node));
    asked.extend(by_lot(app, silent, SILENT_ASKED));
    let mut answers = Vec::with_capacity(asked.len());
    for some in asked.chunks(AT_ONCE) {
        let said = join_all(some.iter().map(|node| client::ask(app, node, &signed.hash))).await;
        answers.extend(said.into_iter().zip(some.iter().cloned()));
    }
    let (same, other): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(said, _)| matches!(said, Asked::Same));
    let same: Vec<String> = same.into_iter().map(|(_, node)| node.domain).collect();
    let (version, hash) = (signed.charter.version, signed.hash.clone());
    // In one go: most have nothing new.
    app.write(move |tx| {
        same.iter().try_for_each(|domain| store::charter::heard(tx.conn, domain, version, &hash, tx.now))
    })
    .await?;
    for (said, node) in other {
        hear(app, &node, said).await?;
    }
    Ok(())
}

/// Asks this node.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn ask_again(app: &App, domain: &str) -> Result<()> {
    let Some(signed) = peers::organisation(app) else { return Ok(()) };
    match signed.charter.node(domain) {
        Some(node) if node.software == Software::Watercooler => ask(app, &node.clone()).await,
        _ => Ok(()),
    }
}

async fn ask(app: &App, node: &Member) -> Result<()> {
    let Some(ours) = peers::organisation(app) else { return Ok(()) };
    hear(app, node, client::ask(app, node, &ours.hash).await).await
}

/// Takes in what a node answered that was asked whether it has another version.
async fn hear(app: &App, node: &Member, said: Asked) -> Result<()> {
    let Some(ours) = peers::organisation(app) else { return Ok(()) };
    let domain = node.domain.clone();
    let heard = |version: i64, hash: String| {
        let domain = domain.clone();
        app.write(move |tx| store::charter::heard(tx.conn, &domain, version, &hash, tx.now))
    };
    let body = match said {
        Asked::Same => return heard(ours.charter.version, ours.hash.clone()).await,
        Asked::None(why) => return tell_newcomer(app, node, &ours, why).await,
        Asked::Failed(why) => {
            let domain = domain.clone();
            return app.write(move |tx| store::charter::failed(tx.conn, &domain, &why, tx.now)).await;
        }
        Asked::Other(body) => body,
    };
    let taken = match document::parse(&body, app.clock().now()) {
        Ok(theirs) => {
            heard(theirs.charter.version, theirs.hash.clone()).await?;
            take(app, theirs, &domain).await
        }
        Err(refused) => Err(refused.into()),
    };
    match taken {
        Ok(()) => Ok(()),
        // They do not know ours yet.
        Err(Error::Invalid { code: "older" | "overtaken" | "old_key", .. }) => match peers::organisation(app) {
            Some(ours) => offer(app, node, &ours, true).await,
            None => Ok(()),
        },
        Err(Error::Invalid { reason, .. }) => {
            let why = reason.into_owned();
            tracing::warn!(domain, why, "a node serves a charter that is refused");
            app.write(move |tx| store::charter::failed(tx.conn, &domain, &why, tx.now)).await
        }
        Err(error) => Err(error),
    }
}

/// A node that never had a version was away when the one was signed that lists it, and asks nobody before it has one.
async fn tell_newcomer(app: &App, node: &Member, ours: &Arc<Signed>, why: String) -> Result<()> {
    let seen = app.read(store::charter::peers).await?;
    if seen.iter().any(|seen| seen.domain == node.domain && seen.version.is_some()) {
        // It had, and left without a word.
        let domain = node.domain.clone();
        return app.write(move |tx| store::charter::failed(tx.conn, &domain, &why, tx.now)).await;
    }
    offer(app, node, ours, true).await
}

/// Brings a version that another node offered into force, when it counts.
///
/// # Errors
/// `Invalid` saying why it does not.
async fn take(app: &App, offered: Signed, from: &str) -> Result<()> {
    let from = from.to_owned();
    app.write(move |tx| charter::adopt(tx, &offered, &from)).await?;
    peers::refresh(app).await
}
