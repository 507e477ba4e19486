//! `/ask`: a question to the network from a browser. It becomes a public post of whoever is signed in, as if they had
//! written `#ask` in an app.

use super::{
    pages::{Ask, Wrong},
    reach,
    visit::{Browser, Fields, Kind, Visitor},
};
use crate::{Error, Result, domain::questions, model::Audience, rate::Rule, store};
use axum::{http::StatusCode, response::Response};

/// What was typed.
#[derive(Default)]
struct Typed {
    question: String,
    tags: String,
    audience: Option<Audience>,
    once: String,
}

async fn answer(visitor: &Visitor, status: StatusCode, typed: Typed, wrong: Wrong) -> Response {
    let audiences = match reach::offered(visitor, visitor.lang.words().reach_as_usual, typed.audience).await {
        Ok(audiences) => audiences,
        Err(error) => return visitor.fail(error),
    };
    let page = Ask {
        frame: visitor.frame(),
        token: visitor.token(),
        question: typed.question,
        tags: typed.tags,
        once: Some(typed.once).filter(|once| once.len() == 43).unwrap_or_else(|| visitor.app.random().token()),
        characters: visitor.app.config().posts.characters,
        audiences,
        wrong,
    };
    visitor.page(status, Kind::Form, &page)
}

/// `GET /ask`.
pub async fn show(visitor: Visitor) -> Response {
    match &visitor.browser {
        None => visitor.redirect("/sign-in?next=%2Fask"),
        Some(_) => answer(&visitor, StatusCode::OK, Typed::default(), Wrong::nothing()).await,
    }
}

/// `POST /ask`.
pub async fn submit(visitor: Visitor, fields: Fields) -> Response {
    let Some(browser) = &visitor.browser else { return visitor.redirect("/sign-in?next=%2Fask") };
    let words = visitor.lang.words();
    let mut typed = Typed {
        question: fields.text("question").trim().to_owned(),
        tags: fields.text("tags").trim().to_owned(),
        audience: None,
        once: fields.text("once").to_owned(),
    };
    if !visitor.is_own_form(fields.text("token")) {
        return answer(&visitor, StatusCode::FORBIDDEN, typed, Wrong::field("", words.stale_form)).await;
    }
    let done = match reach::chosen(&fields) {
        Ok(_) if typed.question.is_empty() => Err(Error::invalid("question", "blank", words.ask_blank)),
        Ok(audience) => {
            typed.audience = audience;
            publish(&visitor, browser, &typed).await
        }
        Err(error) => Err(error),
    };
    let wrong = match done {
        Ok(address) => return visitor.redirect(&address),
        Err(Error::Invalid { code: "too_long", .. }) => Wrong::field("question", words.ask_too_long),
        Err(Error::Invalid { field: "audience", code, reason }) => {
            Wrong::field("audience", words.invalid("audience", code, &reason))
        }
        Err(Error::Invalid { reason, .. }) => Wrong::field("question", reason),
        Err(error) => return visitor.fail(error),
    };
    answer(&visitor, StatusCode::UNPROCESSABLE_ENTITY, typed, wrong).await
}

/// The question with its hashtags, however they were typed.
fn text(typed: &Typed) -> String {
    let tags = typed.tags.split([',', ';', ' ', '\n']).map(|tag| tag.trim().trim_start_matches('#'));
    let tags: Vec<String> = tags.filter(|tag| !tag.is_empty()).map(|tag| format!("#{tag}")).collect();
    format!("{} {}", typed.question, tags.join(" ")).trim().to_owned()
}

/// Publishes it; answers its page here.
async fn publish(visitor: &Visitor, browser: &Browser, typed: &Typed) -> Result<String> {
    let me = browser.account.id;
    visitor.app.limiter().check(Rule::Posts, &me)?;
    let question = questions::Asking {
        text: text(typed),
        language: Some(visitor.lang.tag().to_owned()),
        // A form that is sent twice is one question.
        once: Some(typed.once.clone()),
        app: None,
        audience: typed.audience,
    };
    let asked = visitor.acting(visitor.app.write(move |tx| {
        let id = questions::ask(tx, me, question)?;
        store::posts::load(tx.conn, id)
    }));
    let post = asked.await?;
    Ok(format!("/@{}/{}", browser.account.username, post.id))
}
