//! What waits to be done, and what is known of other servers.

use super::{account::Account, post::Post, schema, whole_row};
use crate::{id::Id, time::Timestamp};
use diesel::prelude::*;

/// An outgoing activity, rendered and ready to sign.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::activities, treat_none_as_default_value = false)]
pub struct Activity {
    pub id: Id<Activity>,
    pub uri: String,
    pub account_id: Id<Account>,
    pub kind: String,
    pub object_uri: Option<String>,
    pub post_id: Option<Id<Post>>,
    pub json: String,
    pub created_at: Timestamp,
}

/// One activity on its way to one inbox. `durable` ones outlive an unavailable host (DLV-05).
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::deliveries, treat_none_as_default_value = false)]
pub struct Delivery {
    pub id: Id<Delivery>,
    pub activity_id: Id<Activity>,
    pub account_id: Id<Account>,
    pub host: String,
    pub inbox: String,
    pub durable: bool,
    pub attempts: i64,
    pub not_before: Timestamp,
    pub created_at: Timestamp,
    pub parked_at: Option<Timestamp>,
    pub last_error: Option<String>,
}

/// An accepted activity that needs the network before it can have its effect.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::inbox_items, treat_none_as_default_value = false)]
pub struct InboxItem {
    pub id: Id<InboxItem>,
    pub activity_uri: Option<String>,
    pub account_id: Id<Account>,
    pub host: String,
    pub recipient_id: Option<Id<Account>>,
    pub body: String,
    pub attempts: i64,
    pub run_at: Timestamp,
    pub locked_until: Option<Timestamp>,
    pub parked_at: Option<Timestamp>,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    /// The place of the process that took it last.
    pub locked_by: Option<i16>,
}

/// A background job.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::jobs, treat_none_as_default_value = false)]
pub struct Job {
    pub id: Id<Job>,
    pub queue: String,
    pub kind: String,
    pub unique_key: Option<String>,
    pub payload: String,
    pub run_at: Timestamp,
    pub attempts: i64,
    pub locked_until: Option<Timestamp>,
    pub last_error: Option<String>,
    pub buried_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// The place of the process that took it last.
    pub locked_by: Option<i16>,
}

/// What is known of another server, by authority.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::hosts, treat_none_as_default_value = false)]
pub struct Host {
    pub host: String,
    pub state: i16,
    pub failures: i64,
    pub first_failure_at: Option<Timestamp>,
    pub next_attempt_at: Option<Timestamp>,
    pub last_success_at: Option<Timestamp>,
    pub signature_scheme: i16,
    pub scheme_learned_at: Option<Timestamp>,
    pub software: Option<String>,
    pub created_at: Timestamp,
    /// When it last spoke to us validly.
    pub last_heard_at: Option<Timestamp>,
}

/// A peer entry added by command.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::peers, treat_none_as_default_value = false)]
pub struct PeerRow {
    pub domain: String,
    pub addresses: String,
    pub port: Option<i64>,
    pub scheme: Option<String>,
    pub ca_pem: Option<String>,
    pub created_at: Timestamp,
}

/// A blocked domain. `severity`: 0 suspend, 1 silence.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::domain_blocks, treat_none_as_default_value = false)]
pub struct DomainBlock {
    pub domain: String,
    pub severity: i16,
    pub reject_media: bool,
    pub reject_reports: bool,
    pub comment: String,
    pub created_at: Timestamp,
    /// For everybody who is shown the block.
    pub public_comment: String,
    /// Its name is shown in part only.
    pub obfuscate: bool,
}

/// A report to the moderators.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::reports, treat_none_as_default_value = false)]
pub struct Report {
    pub id: Id<Report>,
    pub account_id: Id<Account>,
    pub target_id: Id<Account>,
    pub uri: Option<String>,
    pub category: i16,
    pub comment: String,
    pub post_ids: String,
    pub rule_ids: String,
    pub forwarded: bool,
    pub from_host: Option<String>,
    pub created_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub closed_by: Option<Id<Account>>,
    /// Who of the staff looks into it.
    pub assigned_id: Option<Id<Account>>,
    /// Numbers as a JSON array.
    pub collection_ids: String,
}

whole_row!(Activity => activities, Delivery => deliveries, InboxItem => inbox_items, Job => jobs, Host => hosts, PeerRow => peers, DomainBlock => domain_blocks, Report => reports);
