//! Whether the quote of a post of another server stands (QUO-01, QUO-04): the quoted post is fetched, and the
//! authorisation, which must lie on the server of whoever wrote that and name both posts.

use super::{
    eyes::{self, Cause},
    fetch::{self, Budget},
    import,
    json::Json,
};
use crate::{
    Error, Result,
    app::App,
    domain::quotes::arrivals::{self, Open},
    id::Id,
    model::Post,
    uri,
};

/// The task `ResolveQuote`. What it fetches because of the quote is not looked into any further, so that a circle of
/// quotes ends (ROB-08).
///
/// # Errors
/// `Upstream` when something cannot be had just now.
pub async fn resolve(app: &App, post: Id<Post>) -> Result<()> {
    let budget = Budget::of_activity();
    let Some(mut open) = app.read(move |conn| arrivals::open(conn, post)).await? else { return Ok(()) };
    if open.author.is_none() {
        let (id, quoted) = (open.post.clone(), open.quoted.clone());
        let cause = app.read(move |conn| Cause::of_known(conn, &id)).await?;
        match import::post_quoted(app, &quoted, &cause, &budget).await {
            Ok(Some(found)) => app.write(move |tx| arrivals::found_by_fetch(tx, post, found.id)).await?,
            Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(e),
            // Not there, not for us, or not a post.
            Ok(None) | Err(_) => return Ok(()),
        }
        match app.read(move |conn| arrivals::open(conn, post)).await? {
            Some(now) => open = now,
            None => return Ok(()),
        }
    }
    let (Some(author), Some(stamp)) = (open.author.clone(), open.stamp.clone()) else { return Ok(()) };
    let genuine = is_genuine(app, &open, &author, &stamp, &budget).await?;
    app.write(move |tx| arrivals::verified(tx, post, &stamp, genuine)).await
}

/// Whether the author of the quoted post says there that it may be quoted by this post.
async fn is_genuine(app: &App, open: &Open, author: &str, stamp: &str, budget: &Budget) -> Result<bool> {
    if app.site().owns_str(stamp) || !uri::same_authority(stamp, author) {
        return Ok(false);
    }
    let quoted = open.quoted.clone();
    let cause = app.read(move |conn| Cause::of_known(conn, &quoted)).await?;
    let eyes = eyes::find(app, stamp, &cause).await?;
    fetch::forget_for(app, eyes, stamp);
    let document = match fetch::document_for(app, eyes, stamp, budget).await {
        Ok(document) => document,
        Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(e),
        Err(_) => return Ok(false),
    };
    Ok(document.id == stamp && says(&document.json, open, author))
}

/// Whether an authorisation names its author and both posts (AUT-27).
fn says(json: &Json, open: &Open, author: &str) -> bool {
    let names = |key: &str, wanted: &str| {
        let mut values = json.values(key);
        values.next().and_then(Json::as_uri).as_deref() == Some(wanted) && values.next().is_none()
    };
    json.is_a("QuoteAuthorization")
        && names("attributedTo", author)
        && names("interactingObject", &open.post)
        && names("interactionTarget", &open.quoted)
}
