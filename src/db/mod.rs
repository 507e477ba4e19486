//! The database: `read` and `write`, the same for SQLite and PostgreSQL. Operations are synchronous closures that run on
//! dedicated threads; nothing outside this module knows which database it is.
//!
//! SQLite has one writer thread that owns the only writable connection. It drains a bounded queue: several operations
//! share one outer transaction, each in a savepoint of its own, and are answered only after the commit reached the disk.
//! Readers have connections of their own that cannot write; what is short is read by the thread that asks. PostgreSQL has a
//! pool of threads with a connection each.

mod budget;
#[macro_use]
mod conn;
mod errors;
mod line;
mod migrate;
mod near;
mod pool;
mod server;
mod sql;

pub use crate::on_backend;
pub use budget::Budget;
pub use conn::{Conn, Dialect, PgConn, PgRuntime};
pub use line::Line;
pub use migrate::{Step, Watch, versions as migration_versions};
pub use server::check_address;
pub(crate) use sql::padded;
pub use sql::{Loads, Sql, Typed, Value};

use crate::{Error, Result};
use diesel::prelude::*;
use errors::{CONTENTION, DISK, TAKEN};
use near::Near;
use pool::{Queue, Work};
use std::{
    os::unix::fs::OpenOptionsExt,
    panic::AssertUnwindSafe,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

/// Runs after the commit of the operation that returned it; before its caller gets the answer.
pub type AfterCommit = Option<Box<dyn FnOnce() + Send>>;

/// Where the data is and how it is written.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite://PATH`, or `postgres://...`.
    pub url: String,
    /// SQLite: wait for the disk at every commit (`synchronous=FULL`); false means `NORMAL`.
    pub synchronous_full: bool,
    /// Reading connections (SQLite), or all connections (PostgreSQL).
    pub connections: usize,
    /// PostgreSQL: how long an operation somebody waits for may wait for a connection ([`WAIT`]).
    pub wait: Duration,
    /// Counts the statements of all connections, for tests of how many an answer needs.
    pub statements: Option<Arc<AtomicU64>>,
}

/// How long an operation waits for a PostgreSQL connection before its caller hears "not now" (REL-10).
pub const WAIT: Duration = Duration::from_secs(2);

impl Settings {
    /// The defaults for this URL: full synchronisation; 4 readers, or 16 PostgreSQL connections.
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        let connections = if url.starts_with("sqlite:") { 4 } else { 16 };
        Self { url, synchronous_full: true, connections, wait: WAIT, statements: None }
    }
    /// The SQLite file, when it is one.
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        self.url.strip_prefix("sqlite://").map(PathBuf::from)
    }
}

/// A handle on the database; cheap to clone. Dropping the last one ends the threads.
#[derive(Clone)]
pub struct Db {
    reads: Queue,
    writes: Queue,
    /// SQLite: for what is short; see [`Db::look`].
    near: Option<Near>,
    dialect: Dialect,
    /// None: as long as it takes.
    wait: Option<Duration>,
    /// The PostgreSQL server.
    server: Option<Arc<str>>,
    broken: Broken,
}

/// Operations waiting before more are refused with 503.
const QUEUE: usize = 4096;

impl Db {
    /// Opens (and for SQLite creates) the database, migrates it and starts the threads.
    ///
    /// # Errors
    /// `BadRequest` for a URL of neither kind; `Conflict` for a database newer than the program; `Unavailable` when it
    /// cannot be opened.
    pub fn open(settings: &Settings) -> Result<Self> {
        Self::open_watched(settings, &migrate::log())
    }

    /// The same, and tells `watch` of every migration.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub fn open_watched(settings: &Settings, watch: &Watch) -> Result<Self> {
        if settings.sqlite_path().is_some() {
            let mut writer = open_sqlite(settings, true)?;
            migrate::run(&mut writer, watch)?;
            let common = conn::Common::default();
            writer.share(&common);
            let reader = || -> Result<Conn> {
                let mut conn = open_sqlite(settings, false)?;
                conn.share(&common);
                Ok(conn)
            };
            let broken = Broken::beside(settings.sqlite_path());
            let writes = pool::sqlite_writer(writer, QUEUE, broken.clone())?;
            let mut readers = Vec::with_capacity(settings.connections);
            for _ in 0..settings.connections.max(1) {
                readers.push(reader()?);
            }
            let reads = pool::sqlite_readers(readers, QUEUE)?;
            let near = Some(Near::new(reader)?);
            Ok(Self { reads, writes, near, dialect: Dialect::Sqlite, wait: None, server: None, broken })
        } else if settings.url.starts_with("postgres://") || settings.url.starts_with("postgresql://") {
            let url: Arc<str> = settings.url.as_str().into();
            let (first, watch) = (url.clone(), watch.clone());
            // A connection belongs to its thread, so the migrations run on one of their own.
            std::thread::spawn(move || migrate::run(&mut conn::open_postgres(&first)?, &watch))
                .join()
                .map_err(|_| Error::internal("the migration thread panicked"))??;
            let queue = pool::postgres(settings, QUEUE)?;
            let (wait, server) = (Some(settings.wait), Some(url));
            let broken = Broken::beside(None);
            let near = None;
            Ok(Self { reads: queue.clone(), writes: queue, near, dialect: Dialect::Postgres, wait, server, broken })
        } else {
            Err(Error::bad_request("database must start with sqlite:// or postgres://"))
        }
    }

    /// The dialect.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The same database for work nobody waits for: its operations wait for a connection as long as it takes (REL-10).
    pub fn unhurried(&self) -> Self {
        Self { wait: None, ..self.clone() }
    }

    /// Returns once the disk failed under the embedded database (REL-08): what reached it is not known any more, nothing is
    /// written from then on, and only a new process that reads everything from the disk can go on.
    pub async fn failed(&self) {
        let mut state = self.broken.state.subscribe();
        if state.wait_for(|broken| *broken).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether the disk failed; see [`Db::failed`].
    pub fn has_failed(&self) -> bool {
        self.broken.is_so()
    }

    /// Takes no more work, finishes what waits, and returns when everything is on disk and the log is checkpointed
    /// (REL-25). It blocks: call it away from the runtime's threads.
    pub fn close(&self) {
        if let Some(near) = &self.near {
            near.close();
        }
        self.reads.close();
        self.writes.close();
    }

    /// Runs a read-only operation. On SQLite it sees one consistent state; on PostgreSQL each of its statements sees what is
    /// committed by then.
    ///
    /// It is `short` when it is so at any size of the database: rows by their keys, a page of the home timeline. On SQLite the
    /// thread that asks then does it itself while one of a few connections is free: the way to another thread and back costs
    /// more than such an operation. What may take longer than a few milliseconds would keep others from being served: it does
    /// not count, sort or look through rows of which there may be many.
    ///
    /// # Errors
    /// What `f` answers; `Unavailable` when too many wait, no connection was free in time (then `f` does not run), or the
    /// database is away.
    pub async fn look<T, F>(&self, short: bool, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let (place, mut f) = (Place::default(), Some(f));
        let value = place.clone();
        // Readers block nobody and are blocked by nobody: there is nothing to try again.
        let operation: Operation = Box::new(move |conn, _| {
            value.put(f.take().ok_or_else(ran_twice)?(conn)?);
            Ok(None)
        });
        self.run_read(short, operation).await?;
        place.take()
    }

    async fn run_read(&self, short: bool, operation: Operation) -> Result<()> {
        if short {
            // Whoever reads again and again, and waits for nothing else, lets others go first now and then.
            tokio::task::coop::consume_budget().await;
            if let Some(mut taken) = self.near.as_ref().and_then(Near::take) {
                return taken.run(operation);
            }
        }
        submit(&self.reads, self.wait, false, operation).await
    }

    /// Runs `f` in one transaction. The answer comes after the commit; so does what `f` returns as [`AfterCommit`], even
    /// when the caller has gone away meanwhile.
    ///
    /// On PostgreSQL two transactions may lock the same rows in different orders, or one may meet another's change; the
    /// server then ends one of them, and nothing of it stands. So it is with two that write the same unique value, when
    /// neither could see the other's. Such an operation runs again from the beginning, a few times, with a copy of what it
    /// was given (REL-10): hence `Clone`. SQLite has one writer, where this cannot happen, and nothing is copied.
    ///
    /// # Errors
    /// What `f` answers (then nothing was written); `Unavailable` when no connection was free in time (then `f` does not
    /// run); `Unavailable`, `NoSpace` when the commit failed.
    pub async fn write<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<(T, AfterCommit)> + Clone + Send + 'static,
    {
        let (place, mut f) = (Place::default(), Some(f));
        let value = place.clone();
        let operation: Operation = Box::new(move |conn, last| {
            let f = if last { f.take() } else { f.clone() };
            let (answer, after) = f.ok_or_else(ran_twice)?(conn)?;
            value.put(answer);
            Ok(after)
        });
        submit(&self.writes, self.wait, true, operation).await?;
        place.take()
    }
}

/// Whether the disk failed under the embedded database.
#[derive(Clone)]
struct Broken {
    state: Arc<tokio::sync::watch::Sender<bool>>,
    /// The database file.
    path: Option<Arc<PathBuf>>,
}

impl Broken {
    fn beside(path: Option<PathBuf>) -> Self {
        Self { state: Arc::new(tokio::sync::watch::Sender::new(false)), path: path.map(Arc::new) }
    }
    fn is_so(&self) -> bool {
        *self.state.borrow()
    }
    /// What an error of the disk at a commit means. No room, a quota or a disk that is read-only looks the same to the
    /// engine, and is no reason to stop: so a few bytes beside the database say which it is.
    fn judge(&self) -> Error {
        use std::io::{ErrorKind, Write};
        let probe = self.path.as_ref().map(|path| path.with_extension("probe"));
        let written = probe.as_ref().map(|probe| {
            let mut file = std::fs::File::create(probe)?;
            file.write_all(&[0; 4_096])?;
            file.sync_all()
        });
        if let Some(probe) = &probe {
            let _ = std::fs::remove_file(probe);
        }
        let full =
            |kind| matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem);
        if let Some(Err(error)) = written
            && full(error.kind())
        {
            return Error::NoSpace;
        }
        self.state.send_replace(true);
        Error::Unavailable(DISK.into())
    }
}

/// Where an operation leaves its value for its caller: what carries operations to the threads and back is the same code for
/// every kind of value, and not once more for each of some hundred operations.
struct Place<T>(Arc<Mutex<Option<T>>>);

impl<T> Default for Place<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }
}

impl<T> Clone for Place<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Place<T> {
    /// Of several runs the last one counts.
    fn put(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }
    fn take(&self) -> Result<T> {
        let value = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.ok_or_else(|| Error::internal("an operation left no value"))
    }
}

/// An operation that leaves its value in a [`Place`]; told whether this is its last run.
type Operation = Box<dyn FnMut(&mut Conn, bool) -> Result<AfterCommit> + Send>;

fn ran_twice() -> Error {
    Error::internal("an operation ran twice")
}

/// What the engine says of a file that is something else.
const NO_DATABASE: &str = "file is not a database";

/// The most runs of one operation (REL-10).
const MOST_RUNS: u32 = 6;

/// How often an operation that ended so may run in all: more than once when another transaction was in its way and
/// nothing of it stands.
fn runs(error: &Error) -> u32 {
    match error {
        Error::Unavailable(why) if why == CONTENTION => MOST_RUNS,
        // The next run sees what the other wrote. Where it does not, it is no race.
        Error::Conflict(why) if why == TAKEN => 3,
        _ => 1,
    }
}

/// Answers when the operation is done and committed. With `wait`, it runs only if its turn comes within that time.
async fn submit(queue: &Queue, wait: Option<Duration>, write: bool, mut operation: Operation) -> Result<()> {
    let (send, receive) = tokio::sync::oneshot::channel::<Result<()>>();
    let slot = Arc::new(Mutex::new(Some(send)));
    let answer = move |value: Result<()>| {
        let sender = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // The caller may have gone away; the work is done all the same.
            let _ = sender.send(value);
        }
    };
    let run = move |conn: &mut Conn, last: bool| -> pool::Finish {
        let answer = answer.clone();
        // A panicking operation must not take the database thread down.
        match std::panic::catch_unwind(AssertUnwindSafe(|| operation(conn, last))) {
            Ok(Ok(after)) => pool::Finish {
                ok: true,
                runs: 1,
                answer: Box::new(move |committed| {
                    if let (Ok(()), Some(after)) = (&committed, after) {
                        after();
                    }
                    answer(committed);
                }),
            },
            Ok(Err(error)) => pool::Finish {
                ok: false,
                runs: runs(&error),
                answer: Box::new(move |ended| answer(Err(errors::seen_with(error, ended)))),
            },
            Err(_) => pool::Finish {
                ok: false,
                runs: 1,
                answer: Box::new(move |_| answer(Err(Error::internal("an operation panicked")))),
            },
        }
    };
    let turn = pool::Turn::default();
    queue.submit(Work { write, turn: turn.clone(), run: Box::new(run) })?;
    let mut receive = receive;
    let received = match wait {
        None => receive.await,
        Some(wait) => match tokio::time::timeout(wait, &mut receive).await {
            Ok(received) => received,
            Err(_) if turn.give_up() => {
                metrics::counter!("database_wait_exceeded_total").increment(1);
                return Err(Error::Unavailable("no connection to the database was free in time".into()));
            }
            // It runs: what it does is done, and its caller hears of it.
            Err(_) => receive.await,
        },
    };
    match received {
        Ok(value) => value,
        Err(_) => Err(Error::Unavailable("the database is stopping or away".into())),
    }
}

/// Writes a consistent copy of the embedded database into an empty file, while it is used (`VACUUM INTO`): what is committed
/// before it begins is in it.
///
/// # Errors
/// `Unavailable` when it cannot be read or written.
pub fn copy_sqlite(settings: &Settings, to: &std::path::Path) -> Result<()> {
    let mut conn = open_sqlite(settings, true)?;
    Sql::new("vacuum into ").bind(to.to_string_lossy().into_owned()).execute(&mut conn).map(drop)
}

fn open_sqlite(settings: &Settings, writable: bool) -> Result<Conn> {
    let path = settings.sqlite_path().ok_or_else(|| Error::internal("not a SQLite URL"))?;
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|e| Error::Unavailable(format!("cannot create {}: {e}", folder.display()).into()))?;
    }
    if writable {
        // One that is made here is for its owner alone, also in a folder that others may enter; its log is made alike. Why
        // it cannot be made is told below.
        let _ = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    }
    let name = path.to_string_lossy();
    let inner = SqliteConnection::establish(&name)
        .map_err(|e| Error::Unavailable(format!("cannot open {name}: {e}").into()))?;
    let mut conn = Conn::Sqlite(inner, conn::Beside::default());
    let sync = if settings.synchronous_full { "FULL" } else { "NORMAL" };
    if writable {
        conn.batch(&format!(
            "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous={sync}; PRAGMA foreign_keys=ON; \
             PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000; PRAGMA journal_size_limit=67108864; \
             PRAGMA wal_autocheckpoint=2000;"
        ))
        .map_err(|error| match error {
            // The first look at what is in it; the engine does not say which file.
            diesel::result::Error::DatabaseError(_, info) if info.message() == NO_DATABASE => {
                Error::Unavailable(format!("cannot open {name}: {NO_DATABASE}").into())
            }
            other => other.into(),
        })?;
    } else {
        conn.batch("PRAGMA busy_timeout=5000; PRAGMA query_only=ON; PRAGMA cache_size=-4000;")?;
    }
    conn.count(settings.statements.as_ref());
    Ok(conn)
}
