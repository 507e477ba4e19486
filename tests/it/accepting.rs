//! Accepting an answer on the page of a question, and what other nodes are told of answers that are not for them.

use crate::{
    concierge::answers,
    questions::{open, post, skills},
    support::{
        Browser, Client, Node, PASSWORD, Reply, hidden_fields,
        organisation::{alone, brings_in, found, letter, minutes},
        settle,
    },
};
use serde_json::{Value, json};
use watercooler::{domain::html::plain_text, time::Clock};

async fn two() -> (Node, Node) {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    minutes(&[&hq, &lyon], 2).await;
    (hq, lyon)
}

/// Somebody with an app and a browser.
async fn both(node: &Node, name: &str) -> (Client, Browser) {
    let account = node.citizen(name).await;
    let browser = Browser::new(node);
    assert_eq!(browser.sign_in(name, PASSWORD).await.status, 302);
    let token = node.token(account.id, "read write follow").await;
    let mut client = Client::with_token(node, &token);
    (client.id, client.name) = (account.id.to_string(), name.into());
    (client, browser)
}

async fn answer(client: &Client, to: &Value, text: &str, visibility: &str) -> Value {
    let said = json!({ "status": text, "in_reply_to_id": to["id"], "visibility": visibility });
    client.post("/api/v1/statuses", said).await.ok()
}

/// The question as the other node reads it.
async fn told(from: &Node, to: &Node, question: &Value) -> Value {
    let path = question["uri"].as_str().unwrap().strip_prefix(from.app.site().base()).unwrap();
    letter(to, from, "GET", path, None).await.send(from).await.ok()
}

async fn seen_at(client: &Client, question: &Value) -> Value {
    let query: String = url::form_urlencoded::byte_serialize(question["uri"].as_str().unwrap().as_bytes()).collect();
    client.get(&format!("/api/v2/search?resolve=true&q={query}")).await.ok()["statuses"][0].clone()
}

#[tokio::test]
async fn the_asker_accepts_an_answer_with_a_button_on_the_page_of_the_question() {
    let (hq, lyon) = two().await;
    let all = [&hq, &lyon];
    let (bob, page_of_bob) = both(&hq, "bob").await;
    let (carol, page_of_carol) = both(&hq, "carol").await;
    let alice = lyon.member("alice").await;
    skills(&carol, &["Adhesives"]).await;
    let question = post(&bob, "#ask Which glue survives −40 °C? #adhesives", None).await;
    settle(&all).await;
    let near = answer(&carol, &question, "Silicone.", "public").await;
    answer(&carol, &question, "not me", "public").await;
    answer(&bob, &question, "Nobody?", "public").await;
    let there = seen_at(&alice, &question).await;
    let far = answer(&alice, &there, "Epoxy.", "public").await;
    settle(&all).await;
    let far = seen_at(&bob, &far).await;
    let (path, other) =
        (format!("/@bob/{}", question["id"].as_str().unwrap()), format!("/@bob/{}", near["id"].as_str().unwrap()));
    let accept = format!("{path}/accept");
    // Beside each answer, and beside nothing else; for nobody but the asker.
    let page = page_of_bob.get(&path).await;
    assert_eq!(page.text.matches("This answers it").count(), 2, "{}", page.text);
    assert!(page.header("content-security-policy").contains("form-action 'self'") && !page.text.contains("<script"));
    for id in [&near["id"], &far["id"]] {
        assert!(page.text.contains(&format!("name=\"answer\" value=\"{}\"", id.as_str().unwrap())));
    }
    assert_eq!(page_of_bob.get(&format!("{path}?lang=de")).await.text.matches("Das beantwortet es").count(), 2);
    assert!(!page_of_carol.get(&path).await.text.contains("This answers it"));
    assert_eq!(page_of_bob.get(&other).await.text.matches("This answers it").count(), 0, "an answer is no question");
    // What is forged, or not theirs to say, changes nothing.
    let token = |page: &Reply, at: &str| hidden_fields(&page.text, at).remove(0).1;
    let good = token(&page, &accept);
    let near_id = near["id"].as_str().unwrap();
    let stranger = Browser::new(&hq).post(&accept, &[("answer", near_id), ("token", &good)]).await;
    assert!(stranger.status == 302 && stranger.header("location").starts_with("/sign-in?next="));
    assert_eq!(page_of_bob.post(&accept, &[("answer", near_id), ("token", "x")]).await.status, 403);
    let forged = [("answer", near_id), ("token", good.as_str())];
    assert_eq!(page_of_bob.post_from("https://evil.example", &accept, &forged).await.status, 403);
    let settings = page_of_carol.get("/settings").await;
    let hers = token(&settings, "/settings/password");
    assert_eq!(page_of_carol.post(&accept, &[("answer", near_id), ("token", &hers)]).await.status, 403);
    let elsewhere = post(&carol, "Good morning", None).await;
    for wrong in [elsewhere["id"].as_str().unwrap(), question["id"].as_str().unwrap(), "1", "x", ""] {
        assert_eq!(page_of_bob.post(&accept, &[("answer", wrong), ("token", &good)]).await.status, 404, "{wrong}");
    }
    assert_eq!(told(&hq, &lyon, &question).await["askState"], "open");
    // The same as ✅ in an app.
    let accepted = page_of_bob.post(&accept, &[("answer", near_id), ("token", &good)]).await;
    assert_eq!((accepted.status, accepted.header("location")), (302, format!("{path}#post-{near_id}").as_str()));
    settle(&all).await;
    let document = told(&hq, &lyon, &question).await;
    assert_eq!((&document["askState"], &document["acceptedAnswer"]), (&json!("answered"), &near["uri"]));
    let said = answers(&bob, &question).await;
    let last = said.iter().rfind(|post| post["account"]["bot"] == true).unwrap();
    assert!(plain_text(last["content"].as_str().unwrap()).starts_with("✅ answered by @carol"), "{last}");
    let found = alice.get("/api/watercooler/v1/experts?q=skill:adhesives").await.ok();
    assert_eq!(found["experts"][0]["because"], "because: knows #adhesives; answered 1 question on it");
    let page = page_of_bob.get(&path).await;
    assert_eq!((page.text.matches("Accepted answer").count(), page.text.matches("This answers it").count()), (1, 1));
    assert!(page_of_carol.get(&path).await.text.contains("Accepted answer"));
    // The asker thinks again: the other one, and nothing twice.
    for _ in 0..2 {
        let far = far["id"].as_str().unwrap();
        assert_eq!(page_of_bob.post(&accept, &[("answer", far), ("token", &good)]).await.status, 302);
    }
    settle(&all).await;
    assert_eq!(told(&hq, &lyon, &question).await["acceptedAnswer"], far["uri"]);
    let said = answers(&bob, &question).await;
    let marks = said.iter().filter(|post| plain_text(post["content"].as_str().unwrap()).starts_with("✅")).count();
    assert_eq!(marks, 2, "{said:?}");
}

#[tokio::test]
async fn fed_other_nodes_are_not_told_of_answers_that_are_not_for_them() {
    let (hq, lyon) = two().await;
    let all = [&hq, &lyon];
    let (bob, carol, alice) = (hq.member("bob").await, hq.member("carol").await, lyon.member("alice").await);
    let question = post(&bob, "#ask Which glue survives −40 °C? #adhesives", None).await;
    settle(&all).await;
    let there = seen_at(&alice, &question).await;
    let told = async || told(&hq, &lyon, &question).await["answerCount"].clone();
    let is_open = async || open(&alice).await.len();
    answer(&carol, &question, "!site Silicone.", "public").await;
    answer(&carol, &question, "For who follows me: silicone.", "private").await;
    answer(&carol, &question, "@bob For you: silicone.", "direct").await;
    settle(&all).await;
    assert_eq!((told().await, is_open().await), (json!(0), 1));
    assert!(open(&bob).await.is_empty(), "here it is answered");
    // One that everybody who reads the question may read is counted, and goes.
    let shown = answer(&carol, &question, "Silicone, I said.", "public").await;
    settle(&all).await;
    assert_eq!((told().await, is_open().await), (json!(1), 0));
    answer(&alice, &there, "Epoxy.", "public").await;
    settle(&all).await;
    assert_eq!(told().await, 2);
    carol.delete(&format!("/api/v1/statuses/{}", shown["id"].as_str().unwrap())).await.ok();
    settle(&all).await;
    assert_eq!(told().await, 1);
}
