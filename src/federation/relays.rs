//! Relays (FEP-ae0c), where staff chooses one. Of the kind of LitePub the actor is known: it is followed. Of Mastodon's kind
//! the inbox is known: it gets a Follow of all that is public, and whoever of that server says yes is its actor, whom the
//! actor of this node follows from then on. What a relay announces, or carries here, is read at its own server, as a post and
//! not as a boost of the relay. Nothing is sent to a relay but that.

use super::{
    activities::{
        of_everything,
        parsed::{Embedded, Parsed},
    },
    fetch::{self, Budget},
    import, outgoing, own_keys,
};
use crate::{
    Error, Result,
    app::App,
    db::Conn,
    domain::{
        Tx,
        audit::{self, Staff},
        follows::{self, FollowOptions},
    },
    model::{self, Account, AccountKind, FollowState},
    store::{self, relays::Subscription},
    uri,
};
use serde::Serialize;

/// The kind that is followed by its actor.
const LITEPUB: &str = "litepub";
/// The kind that is given by its inbox.
const MASTODON: &str = "mastodon";
/// The state of one that said no, or no more.
const REJECTED: &str = "rejected";

/// A relay that this node follows, or has asked.
#[derive(Clone, Debug, Serialize)]
pub struct Relay {
    /// What it was given by: the id of its actor, or the address of its inbox.
    pub address: String,
    /// `litepub`, where the actor is followed, or `mastodon`, where the inbox was sent a Follow of all that is public.
    pub kind: &'static str,
    /// Its actor; none until one that is known by its inbox has agreed.
    pub actor: Option<String>,
    /// `requested` until it agrees, then `accepted`; `rejected` when it does not, or no more.
    pub state: &'static str,
}

fn normal(address: &str) -> Result<String> {
    let invalid = || {
        Error::invalid(
            "address",
            "invalid",
            "a relay is named by the address of its actor, https://relay.example/actor, or of its inbox, \
             https://relay.example/inbox",
        )
    };
    uri::normalize(address.trim()).ok_or_else(invalid)
}

/// Whether this may be the inbox of a relay that we may speak with.
fn is_inbox(app: &App, address: &str) -> bool {
    let admitted = app.net().rules().standing(uri::host(address)).admitted.is_ok();
    address.trim_end_matches('/').ends_with("/inbox") && admitted && !app.site().owns_str(address)
}

/// Whether a server answered, with nothing that could be an actor. What did not answer at all may be either kind; what can be
/// sent to only is answered with 405 by most, and with 500 or 501 by some.
fn has_no_actor(error: &Error) -> bool {
    match error {
        Error::NotFound | Error::Gone | Error::BadRequest(_) => true,
        // Not one of the reasons for which we do not ask it.
        Error::Forbidden(why) => why == fetch::REFUSED,
        Error::Upstream(why) => why.starts_with("500") || why.starts_with("501"),
        _ => false,
    }
}

/// Asks a relay. Its kind is told by what lies at the address: an actor, or an inbox that shows nothing.
///
/// # Errors
/// `Invalid` for what is no actor of a program; those of the network.
pub async fn add(app: &App, by: Staff, address: &str) -> Result<Relay> {
    let address = normal(address)?;
    own_keys::instance_actor(app).await?;
    match import::account_now(app, &address, &Budget::of_activity()).await {
        Ok(relay) => follow(app, by, relay).await,
        Err(error) if has_no_actor(&error) && is_inbox(app, &address) => subscribe(app, by, address).await,
        Err(error) => Err(error),
    }
}

async fn follow(app: &App, by: Staff, relay: Account) -> Result<Relay> {
    if !matches!(relay.kind, AccountKind::Application | AccountKind::Service) {
        return Err(Error::invalid("address", "invalid", format!("{} is not the actor of a relay", relay.uri)));
    }
    app.write(move |tx| {
        let follow = follows::request(tx, own_keys::INSTANCE, relay.id, &FollowOptions::default())?;
        audit::write(tx, &by, "relay.add", &relay.uri, "")?;
        // It was given by its inbox before.
        if let Some(uri) = &follow.uri
            && let Some(known) = store::relays::find_by_follow(tx.conn, uri)?
        {
            return shown(tx.conn, known);
        }
        Ok(Relay { address: relay.uri.clone(), kind: LITEPUB, actor: Some(relay.uri), state: follow.state.as_str() })
    })
    .await
}

async fn subscribe(app: &App, by: Staff, inbox: String) -> Result<Relay> {
    app.write(move |tx| {
        audit::write(tx, &by, "relay.add", &inbox, "")?;
        if let Some(known) = store::relays::find(tx.conn, &inbox)?
            && state(tx.conn, &known)? != REJECTED
        {
            return shown(tx.conn, known);
        }
        let id = tx.new_id::<model::Activity>();
        let follow = tx.site().activity_uri(id);
        store::relays::put(tx.conn, &inbox, &follow, tx.now)?;
        outgoing::follow_public(tx, &inbox, id, &follow)?;
        shown(tx.conn, Subscription { inbox, follow, account: None, refused: false })
    })
    .await
}

/// Leaves a relay, named by what it was given by or by its actor.
///
/// # Errors
/// `NotFound` for one that is not followed.
pub async fn remove(app: &App, by: Staff, address: &str) -> Result<()> {
    let address = normal(address)?;
    app.write(move |tx| {
        let actor = store::accounts::find_by_uri(tx.conn, &address)?.map(|account| account.id);
        let mut known = store::relays::all(tx.conn)?;
        known.retain(|relay| relay.inbox == address || actor.is_some() && relay.account == actor);
        let mut found = !known.is_empty();
        for relay in known {
            leave(tx, &relay)?;
        }
        if let Some(actor) = actor
            && store::follows::find(tx.conn, own_keys::INSTANCE, actor)?.is_some()
        {
            follows::unfollow(tx, own_keys::INSTANCE, actor)?;
            found = true;
        }
        if !found {
            return Err(Error::NotFound);
        }
        audit::write(tx, &by, "relay.remove", &address, "")
    })
    .await
}

fn leave(tx: &mut Tx<'_>, relay: &Subscription) -> Result<()> {
    if !relay.refused {
        outgoing::unfollow_public(tx, &relay.inbox, &relay.follow)?;
    }
    if let Some(account) = relay.account {
        follows::unsubscribed(tx, own_keys::INSTANCE, account, &relay.follow)?;
    }
    store::relays::delete(tx.conn, &relay.inbox)
}

/// All of them.
///
/// # Errors
/// Those of the database.
pub async fn list(app: &App) -> Result<Vec<Relay>> {
    app.glance(|conn| {
        let subscriptions = store::relays::all(conn)?;
        let followed = store::remote::relays(conn, own_keys::INSTANCE)?;
        let mut all = Vec::with_capacity(subscriptions.len() + followed.len());
        for (actor, follow) in followed {
            if !subscriptions.iter().any(|relay| follow.uri.as_ref() == Some(&relay.follow)) {
                let state = follow.state.as_str();
                all.push(Relay { address: actor.clone(), kind: LITEPUB, actor: Some(actor), state });
            }
        }
        for relay in subscriptions {
            all.push(shown(conn, relay)?);
        }
        Ok(all)
    })
    .await
}

fn state(conn: &mut Conn, relay: &Subscription) -> Result<&'static str> {
    if relay.refused {
        return Ok(REJECTED);
    }
    let Some(account) = relay.account else { return Ok(FollowState::Requested.as_str()) };
    let follow = store::follows::find(conn, own_keys::INSTANCE, account)?;
    Ok(follow.map_or(REJECTED, |follow| follow.state.as_str()))
}

fn shown(conn: &mut Conn, relay: Subscription) -> Result<Relay> {
    let state = state(conn, &relay)?;
    let actor = match relay.account {
        Some(account) => Some(store::accounts::load(conn, account)?.uri),
        None => None,
    };
    Ok(Relay { address: relay.inbox, kind: MASTODON, actor, state })
}

/// An Accept or Reject: whether it is about the Follow that went to an inbox, which then has its answer.
pub(super) fn answered(tx: &mut Tx<'_>, signer: &Account, activity: &Parsed, yes: bool) -> Result<bool> {
    let Some(relay) = asked(tx, signer, activity)? else { return Ok(false) };
    if !speaks_for(signer, &relay) {
        return Ok(true);
    }
    if yes {
        follows::subscribed(tx, own_keys::INSTANCE, signer, &relay.follow)?;
        store::relays::set_answer(tx.conn, &relay.inbox, Some(signer.id))?;
    } else {
        follows::unsubscribed(tx, own_keys::INSTANCE, signer.id, &relay.follow)?;
        store::relays::set_answer(tx.conn, &relay.inbox, None)?;
    }
    Ok(true)
}

/// As [`answered`], by an activity whose id came before: it counts for a Follow that has no answer.
pub(super) fn answered_again(tx: &mut Tx<'_>, signer: &Account, activity: &Parsed, yes: bool) -> Result<()> {
    match asked(tx, signer, activity)? {
        Some(relay) if relay.account.is_none() && !relay.refused => answered(tx, signer, activity, yes).map(drop),
        _ => Ok(()),
    }
}

/// Which one was asked: by the id of the Follow, as all relays name it; where it has none, the only one of that server.
fn asked(tx: &mut Tx<'_>, signer: &Account, activity: &Parsed) -> Result<Option<Subscription>> {
    match (&activity.object, &activity.embedded) {
        (Some(follow), _) => store::relays::find_by_follow(tx.conn, follow),
        (None, Embedded::Activity(inner)) if of_everything(inner, tx.site()) => {
            let mut there = store::relays::at(tx.conn, uri::authority(&signer.uri))?;
            Ok(there.pop().filter(|_| there.is_empty()))
        }
        _ => Ok(None),
    }
}

/// Whether this is the actor of the relay: of its server, with that inbox for itself or at least nobody in person, and the one
/// that said yes before, if any did.
fn speaks_for(signer: &Account, relay: &Subscription) -> bool {
    uri::same_authority(&signer.uri, &relay.inbox)
        && relay.account.is_none_or(|account| account == signer.id)
        && (signer.kind != AccountKind::Person || signer.inbox_url.as_ref() == Some(&relay.inbox))
}
