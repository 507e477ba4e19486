//! The machine that translates posts.

use super::{ConfigError, Secret, values};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::Url;

/// Translation of posts, by a LibreTranslate server or one that speaks the same.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Translation {
    /// Its address. Without one nothing is translated. What people ask to have translated is sent there.
    pub url: Option<Url>,
    /// The key it asks for; `file:PATH` reads it from a file.
    pub api_key: Option<Secret>,
    /// Addresses or ranges its host may have, when it is inside. Empty: public addresses only, and only posts for
    /// everybody are sent there.
    #[serde(with = "values::networks")]
    pub addresses: Vec<IpNet>,
}

impl Translation {
    pub(super) fn prepare(&self) -> Result<(), ConfigError> {
        let good = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.query().is_none()
                && url.username().is_empty()
        };
        match &self.url {
            Some(url) if !good(url) => {
                Err(ConfigError::value("translation.url", "is no address such as http://127.0.0.1:5000"))
            }
            _ => Ok(()),
        }
    }

    /// The address of one of its endpoints; none without a machine.
    pub fn endpoint(&self, name: &str) -> Option<Url> {
        let base = self.url.as_ref()?.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}/{name}")).ok()
    }
}
