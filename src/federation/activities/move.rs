//! Move (MOVE-01, MOVE-02, AUT-11): both ends are read from their own servers before anything is believed.

use super::{Outcome, Parsed, Received};
use crate::{
    Error, Result,
    app::App,
    domain::remote,
    federation::{fetch::Budget, import},
    store,
};

pub(super) fn apply(activity: &Parsed) -> Outcome {
    if activity.target.is_some() { Outcome::Fetch } else { Outcome::Done }
}

pub(super) async fn resolve(app: &App, received: &Received, activity: &Parsed, budget: &Budget) -> Result<()> {
    let Some(target) = activity.target.clone() else { return Ok(()) };
    let to = if app.site().owns_str(&target) {
        let target = target.clone();
        app.read(move |conn| store::accounts::find_by_uri(conn, &target)).await?.ok_or(Error::NotFound)?
    } else {
        import::account_now(app, &target, budget).await?
    };
    let from = received.signer.clone();
    app.write(move |tx| remote::receive_move(tx, &from, &to).map(|_| ())).await
}
