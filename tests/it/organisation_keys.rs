//! The keys that sign the organisation's charter: where they are, who else has them, what replaces them.

use crate::{
    organisation::three,
    support::{
        organisation::{alone, brings_in, charter_of, minutes, org, refused, version},
        settle,
    },
};
use serde_json::{Value, json};
use watercooler::{
    crypto::PrivateKey,
    domain::charter::{self, document::fingerprint},
    federation::own_keys,
    time::Clock,
};

#[tokio::test]
async fn two_stewards_who_change_the_charter_at_once_end_with_one_and_the_loser_is_told() {
    let (hq, lyon, oslo, key) = three().await;
    let nodes = [&hq, &lyon, &oslo];
    // Lyon holds the key too.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, key.secret_multikey().unwrap()).unwrap();
    org(&lyon, &["hold-key", path.to_str().unwrap()]).await.unwrap();
    org(&hq, &["alias", "k8s", "kubernetes"]).await.unwrap();
    org(&lyon, &["alias", "js", "javascript"]).await.unwrap();
    settle(&nodes).await;
    minutes(&nodes, 2).await;
    let charters = [charter_of(&hq).await, charter_of(&lyon).await, charter_of(&oslo).await];
    assert!(charters.iter().all(|c| c.hash == charters[0].hash && c.charter.version == 4));
    assert_eq!(charters[0].charter.aliases.len(), 1);
    let loser = if charters[0].charter.aliases.contains_key("js") { &hq } else { &lyon };
    let status = org(loser, &["status"]).await.unwrap();
    assert_eq!(status["overtaken"].as_array().unwrap().len(), 1, "{status}");
    assert!(status["to_do"].to_string().contains("watercooler org redo"), "{status}");
    assert_eq!(org(loser, &["redo"]).await.unwrap()["state"], "signed");
    settle(&nodes).await;
    for node in nodes {
        let charter = charter_of(node).await.charter;
        assert_eq!((charter.version, charter.aliases.len()), (5, 2));
    }
    assert_eq!(org(loser, &["status"]).await.unwrap().get("overtaken"), None);
    assert_eq!(refused(org(loser, &["redo"]).await).0, "invalid");
}

#[tokio::test]
async fn the_signing_key_may_live_elsewhere_and_changes_wait_for_it() {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let made = org(&hq, &["init", "--name", "Example", "--address", "127.0.0.0/8", "--key-file", &path("k")]).await;
    let key = PrivateKey::from_secret_multikey(made.unwrap()["signing_key"].as_str().unwrap()).unwrap();
    let joined = brings_in(&hq, &lyon).await;
    assert_eq!(joined["state"], "waiting");
    let (word, text) = refused(org(&lyon, &["status"]).await);
    assert!(word == "waiting" && text.contains(hq.app.site().base()), "{text}");
    org(&hq, &["alias", "k8s", "kubernetes"]).await.unwrap();
    let status = org(&hq, &["status"]).await.unwrap();
    assert_eq!((&status["holds_key"], status["waiting"].as_array().unwrap().len()), (&json!(false), 2));
    assert!(status["to_do"].to_string().contains("org draft"), "{status}");
    let drafted = org(&hq, &["draft", &path("draft.json")]).await.unwrap();
    assert_eq!(drafted["changes"].as_array().unwrap().len(), 2);
    // Not with a key that is none of the organisation's, and not unsigned.
    let draft = &drafted["draft"];
    let sign = |key: &PrivateKey| charter::steward::sign_draft(draft.clone(), key, None, clock.now());
    let other = PrivateKey::generate_ed25519().unwrap();
    let refusal = sign(&other).unwrap_err().to_string();
    assert!(refusal.contains(&fingerprint(&other.public_multikey())), "{refusal}");
    assert!(refusal.contains("rotate-key --recovery") && !refusal.contains("Do not use it"), "{refusal}");
    std::fs::write(path("signed.json"), draft.to_string()).unwrap();
    let (word, text) = refused(org(&hq, &["adopt", &path("signed.json")]).await);
    assert!(word == "wrong_key" && text.contains("org sign FILE"), "{text}");
    std::fs::write(path("signed.json"), sign(&key).unwrap().document.to_string()).unwrap();
    org(&hq, &["adopt", &path("signed.json")]).await.unwrap();
    settle(&[&hq, &lyon]).await;
    // Who waited is told without asking.
    assert_eq!((version(&hq).await, version(&lyon).await), (2, 2));
    assert_eq!(org(&hq, &["status"]).await.unwrap().get("waiting"), None);
    assert_eq!(charter_of(&lyon).await.charter.aliases.len(), 1);
}

#[tokio::test]
async fn the_key_is_replaced_by_itself_or_by_the_recovery_key_and_everybody_follows() {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    let made = org(&hq, &["init", "--name", "Example", "--address", "127.0.0.0/8"]).await.unwrap();
    let recovery = PrivateKey::from_secret_multikey(made["recovery_key"].as_str().unwrap()).unwrap();
    brings_in(&hq, &lyon).await;
    let rotated = org(&hq, &["rotate-key"]).await.unwrap();
    assert_ne!(rotated["fingerprint"], made["fingerprint"]);
    settle(&[&hq, &lyon]).await;
    assert_eq!(version(&lyon).await, 3);
    org(&hq, &["alias", "k8s", "kubernetes"]).await.unwrap();
    settle(&[&hq, &lyon]).await;
    assert_eq!(charter_of(&lyon).await.charter.aliases.len(), 1);
    // The node that held the key burns down: another steward goes on with the recovery key alone.
    let vault = own_keys::vault(&lyon.app).unwrap();
    let by = watercooler::domain::audit::Staff::console();
    let (word, text) = refused(org(&lyon, &["rotate-key"]).await);
    assert!(word == "no_key" && text.contains("--new-key-file") && text.contains("--recovery"), "{text}");
    let wrong = PrivateKey::generate_ed25519().unwrap();
    let (vault_, by_) = (vault.clone(), by.clone());
    let tried = lyon.app.write(move |tx| charter::rotate(tx, &vault_, &by_, Some(&wrong), false)).await;
    let (word, text) = refused(tried.map(|_| Value::Null));
    assert!(word == "wrong_key" && text.contains("fingerprint"), "{text}");
    lyon.app.write(move |tx| charter::rotate(tx, &vault, &by, Some(&recovery), false)).await.unwrap();
    settle(&[&hq, &lyon]).await;
    assert_eq!((version(&hq).await, version(&lyon).await), (5, 5));
    assert_eq!(org(&lyon, &["alias", "js", "javascript"]).await.unwrap()["state"], "signed");
    // The old key signs no more.
    assert_eq!(org(&hq, &["alias", "ts", "typescript"]).await.unwrap()["state"], "waiting");
    settle(&[&hq, &lyon]).await;
    assert_eq!(charter_of(&hq).await.charter.aliases.len(), 2);
}

#[tokio::test]
async fn an_old_charter_renews_itself_where_the_key_is() {
    let (hq, lyon, oslo, _) = three().await;
    let nodes = [&hq, &lyon, &oslo];
    let before = charter_of(&lyon).await.charter.expires;
    hq.clock.advance(200 * 86_400_000);
    settle(&nodes).await;
    minutes(&nodes, 1).await;
    let after = charter_of(&lyon).await.charter;
    assert_eq!((after.version, after.expires > before), (4, true));
    minutes(&nodes, 3).await;
    assert_eq!(version(&hq).await, 4, "once");
}
