//! Favourites, bookmarks, pins and muted conversations.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Favourite, Post},
    time::Timestamp,
};

/// The favourite of somebody on a post.
pub fn find_favourite(conn: &mut Conn, post: Id<Post>, account: Id<Account>) -> Result<Option<Favourite>> {
    Sql::new("select f.* from favourites f where f.post_id = ")
        .bind(post)
        .with(" and f.account_id = ", account)
        .optional(conn)
}

/// The favourite by the id of its Like.
pub fn find_favourite_by_uri(conn: &mut Conn, uri: &str) -> Result<Option<Favourite>> {
    Sql::new("select f.* from favourites f where f.uri = ").bind(uri).optional(conn)
}

/// Writes a favourite; false when there is one.
pub fn insert_favourite(conn: &mut Conn, favourite: &Favourite) -> Result<bool> {
    let written = Sql::new("insert into favourites (id, account_id, post_id, uri, created_at, implied) values (")
        .bind(favourite.id)
        .with(",", favourite.account_id)
        .with(",", favourite.post_id)
        .with(",", favourite.uri.clone())
        .with(",", favourite.created_at)
        .with(",", favourite.implied)
        .push(") on conflict (post_id, account_id) do nothing")
        .execute(conn)?;
    Ok(written > 0)
}

/// A favourite that stood for reactions alone gets a Like with this id of its own, and a new row id by which that is known;
/// without one it stands for reactions alone from now on.
pub fn set_like(conn: &mut Conn, id: Id<Favourite>, new: Id<Favourite>, like: Option<&str>) -> Result<()> {
    Sql::new("update favourites set id = ")
        .bind(new)
        .with(", uri = ", like)
        .with(", implied = ", like.is_none())
        .with(" where id = ", id)
        .execute(conn)?;
    Ok(())
}

/// Removes a favourite.
pub fn delete_favourite(conn: &mut Conn, id: Id<Favourite>) -> Result<()> {
    Sql::new("delete from favourites where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// A private list of posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Kept for later.
    Bookmarks,
    /// Shown first on a profile.
    Pins,
}

impl Shelf {
    const fn table(self) -> &'static str {
        match self {
            Self::Bookmarks => "bookmarks",
            Self::Pins => "pins",
        }
    }
}

/// Puts a post on a shelf; false when it is there.
pub fn shelve<T>(
    conn: &mut Conn,
    shelf: Shelf,
    id: Id<T>,
    account: Id<Account>,
    post: Id<Post>,
    now: Timestamp,
) -> Result<bool> {
    let written = Sql::new(format!("insert into {} (id, account_id, post_id, created_at) values (", shelf.table()))
        .bind(id)
        .with(",", account)
        .with(",", post)
        .with(",", now)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(written > 0)
}

/// Takes a post off a shelf; false when it was not there.
pub fn unshelve(conn: &mut Conn, shelf: Shelf, account: Id<Account>, post: Id<Post>) -> Result<bool> {
    let gone = Sql::new(format!("delete from {} where account_id = ", shelf.table()))
        .bind(account)
        .with(" and post_id = ", post)
        .execute(conn)?;
    Ok(gone > 0)
}

/// Whether a post is on a shelf.
pub fn is_shelved(conn: &mut Conn, shelf: Shelf, account: Id<Account>, post: Id<Post>) -> Result<bool> {
    Sql::new(format!("select s.id from {} s where s.account_id = ", shelf.table()))
        .bind(account)
        .with(" and s.post_id = ", post)
        .exists(conn)
}

/// How many posts are on a shelf.
pub fn shelved(conn: &mut Conn, shelf: Shelf, account: Id<Account>) -> Result<i64> {
    Sql::new(format!("select count(*) from {} s where s.account_id = ", shelf.table())).bind(account).scalar_i64(conn)
}

/// Mutes a conversation: no more notifications from it.
pub fn mute_conversation<T>(
    conn: &mut Conn,
    id: Id<T>,
    account: Id<Account>,
    conversation: Id<Post>,
    now: Timestamp,
) -> Result<()> {
    Sql::new("insert into conversation_mutes (id, account_id, conversation_id, created_at) values (")
        .bind(id)
        .with(",", account)
        .with(",", conversation)
        .with(",", now)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Ends the mute of a conversation.
pub fn unmute_conversation(conn: &mut Conn, account: Id<Account>, conversation: Id<Post>) -> Result<()> {
    Sql::new("delete from conversation_mutes where account_id = ")
        .bind(account)
        .with(" and conversation_id = ", conversation)
        .execute(conn)?;
    Ok(())
}
