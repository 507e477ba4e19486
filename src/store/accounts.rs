//! Accounts of this node and of others.

use super::relations::{Onlooker, welcome};
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::Account,
    uri,
};
use diesel::sql_types::BigInt;

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

/// Those with these actor ids, in no order.
pub fn by_uris(conn: &mut Conn, uris: &[&str]) -> Result<Vec<Account>> {
    if uris.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new(SELECT).push("a.uri in ").texts(uris).load(conn)
}

/// By the id of its public key.
pub fn find_by_key(conn: &mut Conn, key_id: &str) -> Result<Option<Account>> {
    Sql::new(SELECT).with("a.public_key_id = ", key_id).optional(conn)
}

/// By handle (`user`, or `user@domain` of another server), in any case.
pub fn find_by_handle(conn: &mut Conn, handle: &str) -> Result<Option<Account>> {
    Sql::new(SELECT).with("a.handle = ", handle.to_lowercase()).optional(conn)
}

/// As [`find_by_handle`], for several at once; those that are there, in no order.
pub fn find_by_handles(conn: &mut Conn, handles: &[String]) -> Result<Vec<Account>> {
    if handles.is_empty() {
        return Ok(Vec::new());
    }
    let handles: Vec<String> = handles.iter().map(|handle| handle.to_lowercase()).collect();
    Sql::new(SELECT).push("a.handle in ").texts(&handles).load(conn)
}

/// The account of another server whose page a **normalised** address is, or is below, where pages are called
/// `https://host/@name`; and what stands behind the name. Pages have no index: the address is taken apart.
pub fn of_page<'p>(conn: &mut Conn, page: &'p str) -> Result<Option<(Account, &'p str)>> {
    let path = page.get(uri::authority(page).len()..).unwrap_or_default();
    let Some(path) = path.strip_prefix("/@").filter(|path| !path.contains(['?', '#'])) else { return Ok(None) };
    let path = path.trim_end_matches('/');
    let (name, rest) = path.split_once('/').unwrap_or((path, ""));
    let account = find_by_handle(conn, &format!("{name}@{}", uri::host(page)))?;
    Ok(account.filter(|account| account.domain.is_some()).map(|account| (account, rest)))
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

/// Followers of the targets whom `viewer` follows, each behind its target, the newest first. Whoever hides who follows them
/// has none, and who hides whom they follow is not among them.
pub fn familiar(
    conn: &mut Conn,
    viewer: Id<Account>,
    targets: &[Id<Account>],
    most: i64,
) -> Result<Vec<(Id<Account>, Id<Account>)>> {
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Sql::new(
        "select k.target_id, k.account_id from (select g.target_id, g.account_id, \
         row_number() over (partition by g.target_id order by g.id desc) as place from follows g \
         join follows f on f.target_id = g.account_id and f.state = 1 and f.account_id = ",
    )
    .bind(viewer)
    .push(
        " join accounts a on a.id = g.target_id and not a.hide_collections and a.deleted_at is null \
         and a.suspended_at is null and not a.suspended_by_origin \
         join accounts b on b.id = g.account_id and not b.hide_collections and b.deleted_at is null \
         and b.suspended_at is null and not b.suspended_by_origin where g.state = 1 and g.target_id in ",
    )
    .ids(targets)
    .with(") k where k.place <= ", most)
    .push(" order by k.target_id, k.place")
    .load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    Ok(rows.into_iter().map(|(target, known)| (Id::new(target), Id::new(known))).collect())
}

/// Of accounts `a`: those who are somebody here. Who waits for approval is nobody yet.
pub(super) const ADMITTED: &str =
    " and not exists (select 1 from users w where w.account_id = a.id and w.approved_at is null)";

/// People who want to be found, the most recently active (or the newest) first. Whoever is listed nowhere is not among
/// them, nor, for a stranger, whoever is for their own site only, nor whom the onlooker blocks or mutes, themselves or with
/// their domain, and who blocks the onlooker. While a `directory` is on, people of this node are in it who did not say no.
pub fn discoverable(
    conn: &mut Conn,
    to: Onlooker,
    directory: bool,
    local: bool,
    (newest, limit, offset): (bool, i64, i64),
) -> Result<Vec<Id<Account>>> {
    let stranger = to.account.is_none();
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
    sql = sql.push(ADMITTED);
    if local {
        sql = sql.push(" and a.domain is null");
    } else if let Some(account) = to.account {
        sql = sql
            .push(
                " and not exists (select 1 from account_domain_blocks d where d.domain = a.domain and d.account_id = ",
            )
            .bind(account)
            .push(")");
    }
    welcome(sql, to)
        .push(if newest { " order by a.id desc" } else { " order by coalesce(a.last_post_at, 0) desc, a.id desc" })
        .with(" limit ", limit)
        .with(" offset ", offset)
        .load_ids(conn)
}
