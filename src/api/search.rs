//! Search: people, posts, hashtags, and what a pasted address or handle names.

use super::{
    Access, Anyone, ApiResult, Params, Rendered, Routes, SignedIn,
    entities::{misc::Search, misc::Tag, render::Render},
    profiles::local_handle,
    tags,
    timelines::open_to,
};
use crate::{
    Error, Result,
    app::{App, Found},
    config::Site,
    db::{Budget, Conn},
    domain::{
        Viewer,
        html::escape,
        people::{
            self,
            wording::{self, Asked},
        },
        questions,
        scopes::Scope,
        search::{self, AccountQuery, PostQuery, Query},
        text::normalize_hashtag,
        views::PostViews,
        visibility,
    },
    experts,
    id::Id,
    model::{Account, AccountKind, Post},
    register, store,
    time::Timestamp,
};
use axum::extract::State;
use serde_json::value::RawValue;

/// The routes of this noun.
pub fn routes() -> Routes {
    const SEARCH: Access = Access::Anyone(&[Scope::ReadSearch]);
    Routes::new()
        .get("/api/v2/search", SEARCH, second)
        .get("/api/v1/search", Access::User(&[Scope::ReadSearch]), first)
        .get("/api/v1/accounts/search", Access::User(&[Scope::ReadAccounts]), accounts)
}

/// Characters of a query that count.
const QUERY: usize = 500;
/// Projects that are called so, before their people.
const PROJECTS: usize = 20;

/// What is searched for.
#[derive(Clone, Debug)]
struct Request {
    text: String,
    accounts: bool,
    posts: bool,
    tags: bool,
    resolve: bool,
    following: bool,
    reviewed: bool,
    author: Option<Id<Account>>,
    below: Option<i64>,
    above: Option<i64>,
    limit: usize,
    offset: usize,
}

fn bounded(params: &Params, name: &'static str, default: i64, most: i64) -> ApiResult<usize> {
    let n = params.integer(name)?.unwrap_or(default);
    if n < 0 {
        return Err(Error::bad_request(format!("{name} must not be negative")).into());
    }
    Ok(usize::try_from(n.min(most)).unwrap_or(0))
}

impl Request {
    fn read(params: &Params, viewer: Viewer) -> ApiResult<Self> {
        let typed = params.required("q")?.trim();
        // A handle as WebFinger writes it.
        let typed = typed.strip_prefix("acct:").filter(|handle| handle.contains('@')).unwrap_or(typed);
        let text: String = typed.chars().take(QUERY).collect();
        let kind = params.filled("type");
        if kind.is_some_and(|k| !["accounts", "statuses", "hashtags"].contains(&k)) {
            return Err(Error::bad_request("Invalid parameter: type").into());
        }
        let wants = |name| kind.is_none_or(|k| k == name);
        let (resolve, offset) = (params.flag("resolve"), bounded(params, "offset", 0, 1_000)?);
        if viewer.0.is_none() {
            // Clients look for some of these words.
            if resolve {
                let why = "Searches that resolve remote resources are for people who are signed in";
                return Err(Error::unauthorized(why).into());
            }
            if offset > 0 {
                return Err(Error::unauthorized("Search pagination is not supported without signing in").into());
            }
        }
        Ok(Self {
            text,
            accounts: wants("accounts"),
            posts: wants("statuses"),
            tags: wants("hashtags"),
            resolve,
            following: params.flag("following"),
            reviewed: params.flag("exclude_unreviewed"),
            author: params.id("account_id")?,
            below: params.id::<Post>("max_id")?.map(Id::raw),
            above: params.id::<Post>("min_id")?.map(Id::raw),
            limit: bounded(params, "limit", 20, 40)?,
            offset,
        })
    }

    fn is_address(&self) -> bool {
        self.text.starts_with("https://") || self.text.starts_with("http://")
    }

    /// `@user@host` or `user@host`.
    fn is_handle(&self) -> bool {
        let bare = self.text.strip_prefix('@').unwrap_or(&self.text);
        let parts = bare.split_once('@');
        let plain = |name: &str| !name.is_empty() && !name.starts_with('-') && !name.contains(':');
        parts.is_some_and(|(name, host)| plain(name) && !host.is_empty() && !bare.contains(char::is_whitespace))
    }
}

/// What an address or handle names, as far as it is known here.
fn known(conn: &mut Conn, site: &Site, request: &Request) -> Result<Option<Found>> {
    let text = request.text.as_str();
    if !request.is_address() {
        let account = store::accounts::find_by_handle(conn, &local_handle(site, text))?;
        return Ok(account.filter(|a| !a.is_unavailable()).map(|a| Found::Account(a.id)));
    }
    if let Some((_, id)) = site.local_post::<Post>(text) {
        return Ok(store::posts::find(conn, id)?.map(|p| Found::Post(p.id)));
    }
    if let Some(name) = site.local_username(text) {
        return Ok(store::accounts::find_local(conn, &name)?.map(|a| Found::Account(a.id)));
    }
    if let Some(post) = store::posts::find_by_uri(conn, text)? {
        return Ok(Some(Found::Post(post.id)));
    }
    Ok(store::accounts::find_by_uri(conn, text)?.filter(|a| !a.is_unavailable()).map(|a| Found::Account(a.id)))
}

/// The account or post an address or handle names; asks its server when `resolve` is set.
async fn named(app: &App, request: &Request) -> Option<Found> {
    if !request.is_address() && !request.is_handle() {
        return None;
    }
    let (site, copy) = (app.site().clone(), request.clone());
    match app.read(move |conn| known(conn, &site, &copy)).await {
        Ok(Some(found)) => return Some(found),
        Ok(None) if request.resolve => {}
        _ => return None,
    }
    match app.look_up(&request.text).await {
        Ok(found) => Some(found),
        Err(error) => {
            // What cannot be had is simply not found; why is not for the asker (NET-12).
            tracing::debug!(%error, "a look-up found nothing");
            None
        }
    }
}

/// Everything found, before it is rendered.
struct Results {
    accounts: Vec<Id<Account>>,
    posts: Vec<Post>,
    tags: Vec<Tag>,
    /// Why somebody was found, and the name of the field that says so.
    reasons: Vec<(Id<Account>, String)>,
    why: &'static str,
}

impl Results {
    fn none() -> Self {
        Self { accounts: Vec::new(), posts: Vec::new(), tags: Vec::new(), reasons: Vec::new(), why: "" }
    }

    /// The accounts as documents; those found for a reason say it where every client shows it: in the first line of the
    /// note, and as the first field.
    fn documents(&self, render: &Render<'_>) -> Result<Vec<Box<RawValue>>> {
        let mut documents = Vec::with_capacity(self.accounts.len());
        for id in &self.accounts {
            let Some(json) = render.accounts.get(*id) else { continue };
            let reason = self.reasons.iter().find(|(found, _)| found == id).map(|(_, because)| because.as_str());
            documents.push(match reason {
                None => json.to_owned(),
                Some(because) => with_reason(json, self.why, because)?,
            });
        }
        Ok(documents)
    }
}

/// An account document with a reason in it.
pub(super) fn with_reason(account: &RawValue, why: &str, because: &str) -> Result<Box<RawValue>> {
    let mut document: serde_json::Value = serde_json::from_str(account.get()).map_err(Error::internal)?;
    let line = escape(because);
    if let Some(note) = document.get_mut("note") {
        *note = format!("<p>{line}</p>{}", note.as_str().unwrap_or_default()).into();
    }
    if let Some(fields) = document.get_mut("fields").and_then(serde_json::Value::as_array_mut) {
        fields.insert(0, serde_json::json!({ "name": why, "value": line, "verified_at": null }));
    }
    serde_json::value::to_raw_value(&document).map_err(Error::internal)
}

fn find(
    conn: &mut Conn,
    site: &Site,
    viewer: Viewer,
    request: &Request,
    named: Option<Found>,
    budget: &Budget,
    now: Timestamp,
) -> Result<Results> {
    let mut results = Results::none();
    match named {
        Some(Found::Account(id))
            if request.accounts && request.offset == 0 && store::users::waiting(conn, &[id])?.is_empty() =>
        {
            results.accounts.push(id);
        }
        Some(Found::Post(id)) if request.posts && request.offset == 0 => {
            results.posts.extend(store::posts::find(conn, id)?);
        }
        _ => {}
    }
    if request.is_address() {
        return Ok(results);
    }
    if request.accounts {
        let (following, limit, offset) = (request.following, request.limit, request.offset);
        let query = AccountQuery { following, about: true, limit, offset };
        let handle = local_handle(site, &request.text);
        for id in search::accounts(conn, viewer, &request.text, &handle, query, budget, now)? {
            if !results.accounts.contains(&id) && results.accounts.len() < request.limit {
                results.accounts.push(id);
            }
        }
    }
    if request.posts && !request.is_handle() && viewer.0.is_some() {
        let query = PostQuery {
            author: request.author,
            below: request.below,
            above: request.above,
            limit: request.limit,
            offset: request.offset,
        };
        let zone = match viewer.0 {
            Some(me) => people::load(conn, me)?.time_zone,
            None => String::new(),
        };
        let (asked, handle) = (Query::read(&request.text, &zone), |name: &str| local_handle(site, name));
        results.posts.extend(search::posts(conn, viewer, &asked, handle, query, budget, now)?);
    }
    if request.tags
        && let Some(prefix) = normalize_hashtag(request.text.trim_start_matches('#'))
    {
        let (limit, offset) = (request.limit as i64, request.offset as i64);
        let rows = search::hashtags(conn, viewer, &prefix, request.reviewed, limit, offset, budget)?;
        results.tags = tags::documents(conn, site, viewer, &rows, now)?;
    }
    Ok(results)
}

/// What a question to the directory brought.
struct Question {
    results: Results,
    open_questions: bool,
}

/// Answers a question to the directory (`who knows X`, `skill:X`, `site:Y`, `project:X`, `open questions`); none for an
/// ordinary search and for strangers, for whom there is no directory.
async fn question(app: &App, viewer: Viewer, request: &Request) -> Result<Option<Question>> {
    let Some(me) = viewer.0 else { return Ok(None) };
    let asked = match wording::asked(&request.text) {
        Some(asked) => asked,
        None if experts::asks_for_place(app, &request.text).await? => Asked::Experts,
        None => return Ok(None),
    };
    let mut results = Results::none();
    if asked == Asked::OpenQuestions {
        return Ok(Some(Question { results, open_questions: true }));
    }
    if request.accounts {
        let found = experts::find(app, me, &request.text, request.limit + request.offset).await?;
        if request.offset == 0 {
            experts::finds::searched(app, me, &found.experts);
        }
        results.why = wording::why(found.tongue);
        // The project itself stands before its people, in one list whatever its pages are.
        let mut all: Vec<(Id<Account>, Option<String>)> = Vec::new();
        if let Some((text, place)) = wording::project_asked(&request.text) {
            let question = register::Question { text: Some(text.to_owned()), ..register::Question::default() };
            let mut found_projects = register::ask(app, question).await?.found;
            // Of one that is called so nobody asks for others with like letters.
            if found_projects.iter().any(|found| is_called(&found.project.name, text)) {
                found_projects.retain(|found| is_called(&found.project.name, text));
            }
            found_projects.retain(|found| place.is_none_or(|place| is_at(&found.project.site, place)));
            for project in found_projects {
                let shared = project.candidate.tags.iter().chain(&project.candidate.words).map(String::as_str);
                if let Some(because) = wording::shared(shared, found.tongue) {
                    all.push((project.project.account(), Some(because)));
                }
            }
            if all.is_empty() {
                let named = projects_named(app, viewer, (text.to_owned(), place.map(str::to_owned)), PROJECTS).await?;
                all.extend(named.into_iter().map(|account| (account, None)));
            }
        }
        all.extend(found.experts.into_iter().map(|expert| (expert.account, Some(expert.because))));
        for (account, because) in all.into_iter().skip(request.offset).take(request.limit) {
            results.accounts.push(account);
            results.reasons.extend(because.map(|because| (account, because)));
        }
        // Nothing is fetched: that somebody looks for them is not told to their site. Their posts come when a profile is
        // opened.
    }
    Ok(Some(Question { results, open_questions: false }))
}

/// Projects by name: where there are few, no word is rare, and the register tells nothing apart.
async fn projects_named(
    app: &App,
    viewer: Viewer,
    (text, place): (String, Option<String>),
    limit: usize,
) -> Result<Vec<Id<Account>>> {
    let (now, milliseconds) = (app.clock().now(), app.config().posts.search_milliseconds);
    app.read(move |conn| {
        let query = AccountQuery { following: false, about: false, limit, offset: 0 };
        let found = search::accounts(conn, viewer, &text, &text, query, &Budget::new(milliseconds), now)?;
        let rows = store::accounts::list(conn, &found)?;
        let projects = || rows.iter().filter(|row| row.kind == AccountKind::Group);
        let exact = projects().any(|row| is_called(&row.display_name, &text));
        let fits =
            |id: &Id<Account>| projects().any(|row| row.id == *id && (!exact || is_called(&row.display_name, &text)));
        let mut named: Vec<Id<Account>> = found.into_iter().filter(fits).collect();
        if let Some(place) = place {
            let mut there = Vec::with_capacity(named.len());
            for id in named {
                if store::projects::of_account(conn, id)?.is_some_and(|project| is_at(&project.site, &place)) {
                    there.push(id);
                }
            }
            named = there;
        }
        Ok(named)
    })
    .await
}

/// Whether a site is the one that is named, in full or by some of its words.
fn is_at(site: &str, place: &str) -> bool {
    let (site, place) = (plain_words(site), plain_words(place));
    place.iter().all(|word| site.contains(word))
}

/// Whether a project has this name, however it is written.
fn is_called(name: &str, text: &str) -> bool {
    plain_words(name) == plain_words(text)
}

fn plain_words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Questions that nobody answered.
fn open_questions(conn: &mut Conn, viewer: Viewer, request: &Request, budget: &Budget) -> Result<Results> {
    let mut results = Results::none();
    if request.posts {
        let (visible, most) = (visibility::condition(viewer), (request.limit + request.offset) as i64);
        let found = budget.run(conn, |conn| questions::open(conn, visible, most))?;
        results.posts = found.unwrap_or_default().into_iter().skip(request.offset).collect();
    }
    Ok(results)
}

async fn run<F>(app: &App, viewer: Viewer, request: Request, render: F) -> ApiResult<Rendered>
where
    F: FnOnce(&Render<'_>, &Results) -> Result<Rendered> + Send + 'static,
{
    open_to(app, viewer)?;
    let asked = question(app, viewer, &request).await?;
    let found = if asked.is_some() { None } else { named(app, &request).await };
    let (site, now) = (app.site().clone(), app.clock().now());
    let milliseconds = app.config().posts.search_milliseconds;
    let rendered = app.read(move |conn| {
        // It counts from here: waiting for a connection is not searching.
        let budget = Budget::new(milliseconds);
        let mut results = match asked {
            None => find(conn, &site, viewer, &request, found, &budget, now)?,
            Some(results) if results.open_questions => open_questions(conn, viewer, &request, &budget)?,
            Some(asked) => asked.results,
        };
        let posts = std::mem::take(&mut results.posts);
        let views = PostViews::load_with(conn, viewer, posts, &results.accounts, now)?;
        render(&Render::new(&site, &views)?, &results)
    });
    Ok(rendered.await?)
}

async fn second(State(app): State<App>, Anyone(viewer): Anyone, params: Params) -> ApiResult<Rendered> {
    let request = Request::read(&params, viewer)?;
    run(&app, viewer, request, |render, results| {
        let documents = results.documents(render)?;
        Rendered::of(&Search {
            accounts: documents.iter().map(AsRef::as_ref).collect(),
            statuses: render.all(),
            hashtags: results.tags.clone(),
        })
    })
    .await
}

/// The first generation names hashtags instead of describing them.
async fn first(State(app): State<App>, Anyone(viewer): Anyone, params: Params) -> ApiResult<Rendered> {
    let request = Request::read(&params, viewer)?;
    run(&app, viewer, request, |render, results| {
        let accounts = results.documents(render)?;
        let tags: Vec<&str> = results.tags.iter().map(|t| t.name.as_str()).collect();
        Rendered::of(&serde_json::json!({ "accounts": accounts, "statuses": render.all(), "hashtags": tags }))
    })
    .await
}

async fn accounts(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    // Who completes names as they are typed begins with nothing.
    if params.filled("q").is_none() {
        return Ok(Rendered(b"[]".to_vec()));
    }
    let mut request = Request::read(&params, me.viewer())?;
    request.limit = bounded(&params, "limit", 40, 80)?;
    (request.accounts, request.posts, request.tags) = (true, false, false);
    run(&app, me.viewer(), request, |render, results| Rendered::of(&results.documents(render)?)).await
}
