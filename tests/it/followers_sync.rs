//! Followers synchronisation (FEP-8fcf): rows FOL-15 and FOL-16.

use crate::support::{Client, Scene, Sender};
use serde_json::{Value, json};
use watercooler::federation::followers_sync::digest;

const HEADER: &str = "collection-synchronization";

#[tokio::test]
async fn fed_fol_15_fed_coll_03_a_server_is_told_its_part_of_the_followers_and_nobody_elses() {
    let s = Scene::new().await;
    for somebody in [&s.ada, &s.mallory, &s.vera] {
        s.sends(somebody, &somebody.activity("Follow", s.uri(&s.bob))).await;
    }
    s.east.forget();
    s.west.forget();
    s.writes(&s.bob, "private", "for followers").await;
    s.writes(&s.bob, "public", "for everybody").await;
    s.node.settle().await;
    let list = format!("{}/followers_synchronization", s.uri(&s.bob));
    for (peer, ids) in [(&s.east, vec![s.ada.id.as_str(), s.mallory.id.as_str()]), (&s.west, vec![s.vera.id.as_str()])]
    {
        let posts: Vec<_> = peer.received().into_iter().filter(|r| r.method == "POST").collect();
        assert_eq!(posts.len(), 2);
        let expected = format!(
            "collectionId=\"{}/followers\", url=\"{list}\", digest=\"{}\"",
            s.uri(&s.bob),
            digest(ids.iter().copied())
        );
        assert_eq!(posts[0].headers[HEADER], expected.as_str());
        assert!(!posts[1].headers.contains_key(HEADER), "of a public post nobody has to be told that");
    }
    let path = "/users/bob/followers_synchronization";
    let mut read = s.ada.reading(&s.node, path).send(&s.node).await.ok();
    assert_eq!((&read["id"], &read["type"]), (&json!(list), &json!("OrderedCollection")));
    read["orderedItems"].as_array_mut().unwrap().sort_by_key(Value::to_string);
    assert_eq!(read["orderedItems"], json!([s.ada.id, s.mallory.id]));
    let read = s.vera.reading(&s.node, path).send(&s.node).await.ok();
    assert_eq!(read["orderedItems"], json!([s.vera.id]));
    assert_eq!(s.bob.get_activity(path).await.status, 401, "unsigned");
}

/// ada sends a post for followers, and says that `listed` are those of this node; her server lists `served`.
async fn says(s: &Scene, name: &str, listed: &[&str], served: &[&str]) {
    let path = "/users/ada/followers_synchronization";
    let url = s.east.url(path);
    s.east.serve(path, json!({"id": url, "type": "OrderedCollection", "orderedItems": served}));
    brings(s, name, &url, listed).await;
}

async fn brings(s: &Scene, name: &str, url: &str, listed: &[&str]) {
    let mut note = s.note(&s.ada, name, "for followers");
    (note["to"], note["cc"]) = (json!([format!("{}/followers", s.ada.id)]), json!([]));
    let mut create = s.ada.activity("Create", note.clone());
    (create["to"], create["cc"]) = (note["to"].clone(), note["cc"].clone());
    let digest = digest(listed.iter().copied());
    let value = format!("collectionId=\"{}/followers\", url=\"{url}\", digest=\"{digest}\"", s.ada.id);
    let mut letter = s.ada.letter(&s.node, "/inbox", &create);
    letter.headers.push((HEADER.into(), value));
    assert_eq!(letter.send(&s.node).await.status, 202);
    s.node.settle().await;
}

async fn relation(s: &Scene, client: &Client, other: &Sender) -> Value {
    let id = s.account(other).await.id;
    client.get(&format!("/api/v1/accounts/relationships?id[]={id}")).await.ok()[0].clone()
}

fn reads(s: &Scene) -> usize {
    s.east.received().iter().filter(|r| r.path.ends_with("_synchronization")).count()
}

#[tokio::test]
async fn fed_fol_16_what_another_server_believes_of_our_people_is_set_right() {
    let s = Scene::new().await;
    let dan = s.node.member("dan").await;
    s.follows(&s.carol, &s.ada).await;
    s.node.settle().await;
    s.east.forget();
    let (bob, carol, dan_uri) = (s.uri(&s.bob), s.uri(&s.carol), s.uri(&dan));
    // Both agree: nothing is asked.
    says(&s, "1", &[&bob, &carol], &[&bob, &carol]).await;
    assert_eq!(reads(&s), 0);
    // The list is another one by the time it is read: it decides nothing.
    says(&s, "2", &[&bob], &[&bob, &dan_uri]).await;
    assert_eq!(reads(&s), 1);
    assert_eq!(relation(&s, &s.carol, &s.ada).await["following"], true);
    // She does not know carol any more, and believes dan to follow her. Not asked again so soon.
    says(&s, "3", &[&bob, &dan_uri], &[&bob, &dan_uri]).await;
    assert_eq!(reads(&s), 1, "ten minutes have not passed");
    s.node.clock.advance(601_000);
    says(&s, "4", &[&bob, &dan_uri], &[&bob, &dan_uri]).await;
    assert_eq!(reads(&s), 2);
    assert_eq!(relation(&s, &s.carol, &s.ada).await["following"], false);
    assert_eq!(relation(&s, &s.bob, &s.ada).await["following"], true);
    let undone: Vec<Value> = s.east.inbox().into_iter().filter(|a| a["type"] == "Undo").collect();
    assert_eq!(undone.len(), 1, "{undone:?}");
    assert_eq!((&undone[0]["actor"], &undone[0]["object"]["object"]), (&json!(dan_uri), &json!(s.ada.id)));
}

#[tokio::test]
async fn fed_fol_16_whoever_waits_for_an_answer_and_is_listed_has_it() {
    let s = Scene::new().await;
    let ada = s.account(&s.ada).await.id;
    s.carol.post(&format!("/api/v1/accounts/{ada}/follow"), json!({})).await.ok();
    s.node.settle().await;
    assert_eq!(relation(&s, &s.carol, &s.ada).await["requested"], true);
    let (bob, carol) = (s.uri(&s.bob), s.uri(&s.carol));
    says(&s, "1", &[&bob, &carol], &[&bob, &carol]).await;
    let seen = relation(&s, &s.carol, &s.ada).await;
    assert_eq!((&seen["following"], &seen["requested"]), (&json!(true), &json!(false)));
    assert!(s.east.inbox().iter().all(|a| a["type"] == "Follow"), "nobody is told anything else");
}

#[tokio::test]
async fn fed_fol_16_a_list_on_another_server_or_of_somebody_else_is_not_asked_for() {
    let s = Scene::new().await;
    let url = s.west.url("/list_synchronization");
    s.west.serve("/list_synchronization", json!({"id": url, "type": "OrderedCollection", "orderedItems": []}));
    brings(&s, "1", &url, &[]).await;
    assert!(s.west.received().is_empty());
    assert_eq!(relation(&s, &s.bob, &s.ada).await["following"], true);
    // A collection that is not hers.
    let value = format!("collectionId=\"{0}/followers\", url=\"{0}/list\", digest=\"{1}\"", s.mallory.id, digest([]));
    let mut letter = s.ada.letter(&s.node, "/inbox", &s.ada.activity("View", "https://nowhere.example/2"));
    letter.headers.push((HEADER.into(), value));
    assert_eq!(letter.send(&s.node).await.status, 202);
    s.node.settle().await;
    assert!(s.east.received().is_empty());
}

#[tokio::test]
async fn fed_fol_15_a_server_where_nobody_follows_hears_that_too() {
    let s = Scene::new().await;
    // Believed to be followers there, perhaps: the Undo or Reject was lost.
    let text = format!("@vera@{} for followers, and for you", s.west.authority);
    s.bob.post("/api/v1/statuses", json!({"status": text, "visibility": "private"})).await.ok();
    s.node.settle().await;
    let posts: Vec<_> = s.west.received().into_iter().filter(|r| r.method == "POST").collect();
    assert_eq!(posts.len(), 1);
    let header = posts[0].headers[HEADER].to_str().unwrap();
    assert!(header.ends_with(&format!("digest=\"{}\"", "0".repeat(64))), "{header}");
    let read = s.vera.reading(&s.node, "/users/bob/followers_synchronization").send(&s.node).await.ok();
    assert_eq!(read["orderedItems"], json!([]));
}
