//! What machines that watch a node are told: that it lives, that it works, how long its queues wait.

use crate::support::{Client, Node, NodeBuilder, Peer, Sender};
use watercooler::{config::Secret, db::Sql, domain::Task, telemetry};

/// A worker that is stuck is not seen by whoever asks whether the process lives: who asks whether it works is told, and the
/// figures say which queue it is (REL-27).
#[tokio::test]
async fn rel_27_a_queue_that_stands_still_makes_a_node_not_ready_and_the_figures_name_it() {
    let node = NodeBuilder::new("alpha").await.config(|c| c.metrics.token = Some(Secret::new("watch"))).start().await;
    telemetry::start_figures(&node.app).await.unwrap();
    node.settle().await;
    let watcher = Client::with_token(&node, "watch").unchecked();
    let state = async || (watcher.get("/healthz").await.status, watcher.get("/readyz").await.status);
    let oldest = async |queue: &str| {
        let figures = watcher.get("/metrics").await.text;
        let line = figures.lines().find(|line| line.starts_with(&format!("queue_oldest_seconds{{queue=\"{queue}\"}}")));
        line.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
    };
    assert_eq!(state().await, (200, 200));
    assert_eq!(oldest("default").await, None, "nothing ever waited there");

    // A job that nobody takes.
    node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
    node.clock.advance(14 * 60_000);
    assert_eq!(state().await, (200, 200), "a busy node may be some minutes late");
    node.clock.advance(2 * 60_000);
    assert_eq!(state().await, (200, 503), "it lives, and does not work");
    assert!(watcher.get("/readyz").await.text.contains("queue"));
    let queue = node
        .app
        .read(|conn| Sql::new("select j.queue from jobs j order by j.id desc").load_texts(conn))
        .await
        .unwrap()
        .remove(0);
    assert_eq!(oldest(&queue).await, Some(960.0));
    node.settle().await;
    assert_eq!(state().await, (200, 200));
    assert_eq!(oldest(&queue).await, Some(0.0));

    // An activity that arrived and that nobody takes.
    let peer = Peer::start("far").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    node.member("bob").await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &ada.activity("Follow", node.url("/users/bob"))).await;
    node.clock.advance(16 * 60_000);
    let ask = Client::anonymous(&node);
    assert_eq!((ask.get("/healthz").await.status, ask.get("/readyz").await.status), (200, 503));
    node.settle().await;
    assert_eq!(ask.get("/readyz").await.status, 200);
}
