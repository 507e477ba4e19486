//! Like and EmojiReact (INT-01, INT-08), and the vote against that takes a like back.

use super::{Outcome, Parsed, Received};
use crate::{
    Result,
    domain::{Tx, remote},
    store,
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    let Some(object) = &activity.object else { return Ok(Outcome::Done) };
    if let Some(post) = store::posts::find_by_uri(tx.conn, object)? {
        remote::receive_like(tx, &received.signer, &post, activity.id.as_deref(), activity.reaction.as_ref())?;
    }
    Ok(Outcome::Done)
}

/// Lemmy sends no Undo of a Like when somebody changes their vote.
pub(super) fn against(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    let Some(object) = &activity.object else { return Ok(Outcome::Done) };
    if let Some(post) = store::posts::find_by_uri(tx.conn, object)? {
        remote::receive_dislike(tx, &received.signer, &post)?;
    }
    Ok(Outcome::Done)
}
