//! What somebody cannot do to others of the same server (rows AUTH of the federation checklist).

use crate::support::{PUBLIC, Scene, Sender};
use serde_json::json;

#[tokio::test]
async fn fed_auth_11_nobody_acts_in_a_neighbours_name() {
    let s = Scene::new().await;
    let id = s.creates(&s.ada, &s.note(&s.ada, "1", "hers")).await;
    for kind in ["Delete", "Move", "Block", "Add", "Remove"] {
        let object = match kind {
            "Delete" | "Add" | "Remove" => json!(id),
            "Move" => json!(s.ada.id),
            _ => json!(s.uri(&s.bob)),
        };
        let mut forged = s.mallory.activity(kind, object);
        forged["actor"] = json!(s.ada.id);
        forged["target"] = json!(if kind == "Move" { s.vera.id.clone() } else { format!("{}/featured", s.ada.id) });
        assert_eq!(s.sends(&s.mallory, &forged).await, 401, "{kind}");
    }
    assert!(s.post(&id).await.is_some());
    assert!(s.account(&s.ada).await.moved_to_id.is_none());
    assert_eq!(s.count("select count(*) from blocks").await + s.count("select count(*) from pins").await, 0);
    assert_eq!(s.count("select count(*) from follows").await, 1, "bob still follows her");
}

#[tokio::test]
async fn fed_auth_11_nobody_buries_what_a_neighbour_is_still_to_say() {
    let s = Scene::new().await;
    s.follows(&s.bob, &s.vera).await;
    // Neither the post nor the person is known here yet.
    let note = s.note(&s.ada, "1", "hers");
    s.east.serve("/users/ada/notes/1", note.clone());
    let zoe = s.east.url("/users/zoe");
    for object in [&note["id"], &json!(zoe)] {
        s.sends(&s.mallory, &s.mallory.activity("Delete", object.clone())).await;
        s.sends(&s.mallory, &s.mallory.activity("Undo", object.clone())).await;
    }
    let mut announce = s.vera.activity("Announce", note["id"].clone());
    announce["to"] = json!([PUBLIC]);
    s.sends(&s.vera, &announce).await;
    assert!(s.post(note["id"].as_str().unwrap()).await.is_some(), "fetched from where it lives");
    let zoe = Sender::new(&s.east, "zoe");
    s.meet(&zoe).await;
    assert_eq!(s.account(&zoe).await.username, "zoe");
    // Her own word counts, and lasts, whoever spoke first.
    s.ada.delivers(&s.node, &s.ada.activity("Delete", note["id"].clone())).await;
    s.creates(&s.ada, &note).await;
    assert!(s.post(note["id"].as_str().unwrap()).await.is_none());
}

#[tokio::test]
async fn fed_auth_03_a_post_never_becomes_somebody_nor_somebody_a_post() {
    let s = Scene::new().await;
    for kind in ["Create", "Update"] {
        for victim in [&s.ada.id, &s.mallory.id] {
            let mut note = s.note(&s.mallory, "1", "x");
            note["id"] = json!(victim);
            assert!(s.sends(&s.mallory, &s.mallory.activity(kind, note)).await < 500);
        }
    }
    assert_eq!(s.count("select count(*) from posts").await, 0);
    // An actor document in the place of a post.
    let id = s.creates(&s.ada, &s.note(&s.ada, "1", "hers")).await;
    let people = s.count("select count(*) from accounts").await;
    let mut actor = s.east.person("imposter", &s.ada.signer.key.public_pem().unwrap());
    actor["id"] = json!(id);
    actor["publicKey"] = json!({
        "id": format!("{id}#main-key"), "owner": id, "publicKeyPem": s.ada.signer.key.public_pem().unwrap(),
    });
    s.east.serve("/users/ada/notes/1", actor);
    let mut imposter = s.ada.clone();
    (imposter.id, imposter.signer.key_id) = (id.clone(), format!("{id}#main-key"));
    assert_eq!(s.sends(&imposter, &imposter.activity("Like", "https://nowhere.example/1")).await, 401);
    assert_eq!(s.count("select count(*) from accounts").await, people);
}

#[tokio::test]
async fn fed_auth_06_keys_and_inbox_of_an_update_are_read_again_at_the_actors_address() {
    let s = Scene::new().await;
    let key = s.ada.signer.key.public_pem().unwrap();
    // Nothing but the name differs: believed at once.
    let mut actor = s.east.person("ada", &key);
    actor["name"] = json!("Ada L.");
    s.east.forget();
    s.sends(&s.ada, &s.ada.activity("Update", actor.clone())).await;
    assert_eq!(s.account(&s.ada).await.display_name, "Ada L.");
    assert!(s.east.signers("/users/ada").is_empty(), "nothing had to be asked");
    // Another key: what her own address says counts, not what arrived.
    let before = s.account(&s.ada).await.public_key;
    actor["publicKey"]["publicKeyPem"] = json!(crate::support::rsa(1).public_pem().unwrap());
    s.sends(&s.ada, &s.ada.activity("Update", actor)).await;
    assert_eq!(s.east.signers("/users/ada").len(), 1);
    assert_eq!(s.account(&s.ada).await.public_key, before);
}
