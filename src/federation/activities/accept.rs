//! Accept and Reject of a Follow of ours (FOL-05, FOL-06, FOL-12, AUT-07), of a QuoteRequest of ours (QUO-05), or of
//! somebody's Join of a project. Those of anything else have no effect.

use super::{
    Outcome, Parsed, Received,
    authorize::authorize_activity,
    parsed::{Embedded, Kind},
};
use crate::{
    Result,
    domain::{Tx, collections, follows, interactions::arrivals as interactions, projects::members, quotes::arrivals},
    federation::relays,
    model::Account,
    store,
};

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
}

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed, answer: Answer) -> Result<Outcome> {
    if relays::answered(tx, &received.signer, activity, answer == Answer::Yes)? {
        return Ok(Outcome::Done);
    }
    if let Some(person) = joining(tx, received, activity)? {
        let join = activity.object.as_deref();
        members::receive_answer(tx, &received.signer, &person, join, answer == Answer::Yes)?;
        return Ok(Outcome::Done);
    }
    // By its id alone it may be anything that was asked for; a Follow that is in it is nothing else.
    if !matches!(&activity.embedded, Embedded::Activity(inner) if inner.kind == "Follow") {
        about_request(tx, received, activity, answer)?;
    }
    let Some(follower) = follower(tx, received, activity)? else { return Ok(Outcome::Done) };
    match answer {
        Answer::Yes => follows::receive_accept(tx, &received.signer, &follower, activity.object.as_deref())?,
        Answer::No => follows::reject(tx, received.signer.id, follower.id)?,
    }
    Ok(Outcome::Done)
}

/// Some relays answer every Follow of a server under one id (pub-relay): what is new is the Follow that it is about.
pub(super) fn again(tx: &mut Tx<'_>, received: &Received) -> Result<()> {
    let activity = received.activity.clone();
    authorize_activity(&received.signer.uri, &activity, tx.site())?;
    relays::answered_again(tx, &received.signer, &activity, activity.kind == Kind::Accept)
}

/// What was asked for is a place in a collection, a quote, or what the author of a post decides about.
fn about_request(tx: &mut Tx<'_>, received: &Received, activity: &Parsed, answer: Answer) -> Result<()> {
    let (request, quoting) = (activity.object.as_deref(), quoting(activity));
    // A quote has an id of its own; what else is asked for is known by that of the answer, Like or Announce.
    let (by, wanted, stamp) = (&received.signer, wanted(activity), activity.result.as_deref());
    let answer = match stamp.filter(|_| answer == Answer::Yes) {
        Some(stamp) => {
            store::remote::lock(tx.conn, stamp)?;
            // What lets it was taken back already: that came first.
            let gone = store::remote::is_gone(tx.conn, &[stamp], &by.uri, tx.now)?;
            if gone { Answer::No } else { Answer::Yes }
        }
        None => answer,
    };
    if let Some(request) = request {
        collections::receive_answer(tx, by, request, answer == Answer::Yes, stamp)?;
    }
    match answer {
        Answer::Yes => {
            arrivals::receive_accept(tx, by, request, quoting, stamp)?;
            interactions::receive_accept(tx, by, request, wanted, stamp)
        }
        Answer::No => {
            arrivals::receive_reject(tx, by, request, quoting)?;
            interactions::receive_reject(tx, by, request, wanted)
        }
    }
}

/// Who asked to join, when a Join is answered: the embedded actor, or who sent the one of this id; it must have asked the
/// signer.
fn joining(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Option<Account>> {
    match &activity.embedded {
        Embedded::Activity(inner) if inner.kind == "Join" => {
            let asked = inner.object.as_deref().is_none_or(|object| object == received.signer.uri);
            let Some(actor) = inner.actor.as_deref().filter(|_| asked) else { return Ok(None) };
            Ok(store::accounts::find_by_uri(tx.conn, actor)?.filter(Account::is_local))
        }
        _ => match activity.object.as_deref().filter(|id| tx.site().owns_str(id)) {
            Some(id) => store::projects::asker(tx.conn, received.signer.id, id),
            None => Ok(None),
        },
    }
}

/// The quoting post, when a QuoteRequest is answered (AUTH-07).
fn quoting(activity: &Parsed) -> Option<&str> {
    match &activity.embedded {
        Embedded::Activity(inner) if inner.kind == "QuoteRequest" => inner.instrument.as_deref(),
        _ => None,
    }
}

/// What was asked for, when a ReplyRequest, LikeRequest or AnnounceRequest is answered; a reply, Like or Announce itself
/// may be answered too.
fn wanted(activity: &Parsed) -> Option<&str> {
    match &activity.embedded {
        Embedded::Activity(inner)
            if matches!(inner.kind.as_str(), "ReplyRequest" | "LikeRequest" | "AnnounceRequest") =>
        {
            inner.instrument.as_deref()
        }
        _ => None,
    }
}

/// Whose Follow is meant: that of this id, else that of the embedded actor. It must have asked the signer.
fn follower(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Option<Account>> {
    if let Some(id) = &activity.object
        && let Some(follow) = store::follows::find_by_uri(tx.conn, id)?
    {
        if follow.target_id != received.signer.id {
            return Ok(None);
        }
        return Ok(store::accounts::find(tx.conn, follow.account_id)?.filter(Account::is_local));
    }
    match &activity.embedded {
        Embedded::Activity(inner)
            if inner.kind == "Follow" && inner.object.as_deref().is_none_or(|o| o == received.signer.uri) =>
        {
            let Some(actor) = &inner.actor else { return Ok(None) };
            Ok(store::accounts::find_by_uri(tx.conn, actor)?.filter(Account::is_local))
        }
        _ => Ok(None),
    }
}
