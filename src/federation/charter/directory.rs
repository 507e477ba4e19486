//! The directory of the organisation, replicated: every node of the charter has a copy of what the others list, people and
//! projects alike, so that nothing anybody looks for leaves their site. Changes are pushed as ordinary Updates
//! (`outgoing`); here is the repair: a digest of what a node lists, compared once an hour with each other node, and the
//! whole list, page by page, where the digests differ and when a node joins. Its questions go the same way (`questions`).
//!
//! `GET /charter/directory/digest` and `GET /charter/directory?after=N` answer nodes of the charter alone, signed by the
//! key that the charter names.

use super::{auth, by_lot, client, others, questions, serve::Answered, stored, vouch};
use crate::{
    Error, Result,
    app::App,
    domain::{
        Task,
        charter::{Member, Refused, Software, adopt::COMPARE_SECONDS},
        people::{self, directory},
        questions::replica,
    },
    federation::{
        documents,
        import::{is_silenced, keep_in},
        json::{Bounds, Json},
        objects::actor,
    },
    net::{Ask, Purpose},
    peers, store,
    store::people::Copied,
    uri,
};
use axum::{
    Router,
    extract::{Query, State},
    http::{header, request::Parts},
    response::IntoResponse,
    routing::{get, post},
};
use hyper::{StatusCode, body::Bytes};
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// Bytes of a page; one that would be larger ends earlier.
pub(super) const PAGE_BYTES: usize = 2 * 1024 * 1024;
/// Pages of one list.
pub(super) const PAGES: usize = 2_000;
/// Entries that are written in one transaction.
pub(super) const STEP: usize = 20;
/// How long a newcomer waits for the copies before the rest is left to the background.
const PATIENCE: Duration = Duration::from_secs(60);

/// The routes; their answers are signed.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/charter/directory", get(page))
        .route("/charter/directory/digest", get(digest))
        .route("/charter/directory/questions", get(questions::page))
        .route("/charter/stored", post(stored::answer))
}

/// Whether the organisation has a directory, and the asker belongs to it.
pub(super) fn admit(app: &App, parts: &Parts) -> Result<Member> {
    let ours = peers::organisation(app).ok_or(Refused::NoOrganisation)?;
    let node = auth::member(&auth::claims(app, parts)?, &ours, b"")?;
    if !ours.charter.policy.directory {
        return Err(Error::forbidden("The organisation has no directory"));
    }
    Ok(node)
}

pub(super) fn answer(body: String) -> axum::response::Response {
    let headers = [(header::CONTENT_TYPE, client::JSON), (header::CACHE_CONTROL, "no-store")];
    (headers, body).into_response()
}

/// What this node lists, in one figure; its questions in another one.
async fn digest(State(app): State<App>, parts: Parts) -> Answered {
    admit(&app, &parts)?;
    let (digest, asked) = app.read(|conn| Ok((directory::digest(conn, None)?, replica::digest(conn, None)?))).await?;
    let asked = json!({ "total": asked.total, "digest": asked.hex() });
    Ok(answer(json!({ "total": digest.total, "digest": digest.hex(), "questions": asked }).to_string()))
}

#[derive(Deserialize)]
pub(super) struct Behind {
    #[serde(default)]
    pub(super) after: i64,
}

#[derive(Serialize)]
struct Page {
    total: i64,
    items: Vec<Item>,
    /// `after` of the next page; none behind the last one.
    next: Option<i64>,
}

#[derive(Serialize)]
struct Item {
    id: String,
    /// Moment of the last change. Milliseconds.
    version: i64,
    actor: Box<RawValue>,
}

/// What this node lists, 200 a page, each with its whole document.
async fn page(State(app): State<App>, Query(behind): Query<Behind>, parts: Parts) -> Answered {
    admit(&app, &parts)?;
    let site = app.site().clone();
    let page = app.read(move |conn| {
        let total = store::people::count_own_entries(conn)?;
        let entries = store::people::own_entries(conn, behind.after, directory::PAGE)?;
        let full = entries.len() as i64 == directory::PAGE;
        let (mut page, mut bytes, mut last) = (Page { total, items: Vec::new(), next: None }, 0, None);
        for entry in entries {
            if bytes > PAGE_BYTES {
                page.next = last;
                return Ok(page);
            }
            let account = store::accounts::load(conn, entry.account)?;
            let document = documents::actor(conn, &site, &account, documents::Shown::Inside)?;
            bytes += document.len();
            last = Some(entry.account.raw());
            let actor = RawValue::from_string(document).map_err(Error::internal)?;
            page.items.push(Item { id: entry.uri, version: entry.version, actor });
        }
        page.next = last.filter(|_| full);
        Ok(page)
    });
    Ok(answer(serde_json::to_string(&page.await?).map_err(Error::internal)?))
}

/// What a node says, signed by its key.
pub(super) async fn fetch(app: &App, node: &Member, below: &str) -> std::result::Result<Bytes, String> {
    let url = client::address(node, &format!("/directory{below}")).map_err(|refused| refused.to_string())?;
    let mut ask = Ask::get(Purpose::Object, url).accept(client::JSON).limit(2 * PAGE_BYTES);
    if let Some((name, value)) = vouch::wish(app) {
        ask = ask.header(name, value);
    }
    let answer = client::send(app, node, ask).await?;
    if answer.status != StatusCode::OK {
        return Err(client::said(&answer).1);
    }
    if !vouch::is_believed(app, &answer) {
        return Err(format!("{}: what answers under its name does not have its key", node.domain));
    }
    Ok(answer.body)
}

/// The task `CompareDirectory`: has the copy of each other node's directory compared within the hour, one after the other
/// in an order by lot, and what it has stored of ours; again an hour later.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn compare_all(app: &App) -> Result<()> {
    let Some(signed) = peers::organisation(app) else { return Ok(()) };
    let nodes = by_lot(app, others(app, &signed), usize::MAX);
    app.write(move |tx| {
        tx.enqueue_at(&Task::CompareDirectory, tx.now.plus_seconds(COMPARE_SECONDS))?;
        let apart = COMPARE_SECONDS / i64::try_from(nodes.len().max(1)).unwrap_or(i64::MAX);
        (0..).zip(&nodes).try_for_each(|(nth, node)| {
            let task = Task::CheckDirectory { domain: node.domain.clone() };
            tx.enqueue_at(&task, tx.now.plus_seconds(apart * nth))
        })
    })
    .await
}

/// The task `CheckDirectory`: asks this node what it has stored of ours, compares the copy of its directory and repairs it.
///
/// # Errors
/// `Upstream` when it cannot be asked: worth another try.
pub async fn check(app: &App, domain: &str) -> Result<()> {
    peers::refresh(app).await?;
    let Some(signed) = peers::organisation(app) else { return Ok(()) };
    let Some(node) = others(app, &signed).into_iter().find(|node| node.domain == domain) else { return Ok(()) };
    stored::confirm(app, &node).await?;
    if signed.charter.policy.directory { compare(app, &node).await } else { Ok(()) }
}

/// A newcomer copies what all others list; what takes too long goes on in the background.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn copy_all(app: &App) -> Result<Vec<(Copied, questions::Progress)>> {
    let Some(signed) = peers::organisation(app).filter(|signed| signed.charter.policy.directory) else {
        return Ok(Vec::new());
    };
    let nodes = others(app, &signed);
    let all = async {
        for node in &nodes {
            match compare(app, node).await {
                Ok(()) | Err(Error::Upstream(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    };
    if let Ok(done) = tokio::time::timeout(PATIENCE, all).await {
        done?;
    }
    app.read(move |conn| {
        let mut all = Vec::new();
        for copied in store::people::copies(conn)? {
            let done = replica::count_copied(conn, &copied.domain)?;
            let total = copied.questions.max(done);
            all.push((copied, questions::Progress { done, total }));
        }
        Ok(all)
    })
    .await
}

async fn note(app: &App, row: Copied) -> Result<()> {
    app.write(move |tx| store::people::save_copy(tx.conn, &row)).await
}

/// Compares, and copies where something differs.
async fn compare(app: &App, node: &Member) -> Result<()> {
    // Of a node that does not answer the copy stays what it was.
    let copies = app.read(store::people::copies).await?;
    let before = copies.into_iter().find(|copy| copy.domain == node.domain).unwrap_or_default();
    let mut row = Copied { domain: node.domain.clone(), checked_at: Some(app.clock().now()), error: None, ..before };
    let outcome = match fetch(app, node, "/digest").await {
        Ok(body) => {
            (row.total, row.done, row.complete) = (0, 0, false);
            row.questions = questions::told(&body);
            match compare_with(app, node, &body, &mut row).await {
                Ok(()) => {
                    // Copying takes its time: who asks meanwhile hears how far it is.
                    note(app, row.clone()).await?;
                    // In a frame of its own: it fetches posts.
                    Box::pin(questions::compare(app, node, &body)).await
                }
                Err(error) => Err(error),
            }
        }
        Err(why) => Err(Error::Upstream(why.into())),
    };
    if let Err(error) = &outcome {
        row.error = Some(match error {
            Error::Upstream(why) => why.to_string(),
            other => other.to_string(),
        });
        row.error = row.error.map(|why| why.chars().take(500).collect());
    }
    note(app, row).await?;
    outcome
}

async fn compare_with(app: &App, node: &Member, body: &[u8], row: &mut Copied) -> Result<()> {
    let nonsense = || Error::Upstream("its directory is unreadable".into());
    let json = Json::parse(body).map_err(|_| nonsense())?;
    let theirs = json.text("digest").ok_or_else(nonsense)?.to_owned();
    row.total = json.count("total").unwrap_or(0);
    let domain = node.domain.clone();
    let ours = app.read(move |conn| directory::digest(conn, Some(&domain))).await?;
    bounded(app, row.total)?;
    if ours.hex() == theirs && ours.total == row.total {
        (row.done, row.complete) = (row.total, true);
        return Ok(());
    }
    metrics::counter!("directory_repairs_total").increment(1);
    copy(app, node, row).await
}

/// Whether so many entries are copied.
pub(super) fn bounded(app: &App, total: i64) -> Result<()> {
    let most = app.config().federation.directory_entries;
    if usize::try_from(total).unwrap_or(usize::MAX) <= most {
        return Ok(());
    }
    let why = format!(
        "its directory has {total} entries, and at most {most} of one node are copied (`federation.directory_entries`): \
         ask its admin what they are"
    );
    Err(Error::Upstream(why.into()))
}

/// A number as it stands there: ids and moments are larger than any tally is believed to be.
pub(super) fn whole(json: &Json, key: &str) -> Option<i64> {
    match json.one(key) {
        Json::Int(number) if *number >= 0 => Some(*number),
        _ => None,
    }
}

/// Copies the whole list: takes in what is new or changed, and unlists what is listed no longer.
async fn copy(app: &App, node: &Member, row: &mut Copied) -> Result<()> {
    let known = known(app, &node.domain).await?;
    let (mut seen, mut after) = (HashSet::new(), 0);
    for _ in 0..PAGES {
        let body = fetch(app, node, &format!("?after={after}")).await.map_err(|why| Error::Upstream(why.into()))?;
        let json = Json::parse_within(&body, Bounds::COLLECTION)
            .map_err(|_| Error::Upstream("its directory is unreadable".into()))?;
        let mut fresh = Vec::new();
        for item in json.values("items") {
            let Some(id) = item.id().filter(|id| uri::same_authority(id, &node.actor)) else { continue };
            let version = whole(item, "version").unwrap_or(0);
            let is_known = known.get(&id).is_some_and(|(_, ours)| *ours == version);
            if !is_known
                && let Ok(actor) = actor::read(item.get("actor"))
                && actor.uri == id
                && uri::same_authority(&actor.inbox, &node.actor)
            {
                fresh.push(actor);
            }
            seen.insert(id);
        }
        let done = i64::try_from(seen.len()).unwrap_or(i64::MAX);
        bounded(app, done)?;
        for some in fresh.chunks(STEP) {
            let domain = node.domain.clone();
            let some: Vec<_> =
                some.iter().map(|actor| (actor.clone(), is_silenced(app, &actor.uri, &domain))).collect();
            app.write(move |tx| {
                for (actor, silenced) in &some {
                    match keep_in(tx, actor, &domain, *silenced) {
                        Ok(_) | Err(Error::Gone | Error::Forbidden(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(())
            })
            .await?;
        }
        row.total = json.count("total").unwrap_or(row.total);
        row.done = done;
        note(app, row.clone()).await?;
        match whole(&json, "next").filter(|next| *next > after) {
            Some(next) => after = next,
            None => {
                let gone: Vec<_> = known.iter().filter(|(id, _)| !seen.contains(*id)).map(|(_, (id, _))| *id).collect();
                for some in gone.chunks(500) {
                    let some = some.to_vec();
                    app.write(move |tx| people::remote::unlist(tx, &some)).await?;
                }
                row.complete = true;
                return Ok(());
            }
        }
    }
    Err(Error::Upstream("its directory has no end".into()))
}

/// The copy as it is: by actor id, whose row and which version.
async fn known(app: &App, domain: &str) -> Result<HashMap<String, (crate::id::Id<crate::model::Account>, i64)>> {
    const ROWS: i64 = 5_000;
    let domain = domain.to_owned();
    app.read(move |conn| {
        let (mut all, mut after) = (HashMap::new(), 0);
        loop {
            let entries = store::people::copied_entries(conn, &domain, after, ROWS)?;
            let full = entries.len() as i64 == ROWS;
            for entry in entries {
                after = entry.account.raw();
                all.insert(entry.uri, (entry.account, entry.version));
            }
            if !full {
                return Ok(all);
            }
        }
    })
    .await
}

/// Whether what an actor nobody here knows says about itself is news for the directory.
pub fn welcomes(app: &App, actor: &str) -> bool {
    peers::organisation(app).is_some_and(|signed| {
        let node = signed.charter.node_at(uri::authority(actor));
        signed.charter.policy.directory && node.is_some_and(|node| node.software == Software::Watercooler)
    })
}
