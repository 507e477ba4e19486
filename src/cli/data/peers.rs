//! `peer ...`

use crate::{
    Error, Result,
    app::App,
    domain::{audit::Staff, delivery::PeerHealth},
    federation::{charter::checks, relays, way_back},
    id::Id,
    model::Delivery,
    net::{Severity, split_domain},
    peers::{self, NewBlock, NewPeer, health},
    store,
};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;

/// What to do with other nodes.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerVerb {
    /// List peers and blocked domains, with where each is set and how it is
    List,
    /// Show how another server is: what waits for it, since when, why, and when it is tried again
    Show {
        /// The domain
        domain: String,
    },
    /// Add a peer, or change it
    Add {
        /// hr.corp.example, *.sites.corp.example, or localhost:8081
        domain: String,
        /// An address or range it may have, for instance 10.20.0.0/16; several times for several. None: public only
        #[arg(long = "address", value_name = "RANGE")]
        addresses: Vec<String>,
        /// The only port allowed; default: that of the scheme
        #[arg(long)]
        port: Option<u16>,
        /// Plain http for this one peer
        #[arg(long)]
        http: bool,
        /// PEM file of a certificate authority trusted for this peer only
        #[arg(long, value_name = "FILE")]
        #[serde(skip)]
        ca_file: Option<PathBuf>,
        /// Read from the file before the verb goes to the server
        #[arg(skip)]
        ca_pem: Option<String>,
    },
    /// Remove a peer that was added by command
    Remove {
        /// Its name in the list
        domain: String,
    },
    /// Block a domain and its subdomains
    Block {
        /// The domain
        domain: String,
        /// Only hide its people from those who do not follow them
        #[arg(long)]
        silence: bool,
        /// Fetch no media from it
        #[arg(long)]
        reject_media: bool,
        /// Drop its reports
        #[arg(long)]
        reject_reports: bool,
        /// Why, for the staff
        #[arg(long, default_value = "")]
        comment: String,
    },
    /// Lift a block that was set by command
    Unblock {
        /// The domain
        domain: String,
    },
    /// List the relays whose posts are taken in, their kinds, and how each stands
    Relays,
    /// Take in what a relay passes on: the actor of this node follows it
    Relay {
        /// The address of its actor, https://relay.example/actor, or of its inbox, https://relay.example/inbox
        address: String,
        /// Leave it
        #[arg(long)]
        remove: bool,
    },
    /// Ask another node who it is, under all rules of the outgoing gate, and try whether it reaches this one
    Probe {
        /// The domain
        domain: String,
    },
}

impl PeerVerb {
    /// Reads the certificate file here: the server may run elsewhere in the file system.
    pub(super) fn read_ca(&mut self) -> Result<()> {
        if let Self::Add { ca_file: Some(path), ca_pem, .. } = self {
            let text = std::fs::read_to_string(&*path)
                .map_err(|e| Error::invalid("ca_file", "invalid", format!("cannot read {}: {e}", path.display())))?;
            *ca_pem = Some(text);
        }
        Ok(())
    }
}

pub(super) async fn run(app: &App, verb: PeerVerb) -> Result<Value> {
    let by = Staff::console();
    match verb {
        PeerVerb::List => {
            let health = health::all(app).await?;
            let mut list = Vec::new();
            for entry in peers::list(app).await? {
                let of_entry = health.iter().find(|peer| entry.kind == "peer" && entry.is_of(&peer.domain));
                let mut shown = with_health(serde_json::to_value(&entry).map_err(Error::internal)?, of_entry)?;
                if let (true, Some(object)) = (is_block(&entry), shown.as_object_mut()) {
                    object.insert("state".into(), "blocked".into());
                }
                list.push(shown);
            }
            Ok(Value::Array(list))
        }
        PeerVerb::Show { domain } => {
            let typed = domain.trim().to_lowercase();
            // As it is kept and matched.
            let wanted = match split_domain(&typed) {
                Some((host, Some(port))) => format!("{host}:{port}"),
                Some((host, None)) => host,
                None => typed.clone(),
            };
            let entries: Vec<peers::Entry> =
                peers::list(app).await?.into_iter().filter(|entry| entry.is_of(&wanted)).collect();
            let all = health::all(app).await?;
            let same = |peer: &&PeerHealth| {
                peer.domain == wanted || entries.iter().any(|entry| entry.kind == "peer" && entry.is_of(&peer.domain))
            };
            let Some(peer) = all.iter().find(same) else {
                if entries.is_empty() {
                    return Err(Error::invalid("domain", "not_found", format!("nothing is known of `{typed}`")));
                }
                let state = if entries.iter().any(is_block) { "blocked" } else { "unknown" };
                return Ok(json!({ "domain": wanted, "state": state, "entries": entries }));
            };
            let mut value = serde_json::to_value(peer).map_err(Error::internal)?;
            let host = peer.domain.clone();
            let first = app.read(move |conn| store::deliveries::next_of_host(conn, &host, Id::new(0), 10)).await?;
            if let Some(object) = value.as_object_mut() {
                let line = |d: &Delivery| {
                    json!({ "id": d.id, "inbox": d.inbox, "since": d.created_at, "attempts": d.attempts,
                            "last_error": d.last_error })
                };
                object.insert("oldest".into(), first.iter().map(line).collect());
                object.insert("entries".into(), serde_json::to_value(&entries).map_err(Error::internal)?);
            }
            Ok(value)
        }
        PeerVerb::Add { domain, addresses, port, http, ca_pem, .. } => {
            let domain = peers::add(app, by, NewPeer { domain, addresses, port, http, ca_pem }).await?;
            Ok(json!({ "domain": domain, "added": true }))
        }
        PeerVerb::Remove { domain } => {
            let domain = peers::remove(app, by, &domain).await?;
            Ok(json!({ "domain": domain, "removed": true }))
        }
        PeerVerb::Block { domain, silence, reject_media, reject_reports, comment } => {
            let severity = match (silence, reject_media || reject_reports) {
                (true, _) => Severity::Silence,
                (false, true) => Severity::None,
                (false, false) => Severity::Suspend,
            };
            let new = NewBlock { domain, severity, reject_media, reject_reports, comment, ..NewBlock::default() };
            let domain = peers::block(app, by, new).await?;
            Ok(json!({ "domain": domain, "blocked": true }))
        }
        PeerVerb::Unblock { domain } => {
            let domain = peers::unblock(app, by, &domain).await?;
            Ok(json!({ "domain": domain, "blocked": false }))
        }
        PeerVerb::Relays => serde_json::to_value(relays::list(app).await?).map_err(Error::internal),
        PeerVerb::Relay { address, remove: false } => {
            serde_json::to_value(relays::add(app, by, &address).await?).map_err(Error::internal)
        }
        PeerVerb::Relay { address, remove: true } => {
            relays::remove(app, by, &address).await?;
            Ok(json!({ "address": address, "removed": true }))
        }
        PeerVerb::Probe { domain } => {
            let probe = peers::probe(app, &domain).await?;
            if probe.outcome != peers::REACHABLE {
                let to_do = checks::advice_for(&probe.outcome);
                return Err(Error::Unavailable(format!("{}: {}: {to_do}", probe.domain, probe.outcome).into()));
            }
            let back = way_back::look(app, &probe.domain).await?;
            let mut value = serde_json::to_value(probe).map_err(Error::internal)?;
            if let Some(object) = value.as_object_mut() {
                object.insert("way_back".into(), serde_json::to_value(back).map_err(Error::internal)?);
            }
            Ok(value)
        }
    }
}

/// Whether nothing at all is spoken with a server, by this entry.
fn is_block(entry: &peers::Entry) -> bool {
    entry.kind == "removed" || entry.kind == "block" && entry.severity == Some("suspend")
}

/// What the list shows of a server beside its entry.
const SHOWN: [&str; 8] =
    ["state", "waiting", "oldest_waiting", "lag_seconds", "last_success", "last_heard", "next_try", "why"];

/// An entry of the list with how its server is; nulls where nothing is known of it.
fn with_health(mut entry: Value, health: Option<&PeerHealth>) -> Result<Value> {
    let health = health.map(serde_json::to_value).transpose().map_err(Error::internal)?;
    if let Some(object) = entry.as_object_mut() {
        for key in SHOWN {
            let value = health.as_ref().and_then(|health| health.get(key)).cloned().unwrap_or_default();
            object.insert(key.to_owned(), value);
        }
    }
    Ok(entry)
}
