//! What becomes of deliveries to servers that fail, refuse, are gone or come back.

use crate::{
    delivery::{Scene, scene, sent, waiting},
    support::{NodeBuilder, Peer, rows},
};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
    federation::deliver,
    model::{Account, Visibility},
    store,
};

#[tokio::test]
async fn fed_dlv_01_a_failing_host_is_tried_once_a_step_and_then_caught_up() {
    let Scene { node, peer, ada, .. } = scene().await;
    peer.inbox_answers(500);
    for n in 1..=5 {
        rows::publish(&node, rows::post(&node, &ada, n, Visibility::Public, "Hi"), &[]).await;
    }
    node.settle().await;
    assert_eq!(sent(&peer).len(), 1, "one probe, the others wait");
    node.clock.advance(14_000);
    node.settle().await;
    assert_eq!(sent(&peer).len(), 1, "not before 15 s");
    node.clock.advance(4_100);
    node.settle().await;
    assert_eq!(sent(&peer).len(), 2);
    node.clock.advance(29_000);
    node.settle().await;
    assert_eq!(sent(&peer).len(), 2, "not before 30 s");
    peer.inbox_answers(202);
    node.clock.advance(8_000);
    node.settle().await;
    let ids: Vec<Value> = peer.inbox()[2..].iter().map(|a| a["id"].clone()).collect();
    assert_eq!(ids.len(), 5);
    assert!(ids.windows(2).all(|w| w[0].as_str() < w[1].as_str()), "in order: {ids:?}");
    assert_eq!(waiting(&node).await, 0);
}

#[tokio::test]
async fn fed_dlv_01_a_host_that_speaks_is_tried_at_once() {
    let Scene { node, peer, ada, .. } = scene().await;
    peer.inbox_answers(502);
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "Hi"), &[]).await;
    node.settle().await;
    peer.inbox_answers(202);
    deliver::heard_from(&node.app, &peer.authority);
    node.settle().await;
    assert_eq!(waiting(&node).await, 0);
}

#[tokio::test]
async fn fed_dlv_03_a_refusal_ends_a_delivery_and_lets_the_next_pass() {
    let Scene { node, peer, ada, .. } = scene().await;
    peer.inbox_answers(403);
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "no"), &[]).await;
    node.settle().await;
    peer.inbox_answers(202);
    rows::publish(&node, rows::post(&node, &ada, 2, Visibility::Public, "yes"), &[]).await;
    node.settle().await;
    assert_eq!(sent(&peer).len(), 2);
    let rows = node.app.read(|conn| store::deliveries::list(conn, 10)).await.unwrap();
    assert_eq!(rows.len(), 1, "the refused one stays for the log");
    assert_eq!(rows[0].last_error.as_deref(), Some("answered 403"));
    assert!(rows[0].parked_at.is_some());
    // An admin may try again.
    assert_eq!(deliver::retry(&node.app, None).await.unwrap(), 1);
    node.settle().await;
    assert_eq!(sent(&peer).len(), 3);
    assert!(node.app.read(|conn| store::deliveries::list(conn, 10)).await.unwrap().is_empty());
}

#[tokio::test]
async fn fed_dlv_04_an_inbox_that_is_gone_takes_its_owner_along() {
    let Scene { node, peer, ada, zoe, yan } = scene().await;
    peer.inbox_answers(410);
    peer.serve_as("/users/zoe", 410, "text/plain", "gone");
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "Hi"), &[]).await;
    node.settle().await;
    let (z, y) = (zoe.id, yan.id);
    let (zoe, yan) = node
        .app
        .read(move |conn| Ok((store::accounts::load(conn, z)?, store::accounts::load(conn, y)?)))
        .await
        .unwrap();
    assert!(zoe.deleted_at.is_some(), "its own server says that it is gone for good");
    assert!(yan.deleted_at.is_none(), "nothing was said of the neighbour");
    let follows = node.app.read(|conn| Sql::new("select f.account_id from follows f").load_ids::<Account>(conn));
    assert_eq!(follows.await.unwrap(), [y]);
}

#[tokio::test]
async fn fed_dlv_04_after_seven_days_of_404_only_a_probe_a_day_is_sent() {
    let Scene { node, peer, ada, .. } = scene().await;
    let mut number = 0;
    let mut publish = async || {
        number += 1;
        rows::publish(&node, rows::post(&node, &ada, number, Visibility::Public, "Hi"), &[]).await;
        node.settle().await;
        let posts = peer.inbox().len();
        peer.forget();
        posts
    };
    peer.inbox_answers(404);
    assert_eq!(publish().await, 1);
    node.clock.advance(6 * 86_400_000);
    assert_eq!(publish().await, 1);
    node.clock.advance(86_400_000);
    assert_eq!((publish().await, publish().await), (1, 0), "dead since the second one");
    node.clock.advance(86_400_000);
    assert_eq!((publish().await, publish().await), (1, 0), "the probe of the day");
    let dead = node.app.read(|conn| Ok(store::deliveries::missing_inboxes(conn)?.iter().filter(|m| m.dead).count()));
    assert_eq!(dead.await.unwrap(), 1);
    peer.inbox_answers(202);
    node.clock.advance(86_400_000);
    assert_eq!((publish().await, publish().await), (1, 1), "it is there again");
    assert!(node.app.read(store::deliveries::missing_inboxes).await.unwrap().is_empty());
}

#[tokio::test]
async fn fed_dlv_03_a_401_holds_its_sender_only() {
    let Scene { node, peer, ada, zoe, .. } = scene().await;
    let bob = rows::local(&node, "bob").await;
    rows::follows(&node, &zoe, &bob).await;
    peer.inbox_answers(401);
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "one"), &[]).await;
    node.settle().await;
    peer.inbox_answers(202);
    rows::publish(&node, rows::post(&node, &ada, 2, Visibility::Public, "two"), &[]).await;
    rows::publish(&node, rows::post(&node, &bob, 3, Visibility::Public, "three"), &[]).await;
    node.settle().await;
    assert_eq!(sent(&peer).len(), 3, "her first in both formats; ada's second post waits behind it");
    assert_eq!(peer.inbox()[2]["actor"], bob.uri);
    node.clock.advance(6 * 60_000 + 1_000);
    node.settle().await;
    assert_eq!(
        peer.inbox()[3..].iter().map(|a| a["object"]["content"].as_str().unwrap()).collect::<Vec<_>>(),
        ["<p>one</p>", "<p>two</p>"]
    );
}

#[tokio::test]
async fn fed_dlv_02_a_dead_host_delays_nobody_else() {
    let (peer, dead) = (Peer::start("zeta").await, "dead.test:9".to_owned());
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).knows(&dead).start().await;
    let ada = rows::local(&node, "ada").await;
    let zoe = rows::remote(&node, &peer, "zoe").await;
    rows::follows(&node, &zoe, &ada).await;
    let mut gone = peer.clone();
    gone.authority = dead;
    let xan = rows::remote(&node, &gone, "xan").await;
    rows::follows(&node, &xan, &ada).await;
    for n in 1..=3 {
        rows::publish(&node, rows::post(&node, &ada, n, Visibility::Public, "Hi"), &[]).await;
    }
    node.settle().await;
    assert_eq!(sent(&peer).len(), 3);
    assert_eq!(waiting(&node).await, 3);
}

#[tokio::test]
async fn fed_dlv_05_after_a_week_only_what_must_not_be_lost_waits() {
    let Scene { node, peer, ada, zoe, .. } = scene().await;
    peer.inbox_answers(500);
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "public"), &[]).await;
    rows::publish(&node, rows::post(&node, &ada, 2, Visibility::Direct, "direct"), &[&zoe]).await;
    node.settle().await;
    for _ in 0..40 {
        node.clock.advance(13 * 3_600_000);
        node.settle().await;
    }
    assert_eq!(waiting(&node).await, 1);
    rows::publish(&node, rows::post(&node, &ada, 3, Visibility::Public, "later"), &[]).await;
    peer.forget();
    peer.inbox_answers(202);
    node.clock.advance(25 * 3_600_000);
    node.settle().await;
    let contents: Vec<_> = peer.inbox().iter().map(|a| a["object"]["content"].clone()).collect();
    assert!(contents.contains(&json!("<p>direct</p>")), "{contents:?}");
    assert!(!contents.contains(&json!("<p>public</p>")), "{contents:?}");
    assert_eq!(waiting(&node).await, 0);
}

#[tokio::test]
async fn fed_dlv_05_a_host_that_was_silent_for_a_week_is_probed_though_nothing_that_must_not_be_lost_waits_for_it() {
    let Scene { node, peer, ada, .. } = scene().await;
    peer.inbox_answers(500);
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "lost"), &[]).await;
    node.settle().await;
    for _ in 0..20 {
        node.clock.advance(13 * 3_600_000);
        node.settle().await;
    }
    assert_eq!(waiting(&node).await, 0);
    peer.forget();
    rows::publish(&node, rows::post(&node, &ada, 2, Visibility::Public, "probe"), &[]).await;
    node.settle().await;
    assert_eq!((sent(&peer).len(), waiting(&node).await), (1, 0), "the probe of the day");
    rows::publish(&node, rows::post(&node, &ada, 3, Visibility::Public, "back"), &[]).await;
    node.settle().await;
    assert_eq!(sent(&peer).len(), 1, "not more than one");
    // It speaks to us: it is there again, and gets what everybody may read too.
    peer.forget();
    peer.inbox_answers(202);
    deliver::heard_from(&node.app, &peer.authority);
    node.settle().await;
    rows::publish(&node, rows::post(&node, &ada, 4, Visibility::Public, "on"), &[]).await;
    node.settle().await;
    let contents: Vec<_> = peer.inbox().iter().map(|a| a["object"]["content"].clone()).collect();
    assert_eq!(contents, ["<p>back</p>", "<p>on</p>"]);
    assert!(node.app.read(store::deliveries::troubled_hosts).await.unwrap().is_empty());
}

#[tokio::test]
async fn fed_dlv_05_a_host_that_comes_back_with_a_refusal_is_well_after_a_restart_too() {
    let Scene { node, peer, ada, .. } = scene().await;
    for (number, status) in (1..).zip([403, 404, 401]) {
        peer.inbox_answers(500);
        rows::publish(&node, rows::post(&node, &ada, number, Visibility::Public, "Hi"), &[]).await;
        node.settle().await;
        assert_eq!(node.app.read(store::deliveries::troubled_hosts).await.unwrap().len(), 1);
        peer.inbox_answers(status);
        node.clock.advance(20_000);
        node.settle().await;
        let troubled = node.app.read(store::deliveries::troubled_hosts).await.unwrap();
        assert!(troubled.is_empty(), "{status}: {troubled:?}");
    }
    node.clock.advance(8 * 86_400_000);
    let node = NodeBuilder::again(node).await.start().await;
    peer.inbox_answers(202);
    peer.forget();
    rows::publish(&node, rows::post(&node, &ada, 9, Visibility::Public, "after"), &[]).await;
    node.settle().await;
    assert!(peer.inbox().iter().any(|a| a["object"]["content"] == "<p>after</p>"));
}
