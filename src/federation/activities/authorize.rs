//! Who may say what: the one gate that every activity passes before it has any effect (AUT-01 to AUT-10). What needs a
//! look into the store (who owns a known object) is decided by the operations, in the transaction of the effect.

use super::parsed::{Embedded, Inner, Kind, Parsed};
use crate::{Error, Result, config::Site, federation::json::is_public, uri};

/// Requests about posts.
pub(super) const REQUESTS: &[&str] = &["QuoteRequest", "ReplyRequest", "LikeRequest", "AnnounceRequest"];

/// Whether `signer`, whose key signed the request, may send this.
///
/// # Errors
/// `Unauthorized` when it acts for somebody else (SIG-13); `Forbidden` when it names what is not its own.
pub fn authorize_activity(signer: &str, activity: &Parsed, site: &Site) -> Result<()> {
    let refuse = |why: &'static str| Err(Error::forbidden(why));
    if activity.actor != signer {
        return Err(Error::unauthorized("signed by somebody else than its actor"));
    }
    if site.owns_str(signer) {
        return refuse("an activity of ours does not arrive from outside");
    }
    if let Some(id) = &activity.id
        && (site.owns_str(id) || !uri::same_authority(id, signer))
    {
        return refuse("an id on another authority than the actor");
    }
    let ours = activity.object.as_deref().is_some_and(|object| site.owns_str(object));
    match activity.kind {
        Kind::Create | Kind::Update | Kind::Delete if ours => refuse("what is ours changes here alone"),
        // Nobody but the actor itself changes an actor (AUTH-06); its embedded self was compared when it was read.
        Kind::Update if activity.foreign && same(activity, signer) => refuse("an object of another owner"),
        Kind::Move if activity.object.as_deref() != Some(signer) => refuse("somebody else cannot be moved"),
        Kind::Undo => match &activity.embedded {
            Embedded::Activity(inner) if inner.actor.as_ref().is_some_and(|actor| actor != signer) => {
                refuse("an activity of somebody else cannot be undone")
            }
            _ => Ok(()),
        },
        Kind::Accept | Kind::Reject => match &activity.embedded {
            // Only who was asked can answer (AUTH-07, AUT-07).
            Embedded::Activity(inner)
                if matches!(inner.kind.as_str(), "Follow" | "Join" | "FeatureRequest")
                    && inner.object.as_ref().is_some_and(|object| object != signer)
                    && !of_everything(inner, site) =>
            {
                refuse("somebody else was asked")
            }
            // Whose post that is, only the store knows; on another server it is somebody else's.
            Embedded::Activity(inner)
                if REQUESTS.contains(&inner.kind.as_str())
                    && inner.object.as_ref().is_some_and(|object| !uri::same_authority(object, signer)) =>
            {
                refuse("somebody else was asked")
            }
            _ => Ok(()),
        },
        Kind::Add | Kind::Remove => match &activity.target {
            Some(target) if !uri::same_authority(target, signer) => refuse("a collection of somebody else"),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A Follow by the actor of this node of all that is public, which in short (`as:Public`) is no address: who was asked, the
/// inbox tells that it went to (COLL-07).
pub(in crate::federation) fn of_everything(inner: &Inner, site: &Site) -> bool {
    inner.kind == "Follow"
        && inner.actor.as_ref().is_none_or(|actor| *actor == site.instance_actor_uri())
        && inner.object.as_deref().is_none_or(is_public)
}

/// The object lies on the signer's own server: then there is nowhere else to look for the truth.
fn same(activity: &Parsed, signer: &str) -> bool {
    activity.object.as_deref().is_none_or(|object| uri::same_authority(object, signer))
}
