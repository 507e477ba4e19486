//! Who moderates and who works on a project, and which projects a person works on.

use super::{Answered, Failure, Reader, activity_json, local_actor, read};
use crate::{
    Error,
    app::App,
    domain::{
        people as known,
        projects::{self, near},
    },
    federation::render::{self, collection::Collection, context::Terms},
    model::{Audience, ProjectRole},
    store,
};
use axum::{
    extract::{Path, State},
    http::request::Parts,
};

/// People of a project that are told of.
const PEOPLE: i64 = 500;

/// `GET /users/{name}/moderators`: the lead first (FEP-1b12).
pub async fn moderators(state: State<App>, name: Path<String>, parts: Parts) -> Answered {
    people(state, name, parts, "moderators", ProjectRole::Moderator, false).await
}

/// `GET /users/{name}/members`: lead and moderators first. People who are for their own site only, or for nobody, are
/// members that no other node is told of; moderators are named, since others must know whom to obey.
pub async fn members(state: State<App>, name: Path<String>, parts: Parts) -> Answered {
    people(state, name, parts, "members", ProjectRole::Member, true).await
}

async fn people(
    State(app): State<App>,
    Path(name): Path<String>,
    parts: Parts,
    end: &'static str,
    least: ProjectRole,
    listed: bool,
) -> Answered {
    let reader = Reader::of(&app, &parts).await?;
    let outside = reader.viewer()?.audience() == Audience::Open;
    let body = read(&app, move |conn| {
        let account = local_actor(conn, &name)?;
        // Who works on what is for the organisation; who moderates has to be known to whoever obeys.
        let least = if outside && known::directory::is_inside_only(conn)? { ProjectRole::Moderator } else { least };
        let project = store::projects::of_account(conn, account.id)?.filter(|_| !account.is_unavailable());
        let project = project.ok_or(Failure::Error(Error::NotFound))?;
        // Nobody out there obeys those of a project of which only the name is told: it says itself what it takes back.
        let items = match outside && !near::is_told_outside(conn, &project)? {
            true => Vec::new(),
            false => store::projects::member_uris(conn, project.id, least, listed, PEOPLE)?,
        };
        let id = format!("{}/{end}", account.uri);
        Ok(render::document(Terms::NONE, Collection::whole(&id, items))?)
    })
    .await?;
    Ok(activity_json(reader, body))
}

/// `GET /users/{name}/projects`: the actors of the projects a person works on.
pub async fn of_person(State(app): State<App>, Path(name): Path<String>, parts: Parts) -> Answered {
    let reader = Reader::of(&app, &parts).await?;
    let outside = reader.viewer()?.audience() == Audience::Open;
    let body = read(&app, move |conn| {
        let account = local_actor(conn, &name)?;
        // Nothing of people who are for their own site only, or for nobody; to others only what the organisation may know.
        let facts = known::load(conn, account.id)?;
        let hidden = outside && known::directory::is_inside_only(conn)?;
        let mut items = Vec::new();
        if !hidden && facts.listed == known::Listed::Organisation && !account.is_unavailable() {
            items.extend(projects::works_on(conn, account.id)?.into_iter().map(|project| project.actor));
            // What they named themselves counts where it is a project: a page or a person is none.
            let named = facts.works_on.into_iter().filter(|work| !work.joined).filter_map(|work| work.url);
            let known = store::projects::actors_at(conn, &named.collect::<Vec<_>>())?;
            let new: Vec<String> = known.into_iter().filter(|actor| !items.contains(actor)).collect();
            items.extend(new);
        }
        let id = format!("{}/projects", account.uri);
        Ok(render::document(Terms::NONE, Collection::whole(&id, items))?)
    })
    .await?;
    Ok(activity_json(reader, body))
}
