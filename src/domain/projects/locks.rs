//! Threads that a group takes no more answers in (FEP-1b12, the `Lock` of Lemmy): a post that its moderators lock, and all that
//! hangs below it. What answers there and names the group is not passed on by a project of this node, and is not written
//! by people of this node. The posts themselves stay, and whoever leaves the group out may go on talking.
//!
//! Of groups of other servers, and of authors there who say that a post of theirs takes no answers, it is kept what they say.

use super::{group, role};
use crate::{
    Error, Result,
    domain::{Fact, Task, Tx, Viewer, audiences, concierge::words, visibility::visible_original},
    id::Id,
    model::{Account, AccountKind, Post, Project, ProjectRole, Visibility},
    store::{self, thread_locks::ThreadLock},
    uri,
};

/// What came of a Lock, or of its Undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locking {
    /// It had its effect, or there is nothing it could be about.
    Done,
    /// Only a moderator of the group may do this, whose id this is: to be asked, then [`set_moderated`]. Nothing was written.
    Moderators(String),
    /// Nobody here knows the post.
    Unknown,
}

/// A lead or moderator of this node locks a thread of a project of this node, or opens it again. Doing it twice changes nothing.
/// A group of another server, project or not, has the number of its account: it is told, and lists its moderators itself.
///
/// # Errors
/// As [`super::changeable`]; `NotFound` for a post that is neither the project's own nor passed on by it, or that was not
/// written to the group.
pub fn set(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, post: Id<Post>, locked: bool) -> Result<()> {
    let group = store::accounts::find(tx.conn, Id::new(id.raw()))?;
    if let Some(group) = group.filter(|group| group.kind == AccountKind::Group && !group.is_local()) {
        let post = visible_original(tx.conn, Viewer::from(by), post, tx.now)?;
        let is_its = store::thread_locks::groups_of(tx.conn, post.id)?.iter().any(|known| known.id == group.id);
        // Nobody learns by it of a post that does not go as far.
        let reaches = post.visibility <= Visibility::Unlisted && post.audience >= audiences::place(tx.conn, &group)?;
        if !is_its || !reaches {
            return Err(Error::NotFound);
        }
        return tx.enqueue(&Task::SayLock { group: group.id.raw(), post: post.id.raw(), by: by.raw(), locked });
    }
    let (project, post) = group::moderated(tx, by, id, post)?;
    if !is_of(tx, &project, &post)? {
        return Err(Error::NotFound);
    }
    change(tx, &project, &post, by, None, locked)
}

/// What [`set`] said of a group of another server, which lists this person among its moderators, holds here and is told to it.
///
/// # Errors
/// Those of the database.
pub fn say(tx: &mut Tx<'_>, group: Id<Account>, post: Id<Post>, by: Id<Account>, locked: bool) -> Result<()> {
    let Some(post) = store::posts::find(tx.conn, post)? else { return Ok(()) };
    let who = store::accounts::load(tx.conn, by)?;
    let known = store::thread_locks::find(tx.conn, group, &post.uri)?;
    if who.is_unavailable() || locked && known.is_some() {
        return Ok(());
    }
    if locked {
        let uri = format!("{}#locks/{}", who.uri, tx.new_id::<ThreadLock>());
        keep(tx, group, &post.uri, (Some(uri.as_str()), Some(by)), true)?;
    }
    // The row is there while the group is told.
    tx.record(Fact::ThreadLocked { group, post: post.id, by, undo: None, locked })?;
    if !locked {
        keep(tx, group, &post.uri, (None, None), false)?;
    }
    Ok(())
}

/// Whether a post belongs to a project: it wrote it, or passed it on.
fn is_of(tx: &mut Tx<'_>, project: &Project, post: &Post) -> Result<bool> {
    let own = post.account_id == project.account() && post.visibility <= Visibility::Unlisted;
    Ok(own || store::posts::find_boost(tx.conn, post.id, project.account())?.is_some())
}

/// `uri`: the id of the Lock, or of its Undo, that arrived.
fn change(
    tx: &mut Tx<'_>,
    project: &Project,
    post: &Post,
    by: Id<Account>,
    uri: Option<&str>,
    locked: bool,
) -> Result<()> {
    let group = project.account();
    let known = store::thread_locks::find(tx.conn, group, &post.uri)?;
    if known.is_some() == locked {
        return Ok(());
    }
    if locked {
        let account = store::accounts::load(tx.conn, group)?;
        let own = format!("{}#locks/{}", account.uri, tx.new_id::<ThreadLock>());
        let lock = ThreadLock {
            group,
            post_uri: post.uri.clone(),
            uri: Some(uri.map_or(own, str::to_owned)),
            by: Some(by),
            created_at: tx.now,
        };
        store::thread_locks::insert(tx.conn, &lock)?;
    }
    // The row is there while the followers are told.
    let undo = uri.filter(|_| !locked).map(str::to_owned);
    tx.record(Fact::ThreadLocked { group, post: post.id, by, undo, locked })?;
    if !locked {
        store::thread_locks::delete(tx.conn, group, &post.uri)?;
    }
    Ok(())
}

/// Somebody of another server locks a thread, or opens it again: a moderator of a project of this node, a group itself, or
/// somebody of a group's server who may be one of its moderators. `uri`: the id of what arrived.
///
/// # Errors
/// `Forbidden` for who is no moderator of the project that the post belongs to.
pub fn receive(tx: &mut Tx<'_>, by: &Account, object: &str, uri: Option<&str>, locked: bool) -> Result<Locking> {
    let Some(post) = store::posts::find_by_uri(tx.conn, object)? else { return Ok(Locking::Unknown) };
    let mut projects =
        store::projects::passed_on(tx.conn, post.id)?.into_iter().map(|boost| boost.account_id).collect::<Vec<_>>();
    projects.push(post.account_id);
    let (mut moderates, mut stranger) = (false, false);
    for account in projects {
        let Some(project) = store::projects::of_account(tx.conn, account)?.filter(|project| project.local) else {
            continue;
        };
        if role(tx.conn, &project, by.id)? < Some(ProjectRole::Moderator) {
            stranger = true;
        } else if is_of(tx, &project, &post)? {
            change(tx, &project, &post, by.id, uri, locked)?;
            moderates = true;
        }
    }
    if moderates {
        return Ok(Locking::Done);
    }
    let groups = store::thread_locks::groups_of(tx.conn, post.id)?;
    if groups.iter().any(|group| group.id == by.id) {
        keep(tx, by.id, &post.uri, (uri, Some(by.id)), locked)?;
        return Ok(Locking::Done);
    }
    match groups.into_iter().find(|group| uri::same_authority(&group.uri, &by.uri)) {
        Some(group) => Ok(Locking::Moderators(group.uri)),
        None if stranger => Err(Error::forbidden("no moderator of the group")),
        None => Ok(Locking::Done),
    }
}

/// Whether the post of a Lock, which nobody here knows, is worth a look: it is of a group that somebody here follows, or of one on
/// the server of whoever locked it.
///
/// # Errors
/// Those of the database.
pub fn is_wanted(tx: &mut Tx<'_>, by: &Account, object: &str) -> Result<bool> {
    if tx.site().owns_str(object) || store::remote::is_gone(tx.conn, &[object], "", tx.now)? {
        return Ok(false);
    }
    let domain = by.domain.as_deref().unwrap_or_default();
    let is_followed = by.kind == AccountKind::Group && store::remote::has_local_follower(tx.conn, by.id)?;
    Ok(is_followed || store::thread_locks::follows_group_at(tx.conn, domain)?)
}

/// A thread of a group of another server is locked or opened in its name: the group passed that on, or says that whoever did
/// it is one of its moderators. A post that was not written to it stays as it is.
///
/// # Errors
/// Those of the database.
pub fn set_moderated(tx: &mut Tx<'_>, group: &str, object: &str, uri: Option<&str>, locked: bool) -> Result<()> {
    let Some(post) = store::posts::find_by_uri(tx.conn, object)? else { return Ok(()) };
    let groups = store::thread_locks::groups_of(tx.conn, post.id)?;
    match groups.into_iter().find(|known| known.uri == group) {
        Some(group) => keep(tx, group.id, &post.uri, (uri, None), locked),
        None => Ok(()),
    }
}

fn keep(
    tx: &mut Tx<'_>,
    group: Id<Account>,
    post: &str,
    (uri, by): (Option<&str>, Option<Id<Account>>),
    locked: bool,
) -> Result<()> {
    if !locked {
        return store::thread_locks::delete(tx.conn, group, post);
    }
    let (post_uri, uri) = (post.to_owned(), uri.map(str::to_owned));
    let lock = ThreadLock { group, post_uri, uri, by, created_at: tx.now };
    store::thread_locks::insert(tx.conn, &lock).map(drop)
}

/// What the document of a post of another server says of it: whether it takes answers; none when it says nothing. In a group
/// of another server that is the group's word, else the author's. What a moderator locked no author elsewhere opens.
pub fn told(tx: &mut Tx<'_>, author: &Account, post: &Post, locked: Option<bool>) -> Result<()> {
    let Some(locked) = locked else { return Ok(()) };
    let place = match post.group_id {
        Some(group) => store::accounts::find(tx.conn, group)?.filter(|group| !group.is_local()),
        None => None,
    };
    if let Some(group) = place.as_ref().filter(|group| !locked && !uri::same_authority(&group.uri, &author.uri))
        && store::thread_locks::find(tx.conn, group.id, &post.uri)?
            .is_some_and(|lock| lock.uri.is_some() || lock.by.is_some())
    {
        return Ok(());
    }
    keep(tx, place.map_or(author.id, |group| group.id), &post.uri, (None, None), locked)
}

/// Refuses an answer that somebody of this node writes into a locked thread: one that is for everybody, and names or answers
/// whose lock it is. Who moderates a project of this node may.
///
/// # Errors
/// `Forbidden` then.
pub fn check_answer(
    tx: &mut Tx<'_>,
    author: Id<Account>,
    parent: &Post,
    visibility: Visibility,
    addressed: &[Account],
) -> Result<()> {
    if visibility > Visibility::Unlisted {
        return Ok(());
    }
    let ids: Vec<Id<Account>> = addressed.iter().map(|account| account.id).collect();
    for group in store::thread_locks::lockers(tx.conn, &ids)? {
        if is_locked_to(tx, group, parent.id, author)? {
            let is_group = addressed.iter().any(|account| account.id == group && account.kind == AccountKind::Group);
            return Err(Error::forbidden(if is_group { words::THREAD_LOCKED.0 } else { words::NO_ANSWER.0 }));
        }
    }
    Ok(())
}

/// Whether a group takes no answer of this person below a post, or what they wrote itself.
///
/// # Errors
/// Those of the database.
pub fn is_locked_to(tx: &mut Tx<'_>, group: Id<Account>, post: Id<Post>, who: Id<Account>) -> Result<bool> {
    if !store::thread_locks::covers(tx.conn, group, post)? {
        return Ok(false);
    }
    let Some(project) = store::projects::of_account(tx.conn, group)?.filter(|project| project.local) else {
        return Ok(true);
    };
    Ok(role(tx.conn, &project, who)? < Some(ProjectRole::Moderator))
}
