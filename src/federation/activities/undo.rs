//! Undo (FOL-07, FOL-08, INT-02, INT-09, MOD-01, AUT-09).

use super::{Outcome, Parsed, Received, parsed::Embedded};
use crate::{
    Result,
    domain::{Tx, remote},
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    let named = match &activity.embedded {
        // An Undo of a Delete or of a moderator's deed has no effect here.
        Embedded::Activity(inner) => inner.object.as_deref().map(|object| remote::Named {
            kind: &inner.kind,
            object,
            emoji: inner.reaction.as_ref().map(|reaction| reaction.name.as_str()),
        }),
        _ => None,
    };
    let id = activity.object.as_deref();
    if id.is_some_and(|id| !crate::uri::same_authority(id, &activity.actor)) {
        // What somebody did has an id of their own server.
        return Ok(Outcome::Done);
    }
    remote::undo(tx, &received.signer, id, named)?;
    Ok(Outcome::Done)
}
