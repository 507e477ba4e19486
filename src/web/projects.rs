//! `/projects`: the register, or what of it somebody looks for (`?q=`, `state`, `site`). There, and on the page of a project,
//! one asks to join it, and leaves it.

pub mod leading;
pub mod registering;

use super::{
    pages::{Choice, Frame},
    public::finish,
    shown,
    visit::{Fields, Kind, Visitor},
    words::Lang,
};
use crate::{
    Error, Result,
    db::Conn,
    domain::{
        concierge::words as sentences,
        people::fields::Tongue,
        projects::{self as rules, listing, listing::Wanted, members, words::Words},
    },
    id::Id,
    model::{Account, Project, ProjectRole, WorkState},
    rate::Rule,
    store,
};
use askama::Template;
use axum::{extract::RawQuery, http::StatusCode, response::Response};

/// Projects of a page of the register.
const PAGE: i64 = 30;
/// The states, in the order of a project's life.
const STATES: [WorkState; 5] =
    [WorkState::Idea, WorkState::Active, WorkState::Paused, WorkState::Done, WorkState::Stopped];

/// A project in a list.
#[derive(Clone, Debug)]
pub struct ProjectLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its page.
    pub url: String,
    /// What it is for.
    pub purpose: String,
    /// Site, state and more; beside a draft why it is shown.
    pub about: String,
    /// Worth interrupting the writer.
    pub warn: bool,
    /// What the reader may do about belonging to it: the value and the text of a button.
    pub step: Option<(&'static str, &'static str)>,
}

/// How the reader of a project's page belongs to it.
#[derive(Clone, Debug)]
pub struct Belonging {
    /// Guards the form against other sites.
    pub token: String,
    /// Id of the project.
    pub project: String,
    /// What they are to it, in a sentence.
    pub said: Option<&'static str>,
    /// What they may do about it: the value and the text of a button.
    pub step: Option<(&'static str, &'static str)>,
}

/// The register of projects.
#[derive(Template)]
#[template(path = "projects.html")]
pub struct Projects {
    /// Surroundings.
    pub frame: Frame,
    /// Guards the forms against other sites.
    pub token: String,
    /// What was done just now.
    pub done: Option<String>,
    /// What was searched for.
    pub words: String,
    /// The states that may be chosen.
    pub states: Vec<Choice>,
    /// The sites that may be chosen, and whether it is the one.
    pub sites: Vec<(String, bool)>,
    /// Something is looked for.
    pub narrowed: bool,
    /// What is looked for and behind which project, for the forms of a project to come back to.
    pub kept: Vec<(&'static str, String)>,
    /// Those of the reader first when nothing is looked for, then those that changed last.
    pub projects: Vec<ProjectLine>,
    /// The first page, from another one.
    pub newest: Option<String>,
    /// The next page.
    pub older: Option<String>,
}

fn tongue(lang: Lang) -> Tongue {
    Tongue::of(Some(lang.tag()))
}

/// Goes on to the page that a project has here.
async fn page_of(visitor: &Visitor, project: &Project) -> Result<Response> {
    let id = project.account();
    let account = visitor.app.read(move |conn| store::accounts::load(conn, id)).await?;
    Ok(visitor.redirect(&shown::path_of(&account)))
}

/// What of the register is shown.
#[derive(Clone, Debug, Default)]
struct Asked {
    wanted: Wanted,
    /// Behind this project.
    below: Option<Id<Project>>,
}

impl Asked {
    fn read(fields: &Fields) -> Self {
        let wanted = Wanted::new(fields.text("q"), fields.text("state").parse().ok(), fields.text("site"));
        Self { wanted, below: fields.text("max_id").parse().ok() }
    }

    /// What is looked for, as it stands in an address.
    fn narrowed(&self) -> Vec<(&'static str, String)> {
        let state = self.wanted.state.map(WorkState::as_str).unwrap_or_default();
        let all = [("q", self.wanted.text.clone()), ("state", state.to_owned()), ("site", self.wanted.site.clone())];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// The register narrowed so, behind this project.
fn address(narrowed: &[(&'static str, String)], below: Option<Id<Project>>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(narrowed);
    if let Some(id) = below {
        query.append_pair("max_id", &id.to_string());
    }
    match query.finish() {
        query if query.is_empty() => "/projects".to_owned(),
        query => format!("/projects?{query}"),
    }
}

/// `GET /projects`.
pub async fn all(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let asked = Asked::read(&Fields::parse(query.unwrap_or_default().as_bytes()));
    let Some(browser) = &visitor.browser else {
        let next = address(&asked.narrowed(), asked.below);
        return visitor.redirect(&sign_in(&next));
    };
    finish(&visitor, list(&visitor, browser.account.id, asked, None).await)
}

/// Signing in, to go on there.
fn sign_in(next: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("/sign-in?{query}")
}

/// `POST /projects`: somebody asks to join a project of the register, takes that back, or leaves it.
pub async fn belong(visitor: Visitor, fields: Fields) -> Response {
    let Some(browser) = &visitor.browser else { return visitor.redirect(&sign_in("/projects")) };
    if !visitor.is_own_form(fields.text("token")) {
        return visitor.fail(Error::forbidden(visitor.lang.words().stale_form));
    }
    finish(&visitor, step_of(&visitor, browser.account.id, &fields).await)
}

/// On the page of the project, which says how it stands, or in the register, which does then.
async fn step_of(visitor: &Visitor, me: Id<Account>, fields: &Fields) -> Result<Response> {
    let (way, id) = fields.text("do").split_once(' ').unwrap_or_default();
    let on_page = fields.text("from") == "page";
    let id: Id<Project> = id.parse()?;
    let joins = match way {
        "join" => true,
        "leave" => false,
        _ => return Err(Error::NotFound),
    };
    visitor.app.limiter().check(Rule::Posts, &me)?;
    let done = visitor.acting(visitor.app.write(move |tx| {
        let before = store::projects::member(tx.conn, id, me)?.map(|member| member.role);
        let row = match joins {
            true => members::ask(tx, me, id, "")?,
            false => members::leave(tx, me, id)?,
        };
        let waits = row.local && members::lead(tx.conn, &row)?.is_none();
        let is_in = rules::role(tx.conn, &row, me)? > Some(ProjectRole::Asked);
        Ok((row, before, waits, is_in))
    }));
    let (row, before, waits, is_in) = done.await?;
    if on_page {
        return page_of(visitor, &row).await;
    }
    let sentence = match (joins, before) {
        (true, _) if is_in => sentences::MEMBER_NOW,
        (true, _) if waits => sentences::ASKED_NOBODY,
        (true, _) => sentences::ASKED_TO_JOIN,
        (false, None) => sentences::NO_MEMBER,
        (false, Some(ProjectRole::Asked)) => sentences::REQUEST_BACK,
        (false, Some(_)) => sentences::LEFT,
    };
    list(visitor, me, Asked::read(fields), Some(sentence.with(tongue(visitor.lang), &[&row.name]))).await
}

async fn list(visitor: &Visitor, me: Id<Account>, asked: Asked, done: Option<String>) -> Result<Response> {
    let (site, lang) = (visitor.app.site().clone(), visitor.lang);
    let (narrowed, below) = (asked.narrowed(), asked.below);
    let Wanted { text, state, site: of_site } = asked.wanted.clone();
    let read = visitor.app.read(move |conn| {
        // Whoever looks for something gets that, theirs or not.
        let own = match below.is_none() && asked.wanted.is_all() {
            true => store::projects::of_member_or_asking(conn, me, PAGE)?,
            false => Vec::new(),
        };
        let mut rows = listing::list(conn, &asked.wanted, below, PAGE)?;
        let last = rows.last().map(|row| row.id).filter(|_| rows.len() as i64 >= PAGE);
        rows.retain(|row| !own.iter().any(|mine| mine.id == row.id));
        rows.splice(0..0, own);
        let ids: Vec<Id<Project>> = rows.iter().map(|row| row.id).collect();
        let roles = store::projects::memberships_of(conn, me, &ids)?;
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            let role = roles.iter().find(|member| member.project == row.id).map(|member| member.role);
            let closed = members::is_closed_to(conn, &row, me)?;
            lines.extend(line(conn, &site, row, (role, closed), lang)?);
        }
        Ok((lines, last, listing::sites(conn)?))
    });
    let (projects, last, mut sites) = read.await?;
    // What an address asks for stands in the form, also where no project is.
    if !of_site.is_empty() && !sites.contains(&of_site) {
        sites.push(of_site.clone());
    }
    let words = Words::from(tongue(lang));
    let choice =
        |one: &WorkState| Choice { value: one.as_str(), text: words.headline(*one), chosen: state == Some(*one) };
    let offered = |name: String| {
        let chosen = name == of_site;
        (name, chosen)
    };
    let behind = below.map(|id| ("max_id", id.to_string()));
    let page = Projects {
        frame: visitor.frame(),
        token: visitor.token(),
        done,
        words: text,
        states: STATES.iter().map(choice).collect(),
        sites: sites.into_iter().map(offered).collect(),
        narrowed: !narrowed.is_empty(),
        newest: below.map(|_| address(&narrowed, None)),
        older: last.map(|id| address(&narrowed, Some(id))),
        kept: narrowed.into_iter().chain(behind).collect(),
        projects,
    };
    Ok(visitor.page(StatusCode::OK, Kind::Form, &page))
}

fn line(
    conn: &mut Conn,
    site: &crate::config::Site,
    row: Project,
    (role, closed): (Option<ProjectRole>, bool),
    lang: Lang,
) -> Result<Option<ProjectLine>> {
    let Some(account) = store::accounts::find(conn, row.account())?.filter(|a| !a.is_unavailable()) else {
        return Ok(None);
    };
    let tags: Vec<String> = row.tag_list().iter().map(|tag| format!("#{tag}")).collect();
    let parts = [row.site.clone(), Words::from(tongue(lang)).state(row.state).to_owned(), tags.join(" ")];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Ok(Some(ProjectLine {
        id: row.id.to_string(),
        url: shown::page_here(site, &account),
        about: parts.join(" · "),
        warn: false,
        step: way(lang, &row, role, closed),
        name: row.name,
        purpose: row.purpose,
    }))
}

/// What somebody may do about belonging to a project; `closed`: they would ask in vain.
const fn way(
    lang: Lang,
    project: &Project,
    role: Option<ProjectRole>,
    closed: bool,
) -> Option<(&'static str, &'static str)> {
    let words = lang.words();
    match role {
        // Nobody works on it any more. Its lead may still be written to.
        None if project.state.has_ended() || closed => None,
        None => Some(("join", words.project_join)),
        Some(ProjectRole::Asked) => Some(("leave", words.project_take_back)),
        Some(ProjectRole::Member | ProjectRole::Moderator) => Some(("leave", words.project_leave)),
        // Handed over first.
        Some(ProjectRole::Lead) => None,
    }
}

/// How somebody stands to a project.
pub(super) struct Standing {
    project: Project,
    role: Option<ProjectRole>,
    /// It takes an invitation that they do not have.
    closed: bool,
    /// They have one.
    invited: bool,
}

impl Standing {
    /// Where they change the project, if it is theirs to change.
    pub(super) fn managed_at(&self) -> Option<String> {
        let may = self.project.local && self.role >= Some(ProjectRole::Moderator);
        may.then(|| format!("/projects/{}", self.project.id))
    }
}

/// How somebody stands to the project that an account is; none for what is no project.
pub(super) fn standing(conn: &mut Conn, me: Id<Account>, account: &Account) -> Result<Option<Standing>> {
    let Some(project) = store::projects::of_account(conn, account.id)?.filter(Project::is_public) else {
        return Ok(None);
    };
    let role = rules::role(conn, &project, me)?;
    let closed = members::is_closed_to(conn, &project, me)?;
    let invited = store::projects::is_invited(conn, project.id, me)?;
    Ok(Some(Standing { project, role, closed, invited }))
}

/// The same for the page of the project.
pub(super) fn belonging(visitor: &Visitor, standing: &Standing) -> Belonging {
    let words = visitor.lang.words();
    let Standing { project, role, closed, invited } = standing;
    Belonging {
        token: visitor.token(),
        project: project.id.to_string(),
        said: match role {
            None if *invited => Some(words.project_invited),
            None if *closed => Some(words.project_closed),
            None => None,
            Some(ProjectRole::Asked) => Some(words.project_waits),
            Some(ProjectRole::Member | ProjectRole::Moderator) => Some(words.project_member),
            Some(ProjectRole::Lead) => Some(words.project_led),
        },
        step: way(visitor.lang, project, *role, *closed),
    }
}
