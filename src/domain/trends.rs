//! What people talk about lately: hashtags, posts, pages; and what staff keeps from trending.

use super::{
    Tx, Viewer,
    audit::{self, Staff},
    cards::{self, Trend},
    views::{Gathered, PostViews},
};
use crate::{
    Error, Result,
    db::Conn,
    id::Id,
    model::{Account, Card, Post, Role, Tag},
    store::{
        self,
        trends::{self as rows, Kind, Rule, TagRule},
    },
    time::Timestamp,
};
use std::collections::{HashMap, HashSet};

/// Days that count.
const DAYS: i64 = 7;
/// Of each kind at most this many are put in order.
const MOST: usize = 200;
/// Publishers that are remembered.
const PUBLISHERS: i64 = 1_000;

fn since(now: Timestamp) -> Timestamp {
    now.midnight().plus_days(1 - DAYS)
}

/// Something with whether staff has looked at it.
#[derive(Clone, Debug)]
pub struct Reviewed<T> {
    /// What.
    pub what: T,
    /// What staff decided; none: nothing yet.
    pub allowed: Option<bool>,
}

impl<T> Reviewed<T> {
    fn shown(&self) -> bool {
        self.allowed != Some(false)
    }
}

/// Hashtags by the number of people who write them, with what staff decided; those that may not trend too.
pub fn all_tags(conn: &mut Conn, viewer: Viewer, now: Timestamp) -> Result<Vec<(Tag, TagRule)>> {
    let uses = rows::tag_uses(conn, viewer.audience(), since(now))?;
    let mut of_tag: HashMap<Id<Tag>, (HashSet<Id<Account>>, usize)> = HashMap::new();
    for one in &uses {
        let entry = of_tag.entry(one.tag).or_default();
        entry.0.insert(one.account);
        entry.1 += 1;
    }
    let mut ranked: Vec<(usize, usize, Id<Tag>)> =
        of_tag.into_iter().map(|(tag, (people, uses))| (people.len(), uses, tag)).collect();
    ranked.sort_unstable_by(|a, b| b.cmp(a));
    ranked.truncate(MOST);
    let ids: Vec<Id<Tag>> = ranked.iter().map(|(.., tag)| *tag).collect();
    let mut tags = store::hashtags::list(conn, &ids)?;
    tags.sort_by_key(|tag| ids.iter().position(|id| *id == tag.id));
    let rules = rows::tag_rules(conn, &ids)?;
    let rule = |tag: &Tag| rules.iter().find(|rule| rule.tag == tag.id).copied().unwrap_or(TagRule::none(tag.id));
    Ok(tags
        .into_iter()
        .map(|tag| {
            let rule = rule(&tag);
            (tag, rule)
        })
        .collect())
}

/// The hashtags that trend.
pub fn tags(conn: &mut Conn, viewer: Viewer, now: Timestamp, limit: usize, offset: usize) -> Result<Vec<Tag>> {
    let all = all_tags(conn, viewer, now)?;
    let trending = all.into_iter().filter(|(_, rule)| rule.trendable && rule.listable).map(|(tag, _)| tag);
    Ok(trending.skip(offset).take(limit).collect())
}

/// Posts by the reactions to them, with what staff decided.
pub fn all_posts(conn: &mut Conn, viewer: Viewer, now: Timestamp) -> Result<Vec<Reviewed<Id<Post>>>> {
    let ids = rows::liked_posts(conn, viewer.audience(), since(now), MOST as i64)?;
    let subjects: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rules = rows::rules(conn, Kind::Post, &subjects)?;
    Ok(ids
        .into_iter()
        .zip(subjects)
        .map(|(what, subject)| Reviewed { what, allowed: found(&rules, &subject) })
        .collect())
}

fn found(rules: &[Rule], subject: &str) -> Option<bool> {
    rules.iter().find(|rule| rule.subject == subject).map(|rule| rule.allowed)
}

/// The posts that trend, but for those of people whom the viewer does not want to read; and how many were looked at for
/// them: the page goes on when that is all of it, however few are shown.
///
/// # Errors
/// Those of the database.
pub fn posts(
    conn: &mut Conn,
    viewer: Viewer,
    now: Timestamp,
    limit: usize,
    offset: usize,
) -> Result<(PostViews, usize)> {
    let all = all_posts(conn, viewer, now)?;
    let ids: Vec<Id<Post>> =
        all.into_iter().filter(Reviewed::shown).map(|one| one.what).skip(offset).take(limit).collect();
    let mut rows = store::views::posts(conn, &ids)?;
    rows.sort_by_key(|post| ids.iter().position(|id| *id == post.id));
    let gathered = Gathered::read(conn, viewer, rows, true, now)?;
    Ok((PostViews::finish(conn, viewer, gathered, &[], now)?, ids.len()))
}

/// The host of a page: its publisher.
pub fn publisher(card: &Card) -> String {
    url::Url::parse(&card.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// Pages by the people who link to them, with what staff decided about them, or else about their publishers.
pub fn all_links(conn: &mut Conn, viewer: Viewer, now: Timestamp) -> Result<Vec<Reviewed<Trend>>> {
    let all = cards::trending(conn, viewer, now, MOST, 0)?;
    let pages: Vec<String> = all.iter().map(|trend| trend.card.url.clone()).collect();
    let hosts: Vec<String> = all.iter().map(|trend| publisher(&trend.card)).collect();
    let (of_pages, of_hosts) = (rows::rules(conn, Kind::Page, &pages)?, rows::rules(conn, Kind::Publisher, &hosts)?);
    let reviewed = |((what, page), host): ((Trend, String), String)| Reviewed {
        what,
        allowed: found(&of_pages, &page).or_else(|| found(&of_hosts, &host)),
    };
    Ok(all.into_iter().zip(pages).zip(hosts).map(reviewed).collect())
}

/// The pages that trend.
pub fn links(conn: &mut Conn, viewer: Viewer, now: Timestamp, limit: usize, offset: usize) -> Result<Vec<Trend>> {
    let all = all_links(conn, viewer, now)?;
    Ok(all.into_iter().filter(Reviewed::shown).map(|one| one.what).skip(offset).take(limit).collect())
}

/// Publishers of pages that people link to, and those about whom staff decided.
pub fn publishers(conn: &mut Conn, viewer: Viewer, now: Timestamp) -> Result<Vec<(String, Option<Rule>)>> {
    let rules = rows::all_rules(conn, Kind::Publisher, PUBLISHERS)?;
    let mut hosts: Vec<String> =
        cards::trending(conn, viewer, now, MOST, 0)?.iter().map(|trend| publisher(&trend.card)).collect();
    hosts.extend(rules.iter().map(|rule| rule.subject.clone()));
    let mut seen = HashSet::new();
    hosts.retain(|host| !host.is_empty() && seen.insert(host.clone()));
    Ok(hosts
        .into_iter()
        .map(|host| {
            let rule = rules.iter().find(|rule| rule.subject == host).cloned();
            (host, rule)
        })
        .collect())
}

fn allowed(by: &Staff) -> Result<()> {
    if by.role >= Role::Moderator { Ok(()) } else { Err(Error::forbidden("This action is not allowed")) }
}

fn decide(tx: &mut Tx<'_>, by: &Staff, kind: Kind, subject: String, allow: bool) -> Result<()> {
    allowed(by)?;
    let rule = Rule { subject, allowed: allow, reviewed_at: tx.now };
    rows::set_rule(tx.conn, kind, &rule)?;
    let what = match kind {
        Kind::Post => "post",
        Kind::Page => "page",
        Kind::Publisher => "publisher",
    };
    audit::write(tx, by, if allow { "trend.approve" } else { "trend.reject" }, &rule.subject, what)
}

/// Staff lets a post trend, or does not.
///
/// # Errors
/// `NotFound` when there is none; `Forbidden` below moderator.
pub fn decide_post(tx: &mut Tx<'_>, by: &Staff, id: Id<Post>, allow: bool) -> Result<()> {
    store::posts::load(tx.conn, id)?;
    decide(tx, by, Kind::Post, id.to_string(), allow)
}

/// Staff lets a page trend, or does not.
///
/// # Errors
/// `NotFound` when there is none; `Forbidden` below moderator.
pub fn decide_link(tx: &mut Tx<'_>, by: &Staff, id: Id<Card>, allow: bool) -> Result<Card> {
    let card = store::cards::find(tx.conn, id)?.ok_or(Error::NotFound)?;
    decide(tx, by, Kind::Page, card.url.clone(), allow)?;
    Ok(card)
}

/// Staff lets pages of a host trend, or does not.
///
/// # Errors
/// `Forbidden` below moderator.
pub fn decide_publisher(tx: &mut Tx<'_>, by: &Staff, host: &str, allow: bool) -> Result<()> {
    decide(tx, by, Kind::Publisher, host.to_owned(), allow)
}

/// What staff wants of a hashtag; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct TagChange {
    /// How it is written where it is shown.
    pub display: Option<String>,
    /// People of this node write it.
    pub usable: Option<bool>,
    /// It may trend.
    pub trendable: Option<bool>,
    /// It is found and suggested.
    pub listable: Option<bool>,
}

/// Staff decides about a hashtag, and has looked at it with that.
///
/// # Errors
/// `NotFound` when there is none; `Invalid` for a spelling that is another hashtag; `Forbidden` below moderator.
pub fn decide_tag(tx: &mut Tx<'_>, by: &Staff, id: Id<Tag>, change: &TagChange) -> Result<(Tag, TagRule)> {
    allowed(by)?;
    let mut tag = store::hashtags::list(tx.conn, &[id])?.pop().ok_or(Error::NotFound)?;
    if let Some(display) = &change.display {
        let display = display.trim().trim_start_matches('#');
        if super::text::normalize_hashtag(display).as_deref() != Some(tag.name.as_str()) {
            return Err(Error::invalid("display_name", "invalid", "Display name is another hashtag"));
        }
        rows::set_display(tx.conn, id, display)?;
        tag.display = display.to_owned();
    }
    let old = rows::tag_rules(tx.conn, &[id])?.pop().unwrap_or(TagRule::none(id));
    let rule = TagRule {
        tag: id,
        usable: change.usable.unwrap_or(old.usable),
        trendable: change.trendable.unwrap_or(old.trendable),
        listable: change.listable.unwrap_or(old.listable),
        reviewed_at: Some(tx.now),
    };
    rows::set_tag_rule(tx.conn, &rule)?;
    let word = |name: &'static str, on: bool| if on { String::new() } else { format!("not {name}") };
    let detail = [word("usable", rule.usable), word("trendable", rule.trendable), word("listable", rule.listable)];
    let detail: Vec<&str> = detail.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
    audit::write(tx, by, "tag.review", &tag.name, &detail.join(", "))?;
    Ok((tag, rule))
}

/// Refuses hashtags that staff does not want here. `tags` are normal names and how they were written.
///
/// # Errors
/// `Invalid`, naming the first.
pub fn check_usable(tx: &mut Tx<'_>, tags: &[(String, String)]) -> Result<()> {
    let names: Vec<&str> = tags.iter().map(|(name, _)| name.as_str()).collect();
    match rows::unusable(tx.conn, &names)?.first() {
        Some(name) => Err(Error::invalid("status", "invalid", format!("Text contains a disallowed hashtag: #{name}"))),
        None => Ok(()),
    }
}
