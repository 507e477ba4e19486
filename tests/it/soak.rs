//! Seven simulated days (N15): three nodes whose links are cut one way, both ways, or lose answers, whose
//! clocks jump, and which end in the middle of their work and start again on the same folder. All of it drawn by lot, the same in
//! every run. What was written is afterwards at each node it is for, once, and at no other.

use crate::support::{Client, Lot, NOW, Node, NodeBuilder, settle};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use watercooler::{
    db::Sql,
    domain::html::plain_text,
    net::{Io, Link, Network, SystemNetwork},
    time::{Clock, Timestamp},
};

const HOUR: i64 = 3_600_000;
/// Hours between two looks.
const STEP: i64 = 3;
const NAMES: [&str; 3] = ["hq", "lyon", "oslo"];

/// What is wrong with the way from one node to another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Nothing goes through.
    Cut,
    /// Requests arrive, answers are lost.
    Deaf,
}

type Ways = Arc<Mutex<HashMap<(usize, SocketAddr), Trouble>>>;

/// The network as one of the nodes sees it.
struct Wires {
    from: usize,
    ways: Ways,
    system: Arc<SystemNetwork>,
}

impl Network for Wires {
    fn resolve(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
    }
    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<Link>> {
        let (ways, way, system) = (self.ways.clone(), (self.from, to), self.system.clone());
        Box::pin(async move {
            if ways.lock().unwrap().get(&way) == Some(&Trouble::Cut) {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let Link { io, local } = system.connect(to).await?;
            Ok(Link { io: Box::new(Wire { io, ways, way }), local })
        })
    }
}

/// A connection that breaks with its way.
struct Wire {
    io: Box<dyn Io>,
    ways: Ways,
    way: (usize, SocketAddr),
}

impl Wire {
    fn trouble(&self) -> Option<Trouble> {
        self.ways.lock().unwrap().get(&self.way).copied()
    }
}

fn broken() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.trouble() == Some(Trouble::Cut) {
            return Poll::Ready(Err(broken()));
        }
        let read = Pin::new(&mut self.io).poll_read(cx, into);
        // Something came, so the request was taken; nobody hears of it.
        if read.is_ready() && self.trouble().is_some() { Poll::Ready(Err(broken())) } else { read }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        if self.trouble() == Some(Trouble::Cut) {
            return Poll::Ready(Err(broken()));
        }
        Pin::new(&mut self.io).poll_write(cx, from)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// The three nodes with one person each, who follow one another.
struct World {
    nodes: Vec<Node>,
    people: Vec<Client>,
    ways: Ways,
    /// The right time, and how far each clock is off.
    now: i64,
    off: [i64; 3],
}

fn wires(from: usize, ways: &Ways) -> Arc<Wires> {
    Arc::new(Wires { from, ways: ways.clone(), system: Arc::default() })
}

impl World {
    async fn new() -> Self {
        let (ways, mut nodes, mut people) = (Ways::default(), Vec::new(), Vec::new());
        let mut builders = Vec::new();
        for name in NAMES {
            builders.push(NodeBuilder::new(name).await);
        }
        let names: Vec<String> = builders.iter().map(NodeBuilder::authority).collect();
        for (number, mut node) in builders.into_iter().enumerate() {
            for name in names.iter().filter(|name| **name != names[number]) {
                node = node.knows(name);
            }
            // The second one on PostgreSQL when there is one.
            let node = if number == 1 { node } else { node.embedded() };
            let node = node.clock(&Clock::fixed(NOW)).network(wires(number, &ways)).start().await;
            people.push(node.member(&format!("p{number}")).await);
            nodes.push(node);
        }
        let mut world = Self { nodes, people, ways, now: NOW.millis(), off: [0; 3] };
        for number in 0..3 {
            for other in (0..3).filter(|other| *other != number) {
                let handle = world.nodes[other].handle(&format!("p{other}"));
                crate::audiences::follow(&world.people[number], &handle).await;
            }
        }
        world.hours(1).await;
        world
    }

    /// Moves every clock and lets everybody do what is due.
    async fn hours(&mut self, hours: i64) {
        self.now += hours * HOUR;
        for (node, off) in self.nodes.iter().zip(self.off) {
            node.clock.set(Timestamp::from_millis(self.now + off));
        }
        let all: Vec<&Node> = self.nodes.iter().collect();
        Box::pin(settle(&all)).await;
    }

    /// What is wrong from now on, drawn anew: most ways are well.
    fn trouble(&mut self, lot: &mut Lot) {
        let mut ways = self.ways.lock().unwrap();
        ways.clear();
        for from in 0..3 {
            for to in (0..3).filter(|to| *to != from) {
                let address = self.nodes[to].address;
                match lot.below(6) {
                    0 => drop(ways.insert((from, address), Trouble::Cut)),
                    1 => drop(ways.insert((from, address), Trouble::Deaf)),
                    _ => {}
                }
                // Both ways.
                if lot.below(12) == 0 {
                    ways.insert((from, address), Trouble::Cut);
                    ways.insert((to, self.nodes[from].address), Trouble::Cut);
                }
            }
        }
        for off in &mut self.off {
            *off = [-HOUR, 0, 0, HOUR][lot.below(4)];
        }
    }

    /// One of them dies while it works, and starts again.
    async fn dies(&mut self, number: usize, lot: &mut Lot) {
        let moment = Duration::from_millis(lot.below(25) as u64);
        let _ = tokio::time::timeout(moment, Box::pin(settle(&[&self.nodes[number]]))).await;
        let builder = NodeBuilder::again(self.nodes.remove(number)).await;
        let node = builder.network(wires(number, &self.ways)).start().await;
        let (token, name) = (self.people[number].token.clone().unwrap(), self.people[number].name.clone());
        let id = self.people[number].id.clone();
        self.people[number] = Client::with_token(&node, &token);
        (self.people[number].id, self.people[number].name) = (id, name);
        self.nodes.insert(number, node);
    }

    async fn writes(&self, who: usize, text: &str) -> Value {
        self.people[who].post("/api/v1/statuses", json!({ "status": text })).await.ok()
    }
}

async fn count(node: &Node, sql: &'static str) -> i64 {
    node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
}

/// How often each text stands in a list, read page by page.
async fn all(client: &Client, path: &str, post: impl Fn(&Value) -> Value) -> BTreeMap<String, usize> {
    let (mut found, mut below) = (BTreeMap::new(), String::new());
    loop {
        let page = client.get(&format!("{path}limit=40{below}")).await.ok();
        let page = page.as_array().unwrap();
        let Some(last) = page.last() else { return found };
        for entry in page {
            let text = plain_text(post(entry)["content"].as_str().unwrap_or_default());
            *found.entry(text.split_whitespace().last().unwrap_or_default().to_owned()).or_default() += 1;
        }
        below = format!("&max_id={}", last["id"].as_str().unwrap());
    }
}

#[tokio::test]
async fn over_seven_days_of_cut_links_wrong_clocks_and_restarts_nothing_is_lost_or_doubled() {
    let mut world = World::new().await;
    let mut lot = Lot::new(15);
    // Each word, by whom it is said, and who else it is for.
    let mut said: Vec<(String, usize, bool)> = Vec::new();
    let mut named: Vec<(String, usize)> = Vec::new();
    let (mut failing, mut waited) = (0, 0);
    for hour in 0..7 * 24 / STEP {
        if hour % 2 == 0 {
            world.trouble(&mut lot);
            // The clocks jump, up to two hours back.
            world.hours(0).await;
        }
        let (who, word) = (lot.below(3), format!("word{hour}"));
        let other = (who + 1 + lot.below(2)) % 3;
        match lot.below(4) {
            0 => {
                world.writes(who, &format!("!site {word}")).await;
                said.push((word, who, false));
            }
            1 => {
                let handle = world.nodes[other].handle(&format!("p{other}"));
                world.writes(who, &format!("@{handle} {word}")).await;
                named.push((word.clone(), other));
                said.push((word, who, true));
            }
            _ => {
                world.writes(who, &word).await;
                said.push((word, who, true));
            }
        }
        // One of them dies each day.
        if hour % (24 / STEP) == 5 {
            let number = lot.below(3);
            world.dies(number, &mut lot).await;
        }
        world.hours(STEP).await;
        for node in &world.nodes {
            failing += count(node, "select count(*) from hosts where failures > 0").await;
            waited += count(node, "select count(*) from deliveries where attempts > 0").await;
        }
    }
    assert!(failing > 20 && waited > 20, "the trouble was real: {failing} {waited}");
    // Peace: twelve hours are the longest wait between two attempts.
    world.ways.lock().unwrap().clear();
    world.off = [0; 3];
    for _ in 0..16 {
        world.hours(1).await;
    }
    eprintln!(
        "{} posts in seven days; hosts found failing {failing} times, deliveries waiting {waited} times",
        said.len()
    );
    for number in 0..3 {
        let client = &world.people[number];
        let home = all(client, "/api/v1/timelines/home?", Value::clone).await;
        for (word, who, for_all) in &said {
            let times = home.get(word).copied().unwrap_or_default();
            assert_eq!(times, usize::from(*for_all || *who == number), "{word} of {who} at {number}: {home:?}");
        }
        let told = all(client, "/api/v1/notifications?types[]=mention&", |entry| entry["status"].clone()).await;
        for (word, to) in &named {
            let times = told.get(word).copied().unwrap_or_default();
            assert_eq!(times, usize::from(*to == number), "{word} names {to}, at {number}: {told:?}");
        }
        // Nothing is left over, and nothing was given up.
        for sql in ["select count(*) from deliveries", "select count(*) from inbox_items"] {
            assert_eq!(count(&world.nodes[number], sql).await, 0, "{number}: {sql}");
        }
    }
}
