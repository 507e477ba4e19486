//! What a node counts about itself: by what people do, and shown to its staff only.

use crate::{
    concierge::{asks, three},
    leavers::boss,
    support::{
        Client, Node,
        organisation::{alone, brings_in, found, minutes},
        settle,
    },
};
use serde_json::{Value, json};
use watercooler::time::Clock;

const PATH: &str = "/api/watercooler/v1/admin/counters";

async fn skills(client: &Client, names: &[&str]) {
    client.patch("/api/watercooler/v1/people/me", json!({ "skills": names })).await.ok();
}

async fn report(boss: &Client) -> Value {
    boss.get(PATH).await.ok()
}

#[tokio::test]
async fn a_search_that_ends_in_a_meeting_of_two_sites_is_counted_once_and_nobody_elses_is() {
    let (hq, lyon, oslo, [bob, alice, _]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let boss = boss(&hq).await;
    let carol = hq.member("carol").await;
    skills(&alice, &["Welding", "Rust", "Kafka"]).await;
    skills(&carol, &["Welding"]).await;
    minutes(&all, 2).await;
    assert_eq!(bob.get(PATH).await.status, 403);
    let found = bob.get("/api/v2/search?q=who+knows+welding").await.ok();
    let id = |name: &str| {
        let mut accounts = found["accounts"].as_array().unwrap().iter();
        accounts.find(|one| one["username"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let follow = async |id: String| bob.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    // A colleague of the same site is no meeting of two sites.
    follow(id("carol")).await;
    assert_eq!(report(&boss).await["counted"]["searches_followed"], 0);
    follow(id("alice")).await;
    follow(id("alice")).await;
    // Nobody knows this, and whoever searched long ago met somebody for another reason.
    bob.get("/api/v2/search?q=who+knows+falconry").await.ok();
    bob.get("/api/v2/search?q=who+knows+welding").await.ok();
    hq.clock.advance(3_600_000);
    let text = format!("@{} hello", lyon.handle("alice"));
    bob.post("/api/v1/statuses", json!({ "status": text })).await.ok();
    let told = report(&boss).await;
    let counted = |name: &str| told["counted"][name].as_i64().unwrap();
    assert_eq!((counted("searches"), counted("searches_found"), counted("searches_followed")), (3, 2, 1), "{told}");
    assert_eq!(told["shares"]["searches_followed"], 0.5);
    // A letter within the hour counts as well.
    bob.get("/api/v2/search?q=who+knows+welding").await.ok();
    bob.post("/api/v1/statuses", json!({ "status": text })).await.ok();
    assert_eq!(report(&boss).await["counted"]["searches_followed"], 2);
    settle(&all).await;
}

#[tokio::test]
async fn commands_questions_and_projects_are_counted_by_what_becomes_of_them() {
    let node = Node::start().await;
    let boss = boss(&node).await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    skills(&bob, &["Welding", "Rust", "Kafka"]).await;
    asks(&node, &ada, "help").await;
    asks(&node, &ada, "blub blub").await;
    let question = ada.post("/api/v1/statuses", json!({ "status": "#ask Who welds? #welding" })).await.ok();
    ada.post("/api/v1/statuses", json!({ "status": "#ask Who flies falcons? #falconry" })).await.ok();
    node.settle().await;
    node.clock.advance(2 * 3_600_000);
    let answer = json!({ "status": "@ada I do.", "in_reply_to_id": question["id"] });
    let answer = bob.post("/api/v1/statuses", answer).await.ok();
    ada.post("/api/v1/statuses", json!({ "status": "@bob ✅", "in_reply_to_id": answer["id"] })).await.ok();
    node.settle().await;
    crate::projects::register(&bob, crate::projects::bearing()).await;
    // The wrong one to ask answers nothing, and is no answer.
    let other = ada.post("/api/v1/statuses", json!({ "status": "#ask Who forges? #forging" })).await.ok();
    bob.post("/api/v1/statuses", json!({ "status": "@ada not me", "in_reply_to_id": other["id"] })).await.ok();
    node.settle().await;
    let told = report(&boss).await;
    let counted = |name: &str| told["counted"][name].as_i64().unwrap();
    assert_eq!((counted("commands_unknown"), counted("projects_registered")), (1, 1), "{told}");
    assert_eq!(counted("commands"), 2, "{told}");
    let shares = &told["shares"];
    assert_eq!((&shares["questions"], &shares["questions_answered"]), (&json!(3), &json!(0.333)), "{told}");
    assert_eq!(
        (&shares["first_answer_hours"], &shares["accepted_from_elsewhere"]),
        (&json!(2.0), &json!(0.0)),
        "{told}"
    );
    assert!(shares["list_three_skills"].as_f64().unwrap() > 0.0, "{told}");
    // A day beyond the report is not in it.
    node.clock.advance(100 * 86_400_000);
    let later = boss.get(&format!("{PATH}?days=7")).await.ok();
    assert_eq!((&later["days"], &later["counted"]["commands"]), (&json!(7), &json!(0)), "{later}");
}

#[tokio::test]
async fn what_people_make_of_audiences_and_the_first_answer_between_two_nodes_are_counted() {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    let all = [&hq, &lyon];
    settle(&all).await;
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    minutes(&all, 2).await;
    let (at_lyon, boss) = (boss(&lyon).await, boss(&hq).await);
    let (bob, carol, alice) = (hq.member("bob").await, hq.member("carol").await, lyon.member("alice").await);
    let post = async |client: &Client, text: &str, to: Option<&Value>| {
        let to = to.map(|post| post["id"].clone());
        client.post("/api/v1/statuses", json!({ "status": text, "in_reply_to_id": to })).await
    };
    let told = report(&boss).await;
    assert_eq!(
        (&told["shares"]["posts_for_site"], &told["shares"]["first_reply_minutes"]),
        (&Value::Null, &Value::Null)
    );
    // One for the organisation, two for the site; an answer to one of them is as narrow by itself.
    let hello = post(&bob, &format!("@{} hello", lyon.handle("alice")), None).await.ok();
    let near = post(&bob, "!site Coffee is out", None).await.ok();
    post(&carol, "@bob again?", Some(&near)).await.ok();
    let refused = post(&bob, "!open Hello world", None).await;
    assert!(refused.status == 422 && refused.text.contains("keeps posts inside"), "{}", refused.text);
    settle(&all).await;
    let told = report(&boss).await;
    let counted = |told: &Value, name: &str| told["counted"][name].as_i64().unwrap();
    let names = ["audiences_narrowed", "audiences_widened", "open_refused"];
    assert_eq!(names.map(|name| counted(&told, name)), [1, 0, 1], "{told}");
    let shares = &told["shares"];
    assert_eq!((&shares["posts_for_site"], &shares["posts_for_organisation"]), (&json!(0.667), &json!(0.333)));
    assert_eq!((&shares["posts_for_everybody"], &shares["first_reply_minutes"]), (&json!(0.0), &Value::Null));
    // Wider than usual: by somebody whose posts usually stay.
    carol.patch("/api/v1/accounts/update_credentials", json!({ "source": { "audience": "site" } })).await.ok();
    post(&carol, "!org Coffee for all", None).await.ok();
    assert_eq!(counted(&report(&boss).await, "audiences_widened"), 1);
    // Answered within a node is no meeting of two; by somebody of the other node it is, for both, once.
    post(&bob, "@bob well", Some(&hello)).await.ok();
    assert_eq!(report(&boss).await["shares"]["first_reply_minutes"], Value::Null);
    clock.advance(3 * 60_000);
    let mentioned = alice.get("/api/v1/notifications?types[]=mention").await.ok()[0]["status"].clone();
    post(&alice, &format!("@{} hi", hq.handle("bob")), Some(&mentioned)).await.ok();
    settle(&all).await;
    let took = report(&boss).await["shares"]["first_reply_minutes"].as_f64().unwrap();
    assert!((5.0..10.0).contains(&took), "{took}");
    assert_eq!(report(&at_lyon).await["shares"]["first_reply_minutes"].as_f64(), Some(took));
    clock.advance(3 * 60_000);
    post(&alice, &format!("@{} hi again", hq.handle("bob")), Some(&mentioned)).await.ok();
    settle(&all).await;
    assert_eq!(report(&boss).await["shares"]["first_reply_minutes"].as_f64(), Some(took));
}
