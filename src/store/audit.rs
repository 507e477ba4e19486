//! The audit log: appended to, read, never changed (OPS-02).

use crate::{
    Result,
    db::{Conn, Sql, on_backend},
    id::Id,
    model::{AuditEntry, schema},
};
use diesel::prelude::*;

/// Appends an entry.
pub fn insert(conn: &mut Conn, entry: &AuditEntry) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::audit_log::table).values(entry).execute(c))?;
    Ok(())
}

/// Entries below `before`, newest first.
pub fn page(conn: &mut Conn, before: Option<Id<AuditEntry>>, limit: i64) -> Result<Vec<AuditEntry>> {
    Sql::new("select l.* from audit_log l where l.id < ")
        .bind(before.map_or(i64::MAX, Id::raw))
        .push(" order by l.id desc limit ")
        .bind(limit)
        .load(conn)
}
