//! What becomes of notifications of people whom their reader has nothing to do with.

use crate::support::{Client, Node};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};
use watercooler::model::Role;

const DAY: i64 = 86_400_000;

async fn policy(who: &Client, change: Value) -> Value {
    who.patch("/api/v2/notifications/policy", change).await.ok()
}

async fn told(who: &Client) -> usize {
    who.get("/api/v1/notifications").await.ok().as_array().unwrap().len()
}

async fn mention(node: &Node, from: &Client, text: &str, visibility: &str) -> Value {
    node.clock.advance(1_000);
    from.post("/api/v1/statuses", json!({"status": text, "visibility": visibility})).await.ok()
}

async fn requests(who: &Client) -> Vec<Value> {
    who.get("/api/v1/notifications/requests").await.ok().as_array().unwrap().clone()
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap_or_else(|| panic!("no id: {value}"))
}

#[tokio::test]
async fn a_policy_is_changed_in_parts_and_told_in_both_generations() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let first = ada.get("/api/v2/notifications/policy").await.ok();
    assert_eq!(first["for_not_following"], "accept");
    assert_eq!(first["summary"], json!({"pending_requests_count": 0, "pending_notifications_count": 0}));
    let second = policy(&ada, json!({"for_not_following": "filter"})).await;
    let third = ada.put("/api/v2/notifications/policy", json!({"for_new_accounts": "drop"})).await.ok();
    assert_eq!(second["for_new_accounts"], "accept");
    assert_eq!((&third["for_not_following"], &third["for_new_accounts"]), (&json!("filter"), &json!("drop")));
    assert_eq!(ada.get("/api/v2/notifications/policy").await.ok(), third);
    let old = ada.get("/api/v1/notifications/policy").await.ok();
    assert_eq!((&old["filter_not_following"], &old["filter_new_accounts"]), (&json!(true), &json!(true)));
    assert_eq!((&old["filter_not_followers"], &old["filter_private_mentions"]), (&json!(false), &json!(false)));
    let old = ada.put("/api/v1/notifications/policy", json!({"filter_not_following": "false"})).await.ok();
    assert_eq!(old["filter_not_following"], false);
    assert_eq!(ada.get("/api/v2/notifications/policy").await.ok()["for_not_following"], "accept");
    assert_eq!(ada.patch("/api/v2/notifications/policy", json!({"for_not_following": "maybe"})).await.status, 422);
}

#[tokio::test]
async fn what_is_held_back_waits_for_an_answer_and_is_there_after_a_yes() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    policy(&ada, json!({"for_not_following": "filter"})).await;
    let token = ada.token.clone().unwrap();
    let address = format!("ws://{}/api/v1/streaming?stream=user&access_token={token}", node.address);
    let (mut socket, _) = connect_async(address.as_str()).await.unwrap();
    mention(&node, &bob, "@ada one", "public").await;
    let last = mention(&node, &bob, "@ada two", "public").await;
    mention(&node, &eve, "@ada three", "direct").await;
    bob.post(&format!("/api/v1/accounts/{}/follow", ada.id), json!({})).await.ok();
    assert_eq!(told(&ada).await, 0);
    assert_eq!(ada.get("/api/v1/notifications/unread_count").await.ok()["count"], 0);
    assert_eq!(ada.get("/api/v2/notifications").await.ok()["notification_groups"], json!([]));
    assert_eq!(ada.get("/api/v1/conversations").await.ok(), json!([]));
    assert_eq!(ada.get("/api/v1/timelines/direct").await.ok(), json!([]));
    let all = ada.get("/api/v1/notifications?include_filtered=true").await.ok();
    assert_eq!(all.as_array().unwrap().len(), 4);
    let waiting = requests(&ada).await;
    assert_eq!(waiting.len(), 2);
    assert_eq!((id(&waiting[0]["account"]), id(&waiting[1]["account"])), (eve.id.as_str(), bob.id.as_str()));
    assert_eq!((&waiting[1]["notifications_count"], id(&waiting[1]["last_status"])), (&json!("2"), id(&last)));
    let one = format!("/api/v1/notifications/requests/{}", id(&waiting[1]));
    assert_eq!(ada.get(&one).await.ok(), waiting[1]);
    assert_eq!(eve.get(&one).await.status, 404);
    assert_eq!(eve.post(&format!("{one}/accept"), json!({})).await.status, 404);
    let summary = ada.get("/api/v2/notifications/policy").await.ok()["summary"].clone();
    assert_eq!(summary, json!({"pending_requests_count": 2, "pending_notifications_count": 3}));
    // Pages.
    let page = ada.get("/api/v1/notifications/requests?limit=1").await;
    assert!(page.header("link").contains(&format!("max_id={}", id(&waiting[0]))));
    let next = ada.get(&format!("/api/v1/notifications/requests?max_id={}", id(&waiting[0]))).await.ok();
    assert_eq!(next, json!([waiting[1]]));
    // Yes: everything of bob's is there, and the next as well.
    assert_eq!(ada.post(&format!("{one}/accept"), json!({})).await.ok(), json!({}));
    let merged = async {
        loop {
            let frame = socket.next().await.unwrap().unwrap();
            if let Message::Text(text) = frame {
                return serde_json::from_str::<Value>(&text).unwrap();
            }
        }
    };
    let frame = tokio::time::timeout(std::time::Duration::from_secs(10), merged).await.unwrap();
    assert_eq!((&frame["event"], &frame["payload"]), (&json!("notifications_merged"), &json!("1")));
    assert_eq!(ada.get("/api/v1/notifications/requests/merged").await.ok(), json!({"merged": true}));
    assert_eq!(told(&ada).await, 3);
    mention(&node, &bob, "@ada four", "public").await;
    assert_eq!(told(&ada).await, 4);
    // No: what eve wrote is forgotten, and the next is held back again.
    let one = format!("/api/v1/notifications/requests/{}/dismiss", id(&waiting[0]));
    assert_eq!(ada.post(&one, json!({})).await.ok(), json!({}));
    assert_eq!(ada.post(&one, json!({})).await.status, 404);
    assert!(requests(&ada).await.is_empty());
    mention(&node, &eve, "@ada five", "public").await;
    assert_eq!((told(&ada).await, requests(&ada).await.len()), (4, 1));
}

#[tokio::test]
async fn many_requests_are_decided_at_once_and_dropped_notifications_are_never_written() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    policy(&ada, json!({"for_not_following": "filter"})).await;
    let mut people = Vec::new();
    for name in ["bob", "carl", "dora", "eve"] {
        let one = node.member(name).await;
        mention(&node, &one, "@ada hello", "public").await;
        people.push(one);
    }
    let waiting = requests(&ada).await;
    let ids: Vec<&str> = waiting.iter().map(id).collect();
    let path = "/api/v1/notifications/requests";
    assert_eq!(ada.post(&format!("{path}/accept"), json!({"id": ids[..2]})).await.ok(), json!({}));
    assert_eq!(ada.post(&format!("{path}/dismiss?id[]={}", ids[2]), json!({})).await.ok(), json!({}));
    assert_eq!((told(&ada).await, requests(&ada).await.len()), (2, 1));
    assert_eq!(ada.post(&format!("{path}/accept"), json!({"id": []})).await.ok(), json!({}));
    policy(&ada, json!({"for_not_following": "drop"})).await;
    mention(&node, &people[1], "@ada hello?", "public").await;
    let all = ada.get("/api/v1/notifications?include_filtered=true").await.ok();
    assert_eq!(all.as_array().unwrap().len(), 3, "{all}");
}

#[tokio::test]
async fn each_rule_of_a_policy_concerns_its_own_people() {
    for (rule, held) in [
        // Of: a stranger, somebody followed, a follower of today, a follower of old, a private stranger.
        ("for_not_following", [true, false, true, true, true]),
        ("for_not_followers", [true, true, true, false, true]),
        ("for_private_mentions", [false, false, false, false, true]),
        ("for_limited_accounts", [false, false, false, false, false]),
        ("for_new_accounts", [true, false, true, true, true]),
    ] {
        let node = Node::start().await;
        let ada = node.member("ada").await;
        let stranger = node.member("stranger").await;
        let (known, today, old) = (node.member("known").await, node.member("today").await, node.member("old").await);
        old.post(&format!("/api/v1/accounts/{}/follow", ada.id), json!({})).await.ok();
        node.clock.advance(4 * DAY);
        today.post(&format!("/api/v1/accounts/{}/follow", ada.id), json!({})).await.ok();
        ada.post(&format!("/api/v1/accounts/{}/follow", known.id), json!({})).await.ok();
        policy(&ada, json!({rule: "filter"})).await;
        for (n, (who, visibility)) in
            [(&stranger, "public"), (&known, "public"), (&today, "public"), (&old, "public"), (&stranger, "direct")]
                .into_iter()
                .enumerate()
        {
            let post = mention(&node, who, "@ada hello", visibility).await;
            let list = ada.get("/api/v1/notifications?types[]=mention").await.ok();
            let shown = list.as_array().unwrap().iter().any(|one| one["status"]["id"] == post["id"]);
            assert_eq!(shown, !held[n], "{rule} {n}");
        }
    }
}

#[tokio::test]
async fn an_answer_to_ones_own_words_staff_and_the_concierge_are_always_heard() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let everything = json!({
        "for_not_following": "accept", "for_private_mentions": "drop", "for_new_accounts": "accept",
    });
    policy(&ada, everything).await;
    let asked = mention(&node, &ada, "@bob can you help?", "direct").await;
    let answer = json!({"status": "@ada yes", "visibility": "direct", "in_reply_to_id": asked["id"]});
    bob.post("/api/v1/statuses", answer).await.ok();
    assert_eq!(told(&ada).await, 1);
    policy(&ada, json!({"for_not_following": "drop"})).await;
    let boss = node.citizen_with("boss", Role::Admin).await;
    let boss = Client::with_token(&node, &node.token(boss.id, "read write").await);
    mention(&node, &boss, "@ada your disk is full", "direct").await;
    assert_eq!(told(&ada).await, 2);
    mention(&node, &ada, "@concierge help", "direct").await;
    node.settle().await;
    assert_eq!(told(&ada).await, 3);
    mention(&node, &bob, "@ada hello", "public").await;
    assert_eq!(told(&ada).await, 3);
}

#[tokio::test]
async fn a_request_ends_with_what_it_is_about() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    policy(&ada, json!({"for_not_following": "filter"})).await;
    let post = mention(&node, &bob, "@ada hello", "public").await;
    assert_eq!(requests(&ada).await.len(), 1);
    bob.delete(&format!("/api/v1/statuses/{}", id(&post))).await.ok();
    assert!(requests(&ada).await.is_empty());
    mention(&node, &bob, "@ada hello again", "public").await;
    assert_eq!(requests(&ada).await.len(), 1);
    ada.post(&format!("/api/v1/accounts/{}/block", bob.id), json!({})).await.ok();
    assert!(requests(&ada).await.is_empty());
    // The oldest form of dismissing one.
    let carl = node.member("carl").await;
    ada.post(&format!("/api/v1/accounts/{}/follow", carl.id), json!({})).await.ok();
    mention(&node, &carl, "@ada hi", "public").await;
    let one = ada.get("/api/v1/notifications").await.ok()[0]["id"].clone();
    assert_eq!(ada.post("/api/v1/notifications/dismiss", json!({"id": one})).await.ok(), json!({}));
    assert_eq!(ada.post("/api/v1/notifications/dismiss", json!({"id": one})).await.status, 404);
    assert_eq!(told(&ada).await, 0);
}

#[tokio::test]
async fn what_is_held_back_stays_when_the_rest_of_its_group_is_dismissed() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    policy(&ada, json!({"for_not_following": "filter"})).await;
    let post = ada.post("/api/v1/statuses", json!({"status": "look"})).await.ok();
    for who in [&bob, &eve] {
        who.post(&format!("/api/v1/statuses/{}/favourite", id(&post)), json!({})).await.ok();
    }
    let groups = async |more: &str| {
        let page = ada.get(&format!("/api/v2/notifications?types[]=favourite{more}")).await.ok();
        page["notification_groups"].as_array().unwrap().clone()
    };
    for left in [1, 0] {
        let [group] = &groups("&include_filtered=true").await[..] else { panic!("one group") };
        let key = group["group_key"].as_str().unwrap();
        ada.post(&format!("/api/v2/notifications/{key}/dismiss"), json!({})).await.ok();
        assert!(groups("").await.is_empty());
        let held = groups("&include_filtered=true").await;
        assert_eq!(held.len(), left, "{held:?}");
        assert!(held.iter().all(|group| group["sample_account_ids"] == json!([eve.id])), "{held:?}");
    }
}
