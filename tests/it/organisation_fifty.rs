//! Fifty nodes of one organisation in one process: real nodes, real requests, a simulated clock.

use crate::support::{
    Node, NodeBuilder,
    organisation::{brings_in, charter_of, found, invite, minutes, org, version},
    settle,
};
use watercooler::{net::Refusal, time::Clock};

/// How many.
const NODES: usize = 50;

#[tokio::test]
async fn an_update_and_a_removal_reach_fifty_nodes_within_two_minutes() {
    let clock = Clock::fixed(crate::support::NOW);
    let mut nodes = Vec::with_capacity(NODES);
    for number in 0..NODES {
        nodes.push(NodeBuilder::new(&format!("site{number}")).await.embedded().clock(&clock).start().await);
    }
    let hq = &nodes[0];
    found(hq).await;
    for node in &nodes[1..] {
        brings_in(hq, node).await;
    }
    let all: Vec<&Node> = nodes.iter().collect();
    minutes(&all, 2).await;
    let newest = NODES as i64;
    for node in &all {
        assert_eq!(version(node).await, newest, "{}", node.domain);
    }

    // A change reaches everybody.
    org(hq, &["alias", "k8s", "kubernetes"]).await.unwrap();
    minutes(&all, 2).await;
    for node in &all {
        assert_eq!(version(node).await, newest + 1, "{}", node.domain);
    }

    // A removal is obeyed by everybody: the removed node is refused at every door, and nothing goes out to it.
    let gone = &nodes[17];
    org(hq, &["remove", &gone.domain, "--reason", "closed down"]).await.unwrap();
    minutes(&all, 2).await;
    for node in all.iter().filter(|node| node.domain != gone.domain) {
        assert_eq!(version(node).await, newest + 2, "{}", node.domain);
        assert_eq!(node.app.net().rules().standing(&gone.domain).admitted, Err(Refusal::Removed), "{}", node.domain);
        let asked = crate::support::organisation::letter(gone, node, "GET", "/charter", None).await.send(node).await;
        assert_eq!((asked.status, asked.json()["code"].as_str()), (403, Some("removed")), "{}", node.domain);
    }
}
