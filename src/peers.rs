//! The effective host policy: the settings file, what was set by command and the charter, brought to the outgoing gate, to the
//! accounts of other nodes (hidden at once when their host is refused, back when it is admitted) and to the queues
//! (dropped at once, LAN-09). Another process of this node notices a change within five seconds.

mod applied;
pub mod health;
mod leave;
mod probe;

pub use probe::{Probe, REACHABLE, probe};

use crate::{
    Error, Result,
    app::App,
    config::Scheme,
    domain::{
        audiences,
        audit::Staff,
        charter::{self, Member, Signed},
        peers,
        remote::outbox,
    },
    id::Id,
    model::{Account, DomainBlock, PeerRow},
    net::{self, Block, NetConfig, Peer, Refusal, Severity, split_domain},
    store,
    time::Timestamp,
};
use ipnet::IpNet;
use serde::Serialize;
use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
    time::Duration,
};

/// Accounts looked at in one step.
const STEP: i64 = 2_000;
/// Under this name the database remembers which policy its accounts show.
const APPLIED: &str = "applied_host_policy";

/// What the settings file says, kept because the gate's copy is changed; that only one refreshes at a time; the charter
/// as of the last refresh; and doors that are open for a moment.
#[derive(Default)]
struct Known {
    file: OnceLock<NetConfig>,
    turn: tokio::sync::Mutex<Option<String>>,
    charter: RwLock<Option<Arc<Signed>>>,
    doors: Mutex<Vec<Peer>>,
}

/// A peer to be added. What is left out has its default.
#[derive(Clone, Debug, Default)]
pub struct NewPeer {
    /// `hr.corp.example`, `*.sites.corp.example`, `localhost:8081`.
    pub domain: String,
    /// Ranges it may resolve to, `10.20.0.0/16`; empty: public addresses only.
    pub addresses: Vec<String>,
    /// The only port.
    pub port: Option<u16>,
    /// Plain http for this one peer.
    pub http: bool,
    /// Certificates trusted for it, PEM.
    pub ca_pem: Option<String>,
}

/// A domain to be blocked.
#[derive(Clone, Debug, Default)]
pub struct NewBlock {
    /// The domain; its subdomains are included.
    pub domain: String,
    /// How much.
    pub severity: Severity,
    /// Its media are not fetched.
    pub reject_media: bool,
    /// Its reports are dropped.
    pub reject_reports: bool,
    /// Why, for staff.
    pub comment: String,
    /// Why, for everybody who is shown the block.
    pub public_comment: String,
    /// Its name is shown in part only.
    pub obfuscate: bool,
}

/// One line of the effective list.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The name that is matched.
    pub domain: String,
    /// `file`, `command` or `charter`.
    pub source: &'static str,
    /// `peer`, `block` or `removed`.
    pub kind: &'static str,
    /// Ranges of a peer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Port of a peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Scheme of a peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<&'static str>,
    /// A peer with certificates of its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub own_ca: bool,
    /// How much a block refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<&'static str>,
    /// Why, for staff.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// A peer entry that a block overrules.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub blocked: bool,
}

impl Entry {
    /// Whether it is about the server with this authority.
    pub fn is_of(&self, authority: &str) -> bool {
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse::<u16>().ok()),
            None => (authority, None),
        };
        let named = match self.domain.strip_prefix("*.") {
            Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
            None => self.domain == host || self.domain == authority,
        };
        named && (self.port.is_none() || port.is_none() || self.port == port || self.domain == authority)
    }
}

/// Adds or changes a peer; it counts when this returns. Answers its name as it is kept and matched.
///
/// # Errors
/// `Invalid` naming the field; `Forbidden` below admin.
pub async fn add(app: &App, by: Staff, new: NewPeer) -> Result<String> {
    let domain = normal_domain(&new.domain, true)?;
    let mut addresses = Vec::with_capacity(new.addresses.len());
    for text in &new.addresses {
        addresses.push(range(text)?.to_string());
    }
    if let Some(pem) = &new.ca_pem {
        net::check_ca(pem.as_bytes())
            .map_err(|_| Error::invalid("ca_file", "invalid", "there is no certificate in PEM form in it"))?;
    }
    if new.port == Some(0) {
        return Err(Error::invalid("port", "invalid", "is between 1 and 65535"));
    }
    let row = PeerRow {
        domain: domain.clone(),
        addresses: serde_json::to_string(&addresses).map_err(Error::internal)?,
        port: new.port.map(i64::from),
        scheme: new.http.then(|| Scheme::Http.as_str().to_owned()),
        ca_pem: new.ca_pem,
        created_at: Timestamp::Y2000,
    };
    app.write(move |tx| peers::add(tx, &by, row)).await?;
    refresh(app).await.map(|()| domain)
}

/// Removes a peer that was added by command; it counts when this returns. Answers its name.
///
/// # Errors
/// `NotFound` when there is none; `Conflict` when it stands in the settings file.
pub async fn remove(app: &App, by: Staff, domain: &str) -> Result<String> {
    let domain = normal_domain(domain, true)?;
    let known = app.part::<Known>();
    let in_file = file(app, &known).peers.iter().any(|p| p.domain == domain);
    let name = domain.clone();
    match app.write(move |tx| peers::remove(tx, &by, &name)).await {
        Err(Error::NotFound) if in_file => {
            Err(Error::Conflict(format!("{domain} stands in the settings file: remove it there").into()))
        }
        Err(other) => Err(other),
        Ok(()) => refresh(app).await.map(|()| domain),
    }
}

/// Blocks a domain; it counts when this returns. Answers its name as it is kept and matched.
///
/// # Errors
/// `Invalid` for what is no domain, or our own; `Forbidden` below admin.
pub async fn block(app: &App, by: Staff, new: NewBlock) -> Result<String> {
    let domain = normal_domain(new.domain.trim().trim_start_matches("*."), false)?;
    if app.site().is_own_name(&domain) {
        return Err(Error::invalid("domain", "invalid", format!("`{domain}` is this node itself")));
    }
    let row = DomainBlock {
        domain: domain.clone(),
        severity: match new.severity {
            Severity::Suspend => 0,
            Severity::Silence => 1,
            Severity::None => 2,
        },
        reject_media: new.reject_media,
        reject_reports: new.reject_reports,
        comment: new.comment.chars().take(1_000).collect(),
        public_comment: new.public_comment.chars().take(1_000).collect(),
        obfuscate: new.obfuscate,
        created_at: Timestamp::Y2000,
    };
    if new.severity == Severity::Suspend {
        // Whoever may not block learns it before anything has happened.
        peers::allowed(&by)?;
        leave::take(app, &row.domain).await?;
    }
    app.write(move |tx| peers::block(tx, &by, row)).await?;
    refresh(app).await.map(|()| domain)
}

/// Lifts a block that was set by command. Answers its name.
///
/// # Errors
/// `NotFound` when there is none; `Conflict` when it stands in the settings file.
pub async fn unblock(app: &App, by: Staff, domain: &str) -> Result<String> {
    let domain = normal_domain(domain.trim().trim_start_matches("*."), false)?;
    let known = app.part::<Known>();
    let in_file = file(app, &known).blocks.iter().any(|b| b.domain.trim_start_matches("*.") == domain);
    let name = domain.clone();
    match app.write(move |tx| peers::unblock(tx, &by, &name)).await {
        Err(Error::NotFound) if in_file => {
            Err(Error::Conflict(format!("{domain} stands in the settings file: remove it there").into()))
        }
        Err(other) => Err(other),
        Ok(()) => refresh(app).await.map(|()| domain),
    }
}

/// The effective list, each line with its source.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(app: &App) -> Result<Vec<Entry>> {
    let known = app.part::<Known>();
    let file = file(app, &known).clone();
    let (rows, blocks) = app.read(|conn| Ok((store::peers::list(conn)?, store::peers::blocks(conn)?))).await?;
    let comments: Vec<String> = blocks.iter().map(|b| b.comment.clone()).collect();
    let rules = app.net().rules();
    let peer = |source, peer: Peer| Entry {
        source,
        kind: "peer",
        addresses: peer.addresses.iter().map(ToString::to_string).collect(),
        port: peer.port,
        scheme: Some(peer.scheme.as_str()),
        own_ca: peer.ca.is_some(),
        severity: None,
        comment: String::new(),
        blocked: matches!(
            rules.standing(peer.domain.trim_start_matches("*.")).admitted,
            Err(Refusal::Blocked | Refusal::Removed)
        ),
        domain: peer.domain,
    };
    let block = |source, block: Block, comment| Entry {
        source,
        kind: "block",
        addresses: Vec::new(),
        port: None,
        scheme: None,
        own_ca: false,
        severity: Some(match block.severity {
            Severity::Suspend => "suspend",
            Severity::Silence => "silence",
            Severity::None => "limited",
        }),
        comment,
        blocked: false,
        domain: block.domain,
    };
    let mut list: Vec<Entry> = file.peers.into_iter().map(|p| peer("file", p)).collect();
    list.extend(rows.into_iter().map(|row| peer("command", entry_of(row))));
    let organisation = app.read(charter::current).await?;
    if let Some(signed) = &organisation {
        list.extend(entries(app, signed).into_iter().map(|p| peer("charter", p)));
        for gone in &signed.charter.removed {
            let mut line =
                block("charter", Block { domain: gone.domain.clone(), ..Block::default() }, gone.reason.clone());
            (line.kind, line.severity) = ("removed", None);
            list.push(line);
        }
    }
    list.extend(file.blocks.into_iter().map(|b| block("file", b, String::new())));
    list.extend(blocks.into_iter().map(block_of).zip(comments).map(|(b, comment)| block("command", b, comment)));
    Ok(list)
}

/// Brings the policy as it now stands to the gate, the accounts and the queues. Cheap when nothing changed.
///
/// # Errors
/// When the database is away.
pub async fn refresh(app: &App) -> Result<()> {
    let known = app.part::<Known>();
    let mut turn = known.turn.lock().await;
    let file = file(app, &known);
    let (rows, blocks, stored) = app
        .read(|conn| Ok((store::peers::list(conn)?, store::peers::blocks(conn)?, store::charter::in_force(conn)?)))
        .await?;
    let known_rules = app.read(store::audiences::rules).await?.map(|rules| rules.hash);
    if known_rules.as_deref() != stored.as_ref().map(|row| row.hash.as_str()) {
        // A charter that came into force before this version of the program.
        app.write(audiences::catch_up).await?;
    }
    let mut peers: Vec<Peer> = file.peers.iter().cloned().chain(rows.into_iter().map(entry_of)).collect();
    let blocks: Vec<Block> = file.blocks.iter().cloned().chain(blocks.into_iter().map(block_of)).collect();
    let signed = follow(&known, stored)?;
    let mut policy = Policy { allowlist: file.allowlist, ..Policy::default() };
    if let Some(signed) = &signed {
        peers.extend(entries(app, signed));
        policy.organisation = true;
        policy.allowlist |= !signed.charter.policy.open_allowed;
        let gone = || signed.charter.removed.iter();
        policy.removed = gone().flat_map(names_of_removed).collect();
        policy.kept = gone().filter(|gone| gone.keep && !gone.purge).flat_map(names_of_removed).collect();
    }
    let lasting = format!("{policy:?} {peers:?} {blocks:?}");
    let doors = known.doors.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let text = format!("{lasting} {doors:?}");
    if turn.as_deref() == Some(text.as_str()) {
        return Ok(());
    }
    // Who was removed and is invited again comes through its door.
    let at_a_door =
        |name: &String| split_domain(name).is_some_and(|(host, _)| doors.iter().any(|door| door.domain == host));
    policy.removed.retain(|name| !at_a_door(name));
    peers.extend(doors);
    app.net().configure(|config| {
        config.peers = peers;
        config.blocks = blocks;
        config.allowlist = policy.allowlist;
        config.organisation = policy.organisation;
        config.removed = policy.removed;
    });
    let rules = app.net().rules();
    let digest = crate::crypto::sha256_hex(lasting.as_bytes());
    let applied = app.read(|conn| store::users::find_setting(conn, APPLIED)).await?;
    if applied.as_deref() != Some(digest.as_str()) {
        applied::apply(app, &rules, &policy.kept).await?;
        app.write(move |tx| store::users::set_setting(tx.conn, APPLIED, &digest)).await?;
    }
    *turn = Some(text);
    Ok(())
}

/// What the charter adds to the policy.
#[derive(Debug, Default)]
struct Policy {
    allowlist: bool,
    organisation: bool,
    removed: Vec<String>,
    /// Those of them whose posts stay.
    kept: Vec<String>,
}

/// The charter in force, parsed once.
fn follow(known: &Known, stored: Option<store::charter::Stored>) -> Result<Option<Arc<Signed>>> {
    let kept = known.charter.read().unwrap_or_else(PoisonError::into_inner).clone();
    let fresh = match (stored, kept) {
        (Some(row), Some(kept)) if row.hash == kept.hash => return Ok(Some(kept)),
        (Some(row), _) => Some(Arc::new(charter::open(&row)?)),
        (None, _) => None,
    };
    known.charter.write().unwrap_or_else(PoisonError::into_inner).clone_from(&fresh);
    Ok(fresh)
}

/// The charter in force, as of the last [`refresh`].
pub fn organisation(app: &App) -> Option<Arc<Signed>> {
    app.part::<Known>().charter.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Somebody looks at these people: what colleagues of other nodes wrote is read in the background.
///
/// # Errors
/// Those of the database.
pub async fn look_at(app: &App, accounts: &[Id<Account>]) -> Result<()> {
    if organisation(app).is_none() {
        return Ok(());
    }
    let (ids, now) = (accounts.to_vec(), app.clock().now());
    let due = app.read(move |conn| outbox::due(conn, &ids, now)).await?;
    if due.is_empty() {
        return Ok(());
    }
    app.write(move |tx| outbox::order(tx, &due)).await
}

/// The entries that the charter makes: one for the host of each other node's things, and one for the domain of its
/// handles where that is another name.
fn entries(app: &App, signed: &Signed) -> Vec<Peer> {
    let others = signed.charter.nodes.iter().filter(|node| node.domain != app.site().domain());
    others.flat_map(entries_of).collect()
}

/// The entries of one node.
fn entries_of(node: &Member) -> Vec<Peer> {
    let scheme = if node.scheme == "http" { Scheme::Http } else { Scheme::Https };
    let peer = |host: String, port: Option<u16>| Peer {
        domain: host,
        addresses: node.addresses.iter().filter_map(|text| range(text).ok()).collect(),
        port,
        scheme,
        ca: node.ca.clone().map(|pem| pem.into_bytes().into()),
    };
    let mut list = Vec::with_capacity(2);
    let host = url::Url::parse(&node.actor).ok().as_ref().and_then(net::host_of);
    list.extend(host.clone().map(|host| peer(host, node.port)));
    if let Some((name, port)) = split_domain(&node.domain)
        && Some(&name) != host.as_ref()
    {
        list.push(peer(name, port));
    }
    list
}

fn names_of_removed(gone: &charter::Removed) -> impl Iterator<Item = String> {
    let host = crate::uri::host(&gone.actor).to_owned();
    [gone.domain.clone(), host].into_iter().filter(|name| !name.is_empty())
}

/// An open door; closed when dropped, at the latest with the next [`refresh`].
struct Door {
    known: Arc<Known>,
    entries: Vec<Peer>,
}

impl Drop for Door {
    fn drop(&mut self) {
        let mut doors = self.known.doors.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in &self.entries {
            if let Some(at) = doors.iter().position(|door| door == entry) {
                doors.swap_remove(at);
            }
        }
    }
}

/// Opens the door to a node that does not belong yet while `talk` runs: an invitation brings two nodes together before a
/// charter lists both.
///
/// # Errors
/// When the database is away.
pub async fn with_door<T>(app: &App, node: &Member, talk: impl Future<Output = T>) -> Result<T> {
    let known = app.part::<Known>();
    let door = Door { entries: entries_of(node), known: known.clone() };
    known.doors.lock().unwrap_or_else(PoisonError::into_inner).extend(door.entries.iter().cloned());
    refresh(app).await?;
    let said = talk.await;
    drop(door);
    refresh(app).await?;
    Ok(said)
}

/// Notices changes made by another process. Ends when the node stops.
pub fn start(app: &App) {
    let app = app.clone();
    tokio::spawn(async move {
        loop {
            if let Err(error) = refresh(&app).await {
                tracing::warn!(%error, "cannot read the list of peers");
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(5)) => {}
                () = app.stopping().cancelled() => return,
            }
        }
    });
}

fn file<'a>(app: &App, known: &'a Known) -> &'a NetConfig {
    known.file.get_or_init(|| app.net().config())
}

fn entry_of(row: PeerRow) -> Peer {
    let addresses: Vec<String> = serde_json::from_str(&row.addresses).unwrap_or_default();
    Peer {
        domain: row.domain,
        addresses: addresses.iter().filter_map(|text| range(text).ok()).collect(),
        port: row.port.and_then(|port| u16::try_from(port).ok()),
        scheme: if row.scheme.as_deref() == Some("http") { Scheme::Http } else { Scheme::Https },
        ca: row.ca_pem.map(|pem| pem.into_bytes().into()),
    }
}

fn block_of(row: DomainBlock) -> Block {
    Block {
        domain: row.domain,
        severity: match row.severity {
            0 => Severity::Suspend,
            1 => Severity::Silence,
            _ => Severity::None,
        },
        reject_media: row.reject_media,
        reject_reports: row.reject_reports,
    }
}

/// A range, or one address.
fn range(text: &str) -> Result<IpNet> {
    let text = text.trim();
    text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from)).map_err(|_| {
        Error::invalid(
            "addresses",
            "invalid",
            format!("`{text}` is neither an address nor a range such as 10.20.0.0/16"),
        )
    })
}

/// `host`, `host:port` or (for peers) `*.host`, in the spelling that is compared.
fn normal_domain(text: &str, wildcard: bool) -> Result<String> {
    let bad = || Error::invalid("domain", "invalid", format!("`{text}` is not a domain such as hr.corp.example"));
    let text = text.trim();
    let (star, name) = match text.strip_prefix("*.") {
        Some(rest) if wildcard => ("*.", rest),
        _ => ("", text),
    };
    let (host, port) = split_domain(name).filter(|(host, _)| !host.contains('*')).ok_or_else(bad)?;
    Ok(match port {
        Some(port) => format!("{star}{host}:{port}"),
        None => format!("{star}{host}"),
    })
}
