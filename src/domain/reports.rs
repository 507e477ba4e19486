//! Reports: what people here and servers elsewhere bring before the moderators (MOD-04).

use super::{
    Fact, Tx,
    audit::{self, Staff},
    visibility,
};
use crate::{
    Error, Result,
    db::Sql,
    id::Id,
    limits,
    model::{Account, Collection, Post, Report, Role, Visibility},
    store,
};

/// Characters of a reason that are kept (MOD-04).
const COMMENT: usize = 5_000;
/// Posts of one report (AUT-13).
const POSTS: usize = 50;
/// Collections of one report: as many as somebody has.
const COLLECTIONS: usize = limits::COLLECTIONS;
/// Reports taken from one server in a day; more are dropped (AUT-13).
const PER_HOST_AND_DAY: i64 = 100;

/// What a report is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Category {
    /// None of the others.
    #[default]
    Other,
    /// Unwanted mass.
    Spam,
    /// Against the law.
    Legal,
    /// Against a rule of the house.
    Violation,
}

impl Category {
    /// The word of the client API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Spam => "spam",
            Self::Legal => "legal",
            Self::Violation => "violation",
        }
    }
    /// From the word; none for another word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Other, Self::Spam, Self::Legal, Self::Violation].into_iter().find(|c| c.as_str() == word)
    }
    /// From the stored number.
    pub const fn from_code(code: i16) -> Self {
        match code {
            1 => Self::Spam,
            2 => Self::Legal,
            3 => Self::Violation,
            _ => Self::Other,
        }
    }
    const fn code(self) -> i16 {
        match self {
            Self::Other => 0,
            Self::Spam => 1,
            Self::Legal => 2,
            Self::Violation => 3,
        }
    }
}

/// A report before it is stored.
#[derive(Clone, Debug, Default)]
pub struct Filing {
    /// Posts it names; those that a reporter of this node cannot know of are left out, and those of other authors when the
    /// report arrived.
    pub posts: Vec<Id<Post>>,
    /// Collections it names; those of others are left out.
    pub collections: Vec<Id<Collection>>,
    /// The reason, plain text.
    pub comment: String,
    /// What about.
    pub category: Category,
    /// Numbers of house rules.
    pub rules: Vec<i64>,
    /// Send it to the other server too.
    pub forward: bool,
    /// The id of the Flag, when it arrived.
    pub uri: Option<String>,
    /// The server that sent it.
    pub from_host: Option<String>,
}

/// Files a report by `account` about `target`. What one sender reports about one account within a day is one report.
///
/// # Errors
/// `NotFound` when the target is not here, or a reporter of this node names a post of somebody else that they see.
pub fn file(tx: &mut Tx<'_>, account: Id<Account>, target: Id<Account>, filing: Filing) -> Result<Report> {
    let other = store::accounts::load(tx.conn, target)?;
    if other.deleted_at.is_some() {
        return Err(Error::NotFound);
    }
    let mut posts: Vec<Id<Post>> = filing.posts;
    posts.truncate(POSTS);
    if filing.from_host.is_none() {
        posts = known_to(tx, account, target, &posts)?;
    }
    let posts: Vec<i64> = if posts.is_empty() {
        Vec::new()
    } else {
        Sql::new("select p.id from posts p where p.account_id = ")
            .bind(target)
            .push(" and p.id in ")
            .ids(&posts)
            .load_ids::<Post>(tx.conn)?
            .into_iter()
            .map(Id::raw)
            .collect()
    };
    let mut named = filing.collections;
    named.truncate(COLLECTIONS);
    let mut collections = store::collections::several(tx.conn, &named)?;
    collections.retain(|row| row.account_id == target);
    let mut collections: Vec<i64> = collections.iter().map(|row| row.id.raw()).collect();
    collections.sort_unstable();
    let comment: String = filing.comment.chars().take(COMMENT).collect();
    let yesterday = tx.now.plus_days(-1);
    if let Some(host) = &filing.from_host {
        if let Some(open) = store::reports::find_open(tx.conn, account, target, yesterday)? {
            let with = |mut named: Vec<i64>, before: &str, most: usize| {
                named.extend(serde_json::from_str::<Vec<i64>>(before).unwrap_or_default());
                named.sort_unstable();
                named.dedup();
                named.truncate(most);
                serde_json::json!(named).to_string()
            };
            let posts = with(posts, &open.post_ids, POSTS);
            let collections = with(collections, &open.collection_ids, COLLECTIONS);
            store::reports::extend(tx.conn, open.id, &posts, &collections)?;
            return store::reports::load(tx.conn, open.id);
        }
        if store::reports::count_from_host(tx.conn, host, yesterday)? >= PER_HOST_AND_DAY {
            return Err(Error::RateLimited { retry_after: 86_400 });
        }
    }
    let report = Report {
        id: tx.new_id(),
        account_id: account,
        target_id: target,
        uri: filing.uri,
        category: if filing.rules.is_empty() { filing.category } else { Category::Violation }.code(),
        comment,
        post_ids: serde_json::json!(posts).to_string(),
        rule_ids: serde_json::json!(filing.rules).to_string(),
        forwarded: filing.forward && !other.is_local(),
        from_host: filing.from_host,
        created_at: tx.now,
        closed_at: None,
        closed_by: None,
        assigned_id: None,
        collection_ids: serde_json::json!(collections).to_string(),
    };
    store::reports::insert(tx.conn, &report)?;
    tx.record(Fact::ReportFiled(report.id))?;
    Ok(report)
}

/// Those of the posts that somebody of this node can know of: what the answer names tells of no other that it is there.
/// A block by their author takes nothing back. One of somebody else than `target` is a mistake of the client.
fn known_to(tx: &mut Tx<'_>, reporter: Id<Account>, target: Id<Account>, posts: &[Id<Post>]) -> Result<Vec<Id<Post>>> {
    let me = store::accounts::load(tx.conn, reporter)?;
    let addressed = store::views::addressed(tx.conn, reporter, posts)?;
    let mut known = Vec::new();
    for post in store::views::posts(tx.conn, posts)? {
        let open = post.visibility <= Visibility::Unlisted;
        if open || addressed.contains(&post.id) || visibility::sees(tx.conn, &me, &post, tx.now)? {
            if post.account_id != target {
                return Err(Error::NotFound);
            }
            known.push(post.id);
        }
    }
    Ok(known)
}

fn traced(tx: &mut Tx<'_>, by: &Staff, action: &str, report: &Report) -> Result<()> {
    if by.role < Role::Moderator {
        return Err(Error::forbidden("This action is not allowed"));
    }
    let target = store::accounts::find(tx.conn, report.target_id)?.map(|account| account.acct());
    audit::write(tx, by, action, &report.id.to_string(), target.as_deref().unwrap_or(""))
}

/// Staff is done with a report.
///
/// # Errors
/// `NotFound` when there is none; `Conflict` when it was closed already; `Forbidden` below moderator.
pub fn close(tx: &mut Tx<'_>, by: &Staff, id: Id<Report>) -> Result<()> {
    let report = store::reports::load(tx.conn, id)?;
    if !store::reports::close(tx.conn, id, by.account, tx.now)? {
        return Err(Error::Conflict("this report was closed already".into()));
    }
    traced(tx, by, "report.close", &report)
}

/// Staff takes it up again; no effect on an open one.
///
/// # Errors
/// `NotFound` when there is none; `Forbidden` below moderator.
pub fn reopen(tx: &mut Tx<'_>, by: &Staff, id: Id<Report>) -> Result<()> {
    let report = store::reports::load(tx.conn, id)?;
    if report.closed_at.is_none() {
        return Ok(());
    }
    store::reports::reopen(tx.conn, id)?;
    traced(tx, by, "report.reopen", &report)
}

/// Says who of the staff looks into it; none for nobody.
///
/// # Errors
/// `NotFound` when there is none; `Forbidden` below moderator.
pub fn assign(tx: &mut Tx<'_>, by: &Staff, id: Id<Report>, to: Option<Id<Account>>) -> Result<()> {
    let report = store::reports::load(tx.conn, id)?;
    store::reports::assign(tx.conn, id, to)?;
    traced(tx, by, if to.is_some() { "report.assign" } else { "report.unassign" }, &report)
}

/// Staff says what it is about; what is none stays.
///
/// # Errors
/// `NotFound` when there is none; `Forbidden` below moderator.
pub fn classify(
    tx: &mut Tx<'_>,
    by: &Staff,
    id: Id<Report>,
    category: Option<Category>,
    rules: Option<Vec<i64>>,
) -> Result<()> {
    let report = store::reports::load(tx.conn, id)?;
    let rules = rules.map_or(report.rule_ids.clone(), |rules| serde_json::json!(rules).to_string());
    store::reports::classify(tx.conn, id, category.map_or(report.category, Category::code), &rules)?;
    traced(tx, by, "report.classify", &report)
}
