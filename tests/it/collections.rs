//! Collections of people.

use crate::support::{Client, Node, schema::Schema};
use serde_json::{Value, json};

async fn findable(node: &Node, name: &str) -> Client {
    let who = node.member(name).await;
    who.patch("/api/v1/accounts/update_credentials", json!({"discoverable": true})).await.ok();
    who
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap_or_else(|| panic!("no id: {value}"))
}

async fn make(who: &Client, body: Value) -> Value {
    who.post("/api/v1/collections", body).await.ok()["collection"].clone()
}

#[tokio::test]
async fn a_collection_is_made_read_changed_and_removed() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let (ada, bob, carl) = (findable(&node, "ada").await, findable(&node, "bob").await, findable(&node, "carl").await);
    let body = json!({
        "name": "Torque people", "description": "a < b", "language": "de", "tag_name": "#Torque", "account_ids": [bob.id],
    });
    let made = make(&ada, body).await;
    schema.assert("Collection", &made);
    assert_eq!((&made["name"], &made["description"]), (&json!("Torque people"), &json!("a &lt; b")));
    assert_eq!((&made["tag"]["name"], &made["item_count"]), (&json!("torque"), &json!(1)));
    assert_eq!((&made["items"][0]["account_id"], &made["items"][0]["state"]), (&json!(bob.id), &json!("accepted")));
    let path = format!("/api/v1/collections/{}", id(&made));
    let added = ada.post(&format!("{path}/items"), json!({"account_id": carl.id})).await.ok();
    schema.assert("CollectionItem", &added["collection_item"]);
    // Apps show who recommends whom with small pictures.
    let told = ada.get(&format!("/api/v1/accounts/{}/collections", ada.id)).await.ok();
    let pictured: Vec<&str> = told["partial_accounts"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(pictured, [ada.id.as_str(), bob.id.as_str(), carl.id.as_str()]);
    let read = Client::anonymous(&node).get(&path).await.ok();
    schema.assert("CollectionWithAccounts", &read);
    let people: Vec<&str> = read["accounts"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(people, [bob.id.as_str(), carl.id.as_str()]);
    let changed = ada.patch(&path, json!({"name": "Others", "language": "", "sensitive": true})).await.ok();
    let changed = &changed["collection"];
    assert_eq!((&changed["name"], &changed["language"]), (&json!("Others"), &Value::Null));
    assert_eq!((&changed["sensitive"], &changed["tag"]["name"]), (&json!(true), &json!("torque")));
    let item = format!("{path}/items/{}", id(&added["collection_item"]));
    assert_eq!(ada.delete(&item).await.ok(), json!({}));
    assert_eq!(ada.delete(&item).await.status, 404);
    assert_eq!(bob.get(&path).await.ok()["collection"]["item_count"], 1);
    assert_eq!(ada.delete(&path).await.ok(), json!({}));
    assert_eq!(ada.get(&path).await.status, 404);
}

#[tokio::test]
async fn nobody_is_put_into_a_collection_who_does_not_want_it() {
    let node = Node::start().await;
    let (ada, bob) = (findable(&node, "ada").await, findable(&node, "bob").await);
    let shy = node.member("shy").await;
    shy.patch("/api/v1/accounts/update_credentials", json!({"discoverable": false})).await.ok();
    let approval =
        async |who: &Client| ada.get(&format!("/api/v1/accounts/{}", who.id)).await.ok()["feature_approval"].clone();
    assert_eq!(approval(&shy).await, json!({"automatic": [], "manual": [], "current_user": "denied"}));
    assert_eq!(approval(&bob).await["current_user"], "automatic");
    let made = make(&ada, json!({"name": "x"})).await;
    let (path, items) =
        (format!("/api/v1/collections/{}", id(&made)), format!("/api/v1/collections/{}/items", id(&made)));
    assert_eq!(ada.post(&items, json!({"account_id": shy.id})).await.status, 403);
    assert_eq!(ada.post(&items, json!({"account_id": "1"})).await.status, 404);
    assert_eq!(ada.post(&items, json!({})).await.status, 422);
    let first = ada.post(&items, json!({"account_id": bob.id})).await.ok()["collection_item"].clone();
    assert_eq!(ada.post(&items, json!({"account_id": bob.id})).await.status, 422);
    // Somebody else's collection, and somebody else's place in it.
    assert_eq!(shy.post(&items, json!({"account_id": bob.id})).await.status, 403);
    assert_eq!(shy.patch(&path, json!({"name": "mine"})).await.status, 403);
    assert_eq!(shy.delete(&path).await.status, 403);
    let revoke = format!("{items}/{}/revoke", id(&first));
    assert_eq!(shy.post(&revoke, json!({})).await.status, 403);
    // Who is in one takes themselves out, and stays out.
    let inside = bob.get(&format!("/api/v1/accounts/{}/in_collections", bob.id)).await.ok();
    assert_eq!(id(&inside["collections"][0]), id(&made));
    assert_eq!(bob.post(&revoke, json!({})).await.ok(), json!({}));
    assert_eq!(ada.get(&path).await.ok()["collection"]["item_count"], 0);
    assert_eq!(ada.delete(&format!("{items}/{}", id(&first))).await.status, 200);
    assert_eq!(ada.post(&items, json!({"account_id": bob.id})).await.status, 422);
    assert_eq!(bob.get(&format!("/api/v1/accounts/{}/in_collections", bob.id)).await.ok()["collections"], json!([]));
    assert_eq!(ada.get(&format!("/api/v1/accounts/{}/in_collections", bob.id)).await.status, 403);
    // Who does not want to be found any more is not shown.
    let carl = findable(&node, "carl").await;
    ada.post(&items, json!({"account_id": carl.id})).await.ok();
    for (found, shown) in [(false, 0), (true, 1)] {
        carl.patch("/api/v1/accounts/update_credentials", json!({"discoverable": found})).await.ok();
        assert_eq!(ada.get(&path).await.ok()["collection"]["item_count"], shown);
    }
    // A block.
    bob.post(&format!("/api/v1/accounts/{}/block", carl.id), json!({})).await.ok();
    assert_eq!(bob.get(&path).await.ok()["collection"]["item_count"], 0);
    bob.post(&format!("/api/v1/accounts/{}/block", ada.id), json!({})).await.ok();
    assert_eq!(ada.get(&format!("/api/v1/accounts/{}/collections", bob.id)).await.ok()["collections"], json!([]));
}

#[tokio::test]
async fn collections_have_limits_and_hidden_ones_are_listed_for_their_owner_only() {
    let node = Node::start().await;
    let (ada, bob) = (findable(&node, "ada").await, findable(&node, "bob").await);
    for body in [
        json!({}),
        json!({"name": " "}),
        json!({"name": "x".repeat(41)}),
        json!({"name": "x", "description": "x".repeat(101)}),
        json!({"name": "x", "language": "gibberish"}),
        json!({"name": "x", "tag_name": "not a tag"}),
    ] {
        assert_eq!(ada.post("/api/v1/collections", body.clone()).await.status, 422, "{body}");
    }
    make(&ada, json!({"name": "hidden", "discoverable": false})).await;
    for n in 1..10 {
        make(&ada, json!({"name": format!("number {n}")})).await;
    }
    assert_eq!(ada.post("/api/v1/collections", json!({"name": "one too many"})).await.status, 422);
    let path = format!("/api/v1/accounts/{}/collections", ada.id);
    let names = async |who: &Client, query: &str| -> Vec<String> {
        let list = who.get(&format!("{path}{query}")).await.ok();
        list["collections"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&ada, "").await.len(), 10);
    assert_eq!(names(&bob, "").await.len(), 9);
    assert_eq!(names(&bob, "?limit=2&offset=1").await, ["number 8", "number 7"]);
    // Pages lead on by their offset, as far as there is more.
    for (query, offsets) in [("limit=4", &[4][..]), ("limit=4&offset=4", &[8, 0][..]), ("limit=4&offset=8", &[4][..])] {
        let page = bob.get(&format!("{path}?{query}")).await;
        let link = page.header("link").to_owned();
        assert_eq!(link.matches("rel=").count(), offsets.len(), "{query}: {link}");
        for offset in offsets {
            assert!(link.contains(&format!("{path}?limit=4&offset={offset}>")), "{query}: {link}");
        }
    }
    assert_eq!(bob.get(&path).await.header("link"), "");
    assert_eq!(bob.get(&format!("{path}?offset=-1")).await.status, 400);
    // A collection is full at some point.
    assert_eq!(ada.post("/api/v1/collections/1/items", json!({})).await.status, 422, "who?");
    let made = ada.get(&path).await.ok()["collections"][0].clone();
    let items = format!("/api/v1/collections/{}/items", id(&made));
    for n in 0..25 {
        let one = findable(&node, &format!("p{n}")).await;
        ada.post(&items, json!({"account_id": one.id})).await.ok();
    }
    assert_eq!(ada.post(&items, json!({"account_id": bob.id})).await.status, 422);
}

#[tokio::test]
async fn a_post_shows_the_collections_that_it_links_to_to_those_who_may_see_them() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let (ada, bob, eve) = (findable(&node, "ada").await, findable(&node, "bob").await, findable(&node, "eve").await);
    let made = make(&ada, json!({"name": "Torque people", "account_ids": [bob.id, eve.id]})).await;
    let hidden = make(&ada, json!({"name": "Others", "discoverable": false})).await;
    let (page, document) = (made["url"].as_str().unwrap(), hidden["uri"].as_str().unwrap());
    let text = format!("see {page} and {document}, not #collection-{}", id(&made));
    let post = bob.post("/api/v1/statuses", json!({"status": text})).await.ok();
    schema.assert("Status", &post);
    let names = |post: &Value| -> Vec<String> {
        let all = post["tagged_collections"].as_array().unwrap();
        all.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&post), ["Torque people", "Others"]);
    assert_eq!(post["tagged_collections"][0], made);
    let path = format!("/api/v1/statuses/{}", id(&post));
    assert_eq!(names(&Client::anonymous(&node).get(&path).await.ok()), ["Torque people", "Others"]);
    // The number alone is no link.
    let other = bob.post("/api/v1/statuses", json!({"status": format!("#collection-{}", id(&made))})).await.ok();
    assert_eq!(names(&other), Vec::<String>::new());
    // Whom its owner blocks is not shown it, and whoever is blocked is not in it.
    ada.post(&format!("/api/v1/accounts/{}/block", eve.id), json!({})).await.ok();
    assert_eq!(names(&eve.get(&path).await.ok()), Vec::<String>::new());
    let seen = ada.get(&path).await.ok();
    assert_eq!(seen["tagged_collections"][0]["item_count"], 1);
    ada.delete(&format!("/api/v1/collections/{}", id(&made))).await.ok();
    assert_eq!(names(&bob.get(&path).await.ok()), ["Others"]);
}

#[tokio::test]
async fn collections_are_also_where_they_were_tried_out_and_that_says_it_is_over() {
    let node = Node::start().await;
    let (ada, bob) = (findable(&node, "ada").await, findable(&node, "bob").await);
    // Not in the table of what clients call today.
    let old = ada.unchecked();
    let made = old.post("/api/v1_alpha/collections", json!({"name": "Torque people", "account_ids": [bob.id]})).await;
    assert_eq!(made.header("deprecation"), "@1780963200");
    let made = made.ok()["collection"].clone();
    let number = id(&made).to_owned();
    for path in [
        format!("collections/{number}"),
        format!("collections/{number}/"),
        format!("accounts/{}/collections?limit=1&offset=0", ada.id),
        format!("accounts/{}/in_collections", bob.id),
    ] {
        let who = if path.contains("/in_") { &bob.unchecked() } else { &old };
        let (before, now) =
            (who.get(&format!("/api/v1_alpha/{path}")).await, who.get(&format!("/api/v1/{path}")).await);
        assert_eq!(before.header("deprecation"), "@1780963200", "{path}");
        assert_eq!(now.header("deprecation"), "", "{path}");
        assert_eq!(before.ok(), now.ok(), "{path}");
    }
    let changed = old.patch(&format!("/api/v1_alpha/collections/{number}"), json!({"name": "Others"})).await.ok();
    assert_eq!(changed["collection"]["name"], "Others");
    let item = made["items"][0]["id"].as_str().unwrap();
    let revoke = format!("/api/v1_alpha/collections/{number}/items/{item}/revoke");
    assert_eq!(bob.unchecked().post(&revoke, json!({})).await.status, 200);
    let items = format!("/api/v1_alpha/collections/{number}/items");
    let refused = old.post(&items, json!({"account_id": "12345"})).await;
    assert_eq!((refused.status, refused.header("deprecation")), (404, "@1780963200"), "refusals say so too");
    old.delete(&format!("/api/v1_alpha/collections/{number}")).await.ok();
    assert_eq!(ada.get(&format!("/api/v1/collections/{number}")).await.status, 404);
    // Nothing else was ever there.
    for path in ["statuses/1", "accounts/verify_credentials", "accounts/1/followers", "instance", "async_refreshes/1"] {
        let reply = old.get(&format!("/api/v1_alpha/{path}")).await;
        assert_eq!((reply.status, reply.header("deprecation")), (404, ""), "{path}");
    }
}
