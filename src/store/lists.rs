//! Lists of people and their members.

use super::page::Page;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, List, Post},
};

/// The lists of an account, oldest first.
pub fn all(conn: &mut Conn, owner: Id<Account>) -> Result<Vec<List>> {
    Sql::new("select l.* from lists l where l.account_id = ").bind(owner).push(" order by l.id").load(conn)
}

/// The lists that a post of one of their members belongs to, with their rule for replies (as `timelines::list` reads it).
pub fn streamed(conn: &mut Conn, post: &Post) -> Result<Vec<Id<List>>> {
    let mut sql =
        Sql::new("select m.list_id from list_members m join lists l on l.id = m.list_id where m.account_id = ")
            .bind(post.account_id);
    if let Some(to) = post.in_reply_to_account_id.filter(|to| *to != post.account_id) {
        sql = sql
            .with(" and (l.replies_policy = 0 and (l.account_id = ", to)
            .with(" or exists (select 1 from follows f where f.state = 1 and f.account_id = l.account_id and f.target_id = ", to)
            .with(")) or l.replies_policy = 1 and exists (select 1 from list_members o where o.list_id = l.id and o.account_id = ", to)
            .push("))");
    }
    sql.load_ids(conn)
}

/// How many lists an account has.
pub fn count(conn: &mut Conn, owner: Id<Account>) -> Result<i64> {
    Sql::new("select count(*) from lists l where l.account_id = ").bind(owner).scalar_i64(conn)
}

/// A list of this owner; `NotFound` for anybody else's (PRV-14).
pub fn owned(conn: &mut Conn, owner: Id<Account>, id: Id<List>) -> Result<List> {
    Sql::new("select l.* from lists l where l.id = ").bind(id).with(" and l.account_id = ", owner).one(conn)
}

/// Writes a new list.
pub fn insert(conn: &mut Conn, list: &List) -> Result<()> {
    Sql::new("insert into lists (id, account_id, title, replies_policy, exclusive, created_at) values (")
        .bind(list.id)
        .with(",", list.account_id)
        .with(",", list.title.as_str())
        .with(",", list.replies_policy)
        .with(",", list.exclusive)
        .with(",", list.created_at)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Changes title, policy and exclusiveness.
pub fn update(conn: &mut Conn, list: &List) -> Result<()> {
    Sql::new("update lists set title = ")
        .bind(list.title.as_str())
        .with(", replies_policy = ", list.replies_policy)
        .with(", exclusive = ", list.exclusive)
        .with(" where id = ", list.id)
        .execute(conn)?;
    Ok(())
}

/// Removes a list.
pub fn delete(conn: &mut Conn, id: Id<List>) -> Result<()> {
    Sql::new("delete from list_members where list_id = ").bind(id).execute(conn)?;
    Sql::new("delete from lists where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Members of a list, highest id first; all of them without a page.
pub fn members(conn: &mut Conn, list: Id<List>, page: Option<&Page>) -> Result<Vec<Id<Account>>> {
    let sql = Sql::new("select m.account_id from list_members m where m.list_id = ").bind(list);
    match page {
        Some(page) => Ok(page.arrange(page.apply(sql, "m.account_id").load_ids(conn)?)),
        None => sql.push(" order by m.account_id desc").load_ids(conn),
    }
}

/// How many members a list has.
pub fn member_count(conn: &mut Conn, list: Id<List>) -> Result<i64> {
    Sql::new("select count(*) from list_members m where m.list_id = ").bind(list).scalar_i64(conn)
}

/// Adds a member; false for who is one already.
pub fn add(conn: &mut Conn, list: Id<List>, account: Id<Account>) -> Result<bool> {
    let sql = Sql::new("insert into list_members (list_id, account_id) values (").bind(list).with(",", account);
    Ok(sql.push(") on conflict do nothing").execute(conn)? > 0)
}

/// Takes members out.
pub fn remove(conn: &mut Conn, list: Id<List>, accounts: &[Id<Account>]) -> Result<()> {
    Sql::new("delete from list_members where list_id = ")
        .bind(list)
        .push(" and account_id in ")
        .ids(accounts)
        .execute(conn)?;
    Ok(())
}

/// Takes somebody out of all lists of `owner`.
pub fn remove_from_all(conn: &mut Conn, owner: Id<Account>, account: Id<Account>) -> Result<()> {
    Sql::new("delete from list_members where account_id = ")
        .bind(account)
        .with(" and list_id in (select l.id from lists l where l.account_id = ", owner)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Newest home entries that are looked at when a list becomes exclusive.
const LOOKED_AT: i64 = 5_000;

/// Takes the posts and boosts of the members of a list out of its owner's home timeline.
pub fn clear_from_home(conn: &mut Conn, owner: Id<Account>, list: Id<List>) -> Result<()> {
    Sql::new("delete from home_entries where account_id = ")
        .bind(owner)
        .with(" and post_id in (select p.id from (select h.post_id from home_entries h where h.account_id = ", owner)
        .with(" order by h.post_id desc limit ", LOOKED_AT)
        .with(
            ") x join posts p on p.id = x.post_id where p.account_id in \
             (select m.account_id from list_members m where m.list_id = ",
            list,
        )
        .with(") and p.account_id <> ", owner)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// The lists of `owner` that have `account` in them.
pub fn containing(conn: &mut Conn, owner: Id<Account>, account: Id<Account>) -> Result<Vec<List>> {
    Sql::new("select l.* from lists l join list_members m on m.list_id = l.id where l.account_id = ")
        .bind(owner)
        .with(" and m.account_id = ", account)
        .push(" order by l.id")
        .load(conn)
}
