//! What other servers hear of a person of this node: their profile and its changes, their move and their end.

use super::{Draft, passing_uri, send};
use crate::{
    Result,
    domain::{
        Task, Tx,
        charter::{self, Signed, Software},
        people,
    },
    federation::{
        documents,
        render::{PUBLIC, activity::Activity, context::Terms, post::Audience},
    },
    id::Id,
    model::{self, Account, Audience as Reach},
    store, uri,
};

/// Milliseconds between a change of a profile and its Update (OUT-14).
pub(super) const PROFILE_DELAY: i64 = 60_000;

/// Somebody new: the other nodes of the organisation hear of them.
pub(super) fn registered(tx: &mut Tx<'_>, account: Id<Account>) -> Result<()> {
    if store::charter::in_force(tx.conn)?.is_none() {
        return Ok(());
    }
    profile_changed(tx, account, PROFILE_DELAY)
}

/// The other nodes of the charter, each once, hear of everybody who is listed; and once of whoever is listed no longer.
fn add_directories(tx: &mut Tx<'_>, account: Id<Account>, to: &mut Vec<String>) -> Result<()> {
    let row = store::people::find(tx.conn, account)?.unwrap_or_default();
    let listed = store::people::is_listed(tx.conn, account)?;
    if !listed && !row.pushed {
        return Ok(());
    }
    let Some(signed) = charter::current(tx.conn)?.filter(|signed| signed.charter.policy.directory) else {
        return Ok(());
    };
    store::people::set_pushed(tx.conn, account, listed)?;
    add_nodes(tx, &signed, to);
    Ok(())
}

/// Adds the shared inboxes of the nodes that no follower leads to already.
pub(super) fn add_nodes(tx: &Tx<'_>, signed: &Signed, to: &mut Vec<String>) {
    let own = tx.site().domain();
    let others =
        signed.charter.nodes.iter().filter(|node| node.domain != own && node.software == Software::Watercooler);
    for node in others {
        if !to.iter().any(|inbox| uri::same_authority(inbox, &node.actor)) {
            to.push(format!("{}/inbox", node.authority()));
        }
    }
}

pub(super) fn profile_changed(tx: &mut Tx<'_>, account: Id<Account>, wait: i64) -> Result<()> {
    let is_local = store::accounts::find(tx.conn, account)?.is_some_and(|a| a.is_local());
    if !is_local {
        return Ok(());
    }
    tx.document_changed();
    tx.enqueue_at(&Task::SendProfile { account: account.raw() }, tx.now.plus_millis(wait))
}

/// Update{actor} to the followers' servers (OUT-14). The job `SendProfile` calls this, a minute after the first change.
///
/// # Errors
/// Those of the database.
pub fn send_profile(tx: &mut Tx<'_>, account: Id<Account>) -> Result<()> {
    let Some(account) = store::accounts::find(tx.conn, account)? else { return Ok(()) };
    // Nobody can know an actor that has no keys yet.
    if !account.is_local() || account.public_key.is_none() || account.deleted_at.is_some() {
        return Ok(());
    }
    let mut to = store::deliveries::follower_inboxes(tx.conn, account.id)?;
    add_directories(tx, account.id, &mut to)?;
    profile_update(tx, &account, to, false)
}

/// Update{actor} at once, to every server known here: whoever has this person in a directory has to know (N3). Of who is
/// for their own site only, or for nobody, those hear that heard of them before: servers of followers, and nodes that had
/// them listed. It outlives an unavailable host.
pub(super) fn whereabouts_changed(tx: &mut Tx<'_>, account: Id<Account>) -> Result<()> {
    let account = store::accounts::load(tx.conn, account)?;
    if !account.is_local() || account.public_key.is_none() {
        return Ok(());
    }
    tx.document_changed();
    let row = store::people::find(tx.conn, account.id)?.unwrap_or_default();
    let is_listed = people::listed_of(row.listed) == people::Listed::Organisation;
    let mut to = match is_listed {
        true => store::deliveries::all_inboxes(tx.conn)?,
        false => store::deliveries::follower_inboxes(tx.conn, account.id)?,
    };
    if let Some(ours) = charter::current(tx.conn)?.filter(|_| is_listed || row.pushed) {
        add_nodes(tx, &ours, &mut to);
    }
    profile_update(tx, &account, to, true)
}

/// Servers of the organisation get what is for it, all others what is for everybody.
fn profile_update(tx: &mut Tx<'_>, account: &Account, to: Vec<String>, durable: bool) -> Result<()> {
    let hosts = store::audiences::hosts(tx.conn)?;
    let is_inside = |inbox: &String| hosts.iter().any(|host| host == uri::authority(inbox));
    let (inside, outside): (Vec<_>, Vec<_>) = to.into_iter().partition(is_inside);
    profile_update_to(tx, account, inside, documents::Shown::Inside, durable)?;
    profile_update_to(tx, account, outside, documents::Shown::Outside, durable)
}

fn profile_update_to(
    tx: &mut Tx<'_>,
    account: &Account,
    to: Vec<String>,
    shown: documents::Shown,
    durable: bool,
) -> Result<()> {
    if to.is_empty() {
        return Ok(());
    }
    let number = tx.new_id::<model::Activity>().raw();
    let uri = format!("{}#updates/{number}", account.uri);
    let (site, now) = (tx.site(), tx.now);
    let audience = Audience { to: vec![PUBLIC.into()], cc: vec![site.followers_uri(&account.username)] };
    let json = documents::with_actor(tx.conn, site, account, shown, |actor| {
        Activity::new("Update", &uri, actor.id, actor).at(now.rfc3339()).for_audience(audience).document(actor.terms())
    })?;
    let draft = Draft {
        id: number,
        uri: &uri,
        account: account.id,
        kind: "Update",
        object: Some(&account.uri),
        post: None,
        reach: Reach::Open,
        durable,
        json,
    };
    send(tx, draft, to)
}

/// Delete{actor} to every server known here: any of them may hold something of it (DLV-11, ORG-04).
pub(super) fn account_deleted(tx: &mut Tx<'_>, id: Id<Account>) -> Result<()> {
    let account = store::accounts::load(tx.conn, id)?;
    if !account.is_local() {
        return Ok(());
    }
    // Of who has no keys yet no server has the actor, but it may have been given posts.
    tx.document_changed();
    if account.public_key.is_none() {
        return Ok(());
    }
    let to = store::deliveries::all_inboxes(tx.conn)?;
    let number = tx.new_id::<model::Activity>().raw();
    let uri = format!("{}#delete", account.uri);
    let json = Activity::new("Delete", &uri, &account.uri, account.uri.as_str()).to(PUBLIC).document(Terms::NONE)?;
    let draft = Draft {
        id: number,
        uri: &uri,
        account: id,
        kind: "Delete",
        object: Some(&account.uri),
        post: None,
        reach: Reach::Open,
        durable: true,
        json,
    };
    send(tx, draft, to)
}

/// Move to all followers (MOVE-04).
pub(super) fn account_moved(tx: &mut Tx<'_>, id: Id<Account>) -> Result<()> {
    let account = store::accounts::load(tx.conn, id)?;
    let (true, Some(target)) = (account.is_local(), account.moved_to_id) else { return Ok(()) };
    tx.document_changed();
    let target = store::accounts::load(tx.conn, target)?;
    let to = store::deliveries::follower_inboxes(tx.conn, id)?;
    let number = tx.new_id::<model::Activity>();
    let uri = passing_uri(&account.uri, "Move", number);
    let json = Activity::new("Move", &uri, &account.uri, account.uri.as_str())
        .to(tx.site().followers_uri(&account.username))
        .on(&target.uri)
        .document(Terms::NONE)?;
    let draft = Draft {
        id: number.raw(),
        uri: &uri,
        account: id,
        kind: "Move",
        object: Some(&account.uri),
        post: None,
        reach: Reach::Open,
        durable: true,
        json,
    };
    send(tx, draft, to)
}
