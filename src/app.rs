//! What every edge holds: a cheap handle on the node's database, seams and settings. No globals anywhere: two nodes live
//! in one process.

mod others;

use crate::{
    Error, Result,
    config::{Config, Site, Texts},
    crypto::Vault,
    db::{Conn, Db},
    domain::{Aftermath, Consumer, Env, Event, IdSource, Tx, leavers, media::Upload},
    id::Id,
    kept::Kept,
    media::{Kind, bucket::Bucket, ffmpeg::Ffmpeg, intake::Stored, storage::Storage},
    model::{Account, MediaKind, Post},
    net::Gate,
    random::Random,
    rate::RateLimiter,
    reserve::Room,
    time::{Clock, Timestamp},
};
use futures_util::future::BoxFuture;
use others::Others;
use std::{
    any::{Any, TypeId},
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use tokio::sync::{Notify, broadcast};

/// What is held is renewed once in so many looks of a worker nobody woke: every minute.
const RENEWED: u32 = 12;

/// A node, as its parts see it.
#[derive(Clone)]
pub struct App(Arc<Inner>, Hurry);

/// The removal of files that a transaction gave up, on a thread that may block; empty when there are none.
#[derive(Clone, Default)]
struct Removal(Arc<Mutex<Option<tokio::task::JoinHandle<()>>>>);

impl Removal {
    fn set(&self, work: tokio::task::JoinHandle<()>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(work);
    }
    /// Whoever is answered finds them nowhere; but a bucket that does not answer holds nobody up for long.
    async fn done(&self) {
        let work = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(work) = work {
            let _ = tokio::time::timeout(std::time::Duration::from_secs(2), work).await;
        }
    }
}

/// Whether anybody waits for the answer of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hurry {
    /// A request: it would rather hear "not now" than wait long for a connection (REL-10).
    Soon,
    /// Background work: it would only have to do the same again.
    Whenever,
}

/// A handle that does not keep the node alive: for what one of its own parts holds.
#[derive(Clone)]
pub struct WeakApp(std::sync::Weak<Inner>);

impl WeakApp {
    /// The node; none when it has ended.
    pub fn upgrade(&self) -> Option<App> {
        self.0.upgrade().map(|inner| App(inner, Hurry::Soon))
    }
}

struct Inner {
    env: Arc<Env>,
    db: Db,
    net: Gate,
    events: broadcast::Sender<Arc<Event>>,
    wakes: Wakes,
    kept: Kept,
    parts: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    stop: tokio_util::sync::CancellationToken,
    look_up: OnceLock<LookUp>,
    room: OnceLock<Room>,
    look_again: std::time::Duration,
    started: Timestamp,
    others: Others,
}

/// What an address or handle names, once it is stored here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// An account.
    Account(Id<Account>),
    /// A post.
    Post(Id<Post>),
}

/// Asks other servers for what somebody typed or pasted: a handle, the address of a document or of a page.
pub type LookUp = fn(App, String) -> BoxFuture<'static, Result<Found>>;

/// The seams: real ones in production, simulated ones in tests.
pub struct Seams {
    /// The clock.
    pub clock: Clock,
    /// The randomness.
    pub random: Random,
    /// The way out.
    pub net: Gate,
    /// How often a worker that nobody woke looks for work ([`App::look_again`]).
    pub look_again: std::time::Duration,
}

/// Wakes the workers of each queue.
#[derive(Default)]
struct Wakes(Mutex<HashMap<&'static str, Arc<Notify>>>);

impl Wakes {
    /// A queue that nobody works at in this process is nobody's business here.
    fn wake(&self, queue: &str) {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(queue).cloned();
        if let Some(wake) = found {
            wake.notify_waiters();
            wake.notify_one();
        }
    }
    fn wake_all(&self) {
        let all: Vec<_> = self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for wake in all {
            wake.notify_waiters();
            wake.notify_one();
        }
    }
    fn of(&self, queue: &'static str) -> Arc<Notify> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(queue).or_default().clone()
    }
}

tokio::task_local! {
    /// Who does what is being done, when it is a person with a token or a browser.
    static ACTOR: Id<Account>;
}

/// Runs `f` as something that this person does: each of its transactions begins with asking whether they still may
/// ([`leavers::check_presence`]). A token, or a session, was looked at before; this closes the gap until the commit.
pub async fn acting_as<T>(account: Id<Account>, f: impl Future<Output = T>) -> T {
    ACTOR.scope(account, f).await
}

/// Events a slow listener may lag behind before it misses some.
const EVENTS: usize = 8192;

impl App {
    /// Puts a node together. Nothing runs yet.
    pub fn new(config: Config, db: Db, seams: Seams, consumers: &'static [Consumer]) -> Self {
        let started = seams.clock.now();
        let env = Env {
            config: Arc::new(config),
            clock: seams.clock,
            random: seams.random,
            ids: IdSource::default(),
            consumers,
        };
        Self(
            Arc::new(Inner {
                env: Arc::new(env),
                db,
                net: seams.net,
                events: broadcast::channel(EVENTS).0,
                wakes: Wakes::default(),
                kept: Kept::default(),
                parts: Mutex::default(),
                stop: tokio_util::sync::CancellationToken::new(),
                look_up: OnceLock::new(),
                room: OnceLock::new(),
                look_again: seams.look_again,
                started,
                others: Others::none(),
            }),
            Hurry::Soon,
        )
    }

    /// The same node for background work: its operations wait for a connection as long as it takes, instead of giving
    /// up as those of a request do (REL-10). What a worker was about to write down is not lost to a busy minute.
    pub fn unhurried(&self) -> Self {
        Self(self.0.clone(), Hurry::Whenever)
    }

    /// A handle that does not keep the node alive.
    pub fn downgrade(&self) -> WeakApp {
        WeakApp(Arc::downgrade(&self.0))
    }
    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.env.config
    }
    /// The settings, to keep.
    pub fn config_arc(&self) -> Arc<Config> {
        self.0.env.config.clone()
    }
    /// When this process began, with the settings that it read.
    pub fn started(&self) -> Timestamp {
        self.0.started
    }
    /// The addresses this node hands out.
    pub fn site(&self) -> &Site {
        &self.0.env.config.site
    }
    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.env.clock
    }
    /// The randomness.
    pub fn random(&self) -> &Random {
        &self.0.env.random
    }
    /// Whether other servers read here with a signature only (SIGIN-23): under an allowlist and under a charter, unless
    /// the setting says otherwise.
    pub fn authorized_fetch(&self) -> bool {
        let automatic = self.config().federation.authorized_fetch == crate::config::AuthorizedFetch::Auto;
        self.config().authorized_fetch() || (automatic && self.net().rules().has_organisation())
    }
    /// Whether strangers see profiles and public posts as pages.
    pub fn public_pages(&self) -> bool {
        self.config().public_pages() && !self.authorized_fetch()
    }
    /// The only way out.
    pub fn net(&self) -> &Gate {
        &self.0.net
    }
    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }
    /// Ids of this process.
    pub fn ids(&self) -> &IdSource {
        &self.0.env.ids
    }
    /// Ends when the node stops.
    pub fn stopping(&self) -> &tokio_util::sync::CancellationToken {
        &self.0.stop
    }

    /// Runs a read-only operation against one consistent state; see [`Db::look`].
    ///
    /// # Errors
    /// As [`Db::look`].
    pub async fn read<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        self.look(false, f).await
    }

    /// As [`App::read`], for what is short at any size of the database.
    ///
    /// # Errors
    /// As [`Db::look`].
    pub async fn glance<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        self.look(true, f).await
    }

    /// [`App::glance`] for what is `short`, [`App::read`] for what may have to look through many rows.
    ///
    /// # Errors
    /// As [`Db::look`].
    pub async fn look<T, F>(&self, short: bool, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        self.patient_db().look(short, f).await
    }

    /// The database, waiting for a connection as long as whoever asks may.
    fn patient_db(&self) -> Cow<'_, Db> {
        match self.1 {
            Hurry::Soon => Cow::Borrowed(&self.0.db),
            Hurry::Whenever => Cow::Owned(self.0.db.unhurried()),
        }
    }

    /// Runs an operation in one transaction; answers after the commit, when events are out and workers are awake. It may
    /// run more than once before that (see [`Db::write`]): it does nothing but what the transaction undoes.
    ///
    /// # Errors
    /// As [`Db::write`]; `NoSpace` while the disk is full and its reserve is given up.
    pub async fn write<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Clone + Send + 'static,
    {
        if let Some(room) = self.0.room.get()
            && !room.is_there(&self.0.db, self.clock().now().millis()).await
        {
            return Err(Error::NoSpace);
        }
        self.put(f).await
    }

    /// As [`App::write`], for what has to work on a full disk as well: signing in (REL-07).
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_at_any_price<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Clone + Send + 'static,
    {
        match (self.put(f.clone()).await, self.0.room.get()) {
            (Err(Error::NoSpace), Some(room)) if room.give_up(&self.0.db).await => self.put(f).await,
            (result, _) => result,
        }
    }

    /// Where room for signing in is kept; the first call counts.
    pub fn set_room(&self, room: Room) {
        let _ = self.0.room.set(room);
    }

    /// Where room for signing in is kept.
    pub fn room(&self) -> Option<&Room> {
        self.0.room.get()
    }

    async fn put<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Clone + Send + 'static,
    {
        let app = self.clone();
        let actor = ACTOR.try_with(|actor| *actor).ok();
        let db = self.patient_db();
        let (runtime, removal) = (tokio::runtime::Handle::try_current().ok(), Removal::default());
        let begun = removal.clone();
        let value = db.write(move |conn| {
            if let Some(actor) = actor {
                leavers::check_presence(conn, actor)?;
            }
            let mut tx = Tx::new(conn, &app.0.env);
            let value = f(&mut tx)?;
            let mut aftermath = tx.into_aftermath();
            if !aftermath.is_empty()
                && let Some(channel) = app.0.others.channel()
            {
                // In the transaction: they hear of all that is committed, and of nothing else.
                conn.tell(&channel, &aftermath.words(app.voice()))?;
            }
            let after: crate::db::AfterCommit = if aftermath.is_empty() {
                None
            } else {
                let (app, begun, files) = (app.clone(), begun.clone(), std::mem::take(&mut aftermath.files));
                let runtime = runtime.clone().filter(|_| !files.is_empty());
                Some(Box::new(move || {
                    app.aftermath(aftermath);
                    if let Some(runtime) = runtime {
                        let storage = app.storage();
                        begun.set(runtime.spawn_blocking(move || storage.remove_all(&files)));
                    }
                }))
            };
            Ok((value, after))
        });
        let value = value.await?;
        removal.done().await;
        Ok(value)
    }

    fn aftermath(&self, aftermath: Aftermath) {
        if aftermath.documents_changed {
            self.kept().forget();
        }
        for event in aftermath.events {
            // Nobody listening is fine.
            let _ = self.0.events.send(Arc::new(event));
        }
        for queue in aftermath.woken {
            self.0.wakes.of(queue).notify_waiters();
            self.0.wakes.of(queue).notify_one();
        }
    }

    /// There may be work in every queue.
    pub fn wake_all(&self) {
        self.0.wakes.wake_all();
    }

    /// Documents of own actors.
    pub fn kept(&self) -> &Kept {
        &self.0.kept
    }

    /// What seals secrets at rest (OPS-04), opened once.
    ///
    /// # Errors
    /// `Internal` when the key file is unusable.
    pub fn vault(&self) -> Result<Vault> {
        let opened = self.part::<OnceLock<Vault>>();
        if let Some(vault) = opened.get() {
            return Ok(vault.clone());
        }
        let vault = Vault::open(&self.config().data_dir.join("secret.key"), self.random().bytes())?;
        Ok(opened.get_or_init(|| vault).clone())
    }

    /// Privacy policy and terms, read once. Files that cannot be read any more say nothing: the start has checked them.
    pub fn texts(&self) -> Arc<Texts> {
        self.part_or(|| Texts::read(&self.config().instance).unwrap_or_default())
    }

    /// Stored files.
    pub fn storage(&self) -> Storage {
        let storage = self.part_or(|| {
            let settings = &self.config().media.s3;
            // The start has read these settings the same way.
            let bucket = Bucket::of(settings, self.net().clone()).unwrap_or_else(|error| {
                tracing::error!(%error, "there is no such bucket");
                None
            });
            Storage::at(self.config().data_dir.join("media")).with(bucket)
        });
        Storage::clone(&storage)
    }

    /// The program that reads films and foreign pictures, where the machine has it.
    pub fn ffmpeg(&self) -> Arc<Ffmpeg> {
        self.part_or(|| Ffmpeg::find(&self.config().media.ffmpeg))
    }

    /// The one rate limiter of this node.
    pub fn limiter(&self) -> Arc<RateLimiter> {
        self.part_or(|| {
            let config = self.config();
            let on = config.rate_limits.mode == crate::config::Switch::On;
            RateLimiter::new(self.clock().clone(), on, config.trusted_ranges())
        })
    }

    /// Says how [`App::look_up`] asks other servers; the first call counts.
    pub fn set_look_up(&self, look_up: LookUp) {
        let _ = self.0.look_up.set(look_up);
    }
    /// Finds what a handle or address names on another server, and stores it.
    ///
    /// # Errors
    /// `NotFound` when there is nothing of the kind; `Upstream` when its server cannot be asked.
    pub async fn look_up(&self, text: &str) -> Result<Found> {
        match self.0.look_up.get() {
            Some(look_up) => look_up(self.clone(), text.to_owned()).await,
            None => Err(Error::NotFound),
        }
    }

    /// What happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.0.events.subscribe()
    }
    /// Woken when a transaction left work in this queue.
    pub fn wake_of(&self, queue: &'static str) -> Arc<Notify> {
        self.0.wakes.of(queue)
    }

    /// How often a worker that nobody woke looks for work: the safety net for jobs of another process, and for those that
    /// were not due yet.
    pub fn look_again(&self) -> std::time::Duration {
        self.0.look_again
    }

    /// Does work that it has taken from the database for a while, and says there now and then that it goes on: nobody takes
    /// it for dead and does the same at once.
    pub async fn held<T, R>(&self, work: impl Future<Output = T>, renew: R) -> T
    where
        R: FnOnce(&mut Tx<'_>) -> Result<()> + Clone + Send + 'static,
    {
        tokio::select! {
            done = work => done,
            never = self.renewing(renew) => match never {},
        }
    }

    async fn renewing<R>(&self, renew: R) -> std::convert::Infallible
    where
        R: FnOnce(&mut Tx<'_>) -> Result<()> + Clone + Send + 'static,
    {
        loop {
            tokio::time::sleep(self.look_again() * RENEWED).await;
            if let Err(error) = self.write(renew.clone()).await {
                tracing::warn!(%error, "cannot say that work goes on");
            }
        }
    }

    /// In-memory state of one part of the program (a cache, a limiter), made when first asked for. It may be lost at any
    /// time without losing work.
    pub fn part<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        self.part_or(T::default)
    }
    /// As [`App::part`], made by `make`.
    pub fn part_or<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut parts = self.0.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let any = parts.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(make())).clone();
        drop(parts);
        any.downcast().unwrap_or_else(|_| unreachable!("parts are kept by their own type"))
    }
}

// The rules know nothing of how files are processed, and what processes them nothing of the rules.
impl From<Kind> for MediaKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Image => Self::Image,
            Kind::Video => Self::Video,
            Kind::Audio => Self::Audio,
        }
    }
}

impl From<Stored> for Upload {
    fn from(stored: Stored) -> Self {
        Self {
            kind: stored.kind.into(),
            mime: stored.mime.to_owned(),
            file: stored.file,
            thumbnail: stored.thumbnail,
            size: stored.size,
            blurhash: stored.blurhash,
            colours: stored.colours,
            width: stored.width,
            height: stored.height,
            small: stored.small,
            duration_ms: stored.duration_ms,
        }
    }
}
