//! Finding people, posts and hashtags. As a consumer of facts it keeps the index of accounts.

mod query;

pub use query::{Query, Scope, Span};

use super::{
    Fact, Task, Tx, Viewer,
    html::plain_text,
    people::{Listed, listed_of},
    profiles,
    visibility::{self, Standings},
};
use crate::{
    Result,
    db::{Budget, Conn, Dialect},
    id::Id,
    model::{Account, Post, Tag},
    store::{
        self,
        search::{self as rows, Stretch, Wanted},
    },
    time::Timestamp,
};

/// The consumer (see [`super::Consumer`]).
pub fn consume(tx: &mut Tx<'_>, fact: &Fact) -> Result<()> {
    match fact {
        Fact::AccountUpdated(id) | Fact::AccountUnsuspended(id) | Fact::AccountLeft(id) | Fact::AccountReturned(id) => {
            let account = store::accounts::load(tx.conn, *id)?;
            index_account(tx.conn, &account)
        }
        Fact::AccountDeleted(id) | Fact::AccountSuspended(id) => rows::unindex_account(tx.conn, *id),
        // Posts are indexed where they are written, new accounts too.
        Fact::AccountRegistered(_)
        | Fact::AccountMoved(_)
        | Fact::PostPublished { .. }
        | Fact::PostCameLate(_)
        | Fact::PostEdited { .. }
        | Fact::PostDeleted(_)
        | Fact::PostBoosted { .. }
        | Fact::PostUnboosted(_)
        | Fact::PostFavourited(_)
        | Fact::PostUnfavourited(_)
        | Fact::PostReacted(_)
        | Fact::PostUnreacted(_)
        | Fact::PostPinned(..)
        | Fact::PostUnpinned(..)
        | Fact::TagFeatured(..)
        | Fact::TagUnfeatured(..)
        | Fact::PollVoted(..)
        | Fact::PollVotedRemotely(_)
        | Fact::PollClosed(_)
        | Fact::QuestionChanged(_)
        | Fact::IdeaChanged(_)
        | Fact::QuoteAsked(_)
        | Fact::QuoteAccepted { .. }
        | Fact::QuoteEnded(_)
        | Fact::CollectionChanged(..)
        | Fact::CollectionItemChanged(..)
        | Fact::FeatureAnswered { .. }
        | Fact::InteractionAsked(_)
        | Fact::InteractionAccepted(_)
        | Fact::InteractionEnded(_)
        | Fact::InteractionAnswered(_)
        | Fact::QuoteRefused { .. }
        | Fact::QuotePolicyChanged(_)
        | Fact::FollowRequested(_)
        | Fact::FollowAccepted(_)
        | Fact::FollowReaffirmed(_)
        | Fact::FollowRejected(_)
        | Fact::Unfollowed(_)
        | Fact::FollowRefused { .. }
        | Fact::FollowStale { .. }
        | Fact::Membership { .. }
        | Fact::ThreadLocked { .. }
        | Fact::CollectionJoined(_)
        | Fact::CollectionLeft(_)
        | Fact::CollectionRenamed(_)
        | Fact::Blocked(_)
        | Fact::Unblocked(_)
        | Fact::ReportFiled(_)
        | Fact::FiltersChanged(_)
        | Fact::AccountWarned(_)
        | Fact::FollowsSevered(_)
        | Fact::Notified(_)
        | Fact::AccessRevoked { .. } => Ok(()),
    }
}

/// Puts an account into the index: its names, and what it says of itself when it wants to be found. What is only made of
/// the directory ([`super::people`]) is found there, by its own rules.
///
/// # Errors
/// Those of the database.
pub fn index_account(conn: &mut Conn, account: &Account) -> Result<()> {
    let mut about = String::new();
    if account.discoverable && account.left_on.is_none() {
        about = plain_text(&account.note);
        for field in profiles::fields(account).iter().filter(|field| field.generated.is_none()) {
            for part in [&field.name, &field.value] {
                about.push(' ');
                about.push_str(&plain_text(part));
            }
        }
    }
    rows::index_account(conn, account, &about)
}

/// Accounts indexed again in one transaction.
const CHUNK: i64 = 200;

/// The task [`Task::IndexAccounts`]: the next chunk of accounts, as they stand now.
///
/// # Errors
/// Those of the database.
pub fn index_accounts(tx: &mut Tx<'_>, after: i64) -> Result<()> {
    let accounts = rows::accounts_to_index(tx.conn, after, CHUNK)?;
    for account in &accounts {
        index_account(tx.conn, account)?;
    }
    match accounts.last() {
        Some(last) if accounts.len() as i64 == CHUNK => tx.enqueue(&Task::IndexAccounts { after: last.id.raw() }),
        _ => Ok(()),
    }
}

/// Accounts looked at before they are put in order.
const CANDIDATES: i64 = 200;
/// Posts judged at once, at most. The first time only a few more than are wanted: the index knows who may find what, so
/// few of them are dropped.
const BATCH: i64 = 128;
/// The first stretch of time that is searched.
const DAY: i64 = 86_400_000 << 16;
/// How much longer each one after it is.
const LONGER: i64 = 4;

/// Which accounts.
#[derive(Clone, Copy, Debug)]
pub struct AccountQuery {
    /// Only those the viewer follows.
    pub following: bool,
    /// By what they say of themselves, too.
    pub about: bool,
    /// How many.
    pub limit: usize,
    /// After how many.
    pub offset: usize,
}

/// Accounts by name, and for people of the node by what those say of themselves who want to be found: an exact handle
/// first, then who has the name, then those the viewer follows, then those with most followers. Nobody of a domain the
/// viewer blocks, and nobody who blocks the viewer.
pub fn accounts(
    conn: &mut Conn,
    viewer: Viewer,
    text: &str,
    handle: &str,
    query: AccountQuery,
    budget: &Budget,
    now: Timestamp,
) -> Result<Vec<Id<Account>>> {
    let words = rows::words(text);
    let about = query.about && viewer.0.is_some();
    let mut ids = Vec::new();
    let find = |conn: &mut Conn, ids: &mut Vec<Id<Account>>, about, follower| -> Result<()> {
        let found = budget.run(conn, |conn| rows::accounts(conn, &words, about, follower, CANDIDATES))?;
        ids.extend(found.unwrap_or_default());
        ids.sort_unstable();
        ids.dedup();
        Ok(())
    };
    if viewer.0.is_some() {
        // Those one knows are found however many others bear the name.
        find(conn, &mut ids, about, viewer.0)?;
    }
    if !query.following {
        find(conn, &mut ids, false, None)?;
        // Who has the name comes first, so only when those are not enough.
        if about && ids.len() <= query.limit.saturating_add(query.offset) {
            find(conn, &mut ids, true, None)?;
        }
    }
    let exact = store::accounts::find_by_handle(conn, handle)?;
    if let Some(exact) = exact.as_ref().filter(|a| !ids.contains(&a.id)) {
        ids.push(exact.id);
    }
    let mut found = store::accounts::list(conn, &ids)?;
    if viewer.0.is_none() {
        // Strangers find those who are for everybody, and whose handle they know.
        let rows = store::people::list(conn, &ids)?;
        let hidden = |id| rows.iter().any(|(other, row)| *other == id && listed_of(row.listed) != Listed::Organisation);
        found.retain(|a| !a.is_local() || !hidden(a.id) || exact.as_ref().is_some_and(|e| e.id == a.id));
    }
    let standings = Standings::load(conn, viewer, &ids, now)?;
    let waiting = store::users::waiting(conn, &ids)?;
    found.retain(|a| {
        let standing = standings.of(a.id);
        let unwanted = standing.blocked_by || standing.domain_blocking;
        let shown =
            !a.is_unavailable() && !waiting.contains(&a.id) && !unwanted && (!query.following || standing.following);
        // Silenced accounts are found by those who know them.
        shown && (a.silenced_at.is_none() || standing.following || exact.as_ref().is_some_and(|e| e.id == a.id))
    });
    found.sort_by_key(|a| {
        let is_exact = exact.as_ref().is_some_and(|e| e.id == a.id);
        let only_says_so = about && !is_exact && !rows::is_named(a, &words);
        (!is_exact, only_says_so, !standings.of(a.id).following, a.domain.is_some(), -a.followers_count, a.id)
    });
    Ok(found.into_iter().skip(query.offset).take(query.limit).map(|a| a.id).collect())
}

/// Which posts.
#[derive(Clone, Copy, Debug, Default)]
pub struct PostQuery {
    /// Only by this author.
    pub author: Option<Id<Account>>,
    /// Only older than this.
    pub below: Option<i64>,
    /// Only newer than this.
    pub above: Option<i64>,
    /// How many.
    pub limit: usize,
    /// After how many.
    pub offset: usize,
}

/// The conditions of a query, as the index knows them; none when nothing can fulfil them. `handle` makes the handle of
/// what stands behind `from:`.
fn conditions(
    conn: &mut Conn,
    viewer: Viewer,
    asked: &Query,
    handle: impl Fn(&str) -> String,
) -> Result<Option<Wanted>> {
    let mut wanted = Wanted {
        phrases: asked.phrases.clone(),
        without: asked.without.clone(),
        traits: asked.traits.clone(),
        languages: asked.languages.clone(),
        ..Wanted::default()
    };
    for (name, must) in &asked.from {
        let author = match (name.as_str(), viewer.0) {
            ("me", me @ Some(_)) => me,
            _ => store::accounts::find_by_handle(conn, &handle(name))?.map(|account| account.id),
        };
        match author {
            Some(author) => wanted.authors.push((author, *must)),
            // Nobody wrote anything; and everything is by somebody else.
            None if *must => return Ok(None),
            None => {}
        }
    }
    for (span, must) in &asked.spans {
        let id = |at: Timestamp| at.millis().saturating_mul(1 << 16);
        // The ids of a span are above the one and below the other.
        let (above, below) = (span.from.map_or(-1, |at| id(at) - 1), span.until.map_or(i64::MAX, id));
        if *must {
            wanted.gaps.push(Stretch { above: -1, below: above.saturating_add(1) });
            wanted.gaps.push(Stretch { above: below.saturating_sub(1), below: i64::MAX });
        } else {
            wanted.gaps.push(Stretch { above, below });
        }
    }
    Ok(Some(wanted))
}

/// Posts as somebody asks for them, newest first, that the viewer may see and may find. Looks further and further back
/// until there are enough, everything was looked at, or the time is over (LIM-06): then it answers what it has.
pub fn posts(
    conn: &mut Conn,
    viewer: Viewer,
    asked: &Query,
    handle: impl Fn(&str) -> String,
    query: PostQuery,
    budget: &Budget,
    now: Timestamp,
) -> Result<Vec<Post>> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let Some(mut conditions) = conditions(conn, viewer, asked, handle)? else { return Ok(Vec::new()) };
    let wanted = query.limit + query.offset;
    let searcher = rows::Searcher {
        viewer: viewer.0,
        author: query.author,
        library: asked.scope == Scope::Library,
        public: asked.scope == Scope::Public,
    };
    let mut end = query.above.unwrap_or(0);
    let mut below = query.below.unwrap_or(i64::MAX);
    // Gaps at either end are none: there the search stops and begins.
    conditions.gaps.retain(|gap| {
        let (first, last) = (gap.above < 0, gap.below == i64::MAX);
        if first {
            end = end.max(gap.below.saturating_sub(1));
        }
        if last {
            below = below.min(gap.above.saturating_add(1));
        }
        !first && !last
    });
    let mut length = DAY;
    // SQLite reads the newest first and stops; PostgreSQL puts all that it finds in order, so it is asked for less. What
    // may read long without finding anything is asked in steps of both.
    let above = match conn.dialect() {
        Dialect::Sqlite if !conditions.is_broad() => end,
        _ => below.min(rows::newest(conn)?.saturating_add(1)).saturating_sub(length).max(end),
    };
    let mut within = Stretch { above, below };
    let mut found: Vec<Post> = Vec::new();
    let mut batch = i64::try_from(wanted).unwrap_or(BATCH).saturating_add(8).clamp(1, BATCH);
    while found.len() < wanted && !budget.is_spent() {
        let Some(ids) = budget.run(conn, |conn| rows::posts(conn, &conditions, searcher, within, batch))? else {
            break;
        };
        if !ids.is_empty() {
            let visible = visibility::condition(viewer);
            let read = budget.run(conn, |conn| rows::findable(conn, &ids, searcher, visible))?;
            let Some(posts) = read else { break };
            let standings = Standings::for_posts(conn, viewer, &posts, now)?;
            found.extend(posts.into_iter().filter(|p| standings.welcome(p.account_id)));
        }
        let asked = std::mem::replace(&mut batch, BATCH);
        match ids.last() {
            Some(last) if i64::try_from(ids.len()).is_ok_and(|n| n == asked) => within.below = last.raw(),
            _ if within.above <= end => break,
            _ => {
                length = length.saturating_mul(LONGER);
                within = Stretch {
                    above: within.above.saturating_sub(length).max(end),
                    below: within.above.saturating_add(1),
                };
            }
        }
    }
    Ok(found.into_iter().skip(query.offset).take(query.limit).collect())
}

/// Hashtags that begin like this, the shortest first; strangers find those of posts for everybody, and nobody those that
/// staff does not list. `reviewed`: only those that staff has looked at.
pub fn hashtags(
    conn: &mut Conn,
    viewer: Viewer,
    beginning: &str,
    reviewed: bool,
    limit: i64,
    offset: i64,
    budget: &Budget,
) -> Result<Vec<Tag>> {
    let found = budget.run(conn, |conn| store::hashtags::beginning(conn, beginning, reviewed, limit, offset))?;
    let mut found = found.unwrap_or_default();
    if viewer.0.is_none() {
        let ids: Vec<Id<Tag>> = found.iter().map(|tag| tag.id).collect();
        let open = budget.run(conn, |conn| store::hashtags::open_among(conn, &ids))?.unwrap_or_default();
        found.retain(|tag| open.contains(&tag.id));
    }
    Ok(found)
}
