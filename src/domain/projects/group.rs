//! What is written to a project reaches its followers (FEP-1b12): the project passes on public posts that name it or are
//! addressed to it, each once, and takes back what its moderators do not want.

use super::{is_inside, letters, locks};
use crate::{
    Error, Result,
    domain::{
        Tx,
        posts::{self, NewBoost},
    },
    id::Id,
    model::{Account, AccountKind, Audience, Post, Project, ProjectRole, Visibility},
    store,
};

/// Projects that pass on one post.
const PROJECTS: i64 = 5;

/// A post arrived, or was written here.
pub fn arrived(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let projects = store::projects::addressed(tx.conn, id, PROJECTS)?;
    if projects.is_empty() {
        return Ok(());
    }
    let post = store::posts::load(tx.conn, id)?;
    match post.visibility {
        Visibility::Public => pass_on_to(tx, &post, &projects),
        // Whoever names a project to the concierge does not speak to the project.
        Visibility::Direct if store::concierge::is_addressed(tx.conn, id)? => Ok(()),
        Visibility::Direct => match (projects.iter().filter(|project| project.local).count(), projects.as_slice()) {
            // Those of this node come first.
            (1, [project, ..]) => letters::heard(tx, project, &post),
            (0, [project]) => letters::written(tx, project, &post),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Passes a public post on; what was passed on before is not passed on again.
pub fn pass_on(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let projects = store::projects::addressed(tx.conn, id, PROJECTS)?;
    if projects.is_empty() {
        return Ok(());
    }
    let post = store::posts::load(tx.conn, id)?;
    if post.visibility != Visibility::Public {
        return Ok(());
    }
    pass_on_to(tx, &post, &projects)
}

fn pass_on_to(tx: &mut Tx<'_>, post: &Post, projects: &[Project]) -> Result<()> {
    let author = store::accounts::load(tx.conn, post.account_id)?;
    // Groups do not talk to one another: that would never end.
    if post.is_boost() || author.kind == AccountKind::Group || author.is_unavailable() || author.silenced_at.is_some() {
        return Ok(());
    }
    let inside = is_inside(tx.conn, &author)?;
    for project in projects.iter().filter(|project| project.local) {
        let account = store::accounts::load(tx.conn, project.account())?;
        // Nobody elsewhere knows that it is here.
        if project.audience == Some(Audience::Site) && !author.is_local() {
            continue;
        }
        let welcome = inside || store::follows::is_following(tx.conn, author.id, account.id)?;
        if !welcome
            || account.is_unavailable()
            || store::follows::is_blocked_either_way(tx.conn, author.id, account.id)?
            || store::projects::is_withdrawn(tx.conn, project.id, &post.uri)?
        {
            continue;
        }
        if post.in_reply_to_id.is_some() && locks::is_locked_to(tx, account.id, post.id, author.id)? {
            continue;
        }
        announce(tx, &account, post)?;
        store::projects::touch(tx.conn, project.id, tx.now)?;
    }
    Ok(())
}

fn announce(tx: &mut Tx<'_>, project: &Account, post: &Post) -> Result<()> {
    let id: Id<Post> = tx.new_id();
    let new = NewBoost {
        id,
        uri: tx.site().post_activity_uri(&project.username, id),
        url: Some(tx.site().post_url(&project.username, id)),
        account: project.id,
        local: true,
        visibility: Visibility::Public,
        created_at: tx.now,
        fresh: true,
    };
    posts::insert_boost(tx, post, new).map(|_| ())
}

/// *Before* a post goes: what projects of this node passed on goes with it.
pub fn ended(tx: &mut Tx<'_>, post: Id<Post>) -> Result<()> {
    for boost in store::projects::passed_on(tx.conn, post)? {
        posts::remove_boost(tx, &boost)?;
    }
    store::thread_locks::delete_of_post(tx.conn, post)
}

/// A moderator takes a post out of a project: its followers see it no more, and it is not passed on again. The post
/// itself is its author's.
///
/// # Errors
/// As [`super::changeable`]; `NotFound` for a post that the project did not pass on.
pub fn withdraw(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, post: Id<Post>) -> Result<()> {
    let (project, post) = moderated(tx, by, id, post)?;
    take_out(tx, &project, &post)?.then_some(()).ok_or(Error::NotFound)
}

/// A project of the register that somebody moderates, and the post that they mean: of a boost what it shows.
pub(super) fn moderated(tx: &mut Tx<'_>, by: Id<Account>, id: Id<Project>, post: Id<Post>) -> Result<(Project, Post)> {
    let project = super::changeable(tx, by, id, ProjectRole::Moderator)?;
    if project.published_at.is_none() {
        return Err(Error::NotFound);
    }
    let post = store::posts::load(tx.conn, post)?;
    Ok((project, store::posts::original(tx.conn, &post)?))
}

fn take_out(tx: &mut Tx<'_>, project: &Project, post: &Post) -> Result<bool> {
    let Some(boost) = store::posts::find_boost(tx.conn, post.id, project.account())? else { return Ok(false) };
    store::projects::withdraw(tx.conn, project.id, &post.uri, tx.now)?;
    posts::remove_boost(tx, &boost)?;
    Ok(true)
}

/// A moderator at another node deletes a post of somebody else: that means the projects they moderate here. True when it
/// was one of those.
pub fn receive_delete(tx: &mut Tx<'_>, by: &Account, uri: &str) -> Result<bool> {
    let Some(post) = store::posts::find_by_uri(tx.conn, uri)?.filter(|p| p.account_id != by.id) else {
        return Ok(false);
    };
    let mut done = false;
    for boost in store::projects::passed_on(tx.conn, post.id)? {
        let Some(project) = store::projects::of_account(tx.conn, boost.account_id)? else { continue };
        if super::role(tx.conn, &project, by.id)? >= Some(ProjectRole::Moderator) {
            done |= take_out(tx, &project, &post)?;
        }
    }
    Ok(done)
}
