//! Delete (DEL-01 to DEL-06, AUTH-04).

use super::{Outcome, Parsed, Received};
use crate::{
    Result,
    domain::{Tx, projects::group, remote},
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    match &activity.object {
        Some(object) if *object == received.signer.uri => remote::delete_actor(tx, &received.signer)?,
        // A moderator of a project of ours, about a post of somebody else.
        Some(object) if group::receive_delete(tx, &received.signer, object)? => {}
        Some(object) => remote::delete_post(tx, &received.signer, object)?,
        None => {}
    }
    Ok(Outcome::Done)
}
