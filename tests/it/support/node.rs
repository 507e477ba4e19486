//! A real node: the real router on a loopback port, a fresh database, a clock that stands still, no background workers
//! (`settle` does what is due).

use super::{
    Client,
    database::{OwnPostgres, lay_embedded},
    next_rsa,
};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::net::TcpListener;
use watercooler::{
    app::App,
    config::{Config, Database, PeerEntry, Posts, RateLimits, Scheme, Switch},
    domain::{accounts, oauth},
    federation::own_keys,
    media::storage::Storage,
    net::{Network, SystemNetwork},
    node::{self, Parts},
    processes::{self, Part},
    server,
    time::{Clock, Timestamp},
};

/// When tests happen: 2026-11-23 12:00:00 UTC.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_435_200_000);

/// A running node.
pub struct Node {
    /// Its inside.
    pub app: App,
    /// `alpha.test:PORT`: domain, host of ids and peer name.
    pub domain: String,
    /// Where it really listens.
    pub address: SocketAddr,
    /// Its clock; nodes built with `clock` share one.
    pub clock: Clock,
    statements: Arc<AtomicU64>,
    _folder: Option<tempfile::TempDir>,
    _schema: Option<OwnPostgres>,
    server: tokio::task::JoinHandle<()>,
}

/// A node that has its address but does not run yet.
pub struct NodeBuilder {
    name: String,
    listener: TcpListener,
    config: Config,
    clock: Clock,
    database: Option<String>,
    schema: Option<OwnPostgres>,
    folder: Option<tempfile::TempDir>,
    network: Option<Arc<dyn Network>>,
    database_wait: Option<std::time::Duration>,
    workers: bool,
    look_again: Option<std::time::Duration>,
    part: Option<Part>,
    statements: Arc<AtomicU64>,
}

impl NodeBuilder {
    /// Binds a port for `NAME.test`.
    pub async fn new(name: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let authority = format!("{name}.test:{}", address.port());
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            domain: authority.clone(),
            public_url: Some(format!("http://{authority}").parse().unwrap()),
            listen: address,
            data_dir: folder.path().to_owned(),
            rate_limits: RateLimits { mode: Switch::Off, trusted: None },
            // The machine may be busy with other tests.
            posts: Posts { search_milliseconds: 60_000, ..Posts::default() },
            ..Config::default()
        };
        Self {
            name: authority,
            listener,
            config,
            clock: Clock::fixed(NOW),
            database: None,
            schema: None,
            folder: Some(folder),
            network: None,
            // The machine may be busy with other tests.
            database_wait: Some(std::time::Duration::from_secs(60)),
            workers: false,
            look_again: None,
            part: None,
            statements: Arc::default(),
        }
    }
    /// Another process of the same node: its database, folder and clock, an address of its own. They know of one another
    /// when both are [`Self::part`]s of it.
    pub async fn beside(node: &Node) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let config = node.app.config().clone();
        Self {
            name: node.domain.clone(),
            listener,
            clock: node.clock.clone(),
            database: Some(config.database.expose().to_owned()),
            config,
            schema: None,
            folder: None,
            network: None,
            database_wait: Some(std::time::Duration::from_secs(60)),
            workers: false,
            look_again: None,
            part: None,
            statements: Arc::default(),
        }
    }
    /// The same node after its end: same address, folder, database and clock. What was under way is lost, as it is when a
    /// process dies.
    pub async fn again(mut node: Node) -> Self {
        let (config, clock, database) = (node.app.config().clone(), node.clock.clone(), node._schema.take());
        let (folder, name, address) = (node._folder.take(), node.domain.clone(), node.address);
        // Connections that others keep open end with it.
        node.app.stopping().cancel();
        let _ = (&mut node.server).await;
        let old = node.app.downgrade();
        drop(node);
        let ended = tokio::time::timeout(std::time::Duration::from_secs(60), async {
            while old.upgrade().is_some() {
                tokio::task::yield_now().await;
            }
        });
        ended.await.expect("something keeps the node that ended");
        let listener = TcpListener::bind(address).await.unwrap();
        let url = config.database.expose().to_owned();
        Self {
            name,
            listener,
            config,
            clock,
            database: Some(url),
            schema: database,
            folder,
            network: None,
            database_wait: Some(std::time::Duration::from_secs(60)),
            workers: false,
            look_again: None,
            part: None,
            statements: Arc::default(),
        }
    }
    /// `alpha.test:PORT`.
    pub fn authority(&self) -> String {
        self.name.clone()
    }
    /// Adds an ordinary peer entry for another node or scripted server: the only door to loopback.
    pub fn knows(mut self, authority: &str) -> Self {
        self.config.federation.peer.push(peer_entry(authority));
        self
    }
    /// Changes settings.
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }
    /// Shares a clock.
    pub fn clock(mut self, clock: &Clock) -> Self {
        self.clock = clock.clone();
        self
    }
    /// The machine's clock.
    pub fn real_clock(mut self) -> Self {
        self.clock = Clock::real();
        self
    }
    /// Another network (faults, simulated names).
    pub fn network(mut self, network: Arc<dyn Network>) -> Self {
        self.network = Some(network);
        self
    }
    /// On the embedded database whatever the others use: for tests with more nodes than a server has connections.
    pub fn embedded(mut self) -> Self {
        self.database = Some(format!("sqlite://{}", self.config.data_dir.join("watercooler.db").display()));
        self
    }
    /// How long requests wait for a PostgreSQL connection.
    pub fn database_wait(mut self, wait: std::time::Duration) -> Self {
        self.database_wait = Some(wait);
        self
    }
    /// Runs the background workers as a real server does.
    pub fn workers(mut self) -> Self {
        self.workers = true;
        self
    }
    /// How often a worker that nobody woke looks for work.
    pub fn look_again(mut self, every: std::time::Duration) -> Self {
        self.look_again = Some(every);
        self
    }
    /// One of several processes of the node, with its workers.
    pub fn part(mut self, part: Part) -> Self {
        self.part = Some(part);
        self
    }
    /// Starts it.
    pub async fn start(mut self) -> Node {
        let mut schema = self.schema.take();
        let url = match (&self.database, std::env::var("WATERCOOLER_TEST_DATABASE_URL")) {
            (Some(url), _) => url.clone(),
            (None, Ok(server)) => {
                let made = OwnPostgres::ready(&server).await;
                let url = made.url.clone();
                schema = Some(made);
                url
            }
            (None, Err(_)) => {
                format!("sqlite://{}", self.config.data_dir.join("watercooler.db").display())
            }
        };
        self.config.database = Database::new(url);
        self.config.sqlite.synchronous = watercooler::config::Synchronous::Normal;
        self.config.sqlite.readers = 2;
        self.config.postgres.connections = 4;
        self.config.prepare().unwrap();
        if let Some(file) = self.config.database.expose().strip_prefix("sqlite://") {
            lay_embedded(file.as_ref());
        }
        let parts = Parts {
            clock: Some(self.clock.clone()),
            random: None,
            network: Some(self.network.unwrap_or_else(|| Arc::new(TestNetwork(SystemNetwork::default())))),
            database_wait: self.database_wait,
            look_again: self.look_again,
            migrating: None,
            statements: Some(self.statements.clone()),
        };
        let config = self.config;
        let app = tokio::task::spawn_blocking(move || node::assemble(config, parts)).await.unwrap().unwrap();
        own_keys::draw_from(&app, Arc::new(|| Ok(next_rsa())));
        if let Some(part) = self.part {
            processes::join(&app, part).await.unwrap();
        }
        node::prepare(&app).await.unwrap();
        if let Some(part) = self.part {
            node::start_part(&app, part);
        } else if self.workers {
            node::start_workers(&app);
        }
        // The door of production, with what it does to forwarded headers.
        let routes = server::outer(&app, node::routes(&app));
        let address = self.listener.local_addr().unwrap();
        let listener = self.listener;
        let door = app.clone();
        let server = tokio::spawn(async move { server::serve(&door, listener, routes).await });
        Node {
            app,
            domain: self.name,
            address,
            clock: self.clock,
            statements: self.statements,
            _folder: self.folder,
            _schema: schema,
            server,
        }
    }
}

impl Node {
    /// A node called `alpha.test` that knows nobody.
    pub async fn start() -> Self {
        NodeBuilder::new("alpha").await.start().await
    }
    /// Two nodes that are ordinary peers of one another and share a clock.
    pub async fn two() -> (Self, Self) {
        let (a, b) = (NodeBuilder::new("alpha").await, NodeBuilder::new("beta").await);
        let (a_name, b_name) = (a.authority(), b.authority());
        let a = a.knows(&b_name).start().await;
        let b = b.knows(&a_name).clock(&a.clock).start().await;
        (a, b)
    }
    /// Three of them.
    pub async fn three() -> (Self, Self, Self) {
        let (a, b, c) =
            (NodeBuilder::new("alpha").await, NodeBuilder::new("beta").await, NodeBuilder::new("gamma").await);
        let names = [a.authority(), b.authority(), c.authority()];
        let a = a.knows(&names[1]).knows(&names[2]).start().await;
        let b = b.knows(&names[0]).knows(&names[2]).clock(&a.clock).start().await;
        let c = c.knows(&names[0]).knows(&names[1]).clock(&a.clock).start().await;
        (a, b, c)
    }
    /// An address of this node as peers and clients see it: `http://alpha.test:PORT/...`.
    pub fn url(&self, path: &str) -> String {
        self.app.site().url(path)
    }
    /// Creates a person who may sign in, and signs them in for everything a client asks for.
    pub async fn member(&self, username: &str) -> Client {
        self.person(username, "read write follow push profile").await
    }
    /// Creates a person and signs them in with these scopes.
    pub async fn person(&self, username: &str, scopes: &str) -> Client {
        let (name, scopes) = (username.to_owned(), scopes.to_owned());
        let issued = self.app.write(move |tx| {
            let account = accounts::create(tx, &accounts::NewPerson::member(&name, None, None))?;
            let (_, _, issued) = oauth::issue_by_command(tx, account.id, &scopes)?;
            Ok((account.id, issued))
        });
        let (id, issued) = issued.await.unwrap();
        Client { token: Some(issued.token), id: id.to_string(), name: username.to_owned(), ..Client::anonymous(self) }
    }
    /// `@user@alpha.test:PORT`, without the first `@`.
    pub fn handle(&self, username: &str) -> String {
        format!("{username}@{}", self.domain)
    }
    /// How many statements its database was asked so far.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::SeqCst)
    }
    /// Does what is due in the background until nothing is.
    pub async fn settle(&self) {
        node::settle(&self.app).await.unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.app.stopping().cancel();
        self.server.abort();
    }
}

/// The names of all files in a folder.
pub fn files(storage: &Storage) -> Vec<String> {
    let mut found = Vec::new();
    let mut take = |names: Vec<String>| {
        found.extend(names);
        true
    };
    storage.older_than(std::time::Duration::ZERO, 2, &mut take).unwrap();
    found
}

/// Settles several nodes until none has anything left to do.
pub async fn settle(nodes: &[&Node]) {
    loop {
        let mut done = 0;
        for n in nodes {
            done += node::settle(&n.app).await.unwrap();
        }
        if done == 0 {
            return;
        }
    }
}

/// Settles nodes that share a clock, and gives what a busy machine refused for once the minutes until it is tried again:
/// then nothing is on its way any more.
pub async fn at_rest(nodes: &[&Node]) {
    for _ in 0..120 {
        settle(nodes).await;
        let mut busy = false;
        for node in nodes {
            let now = node.clock.now();
            busy |= node.app.read(move |conn| watercooler::store::health::is_busy(conn, now)).await.unwrap();
        }
        if !busy {
            return;
        }
        nodes[0].clock.advance(60_000);
    }
    panic!("two hours later something is still on its way");
}

/// An ordinary `[[federation.peer]]` entry for something on loopback.
pub fn peer_entry(authority: &str) -> PeerEntry {
    let (host, port) = authority.rsplit_once(':').unwrap();
    PeerEntry {
        domain: host.to_owned(),
        addresses: vec!["127.0.0.0/8".parse().unwrap()],
        port: Some(port.parse().unwrap()),
        scheme: Scheme::Http,
        ca_file: None,
    }
}

/// The machine's sockets, with a name server that knows `*.test`.
struct TestNetwork(SystemNetwork);

impl Network for TestNetwork {
    fn resolve(&self, host: String) -> futures_util::future::BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        if host.ends_with(".test") {
            return Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) });
        }
        Box::pin(async { Err(io::Error::new(io::ErrorKind::NotFound, "tests resolve *.test only")) })
    }
    fn connect(&self, to: SocketAddr) -> futures_util::future::BoxFuture<'static, io::Result<watercooler::net::Link>> {
        self.0.connect(to)
    }
}
