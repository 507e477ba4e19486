//! Follow, accept, reject, undo, block, mute. The same operations serve the client API, the inbox and the commands.

use super::{Fact, Task, Tx, concierge, remote};
use crate::{
    Error, Result,
    id::Id,
    model::{Account, AccountKind, Block, Follow, FollowState, Mute, NotificationKind},
    store::{self, notifications::About},
    time::Timestamp,
    uri,
};
use std::collections::HashSet;

/// Newest posts that a new follow brings into the home timeline, and an unfollow takes out of it.
const BACKFILL: i64 = 40;
const CLEARED: i64 = 1_000;

/// What a follower may choose; none keeps what is there (or the default of a new follow).
#[derive(Clone, Debug, Default)]
pub struct FollowOptions {
    /// Show their boosts at home.
    pub show_boosts: Option<bool>,
    /// Notify of each post.
    pub notify: Option<bool>,
    /// Only posts in these languages (JSON list); an empty list means all.
    pub languages: Option<Vec<String>>,
}

/// A local person follows somebody, here or elsewhere. Following again changes the options.
///
/// # Errors
/// `NotFound` for who is gone; `Forbidden` where a block (or a blocked domain) stands between them, or for oneself, somebody
/// who left, a moved account or the account of a program that cannot be followed.
pub fn request(tx: &mut Tx<'_>, account: Id<Account>, target: Id<Account>, options: &FollowOptions) -> Result<Follow> {
    if account == target {
        return Err(Error::forbidden("Following your own account is not allowed"));
    }
    let other = store::accounts::load(tx.conn, target)?;
    if other.is_unavailable() || !store::users::waiting(tx.conn, &[target])?.is_empty() {
        return Err(Error::NotFound);
    }
    if store::follows::is_blocked_either_way(tx.conn, account, target)?
        || !store::domain_blocks::averse(tx.conn, target, &[account])?.is_empty()
    {
        return Err(Error::forbidden("This action is not allowed"));
    }
    if let Some(mut follow) = store::follows::find(tx.conn, account, target)? {
        choose(&mut follow, options);
        store::follows::update(tx.conn, &follow)?;
        if follow.state == FollowState::Requested && other.is_local() && !other.locked {
            // Asked while the account was locked, which it is no more.
            accept(tx, target, account)?;
            follow.state = FollowState::Accepted;
        }
        return Ok(follow);
    }
    if let Some(day) = other.left_on {
        return Err(Error::forbidden(format!("This person left on {} and cannot be followed", day.date())));
    }
    if other.moved_to_id.is_some() || is_instance_actor(tx, &other) || concierge::is(tx.conn, &other)? {
        return Err(Error::forbidden("This account cannot be followed"));
    }
    let id = tx.new_id();
    let mut follow = Follow {
        id,
        account_id: account,
        target_id: target,
        state: FollowState::Requested,
        uri: Some(tx.site().activity_uri(id)),
        show_boosts: true,
        notify: false,
        languages: None,
        created_at: tx.now,
    };
    choose(&mut follow, options);
    let open = other.is_local() && !other.locked;
    if open {
        follow.state = FollowState::Accepted;
    }
    store::follows::insert(tx.conn, &follow)?;
    if open {
        established(tx, &follow)?;
    } else {
        tx.record(Fact::FollowRequested(id))?;
    }
    Ok(follow)
}

fn is_instance_actor(tx: &Tx<'_>, account: &Account) -> bool {
    account.uri == tx.site().instance_actor_uri()
}

/// What staff has to say to somebody of this node comes from the node's own actor: nobody may keep it from themselves.
fn not_the_node(tx: &mut Tx<'_>, account: Id<Account>, target: Id<Account>) -> Result<()> {
    let target = store::accounts::load(tx.conn, target)?;
    if is_instance_actor(tx, &target) && store::accounts::load(tx.conn, account)?.is_local() {
        let why = "This account speaks for the server and its staff: it cannot be blocked or muted";
        return Err(Error::invalid("base", "invalid", why));
    }
    Ok(())
}

fn choose(follow: &mut Follow, options: &FollowOptions) {
    follow.show_boosts = options.show_boosts.unwrap_or(follow.show_boosts);
    follow.notify = options.notify.unwrap_or(follow.notify);
    if let Some(languages) = &options.languages {
        follow.languages = (!languages.is_empty()).then(|| serde_json::json!(languages).to_string());
    }
}

/// A Follow arrives from elsewhere (FOL-01, 03, 10, 14).
pub fn receive_request(tx: &mut Tx<'_>, follower: &Account, target: &Account, uri: Option<String>) -> Result<()> {
    // A relay follows whoever follows it, often before it agrees, and some take a Reject for the end of both follows
    // (COLL-07). Nothing is sent to relays, so there is nothing to agree to: it gets no answer.
    if is_instance_actor(tx, target)
        && (store::follows::find(tx.conn, target.id, follower.id)?.is_some()
            || store::relays::at(tx.conn, uri::authority(&follower.uri))?.iter().any(|relay| !relay.refused))
    {
        return Ok(());
    }
    let refused = target.is_unavailable()
        || target.moved_to_id.is_some()
        || target.left_on.is_some()
        || is_instance_actor(tx, target)
        || concierge::is(tx.conn, target)?
        || store::follows::is_blocked_either_way(tx.conn, follower.id, target.id)?
        || !store::domain_blocks::averse(tx.conn, follower.id, &[target.id])?.is_empty();
    if refused {
        return tx.record(Fact::FollowRefused { target: target.id, follower: follower.id, uri });
    }
    // Whom staff limits has to ask; nobody answers for a group.
    let limited = follower.silenced_at.is_some() && target.kind != AccountKind::Group;
    let asks = target.locked || limited;
    if let Some(mut follow) = store::follows::find(tx.conn, follower.id, target.id)? {
        follow.uri = uri;
        store::follows::update(tx.conn, &follow)?;
        return match follow.state {
            FollowState::Accepted => tx.record(Fact::FollowReaffirmed(follow.id)),
            FollowState::Requested if asks => Ok(()),
            // It was locked when they asked first, and is no more.
            FollowState::Requested => accept(tx, target.id, follower.id),
        };
    }
    let follow = Follow {
        id: tx.new_id(),
        account_id: follower.id,
        target_id: target.id,
        state: if asks { FollowState::Requested } else { FollowState::Accepted },
        uri,
        show_boosts: true,
        notify: false,
        languages: None,
        created_at: tx.now,
    };
    store::follows::insert(tx.conn, &follow)?;
    if asks { tx.record(Fact::FollowRequested(follow.id)) } else { established(tx, &follow) }
}

/// A relay says yes to the Follow of this id, which went to its inbox and not to its actor, who was not known (COLL-07): from
/// now on `follower`, the actor of this node, follows its actor.
///
/// # Errors
/// Those of the database.
pub fn subscribed(tx: &mut Tx<'_>, follower: Id<Account>, relay: &Account, uri: &str) -> Result<()> {
    if store::follows::find(tx.conn, follower, relay.id)?.is_some() {
        return accept(tx, relay.id, follower);
    }
    let follow = Follow {
        id: tx.new_id(),
        account_id: follower,
        target_id: relay.id,
        state: FollowState::Accepted,
        uri: Some(uri.to_owned()),
        show_boosts: true,
        notify: false,
        languages: None,
        created_at: tx.now,
    };
    store::follows::insert(tx.conn, &follow)?;
    established(tx, &follow)
}

/// What [`subscribed`] began ends, whichever side wants it; nobody is told by this.
///
/// # Errors
/// Those of the database.
pub fn unsubscribed(tx: &mut Tx<'_>, follower: Id<Account>, relay: Id<Account>, uri: &str) -> Result<()> {
    match store::follows::find(tx.conn, follower, relay)? {
        Some(follow) if follow.uri.as_deref() == Some(uri) => reject(tx, relay, follower),
        _ => Ok(()),
    }
}

/// What every new follow brings: counts, a filled home timeline, the fact.
fn established(tx: &mut Tx<'_>, follow: &Follow) -> Result<()> {
    store::accounts::count_follow(tx.conn, follow.account_id, follow.target_id, 1)?;
    let follower = store::accounts::load(tx.conn, follow.account_id)?;
    // The actor of this node follows relays, for what they say from now on.
    if follower.is_local() && !is_instance_actor(tx, &follower) {
        store::follows::fill_home(tx.conn, follow.account_id, follow.target_id, BACKFILL, tx.now)?;
        remote::outbox::followed(tx, follow.target_id)?;
    }
    tx.record(Fact::FollowAccepted(follow.id))
}

/// The target says yes to a request.
///
/// # Errors
/// `NotFound` when nobody asked.
pub fn accept(tx: &mut Tx<'_>, target: Id<Account>, follower: Id<Account>) -> Result<()> {
    let mut follow = store::follows::find(tx.conn, follower, target)?.ok_or(Error::NotFound)?;
    if follow.state == FollowState::Accepted {
        return Ok(());
    }
    follow.state = FollowState::Accepted;
    store::follows::update(tx.conn, &follow)?;
    store::notifications::remove(tx.conn, target, NotificationKind::FollowRequest, follower, About::Person)?;
    established(tx, &follow)
}

/// How many waiting followers are accepted in one transaction.
const WAITING: i64 = 100;

/// The task [`Task::AcceptFollows`]: says yes to the next of those who wait, unless the account is locked again.
///
/// # Errors
/// Those of the database.
pub fn accept_waiting(tx: &mut Tx<'_>, target: Id<Account>) -> Result<()> {
    let account = store::accounts::load(tx.conn, target)?;
    if account.locked || account.deleted_at.is_some() {
        return Ok(());
    }
    let waiting = store::follows::waiting(tx.conn, target, WAITING)?;
    for follower in &waiting {
        accept(tx, target, *follower)?;
    }
    if waiting.len() as i64 == WAITING { tx.enqueue(&Task::AcceptFollows { account: target.raw() }) } else { Ok(()) }
}

/// An Accept arrives for a Follow of ours (FOL-05, FOL-06): `uri` is the Follow's id, when the Accept names one.
/// Anything that does not match a follow we sent to exactly this account has no effect (AUT-07).
pub fn receive_accept(tx: &mut Tx<'_>, target: &Account, follower: &Account, uri: Option<&str>) -> Result<()> {
    if !follower.is_local() {
        return Ok(());
    }
    match store::follows::find(tx.conn, follower.id, target.id)? {
        Some(_) => accept(tx, target.id, follower.id),
        None => match uri.filter(|u| tx.site().owns_str(u)) {
            Some(uri) => tx.record(Fact::FollowStale { account: follower.id, target: target.id, uri: uri.to_owned() }),
            None => Ok(()),
        },
    }
}

/// The target, who lives elsewhere, takes back that it said yes to the Follow of this id: it waits for an answer again. No
/// effect on anything but a follow of ours.
///
/// # Errors
/// Those of the database.
pub fn receive_second_thoughts(tx: &mut Tx<'_>, target: &Account, uri: &str) -> Result<()> {
    let Some(mut follow) = store::follows::find_by_uri(tx.conn, uri)?.filter(|f| f.target_id == target.id) else {
        return Ok(());
    };
    let ours = store::accounts::load(tx.conn, follow.account_id)?.is_local();
    if !ours || follow.state != FollowState::Accepted {
        return Ok(());
    }
    let before = follow.clone();
    follow.state = FollowState::Requested;
    store::follows::update(tx.conn, &follow)?;
    lapse(tx, &before)
}

/// The target refuses a request, or removes a follower. No effect when there is neither.
pub fn reject(tx: &mut Tx<'_>, target: Id<Account>, follower: Id<Account>) -> Result<()> {
    let Some(follow) = store::follows::find(tx.conn, follower, target)? else { return Ok(()) };
    tx.record(Fact::FollowRejected(follow.id))?;
    end(tx, &follow)
}

/// The follower ends a follow, or takes a request back. No effect when there is neither.
pub fn unfollow(tx: &mut Tx<'_>, account: Id<Account>, target: Id<Account>) -> Result<()> {
    let Some(follow) = store::follows::find(tx.conn, account, target)? else { return Ok(()) };
    tx.record(Fact::Unfollowed(follow.id))?;
    end(tx, &follow)
}

/// What another server has listed as all people of this node who follow `target` (FOL-16). Follows that it does not know
/// are over, and those who wait for an answer have it; where it lists somebody who follows no more, it is told so.
pub fn synchronise(tx: &mut Tx<'_>, target: &Account, listed: &HashSet<String>) -> Result<()> {
    for (follower, uri) in store::follows::local_followers(tx.conn, target.id)? {
        if !listed.contains(&uri) {
            reject(tx, target.id, follower)?;
        }
    }
    for uri in listed.iter().filter(|uri| tx.site().owns_str(uri)).cloned().collect::<Vec<_>>() {
        let Some(account) = store::accounts::find_by_uri(tx.conn, &uri)?.filter(Account::is_local) else { continue };
        match store::follows::find(tx.conn, account.id, target.id)? {
            // The Accept was lost.
            Some(follow) if follow.state == FollowState::Requested => accept(tx, target.id, account.id)?,
            Some(_) => {}
            None => {
                let number = tx.new_id::<Follow>();
                let uri = tx.site().activity_uri(number);
                tx.record(Fact::FollowStale { account: account.id, target: target.id, uri })?;
            }
        }
    }
    Ok(())
}

fn end(tx: &mut Tx<'_>, follow: &Follow) -> Result<()> {
    store::follows::delete(tx.conn, follow.id)?;
    lapse(tx, follow)?;
    if follow.state == FollowState::Requested {
        // Nothing is left to be answered.
        let (to, from) = (follow.target_id, follow.account_id);
        store::notifications::remove(tx.conn, to, NotificationKind::FollowRequest, from, About::Person)?;
    }
    Ok(())
}

/// What a follow brought goes.
fn lapse(tx: &mut Tx<'_>, follow: &Follow) -> Result<()> {
    // Lists hold people one follows.
    if follow.account_id != follow.target_id {
        store::lists::remove_from_all(tx.conn, follow.account_id, follow.target_id)?;
    }
    if follow.state == FollowState::Accepted {
        store::accounts::count_follow(tx.conn, follow.account_id, follow.target_id, -1)?;
        store::follows::clear_home(tx.conn, follow.account_id, follow.target_id, CLEARED)?;
    }
    Ok(())
}

/// Blocks somebody: follows end both ways, notifications from them go (MOD-01, MOD-02). `uri` is the id of a Block that
/// arrived; a local block gets one of ours.
///
/// # Errors
/// `Forbidden` for oneself; `NotFound` for nobody; `Invalid` where somebody of this node would have nothing of its own actor.
pub fn block(tx: &mut Tx<'_>, account: Id<Account>, target: Id<Account>, uri: Option<String>) -> Result<()> {
    if account == target {
        return Err(Error::forbidden("You cannot block yourself"));
    }
    not_the_node(tx, account, target)?;
    if let Some(known) = store::follows::find_block(tx.conn, account, target)? {
        if uri.is_some() && uri != known.uri {
            // It came again, and it is the newest that will be undone.
            store::follows::delete_block(tx.conn, known.id)?;
            store::follows::insert_block(tx.conn, &Block { uri, ..known })?;
        }
        return Ok(());
    }
    // Ours first: an Undo or Reject must reach them before the block takes them off every audience.
    unfollow(tx, account, target)?;
    reject(tx, account, target)?;
    store::notifications::remove_between(tx.conn, account, target)?;
    let id = tx.new_id();
    let uri = uri.or_else(|| Some(tx.site().activity_uri(id)));
    store::follows::insert_block(
        tx.conn,
        &Block { id, account_id: account, target_id: target, uri, created_at: tx.now },
    )?;
    store::follows::clear_home(tx.conn, account, target, CLEARED)?;
    tx.record(Fact::Blocked(id))
}

/// Lifts a block; no effect when there is none.
pub fn unblock(tx: &mut Tx<'_>, account: Id<Account>, target: Id<Account>) -> Result<()> {
    let Some(block) = store::follows::find_block(tx.conn, account, target)? else { return Ok(()) };
    tx.record(Fact::Unblocked(block.id))?;
    store::follows::delete_block(tx.conn, block.id)
}

/// Mutes somebody until `expires_at` (for good when none). Mutes are never told to anybody.
///
/// # Errors
/// As [`block`].
pub fn mute(
    tx: &mut Tx<'_>,
    account: Id<Account>,
    target: Id<Account>,
    hide_notifications: bool,
    expires_at: Option<Timestamp>,
) -> Result<()> {
    if account == target {
        return Err(Error::forbidden("You cannot mute yourself"));
    }
    not_the_node(tx, account, target)?;
    let mute = Mute {
        id: tx.new_id(),
        account_id: account,
        target_id: target,
        hide_notifications,
        expires_at,
        created_at: tx.now,
    };
    store::follows::upsert_mute(tx.conn, &mute)
}

/// Ends a mute; no effect when there is none. What was written meanwhile by somebody whom one follows comes home.
pub fn unmute(tx: &mut Tx<'_>, account: Id<Account>, target: Id<Account>) -> Result<()> {
    if store::follows::find_mute(tx.conn, account, target)?.is_none() {
        return Ok(());
    }
    store::follows::delete_mute(tx.conn, account, target)?;
    if store::follows::is_following(tx.conn, account, target)? {
        store::follows::fill_home(tx.conn, account, target, BACKFILL, tx.now)?;
    }
    Ok(())
}

/// Mutes that end in one transaction: each may fill a home, and whoever writes waits for it.
const ENDED: i64 = 10;

/// Ends mutes whose time is over, some at a time; answers how many ended.
///
/// # Errors
/// Those of the database.
pub fn end_mutes(tx: &mut Tx<'_>) -> Result<usize> {
    let over = store::follows::ended_mutes(tx.conn, tx.now, ENDED)?;
    for mute in &over {
        unmute(tx, mute.account_id, mute.target_id)?;
    }
    Ok(over.len())
}
