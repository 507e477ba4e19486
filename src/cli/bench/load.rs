//! The client side of a measurement: keep-alive connections, a receiving server, latencies.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A keep-alive connection of HTTP/1.1.
pub(super) struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Line {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a whole request and reads the whole answer: status and body.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        self.stream.write_all(request).await?;
        let head = loop {
            if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let rest = self.buffer.split_off(head);
        let head = String::from_utf8_lossy(&std::mem::replace(&mut self.buffer, rest)).to_ascii_lowercase();
        let status = head.split_whitespace().nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        let length = head.lines().find_map(|l| l.strip_prefix("content-length:")).and_then(|v| v.trim().parse().ok());
        let Some(length) = length else {
            let end = loop {
                if let Some(at) = self.buffer.windows(5).position(|w| w == b"0\r\n\r\n") {
                    break at + 5;
                }
                if status == 204 {
                    break 0;
                }
                self.more().await?;
            };
            let rest = self.buffer.split_off(end);
            return Ok((status, std::mem::replace(&mut self.buffer, rest)));
        };
        while self.buffer.len() < length {
            self.more().await?;
        }
        let rest = self.buffer.split_off(length);
        Ok((status, std::mem::replace(&mut self.buffer, rest)))
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// How long each request took, and how many failed.
#[derive(Default)]
pub(super) struct Times {
    pub took: Vec<Duration>,
    pub failed: usize,
    pub wall: Duration,
}

impl Times {
    /// The latency below which this share of requests stayed, milliseconds.
    pub fn quantile(&mut self, share: f64) -> f64 {
        self.took.sort_unstable();
        let at = ((self.took.len() as f64 * share) as usize).min(self.took.len().saturating_sub(1));
        self.took.get(at).map_or(0.0, |t| t.as_secs_f64() * 1000.0)
    }
}

/// Sends all requests over so many connections.
pub(super) async fn storm(address: SocketAddr, requests: Vec<Vec<u8>>, connections: usize) -> io::Result<Times> {
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let mut lines = Vec::new();
    for _ in 0..connections {
        lines.push(Line::open(address).await?);
    }
    let started = Instant::now();
    let workers: Vec<_> = lines
        .into_iter()
        .map(|mut line| {
            let (requests, next) = (requests.clone(), next.clone());
            tokio::spawn(async move {
                let mut times = Times::default();
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let asked = Instant::now();
                    let (status, _) = line.ask(request).await?;
                    times.took.push(asked.elapsed());
                    times.failed += usize::from(!(200..300).contains(&status));
                }
                Ok::<Times, io::Error>(times)
            })
        })
        .collect();
    let mut all = Times::default();
    for worker in workers {
        let times = worker.await.map_err(io::Error::other)??;
        all.took.extend(times.took);
        all.failed += times.failed;
    }
    all.wall = started.elapsed();
    Ok(all)
}

/// A server for all receiving hosts: takes every activity, shows every person.
#[derive(Clone)]
pub(super) struct Receiver {
    pub port: u16,
    pub posts: Arc<AtomicUsize>,
    pub gets: Arc<AtomicUsize>,
    /// When each activity came.
    pub arrivals: Arc<Mutex<Vec<Instant>>>,
}

impl Receiver {
    pub async fn start(public_key: String) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let receiver = Self { port, posts: Arc::default(), gets: Arc::default(), arrivals: Arc::default() };
        let (own, key) = (receiver.clone(), Arc::new(public_key));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (own, key) = (own.clone(), key.clone());
                tokio::spawn(async move {
                    // A peer that goes away ends its own connection and nothing else.
                    let _ = own.serve(stream, &key).await;
                });
            }
        });
        Ok(receiver)
    }

    async fn serve(&self, mut stream: TcpStream, key: &str) -> io::Result<()> {
        let mut buffer = Vec::new();
        loop {
            let head = loop {
                if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                    break at + 4;
                }
                if stream.read_buf(&mut buffer).await? == 0 {
                    return Ok(());
                }
            };
            let rest = buffer.split_off(head);
            let head = String::from_utf8_lossy(&std::mem::replace(&mut buffer, rest)).into_owned();
            let field = |name: &str| {
                head.lines().find_map(|l| {
                    l.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim())
                })
            };
            let length: usize = field("content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
            while buffer.len() < length {
                if stream.read_buf(&mut buffer).await? == 0 {
                    return Ok(());
                }
            }
            buffer.drain(..length);
            let path = head.split_whitespace().nth(1).unwrap_or("/");
            let answer = if head.starts_with("POST") {
                self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
                self.posts.fetch_add(1, Ordering::SeqCst);
                "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned()
            } else {
                self.gets.fetch_add(1, Ordering::SeqCst);
                let (kind, body) = document(field("host").unwrap_or_default(), path, key);
                format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            };
            stream.write_all(answer.as_bytes()).await?;
        }
    }
}

/// A person's document or their handle.
fn document(host: &str, path: &str, key: &str) -> (&'static str, String) {
    let name = |text: &str| text.chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
    let base = format!("http://{host}");
    if let Some((_, resource)) = path.split_once("webfinger?resource=") {
        let resource = resource.replace("%3A", ":").replace("%2F", "/");
        let user = resource.rsplit_once("users/").or_else(|| resource.split_once("acct:")).map_or("", |(_, rest)| rest);
        let user = name(user);
        let links = serde_json::json!([{ "rel": "self", "type": "application/activity+json", "href": format!("{base}/users/{user}") }]);
        let jrd = serde_json::json!({ "subject": format!("acct:{user}@{host}"), "links": links });
        return ("application/jrd+json", jrd.to_string());
    }
    let user = path.strip_prefix("/users/").map(name).unwrap_or_default();
    let id = format!("{base}/users/{user}");
    let actor = serde_json::json!({
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "id": id, "type": "Person", "preferredUsername": user, "name": user, "summary": "",
        "inbox": format!("{id}/inbox"), "outbox": format!("{id}/outbox"), "followers": format!("{id}/followers"),
        "endpoints": { "sharedInbox": format!("{base}/inbox") },
        "publicKey": { "id": format!("{id}#main-key"), "owner": id, "publicKeyPem": key },
    });
    ("application/activity+json", actor.to_string())
}
