//! Update (UPD-01 to UPD-04, POLL-03, AUTH-03, AUTH-06).

use super::{Outcome, Parsed, Received, parsed::Embedded, recommended};
use crate::{
    Result,
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
            let (recipient, colleague) = (received.recipient, received.colleague);
            let arrival = Arrival { recipient, colleague, ..Arrival::default() };
            remote::update_post(tx, &received.signer, post, arrival)?;
            Ok(Outcome::Done)
        }
        // Where they went is read before it is shown.
        Embedded::Actor(actor) if remote::went_somewhere(tx.conn, actor)? => Ok(Outcome::Fetch),
        // Keys and addresses are believed from its own document alone.
        Embedded::Actor(actor) if remote::is_profile_only(&received.signer, actor) => {
            remote::update_profile(tx, &received.signer, actor)?;
            Ok(Outcome::Done)
        }
        Embedded::Actor(_) => Ok(Outcome::Fetch),
        Embedded::Activity(_) | Embedded::Unknown => {
            if activity.recommended.is_some() {
                recommended::brings(tx, received, activity)?;
            }
            Ok(Outcome::Done)
        }
        Embedded::Nothing => {
            let Some(object) = &activity.object else { return Ok(Outcome::Done) };
            if *object == activity.actor {
                return Ok(Outcome::Fetch);
            }
            if recommended::brings(tx, received, activity)? {
                return Ok(Outcome::Done);
            }
            // What we do not know we need not know in its newest state.
            let known = uri::same_authority(object, &activity.actor)
                && store::posts::find_by_uri(tx.conn, object)?.is_some_and(|p| p.account_id == received.signer.id);
            Ok(if known { Outcome::Fetch } else { Outcome::Done })
        }
    }
}

pub(super) async fn resolve(app: &App, received: &Received, activity: &Parsed, budget: &Budget) -> Result<()> {
    match (&activity.embedded, &activity.object) {
        (Embedded::Actor(_), _) => import::account_now(app, &received.signer.uri, budget).await.map(|_| ()),
        (_, Some(object)) if *object == activity.actor => import::account_now(app, object, budget).await.map(|_| ()),
        (_, Some(object)) => import::post_again(app, object, budget).await,
        _ => Ok(()),
    }
}
