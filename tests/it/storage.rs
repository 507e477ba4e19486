//! The database under pressure: full, locked by somebody else, read for long, away (security checklist, section 10).

use crate::{
    cli::Place,
    support::{Client, Node},
};
use diesel::{Connection, connection::SimpleConnection, sqlite::SqliteConnection};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};
use tokio::net::{TcpListener, TcpStream};

fn database(node: &Node) -> Option<String> {
    Some(node.app.config().database.sqlite_path()?.display().to_string())
}

async fn post(client: &Client, text: &str) -> u16 {
    client.post("/api/v1/statuses", json!({ "status": text })).await.status
}

#[tokio::test]
async fn rel_07_a_full_disk_refuses_writes_and_recovers_without_restart() {
    let node = Node::start().await;
    if database(&node).is_none() {
        // PostgreSQL reports its own full disk by SQLSTATE 53100; the mapping is the same.
        return;
    }
    let bob = node.member("bob").await;
    assert_eq!(post(&bob, "before").await, 200);
    let limit = |pages: &'static str| node.app.db().write(move |conn| Ok((conn.batch(pages).unwrap(), None)));
    // The engine behaves as on a full disk once it may not grow.
    limit("pragma max_page_count = 1").await.unwrap();
    let mut refused = 0;
    for i in 0..400 {
        match post(&bob, &format!("{i} {}", "much text ".repeat(300))).await {
            200 => {}
            507 => {
                refused += 1;
                if refused == 5 {
                    break;
                }
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(refused, 5, "the database kept growing");
    assert_eq!(bob.get("/api/v1/timelines/home").await.status, 200);
    assert_eq!(bob.get("/api/v1/accounts/verify_credentials").await.status, 200);
    limit("pragma max_page_count = 1000000").await.unwrap();
    assert_eq!(post(&bob, "there is room again").await, 200);
    let whole = node
        .app
        .read(|conn| {
            watercooler::db::Sql::new("select count(*) from pragma_integrity_check where integrity_check = 'ok'")
                .scalar_i64(conn)
        })
        .await
        .unwrap();
    assert_eq!(whole, 1);
}

#[tokio::test]
async fn rel_09_a_foreign_lock_makes_writers_wait_and_then_answer_503() {
    let node = Node::start().await;
    let Some(path) = database(&node) else { return };
    let bob = node.member("bob").await;
    let mut other = SqliteConnection::establish(&path).unwrap();
    other.batch_execute("pragma busy_timeout = 5000; begin immediate").unwrap();
    let asked = Instant::now();
    let reply = bob.post("/api/v1/statuses", json!({ "status": "patience" })).await;
    assert_eq!(reply.status, 503, "{}", reply.text);
    assert!(!reply.header("retry-after").is_empty());
    let waited = asked.elapsed();
    assert!(waited >= Duration::from_secs(4) && waited < Duration::from_secs(9), "{waited:?}");
    assert_eq!(bob.get("/api/v1/timelines/home").await.status, 200, "reading goes on");
    other.batch_execute("rollback").unwrap();
    assert_eq!(post(&bob, "thank you").await, 200);
}

#[tokio::test]
async fn rel_09_a_long_reader_neither_stops_writers_nor_lets_the_log_grow_for_ever() {
    let node = Node::start().await;
    let Some(path) = database(&node) else { return };
    let bob = node.member("bob").await;
    let (end, ended) = mpsc::channel::<()>();
    let app = node.app.clone();
    let reader = tokio::spawn(async move {
        app.read(move |conn| {
            let before = watercooler::db::Sql::new("select count(*) from posts").scalar_i64(conn)?;
            let _ = ended.recv();
            Ok((before, watercooler::db::Sql::new("select count(*) from posts").scalar_i64(conn)?))
        })
        .await
        .unwrap()
    });
    for i in 0..60 {
        assert_eq!(post(&bob, &format!("{i} {}", "text ".repeat(500))).await, 200);
    }
    end.send(()).unwrap();
    let (before, after) = reader.await.unwrap();
    assert_eq!(before, after, "one consistent state");
    for i in 0..20 {
        assert_eq!(post(&bob, &format!("later {i}")).await, 200);
    }
    let log = std::fs::metadata(format!("{path}-wal")).map_or(0, |m| m.len());
    assert!(log < 64 << 20, "{log} bytes of log");
}

/// A door before PostgreSQL that can be shut.
struct Door {
    address: String,
    open: Arc<AtomicBool>,
}

impl Door {
    async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let open = Arc::new(AtomicBool::new(true));
        let state = open.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (server, state) = (server.clone(), state.clone());
                if !state.load(Ordering::SeqCst) {
                    continue;
                }
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(&server).await else { return };
                    let shut = async {
                        while state.load(Ordering::SeqCst) {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        () = shut => {}
                    }
                });
            }
        });
        Self { address, open }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_10_a_node_outlives_its_postgres() {
    let Ok(server) = std::env::var("WATERCOOLER_TEST_DATABASE_URL") else { return };
    let mut url: url::Url = server.parse().unwrap();
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else { return };
    let door = Door::before(format!("{host}:{}", url.port().unwrap_or(5432))).await;
    let (host, port) = door.address.split_once(':').unwrap();
    // A name that exists once per run, in a database of its own, so that nothing is shared with other tests.
    let name = format!("rel10_{}", std::process::id());
    let (client, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(&format!("drop database if exists {name}")).await.unwrap();
    client.batch_execute(&format!("create database {name}")).await.unwrap();
    url.set_host(Some(host)).unwrap();
    url.set_port(Some(port.parse().unwrap())).unwrap();
    url.set_path(&name);

    let place = Place::new();
    place.settings(&format!("database = \"{url}\"\n"));
    let server = tokio::task::spawn_blocking(move || (place.serve(), place)).await.unwrap();
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    let ask = async |path: &str| {
        let reply =
            http.get(format!("http://{}{path}", server.0.address)).header("host", "localhost:1").send().await.unwrap();
        (reply.status().as_u16(), reply.headers().contains_key("retry-after"))
    };
    assert_eq!(ask("/readyz").await.0, 200);
    assert_eq!(ask("/api/v1/timelines/public").await.0, 200);
    door.open.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let asked = Instant::now();
    assert_eq!(ask("/api/v1/timelines/public").await, (503, true));
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    assert_eq!(ask("/readyz").await.0, 503);
    assert_eq!(ask("/healthz").await.0, 200);
    door.open.store(true, Ordering::SeqCst);
    let back = Instant::now();
    while ask("/api/v1/timelines/public").await.0 != 200 {
        assert!(back.elapsed() < Duration::from_secs(5), "not back in time");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
