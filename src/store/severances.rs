//! Follows that people of this node lost at once.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Severance},
    time::Timestamp,
};

/// Writes one.
pub fn insert(conn: &mut Conn, row: &Severance) -> Result<()> {
    Sql::new(
        "insert into severances (id, account_id, kind, target_name, followers_count, following_count, created_at) values (",
    )
    .bind(row.id)
    .with(",", row.account_id)
    .with(",", row.kind)
    .with(",", &row.target_name)
    .with(",", row.followers_count)
    .with(",", row.following_count)
    .with(",", row.created_at)
    .push(")")
    .execute(conn)?;
    Ok(())
}

/// Adds to what the same person was told of the same since a moment, as long as that stands among their notifications;
/// false when there is none.
pub fn add(conn: &mut Conn, row: &Severance, since: Timestamp) -> Result<bool> {
    let changed = Sql::new("update severances set followers_count = followers_count + ")
        .bind(row.followers_count)
        .with(", following_count = following_count + ", row.following_count)
        .with(" where account_id = ", row.account_id)
        .with(" and kind = ", row.kind)
        .with(" and target_name = ", &row.target_name)
        .with(" and created_at >= ", since)
        .push(" and exists (select 1 from notifications n where n.severance_id = severances.id)")
        .execute(conn)?;
    Ok(changed > 0)
}

/// By id, or `NotFound`.
pub fn load(conn: &mut Conn, id: Id<Severance>) -> Result<Severance> {
    Sql::new("select s.* from severances s where s.id = ").bind(id).one(conn)
}

/// Those of them that there are.
pub fn several(conn: &mut Conn, ids: &[Id<Severance>]) -> Result<Vec<Severance>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select s.* from severances s where s.id in ").ids(ids).load(conn)
}

/// Those of these accounts whose owners are people of this node who are here.
pub fn present(conn: &mut Conn, accounts: &[Id<Account>]) -> Result<Vec<Id<Account>>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new(
        "select a.id from accounts a join users u on u.account_id = a.id where a.deleted_at is null \
         and a.left_on is null and a.suspended_at is null and a.id in ",
    )
    .ids(accounts)
    .push(" order by a.id")
    .load_ids(conn)
}
