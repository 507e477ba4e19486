//! Lock, and the Undo of one: the moderators of a group let a thread have no more answers, or let it have them again (FEP-1b12,
//! as Lemmy and Mbin say it).

use super::{Outcome, Parsed, Received};
use crate::{
    Error, Result,
    app::App,
    domain::{
        Tx,
        projects::locks::{self, Locking},
    },
    federation::{eyes::Cause, fetch::Budget, import, moderators},
    store,
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    let Some(object) = &activity.object else { return Ok(Outcome::Done) };
    done(tx, received, object, activity.id.as_deref(), true)
}

/// `object`: the post of the Lock that is undone.
pub(super) fn undo(tx: &mut Tx<'_>, received: &Received, activity: &Parsed, object: &str) -> Result<Outcome> {
    done(tx, received, object, activity.id.as_deref(), false)
}

fn done(tx: &mut Tx<'_>, received: &Received, object: &str, uri: Option<&str>, locked: bool) -> Result<Outcome> {
    // What it is about may be arriving at this moment.
    store::remote::lock(tx.conn, object)?;
    Ok(match locks::receive(tx, &received.signer, object, uri, locked)? {
        Locking::Done => Outcome::Done,
        Locking::Moderators(_) => Outcome::Fetch,
        // A thread that is open is what it is when it comes.
        Locking::Unknown if locked && locks::is_wanted(tx, &received.signer, object)? => Outcome::Fetch,
        Locking::Unknown => Outcome::Done,
    })
}

/// Reads the post if nobody here knows it, as Lemmy does, and asks the group whether this is one of its moderators.
pub(super) async fn resolve(
    app: &App,
    received: &Received,
    activity: &Parsed,
    (object, locked): (String, bool),
    budget: &Budget,
) -> Result<()> {
    let ask = async || {
        let (signer, post, uri) = (received.signer.clone(), object.clone(), activity.id.clone());
        app.write(move |tx| locks::receive(tx, &signer, &post, uri.as_deref(), locked)).await
    };
    let mut asked = ask().await?;
    if asked == Locking::Unknown && locked {
        if import::post_named(app, &object, &Cause::of_activity(received, activity), budget).await?.is_none() {
            return Ok(());
        }
        asked = ask().await?;
    }
    let Locking::Moderators(group) = asked else { return Ok(()) };
    if !moderators::includes(app, &group, &received.signer.uri, budget).await? {
        return Err(Error::forbidden("no moderator of the group"));
    }
    let uri = activity.id.clone();
    app.write(move |tx| locks::set_moderated(tx, &group, &object, uri.as_deref(), locked)).await
}
