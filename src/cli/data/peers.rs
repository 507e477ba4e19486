//! `peer ...`

use crate::{
    Error, Result,
    app::App,
    domain::audit::Staff,
    net::Severity,
    peers::{self, NewBlock, NewPeer},
};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;

/// What to do with other nodes.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerVerb {
    /// List peers and blocked domains, with where each is set
    List,
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
    /// Ask another node who it is, under all rules of the outgoing gate
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
            let list = peers::list(app).await?;
            serde_json::to_value(list).map_err(Error::internal)
        }
        PeerVerb::Add { domain, addresses, port, http, ca_pem, .. } => {
            let new = NewPeer { domain: domain.clone(), addresses, port, http, ca_pem };
            peers::add(app, by, new).await?;
            Ok(json!({ "domain": domain, "added": true }))
        }
        PeerVerb::Remove { domain } => {
            peers::remove(app, by, &domain).await?;
            Ok(json!({ "domain": domain, "removed": true }))
        }
        PeerVerb::Block { domain, silence, reject_media, reject_reports, comment } => {
            let severity = match (silence, reject_media || reject_reports) {
                (true, _) => Severity::Silence,
                (false, true) => Severity::None,
                (false, false) => Severity::Suspend,
            };
            peers::block(app, by, NewBlock { domain: domain.clone(), severity, reject_media, reject_reports, comment })
                .await?;
            Ok(json!({ "domain": domain, "blocked": true }))
        }
        PeerVerb::Unblock { domain } => {
            peers::unblock(app, by, &domain).await?;
            Ok(json!({ "domain": domain, "blocked": false }))
        }
        PeerVerb::Probe { domain } => {
            let probe = peers::probe(app, &domain).await?;
            if probe.outcome != peers::REACHABLE {
                return Err(Error::Unavailable(format!("{}: {}", probe.domain, probe.outcome).into()));
            }
            serde_json::to_value(probe).map_err(Error::internal)
        }
    }
}
