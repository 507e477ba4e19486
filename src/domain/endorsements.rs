//! People recommend others on their profile, of those whom they follow; the recommendation ends with the follow.

use super::Tx;
use crate::{
    Error, Result,
    id::Id,
    model::{Account, Follow, FollowState},
    store,
};

/// Recommends somebody; twice is once.
///
/// # Errors
/// `Invalid` for somebody who is not followed.
pub fn endorse(tx: &mut Tx<'_>, account: Id<Account>, target: Id<Account>) -> Result<()> {
    let follow = store::follows::find(tx.conn, account, target)?;
    let follow = follow
        .filter(|follow| follow.state == FollowState::Accepted)
        .ok_or_else(|| Error::invalid("", "invalid", "You must be already following the person you want to endorse"))?;
    let id: Id<Follow> = tx.new_id();
    store::endorsements::insert(tx.conn, id.raw(), follow.id, tx.now)
}

/// Does not any more; no effect when they were not recommended.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn withdraw(tx: &mut Tx<'_>, account: Id<Account>, target: Id<Account>) -> Result<()> {
    match store::follows::find(tx.conn, account, target)? {
        Some(follow) => store::endorsements::delete(tx.conn, follow.id),
        None => Ok(()),
    }
}
