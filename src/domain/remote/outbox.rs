//! Somebody here looks at a colleague of another node, or is the first here to follow somebody elsewhere: what they wrote
//! before is read, so that the profile is not empty; and when this node was away, what those wrote meanwhile whom people
//! here follow.

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
            tx.enqueue(&Task::ReadOutbox { account: account.raw(), since: None })?;
        }
    }
    Ok(())
}

/// Somebody here follows an account of another server. The first who does has its last posts read in the background; later
/// ones find what came since.
///
/// # Errors
/// Those of the database.
pub fn followed(tx: &mut Tx<'_>, account: Id<Account>) -> Result<()> {
    let target = store::accounts::load(tx.conn, account)?;
    if target.is_local() || store::remote::count_local_followers(tx.conn, account, 2)? > 1 {
        return Ok(());
    }
    tx.enqueue(&Task::ReadFeaturedTags { account: account.raw() })?;
    if target.outbox_url.is_some() { order(tx, &[account]) } else { Ok(()) }
}

/// Accounts whose outboxes are ordered to be read at once.
const AT_ONCE: i64 = 200;
/// Hours of absence after which something may be lost that nobody sends again.
const AWAY_HOURS: i64 = 24;
/// Milliseconds before the absence from which on something may be lost: what waited when it began.
const MARGIN_MS: i64 = 3_600_000;
/// When this node was last seen at work.
const ALIVE: &str = "alive_at";

/// This node is at work. When it was away for a day before, what was missed is caught up (ORG-05): others try for a few days
/// only, and tell nobody what they dropped.
///
/// # Errors
/// Those of the database.
pub fn alive(tx: &mut Tx<'_>) -> Result<()> {
    let before = store::users::find_setting(tx.conn, ALIVE)?.and_then(|at| at.parse::<i64>().ok());
    let now = tx.now.millis();
    // A clock that was set back is no absence, and shall not be taken for one when it is right again.
    if before.is_none_or(|at| (now - at).abs() >= 60_000) {
        store::users::set_setting(tx.conn, ALIVE, &now.to_string())?;
    }
    match before {
        Some(at) if now - at >= AWAY_HOURS * 3_600_000 => {
            tx.enqueue(&Task::CatchUp { after: 0, since: Some(at - MARGIN_MS), host: None })
        }
        _ => Ok(()),
    }
}

/// Those above `after` whom people here follow, at this host or at all, some at a time. All who are followed may have to be
/// looked at for it, so it is no part of a transaction.
///
/// # Errors
/// Those of the database.
pub fn missed(conn: &mut Conn, after: Id<Account>, host: Option<&str>) -> Result<Vec<Id<Account>>> {
    store::remote::followed_outboxes(conn, after, host, AT_ONCE)
}

/// The task `CatchUp`: has the outboxes read of these, whom [`missed`] found: what was written since then, also where they
/// were read a moment ago.
///
/// # Errors
/// Those of the database.
pub fn catch_up(tx: &mut Tx<'_>, followed: &[Id<Account>], since: Option<Timestamp>, host: Option<&str>) -> Result<()> {
    let since = since.map(Timestamp::millis);
    for account in followed {
        store::remote::claim_outbox(tx.conn, *account, tx.now, tx.now)?;
        tx.enqueue(&Task::ReadOutbox { account: account.raw(), since })?;
    }
    match followed.last() {
        Some(last) if followed.len() as i64 == AT_ONCE => {
            let rest = Task::CatchUp { after: last.raw(), since, host: host.map(str::to_owned) };
            tx.enqueue_at(&rest, tx.now.plus_seconds(60))
        }
        _ => Ok(()),
    }
}

/// A host answers again that had not done so since `since`: after a day of that, what people here follow there is read.
///
/// # Errors
/// Those of the database.
pub fn back(tx: &mut Tx<'_>, host: &str, since: Option<Timestamp>) -> Result<()> {
    match since {
        Some(since) if since <= tx.now.plus_seconds(-AWAY_HOURS * 3_600) => {
            let since = Some(since.millis() - MARGIN_MS);
            tx.enqueue(&Task::CatchUp { after: 0, since, host: Some(host.to_owned()) })
        }
        _ => Ok(()),
    }
}
