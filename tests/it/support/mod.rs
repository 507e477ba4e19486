//! What tests are made of: real nodes on loopback, a client, scripted servers.

mod browser;
mod client;
mod node;
mod peer;
pub mod rows;
mod sender;
mod people;

pub use browser::{Browser, hidden_fields, unescape};
pub use client::{Client, Reply};
pub use node::{NOW, Node, NodeBuilder, settle};
pub use peer::{Peer, Received};
pub use sender::{Letter, Sender, rsa};
pub use people::PASSWORD;
