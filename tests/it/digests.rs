//! The weekly letter of the concierge, through the client API: asked for, on Mondays, with what its reader may see.

use crate::{
    audiences::act,
    concierge::{asks, three},
    leavers::{boss, leaves},
    projects::register,
    questions::{post, skills, told},
    support::{Client, Node, organisation::minutes, settle},
};
use serde_json::json;

const DAY: i64 = 86_400_000;

/// The letters that somebody got, oldest first.
async fn letters(who: &Client) -> Vec<String> {
    let mut found = told(who).await;
    found.retain(|text| text.starts_with("Your week:") || text.starts_with("Deine Woche:"));
    found
}

#[tokio::test]
async fn a_weekly_letter_has_five_things_of_both_sites_and_nothing_its_reader_may_not_see() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let carol = hq.member("carol").await;
    for who in [&bob, &alice, &cleo] {
        skills(who, &["Welding"]).await;
    }
    cleo.patch("/api/watercooler/v1/people/me", json!({ "listed": "unlisted" })).await.ok();
    bob.patch("/api/watercooler/v1/people/me", json!({ "time_zone": "Europe/Berlin" })).await.ok();
    minutes(&all, 2).await;
    assert!(asks(&hq, &bob, "digest weekly").await.contains("On Mondays at nine"));
    // It is Monday morning; the letter of the next one looks back a week.
    let at = |day: i64, hour: i64| day * DAY + hour * 3_600_000 - 60_000;
    let begun = hq.clock.now().millis();
    let midnight = begun - begun.rem_euclid(DAY);
    let until = |millis: i64| hq.clock.advance(midnight + millis - hq.clock.now().millis());
    until(at(5, 12));
    settle(&all).await;
    post(&carol, "The bicycle shed is open", None).await;
    let loved = post(&carol, "A picnic on Friday", None).await;
    act(&bob, &loved, "favourite").await;
    let limited = json!({ "status": "Privateword", "visibility": "private" });
    carol.post("/api/v1/statuses", limited.clone()).await.ok();
    alice.post("/api/v1/statuses", limited).await.ok();
    post(&alice, "!site Sitesecret of Lyon", None).await;
    post(&alice, "The canal is frozen", None).await;
    // Of what comes to this node from others, that is all that it knows of them.
    let follow = bob.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@{}", lyon.handle("alice"))).await.ok();
    let id = follow["accounts"][0]["id"].as_str().unwrap().to_owned();
    post(&alice, &format!("@{} Fresh snow!", hq.handle("bob")), None).await;
    post(&alice, "#ask Who welds aluminium? #welding", None).await;
    post(&alice, "!site #ask Who welds sitesecrets? #welding", None).await;
    let project = json!({ "name": "Warm seams", "purpose": "Weld in the cold.", "tags": ["welding"], "publish": true });
    register(&alice, project).await;
    let draft = json!({ "name": "Hidden seams", "purpose": "A draft.", "tags": ["welding"] });
    alice.post("/api/watercooler/v1/projects", draft).await;
    settle(&all).await;
    minutes(&all, 2).await;
    until(at(7, 8));
    settle(&all).await;
    assert!(letters(&bob).await.is_empty(), "not before nine in Berlin");
    until(at(7, 8) + 60_000);
    settle(&all).await;
    let letter = letters(&bob).await.remove(0);
    let lines: Vec<&str> = letter.lines().collect();
    assert_eq!(lines.len(), 6, "{letter}");
    assert!(lines[1].starts_with(&format!("From your site, @{}: A picnic on Friday", hq.handle("carol"))), "{letter}");
    assert!(lines[2].starts_with(&format!("From another site, @{}: ", lyon.handle("alice"))), "{letter}");
    assert!(lines[3].starts_with("Can you answer this? ") && lines[3].contains("aluminium"), "{letter}");
    assert!(lines[4].starts_with("A new project: Warm seams · about #welding"), "{letter}");
    let meet = format!("@{} · somebody to meet: lists #welding like you", lyon.handle("alice"));
    assert_eq!(lines[5], meet);
    assert!(!letter.contains("secret") && !letter.contains("Private") && !letter.contains("Hidden"), "{letter}");
    // Who is blocked is in none; who is followed is met already.
    bob.post(&format!("/api/v1/accounts/{id}/block"), json!({})).await.ok();
    until(at(14, 8) + 60_000);
    settle(&all).await;
    let found = letters(&bob).await;
    assert!(found.len() == 1 || !found[1].contains("alice"), "{found:?}");
}

#[tokio::test]
async fn nobody_gets_a_letter_unasked_an_empty_one_is_not_sent_and_leaving_ends_it() {
    let node = Node::start().await;
    let boss = boss(&node).await;
    let (ada, ben, cleo) = (node.member("ada").await, node.member("ben").await, node.member("cleo").await);
    assert!(asks(&node, &ada, "digest weekly").await.contains("On Mondays at nine"));
    assert!(asks(&node, &ben, "Wochenbrief an").await.contains("Montags um neun"));
    assert!(asks(&node, &cleo, "digest").await.contains("digest weekly (or: digest off)"));
    // To the next Monday, some hour after nine.
    let monday = async |hour: i64| {
        let now = node.clock.now().millis();
        let days = 7 - (now.div_euclid(DAY) + 3).rem_euclid(7);
        node.clock.advance((now.div_euclid(DAY) + days) * DAY + hour * 3_600_000 - now);
        node.settle().await;
    };
    monday(12).await;
    assert!(letters(&ada).await.is_empty(), "nothing was to be said");
    post(&cleo, "The bicycle shed is open", None).await;
    monday(11).await;
    assert_eq!((letters(&ada).await.len(), letters(&ben).await.len(), letters(&cleo).await.len()), (1, 1, 0));
    assert!(letters(&ada).await[0].contains("From your site, "));
    // Off, and gone; on again while it is on changes nothing.
    assert!(asks(&node, &ada, "digest weekly").await.contains("On Mondays at nine"));
    assert!(asks(&node, &ben, "digest off").await.contains("I write no weekly letter"));
    post(&cleo, "Autumn in the yard", None).await;
    monday(10).await;
    assert_eq!((letters(&ada).await.len(), letters(&ben).await.len()), (2, 1));
    leaves(&boss, &ada).await;
    let waiting = node.app.read(|conn| watercooler::db::Sql::new("select count(*) from digests").scalar_i64(conn));
    assert_eq!(waiting.await.unwrap(), 0, "it ends with the account");
}
