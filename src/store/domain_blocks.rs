//! Domains that people do not want to read anything from (PRV-12).

use super::page::Page;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Follow},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Text};

/// A page of the domains `owner` blocks, newest first: the row's id and the domain.
pub fn page(conn: &mut Conn, owner: Id<Account>, page: &Page) -> Result<Vec<(i64, String)>> {
    let sql = Sql::new("select b.id, b.domain from account_domain_blocks b where b.account_id = ").bind(owner);
    Ok(page.arrange(page.apply(sql, "b.id").load_as::<(BigInt, Text), (i64, String)>(conn)?))
}

/// All domains `owner` blocks.
pub fn all(conn: &mut Conn, owner: Id<Account>) -> Result<Vec<String>> {
    Sql::new("select b.domain from account_domain_blocks b where b.account_id = ").bind(owner).load_texts(conn)
}

/// How many there are.
pub fn count(conn: &mut Conn, owner: Id<Account>) -> Result<i64> {
    Sql::new("select count(*) from account_domain_blocks b where b.account_id = ").bind(owner).scalar_i64(conn)
}

/// Whether `owner` blocks this domain.
pub fn is_there(conn: &mut Conn, owner: Id<Account>, domain: &str) -> Result<bool> {
    Sql::new("select b.id from account_domain_blocks b where b.account_id = ")
        .bind(owner)
        .with(" and b.domain = ", domain)
        .exists(conn)
}

/// Writes one; already there is fine.
pub fn insert<T>(conn: &mut Conn, id: Id<T>, owner: Id<Account>, domain: &str, now: Timestamp) -> Result<()> {
    Sql::new("insert into account_domain_blocks (id, account_id, domain, created_at) values (")
        .bind(id)
        .with(",", owner)
        .with(",", domain)
        .with(",", now)
        .push(") on conflict (account_id, domain) do nothing")
        .execute(conn)?;
    Ok(())
}

/// Lifts one; none there is fine.
pub fn delete(conn: &mut Conn, owner: Id<Account>, domain: &str) -> Result<()> {
    Sql::new("delete from account_domain_blocks where account_id = ")
        .bind(owner)
        .with(" and domain = ", domain)
        .execute(conn)?;
    Ok(())
}

/// Follows and requests between `owner` and accounts of the domain, both ways.
pub fn follows_with(conn: &mut Conn, owner: Id<Account>, domain: &str, most: i64) -> Result<Vec<Follow>> {
    let mut found: Vec<Follow> =
        Sql::new("select f.* from follows f join accounts a on a.id = f.target_id where f.account_id = ")
            .bind(owner)
            .with(" and a.domain = ", domain)
            .with(" order by f.id limit ", most)
            .load(conn)?;
    let room = most.saturating_sub(found.len() as i64);
    found.extend(
        Sql::new("select f.* from follows f join accounts a on a.id = f.account_id where f.target_id = ")
            .bind(owner)
            .with(" and a.domain = ", domain)
            .with(" order by f.id limit ", room)
            .load::<Follow>(conn)?,
    );
    Ok(found)
}

/// How many people of the domain `owner` follows, and how many follow them.
pub fn count_follows(conn: &mut Conn, owner: Id<Account>, domain: &str) -> Result<(i64, i64)> {
    let following = Sql::new(
        "select count(*) from follows f join accounts a on a.id = f.target_id where f.state = 1 and f.account_id = ",
    );
    let followers = Sql::new(
        "select count(*) from follows f join accounts a on a.id = f.account_id where f.state = 1 and f.target_id = ",
    );
    let mut count = |sql: Sql| sql.bind(owner).with(" and a.domain = ", domain).scalar_i64(conn);
    Ok((count(following)?, count(followers)?))
}

/// Removes what accounts of the domain caused for `owner`.
pub fn remove_notifications(conn: &mut Conn, owner: Id<Account>, domain: &str) -> Result<()> {
    Sql::new("delete from notifications where account_id = ")
        .bind(owner)
        .with(" and from_account_id in (select a.id from accounts a where a.domain = ", domain)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Those of `people` who block `author`, or the domain the author is of.
pub fn averse(conn: &mut Conn, author: Id<Account>, people: &[Id<Account>]) -> Result<Vec<Id<Account>>> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select b.account_id from blocks b where b.target_id = ")
        .bind(author)
        .push(" and b.account_id in ")
        .ids(people)
        .with(
            " union select d.account_id from account_domain_blocks d join accounts x on x.domain = d.domain where x.id = ",
            author,
        )
        .push(" and d.account_id in ")
        .ids(people)
        .load_ids(conn)
}
