//! Watercooler: the social network inside organisations, federated over ActivityPub.
//!
//! This page is the map. Start here, then read the file whose first line names what you look for.
//!
//! ```text
//!  Mastodon client     browser      another node     terminal
//!        |                |               |              |
//!      api/             web/        federation/        cli/      edges: bytes -> typed input, typed output -> bytes
//!         \_______________|_______________|_____________/         (they may wait; no SQL)
//!                                 |
//!                              domain/                           operations: fn(&mut Tx, Input) -> Result<Output>
//!                                 |                              (one transaction; no network, no .await)
//!                               store/                           SQL: fn(&mut Conn, ...) -> Result<...>
//!                                 |
//!                                db/                             Conn = SQLite | PostgreSQL; read, write, migrations
//! ```
//!
//! The hinge is [`domain::Fact`]: what happened. An operation records facts on its transaction; deliveries to other
//! nodes, notifications and streaming events are derived from them, in that transaction or after its commit. A follow by
//! a click, by the client API, by an activity or by a command is the same operation.
//!
//! | module | is | may use |
//! |---|---|---|
//! | [`error`], [`id`], [`time`], [`random`], [`limits`], [`config`], [`uri`] | the ground | each other |
//! | [`matching`] | what resembles what | the ground |
//! | [`crypto`], [`rate`], [`net`], [`media`] | keys, limits, the way out, files | the ground |
//! | [`model`] | rows and enums | the ground |
//! | [`db`] | both databases | `model` |
//! | [`store`] | SQL | `db`, `model` |
//! | [`domain`] | the rules | `store` and below |
//! | [`app`] | the handle every edge holds | `domain` and below, `net`, `media` |
//! | [`kept`], [`reserve`] | documents as they were last written; room for signing in on a full disk | the ground, `db` |
//! | [`peers`], [`experts`], [`register`] | what every edge asks: with whom we speak, who knows what, what is done already | `app` and below |
//! | [`processes`] | what several processes on one PostgreSQL tell one another | `app` and below, deliveries |
//! | [`push`], [`mail`] | send messages to push services, and letters | `app` and below |
//! | [`previews`] | reads pages that posts link to | `app` and below |
//! | [`api`], [`web`], [`federation`], [`jobs`], [`cli`] | the edges | `app` and below; not each other |
//! | [`node`], [`server`], [`telemetry`] | puts a node together and serves it | everything |
//!
//! What holds everywhere, and is tested (`tests/it/layers.rs` and others):
//!
//! 1. Imports point down; edges do not know one another, but for the workers and the command line, which run what
//!    federation offers.
//! 2. `diesel` only in `model`, `db`, `store`; `axum` only at the edges; `activitypub_federation` only in `federation`.
//! 3. `domain` and `store` neither wait nor reach the network: *resolve, then commit*.
//! 4. Time, randomness, outgoing connections and files are reached through [`app::App`], so that simulated ones can stand
//!    in. There are no globals: two nodes live in one process.
//! 5. Every query for posts passes `domain::visibility`; nothing else decides who sees what.
//! 6. The database is the only queue. What is in memory may be lost at any time without losing work.
#![forbid(unsafe_code)]

pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod db;
pub mod domain;
pub mod error;
pub mod experts;
pub mod federation;
pub mod id;
pub mod jobs;
pub mod kept;
pub mod limits;
pub mod mail;
pub mod matching;
pub mod media;
pub mod model;
pub mod net;
pub mod node;
pub mod peers;
pub mod previews;
pub mod processes;
pub mod push;
pub mod random;
pub mod rate;
pub mod register;
pub mod reserve;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod time;
pub mod uri;
pub mod web;

pub use error::{Error, Result};
