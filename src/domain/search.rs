//! Finding people, posts and hashtags. As a consumer of facts it keeps the index of accounts.

use super::{
    Fact, Tx, Viewer,
    visibility::{self, Standings},
};
use crate::{
    Result,
    db::Conn,
    id::Id,
    model::{Account, Post},
    store::{self, search as rows},
    time::Timestamp,
};

/// The consumer (see [`super::Consumer`]).
pub fn consume(tx: &mut Tx<'_>, fact: &Fact) -> Result<()> {
    match fact {
        Fact::AccountUpdated(id) | Fact::AccountUnsuspended(id) => {
            let account = store::accounts::load(tx.conn, *id)?;
            rows::index_account(tx.conn, &account)
        }
        Fact::AccountDeleted(id) | Fact::AccountSuspended(id) => rows::unindex_account(tx.conn, *id),
        // Posts are indexed where they are written, new accounts too.
        Fact::AccountRegistered(_)
        | Fact::AccountMoved(_)
        | Fact::PostPublished { .. }
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
        | Fact::FollowRequested(_)
        | Fact::FollowAccepted(_)
        | Fact::FollowReaffirmed(_)
        | Fact::FollowRejected(_)
        | Fact::Unfollowed(_)
        | Fact::FollowRefused { .. }
        | Fact::FollowStale { .. }
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
/// Posts looked at at first, and at most.
const FIRST: i64 = 96;
const MOST: i64 = 1_000;

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

/// Accounts by name: an exact handle first, then those the viewer follows, then those with most followers.
pub fn accounts(
    conn: &mut Conn,
    viewer: Viewer,
    text: &str,
    handle: &str,
    query: AccountQuery,
    now: Timestamp,
) -> Result<Vec<Id<Account>>> {
    let mut ids = rows::accounts(conn, &rows::words(text), CANDIDATES)?;
    let exact = store::accounts::find_by_handle(conn, handle)?;
    if let Some(exact) = exact.as_ref().filter(|a| !ids.contains(&a.id)) {
        ids.push(exact.id);
    }
    let mut found = store::accounts::list(conn, &ids)?;
    let standings = Standings::load(conn, viewer, &ids, now)?;
    found.retain(|a| {
        let standing = standings.of(a.id);
        let shown = !a.is_unavailable() && !standing.blocked_by && (!query.following || standing.following);
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

/// Posts with all the words, newest first, that the viewer may see and may find.
pub fn posts(conn: &mut Conn, viewer: Viewer, text: &str, query: PostQuery, now: Timestamp) -> Result<Vec<Post>> {
    let words = rows::words(text);
    let wanted = query.limit + query.offset;
    let mut found: Vec<Post> = Vec::new();
    let mut below = query.below;
    let mut looked_at = 0;
    while found.len() < wanted && looked_at < MOST {
        let batch = if looked_at == 0 { FIRST } else { MOST - looked_at };
        let ids = rows::posts(conn, &words, below, batch)?;
        looked_at += batch;
        for chunk in ids.chunks(128) {
            let visible = visibility::condition(viewer);
            let posts = rows::findable(conn, chunk, viewer.0, query.author, visible)?;
            let authors: Vec<Id<Account>> = posts.iter().map(|p| p.account_id).collect();
            let standings = Standings::load(conn, viewer, &authors, now)?;
            found.extend(
                posts
                    .into_iter()
                    .filter(|p| standings.welcome(p.account_id) && query.above.is_none_or(|above| p.id.raw() > above)),
            );
            if found.len() >= wanted {
                break;
            }
        }
        match ids.last() {
            Some(last) if i64::try_from(ids.len()).is_ok_and(|n| n == batch) => below = Some(last.raw()),
            _ => break,
        }
    }
    Ok(found.into_iter().skip(query.offset).take(query.limit).collect())
}
