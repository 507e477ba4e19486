//! What the settings file tells the gate. Peers and blocks added by command come on top (`federation::peers`).

use super::rules::{Block, NetConfig, Peer, Severity};
use crate::{
    Error, Result,
    config::{Config, FederationPolicy, Purpose, Scheme},
};
use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::Path,
    sync::Arc,
};
use url::Url;

impl NetConfig {
    /// Reads the settings, certificate files included, and resolves the database's address once.
    ///
    /// # Errors
    /// `BadRequest` naming a file that cannot be read or holds no certificate.
    pub fn from_settings(config: &Config) -> Result<Self> {
        let mut peers = Vec::with_capacity(config.federation.peer.len());
        for entry in &config.federation.peer {
            peers.push(Peer {
                domain: entry.domain.clone(),
                addresses: entry.addresses.clone(),
                port: entry.port,
                scheme: entry.scheme,
                ca: entry.ca_file.as_deref().map(read_ca).transpose()?,
            });
        }
        let mut relays = Vec::with_capacity(config.push.relay.len());
        for entry in &config.push.relay {
            relays.push(Peer {
                domain: entry.domain.clone(),
                addresses: entry.addresses.clone(),
                port: entry.port,
                scheme: Scheme::Https,
                ca: entry.ca_file.as_deref().map(read_ca).transpose()?,
            });
        }
        let block = |domain: &String| Block {
            domain: domain.clone(),
            severity: Severity::Suspend,
            reject_media: true,
            reject_reports: true,
        };
        let mut guarded: Vec<SocketAddr> = vec![config.listen];
        guarded.extend(config.metrics.listen);
        guarded.extend(database_addresses(config));
        Ok(Self {
            user_agent: format!("Watercooler/{} (+{}/)", env!("CARGO_PKG_VERSION"), config.site.base()),
            allowlist: config.federation.policy == FederationPolicy::Allowlist,
            peers,
            relays,
            blocks: config.federation.blocked.iter().map(block).collect(),
            removed: Vec::new(),
            organisation: false,
            own: vec![config.site.domain().to_owned(), config.site.authority().to_owned()],
            guarded,
            internal_suffixes: config.outgoing.internal_suffixes.clone(),
            proxies: Purpose::ALL
                .into_iter()
                .filter_map(|purpose| Some((purpose, config.outgoing.proxy.of(purpose)?.clone())))
                .collect(),
        })
    }
}

/// A PEM file with at least one certificate.
///
/// # Errors
/// `BadRequest` naming the file.
pub fn read_ca(path: &Path) -> Result<Arc<[u8]>> {
    let pem = std::fs::read(path).map_err(|e| Error::bad_request(format!("cannot read {}: {e}", path.display())))?;
    check_ca(&pem).map_err(|_| Error::bad_request(format!("{} holds no certificate in PEM form", path.display())))?;
    Ok(pem.into())
}

/// # Errors
/// `BadRequest` when this is no PEM text with at least one certificate.
pub fn check_ca(pem: &[u8]) -> Result<()> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let bad = || Error::bad_request("there is no certificate in PEM form");
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        certificate.map_err(|_| bad())?;
        count += 1;
    }
    if count == 0 { Err(bad()) } else { Ok(()) }
}

/// Where the database server is, so that no peer entry can ever lead there (NET-07). An unknown name gives nothing: the
/// connection to the database fails more clearly a moment later.
fn database_addresses(config: &Config) -> Vec<SocketAddr> {
    if config.database.is_sqlite() {
        return Vec::new();
    }
    let Ok(url) = Url::parse(config.database.expose()) else { return Vec::new() };
    let Some(host) = url.host_str().filter(|h| !h.is_empty() && !h.starts_with('/')) else { return Vec::new() };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (host, url.port().unwrap_or(5432)).to_socket_addrs().map(Iterator::collect).unwrap_or_default()
}
