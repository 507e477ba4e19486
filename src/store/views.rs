//! What is read beside posts to show them: for a whole page at once, never per post.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, App, Filter, FilterKeyword, FilterPost, Media, Poll, PollOption, Post},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};

/// Posts by id, in no order.
pub fn posts(conn: &mut Conn, ids: &[Id<Post>]) -> Result<Vec<Post>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select p.* from posts p where p.id in ").ids(ids).load(conn)
}

/// One post, boosts included.
pub fn post(conn: &mut Conn, id: Id<Post>) -> Result<Post> {
    Sql::new("select p.* from posts p where p.id = ").bind(id).one(conn)
}

/// Somebody a post mentions, as far as it is shown.
#[derive(Clone, Debug)]
pub struct Mentioned {
    pub post_id: Id<Post>,
    pub id: Id<Account>,
    pub username: String,
    pub domain: Option<String>,
    pub uri: String,
    pub url: Option<String>,
}

type MentionTypes = (BigInt, BigInt, Text, Nullable<Text>, Text, Nullable<Text>);
type MentionRow = (i64, i64, String, Option<String>, String, Option<String>);

/// Who the posts mention (not those who are only addressed), in the order of their ids.
pub fn mentions(conn: &mut Conn, posts: &[Id<Post>]) -> Result<Vec<Mentioned>> {
    let rows = Sql::new(
        "select m.post_id, a.id, a.username, a.domain, a.uri, a.url from mentions m \
         join accounts a on a.id = m.account_id where not m.silent and m.post_id in ",
    )
    .ids(posts)
    .push(" order by m.post_id, a.id")
    .load_as::<MentionTypes, MentionRow>(conn)?;
    Ok(rows
        .into_iter()
        .map(|(post, id, username, domain, uri, url)| Mentioned {
            post_id: Id::new(post),
            id: Id::new(id),
            username,
            domain,
            uri,
            url,
        })
        .collect())
}

/// Hashtags of the posts.
pub fn tags(conn: &mut Conn, posts: &[Id<Post>]) -> Result<Vec<(Id<Post>, String)>> {
    let rows =
        Sql::new("select pt.post_id, t.name from post_tags pt join tags t on t.id = pt.tag_id where pt.post_id in ")
            .ids(posts)
            .push(" order by pt.post_id, t.id")
            .load_as::<(BigInt, Text), (i64, String)>(conn)?;
    Ok(rows.into_iter().map(|(id, name)| (Id::new(id), name)).collect())
}

/// Attachments of the posts, in their order.
pub fn media(conn: &mut Conn, posts: &[Id<Post>]) -> Result<Vec<Media>> {
    Sql::new("select m.* from media m where m.post_id in ").ids(posts).push(" order by m.position, m.id").load(conn)
}

/// Polls by id.
pub fn polls(conn: &mut Conn, ids: &[Id<Poll>]) -> Result<Vec<Poll>> {
    Sql::new("select p.* from polls p where p.id in ").ids(ids).load(conn)
}

/// Options of the polls, in their order.
pub fn poll_options(conn: &mut Conn, ids: &[Id<Poll>]) -> Result<Vec<PollOption>> {
    Sql::new("select o.* from poll_options o where o.poll_id in ").ids(ids).push(" order by o.position").load(conn)
}

/// What `viewer` chose in the polls.
pub fn own_votes(conn: &mut Conn, viewer: Id<Account>, ids: &[Id<Poll>]) -> Result<Vec<(Id<Poll>, i64)>> {
    let rows = Sql::new("select v.poll_id, v.choice from poll_votes v where v.account_id = ")
        .bind(viewer)
        .push(" and v.poll_id in ")
        .ids(ids)
        .push(" order by v.created_at, v.choice")
        .load_as::<(BigInt, SmallInt), (i64, i16)>(conn)?;
    Ok(rows.into_iter().map(|(id, choice)| (Id::new(id), i64::from(choice))).collect())
}

/// The programs posts were written with.
pub fn apps(conn: &mut Conn, ids: &[Id<App>]) -> Result<Vec<App>> {
    Sql::new("select a.* from apps a where a.id in ").ids(ids).load(conn)
}

/// What a viewer did with a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Favourited,
    Boosted,
    Bookmarked,
    Pinned,
    /// The thread is muted; the id is that of the thread.
    ThreadMuted,
}

/// What `viewer` did with the posts, and which of the `threads` are muted. `own` are those by the viewer: only they can be
/// pinned.
pub fn marks(
    conn: &mut Conn,
    viewer: Id<Account>,
    posts: &[Id<Post>],
    own: &[Id<Post>],
    threads: &[Id<Post>],
) -> Result<Vec<(Mark, Id<Post>)>> {
    // As in `standings`: what somebody never does is not looked for at each post.
    let mut sql = Sql::new("select 0, f.post_id from favourites f where f.account_id = ")
        .bind(viewer)
        .with(" and exists (select 1 from favourites x where x.account_id = ", viewer)
        .push(") and f.post_id in ")
        .ids(posts)
        .with(" union all select 1, b.boost_of_id from posts b where b.account_id = ", viewer)
        .push(" and b.boost_of_id in ")
        .ids(posts)
        .with(" union all select 2, k.post_id from bookmarks k where k.account_id = ", viewer)
        .with(" and exists (select 1 from bookmarks x where x.account_id = ", viewer)
        .push(") and k.post_id in ")
        .ids(posts)
        .with(" union all select 4, c.conversation_id from conversation_mutes c where c.account_id = ", viewer)
        .with(" and exists (select 1 from conversation_mutes x where x.account_id = ", viewer)
        .push(") and c.conversation_id in ")
        .ids(threads);
    if !own.is_empty() {
        sql = sql
            .with(" union all select 3, n.post_id from pins n where n.account_id = ", viewer)
            .push(" and n.post_id in ")
            .ids(own);
    }
    let rows = sql.load_as::<(diesel::sql_types::Integer, BigInt), (i32, i64)>(conn)?;
    Ok(rows
        .into_iter()
        .map(|(kind, id)| {
            let mark = match kind {
                0 => Mark::Favourited,
                1 => Mark::Boosted,
                2 => Mark::Bookmarked,
                3 => Mark::Pinned,
                _ => Mark::ThreadMuted,
            };
            (mark, Id::new(id))
        })
        .collect())
}

/// How a viewer stands to an author, as far as it decides what is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Suspended or gone: shown to nobody.
    pub unavailable: bool,
    /// The author blocks the viewer.
    pub blocked_by: bool,
    /// The viewer blocks the author.
    pub blocking: bool,
    /// The viewer mutes the author.
    pub muting: bool,
    /// The viewer follows the author, accepted.
    pub following: bool,
    /// The viewer blocks the domain the author is of.
    pub domain_blocking: bool,
}

/// The standings that are not all `false`, one query for all of `authors`. Whom the viewer follows is left out unless
/// `following` asks for it.
///
/// Most people block and mute nobody: a condition that does not depend on the authors lets both engines skip a part at
/// once instead of looking each author up in vain.
pub fn standings(
    conn: &mut Conn,
    viewer: Option<Id<Account>>,
    authors: &[Id<Account>],
    following: bool,
    now: Timestamp,
) -> Result<Vec<(Id<Account>, Standing)>> {
    if authors.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new("select 0, a.id from accounts a where a.id in ")
        .ids(authors)
        .push(" and (a.suspended_at is not null or a.suspended_by_origin or a.deleted_at is not null)");
    if let Some(viewer) = viewer {
        sql = sql
            .with(" union all select 1, b.account_id from blocks b where b.target_id = ", viewer)
            .with(" and exists (select 1 from blocks x where x.target_id = ", viewer)
            .push(") and b.account_id in ")
            .ids(authors)
            .with(" union all select 2, b.target_id from blocks b where b.account_id = ", viewer)
            .with(" and exists (select 1 from blocks x where x.account_id = ", viewer)
            .push(") and b.target_id in ")
            .ids(authors)
            .with(" union all select 3, m.target_id from mutes m where m.account_id = ", viewer)
            .with(" and (m.expires_at is null or m.expires_at > ", now)
            .with(") and exists (select 1 from mutes x where x.account_id = ", viewer)
            .push(") and m.target_id in ")
            .ids(authors)
            .with(
                // A cross join keeps SQLite from beginning with the accounts.
                " union all select 5, a.id from account_domain_blocks d cross join accounts a where d.account_id = ",
                viewer,
            )
            .with(" and exists (select 1 from account_domain_blocks x where x.account_id = ", viewer)
            .push(") and a.domain = d.domain and a.id in ")
            .ids(authors);
        if following {
            sql = sql
                .with(" union all select 4, f.target_id from follows f where f.account_id = ", viewer)
                .push(" and f.state = 1 and f.target_id in ")
                .ids(authors);
        }
    }
    let rows = sql.load_as::<(diesel::sql_types::Integer, BigInt), (i32, i64)>(conn)?;
    let mut out: Vec<(Id<Account>, Standing)> = Vec::new();
    for (kind, id) in rows {
        let id = Id::new(id);
        let at = match out.iter().position(|(known, _)| *known == id) {
            Some(at) => at,
            None => {
                out.push((id, Standing::default()));
                out.len() - 1
            }
        };
        let Some((_, standing)) = out.get_mut(at) else { continue };
        match kind {
            0 => standing.unavailable = true,
            1 => standing.blocked_by = true,
            2 => standing.blocking = true,
            3 => standing.muting = true,
            4 => standing.following = true,
            _ => standing.domain_blocking = true,
        }
    }
    Ok(out)
}

/// Which of the posts are addressed to `viewer`, mentioned or not.
pub fn addressed(conn: &mut Conn, viewer: Id<Account>, posts: &[Id<Post>]) -> Result<Vec<Id<Post>>> {
    if posts.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select m.post_id from mentions m where m.account_id = ")
        .bind(viewer)
        .push(" and m.post_id in ")
        .ids(posts)
        .load_ids(conn)
}

/// The filters of a person that are in force.
pub fn filters(conn: &mut Conn, viewer: Id<Account>, now: Timestamp) -> Result<Vec<Filter>> {
    Sql::new("select f.* from filters f where f.account_id = ")
        .bind(viewer)
        .with(" and (f.expires_at is null or f.expires_at > ", now)
        .push(") order by f.id")
        .load(conn)
}

/// Words of the filters.
pub fn filter_keywords(conn: &mut Conn, filters: &[Id<Filter>]) -> Result<Vec<FilterKeyword>> {
    Sql::new("select k.* from filter_keywords k where k.filter_id in ").ids(filters).push(" order by k.id").load(conn)
}

/// Posts of the filters.
pub fn filter_posts(conn: &mut Conn, filters: &[Id<Filter>]) -> Result<Vec<FilterPost>> {
    Sql::new("select k.* from filter_posts k where k.filter_id in ").ids(filters).push(" order by k.id").load(conn)
}
