//! What an operation works with: one transaction, the moment it happens at, and the seams.

use super::{Event, Fact, Task};
use crate::{
    Result,
    config::{Config, Site},
    db::Conn,
    id::Id,
    random::Random,
    store,
    time::{Clock, Timestamp},
};
use std::sync::{Arc, Mutex, PoisonError};

/// Decides what a fact means for its part of the program, inside the transaction. Every consumer matches [`Fact`]
/// exhaustively, so a new fact does not compile until all of them have decided.
pub type Consumer = fn(&mut Tx<'_>, &Fact) -> Result<()>;

/// What all transactions of a node share.
pub struct Env {
    /// The settings.
    pub config: Arc<Config>,
    /// The clock.
    pub clock: Clock,
    /// The randomness.
    pub random: Random,
    /// Ids of this process.
    pub ids: IdSource,
    /// Who hears of facts.
    pub consumers: &'static [Consumer],
}

/// Ids that go up within a process. All are even; those of [`Tx::id_at`], which may fall into any millisecond, are odd:
/// no two of one process are the same. Each millisecond starts at a random low value. Several processes on one database
/// have a place each ([`IdSource::take_place`]), which is part of their ids: no two of them draw the same.
#[derive(Debug, Default)]
pub struct IdSource(Mutex<Last>);

/// The last id: its millisecond, its low bits; and the place of this process, none when it is alone.
#[derive(Debug, Default)]
struct Last {
    millis: i64,
    low: u16,
    place: Option<u16>,
}

/// Places of processes on one database; 0 is the place of nobody.
pub const PLACES: u16 = 16;

impl IdSource {
    /// Never again an id below `floor` (the largest one in the database: after a restore or with a clock set back).
    pub fn raise(&self, floor: i64) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if floor >> 16 >= last.millis {
            last.skip((floor >> 16) + 1);
        }
    }

    /// From now on only ids of this place, below [`PLACES`].
    pub fn take_place(&self, place: u16) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.place = Some(place % PLACES);
        let next = last.millis + 1;
        last.skip(next);
    }

    /// The place of this process; 0 while it has none.
    pub fn place(&self) -> i16 {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.place.and_then(|place| i16::try_from(place).ok()).unwrap_or(0)
    }

    fn next(&self, now: Timestamp, random: &Random) -> i64 {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.millis();
        if now > last.millis {
            // Half of the ids of this millisecond are above.
            let low = (random.u64() & 0x7fff) as u16;
            last.millis = now;
            last.low = last.first() | (low & !(last.step() - 1));
        } else if let Some(low) = last.low.checked_add(last.step()) {
            last.low = low;
        } else {
            let next = last.millis + 1;
            last.skip(next);
        }
        (last.millis << 16) | i64::from(last.low)
    }
}

impl Last {
    /// From one id to the next.
    fn step(&self) -> u16 {
        if self.place.is_some() { 2 * PLACES } else { 2 }
    }
    /// The lowest of a millisecond.
    fn first(&self) -> u16 {
        self.place.unwrap_or(0) << 1
    }
    fn skip(&mut self, millis: i64) {
        (self.millis, self.low) = (millis, self.first());
    }
}

/// What to do once a transaction is committed.
#[derive(Default)]
pub struct Aftermath {
    /// For connected clients.
    pub events: Vec<Event>,
    /// Queues whose workers have work.
    pub woken: Vec<&'static str>,
    /// Documents of actors or posts of this node have changed.
    pub documents_changed: bool,
    /// Hosts whose deliveries are read again by whichever process sends them.
    pub read_again: Vec<String>,
    /// Stored files that no row knows any more.
    pub files: Vec<String>,
}

impl Aftermath {
    /// Nothing to do.
    pub fn is_empty(&self) -> bool {
        let named = self.woken.is_empty() && self.read_again.is_empty() && self.files.is_empty();
        named && self.events.is_empty() && !self.documents_changed
    }
}

/// One transaction. Operations take `&mut Tx` first.
pub struct Tx<'a> {
    /// The connection.
    pub conn: &'a mut Conn,
    /// When this operation happens.
    pub now: Timestamp,
    env: &'a Env,
    events: Vec<Event>,
    woken: Vec<&'static str>,
    documents_changed: bool,
    read_again: Vec<String>,
    files: Vec<String>,
}

impl<'a> Tx<'a> {
    /// Around an open transaction; `App::write` is the caller.
    pub fn new(conn: &'a mut Conn, env: &'a Env) -> Self {
        let (events, woken, read_again, files) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { conn, now: env.clock.now(), env, events, woken, documents_changed: false, read_again, files }
    }
    /// The settings.
    pub fn config(&self) -> &'a Config {
        &self.env.config
    }
    /// The addresses this node hands out.
    pub fn site(&self) -> &'a Site {
        &self.env.config.site
    }
    /// The randomness.
    pub fn random(&self) -> &'a Random {
        &self.env.random
    }
    /// The place of this process among those of its node; 0 while it has none.
    pub fn place(&self) -> i16 {
        self.env.ids.place()
    }
    /// A new id, above all earlier ones of this process.
    pub fn new_id<T>(&self) -> Id<T> {
        Id::new(self.env.ids.next(self.now, &self.env.random))
    }
    /// An id for something that happened at `at` (clamped to 2000-01-01..now), its low bits at random; never one of
    /// [`Tx::new_id`].
    pub fn id_at<T>(&self, at: Timestamp) -> Id<T> {
        Id::compose(at, self.now, self.env.random.u64() as u16 | 1)
    }
    /// Says what happened. All consumers hear of it at once, in this transaction: record a creation after it is
    /// written, and an end **before** its rows go, so that consumers can still read them.
    pub fn record(&mut self, fact: Fact) -> Result<()> {
        for consume in self.env.consumers {
            consume(self, &fact)?;
        }
        Ok(())
    }
    /// Tells connected clients, after the commit.
    pub fn announce(&mut self, event: Event) {
        self.events.push(event);
    }
    /// Writes a job that runs as soon as this transaction is committed.
    pub fn enqueue(&mut self, task: &Task) -> Result<()> {
        self.enqueue_at(task, self.now)
    }
    /// Writes a job that runs at `at`. A task with a key that is already waiting is not written twice.
    pub fn enqueue_at(&mut self, task: &Task, at: Timestamp) -> Result<()> {
        let id = self.new_id();
        store::jobs::insert(self.conn, id, task.queue(), task.kind(), task.key(), &task.payload()?, at, self.now)?;
        self.wake(task.queue());
        Ok(())
    }
    /// Wakes the workers of a queue after the commit (`deliver`, `inbox`, or a job queue).
    pub fn wake(&mut self, queue: &'static str) {
        if !self.woken.contains(&queue) {
            self.woken.push(queue);
        }
    }
    /// The document of an actor or a post of this node is another one from now on.
    pub fn document_changed(&mut self) {
        self.documents_changed = true;
    }
    /// What waits for these hosts is read again after the commit, by whichever process sends it.
    pub fn read_again(&mut self, hosts: &[String]) {
        self.read_again.extend_from_slice(hosts);
    }
    /// Removes stored files that no row knows any more, after the commit. What is left of them when the process ends before
    /// that, or their store does not answer, goes with the next sweep.
    pub fn remove_files(&mut self, names: impl IntoIterator<Item = String>) {
        self.files.extend(names);
    }
    /// What to do once the transaction is committed.
    pub fn into_aftermath(self) -> Aftermath {
        let Self { events, woken, documents_changed, read_again, files, .. } = self;
        Aftermath { events, woken, documents_changed, read_again, files }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_go_up_and_are_never_those_of_things_that_are_dated_by_others() {
        let (ids, random, now) = (IdSource::default(), Random::seeded(7), Timestamp::from_millis(1_800_000_000_000));
        let mut last = 0;
        // More than a millisecond holds.
        for _ in 0..100_000 {
            let id = ids.next(now, &random);
            assert!(id > last && id % 2 == 0);
            last = id;
        }
    }

    #[test]
    fn two_processes_on_one_database_never_draw_the_same_id() {
        let (random, now) = (Random::seeded(7), Timestamp::from_millis(1_800_000_000_000));
        let mut drawn = std::collections::HashSet::new();
        for place in 0..PLACES {
            let ids = IdSource::default();
            ids.take_place(place);
            let mut last = 0;
            for _ in 0..5_000 {
                let id = ids.next(now, &random);
                assert!(id > last && id % 2 == 0 && drawn.insert(id));
                last = id;
            }
            // A floor of another process does not lead out of its own place.
            ids.raise(last + 1);
            assert!(drawn.insert(ids.next(now, &random)));
        }
    }
}
