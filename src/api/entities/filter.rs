//! Filters of both generations, and what they matched.

use crate::{id::Id, model, time::Timestamp};
use serde::Serialize;

/// A filter. `keywords` and `statuses` are absent inside a [`FilterResult`].
#[derive(Clone, Debug, Serialize)]
pub struct Filter<'a> {
    pub id: Id<model::Filter>,
    pub title: &'a str,
    pub context: Vec<&'static str>,
    pub expires_at: Option<Timestamp>,
    /// `warn`, `hide` or (only when the user chose it) `blur`.
    pub filter_action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keywords: Option<Vec<FilterKeyword<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<FilterStatus>>,
}

/// A word of a filter.
#[derive(Clone, Debug, Serialize)]
pub struct FilterKeyword<'a> {
    pub id: Id<model::FilterKeyword>,
    pub keyword: &'a str,
    pub whole_word: bool,
}

/// A single post of a filter.
#[derive(Clone, Debug, Serialize)]
pub struct FilterStatus {
    pub id: Id<model::FilterPost>,
    pub status_id: Id<model::Post>,
}

/// Why a post is filtered for the viewer.
#[derive(Clone, Debug, Serialize)]
pub struct FilterResult<'a> {
    pub filter: Filter<'a>,
    pub keyword_matches: Option<Vec<&'a str>>,
    pub status_matches: Option<Vec<Id<model::Post>>>,
}

/// A filter as clients before 4.0 know it: one keyword each.
#[derive(Clone, Debug, Serialize)]
pub struct FilterV1<'a> {
    pub id: Id<model::FilterKeyword>,
    pub phrase: &'a str,
    pub context: Vec<&'static str>,
    pub whole_word: bool,
    pub expires_at: Option<Timestamp>,
    pub irreversible: bool,
}
