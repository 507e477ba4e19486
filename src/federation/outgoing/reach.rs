//! Which inboxes an activity goes to: each once, never our own, none where its audience does not reach; and the ledger of
//! where posts went.

use super::Draft;
use crate::{
    Result,
    domain::{Tx, projects::near},
    federation::render::actor::authority,
    id::Id,
    model::{Audience, Post},
    store::{self, deliveries::Inbox},
    uri,
};
use std::collections::HashSet;

/// Leaves out where it may not go (N9). What is for the organisation goes to its nodes; that it is gone also to those that
/// got it when they still were.
pub(super) fn admitted(tx: &mut Tx<'_>, draft: &Draft<'_>, mut inboxes: Vec<Inbox>) -> Result<Vec<Inbox>> {
    // Of a project of this site alone nobody elsewhere hears anything.
    if near::is_near(tx.conn, draft.account)? {
        return Ok(Vec::new());
    }
    match draft.reach {
        Audience::Open => return Ok(inboxes),
        Audience::Site => return Ok(Vec::new()),
        Audience::Organisation => {}
    }
    let inside = store::audiences::hosts(tx.conn)?;
    let before = match (draft.kind, draft.post) {
        ("Delete" | "Undo", Some(post)) => store::ledger::dispatches(tx.conn, post)?,
        _ => Vec::new(),
    };
    inboxes.retain(|inbox| {
        inside.iter().any(|authority| authority == uri::authority(&inbox.url))
            || before.iter().any(|dispatch| dispatch.hosts.contains(&inbox.host))
    });
    Ok(inboxes)
}

/// Which servers a post goes to is kept longer than the deliveries are (`domain::delivery`): its Create or Announce,
/// and edits that bring new ones.
pub(super) fn write_down(tx: &mut Tx<'_>, draft: &Draft<'_>, inboxes: &[Inbox]) -> Result<()> {
    let Some(post) = draft.post else { return Ok(()) };
    let mut hosts: Vec<&str> = inboxes.iter().map(|inbox| inbox.host.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    match draft.kind {
        "Create" | "Announce" => {}
        "Update" => {
            let known = store::ledger::dispatches(tx.conn, post)?;
            hosts.retain(|host| !known.iter().any(|dispatch| dispatch.hosts.iter().any(|known| known == host)));
        }
        _ => return Ok(()),
    }
    if hosts.is_empty() {
        return Ok(());
    }
    let fresh = tx.new_id::<()>().raw();
    store::ledger::insert(tx.conn, Id::new(draft.id), post, &hosts, fresh, tx.now)
}

/// The inboxes, shared ones where there are, of servers that got a post and are not among `to`, because nobody there follows
/// any more.
pub(super) fn told_of(tx: &mut Tx<'_>, post: Id<Post>, to: &[String]) -> Result<Vec<String>> {
    let covered: HashSet<&str> = to.iter().map(|inbox| uri::host(inbox)).collect();
    let dispatches = store::ledger::dispatches(tx.conn, post)?;
    let activities: Vec<_> = dispatches.iter().map(|dispatch| dispatch.activity).collect();
    let told = dispatches.into_iter().flat_map(|sent| sent.hosts.into_iter().map(move |host| (sent.activity, host)));
    let mut told: Vec<_> = told.filter(|(_, host)| !covered.contains(host.as_str())).collect();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let missed = store::ledger::misses(tx.conn, &activities)?;
    let missed: HashSet<_> = missed.iter().map(|miss| (miss.activity.raw(), miss.host.as_str())).collect();
    told.retain(|(activity, host)| !missed.contains(&(activity.raw(), host.as_str())));
    let hosts: HashSet<String> = told.into_iter().map(|(_, host)| host).collect();
    let names: Vec<&String> = hosts.iter().collect();
    let mut found = store::deliveries::open_inboxes(tx.conn, Some(&names))?;
    found.retain(|inbox| hosts.contains(uri::host(inbox)));
    let reached = found.iter().map(|inbox| uri::host(inbox)).collect::<HashSet<_>>().len();
    if reached < hosts.len() {
        // Handles may end in another name than that of the server.
        found = store::deliveries::open_inboxes(tx.conn, None)?;
        found.retain(|inbox| hosts.contains(uri::host(inbox)));
    }
    Ok(found)
}

/// Each once, never our own (DLV-06).
pub(super) fn distinct(tx: &Tx<'_>, mut urls: Vec<String>) -> Vec<Inbox> {
    urls.sort_unstable();
    urls.dedup();
    let own = tx.site().authority();
    urls.into_iter()
        .filter_map(|url| {
            let host = authority(&url)?;
            (host != own).then_some(Inbox { url, host })
        })
        .collect()
}
