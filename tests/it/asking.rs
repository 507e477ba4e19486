//! Asking the network from a browser, and how often one is asked, for programs.

use crate::support::{Browser, Client, Node, PASSWORD};
use serde_json::{Value, json};
use watercooler::domain::html::plain_text;

const ASKS: &str = "/api/watercooler/v1/asks";

#[tokio::test]
async fn a_question_is_asked_from_a_page_without_scripts_in_both_languages() {
    let node = Node::start().await;
    let bob = node.member("bob").await;
    let fields = json!({ "fields_attributes": [{ "name": "Ask me about", "value": "#welding" }] });
    bob.patch("/api/v1/accounts/update_credentials", fields).await.ok();
    node.citizen("ada").await;
    let browser = Browser::new(&node);
    let stranger = browser.get("/ask").await;
    assert_eq!((stranger.status, stranger.header("location")), (302, "/sign-in?next=%2Fask"));
    browser.sign_in("ada", PASSWORD).await;
    let page = browser.get("/ask").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").contains("default-src 'none'") && !page.text.contains("<script"));
    for part in
        ["<label for=\"question\">", "<label for=\"tags\">", "aria-describedby=\"tags-hint\"", "Ask the network"]
    {
        assert!(page.text.contains(part), "{part}");
    }
    assert!(browser.get("/ask?lang=de").await.text.contains("Das Netz fragen"));
    // What is wrong is said, and what was typed stays.
    let empty = browser.submit(&page, "/ask", &[("question", "  "), ("tags", "welding")]).await;
    assert_eq!(empty.status, 422);
    assert!(
        empty.text.contains("Please write a question.") && empty.text.contains("value=\"welding\""),
        "{}",
        empty.text
    );
    let long = "long <b> ".repeat(2_000);
    let long = browser.submit(&page, "/ask", &[("question", &long), ("tags", "")]).await;
    assert_eq!(long.status, 422);
    assert!(long.text.contains("fewer words") && long.text.contains("long &#60;b&#62;"));
    let forged = browser.post("/ask", &[("question", "Forged?"), ("token", "x")]).await;
    assert_eq!(forged.status, 403);
    let elsewhere = browser.post_from("https://evil.example", "/ask", &[("question", "Forged?")]).await;
    assert_eq!(elsewhere.status, 403);
    // Asked once, however often the form is sent.
    let typed = [("question", "Who welds titanium?"), ("tags", "#welding, titanium")];
    let asked = browser.submit(&page, "/ask", &typed).await;
    assert_eq!(asked.status, 302, "{}", asked.text);
    let again = browser.submit(&page, "/ask", &typed).await;
    assert_eq!(again.header("location"), asked.header("location"));
    node.settle().await;
    let shown = browser.get(asked.header("location")).await;
    assert!(shown.text.contains("Who welds titanium?"), "{}", shown.text);
    let found = bob.get("/api/v2/search?q=open+questions").await.ok();
    assert_eq!(found["statuses"].as_array().unwrap().len(), 1, "{found}");
    let told = bob.get("/api/v1/notifications?types[]=mention").await.ok();
    assert!(plain_text(told[0]["status"]["content"].as_str().unwrap()).contains("can you help?"), "{told}");
    assert_eq!(found["statuses"][0]["tags"].as_array().unwrap().len(), 3, "welding, titanium, ask");
}

async fn asks(client: &Client, change: Value) -> Value {
    client.patch(ASKS, change).await.ok()
}

#[tokio::test]
async fn how_often_one_is_asked_is_read_and_changed_by_programs_too() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let fields = json!({ "fields_attributes": [{ "name": "Ask me about", "value": "#welding" }] });
    bob.patch("/api/v1/accounts/update_credentials", fields).await.ok();
    let usual =
        json!({ "weekly": null, "usual": 3, "off": false, "away_until": null, "this_week": 0, "asked_now": true });
    assert_eq!(bob.get(ASKS).await.ok(), usual);
    let ask = async |number: usize| {
        let status = json!({ "status": format!("#ask Number {number}? #welding") });
        ada.post("/api/v1/statuses", status).await.ok();
        node.settle().await;
    };
    assert_eq!(asks(&bob, json!({ "weekly": 1 })).await["weekly"], 1);
    ask(1).await;
    let now = bob.get(ASKS).await.ok();
    assert_eq!((&now["this_week"], &now["asked_now"]), (&json!(1), &json!(false)));
    ask(2).await;
    assert_eq!(bob.get(ASKS).await.ok()["this_week"], 1);
    assert_eq!(asks(&bob, json!({ "weekly": null })).await["asked_now"], true);
    assert_eq!(asks(&bob, json!({ "off": true })).await["asked_now"], false);
    ask(3).await;
    let away = asks(&bob, json!({ "off": false, "away_until": "2026-12-24" })).await;
    assert_eq!((&away["away_until"], &away["asked_now"]), (&json!("2026-12-24"), &json!(false)));
    ask(4).await;
    assert_eq!(bob.get(ASKS).await.ok()["this_week"], 1);
    assert_eq!(asks(&bob, json!({ "away_until": null })).await["asked_now"], true);
    ask(5).await;
    assert_eq!(bob.get(ASKS).await.ok()["this_week"], 2);
    for (wrong, field) in [
        (json!({ "weekly": 0 }), "weekly"),
        (json!({ "weekly": 51 }), "weekly"),
        (json!({ "weekly": 99_999_999 }), "weekly"),
        (json!({ "away_until": "soon" }), "away_until"),
    ] {
        let reply = bob.patch(ASKS, wrong.clone()).await;
        assert_eq!(reply.status, 422, "{wrong} {}", reply.text);
        assert!(reply.json()["details"][field].is_array(), "{wrong} {}", reply.text);
    }
    assert_eq!(bob.get(ASKS).await.ok()["weekly"], Value::Null, "nothing changed");
    assert_eq!(Client::anonymous(&node).get(ASKS).await.status, 401);
}

#[tokio::test]
async fn the_tag_may_come_with_an_edit() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let fields = json!({ "fields_attributes": [{ "name": "Ask me about", "value": "#welding" }] });
    bob.patch("/api/v1/accounts/update_credentials", fields).await.ok();
    let post = ada.post("/api/v1/statuses", json!({ "status": "Who welds titanium? #welding" })).await.ok();
    let hidden = ada.post("/api/v1/statuses", json!({ "status": "Who?", "visibility": "private" })).await.ok();
    node.settle().await;
    let open = async || bob.get("/api/v2/search?q=open+questions").await.ok()["statuses"].as_array().unwrap().len();
    assert_eq!(open().await, 0);
    for (post, text) in [(&post, "Who welds titanium? #welding #ask"), (&hidden, "Who? #ask")] {
        let path = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
        for text in [text, &format!("{text}!")] {
            ada.put(&path, json!({ "status": text })).await.ok();
            node.settle().await;
        }
    }
    assert_eq!(open().await, 1, "the public one, once");
    let told = bob.get("/api/v1/notifications?types[]=mention").await.ok();
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
}

#[tokio::test]
async fn the_tag_asks_in_a_message_to_the_concierge_too() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    for text in ["#ask Who welds titanium? #welding", "The roof leaks, whom do I tell? #ask #roof"] {
        let said = crate::concierge::asks(&node, &ada, text).await;
        assert!(said.starts_with("Your question:"), "{text}: {said}");
    }
    let open = bob.get("/api/v2/search?q=open+questions").await.ok()["statuses"].as_array().unwrap().len();
    assert_eq!(open, 2);
    // Who wants to know how it is done, or sends too early, publishes nothing.
    for text in ["ask?", "frage …", "#ask", "#ask ?", "idea?"] {
        let said = crate::concierge::asks(&node, &ada, text).await;
        assert!(said.contains("I did not understand that") || said.contains("Das habe ich nicht verstanden"), "{said}");
    }
    let found = bob.get("/api/v2/search?q=open+questions").await.ok()["statuses"].as_array().unwrap().len();
    assert_eq!(found, 2);
    // An open post to the concierge is the question itself, and nothing about it is misunderstood.
    let post = ada.post("/api/v1/statuses", json!({ "status": "@concierge #ask Which tape?" })).await.ok();
    node.settle().await;
    let said = crate::concierge::answers(&ada, &post).await;
    assert!(!said.is_empty() && !json!(said).to_string().contains("did not understand"), "{said:?}");
    let open = bob.get("/api/v2/search?q=open+questions").await.ok()["statuses"].as_array().unwrap().len();
    assert_eq!(open, 3);
}
