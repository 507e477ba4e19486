//! Undo (FOL-05, FOL-07, FOL-08, INT-02, INT-09, MOD-01, AUT-09).

use super::{Outcome, Parsed, Received, lock, parsed::Embedded};
use crate::{
    Result,
    app::App,
    db::Conn,
    domain::{Tx, follows, remote},
    federation::fetch::Budget,
    store,
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    let named = match &activity.embedded {
        // An Undo of a Delete has no effect here, but that the Delete has none either when it comes later. Who is gone and back
        // is brought back before (`inbox::returned`).
        Embedded::Activity(inner) => inner.object.as_deref().map(|object| remote::Named {
            kind: &inner.kind,
            object,
            emoji: inner.reaction.as_ref().map(|reaction| reaction.name.as_str()),
        }),
        _ => None,
    };
    let id = activity.object.as_deref();
    if id.is_some_and(|id| !crate::uri::same_authority(id, &activity.actor)) {
        // What somebody did has an id of their own server.
        return Ok(Outcome::Done);
    }
    if let Embedded::Activity(inner) = &activity.embedded
        && inner.kind == "Accept"
        && let Some(follow) = &inner.object
    {
        follows::receive_second_thoughts(tx, &received.signer, follow)?;
        return Ok(Outcome::Done);
    }
    // Whoever passed a Lock on chose its id, which may be that of something else.
    if let Some(id) = id.filter(|_| matches!(activity.embedded, Embedded::Nothing))
        && remote::undo_known(tx, &received.signer, id)?
    {
        return Ok(Outcome::Done);
    }
    if let Some(post) = locked(tx.conn, activity)? {
        return lock::undo(tx, received, activity, &post);
    }
    remote::undo(tx, &received.signer, id, named)?;
    Ok(Outcome::Done)
}

/// The post of the Lock that is undone, which is embedded or known by its id.
fn locked(conn: &mut Conn, activity: &Parsed) -> Result<Option<String>> {
    match (&activity.embedded, &activity.object) {
        (Embedded::Activity(inner), _) if inner.kind == "Lock" => Ok(inner.object.clone()),
        (Embedded::Nothing, Some(id)) => Ok(store::thread_locks::find_by_uri(conn, id)?.map(|lock| lock.post_uri)),
        _ => Ok(None),
    }
}

/// Only the Undo of a Lock asks somebody: the group.
pub(super) async fn resolve(app: &App, received: &Received, activity: &Parsed, budget: &Budget) -> Result<()> {
    let copy = activity.clone();
    match app.read(move |conn| locked(conn, &copy)).await? {
        Some(post) => lock::resolve(app, received, activity, (post, false), budget).await,
        None => Ok(()),
    }
}
