//! Hashtags and who follows or features them.

use super::page::Page;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Audience, FeaturedTag, FollowedTag, Post, Tag},
    time::Timestamp,
};
use diesel::sql_types::BigInt;

/// By normal name.
pub fn find(conn: &mut Conn, name: &str) -> Result<Option<Tag>> {
    Sql::new("select t.* from tags t where t.name = ").bind(name).optional(conn)
}

/// By id, in no order.
pub fn list(conn: &mut Conn, ids: &[Id<Tag>]) -> Result<Vec<Tag>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select t.* from tags t where t.id in ").ids(ids).load(conn)
}

/// Writes a hashtag unless it is there.
pub fn insert(conn: &mut Conn, tag: &Tag) -> Result<()> {
    Sql::new("insert into tags (id, name, display, created_at) values (")
        .bind(tag.id)
        .with(",", tag.name.as_str())
        .with(",", tag.display.as_str())
        .with(",", tag.created_at)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Hashtags with one beginning that are put in order.
const BEGINNINGS: i64 = 2_000;

/// Hashtags whose name begins with `prefix` (a normal name), the shortest first, but for those staff does not list;
/// `reviewed`: only those that staff has looked at.
pub fn beginning(conn: &mut Conn, prefix: &str, reviewed: bool, limit: i64, offset: i64) -> Result<Vec<Tag>> {
    // The last character there is ends the range.
    let (end, bytewise) = (format!("{prefix}\u{10ffff}"), conn.dialect().bytewise());
    Sql::new("select t.* from (select b.* from tags b where b.name")
        .push(bytewise)
        .with(" >= ", prefix)
        .push(" and b.name")
        .push(bytewise)
        .with(" < ", end)
        .push(" order by b.name")
        .push(bytewise)
        .with(" limit ", BEGINNINGS)
        .push(") t where not exists (select 1 from tag_rules r where r.tag_id = t.id and not r.listable)")
        .push(match reviewed {
            true => " and exists (select 1 from tag_rules r where r.tag_id = t.id and r.reviewed_at is not null)",
            false => "",
        })
        .push(" order by length(t.name), t.name")
        .push(bytewise)
        .with(" limit ", limit)
        .with(" offset ", offset)
        .load(conn)
}

/// One use of a hashtag in a public post.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// Which.
    pub tag: Id<Tag>,
    /// By whom.
    pub account: Id<Account>,
    /// When.
    pub at: Timestamp,
}

/// Uses looked at per request: a history is a picture, not an account.
const USES: i64 = 2_000;

/// Public uses since a moment, the newest, for somebody who belongs to `audience`.
pub fn usage(conn: &mut Conn, tags: &[Id<Tag>], audience: Audience, since: Timestamp) -> Result<Vec<Use>> {
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    let floor = since.millis() << 16;
    let rows = Sql::new(
        "select x.tag_id, p.account_id, p.created_at from post_tags x join posts p on p.id = x.post_id \
         where p.visibility = 0 and x.tag_id in ",
    )
    .ids(tags)
    .with(" and p.audience >= ", audience)
    .with(" and x.post_id >= ", floor)
    .with(" order by x.post_id desc limit ", USES)
    .load_as::<(BigInt, BigInt, BigInt), (i64, i64, i64)>(conn)?;
    Ok(rows
        .into_iter()
        .map(|(tag, account, at)| Use { tag: Id::new(tag), account: Id::new(account), at: Timestamp::from_millis(at) })
        .collect())
}

/// Which of `tags` stand in a public post for everybody: a stranger is told of no others.
pub fn open_among(conn: &mut Conn, tags: &[Id<Tag>]) -> Result<Vec<Id<Tag>>> {
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select t.id from tags t where t.id in ")
        .ids(tags)
        .push(
            " and exists (select 1 from post_tags x join posts p on p.id = x.post_id where x.tag_id = t.id \
             and p.visibility = 0 and p.audience = 2)",
        )
        .load_ids(conn)
}

/// Which of `tags` the account follows.
pub fn followed_among(conn: &mut Conn, account: Id<Account>, tags: &[Id<Tag>]) -> Result<Vec<Id<Tag>>> {
    Sql::new("select f.tag_id from followed_tags f where f.account_id = ")
        .bind(account)
        .push(" and f.tag_id in ")
        .ids(tags)
        .load_ids(conn)
}

/// Which of `tags` the account features.
pub fn featured_among(conn: &mut Conn, account: Id<Account>, tags: &[Id<Tag>]) -> Result<Vec<Id<Tag>>> {
    Sql::new("select f.tag_id from featured_tags f where f.account_id = ")
        .bind(account)
        .push(" and f.tag_id in ")
        .ids(tags)
        .load_ids(conn)
}

/// Follows of hashtags, the newest first.
pub fn followed(conn: &mut Conn, account: Id<Account>, page: &Page) -> Result<Vec<FollowedTag>> {
    let sql = Sql::new("select f.* from followed_tags f where f.account_id = ").bind(account);
    Ok(page.arrange(page.apply(sql, "f.id").load(conn)?))
}

/// How many hashtags an account follows.
pub fn count_followed(conn: &mut Conn, account: Id<Account>) -> Result<i64> {
    Sql::new("select count(*) from followed_tags f where f.account_id = ").bind(account).scalar_i64(conn)
}

/// Follows a hashtag; following again is fine.
pub fn follow(conn: &mut Conn, row: &FollowedTag) -> Result<()> {
    Sql::new("insert into followed_tags (id, account_id, tag_id, created_at) values (")
        .bind(row.id)
        .with(",", row.account_id)
        .with(",", row.tag_id)
        .with(",", row.created_at)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Follows a hashtag no longer.
pub fn unfollow(conn: &mut Conn, account: Id<Account>, tag: Id<Tag>) -> Result<()> {
    Sql::new("delete from followed_tags where account_id = ")
        .bind(account)
        .with(" and tag_id = ", tag)
        .execute(conn)?;
    Ok(())
}

/// Hashtags on a profile, the oldest first.
pub fn featured(conn: &mut Conn, account: Id<Account>) -> Result<Vec<FeaturedTag>> {
    Sql::new("select f.* from featured_tags f where f.account_id = ").bind(account).push(" order by f.id").load(conn)
}

/// One of them, by hashtag.
pub fn find_featured(conn: &mut Conn, account: Id<Account>, tag: Id<Tag>) -> Result<Option<FeaturedTag>> {
    Sql::new("select f.* from featured_tags f where f.account_id = ")
        .bind(account)
        .with(" and f.tag_id = ", tag)
        .optional(conn)
}

/// One of this account's by id; `NotFound` for anybody else's.
pub fn load_featured(conn: &mut Conn, account: Id<Account>, id: Id<FeaturedTag>) -> Result<FeaturedTag> {
    Sql::new("select f.* from featured_tags f where f.id = ").bind(id).with(" and f.account_id = ", account).one(conn)
}

/// Puts a hashtag on a profile.
pub fn insert_featured(conn: &mut Conn, row: &FeaturedTag) -> Result<()> {
    Sql::new("insert into featured_tags (id, account_id, tag_id, posts_count, last_post_at, created_at) values (")
        .bind(row.id)
        .with(",", row.account_id)
        .with(",", row.tag_id)
        .with(",", row.posts_count)
        .with(",", row.last_post_at)
        .with(",", row.created_at)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Takes one off.
pub fn delete_featured(conn: &mut Conn, id: Id<FeaturedTag>) -> Result<()> {
    Sql::new("delete from featured_tags where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Counts a post for those of its hashtags that stand on its author's profile: `by` is 1 or -1.
pub fn count_use(conn: &mut Conn, post: &Post, by: i64) -> Result<()> {
    let mut sql = Sql::new("update featured_tags set posts_count = posts_count + ").bind(by);
    if by > 0 {
        sql = sql.with(", last_post_at = ", post.created_at);
    }
    sql.with(" where account_id = ", post.account_id)
        .with(" and posts_count + ", by)
        .with(" >= 0 and tag_id in (select x.tag_id from post_tags x where x.post_id = ", post.id)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Counts again what stands on a profile: one of its posts has other hashtags now.
pub fn recount(conn: &mut Conn, account: Id<Account>) -> Result<()> {
    for row in featured(conn, account)? {
        let (count, last) = use_by(conn, account, row.tag_id, Audience::Site)?;
        Sql::new("update featured_tags set posts_count = ")
            .bind(count)
            .with(", last_post_at = ", last)
            .with(" where id = ", row.id)
            .execute(conn)?;
    }
    Ok(())
}

/// Which of these posts carry the hashtag.
pub fn carrying(conn: &mut Conn, tag: Id<Tag>, posts: &[Id<Post>]) -> Result<Vec<Id<Post>>> {
    if posts.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select x.post_id from post_tags x where x.tag_id = ")
        .bind(tag)
        .push(" and x.post_id in ")
        .ids(posts)
        .load_ids(conn)
}

/// How often the account used the hashtag publicly, and when last, for somebody who belongs to `audience`.
pub fn use_by(
    conn: &mut Conn,
    account: Id<Account>,
    tag: Id<Tag>,
    audience: Audience,
) -> Result<(i64, Option<Timestamp>)> {
    let from = " from post_tags x join posts p on p.id = x.post_id where p.visibility <= 1 and p.account_id = ";
    let count = Sql::new("select count(*)")
        .push(from)
        .bind(account)
        .with(" and x.tag_id = ", tag)
        .with(" and p.audience >= ", audience)
        .scalar_i64(conn)?;
    let last = Sql::new("select p.created_at")
        .push(from)
        .bind(account)
        .with(" and x.tag_id = ", tag)
        .with(" and p.audience >= ", audience)
        .push(" order by p.id desc limit 1")
        .optional_i64(conn)?;
    Ok((count, last.map(Timestamp::from_millis)))
}

/// The hashtags an account used most in its newest thousand posts.
pub fn most_used_by(conn: &mut Conn, account: Id<Account>, limit: i64) -> Result<Vec<Tag>> {
    let ids: Vec<Id<Tag>> = Sql::new(
        "select x.tag_id from post_tags x where x.post_id in (select p.id from posts p where p.visibility <= 1 and p.account_id = ",
    )
    .bind(account)
    .with(" order by p.id desc limit 1000) and x.tag_id not in (select f.tag_id from featured_tags f where f.account_id = ", account)
    .with(") group by x.tag_id order by count(*) desc limit ", limit)
    .load_ids(conn)?;
    let mut tags = list(conn, &ids)?;
    tags.sort_by_key(|t| ids.iter().position(|id| *id == t.id));
    Ok(tags)
}
