//! Watercooler: the social network inside organisations, federated over ActivityPub.
#![forbid(unsafe_code)]

pub mod domain;
pub mod error;
pub mod id;
pub mod limits;
pub mod time;

pub use error::{Error, Result};
