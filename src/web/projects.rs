//! `/projects`: the register; `/projects/new`: a project is written down in a browser (J6). What resembles it is shown
//! before anything is published, with three ways out: join, follow, or say what is different. The draft stays on this node.
//! In the register, and on the page of a project, one asks to join it, and leaves it.

use super::{
    pages::{Choice, Frame, Wrong},
    public::{finish, older_than},
    reach, shown,
    visit::{Browser, Fields, Kind, Visitor},
    words::Lang,
};
use crate::{
    Error, Result,
    db::Conn,
    domain::{
        concierge::{
            projects::{Alike, because},
            typed::reason,
            words as sentences,
        },
        counters::{Counter, count},
        follows::{self, FollowOptions},
        people::fields::Tongue,
        projects::{self as rules, members, relations, words::Words},
        text,
    },
    id::Id,
    model::{Account, Audience, Membership, Project, ProjectRole, RelationKind, WorkState},
    rate::Rule,
    register::{self, Question},
    store,
};
use askama::Template;
use axum::{extract::RawQuery, http::StatusCode, response::Response};

/// Projects of a page of the register.
const PAGE: i64 = 30;
/// Drafts among which one of the same name is looked for.
const DRAFTS: i64 = 50;
/// Who may become a member, from all to few.
const MEMBERSHIPS: [Membership; 3] = [Membership::Open, Membership::Request, Membership::Invitation];
/// The states, in the order of a project's life.
const STATES: [WorkState; 5] =
    [WorkState::Idea, WorkState::Active, WorkState::Paused, WorkState::Done, WorkState::Stopped];
const SIGN_IN: &str = "/sign-in?next=%2Fprojects%2Fnew";

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
    /// Those of the reader first, then those that changed last.
    pub projects: Vec<ProjectLine>,
    /// The first page, from another one.
    pub newest: Option<String>,
    /// The next page.
    pub older: Option<String>,
}

/// A project to be registered.
#[derive(Template)]
#[template(path = "project_new.html")]
pub struct NewProject {
    /// Surroundings.
    pub frame: Frame,
    /// Guards the form against other sites.
    pub token: String,
    /// The draft, once there is one.
    pub draft: String,
    /// What was typed.
    pub name: String,
    /// What was typed.
    pub purpose: String,
    /// What was typed.
    pub tags: String,
    /// What may be chosen.
    pub states: Vec<Choice>,
    /// Who may become a member.
    pub memberships: Vec<Choice>,
    /// What was typed.
    pub looking_for: String,
    /// What was typed.
    pub vendor: String,
    /// What was typed.
    pub link: String,
    /// What was typed.
    pub because: String,
    /// How far it goes.
    pub audiences: Vec<Choice>,
    /// What resembles it, best first.
    pub alike: Vec<ProjectLine>,
    /// Worth interrupting the writer.
    pub warned: bool,
    /// What was wrong.
    pub wrong: Wrong,
}

/// What was typed.
#[derive(Clone, Debug, Default)]
struct Typed {
    name: String,
    purpose: String,
    tags: String,
    state: Option<WorkState>,
    membership: Option<Membership>,
    looking_for: String,
    vendor: String,
    link: String,
    because: String,
    audience: Option<Audience>,
    of: String,
    draft: String,
}

impl Typed {
    fn read(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).trim().to_owned();
        Self {
            name: text("name"),
            purpose: text("purpose"),
            tags: text("tags"),
            state: fields.text("state").parse().ok(),
            membership: fields.text("membership").parse().ok(),
            looking_for: text("looking_for"),
            vendor: text("vendor"),
            link: text("link"),
            because: reason(fields.text("because")).to_owned(),
            audience: None,
            of: text("of"),
            draft: text("draft"),
        }
    }

    fn fields(&self, lang: Lang) -> rules::Fields {
        let list = |typed: &str| Some(typed.split([',', ';', '\n']).map(|part| part.trim().to_owned()).collect());
        let hashtags = |typed: &str| {
            let parts = typed.split([',', ';', '\n']).flat_map(|part| match part.contains('#') {
                true => part.split_whitespace().collect::<Vec<_>>(),
                false => vec![part],
            });
            Some(parts.map(|part| part.trim().trim_start_matches('#').to_owned()).filter(|p| !p.is_empty()).collect())
        };
        rules::Fields {
            name: Some(self.name.clone()),
            purpose: Some(self.purpose.clone()),
            tags: hashtags(&self.tags),
            looking_for: hashtags(&self.looking_for),
            term_links: Vec::new(),
            vendor: list(&self.vendor),
            links: Some(self.link.split_whitespace().map(str::to_owned).collect()),
            language: Some(lang.tag().to_owned()),
            state: Some(self.state.unwrap_or(WorkState::Idea)),
            audience: self.audience,
            membership: self.membership,
        }
    }
}

fn tongue(lang: Lang) -> Tongue {
    Tongue::of(Some(lang.tag()))
}

async fn answer(
    visitor: &Visitor,
    status: StatusCode,
    typed: Typed,
    alike: Vec<ProjectLine>,
    wrong: Wrong,
) -> Response {
    let audiences = match reach::offered(visitor, visitor.lang.words().reach_usual, typed.audience).await {
        Ok(audiences) => audiences,
        Err(error) => return visitor.fail(error),
    };
    let words = Words::from(tongue(visitor.lang));
    let state = |state: &WorkState| Choice {
        value: state.as_str(),
        text: words.headline(*state),
        chosen: *state == typed.state.unwrap_or(WorkState::Idea),
    };
    let membership = |membership: &Membership| Choice {
        value: membership.as_str(),
        text: words.membership(*membership),
        chosen: *membership == typed.membership.unwrap_or(Membership::Request),
    };
    let page = NewProject {
        frame: visitor.frame(),
        token: visitor.token(),
        states: STATES.iter().map(state).collect(),
        memberships: MEMBERSHIPS.iter().map(membership).collect(),
        audiences,
        warned: alike.iter().any(|line| line.warn),
        alike,
        name: typed.name,
        purpose: typed.purpose,
        tags: typed.tags,
        looking_for: typed.looking_for,
        vendor: typed.vendor,
        link: typed.link,
        because: typed.because,
        draft: typed.draft,
        wrong,
    };
    visitor.page(status, Kind::Form, &page)
}

/// `GET /projects/new`.
pub async fn form(visitor: Visitor) -> Response {
    match &visitor.browser {
        None => visitor.redirect(SIGN_IN),
        Some(_) => answer(&visitor, StatusCode::OK, Typed::default(), Vec::new(), Wrong::nothing()).await,
    }
}

/// `POST /projects/new`.
pub async fn submit(visitor: Visitor, fields: Fields) -> Response {
    let Some(browser) = &visitor.browser else { return visitor.redirect(SIGN_IN) };
    let mut typed = Typed::read(&fields);
    if !visitor.is_own_form(fields.text("token")) {
        let stale = Wrong::field("", visitor.lang.words().stale_form);
        return answer(&visitor, StatusCode::FORBIDDEN, typed, Vec::new(), stale).await;
    }
    match reach::chosen(&fields) {
        Ok(audience) => typed.audience = audience,
        Err(error) => match refusal(&visitor, error) {
            Ok(wrong) => return answer(&visitor, StatusCode::UNPROCESSABLE_ENTITY, typed, Vec::new(), wrong).await,
            Err(error) => return visitor.fail(error),
        },
    }
    step(&visitor, browser, typed, fields.text("do")).await.unwrap_or_else(|error| visitor.fail(error))
}

/// Which field a refusal is about, and what is said there.
fn refusal(visitor: &Visitor, error: Error) -> Result<Wrong> {
    let words = visitor.lang.words();
    match error {
        Error::Invalid { field: "links", code: "invalid", .. } => Ok(Wrong::field("link", words.project_no_link)),
        Error::Invalid { field: "links", .. } => Ok(Wrong::field("link", words.ask_too_long)),
        Error::Invalid { field: "reason", .. } => Ok(Wrong::field("because", words.ask_too_long)),
        Error::Invalid { field: "", reason, .. } => {
            Ok(Wrong::field("", words.refusal(&reason).unwrap_or(words.text_400)))
        }
        Error::Invalid { field, code: "too_long" | "too_many", .. } if !field.is_empty() => {
            Ok(Wrong::field(field, words.ask_too_long))
        }
        Error::Invalid { field: "name", .. } => Ok(Wrong::field("name", words.project_no_name)),
        Error::Invalid { field: "purpose", .. } => Ok(Wrong::field("purpose", words.project_no_purpose)),
        Error::Invalid { field, code, reason } => Ok(Wrong::field(field, words.invalid(field, code, &reason))),
        other => Err(other),
    }
}

async fn step(visitor: &Visitor, browser: &Browser, mut typed: Typed, action: &str) -> Result<Response> {
    let (app, me, words) = (&visitor.app, browser.account.id, visitor.lang.words());
    let blank = |field: &'static str, sentence| {
        answer(visitor, StatusCode::UNPROCESSABLE_ENTITY, typed.clone(), Vec::new(), Wrong::field(field, sentence))
    };
    if typed.name.is_empty() {
        return Ok(blank("name", words.project_no_name).await);
    }
    if typed.purpose.is_empty() {
        return Ok(blank("purpose", words.project_no_purpose).await);
    }
    app.limiter().check(Rule::Posts, &me)?;
    let copy = typed.clone();
    let lang = visitor.lang;
    let kept = visitor.acting(app.write(move |tx| keep(tx, me, &copy, lang))).await;
    let draft = match kept {
        Ok(draft) => draft,
        Err(error) => {
            let wrong = refusal(visitor, error)?;
            return Ok(answer(visitor, StatusCode::UNPROCESSABLE_ENTITY, typed, Vec::new(), wrong).await);
        }
    };
    if draft.published_at.is_some() {
        // The form was sent twice.
        return page_of(visitor, &draft).await;
    }
    typed.draft = draft.id.to_string();
    if let Some((way, other)) = action.split_once(' ') {
        return leave_it(visitor, me, draft.id, way, other).await;
    }
    let alike = look(visitor, &draft).await?;
    let is_warned = alike.iter().any(|found| found.warn);
    if action != "publish" && !alike.is_empty() {
        let lines = lines(visitor, alike).await?;
        return Ok(answer(visitor, StatusCode::OK, typed, lines, Wrong::nothing()).await);
    }
    if is_warned && typed.because.is_empty() {
        let lines = lines(visitor, alike).await?;
        let wrong = Wrong::field("because", words.project_no_reason);
        return Ok(answer(visitor, StatusCode::UNPROCESSABLE_ENTITY, typed, lines, wrong).await);
    }
    let other = alike.iter().find(|found| found.project.id.to_string() == typed.of).or(alike.first());
    let other = other.map(|found| found.project.clone()).filter(|_| !typed.because.is_empty());
    if let Some(other) = &other {
        // Its lead is to be written to.
        register::acquaint(app, other).await;
    }
    let (id, reason) = (draft.id, typed.because.clone());
    let published = visitor.acting(app.write(move |tx| {
        let row = rules::publish(tx, me, id, None)?;
        match other.as_ref().and_then(|other| other.uri.as_deref()) {
            Some(other) => relations::different(tx, me, id, other, RelationKind::Related, &reason),
            None => Ok(row),
        }
    }));
    match published.await {
        Ok(row) => page_of(visitor, &row).await,
        Err(error) => {
            let wrong = refusal(visitor, error)?;
            let lines = lines(visitor, alike).await?;
            Ok(answer(visitor, StatusCode::UNPROCESSABLE_ENTITY, typed, lines, wrong).await)
        }
    }
}

/// The draft with what was typed: that of the form, or of the same name, or a new one. One that is published already is
/// answered as it is.
fn keep(tx: &mut crate::domain::Tx<'_>, me: Id<Account>, typed: &Typed, lang: Lang) -> Result<Project> {
    let fields = typed.fields(lang);
    let known = match typed.draft.parse::<Id<Project>>() {
        Ok(id) => store::projects::find(tx.conn, id)?.filter(|row| row.owner_id == Some(me)),
        Err(_) => None,
    };
    let same = |row: &Project| text::clean_input(&row.name).to_lowercase() == typed.name.to_lowercase();
    let known = match known {
        None => store::projects::drafts(tx.conn, me, DRAFTS)?.into_iter().find(same),
        known => known,
    };
    match known {
        Some(row) if row.published_at.is_some() => Ok(row),
        Some(row) => rules::edit(tx, me, row.id, &fields),
        None => rules::create(tx, me, &fields),
    }
}

/// What resembles a draft, best first.
async fn look(visitor: &Visitor, draft: &Project) -> Result<Vec<Alike>> {
    let question = Question {
        text: None,
        name: draft.name.clone(),
        purpose: draft.purpose.clone(),
        tags: draft.tag_list(),
        vendor: Some(draft.vendor_list().join(", ")).filter(|vendor| !vendor.is_empty()),
        language: draft.language.clone(),
        except: None,
    };
    let found = register::ask(&visitor.app, question).await?.found;
    let one = |found: register::Found| Alike {
        project: found.project,
        words: found.candidate.words,
        tags: found.candidate.tags,
        warn: found.candidate.warn,
    };
    Ok(found.into_iter().map(one).collect())
}

/// The same with the reason for each, for the page.
async fn lines(visitor: &Visitor, alike: Vec<Alike>) -> Result<Vec<ProjectLine>> {
    let (site, lang, tongue) = (visitor.app.site().clone(), visitor.lang, tongue(visitor.lang));
    let me = visitor.browser.as_ref().map(|browser| browser.account.id);
    let read = visitor.app.read(move |conn| {
        let mut lines = Vec::with_capacity(alike.len());
        for found in &alike {
            let Some(account) = store::accounts::find(conn, found.project.account())? else { continue };
            let role = me.map(|me| rules::role(conn, &found.project, me)).transpose()?.flatten();
            let closed = me.map(|me| members::is_closed_to(conn, &found.project, me)).transpose()?.unwrap_or_default();
            lines.push(ProjectLine {
                id: found.project.id.to_string(),
                name: found.project.name.clone(),
                url: shown::page_of(&site, &account),
                about: because(conn, &site, found, tongue)?,
                purpose: found.project.purpose.clone(),
                warn: found.warn,
                // Whoever belongs to it already leaves it elsewhere.
                step: way(lang, &found.project, role, closed).filter(|_| role.is_none()),
            });
        }
        Ok(lines)
    });
    read.await
}

/// Somebody joins or follows another project: theirs is not needed.
async fn leave_it(visitor: &Visitor, me: Id<Account>, draft: Id<Project>, way: &str, other: &str) -> Result<Response> {
    let (app, words) = (&visitor.app, visitor.lang.words());
    let other: Id<Project> = other.parse()?;
    let row = app.read(move |conn| rules::visible(conn, me, other)).await?;
    if row.published_at.is_none() {
        return Err(Error::NotFound);
    }
    let joins = match way {
        "join" => true,
        "follow" => false,
        _ => return Err(Error::NotFound),
    };
    if !joins {
        app.limiter().check(Rule::Follows, &me)?;
    }
    let target = row.account();
    let done = visitor.acting(app.write(move |tx| {
        if joins {
            members::ask_instead(tx, me, other, "")?;
        } else {
            follows::request(tx, me, target, &FollowOptions::default())?;
            count(tx, Counter::DraftFollowed)?;
        }
        rules::discard(tx, me, draft)?;
        Ok(store::projects::member(tx.conn, other, me)?.is_some_and(|member| member.role > ProjectRole::Asked))
    }));
    let is_in = done.await?;
    let said = match (joins, is_in) {
        (true, true) => words.project_joined,
        (true, false) => words.project_asked,
        (false, _) => words.project_followed,
    };
    Ok(visitor.message(200, &row.name, said))
}

/// Goes on to the page of a project of this node.
async fn page_of(visitor: &Visitor, project: &Project) -> Result<Response> {
    let id = project.account();
    let account = visitor.app.read(move |conn| store::accounts::load(conn, id)).await?;
    Ok(visitor.redirect(&format!("/@{}", account.username)))
}

/// `GET /projects`.
pub async fn all(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let Some(browser) = &visitor.browser else { return visitor.redirect("/sign-in?next=%2Fprojects") };
    finish(&visitor, list(&visitor, browser.account.id, older_than(query), None).await)
}

/// `POST /projects`: somebody asks to join a project of the register, takes that back, or leaves it.
pub async fn belong(visitor: Visitor, fields: Fields) -> Response {
    let Some(browser) = &visitor.browser else { return visitor.redirect("/sign-in?next=%2Fprojects") };
    if !visitor.is_own_form(fields.text("token")) {
        return visitor.fail(Error::forbidden(visitor.lang.words().stale_form));
    }
    let (way, id) = fields.text("do").split_once(' ').unwrap_or_default();
    let on_page = fields.text("from") == "page";
    finish(&visitor, step_of(&visitor, browser.account.id, way, id, on_page).await)
}

/// `on_page`: on the page of the project, which says how it stands; otherwise the register does.
async fn step_of(visitor: &Visitor, me: Id<Account>, way: &str, id: &str, on_page: bool) -> Result<Response> {
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
    if on_page && row.local {
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
    list(visitor, me, None, Some(sentence.with(tongue(visitor.lang), &[&row.name]))).await
}

async fn list(visitor: &Visitor, me: Id<Account>, below: Option<i64>, done: Option<String>) -> Result<Response> {
    let (site, lang) = (visitor.app.site().clone(), visitor.lang);
    let read = visitor.app.read(move |conn| {
        let (before, own) = match below {
            Some(id) => (store::projects::find(conn, Id::new(id))?.map(|row| (row.updated_at, row.id)), Vec::new()),
            None => (None, store::projects::of_member_or_asking(conn, me, PAGE)?),
        };
        let mut rows = store::projects::listed(conn, None, before, PAGE)?;
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
        Ok((lines, last))
    });
    let (projects, last) = read.await?;
    let page = Projects {
        frame: visitor.frame(),
        token: visitor.token(),
        done,
        projects,
        newest: below.map(|_| "/projects".to_owned()),
        older: last.map(|id| format!("/projects?max_id={id}")),
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
        url: shown::page_of(site, &account),
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
