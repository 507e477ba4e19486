//! The index of people in memory, and the questions put to it. It is a cache: filled from the database in the background
//! at the start, brought up to date before each question by a counter in the database (so another process's changes
//! count too), made anew once an hour and when the charter changes.

pub mod finds;

use crate::{
    Error, Result,
    app::App,
    db::Conn,
    domain::{
        Viewer,
        people::{
            directory::{self, Sites},
            fields::Tongue,
            wording,
        },
        views::AccountViews,
        visibility::Standings,
    },
    id::Id,
    matching::people::{Directory, Person, Progress, Project, Proposal, Reason, may_ask_for_place},
    model::{self, Account},
    peers, store,
    time::Timestamp,
};
use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, RwLock},
};

/// People that one step takes in.
const STEP: i64 = 1_000;
/// People and projects of an organisation, at most; more are left out.
const MOST: usize = 200_000;
/// Changes of the last minute are looked at again: transactions end in another order than they begin.
const OVERLAP: i64 = 60_000 << 16;
/// Up to so many people everything is learnt anew with each change.
const SMALL: usize = 2_000;
/// Until what was learnt from the whole is learnt anew. Milliseconds.
const LEARN_AFTER: i64 = 3_600_000;
/// People in an answer.
pub const FOUND: usize = 20;

#[derive(Default)]
struct Known {
    state: RwLock<State>,
    /// One follows changes at a time.
    turn: tokio::sync::Mutex<()>,
    /// One makes it anew in the background at a time.
    filling: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    directory: Directory,
    built: bool,
    /// The last change it knows, and how many there were in the minute before.
    seen: i64,
    recent: i64,
    /// The last change of the register of projects that it knows.
    register: i64,
    /// The charter that it knows the aliases and sites of.
    charter: String,
    made_at: i64,
    sites: Arc<Sites>,
}

/// Somebody who may know.
#[derive(Clone, Debug)]
pub struct Expert {
    /// Who.
    pub account: Id<Account>,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The same in words.
    pub because: String,
}

/// Who may know.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Best first.
    pub experts: Vec<Expert>,
    /// The language of the asker.
    pub tongue: Tongue,
}

/// Fills the index in the background, where that takes longer than a first question should. A small node on its own
/// spends no memory on it before somebody asks.
pub fn start(app: &App) {
    let app = app.clone();
    tokio::spawn(async move {
        if peers::organisation(&app).is_none() {
            let people = app.read(store::users::count).await.unwrap_or(0);
            if usize::try_from(people).unwrap_or(0) <= SMALL {
                return;
            }
        }
        if let Err(error) = refresh(&app).await {
            tracing::warn!(%error, "the index of people is filled with the first question");
        }
    });
}

/// Brings the index up to date. Cheap when nothing changed.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn refresh(app: &App) -> Result<()> {
    let known = app.part::<Known>();
    let organisation = peers::organisation(app);
    let charter = organisation.as_ref().map(|signed| signed.hash.clone()).unwrap_or_default();
    let newest = app.read(|conn| Ok((last_change(conn)?, store::projects::last_change(conn)?))).await?;
    let now = app.clock().now();
    if is_current(&known, newest, &charter, now) {
        return Ok(());
    }
    let turn = known.turn.lock().await;
    if is_current(&known, newest, &charter, now) {
        return Ok(());
    }
    let (anew, is_small, since, sites) = {
        let state = known.state.read().unwrap_or_else(PoisonError::into_inner);
        let anew = !state.built || state.charter != charter || is_old(&state, now);
        (anew, !state.built || state.directory.people() <= SMALL, state.seen, state.sites.clone())
    };
    if anew && is_small {
        return fill(app, &known).await;
    }
    follow(app, &known, since, newest.0, &sites).await?;
    drop(turn);
    if anew {
        // Nobody waits while much is learnt; until then the old index answers.
        let app = app.clone();
        tokio::spawn(async move {
            let known = app.part::<Known>();
            let Ok(_one) = known.filling.try_lock() else { return };
            if let Err(error) = fill(&app, &known).await {
                tracing::warn!(%error, "the index of people stays as it is");
            }
        });
    }
    Ok(())
}

/// Makes the index anew.
async fn fill(app: &App, known: &Arc<Known>) -> Result<()> {
    let organisation = peers::organisation(app);
    let charter = organisation.as_ref().map(|signed| signed.hash.clone()).unwrap_or_default();
    let (newest, recent) = app.read(last_change).await?;
    let now = app.clock().now();
    let sites = Arc::new(Sites::of(organisation.as_ref().map(|signed| &signed.charter), app.site().domain()));
    let mut directory = Directory::new();
    // Projects first: who comes later finds the ones they work on.
    let mut register = 0;
    loop {
        let rows = app.read(move |conn| store::projects::changed(conn, register, STEP)).await?;
        put_projects(&mut directory, &rows);
        match rows.last() {
            Some(last) => register = last.change,
            None => break,
        }
        tokio::task::yield_now().await;
    }
    let (mut after, mut projects) = (0, HashSet::new());
    while directory.people() < MOST {
        let places = sites.clone();
        let (rows, last) = app
            .read(move |conn| {
                let ids = store::people::after(conn, after, STEP)?;
                let last = ids.last().map(|id| id.raw()).filter(|_| ids.len() as i64 == STEP);
                Ok((directory::people(conn, &ids, &places, now)?, last))
            })
            .await?;
        for person in rows.into_iter().filter_map(|(_, person)| person) {
            take(&mut directory, &mut projects, &person);
        }
        match last {
            Some(last) => after = last,
            None => break,
        }
        // Others have their turn.
        tokio::task::yield_now().await;
    }
    let aliases: Vec<(String, String)> =
        organisation.iter().flat_map(|signed| &signed.charter.aliases).map(|(a, b)| (a.clone(), b.clone())).collect();
    let directory = tokio::task::spawn_blocking(move || {
        let mut directory = directory;
        directory.set_aliases(aliases.iter().map(|(a, b)| (a.as_str(), b.as_str())));
        directory.learn();
        directory
    })
    .await
    .map_err(Error::internal)?;
    let mut state = known.state.write().unwrap_or_else(PoisonError::into_inner);
    *state = State { directory, built: true, seen: newest, recent, register, charter, made_at: now.millis(), sites };
    Ok(())
}

/// The number of the last change of a person, and how many there were in the minute before it: transactions end in another
/// order than they begin.
fn last_change(conn: &mut Conn) -> Result<(i64, i64)> {
    let last = store::people::last_change(conn)?;
    Ok((last, store::people::count_changes(conn, last.saturating_sub(OVERLAP))?))
}

fn is_current(known: &Known, newest: ((i64, i64), i64), charter: &str, now: Timestamp) -> bool {
    let state = known.state.read().unwrap_or_else(PoisonError::into_inner);
    state.built
        && (state.seen > newest.0.0 || (state.seen, state.recent) == newest.0)
        && state.register >= newest.1
        && state.charter == charter
        && !is_old(&state, now)
}

fn is_old(state: &State, now: Timestamp) -> bool {
    now.millis() - state.made_at > LEARN_AFTER
}

fn put_projects(directory: &mut Directory, rows: &[model::Project]) {
    for row in rows {
        match (directory::project(row), &row.uri) {
            (Some(project), _) => directory.put_project(&project),
            (None, Some(uri)) => directory.remove_project(uri),
            (None, None) => {}
        }
    }
}

/// Takes in what changed since.
async fn follow(app: &App, known: &Arc<Known>, since: i64, newest: (i64, i64), sites: &Arc<Sites>) -> Result<()> {
    loop {
        let after = known.state.read().unwrap_or_else(PoisonError::into_inner).register;
        let rows = app.read(move |conn| store::projects::changed(conn, after, STEP)).await?;
        let Some(last) = rows.last().map(|row| row.change) else { break };
        let known = known.clone();
        tokio::task::spawn_blocking(move || {
            let mut state = known.state.write().unwrap_or_else(PoisonError::into_inner);
            put_projects(&mut state.directory, &rows);
            state.register = last;
        })
        .await
        .map_err(Error::internal)?;
    }
    let mut since = since.saturating_sub(OVERLAP);
    loop {
        let (sites, now) = (sites.clone(), app.clock().now());
        let (rows, newest) = app
            .read(move |conn| {
                let changes = store::people::changed_after(conn, since, STEP)?;
                let ids: Vec<Id<Account>> = changes.iter().map(|(id, _)| *id).collect();
                Ok((directory::people(conn, &ids, &sites, now)?, changes.last().map(|(_, changed)| *changed)))
            })
            .await?;
        let full = rows.len() as i64 == STEP;
        let known = known.clone();
        tokio::task::spawn_blocking(move || {
            let mut state = known.state.write().unwrap_or_else(PoisonError::into_inner);
            let mut projects = HashSet::new();
            for (id, person) in rows {
                match person {
                    Some(person) => take(&mut state.directory, &mut projects, &person),
                    None => state.directory.remove(&id.to_string()),
                }
            }
            state.seen = state.seen.max(newest.unwrap_or(0));
            if !full && state.directory.people() <= SMALL {
                state.directory.learn();
            }
        })
        .await
        .map_err(Error::internal)?;
        match newest.filter(|_| full) {
            // What was changed at once has one number: the rest of it may be on the next page.
            Some(newest) => since = if newest - 1 > since { newest - 1 } else { newest },
            None => break,
        }
    }
    // What came meanwhile is followed next time.
    let mut state = known.state.write().unwrap_or_else(PoisonError::into_inner);
    (state.seen, state.recent) = newest;
    Ok(())
}

/// Whether this names a project of the register, rather than one that somebody only names.
fn is_actor(id: &str) -> bool {
    id.starts_with("https://") || id.starts_with("http://")
}

/// Projects that people name, without being members of one, are known by their names; nobody knows what they are about.
fn take(directory: &mut Directory, projects: &mut HashSet<String>, person: &Person) {
    for name in person.projects.iter().filter(|id| !is_actor(id)) {
        if projects.len() < MOST && !projects.contains(name) {
            let project =
                Project { id: name.clone(), name: name.clone(), tags: Vec::new(), progress: Progress::Worked };
            directory.put_project(&project);
            projects.insert(name.clone());
        }
    }
    directory.put(person);
}

/// Who knows what `text` asks for, as `viewer` may see it.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn find(app: &App, viewer: Id<Account>, text: &str, limit: usize) -> Result<Found> {
    find_in(app, viewer, text, limit, None).await
}

/// The same with the reasons in a language; none for that of the viewer.
///
/// # Errors
/// As [`find`].
pub async fn find_in(
    app: &App,
    viewer: Id<Account>,
    text: &str,
    limit: usize,
    tongue: Option<Tongue>,
) -> Result<Found> {
    refresh(app).await?;
    let known = app.part::<Known>();
    let sites = known.state.read().unwrap_or_else(PoisonError::into_inner).sites.clone();
    let main = app.config().instance.languages.first().cloned();
    let (from, own) = app
        .read(move |conn| {
            // As the concierge answers.
            let chosen = store::users::find(conn, viewer)?.and_then(|user| user.locale.or(user.default_language));
            Ok((directory::site_of(conn, viewer, &sites)?, Tongue::of(chosen.or(main).as_deref())))
        })
        .await?;
    let tongue = tongue.unwrap_or(own);
    let (now, text) = (app.clock().now(), text.to_owned());
    let answer = tokio::task::spawn_blocking(move || {
        let state = known.state.read().unwrap_or_else(PoisonError::into_inner);
        state.directory.search(&text, &from, directory::day(now), limit)
    })
    .await
    .map_err(Error::internal)?;
    app.read(move |conn| {
        let mut hits: Vec<(Id<Account>, Vec<Reason>)> = Vec::with_capacity(answer.hits.len());
        for hit in answer.hits {
            if let Ok(id) = hit.key.parse() {
                hits.push((id, hit.reasons));
            }
        }
        call_by_name(conn, hits.iter_mut().flat_map(|(_, reasons)| reasons))?;
        let ids: Vec<Id<Account>> = hits.iter().map(|(id, _)| *id).collect();
        let views = AccountViews::load(conn, &ids)?;
        let standings = Standings::load(conn, Viewer::from(viewer), &ids, now)?;
        hits.retain(|(id, _)| {
            let standing = standings.of(*id);
            let shown = views.get(*id).is_some_and(|account| !account.is_unavailable());
            shown && !standing.blocked_by && !standing.blocking
        });
        let name = |key: &str| {
            let account = key.parse().ok().and_then(|id| views.get(id));
            account.map_or_else(String::new, |account| format!("@{}", account.acct()))
        };
        let experts = hits.into_iter().map(|(account, reasons)| {
            let because = wording::because(&reasons, tongue, name);
            Expert { account, reasons, because }
        });
        Ok(Found { experts: experts.collect(), tongue })
    })
    .await
}

/// Whether somebody who typed this into a box for everything asks for the people of a place: "who is in Lyon".
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn asks_for_place(app: &App, text: &str) -> Result<bool> {
    if !may_ask_for_place(text) {
        return Ok(false);
    }
    refresh(app).await?;
    let known = app.part::<Known>();
    let state = known.state.read().unwrap_or_else(PoisonError::into_inner);
    Ok(state.directory.asks_for_place(text))
}

/// The project of the register that a reason names by its actor id.
fn project_in(reason: &mut Reason) -> Option<&mut String> {
    match reason {
        Reason::Project(id) | Reason::WorksWith(_, id) if is_actor(id) => Some(id),
        _ => None,
    }
}

/// Projects of the register are called by their names.
fn call_by_name<'a>(conn: &mut Conn, reasons: impl Iterator<Item = &'a mut Reason>) -> Result<()> {
    let mut named: Vec<&mut String> = reasons.filter_map(project_in).collect();
    let ids: Vec<String> = named.iter().map(|id| id.to_string()).collect();
    let rows = store::projects::by_uris(conn, &ids)?;
    for id in &mut named {
        if let Some(row) = rows.iter().find(|row| row.uri.as_deref() == Some(id.as_str())) {
            row.name.clone_into(id);
        }
    }
    Ok(())
}

/// Pairs of tags that may be one thing, for the gardener.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn proposals(app: &App) -> Result<Vec<Proposal>> {
    refresh(app).await?;
    let known = app.part::<Known>();
    let state = known.state.read().unwrap_or_else(PoisonError::into_inner);
    Ok(state.directory.proposals().to_vec())
}

/// How many people can be found.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn count(app: &App) -> Result<usize> {
    refresh(app).await?;
    let known = app.part::<Known>();
    let state = known.state.read().unwrap_or_else(PoisonError::into_inner);
    Ok(state.directory.people())
}
