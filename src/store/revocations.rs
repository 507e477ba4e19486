//! Actors whose keys the charter in force revokes, and what their rows said before.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::Account,
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

/// A row of `revoked_actors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The actor.
    pub uri: String,
    /// Since when.
    pub revoked_at: Timestamp,
    /// The day on which they had left before.
    pub left_before: Option<Timestamp>,
    /// Whether they wanted to be found; none for somebody who was not known then.
    pub discoverable: Option<bool>,
    /// A person of this node who left because of it.
    pub left_here: bool,
}

type Columns = (Text, BigInt, Nullable<BigInt>, Nullable<Bool>, Bool);
type Values = (String, i64, Option<i64>, Option<bool>, bool);

fn rows(conn: &mut Conn, sql: Sql) -> Result<Vec<Row>> {
    let read = |(uri, at, left, discoverable, left_here): Values| Row {
        uri,
        revoked_at: Timestamp::from_millis(at),
        left_before: left.map(Timestamp::from_millis),
        discoverable,
        left_here,
    };
    Ok(sql.load_as::<Columns, Values>(conn)?.into_iter().map(read).collect())
}

const SELECT: &str = "select r.uri, r.revoked_at, r.left_before, r.discoverable, r.left_here from revoked_actors r";

/// All of them.
pub fn all(conn: &mut Conn) -> Result<Vec<Row>> {
    rows(conn, Sql::new(SELECT).push(" order by r.uri"))
}

/// Since when the keys of this actor count no more.
pub fn since(conn: &mut Conn, uri: &str) -> Result<Option<Timestamp>> {
    let found = rows(conn, Sql::new(SELECT).with(" where r.uri = ", uri))?;
    Ok(found.first().map(|row| row.revoked_at))
}

/// Writes one down.
pub fn insert(conn: &mut Conn, row: &Row) -> Result<()> {
    Sql::new("insert into revoked_actors (uri, revoked_at, left_before, discoverable, left_here) values (")
        .bind(&row.uri)
        .with(",", row.revoked_at)
        .with(",", row.left_before)
        .with(",", row.discoverable)
        .with(",", row.left_here)
        .push(") on conflict (uri) do update set revoked_at = excluded.revoked_at")
        .execute(conn)?;
    Ok(())
}

/// Somebody whom a revocation ended here was ended by their own node too: taking the revocation back does not restore
/// them.
pub fn forget_end(conn: &mut Conn, uri: &str) -> Result<()> {
    Sql::new("update revoked_actors set left_here = ").bind(false).with(" where uri = ", uri).execute(conn).map(drop)
}

/// Forgets one.
pub fn delete(conn: &mut Conn, uri: &str) -> Result<()> {
    Sql::new("delete from revoked_actors where uri = ").bind(uri).execute(conn)?;
    Ok(())
}

/// What peers of the organisation show of somebody whose keys count no more, or count again.
pub fn show(conn: &mut Conn, account: Id<Account>, left_on: Option<Timestamp>, discoverable: bool) -> Result<()> {
    Sql::new("update accounts set left_on = ")
        .bind(left_on)
        .with(", discoverable = ", discoverable)
        .with(" where id = ", account)
        .execute(conn)?;
    Ok(())
}

/// Drops what an actor sent and that still waits here.
pub fn drop_waiting(conn: &mut Conn, account: Id<Account>) -> Result<usize> {
    Sql::new("delete from inbox_items where account_id = ").bind(account).execute(conn)
}
