//! Whom somebody may want to follow.

use super::accounts::ADMITTED;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::Account,
};

/// Entries of people under one's own skills that are looked at.
const SHARED: i64 = 2_000;

/// Of accounts `a`: those that want to be found and have nothing to do with `me` yet. While a `directory` is on, people of
/// this node are in it who did not say no, whatever the switch of their profile said before.
fn strangers(sql: Sql, me: Id<Account>, directory: bool) -> Sql {
    sql.push(if directory { " (a.discoverable or (a.domain is null and a.kind = 0))" } else { " a.discoverable" })
        .push(
            " and a.suspended_at is null and not a.suspended_by_origin and a.deleted_at is null \
         and a.silenced_at is null and a.moved_to_id is null and a.left_on is null \
         and not exists (select 1 from expertise e where e.account_id = a.id and e.listed = 2) and a.id <> ",
        )
        .bind(me)
        .with(" and not exists (select 1 from follows x where x.target_id = a.id and x.account_id = ", me)
        .with(") and not exists (select 1 from blocks b where b.target_id = a.id and b.account_id = ", me)
        .with(") and not exists (select 1 from blocks b where b.account_id = a.id and b.target_id = ", me)
        .with(") and not exists (select 1 from mutes m where m.target_id = a.id and m.account_id = ", me)
        .with(
            ") and not exists (select 1 from account_domain_blocks d where d.domain = a.domain and d.account_id = ",
            me,
        )
        .with(
            ") and not exists (select 1 from suggestion_dismissals s where s.target_id = a.id and s.account_id = ",
            me,
        )
        .push(")")
        .push(ADMITTED)
}

/// People whom those follow whom `me` follows, the most often followed first.
pub fn of_friends(conn: &mut Conn, me: Id<Account>, directory: bool, most: i64) -> Result<Vec<Id<Account>>> {
    let sql = Sql::new(
        "select a.id from follows g join accounts a on a.id = g.target_id where g.state = 1 and g.account_id in \
         (select f.target_id from follows f where f.state = 1 and f.account_id = ",
    )
    .bind(me)
    .push(") and");
    strangers(sql, me, directory).with(" group by a.id order by count(*) desc, a.id desc limit ", most).load_ids(conn)
}

/// Listed people who know what `me` lists, those who share most first; of other nodes only, where that is wanted.
pub fn alike(
    conn: &mut Conn,
    me: Id<Account>,
    elsewhere: bool,
    directory: bool,
    most: i64,
) -> Result<Vec<Id<Account>>> {
    let sql = Sql::new(
        "select a.id from (select s.account_id from skills s where s.stance <> 2 and s.tag in \
         (select mine.tag from skills mine where mine.account_id = ",
    )
    .bind(me)
    .with(") limit ", SHARED)
    .push(
        ") k join accounts a on a.id = k.account_id join expertise e on e.account_id = a.id \
         where a.kind = 0 and (e.listed = 0 or (e.listed = 1 and a.domain is null)) and",
    )
    .push(if elsewhere { " a.domain is not null and" } else { "" });
    strangers(sql, me, directory).with(" group by a.id order by count(*) desc, a.id desc limit ", most).load_ids(conn)
}

/// Listed people of another node of the organisation, the most followed first.
pub fn of_site(conn: &mut Conn, me: Id<Account>, domain: &str, most: i64) -> Result<Vec<Id<Account>>> {
    let sql = Sql::new("select a.id from accounts a join expertise e on e.account_id = a.id where a.domain = ")
        .bind(domain)
        .push(" and a.kind = 0 and e.listed = 0 and");
    strangers(sql, me, false).with(" order by a.followers_count desc, a.id desc limit ", most).load_ids(conn)
}

/// People of this node, the most followed first.
pub fn most_followed(conn: &mut Conn, me: Id<Account>, directory: bool, most: i64) -> Result<Vec<Id<Account>>> {
    let sql =
        Sql::new("select a.id from accounts a where a.domain is null and a.kind = 0 and a.followers_count > 0 and");
    strangers(sql, me, directory).with(" order by a.followers_count desc, a.id desc limit ", most).load_ids(conn)
}

/// Does not suggest somebody again; twice is once.
pub fn dismiss(conn: &mut Conn, me: Id<Account>, target: Id<Account>) -> Result<()> {
    Sql::new("insert into suggestion_dismissals (account_id, target_id) values (")
        .bind(me)
        .with(",", target)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}
