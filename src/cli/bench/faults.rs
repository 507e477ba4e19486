//! What others do to a node, or what happens to it: a flood of requests that are not honest, a start with a long queue.

use super::{
    Bench, Figure, Server, get,
    load::{Line, Times, storm},
    seed::{HOSTS, INBOXES, World},
    start, usage,
};
use crate::{
    cli::{Failure, serve},
    config::Config,
    domain::posts::{Draft, publish},
    model::Visibility,
};
use serde_json::json;
use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// The flood (REL-21).
pub(super) const FLOOD: &str = "a junk request to the inbox, in a flood";
/// The start (REL-17).
pub(super) const RESTART: &str = "start to first answer with deliveries waiting";

/// Deliveries that wait when the node starts.
const WAITING: usize = 100_000;
/// How long the memory is looked at after the start.
const LOOK: Duration = Duration::from_secs(10);
/// Connections of the flood.
const LINES: usize = 32;

impl Bench<'_> {
    /// Junk of four kinds, by many, while a person reads: without a signature, with one over another body, with one of a known
    /// actor whose key it is not, and signed by somebody whose server does not answer.
    pub(super) async fn flood(&self, n: usize) -> Result<Figure, Failure> {
        let mut requests = Vec::with_capacity(n);
        for i in 0..n {
            let actor = match i % 4 {
                3 => format!("http://nobody{}.bench.localhost:1/users/eve", i % 1_000),
                _ => self.world.remote.clone(),
            };
            let body = json!({
                "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{actor}/junk/{i}"), "type": "Create",
                "actor": actor, "object": { "id": format!("{actor}/junk/{i}/note"), "type": "Note", "attributedTo": actor,
                    "content": "<p>Buy now.</p>".repeat(20) },
            })
            .to_string();
            let mut request = match i % 4 {
                0 => format!(
                    "POST /inbox HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/activity+json\r\n\
                     Content-Length: {}\r\n\r\n{body}",
                    self.port,
                    body.len()
                )
                .into_bytes(),
                _ => self.signed("POST", "/inbox", body.as_bytes(), &actor)?,
            };
            if i % 4 == 1
                && let Some(letter) = request.iter().rposition(|byte| *byte == b'B')
                && let Some(byte) = request.get_mut(letter)
            {
                *byte = b'C';
            }
            if i % 4 == 2
                && let Some(at) = request.windows(11).position(|w| w == b"signature=\"")
                && let Some(byte) = request.get_mut(at + 20)
            {
                *byte = if *byte == b'A' { b'B' } else { b'A' };
            }
            requests.push(request);
        }
        let over = Arc::new(AtomicBool::new(false));
        let (address, ended) = (self.address, over.clone());
        let page = get(self.port, "/api/v1/timelines/home?limit=20", Some(&self.world.reader_token));
        let reader = tokio::spawn(async move {
            let (mut line, mut times) = (Line::open(address).await?, Times::default());
            while !ended.load(Ordering::Acquire) {
                let asked = Instant::now();
                let (status, _) = line.ask(&page).await?;
                times.took.push(asked.elapsed());
                times.failed += usize::from(status != 200);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok::<Times, std::io::Error>(times)
        });
        let before = usage(self.server)?;
        let mut times = storm(self.address, requests, LINES).await?;
        let after = usage(self.server)?;
        over.store(true, Ordering::Release);
        let mut read = reader.await.map_err(|e| Failure::new(e.to_string()))??;
        // What is taken in is what failed here; so is a page that did not come.
        times.failed = times.took.len() - times.failed + read.failed;
        let more = after.resident.saturating_sub(before.resident) >> 20;
        let note = format!(
            "meanwhile a home timeline took {:.1} ms at p95 (bar 100); {more} MiB more (bar 64)",
            read.quantile(0.95)
        );
        self.figure(FLOOD, f64::INFINITY, before, times, note)
    }
}

/// Writes deliveries while nobody sends them, starts the node and looks at it.
pub(super) async fn restart(
    config: &Config,
    file: &Path,
    address: SocketAddr,
    port: u16,
    world: &World,
    idle: u64,
) -> Result<(Figure, Server), Failure> {
    let app = serve::open(config.clone()).await?;
    let sender = world.sender;
    for n in 0..WAITING / (HOSTS * INBOXES) {
        let text = format!("While nobody sends, {n}");
        app.write(move |tx| {
            publish(tx, sender, Draft { text, visibility: Some(Visibility::Public), ..Draft::default() }).map(drop)
        })
        .await?;
    }
    serve::close(app).await;
    let started = Instant::now();
    let server = start(file)?;
    let mut line = Line::open(address).await?;
    let (status, _) = line.ask(&get(port, "/api/v2/instance", None)).await?;
    let ready = started.elapsed();
    let (mut most, before) = (0, usage(&server)?);
    while started.elapsed() < LOOK {
        most = most.max(usage(&server)?.resident);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let more = most.saturating_sub(idle) >> 20;
    let figure = Figure {
        name: RESTART,
        bar_ms: f64::INFINITY,
        count: 1,
        cpu_ms: before.cpu.as_secs_f64() * 1_000.0,
        rate: 1.0 / ready.as_secs_f64().max(1e-9),
        p50: ready.as_secs_f64() * 1_000.0,
        p99: ready.as_secs_f64() * 1_000.0,
        failed: usize::from(status != 200),
        resident: most,
        note: format!("{WAITING} deliveries; bar 2,000 ms; at most {more} MiB above idle in 10 s (bar 50)"),
    };
    Ok((figure, server))
}
