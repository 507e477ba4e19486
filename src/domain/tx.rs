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
/// no two of one process are the same. Each millisecond starts at a random low value, so that two processes on one
/// database rarely draw the same.
#[derive(Debug, Default)]
pub struct IdSource(Mutex<(i64, u16)>);

impl IdSource {
    /// Never again an id below `floor` (the largest one in the database: after a restore or with a clock set back).
    pub fn raise(&self, floor: i64) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if floor >> 16 >= last.0 {
            *last = ((floor >> 16) + 1, 0);
        }
    }

    fn next(&self, now: Timestamp, random: &Random) -> i64 {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.millis();
        *last = if now > last.0 {
            // Room above for at least 16,384 ids in this millisecond.
            (now, (random.u64() & 0x7ffe) as u16)
        } else if let Some(low) = last.1.checked_add(2) {
            (last.0, low)
        } else {
            (last.0 + 1, 0)
        };
        (last.0 << 16) | i64::from(last.1)
    }
}

/// What to do once a transaction is committed.
#[derive(Default)]
pub struct Aftermath {
    /// For connected clients.
    pub events: Vec<Event>,
    /// Queues whose workers have work.
    pub woken: Vec<&'static str>,
    /// Documents of actors of this node have changed.
    pub actors_changed: bool,
}

impl Aftermath {
    /// Nothing to do.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.woken.is_empty() && !self.actors_changed
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
    actors_changed: bool,
}

impl<'a> Tx<'a> {
    /// Around an open transaction; `App::write` is the caller.
    pub fn new(conn: &'a mut Conn, env: &'a Env) -> Self {
        Self { conn, now: env.clock.now(), env, events: Vec::new(), woken: Vec::new(), actors_changed: false }
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
    /// The document of an actor of this node is another one from now on.
    pub fn actor_changed(&mut self) {
        self.actors_changed = true;
    }
    /// What to do once the transaction is committed.
    pub fn into_aftermath(self) -> Aftermath {
        Aftermath { events: self.events, woken: self.woken, actors_changed: self.actors_changed }
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
}
