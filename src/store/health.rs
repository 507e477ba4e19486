//! What a watcher asks the database.

use crate::{
    Result,
    db::{Conn, Sql},
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
