//! Rows of timelines, one page at a time, from an index each.

use super::page::Page;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Audience, Card, List, Post, Tag, Visibility},
};

/// The home timeline of an account.
pub fn home(conn: &mut Conn, owner: Id<Account>, page: &Page) -> Result<Vec<Post>> {
    let sql =
        Sql::new("select p.* from home_entries h join posts p on p.id = h.post_id where h.account_id = ").bind(owner);
    Ok(page.arrange(page.apply(sql, "h.post_id").load(conn)?))
}

/// Which half of the public timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Half {
    /// Both.
    #[default]
    All,
    /// Posts of this node.
    Local,
    /// Posts of others.
    Remote,
}

/// The public timeline, for somebody who belongs to `audience`.
pub fn public(conn: &mut Conn, audience: Audience, half: Half, only_media: bool, page: &Page) -> Result<Vec<Post>> {
    // What is for everybody has an index of its own: among many posts that stay inside there may be few of those.
    let mut sql = Sql::new(match (audience, half) {
        (Audience::Open, Half::All) => "select p.* from posts p where p.listing > 0 and p.audience = 2",
        (Audience::Open, Half::Local) => {
            "select p.* from posts p where p.listing > 0 and p.audience = 2 and p.listing = 2"
        }
        (Audience::Open, Half::Remote) => {
            "select p.* from posts p where p.listing > 0 and p.audience = 2 and p.listing = 1"
        }
        (_, Half::All) => "select p.* from posts p where p.listing > 0",
        (_, Half::Local) => "select p.* from posts p where p.listing = 2",
        (_, Half::Remote) => "select p.* from posts p where p.listing > 0 and p.listing = 1",
    });
    if only_media {
        sql = sql.push(" and p.media_ids <> '[]'");
    }
    Ok(page.arrange(page.apply(sql, "p.id").load(conn)?))
}

/// Limited accounts do not stand where everybody reads.
const UNLIMITED: &str =
    " and not exists (select 1 from accounts la where la.id = p.account_id and la.silenced_at is not null)";

/// Which posts of a tag timeline.
#[derive(Clone, Debug, Default)]
pub struct TagQuery {
    /// At least one of these.
    pub any: Vec<Id<Tag>>,
    /// Each of these.
    pub all: Vec<Id<Tag>>,
    /// None of these.
    pub none: Vec<Id<Tag>>,
    /// Local, remote or both.
    pub half: Half,
    /// With attachments.
    pub only_media: bool,
}

/// Public posts with hashtags, for somebody who belongs to `audience`.
pub fn tagged(conn: &mut Conn, audience: Audience, query: &TagQuery, page: &Page) -> Result<Vec<Post>> {
    let mut sql = match query.any.as_slice() {
        [one] => Sql::new("select p.* from post_tags t join posts p on p.id = t.post_id where t.tag_id = ").bind(*one),
        many => Sql::new("select p.* from posts p where p.id in (select t.post_id from post_tags t where t.tag_id in ")
            .ids(many)
            .push(")"),
    };
    sql = sql.push(" and p.visibility = 0 and p.boost_of_id is null").push(UNLIMITED);
    if audience == Audience::Open {
        sql = sql.push(" and p.audience = 2");
    }
    for tag in &query.all {
        sql = sql.with(" and exists (select 1 from post_tags x where x.post_id = p.id and x.tag_id = ", *tag).push(")");
    }
    if !query.none.is_empty() {
        sql = sql
            .push(" and not exists (select 1 from post_tags x where x.post_id = p.id and x.tag_id in ")
            .ids(&query.none)
            .push(")");
    }
    match query.half {
        Half::All => {}
        Half::Local => sql = sql.push(" and p.local"),
        Half::Remote => sql = sql.push(" and not p.local"),
    }
    if query.only_media {
        sql = sql.push(" and p.media_ids <> '[]'");
    }
    let column = if query.any.len() == 1 { "t.post_id" } else { "p.id" };
    Ok(page.arrange(page.apply(sql, column).load(conn)?))
}

/// Public posts with one of these cards, for somebody who belongs to `audience`.
pub fn linking(conn: &mut Conn, audience: Audience, cards: &[Id<Card>], page: &Page) -> Result<Vec<Post>> {
    let mut sql = Sql::new("select p.* from post_cards k join posts p on p.id = k.post_id where k.card_id in ")
        .ids(cards)
        .push(" and p.visibility = 0 and p.boost_of_id is null")
        .push(UNLIMITED);
    if audience == Audience::Open {
        sql = sql.push(" and p.audience = 2");
    }
    Ok(page.arrange(page.apply(sql, "k.post_id").load(conn)?))
}

/// Direct posts that somebody wrote or is addressed by, but for those held back.
pub fn direct(conn: &mut Conn, reader: Id<Account>, page: &Page) -> Result<Vec<Post>> {
    let sql = Sql::new("select p.* from posts p where p.visibility = 3 and (p.account_id = ")
        .bind(reader)
        .with(" or p.id in (select m.post_id from mentions m where m.account_id = ", reader)
        .with(
            ")) and not exists (select 1 from notifications n where n.held and n.post_id = p.id and n.account_id = ",
            reader,
        )
        .push(")");
    Ok(page.arrange(page.apply(sql, "p.id").load(conn)?))
}

/// Posts and boosts of the members of a list. `replies`: 0 to members the owner follows, 1 to members, 2 none.
pub fn list(conn: &mut Conn, list: Id<List>, owner: Id<Account>, replies: i16, page: &Page) -> Result<Vec<Post>> {
    let mut sql = Sql::new(
        "select p.* from posts p where p.visibility < 3 and p.account_id in \
         (select m.account_id from list_members m where m.list_id = ",
    )
    .bind(list)
    .push(") and (p.in_reply_to_id is null or p.in_reply_to_account_id = p.account_id");
    match replies {
        0 => {
            sql = sql
                .with(" or p.in_reply_to_account_id = ", owner)
                .with(" or exists (select 1 from follows f where f.state = 1 and f.account_id = ", owner)
                .push(" and f.target_id = p.in_reply_to_account_id)");
        }
        1 => {
            sql = sql
                .with(" or exists (select 1 from list_members m where m.list_id = ", list)
                .push(" and m.account_id = p.in_reply_to_account_id)");
        }
        _ => {}
    }
    Ok(page.arrange(page.apply(sql.push(")"), "p.id").load(conn)?))
}

/// Which posts of one author.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuthorQuery {
    /// With attachments only.
    pub only_media: bool,
    /// Without replies to others.
    pub exclude_replies: bool,
    /// Without boosts.
    pub exclude_boosts: bool,
    /// Without what was written to those it names only.
    pub exclude_direct: bool,
    /// With this hashtag only.
    pub tagged: Option<Id<Tag>>,
}

/// Posts of one author that fulfil `visible`, a condition on `posts p`.
pub fn author(
    conn: &mut Conn,
    author: Id<Account>,
    query: AuthorQuery,
    visible: Sql,
    page: &Page,
) -> Result<Vec<Post>> {
    let mut sql = Sql::new("select p.* from posts p where p.account_id = ").bind(author).push(" and ").append(visible);
    if query.only_media {
        sql = sql.push(" and p.media_ids <> '[]'");
    }
    if query.exclude_replies {
        sql = sql.push(
            " and ((p.in_reply_to_id is null and p.in_reply_to_uri is null) or p.in_reply_to_account_id = p.account_id)",
        );
    }
    if query.exclude_boosts {
        sql = sql.push(" and p.boost_of_id is null");
    }
    if query.exclude_direct {
        sql = sql.with(" and p.visibility <> ", Visibility::Direct);
    }
    if let Some(tag) = query.tagged {
        sql = sql.with(" and exists (select 1 from post_tags x where x.post_id = p.id and x.tag_id = ", tag).push(")");
    }
    Ok(page.arrange(page.apply(sql, "p.id").load(conn)?))
}

/// Pinned posts of an author, newest pin first.
pub fn pinned(conn: &mut Conn, author: Id<Account>) -> Result<Vec<Id<Post>>> {
    Sql::new("select n.post_id from pins n where n.account_id = ")
        .bind(author)
        .push(" order by n.id desc")
        .load_ids(conn)
}

/// Posts of a thread, oldest first; no boosts.
pub fn thread(conn: &mut Conn, thread: Id<Post>, most: i64) -> Result<Vec<Post>> {
    Sql::new("select p.* from posts p where p.conversation_id = ")
        .bind(thread)
        .with(" and p.boost_of_id is null order by p.id limit ", most)
        .load(conn)
}

/// Direct replies to any of `parents`, oldest first.
pub fn replies(conn: &mut Conn, parents: &[Id<Post>], most: i64) -> Result<Vec<Post>> {
    Sql::new("select p.* from posts p where p.in_reply_to_id in ")
        .ids(parents)
        .with(" order by p.id limit ", most)
        .load(conn)
}

/// Posts an account liked (`favourites`) or kept (`bookmarks`), by the row that says so: its id and the post.
pub fn kept(conn: &mut Conn, bookmarks: bool, owner: Id<Account>, page: &Page) -> Result<Vec<(i64, i64)>> {
    let sql = Sql::new(if bookmarks {
        "select k.id, k.post_id from bookmarks k where k.account_id = "
    } else {
        "select k.id, k.post_id from favourites k where k.account_id = "
    })
    .bind(owner);
    let rows =
        page.apply(sql, "k.id").load_as::<(diesel::sql_types::BigInt, diesel::sql_types::BigInt), (i64, i64)>(conn)?;
    Ok(page.arrange(rows))
}

/// Ids of hashtags by their normal names; unknown ones are left out.
pub fn tag_ids(conn: &mut Conn, names: &[String]) -> Result<Vec<Id<Tag>>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select t.id from tags t where t.name in ").texts(names).load_ids(conn)
}
