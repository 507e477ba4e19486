//! People who move from one server to another (MOVE-01, MOVE-02, AUT-11).

use super::names;
use crate::{
    Error, Result,
    domain::{
        Fact, Task, Tx,
        follows::{self, FollowOptions},
    },
    id::Id,
    model::{Account, FollowState},
    store,
};

/// Days before another Move of the same account counts.
const DAYS_BETWEEN: i64 = 7;
/// Followers carried over in one transaction.
const CHUNK: i64 = 50;

/// `from` says that it is `to` from now on; `to` was read from its origin just now. False when it is not to be believed:
/// the target does not name the old id, is gone or moved itself, or another Move was carried out within seven days, which
/// does not hold among `colleagues`: the nodes of one charter.
pub fn receive_move(tx: &mut Tx<'_>, from: &Account, to: &Account, colleagues: bool) -> Result<bool> {
    let from = store::accounts::load(tx.conn, from.id)?;
    // A target that moved itself within these days would make a circle, whatever its document says by now.
    let recent = [from.move_processed_at, to.move_processed_at]
        .into_iter()
        .flatten()
        .any(|at| at > tx.now.plus_days(-DAYS_BETWEEN));
    let sound = from.id != to.id
        && !from.is_local()
        && !from.is_unavailable()
        && !to.is_unavailable()
        && to.moved_to_id.is_none()
        && names(to, &from.uri);
    if recent && !colleagues || !sound {
        return Ok(false);
    }
    store::remote::set_moved(tx.conn, from.id, to.id, tx.now)?;
    tx.record(Fact::AccountMoved(from.id))?;
    tx.enqueue(&Task::MoveFollowers { from: from.id.raw(), to: to.id.raw() })?;
    Ok(true)
}

/// One chunk of the task [`Task::MoveFollowers`]: local followers follow the new account and leave the old one; lists,
/// remarks, mutes and blocks go with them. Answers whether there are more.
pub fn carry_followers(tx: &mut Tx<'_>, from: Id<Account>, to: Id<Account>) -> Result<bool> {
    let (owner, target) = (store::accounts::load(tx.conn, from)?, store::accounts::load(tx.conn, to)?);
    // Somebody of this node may have taken it back meanwhile.
    let stays = owner.is_local() && owner.moved_to_id != Some(to);
    if stays || target.is_unavailable() {
        return Ok(false);
    }
    for person in store::remote::local_averse(tx.conn, true, from)? {
        if person != to {
            follows::block(tx, person, to, None)?;
        }
    }
    for person in store::remote::local_averse(tx.conn, false, from)? {
        let Some(mute) = store::follows::find_mute(tx.conn, person, from)? else { continue };
        if person != to && store::follows::find_mute(tx.conn, person, to)?.is_none() {
            follows::mute(tx, person, to, mute.hide_notifications, mute.expires_at)?;
        }
    }
    store::remote::carry_notes(tx.conn, from, to)?;
    let followers = store::remote::local_followers(tx.conn, from, 0, CHUNK)?;
    for follow in &followers {
        let person = follow.account_id;
        if person != to && follow.state == FollowState::Accepted && store::follows::find(tx.conn, person, to)?.is_some()
        {
            // Follows both: only the place in the lists goes over.
            store::remote::carry_lists(tx.conn, person, from, to)?;
        } else if person != to && follow.state == FollowState::Accepted {
            let options = FollowOptions {
                show_boosts: Some(follow.show_boosts),
                notify: Some(follow.notify),
                languages: follow.languages.as_deref().and_then(|l| serde_json::from_str(l).ok()),
            };
            match follows::request(tx, person, to, &options) {
                Ok(_) => store::remote::carry_lists(tx.conn, person, from, to)?,
                // Blocked by the target, or gone meanwhile: they only lose the old account.
                Err(Error::Forbidden(_) | Error::NotFound) => {}
                Err(e) => return Err(e),
            }
        }
        follows::unfollow(tx, person, from)?;
    }
    Ok(followers.len() as i64 == CHUNK)
}
