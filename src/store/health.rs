//! What a watcher asks the database.

use crate::{
    Result,
    db::{Budget, Conn, Dialect, Sql},
    model::InboxItem,
    time::Timestamp,
};

/// Since when the oldest due job of any queue has been waiting for a worker.
pub fn oldest_due_job(conn: &mut Conn, now: Timestamp) -> Result<Option<Timestamp>> {
    let at = Sql::new("select j.run_at from jobs j where j.buried_at is null and j.run_at <= ")
        .bind(now)
        .with(" and (j.locked_until is null or j.locked_until < ", now)
        .push(") order by j.run_at limit 1")
        .optional_i64(conn)?;
    Ok(at.map(Timestamp::from_millis))
}

/// Whether anything waits to be done: a job that is due or failed and will be tried again, a delivery, an activity that
/// arrived. Jobs planned for later do not count.
pub fn is_busy(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    if oldest_due_job(conn, now)?.is_some() {
        return Ok(true);
    }
    let running =
        Sql::new("select j.id from jobs j where j.buried_at is null and (j.attempts > 0 or j.locked_until >= ")
            .bind(now)
            .push(") limit 1")
            .exists(conn)?;
    let delivering = Sql::new("select d.id from deliveries d where d.parked_at is null limit 1").exists(conn)?;
    let arrived = Sql::new("select i.id from inbox_items i where i.parked_at is null limit 1").exists(conn)?;
    Ok(running || delivering || arrived)
}

/// Activities that arrived and wait, or failed for good; newest first.
pub fn inbox(conn: &mut Conn, limit: i64) -> Result<Vec<InboxItem>> {
    Sql::new("select i.* from inbox_items i order by i.id desc limit ").bind(limit).load(conn)
}

/// Since when the oldest activity that arrived and is due has been waiting.
pub fn oldest_arrived(conn: &mut Conn, now: Timestamp) -> Result<Option<Timestamp>> {
    let at = Sql::new("select i.run_at from inbox_items i where i.parked_at is null and i.run_at <= ")
        .bind(now)
        .push(" order by i.run_at limit 1")
        .optional_i64(conn)?;
    Ok(at.map(Timestamp::from_millis))
}

/// The queue with jobs whose name comes after this one.
fn next_queue(conn: &mut Conn, name: &str) -> Result<Option<String>> {
    let names = Sql::new("select j.queue from jobs j where j.buried_at is null and j.queue > ")
        .bind(name)
        .push(" order by j.queue limit 1")
        .load_texts(conn)?;
    Ok(names.into_iter().next())
}

/// Since when the oldest row of each queue has been waiting, whatever it waits for: jobs by their queue, `inbox`, and
/// `deliver`, where a row waits as long as its host does not answer. Queues that are empty are left out. Two steps into the
/// index for each queue, however many jobs wait.
pub fn oldest_by_queue(conn: &mut Conn, now: Timestamp) -> Result<Vec<(String, Timestamp)>> {
    let mut found = Vec::new();
    // No queue has an empty name.
    let mut queue = String::new();
    while let Some(next) = next_queue(conn, &queue)? {
        let at = Sql::new("select j.run_at from jobs j where j.buried_at is null and j.queue = ")
            .bind(&next)
            .with(" and j.run_at <= ", now)
            .push(" order by j.run_at limit 1")
            .optional_i64(conn)?;
        found.extend(at.map(|at| (next.clone(), Timestamp::from_millis(at))));
        queue = next;
    }
    found.extend(oldest_arrived(conn, now)?.map(|at| ("inbox".to_owned(), at)));
    let waiting = Sql::new("select d.created_at from deliveries d where d.parked_at is null order by d.id limit 1")
        .optional_i64(conn)?;
    found.extend(waiting.map(|at| ("deliver".to_owned(), Timestamp::from_millis(at))));
    Ok(found)
}

/// Jobs and arrived activities that failed for good.
pub fn failed(conn: &mut Conn) -> Result<i64> {
    let jobs = Sql::new("select count(*) from jobs j where j.buried_at is not null").scalar_i64(conn)?;
    Ok(jobs + Sql::new("select count(*) from inbox_items i where i.parked_at is not null").scalar_i64(conn)?)
}

/// Counts what the tables hold, for the planner: after much was written at once.
pub fn analyze(conn: &mut Conn) -> Result<()> {
    Sql::new("analyze").execute(conn).map(drop)
}

/// Size of the database. Unit: bytes.
pub fn bytes(conn: &mut Conn) -> Result<u64> {
    let sql = match conn.dialect() {
        Dialect::Sqlite => "select c.page_count * s.page_size from pragma_page_count() c, pragma_page_size() s",
        Dialect::Postgres => "select pg_database_size(current_database())",
    };
    Ok(u64::try_from(Sql::new(sql).scalar_i64(conn)?).unwrap_or(0))
}

/// What reading the embedded database through brought to light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// None.
    None,
    /// None in the time that was given.
    Unknown,
    /// This.
    Found(String),
}

/// Reads the embedded database through, table by table, until `milliseconds` are over. PostgreSQL looks after itself.
pub fn damage(conn: &mut Conn, milliseconds: usize) -> Result<Damage> {
    if conn.dialect() == Dialect::Postgres {
        return Ok(Damage::None);
    }
    let budget = Budget::new(milliseconds);
    let tables = Sql::new(
        "select m.name from sqlite_master m where m.type = 'table' and m.sql not like 'CREATE VIRTUAL%' \
         and m.name not like 'sqlite_%' order by m.name",
    )
    .load_texts(conn)?;
    for table in tables {
        if budget.is_spent() {
            return Ok(Damage::Unknown);
        }
        let said = Sql::new("select q.quick_check from pragma_quick_check(")
            .bind(&table)
            .push(") q limit 3")
            .load_texts(conn)?;
        if said.iter().any(|line| line != "ok") {
            return Ok(Damage::Found(said.join("; ")));
        }
    }
    Ok(Damage::None)
}
