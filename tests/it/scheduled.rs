//! Posts that wait for their time.

use crate::{
    media::{picture, send_form},
    support::{Client, NOW, Node, settle},
};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
    domain::{accounts, audit::Staff, leavers},
    id::Id,
    model::Account,
};

const MINUTE: i64 = 60_000;

/// So many minutes after the beginning of the test.
fn at(minutes: i64) -> String {
    NOW.plus_millis(minutes * MINUTE).rfc3339()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

async fn schedule(who: &Client, status: &str, minutes: i64) -> Value {
    who.post("/api/v1/statuses", json!({"status": status, "scheduled_at": at(minutes)})).await.ok()
}

async fn passes(node: &Node, minutes: i64) {
    node.clock.advance(minutes * MINUTE);
    node.settle().await;
}

async fn written(who: &Client) -> Vec<Value> {
    who.get(&format!("/api/v1/accounts/{}/statuses", who.id)).await.ok().as_array().unwrap().clone()
}

async fn waiting(who: &Client) -> usize {
    who.get("/api/v1/scheduled_statuses").await.ok().as_array().unwrap().len()
}

#[tokio::test]
async fn a_post_waits_with_its_files_and_is_published_once_at_its_time() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let file = send_form(&ada, "POST", "/api/v2/media", &[("description", "a wall")], ("file", &picture(8, 8))).await;
    let file = file.ok()["id"].clone();
    let body = json!({
        "status": "Later @bob", "scheduled_at": at(30), "media_ids": [file], "sensitive": true, "spoiler_text": "cw",
        "visibility": "unlisted", "language": "de",
    });
    let kept = ada.post("/api/v1/statuses", body).await.ok();
    assert_eq!(kept["scheduled_at"], at(30));
    assert_eq!(kept["params"]["text"], "Later @bob");
    assert_eq!(kept["params"]["media_ids"], json!([file]));
    assert_eq!((&kept["params"]["visibility"], &kept["params"]["language"]), (&json!("unlisted"), &json!("de")));
    assert_eq!((&kept["params"]["spoiler_text"], &kept["params"]["poll"]), (&json!("cw"), &Value::Null));
    assert_eq!(kept["media_attachments"][0]["description"], "a wall");
    let path = format!("/api/v1/scheduled_statuses/{}", text(&kept["id"]));
    assert_eq!(ada.get(&path).await.ok(), kept);
    assert_eq!(ada.get("/api/v1/scheduled_statuses").await.ok(), json!([kept]));
    // It is nobody else's business, and its file is nobody else's file.
    for (method, status) in [("GET", 404), ("PUT", 404), ("DELETE", 404)] {
        let request = bob.request(method, &path).json(&json!({"scheduled_at": at(40)}));
        assert_eq!(bob.send(request).await.status, status, "{method}");
    }
    assert_eq!(ada.get(&format!("/api/v1/media/{}", text(&file))).await.status, 404);
    assert_eq!(ada.delete(&format!("/api/v1/media/{}", text(&file))).await.status, 404);
    assert_eq!(ada.post("/api/v1/statuses", json!({"media_ids": [file]})).await.status, 422);
    passes(&node, 29).await;
    assert!(written(&ada).await.is_empty());
    passes(&node, 1).await;
    let posts = written(&ada).await;
    assert_eq!(posts.len(), 1);
    let post = &posts[0];
    assert_eq!(
        (&post["visibility"], &post["language"], &post["sensitive"]),
        (&json!("unlisted"), &json!("de"), &json!(true))
    );
    assert_eq!((&post["created_at"], &post["media_attachments"][0]["id"]), (&json!(at(30)), &file));
    assert_eq!(bob.get("/api/v1/notifications").await.ok()[0]["status"]["id"], post["id"]);
    assert_eq!(ada.get(&path).await.status, 404);
    assert_eq!(waiting(&ada).await, 0);
    // A job that runs again finds nothing to do.
    passes(&node, 60).await;
    assert_eq!(written(&ada).await.len(), 1);
}

#[tokio::test]
async fn what_a_waiting_post_did_not_say_is_no_null_to_apps_that_want_a_word() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    // As Tusky sends it, and as other apps do, which say neither.
    let said = json!({
        "status": "Later", "scheduled_at": at(30), "sensitive": false, "spoiler_text": "", "visibility": "public",
    });
    let said = ada.post("/api/v1/statuses", said).await.ok();
    assert_eq!((&said["params"]["sensitive"], &said["params"]["spoiler_text"]), (&json!(false), &json!("")));
    assert!(u32::try_from(said["params"]["application_id"].as_i64().unwrap()).is_ok());
    let plain = schedule(&ada, "Later still", 40).await;
    assert_eq!((&plain["params"]["sensitive"], &plain["params"]["spoiler_text"]), (&json!(false), &json!("")));
    // Who said nothing gets what they prefer, and reads it.
    ada.patch("/api/v1/accounts/update_credentials", json!({"source": {"sensitive": true}})).await.ok();
    let preferred = schedule(&ada, "As always", 50).await;
    assert_eq!(preferred["params"]["sensitive"], true);
    for minutes in [30, 10, 10] {
        passes(&node, minutes).await;
    }
    let hidden: Vec<Value> = written(&ada).await.iter().map(|post| post["sensitive"].clone()).collect();
    assert_eq!(hidden, [json!(true), json!(false), json!(false)]);
}

#[tokio::test]
async fn files_of_a_waiting_post_are_not_swept_and_are_free_again_when_it_is_cancelled() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let file = send_form(&ada, "POST", "/api/v2/media", &[], ("file", &picture(8, 8))).await.ok()["id"].clone();
    let body = json!({"media_ids": [file], "scheduled_at": at(5_000)});
    let kept = ada.post("/api/v1/statuses", body).await.ok();
    node.app.write(|tx| tx.enqueue(&watercooler::domain::Task::Sweep)).await.unwrap();
    passes(&node, 2_000).await;
    let path = format!("/api/v1/scheduled_statuses/{}", text(&kept["id"]));
    assert_eq!(ada.get(&path).await.ok()["media_attachments"][0]["id"], file);
    assert_eq!(ada.delete(&path).await.ok(), json!({}));
    assert_eq!(ada.delete(&path).await.status, 404);
    assert_eq!(
        ada.post("/api/v1/statuses", json!({"media_ids": [file]})).await.ok()["media_attachments"][0]["id"],
        file
    );
    passes(&node, 4_000).await;
    assert_eq!(written(&ada).await.len(), 1, "what was cancelled is not published");
}

#[tokio::test]
async fn a_time_that_is_too_soon_or_none_is_refused_and_so_is_what_could_not_be_posted_now() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let refused = async |body: Value| {
        let reply = ada.post("/api/v1/statuses", body).await;
        (reply.status, reply.json()["error"].as_str().unwrap_or_default().to_owned())
    };
    let soon = (422, "Validation failed: Scheduled at date must be in the future".to_owned());
    for minutes in [-60, 0] {
        let now = ada.post("/api/v1/statuses", json!({"status": "x", "scheduled_at": at(minutes)})).await.ok();
        assert!(now["content"].is_string(), "{minutes}");
    }
    for minutes in [1, 4] {
        assert_eq!(refused(json!({"status": "x", "scheduled_at": at(minutes)})).await, soon, "{minutes}");
    }
    let tomorrow = refused(json!({"status": "x", "scheduled_at": "tomorrow"})).await;
    assert_eq!((tomorrow.0, tomorrow.1.as_str()), (422, "Record invalid"));
    assert_eq!(
        refused(json!({"status": "", "scheduled_at": at(60)})).await.1,
        "Validation failed: Text can't be blank"
    );
    assert_eq!(refused(json!({"status": "x".repeat(5_001), "scheduled_at": at(60)})).await.0, 422);
    assert_eq!(refused(json!({"status": "x", "in_reply_to_id": "1", "scheduled_at": at(60)})).await.0, 404);
    assert_eq!(waiting(&ada).await, 0);
    // Times of any zone; what is empty is no time.
    let kept = ada.post("/api/v1/statuses", json!({"status": "x", "scheduled_at": "2026-11-23T15:00:00+02:00"})).await;
    assert_eq!(kept.ok()["scheduled_at"], at(60));
    assert!(ada.post("/api/v1/statuses", json!({"status": "x", "scheduled_at": ""})).await.ok()["content"].is_string());
}

#[tokio::test]
async fn there_are_limits_for_a_day_and_for_all() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let day = 24 * 60;
    let error = async |minutes: i64| {
        let reply = ada.post("/api/v1/statuses", json!({"status": "x", "scheduled_at": at(minutes)})).await;
        (reply.status, reply.json()["error"].as_str().unwrap_or_default().to_owned())
    };
    for n in 0..300 {
        assert_eq!(error(day * (1 + n / 25) + n % 25).await.0, 200, "{n}");
        if n == 24 {
            let over = "Validation failed: You have exceeded the limit of 25 scheduled posts for today";
            assert_eq!(error(day + 50).await, (422, over.into()));
        }
    }
    assert_eq!(
        error(day * 40).await,
        (422, "Validation failed: You have exceeded the limit of 300 scheduled posts".into())
    );
    // Another time, but not on a day that is full; on its own day any.
    let list = ada.get("/api/v1/scheduled_statuses?limit=1").await.ok();
    let path = format!("/api/v1/scheduled_statuses/{}", text(&list[0]["id"]));
    assert_eq!(ada.put(&path, json!({"scheduled_at": at(day)})).await.status, 422);
    assert_eq!(
        ada.patch(&path, json!({"scheduled_at": at(day * 12 + 60)})).await.ok()["scheduled_at"],
        at(day * 12 + 60)
    );
}

#[tokio::test]
async fn waiting_posts_come_in_pages_and_can_be_given_another_time() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let mut ids = Vec::new();
    for n in 0..5 {
        node.clock.advance(1_000);
        ids.push(text(&schedule(&ada, &format!("number {n}"), 60 + n).await["id"]).to_owned());
    }
    ids.reverse();
    let (mut seen, mut path) = (Vec::new(), "/api/v1/scheduled_statuses?limit=2".to_owned());
    loop {
        let page = ada.get(&path).await;
        let list = page.ok();
        seen.extend(list.as_array().unwrap().iter().map(|one| text(&one["id"]).to_owned()));
        let link = page.header("link").to_owned();
        match link.split(">; rel=\"next\"").next().filter(|_| link.contains("rel=\"next\"")) {
            Some(next) => path = next.trim_start_matches('<').to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ids);
    let first = format!("/api/v1/scheduled_statuses/{}", ids[0]);
    assert_eq!(ada.put(&first, json!({"scheduled_at": at(3)})).await.status, 422);
    assert_eq!(ada.put(&first, json!({"scheduled_at": at(500)})).await.ok()["scheduled_at"], at(500));
    let second = format!("/api/v1/scheduled_statuses/{}", ids[1]);
    assert_eq!(ada.put(&second, json!({"scheduled_at": at(10)})).await.ok()["scheduled_at"], at(10));
    passes(&node, 11).await;
    assert_eq!(written(&ada).await.len(), 1, "an earlier time counts");
    passes(&node, 100).await;
    assert_eq!(written(&ada).await.len(), 4, "and so does a later one");
    passes(&node, 400).await;
    assert_eq!(written(&ada).await.len(), 5);
}

#[tokio::test]
async fn a_repeated_request_makes_one_waiting_post_and_later_gets_the_post_it_became() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let send = async || {
        let request = ada.request("POST", "/api/v1/statuses").header("idempotency-key", "once");
        ada.send(request.json(&json!({"status": "later", "scheduled_at": at(30)}))).await.ok()
    };
    let first = send().await;
    assert_eq!(first["params"]["idempotency"], "once");
    assert_eq!(send().await, first);
    assert_eq!(waiting(&ada).await, 1);
    passes(&node, 30).await;
    assert_eq!(send().await["id"], written(&ada).await[0]["id"]);
    assert_eq!(waiting(&ada).await, 0);
}

#[tokio::test]
async fn a_poll_begins_when_its_post_is_published() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let poll = json!({"options": ["a", "b"], "expires_in": 600, "multiple": true});
    let kept = ada.post("/api/v1/statuses", json!({"status": "?", "poll": poll, "scheduled_at": at(30)})).await.ok();
    let shown = json!({"options": ["a", "b"], "expires_in": 600, "multiple": true, "hide_totals": false});
    assert_eq!(kept["params"]["poll"], shown);
    passes(&node, 30).await;
    assert_eq!(written(&ada).await[0]["poll"]["expires_at"], at(40));
}

#[tokio::test]
async fn what_is_refused_at_its_time_is_told_to_its_author_once_and_not_tried_again() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let post = bob.post("/api/v1/statuses", json!({"status": "a question"})).await.ok();
    let body = json!({"status": "my  answer", "in_reply_to_id": post["id"], "scheduled_at": at(30)});
    let kept = ada.post("/api/v1/statuses", body).await.ok();
    assert_eq!(kept["params"]["in_reply_to_id"].as_i64().unwrap().to_string(), text(&post["id"]));
    bob.delete(&format!("/api/v1/statuses/{}", text(&post["id"]))).await.ok();
    passes(&node, 30).await;
    assert!(written(&ada).await.is_empty());
    assert_eq!(waiting(&ada).await, 0);
    let told = ada.get("/api/v1/notifications").await.ok();
    assert_eq!(told.as_array().unwrap().len(), 1);
    let said = text(&told[0]["status"]["content"]);
    assert!(said.contains("not published") && said.contains("my answer"), "{said}");
    assert_eq!(told[0]["status"]["visibility"], "direct");
    passes(&node, 1_000).await;
    assert_eq!(ada.get("/api/v1/notifications").await.ok().as_array().unwrap().len(), 1);
    let jobs = "select count(*) from jobs j where j.kind = 'publish_scheduled'";
    assert_eq!(node.app.read(move |conn| Sql::new(jobs).scalar_i64(conn)).await.unwrap(), 0);
}

#[tokio::test]
async fn waiting_posts_end_with_the_access_of_their_author() {
    for end in ["leave", "suspend", "delete", "disable"] {
        let node = Node::start().await;
        let ada = node.member("ada").await;
        let id: Id<Account> = ada.id.parse().unwrap();
        let file = send_form(&ada, "POST", "/api/v2/media", &[], ("file", &picture(8, 8))).await.ok()["id"].clone();
        ada.post("/api/v1/statuses", json!({"status": "late", "media_ids": [file], "scheduled_at": at(30)})).await.ok();
        let left = node.app.write(move |tx| {
            let by = Staff::console();
            match end {
                "leave" => leavers::leave(tx, &by, id, None).map(drop)?,
                "suspend" => accounts::suspend(tx, &by, id)?,
                "delete" => accounts::delete(tx, &by, id)?,
                _ => accounts::disable(tx, &by, id)?,
            }
            Sql::new("select count(*) from scheduled_posts").scalar_i64(tx.conn)
        });
        let left = left.await.unwrap();
        // Whoever is only locked out for now may be back in time.
        assert_eq!(left, i64::from(end == "disable"), "{end}");
        passes(&node, 31).await;
        let posts = "select count(*) from posts p join accounts a on a.id = p.account_id where a.username = 'ada'";
        assert_eq!(node.app.read(move |conn| Sql::new(posts).scalar_i64(conn)).await.unwrap(), 0, "{end}");
        let rows = "select count(*) from scheduled_posts";
        assert_eq!(node.app.read(move |conn| Sql::new(rows).scalar_i64(conn)).await.unwrap(), 0, "{end}");
    }
}

#[tokio::test]
async fn waiting_posts_reach_other_nodes_when_they_are_published() {
    let (alpha, beta) = Node::two().await;
    let (ada, bob) = (alpha.member("ada").await, beta.member("bob").await);
    let path = format!("/api/v1/accounts/search?resolve=true&q=@{}", alpha.handle("ada"));
    let found = bob.get(&path).await.ok();
    bob.post(&format!("/api/v1/accounts/{}/follow", text(&found[0]["id"])), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    schedule(&ada, "Hello from later", 30).await;
    settle(&[&alpha, &beta]).await;
    assert_eq!(bob.get("/api/v1/timelines/home").await.ok(), json!([]));
    alpha.clock.advance(30 * MINUTE);
    settle(&[&alpha, &beta]).await;
    let home = bob.get("/api/v1/timelines/home").await.ok();
    assert_eq!(home[0]["content"], "<p>Hello from later</p>");
}
