//! Who is listed, for whom, and what is shown of them: the switch of any client, strangers, suggestions, repair.

use crate::{
    expertise::{ME, alice, finds, names, node_work, sends, shown, three},
    support::{Client, Node, organisation::minutes, settle},
};
use serde_json::{Value, json};
use watercooler::{db::Sql, domain::Task};

#[tokio::test]
async fn every_directory_is_compared_within_the_hour() {
    let (hq, lyon, oslo, [alice, bob, cleo]) = three().await;
    for (node, who) in [(&lyon, &alice), (&oslo, &cleo)] {
        who.patch(ME, json!({ "skills": ["Kafka"] })).await.ok();
        node.clock.advance(60_000);
        node_work(node).await;
        node.app.write(|tx| Sql::new("delete from deliveries").execute(tx.conn).map(drop)).await.unwrap();
    }
    settle(&[&hq, &lyon, &oslo]).await;
    assert!(finds(&bob, "skill:kafka").await.is_empty());
    for _ in 0..2 {
        hq.clock.advance(3_600_000);
        settle(&[&hq, &lyon, &oslo]).await;
    }
    let mut found = finds(&bob, "skill:kafka").await;
    found.sort();
    assert_eq!(names(&found), ["alice", "cleo"]);
}

#[tokio::test]
async fn who_becomes_known_through_a_directory_is_silenced_where_their_node_is() {
    let (hq, lyon, oslo, [_, bob, _]) = three().await;
    let block = watercooler::peers::NewBlock {
        domain: lyon.domain.clone(),
        severity: watercooler::net::Severity::Silence,
        reject_media: false,
        reject_reports: false,
        comment: String::new(),
        ..watercooler::peers::NewBlock::default()
    };
    watercooler::peers::block(&hq.app, watercooler::domain::audit::Staff::console(), block).await.unwrap();
    let frank = lyon.member("frank").await;
    lyon.settle().await;
    frank.patch(ME, json!({ "skills": ["Falconry"] })).await.ok();
    lyon.clock.advance(60_000);
    node_work(&lyon).await;
    lyon.app.write(|tx| Sql::new("delete from deliveries").execute(tx.conn).map(drop)).await.unwrap();
    let task = Task::CheckDirectory { domain: lyon.domain.clone() };
    hq.app.write(move |tx| tx.enqueue(&task)).await.unwrap();
    settle(&[&hq, &lyon, &oslo]).await;
    let found = bob.get("/api/watercooler/v1/experts?q=skill:falconry").await.ok();
    let account = &found["experts"][0]["account"];
    assert_eq!((&account["username"], &account["limited"]), (&json!("frank"), &json!(true)));
}

#[tokio::test]
async fn the_switch_of_an_unchanged_client_takes_one_out_of_the_directory_and_back() {
    let (hq, lyon, oslo, [alice, bob, _]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let listed = async || alice.get(ME).await.ok()["listed"].clone();
    let switch = async |on: bool| {
        let body = json!({ "display_name": "Alice", "discoverable": on });
        let me = alice.patch("/api/v1/accounts/update_credentials", body).await.ok();
        minutes(&all, 2).await;
        me["discoverable"].clone()
    };
    let published = async || {
        let letter = crate::support::organisation::letter(&hq, &lyon, "GET", "/users/alice", None).await;
        letter.send(&lyon).await.ok()["discoverable"].clone()
    };
    assert_eq!((switch(true).await, listed().await), (json!(true), json!("organisation")));
    assert_eq!(
        (switch(false).await, listed().await, published().await),
        (json!(false), json!("unlisted"), json!(false))
    );
    assert!(finds(&bob, "who knows vibration analysis").await.is_empty());
    assert_eq!(
        (switch(true).await, listed().await, published().await),
        (json!(true), json!("organisation"), json!(true))
    );
    assert_eq!(names(&finds(&bob, "who knows vibration analysis").await), ["alice"]);
    // Whoever chose their own site stays there when a client sends the switch along.
    alice.patch(ME, json!({ "listed": "site" })).await.ok();
    assert_eq!((switch(true).await, listed().await), (json!(true), json!("site")));
    alice.patch(ME, json!({ "listed": "unlisted" })).await.ok();
    let me = alice.get("/api/v1/accounts/verify_credentials").await.ok();
    assert_eq!(me["discoverable"], false, "the switch says the same");
}

#[tokio::test]
async fn sec_prv_15_strangers_are_shown_no_facts_of_people_who_are_not_for_everybody() {
    let node = Node::start().await;
    let (alice, bob) = (alice(&node).await, node.member("bob").await);
    let body = json!({ "discoverable": true });
    alice.patch("/api/v1/accounts/update_credentials", body).await.ok();
    let mut fields = shown(&alice).await;
    fields.push(("Blog".into(), "https://alice.example".into()));
    sends(&alice, &fields).await;
    alice.post("/api/v1/statuses", json!({ "status": "good morning" })).await.ok();
    let stranger = Client::anonymous(&node);
    let names = |fields: &Value| -> Vec<String> {
        fields.as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap().to_owned()).collect()
    };
    let id = alice.id.clone();
    let seen = async |who: &Client| {
        let account = who.get(&format!("/api/v1/accounts/{id}")).await.ok();
        let posts = who.get(&format!("/api/v1/accounts/{id}/statuses")).await.ok();
        let looked = who.get("/api/v1/accounts/lookup?acct=alice").await.ok();
        for other in [&posts[0]["account"], &looked] {
            assert_eq!(other["fields"], account["fields"]);
        }
        let tags = who.get(&format!("/api/v1/accounts/{id}/featured_tags")).await.ok();
        let directory = who.get("/api/v1/directory?local=true").await.ok();
        let page = who.get("/@alice").await;
        assert_eq!(page.text.contains("Bench 3"), account["fields"].as_array().unwrap().len() == 5, "{}", who.name);
        (names(&account["fields"]).len(), tags.as_array().unwrap().len(), directory.as_array().unwrap().len())
    };
    assert_eq!(seen(&stranger).await, (5, 1, 1));
    for (listed, to_bob) in [("site", 1), ("unlisted", 0)] {
        alice.patch(ME, json!({ "listed": listed })).await.ok();
        assert_eq!(seen(&stranger).await, (1, 0, 0), "{listed}");
        let account = bob.get(&format!("/api/v1/accounts/{id}")).await.ok();
        assert_eq!(names(&account["fields"]).len(), 5, "{listed}");
        let directory = bob.get("/api/v1/directory?local=true").await.ok();
        assert_eq!(directory.as_array().unwrap().len(), to_bob, "{listed}");
    }
}

#[tokio::test]
async fn skills_are_suggested_and_counted_of_those_who_may_be_found_by_them() {
    let node = Node::start().await;
    let (ada, bob, cleo) = (node.member("ada").await, node.member("bob").await, node.member("cleo").await);
    ada.patch(ME, json!({ "skills": ["Falconry"] })).await.ok();
    bob.patch(ME, json!({ "skills": ["Falconry", "Falafel"], "listed": "unlisted" })).await.ok();
    cleo.patch(ME, json!({ "skills": [{ "name": "Falconry", "stance": "learning" }] })).await.ok();
    let found = ada.get("/api/watercooler/v1/skills?q=fal").await.ok();
    assert_eq!(found, json!([{ "tag": "falconry", "name": "Falconry", "people": 1 }]));
}

#[tokio::test]
async fn a_line_of_work_that_is_too_long_for_a_field_is_not_cut_by_an_edit() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let name = |n: usize| format!("Project {n}, {}", "x".repeat(70));
    let works: Vec<_> = (0..5).map(|n| json!({ "name": name(n), "url": node.url(&format!("/@p{n}")) })).collect();
    ada.patch(ME, json!({ "works_on": works })).await.ok();
    let mut fields = shown(&ada).await;
    assert_eq!(fields[0].1, [name(0), name(1), name(2)].join(", "), "what fits is shown");
    // Somebody puts another one behind those they see.
    fields[0].1.push_str(", Lantern");
    sends(&ada, &fields).await;
    let own = ada.get(ME).await.ok();
    let names: Vec<&str> = own["works_on"].as_array().unwrap().iter().map(|w| w["name"].as_str().unwrap()).collect();
    assert_eq!(names, [&name(0), &name(1), &name(2), "Lantern", &name(3), &name(4)]);
    assert_eq!(own["works_on"][4]["url"], node.url("/@p3"), "with its page");
}
