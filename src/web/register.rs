//! Registration: open, by approval, by invitation; and the one-time page that makes the first account (OPS-08).

use super::{
    pages::{Register, Wrong},
    sign_in::open_session,
    visit::{Fields, Kind, Visitor},
};
use crate::{
    Error, Result,
    config::Registration,
    crypto::Passwords,
    db::Conn,
    domain::{
        accounts::{self, SignUp, Typed},
        names, setup,
    },
    error::Fault,
    rate::Rule,
    store,
};
use axum::{
    Json,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// Which of the three forms it is.
enum Door {
    /// Anybody's.
    Public,
    /// An invitation with this code.
    Invite(String),
    /// The one-time link with this token.
    Setup(String),
}

impl Door {
    fn action(&self) -> String {
        match self {
            Self::Public => "/register".into(),
            Self::Invite(code) => format!("/invite/{code}"),
            Self::Setup(token) => format!("/setup/{token}"),
        }
    }
}

/// `GET /register`.
pub async fn show(visitor: Visitor) -> Response {
    enter(visitor, Door::Public, None).await
}

/// `POST /register`.
pub async fn submit(visitor: Visitor, fields: Fields) -> Response {
    enter(visitor, Door::Public, Some(fields)).await
}

/// `GET /invite/{code}`.
/// An app asks with `Accept: application/json` whether an invitation is good, and where to go with it.
pub async fn show_invite(visitor: Visitor, headers: HeaderMap, Path(code): Path<String>) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepted.split(',').any(|kind| kind.split(';').next().unwrap_or_default().trim() == "application/json") {
        return invitation(&visitor, code).await;
    }
    enter(visitor, Door::Invite(code), None).await
}

/// `POST /invite/{code}`.
pub async fn submit_invite(visitor: Visitor, Path(code): Path<String>, fields: Fields) -> Response {
    enter(visitor, Door::Invite(code), Some(fields)).await
}

/// `GET /setup/{token}`.
pub async fn show_setup(visitor: Visitor, Path(token): Path<String>) -> Response {
    enter(visitor, Door::Setup(token), None).await
}

/// `POST /setup/{token}`.
pub async fn submit_setup(visitor: Visitor, Path(token): Path<String>, fields: Fields) -> Response {
    enter(visitor, Door::Setup(token), Some(fields)).await
}

async fn invitation(visitor: &Visitor, code: String) -> Response {
    match is_open(visitor, &Door::Invite(code.clone())).await {
        Ok(None) => {
            let api = visitor.app.site().url("/api/v2/instance");
            Json(json!({ "invite_code": code, "instance_api_url": api })).into_response()
        }
        Ok(Some(_)) => {
            (StatusCode::UNAUTHORIZED, Json(json!({ "error": "This invitation is not valid" }))).into_response()
        }
        Err(error) => visitor.fail(error),
    }
}

async fn enter(visitor: Visitor, door: Door, fields: Option<Fields>) -> Response {
    let answered = match is_open(&visitor, &door).await {
        Ok(None) => match fields {
            None => Ok(form(&visitor, &door, StatusCode::OK, &Fields::default(), Wrong::nothing())),
            Some(fields) => take(&visitor, &door, &fields).await,
        },
        Ok(Some(answer)) => Ok(answer),
        Err(error) => Err(error),
    };
    answered.unwrap_or_else(|error| visitor.fail(error))
}

/// The answer for a door that is closed.
async fn is_open(visitor: &Visitor, door: &Door) -> Result<Option<Response>> {
    let words = visitor.lang.words();
    match door {
        Door::Public if visitor.app.config().registration == Registration::Closed => {
            Ok(Some(visitor.message(403, words.closed_title, words.closed_text)))
        }
        Door::Public => Ok(None),
        Door::Invite(code) => {
            let code = code.clone();
            let invite = visitor.app.read(move |conn| store::users::find_invite(conn, &code)).await?;
            let good = invite.is_some_and(|invite| accounts::is_open(&invite, visitor.app.clock().now()));
            Ok((!good).then(|| visitor.message(404, words.closed_title, words.invite_dead)))
        }
        Door::Setup(token) => {
            let token = token.clone();
            let good = visitor.app.read(move |conn| setup::is_setup(conn, &token)).await?;
            Ok((!good).then(|| visitor.message(404, words.error_404, words.setup_done)))
        }
    }
}

fn form(visitor: &Visitor, door: &Door, status: StatusCode, fields: &Fields, wrong: Wrong) -> Response {
    let frame = visitor.frame();
    let words = frame.w();
    let config = visitor.app.config();
    let by_approval = matches!(door, Door::Public) && config.registration == Registration::Approval;
    let (heading, text, button) = match door {
        Door::Public => {
            (words.register.to_owned(), by_approval.then(|| words.needs_approval.to_owned()), words.create_account)
        }
        Door::Invite(_) => (frame.put(words.invited, &frame.site), None, words.create_account),
        Door::Setup(_) => (words.setup_title.to_owned(), Some(words.setup_text.to_owned()), words.setup_button),
    };
    let page = Register {
        heading,
        text,
        action: door.action(),
        token: visitor.anonymous_token(),
        domain: visitor.app.site().domain().to_owned(),
        username: fields.text("username").to_owned(),
        email: fields.text("email").to_owned(),
        reason: fields.text("reason").to_owned(),
        ask_reason: by_approval,
        date_of_birth: fields.text("date_of_birth").to_owned(),
        // The one who sets the node up decides that.
        min_age: match config.accounts.min_age {
            0 => None,
            years => (!matches!(door, Door::Setup(_))).then(|| frame.put(words.born_hint, &years.to_string())),
        },
        rules: if matches!(door, Door::Setup(_)) { Vec::new() } else { config.instance.rules.clone() },
        button: button.to_owned(),
        wrong,
        frame,
    };
    visitor.page(status, Kind::Form, &page)
}

async fn take(visitor: &Visitor, door: &Door, fields: &Fields) -> Result<Response> {
    let words = visitor.lang.words();
    if !visitor.is_own_anonymous_form(fields.text("form")) {
        let wrong = Wrong::field("", words.stale_form);
        return Ok(form(visitor, door, StatusCode::FORBIDDEN, fields, wrong));
    }
    let limiter = visitor.app.limiter();
    if let Some(address) = visitor.address {
        limiter.check_address(Rule::LoginAddress, address)?;
    }
    match create(visitor, door, fields).await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            // The page says one thing at a time, beside its field.
            let Fault { field, code, reason } = first_fault(error)?;
            let wrong = Wrong::field(field, words.invalid(field, code, &reason));
            Ok(form(visitor, door, StatusCode::UNPROCESSABLE_ENTITY, fields, wrong))
        }
    }
}

/// The first field that is wrong.
fn first_fault(error: Error) -> Result<Fault> {
    match error {
        Error::Invalid { field, code, reason } => Ok(Fault { field, code, reason }),
        Error::InvalidFields(faults) => faults.into_iter().next().ok_or(Error::NotFound),
        other => Err(other),
    }
}

async fn create(visitor: &Visitor, door: &Door, fields: &Fields) -> Result<Response> {
    let password = fields.text("password").to_owned();
    let now = visitor.app.clock().now();
    let typed = Typed {
        username: fields.text("username").to_owned(),
        email: fields.text("email").to_owned(),
        agreement: visitor.app.config().instance.rules.is_empty() || !fields.text("agreement").is_empty(),
        reason: fields.text("reason").to_owned(),
        date_of_birth: fields.text("date_of_birth").to_owned(),
        invite: if let Door::Invite(code) = door { Some(code.clone()) } else { None },
        address: visitor.address,
    };
    // What can be refused is refused before the expensive part.
    if let Door::Setup(_) = door {
        names::password(&password)?;
    } else {
        let (registration, min_age) = (visitor.app.config().registration, visitor.app.config().accounts.min_age);
        let (typed, secret) = (typed.clone(), password.clone());
        let check =
            move |conn: &mut Conn| accounts::check_sign_up(conn, registration, min_age, &typed, Some(&secret), now);
        visitor.app.read(check).await?;
    }
    let salt = visitor.app.random().bytes();
    let password_hash = visitor.app.part::<Passwords>().hash(password, salt).await?;
    let (account, usable) = match door {
        Door::Setup(token) => {
            let (token, address) = (token.clone(), visitor.address);
            let made = visitor
                .app
                .write(move |tx| setup::set_up(tx, &token, &typed.username, &typed.email, password_hash, address));
            (made.await?, true)
        }
        Door::Public | Door::Invite(_) => {
            let locale = Some(visitor.lang.tag().to_owned());
            let sign_up = SignUp { typed, password_hash, locale };
            visitor.app.write(move |tx| accounts::sign_up(tx, &sign_up)).await?
        }
    };
    if !usable {
        let words = visitor.lang.words();
        return Ok(match visitor.app.config().mail.is_on() {
            true => visitor.message(200, words.letter_title, words.letter_text),
            false => visitor.message(200, words.waiting_title, words.waiting_text),
        });
    }
    let secret = open_session(visitor, account.id, None).await?;
    Ok(visitor.redirect_signed_in("/", &secret))
}
