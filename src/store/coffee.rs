//! Who is in when pairs for a coffee are made, and which pairs there were.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Post},
};
use diesel::sql_types::{BigInt, Nullable, Text};

/// Somebody who is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taker {
    /// Their account here.
    pub account: Id<Account>,
    /// Their actor id.
    pub uri: String,
    /// The domain of their node; empty for this one.
    pub domain: String,
}

/// Listed people of this node and of these who are in, by their actor ids.
pub fn takers(conn: &mut Conn, domains: &[String], most: i64) -> Result<Vec<Taker>> {
    let rows = Sql::new(
        "select a.id, a.uri, a.domain from expertise e join accounts a on a.id = e.account_id where e.coffee \
         and e.listed = 0 and e.left_on is null and a.kind = 0 and a.left_on is null and a.deleted_at is null \
         and a.suspended_at is null and not a.suspended_by_origin and a.moved_to_id is null and (a.domain is null \
         or a.domain in ",
    )
    .texts(domains)
    .with(") order by a.uri limit ", most)
    .load_as::<(BigInt, Text, Nullable<Text>), (i64, String, Option<String>)>(conn)?;
    let taker = |(id, uri, domain): (i64, String, Option<String>)| Taker {
        account: Id::new(id),
        uri,
        domain: domain.unwrap_or_default(),
    };
    Ok(rows.into_iter().map(taker).collect())
}

/// Whether anybody of this node is in, listed or not.
pub fn is_anybody_in(conn: &mut Conn) -> Result<bool> {
    Sql::new("select e.account_id from expertise e join accounts a on a.id = e.account_id where e.coffee and a.domain is null limit 1")
        .exists(conn)
}

/// A pair of a week; actor ids in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Which week.
    pub week: i64,
    /// The smaller one.
    pub a: String,
    /// The larger one.
    pub b: String,
    /// Both were told.
    pub told: bool,
}

/// The pairs since a week, that one with them.
pub fn since(conn: &mut Conn, week: i64) -> Result<Vec<Pair>> {
    type Types = (BigInt, Text, Text, Nullable<BigInt>);
    let rows = Sql::new("select c.week, c.a, c.b, c.letter_id from coffee_pairs c where c.week >= ")
        .bind(week)
        .load_as::<Types, (i64, String, String, Option<i64>)>(conn)?;
    Ok(rows.into_iter().map(|(week, a, b, letter)| Pair { week, a, b, told: letter.is_some() }).collect())
}

/// Writes a pair; one that is known stays, and gets its letter when it has none.
pub fn insert(conn: &mut Conn, week: i64, a: &str, b: &str, letter: Option<Id<Post>>) -> Result<()> {
    Sql::new("insert into coffee_pairs (week, a, b, letter_id) values (")
        .bind(week)
        .with(",", a)
        .with(",", b)
        .with(",", letter)
        .push(
            ") on conflict (week, a, b) do update set letter_id = coalesce(coffee_pairs.letter_id, excluded.letter_id)",
        )
        .execute(conn)?;
    Ok(())
}

/// Forgets the pairs before a week.
pub fn sweep(conn: &mut Conn, week: i64) -> Result<()> {
    Sql::new("delete from coffee_pairs where week < ").bind(week).execute(conn)?;
    Ok(())
}

/// Whether a post is the letter of a pair.
pub fn is_letter(conn: &mut Conn, post: Id<Post>) -> Result<bool> {
    Sql::new("select c.week from coffee_pairs c where c.letter_id is not null and c.letter_id = ")
        .bind(post)
        .exists(conn)
}

/// Whether somebody was told of another pair in the week of this letter.
pub fn has_another(conn: &mut Conn, letter: Id<Post>, uri: &str) -> Result<bool> {
    Sql::new(
        "select o.week from coffee_pairs o join coffee_pairs c on c.week = o.week where o.letter_id is not null \
         and o.letter_id <> c.letter_id and c.letter_id = ",
    )
    .bind(letter)
    .with(" and (o.a = ", uri)
    .with(" or o.b = ", uri)
    .push(")")
    .exists(conn)
}
