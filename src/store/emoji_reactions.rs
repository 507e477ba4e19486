//! Emoji reactions to posts.

use super::relations::AVAILABLE;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, EmojiReaction, Post},
};
use diesel::sql_types::{BigInt, Nullable, Text};

/// One emoji under a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The post.
    pub post: Id<Post>,
    /// The emoji, or the shortcode of a custom one.
    pub name: String,
    /// The server of the custom one; empty for this node.
    pub domain: String,
    /// The picture of a custom one.
    pub url: Option<String>,
    /// How many.
    pub count: i64,
    /// Whoever looks is among them.
    pub mine: bool,
}

/// By id.
pub fn load(conn: &mut Conn, id: Id<EmojiReaction>) -> Result<EmojiReaction> {
    Sql::new("select r.* from emoji_reactions r where r.id = ").bind(id).one(conn)
}

/// By the id of its activity.
pub fn find_by_uri(conn: &mut Conn, uri: &str) -> Result<Option<EmojiReaction>> {
    Sql::new("select r.* from emoji_reactions r where r.uri = ").bind(uri).optional(conn)
}

/// All of somebody to a post, oldest first.
pub fn of(conn: &mut Conn, post: Id<Post>, account: Id<Account>) -> Result<Vec<EmojiReaction>> {
    Sql::new("select r.* from emoji_reactions r where r.post_id = ")
        .bind(post)
        .with(" and r.account_id = ", account)
        .push(" order by r.id")
        .load(conn)
}

/// Writes one; false when it is there.
pub fn insert(conn: &mut Conn, row: &EmojiReaction) -> Result<bool> {
    let written = Sql::new(
        "insert into emoji_reactions (id, account_id, post_id, name, domain, url, uri, is_like, created_at) values (",
    )
    .bind(row.id)
    .with(",", row.account_id)
    .with(",", row.post_id)
    .with(",", &row.name)
    .with(",", &row.domain)
    .with(",", row.url.as_deref())
    .with(",", row.uri.as_deref())
    .with(",", row.is_like)
    .with(",", row.created_at)
    .push(") on conflict (post_id, account_id, name, domain) do nothing")
    .execute(conn)?;
    Ok(written > 0)
}

/// Removes one.
pub fn delete(conn: &mut Conn, id: Id<EmojiReaction>) -> Result<()> {
    Sql::new("delete from emoji_reactions where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// What people think of these posts, of each in the order in which the emoji first came.
pub fn kinds(conn: &mut Conn, viewer: Option<Id<Account>>, posts: &[Id<Post>]) -> Result<Vec<Kind>> {
    let rows = Sql::new("select r.post_id, r.name, r.domain, min(r.url), count(*), count(case when r.account_id = ")
        .bind(viewer.map_or(0, Id::raw))
        .push(" then 1 end) from emoji_reactions r join accounts a on a.id = r.account_id where r.post_id in ")
        .ids(posts)
        .push(AVAILABLE)
        .push(" group by r.post_id, r.name, r.domain order by min(r.id)")
        .load_as::<(BigInt, Text, Text, Nullable<Text>, BigInt, BigInt), (
            i64,
            String,
            String,
            Option<String>,
            i64,
            i64,
        )>(conn)?;
    Ok(rows
        .into_iter()
        .map(|(post, name, domain, url, count, mine)| Kind {
            post: Id::new(post),
            name,
            domain,
            url,
            count,
            mine: mine > 0,
        })
        .collect())
}

/// Who reacted to a post, by emoji, those who did first in front.
pub fn people(conn: &mut Conn, post: Id<Post>, most: i64) -> Result<Vec<(String, String, Id<Account>)>> {
    let rows = Sql::new(
        "select r.name, r.domain, r.account_id from emoji_reactions r join accounts a on a.id = r.account_id \
         where r.post_id = ",
    )
    .bind(post)
    .push(AVAILABLE)
    .with(" order by r.id limit ", most)
    .load_as::<(Text, Text, BigInt), (String, String, i64)>(conn)?;
    Ok(rows.into_iter().map(|(name, domain, account)| (name, domain, Id::new(account))).collect())
}
