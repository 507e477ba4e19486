//! From one version to the next and back (REL-22), with data that a running node wrote: an older database is brought up to
//! date and shows all of it; one of a newer program is refused as it is.

use crate::support::{Client, Node, NodeBuilder};
use serde_json::{Value, json};
use std::path::Path;
use watercooler::db::{Dialect, Sql, migration_versions};

/// What people see of what they wrote before.
async fn seen(node: &Node, ada: &Client, bob: &Client) -> Vec<Value> {
    let mut all = Vec::new();
    for (who, path) in [
        (ada, "/api/v1/timelines/home".to_owned()),
        (bob, "/api/v1/timelines/home".to_owned()),
        (bob, "/api/v1/timelines/public".to_owned()),
        (ada, "/api/v1/notifications".to_owned()),
        (ada, format!("/api/v1/accounts/{}/followers", ada.id)),
        (ada, format!("/api/v1/accounts/{}/statuses", bob.id)),
        (bob, "/api/v1/bookmarks".to_owned()),
        (bob, "/api/v1/favourites".to_owned()),
        (bob, format!("/api/v1/accounts/relationships?id[]={}", ada.id)),
    ] {
        all.push(who.unchecked().at(node).get(&path).await.ok());
    }
    all
}

/// The parts that no version shows otherwise: who, what, when, how often.
fn plain(value: &Value) -> Value {
    const KEPT: &[&str] = &[
        "id",
        "content",
        "created_at",
        "visibility",
        "spoiler_text",
        "account",
        "acct",
        "reblog",
        "status",
        "type",
        "favourites_count",
        "reblogs_count",
        "replies_count",
        "in_reply_to_id",
        "poll",
        "options",
        "title",
        "votes_count",
        "mentions",
        "followers_count",
        "statuses_count",
        "following",
        "followed_by",
    ];
    match value {
        Value::Array(all) => all.iter().map(plain).collect(),
        Value::Object(members) => {
            members.iter().filter(|(key, _)| KEPT.contains(&key.as_str())).map(|(k, v)| (k.clone(), plain(v))).collect()
        }
        other => other.clone(),
    }
}

/// Takes the newest `steps` migrations back, as the program of that time left its database.
async fn go_back(node: &Node, versions: &[String], steps: usize) {
    let dialect = node.app.db().dialect();
    let folder = match dialect {
        Dialect::Sqlite => "sqlite",
        Dialect::Postgres => "postgres",
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
    for name in versions.iter().rev().take(steps) {
        let down = std::fs::read_to_string(folder.join(name).join("down.sql")).unwrap();
        let version: String = name.split('_').next().unwrap().chars().filter(char::is_ascii_digit).collect();
        let wrong = format!("{name} cannot be taken back");
        node.app
            .write(move |tx| {
                tx.conn.batch(&down)?;
                let gone = Sql::new("delete from __diesel_schema_migrations where version = ").bind(version);
                assert_eq!(gone.execute(tx.conn)?, 1);
                Ok(())
            })
            .await
            .expect(&wrong);
    }
}

#[tokio::test]
async fn rel_22_what_older_versions_stored_is_shown_by_this_one() {
    let mut node = NodeBuilder::new("alpha").await.start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    bob.post(&format!("/api/v1/accounts/{}/follow", ada.id), json!({})).await.ok();
    ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    for n in 0..12 {
        let visibility = ["public", "unlisted", "private", "direct"][n % 4];
        let body =
            json!({"status": format!("@bob number {n} #tag{n} ü"), "visibility": visibility, "spoiler_text": "cw"});
        let post = ada.post("/api/v1/statuses", body).await.ok();
        let id = post["id"].as_str().unwrap();
        bob.post(&format!("/api/v1/statuses/{id}/favourite"), json!({})).await.ok();
        bob.post(&format!("/api/v1/statuses/{id}/bookmark"), json!({})).await.ok();
        if n % 4 < 2 {
            bob.post(&format!("/api/v1/statuses/{id}/reblog"), json!({})).await.ok();
        }
        bob.post("/api/v1/statuses", json!({"status": "@ada an answer", "in_reply_to_id": id})).await.ok();
    }
    let poll = json!({"options": ["yes", "no"], "expires_in": 3600});
    let asked = ada.post("/api/v1/statuses", json!({"status": "well?", "poll": poll})).await.ok();
    let vote = format!("/api/v1/polls/{}/votes", asked["poll"]["id"].as_str().unwrap());
    bob.post(&vote, json!({"choices": ["1"]})).await.ok();
    node.settle().await;

    let versions = migration_versions(node.app.db().dialect()).unwrap();
    let before: Vec<Value> = seen(&node, &ada, &bob).await.iter().map(plain).collect();
    assert!(before[0].as_array().unwrap().len() >= 20);
    // The version before this one, some before that, and the very first one.
    for steps in [1, 12, versions.len() - 1] {
        go_back(&node, &versions, steps).await;
        node = NodeBuilder::again(node).await.start().await;
        node.settle().await;
        let after: Vec<Value> = seen(&node, &ada, &bob).await.iter().map(plain).collect();
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before, after, "{steps} versions later");
        }
        // And it goes on from there.
        let status = json!({"status": format!("written {steps} versions later")});
        let post = ada.unchecked().at(&node).post("/api/v1/statuses", status).await.ok();
        let gone = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
        assert_eq!(ada.unchecked().at(&node).delete(&gone).await.status, 200);
    }
}
