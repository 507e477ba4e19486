//! Add and Remove: pinned posts and featured hashtags of the actor itself (COLL-02, COLL-04, AUT-10), and the people whom it
//! recommends (COLL-06). Other collections have no meaning here.

use super::{Outcome, Parsed, Received, recommended};
use crate::{
    Result,
    app::App,
    domain::{Tx, hashtags, remote},
    federation::{eyes::Cause, fetch::Budget, import},
    store, uri,
};

fn is_featured(received: &Received, activity: &Parsed) -> bool {
    activity.target.is_some() && activity.target == received.signer.featured_url
}

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed, added: bool) -> Result<Outcome> {
    if let Some(name) = activity.hashtag.as_ref().filter(|_| is_featured(received, activity)) {
        hashtags::receive_featured(tx, &received.signer, name, added)?;
        return Ok(Outcome::Done);
    }
    let Some(object) = activity.object.as_ref().filter(|_| is_featured(received, activity)) else {
        match added {
            true => recommended::brings(tx, received, activity)?,
            false => recommended::takes(tx, received, activity)?,
        };
        return Ok(Outcome::Done);
    };
    match store::posts::find_by_uri(tx.conn, object)? {
        Some(post) => {
            remote::receive_pin(tx, &received.signer, &post, added)?;
            Ok(Outcome::Done)
        }
        // One's own posts only, so there is only one server to ask.
        None if added && uri::same_authority(object, &activity.actor) => Ok(Outcome::Fetch),
        None => Ok(Outcome::Done),
    }
}

pub(super) async fn resolve(app: &App, received: &Received, activity: &Parsed, budget: &Budget) -> Result<()> {
    let Some(object) = &activity.object else { return Ok(()) };
    let Some(post) = import::post_named(app, object, &Cause::of_activity(received, activity), budget).await? else {
        return Ok(());
    };
    let signer = received.signer.clone();
    app.write(move |tx| remote::receive_pin(tx, &signer, &post, true)).await
}
