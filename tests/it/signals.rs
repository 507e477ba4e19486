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
