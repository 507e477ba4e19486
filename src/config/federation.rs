//! Settings of the world outside: whom this node federates with, each peer's own terms, and the push services it uses.

use super::ConfigError;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// Other nodes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Federation {
    /// `open`: every node that is not blocked. `allowlist`: only peers named here or added with `watercooler peer add`.
    pub policy: FederationPolicy,
    /// Posts and profiles are given only to nodes that sign their requests: `on`, `off` or `auto` (on under an allowlist).
    pub authorized_fetch: AuthorizedFetch,
    /// Anybody may read the list of the organisation's domains at `/charter/domains.txt`, `.csv`, `.json` and `.mitra`, so
    /// that servers of other software can subscribe to it. Off: only nodes of the organisation, by a signed request.
    pub public_domain_list: bool,
    /// People and projects of one other node of the organisation that are copied at most, so that nobody fills the others'
    /// disks: a directory of more is not copied.
    pub directory_entries: usize,
    /// Days that a post of another server is kept with which nobody here has anything to do: nobody follows its author or a
    /// hashtag of it, bookmarked, liked, boosted, quoted or answered it, or is named in it. It is fetched again when
    /// somebody asks for it. Posts of the organisation stay. 0 to keep all of them.
    pub keep_posts_days: u32,
    /// People of other servers that become known within an hour at most under one registered domain, with all its subdomains, so
    /// that nobody fills the database with people they made up; beyond, they are asked to come back later (429). Servers with
    /// a peer entry have ten times as many; the organisation, and peers under an allowlist, are not counted. 0 for no limit.
    pub new_actors_per_hour: u32,
    /// Hosts that get something from this node for the first time within an hour because of one account here, and hosts that
    /// letters from one registered domain make this node read from for the first time; all hosts below one registered domain
    /// have a quarter of it. What is over it waits, and is not lost. Servers with a peer entry have ten times as many; hosts
    /// that took something before and the organisation are not counted. 0 for no limit.
    pub new_hosts_per_hour: u32,
    /// Domains this node does not speak with, subdomains included. A block wins over any peer entry.
    pub blocked: Vec<String>,
    /// One entry for each peer with its own terms: the only door to private addresses, other ports, plain http or a
    /// private certificate authority, with every other check in place.
    pub peer: Vec<PeerEntry>,
}

impl Default for Federation {
    fn default() -> Self {
        Self {
            policy: FederationPolicy::default(),
            authorized_fetch: AuthorizedFetch::default(),
            public_domain_list: false,
            directory_entries: 50_000,
            keep_posts_days: 365,
            new_actors_per_hour: 3_600,
            new_hosts_per_hour: 1_000,
            blocked: Vec::new(),
            peer: Vec::new(),
        }
    }
}

impl Federation {
    /// Whether no two entries are for one place: of both together more would be open than either says.
    ///
    /// # Errors
    /// The second one.
    pub(super) fn no_twins(&self) -> Result<(), ConfigError> {
        let mut known = BTreeMap::new();
        for (at, peer) in self.peer.iter().enumerate() {
            let port = peer.port.unwrap_or(peer.scheme.default_port());
            if let Some(first) = known.insert((&peer.domain, peer.scheme.as_str(), port), at) {
                let why = format!("`{}` has an entry with the same port already, number {}", peer.domain, first + 1);
                return Err(ConfigError::value(&format!("federation.peer[{at}].domain"), why));
            }
        }
        Ok(())
    }
}

/// Whom this node federates with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FederationPolicy {
    /// Every node that is not blocked.
    #[default]
    Open,
    /// Named peers only.
    Allowlist,
}

/// Whether reads by other nodes need a signature (SIGIN-23).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthorizedFetch {
    /// On under an allowlist, off under the open policy.
    #[default]
    Auto,
    /// Needed.
    On,
    /// Not needed.
    Off,
}

/// The terms of one peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerEntry {
    /// An exact host (`hr.corp.example`) or a wildcard (`*.sites.corp.example`, which does not match `sites.corp.example`).
    /// `localhost:8081` says the port too.
    pub domain: String,
    /// Private addresses or ranges this host may have. Empty: public addresses only.
    #[serde(default, with = "super::values::networks")]
    pub addresses: Vec<IpNet>,
    /// The only port allowed. Default: that of the scheme.
    #[serde(default)]
    pub port: Option<u16>,
    /// `https`, or `http` for this one peer.
    #[serde(default)]
    pub scheme: Scheme,
    /// PEM file of a certificate authority trusted for this peer only, relative to this file.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

/// Scheme of a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// With TLS.
    #[default]
    Https,
    /// Without.
    Http,
}

impl Scheme {
    /// `https` or `http`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
    /// 443 or 80.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

/// Web Push.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Push {
    /// Push services inside the organisation. A node that federates by an allowlist pushes to these and nobody else; an open
    /// one also to any push service at a public address (LAN-06).
    pub relay: Vec<RelayEntry>,
}

/// A push relay inside the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayEntry {
    /// Exact host.
    pub domain: String,
    /// Addresses or ranges this host may have. Empty: public addresses only.
    #[serde(default, with = "super::values::networks")]
    pub addresses: Vec<IpNet>,
    /// The only port allowed. Default: 443.
    #[serde(default)]
    pub port: Option<u16>,
    /// PEM file of a certificate authority trusted for this relay only, relative to this file.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}
