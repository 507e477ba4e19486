//! In whose name posts of other servers are fetched (SIGOUT-02).

use crate::support::{PUBLIC, Scene, Sender};
use serde_json::{Value, json};

/// The path of an object of one of the scene's servers.
fn path(note: &Value) -> String {
    url::Url::parse(note["id"].as_str().unwrap()).unwrap().path().to_owned()
}

/// A note by `who`, for `to` only.
fn note_for(s: &Scene, who: &Sender, name: &str, to: Value) -> Value {
    let mut note = s.note(who, name, "for few");
    (note["to"], note["cc"]) = (to, json!([]));
    note
}

/// A Create that only names its object.
fn naming(who: &Sender, note: &Value, to: Value) -> Value {
    let mut create = who.activity("Create", note["id"].clone());
    create["to"] = to;
    create
}

fn followers(who: &Sender) -> Value {
    json!([format!("{}/followers", who.id)])
}

#[tokio::test]
async fn fed_sigout_02_what_is_not_public_is_asked_for_by_a_follower() {
    let s = Scene::new().await;
    let note = note_for(&s, &s.ada, "1", followers(&s.ada));
    s.east.serve_for(&path(&note), &s.uri(&s.bob), note.clone());
    s.sends(&s.ada, &naming(&s.ada, &note, followers(&s.ada))).await;
    let post = s.post(note["id"].as_str().unwrap()).await.expect("a follower may read it");
    assert_eq!(post.visibility.as_str(), "private");
    assert_eq!(s.east.signers(&path(&note)), [s.uri(&s.bob)], "and nobody else asked");
    let status = format!("/api/v1/statuses/{}", post.id);
    assert_eq!((s.bob.get(&status).await.status, s.carol.get(&status).await.status), (200, 404));
    // A new state of it is read by the same eyes.
    let mut changed = note.clone();
    (changed["content"], changed["updated"]) = (json!("changed"), json!(s.node.clock.now().rfc3339()));
    s.east.serve(&path(&note), changed);
    s.sends(&s.ada, &s.ada.activity("Update", note["id"].clone())).await;
    assert_eq!(s.post(note["id"].as_str().unwrap()).await.unwrap().content, "changed");
    assert_eq!(s.east.signers(&path(&note)), [s.uri(&s.bob), s.uri(&s.bob)]);
}

#[tokio::test]
async fn fed_sigout_02_the_node_asks_first_where_nothing_is_told_and_a_follower_after_a_refusal() {
    let s = Scene::new().await;
    let instance = s.node.url("/actor");
    let hidden = note_for(&s, &s.ada, "1", followers(&s.ada));
    s.east.serve_for(&path(&hidden), &s.uri(&s.bob), hidden.clone());
    s.sends(&s.ada, &s.ada.activity("Create", hidden["id"].clone())).await;
    assert!(s.post(hidden["id"].as_str().unwrap()).await.is_some());
    assert_eq!(s.east.signers(&path(&hidden)), [instance.clone(), s.uri(&s.bob)]);
    // What everybody may read is read by the node.
    let open = s.note(&s.ada, "2", "for all");
    s.east.serve(&path(&open), open.clone());
    s.sends(&s.ada, &naming(&s.ada, &open, json!([PUBLIC]))).await;
    assert!(s.post(open["id"].as_str().unwrap()).await.is_some());
    assert_eq!(s.east.signers(&path(&open)), [instance.as_str()]);
    // Nobody here follows mallory.
    let strange = note_for(&s, &s.mallory, "1", followers(&s.mallory));
    s.east.serve_for(&path(&strange), &s.uri(&s.bob), strange.clone());
    s.sends(&s.mallory, &naming(&s.mallory, &strange, followers(&s.mallory))).await;
    assert_eq!(s.east.signers(&path(&strange)), [instance.as_str()]);
    // Somebody else's boost: the author is found above the post.
    let boosted = note_for(&s, &s.ada, "3", json!([PUBLIC]));
    s.east.serve_for(&path(&boosted), &s.uri(&s.bob), boosted.clone());
    s.follows(&s.carol, &s.vera).await;
    let mut announce = s.vera.activity("Announce", boosted["id"].clone());
    announce["to"] = json!([PUBLIC]);
    s.sends(&s.vera, &announce).await;
    assert_eq!(s.east.signers(&path(&boosted)), [instance, s.uri(&s.bob)]);
    assert!(s.post(boosted["id"].as_str().unwrap()).await.is_some());
}

#[tokio::test]
async fn fed_sigout_02_a_direct_post_is_asked_for_by_whom_it_addresses() {
    let s = Scene::new().await;
    let to = json!([s.uri(&s.carol)]);
    let note = note_for(&s, &s.ada, "1", to.clone());
    s.east.serve_for(&path(&note), &s.uri(&s.carol), note.clone());
    s.sends(&s.ada, &naming(&s.ada, &note, to)).await;
    let post = s.post(note["id"].as_str().unwrap()).await.expect("she may read it");
    let status = format!("/api/v1/statuses/{}", post.id);
    assert_eq!((s.carol.get(&status).await.status, s.bob.get(&status).await.status), (200, 404));
    assert_eq!(s.east.signers(&path(&note)), [s.uri(&s.carol)]);
}

#[tokio::test]
async fn fed_sigout_02_nobodys_signature_goes_to_servers_they_have_nothing_to_do_with() {
    let s = Scene::new().await;
    let trap = note_for(&s, &s.vera, "trap", json!([s.uri(&s.bob)]));
    for to in [followers(&s.ada), json!([s.uri(&s.bob)])] {
        for kind in ["Create", "Announce"] {
            let mut activity = s.ada.activity(kind, trap["id"].clone());
            activity["to"] = to.clone();
            s.sends(&s.ada, &activity).await;
            s.node.clock.advance(400_000);
        }
    }
    let signers = s.west.signers(&path(&trap));
    assert!(!signers.is_empty() && signers.iter().all(|who| *who == s.node.url("/actor")), "{signers:?}");
}

#[tokio::test]
async fn fed_sigout_02_a_redirect_to_another_server_is_followed_by_the_node_and_not_by_the_person() {
    let s = Scene::new().await;
    let instance = s.node.url("/actor");
    for (name, by_redirect) in [("1", true), ("2", false)] {
        let note = note_for(&s, &s.ada, name, followers(&s.ada));
        let trap = format!("/trap/{name}");
        if by_redirect {
            s.east.redirect(&path(&note), &s.west.url(&trap));
        } else {
            // A document that says that it is really elsewhere.
            let mut other = note.clone();
            other["id"] = json!(s.west.url(&trap));
            s.east.serve(&path(&note), other);
        }
        s.sends(&s.ada, &naming(&s.ada, &note, followers(&s.ada))).await;
        assert!(s.east.signers(&path(&note)).contains(&s.uri(&s.bob)), "bob has to do with ada's server");
        let signers = s.west.signers(&trap);
        assert!(!signers.is_empty() && signers.iter().all(|who| *who == instance), "{signers:?}");
    }
    // On the server itself it stays the same person.
    let note = note_for(&s, &s.ada, "3", followers(&s.ada));
    s.east.redirect("/short/3", note["id"].as_str().unwrap());
    s.east.serve_for(&path(&note), &s.uri(&s.bob), note.clone());
    let mut create = naming(&s.ada, &note, followers(&s.ada));
    create["object"] = json!(s.east.url("/short/3"));
    s.sends(&s.ada, &create).await;
    assert!(s.post(note["id"].as_str().unwrap()).await.is_some());
}
