//! Pairs of tags that answers say are one thing: the gardener hears of them, and decides with a tap or a word.

use crate::{
    concierge_projects::{answer, replies, text},
    support::{
        Client, Node,
        organisation::{alone, brings_in, charter_of, found, minutes, org},
        settle,
    },
};
use serde_json::{Value, json};
use watercooler::{
    domain::{Task, people::answers},
    id::Id,
    model::Role,
    time::Clock,
};

/// Three people of a node who list one thing are thanked under another.
async fn thanks(node: &Node, listed: &str, under: &str) {
    for number in 1..=3 {
        let client = node.member(&format!("{under}{number}")).await;
        let skills = json!({ "skills": [{ "name": listed, "stance": "ask" }] });
        client.patch("/api/watercooler/v1/people/me", skills).await.ok();
        let (id, tags): (Id<_>, _) = (client.id.parse().unwrap(), vec![under.to_owned()]);
        node.app
            .write(move |tx| (1..=3).try_for_each(|post| answers::accept(tx, id, Id::new(post), &tags)))
            .await
            .unwrap();
    }
}

async fn gardener(node: &Node) -> Client {
    let staff = node.citizen_with("mara", Role::Moderator).await;
    Client::with_token(node, &node.token(staff.id, "read write").await)
}

async fn night(node: &Node) {
    node.clock.advance(86_400_000);
    node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
    node.settle().await;
}

async fn letters(who: &Client) -> Vec<Value> {
    let all = who.get("/api/v1/notifications?types[]=mention&limit=80").await.ok();
    let mut all: Vec<Value> = all.as_array().unwrap().iter().map(|n| n["status"].clone()).collect();
    all.retain(|post| text(post).contains("may be one thing"));
    all
}

async fn means(node: &Node, word: &str) -> Option<String> {
    charter_of(node).await.charter.aliases.get(word).cloned()
}

#[tokio::test]
async fn the_gardener_hears_of_a_pair_once_and_accepts_it_with_a_tap_or_a_word() {
    let node = alone("hq", &Clock::fixed(crate::support::NOW)).await;
    found(&node).await;
    let mara = gardener(&node).await;
    thanks(&node, "Adhesives", "klebstoff").await;
    night(&node).await;
    night(&node).await;
    let read = letters(&mara).await;
    assert_eq!(read.len(), 1, "{read:?}");
    assert!(
        text(&read[0]).contains("#klebstoff and #Adhesives") || text(&read[0]).contains("#klebstoff and #adhesives")
    );
    assert_eq!(means(&node, "klebstoff").await, None);
    let vote = format!("/api/v1/polls/{}/votes", read[0]["poll"]["id"].as_str().unwrap());
    mara.post(&vote, json!({ "choices": [0] })).await.ok();
    node.settle().await;
    assert_eq!(means(&node, "klebstoff").await.as_deref(), Some("adhesives"));
    // Another one is declined, and not proposed again; a third is accepted by a word.
    for (listed, under, word, meant) in
        [("Torque", "drehmoment", "decline", None), ("Bearings", "waelzlager", "accept", Some("bearings"))]
    {
        thanks(&node, listed, under).await;
        night(&node).await;
        let letter = letters(&mara).await.into_iter().find(|letter| text(letter).contains(under)).unwrap();
        let said = replies(&mara, &letter, word).await;
        node.settle().await;
        let heard = text(&answer(&mara, &said).await);
        assert!(heard.contains(if meant.is_some() { "means" } else { "stay two things" }), "{heard}");
        assert_eq!(means(&node, under).await.as_deref(), meant);
    }
    night(&node).await;
    assert_eq!(letters(&mara).await.len(), 3);
}

#[tokio::test]
async fn where_no_version_is_made_the_letter_says_where_it_is() {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    minutes(&[&hq, &lyon], 2).await;
    let mara = gardener(&lyon).await;
    thanks(&lyon, "Adhesives", "klebstoff").await;
    settle(&[&hq, &lyon]).await;
    night(&lyon).await;
    let read = letters(&mara).await;
    assert_eq!((read.len(), &read[0]["poll"]), (1, &Value::Null), "{read:?}");
    assert!(text(&read[0]).contains(&format!("the desks of {}", hq.domain)), "{}", text(&read[0]));
}

#[tokio::test]
async fn a_rule_that_nothing_uses_yet_is_told_so() {
    let node = alone("hq", &Clock::fixed(crate::support::NOW)).await;
    found(&node).await;
    for (rule, unused) in
        [("media_off_site=false", true), ("retention.posts=365", true), ("k=7", true), ("name=New", false)]
    {
        let told = org(&node, &["set", rule]).await.unwrap();
        assert_eq!((&told["state"], told["note"].is_string()), (&json!("signed"), unused), "{rule}: {told}");
    }
}
