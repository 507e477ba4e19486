//! The rest of a thread of another server (THR-03): the collection that the opened post names as its `context` (FEP-7888,
//! FEP-f228), else its `replies` and theirs. A collection only names posts; each is read at its own address, and only
//! what answers something of the thread is kept. Bounded by posts and by requests; nobody is told of what is found.

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
};
use std::collections::VecDeque;

/// The task `ReadThread`.
///
/// # Errors
/// `Upstream` when the post's server cannot be asked just now.
pub async fn read(app: &App, post: Id<Post>) -> Result<()> {
    let Some(post) = app.read(move |conn| store::posts::find(conn, post)).await? else { return Ok(()) };
    if post.local || post.visibility > Visibility::Unlisted {
        return Ok(());
    }
    let budget = Budget::new(limits::THREAD_FETCHES);
    let document = match fetch::document(app, &post.uri, &budget).await {
        Ok(document) => document,
        Err(error @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(error),
        Err(_) => return Ok(()),
    };
    let mut left = limits::THREAD_POSTS;
    if let Some(context) = document.json.uri("context").filter(|address| !app.site().owns_str(address)) {
        let items = items(app, &Json::Text(context.clone()), &context, left, &budget).await;
        // The post itself stands in it: one that holds nothing else says nothing.
        if items.len() > 1 {
            for item in items {
                take(app, &item, &budget).await?;
            }
            return Ok(());
        }
    }
    let mut waiting = VecDeque::from([(document.json.one("replies").clone(), document.id.clone())]);
    while let Some((replies, owner)) = waiting.pop_front() {
        if replies.is_null() {
            continue;
        }
        for item in items(app, &replies, &owner, left, &budget).await {
            left = left.saturating_sub(1);
            if let Some((replies, id)) = take(app, &item, &budget).await? {
                waiting.push_back((replies, id));
            }
        }
        if left == 0 {
            break;
        }
    }
    Ok(())
}

/// The ids that a collection names; none when it cannot be had.
async fn items(app: &App, given: &Json, owner: &str, most: usize, budget: &Budget) -> Vec<String> {
    let bounds = Bounds { items: most, ..Bounds::default() };
    match collections::read(app, given, owner, bounds, budget).await {
        Ok(found) => found.items.iter().filter_map(Json::as_uri).collect(),
        Err(_) => Vec::new(),
    }
}

/// Takes a post in that is new here and answers what is known; its own replies, and its id, when it was.
///
/// # Errors
/// `Unavailable` when the database is away. What others serve wrongly is left out.
async fn take(app: &App, id: &str, budget: &Budget) -> Result<Option<(Json, String)>> {
    let uri = id.to_owned();
    let known = app.read(move |conn| Ok(store::posts::find_by_uri(conn, &uri)?.is_some())).await?;
    if known || budget.left() == 0 || app.site().owns_str(id) {
        return Ok(None);
    }
    let Ok(document) = fetch::document(app, id, budget).await else { return Ok(None) };
    let Some(parent) = document.json.uri("inReplyTo") else { return Ok(None) };
    if !app.read(move |conn| Ok(store::posts::find_by_uri(conn, &parent)?.is_some())).await? {
        return Ok(None);
    }
    match import::take(app, &document.json, Arrival::WALKED, budget).await {
        Ok(Some(_)) => Ok(Some((document.json.one("replies").clone(), document.id.clone()))),
        Err(error @ Error::Unavailable(_)) => Err(error),
        _ => Ok(None),
    }
}
