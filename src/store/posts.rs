//! Posts, their mentions, hashtags, files and full text.

use crate::{
    Result,
    db::{Conn, Dialect, Sql},
    id::Id,
    model::{Account, Audience, Media, Post, PostEdit, QuotePolicy, Tag, Visibility, schema},
    on_backend,
    time::Timestamp,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Nullable, SmallInt, Text},
};

const SELECT: &str = "select p.* from posts p where ";

/// By id, whoever may see it.
pub fn find(conn: &mut Conn, id: Id<Post>) -> Result<Option<Post>> {
    Sql::new(SELECT).with("p.id = ", id).optional(conn)
}

/// By id, or `NotFound`; whoever may see it.
pub fn load(conn: &mut Conn, id: Id<Post>) -> Result<Post> {
    Sql::new(SELECT).with("p.id = ", id).one(conn)
}

/// What a boost shows; any other post itself.
pub fn original(conn: &mut Conn, post: &Post) -> Result<Post> {
    match post.boost_of_id {
        Some(original) => load(conn, original),
        None => Ok(post.clone()),
    }
}

/// By object id (of a boost: the id of its Announce).
pub fn find_by_uri(conn: &mut Conn, uri: &str) -> Result<Option<Post>> {
    Sql::new(SELECT).with("p.uri = ", uri).optional(conn)
}

/// Newest posts of one author among which a page is looked for.
const PAGES: i64 = 4_096;

/// The post of this author with this page. Most servers make its id of that of its author and of the last part of the
/// page's address, and ids have an index.
pub fn find_by_page(conn: &mut Conn, author: &Account, page: &str) -> Result<Option<Post>> {
    let number = page.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let known = find_by_uri(conn, &format!("{}/statuses/{number}", author.uri))?;
    if let Some(post) = known.filter(|post| post.account_id == author.id && post.url.as_deref() == Some(page)) {
        return Ok(Some(post));
    }
    Sql::new("select p.* from (select x.* from posts x where x.account_id = ")
        .bind(author.id)
        .with(" order by x.id desc limit ", PAGES)
        .with(") p where p.url = ", page)
        .push(" limit 1")
        .optional(conn)
}

/// The newest post of somebody that went further than to those it names; `but` does not count.
pub fn newest_of(conn: &mut Conn, author: Id<Account>, but: Id<Post>) -> Result<Option<Id<Post>>> {
    let found: Vec<Id<Post>> = Sql::new("select p.id from posts p where p.account_id = ")
        .bind(author)
        .with(" and p.visibility < ", Visibility::Direct)
        .with(" and p.boost_of_id is null and p.id <> ", but)
        .push(" order by p.id desc limit 1")
        .load_ids(conn)?;
    Ok(found.into_iter().next())
}

/// Several by id, in no order; unknown ids are left out.
pub fn list(conn: &mut Conn, ids: &[Id<Post>]) -> Result<Vec<Post>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new(SELECT).push("p.id in ").ids(ids).load(conn)
}

/// Somebody's boost of a post.
pub fn find_boost(conn: &mut Conn, of: Id<Post>, by: Id<Account>) -> Result<Option<Post>> {
    Sql::new(SELECT).with("p.boost_of_id = ", of).with(" and p.account_id = ", by).optional(conn)
}

/// Boosts of a post that people of this node have before them: their own, and those by whom one of them follows; the newest
/// first.
pub fn boosts_in_sight(conn: &mut Conn, of: Id<Post>, most: i64) -> Result<Vec<Post>> {
    Sql::new(SELECT)
        .with("p.boost_of_id = ", of)
        .push(
            " and (p.local or exists (select 1 from follows f join accounts a on a.id = f.account_id \
             and a.domain is null where f.target_id = p.account_id and f.state = 1))",
        )
        .with(" order by p.id desc limit ", most)
        .load(conn)
}

/// Whoever boosted a post has one post less: it goes, and its boosts with it.
pub fn count_without_boosts(conn: &mut Conn, of: Id<Post>) -> Result<()> {
    // Each row is written once: a post that spread has thousands.
    Sql::new(
        "update accounts set posts_count = case when posts_count > 0 then posts_count - 1 else posts_count end, \
         open_posts_count = case when open_posts_count > 0 and exists (select 1 from posts b \
         where b.account_id = accounts.id and b.audience = 2 and b.boost_of_id = ",
    )
    .bind(of)
    .with(" and b.visibility <> ", Visibility::Direct)
    .with(
        ") then open_posts_count - 1 else open_posts_count end \
         where id in (select p.account_id from posts p where p.boost_of_id = ",
        of,
    )
    .with(" and p.visibility <> ", Visibility::Direct)
    .push(")")
    .execute(conn)?;
    Ok(())
}

/// Writes a row; false when its object id is known already.
pub fn insert(conn: &mut Conn, post: &Post) -> Result<bool> {
    use schema::posts;
    let written = on_backend!(conn, c => diesel::insert_into(posts::table)
        .values(post)
        .on_conflict(posts::uri)
        .do_nothing()
        .execute(c))?;
    Ok(written > 0)
}

/// Whether an id is taken.
pub fn is_taken(conn: &mut Conn, id: Id<Post>) -> Result<bool> {
    Sql::new("select p.id from posts p where p.id = ").bind(id).exists(conn)
}

/// Writes what an edit may change.
pub fn update(conn: &mut Conn, post: &Post) -> Result<()> {
    Sql::new("update posts set content = ")
        .bind(&post.content)
        .with(", source_text = ", post.source_text.clone())
        .with(", spoiler_text = ", &post.spoiler_text)
        .with(", sensitive = ", post.sensitive)
        .with(", language = ", post.language.clone())
        .with(", url = ", post.url.clone())
        .with(", poll_id = ", post.poll_id)
        .with(", media_ids = ", &post.media_ids)
        .with(", emojis = ", &post.emojis)
        .with(", remote_boosts_count = ", post.remote_boosts_count)
        .with(", remote_favourites_count = ", post.remote_favourites_count)
        .with(", edited_at = ", post.edited_at)
        .with(", fetched_at = ", post.fetched_at)
        .with(" where id = ", post.id)
        .execute(conn)?;
    Ok(())
}

/// Removes a row and what hangs on it.
pub fn delete(conn: &mut Conn, id: Id<Post>) -> Result<()> {
    unindex(conn, id)?;
    Sql::new("update posts set in_reply_to_id = null where in_reply_to_id = ").bind(id).execute(conn)?;
    Sql::new("delete from posts where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Adds to the author's count of posts, `open` to that of those for everybody; `at` is when the newest was written.
pub fn count_for_author(conn: &mut Conn, author: Id<Account>, by: i64, open: i64, at: Option<Timestamp>) -> Result<()> {
    let mut sql = Sql::new("update accounts set posts_count = case when posts_count + ")
        .bind(by)
        .with(" < 0 then 0 else posts_count + ", by)
        .push(" end");
    if open != 0 {
        sql = sql
            .with(", open_posts_count = case when open_posts_count + ", open)
            .with(" < 0 then 0 else open_posts_count + ", open)
            .push(" end");
    }
    if let Some(at) = at {
        sql = sql
            .with(", last_post_at = case when last_post_at is null or last_post_at < ", at)
            .with(" then ", at)
            .push(" else last_post_at end");
    }
    sql.with(" where id = ", author).execute(conn)?;
    Ok(())
}

/// Which counter of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Answers.
    Replies,
    /// Boosts.
    Boosts,
    /// Favourites.
    Favourites,
}

/// Adds to a counter of a post (never below zero).
pub fn count(conn: &mut Conn, post: Id<Post>, counter: Counter, by: i64) -> Result<()> {
    let column = match counter {
        Counter::Replies => "replies_count",
        Counter::Boosts => "boosts_count",
        Counter::Favourites => "favourites_count",
    };
    Sql::new(format!("update posts set {column} = case when {column} + "))
        .bind(by)
        .with(format!(" < 0 then 0 else {column} + "), by)
        .with(" end where id = ", post)
        .execute(conn)?;
    Ok(())
}

/// Who is addressed: (account, silent).
pub fn mentions(conn: &mut Conn, post: Id<Post>) -> Result<Vec<crate::model::Mention>> {
    Sql::new("select m.* from mentions m where m.post_id = ").bind(post).load(conn)
}

/// Writes who is addressed; who is there already stays as they are.
pub fn insert_mention(conn: &mut Conn, post: Id<Post>, account: Id<Account>, silent: bool) -> Result<()> {
    Sql::new("insert into mentions (post_id, account_id, silent) values (")
        .bind(post)
        .with(",", account)
        .with(",", silent)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Marks people as addressed without being named any more (who once read it may read it on), or as named.
pub fn silence_mentions(conn: &mut Conn, post: Id<Post>, accounts: &[Id<Account>], silent: bool) -> Result<()> {
    Sql::new("update mentions set silent = ")
        .bind(silent)
        .with(" where post_id = ", post)
        .push(" and account_id in ")
        .ids(accounts)
        .execute(conn)?;
    Ok(())
}

/// The ids of hashtags (normal form, as typed), made where they are new.
pub fn tags(
    conn: &mut Conn,
    names: &[(String, String)],
    mut new_id: impl FnMut() -> Id<Tag>,
    now: Timestamp,
) -> Result<Vec<(Id<Tag>, String)>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let normal: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
    let mut known = known_tags(conn, &normal)?;
    if known.len() < normal.len() {
        for (name, display) in names {
            if !known.iter().any(|(_, n)| n == name) {
                Sql::new("insert into tags (id, name, display, created_at) values (")
                    .bind(new_id())
                    .with(",", name)
                    .with(",", display)
                    .with(",", now)
                    .push(") on conflict (name) do nothing")
                    .execute(conn)?;
            }
        }
        known = known_tags(conn, &normal)?;
    }
    Ok(known)
}

fn known_tags(conn: &mut Conn, names: &[&str]) -> Result<Vec<(Id<Tag>, String)>> {
    let rows = Sql::new("select t.id, t.name from tags t where t.name in ")
        .texts(names)
        .load_as::<(BigInt, Text), (i64, String)>(conn)?;
    Ok(rows.into_iter().map(|(id, name)| (Id::new(id), name)).collect())
}

/// The names of a post's hashtags.
pub fn tag_names(conn: &mut Conn, post: Id<Post>) -> Result<Vec<String>> {
    Sql::new("select t.name from post_tags pt join tags t on t.id = pt.tag_id where pt.post_id = ")
        .bind(post)
        .push(" order by t.id")
        .load_texts(conn)
}

/// Gives a post exactly these hashtags.
pub fn set_tags(conn: &mut Conn, post: Id<Post>, tags: &[Id<Tag>], fresh: bool) -> Result<()> {
    if !fresh {
        Sql::new("delete from post_tags where post_id = ").bind(post).execute(conn)?;
    }
    for tag in tags {
        Sql::new("insert into post_tags (tag_id, post_id) values (")
            .bind(*tag)
            .with(",", post)
            .push(") on conflict do nothing")
            .execute(conn)?;
    }
    Ok(())
}

/// Takes a post out of the full text index.
pub fn unindex(conn: &mut Conn, post: Id<Post>) -> Result<()> {
    let sql = match conn.dialect() {
        Dialect::Sqlite => "delete from posts_fts where rowid = ",
        Dialect::Postgres => "delete from posts_fts where id = ",
    };
    Sql::new(sql).bind(post).execute_last(conn)
}

/// Posts that answer this object id and waited for it.
pub fn orphans(conn: &mut Conn, uri: &str, most: i64) -> Result<Vec<Post>> {
    Sql::new(SELECT).with("p.in_reply_to_uri = ", uri).with(" limit ", most).load(conn)
}

/// Hangs a post that waited below its parent, with all that is known of its thread.
pub fn adopt(conn: &mut Conn, orphan: &Post, parent: &Post) -> Result<()> {
    Sql::new("update posts set in_reply_to_uri = null, in_reply_to_id = ")
        .bind(parent.id)
        .with(", in_reply_to_account_id = ", parent.account_id)
        .with(" where id = ", orphan.id)
        .execute(conn)?;
    let (old, new) = (orphan.conversation_id, parent.conversation_id);
    if old != new {
        Sql::new("update posts set conversation_id = ")
            .bind(new)
            .with(" where conversation_id = ", old)
            .execute(conn)?;
        Sql::new("update conversation_mutes set conversation_id = ")
            .bind(new)
            .with(" where conversation_id = ", old)
            .push(" and account_id not in (select m.account_id from conversation_mutes m where m.conversation_id = ")
            .bind(new)
            .push(")")
            .execute(conn)?;
    }
    Ok(())
}

/// An answer hangs below nothing any more: what it answers is an address, and its thread is its own.
pub fn come_off(conn: &mut Conn, id: Id<Post>, parent: &str) -> Result<()> {
    Sql::new("update posts set in_reply_to_id = null, in_reply_to_account_id = null, in_reply_to_uri = ")
        .bind(parent)
        .push(", conversation_id = id")
        .with(" where id = ", id)
        .execute(conn)
        .map(drop)
}

/// Remembers that an object id is gone for good.
pub fn bury(conn: &mut Conn, uri: &str, actor: Option<&str>, audience: Audience, now: Timestamp) -> Result<()> {
    Sql::new("insert into tombstones (uri, actor_uri, audience, created_at, expires_at) values (")
        .bind(uri)
        .with(",", actor)
        .with(",", audience)
        .with(",", now)
        // Whoever said so before may have been somebody else.
        .push(
            ", null) on conflict (uri) do update set actor_uri = excluded.actor_uri, audience = excluded.audience, \
             expires_at = null",
        )
        .execute(conn)?;
    Ok(())
}

/// Whether an object that was here is gone for good. What somebody only claimed of an id nobody knew does not count:
/// they may have had no say in it (AUTH-11).
pub fn is_buried(conn: &mut Conn, uri: &str) -> Result<bool> {
    let gone = Sql::new("select t.uri from tombstones t where t.expires_at is null and t.uri = ").bind(uri);
    Ok(!gone.load_texts(conn)?.is_empty())
}

/// Earlier states of a post, oldest first.
pub fn edits(conn: &mut Conn, post: Id<Post>) -> Result<Vec<PostEdit>> {
    Sql::new("select e.* from post_edits e where e.post_id = ").bind(post).push(" order by e.id").load(conn)
}

/// Writes an earlier state.
pub fn insert_edit(conn: &mut Conn, edit: &PostEdit) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::post_edits::table).values(edit).execute(c))?;
    Ok(())
}

/// A post the account already made with this key, or none and the key now belongs to `post`. Keys are good for as long
/// as they are younger than `since`.
pub fn claim_key(
    conn: &mut Conn,
    id: Id<Post>,
    account: Id<Account>,
    key: &str,
    since: Timestamp,
    now: Timestamp,
) -> Result<Option<Id<Post>>> {
    let claimed = Sql::new("insert into idempotency_keys (id, account_id, request_key, post_id, created_at) values (")
        .bind(id)
        .with(",", account)
        .with(",", key)
        .with(",", id)
        .with(",", now)
        .push(") on conflict (account_id, request_key) do update set post_id = excluded.post_id, created_at = excluded.created_at")
        .with(" where idempotency_keys.created_at < ", since)
        .execute(conn)?;
    if claimed > 0 {
        return Ok(None);
    }
    let earlier = Sql::new("select k.post_id from idempotency_keys k where k.account_id = ")
        .bind(account)
        .with(" and k.request_key = ", key)
        .optional_i64(conn)?;
    Ok(earlier.map(Id::new))
}

/// What a local person's posts start with.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// Who may see them.
    pub visibility: Visibility,
    /// Attachments are hidden at first.
    pub sensitive: bool,
    /// Their language.
    pub language: Option<String>,
    /// How far they may go; none: as the charter says.
    pub audience: Option<Audience>,
    /// Who may quote them.
    pub quote_policy: QuotePolicy,
}

/// What a local person's posts start with.
pub fn defaults(conn: &mut Conn, account: Id<Account>) -> Result<Defaults> {
    let rows = Sql::new(
        "select u.default_visibility, u.default_sensitive, u.default_language, u.default_audience, u.default_quote_policy \
         from users u \
         where u.account_id = ",
    )
    .bind(account)
    .load_as::<
        (SmallInt, Bool, Nullable<Text>, Nullable<SmallInt>, SmallInt),
        (Visibility, bool, Option<String>, Option<Audience>, QuotePolicy),
    >(conn)?;
    let (visibility, sensitive, language, audience, quote_policy) =
        rows.into_iter().next().unwrap_or((Visibility::Public, false, None, None, QuotePolicy::Public));
    Ok(Defaults { visibility, sensitive, language, audience, quote_policy })
}

/// Notes whether the author of a post of another server said when they changed it last.
pub fn set_undated(conn: &mut Conn, post: Id<Post>, undated: bool) -> Result<()> {
    let sql = match undated {
        true => Sql::new("insert into undated_edits (post_id) values (").bind(post).push(") on conflict do nothing"),
        false => Sql::new("delete from undated_edits where post_id = ").bind(post),
    };
    sql.execute(conn)?;
    Ok(())
}

/// Whether the author of a post did not say when they changed it last.
pub fn is_undated(conn: &mut Conn, post: Id<Post>) -> Result<bool> {
    Sql::new("select u.post_id from undated_edits u where u.post_id = ").bind(post).exists(conn)
}

/// Files by id, in no order.
pub fn media(conn: &mut Conn, ids: &[Id<Media>]) -> Result<Vec<Media>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select m.* from media m where m.id in ").ids(ids).load(conn)
}

/// Writes a file's row.
pub fn insert_media(conn: &mut Conn, media: &Media) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::media::table).values(media).execute(c))?;
    Ok(())
}

/// Hangs a file on a post.
pub fn attach(conn: &mut Conn, media: Id<Media>, post: Id<Post>, position: i16) -> Result<()> {
    Sql::new("update media set post_id = ")
        .bind(post)
        .with(", position = ", position)
        .with(" where id = ", media)
        .execute(conn)?;
    Ok(())
}

/// Takes files off their post; they may be attached again until they are swept.
pub fn detach(conn: &mut Conn, post: Id<Post>, except: &[Id<Media>]) -> Result<()> {
    let none = [Id::new(0)];
    Sql::new("update media set post_id = null where post_id = ")
        .bind(post)
        .push(" and id not in ")
        .ids::<Media>(if except.is_empty() { &none } else { except })
        .execute(conn)?;
    Ok(())
}
