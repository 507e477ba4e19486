//! What the settings file tells the gate. Peers and blocks added by command come on top (`federation::peers`).

use super::rules::{Block, NetConfig, Peer, Severity};
use crate::{
    Error, Result,
    config::{Config, FederationPolicy, PostgresAddress, Purpose, Scheme},
};
use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::Path,
    sync::Arc,
};

impl NetConfig {
    /// Reads the settings, certificate files included, and resolves the database's address once.
    ///
    /// # Errors
    /// `BadRequest` naming a file that cannot be read or holds no certificate.
    pub fn from_settings(config: &Config) -> Result<Self> {
        super::mail::check(&config.mail).map_err(|(key, why)| Error::bad_request(format!("`{key}`: {why}")))?;
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
            translators: translator(config).into_iter().collect(),
            stores: store(config)?.into_iter().collect(),
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

/// The machine that translates, as a door for that purpose only.
fn translator(config: &Config) -> Option<Peer> {
    let url = config.translation.url.as_ref()?;
    Some(Peer {
        domain: super::host_of(url)?,
        addresses: config.translation.addresses.clone(),
        port: url.port_or_known_default(),
        scheme: if url.scheme() == "http" { Scheme::Http } else { Scheme::Https },
        ca: None,
    })
}

/// The bucket that files are kept in, as a door for that purpose only.
fn store(config: &Config) -> Result<Option<Peer>> {
    let settings = &config.media.s3;
    let Some(url) = &settings.endpoint else { return Ok(None) };
    let Some(domain) = super::host_of(url) else { return Ok(None) };
    Ok(Some(Peer {
        domain,
        addresses: settings.addresses.clone(),
        port: url.port_or_known_default(),
        scheme: if url.scheme() == "http" { Scheme::Http } else { Scheme::Https },
        ca: settings.ca_file.as_deref().map(read_ca).transpose()?,
    }))
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
    match crate::config::holds_certificates(pem) {
        true => Ok(()),
        false => Err(Error::bad_request("there is no certificate in PEM form")),
    }
}

/// Where the database server is, so that no peer entry can ever lead there (NET-07). An unknown name gives nothing: the
/// connection to the database fails more clearly a moment later.
fn database_addresses(config: &Config) -> Vec<SocketAddr> {
    if config.database.is_sqlite() {
        return Vec::new();
    }
    // As the driver reads it: hosts stand in the address, behind `host=`, or in both.
    let address = PostgresAddress::read(config.database.expose());
    let Ok(read) = address.driver.parse::<tokio_postgres::Config>() else { return Vec::new() };
    let port = |at: usize| read.get_ports().get(at).or(read.get_ports().first()).copied().unwrap_or(5432);
    let named = read.get_hosts().iter().enumerate().filter_map(|(at, host)| match host {
        tokio_postgres::config::Host::Tcp(name) => Some((name.as_str(), port(at))),
        tokio_postgres::config::Host::Unix(_) => None,
    });
    let resolved = named.flat_map(|at| at.to_socket_addrs().map(Iterator::collect::<Vec<_>>).unwrap_or_default());
    let numbers = read.get_hostaddrs().iter().enumerate().map(|(at, address)| SocketAddr::new(*address, port(at)));
    resolved.chain(numbers).collect()
}
