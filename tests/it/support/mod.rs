//! What tests are made of: real nodes on loopback, a client, scripted servers.

pub mod answers;
mod browser;
mod client;
mod database;
pub mod decoders;
mod lot;
mod node;
pub mod organisation;
mod peer;
mod people;
pub mod rows;
mod scene;
pub mod schema;
mod sender;
mod web;

pub use browser::{Browser, hidden_fields, unescape};
pub use client::{Client, Reply, plain_http};
pub use database::OwnPostgres;
pub use lot::Lot;
pub use node::{NOW, Node, NodeBuilder, at_rest, files, peer_entry, settle};
pub use peer::{Peer, Received};
pub use people::PASSWORD;
pub use scene::{PUBLIC, Scene};
pub use sender::{Letter, Sender, next_rsa, rsa};
pub use web::Web;
