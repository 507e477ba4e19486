//! Smaller documents: tags, lists, conversations, markers, preferences, search results, reports.

use super::{Date, Digits, status::Status};
use crate::{id::Id, model, time::Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

/// A hashtag and how it was used lately.
#[derive(Clone, Debug, Serialize)]
pub struct Tag {
    pub id: Id<model::Tag>,
    pub name: String,
    pub url: String,
    pub history: Vec<History>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub featuring: Option<bool>,
}

/// One day; all strings of digits, `day` is midnight in unix seconds.
#[derive(Clone, Debug, Serialize)]
pub struct History {
    pub day: Digits,
    pub accounts: Digits,
    pub uses: Digits,
}

/// A hashtag on a profile.
#[derive(Clone, Debug, Serialize)]
pub struct FeaturedTag<'a> {
    pub id: Id<model::FeaturedTag>,
    pub name: &'a str,
    pub url: String,
    pub statuses_count: Digits,
    pub last_status_at: Option<Date>,
}

/// A list of people.
#[derive(Clone, Debug, Serialize)]
pub struct List<'a> {
    pub id: Id<model::List>,
    pub title: &'a str,
    /// `followed`, `list` or `none`.
    pub replies_policy: &'a str,
    pub exclusive: bool,
}

/// Where a client wants to be told of notifications.
#[derive(Clone, Debug, Serialize)]
pub struct WebPushSubscription<'a> {
    /// A number below 2^31.
    pub id: i64,
    pub endpoint: &'a str,
    pub standard: bool,
    pub alerts: std::collections::BTreeMap<&'static str, bool>,
    pub server_key: &'a str,
    pub policy: &'a str,
}

/// A direct exchange.
#[derive(Clone, Debug, Serialize)]
pub struct Conversation<'a> {
    pub id: Id<model::Conversation>,
    pub unread: bool,
    pub accounts: Vec<&'a RawValue>,
    pub last_status: Option<Status<'a>>,
}

/// How far a timeline was read.
#[derive(Clone, Debug, Serialize)]
pub struct Marker<'a> {
    pub last_read_id: &'a str,
    pub version: i64,
    pub updated_at: Timestamp,
}

/// Defaults of the account, for clients.
#[derive(Clone, Debug, Serialize)]
pub struct Preferences<'a> {
    #[serde(rename = "posting:default:visibility")]
    pub visibility: &'a str,
    /// How far a public post goes. Of ours.
    #[serde(rename = "posting:default:audience")]
    pub audience: &'static str,
    #[serde(rename = "posting:default:sensitive")]
    pub sensitive: bool,
    #[serde(rename = "posting:default:language")]
    pub language: Option<&'a str>,
    #[serde(rename = "posting:default:quote_policy")]
    pub quote_policy: &'static str,
    #[serde(rename = "reading:expand:media")]
    pub expand_media: &'static str,
    #[serde(rename = "reading:expand:spoilers")]
    pub expand_spoilers: bool,
    #[serde(rename = "reading:autoplay:gifs")]
    pub autoplay_gifs: bool,
}

/// What a search found; every key is always there.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Search<'a> {
    pub accounts: Vec<&'a RawValue>,
    pub statuses: Vec<Status<'a>>,
    pub hashtags: Vec<Tag>,
}

/// A report as its author sees it.
#[derive(Clone, Debug, Serialize)]
pub struct Report<'a> {
    pub id: Id<model::Report>,
    pub action_taken: bool,
    pub action_taken_at: Option<Timestamp>,
    /// `spam`, `legal`, `violation` or `other`.
    pub category: &'a str,
    pub comment: &'a str,
    pub forwarded: bool,
    pub created_at: Timestamp,
    pub status_ids: Vec<Id<model::Post>>,
    pub collection_ids: Vec<Id<model::Collection>>,
    pub rule_ids: Vec<String>,
    pub target_account: &'a RawValue,
}

/// Somebody one may want to follow, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Suggestion<'a> {
    pub source: &'static str,
    pub sources: Vec<&'static str>,
    pub account: &'a RawValue,
}
