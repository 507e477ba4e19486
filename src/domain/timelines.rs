//! Home, public, hashtag, list and account timelines, and threads.

use super::{
    Viewer,
    text::normalize_hashtag,
    views::{Gathered, PostViews},
    visibility,
};
use crate::{
    Error, Result,
    db::Conn,
    id::Id,
    model::{Account, List, Post, Tag},
    store::{
        accounts, cards, domain_blocks, lists,
        page::Page,
        quotes,
        timelines::{self as rows, AuthorQuery, Half, TagQuery},
        views,
    },
    time::Timestamp,
};
use std::collections::HashMap;

/// How often rows are read again because too many of a page were not to be shown.
const ROUNDS: usize = 5;
/// Posts of a thread that are looked at.
const THREAD: i64 = 4_096;
/// Ancestors and descendants shown to a visitor who is not signed in.
const ANONYMOUS: (usize, usize) = (40, 60);

/// A page of a timeline: what is shown, and the cursors of the neighbouring pages.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// What is shown.
    pub posts: PostViews,
    /// The newest and the oldest row that was looked at; none for an empty page.
    pub bounds: Option<(i64, i64)>,
}

/// Reads rows until the page is full of posts whose authors (and original authors) are welcome.
fn fill(
    conn: &mut Conn,
    viewer: Viewer,
    page: Page,
    now: Timestamp,
    mut read: impl FnMut(&mut Conn, &Page) -> Result<Vec<Post>>,
) -> Result<Timeline> {
    let wanted = usize::try_from(page.limit).unwrap_or(0);
    let mut shown = Gathered::default();
    let mut ask = page;
    let mut bounds: Option<(i64, i64)> = None;
    for _ in 0..ROUNDS {
        let batch = read(conn, &ask)?;
        let full = batch.len() >= wanted;
        let (Some(newest), Some(oldest)) = (batch.first().map(|p| p.id.raw()), batch.last().map(|p| p.id.raw())) else {
            break;
        };
        shown.join(Gathered::read(conn, viewer, batch, true, now)?, page.upward());
        bounds = Some(match bounds {
            Some((high, low)) => (high.max(newest), low.min(oldest)),
            None => (newest, oldest),
        });
        if !full || shown.order.len() >= wanted {
            break;
        }
        ask = ask.beyond(if page.upward() { newest } else { oldest });
    }
    // Surplus of a later round stays for the next page.
    let surplus = shown.order.len().saturating_sub(wanted);
    if surplus > 0 {
        if page.upward() {
            shown.order.drain(..surplus);
            bounds = bounds.map(|(high, low)| (shown.order.first().map_or(high, |id| id.raw()), low));
        } else {
            shown.order.truncate(wanted);
            bounds = bounds.map(|(high, low)| (high, shown.order.last().map_or(low, |id| id.raw())));
        }
    }
    Ok(Timeline { posts: PostViews::finish(conn, viewer, shown, &[], now)?, bounds })
}

/// The home timeline.
pub fn home(conn: &mut Conn, owner: Id<Account>, page: Page, now: Timestamp) -> Result<Timeline> {
    fill(conn, owner.into(), page, now, |conn, page| rows::home(conn, owner, page))
}

/// The public timeline.
pub fn public(
    conn: &mut Conn,
    viewer: Viewer,
    half: Half,
    only_media: bool,
    page: Page,
    now: Timestamp,
) -> Result<Timeline> {
    fill(conn, viewer, page, now, |conn, page| rows::public(conn, viewer.audience(), half, only_media, page))
}

/// Which hashtags, by name as people write them.
#[derive(Clone, Debug, Default)]
pub struct TagRequest {
    /// The main one.
    pub tag: String,
    /// Or one of these.
    pub any: Vec<String>,
    /// And all of these.
    pub all: Vec<String>,
    /// And none of these.
    pub none: Vec<String>,
    /// Local, remote or both.
    pub half: Half,
    /// With attachments only.
    pub only_media: bool,
}

/// Names per list of a tag timeline.
const TAGS: usize = 4;

/// Public posts with a hashtag; a tag nobody used is an empty page.
pub fn tagged(conn: &mut Conn, viewer: Viewer, request: &TagRequest, page: Page, now: Timestamp) -> Result<Timeline> {
    let mut known = |names: &[String]| -> Result<(Vec<Id<Tag>>, bool)> {
        let mut names: Vec<String> = names.iter().take(TAGS).filter_map(|n| normalize_hashtag(n)).collect();
        // Two spellings are one hashtag.
        names.sort_unstable();
        names.dedup();
        let ids = rows::tag_ids(conn, &names)?;
        let complete = ids.len() == names.len();
        Ok((ids, complete))
    };
    let mut any = known(std::slice::from_ref(&request.tag))?.0;
    any.extend(known(&request.any)?.0);
    let (all, complete) = known(&request.all)?;
    let none = known(&request.none)?.0;
    if any.is_empty() || !complete {
        return Ok(Timeline::default());
    }
    any.dedup();
    let query = TagQuery { any, all, none, half: request.half, only_media: request.only_media };
    fill(conn, viewer, page, now, |conn, page| rows::tagged(conn, viewer.audience(), &query, page))
}

/// Public posts about a page, however its address is written; of a page nobody links to there are none.
pub fn linking(conn: &mut Conn, viewer: Viewer, url: &str, page: Page, now: Timestamp) -> Result<Timeline> {
    let Some(url) = super::cards::page_of(url, |_| false) else { return Ok(Timeline::default()) };
    let cards = cards::of_page(conn, &url)?;
    if cards.is_empty() {
        return Ok(Timeline::default());
    }
    fill(conn, viewer, page, now, |conn, page| rows::linking(conn, viewer.audience(), &cards, page))
}

/// Posts that quote one which the viewer may see, and which the viewer may see too.
pub fn quoting(conn: &mut Conn, viewer: Viewer, quoted: Id<Post>, page: Page, now: Timestamp) -> Result<Timeline> {
    let quoted = visibility::visible_original(conn, viewer, quoted, now)?;
    let which = visibility::condition(viewer);
    fill(conn, viewer, page, now, |conn, page| quotes::quoting(conn, quoted.id, which.clone(), page))
}

/// Direct posts that somebody wrote or is addressed by.
pub fn direct(conn: &mut Conn, reader: Id<Account>, page: Page, now: Timestamp) -> Result<Timeline> {
    fill(conn, reader.into(), page, now, |conn, page| rows::direct(conn, reader, page))
}

/// The timeline of a list of the viewer's; `NotFound` for anybody else's (PRV-14).
pub fn list(conn: &mut Conn, owner: Id<Account>, list: Id<List>, page: Page, now: Timestamp) -> Result<Timeline> {
    let list = lists::owned(conn, owner, list)?;
    fill(conn, owner.into(), page, now, |conn, page| rows::list(conn, list.id, owner, list.replies_policy, page))
}

/// Posts of one account that the viewer may see. That the viewer blocks or mutes this account does not matter here, but whom
/// it boosts does, and so do domains the viewer blocks (PRV-12).
pub fn author(
    conn: &mut Conn,
    viewer: Viewer,
    author: Id<Account>,
    query: AuthorQuery,
    page: Page,
    now: Timestamp,
) -> Result<Timeline> {
    let account = accounts::load(conn, author)?;
    if account.deleted_at.is_some() {
        return Err(Error::Gone);
    }
    let posts = rows::author(conn, author, query, visibility::condition(viewer), &page)?;
    let bounds = posts.first().map(|p| p.id.raw()).zip(posts.last().map(|p| p.id.raw()));
    let gathered = Gathered::of_author(conn, viewer, author, posts, now)?;
    let mut posts = PostViews::finish(conn, viewer, gathered, &[], now)?;
    without_blocked_domains(conn, &mut posts)?;
    Ok(Timeline { posts, bounds })
}

/// Pinned posts of an account, newest pin first.
pub fn pinned(conn: &mut Conn, viewer: Viewer, author: Id<Account>, now: Timestamp) -> Result<PostViews> {
    let ids = rows::pinned(conn, author)?;
    let mut posts = PostViews::by_ids(conn, viewer, &ids, now)?;
    without_blocked_domains(conn, &mut posts)?;
    Ok(posts)
}

fn without_blocked_domains(conn: &mut Conn, posts: &mut PostViews) -> Result<()> {
    let Some(viewer) = posts.viewer.filter(|_| !posts.order.is_empty()) else { return Ok(()) };
    let domains = domain_blocks::all(conn, viewer)?;
    if !domains.is_empty() {
        let welcome = |id: &Id<Post>| {
            let view = posts.get(*id);
            let original = view.and_then(|v| v.post.boost_of_id).and_then(|id| posts.get(id));
            view.into_iter().chain(original).all(|v| {
                let domain = posts.accounts.get(v.post.account_id).and_then(|a| a.domain.as_ref());
                domain.is_none_or(|domain| !domains.contains(domain))
            })
        };
        posts.order = posts.order.iter().copied().filter(welcome).collect();
    }
    Ok(())
}

/// Posts the owner liked or kept, newest first; the bounds are those of the likes.
pub fn kept(conn: &mut Conn, bookmarks: bool, owner: Id<Account>, page: Page, now: Timestamp) -> Result<Timeline> {
    let rows = rows::kept(conn, bookmarks, owner, &page)?;
    let bounds = rows.first().map(|r| r.0).zip(rows.last().map(|r| r.0));
    let ids: Vec<Id<Post>> = rows.iter().map(|r| Id::new(r.1)).collect();
    Ok(Timeline { posts: PostViews::by_ids(conn, owner.into(), &ids, now)?, bounds })
}

/// A thread around a post.
#[derive(Clone, Debug, Default)]
pub struct Thread {
    /// All of it that is shown.
    pub posts: PostViews,
    /// Ancestors, the oldest first.
    pub ancestors: Vec<Id<Post>>,
    /// Descendants, depth first.
    pub descendants: Vec<Id<Post>>,
}

/// The thread around a post the viewer may see; what the viewer may not see, or blocks or mutes, is left out.
pub fn context(conn: &mut Conn, viewer: Viewer, id: Id<Post>, now: Timestamp) -> Result<Thread> {
    let post = visibility::visible_original(conn, viewer, id, now)?;
    let mut thread = rows::thread(conn, post.conversation_id, THREAD)?;
    let mut by_id: HashMap<Id<Post>, usize> = thread.iter().enumerate().map(|(at, p)| (p.id, at)).collect();
    // Upwards; a parent that came later may still stand in a thread of its own.
    let mut ancestors: Vec<Id<Post>> = Vec::new();
    let mut at = post.in_reply_to_id;
    while let Some(parent) = at.filter(|p| !ancestors.contains(p) && ancestors.len() < 1_000) {
        let known = match by_id.get(&parent).and_then(|i| thread.get(*i)) {
            Some(known) => known.in_reply_to_id,
            None => match views::posts(conn, &[parent])?.pop() {
                Some(row) => {
                    let next = row.in_reply_to_id;
                    by_id.insert(row.id, thread.len());
                    thread.push(row);
                    next
                }
                None => break,
            },
        };
        ancestors.push(parent);
        at = known;
    }
    ancestors.reverse();
    // Downwards, depth first, older ones first.
    let mut children: HashMap<Id<Post>, Vec<Id<Post>>> = HashMap::new();
    for p in &thread {
        if let Some(parent) = p.in_reply_to_id {
            children.entry(parent).or_default().push(p.id);
        }
    }
    let mut descendants = Vec::new();
    let mut stack: Vec<Id<Post>> =
        children.get(&post.id).map(|c| c.iter().rev().copied().collect()).unwrap_or_default();
    let mut seen = std::collections::HashSet::from([post.id]);
    while let Some(next) = stack.pop() {
        if !seen.insert(next) {
            continue;
        }
        descendants.push(next);
        if let Some(replies) = children.get(&next) {
            stack.extend(replies.iter().rev());
        }
    }
    if viewer.0.is_none() {
        let surplus = ancestors.len().saturating_sub(ANONYMOUS.0);
        ancestors.drain(..surplus);
        descendants.truncate(ANONYMOUS.1);
    }
    let wanted: std::collections::HashSet<Id<Post>> = ancestors.iter().chain(&descendants).copied().collect();
    thread.retain(|p| wanted.contains(&p.id));
    let gathered = Gathered::read(conn, viewer, thread, true, now)?;
    let posts = PostViews::finish(conn, viewer, gathered, &[], now)?;
    ancestors.retain(|id| posts.get(*id).is_some());
    descendants.retain(|id| posts.get(*id).is_some());
    Ok(Thread { posts, ancestors, descendants })
}
