//! Domains a person does not want to read anything from (PRV-12): their posts, boosts of them and notifications from
//! there are hidden, profiles there show no posts, and follows end, both ways. Nobody elsewhere is told of the block
//! itself, only that follows ended.

use super::{Task, Tx, follows, severances};
use crate::{Error, Result, id::Id, model::Account, store};

/// Domains of one person.
const MOST: i64 = 1_000;
/// Follows ended in one transaction.
const CHUNK: i64 = 50;

/// Blocks a domain, written as in handles (`host` or `host:port`, lower case); twice is once.
///
/// # Errors
/// `Invalid` for the domain of this node, or above a thousand.
pub fn block(tx: &mut Tx<'_>, owner: Id<Account>, domain: &str) -> Result<()> {
    if tx.site().is_own_name(domain) {
        return Err(Error::invalid("domain", "invalid", "Domain cannot be that of this server"));
    }
    if store::domain_blocks::is_there(tx.conn, owner, domain)? {
        return Ok(());
    }
    if store::domain_blocks::count(tx.conn, owner)? >= MOST {
        return Err(Error::invalid("domain", "too_long", "You have reached the maximum number of blocked domains"));
    }
    let id = tx.new_id::<Account>();
    store::domain_blocks::insert(tx.conn, id, owner, domain, tx.now)?;
    store::domain_blocks::remove_notifications(tx.conn, owner, domain)?;
    severances::tell_of_own_block(tx, owner, domain)?;
    if sever(tx, owner, domain)? {
        tx.enqueue(&Task::SeverDomain { account: owner.raw(), domain: domain.to_owned() })?;
    }
    Ok(())
}

/// Lifts a block; none there is fine. Follows do not come back.
pub fn unblock(tx: &mut Tx<'_>, owner: Id<Account>, domain: &str) -> Result<()> {
    store::domain_blocks::delete(tx.conn, owner, domain)
}

/// One chunk of the task [`Task::SeverDomain`]: ends follows with people of the domain, unless the block was lifted
/// meanwhile. Answers whether there are more.
pub fn sever(tx: &mut Tx<'_>, owner: Id<Account>, domain: &str) -> Result<bool> {
    if !store::domain_blocks::is_there(tx.conn, owner, domain)? {
        return Ok(false);
    }
    let rows = store::domain_blocks::follows_with(tx.conn, owner, domain, CHUNK)?;
    for follow in &rows {
        if follow.account_id == owner {
            follows::unfollow(tx, owner, follow.target_id)?;
        } else {
            follows::reject(tx, owner, follow.account_id)?;
        }
    }
    Ok(rows.len() as i64 == CHUNK)
}
