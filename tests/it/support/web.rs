//! Pages of the open web for a node under test: a scripted server behind HTTPS at a public address, under the two names
//! of the test certificate, and a name that leads inside.

use super::{NodeBuilder, Peer};
use futures_util::future::BoxFuture;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};
use watercooler::{
    config::{PeerEntry, Scheme},
    net::{Link, Network, SystemNetwork},
};

/// The public address.
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(93, 184, 216, 34));
/// The names in the certificate.
const NAMES: [&str; 2] = ["secure.test", "moved.test"];

/// See the module.
#[derive(Clone)]
pub struct Web {
    /// What is served, and what was asked for.
    pub peer: Peer,
    network: Arc<WebNetwork>,
}

struct WebNetwork {
    system: SystemNetwork,
    behind: SocketAddr,
    acceptor: tokio_rustls::TlsAcceptor,
    dials: Mutex<Vec<SocketAddr>>,
}

impl Web {
    /// Starts it.
    pub async fn start() -> Self {
        use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls");
        let certificate = CertificateDer::from_pem_file(format!("{folder}/leaf.pem")).unwrap();
        let secret = PrivateKeyDer::from_pem_file(format!("{folder}/leaf.key")).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], secret)
            .unwrap();
        let peer = Peer::start("secure").await;
        let port = peer.authority.rsplit_once(':').unwrap().1.parse().unwrap();
        let network = WebNetwork {
            system: SystemNetwork::default(),
            behind: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            acceptor: tokio_rustls::TlsAcceptor::from(Arc::new(config)),
            dials: Mutex::default(),
        };
        Self { peer, network: Arc::new(network) }
    }
    /// Lets a node reach it, as any site of the world whose certificate is believed.
    pub fn reachable(&self, mut node: NodeBuilder) -> NodeBuilder {
        for name in NAMES {
            let ca = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls/ca.pem");
            let entry = PeerEntry {
                domain: name.to_owned(),
                addresses: Vec::new(),
                port: None,
                scheme: Scheme::Https,
                ca_file: Some(ca.into()),
            };
            node = node.config(|config| config.federation.peer.push(entry));
        }
        node.network(self.network.clone())
    }
    /// Serves a page.
    pub fn page(&self, path: &str, markup: impl Into<axum::body::Bytes>) {
        self.peer.serve_as(path, 200, "text/html; charset=utf-8", markup);
    }
    /// What was asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        self.peer.received().into_iter().map(|r| r.path).collect()
    }
    /// How often this was asked for.
    pub fn times(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| *asked == path).count()
    }
    /// Addresses that were dialled.
    pub fn dials(&self) -> Vec<SocketAddr> {
        self.network.dials.lock().unwrap().clone()
    }
}

impl Network for WebNetwork {
    fn resolve(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let address = match host.as_str() {
            name if NAMES.contains(&name) => Some(PUBLIC),
            "inside.test" => Some(IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3))),
            name if name.ends_with(".test") => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            _ => None,
        };
        let unknown = || io::Error::new(io::ErrorKind::NotFound, "tests resolve *.test only");
        Box::pin(async move { address.map(|ip| vec![ip]).ok_or_else(unknown) })
    }

    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<Link>> {
        self.dials.lock().unwrap().push(to);
        if to.ip() != PUBLIC {
            return self.system.connect(to);
        }
        let (acceptor, behind) = (self.acceptor.clone(), self.behind);
        Box::pin(async move {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            tokio::spawn(async move {
                let Ok(mut outer) = acceptor.accept(theirs).await else { return };
                let Ok(mut inner) = tokio::net::TcpStream::connect(behind).await else { return };
                let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
            });
            Ok(Link { io: Box::new(ours), local: None })
        })
    }
}
