//! The node as clients see it, in both generations.

use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// `/api/v2/instance`.
#[derive(Clone, Debug, Serialize)]
pub struct Instance<'a> {
    pub domain: &'a str,
    pub title: &'a str,
    pub version: &'a str,
    pub source_url: &'a str,
    pub description: &'a str,
    pub wrapstodon: Option<&'a str>,
    pub usage: Usage,
    pub thumbnail: Thumbnail<'a>,
    pub icon: Vec<Icon>,
    pub languages: Vec<&'a str>,
    pub configuration: Configuration<'a>,
    pub registrations: Registrations<'a>,
    pub api_versions: ApiVersions,
    pub contact: Contact<'a>,
    pub rules: Vec<Rule<'a>>,
}

/// How much the node is used.
#[derive(Clone, Debug, Serialize)]
pub struct Usage {
    pub users: ActiveUsers,
}

/// Local people who were there in the last month.
#[derive(Clone, Debug, Serialize)]
pub struct ActiveUsers {
    pub active_month: i64,
}

/// The picture of the node.
#[derive(Clone, Debug, Serialize)]
pub struct Thumbnail<'a> {
    pub url: &'a str,
    pub description: &'a str,
}

/// An icon of the node; `size` is `48x48`.
#[derive(Clone, Debug, Serialize)]
pub struct Icon {
    pub src: String,
    pub size: &'static str,
}

/// Which generation of the API is built: only what really is.
#[derive(Clone, Debug, Serialize)]
pub struct ApiVersions {
    pub mastodon: u32,
}

/// Limits and addresses clients go by.
#[derive(Clone, Debug, Serialize)]
pub struct Configuration<'a> {
    pub urls: Urls<'a>,
    pub vapid: Vapid<'a>,
    pub accounts: AccountLimits,
    pub statuses: StatusLimits,
    pub media_attachments: MediaLimits,
    pub polls: PollLimits,
    pub translation: Translation,
    pub timelines_access: TimelinesAccess,
    pub limited_federation: bool,
}

/// Addresses.
#[derive(Clone, Debug, Serialize)]
pub struct Urls<'a> {
    /// `wss://host`, without a path.
    pub streaming: &'a str,
    pub status: Option<&'a str>,
    pub about: &'a str,
    pub privacy_policy: Option<String>,
    pub terms_of_service: Option<String>,
}

/// The key push messages are signed with.
#[derive(Clone, Debug, Serialize)]
pub struct Vapid<'a> {
    pub public_key: &'a str,
}

/// Limits of a profile.
#[derive(Clone, Debug, Serialize)]
pub struct AccountLimits {
    pub max_display_name_length: usize,
    pub max_note_length: usize,
    pub max_avatar_description_length: usize,
    pub max_header_description_length: usize,
    pub max_featured_tags: usize,
    pub max_pinned_statuses: usize,
    pub max_profile_fields: usize,
    pub profile_field_name_limit: usize,
    pub profile_field_value_limit: usize,
}

/// Limits of a post.
#[derive(Clone, Debug, Serialize)]
pub struct StatusLimits {
    pub max_characters: usize,
    pub max_media_attachments: usize,
    pub characters_reserved_per_url: usize,
}

/// Limits of an upload. Sizes in bytes, matrices in pixels.
#[derive(Clone, Debug, Serialize)]
pub struct MediaLimits {
    pub supported_mime_types: &'static [&'static str],
    pub description_limit: usize,
    pub image_size_limit: usize,
    pub image_matrix_limit: u64,
    pub video_size_limit: usize,
    pub video_frame_rate_limit: u32,
    pub video_matrix_limit: u64,
}

/// Limits of a poll, times in seconds.
#[derive(Clone, Debug, Serialize)]
pub struct PollLimits {
    pub max_options: usize,
    pub max_characters_per_option: usize,
    pub min_expiration: i64,
    pub max_expiration: i64,
}

/// Whether posts can be translated here.
#[derive(Clone, Debug, Serialize)]
pub struct Translation {
    pub enabled: bool,
}

/// Who may read which public timelines: `public`, `authenticated` or `disabled`.
#[derive(Clone, Debug, Serialize)]
pub struct TimelinesAccess {
    pub live_feeds: Feeds,
    pub hashtag_feeds: Feeds,
    pub trending_link_feeds: Feeds,
}

/// The local and the remote half of a timeline.
#[derive(Clone, Debug, Serialize)]
pub struct Feeds {
    pub local: &'static str,
    pub remote: &'static str,
}

/// Who may register, second generation.
#[derive(Clone, Debug, Serialize)]
pub struct Registrations<'a> {
    pub enabled: bool,
    pub approval_required: bool,
    pub reason_required: Option<bool>,
    pub message: Option<&'a str>,
    pub min_age: Option<u32>,
    pub url: Option<&'a str>,
}

/// Whom to turn to.
#[derive(Clone, Debug, Serialize)]
pub struct Contact<'a> {
    pub email: &'a str,
    pub account: Option<&'a RawValue>,
}

/// A rule of the house.
#[derive(Clone, Debug, Serialize)]
pub struct Rule<'a> {
    pub id: String,
    pub text: &'a str,
    pub hint: &'a str,
    pub translations: BTreeMap<String, String>,
}

/// `/api/v1/instance`.
#[derive(Clone, Debug, Serialize)]
pub struct InstanceV1<'a> {
    /// The bare domain.
    pub uri: &'a str,
    pub title: &'a str,
    pub short_description: &'a str,
    pub description: &'a str,
    pub email: &'a str,
    pub version: &'a str,
    pub urls: UrlsV1<'a>,
    pub stats: Stats,
    pub thumbnail: Option<&'a str>,
    pub languages: Vec<&'a str>,
    pub registrations: bool,
    pub approval_required: bool,
    pub invites_enabled: bool,
    pub configuration: ConfigurationV1<'a>,
    /// What clients asked before there was `configuration`.
    pub max_toot_chars: usize,
    /// The same for polls.
    pub poll_limits: PollLimits,
    pub contact_account: Option<&'a RawValue>,
    pub rules: Vec<Rule<'a>>,
}

/// Addresses, first generation.
#[derive(Clone, Debug, Serialize)]
pub struct UrlsV1<'a> {
    pub streaming_api: &'a str,
}

/// Counts of the node.
#[derive(Clone, Debug, Serialize)]
pub struct Stats {
    pub user_count: i64,
    pub status_count: i64,
    pub domain_count: i64,
}

/// Limits, first generation.
#[derive(Clone, Debug, Serialize)]
pub struct ConfigurationV1<'a> {
    pub vapid: Vapid<'a>,
    pub accounts: AccountLimits,
    pub statuses: StatusLimits,
    pub media_attachments: MediaLimits,
    pub polls: PollLimits,
}
