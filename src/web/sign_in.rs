//! Sign-in and sign-out with a password (OAU-14, OAU-15).

use super::{
    pages::SignIn,
    visit::{Fields, Kind, Visitor, own_path},
};
use crate::{
    Error, Result,
    config::Registration,
    crypto::{self, Passwords},
    domain::{accounts, confirmations},
    rate::Rule,
    store,
};
use axum::{extract::RawQuery, http::StatusCode, response::Response};

/// `GET /sign-in`.
pub async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let next = own_path(fields.text("next")).to_owned();
    let login = visitor.browser.as_ref().map(|browser| browser.account.username.clone()).unwrap_or_default();
    form(&visitor, StatusCode::OK, &next, &login, None).await
}

/// The form, with what went wrong.
async fn form(visitor: &Visitor, status: StatusCode, next: &str, login: &str, problem: Option<String>) -> Response {
    let app = match app_behind(visitor, next).await {
        Ok(app) => app,
        Err(error) => return visitor.fail(error),
    };
    let page = SignIn {
        frame: visitor.frame(),
        app,
        problem,
        token: visitor.anonymous_token(),
        next: next.to_owned(),
        login: login.to_owned(),
        may_register: visitor.app.config().registration != Registration::Closed,
        writes: visitor.app.config().mail.is_on(),
    };
    visitor.page(status, Kind::Leaving, &page)
}

/// Name of the app that sent the visitor here, when one did.
async fn app_behind(visitor: &Visitor, next: &str) -> Result<Option<String>> {
    let Some(query) = next.strip_prefix("/oauth/authorize?") else { return Ok(None) };
    let client_id = Fields::parse(query.as_bytes()).text("client_id").to_owned();
    let app = visitor.app.read(move |conn| store::oauth::find_app(conn, &client_id)).await?;
    Ok(app.map(|app| app.name))
}

/// `POST /sign-in`.
pub async fn submit(visitor: Visitor, fields: Fields) -> Response {
    match sign_in(&visitor, &fields).await {
        Ok(answer) => answer,
        Err(error) => visitor.fail(error),
    }
}

async fn sign_in(visitor: &Visitor, fields: &Fields) -> Result<Response> {
    let words = visitor.lang.words();
    let next = own_path(fields.text("next"));
    let login: String = fields.text("login").trim().chars().take(254).collect();
    let again = |status, problem: &str| form(visitor, status, next, &login, Some(problem.to_owned()));
    if !visitor.is_own_anonymous_form(fields.text("token")) {
        return Ok(again(StatusCode::FORBIDDEN, words.stale_form).await);
    }
    let limiter = visitor.app.limiter();
    let mut allowed = match visitor.address {
        Some(address) => limiter.check_address(Rule::LoginAddress, address),
        None => Ok(()),
    };
    let mut found = None;
    if allowed.is_ok() {
        let (domain, typed) = (visitor.app.site().domain().to_owned(), login.clone());
        found = visitor.app.read(move |conn| accounts::find_login(conn, &domain, &typed)).await?;
        // An account has many spellings (name, handle, address), and they have one allowance together.
        let whose = found.as_ref().map_or_else(|| login.to_lowercase(), |(account, _)| account.handle.clone());
        allowed = limiter.check(Rule::LoginName, &whose);
    }
    if let Err(Error::RateLimited { retry_after }) = allowed {
        let mut answer = again(StatusCode::TOO_MANY_REQUESTS, words.too_often).await;
        answer.headers_mut().insert(axum::http::header::RETRY_AFTER, retry_after.into());
        return Ok(answer);
    }
    let stored = found.as_ref().and_then(|(_, user)| user.password_hash.clone());
    let password = fields.text("password").to_owned();
    let passwords = visitor.app.part::<Passwords>();
    // An unknown name costs the same time as a wrong password, and says the same.
    let right = passwords.verify(password.clone(), stored.clone()).await?;
    let (Some((account, user)), true) = (found, right) else {
        metrics::counter!("auth_rejected_total", "reason" => "password").increment(1);
        return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, words.wrong_password).await);
    };
    if accounts::may_sign_in(&account, &user).is_err() {
        let why = if account.left_on.is_some() {
            words.account_left
        } else if user.disabled_at.is_some() || account.is_unavailable() {
            words.account_disabled
        } else if user.confirmed_at.is_none() {
            // Whoever knows the password may have the letter once more.
            let id = account.id;
            visitor.app.write(move |tx| confirmations::ask_again(tx, id, None)).await?;
            words.account_unconfirmed
        } else {
            words.account_pending
        };
        return Ok(again(StatusCode::FORBIDDEN, why).await);
    }
    let better = match stored {
        Some(stored) if crypto::password::needs_rehash(&stored) => {
            Some(passwords.hash(password, visitor.app.random().bytes()).await?)
        }
        _ => None,
    };
    let secret = open_session(visitor, account.id, better).await?;
    Ok(visitor.redirect_signed_in(next, &secret))
}

/// A new session for this browser; the one it had ends. Answers the secret of its cookie.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn open_session(
    visitor: &Visitor,
    account: crate::id::Id<crate::model::Account>,
    better_hash: Option<String>,
) -> Result<String> {
    let (agent, address) = (visitor.agent.clone(), visitor.address.map(|address| address.to_string()));
    let earlier = visitor.browser.as_ref().map(|browser| (browser.account.id, browser.session.id));
    visitor
        .app
        .write_at_any_price(move |tx| {
            if let Some((owner, session)) = earlier {
                store::users::delete_session(tx.conn, owner, session)?;
            }
            if let Some(hash) = better_hash {
                store::users::rehash_password(tx.conn, account, &hash)?;
            }
            accounts::open_session(tx, account, agent.as_deref(), address.as_deref()).map(|(_, secret)| secret)
        })
        .await
}

/// `POST /sign-out`.
pub async fn sign_out(visitor: Visitor, fields: Fields) -> Response {
    let Some(browser) = &visitor.browser else { return visitor.redirect_signed_out("/") };
    if !visitor.is_own_form(fields.text("token")) {
        return visitor.fail(Error::forbidden(visitor.lang.words().stale_form));
    }
    let (account, session) = (browser.account.id, browser.session.id);
    match visitor.app.write(move |tx| store::users::delete_session(tx.conn, account, session)).await {
        Ok(_) => visitor.redirect_signed_out("/"),
        Err(error) => visitor.fail(error),
    }
}
