//! People who move from one server to another: the MOVE rows of the federation checklist.

use crate::support::Scene;
use serde_json::{Value, json};
use watercooler::{
    Error,
    domain::{aliases, audit::Staff, moves},
    federation::{fetch::Budget, import},
    id::Id,
    model::Account,
};

#[tokio::test]
async fn fed_move_01_followers_go_along_with_what_they_noted() {
    let s = Scene::new().await;
    let ada = s.account(&s.ada).await.id;
    s.bob.post(&format!("/api/v1/accounts/{ada}/note"), json!({"comment": "knows torque"})).await.ok();
    s.carol.post(&format!("/api/v1/accounts/{ada}/mute"), json!({})).await.ok();
    let mut actor = s.west.person("vera", &s.vera.signer.key.public_pem().unwrap());
    actor["alsoKnownAs"] = json!([s.ada.id]);
    s.west.serve("/users/vera", actor);
    let mut it = s.ada.activity("Move", s.ada.id.clone());
    it["target"] = json!(s.vera.id);
    s.sends(&s.ada, &it).await;
    let vera = s.account(&s.vera).await.id;
    let follows: Vec<Value> = s.west.inbox().into_iter().filter(|a| a["type"] == "Follow").collect();
    assert_eq!((&follows[0]["actor"], &follows[0]["object"]), (&json!(s.uri(&s.bob)), &json!(s.vera.id)));
    assert!(s.east.inbox().iter().any(|a| a["type"] == "Undo"));
    let relation = s.bob.get(&format!("/api/v1/accounts/relationships?id[]={vera}")).await.ok()[0].clone();
    assert_eq!((&relation["requested"], &relation["note"]), (&json!(true), &json!("knows torque")));
    let relation = s.carol.get(&format!("/api/v1/accounts/relationships?id[]={vera}")).await.ok()[0].clone();
    assert_eq!(relation["muting"], true);
    let seen = s.bob.get(&format!("/api/v1/accounts/{ada}")).await.ok();
    assert_eq!(seen["moved"]["id"], vera.to_string());
}

/// vera's document, with these ids as her aliases.
fn known_as(s: &Scene, aliases: Value) -> Value {
    let mut actor = s.west.person("vera", &s.vera.signer.key.public_pem().unwrap());
    actor["alsoKnownAs"] = aliases;
    s.west.serve("/users/vera", actor.clone());
    actor
}

fn moving(s: &Scene) -> Value {
    let mut it = s.ada.activity("Move", s.ada.id.clone());
    it["target"] = json!(s.vera.id);
    it
}

#[tokio::test]
async fn fed_move_01_blocks_lists_and_notes_go_along_and_who_follows_already_is_not_asked_again() {
    let s = Scene::new().await;
    let (ada, vera) = (s.account(&s.ada).await.id, s.account(&s.vera).await.id);
    s.follows(&s.carol, &s.ada).await;
    s.follows(&s.carol, &s.vera).await;
    let dan = s.node.member("dan").await;
    dan.post(&format!("/api/v1/accounts/{ada}/block"), json!({})).await.ok();
    dan.post(&format!("/api/v1/accounts/{ada}/note"), json!({"comment": "never again"})).await.ok();
    let list = s.carol.post("/api/v1/lists", json!({"title": "friends"})).await.ok()["id"].as_str().unwrap().to_owned();
    s.carol.post(&format!("/api/v1/lists/{list}/accounts"), json!({"account_ids": [ada]})).await.ok();
    s.node.settle().await;
    s.west.forget();
    s.east.forget();
    known_as(&s, json!([s.ada.id]));
    s.sends(&s.ada, &moving(&s)).await;
    let asked: Vec<Value> = s.west.inbox().into_iter().filter(|a| a["type"] == "Follow").collect();
    assert_eq!(asked.len(), 1, "bob alone: carol follows her already");
    assert_eq!(asked[0]["actor"], s.uri(&s.bob));
    let left: Vec<Value> =
        s.east.inbox().into_iter().filter(|a| a["type"] == "Undo" && a["object"]["type"] == "Follow").collect();
    assert_eq!(left.len(), 2);
    let members = s.carol.get(&format!("/api/v1/lists/{list}/accounts")).await.ok();
    assert!(members.as_array().unwrap().iter().any(|m| m["id"] == vera.to_string()), "{members}");
    let relation = dan.get(&format!("/api/v1/accounts/relationships?id[]={vera}")).await.ok()[0].clone();
    assert_eq!((&relation["blocking"], &relation["note"]), (&json!(true), &json!("never again")));
    // Once in seven days.
    let mut third = s.west.person("third", &s.vera.signer.key.public_pem().unwrap());
    third["alsoKnownAs"] = json!([s.ada.id]);
    s.west.serve("/users/third", third.clone());
    let mut again = moving(&s);
    again["target"] = third["id"].clone();
    s.sends(&s.ada, &again).await;
    assert_eq!(s.account(&s.ada).await.moved_to_id, Some(vera));
    s.node.clock.advance(8 * 24 * 3_600_000);
    again["id"] = json!(format!("{}/again", s.ada.id));
    s.sends(&s.ada, &again).await;
    assert_ne!(s.account(&s.ada).await.moved_to_id, Some(vera));
}

#[tokio::test]
async fn fed_move_02_a_target_that_does_not_agree_or_moved_on_is_ignored_and_not_counted() {
    let s = Scene::new().await;
    let unmoved = async |why: &str| {
        assert_eq!(s.account(&s.ada).await.moved_to_id, None, "{why}");
        assert!(s.west.inbox().is_empty() && s.east.inbox().is_empty(), "{why}");
    };
    assert_eq!(s.sends(&s.ada, &moving(&s)).await, 202);
    unmoved("no alias").await;
    known_as(&s, json!([format!("{}x", s.ada.id)]));
    s.sends(&s.ada, &moving(&s)).await;
    unmoved("another alias").await;
    let mut actor = known_as(&s, json!([s.ada.id]));
    actor["movedTo"] = json!("https://far.example/users/vera");
    s.west.serve("/users/vera", actor);
    s.sends(&s.ada, &moving(&s)).await;
    unmoved("she moved on, to somebody nobody here knows").await;
    let mut strange = moving(&s);
    strange["object"] = json!(s.mallory.id);
    assert!(s.sends(&s.ada, &strange).await < 500);
    known_as(&s, json!([s.ada.id]));
    let mut stolen = s.mallory.activity("Move", s.ada.id.clone());
    stolen["target"] = json!(s.vera.id);
    assert!(s.sends(&s.mallory, &stolen).await < 500);
    unmoved("of somebody else").await;
    // None of these counts against the seven days.
    s.sends(&s.ada, &moving(&s)).await;
    assert_eq!(s.account(&s.ada).await.moved_to_id, Some(s.account(&s.vera).await.id));
}

#[tokio::test]
async fn fed_move_04_05_a_person_moves_away_with_their_followers_and_posts_no_more() {
    let s = Scene::new().await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    let bob: Id<Account> = s.bob.id.parse().unwrap();
    s.carol.post(&format!("/api/v1/accounts/{bob}/follow"), json!({})).await.ok();
    s.node.settle().await;
    s.east.forget();
    s.west.forget();
    let to_vera = async || {
        let (vera, moved_on) =
            import::account_and_whither(&s.node.app, &s.vera.id, &Budget::of_activity()).await.unwrap();
        s.node.app.write(move |tx| moves::away(tx, &Staff::console(), bob, &vera, moved_on)).await
    };
    // Without an alias on the target nobody moves.
    assert!(matches!(to_vera().await, Err(Error::Invalid { .. })));
    known_as(&s, json!([s.uri(&s.bob)]));
    to_vera().await.unwrap();
    s.node.settle().await;
    let sent = s.east.inbox();
    let moved = sent.iter().find(|a| a["type"] == "Move").unwrap();
    assert_eq!((&moved["actor"], &moved["object"]), (&json!(s.uri(&s.bob)), &json!(s.uri(&s.bob))));
    assert_eq!(moved["target"], s.vera.id);
    // Local followers are moved: asked there first, then let go here.
    let asked: Vec<Value> = s.west.inbox().into_iter().filter(|a| a["type"] == "Follow").collect();
    assert_eq!((asked.len(), &asked[0]["actor"]), (1, &json!(s.uri(&s.carol))));
    let relation = s.carol.get(&format!("/api/v1/accounts/relationships?id[]={bob}")).await.ok()[0].clone();
    assert_eq!(relation["following"], false);
    // The actor says where to, and everybody is told.
    let document = s.carol.get_activity("/users/bob").await.ok();
    assert_eq!(document["movedTo"], s.vera.id);
    s.node.clock.advance(61_000);
    s.node.settle().await;
    let update = s.east.inbox().into_iter().find(|a| a["type"] == "Update").unwrap();
    assert_eq!(update["object"]["movedTo"], s.vera.id);
    // It posts no more and is followed no more.
    let refused = s.bob.post("/api/v1/statuses", json!({"status": "still here"})).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    let post = s.writes(&s.carol, "public", "x").await;
    let id = s.post(&post).await.unwrap().id;
    assert_eq!(s.bob.post(&format!("/api/v1/statuses/{id}/reblog"), json!({})).await.status, 403);
    s.sends(&s.mallory, &s.mallory.activity("Follow", s.uri(&s.bob))).await;
    assert!(s.east.inbox().iter().any(|a| a["type"] == "Reject"));
    // Taken back: it is told, posts again, and may not move again within thirty days.
    s.node.app.write(move |tx| moves::back(tx, &Staff::console(), bob)).await.unwrap();
    s.east.forget();
    s.node.clock.advance(61_000);
    s.node.settle().await;
    let update = s.east.inbox().into_iter().find(|a| a["type"] == "Update").unwrap();
    assert_eq!(update["object"].get("movedTo"), None);
    s.writes(&s.bob, "public", "back again").await;
    assert!(matches!(to_vera().await, Err(Error::Invalid { .. })));
    s.node.clock.advance(30 * 24 * 3_600_000);
    to_vera().await.unwrap();
}

#[tokio::test]
async fn fed_move_04_an_alias_is_shown_on_the_actor_and_told() {
    let s = Scene::new().await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    let (bob, alias): (Id<Account>, _) = (s.bob.id.parse().unwrap(), s.vera.id.clone());
    s.east.forget();
    s.node.app.write(move |tx| aliases::change(tx, &Staff::console(), bob, &alias, true).map(drop)).await.unwrap();
    assert_eq!(s.carol.get_activity("/users/bob").await.ok()["alsoKnownAs"], json!([s.vera.id]));
    s.node.clock.advance(61_000);
    s.node.settle().await;
    let update = s.east.inbox().into_iter().find(|a| a["type"] == "Update").unwrap();
    assert_eq!(update["object"]["alsoKnownAs"], json!([s.vera.id]));
    // With the alias vera may move here, and whoever follows her follows bob at once.
    s.follows(&s.carol, &s.vera).await;
    let mut it = s.vera.activity("Move", s.vera.id.clone());
    it["target"] = json!(s.uri(&s.bob));
    s.sends(&s.vera, &it).await;
    let relation = s.carol.get(&format!("/api/v1/accounts/relationships?id[]={bob}")).await.ok()[0].clone();
    assert_eq!(relation["following"], true);
}

#[tokio::test]
async fn fed_move_03_where_somebody_went_is_read_where_nobody_here_knows_it_and_counts_when_that_agrees() {
    let s = Scene::new().await;
    let pem = s.vera.signer.key.public_pem().unwrap();
    let mut nia = s.west.person("nia", &pem);
    nia["alsoKnownAs"] = json!([s.mallory.id]);
    s.west.serve("/users/nia", nia.clone());
    let mut mallory = s.east.person("mallory", &pem);
    mallory["movedTo"] = nia["id"].clone();
    s.east.serve("/users/mallory", mallory.clone());
    s.sends(&s.mallory, &s.mallory.activity("Update", mallory)).await;
    let (old, handle) = (s.account(&s.mallory).await, format!("nia@{}", s.west.authority));
    let seen = s.bob.get(&format!("/api/v1/accounts/{}", old.id)).await.ok();
    assert_eq!(seen["moved"]["acct"], json!(handle));
    assert_eq!(old.move_processed_at, None, "that was no Move");

    // Whom somebody looks for; the other end is asked again, and has to agree.
    for (name, agrees) in [("olga", false), ("otto", true)] {
        let mut one = s.east.person(name, &pem);
        one["movedTo"] = nia["id"].clone();
        if agrees {
            nia["alsoKnownAs"] = json!([s.mallory.id, one["id"]]);
            s.west.serve("/users/nia", nia.clone());
        }
        s.east.serve(&format!("/users/{name}"), one);
        let found =
            s.bob.get(&format!("/api/v2/search?resolve=true&q=@{name}@{}", s.east.authority)).await.ok()["accounts"][0]
                .clone();
        assert_eq!(found["username"], name);
        let seen = s.bob.get(&format!("/api/v1/accounts/{}", found["id"].as_str().unwrap())).await.ok();
        assert_eq!(seen["moved"]["acct"], if agrees { json!(handle) } else { Value::Null }, "{name}");
    }
}

#[tokio::test]
async fn fed_move_04_of_a_move_that_is_taken_back_nobody_hears_who_has_not_heard_yet() {
    let s = Scene::new().await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    let bob: Id<Account> = s.bob.id.parse().unwrap();
    s.carol.post(&format!("/api/v1/accounts/{bob}/follow"), json!({})).await.ok();
    s.node.settle().await;
    s.east.forget();
    s.west.forget();
    known_as(&s, json!([s.uri(&s.bob)]));
    let (vera, moved_on) = import::account_and_whither(&s.node.app, &s.vera.id, &Budget::of_activity()).await.unwrap();
    s.node.app.write(move |tx| moves::away(tx, &Staff::console(), bob, &vera, moved_on)).await.unwrap();
    let waits = "select count(*) from deliveries d join activities a on a.id = d.activity_id where a.kind = 'Move'";
    assert_eq!(s.count(waits).await, 1);
    // Wrong: nothing is on its way yet.
    s.node.app.write(move |tx| moves::back(tx, &Staff::console(), bob)).await.unwrap();
    s.node.clock.advance(61_000);
    s.node.settle().await;
    assert!(s.east.inbox().iter().all(|a| a["type"] != "Move"), "{:?}", s.east.inbox());
    assert!(s.west.inbox().iter().all(|a| a["type"] != "Follow"), "carol stays");
    let relation = s.carol.get(&format!("/api/v1/accounts/relationships?id[]={bob}")).await.ok()[0].clone();
    assert_eq!(relation["following"], true);
}
