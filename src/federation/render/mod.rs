//! The ActivityPub documents this node hands out: plain wire structs that borrow what they show, and functions that
//! turn them into JSON text. Nothing here touches the database, the network or the clock; what may be shown to whom
//! is decided by the callers (`federation::serve`, `federation::outgoing`).

pub mod activity;
pub mod actor;
pub mod capability;
pub mod collection;
pub mod context;
pub mod post;
pub mod project;

use activitypub_federation::protocol::context::WithContext;
use context::Terms;
use serde::Serialize;

/// The address that stands for everybody (ADDR-IN-05).
pub const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// Content type of every ActivityPub document we serve or send (DISC-04).
pub const ACTIVITY_JSON: &str = "application/activity+json; charset=utf-8";

/// A whole document: `body` under the context that defines `terms` (DISC-20).
///
/// # Errors
/// `Internal` when a value cannot be written as JSON, which the wire structs rule out.
pub fn document<T: Serialize>(terms: Terms, body: T) -> crate::Result<String> {
    serde_json::to_string(&WithContext::new(body, terms.to_value())).map_err(crate::Error::internal)
}
