//! What the node says about itself.

use super::{
    Access, Anyone, ApiResult, Rendered, Routes,
    entities::{
        Digits,
        instance::{
            AccountLimits, ActiveUsers, ApiVersions, Configuration, ConfigurationV1, Contact, Feeds, Icon, Instance,
            InstanceV1, MediaLimits, PollLimits, Registrations, Rule, Stats, StatusLimits, Thumbnail, TimelinesAccess,
            Translation, Urls, UrlsV1, Usage, Vapid,
        },
        render::{self, Accounts},
    },
    timelines::open_to,
};
use crate::{
    Result,
    app::App,
    config::{Config, Registration},
    domain::{Viewer, html, views::AccountViews},
    limits,
    media::accepted,
    store::{self, instance as rows},
};
use axum::extract::State;
use serde::Serialize;
use std::collections::BTreeMap;

/// The routes of this noun.
pub fn routes() -> Routes {
    Routes::new()
        .get("/api/v2/instance", Access::Open, v2)
        .get("/api/v1/instance", Access::Open, v1)
        .get("/api/v1/instance/rules", Access::Open, rules)
        .get("/api/v1/instance/peers", Access::Anyone(&[]), peers)
        .get("/api/v1/instance/activity", Access::Open, activity)
        .get("/api/v1/instance/extended_description", Access::Open, description)
        .get("/api/v1/custom_emojis", Access::Open, emojis)
}

/// The generation of the API this program is compatible with, then its own version.
pub const VERSION: &str = concat!("4.6.0+watercooler.", env!("CARGO_PKG_VERSION"));
/// Where the source is: a right of every user (AGPL section 13). The node's own page where the build names no address.
fn source(config: &Config) -> String {
    match option_env!("CARGO_PKG_REPOSITORY") {
        Some(address) if !address.is_empty() => address.to_owned(),
        _ => config.site.url("/"),
    }
}
/// The newest numbered generation that is built whole, with all before it: 2 are grouped notifications, 4 uploads that can be
/// deleted, 7 quotes with consent, 8 the profile as it is edited, 10 collections, those of other servers among them.
const API_VERSION: u32 = 10;

fn account_limits() -> AccountLimits {
    AccountLimits {
        max_display_name_length: limits::DISPLAY_NAME,
        max_note_length: limits::BIO,
        max_avatar_description_length: limits::ALT_TEXT,
        max_header_description_length: limits::ALT_TEXT,
        max_featured_tags: limits::FEATURED_TAGS,
        max_pinned_statuses: limits::PINS,
        max_profile_fields: limits::FIELDS,
        profile_field_name_limit: limits::FIELD_CHARACTERS,
        profile_field_value_limit: limits::FIELD_CHARACTERS,
    }
}

fn status_limits(config: &Config) -> StatusLimits {
    StatusLimits {
        max_characters: config.posts.characters,
        max_media_attachments: config.media.attachments,
        characters_reserved_per_url: limits::URL_CHARACTERS,
    }
}

fn media_limits(config: &Config, types: &'static [&'static str]) -> MediaLimits {
    MediaLimits {
        supported_mime_types: types,
        description_limit: limits::ALT_TEXT,
        image_size_limit: config.media.image_bytes,
        image_matrix_limit: limits::IMAGE_PIXELS,
        video_size_limit: config.media.video_bytes,
        // For apps that make films smaller before they send them.
        video_frame_rate_limit: 120,
        video_matrix_limit: limits::VIDEO_PIXELS,
    }
}

fn poll_limits(config: &Config) -> PollLimits {
    PollLimits {
        max_options: config.posts.poll_options,
        max_characters_per_option: limits::POLL_OPTION_CHARACTERS,
        min_expiration: limits::POLL_MIN_SECONDS,
        max_expiration: limits::POLL_MAX_SECONDS,
    }
}

pub(super) fn house_rules(config: &Config) -> Vec<Rule<'_>> {
    config
        .instance
        .rules
        .iter()
        .enumerate()
        .map(|(n, text)| Rule { id: (n + 1).to_string(), text, hint: "", translations: BTreeMap::new() })
        .collect()
}

fn thumbnail(config: &Config) -> String {
    config.thumbnail_url().unwrap_or_else(|| config.site.url("/assets/preview.png"))
}

/// The account people turn to: the owner, shown when there is one.
fn contact(conn: &mut crate::db::Conn) -> Result<AccountViews> {
    match store::users::first_of_staff(conn)? {
        Some(id) => AccountViews::load(conn, &[id])?.shown_to(conn, Viewer::ANYONE),
        None => Ok(AccountViews::default()),
    }
}

async fn v2(State(app): State<App>) -> ApiResult<Rendered> {
    let types = accepted(&app.ffmpeg());
    let (config, now) = (app.config_arc(), app.clock().now());
    let (closed, limited) = (app.authorized_fetch(), app.net().rules().is_allowlist());
    let rendered = app.read(move |conn| {
        let site = &config.site;
        let views = contact(conn)?;
        let contacts = Accounts::new(site, &views)?;
        let (streaming, about) = (site.streaming_base(), site.url("/"));
        let vapid = store::users::find_setting(conn, "vapid_public_key")?.unwrap_or_default();
        let access = if closed { "authenticated" } else { "public" };
        let feeds = || Feeds { local: access, remote: access };
        let (picture, source) = (thumbnail(&config), source(&config));
        Rendered::of(&Instance {
            domain: site.domain(),
            title: &config.instance.name,
            version: VERSION,
            source_url: &source,
            description: &config.instance.short_description,
            wrapstodon: None,
            usage: Usage { users: ActiveUsers { active_month: rows::active_users(conn, now.plus_days(-30))? } },
            thumbnail: Thumbnail { url: &picture, description: "" },
            icon: vec![Icon { src: site.url("/avatars/original/missing.png"), size: "400x400" }],
            languages: config.instance.languages.iter().map(String::as_str).collect(),
            configuration: Configuration {
                urls: Urls {
                    streaming: &streaming,
                    status: None,
                    about: &about,
                    privacy_policy: config.instance.privacy_policy.as_ref().map(|_| site.url("/privacy-policy")),
                    terms_of_service: config.instance.terms_of_service.as_ref().map(|_| site.url("/terms-of-service")),
                },
                vapid: Vapid { public_key: &vapid },
                accounts: account_limits(),
                statuses: status_limits(&config),
                media_attachments: media_limits(&config, types),
                polls: poll_limits(&config),
                translation: Translation { enabled: config.translation.url.is_some() },
                timelines_access: TimelinesAccess {
                    live_feeds: feeds(),
                    hashtag_feeds: feeds(),
                    trending_link_feeds: feeds(),
                },
                limited_federation: limited,
            },
            registrations: Registrations {
                enabled: config.registration != Registration::Closed,
                approval_required: config.registration == Registration::Approval,
                reason_required: Some(config.registration == Registration::Approval),
                message: None,
                min_age: u32::try_from(config.accounts.min_age).ok().filter(|age| *age > 0),
                url: None,
            },
            api_versions: ApiVersions { mastodon: API_VERSION },
            contact: Contact { email: &config.instance.contact_email, account: contacts.in_order().first().copied() },
            rules: house_rules(&config),
        })
    });
    Ok(rendered.await?)
}

async fn v1(State(app): State<App>) -> ApiResult<Rendered> {
    let types = accepted(&app.ffmpeg());
    let config = app.config_arc();
    let rendered = app.read(move |conn| {
        let site = &config.site;
        let views = contact(conn)?;
        let contacts = Accounts::new(site, &views)?;
        let streaming = site.streaming_base();
        let vapid = store::users::find_setting(conn, "vapid_public_key")?.unwrap_or_default();
        let picture = thumbnail(&config);
        let description = html::sanitize_html(&config.instance.description);
        Rendered::of(&InstanceV1 {
            uri: site.domain(),
            title: &config.instance.name,
            short_description: &config.instance.short_description,
            description: if description.is_empty() { &config.instance.short_description } else { description.as_str() },
            email: &config.instance.contact_email,
            version: VERSION,
            urls: UrlsV1 { streaming_api: &streaming },
            stats: Stats {
                user_count: rows::users(conn)?,
                status_count: rows::local_posts(conn)?,
                domain_count: rows::domains(conn)?,
            },
            thumbnail: Some(&picture),
            languages: config.instance.languages.iter().map(String::as_str).collect(),
            registrations: config.registration != Registration::Closed,
            approval_required: config.registration == Registration::Approval,
            // Whether members may invite others: the administrators alone do, at the command line.
            invites_enabled: false,
            configuration: ConfigurationV1 {
                vapid: Vapid { public_key: &vapid },
                accounts: account_limits(),
                statuses: status_limits(&config),
                media_attachments: media_limits(&config, types),
                polls: poll_limits(&config),
            },
            max_toot_chars: config.posts.characters,
            poll_limits: poll_limits(&config),
            contact_account: contacts.in_order().first().copied(),
            rules: house_rules(&config),
        })
    });
    Ok(rendered.await?)
}

async fn rules(State(app): State<App>) -> ApiResult<Rendered> {
    Ok(Rendered::of(&house_rules(app.config()))?)
}

async fn peers(State(app): State<App>, Anyone(viewer): Anyone) -> ApiResult<Rendered> {
    open_to(&app, viewer)?;
    Ok(app.read(|conn| Rendered::of(&rows::known_domains(conn, 10_000)?)).await?)
}

/// One week; all strings of digits.
#[derive(Serialize)]
struct Week {
    week: Digits,
    statuses: Digits,
    logins: Digits,
    registrations: Digits,
}

async fn activity(State(app): State<App>) -> ApiResult<Rendered> {
    let now = app.clock().now();
    let rendered = app.read(move |conn| {
        let mut weeks = Vec::with_capacity(12);
        for back in 0..12 {
            let end = now.midnight().plus_days(1 - 7 * back);
            let start = end.plus_days(-7);
            let (posts, sign_ups) = rows::week(conn, start, end)?;
            // Only the last sign of life is kept, so past weeks cannot say who was there.
            let logins = if back == 0 { rows::active_users(conn, start)? } else { 0 };
            weeks.push(Week {
                week: Digits(start.seconds()),
                statuses: Digits(posts),
                logins: Digits(logins),
                registrations: Digits(sign_ups),
            });
        }
        Rendered::of(&weeks)
    });
    Ok(rendered.await?)
}

async fn description(State(app): State<App>) -> ApiResult<Rendered> {
    let config = app.config();
    let content = html::sanitize_html(&config.instance.description);
    // A setting: it may have changed when this process read it, and not since.
    Ok(Rendered::of(&serde_json::json!({ "updated_at": app.started(), "content": content.as_str() }))?)
}

async fn emojis(State(app): State<App>) -> ApiResult<Rendered> {
    let site = app.site().clone();
    let rendered = app.read(move |conn| {
        let list = crate::store::emojis::all(conn)?;
        let documents: Vec<_> = list
            .iter()
            .filter_map(|e| {
                let url = site.media_url(e.file.as_deref()?);
                Some(super::entities::CustomEmoji {
                    shortcode: e.shortcode.as_str().into(),
                    url: url.clone().into(),
                    static_url: url.into(),
                    visible_in_picker: e.visible_in_picker,
                    category: e.category.as_deref(),
                })
            })
            .collect();
        Rendered::of(&documents)
    });
    Ok(rendered.await?)
}

/// The document of an account, for other modules of this edge.
pub use render::account;
