//! Collections of people between servers (FEP-7aa9, COLL-06): shown, asked for, agreed to, taken back.

use crate::support::{Client, Node, PUBLIC, Scene, Sender, settle};
use serde_json::{Value, json};
use watercooler::{db::Sql, domain::Tx};

async fn findable(who: &Client, yes: bool) {
    who.patch("/api/v1/accounts/update_credentials", json!({"discoverable": yes})).await.ok();
}

async fn make(who: &Client, body: Value) -> Value {
    who.post("/api/v1/collections", body).await.ok()["collection"].clone()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key}: {value}"))
}

/// The path of an address of this node.
fn path<'u>(node: &Node, url: &'u str) -> &'u str {
    url.strip_prefix(&node.url("")).unwrap_or_else(|| panic!("{url}"))
}

fn arrived(who: &Sender, kind: &str) -> Vec<Value> {
    who.peer.inbox().into_iter().filter(|activity| activity["type"] == kind).collect()
}

/// What lets somebody of another server be in a collection, served where it says; as Mastodon writes it, which names them once.
fn stamp(who: &Sender, name: &str, collection: &Value) -> String {
    let id = format!("{}/stamps/{name}", who.id);
    let document = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": "FeatureAuthorization",
        "interactingObject": collection, "interactionTarget": who.id,
    });
    who.peer.serve(id.strip_prefix(&who.peer.url("")).unwrap(), document);
    id
}

#[tokio::test]
async fn fed_coll_06_a_collection_is_served_and_followers_hear_what_becomes_of_it() {
    let s = Scene::new().await;
    s.sends(&s.vera, &s.vera.activity("Follow", s.uri(&s.bob))).await;
    findable(&s.carol, true).await;
    s.node.settle().await;
    let anybody = Client::anonymous(&s.node);
    let actor = anybody.get_activity("/users/carol").await.ok();
    assert_eq!(actor["interactionPolicy"]["canFeature"]["automaticApproval"], json!([PUBLIC]));
    let all = text(&actor, "featuredCollections").replace("/carol/", "/bob/");
    s.west.forget();
    let body = json!({"name": "Welders", "description": "who can", "language": "en", "tag_name": "welding"});
    let made = make(&s.bob, body).await;
    let items = format!("/api/v1/collections/{}/items", text(&made, "id"));
    s.bob.post(&items, json!({"account_id": s.carol.id})).await.ok();
    make(&s.bob, json!({"name": "hidden", "discoverable": false})).await;
    s.node.settle().await;

    let uri = text(&made, "uri");
    let list = anybody.get_activity(path(&s.node, &all)).await.ok();
    assert_eq!((&list["totalItems"], &list["orderedItems"]), (&json!(1), &json!([uri])));
    let collection = anybody.get_activity(path(&s.node, uri)).await.ok();
    assert_eq!((&collection["type"], &collection["id"]), (&json!("FeaturedCollection"), &json!(uri)));
    assert_eq!((&collection["name"], &collection["summaryMap"]), (&json!("Welders"), &json!({"en": "who can"})));
    assert_eq!(
        (&collection["attributedTo"], &collection["topic"]["name"]),
        (&json!(s.uri(&s.bob)), &json!("#welding"))
    );
    let item = &collection["orderedItems"][0];
    assert_eq!((&item["featuredObject"], &item["featuredObjectType"]), (&json!(s.uri(&s.carol)), &json!("Person")));
    let stamp = path(&s.node, text(item, "featureAuthorization"));
    let authorization = anybody.get_activity(stamp).await.ok();
    assert_eq!(authorization["type"], "FeatureAuthorization");
    for (key, is) in
        [("interactingObject", uri), ("interactionTarget", &s.uri(&s.carol)), ("attributedTo", &s.uri(&s.carol))]
    {
        assert_eq!(authorization[key], json!(is), "{key}");
    }
    let [first, second] = &arrived(&s.vera, "Add")[..] else { panic!("{:?}", s.west.inbox()) };
    assert_eq!((&first["object"]["type"], &first["target"]), (&json!("FeaturedCollection"), &json!(all)));
    assert_eq!((&second["object"]["featuredObject"], &second["target"]), (&item["featuredObject"], &json!(uri)));

    // She takes herself out; it changes; it goes.
    let mine = s.carol.get(&format!("/api/v1/accounts/{}/in_collections", s.carol.id)).await.ok();
    let place = text(&mine["collections"][0]["items"][0], "id").to_owned();
    s.carol.post(&format!("{items}/{place}/revoke"), json!({})).await.ok();
    let own = format!("/api/v1/collections/{}", text(&made, "id"));
    s.bob.patch(&own, json!({"name": "Solderers"})).await.ok();
    s.bob.delete(&own).await.ok();
    s.node.settle().await;
    assert_eq!(anybody.get_activity(stamp).await.status, 404);
    assert_eq!(anybody.get_activity(path(&s.node, uri)).await.status, 404);
    let removed: Vec<Value> = arrived(&s.vera, "Remove").iter().map(|it| it["object"].clone()).collect();
    assert_eq!(removed, [item["id"].clone(), json!(uri)]);
    let updates = arrived(&s.vera, "Update");
    assert!(
        updates.iter().any(|it| it["object"]["name"] == "Solderers" && it["object"]["totalItems"] == 0),
        "{updates:?}"
    );
}

#[tokio::test]
async fn fed_coll_06_somebody_of_another_server_is_asked_and_is_in_it_once_they_agree() {
    let (alpha, beta) = Node::two().await;
    let (ada, bob, shy) = (alpha.member("ada").await, beta.member("bob").await, beta.member("shy").await);
    findable(&bob, true).await;
    findable(&shy, true).await;
    settle(&[&alpha, &beta]).await;
    let found = async |name: &str| {
        let search = format!("/api/v2/search?resolve=true&type=accounts&q=@{}", beta.handle(name));
        ada.get(&search).await.ok()["accounts"][0].clone()
    };
    let (known, quiet) = (found("bob").await, found("shy").await);
    assert_eq!(known["feature_approval"]["current_user"], "manual");
    // What ada's server knows is not the newest any more.
    findable(&shy, false).await;
    let made = make(&ada, json!({"name": "Far and wide"})).await;
    let own = format!("/api/v1/collections/{}", text(&made, "id"));
    for account in [&known, &quiet] {
        let put = ada.post(&format!("{own}/items"), json!({"account_id": account["id"]})).await.ok();
        assert_eq!(put["collection_item"]["state"], "pending");
    }
    assert_eq!(ada.get(&own).await.ok()["collection"]["item_count"], 0);
    settle(&[&alpha, &beta]).await;
    let shown = ada.get(&own).await.ok();
    assert_eq!((&shown["accounts"][0]["id"], &shown["collection"]["item_count"]), (&known["id"], &json!(1)));
    let anybody = Client::anonymous(&alpha);
    let collection = anybody.get_activity(path(&alpha, text(&made, "uri"))).await.ok();
    let [item] = &collection["orderedItems"].as_array().unwrap()[..] else { panic!("{collection}") };
    assert_eq!(item["featuredObject"], json!(beta.url("/users/bob")));
    let there = Client::anonymous(&beta);
    let stamp = path(&beta, text(item, "featureAuthorization")).to_owned();
    let authorization = there.get_activity(&stamp).await.ok();
    assert_eq!(authorization["interactingObject"], made["uri"]);
    // He blocks her: he is in nothing of hers any more, and cannot be put in again.
    let search = format!("/api/v2/search?resolve=true&type=accounts&q=@{}", alpha.handle("ada"));
    let her = bob.get(&search).await.ok()["accounts"][0]["id"].as_str().unwrap().to_owned();
    bob.post(&format!("/api/v1/accounts/{her}/block"), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    assert_eq!(there.get_activity(&stamp).await.status, 404);
    let left = anybody.get_activity(path(&alpha, text(&made, "uri"))).await.ok();
    assert_eq!(left["totalItems"], 0);
    assert!(ada.post(&format!("{own}/items"), json!({"account_id": known["id"]})).await.status >= 400);
}

#[tokio::test]
async fn fed_coll_06_only_who_was_asked_answers_and_requests_of_strangers_are_answered() {
    let s = Scene::new().await;
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    actor["discoverable"] = json!(true);
    s.east.serve("/users/ada", actor.clone());
    s.sends(&s.ada, &s.ada.activity("Update", actor)).await;
    let ada = s.account(&s.ada).await.id;
    let made = make(&s.bob, json!({"name": "Poets"})).await;
    let own = format!("/api/v1/collections/{}", text(&made, "id"));
    s.east.forget();
    s.bob.post(&format!("{own}/items"), json!({"account_id": ada.to_string()})).await.ok();
    s.node.settle().await;
    let [request] = &arrived(&s.ada, "FeatureRequest")[..] else { panic!("{:?}", s.east.inbox()) };
    assert_eq!((&request["object"], &request["instrument"]), (&json!(s.ada.id), &made["uri"]));
    let count = async || s.bob.get(&own).await.ok()["collection"]["item_count"].as_u64().unwrap();
    let stamp_of = |name: &str, collection: &Value| stamp(&s.ada, name, collection);
    let (other, stamp) = (stamp_of("other", &json!(s.uri(&s.bob))), stamp_of("1", &made["uri"]));
    let nowhere = format!("{}/stamps/nowhere", s.ada.id);
    let wrong = [(&s.mallory, &stamp), (&s.ada, &s.vera.id), (&s.ada, &nowhere), (&s.ada, &other)];
    for (who, result) in wrong {
        let mut accept = who.activity("Accept", request["id"].clone());
        accept["result"] = json!(result);
        s.sends(who, &accept).await;
        assert_eq!(count().await, 0);
    }
    let mut accept = s.ada.activity("Accept", request["id"].clone());
    accept["result"] = json!(stamp);
    s.sends(&s.ada, &accept).await;
    assert_eq!(count().await, 1);
    s.sends(&s.mallory, &s.mallory.activity("Delete", stamp.as_str())).await;
    assert_eq!(count().await, 1);
    s.sends(&s.ada, &s.ada.activity("Delete", stamp.as_str())).await;
    assert_eq!(count().await, 0);

    // The other way round: carol wants to be found, bob does not; nobody speaks for a collection of somebody else's server.
    findable(&s.carol, true).await;
    findable(&s.bob, false).await;
    s.east.forget();
    let asks = |whom: &Client, collection: &str| {
        let mut asked = s.ada.activity("FeatureRequest", s.uri(whom));
        asked["instrument"] = json!(collection);
        asked
    };
    let theirs = format!("{}/collections/1", s.ada.id);
    let (granted, refused) = (asks(&s.carol, &theirs), asks(&s.bob, &theirs));
    for request in [&granted, &refused, &asks(&s.carol, &format!("{}/collections/1", s.vera.id))] {
        s.sends(&s.ada, request).await;
    }
    let ([yes], [no]) = (&arrived(&s.ada, "Accept")[..], &arrived(&s.ada, "Reject")[..]) else {
        panic!("{:?}", s.east.inbox())
    };
    assert_eq!((&yes["object"], &no["object"]), (&granted["id"], &refused["id"]));
    let stamp = path(&s.node, text(yes, "result"));
    let anybody = Client::anonymous(&s.node);
    assert_eq!(anybody.get_activity(stamp).await.ok()["interactingObject"], json!(theirs));
    // It counts as long as she wants to be found.
    findable(&s.carol, false).await;
    assert_eq!(anybody.get_activity(stamp).await.status, 404);
}

#[tokio::test]
async fn fed_coll_06_a_collection_that_is_hidden_is_taken_back_and_one_that_is_shown_is_told() {
    let s = Scene::new().await;
    s.sends(&s.vera, &s.vera.activity("Follow", s.uri(&s.bob))).await;
    s.node.settle().await;
    let made = make(&s.bob, json!({"name": "Welders"})).await;
    let (uri, own) = (text(&made, "uri"), format!("/api/v1/collections/{}", text(&made, "id")));
    let becomes = async |shown: bool| {
        s.node.settle().await;
        s.west.forget();
        s.bob.patch(&own, json!({"discoverable": shown})).await.ok();
        s.node.settle().await;
        s.west.inbox()
    };
    let [remove] = &becomes(false).await[..] else { panic!("{:?}", s.west.inbox()) };
    assert_eq!((&remove["type"], &remove["object"]), (&json!("Remove"), &json!(uri)));
    let [add] = &becomes(true).await[..] else { panic!("{:?}", s.west.inbox()) };
    assert_eq!((&add["type"], &add["object"]["id"]), (&json!("Add"), &json!(uri)));
    assert_eq!(becomes(false).await.len(), 1);
    // It is away already.
    s.west.forget();
    s.bob.delete(&own).await.ok();
    s.node.settle().await;
    assert!(s.west.inbox().is_empty(), "{:?}", s.west.inbox());
}

#[tokio::test]
async fn fed_coll_06_whoever_is_asked_has_a_place() {
    let s = Scene::new().await;
    for name in ["shy", "wild"] {
        let mut actor = s.west.person(name, &s.vera.signer.key.public_pem().unwrap());
        actor["discoverable"] = json!(true);
        s.west.serve(&format!("/users/{name}"), actor);
    }
    let made = make(&s.bob, json!({"name": "Full"})).await;
    let items = format!("/api/v1/collections/{}/items", text(&made, "id"));
    let mut asked = Vec::new();
    for name in ["shy", "wild"] {
        let somebody = Sender::known(&s.west, name);
        s.meet(&somebody).await;
        asked.push(s.account(&somebody).await.id);
    }
    let all = 25;
    for number in 0..all - 1 {
        let who = s.node.member(&format!("one{number}")).await;
        findable(&who, true).await;
        s.bob.post(&items, json!({"account_id": who.id})).await.ok();
    }
    assert_eq!(s.bob.post(&items, json!({"account_id": asked[0].to_string()})).await.status, 200);
    assert_eq!(s.bob.post(&items, json!({"account_id": asked[1].to_string()})).await.status, 422);
}

#[tokio::test]
async fn fed_coll_06_who_is_listed_at_their_site_alone_is_shown_to_no_other_server() {
    let s = Scene::new().await;
    findable(&s.carol, true).await;
    let made = make(&s.bob, json!({"name": "Near", "description": "a < b"})).await;
    let own = format!("/api/v1/collections/{}", text(&made, "id"));
    s.bob.post(&format!("{own}/items"), json!({"account_id": s.carol.id})).await.ok();
    let anybody = Client::anonymous(&s.node);
    let shown = async || anybody.get_activity(path(&s.node, text(&made, "uri"))).await.ok();
    let seen = shown().await;
    // A summary is HTML, a description is text.
    assert_eq!((&seen["totalItems"], &seen["summary"]), (&json!(1), &json!("a &lt; b")));
    let stamp = path(&s.node, text(&seen["orderedItems"][0], "featureAuthorization")).to_owned();
    s.carol.patch("/api/watercooler/v1/people/me", json!({"listed": "site"})).await.ok();
    assert_eq!(shown().await["totalItems"], 0);
    assert_eq!(anybody.get_activity(&stamp).await.status, 404);
    assert_eq!(s.bob.get(&own).await.ok()["collection"]["item_count"], 1, "at her site she is");
}

#[tokio::test]
async fn fed_coll_06_who_is_blocked_takes_nobody_elses_authorisation_along() {
    let s = Scene::new().await;
    findable(&s.carol, true).await;
    let theirs = format!("{}/collections/1", s.ada.id);
    let mut stamps = Vec::new();
    for by in [&s.mallory, &s.ada] {
        s.east.forget();
        let mut asked = by.activity("FeatureRequest", s.uri(&s.carol));
        asked["instrument"] = json!(theirs);
        s.sends(by, &asked).await;
        s.node.settle().await;
        let [yes] = &arrived(by, "Accept")[..] else { panic!("{:?}", s.east.inbox()) };
        stamps.push(text(yes, "result").to_owned());
    }
    let anybody = Client::anonymous(&s.node);
    let status = async |stamp: &str| anybody.get_activity(path(&s.node, stamp)).await.status;
    assert_eq!((status(&stamps[0]).await, status(&stamps[1]).await), (200, 200));
    let mallory = s.account(&s.mallory).await.id;
    s.carol.post(&format!("/api/v1/accounts/{mallory}/block"), json!({})).await.ok();
    s.node.settle().await;
    assert_eq!((status(&stamps[0]).await, status(&stamps[1]).await), (404, 200));
}

#[tokio::test]
async fn fed_coll_06_nobody_answers_for_whoever_waits_for_approval() {
    let s = Scene::new().await;
    findable(&s.carol, true).await;
    let carol: i64 = s.carol.id.parse().unwrap();
    let waits = move |tx: &mut Tx<'_>| {
        Sql::new("update users set approved_at = null where account_id = ").bind(carol).execute(tx.conn)
    };
    s.node.app.write(waits).await.unwrap();
    let mut asked = s.ada.activity("FeatureRequest", s.uri(&s.carol));
    asked["instrument"] = json!(format!("{}/collections/1", s.ada.id));
    s.sends(&s.ada, &asked).await;
    assert!(s.east.inbox().iter().all(|activity| !["Accept", "Reject"].contains(&activity["type"].as_str().unwrap())));
}

#[tokio::test]
async fn fed_coll_06_whoever_is_taken_out_and_put_in_again_is_asked_once() {
    let s = Scene::new().await;
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    actor["discoverable"] = json!(true);
    s.east.serve("/users/ada", actor.clone());
    s.sends(&s.ada, &s.ada.activity("Update", actor)).await;
    let ada = s.account(&s.ada).await.id.to_string();
    let made = make(&s.bob, json!({"name": "Poets"})).await;
    let own = format!("/api/v1/collections/{}", text(&made, "id"));
    let put = async || {
        let put = s.bob.post(&format!("{own}/items"), json!({"account_id": ada})).await.ok()["collection_item"].clone();
        s.node.settle().await;
        (text(&put, "id").to_owned(), text(&put, "state").to_owned())
    };
    let count = async || s.bob.get(&own).await.ok()["collection"]["item_count"].as_u64().unwrap();
    s.east.forget();
    for _ in 0..3 {
        let (item, state) = put().await;
        assert_eq!(state, "pending");
        assert_eq!(s.bob.delete(&format!("{own}/items/{item}")).await.status, 200);
        assert_eq!(s.bob.delete(&format!("{own}/items/{item}")).await.status, 404, "she is out already");
        s.node.settle().await;
    }
    let [request] = &arrived(&s.ada, "FeatureRequest")[..] else { panic!("{:?}", s.east.inbox()) };
    // What she answers meanwhile counts once she is in it again.
    let mut accept = s.ada.activity("Accept", request["id"].clone());
    accept["result"] = json!(stamp(&s.ada, "1", &made["uri"]));
    s.sends(&s.ada, &accept).await;
    assert_eq!(count().await, 0);
    let (item, state) = put().await;
    assert_eq!((state.as_str(), count().await), ("accepted", 1));
    // What she takes back while she is out is taken back for good.
    s.bob.delete(&format!("{own}/items/{item}")).await.ok();
    s.sends(&s.ada, &s.ada.activity("Delete", accept["result"].clone())).await;
    assert_eq!(s.bob.post(&format!("{own}/items"), json!({"account_id": ada})).await.status, 422);
    assert_eq!((count().await, arrived(&s.ada, "FeatureRequest").len()), (0, 1));
}
