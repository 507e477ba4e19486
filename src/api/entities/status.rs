//! Posts, which clients call statuses.

use super::{
    CustomEmoji, card::PreviewCard, collection::Collection, filter::FilterResult, media::MediaAttachment, poll::Poll,
};
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
    /// It never leaves this site.
    pub local_only: bool,
    /// How far it may go: `site`, `organisation` or `open`. Of ours.
    pub audience: &'static str,
    pub content: Cow<'a, str>,
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
    /// The page it is about.
    pub card: Option<PreviewCard<'a>>,
    pub poll: Option<Poll<'a>>,
    pub quote: Option<Quote<'a>>,
    pub quote_approval: QuoteApproval,
    /// Collections of people that it links to.
    pub tagged_collections: Vec<Collection<'a>>,
    /// What people think of it, in emoji, for clients that know this.
    pub reactions: Vec<Reaction<'a>>,
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

/// One emoji under a post.
#[derive(Clone, Debug, Serialize)]
pub struct Reaction<'a> {
    /// The emoji, or the shortcode of a custom one, with its server behind it where that is another one.
    pub name: String,
    pub count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub me: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub static_url: Option<Cow<'a, str>>,
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

/// What a post quotes.
#[derive(Clone, Debug, Serialize)]
pub struct Quote<'a> {
    pub state: &'static str,
    #[serde(flatten)]
    pub quoted: Quoted<'a>,
}

/// The quoted post: whole in a post that was asked for, by its id in one that is itself quoted.
#[derive(Clone, Debug, Serialize)]
pub enum Quoted<'a> {
    #[serde(rename = "quoted_status")]
    Whole(Option<Box<Status<'a>>>),
    #[serde(rename = "quoted_status_id")]
    Id(Option<Id<model::Post>>),
}

/// Who may quote a post.
#[derive(Clone, Debug, Serialize)]
pub struct QuoteApproval {
    /// Who need not ask.
    pub automatic: Vec<&'static str>,
    /// Whom the author decides about.
    pub manual: Vec<&'static str>,
    /// What the viewer gets.
    pub current_user: &'static str,
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
    /// An edit never changes it.
    pub quote: Option<Quote<'a>>,
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

/// A post that waits for its time.
#[derive(Clone, Debug, Serialize)]
pub struct ScheduledStatus<'a> {
    pub id: Id<model::ScheduledPost>,
    pub scheduled_at: Timestamp,
    pub params: ScheduledParams<'a>,
    pub media_attachments: Vec<MediaAttachment<'a>>,
}

/// What was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct ScheduledParams<'a> {
    pub text: &'a str,
    pub media_ids: Option<Vec<Id<model::Media>>>,
    /// Never null, nor is the next: without either, Tusky shows no waiting post at all.
    pub sensitive: bool,
    pub spoiler_text: &'a str,
    pub visibility: &'a str,
    pub language: Option<&'a str>,
    /// Always null: the time stands beside the parameters.
    pub scheduled_at: Option<Timestamp>,
    pub poll: Option<ScheduledPoll<'a>>,
    pub idempotency: Option<&'a str>,
    pub with_rate_limit: bool,
    /// A JSON number, unlike every other id.
    pub in_reply_to_id: Option<i64>,
    /// A JSON number too, and deprecated. Ids of apps here fit neither the 32 bits that apps read it into nor a number of
    /// JavaScript: always 0.
    pub application_id: u32,
    pub quoted_status_id: Option<Id<model::Post>>,
    pub quote_approval_policy: Option<&'a str>,
}

/// A poll that begins with its post.
#[derive(Clone, Debug, Serialize)]
pub struct ScheduledPoll<'a> {
    pub options: &'a [String],
    /// Seconds from the publication.
    pub expires_in: i64,
    pub multiple: bool,
    pub hide_totals: bool,
}
