//! `/projects/{id}`: what whoever leads or moderates a project of this node does about it in a browser: answers who asks to
//! join, says how far it is, changes what it says of itself, hands it over.

use super::{
    STATES, page_of,
    registering::{Typed, memberships, refusal},
    sign_in, tongue,
};
use crate::{
    Error, Result,
    db::Conn,
    domain::{
        Tx,
        projects::{self as rules, members, words::Words},
    },
    id::Id,
    model::{Account, Project, ProjectRole, WorkState},
    rate::Rule,
    store,
    web::{
        pages::{Author, Choice, Frame, Wrong},
        public::finish,
        shown,
        visit::{Fields, Kind, Visitor},
        words::Lang,
    },
};
use askama::Template;
use axum::{extract::Path, http::StatusCode, response::Response};

/// People of a project that are shown, as many as it may have.
const PEOPLE: i64 = members::MEMBERS;

/// Somebody who asks to join.
pub struct Asking {
    /// Their id.
    pub id: String,
    /// Who.
    pub who: Author,
    /// What they wrote.
    pub message: String,
}

/// A project, for whoever leads it.
#[derive(Template)]
#[template(path = "project.html")]
pub struct Leading {
    /// Surroundings.
    pub frame: Frame,
    /// Guards the forms against other sites.
    pub token: String,
    /// What was done just now.
    pub done: Option<&'static str>,
    /// Its id.
    pub id: String,
    /// What it is called.
    pub heading: String,
    /// Its page.
    pub page: String,
    /// Who asks to join.
    pub asking: Vec<Asking>,
    /// How far it may be.
    pub states: Vec<Choice>,
    /// What was said about that last, or typed.
    pub reason: String,
    /// What it is called, or was typed.
    pub name: String,
    /// What it is for, or was typed.
    pub purpose: String,
    /// What it is about, or was typed.
    pub tags: String,
    /// What it lacks, or was typed.
    pub looking_for: String,
    /// What was bought, or typed.
    pub vendor: String,
    /// Where more is said, or was typed.
    pub link: String,
    /// Who may become a member.
    pub memberships: Vec<Choice>,
    /// Ids and names of those who may lead it instead; none for who does not lead it.
    pub heirs: Vec<(String, String)>,
    /// What was wrong.
    pub wrong: Wrong,
}

/// What the page is made of.
struct Read {
    project: Project,
    account: Account,
    asking: Vec<(Account, String)>,
    heirs: Vec<Account>,
}

/// Where the page of a project is.
fn address(id: Id<Project>) -> String {
    format!("/projects/{id}")
}

/// A project of this node that this person may change; none where there is nothing for them to do.
///
/// # Errors
/// `NotFound` for what they may not see, and for a draft, which is changed where it is written.
fn theirs(conn: &mut Conn, me: Id<Account>, id: Id<Project>) -> Result<(Project, Option<ProjectRole>)> {
    let project = rules::visible(conn, me, id)?;
    if !project.is_public() {
        return Err(Error::NotFound);
    }
    let role = rules::role(conn, &project, me)?.filter(|role| project.local && *role >= ProjectRole::Moderator);
    Ok((project, role))
}

fn read(conn: &mut Conn, me: Id<Account>, id: Id<Project>) -> Result<Option<Read>> {
    let (project, Some(role)) = theirs(conn, me, id)? else { return Ok(None) };
    let account = store::accounts::load(conn, project.account())?;
    let asking = store::projects::members(conn, id, true, PEOPLE)?;
    let people = match role {
        ProjectRole::Lead => store::projects::members(conn, id, false, PEOPLE)?,
        _ => Vec::new(),
    };
    let ids: Vec<Id<Account>> = asking.iter().chain(&people).map(|member| member.account).collect();
    let accounts = store::accounts::list(conn, &ids)?;
    let there =
        |id: Id<Account>| accounts.iter().find(|account| account.id == id && !account.is_unavailable()).cloned();
    let heirs = people.iter().filter(|member| member.account != me).filter_map(|member| there(member.account));
    // A project is led where it lives, by who is there.
    let heirs = heirs.filter(|heir| heir.is_local() && heir.left_on.is_none() && heir.moved_to_id.is_none()).collect();
    let asking = asking.into_iter().filter_map(|member| Some((there(member.account)?, member.message))).collect();
    Ok(Some(Read { project, account, asking, heirs }))
}

/// What stands in the forms in place of what is stored: what was typed and refused.
#[derive(Default)]
struct Kept {
    typed: Option<Typed>,
    state: Option<(Option<WorkState>, String)>,
}

async fn answer(
    visitor: &Visitor,
    me: Id<Account>,
    id: Id<Project>,
    kept: Kept,
    (done, wrong): (Option<&'static str>, Wrong),
) -> Result<Response> {
    let Some(found) = visitor.app.read(move |conn| read(conn, me, id)).await? else {
        // Whoever does not lead it reads there how they belong to it.
        let project = visitor.app.read(move |conn| rules::visible(conn, me, id)).await?;
        return page_of(visitor, &project).await;
    };
    let Read { project, account, asking, heirs } = found;
    let (site, frame) = (visitor.app.site(), visitor.frame());
    let words = Words::from(tongue(visitor.lang));
    let typed = kept.typed.unwrap_or_else(|| Typed::of(&project));
    let (state, reason) = kept.state.unwrap_or_else(|| (Some(project.state), project.state_reason.clone()));
    let choice =
        |one: &WorkState| Choice { value: one.as_str(), text: words.headline(*one), chosen: state == Some(*one) };
    let asking = asking.into_iter().map(|(who, message)| Asking {
        id: who.id.to_string(),
        who: Author {
            name: shown::name(&who),
            handle: shown::handle(site, &who),
            url: shown::page_here(site, &who),
            avatar: shown::avatar(site, &who),
        },
        message,
    });
    let heirs = heirs.into_iter().map(|heir| (heir.id.to_string(), shown::name(&heir)));
    let status = if wrong.is_nothing() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Leading {
        token: visitor.token(),
        done,
        id: id.to_string(),
        heading: project.name.clone(),
        page: shown::path_of(&account),
        asking: asking.collect(),
        states: STATES.iter().map(choice).collect(),
        reason,
        memberships: memberships(visitor.lang, typed.membership),
        name: typed.name,
        purpose: typed.purpose,
        tags: typed.tags,
        looking_for: typed.looking_for,
        vendor: typed.vendor,
        link: typed.link,
        heirs: heirs.collect(),
        wrong,
        frame,
    };
    Ok(visitor.page(status, Kind::Form, &page))
}

/// `GET /projects/{id}`.
pub async fn show(visitor: Visitor, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<Id<Project>>() else { return visitor.fail(Error::NotFound) };
    let Some(browser) = &visitor.browser else { return visitor.redirect(&sign_in(&address(id))) };
    let me = browser.account.id;
    finish(&visitor, answer(&visitor, me, id, Kept::default(), (None, Wrong::nothing())).await)
}

/// `POST /projects/{id}`: one of its forms.
pub async fn submit(visitor: Visitor, Path(id): Path<String>, fields: Fields) -> Response {
    let Ok(id) = id.parse::<Id<Project>>() else { return visitor.fail(Error::NotFound) };
    let Some(browser) = &visitor.browser else { return visitor.redirect(&sign_in(&address(id))) };
    if !visitor.is_own_form(fields.text("token")) {
        return visitor.fail(Error::forbidden(visitor.lang.words().stale_form));
    }
    finish(&visitor, step(&visitor, browser.account.id, id, &fields).await)
}

async fn step(visitor: &Visitor, me: Id<Account>, id: Id<Project>, fields: &Fields) -> Result<Response> {
    let (app, words) = (&visitor.app, visitor.lang.words());
    app.limiter().check(Rule::Posts, &me)?;
    let (way, who) = fields.text("do").split_once(' ').unwrap_or((fields.text("do"), ""));
    let mut kept = Kept::default();
    let done = match way {
        "accept" | "refuse" => {
            let (yes, who): (bool, Id<Account>) = (way == "accept", who.parse()?);
            let answered = app.write(move |tx| members::answer(tx, me, id, who, yes).map(|_| ()));
            visitor.acting(answered).await.map(|()| if yes { words.project_taken_in } else { words.project_refused })
        }
        "state" => {
            let state: Option<WorkState> = fields.text("state").parse().ok();
            let reason = fields.text("reason").to_owned();
            kept.state = Some((state, reason.clone()));
            let state = state.ok_or(Error::NotFound)?;
            let moved = app.write(move |tx| rules::set_state(tx, me, id, state, &reason).map(|_| ()));
            visitor.acting(moved).await.map(|()| words.profile_saved)
        }
        "edit" => {
            let typed = Typed::read(fields);
            kept.typed = Some(typed.clone());
            let lang = visitor.lang;
            let edited = app.write(move |tx| edit(tx, me, id, &typed, lang).map(|_| ()));
            visitor.acting(edited).await.map(|()| words.profile_saved)
        }
        "lead" => {
            let to: Id<Account> = fields.text("lead").parse()?;
            let handed = app.write(move |tx| members::hand_over(tx, me, id, to).map(|_| ()));
            visitor.acting(handed).await.map(|()| words.project_handed_over)
        }
        _ => return Err(Error::NotFound),
    };
    match done {
        Ok(done) => answer(visitor, me, id, Kept::default(), (Some(done), Wrong::nothing())).await,
        Err(Error::Invalid { field: "reason", .. }) => {
            answer(visitor, me, id, kept, (None, Wrong::field("reason", words.ask_too_long))).await
        }
        Err(error) => {
            let wrong = refusal(visitor, error)?;
            answer(visitor, me, id, kept, (None, wrong)).await
        }
    }
}

/// Changes what was typed anew: what was only sent back stays as it is, in words that the form would take apart too. The
/// language of the page is not that of the project, and its state has a form of its own.
fn edit(tx: &mut Tx<'_>, me: Id<Account>, id: Id<Project>, typed: &Typed, lang: Lang) -> Result<Project> {
    let before = Typed::of(&rules::visible(tx.conn, me, id)?);
    let all = typed.fields(lang);
    let fields = rules::Fields {
        tags: all.tags.filter(|_| typed.tags != before.tags),
        looking_for: all.looking_for.filter(|_| typed.looking_for != before.looking_for),
        vendor: all.vendor.filter(|_| typed.vendor != before.vendor),
        links: all.links.filter(|_| typed.link != before.link),
        language: None,
        state: None,
        ..all
    };
    rules::edit(tx, me, id, &fields)
}
