//! What is told once for all connections of a person: the same event is the same for each of their devices, and a busy node
//! reads it from the database but once. Only what is still to be told is kept.

use crate::{Result, domain::Event, id::Id, model::Account};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{OnceCell, Semaphore};

/// The name and the payload of an event for one person; `None` when they shall not see it.
pub(super) type Payload = Option<(&'static str, Option<String>)>;
type Cell = Arc<OnceCell<Payload>>;

/// Events of which something is kept: connections that are further behind read for themselves.
const EVENTS: usize = 16;
/// Events read from the database at once, over all connections: the rest of its queue is for who waits for an answer.
const READS: usize = 256;

/// See the module.
pub(super) struct Told {
    recent: Mutex<VecDeque<Recent>>,
    reads: Semaphore,
}

/// What is told of an event, to whom, and to how many connections more.
struct Recent {
    event: Arc<Event>,
    people: HashMap<Id<Account>, (Cell, usize)>,
}

impl Default for Told {
    fn default() -> Self {
        Self { recent: Mutex::default(), reads: Semaphore::new(READS) }
    }
}

impl Told {
    /// What one of the `connections` of a person is told: read now, or what was read for another one.
    pub async fn of(
        &self,
        event: &Arc<Event>,
        account: Id<Account>,
        connections: usize,
        read: impl Future<Output = Result<Payload>>,
    ) -> Result<Payload> {
        let cell = self.cell(event, account, connections);
        let read = async {
            let _turn = self.reads.acquire().await.map_err(crate::Error::internal)?;
            read.await
        };
        cell.get_or_try_init(|| read).await.cloned()
    }

    fn cell(&self, event: &Arc<Event>, account: Id<Account>, connections: usize) -> Cell {
        if connections < 2 {
            return Cell::default();
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if !recent.iter().any(|known| Arc::ptr_eq(&known.event, event)) {
            if recent.len() >= EVENTS {
                recent.pop_front();
            }
            recent.push_back(Recent { event: event.clone(), people: HashMap::new() });
        }
        let Some(known) = recent.iter_mut().rev().find(|known| Arc::ptr_eq(&known.event, event)) else {
            return Cell::default();
        };
        let (cell, left) = known.people.entry(account).or_insert_with(|| (Cell::default(), connections));
        let cell = cell.clone();
        *left = left.saturating_sub(1);
        if *left == 0 {
            known.people.remove(&account);
        }
        cell
    }
}
