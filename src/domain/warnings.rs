//! What staff tells people of this node of its acts on their accounts.

use super::{Fact, Tx, accounts, audit::Staff};
use crate::{
    Result,
    id::Id,
    model::{Account, AccountWarning, Report, WarningAction},
    store,
};

/// Characters of what staff says that are kept.
const TEXT: usize = 5_000;

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
    if account.deleted_at.is_some() || account.left_on.is_some() || by.account == Some(id) {
        return Ok(());
    }
    let text: String = text.trim().chars().take(TEXT).collect();
    if action == WarningAction::Nothing {
        accounts::trace(tx, by, "account.warn", id, &text)?;
    }
    let row = AccountWarning {
        id: tx.new_id(),
        account_id: id,
        action,
        text,
        post_ids: reason.filter(|report| report.target_id == id).map(|report| report.post_ids),
        created_at: tx.now,
    };
    store::warnings::insert(tx.conn, &row)?;
    tx.record(Fact::AccountWarned(row.id))
}
