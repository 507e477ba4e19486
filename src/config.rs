//! Settings: one struct whose doc comments are also the reference (`watercooler config reference` prints them).
//!
//! Layers, later ones win: defaults, `watercooler.toml`, `WATERCOOLER_*` environment, flags (`load.rs`). This module reads
//! no environment and keeps no global: whoever starts a node passes the sources in, so two nodes live in one process.
//! `site.rs` builds every URL we hand out from `domain` and `public_url`.

mod federation;
mod load;
mod mail;
mod postgres;
mod questions;
mod reference;
mod s3;
mod secrets;
mod site;
mod texts;
mod translation;
mod values;

pub use federation::{AuthorizedFetch, Federation, FederationPolicy, PeerEntry, Push, RelayEntry, Scheme};
pub use load::{ConfigError, Loaded, Origin, Sources};
pub use mail::Mail;
pub use postgres::PostgresAddress;
pub use questions::Questions;
pub use reference::{Setting, reference, settings};
pub use s3::S3;
pub use secrets::secrets_in;
pub use site::Site;
pub use texts::Texts;
pub use translation::Translation;
pub use values::{Database, Outgoing, Proxies, Purpose, Secret, holds_certificates};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};
use url::Url;

/// Every setting of a node.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The right side of handles (`@ada@example.org`). On plain http at localhost the port is part of it.
    /// Default: localhost with the port of `listen`.
    pub domain: String,
    /// Address and port the server listens on.
    pub listen: SocketAddr,
    /// The address people and other nodes use. Its host is in the id of everything, and may differ from `domain`.
    /// Default: `http://` before a localhost domain, `https://` before any other.
    pub public_url: Option<Url>,
    /// Folder of the embedded database, media files, the secret key, the lock and the control socket.
    pub data_dir: PathBuf,
    /// `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/NAME`; `file:PATH` reads the value from a file.
    /// Relative paths count from the folder of this file. TLS is used with a server that offers it; `?sslmode=require` wants
    /// it and a certificate that this machine trusts, `&sslrootcert=FILE` one of the authorities in that PEM file.
    pub database: Database,
    /// Who may sign up: `open`, `approval` (staff decides) or `closed` (invitations only).
    pub registration: Registration,
    /// Reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Host` headers are believed (addresses or ranges).
    #[serde(with = "values::networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// What is logged: a level (`error`, `warn`, `info`, `debug`) or a filter such as `info,watercooler::federation=debug`.
    pub log: String,
    /// `text` for people or `json` for machines.
    pub log_format: LogFormat,
    /// How the node presents itself.
    pub instance: Instance,
    /// What new accounts start with.
    pub accounts: Accounts,
    /// What people may change of what the organisation knows about them.
    pub people: People,
    /// Questions to the network.
    pub questions: Questions,
    /// Local posts.
    pub posts: Posts,
    /// Files: uploads and the copies of remote ones.
    pub media: MediaSettings,
    /// Pages for people with a browser.
    pub web: Web,
    /// How often one address, account or token may ask.
    pub rate_limits: RateLimits,
    /// Other nodes.
    pub federation: Federation,
    /// Web Push.
    pub push: Push,
    /// Translation of posts.
    pub translation: Translation,
    /// How this node reaches the world.
    pub outgoing: Outgoing,
    /// Letters: with a server, people confirm their address and may set a forgotten password anew.
    pub mail: Mail,
    /// Figures for Prometheus. Off unless a listen address or a token is set.
    pub metrics: Metrics,
    /// The embedded database.
    pub sqlite: Sqlite,
    /// PostgreSQL.
    pub postgres: Postgres,
    /// Built from `domain` and `public_url` by [`Config::prepare`].
    #[serde(skip)]
    pub site: Site,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            domain: "localhost:8080".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            data_dir: "data".into(),
            database: Database::new("sqlite://data/watercooler.db"),
            registration: Registration::default(),
            trusted_proxies: Vec::new(),
            log: "info".into(),
            log_format: LogFormat::default(),
            instance: Instance::default(),
            accounts: Accounts::default(),
            people: People::default(),
            questions: Questions::default(),
            posts: Posts::default(),
            media: MediaSettings::default(),
            web: Web::default(),
            rate_limits: RateLimits::default(),
            federation: Federation::default(),
            push: Push::default(),
            translation: Translation::default(),
            outgoing: Outgoing::default(),
            mail: Mail::default(),
            metrics: Metrics::default(),
            sqlite: Sqlite::default(),
            postgres: Postgres::default(),
            site: Site::default(),
        }
    }
}

/// Who may sign up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Anybody.
    Open,
    /// Anybody asks, staff decides.
    Approval,
    /// Invitations only.
    #[default]
    Closed,
}

/// Form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How the node presents itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Instance {
    /// Name of the node, for people.
    pub name: String,
    /// One sentence, plain text.
    pub short_description: String,
    /// A longer text; HTML is allowed and sanitised.
    pub description: String,
    /// Where people write to when they need a person.
    pub contact_email: String,
    /// House rules, one sentence each, shown before sign-up.
    pub rules: Vec<String>,
    /// Languages spoken here, as codes such as `de` or `pt-BR`, the main one first.
    pub languages: Vec<String>,
    /// A picture of the node: a file (relative to this one) or an address.
    pub thumbnail: Option<String>,
    /// A Markdown file (relative to this one) with the privacy policy; its page is linked from every page.
    pub privacy_policy: Option<PathBuf>,
    /// A folder (relative to this file) with the terms of service: a Markdown file for each version, named by the day from
    /// which it is in force, such as `2026-01-31.md`.
    pub terms_of_service: Option<PathBuf>,
    /// User name of the account that answers `who knows X`, `help` and the like. Taken names get a `_` behind them.
    pub concierge: String,
}

impl Default for Instance {
    fn default() -> Self {
        Self {
            name: "Watercooler".into(),
            short_description: "A place to talk across departments.".into(),
            description: String::new(),
            contact_email: String::new(),
            rules: Vec::new(),
            languages: vec!["en".into()],
            thumbnail: None,
            privacy_policy: None,
            terms_of_service: None,
            concierge: "concierge".into(),
        }
    }
}

/// What new accounts start with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    /// New accounts approve their followers by hand.
    pub default_locked: bool,
    /// Who sees a post when its author says nothing: `public`, `unlisted`, `private` or `direct`.
    pub default_visibility: DefaultVisibility,
    /// New accounts are listed in directories. Default: true under an allowlist, false under the open policy.
    pub default_discoverable: Option<bool>,
    /// Public posts of new accounts are found by search. Default: as `default_discoverable`.
    pub default_indexable: Option<bool>,
    /// How old somebody has to be who signs up, in years: they are asked for the day they were born, which is not kept. 0: nobody
    /// is asked. Up to 120.
    pub min_age: usize,
}

/// What people may change of what the organisation knows about them. Skills, time zone, languages, projects and who may
/// find them are always theirs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct People {
    /// People write their job title themselves.
    pub may_change_title: bool,
    /// People write their department themselves.
    pub may_change_department: bool,
    /// People write themselves where they work.
    pub may_change_location: bool,
    /// The account of whoever left, with all posts, is deleted so many days after the last one. 0: never. Up to 36500.
    pub erase_after_days: usize,
    /// The posts of whoever left stay, and their profile loses name, pictures, bio, fields, expertise and mail address so
    /// many days after the last one. 0: never. Up to 36500.
    pub anonymise_after_days: usize,
}

impl Default for People {
    fn default() -> Self {
        Self {
            may_change_title: true,
            may_change_department: true,
            may_change_location: true,
            erase_after_days: 0,
            anonymise_after_days: 0,
        }
    }
}

/// Audience of a post whose author says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefaultVisibility {
    /// Everybody, in public timelines.
    #[default]
    Public,
    /// Everybody, not in public timelines.
    Unlisted,
    /// Followers.
    Private,
    /// The people mentioned.
    Direct,
}

/// Local posts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Posts {
    /// Characters of a post, 500 to 50000.
    pub characters: usize,
    /// Options of a poll, 2 to 20.
    pub poll_options: usize,
    /// Milliseconds after which a search answers with what it has found, 10 to 60000.
    pub search_milliseconds: usize,
}

impl Default for Posts {
    fn default() -> Self {
        use crate::limits::{POLL_OPTIONS, POST_CHARACTERS, SEARCH_MS};
        Self { characters: POST_CHARACTERS, poll_options: POLL_OPTIONS, search_milliseconds: SEARCH_MS }
    }
}

/// Files: uploads and the copies of remote ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaSettings {
    /// Attachments of a post, 1 to 16.
    pub attachments: usize,
    /// Bytes of an uploaded image.
    pub image_bytes: usize,
    /// Bytes of an uploaded video or audio file.
    pub video_bytes: usize,
    /// Remote files are fetched by this node and handed to clients from here. Always so for allowlisted peers.
    pub proxy_remote: bool,
    /// Days a copy of a remote file is kept; after that it is fetched again when somebody looks at it. The files of posts that
    /// somebody here bookmarked, liked, boosted, pinned, quoted or answered stay, and those of posts by whom somebody follows.
    /// Pictures of preview cards and of custom emoji belong to no post alone and go.
    pub cache_days: u32,
    /// MiB that copies of remote attachments may take; the oldest go first, once an hour. For want of room go those of posts by
    /// people whom somebody follows as well, after all others, and only while the servers answer from which they are fetched
    /// again. What somebody here bookmarked, liked, boosted, pinned, quoted or answered never goes, so it may take more than
    /// this. 0 for no such limit: then nothing of whom somebody follows goes at all.
    pub cache_mebibytes: u64,
    /// Where clients get files, such as `https://files.example.org`: another name of this node at which nothing else is
    /// served. Without it files are at the address of the node.
    pub files_url: Option<Url>,
    /// The program that reads AVIF and HEIC pictures and makes the preview of films: a path, or a name that is looked for
    /// in the folders where programs usually are; empty for none. Where there is none those pictures are refused.
    pub ffmpeg: String,
    /// Pages that posts link to are read for a preview: title, description, picture. With `false` this node asks nobody
    /// for them.
    pub previews: bool,
    /// A bucket for files.
    pub s3: S3,
}

impl Default for MediaSettings {
    fn default() -> Self {
        Self {
            attachments: crate::limits::ATTACHMENTS,
            image_bytes: crate::limits::IMAGE_BYTES,
            video_bytes: crate::limits::VIDEO_BYTES,
            proxy_remote: true,
            cache_days: 30,
            cache_mebibytes: 20_480,
            files_url: None,
            ffmpeg: "ffmpeg".into(),
            previews: true,
            s3: S3::default(),
        }
    }
}

/// Pages for people with a browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// Strangers see profiles and public posts as pages; with `false` only the front page.
    pub public_pages: bool,
    /// Client apps on other machines may be returned to over plain http. Loopback addresses always may.
    pub plain_http_redirects: bool,
}

impl Default for Web {
    fn default() -> Self {
        Self { public_pages: true, plain_http_redirects: false }
    }
}

/// How often one address, account or token may ask.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    /// `on` or `off`.
    pub mode: Switch,
    /// Addresses of whole sites behind one address: they have 50 times the figures of one address.
    /// Default: the private ranges under an allowlist, none under the open policy.
    #[serde(with = "values::optional_networks")]
    pub trusted: Option<Vec<IpNet>>,
}

/// On or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// On.
    #[default]
    On,
    /// Off.
    Off,
}

/// Figures for Prometheus.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Own address and port for `/metrics`, without a password: keep it inside.
    pub listen: Option<SocketAddr>,
    /// With this bearer token `/metrics` answers on the main address too; `file:PATH` reads it from a file.
    pub token: Option<Secret>,
}

/// The embedded database.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sqlite {
    /// `full`: what was acknowledged survives power loss. `normal`: it survives a crash of the program only; faster.
    pub synchronous: Synchronous,
    /// Connections that read at the same time, 1 to 64.
    pub readers: usize,
}

impl Default for Sqlite {
    fn default() -> Self {
        Self { synchronous: Synchronous::Full, readers: 4 }
    }
}

/// How hard the embedded database waits for the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// Every commit is on disk before it is acknowledged.
    #[default]
    Full,
    /// The log is synced at checkpoints.
    Normal,
}

/// PostgreSQL.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Postgres {
    /// Connections of this process, 2 to 200.
    pub connections: usize,
}

impl Default for Postgres {
    fn default() -> Self {
        Self { connections: 16 }
    }
}

/// Where this node serves its picture when the settings name a file.
pub const THUMBNAIL_PATH: &str = "/media/instance-thumbnail";

/// The media type of a picture file, by its ending.
pub fn picture_type(file: &std::path::Path) -> Option<&'static str> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "gif" => Some("image/gif"),
        "webp" => Some("image/webp"),
        _ => None,
    }
}

impl Config {
    /// Rebuilds what follows from other settings and checks every value. Call it after changing fields by hand.
    ///
    /// # Errors
    /// The first wrong value: its key and a sentence.
    pub fn prepare(&mut self) -> Result<(), ConfigError> {
        self.site = Site::new(&self.domain, self.public_url.as_ref())?.with_files_at(self.media.files_url.as_ref())?;
        self.domain = self.site.domain().to_owned();
        self.database.check()?;
        tracing_subscriber::EnvFilter::try_new(&self.log).map_err(|e| ConfigError::value("log", e.to_string()))?;
        values::in_range("posts.characters", self.posts.characters, 500, 50_000)?;
        values::in_range("posts.poll_options", self.posts.poll_options, 2, 20)?;
        values::in_range("posts.search_milliseconds", self.posts.search_milliseconds, 10, 60_000)?;
        values::in_range("media.attachments", self.media.attachments, 1, 16)?;
        // An upload is held in memory until it is looked at.
        values::in_range("media.image_bytes", self.media.image_bytes, 1024, crate::limits::VIDEO_BYTES)?;
        values::in_range("media.video_bytes", self.media.video_bytes, 1024, crate::limits::VIDEO_BYTES)?;
        values::in_range("sqlite.readers", self.sqlite.readers, 1, 64)?;
        values::in_range("postgres.connections", self.postgres.connections, 2, 200)?;
        for (at, peer) in self.federation.peer.iter_mut().enumerate() {
            let key = format!("federation.peer[{at}].domain");
            (peer.domain, peer.port) = values::place(&key, &peer.domain, peer.port)?;
            if peer.port == Some(0) {
                return Err(ConfigError::value(&format!("federation.peer[{at}].port"), "is between 1 and 65535"));
            }
        }
        for (at, relay) in self.push.relay.iter_mut().enumerate() {
            let key = format!("push.relay[{at}].domain");
            relay.domain = values::pattern(&key, &relay.domain)?;
            if relay.domain.starts_with('*') {
                return Err(ConfigError::value(&key, "a relay is one exact host"));
            }
        }
        for blocked in &mut self.federation.blocked {
            *blocked = values::pattern("federation.blocked", blocked)?;
        }
        values::in_range("people.erase_after_days", self.people.erase_after_days, 0, 36_500)?;
        values::in_range("people.anonymise_after_days", self.people.anonymise_after_days, 0, 36_500)?;
        values::in_range("accounts.min_age", self.accounts.min_age, 0, 120)?;
        self.questions.prepare()?;
        self.translation.prepare()?;
        self.media.s3.prepare()?;
        self.mail.prepare()?;
        questions::concierge(&self.instance.concierge)?;
        for (at, code) in self.instance.languages.iter_mut().enumerate() {
            *code = values::language(&format!("instance.languages[{at}]"), code)?;
        }
        if self.instance.languages.is_empty() {
            self.instance.languages.push("en".into());
        }
        Ok(())
    }

    /// The address of the node's picture, when there is one: where it is, or where this node serves the file.
    pub fn thumbnail_url(&self) -> Option<String> {
        let thumbnail = self.instance.thumbnail.as_ref()?;
        let is_address = thumbnail.starts_with("https://") || thumbnail.starts_with("http://");
        Some(if is_address { thumbnail.clone() } else { self.site.url(THUMBNAIL_PATH) })
    }

    /// Whether reads by other nodes need a signature (SIGIN-23).
    pub fn authorized_fetch(&self) -> bool {
        match self.federation.authorized_fetch {
            AuthorizedFetch::On => true,
            AuthorizedFetch::Off => false,
            AuthorizedFetch::Auto => self.federation.policy == FederationPolicy::Allowlist,
        }
    }

    /// Whether new accounts are listed in directories (ORG-03).
    pub fn default_discoverable(&self) -> bool {
        self.accounts.default_discoverable.unwrap_or(self.federation.policy == FederationPolicy::Allowlist)
    }

    /// Whether public posts of new accounts are found by search (ORG-03).
    pub fn default_indexable(&self) -> bool {
        self.accounts.default_indexable.unwrap_or_else(|| self.default_discoverable())
    }

    /// Whether strangers see pages of profiles and posts: not while reads need a signature.
    pub fn public_pages(&self) -> bool {
        self.web.public_pages && !self.authorized_fetch()
    }

    /// Ranges whose addresses have 50 times the figures of one address.
    pub fn trusted_ranges(&self) -> Vec<IpNet> {
        match &self.rate_limits.trusted {
            Some(ranges) => ranges.clone(),
            None if self.federation.policy == FederationPolicy::Allowlist => values::private_ranges(),
            None => Vec::new(),
        }
    }

    /// Whether requests from `address` have 50 times the figures of one address.
    pub fn is_trusted_range(&self, address: std::net::IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted_ranges().iter().any(|range| range.contains(&address))
    }

    /// Whether the TCP peer at `address` is a configured reverse proxy (LIM-10).
    pub fn is_trusted_proxy(&self, address: std::net::IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted_proxies.iter().any(|range| range.contains(&address))
    }
}

#[cfg(test)]
mod tests;
