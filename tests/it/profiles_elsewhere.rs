//! Profiles of other servers: what their owners wrote before somebody here followed them, the hashtags on them, and ids that
//! change; and what people here put on theirs.

use crate::support::{Node, PUBLIC, Scene, Sender, settle};
use serde_json::{Value, json};

/// Serves an outbox of these notes of hers, newest first, with a boost between them.
fn serves_outbox(s: &Scene, who: &Sender, notes: &[Value]) {
    let create = |note: &Value| {
        json!({
            "id": format!("{}/activity", note["id"].as_str().unwrap_or(&who.id)), "type": "Create", "actor": who.id,
            "to": note["to"], "object": note,
        })
    };
    let mut items: Vec<Value> = notes.iter().map(create).collect();
    items.insert(
        0,
        json!({"id": who.peer.url("/boost/1"), "type": "Announce", "actor": who.id, "object": s.west.url("/x")}),
    );
    let page = format!("{}/outbox?page=true", who.id);
    let name = who.id.rsplit('/').next().unwrap();
    who.peer.serve(
        &format!("/users/{name}/outbox"),
        json!({
            "id": format!("{}/outbox", who.id), "type": "OrderedCollection", "totalItems": 1_000, "first": page,
        }),
    );
    who.peer.serve(
        &format!("/users/{name}/outbox?page=true"),
        json!({
            "id": page, "type": "OrderedCollectionPage", "orderedItems": items, "next": format!("{page}&max_id=1"),
        }),
    );
}

#[tokio::test]
async fn the_first_follow_brings_recent_posts_by_their_own_dates_and_tells_nobody() {
    let s = Scene::new().await;
    let at = |hours: i64| s.node.clock.now().plus_seconds(-3_600 * hours);
    let old: Vec<Value> = (1..=30)
        .map(|n| {
            let mut note = s.note(&s.vera, &format!("old{n}"), &format!("old{n}"));
            note["published"] = json!(at(n).rfc3339());
            note["tag"] = json!([{"type": "Mention", "href": s.uri(&s.bob)}]);
            note["cc"] = json!([s.uri(&s.bob)]);
            note
        })
        .collect();
    serves_outbox(&s, &s.vera, &old);
    // Between them stands what bob has already.
    let mut known = s.note(&s.ada, "1", "known");
    known["published"] = json!(at(2).plus_seconds(-60).rfc3339());
    let known = s.creates(&s.ada, &known).await;
    s.west.forget();
    s.follows(&s.bob, &s.vera).await;
    // The follow stands before anything is read.
    assert!(s.west.received().is_empty());
    assert_eq!(s.home(&s.bob).await, std::slice::from_ref(&known));
    s.node.settle().await;
    let home = s.home(&s.bob).await;
    let id = |n: i64| format!("{}/notes/old{n}", s.vera.id);
    assert_eq!(home[..4], [id(1), id(2), known, id(3)]);
    assert_eq!(
        s.count("select count(*) from posts where uri like '%/notes/old%'").await,
        19,
        "a page of them, with the boost"
    );
    assert!(s.told(&s.bob).await.is_empty(), "{:?}", s.told(&s.bob).await);
    let fetched = s.west.received().iter().filter(|r| r.method == "GET" && r.path.contains("outbox")).count();
    assert!(fetched <= 2, "{fetched}");
    // A second follower, and a second follow, ask for nothing.
    s.west.forget();
    s.follows(&s.carol, &s.vera).await;
    s.node.settle().await;
    assert!(!s.west.received().iter().any(|r| r.path.contains("outbox")));
    assert!(s.home(&s.carol).await.contains(&id(1)));
}

#[tokio::test]
async fn fed_dlv_05_a_host_that_speaks_after_a_week_is_caught_up_with_though_nothing_waits_for_it() {
    let s = Scene::new().await;
    s.follows(&s.bob, &s.vera).await;
    s.sends(&s.vera, &s.vera.activity("Follow", s.uri(&s.bob))).await;
    s.node.settle().await;
    s.west.inbox_answers(500);
    s.writes(&s.bob, "public", "to nobody").await;
    for _ in 0..20 {
        s.node.settle().await;
        s.node.clock.advance(13 * 3_600_000);
    }
    s.node.settle().await;
    assert_eq!(s.count("select count(*) from deliveries where parked_at is null").await, 0);
    let mut note = s.note(&s.vera, "missed", "missed");
    note["published"] = json!(s.node.clock.now().plus_seconds(-86_400).rfc3339());
    serves_outbox(&s, &s.vera, &[note]);
    s.west.inbox_answers(202);
    s.meet(&s.vera).await;
    s.node.settle().await;
    assert_eq!(s.count("select count(*) from posts where uri like '%/notes/missed'").await, 1);
    assert_eq!(s.count("select count(*) from hosts where failures > 0").await, 0);
}

#[tokio::test]
async fn an_outbox_that_is_broken_hostile_or_not_there_does_not_hold_a_follow_up() {
    let s = Scene::new().await;
    let foreign = s.note(&s.ada, "1", "not hers");
    let mut forged = s.note(&s.vera, "1", "forged");
    forged["attributedTo"] = json!(s.ada.id);
    serves_outbox(&s, &s.vera, &[foreign, forged, json!({"id": 7}), json!("x"), Value::Null]);
    s.follows(&s.bob, &s.vera).await;
    s.node.settle().await;
    assert_eq!(s.count("select count(*) from posts").await, 0);
    // mallory's has no outbox at all.
    s.follows(&s.bob, &s.mallory).await;
    s.node.settle().await;
    assert_eq!(s.count("select count(*) from follows where state = 1").await, 3);
}

#[tokio::test]
async fn fed_coll_04_hashtags_on_a_profile_elsewhere_are_read_and_follow_what_their_owner_does() {
    let s = Scene::new().await;
    let tag = |name: &str| json!({"type": "Hashtag", "name": format!("#{name}"), "href": s.west.url(&format!("/tags/{name}"))});
    let mut actor = s.west.person("vera", &s.vera.signer.key.public_pem().unwrap());
    (actor["featuredTags"], actor["featured"]) =
        (json!(format!("{}/tags", s.vera.id)), json!(format!("{}/featured", s.vera.id)));
    s.west.serve("/users/vera", actor.clone());
    let mut items = vec![tag("Rust"), tag("Größe"), json!({"type": "Note", "name": "#no"}), json!(7), tag("a b")];
    items.extend((0..40).map(|n| tag(&format!("more{n}"))));
    let collection =
        |items: Vec<Value>| json!({"id": format!("{}/tags", s.vera.id), "type": "Collection", "items": items});
    s.west.serve("/users/vera/tags", collection(items));
    s.sends(&s.vera, &s.vera.activity("Update", actor)).await;
    let vera = s.account(&s.vera).await.id;
    let shown = async || {
        let list = s.bob.get(&format!("/api/v1/accounts/{vera}/featured_tags")).await.ok();
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(shown().await.is_empty());
    s.follows(&s.bob, &s.vera).await;
    s.node.settle().await;
    assert_eq!(shown().await[..2], ["rust", "größe"]);
    assert!(shown().await.len() <= 20);
    let about = |kind: &str, name: &str| {
        let mut it = s.vera.activity(kind, tag(name));
        it["target"] = json!(format!("{}/featured", s.vera.id));
        it
    };
    s.sends(&s.vera, &about("Remove", "rust")).await;
    assert_eq!(shown().await[0], "größe");
    s.sends(&s.vera, &about("Remove", "more1")).await;
    s.sends(&s.vera, &about("Add", "tea")).await;
    assert!(shown().await.contains(&"tea".to_owned()));
    // Somebody else's profile is somebody else's.
    let mut forged = about("Remove", "tea");
    (forged["actor"], forged["id"]) = (json!(s.ada.id), json!(format!("{}/1", s.ada.id)));
    assert!(s.sends(&s.ada, &forged).await < 500);
    assert!(shown().await.contains(&"tea".to_owned()));
}

#[tokio::test]
async fn fed_out_15_pins_and_featured_hashtags_are_told_and_taken_back() {
    let s = Scene::new().await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    s.node.settle().await;
    s.east.forget();
    let made = s.bob.post("/api/v1/featured_tags", json!({"name": "Rust"})).await.ok();
    s.node.settle().await;
    let id = made["id"].as_str().unwrap();
    s.bob.delete(&format!("/api/v1/featured_tags/{id}")).await.ok();
    s.node.settle().await;
    let told: Vec<Value> =
        s.east.inbox().into_iter().filter(|it| it["type"] == "Add" || it["type"] == "Remove").collect();
    let [add, remove] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&add["type"], &remove["type"]), (&json!("Add"), &json!("Remove")));
    for it in [add, remove] {
        assert_eq!(
            (&it["actor"], &it["target"]),
            (&json!(s.uri(&s.bob)), &json!(format!("{}/collections/featured", s.uri(&s.bob))))
        );
        assert_eq!((&it["object"]["type"], &it["object"]["name"]), (&json!("Hashtag"), &json!("#rust")));
        assert_eq!(it["@context"][1]["Hashtag"], "as:Hashtag");
    }
    let href = add["object"]["href"].as_str().unwrap();
    assert!(href.starts_with(&s.node.url("/tags/")), "{href}");
}

#[tokio::test]
async fn fed_out_15_fed_coll_04_two_nodes_show_the_same_hashtags_on_a_profile() {
    let (alpha, beta) = Node::two().await;
    let (ada, carol) = (alpha.member("ada").await, beta.member("carol").await);
    ada.post("/api/v1/featured_tags", json!({"name": "before"})).await.ok();
    crate::audiences::follow(&carol, &alpha.handle("ada")).await;
    settle(&[&alpha, &beta]).await;
    let tag = ada.post("/api/v1/featured_tags", json!({"name": "after"})).await.ok();
    settle(&[&alpha, &beta]).await;
    let found = carol.get(&format!("/api/v2/search?type=accounts&q=@{}", alpha.handle("ada"))).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap().to_owned();
    let shown = async || {
        let list = carol.get(&format!("/api/v1/accounts/{id}/featured_tags")).await.ok();
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, ["before", "after"]);
    ada.delete(&format!("/api/v1/featured_tags/{}", tag["id"].as_str().unwrap())).await.ok();
    settle(&[&alpha, &beta]).await;
    assert_eq!(shown().await, ["before"]);
}

#[tokio::test]
async fn fed_int_12_a_post_to_a_group_names_it_as_its_audience() {
    let s = Scene::new().await;
    let mut document = s.east.person("rust", &s.ada.signer.key.public_pem().unwrap());
    document["type"] = json!("Group");
    s.east.serve("/users/rust", document);
    let group = Sender::known(&s.east, "rust");
    s.meet(&group).await;
    s.east.forget();
    let name = format!("@rust@{}", s.east.authority);
    let public = s.writes(&s.bob, "public", &format!("{name} hello")).await;
    s.writes(&s.bob, "direct", &format!("{name} psst")).await;
    s.writes(&s.bob, "public", &format!("@ada@{} hello", s.east.authority)).await;
    s.node.settle().await;
    let mut said = std::collections::BTreeMap::new();
    for create in s.east.inbox().into_iter().filter(|it| it["type"] == "Create") {
        said.insert(create["object"]["content"].to_string(), create["object"]["audience"].clone());
    }
    let of = |word: &str| said.iter().find(|(content, _)| content.contains(word)).unwrap().1.clone();
    assert_eq!((of("rust"), of("ada"), of("psst")), (json!(group.id), Value::Null, Value::Null));
    // The group passes it on: its followers see it once, and its author is told nothing.
    s.follows(&s.carol, &group).await;
    let mut announce = group.activity("Announce", public.clone());
    announce["to"] = json!([PUBLIC]);
    s.sends(&group, &announce).await;
    assert_eq!(s.home(&s.carol).await, [announce["id"].as_str().unwrap()]);
    assert!(s.told(&s.bob).await.is_empty());
}

#[tokio::test]
async fn fed_disc_19_an_account_whose_handle_leads_to_another_id_goes_on_under_that_and_is_followed_there() {
    let s = Scene::new().await;
    let kept = s.creates(&s.ada, &s.note(&s.ada, "1", "before")).await;
    // East was set up anew: the same name, another id, and its WebFinger says so.
    let new = s.east.url("/ap/users/100");
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    s.east.serve_as("/users/ada", 404, "text/plain", "");
    (actor["id"], actor["inbox"]) = (json!(new), json!(format!("{new}/inbox")));
    actor["publicKey"] =
        json!({"id": format!("{new}#main-key"), "owner": new, "publicKeyPem": actor["publicKey"]["publicKeyPem"]});
    s.east.serve("/ap/users/100", actor);
    let subject = format!("acct:ada@{}", s.east.authority);
    let links = json!([{"rel": "self", "type": "application/activity+json", "href": new}]);
    for resource in [subject.clone(), new.clone()] {
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("resource", &resource).finish();
        let path = format!("/.well-known/webfinger?{query}");
        let jrd = json!({"subject": subject, "links": links});
        s.east.serve_as(&path, 200, "application/jrd+json", jrd.to_string());
    }
    let again = Sender {
        id: new.clone(),
        signer: watercooler::federation::signatures::Signer {
            key_id: format!("{new}#main-key"),
            key: crate::support::rsa(0),
        },
        ..s.ada.clone()
    };
    s.east.forget();
    s.meet(&again).await;
    s.node.settle().await;
    // bob asks the new one, and leaves the old one.
    let told: Vec<(Value, Value)> =
        s.east.inbox().iter().map(|it| (it["type"].clone(), it["object"].clone())).collect();
    assert!(told.contains(&(json!("Follow"), json!(new))), "{told:?}");
    let follow = s.east.inbox().into_iter().find(|it| it["type"] == "Follow").unwrap();
    again.delivers(&s.node, &again.activity("Accept", follow["id"].clone())).await;
    let row = s.account(&again).await;
    assert_eq!(row.handle, format!("ada@{}", s.east.authority));
    let relation = s.bob.get(&format!("/api/v1/accounts/relationships?id[]={}", row.id)).await.ok();
    assert_eq!(relation[0]["following"], true);
    assert_eq!(s.account(&s.ada).await.moved_to_id, Some(row.id));
    assert!(s.post(&kept).await.is_some());
    let after = s.creates(&again, &s.note(&again, "2", "after")).await;
    assert!(s.home(&s.bob).await.contains(&after));
    // Who only calls themselves so changes nothing: mallory's server does not confirm it.
    let before = s.count("select count(*) from accounts where moved_to_id is not null").await;
    let mut liar = s.west.person("liar", &s.ada.signer.key.public_pem().unwrap());
    liar["preferredUsername"] = json!("ada");
    liar["webfinger"] = json!(format!("ada@{}", s.east.authority));
    s.west.serve("/users/liar", liar);
    let liar = Sender::known(&s.west, "liar");
    assert!(s.sends(&liar, &liar.activity("View", "https://nowhere.example/1")).await < 500);
    assert_eq!(s.count("select count(*) from accounts where moved_to_id is not null").await, before);
    assert_eq!(s.account(&again).await.handle, row.handle);
}

#[tokio::test]
async fn which_parts_a_profile_page_has_is_known_elsewhere() {
    let (alpha, beta) = Node::two().await;
    let (alice, bob) = (alpha.member("alice").await, beta.member("bob").await);
    let tabs = json!({"show_media": false, "show_media_replies": false});
    alice.patch("/api/v1/accounts/update_credentials", tabs).await.ok();
    let search = format!("/api/v2/search?resolve=true&type=accounts&q=@{}", alpha.handle("alice"));
    let found = bob.get(&search).await.ok()["accounts"][0].clone();
    let parts =
        |account: &Value| ["show_media", "show_media_replies", "show_featured"].map(|name| account[name] == true);
    assert_eq!(parts(&found), [false, false, true]);
    bob.post(&format!("/api/v1/accounts/{}/follow", found["id"].as_str().unwrap()), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    let tabs = json!({"show_media": true, "show_featured": false});
    alice.patch("/api/v1/accounts/update_credentials", tabs).await.ok();
    alpha.clock.advance(120_000);
    settle(&[&alpha, &beta]).await;
    let now = bob.get(&format!("/api/v1/accounts/{}", found["id"].as_str().unwrap())).await.ok();
    assert_eq!(parts(&now), [true, false, false]);
    // Of who says nothing of it the page has everything.
    let s = Scene::new().await;
    let ada = s.account(&s.ada).await.id;
    assert_eq!(parts(&s.bob.get(&format!("/api/v1/accounts/{ada}")).await.ok()), [true; 3]);
}
