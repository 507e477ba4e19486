//! Names, sockets and TLS: the connector under the gate. Judges every address that is really dialled, so that neither a
//! changing name (NET-04) nor a caller can get around the rules. [`Network`] is the seam for a simulated network.

use super::{
    address,
    failure::{Failure, Refusal},
    rules::{Rules, Via, literal},
};
use crate::{config::Scheme, limits};
use base64::Engine;
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use hyper::Uri;
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    sync::Semaphore,
};
use url::Url;

/// A byte stream in both directions.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// An open connection.
pub struct Link {
    /// The stream.
    pub io: Box<dyn Io>,
    /// Our end, when the network knows it.
    pub local: Option<SocketAddr>,
}

/// Names and sockets. Knows no rules; the gate judges around it.
pub trait Network: Send + Sync + 'static {
    /// All addresses of a name.
    fn resolve(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
    /// Opens a connection.
    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<Link>>;
}

/// The machine's resolver and sockets.
#[derive(Debug)]
pub struct SystemNetwork {
    lookups: Arc<Semaphore>,
}

impl Default for SystemNetwork {
    fn default() -> Self {
        // A dead resolver holds a thread per question for many seconds: at most these (REL-29).
        Self { lookups: Arc::new(Semaphore::new(32)) }
    }
}

impl Network for SystemNetwork {
    fn resolve(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let lookups = Arc::clone(&self.lookups);
        Box::pin(async move {
            let permit = lookups.acquire_owned().await.map_err(io::Error::other)?;
            tokio::task::spawn_blocking(move || {
                let _held_until_the_thread_is_free = permit;
                Ok((host.as_str(), 0).to_socket_addrs()?.map(|a| a.ip()).collect())
            })
            .await
            .map_err(io::Error::other)?
        })
    }

    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<Link>> {
        Box::pin(async move {
            let stream = tokio::net::TcpStream::connect(to).await?;
            stream.set_nodelay(true)?;
            let local = stream.local_addr().ok();
            Ok(Link { io: Box::new(stream), local })
        })
    }
}

/// By the extra certificates trusted, none for the system's alone.
type Made = HashMap<Option<Arc<[u8]>>, Arc<rustls::ClientConfig>>;

/// TLS settings, one per set of extra certificates. Reading the system's takes some milliseconds, so they are made when
/// first needed and kept.
#[derive(Default)]
pub struct Tls {
    made: Mutex<Made>,
}

impl Tls {
    pub(super) async fn config(self: &Arc<Self>, ca: Option<Arc<[u8]>>) -> Result<Arc<rustls::ClientConfig>, Failure> {
        if let Some(made) = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(&ca) {
            return Ok(Arc::clone(made));
        }
        let (this, key) = (Arc::clone(self), ca.clone());
        tokio::task::spawn_blocking(move || {
            let made = Arc::new(client_config(ca.as_deref()).map_err(|e| Failure::Unreachable(e.to_string()))?);
            this.made.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&made));
            Ok(made)
        })
        .await
        .map_err(|e| Failure::Unreachable(e.to_string()))?
    }
}

/// TLS 1.2 and newer, the system's roots and the peer's own (LAN-10). Wrong certificates are never accepted (NET-20).
fn client_config(ca: Option<&[u8]>) -> Result<rustls::ClientConfig, rustls::Error> {
    let mut extra = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(ca.unwrap_or_default()) {
        extra.push(certificate.map_err(|e| rustls::Error::General(e.to_string()))?);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, Arc::clone(&provider))?;
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        // The name is rustls's for any verifier of one's own; this one is the operating system's.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    // HTTP/1.1 only: two connections per host need no multiplexing, and less of a peer's state is ours to hold.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Opens connections for the HTTP client of one [`Via`].
#[derive(Clone)]
pub struct Connector {
    pub(super) rules: Arc<Rules>,
    pub(super) network: Arc<dyn Network>,
    pub(super) tls: Arc<Tls>,
    pub(super) via: Via,
}

impl tower::Service<Uri> for Connector {
    type Response = TokioIo<Wire>;
    type Error = Failure;
    type Future = BoxFuture<'static, Result<Self::Response, Failure>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            tokio::time::timeout(Duration::from_millis(limits::CONNECT_MS), this.open(uri))
                .await
                .unwrap_or_else(|_| Err(Failure::Unreachable("no connection in time".into())))
                .map(TokioIo::new)
        })
    }
}

impl Connector {
    async fn open(self, uri: Uri) -> Result<Wire, Failure> {
        let scheme = if uri.scheme_str() == Some("http") { Scheme::Http } else { Scheme::Https };
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let host = host.strip_suffix('.').unwrap_or(host).to_lowercase();
        let port = uri.port_u16().unwrap_or(scheme.default_port());
        let link = match &self.via {
            Via::Proxy(proxy) if self.rules.is_named(&host, scheme, port) => self.tunnel(proxy, &host, port).await?,
            // Nobody vouches for this host, and a proxy may see another address behind the name than we do: it is asked
            // for one that was judged.
            Via::Proxy(proxy) => {
                let mut tunnel = Err(Failure::Unreachable("no address".into()));
                for ip in self.addresses(&host, scheme, port).await?.iter().take(4) {
                    tunnel = self.tunnel(proxy, &ip.to_string(), port).await;
                    if tunnel.is_ok() {
                        break;
                    }
                }
                tunnel?
            }
            Via::Direct | Via::Relay | Via::Translator | Via::Store => {
                let addresses = self.addresses(&host, scheme, port).await?;
                let link = self.race(&addresses, port).await?;
                if let (Some(local), Some(remote)) = (link.0.local, link.1)
                    && self.rules.is_own_listener(local, remote)
                {
                    return Err(Refusal::Ourselves.into());
                }
                link.0
            }
        };
        if scheme == Scheme::Http {
            return Ok(Wire(link.io));
        }
        let config = self.tls.config(self.rules.authority(&self.via, &host, scheme, port)).await?;
        let name = ServerName::try_from(host).map_err(|e| Failure::Unreachable(e.to_string()))?;
        let stream = tokio_rustls::TlsConnector::from(config).connect(name, link.io).await;
        stream.map(|s| Wire(Box::new(s))).map_err(|e| Failure::Unreachable(e.to_string()))
    }

    /// The addresses to dial: all of them passed (NET-04, mixed answers).
    async fn addresses(&self, host: &str, scheme: Scheme, port: u16) -> Result<Vec<IpAddr>, Failure> {
        let found = if let Some(ip) = literal(host) {
            vec![ip]
        } else if let Some(loopback) = self.rules.loopback_of(host, scheme, port) {
            loopback
        } else {
            self.resolve(host).await?
        };
        if found.is_empty() {
            return Err(Failure::Unreachable("the name has no address".into()));
        }
        for ip in &found {
            if let Err(refusal) = self.rules.judge_address(&self.via, host, scheme, port, *ip) {
                if refusal == Refusal::OutsideRanges {
                    tracing::warn!(peer = host, address = %ip, "a peer's name resolves outside the ranges of its entry");
                }
                return Err(refusal.into());
            }
        }
        Ok(found)
    }

    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, Failure> {
        let found = self.network.resolve(host.to_owned()).await.map_err(|e| Failure::Unreachable(e.to_string()))?;
        let mut unique = Vec::with_capacity(found.len());
        for ip in found.into_iter().map(address::canonical) {
            if !unique.contains(&ip) {
                unique.push(ip);
            }
        }
        Ok(unique)
    }

    /// The first of up to four addresses that answers; each gets a head start of 250 ms before the next.
    async fn race(&self, addresses: &[IpAddr], port: u16) -> Result<(Link, Option<SocketAddr>), Failure> {
        let mut attempts = FuturesUnordered::new();
        let mut delay = Duration::ZERO;
        for ip in addresses.iter().take(4) {
            let to = SocketAddr::new(*ip, port);
            let connect = self.network.connect(to);
            let wait = delay;
            attempts.push(async move {
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
                connect.await.map(|link| (link, Some(to)))
            });
            delay += Duration::from_millis(250);
        }
        let mut last = Failure::Unreachable("no address".into());
        while let Some(attempt) = attempts.next().await {
            match attempt {
                Ok(link) => return Ok(link),
                Err(e) => last = Failure::Unreachable(e.to_string()),
            }
        }
        Err(last)
    }

    /// A tunnel through the configured proxy to a name, which it resolves with its own view of the world, or to an address.
    /// The admin chose the proxy, so its own address is not judged.
    async fn tunnel(&self, proxy: &Url, host: &str, port: u16) -> Result<Link, Failure> {
        let unreachable = |e: io::Error| Failure::Unreachable(format!("proxy: {e}"));
        let proxy_host = super::rules::host_of(proxy).ok_or(Refusal::Malformed)?;
        let found = match literal(&proxy_host) {
            Some(ip) => vec![ip],
            None => self.resolve(&proxy_host).await?,
        };
        let (mut link, _) = self.race(&found, proxy.port_or_known_default().unwrap_or(3128)).await?;
        let target = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if !proxy.username().is_empty() {
            // In the address they are percent-encoded; the header has them as they are.
            let (user, password) = (proxy.username(), proxy.password().unwrap_or_default());
            let plain = [decoded(user), decoded(password)].join(&b':');
            let encoded = base64::engine::general_purpose::STANDARD.encode(plain);
            head.push_str("Proxy-Authorization: Basic ");
            head.push_str(&encoded);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        link.io.write_all(head.as_bytes()).await.map_err(unreachable)?;
        let mut answer = Vec::new();
        // Byte by byte: what follows the blank line belongs to the tunnel.
        while !answer.ends_with(b"\r\n\r\n") {
            if answer.len() > 8 * 1024 {
                return Err(Failure::Unreachable("proxy: endless answer".into()));
            }
            answer.push(link.io.read_u8().await.map_err(unreachable)?);
        }
        let is_open = answer.starts_with(b"HTTP/1.") && answer.get(8..10) == Some(b" 2");
        if !is_open {
            return Err(Failure::Unreachable("proxy: refused the tunnel".into()));
        }
        Ok(link)
    }
}

/// The bytes behind a percent-encoded part of an address; what is no code stays as it is.
fn decoded(text: &str) -> Vec<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let code = (byte == b'%').then(|| (digit(ahead.next()), digit(ahead.next())));
        match code {
            Some((Some(high), Some(low))) => {
                plain.push((high << 4) | low);
                bytes = ahead;
            }
            _ => plain.push(byte),
        }
    }
    plain
}

/// What the HTTP client reads and writes: a socket, or TLS over one.
pub struct Wire(Box<dyn Io>);

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }
    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}
