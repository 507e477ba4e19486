//! What staff sees.

use super::{
    Digits,
    account::Role,
    card::PreviewCard,
    collection::Collection,
    instance::Rule,
    misc::{History, Tag},
    status::Status,
};
use crate::{id::Id, model, time::Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

/// An account with what only staff knows of it.
#[derive(Clone, Debug, Serialize)]
pub struct AdminAccount<'a> {
    pub id: Id<model::Account>,
    pub username: &'a str,
    pub domain: Option<&'a str>,
    pub created_at: Timestamp,
    pub email: &'a str,
    /// Addresses of people are not kept.
    pub ip: Option<&'a str>,
    pub ips: [(); 0],
    pub locale: &'a str,
    pub invite_request: Option<&'a str>,
    pub role: Role,
    pub confirmed: bool,
    pub approved: bool,
    pub disabled: bool,
    pub sensitized: bool,
    pub silenced: bool,
    pub suspended: bool,
    pub account: &'a RawValue,
}

/// A report with what only staff knows of it.
#[derive(Clone, Debug, Serialize)]
pub struct AdminReport<'a> {
    pub id: Id<model::Report>,
    pub action_taken: bool,
    pub action_taken_at: Option<Timestamp>,
    pub category: &'static str,
    pub comment: &'a str,
    pub forwarded: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub account: AdminAccount<'a>,
    pub target_account: AdminAccount<'a>,
    pub assigned_account: Option<AdminAccount<'a>>,
    pub action_taken_by_account: Option<AdminAccount<'a>>,
    pub statuses: Vec<Status<'a>>,
    /// Those that are still there.
    pub collections: Vec<Collection<'a>>,
    pub rules: Vec<Rule<'a>>,
}

/// A domain that is blocked.
#[derive(Clone, Debug, Serialize)]
pub struct AdminDomainBlock<'a> {
    pub id: String,
    pub domain: &'a str,
    /// SHA-256 of the domain, in hexadecimal digits.
    pub digest: String,
    pub created_at: Timestamp,
    /// `suspend`, `silence` or `noop`.
    pub severity: &'static str,
    pub reject_media: bool,
    pub reject_reports: bool,
    pub private_comment: Option<&'a str>,
    pub public_comment: Option<&'a str>,
    pub obfuscate: bool,
}

/// A domain cannot be blocked because it is already, itself or with one above it.
#[derive(Clone, Debug, Serialize)]
pub struct AdminExistingDomainBlock<'a> {
    pub error: String,
    pub existing_domain_block: AdminDomainBlock<'a>,
}

/// A range of addresses that is blocked.
#[derive(Clone, Debug, Serialize)]
pub struct AdminIpBlock<'a> {
    pub id: Id<model::IpBlock>,
    pub ip: &'a str,
    /// `sign_up_requires_approval`, `sign_up_block` or `no_access`.
    pub severity: &'static str,
    pub comment: &'a str,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
}

/// A domain of mail addresses that is blocked.
#[derive(Clone, Debug, Serialize)]
pub struct AdminEmailDomainBlock<'a> {
    pub id: Id<model::EmailDomainBlock>,
    pub domain: &'a str,
    pub created_at: Timestamp,
    /// People sign up with it, and have to be approved.
    pub allow_with_approval: bool,
    pub history: Vec<History>,
}

/// A mail address that is blocked.
#[derive(Clone, Debug, Serialize)]
pub struct AdminEmailBlock<'a> {
    pub id: Id<model::EmailBlock>,
    pub canonical_email_hash: &'a str,
}

/// A domain that is let in.
#[derive(Clone, Debug, Serialize)]
pub struct AdminDomainAllow<'a> {
    pub id: String,
    pub domain: &'a str,
    pub created_at: Timestamp,
}

/// Seven days of which nothing is counted: attempts to sign up are not kept.
pub fn history_of_nothing(now: Timestamp) -> Vec<History> {
    let day = |back: i64| History {
        day: Digits(now.midnight().plus_days(-back).seconds()),
        accounts: Digits(0),
        uses: Digits(0),
    };
    (0..7).map(day).collect()
}

/// A hashtag with what staff decided about it.
#[derive(Clone, Debug, Serialize)]
pub struct AdminTag {
    #[serde(flatten)]
    pub tag: Tag,
    pub trendable: bool,
    pub usable: bool,
    pub listable: bool,
    pub requires_review: bool,
}

/// A page that people link to, with what staff decided about it.
#[derive(Clone, Debug, Serialize)]
pub struct AdminTrendsLink<'a> {
    #[serde(flatten)]
    pub link: PreviewCard<'a>,
    pub id: Id<model::Card>,
    pub requires_review: bool,
}

/// A post that people react to, with what staff decided about it.
#[derive(Clone, Debug, Serialize)]
pub struct AdminTrendsStatus<'a> {
    #[serde(flatten)]
    pub status: Status<'a>,
    pub requires_review: bool,
}

/// Who publishes pages that people link to.
#[derive(Clone, Debug, Serialize)]
pub struct AdminTrendsPublisher<'a> {
    pub id: String,
    pub domain: &'a str,
    pub trendable: Option<bool>,
    pub reviewed_at: Option<Timestamp>,
    pub requested_review_at: Option<Timestamp>,
    pub requires_review: bool,
}

/// A figure over some days.
#[derive(Clone, Debug, Serialize)]
pub struct AdminMeasure {
    pub key: String,
    pub unit: Option<&'static str>,
    pub total: Digits,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_total: Option<Digits>,
    pub data: Vec<AdminMeasureDay>,
}

/// One day of it.
#[derive(Clone, Debug, Serialize)]
pub struct AdminMeasureDay {
    pub date: Timestamp,
    pub value: Digits,
}

/// How something is shared out.
#[derive(Clone, Debug, Serialize)]
pub struct AdminDimension {
    pub key: String,
    pub data: Vec<AdminDimensionPart>,
}

/// One part of it.
#[derive(Clone, Debug, Serialize)]
pub struct AdminDimensionPart {
    pub key: String,
    pub human_key: String,
    pub value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub human_value: Option<String>,
}

/// People who signed up in one period, and how many of them were there later.
#[derive(Clone, Debug, Serialize)]
pub struct AdminCohort {
    pub period: Timestamp,
    /// `day` or `month`.
    pub frequency: &'static str,
    pub data: Vec<AdminCohortData>,
}

/// One later period.
#[derive(Clone, Debug, Serialize)]
pub struct AdminCohortData {
    pub date: Timestamp,
    /// Between 0 and 1.
    pub rate: f64,
    pub value: Digits,
}
