//! Whether the quote of a post of another server stands (QUO-01, QUO-04): the quoted post is fetched, and the
//! authorisation, which must lie on the server of whoever wrote that and name both posts.

use super::{
    authorizations::{self, Seen},
    eyes::Cause,
    fetch::Budget,
    import,
};
use crate::{
    Error, Result,
    app::App,
    domain::{Task, interactions::arrivals::Claim, quotes::arrivals},
    id::Id,
    model::Post,
};

/// The task `ResolveQuote`. What it fetches because of the quote is not looked into any further, so that a circle of
/// quotes ends (ROB-08).
///
/// # Errors
/// `Upstream` when something cannot be had just now.
pub async fn resolve(app: &App, post: Id<Post>, looks: u8) -> Result<()> {
    let Some(mut open) = app.glance(move |conn| arrivals::open(conn, post)).await? else { return Ok(()) };
    let budget = Budget::of_activity().because_of(&open.post);
    if open.author.is_none() {
        let (id, quoted) = (open.post.clone(), open.quoted.clone());
        let cause = app.glance(move |conn| Cause::of_known(conn, &id)).await?;
        match import::post_quoted(app, &quoted, &cause, &budget).await {
            Ok(Some(found)) => app.write(move |tx| arrivals::found_by_fetch(tx, post, found.id)).await?,
            Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(e),
            // Not there, not for us, or not a post.
            Ok(None) | Err(_) => return Ok(()),
        }
        match app.glance(move |conn| arrivals::open(conn, post)).await? {
            Some(now) => open = now,
            None => return Ok(()),
        }
    }
    let (Some(author), Some(stamp)) = (open.author.clone(), open.stamp.clone()) else { return Ok(()) };
    let claim = Claim { stamp: stamp.clone(), author, object: open.post, target: open.quoted };
    let seen = authorizations::look(app, &claim, authorizations::QUOTE, &budget).await?;
    // One that it stands by and that is not there any more was taken back.
    if seen == Seen::Missing && !open.stands {
        let task = |looks| Task::ResolveQuote { post: post.raw(), looks };
        if authorizations::later(app, looks, task).await? {
            return Ok(());
        }
    }
    app.write(move |tx| arrivals::verified(tx, post, &stamp, seen == Seen::Genuine)).await
}
