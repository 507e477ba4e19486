//! `/settings/profile`: what a person says about themselves, without an app: name, bio, fields, work and skills. The same
//! operations as from an app, in one transaction.

use crate::{
    Error, Result,
    db::Conn,
    domain::{
        Tx,
        people::{self, By, Facts, FactsChange, Stance, stance_word},
        profiles::{self, ProfileChange},
        projects,
    },
    id::Id,
    limits,
    model::Account,
    store,
    web::{
        pages::{Choice, Frame, Wrong},
        visit::{Browser, Fields, Kind, Visitor},
        words::Words,
    },
};
use askama::Template;
use axum::{http::StatusCode, response::Response};

const SIGN_IN: &str = "/sign-in?next=%2Fsettings%2Fprofile";
/// Empty lines for skills to be added.
const MORE: usize = 3;
/// What somebody says about a skill, the strongest first.
const STANCES: [Stance; 3] = [Stance::Ask, Stance::Knows, Stance::Learning];
/// What is refused beside a field of its own.
const NAMES: [&str; 9] =
    ["display_name", "note", "fields", "title", "department", "site", "time_zone", "languages", "skills"];

/// A fact that the organisation may say in place of the person.
pub struct WorkLine {
    /// In the form.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// What is stored, or was typed.
    pub value: String,
    /// The person may change it.
    pub may: bool,
}

/// A skill, or room for one.
pub struct SkillLine {
    /// What is stored, or was typed.
    pub name: String,
    /// What may be said about it.
    pub stances: Vec<Choice>,
}

/// The page.
#[derive(Template)]
#[template(path = "settings_profile.html")]
pub struct ProfileForm {
    /// Surroundings.
    pub frame: Frame,
    /// Guards the form against other sites.
    pub token: String,
    /// What was done just now.
    pub done: Option<&'static str>,
    /// Whose page it is.
    pub username: String,
    /// Display name.
    pub name: String,
    /// Bio, as typed.
    pub bio: String,
    /// Their own fields, as typed, and room for more.
    pub fields: Vec<(String, String)>,
    /// Title, department and site.
    pub work: Vec<WorkLine>,
    /// IANA name.
    pub zone: String,
    /// Tags of languages.
    pub languages: String,
    /// Skills, and room for more.
    pub skills: Vec<SkillLine>,
    /// What they work on, and its page.
    pub works: Vec<(String, Option<String>)>,
    /// What was wrong.
    pub wrong: Wrong,
}

/// What stands in the form: stored, or typed.
#[derive(Clone, Debug, Default)]
struct Typed {
    name: String,
    bio: String,
    fields: Vec<(String, String)>,
    title: String,
    department: String,
    site: String,
    zone: String,
    languages: String,
    /// Without a stance where the form said none that there is.
    skills: Vec<(String, Option<Stance>)>,
}

impl Typed {
    fn of(account: &Account, facts: &Facts) -> Self {
        let own = profiles::fields(account).into_iter().filter(|field| field.generated.is_none());
        Self {
            name: account.display_name.clone(),
            bio: account.note_source.clone().unwrap_or_default(),
            fields: own.map(|field| (field.name, field.source.unwrap_or(field.value))).collect(),
            title: facts.title.clone(),
            department: facts.department.clone(),
            site: facts.site.clone(),
            zone: facts.time_zone.clone(),
            languages: facts.languages.join(" "),
            skills: facts.skills.iter().map(|skill| (skill.name.clone(), Some(skill.stance))).collect(),
        }
    }

    /// What a form says; what it leaves out stays.
    fn read(form: &Fields, stored: Self) -> Self {
        let text = |name: &str, stored: String| form.find(name).map_or(stored, str::to_owned);
        let row = |n: usize| {
            let name = form.find(&format!("field-{n}"))?.to_owned();
            Some((name, form.text(&format!("value-{n}")).to_owned()))
        };
        let skill = |n: usize| {
            let name = form.find(&format!("skill-{n}"))?.to_owned();
            // Whoever only names a skill knows it, as by an app.
            let stance = match form.find(&format!("stance-{n}")) {
                None => Some(Stance::Knows),
                Some(word) => STANCES.into_iter().find(|stance| stance_word(*stance) == word),
            };
            Some((name, stance))
        };
        let fields: Vec<(String, String)> = (0..).map_while(row).collect();
        let skills: Vec<(String, Option<Stance>)> = (0..).map_while(skill).collect();
        Self {
            name: text("display_name", stored.name),
            bio: text("note", stored.bio),
            fields: if fields.is_empty() { stored.fields } else { fields },
            title: text("title", stored.title),
            department: text("department", stored.department),
            site: text("site", stored.site),
            zone: text("time_zone", stored.zone),
            languages: text("languages", stored.languages),
            skills: if skills.is_empty() { stored.skills } else { skills },
        }
    }

    fn facts(&self) -> Result<FactsChange> {
        let bad = || Error::invalid("skills", "inclusion", "A stance is ask, knows or learning");
        let said = self.skills.iter().filter(|(name, _)| !name.trim().is_empty());
        let skills = said.map(|(name, stance)| stance.map(|stance| (name.clone(), stance)).ok_or_else(bad));
        let languages = self.languages.split([',', ';', ' ', '\n']).map(str::to_owned);
        Ok(FactsChange {
            skills: Some(skills.collect::<Result<Vec<_>>>()?),
            title: Some(self.title.clone()),
            department: Some(self.department.clone()),
            site: Some(self.site.clone()),
            time_zone: Some(self.zone.clone()),
            languages: Some(languages.collect()),
            ..FactsChange::default()
        })
    }
}

/// What the page is made of beside what was typed.
struct Read {
    stored: Typed,
    /// Fields that are made of facts.
    made: usize,
    works: Vec<(String, Option<String>)>,
}

fn read(conn: &mut Conn, me: Id<Account>) -> Result<Read> {
    let account = store::accounts::load(conn, me)?;
    let facts = people::load(conn, me)?;
    // Those for this site alone too: nobody else reads this.
    let joined = projects::works_on_here(conn, me)?;
    let page = |url: &str| url.starts_with("http").then(|| url.to_owned());
    let mut works: Vec<_> = joined.into_iter().map(|project| (project.name, page(&project.url))).collect();
    for work in facts.works_on.iter().filter(|work| !work.joined) {
        let line = (work.name.clone(), work.url.as_deref().and_then(page));
        if !works.contains(&line) {
            works.push(line);
        }
    }
    let made = profiles::fields(&account).iter().filter(|field| field.generated.is_some()).count();
    Ok(Read { stored: Typed::of(&account, &facts), made, works })
}

/// Stores all of it, or nothing.
fn save(tx: &mut Tx<'_>, me: Id<Account>, typed: &Typed) -> Result<()> {
    people::update(tx, me, &typed.facts()?, By::Themselves)?;
    // The fields are sent as an app sends all it shows: those made of facts come first and are unchanged, and it shows more
    // than those few after which an app may have left some out.
    let shown = profiles::fields(&store::accounts::load(tx.conn, me)?);
    let made = shown.iter().filter(|field| field.generated.is_some());
    let mut fields: Vec<(String, String)> =
        made.map(|field| (field.name.clone(), field.source.clone().unwrap_or_default())).collect();
    let filled = |field: &&(String, String)| !field.0.trim().is_empty() || !field.1.trim().is_empty();
    fields.extend(typed.fields.iter().filter(filled).cloned());
    let whole = fields.len().max(shown.len()).max(limits::FIELDS);
    fields.resize(whole, (String::new(), String::new()));
    let change = ProfileChange {
        display_name: Some(typed.name.clone()),
        note: Some(typed.bio.clone()),
        fields: Some(fields),
        ..ProfileChange::default()
    };
    profiles::update(tx, me, &change).map(|_| ())
}

/// `GET /settings/profile`.
pub async fn show(visitor: Visitor) -> Response {
    let Some(browser) = &visitor.browser else { return visitor.redirect(SIGN_IN) };
    answer(&visitor, browser, None, None, Wrong::nothing()).await
}

/// `POST /settings/profile`.
pub async fn submit(visitor: Visitor, fields: Fields) -> Response {
    let Some(browser) = &visitor.browser else { return visitor.redirect(SIGN_IN) };
    let words = visitor.lang.words();
    if !visitor.is_own_form(fields.text("token")) {
        return visitor.fail(Error::forbidden(words.stale_form));
    }
    let me = browser.account.id;
    let typed = match visitor.app.read(move |conn| read(conn, me)).await {
        Ok(found) => Typed::read(&fields, found.stored),
        Err(error) => return visitor.fail(error),
    };
    let kept = typed.clone();
    match visitor.acting(visitor.app.write(move |tx| save(tx, me, &kept))).await {
        Ok(()) => answer(&visitor, browser, None, Some(words.profile_saved), Wrong::nothing()).await,
        Err(Error::Invalid { field, reason, .. }) => {
            let sentence = words.refusal(&reason).unwrap_or(words.text_400);
            let beside = NAMES.into_iter().find(|name| *name == field).unwrap_or_default();
            answer(&visitor, browser, Some(typed), None, Wrong::field(beside, sentence)).await
        }
        Err(error) => visitor.fail(error),
    }
}

async fn answer(
    visitor: &Visitor,
    browser: &Browser,
    typed: Option<Typed>,
    done: Option<&'static str>,
    wrong: Wrong,
) -> Response {
    let me = browser.account.id;
    let found = match visitor.app.read(move |conn| read(conn, me)).await {
        Ok(found) => found,
        Err(error) => return visitor.fail(error),
    };
    let Typed { name, bio, mut fields, title, department, site, zone, languages, mut skills } =
        typed.unwrap_or(found.stored);
    let frame = visitor.frame();
    let words = frame.w();
    let rows = limits::FIELDS.saturating_sub(found.made).max(fields.len());
    fields.resize(rows, (String::new(), String::new()));
    let room = (skills.len() + MORE).min(people::SKILLS).max(skills.len());
    skills.resize(room, (String::new(), Some(Stance::Ask)));
    let may = &visitor.app.config().people;
    let work = vec![
        WorkLine { name: "title", label: words.profile_job, value: title, may: may.may_change_title },
        WorkLine {
            name: "department",
            label: words.profile_department,
            value: department,
            may: may.may_change_department,
        },
        WorkLine { name: "site", label: words.projects_site, value: site, may: may.may_change_location },
    ];
    let skills = skills.into_iter().map(|(name, stance)| SkillLine { name, stances: stances(words, stance) });
    let status = if wrong.is_nothing() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ProfileForm {
        token: visitor.token(),
        done,
        username: browser.account.username.clone(),
        name,
        bio,
        fields,
        work,
        zone,
        languages,
        skills: skills.collect(),
        works: found.works,
        wrong,
        frame,
    };
    visitor.page(status, Kind::Form, &page)
}

/// What may be said about a skill, with what is.
fn stances(words: &Words, chosen: Option<Stance>) -> Vec<Choice> {
    let text = |stance: Stance| match stance {
        Stance::Ask => words.stance_ask,
        Stance::Knows => words.stance_knows,
        Stance::Learning => words.stance_learning,
    };
    let choice =
        |stance: Stance| Choice { value: stance_word(stance), text: text(stance), chosen: chosen == Some(stance) };
    STANCES.into_iter().map(choice).collect()
}
