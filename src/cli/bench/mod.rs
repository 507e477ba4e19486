//! `bench`: a server process of its own on a seeded database, loaded by this process; prints the workload and the figures
//! that reproduce it. The figure that counts is the server's CPU time per operation: it hardly moves with other load.

mod clients;
mod faults;
mod load;
mod machine;
mod people;
mod scenes;
mod seed;

use super::{Failure, Global, data_folder, print, runtime, serve};
use crate::{
    config::{Config, Sources},
    crypto::{self, PrivateKey},
    federation::{
        own_keys,
        signatures::{Content, Scheme, Signer, sign::sign},
    },
    jobs,
    telemetry::Usage,
    time::Clock,
};
use clap::Args;
use load::{Line, Receiver, Times, storm};
use seed::{HOSTS, INBOXES, World, seed};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

/// What to measure.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Posts stored before the clock starts
    #[arg(long, default_value_t = 100_000)]
    posts: usize,
    /// Operations of each kind
    #[arg(long, default_value_t = 4_000)]
    operations: usize,
    /// An empty database to use instead of a fresh embedded one (postgres://...)
    #[arg(long, value_name = "URL")]
    on: Option<String>,
    /// Measure only the operations whose name has this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Measure only how fast experts are found, among the people in this folder: people.jsonl, queries.jsonl and
    /// aliases.json, as `judge people` reads them
    #[arg(long, value_name = "FOLDER")]
    people: Option<PathBuf>,
}

/// A measured kind of operation.
struct Figure {
    name: &'static str,
    bar_ms: f64,
    count: usize,
    cpu_ms: f64,
    rate: f64,
    p50: f64,
    p99: f64,
    failed: usize,
    /// Resident memory of the server right after, bytes.
    resident: u64,
    note: String,
}

const SIGNED_ACTOR: &str = "actor document, signed request";
const POSTING: &str = "posting a status, 50 local followers";
const INCOMING: &str = "a signed Create from a known actor";
const DELIVERY: &str = "a signed delivery to one inbox, RSA";
const SHARED: &str = "the same, 10 followers behind a shared inbox";
const CONCIERGE: &str = "an answer of the concierge, until it is there";
const EXPERTS: &str = "who knows X, in the search box";
const HANDSHAKE: &str = "follow handshake with an unknown actor";
const GROUPED: &str = "grouped notifications, one of 10,000";
const STARTS: &str = "a client's start";
const VERBS: &str = "verbs beside it: account create, token create";
const SOCKETS: &str = "an event to every open socket";

/// The server under test; killed when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) fn run(arguments: &BenchArgs, global: &Global) -> Result<(), Failure> {
    let base = match &global.config {
        Some(file) => measured(file)?,
        None => toml::Table::new(),
    };
    let disk = global.data_dir.clone().unwrap_or_else(std::env::temp_dir);
    let folder = std::path::absolute(disk.join(format!("watercooler-bench-{}", std::process::id())))?;
    std::fs::create_dir_all(&folder)?;
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        // Who has seen enough leaves neither a server nor its database behind.
        let mut signals = serve::Signals::new()?;
        tokio::select! {
            result = measure(arguments, &folder, base, global.json) => result,
            () = signals.next() => Err(Failure { code: "failed", message: "stopped before the end".into(), exit: 130 }),
        }
    });
    // What makes files ends first.
    runtime.shutdown_timeout(Duration::from_secs(if result.is_ok() { 1 } else { 30 }));
    let _ = std::fs::remove_dir_all(&folder);
    result
}

/// What may be measured of a settings file. Its addresses, peers, proxies and mail belong to a real node, and the limits of
/// how often one may ask would be all that is measured.
const MEASURED: [&str; 6] = ["sqlite", "postgres", "posts", "media", "people", "questions"];

/// The part of a settings file that the measured server takes, after all of the file was checked.
fn measured(file: &Path) -> Result<toml::Table, Failure> {
    Sources { file: Some(file.to_owned()), ..Sources::default() }.load()?;
    let table: toml::Table =
        toml::from_str(&std::fs::read_to_string(file)?).map_err(|e| Failure::new(e.to_string()))?;
    Ok(table.into_iter().filter(|(key, _)| MEASURED.contains(&key.as_str())).collect())
}

async fn measure(arguments: &BenchArgs, folder: &Path, base: toml::Table, as_json: bool) -> Result<(), Failure> {
    // Beside the answer: whoever reads that need not sort it out.
    let say = |text: String| match as_json {
        true => super::tell(&json!({ "doing": text }).to_string()),
        false => super::tell(&text),
    };
    let key = PrivateKey::generate_rsa()?;
    let receiver = Receiver::start(key.public_pem()?).await?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let file = folder.join("watercooler.toml");
    let settings = settings(port, receiver.port, arguments.on.as_deref());
    std::fs::write(&file, format!("{settings}{base}"))?;
    let config = Sources { file: Some(file.clone()), ..Sources::default() }.load()?.config;
    data_folder(&config)?;
    let machine = machine::measured(folder, &key)?;
    let database = config.database.masked();

    say(format!("Seeding {} posts into {database} ...", arguments.posts));
    let app = serve::open(config.clone()).await?;
    let seeded = Instant::now();
    // All sign with one key: making hundreds takes minutes, and none is worth more than another here.
    let shared = key.clone();
    own_keys::draw_from(&app, Arc::new(move || Ok(shared.clone())));
    let world = seed(&app, arguments.posts, receiver.port, &key, &say).await?;
    while jobs::run_due(&app).await? > 0 {}
    let mut experts = Vec::new();
    if let Some(folder) = &arguments.people {
        let token = people::seed(&app, folder, &say).await?;
        experts = people::questions(folder, port, &token)?;
    }
    let seeded = seeded.elapsed();
    if !app.config().database.is_sqlite() {
        // What a server does by itself within a minute: without it the planner takes full tables for empty ones.
        app.write(|tx| crate::store::health::analyze(tx.conn)).await?;
    }
    let stored = app.read(crate::store::health::bytes).await?;
    serve::close(app).await;

    let started = Instant::now();
    let server = start(&file)?;
    let mut line = Line::open(address).await?;
    line.ask(&get(port, "/api/v2/instance", None)).await?;
    let ready = started.elapsed();
    rest(&server).await?;
    let idle = usage(&server)?;
    say(format!("Ready in {} ms. Measuring ...", ready.as_millis()));

    let only = arguments.only.clone().unwrap_or_default();
    let bench =
        Bench { address, port, file: &file, server: &server, world: &world, config: &config, key, receiver, only };
    let restarts = experts.is_empty() && bench.wanted(faults::RESTART);
    let mut figures = match experts.is_empty() {
        true => bench.all(arguments.operations, &say).await?,
        false => bench.experts(experts, arguments.operations).await?,
    };
    if figures.is_empty() && !restarts {
        let message = format!("no operation has `{}` in its name", bench.only);
        return Err(Failure { code: "not_found", message, exit: 3 });
    }
    let loaded = usage(&server)?;
    if restarts {
        drop(server);
        let (figure, server) = faults::restart(&config, &file, address, port, &world, idle.resident).await?;
        say(figure.line());
        figures.push(figure);
        drop(server);
    }

    let report = json!({
        "workload": { "posts": arguments.posts, "operations": arguments.operations, "database": database,
            "followers": 50, "followed": 200, "hosts": HOSTS, "inboxes": HOSTS * INBOXES,
            // PostgreSQL has settings of its own for that.
            "synchronous": config.database.is_sqlite().then_some(config.sqlite.synchronous) },
        "machine": machine,
        "start_ms": ready.as_millis(),
        "seed_seconds": seeded.as_secs(),
        "memory_idle_mib": idle.resident >> 20,
        "memory_loaded_mib": loaded.resident >> 20,
        "database_bytes": stored,
        "binary_mib": std::env::current_exe().and_then(|p| p.metadata()).map_or(0, |m| m.len() >> 20),
        "debug_build": cfg!(debug_assertions),
        "figures": figures.iter().map(Figure::json).collect::<Vec<_>>(),
    });
    if as_json { print(&report.to_string()) } else { print(&table(&report, &figures)) }
}

/// Limits are off, people are found by search as inside an organisation, and receiving hosts are ordinary peers.
fn settings(port: u16, receiver: u16, database: Option<&str>) -> String {
    let database = database.map(|url| format!("database = {}\n", toml::Value::String(url.into()))).unwrap_or_default();
    format!(
        "domain = \"localhost:{port}\"\nlisten = \"127.0.0.1:{port}\"\nlog = \"error\"\n{database}\
         [rate_limits]\nmode = \"off\"\n\
         [accounts]\ndefault_indexable = true\n\
         [[federation.peer]]\ndomain = \"*.bench.localhost\"\naddresses = [\"127.0.0.0/8\"]\nport = {receiver}\nscheme = \"http\"\n"
    )
}

/// This program with the settings of the measured node and no others: what stands in the environment is for a real node,
/// whose database is not measured on.
fn program(verb: &[&str], file: &Path) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env_clear().args(verb).args(["--json", "--config"]).arg(file);
    Ok(command)
}

fn start(file: &Path) -> Result<Server, Failure> {
    let mut child = program(&["serve"], file)?.stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    if let Some(out) = child.stdout.as_mut() {
        BufReader::new(out).read_line(&mut line)?;
    }
    let server = Server(child);
    if line.is_empty() { Err(Failure::new("the server did not start")) } else { Ok(server) }
}

fn usage(server: &Server) -> Result<Usage, Failure> {
    Usage::of(&server.0.id().to_string()).ok_or_else(|| Failure::new("figures need Linux' /proc"))
}

/// Waits until the server has done what it does after a start by itself, which is no part of any operation.
async fn rest(server: &Server) -> Result<(), Failure> {
    let mut before = usage(server)?.cpu;
    for _ in 0..600 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = usage(server)?.cpu;
        if now.saturating_sub(before) < Duration::from_millis(20) {
            return Ok(());
        }
        before = now;
    }
    Err(Failure::new("the server does not come to rest"))
}

/// How many posts, people or notifications an answer has.
fn entries(answer: &Value) -> usize {
    let lists = ["descendants", "statuses", "accounts"].iter().filter_map(|name| answer.get(name)?.as_array());
    answer.as_array().map_or_else(|| lists.map(Vec::len).sum(), Vec::len)
}

fn get(port: u16, path: &str, token: Option<&str>) -> Vec<u8> {
    let token = token.map(|t| format!("Authorization: Bearer {t}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{token}\r\n").into_bytes()
}

/// The server and all that is needed to ask it.
struct Bench<'a> {
    address: SocketAddr,
    port: u16,
    /// The settings of the server.
    file: &'a Path,
    server: &'a Server,
    world: &'a World,
    config: &'a Config,
    key: PrivateKey,
    receiver: Receiver,
    /// Only operations whose name has this.
    only: String,
}

impl Bench<'_> {
    async fn all(&self, n: usize, say: &dyn Fn(String)) -> Result<Vec<Figure>, Failure> {
        let reader = Some(self.world.reader_token.as_str());
        let mut figures = Vec::new();
        let mut line = Line::open(self.address).await?;
        let later = self.deep_page(&mut line, reader).await?;
        // Each with the entries that its answer has at least: an empty page is fast.
        let reads: [(&'static str, f64, usize, String, Option<&str>); 11] = [
            ("home timeline, first page", 0.3, 20, "/api/v1/timelines/home?limit=20".into(), reader),
            ("home timeline, a later page", 0.3, 20, format!("/api/v1/timelines/home?limit=20&max_id={later}"), reader),
            ("public timeline", 0.3, 20, "/api/v1/timelines/public?limit=20".into(), reader),
            (
                "an account's posts",
                0.3,
                20,
                format!("/api/v1/accounts/{}/statuses?limit=20", self.world.writer),
                reader,
            ),
            ("notifications", 0.3, 20, "/api/v1/notifications?limit=20".into(), Some(&self.world.author_token)),
            (
                GROUPED,
                10.0,
                // Forty groups of what two hundred did at once, with their posts.
                40,
                "/api/v2/notifications?limit=40&grouped_types[]=favourite&grouped_types[]=follow".into(),
                Some(&self.world.popular_token),
            ),
            ("context of 200 replies", 2.0, 200, format!("/api/v1/statuses/{}/context", self.world.thread), reader),
            (
                "WebFinger",
                0.08,
                0,
                format!("/.well-known/webfinger?resource=acct:author@localhost:{}", self.port),
                None,
            ),
            ("search of posts", 1.0, 20, "/api/v2/search?type=statuses&q=torque%20drift".into(), reader),
            ("search of accounts", 1.0, 20, "/api/v2/search?type=accounts&q=author1".into(), reader),
            ("actor document, unsigned", 0.08, 0, "/users/author".into(), None),
        ];
        for (name, bar, least, path, token) in reads {
            if !self.wanted(name) {
                continue;
            }
            let mut request = get(self.port, &path, token);
            if name.starts_with("actor") {
                request.splice(request.len() - 2.., *b"Accept: application/activity+json\r\n\r\n");
            }
            let (_, body) = line.ask(&request).await?;
            let found = entries(&serde_json::from_slice(&body).unwrap_or_default());
            if found < least {
                return Err(Failure::new(format!("{name}: {found} entries, not {least}: too few posts are stored")));
            }
            let few = if name.starts_with("context") { n / 10 } else { n };
            figures.push(self.storm(name, bar, vec![request; few.max(10)], 4).await?);
            self.tell(figures.last(), say);
        }
        if self.wanted(SIGNED_ACTOR) {
            let signed = (0..n)
                .map(|_| self.signed("GET", "/users/author", b"", &self.world.remote))
                .collect::<Result<_, _>>()?;
            figures.push(self.storm(SIGNED_ACTOR, 0.08, signed, 4).await?);
            self.tell(figures.last(), say);
        }
        if self.wanted(POSTING) {
            let posts = (0..n).map(|i| self.status(&self.world.author_token, &format!("Load {i} #load"))).collect();
            figures.push(self.storm(POSTING, 0.6, posts, 8).await?);
            self.tell(figures.last(), say);
        }
        if self.wanted(INCOMING) {
            figures.push(self.incoming(n).await?);
            self.tell(figures.last(), say);
        }
        if self.wanted(DELIVERY) {
            figures.push(self.deliveries((n / (HOSTS * INBOXES)).max(2), false).await?);
            self.tell(figures.last(), say);
        }
        if self.wanted(SHARED) {
            figures.push(self.deliveries((n / HOSTS).max(2), true).await?);
            self.tell(figures.last(), say);
        }
        if self.wanted(CONCIERGE) {
            figures.push(self.answers(100).await?);
            self.tell(figures.last(), say);
        }
        if self.wanted(HANDSHAKE) {
            figures.push(self.handshakes((n / 10).max(20)).await?);
            self.tell(figures.last(), say);
        }
        if self.wanted(STARTS) {
            figures.push(self.starts((n / 4).max(20)).await?);
            self.tell(figures.last(), say);
        }
        if self.wanted(SOCKETS) {
            figures.push(self.sockets().await?);
            self.tell(figures.last(), say);
        }
        if self.wanted(VERBS) {
            figures.push(self.verbs((n / 100).max(5)).await?);
            self.tell(figures.last(), say);
        }
        if self.wanted(faults::FLOOD) {
            figures.push(self.flood(n * 5).await?);
            self.tell(figures.last(), say);
        }
        Ok(figures)
    }

    /// The questions of a set, over and over, by one who waits for each answer.
    async fn experts(&self, questions: Vec<Vec<u8>>, n: usize) -> Result<Vec<Figure>, Failure> {
        storm(self.address, questions.clone(), 1).await?;
        let before = usage(self.server)?;
        let mut times = storm(self.address, questions.iter().cycle().take(n).cloned().collect(), 1).await?;
        let note = format!("p95 {:.2} ms (bar 15)", times.quantile(0.95));
        Ok(vec![self.figure(EXPERTS, f64::INFINITY, before, times, note)?])
    }

    fn wanted(&self, name: &str) -> bool {
        name.contains(&self.only)
    }

    fn tell(&self, figure: Option<&Figure>, say: &dyn Fn(String)) {
        if let Some(figure) = figure {
            say(figure.line());
        }
    }

    /// An id some pages down the home timeline.
    async fn deep_page(&self, line: &mut Line, token: Option<&str>) -> Result<String, Failure> {
        let mut max = String::new();
        for _ in 0..8 {
            let path = format!("/api/v1/timelines/home?limit=40{max}");
            let (_, body) = line.ask(&get(self.port, &path, token)).await?;
            let page: Value = serde_json::from_slice(&body).unwrap_or_default();
            let last = page.as_array().and_then(|p| p.last()).and_then(|s| s.get("id")).and_then(Value::as_str);
            let Some(id) = last else { break };
            max = format!("&max_id={id}");
        }
        Ok(max.trim_start_matches("&max_id=").to_owned())
    }

    async fn storm(
        &self,
        name: &'static str,
        bar_ms: f64,
        requests: Vec<Vec<u8>>,
        lines: usize,
    ) -> Result<Figure, Failure> {
        // A few first, so that caches and statements are warm as they are in life.
        let warm: Vec<Vec<u8>> = requests.iter().take(1).cloned().collect();
        if name.contains("page") || name.contains("search") {
            storm(self.address, warm, 1).await?;
        }
        let before = usage(self.server)?;
        let times = storm(self.address, requests, lines).await?;
        self.figure(name, bar_ms, before, times, String::new())
    }

    fn figure(
        &self,
        name: &'static str,
        bar_ms: f64,
        before: Usage,
        mut times: Times,
        note: String,
    ) -> Result<Figure, Failure> {
        let after = usage(self.server)?;
        let cpu = after.cpu.saturating_sub(before.cpu);
        let count = times.took.len().max(1);
        Ok(Figure {
            name,
            bar_ms,
            count,
            cpu_ms: cpu.as_secs_f64() * 1000.0 / count as f64,
            rate: count as f64 / times.wall.as_secs_f64().max(1e-9),
            p50: times.quantile(0.5),
            p99: times.quantile(0.99),
            failed: times.failed,
            resident: after.resident,
            note,
        })
    }

    fn status(&self, token: &str, text: &str) -> Vec<u8> {
        self.post("/api/v1/statuses", token, &json!({ "status": text }).to_string())
    }

    fn post(&self, path: &str, token: &str, body: &str) -> Vec<u8> {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .into_bytes()
    }

    /// A request signed by this actor, ready to be sent.
    fn signed(&self, method: &str, path: &str, body: &[u8], actor: &str) -> Result<Vec<u8>, Failure> {
        let url = url::Url::parse(&format!("http://localhost:{}{path}", self.port))
            .map_err(|e| Failure::new(e.to_string()))?;
        let signer = Signer { key_id: format!("{actor}#main-key"), key: self.key.clone() };
        let content = (!body.is_empty())
            .then(|| Content { media_type: "application/activity+json", sha256: crypto::sha256(body) });
        let headers = sign(Scheme::Cavage, &signer, method, &url, content, Clock::real().now())?;
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        let mut has_host = false;
        for (name, value) in headers {
            has_host |= name.eq_ignore_ascii_case("host");
            head += &format!("{name}: {value}\r\n");
        }
        if !has_host {
            head += &format!("Host: localhost:{}\r\n", self.port);
        }
        if body.is_empty() {
            head += "Accept: application/activity+json\r\n\r\n";
        } else {
            head += &format!("Content-Length: {}\r\n\r\n", body.len());
        }
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        Ok(request)
    }
}

impl Figure {
    fn json(&self) -> Value {
        let bar = self.bar_ms.is_finite().then_some(self.bar_ms);
        json!({ "name": self.name, "operations": self.count, "cpu_ms": round(self.cpu_ms), "bar_ms": bar,
            "rate": self.rate.round(), "p50_ms": round(self.p50), "p99_ms": round(self.p99), "failed": self.failed,
            "memory_mib": self.resident >> 20, "note": self.note })
    }
    fn line(&self) -> String {
        let verdict = if self.failed > 0 {
            format!("{} FAILED", self.failed)
        } else if self.bar_ms.is_infinite() {
            String::new()
        } else if self.cpu_ms <= self.bar_ms {
            "ok".into()
        } else {
            format!("{:.1} x the bar", self.cpu_ms / self.bar_ms)
        };
        format!(
            "{:<40} {:>8.3} {:>7} {:>8.0} {:>8.2} {:>8.2} {:>8}  {verdict} {}",
            self.name,
            self.cpu_ms,
            if self.bar_ms.is_finite() { format!("{:.2}", self.bar_ms) } else { "-".into() },
            self.rate,
            self.p50,
            self.p99,
            self.resident >> 20,
            self.note
        )
    }
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn table(report: &Value, figures: &[Figure]) -> String {
    let mut text = format!("Workload: {}\nMachine:  {}\n", show(report.get("workload")), show(report.get("machine")));
    for key in ["start_ms", "memory_idle_mib", "memory_loaded_mib", "database_bytes", "binary_mib", "debug_build"] {
        text += &format!("{key}: {}\n", report.get(key).unwrap_or(&Value::Null));
    }
    text += &format!(
        "\n{:<40} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8}\n",
        "operation", "CPU ms", "bar", "per s", "p50 ms", "p99 ms", "RSS MiB"
    );
    for figure in figures {
        text += &figure.line();
        text.push('\n');
    }
    text
}

fn show(value: Option<&Value>) -> String {
    value
        .and_then(Value::as_object)
        .map(|o| o.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| format!("{k} {v}")).collect::<Vec<_>>().join(", "))
        .unwrap_or_default()
}
