//! Who moderates a group of another server (FEP-1b12): those its actor document names in `attributedTo`, one by one or as
//! a collection; Lemmy called the collection `moderators` before. Read when a moderator acts, and believed for a while.

use super::{
    collections::{self, Bounds},
    fetch::{self, Budget},
    json::Json,
};
use crate::{
    Error, Result,
    app::App,
    domain::projects::locks,
    id::Id,
    model::{Account, Post},
    store,
    time::Timestamp,
    uri,
};
use std::sync::Arc;

/// How long a list is believed. Milliseconds. Short: a moderator who was removed must not go on for long, and one who was
/// added is not to wait. Each process of a node has its own: it is no pause that others had to keep, but what one read, and
/// none believes a list for longer than this, whatever the others know. With n processes a group is asked n times at most.
const BELIEVED: i64 = 10 * 60 * 1000;
/// Groups whose lists are kept.
const GROUPS: u64 = 1_000;
/// Pages and members of a list that count.
const BOUNDS: Bounds = Bounds { pages: 4, items: 200 };

/// Lists that were read lately, by the id of the group.
struct Lists(moka::sync::Cache<String, (Timestamp, Arc<[String]>)>);

impl Default for Lists {
    fn default() -> Self {
        Self(moka::sync::Cache::new(GROUPS))
    }
}

/// Whether the group says that this actor is one of its moderators; both are normalised ids.
///
/// # Errors
/// `Upstream` when the group's server cannot be asked just now.
pub async fn includes(app: &App, group: &str, actor: &str, budget: &Budget) -> Result<bool> {
    let (lists, now) = (app.part::<Lists>(), app.clock().now());
    if let Some((until, list)) = lists.0.get(group)
        && until > now
    {
        return Ok(list.iter().any(|id| id == actor));
    }
    let list: Arc<[String]> = read(app, group, budget).await?.into();
    let is_one = list.iter().any(|id| id == actor);
    lists.0.insert(group.to_owned(), (now.plus_millis(BELIEVED), list));
    Ok(is_one)
}

/// The task [`SayLock`](crate::domain::Task::SayLock): a moderator here of a group of another server locks a thread of it, or opens it
/// again. Nothing is said in the name of somebody whom the group does not list.
///
/// # Errors
/// As [`includes`]; those of the database.
pub async fn lock(app: &App, group: Id<Account>, post: Id<Post>, by: Id<Account>, locked: bool) -> Result<()> {
    let (place, who) = app
        .read(move |conn| Ok((store::accounts::load(conn, group)?.uri, store::accounts::load(conn, by)?.uri)))
        .await?;
    if !includes(app, &place, &who, &Budget::of_activity()).await? {
        tracing::debug!(group = %group, "no moderator of the group");
        return Ok(());
    }
    app.write(move |tx| locks::say(tx, group, post, by, locked)).await
}

async fn read(app: &App, group: &str, budget: &Budget) -> Result<Vec<String>> {
    let document = match fetch::document(app, group, budget).await {
        Ok(document) => document,
        // A group that is not there has no moderators.
        Err(Error::NotFound | Error::Gone | Error::Forbidden(_) | Error::BadRequest(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found: Vec<String> = Vec::new();
    for property in ["attributedTo", "moderators"] {
        let values: Vec<&Json> = document.json.values(property).take(BOUNDS.items).collect();
        found.extend(values.iter().filter_map(|value| value.as_uri()));
        // Several are the moderators themselves; one may be their list.
        let [collection] = values.as_slice() else { continue };
        // A list of the group's own server only: nobody else says who moderates it.
        let own = |list: &Json| list.as_uri().is_none_or(|address| uri::same_authority(&address, group));
        if !own(collection) {
            continue;
        }
        match collections::read(app, collection, group, BOUNDS, budget).await {
            Ok(list) => found.extend(list.items.iter().filter_map(Json::as_uri)),
            Err(error @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(error),
            Err(_) => {}
        }
    }
    Ok(found)
}
