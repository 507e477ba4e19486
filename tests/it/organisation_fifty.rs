//! Fifty nodes of one organisation in one process: real nodes, real requests, a simulated clock.

use crate::support::{
    Node, NodeBuilder,
    organisation::{brings_in, charter_of, found, invite, minutes, org, version},
    settle,
};
use watercooler::{net::Refusal, time::Clock};

/// How many.
const NODES: usize = 50;
/// Those that run on PostgreSQL when there is one: that which is removed among them.
const POSTGRES: [usize; 3] = [3, 17, 30];

#[tokio::test]
async fn an_update_and_a_removal_reach_fifty_nodes_within_two_minutes() {
    let clock = Clock::fixed(crate::support::NOW);
    let mut nodes = Vec::with_capacity(NODES);
    for number in 0..NODES {
        let node = NodeBuilder::new(&format!("site{number}")).await.clock(&clock);
        // A few on PostgreSQL when there is one: all fifty would want more connections than a server has.
        nodes.push(if POSTGRES.contains(&number) { node } else { node.embedded() }.start().await);
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

    // Whoever leaves is gone from every directory, and asked nothing, within a minute.
    let eve = hq.member("eve").await;
    let skills = serde_json::json!({ "skills": [{ "name": "Falconry", "stance": "ask" }] });
    eve.patch("/api/watercooler/v1/people/me", skills).await.ok();
    minutes(&all, 3).await;
    let handle = hq.handle("eve");
    let readers = [all[1].member("reader").await, all[30].member("reader").await, all[49].member("reader").await];
    let found = async || {
        let mut found = 0;
        for reader in &readers {
            let answer = reader.get("/api/v2/search?q=who+knows+falconry").await.ok();
            found += answer["accounts"].as_array().unwrap().iter().filter(|one| one["username"] == "eve").count();
        }
        found
    };
    let left = async |node: &Node| {
        let handle = if node.domain == hq.domain { "eve".to_owned() } else { handle.clone() };
        let copy =
            node.app.read(move |conn| watercooler::store::accounts::find_by_handle(conn, &handle)).await.unwrap();
        copy.unwrap().left_on.is_some()
    };
    assert_eq!(found().await, readers.len());
    crate::leavers::leaves(&crate::leavers::boss(hq).await, &eve).await;
    minutes(&all, 1).await;
    for node in &all {
        assert!(left(node).await, "{}", node.domain);
    }
    assert_eq!(found().await, 0);

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
