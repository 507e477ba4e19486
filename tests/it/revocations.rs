//! The charter revokes an actor (N3): peers refuse its keys, drop what waits of it, and show it as one who left; undone, all
//! of it is as it was.

use crate::{
    organisation::{next, said, three},
    support::{
        Client, Node, PUBLIC, Reply,
        organisation::{charter_of, letter_by, minutes, offers, org, refused, version},
        settle,
    },
};
use serde_json::{Value, json};
use std::sync::Arc;
use watercooler::{
    db::Sql,
    domain::{audit::Staff, charter::Revoked, leavers},
    federation::{own_keys, signatures::Signer},
    id::Id,
    model::{Account, Role},
    store,
};

async fn keys_of(node: &Node, who: &Client) -> Arc<Signer> {
    let id: Id<Account> = who.id.parse().unwrap();
    own_keys::signer(&node.app, id).await.unwrap()
}

/// A post that somebody else delivers with the keys of `name`, which they hold.
async fn forges(signer: &Signer, from: &Node, to: &Node, name: &str, text: &str) -> Reply {
    let actor = from.url(&format!("/users/{name}"));
    let id = format!("{actor}/statuses/{}", watercooler::random::Random::real().u64() >> 20);
    let note = json!({ "id": id, "type": "Note", "attributedTo": actor, "content": text, "to": [PUBLIC],
        "published": to.clock.now().rfc3339() });
    let create =
        json!({ "id": format!("{id}/activity"), "type": "Create", "actor": actor, "to": [PUBLIC], "object": note });
    letter_by(signer, from, to, "POST", "/inbox", Some(&create)).send(to).await
}

async fn known(node: &Node, handle: &str) -> Account {
    let handle = handle.to_owned();
    node.app.read(move |conn| store::accounts::find_by_handle(conn, &handle)).await.unwrap().unwrap()
}

/// Whether the text stands in the federated timeline.
async fn sees(reader: &Client, text: &str) -> bool {
    reader.get("/api/v1/timelines/public").await.ok().to_string().contains(text)
}

async fn experts(reader: &Client) -> usize {
    reader.get("/api/v2/search?q=who+knows+welding&type=accounts").await.ok()["accounts"].as_array().unwrap().len()
}

/// Three nodes, and eve at lyon, who knows welding and is followed by ada of hq.
struct Scene {
    hq: Node,
    lyon: Node,
    oslo: Node,
    ada: Client,
    eve: Client,
    cleo: Client,
    signer: Arc<Signer>,
    key: watercooler::crypto::PrivateKey,
}

impl Scene {
    async fn new() -> Self {
        let (hq, lyon, oslo, key) = three().await;
        let (ada, eve, cleo) = (hq.member("ada").await, lyon.member("eve").await, oslo.member("cleo").await);
        eve.patch("/api/watercooler/v1/people/me", json!({ "skills": ["Welding"] })).await.ok();
        let signer = keys_of(&lyon, &eve).await;
        let scene = Self { hq, lyon, oslo, ada, eve, cleo, signer, key };
        scene.settle().await;
        minutes(&scene.nodes(), 2).await;
        let id = scene.eve_at(&scene.hq).await;
        scene.ada.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
        scene.settle().await;
        scene
    }
    fn nodes(&self) -> [&Node; 3] {
        [&self.hq, &self.lyon, &self.oslo]
    }
    async fn settle(&self) {
        settle(&self.nodes()).await;
    }
    fn handle(&self) -> String {
        format!("eve@{}", self.lyon.domain)
    }
    async fn eve_at(&self, node: &Node) -> String {
        known(node, &self.handle()).await.id.to_string()
    }
}

#[tokio::test]
async fn what_a_revoked_actor_signs_is_refused_everywhere_and_they_are_gone_from_directory_and_routing() {
    let scene = Scene::new().await;
    let (hq, lyon, oslo) = (&scene.hq, &scene.lyon, &scene.oslo);
    assert_eq!((experts(&scene.ada).await, experts(&scene.cleo).await), (1, 1));
    assert_eq!(forges(&scene.signer, lyon, hq, "eve", "before the theft").await.status, 202);
    assert!(sees(&scene.ada, "before the theft").await);
    // Something of hers waits at Oslo for the network.
    let (id, now) = (known(oslo, &scene.handle()).await.id, oslo.clock.now());
    let queued = oslo.app.write(move |tx| {
        let item = store::inbox::NewItem {
            id: tx.new_id(),
            activity_uri: None,
            signer: id,
            host: "lyon.test",
            recipient: None,
            body: "{}",
            attempts: 0,
            run_at: now.plus_days(1),
            error: None,
        };
        store::inbox::enqueue(tx.conn, &item, now)
    });
    queued.await.unwrap();
    let handle = format!("@{}", scene.handle());
    let made = org(hq, &["revoke", &handle, "--reason", "her laptop was stolen"]).await.unwrap();
    assert_eq!((&made["state"], &made["version"]), (&json!("signed"), &json!(4)));
    assert_eq!(org(hq, &["revoke", &handle]).await.unwrap()["state"], "unchanged");
    scene.settle().await;
    let actor = lyon.url("/users/eve");
    for node in scene.nodes() {
        let charter = charter_of(node).await.charter;
        assert_eq!(
            (charter.revoked[0].actor.as_str(), charter.revoked[0].reason.as_str()),
            (actor.as_str(), "her laptop was stolen")
        );
        let status = org(node, &["status"]).await.unwrap();
        assert_eq!(status["revoked"][0]["actor"], actor);
    }
    // Whoever has her keys writes, follows and reads nowhere, and is told why.
    for node in [hq, oslo] {
        let reply = forges(&scene.signer, lyon, node, "eve", "in her name").await;
        assert_eq!((reply.status, reply.json()["error"].clone()), (403, json!("revoked_by_charter")));
        let ada = hq.url("/users/ada");
        let read = letter_by(&scene.signer, lyon, node, "GET", ada.strip_prefix(&hq.url("")).unwrap(), None);
        assert_eq!(read.send(node).await.status, 403);
    }
    let waiting = oslo.app.read(|conn| Sql::new("select count(*) from inbox_items").scalar_i64(conn)).await.unwrap();
    assert_eq!(waiting, 0, "what waited is dropped");
    assert!(!sees(&scene.ada, "in her name").await);
    assert!(sees(&scene.ada, "before the theft").await, "what she wrote stays");
    // In no directory, asked by nobody, followed by nobody anew.
    assert_eq!((experts(&scene.ada).await, experts(&scene.cleo).await), (0, 0));
    let id = scene.eve_at(oslo).await;
    let (status, _, why) = said(&scene.cleo.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await);
    assert!(status == 403 && why.contains("left"), "{status} {why}");
    for (reader, node) in [(&scene.ada, hq), (&scene.cleo, oslo)] {
        let directory = reader.get("/api/v1/directory").await.ok().to_string();
        assert!(!directory.contains("\"username\":\"eve\""), "{}: {directory}", node.domain);
    }
    // At home her access has ended, by the same word.
    assert_eq!(scene.eve.get("/api/v1/accounts/verify_credentials").await.status, 401);
    // An hour of comparing directories changes nothing, nor does reading her profile again.
    minutes(&scene.nodes(), 61).await;
    assert_eq!((experts(&scene.ada).await, experts(&scene.cleo).await), (0, 0));
    assert!(known(oslo, &scene.handle()).await.left_on.is_some());
}

#[tokio::test]
async fn an_undone_revocation_restores_directory_follows_and_posts() {
    let scene = Scene::new().await;
    let (hq, lyon, oslo) = (&scene.hq, &scene.lyon, &scene.oslo);
    let actor = lyon.url("/users/eve");
    org(hq, &["revoke", &actor]).await.unwrap();
    scene.settle().await;
    assert_eq!(experts(&scene.ada).await, 0);
    org(hq, &["revoke", "--undo", &actor]).await.unwrap();
    assert_eq!(org(hq, &["revoke", "--undo", &actor]).await.unwrap()["state"], "unchanged");
    scene.settle().await;
    minutes(&scene.nodes(), 2).await;
    assert_eq!((experts(&scene.ada).await, experts(&scene.cleo).await), (1, 1));
    assert!(known(hq, &scene.handle()).await.left_on.is_none() && known(oslo, &scene.handle()).await.left_on.is_none());
    // She signs in again, and those who followed her still do.
    let id: Id<Account> = scene.eve.id.parse().unwrap();
    let eve = Client::with_token(lyon, &lyon.token(id, "read write follow").await);
    eve.post("/api/v1/statuses", json!({ "status": "I am back" })).await.ok();
    scene.settle().await;
    assert!(scene.ada.get("/api/v1/timelines/home").await.ok().to_string().contains("I am back"));
    assert!(charter_of(oslo).await.document.get("revoked").is_none(), "nothing of it is left");
}

#[tokio::test]
async fn who_left_while_they_were_revoked_has_left_for_good() {
    let scene = Scene::new().await;
    let (hq, lyon) = (&scene.hq, &scene.lyon);
    let actor = lyon.url("/users/eve");
    org(hq, &["revoke", &actor]).await.unwrap();
    scene.settle().await;
    minutes(&scene.nodes(), 2).await;
    let id: Id<Account> = scene.eve.id.parse().unwrap();
    lyon.app.write(move |tx| leavers::leave(tx, &Staff::console(), id, None)).await.unwrap();
    org(hq, &["revoke", "--undo", &actor]).await.unwrap();
    scene.settle().await;
    minutes(&scene.nodes(), 2).await;
    assert!(known(lyon, "eve").await.left_on.is_some());
    assert_eq!((experts(&scene.ada).await, experts(&scene.cleo).await), (0, 0));
}

#[tokio::test]
async fn a_revocation_is_signed_offline_survives_a_fork_and_is_not_undone_by_an_older_version() {
    let scene = Scene::new().await;
    let (hq, lyon, oslo) = (&scene.hq, &scene.lyon, &scene.oslo);
    let nodes = scene.nodes();
    let actor = lyon.url("/users/eve");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let older = charter_of(hq).await.document;
    // The key goes offline: the revocation waits for its signature.
    let rotated = org(hq, &["rotate-key", "--key-file", &path("key")]).await.unwrap();
    std::fs::write(path("key"), rotated["signing_key"].as_str().unwrap()).unwrap();
    scene.settle().await;
    assert_eq!(org(hq, &["revoke", &actor, "--reason", "stolen"]).await.unwrap()["state"], "waiting");
    assert_eq!(forges(&scene.signer, lyon, oslo, "eve", "not yet").await.status, 202);
    let drafted = org(hq, &["draft", &path("draft")]).await.unwrap();
    assert_eq!(drafted["changes"], json!([format!("revoke {actor} (stolen)")]));
    std::fs::write(path("draft"), drafted["draft"].to_string()).unwrap();
    let key = watercooler::crypto::PrivateKey::from_secret_multikey(rotated["signing_key"].as_str().unwrap()).unwrap();
    let signed =
        watercooler::domain::charter::steward::sign_draft(drafted["draft"].clone(), &key, None, hq.clock.now());
    std::fs::write(path("signed"), signed.unwrap().document.to_string()).unwrap();
    org(hq, &["adopt", &path("signed")]).await.unwrap();
    scene.settle().await;
    assert_eq!(forges(&scene.signer, lyon, oslo, "eve", "now not").await.status, 403);
    // The version before, offered again by whom it suits, changes nothing.
    let (status, code, _) = said(&offers(lyon, oslo, &older).await);
    assert!(status == 409 && (code == "older" || code == "old_key"), "{status} {code}");
    assert_eq!(forges(&scene.signer, lyon, oslo, "eve", "still not").await.status, 403);
    // Two stewards at once: a longer chain without her undoing wins; the undoing that lost is made again.
    for node in [hq, lyon] {
        org(node, &["hold-key", &path("key")]).await.unwrap();
    }
    org(hq, &["revoke", "--undo", &actor]).await.unwrap();
    assert_eq!(forges(&scene.signer, lyon, hq, "eve", "here again").await.status, 202);
    org(lyon, &["alias", "js", "javascript"]).await.unwrap();
    org(lyon, &["alias", "ts", "typescript"]).await.unwrap();
    scene.settle().await;
    minutes(&nodes, 3).await;
    assert_eq!(charter_of(hq).await.hash, charter_of(lyon).await.hash);
    assert_eq!(forges(&scene.signer, lyon, hq, "eve", "no more").await.status, 403);
    let status = org(hq, &["status"]).await.unwrap();
    assert_eq!(status["overtaken"], json!([format!("restore {actor}")]));
    org(hq, &["redo"]).await.unwrap();
    scene.settle().await;
    for node in [hq, oslo] {
        assert_eq!(forges(&scene.signer, lyon, node, "eve", "at last").await.status, 202);
    }
}

#[tokio::test]
async fn only_actors_of_the_organisation_are_revoked_and_the_list_has_an_end() {
    let scene = Scene::new().await;
    let (hq, lyon, oslo) = (&scene.hq, &scene.lyon, &scene.oslo);
    for (typed, hint) in [
        ("https://elsewhere.example/users/eve", "peer block"),
        ("@nobody@lyon.test", "Give the id of the actor"),
        ("https://", "no address"),
        (&format!("{}/actor", lyon.url("")), "org remove"),
    ] {
        let (code, why) = refused(org(hq, &["revoke", typed]).await);
        assert!(code == "invalid" && why.contains(hint), "{typed}: {why}");
    }
    assert_eq!(refused(org(lyon, &["revoke", "@eve"]).await).0, "invalid", "lyon is no steward");
    assert_eq!(version(hq).await, 3);
    // The last owner of a node cannot be locked out of it by others; the others refuse the keys all the same.
    lyon.citizen_with("boss", Role::Owner).await;
    org(hq, &["revoke", &lyon.url("/users/boss")]).await.unwrap();
    scene.settle().await;
    let boss = lyon.app.read(|conn| store::accounts::find_local(conn, "boss")).await.unwrap().unwrap();
    assert!(boss.left_on.is_none());
    // Somebody whom a node does not know yet comes as one who left.
    lyon.member("mallory").await;
    org(hq, &["revoke", &lyon.url("/users/mallory")]).await.unwrap();
    scene.settle().await;
    let found = scene.cleo.get(&format!("/api/v2/search?resolve=true&q=@mallory@{}", lyon.domain)).await.ok();
    if let Some(id) = found["accounts"][0]["id"].as_str() {
        assert_eq!(scene.cleo.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.status, 403);
    }
    // A list without end, an actor twice, and what is no actor are no charter.
    let one =
        |actor: String| Revoked { actor, revoked: hq.clock.now(), reason: String::new(), rest: serde_json::Map::new() };
    let many: Vec<Revoked> = (0..1_001).map(|n| one(format!("https://lyon.example/users/{n}"))).collect();
    let twice = vec![one("https://lyon.example/users/a".into()), one("https://lyon.example/users/a".into())];
    for list in [many, twice, vec![one("eve".into())]] {
        let ours = charter_of(hq).await;
        let mut next = ours.charter.successor(&ours.hash, hq.clock.now());
        next.revoked = list;
        assert!(next.sign(&scene.key).is_err());
    }
    let full = next(hq, &scene.key, |charter| {
        charter.revoked.extend((0..998).map(|n| one(format!("https://lyon.example/users/{n}"))));
    })
    .await;
    assert_eq!(offers(hq, oslo, &full).await.status, 200);
    scene.settle().await;
    minutes(&scene.nodes(), 3).await;
    let (_, why) = refused(org(hq, &["revoke", &lyon.url("/users/eve")]).await);
    assert!(why.contains("1000 revoked actors already"), "{why}");
}
