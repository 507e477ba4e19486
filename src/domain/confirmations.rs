//! E-mail addresses: who signs up where mail is configured shows that the address is theirs before they may do anything;
//! and who forgot their password sets a new one by a letter to it. The letters are jobs; what stands in their links is
//! sealed, so that nothing secret waits in the database.

use super::{Fact, Task, Tx, accounts, admission, audit::Staff, names, task::Letter};
use crate::{
    Error, Result, crypto,
    db::Conn,
    id::Id,
    model::{Account, User},
    store,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Days in which an address has to be confirmed; then the account is gone as if it had never been.
const DAYS: i64 = 7;
/// Hours in which a new password can be set.
const HOURS: i64 = 2;
/// Accounts removed in one transaction.
const CHUNK: i64 = 50;

/// What a link of a letter says; sealed ([`crate::crypto::Vault`]).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// Whose.
    pub account: i64,
    /// The address that it was sent to.
    pub email: String,
    /// When it is worth nothing any more, in milliseconds.
    pub until: i64,
    /// Of a new password: which one it replaces. A link is good once.
    pub replaces: String,
}

/// What a letter to somebody is about to say; none when it has become pointless: they confirmed, left, or were locked out.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn claim(conn: &mut Conn, id: Id<Account>, letter: Letter, now: Timestamp) -> Result<Option<(Claim, User)>> {
    let Some(user) = store::users::find(conn, id)? else { return Ok(None) };
    let Some(email) = user.email.clone() else { return Ok(None) };
    let account = store::accounts::load(conn, id)?;
    let until = match letter {
        Letter::Confirm if user.confirmed_at.is_none() => now.plus_days(DAYS),
        Letter::Password if accounts::may_sign_in(&account, &user).is_ok() => now.plus_seconds(HOURS * 3_600),
        _ => return Ok(None),
    };
    let replaces = mark(&user);
    Ok(Some((Claim { account: id.raw(), email, until: until.millis(), replaces }, user)))
}

/// Tells one password of somebody from another.
fn mark(user: &User) -> String {
    let mut mark = crypto::sha256_hex(user.password_hash.as_deref().unwrap_or_default().as_bytes());
    mark.truncate(16);
    mark
}

/// Somebody signed up and has to confirm their address; `admit`: then they may sign in.
pub(super) fn begin(tx: &mut Tx<'_>, id: Id<Account>, admit: bool) -> Result<()> {
    store::confirmations::insert(tx.conn, id, admit, tx.now)?;
    tx.enqueue(&Task::SendLetter { account: id.raw(), letter: Letter::Confirm })
}

fn holder(tx: &mut Tx<'_>, claim: &Claim) -> Result<User> {
    let user = store::users::find(tx.conn, Id::new(claim.account))?;
    let is_good = |user: &User| user.email.as_deref() == Some(claim.email.as_str()) && tx.now.millis() < claim.until;
    user.filter(is_good).ok_or_else(|| Error::forbidden("This link has expired, or was used"))
}

/// The address is theirs. Answers whether they may sign in now; again is no error.
///
/// # Errors
/// `Forbidden` for a link that is over, or for an address that is theirs no more.
pub fn confirm(tx: &mut Tx<'_>, claim: &Claim) -> Result<bool> {
    let user = holder(tx, claim)?;
    let id = user.account_id;
    if user.confirmed_at.is_none() {
        let admit = store::confirmations::find(tx.conn, id)?.unwrap_or(user.approved_at.is_some());
        settle(tx, id, admit)?;
    }
    Ok(store::users::load(tx.conn, id)?.approved_at.is_some())
}

fn settle(tx: &mut Tx<'_>, id: Id<Account>, admit: bool) -> Result<()> {
    store::confirmations::set_confirmed(tx.conn, id, tx.now)?;
    store::confirmations::delete(tx.conn, id)?;
    if admit {
        store::users::set_approved(tx.conn, id, tx.now)?;
        tx.record(Fact::AccountUpdated(id))?;
    }
    Ok(())
}

/// Staff knows that an address is somebody's.
///
/// # Errors
/// `NotFound` for who is no user of this node; `Forbidden` for somebody of one's own rank or above.
pub fn confirm_by_staff(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    let user = store::users::load(tx.conn, id)?;
    by.outranks(user.role)?;
    if user.confirmed_at.is_some() {
        return Ok(());
    }
    let admit = store::confirmations::find(tx.conn, id)?.unwrap_or_default();
    settle(tx, id, admit)?;
    let whose = store::accounts::load(tx.conn, id)?.acct();
    super::audit::write(tx, by, "account.confirm", &whose, "")
}

/// Sends the letter once more, to another address where one is given.
///
/// # Errors
/// `Forbidden` for who has confirmed; `Invalid` for an address that is malformed, taken or not admitted.
pub fn ask_again(tx: &mut Tx<'_>, id: Id<Account>, email: Option<&str>) -> Result<()> {
    let user = store::users::load(tx.conn, id)?;
    if user.confirmed_at.is_some() {
        return Err(Error::forbidden("This method is only available while the e-mail is awaiting confirmation"));
    }
    if let Some(email) = email {
        let email = names::email(email)?;
        let owner = store::users::find_by_email(tx.conn, &email)?;
        if owner.is_some_and(|owner| owner.account_id != id) {
            return Err(Error::invalid("email", "taken", "Email has already been taken"));
        }
        admission::check(tx.conn, None, &email, tx.now)?;
        store::confirmations::set_email(tx.conn, id, &email)?;
    }
    tx.enqueue(&Task::SendLetter { account: id.raw(), letter: Letter::Confirm })
}

/// Writes to whoever has this address how to set a new password. Whether anybody has, nobody learns here.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn forgot(tx: &mut Tx<'_>, email: &str) -> Result<()> {
    let Ok(email) = names::email(email) else { return Ok(()) };
    match store::users::find_by_email(tx.conn, &email)? {
        Some(user) => tx.enqueue(&Task::SendLetter { account: user.account_id.raw(), letter: Letter::Password }),
        None => Ok(()),
    }
}

/// Whether a new password may be set by this link.
///
/// # Errors
/// `Forbidden` when it is over or was used.
pub fn may_reset(tx: &mut Tx<'_>, claim: &Claim) -> Result<User> {
    let user = holder(tx, claim)?;
    match mark(&user) == claim.replaces {
        true => Ok(user),
        false => Err(Error::forbidden("This link has expired, or was used")),
    }
}

/// Sets a new password by a link: every token and every session ends.
///
/// # Errors
/// As [`may_reset`].
pub fn reset(tx: &mut Tx<'_>, claim: &Claim, hash: &str) -> Result<()> {
    let user = may_reset(tx, claim)?;
    accounts::change_password(tx, user.account_id, hash, None)
}

/// Removes accounts whose address nobody confirmed; answers how many went.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn forget(tx: &mut Tx<'_>) -> Result<usize> {
    let gone = store::confirmations::before(tx.conn, tx.now.plus_days(-DAYS), CHUNK)?;
    for id in &gone {
        accounts::remove_unused(tx, *id)?;
    }
    Ok(gone.len())
}
