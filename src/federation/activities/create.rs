//! Create (POST-01, POST-11, POST-12, AUT-01, AUT-02).

use super::{Outcome, Parsed, Received, authorize::authorize_activity, parsed::Embedded, recommended};
use crate::{
    Error, Result,
    app::App,
    domain::{
        Tx,
        remote::{self, Arrival, RemotePost},
    },
    federation::{eyes::Cause, fetch::Budget, import},
    model::{Account, Visibility},
    store,
    time::Timestamp,
    uri,
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    match &activity.embedded {
        Embedded::Post(post) => {
            if hides_followers(&received.signer, post, tx.now) {
                return Ok(Outcome::Fetch);
            }
            remote::receive_post(tx, &received.signer, post, arrival(received))?;
            Ok(Outcome::Done)
        }
        // Peers may announce a person this way; only its own document counts.
        Embedded::Actor(_) | Embedded::Activity(_) | Embedded::Unknown => {
            if activity.recommended.is_some() {
                recommended::brings(tx, received, activity)?;
            }
            Ok(Outcome::Done)
        }
        Embedded::Nothing => {
            let Some(object) = &activity.object else { return Ok(Outcome::Done) };
            let own = uri::same_authority(object, &activity.actor);
            if activity.foreign && own {
                // A whole document on the actor's own server that is not the actor's.
                return Err(Error::forbidden("an object of another owner"));
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

/// The same activity at another inbox.
pub(super) fn again(tx: &mut Tx<'_>, received: &Received) -> Result<()> {
    let activity = received.activity.clone();
    authorize_activity(&received.signer.uri, &activity, tx.site())?;
    match &activity.embedded {
        // One that waits for its author to be read again is complete when it was.
        Embedded::Post(post) if !hides_followers(&received.signer, post, tx.now) => {
            remote::receive_post(tx, &received.signer, post, arrival(received)).map(|_| ())
        }
        _ => Ok(()),
    }
}

fn arrival(received: &Received) -> Arrival {
    Arrival { recipient: received.recipient, colleague: received.colleague, ..Arrival::default() }
}

/// The post is for nobody but somebody on its author's own server, and we do not know the collection of the author's
/// followers: it may be for them (ADDR-IN-03). Asked at most once an hour.
fn hides_followers(author: &Account, post: &RemotePost, now: Timestamp) -> bool {
    author.followers_url.is_none()
        && author.fetched_at.is_none_or(|at| at < now.plus_seconds(-3_600))
        && remote::visibility(&post.addressing, None) == Visibility::Direct
        && post.addressing.all().any(|a| a != author.uri && uri::same_authority(a, &author.uri))
}

/// The object as its own server has it; who sent us there has no part in it.
pub(super) async fn resolve(app: &App, received: &Received, activity: &Parsed, budget: &Budget) -> Result<()> {
    if let Embedded::Post(post) = &activity.embedded {
        let author = import::account_now(app, &activity.actor, budget).await?;
        let (post, arrival) = (post.clone(), arrival(received));
        return app.write(move |tx| remote::receive_post(tx, &author, &post, arrival).map(|_| ())).await;
    }
    let Some(object) = &activity.object else { return Ok(()) };
    import::post_named(app, object, &Cause::of_activity(received, activity), budget).await.map(|_| ())
}
