//! SQL: `fn(&mut Conn, ...) -> Result<...>`, one file per table family. No rules in here.

pub mod accounts;
pub mod follows;
pub mod jobs;
pub mod notifications;
