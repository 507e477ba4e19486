//! Relays, by choice (FEP-ae0c): what they pass on is read at its own server and shown as what it is.

use crate::support::{PUBLIC, Scene, Sender};
use serde_json::{Value, json};
use watercooler::{domain::audit::Staff, federation::relays};

/// A relay on east.
async fn relay(s: &Scene) -> Sender {
    let mut document = s.east.person("relay", &s.ada.signer.key.public_pem().unwrap());
    document["type"] = json!("Application");
    s.east.serve("/users/relay", document);
    Sender::known(&s.east, "relay")
}

fn announce(by: &Sender, object: &Value) -> Value {
    let mut it = by.activity("Announce", object.clone());
    it["to"] = json!([PUBLIC]);
    it
}

async fn public(s: &Scene) -> Vec<String> {
    let list = s.carol.get("/api/v1/timelines/public?remote=true").await.ok();
    let mut all: Vec<String> =
        list.as_array().unwrap().iter().map(|one| one["uri"].as_str().unwrap().to_owned()).collect();
    all.sort();
    all
}

#[tokio::test]
async fn fed_coll_07_a_relay_that_staff_chose_brings_posts_and_is_left_again() {
    let s = Scene::new().await;
    let relay = relay(&s).await;
    let notes: Vec<Value> = (0..4).map(|n| s.note(&s.vera, &n.to_string(), &format!("n{n}"))).collect();
    for (n, note) in notes.iter().enumerate() {
        s.west.serve(&format!("/users/vera/notes/{n}"), note.clone());
    }
    // Nobody asked it yet.
    s.sends(&relay, &announce(&relay, &notes[0]["id"])).await;
    assert!(public(&s).await.is_empty());
    s.east.forget();
    let asked = relays::add(&s.node.app, Staff::console(), &relay.id).await.unwrap();
    assert_eq!(asked.state, "requested");
    s.node.settle().await;
    let follow = s.east.inbox().into_iter().find(|it| it["type"] == "Follow").unwrap();
    assert_eq!((&follow["actor"], &follow["object"]), (&json!(s.node.url("/actor")), &json!(relay.id)));
    s.sends(&relay, &announce(&relay, &notes[0]["id"])).await;
    assert!(public(&s).await.is_empty(), "it has not agreed yet");
    let accept = relay.activity("Accept", follow);
    let reply = relay.letter(&s.node, "/actor/inbox", &accept).send(&s.node).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    assert_eq!(relays::list(&s.node.app).await.unwrap()[0].state, "accepted");
    // An Announce, and somebody's Create that it carries, whatever stands in it.
    s.sends(&relay, &announce(&relay, &notes[1]["id"])).await;
    let mut forged = notes[2].clone();
    forged["content"] = json!("forged");
    let mut create = s.vera.activity("Create", forged);
    create["signature"] =
        json!({"type": "RsaSignature2017", "creator": s.vera.signer.key_id, "signatureValue": "AAAA"});
    assert_eq!(s.sends(&relay, &create).await, 202);
    let ids = |numbers: [usize; 2]| numbers.map(|n| notes[n]["id"].as_str().unwrap().to_owned());
    assert_eq!(public(&s).await, ids([1, 2]));
    let seen = s.status(&s.carol, notes[2]["id"].as_str().unwrap()).await;
    assert_eq!(
        (&seen["content"], &seen["reblogs_count"], &seen["account"]["username"]),
        (&json!("n2"), &json!(0), &json!("vera"))
    );
    // It is nobody's home and nobody's news.
    assert!(s.home(&s.bob).await.is_empty() && s.told(&s.bob).await.is_empty());
    assert_eq!(s.count("select count(*) from posts where boost_of_id is not null").await, 0);
    // A neighbour of the relay is no relay.
    s.sends(&s.mallory, &announce(&s.mallory, &notes[3]["id"])).await;
    assert_eq!(public(&s).await.len(), 2);
    s.east.forget();
    relays::remove(&s.node.app, Staff::console(), &relay.id).await.unwrap();
    s.node.settle().await;
    assert_eq!(s.east.inbox()[0]["type"], "Undo");
    s.west.forget();
    s.sends(&relay, &announce(&relay, &notes[3]["id"])).await;
    assert!(s.west.received().is_empty() && public(&s).await.len() == 2);
    assert!(relays::list(&s.node.app).await.unwrap().is_empty());
}

#[tokio::test]
async fn fed_coll_07_only_the_actor_of_a_program_is_taken_for_a_relay() {
    let s = Scene::new().await;
    for address in [s.ada.id.as_str(), "relay", "", &s.east.url("/nothing"), &s.node.url("/actor")] {
        assert!(relays::add(&s.node.app, Staff::console(), address).await.is_err(), "{address}");
    }
    assert!(relays::remove(&s.node.app, Staff::console(), &s.ada.id).await.is_err());
    assert_eq!(s.count("select count(*) from follows").await, 1, "bob's own");
}

/// ActivityRelay and AodeRelay follow back; the latter ends the subscription of whoever rejects that.
#[tokio::test]
async fn fed_coll_07_a_relay_that_follows_back_is_not_refused() {
    let s = Scene::new().await;
    let relay = relay(&s).await;
    let instance = s.node.url("/actor");
    relays::add(&s.node.app, Staff::console(), &relay.id).await.unwrap();
    s.node.settle().await;
    let follow = s.east.inbox().into_iter().find(|it| it["type"] == "Follow").unwrap();
    s.east.forget();
    // Its own Follow comes before its Accept, and again after it.
    assert_eq!(s.sends(&relay, &relay.activity("Follow", instance.as_str())).await, 202);
    assert_eq!(s.sends(&relay, &relay.activity("Accept", follow)).await, 202);
    assert_eq!(s.sends(&relay, &relay.activity("Follow", instance.as_str())).await, 202);
    s.node.settle().await;
    assert!(s.east.inbox().is_empty(), "{:?}", s.east.inbox());
    assert_eq!(relays::list(&s.node.app).await.unwrap()[0].state, "accepted");
    // Its word for a post is its followers' alone, and counts.
    let note = s.note(&s.vera, "0", "n0");
    s.west.serve("/users/vera/notes/0", note.clone());
    let mut announce = announce(&relay, &note["id"]);
    announce["to"] = json!([format!("{}/followers", relay.id)]);
    s.sends(&relay, &announce).await;
    assert_eq!(public(&s).await.len(), 1);
    // Nobody else follows the actor of a node, nor does a relay that is left.
    s.east.forget();
    s.sends(&s.ada, &s.ada.activity("Follow", instance.as_str())).await;
    s.node.settle().await;
    assert_eq!(s.east.inbox()[0]["type"], "Reject");
    relays::remove(&s.node.app, Staff::console(), &relay.id).await.unwrap();
    s.node.settle().await;
    s.east.forget();
    s.sends(&relay, &relay.activity("Follow", instance.as_str())).await;
    s.node.settle().await;
    assert_eq!(s.east.inbox()[0]["type"], "Reject");
}
