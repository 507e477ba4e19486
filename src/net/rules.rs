//! The host policy: who may be reached, on which port and scheme, and at which addresses. Pure data, built from the
//! settings and the peers table; a new one replaces the old one whole. There is no switch that turns a check off
//! (LAN-07): peer entries are the only door, for tests and the demo too.

use super::{address, failure::Refusal};
use crate::config::{Purpose, Scheme};
use ipnet::IpNet;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use url::{Host, Url};

/// Peer entries open doors for these purposes only (LAN-01, LAN-06).
const fn uses_peer_entries(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Object | Purpose::Key | Purpose::Webfinger | Purpose::Deliver | Purpose::Media)
}

fn scheme_of(url: &Url) -> Option<Scheme> {
    match url.scheme() {
        "https" => Some(Scheme::Https),
        "http" => Some(Scheme::Http),
        _ => None,
    }
}

/// One door: a host, and what it may be (`[[federation.peer]]`, `[[push.relay]]`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// `hr.corp.example`, `*.sites.corp.example`, `10.1.2.3`; `localhost:8081` sets the port too.
    pub domain: String,
    /// Ranges the host may resolve to, and nothing outside them (LAN-02, LAN-03). Empty: public addresses only.
    pub addresses: Vec<IpNet>,
    /// Exactly this port; none: the default one of the scheme.
    pub port: Option<u16>,
    /// Exactly this scheme.
    pub scheme: Scheme,
    /// PEM certificates trusted for this peer in addition to the system's.
    pub ca: Option<Arc<[u8]>>,
}

impl Peer {
    fn effective_port(&self) -> u16 {
        self.port.unwrap_or(self.scheme.default_port())
    }
}

/// How much of a blocked host is refused (MOD-06).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Only what the flags say.
    #[default]
    None,
    /// Its people are hidden from those who do not follow them.
    Silence,
    /// Nothing in, nothing out.
    Suspend,
}

/// A host with restrictions; its subdomains included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// `bad.example`, or `bad.example:8443` for that port only.
    pub domain: String,
    /// How much.
    pub severity: Severity,
    /// Its media are neither fetched nor shown.
    pub reject_media: bool,
    /// Its reports are dropped.
    pub reject_reports: bool,
}

/// Everything the gate must know. The file, the peers table and the running listeners add to it.
#[derive(Clone, Debug, Default)]
pub struct NetConfig {
    /// `Watercooler/<version> (+https://host/)` (SIGOUT-04).
    pub user_agent: String,
    /// True: only peers; false: everybody but blocked hosts.
    pub allowlist: bool,
    /// The doors.
    pub peers: Vec<Peer>,
    /// Where Web Push may go: on an allowlist nowhere else, and nowhere else inside.
    pub relays: Vec<Peer>,
    /// Where texts to be translated may go.
    pub translators: Vec<Peer>,
    /// Where files are kept.
    pub stores: Vec<Peer>,
    /// Restricted hosts; a block wins over an entry.
    pub blocks: Vec<Block>,
    /// `host` or `host:port` of nodes that were removed from our organisation: exactly these names, no subdomains.
    pub removed: Vec<String>,
    /// A charter is in force here.
    pub organisation: bool,
    /// Our own `host` or `host:port`: the account domain and the host of our ids (AUTH-08).
    pub own: Vec<String>,
    /// Addresses that are never dialled on that port: our listeners and our database (NET-07). An unspecified address
    /// stands for every address of this machine.
    pub guarded: Vec<SocketAddr>,
    /// Name endings that no proxy is asked for.
    pub internal_suffixes: Vec<String>,
    /// HTTP proxies by purpose.
    pub proxies: BTreeMap<Purpose, Url>,
}

/// What the policy thinks of a host, for decisions that need no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// May we talk with it at all?
    pub admitted: Result<(), Refusal>,
    /// Hidden from those who do not follow.
    pub silenced: bool,
    /// No media from there.
    pub reject_media: bool,
    /// No reports from there.
    pub reject_reports: bool,
    /// An entry names it: gets the generous inbox rate, and its media are always proxied.
    pub is_peer: bool,
}

/// The way a judged request takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// Straight, by the peers' entries.
    Direct,
    /// Straight, by the relays' entries.
    Relay,
    /// Straight, by the translators' entries.
    Translator,
    /// Straight, by the entries of stores of files.
    Store,
    /// Through this HTTP proxy.
    Proxy(Url),
}

/// The compiled policy.
#[derive(Debug, Default)]
pub struct Rules {
    allowlist: bool,
    peers: Doors,
    relays: Doors,
    translators: Doors,
    stores: Doors,
    blocks: HashMap<String, Vec<(Option<u16>, Block)>>,
    removed: HashMap<String, Vec<Option<u16>>>,
    organisation: bool,
    own: HashSet<(String, u16)>,
    guarded: Vec<SocketAddr>,
    internal_suffixes: Vec<String>,
    proxies: BTreeMap<Purpose, Url>,
}

/// Entries by host, so that a thousand of them cost one look-up per label.
#[derive(Debug, Default)]
struct Doors {
    exact: HashMap<String, Vec<Peer>>,
    wildcard: HashMap<String, Vec<Peer>>,
}

impl Doors {
    fn new(entries: &[Peer]) -> Self {
        let mut doors = Self::default();
        for entry in entries {
            let (table, name) = match entry.domain.strip_prefix("*.") {
                Some(parent) => (&mut doors.wildcard, parent),
                None => (&mut doors.exact, entry.domain.as_str()),
            };
            if let Some((host, port)) = split_domain(name) {
                table.entry(host).or_default().push(Peer { port: entry.port.or(port), ..entry.clone() });
            }
        }
        doors
    }

    /// Entries for this host, exact ones first, then the nearest wildcard (LAN-11: label by label).
    fn of<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a Peer> {
        let exact = self.exact.get(host).into_iter().flatten();
        exact.chain(parents(host).filter_map(|parent| self.wildcard.get(parent)).flatten())
    }

    /// Entries for this host, scheme and port.
    fn at<'a>(&'a self, host: &'a str, scheme: Scheme, port: u16) -> impl Iterator<Item = &'a Peer> {
        self.of(host).filter(move |p| p.scheme == scheme && p.effective_port() == port)
    }
}

impl Rules {
    /// Compiles the settings. Entries with a malformed domain match nothing.
    pub fn new(config: &NetConfig) -> Self {
        let mut own = HashSet::new();
        for domain in &config.own {
            match split_domain(domain) {
                Some((host, Some(port))) => drop(own.insert((host, port))),
                Some((host, None)) => own.extend([(host.clone(), 443), (host, 80)]),
                None => {}
            }
        }
        let mut blocks: HashMap<String, Vec<_>> = HashMap::new();
        for block in &config.blocks {
            if let Some((host, port)) = split_domain(block.domain.trim_start_matches("*.")) {
                blocks.entry(host).or_default().push((port, block.clone()));
            }
        }
        let mut removed: HashMap<String, Vec<_>> = HashMap::new();
        for (host, port) in config.removed.iter().filter_map(|domain| split_domain(domain)) {
            removed.entry(host).or_default().push(port);
        }
        Self {
            allowlist: config.allowlist,
            removed,
            organisation: config.organisation,
            peers: Doors::new(&config.peers),
            relays: Doors::new(&config.relays),
            translators: Doors::new(&config.translators),
            stores: Doors::new(&config.stores),
            blocks,
            own,
            guarded: config.guarded.clone(),
            internal_suffixes: config.internal_suffixes.iter().map(|s| s.trim_matches('.').to_lowercase()).collect(),
            proxies: config.proxies.clone(),
        }
    }

    /// True when only peers are talked with.
    pub fn is_allowlist(&self) -> bool {
        self.allowlist
    }

    /// True while a charter is in force: other nodes read here with a signature only.
    pub fn has_organisation(&self) -> bool {
        self.organisation
    }

    /// False while every host is admitted.
    pub fn is_restrictive(&self) -> bool {
        self.allowlist || !self.blocks.is_empty() || !self.removed.is_empty()
    }

    fn is_removed(&self, host: &str, port: Option<u16>) -> bool {
        let ports = self.removed.get(host).map(Vec::as_slice).unwrap_or_default();
        ports.iter().any(|only| only.is_none_or(|only| port.is_none_or(|port| port == only)))
    }

    /// What the policy thinks of a domain as it stands in handles: `host` or `host:port`.
    pub fn standing(&self, domain: &str) -> Standing {
        match split_domain(domain) {
            Some((host, port)) => self.standing_of(&host, port),
            None => Standing {
                admitted: Err(Refusal::Malformed),
                silenced: false,
                reject_media: true,
                reject_reports: true,
                is_peer: false,
            },
        }
    }

    /// What the policy thinks of the host of a URL. Says nothing about addresses: those are judged when dialled.
    pub fn standing_of_url(&self, url: &Url) -> Standing {
        match (host_of(url), url.port_or_known_default()) {
            (Some(host), Some(port)) => self.standing_of(&host, Some(port)),
            _ => self.standing(""),
        }
    }

    fn standing_of(&self, host: &str, port: Option<u16>) -> Standing {
        let (mut severity, mut reject_media, mut reject_reports) = (Severity::None, false, false);
        for block in self.blocks_of(host, port) {
            severity = severity.max(block.severity);
            reject_media |= block.reject_media;
            reject_reports |= block.reject_reports;
        }
        let is_peer = self.peers.of(host).any(|p| port.is_none_or(|port| p.effective_port() == port));
        let admitted = if severity == Severity::Suspend {
            Err(Refusal::Blocked)
        } else if self.is_removed(host, port) {
            Err(Refusal::Removed)
        } else if self.allowlist && !is_peer {
            Err(Refusal::NotAllowlisted)
        } else {
            Ok(())
        };
        Standing {
            admitted,
            silenced: severity >= Severity::Silence,
            reject_media: reject_media || severity == Severity::Suspend,
            reject_reports: reject_reports || severity == Severity::Suspend,
            is_peer: is_peer && admitted.is_ok(),
        }
    }

    fn blocks_of<'a>(&'a self, host: &'a str, port: Option<u16>) -> impl Iterator<Item = &'a Block> {
        std::iter::once(host)
            .chain(parents(host))
            .filter_map(|name| self.blocks.get(name))
            .flatten()
            .filter(move |(only, _)| only.is_none_or(|only| port.is_none_or(|port| port == only)))
            .map(|(_, block)| block)
    }

    /// May this URL be asked for this? Every hop comes here (NET-05); addresses are judged again when dialled (NET-04).
    ///
    /// # Errors
    /// The rule that forbids it.
    pub fn judge(&self, purpose: Purpose, url: &Url) -> Result<Via, Refusal> {
        let scheme = scheme_of(url).ok_or(Refusal::Scheme)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::UserInfo);
        }
        let host = host_of(url).ok_or(Refusal::Malformed)?;
        let port = url.port_or_known_default().ok_or(Refusal::Malformed)?;
        if self.own.contains(&(host.clone(), port)) {
            return Err(Refusal::Ourselves);
        }
        let literal = literal(&host);

        let closed = match purpose {
            // Where anybody is spoken with, so is any push service in public; else the relays alone (LAN-06).
            Purpose::Push if self.allowlist || self.relays.of(&host).next().is_some() => Some(Via::Relay),
            Purpose::Translate => Some(Via::Translator),
            Purpose::Store => Some(Via::Store),
            _ => None,
        };
        if let Some(via) = closed {
            if self.doors(&via).at(&host, scheme, port).next().is_none() {
                return Err(Refusal::NotARelay);
            }
            if let Some(ip) = literal {
                self.judge_address(&via, &host, scheme, port, ip)?;
            }
            // What has addresses is on our side of the proxy.
            let outside = self.doors(&via).at(&host, scheme, port).all(|door| door.addresses.is_empty());
            return match self.proxies.get(&purpose) {
                Some(proxy) if outside => self.through(proxy, &host),
                _ => Ok(via),
            };
        }

        if purpose != Purpose::Webhook {
            let standing = self.standing_of(&host, Some(port));
            standing.admitted?;
            if purpose == Purpose::Media && standing.reject_media {
                return Err(Refusal::Blocked);
            }
        }
        let has_entry = self.peers.of(&host).next().is_some();
        let mut direct = false;
        if has_entry && uses_peer_entries(purpose) {
            if self.peers.at(&host, scheme, port).next().is_none() {
                let same_scheme = self.peers.of(&host).any(|p| p.scheme == scheme);
                return Err(if same_scheme { Refusal::Port } else { Refusal::Scheme });
            }
            direct = self.peers.at(&host, scheme, port).any(|p| !p.addresses.is_empty());
        } else {
            if has_entry && self.peers.of(&host).any(|p| !p.addresses.is_empty()) {
                return Err(Refusal::Purpose);
            }
            if scheme != Scheme::Https {
                return Err(Refusal::Scheme);
            }
            if port != scheme.default_port() {
                return Err(Refusal::Port);
            }
            if is_localhost(&host) {
                return Err(Refusal::PrivateAddress);
            }
        }
        if let Some(ip) = literal {
            self.judge_address(&Via::Direct, &host, scheme, port, ip)?;
        }
        match self.proxies.get(&purpose) {
            // A private peer is on our side of the proxy.
            Some(proxy) if !direct => self.through(proxy, &host),
            _ => Ok(Via::Direct),
        }
    }

    /// By this proxy, which is never asked for a name that means something inside only (NET-08).
    fn through(&self, proxy: &Url, host: &str) -> Result<Via, Refusal> {
        match literal(host).is_none() && self.is_internal_name(host) {
            true => Err(Refusal::ProxyInternalName),
            false => Ok(Via::Proxy(proxy.clone())),
        }
    }

    /// May this host be dialled at this address? The pair must match one entry (LAN-02, LAN-03); without an entry that
    /// names ranges the address must be public.
    ///
    /// # Errors
    /// The rule that forbids it.
    pub fn judge_address(&self, via: &Via, host: &str, scheme: Scheme, port: u16, ip: IpAddr) -> Result<(), Refusal> {
        if address::is_never_allowed(ip) {
            return Err(Refusal::NeverAllowed);
        }
        let ip = address::canonical(ip);
        if self.is_guarded(ip, port) {
            return Err(Refusal::Ourselves);
        }
        let mut has_ranges = false;
        for range in self.doors(via).at(host, scheme, port).flat_map(|p| &p.addresses) {
            has_ranges = true;
            if range.contains(&ip) {
                return Ok(());
            }
        }
        match has_ranges {
            true => Err(Refusal::OutsideRanges),
            false if address::is_public(ip) => Ok(()),
            false => Err(Refusal::PrivateAddress),
        }
    }

    /// The entries that a way goes by.
    const fn doors(&self, via: &Via) -> &Doors {
        match via {
            Via::Relay => &self.relays,
            Via::Translator => &self.translators,
            Via::Store => &self.stores,
            Via::Direct | Via::Proxy(_) => &self.peers,
        }
    }

    /// Whether an entry of any kind vouches for this host: only then may a proxy be asked for it by name, since nobody here
    /// sees what address the proxy takes (NET-08).
    pub fn is_named(&self, host: &str, scheme: Scheme, port: u16) -> bool {
        let all = [&self.peers, &self.relays, &self.translators, &self.stores];
        all.iter().any(|doors| doors.at(host, scheme, port).next().is_some())
    }

    fn is_guarded(&self, ip: IpAddr, port: u16) -> bool {
        self.guarded.iter().any(|own| {
            let own_ip = address::canonical(own.ip());
            own.port() == port && (own_ip == ip || (own_ip.is_unspecified() && ip.is_loopback()))
        })
    }

    /// True when a connection between these two ends is one with ourselves: a listener on all addresses was dialled
    /// by an address of this machine that nobody told us (NET-07).
    pub fn is_own_listener(&self, local: SocketAddr, remote: SocketAddr) -> bool {
        let same_machine = address::canonical(local.ip()) == address::canonical(remote.ip());
        let wildcard = |own: &SocketAddr| own.port() == remote.port() && own.ip().is_unspecified();
        self.is_guarded(address::canonical(remote.ip()), remote.port())
            || (same_machine && self.guarded.iter().any(wildcard))
    }

    /// Names that mean something only inside: a proxy would resolve them with its own, inner view.
    fn is_internal_name(&self, host: &str) -> bool {
        let ends = |suffix: &String| host.strip_suffix(suffix.as_str()).is_some_and(|rest| rest.ends_with('.'));
        !host.contains('.') || is_localhost(host) || self.internal_suffixes.iter().any(ends)
    }

    /// Loopback addresses that stand for the name of an entry under `.localhost` (RFC 6761); the gate asks no resolver.
    pub fn loopback_of(&self, host: &str, scheme: Scheme, port: u16) -> Option<Vec<IpAddr>> {
        if !is_localhost(host) {
            return None;
        }
        let both = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])];
        let inside = |ip: &IpAddr| {
            let known = [&self.peers, &self.relays, &self.translators, &self.stores];
            let known = known.into_iter().flat_map(|doors| doors.at(host, scheme, port));
            known.flat_map(|p| &p.addresses).any(|r| r.contains(ip))
        };
        Some(both.into_iter().filter(inside).collect())
    }

    /// The certificates an entry brings for this host.
    pub fn authority(&self, via: &Via, host: &str, scheme: Scheme, port: u16) -> Option<Arc<[u8]>> {
        self.doors(via).at(host, scheme, port).find_map(|p| p.ca.clone())
    }

    /// Where the WebFinger of an account domain is asked: `https://domain/`, or what its entry says.
    pub fn origin_of(&self, domain: &str) -> Option<Url> {
        let (host, port) = split_domain(domain)?;
        let entry = self.peers.of(&host).find(|p| port.is_none_or(|port| p.effective_port() == port));
        let (scheme, entry_port) = entry.map_or((Scheme::Https, None), |p| (p.scheme, p.port));
        let mut url = Url::parse(match scheme {
            Scheme::Https => "https://host.invalid/",
            Scheme::Http => "http://host.invalid/",
        })
        .ok()?;
        match literal(&host) {
            Some(ip) => url.set_ip_host(ip).ok()?,
            None => url.set_host(Some(&host)).ok()?,
        }
        url.set_port(port.or(entry_port)).ok()?;
        Some(url)
    }
}

/// `host` or `host:port` in the one spelling that is compared: lower case, punycode, no trailing dot; IPv6 without
/// brackets (ROB-09). None when it names no host.
pub fn split_domain(domain: &str) -> Option<(String, Option<u16>)> {
    let domain = domain.trim();
    let (host, port) = match domain.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port.parse().ok()?)),
        _ => (domain, None),
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.contains(':') {
        return bare.parse::<std::net::Ipv6Addr>().ok().map(|ip| (ip.to_string(), port));
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_empty() || host.len() > 253 {
        return None;
    }
    Host::parse(host).ok().map(|host| (host.to_string(), port))
}

/// The host of a URL in the spelling of [`split_domain`].
pub fn host_of(url: &Url) -> Option<String> {
    match url.host()? {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            (!name.is_empty() && name.len() <= 253).then(|| name.to_lowercase())
        }
        Host::Ipv4(ip) => Some(ip.to_string()),
        Host::Ipv6(ip) => Some(ip.to_string()),
    }
}

/// The address, when the host is one.
pub fn literal(host: &str) -> Option<IpAddr> {
    host.parse().ok()
}

fn parents(host: &str) -> impl Iterator<Item = &str> {
    let first = if literal(host).is_some() { None } else { host.split_once('.').map(|(_, rest)| rest) };
    std::iter::successors(first, |name| name.split_once('.').map(|(_, rest)| rest))
}

fn is_localhost(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}
