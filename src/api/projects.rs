//! Projects: write one down, see who does the same, publish, edit, join, lead.

use super::{
    Access, ApiResult, Empty, Params, Rendered, Routes, SignedIn,
    entities::{
        project::{Project, project as document, projects as documents},
        render::Accounts,
    },
    params::Value,
};
use crate::{
    Error, Result,
    app::App,
    db::Conn,
    domain::{
        Tx,
        projects::{self as rules, Fields, group, listing, locks, members, relations, succession},
        scopes::Scope,
        views::AccountViews,
    },
    id::Id,
    model::{self, Account, Audience, Membership, RelationKind, WorkState},
    register::{self, Answer, Question},
    store,
};
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::value::RawValue;

/// Projects of a page, unless the client asks for another number.
const PAGE: i64 = 20;
/// The most.
const PAGES: i64 = 40;
/// Drafts of somebody, and projects they work on, of which pages are made.
const OWN: i64 = 1_000;

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::User(&[Scope::ReadAccounts]);
    const WRITE: Access = Access::User(&[Scope::WriteAccounts]);
    Routes::new()
        .get("/api/watercooler/v1/projects", READ, all)
        .post("/api/watercooler/v1/projects", WRITE, create)
        .post("/api/watercooler/v1/projects/check", READ, check)
        .get("/api/watercooler/v1/projects/{id}", READ, one)
        .update("/api/watercooler/v1/projects/{id}", WRITE, edit)
        .delete("/api/watercooler/v1/projects/{id}", WRITE, discard)
        .post("/api/watercooler/v1/projects/{id}/publish", WRITE, publish)
        .post("/api/watercooler/v1/projects/{id}/state", WRITE, set_state)
        .post("/api/watercooler/v1/projects/{id}/join", WRITE, join)
        .post("/api/watercooler/v1/projects/{id}/leave", WRITE, leave)
        .get("/api/watercooler/v1/projects/{id}/members", READ, list_members)
        .post("/api/watercooler/v1/projects/{id}/members/{account}", WRITE, invite)
        .delete("/api/watercooler/v1/projects/{id}/members/{account}", WRITE, remove_member)
        .get("/api/watercooler/v1/projects/{id}/requests", WRITE, requests)
        .post("/api/watercooler/v1/projects/{id}/requests/{account}/accept", WRITE, accept)
        .post("/api/watercooler/v1/projects/{id}/requests/{account}/reject", WRITE, reject)
        .post("/api/watercooler/v1/projects/{id}/moderators/{account}", WRITE, make_moderator)
        .delete("/api/watercooler/v1/projects/{id}/moderators/{account}", WRITE, unmake_moderator)
        .post("/api/watercooler/v1/projects/{id}/locks/{status}", WRITE, lock)
        .delete("/api/watercooler/v1/projects/{id}/locks/{status}", WRITE, unlock)
        .post("/api/watercooler/v1/projects/{id}/lead", WRITE, hand_over)
        .post("/api/watercooler/v1/projects/{id}/relations", WRITE, relate)
        .delete("/api/watercooler/v1/projects/{id}/relations", WRITE, unrelate)
        .post("/api/watercooler/v1/projects/{id}/withdraw", WRITE, withdraw)
}

type Row = model::Project;

fn state_of(params: &Params) -> Result<Option<WorkState>> {
    match params.filled("state") {
        None => Ok(None),
        Some(word) => word
            .trim()
            .parse()
            .map(Some)
            .map_err(|()| Error::invalid("state", "inclusion", "State is idea, active, paused, done or stopped")),
    }
}

fn audience_of(params: &Params) -> Result<Option<Audience>> {
    match params.filled("audience") {
        None => Ok(None),
        Some(word) => word.trim().parse().map(Some).map_err(|()| {
            Error::invalid("audience", "inclusion", "Audience is not included in the list: site, organisation, open")
        }),
    }
}

fn membership_of(params: &Params) -> Result<Option<Membership>> {
    match params.filled("membership") {
        None => Ok(None),
        Some(word) => word
            .trim()
            .parse()
            .map(Some)
            .map_err(|()| Error::invalid("membership", "inclusion", "Membership is open, request or invitation")),
    }
}

/// What a tag, or what a project looks for, is called: text, or the `name` of an object.
fn term_name(term: &Value) -> Option<&str> {
    match term {
        Value::Map(term) => term.text("name"),
        other => other.as_text(),
    }
}

fn fields(params: &Params) -> Result<Fields> {
    let text = |name: &str| params.text(name).map(str::to_owned);
    // What is null is as if it were not there.
    let given = |name: &str| !matches!(params.get(name), None | Some(Value::Null));
    let list = |name: &str| given(name).then(|| params.texts(name).into_iter().map(str::to_owned).collect());
    let terms = |name: &str| {
        given(name).then(|| params.list(name).into_iter().filter_map(term_name).map(str::to_owned).collect())
    };
    let described = ["tags", "looking_for"].into_iter().flat_map(|name| params.maps(name));
    let term_links = described.filter(|term| term.has("same_as")).map(|term| {
        let addresses = term.texts("same_as").into_iter().map(str::to_owned).collect();
        (term.text("name").unwrap_or_default().to_owned(), addresses)
    });
    Ok(Fields {
        term_links: term_links.collect(),
        name: text("name"),
        purpose: text("purpose"),
        tags: terms("tags"),
        looking_for: terms("looking_for"),
        vendor: list("vendor"),
        links: list("links"),
        language: text("language"),
        state: state_of(params)?,
        audience: audience_of(params)?,
        membership: membership_of(params)?,
    })
}

fn rendered(conn: &mut Conn, me: Id<Account>, row: Row) -> Result<Rendered> {
    Rendered::of(&document(conn, me, row)?)
}

/// Runs a change and answers the project as it is then.
async fn changing<F>(app: &App, me: SignedIn, change: F) -> ApiResult<Rendered>
where
    F: FnOnce(&mut Tx<'_>) -> Result<Row> + Clone + Send + 'static,
{
    let done = app.write(move |tx| {
        let row = change(tx)?;
        rendered(tx.conn, me.account, row)
    });
    Ok(done.await?)
}

async fn all(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let limit = params.integer("limit")?.unwrap_or(PAGE).clamp(1, PAGES);
    let text = |name: &str| params.text(name).unwrap_or_default();
    let wanted = listing::Wanted::new(text("q"), state_of(&params)?, text("site"));
    let before = params.id::<Row>("max_id")?;
    let (mine, drafts) = (params.flag("mine"), params.flag("drafts"));
    let list = app.read(move |conn| {
        let rows = if drafts {
            behind(store::projects::drafts(conn, me.account, OWN)?, before, limit)
        } else if mine {
            behind(store::projects::of_member(conn, me.account, OWN)?, before, limit)
        } else {
            listing::list(conn, &wanted, before, limit)?
        };
        Rendered::of(&documents(conn, me.account, rows)?)
    });
    Ok(list.await?)
}

/// The page of a list behind one of its rows.
fn behind(mut rows: Vec<Row>, id: Option<Id<Row>>, limit: i64) -> Vec<Row> {
    if let Some(id) = id {
        let begin = rows.iter().position(|row| row.id == id).map_or(rows.len(), |at| at + 1);
        rows.drain(..begin);
    }
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    rows
}

async fn one(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let found = app.read(move |conn| {
        let row = rules::visible(conn, me.account, id)?;
        rendered(conn, me.account, row)
    });
    Ok(found.await?)
}

async fn create(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let fields = fields(&params)?;
    if !params.flag("publish") {
        return changing(&app, me, move |tx| rules::create(tx, me.account, &fields)).await;
    }
    let asked = question(&params, None);
    let way = Way::read(&app, &params, asked).await?;
    let published = changing(&app, me, move |tx| {
        let draft = rules::create(tx, me.account, &fields)?;
        way.publish(tx, me.account, draft.id)
    });
    published.await
}

async fn edit(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let (id, fields) = (id.parse()?, fields(&params)?);
    changing(&app, me, move |tx| rules::edit(tx, me.account, id, &fields)).await
}

async fn discard(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    let id = id.parse()?;
    app.write(move |tx| rules::discard(tx, me.account, id)).await?;
    Ok(Empty)
}

/// How a draft is published: under which name, and beside which other project.
#[derive(Clone)]
struct Way {
    username: Option<String>,
    /// Actor id, and why this one is different.
    different: Option<(String, RelationKind, String)>,
}

impl Way {
    async fn read(app: &App, params: &Params, asked: Question) -> ApiResult<Self> {
        let username = params.filled("username").map(str::to_owned);
        let Some(reason) = params.filled("different_because").map(str::to_owned) else {
            return Ok(Self { username, different: None });
        };
        let kind = kind_of(params)?;
        let other = match params.filled("of") {
            Some(of) => Some(named(app, of).await?),
            // The one that was shown first.
            None => register::ask(app, asked).await?.found.into_iter().next().map(|found| found.project),
        };
        let Some(other) = other else { return Ok(Self { username, different: None }) };
        register::acquaint(app, &other).await;
        Ok(Self { username, different: other.uri.map(|uri| (uri, kind, reason)) })
    }

    fn publish(self, tx: &mut Tx<'_>, me: Id<Account>, id: Id<Row>) -> Result<Row> {
        let row = rules::publish(tx, me, id, self.username.as_deref())?;
        match self.different {
            Some((other, kind, reason)) => relations::different(tx, me, id, &other, kind, &reason),
            None => Ok(row),
        }
    }
}

fn kind_of(params: &Params) -> Result<RelationKind> {
    match params.filled("kind") {
        None => Ok(RelationKind::Related),
        Some(word) => word
            .trim()
            .parse()
            .map_err(|()| Error::invalid("kind", "inclusion", "Kind is related_to, same_work_as or supersedes")),
    }
}

/// A project of the register by its id here or by its actor id.
async fn named(app: &App, text: &str) -> Result<Row> {
    let text = text.trim().to_owned();
    app.read(move |conn| {
        let found = match text.parse::<Id<Row>>() {
            Ok(id) => store::projects::find(conn, id)?.filter(Row::is_public),
            Err(_) => store::projects::find_by_uri(conn, &text)?,
        };
        found.ok_or(Error::NotFound)
    })
    .await
}

async fn publish(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let id: Id<Row> = id.parse()?;
    let draft = app.read(move |conn| rules::visible(conn, me.account, id)).await?;
    let way = Way::read(&app, &params, Question::of(&draft)).await?;
    changing(&app, me, move |tx| way.publish(tx, me.account, id)).await
}

async fn set_state(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    params: Params,
) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let state = state_of(&params)?.ok_or_else(|| Error::bad_request("Missing parameter: state"))?;
    let reason = params.text("reason").unwrap_or("").to_owned();
    changing(&app, me, move |tx| rules::set_state(tx, me.account, id, state, &reason)).await
}

async fn join(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let (id, message) = (id.parse()?, params.text("message").unwrap_or("").to_owned());
    changing(&app, me, move |tx| members::ask(tx, me.account, id, &message)).await
}

async fn leave(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id = id.parse()?;
    changing(&app, me, move |tx| members::leave(tx, me.account, id)).await
}

/// Somebody of a project, or who asks to be.
#[derive(Serialize)]
struct Member<'a> {
    role: &'static str,
    message: &'a str,
    since: crate::time::Timestamp,
    account: &'a RawValue,
}

fn people(app: &App, conn: &mut Conn, id: Id<Row>, asking: bool) -> Result<Rendered> {
    let rows = store::projects::members(conn, id, asking, 500)?;
    let ids: Vec<Id<Account>> = rows.iter().map(|row| row.account).collect();
    let views = AccountViews::load(conn, &ids)?;
    let accounts = Accounts::new(app.site(), &views)?;
    let list = rows.iter().filter_map(|row| {
        Some(Member {
            role: row.role.as_str(),
            message: if asking { &row.message } else { "" },
            since: row.created_at,
            account: accounts.get(row.account)?,
        })
    });
    Rendered::of(&list.collect::<Vec<_>>())
}

async fn list_members(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let (id, inner) = (id.parse()?, app.clone());
    let list = app.read(move |conn| {
        rules::visible(conn, me.account, id)?;
        people(&inner, conn, id, false)
    });
    Ok(list.await?)
}

async fn requests(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let (id, inner) = (id.parse()?, app.clone());
    let list = app.read(move |conn| {
        let row = rules::visible(conn, me.account, id)?;
        if rules::role(conn, &row, me.account)? < Some(model::ProjectRole::Moderator) {
            return Err(Error::forbidden("Only its lead may do this"));
        }
        people(&inner, conn, id, true)
    });
    Ok(list.await?)
}

type Pair = Path<(String, String)>;

async fn accept(State(app): State<App>, me: SignedIn, Path((id, who)): Pair) -> ApiResult<Rendered> {
    let (id, who) = (id.parse()?, who.parse()?);
    changing(&app, me, move |tx| members::answer(tx, me.account, id, who, true)).await
}

async fn reject(State(app): State<App>, me: SignedIn, Path((id, who)): Pair) -> ApiResult<Rendered> {
    let (id, who) = (id.parse()?, who.parse()?);
    changing(&app, me, move |tx| members::answer(tx, me.account, id, who, false)).await
}

async fn invite(State(app): State<App>, me: SignedIn, Path((id, who)): Pair) -> ApiResult<Rendered> {
    let (id, who) = (id.parse()?, who.parse()?);
    changing(&app, me, move |tx| members::invite(tx, me.account, id, who)).await
}

async fn remove_member(State(app): State<App>, me: SignedIn, Path((id, who)): Pair) -> ApiResult<Empty> {
    let (id, who) = (id.parse()?, who.parse()?);
    app.write(move |tx| members::remove(tx, me.account, id, who)).await?;
    Ok(Empty)
}

async fn make_moderator(State(app): State<App>, me: SignedIn, Path((id, who)): Pair) -> ApiResult<Empty> {
    let (id, who) = (id.parse()?, who.parse()?);
    app.write(move |tx| members::moderate(tx, me.account, id, who, true)).await?;
    Ok(Empty)
}

async fn unmake_moderator(State(app): State<App>, me: SignedIn, Path((id, who)): Pair) -> ApiResult<Empty> {
    let (id, who) = (id.parse()?, who.parse()?);
    app.write(move |tx| members::moderate(tx, me.account, id, who, false)).await?;
    Ok(Empty)
}

async fn hand_over(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    params: Params,
) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let to = params.id("account_id")?.ok_or_else(|| Error::bad_request("Missing parameter: account_id"))?;
    changing(&app, me, move |tx| {
        let orphaned = rules::visible(tx.conn, me.account, id)?.lead_uri.is_none();
        match orphaned && to == me.account {
            true => succession::take_over(tx, me.account, id),
            false => members::hand_over(tx, me.account, id, to),
        }
    })
    .await
}

async fn relate(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let (id, kind) = (id.parse()?, kind_of(&params)?);
    let other = named(&app, params.required("to")?).await?;
    register::acquaint(&app, &other).await;
    let (uri, reason) = (other.uri.unwrap_or_default(), params.text("reason").unwrap_or("").to_owned());
    changing(&app, me, move |tx| relations::relate(tx, me.account, id, &uri, kind, &reason)).await
}

async fn unrelate(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Empty> {
    let (id, to) = (id.parse()?, params.required("to")?.trim().to_owned());
    let uri = match named(&app, &to).await {
        Ok(other) => other.uri.unwrap_or_default(),
        // What is gone can still be named by its address.
        Err(Error::NotFound) => to,
        Err(error) => return Err(error.into()),
    };
    app.write(move |tx| relations::unrelate(tx, me.account, id, &uri)).await?;
    Ok(Empty)
}

async fn withdraw(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Empty> {
    let id = id.parse()?;
    let post = params.id("status_id")?.ok_or_else(|| Error::bad_request("Missing parameter: status_id"))?;
    app.write(move |tx| group::withdraw(tx, me.account, id, post)).await?;
    Ok(Empty)
}

async fn lock(State(app): State<App>, me: SignedIn, Path((id, post)): Pair) -> ApiResult<Empty> {
    let (id, post) = (id.parse()?, post.parse()?);
    app.write(move |tx| locks::set(tx, me.account, id, post, true)).await?;
    Ok(Empty)
}

async fn unlock(State(app): State<App>, me: SignedIn, Path((id, post)): Pair) -> ApiResult<Empty> {
    let (id, post) = (id.parse()?, post.parse()?);
    app.write(move |tx| locks::set(tx, me.account, id, post, false)).await?;
    Ok(Empty)
}

fn question(params: &Params, except: Option<String>) -> Question {
    let list = |name: &str| {
        let named = params.list(name).into_iter().filter_map(term_name);
        named.flat_map(|t| t.split(',')).map(|t| t.trim().to_owned())
    };
    let text = |name: &str, most: usize| params.text(name).unwrap_or("").chars().take(most).collect::<String>();
    let vendor = list("vendor").filter(|v| !v.is_empty()).take(10).collect::<Vec<_>>().join(", ");
    Question {
        text: params.filled("text").map(|t| t.chars().take(500).collect()),
        name: text("name", 200),
        purpose: text("purpose", 4_000),
        tags: list("tags").filter(|t| !t.is_empty()).take(40).collect(),
        vendor: (!vendor.is_empty()).then_some(vendor),
        language: params.filled("language").map(|t| t.chars().take(35).collect()),
        except,
    }
}

/// One of the projects that resemble what is written.
#[derive(Serialize)]
struct Candidate {
    /// Its words that match, the rarest first.
    words: Vec<String>,
    /// Its tags that match.
    matching_tags: Vec<String>,
    /// The vendor is the same, or is mentioned.
    same_vendor: bool,
    /// It is part of the warning.
    warn: bool,
    /// It looks like the same work.
    same_work: bool,
    project: Project,
}

/// The answer while somebody writes.
#[derive(Serialize)]
struct Checked {
    /// Always offered, best first, at most five.
    candidates: Vec<Candidate>,
    /// `similar` or `same_work` when it is earned; nothing is worth interrupting for otherwise.
    warning: Option<&'static str>,
    /// The register was current.
    complete: bool,
}

fn checked(conn: &mut Conn, me: Id<Account>, answer: Answer) -> Result<Checked> {
    let (whys, rows): (Vec<_>, Vec<_>) = answer.found.into_iter().map(|found| (found.candidate, found.project)).unzip();
    let candidates = whys.into_iter().zip(documents(conn, me, rows)?).map(|(why, project)| Candidate {
        words: why.words,
        matching_tags: why.tags,
        same_vendor: why.vendor,
        warn: why.warn,
        same_work: why.same,
        project,
    });
    let candidates: Vec<Candidate> = candidates.collect();
    let warning = match (candidates.iter().any(|c| c.same_work), candidates.iter().any(|c| c.warn)) {
        (true, _) => Some("same_work"),
        (_, true) => Some("similar"),
        _ => None,
    };
    Ok(Checked { candidates, warning, complete: answer.complete })
}

async fn check(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let except = match params.id::<Row>("project_id")? {
        Some(id) => app.read(move |conn| rules::visible(conn, me.account, id)).await?.uri,
        None => None,
    };
    let answer = register::ask(&app, question(&params, except)).await?;
    Ok(app.read(move |conn| Rendered::of(&checked(conn, me.account, answer)?)).await?)
}
