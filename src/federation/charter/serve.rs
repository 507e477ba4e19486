//! What this node answers about the charter.

use super::{alias, auth, checks, join, lists, take};
use crate::{
    Error, Result,
    app::App,
    domain::charter::{self, Refused, document, fingerprint, keychain, lists::Form, refused::status_of, steward},
    federation::{own_keys, proof, signatures::Claim},
    limits, peers, store,
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;
use std::time::Duration;

/// Bytes of a request to join or to leave: a node with its certificates.
pub(super) const SMALL: usize = 256 * 1024;
/// How long a sender may take for its body.
const BODY_TIME: Duration = Duration::from_secs(30);

/// The routes.
pub fn routes() -> Router<App> {
    let lists = Form::ALL.into_iter().fold(Router::new(), |router, form| {
        let show = move |state, asked, parts| lists::show(form, state, asked, parts);
        router.route(&format!("/charter/domains.{}", form.extension()), get(show))
    });
    lists
        .route("/charter", get(show).post(receive))
        .route("/charter/hello", get(hello))
        .route("/charter/join", post(admit))
        .route("/charter/leave", post(dismiss))
        .route("/charter/reach", post(reach))
        .route("/charter/aliases", post(alias::receive))
}

/// Why there is no answer.
pub(super) struct Failed(Error);

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let (status, code, reason) = match self.0 {
            Error::Invalid { code, reason, .. } => (status_of(code), code, reason.into_owned()),
            error @ (Error::Unavailable(_) | Error::NoSpace | Error::Upstream(_)) => {
                (503, "unavailable", error.to_string())
            }
            Error::TooLarge(reason) => (413, "too_large", reason.into_owned()),
            Error::RateLimited { .. } => (429, "rate_limit", "Too many requests".into()),
            error @ (Error::Forbidden(_) | Error::Unauthorized(_)) => (403, "forbidden", error.to_string()),
            error @ Error::BadRequest(_) => (400, "malformed", error.to_string()),
            error @ Error::NotFound => (404, "not_found", error.to_string()),
            error @ Error::Conflict(_) => (409, "conflict", error.to_string()),
            error @ Error::Gone => (410, "gone", error.to_string()),
            error => {
                tracing::error!(%error, "a request about the charter failed here");
                (500, "failed", "Internal error".into())
            }
        };
        metrics::counter!("charter_refused_total", "reason" => code).increment(1);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, axum::Json(json!({ "error": reason, "code": code }))).into_response()
    }
}

pub(super) type Answered = Result<Response, Failed>;

/// The newest version, for nodes that belong.
async fn show(State(app): State<App>, parts: Parts) -> Answered {
    let ours = peers::organisation(&app).ok_or(Refused::NoOrganisation)?;
    let node = auth::member(&auth::claims(&app, &parts)?, &ours, b"")?;
    // It is back, if it was away: what waits for it is sent (N15).
    proof::spoke(&app, &node.actor);
    let tag = format!("\"{}\"", ours.hash);
    let known = parts.headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let same = known.flat_map(|value| value.split(',')).any(|value| value.trim().trim_start_matches("W/") == tag);
    let mut response = if same {
        // It has what we have.
        let (version, hash) = (ours.charter.version, ours.hash.clone());
        app.write(move |tx| store::charter::heard(tx.conn, &node.domain, version, &hash, tx.now)).await?;
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], ours.document.to_string()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("Signature, Signature-Input"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// A version that another node offers.
async fn receive(State(app): State<App>, request: Request) -> Answered {
    let (parts, body) = request.into_parts();
    let claims = auth::claims(&app, &parts)?;
    let ours = peers::organisation(&app);
    // Megabytes are read from nobody who cannot be proven.
    match &ours {
        Some(ours) => auth::may_be_member(&claims, ours)?,
        None if was_removed(&app, &claims).await? => {}
        None => join::expects_one(&app).await?,
    }
    let body = read(body, limits::CHARTER_BYTES).await?;
    let now = app.clock().now();
    let Some(ours) = ours else {
        return match join::expects_one(&app).await {
            Ok(()) => Ok(join::receive_first(&app, &claims, &body).await.map(|()| taken())?),
            Err(_) => rescue(&app, &claims, &body).await,
        };
    };
    let node = match auth::member(&claims, &ours, &body) {
        Err(removed @ Refused::Removed { .. }) => {
            return rescue(&app, &claims, &body).await.map_err(|_| removed.into());
        }
        other => other?,
    };
    let offered = document::parse(&body, now)?;
    let (version, hash) = (offered.charter.version, offered.hash.clone());
    take(&app, offered, &node.domain).await?;
    app.write(move |tx| store::charter::heard(tx.conn, &node.domain, version, &hash, tx.now)).await?;
    Ok(taken())
}

/// Whether this node was removed under a charter that one of the keys belongs to.
async fn was_removed(app: &App, claims: &[Claim]) -> Result<bool, Error> {
    let ended = app.read(store::charter::ended).await?.map(|row| charter::open(&row)).transpose()?;
    Ok(ended.is_some_and(|ended| auth::may_be_member(claims, &ended).is_ok()))
}

/// A version that the recovery key brings about, from a node that belongs to it, whatever a thief made of the charter here.
async fn rescue(app: &App, claims: &[Claim], body: &[u8]) -> Answered {
    let offered = document::parse(body, app.clock().now())?;
    let node = auth::member(claims, &offered, body)?;
    app.write(move |tx| charter::rescue(tx, &offered, &node.domain)).await?;
    peers::refresh(app).await?;
    Ok(taken())
}

fn taken() -> Response {
    axum::Json(json!({ "taken": true })).into_response()
}

/// What a node that was invited asks first: is this the right one, and do the clocks agree?
async fn hello(State(app): State<App>) -> Response {
    let ours = peers::organisation(&app);
    let key = ours.as_ref().map(|ours| fingerprint(ours.charter.signing_key()));
    // Whoever has an invitation from before a key was replaced sees that it was.
    let keys = ours.iter().flat_map(|ours| ours.charter.keys.iter().rev().skip(1)).filter_map(keychain::key_of);
    let earlier: Vec<String> = keys.map(fingerprint).collect();
    let said = json!({
        "software": "watercooler",
        "version": env!("CARGO_PKG_VERSION"),
        "domain": app.site().domain(),
        "time": app.clock().now().rfc3339(),
        "fingerprint": key,
        "earlier": earlier,
    });
    ([(header::CACHE_CONTROL, "no-store")], axum::Json(said)).into_response()
}

/// A node comes with an invitation.
async fn admit(State(app): State<App>, request: Request) -> Answered {
    let (parts, body) = request.into_parts();
    let claims = auth::claims(&app, &parts)?;
    let body = read(body, SMALL).await?;
    let wish: join::Wish = serde_json::from_slice(&body).map_err(|_| Refused::Malformed("the request to join"))?;
    let outcome = join::admit(&app, &claims, &body, wish).await?;
    Ok(match outcome {
        charter::Outcome::Signed(signed) => {
            axum::Json(json!({ "state": "joined", "charter": signed.document })).into_response()
        }
        _ => (StatusCode::ACCEPTED, axum::Json(json!({ "state": "waiting" }))).into_response(),
    })
}

/// A node says that it leaves.
async fn dismiss(State(app): State<App>, request: Request) -> Answered {
    let (parts, body) = request.into_parts();
    let claims = auth::claims(&app, &parts)?;
    let body = read(body, SMALL).await?;
    let ours = peers::organisation(&app).ok_or(Refused::NoOrganisation)?;
    let node = auth::member(&claims, &ours, &body)?;
    auth::signed_since_joined(&claims, &node)?;
    let (vault, domain) = (own_keys::vault(&app)?, node.domain.clone());
    let outcome = app.write(move |tx| steward::dismiss(tx, &vault, &domain)).await?;
    peers::refresh(&app).await?;
    let state = if matches!(outcome, charter::Outcome::Signed(_)) { "left" } else { "waiting" };
    Ok(axum::Json(json!({ "state": state })).into_response())
}

/// A node asks whether it can be reached from here.
async fn reach(State(app): State<App>, request: Request) -> Answered {
    let (parts, body) = request.into_parts();
    let claims = auth::claims(&app, &parts)?;
    let body = read(body, SMALL).await?;
    let ours = peers::organisation(&app).ok_or(Refused::NoOrganisation)?;
    let node = auth::member(&claims, &ours, &body)?;
    checks::visit(&app, &node).await.map_err(Error::from)?;
    Ok(axum::Json(json!({ "reached": true })).into_response())
}

pub(super) async fn read(body: Body, most: usize) -> Result<Bytes, Error> {
    match tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, most)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if crate::federation::is_too_long(&error) => {
            Err(Error::TooLarge("The body is too large".into()))
        }
        Ok(Err(_)) => Err(Error::bad_request("The body cannot be read")),
        Err(_) => Err(Error::Unavailable("the body came too slowly".into())),
    }
}
