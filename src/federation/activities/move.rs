//! Move (MOVE-01, MOVE-02, AUT-11): the target is read from its own server before anything is believed.

use super::{Outcome, Parsed, Received};
use crate::{
    Error, Result,
    app::App,
    domain::remote,
    federation::{fetch::Budget, import},
    peers, store, uri,
};

pub(super) fn apply(activity: &Parsed) -> Outcome {
    if activity.target.is_some() { Outcome::Fetch } else { Outcome::Done }
}

pub(super) async fn resolve(app: &App, received: &Received, activity: &Parsed, budget: &Budget) -> Result<()> {
    let Some(target) = activity.target.clone() else { return Ok(()) };
    let (to, moved_on) = if app.site().owns_str(&target) {
        let target = target.clone();
        let own = app.glance(move |conn| store::accounts::find_by_uri(conn, &target)).await?;
        (own.ok_or(Error::NotFound)?, false)
    } else {
        import::account_and_whither(app, &target, budget).await?
    };
    if moved_on {
        return Ok(());
    }
    let from = received.signer.clone();
    let colleagues = peers::organisation(app).is_some_and(|ours| {
        [&from.uri, &to.uri].into_iter().all(|id| ours.charter.node_at(uri::authority(id)).is_some())
    });
    app.write(move |tx| remote::receive_move(tx, &from, &to, colleagues).map(|_| ())).await
}
