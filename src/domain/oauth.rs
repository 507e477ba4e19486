//! OAuth 2 as Mastodon clients use it (`api/oauth.md`): apps, authorisation codes with PKCE, app tokens, revocation.
//! Refusals that clients must tell apart are [`Refusal`]; they are answers, not errors, because some of them change the
//! database (a code that is used twice takes its tokens with it, OAU-03).

use super::{
    Event, EventKind, Fact, Tx,
    redirects::{self, OUT_OF_BAND, RedirectUri},
    scopes::Scopes,
};
use crate::{
    Error, Result, crypto,
    db::Conn,
    id::Id,
    limits,
    model::{Account, App, OauthCode, Token},
    store,
    time::Timestamp,
};

/// Why a request was refused, in the words of RFC 6749.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A parameter is missing or makes no sense.
    InvalidRequest(&'static str),
    /// The app is unknown or its secret is wrong.
    InvalidClient,
    /// The code is unknown, used, expired, or was not made for this request.
    InvalidGrant,
    /// A scope is unknown, or wider than the app registered.
    InvalidScope,
    /// The grant type is not one of ours.
    UnsupportedGrantType,
    /// The response type is not `code`.
    UnsupportedResponseType,
    /// The token belongs to another app.
    UnauthorizedClient,
    /// The person said no.
    AccessDenied,
}

impl Refusal {
    /// The value of `error`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidScope => "invalid_scope",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
        }
    }
    /// The value of `error_description`.
    pub const fn description(self) -> &'static str {
        match self {
            Self::InvalidRequest(what) => what,
            Self::InvalidClient => {
                "Client authentication failed due to unknown client, no client authentication included, or unsupported \
                 authentication method."
            }
            Self::InvalidGrant => {
                "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used \
                 in the authorization request, or was issued to another client."
            }
            Self::InvalidScope => "The requested scope is invalid, unknown, or malformed.",
            Self::UnsupportedGrantType => "The authorization grant type is not supported by the authorization server.",
            Self::UnsupportedResponseType => "The authorization server does not support this response type.",
            Self::UnauthorizedClient => "You are not authorized to revoke this token",
            Self::AccessDenied => "The resource owner or authorization server denied the request.",
        }
    }
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            Self::UnauthorizedClient | Self::AccessDenied => 403,
            _ => 400,
        }
    }
}

/// Done, or refused in a way the client must be told in OAuth's words.
pub type Outcome<T> = std::result::Result<T, Refusal>;

/// What an app says about itself.
#[derive(Clone, Debug)]
pub struct NewApp<'a> {
    /// Its name.
    pub name: &'a str,
    /// `redirect_uris`: each may hold several.
    pub redirect_uris: Vec<&'a str>,
    /// `scopes`, in words.
    pub scopes: &'a str,
    /// `website`.
    pub website: &'a str,
    /// May redirects go to other machines over plain http?
    pub plain_http: bool,
}

/// Registers an app; answers it with its secret, which is never shown again.
///
/// # Errors
/// `Invalid` for a missing or overlong name, a bad redirect URI, website or scope.
pub fn register_app(tx: &mut Tx<'_>, new: &NewApp<'_>) -> Result<(App, String)> {
    let name = new.name.trim();
    if name.is_empty() {
        return Err(Error::invalid("client_name", "blank", "Application name can't be blank"));
    }
    if name.chars().count() > limits::APP_NAME {
        return Err(Error::invalid(
            "client_name",
            "too_long",
            "Application name is too long (maximum is 255 characters)",
        ));
    }
    let uris = RedirectUri::parse_all(new.redirect_uris.iter().copied(), new.plain_http)?;
    let scopes = Scopes::parse(new.scopes)?;
    let website = redirects::website(new.website)?;
    let secret = tx.random().token();
    let app = App {
        id: tx.new_id(),
        client_id: tx.random().token(),
        client_secret_hash: crypto::sha256(secret.as_bytes()).to_vec(),
        name: name.to_owned(),
        website,
        redirect_uris: uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>().join("\n"),
        scopes: scopes.to_string(),
        created_at: tx.now,
        last_used_at: None,
    };
    store::oauth::insert_app(tx.conn, &app)?;
    Ok((app, secret))
}

/// The redirect URIs of an app.
pub fn redirect_uris(app: &App) -> Vec<&str> {
    app.redirect_uris.split('\n').filter(|uri| !uri.is_empty()).collect()
}

/// The app with this id and secret.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn authenticate_app(conn: &mut Conn, client_id: &str, secret: &str) -> Result<Outcome<App>> {
    let hash = crypto::sha256(secret.as_bytes());
    Ok(match store::oauth::find_app(conn, client_id)? {
        Some(app) if crypto::same(&app.client_secret_hash, &hash) => Ok(app),
        _ => Err(Refusal::InvalidClient),
    })
}

/// The query of the authorisation page, as it came.
#[derive(Clone, Debug, Default)]
pub struct AuthorizeRequest {
    /// `response_type`
    pub response_type: String,
    /// `client_id`
    pub client_id: String,
    /// `redirect_uri`, byte for byte.
    pub redirect_uri: String,
    /// `scope`
    pub scope: String,
    /// `code_challenge`; empty for none.
    pub challenge: String,
    /// `code_challenge_method`; empty for none.
    pub challenge_method: String,
}

/// A request that may be put before a person.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// The app.
    pub app: App,
    /// Where the code goes; registered by the app.
    pub redirect_uri: String,
    /// What it asks for.
    pub scopes: Scopes,
    /// The S256 challenge.
    pub challenge: Option<String>,
}

/// Why the authorisation page cannot be shown.
#[derive(Debug)]
pub enum Unauthorizable {
    /// The app is unknown: an error page, no redirect (OAU-01).
    UnknownClient,
    /// The redirect URI is not the app's: an error page, no redirect (OAU-01).
    ForeignRedirect,
    /// Told to the app, by a redirect to this URI of its own.
    Refused(String, Refusal),
}

/// Checks the query of the authorisation page.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn check(
    conn: &mut Conn,
    request: &AuthorizeRequest,
) -> Result<std::result::Result<Authorization, Unauthorizable>> {
    let Some(app) = store::oauth::find_app(conn, &request.client_id)? else {
        return Ok(Err(Unauthorizable::UnknownClient));
    };
    let registered = redirect_uris(&app);
    // RFC 6749 3.1.2.3: with one registered URI the parameter may be left out.
    let redirect_uri = match (request.redirect_uri.as_str(), registered.as_slice()) {
        ("", [only]) => (*only).to_owned(),
        (given, all) if all.contains(&given) => given.to_owned(),
        _ => return Ok(Err(Unauthorizable::ForeignRedirect)),
    };
    let refused = |refusal| Ok(Err(Unauthorizable::Refused(redirect_uri.clone(), refusal)));
    if request.response_type != "code" {
        return refused(Refusal::UnsupportedResponseType);
    }
    let scopes = match Scopes::parse(&request.scope) {
        Ok(scopes) if scopes.within(Scopes::from_stored(&app.scopes)) => scopes,
        _ => return refused(Refusal::InvalidScope),
    };
    let challenge = match (request.challenge.as_str(), request.challenge_method.as_str()) {
        ("", "") => None,
        (challenge, "S256") if is_challenge(challenge) => Some(challenge.to_owned()),
        _ => return refused(Refusal::InvalidRequest("The code challenge is malformed, or its method is not S256.")),
    };
    Ok(Ok(Authorization { app, redirect_uri, scopes, challenge }))
}

/// 32 bytes in base64url without padding.
fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Does the verifier answer the challenge (RFC 7636)? Constant time.
fn answers(challenge: &str, verifier: &str) -> bool {
    let fits = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'));
    fits && crypto::same(crypto::base64url(&crypto::sha256(verifier.as_bytes())).as_bytes(), challenge.as_bytes())
}

/// Has this person already let the app have these scopes, so that asking again says nothing new? Only for web sites:
/// anything can answer to a private scheme on a device, so there a person is always asked.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_granted(conn: &mut Conn, account: Id<Account>, request: &Authorization) -> Result<bool> {
    if !request.redirect_uri.starts_with("https://") {
        return Ok(false);
    }
    let held = store::oauth::list_tokens_of_app(conn, account, request.app.id)?;
    Ok(held.iter().any(|token| request.scopes.within(Scopes::from_stored(&token.scopes))))
}

/// The person consents: makes the code.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn grant(tx: &mut Tx<'_>, account: Id<Account>, request: &Authorization) -> Result<String> {
    let code = tx.random().token();
    let row = OauthCode {
        code_hash: crypto::sha256(code.as_bytes()).to_vec(),
        app_id: request.app.id,
        account_id: account,
        redirect_uri: request.redirect_uri.clone(),
        scopes: request.scopes.to_string(),
        challenge: request.challenge.clone(),
        created_at: tx.now,
        used_at: None,
    };
    store::oauth::insert_code(tx.conn, &row)?;
    Ok(code)
}

/// The address that takes `code` (and `state`, as it came) back to the app; none when the code is shown on a page.
pub fn return_address(redirect_uri: &str, code: &str, state: Option<&str>) -> Option<String> {
    if redirect_uri == OUT_OF_BAND {
        return None;
    }
    let mut parameters = vec![("code", code)];
    parameters.extend(state.map(|state| ("state", state)));
    Some(redirects::with_parameters(redirect_uri, &parameters))
}

/// The address that tells the app about a refusal; none for the out-of-band URN.
pub fn refusal_address(redirect_uri: &str, refusal: Refusal, state: Option<&str>) -> Option<String> {
    if redirect_uri == OUT_OF_BAND {
        return None;
    }
    let mut parameters = vec![("error", refusal.code()), ("error_description", refusal.description())];
    parameters.extend(state.map(|state| ("state", state)));
    Some(redirects::with_parameters(redirect_uri, &parameters))
}

/// A token as it is handed out, once.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The secret.
    pub token: String,
    /// Its row.
    pub id: Id<Token>,
    /// What it holds.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Makes a token for an account, or for the app alone.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn issue(
    tx: &mut Tx<'_>,
    app: Id<App>,
    account: Option<Id<Account>>,
    scopes: Scopes,
    code_hash: Option<Vec<u8>>,
) -> Result<Issued> {
    let token = tx.random().token();
    let row = Token {
        id: tx.new_id(),
        token_hash: crypto::sha256(token.as_bytes()).to_vec(),
        app_id: app,
        account_id: account,
        scopes: scopes.to_string(),
        code_hash,
        created_at: tx.now,
        last_used_at: None,
    };
    store::oauth::insert_token(tx.conn, &row)?;
    store::oauth::touch_app(tx.conn, app, tx.now)?;
    Ok(Issued { token, id: row.id, scopes, created_at: tx.now })
}

/// Redeems a code. A second use ends every token of the first (OAU-03); a wrong client, redirect or verifier kills the
/// code (OAU-04).
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn redeem(
    tx: &mut Tx<'_>,
    app: &App,
    code: &str,
    redirect_uri: &str,
    verifier: Option<&str>,
) -> Result<Outcome<Issued>> {
    let hash = crypto::sha256(code.as_bytes());
    let Some(row) = store::oauth::lock_code(tx.conn, &hash)? else {
        return Ok(Err(Refusal::InvalidGrant));
    };
    if row.used_at.is_some() {
        let tokens = store::oauth::list_tokens_of_code(tx.conn, row.app_id, &hash)?;
        end_tokens(tx, &tokens)?;
        return Ok(Err(Refusal::InvalidGrant));
    }
    store::oauth::use_code(tx.conn, &hash, tx.now)?;
    let in_time = tx.now.millis() - row.created_at.millis() <= limits::CODE_SECONDS * 1000;
    let proven = match (&row.challenge, verifier) {
        (Some(challenge), Some(verifier)) => answers(challenge, verifier),
        // A verifier says that a challenge was sent: where none came, somebody took it out on the way (RFC 9700, 4.8.2).
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => true,
    };
    if row.app_id != app.id || row.redirect_uri != redirect_uri || !in_time || !proven {
        return Ok(Err(Refusal::InvalidGrant));
    }
    // Disabled or removed between consent and exchange.
    let usable = store::users::find(tx.conn, row.account_id)?.is_some_and(|user| user.disabled_at.is_none());
    if !usable {
        return Ok(Err(Refusal::InvalidGrant));
    }
    issue(tx, app.id, Some(row.account_id), Scopes::from_stored(&row.scopes), Some(hash.to_vec())).map(Ok)
}

/// A token for the app alone (`client_credentials`).
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn issue_app_token(tx: &mut Tx<'_>, app: &App, scope: &str) -> Result<Outcome<Issued>> {
    match Scopes::parse(scope) {
        Ok(scopes) if scopes.within(Scopes::from_stored(&app.scopes)) => issue(tx, app.id, None, scopes, None).map(Ok),
        _ => Ok(Err(Refusal::InvalidScope)),
    }
}

/// Ends a token of this app. An unknown one is no error; one of another app is refused.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn revoke(tx: &mut Tx<'_>, app: &App, token: &str) -> Result<Outcome<()>> {
    match store::oauth::find_token(tx.conn, &crypto::sha256(token.as_bytes()))? {
        None => Ok(Ok(())),
        Some(row) if row.app_id != app.id => Ok(Err(Refusal::UnauthorizedClient)),
        Some(row) => end_tokens(tx, &[row]).map(Ok),
    }
}

/// Ends tokens: requests fail at once, sockets close (OAU-13).
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn end_tokens(tx: &mut Tx<'_>, tokens: &[Token]) -> Result<()> {
    if tokens.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = tokens.iter().map(|token| token.id).collect();
    store::oauth::delete_tokens(tx.conn, &ids)?;
    access_ended(tx, None, ids.iter().map(|id| id.raw()).collect())
}

/// Says that tokens ended (all of `account` when there is one): what is remembered of them is forgotten after the
/// commit and before the caller gets the answer, and their sockets close (OAU-13).
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn access_ended(tx: &mut Tx<'_>, account: Option<Id<Account>>, tokens: Vec<i64>) -> Result<()> {
    tx.announce(Event {
        home: account.into_iter().collect(),
        streams: Vec::new(),
        what: EventKind::Revoked(tokens.clone()),
    });
    tx.record(Fact::AccessRevoked { account, tokens })
}

/// The person takes an app's access back: its tokens and codes end.
///
/// # Errors
/// `NotFound` when the app holds nothing of this account.
pub fn withdraw(tx: &mut Tx<'_>, account: Id<Account>, app: Id<App>) -> Result<()> {
    let tokens = store::oauth::list_tokens_of_app(tx.conn, account, app)?;
    let codes = store::oauth::delete_codes_of_app(tx.conn, account, app)?;
    if tokens.is_empty() && codes == 0 {
        return Err(Error::NotFound);
    }
    end_tokens(tx, &tokens)
}

/// A token for scripts and tests, made by a command: an app of its own name is made when there is none. Answers the
/// app, its secret when it was made just now, and the token.
///
/// # Errors
/// `Invalid` for an unknown scope; `NotFound` when the account is no user of this node.
pub fn issue_by_command(tx: &mut Tx<'_>, account: Id<Account>, scopes: &str) -> Result<(App, String, Issued)> {
    let scopes = Scopes::parse(scopes)?;
    store::users::load(tx.conn, account)?;
    let new = NewApp {
        name: "Command line",
        redirect_uris: vec![OUT_OF_BAND],
        scopes: &scopes.to_string(),
        website: "",
        plain_http: false,
    };
    let (app, secret) = register_app(tx, &new)?;
    let issued = issue(tx, app.id, Some(account), scopes, None)?;
    Ok((app, secret, issued))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_oau_06_a_verifier_answers_its_challenge_only() {
        // RFC 7636, appendix B.
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(is_challenge(challenge));
        assert!(answers(challenge, verifier));
        assert!(!answers(challenge, challenge));
        assert!(!answers(verifier, verifier));
        assert!(!answers(challenge, "short"));
        assert!(!is_challenge("plain"));
    }

    #[test]
    fn codes_and_refusals_travel_in_the_redirect_and_never_to_the_out_of_band_urn() {
        assert_eq!(return_address("icecubesapp://", "c", None).as_deref(), Some("icecubesapp://?code=c"));
        assert_eq!(return_address("a://b?x=1", "c", Some("")).as_deref(), Some("a://b?x=1&code=c&state="));
        assert_eq!(return_address(OUT_OF_BAND, "c", Some("s")), None);
        let address = refusal_address("a://b", Refusal::AccessDenied, Some("None")).unwrap();
        assert!(address.starts_with("a://b?error=access_denied&error_description=The%20resource"));
        assert!(address.ends_with("&state=None"));
    }
}
