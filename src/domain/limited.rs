//! Accounts that staff limits: what they write is there for those who follow them and is not shown to everybody; or it
//! carries a mark as sensitive.

use super::{
    Fact, Task, Tx,
    accounts::{changeable, trace},
    audit::Staff,
};
use crate::{
    Error, Result,
    id::Id,
    model::{Account, Listing, Post},
    store::{self, peers::BY_POLICY},
};

/// Posts moved in one transaction.
const CHUNK: i64 = 500;

/// An account that `by` may act on.
fn subject(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<Account> {
    let account = changeable(tx, id)?;
    if let Some(user) = store::users::find(tx.conn, id)? {
        by.outranks(user.role)?;
    }
    Ok(account)
}

/// Limits an account of this node or of another: it stands on no public timeline, in no trend and in no suggestion, and
/// what it does reaches only those who follow it, until [`unsilence`]. One of another node asks before it follows.
///
/// # Errors
/// `Forbidden` by rank; `NotFound` for the actor of the node itself.
pub fn silence(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    let account = subject(tx, by, id)?;
    if account.silenced_at.is_some_and(|at| at != BY_POLICY) {
        return Ok(());
    }
    store::staff::set_silenced(tx.conn, id, Some(tx.now))?;
    trace(tx, by, "account.limit", id, "")?;
    changed(tx, id)?;
    relist(tx, id, Id::new(0))
}

/// Ends that.
///
/// # Errors
/// `Forbidden` by rank; `Conflict` when its whole domain is limited.
pub fn unsilence(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    let account = subject(tx, by, id)?;
    match account.silenced_at {
        None => return Ok(()),
        Some(BY_POLICY) => {
            return Err(Error::Conflict("Its whole domain is limited: change the block of the domain".into()));
        }
        Some(_) => {}
    }
    store::staff::set_silenced(tx.conn, id, None)?;
    trace(tx, by, "account.unlimit", id, "")?;
    changed(tx, id)?;
    relist(tx, id, Id::new(0))
}

/// Marks everything of an account as sensitive, what it wrote and what it will write.
///
/// # Errors
/// `Forbidden` by rank; `NotFound` for the actor of the node itself.
pub fn sensitize(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    let account = subject(tx, by, id)?;
    if account.sensitized_at.is_some() {
        return Ok(());
    }
    store::staff::set_sensitized(tx.conn, id, Some(tx.now))?;
    trace(tx, by, "account.sensitive", id, "")?;
    changed(tx, id)
}

/// Ends that; posts that their author marked stay so.
///
/// # Errors
/// `Forbidden` by rank.
pub fn unsensitize(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    let account = subject(tx, by, id)?;
    if account.sensitized_at.is_none() {
        return Ok(());
    }
    store::staff::set_sensitized(tx.conn, id, None)?;
    trace(tx, by, "account.unsensitive", id, "")?;
    changed(tx, id)
}

/// People of other nodes are their own nodes' to announce.
fn changed(tx: &mut Tx<'_>, id: Id<Account>) -> Result<()> {
    if store::users::find(tx.conn, id)?.is_some() { tx.record(Fact::AccountUpdated(id)) } else { Ok(()) }
}

/// The task [`Task::Relist`]: the next chunk of posts goes where it belongs now.
///
/// # Errors
/// Those of the database.
pub fn relist(tx: &mut Tx<'_>, id: Id<Account>, after: Id<Post>) -> Result<()> {
    let Some(account) = store::accounts::find(tx.conn, id)? else { return Ok(()) };
    let shown = if account.is_local() { Listing::Local } else { Listing::Remote };
    let listed = account.silenced_at.is_none();
    let posts = store::peers::misplaced(tx.conn, id, shown, listed, after, CHUNK)?;
    store::peers::set_listed(tx.conn, &posts, shown, listed)?;
    match posts.last() {
        Some(last) if posts.len() as i64 == CHUNK => tx.enqueue(&Task::Relist { account: id.raw(), after: last.raw() }),
        _ => Ok(()),
    }
}
