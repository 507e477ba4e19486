//! The register of projects while it is small.

use crate::{
    expertise::ME,
    projects::{API, bearing, path, register},
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

#[tokio::test]
async fn a_project_and_its_people_are_one_list_in_the_search_box_and_each_is_told_who_knows() {
    let node = Node::start().await;
    let (alice, bob, cleo) = (node.member("alice").await, node.member("bob").await, node.member("cleo").await);
    let mut plain = bearing();
    (plain["tags"], plain["looking_for"]) = (json!([]), json!([]));
    let made = register(&alice, plain).await;
    for who in [&bob, &cleo] {
        who.post(&path(&made, "/join"), json!({})).await.ok();
        alice.post(&path(&made, &format!("/requests/{}/accept", who.id)), json!({})).await.ok();
    }
    node.settle().await;
    let page = async |offset: usize| {
        let query = format!("q=project:Quiet%20bearing&type=accounts&limit=2&offset={offset}");
        let found = alice.get(&format!("/api/v2/search?{query}")).await.ok();
        let accounts = found["accounts"].as_array().unwrap().iter();
        accounts.map(|account| account["username"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (mut all, second) = (page(0).await, page(2).await);
    assert_eq!((all.len(), all[0].as_str(), second.len()), (2, "quietbearing", 2), "{all:?} {second:?}");
    assert!(page(4).await.is_empty());
    all.extend(second);
    all.sort();
    assert_eq!(all, ["alice", "bob", "cleo", "quietbearing"]);
    // Who works with somebody who knows is found for that, and the reason says with whom.
    alice.patch(ME, json!({ "skills": [{ "name": "Kafka", "stance": "ask" }] })).await.ok();
    let found = bob.get("/api/watercooler/v1/experts?q=who+knows+kafka").await.ok();
    let reasons: Vec<&Value> =
        found["experts"].as_array().unwrap().iter().map(|one| &one["reasons"][0]["text"]).collect();
    let mate = json!("works with @alice on Quiet bearing");
    assert_eq!(reasons, [&json!("lists #kafka"), &mate, &mate], "{found}");
}

#[tokio::test]
async fn lists_of_projects_have_an_end_for_who_reads_page_after_page() {
    let node = Node::start().await;
    let alice = node.member("alice").await;
    for name in ["One", "Two", "Three"] {
        register(&alice, json!({ "name": name, "purpose": format!("{name} of a kind."), "publish": true })).await;
        register(&alice, json!({ "name": format!("{name} draft"), "purpose": "Later." })).await;
        node.clock.advance(1_000);
    }
    node.settle().await;
    for which in ["mine=true", "drafts=true", "state=idea"] {
        let (mut seen, mut last) = (Vec::new(), String::new());
        for pages in 1.. {
            let list = alice.get(&format!("{API}?{which}&limit=2{last}")).await.ok();
            let ids: Vec<String> =
                list.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
            assert!(pages < 4, "{which}: {list}");
            let Some(id) = ids.last() else { break };
            last = format!("&max_id={id}");
            seen.extend(ids);
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 3, "{which}");
        assert_eq!(alice.get(&format!("{API}?{which}&max_id=1")).await.ok(), json!([]), "{which}");
    }
}
