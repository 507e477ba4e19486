//! A network in memory: names and addresses are whatever a test says, servers are closures. The gate above it keeps all
//! its rules.

use futures_util::future::BoxFuture;
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use watercooler::net::{Io, Link, Network};

type Serve = Arc<dyn Fn(Box<dyn Io>) -> BoxFuture<'static, ()> + Send + Sync>;

#[derive(Clone, Default)]
pub struct SimNetwork(Arc<Inner>);

#[derive(Default)]
struct Inner {
    names: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    services: Mutex<HashMap<SocketAddr, Serve>>,
    locals: Mutex<HashMap<SocketAddr, SocketAddr>>,
    dials: Mutex<Vec<SocketAddr>>,
    questions: Mutex<Vec<String>>,
    requests: Mutex<Vec<String>>,
}

impl SimNetwork {
    /// A name with its addresses. Called again for the same name: the answers come one after the other, the last stays.
    pub fn name(&self, name: &str, addresses: &[&str]) -> &Self {
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        self.0.names.lock().unwrap().entry(name.to_owned()).or_default().insert(0, addresses);
        self
    }
    /// A server at an address; the closure gets a connection.
    pub fn serve<F>(&self, at: &str, f: impl Fn(Box<dyn Io>) -> F + Send + Sync + 'static) -> &Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.services.lock().unwrap().insert(at.parse().unwrap(), Arc::new(move |io| Box::pin(f(io))));
        self
    }
    /// An HTTP server that answers every request by its path, once per connection unless it says `keep-alive`.
    pub fn http(&self, at: &str, answer: impl Fn(&str) -> String + Send + Sync + 'static) -> &Self {
        let (answer, seen) = (Arc::new(answer), self.clone());
        self.serve(at, move |mut io| {
            let (answer, seen) = (answer.clone(), seen.clone());
            async move {
                while let Some(head) = read_head(&mut io).await {
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    seen.0.requests.lock().unwrap().push(head);
                    let text = answer(&path);
                    if io.write_all(text.as_bytes()).await.is_err() || !text.contains("keep-alive") {
                        return;
                    }
                }
            }
        })
    }
    /// What the other end sees as our address for connections to `at`.
    pub fn local_end(&self, at: &str, local: &str) {
        self.0.locals.lock().unwrap().insert(at.parse().unwrap(), local.parse().unwrap());
    }
    /// Addresses that were dialled.
    pub fn dials(&self) -> Vec<SocketAddr> {
        self.0.dials.lock().unwrap().clone()
    }
    /// Names that were asked for.
    pub fn questions(&self) -> Vec<String> {
        self.0.questions.lock().unwrap().clone()
    }
    /// Heads of the requests that arrived.
    pub fn requests(&self) -> Vec<String> {
        self.0.requests.lock().unwrap().clone()
    }
}

/// Everything up to the blank line, and then as much as `content-length` says (dropped).
pub async fn read_head(io: &mut (impl Io + ?Sized)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(io.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head.to_lowercase().split("content-length: ").nth(1).and_then(|l| l.split('\r').next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    io.read_exact(&mut body).await.ok()?;
    Some(head)
}

/// `200 OK` with this body, connection kept.
pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// A redirect.
pub fn redirect(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}

impl Network for SimNetwork {
    fn resolve(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.0.questions.lock().unwrap().push(host.clone());
        let mut names = self.0.names.lock().unwrap();
        let answer = match names.get_mut(&host) {
            Some(answers) if answers.len() > 1 => answers.pop(),
            Some(answers) => answers.last().cloned(),
            None => None,
        };
        Box::pin(async move { answer.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name")) })
    }

    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<Link>> {
        self.0.dials.lock().unwrap().push(to);
        let service = self.0.services.lock().unwrap().get(&to).cloned();
        let local = self.0.locals.lock().unwrap().get(&to).copied();
        Box::pin(async move {
            let service = service.ok_or(io::ErrorKind::ConnectionRefused)?;
            let (ours, theirs): (DuplexStream, DuplexStream) = tokio::io::duplex(64 * 1024);
            tokio::spawn(service(Box::new(theirs)));
            Ok(Link { io: Box::new(ours), local })
        })
    }
}
