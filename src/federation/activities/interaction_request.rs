//! ReplyRequest, LikeRequest and AnnounceRequest: somebody elsewhere asks before they answer, like or boost a post of this
//! node (INT-13).

use super::{Outcome, Parsed, Received};
use crate::{
    Result,
    domain::{
        Tx,
        interactions::requests::{self, Request},
    },
    model::InteractionKind,
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed, kind: InteractionKind) -> Result<Outcome> {
    if let (Some(object), Some(instrument)) = (activity.object.clone(), activity.instrument.clone()) {
        let request = Request { kind, uri: activity.id.clone(), object, instrument };
        requests::receive(tx, &received.signer, &request)?;
    }
    Ok(Outcome::Done)
}
