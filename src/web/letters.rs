//! The pages behind the links of letters by e-mail: an address is confirmed, a forgotten password is set anew. A link does
//! nothing by itself: programs open links too, so a button follows.

use super::{
    pages::{Frame, Wrong},
    visit::{Fields, Kind, Visitor},
};
use crate::{
    Error, Result,
    crypto::Passwords,
    domain::{
        confirmations::{self, Claim},
        names,
        task::Letter,
    },
    mail,
    rate::Rule,
};
use askama::Template;
use axum::{extract::Path, http::StatusCode, response::Response};

/// One field of a [`Step`].
pub struct StepField {
    /// Its name in the form.
    pub name: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// Its type.
    pub kind: &'static str,
    /// What a browser may put in.
    pub autocomplete: &'static str,
    /// Fewest characters.
    pub least: u8,
    /// More about it; empty for nothing.
    pub hint: &'static str,
}

/// One thing to do: a text, at most one field, a button.
#[derive(Template)]
#[template(path = "step.html")]
pub struct Step {
    /// Surroundings.
    pub frame: Frame,
    /// Guards the form against other sites.
    pub token: String,
    /// Heading.
    pub heading: String,
    /// Paragraph.
    pub text: String,
    /// Where the form goes.
    pub action: String,
    /// What is typed.
    pub field: Option<StepField>,
    /// On the button.
    pub button: String,
    /// What was wrong.
    pub wrong: Wrong,
}

fn step(
    visitor: &Visitor,
    status: StatusCode,
    action: String,
    (heading, text, button): (&str, &str, &str),
    field: Option<StepField>,
    wrong: Wrong,
) -> Response {
    let page = Step {
        frame: visitor.frame(),
        token: visitor.anonymous_token(),
        heading: heading.to_owned(),
        text: text.to_owned(),
        action,
        field,
        button: button.to_owned(),
        wrong,
    };
    visitor.page(status, Kind::Form, &page)
}

/// What a link says, or the page for one that is over.
fn claim(visitor: &Visitor, letter: Letter, token: &str) -> std::result::Result<Claim, Box<Response>> {
    match mail::read(&visitor.app, letter, token) {
        Ok(Some(claim)) => Ok(claim),
        Ok(None) => Err(Box::new(over(visitor))),
        Err(error) => Err(Box::new(visitor.fail(error))),
    }
}

fn over(visitor: &Visitor) -> Response {
    let words = visitor.lang.words();
    visitor.message(404, words.link_over_title, words.link_over_text)
}

/// An attempt from this address, and whether the form is ours.
fn admitted(visitor: &Visitor, fields: &Fields) -> Result<bool> {
    if let Some(address) = visitor.address {
        visitor.app.limiter().check_address(Rule::LoginAddress, address)?;
    }
    Ok(visitor.is_own_anonymous_form(fields.text("token")))
}

/// `GET /confirm/{token}`.
pub async fn show_confirm(visitor: Visitor, Path(token): Path<String>) -> Response {
    if let Err(page) = claim(&visitor, Letter::Confirm, &token) {
        return *page;
    }
    confirm_form(&visitor, &token, StatusCode::OK, Wrong::nothing())
}

fn confirm_form(visitor: &Visitor, token: &str, status: StatusCode, wrong: Wrong) -> Response {
    let words = visitor.lang.words();
    let texts = (words.confirm_title, words.confirm_text, words.confirm_button);
    step(visitor, status, format!("/confirm/{token}"), texts, None, wrong)
}

/// `POST /confirm/{token}`.
pub async fn confirm(visitor: Visitor, Path(token): Path<String>, fields: Fields) -> Response {
    let claim = match claim(&visitor, Letter::Confirm, &token) {
        Ok(claim) => claim,
        Err(page) => return *page,
    };
    let words = visitor.lang.words();
    match admitted(&visitor, &fields) {
        Ok(true) => {}
        Ok(false) => {
            return confirm_form(&visitor, &token, StatusCode::FORBIDDEN, Wrong::field("", words.stale_form));
        }
        Err(error) => return visitor.fail(error),
    }
    match visitor.app.write(move |tx| confirmations::confirm(tx, &claim)).await {
        Ok(true) => visitor.message(200, words.confirmed_title, words.confirmed_text),
        Ok(false) => visitor.message(200, words.confirmed_title, words.waiting_text),
        Err(Error::Forbidden(_)) => over(&visitor),
        Err(error) => visitor.fail(error),
    }
}

/// `GET /password`.
pub async fn show_forgot(visitor: Visitor) -> Response {
    if !visitor.app.config().mail.is_on() {
        return visitor.fail(Error::NotFound);
    }
    forgot_form(&visitor, StatusCode::OK, Wrong::nothing())
}

fn forgot_form(visitor: &Visitor, status: StatusCode, wrong: Wrong) -> Response {
    let words = visitor.lang.words();
    let field =
        StepField { name: "email", label: words.email, kind: "email", autocomplete: "email", least: 3, hint: "" };
    let texts = (words.forgot_title, words.forgot_text, words.forgot_button);
    step(visitor, status, "/password".into(), texts, Some(field), wrong)
}

/// `POST /password`: the answer is the same whether anybody has the address.
pub async fn forgot(visitor: Visitor, fields: Fields) -> Response {
    if !visitor.app.config().mail.is_on() {
        return visitor.fail(Error::NotFound);
    }
    let words = visitor.lang.words();
    let email: String = fields.text("email").trim().chars().take(254).collect();
    match admitted(&visitor, &fields) {
        Ok(true) => {}
        Ok(false) => return forgot_form(&visitor, StatusCode::FORBIDDEN, Wrong::field("", words.stale_form)),
        Err(error) => return visitor.fail(error),
    }
    let sent = match visitor.app.limiter().check(Rule::LoginName, &email.to_lowercase()) {
        Ok(()) => visitor.app.write(move |tx| confirmations::forgot(tx, &email)).await,
        Err(error) => Err(error),
    };
    match sent {
        Ok(()) => visitor.message(200, words.forgot_title, words.forgot_sent),
        Err(error) => visitor.fail(error),
    }
}

/// `GET /password/{token}`.
pub async fn show_reset(visitor: Visitor, Path(token): Path<String>) -> Response {
    let claim = match claim(&visitor, Letter::Password, &token) {
        Ok(claim) => claim,
        Err(page) => return *page,
    };
    match visitor.app.write(move |tx| confirmations::may_reset(tx, &claim).map(|_| ())).await {
        Ok(()) => reset_form(&visitor, &token, StatusCode::OK, Wrong::nothing()),
        Err(Error::Forbidden(_)) => over(&visitor),
        Err(error) => visitor.fail(error),
    }
}

fn reset_form(visitor: &Visitor, token: &str, status: StatusCode, wrong: Wrong) -> Response {
    let words = visitor.lang.words();
    let field = StepField {
        name: "password",
        label: words.new_password,
        kind: "password",
        autocomplete: "new-password",
        least: 8,
        hint: words.password_hint,
    };
    let texts = (words.reset_title, words.reset_text, words.reset_button);
    step(visitor, status, format!("/password/{token}"), texts, Some(field), wrong)
}

/// `POST /password/{token}`.
pub async fn reset(visitor: Visitor, Path(token): Path<String>, fields: Fields) -> Response {
    let claim = match claim(&visitor, Letter::Password, &token) {
        Ok(claim) => claim,
        Err(page) => return *page,
    };
    let words = visitor.lang.words();
    match admitted(&visitor, &fields) {
        Ok(true) => {}
        Ok(false) => return reset_form(&visitor, &token, StatusCode::FORBIDDEN, Wrong::field("", words.stale_form)),
        Err(error) => return visitor.fail(error),
    }
    match set(&visitor, claim, fields.text("password").to_owned()).await {
        Ok(()) => visitor.message(200, words.reset_done, words.confirmed_text),
        Err(Error::Forbidden(_)) => over(&visitor),
        Err(Error::Invalid { field, code, reason }) => {
            let wrong = Wrong::field("password", words.invalid(field, code, &reason));
            reset_form(&visitor, &token, StatusCode::UNPROCESSABLE_ENTITY, wrong)
        }
        Err(error) => visitor.fail(error),
    }
}

async fn set(visitor: &Visitor, claim: Claim, password: String) -> Result<()> {
    names::password(&password)?;
    let hash = visitor.app.part::<Passwords>().hash(password, visitor.app.random().bytes()).await?;
    visitor.app.write(move |tx| confirmations::reset(tx, &claim, &hash)).await
}
