//! Whom people recommend, of those whom they follow.

use super::{Listed, page::Page};
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Follow},
    time::Timestamp,
};
use diesel::sql_types::BigInt;

/// Marks a follow; twice is once.
pub fn insert(conn: &mut Conn, id: i64, follow: Id<Follow>, now: Timestamp) -> Result<()> {
    Sql::new("insert into endorsements (id, follow_id, created_at) values (")
        .bind(id)
        .with(",", follow)
        .with(",", now)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Takes the mark away.
pub fn delete(conn: &mut Conn, follow: Id<Follow>) -> Result<()> {
    Sql::new("delete from endorsements where follow_id = ").bind(follow).execute(conn)?;
    Ok(())
}

/// Whom `account` recommends.
pub fn list(conn: &mut Conn, account: Id<Account>, page: Page) -> Result<Vec<Listed<Account>>> {
    let sql = Sql::new(
        "select e.id, f.target_id from endorsements e join follows f on f.id = e.follow_id \
         join accounts a on a.id = f.target_id where f.state = 1 and f.account_id = ",
    )
    .bind(account)
    .push(" and a.deleted_at is null and a.suspended_at is null and not a.suspended_by_origin");
    let rows = page.apply(sql, "e.id").load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    let rows = rows.into_iter().map(|(cursor, id)| Listed { cursor, id: Id::new(id) }).collect();
    Ok(page.arrange(rows))
}

/// Those of `targets` whom `account` recommends.
pub fn among(conn: &mut Conn, account: Id<Account>, targets: &[Id<Account>]) -> Result<Vec<Id<Account>>> {
    Sql::new(
        "select f.target_id from endorsements e join follows f on f.id = e.follow_id where f.state = 1 and f.account_id = ",
    )
    .bind(account)
    .push(" and f.target_id in ")
    .ids(targets)
    .load_ids(conn)
}
