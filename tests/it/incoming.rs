//! What other servers send, and what it means here: the in-direction rows of the federation checklist.

use crate::support::{PUBLIC, Scene, Sender};
use serde_json::{Value, json};
use watercooler::{model::FollowState, store};

#[tokio::test]
async fn fed_addr_in_01_fed_addr_in_02_fed_addr_in_03_fed_addr_in_04_the_audience_decides_who_reads() {
    let s = Scene::new().await;
    let followers = format!("{}/followers", s.ada.id);
    let bob = s.uri(&s.bob);
    for (name, to, cc, word, bob_reads, carol_reads, at_home) in [
        ("1", json!([PUBLIC]), json!([followers]), "public", true, true, true),
        ("2", json!([followers]), json!(["as:Public"]), "unlisted", true, true, true),
        ("3", json!([]), json!(followers), "private", true, false, true),
        ("4", json!(s.uri(&s.carol)), json!([]), "direct", false, true, false),
        ("5", json!([{"id": bob}]), json!(null), "direct", true, false, false),
    ] {
        let mut note = s.note(&s.ada, name, "x");
        note["to"] = to;
        note["cc"] = cc;
        let id = s.creates(&s.ada, &note).await;
        let post = s.post(&id).await.unwrap();
        assert_eq!(post.visibility.as_str(), word, "{name}");
        let path = format!("/api/v1/statuses/{}", post.id);
        assert_eq!(s.bob.get(&path).await.status == 200, bob_reads, "{name}");
        assert_eq!(s.carol.get(&path).await.status == 200, carol_reads, "{name}");
        if word != "direct" {
            assert_eq!(s.home(&s.bob).await.contains(&id), at_home, "{name}");
        }
    }
    assert!(s.told(&s.bob).await.is_empty() && s.told(&s.carol).await.is_empty(), "addressed is not mentioned");
    let list = s.carol.get("/api/v1/timelines/public?remote=true").await.ok();
    assert_eq!(list.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn fed_addr_in_05_fed_addr_in_06_fed_addr_in_07_spellings_of_audiences() {
    let s = Scene::new().await;
    let spellings = [json!(PUBLIC), json!("as:Public"), json!("Public"), json!([{"id": "as:Public"}])];
    for (n, public) in spellings.into_iter().enumerate() {
        let mut note = s.note(&s.ada, &format!("p{n}"), "x");
        note["to"] = public.clone();
        let id = s.creates(&s.ada, &note).await;
        assert_eq!(s.post(&id).await.unwrap().visibility.as_str(), "public", "{public}");
    }
    // The object has no audience: that of the activity counts.
    let mut note = s.note(&s.ada, "none", "x");
    note.as_object_mut().unwrap().retain(|k, _| k != "to" && k != "cc");
    let mut create = s.ada.activity("Create", note.clone());
    create["to"] = json!([PUBLIC]);
    s.ada.delivers(&s.node, &create).await;
    assert_eq!(s.post(note["id"].as_str().unwrap()).await.unwrap().visibility.as_str(), "public");
    // It has one: then only that.
    let mut note = s.note(&s.ada, "own", "x");
    note["to"] = json!([s.uri(&s.bob)]);
    note["cc"] = json!([]);
    let mut create = s.ada.activity("Create", note.clone());
    create["to"] = json!([PUBLIC]);
    s.ada.delivers(&s.node, &create).await;
    assert_eq!(s.post(note["id"].as_str().unwrap()).await.unwrap().visibility.as_str(), "direct");
    let mut note = s.note(&s.ada, "flag", "x");
    note["directMessage"] = json!(true);
    assert_eq!(s.post(&s.creates(&s.ada, &note).await).await.unwrap().visibility.as_str(), "direct");
}

#[tokio::test]
async fn fed_fol_01_fed_fol_02_fed_fol_07_fed_fol_10_a_follow_is_accepted_repeated_and_undone() {
    let s = Scene::new().await;
    let follow = s.ada.activity("Follow", s.uri(&s.bob));
    s.sends(&s.ada, &follow).await;
    assert_eq!(s.told(&s.bob).await, ["follow"]);
    let accepts = || s.east.inbox().into_iter().filter(|a| a["type"] == "Accept").collect::<Vec<_>>();
    assert_eq!(accepts()[0]["object"]["id"], follow["id"]);
    let again = s.ada.activity("Follow", s.uri(&s.bob));
    s.sends(&s.ada, &again).await;
    assert_eq!(accepts().len(), 2);
    assert_eq!(accepts()[1]["object"]["id"], again["id"]);
    assert_eq!(s.told(&s.bob).await, ["follow"], "told once");
    s.ada.delivers(&s.node, &s.ada.activity("Undo", again)).await;
    assert_eq!(s.count("select count(*) from follows").await, 1, "only that of bob");
    // Undone by id, and an Undo that came first (FOL-08).
    let third = s.ada.activity("Follow", s.uri(&s.bob));
    s.ada.delivers(&s.node, &third).await;
    s.ada.delivers(&s.node, &s.ada.activity("Undo", third["id"].clone())).await;
    let fourth = s.ada.activity("Follow", s.uri(&s.bob));
    s.ada.delivers(&s.node, &s.ada.activity("Undo", fourth["id"].clone())).await;
    s.ada.delivers(&s.node, &fourth).await;
    assert_eq!(s.count("select count(*) from follows").await, 1);
}

#[tokio::test]
async fn fed_fol_03_fed_fol_14_locked_people_are_asked_and_some_follows_are_refused() {
    let s = Scene::new().await;
    s.bob.patch("/api/v1/accounts/update_credentials", json!({"locked": true})).await.ok();
    s.node.settle().await;
    s.east.forget();
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    assert_eq!(s.told(&s.bob).await, ["follow_request"]);
    assert!(s.east.inbox().iter().all(|a| a["type"] != "Accept"));
    let ada = s.account(&s.ada).await.id;
    s.bob.post(&format!("/api/v1/follow_requests/{ada}/authorize"), json!({})).await.ok();
    s.node.settle().await;
    assert!(s.east.inbox().iter().any(|a| a["type"] == "Accept"));
    // Blocked ones are refused.
    let mallory = s.account(&s.mallory).await.id;
    s.carol.post(&format!("/api/v1/accounts/{mallory}/block"), json!({})).await.ok();
    s.sends(&s.mallory, &s.mallory.activity("Follow", s.uri(&s.carol))).await;
    assert!(s.east.inbox().iter().any(|a| a["type"] == "Reject"));
    // Nobody of that name.
    let stray = s.ada.activity("Follow", s.node.url("/users/nobody"));
    assert_eq!(s.sends(&s.ada, &stray).await, 202);
}

#[tokio::test]
async fn fed_fol_06_fed_fol_12_answers_find_the_follow_by_id_or_by_who_and_whom() {
    let s = Scene::new().await;
    let vera = s.account(&s.vera).await.id;
    for (n, who) in [&s.bob, &s.carol].into_iter().enumerate() {
        who.post(&format!("/api/v1/accounts/{vera}/follow"), json!({})).await.ok();
        let who_id = who.id.parse().unwrap();
        let follow = s.node.app.read(move |conn| store::follows::find(conn, who_id, vera)).await.unwrap().unwrap();
        let object = match n {
            0 => json!(follow.uri),
            _ => json!({"type": "Follow", "actor": s.uri(who), "object": s.vera.id}),
        };
        s.vera.delivers(&s.node, &s.vera.activity("Accept", object)).await;
        let follow = s.node.app.read(move |conn| store::follows::find(conn, who_id, vera)).await.unwrap();
        assert_eq!(follow.unwrap().state, FollowState::Accepted);
    }
    let object = json!({"type": "Follow", "actor": s.uri(&s.bob), "object": s.vera.id});
    s.vera.delivers(&s.node, &s.vera.activity("Reject", object)).await;
    assert_eq!(s.count("select count(*) from follows").await, 2, "bob's of ada and carol's of vera");
}

#[tokio::test]
async fn fed_disc_18_fed_fol_13_an_actor_that_acts_is_read_again_after_a_day() {
    let s = Scene::new().await;
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    actor["name"] = json!("Renamed");
    s.east.serve("/users/ada", actor);
    s.east.serve(
        "/users/ada/followers",
        json!({"id": s.east.url("/users/ada/followers"), "type": "OrderedCollection", "totalItems": 42}),
    );
    s.east.serve(
        "/users/ada/following",
        json!({"id": s.east.url("/users/ada/following"), "type": "OrderedCollection", "totalItems": 0}),
    );
    s.creates(&s.ada, &s.note(&s.ada, "1", "x")).await;
    assert_eq!(s.account(&s.ada).await.display_name, "ada", "it was read today");
    s.node.clock.advance(25 * 3_600_000);
    s.creates(&s.ada, &s.note(&s.ada, "2", "x")).await;
    let after = s.account(&s.ada).await;
    assert_eq!(after.display_name, "Renamed");
    assert_eq!((after.followers_count, after.following_count), (42, 0));
}

#[tokio::test]
async fn fed_addr_in_03_an_unknown_followers_collection_is_asked_for_before_deciding() {
    let s = Scene::new().await;
    let id = s.account(&s.ada).await.id;
    s.node
        .app
        .write(move |tx| {
            watercooler::db::Sql::new("update accounts set followers_url = null where id = ").bind(id).execute(tx.conn)
        })
        .await
        .unwrap();
    s.node.clock.advance(2 * 3_600_000);
    let mut note = s.note(&s.ada, "1", "x");
    note["to"] = json!([format!("{}/followers", s.ada.id)]);
    note["cc"] = json!([]);
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(s.post(&id).await.unwrap().visibility.as_str(), "private");
}
