//! Direct messages grouped for one reader.

use super::page::Page;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Conversation, Post},
};

/// Makes `row`'s post the newest of its conversation; answers the row's id, none when a newer one is there already.
pub fn touch(conn: &mut Conn, row: &Conversation) -> Result<Option<Id<Conversation>>> {
    let written = Sql::new(
        "insert into conversations (id, account_id, conversation_id, last_post_id, unread, hidden, participants, updated_at) values (",
    )
    .bind(row.id)
    .with(",", row.account_id)
    .with(",", row.conversation_id)
    .with(",", row.last_post_id)
    .with(",", row.unread)
    .with(",", row.hidden)
    .with(",", &row.participants)
    .with(",", row.updated_at)
    .push(
        ") on conflict (account_id, conversation_id) do update set last_post_id = excluded.last_post_id, \
         unread = excluded.unread, hidden = excluded.hidden, participants = excluded.participants, \
         updated_at = excluded.updated_at where conversations.last_post_id < excluded.last_post_id",
    )
    .execute(conn)?;
    if written == 0 {
        return Ok(None);
    }
    let id = Sql::new("select c.id from conversations c where c.account_id = ")
        .bind(row.account_id)
        .with(" and c.conversation_id = ", row.conversation_id)
        .optional_i64(conn)?;
    Ok(id.map(Id::new))
}

/// Takes a post out of the conversations it is the newest of.
pub fn step_back(conn: &mut Conn, conversation: Id<Post>, post: Id<Post>) -> Result<()> {
    let earlier: Option<i64> = Sql::new("select p.id from posts p where p.conversation_id = ")
        .bind(conversation)
        .with(" and p.visibility = 3 and p.id <> ", post)
        .push(" order by p.id desc limit 1")
        .optional_i64(conn)?;
    match earlier {
        Some(earlier) => Sql::new("update conversations set last_post_id = ").bind(earlier),
        None => Sql::new("delete from conversations"),
    }
    .with(" where conversation_id = ", conversation)
    .with(" and last_post_id = ", post)
    .execute(conn)?;
    Ok(())
}

/// A page of them, by the newest post.
pub fn page(conn: &mut Conn, owner: Id<Account>, page: &Page) -> Result<Vec<Conversation>> {
    let sql = Sql::new("select c.* from conversations c where not c.hidden and c.account_id = ").bind(owner).push(
        // What was held back is shown among the requests only.
        " and not exists (select 1 from notifications n where n.held and n.account_id = c.account_id \
         and n.post_id = c.last_post_id)",
    );
    Ok(page.arrange(page.apply(sql, "c.last_post_id").load(conn)?))
}

/// One of this reader's; `NotFound` for anybody else's.
pub fn owned(conn: &mut Conn, owner: Id<Account>, id: Id<Conversation>) -> Result<Conversation> {
    Sql::new("select c.* from conversations c where c.id = ").bind(id).with(" and c.account_id = ", owner).one(conn)
}

/// Marks as read or unread.
pub fn set_unread(conn: &mut Conn, id: Id<Conversation>, unread: bool) -> Result<()> {
    Sql::new("update conversations set unread = ").bind(unread).with(" where id = ", id).execute(conn)?;
    Ok(())
}

/// Takes it out of the list until something new is said.
pub fn set_hidden(conn: &mut Conn, id: Id<Conversation>) -> Result<()> {
    Sql::new("update conversations set hidden = ").bind(true).with(" where id = ", id).execute(conn)?;
    Ok(())
}
