//! Who leads a project: it is handed over, its lead leaves, somebody takes it over.

use crate::{
    projects::{bearing, known, letters, path, register, says, two},
    support::{Client, Node, settle},
};
use serde_json::json;
use watercooler::{
    db::Sql,
    domain::{audit::Staff, leavers, moves},
    store,
};

#[tokio::test]
async fn a_lead_hands_over_to_a_member_and_a_member_of_the_same_node_joins_by_a_message() {
    let node = Node::start().await;
    let (alice, eve) = (node.member("alice").await, node.member("eve").await);
    let made = register(&alice, bearing()).await;
    let message = json!({"status": "@quietbearing join I have a microphone", "visibility": "direct"});
    eve.post("/api/v1/statuses", message).await.ok();
    assert_eq!(alice.get(&path(&made, "/requests")).await.ok()[0]["message"], "I have a microphone");
    alice.post(&path(&made, &format!("/requests/{}/accept", eve.id)), json!({})).await.ok();
    assert_eq!(alice.post(&path(&made, "/leave"), json!({})).await.status, 409);
    let handed = alice.post(&path(&made, "/lead"), json!({"account_id": eve.id})).await.ok();
    assert_eq!((&handed["lead"]["acct"], &handed["role"]), (&json!("eve"), &json!("moderator")));
    alice.post(&path(&made, "/leave"), json!({})).await.ok();
    assert_eq!(alice.put(&path(&made, ""), json!({"name": "Mine"})).await.status, 403);
    assert_eq!(eve.put(&path(&made, ""), json!({"name": "Silent bearing"})).await.ok()["name"], "Silent bearing");
    let list = eve.get_activity("/users/quietbearing/moderators").await.ok();
    assert_eq!(list["orderedItems"], json!([node.url("/users/eve")]));
}

#[tokio::test]
async fn whoever_is_taken_out_of_a_project_hears_it_from_the_project_wherever_they_are() {
    let (hq, lyon) = two().await;
    let (alice, eve, bob) = (hq.member("alice").await, hq.member("eve").await, lyon.member("bob").await);
    let made = register(&alice, bearing()).await;
    settle(&[&hq, &lyon]).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    bob.post(&path(&there, "/join"), json!({})).await.ok();
    eve.post(&path(&made, "/join"), json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    for request in alice.get(&path(&made, "/requests")).await.ok().as_array().unwrap() {
        let id = request["account"]["id"].as_str().unwrap();
        alice.post(&path(&made, &format!("/requests/{id}/accept")), json!({})).await.ok();
    }
    settle(&[&hq, &lyon]).await;
    let list = alice.get(&path(&made, "/members")).await.ok();
    let members = list.as_array().unwrap().iter().filter(|member| member["role"] == "member");
    let ids: Vec<&str> = members.map(|member| member["account"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2, "{list}");
    for id in ids {
        alice.delete(&path(&made, &format!("/members/{id}"))).await.ok();
    }
    settle(&[&hq, &lyon]).await;
    assert!(bob.get(&path(&there, "")).await.ok()["role"].is_null());
    for who in [&eve, &bob] {
        let told = letters(who).await;
        let out = told.iter().filter(|letter| says(letter, "no member of Quiet bearing any more")).count();
        assert_eq!(out, 1, "{told:?}");
    }
}

#[tokio::test]
async fn a_moderator_leaves_by_a_message_and_the_lead_is_told_to_hand_over_first() {
    let node = Node::start().await;
    let (alice, eve) = (node.member("alice").await, node.member("eve").await);
    let made = register(&alice, bearing()).await;
    let writes = async |who: &Client, text: &str| {
        let letter = json!({"status": format!("@quietbearing {text}"), "visibility": "direct"});
        who.post("/api/v1/statuses", letter).await.ok();
        node.settle().await;
    };
    writes(&eve, "mitmachen").await;
    alice.post(&path(&made, &format!("/requests/{}/accept", eve.id)), json!({})).await.ok();
    alice.post(&path(&made, &format!("/moderators/{}", eve.id)), json!({})).await.ok();
    assert_eq!(eve.get(&path(&made, "")).await.ok()["role"], "moderator");
    writes(&eve, "leave").await;
    assert!(eve.get(&path(&made, "")).await.ok()["role"].is_null());
    writes(&alice, "leave").await;
    assert_eq!(alice.get(&path(&made, "")).await.ok()["role"], "lead");
    let told = letters(&alice).await;
    assert!(told.iter().any(|letter| says(letter, "hand it over before you leave")), "{told:?}");
}

#[tokio::test]
async fn nobody_who_left_leads_a_project_and_a_new_lead_is_told_who_waits() {
    let node = Node::start().await;
    let (alice, eve, bob) = (node.member("alice").await, node.member("eve").await, node.member("bob").await);
    let made = register(&alice, bearing()).await;
    eve.post(&path(&made, "/join"), json!({})).await.ok();
    alice.post(&path(&made, &format!("/requests/{}/accept", eve.id)), json!({})).await.ok();
    let leave = async |who: &Client| {
        let id = who.id.parse().unwrap();
        node.app.write(move |tx| leavers::leave(tx, &Staff::console(), id, None)).await.unwrap();
        node.settle().await;
    };
    leave(&eve).await;
    assert_eq!(alice.post(&path(&made, "/lead"), json!({"account_id": eve.id})).await.status, 403);
    assert_eq!(alice.post(&path(&made, &format!("/moderators/{}", eve.id)), json!({})).await.status, 403);
    let finn = node.member("finn").await;
    finn.post(&path(&made, "/join"), json!({})).await.ok();
    leave(&finn).await;
    assert_eq!(alice.post(&path(&made, &format!("/requests/{}/accept", finn.id)), json!({})).await.status, 403);
    alice.post(&path(&made, &format!("/requests/{}/reject", finn.id)), json!({})).await.ok();
    leave(&alice).await;
    // Nobody leads it: who asks now is told so, and whoever takes over is told who waits, and says yes from any app.
    let said = crate::concierge::asks(&node, &bob, "project join Quiet bearing").await;
    assert!(said.contains("has no lead at the moment"), "{said}");
    let dora = node.member("dora").await;
    dora.post(&path(&made, "/lead"), json!({"account_id": dora.id})).await.ok();
    let asked = letters(&dora).await.into_iter().find(|letter| says(letter, "bob asks to join")).unwrap();
    let yes = json!({"status": "@concierge accept", "visibility": "direct", "in_reply_to_id": asked["id"]});
    dora.post("/api/v1/statuses", yes).await.ok();
    node.settle().await;
    assert_eq!(bob.get(&path(&made, "")).await.ok()["role"], "member");
}

#[tokio::test]
async fn a_lead_who_moves_away_hands_over_to_a_moderator() {
    let node = Node::start().await;
    let (alice, eve) = (node.member("alice").await, node.member("eve").await);
    let made = register(&alice, bearing()).await;
    eve.post(&path(&made, "/join"), json!({})).await.ok();
    alice.post(&path(&made, &format!("/requests/{}/accept", eve.id)), json!({})).await.ok();
    alice.post(&path(&made, &format!("/moderators/{}", eve.id)), json!({})).await.ok();
    node.member("alice2").await;
    let (id, alias) = (alice.id.parse().unwrap(), json!([node.url("/users/alice")]).to_string());
    node.app
        .write(move |tx| {
            Sql::new("update accounts set also_known_as = ")
                .bind(alias)
                .push(" where username = 'alice2'")
                .execute(tx.conn)?;
            let to = store::accounts::find_local(tx.conn, "alice2")?.unwrap();
            moves::away(tx, &Staff::console(), id, &to, false)
        })
        .await
        .unwrap();
    node.settle().await;
    let now = eve.get(&path(&made, "")).await.ok();
    assert_eq!((&now["lead"]["acct"], &now["role"]), (&json!("eve"), &json!("lead")), "{now}");
}
