//! One connection type for both databases. Generic code over backends is the thing never to write (its bounds grow with
//! every query); instead `on_backend!` expands a body once per backend.

use super::server::{Server, away};
use crate::{Error, Result, on_backend};
use diesel::{connection::InstrumentationEvent, prelude::*, sqlite::SqliteConnection};
use diesel_async::{
    AsyncPgConnection,
    async_connection_wrapper::{AsyncConnectionWrapper, BlockOn},
};
use std::{
    any::Any,
    cell::RefCell,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// The blocking PostgreSQL connection: tokio-postgres with rustls, driven on the database thread that owns it.
pub type PgConn = AsyncConnectionWrapper<AsyncPgConnection, PgRuntime>;

/// An open connection. Lives on one database thread; operations borrow it.
pub enum Conn {
    /// The embedded database.
    Sqlite(SqliteConnection, Beside),
    /// A PostgreSQL server.
    Postgres(Box<PgLink>),
}

/// What lies beside a connection to the embedded database.
#[derive(Default)]
pub struct Beside {
    /// What is left for the end of the transaction ([`super::Sql::execute_last`]).
    pub(super) last: Vec<super::Sql>,
    kept: Kept,
}

/// One value, and what it was made from.
type Made = Option<(String, Arc<dyn Any + Send + Sync>)>;

/// What was made last on any connection to a database.
pub(super) type Common = Arc<Mutex<Made>>;

/// What a connection keeps. It takes over what another one made; but it holds on to its own, because not all of them see the
/// same at the same time.
#[derive(Default)]
struct Kept {
    own: Made,
    common: Common,
}

/// A connection to PostgreSQL, and the task on its thread's runtime that moves what is sent and received.
pub struct PgLink {
    conn: PgConn,
    task: tokio::task::JoinHandle<()>,
    kept: Kept,
}

impl std::ops::Deref for PgLink {
    type Target = PgConn;
    fn deref(&self) -> &PgConn {
        &self.conn
    }
}
impl std::ops::DerefMut for PgLink {
    fn deref_mut(&mut self) -> &mut PgConn {
        &mut self.conn
    }
}

/// Which SQL dialect a connection speaks, for the few statements that cannot be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// Stands behind a text that is compared byte for byte: a database of PostgreSQL sorts as the language of its machine
    /// does, and SQLite never.
    pub const fn bytewise(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " collate \"C\"",
        }
    }
}

impl Conn {
    /// The dialect.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(..) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Begins or ends a transaction or savepoint. Prepared once per connection: it happens at every operation.
    pub(super) fn control(&mut self, sql: &'static str) -> Result<()> {
        super::Sql::new(sql).execute(self).map(drop)
    }

    /// How many statements wait for the end of the transaction.
    pub(super) fn left(&self) -> usize {
        match self {
            Self::Sqlite(_, beside) => beside.last.len(),
            Self::Postgres(_) => 0,
        }
    }

    /// Forgets what waits beyond the first `keep`: the operation that left it is undone.
    pub(super) fn forget_left(&mut self, keep: usize) {
        if let Self::Sqlite(_, beside) = self {
            beside.last.truncate(keep);
        }
    }

    /// Runs what waits for the end of the transaction.
    pub(super) fn run_left(&mut self) -> Result<()> {
        let last = match self {
            Self::Sqlite(_, beside) => std::mem::take(&mut beside.last),
            Self::Postgres(_) => return Ok(()),
        };
        last.into_iter().try_for_each(|sql| sql.execute(self).map(drop))
    }

    fn keeps(&mut self) -> &mut Kept {
        match self {
            Self::Sqlite(_, beside) => &mut beside.kept,
            Self::Postgres(link) => &mut link.kept,
        }
    }

    /// From now on this connection keeps what it makes together with the others of its database.
    pub(super) fn share(&mut self, common: &Common) {
        self.keeps().common = common.clone();
    }

    /// What was made from `source`, when it was the last thing that was kept on this connection or on any of its database. For
    /// what every other operation reads and takes long to parse, and is large.
    pub fn kept<T: Send + Sync + 'static>(&mut self, source: &str) -> Option<Arc<T>> {
        let kept = self.keeps();
        if kept.own.as_ref().is_none_or(|(from, _)| from != source) {
            let last = kept.common.lock().unwrap_or_else(PoisonError::into_inner).clone();
            kept.own = Some(last.filter(|(from, _)| from == source)?);
        }
        let (_, value) = kept.own.as_ref()?;
        value.clone().downcast().ok()
    }

    /// Keeps what was made from `source`, which has to be the same whenever it is made again.
    pub fn keep<T: Send + Sync + 'static>(&mut self, source: String, value: Arc<T>) {
        let value: Arc<dyn Any + Send + Sync> = value;
        let kept = self.keeps();
        *kept.common.lock().unwrap_or_else(PoisonError::into_inner) = Some((source.clone(), value.clone()));
        kept.own = Some((source, value));
    }

    /// Whether the other side has not hung up, as far as this machine knows: no round trip.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Sqlite(..) => true,
            Self::Postgres(link) => PgRuntime::get_runtime().block_on(async {
                // The first lets the runtime look at the socket, the second lets the task read the end of it.
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
                !link.task.is_finished()
            }),
        }
    }

    /// Tells the other processes on this database, when the transaction is committed ([`super::line`]). The embedded
    /// database has one process.
    pub fn tell(&mut self, channel: &str, texts: &[String]) -> Result<()> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        texts.iter().try_for_each(|text| {
            let said = super::Sql::new("select 1::bigint from pg_notify(").bind(channel).with(",", text).push(")");
            said.optional_i64(self).map(drop)
        })
    }

    /// Counts every statement from now on there, if anywhere.
    pub(super) fn count(&mut self, statements: Option<&Arc<AtomicU64>>) {
        let Some(statements) = statements.cloned() else { return };
        let watch = move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                statements.fetch_add(1, Ordering::Relaxed);
            }
        };
        on_backend!(self, c => c.set_instrumentation(watch));
    }

    /// Runs statements that take no parameters and answer nothing.
    pub fn batch(&mut self, sql: &str) -> QueryResult<()> {
        use diesel::connection::SimpleConnection;
        on_backend!(self, c => c.batch_execute(sql))
    }
}

/// Runs `$body` with `$c` bound to the concrete diesel connection, once per backend.
#[macro_export]
macro_rules! on_backend {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite($c, _) => $body,
            $crate::db::Conn::Postgres(boxed) => {
                let $c: &mut $crate::db::PgConn = boxed;
                $body
            }
        }
    };
}

/// Blocks the owning database thread on the small runtime that also drives the socket, so that a query costs no thread
/// hop. The runtime belongs to the thread.
pub struct PgRuntime(Arc<tokio::runtime::Runtime>);

thread_local! {
    static RUNTIME: RefCell<Option<Arc<tokio::runtime::Runtime>>> = const { RefCell::new(None) };
}

fn thread_runtime() -> std::io::Result<Arc<tokio::runtime::Runtime>> {
    RUNTIME.with(|slot| {
        if let Some(rt) = slot.borrow().as_ref() {
            return Ok(rt.clone());
        }
        let rt = Arc::new(tokio::runtime::Builder::new_current_thread().enable_all().build()?);
        *slot.borrow_mut() = Some(rt.clone());
        Ok(rt)
    })
}

impl BlockOn for PgRuntime {
    fn block_on<F: Future>(&self, f: F) -> F::Output {
        self.0.block_on(f)
    }
    #[expect(clippy::expect_used, reason = "open_postgres made the runtime of this thread before any wrapper exists")]
    fn get_runtime() -> Self {
        Self(thread_runtime().expect("the thread has its runtime"))
    }
}

/// Opens a PostgreSQL connection; what its address says about TLS is in [`super::server`].
///
/// # Errors
/// `Unavailable` when the server cannot be reached or refuses.
pub fn open_postgres(url: &str) -> Result<Conn> {
    let server = Server::new(url)?;
    let rt = thread_runtime().map_err(|e| away(&e))?;
    let link = rt.block_on(async {
        let (client, connection) = server.connect().await?;
        let task = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to PostgreSQL ended");
            }
        });
        let conn = AsyncPgConnection::try_from(client).await.map_err(|e| away(&e))?;
        Ok::<_, Error>(PgLink { conn: conn.into(), task, kept: Kept::default() })
    })?;
    Ok(Conn::Postgres(Box::new(link)))
}
