//! What every request passes on its way in and out: trailing slashes, CORS, rate limits, headers.

use super::{auth, error::ApiError};
use crate::{
    Error,
    id::Id,
    model::Account,
    rate::{Allowance, RateLimiter, Rule},
};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use std::{
    convert::Infallible,
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};
use tower::{Service, ServiceExt};

pub use crate::rate::ClientAddress;

const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Link, Mastodon-Async-Refresh, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id",
);
/// What the client API answers is for programs: a browser that is led there shows and runs nothing of it.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; form-action 'none'");
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Says since when an address has another name (RFC 9745).
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// When collections got theirs: 9 June 2026.
const SINCE: HeaderValue = HeaderValue::from_static("@1780963200");

/// Puts the door in front of all routes of `inner` (of every edge).
pub fn door(inner: Router, limiter: Arc<RateLimiter>) -> Router {
    Router::new().fallback_service(Door { inner, limiter })
}

#[derive(Clone)]
struct Door {
    inner: Router,
    limiter: Arc<RateLimiter>,
}

impl Service<Request> for Door {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut req: Request) -> Self::Future {
        let door = self.clone();
        Box::pin(async move {
            let class = Class::of(req.uri().path());
            if class.machine {
                strip_slash(&mut req);
            }
            let deprecated = rename(&mut req);
            if class.cors && req.method() == Method::OPTIONS {
                return Ok(preflight(req.headers(), class));
            }
            let asks_methods = req.method() == Method::OPTIONS;
            let signed_in = req.headers().contains_key(header::AUTHORIZATION)
                || auth::presented(req.headers(), req.uri().query()).is_some();
            let allowance = if class.api { door.admit(&req) } else { None };
            let counted = if class.api { OfAccount::of(&req) } else { None };
            if let Some(counted) = &counted {
                req.extensions_mut().insert(counted.clone());
            }
            let mut response = match door.limiter.refuse(allowance) {
                Err(e) => ApiError(e).into_response(),
                Ok(()) => match door.inner.oneshot(req).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                },
            };
            let allowance = counted.map_or(allowance, |counted| counted.told(allowance));
            if asks_methods && let Some(methods) = known_methods(&response) {
                return Ok(methods);
            }
            if class.programs && response.status().is_client_error() {
                response = spoken(response);
            }
            let headers = response.headers_mut();
            if deprecated {
                headers.insert(DEPRECATION, SINCE);
            }
            if class.cors {
                cors(headers);
            }
            if class.api {
                headers.append(header::VARY, HeaderValue::from_static("Authorization, Origin"));
                headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
                headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
                if signed_in && !headers.contains_key(header::CACHE_CONTROL) {
                    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
                }
                if let Some(a) = allowance {
                    tell(headers, a);
                }
            }
            Ok(response)
        })
    }
}

impl Door {
    /// Counts the request under every rule that concerns it, but for what counts for an account; the strictest allowance.
    fn admit(&self, req: &Request) -> Option<Allowance> {
        if !self.limiter.is_on() {
            return None;
        }
        let address = address_of(req.extensions());
        let token = auth::presented(req.headers(), req.uri().query());
        let mut least: Option<Allowance> = None;
        let mut add = |a: Option<Allowance>| {
            least = match (least, a) {
                (Some(x), Some(y)) => Some(x.stricter(y)),
                (x, y) => x.or(y),
            };
        };
        let method = req.method();
        let path = req.uri().path();
        match (token, address) {
            (Some(token), _) => {
                add(self.limiter.hit(Rule::Token, &token));
                if let Some(rule) = special(method, path).filter(|rule| !is_of_account(*rule)) {
                    add(self.limiter.hit(rule, &token));
                }
            }
            (None, Some(address)) => {
                add(self.limiter.hit_address(Rule::Address, address));
                if pages(req.uri().query().unwrap_or("")) {
                    add(self.limiter.hit_address(Rule::Paging, address));
                }
            }
            (None, None) => {}
        }
        if let (true, Some(address)) = (*method == Method::POST && path == "/api/v1/apps", address) {
            add(self.limiter.hit_address(Rule::Apps, address));
        }
        least
    }
}

/// Whether a rule is about what an account does, with whichever of its tokens: as many apps as somebody likes are no way
/// around it.
const fn is_of_account(rule: Rule) -> bool {
    matches!(rule, Rule::Posts | Rule::Follows | Rule::Collects)
}

/// What a call counts as for the account that makes it. The door does not know whose a token is: who finds that out counts.
#[derive(Debug)]
pub(super) struct OfAccount {
    rule: Rule,
    left: OnceLock<Allowance>,
}

impl OfAccount {
    fn of(req: &Request) -> Option<Arc<Self>> {
        let rule = special(req.method(), req.uri().path()).filter(|rule| is_of_account(*rule))?;
        Some(Arc::new(Self { rule, left: OnceLock::new() }))
    }

    /// Counts it for this account.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when it is one too many.
    pub(super) fn count(&self, limiter: &RateLimiter, account: Id<Account>) -> Result<(), Error> {
        let Some(left) = limiter.hit(self.rule, &account) else { return Ok(()) };
        limiter.refuse(Some(*self.left.get_or_init(|| left)))
    }

    /// What the answer tells: whoever posts or follows how much of that is left, else the strictest.
    fn told(&self, least: Option<Allowance>) -> Option<Allowance> {
        match self.left.get().copied() {
            Some(own) if matches!(self.rule, Rule::Posts | Rule::Follows) => Some(own),
            Some(own) => Some(least.map_or(own, |least| least.stricter(own))),
            None => least,
        }
    }
}

/// Where a request came from, after trusted proxies were looked through.
pub fn address_of(extensions: &Extensions) -> Option<IpAddr> {
    let told = extensions.get::<ClientAddress>().map(|address| address.0);
    told.or_else(|| extensions.get::<axum::extract::ConnectInfo<SocketAddr>>().map(|info| info.0.ip()))
}

/// The rule for calls that cost more than others.
fn special(method: &Method, path: &str) -> Option<Rule> {
    if *method == Method::POST {
        return match path {
            "/api/v1/media" | "/api/v2/media" => Some(Rule::Media),
            "/api/v1/statuses" => Some(Rule::Posts),
            _ if path.starts_with("/api/v1/accounts/") && path.ends_with("/follow") => Some(Rule::Follows),
            "/api/v1/collections" => Some(Rule::Collects),
            _ if path.starts_with("/api/v1/collections/") && path.ends_with("/items") => Some(Rule::Collects),
            _ if path.starts_with("/api/v1/statuses/") && path.ends_with("/reblog") => Some(Rule::Posts),
            _ if path.starts_with("/api/v1/statuses/") && path.ends_with("/unreblog") => Some(Rule::Deletes),
            _ => None,
        };
    }
    (*method == Method::DELETE && path.starts_with("/api/v1/statuses/")).then_some(Rule::Deletes)
}

fn pages(query: &str) -> bool {
    query.split('&').any(|p| ["max_id=", "since_id=", "min_id=", "offset="].iter().any(|n| p.starts_with(n)))
}

/// What kind of address this is.
#[derive(Clone, Copy)]
struct Class {
    /// The client API proper.
    api: bool,
    /// For programs: trailing slashes mean nothing.
    machine: bool,
    /// Pages of any origin may read it.
    cors: bool,
    /// Only reading.
    read_only: bool,
    /// Programs read the answers, refusals too.
    programs: bool,
}

/// What the framework refuses by itself (a path that is no UTF-8, a query that fits no type) is a line of plain text: as
/// programs read errors everywhere else.
fn spoken(response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("text/plain") {
        return response;
    }
    let status = response.status();
    let said = serde_json::json!({ "error": status.canonical_reason().unwrap_or("The request cannot be read") });
    (status, axum::Json(said)).into_response()
}

impl Class {
    fn of(path: &str) -> Self {
        let api = path.starts_with("/api/") || path == "/api";
        let discovery = path.starts_with("/.well-known/") || path.starts_with("/nodeinfo");
        let token = ["/oauth/token", "/oauth/revoke", "/oauth/userinfo"]
            .iter()
            .any(|p| path.strip_prefix(p).is_some_and(|rest| rest.is_empty() || rest == "/"));
        // Deliveries come from servers, never from a page.
        let document = ["/@", "/users/", "/media/", "/avatars/", "/headers/"].iter().any(|p| path.starts_with(p))
            && !path.ends_with("/inbox");
        Self {
            api,
            machine: api || discovery || path.starts_with("/oauth/") || path.starts_with("/invite/"),
            cors: api || discovery || token || document,
            read_only: discovery || document,
            programs: api
                || discovery
                || ["/oauth/", "/users/", "/inbox", "/charter"].iter().any(|prefix| path.starts_with(prefix)),
        }
    }
}

/// `/api/v1/instance/` is `/api/v1/instance`, without a redirect.
fn strip_slash(req: &mut Request) {
    let path = req.uri().path();
    let bare = path.trim_end_matches('/');
    if bare.len() == path.len() || bare.is_empty() {
        return;
    }
    let target = match req.uri().query() {
        Some(query) => format!("{bare}?{query}"),
        None => bare.to_owned(),
    };
    if let Ok(uri) = target.parse::<Uri>() {
        *req.uri_mut() = uri;
    }
}

/// Collections were tried out under another name, which apps of that time still call. Answers whether this is one of those.
fn rename(req: &mut Request) -> bool {
    let Some(rest) = req.uri().path().strip_prefix("/api/v1_alpha/") else { return false };
    let mut parts = rest.split('/');
    let named = match (parts.next(), parts.nth(1), parts.next()) {
        (Some("accounts"), Some("collections" | "in_collections"), None) => true,
        (first, ..) => first == Some("collections"),
    };
    let target = match req.uri().query() {
        Some(query) => format!("/api/v1/{rest}?{query}"),
        None => format!("/api/v1/{rest}"),
    };
    match target.parse::<Uri>() {
        Ok(uri) if named => *req.uri_mut() = uri,
        _ => return false,
    }
    true
}

fn cors(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

fn preflight(asked: &HeaderMap, class: Class) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    cors(headers);
    let methods = if class.read_only { "GET" } else { "GET, POST, PUT, PATCH, DELETE, OPTIONS" };
    let known = if class.read_only { "GET, HEAD, OPTIONS" } else { methods };
    headers.insert(header::ALLOW, HeaderValue::from_static(known));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    // `*` would not cover Authorization: give back what was asked for.
    let allowed = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed.unwrap_or(HeaderValue::from_static("*")));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    headers.insert(header::VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    response
}

/// The answer to OPTIONS at an address that pages elsewhere have no business with: the methods that it knows. The router
/// puts them on its refusal of any other; an address that does not exist has none.
fn known_methods(refused: &Response) -> Option<Response> {
    let known = refused.headers().get(header::ALLOW)?.to_str().ok().filter(|known| !known.is_empty())?;
    let methods = HeaderValue::from_str(&format!("{known},OPTIONS")).ok()?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::ALLOW, methods);
    Some(response)
}

fn tell(headers: &mut HeaderMap, a: Allowance) {
    headers.insert(LIMIT, HeaderValue::from(a.limit));
    headers.insert(REMAINING, HeaderValue::from(a.remaining));
    // Microseconds, as the Python library reads it.
    let reset = a.reset.to_datetime().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    if let Ok(value) = HeaderValue::from_str(&reset) {
        headers.insert(RESET, value);
    }
}

/// The answer for an address of the API that does not exist: JSON, never a page.
pub async fn not_found() -> ApiError {
    ApiError(Error::NotFound)
}

/// The answer for a method an address of the API does not know. Clients take 404 for "this server cannot do that".
pub async fn wrong_method() -> ApiError {
    ApiError(Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api, time::Clock, time::Timestamp};
    use axum::{Json, routing::get};

    fn router(on: bool) -> Router {
        let inner = Router::new()
            .route("/api/v1/instance", get(async || Json(serde_json::json!({"ok": true}))))
            .route("/api/v1/filters/{id}", api::update(async || api::Empty))
            .route("/oauth/authorize", get(async || "page"))
            .route("/@ann", get(async || "page"))
            .fallback(not_found)
            .method_not_allowed_fallback(wrong_method);
        let clock = Clock::fixed(Timestamp::from_millis(1_782_978_471_000));
        door(inner, Arc::new(RateLimiter::new(clock, on, Vec::new())))
    }

    async fn call(router: &Router, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).expect("a request");
        request.extensions_mut().insert(ClientAddress([192, 0, 2, 1].into()));
        router.clone().oneshot(request).await.expect("infallible")
    }

    async fn json(response: Response) -> serde_json::Value {
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    #[tokio::test]
    async fn trailing_slashes_are_accepted_without_a_redirect() {
        let router = router(false);
        for path in ["/api/v1/instance", "/api/v1/instance/", "/api/v1/instance/?x=1", "/oauth/authorize/?state=1"] {
            assert_eq!(call(&router, "GET", path, &[]).await.status(), 200, "{path}");
        }
        assert_eq!(call(&router, "GET", "/@ann/", &[]).await.status(), 404);
    }

    #[tokio::test]
    async fn put_and_patch_are_the_same_and_nothing_to_say_is_an_empty_object() {
        let router = router(false);
        for method in ["PUT", "PATCH"] {
            let response = call(&router, method, "/api/v1/filters/1", &[]).await;
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["content-type"], "application/json");
            assert_eq!(json(response).await, serde_json::json!({}));
        }
    }

    #[tokio::test]
    async fn unknown_addresses_and_methods_are_json_404() {
        let router = router(false);
        for (method, path) in [("GET", "/api/v9/nothing"), ("DELETE", "/api/v1/instance")] {
            let response = call(&router, method, path, &[]).await;
            assert_eq!(response.status(), 404);
            assert_eq!(response.headers()["access-control-allow-origin"], "*");
            assert_eq!(json(response).await, serde_json::json!({"error": "Record not found"}));
        }
    }

    #[tokio::test]
    async fn sec_lim_12_any_origin_may_read_the_api_and_none_the_sign_in_page() {
        let router = router(false);
        let asks = [
            ("origin", "https://client.example"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,idempotency-key"),
        ];
        for path in ["/api/v1/instance", "/api/v1/nothing/here", "/oauth/token"] {
            let response = call(&router, "OPTIONS", path, &asks).await;
            assert_eq!(response.status(), 200);
            let headers = response.headers();
            assert_eq!(headers["access-control-allow-origin"], "*");
            assert_eq!(headers["access-control-allow-headers"], "authorization,idempotency-key");
            assert!(headers["access-control-allow-methods"].to_str().expect("text").contains("PATCH"));
            assert!(!headers.contains_key("access-control-allow-credentials"));
        }
        let read = call(&router, "GET", "/api/v1/instance", &[("origin", "https://client.example")]).await;
        assert!(read.headers()["content-security-policy"].to_str().expect("text").starts_with("default-src 'none'"));
        assert_eq!(read.headers()["x-content-type-options"], "nosniff");
        assert!(read.headers()["access-control-expose-headers"].to_str().expect("text").contains("Link"));
        let page = call(&router, "GET", "/oauth/authorize", &[("origin", "https://client.example")]).await;
        assert!(!page.headers().contains_key("access-control-allow-origin"));
    }

    #[tokio::test]
    async fn sec_web_15_caches_keep_nothing_of_what_depends_on_who_asks() {
        let router = router(false);
        let anybody: &[(&str, &str)] = &[];
        let somebody: &[(&str, &str)] = &[("authorization", "Bearer x")];
        for asks in [anybody, somebody] {
            let response = call(&router, "GET", "/api/v1/instance", asks).await;
            let vary = response.headers().get_all("vary").iter().filter_map(|value| value.to_str().ok());
            assert!(vary.flat_map(|value| value.split(',')).any(|name| name.trim() == "Authorization"), "{asks:?}");
            let kept = response.headers().get("cache-control").and_then(|value| value.to_str().ok());
            assert_eq!(kept == Some("private, no-store"), !asks.is_empty(), "{asks:?} {kept:?}");
        }
    }

    #[tokio::test]
    async fn rate_limits_are_told_and_enforced() {
        let router = router(true);
        let first = call(&router, "GET", "/api/v1/instance", &[]).await;
        assert_eq!(first.headers()["x-ratelimit-limit"], "300");
        assert_eq!(first.headers()["x-ratelimit-remaining"], "299");
        assert_eq!(first.headers()["x-ratelimit-reset"], "2026-07-02T07:52:51.000000Z");
        for _ in 0..299 {
            assert_eq!(call(&router, "GET", "/api/v1/instance", &[]).await.status(), 200);
        }
        let over = call(&router, "GET", "/api/v1/instance", &[]).await;
        assert_eq!(over.status(), 429);
        assert_eq!(over.headers()["retry-after"], "300");
        assert_eq!(over.headers()["x-ratelimit-remaining"], "0");
        assert_eq!(json(over).await, serde_json::json!({"error": "Too many requests"}));
        let other = call(&router, "GET", "/api/v1/instance", &[("authorization", "Bearer x")]).await;
        assert_eq!(other.status(), 200);
        assert_eq!(other.headers()["cache-control"], "private, no-store");
        assert_eq!(call(&router, "GET", "/@ann", &[]).await.status(), 200);
    }
}
