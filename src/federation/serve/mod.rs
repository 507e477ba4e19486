//! What other servers read here: actors, posts, activities, collections and the documents they find us by. Who asks is
//! proven by `proof`, who may see a post is decided by `domain::visibility`; what the documents look like is `render`'s.

mod actors;
mod collections;
mod discovery;
mod emojis;
mod posts;
mod projects;

use super::{
    proof::{self, Refusal},
    render::{ACTIVITY_JSON, activity::Tombstone, context::Terms, document},
};
use crate::{
    Error, Result,
    app::App,
    db::Conn,
    domain::{Viewer, audiences, projects::near},
    federation::{documents::Shown, own_keys},
    id::Id,
    model::{Account, AccountKind, Post},
    store, uri,
};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

/// Items of a page of a collection.
const PAGE: i64 = 40;

/// The routes. Inboxes are `inbox`'s.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/.well-known/webfinger", get(discovery::webfinger))
        .route("/.well-known/host-meta", get(discovery::host_meta))
        .route("/.well-known/nodeinfo", get(discovery::nodeinfo_index))
        .route("/nodeinfo/{version}", get(discovery::nodeinfo))
        .route("/actor", get(actors::instance))
        .route("/actor/outbox", get(actors::instance_outbox))
        .route("/users/{name}", get(actors::show))
        .route("/users/{name}/outbox", get(actors::outbox))
        .route("/users/{name}/followers", get(actors::followers))
        .route("/users/{name}/followers_synchronization", get(actors::followers_of_reader))
        .route("/users/{name}/following", get(actors::following))
        .route("/users/{name}/collections/featured", get(actors::featured))
        .route("/users/{name}/collections/tags", get(actors::featured_tags))
        .route("/users/{name}/featured_collections", get(collections::of_account))
        .route("/users/{name}/featured_collections/{id}", get(collections::show))
        .route("/users/{name}/feature_authorizations/{id}", get(collections::authorization))
        .route("/users/{name}/moderators", get(projects::moderators))
        .route("/users/{name}/members", get(projects::members))
        .route("/users/{name}/projects", get(projects::of_person))
        .route("/users/{name}/statuses/{id}", get(posts::show))
        .route("/users/{name}/statuses/{id}/activity", get(posts::activity))
        .route("/users/{name}/statuses/{id}/replies", get(posts::replies))
        .route("/users/{name}/statuses/{id}/context", get(posts::context))
        .route("/users/{name}/statuses/{id}/likes", get(posts::likes))
        .route("/users/{name}/statuses/{id}/shares", get(posts::shares))
        .route("/users/{name}/quote_authorizations/{id}", get(posts::quote_authorization))
        .route("/users/{name}/interaction_authorizations/{id}", get(posts::interaction_authorization))
        .route("/activities/{id}", get(posts::other_activity))
        .route("/emojis/{id}", get(emojis::show))
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// Nobody in particular, where that is enough.
    Anybody,
    /// Nobody in particular, while authorised fetch is on: sees next to nothing (SIGIN-23).
    Stranger,
    /// A proven account of another server, with the audience that server belongs to.
    Proven(Viewer),
}

impl Reader {
    /// # Errors
    /// A signature that proves nothing is refused, never taken for none.
    async fn of(app: &App, parts: &Parts) -> std::result::Result<Self, Failure> {
        match proof::reader(app, parts).await {
            Ok(Some(known)) => {
                let place = app.glance(move |conn| audiences::place_of(conn, &known.actor).map(|place| (known, place)));
                let (known, place) = place.await?;
                Ok(Self::Proven(Viewer::placed(known.account, place)))
            }
            Ok(None) if app.authorized_fetch() => Ok(Self::Stranger),
            Ok(None) => Ok(Self::Anybody),
            Err(refusal) => Err(Failure::Refused(refusal)),
        }
    }

    /// How much of an actor they are shown.
    fn shown(self) -> Shown {
        match self {
            Self::Stranger => Shown::Essential,
            Self::Anybody => Shown::Outside,
            Self::Proven(viewer) => Shown::to(viewer.audience()),
        }
    }

    /// The viewer whose eyes count.
    ///
    /// # Errors
    /// `Unauthorized` for strangers.
    fn viewer(self) -> std::result::Result<Viewer, Failure> {
        match self {
            Self::Anybody => Ok(Viewer::ANYONE),
            Self::Proven(viewer) => Ok(viewer),
            Self::Stranger => Err(Error::unauthorized("This server gives its posts to signed requests only").into()),
        }
    }
}

/// Why there is no document.
#[derive(Debug)]
enum Failure {
    /// The signature.
    Refused(Refusal),
    /// It is gone: its id, for the tombstone.
    Gone(String),
    /// Anything else.
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, reason, retry_after) = match self {
            Self::Gone(id) => {
                let tombstone = document(Terms::NONE, Tombstone::new(&id)).unwrap_or_default();
                return answer(StatusCode::GONE, ACTIVITY_JSON, tombstone);
            }
            Self::Refused(refusal) => (refusal.status(), refusal.reason().to_owned(), refusal.retry_after()),
            Self::Error(error) => {
                let status = match &error {
                    Error::NotFound => 404,
                    Error::Gone => 410,
                    Error::Unauthorized(_) => 401,
                    Error::Forbidden(_) => 403,
                    Error::BadRequest(_) | Error::Invalid { .. } => 400,
                    Error::Unavailable(_) | Error::NoSpace | Error::Upstream(_) => 503,
                    other => {
                        tracing::error!(error = %other, "a document could not be made");
                        500
                    }
                };
                (status, error.to_string(), (status == 503).then_some(5))
            }
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = answer(status, "application/json", json!({"error": reason}).to_string());
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(proof::ACCEPT_SIGNATURE, proof::WANTED_OF_READS);
        }
        response
    }
}

type Answered = std::result::Result<Response, Failure>;

/// A body that must not be kept by anybody.
fn answer(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::VARY, HeaderValue::from_static("Accept, Signature, Signature-Input")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    (status, headers, body.into()).into_response()
}

/// An ActivityPub document. What depends on who asks is kept by nobody else (SIGIN-24).
fn activity_json(reader: Reader, body: impl Into<Body>) -> Response {
    let mut response = answer(StatusCode::OK, ACTIVITY_JSON, body);
    if reader == Reader::Anybody {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    }
    response
}

/// Whether a browser asks: a page is wanted more than a document (DISC-05). Without wishes it is a document.
fn wants_page(headers: &HeaderMap) -> bool {
    uri::wants_page(headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()))
}

/// Sends a browser to the page for people.
fn to_page(url: &str) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    if let Ok(url) = HeaderValue::from_str(url) {
        headers.insert(header::LOCATION, url);
    }
    headers.insert(header::VARY, HeaderValue::from_static("Accept, Signature, Signature-Input"));
    response
}

/// A person of this node who can be seen from outside.
fn local_actor(conn: &mut Conn, name: &str) -> std::result::Result<Account, Failure> {
    let account = store::accounts::find_by_handle(conn, name)?
        .filter(|a| a.is_local() && a.id != own_keys::INSTANCE)
        .ok_or(Error::NotFound)?;
    if account.deleted_at.is_some() {
        return Err(Failure::Gone(account.uri));
    }
    // A project of this site alone is there for nobody who asks from elsewhere.
    if account.kind == AccountKind::Group && near::is_near(conn, account.id)? {
        return Err(Error::NotFound.into());
    }
    // Who waits for approval is nobody yet.
    if store::users::find(conn, account.id)?.is_some_and(|user| user.approved_at.is_none()) {
        return Err(Error::NotFound.into());
    }
    Ok(account)
}

/// Runs a short read whose failures are ours.
async fn read<T, F>(app: &App, f: F) -> std::result::Result<T, Failure>
where
    T: Send + 'static,
    F: FnOnce(&mut Conn) -> std::result::Result<T, Failure> + Send + 'static,
{
    look(app, false, f).await
}

/// The same, for what may be `short` ([`App::look`]).
async fn look<T, F>(app: &App, short: bool, f: F) -> std::result::Result<T, Failure>
where
    T: Send + 'static,
    F: FnOnce(&mut Conn) -> std::result::Result<T, Failure> + Send + 'static,
{
    app.look(short, move |conn| Result::Ok(f(conn))).await?
}

/// `max_id` and `page` of a collection's address.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Paging {
    page: Option<String>,
    max_id: Option<String>,
    min_id: Option<String>,
    others: Option<String>,
}

impl Paging {
    fn wants_page(&self) -> bool {
        self.page.as_deref().is_some_and(|p| p != "false") || self.max_id.is_some() || self.min_id.is_some()
    }
    fn before(&self) -> Result<Option<i64>> {
        self.max_id.as_deref().map(|id| Ok(id.parse::<Id<Post>>()?.raw())).transpose()
    }
    fn after(&self) -> Result<i64> {
        self.min_id.as_deref().map_or(Ok(0), |id| Ok(id.parse::<Id<Post>>()?.raw()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(accept: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
        wants_page(&headers)
    }

    #[test]
    fn fed_disc_05_browsers_get_pages_and_programs_get_documents() {
        assert!(page("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"));
        assert!(page("text/html"));
        for program in [
            "application/activity+json",
            "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
            "application/activity+json, text/html;q=0.1",
            "*/*",
            "application/json, text/html;q=0.5",
            "text/html;q=0.2, application/activity+json",
        ] {
            assert!(!page(program), "{program}");
        }
        assert!(!wants_page(&HeaderMap::new()));
    }
}
