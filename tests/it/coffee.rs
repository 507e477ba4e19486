//! Pairs for a coffee, through the client API: who is in meets somebody of another site, every second week somebody else, and one only.

use crate::{
    concierge::{asks, three},
    questions::{mentions, skills},
    support::{
        Client, Node,
        organisation::{letter, minutes},
        settle,
    },
};
use serde_json::json;
use std::collections::BTreeSet;
use watercooler::domain::html::plain_text;

const DAY: i64 = 86_400_000;

/// With whom somebody was paired, by user names, oldest first; one entry for each letter that they were told of.
async fn partners(who: &Client) -> Vec<String> {
    let mut found = mentions(who).await;
    found.retain(|n| plain_text(n["status"]["content"].as_str().unwrap()).contains("you two have a coffee"));
    found.reverse();
    let other = |n: &serde_json::Value| {
        assert_eq!((&n["account"]["bot"], &n["status"]["visibility"]), (&json!(true), &json!("direct")), "{n}");
        let named = n["status"]["mentions"].as_array().unwrap();
        assert_eq!(named.len(), 2, "{n}");
        let name = |one: &serde_json::Value| one["username"].as_str().unwrap().to_owned();
        named.iter().map(name).find(|name| *name != who.name).unwrap()
    };
    found.iter().map(other).collect()
}

/// To the next Monday on which pairs are made, ten o'clock.
async fn monday(nodes: &[&Node]) {
    let clock = &nodes[0].clock;
    let now = clock.now().millis();
    let next = (now.div_euclid(DAY) + 3).div_euclid(7) + 1;
    let days = (next + next % 2) * 7 - 3 - now.div_euclid(DAY);
    clock.advance((now.div_euclid(DAY) + days) * DAY + 10 * 3_600_000 - now);
    settle(nodes).await;
}

#[tokio::test]
async fn who_is_in_meets_each_of_the_others_once_and_all_nodes_make_the_same_pairs() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let (dora, emil) = (oslo.member("dora").await, lyon.member("emil").await);
    skills(&bob, &["Chess"]).await;
    skills(&alice, &["Chess"]).await;
    for (node, who) in [(&hq, &bob), (&lyon, &alice), (&oslo, &cleo), (&oslo, &dora), (&lyon, &emil)] {
        assert!(asks(node, who, "coffee on").await.contains("Every second Monday you get somebody to meet"));
    }
    assert!(asks(&lyon, &emil, "Kaffee aus").await.contains("Du wirst mit niemandem"));
    minutes(&all, 3).await;
    // Other nodes of the organisation know it, and nobody else.
    let path = lyon.app.site().actor_uri("alice").strip_prefix(lyon.app.site().base()).unwrap().to_owned();
    let seen = letter(&oslo, &lyon, "GET", &path, None).await.send(&lyon).await.ok();
    assert_eq!(seen["coffee"], true, "{seen}");
    assert!(Client::anonymous(&lyon).get_activity(&path).await.json()["coffee"].is_null());
    let people = [&bob, &alice, &cleo, &dora];
    for round in 1..=3 {
        monday(&all).await;
        for who in people {
            assert_eq!(partners(who).await.len(), round, "{} in round {round}", who.name);
        }
        for who in people {
            let other = partners(who).await.pop().unwrap();
            let other = people.into_iter().find(|one| one.name == other).unwrap();
            assert_eq!(partners(other).await.pop().unwrap(), who.name);
        }
    }
    for who in people {
        assert_eq!(BTreeSet::from_iter(partners(who).await).len(), 3, "nobody twice");
    }
    let told: Vec<String> =
        mentions(&bob).await.iter().map(|n| plain_text(n["status"]["content"].as_str().unwrap())).collect();
    assert_eq!(told.iter().filter(|text| text.contains("You both list: #chess.")).count(), 1, "{told:?}");
    // Everybody met everybody.
    monday(&all).await;
    for who in people {
        assert_eq!(partners(who).await.len(), 3);
    }
    assert!(partners(&emil).await.is_empty());
}

#[tokio::test]
async fn who_is_listed_nowhere_is_not_paired_and_who_leaves_the_round_gets_nobody() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    asks(&hq, &bob, "list me site").await;
    assert!(asks(&hq, &bob, "coffee on").await.contains("Only who is listed in the organisation"));
    asks(&lyon, &alice, "coffee on").await;
    asks(&oslo, &cleo, "coffee on").await;
    minutes(&all, 2).await;
    asks(&oslo, &cleo, "list me nobody").await;
    minutes(&all, 2).await;
    monday(&all).await;
    for who in [&bob, &alice, &cleo] {
        assert!(partners(who).await.is_empty(), "{}", who.name);
    }
    asks(&oslo, &cleo, "list me organisation").await;
    minutes(&all, 2).await;
    monday(&all).await;
    assert_eq!((partners(&alice).await, partners(&cleo).await), (vec!["cleo".to_owned()], vec!["alice".to_owned()]));
}
