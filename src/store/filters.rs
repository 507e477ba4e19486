//! Filters of a person, their words and posts. Every lookup names the owner (PRV-14).

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Filter, FilterKeyword, FilterPost},
};

/// All filters of a person, expired ones too.
pub fn all(conn: &mut Conn, owner: Id<Account>) -> Result<Vec<Filter>> {
    Sql::new("select f.* from filters f where f.account_id = ").bind(owner).push(" order by f.id").load(conn)
}

/// How many filters a person has.
pub fn count(conn: &mut Conn, owner: Id<Account>) -> Result<i64> {
    Sql::new("select count(*) from filters f where f.account_id = ").bind(owner).scalar_i64(conn)
}

/// One filter of this owner.
pub fn owned(conn: &mut Conn, owner: Id<Account>, id: Id<Filter>) -> Result<Filter> {
    Sql::new("select f.* from filters f where f.id = ").bind(id).with(" and f.account_id = ", owner).one(conn)
}

/// One word of a filter of this owner.
pub fn owned_keyword(conn: &mut Conn, owner: Id<Account>, id: Id<FilterKeyword>) -> Result<FilterKeyword> {
    Sql::new("select k.* from filter_keywords k join filters f on f.id = k.filter_id where k.id = ")
        .bind(id)
        .with(" and f.account_id = ", owner)
        .one(conn)
}

/// One post of a filter of this owner.
pub fn owned_post(conn: &mut Conn, owner: Id<Account>, id: Id<FilterPost>) -> Result<FilterPost> {
    Sql::new("select k.* from filter_posts k join filters f on f.id = k.filter_id where k.id = ")
        .bind(id)
        .with(" and f.account_id = ", owner)
        .one(conn)
}

/// Writes a new filter.
pub fn insert(conn: &mut Conn, filter: &Filter) -> Result<()> {
    Sql::new("insert into filters (id, account_id, title, contexts, action, expires_at, created_at) values (")
        .bind(filter.id)
        .with(",", filter.account_id)
        .with(",", filter.title.as_str())
        .with(",", filter.contexts)
        .with(",", filter.action)
        .with(",", filter.expires_at)
        .with(",", filter.created_at)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Changes a filter.
pub fn update(conn: &mut Conn, filter: &Filter) -> Result<()> {
    Sql::new("update filters set title = ")
        .bind(filter.title.as_str())
        .with(", contexts = ", filter.contexts)
        .with(", action = ", filter.action)
        .with(", expires_at = ", filter.expires_at)
        .with(" where id = ", filter.id)
        .execute(conn)?;
    Ok(())
}

/// Removes a filter with its words and posts.
pub fn delete(conn: &mut Conn, id: Id<Filter>) -> Result<()> {
    Sql::new("delete from filter_keywords where filter_id = ").bind(id).execute(conn)?;
    Sql::new("delete from filter_posts where filter_id = ").bind(id).execute(conn)?;
    Sql::new("delete from filters where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Words of one filter.
pub fn keywords(conn: &mut Conn, filter: Id<Filter>) -> Result<Vec<FilterKeyword>> {
    super::views::filter_keywords(conn, &[filter])
}

/// How many words all filters of a person have together.
pub fn count_keywords(conn: &mut Conn, owner: Id<Account>) -> Result<i64> {
    Sql::new("select count(*) from filter_keywords k join filters f on f.id = k.filter_id where f.account_id = ")
        .bind(owner)
        .scalar_i64(conn)
}

/// Writes a new word.
pub fn insert_keyword(conn: &mut Conn, keyword: &FilterKeyword) -> Result<()> {
    Sql::new("insert into filter_keywords (id, filter_id, keyword, whole_word) values (")
        .bind(keyword.id)
        .with(",", keyword.filter_id)
        .with(",", keyword.keyword.as_str())
        .with(",", keyword.whole_word)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Changes a word.
pub fn update_keyword(conn: &mut Conn, keyword: &FilterKeyword) -> Result<()> {
    Sql::new("update filter_keywords set keyword = ")
        .bind(keyword.keyword.as_str())
        .with(", whole_word = ", keyword.whole_word)
        .with(" where id = ", keyword.id)
        .execute(conn)?;
    Ok(())
}

/// Removes a word.
pub fn delete_keyword(conn: &mut Conn, id: Id<FilterKeyword>) -> Result<()> {
    Sql::new("delete from filter_keywords where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Posts of one filter.
pub fn posts(conn: &mut Conn, filter: Id<Filter>) -> Result<Vec<FilterPost>> {
    super::views::filter_posts(conn, &[filter])
}

/// Adds a post; already there is fine.
pub fn insert_post(conn: &mut Conn, row: &FilterPost) -> Result<()> {
    Sql::new("insert into filter_posts (id, filter_id, post_id) values (")
        .bind(row.id)
        .with(",", row.filter_id)
        .with(",", row.post_id)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Takes a post out.
pub fn delete_post(conn: &mut Conn, id: Id<FilterPost>) -> Result<()> {
    Sql::new("delete from filter_posts where id = ").bind(id).execute(conn)?;
    Ok(())
}
