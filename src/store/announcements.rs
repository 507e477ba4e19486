//! Announcements, who has read them and what people think of them.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Announcement},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Text};

/// Writes one.
pub fn insert(conn: &mut Conn, row: &Announcement) -> Result<()> {
    Sql::new("insert into announcements (id, text, starts_at, ends_at, all_day, published_at, updated_at) values (")
        .bind(row.id)
        .with(",", &row.text)
        .with(",", row.starts_at)
        .with(",", row.ends_at)
        .with(",", row.all_day)
        .with(",", row.published_at)
        .with(",", row.updated_at)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Writes what changed.
pub fn update(conn: &mut Conn, row: &Announcement) -> Result<()> {
    Sql::new("update announcements set text = ")
        .bind(&row.text)
        .with(", starts_at = ", row.starts_at)
        .with(", ends_at = ", row.ends_at)
        .with(", all_day = ", row.all_day)
        .with(", updated_at = ", row.updated_at)
        .with(" where id = ", row.id)
        .execute(conn)?;
    Ok(())
}

/// Removes one; whether it was there.
pub fn delete(conn: &mut Conn, id: Id<Announcement>) -> Result<bool> {
    Ok(Sql::new("delete from announcements where id = ").bind(id).execute(conn)? > 0)
}

/// By id, or `NotFound`.
pub fn load(conn: &mut Conn, id: Id<Announcement>) -> Result<Announcement> {
    Sql::new("select a.* from announcements a where a.id = ").bind(id).one(conn)
}

/// By id.
pub fn find(conn: &mut Conn, id: Id<Announcement>) -> Result<Option<Announcement>> {
    Sql::new("select a.* from announcements a where a.id = ").bind(id).optional(conn)
}

/// All of them, the newest first.
pub fn list(conn: &mut Conn, most: i64) -> Result<Vec<Announcement>> {
    Sql::new("select a.* from announcements a order by a.id desc limit ").bind(most).load(conn)
}

/// Those that are not over, by what they are about or by when they were made; `whole_day` is the moment that ends of whole
/// days are compared with.
pub fn current(conn: &mut Conn, now: Timestamp, whole_day: Timestamp, most: i64) -> Result<Vec<Announcement>> {
    Sql::new("select a.* from announcements a where a.ends_at is null or (not a.all_day and a.ends_at > ")
        .bind(now)
        .with(") or (a.all_day and a.ends_at > ", whole_day)
        .with(") order by coalesce(a.starts_at, a.published_at), a.id limit ", most)
        .load(conn)
}

/// Those of them that this person has dismissed.
pub fn read_by(conn: &mut Conn, account: Id<Account>) -> Result<Vec<Id<Announcement>>> {
    Sql::new("select r.announcement_id from announcement_reads r where r.account_id = ").bind(account).load_ids(conn)
}

/// Writes that this person has dismissed one; twice is once.
pub fn read(conn: &mut Conn, account: Id<Account>, id: Id<Announcement>) -> Result<()> {
    Sql::new("insert into announcement_reads (account_id, announcement_id) values (")
        .bind(account)
        .with(",", id)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// What people think of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// An emoji, or the short name of one of this node.
    pub name: String,
    /// How many.
    pub count: i64,
    /// Whoever looks is among them.
    pub mine: bool,
}

/// Kinds of reactions that are read of one announcement.
const KINDS: usize = 100;

/// The reactions to these, of each in the order in which they first came.
pub fn reactions(
    conn: &mut Conn,
    viewer: Option<Id<Account>>,
    ids: &[Id<Announcement>],
) -> Result<Vec<(Id<Announcement>, Reaction)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let most = i64::try_from(ids.len().saturating_mul(KINDS)).unwrap_or(i64::MAX);
    let rows = Sql::new("select r.announcement_id, r.name, count(*), count(case when r.account_id = ")
        .bind(viewer.map_or(0, Id::raw))
        .push(" then 1 end) from announcement_reactions r where r.announcement_id in ")
        .ids(ids)
        .with(" group by r.announcement_id, r.name order by min(r.id) limit ", most)
        .load_as::<(BigInt, Text, BigInt, BigInt), (i64, String, i64, i64)>(conn)?;
    let reaction = |(id, name, count, mine)| (Id::new(id), Reaction { name, count, mine: mine > 0 });
    Ok(rows.into_iter().map(reaction).collect())
}

/// Adds one; whether it is new.
pub fn react<T>(
    conn: &mut Conn,
    id: Id<T>,
    announcement: Id<Announcement>,
    account: Id<Account>,
    name: &str,
) -> Result<bool> {
    let written = Sql::new("insert into announcement_reactions (id, announcement_id, account_id, name) values (")
        .bind(id)
        .with(",", announcement)
        .with(",", account)
        .with(",", name)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(written > 0)
}

/// Takes one back; whether it was there.
pub fn unreact(conn: &mut Conn, announcement: Id<Announcement>, account: Id<Account>, name: &str) -> Result<bool> {
    let gone = Sql::new("delete from announcement_reactions where announcement_id = ")
        .bind(announcement)
        .with(" and account_id = ", account)
        .with(" and name = ", name)
        .execute(conn)?;
    Ok(gone > 0)
}
