//! Delete (DEL-01 to DEL-06, AUTH-04).

use super::{Outcome, Parsed, Received, recommended};
use crate::{
    Error, Result,
    app::App,
    domain::{
        Tx, collections, interactions,
        projects::group,
        quotes::arrivals,
        remote::{self, Deletion},
    },
    federation::{fetch::Budget, moderators},
    store,
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    if let Some(object) = activity.object.as_deref().filter(|object| *object != received.signer.uri) {
        // What it is about may be arriving at this moment.
        store::remote::lock(tx.conn, object)?;
    }
    match &activity.object {
        Some(object) if *object == received.signer.uri => {
            // It may have been taken back before it came (DEL-08).
            let undone = match &activity.id {
                Some(id) => store::remote::is_gone(tx.conn, &[id.as_str()], &activity.actor, tx.now)?,
                None => false,
            };
            if !undone {
                remote::delete_actor(tx, &received.signer)?;
            }
        }
        // A moderator of a project of ours, about a post of somebody else.
        Some(object) if group::receive_delete(tx, &received.signer, object)? => {}
        // The author of a post takes back that another one quotes it (QUO-06).
        Some(object) if arrivals::receive_revocation(tx, &received.signer, object)? => {}
        // Or that another one answers or boosts it (INT-13).
        Some(object) if interactions::arrivals::receive_revocation(tx, &received.signer, object)? => {}
        // Somebody takes back that they are in a collection of ours (COLL-06).
        Some(object) if collections::receive_revocation(tx, &received.signer, object)? => {}
        // Or a collection of people of their own, or somebody in one.
        Some(_) if recommended::takes(tx, received, activity)? => {}
        Some(object) => match remote::delete_post(tx, &received.signer, object)? {
            Deletion::Done => {}
            Deletion::Moderators(_) => return Ok(Outcome::Fetch),
        },
        None => {}
    }
    Ok(Outcome::Done)
}

/// Asks the group whether this is one of its moderators.
pub(super) async fn resolve(app: &App, received: &Received, activity: &Parsed, budget: &Budget) -> Result<()> {
    let Some(object) = activity.object.clone() else { return Ok(()) };
    let (signer, id) = (received.signer.clone(), object.clone());
    let Deletion::Moderators(group) = app.write(move |tx| remote::delete_post(tx, &signer, &id)).await? else {
        return Ok(());
    };
    if !moderators::includes(app, &group, &received.signer.uri, budget).await? {
        return Err(Error::forbidden("no moderator of the group"));
    }
    app.write(move |tx| remote::delete_moderated(tx, &group, &object)).await
}
