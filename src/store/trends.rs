//! What people talk about, and what staff decided about it.

use super::{hashtags::Use, page::Page};
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Audience, Post, Tag},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

/// Posts looked at per request: a trend is a picture, not an account.
const POSTS: i64 = 5_000;
/// Uses of hashtags looked at.
const USES: i64 = 5_000;

/// Uses of hashtags in posts of the public timelines since a moment, the newest, for somebody who belongs to `audience`.
pub fn tag_uses(conn: &mut Conn, audience: Audience, since: Timestamp) -> Result<Vec<Use>> {
    let rows = newest(Sql::new("select x.tag_id, p.account_id, p.created_at from ("), audience, since)
        .with(" join post_tags x on x.post_id = p.id order by p.id desc limit ", USES)
        .load_as::<(BigInt, BigInt, BigInt), (i64, i64, i64)>(conn)?;
    Ok(rows
        .into_iter()
        .map(|(tag, account, at)| Use { tag: Id::new(tag), account: Id::new(account), at: Timestamp::from_millis(at) })
        .collect())
}

/// The newest posts of the public timelines, as `p`.
fn newest(sql: Sql, audience: Audience, since: Timestamp) -> Sql {
    let sql = sql.push("select n.* from posts n where n.listing > 0");
    // Written out, so that an index may know it.
    let sql = match audience {
        Audience::Open => sql.push(" and n.audience = 2"),
        other => sql.with(" and n.audience >= ", other),
    };
    sql.with(" and n.id >= ", since.millis() << 16).with(" order by n.id desc limit ", POSTS).push(") p")
}

/// Posts of the public timelines since a moment to which people react, those with most reactions first: of people who
/// want to be found, for everybody's eyes, no answers.
pub fn liked_posts(conn: &mut Conn, audience: Audience, since: Timestamp, most: i64) -> Result<Vec<Id<Post>>> {
    newest(Sql::new("select p.id from ("), audience, since)
        .push(
            " join accounts a on a.id = p.account_id where a.discoverable and a.silenced_at is null \
             and a.sensitized_at is null and a.suspended_at is null and a.deleted_at is null and not p.sensitive \
             and p.spoiler_text = '' and p.in_reply_to_id is null and p.favourites_count + p.boosts_count > 0 \
             order by p.favourites_count + 2 * p.boosts_count desc, p.id desc limit ",
        )
        .bind(most)
        .load_ids(conn)
}

/// What staff decided about a hashtag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagRule {
    /// Which.
    pub tag: Id<Tag>,
    /// People of this node write it.
    pub usable: bool,
    /// It may trend.
    pub trendable: bool,
    /// It is found and suggested.
    pub listable: bool,
    /// When staff looked at it.
    pub reviewed_at: Option<Timestamp>,
}

impl TagRule {
    /// Nothing was decided yet.
    pub const fn none(tag: Id<Tag>) -> Self {
        Self { tag, usable: true, trendable: true, listable: true, reviewed_at: None }
    }
}

/// What staff decided about these hashtags, where it did.
pub fn tag_rules(conn: &mut Conn, tags: &[Id<Tag>]) -> Result<Vec<TagRule>> {
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    type Columns = (BigInt, Bool, Bool, Bool, Nullable<BigInt>);
    let rows = Sql::new(
        "select r.tag_id, r.usable, r.trendable, r.listable, r.reviewed_at from tag_rules r where r.tag_id in ",
    )
    .ids(tags)
    .load_as::<Columns, (i64, bool, bool, bool, Option<i64>)>(conn)?;
    Ok(rows
        .into_iter()
        .map(|(tag, usable, trendable, listable, at)| TagRule {
            tag: Id::new(tag),
            usable,
            trendable,
            listable,
            reviewed_at: at.map(Timestamp::from_millis),
        })
        .collect())
}

/// Writes what staff decided about a hashtag.
pub fn set_tag_rule(conn: &mut Conn, rule: &TagRule) -> Result<()> {
    Sql::new("insert into tag_rules (tag_id, usable, trendable, listable, reviewed_at) values (")
        .bind(rule.tag)
        .with(",", rule.usable)
        .with(",", rule.trendable)
        .with(",", rule.listable)
        .with(",", rule.reviewed_at)
        .push(
            ") on conflict (tag_id) do update set usable = excluded.usable, trendable = excluded.trendable, \
             listable = excluded.listable, reviewed_at = excluded.reviewed_at",
        )
        .execute(conn)?;
    Ok(())
}

/// Which of these names are hashtags that nobody here may write.
pub fn unusable(conn: &mut Conn, names: &[&str]) -> Result<Vec<String>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select t.name from tags t join tag_rules r on r.tag_id = t.id where not r.usable and t.name in ")
        .texts(names)
        .load_texts(conn)
}

/// All hashtags, the newest first.
pub fn tags(conn: &mut Conn, page: &Page) -> Result<Vec<Tag>> {
    Ok(page.arrange(page.apply(Sql::new("select t.* from tags t where 1 = 1"), "t.id").load(conn)?))
}

/// Changes how a hashtag is written where it is shown.
pub fn set_display(conn: &mut Conn, tag: Id<Tag>, display: &str) -> Result<()> {
    Sql::new("update tags set display = ").bind(display).with(" where id = ", tag).execute(conn)?;
    Ok(())
}

/// Something that trends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A post, by its id.
    Post,
    /// A page, by its address.
    Page,
    /// A publisher, by its host.
    Publisher,
}

/// What staff decided about something that trends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which.
    pub subject: String,
    /// It may trend.
    pub allowed: bool,
    /// When.
    pub reviewed_at: Timestamp,
}

fn rules_of(sql: Sql, conn: &mut Conn) -> Result<Vec<Rule>> {
    let rows = sql.load_as::<(Text, Bool, BigInt), (String, bool, i64)>(conn)?;
    let rule = |(subject, allowed, at)| Rule { subject, allowed, reviewed_at: Timestamp::from_millis(at) };
    Ok(rows.into_iter().map(rule).collect())
}

/// What staff decided about these, where it did.
pub fn rules(conn: &mut Conn, kind: Kind, subjects: &[String]) -> Result<Vec<Rule>> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let sql = Sql::new("select r.subject, r.allowed, r.reviewed_at from trend_rules r where r.kind = ")
        .bind(kind as i16)
        .push(" and r.subject in ")
        .texts(subjects);
    rules_of(sql, conn)
}

/// What staff decided about any of a kind, the latest first.
pub fn all_rules(conn: &mut Conn, kind: Kind, most: i64) -> Result<Vec<Rule>> {
    let sql = Sql::new("select r.subject, r.allowed, r.reviewed_at from trend_rules r where r.kind = ")
        .bind(kind as i16)
        .with(" order by r.reviewed_at desc, r.subject limit ", most);
    rules_of(sql, conn)
}

/// Writes what staff decided.
pub fn set_rule(conn: &mut Conn, kind: Kind, rule: &Rule) -> Result<()> {
    Sql::new("insert into trend_rules (kind, subject, allowed, reviewed_at) values (")
        .bind(kind as i16)
        .with(",", &rule.subject)
        .with(",", rule.allowed)
        .with(",", rule.reviewed_at)
        .push(") on conflict (kind, subject) do update set allowed = excluded.allowed, reviewed_at = excluded.reviewed_at")
        .execute(conn)?;
    Ok(())
}
