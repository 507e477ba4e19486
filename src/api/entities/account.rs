//! Accounts and what surrounds them.

use super::{CustomEmoji, Date};
use crate::{id::Id, model, time::Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A person, bot or group.
#[derive(Clone, Debug, Serialize)]
pub struct Account<'a> {
    pub id: Id<model::Account>,
    pub username: &'a str,
    pub acct: Cow<'a, str>,
    pub display_name: &'a str,
    pub locked: bool,
    pub bot: bool,
    pub discoverable: bool,
    pub indexable: bool,
    pub group: bool,
    pub created_at: Timestamp,
    pub note: &'a str,
    pub url: Cow<'a, str>,
    pub uri: Cow<'a, str>,
    pub avatar: Cow<'a, str>,
    pub avatar_static: Cow<'a, str>,
    pub avatar_description: &'a str,
    pub header: Cow<'a, str>,
    pub header_static: Cow<'a, str>,
    pub header_description: &'a str,
    pub followers_count: i64,
    pub following_count: i64,
    pub statuses_count: i64,
    pub last_status_at: Option<Date>,
    pub hide_collections: bool,
    pub show_media: bool,
    pub show_media_replies: bool,
    pub show_featured: bool,
    pub noindex: bool,
    pub emojis: Vec<CustomEmoji<'a>>,
    pub roles: Vec<AccountRole>,
    pub fields: Vec<Field<'a>>,
    pub feature_approval: FeatureApproval,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Box<Account<'a>>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub limited: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub memorial: bool,
    /// Only for the account itself (`verify_credentials`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source<'a>>,
    /// Only for the account itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Only in the list of muted accounts; there `null` means for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mute_expires_at: Option<Option<Timestamp>>,
}

/// One row of a profile.
#[derive(Clone, Debug, Serialize)]
pub struct Field<'a> {
    pub name: Cow<'a, str>,
    pub value: Cow<'a, str>,
    pub verified_at: Option<Timestamp>,
}

/// A badge shown beside a name.
#[derive(Clone, Debug, Serialize)]
pub struct AccountRole {
    pub id: &'static str,
    pub name: &'static str,
    pub color: &'static str,
}

/// Who may put the account into a collection.
#[derive(Clone, Debug, Serialize)]
pub struct FeatureApproval {
    pub automatic: &'static [&'static str],
    pub manual: &'static [&'static str],
    pub current_user: &'static str,
}

impl FeatureApproval {
    /// Nobody may.
    pub const NOBODY: Self = Self { automatic: &[], manual: &[], current_user: "denied" };
    /// Everybody may.
    pub const ANYBODY: Self = Self { automatic: &["public"], manual: &[], current_user: "automatic" };
    /// Everybody may ask.
    pub const ASKED: Self = Self { automatic: &[], manual: &["public"], current_user: "manual" };
}

/// What the account's owner edits: plain text and defaults.
#[derive(Clone, Debug, Serialize)]
pub struct Source<'a> {
    pub attribution_domains: Vec<String>,
    pub note: &'a str,
    pub fields: Vec<Field<'a>>,
    pub privacy: &'a str,
    /// How far posts go that say nothing: `site`, `organisation` or `open`; `null`: as the organisation says. Of ours.
    pub audience: Option<&'static str>,
    pub sensitive: bool,
    pub language: &'a str,
    pub follow_requests_count: i64,
    pub hide_collections: bool,
    pub discoverable: bool,
    pub indexable: bool,
    pub quote_policy: &'static str,
}

/// What the account may do here. `permissions` is a bit mask as a string of digits.
#[derive(Clone, Debug, Serialize)]
pub struct Role {
    pub id: &'static str,
    pub name: &'static str,
    pub color: &'static str,
    pub permissions: &'static str,
    pub highlighted: bool,
    pub collection_limit: u32,
}

/// How the viewer and another account stand to each other.
#[derive(Clone, Debug, Serialize)]
pub struct Relationship<'a> {
    pub id: Id<model::Account>,
    pub following: bool,
    pub showing_reblogs: bool,
    pub notifying: bool,
    pub languages: Option<Vec<&'a str>>,
    pub followed_by: bool,
    pub blocking: bool,
    pub blocked_by: bool,
    pub muting: bool,
    pub muting_notifications: bool,
    pub muting_expires_at: Option<Timestamp>,
    pub requested: bool,
    pub requested_by: bool,
    pub domain_blocking: bool,
    pub endorsed: bool,
    pub note: &'a str,
}

/// Followers of an account whom the viewer follows.
#[derive(Clone, Debug, Serialize)]
pub struct FamiliarFollowers<'a> {
    pub id: Id<model::Account>,
    pub accounts: Vec<&'a RawValue>,
}

/// A profile as its owner edits it; pictures are null where there are none.
#[derive(Clone, Debug, Serialize)]
pub struct Profile<'a> {
    pub id: Id<model::Account>,
    pub display_name: &'a str,
    pub note: &'a str,
    pub fields: Vec<Field<'a>>,
    pub avatar: Option<String>,
    pub avatar_static: Option<String>,
    pub avatar_description: &'a str,
    pub header: Option<String>,
    pub header_static: Option<String>,
    pub header_description: &'a str,
    pub locked: bool,
    pub bot: bool,
    pub hide_collections: bool,
    pub discoverable: bool,
    pub indexable: bool,
    pub show_media: bool,
    pub show_media_replies: bool,
    pub show_featured: bool,
    pub attribution_domains: Vec<String>,
    pub featured_tags: Box<RawValue>,
}
