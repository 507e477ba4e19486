//! Followed and featured hashtags.

use crate::support::{Client, Node, Scene};
use serde_json::{Value, json};
use watercooler::{
    domain::{accounts, audit::Staff},
    id::Id,
    model::Account,
};

fn texts(list: &Value) -> Vec<String> {
    let text = |s: &Value| s["content"].as_str().unwrap().replace("<p>", "").replace("</p>", "");
    list.as_array().unwrap().iter().map(|s| text(s).split('<').next().unwrap().trim().to_owned()).collect()
}

async fn say(who: &Client, text: &str, visibility: &str) -> String {
    let post = who.post("/api/v1/statuses", json!({"status": text, "visibility": visibility})).await.ok();
    post["id"].as_str().unwrap().to_owned()
}

async fn home(who: &Client) -> Vec<String> {
    texts(&who.get("/api/v1/timelines/home").await.ok())
}

#[tokio::test]
async fn what_can_be_no_hashtag_is_not_there() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    assert_eq!(ada.get("/api/v1/tags/tag-name").await.status, 404);
    for action in ["follow", "unfollow", "feature", "unfeature"] {
        let reply = ada.post(&format!("/api/v1/tags/tag-name/{action}"), json!({})).await;
        assert_eq!((reply.status, &reply.json()["error"]), (404, &json!("Record not found")), "{action}");
    }
}

#[tokio::test]
async fn public_posts_with_a_followed_hashtag_come_home() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    ada.post("/api/v1/tags/omega/follow", json!({})).await.ok();
    ada.post("/api/v1/tags/tea/follow", json!({})).await.ok();
    ada.post(&format!("/api/v1/accounts/{}/block", eve.id), json!({})).await.ok();
    say(&bob, "first #omega #tea", "public").await;
    say(&bob, "quiet #omega", "unlisted").await;
    say(&bob, "untagged", "public").await;
    say(&eve, "blocked #omega", "public").await;
    assert_eq!(home(&ada).await, ["first"]);
    // Whom one follows as well stands there once.
    ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    say(&bob, "second #omega", "public").await;
    assert_eq!(home(&ada).await.iter().filter(|t| *t == "second").count(), 1);
    ada.post("/api/v1/tags/omega/unfollow", json!({})).await.ok();
    ada.post(&format!("/api/v1/accounts/{}/unfollow", bob.id), json!({})).await.ok();
    say(&bob, "third #omega", "public").await;
    assert!(!home(&ada).await.contains(&"third".to_owned()));
}

#[tokio::test]
async fn a_followed_hashtag_brings_posts_of_other_servers() {
    let scene = Scene::new().await;
    scene.carol.post("/api/v1/tags/rust/follow", json!({})).await.ok();
    let mut note = scene.note(&scene.ada, "1", "<p>remote</p>");
    note["tag"] = json!([{"type": "Hashtag", "name": "#Rust", "href": "https://east.example/tags/rust"}]);
    scene.creates(&scene.ada, &note).await;
    assert_eq!(home(&scene.carol).await, ["remote"]);
}

#[tokio::test]
async fn a_featured_hashtag_counts_its_posts_and_has_a_page() {
    let node = Node::start().await;
    let bob = node.member("bob").await;
    bob.post("/api/v1/featured_tags", json!({"name": "Kappa"})).await.ok();
    let first = say(&bob, "one #kappa", "public").await;
    let second = say(&bob, "two #kappa", "unlisted").await;
    say(&bob, "private #kappa", "private").await;
    let shown = async || bob.get("/api/v1/featured_tags").await.ok()[0].clone();
    let tag = shown().await;
    assert_eq!(tag["statuses_count"], "2");
    assert!(tag["last_status_at"].is_string());
    let path = tag["url"].as_str().unwrap().strip_prefix(&node.url("")).unwrap().to_owned();
    let page = Client::anonymous(&node).get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("one") && !page.text.contains("private"));
    bob.put(&format!("/api/v1/statuses/{second}"), json!({"status": "two, without"})).await.ok();
    assert_eq!(shown().await["statuses_count"], "1");
    bob.delete(&format!("/api/v1/statuses/{first}")).await.ok();
    assert_eq!(shown().await["statuses_count"], "0");
    assert_eq!(Client::anonymous(&node).get("/@bob/tagged/never").await.status, 404);
}

#[tokio::test]
async fn pins_can_be_asked_for_by_hashtag() {
    let node = Node::start().await;
    let bob = node.member("bob").await;
    for text in ["a #alpha", "b #beta"] {
        let id = say(&bob, text, "public").await;
        bob.post(&format!("/api/v1/statuses/{id}/pin"), json!({})).await.ok();
    }
    let found = bob.get(&format!("/api/v1/accounts/{}/statuses?pinned=true&tagged=alpha", bob.id)).await.ok();
    assert_eq!(texts(&found), ["a"]);
}

#[tokio::test]
async fn a_changed_profile_is_served_at_once_to_servers_that_asked_before() {
    let node = Node::start().await;
    let bob = node.member("bob").await;
    let shown = async || Client::anonymous(&node).get_activity("/users/bob").await.json();
    assert_eq!(shown().await["name"], "");
    assert_eq!(shown().await["name"], "");
    bob.patch("/api/v1/accounts/update_credentials", json!({"display_name": "Bob"})).await.ok();
    assert_eq!(shown().await["name"], "Bob");
    bob.post("/api/v1/featured_tags", json!({"name": "tea"})).await.ok();
    assert!(shown().await["tag"].to_string().contains("#tea"));
}

#[tokio::test]
async fn nobody_is_shown_the_hashtags_of_a_suspended_profile() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    bob.post("/api/v1/featured_tags", json!({"name": "tea"})).await.ok();
    let path = format!("/api/v1/accounts/{}/featured_tags", bob.id);
    assert_eq!(ada.get(&path).await.ok()[0]["name"], "tea");
    let id: Id<Account> = bob.id.parse().unwrap();
    node.app.write(move |tx| accounts::suspend(tx, &Staff::console(), id)).await.unwrap();
    assert_eq!(ada.get(&path).await.status, 404);
    assert_eq!(Client::anonymous(&node).get(&path).await.status, 404);
}
