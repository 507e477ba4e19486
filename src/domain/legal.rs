//! The node's privacy policy and terms of service, as they are shown.

use super::html::{Html, sanitize_html};
use crate::{config::Texts, time::Timestamp};

/// A text in Markdown as markup.
pub fn markup(markdown: &str) -> Html {
    sanitize_html(comrak::markdown_to_html(markdown, &comrak::Options::default()).trim_end())
}

/// One version of the terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The day from which they are in force.
    pub since: String,
    /// They are in force by now.
    pub effective: bool,
    /// The day on which others take their place.
    pub until: Option<String>,
    /// The text.
    pub content: Html,
}

/// The version of this day; without one, the version in force, or else the first that will be.
pub fn terms(texts: &Texts, day: Option<&str>, now: Timestamp) -> Option<Terms> {
    let today = now.date();
    let at = match day {
        Some(day) => texts.terms.iter().position(|(since, _)| since == day)?,
        None => texts.terms.iter().rposition(|(since, _)| *since <= today).unwrap_or(0),
    };
    let (since, text) = texts.terms.get(at)?;
    Some(Terms {
        since: since.clone(),
        effective: *since <= today,
        until: texts.terms.get(at + 1).map(|(next, _)| next.clone()),
        content: markup(text),
    })
}
