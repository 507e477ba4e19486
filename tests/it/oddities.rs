//! Shapes that the tests of other servers send, each of which means something.

use crate::support::Scene;
use serde_json::{Value, json};

/// A question of ada's that says how it ends.
fn question(s: &Scene, closed: Value) -> Value {
    let mut it = s.note(&s.ada, "q", "which?");
    it["type"] = json!("Question");
    it["oneOf"] = json!([{"type": "Note", "name": "tea"}, {"type": "Note", "name": "coffee"}]);
    it["closed"] = closed;
    it
}

#[tokio::test]
async fn fed_poll_01_a_poll_that_says_when_it_will_close_is_open_until_then() {
    let s = Scene::new().await;
    let end = json!(s.node.clock.now().plus_days(1).rfc3339());
    let id = s.creates(&s.ada, &question(&s, end.clone())).await;
    let poll = s.status(&s.bob, &id).await["poll"].clone();
    assert_eq!(poll["expired"], json!(false));
    assert!(poll["expires_at"].is_string(), "{poll}");
    let path = format!("/api/v1/polls/{}", poll["id"].as_str().unwrap());
    s.bob.post(&format!("{path}/votes"), json!({"choices": [0]})).await.ok();
    s.node.settle().await;
    // New tallies close nothing either.
    let mut counted = question(&s, end);
    counted["oneOf"][0]["replies"] = json!({"type": "Collection", "totalItems": 3});
    s.ada.delivers(&s.node, &s.ada.activity("Update", counted.clone())).await;
    let seen = s.status(&s.bob, &id).await["poll"].clone();
    assert_eq!((&seen["expired"], &seen["votes_count"]), (&json!(false), &json!(3)));
    s.east.serve("/users/ada/notes/q", counted);
    s.node.clock.advance(25 * 3_600_000);
    s.node.settle().await;
    assert_eq!(s.bob.get(&path).await.ok()["expired"], json!(true));
    assert_eq!(s.told(&s.bob).await, ["poll"]);
}
