//! The job table: the only queue of background work.

use crate::{
    Result,
    db::{Conn, Dialect, Sql},
    id::Id,
    model::Job,
    time::Timestamp,
};

/// Milliseconds a worker may hold a job before it is taken for dead and the job runs again.
const LEASE_MS: i64 = 600_000;

/// Writes a job; one with a `key` that is already waiting stays as it is.
#[expect(clippy::too_many_arguments, reason = "a row has that many columns")]
pub fn insert(
    conn: &mut Conn,
    id: Id<Job>,
    queue: &str,
    kind: &str,
    key: Option<String>,
    payload: &str,
    run_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    Sql::new("insert into jobs (id, queue, kind, unique_key, payload, run_at, created_at) values (")
        .bind(id)
        .with(",", queue)
        .with(",", kind)
        .with(",", key)
        .with(",", payload)
        .with(",", run_at)
        .with(",", now)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Takes up to `most` due jobs of a queue for a worker of the process at `place`; none of `except`, which it has in work.
pub fn claim(
    conn: &mut Conn,
    queue: &str,
    now: Timestamp,
    place: i16,
    most: i64,
    except: &[Id<Job>],
) -> Result<Vec<Job>> {
    let mut pick = Sql::new("select j.id from jobs j where j.buried_at is null and j.queue = ")
        .bind(queue)
        .with(" and j.run_at <= ", now)
        .with(" and (j.locked_until is null or j.locked_until < ", now)
        .push(")");
    if !except.is_empty() {
        pick = pick.push(" and j.id not in ").ids(except);
    }
    pick = pick.with(" order by j.run_at, j.id limit ", most);
    if conn.dialect() == Dialect::Postgres {
        pick = pick.push(" for update skip locked");
    }
    let ids: Vec<Id<Job>> = pick.load_ids(conn)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // The key is given up when the job starts: what happens meanwhile deserves a new job.
    Sql::new("update jobs set attempts = attempts + 1, unique_key = null, locked_until = ")
        .bind(now.plus_millis(LEASE_MS))
        .with(", locked_by = ", place)
        .push(" where id in ")
        .ids(&ids)
        .execute(conn)?;
    Sql::new("select j.* from jobs j where j.id in ").ids(&ids).push(" order by j.run_at, j.id").load(conn)
}

/// A job is done.
pub fn finish(conn: &mut Conn, id: Id<Job>) -> Result<()> {
    Sql::new("delete from jobs where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// A job failed and runs again at `at`, or never (`None`: buried, an admin sees it).
pub fn fail(conn: &mut Conn, id: Id<Job>, error: &str, at: Option<Timestamp>, now: Timestamp) -> Result<()> {
    Sql::new("update jobs set locked_until = null, last_error = ")
        .bind(error)
        .with(", buried_at = ", if at.is_none() { Some(now) } else { None }.map(Timestamp::millis))
        .with(", run_at = ", at.unwrap_or(now))
        .with(" where id = ", id)
        .execute(conn)?;
    Ok(())
}

/// The process at `place` goes on with a job that it still holds.
pub fn renew(conn: &mut Conn, id: Id<Job>, place: i16, now: Timestamp) -> Result<()> {
    Sql::new("update jobs set locked_until = ")
        .bind(now.plus_millis(LEASE_MS))
        .with(" where locked_until is not null and locked_by = ", place)
        .with(" and id = ", id)
        .execute(conn)?;
    Ok(())
}

/// Gives back jobs that this process will not finish: they are as if it had never taken them.
pub fn release(conn: &mut Conn, ids: &[Id<Job>]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    Sql::new("update jobs set locked_until = null, attempts = attempts - 1 where locked_until is not null and attempts > 0 and id in ")
        .ids(ids)
        .execute(conn)?;
    Ok(())
}

/// Leases of a stopped process end at once (SQLite has one process; its start calls this).
pub fn release_all(conn: &mut Conn) -> Result<()> {
    Sql::new("update jobs set locked_until = null where locked_until is not null").execute(conn)?;
    Ok(())
}

/// Ends the leases of the process that had this place before.
pub fn release_of(conn: &mut Conn, place: i16) -> Result<usize> {
    Sql::new("update jobs set locked_until = null where locked_until is not null and locked_by = ")
        .bind(place)
        .execute(conn)
}

/// When the next job of a queue is due; none when nothing waits. One whose worker has not been heard of for too long waits.
pub fn next_due(conn: &mut Conn, queue: &str, now: Timestamp) -> Result<Option<Timestamp>> {
    let at = Sql::new("select j.run_at from jobs j where j.buried_at is null and j.queue = ")
        .bind(queue)
        .with(" and (j.locked_until is null or j.locked_until < ", now)
        .push(") order by j.run_at limit 1")
        .optional_i64(conn)?;
    Ok(at.map(Timestamp::from_millis))
}

/// Jobs for an admin's eyes, newest first.
pub fn list(conn: &mut Conn, limit: i64) -> Result<Vec<Job>> {
    Sql::new("select j.* from jobs j order by j.id desc limit ").bind(limit).load(conn)
}

/// Digs a buried job up; all of them with `None`. Answers how many.
pub fn retry(conn: &mut Conn, id: Option<Id<Job>>, now: Timestamp) -> Result<usize> {
    let mut sql = Sql::new("update jobs set buried_at = null, attempts = 0, run_at = ")
        .bind(now)
        .push(" where buried_at is not null");
    if let Some(id) = id {
        sql = sql.with(" and id = ", id);
    }
    sql.execute(conn)
}
