//! The authorisation page (`api/oauth.md` section 3): consent, denial, the out-of-band code.

use super::{
    pages::{Code, Consent, ScopeLine},
    visit::{Browser, Fields, Kind, Visitor},
};
use crate::{
    Error, Result,
    domain::{
        accounts,
        oauth::{self, Authorization, AuthorizeRequest, Refusal, Unauthorizable},
        redirects::{self, Destination},
    },
    store,
};
use axum::{extract::RawQuery, http::StatusCode, response::Response};

/// Where the code is shown.
const NATIVE: &str = "/oauth/authorize/native";

/// The parameters of the page that travel through its form, in this order.
const CARRIED: [&str; 7] =
    ["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"];

fn request(fields: &Fields) -> AuthorizeRequest {
    AuthorizeRequest {
        response_type: fields.text("response_type").to_owned(),
        client_id: fields.text("client_id").to_owned(),
        redirect_uri: fields.text("redirect_uri").to_owned(),
        scope: fields.text("scope").to_owned(),
        challenge: fields.text("code_challenge").to_owned(),
        challenge_method: fields.text("code_challenge_method").to_owned(),
    }
}

/// The address of this page again, with `force_login` replaced by `ask`: consent is asked for, the password is not
/// asked for a second time.
fn again(fields: &Fields, ask: bool) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in CARRIED.iter().chain(&["lang"]) {
        if let Some(value) = fields.find(name) {
            query.append_pair(name, value);
        }
    }
    if ask {
        query.append_pair("force_login", "ask");
    }
    format!("/oauth/authorize?{}", query.finish())
}

fn sign_in_first(visitor: &Visitor, fields: &Fields, ask: bool) -> Response {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", &again(fields, ask));
    if let Some(lang) = fields.find("lang") {
        query.append_pair("lang", lang);
    }
    visitor.redirect(&format!("/sign-in?{}", query.finish()))
}

/// A request that cannot be put before a person: a page, or a redirect to the app's own URI (OAU-01).
fn refuse(visitor: &Visitor, fields: &Fields, why: Unauthorizable) -> Response {
    let words = visitor.lang.words();
    match why {
        Unauthorizable::UnknownClient => visitor.message(400, words.error_400, words.bad_client),
        Unauthorizable::ForeignRedirect => visitor.message(400, words.error_400, words.bad_redirect),
        Unauthorizable::Refused(uri, refusal) => refused(visitor, &uri, refusal, fields.find("state")),
    }
}

fn refused(visitor: &Visitor, uri: &str, refusal: Refusal, state: Option<&str>) -> Response {
    let words = visitor.lang.words();
    let is_no = matches!(refusal, Refusal::AccessDenied);
    match oauth::refusal_address(uri, refusal, state) {
        Some(address) => visitor.redirect(&address),
        // Nothing went wrong, and no app hears of it but from the person.
        None if is_no => visitor.message(200, words.denied_title, words.denied_text),
        None => {
            let why = words.refusal(refusal.description()).unwrap_or(words.text_400);
            visitor.message(400, words.error_400, why)
        }
    }
}

fn with_code(visitor: &Visitor, request: &Authorization, code: &str, state: Option<&str>) -> Response {
    match oauth::return_address(&request.redirect_uri, code, state) {
        Some(address) => visitor.redirect(&address),
        None => visitor.redirect(&format!("{NATIVE}?code={code}")),
    }
}

/// `GET /oauth/authorize`.
pub async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    match answer(&visitor, &fields).await {
        Ok(answer) => answer,
        Err(error) => visitor.fail(error),
    }
}

async fn answer(visitor: &Visitor, fields: &Fields) -> Result<Response> {
    let asked = request(fields);
    let request = match visitor.app.read(move |conn| oauth::check(conn, &asked)).await? {
        Ok(request) => request,
        Err(why) => return Ok(refuse(visitor, fields, why)),
    };
    let force = fields.text("force_login").to_ascii_lowercase();
    // Elk and Mastodon.py send `false` and `False`; only these mean it.
    let forced = matches!(force.as_str(), "true" | "1" | "t" | "on" | "yes");
    let Some(browser) = visitor.browser.as_ref().filter(|_| !forced) else {
        return Ok(sign_in_first(visitor, fields, forced));
    };
    if force != "ask" {
        let (account, checked) = (browser.account.id, request.clone());
        if visitor.app.read(move |conn| oauth::is_granted(conn, account, &checked)).await? {
            let granted = request.clone();
            let code = visitor.app.write_at_any_price(move |tx| oauth::grant(tx, account, &granted));
            let code = visitor.acting(code).await?;
            return Ok(with_code(visitor, &request, &code, fields.find("state")));
        }
    }
    Ok(consent(visitor, browser, fields, &request, None))
}

fn consent(
    visitor: &Visitor,
    browser: &Browser,
    fields: &Fields,
    request: &Authorization,
    problem: Option<String>,
) -> Response {
    let frame = visitor.frame();
    let words = frame.w();
    let destination = match redirects::destination(&request.redirect_uri) {
        Destination::Site(host) => frame.put(words.back_to_site, &host),
        Destination::Program(scheme) => frame.put(words.back_to_program, &scheme),
        Destination::Page => words.shows_code.to_owned(),
    };
    let scopes = request.scopes.iter();
    let scopes = scopes.map(|s| ScopeLine { name: s.name(), text: words.scope(s), strong: s.is_admin() }).collect();
    let carried = CARRIED.iter().filter_map(|name| fields.find(name).map(|value| (*name, value.to_owned())));
    let status = if problem.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    let account = &browser.account;
    let page = Consent {
        app: request.app.name.clone(),
        website: request.app.website.clone(),
        problem,
        name: if account.display_name.is_empty() { account.username.clone() } else { account.display_name.clone() },
        handle: visitor.app.site().handle(&account.username),
        avatar: super::shown::avatar(visitor.app.site(), account),
        scopes,
        destination,
        parameters: carried.collect(),
        token: browser.session.csrf.clone(),
        frame,
    };
    visitor.page(status, Kind::Leaving, &page)
}

/// `POST /oauth/authorize`.
pub async fn decide(visitor: Visitor, fields: Fields) -> Response {
    match decision(&visitor, &fields).await {
        Ok(answer) => answer,
        Err(error) => visitor.fail(error),
    }
}

async fn decision(visitor: &Visitor, fields: &Fields) -> Result<Response> {
    let Some(browser) = &visitor.browser else { return Ok(sign_in_first(visitor, fields, true)) };
    let asked = request(fields);
    let request = match visitor.app.read(move |conn| oauth::check(conn, &asked)).await? {
        Ok(request) => request,
        Err(why) => return Ok(refuse(visitor, fields, why)),
    };
    if !visitor.is_own_form(fields.text("token")) {
        let problem = visitor.lang.words().stale_form.to_owned();
        return Ok(consent(visitor, browser, fields, &request, Some(problem)));
    }
    let (session, account) = (browser.session.id, browser.account.id);
    match fields.text("decision") {
        "allow" => {
            let granted = request.clone();
            let code = visitor.app.write_at_any_price(move |tx| {
                // A form that was accepted once is not accepted again (OAU-10).
                let fresh = tx.random().token();
                store::users::set_session_csrf(tx.conn, session, &fresh)?;
                let user = store::users::load(tx.conn, account)?;
                let row = store::accounts::load(tx.conn, account)?;
                accounts::may_sign_in(&row, &user)?;
                oauth::grant(tx, account, &granted)
            });
            let code = visitor.acting(code).await?;
            Ok(with_code(visitor, &request, &code, fields.find("state")))
        }
        "switch" => {
            visitor.app.write(move |tx| store::users::delete_session(tx.conn, account, session)).await?;
            Ok(visitor.redirect_signed_out(&again(fields, true)))
        }
        _ => Ok(refused(visitor, &request.redirect_uri, Refusal::AccessDenied, fields.find("state"))),
    }
}

/// `GET /oauth/authorize/native`: the code, to be copied.
pub async fn native(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let code = fields.text("code");
    let ours = code.len() == 43 && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if !ours {
        return visitor.fail(Error::bad_request("no code"));
    }
    visitor.page(StatusCode::OK, Kind::Form, &Code { frame: visitor.frame(), code: code.to_owned() })
}
