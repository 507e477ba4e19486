//! The integration tests: one binary, one link step. Requests go in, documents come out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, dead_code, unused_imports)]

mod addressing;
mod allowlist;
mod authority;
mod cli;
mod crash;
mod layers;
mod rows;
mod storage;
mod support;

mod changes;
mod db;
mod delivery;
mod documents;
mod federation;
mod fetching;
mod follows;
mod gate;
mod gate_peers;
mod identity;
mod inbox;
mod incoming;
mod incoming_posts;
mod intake;
mod interact;
mod interactions;
mod limits;
mod media;
mod moderation;
mod moves;
mod mutations;
mod neighbours;
mod network;
mod notifications;
mod oauth;
mod pages;
mod peers;
mod people;
mod posts;
mod readers;
mod relationships;
mod statuses;
mod streaming;
mod timelines;
mod tokens;
