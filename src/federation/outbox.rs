//! The last posts of accounts of other servers, read from their outboxes.

use super::{
    collections::{self, Bounds},
    fetch::Budget,
    import,
    json::Json,
};
use crate::{Error, Result, app::App, id::Id, limits, model::Account, store, time::Timestamp, uri};

/// Posts of an outbox that are read, whatever is known of it; and so many in a row from before end the reading of what was
/// missed.
const LAST: usize = 20;

/// The task `ReadOutbox`: the last posts of an account of another server, as that shows them to us, or what it wrote since
/// then, as far as collections are read. Nobody is told of them, and they stand in timelines by their own dates. What the
/// account passed on is left out.
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
        let at = item.time("published").or_else(|| item.one("object").time("published"));
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
