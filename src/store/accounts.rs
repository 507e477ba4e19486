//! Accounts of this node and of others.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::Account,
};

const SELECT: &str = "select a.* from accounts a where ";

/// By id; suspended and deleted ones too.
pub fn find(conn: &mut Conn, id: Id<Account>) -> Result<Option<Account>> {
    Sql::new(SELECT).with("a.id = ", id).optional(conn)
}

/// By id, or `NotFound`.
pub fn load(conn: &mut Conn, id: Id<Account>) -> Result<Account> {
    Sql::new(SELECT).with("a.id = ", id).one(conn)
}

/// Several by id, in no order; unknown ids are left out.
pub fn list(conn: &mut Conn, ids: &[Id<Account>]) -> Result<Vec<Account>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new(SELECT).push("a.id in ").ids(ids).load(conn)
}

/// By actor id.
pub fn find_by_uri(conn: &mut Conn, uri: &str) -> Result<Option<Account>> {
    Sql::new(SELECT).with("a.uri = ", uri).optional(conn)
}

/// By the id of its public key.
pub fn find_by_key(conn: &mut Conn, key_id: &str) -> Result<Option<Account>> {
    Sql::new(SELECT).with("a.public_key_id = ", key_id).optional(conn)
}

/// By handle (`user`, or `user@domain` of another server), in any case.
pub fn find_by_handle(conn: &mut Conn, handle: &str) -> Result<Option<Account>> {
    Sql::new(SELECT).with("a.handle = ", handle.to_lowercase()).optional(conn)
}

/// A local account by name, in any case; not when deleted.
pub fn find_local(conn: &mut Conn, username: &str) -> Result<Option<Account>> {
    Sql::new(SELECT)
        .with("a.handle = ", username.to_lowercase())
        .push(" and a.domain is null and a.deleted_at is null")
        .optional(conn)
}

/// Adds to the follower and following counts of both sides of a follow (never below zero).
pub fn count_follow(conn: &mut Conn, follower: Id<Account>, target: Id<Account>, by: i64) -> Result<()> {
    Sql::new("update accounts set following_count = case when following_count + ")
        .bind(by)
        .with(" < 0 then 0 else following_count + ", by)
        .with(" end where id = ", follower)
        .execute(conn)?;
    Sql::new("update accounts set followers_count = case when followers_count + ")
        .bind(by)
        .with(" < 0 then 0 else followers_count + ", by)
        .with(" end where id = ", target)
        .execute(conn)?;
    Ok(())
}

/// Sets the actor ids an account names as the same person (a JSON list).
pub fn set_aliases(conn: &mut Conn, id: Id<Account>, list: &str, now: crate::time::Timestamp) -> Result<()> {
    Sql::new("update accounts set also_known_as = ")
        .bind(list)
        .with(", updated_at = ", now)
        .with(" where id = ", id)
        .execute(conn)?;
    Ok(())
}

/// An account did not move after all; when it said so stays known.
pub fn stay(conn: &mut Conn, id: Id<Account>) -> Result<()> {
    Sql::new("update accounts set moved_to_id = null where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Followers of `target` whom `viewer` follows, the newest first.
pub fn familiar(conn: &mut Conn, viewer: Id<Account>, target: Id<Account>, most: i64) -> Result<Vec<Id<Account>>> {
    Sql::new(
        "select f.target_id from follows f join follows g on g.account_id = f.target_id and g.state = 1 and g.target_id = ",
    )
    .bind(target)
    .with(" where f.state = 1 and f.account_id = ", viewer)
    .with(" order by g.id desc limit ", most)
    .load_ids(conn)
}

/// People who want to be found, the most recently active (or the newest) first. Whoever is listed nowhere is not among
/// them, nor, for a stranger, whoever is for their own site only. While a `directory` is on, people of this node are in it
/// who did not say no.
pub fn discoverable(
    conn: &mut Conn,
    stranger: bool,
    directory: bool,
    local: bool,
    (newest, limit, offset): (bool, i64, i64),
) -> Result<Vec<Id<Account>>> {
    let everybody = directory && !stranger;
    let mut sql = Sql::new(match everybody {
        true => "select a.id from accounts a where (a.discoverable or (a.domain is null and a.kind = 0))",
        false => "select a.id from accounts a where a.discoverable",
    })
    .push(
        " and a.suspended_at is null and not a.suspended_by_origin \
         and a.deleted_at is null and a.silenced_at is null and a.moved_to_id is null and a.left_on is null \
         and not exists (select 1 from expertise e where e.account_id = a.id and e.listed ",
    )
    .push(if stranger { "<> 0)" } else { "= 2)" });
    if local {
        sql = sql.push(" and a.domain is null");
    }
    sql.push(if newest { " order by a.id desc" } else { " order by coalesce(a.last_post_at, 0) desc, a.id desc" })
        .with(" limit ", limit)
        .with(" offset ", offset)
        .load_ids(conn)
}
