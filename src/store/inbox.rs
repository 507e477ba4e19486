//! Activities that came in: which ids were seen, and those that wait for the network.

use crate::{
    Result,
    db::{Conn, Dialect, Sql},
    id::Id,
    model::{Account, InboxItem},
    time::Timestamp,
};

/// Milliseconds a worker may hold an item before it is taken for dead (SIGKILL) and the item runs again.
const LEASE_MS: i64 = 300_000;

/// Remembers the id of an activity; false when it was remembered already (SIG-18). Waits for a parallel transaction
/// with the same id.
pub fn remember(conn: &mut Conn, hash: &[u8], now: Timestamp) -> Result<bool> {
    let written = Sql::new("insert into seen_activities (hash, seen_at) values (")
        .bind(hash)
        .with(",", now)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(written > 0)
}

/// As [`remember`], for what may be done again once `pause` milliseconds have passed: true when it may be done now, for one of
/// all processes.
pub fn begin_again(conn: &mut Conn, hash: &[u8], pause: i64, now: Timestamp) -> Result<bool> {
    let written = Sql::new("insert into seen_activities (hash, seen_at) values (")
        .bind(hash)
        .with(",", now)
        .push(") on conflict (hash) do update set seen_at = excluded.seen_at where seen_activities.seen_at <= ")
        .bind(now.plus_millis(-pause))
        // A clock that was set back forbids nothing for long.
        .with(" or seen_activities.seen_at > ", now)
        .execute(conn)?;
    Ok(written > 0)
}

/// Whether less than `pause` milliseconds have passed since [`begin_again`] said yes: spares whoever asks a write.
pub fn is_pausing(conn: &mut Conn, hash: &[u8], pause: i64, now: Timestamp) -> Result<bool> {
    Sql::new("select s.seen_at from seen_activities s where s.hash = ")
        .bind(hash)
        .with(" and s.seen_at > ", now.plus_millis(-pause))
        .with(" and s.seen_at <= ", now)
        .exists(conn)
}

/// What to put into the queue.
#[derive(Clone, Debug)]
pub struct NewItem<'a> {
    /// The row's id.
    pub id: Id<InboxItem>,
    /// Id of the activity.
    pub activity_uri: Option<&'a str>,
    /// Who signed it.
    pub signer: Id<Account>,
    /// Host of the signer.
    pub host: &'a str,
    /// Whose personal inbox.
    pub recipient: Option<Id<Account>>,
    /// As received.
    pub body: &'a str,
    /// Tries so far.
    pub attempts: i64,
    /// Not before.
    pub run_at: Timestamp,
    /// Why it was not done at once.
    pub error: Option<&'a str>,
}

/// Queues an activity.
pub fn enqueue(conn: &mut Conn, item: &NewItem<'_>, now: Timestamp) -> Result<()> {
    Sql::new(
        "insert into inbox_items (id, activity_uri, account_id, host, recipient_id, body, attempts, run_at, last_error, \
         created_at) values (",
    )
    .bind(item.id)
    .with(",", item.activity_uri.map(str::to_owned))
    .with(",", item.signer)
    .with(",", item.host)
    .with(",", item.recipient)
    .with(",", item.body)
    .with(",", item.attempts)
    .with(",", item.run_at)
    .with(",", item.error.map(str::to_owned))
    .with(",", now)
    .push(")")
    .execute(conn)?;
    Ok(())
}

/// Whether anything is due.
pub fn is_due(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    Sql::new("select i.id from inbox_items i where i.parked_at is null and i.run_at <= ")
        .bind(now)
        .with(" and (i.locked_until is null or i.locked_until < ", now)
        .push(") limit 1")
        .exists(conn)
}

/// Takes the oldest due item for a worker of the process at `place`, but none of the hosts in `except` and none of those
/// that it has in work, and counts the try, so that one that kills the process is parked too.
pub fn claim(
    conn: &mut Conn,
    now: Timestamp,
    place: i16,
    except: &[String],
    in_work: &[Id<InboxItem>],
) -> Result<Option<InboxItem>> {
    let mut pick = Sql::new("select i.id from inbox_items i where i.parked_at is null and i.run_at <= ")
        .bind(now)
        .with(" and (i.locked_until is null or i.locked_until < ", now)
        .push(")");
    if !except.is_empty() {
        pick = pick.push(" and i.host not in ").texts(except);
    }
    if !in_work.is_empty() {
        pick = pick.push(" and i.id not in ").ids(in_work);
    }
    pick = pick.push(" order by i.run_at, i.id limit 1");
    if conn.dialect() == Dialect::Postgres {
        pick = pick.push(" for update skip locked");
    }
    let Some(id) = pick.load_ids::<InboxItem>(conn)?.into_iter().next() else { return Ok(None) };
    Sql::new("update inbox_items set attempts = attempts + 1, locked_until = ")
        .bind(now.plus_millis(LEASE_MS))
        .with(", locked_by = ", place)
        .with(" where id = ", id)
        .execute(conn)?;
    Sql::new("select i.* from inbox_items i where i.id = ").bind(id).optional(conn)
}

/// Done, one way or the other.
pub fn finish(conn: &mut Conn, id: Id<InboxItem>) -> Result<()> {
    Sql::new("delete from inbox_items where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Failed: again at `again`, or parked for the operator to look at.
pub fn fail(conn: &mut Conn, id: Id<InboxItem>, error: &str, again: Option<Timestamp>, now: Timestamp) -> Result<()> {
    let parked = again.is_none().then_some(now);
    Sql::new("update inbox_items set locked_until = null, last_error = ")
        .bind(error)
        .with(", run_at = ", again.unwrap_or(now))
        .with(", parked_at = ", parked)
        .with(" where id = ", id)
        .execute(conn)?;
    Ok(())
}

/// Parked items, newest first.
pub fn parked(conn: &mut Conn, limit: i64) -> Result<Vec<InboxItem>> {
    Sql::new("select i.* from inbox_items i where i.parked_at is not null order by i.id desc limit ")
        .bind(limit)
        .load(conn)
}

/// Lets parked items (or one of them) run again; answers how many.
pub fn retry(conn: &mut Conn, id: Option<Id<InboxItem>>, now: Timestamp) -> Result<usize> {
    let sql = Sql::new("update inbox_items set parked_at = null, attempts = 0, run_at = ")
        .bind(now)
        .push(" where parked_at is not null");
    match id {
        Some(id) => sql.with(" and id = ", id).execute(conn),
        None => sql.execute(conn),
    }
}

/// Items that wait or run, parked ones not counted.
pub fn count_waiting(conn: &mut Conn) -> Result<i64> {
    Sql::new("select count(*) from inbox_items where parked_at is null").scalar_i64(conn)
}

/// As [`count_waiting`], of one host.
pub fn count_waiting_of(conn: &mut Conn, host: &str) -> Result<i64> {
    Sql::new("select count(*) from inbox_items where parked_at is null and host = ").bind(host).scalar_i64(conn)
}

/// Whether anybody of this domain is known: then it is no stranger (SIGIN-21).
pub fn knows_domain(conn: &mut Conn, domain: &str) -> Result<bool> {
    Sql::new("select a.id from accounts a where a.domain = ").bind(domain).push(" limit 1").exists(conn)
}

/// By the id of its Ed25519 key.
pub fn find_by_ed25519(conn: &mut Conn, key_id: &str) -> Result<Option<Account>> {
    Sql::new("select a.* from accounts a where a.ed25519_key_id = ").bind(key_id).optional(conn)
}

/// The process at `place` goes on with an item that it still holds.
pub fn renew(conn: &mut Conn, id: Id<InboxItem>, place: i16, now: Timestamp) -> Result<()> {
    Sql::new("update inbox_items set locked_until = ")
        .bind(now.plus_millis(LEASE_MS))
        .with(" where locked_until is not null and locked_by = ", place)
        .with(" and id = ", id)
        .execute(conn)?;
    Ok(())
}

/// Gives back items that this process will not finish: they are as if it had never taken them.
pub fn release(conn: &mut Conn, ids: &[Id<InboxItem>]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    Sql::new("update inbox_items set locked_until = null, attempts = attempts - 1 where locked_until is not null and attempts > 0 and id in ")
        .ids(ids)
        .execute(conn)?;
    Ok(())
}

/// Ends the leases of the process that had this place before.
pub fn release_of(conn: &mut Conn, place: i16) -> Result<usize> {
    Sql::new("update inbox_items set locked_until = null where locked_until is not null and locked_by = ")
        .bind(place)
        .execute(conn)
}

/// Ends the leases of the process before this one (SQLite has one process only).
pub fn release_all(conn: &mut Conn) -> Result<()> {
    Sql::new("update inbox_items set locked_until = null where locked_until is not null").execute(conn)?;
    Ok(())
}
