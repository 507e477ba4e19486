//! Finding people, posts and hashtags. As a consumer of facts it keeps the index of accounts.

use super::{
    Fact, Tx, Viewer,
    visibility::{self, Standings},
};
use crate::{
    Result,
    db::{Budget, Conn, Dialect},
    id::Id,
    model::{Account, Post, Tag},
    store::{
        self,
        search::{self as rows, Stretch},
    },
    time::Timestamp,
};

/// The consumer (see [`super::Consumer`]).
pub fn consume(tx: &mut Tx<'_>, fact: &Fact) -> Result<()> {
    match fact {
        Fact::AccountUpdated(id) | Fact::AccountUnsuspended(id) | Fact::AccountLeft(id) | Fact::AccountReturned(id) => {
            let account = store::accounts::load(tx.conn, *id)?;
            rows::index_account(tx.conn, &account)
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
        | Fact::PostPinned(..)
        | Fact::PostUnpinned(..)
        | Fact::PollVoted(..)
        | Fact::PollVotedRemotely(_)
        | Fact::PollClosed(_)
        | Fact::QuestionChanged(_)
        | Fact::FollowRequested(_)
        | Fact::FollowAccepted(_)
        | Fact::FollowReaffirmed(_)
        | Fact::FollowRejected(_)
        | Fact::Unfollowed(_)
        | Fact::FollowRefused { .. }
        | Fact::FollowStale { .. }
        | Fact::Membership { .. }
        | Fact::Blocked(_)
        | Fact::Unblocked(_)
        | Fact::ReportFiled(_)
        | Fact::FiltersChanged(_)
        | Fact::Notified(_)
        | Fact::AccessRevoked { .. } => Ok(()),
    }
}

/// Accounts looked at before they are put in order.
const CANDIDATES: i64 = 200;
/// Posts judged at once.
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
    /// How many.
    pub limit: usize,
    /// After how many.
    pub offset: usize,
}

/// Accounts by name: an exact handle first, then those the viewer follows, then those with most followers. Nobody of a
/// domain the viewer blocks, and nobody who blocks the viewer.
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
    let mut ids = Vec::new();
    if viewer.0.is_some() {
        // Those one knows are found however many others bear the name.
        ids.extend(budget.run(conn, |conn| rows::accounts(conn, &words, viewer.0, CANDIDATES))?.unwrap_or_default());
    }
    if !query.following {
        let others = budget.run(conn, |conn| rows::accounts(conn, &words, None, CANDIDATES))?.unwrap_or_default();
        ids.extend(others);
        ids.sort_unstable();
        ids.dedup();
    }
    let exact = store::accounts::find_by_handle(conn, handle)?;
    if let Some(exact) = exact.as_ref().filter(|a| !ids.contains(&a.id)) {
        ids.push(exact.id);
    }
    let mut found = store::accounts::list(conn, &ids)?;
    let standings = Standings::load(conn, viewer, &ids, now)?;
    found.retain(|a| {
        let standing = standings.of(a.id);
        let unwanted = standing.blocked_by || standing.domain_blocking;
        let shown = !a.is_unavailable() && !unwanted && (!query.following || standing.following);
        // Silenced accounts are found by those who know them.
        shown && (a.silenced_at.is_none() || standing.following || exact.as_ref().is_some_and(|e| e.id == a.id))
    });
    found.sort_by_key(|a| {
        let is_exact = exact.as_ref().is_some_and(|e| e.id == a.id);
        (!is_exact, !standings.of(a.id).following, a.domain.is_some(), -a.followers_count, a.id)
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

/// Posts with all the words, newest first, that the viewer may see and may find. Looks further and further back until
/// there are enough, everything was looked at, or the time is over (LIM-06): then it answers what it has.
pub fn posts(
    conn: &mut Conn,
    viewer: Viewer,
    text: &str,
    query: PostQuery,
    budget: &Budget,
    now: Timestamp,
) -> Result<Vec<Post>> {
    let words = rows::words(text);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = query.limit + query.offset;
    let searcher = rows::Searcher { viewer: viewer.0, author: query.author };
    let end = query.above.unwrap_or(0);
    let below = query.below.unwrap_or(i64::MAX);
    let mut length = DAY;
    // SQLite reads the newest first and stops; PostgreSQL puts all that it finds in order, so it is asked for less.
    let above = match conn.dialect() {
        Dialect::Sqlite => end,
        Dialect::Postgres => below.min(rows::newest(conn)?.saturating_add(1)).saturating_sub(length).max(end),
    };
    let mut within = Stretch { above, below };
    let mut found: Vec<Post> = Vec::new();
    while found.len() < wanted && !budget.is_spent() {
        let Some(ids) = budget.run(conn, |conn| rows::posts(conn, &words, searcher, within, BATCH))? else { break };
        if !ids.is_empty() {
            let visible = visibility::condition(viewer);
            let read = budget.run(conn, |conn| rows::findable(conn, &ids, viewer.0, query.author, visible))?;
            let Some(posts) = read else { break };
            let authors: Vec<Id<Account>> = posts.iter().map(|p| p.account_id).collect();
            let standings = Standings::load(conn, viewer, &authors, now)?;
            found.extend(posts.into_iter().filter(|p| standings.welcome(p.account_id)));
        }
        match ids.last() {
            Some(last) if i64::try_from(ids.len()).is_ok_and(|n| n == BATCH) => within.below = last.raw(),
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

/// Hashtags that begin like this, the shortest first.
pub fn hashtags(conn: &mut Conn, beginning: &str, limit: i64, offset: i64, budget: &Budget) -> Result<Vec<Tag>> {
    let found = budget.run(conn, |conn| store::hashtags::beginning(conn, beginning, limit, offset))?;
    Ok(found.unwrap_or_default())
}
