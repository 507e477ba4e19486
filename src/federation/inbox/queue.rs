//! Activities that need the network before they can have their effect, and those that failed here. Rows of
//! `inbox_items`: nothing is lost by a kill, an item may run again, its effect is had once.

use super::super::{activities, admit, json::Json, received::Received};
use crate::{Error, Result, app::App, model::InboxItem, store};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

/// What wakes the workers.
pub const NAME: &str = "inbox";
/// Items in work at once: mostly waiting for other servers.
const WORKERS: usize = 16;
/// Tries before an item is parked (REL-18).
const TRIES: i64 = 5;

/// Starts the workers; they end when the app stops.
pub fn start(app: &App) {
    for _ in 0..WORKERS {
        let app = app.clone();
        tokio::spawn(async move {
            let wake = app.wake_of(NAME);
            while !app.stopping().is_cancelled() {
                let woken = wake.notified();
                match work(&app).await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => tracing::warn!(%error, "cannot take an activity from the queue"),
                }
                // The timer is the safety net: items of another process, and those that were not due yet.
                tokio::select! {
                    () = woken => {}
                    () = tokio::time::sleep(Duration::from_secs(5)) => {}
                    () = app.stopping().cancelled() => {}
                }
            }
        });
    }
}

/// Does everything that is due, in this task; answers how much. For tests.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn run_due(app: &App) -> Result<usize> {
    let mut done = 0;
    while work(app).await? {
        done += 1;
    }
    Ok(done)
}

/// Whether an activity that failed this way would always fail.
pub fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::NotFound
            | Error::Gone
            | Error::Unauthorized(_)
            | Error::Forbidden(_)
            | Error::BadRequest(_)
            | Error::Invalid { .. }
            | Error::TooLarge(_)
    )
}

/// Milliseconds until the next try: 30 s, 1 min, 2 min ...
pub(super) fn wait(attempts: i64) -> i64 {
    15_000 << attempts.clamp(1, 10)
}

async fn work(app: &App) -> Result<bool> {
    let now = app.clock().now();
    // Looking is cheap and read-only; only a due item costs a write.
    if !app.read(move |conn| store::inbox::is_due(conn, now)).await? {
        return Ok(false);
    }
    let Some(item) = app.write(|tx| store::inbox::claim(tx.conn, tx.now)).await? else { return Ok(false) };
    let (id, attempts, host) = (item.id, item.attempts, item.host.clone());
    // A poisonous activity is a failed one, never a dead worker.
    let outcome = match futures_util::FutureExt::catch_unwind(AssertUnwindSafe(one(app, item))).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::internal("the activity panicked")),
    };
    match outcome {
        Err(error) if !is_final(&error) => {
            let again = (attempts < TRIES).then(|| app.clock().now().plus_millis(wait(attempts)));
            tracing::info!(%error, host, attempts, parked = again.is_none(), "a queued activity failed");
            let text: String = format!("{error:?}").chars().take(500).collect();
            app.write(move |tx| store::inbox::fail(tx.conn, id, &text, again, tx.now)).await?;
        }
        outcome => {
            if let Err(error) = outcome {
                tracing::debug!(%error, host, "a queued activity has no effect");
            }
            app.write(move |tx| store::inbox::finish(tx.conn, id)).await?;
        }
    }
    Ok(true)
}

async fn one(app: &App, item: InboxItem) -> Result<()> {
    // Judged again: policy, suspension and recipient may have changed since it was taken in (LAN-09).
    app.net().rules().standing(&item.host).admitted.map_err(|_| Error::forbidden("a host we do not speak with"))?;
    let (signer, recipient) = (item.account_id, item.recipient_id);
    let (signer, recipient) = app
        .read(move |conn| {
            let recipient = match recipient {
                Some(id) => store::accounts::find(conn, id)?.filter(|a| a.deleted_at.is_none()).map(|a| Some(a.id)),
                None => Some(None),
            };
            Ok((store::accounts::load(conn, signer)?, recipient.ok_or(Error::Gone)?))
        })
        .await?;
    if signer.suspended_at.is_some() || signer.deleted_at.is_some() {
        return Err(Error::forbidden("the signer is suspended or gone"));
    }
    let mut json = Json::parse(item.body.as_bytes())?;
    if admit::drops_reports(&app.net().rules(), &json, &item.host) {
        return Err(Error::forbidden("a host whose reports we do not take"));
    }
    admit::strip(&app.net().rules(), &mut json);
    let activity = Arc::new(activities::parsed::parse(&json)?);
    activities::receive(app, &Received { signer, recipient, activity }).await
}
