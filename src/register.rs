//! The register of projects in memory, for "is somebody already doing this?": a copy of what the database holds of all
//! sites, kept current by the number of its last change, so that another process on the same database is noticed too. It
//! is made in the background after the start and may be lost at any time. Drafts are not in it.

use crate::{
    Error, Result,
    app::App,
    domain::{Task, charter, concierge::projects::Alike, projects::letters},
    matching::projects::{Calibration, Candidate, Draft, Project as Entry, Register, Tuning, concepts},
    model::Project,
    store,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock, TryLockError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

/// Rows read at once.
const CHUNK: i64 = 500;
/// Projects put in under one lock: questions wait no longer than for these.
const FEW: usize = 10;
/// Projects that are looked at to find the limits by day; at night it is all of them.
const SAMPLE: usize = 400;
/// Fewer projects say nothing about what is usual: no introduction, and a warning only of what is nearly a copy.
pub const ENOUGH: usize = 12;
/// Candidates of an answer.
pub const MOST: usize = 5;
/// How long a question waits for a register that is not current. Then it is answered from what is there.
const PATIENCE: Duration = Duration::from_secs(2);
/// Pairs that are looked at in a night.
const PAIRS: usize = 2_000;

/// The copy, and how current it is.
#[derive(Default)]
struct Desk {
    register: RwLock<Register>,
    /// The last change that is in it.
    seen: AtomicI64,
    /// It was filled once.
    filled: AtomicBool,
    /// Somebody reads all of it, which takes long: changes wait, questions do not.
    surveyed: AtomicBool,
    /// How many projects there were when it was last measured.
    measured: AtomicI64,
    /// How many there were when measuring was last ordered.
    ordered: AtomicI64,
    /// How many there were, fewer than are enough to be measured, when the limits were last set by their number alone.
    few: AtomicI64,
    /// One measures because of a question at a time; the others wait for that.
    measuring: tokio::sync::Mutex<()>,
    /// The aliases of the charter that it knows.
    aliases: Mutex<BTreeMap<String, String>>,
    /// One of those who change it at a time.
    busy: tokio::sync::Mutex<()>,
}

impl Desk {
    fn len(&self) -> i64 {
        i64::try_from(self.read(Register::len)).unwrap_or(i64::MAX)
    }

    fn read<T>(&self, look: impl FnOnce(&Register) -> T) -> T {
        look(&self.register.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the register between questions. False while somebody surveys it: the change waits.
    fn write(&self, mut change: impl FnMut(&mut Register)) -> bool {
        loop {
            match self.register.try_write() {
                Ok(mut register) => {
                    change(&mut register);
                    return true;
                }
                Err(TryLockError::Poisoned(poisoned)) => {
                    change(&mut poisoned.into_inner());
                    return true;
                }
                Err(TryLockError::WouldBlock) if self.surveyed.load(Ordering::Acquire) => return false,
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

/// One of the answers.
#[derive(Clone, Debug)]
pub struct Found {
    /// The project.
    pub project: Project,
    /// Why.
    pub candidate: Candidate,
}

/// What resembles a draft.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// At most five, best first.
    pub found: Vec<Found>,
    /// The register was current.
    pub complete: bool,
}

/// What somebody is writing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// A few words, as typed in a search box; then the fields do not count.
    pub text: Option<String>,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// What it is about.
    pub tags: Vec<String>,
    /// What was bought.
    pub vendor: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// Actor id of the project itself, when it is registered.
    pub except: Option<String>,
}

impl Question {
    /// What resembles a project that is not registered yet.
    pub fn of(draft: &Project) -> Self {
        Self {
            text: None,
            name: draft.name.clone(),
            purpose: draft.purpose.clone(),
            tags: draft.tag_list(),
            vendor: vendor(draft),
            language: draft.language.clone(),
            except: draft.uri.clone(),
        }
    }
}

impl Answer {
    /// As the concierge and the pages say it.
    pub fn alike(self) -> Vec<Alike> {
        let one = |found: Found| Alike {
            project: found.project,
            words: found.candidate.words,
            tags: found.candidate.tags,
            warn: found.candidate.warn,
        };
        self.found.into_iter().map(one).collect()
    }
}

fn vendor(project: &Project) -> Option<String> {
    Some(project.vendor_list().join(", ")).filter(|vendor| !vendor.is_empty())
}

fn entry(project: &Project) -> Entry {
    Entry {
        key: project.uri.clone().unwrap_or_default(),
        language: project.language.clone(),
        name: project.name.clone(),
        purpose: project.purpose.clone(),
        tags: project.tag_list(),
        vendor: vendor(project),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

async fn next_rows(app: &App, after: i64) -> Result<Vec<Project>> {
    app.read(move |conn| {
        if store::projects::last_change(conn)? <= after {
            return Ok(Vec::new());
        }
        store::projects::changed(conn, after, CHUNK)
    })
    .await
}

/// Fills the register in the background.
pub fn start(app: &App) {
    let app = app.clone();
    tokio::spawn(async move {
        // Where there is no project yet, nothing is made ready.
        if app.read(store::projects::last_change).await.is_ok_and(|last| last == 0) {
            return;
        }
        if let Err(error) = catch_up(&app).await {
            tracing::warn!(%error, "the register of projects is not filled yet");
        }
    });
}

/// Brings the copy up to the last change. The first time it is filled; nobody else waits for that.
///
/// # Errors
/// Those of the database.
pub async fn catch_up(app: &App) -> Result<()> {
    let desk = app.part::<Desk>();
    follow(app, &desk).await?;
    let size = desk.len();
    let before = desk.measured.load(Ordering::Acquire).max(desk.ordered.load(Ordering::Acquire));
    if size >= ENOUGH as i64 && size.saturating_mul(2) >= before.saturating_mul(3) {
        app.write(|tx| tx.enqueue(&Task::MeasureProjects)).await?;
        desk.ordered.store(size, Ordering::Release);
    }
    Ok(())
}

async fn follow(app: &App, desk: &Arc<Desk>) -> Result<()> {
    let _one = desk.busy.lock().await;
    if !desk.filled.load(Ordering::Acquire) {
        fill(app, desk).await?;
    }
    loop {
        let after = desk.seen.load(Ordering::Acquire);
        let rows = next_rows(app, after).await?;
        let Some(last) = rows.last().map(|row| row.change) else { break };
        let inner = desk.clone();
        let done = blocking(move || {
            rows.chunks(FEW).all(|few| {
                inner.write(|register| {
                    for row in few {
                        put(register, row);
                    }
                })
            })
        })
        .await?;
        if !done {
            return Ok(());
        }
        desk.seen.store(last, Ordering::Release);
    }
    Ok(())
}

/// The register for a question: current, and with limits, so that the first registration on a node is warned like any
/// other.
async fn prepare(app: &App) -> Result<()> {
    let desk = app.part::<Desk>();
    follow(app, &desk).await?;
    if desk.measured.load(Ordering::Acquire) < ENOUGH as i64 {
        let _one = desk.measuring.lock().await;
        let (size, measured) = (desk.len(), desk.measured.load(Ordering::Acquire));
        if size >= ENOUGH as i64 && measured < ENOUGH as i64 {
            survey(app, SAMPLE).await?;
        } else if measured < ENOUGH as i64 && size > 0 && size != desk.few.load(Ordering::Acquire) {
            let inner = desk.clone();
            let done = blocking(move || inner.write(|register| register.calibrate(ENOUGH))).await?;
            if done {
                desk.few.store(size, Ordering::Release);
            }
        }
    }
    // It may have grown since.
    catch_up(app).await
}

fn put(register: &mut Register, row: &Project) {
    let entry = entry(row);
    if row.is_public() && !entry.key.is_empty() {
        register.insert(entry);
    } else {
        register.remove(&entry.key);
    }
}

async fn fill(app: &App, desk: &Arc<Desk>) -> Result<()> {
    let (aliases, measured) = app.read(|conn| Ok((aliases(conn)?, store::projects::measured(conn)?))).await?;
    let words = aliases.clone();
    let mut register = blocking(move || {
        let mut list = concepts::Concepts::clone(&concepts::SHIPPED);
        for (alias, of) in &words {
            list.alias(alias, of);
        }
        Register::new(Arc::new(list), Tuning::SHIPPED)
    })
    .await?;
    let mut seen = 0;
    loop {
        let rows = next_rows(app, seen).await?;
        let Some(last) = rows.last().map(|row| row.change) else { break };
        register = blocking(move || {
            for row in &rows {
                put(&mut register, row);
            }
            register
        })
        .await?;
        seen = last;
    }
    let mut size = 0;
    if let Some((at, document)) = measured
        && let Ok(calibration) = serde_json::from_str::<Calibration>(&document)
    {
        register.adopt(calibration);
        size = at;
    }
    let inner = desk.clone();
    let mut whole = Some(register);
    let done = blocking(move || {
        inner.write(|register| {
            if let Some(whole) = whole.take() {
                *register = whole;
            }
        })
    })
    .await?;
    if done {
        *desk.aliases.lock().unwrap_or_else(PoisonError::into_inner) = aliases;
        desk.measured.store(size, Ordering::Release);
        desk.few.store(0, Ordering::Release);
        desk.seen.store(seen, Ordering::Release);
        desk.filled.store(true, Ordering::Release);
    }
    Ok(())
}

fn aliases(conn: &mut crate::db::Conn) -> Result<BTreeMap<String, String>> {
    Ok(charter::current(conn)?.map(|signed| signed.charter.aliases.clone()).unwrap_or_default())
}

/// The projects of all sites that resemble what somebody writes, finished and stopped ones too, with the reasons.
///
/// # Errors
/// Those of the database.
pub async fn ask(app: &App, question: Question) -> Result<Answer> {
    // What was begun for a question is ended, though nobody may wait for it.
    let inner = app.clone();
    let made = tokio::spawn(async move { prepare(&inner).await });
    let current = tokio::time::timeout(PATIENCE, made).await;
    let complete = current.is_ok();
    if let Ok(made) = current {
        made.map_err(Error::internal)??;
    }
    let desk = app.part::<Desk>();
    let candidates = blocking(move || {
        desk.read(|register| match question.text.as_deref() {
            Some(text) => register.candidates_for_text(text, MOST),
            None => {
                let draft = Draft {
                    language: question.language.as_deref(),
                    name: &question.name,
                    purpose: &question.purpose,
                    tags: &question.tags,
                    vendor: question.vendor.as_deref(),
                };
                register.candidates(&draft, MOST, question.except.as_deref())
            }
        })
    })
    .await?;
    let keys: Vec<String> = candidates.iter().map(|candidate| candidate.key.clone()).collect();
    let mut rows = app.read(move |conn| store::projects::by_uris(conn, &keys)).await?;
    let found = candidates.into_iter().filter_map(|candidate| {
        let place = rows.iter().position(|row| row.uri.as_deref() == Some(candidate.key.as_str()))?;
        Some(Found { project: rows.swap_remove(place), candidate })
    });
    Ok(Answer { found: found.collect(), complete })
}

/// The task `MeasureProjects`: what is usual in this register, on a sample of it.
///
/// # Errors
/// Those of the database.
pub async fn measure(app: &App) -> Result<()> {
    catch_up(app).await?;
    survey(app, SAMPLE).await
}

async fn survey(app: &App, most: usize) -> Result<()> {
    let desk = app.part::<Desk>();
    let inner = desk.clone();
    let (size, calibration) = surveying(&desk, move || {
        inner.read(|register| (register.len(), (register.len() >= ENOUGH).then(|| register.measure(most))))
    })
    .await?;
    let Some(calibration) = calibration else { return Ok(()) };
    let document = serde_json::to_string(&calibration).map_err(Error::internal)?;
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    app.write(move |tx| store::projects::set_measured(tx.conn, size, &document, tx.now)).await?;
    let inner = desk.clone();
    let mut found = Some(calibration);
    blocking(move || {
        inner.write(|register| {
            if let Some(calibration) = found.take() {
                register.adopt(calibration);
            }
        })
    })
    .await?;
    desk.measured.store(size, Ordering::Release);
    Ok(())
}

/// Reads all of the register, which takes long; until it is done changes wait instead of standing in the way of questions.
async fn surveying<T: Send + 'static>(desk: &Arc<Desk>, look: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    desk.surveyed.store(true, Ordering::Release);
    let found = blocking(look).await;
    desk.surveyed.store(false, Ordering::Release);
    found
}

/// The task `PairProjects`, each night: measures everything, introduces the leads of new pairs that look alike, and asks
/// those of silent projects whether they are alive.
///
/// # Errors
/// Those of the database.
pub async fn pair(app: &App) -> Result<()> {
    let desk = app.part::<Desk>();
    let ours = app.read(aliases).await?;
    if *desk.aliases.lock().unwrap_or_else(PoisonError::into_inner) != ours {
        // Words got another meaning: everything is read anew.
        desk.filled.store(false, Ordering::Release);
    }
    catch_up(app).await?;
    survey(app, usize::MAX).await?;
    let inner = desk.clone();
    let pairs = surveying(&desk, move || {
        inner.read(|register| if register.len() >= ENOUGH { register.pairs() } else { Vec::new() })
    })
    .await?;
    let own = pairs.into_iter().filter(|pair| app.site().owns_str(&pair.a)).take(PAIRS);
    for pair in own {
        introduce(app, &desk, pair.a, pair.b).await?;
    }
    while app.write(letters::ask_quiet).await? {}
    Ok(())
}

async fn introduce(app: &App, desk: &Arc<Desk>, one: String, two: String) -> Result<()> {
    let (a, b) = (one.clone(), two.clone());
    let both = app
        .read(move |conn| {
            if store::projects::is_paired(conn, &a, &b)? {
                return Ok(None);
            }
            Ok(store::projects::find_by_uri(conn, &a)?.zip(store::projects::find_by_uri(conn, &b)?))
        })
        .await?;
    let Some((by, other)) = both else { return Ok(()) };
    acquaint(app, &other).await;
    let (inner, asked) = (desk.clone(), entry(&by));
    let shared = blocking(move || {
        inner.read(|register| {
            let found = register.candidates(&asked.draft(), 2 * MOST, Some(&asked.key));
            found.into_iter().find(|candidate| candidate.key == two).map(|candidate| candidate.words)
        })
    })
    .await?
    .unwrap_or_default();
    app.write(move |tx| letters::introduce(tx, &by, &other, &shared)).await.map(|_| ())
}

/// Makes the lead of a project known here, if they can be had: nobody is written to who is not known.
pub async fn acquaint(app: &App, project: &Project) {
    let Some(lead) = project.lead_uri.clone() else { return };
    let known = {
        let lead = lead.clone();
        app.read(move |conn| store::accounts::find_by_uri(conn, &lead)).await
    };
    if matches!(known, Ok(None))
        && let Err(error) = app.look_up(&lead).await
    {
        tracing::info!(%error, lead, "the lead of a project cannot be had");
    }
}
