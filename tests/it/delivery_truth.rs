//! Which sites have my post, and how late each other server is (N15).

use crate::support::{Client, Node, NodeBuilder, Peer, rows};
use serde_json::{Value, json};
use watercooler::{
    federation::deliver,
    id::Id,
    model::{Account, Role},
    store,
};

/// ada, whom one person each on two scripted servers follows, and an admin.
struct Scene {
    node: Node,
    zeta: Peer,
    omega: Peer,
    ada: Client,
    boss: Client,
    zoe: Account,
}

async fn scene() -> Scene {
    let (zeta, omega) = (Peer::start("zeta").await, Peer::start("omega").await);
    let node = NodeBuilder::new("alpha").await.knows(&zeta.authority).knows(&omega.authority).start().await;
    let ada = node.member("ada").await;
    let id: Id<Account> = ada.id.parse().unwrap();
    let row = node.app.read(move |conn| store::accounts::load(conn, id)).await.unwrap();
    let (zoe, olga) = (rows::remote(&node, &zeta, "zoe").await, rows::remote(&node, &omega, "olga").await);
    rows::follows(&node, &zoe, &row).await;
    rows::follows(&node, &olga, &row).await;
    let boss = node.citizen_with("boss", Role::Admin).await;
    let boss = Client::with_token(&node, &node.token(boss.id, "read write admin:read admin:write").await);
    node.settle().await;
    Scene { node, zeta, omega, ada, boss, zoe }
}

async fn says(who: &Client, text: &str) -> String {
    who.post("/api/v1/statuses", json!({ "status": text })).await.ok()["id"].as_str().unwrap().to_owned()
}

async fn delivery(who: &Client, id: &str) -> Value {
    who.get(&format!("/api/watercooler/v1/statuses/{id}/delivery")).await.ok()
}

fn counts(delivery: &Value) -> [i64; 4] {
    ["sites", "received", "waiting", "refused"].map(|name| delivery[name].as_i64().unwrap())
}

#[tokio::test]
async fn next_to_my_post_stands_which_sites_have_it_and_which_is_offline_since_when() {
    let Scene { node, zeta, omega, ada, .. } = scene().await;
    zeta.inbox_answers(503);
    let id = says(&ada, "hello").await;
    assert_eq!(counts(&delivery(&ada, &id).await), [2, 0, 2, 0]);
    node.settle().await;
    let late = delivery(&ada, &id).await;
    assert_eq!(counts(&late), [2, 1, 1, 0]);
    let name = zeta.authority.clone();
    assert_eq!(late["text"], format!("1 of 2 sites have it. {name} is offline since 12:00 UTC."));
    assert_eq!((&late["late"][0]["domain"], &late["late"][0]["state"]), (&json!(name), &json!("offline")));
    assert!(late["late"][0]["next_try"].as_str().unwrap() > node.clock.now().rfc3339().as_str());
    // What only staff may know is not told.
    assert!(!late.to_string().contains("503"), "{late}");
    zeta.inbox_answers(202);
    node.clock.advance(20_000);
    node.settle().await;
    let done = delivery(&ada, &id).await;
    assert_eq!((counts(&done), &done["text"]), ([2, 2, 0, 0], &json!("2 of 2 sites have it.")));
    assert_eq!(done["late"], json!([]));
    assert_eq!((zeta.inbox().len(), omega.inbox().len()), (2, 1), "asked again once, told once");
}

#[tokio::test]
async fn only_the_author_reads_where_a_post_is() {
    let Scene { node, ada, boss, .. } = scene().await;
    let id = says(&ada, "hello").await;
    let path = format!("/api/watercooler/v1/statuses/{id}/delivery");
    assert_eq!(boss.get(&path).await.status, 404);
    assert_eq!(Client::anonymous(&node).get(&path).await.status, 401);
    assert_eq!(ada.get("/api/watercooler/v1/statuses/1/delivery").await.status, 404);
    let alone = node.member("hermit").await;
    let id = says(&alone, "nobody follows me").await;
    let told = delivery(&alone, &id).await;
    assert_eq!((counts(&told), &told["text"]), ([0; 4], &json!("It went to no other site.")));
}

#[tokio::test]
async fn a_refusal_is_shown_until_it_is_tried_again() {
    let Scene { node, zeta, ada, .. } = scene().await;
    zeta.inbox_answers(403);
    let id = says(&ada, "hello").await;
    node.settle().await;
    let refused = delivery(&ada, &id).await;
    assert_eq!(counts(&refused), [2, 1, 0, 1]);
    assert!(refused["text"].as_str().unwrap().ends_with("will not get it."), "{refused}");
    zeta.inbox_answers(202);
    deliver::retry(&node.app, None).await.unwrap();
    assert_eq!(counts(&delivery(&ada, &id).await), [2, 1, 1, 0]);
    node.settle().await;
    assert_eq!(counts(&delivery(&ada, &id).await), [2, 2, 0, 0]);
}

#[tokio::test]
async fn a_server_that_is_silent_for_a_week_does_not_have_the_post() {
    let Scene { node, zeta, ada, .. } = scene().await;
    zeta.inbox_answers(503);
    let id = says(&ada, "hello").await;
    for _ in 0..17 {
        node.settle().await;
        node.clock.advance(12 * 3_600_000);
    }
    node.settle().await;
    assert_eq!(counts(&delivery(&ada, &id).await), [2, 1, 0, 1]);
    let second = says(&ada, "again").await;
    node.clock.advance(25 * 3_600_000);
    node.settle().await;
    assert_eq!(counts(&delivery(&ada, &second).await), [2, 1, 0, 1], "not even asked any more");
}

#[tokio::test]
async fn an_edit_that_mentions_somebody_new_brings_their_site() {
    let Scene { node, zoe, .. } = scene().await;
    let bob = node.member("bob").await;
    let id = says(&bob, "draft").await;
    assert_eq!(counts(&delivery(&bob, &id).await), [0; 4]);
    let text = format!("for @{}", zoe.handle);
    bob.put(&format!("/api/v1/statuses/{id}"), json!({ "status": text })).await.ok();
    assert_eq!(counts(&delivery(&bob, &id).await), [1, 0, 1, 0]);
    node.settle().await;
    bob.put(&format!("/api/v1/statuses/{id}"), json!({ "status": format!("{text}!") })).await.ok();
    node.settle().await;
    assert_eq!(counts(&delivery(&bob, &id).await), [1, 1, 0, 0]);
}

#[tokio::test]
async fn staff_sees_how_late_each_server_is_and_why() {
    let Scene { node, zeta, omega, ada, boss, .. } = scene().await;
    let path = "/api/watercooler/v1/admin/peers";
    assert_eq!(ada.get(path).await.status, 403);
    zeta.inbox_answers(503);
    says(&ada, "hello").await;
    node.settle().await;
    node.clock.advance(10_000);
    let list = boss.get(path).await.ok();
    let of = |authority: &str| list.as_array().unwrap().iter().find(|peer| peer["domain"] == authority).cloned();
    let late = of(&zeta.authority).unwrap();
    assert_eq!(list[0], late, "trouble comes first");
    assert_eq!((&late["state"], &late["waiting"], &late["lag_seconds"]), (&json!("offline"), &json!(1), &json!(10)));
    assert_eq!((&late["why"], &late["failures"]), (&json!("answered 503"), &json!(1)));
    assert_eq!(late["failing_since"], "2026-11-23T12:00:00.000Z");
    assert!(late["next_try"].is_string() && late["last_success"].is_null(), "{late}");
    // A server that is well has a last success once it was written down, and before.
    assert!(of(&omega.authority).is_none() || of(&omega.authority).unwrap()["state"] == "fine");
    zeta.inbox_answers(202);
    node.clock.advance(10_000);
    node.settle().await;
    let list = boss.get(path).await.ok();
    let well = list.as_array().unwrap().iter().find(|peer| peer["domain"] == zeta.authority.as_str()).unwrap();
    assert_eq!((&well["state"], &well["waiting"]), (&json!("fine"), &json!(0)));
    assert_eq!(well["last_success"], node.clock.now().rfc3339());
}

#[tokio::test]
async fn the_ledger_is_kept_for_ninety_days() {
    let Scene { node, ada, .. } = scene().await;
    let id = says(&ada, "hello").await;
    node.settle().await;
    let sweep = |days| node.app.write(move |tx| store::sweep::chunk(tx.conn, tx.now.plus_days(days)));
    sweep(89).await.unwrap();
    assert_eq!(counts(&delivery(&ada, &id).await), [2, 2, 0, 0]);
    sweep(93).await.unwrap();
    node.clock.advance(93 * 86_400_000);
    let told = delivery(&ada, &id).await;
    assert_eq!((counts(&told), &told["text"]), ([0; 4], &json!("What became of a post is known for 90 days.")));
}
