//! Types of single settings, and the checks they share.

use super::{ConfigError, PostgresAddress};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    collections::BTreeMap,
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
};
use url::Url;

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }
    /// The value itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
    /// Replaces `file:PATH` by the first line of that file; a relative path counts from `base`.
    pub(super) fn resolve(&mut self, key: &str, base: &Path) -> Result<(), ConfigError> {
        if let Some(path) = self.0.strip_prefix("file:") {
            let path = base.join(path);
            let text = std::fs::read_to_string(&path)
                .map_err(|e| ConfigError::value(key, format!("cannot read {}: {e}", path.display())))?;
            self.0 = text.lines().next().unwrap_or_default().trim().to_owned();
        }
        if self.0.is_empty() {
            return Err(ConfigError::value(key, "is empty"));
        }
        Ok(())
    }
}
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str("(hidden)")
    }
}

/// Address of the database. Printing it hides the password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Database(Secret);

impl Database {
    /// Wraps `sqlite://PATH` or `postgres://...`.
    pub fn new(url: impl Into<String>) -> Self {
        Self(Secret::new(url))
    }
    /// The address with its password, for the connection only.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
    /// Whether it is the embedded database.
    pub fn is_sqlite(&self) -> bool {
        self.expose().starts_with("sqlite:")
    }
    /// The file of the embedded database; `None` for PostgreSQL.
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        let rest = self.expose().strip_prefix("sqlite:")?;
        Some(PathBuf::from(rest.strip_prefix("//").unwrap_or(rest)))
    }
    /// The address without user and password.
    pub fn masked(&self) -> String {
        match Url::parse(self.expose()) {
            Ok(mut url) if !self.is_sqlite() => {
                url.set_query(None);
                without_password(url)
            }
            _ if self.is_sqlite() => self.expose().to_owned(),
            _ => "(hidden)".into(),
        }
    }
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let text = self.expose();
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(());
        }
        match self.sqlite_path() {
            Some(path) if path.file_name().is_some_and(|name| name == ":memory:") => {
                Err(ConfigError::value("database", "`:memory:` is no file: what is acknowledged has to be on a disk"))
            }
            Some(path) if !path.as_os_str().is_empty() => Ok(()),
            _ => Err(ConfigError::value("database", "begins with `sqlite://`, `postgres://` or `file:`")),
        }
    }
    /// Reads `file:PATH` and makes the path of an embedded database, and of the authorities of a server, count from `base`.
    pub(super) fn resolve(&mut self, base: &Path) -> Result<(), ConfigError> {
        self.0.resolve("database", base)?;
        if self.is_sqlite() && self.expose().contains('?') {
            // Other programs write `?mode=rwc` and the like there, which would become part of the name.
            return Err(ConfigError::value("database", "the embedded database is a path and takes no parameters"));
        }
        if !self.is_sqlite() {
            self.0 = Secret::new(PostgresAddress::based(self.expose(), base));
        }
        if let Some(path) = self.sqlite_path().filter(|path| !path.as_os_str().is_empty()) {
            // However it was written: the rest of the program knows one way only.
            *self = Self::new(format!("sqlite://{}", base.join(path).display()));
        }
        Ok(())
    }
}
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}
impl Serialize for Database {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.masked())
    }
}

/// An address as it may be printed.
fn without_password(mut url: Url) -> String {
    if url.password().is_some() {
        // Fails only for addresses that cannot have a password, and those have none.
        let _ = url.set_password(Some("hidden"));
    }
    url.into()
}

/// Why an outgoing connection is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// An actor, post or collection.
    Object,
    /// The key that checks a signature.
    Key,
    /// A handle.
    Webfinger,
    /// An activity for an inbox.
    Deliver,
    /// A picture, sound or film of a remote post or account.
    Media,
    /// The page behind a link.
    Preview,
    /// An address an admin or app registered.
    Webhook,
    /// A push service.
    Push,
    /// The machine that translates posts.
    Translate,
    /// The bucket that files are kept in.
    Store,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 10] = [
        Self::Object,
        Self::Key,
        Self::Webfinger,
        Self::Deliver,
        Self::Media,
        Self::Preview,
        Self::Webhook,
        Self::Push,
        Self::Translate,
        Self::Store,
    ];
    /// Its name in settings, logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Key => "key",
            Self::Webfinger => "webfinger",
            Self::Deliver => "deliver",
            Self::Media => "media",
            Self::Preview => "preview",
            Self::Webhook => "webhook",
            Self::Push => "push",
            Self::Translate => "translate",
            Self::Store => "store",
        }
    }
}

/// How this node reaches the world.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outgoing {
    /// An HTTP proxy for everything (`"http://proxy:3128"`), or a table by purpose: `object`, `key`, `webfinger`, `deliver`,
    /// `media`, `preview`, `push`, `translate`, `store`, and `default` for the rest (`webhook` is a name too, though nothing
    /// is sent to one yet). Peers and push relays with addresses are reached directly. For the others that an entry names
    /// the proxy is asked by name, and looks it up itself. For everybody else (while `federation.policy` is `open`) the node
    /// looks the name up, wants a public address, and asks the proxy for that address; where it cannot look names of the
    /// world up, entries say whom to ask the proxy for, also `*.example`.
    pub proxy: Proxies,
    /// Name endings that belong inside: the proxy is never asked for them.
    pub internal_suffixes: Vec<String>,
}

impl Default for Outgoing {
    fn default() -> Self {
        let names = [
            "internal",
            "intranet",
            "corp",
            "home",
            "lan",
            "local",
            "localdomain",
            "localhost",
            "private",
            "home.arpa",
        ];
        Self { proxy: Proxies::default(), internal_suffixes: names.map(str::to_owned).to_vec() }
    }
}

/// The proxy of each purpose. Printing it hides passwords.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    default: Option<Url>,
    by_purpose: BTreeMap<Purpose, Url>,
}

impl Proxies {
    /// The proxy for `purpose`, if one is set.
    pub fn of(&self, purpose: Purpose) -> Option<&Url> {
        self.by_purpose.get(&purpose).or(self.default.as_ref())
    }
    /// Whether there is one for anything.
    pub fn is_set(&self) -> bool {
        self.default.is_some() || !self.by_purpose.is_empty()
    }
    /// The addresses by purpose, without their passwords.
    fn masked(&self) -> BTreeMap<&'static str, String> {
        let named = self.by_purpose.iter().map(|(purpose, url)| (purpose.as_str(), url));
        let all = named.chain(self.default.iter().map(|url| ("default", url)));
        all.map(|(name, url)| (name, without_password(url.clone()))).collect()
    }
    /// One proxy for everything.
    pub fn everything(url: Url) -> Self {
        Self { default: Some(url), by_purpose: BTreeMap::new() }
    }
}
impl Serialize for Proxies {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.masked().serialize(s)
    }
}
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.masked(), f)
    }
}
impl<'de> Deserialize<'de> for Proxies {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Proxies;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a proxy address or a table of proxy addresses by purpose")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Proxies, E> {
                if text.is_empty() {
                    return Ok(Proxies::default());
                }
                Ok(Proxies::everything(proxy_url(text)?))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Proxies, A::Error> {
                let mut proxies = Proxies::default();
                while let Some((key, text)) = map.next_entry::<String, String>()? {
                    let url = proxy_url(&text)?;
                    if key == "default" {
                        proxies.default = Some(url);
                    } else if let Some(purpose) = Purpose::ALL.into_iter().find(|p| p.as_str() == key) {
                        proxies.by_purpose.insert(purpose, url);
                    } else {
                        return Err(de::Error::unknown_field(&key, NAMES));
                    }
                }
                Ok(proxies)
            }
        }
        d.deserialize_any(Visitor)
    }
}

/// What `outgoing.proxy` may name.
const NAMES: &[&str] =
    &["default", "object", "key", "webfinger", "deliver", "media", "preview", "webhook", "push", "translate", "store"];

fn proxy_url<E: de::Error>(text: &str) -> Result<Url, E> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err(E::custom(format!("`{text}` is not the http address of a proxy"))),
    }
}

/// Lists of addresses and ranges; a bare address is a range of one.
pub(super) mod networks {
    use super::*;
    pub fn serialize<S: Serializer>(list: &[IpNet], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(list.iter().map(ToString::to_string))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<IpNet>, D::Error> {
        Vec::<String>::deserialize(d)?.iter().map(|text| network(text).map_err(de::Error::custom)).collect()
    }
}

/// The same where leaving it out means something.
pub(super) mod optional_networks {
    use super::*;
    pub fn serialize<S: Serializer>(list: &Option<Vec<IpNet>>, s: S) -> Result<S::Ok, S::Error> {
        match list {
            Some(list) => networks::serialize(list, s),
            None => s.serialize_none(),
        }
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Vec<IpNet>>, D::Error> {
        networks::deserialize(d).map(Some)
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("`{text}` is neither an address nor a range such as 10.20.0.0/16"))
}

pub(super) fn in_range(key: &str, value: usize, least: usize, most: usize) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::value(key, format!("{value} is not between {least} and {most}")))
}

/// Whether this is PEM text with at least one certificate, and nothing broken among them.
pub fn holds_certificates(pem: &[u8]) -> bool {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let mut read = CertificateDer::pem_slice_iter(pem).peekable();
    read.peek().is_some() && read.all(|certificate| certificate.is_ok())
}

/// A host name or `*.` before one, in lower case and punycode, without port.
pub(super) fn pattern(key: &str, text: &str) -> Result<String, ConfigError> {
    let text = text.trim().trim_end_matches('.');
    let (star, host) = match text.strip_prefix("*.") {
        Some(rest) => ("*.", rest),
        None => ("", text),
    };
    match url::Host::parse(host) {
        Ok(host) if !(host.to_string().is_empty()) => Ok(format!("{star}{host}")),
        _ => Err(ConfigError::value(key, format!("`{text}` is not a host name"))),
    }
}

/// The same with the port behind it, as a node on plain http has it in its domain (`localhost:8081`), and as `peer add`
/// takes it. `port` is what else is said of it.
pub(super) fn place(key: &str, text: &str, port: Option<u16>) -> Result<(String, Option<u16>), ConfigError> {
    let text = text.trim();
    let behind = match text.rsplit_once(':') {
        Some((host, digits)) if !host.contains(':') || host.ends_with(']') => {
            digits.parse::<u16>().ok().filter(|number| *number > 0).map(|number| (host, number))
        }
        _ => None,
    };
    match (behind, port) {
        (None, port) => Ok((pattern(key, text)?, port)),
        (Some((_, number)), Some(other)) if number != other => {
            Err(ConfigError::value(key, format!("`{text}` says another port than `port`")))
        }
        (Some((host, number)), _) => Ok((pattern(key, host)?, Some(number))),
    }
}

/// The code of a language, such as `de` or `pt-BR`; `pt_BR` is another spelling.
pub(super) fn language(key: &str, text: &str) -> Result<String, ConfigError> {
    let code = text.trim().replace('_', "-");
    let mut parts = code.split('-');
    let is_first = |part: &str| matches!(part.len(), 2 | 3) && part.bytes().all(|b| b.is_ascii_alphabetic());
    let is_other = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    match parts.next().is_some_and(is_first) && parts.all(is_other) {
        true => Ok(code),
        false => Err(ConfigError::value(key, format!("`{text}` is no code of a language, such as `de` or `pt-BR`"))),
    }
}

/// Private and loopback ranges: what "inside" means for rate limits. The outgoing gate has its own, wider list.
pub(super) fn private_ranges() -> Vec<IpNet> {
    const RANGES: [&str; 8] = [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    ];
    RANGES.iter().filter_map(|range| range.parse().ok()).collect()
}
