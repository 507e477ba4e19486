//! People and expertise, for clients of our own: facts of a person, skills in use, who knows something and why, and the
//! aliases that the organisation's own answers suggest.

use super::{Access, ApiResult, Params, Rendered, Routes, SignedIn, entities::render::Accounts, params::Value};
use crate::{
    Error, Result,
    app::App,
    crypto::Vault,
    domain::{
        audit::Staff,
        charter::Outcome,
        people::{
            self, By, Facts, FactsChange, Listed, Stance, Work, facts::tag_of, gardener, listed_word, stance_word,
            wording,
        },
        scopes::Scope,
        views::AccountViews,
    },
    experts,
    id::Id,
    model::{Account, Role},
    peers, store,
};
use axum::extract::{Path, State};
use serde_json::json;

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::User(&[Scope::ReadAccounts]);
    Routes::new()
        .get("/api/watercooler/v1/people/me", READ, own)
        .update("/api/watercooler/v1/people/me", Access::User(&[Scope::WriteAccounts]), change_own)
        .get("/api/watercooler/v1/people/{id}", READ, one)
        .get("/api/watercooler/v1/skills", READ, skills)
        .get("/api/watercooler/v1/experts", Access::User(&[Scope::ReadSearch]), find)
        .get("/api/watercooler/v1/alias_proposals", Access::Staff(Role::Moderator, &[Scope::Read]), proposals)
        .post("/api/watercooler/v1/alias_proposals/accept", Access::Staff(Role::Moderator, &[Scope::Write]), accept)
}

fn document(facts: &Facts, own: bool, may: &crate::config::People) -> serde_json::Value {
    let shown = facts.skills.iter().filter(|skill| own || skill.stance != Stance::Learning);
    let skills: Vec<_> = shown
        .map(|skill| {
            let mut said = json!({ "name": skill.name, "tag": skill.tag, "stance": stance_word(skill.stance) });
            if let (false, Some(members)) = (skill.same_as.is_empty(), said.as_object_mut()) {
                members.insert("same_as".into(), json!(skill.same_as));
            }
            said
        })
        .collect();
    let mut document = json!({
        "skills": skills,
        "title": facts.title,
        "department": facts.department,
        "site": facts.site,
        "time_zone": facts.time_zone,
        "languages": facts.languages,
        "works_on": facts.works_on.iter().map(|work| json!({ "name": work.name, "url": work.url })).collect::<Vec<_>>(),
        "left_on": facts.left_on,
    });
    if own && let Some(members) = document.as_object_mut() {
        members.insert("listed".into(), listed_word(facts.listed).into());
        let may = json!({
            "title": may.may_change_title,
            "department": may.may_change_department,
            "site": may.may_change_location,
        });
        members.insert("may_change".into(), may);
    }
    document
}

async fn own(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    let may = app.config().people.clone();
    let answer = app.read(move |conn| Rendered::of(&document(&people::load(conn, me.account)?, true, &may)));
    Ok(answer.await?)
}

/// Facts of somebody else. Those who are for their own site only, or for nobody, show theirs on their profile only.
async fn one(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let (id, may): (Id<Account>, _) = (id.parse()?, app.config().people.clone());
    let answer = app.read(move |conn| {
        let account = store::accounts::find(conn, id)?.filter(|a| !a.is_unavailable()).ok_or(Error::NotFound)?;
        let facts = people::load(conn, account.id)?;
        let is_own = account.id == me.account;
        if !is_own && facts.listed == Listed::Unlisted {
            return Err(Error::NotFound);
        }
        Rendered::of(&document(&facts, is_own, &may))
    });
    Ok(answer.await?)
}

fn stance(text: &str) -> Result<Stance> {
    match text {
        "ask" => Ok(Stance::Ask),
        "knows" => Ok(Stance::Knows),
        "learning" => Ok(Stance::Learning),
        _ => Err(Error::invalid("skills", "inclusion", "A stance is ask, knows or learning")),
    }
}

fn change(params: &Params) -> Result<FactsChange> {
    let text = |name: &str| params.text(name).map(str::to_owned);
    // What is null is as if it were not there.
    let given = |name: &str| !matches!(params.get(name), None | Some(Value::Null));
    // Names and objects in the order of the list.
    let skill = |one: &Value| match one {
        Value::Map(one) => {
            let name = one.text("name").unwrap_or_default().to_owned();
            Some(stance(one.text("stance").unwrap_or("knows")).map(|stance| (name, stance)))
        }
        other => other.as_text().map(|name| Ok((name.to_owned(), Stance::Knows))),
    };
    let skills =
        given("skills").then(|| params.list("skills").into_iter().filter_map(skill).collect::<Result<Vec<_>>>());
    let work = |one: &Value| {
        let (name, url) = match one {
            Value::Map(one) => (one.text("name").unwrap_or_default(), one.filled("url")),
            other => (other.as_text()?, None),
        };
        let url = url.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        Some(Work { name: name.to_owned(), url: url.map(str::to_owned), ..Work::default() })
    };
    let works = given("works_on").then(|| params.list("works_on").into_iter().filter_map(work).collect());
    let links = params.maps("skills").into_iter().filter(|one| one.has("same_as")).map(|one| {
        let addresses = one.texts("same_as").into_iter().map(str::to_owned).collect();
        (one.text("name").unwrap_or_default().to_owned(), addresses)
    });
    Ok(FactsChange {
        skill_links: links.collect(),
        skills: skills.transpose()?,
        title: text("title"),
        department: text("department"),
        site: text("site"),
        time_zone: text("time_zone"),
        languages: given("languages").then(|| params.texts("languages").into_iter().map(str::to_owned).collect()),
        works_on: works,
        listed: match params.get("listed") {
            None | Some(Value::Null) => None,
            Some(_) => Some(match params.text("listed").unwrap_or_default() {
                "organisation" => Listed::Organisation,
                "site" => Listed::Site,
                "unlisted" => Listed::Unlisted,
                _ => return Err(Error::invalid("listed", "inclusion", "Listed is organisation, site or unlisted")),
            }),
        },
        left_on: None,
        coffee: None,
    })
}

async fn change_own(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let (change, may) = (change(&params)?, app.config().people.clone());
    let answer = app.write(move |tx| {
        let facts = people::update(tx, me.account, &change, By::Themselves)?;
        Rendered::of(&document(&facts, true, &may))
    });
    Ok(answer.await?)
}

/// Suggestions while somebody types a skill.
const SUGGESTED: i64 = 10;

/// `GET /api/watercooler/v1/skills?q=`: skills in use that begin so, and what the aliases make of it.
async fn skills(State(app): State<App>, _: SignedIn, params: Params) -> ApiResult<Rendered> {
    let Some(prefix) = tag_of(params.required("q")?) else { return Ok(Rendered::of(&json!([]))?) };
    let alias = peers::organisation(&app).and_then(|signed| signed.charter.aliases.get(&prefix).cloned());
    let answer = app.read(move |conn| {
        let mut found = store::people::skills_beginning(conn, &prefix, SUGGESTED)?;
        if let Some(meant) = alias.as_deref().and_then(tag_of) {
            found.splice(0..0, store::people::skills_beginning(conn, &meant, 1)?);
        }
        let list: Vec<_> =
            found.iter().map(|(tag, name, people)| json!({ "tag": tag, "name": name, "people": people })).collect();
        Rendered::of(&list)
    });
    Ok(answer.await?)
}

/// `GET /api/watercooler/v1/experts?q=`: who knows it, each with the reasons; the hint where nobody is listed. There is
/// no number that says how good somebody is.
async fn find(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let text: String = params.required("q")?.chars().take(500).collect();
    let limit = params.integer("limit")?.unwrap_or(experts::FOUND as i64).clamp(1, 40);
    let found = experts::find(&app, me.account, &text, usize::try_from(limit).unwrap_or(1)).await?;
    experts::finds::searched(&app, me.account, &found.experts);
    let site = app.site().clone();
    let answer = app.read(move |conn| {
        let mut ids: Vec<Id<Account>> = found.experts.iter().map(|expert| expert.account).collect();
        for reason in found.experts.iter().flat_map(|expert| &expert.reasons) {
            ids.extend(wording::colleague(reason).and_then(|key| key.parse::<Id<Account>>().ok()));
        }
        let views = AccountViews::load(conn, &ids)?;
        let name = |key: &str| {
            let account = key.parse().ok().and_then(|id| views.get(id));
            account.map_or_else(String::new, |account| format!("@{}", account.acct()))
        };
        let accounts = Accounts::new(&site, &views)?;
        let list: Vec<_> = found
            .experts
            .iter()
            .filter_map(|expert| {
                let reasons: Vec<_> = expert
                    .reasons
                    .iter()
                    .map(|reason| {
                        let (kind, about) = wording::named(reason);
                        let text = wording::one(reason, found.tongue, None, name);
                        json!({ "kind": kind, "about": about, "text": text })
                    })
                    .collect();
                let account = accounts.get(expert.account)?;
                Some(json!({ "account": account, "because": expert.because, "reasons": reasons }))
            })
            .collect();
        let hint = list.is_empty().then(|| wording::nobody(found.tongue));
        Rendered::of(&json!({ "experts": list, "nobody": list.is_empty(), "hint": hint }))
    });
    Ok(answer.await?)
}

async fn proposals(State(app): State<App>, _: SignedIn) -> ApiResult<Rendered> {
    let list: Vec<_> = experts::proposals(&app)
        .await?
        .into_iter()
        .take(100)
        .map(|pair| {
            json!({ "asked": pair.asked, "listed": pair.listed, "people": pair.people, "answers": pair.answers })
        })
        .collect();
    Ok(Rendered::of(&list)?)
}

/// One tap: the pair becomes an alias of the organisation, at once where the signing key is, or waits for it; from
/// other nodes it is sent to those of the stewards.
async fn accept(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let (asked, listed) = (params.required("asked")?.to_owned(), params.required("listed")?.to_owned());
    let vault = Vault::open(&app.config().data_dir.join("secret.key"), app.random().bytes())?;
    let outcome = app.write(move |tx| {
        let by = Staff::signed_in(tx, me.account, Role::Moderator, "api")?;
        gardener::accept(tx, &vault, &by, &asked, &listed)
    });
    let outcome = outcome.await?;
    peers::refresh(&app).await?;
    let state = match outcome {
        Some(Outcome::Signed(_)) => "signed",
        Some(Outcome::Waiting(_)) => "waiting",
        Some(Outcome::Unchanged) => "unchanged",
        None => "sent",
    };
    Ok(Rendered::of(&json!({ "state": state }))?)
}
