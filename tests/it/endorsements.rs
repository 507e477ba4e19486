//! Whom people recommend on their profile.

use crate::support::{Client, Node};
use serde_json::{Value, json};

async fn act(who: &Client, whom: &Client, verb: &str) -> (u16, Value) {
    let reply = who.post(&format!("/api/v1/accounts/{}/{verb}", whom.id), json!({})).await;
    (reply.status, reply.json())
}

async fn names(who: &Client, path: &str) -> Vec<String> {
    let list = who.get(path).await.ok();
    list.as_array().unwrap().iter().map(|one| one["acct"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn people_recommend_whom_they_follow_and_everybody_reads_it() {
    let node = Node::start().await;
    let (ada, bob, carl) = (node.member("ada").await, node.member("bob").await, node.member("carl").await);
    let (status, refusal) = act(&ada, &bob, "pin").await;
    assert_eq!(status, 422);
    assert_eq!(refusal["error"], "Validation failed: You must be already following the person you want to endorse");
    act(&ada, &bob, "follow").await;
    act(&ada, &carl, "follow").await;
    let (status, relation) = act(&ada, &bob, "pin").await;
    assert_eq!((status, &relation["endorsed"]), (200, &json!(true)));
    assert_eq!(act(&ada, &bob, "endorse").await.1["endorsed"], true, "twice is once");
    node.clock.advance(1_000);
    assert_eq!(act(&ada, &carl, "endorse").await.1["endorsed"], true);
    assert_eq!(names(&ada, "/api/v1/endorsements").await, ["carl", "bob"]);
    let path = format!("/api/v1/accounts/{}/endorsements", ada.id);
    assert_eq!(names(&Client::anonymous(&node), &path).await, ["carl", "bob"]);
    assert_eq!(names(&bob, "/api/v1/endorsements").await, [""; 0]);
    let page = ada.get("/api/v1/endorsements?limit=1").await;
    let next = page.header("link").split('>').next().unwrap().trim_start_matches('<').to_owned();
    assert_eq!(names(&ada, &next).await, ["bob"]);
    let both = ada.get(&format!("/api/v1/accounts/relationships?id[]={}&id[]={}", bob.id, carl.id)).await.ok();
    assert_eq!((&both[0]["endorsed"], &both[1]["endorsed"]), (&json!(true), &json!(true)));
    // It ends by word, and with the follow.
    assert_eq!(act(&ada, &bob, "unpin").await.1["endorsed"], false);
    assert_eq!(act(&ada, &bob, "unendorse").await.1["endorsed"], false);
    act(&ada, &carl, "unfollow").await;
    assert_eq!(act(&ada, &carl, "follow").await.1["endorsed"], false);
    assert_eq!(names(&ada, "/api/v1/endorsements").await, [""; 0]);
}

#[tokio::test]
async fn whoever_waits_for_consent_recommends_nobody_and_a_block_ends_it() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    bob.patch("/api/v1/accounts/update_credentials", json!({"locked": true})).await.ok();
    act(&ada, &bob, "follow").await;
    assert_eq!(act(&ada, &bob, "pin").await.0, 422);
    bob.post(&format!("/api/v1/follow_requests/{}/authorize", ada.id), json!({})).await.ok();
    assert_eq!(act(&ada, &bob, "pin").await.0, 200);
    act(&bob, &ada, "block").await;
    assert_eq!(names(&ada, "/api/v1/endorsements").await, [""; 0]);
    assert_eq!(ada.get(&format!("/api/v1/accounts/{}/endorsements", bob.id)).await.status, 404);
}
