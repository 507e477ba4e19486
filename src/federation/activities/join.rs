//! Join and Leave: somebody of another node wants to work on a project of this one, or does so no longer.

use super::{Outcome, Parsed, Received};
use crate::{
    Result,
    domain::{Tx, projects::members},
    store,
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed, joins: bool) -> Result<Outcome> {
    let Some(object) = &activity.object else { return Ok(Outcome::Done) };
    // Drafts and people are not joined: it is as if nobody were there.
    let project = store::projects::find_by_uri(tx.conn, object)?.filter(|project| project.local);
    let Some(project) = project else { return Ok(Outcome::Done) };
    if joins {
        members::receive_join(tx, &received.signer, &project, activity.id.as_deref(), &activity.content)?;
    } else {
        members::receive_leave(tx, &received.signer, &project)?;
    }
    Ok(Outcome::Done)
}
