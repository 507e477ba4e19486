//! `demo`: three departments with sample people, in one process. They are ordinary nodes: they find one another by
//! WebFinger, sign what they send and speak real HTTP through ordinary peer entries.

use super::{Failure, print, runtime, serve};
use crate::{
    app::App,
    config::{Config, Database, FederationPolicy, PeerEntry, Registration, Scheme},
    crypto::Passwords,
    domain::{
        accounts::{self, NewPerson},
        audit::Staff,
        oauth,
        profiles::{self, ProfileChange},
    },
    model::Role,
    node, server, store,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, header},
};
use clap::Args;
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};
use tokio::net::TcpListener;
use tower::ServiceExt;

/// How to show it.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The first of three ports
    #[arg(long, default_value_t = 4000)]
    port: u16,
    /// Keep the nodes' data here and go on with it next time [default: a folder that goes with the demo]
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Stop as soon as everything is shown (for tests)
    #[arg(long, hide = true)]
    once: bool,
}

/// The password of everybody in the demo.
const PASSWORD: &str = "watercooler-demo";

struct Department {
    host: &'static str,
    name: &'static str,
    text: &'static str,
    people: &'static [Person],
}

struct Person {
    user: &'static str,
    name: &'static str,
    note: &'static str,
    follows: &'static [&'static str],
    posts: &'static [&'static str],
}

const DEPARTMENTS: [Department; 3] = [
    Department {
        host: "engineering.localhost",
        name: "Engineering",
        text: "Third floor, next to the good coffee.",
        people: &[
            Person {
                user: "ada",
                name: "Ada Okafor",
                note: "Test benches and torque sensors. Ask me about #calibration.",
                follows: &["mika@marketing", "noor@research", "tom@engineering"],
                posts: &[
                    "The new test bench is up. If your department needs torque measured, come by: there is room on Thursdays. #calibration",
                    "Who else fought with the #adhesives at minus forty? I have notes to share.",
                ],
            },
            Person {
                user: "tom",
                name: "Tom Berger",
                note: "Firmware. Plays bass in the house band.",
                follows: &["ada@engineering", "mika@marketing"],
                posts: &["House band rehearses on Wednesday, 18:00, in the loading bay. We still need drums. #band"],
            },
        ],
    },
    Department {
        host: "marketing.localhost",
        name: "Marketing",
        text: "We tell the others' stories.",
        people: &[Person {
            user: "mika",
            name: "Mika Laine",
            note: "Trade fairs and films.",
            follows: &["ada@engineering", "noor@research", "tom@engineering"],
            posts: &[
                "Filming at the test benches next week. Wear something without stripes!",
                "@ada@engineering may we show the torque rig on the fair's opening film?",
            ],
        }],
    },
    Department {
        host: "research.localhost",
        name: "Research",
        text: "Questions first.",
        people: &[Person {
            user: "noor",
            name: "Noor Haddad",
            note: "Polymers. Ask me about #adhesives.",
            follows: &["ada@engineering", "mika@marketing"],
            posts: &[
                "Paper of the week: epoxy that stays tough in the cold. I will explain it over lunch on Friday. #adhesives",
                "I can drum! Well, I could in 2009. #band",
            ],
        }],
    },
];

/// A running department.
struct Running {
    app: App,
    routes: Router,
    tokens: Vec<(String, String)>,
    fresh: bool,
}

pub(super) fn run(arguments: &DemoArgs, as_json: bool) -> Result<(), Failure> {
    let temporary = arguments.keep.is_none();
    let folder = arguments
        .keep
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("watercooler-demo-{}", std::process::id())));
    let runtime = runtime()?;
    let shown = runtime.block_on(async {
        // Before anything runs: an early Ctrl-C ends it as cleanly as a late one.
        let mut signals = serve::Signals::new()?;
        let mut running = Vec::new();
        let story = async {
            for (i, department) in (0_u16..).zip(&DEPARTMENTS) {
                running.push(start(department, arguments.port.saturating_add(i), arguments.port, &folder).await?);
            }
            if running.iter().any(|r| r.fresh) {
                say(as_json, "Three departments are running. People introduce themselves ...")?;
                fill(&running, arguments.port).await?;
            }
            present(&running, as_json)?;
            if !arguments.once {
                std::future::pending::<()>().await;
            }
            Ok(())
        };
        let result = tokio::select! {
            result = story => result,
            () = signals.next() => Ok(()),
        };
        for node in running {
            drop(node.routes);
            serve::close(node.app).await;
        }
        result
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    if temporary {
        let _ = std::fs::remove_dir_all(&folder);
    }
    shown
}

fn say(as_json: bool, text: &str) -> Result<(), Failure> {
    if as_json { Ok(()) } else { print(text) }
}

async fn start(department: &Department, port: u16, first: u16, folder: &std::path::Path) -> Result<Running, Failure> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let data_dir = folder.join(department.host);
    let mut config = Config {
        domain: format!("{}:{port}", department.host),
        listen,
        database: Database::new(format!("sqlite://{}", data_dir.join("watercooler.db").display())),
        data_dir,
        registration: Registration::Open,
        ..Config::default()
    };
    config.instance.name = department.name.into();
    config.instance.short_description = department.text.into();
    config.federation.policy = FederationPolicy::Open;
    config.federation.peer = (first..)
        .zip(&DEPARTMENTS)
        .filter(|(_, other)| other.host != department.host)
        .map(|(port, other)| PeerEntry {
            domain: other.host.into(),
            addresses: vec![ipnet::IpNet::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST))],
            port: Some(port),
            scheme: Scheme::Http,
            ca_file: None,
        })
        .collect();
    config.prepare()?;
    super::data_folder(&config)?;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|e| Failure::new(format!("cannot listen on {listen}: {e}; --port chooses another")))?;
    let app = serve::open(config).await?;
    node::start_workers(&app);
    let routes = server::outer(&app, node::routes(&app));
    let serving = (app.clone(), routes.clone());
    tokio::spawn(async move { server::serve(&serving.0, listener, serving.1).await });
    let mut node = Running { app, routes, tokens: Vec::new(), fresh: false };
    for person in department.people {
        node.welcome(person).await?;
    }
    Ok(node)
}

impl Running {
    /// Creates a person unless they are here already, and takes a token for them.
    async fn welcome(&mut self, person: &'static Person) -> Result<(), Failure> {
        let app = &self.app;
        let hash = app.part::<Passwords>().hash(PASSWORD.into(), app.random().bytes()).await?;
        let (token, fresh) = app
            .write(move |tx| {
                let known = store::accounts::find_local(tx.conn, person.user)?;
                let fresh = known.is_none();
                let account = match known {
                    Some(account) => account,
                    None => {
                        let email = format!("{}@example.org", person.user);
                        let mut new = NewPerson::member(person.user, Some(&email), Some(hash));
                        (new.role, new.by_staff) = (Role::Member, true);
                        accounts::create(tx, &new)?
                    }
                };
                if fresh {
                    let change = ProfileChange {
                        display_name: Some(person.name.into()),
                        note: Some(person.note.into()),
                        discoverable: Some(true),
                        indexable: Some(true),
                        ..ProfileChange::default()
                    };
                    profiles::update(tx, account.id, &change)?;
                    crate::domain::audit::write(tx, &Staff::console(), "account.create", &account.acct(), "demo")?;
                }
                let (_, _, issued) = oauth::issue_by_command(tx, account.id, "read write follow")?;
                Ok((issued.token, fresh))
            })
            .await?;
        self.tokens.push((person.user.to_owned(), token));
        self.fresh |= fresh;
        Ok(())
    }

    /// A call of the client API by one of its people.
    async fn call(&self, user: &str, method: &str, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        let token = self.tokens.iter().find(|(name, _)| name == user).map(|(_, token)| token.as_str());
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.app.site().authority())
            .header(header::AUTHORIZATION, format!("Bearer {}", token.unwrap_or_default()))
            .header(header::CONTENT_TYPE, "application/json")
            .extension(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .map_err(|e| Failure::new(e.to_string()))?;
        let response = match self.routes.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 22).await.map_err(|e| Failure::new(e.to_string()))?;
        if !status.is_success() {
            return Err(Failure::new(format!("{method} {path}: {status} {}", String::from_utf8_lossy(&bytes))));
        }
        serde_json::from_slice(&bytes).map_err(|e| Failure::new(format!("{method} {path}: {e}")))
    }

    /// The id of an account anywhere, found as a person would: by searching for its handle.
    async fn find(&self, user: &str, handle: &str) -> Result<String, Failure> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", handle).append_pair("resolve", "true").append_pair("type", "accounts");
        let found = self.call(user, "GET", &format!("/api/v2/search?{}", query.finish()), None).await?;
        let id = found.pointer("/accounts/0/id").and_then(Value::as_str);
        id.map(str::to_owned).ok_or_else(|| Failure::new(format!("{handle} was not found")))
    }
}

/// People follow one another across departments, post, answer, boost and favourite.
async fn fill(running: &[Running], first: u16) -> Result<(), Failure> {
    for (node, department) in running.iter().zip(&DEPARTMENTS) {
        for person in department.people {
            for other in person.follows {
                let id = node.find(person.user, &format!("@{}", full(other, first))).await?;
                node.call(person.user, "POST", &format!("/api/v1/accounts/{id}/follow"), Some(json!({}))).await?;
            }
        }
    }
    settled(running).await;
    for (node, department) in running.iter().zip(&DEPARTMENTS) {
        for person in department.people {
            for text in person.posts {
                let text = text.replace("@ada@engineering", &format!("@{}", full("ada@engineering", first)));
                node.call(person.user, "POST", "/api/v1/statuses", Some(json!({ "status": text }))).await?;
            }
        }
    }
    settled(running).await;
    for (node, department) in running.iter().zip(&DEPARTMENTS) {
        for person in department.people {
            let home = node.call(person.user, "GET", "/api/v1/timelines/home?limit=10", None).await?;
            for (i, post) in home.as_array().into_iter().flatten().enumerate() {
                let author = post.pointer("/account/acct").and_then(Value::as_str).unwrap_or_default();
                let Some(id) = post.get("id").and_then(Value::as_str).filter(|_| author != person.user) else {
                    continue;
                };
                let verb = if i % 3 == 0 { "reblog" } else { "favourite" };
                node.call(person.user, "POST", &format!("/api/v1/statuses/{id}/{verb}"), Some(json!({}))).await?;
                if i == 1 {
                    let body = json!({ "status": format!("@{author} count me in."), "in_reply_to_id": id });
                    node.call(person.user, "POST", "/api/v1/statuses", Some(body)).await?;
                }
            }
        }
    }
    settled(running).await;
    Ok(())
}

/// `ada@engineering` as the handle it has here.
fn full(short: &str, first: u16) -> String {
    let (user, place) = short.split_once('@').unwrap_or((short, ""));
    let at = (first..).zip(&DEPARTMENTS).find(|(_, d)| d.host.split('.').next() == Some(place));
    at.map_or_else(|| user.to_owned(), |(port, d)| format!("{user}@{}:{port}", d.host))
}

/// Waits until nothing is on its way any more, or ten seconds.
async fn settled(running: &[Running]) {
    let end = tokio::time::Instant::now() + Duration::from_secs(10);
    while tokio::time::Instant::now() < end {
        let mut busy = false;
        for node in running {
            let now = node.app.clock().now();
            busy |= node.app.read(move |conn| store::health::is_busy(conn, now)).await.unwrap_or(false);
        }
        if !busy {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn present(running: &[Running], as_json: bool) -> Result<(), Failure> {
    let nodes: Vec<Value> = running
        .iter()
        .zip(&DEPARTMENTS)
        .map(|(node, department)| {
            let people: Vec<&str> = department.people.iter().map(|p| p.user).collect();
            json!({ "name": department.name, "url": node.app.site().base(), "people": people, "tokens":
                node.tokens.iter().map(|(user, token)| (user.clone(), json!(token))).collect::<serde_json::Map<_, _>>() })
        })
        .collect();
    if as_json {
        return print(&json!({ "ready": true, "password": PASSWORD, "nodes": nodes }).to_string());
    }
    let mut text = String::from("\nLook around in a browser:\n");
    for (node, department) in running.iter().zip(&DEPARTMENTS) {
        let people: Vec<String> =
            department.people.iter().map(|p| format!("{}/@{}", node.app.site().base(), p.user)).collect();
        text += &format!("  {:<12} {}\n", department.name, people.join("  "));
    }
    text += &format!(
        "\nSign in with any Mastodon client, for instance as ada at {}, password {PASSWORD}\n\
         (everybody has that one). Clients that take an http server can post; the other departments see it at once.\n\
         Ctrl-C ends the demo.",
        running.first().map(|n| n.app.site().authority()).unwrap_or_default()
    );
    print(&text)
}
