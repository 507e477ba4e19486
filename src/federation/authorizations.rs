//! Authorisations that authors elsewhere hand out for what is done to their posts (FEP-044f and the interaction controls of
//! GoToSocial), and people for being put into a collection (FEP-7aa9): a document on their own server that names both sides.

use super::{
    eyes::{self, Cause},
    fetch::{self, Budget},
    import,
    json::Json,
};
use crate::{
    Error, Result,
    app::App,
    domain::{
        collections,
        interactions::arrivals::{self, Claim},
        quotes::arrivals as quotes,
    },
    id::Id,
    model::{Account, InteractionKind, Post},
    uri,
};

/// Of quotes.
pub const QUOTE: &[&str] = &["QuoteAuthorization"];
/// Of answers; the second is what it was called at first.
pub const REPLY: &[&str] = &["ReplyAuthorization", "ReplyApproval"];
/// Of likes.
const LIKE: &[&str] = &["LikeAuthorization", "LikeApproval"];
/// Of boosts.
pub const BOOST: &[&str] = &["AnnounceAuthorization", "AnnounceApproval"];

/// Of places in collections.
pub const FEATURE: &[&str] = &["FeatureAuthorization"];

/// What an authorisation of this kind by somebody of this node is called.
pub const fn type_of(kind: InteractionKind) -> &'static str {
    match kind {
        InteractionKind::Reply => "ReplyAuthorization",
        InteractionKind::Favourite => "LikeAuthorization",
        InteractionKind::Boost => "AnnounceAuthorization",
    }
}

/// Whether the author says there what is claimed, in a document of one of these types.
///
/// # Errors
/// `Upstream` and `Unavailable` when it cannot be had just now.
pub async fn is_genuine(app: &App, claim: &Claim, types: &[&str], budget: &Budget) -> Result<bool> {
    let stamp = claim.stamp.as_str();
    if app.site().owns_str(stamp) || !uri::same_authority(stamp, &claim.author) {
        return Ok(false);
    }
    let target = claim.target.clone();
    let cause = app.glance(move |conn| Cause::of_known(conn, &target)).await?;
    let eyes = eyes::find(app, stamp, &cause).await?;
    fetch::forget_for(app, eyes, stamp);
    let document = match fetch::document_for(app, eyes, stamp, budget).await {
        Ok(document) => document,
        Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(e),
        Err(_) => return Ok(false),
    };
    Ok(document.id == stamp && says(&document.json, claim, types))
}

/// Whether an authorisation names its author and both sides (AUT-27). Where it is about its author (FEP-7aa9) they need not be
/// named twice.
fn says(json: &Json, claim: &Claim, types: &[&str]) -> bool {
    let names = |key: &str, wanted: &str| {
        let mut values = json.values(key);
        values.next().and_then(Json::as_uri).as_deref() == Some(wanted) && values.next().is_none()
    };
    let is_about_author = claim.author == claim.target && json.values("attributedTo").next().is_none();
    types.iter().any(|kind| json.is_a(kind))
        && (is_about_author || names("attributedTo", &claim.author))
        && names("interactingObject", &claim.object)
        && names("interactionTarget", &claim.target)
}

/// The task `ResolveReply`: whether an answer of another server may hang below what it answers (INT-13). One that came
/// before that is read again: it may name an authorisation.
///
/// # Errors
/// `Upstream` when the authorisation cannot be had just now.
pub async fn resolve_reply(app: &App, post: Id<Post>) -> Result<()> {
    let budget = Budget::of_activity();
    if let Some(answer) = app.glance(move |conn| arrivals::unread(conn, post)).await? {
        if let Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) = import::post_again(app, &answer, &budget).await {
            return Err(e);
        }
        app.write(move |tx| arrivals::was_read(tx, post)).await?;
    }
    let Some(claim) = app.glance(move |conn| arrivals::open(conn, post)).await? else { return Ok(()) };
    let genuine = is_genuine(app, &claim, REPLY, &budget).await?;
    app.write(move |tx| arrivals::verified(tx, post, &claim.stamp, genuine)).await
}

/// The task `CheckConsent`: somebody elsewhere agreed to what somebody here wants to do to a post of theirs, or to be in a
/// collection. That counts once the authorisation is where they say, because others will look for it there too.
///
/// # Errors
/// `Upstream` when the authorisation cannot be had just now.
pub async fn check(app: &App, by: Id<Account>, object: String, stamp: String, quote: bool) -> Result<()> {
    let (site, about, named) = (app.site().clone(), object.clone(), stamp.clone());
    let claim = app.read(move |conn| {
        if let Some(claim) = collections::agreed(conn, &site, by, &about, &named)? {
            return Ok(Some((claim, FEATURE)));
        }
        match quote {
            true => Ok(quotes::agreed(conn, by, &about, &named)?.map(|claim| (claim, QUOTE))),
            false => Ok(arrivals::agreed(conn, by, &about, &named)?.map(|(kind, claim)| match kind {
                InteractionKind::Reply => (claim, REPLY),
                InteractionKind::Favourite => (claim, LIKE),
                InteractionKind::Boost => (claim, BOOST),
            })),
        }
    });
    let Some((claim, types)) = claim.await? else { return Ok(()) };
    if !is_genuine(app, &claim, types, &Budget::of_activity()).await? {
        return Ok(());
    }
    app.write(move |tx| {
        if collections::agree(tx, by, &object, &stamp)? {
            return Ok(());
        }
        match quote {
            true => quotes::agree(tx, by, &object, &stamp),
            false => arrivals::agree(tx, by, &object, &stamp),
        }
    })
    .await
}
