//! What a watcher asks the database.

use crate::{
    Result,
    db::{Conn, Sql},
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

/// Whether anything waits to be done now: a due job, a delivery, an activity that arrived.
pub fn is_busy(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    if oldest_due_job(conn, now)?.is_some() {
        return Ok(true);
    }
    let running = Sql::new("select j.id from jobs j where j.locked_until is not null and j.locked_until >= ")
        .bind(now)
        .push(" limit 1")
        .exists(conn)?;
    let delivering = Sql::new("select d.id from deliveries d where d.parked_at is null limit 1").exists(conn)?;
    let arrived = Sql::new("select i.id from inbox_items i where i.parked_at is null limit 1").exists(conn)?;
    Ok(running || delivering || arrived)
}

/// Activities that arrived and wait, or failed for good; newest first.
pub fn inbox(conn: &mut Conn, limit: i64) -> Result<Vec<InboxItem>> {
    Sql::new("select i.* from inbox_items i order by i.id desc limit ").bind(limit).load(conn)
}
