//! Watercooler: the social network inside organisations, federated over ActivityPub.
#![forbid(unsafe_code)]

pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod db;
pub mod domain;
pub mod error;
pub mod federation;
pub mod id;
pub mod jobs;
pub mod limits;
pub mod media;
pub mod model;
pub mod net;
pub mod node;
pub mod random;
pub mod rate;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod time;
pub mod uri;
pub mod web;

pub use error::{Error, Result};
