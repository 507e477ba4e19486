//! The concierge, as people meet it in an unchanged client: everything here goes through the Mastodon client API.

use crate::support::{
    Client, Node, NodeBuilder,
    organisation::{alone, brings_in, found, minutes},
    settle,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use watercooler::{
    domain::accounts::{self, NewPerson},
    time::{Clock, Timestamp},
};

/// Writes to the concierge of a node; answers the post.
pub async fn tells(client: &Client, text: &str) -> Value {
    let status = json!({ "status": format!("@concierge {text}"), "visibility": "direct" });
    client.post("/api/v1/statuses", status).await.ok()
}

/// The direct answers to a post.
pub async fn answers(client: &Client, post: &Value) -> Vec<Value> {
    let thread = client.get(&format!("/api/v1/statuses/{}/context", post["id"].as_str().unwrap())).await.ok();
    thread["descendants"].as_array().unwrap().clone()
}

/// Writes to the concierge and reads its only answer, as plain text.
pub async fn asks(node: &Node, client: &Client, text: &str) -> String {
    let post = tells(client, text).await;
    node.settle().await;
    let answers = answers(client, &post).await;
    assert_eq!(answers.len(), 1, "{text}");
    assert_eq!((&answers[0]["visibility"], &answers[0]["account"]["bot"]), (&json!("direct"), &json!(true)));
    watercooler::domain::html::plain_text(answers[0]["content"].as_str().unwrap())
}

/// Three nodes under one charter, on one clock, with one person each.
pub async fn three() -> (Node, Node, Node, [Client; 3]) {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon, oslo) = (alone("hq", &clock).await, alone("lyon", &clock).await, alone("oslo", &clock).await);
    let people = [hq.member("bob").await, lyon.member("alice").await, oslo.member("cleo").await];
    found(&hq).await;
    for node in [&lyon, &oslo] {
        settle(&[&hq, &lyon, &oslo]).await;
        brings_in(&hq, node).await;
    }
    minutes(&[&hq, &lyon, &oslo], 3).await;
    (hq, lyon, oslo, people)
}

#[tokio::test]
async fn j4_an_expert_at_another_site_is_found_by_writing_and_by_searching_and_followed() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    // Alice and Cleo say what they know, from their clients.
    assert!(asks(&lyon, &alice, "skills ask +vibration analysis").await.contains("Ask me about: vibration analysis"));
    assert!(asks(&oslo, &cleo, "skills +vibration analysis").await.contains("I know: vibration analysis"));
    minutes(&all, 2).await;
    // By writing.
    let before = alice.get("/api/v1/notifications").await.ok();
    let post = tells(&bob, "who knows vibration analysis?").await;
    hq.settle().await;
    let answer = answers(&bob, &post).await.remove(0);
    let text = watercooler::domain::html::plain_text(answer["content"].as_str().unwrap());
    let (first, second) = (lyon.handle("alice"), oslo.handle("cleo"));
    assert!(text.contains(&format!("@{first} · because: lists #vibrationanalysis")), "{text}");
    assert!(text.contains(&format!("@{second} · because: knows #vibrationanalysis")), "{text}");
    // They are named, not told.
    let named: Vec<&str> = answer["mentions"].as_array().unwrap().iter().map(|m| m["acct"].as_str().unwrap()).collect();
    assert_eq!(named, ["bob"]);
    settle(&all).await;
    assert_eq!(alice.get("/api/v1/notifications").await.ok(), before);
    // By searching, with the reason.
    let found = bob.get("/api/v2/search?q=who+knows+vibration+analysis").await.ok();
    let expert = &found["accounts"][0];
    assert_eq!(expert["acct"], first);
    assert!(expert["note"].as_str().unwrap().contains("because: lists #vibrationanalysis"), "{expert}");
    // Followed, and their next post arrives.
    let id = expert["id"].as_str().unwrap();
    bob.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    settle(&all).await;
    let relation = bob.get(&format!("/api/v1/accounts/relationships?id[]={id}")).await.ok();
    assert_eq!(relation[0]["following"], true);
    hq.clock.advance(1_000);
    alice.post("/api/v1/statuses", json!({ "status": "The bench hums at 9,000 rpm." })).await.ok();
    settle(&all).await;
    let home = bob.get("/api/v1/timelines/home").await.ok();
    assert!(home[0]["content"].as_str().unwrap().contains("The bench hums"), "{home}");
}

#[tokio::test]
async fn the_concierge_answers_by_itself_as_soon_as_it_was_written_to() {
    let node = NodeBuilder::new("alpha").await.real_clock().workers().start().await;
    let ada = node.member("ada").await;
    let post = tells(&ada, "who knows falconry").await;
    let waited = tokio::time::timeout(std::time::Duration::from_secs(60), async {
        while answers(&ada, &post).await.is_empty() {
            tokio::task::yield_now().await;
        }
    });
    waited.await.expect("no answer");
}

/// The clock stands still: whatever was put off until later, also by a second, would never be done.
#[tokio::test]
async fn the_concierge_answers_within_the_second_in_which_its_job_was_woken() {
    let hour = std::time::Duration::from_secs(3_600);
    let node = NodeBuilder::new("alpha").await.workers().look_again(hour).start().await;
    let ada = node.member("ada").await;
    let asked = node.clock.now();
    let post = tells(&ada, "who knows falconry").await;
    let waited = tokio::time::timeout(std::time::Duration::from_secs(60), async {
        loop {
            if let Some(answer) = answers(&ada, &post).await.into_iter().next() {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    });
    let answer = waited.await.expect("no answer");
    let said = Timestamp::parse(answer["created_at"].as_str().unwrap()).unwrap();
    assert!((0..=1_000).contains(&(said.millis() - asked.millis())), "{answer}");
}

#[tokio::test]
async fn skills_are_changed_word_by_word_and_help_names_what_can_be_said() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let said = asks(&node, &ada, "skills +Excel, +#fax ask +Torque sensors learning +Rust").await;
    assert!(said.contains("Ask me about: Torque sensors"), "{said}");
    assert!(said.contains("I know: Excel, #fax") || said.contains("I know: Excel, fax"), "{said}");
    assert!(said.contains("I am learning: Rust"), "{said}");
    let said = asks(&node, &ada, "Skills: -fax +excel").await;
    assert!(said.contains("I know: Excel") && !said.contains("fax"), "{said}");
    let me = ada.get("/api/v1/accounts/verify_credentials").await.ok();
    assert!(me["fields"][0]["value"].as_str().unwrap().contains("torquesensors"), "{me}");
    let help = asks(&node, &ada, "help").await;
    for verb in ["who knows", "skills", "ask", "open questions", "project new"] {
        assert!(help.contains(verb), "{help}");
    }
    // Three neighbours of what is not understood, the nearest first.
    let near = asks(&node, &ada, "skils +welding").await;
    assert_eq!(near.matches('•').count(), 3, "{near}");
    assert!(near.find("skills").unwrap() < near.rfind('•').unwrap() && near.contains("help"), "{near}");
    let nobody = asks(&node, &ada, "who knows falconry").await;
    assert!(
        nobody.contains("nobody listed: ask the network?") && nobody.contains("ask, then your question"),
        "{nobody}"
    );
    // The same command again is a new one; the same job again is not.
    asks(&node, &ada, "skills").await;
}

#[tokio::test]
async fn its_name_may_stand_behind_what_is_said_to_it() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let says = async |text: String| {
        let post = json!({ "status": text, "visibility": "direct" });
        let post = ada.post("/api/v1/statuses", post).await.ok();
        node.settle().await;
        watercooler::domain::html::plain_text(answers(&ada, &post).await[0]["content"].as_str().unwrap())
    };
    let skills = says("skills +Welding @concierge".into()).await;
    assert!(skills.contains("I know: Welding") && !skills.contains("concierge"), "{skills}");
    let draft = says(format!("project new: Choir - sing together, @{}", node.handle("concierge"))).await;
    assert!(draft.contains("sing together") && !draft.contains("concierge"), "{draft}");
}

#[tokio::test]
async fn whoever_attaches_something_to_a_command_is_told_that_it_stays_there() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    for (said, tag) in [("ask Which tool is this?", "#ask"), ("idea A shelf like this", "#idea")] {
        let file = crate::media::upload(&ada, &crate::media::picture(4, 4)).await["id"].clone();
        for files in [json!([file]), json!([])] {
            let post = json!({ "status": format!("@concierge {said}"), "visibility": "direct", "media_ids": files });
            let post = ada.post("/api/v1/statuses", post).await.ok();
            node.settle().await;
            let told = answers(&ada, &post).await[0]["content"].as_str().unwrap().to_owned();
            let hint = told.contains("What you attached stays") && told.contains(&format!("with {tag} takes it along"));
            assert_eq!(hint, files != json!([]), "{told}");
        }
    }
}

#[tokio::test]
async fn people_are_answered_in_their_language() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    assert!(asks(&node, &ada, "hilfe").await.contains("Du kannst mir schreiben"), "as they wrote");
    assert!(asks(&node, &ada, "wer kennt Falknerei").await.contains("niemand eingetragen"));
    assert!(asks(&node, &ada, "abwesend bis 24.12.2026").await.contains("vor dem 24.12.2026 nicht gefragt"));
    assert!(asks(&node, &ada, "danke!").await.contains("Gern."), "thanks are no unknown command");
    assert!(asks(&node, &ada, "Thank you :)").await.contains("You are welcome."));
    ada.patch("/api/v1/accounts/update_credentials", json!({ "source": { "language": "de" } })).await.ok();
    assert!(asks(&node, &ada, "kräuter").await.contains("Meintest du"), "as they set");
    assert!(asks(&node, &ada, "help").await.contains("Du kannst mir schreiben"));
}

#[tokio::test]
async fn it_refuses_followers_strangers_and_other_programs() {
    let (alpha, beta) = Node::two().await;
    let (ada, bob) = (alpha.member("ada").await, beta.member("bob").await);
    let own = ada.get("/api/v1/accounts/lookup?acct=concierge").await.ok();
    assert_eq!((&own["bot"], &own["locked"]), (&json!(true), &json!(true)));
    let follow = ada.post(&format!("/api/v1/accounts/{}/follow", own["id"].as_str().unwrap()), json!({})).await;
    assert_eq!(follow.status, 403);
    let handle = alpha.handle("concierge");
    let found = bob.get(&format!("/api/v2/search?resolve=true&type=accounts&q={handle}")).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap().to_owned();
    bob.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    let relation = bob.get(&format!("/api/v1/accounts/relationships?id[]={id}")).await.ok();
    assert_eq!((&relation[0]["following"], &relation[0]["requested"]), (&json!(false), &json!(false)));
    // Told once a day that it serves others.
    let writes = async || {
        let status = json!({ "status": format!("@{handle} who knows kafka"), "visibility": "direct" });
        let post = bob.post("/api/v1/statuses", status).await.ok();
        settle(&[&alpha, &beta]).await;
        answers(&bob, &post).await
    };
    let first = writes().await;
    assert!(first[0]["content"].as_str().unwrap().contains("my own node only"), "{first:?}");
    assert!(writes().await.is_empty());
    alpha.clock.advance(86_400_000);
    assert_eq!(writes().await.len(), 1);
    // Two concierges never begin to talk, and local programs are not heard.
    ada.patch("/api/v1/accounts/update_credentials", json!({ "bot": true })).await.ok();
    let post = tells(&ada, "help").await;
    settle(&[&alpha, &beta]).await;
    assert!(answers(&ada, &post).await.is_empty());
}

#[tokio::test]
async fn names_in_front_of_an_answer_are_no_command_and_its_page_is_there() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let root = ada.post("/api/v1/statuses", json!({ "status": "@concierge help" })).await.ok();
    node.settle().await;
    let said = answers(&ada, &root).await;
    assert_eq!((said.len(), &said[0]["visibility"]), (1, &json!("direct")), "an open command is answered directly");
    let talk = json!({ "status": "@concierge @ada help", "in_reply_to_id": root["id"] });
    let talk = bob.post("/api/v1/statuses", talk).await.ok();
    ada.post("/api/v1/statuses", json!({ "status": "I asked @concierge" })).await.ok();
    node.settle().await;
    assert!(answers(&bob, &talk).await.is_empty());
    let page = Client::anonymous(&node).get("/@concierge").await;
    assert_eq!(page.status, 200);
    let document = Client::anonymous(&node).get_activity("/users/concierge").await.ok();
    assert_eq!((&document["type"], &document["manuallyApprovesFollowers"]), (&json!("Service"), &json!(true)));
}

#[tokio::test]
async fn a_name_that_somebody_has_is_left_to_them() {
    let node = Node::start().await;
    let taken = node
        .app
        .write(|tx| {
            let mut person = NewPerson::member("Concierge", None, None);
            person.by_staff = true;
            Ok(accounts::create(tx, &person).is_err())
        })
        .await
        .unwrap();
    assert!(taken, "the concierge has its own already");
    let second = NodeBuilder::new("beta").await.config(|config| config.instance.concierge = "butler".into());
    let second = second.start().await;
    let names: BTreeSet<String> = second
        .app
        .write(|tx| {
            use watercooler::{db::Sql, domain::concierge};
            Sql::new("delete from node_settings where name = 'concierge_account'").execute(tx.conn)?;
            let again = concierge::ensure(tx)?;
            let same = concierge::ensure(tx)?;
            Ok([again.username, same.username].into())
        })
        .await
        .unwrap();
    assert_eq!(names, BTreeSet::from(["butler_".to_owned()]));
}
