//! Who is told of collections, and reports that name them.

use crate::support::{Client, Node, Scene};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};
use watercooler::{id::Id, model};

const API: &str = "/api/v1/collections";

async fn findable(node: &Node, name: &str) -> Client {
    let who = node.member(name).await;
    who.patch("/api/v1/accounts/update_credentials", json!({"discoverable": true})).await.ok();
    who
}

/// Makes a collection with these people in it; answers its id.
async fn collect(owner: &Client, name: &str, people: &[&Client]) -> String {
    let people: Vec<&str> = people.iter().map(|who| who.id.as_str()).collect();
    let made = owner.post(API, json!({"name": name, "account_ids": people})).await.ok();
    made["collection"]["id"].as_str().unwrap().to_owned()
}

/// Kinds and collections of somebody's notifications, the newest first.
async fn told(who: &Client, query: &str) -> Vec<(String, String)> {
    let list = who.get(&format!("/api/v1/notifications{query}")).await.ok();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list.as_array().unwrap().iter().map(|n| (text(&n["type"]), text(&n["collection"]["id"]))).collect()
}

fn added(collection: &str) -> (String, String) {
    ("added_to_collection".into(), collection.to_owned())
}

fn updated(collection: &str) -> (String, String) {
    ("collection_update".into(), collection.to_owned())
}

#[tokio::test]
async fn whoever_is_put_into_a_collection_is_told_until_they_are_not_in_it() {
    let node = Node::start().await;
    let (ada, bob) = (findable(&node, "ada").await, findable(&node, "bob").await);
    let first = collect(&ada, "Torque people", &[&bob, &ada]).await;
    let second = collect(&ada, "Others", &[&bob]).await;
    assert_eq!(told(&bob, "").await, [added(&second), added(&first)]);
    assert!(told(&ada, "").await.is_empty(), "nobody is told of themselves");
    let news = bob.get("/api/v1/notifications").await.ok()[1].clone();
    assert_eq!((&news["account"]["id"], &news["collection"]["name"]), (&json!(ada.id), &json!("Torque people")));
    assert_eq!((&news["collection"]["account_id"], &news["collection"]["item_count"]), (&json!(ada.id), &json!(2)));
    assert!(news.get("status").is_none() && news.get("fallback").is_none());
    let alone = bob.get(&format!("/api/v1/notifications/{}", news["id"].as_str().unwrap())).await.ok();
    assert_eq!(alone, news);
    // Grouped ones say it too.
    let groups = bob.get("/api/v2/notifications?grouped_types[]=added_to_collection").await.ok();
    let groups = groups["notification_groups"].as_array().unwrap().clone();
    assert_eq!(groups.len(), 2, "each is a group of its own");
    assert_eq!((&groups[1]["type"], &groups[1]["collection"]), (&news["type"], &news["collection"]));
    assert_eq!(groups[1]["group_key"], news["group_key"]);
    // Filters, and words for apps that do not know the kind.
    for (query, n) in [
        ("?types[]=added_to_collection", 2),
        ("?types[]=mention", 0),
        ("?exclude_types[]=added_to_collection", 0),
        ("?exclude_types[]=mention", 2),
    ] {
        assert_eq!(told(&bob, query).await.len(), n, "{query}");
    }
    let words = bob.get("/api/v1/notifications?supported_types[]=mention").await.ok()[0]["fallback"]["title"].clone();
    assert_eq!(words, "ada put you into a collection");
    let known = bob.get("/api/v1/notifications?supported_types[]=added_to_collection").await.ok();
    assert!(known[0].get("fallback").is_none());
    // Taken out by the owner, and by oneself.
    let item = |collection: &str| {
        let path = format!("{API}/{collection}");
        let (bob, ada) = (bob.id.clone(), ada.clone());
        async move {
            let items = ada.get(&path).await.ok()["collection"]["items"].clone();
            let items = items.as_array().unwrap().clone();
            let id = items.iter().find(|item| item["account_id"] == bob.as_str()).unwrap()["id"].clone();
            format!("{path}/items/{}", id.as_str().unwrap())
        }
    };
    ada.delete(&item(&first).await).await.ok();
    assert_eq!(told(&bob, "").await, [added(&second)]);
    bob.post(&format!("{}/revoke", item(&second).await), json!({})).await.ok();
    assert!(told(&bob, "").await.is_empty());
    // Put in again, and the collection is gone.
    ada.post(&format!("{API}/{first}/items"), json!({"account_id": bob.id})).await.ok();
    assert_eq!(told(&bob, "").await, [added(&first)]);
    ada.delete(&format!("{API}/{first}")).await.ok();
    assert!(told(&bob, "").await.is_empty());
}

#[tokio::test]
async fn those_in_a_collection_are_told_once_of_its_new_name_and_not_of_the_rest() {
    let node = Node::start().await;
    let (ada, bob) = (findable(&node, "ada").await, findable(&node, "bob").await);
    let id = collect(&ada, "Torque people", &[&bob, &ada]).await;
    let path = format!("{API}/{id}");
    ada.patch(&path, json!({"name": "Torque people", "sensitive": true, "tag_name": "torque"})).await.ok();
    assert_eq!(told(&bob, "").await, [added(&id)]);
    for change in [json!({"name": "Fools"}), json!({"description": "all of them"})] {
        ada.patch(&path, change).await.ok();
        assert_eq!(told(&bob, "").await, [updated(&id), added(&id)]);
    }
    assert_eq!(bob.get("/api/v1/notifications").await.ok()[0]["collection"]["name"], "Fools");
    assert!(told(&ada, "").await.is_empty());
    // Who went does not hear of it.
    let item = bob.get(&path).await.ok()["collection"]["items"][0]["id"].clone();
    bob.post(&format!("{path}/items/{}/revoke", item.as_str().unwrap()), json!({})).await.ok();
    ada.patch(&path, json!({"name": "Others"})).await.ok();
    assert!(told(&bob, "").await.is_empty());
}

#[tokio::test]
async fn being_put_into_a_collection_by_strangers_waits_where_their_reader_wants_that() {
    let node = Node::start().await;
    let (ada, bob) = (findable(&node, "ada").await, findable(&node, "bob").await);
    bob.patch("/api/v2/notifications/policy", json!({"for_not_following": "filter"})).await.ok();
    let id = collect(&ada, "Torque people", &[&bob]).await;
    assert!(told(&bob, "").await.is_empty());
    assert_eq!(told(&bob, "?include_filtered=true").await, [added(&id)]);
    bob.patch("/api/v2/notifications/policy", json!({"for_not_following": "drop"})).await.ok();
    collect(&ada, "Others", &[&bob]).await;
    assert_eq!(told(&bob, "?include_filtered=true").await, [added(&id)]);
    // What one is in is one's business.
    ada.patch(&format!("{API}/{id}"), json!({"name": "Fools"})).await.ok();
    assert_eq!(told(&bob, "").await, [updated(&id)]);
    // A mute takes all of it away.
    bob.post(&format!("/api/v1/accounts/{}/mute", ada.id), json!({})).await.ok();
    assert!(told(&bob, "?include_filtered=true").await.is_empty());
}

#[tokio::test]
async fn an_open_app_hears_of_it_at_once() {
    let node = Node::start().await;
    let (ada, bob) = (findable(&node, "ada").await, findable(&node, "bob").await);
    let token = bob.token.clone().unwrap();
    let address = format!("ws://{}/api/v1/streaming?stream=user:notification&access_token={token}", node.address);
    let (mut socket, _) = connect_async(address.as_str()).await.unwrap();
    let id = collect(&ada, "Torque people", &[&bob]).await;
    let frame: Value = loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            break serde_json::from_str(&text).unwrap();
        }
    };
    let payload: Value = serde_json::from_str(frame["payload"].as_str().unwrap()).unwrap();
    assert_eq!(frame["event"], "notification");
    assert_eq!((&payload["type"], &payload["collection"]["id"]), (&json!("added_to_collection"), &json!(id)));
    assert_eq!(payload, bob.get("/api/v1/notifications").await.ok()[0]);
}

#[tokio::test]
async fn a_report_names_collections_of_the_reported_and_staff_sees_those_that_are_there() {
    let node = Node::start().await;
    let (ada, bob) = (findable(&node, "ada").await, findable(&node, "bob").await);
    let boss = node.person("boss", "read write admin:read admin:write").await;
    let staff: Id<model::Account> = boss.id.parse().unwrap();
    let raise = |tx: &mut watercooler::domain::Tx<'_>, id| {
        watercooler::store::users::set_role(tx.conn, id, watercooler::model::Role::Moderator)
    };
    node.app.write(move |tx| raise(tx, staff)).await.unwrap();
    let (rude, other) = (collect(&bob, "Fools", &[&ada]).await, collect(&bob, "More fools", &[]).await);
    let own = collect(&ada, "Mine", &[]).await;
    let body = json!({"account_id": bob.id, "collection_ids": [other, rude, own, "12345"], "comment": "rude"});
    let report = ada.post("/api/v1/reports", body).await.ok();
    assert_eq!(report["collection_ids"], json!([rude, other]), "only collections of the reported account");
    assert_eq!(report["status_ids"], json!([]));
    let news = boss.get("/api/v1/notifications?types[]=admin.report").await.ok()[0].clone();
    assert_eq!(news["report"]["collection_ids"], json!([rude, other]));
    let path = format!("/api/v1/admin/reports/{}", report["id"].as_str().unwrap());
    let names = async || -> Vec<String> {
        let seen = boss.get(&path).await.ok();
        seen["collections"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names().await, ["Fools", "More fools"]);
    bob.delete(&format!("{API}/{other}")).await.ok();
    assert_eq!(names().await, ["Fools"]);
    assert_eq!(boss.get("/api/v1/admin/reports").await.ok()[0]["collections"][0]["item_count"], 1);
    let plain = ada.post("/api/v1/reports", json!({"account_id": bob.id})).await.ok();
    assert_eq!(plain["collection_ids"], json!([]));
}

#[tokio::test]
async fn fed_mod_04_a_report_from_elsewhere_names_collections() {
    let s = Scene::new().await;
    let (rude, other) = (collect(&s.bob, "Fools", &[]).await, collect(&s.bob, "More fools", &[]).await);
    let id = |number: &str| s.node.url(&format!("/users/bob/featured_collections/{number}"));
    assert_eq!(s.sends(&s.ada, &s.ada.activity("Flag", json!([id(&rude), id("12345")]))).await, 202);
    let named = async || -> Vec<model::Report> {
        let sql = "select r.* from reports r";
        s.node.app.read(move |conn| watercooler::db::Sql::new(sql).load(conn)).await.unwrap()
    };
    let reports = named().await;
    assert_eq!(reports.len(), 1, "its owner is reported, though not named");
    assert_eq!(
        (reports[0].target_id.to_string(), &reports[0].collection_ids),
        (s.bob.id.clone(), &format!("[{rude}]"))
    );
    // What one sender says within a day is one report.
    let place = s.node.url(&format!("/@bob#collection-{other}"));
    assert_eq!(s.sends(&s.ada, &s.ada.activity("Flag", json!([s.uri(&s.bob), place]))).await, 202);
    let reports = named().await;
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].collection_ids, format!("[{rude},{other}]"));
}
