//! What takes more than one request to measure: posts that arrive and leave, the concierge, follows of strangers.

use super::{
    Bench, CONCIERGE, DELIVERY, Figure, HANDSHAKE, INCOMING, SHARED, VERBS, get,
    load::{Line, Times, storm},
    seed::{HOSTS, INBOXES},
    usage,
};
use crate::{
    cli::Failure,
    db::{self, Db},
    store,
    time::Clock,
};
use serde_json::{Value, json};
use std::{
    process::Stdio,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

impl Bench<'_> {
    /// Signed posts of a known actor, until the last one is in the home timeline of a follower.
    pub(super) async fn incoming(&self, n: usize) -> Result<Figure, Failure> {
        let actor = &self.world.remote;
        let start = Clock::real().now().plus_millis(-i64::try_from(n).unwrap_or(0));
        let mut requests = Vec::new();
        for i in 0..n {
            // A millisecond apart: a post stands in timelines by its date.
            let now = start.plus_millis(i64::try_from(i).unwrap_or(0)).rfc3339();
            let id = format!("{actor}/statuses/{i}");
            let create = json!({
                "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{id}/activity"), "type": "Create",
                "actor": actor, "published": now, "to": ["https://www.w3.org/ns/activitystreams#Public"],
                "cc": [format!("{actor}/followers")],
                "object": { "id": id, "type": "Note", "attributedTo": actor, "published": now,
                    "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [format!("{actor}/followers")],
                    "content": format!("<p>Incoming {i}: the torque sensors of line 3 drift again.</p>") },
            });
            requests.push(self.signed("POST", "/inbox", create.to_string().as_bytes(), actor)?);
        }
        let held = self.stored().await?;
        let before = usage(self.server)?;
        let started = Instant::now();
        let mut times = storm(self.address, requests, 8).await?;
        let mut line = Line::open(self.address).await?;
        let wanted = format!("Incoming {}:", n - 1);
        let arrived = loop {
            let path = "/api/v1/timelines/home?limit=40";
            let (_, body) = line.ask(&get(self.port, path, Some(&self.world.reader_token))).await?;
            if String::from_utf8_lossy(&body).contains(&wanted) {
                break true;
            }
            if started.elapsed() > Duration::from_secs(120) {
                break false;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        times.wall = started.elapsed();
        if !arrived {
            return self.figure(INCOMING, 0.4, before, times, "the last one is not in the timeline".into());
        }
        let figure = self.figure(INCOMING, 0.4, before, times, String::new())?;
        let grown = self.stored().await?.saturating_sub(held) as f64 / 1024.0 / n.max(1) as f64;
        Ok(Figure { note: format!("{grown:.2} KiB of database each (bar 1.5)"), ..figure })
    }

    /// Public posts to followers on 200 hosts: with an inbox each, or (`shared`) one for all of a host.
    pub(super) async fn deliveries(&self, posts: usize, shared: bool) -> Result<Figure, Failure> {
        let (name, token, each) = match shared {
            true => (SHARED, &self.world.herald_token, HOSTS),
            false => (DELIVERY, &self.world.sender_token, HOSTS * INBOXES),
        };
        let wanted = posts * each;
        let (before, first) = (usage(self.server)?, self.receiver.posts.load(Ordering::SeqCst));
        let started = Instant::now();
        let requests = (0..posts).map(|i| self.status(token, &format!("To everybody {i}"))).collect();
        let posted = storm(self.address, requests, 1).await?;
        let done = || self.receiver.posts.load(Ordering::SeqCst) - first;
        while done() < wanted && started.elapsed() < Duration::from_secs(300) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let wall = started.elapsed();
        let arrivals = self.receiver.arrivals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let came = arrivals.iter().filter(|at| **at >= started).map(|at| at.duration_since(started));
        let times = Times { took: came.collect(), failed: wanted.abs_diff(done()) + posted.failed, wall };
        let note = format!(
            "{} followers on {HOSTS} hosts, {each} requests a post; times from the first post",
            HOSTS * INBOXES
        );
        self.figure(name, 0.8, before, times, note)
    }

    /// Bytes of the database as it is now, whatever of it is in files yet.
    async fn stored(&self) -> Result<u64, Failure> {
        let settings = db::Settings { connections: 2, ..db::Settings::new(self.config.database.expose()) };
        let opened = tokio::task::spawn_blocking(move || Db::open(&settings)).await;
        let database = opened.map_err(|e| Failure::new(e.to_string()))??;
        Ok(database.look(false, store::health::bytes).await?)
    }

    /// Commands to the concierge, one after the other, each until its answer is among the asker's notifications.
    pub(super) async fn answers(&self, n: usize) -> Result<Figure, Failure> {
        let (token, mut line) = (&self.world.author_token, Line::open(self.address).await?);
        let id = |json: &Value| json.get("id").and_then(Value::as_str).map(str::to_owned);
        let (before, started) = (usage(self.server)?, Instant::now());
        let mut times = Times::default();
        for _ in 0..n {
            let asked = Instant::now();
            let body = json!({ "status": "@concierge who knows torque", "visibility": "direct" }).to_string();
            let (_, command) = line.ask(&self.post("/api/v1/statuses", token, &body)).await?;
            let command = id(&serde_json::from_slice(&command).unwrap_or_default());
            let latest = get(self.port, "/api/v1/notifications?types[]=mention&limit=1", Some(token));
            loop {
                let (_, page) = line.ask(&latest).await?;
                let page: Value = serde_json::from_slice(&page).unwrap_or_default();
                let answers = page.pointer("/0/status/in_reply_to_id").and_then(Value::as_str);
                if command.is_some() && answers == command.as_deref() {
                    times.took.push(asked.elapsed());
                    break;
                }
                if asked.elapsed() > Duration::from_secs(10) {
                    times.failed += 1;
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        times.wall = started.elapsed();
        self.figure(CONCIERGE, f64::INFINITY, before, times, "the bar is a median of 1 s".into())
    }

    /// Follows by people never seen before, until each has its Accept.
    pub(super) async fn handshakes(&self, n: usize) -> Result<Figure, Failure> {
        let mut requests = Vec::new();
        for i in 0..n {
            let actor = format!("http://h{}.bench.localhost:{}/users/new{i}", i % HOSTS, self.receiver.port);
            let follow = json!({
                "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{actor}/follows/1"), "type": "Follow",
                "actor": actor, "object": format!("http://localhost:{}/users/author", self.port),
            });
            requests.push(self.signed("POST", "/users/author/inbox", follow.to_string().as_bytes(), &actor)?);
        }
        let before = usage(self.server)?;
        let (posts, gets) = (self.receiver.posts.load(Ordering::SeqCst), self.receiver.gets.load(Ordering::SeqCst));
        let started = Instant::now();
        let mut times = storm(self.address, requests, 8).await?;
        let accepted = || self.receiver.posts.load(Ordering::SeqCst) - posts;
        while accepted() < n && started.elapsed() < Duration::from_secs(60) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        times.wall = started.elapsed();
        times.failed += n.saturating_sub(accepted());
        let fetches = (self.receiver.gets.load(Ordering::SeqCst) - gets) as f64 / n as f64;
        self.figure(HANDSHAKE, 2.0, before, times, format!("{fetches:.1} fetches each"))
    }

    /// Commands beside the server, one after the other, each a process of its own: a person, and a token for them.
    pub(super) async fn verbs(&self, people: usize) -> Result<Figure, Failure> {
        let file = self.file.to_owned();
        let before = usage(self.server)?;
        let asked = tokio::task::spawn_blocking(move || {
            let (mut times, started) = (Times::default(), Instant::now());
            for number in 0..people {
                let name = format!("byverb{number}");
                for noun in ["account", "token"] {
                    let asked = Instant::now();
                    let mut command = super::program(&[noun, "create", &name], &file)?;
                    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
                    times.took.push(asked.elapsed());
                    times.failed += usize::from(!status.success());
                }
            }
            times.wall = started.elapsed();
            Ok::<Times, std::io::Error>(times)
        });
        let times = asked.await.map_err(|e| Failure::new(e.to_string()))??;
        self.figure(VERBS, f64::INFINITY, before, times, "the bar is 300 ms each".into())
    }
}
