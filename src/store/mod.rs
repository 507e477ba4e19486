//! SQL: `fn(&mut Conn, ...) -> Result<...>`, one file per table family. No rules in here.

pub mod accounts;
pub mod actor_keys;
pub mod audit;
pub mod charter;
pub mod conversations;
pub mod deliveries;
pub mod documents;
pub mod fanout;
pub mod filters;
pub mod follows;
pub mod hashtags;
pub mod health;
pub mod inbox;
pub mod instance;
pub mod jobs;
pub mod listed;
pub mod lists;
pub mod markers;
pub mod media;
pub mod notifications;
pub mod oauth;
pub mod page;
pub mod peers;
pub mod polls;
pub mod posts;
pub mod reactions;
pub mod relations;
pub mod remote;
pub mod reports;
pub mod search;
pub mod sweep;
pub mod timelines;
pub mod users;
pub mod views;

pub use listed::Listed;
