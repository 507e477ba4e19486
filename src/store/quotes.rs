//! Which post quotes which, and whether its author agrees.

use super::page::Page;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Post, Quote, QuoteState, schema},
    on_backend,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Integer},
};

const SELECT: &str = "select q.* from quotes q where ";

/// What a post quotes.
pub fn find(conn: &mut Conn, post: Id<Post>) -> Result<Option<Quote>> {
    Sql::new(SELECT).with("q.post_id = ", post).optional(conn)
}

/// What several posts quote, in no order.
pub fn of_posts(conn: &mut Conn, posts: &[Id<Post>]) -> Result<Vec<Quote>> {
    if posts.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new(SELECT).push("q.post_id in ").ids(posts).load(conn)
}

/// The quote that is asked for by this request.
pub fn by_request(conn: &mut Conn, uri: &str) -> Result<Option<Quote>> {
    Sql::new(SELECT).with("q.request_uri = ", uri).optional(conn)
}

/// Quotes that name this authorisation.
pub fn by_stamp(conn: &mut Conn, uri: &str, most: i64) -> Result<Vec<Quote>> {
    Sql::new(SELECT).with("q.stamp_uri = ", uri).with(" order by q.post_id limit ", most).load(conn)
}

/// Quotes of a post that was not known here.
pub fn waiting(conn: &mut Conn, uri: &str, most: i64) -> Result<Vec<Quote>> {
    Sql::new(SELECT)
        .with("q.quoted_id is null and q.quoted_uri = ", uri)
        .with(" and q.state = ", QuoteState::Pending)
        .with(" order by q.post_id limit ", most)
        .load(conn)
}

/// Writes a row.
pub fn insert(conn: &mut Conn, quote: &Quote) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::quotes::table).values(quote).execute(c))?;
    Ok(())
}

/// Writes all that may change of a row.
pub fn save(conn: &mut Conn, quote: &Quote) -> Result<()> {
    Sql::new("update quotes set quoted_uri = ")
        .bind(&quote.quoted_uri)
        .with(", quoted_id = ", quote.quoted_id)
        .with(", quoted_account_id = ", quote.quoted_account_id)
        .with(", state = ", quote.state)
        .with(", request_uri = ", quote.request_uri.as_deref())
        .with(", stamp_uri = ", quote.stamp_uri.as_deref())
        .with(", counted = ", quote.counted)
        .with(" where post_id = ", quote.post_id)
        .execute(conn)?;
    Ok(())
}

/// A post quotes nothing any more.
pub fn delete(conn: &mut Conn, post: Id<Post>) -> Result<()> {
    Sql::new("delete from quotes where post_id = ").bind(post).execute(conn)?;
    Ok(())
}

/// A quoted post goes: what stood or waited is a quote of something that was deleted.
pub fn end_all_of(conn: &mut Conn, quoted: Id<Post>) -> Result<()> {
    Sql::new("update quotes set state = ")
        .bind(QuoteState::Deleted)
        .with(", quoted_id = null, counted = ", false)
        .with(" where quoted_id = ", quoted)
        .with(" and state in (", QuoteState::Pending)
        .with(",", QuoteState::Accepted)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Adds to the count of quotes of a post (never below zero).
pub fn count(conn: &mut Conn, quoted: Id<Post>, by: i64) -> Result<()> {
    Sql::new("update posts set quotes_count = case when quotes_count + ")
        .bind(by)
        .with(" < 0 then 0 else quotes_count + ", by)
        .with(" end where id = ", quoted)
        .execute(conn)?;
    Ok(())
}

/// Says who may quote a post.
pub fn set_policy(conn: &mut Conn, post: Id<Post>, bits: i16) -> Result<()> {
    Sql::new("update posts set quote_policy = ").bind(bits).with(" where id = ", post).execute(conn)?;
    Ok(())
}

/// Posts that quote this one with consent. `which` is a condition on `posts p`.
pub fn quoting(conn: &mut Conn, quoted: Id<Post>, which: Sql, page: &Page) -> Result<Vec<Post>> {
    let sql = Sql::new("select p.* from quotes q join posts p on p.id = q.post_id where q.quoted_id = ")
        .bind(quoted)
        .with(" and q.state = ", QuoteState::Accepted)
        .push(" and ")
        .append(which);
    Ok(page.arrange(page.apply(sql, "q.post_id").load(conn)?))
}

/// Posts of people of this node that quote this one with consent, and whose they are.
pub fn local_quoting(conn: &mut Conn, quoted: Id<Post>, most: i64) -> Result<Vec<(Id<Post>, Id<Account>)>> {
    let rows =
        Sql::new("select p.id, p.account_id from quotes q join posts p on p.id = q.post_id where q.quoted_id = ")
            .bind(quoted)
            .with(" and q.state = ", QuoteState::Accepted)
            .with(" and p.local = ", true)
            .with(" order by p.id limit ", most)
            .load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    Ok(rows.into_iter().map(|(post, account)| (Id::new(post), Id::new(account))).collect())
}

/// Whom of some accounts somebody follows, and who of them follows back.
pub type Relations = (Vec<Id<Account>>, Vec<Id<Account>>);

/// Of `authors` those whom `me` follows, and those who follow `me`.
pub fn relations(conn: &mut Conn, me: Id<Account>, authors: &[Id<Account>]) -> Result<Relations> {
    if authors.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let rows = Sql::new("select 0, f.target_id from follows f where f.state = 1 and f.account_id = ")
        .bind(me)
        .push(" and f.target_id in ")
        .ids(authors)
        .with(" union all select 1, f.account_id from follows f where f.state = 1 and f.target_id = ", me)
        .push(" and f.account_id in ")
        .ids(authors)
        .load_as::<(Integer, BigInt), (i32, i64)>(conn)?;
    let of = |kind| rows.iter().filter(|(k, _)| *k == kind).map(|(_, id)| Id::new(*id)).collect();
    Ok((of(0), of(1)))
}
