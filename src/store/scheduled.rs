//! Posts that wait for their time.

use super::page::Page;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Media, Post, ScheduledPost},
    time::Timestamp,
};

/// Writes one down, and keeps its files for it.
pub fn insert(conn: &mut Conn, row: &ScheduledPost, media: &[Id<Media>]) -> Result<()> {
    Sql::new("insert into scheduled_posts (id, account_id, scheduled_at, draft, created_at) values (")
        .bind(row.id)
        .with(",", row.account_id)
        .with(",", row.scheduled_at)
        .with(",", &row.draft)
        .with(",", row.created_at)
        .push(")")
        .execute(conn)?;
    if !media.is_empty() {
        Sql::new("update media set scheduled_id = ").bind(row.id).push(" where id in ").ids(media).execute(conn)?;
    }
    Ok(())
}

/// By id, whoever it belongs to.
pub fn find(conn: &mut Conn, id: Id<ScheduledPost>) -> Result<Option<ScheduledPost>> {
    Sql::new("select s.* from scheduled_posts s where s.id = ").bind(id).optional(conn)
}

/// One of this person's, or `NotFound`.
pub fn load_own(conn: &mut Conn, account: Id<Account>, id: Id<ScheduledPost>) -> Result<ScheduledPost> {
    Sql::new("select s.* from scheduled_posts s where s.id = ").bind(id).with(" and s.account_id = ", account).one(conn)
}

/// A page of this person's, the newest first.
pub fn list(conn: &mut Conn, account: Id<Account>, page: Page) -> Result<Vec<ScheduledPost>> {
    let sql = Sql::new("select s.* from scheduled_posts s where s.account_id = ").bind(account);
    let rows = page.apply(sql, "s.id").load(conn)?;
    Ok(page.arrange(rows))
}

/// How many this person has, and how many of them from the first of these moments on and before the second; `but` is not
/// counted.
pub fn count(
    conn: &mut Conn,
    account: Id<Account>,
    between: Option<(Timestamp, Timestamp)>,
    but: Id<ScheduledPost>,
) -> Result<i64> {
    let mut sql = Sql::new("select count(*) from scheduled_posts s where s.account_id = ")
        .bind(account)
        .with(" and s.id <> ", but);
    if let Some((from, until)) = between {
        sql = sql.with(" and s.scheduled_at >= ", from).with(" and s.scheduled_at < ", until);
    }
    sql.scalar_i64(conn)
}

/// Gives it another time.
pub fn set_time(conn: &mut Conn, id: Id<ScheduledPost>, at: Timestamp) -> Result<()> {
    Sql::new("update scheduled_posts set scheduled_at = ").bind(at).with(" where id = ", id).execute(conn)?;
    Ok(())
}

/// Takes it out, and frees its files. Whether it was there: of two who do it at once, one is told so.
pub fn delete(conn: &mut Conn, id: Id<ScheduledPost>) -> Result<bool> {
    Ok(Sql::new("delete from scheduled_posts where id = ").bind(id).execute(conn)? > 0)
}

/// Takes out all of this person's.
pub fn delete_all(conn: &mut Conn, account: Id<Account>) -> Result<usize> {
    Sql::new("delete from scheduled_posts where account_id = ").bind(account).execute(conn)
}

/// Whoever repeats the request that made it gets the post that it became.
pub fn follow_key(conn: &mut Conn, account: Id<Account>, id: Id<ScheduledPost>, post: Id<Post>) -> Result<()> {
    Sql::new("update idempotency_keys set post_id = ")
        .bind(post)
        .with(" where account_id = ", account)
        .with(" and post_id = ", id)
        .execute(conn)?;
    Ok(())
}
