//! Delete (DEL-01 to DEL-06, AUTH-04).

use super::{Outcome, Parsed, Received};
use crate::{
    Result,
    domain::{Tx, remote},
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    match &activity.object {
        Some(object) if *object == received.signer.uri => remote::delete_actor(tx, &received.signer)?,
        Some(object) => remote::delete_post(tx, &received.signer, object)?,
        None => {}
    }
    Ok(Outcome::Done)
}
