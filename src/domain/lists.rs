//! Lists of people to read by.

use super::Tx;
use crate::{
    Error, Result,
    id::Id,
    model::{Account, List},
    store::{self, follows},
};

/// Lists of one person (LIM-14).
const LISTS: i64 = 100;
/// Members of a list.
const MEMBERS: i64 = 1_000;
/// Characters of a title.
const TITLE: usize = 255;

fn title(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("title", "blank", "Title can't be blank"));
    }
    if text.chars().count() > TITLE {
        return Err(Error::invalid("title", "too_long", "Title is too long (maximum is 255 characters)"));
    }
    Ok(text.to_owned())
}

/// Makes a list. `replies`: 0 shows replies to people its owner follows, 1 to its members, 2 none. What members of an
/// `exclusive` list write is not in the home timeline.
pub fn create(tx: &mut Tx<'_>, owner: Id<Account>, name: &str, replies: i16, exclusive: bool) -> Result<List> {
    let title = title(name)?;
    if store::lists::count(tx.conn, owner)? >= LISTS {
        return Err(Error::invalid("", "invalid", "You have reached the maximum number of lists"));
    }
    let row =
        List { id: tx.new_id(), account_id: owner, title, replies_policy: replies, exclusive, created_at: tx.now };
    store::lists::insert(tx.conn, &row)?;
    Ok(row)
}

/// Changes what is given; `NotFound` for somebody else's list.
pub fn change(
    tx: &mut Tx<'_>,
    owner: Id<Account>,
    id: Id<List>,
    name: Option<&str>,
    replies: Option<i16>,
    exclusive: Option<bool>,
) -> Result<List> {
    let mut row = store::lists::owned(tx.conn, owner, id)?;
    if let Some(name) = name {
        row.title = title(name)?;
    }
    row.replies_policy = replies.unwrap_or(row.replies_policy);
    let before = row.exclusive;
    row.exclusive = exclusive.unwrap_or(before);
    store::lists::update(tx.conn, &row)?;
    match (before, row.exclusive) {
        (false, true) => store::lists::clear_from_home(tx.conn, owner, id)?,
        (true, false) => {
            let members = store::lists::members(tx.conn, id, None)?;
            back_home(tx, owner, &members)?;
        }
        _ => {}
    }
    Ok(row)
}

/// Members whose newest posts come back to the home timeline at once; of the others it is the next ones.
const BACK: usize = 100;
/// Newest posts of each.
const BACKFILL: i64 = 40;

/// An exclusive list lets go of these members: what they write stands in the home timeline of `owner` again.
fn back_home(tx: &mut Tx<'_>, owner: Id<Account>, members: &[Id<Account>]) -> Result<()> {
    for member in members.iter().take(BACK) {
        if follows::is_following(tx.conn, owner, *member)? {
            follows::fill_home(tx.conn, owner, *member, BACKFILL, tx.now)?;
        }
    }
    Ok(())
}

/// Takes members out; who is none is no error.
///
/// # Errors
/// `NotFound` for somebody else's list.
pub fn remove(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<List>, accounts: &[Id<Account>]) -> Result<()> {
    let row = store::lists::owned(tx.conn, owner, id)?;
    store::lists::remove(tx.conn, id, accounts)?;
    if row.exclusive { back_home(tx, owner, accounts) } else { Ok(()) }
}

/// Removes a list.
///
/// # Errors
/// `NotFound` for somebody else's list.
pub fn delete(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<List>) -> Result<()> {
    let row = store::lists::owned(tx.conn, owner, id)?;
    let members = if row.exclusive { store::lists::members(tx.conn, id, None)? } else { Vec::new() };
    store::lists::delete(tx.conn, id)?;
    back_home(tx, owner, &members)
}

/// Adds people the owner follows (or the owner): all of them or nobody.
///
/// # Errors
/// `NotFound` for somebody else's list, and for anybody else; `Invalid` for who is in it already.
pub fn add(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<List>, accounts: &[Id<Account>]) -> Result<()> {
    let row = store::lists::owned(tx.conn, owner, id)?;
    for account in accounts {
        if *account != owner && follows::find(tx.conn, owner, *account)?.is_none() {
            return Err(Error::NotFound);
        }
        if !store::lists::add(tx.conn, id, *account)? {
            return Err(Error::invalid("account_id", "taken", "Account has already been taken"));
        }
    }
    if store::lists::member_count(tx.conn, id)? > MEMBERS {
        return Err(Error::invalid("", "invalid", "A list has at most 1000 members"));
    }
    if row.exclusive {
        store::lists::clear_from_home(tx.conn, owner, id)?;
    }
    Ok(())
}
