//! Deliveries to servers that cannot take one activity, or nothing for a while, or send us elsewhere.

use crate::support::{Node, NodeBuilder, Peer, rows};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use watercooler::{
    limits,
    model::{Account, Visibility},
    net::{Ask, Failure, Purpose},
    store,
};

/// A node with ada and bob, whom zoe follows.
struct Scene {
    node: Node,
    peer: Peer,
    ada: Account,
    bob: Account,
    zoe: Account,
}

async fn scene() -> Scene {
    let peer = Peer::start("zeta").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let (ada, bob) = (rows::local(&node, "ada").await, rows::local(&node, "bob").await);
    let zoe = rows::remote(&node, &peer, "zoe").await;
    rows::follows(&node, &zoe, &ada).await;
    rows::follows(&node, &zoe, &bob).await;
    node.settle().await;
    Scene { node, peer, ada, bob, zoe }
}

impl Scene {
    async fn says(&self, who: &Account, number: i64, text: &str) {
        rows::publish(&self.node, rows::post(&self.node, who, number, Visibility::Public, text), &[]).await;
    }
    async fn after(&self, seconds: i64) {
        self.node.clock.advance(seconds * 1_000);
        self.node.settle().await;
    }
    /// What was delivered, in order, those that were not taken too.
    fn texts(&self) -> Vec<String> {
        let strip = |text: &str| text.trim_start_matches("<p>").trim_end_matches("</p>").to_owned();
        self.peer.inbox().iter().map(|a| strip(a["object"]["content"].as_str().unwrap_or_default())).collect()
    }
    fn tries(&self, text: &str) -> usize {
        self.texts().iter().filter(|t| *t == text).count()
    }
    /// Errors of what was given up.
    async fn parked(&self) -> Vec<String> {
        let rows = self.node.app.read(|conn| store::deliveries::list(conn, 10)).await.unwrap();
        rows.into_iter().filter(|r| r.parked_at.is_some()).map(|r| r.last_error.unwrap_or_default()).collect()
    }
    async fn waiting(&self) -> i64 {
        self.node.app.read(|conn| store::deliveries::count_waiting(conn, None)).await.unwrap()
    }
}

#[tokio::test]
async fn fed_dlv_02_one_activity_that_a_host_fails_over_holds_nobody_elses() {
    let s = scene().await;
    s.peer.stumbles_over("poison", 500);
    s.says(&s.ada, 1, "poison").await;
    s.node.settle().await;
    assert_eq!(s.texts(), ["poison"]);
    s.says(&s.ada, 2, "second").await;
    s.says(&s.bob, 3, "third").await;
    s.after(19).await;
    assert_eq!(s.texts()[1], "third", "the probe is somebody else's");
    assert_eq!(s.tries("second"), 0, "what one person writes keeps its order");
    // Bob is heard the whole time, in pauses of some seconds at most.
    s.says(&s.bob, 4, "fourth").await;
    s.after(40).await;
    assert_eq!((s.tries("third"), s.tries("fourth")), (1, 1));
    for _ in 0..4 {
        s.after(400).await;
    }
    assert_eq!(s.tries("poison"), 5);
    assert_eq!(s.parked().await, ["answered 500"]);
    assert_eq!(s.tries("second"), 1);
    assert_eq!(s.waiting().await, 0);
}

#[tokio::test]
async fn fed_dlv_02_one_activity_that_a_host_fails_over_is_given_up_where_there_is_one_sender_only() {
    let s = scene().await;
    s.peer.stumbles_over("poison", 500);
    for (number, text) in ["poison", "second", "third"].into_iter().enumerate() {
        s.says(&s.ada, number as i64 + 1, text).await;
    }
    s.node.settle().await;
    for _ in 0..3 {
        s.after(120).await;
        assert_eq!(s.tries("second"), 0, "for some minutes it may be the host");
    }
    for _ in 0..6 {
        s.after(800).await;
    }
    assert_eq!((s.tries("second"), s.tries("third")), (1, 1));
    assert_eq!(s.parked().await, ["answered 500"]);
    assert_eq!(s.waiting().await, 0);
}

#[tokio::test]
async fn fed_dlv_01_a_host_that_fails_over_everything_loses_nothing() {
    let s = scene().await;
    s.peer.inbox_answers(500);
    for number in 1..=3 {
        s.says(&s.ada, number, &format!("ada {number}")).await;
        s.says(&s.bob, 10 + number, &format!("bob {number}")).await;
    }
    s.node.settle().await;
    let before = s.texts().len();
    for seconds in [19, 37, 109, 361, 721, 1_441, 2_881, 4_321] {
        s.after(seconds).await;
    }
    assert!(s.texts().len() - before <= 10, "a probe a step: {:?}", s.texts());
    assert!(s.parked().await.is_empty());
    s.peer.forget();
    s.peer.inbox_answers(202);
    s.after(5 * 3_600).await;
    s.after(60).await;
    let mut taken = s.texts();
    taken.sort();
    assert_eq!(taken, ["ada 1", "ada 2", "ada 3", "bob 1", "bob 2", "bob 3"]);
    assert!(s.parked().await.is_empty());
}

#[tokio::test]
async fn fed_dlv_10_who_sends_us_elsewhere_is_asked_again_and_the_host_is_well() {
    let s = scene().await;
    s.peer.redirect("/inbox", &s.peer.url("/elsewhere"));
    s.says(&s.ada, 1, "moved").await;
    s.node.settle().await;
    assert_eq!(s.texts(), ["moved"]);
    // Another inbox of the same host is not held up.
    rows::publish(&s.node, rows::post(&s.node, &s.bob, 2, Visibility::Direct, "direct"), &[&s.zoe]).await;
    s.node.settle().await;
    assert_eq!(s.texts(), ["moved", "direct"]);
    s.peer.serve_as("/inbox", 202, "text/plain", "");
    s.after(19).await;
    assert_eq!(s.tries("moved"), 2);
    assert_eq!(s.waiting().await, 0);
}

#[tokio::test]
async fn fed_dlv_02_a_delivery_ends_when_nothing_comes_for_a_while() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = format!("mute.test:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        // The first says nothing, the second begins and stops.
        for (n, begin) in ["", "HTTP/1.1 202 Accepted\r\ncontent-length: 10\r\n\r\nx"].into_iter().enumerate() {
            let (mut io, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = io.read(&mut [0; 4_096]).await;
                let _ = io.write_all(begin.as_bytes()).await;
                tokio::time::sleep(Duration::from_secs(60 + n as u64)).await;
            });
        }
    });
    let node = NodeBuilder::new("alpha").await.knows(&authority).start().await;
    for _ in 0..2 {
        let url = format!("http://{authority}/inbox").parse().unwrap();
        let ask = Ask::post(Purpose::Deliver, url, "{}").pausing(Duration::from_millis(200));
        let started = Instant::now();
        assert!(matches!(node.app.net().fetch(ask).await, Err(Failure::TimedOut)));
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    }
    assert_eq!((limits::DELIVERY_PAUSE_MS, limits::DELIVERY_TOTAL_MS), (10_000, 30_000));
}
