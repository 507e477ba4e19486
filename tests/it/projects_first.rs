//! The register of projects while it is small.

use crate::{
    projects::{API, bearing, register},
    support::Node,
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_copy_of_the_only_project_is_found_and_warned_of_by_the_first_question() {
    let node = Node::start().await;
    let (alice, bob) = (node.member("alice").await, node.member("bob").await);
    let check = format!("{API}/check");
    assert_eq!(bob.post(&check, bearing()).await.ok()["candidates"], json!([]));
    register(&alice, bearing()).await;
    let answer = bob.post(&check, bearing()).await.ok();
    let first = &answer["candidates"][0];
    assert_eq!((&first["project"]["name"], &first["warn"]), (&json!("Quiet bearing"), &json!(true)), "{answer}");
    assert!(answer["warning"].is_string(), "{answer}");
    let unlike = json!({"name": "Choir", "purpose": "Sing together on Thursdays after work."});
    assert_eq!(bob.post(&check, unlike).await.ok()["warning"], Value::Null);
}
