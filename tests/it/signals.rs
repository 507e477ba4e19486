//! The program and the machine it runs on: signals that end it, and file descriptors that run out (REL-25, REL-28).

use crate::cli::{Place, Server};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

#[test]
fn rel_25_a_signal_finishes_what_runs_and_leaves_a_whole_file() {
    for signal in ["TERM", "INT"] {
        let place = Place::new();
        let mut server = place.serve();
        assert!(server.get("/health").starts_with("HTTP/1.1 200"));
        assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));
        for path in ["/", "/health", "/healthz", "/readyz"] {
            let head = server.ask("HEAD", path);
            assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "HEAD {path}: {head}");
        }
        assert!(server.setup.as_str().unwrap().starts_with("http://localhost:1/setup/"));
        // A request that has begun is answered after the signal.
        let mut running = std::net::TcpStream::connect(&server.address).unwrap();
        running.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        running.write_all(b"GET /health HTTP/1.1\r\nHost: localhost:1\r\n").unwrap();
        let idle = std::net::TcpStream::connect(&server.address).unwrap();
        assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
        server.signal(signal);
        let asked = Instant::now();
        running.write_all(b"\r\n").unwrap();
        let mut text = String::new();
        let _ = running.read_to_string(&mut text);
        let status = server.child.wait().unwrap();
        assert_eq!(status.code(), Some(0));
        assert!(asked.elapsed() < Duration::from_secs(12), "{:?}", asked.elapsed());
        drop(idle);
        // The log of the database is checkpointed, and nothing is left behind that a backup would miss.
        assert!(!place.path().join("data/watercooler.db-wal").exists());
        assert!(!place.path().join("data/control.sock").exists());
    }
}

#[test]
fn rel_28_a_node_without_file_descriptors_rests_and_recovers() {
    let place = Place::new();
    let program = env!("CARGO_BIN_EXE_watercooler");
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -n 64; exec {program} serve --json")])
        .current_dir(place.path())
        .env_remove("WATERCOOLER_TEST_DATABASE_URL")
        .env("WATERCOOLER_POSTGRES__CONNECTIONS", "4")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let server = Server { address: ready["listen"].as_str().unwrap().to_owned(), setup: Value::Null, child };
    let crowd: Vec<_> = (0..80).filter_map(|_| std::net::TcpStream::connect(&server.address).ok()).collect();
    assert!(crowd.len() > 64);
    let before = cpu_ticks(server.child.id());
    let watched = Instant::now();
    while watched.elapsed() < Duration::from_secs(2) {
        std::thread::yield_now();
        std::thread::park_timeout(Duration::from_millis(50));
    }
    let used = cpu_ticks(server.child.id()) - before;
    assert!(used < 60, "a busy loop: {used} ticks of 10 ms in 2 s");
    drop(crowd);
    assert!(server.get("/health").starts_with("HTTP/1.1 200"));
}

fn cpu_ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn rel_25_a_second_signal_stops_at_once() {
    let place = Place::new();
    let mut server = place.serve();
    // Somebody holds the server up with a request that never ends.
    let mut slow = std::net::TcpStream::connect(&server.address).unwrap();
    slow.write_all(b"GET /health HTTP/1.1\r\nHost: localhost:1\r\n").unwrap();
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
    server.signal("TERM");
    let asked = Instant::now();
    while std::net::TcpStream::connect(&server.address).is_ok() && asked.elapsed() < Duration::from_secs(5) {
        std::thread::yield_now();
    }
    server.signal("TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
    // What it held is free.
    place.serve();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_25_a_signal_ends_a_server_that_still_waits_to_begin() {
    let Ok(server) = std::env::var("WATERCOOLER_TEST_DATABASE_URL") else { return };
    // A database of its own: the lock of migrations is one for all of it.
    let name = format!("rel25_{}", std::process::id());
    let mut url: url::Url = server.parse().unwrap();
    url.set_path(&name);
    let connected = async |url: &str| {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    };
    let admin = connected(&server).await;
    admin.batch_execute(&format!("drop database if exists {name} with (force)")).await.unwrap();
    admin.batch_execute(&format!("create database {name}")).await.unwrap();
    // Another process migrates, and takes its time.
    let other = connected(url.as_str()).await;
    other.batch_execute("select pg_advisory_lock(95938098319939)").await.unwrap();
    let place = tokio::task::spawn_blocking(Place::new).await.unwrap();
    place.settings(&format!("database = \"{url}\"\n"));
    let mut child = place.command(&["serve"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let waits = "select 1 from pg_locks where locktype = 'advisory' and not granted and database = \
                 (select oid from pg_database where datname = current_database())";
    while other.query(waits, &[]).await.unwrap().is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "it waits");
        tokio::task::yield_now().await;
    }
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let asked = Instant::now();
    assert_eq!(tokio::task::spawn_blocking(move || child.wait().unwrap().code()).await.unwrap(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    drop(other);
    admin.batch_execute(&format!("drop database {name} with (force)")).await.unwrap();
}
