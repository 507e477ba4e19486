//! Somebody here looks at a colleague of another node: what they wrote before anybody here followed them is read, so that
//! the profile is not empty.

use crate::{
    Result,
    db::Conn,
    domain::{Task, Tx, charter},
    id::Id,
    model::Account,
    store,
    time::Timestamp,
};

/// Seconds between two readings of one outbox.
const AGAIN_SECONDS: i64 = 3_600;

/// Of these accounts, those whose last posts should be read now: of other nodes of the organisation, and not read within
/// an hour.
///
/// # Errors
/// Those of the database.
pub fn due(conn: &mut Conn, accounts: &[Id<Account>], now: Timestamp) -> Result<Vec<Id<Account>>> {
    let unread = store::remote::unread_outboxes(conn, accounts, now.plus_seconds(-AGAIN_SECONDS))?;
    if unread.is_empty() {
        return Ok(Vec::new());
    }
    let Some(signed) = charter::current(conn)? else { return Ok(Vec::new()) };
    let mut rows = store::accounts::list(conn, &unread)?;
    rows.retain(|account| {
        let inside = signed.charter.node_at(crate::uri::authority(&account.uri)).is_some();
        inside && !account.is_unavailable() && account.silenced_at.is_none()
    });
    Ok(rows.into_iter().map(|account| account.id).collect())
}

/// Has their last posts read in the background.
///
/// # Errors
/// Those of the database.
pub fn order(tx: &mut Tx<'_>, accounts: &[Id<Account>]) -> Result<()> {
    let before = tx.now.plus_seconds(-AGAIN_SECONDS);
    for account in accounts {
        if store::remote::claim_outbox(tx.conn, *account, before, tx.now)? {
            tx.enqueue(&Task::ReadOutbox { account: account.raw() })?;
        }
    }
    Ok(())
}
