//! Follow (FOL-01, FOL-03, FOL-10, FOL-14).

use super::{Outcome, Parsed, Received};
use crate::{
    Error, Result,
    domain::{Tx, follows, projects::near},
    store,
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    let Some(object) = &activity.object else { return Ok(Outcome::Done) };
    let target = store::accounts::find_by_uri(tx.conn, object)?.filter(|a| a.is_local() && a.deleted_at.is_none());
    let target = match target {
        Some(target) if near::is_near(tx.conn, target.id)? => None,
        // Who waits for approval is nobody yet.
        Some(target) if store::users::find(tx.conn, target.id)?.is_some_and(|u| u.approved_at.is_none()) => None,
        target => target,
    };
    let Some(target) = target else {
        // Nobody of that name is here: worth a word on a personal inbox only.
        return if received.recipient.is_some() { Err(Error::NotFound) } else { Ok(Outcome::Done) };
    };
    // An Undo that overtook it (FOL-08).
    if let Some(id) = &activity.id {
        store::remote::lock(tx.conn, id)?;
        if store::remote::is_gone(tx.conn, &[id], &activity.actor, tx.now)? {
            return Ok(Outcome::Done);
        }
    }
    follows::receive_request(tx, &received.signer, &target, activity.id.clone())?;
    Ok(Outcome::Done)
}
