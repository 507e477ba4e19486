//! An end that is taken back: Misskey suspends somebody with a Delete of their actor, and lets them back with the Undo of it. The
//! tombstone stands against whatever else is said in their name (SIG-20).

use super::{Document, Turned};
use crate::{
    Error,
    app::App,
    crypto,
    domain::search,
    federation::{
        import,
        proof::{self, Claims, Prover, Refusal},
    },
    store, uri,
};

/// Whether this is somebody's word that their own end is taken back, and they are gone here.
pub(super) async fn is_meant(app: &App, document: &Document) -> Result<bool, Refusal> {
    if !document.is_own_return() {
        return Ok(false);
    }
    let actor = document.actor.clone();
    let found = app.glance(move |conn| store::accounts::find_by_uri(conn, &actor)).await?;
    Ok(found.is_some_and(|row| !row.is_local() && row.deleted_at.is_some() && row.suspended_at.is_none()))
}

/// Brings them back when their own key signed that, and their document stands where it stood. What they wrote stays away.
pub(super) async fn take(
    app: &App,
    prover: &Prover,
    claims: &Claims,
    document: &Document,
    body: &[u8],
) -> Result<(), Turned> {
    let actor = prover.returned(app, claims, &document.actor).await?;
    prover.charge(app, uri::host(&actor.uri))?;
    let silenced = import::is_silenced(app, &actor.uri, uri::host(&actor.uri));
    // As every activity: once (SIG-18).
    let hash = crypto::sha256(document.id.as_deref().map_or(body, str::as_bytes));
    let uri = actor.uri.clone();
    let done = app.write(move |tx| {
        let short = hash.first_chunk::<16>().map_or(&hash[..], |short| short);
        if !store::inbox::remember(tx.conn, short, tx.now)? {
            return Ok(());
        }
        let row = store::accounts::find_by_uri(tx.conn, &actor.uri)?;
        let gone = row.filter(|row| !row.is_local() && row.deleted_at.is_some() && row.suspended_at.is_none());
        let Some(gone) = gone else { return Ok(()) };
        store::remote::lift_gone(tx.conn, &gone)?;
        let place = gone.domain.unwrap_or_else(|| uri::host(&actor.uri).to_owned());
        let back = import::keep_in(tx, &actor, &place, silenced)?;
        search::index_account(tx.conn, &back)
    });
    done.await.map_err(|error| match error {
        error @ (Error::Unavailable(_) | Error::NoSpace) => Turned::Refusal(Refusal::Ours(error)),
        // A failure of ours: they may say it again.
        Error::Internal(_) => Turned::Refusal(Refusal::KeyAway),
        error => Turned::Effect(error),
    })?;
    proof::spoke(app, &uri);
    Ok(())
}
