//! ActivityPub: what other servers send and fetch. Nothing here decides who may see or change what: that is `domain`.

pub mod activities;
pub mod admit;
pub mod authorizations;
pub mod charter;
pub mod collections;
mod contacts;
pub mod deliver;
pub mod discovery;
pub mod documents;
pub mod eyes;
pub mod featured_collections;
pub mod featured_tags;
pub mod fetch;
pub mod followers_sync;
pub mod import;
pub mod inbox;
pub mod json;
pub mod keys;
pub mod knock;
pub mod link;
pub mod moderators;
mod newcomers;
pub mod objects;
pub mod outbox;
pub mod outgoing;
pub mod own_keys;
mod pace;
pub mod proof;
pub mod quotes;
pub mod reactions;
pub mod received;
pub mod recommended;
pub mod relays;
pub mod render;
pub mod serve;
pub mod signatures;
pub mod threads;
pub mod way_back;
pub mod webfinger;

/// Whether a body was left because it is longer than it may be. Else it broke off, or came in chunks that are none.
fn is_too_long(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}
