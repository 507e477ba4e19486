//! The privacy policy and the terms of service.

use super::{
    pages::Prose,
    visit::{Kind, Visitor},
};
use crate::{
    Error,
    domain::{html::Html, legal},
    time::Timestamp,
};
use axum::{extract::Path, http::StatusCode, response::Response};

/// `GET /privacy-policy`.
pub async fn privacy(visitor: Visitor) -> Response {
    let texts = visitor.app.texts();
    match &texts.privacy {
        Some((changed, text)) => show(&visitor, visitor.lang.words().privacy_policy, legal::markup(text), *changed),
        None => visitor.fail(Error::NotFound),
    }
}

/// `GET /terms-of-service`: what is in force.
pub async fn terms(visitor: Visitor) -> Response {
    version(&visitor, None)
}

/// `GET /terms-of-service/{date}`: the version of that day.
pub async fn terms_of(visitor: Visitor, Path(day): Path<String>) -> Response {
    version(&visitor, Some(&day))
}

fn version(visitor: &Visitor, day: Option<&str>) -> Response {
    let found = legal::terms(&visitor.app.texts(), day, visitor.app.clock().now());
    match found.and_then(|terms| Some((Timestamp::parse(&terms.since)?, terms.content))) {
        Some((since, content)) => show(visitor, visitor.lang.words().terms_of_service, content, since),
        None => visitor.fail(Error::NotFound),
    }
}

fn show(visitor: &Visitor, heading: &str, html: Html, at: Timestamp) -> Response {
    let frame = visitor.frame();
    let since = frame.day(at);
    let page = Prose { frame, heading: heading.to_owned(), since, html: html.into_string() };
    visitor.page(StatusCode::OK, Kind::Public, &page)
}
