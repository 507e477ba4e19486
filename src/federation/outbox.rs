//! The last posts of accounts of other servers, read from their outboxes.

use super::{
    collections::{self, Bounds},
    fetch::Budget,
    import,
    json::Json,
    objects,
};
use crate::{
    Error, Result,
    app::App,
    domain::{
        interactions,
        quotes::policy::Consent,
        remote::{self, Announced},
    },
    id::Id,
    limits,
    model::{Account, AccountKind, InteractionKind},
    store,
    time::Timestamp,
    uri,
};

/// Posts of an outbox that are read, whatever is known of it; and so many in a row from before end the reading of what was
/// missed.
const LAST: usize = 20;

/// The task `ReadOutbox`: the last posts of an account of another server, as that shows them to us, or what it wrote since
/// then, as far as collections are read. Nobody is told of them, and they stand in timelines by their own dates. What the
/// account passed on is left out, unless it is a group: that writes nothing itself.
///
/// # Errors
/// `Upstream` when the outbox cannot be had just now.
pub async fn read(app: &App, id: Id<Account>, since: Option<Timestamp>) -> Result<()> {
    let owner = app.glance(move |conn| store::accounts::load(conn, id)).await?;
    let address = owner.outbox_url.clone().filter(|url| uri::same_authority(url, &owner.uri));
    let Some(address) = address.filter(|_| !owner.is_local() && !owner.is_unavailable()) else { return Ok(()) };
    let (bounds, fetches) = match since {
        None => (Bounds { pages: 1, items: LAST }, LAST + 4),
        Some(_) => (Bounds::default(), limits::COLLECTION_PAGES + limits::COLLECTION_ITEMS + 4),
    };
    let budget = Budget::new(fetches);
    let (mut found, mut old) = (Vec::new(), 0);
    let mut each = |item: &Json| {
        let inner = item.one("object");
        let at = item.time("published").or_else(|| inner.time("published"));
        let at = at.or_else(|| inner.one("object").time("published"));
        old = if at.is_some_and(|at| since.is_some_and(|since| at < since)) { old + 1 } else { 0 };
        if old == 0 || found.len() < LAST {
            found.push(item.clone());
        }
        old < LAST
    };
    match collections::visit(app, &Json::Text(address), &owner.uri, bounds, &budget, &mut each).await {
        Ok(_) => {}
        Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(e),
        Err(_) => return Ok(()),
    }
    // Oldest first: answers find what they answer.
    for item in found.iter().rev() {
        let named = if item.is_a("Create") { item.one("object") } else { item };
        if item.is_a("Announce") {
            if owner.kind == AccountKind::Group
                && let Err(e @ Error::Unavailable(_)) = passed_on(app, &owner, item, &budget).await
            {
                return Err(e);
            }
            continue;
        }
        match import::featured_post(app, &owner, named, &budget).await {
            Ok(_) => {}
            Err(e @ Error::Unavailable(_)) => return Err(e),
            // Not there, not for us, or not a post.
            Err(_) => {}
        }
    }
    Ok(())
}

/// What a group passed on, as its post, or as the activity that brought that (FEP-1b12); the post is read where it lives.
async fn passed_on(app: &App, group: &Account, item: &Json, budget: &Budget) -> Result<()> {
    let inner = item.one("object");
    let named = if inner.is_a("Create") { inner.one("object") } else { inner };
    let is_post = !named.is_object() || objects::kind(named) == objects::Kind::Post;
    let by = item.uri("actor").is_none_or(|actor| actor == group.uri);
    let id = item.id().filter(|id| is_post && by && uri::same_authority(id, &group.uri));
    let (Some(id), Some(named)) = (id, named.as_uri()) else { return Ok(()) };
    let Some(post) = import::post_walked(app, &named, budget).await? else { return Ok(()) };
    // Where nobody says when, it was passed on when it was written: old ones are no news.
    let published = item.time("published").or_else(|| inner.time("published")).unwrap_or(post.created_at);
    let addressing = objects::post::addressing(item);
    let announced = Announced { uri: id, published: Some(published), addressing, colleague: false };
    let group = group.clone();
    app.write(move |tx| match interactions::consent(tx.conn, &post, InteractionKind::Boost, &group)? {
        Consent::Automatic => remote::receive_boost(tx, &group, &post, &announced),
        _ => Ok(()),
    })
    .await
}
