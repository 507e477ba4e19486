//! What apps do: start, look at a long list of notifications, and keep connections open for news.

use super::{
    Bench, Figure, SOCKETS, STARTS, get,
    load::{Line, Times},
    seed::SOCKETS_EACH,
    usage,
};
use crate::cli::Failure;
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};

/// What an app asks in its first two seconds.
const START: [&str; 14] = [
    "/api/v2/instance",
    "/api/v1/accounts/verify_credentials",
    "/api/v1/preferences",
    "/api/v1/custom_emojis",
    "/api/v2/filters",
    "/api/v1/lists",
    "/api/v1/followed_tags",
    "/api/v1/announcements",
    "/api/v1/markers?timeline[]=home&timeline[]=notifications",
    "/api/v2/notifications/policy",
    "/api/v1/timelines/home?limit=40",
    "/api/v2/notifications?limit=40&grouped_types[]=favourite&grouped_types[]=reblog&grouped_types[]=follow",
    "/api/v2/notifications/unread_count",
    "/api/v1/conversations?limit=40",
];

/// Starts a second on two cores that are wanted; what one may cost then.
const STARTS_A_SECOND: f64 = 200.0;
/// Milliseconds until everybody has heard of an event.
const HEARD_MS: f64 = 1_000.0;
/// MiB of the server with all sockets open.
const OPEN_MIB: u64 = 150;
/// Events told to all.
const EVENTS: usize = 5;

impl Bench<'_> {
    /// Whole starts of an app, eight at once.
    pub(super) async fn starts(&self, n: usize) -> Result<Figure, Failure> {
        let token = Some(self.world.reader_token.as_str());
        let requests: Arc<Vec<Vec<u8>>> = Arc::new(START.iter().map(|path| get(self.port, path, token)).collect());
        let left = Arc::new(AtomicUsize::new(n));
        let before = usage(self.server)?;
        let started = Instant::now();
        let mut workers = Vec::new();
        for _ in 0..8 {
            let (requests, left, mut line) = (requests.clone(), left.clone(), Line::open(self.address).await?);
            workers.push(tokio::spawn(async move {
                let mut times = Times::default();
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    let asked = Instant::now();
                    for request in requests.iter() {
                        let (status, _) = line.ask(request).await?;
                        times.failed += usize::from(status != 200);
                    }
                    times.took.push(asked.elapsed());
                }
                Ok::<Times, io::Error>(times)
            }));
        }
        let mut all = Times::default();
        for worker in workers {
            let times = worker.await.map_err(io::Error::other)??;
            all.took.extend(times.took);
            all.failed += times.failed;
        }
        all.wall = started.elapsed();
        let rate = all.took.len() as f64 / all.wall.as_secs_f64();
        let note = format!("{rate:.0} starts a second of {} requests (bar {STARTS_A_SECOND:.0})", START.len());
        self.figure(STARTS, 2_000.0 / STARTS_A_SECOND, before, all, note)
    }

    /// Many sockets, and an event that all of them are told of.
    pub(super) async fn sockets(&self) -> Result<Figure, Failure> {
        let before = usage(self.server)?;
        let heard = Arc::new(Heard::default());
        let mut open = Vec::new();
        for token in &self.world.listener_tokens {
            for _ in 0..SOCKETS_EACH {
                let stream = listen(self.address, self.port, token).await?;
                open.push(tokio::spawn(follow(stream, heard.clone())));
            }
        }
        let sockets = open.len();
        // What accepting them took is over.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let opened = usage(self.server)?;
        let (mut times, started) = (Times::default(), Instant::now());
        let mut line = Line::open(self.address).await?;
        for event in 1..=EVENTS {
            let asked = Instant::now();
            let (status, _) = line.ask(&self.status(&self.world.author_token, &format!("Everybody, {event}"))).await?;
            times.failed += usize::from(status != 200);
            let all = heard.all(sockets * event);
            if tokio::time::timeout(Duration::from_secs(60), all).await.is_err() {
                times.failed += sockets * event - heard.count.load(Ordering::SeqCst);
                break;
            }
            times.took.push(asked.elapsed());
        }
        times.wall = started.elapsed();
        for socket in open {
            socket.abort();
        }
        let (slowest, mib) = (times.quantile(1.0), opened.resident >> 20);
        let each = opened.resident.saturating_sub(before.resident) as f64 / 1024.0 / sockets.max(1) as f64;
        let note = format!(
            "{sockets} sockets, {each:.1} KiB each; the server has {mib} MiB with them (bar {OPEN_MIB}), all had heard after \
             {slowest:.0} ms (bar {HEARD_MS:.0})"
        );
        self.figure(SOCKETS, f64::INFINITY, opened, times, note)
    }
}

/// How many sockets heard of something.
#[derive(Default)]
struct Heard {
    count: AtomicUsize,
    more: Notify,
}

impl Heard {
    async fn all(&self, wanted: usize) {
        loop {
            let more = self.more.notified();
            if self.count.load(Ordering::SeqCst) >= wanted {
                return;
            }
            more.await;
        }
    }
}

/// Opens a socket that listens to the posts of the node.
async fn listen(address: SocketAddr, port: u16, token: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "GET /api/v1/streaming?stream=public:local HTTP/1.1\r\nHost: localhost:{port}\r\n\
         Authorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await?);
    }
    match answer.starts_with(b"HTTP/1.1 101") {
        true => Ok(stream),
        false => Err(io::Error::other(String::from_utf8_lossy(&answer).into_owned())),
    }
}

/// Counts each event, and answers pings.
async fn follow(mut stream: TcpStream, heard: Arc<Heard>) -> io::Result<()> {
    const UPDATE: &[u8] = b"\"event\":\"update\"";
    let mut buffer = Vec::with_capacity(4 * 1024);
    while stream.read_buf(&mut buffer).await? > 0 {
        // A ping without words: the answer is masked, as all that clients send.
        if buffer.starts_with(&[0x89, 0]) {
            buffer.drain(..2);
            stream.write_all(&[0x8A, 0x80, 1, 2, 3, 4]).await?;
        }
        while let Some(at) = buffer.windows(UPDATE.len()).position(|part| part == UPDATE) {
            buffer.drain(..at + UPDATE.len());
            heard.count.fetch_add(1, Ordering::SeqCst);
            heard.more.notify_waiters();
        }
        // What may still become the word that is looked for.
        if buffer.len() > 64 * 1024 {
            buffer.drain(..buffer.len() - UPDATE.len());
        }
    }
    Ok(())
}
