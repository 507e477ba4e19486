//! Follows, blocks and reports on their way to the other server: all go to one person's own inbox (FOL-04, MOD-02,
//! MOD-05).

use super::{Draft, is_durable, passing_uri, send, send_to_person};
use crate::{
    Result,
    domain::Tx,
    federation::{
        own_keys,
        render::{PUBLIC, activity::Activity, actor::authority, context::Terms},
    },
    id::Id,
    model::{self, Account, Audience, Block, Collection, Follow, FollowState, Post, Report},
    store,
};
use serde_json::{Value, json};

/// What happens to a follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Ask,
    Accept,
    Reject,
    Undo,
}

/// A Follow as it was sent: with its original id, actor and object (FOL-01, FOL-09).
fn follow_object(uri: Option<&str>, follower: &str, target: &str) -> Value {
    match uri {
        Some(uri) => json!({"type": "Follow", "actor": follower, "object": target, "id": uri}),
        None => json!({"type": "Follow", "actor": follower, "object": target}),
    }
}

pub(super) fn follow(tx: &mut Tx<'_>, id: Id<Follow>, answer: Answer) -> Result<()> {
    let row = store::follows::load(tx.conn, id)?;
    let follower = store::accounts::load(tx.conn, row.account_id)?;
    let target = store::accounts::load(tx.conn, row.target_id)?;
    match (answer, follower.is_local(), target.is_local()) {
        (Answer::Ask, true, false) => {
            let uri = row.uri.unwrap_or_else(|| tx.site().activity_uri(id));
            let json = Activity::new("Follow", &uri, &follower.uri, target.uri.as_str())
                .to(&target.uri)
                .document(Terms::NONE)?;
            send_to_person(tx, id.raw(), &uri, &follower, &target, "Follow", Some(&target.uri), json)
        }
        (Answer::Undo, true, false) => {
            let original = row.uri.unwrap_or_else(|| tx.site().activity_uri(id));
            undo_follow(tx, &follower, &target, &original)
        }
        (Answer::Accept, false, true) if row.state == FollowState::Accepted => {
            answer_follow(tx, "Accept", &target, &follower, row.uri.as_deref())
        }
        (Answer::Reject, false, true) => {
            no_longer_follows(tx, &follower, &target)?;
            answer_follow(tx, "Reject", &target, &follower, row.uri.as_deref())
        }
        (Answer::Undo, false, true) => no_longer_follows(tx, &follower, &target),
        _ => Ok(()),
    }
}

/// Followers-only posts stop at once when the last follower of a server is gone (ADDR-OUT-04).
fn no_longer_follows(tx: &mut Tx<'_>, follower: &Account, target: &Account) -> Result<()> {
    let (Some(domain), Some(inbox)) = (&follower.domain, follower.shared_inbox_or_inbox()) else { return Ok(()) };
    if let Some(host) = authority(inbox)
        && !store::deliveries::has_follower_on(tx.conn, target.id, domain, follower.id)?
    {
        store::deliveries::take_back_private(tx.conn, target.id, &host, (domain, follower.id), tx.now)?;
    }
    Ok(())
}

fn answer_follow(
    tx: &mut Tx<'_>,
    kind: &'static str,
    from: &Account,
    to: &Account,
    follow_uri: Option<&str>,
) -> Result<()> {
    let number = tx.new_id::<model::Activity>();
    let uri = passing_uri(&from.uri, kind, number);
    let object = follow_object(follow_uri, &to.uri, &from.uri);
    let json = Activity::new(kind, &uri, &from.uri, object).to(&to.uri).document(Terms::NONE)?;
    send_to_person(tx, number.raw(), &uri, from, to, kind, follow_uri, json)
}

fn undo_follow(tx: &mut Tx<'_>, from: &Account, target: &Account, original: &str) -> Result<()> {
    let number = tx.new_id::<model::Activity>();
    let uri = passing_uri(&from.uri, "Undo", number);
    let object = follow_object(Some(original), &from.uri, &target.uri);
    let json = Activity::new("Undo", &uri, &from.uri, object).to(&target.uri).document(Terms::NONE)?;
    send_to_person(tx, number.raw(), &uri, from, target, "Undo", Some(original), json)
}

/// The Follow for a relay that is given by its inbox: of all that is public, by the actor of this node (COLL-07). `uri` is its
/// id, of the number `id`.
pub(in crate::federation) fn follow_public(
    tx: &mut Tx<'_>,
    inbox: &str,
    id: Id<model::Activity>,
    uri: &str,
) -> Result<()> {
    let actor = tx.site().instance_actor_uri();
    let json = Activity::new("Follow", uri, &actor, PUBLIC).document(Terms::NONE)?;
    send_to_relay(tx, inbox, (id, uri), "Follow", PUBLIC, json)
}

/// The Undo of [`follow_public`].
pub(in crate::federation) fn unfollow_public(tx: &mut Tx<'_>, inbox: &str, original: &str) -> Result<()> {
    let actor = tx.site().instance_actor_uri();
    let number = tx.new_id::<model::Activity>();
    let uri = passing_uri(&actor, "Undo", number);
    let object = follow_object(Some(original), &actor, PUBLIC);
    let json = Activity::new("Undo", &uri, &actor, object).document(Terms::NONE)?;
    send_to_relay(tx, inbox, (number, &uri), "Undo", original, json)
}

fn send_to_relay(
    tx: &mut Tx<'_>,
    inbox: &str,
    (id, uri): (Id<model::Activity>, &str),
    kind: &'static str,
    object: &str,
    json: String,
) -> Result<()> {
    let draft = Draft {
        id: id.raw(),
        uri,
        account: own_keys::INSTANCE,
        kind,
        object: Some(object),
        post: None,
        reach: Audience::Open,
        durable: is_durable(kind),
        json,
    };
    send(tx, draft, vec![inbox.to_owned()])
}

pub(super) fn refuse(tx: &mut Tx<'_>, target: Id<Account>, follower: Id<Account>, uri: Option<&str>) -> Result<()> {
    let (target, follower) = (store::accounts::load(tx.conn, target)?, store::accounts::load(tx.conn, follower)?);
    answer_follow(tx, "Reject", &target, &follower, uri)
}

pub(super) fn stale(tx: &mut Tx<'_>, account: Id<Account>, target: Id<Account>, uri: &str) -> Result<()> {
    let (account, target) = (store::accounts::load(tx.conn, account)?, store::accounts::load(tx.conn, target)?);
    undo_follow(tx, &account, &target, uri)
}

/// Block and Undo{Block} (MOD-02). What was on its way to the blocked one stops (PRV-11).
pub(super) fn blocked(tx: &mut Tx<'_>, id: Id<Block>, lifted: bool) -> Result<()> {
    let row = store::follows::load_block(tx.conn, id)?;
    let from = store::accounts::load(tx.conn, row.account_id)?;
    let target = store::accounts::load(tx.conn, row.target_id)?;
    if !from.is_local() || target.is_local() {
        return Ok(());
    }
    let block_uri = row.uri.unwrap_or_else(|| tx.site().activity_uri(id));
    let block = Activity::new("Block", &block_uri, &from.uri, target.uri.as_str());
    if lifted {
        let number = tx.new_id::<model::Activity>();
        let uri = passing_uri(&from.uri, "Undo", number);
        let json = Activity::new("Undo", &uri, &from.uri, block).to(&target.uri).document(Terms::NONE)?;
        return send_to_person(tx, number.raw(), &uri, &from, &target, "Undo", Some(&block_uri), json);
    }
    if let Some(inbox) = &target.inbox_url {
        store::deliveries::take_back_for(tx.conn, from.id, inbox, tx.now)?;
    }
    // Whom they block has them in no collection any more.
    super::collections::revoked(tx, from.id, target.id)?;
    let json = block.to(&target.uri).document(Terms::NONE)?;
    send_to_person(tx, id.raw(), &block_uri, &from, &target, "Block", Some(&target.uri), json)
}

/// A report that is forwarded goes out as a Flag of the instance actor: who reported stays here (MOD-05).
pub(super) fn reported(tx: &mut Tx<'_>, id: Id<Report>) -> Result<()> {
    let Some(report) = store::documents::report(tx.conn, id)?.filter(|r| r.forwarded) else {
        return Ok(());
    };
    let target = store::accounts::load(tx.conn, report.target_id)?;
    if target.is_local() {
        return Ok(());
    }
    let posts: Vec<i64> = serde_json::from_str(&report.post_ids).unwrap_or_default();
    let posts: Vec<Id<Post>> = posts.into_iter().map(Id::new).collect();
    let mut objects = vec![target.uri.clone()];
    objects.extend(store::documents::post_uris(tx.conn, &posts)?.into_iter().map(|(_, uri)| uri));
    let collections: Vec<i64> = serde_json::from_str(&report.collection_ids).unwrap_or_default();
    let collections: Vec<Id<Collection>> = collections.into_iter().map(Id::new).collect();
    objects.extend(store::collections::several(tx.conn, &collections)?.into_iter().filter_map(|row| row.uri));
    let actor = tx.site().instance_actor_uri();
    let uri = passing_uri(&actor, "Flag", id);
    let mut flag = Activity::new("Flag", &uri, &actor, objects).to(&target.uri);
    flag.content = Some(&report.comment);
    let json = flag.document(Terms::NONE)?;
    let draft = Draft {
        id: id.raw(),
        uri: &uri,
        account: own_keys::INSTANCE,
        kind: "Flag",
        object: Some(&target.uri),
        post: None,
        reach: Audience::Open,
        durable: true,
        json,
    };
    let to = target.inbox_url.clone().into_iter().collect();
    send(tx, draft, to)
}
