//! The document: what a charter says, and the checks that need nothing but the document and the time.

use super::{keychain, refused::Refused};
use crate::{
    Error, Result,
    crypto::{PrivateKey, PublicKey, integrity},
    domain::people::facts::tag_of,
    limits,
    time::Timestamp,
    uri,
};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, HashSet},
    net::IpAddr,
    sync::OnceLock,
};
use url::Url;

/// How far the clocks of two nodes may be apart. Milliseconds.
pub const CLOCK: i64 = 300_000;
/// How long a version is good for, from its issue. Days.
pub const LIFE: i64 = 365;
/// The `type` of a charter.
const KIND: &str = "Charter";

/// The organisation: who belongs to it, by which keys, under which rules. Members unknown to this version of the
/// program are kept and passed on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Charter {
    /// Our vocabulary, and that of the proof.
    #[serde(rename = "@context")]
    pub context: Value,
    /// `Charter`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The organisation, whatever it is called: `urn:uuid:...`.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// 1, 2, 3...
    pub version: i64,
    /// When this version was signed.
    pub issued: Timestamp,
    /// Until when a node that does not know it yet accepts it.
    pub expires: Timestamp,
    /// Hash of the version before; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Hashes of the versions before that one, the newest first: whoever was away sees whether theirs is among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestors: Vec<String>,
    /// The signing keys in order, the last one being in force; each but the first is handed over by the one before or by
    /// the recovery key. See [`keychain`].
    pub keys: Vec<Value>,
    /// Multikey that can hand over the signing key and nothing else.
    pub recovery_key: String,
    /// The nodes.
    pub nodes: Vec<Member>,
    /// Nodes that are refused.
    #[serde(default)]
    pub removed: Vec<Removed>,
    /// Actors in whose name nobody may act any more. Left out while there are none; older versions of the program pass it
    /// on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<Revoked>,
    /// The rules.
    pub policy: Policy,
    /// Words that mean the same skill: from what is typed to what is meant.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// What a later version of the program says.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// What a node runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Software {
    /// Speaks the protocol of the charter, and keeps audiences.
    #[default]
    Watercooler,
    /// Any other server of the fediverse.
    #[serde(other)]
    Other,
}

/// What a node does for the organisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Office {
    /// Invites, removes and signs.
    Steward,
    /// Belongs.
    #[default]
    #[serde(other)]
    Member,
}

/// A node of the organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The right side of its handles.
    pub domain: String,
    /// Which part of the organisation it is.
    pub department: String,
    /// Its instance actor, whose host is the host of everything it owns.
    pub actor: String,
    /// Ed25519 Multikey of that actor; empty for other software.
    #[serde(default)]
    pub key: String,
    /// SHA-256 of that actor's RSA key (SPKI, DER), 64 hexadecimal digits; empty when it is not pinned.
    #[serde(default)]
    pub http_key: String,
    /// Whom to write to about it.
    #[serde(default)]
    pub contact: String,
    /// What it does for the organisation.
    #[serde(default)]
    pub role: Office,
    /// Since when.
    pub joined: Timestamp,
    /// What it runs.
    #[serde(default)]
    pub software: Software,
    /// Other software whose posts stay inside (limited federation, no public pages), as a steward found.
    #[serde(default)]
    pub closed: bool,
    /// Private ranges it may have; empty: public addresses only.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Its port, when it is not that of the scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `https`, or `http` inside.
    pub scheme: String,
    /// Certificates trusted for it alone, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// What a later version of the program says.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A node that is refused by all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Removed {
    /// The right side of its handles.
    pub domain: String,
    /// Its instance actor.
    pub actor: String,
    /// Since when.
    pub removed: Timestamp,
    /// Why.
    pub reason: String,
    /// What becomes of its posts at the others: hidden, or erased.
    #[serde(default)]
    pub purge: bool,
    /// They stay as they are, rather: its questions and answers are the organisation's knowledge. A version of the program that
    /// does not know this hides them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep: bool,
    /// What a later version of the program says.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// An actor whose keys count no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revoked {
    /// Its id.
    pub actor: String,
    /// Since when.
    pub revoked: Timestamp,
    /// Why, for everybody to read.
    #[serde(default)]
    pub reason: String,
    /// What a later version of the program says.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Who sees a post whose author says nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// The organisation.
    #[default]
    Organisation,
    /// The whole fediverse.
    Open,
    /// The site alone.
    Site,
}

/// The rules of the organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Policy {
    /// Who sees a public post.
    pub default_audience: Audience,
    /// Whether authors may choose the open fediverse. While they may not, nodes speak with one another only.
    pub open_allowed: bool,
    /// Whether people are listed for one another unless they say no.
    pub directory: bool,
    /// Fewest people that a published figure may stand for.
    pub k: u32,
    /// Days that things are kept, by class; 0 for ever.
    pub retention: BTreeMap<String, u32>,
    /// Whether the files of posts leave the site they belong to.
    pub media_off_site: bool,
    /// What a later version of the program says.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            default_audience: Audience::Organisation,
            open_allowed: false,
            directory: true,
            k: 5,
            retention: BTreeMap::new(),
            media_off_site: true,
            rest: Map::new(),
        }
    }
}

/// A charter whose signature was checked, with the document as it was signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Signed {
    /// What it says.
    pub charter: Charter,
    /// As signed.
    pub document: Value,
    /// Its name: hash of its content.
    pub hash: String,
    /// What is made of it when it is first asked for.
    pub made: Made,
}

/// What is made of a charter, which is the same however often: two charters differ by nothing in it.
#[derive(Clone, Debug, Default)]
pub struct Made {
    alias_tags: OnceLock<Vec<(String, String)>>,
}

impl PartialEq for Made {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Signed {
    /// The aliases as hashtags: what is written, and what is meant.
    pub fn alias_tags(&self) -> &[(String, String)] {
        self.made.alias_tags.get_or_init(|| {
            let aliases = self.charter.aliases.iter();
            aliases.filter_map(|(word, means)| Some((tag_of(word)?, tag_of(means)?))).collect()
        })
    }
}

impl Charter {
    /// What the contexts of every charter are: nothing needs to be fetched to read one.
    pub fn contexts() -> Value {
        json!(["https://w3id.org/security/data-integrity/v2", { "@vocab": "https://w3id.org/watercooler/ns#" }])
    }

    /// The `type`.
    pub fn kind() -> String {
        KIND.to_owned()
    }

    /// The node of this domain.
    pub fn node(&self, domain: &str) -> Option<&Member> {
        self.nodes.iter().find(|node| node.domain == domain)
    }

    /// The node whose instance actor lives on this authority (`https://host:port`).
    pub fn node_at(&self, authority: &str) -> Option<&Member> {
        self.nodes.iter().find(|node| uri::authority(&node.actor) == authority)
    }

    /// The signing key in force, as Multikey.
    pub fn signing_key(&self) -> &str {
        self.keys.last().and_then(keychain::key_of).unwrap_or_default()
    }

    /// The next version, with nothing changed yet.
    pub fn successor(&self, hash: &str, now: Timestamp) -> Self {
        Self {
            version: self.version.saturating_add(1),
            issued: now,
            expires: now.plus_days(LIFE),
            previous: Some(hash.to_owned()),
            ancestors: self.previous.iter().chain(&self.ancestors).take(limits::CHARTER_ANCESTORS).cloned().collect(),
            ..self.clone()
        }
    }

    /// Whether this version was made from that one, directly or not. What lies too far back to be seen is believed to be
    /// an ancestor.
    pub fn descends_from(&self, other: &Signed) -> bool {
        let between = self.version.saturating_sub(other.charter.version);
        let seen = i64::try_from(self.ancestors.len()).unwrap_or(i64::MAX).saturating_add(1);
        between > seen || self.previous.iter().chain(&self.ancestors).any(|hash| *hash == other.hash)
    }

    /// Signs it.
    ///
    /// # Errors
    /// `Invalid` when the key is not the charter's own; what [`read`] refuses.
    pub fn sign(&self, key: &PrivateKey) -> Result<Signed> {
        let own = key.public_multikey();
        if self.signing_key() != own {
            let wanted = fingerprint(self.signing_key());
            return Err(Refused::NotTheKey { wanted, given: fingerprint(&own) }.into());
        }
        let mut document = serde_json::to_value(self).map_err(Error::internal)?;
        integrity::sign(&mut document, key, &format!("did:key:{own}#{own}"), self.issued)?;
        Ok(read(document, self.issued)?)
    }

    fn check(&self) -> Result<(), Refused> {
        let bad = |why: &'static str| Err(Refused::Malformed(why));
        if self.kind != KIND || self.version < 1 || self.version > (1 << 53) {
            return bad("its type or version");
        }
        if self.ancestors.len() > limits::CHARTER_ANCESTORS || self.ancestors.iter().any(|hash| hash.len() > 64) {
            return bad("its ancestors");
        }
        let text = |text: &str| text.chars().count() <= limits::CHARTER_TEXT;
        if self.id.is_empty() || !text(&self.id) || self.name.trim().is_empty() || !text(&self.name) {
            return bad("the organisation's id or name");
        }
        if self.nodes.len() > limits::CHARTER_NODES || self.removed.len() > limits::CHARTER_NODES {
            return bad("too many nodes");
        }
        let named = |gone: &Revoked| uri::normalize(&gone.actor).as_ref() == Some(&gone.actor) && text(&gone.reason);
        let actors: HashSet<&str> = self.revoked.iter().map(|gone| gone.actor.as_str()).collect();
        if actors.len() > limits::CHARTER_REVOKED
            || actors.len() < self.revoked.len()
            || !self.revoked.iter().all(named)
        {
            return bad("the revoked actors");
        }
        if self.aliases.len() > limits::CHARTER_ALIASES || !self.aliases.iter().all(|(a, b)| text(a) && text(b)) {
            return bad("the aliases");
        }
        if (self.version == 1) != self.previous.is_none() || self.expires <= self.issued {
            return bad("its predecessor or its dates");
        }
        if PublicKey::from_multikey(&self.recovery_key).is_err() {
            return bad("the recovery key");
        }
        let mut seen = HashSet::new();
        for node in &self.nodes {
            node.check()?;
            if !seen.insert(node.domain.as_str()) {
                return bad("a node that is listed twice");
            }
        }
        for gone in &self.removed {
            let named = domain_name(&gone.domain).as_deref() == Some(gone.domain.as_str());
            if !named || !text(&gone.reason) || !seen.insert(gone.domain.as_str()) {
                return bad("a removed node");
            }
        }
        Ok(())
    }
}

impl Member {
    /// Host and port of its things.
    pub fn authority(&self) -> &str {
        uri::authority(&self.actor)
    }

    /// The id of the key it signs with.
    pub fn key_id(&self) -> String {
        format!("{}#ed25519-key", self.actor)
    }

    /// # Errors
    /// `Malformed` naming what is wrong.
    pub fn check(&self) -> Result<(), Refused> {
        let bad = |why: &'static str| Err(Refused::Malformed(why));
        if domain_name(&self.domain).as_deref() != Some(self.domain.as_str()) {
            return bad("a node's domain");
        }
        let texts = [&self.department, &self.contact];
        if texts.iter().any(|text| text.chars().count() > limits::CHARTER_TEXT) {
            return bad("a node's department or contact");
        }
        let Some(actor) = uri::parse(&self.actor).filter(|url| url.as_str() == self.actor) else {
            return bad("a node's actor");
        };
        if actor.scheme() != self.scheme || actor.port() != self.port {
            return bad("a node's port or scheme, which are not those of its actor");
        }
        if self.addresses.len() > limits::CHARTER_RANGES || !self.addresses.iter().all(|a| range(a).is_some()) {
            return bad("a node's addresses");
        }
        if self.ca.as_ref().is_some_and(|ca| ca.len() > limits::CHARTER_CA) {
            return bad("a node's certificates");
        }
        let keyed = PublicKey::from_multikey(&self.key).is_ok();
        if (self.software == Software::Watercooler || !self.key.is_empty()) && !keyed {
            return bad("a node's key");
        }
        Ok(())
    }
}

/// Reads a charter and checks everything that needs no other: shape, limits, keys, signature, dates.
///
/// # Errors
/// See [`Refused`].
pub fn read(document: Value, now: Timestamp) -> Result<Signed, Refused> {
    let signed = read_at_any_time(document, now)?;
    let charter = &signed.charter;
    if charter.issued > now.plus_millis(CLOCK) {
        return Err(Refused::Future { issued: charter.issued, now });
    }
    if charter.expires < now {
        return Err(Refused::Expired { at: charter.expires });
    }
    Ok(signed)
}

/// As [`read`], without the dates.
///
/// # Errors
/// See [`Refused`].
pub fn read_at_any_time(document: Value, now: Timestamp) -> Result<Signed, Refused> {
    let charter: Charter = serde_json::from_value(document.clone())
        .map_err(|_| Refused::Malformed("members that are missing or wrong"))?;
    charter.check()?;
    let key = keychain::verify(&charter)?;
    integrity::verify(&document, &key, now).map_err(|unproven| match unproven {
        integrity::Unproven::Missing => Refused::Draft,
        _ => Refused::WrongKey { wanted: fingerprint(charter.signing_key()) },
    })?;
    Ok(Signed { hash: integrity::hash(&document), charter, document, made: Made::default() })
}

/// As [`read`], from text.
///
/// # Errors
/// See [`Refused`].
pub fn parse(text: &[u8], now: Timestamp) -> Result<Signed, Refused> {
    if text.len() > limits::CHARTER_BYTES {
        return Err(Refused::Malformed("its size"));
    }
    let document = serde_json::from_slice(text).map_err(|_| Refused::Malformed("its JSON"))?;
    read(document, now)
}

/// What people compare: the first 16 bytes of SHA-256 of a Multikey, in groups of four digits.
pub fn fingerprint(multikey: &str) -> String {
    let hex = crate::crypto::sha256_hex(multikey.as_bytes());
    let groups: Vec<&str> = (0..8).filter_map(|n| hex.get(n * 4..n * 4 + 4)).collect();
    groups.join("-")
}

/// `host` or `host:port` in the one spelling that is compared. `None` when it is none.
pub fn domain_name(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('.');
    if text.is_empty() || text.len() > 253 || text.contains(['/', '@', '?', '#', '*', ' ']) {
        return None;
    }
    let url = Url::parse(&format!("http://{text}/")).ok()?;
    let host = url.host_str()?;
    // The default port of http is a port like any other here.
    let port = match text.rsplit_once(':') {
        Some((_, "80")) => Some(80),
        _ => url.port(),
    };
    Some(port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// A range, or one address.
pub fn range(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
