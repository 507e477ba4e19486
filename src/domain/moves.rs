//! A person of this node moves away (MOVE-04): the old account says where to, tells its followers, and stops posting.
//! Moves that arrive are `domain::remote`'s.

use super::{
    Fact, Task, Tx,
    audit::{self, Staff},
    concierge::words,
    remote::names,
};
use crate::{Error, Result, id::Id, model::Account, store};

/// Days between two moves of one account.
const PAUSE: i64 = 30;

fn own(tx: &mut Tx<'_>, id: Id<Account>) -> Result<Account> {
    let account = store::accounts::load(tx.conn, id)?;
    if account.is_local() && account.deleted_at.is_none() { Ok(account) } else { Err(Error::NotFound) }
}

/// Moves to `to`, which was read from its own server just now; `whither` says that it moved on itself. Followers are told
/// and those of this node go along. The same target again is no error and tells nobody twice.
///
/// # Errors
/// `Invalid` where the target does not name the account as its alias, is gone or moved on, or while the pause of thirty
/// days lasts; `NotFound` for somebody of another node.
pub fn away(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>, to: &Account, whither: bool) -> Result<()> {
    let account = own(tx, id)?;
    let refuse = |code, reason: &'static str| Err(Error::invalid("target", code, reason));
    if account.suspended_at.is_some() {
        return Err(Error::forbidden("A suspended account cannot move"));
    }
    if account.moved_to_id == Some(to.id) {
        return Ok(());
    }
    if to.id == account.id || to.is_unavailable() || to.moved_to_id.is_some() || whither {
        return refuse("invalid", "Nobody can move to this account");
    }
    if !names(to, &account.uri) {
        return refuse("invalid", "The other account does not name this one as its alias: add the alias there first");
    }
    if account.move_processed_at.is_some_and(|at| at > tx.now.plus_days(-PAUSE)) {
        return refuse("taken", "An account moves once in thirty days");
    }
    store::remote::set_moved(tx.conn, id, to.id, tx.now)?;
    audit::write(tx, by, "account.move", &account.acct(), &to.uri)?;
    tx.record(Fact::AccountMoved(id))?;
    tx.record(Fact::AccountUpdated(id))?;
    tx.enqueue(&Task::MoveFollowers { from: id.raw(), to: to.id.raw() })
}

/// Takes a move back: the account may post again. Followers that left do not come back, and the pause goes on. No effect
/// for who did not move.
///
/// # Errors
/// `NotFound` for somebody of another node.
pub fn back(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    let account = own(tx, id)?;
    if account.moved_to_id.is_none() {
        return Ok(());
    }
    store::accounts::stay(tx.conn, id)?;
    // Who has not heard of it would only follow somebody else, and does not come back.
    store::deliveries::take_back_move(tx.conn, id)?;
    audit::write(tx, by, "account.unmove", &account.acct(), "")?;
    tx.record(Fact::AccountUpdated(id))
}

/// Whoever moved away posts no more.
///
/// # Errors
/// `Forbidden` then.
pub fn stays(account: &Account) -> Result<()> {
    match account.moved_to_id {
        Some(_) => Err(Error::forbidden(words::HAS_MOVED.0)),
        None => Ok(()),
    }
}
