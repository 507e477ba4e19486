//! FeatureRequest: somebody elsewhere wants to put a person of this node into a collection (FEP-7aa9, COLL-06). Their setting
//! decides at once.

use super::{Outcome, Parsed, Received};
use crate::{
    Result,
    domain::{Tx, collections},
    store, uri,
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    let (Some(id), Some(object), Some(collection)) = (&activity.id, &activity.object, &activity.instrument) else {
        return Ok(Outcome::Done);
    };
    // Nobody speaks for a collection of somebody else's server.
    if uri::same_authority(collection, &received.signer.uri)
        && let Some(person) = store::accounts::find_by_uri(tx.conn, object)?
    {
        collections::receive_request(tx, &person, &received.signer, id, collection)?;
    }
    Ok(Outcome::Done)
}
