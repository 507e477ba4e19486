//! What the documents for other servers are made of, read in batches: a page of posts costs the same few queries as one.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Audience, Favourite, Media, Poll, PollOption, Post, Report, Visibility},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Text};

/// Names of the hashtags of these posts.
pub fn tags(conn: &mut Conn, posts: &[Id<Post>]) -> Result<Vec<(i64, String)>> {
    Sql::new("select p.post_id, t.name from post_tags p join tags t on t.id = p.tag_id where p.post_id in ")
        .ids(posts)
        .push(" order by t.name")
        .load_as::<(BigInt, Text), (i64, String)>(conn)
}

/// Attachments by id.
pub fn media(conn: &mut Conn, ids: &[Id<Media>]) -> Result<Vec<Media>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select m.* from media m where m.id in ").ids(ids).load(conn)
}

/// A poll by id.
pub fn poll(conn: &mut Conn, id: Id<Poll>) -> Result<Option<Poll>> {
    Sql::new("select p.* from polls p where p.id = ").bind(id).optional(conn)
}

/// Options of a poll, in order.
pub fn poll_options(conn: &mut Conn, id: Id<Poll>) -> Result<Vec<PollOption>> {
    Sql::new("select o.* from poll_options o where o.poll_id = ").bind(id).push(" order by o.position").load(conn)
}

/// What somebody chose in a poll: positions.
pub fn choices(conn: &mut Conn, poll: Id<Poll>, account: Id<Account>, since: Timestamp) -> Result<Vec<i64>> {
    Sql::new("select cast(v.choice as bigint) from poll_votes v where v.poll_id = ")
        .bind(poll)
        .with(" and v.account_id = ", account)
        .with(" and v.created_at >= ", since)
        .push(" order by v.choice")
        .load_as::<BigInt, i64>(conn)
}

/// Posts by id, in no order.
pub fn posts(conn: &mut Conn, ids: &[Id<Post>]) -> Result<Vec<Post>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select p.* from posts p where p.id in ").ids(ids).load(conn)
}

/// A post by id.
pub fn post(conn: &mut Conn, id: Id<Post>) -> Result<Option<Post>> {
    Sql::new("select p.* from posts p where p.id = ").bind(id).optional(conn)
}

/// Ids and object ids of posts.
pub fn post_uris(conn: &mut Conn, ids: &[Id<Post>]) -> Result<Vec<(i64, String)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select p.id, p.uri from posts p where p.id in ").ids(ids).load_as::<(BigInt, Text), (i64, String)>(conn)
}

/// Public and unlisted posts and boosts of an account below `before`, newest first (OUT-13), for a reader who belongs to
/// `audience`.
pub fn outbox(
    conn: &mut Conn,
    account: Id<Account>,
    audience: Audience,
    before: Option<Id<Post>>,
    most: i64,
) -> Result<Vec<Post>> {
    let mut sql = Sql::new("select p.* from posts p where p.account_id = ")
        .bind(account)
        .with(" and p.audience >= ", audience)
        .with(" and p.visibility <= ", Visibility::Unlisted);
    if let Some(before) = before {
        sql = sql.with(" and p.id < ", before);
    }
    sql.with(" order by p.id desc limit ", most).load(conn)
}

/// How many posts and boosts the outbox shows to a reader who belongs to `audience`.
pub fn outbox_size(conn: &mut Conn, account: Id<Account>, audience: Audience) -> Result<i64> {
    Sql::new("select count(*) from posts p where p.account_id = ")
        .bind(account)
        .with(" and p.audience >= ", audience)
        .with(" and p.visibility <= ", Visibility::Unlisted)
        .scalar_i64(conn)
}

/// Object ids of the public and unlisted pinned posts, newest pin first (DISC-14).
pub fn pinned(conn: &mut Conn, account: Id<Account>) -> Result<Vec<Post>> {
    Sql::new("select p.* from pins n join posts p on p.id = n.post_id where n.account_id = ")
        .bind(account)
        .with(" and p.visibility <= ", Visibility::Unlisted)
        .push(" order by n.id desc limit 20")
        .load(conn)
}

/// Names of featured hashtags.
pub fn featured_tags(conn: &mut Conn, account: Id<Account>) -> Result<Vec<String>> {
    Sql::new("select t.name from featured_tags f join tags t on t.id = f.tag_id where f.account_id = ")
        .bind(account)
        .push(" order by t.name")
        .load_texts(conn)
}

/// A page of followers (or of those followed) below a follow's id: the follow's id and the actor id, newest first.
pub fn follows(
    conn: &mut Conn,
    account: Id<Account>,
    followers: bool,
    before: Option<i64>,
    most: i64,
) -> Result<Vec<(i64, String)>> {
    let (own, other) = if followers { ("target_id", "account_id") } else { ("account_id", "target_id") };
    let mut sql = Sql::new(format!(
        "select f.id, a.uri from follows f join accounts a on a.id = f.{other} where f.state = 1 and not exists \
         (select 1 from projects np where np.id = a.id and np.audience = 0) and f.{own} = "
    ))
    .bind(account);
    if let Some(before) = before {
        sql = sql.with(" and f.id < ", before);
    }
    sql.with(" order by f.id desc limit ", most).load_as::<(BigInt, Text), (i64, String)>(conn)
}

/// A page of replies to a post that everybody who belongs to `audience` may see, after a reply's id: the author's own
/// first, then the others, each oldest first (OUT-12).
pub fn replies(
    conn: &mut Conn,
    post: &Post,
    audience: Audience,
    own: bool,
    after: i64,
    most: i64,
) -> Result<Vec<(i64, String)>> {
    Sql::new("select p.id, p.uri from posts p where p.in_reply_to_id = ")
        .bind(post.id)
        .with(" and p.audience >= ", audience)
        .with(" and p.visibility <= ", Visibility::Unlisted)
        .push(if own { " and p.account_id = " } else { " and p.account_id <> " })
        .bind(post.account_id)
        .with(" and p.id > ", after)
        .with(" order by p.id limit ", most)
        .load_as::<(BigInt, Text), (i64, String)>(conn)
}

/// A page of a thread, oldest first, after a post's id: what everybody who belongs to `audience` may see of it (THR-06).
pub fn thread(
    conn: &mut Conn,
    root: Id<Post>,
    audience: Audience,
    after: i64,
    most: i64,
) -> Result<Vec<(i64, String)>> {
    open_thread("select p.id, p.uri", root, audience)
        .with(" and p.id > ", after)
        .with(" order by p.id limit ", most)
        .load_as::<(BigInt, Text), (i64, String)>(conn)
}

/// How many posts [`thread`] has.
pub fn thread_size(conn: &mut Conn, root: Id<Post>, audience: Audience) -> Result<i64> {
    open_thread("select count(*)", root, audience).scalar_i64(conn)
}

fn open_thread(what: &'static str, root: Id<Post>, audience: Audience) -> Sql {
    Sql::new(what)
        .with(" from posts p where p.boost_of_id is null and p.conversation_id = ", root)
        .with(" and p.audience >= ", audience)
        .with(" and p.visibility <= ", Visibility::Unlisted)
}

/// Whether there is a tombstone for this id (OUT-09) that a reader who belongs to `audience` is shown.
pub fn is_tombstoned(conn: &mut Conn, uri: &str, audience: Audience) -> Result<bool> {
    Sql::new("select t.created_at from tombstones t where t.uri = ")
        .bind(uri)
        .with(" and t.audience >= ", audience)
        .exists(conn)
}

/// What NodeInfo counts: local accounts, those seen since either date (as the client API counts them), and local posts that
/// are for everybody.
pub fn usage(conn: &mut Conn, month: crate::time::Timestamp, half_year: crate::time::Timestamp) -> Result<[i64; 4]> {
    let people = "select count(*) from users u join accounts a on a.id = u.account_id where a.deleted_at is null \
                  and u.approved_at is not null";
    let users = Sql::new(people).scalar_i64(conn)?;
    let active = |conn: &mut Conn, since| Sql::new(people).with(" and u.last_active_at >= ", since).scalar_i64(conn);
    Ok([
        users,
        active(conn, month)?,
        active(conn, half_year)?,
        Sql::new("select coalesce(cast(sum(a.open_posts_count) as bigint), 0) from accounts a where a.domain is null")
            .scalar_i64(conn)?,
    ])
}

/// A favourite by id.
pub fn favourite(conn: &mut Conn, id: Id<Favourite>) -> Result<Option<Favourite>> {
    Sql::new("select f.* from favourites f where f.id = ").bind(id).optional(conn)
}

/// A favourite by the id of its Like.
pub fn favourite_by_uri(conn: &mut Conn, uri: &str) -> Result<Option<Favourite>> {
    Sql::new("select f.* from favourites f where f.uri = ").bind(uri).optional(conn)
}

/// A report by id.
pub fn report(conn: &mut Conn, id: Id<Report>) -> Result<Option<Report>> {
    Sql::new("select r.* from reports r where r.id = ").bind(id).optional(conn)
}
