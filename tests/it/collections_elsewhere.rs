//! Collections of people of other servers (FEP-7aa9, COLL-06): taken in, shown, left, taken away.

use crate::support::{Client, Node, Scene, Sender, settle};
use serde_json::{Value, json};

async fn findable(who: &Client, yes: bool) {
    who.patch("/api/v1/accounts/update_credentials", json!({"discoverable": yes})).await.ok();
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key}: {value}"))
}

/// The account of somebody of another node, looked up.
async fn look_up(who: &Client, handle: &str) -> String {
    let search = format!("/api/v2/search?resolve=true&type=accounts&q=@{handle}");
    who.get(&search).await.ok()["accounts"][0]["id"].as_str().unwrap().to_owned()
}

/// The collections of an account, as somebody is shown them.
async fn collections(who: &Client, account: &str) -> Vec<Value> {
    let list = who.get(&format!("/api/v1/accounts/{account}/collections")).await.ok();
    list["collections"].as_array().unwrap().clone()
}

/// The names of the people in a collection, in order.
async fn people(who: &Client, collection: &str) -> Vec<String> {
    let shown = who.get(&format!("/api/v1/collections/{collection}")).await.ok();
    let accounts = shown["accounts"].as_array().unwrap();
    assert_eq!(shown["collection"]["item_count"], json!(accounts.len()));
    accounts.iter().map(|account| text(account, "username").to_owned()).collect()
}

/// Kinds and collections of somebody's notifications, the newest first.
async fn told(who: &Client) -> Vec<(String, String)> {
    let list = who.get("/api/v1/notifications").await.ok();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list.as_array().unwrap().iter().map(|n| (text(&n["type"]), text(&n["collection"]["id"]))).collect()
}

/// What lets somebody be in a collection, served where they live; answers its id.
fn stamp(who: &Sender, name: &str, collection: &str) -> String {
    let id = format!("{}/stamps/{name}", who.id);
    let document = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": "FeatureAuthorization",
        "interactingObject": collection, "interactionTarget": who.id,
    });
    who.peer.serve(id.strip_prefix(&who.peer.url("")).unwrap(), document);
    id
}

/// A collection of ada's as Mastodon writes it.
fn collection(ada: &Sender, name: &str, items: &[Value]) -> Value {
    let id = format!("{}/featured_collections/{name}", ada.id);
    json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": "FeaturedCollection",
        "attributedTo": ada.id, "name": name, "summaryMap": {"en": "<p>the best<script>1</script></p>"},
        "url": ada.peer.url(&format!("/collections/{name}")), "sensitive": false, "discoverable": true,
        "topic": {"type": "Hashtag", "name": "#Poetry"}, "published": "2026-01-02T03:04:05Z",
        "totalItems": items.len(), "orderedItems": items,
    })
}

fn place(collection: &str, name: &str, person: &str, stamp: &str) -> Value {
    json!({
        "id": format!("{collection}/items/{name}"), "type": "FeaturedItem", "featuredObject": person,
        "featuredObjectType": "Person", "featureAuthorization": stamp,
    })
}

/// ada's server lists these collections of hers, and serves them.
fn serve(s: &Scene, collections: &[&Value]) {
    let address = format!("{}/featured_collections", s.ada.id);
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    actor["featuredCollections"] = json!(address);
    s.east.serve("/users/ada", actor);
    let ids: Vec<&str> = collections.iter().map(|collection| text(collection, "id")).collect();
    let list = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": address, "type": "OrderedCollection",
        "totalItems": ids.len(), "orderedItems": ids,
    });
    s.east.serve("/users/ada/featured_collections", list);
    for collection in collections {
        let path = text(collection, "id").strip_prefix(&s.east.url("")).unwrap();
        s.east.serve(path, (*collection).clone());
    }
}

/// ada's collection of this name, taken in by an Add; answers its number here.
async fn added(s: &Scene, collection: &Value) -> String {
    let mut add = s.ada.activity("Add", collection.clone());
    add["target"] = json!(format!("{}/featured_collections", s.ada.id));
    s.sends(&s.ada, &add).await;
    let ada = s.account(&s.ada).await.id.to_string();
    let known = collections(&s.carol, &ada).await;
    let found = known.iter().find(|shown| shown["uri"] == collection["id"]);
    text(found.unwrap_or_else(|| panic!("{known:?}")), "id").to_owned()
}

#[tokio::test]
async fn fed_coll_06_collections_of_another_node_are_shown_and_left_like_those_of_this_one() {
    let (alpha, beta) = Node::two().await;
    let (ada, dan) = (alpha.member("ada").await, alpha.member("dan").await);
    let (bob, carol) = (beta.member("bob").await, beta.member("carol").await);
    findable(&carol, true).await;
    findable(&dan, true).await;
    settle(&[&alpha, &beta]).await;
    let body = json!({"name": "Welders", "description": "a < b", "language": "en", "account_ids": [carol.id]});
    let made = bob.post("/api/v1/collections", body).await.ok()["collection"].clone();
    bob.post("/api/v1/collections", json!({"name": "hidden", "discoverable": false})).await.ok();
    let own = format!("/api/v1/collections/{}", text(&made, "id"));

    // Looked at, they are read.
    let there = look_up(&ada, &beta.handle("bob")).await;
    assert!(collections(&ada, &there).await.is_empty());
    settle(&[&alpha, &beta]).await;
    let [shown] = &collections(&ada, &there).await[..] else { panic!("one is listed") };
    assert_eq!((&shown["uri"], &shown["url"], &shown["local"]), (&made["uri"], &made["url"], &json!(false)));
    assert_eq!((&shown["name"], &shown["description"]), (&json!("Welders"), &json!("a &lt; b")));
    assert_eq!((&shown["language"], &shown["account_id"]), (&json!("en"), &json!(there)));
    let here = text(shown, "id").to_owned();
    assert_eq!(people(&ada, &here).await, ["carol"]);
    assert!(ada.patch(&format!("/api/v1/collections/{here}"), json!({"name": "mine"})).await.status >= 400);

    // Somebody here is put into it, hears of it, and leaves.
    ada.post(&format!("/api/v1/accounts/{there}/follow"), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    let him = look_up(&bob, &alpha.handle("dan")).await;
    bob.post(&format!("{own}/items"), json!({"account_id": him})).await.ok();
    settle(&[&alpha, &beta]).await;
    assert_eq!(told(&dan).await, [("added_to_collection".to_owned(), here.clone())]);
    let mut both = people(&ada, &here).await;
    both.sort_unstable();
    assert_eq!(both, ["carol", "dan"]);
    // Taken out and put in again, he is not asked anew.
    let places = bob.get(&own).await.ok()["collection"]["items"].clone();
    let his = places.as_array().unwrap().iter().find(|item| item["account_id"] == json!(him)).unwrap();
    bob.delete(&format!("{own}/items/{}", text(his, "id"))).await.ok();
    settle(&[&alpha, &beta]).await;
    assert_eq!((people(&ada, &here).await, told(&dan).await.len()), (vec!["carol".to_owned()], 0));
    bob.post(&format!("{own}/items"), json!({"account_id": him})).await.ok();
    settle(&[&alpha, &beta]).await;
    assert_eq!((people(&ada, &here).await.len(), told(&dan).await.len()), (2, 1));
    bob.patch(&own, json!({"name": "Solderers"})).await.ok();
    settle(&[&alpha, &beta]).await;
    assert_eq!(told(&dan).await[0], ("collection_update".to_owned(), here.clone()));
    let mine = dan.get(&format!("/api/v1/accounts/{}/in_collections", dan.id)).await.ok()["collections"][0].clone();
    assert_eq!((text(&mine, "id"), text(&mine, "name")), (here.as_str(), "Solderers"));
    let item = mine["items"].as_array().unwrap().iter().find(|item| item["account_id"] == json!(dan.id)).unwrap();
    dan.post(&format!("/api/v1/collections/{here}/items/{}/revoke", text(item, "id")), json!({})).await.ok();
    assert!(told(&dan).await.is_empty());
    settle(&[&alpha, &beta]).await;
    assert_eq!((people(&ada, &here).await, people(&bob, text(&made, "id")).await.len()), (vec!["carol".to_owned()], 1));
    assert!(bob.post(&format!("{own}/items"), json!({"account_id": him})).await.status >= 400, "he stays out");

    // She takes back that she is in it; it goes.
    findable(&carol, false).await;
    bob.delete(&own).await.ok();
    settle(&[&alpha, &beta]).await;
    assert_eq!(ada.get(&format!("/api/v1/collections/{here}")).await.status, 404);
    assert!(collections(&ada, &there).await.is_empty());
}

#[tokio::test]
async fn fed_coll_06_whoever_is_listed_elsewhere_is_shown_once_it_was_seen_that_they_agreed() {
    let s = Scene::new().await;
    let ada = s.account(&s.ada).await.id.to_string();
    let uri = format!("{}/featured_collections/Poets", s.ada.id);
    let bare = format!("{uri}/items/bare");
    let whole = place(&uri, "bare", &s.mallory.id, &stamp(&s.mallory, "1", &uri));
    s.east.serve(bare.strip_prefix(&s.east.url("")).unwrap(), whole);
    let items = [
        place(&uri, "1", &s.vera.id, &stamp(&s.vera, "1", &uri)),
        json!(bare),
        // Somebody here who was not asked, an authorisation of somebody else, one for another collection, one that is nowhere.
        place(&uri, "2", &s.uri(&s.bob), &s.node.url("/users/bob/feature_authorizations/1")),
        place(&uri, "3", &s.ada.id, &stamp(&s.vera, "2", &uri)),
        place(&uri, "4", &s.ada.id, &stamp(&s.ada, "1", &s.vera.id)),
        place(&uri, "5", &s.ada.id, &format!("{}/stamps/nowhere", s.ada.id)),
        json!({"id": format!("{uri}/items/6"), "type": "FeaturedItem", "featuredObject": s.ada.id}),
        place(&s.west.url("/elsewhere"), "7", &s.ada.id, &stamp(&s.ada, "2", &uri)),
    ];
    let poets = collection(&s.ada, "Poets", &items);
    serve(&s, &[&poets]);
    assert!(collections(&s.carol, &ada).await.is_empty());
    s.node.settle().await;
    let [shown] = &collections(&s.carol, &ada).await[..] else { panic!("one is listed") };
    assert_eq!((&shown["uri"], &shown["url"]), (&poets["id"], &poets["url"]));
    assert_eq!((&shown["description"], &shown["language"]), (&json!("<p>the best</p>"), &json!("en")));
    assert_eq!((&shown["tag"]["name"], &shown["local"]), (&json!("poetry"), &json!(false)));
    let here = text(shown, "id").to_owned();
    assert_eq!(people(&s.carol, &here).await, ["vera", "mallory"]);
    // Strangers are shown them too; who is blocked is not shown to whoever does that.
    assert_eq!(people(&Client::anonymous(&s.node), &here).await, ["vera", "mallory"]);
    let vera = s.account(&s.vera).await.id;
    s.carol.post(&format!("/api/v1/accounts/{vera}/block"), json!({})).await.ok();
    assert_eq!(people(&s.carol, &here).await, ["mallory"]);

    // Read once an hour, however often somebody looks.
    s.east.forget();
    collections(&s.carol, &ada).await;
    s.node.settle().await;
    assert!(s.east.received().iter().all(|request| request.method != "GET"), "{:?}", s.east.received());

    // She takes it back, for good; and so does the owner with the other.
    s.sends(&s.vera, &s.vera.activity("Delete", format!("{}/stamps/1", s.vera.id))).await;
    assert_eq!(people(&s.bob, &here).await, ["mallory"]);
    s.sends(&s.ada, &s.ada.activity("Update", poets.clone())).await;
    assert_eq!(people(&s.bob, &here).await, ["mallory"]);
    let mut remove = s.ada.activity("Remove", bare.as_str());
    remove["target"] = json!(uri);
    s.sends(&s.ada, &remove).await;
    assert!(people(&s.bob, &here).await.is_empty());
}

#[tokio::test]
async fn fed_coll_06_activities_bring_collections_and_places_and_take_them_away() {
    let s = Scene::new().await;
    let uri = format!("{}/featured_collections/Poets", s.ada.id);
    let items = [place(&uri, "1", &s.vera.id, &stamp(&s.vera, "1", &uri))];
    let poets = collection(&s.ada, "Poets", &items);
    let here = added(&s, &poets).await;
    assert_eq!(people(&s.bob, &here).await, ["vera"]);

    // Somebody more, embedded.
    let more = place(&uri, "2", &s.mallory.id, &stamp(&s.mallory, "1", &uri));
    let mut add = s.ada.activity("Add", more.clone());
    add["target"] = json!(uri);
    s.sends(&s.ada, &add).await;
    assert_eq!(people(&s.bob, &here).await, ["vera", "mallory"]);

    // Whoever is not listed any more is out; what it is called now counts.
    let mut changed = collection(&s.ada, "Poets", std::slice::from_ref(&more));
    changed["name"] = json!("Bards");
    s.sends(&s.ada, &s.ada.activity("Update", changed.clone())).await;
    assert_eq!(people(&s.bob, &here).await, ["mallory"]);
    assert_eq!(s.bob.get(&format!("/api/v1/collections/{here}")).await.ok()["collection"]["name"], "Bards");

    // What is only named is read.
    changed["name"] = json!("Rhymers");
    serve(&s, &[&changed]);
    s.sends(&s.ada, &s.ada.activity("Update", uri.as_str())).await;
    assert_eq!(s.bob.get(&format!("/api/v1/collections/{here}")).await.ok()["collection"]["name"], "Rhymers");

    // So is who stands on pages of it.
    let mut paged = changed.clone();
    paged.as_object_mut().unwrap().remove("orderedItems");
    paged["first"] = json!(format!("{uri}/page"));
    let both = json!([more, place(&uri, "3", &s.ada.id, &stamp(&s.ada, "1", &uri))]);
    let page = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{uri}/page"), "type": "OrderedCollectionPage",
        "partOf": uri, "orderedItems": both,
    });
    s.east.serve("/users/ada/featured_collections/Poets/page", page);
    serve(&s, &[&paged]);
    s.sends(&s.ada, &s.ada.activity("Update", paged.clone())).await;
    assert_eq!(people(&s.bob, &here).await, ["mallory", "ada"]);
    s.sends(&s.ada, &s.ada.activity("Update", changed.clone())).await;
    assert_eq!(people(&s.bob, &here).await, ["mallory"]);

    // Nobody else has a say.
    let (mut theirs, mut stolen) = (changed.clone(), changed.clone());
    theirs["name"] = json!("Fools");
    stolen["name"] = json!("Fools");
    stolen["attributedTo"] = json!(s.mallory.id);
    for forged in [&theirs, &stolen] {
        for who in [&s.mallory, &s.vera] {
            s.sends(who, &who.activity("Update", forged.clone())).await;
        }
    }
    for who in [&s.mallory, &s.vera] {
        for object in [uri.clone(), text(&more, "id").to_owned()] {
            let mut remove = who.activity("Remove", object.as_str());
            remove["target"] = json!(uri);
            s.sends(who, &remove).await;
            s.sends(who, &who.activity("Delete", object.as_str())).await;
        }
    }
    assert_eq!(people(&s.bob, &here).await, ["mallory"]);
    assert_eq!(s.bob.get(&format!("/api/v1/collections/{here}")).await.ok()["collection"]["name"], "Rhymers");

    // Its owner has.
    s.sends(&s.ada, &s.ada.activity("Delete", text(&more, "id"))).await;
    assert!(people(&s.bob, &here).await.is_empty());
    let mut remove = s.ada.activity("Remove", uri.as_str());
    remove["target"] = json!(format!("{}/featured_collections", s.ada.id));
    s.sends(&s.ada, &remove).await;
    assert_eq!(s.bob.get(&format!("/api/v1/collections/{here}")).await.status, 404);

    // One that is not there any more when it is read is gone.
    let here = added(&s, &changed).await;
    s.east.serve_as(uri.strip_prefix(&s.east.url("")).unwrap(), 410, "application/activity+json", "{}");
    s.sends(&s.ada, &s.ada.activity("Update", uri.as_str())).await;
    assert_eq!(s.bob.get(&format!("/api/v1/collections/{here}")).await.status, 404);
}

#[tokio::test]
async fn fed_coll_06_whoever_is_put_into_a_collection_elsewhere_is_told_and_may_leave_for_good() {
    let s = Scene::new().await;
    findable(&s.carol, true).await;
    let poets = collection(&s.ada, "Poets", &[]);
    let uri = text(&poets, "id").to_owned();
    serve(&s, &[&poets]);
    let mut asked = s.ada.activity("FeatureRequest", s.uri(&s.carol));
    asked["instrument"] = json!(uri);
    s.sends(&s.ada, &asked).await;
    let [(kind, here)] = &told(&s.carol).await[..] else { panic!("she is told") };
    assert_eq!(kind, "added_to_collection");
    assert_eq!(people(&s.bob, here).await, ["carol"]);
    let accepts = s.east.inbox().into_iter().filter(|it| it["type"] == "Accept").collect::<Vec<_>>();
    let granted = text(&accepts[0], "result").to_owned();
    let path = granted.strip_prefix(&s.node.url("")).unwrap();
    let anybody = Client::anonymous(&s.node);
    assert_eq!(anybody.get_activity(path).await.ok()["interactingObject"], json!(uri));

    // Listed, she is in it once.
    let listed = collection(&s.ada, "Poets", &[place(&uri, "1", &s.uri(&s.carol), &granted)]);
    s.sends(&s.ada, &s.ada.activity("Update", listed.clone())).await;
    assert_eq!((people(&s.bob, here).await, told(&s.carol).await.len()), (vec!["carol".to_owned()], 1));

    // She leaves: the owner's server hears of it, and does not get her back.
    s.east.forget();
    let shown = s.carol.get(&format!("/api/v1/collections/{here}")).await.ok();
    let item = text(&shown["collection"]["items"][0], "id").to_owned();
    let revoke = format!("/api/v1/collections/{here}/items/{item}/revoke");
    assert_eq!(s.bob.post(&revoke, json!({})).await.status, 403);
    s.carol.post(&revoke, json!({})).await.ok();
    s.node.settle().await;
    let deletes = s.east.inbox().into_iter().filter(|it| it["type"] == "Delete").collect::<Vec<_>>();
    let [delete] = &deletes[..] else { panic!("{deletes:?}") };
    assert_eq!((&delete["object"]["id"], &delete["actor"]), (&json!(granted), &json!(s.uri(&s.carol))));
    assert_eq!(anybody.get_activity(path).await.status, 404);
    s.sends(&s.ada, &s.ada.activity("Update", listed)).await;
    let mut again = s.ada.activity("FeatureRequest", s.uri(&s.carol));
    again["instrument"] = json!(uri);
    s.sends(&s.ada, &again).await;
    assert!(s.east.inbox().iter().any(|it| it["type"] == "Reject"));
    assert!(people(&s.bob, here).await.is_empty() && told(&s.carol).await.is_empty());
}

#[tokio::test]
async fn fed_coll_06_what_is_kept_of_collections_elsewhere_is_bounded_and_goes_with_their_owner() {
    let s = Scene::new().await;
    let ada = s.account(&s.ada).await.id.to_string();
    for number in 0..23 {
        let mut one = collection(&s.ada, &format!("c{number}"), &[]);
        one["name"] = json!("x".repeat(1_000));
        s.sends(&s.ada, &s.ada.activity("Add", one)).await;
    }
    let list = s.bob.get(&format!("/api/v1/accounts/{ada}/collections?limit=80")).await.ok()["collections"].clone();
    assert_eq!(list.as_array().unwrap().len(), 20);
    assert_eq!(text(&list[0], "name").chars().count(), 256);
    // Many places, and none that can be looked at.
    let uri = format!("{}/featured_collections/c0", s.ada.id);
    let nowhere = |n: usize| place(&uri, &n.to_string(), &s.vera.id, &format!("{}/stamps/{n}", s.vera.id));
    let many: Vec<Value> = (0..200).map(nowhere).collect();
    s.west.forget();
    s.sends(&s.ada, &s.ada.activity("Update", collection(&s.ada, "c0", &many))).await;
    let reads = s.west.received().iter().filter(|request| request.path.contains("/stamps/")).count();
    assert!((1..=100).contains(&reads), "{reads}");
    // Nothing of what is no collection, has no name, or is of somebody else.
    for broken in [
        json!({"type": "FeaturedCollection"}),
        json!({"type": "FeaturedCollection", "id": format!("{}/featured_collections/n", s.ada.id), "attributedTo": s.ada.id}),
        json!({"type": "FeaturedItem", "id": format!("{uri}/items/x")}),
        json!({"type": ["FeaturedCollection"], "id": 7, "attributedTo": [], "orderedItems": {"a": 1}}),
    ] {
        s.sends(&s.ada, &s.ada.activity("Add", broken)).await;
    }
    assert_eq!(s.count("select count(*) from collections").await, 20);
    s.sends(&s.ada, &s.ada.activity("Delete", s.ada.id.as_str())).await;
    assert_eq!(s.count("select count(*) from collections").await, 0);
    assert_eq!(s.bob.get(&format!("/api/v1/accounts/{ada}/collections")).await.status, 404);
}

#[tokio::test]
async fn fed_coll_06_a_post_shows_the_collection_elsewhere_that_it_links_to() {
    let s = Scene::new().await;
    let poets = collection(&s.ada, "Poets", &[]);
    let here = added(&s, &poets).await;
    let link = |address: &str| format!("<p>see <a href=\"{address}\">this</a></p>");
    for (name, address) in [("1", text(&poets, "url")), ("2", text(&poets, "id"))] {
        let note = s.creates(&s.ada, &s.note(&s.ada, name, &link(address))).await;
        let shown = s.status(&s.bob, &note).await["tagged_collections"].clone();
        assert_eq!(shown[0]["id"], json!(here), "{address}");
    }
    let other = s.creates(&s.ada, &s.note(&s.ada, "3", &link(&s.east.url("/collections/other")))).await;
    assert_eq!(s.status(&s.bob, &other).await["tagged_collections"], json!([]));
}

#[tokio::test]
async fn fed_mod_05_a_forwarded_report_names_the_collections_that_it_is_about() {
    let s = Scene::new().await;
    let poets = collection(&s.ada, "Poets", &[]);
    let here = added(&s, &poets).await;
    s.east.forget();
    let ada = s.account(&s.ada).await.id.to_string();
    let body = json!({"account_id": ada, "collection_ids": [here], "forward": true});
    s.bob.post("/api/v1/reports", body).await.ok();
    s.node.settle().await;
    let flags: Vec<Value> = s.east.inbox().into_iter().filter(|it| it["type"] == "Flag").collect();
    assert_eq!(flags.len(), 1);
    assert!(flags[0]["object"].as_array().unwrap().contains(&poets["id"]), "{flags:?}");
}
