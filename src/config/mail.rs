//! The way out for letters.

use super::{ConfigError, Secret};
use serde::{Deserialize, Serialize};
use url::Url;

/// Mail. With a server people confirm their address when they sign up, and set a new password when they forgot theirs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// `smtps://USER:PASSWORD@HOST:PORT`; with `smtp://...?tls=required` the connection is secured after it began, with
    /// `smtp://` alone not at all: for a relay beside the node. `file:PATH` reads the value from a file.
    pub server: Option<Secret>,
    /// Sender of the node's letters: `node@example.org`, or `Example <node@example.org>`.
    pub from: Option<String>,
}

impl Mail {
    /// Whether letters are sent.
    pub fn is_on(&self) -> bool {
        self.server.is_some()
    }

    pub(super) fn prepare(&self) -> Result<(), ConfigError> {
        let Some(server) = &self.server else { return Ok(()) };
        let good = |url: &Url| matches!(url.scheme(), "smtp" | "smtps") && url.has_host();
        if !Url::parse(server.expose()).is_ok_and(|url| good(&url)) {
            return Err(ConfigError::value("mail.server", "is no address such as smtps://USER:PASSWORD@HOST"));
        }
        let from = self.from.as_deref().unwrap_or_default();
        if from.split('@').nth(1).is_none_or(|host| host.len() <= 1) {
            return Err(ConfigError::value("mail.from", "is the sender's address, such as node@example.org"));
        }
        Ok(())
    }
}
