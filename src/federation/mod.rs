//! ActivityPub: what other servers send and fetch. Nothing here decides who may see or change what: that is `domain`.

pub mod activities;
pub mod admit;
pub mod charter;
pub mod collections;
pub mod deliver;
pub mod discovery;
pub mod documents;
pub mod eyes;
pub mod fetch;
pub mod import;
pub mod inbox;
pub mod json;
pub mod keys;
pub mod link;
pub mod moderators;
pub mod objects;
pub mod outgoing;
pub mod own_keys;
mod pace;
pub mod proof;
pub mod quotes;
pub mod received;
pub mod render;
pub mod serve;
pub mod signatures;
pub mod webfinger;
