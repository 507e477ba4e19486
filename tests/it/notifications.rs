//! Who is told what.

use crate::support::{Client, Node, Reply};
use serde_json::{Value, json};

async fn post(client: &Client, text: &str) -> Value {
    client.post("/api/v1/statuses", json!({ "status": text })).await.ok()
}

async fn act(client: &Client, path: &str) -> Value {
    client.post(path, json!({})).await.ok()
}

async fn kinds(client: &Client) -> Vec<String> {
    let list = client.get("/api/v1/notifications").await.ok();
    list.as_array().unwrap().iter().map(|n| n["type"].as_str().unwrap().to_owned()).collect()
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

#[tokio::test]
async fn fed_fol_02_a_follower_is_announced_once() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    act(&bob, &format!("/api/v1/accounts/{}/follow", ada.id)).await;
    act(&bob, &format!("/api/v1/accounts/{}/follow", ada.id)).await;
    assert_eq!(kinds(&ada).await, ["follow"]);
    act(&bob, &format!("/api/v1/accounts/{}/unfollow", ada.id)).await;
    assert!(kinds(&ada).await.is_empty());
}

#[tokio::test]
async fn fed_fol_03_a_locked_account_decides_about_each_request() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    ada.patch("/api/v1/accounts/update_credentials", json!({ "locked": true })).await.ok();
    let asked = act(&bob, &format!("/api/v1/accounts/{}/follow", ada.id)).await;
    assert_eq!((&asked["following"], &asked["requested"]), (&json!(false), &json!(true)));
    act(&eve, &format!("/api/v1/accounts/{}/follow", ada.id)).await;
    assert_eq!(kinds(&ada).await, ["follow_request", "follow_request"]);
    let waiting = ada.get("/api/v1/follow_requests").await;
    assert!(waiting.header("link").contains("since_id="));
    assert_eq!(waiting.ok().as_array().unwrap().len(), 2);
    let accepted = act(&ada, &format!("/api/v1/follow_requests/{}/authorize", bob.id)).await;
    assert_eq!(accepted["followed_by"], true);
    let refused = act(&ada, &format!("/api/v1/follow_requests/{}/reject", eve.id)).await;
    assert_eq!((&refused["followed_by"], &refused["requested_by"]), (&json!(false), &json!(false)));
    assert!(kinds(&ada).await.is_empty());
    assert_eq!(ada.get("/api/v1/follow_requests").await.ok(), json!([]));
}

#[tokio::test]
async fn mentions_favourites_and_boosts_reach_the_author_and_are_taken_back() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let note = post(&ada, "who knows torque sensors?").await;
    post(&bob, "@ada I do").await;
    act(&bob, &format!("/api/v1/statuses/{}/favourite", id(&note))).await;
    act(&bob, &format!("/api/v1/statuses/{}/reblog", id(&note))).await;
    assert_eq!(kinds(&ada).await, ["reblog", "favourite", "mention"]);
    let list = ada.get("/api/v1/notifications?types[]=favourite").await.ok();
    assert_eq!(list[0]["status"]["id"], note["id"]);
    assert_eq!(list[0]["account"]["username"], "bob");
    assert_eq!(list[0]["group_key"].as_str().unwrap().chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-'), None);
    act(&bob, &format!("/api/v1/statuses/{}/unfavourite", id(&note))).await;
    act(&bob, &format!("/api/v1/statuses/{}/unreblog", id(&note))).await;
    assert_eq!(kinds(&ada).await, ["mention"]);
    assert!(kinds(&bob).await.is_empty());
}

#[tokio::test]
async fn nobody_hears_of_those_they_block_or_mute() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    act(&ada, &format!("/api/v1/accounts/{}/block", bob.id)).await;
    act(&ada, &format!("/api/v1/accounts/{}/mute", eve.id)).await;
    post(&bob, "@ada hello").await;
    post(&eve, "@ada hello").await;
    assert!(kinds(&ada).await.is_empty());
}

#[tokio::test]
async fn nobody_hears_of_a_post_that_names_or_answers_somebody_they_block_or_mute() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    let (dan, zoe) = (node.member("dan").await, node.member("zoe").await);
    act(&ada, &format!("/api/v1/accounts/{}/block", bob.id)).await;
    act(&zoe, &format!("/api/v1/accounts/{}/mute", bob.id)).await;
    ada.post(&format!("/api/v1/accounts/{}/follow", eve.id), json!({ "notify": true })).await.ok();
    // It names him beside them; who muted him hears no more of it than who blocked him, all others do.
    let note = post(&eve, "@ada @bob @dan @zoe who has the key?").await;
    // It answers him.
    let said = post(&bob, "I have it").await;
    let answer = json!({ "status": "@ada @dan so it is with him", "in_reply_to_id": id(&said) });
    dan.post("/api/v1/statuses", answer.clone()).await.ok();
    eve.post("/api/v1/statuses", answer).await.ok();
    assert!(kinds(&ada).await.is_empty() && kinds(&zoe).await.is_empty());
    assert_eq!(kinds(&dan).await, ["mention", "mention"]);
    assert_eq!(kinds(&bob).await, ["mention", "mention", "mention"]);
    // Named later it is the same.
    act(&ada, &format!("/api/v1/accounts/{}/unfollow", eve.id)).await;
    let late = post(&eve, "@bob and who else?").await;
    let edit = json!({ "status": "@bob @ada @dan and who else?" });
    eve.put(&format!("/api/v1/statuses/{}", id(&late)), edit).await.ok();
    assert!(kinds(&ada).await.is_empty());
    assert_eq!(kinds(&dan).await, ["mention", "mention", "mention"]);
    // Who unblocks hears of the next one.
    act(&ada, &format!("/api/v1/accounts/{}/unblock", bob.id)).await;
    let edit = json!({ "status": "@ada @bob @dan @zoe who has the other key?" });
    eve.put(&format!("/api/v1/statuses/{}", id(&note)), edit).await.ok();
    assert!(kinds(&ada).await.is_empty(), "it is no news by then");
    post(&eve, "@ada @bob hello").await;
    assert_eq!(kinds(&ada).await, ["mention"]);
}

#[tokio::test]
async fn sec_prv_19_what_was_told_before_a_block_is_gone_after_it() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    post(&bob, "@ada hello").await;
    assert_eq!(kinds(&ada).await, ["mention"]);
    act(&ada, &format!("/api/v1/accounts/{}/block", bob.id)).await;
    assert!(kinds(&ada).await.is_empty());
}

#[tokio::test]
async fn followers_who_asked_hear_of_each_post_but_not_of_answers() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    bob.post(&format!("/api/v1/accounts/{}/follow", ada.id), json!({ "notify": true })).await.ok();
    let note = post(&ada, "a thought").await;
    let other = post(&bob, "another").await;
    ada.post("/api/v1/statuses", json!({ "status": "an answer", "in_reply_to_id": other["id"] })).await.ok();
    let list = bob.get("/api/v1/notifications?types[]=status").await.ok();
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["status"]["id"], note["id"]);
}

#[tokio::test]
async fn notifications_of_one_kind_about_one_thing_are_one_group() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let note = post(&ada, "a popular thought").await;
    for name in ["bob", "eve", "joe"] {
        let friend = node.member(name).await;
        act(&friend, &format!("/api/v1/statuses/{}/favourite", id(&note))).await;
    }
    let page = ada.get("/api/v2/notifications").await.ok();
    let groups = page["notification_groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0]["notifications_count"], 3);
    assert!(groups[0]["most_recent_notification_id"].is_u64(), "a JSON number, as one client insists");
    let sample = groups[0]["sample_account_ids"].as_array().unwrap();
    assert_eq!(sample.len(), 3);
    for person in sample {
        assert!(page["accounts"].as_array().unwrap().iter().any(|a| a["id"] == *person));
    }
    assert_eq!(page["statuses"][0]["id"], groups[0]["status_id"]);
    assert_eq!(ada.get("/api/v2/notifications/unread_count").await.ok(), json!({ "count": 1 }), "it counts groups");
    assert_eq!(ada.get("/api/v1/notifications/unread_count").await.ok(), json!({ "count": 3 }));
    // The group alone, its people, and the group dismissed.
    let key = groups[0]["group_key"].as_str().unwrap();
    let alone = ada.get(&format!("/api/v2/notifications/{key}")).await.ok();
    assert_eq!(alone["notification_groups"][0]["notifications_count"], 3);
    assert_eq!(alone["statuses"][0]["id"], note["id"]);
    assert!(alone["notification_groups"][0].get("page_min_id").is_none());
    assert_eq!(ada.get(&format!("/api/v2/notifications/{key}/accounts")).await.ok().as_array().unwrap().len(), 3);
    // Its people come in pages of notifications, newest first.
    let names = |reply: &Reply| -> Vec<String> {
        let name = |one: &Value| one["acct"].as_str().unwrap().to_owned();
        reply.ok().as_array().unwrap().iter().map(name).collect()
    };
    let people = format!("/api/v2/notifications/{key}/accounts");
    let first = ada.get(&format!("{people}?limit=2")).await;
    assert_eq!(names(&first), ["joe", "eve"]);
    let next = first.header("link").split('>').next().unwrap().split_once("/api").unwrap().1.to_owned();
    assert!(next.contains("limit=2&max_id=") && first.header("link").contains("min_id="), "{next}");
    let second = ada.get(&format!("/api{next}")).await;
    assert_eq!(names(&second), ["bob"]);
    assert!(!second.header("link").contains("rel=\"next\""), "a short page is the last one");
    assert_eq!(ada.get(&format!("{people}?max_id=1")).await.ok(), json!([]));
    let stranger = node.member("yan").await;
    assert_eq!(stranger.get(&people).await.status, 404);
    let newest = groups[0]["most_recent_notification_id"].as_u64().unwrap();
    // What is dismissed alone is one's own.
    for (path, body) in [
        (format!("/api/v1/notifications/{newest}/dismiss"), json!({})),
        ("/api/v1/notifications/dismiss".to_owned(), json!({ "id": newest })),
    ] {
        assert_eq!(stranger.post(&path, body).await.status, 404);
    }
    let single = ada.get(&format!("/api/v2/notifications/ungrouped-{newest}")).await.ok();
    assert_eq!(single["notification_groups"][0]["group_key"], format!("ungrouped-{newest}"));
    for none in ["nonsense", "ungrouped-1x", "follow-99999999999999", "favourite-1-2", "ungrouped-999", "-", "follow-1"]
    {
        assert_eq!(ada.get(&format!("/api/v2/notifications/{none}")).await.status, 404, "{none}");
    }
    assert_eq!(node.member("zoe").await.get(&format!("/api/v2/notifications/{key}")).await.status, 404);
    ada.post(&format!("/api/v2/notifications/{key}/dismiss"), json!({})).await.ok();
    assert_eq!(ada.get("/api/v1/notifications").await.ok(), json!([]));
}

#[tokio::test]
async fn pages_of_notifications_lead_to_one_another() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    for n in 0..5 {
        post(&bob, &format!("@ada number {n}")).await;
    }
    let first = ada.get("/api/v1/notifications?limit=2").await;
    let link = first.header("link").to_owned();
    assert!(link.contains("rel=\"next\"") && link.contains("rel=\"prev\"") && link.contains("limit=2"), "{link}");
    let next = link.split('<').nth(1).unwrap().split('>').next().unwrap();
    let second = ada.get(next).await.ok();
    let ids: Vec<i64> = [first.ok(), second]
        .iter()
        .flat_map(|page| page.as_array().unwrap().clone())
        .map(|n| n["id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(ids.len(), 4);
    assert!(ids.windows(2).all(|w| w[0] > w[1]));
}

#[tokio::test]
async fn one_notification_can_be_read_dismissed_and_all_cleared() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    post(&bob, "@ada one").await;
    post(&bob, "@ada two").await;
    let list = ada.get("/api/v1/notifications").await.ok();
    let path = format!("/api/v1/notifications/{}", id(&list[0]));
    assert_eq!(ada.get(&path).await.ok()["type"], "mention");
    assert_eq!(bob.get(&path).await.status, 404);
    assert_eq!(bob.post(&format!("{path}/dismiss"), json!({})).await.status, 404);
    assert_eq!(kinds(&ada).await.len(), 2);
    assert_eq!(ada.post(&format!("{path}/dismiss"), json!({})).await.ok(), json!({}));
    assert_eq!(kinds(&ada).await.len(), 1);
    ada.post("/api/v1/notifications/clear", json!({})).await.ok();
    assert!(kinds(&ada).await.is_empty());
}

#[tokio::test]
async fn a_report_reaches_the_moderators_and_nobody_else() {
    let node = Node::start().await;
    let (ada, bob, boss) = (node.member("ada").await, node.member("bob").await, node.member("boss").await);
    let boss_id = boss.id.parse().unwrap();
    node.app
        .write(move |tx| watercooler::store::users::set_role(tx.conn, boss_id, watercooler::model::Role::Moderator))
        .await
        .unwrap();
    let note = post(&bob, "rude words").await;
    let mine = post(&ada, "mine").await;
    let mut body = json!({ "account_id": bob.id, "status_ids": [note["id"], mine["id"]], "comment": "rude" });
    body["category"] = json!("spam");
    assert_eq!(ada.post("/api/v1/reports", body.clone()).await.status, 404, "only posts of the reported account");
    body["status_ids"] = json!([note["id"], "12345"]);
    let report = ada.post("/api/v1/reports", body).await.ok();
    assert_eq!(report["status_ids"], json!([note["id"]]), "what is not there any more does not keep anybody from it");
    assert_eq!((&report["category"], &report["action_taken"]), (&json!("spam"), &json!(false)));
    assert_eq!(report["target_account"]["id"], bob.id);
    assert_eq!(kinds(&boss).await, ["admin.report"]);
    assert!(kinds(&bob).await.is_empty());
    assert_eq!(ada.post("/api/v1/reports", json!({ "account_id": "1234" })).await.status, 404);
    assert_eq!(ada.post("/api/v1/reports", json!({})).await.status, 400);
    let wrong = json!({ "account_id": bob.id, "category": "boredom" });
    assert_eq!(ada.post("/api/v1/reports", wrong).await.status, 422);
}

#[tokio::test]
async fn lists_of_people_are_paged_by_cursors_of_their_own() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    for name in ["bob", "eve", "joe"] {
        let friend = node.member(name).await;
        act(&friend, &format!("/api/v1/accounts/{}/follow", ada.id)).await;
        act(&ada, &format!("/api/v1/accounts/{}/mute", friend.id)).await;
    }
    let path = format!("/api/v1/accounts/{}/followers?limit=2", ada.id);
    let first = ada.get(&path).await;
    let next = first.header("link").split('<').nth(1).unwrap().split('>').next().unwrap().to_owned();
    let second = ada.get(&next).await;
    assert!(!second.header("link").contains("rel=\"next\""));
    let names: Vec<String> = [first.ok(), second.ok()]
        .iter()
        .flat_map(|page| page.as_array().unwrap().clone())
        .map(|a| a["username"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["joe", "eve", "bob"]);
    let mutes = ada.get("/api/v1/mutes").await.ok();
    assert_eq!(mutes.as_array().unwrap().len(), 3);
    assert_eq!(mutes[0]["mute_expires_at"], Value::Null);
}
