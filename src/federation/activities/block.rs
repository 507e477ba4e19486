//! Block (MOD-01).
//!
//! One with a `target` keeps somebody out of a group or a server (Lemmy, Mbin): it is no wish of whoever moderates there
//! to have nothing to do with them, and has no effect here.

use super::{Outcome, Parsed, Received};
use crate::{
    Result,
    domain::{Tx, follows},
    store,
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    let Some(object) = activity.object.as_ref().filter(|_| activity.target.is_none()) else {
        return Ok(Outcome::Done);
    };
    // An Undo that overtook it.
    if let Some(id) = &activity.id {
        store::remote::lock(tx.conn, id)?;
        if store::remote::is_gone(tx.conn, &[id], &activity.actor, tx.now)? {
            return Ok(Outcome::Done);
        }
    }
    if let Some(target) = store::accounts::find_by_uri(tx.conn, object)?.filter(|a| a.is_local()) {
        follows::block(tx, received.signer.id, target.id, activity.id.clone())?;
    }
    Ok(Outcome::Done)
}
