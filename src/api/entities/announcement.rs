//! Announcements and reactions to them.

use super::{CustomEmoji, status::StatusTag};
use crate::{
    id::Id,
    model::{self, Account},
    time::Timestamp,
};
use serde::Serialize;
use std::borrow::Cow;

/// What staff tells everybody.
#[derive(Clone, Debug, Serialize)]
pub struct Announcement<'a> {
    pub id: Id<model::Announcement>,
    pub content: &'a str,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    pub all_day: bool,
    pub published_at: Timestamp,
    pub updated_at: Timestamp,
    pub read: bool,
    pub mentions: Vec<Mention<'a>>,
    pub statuses: Vec<LinkedStatus<'a>>,
    pub tags: Vec<StatusTag<'a>>,
    pub emojis: Vec<CustomEmoji<'a>>,
    pub reactions: Vec<Reaction<'a>>,
}

/// A post of this node that the text links to.
#[derive(Clone, Debug, Serialize)]
pub struct LinkedStatus<'a> {
    pub id: Id<model::Post>,
    pub url: &'a str,
}

/// Somebody who is named.
#[derive(Clone, Debug, Serialize)]
pub struct Mention<'a> {
    pub id: Id<Account>,
    pub username: &'a str,
    pub url: Cow<'a, str>,
    pub acct: Cow<'a, str>,
}

/// What people think.
#[derive(Clone, Debug, Serialize)]
pub struct Reaction<'a> {
    pub name: &'a str,
    pub count: i64,
    pub me: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub static_url: Option<String>,
}

/// The same for streams, which are everybody's.
#[derive(Clone, Debug, Serialize)]
pub struct ReactionEvent<'a> {
    pub name: &'a str,
    pub count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub static_url: Option<String>,
    pub announcement_id: Id<model::Announcement>,
}
