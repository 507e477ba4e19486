//! How other servers are, for staff. When each last took something and last spoke to us is kept in memory, because every
//! delivery would be a write otherwise, and written down once a minute.

use crate::{
    Result,
    app::App,
    domain::delivery::{self, Health, PeerHealth},
    net::Refusal,
    store::ledger,
    time::Timestamp,
};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

/// Servers in memory; beyond, those that are written down are forgotten.
const KEPT: usize = 10_000;
/// Between two writes. Unit: milliseconds.
pub const NOTED_EVERY: i64 = 60_000;

/// What is kept in memory; a part of the app.
#[derive(Debug, Default)]
pub struct Seen(Mutex<HashMap<String, Times>>, OnceLock<Timestamp>);

/// What is known of one server since the start of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// It took something.
    pub success: Option<Timestamp>,
    /// It spoke to us validly.
    pub heard: Option<Timestamp>,
    unwritten: bool,
}

impl Seen {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Times>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when anybody could be heard: about the start of this process.
    pub fn since(&self, now: Timestamp) -> Timestamp {
        *self.1.get_or_init(|| now)
    }

    fn note(&self, host: &str, change: impl FnOnce(&mut Times)) {
        let mut all = self.all();
        if let Some(times) = all.get_mut(host) {
            change(times);
            times.unwritten = true;
            return;
        }
        if all.len() >= KEPT {
            all.retain(|_, times| times.unwritten);
            if all.len() >= KEPT {
                return;
            }
        }
        let times = all.entry(host.to_owned()).or_default();
        change(times);
        times.unwritten = true;
    }

    /// It took something.
    pub fn took(&self, host: &str, now: Timestamp) {
        self.note(host, |times| times.success = Some(now));
    }

    /// It spoke to us.
    pub fn heard(&self, host: &str, now: Timestamp) {
        self.since(now);
        self.note(host, |times| times.heard = Some(now));
    }

    /// What is known of a server.
    pub fn of(&self, host: &str) -> Times {
        self.all().get(host).copied().unwrap_or_default()
    }

    /// Writes down what is new.
    ///
    /// # Errors
    /// `Unavailable` when the database is away.
    pub async fn write_down(&self, app: &App) -> Result<()> {
        let mut fresh = Vec::new();
        for (host, times) in self.all().iter_mut().filter(|(_, times)| times.unwritten) {
            times.unwritten = false;
            fresh.push((host.clone(), times.success, times.heard));
        }
        if fresh.is_empty() {
            return Ok(());
        }
        // In one order everywhere, so that two processes on one database do not wait for each other.
        fresh.sort_unstable();
        app.write(move |tx| ledger::note_hosts(tx.conn, &fresh, tx.now)).await
    }
}

/// All other servers of which something is known, those in trouble first.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn all(app: &App) -> Result<Vec<PeerHealth>> {
    let (own, now) = (app.site().authority().to_owned(), app.clock().now());
    let mut list = app.read(move |conn| delivery::peers(conn, &own, now)).await?;
    let (seen, rules) = (app.part::<Seen>(), app.net().rules());
    for peer in &mut list {
        let times = seen.of(&peer.domain);
        peer.note(times.success, times.heard, seen.since(now), now);
        if matches!(rules.standing(&peer.domain).admitted, Err(Refusal::Blocked | Refusal::Removed)) {
            peer.state = Health::Blocked;
        }
    }
    list.sort_by(|a, b| (a.state, &a.site).cmp(&(b.state, &b.site)));
    Ok(list)
}
