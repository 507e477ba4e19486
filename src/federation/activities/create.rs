//! Create (POST-01, POST-11, POST-12, AUT-01, AUT-02).

use super::{Outcome, Parsed, Received, parsed::Embedded};
use crate::{
    Error, Result,
    app::App,
    domain::{
        Tx,
        remote::{self, Arrival},
    },
    federation::{fetch::Budget, import},
    store, uri,
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    match &activity.embedded {
        Embedded::Post(post) => {
            let arrival = Arrival { recipient: received.recipient, fetched: false };
            remote::receive_post(tx, &received.signer, post, arrival)?;
            Ok(Outcome::Done)
        }
        // Peers may announce a person this way; only its own document counts.
        Embedded::Actor(_) | Embedded::Activity(_) => Ok(Outcome::Done),
        Embedded::Nothing => {
            let Some(object) = &activity.object else { return Ok(Outcome::Done) };
            let own = uri::same_authority(object, &activity.actor);
            if activity.foreign && own {
                // A whole document on the actor's own server that is not the actor's, or of no known type.
                return Err(Error::forbidden("an object of another owner, or of an unknown type"));
            }
            if store::posts::find_by_uri(tx.conn, object)?.is_some()
                || store::remote::is_gone(tx.conn, &[object], &activity.actor, tx.now)?
            {
                return Ok(Outcome::Done);
            }
            Ok(Outcome::Fetch)
        }
    }
}

/// The object as its own server has it; who sent us there has no part in it.
pub(super) async fn resolve(app: &App, activity: &Parsed, budget: &Budget) -> Result<()> {
    let Some(object) = &activity.object else { return Ok(()) };
    import::post(app, object, budget).await.map(|_| ())
}
