//! Pairs of tags that answers say are one thing: the gardener hears of them, and decides with a tap or a word.

use crate::{
    concierge_projects::{answer, replies, text},
    support::{
        Client, Node,
        organisation::{alone, brings_in, charter_of, found, letter, minutes, org},
        settle,
    },
};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
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

/// What the concierge says of aliases, newest first, the proposals left out.
async fn told(who: &Client) -> Vec<String> {
    let all = who.get("/api/v1/notifications?types[]=mention&limit=80").await.ok();
    let mut all: Vec<String> = all.as_array().unwrap().iter().map(|n| text(&n["status"])).collect();
    all.retain(|said| !said.contains("may be one thing"));
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

async fn two() -> (Node, Node, Client) {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    minutes(&[&hq, &lyon], 2).await;
    let mara = gardener(&lyon).await;
    (hq, lyon, mara)
}

#[tokio::test]
async fn what_the_desk_of_another_node_accepts_is_signed_where_the_key_is() {
    let (hq, lyon, mara) = two().await;
    thanks(&lyon, "adhesives", "klebstoff").await;
    settle(&[&hq, &lyon]).await;
    night(&lyon).await;
    let read = letters(&mara).await;
    assert_eq!((read.len(), read[0]["poll"].is_object()), (1, true), "{read:?}");
    assert!(text(&read[0]).contains(&format!("What you accept goes to {}", hq.domain)), "{}", text(&read[0]));
    let vote = format!("/api/v1/polls/{}/votes", read[0]["poll"]["id"].as_str().unwrap());
    mara.post(&vote, json!({ "choices": [0] })).await.ok();
    settle(&[&hq, &lyon]).await;
    for node in [&hq, &lyon] {
        assert_eq!(means(node, "klebstoff").await.as_deref(), Some("adhesives"));
    }
    let heard = text(&answer(&mara, &read[0]).await);
    assert!(heard.contains("#klebstoff means #adhesives now"), "{heard}");
    let trace = hq.app.read(|conn| watercooler::store::audit::page(conn, None, 10)).await.unwrap();
    assert!(trace.iter().any(|entry| entry.actor == lyon.domain && entry.target == "let klebstoff mean adhesives"));
    // By a client of ours, the same way.
    let body = json!({ "asked": "drehmoment", "listed": "torque" });
    let said = mara.post("/api/watercooler/v1/alias_proposals/accept", body.clone()).await.ok();
    assert_eq!(said["state"], "sent");
    settle(&[&hq, &lyon]).await;
    assert_eq!(means(&lyon, "drehmoment").await.as_deref(), Some("torque"));
    assert_eq!(told(&mara).await[0], "#drehmoment means #torque now.");
    // A word that means something is not turned into something else from there.
    let version = charter_of(&hq).await.charter.version;
    for listed in ["torque", "bearings"] {
        let body = json!({ "asked": "drehmoment", "listed": listed });
        mara.post("/api/watercooler/v1/alias_proposals/accept", body).await.ok();
        settle(&[&hq, &lyon]).await;
        assert_eq!(
            (means(&hq, "drehmoment").await.as_deref(), charter_of(&hq).await.charter.version),
            (Some("torque"), version)
        );
        let heard = told(&mara).await.remove(0);
        let is = if listed == "torque" { "#drehmoment means #torque now." } else { "stay two things: it was refused." };
        assert!(heard.contains(is), "{listed}: {heard}");
    }
}

#[tokio::test]
async fn without_the_key_what_another_desk_accepts_waits_with_its_name() {
    let (hq, lyon, mara) = two().await;
    hq.app.write(|tx| watercooler::store::charter::delete_keys_but(tx.conn, "none")).await.unwrap();
    thanks(&lyon, "adhesives", "klebstoff").await;
    settle(&[&hq, &lyon]).await;
    night(&lyon).await;
    let letter = letters(&mara).await.remove(0);
    let said = replies(&mara, &letter, "accept").await;
    settle(&[&hq, &lyon]).await;
    let heard = text(&answer(&mara, &said).await);
    assert!(heard.contains("with the next version of the charter that is signed"), "{heard}");
    assert_eq!(means(&lyon, "klebstoff").await, None);
    let waits = json!([format!("let klebstoff mean adhesives, accepted by {}", lyon.domain)]);
    for _ in 0..2 {
        assert_eq!(org(&hq, &["status"]).await.unwrap()["waiting"], waits);
        // Said twice, it waits once.
        let body = json!({ "asked": "klebstoff", "listed": "adhesives" });
        mara.post("/api/watercooler/v1/alias_proposals/accept", body).await.ok();
        settle(&[&hq, &lyon]).await;
        let heard = told(&mara).await.remove(0);
        assert!(heard.contains("#klebstoff will mean #adhesives with the next version of the charter"), "{heard}");
    }
}

#[tokio::test]
async fn a_moderator_hears_when_no_steward_could_be_reached_and_may_accept_again() {
    let (hq, lyon, mara) = two().await;
    thanks(&lyon, "adhesives", "klebstoff").await;
    settle(&[&hq, &lyon]).await;
    night(&lyon).await;
    let letter = letters(&mara).await.remove(0);
    drop(hq);
    let accepts = async || {
        let said = replies(&mara, &letter, "accept").await;
        lyon.settle().await;
        said
    };
    let waiting = async || {
        let sql = "select count(*) from jobs where kind in ('decide_alias', 'send_alias') and buried_at is null";
        lyon.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
    };
    let said = accepts().await;
    let body = json!({ "asked": "drehmoment", "listed": "torque" });
    mara.post("/api/watercooler/v1/alias_proposals/accept", body).await.ok();
    lyon.settle().await;
    assert_eq!((waiting().await, told(&mara).await.len()), (2, 0), "they try again");
    let mut hours = 0;
    while waiting().await > 0 {
        hours += 1;
        assert!(hours < 30, "it is given up");
        lyon.clock.advance(3_600_000);
        lyon.settle().await;
    }
    assert!(hours >= 10, "{hours}");
    let heard = text(&answer(&mara, &said).await);
    assert!(heard.contains("no node of a steward could be reached for half a day"), "{heard}");
    let all = told(&mara).await;
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().any(|said| said.contains("#drehmoment and #torque are two things still")), "{all:?}");
    // Accepted again, it is tried again.
    accepts().await;
    assert_eq!((waiting().await, told(&mara).await.len()), (1, 2));
}

#[tokio::test]
async fn sec_only_nodes_of_the_organisation_bring_aliases_and_only_such_as_are_words() {
    let (hq, lyon, _) = two().await;
    let clock = Clock::fixed(crate::support::NOW);
    let stranger = alone("far", &clock).await;
    let good = json!({ "word": "klebstoff", "means": "adhesives" });
    let from = async |node: &Node, body: &Value| {
        letter(node, &hq, "POST", "/charter/aliases", Some(body)).await.send(&hq).await
    };
    assert_eq!(from(&stranger, &good).await.status, 403);
    assert_eq!(Client::anonymous(&hq).post("/charter/aliases", good.clone()).await.status, 401);
    let long = "x".repeat(101);
    for wrong in [
        json!({ "word": long, "means": "adhesives" }),
        json!({ "word": "a\nb", "means": "adhesives" }),
        json!({ "word": "", "means": "adhesives" }),
        json!({ "word": "same", "means": "same" }),
        json!({ "word": ["klebstoff"], "means": "adhesives" }),
        json!("klebstoff"),
    ] {
        assert_eq!(from(&lyon, &wrong).await.status, 400, "{wrong}");
    }
    assert!(charter_of(&hq).await.charter.aliases.is_empty());
    assert_eq!(from(&lyon, &good).await.json()["state"], "signed");
    // A node that is no steward signs nothing.
    let back = letter(&hq, &lyon, "POST", "/charter/aliases", Some(&json!({ "word": "a", "means": "b" }))).await;
    assert_eq!(back.send(&lyon).await.status, 400);
}

#[tokio::test]
async fn a_rule_that_nothing_uses_yet_is_told_so() {
    let node = alone("hq", &Clock::fixed(crate::support::NOW)).await;
    found(&node).await;
    for (rule, unused) in
        [("media_off_site=false", false), ("retention.posts=365", true), ("k=7", true), ("name=New", false)]
    {
        let told = org(&node, &["set", rule]).await.unwrap();
        assert_eq!((&told["state"], told["note"].is_string()), (&json!("signed"), unused), "{rule}: {told}");
    }
}
