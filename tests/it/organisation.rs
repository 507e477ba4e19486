//! The organisation's charter through the door: founding, joining, leaving, what is refused and with which words.

use crate::support::{
    Node, NodeBuilder,
    organisation::{
        alone, behind_tls, brings_in, charter_of, found, invite, letter, letter_by, minutes, offers, org, refused,
        version,
    },
    settle,
};
use serde_json::{Value, json};
use watercooler::{
    crypto::PrivateKey,
    db::Sql,
    domain::charter::{self, Charter, document::fingerprint},
    federation::{own_keys, signatures::Signer},
    net::Refusal,
    peers,
    time::Clock,
};

/// Three nodes under one charter, on one clock.
pub async fn three() -> (Node, Node, Node, PrivateKey) {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon, oslo) = (alone("hq", &clock).await, alone("lyon", &clock).await, alone("oslo", &clock).await);
    let key = found(&hq).await;
    brings_in(&hq, &lyon).await;
    settle(&[&hq, &lyon, &oslo]).await;
    brings_in(&hq, &oslo).await;
    settle(&[&hq, &lyon, &oslo]).await;
    (hq, lyon, oslo, key)
}

/// The next version after the one in force somewhere, signed by this key.
pub async fn next(node: &Node, key: &PrivateKey, change: impl FnOnce(&mut Charter)) -> Value {
    let ours = charter_of(node).await;
    let mut next = ours.charter.successor(&ours.hash, node.clock.now());
    change(&mut next);
    next.sign(key).unwrap().document
}

pub fn said(reply: &crate::support::Reply) -> (u16, String, String) {
    let json = reply.json();
    let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    (reply.status, text("code"), text("error"))
}

#[tokio::test]
async fn a_node_joins_with_one_code_and_its_people_find_and_follow_everyone() {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon, oslo) = (alone("hq", &clock).await, alone("lyon", &clock).await, alone("oslo", &clock).await);
    let (ada, bob, cleo) = (hq.member("ada").await, lyon.member("bob").await, oslo.member("cleo").await);
    let made = org(&hq, &["init", "--name", "Example", "--address", "127.0.0.0/8"]).await.unwrap();
    assert!(made["recovery_key"].as_str().unwrap().starts_with("z3u2"));
    let joined = brings_in(&hq, &lyon).await;
    assert_eq!(
        (&joined["state"], &joined["organisation"], &joined["version"]),
        (&json!("joined"), &json!("Example"), &json!(2))
    );
    // Both sides see the same fingerprint, and the newcomer hears what was tried.
    assert_eq!(joined["fingerprint"], made["fingerprint"]);
    let checks: Vec<&str> = joined["checks"].as_array().unwrap().iter().map(|c| c["check"].as_str().unwrap()).collect();
    assert_eq!(checks, ["reach", "clock", "key", "reached", "reach"]);
    assert!(joined["checks"].as_array().unwrap().iter().all(|check| check["ok"] == true), "{joined}");
    brings_in(&hq, &oslo).await;
    settle(&[&hq, &lyon, &oslo]).await;
    for node in [&hq, &lyon, &oslo] {
        assert_eq!(version(node).await, 3);
    }
    // Lyon and Oslo never exchanged anything but the charter.
    for (reader, author, home) in [(&cleo, &bob, &lyon), (&bob, &ada, &hq)] {
        let handle = home.handle(&author.name);
        let found = reader.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@{handle}")).await.ok();
        let id = found["accounts"][0]["id"].as_str().unwrap_or_else(|| panic!("{handle}: {found}")).to_owned();
        reader.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
        settle(&[&hq, &lyon, &oslo]).await;
        author.post("/api/v1/statuses", json!({ "status": "good morning" })).await.ok();
        settle(&[&hq, &lyon, &oslo]).await;
        let home = reader.get("/api/v1/timelines/home").await.ok();
        assert!(home.as_array().unwrap().iter().any(|s| s["account"]["username"] == author.name), "{home}");
    }
    // The charter is the allowlist, each entry says so, and nobody else is spoken with.
    let list = peers::list(&oslo.app).await.unwrap();
    let entries: Vec<_> = list.iter().map(|e| (e.domain.as_str(), e.source, e.port.is_some())).collect();
    assert_eq!(entries, [("hq.test", "charter", true), ("lyon.test", "charter", true)]);
    assert_eq!(oslo.app.net().rules().standing("elsewhere.example").admitted, Err(Refusal::NotAllowlisted));
    assert!(oslo.app.authorized_fetch());
    let status = org(&hq, &["status"]).await.unwrap();
    assert_eq!((&status["holds_key"], status["nodes"].as_array().unwrap().len()), (&json!(true), 3));
    minutes(&[&hq, &lyon, &oslo], 8).await;
    let status = org(&lyon, &["status"]).await.unwrap();
    assert!(status["nodes"].as_array().unwrap().iter().all(|n| n["behind"] == 0), "{status}");
    assert_eq!(status["to_do"], json!([]));
}

#[tokio::test]
async fn an_open_organisation_speaks_with_the_rest_of_the_world_too() {
    let (hq, lyon, oslo, _) = three().await;
    assert!(lyon.app.net().rules().standing("elsewhere.example").admitted.is_err());
    org(&hq, &["set", "open_allowed=true"]).await.unwrap();
    settle(&[&hq, &lyon, &oslo]).await;
    assert!(lyon.app.net().rules().standing("elsewhere.example").admitted.is_ok());
    assert!(lyon.app.authorized_fetch(), "reads still need a signature");
    // A block on one node wins there, over the charter.
    let block = peers::NewBlock {
        domain: oslo.domain.clone(),
        severity: watercooler::net::Severity::Suspend,
        reject_media: false,
        reject_reports: false,
        comment: String::new(),
        ..peers::NewBlock::default()
    };
    peers::block(&lyon.app, watercooler::domain::audit::Staff::console(), block).await.unwrap();
    assert_eq!(lyon.app.net().rules().standing(&oslo.domain).admitted, Err(Refusal::Blocked));
    assert!(hq.app.net().rules().standing(&oslo.domain).admitted.is_ok());
    let (key, value) = ("retention.posts", "365");
    org(&hq, &["set", &format!("{key}={value}")]).await.unwrap();
    org(&hq, &["alias", "k8s", "kubernetes"]).await.unwrap();
    assert_eq!(org(&hq, &["alias", "K8s", "Kubernetes"]).await.unwrap()["state"], "unchanged");
    settle(&[&hq, &lyon, &oslo]).await;
    let charter = charter_of(&oslo).await.charter;
    assert_eq!((charter.policy.retention["posts"], charter.aliases["k8s"].as_str()), (365, "kubernetes"));
    assert_eq!(refused(org(&lyon, &["set", "k=9"]).await).0, "invalid", "lyon is no steward");
}

#[tokio::test]
async fn an_expired_or_repeated_code_and_one_of_somebody_else_are_refused_with_what_to_do() {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon, oslo) = (alone("hq", &clock).await, alone("lyon", &clock).await, alone("oslo", &clock).await);
    found(&hq).await;
    let code = invite(&hq, &lyon).await;
    let (word, text) = refused(org(&oslo, &["join", &code]).await);
    assert_eq!(word, "code_of_another");
    assert!(text.contains(&format!("org invite --domain {}", oslo.domain)), "{text}");
    assert_eq!(refused(org(&lyon, &["join", &code[..40]]).await).0, "not_a_code");
    clock.advance(24 * 3_600_000);
    let (word, text) = refused(org(&lyon, &["join", &code]).await);
    assert_eq!(word, "code_expired");
    assert!(text.contains("Ask the steward for a new one"), "{text}");
    // A clock that is a little behind does not make the code good: the inviting node looks too.
    let behind = Clock::fixed(clock.now().plus_seconds(-60));
    let late = alone("late", &behind).await;
    let code = invite(&hq, &late).await;
    clock.advance(24 * 3_600_000 + 30_000);
    behind.advance(24 * 3_600_000 - 30_000);
    let (word, text) = refused(org(&late, &["join", &code]).await);
    assert_eq!(word, "code_expired", "{text}");
    // Used once, it is used up, also for the one who used it and was removed since.
    let code = invite(&hq, &lyon).await;
    org(&lyon, &["join", &code]).await.unwrap();
    assert_eq!(org(&lyon, &["join", &code]).await.unwrap()["state"], "joined", "the answer may have been lost");
    let spare = invite(&hq, &lyon).await;
    org(&hq, &["remove", &lyon.domain, "--reason", "sold"]).await.unwrap();
    // Nor does one help that was given before and not used yet.
    assert_eq!(refused(org(&lyon, &["join", &spare]).await).0, "code_unknown");
    assert_eq!(org(&hq, &["status"]).await.unwrap().get("invited"), None);
    let (word, text) = refused(org(&lyon, &["join", &code]).await);
    assert_eq!(word, "code_used");
    assert!(text.contains(&lyon.domain) && text.contains("ask the steward for a new one"), "{text}");
    // A new invitation takes the place of an older one for the same domain.
    let (old, new) = (invite(&hq, &oslo).await, invite(&hq, &oslo).await);
    assert_eq!(refused(org(&oslo, &["join", &old]).await).0, "code_unknown");
    assert_eq!(org(&oslo, &["join", &new]).await.unwrap()["state"], "joined");
    assert_eq!(refused(org(&oslo, &["init", "--name", "Mine"]).await).0, "already_member");
    // Whoever belongs elsewhere hears it before the code is used and anybody lists them.
    let rival = alone("rival", &clock).await;
    org(&rival, &["init", "--name", "Rival", "--address", "127.0.0.0/8"]).await.unwrap();
    let (code, before) = (invite(&hq, &rival).await, version(&hq).await);
    let (word, text) = refused(org(&rival, &["join", &code]).await);
    assert!(word == "already_member" && text.contains("Rival") && text.contains("org leave"), "{text}");
    assert_eq!(version(&hq).await, before);
    org(&rival, &["leave"]).await.unwrap();
    assert_eq!(org(&rival, &["join", &code]).await.unwrap()["state"], "joined");
}

#[tokio::test]
async fn a_wrong_key_a_wrong_clock_and_a_node_that_cannot_be_reached_stop_a_join() {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    found(&hq).await;
    let code = invite(&hq, &lyon).await;
    // Somebody put another key into the code: the organisation behind the address is not the one that was meant.
    let mut forged = charter::Code::read(&code).unwrap();
    forged.fingerprint = fingerprint("z6Mk");
    let (word, text) = refused(org(&lyon, &["join", &forged.write().unwrap()]).await);
    assert_eq!(word, "wrong_key");
    assert!(text.contains("by telephone"), "{text}");
    // The clock of the newcomer is off.
    for off in [-400, 400] {
        let ahead = alone("ahead", &Clock::fixed(clock.now().plus_seconds(off))).await;
        let code = invite(&hq, &ahead).await;
        let (word, text) = refused(org(&ahead, &["join", &code]).await);
        assert_eq!(word, "clock");
        assert!(text.contains("400 seconds apart") && text.contains("NTP"), "{text}");
        // And it does not help to skip the question.
        let body =
            json!({ "nonce": "n", "node": charter_of(&hq).await.document["nodes"][0], "time": ahead.clock.now() });
        let reply = letter(&ahead, &hq, "POST", "/charter/join", Some(&body)).await.send(&hq).await;
        assert_eq!(said(&reply).1, "clock", "{}", reply.text);
    }
    // A clock that is days ahead is not taken for a code that is over: a new one would be over as well.
    let ahead = alone("days", &Clock::fixed(clock.now().plus_days(3))).await;
    let early = invite(&hq, &ahead).await;
    let (word, text) = refused(org(&ahead, &["join", &early]).await);
    assert!(word == "clock" && text.contains("259200 seconds apart"), "{text}");
    // The inviting node is not there, or its name is private and no range was agreed.
    let mut nowhere = charter::Code::read(&code).unwrap();
    nowhere.url = "http://nowhere.example".into();
    let (word, text) = refused(org(&lyon, &["join", &nowhere.write().unwrap()]).await);
    assert_eq!(word, "unreachable");
    assert!(text.contains("Correct DNS"), "{text}");
    let made = org(&hq, &["invite", "--domain", &lyon.domain, "--http"]).await.unwrap();
    let (word, text) = refused(org(&lyon, &["join", made["code"].as_str().unwrap()]).await);
    assert_eq!(word, "unreachable");
    assert!(text.contains("--address RANGE"), "{text}");
    let https = org(&hq, &["invite", "--domain", &lyon.domain, "--address", "127.0.0.0/8"]).await.unwrap();
    let (word, text) = refused(org(&lyon, &["join", https["code"].as_str().unwrap()]).await);
    assert!(word == "invalid" && text.contains("--http"), "{text}");
    // Nothing of all that brought anybody in, and the right way still works.
    assert_eq!((version(&hq).await, version(&lyon).await), (1, 0));
    brings_in(&hq, &lyon).await;
    assert_eq!((version(&hq).await, version(&lyon).await), (2, 2));
}

#[tokio::test]
async fn a_charter_that_does_not_count_is_refused_with_what_to_do() {
    let (hq, lyon, oslo, key) = three().await;
    let first = charter_of(&oslo).await.document.clone();
    org(&hq, &["renew"]).await.unwrap();
    settle(&[&hq, &lyon, &oslo]).await;
    assert_eq!(version(&oslo).await, 4);
    let offer = async |document: &Value| said(&offers(&lyon, &oslo, document).await);

    // Older, or the same again: nothing changes.
    let (status, word, text) = offer(&first).await;
    assert_eq!((status, word.as_str()), (409, "older"));
    assert!(text.contains("Version 3 is older than version 4") && text.contains("Nothing is to be done"), "{text}");
    assert_eq!(offers(&lyon, &oslo, &charter_of(&hq).await.document).await.status, 200);
    // Altered after it was signed.
    let mut altered = next(&hq, &key, |_| {}).await;
    altered["nodes"][0]["department"] = json!("Mine");
    let (status, word, text) = offer(&altered).await;
    assert_eq!((status, word.as_str()), (403, "wrong_key"));
    assert!(text.contains("rotate-key --recovery"), "{text}");
    // Signed by somebody who is not the organisation, under its id.
    let stranger = PrivateKey::generate_ed25519().unwrap();
    let own = |c: &mut Charter| c.keys = vec![json!({ "key": stranger.public_multikey() })];
    let forged = next(&hq, &stranger, own).await;
    assert_eq!(offer(&forged).await.1, "wrong_key");
    // Another organisation's.
    let foreign = next(&hq, &key, |c| (c.id, c.name) = ("urn:uuid:0".into(), "Rival".into())).await;
    let (status, word, text) = offer(&foreign).await;
    assert_eq!((status, word.as_str()), (403, "foreign"));
    assert!(text.contains("Rival") && text.contains("Example") && text.contains("org leave"), "{text}");
    // Expired, and issued by a clock that is ahead.
    let expired = next(&hq, &key, |c| {
        (c.issued, c.expires) = (c.issued.plus_days(-9), c.issued.plus_days(-1));
    })
    .await;
    let (status, word, text) = offer(&expired).await;
    assert_eq!((status, word.as_str()), (422, "expired"));
    assert!(text.contains("org renew"), "{text}");
    let ahead = next(&hq, &key, |c| c.issued = c.issued.plus_seconds(600)).await;
    let (status, word, text) = offer(&ahead).await;
    assert_eq!((status, word.as_str()), (422, "future"));
    assert!(text.contains("NTP"), "{text}");
    // Nonsense of every kind is no error of ours.
    for nonsense in [json!({}), json!([1]), json!({ "type": "Charter", "nodes": 1 }), json!("charter")] {
        assert_eq!(offer(&nonsense).await.0, 400, "{nonsense}");
    }
    assert_eq!(version(&oslo).await, 4);
    // A good one is taken, by whoever of the organisation brings it.
    let good = next(&hq, &key, |c| c.name = "Example & Sons".into()).await;
    assert_eq!(offer(&good).await.0, 200);
    assert_eq!(version(&oslo).await, 5);
}

#[tokio::test]
async fn only_nodes_of_the_charter_are_answered_and_only_with_their_own_key() {
    let (hq, lyon, oslo, _) = three().await;
    let outside = alone("outside", &hq.clock).await;
    let document = charter_of(&hq).await.document;
    let plain = crate::support::Client::anonymous(&hq).get("/charter").await;
    assert_eq!(said(&plain).1, "unsigned");
    for method in ["GET", "POST"] {
        let body = (method == "POST").then_some(&document);
        let reply = letter(&outside, &hq, method, "/charter", body).await.send(&hq).await;
        assert_eq!((reply.status, said(&reply).1.as_str()), (403, "stranger"));
        // Whoever took over the name of a node, but not its key, is nobody.
        let node = charter_of(&hq).await.charter.node(&lyon.domain).unwrap().clone();
        let thief = Signer { key_id: node.key_id(), key: PrivateKey::generate_ed25519().unwrap() };
        let reply = letter_by(&thief, &lyon, &hq, method, "/charter", body).send(&hq).await;
        assert_eq!((reply.status, said(&reply).1.as_str()), (403, "stranger"));
    }
    let reply = letter(&lyon, &hq, "GET", "/charter", None).await.send(&hq).await;
    assert_eq!((reply.status, reply.json()), (200, document.clone()));
    let tag = reply.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", charter_of(&hq).await.hash));
    let mut again = letter(&lyon, &hq, "GET", "/charter", None).await;
    again.headers.push(("if-none-match".into(), tag));
    let reply = again.send(&hq).await;
    assert_eq!((reply.status, reply.text.as_str()), (304, ""));
    // A body that is not the one that was signed.
    let mut letter = letter(&lyon, &hq, "POST", "/charter", Some(&document)).await;
    letter.body.push(b' ');
    assert_eq!(said(&letter.send(&hq).await).1, "unsigned");
    // The clock of a member that went wrong is named.
    let wrong = alone("wrong", &Clock::fixed(hq.clock.now().plus_seconds(7_200))).await;
    let reply = crate::support::organisation::letter(&wrong, &hq, "GET", "/charter", None).await.send(&hq).await;
    assert_eq!(said(&reply).1, "clock");
    drop(oslo);
}

#[tokio::test]
async fn a_removed_node_is_refused_by_all_and_what_waited_for_it_is_dropped() {
    let (hq, lyon, oslo, _) = three().await;
    let (ada, bob, cleo) = (hq.member("ada").await, lyon.member("bob").await, oslo.member("cleo").await);
    let nodes = [&hq, &lyon, &oslo];
    let found = ada.get(&format!("/api/v2/search?resolve=true&q=@{}", lyon.handle("bob"))).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap().to_owned();
    ada.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    settle(&nodes).await;
    bob.post("/api/v1/statuses", json!({ "status": "hello from Lyon" })).await.ok();
    settle(&nodes).await;
    assert!(ada.get("/api/v1/timelines/home").await.text.contains("hello from Lyon"));
    // Something waits for Lyon when it is removed.
    ada.post(&format!("/api/v1/accounts/{id}/unfollow"), json!({})).await.ok();
    let waiting =
        async || hq.app.read(|conn| Sql::new("select count(*) from deliveries").scalar_i64(conn)).await.unwrap();
    assert_eq!(waiting().await, 1);
    let done = org(&hq, &["remove", &lyon.domain, "--reason", "sold"]).await.unwrap();
    assert_eq!((&done["state"], &done["version"]), (&json!("signed"), &json!(4)));
    assert_eq!(waiting().await, 0);
    settle(&nodes).await;
    for node in [&hq, &oslo] {
        assert_eq!(version(node).await, 4);
        assert_eq!(node.app.net().rules().standing(&lyon.domain).admitted, Err(Refusal::Removed));
        let list = peers::list(&node.app).await.unwrap();
        assert!(list.iter().any(|e| (e.kind, e.source, e.comment.as_str()) == ("removed", "charter", "sold")));
        // Nothing is taken from it, and it is told why.
        let reply = letter(&lyon, node, "GET", "/charter", None).await.send(node).await;
        let (status, word, text) = said(&reply);
        assert_eq!((status, word.as_str()), (403, "removed"));
        assert!(text.contains("sold") && text.contains("new invitation"), "{text}");
        let signer = own_keys::node_signer(&lyon.app).await.unwrap();
        let reply = letter_by(&signer, &lyon, node, "POST", "/inbox", Some(&json!({}))).send(node).await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (403, Some("host_policy")));
    }
    assert!(!ada.get("/api/v1/timelines/home").await.text.contains("hello from Lyon"), "hidden, and kept");
    let account = async || ada.get(&format!("/api/v1/accounts/{id}")).await.ok();
    assert_eq!(account().await["suspended"], true);
    // Lyon's own status says it after its next question.
    minutes(&nodes, 1).await;
    let status = org(&lyon, &["status"]).await.unwrap();
    assert!(status["to_do"].to_string().contains("was removed from the organisation"), "{status}");
    // Back with a new invitation.
    brings_in(&hq, &lyon).await;
    settle(&nodes).await;
    assert_eq!((version(&lyon).await, version(&oslo).await), (5, 5));
    assert_ne!(account().await["suspended"], true);
    drop(cleo);
}

#[tokio::test]
async fn a_node_removed_with_its_posts_is_erased_at_the_others() {
    let (hq, lyon, oslo, _) = three().await;
    let (ada, bob) = (hq.member("ada").await, lyon.member("bob").await);
    let nodes = [&hq, &lyon, &oslo];
    let found = ada.get(&format!("/api/v2/search?resolve=true&q=@{}", lyon.handle("bob"))).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap().to_owned();
    ada.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    settle(&nodes).await;
    bob.post("/api/v1/statuses", json!({ "status": "hello from Lyon" })).await.ok();
    settle(&nodes).await;
    let posts = async || {
        let count = Sql::new("select count(*) from posts where local = ").bind(false);
        hq.app.read(|conn| count.scalar_i64(conn)).await.unwrap()
    };
    assert_eq!(posts().await, 1);
    // First hidden, then erased.
    org(&hq, &["remove", &lyon.domain]).await.unwrap();
    settle(&nodes).await;
    assert_eq!(posts().await, 1);
    assert_eq!(org(&hq, &["remove", &lyon.domain, "--purge"]).await.unwrap()["state"], "signed");
    settle(&nodes).await;
    assert_eq!(posts().await, 0);
    for again in [&["remove", lyon.domain.as_str()][..], &["remove", lyon.domain.as_str(), "--purge"][..]] {
        assert_eq!(refused(org(&hq, again).await).0, "not_found");
    }
    assert_eq!(ada.get(&format!("/api/v1/accounts/{id}")).await.status, 410);
    // With a new invitation its people come back, as they are now.
    minutes(&nodes, 1).await;
    brings_in(&hq, &lyon).await;
    settle(&nodes).await;
    minutes(&nodes, 2).await;
    let found = ada.get(&format!("/api/v2/search?resolve=true&q=@{}", lyon.handle("bob"))).await.ok();
    assert_eq!(found["accounts"][0]["id"], json!(id), "{found}");
    let status = org(&hq, &["status"]).await.unwrap();
    let line = status["nodes"].as_array().unwrap().iter().find(|n| n["domain"] == lyon.domain.as_str()).unwrap();
    assert_eq!((&line["directory"]["copied"], &line["directory"]["error"]), (&line["directory"]["of"], &Value::Null));
    ada.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    settle(&nodes).await;
    bob.post("/api/v1/statuses", json!({ "status": "hello again" })).await.ok();
    settle(&nodes).await;
    assert_eq!(posts().await, 1);
}

#[tokio::test]
async fn whoever_leaves_tells_a_steward_and_is_refused_from_then_on() {
    let (hq, lyon, oslo, _) = three().await;
    let (word, text) = refused(org(&hq, &["leave"]).await);
    assert!(word == "invalid" && text.contains("hold-key"), "{text}");
    let left = org(&lyon, &["leave"]).await.unwrap();
    assert_eq!((&left["left"], &left["told"]), (&json!(true), &json!(hq.domain)));
    settle(&[&hq, &lyon, &oslo]).await;
    assert_eq!((version(&hq).await, version(&lyon).await, version(&oslo).await), (4, 0, 4));
    assert_eq!(charter_of(&oslo).await.charter.removed[0].reason, "left");
    assert!(peers::list(&lyon.app).await.unwrap().is_empty());
    assert_eq!(refused(org(&lyon, &["status"]).await).0, "no_organisation");
    assert_eq!(refused(org(&lyon, &["leave"]).await).0, "no_organisation");
}

#[tokio::test]
async fn a_recording_of_a_farewell_does_not_remove_a_node_that_came_back() {
    let (hq, lyon, oslo, _) = three().await;
    let farewell = letter(&lyon, &hq, "POST", "/charter/leave", Some(&json!({}))).await;
    org(&lyon, &["leave"]).await.unwrap();
    settle(&[&hq, &lyon, &oslo]).await;
    hq.clock.advance(60_000);
    brings_in(&hq, &lyon).await;
    settle(&[&hq, &lyon, &oslo]).await;
    let reply = farewell.send(&hq).await;
    assert_eq!((reply.status, said(&reply).1.as_str()), (401, "unsigned"), "{}", reply.text);
    let is_in = async || charter_of(&hq).await.charter.nodes.iter().any(|node| node.domain == lyon.domain);
    assert!(is_in().await);
    // It may go again by its own word.
    let left = org(&lyon, &["leave"]).await.unwrap();
    assert_eq!(left["told"], json!(hq.domain));
    assert!(!is_in().await);
}

#[tokio::test]
async fn lists_for_other_servers_are_printed_and_other_software_is_listed_by_hand() {
    let (hq, lyon, oslo, _) = three().await;
    org(&hq, &["add", "toot.example", "--department", "Sales", "--closed"]).await.unwrap();
    settle(&[&hq, &lyon, &oslo]).await;
    let charter = charter_of(&oslo).await.charter;
    let node = charter.node("toot.example").unwrap();
    assert_eq!((node.software, node.closed), (charter::Software::Other, true));
    assert!(oslo.app.net().rules().standing("toot.example").admitted.is_ok());
    let list = org(&oslo, &["export", "--without", "toot.example"]).await.unwrap();
    assert_eq!(list["list"], format!("#domain\n{}\n{}\n{}\n", hq.domain, lyon.domain, oslo.domain));
    let json = org(&oslo, &["export", "--form", "json"]).await.unwrap();
    let json: Value = serde_json::from_str(json["list"].as_str().unwrap()).unwrap();
    assert_eq!((&json[3]["domain"], &json[3]["public_comment"]), (&json!("toot.example"), &json!("Example: Sales")));
    let plain = org(&oslo, &["export", "--form", "plain"]).await.unwrap();
    assert_eq!(plain["list"].as_str().unwrap().lines().count(), 4);
    // Once more changes the mark; what is not said again stays.
    org(&hq, &["add", "toot.example", "--address", "10.30.0.0/16", "--closed"]).await.unwrap();
    assert_eq!(org(&hq, &["add", "toot.example"]).await.unwrap()["state"], "signed");
    let node = charter_of(&hq).await.charter.node("toot.example").unwrap().clone();
    assert_eq!(
        (node.closed, node.department.as_str(), &node.addresses[..]),
        (false, "Sales", &["10.30.0.0/16".into()][..])
    );
    assert_eq!(org(&hq, &["add", "toot.example"]).await.unwrap()["state"], "unchanged");
    let moved = ["add", "toot.example", "--actor", "https://social.toot.example/actor"];
    assert_eq!(org(&hq, &moved).await.unwrap()["state"], "signed");
    let node = charter_of(&hq).await.charter.node("toot.example").unwrap().clone();
    assert_eq!((node.department.as_str(), node.actor.as_str()), ("Sales", "https://social.toot.example/actor"));
    // A node that speaks for itself is not shut out by it, and nobody refuses themselves with the key.
    let (word, text) = refused(org(&hq, &["add", &lyon.domain, "--department", "Lyon"]).await);
    assert!(word == "invalid" && text.contains(&format!("org remove {}", lyon.domain)), "{text}");
    let (word, text) = refused(org(&hq, &["remove", &hq.domain]).await);
    assert!(word == "invalid" && text.contains("org leave"), "{text}");
    assert_eq!(charter_of(&hq).await.charter.nodes.len(), 4);
}

#[tokio::test]
async fn sec_lan_10_a_node_joins_on_an_intranet_with_a_private_certificate_authority() {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon) = (behind_tls("secure", &clock).await, behind_tls("moved", &clock).await);
    let ca = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls/ca.pem");
    let made = ["init", "--name", "Example", "--address", "127.0.0.0/8", "--ca-file", ca];
    org(&hq, &made).await.unwrap();
    // Its own certificate is of an authority that nobody named: headquarters cannot reach it, and says what is missing.
    let code = invite(&hq, &lyon).await;
    let (word, text) = refused(org(&lyon, &["join", &code]).await);
    assert_eq!(word, "unreachable");
    assert!(text.contains(lyon.app.site().domain()) && text.contains("--ca-file FILE"), "{text}");
    // The same when the code does not bring the authority of headquarters.
    let mut without = charter::Code::read(&code).unwrap();
    without.ca = None;
    let (word, text) = refused(org(&lyon, &["join", &without.write().unwrap()]).await);
    assert_eq!(word, "unreachable");
    assert!(text.contains("TLS certificate is not trusted"), "{text}");
    let joined = org(&lyon, &["join", &code, "--ca-file", ca]).await.unwrap();
    assert!(joined["checks"].as_array().unwrap().iter().all(|check| check["ok"] == true), "{joined}");
    org(&hq, &["alias", "k8s", "kubernetes"]).await.unwrap();
    settle(&[&hq, &lyon]).await;
    assert_eq!((version(&hq).await, version(&lyon).await), (3, 3));
}

#[tokio::test]
async fn what_is_served_under_a_stolen_name_is_not_believed() {
    let (hq, lyon, oslo, _) = three().await;
    let (ada, bob) = (hq.member("ada").await, lyon.member("bob").await);
    let post = bob.post("/api/v1/statuses", json!({ "status": "really me" })).await.ok();
    let uri = post["uri"].as_str().unwrap().to_owned();
    let search = async || {
        hq.clock.advance(600_000);
        let found = ada.get(&format!("/api/v2/search?resolve=true&q={uri}")).await.ok();
        found["statuses"].as_array().unwrap().len()
    };
    // The name of Lyon leads to another machine with another node on it, which has everything but the key.
    let signing = own_keys::node_signer(&lyon.app).await.unwrap();
    let target = lyon.url("/users/bob");
    let document = bob.request("GET", "/users/bob").header("accept", "application/activity+json");
    let plain = bob.send(document.header("accept-signature", "node=()")).await;
    assert!(plain.header("signature").starts_with("node=:"), "{:?}", plain.headers);
    assert!(watercooler::federation::signatures::answer::is_signed(
        &plain.headers,
        (&signing.key_id, &signing.key.public().unwrap()),
        &target,
        plain.status,
        &plain.body,
        lyon.clock.now(),
    ));
    lyon.app
        .write(|tx| {
            // Its keys are gone, as on the machine of a thief: it makes new ones.
            Sql::new("delete from actor_keys where account_id = 1").execute(tx.conn)?;
            Sql::new("delete from accounts where id = 1").execute(tx.conn)?;
            Ok(())
        })
        .await
        .unwrap();
    own_keys::forget_all(&lyon.app);
    assert_eq!(search().await, 0);
    let reply = letter(&lyon, &hq, "GET", "/charter", None).await.send(&hq).await;
    assert_eq!((reply.status, said(&reply).1.as_str()), (403, "stranger"));
    // A restored machine with new keys is invited again, and believed.
    brings_in(&hq, &lyon).await;
    settle(&[&hq, &lyon, &oslo]).await;
    assert_eq!(search().await, 1);
}
