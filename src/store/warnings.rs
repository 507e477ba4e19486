//! What staff told people of this node about acts on their accounts.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::AccountWarning,
};

/// Writes one.
pub fn insert(conn: &mut Conn, row: &AccountWarning) -> Result<()> {
    Sql::new("insert into account_warnings (id, account_id, action, text, post_ids, created_at) values (")
        .bind(row.id)
        .with(",", row.account_id)
        .with(",", row.action)
        .with(",", &row.text)
        .with(",", row.post_ids.clone())
        .with(",", row.created_at)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// By id, or `NotFound`.
pub fn load(conn: &mut Conn, id: Id<AccountWarning>) -> Result<AccountWarning> {
    Sql::new("select w.* from account_warnings w where w.id = ").bind(id).one(conn)
}

/// Those of them that there are.
pub fn several(conn: &mut Conn, ids: &[Id<AccountWarning>]) -> Result<Vec<AccountWarning>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select w.* from account_warnings w where w.id in ").ids(ids).load(conn)
}
