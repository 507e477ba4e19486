//! What floods and odd shapes cost (LIM-02, LIM-03, LIM-09, ROB-11): nothing is read, fetched or stored for who proves nothing, and nobody has
//! the queue or its workers alone.

use crate::support::{Node, NodeBuilder, Peer, Sender};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use watercooler::{config::Switch, db::Sql, federation::inbox::queue, rate::Rule};

async fn pair() -> (Node, Peer) {
    let peer = Peer::start("remote").await;
    let node = NodeBuilder::new("alpha")
        .await
        .knows(&peer.authority)
        .config(|config| {
            config.rate_limits.mode = Switch::On;
            config.rate_limits.trusted = Some(Vec::new());
        })
        .start()
        .await;
    (node, peer)
}

fn like(sender: &Sender) -> Value {
    sender.activity("Like", "https://elsewhere.example/posts/1")
}

async fn run(node: &Node, sql: String) {
    node.app.write(move |tx| Sql::new(sql.clone()).execute(tx.conn)).await.unwrap();
}

/// Raw text in, the head of the answer out, while the body is still to come.
async fn exchange(node: &Node, head: &str) -> String {
    let mut socket = tokio::net::TcpStream::connect(node.address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(20), socket.read(&mut answer)).await;
    let read = read.expect("an answer before the body").unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

/// Raw text in, all that is answered out, until the other side ends the connection.
async fn whole(node: &Node, request: &str) -> String {
    let mut socket = tokio::net::TcpStream::connect(node.address).await.unwrap();
    // Who is refused early may not take all of it.
    let _ = socket.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let mut piece = [0_u8; 4096];
    let read = async {
        // An end in the middle is one as well.
        while let Ok(length @ 1..) = socket.read(&mut piece).await {
            answer.extend_from_slice(&piece[..length]);
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("the connection stays open");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn sec_lim_09_what_two_readers_might_read_in_two_ways_is_refused_or_ends_the_connection() {
    let node = Node::start().await;
    let head = format!("POST /api/v1/apps HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n", node.domain);
    for (shape, status) in [
        ("content-length: 4\r\ncontent-length: 5\r\n\r\nabcde", 400),
        ("content-length: 2, 2\r\n\r\n{}", 400),
        ("content-length: +2\r\n\r\n{}", 400),
        ("transfer-encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
        ("transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
        ("transfer-encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n", 400),
        // The chunks count, and nothing behind them is read as another request.
        (
            "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\nhost: x\r\n\r\n",
            422,
        ),
    ] {
        let answer = whole(&node, &format!("{head}{shape}")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{shape:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{shape:?}: {answer}");
    }
    let large = format!("GET /health HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n", "a".repeat(40_000));
    let answer = whole(&node, &large).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert!(whole(&node, "GET /health HTTP/1.1\r\nhost : x\r\n\r\n").await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn sec_lim_09_a_request_says_once_whom_it_is_for() {
    let (node, peer) = pair().await;
    for named in ["", "host: x\r\nhost: y\r\n", "host: x\r\nhost: x\r\n"] {
        let answer = whole(&node, &format!("GET /healthz HTTP/1.1\r\n{named}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{named:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{named:?}: {answer}");
    }
    // Names came with version 1.1.
    assert!(whole(&node, "GET /healthz HTTP/1.0\r\n\r\n").await.contains(" 200 "));
    // Which of the two was signed nobody can tell.
    let ada = Sender::new(&peer, "ada");
    let letter = ada.letter(&node, "/inbox", &like(&ada));
    let lines: String = letter.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let host = if lines.contains("host: ") { String::new() } else { format!("host: {}\r\n", node.domain) };
    let length = letter.body.len();
    let head = format!("POST /inbox HTTP/1.1\r\n{host}host: other.example\r\ncontent-length: {length}\r\n{lines}");
    let answer = whole(&node, &format!("{head}\r\n{}", String::from_utf8_lossy(&letter.body))).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn sec_lim_09_a_delivery_in_chunks_that_are_none_is_malformed_and_not_too_large() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    let letter = ada.letter(&node, "/inbox", &like(&ada));
    let lines: String = letter.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let host = if lines.contains("host: ") { String::new() } else { format!("host: {}\r\n", node.domain) };
    let head = format!("POST /inbox HTTP/1.1\r\n{host}transfer-encoding: chunked\r\n{lines}");
    let answer = whole(&node, &format!("{head}\r\nZZ\r\nabc\r\n0\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn sec_lim_09_who_never_asks_or_takes_too_long_to_is_let_go() {
    let node = Node::start().await;
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    // The second request of a connection comes by halves as well.
    let second = async {
        let mut socket = tokio::net::TcpStream::connect(node.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut piece = [0; 4096];
        assert!(socket.read(&mut piece).await.unwrap() > 0);
        socket.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
        let mut rest = Vec::new();
        let _ = socket.read_to_end(&mut rest).await;
        String::from_utf8_lossy(&rest).into_owned()
    };
    let (silent, version, head, second, idle) = tokio::join!(
        whole(&node, ""),
        whole(&node, "PRI * HTTP/2.0\r\n"),
        whole(&node, "GET /healthz HTTP/1.1\r\nhost: x\r\n"),
        second,
        whole(&node, request),
    );
    assert_eq!(silent, "", "nothing was asked");
    for late in [&version, &head, &second] {
        assert!(late.contains("HTTP/1.1 408 "), "{late}");
    }
    // Who was answered and asks for nothing more is not told that they are late.
    assert!(idle.starts_with("HTTP/1.1 200") && !idle.contains("408"), "{idle}");
}

#[tokio::test]
async fn sec_lim_02_an_unsigned_request_is_answered_before_its_body_comes() {
    let (node, _) = pair().await;
    for more in ["content-length: 900000\r\n", "transfer-encoding: chunked\r\n", "content-length: 9000000000\r\n"] {
        let head = format!(
            "POST /inbox HTTP/1.1\r\nhost: {}\r\ncontent-type: application/activity+json\r\n{more}\r\n",
            node.domain
        );
        let answer = exchange(&node, &head).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{more}: {answer}");
    }
}

#[tokio::test]
async fn sec_lim_02_an_address_that_proves_nothing_makes_us_fetch_nothing_more() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    let mut stranger = Sender::new(&peer, "eve");
    stranger.id = "http://nobody.test/users/eve".into();
    stranger.signer.key_id = format!("{}#main-key", stranger.id);
    let status = stranger.deliver(&node, &like(&stranger)).await.status;
    assert!(matches!(status, 401 | 503), "asked for in vain: {status}");
    for _ in 0..Rule::Unproven.figures().0 {
        assert_eq!(ada.letter(&node, "/inbox", &like(&ada)).without("signature").send(&node).await.status, 401);
    }
    stranger.id = "http://somebody.test/users/eve".into();
    stranger.signer.key_id = format!("{}#main-key", stranger.id);
    let reply = stranger.deliver(&node, &like(&stranger)).await;
    assert_eq!(reply.status, 429, "{}", reply.text);
    assert!(reply.header("retry-after").parse::<u64>().unwrap() > 0);
    // Whoever is known, and hosts that an entry names, are unharmed.
    ada.delivers(&node, &like(&ada)).await;
    let new = Sender::new(&peer, "new");
    new.delivers(&node, &like(&new)).await;
    node.clock.advance(301_000);
    let status = stranger.deliver(&node, &like(&stranger)).await.status;
    assert!(matches!(status, 401 | 503), "asked for again: {status}");
}

/// An activity of somebody unknown to the node that cannot be judged without a fetch.
fn needs_the_network(sender: &Sender) -> Value {
    sender.activity("Create", sender.peer.url("/notes/1"))
}

/// Fills the queue with items of a host.
async fn fill(node: &Node, host: &str, items: i64) {
    run(
        node,
        format!(
            "insert into inbox_items (id, account_id, host, body, run_at, created_at) with recursive n(i) as \
             (select 1 union all select i + 1 from n where i < {items}) select 1000 + i, 1, '{host}', '{{}}', 0, 0 from n"
        ),
    )
    .await;
}

#[tokio::test]
async fn fed_rob_11_a_full_queue_asks_senders_to_come_back() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    fill(&node, "flood.example", watercooler::limits::INBOX_QUEUE).await;
    let late = needs_the_network(&ada);
    let reply = ada.deliver(&node, &late).await;
    assert_eq!(reply.status, 503, "{}", reply.text);
    assert!(!reply.header("retry-after").is_empty());
    ada.delivers(&node, &like(&ada)).await;
    run(&node, "delete from inbox_items".into()).await;
    node.clock.advance(2_000);
    ada.delivers(&node, &late).await;
    let waiting = node.app.read(|conn| Sql::new("select count(*) from inbox_items").scalar_i64(conn)).await.unwrap();
    assert_eq!(waiting, 1, "what was refused was not remembered as seen");
}

#[tokio::test]
async fn sec_lim_03_a_host_has_a_share_of_the_queue_and_of_its_workers() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    let room = queue::room(&node.app);
    fill(&node, "flood.example", 10_001).await;
    let asked = room.clone();
    let take = |host: &'static str, is_peer: bool| {
        let room = asked.clone();
        node.app.write(move |tx| room.take(tx, host, is_peer))
    };
    assert!(take("flood.example", false).await.is_err());
    assert!(take("calm.example", false).await.is_ok() && take("flood.example", true).await.is_ok());
    ada.delivers(&node, &needs_the_network(&ada)).await;
    // Two of the flood are in work; the third worker takes what came after ten thousand others.
    let mut held = Vec::new();
    for expected in ["flood.example", "flood.example", peer.authority.as_str()] {
        let (item, busy) = room.claim(&node.app).await.unwrap().unwrap();
        assert_eq!(item.host, expected);
        held.push(busy);
    }
    assert!(room.claim(&node.app).await.unwrap().is_none());
    held.clear();
    assert_eq!(room.claim(&node.app).await.unwrap().unwrap().0.host, "flood.example");
}
