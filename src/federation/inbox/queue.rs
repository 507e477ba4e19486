//! Activities that need the network before they can have their effect, and those that failed here. Rows of
//! `inbox_items`: nothing is lost by a kill, an item may run again, its effect is had once. The queue has an end, and
//! nobody has it alone: a host fills a share of it only, and has a share of the workers only (LIM-03, ROB-11).

use super::super::{activities, admit, json::Json, proof, received::Received};
use crate::{Error, Result, app::App, db::Conn, domain::Tx, id::Id, limits, model::InboxItem, store, time::Timestamp};
use std::{
    collections::{HashMap, HashSet},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What wakes the workers.
pub const NAME: &str = "inbox";
/// Items in work at once: mostly waiting for other servers.
const WORKERS: usize = 32;
/// Items of one host in work at once: it gets no more connections either.
const WORKERS_PER_HOST: usize = limits::PER_HOST;
/// Milliseconds that a count of waiting items is believed.
const COUNTED_FOR: i64 = 1_000;
/// Hosts whose counts are kept.
const COUNTED: usize = 4_096;

/// How full the queue is, and who is at work in it. In memory; a part of the app.
#[derive(Default)]
pub struct Room {
    counts: Mutex<HashMap<String, (i64, Timestamp)>>,
    /// Items in work, by host.
    busy: Mutex<HashMap<String, usize>>,
    /// The same, one by one.
    taken: Mutex<HashSet<Id<InboxItem>>>,
    /// One worker at a time chooses an item.
    choosing: tokio::sync::Mutex<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The room of this node.
pub fn room(app: &App) -> Arc<Room> {
    app.part()
}

impl Room {
    /// Room for one more item of this host.
    ///
    /// # Errors
    /// `Unavailable` when the queue, or the share of a host that no entry names, is full: the sender tries again later.
    pub fn take(&self, tx: &mut Tx<'_>, host: &str, is_peer: bool) -> Result<()> {
        let now = tx.now;
        let all = self.count(tx.conn, "", now, store::inbox::count_waiting)?;
        let full = |what: &'static str| {
            metrics::counter!("inbox_queue_full_total").increment(1);
            Err(Error::Unavailable(what.into()))
        };
        if all > limits::INBOX_QUEUE {
            return full("the inbox queue is full");
        }
        if !is_peer && all > limits::INBOX_QUEUE_PER_HOST {
            let own = self.count(tx.conn, host, now, |conn| store::inbox::count_waiting_of(conn, host))?;
            if own > limits::INBOX_QUEUE_PER_HOST {
                return full("this host's share of the inbox queue is full");
            }
        }
        Ok(())
    }

    /// The count with this one, from memory when it is fresh.
    fn count(
        &self,
        conn: &mut Conn,
        name: &str,
        now: Timestamp,
        read: impl FnOnce(&mut Conn) -> Result<i64>,
    ) -> Result<i64> {
        if let Some((count, at)) = lock(&self.counts).get_mut(name)
            && (0..COUNTED_FOR).contains(&(now.millis() - at.millis()))
        {
            *count += 1;
            return Ok(*count);
        }
        let count = read(conn)? + 1;
        let mut counts = lock(&self.counts);
        if counts.len() >= COUNTED {
            counts.clear();
        }
        counts.insert(name.to_owned(), (count, now));
        Ok(count)
    }

    /// The next item whose host has a worker free, and the mark that it is in work.
    ///
    /// # Errors
    /// `Unavailable` when the database is away.
    pub async fn claim(self: &Arc<Self>, app: &App) -> Result<Option<(InboxItem, Busy)>> {
        let _alone = self.choosing.lock().await;
        let full: Vec<String> = lock(&self.busy)
            .iter()
            .filter(|(_, running)| **running >= WORKERS_PER_HOST)
            .map(|(host, _)| host.clone())
            .collect();
        // What this process has in work is not taken for dead, however the clock jumps.
        let taken: Vec<Id<InboxItem>> = lock(&self.taken).iter().copied().collect();
        let claimed = app.write(move |tx| store::inbox::claim(tx.conn, tx.now, tx.place(), &full, &taken));
        let Some(item) = claimed.await? else { return Ok(None) };
        *lock(&self.busy).entry(item.host.clone()).or_default() += 1;
        lock(&self.taken).insert(item.id);
        let busy = Busy { room: self.clone(), host: item.host.clone(), id: item.id };
        Ok(Some((item, busy)))
    }
}

/// An item of this host is in work, until this is dropped.
pub struct Busy {
    room: Arc<Room>,
    host: String,
    id: Id<InboxItem>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        lock(&self.room.taken).remove(&self.id);
        let mut busy = lock(&self.room.busy);
        if let Some(running) = busy.get_mut(&self.host) {
            *running -= 1;
            if *running == 0 {
                busy.remove(&self.host);
            }
        }
    }
}

/// Gives back what is not finished, when the node stops (REL-25).
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn give_back(app: &App) -> Result<()> {
    let ids: Vec<Id<InboxItem>> = lock(&room(app).taken).iter().copied().collect();
    if ids.is_empty() {
        return Ok(());
    }
    app.write(move |tx| store::inbox::release(tx.conn, &ids)).await
}

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
                    () = tokio::time::sleep(app.look_again()) => {}
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
            | Error::InvalidFields(_)
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
    if !app.glance(move |conn| store::inbox::is_due(conn, now)).await? {
        return Ok(false);
    }
    let Some((item, _busy)) = room(app).claim(app).await? else { return Ok(false) };
    let (id, attempts, host) = (item.id, item.attempts, item.host.clone());
    // A poisonous activity is a failed one, never a dead worker.
    let guarded = Box::pin(futures_util::FutureExt::catch_unwind(AssertUnwindSafe(one(app, item))));
    let outcome = match app.held(guarded, move |tx| store::inbox::renew(tx.conn, id, tx.place(), tx.now)).await {
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
        .glance(move |conn| {
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
    if proof::is_revoked(app, &signer.uri) {
        return Err(Error::forbidden("the charter revokes the signer"));
    }
    let mut json = Json::parse(item.body.as_bytes())?;
    if admit::drops_reports(&app.net().rules(), &json, &item.host) {
        return Err(Error::forbidden("a host whose reports we do not take"));
    }
    admit::strip(&app.net().rules(), &mut json);
    let activity = Arc::new(activities::parsed::parse(&json)?.by_ids(app.site()));
    let colleague = admit::is_colleague(&app.net().rules(), &item.host);
    activities::receive(app, &Received { signer, recipient, colleague, activity }).await
}
