//! Threads that groups take no more answers in.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Post},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Nullable, Text};

/// Posts above a post that are looked at.
const ABOVE: i64 = 1_000;

/// A locked thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadLock {
    /// Whose lock it is.
    pub group: Id<Account>,
    /// Object id of the post that is locked, with all below it.
    pub post_uri: String,
    /// Id of the Lock; none when a document says it.
    pub uri: Option<String>,
    /// Who locked it; none when a document says it.
    pub by: Option<Id<Account>>,
    /// Since when.
    pub created_at: Timestamp,
}

const SELECT: &str = "select l.group_id, l.post_uri, l.uri, l.by_id, l.created_at from thread_locks l where ";

fn one(conn: &mut Conn, sql: Sql) -> Result<Option<ThreadLock>> {
    type Types = (BigInt, Text, Nullable<Text>, Nullable<BigInt>, BigInt);
    type Values = (i64, String, Option<String>, Option<i64>, i64);
    let rows = sql.load_as::<Types, Values>(conn)?;
    Ok(rows.into_iter().next().map(|(group, post_uri, uri, by, at)| ThreadLock {
        group: Id::new(group),
        post_uri,
        uri,
        by: by.map(Id::new),
        created_at: Timestamp::from_millis(at),
    }))
}

/// The lock of a group on exactly this post.
pub fn find(conn: &mut Conn, group: Id<Account>, post_uri: &str) -> Result<Option<ThreadLock>> {
    one(conn, Sql::new(SELECT).with("l.group_id = ", group).with(" and l.post_uri = ", post_uri))
}

/// By the id of its Lock.
pub fn find_by_uri(conn: &mut Conn, uri: &str) -> Result<Option<ThreadLock>> {
    one(conn, Sql::new(SELECT).with("l.uri = ", uri).push(" limit 1"))
}

/// Writes a lock down; false when it was locked before.
pub fn insert(conn: &mut Conn, lock: &ThreadLock) -> Result<bool> {
    let written = Sql::new("insert into thread_locks (group_id, post_uri, uri, by_id, created_at) values (")
        .bind(lock.group)
        .with(",", &lock.post_uri)
        .with(",", lock.uri.as_deref())
        .with(",", lock.by)
        .with(",", lock.created_at)
        .push(") on conflict (group_id, post_uri) do nothing")
        .execute(conn)?;
    Ok(written > 0)
}

/// Takes a lock off.
pub fn delete(conn: &mut Conn, group: Id<Account>, post_uri: &str) -> Result<()> {
    Sql::new("delete from thread_locks where group_id = ")
        .bind(group)
        .with(" and post_uri = ", post_uri)
        .execute(conn)?;
    Ok(())
}

/// All locks of a post, which goes.
pub fn delete_of_post(conn: &mut Conn, post: Id<Post>) -> Result<()> {
    Sql::new("delete from thread_locks where post_uri = (select p.uri from posts p where p.id = ")
        .bind(post)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// All locks of a group, which goes.
pub fn delete_of_group(conn: &mut Conn, group: Id<Account>) -> Result<()> {
    Sql::new("delete from thread_locks where group_id = ").bind(group).execute(conn)?;
    Ok(())
}

/// Those of these accounts that locked a thread, whichever.
pub fn lockers(conn: &mut Conn, accounts: &[Id<Account>]) -> Result<Vec<Id<Account>>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select distinct l.group_id from thread_locks l where l.group_id in ").ids(accounts).load_ids(conn)
}

/// Whether a group locked this post, or one above it.
pub fn covers(conn: &mut Conn, group: Id<Account>, post: Id<Post>) -> Result<bool> {
    Sql::new(
        "with recursive up(uri, parent, n) as (select p.uri, p.in_reply_to_id, 0 from posts p where p.id = ",
    )
    .bind(post)
    .with(
        " union all select p.uri, p.in_reply_to_id, up.n + 1 from up join posts p on p.id = up.parent where up.n < ",
        ABOVE,
    )
    .with(") select l.created_at from thread_locks l join up on up.uri = l.post_uri where l.group_id = ", group)
    .push(" limit 1")
    .exists(conn)
}

/// Whether somebody here follows a group under this domain.
pub fn follows_group_at(conn: &mut Conn, domain: &str) -> Result<bool> {
    Sql::new(
        "select g.id from accounts g join follows f on f.target_id = g.id and f.state = 1 \
         join accounts w on w.id = f.account_id and w.domain is null where g.kind = 2 and g.domain = ",
    )
    .bind(domain)
    .push(" limit 1")
    .exists(conn)
}

/// Groups of other servers that a post belongs to: its author, its place, and those it names.
pub fn groups_of(conn: &mut Conn, post: Id<Post>) -> Result<Vec<Account>> {
    Sql::new(
        "select a.* from accounts a where a.kind = 2 and a.domain is not null and a.deleted_at is null and a.id in (\
         select p.account_id from posts p where p.id = ",
    )
    .bind(post)
    .with(" union select p.group_id from posts p where p.id = ", post)
    .with(" union select m.account_id from mentions m where m.post_id = ", post)
    .push(") order by a.id limit 20")
    .load(conn)
}
