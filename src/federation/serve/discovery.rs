//! WebFinger, host-meta and NodeInfo (DISC-01, 02, 06, 07, 16). Always readable, whoever asks.

use super::{Answered, Failure, answer, local_actor, look};
use crate::{
    Error,
    app::App,
    config::Registration,
    federation::{
        discovery::{self, JRD_JSON, Names, NodeFacts, NodeInfoVersion, Resource, XRD_XML},
        documents::image_type,
    },
    store,
    time::Timestamp,
};
use axum::{
    extract::{Path, Query, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use std::sync::{Mutex, PoisonError};

/// Milliseconds the numbers of NodeInfo are kept.
const FRESH: i64 = 10 * 60_000;

fn names(app: &App) -> Names<'_> {
    Names { domain: app.site().domain(), public_url: app.site().base() }
}

/// A document that is the same for everybody.
fn open(kind: &'static str, body: String, seconds: u32) -> Response {
    let mut response = answer(StatusCode::OK, kind, body);
    let headers = response.headers_mut();
    headers.remove(header::VARY);
    if let Ok(value) = HeaderValue::from_str(&format!("public, max-age={seconds}")) {
        headers.insert(header::CACHE_CONTROL, value);
    }
    response
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::internal)
}

#[derive(Debug, Deserialize)]
pub struct Asked {
    resource: Option<String>,
}

pub async fn webfinger(State(app): State<App>, Query(asked): Query<Asked>) -> Answered {
    let wanted = asked.resource.filter(|r| !r.trim().is_empty());
    let wanted = wanted.ok_or_else(|| Error::bad_request("Which resource?"))?;
    let site = app.site();
    match discovery::resource(names(&app), &wanted).ok_or(Error::NotFound)? {
        Resource::Instance => {
            let actor = site.instance_actor_uri();
            let body = json(&discovery::instance_jrd(names(&app), &actor))?;
            Ok(open(JRD_JSON, body, 3_600))
        }
        Resource::User(name) => {
            let account =
                look(&app, true, move |conn| local_actor(conn, &name)).await.map_err(|failure| match failure {
                    Failure::Gone(_) => Error::Gone.into(),
                    other => other,
                })?;
            let page = account.url.clone().unwrap_or_else(|| site.profile_url(&account.username));
            let avatar = account.avatar.as_deref().map(|file| (site.media_url(file), image_type(file)));
            let avatar = avatar.as_ref().and_then(|(url, kind)| Some((url.as_str(), (*kind)?)));
            let jrd = discovery::user_jrd(names(&app), &account.username, &account.uri, &page, avatar);
            let body = json(&jrd)?;
            Ok(open(JRD_JSON, body, 600))
        }
    }
}

pub async fn host_meta(State(app): State<App>) -> Response {
    open(XRD_XML, discovery::host_meta(names(&app)), 86_400)
}

pub async fn nodeinfo_index(State(app): State<App>) -> Response {
    let index = discovery::nodeinfo_index(names(&app), &app.site().instance_actor_uri());
    open("application/json", index.to_string(), 3_600)
}

/// The numbers, counted every few minutes only: they walk over tables.
#[derive(Default)]
struct Counted(Mutex<Option<(Timestamp, [i64; 4])>>);

pub async fn nodeinfo(State(app): State<App>, Path(version): Path<String>) -> Answered {
    let (version, kind) = match version.trim_end_matches(".json") {
        "2.0" => {
            (NodeInfoVersion::V20, "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.0#\"")
        }
        "2.1" => {
            (NodeInfoVersion::V21, "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.1#\"")
        }
        _ => return Err(Error::NotFound.into()),
    };
    let (kept, now) = (app.part::<Counted>(), app.clock().now());
    let known = *kept.0.lock().unwrap_or_else(PoisonError::into_inner);
    let [users, active_month, active_half_year, posts] = match known {
        Some((at, numbers)) if now.millis() - at.millis() < FRESH => numbers,
        _ => {
            let since = (now.plus_days(-30), now.plus_days(-180));
            let numbers = app.read(move |conn| store::documents::usage(conn, since.0, since.1)).await?;
            *kept.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, numbers));
            numbers
        }
    };
    let config = app.config();
    let facts = NodeFacts {
        name: config.instance.name.clone(),
        description: config.instance.short_description.clone(),
        open_registrations: config.registration == Registration::Open,
        users,
        active_month,
        active_half_year,
        posts,
    };
    Ok(open(kind, discovery::nodeinfo(version, &facts).to_string(), 600))
}
