//! What people are told of acts of staff on their accounts.

use crate::support::{Client, Node, Scene, schema::Schema};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};
use watercooler::{db::Sql, model::Role};

async fn staff(node: &Node, name: &str, role: Role) -> Client {
    let row = node.citizen_with(name, role).await;
    let scopes = "read write admin:read admin:write";
    let mut client = Client::with_token(node, &node.token(row.id, scopes).await);
    client.id = row.id.to_string();
    client
}

async fn acts(by: &Client, on: &str, body: Value) -> u16 {
    by.post(&format!("/api/v1/admin/accounts/{on}/action"), body).await.status
}

/// Somebody's notifications, the newest first.
async fn told(who: &Client) -> Vec<Value> {
    let list = who.get("/api/v1/notifications").await.ok();
    let schema = Schema::read();
    list.as_array().unwrap().iter().for_each(|notification| schema.assert("Notification", notification));
    list.as_array().unwrap().clone()
}

/// Acts and words somebody was told of, the newest first.
async fn warnings(who: &Client) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = told(who).await;
    list.iter().map(|n| &n["moderation_warning"]).map(|w| (text(&w["action"]), text(&w["text"]))).collect()
}

fn warning(action: &str, text: &str) -> (String, String) {
    (action.to_owned(), text.to_owned())
}

async fn count(node: &Node, sql: &'static str) -> i64 {
    node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
}

#[tokio::test]
async fn whoever_staff_acts_on_is_told_what_was_done_and_why() {
    let node = Node::start().await;
    let mona = staff(&node, "mona", Role::Moderator).await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    assert_eq!(acts(&mona, &bob.id, json!({"type": "none", "text": " Be <kind> "})).await, 200);
    let news = told(&bob).await[0].clone();
    assert_eq!(news["type"], "moderation_warning");
    let said = news["moderation_warning"].clone();
    assert_eq!((&said["action"], &said["text"]), (&json!("none"), &json!("Be <kind>")));
    assert_eq!((&said["target_account"]["id"], &said["appeal"]), (&json!(bob.id), &Value::Null));
    assert!(said["status_ids"].is_null() && news.get("event").is_none() && news.get("status").is_none());
    // Not who of the staff it was.
    assert_eq!(news["account"]["username"], node.domain.as_str());
    assert_eq!(bob.get(&format!("/api/v1/notifications/{}", news["id"].as_str().unwrap())).await.ok(), news);
    let groups = bob.get("/api/v2/notifications").await.ok();
    Schema::read().assert("GroupedNotificationsResults", &groups);
    let group = &groups["notification_groups"][0];
    assert_eq!((&group["type"], &group["moderation_warning"]), (&news["type"], &said));
    assert_eq!(group["sample_account_ids"], json!([news["account"]["id"]]));
    assert_eq!(groups["accounts"][0]["id"], news["account"]["id"]);
    for (query, n) in
        [("types[]=moderation_warning", 1), ("exclude_types[]=moderation_warning", 0), ("types[]=mention", 0)]
    {
        let list = bob.get(&format!("/api/v1/notifications?{query}")).await.ok();
        assert_eq!(list.as_array().unwrap().len(), n, "{query}");
    }
    assert_eq!(bob.get("/api/v1/notifications/unread_count").await.ok()["count"], 1);
    let words = bob.get("/api/v1/notifications?supported_types[]=mention").await.ok()[0]["fallback"].clone();
    assert_eq!(words["title"], format!("{} sent you a moderation warning", node.domain));
    assert_eq!(words["summary"], "Be &lt;kind&gt;");
    // Everything that staff does; what is said is left to it.
    for (kind, undo) in [("sensitive", ""), ("silence", ""), ("disable", "enable"), ("suspend", "unsuspend")] {
        assert_eq!(acts(&mona, &bob.id, json!({"type": kind})).await, 200);
        if !undo.is_empty() {
            assert_eq!(bob.get("/api/v1/notifications").await.status, 401, "{kind}");
            mona.post(&format!("/api/v1/admin/accounts/{}/{undo}", bob.id), json!({})).await.ok();
        }
    }
    let all = ["suspend", "disable", "silence", "sensitive"].map(|kind| warning(kind, ""));
    assert_eq!(warnings(&bob).await, [all.as_slice(), &[warning("none", "Be <kind>")]].concat());
    assert!(told(&ada).await.is_empty() && told(&mona).await.is_empty(), "nobody else is");
    // It goes as others do.
    bob.post(&format!("/api/v1/notifications/{}/dismiss", news["id"].as_str().unwrap()), json!({})).await.ok();
    assert_eq!(warnings(&bob).await, all);
    bob.post("/api/v1/notifications/clear", json!({})).await.ok();
    assert!(told(&bob).await.is_empty());
    assert_eq!(
        count(&node, "select count(*) from audit_log where action = 'account.warn' and target = 'bob'").await,
        1
    );
}

#[tokio::test]
async fn a_warning_names_the_posts_of_the_report_that_was_its_reason() {
    let node = Node::start().await;
    let mona = staff(&node, "mona", Role::Moderator).await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let post = bob.post("/api/v1/statuses", json!({"status": "rude"})).await.ok()["id"].clone();
    let report =
        ada.post("/api/v1/reports", json!({"account_id": bob.id, "status_ids": [post]})).await.ok()["id"].clone();
    let named = async || told(&bob).await[0]["moderation_warning"]["status_ids"].clone();
    assert_eq!(acts(&mona, &bob.id, json!({"type": "none", "report_id": report})).await, 200);
    assert_eq!(named().await, json!([post]));
    let body = json!({"type": "none", "report_id": report, "include_statuses": false});
    assert_eq!(acts(&mona, &bob.id, body).await, 200);
    assert_eq!(named().await, Value::Null);
    // One about somebody else is no reason.
    assert_eq!(acts(&mona, &ada.id, json!({"type": "none", "report_id": report})).await, 200);
    assert_eq!(told(&ada).await[0]["moderation_warning"]["status_ids"], Value::Null);
    assert_eq!(acts(&mona, &bob.id, json!({"type": "none", "report_id": "12345"})).await, 404);
}

#[tokio::test]
async fn nobody_is_warned_by_those_who_may_not_and_staff_may_be_silent_about_it() {
    let node = Node::start().await;
    let (root, mona) = (staff(&node, "root", Role::Owner).await, staff(&node, "mona", Role::Moderator).await);
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    for by in [&mona, &ada] {
        assert_eq!(acts(by, &root.id, json!({"type": "none", "text": "no"})).await, 403);
    }
    assert_eq!(acts(&mona, &bob.id, json!({"type": "silence", "send_email_notification": false})).await, 200);
    assert_eq!(acts(&mona, &bob.id, json!({"type": "none", "send_email_notification": "0"})).await, 200);
    // Whoever does it to themselves knows.
    assert_eq!(acts(&root, &root.id, json!({"type": "sensitive"})).await, 200);
    assert_eq!(count(&node, "select count(*) from account_warnings").await, 0);
    for who in [&root, &bob] {
        assert!(told(who).await.iter().all(|news| news["type"] != "moderation_warning"));
    }
}

#[tokio::test]
async fn people_elsewhere_and_those_who_left_are_not_told_and_warnings_go_with_the_account() {
    let s = Scene::new().await;
    let (root, ada) = (staff(&s.node, "root", Role::Owner).await, s.account(&s.ada).await.id.to_string());
    for kind in ["none", "silence", "sensitive", "suspend"] {
        assert_eq!(acts(&root, &ada, json!({"type": kind, "text": "spam"})).await, 200, "{kind}");
    }
    s.node.settle().await;
    assert_eq!(s.count("select count(*) from account_warnings").await, 0);
    assert_eq!(acts(&root, &s.bob.id, json!({"type": "none"})).await, 200);
    let leave = json!({"account": {"leave": {"name": "bob"}}});
    watercooler::cli::data::run(&s.node.app, serde_json::from_value(leave).unwrap()).await.unwrap();
    assert_eq!(acts(&root, &s.bob.id, json!({"type": "none"})).await, 200);
    assert_eq!(acts(&root, &s.carol.id, json!({"type": "suspend"})).await, 200);
    let mine = "select count(*) from notifications where kind = 24";
    assert_eq!((s.count("select count(*) from account_warnings").await, s.count(mine).await), (2, 2));
    root.delete(&format!("/api/v1/admin/accounts/{}", s.carol.id)).await.ok();
    s.node.settle().await;
    assert_eq!((s.count("select count(*) from account_warnings").await, s.count(mine).await), (1, 1));
}

#[tokio::test]
async fn an_open_app_hears_of_a_warning_at_once() {
    let node = Node::start().await;
    let (mona, bob) = (staff(&node, "mona", Role::Moderator).await, node.member("bob").await);
    let token = bob.token.clone().unwrap();
    let address = format!("ws://{}/api/v1/streaming?stream=user:notification&access_token={token}", node.address);
    let (mut socket, _) = connect_async(address.as_str()).await.unwrap();
    assert_eq!(acts(&mona, &bob.id, json!({"type": "none", "text": "Be kind"})).await, 200);
    let frame: Value = loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            break serde_json::from_str(&text).unwrap();
        }
    };
    let payload: Value = serde_json::from_str(frame["payload"].as_str().unwrap()).unwrap();
    assert_eq!((&frame["event"], &payload), (&json!("notification"), &told(&bob).await[0]));
}

#[tokio::test]
async fn nobody_keeps_the_words_of_staff_from_themselves() {
    let node = Node::start().await;
    let mona = staff(&node, "mona", Role::Moderator).await;
    let (nora, bob) = (staff(&node, "nora", Role::Admin).await, node.member("bob").await);
    for who in [&nora, &bob] {
        assert_eq!(acts(&mona, &bob.id, json!({"type": "none", "text": "a word"})).await, 200);
        let node_itself = told(&bob).await[0]["account"]["id"].as_str().unwrap().to_owned();
        for verb in ["block", "mute"] {
            let reply = who.post(&format!("/api/v1/accounts/{node_itself}/{verb}"), json!({})).await;
            assert_eq!(reply.status, 422, "{}", reply.text);
            assert!(reply.text.contains("speaks for the server"), "{}", reply.text);
        }
    }
    assert_eq!(warnings(&bob).await.len(), 2);
}
