//! The address of a PostgreSQL server. `verify-ca`, `verify-full` and `sslrootcert` are words of every other client, and
//! unknown to the driver.

use std::path::Path;
use url::form_urlencoded;

/// An address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresAddress {
    /// What the driver understands of it.
    pub driver: String,
    /// TLS is wanted, and a certificate that is believed.
    pub proven: bool,
    /// The file of the authorities that are believed, or `system`.
    pub authorities: Option<String>,
}

impl PostgresAddress {
    /// Takes it apart; whether it is one is the driver's to say.
    pub fn read(url: &str) -> Self {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut proven, mut said, mut authorities, mut rest) = (false, false, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", mode)) => {
                    said = true;
                    proven = matches!(mode, "require" | "verify-ca" | "verify-full");
                    rest.push(if proven { "sslmode=require" } else { pair });
                }
                Some(("sslrootcert", _)) => authorities = value(pair),
                _ => rest.push(pair),
            }
        }
        if authorities.is_some() && !said {
            // Who names an authority wants its certificate, and not to do without when whoever answers offers no TLS.
            rest.push("sslmode=require");
        }
        let driver = if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
        Self { driver, proven, authorities }
    }

    /// The address with the file of its authorities counted from `base`.
    pub(super) fn based(url: &str, base: &Path) -> String {
        let Some((place, query)) = url.split_once('?') else { return url.to_owned() };
        let pairs = query.split('&').map(|pair| match value(pair).filter(|_| pair.starts_with("sslrootcert=")) {
            Some(file) if file != "system" => {
                let file = base.join(file).display().to_string();
                form_urlencoded::Serializer::new(String::new()).append_pair("sslrootcert", &file).finish()
            }
            _ => pair.to_owned(),
        });
        format!("{place}?{}", pairs.collect::<Vec<_>>().join("&"))
    }
}

/// What stands behind the `=`.
fn value(pair: &str) -> Option<String> {
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
}
