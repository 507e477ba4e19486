//! Who calls, and whether they may (OAU-07, OAU-08, OAU-09). Routes of the client API are added through [`Routes`],
//! whose methods ask for an [`Access`]: a route without an entry does not compile. The check runs before the handler;
//! what it found is what the extractors [`Anyone`], [`SignedIn`] and [`AppToken`] hand to it.

use super::{
    ApiError, params,
    request::{OfAccount, address_of},
};
use crate::{
    Error, Result,
    app::{App, acting_as},
    crypto,
    domain::{
        EventKind, Viewer,
        scopes::{Scope, Scopes},
    },
    id::Id,
    model::{Account, Role, Token},
    rate::Rule,
    store::{self, oauth::Bearer},
    time::Timestamp,
};
use axum::{
    Router,
    extract::{FromRequestParts, Request},
    handler::Handler,
    http::{Extensions, HeaderMap, Method, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use std::{
    borrow::Cow,
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::broadcast::{self, error::TryRecvError};

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: a token is not even looked at.
    Open,
    /// Nothing, but a token that is sent must be good and hold one of these scopes.
    Anyone(&'static [Scope]),
    /// A token, of an app or of a person, that holds one of these scopes; any token when there are none.
    App(&'static [Scope]),
    /// A person's token that holds one of these scopes; any of a person's when there are none.
    User(&'static [Scope]),
    /// As `User`, also for somebody whose address waits to be confirmed, or who waits for approval.
    Waiting(&'static [Scope]),
    /// As `User`, and the person has this role at least at the time of the call. Whoever shows no token at all has none: 403.
    Staff(Role, &'static [Scope]),
}

/// A good token, as its call needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The token.
    pub token: Id<Token>,
    /// The app that holds it.
    pub app: Id<crate::model::App>,
    /// Whose it is; none for an app token.
    pub account: Option<Id<Account>>,
    /// What it holds.
    pub scopes: Scopes,
    /// The role of the account.
    pub role: Role,
}

/// A signed-in person.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn {
    /// Who.
    pub account: Id<Account>,
    /// By which token.
    pub token: Id<Token>,
    /// Of which app.
    pub app: Id<crate::model::App>,
    /// What the token holds.
    pub scopes: Scopes,
    /// Their role.
    pub role: Role,
}

impl SignedIn {
    /// As whoever looks at something.
    pub fn viewer(&self) -> Viewer {
        self.account.into()
    }
    /// For calls whose scope depends on a parameter.
    ///
    /// # Errors
    /// `Forbidden` when the token does not hold `scope`.
    pub fn needs(&self, scope: Scope) -> Result<()> {
        if self.scopes.allows(scope) { Ok(()) } else { Err(outside()) }
    }
}

/// A signed-in person, or nobody in particular.
#[derive(Clone, Copy, Debug)]
pub struct Anyone(pub Viewer);

/// Any good token, of an app or of a person.
#[derive(Clone, Copy, Debug)]
pub struct AppToken(pub Grant);

fn outside() -> Error {
    Error::forbidden("This action is outside the authorized scopes")
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, ApiError> {
        let grant =
            parts.extensions.get::<Grant>().ok_or_else(|| Error::unauthorized("The access token is invalid"))?;
        let account = grant.account.ok_or_else(user_needed)?;
        Ok(Self { account, token: grant.token, app: grant.app, scopes: grant.scopes, role: grant.role })
    }
}

impl<S: Sync> FromRequestParts<S> for Anyone {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<Grant>().and_then(|grant| grant.account).into()))
    }
}

impl<S: Sync> FromRequestParts<S> for AppToken {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, ApiError> {
        let grant =
            parts.extensions.get::<Grant>().ok_or_else(|| Error::unauthorized("The access token is invalid"))?;
        Ok(Self(*grant))
    }
}

fn user_needed() -> Error {
    Error::Invalid { field: "", code: "", reason: "This method requires an authenticated user".into() }
}

/// The bearer token of a request's header.
fn bearer_of(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Parameters that carry a token where a client sends no header.
pub const TOKEN_PARAMETERS: [&str; 2] = ["access_token", "bearer_token"];

/// The token a request shows: in the header, else as a parameter of its address (`api/oauth.md` section 6). Addresses
/// with their queries are never logged (OAU-12, PRV-20).
pub fn presented<'a>(headers: &'a HeaderMap, query: Option<&'a str>) -> Option<Cow<'a, str>> {
    if let Some(token) = bearer_of(headers) {
        return Some(token.into());
    }
    let query = query.filter(|query| query.contains("_token="))?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, token) = pairs.find(|(name, value)| TOKEN_PARAMETERS.contains(&name.as_ref()) && !value.is_empty())?;
    Some(token)
}

/// What a token stands for; `None` when it is no token of ours, or not any more. Streaming asks here too.
///
/// # Errors
/// `Forbidden` while the account is disabled or waits for approval; `Unavailable` when the database is away.
pub async fn authenticate(app: &App, token: &str) -> Result<Option<Grant>> {
    look_up(app, token, false).await
}

/// `waiting`: that of somebody who may do nothing yet is good as well.
async fn look_up(app: &App, token: &str, waiting: bool) -> Result<Option<Grant>> {
    let hash = crypto::sha256(token.as_bytes());
    let now = app.clock().now();
    let cache = app.part_or(|| Sessions::new(app));
    let epoch = match cache.find(app, &hash, now) {
        Ok(grant) => return Ok(Some(grant)),
        Err(epoch) => epoch,
    };
    let Some(bearer) = app.glance(move |conn| store::oauth::find_bearer(conn, &hash)).await? else {
        return Ok(None);
    };
    if bearer.unavailable {
        return Ok(None);
    }
    if bearer.account.is_some() {
        // As if it had ended (OAU-13), until the account is enabled again.
        if bearer.disabled {
            return Ok(None);
        }
        if !bearer.confirmed && !waiting {
            return Err(Error::forbidden("Your login is missing a confirmed e-mail address"));
        }
        if !bearer.approved && !waiting {
            return Err(Error::forbidden("Your login is currently pending approval"));
        }
    }
    let grant = Grant {
        token: bearer.token,
        app: bearer.app,
        account: bearer.account,
        scopes: Scopes::from_stored(&bearer.scopes),
        role: bearer.role,
    };
    if !waiting {
        cache.keep(app, hash, grant, epoch, now);
    }
    note_use(app, &bearer, now);
    Ok(Some(grant))
}

/// Notes that a token and its owner were here, once a day, without making the call wait.
fn note_use(app: &App, bearer: &Bearer, now: Timestamp) {
    if bearer.last_used_at.is_some_and(|at| at > now.plus_days(-1)) {
        return;
    }
    let (app, token, of, account) = (app.unhurried(), bearer.token, bearer.app, bearer.account);
    tokio::spawn(async move {
        // One row a transaction: holding one while waiting for the next would deadlock with whoever ends the access.
        let noted = async {
            app.write(move |tx| store::oauth::touch_token(tx.conn, token, tx.now)).await?;
            app.write(move |tx| store::oauth::touch_app(tx.conn, of, tx.now)).await?;
            match account {
                Some(account) => app.write(move |tx| store::users::touch(tx.conn, account, tx.now)).await,
                None => Ok(()),
            }
        };
        if let Err(error) = noted.await {
            tracing::debug!(%error, "could not note the use of a token");
        }
    });
}

/// Checks a call that shows `token` against what its route asks.
async fn check(app: &App, token: Option<&str>, from: &Extensions, access: Access) -> Result<Option<Grant>> {
    let (needed, scopes) = match access {
        Access::Open => return Ok(None),
        Access::Anyone(scopes) => (false, scopes),
        Access::App(scopes) | Access::User(scopes) | Access::Waiting(scopes) | Access::Staff(_, scopes) => {
            (true, scopes)
        }
    };
    let Some(token) = token else {
        return match access {
            Access::Staff(..) => {
                count_refusal("no_token");
                Err(Error::forbidden("This action is not allowed"))
            }
            _ if needed => Err(refused("no_token")),
            _ => Ok(None),
        };
    };
    let Some(grant) = look_up(app, token, matches!(access, Access::Waiting(_))).await? else {
        // Whoever makes tokens up counts as nobody: by their address.
        if let Some(address) = address_of(from) {
            app.limiter().check_address(Rule::Address, address)?;
        }
        return Err(refused("bad_token"));
    };
    if !scopes.is_empty() && !grant.scopes.allows_any(scopes) {
        count_refusal("scope");
        return Err(outside());
    }
    if let Some(account) = grant.account {
        // Several tokens of one person share this.
        app.limiter().check(Rule::Account, &account.raw())?;
        if let Some(counted) = from.get::<Arc<OfAccount>>() {
            counted.count(&app.limiter(), account)?;
        }
    }
    match access {
        Access::User(_) | Access::Waiting(_) | Access::Staff(..) if grant.account.is_none() => Err(user_needed()),
        Access::Staff(role, _) => {
            let id = grant.account.ok_or_else(user_needed)?;
            // Asked anew each time: a token outlives a role.
            let held = app.glance(move |conn| store::users::load(conn, id)).await?.role;
            if held < role {
                count_refusal("role");
                return Err(Error::forbidden("This action is not allowed"));
            }
            Ok(Some(grant))
        }
        _ => Ok(Some(grant)),
    }
}

fn refused(reason: &'static str) -> Error {
    count_refusal(reason);
    Error::unauthorized("The access token is invalid")
}

fn count_refusal(reason: &'static str) {
    metrics::counter!("auth_rejected_total", "reason" => reason).increment(1);
}

/// Routes of the client API, each with what it asks of its caller.
#[derive(Default)]
pub struct Routes {
    router: Router<App>,
    table: Vec<(&'static str, &'static str, Access)>,
}

impl Routes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }
    /// `GET` (and `HEAD`).
    pub fn get<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App> + Sync,
        T: Send + 'static,
    {
        self.add(MethodFilter::GET, "GET", path, access, handler)
    }
    /// `POST`.
    pub fn post<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App> + Sync,
        T: Send + 'static,
    {
        self.add(MethodFilter::POST, "POST", path, access, handler)
    }
    /// `PUT` and `PATCH`, which clients use alike.
    pub fn update<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App> + Sync,
        T: Send + 'static,
    {
        self.add(MethodFilter::PUT.or(MethodFilter::PATCH), "PUT", path, access, handler)
    }
    /// `DELETE`.
    pub fn delete<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, App> + Sync,
        T: Send + 'static,
    {
        self.add(MethodFilter::DELETE, "DELETE", path, access, handler)
    }
    /// Those of another noun as well.
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.table.extend(other.table);
        self
    }
    /// Method (PUT stands for PUT and PATCH), path and access of each route.
    pub fn table(&self) -> &[(&'static str, &'static str, Access)] {
        &self.table
    }
    /// As a router that still needs its [`App`].
    pub fn into_router(self) -> Router<App> {
        self.router
    }

    fn add<H, T>(
        mut self,
        filter: MethodFilter,
        method: &'static str,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self
    where
        H: Handler<T, App> + Sync,
        T: Send + 'static,
    {
        self.router = self.router.route(path, on(filter, Guarded { handler, access }));
        self.table.push((method, path, access));
        self
    }
}

/// A handler behind its check.
#[derive(Clone)]
struct Guarded<H> {
    handler: H,
    access: Access,
}

impl<H, T> Handler<T, App> for Guarded<H>
where
    H: Handler<T, App> + Sync,
    T: Send + 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, app: App) -> Self::Future {
        let Self { handler, access } = self;
        Box::pin(guarded(app, request, access, Box::new(move |request, app| Box::pin(handler.call(request, app)))))
    }
}

/// What answers, once the check has passed.
type Behind = Box<dyn FnOnce(Request, App) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send>;

async fn guarded(app: App, mut request: Request, access: Access, behind: Behind) -> Response {
    let mut token = presented(request.headers(), request.uri().query()).map(Cow::into_owned);
    if token.is_none() && access != Access::Open {
        (token, request) = match params::token_in_body(request).await {
            Ok(read) => read,
            Err(error) => return error.into_response(),
        };
    }
    match check(&app, token.as_deref(), request.extensions(), access).await {
        Ok(grant) => {
            let actor = grant.and_then(|grant| grant.account);
            if let Some(grant) = grant {
                request.extensions_mut().insert(grant);
            }
            let handled = behind(request, app);
            match actor {
                Some(actor) => acting_as(actor, handled).await,
                None => handled.await,
            }
        }
        Err(error) => {
            let unauthorized = matches!(error, Error::Unauthorized(_));
            let mut answer = ApiError(error).into_response();
            if unauthorized && *request.method() != Method::HEAD {
                let how = header::HeaderValue::from_static("Bearer error=\"invalid_token\"");
                answer.headers_mut().insert(header::WWW_AUTHENTICATE, how);
            }
            answer
        }
    }
}

/// Tokens that were good a moment ago. A revocation is announced before its caller gets the answer, and announcements
/// are heard before anything is found here, so a token that ended is never found (OAU-13). What another process of this node
/// ends is heard of within moments of its commit; while this one cannot hear the others, nothing kept counts.
struct Sessions(Mutex<Known>);

struct Known {
    grants: HashMap<[u8; 32], (Grant, Timestamp)>,
    ends: broadcast::Receiver<Arc<crate::domain::Event>>,
    /// Counts the ends heard of, so that what was read before one of them is not kept after it.
    epoch: u64,
}

/// Tokens remembered at most; beyond, all are forgotten.
const REMEMBERED: usize = 20_000;
/// For how long, in seconds.
const REMEMBERED_SECONDS: i64 = 60;

impl Sessions {
    fn new(app: &App) -> Self {
        let known = Known { grants: HashMap::new(), ends: app.subscribe(), epoch: 0 };
        Self(Mutex::new(known))
    }

    /// The grant, or the epoch at which it was not known.
    fn find(&self, app: &App, hash: &[u8; 32], now: Timestamp) -> std::result::Result<Grant, u64> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.listen();
        match known.grants.get(hash) {
            Some((grant, until)) if now < *until && app.knows_all() => Ok(*grant),
            _ => Err(known.epoch),
        }
    }

    fn keep(&self, app: &App, hash: [u8; 32], grant: Grant, epoch: u64, now: Timestamp) {
        if !app.knows_all() {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.listen();
        if known.epoch != epoch {
            return;
        }
        if known.grants.len() >= REMEMBERED {
            known.grants.clear();
        }
        known.grants.insert(hash, (grant, now.plus_seconds(REMEMBERED_SECONDS)));
    }
}

impl Known {
    fn listen(&mut self) {
        loop {
            match self.ends.try_recv() {
                Ok(event) => {
                    if event.what == EventKind::Missed {
                        self.epoch += 1;
                        self.grants.clear();
                    } else if let EventKind::Revoked(tokens) = &event.what {
                        self.epoch += 1;
                        if tokens.is_empty() {
                            self.grants
                                .retain(|_, (grant, _)| grant.account.is_none_or(|id| !event.home.contains(&id)));
                        } else {
                            self.grants.retain(|_, (grant, _)| !tokens.contains(&grant.token.raw()));
                        }
                    }
                }
                Err(TryRecvError::Lagged(_)) => {
                    self.epoch += 1;
                    self.grants.clear();
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_oau_12_a_token_is_read_from_the_header_and_else_from_the_query() {
        let mut headers = HeaderMap::new();
        assert_eq!(bearer_of(&headers), None);
        for (query, token) in [
            ("access_token=abc", Some("abc")),
            ("limit=1&bearer_token=a%62c", Some("abc")),
            ("access_token=", None),
            ("my_access_token=abc", None),
            ("q=access_token", None),
        ] {
            assert_eq!(presented(&headers, Some(query)).as_deref(), token, "{query}");
        }
        for (value, token) in
            [("Bearer abc", Some("abc")), ("bearer  abc ", Some("abc")), ("Basic abc", None), ("Bearer", None)]
        {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            assert_eq!(bearer_of(&headers), token, "{value}");
            let query = Some("access_token=other");
            assert_eq!(presented(&headers, query).as_deref(), token.or(Some("other")), "{value}");
        }
    }
}
