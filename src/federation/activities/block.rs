//! Block (MOD-01).

use super::{Outcome, Parsed, Received};
use crate::{
    Result,
    domain::{Tx, follows},
    store,
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    let Some(object) = &activity.object else { return Ok(Outcome::Done) };
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
