//! Groups of other servers: who may take away what was posted to them (AUTH-04, FEP-1b12).

use crate::support::{PUBLIC, Scene, Sender};
use serde_json::{Value, json};

/// A group on east, with this as its `attributedTo`.
async fn group(s: &Scene, moderators: Value) -> Sender {
    let group = Sender::new(&s.east, "group");
    let mut document = s.east.person("group", &group.signer.key.public_pem().unwrap());
    document["type"] = json!("Group");
    document["attributedTo"] = moderators;
    s.east.serve("/users/group", document);
    s.meet(&group).await;
    group
}

/// A note that vera of west posts to the group (or nowhere).
async fn posted_to(s: &Scene, name: &str, audience: Value) -> String {
    let mut note = s.note(&s.vera, name, "x");
    note["cc"] = json!([s.uri(&s.bob)]);
    note["audience"] = audience;
    s.creates(&s.vera, &note).await
}

#[tokio::test]
async fn fed_auth_04_a_moderator_of_the_group_removes_what_was_posted_to_it() {
    let s = Scene::new().await;
    let list = s.east.url("/users/group/moderators");
    let group = group(&s, json!(list)).await;
    let members = |who: &[&str]| {
        s.east.serve("/users/group/moderators", json!({"id": list, "type": "OrderedCollection", "orderedItems": who}));
    };
    members(&[&s.mallory.id]);
    let (inside, outside) = (posted_to(&s, "1", json!(group.id)).await, posted_to(&s, "2", json!(null)).await);
    // A neighbour of the group is no moderator of it.
    s.sends(&s.ada, &s.ada.activity("Delete", inside.clone())).await;
    assert!(s.post(&inside).await.is_some(), "ada only lives where the group lives");
    for id in [&inside, &outside] {
        s.sends(&s.mallory, &s.mallory.activity("Delete", id.clone())).await;
    }
    assert!(s.post(&inside).await.is_none(), "mallory is one of its moderators");
    assert!(s.post(&outside).await.is_some(), "and has no say anywhere else");
    // The list was read once for both; who is removed from it has no say a while later.
    let reads = |s: &Scene| s.east.received().iter().filter(|r| r.path == "/users/group/moderators").count();
    assert_eq!(reads(&s), 1);
    members(&[&s.ada.id]);
    s.node.clock.advance(11 * 60_000);
    let later = posted_to(&s, "3", json!(group.id)).await;
    s.sends(&s.mallory, &s.mallory.activity("Delete", later.clone())).await;
    assert!(s.post(&later).await.is_some());
    s.sends(&s.ada, &s.ada.activity("Delete", later.clone())).await;
    assert!(s.post(&later).await.is_none());
    assert_eq!(reads(&s), 2);
}

#[tokio::test]
async fn fed_auth_04_moderators_are_named_one_by_one_or_by_the_group_itself_and_never_by_another_server() {
    let s = Scene::new().await;
    let elsewhere = s.west.url("/moderators");
    s.west.serve("/moderators", json!({"id": elsewhere, "type": "Collection", "items": [s.mallory.id]}));
    let group = group(&s, json!(elsewhere)).await;
    let post = posted_to(&s, "1", json!(group.id)).await;
    s.sends(&s.mallory, &s.mallory.activity("Delete", post.clone())).await;
    assert!(s.post(&post).await.is_some(), "west does not say who moderates a group of east");
    // The group passes on what one of its moderators did, or does it itself; vera's server still shows the post.
    let delete = json!({"id": s.east.url("/deletes/1"), "type": "Delete", "actor": s.mallory.id, "object": post});
    let stranger = s.ada.activity("Announce", delete.clone());
    s.sends(&s.ada, &stranger).await;
    assert!(s.post(&post).await.is_some(), "ada is not the group");
    s.sends(&group, &group.activity("Announce", delete)).await;
    assert!(s.post(&post).await.is_none());
    let post = posted_to(&s, "2", json!(group.id)).await;
    s.sends(&group, &group.activity("Delete", post.clone())).await;
    assert!(s.post(&post).await.is_none());
    // Named one by one.
    s.node.clock.advance(11 * 60_000);
    let mut document = s.east.person("group", &group.signer.key.public_pem().unwrap());
    document["type"] = json!("Group");
    document["attributedTo"] = json!([s.mallory.id, s.ada.id]);
    s.east.serve("/users/group", document);
    let post = posted_to(&s, "3", json!(group.id)).await;
    s.sends(&s.ada, &s.ada.activity("Delete", post.clone())).await;
    assert!(s.post(&post).await.is_none());
}

#[tokio::test]
async fn the_first_follow_of_a_group_brings_what_it_passed_on_as_it_is_where_it_lives() {
    let s = Scene::new().await;
    let group = group(&s, json!([])).await;
    let announced = |number: i64, object: Value| {
        json!({
            "id": s.east.url(&format!("/activities/announce/{number}")), "type": "Announce", "actor": group.id,
            "to": [PUBLIC], "cc": [format!("{}/followers", group.id)], "object": object,
        })
    };
    let (mut items, mut ids) = (Vec::new(), Vec::new());
    for number in 1..=3_i64 {
        let mut page = s.note(&s.vera, &format!("p{number}"), "a page");
        page["published"] = json!(s.node.clock.now().plus_seconds(-3_600 * number).rfc3339());
        s.west.serve(&format!("/users/vera/notes/p{number}"), page.clone());
        ids.push(page["id"].as_str().unwrap().to_owned());
        // What is embedded counts for nothing.
        page["content"] = json!("altered");
        let create = json!({"id": format!("{}/create", ids[0]), "type": "Create", "actor": s.vera.id, "object": page});
        items.push(announced(number, create));
    }
    let like = json!({"id": s.west.url("/likes/1"), "type": "Like", "actor": s.vera.id, "object": ids[0]});
    items.push(announced(4, like));
    let mut forged = announced(5, json!(ids[0]));
    forged["actor"] = json!(s.ada.id);
    items.push(forged);
    let outbox = format!("{}/outbox", group.id);
    s.east.serve("/users/group/outbox", json!({"id": outbox, "type": "OrderedCollection", "orderedItems": items}));
    s.follows(&s.bob, &group).await;
    s.node.settle().await;
    let home = s.bob.get("/api/v1/timelines/home").await.ok();
    let boosts: Vec<&Value> = home.as_array().unwrap().iter().filter(|status| !status["reblog"].is_null()).collect();
    let shown: Vec<&str> = boosts.iter().filter_map(|status| status["reblog"]["uri"].as_str()).collect();
    assert_eq!(shown, ids, "the newest first");
    for boost in boosts {
        assert_eq!(boost["reblog"]["content"], "a page");
        assert_eq!(boost["created_at"], boost["reblog"]["created_at"], "no news");
    }
    assert!(s.told(&s.bob).await.is_empty());
}

#[tokio::test]
async fn fed_int_11_a_like_that_a_group_passes_on_counts_where_whoever_gave_it_says_so() {
    let s = Scene::new().await;
    let group = group(&s, json!([])).await;
    s.follows(&s.carol, &group).await;
    s.node.settle().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let passes_on = async |said: &Value| {
        let mut announce = group.activity("Announce", said.clone());
        announce["to"] = json!([PUBLIC]);
        // What was not there a moment ago is not asked for again at once.
        s.node.clock.advance(16 * 60_000);
        s.sends(&group, &announce).await;
        s.status(&s.bob, &own).await["favourites_count"].as_i64().unwrap()
    };
    let like = json!({"id": s.west.url("/likes/1"), "type": "Like", "actor": s.vera.id, "object": own});
    assert_eq!(passes_on(&like).await, 0, "her server knows of none");
    let mut other = like.clone();
    other["object"] = json!(s.west.url("/users/vera/notes/1"));
    s.west.serve("/likes/1", other);
    assert_eq!(passes_on(&like).await, 0, "she likes something else");
    let mut stolen = like.clone();
    stolen["actor"] = json!(s.ada.id);
    assert_eq!(passes_on(&stolen).await, 0, "that would be somebody else");
    s.west.serve("/likes/1", like.clone());
    assert_eq!((passes_on(&like).await, passes_on(&like).await), (1, 1), "once");
    assert_eq!(s.told(&s.bob).await, ["favourite"]);
    let undo = json!({"id": s.west.url("/undos/1"), "type": "Undo", "actor": s.vera.id, "object": like});
    assert_eq!(passes_on(&undo).await, 1);
    s.west.serve("/undos/1", undo.clone());
    assert_eq!(passes_on(&undo).await, 0);
    // What she takes back there is something else than what the group says.
    let follow = s.vera.activity("Follow", s.uri(&s.bob));
    s.sends(&s.vera, &follow).await;
    let other = json!({"id": s.west.url("/undos/2"), "type": "Undo", "actor": s.vera.id, "object": follow});
    let mut claimed = other.clone();
    claimed["object"] = like;
    s.west.serve("/undos/2", other);
    passes_on(&claimed).await;
    assert_eq!(s.bob.get("/api/v1/accounts/verify_credentials").await.ok()["followers_count"], 1);
}

#[tokio::test]
async fn a_vote_against_takes_a_like_back_also_when_a_group_passes_it_on() {
    let s = Scene::new().await;
    let group = group(&s, json!([])).await;
    s.follows(&s.carol, &group).await;
    s.node.settle().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let liked = async || s.status(&s.bob, &own).await["favourites_count"].as_i64().unwrap();
    s.sends(&s.vera, &s.vera.activity("Like", own.clone())).await;
    assert_eq!(liked().await, 1);
    s.sends(&s.ada, &s.ada.activity("Dislike", own.clone())).await;
    assert_eq!(liked().await, 1, "ada did not like it before");
    s.sends(&s.vera, &s.vera.activity("Dislike", own.clone())).await;
    assert_eq!(liked().await, 0);
    s.sends(&s.vera, &s.vera.activity("Like", own.clone())).await;
    assert_eq!(liked().await, 1, "and now for it again");
    // Whoever votes in a group of Lemmy tells the group alone.
    let vote = json!({
        "id": s.west.url("/votes/1"), "type": "Dislike", "actor": s.vera.id, "object": own, "audience": group.id,
    });
    let passes_on = async || {
        let mut announce = group.activity("Announce", vote.clone());
        announce["to"] = json!([PUBLIC]);
        // What was not there a moment ago is not asked for again at once.
        s.node.clock.advance(16 * 60_000);
        s.sends(&group, &announce).await;
    };
    passes_on().await;
    assert_eq!(liked().await, 1, "her server knows of no such vote");
    s.west.serve("/votes/1", vote.clone());
    passes_on().await;
    assert_eq!(liked().await, 0);
    assert_eq!(s.status(&s.bob, &own).await["reblogs_count"], 0, "a vote is no post");
}

#[tokio::test]
async fn what_stands_first_in_a_group_is_pinned_there_as_the_group_says() {
    let s = Scene::new().await;
    let group = Sender::new(&s.east, "group");
    let featured = format!("{}/featured", group.id);
    let mut document = s.east.person("group", &group.signer.key.public_pem().unwrap());
    document["type"] = json!("Group");
    document["attributedTo"] = json!([s.mallory.id]);
    document["featured"] = json!(featured);
    s.east.serve("/users/group", document);
    // Embedded, as Lemmy has it: by somebody of the same server, in this group and in none.
    let (mut within, without) = (s.note(&s.ada, "within", "first"), s.note(&s.ada, "without", "x"));
    within["audience"] = json!(group.id);
    for (name, note) in [("within", &within), ("without", &without)] {
        s.east.serve(&format!("/users/ada/notes/{name}"), note.clone());
    }
    let items = json!([within, without]);
    s.east.serve("/users/group/featured", json!({"id": featured, "type": "OrderedCollection", "orderedItems": items}));
    s.meet(&group).await;
    s.node.settle().await;
    let id = s.account(&group).await.id;
    let pinned = async || {
        let list = s.bob.get(&format!("/api/v1/accounts/{id}/statuses?pinned=true")).await.ok();
        list.as_array().unwrap().iter().map(|p| p["uri"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = within["id"].as_str().unwrap().to_owned();
    assert_eq!(pinned().await, [first.as_str()]);
    // Later: by one of its moderators, whose word the group passes on.
    let posted = posted_to(&s, "1", json!(group.id)).await;
    let elsewhere = posted_to(&s, "2", json!(null)).await;
    let says = async |by: &Sender, kind: &str, post: &str, to: &str| {
        let mut inner = s.mallory.activity(kind, json!(post));
        inner["target"] = json!(to);
        s.sends(by, &by.activity("Announce", inner)).await;
    };
    says(&s.ada, "Add", &posted, &featured).await;
    says(&group, "Add", &posted, &format!("{}/moderators", group.id)).await;
    says(&group, "Add", &elsewhere, &featured).await;
    assert_eq!(pinned().await, [first.as_str()], "not by ada, no other collection, nothing from outside");
    says(&group, "Add", &posted, &featured).await;
    assert_eq!(pinned().await, [posted.as_str(), first.as_str()]);
    says(&group, "Remove", &first, &featured).await;
    assert_eq!(pinned().await, [posted.as_str()]);
}
