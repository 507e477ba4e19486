//! What reaches us from other servers: people and posts that live elsewhere.

mod input;

pub use input::*;
