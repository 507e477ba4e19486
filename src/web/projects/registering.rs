//! `/projects/new`: a project is written down in a browser (J6). What resembles it is shown before anything is
//! published, with three ways out: join, follow, or say what is different. The draft stays on this node.

use super::{ProjectLine, STATES, page_of, tongue, way};
use crate::{
    Error, Result,
    domain::{
        concierge::{
            projects::{Alike, because},
            typed::reason,
        },
        counters::{Counter, count},
        follows::{self, FollowOptions},
        projects::{self as rules, members, relations, words::Words},
        text,
    },
    id::Id,
    model::{Account, Audience, Membership, Project, ProjectRole, RelationKind, WorkState},
    rate::Rule,
    register::{self, Question},
    store,
    web::{
        pages::{Choice, Frame, Wrong},
        reach, shown,
        visit::{Browser, Fields, Kind, Visitor},
        words::Lang,
    },
};
use askama::Template;
use axum::{http::StatusCode, response::Response};

/// Drafts among which one of the same name is looked for.
const DRAFTS: i64 = 50;
/// Who may become a member, from all to few.
const MEMBERSHIPS: [Membership; 3] = [Membership::Open, Membership::Request, Membership::Invitation];
const SIGN_IN: &str = "/sign-in?next=%2Fprojects%2Fnew";

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
pub(super) struct Typed {
    pub(super) name: String,
    pub(super) purpose: String,
    pub(super) tags: String,
    state: Option<WorkState>,
    pub(super) membership: Option<Membership>,
    pub(super) looking_for: String,
    pub(super) vendor: String,
    pub(super) link: String,
    because: String,
    audience: Option<Audience>,
    of: String,
    draft: String,
}

impl Typed {
    /// What a project says of itself, as it is typed.
    pub(super) fn of(project: &Project) -> Self {
        Self {
            name: project.name.clone(),
            purpose: project.purpose.clone(),
            tags: project.tag_list().join(", "),
            membership: Some(project.membership),
            looking_for: project.looking_for_list().join(", "),
            vendor: project.vendor_list().join(", "),
            link: project.link_list().join(" "),
            ..Self::default()
        }
    }

    pub(super) fn read(fields: &Fields) -> Self {
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

    pub(super) fn fields(&self, lang: Lang) -> rules::Fields {
        let list = |typed: &str| Some(typed.split([',', ';', '\n']).map(|part| part.trim().to_owned()).collect());
        let hashtags = |typed: &str| {
            // `C# tools` is one, `#bearings #noise` are two.
            let signed = |part: &str| part.split_whitespace().any(|word| word.starts_with('#'));
            let parts = typed.split([',', ';', '\n']).flat_map(|part| match signed(part) {
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

/// Who may become a member, for a form.
pub(super) fn memberships(lang: Lang, chosen: Option<Membership>) -> Vec<Choice> {
    let words = Words::from(tongue(lang));
    let choice = |membership: &Membership| Choice {
        value: membership.as_str(),
        text: words.membership(*membership),
        chosen: *membership == chosen.unwrap_or(Membership::Request),
    };
    MEMBERSHIPS.iter().map(choice).collect()
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
    let page = NewProject {
        frame: visitor.frame(),
        token: visitor.token(),
        states: STATES.iter().map(state).collect(),
        memberships: memberships(visitor.lang, typed.membership),
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
pub(super) fn refusal(visitor: &Visitor, error: Error) -> Result<Wrong> {
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
    Ok(register::ask(&visitor.app, Question::of(draft)).await?.alike())
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
                url: shown::page_here(&site, &account),
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
