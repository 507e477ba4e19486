//! What staff does to posts that others wrote: deletes them, or hides their files at first. Posts of this node change
//! everywhere, those of other servers here.

use super::{edit::hide_files, removal};
use crate::{
    Error, Result,
    domain::{
        Tx,
        audit::{self, Staff},
        reports, warnings,
    },
    id::Id,
    model::{Account, Post, Report, Role, WarningAction},
    store,
};
use std::collections::BTreeMap;

/// Posts of one act: as many as a report names.
const MOST: usize = 50;

/// What becomes of the posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// They go. One of another server is not taken again.
    Delete,
    /// Their files are hidden at first. Boosts have none of their own.
    Hide,
}

/// Why.
#[derive(Clone, Debug, Default)]
pub struct Reason {
    /// The report that was the reason; it is closed. Without ids, the posts that it names are meant.
    pub report: Option<Id<Report>>,
    /// For whoever wrote them.
    pub text: String,
    /// Do not tell them.
    pub quiet: bool,
}

/// A post that something was done to.
#[derive(Clone, Debug)]
pub struct Done {
    /// Which.
    pub id: Id<Post>,
    /// The handle of its author.
    pub author: String,
}

/// Does it to all of these posts or to none, with an entry in the log for each author, and tells those of this node. What is
/// hidden already stays as it is. Answers those that changed.
///
/// # Errors
/// `NotFound` for a post or report that is not there; `Forbidden` by rank; `Invalid` without posts, with more than 50, for a
/// boost that is to be hidden, or for a post that is not by whom the report is about.
pub fn act(tx: &mut Tx<'_>, by: &Staff, act: Act, ids: &[Id<Post>], reason: &Reason) -> Result<Vec<Done>> {
    if by.role < Role::Moderator {
        return Err(Error::forbidden("This action is not allowed"));
    }
    let report = reason.report.map(|report| store::reports::load(tx.conn, report)).transpose()?;
    let posts = chosen(tx, ids, report.as_ref())?;
    if act == Act::Hide && posts.iter().any(Post::is_boost) {
        return Err(Error::invalid("status_ids", "invalid", "A boost has no files of its own"));
    }
    let mut of: BTreeMap<Id<Account>, Vec<Post>> = BTreeMap::new();
    for post in posts.into_iter().filter(|post| act == Act::Delete || !post.sensitive) {
        of.entry(post.account_id).or_default().push(post);
    }
    let (word, action) = match act {
        Act::Delete => ("post.delete", WarningAction::DeletePosts),
        Act::Hide => ("post.sensitive", WarningAction::HidePosts),
    };
    let mut done = Vec::new();
    for (author, posts) in &of {
        let author = store::accounts::load(tx.conn, *author)?;
        if let Some(user) = store::users::find(tx.conn, author.id)?.filter(|user| by.account != Some(user.account_id)) {
            by.outranks(user.role)?;
        }
        let ids: Vec<Id<Post>> = posts.iter().map(|post| post.id).collect();
        audit::write(tx, by, word, &author.acct(), &detail(&ids, reason))?;
        if !reason.quiet {
            warnings::of_posts(tx, by, &author, action, &reason.text, &ids)?;
        }
        done.extend(ids.into_iter().map(|id| Done { id, author: author.acct() }));
    }
    // Boosts first: they end with what they boost.
    let mut posts: Vec<Post> = of.into_values().flatten().collect();
    posts.sort_by_key(|post| !post.is_boost());
    for post in &posts {
        match act {
            Act::Delete => removal::remove(tx, post.id)?,
            Act::Hide => hide_files(tx, post)?,
        }
    }
    if let Some(report) = report {
        match reports::close(tx, by, report.id) {
            // Somebody else was faster.
            Err(Error::Conflict(_)) => {}
            other => other?,
        }
    }
    Ok(done)
}

/// The posts that are meant; of those that only the report names, the ones that are still here.
fn chosen(tx: &mut Tx<'_>, ids: &[Id<Post>], report: Option<&Report>) -> Result<Vec<Post>> {
    let mut wanted = ids.to_vec();
    if let Some(report) = report.filter(|_| ids.is_empty()) {
        let named: Vec<i64> = serde_json::from_str(&report.post_ids).unwrap_or_default();
        wanted = named.into_iter().map(Id::new).collect();
    }
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.len() > MOST {
        return Err(Error::invalid("status_ids", "too_long", "At most 50 posts at once"));
    }
    let mut posts = store::posts::list(tx.conn, &wanted)?;
    posts.sort_by_key(|post| post.id);
    if !ids.is_empty() && posts.len() < wanted.len() {
        return Err(Error::NotFound);
    }
    if posts.is_empty() {
        return Err(Error::invalid("status_ids", "blank", "Name posts, or a report whose posts are still here"));
    }
    if report.is_some_and(|report| posts.iter().any(|post| post.account_id != report.target_id)) {
        return Err(Error::invalid("status_ids", "invalid", "The report is about somebody else"));
    }
    Ok(posts)
}

fn detail(ids: &[Id<Post>], reason: &Reason) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut detail = ids.join(", ");
    if let Some(report) = reason.report {
        detail.push_str(&format!("; report {report}"));
    }
    let text = warnings::clean(&reason.text);
    if !text.is_empty() {
        detail.push_str(&format!(": {text}"));
    }
    detail
}
