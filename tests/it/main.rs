//! The integration tests: one binary, one link step. Requests go in, documents come out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, dead_code, unused_imports)]

mod allowlist;
mod authority;
mod cli;
mod crash;
mod layers;
mod rows;
mod storage;
mod support;

mod db;
mod delivery;
mod documents;
mod federation;
mod fetching;
mod gate;
mod identity;
mod inbox;
mod incoming;
mod media;
mod network;
mod notifications;
mod oauth;
mod organisation;
mod organisation_fifty;
mod pages;
mod peers;
mod people;
mod posts;
mod relationships;
mod statuses;
mod streaming;
mod timelines;
