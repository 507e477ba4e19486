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
        Task, collections,
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

/// What a look at an authorisation found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The author says what is claimed.
    Genuine,
    /// Something else, or that it is gone for good.
    Other,
    /// Nothing, so far: whoever tells of it may be quicker than the server that serves it.
    Missing,
}

/// Seconds after which it is looked for once more where it was not there. Then that is final.
const AGAIN: [i64; 3] = [15, 120, 1_200];

/// Has an authorisation that is not there looked for later; false when that was done often enough.
///
/// # Errors
/// Those of the database.
pub async fn later(app: &App, looks: u8, task: impl FnOnce(u8) -> Task) -> Result<bool> {
    let Some(wait) = AGAIN.get(usize::from(looks)).copied() else { return Ok(false) };
    let task = task(looks.saturating_add(1));
    app.write(move |tx| tx.enqueue_at(&task, tx.now.plus_seconds(wait))).await?;
    Ok(true)
}

/// As [`look`], where nothing is looked for twice.
///
/// # Errors
/// As [`look`].
pub async fn is_genuine(app: &App, claim: &Claim, types: &[&str], budget: &Budget) -> Result<bool> {
    Ok(look(app, claim, types, budget).await? == Seen::Genuine)
}

/// Whether the author says there what is claimed, in a document of one of these types.
///
/// # Errors
/// `Upstream` and `Unavailable` when it cannot be had just now.
pub async fn look(app: &App, claim: &Claim, types: &[&str], budget: &Budget) -> Result<Seen> {
    let stamp = claim.stamp.as_str();
    if app.site().owns_str(stamp) || !uri::same_authority(stamp, &claim.author) {
        return Ok(Seen::Other);
    }
    let target = claim.target.clone();
    let cause = app.glance(move |conn| Cause::of_known(conn, &target)).await?;
    let eyes = eyes::find(app, stamp, &cause).await?;
    fetch::forget_for(app, eyes, stamp);
    let document = match fetch::document_for(app, eyes, stamp, budget).await {
        Ok(document) => document,
        Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) => return Err(e),
        Err(Error::NotFound) => return Ok(Seen::Missing),
        Err(_) => return Ok(Seen::Other),
    };
    let genuine = document.id == stamp && says(&document.json, claim, types);
    Ok(if genuine { Seen::Genuine } else { Seen::Other })
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
pub async fn resolve_reply(app: &App, post: Id<Post>, looks: u8) -> Result<()> {
    let budget = Budget::of_activity();
    if let Some(answer) = app.glance(move |conn| arrivals::unread(conn, post)).await? {
        if let Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) = import::post_again(app, &answer, &budget).await {
            return Err(e);
        }
        app.write(move |tx| arrivals::was_read(tx, post)).await?;
    }
    let open = app.glance(move |conn| arrivals::open(conn, post)).await?;
    let Some((claim, stands)) = open else { return Ok(()) };
    let seen = look(app, &claim, REPLY, &budget).await?;
    // One that it stands by and that is not there any more was taken back.
    if seen == Seen::Missing
        && !stands
        && later(app, looks, |looks| Task::ResolveReply { post: post.raw(), looks }).await?
    {
        return Ok(());
    }
    app.write(move |tx| arrivals::verified(tx, post, &claim.stamp, seen == Seen::Genuine)).await
}

/// The task `CheckConsent`: somebody elsewhere agreed to what somebody here wants to do to a post of theirs, or to be in a
/// collection. That counts once the authorisation is where they say, because others will look for it there too.
///
/// # Errors
/// `Upstream` when the authorisation cannot be had just now.
pub async fn check(
    app: &App,
    by: Id<Account>,
    (object, stamp): (String, String),
    quote: bool,
    looks: u8,
) -> Result<()> {
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
    match look(app, &claim, types, &Budget::of_activity()).await? {
        Seen::Genuine => {}
        Seen::Other => return Ok(()),
        Seen::Missing => {
            let task = |looks| Task::CheckConsent { by: by.raw(), object, stamp, quote, looks };
            return later(app, looks, task).await.map(drop);
        }
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
