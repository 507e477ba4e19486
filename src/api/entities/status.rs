//! Posts, which clients call statuses.

use super::{CustomEmoji, filter::FilterResult, media::MediaAttachment, poll::Poll};
use crate::{id::Id, model, time::Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A post. What only a signed-in viewer is told is absent for others, never `null`.
#[derive(Clone, Debug, Serialize)]
pub struct Status<'a> {
    pub id: Id<model::Post>,
    pub created_at: Timestamp,
    pub in_reply_to_id: Option<Id<model::Post>>,
    pub in_reply_to_account_id: Option<Id<model::Account>>,
    pub sensitive: bool,
    pub spoiler_text: &'a str,
    pub visibility: &'static str,
    pub language: Option<&'a str>,
    pub uri: Cow<'a, str>,
    pub url: Cow<'a, str>,
    pub replies_count: i64,
    pub reblogs_count: i64,
    pub favourites_count: i64,
    pub quotes_count: i64,
    pub edited_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_only: Option<bool>,
    pub content: &'a str,
    /// The source, only in the answer to a delete; `null` elsewhere.
    pub text: Option<&'a str>,
    pub reblog: Option<Box<Status<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<Application<'a>>,
    pub account: &'a RawValue,
    pub media_attachments: Vec<MediaAttachment<'a>>,
    pub mentions: Vec<Mention<'a>>,
    pub tags: Vec<StatusTag<'a>>,
    pub emojis: Vec<CustomEmoji<'a>>,
    /// Previews of links are not made.
    pub card: Option<()>,
    pub poll: Option<Poll<'a>>,
    pub quote: Option<()>,
    pub quote_approval: QuoteApproval,
    pub tagged_collections: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub favourited: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reblogged: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bookmarked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filtered: Option<Vec<FilterResult<'a>>>,
}

/// The program a post was written with.
#[derive(Clone, Debug, Serialize)]
pub struct Application<'a> {
    pub name: &'a str,
    pub website: Option<&'a str>,
}

/// Somebody a post mentions. `url` equals the `href` in the content.
#[derive(Clone, Debug, Serialize)]
pub struct Mention<'a> {
    pub id: Id<model::Account>,
    pub username: &'a str,
    pub url: Cow<'a, str>,
    pub acct: Cow<'a, str>,
}

/// A hashtag of a post, without `#`.
#[derive(Clone, Debug, Serialize)]
pub struct StatusTag<'a> {
    pub name: &'a str,
    pub url: String,
}

/// Who may quote a post: nobody, quotes are not built.
#[derive(Clone, Debug, Serialize)]
pub struct QuoteApproval {
    pub automatic: [&'static str; 0],
    pub manual: [&'static str; 0],
    pub current_user: &'static str,
}

impl QuoteApproval {
    /// Nobody may.
    pub const NOBODY: Self = Self { automatic: [], manual: [], current_user: "denied" };
}

/// A thread around a post: ancestors oldest first, descendants depth first.
#[derive(Clone, Debug, Serialize)]
pub struct Context<'a> {
    pub ancestors: Vec<Status<'a>>,
    pub descendants: Vec<Status<'a>>,
}

/// What the author wrote, for editing.
#[derive(Clone, Debug, Serialize)]
pub struct StatusSource<'a> {
    pub id: Id<model::Post>,
    pub text: &'a str,
    pub spoiler_text: &'a str,
}

/// One version of a post.
#[derive(Clone, Debug, Serialize)]
pub struct StatusEdit<'a> {
    pub content: &'a str,
    pub spoiler_text: &'a str,
    pub sensitive: bool,
    pub created_at: Timestamp,
    pub account: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<EditedPoll<'a>>,
    pub media_attachments: Vec<MediaAttachment<'a>>,
    pub emojis: Vec<CustomEmoji<'a>>,
}

/// The options a poll had in one version.
#[derive(Clone, Debug, Serialize)]
pub struct EditedPoll<'a> {
    pub options: Vec<EditedOption<'a>>,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub struct EditedOption<'a> {
    pub title: Cow<'a, str>,
}
