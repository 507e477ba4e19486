//! Who visits a page: the language, the session behind the cookie, the token that guards forms, and how an answer to a
//! browser looks (WEB-12, OAU-10, OAU-11, OAU-15).

use super::{
    assets,
    pages::{Frame, Message},
    words::Lang,
};
use crate::{
    Error, Result,
    app::{App, acting_as},
    crypto,
    domain::accounts,
    model::{Account, Session, User},
    rate::ClientAddress,
    store,
};
use askama::Template;
use axum::{
    body::Bytes,
    extract::{ConnectInfo, FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

/// Days a session lives without being used.
const SESSION_DAYS: i64 = 90;
/// Bytes of a form.
const FORM: usize = 64 * 1024;

/// A browser that is signed in.
#[derive(Clone, Debug)]
pub struct Browser {
    /// Its session.
    pub session: Session,
    /// Who.
    pub account: Account,
    /// How they sign in.
    pub user: User,
}

/// Whoever asks for a page.
pub struct Visitor {
    /// The node.
    pub app: App,
    /// The language to answer in.
    pub lang: Lang,
    /// The signed-in browser.
    pub browser: Option<Browser>,
    /// Where from.
    pub address: Option<IpAddr>,
    /// What the browser says it is.
    pub agent: Option<String>,
    /// The path and query asked for.
    pub uri: Uri,
    /// Asked for an ActivityPub document?
    pub wants_activity: bool,
    headers: HeaderMap,
    form_token: String,
    form_cookie_is_new: bool,
}

/// Which policy a page is sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A page whose forms stay here.
    Form,
    /// Sign-in and consent: their forms end in a redirect to an app, which `form-action` would stop in Chromium.
    Leaving,
    /// A page anybody may see.
    Public,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Infallible> {
        let headers = parts.headers.clone();
        let jar = CookieJar::from_headers(&headers);
        let query = parts.uri.query().unwrap_or_default();
        let asked = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang");
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let lang = asked
            .and_then(|(_, tag)| Lang::named(&tag))
            .or_else(|| accepted.and_then(Lang::accepted))
            .unwrap_or(Lang::English);
        let address = parts
            .extensions
            .get::<ClientAddress>()
            .map(|address| address.0)
            .or_else(|| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()));
        let browser = match jar.get(cookie_name(app, "session")) {
            Some(cookie) => find_browser(app, cookie.value()).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "a session could not be looked up");
                None
            }),
            None => None,
        };
        let known = jar.get(cookie_name(app, "form")).map(Cookie::value).filter(|value| value.len() == 43);
        let accept: Vec<&str> =
            headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        let names_document = accept.iter().any(|accept| {
            let accept = accept.to_ascii_lowercase();
            accept.contains("application/activity+json") || accept.contains("application/ld+json")
        });
        // Who wants the page more would be led back from the document.
        let wants_activity = names_document && !crate::uri::wants_page(accept.into_iter());
        Ok(Self {
            app: app.clone(),
            lang,
            browser,
            address,
            agent: headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned),
            uri: parts.uri.clone(),
            wants_activity,
            form_token: known.map_or_else(|| app.random().token(), str::to_owned),
            form_cookie_is_new: known.is_none(),
            headers,
        })
    }
}

/// `__Host-` and `Secure` when the node has TLS; without on plain http, where many cookie jars send neither (OAU-15).
fn cookie_name(app: &App, what: &str) -> &'static str {
    match (app.site().is_https(), what) {
        (true, "session") => "__Host-watercooler",
        (true, _) => "__Host-watercooler-form",
        (false, "session") => "watercooler",
        (false, _) => "watercooler-form",
    }
}

async fn find_browser(app: &App, secret: &str) -> Result<Option<Browser>> {
    let hash = crypto::sha256(secret.as_bytes());
    let found = app
        .read(move |conn| {
            let Some(session) = store::users::find_session(conn, &hash)? else { return Ok(None) };
            let Some(account) = store::accounts::find(conn, session.account_id)? else { return Ok(None) };
            Ok(store::users::find(conn, account.id)?.map(|user| Browser { session, account, user }))
        })
        .await?;
    let now = app.clock().now();
    let Some(browser) = found else { return Ok(None) };
    let expired = browser.session.last_seen_at.plus_days(SESSION_DAYS) < now;
    if expired || accounts::may_sign_in(&browser.account, &browser.user).is_err() {
        return Ok(None);
    }
    if browser.session.last_seen_at.plus_days(1) < now {
        let id = browser.session.id;
        app.write(move |tx| store::users::touch_session(tx.conn, id, tx.now)).await?;
    }
    Ok(Some(browser))
}

impl Visitor {
    /// What surrounds a page for this visitor.
    pub fn frame(&self) -> Frame {
        Frame {
            lang: self.lang,
            site: self.app.config().instance.name.clone(),
            signed_in: self.browser.as_ref().map(|browser| browser.account.username.clone()),
            sheet: assets::sheet().to_owned(),
            privacy: self.app.config().instance.privacy_policy.is_some(),
            terms: self.app.config().instance.terms_of_service.is_some(),
            sign_in: self.sign_in(),
        }
    }

    /// Where one signs in, and goes on from there with a page that shows more to who is signed in.
    fn sign_in(&self) -> String {
        let pages = ["/@", "/tags/", "/answers", "/ideas"];
        if !pages.iter().any(|page| self.uri.path().starts_with(page)) {
            return "/sign-in".to_owned();
        }
        let mut here = self.uri.path().to_owned();
        let asked = url::form_urlencoded::parse(self.uri.query().unwrap_or("").as_bytes());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        // No token goes on.
        query.extend_pairs(asked.filter(|(name, _)| !matches!(name.as_ref(), "access_token" | "bearer_token")));
        let query = query.finish();
        if !query.is_empty() {
            here = format!("{here}?{query}");
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", &here).finish();
        format!("/sign-in?{query}")
    }

    /// Does something as whoever is signed in here: each of its transactions begins with asking whether they still may,
    /// as with a token.
    pub async fn acting<T>(&self, f: impl Future<Output = T>) -> T {
        match &self.browser {
            Some(browser) => acting_as(browser.account.id, f).await,
            None => f.await,
        }
    }

    /// The token for the forms of a page: of the session, or of the browser before it has one.
    pub fn token(&self) -> String {
        self.browser.as_ref().map_or_else(|| self.form_token.clone(), |browser| browser.session.csrf.clone())
    }

    /// The token for forms of who is not signed in, whatever the session says.
    pub fn anonymous_token(&self) -> String {
        self.form_token.clone()
    }

    /// Was this form sent from a page of ours, by this browser (OAU-10)?
    pub fn is_own_form(&self, given: &str) -> bool {
        self.is_own_origin() && crypto::same(given.as_bytes(), self.token().as_bytes())
    }

    /// As [`Visitor::is_own_form`], for forms of who is not signed in.
    pub fn is_own_anonymous_form(&self, given: &str) -> bool {
        self.is_own_origin() && !self.form_cookie_is_new && crypto::same(given.as_bytes(), self.form_token.as_bytes())
    }

    /// A browser names the origin of a page that sends a form; ours is the public address, or the very host it asked.
    fn is_own_origin(&self) -> bool {
        let text = |name| self.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let Some(origin) = text(header::ORIGIN) else {
            // Old browsers name none; then the cookie (`SameSite=Lax`) and the token decide.
            return true;
        };
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        origin == self.app.site().base() || (authority.is_some() && authority == text(header::HOST))
    }

    /// The address as text, for sessions and the audit log.
    pub fn origin(&self) -> String {
        self.address.map_or_else(|| "unknown".to_owned(), |address| address.to_canonical().to_string())
    }

    /// An answer with this page.
    pub fn page(&self, status: StatusCode, kind: Kind, page: &impl Template) -> Response {
        let html = match page.render() {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let mut answer = (status, html).into_response();
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        if let Ok(policy) = HeaderValue::from_str(&self.policy(kind)) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        let private = kind != Kind::Public || self.browser.is_some();
        let keep = if private { "private, no-store" } else { "public, max-age=60" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language, Cookie"));
        self.harden(headers);
        if kind != Kind::Public && self.form_cookie_is_new {
            self.set_cookie(headers, "form", &self.form_token, None);
        }
        answer
    }

    /// A feed, which is the same for everybody.
    pub fn feed(&self, text: String) -> Response {
        let mut answer = self.file("application/rss+xml; charset=utf-8", text);
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
        answer
    }

    /// A file of whoever is signed in, to be saved.
    pub fn download(&self, name: &str, content_type: &'static str, text: String) -> Response {
        let mut answer = self.file(content_type, text);
        let headers = answer.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
        answer
    }

    fn file(&self, content_type: &'static str, text: String) -> Response {
        let mut answer = (StatusCode::OK, text).into_response();
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
        self.harden(headers);
        answer
    }

    fn policy(&self, kind: Kind) -> String {
        let site = self.app.site();
        let mut base = site.base().to_owned();
        if site.files_base() != site.base() {
            base = format!("{base} {}", site.files_base());
        }
        let mut policy = format!(
            "default-src 'none'; style-src 'self' {base}; img-src 'self' data: {base}; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        match kind {
            Kind::Form => policy.push_str("; form-action 'self'"),
            Kind::Leaving => {}
            Kind::Public => {
                // Remote pictures come through this node, unless a setting says otherwise.
                let remote = if self.app.config().media.proxy_remote { "" } else { " https:" };
                policy = policy.replace("data:", &format!("data:{remote}"));
                policy.push_str(&format!("; media-src 'self' {base}{remote}; form-action 'self'"));
            }
        }
        policy
    }

    fn harden(&self, headers: &mut HeaderMap) {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        if self.app.site().is_https() {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        }
    }

    /// Goes on to another address, byte for byte.
    pub fn redirect(&self, to: &str) -> Response {
        let Ok(location) = HeaderValue::from_str(to) else {
            return self.fail(Error::internal("a redirect is not an address"));
        };
        let mut answer = StatusCode::FOUND.into_response();
        let headers = answer.headers_mut();
        headers.insert(header::LOCATION, location);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        self.harden(headers);
        answer
    }

    /// Goes on to another page, with the cookie of a new session.
    pub fn redirect_signed_in(&self, to: &str, secret: &str) -> Response {
        let mut answer = self.redirect(to);
        self.set_cookie(answer.headers_mut(), "session", secret, Some(SESSION_DAYS * 86_400));
        answer
    }

    /// Goes on to another page, without a session.
    pub fn redirect_signed_out(&self, to: &str) -> Response {
        let mut answer = self.redirect(to);
        self.set_cookie(answer.headers_mut(), "session", "", Some(0));
        answer
    }

    fn set_cookie(&self, headers: &mut HeaderMap, what: &str, value: &str, seconds: Option<i64>) {
        let cookie = Cookie::build((cookie_name(&self.app, what), value.to_owned()))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.app.site().is_https())
            .build()
            .to_string();
        let cookie = match seconds {
            Some(seconds) => format!("{cookie}; Max-Age={seconds}"),
            None => cookie,
        };
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }

    /// The page that says what went wrong.
    pub fn fail(&self, error: Error) -> Response {
        let status = match &error {
            Error::NotFound => 404,
            Error::Gone => 410,
            Error::Unauthorized(_) => 401,
            Error::Forbidden(_) => 403,
            Error::Invalid { .. } | Error::InvalidFields(_) => 422,
            Error::Conflict(_) => 409,
            Error::TooLarge(_) => 413,
            Error::RateLimited { .. } => 429,
            Error::Upstream(_) | Error::Unavailable(_) => 503,
            Error::NoSpace => 507,
            Error::BadRequest(_) => 400,
            Error::Internal(_) => 500,
        };
        if status >= 500 {
            // The cause is in the error's own fields, which are for our log only.
            tracing::error!(?error, "a page could not be answered");
        }
        let words = self.lang.words();
        let (heading, text) = words.error(status);
        let text = match &error {
            Error::Conflict(reason) | Error::Forbidden(reason) => words.refusal(reason).unwrap_or(text).to_owned(),
            _ => text.to_owned(),
        };
        let mut answer = self.message(status, heading, &text);
        if let Error::RateLimited { retry_after } = error {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
        } else if status == 503 {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        }
        answer
    }

    /// A page with one heading and one paragraph; large status when it is an error.
    pub fn message(&self, status: u16, heading: &str, text: &str) -> Response {
        let words = self.lang.words();
        let link = if status == 401 { ("/sign-in", words.sign_in) } else { ("/", words.back_home) };
        self.message_with(status, heading, text, link)
    }

    /// The same with where to go on, and what that is called.
    pub fn message_with(&self, status: u16, heading: &str, text: &str, (link, link_text): (&str, &str)) -> Response {
        let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let page = Message {
            frame: self.frame(),
            status: code.is_client_error().then_some(status).or(code.is_server_error().then_some(status)),
            heading: heading.to_owned(),
            text: text.to_owned(),
            link: link.to_owned(),
            link_text: link_text.to_owned(),
        };
        self.page(code, Kind::Form, &page)
    }
}

/// The fields of a form.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a query string or a form body.
    pub fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).take(200).map(|(k, v)| (k.into_owned(), v.into_owned())).collect())
    }
    /// The first value of this name, if there is one.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
    /// The first value of this name, or the empty text.
    pub fn text(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = StatusCode;
    async fn from_request(request: Request, state: &S) -> std::result::Result<Self, StatusCode> {
        let body = Bytes::from_request(request, state).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        if body.len() > FORM {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        Ok(Self::parse(&body))
    }
}

/// A path of ours to go on to: anything else becomes the front page, so that no form sends anybody elsewhere.
pub fn own_path(next: &str) -> &str {
    let mut letters = next.bytes();
    let starts_well = letters.next() == Some(b'/') && !matches!(letters.next(), Some(b'/' | b'\\'));
    if starts_well && next.bytes().all(|b| b.is_ascii_graphic()) && next.len() <= 8192 { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_to_paths_of_this_node_only() {
        for good in ["/", "/settings", "/oauth/authorize?client_id=a&redirect_uri=https%3A%2F%2Fb.example"] {
            assert_eq!(own_path(good), good);
        }
        for bad in ["", "https://evil.example/", "//evil.example", "/\\evil.example", "/a b", "javascript:x", "/a\r\nb"]
        {
            assert_eq!(own_path(bad), "/", "{bad}");
        }
    }

    #[test]
    fn the_first_of_several_fields_counts() {
        let fields = Fields::parse(b"a=1&a=2&b=%2B+%26");
        assert_eq!((fields.text("a"), fields.text("b"), fields.find("c")), ("1", "+ &", None));
    }
}
