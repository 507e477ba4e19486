//! Introductions through the client API: whom one may want to meet, and letters that name two people, as the other one's
//! node lets them ring.

use crate::{
    concierge::{answers, asks, tells, three},
    questions::{mentions, skills},
    support::{Client, organisation::minutes, settle},
};
use serde_json::{Value, json};
use watercooler::domain::html::plain_text;

const DAY: i64 = 86_400_000;

/// Letters that somebody was told of.
async fn letters(who: &Client) -> Vec<Value> {
    let mut found = mentions(who).await;
    found.retain(|n| plain_text(n["status"]["content"].as_str().unwrap()).contains("would like to meet"));
    found
}

#[tokio::test]
async fn people_of_other_sites_are_offered_and_met_by_number_with_the_reason_and_answer_in_one_thread() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    for who in [&bob, &alice] {
        skills(who, &["Chess"]).await;
    }
    minutes(&all, 2).await;
    let first = tells(&bob, "intro").await;
    hq.settle().await;
    let offered = answers(&bob, &first).await.remove(0);
    let text = plain_text(offered["content"].as_str().unwrap());
    let (to_alice, to_cleo) =
        (format!("1. alice (@{})", lyon.handle("alice")), format!("2. cleo (@{})", oslo.handle("cleo")));
    assert!(text.contains(&to_alice) && text.contains("you both list #chess"), "{text}");
    assert!(text.contains(&to_cleo), "{text}");
    // Whoever is new gets a draft; nobody named hears of the list.
    assert!(text.contains("Hello, I am bob.") && text.contains("#chess. #introduction"), "{text}");
    settle(&all).await;
    assert!(mentions(&alice).await.is_empty());

    let id = offered["id"].as_str().unwrap();
    let status = json!({ "status": "@concierge intro 1 because we both play at lunch", "visibility": "direct", "in_reply_to_id": id });
    let second = bob.post("/api/v1/statuses", status).await.ok();
    settle(&all).await;
    let said = plain_text(answers(&bob, &second).await[0]["content"].as_str().unwrap());
    assert!(said.contains("has a letter from me that names you both"), "{said}");
    let told = letters(&alice).await.remove(0);
    let text = plain_text(told["status"]["content"].as_str().unwrap());
    assert!(text.contains("Why: we both play at lunch") && text.contains("You both list: #chess."), "{text}");
    assert_eq!((&told["status"]["visibility"], &told["account"]["bot"]), (&json!("direct"), &json!(true)));
    assert_eq!(letters(&bob).await.len(), 1, "the one who wanted it has it too");
    assert!(letters(&cleo).await.is_empty());
    // Both read what one answers.
    let to = told["status"]["id"].as_str().unwrap();
    let names = format!("@{} Gladly: at noon?", hq.handle("bob"));
    let reply = json!({ "status": names, "visibility": "direct", "in_reply_to_id": to });
    alice.post("/api/v1/statuses", reply).await.ok();
    settle(&all).await;
    assert!(mentions(&bob).await.iter().any(|n| n["status"]["content"].as_str().unwrap().contains("Gladly")));
    // Once in a while is enough, and not offered again.
    assert!(
        asks(&hq, &bob, &format!("intro {}", lyon.handle("alice")))
            .await
            .contains("introduced to you a short time ago")
    );
    assert!(!asks(&hq, &bob, "intro").await.contains("alice"));
}

#[tokio::test]
async fn it_rings_for_nobody_who_is_not_asked_away_or_blocks_and_three_times_a_week() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    minutes(&all, 2).await;
    let to_alice = format!("introduce me to {}", lyon.handle("alice"));
    asks(&lyon, &alice, "asks off").await;
    asks(&hq, &bob, &to_alice).await;
    settle(&all).await;
    assert!(letters(&alice).await.is_empty());
    asks(&lyon, &alice, "asks on").await;
    // A block stands between them, though the letter is the concierge's.
    let found = alice.get(&format!("/api/v1/accounts/lookup?acct={}", oslo.handle("cleo"))).await.ok();
    alice.post(&format!("/api/v1/accounts/{}/mute", found["id"].as_str().unwrap()), json!({})).await.ok();
    asks(&oslo, &cleo, &to_alice).await;
    settle(&all).await;
    assert!(letters(&alice).await.is_empty());
    let mut told = 0;
    for number in 0..5 {
        let other = hq.member(&format!("dora{number}")).await;
        asks(&hq, &other, &to_alice).await;
        settle(&all).await;
        told += 1;
        assert_eq!(letters(&alice).await.len(), told.min(3), "{number}");
    }
    hq.clock.advance(8 * DAY);
    settle(&all).await;
    let late = hq.member("late").await;
    asks(&hq, &late, &to_alice).await;
    settle(&all).await;
    assert_eq!(letters(&alice).await.len(), 4);
}

#[tokio::test]
async fn nobody_is_introduced_to_strangers_to_themselves_or_to_who_is_listed_nowhere_and_five_a_week() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    asks(&oslo, &cleo, "list me nobody").await;
    minutes(&all, 2).await;
    for who in ["nobody@lyon.example", &oslo.handle("cleo"), "bob", "concierge", "7", "bob because"] {
        let said = asks(&hq, &bob, &format!("intro {who}")).await;
        assert!(said.contains("Nobody of that name is listed"), "{who}: {said}");
    }
    settle(&all).await;
    assert!(letters(&bob).await.is_empty() && letters(&cleo).await.is_empty());
    for number in 0..6 {
        let name = format!("emil{number}");
        hq.member(&name).await;
        let said = asks(&hq, &bob, &format!("vorstellen {name} weil wir löten")).await;
        assert_eq!(said.contains("fünf in einer Woche"), number == 5, "{said}");
    }
    assert_eq!(letters(&bob).await.len(), 5);
    assert!(letters(&alice).await.is_empty());
}
