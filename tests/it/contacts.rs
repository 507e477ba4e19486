//! Servers that this node never spoke with, many at once (LIM-04).

use crate::{
    delivery::waiting,
    interactions::boost,
    support::{Node, NodeBuilder, PUBLIC, Peer, Scene, rows},
};
use serde_json::json;
use watercooler::{
    config::{Config, FederationPolicy},
    domain::{
        delivery::{self, Lateness},
        people::fields::Tongue,
    },
    model::{Account, Visibility},
};

/// A tenth of an hour: what one of ten takes to come back.
const TURN: i64 = 360_000;

/// One an hour; servers with an entry, as all in these tests, have ten times as many.
fn one_an_hour(config: &mut Config) {
    config.federation.new_hosts_per_hour = 1;
}

/// A node with ada, whom one person on each of these servers follows.
async fn followed_from(names: &[String], change: impl FnOnce(&mut Config)) -> (Node, Account, Vec<Peer>) {
    let (mut peers, mut node) = (Vec::new(), NodeBuilder::new("alpha").await.config(change));
    for name in names {
        let peer = Peer::start(name).await;
        node = node.knows(&peer.authority);
        peers.push(peer);
    }
    let node = node.start().await;
    let ada = rows::local(&node, "ada").await;
    for peer in &peers {
        let zoe = rows::remote(&node, peer, "zoe").await;
        rows::follows(&node, &zoe, &ada).await;
    }
    (node, ada, peers)
}

async fn says(node: &Node, who: &Account, number: i64) {
    rows::publish(node, rows::post(node, who, number, Visibility::Public, &format!("{number}")), &[]).await;
    node.settle().await;
}

fn reached(peers: &[Peer]) -> usize {
    peers.iter().filter(|peer| !peer.inbox().is_empty()).count()
}

fn texts(peer: &Peer) -> Vec<String> {
    let mut texts: Vec<String> =
        peer.inbox().iter().map(|it| it["object"]["content"].as_str().unwrap_or_default().to_owned()).collect();
    // Two senders may be under way to one host at the same time.
    texts.sort();
    texts
}

#[tokio::test]
async fn sec_lim_04_followers_on_many_new_hosts_get_a_post_in_time_and_cost_others_nothing() {
    let names: Vec<String> = (0..14).map(|n| format!("s{n}")).collect();
    let (node, ada, peers) = followed_from(&names, one_an_hour).await;
    says(&node, &ada, 1).await;
    assert_eq!((reached(&peers), waiting(&node).await), (10, 4));
    // Somebody else here has a budget of their own; a host that they make known is known for all.
    let late: Vec<&Peer> = peers.iter().filter(|peer| peer.inbox().is_empty()).collect();
    let bob = rows::local(&node, "bob").await;
    let yan = rows::remote(&node, late[3], "yan").await;
    rows::follows(&node, &yan, &bob).await;
    says(&node, &bob, 2).await;
    assert_eq!(texts(late[3]), ["<p>1</p>", "<p>2</p>"]);
    // Known hosts notice nothing.
    says(&node, &ada, 3).await;
    assert_eq!((reached(&peers), waiting(&node).await), (11, 6));
    assert_eq!(texts(late[3]).len(), 3);
    // Nor does it help to speak: who waits has a turn, one after the other.
    for peer in &late {
        watercooler::federation::deliver::heard_from(&node.app, &peer.authority);
    }
    node.clock.advance(TURN - 1_000);
    node.settle().await;
    assert_eq!(reached(&peers), 11);
    for turn in 1..=4 {
        node.clock.advance(TURN);
        node.settle().await;
        assert!(reached(&peers) <= 11 + turn, "{turn}");
    }
    assert_eq!((reached(&peers), waiting(&node).await), (14, 0));
    for peer in &late[..3] {
        assert_eq!(texts(peer), ["<p>1</p>", "<p>3</p>"], "nothing is lost");
    }
}

#[tokio::test]
async fn whoever_writes_is_told_of_a_new_host_that_its_turn_comes() {
    let names: Vec<String> = (0..11).map(|n| format!("s{n}")).collect();
    let (node, ada, peers) = followed_from(&names, one_an_hour).await;
    let post = rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "1"), &[]).await;
    node.settle().await;
    let held = peers.iter().find(|peer| peer.inbox().is_empty()).unwrap();
    let told = async |tongue: Tongue| {
        let (id, author, now) = (post.id, ada.id, node.clock.now());
        node.app.read(move |conn| delivery::of_post(conn, author, id, now, tongue)).await.unwrap()
    };
    node.clock.advance(60_000);
    node.settle().await;
    let late = told(Tongue::English).await;
    let states: Vec<_> = late.late.iter().map(|site| (site.domain.as_str(), site.state)).collect();
    assert_eq!(states, [(held.authority.as_str(), Lateness::Queued)]);
    let says = format!("10 of 11 sites have it. {} is new to this node and waits its turn.", held.authority);
    assert_eq!(late.text, says);
    assert!(told(Tongue::German).await.text.ends_with("ist hier neu und kommt noch an die Reihe."));
    node.clock.advance(TURN);
    node.settle().await;
    assert!(told(Tongue::English).await.late.is_empty());
}

#[tokio::test]
async fn sec_lim_04_one_domain_with_many_hosts_does_not_use_up_the_budget_of_an_account() {
    let mut names: Vec<String> = (0..8).map(|n| format!("s{n}.evil")).collect();
    names.push("good".into());
    let (node, ada, peers) = followed_from(&names, one_an_hour).await;
    says(&node, &ada, 1).await;
    let (good, evil) = peers.split_last().unwrap();
    assert_eq!((reached(evil), good.inbox().len()), (2, 1));
    node.clock.advance(6 * 3_600_000);
    node.settle().await;
    assert_eq!((reached(evil), waiting(&node).await), (8, 0));
}

#[tokio::test]
async fn sec_lim_04_nodes_under_an_allowlist_are_not_counted() {
    let names: Vec<String> = (0..12).map(|n| format!("s{n}")).collect();
    let (node, ada, peers) = followed_from(&names, |config| {
        one_an_hour(config);
        config.federation.policy = FederationPolicy::Allowlist;
    })
    .await;
    says(&node, &ada, 1).await;
    assert_eq!((reached(&peers), waiting(&node).await), (12, 0));
}

/// A scene in which bob follows vera, and three servers with a post each that nobody here knows.
async fn with_strangers() -> (Scene, Vec<Peer>) {
    let mut far = Vec::new();
    for name in ["one", "two", "three"] {
        far.push(Peer::start(name).await);
    }
    let known: Vec<String> = far.iter().map(|peer| peer.authority.clone()).collect();
    let s = Scene::built(|node| known.iter().fold(node.config(one_an_hour), |node, name| node.knows(name))).await;
    s.follows(&s.bob, &s.vera).await;
    for peer in &far {
        let author = peer.person("zoe", &crate::support::rsa(0).public_pem().unwrap())["id"].clone();
        peer.serve(
            "/notes/1",
            json!({
                "@context": "https://www.w3.org/ns/activitystreams", "id": peer.url("/notes/1"), "type": "Note",
                "attributedTo": author, "to": [PUBLIC], "content": "<p>hello</p>",
            }),
        );
    }
    (s, far)
}

#[tokio::test]
async fn sec_lim_04_letters_of_one_server_make_this_node_read_from_few_new_hosts() {
    let (s, far) = with_strangers().await;
    let note = |n: usize| far[n].url("/notes/1");
    s.sends(&s.ada, &boost(&s.ada, note(0))).await;
    assert!(s.post(&note(0)).await.is_some());
    s.sends(&s.ada, &boost(&s.ada, note(1))).await;
    assert_eq!((far[1].received().len(), s.post(&note(1)).await.is_none()), (0, true));
    // Another server has a budget of its own; what is known by then is free.
    s.sends(&s.vera, &boost(&s.vera, note(1))).await;
    assert!(s.post(&note(1)).await.is_some());
    s.node.clock.advance(3_601_000);
    s.sends(&s.ada, &boost(&s.ada, note(2))).await;
    assert!(s.post(&note(2)).await.is_some());
}

#[tokio::test]
async fn sec_lim_04_what_posts_of_one_server_answer_and_quote_is_read_from_few_new_hosts() {
    let (s, far) = with_strangers().await;
    let note = |n: usize| far[n].url("/notes/1");
    let says = async |name: &str, key: &str, n: usize| {
        let mut letter = s.note(&s.vera, name, "see there");
        letter[key] = json!(note(n));
        letter["quoteAuthorization"] = json!(far[n].url("/stamps/1"));
        s.creates(&s.vera, &letter).await;
    };
    says("1", "inReplyTo", 0).await;
    assert!(s.post(&note(0)).await.is_some());
    says("2", "inReplyTo", 1).await;
    says("3", "quote", 2).await;
    assert_eq!((far[1].received().len(), far[2].received().len()), (0, 0));
    // What waits is read once there is room.
    for _ in 0..3 {
        s.node.clock.advance(3_601_000);
        s.node.settle().await;
    }
    assert!(s.post(&note(1)).await.is_some() && !far[2].received().is_empty());
}
