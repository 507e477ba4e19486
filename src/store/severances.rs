//! Follows that people of this node lost at once.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Follow, Severance},
    time::Timestamp,
};
use diesel::sql_types::{Bool, Nullable, Text};

/// Days that it is kept whom somebody lost.
pub const LISTED_DAYS: i64 = 90;
/// Lines of one list that are read.
const MOST: i64 = 100_000;

/// A follow that was lost: whose or of whom, with boosts, with notifications, in which languages (JSON list).
pub type Lost = (String, bool, bool, Option<String>);

/// Writes one.
pub fn insert(conn: &mut Conn, row: &Severance) -> Result<()> {
    Sql::new(
        "insert into severances (id, account_id, kind, target_name, followers_count, following_count, created_at, purged) \
         values (",
    )
    .bind(row.id)
    .with(",", row.account_id)
    .with(",", row.kind)
    .with(",", &row.target_name)
    .with(",", row.followers_count)
    .with(",", row.following_count)
    .with(",", row.created_at)
    .with(",", row.purged)
    .push(")")
    .execute(conn)?;
    Ok(())
}

/// What the same person was told of the same since a moment, as long as that stands among their notifications.
pub fn find_told(conn: &mut Conn, row: &Severance, since: Timestamp) -> Result<Option<Id<Severance>>> {
    let found: Vec<Id<Severance>> = Sql::new("select s.id from severances s where s.account_id = ")
        .bind(row.account_id)
        .with(" and s.kind = ", row.kind)
        .with(" and s.target_name = ", &row.target_name)
        .with(" and s.created_at >= ", since)
        .push(" and exists (select 1 from notifications n where n.severance_id = s.id) order by s.id desc limit 1")
        .load_ids(conn)?;
    Ok(found.into_iter().next())
}

/// More of them ended by the same.
pub fn add(conn: &mut Conn, id: Id<Severance>, followers: i64, following: i64) -> Result<()> {
    Sql::new("update severances set followers_count = followers_count + ")
        .bind(followers)
        .with(", following_count = following_count + ", following)
        .with(" where id = ", id)
        .execute(conn)?;
    Ok(())
}

/// Writes down a follow that is lost, `incoming` or not, before or after it ends.
pub fn insert_follow(conn: &mut Conn, id: Id<Severance>, follow: &Follow, incoming: bool) -> Result<()> {
    let other = if incoming { follow.account_id } else { follow.target_id };
    Sql::new("insert into severed_follows (severance_id, incoming, handle, show_boosts, notify, languages) values (")
        .bind(id)
        .with(",", incoming)
        .with(", (select a.username || coalesce('@' || a.domain, '') from accounts a where a.id = ", other)
        .with("),", follow.show_boosts)
        .with(",", follow.notify)
        .with(",", follow.languages.clone())
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Writes down all follows between whom it is about and people of a domain, before they end.
pub fn insert_domain(conn: &mut Conn, id: Id<Severance>, domain: &str) -> Result<()> {
    for (incoming, mine, other) in [("false", "account_id", "target_id"), ("true", "target_id", "account_id")] {
        Sql::new(format!(
            "insert into severed_follows (severance_id, incoming, handle, show_boosts, notify, languages) \
             select s.id, {incoming}, a.username || '@' || a.domain, f.show_boosts, f.notify, f.languages \
             from severances s join follows f on f.{mine} = s.account_id join accounts a on a.id = f.{other} \
             where f.state = 1 and s.id = "
        ))
        .bind(id)
        .with(" and a.domain = ", domain)
        .push(" on conflict do nothing")
        .execute(conn)?;
    }
    Ok(())
}

/// What somebody lost, the newest first.
pub fn of_account(conn: &mut Conn, account: Id<Account>, limit: i64) -> Result<Vec<Severance>> {
    Sql::new("select s.* from severances s where s.account_id = ")
        .bind(account)
        .with(" order by s.id desc limit ", limit)
        .load(conn)
}

/// The list of one of them, by handle.
pub fn follows(conn: &mut Conn, id: Id<Severance>, incoming: bool) -> Result<Vec<Lost>> {
    Sql::new("select d.handle, d.show_boosts, d.notify, d.languages from severed_follows d where d.severance_id = ")
        .bind(id)
        .with(" and d.incoming = ", incoming)
        .with(" order by d.handle limit ", MOST)
        .load_as::<(Text, Bool, Bool, Nullable<Text>), Lost>(conn)
}

/// Forgets whom it was about where that is long ago, a chunk; answers how many were forgotten.
pub fn purge(conn: &mut Conn, now: Timestamp, most: i64) -> Result<usize> {
    let old: Vec<Id<Severance>> = Sql::new("select s.id from severances s where s.purged = ")
        .bind(false)
        .with(" and s.created_at < ", now.plus_days(-LISTED_DAYS))
        .with(" order by s.id limit ", most)
        .load_ids(conn)?;
    if old.is_empty() {
        return Ok(0);
    }
    Sql::new("delete from severed_follows where severance_id in ").ids(&old).execute(conn)?;
    Sql::new("update severances set purged = true where id in ").ids(&old).execute(conn)?;
    Ok(old.len())
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
