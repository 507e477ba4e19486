//! The threads that own the connections.

use super::{
    Broken, Conn, DISK, Settings,
    conn::{Common, open_postgres},
};
use crate::{Error, Result};
use std::{
    collections::{VecDeque, hash_map::RandomState},
    hash::{BuildHasher, Hasher},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

/// An operation that ran: whether its effects shall stay, and how to answer once that is settled.
pub(super) struct Finish {
    pub ok: bool,
    /// How often an operation that ends so may run in all: more than once when another transaction was in the way.
    pub runs: u32,
    pub answer: Box<dyn FnOnce(Result<()>) + Send>,
}

/// An operation, told whether this is its last run: only then may it use up what it holds.
type Run = Box<dyn FnMut(&mut Conn, bool) -> Finish + Send>;

/// Whether an operation still waits for its turn. Exactly one wins: the thread that begins it, or the caller who goes.
#[derive(Clone, Default)]
pub(super) struct Turn(Arc<AtomicU8>);

impl Turn {
    const WAITING: u8 = 0;
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    /// The caller waits no longer. False when the operation has begun.
    pub fn give_up(&self) -> bool {
        self.0.compare_exchange(Self::WAITING, Self::GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
    /// It begins, or begins again. False when the caller has given up.
    fn begin(&self) -> bool {
        let was = self.0.compare_exchange(Self::WAITING, Self::BEGUN, Ordering::AcqRel, Ordering::Acquire);
        was.is_ok() || was == Err(Self::BEGUN)
    }
    /// Whether the caller has given up.
    fn is_over(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::GIVEN_UP
    }
}

/// An operation waiting for a thread.
pub(super) struct Work {
    pub write: bool,
    pub turn: Turn,
    pub run: Run,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    closed: bool,
}

struct Shared {
    threads: Mutex<Vec<std::thread::JoinHandle<()>>>,
    state: Mutex<State>,
    wake: Condvar,
    capacity: usize,
}

/// A bounded queue. When the last handle outside the threads is dropped, the threads finish what waits and end.
#[derive(Clone)]
pub(super) struct Queue {
    shared: Arc<Shared>,
    _close: Arc<Closer>,
}

struct Closer(Arc<Shared>);

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.0.wake.notify_all();
    }
}

impl Queue {
    fn new(capacity: usize) -> Self {
        let shared =
            Arc::new(Shared { threads: Mutex::default(), state: Mutex::default(), wake: Condvar::new(), capacity });
        Self { _close: Arc::new(Closer(shared.clone())), shared }
    }

    /// Takes no more work and waits until the threads have finished what waits.
    pub fn close(&self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.shared.wake.notify_all();
        let threads = std::mem::take(&mut *self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A thread that panicked has nothing left to finish.
            let _ = thread.join();
        }
    }

    pub fn submit(&self, work: Work) -> Result<()> {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed || state.waiting.len() >= self.shared.capacity {
            return Err(Error::Unavailable("too many operations wait for the database".into()));
        }
        state.waiting.push_back(work);
        drop(state);
        self.shared.wake.notify_one();
        Ok(())
    }
}

impl Shared {
    /// Takes no more work; answers what waits.
    fn close(&self) -> VecDeque<Work> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        std::mem::take(&mut state.waiting)
    }

    /// Waits for work; takes up to `most` pieces at once. None when the queue is closed and empty.
    fn take(&self, most: usize) -> Option<Vec<Work>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if !state.waiting.is_empty() {
                let n = state.waiting.len().min(most);
                return Some(state.waiting.drain(..n).collect());
            }
            if state.closed {
                return None;
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A lock that somebody else holds for longer is no reason to hang (REL-09).
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Operations that share one outer transaction at most.
const GROUP: usize = 64;

/// Starts the one SQLite writer.
pub(super) fn sqlite_writer(mut conn: Conn, capacity: usize, broken: Broken) -> Result<Queue> {
    let queue = Queue::new(capacity);
    let shared = queue.shared.clone();
    spawn(&queue, "db-writer", move || {
        while let Some(group) = shared.take(GROUP) {
            write_group(&mut conn, group, &broken);
            if broken.is_so() {
                tracing::error!("the disk failed: nothing is written any more until the program is started again");
                // What waits is dropped, and whoever waits for it hears that the database is away.
                shared.close().clear();
                // Not even closing the file may touch what may never have reached the disk.
                std::mem::forget(conn);
                return;
            }
        }
        // Leaves a small, whole file behind for tools and backups.
        let _ = conn.batch("PRAGMA wal_checkpoint(TRUNCATE)");
    })?;
    Ok(queue)
}

/// One outer transaction, a savepoint per operation, answers only after the commit.
fn write_group(conn: &mut Conn, group: Vec<Work>, broken: &Broken) {
    if let Err(error) = conn.control("BEGIN IMMEDIATE") {
        tracing::error!(%error, "cannot begin a write transaction");
        for work in group {
            refuse(conn, work, &error);
        }
        return;
    }
    let mut done = Vec::with_capacity(group.len());
    for mut work in group {
        let started = Instant::now();
        let left = conn.left();
        let begun = conn.control("SAVEPOINT op");
        let finish = (work.run)(conn, true);
        let kept = begun.is_ok() && finish.ok && conn.control("RELEASE op").is_ok();
        if !kept {
            conn.forget_left(left);
            let undone = conn.batch("ROLLBACK TO op; RELEASE op").map_err(Error::from);
            if finish.ok || undone.is_err() {
                // The engine already rolled the whole transaction back (disk full, I/O error): nothing of it stands.
                let failed = match &undone {
                    Err(error) if is_of_disk(error) => broken.judge(),
                    _ => Error::NoSpace,
                };
                let _ = conn.batch("ROLLBACK");
                conn.forget_left(0);
                (finish.answer)(Err(copy(&failed)));
                for earlier in done {
                    let Finish { answer, .. } = earlier;
                    answer(Err(copy(&failed)));
                }
                done = Vec::new();
                if broken.is_so() || conn.control("BEGIN IMMEDIATE").is_err() {
                    return;
                }
                continue;
            }
        }
        if cfg!(debug_assertions) && started.elapsed().as_millis() > 50 {
            tracing::debug!(millis = started.elapsed().as_millis(), "a slow write operation");
        }
        done.push(finish);
    }
    let mut committed = conn.run_left().and_then(|()| conn.control("COMMIT"));
    if let Err(error) = &committed {
        tracing::error!(%error, "cannot commit");
        let _ = conn.batch("ROLLBACK");
        if is_of_disk(error) {
            committed = Err(broken.judge());
        }
    }
    for finish in done {
        (finish.answer)(match &committed {
            Ok(()) => Ok(()),
            Err(error) => Err(copy(error)),
        });
    }
}

/// Whether the disk is to blame.
fn is_of_disk(error: &Error) -> bool {
    matches!(error, Error::Unavailable(why) if why == DISK)
}

/// Answers an operation that never ran: it is dropped, so its caller's channel closes with `Unavailable`.
fn refuse(_conn: &mut Conn, work: Work, _error: &Error) {
    drop(work);
}

/// Errors own their causes; a failed commit has one cause and many callers.
fn copy(error: &Error) -> Error {
    match error {
        Error::NoSpace => Error::NoSpace,
        Error::Unavailable(why) => Error::Unavailable(why.clone()),
        other => Error::Unavailable(other.to_string().into()),
    }
}

/// Starts the SQLite readers: each operation sees one consistent state.
pub(super) fn sqlite_readers(conns: Vec<Conn>, capacity: usize) -> Result<Queue> {
    let queue = Queue::new(capacity);
    for mut conn in conns {
        let shared = queue.shared.clone();
        spawn(&queue, "db-reader", move || {
            while let Some(works) = shared.take(1) {
                for mut work in works {
                    let begun = conn.control("BEGIN");
                    let finish = (work.run)(&mut conn, true);
                    let ended = conn.control("COMMIT");
                    (finish.answer)(begun.and(ended));
                }
            }
        })?;
    }
    Ok(queue)
}

/// What the threads open connections to, and what those keep together.
struct Backend {
    settings: Settings,
    common: Common,
}

/// Starts the PostgreSQL threads. A broken connection is replaced before the next operation.
pub(super) fn postgres(settings: &Settings, capacity: usize) -> Result<Queue> {
    let queue = Queue::new(capacity);
    let backend = Arc::new(Backend { settings: settings.clone(), common: Common::default() });
    for _ in 0..settings.connections.max(2) {
        let (shared, backend) = (queue.shared.clone(), backend.clone());
        spawn(&queue, "db-postgres", move || {
            let mut conn: Option<Conn> = None;
            while let Some(works) = shared.take(1) {
                for work in works {
                    if work.write {
                        postgres_write(&mut conn, &backend, work)
                    } else {
                        postgres_read(&mut conn, &backend, work)
                    }
                }
            }
        })?;
    }
    Ok(queue)
}

/// A read. No transaction around it, two round trips less: each statement would see what is committed at its own time
/// anyway, and outside a transaction this connection only reads.
fn postgres_read(slot: &mut Option<Conn>, backend: &Backend, mut work: Work) {
    // Not even a connection is opened for somebody who has gone.
    if work.turn.is_over() {
        return;
    }
    if slot.as_ref().is_some_and(|conn| !conn.is_open()) {
        *slot = None;
    }
    let Some(conn) = opened(slot, backend) else { return };
    // Opening the connection counts as waiting for it.
    if !work.turn.begin() {
        return;
    }
    let began = Instant::now();
    let finish = (work.run)(conn, true);
    // After an error nothing is sure: not that the connection lives, not that a transaction of a budget ended.
    if !finish.ok && conn.batch("ROLLBACK").is_err() {
        *slot = None;
    }
    (finish.answer)(seen(slot.is_some(), began.elapsed()));
}

fn postgres_write(slot: &mut Option<Conn>, backend: &Backend, mut work: Work) {
    if work.turn.is_over() {
        return;
    }
    for run in 1.. {
        let last = run == super::MOST_RUNS;
        let Some(conn) = begun(slot, backend) else { return };
        if !work.turn.begin() {
            if conn.batch("ROLLBACK").is_err() {
                *slot = None;
            }
            return;
        }
        let began = Instant::now();
        let finish = (work.run)(conn, last);
        // In a transaction that an error ended COMMIT would roll back and say nothing: the statement before it fails.
        let ended = if finish.ok { conn.batch("SELECT 1; COMMIT").map_err(Error::from) } else { Ok(()) };
        let runs = ended.as_ref().err().map_or(finish.runs, super::runs);
        if (!finish.ok || ended.is_err()) && conn.batch("ROLLBACK").is_err() {
            *slot = None;
        }
        if run >= runs {
            let ended = if finish.ok { ended } else { seen(slot.is_some(), began.elapsed()) };
            return (finish.answer)(ended);
        }
        metrics::counter!("database_contention_total").increment(1);
        // Not in step with whoever was in the way.
        std::thread::sleep(Duration::from_millis(u64::from(run) * 7 + pause()));
    }
}

/// What is seen from outside of an operation that failed, whatever the language in which the server says why.
fn seen(connected: bool, took: Duration) -> Result<()> {
    if !connected {
        return Err(Error::Unavailable("the connection is gone".into()));
    }
    if took >= LOCK_WAIT {
        return Err(Error::Unavailable("a lock was held for too long".into()));
    }
    Ok(())
}

/// 0 to 15, never the same twice on purpose: each state hashes differently.
fn pause() -> u64 {
    RandomState::new().build_hasher().finish() % 16
}

/// An open connection; none when the database is away.
fn opened<'a>(slot: &'a mut Option<Conn>, backend: &Backend) -> Option<&'a mut Conn> {
    if slot.is_none() {
        // Errors are understood best in English, which only a superuser may ask for.
        let begin = format!(
            "SET lock_timeout = {}; SET default_transaction_read_only = on; \
             SELECT set_config('lc_messages', 'C', false) WHERE current_setting('is_superuser') = 'on'",
            LOCK_WAIT.as_millis()
        );
        let opened = open_postgres(&backend.settings.url).and_then(|mut conn| {
            conn.batch(&begin)?;
            conn.count(backend.settings.statements.as_ref());
            conn.share(&backend.common);
            Ok(conn)
        });
        match opened {
            Ok(conn) => *slot = Some(conn),
            Err(error) => {
                tracing::error!(%error, "the database is away");
                return None;
            }
        }
    }
    slot.as_mut()
}

/// A connection with an open transaction; none when the database is away.
fn begun<'a>(slot: &'a mut Option<Conn>, backend: &Backend) -> Option<&'a mut Conn> {
    // A connection may have died while idle: BEGIN is the cheapest way to find out, and one new try is free of harm.
    for _ in 0..2 {
        if opened(slot, backend)?.batch("BEGIN READ WRITE").is_ok() {
            return slot.as_mut();
        }
        *slot = None;
    }
    None
}

fn spawn(queue: &Queue, name: &str, f: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(f).map_err(Error::internal)?;
    queue.shared.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    Ok(())
}
