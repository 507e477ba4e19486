//! People who left, and those whose last day is known.

use super::ledger;
use crate::{
    Result,
    db::{Conn, Dialect, Sql},
    id::Id,
    model::{Account, Follow},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Nullable, SmallInt};

/// A row of `leavers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaver {
    /// The last day, its midnight UTC.
    pub leaves_on: Timestamp,
    /// What the profile said before (bits: 1 locked, 2 discoverable, 4 indexable; 8 all of it is gone for good); none while
    /// the day is still to come.
    pub before: Option<i16>,
}

/// People of this node whose last day was before a moment, and whose accounts are still there.
pub fn left_before(conn: &mut Conn, until: Timestamp, most: i64) -> Result<Vec<Id<Account>>> {
    Sql::new("select a.id from leavers l join accounts a on a.id = l.account_id where l.leaves_on < ")
        .bind(until)
        .with(" and a.domain is null and a.left_on is not null and a.deleted_at is null order by a.id limit ", most)
        .load_ids(conn)
}

/// Those of them whose profiles still lack a bit of `nameless`.
pub fn named_before(conn: &mut Conn, until: Timestamp, nameless: i16, most: i64) -> Result<Vec<Id<Account>>> {
    Sql::new("select a.id from leavers l join accounts a on a.id = l.account_id where l.leaves_on < ")
        .bind(until)
        .with(" and (coalesce(l.profile_before, 0) & ", nameless)
        .with(
            ") = 0 and a.domain is null and a.left_on is not null and a.deleted_at is null order by a.id limit ",
            most,
        )
        .load_ids(conn)
}

/// What is known of this person's leaving.
pub fn find(conn: &mut Conn, account: Id<Account>) -> Result<Option<Leaver>> {
    let rows = Sql::new("select l.leaves_on, l.profile_before from leavers l where l.account_id = ")
        .bind(account)
        .load_as::<(BigInt, Nullable<SmallInt>), (i64, Option<i16>)>(conn)?;
    let read = |(day, before)| Leaver { leaves_on: Timestamp::from_millis(day), before };
    Ok(rows.into_iter().next().map(read))
}

/// Writes it down.
pub fn upsert(conn: &mut Conn, account: Id<Account>, leaver: Leaver) -> Result<()> {
    Sql::new("insert into leavers (account_id, leaves_on, profile_before) values (")
        .bind(account)
        .with(",", leaver.leaves_on)
        .with(",", leaver.before)
        .push(
            ") on conflict (account_id) do update set leaves_on = excluded.leaves_on, \
             profile_before = excluded.profile_before",
        )
        .execute(conn)?;
    Ok(())
}

/// Forgets it.
pub fn delete(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    Sql::new("delete from leavers where account_id = ").bind(account).execute(conn)?;
    Ok(())
}

/// Writes what leaving, or coming back, changes of an account.
pub fn set(conn: &mut Conn, account: &Account) -> Result<()> {
    Sql::new("update accounts set left_on = ")
        .bind(account.left_on)
        .with(", locked = ", account.locked)
        .with(", discoverable = ", account.discoverable)
        .with(", indexable = ", account.indexable)
        .with(", fields = ", &account.fields)
        .with(", updated_at = ", account.updated_at)
        .with(" where id = ", account.id)
        .execute(conn)?;
    Ok(())
}

/// On PostgreSQL: waits for what this person is doing just now, and lets nothing new begin before this transaction ends.
/// The lock is one of numbers, not of rows: a row that many share is written to by each of them, and whoever notes when
/// its owner was last there would wait for all.
pub fn hold(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    if conn.dialect() == Dialect::Postgres {
        Sql::new("select pg_advisory_xact_lock(").bind(account).push(")").execute(conn)?;
    }
    Ok(())
}

/// Whether this person may act: no, once they left, were disabled, suspended or deleted. On PostgreSQL that stays so until
/// the transaction ends.
pub fn may_act(conn: &mut Conn, account: Id<Account>) -> Result<bool> {
    if conn.dialect() == Dialect::Postgres {
        // A statement of its own: the next one sees what was committed while this one waited.
        Sql::new("select pg_advisory_xact_lock_shared(").bind(account).push(")").execute(conn)?;
    }
    Sql::new("select u.account_id from users u join accounts a on a.id = u.account_id where u.account_id = ")
        .bind(account)
        .push(" and u.disabled_at is null and a.left_on is null and a.suspended_at is null and a.deleted_at is null")
        .exists(conn)
}

/// Stops what this person's activities still have before them, but for what takes something back.
pub fn stop_deliveries(conn: &mut Conn, account: Id<Account>, now: Timestamp) -> Result<usize> {
    const KEPT: &str = " and activity_id in (select a.id from activities a where a.kind not in ('Delete', 'Undo', 'Reject', \
                        'Block'))";
    let which = |sql: Sql| sql.bind(account).push(" and parked_at is null").push(KEPT);
    let ids = which(Sql::new("d.id in (select id from deliveries where account_id = ")).push(")");
    ledger::lose(conn, ids, "its author left", now)?;
    which(Sql::new("delete from deliveries where account_id = ")).execute(conn)
}

/// Stops background work that would say something in this person's name.
pub fn stop_jobs(conn: &mut Conn, account: Id<Account>) -> Result<usize> {
    Sql::new("delete from jobs where unique_key = ").bind(format!("send_profile {account}")).execute(conn)
}

/// Requests to follow that wait: this person's own, and those for them; at most `most` of each.
pub fn requests(conn: &mut Conn, account: Id<Account>, most: i64) -> Result<Vec<Follow>> {
    let mut found: Vec<Follow> = Sql::new("select f.* from follows f where f.state = 0 and f.account_id = ")
        .bind(account)
        .with(" order by f.id limit ", most)
        .load(conn)?;
    found.extend(
        Sql::new("select f.* from follows f where f.state = 0 and f.target_id = ")
            .bind(account)
            .with(" order by f.id limit ", most)
            .load::<Follow>(conn)?,
    );
    Ok(found)
}
