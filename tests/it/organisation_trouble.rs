//! The organisation's charter in trouble: nodes that lie or are gone, keys that were stolen, versions made apart.

use crate::{
    organisation::{next, said, three},
    support::{
        organisation::{alone, brings_in, charter_of, found, invite, minutes, offers, org, refused, version},
        settle,
    },
};
use serde_json::json;
use watercooler::{
    crypto::PrivateKey,
    domain::charter::{self, Change},
    federation::own_keys,
    peers, store,
    time::Clock,
};

#[tokio::test]
async fn a_node_that_always_claims_to_have_a_better_charter_is_not_asked_again_and_again() {
    let (hq, lyon, oslo, key) = three().await;
    let nodes = [&hq, &lyon, &oslo];
    let old = charter_of(&hq).await.document;
    let liar = crate::support::Peer::start("liar").await;
    let json = "application/json";
    liar.serve_as("POST /charter", 409, json, json!({ "code": "older", "error": "older" }).to_string());
    liar.serve_as("GET /charter", 200, json, old.to_string());
    let next = next(&hq, &key, |charter| {
        let mut node = charter.nodes[0].clone();
        node.domain = liar.authority.clone();
        node.actor = liar.url("/actor");
        node.port = liar.authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        node.key = PrivateKey::generate_ed25519().unwrap().public_multikey();
        node.role = charter::Office::Member;
        charter.nodes.push(node);
    })
    .await;
    assert_eq!(offers(&lyon, &hq, &next).await.status, 200);
    let asked = || liar.received().iter().filter(|request| request.path == "/charter").count();
    settle(&nodes).await;
    liar.forget();
    let task = watercooler::domain::Task::AskCharterOf { domain: liar.authority.clone() };
    hq.app.write(move |tx| tx.enqueue(&task)).await.unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(60), settle(&nodes)).await.expect("it never ends");
    assert_eq!(asked(), 2, "asked, and told ours");
    let status = org(&hq, &["status"]).await.unwrap();
    let line = status["nodes"].as_array().unwrap().iter().find(|n| n["domain"] == liar.authority.as_str()).unwrap();
    assert!(line.to_string().contains("serves an older one"), "{line}");
    // Each asks it by lot, once a minute at most.
    tokio::time::timeout(std::time::Duration::from_secs(60), minutes(&nodes, 3)).await.expect("it never ends");
    assert!(asked() <= 30, "{}", asked());
}

#[tokio::test]
async fn the_recovery_key_ends_a_theft_whatever_the_thief_signed() {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon, oslo) = (alone("hq", &clock).await, alone("lyon", &clock).await, alone("oslo", &clock).await);
    let nodes = [&hq, &lyon, &oslo];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key").to_str().unwrap().to_owned();
    let made = org(&hq, &["init", "--name", "Example", "--address", "127.0.0.0/8", "--key-file", &path]).await.unwrap();
    let recovery = PrivateKey::from_secret_multikey(made["recovery_key"].as_str().unwrap()).unwrap();
    let stolen = PrivateKey::from_secret_multikey(made["signing_key"].as_str().unwrap()).unwrap();
    std::fs::write(&path, made["signing_key"].as_str().unwrap()).unwrap();
    org(&hq, &["hold-key", &path]).await.unwrap();
    for node in [&lyon, &oslo] {
        brings_in(&hq, node).await;
        settle(&nodes).await;
    }
    // A number that nobody reached is refused.
    let leap = next(&hq, &stolen, |charter| charter.version += 5_000).await;
    let (status, word, text) = said(&offers(&oslo, &lyon, &leap).await);
    assert_eq!((status, word.as_str()), (409, "leap"), "{text}");
    // The thief takes over as far as it goes: removes headquarters and Lyon, and replaces the key as often as may be.
    let mut keys = vec![stolen];
    let taken = next(&hq, &keys[0], |charter| {
        for domain in [&hq.domain, &lyon.domain] {
            let change = Change::Remove { domain: domain.clone(), reason: "mine".into(), purge: false, keep: false };
            assert_eq!(change.apply(charter, clock.now()), Ok(true));
        }
        charter.version += 900;
    })
    .await;
    for node in [&hq, &lyon] {
        assert_eq!(offers(&oslo, node, &taken).await.status, 200);
    }
    assert_eq!(offers(&oslo, &oslo, &taken).await.status, 200);
    let mut last = charter_of(&oslo).await;
    while last.charter.keys.len() < 100 {
        let mut next = last.charter.successor(&last.hash, clock.now());
        let new = PrivateKey::generate_ed25519().unwrap();
        let by = keys.last().unwrap();
        next.keys.push(charter::keychain::hand_over(&last.charter, &new.public_multikey(), by, clock.now()).unwrap());
        last = next.sign(&new).unwrap();
        keys.push(new);
    }
    assert_eq!(offers(&oslo, &oslo, &last.document).await.status, 200);
    settle(&nodes).await;
    assert_eq!((version(&hq).await, version(&lyon).await, version(&oslo).await), (0, 0, last.charter.version));
    // Headquarters goes on after its own key, with everybody who belonged.
    let (vault, by) = (own_keys::vault(&hq.app).unwrap(), watercooler::domain::audit::Staff::console());
    hq.app.write(move |tx| charter::recover(tx, &vault, &by, &recovery, 3, false).map(drop)).await.unwrap();
    peers::refresh(&hq.app).await.unwrap();
    settle(&nodes).await;
    let ours = charter_of(&hq).await;
    assert_eq!((ours.charter.keys.len(), ours.charter.nodes.len(), ours.charter.removed.len()), (2, 3, 0));
    for node in nodes {
        assert_eq!(charter_of(node).await.hash, ours.hash, "{}", node.domain);
    }
    assert_eq!(said(&offers(&oslo, &lyon, &last.document).await).1, "old_key");
    assert_eq!(org(&hq, &["alias", "k8s", "kubernetes"]).await.unwrap()["state"], "signed");
    settle(&nodes).await;
    assert_eq!(charter_of(&lyon).await.charter.aliases.len(), 1);
}

#[tokio::test]
async fn an_invitation_outlives_a_replaced_key_and_a_recording_of_an_old_version_does_not_let_in() {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon, oslo) = (alone("hq", &clock).await, alone("lyon", &clock).await, alone("oslo", &clock).await);
    found(&hq).await;
    let code = invite(&hq, &lyon).await;
    let rotated = org(&hq, &["rotate-key"]).await.unwrap();
    let joined = org(&lyon, &["join", &code]).await.unwrap();
    assert_eq!((&joined["state"], &joined["fingerprint"]), (&json!("joined"), &rotated["fingerprint"]));
    let key = joined["checks"].as_array().unwrap().iter().find(|check| check["check"] == "key").unwrap();
    assert!(key["found"].as_str().unwrap().contains("replaced by"), "{key}");
    settle(&[&hq, &lyon, &oslo]).await;
    // Lyon leaves and is invited again; the answer is still to be signed when somebody plays the old version to it.
    let old = charter_of(&hq).await.document;
    org(&lyon, &["leave"]).await.unwrap();
    settle(&[&hq, &lyon, &oslo]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key").to_str().unwrap().to_owned();
    org(&hq, &["rotate-key", "--key-file", &path]).await.unwrap();
    clock.advance(3_600_000);
    let code = invite(&hq, &lyon).await;
    assert_eq!(org(&lyon, &["join", &code]).await.unwrap()["state"], "waiting");
    let (status, word, text) = said(&offers(&hq, &lyon, &old).await);
    assert_eq!((status, word.as_str(), version(&lyon).await), (409, "recorded", 0), "{text}");
}

#[tokio::test]
async fn a_newcomer_that_was_away_when_its_version_was_signed_is_told_once_it_is_there() {
    const WAITS: &str = "charter_joining";
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let made = org(&hq, &["init", "--name", "Example", "--address", "127.0.0.0/8", "--key-file", &path("k")]).await;
    let key = PrivateKey::from_secret_multikey(made.unwrap()["signing_key"].as_str().unwrap()).unwrap();
    assert_eq!(brings_in(&hq, &lyon).await["state"], "waiting");
    // The weekend passes: the code is over, and lyon does not take what it is offered when the version is signed at last.
    let waited = lyon.app.write(|tx| {
        let waited = store::users::find_setting(tx.conn, WAITS)?;
        store::users::delete_setting(tx.conn, WAITS)?;
        Ok(waited)
    });
    let waited = waited.await.unwrap().unwrap();
    clock.advance(3 * 86_400_000);
    let draft = org(&hq, &["draft", &path("draft.json")]).await.unwrap()["draft"].clone();
    let signed = charter::steward::sign_draft(draft, &key, None, clock.now()).unwrap();
    std::fs::write(path("signed.json"), signed.document.to_string()).unwrap();
    org(&hq, &["adopt", &path("signed.json")]).await.unwrap();
    settle(&[&hq, &lyon]).await;
    assert_eq!((version(&hq).await, version(&lyon).await), (2, 0));
    lyon.app.write(move |tx| store::users::set_setting(tx.conn, WAITS, &waited)).await.unwrap();
    minutes(&[&hq, &lyon], 1).await;
    assert_eq!((version(&hq).await, version(&lyon).await), (2, 2));
}

#[tokio::test]
async fn whoever_loses_several_versions_is_told_of_all_their_changes() {
    let (hq, lyon, oslo, key) = three().await;
    let nodes = [&hq, &lyon, &oslo];
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("key"), key.secret_multikey().unwrap()).unwrap();
    org(&lyon, &["hold-key", &path("key")]).await.unwrap();
    // Apart: two versions here, the first of which allows something and uses it at once, and three there.
    let draft = next(&hq, &key, |charter| {
        charter.policy.open_allowed = true;
        charter.policy.default_audience = charter::document::Audience::Open;
    })
    .await;
    std::fs::write(path("signed"), draft.to_string()).unwrap();
    org(&hq, &["adopt", &path("signed")]).await.unwrap();
    org(&hq, &["alias", "k8s", "kubernetes"]).await.unwrap();
    for (word, means) in [("js", "javascript"), ("ts", "typescript"), ("py", "python")] {
        org(&lyon, &["alias", word, means]).await.unwrap();
    }
    settle(&nodes).await;
    minutes(&nodes, 3).await;
    for node in nodes {
        let charter = charter_of(node).await.charter;
        assert_eq!((charter.version, charter.aliases.len()), (6, 3), "{}", node.domain);
    }
    let status = org(&hq, &["status"]).await.unwrap();
    assert_eq!(status["overtaken"].as_array().unwrap().len(), 3, "{status}");
    assert_eq!(org(&hq, &["redo"]).await.unwrap()["state"], "signed");
    settle(&nodes).await;
    for node in nodes {
        let charter = charter_of(node).await.charter;
        assert_eq!((charter.aliases.len(), charter.policy.open_allowed), (4, true));
        assert_eq!(charter.policy.default_audience, charter::document::Audience::Open);
    }
    // Who only missed versions lost nothing.
    assert_eq!(org(&lyon, &["status"]).await.unwrap().get("overtaken"), None);
}

#[tokio::test]
async fn what_cannot_be_said_in_a_charter_is_named_with_what_can() {
    let hq = alone("hq", &Clock::fixed(crate::support::NOW)).await;
    let long = "x".repeat(501);
    for arguments in
        [&["init", "--name", " "][..], &["init", "--name", &long][..], &["init", "--name", "A", "--contact", &long][..]]
    {
        let (word, text) = refused(org(&hq, arguments).await);
        assert!(word == "invalid" && !text.contains("not a charter"), "{text}");
    }
    let (_, text) = refused(org(&hq, &["init", "--name", "A", "--address", "10.20"]).await);
    assert!(text.contains("10.20") && text.contains("10.20.0.0/16"), "{text}");
    found(&hq).await;
    let named = format!("name={long}");
    let many: Vec<String> = (0..33).map(|n| format!("--address=10.{n}.0.0/16")).collect();
    let add: Vec<&str> = ["add", "toot.example"].into_iter().chain(many.iter().map(String::as_str)).collect();
    for (arguments, says) in [
        (&["set", "name="][..], "needs a name"),
        (&["set", &named][..], "500 characters"),
        (&["alias", &long, "kubernetes"][..], "500 characters"),
        (&["add", "toot.example", "--department", &long][..], "500 characters"),
        (&["add", "toot.example", "--address", "10.20"][..], "neither an address nor a range"),
        (&add[..], "up to 32 addresses"),
        (&["invite", "--domain", "fab.example", "--department", &long][..], "500 characters"),
    ] {
        let (word, text) = refused(org(&hq, arguments).await);
        assert!(word == "invalid" && text.contains(says), "{arguments:?}: {text}");
    }
    // Which of two rules comes first depends on the way.
    let (_, text) = refused(org(&hq, &["set", "default_audience=open"]).await);
    assert!(text.contains("set open_allowed=true first"), "{text}");
    for rule in ["open_allowed=true", "default_audience=open"] {
        org(&hq, &["set", rule]).await.unwrap();
    }
    let (_, text) = refused(org(&hq, &["set", "open_allowed=false"]).await);
    assert!(text.contains("set default_audience=organisation first"), "{text}");
    // A reason is cut, as that of a revocation is: the node is refused all the same.
    org(&hq, &["add", "toot.example"]).await.unwrap();
    assert_eq!(org(&hq, &["remove", "toot.example", "--reason", &long]).await.unwrap()["state"], "signed");
    assert_eq!(org(&hq, &["set", "name= Example & Sons "]).await.unwrap()["state"], "signed");
    let charter = charter_of(&hq).await.charter;
    assert_eq!((charter.removed[0].reason.len(), charter.name.as_str()), (500, "Example & Sons"));
}
