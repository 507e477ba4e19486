//! Proofs that activities carry themselves (FEP-8b32): rows AUTH-13, AUTH-14 and SIGOUT-05.

use crate::support::{PUBLIC, Scene, Sender};
use serde_json::{Value, json};
use watercooler::{
    crypto::{PrivateKey, PublicKey, integrity},
    domain::audit::Staff,
    federation::relays,
    time::Timestamp,
};

/// Somebody of west with an Ed25519 key.
struct Zoe {
    sender: Sender,
    key: PrivateKey,
    method: String,
}

impl Zoe {
    fn new(s: &Scene, name: &str) -> Self {
        let sender = Sender::new(&s.west, name);
        let method = format!("{}#ed25519-key", sender.id);
        let zoe = Self { sender, key: PrivateKey::generate_ed25519().unwrap(), method };
        zoe.publish(s, name);
        zoe
    }
    /// Her document, with the key that she has now.
    fn publish(&self, s: &Scene, name: &str) {
        let mut actor = s.west.person(name, &self.sender.signer.key.public_pem().unwrap());
        actor["assertionMethod"] = json!([{
            "id": self.method, "type": "Multikey", "controller": self.sender.id,
            "publicKeyMultibase": self.key.public_multikey(),
        }]);
        s.west.serve(&format!("/users/{name}"), actor);
    }
    /// A Create of a note that names bob.
    fn create(&self, s: &Scene, name: &str) -> (Value, String) {
        let mut note = s.note(&self.sender, name, "carried");
        note["cc"] = json!([s.uri(&s.bob)]);
        let mut create = self.sender.activity("Create", note.clone());
        create["to"] = note["to"].clone();
        create["cc"] = note["cc"].clone();
        (create, note["id"].as_str().unwrap().to_owned())
    }
    fn proves_at(&self, activity: &Value, at: Timestamp) -> Value {
        let mut document = activity.clone();
        integrity::sign(&mut document, &self.key, &self.method, at).unwrap();
        document
    }
    fn proves(&self, s: &Scene, activity: &Value) -> Value {
        self.proves_at(activity, s.node.clock.now())
    }
}

async fn carried(s: &Scene, by: &Sender, activity: &Value) -> u16 {
    s.sends(by, activity).await
}

#[tokio::test]
async fn fed_auth_13_what_somebody_else_carries_needs_a_proof_of_its_actor() {
    let s = Scene::new().await;
    let zoe = Zoe::new(&s, "zoe");
    let (create, id) = zoe.create(&s, "1");
    let neighbour = Sender::new(&s.west, "yan");
    for carrier in [&s.mallory, &neighbour] {
        assert_eq!(carried(&s, carrier, &create).await, 401, "{}", carrier.id);
    }
    assert!(s.post(&id).await.is_none() && s.account_of(&zoe.sender.id).await.is_none());
    // A server of its own, then one who lives next door.
    assert_eq!(carried(&s, &s.mallory, &zoe.proves(&s, &create)).await, 202);
    assert!(s.status(&s.bob, &id).await["content"].as_str().unwrap().contains("carried"));
    let (second, other) = zoe.create(&s, "2");
    assert_eq!(carried(&s, &neighbour, &zoe.proves(&s, &second)).await, 202);
    assert!(s.post(&other).await.is_some());
    // Once is enough, whoever brings it.
    assert_eq!(zoe.sender.deliver(&s.node, &create).await.status, 202);
    assert_eq!(s.told(&s.bob).await.len(), 0, "it addresses bob, and does not name him");
    // The same of its end.
    let delete = zoe.sender.activity("Delete", json!({"id": id, "type": "Tombstone"}));
    assert_eq!(carried(&s, &neighbour, &delete).await, 401);
    // Somebody else's word is a reason to look, and its own server still has it.
    s.west.serve("/users/zoe/notes/1", create["object"].clone());
    assert_eq!(carried(&s, &s.mallory, &delete).await, 202);
    assert!(s.post(&id).await.is_some());
    assert_eq!(carried(&s, &s.mallory, &zoe.proves(&s, &delete)).await, 202);
    assert!(s.post(&id).await.is_none());
}

#[tokio::test]
async fn fed_auth_14_a_proof_counts_for_its_document_its_actor_its_purpose_and_its_time() {
    let s = Scene::new().await;
    let (zoe, yan) = (Zoe::new(&s, "zoe"), Zoe::new(&s, "yan"));
    let (create, id) = zoe.create(&s, "1");
    let good = zoe.proves(&s, &create);
    let now = s.node.clock.now();
    let altered = |change: &dyn Fn(&mut Value)| {
        let mut document = good.clone();
        change(&mut document);
        document
    };
    let with_key_of = |other: &Zoe, method: &str| {
        let mut document = create.clone();
        integrity::sign(&mut document, &other.key, method, now).unwrap();
        document
    };
    let bad = [
        ("another text", altered(&|d| d["object"]["content"] = json!("forged"))),
        ("another purpose", altered(&|d| d["proof"]["proofPurpose"] = json!("authentication"))),
        ("expired", altered(&|d| d["proof"]["expires"] = json!("2001-01-01T00:00:00Z"))),
        ("no value", altered(&|d| d["proof"]["proofValue"] = json!("z"))),
        ("another context", altered(&|d| d["@context"] = json!(["https://evil.example/", PUBLIC]))),
        ("another suite", altered(&|d| d["proof"]["cryptosuite"] = json!("eddsa-rdfc-2022"))),
        ("the key of a neighbour", with_key_of(&yan, &yan.method)),
        ("a neighbour under her key's name", with_key_of(&yan, &zoe.method)),
        ("a key on another server", with_key_of(&zoe, &format!("{}#ed25519-key", s.ada.id))),
        ("her RSA key's name", with_key_of(&zoe, &zoe.sender.signer.key_id)),
        ("older than ids are remembered", zoe.proves_at(&create, now.plus_seconds(-31 * 86_400))),
        ("of tomorrow", zoe.proves_at(&create, now.plus_seconds(86_400))),
        ("without an id", {
            let mut document = create.clone();
            document.as_object_mut().unwrap().remove("id");
            zoe.proves(&s, &document)
        }),
        ("an id elsewhere", {
            let mut document = create.clone();
            document["id"] = json!(format!("{}/activities/1", s.ada.id));
            zoe.proves(&s, &document)
        }),
    ];
    for (what, document) in bad {
        let status = carried(&s, &s.mallory, &document).await;
        assert!(matches!(status, 400 | 401), "{what}: {status}");
        assert!(s.post(&id).await.is_none(), "{what}");
    }
    // Some leave the context out of the proof that they send, and sign it nevertheless.
    let (second, other) = zoe.create(&s, "2");
    let mut bare = zoe.proves(&s, &second);
    bare["proof"].as_object_mut().unwrap().remove("@context").unwrap();
    assert_eq!(carried(&s, &s.mallory, &bare).await, 202);
    assert!(s.post(&other).await.is_some());
    // Senders sign once more in the old way, after the proof.
    let late = altered(&|d| d["signature"] = json!({"type": "RsaSignature2017", "signatureValue": "x"}));
    assert_eq!(carried(&s, &s.mallory, &late).await, 202);
    assert!(s.post(&id).await.is_some());
}

#[tokio::test]
async fn fed_auth_14_a_new_key_is_found_at_its_owner() {
    let s = Scene::new().await;
    let mut zoe = Zoe::new(&s, "zoe");
    let (first, _) = zoe.create(&s, "1");
    assert_eq!(carried(&s, &s.mallory, &zoe.proves(&s, &first)).await, 202);
    zoe.key = PrivateKey::generate_ed25519().unwrap();
    zoe.publish(&s, "zoe");
    let (second, id) = zoe.create(&s, "2");
    assert_eq!(carried(&s, &s.mallory, &zoe.proves(&s, &second)).await, 202);
    assert!(s.post(&id).await.is_some());
    zoe.key = PrivateKey::generate_ed25519().unwrap();
    zoe.publish(&s, "zoe");
    let (third, id) = zoe.create(&s, "3");
    assert_eq!(carried(&s, &s.mallory, &zoe.proves(&s, &third)).await, 401, "it was read again a moment ago");
    s.node.clock.advance(301_000);
    assert_eq!(carried(&s, &s.mallory, &zoe.proves(&s, &third)).await, 202);
    assert!(s.post(&id).await.is_some());
}

#[tokio::test]
async fn fed_sigout_05_what_is_for_everybody_carries_a_proof_and_nothing_else_does() {
    let s = Scene::new().await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    let actor = s.bob.get_activity("/users/bob").await.json();
    let listed = actor["assertionMethod"].as_array().map_or(&actor["assertionMethod"], |list| &list[0]).clone();
    let key = PublicKey::from_multikey(listed["publicKeyMultibase"].as_str().unwrap()).unwrap();
    s.east.forget();
    let public = s.writes(&s.bob, "public", "for everybody").await;
    s.writes(&s.bob, "unlisted", "for whoever looks").await;
    s.writes(&s.bob, "private", "for followers").await;
    s.node.settle().await;
    let id = s.post(&public).await.unwrap().id;
    s.bob.delete(&format!("/api/v1/statuses/{id}")).await.ok();
    s.node.settle().await;
    let sent = s.east.inbox();
    let kinds: Vec<_> = sent.iter().map(|a| (a["type"].as_str().unwrap(), a.get("proof").is_some())).collect();
    assert_eq!(kinds, [("Create", true), ("Create", true), ("Create", false), ("Delete", true)]);
    for activity in sent.iter().filter(|a| a.get("proof").is_some()) {
        assert_eq!(integrity::method(activity), listed["id"].as_str());
        assert_eq!(integrity::verify(activity, &key, s.node.clock.now()), Ok(()));
        let context = activity["@context"].as_array().unwrap();
        let urls: Vec<_> = context.iter().filter_map(Value::as_str).collect();
        assert_eq!(urls, ["https://www.w3.org/ns/activitystreams"], "terms stand inline, nothing is to be fetched");
        assert_eq!(context.last().unwrap()["proof"]["@id"], "https://w3id.org/security#proof");
    }
}

#[tokio::test]
async fn fed_thr_05_an_answer_with_a_proof_is_passed_on_to_followers_who_cannot_know_of_it() {
    let s = Scene::new().await;
    let zoe = Zoe::new(&s, "zoe");
    for follower in [&s.ada, &s.vera] {
        s.sends(follower, &follower.activity("Follow", s.uri(&s.bob))).await;
    }
    let public = s.writes(&s.bob, "public", "what do you think?").await;
    let private = s.writes(&s.bob, "private", "and you?").await;
    s.node.settle().await;
    let answer = |name: &str, to: &str| {
        let (mut create, id) = zoe.create(&s, name);
        create["object"]["inReplyTo"] = json!(to);
        (create, id)
    };
    let forwarded = async |activity: &Value| {
        s.east.forget();
        s.west.forget();
        assert_eq!(s.sends(&zoe.sender, activity).await, 202);
        assert!(s.west.inbox().is_empty(), "it comes from there");
        s.east.received().into_iter().filter(|r| r.method == "POST").map(|r| r.json()).collect::<Vec<_>>()
    };
    let (create, id) = answer("1", &public);
    let proven = zoe.proves(&s, &create);
    assert_eq!(forwarded(&proven).await, [proven], "unchanged");
    assert!(forwarded(&zoe.proves(&s, &create)).await.is_empty(), "once");
    let (bare, _) = answer("2", &public);
    assert!(forwarded(&bare).await.is_empty(), "nobody would believe it");
    let (narrow, _) = answer("3", &private);
    assert!(forwarded(&zoe.proves(&s, &narrow)).await.is_empty(), "who may read the one may not read the other");
    let delete = zoe.proves(&s, &zoe.sender.activity("Delete", json!({"id": id, "type": "Tombstone"})));
    assert_eq!(forwarded(&delete).await, [delete]);
    assert!(s.post(&id).await.is_none());
}

#[tokio::test]
async fn fed_out_17_fed_thr_06_a_thread_of_ours_has_a_collection_that_its_posts_name() {
    let s = Scene::new().await;
    let root = s.writes(&s.bob, "public", "the beginning").await;
    let number = s.post(&root).await.unwrap().id;
    s.node.clock.advance(1_000);
    let mut answer = s.note(&s.ada, "1", "hers");
    answer["inReplyTo"] = json!(root);
    let hers = s.creates(&s.ada, &answer).await;
    let reply = async |visibility: &str| {
        let body = json!({"status": "mine", "visibility": visibility, "in_reply_to_id": number.to_string()});
        s.bob.post("/api/v1/statuses", body).await.ok()["uri"].as_str().unwrap().to_owned()
    };
    let (open, _narrow) = (reply("unlisted").await, reply("private").await);
    let path = |uri: &str| uri.strip_prefix(&s.node.url("")).unwrap().to_owned();
    let id = format!("{root}/context");
    for post in [&root, &open] {
        assert_eq!(s.bob.get_activity(&path(post)).await.ok()["context"], id, "{post}");
    }
    let whole = s.bob.get_activity(&path(&id)).await.ok();
    assert_eq!((&whole["type"], &whole["totalItems"]), (&json!("OrderedCollection"), &json!(3)));
    assert_eq!((&whole["id"], &whole["attributedTo"]), (&json!(id), &json!(s.uri(&s.bob))));
    let page = s.bob.get_activity(&path(whole["first"].as_str().unwrap())).await.ok();
    let mut items = page["orderedItems"].as_array().unwrap().clone();
    assert_eq!(items.remove(0), root, "oldest first");
    assert!(items.len() == 2 && items.contains(&json!(hers)) && items.contains(&json!(open)), "{items:?}");
    assert_eq!(s.bob.get_activity(&path(&format!("{open}/context"))).await.status, 404, "it began no thread");
}

#[tokio::test]
async fn fed_auth_13_without_a_proof_what_is_carried_counts_as_far_as_its_own_server_says_it() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "ours").await;
    let mut note = s.note(&s.vera, "1", "true words");
    note["inReplyTo"] = json!(own);
    s.west.serve("/users/vera/notes/1", note.clone());
    let id = note["id"].as_str().unwrap().to_owned();
    let said = |kind: &str, content: &str| {
        let mut object = note.clone();
        object["content"] = json!(content);
        object["updated"] = json!(s.node.clock.now().rfc3339());
        s.vera.activity(kind, object)
    };
    // An answer in a thread that is known here: read at its own server, whatever the carrier says of it.
    assert_eq!(carried(&s, &s.mallory, &said("Create", "false words")).await, 202);
    assert_eq!(s.status(&s.bob, &id).await["content"], "true words");
    assert_eq!(carried(&s, &s.mallory, &said("Update", "false words")).await, 202);
    assert_eq!(s.status(&s.bob, &id).await["content"], "true words");
    let mut changed = note.clone();
    (changed["content"], changed["updated"]) = (json!("new words"), json!(s.node.clock.now().rfc3339()));
    s.west.serve("/users/vera/notes/1", changed);
    assert_eq!(carried(&s, &s.mallory, &said("Update", "false words")).await, 202);
    assert_eq!(s.status(&s.bob, &id).await["content"], "new words");
    // It is deleted when its server says so: with 410, a Tombstone, or because nothing is there.
    let delete = s.vera.activity("Delete", id.clone());
    assert_eq!(carried(&s, &s.mallory, &delete).await, 202);
    assert!(s.post(&id).await.is_some());
    s.west.serve_as("/users/vera/notes/1", 503, "text/plain", "");
    assert_eq!(carried(&s, &s.mallory, &s.vera.activity("Delete", id.clone())).await, 202);
    assert!(s.post(&id).await.is_some(), "a server that is ill has deleted nothing");
    s.west.serve_as("/users/vera/notes/1", 410, "text/plain", "");
    s.node.clock.advance(3_600_000);
    assert_eq!(carried(&s, &s.mallory, &s.vera.activity("Delete", id.clone())).await, 202);
    assert!(s.post(&id).await.is_none());
    // Nothing is fetched for what matters to nobody here, for other kinds, for neighbours, and for who proves nothing.
    s.west.forget();
    let mut stray = s.note(&s.vera, "2", "stray");
    s.west.serve("/users/vera/notes/2", stray.clone());
    assert_eq!(carried(&s, &s.mallory, &s.vera.activity("Create", stray.clone())).await, 401);
    stray["inReplyTo"] = json!(own);
    assert_eq!(carried(&s, &s.mallory, &s.vera.activity("Like", stray.clone())).await, 401);
    let neighbour = Sender::new(&s.west, "yan");
    s.west.forget();
    assert_eq!(carried(&s, &neighbour, &s.vera.activity("Create", stray.clone())).await, 401);
    let letter = s.mallory.letter(&s.node, "/inbox", &s.vera.activity("Create", stray.clone()));
    assert_eq!(letter.without("signature").send(&s.node).await.status, 401);
    s.node.settle().await;
    assert!(!s.west.received().iter().any(|read| read.path.contains("/notes/")), "{:?}", s.west.received());
    assert!(s.post(stray["id"].as_str().unwrap()).await.is_none());
}

#[tokio::test]
async fn fed_coll_07_what_a_relay_carries_with_a_proof_comes_in_as_well() {
    let s = Scene::new().await;
    let (zoe, relay) = (Zoe::new(&s, "zoe"), Sender::new(&s.east, "relay"));
    let mut document = s.east.person("relay", &relay.signer.key.public_pem().unwrap());
    document["type"] = json!("Application");
    s.east.serve("/users/relay", document);
    relays::add(&s.node.app, Staff::console(), &relay.id).await.unwrap();
    s.node.settle().await;
    let follow = s.east.inbox().into_iter().find(|it| it["type"] == "Follow").unwrap();
    s.sends(&relay, &relay.activity("Accept", follow)).await;
    let note = s.note(&zoe.sender, "9", "relayed");
    s.west.serve("/users/zoe/notes/9", note.clone());
    let mut create = zoe.sender.activity("Create", note.clone());
    create["to"] = note["to"].clone();
    assert_eq!(carried(&s, &relay, &zoe.proves(&s, &create)).await, 202);
    assert_eq!(s.status(&s.carol, note["id"].as_str().unwrap()).await["content"], "relayed");
}

#[tokio::test]
async fn fed_auth_13_an_answer_that_answers_something_else_at_home_is_not_taken_in() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "ours").await;
    let mut note = s.note(&s.vera, "1", "advertisement");
    s.west.serve("/users/vera/notes/1", note.clone());
    note["inReplyTo"] = json!(own);
    assert_eq!(carried(&s, &s.mallory, &s.vera.activity("Create", note.clone())).await, 202);
    assert!(s.post(note["id"].as_str().unwrap()).await.is_none());
    // What only its followers may read is left as it is.
    let mut secret = s.note(&s.ada, "2", "for followers");
    (secret["to"], secret["cc"]) = (json!([format!("{}/followers", s.ada.id)]), json!([]));
    let secret = s.creates(&s.ada, &secret).await;
    assert_eq!(carried(&s, &s.vera, &s.ada.activity("Delete", secret.clone())).await, 202);
    assert!(s.post(&secret).await.is_some());
}
