//! Notifications, one by one and grouped.

use super::{Digits, collection::Collection, misc::Report, status::Status};
use crate::{
    id::Id,
    model::{self, SeveranceKind, Verdict, WarningAction},
    time::Timestamp,
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Something that happened to the viewer.
#[derive(Clone, Debug, Serialize)]
pub struct Notification<'a> {
    pub id: Id<model::Notification>,
    pub r#type: &'a str,
    pub group_key: String,
    pub created_at: Timestamp,
    pub account: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Report<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<Collection<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<SeveranceEvent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moderation_warning: Option<AccountWarning<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
}

/// Several notifications of one kind about one thing.
#[derive(Clone, Debug, Serialize)]
pub struct NotificationGroup<'a> {
    pub group_key: String,
    pub notifications_count: i64,
    pub r#type: &'a str,
    /// A JSON number, unlike every other id.
    pub most_recent_notification_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_min_id: Option<Id<model::Notification>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_max_id: Option<Id<model::Notification>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_page_notification_at: Option<Timestamp>,
    pub sample_account_ids: Vec<Id<model::Account>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_id: Option<Id<model::Post>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Report<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<Collection<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<SeveranceEvent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moderation_warning: Option<AccountWarning<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
}

/// What staff says of an act on the viewer's account.
#[derive(Clone, Debug, Serialize)]
pub struct AccountWarning<'a> {
    pub id: Id<model::AccountWarning>,
    pub action: WarningAction,
    pub text: &'a str,
    pub status_ids: Option<Vec<Id<model::Post>>>,
    pub target_account: &'a RawValue,
    /// Nobody appeals by an app here.
    pub appeal: Option<()>,
    pub created_at: Timestamp,
}

/// Follows that the viewer lost at once.
#[derive(Clone, Debug, Serialize)]
pub struct SeveranceEvent<'a> {
    pub id: Id<model::Severance>,
    pub r#type: SeveranceKind,
    /// There is no list any more of whom it was about.
    pub purged: bool,
    pub target_name: &'a str,
    pub followers_count: i64,
    pub following_count: i64,
    pub created_at: Timestamp,
}

/// What a client shows of a kind that it does not know.
#[derive(Clone, Debug, Serialize)]
pub struct Fallback {
    pub title: String,
    pub summary: Option<String>,
    pub details: Option<String>,
}

/// As much of a person as a small picture needs.
#[derive(Clone, Debug, Serialize)]
pub struct PartialAccount<'a> {
    pub id: Id<model::Account>,
    pub acct: Cow<'a, str>,
    pub url: Cow<'a, str>,
    pub avatar: Cow<'a, str>,
    pub avatar_static: Cow<'a, str>,
    pub avatar_description: &'a str,
    pub locked: bool,
    pub bot: bool,
}

/// A page of groups and what they refer to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GroupedNotifications<'a> {
    pub accounts: Vec<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial_accounts: Option<Vec<PartialAccount<'a>>>,
    pub statuses: Vec<Status<'a>>,
    pub notification_groups: Vec<NotificationGroup<'a>>,
}

/// What to do with notifications from people the viewer has nothing to do with.
#[derive(Clone, Debug, Serialize)]
pub struct NotificationPolicy {
    pub for_not_following: Verdict,
    pub for_not_followers: Verdict,
    pub for_new_accounts: Verdict,
    pub for_private_mentions: Verdict,
    pub for_limited_accounts: Verdict,
    pub summary: PolicySummary,
}

/// What the policy held back.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PolicySummary {
    pub pending_requests_count: i64,
    pub pending_notifications_count: i64,
}

/// The same as clients of the first generation know it: held back or not.
#[derive(Clone, Debug, Serialize)]
pub struct NotificationPolicyV1 {
    pub filter_not_following: bool,
    pub filter_not_followers: bool,
    pub filter_new_accounts: bool,
    pub filter_private_mentions: bool,
    pub summary: PolicySummary,
}

/// Somebody whose mentions were held back.
#[derive(Clone, Debug, Serialize)]
pub struct NotificationRequest<'a> {
    pub id: Id<model::NotificationRequest>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub notifications_count: Digits,
    pub account: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<Status<'a>>,
}
