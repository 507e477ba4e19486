//! What staff tells people of this node of its acts on their accounts and posts.

use super::{Fact, Tx, accounts, audit::Staff};
use crate::{
    Result,
    id::Id,
    model::{Account, AccountWarning, Post, Report, WarningAction},
    store,
};

/// Characters of what staff says that are kept.
const TEXT: usize = 5_000;

/// What staff says, as it is kept.
pub(super) fn clean(text: &str) -> String {
    text.trim().chars().take(TEXT).collect()
}

/// Tells the owner of an account what was done to it, and what staff says of that; [`WarningAction::Nothing`] is a warning
/// alone. `report` is the one that was the reason. Nobody is told who is not of this node, has left, or did it themselves.
///
/// # Errors
/// `Forbidden` by rank; `NotFound` for an account or report that is not there.
pub fn warn(
    tx: &mut Tx<'_>,
    by: &Staff,
    id: Id<Account>,
    action: WarningAction,
    text: &str,
    report: Option<Id<Report>>,
) -> Result<()> {
    let account = store::accounts::load(tx.conn, id)?;
    let Some(user) = store::users::find(tx.conn, id)? else { return Ok(()) };
    by.outranks(user.role)?;
    let reason = report.map(|report| store::reports::load(tx.conn, report)).transpose()?;
    if !hears(by, &account) {
        return Ok(());
    }
    let text = clean(text);
    if action == WarningAction::Nothing {
        accounts::trace(tx, by, "account.warn", id, &text)?;
    }
    tell(tx, id, action, text, reason.filter(|report| report.target_id == id).map(|report| report.post_ids))
}

/// Tells an author what was done to these posts of theirs; whom, as in [`warn`].
pub(super) fn of_posts(
    tx: &mut Tx<'_>,
    by: &Staff,
    author: &Account,
    action: WarningAction,
    text: &str,
    posts: &[Id<Post>],
) -> Result<()> {
    if store::users::find(tx.conn, author.id)?.is_none() || !hears(by, author) {
        return Ok(());
    }
    let posts: Vec<i64> = posts.iter().map(|post| post.raw()).collect();
    tell(tx, author.id, action, clean(text), Some(serde_json::json!(posts).to_string()))
}

fn hears(by: &Staff, account: &Account) -> bool {
    account.deleted_at.is_none() && account.left_on.is_none() && by.account != Some(account.id)
}

fn tell(
    tx: &mut Tx<'_>,
    account: Id<Account>,
    action: WarningAction,
    text: String,
    post_ids: Option<String>,
) -> Result<()> {
    let row = AccountWarning { id: tx.new_id(), account_id: account, action, text, post_ids, created_at: tx.now };
    store::warnings::insert(tx.conn, &row)?;
    tx.record(Fact::AccountWarned(row.id))
}
