//! Reading positions.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Marker},
    time::Timestamp,
};

/// The positions in these timelines.
pub fn some(conn: &mut Conn, account: Id<Account>, timelines: &[String]) -> Result<Vec<Marker>> {
    if timelines.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select m.* from markers m where m.account_id = ")
        .bind(account)
        .push(" and m.timeline in ")
        .texts(timelines)
        .load(conn)
}

/// Moves a position; answers it.
pub fn set(conn: &mut Conn, account: Id<Account>, timeline: &str, last_read: i64, now: Timestamp) -> Result<Marker> {
    Sql::new("insert into markers (account_id, timeline, last_read_id, version, updated_at) values (")
        .bind(account)
        .with(",", timeline)
        .with(",", last_read)
        .with(", 1,", now)
        .push(") on conflict (account_id, timeline) do update set last_read_id = excluded.last_read_id, ")
        .push("version = markers.version + 1, updated_at = excluded.updated_at")
        .execute(conn)?;
    Sql::new("select m.* from markers m where m.account_id = ")
        .bind(account)
        .with(" and m.timeline = ", timeline)
        .one(conn)
}
