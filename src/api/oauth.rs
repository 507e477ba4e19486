//! The OAuth 2 endpoints that answer programs (`api/oauth.md`). Pages are in `web`.

use super::{Access, AppToken, Params, Rendered, Routes, SignedIn};
use crate::{
    Error, Result,
    app::App,
    domain::{
        oauth::{self, Issued, Outcome, Refusal},
        scopes::Scope,
    },
    model, store,
};
use axum::{
    extract::{FromRequest, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

/// The endpoints.
pub fn routes() -> Routes {
    Routes::new()
        .post("/oauth/token", Access::Open, token)
        .post("/oauth/revoke", Access::Open, revoke)
        .get("/oauth/userinfo", Access::User(&[Scope::Profile]), userinfo)
        .post("/oauth/userinfo", Access::User(&[Scope::Profile]), userinfo)
        .get("/.well-known/oauth-authorization-server", Access::Open, metadata)
}

/// An answer in OAuth's words: never stored, never a redirect.
fn answer(status: u16, body: &serde_json::Value) -> Response {
    let mut response = Rendered::from(body.to_string().into_bytes()).into_response();
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

fn refusal(why: Refusal) -> Response {
    metrics::counter!("auth_rejected_total", "reason" => why.code()).increment(1);
    let body = json!({"error": why.code(), "error_description": why.description()});
    let mut response = answer(why.status(), &body);
    if why == Refusal::InvalidClient {
        let how = HeaderValue::from_static("Basic realm=\"oauth\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
    }
    response
}

fn settle(result: Result<Outcome<Response>>) -> Response {
    match result {
        Ok(Ok(response)) => response,
        Ok(Err(why)) => refusal(why),
        Err(error) => malformed(error),
    }
}

/// A request that cannot be read, in OAuth's words (RFC 6749, 5.2); anything else is no fault of the request.
fn malformed(error: Error) -> Response {
    let status = match &error {
        Error::BadRequest(_) | Error::Invalid { .. } => 400,
        Error::TooLarge(_) => 413,
        _ => return super::ApiError(error).into_response(),
    };
    metrics::counter!("auth_rejected_total", "reason" => "invalid_request").increment(1);
    answer(status, &json!({"error": "invalid_request", "error_description": error.to_string()}))
}

/// The parameters of a call of these endpoints; what cannot be read is refused in OAuth's words.
struct Sent(Params);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> std::result::Result<Self, Response> {
        Params::from_request(request, state).await.map(Self).map_err(|super::ApiError(error)| malformed(error))
    }
}

/// Id and secret of a client: in the body, or by HTTP Basic.
fn credentials(params: &Params, headers: &HeaderMap) -> Outcome<(String, String)> {
    if let (Some(id), Some(secret)) = (params.filled("client_id"), params.filled("client_secret")) {
        return Ok((id.to_owned(), secret.to_owned()));
    }
    let basic = || {
        let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok())??;
        let text = String::from_utf8(decoded).ok()?;
        let (id, secret) = text.split_once(':')?;
        // RFC 6749 2.3.1: both are form-encoded; ours need no escaping, so this changes nothing for most.
        let plain = |part: &str| {
            url::form_urlencoded::parse(format!("v={part}").as_bytes()).next().map(|(_, value)| value.into_owned())
        };
        Some((plain(id)?, plain(secret)?))
    };
    basic().ok_or(Refusal::InvalidClient)
}

async fn client(app: &App, params: &Params, headers: &HeaderMap) -> Result<Outcome<model::App>> {
    match credentials(params, headers) {
        Ok((id, secret)) => app.read(move |conn| oauth::authenticate_app(conn, &id, &secret)).await,
        Err(why) => Ok(Err(why)),
    }
}

fn issued(issued: &Issued) -> Response {
    answer(
        200,
        &json!({
            "access_token": issued.token,
            "token_type": "Bearer",
            "scope": issued.scopes.to_string(),
            "created_at": issued.created_at.seconds(),
        }),
    )
}

/// `POST /oauth/token`.
async fn token(State(app): State<App>, headers: HeaderMap, Sent(params): Sent) -> Response {
    settle(exchange(&app, &headers, &params).await)
}

async fn exchange(app: &App, headers: &HeaderMap, params: &Params) -> Result<Outcome<Response>> {
    let Some(grant_type) = params.filled("grant_type") else {
        return Ok(Err(Refusal::InvalidRequest("Missing required parameter: grant_type.")));
    };
    if !matches!(grant_type, "authorization_code" | "client_credentials") {
        return Ok(Err(Refusal::UnsupportedGrantType));
    }
    let client = match client(app, params, headers).await? {
        Ok(client) => client,
        Err(why) => return Ok(Err(why)),
    };
    let outcome = if grant_type == "authorization_code" {
        let (Some(code), Some(uri)) = (params.filled("code"), params.filled("redirect_uri")) else {
            return Ok(Err(Refusal::InvalidRequest("Missing required parameter: code or redirect_uri.")));
        };
        let (code, uri) = (code.to_owned(), uri.to_owned());
        let verifier = params.filled("code_verifier").map(str::to_owned);
        app.write_at_any_price(move |tx| oauth::redeem(tx, &client, &code, &uri, verifier.as_deref())).await?
    } else {
        let scope = params.text("scope").unwrap_or_default().to_owned();
        app.write_at_any_price(move |tx| oauth::issue_app_token(tx, &client, &scope)).await?
    };
    Ok(outcome.map(|token| issued(&token)))
}

/// `POST /oauth/revoke`.
async fn revoke(State(app): State<App>, headers: HeaderMap, Sent(params): Sent) -> Response {
    let revoked = async {
        let client = match client(&app, &params, &headers).await? {
            Ok(client) => client,
            Err(why) => return Ok(Err(why)),
        };
        let Some(token) = params.filled("token").map(str::to_owned) else {
            return Ok(Err(Refusal::InvalidRequest("Missing required parameter: token.")));
        };
        let outcome = app.write(move |tx| oauth::revoke(tx, &client, &token)).await?;
        Ok(outcome.map(|()| answer(200, &json!({}))))
    };
    settle(revoked.await)
}

/// `GET` or `POST /oauth/userinfo`.
async fn userinfo(State(app): State<App>, me: SignedIn) -> super::ApiResult<Rendered> {
    let account = app.read(move |conn| store::accounts::load(conn, me.account)).await?;
    let site = app.site();
    let picture = match &account.avatar {
        Some(key) => site.media_url(key),
        None => site.url("/avatars/original/missing.png"),
    };
    let name = if account.display_name.is_empty() { &account.username } else { &account.display_name };
    Ok(Rendered::of(&json!({
        "iss": format!("{}/", site.base()),
        "sub": account.uri,
        "name": name,
        "preferred_username": account.username,
        "profile": site.profile_url(&account.username),
        "picture": picture,
    }))?)
}

/// `GET /.well-known/oauth-authorization-server` (RFC 8414).
async fn metadata(State(app): State<App>) -> super::ApiResult<Rendered> {
    let site = app.site();
    Ok(Rendered::of(&json!({
        "issuer": format!("{}/", site.base()),
        "service_documentation": "https://docs.joinmastodon.org/",
        "authorization_endpoint": site.url("/oauth/authorize"),
        "token_endpoint": site.url("/oauth/token"),
        "app_registration_endpoint": site.url("/api/v1/apps"),
        "revocation_endpoint": site.url("/oauth/revoke"),
        "userinfo_endpoint": site.url("/oauth/userinfo"),
        "scopes_supported": Scope::ALL.map(Scope::name).to_vec(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
    }))?)
}

/// An app as its token sees it; `vapid_key` is part of the older shape of the entity.
pub fn application(app: &model::App, vapid_key: &str) -> serde_json::Value {
    let uris = oauth::redirect_uris(app);
    json!({
        "id": app.id.to_string(),
        "name": app.name,
        "website": app.website,
        "scopes": crate::domain::scopes::Scopes::from_stored(&app.scopes).names(),
        "redirect_uris": uris,
        "redirect_uri": uris.join("\n"),
        "vapid_key": vapid_key,
    })
}

/// The app a token belongs to.
///
/// # Errors
/// `NotFound` when it is gone.
pub async fn app_of(app: &App, AppToken(grant): AppToken) -> Result<model::App> {
    app.read(move |conn| store::oauth::load_app(conn, grant.app)).await.map_err(|error| match error {
        Error::NotFound => Error::unauthorized("The access token is invalid"),
        other => other,
    })
}
