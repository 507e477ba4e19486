//! The last posts of accounts of other servers, read from their outboxes.

use super::{
    collections::{self, Bounds},
    fetch::Budget,
    import,
    json::Json,
};
use crate::{Error, Result, app::App, id::Id, model::Account, store, uri};

/// Posts of an outbox that are read.
const LAST: usize = 20;

/// The task `ReadOutbox`: the last posts of an account of another server, as that shows them to us. Nobody is told of them, and
/// they stand in timelines by their own dates. What the account passed on is left out.
///
/// # Errors
/// `Upstream` when the outbox cannot be had just now.
pub async fn read(app: &App, id: Id<Account>) -> Result<()> {
    let owner = app.read(move |conn| store::accounts::load(conn, id)).await?;
    let address = owner.outbox_url.clone().filter(|url| uri::same_authority(url, &owner.uri));
    let Some(address) = address.filter(|_| !owner.is_local() && !owner.is_unavailable()) else { return Ok(()) };
    let budget = Budget::new(LAST + 4);
    let bounds = Bounds { pages: 1, items: LAST };
    let found = match collections::read(app, &Json::Text(address), &owner.uri, bounds, &budget).await {
        Ok(found) => found,
        Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(e),
        Err(_) => return Ok(()),
    };
    // Oldest first: answers find what they answer.
    for item in found.items.iter().rev() {
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
