//! How many requests run at once, and which hosts are left alone for a while. In memory only: durable back-off of
//! deliveries is the delivery queue's.

use super::failure::Failure;
use crate::{config::Purpose, limits};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests that wait for each other. Keys have their own lane: two nodes that deliver to each other at full width must
/// still be able to fetch each other's keys, or both would wait for their deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Lane {
    Key,
    Deliver,
    Store,
    Other,
}

impl Lane {
    const fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Key => Self::Key,
            Purpose::Deliver => Self::Deliver,
            Purpose::Store => Self::Store,
            _ => Self::Other,
        }
    }
    /// Requests at once to one host.
    const fn width(self) -> usize {
        if matches!(self, Self::Store) { limits::STORE } else { limits::PER_HOST }
    }
}

type Table = Arc<Mutex<HashMap<(Lane, String), Arc<Semaphore>>>>;

/// Permits per host and in all.
#[derive(Clone)]
pub struct Slots {
    hosts: Table,
    all: Arc<Semaphore>,
}

impl Default for Slots {
    fn default() -> Self {
        Self::of(limits::OUTGOING)
    }
}

/// Held while a request runs, its body included.
pub struct Slot {
    permits: Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
    key: (Lane, String),
    hosts: Table,
}

impl Slots {
    /// This many in all.
    pub fn of(all: usize) -> Self {
        Self { hosts: Table::default(), all: Arc::new(Semaphore::new(all)) }
    }
    /// Waits in line for a host (`host:port`).
    pub async fn take(&self, purpose: Purpose, host: &str) -> Slot {
        let key = (Lane::of(purpose), host.to_owned());
        let own = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(hosts.entry(key.clone()).or_insert_with(|| Arc::new(Semaphore::new(key.0.width()))))
        };
        // First the host's, so that those who wait for a slow host do not hold places of all.
        let mut slot = Slot { permits: None, key, hosts: Arc::clone(&self.hosts) };
        if let (Ok(one), Ok(two)) = (own.acquire_owned().await, Arc::clone(&self.all).acquire_owned().await) {
            slot.permits = Some((one, two));
        }
        slot
    }
    /// Hosts with a request running or waiting.
    pub fn busy_hosts(&self) -> usize {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.permits = None;
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.get(&self.key).is_some_and(|s| Arc::strong_count(s) == 1) {
            hosts.remove(&self.key);
        }
    }
}

/// Hosts that asked for a pause (429, 503 with Retry-After) or failed three times in a row.
#[derive(Default)]
pub struct Pauses {
    hosts: Mutex<HashMap<String, Pause>>,
}

#[derive(Clone, Copy)]
struct Pause {
    strikes: u32,
    until: Instant,
}

const STRIKES: u32 = 3;
const AFTER_STRIKES: Duration = Duration::from_secs(10);
/// As deliveries do (NET-20).
const LONGEST: Duration = Duration::from_secs(7 * 86_400);
const KEPT: usize = 10_000;

impl Pauses {
    /// # Errors
    /// [`Failure::Paused`] while the host is left alone.
    pub fn check(&self, host: &str) -> Result<(), Failure> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let left = hosts.get(host).map(|p| p.until.saturating_duration_since(Instant::now())).unwrap_or_default();
        if left.is_zero() { Ok(()) } else { Err(Failure::Paused(left)) }
    }
    /// The host said when to come back.
    pub fn asked(&self, host: &str, wait: Duration) {
        self.put(host, Pause { strikes: 0, until: Instant::now() + wait.min(LONGEST) });
    }
    /// The host could not be reached.
    pub fn failed(&self, host: &str) {
        let now = Instant::now();
        let strikes = {
            let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            hosts.get(host).map_or(0, |p| p.strikes) + 1
        };
        let until = if strikes >= STRIKES { now + AFTER_STRIKES } else { now };
        self.put(host, Pause { strikes, until });
    }
    /// The host answered, or spoke to us.
    pub fn clear(&self, host: &str) {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).remove(host);
    }
    fn put(&self, host: &str, pause: Pause) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= KEPT {
            let now = Instant::now();
            hosts.retain(|_, p| p.until > now);
        }
        if hosts.len() < KEPT {
            hosts.insert(host.to_owned(), pause);
        }
    }
}
