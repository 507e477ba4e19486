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
    assert_eq!((asked.kind, asked.state, &asked.actor), ("litepub", "requested", &Some(relay.id.clone())));
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
    for address in
        [s.ada.id.as_str(), "relay", "", &s.east.url("/nothing"), &s.node.url("/actor"), &s.node.url("/inbox")]
    {
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

/// A relay on east that was given by its inbox; answers it, its inbox and the Follow that came there.
async fn asked(s: &Scene) -> (Sender, String, Value) {
    let (relay, inbox) = (relay(s).await, s.east.url("/inbox"));
    s.east.serve_as("GET /inbox", 405, "text/plain", "only POST");
    s.east.forget();
    let asked = relays::add(&s.node.app, Staff::console(), &inbox).await.unwrap();
    assert_eq!((asked.kind, asked.state, asked.actor), ("mastodon", "requested", None));
    s.node.settle().await;
    let posts: Vec<_> = s.east.received().into_iter().filter(|request| request.method == "POST").collect();
    assert_eq!((posts.len(), posts[0].path.as_str()), (1, "/inbox"));
    let follow = posts[0].json();
    assert_eq!((&follow["type"], &follow["actor"]), (&json!("Follow"), &json!(s.node.url("/actor"))));
    assert_eq!(follow["object"], PUBLIC);
    s.east.forget();
    (relay, inbox, follow)
}

/// How the only relay stands.
async fn stands(s: &Scene) -> &'static str {
    relays::list(&s.node.app).await.unwrap()[0].state
}

/// How often anything was read on west.
fn reads(s: &Scene) -> usize {
    s.west.received().iter().filter(|read| read.path.contains("/notes/")).count()
}

#[tokio::test]
async fn fed_coll_07_a_relay_that_is_given_by_its_inbox_passes_on_what_its_own_server_shows() {
    let s = Scene::new().await;
    let mut notes: Vec<Value> = (0..6).map(|n| s.note(&s.vera, &n.to_string(), &format!("n{n}"))).collect();
    // Not for everybody, or not for the timelines of everybody.
    (notes[3]["to"], notes[3]["cc"]) = (json!([format!("{}/followers", s.vera.id)]), json!([PUBLIC]));
    (notes[4]["to"], notes[4]["cc"]) = (json!([format!("{}/followers", s.vera.id)]), json!([]));
    for (n, note) in notes.iter().enumerate() {
        s.west.serve(&format!("/users/vera/notes/{n}"), note.clone());
    }
    let ids: Vec<&str> = notes.iter().map(|note| note["id"].as_str().unwrap()).collect();
    let (relay, inbox, follow) = asked(&s).await;
    // It has not agreed yet, and nobody else can agree for it.
    assert_eq!(s.sends(&relay, &s.vera.activity("Create", notes[0].clone())).await, 401);
    for other in [&s.vera, &s.mallory] {
        s.sends(other, &other.activity("Accept", follow.clone())).await;
        s.sends(other, &other.activity("Accept", follow["id"].clone())).await;
    }
    assert_eq!(stands(&s).await, "requested");
    assert_eq!(s.sends(&relay, &relay.activity("Accept", follow.clone())).await, 202);
    let list = relays::list(&s.node.app).await.unwrap();
    assert_eq!((list.len(), list[0].kind, list[0].state), (1, "mastodon", "accepted"));
    assert_eq!((list[0].address.as_str(), list[0].actor.as_deref()), (inbox.as_str(), Some(relay.id.as_str())));
    // Asking again changes nothing.
    let again = relays::add(&s.node.app, Staff::console(), &inbox).await.unwrap();
    s.node.settle().await;
    assert_eq!((again.state, s.east.inbox().len()), ("accepted", 0));

    // As it is, with a signature that is not looked at and words that nobody wrote; once more; and as an Announce.
    let signed = |note: &Value| {
        let mut said = note.clone();
        said["content"] = json!("forged");
        let mut create = s.vera.activity("Create", said);
        (create["to"], create["cc"]) = (json!([PUBLIC]), json!([]));
        create["signature"] =
            json!({"type": "RsaSignature2017", "creator": s.vera.signer.key_id, "signatureValue": "AA"});
        create
    };
    s.west.forget();
    let create = signed(&notes[0]);
    assert_eq!(s.sends(&relay, &create).await, 202);
    assert_eq!(public(&s).await, ids[..1]);
    let once = reads(&s);
    assert_eq!(s.sends(&relay, &create).await, 202);
    assert_eq!(s.sends(&relay, &announce(&relay, &notes[0]["id"])).await, 202);
    assert_eq!((public(&s).await.len(), reads(&s)), (1, once));
    assert_eq!(s.status(&s.carol, ids[0]).await["content"], "n0");
    // What the relay announces, and what it passes on that somebody boosts: posts, and nobody's boosts.
    assert_eq!(s.sends(&relay, &announce(&relay, &notes[1]["id"])).await, 202);
    assert_eq!(s.sends(&relay, &announce(&s.vera, &notes[2]["id"])).await, 202);
    assert_eq!(public(&s).await, ids[..3]);
    assert_eq!(s.count("select count(*) from posts where boost_of_id is not null").await, 0);
    // Only what is public at home.
    for note in &notes[3..5] {
        assert_eq!(s.sends(&relay, &signed(note)).await, 202);
        assert_eq!(s.sends(&relay, &announce(&relay, &note["id"])).await, 202);
    }
    assert!(s.post(ids[3]).await.is_none() && s.post(ids[4]).await.is_none());
    // An edit and a deletion as far as they are true; what says nothing to us is no fault of the relay.
    let mut changed = notes[0].clone();
    (changed["content"], changed["updated"]) = (json!("changed"), json!(s.node.clock.now().rfc3339()));
    s.west.serve("/users/vera/notes/0", changed.clone());
    assert_eq!(s.sends(&relay, &s.vera.activity("Update", changed)).await, 202);
    assert_eq!(s.status(&s.carol, ids[0]).await["content"], "changed");
    assert_eq!(s.sends(&relay, &s.vera.activity("Delete", ids[1])).await, 202);
    assert!(s.post(ids[1]).await.is_some());
    s.west.serve_as("/users/vera/notes/2", 410, "text/plain", "");
    s.node.clock.advance(3_600_000);
    assert_eq!(s.sends(&relay, &s.vera.activity("Delete", ids[2])).await, 202);
    assert!(s.post(ids[2]).await.is_none());
    assert_eq!(s.sends(&relay, &s.vera.activity("Delete", s.west.url("/users/vera/notes/99"))).await, 202);
    assert_eq!(s.sends(&relay, &s.vera.activity("Like", ids[0])).await, 202);
    assert_eq!(s.status(&s.carol, ids[0]).await["favourites_count"], 0);

    // It is left.
    s.east.forget();
    relays::remove(&s.node.app, Staff::console(), &inbox).await.unwrap();
    s.node.settle().await;
    let sent: Vec<_> = s.east.received().into_iter().filter(|request| request.method == "POST").collect();
    assert_eq!((sent.len(), sent[0].path.as_str()), (1, "/inbox"));
    let undo = sent[0].json();
    assert_eq!((&undo["type"], &undo["actor"]), (&json!("Undo"), &json!(s.node.url("/actor"))));
    assert_eq!((&undo["object"]["id"], &undo["object"]["type"]), (&follow["id"], &json!("Follow")));
    assert_eq!(undo["object"]["object"], PUBLIC);
    assert!(relays::list(&s.node.app).await.unwrap().is_empty());
    s.west.forget();
    assert_eq!(s.sends(&relay, &signed(&notes[5])).await, 401);
    s.sends(&relay, &announce(&relay, &notes[5]["id"])).await;
    s.sends(&relay, &relay.activity("Accept", follow)).await;
    assert_eq!(reads(&s), 0);
    assert!(relays::list(&s.node.app).await.unwrap().is_empty());
    assert!(relays::remove(&s.node.app, Staff::console(), &inbox).await.is_err());
}

#[tokio::test]
async fn fed_coll_07_a_relay_that_is_given_by_its_inbox_may_say_no_and_be_asked_again() {
    let s = Scene::new().await;
    let (relay, inbox, follow) = asked(&s).await;
    // One that follows back is not refused, though it has not agreed yet.
    assert_eq!(s.sends(&relay, &relay.activity("Follow", s.node.url("/actor"))).await, 202);
    assert!(s.east.inbox().is_empty(), "{:?}", s.east.inbox());
    assert_eq!(s.sends(&relay, &relay.activity("Reject", follow["id"].clone())).await, 202);
    assert_eq!(stands(&s).await, "rejected");
    let asked = relays::add(&s.node.app, Staff::console(), &inbox).await.unwrap();
    s.node.settle().await;
    assert_eq!(asked.state, "requested");
    let second = s.east.inbox().pop().unwrap();
    assert!(second["type"] == "Follow" && second["id"] != follow["id"], "{second}");
    // The answer to the first is none to the second; some answer without an id, or write the public in short.
    s.sends(&relay, &relay.activity("Accept", follow["id"].clone())).await;
    assert_eq!(stands(&s).await, "requested");
    let bare = json!({"type": "Follow", "actor": s.node.url("/actor"), "object": "as:Public"});
    assert_eq!(s.sends(&relay, &relay.activity("Accept", bare)).await, 202);
    assert_eq!(stands(&s).await, "accepted");
    // It ends it, and whoever leaves it then has nothing more to say to it.
    assert_eq!(s.sends(&relay, &relay.activity("Reject", second)).await, 202);
    assert_eq!(stands(&s).await, "rejected");
    assert_eq!(s.count("select count(*) from follows").await, 1, "bob's own");
    s.east.forget();
    relays::remove(&s.node.app, Staff::console(), &inbox).await.unwrap();
    s.node.settle().await;
    assert!(s.east.inbox().is_empty() && relays::list(&s.node.app).await.unwrap().is_empty());
}

/// The same relay by either address, and left by that of its actor.
#[tokio::test]
async fn fed_coll_07_a_relay_is_one_by_whichever_address() {
    let s = Scene::new().await;
    let (relay, inbox, mut follow) = asked(&s).await;
    // AodeRelay answers as if it had been asked itself.
    follow["object"] = json!(relay.id);
    let mut accept = relay.activity("Accept", follow);
    s.sends(&relay, &accept).await;
    let same = relays::add(&s.node.app, Staff::console(), &relay.id).await.unwrap();
    assert_eq!((same.kind, same.state, same.address), ("mastodon", "accepted", inbox));
    s.node.settle().await;
    assert!(s.east.inbox().is_empty());
    relays::remove(&s.node.app, Staff::console(), &relay.id).await.unwrap();
    s.node.settle().await;
    let sent = s.east.inbox();
    assert_eq!((sent.len(), &sent[0]["object"]["object"]), (1, &json!(PUBLIC)));
    assert!(relays::list(&s.node.app).await.unwrap().is_empty());
    // pub-relay answers all that a server asks under one id.
    let (relay, _, follow) = asked(&s).await;
    accept["object"]["id"] = follow["id"].clone();
    assert_eq!(s.sends(&relay, &accept).await, 202);
    assert_eq!(stands(&s).await, "accepted");
}
