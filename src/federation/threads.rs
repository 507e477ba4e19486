//! The rest of a thread of another server (THR-03): the collection that the opened post names as its `context` (FEP-7888,
//! FEP-f228), else its `replies` and theirs. A collection only names posts; each is read at its own address, and only
//! what answers something of the thread is kept. Bounded by posts, people, pages and time; nobody is told of what
//! is found.

use super::{
    collections::{self, Bounds},
    fetch::{self, Budget},
    import,
    json::Json,
};
use crate::{
    Error, Result,
    app::App,
    domain::remote::Arrival,
    id::Id,
    limits,
    model::{Post, Visibility},
    store,
    time::Timestamp,
};
use std::collections::VecDeque;

/// Ids that are looked at of one collection, and kept of those that wait. More than are read: what is known here already
/// stands in them too.
const NAMED: usize = 2 * limits::THREAD_POSTS;

/// What is left of the bounds of one reading (FETCH-06).
struct Left {
    posts: usize,
    pages: usize,
    actors: usize,
    /// Ids in collections that wait: they are in memory.
    named: usize,
    until: Timestamp,
    budget: Budget,
}

impl Left {
    fn is_nothing(&self, app: &App) -> bool {
        self.posts == 0 || self.budget.left() == 0 || app.clock().now() > self.until
    }
}

/// The task `ReadThread`.
///
/// # Errors
/// `Upstream` when the post's server cannot be asked just now.
pub async fn read(app: &App, post: Id<Post>) -> Result<()> {
    let Some(post) = app.read(move |conn| store::posts::find(conn, post)).await? else { return Ok(()) };
    if post.local || post.visibility > Visibility::Unlisted {
        return Ok(());
    }
    let mut left = Left {
        posts: limits::THREAD_POSTS,
        pages: limits::THREAD_PAGES,
        actors: limits::THREAD_ACTORS,
        named: NAMED,
        until: app.clock().now().plus_seconds(limits::THREAD_SECONDS),
        budget: Budget::new(limits::THREAD_FETCHES),
    };
    let document = match fetch::document(app, &post.uri, &left.budget).await {
        Ok(document) => document,
        Err(error @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(error),
        Err(_) => return Ok(()),
    };
    if let Some(context) = document.json.uri("context").filter(|address| !app.site().owns_str(address)) {
        let items = items(app, &Json::Text(context.clone()), &context, &mut left).await;
        // The post itself stands in it: one that holds nothing else says nothing.
        if items.len() > 1 {
            for item in items {
                if left.is_nothing(app) {
                    break;
                }
                take(app, &item, &mut left).await?;
            }
            return Ok(());
        }
    }
    let mut queue = VecDeque::from([(document.json.one("replies").clone(), document.id.clone())]);
    while let Some((replies, owner)) = queue.pop_front() {
        if replies.is_null() {
            continue;
        }
        for item in items(app, &replies, &owner, &mut left).await {
            if left.is_nothing(app) {
                return Ok(());
            }
            if let Some(more) = take(app, &item, &mut left).await? {
                queue.push_back(more);
            }
        }
    }
    Ok(())
}

/// The ids that a collection names; none when it cannot be had.
async fn items(app: &App, given: &Json, owner: &str, left: &mut Left) -> Vec<String> {
    if left.pages == 0 {
        return Vec::new();
    }
    let before = left.budget.left();
    let bounds = Bounds { pages: left.pages, items: NAMED };
    let found = collections::ids(app, given, owner, bounds, &left.budget).await.unwrap_or_default();
    left.pages = left.pages.saturating_sub(before.saturating_sub(left.budget.left()));
    found
}

/// Takes a post in that is new here and answers what is known; its own replies, and its id, when it was.
///
/// # Errors
/// `Unavailable` when the database is away. What others serve wrongly is left out.
async fn take(app: &App, id: &str, left: &mut Left) -> Result<Option<(Json, String)>> {
    let uri = id.to_owned();
    let known = app.read(move |conn| Ok(store::posts::find_by_uri(conn, &uri)?.is_some())).await?;
    if known || app.site().owns_str(id) {
        return Ok(None);
    }
    left.posts = left.posts.saturating_sub(1);
    let Ok(document) = fetch::document(app, id, &left.budget).await else { return Ok(None) };
    let Some(parent) = document.json.uri("inReplyTo") else { return Ok(None) };
    let author = document.json.uri("attributedTo").or_else(|| document.json.uri("actor"));
    let Some(author) = author else { return Ok(None) };
    let (belongs, is_known) = app
        .read(move |conn| {
            let belongs = store::posts::find_by_uri(conn, &parent)?.is_some();
            Ok((belongs, store::accounts::find_by_uri(conn, &author)?.is_some()))
        })
        .await?;
    if !belongs || !is_known && left.actors == 0 {
        return Ok(None);
    }
    if !is_known {
        left.actors -= 1;
    }
    match import::take(app, &document.json, Arrival::WALKED, &left.budget).await {
        Ok(Some(_)) => Ok(waiting(document.json.one("replies"), left).map(|replies| (replies, document.id.clone()))),
        Err(error @ Error::Unavailable(_)) => Err(error),
        _ => Ok(None),
    }
}

/// A collection without what others put into its items; none when too much waits already.
fn waiting(replies: &Json, left: &mut Left) -> Option<Json> {
    fn slim(json: &Json, depth: usize, named: &mut usize) -> Json {
        let address = |json: &Json| json.as_uri().map(Json::Text);
        if !json.is_object() || depth == 0 {
            return address(json).unwrap_or(Json::Null);
        }
        let mut members = Vec::new();
        for key in ["id", "next"] {
            members.extend(address(json.one(key)).map(|value| (key.to_owned(), value)));
        }
        for key in ["items", "orderedItems"] {
            let ids: Vec<Json> = json.values(key).filter_map(address).collect();
            *named += ids.len();
            members.push((key.to_owned(), Json::List(ids)));
        }
        members.push(("first".to_owned(), slim(json.one("first"), depth - 1, named)));
        Json::Object(members)
    }
    let mut named = 0;
    let slim = slim(replies, 2, &mut named);
    left.named = left.named.checked_sub(named)?;
    Some(slim)
}
