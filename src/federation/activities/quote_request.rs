//! QuoteRequest: somebody elsewhere wants to quote a post of this node (QUO-02).

use super::{Outcome, Parsed, Received, parsed::Embedded};
use crate::{
    Error, Result,
    app::App,
    domain::{
        Tx,
        quotes::arrivals::{self, Request},
        remote::RemotePost,
    },
    federation::{eyes::Cause, fetch::Budget, import},
    store,
};

fn request(activity: &Parsed) -> Option<Request> {
    let (object, instrument) = (activity.object.clone()?, activity.instrument.clone()?);
    Some(Request { uri: activity.id.clone(), object, instrument })
}

fn given(activity: &Parsed) -> Option<&RemotePost> {
    match &activity.embedded {
        Embedded::Post(post) if Some(&post.uri) == activity.instrument.as_ref() => Some(post),
        _ => None,
    }
}

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    let Some(request) = request(activity) else { return Ok(Outcome::Done) };
    let done = arrivals::receive_request(tx, &received.signer, &request, given(activity), false)?;
    Ok(if done { Outcome::Done } else { Outcome::Fetch })
}

/// The quoting post as its own server has it.
pub(super) async fn resolve(app: &App, received: &Received, activity: &Parsed, budget: &Budget) -> Result<()> {
    let Some(request) = request(activity) else { return Ok(()) };
    let id = request.instrument.clone();
    let known = app.glance(move |conn| store::posts::find_by_uri(conn, &id)).await?;
    let fetched = match known {
        Some(_) => import::post_again(app, &request.instrument, budget).await,
        None => {
            let cause = Cause::of_activity(received, activity);
            import::post_named(app, &request.instrument, &cause, budget).await.map(|_| ())
        }
    };
    // That it is not there, or not for us, is an answer too.
    if let Err(e @ (Error::Upstream(_) | Error::Unavailable(_))) = fetched {
        return Err(e);
    }
    let by = received.signer.clone();
    app.write(move |tx| arrivals::receive_request(tx, &by, &request, None, true).map(|_| ())).await
}
