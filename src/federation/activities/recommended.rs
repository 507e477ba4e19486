//! Collections of people of other servers (FEP-7aa9, COLL-06): Add, Create and Update bring one, or somebody in one; Remove and
//! Delete take it away. What is only named is read in the background.

use super::{Parsed, Received};
use crate::{
    Result,
    domain::{
        Task, Tx,
        remote::collections::{self as rules, Recommended},
    },
    model::Collection,
    store, uri,
};

/// Whether this is about a collection of people, of which it has had its effect then.
pub(super) fn brings(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<bool> {
    let signer = &received.signer;
    match (&activity.recommended, &activity.target) {
        (Some(Recommended::Collection(found)), _) => {
            rules::receive(tx, signer, found)?;
            // Who is in it stands elsewhere.
            if found.places.is_none() && uri::same_authority(&found.uri, &signer.uri) {
                read(tx, received, &found.uri)?;
            }
        }
        (Some(Recommended::Place(place)), Some(collection)) => rules::receive_place(tx, signer, collection, place)?,
        // Of a place alone it is not said where it is.
        (Some(Recommended::Place(_)), None) => {}
        (None, target) => {
            let Some(object) = activity.object.as_deref().filter(|object| uri::same_authority(object, &signer.uri))
            else {
                return Ok(false);
            };
            let of = |known: Option<Collection>| known.filter(|row| row.account_id == signer.id);
            let changed = of(store::collections::find_by_uri(tx.conn, object)?).and_then(|row| row.uri);
            let is_list = match target {
                Some(target) => store::collections::address(tx.conn, signer.id)?.as_ref() == Some(target),
                None => false,
            };
            let holds = match target {
                Some(target) => of(store::collections::find_by_uri(tx.conn, target)?).and_then(|row| row.uri),
                None => None,
            };
            match changed.or(holds) {
                Some(collection) => read(tx, received, &collection)?,
                None if is_list => read(tx, received, object)?,
                None => return Ok(false),
            }
        }
    }
    Ok(true)
}

fn read(tx: &mut Tx<'_>, received: &Received, collection: &str) -> Result<()> {
    tx.enqueue(&Task::ReadCollection { account: received.signer.id.raw(), uri: collection.to_owned() })
}

/// Whether this takes away a collection of people, or somebody out of one.
pub(super) fn takes(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<bool> {
    match &activity.object {
        Some(object) => rules::receive_removal(tx, &received.signer, object, activity.target.as_deref()),
        None => Ok(false),
    }
}
