//! Who gets somebody's posts and who finds them: chosen without an app that knows of it.

use crate::support::{
    Browser, NOW, PASSWORD,
    organisation::{alone, brings_in, found, org},
};
use serde_json::{Value, json};
use watercooler::time::Clock;

const ME: &str = "/api/watercooler/v1/people/me";

#[tokio::test]
async fn who_gets_posts_and_who_finds_one_is_chosen_on_the_settings_page_and_by_writing_to_the_concierge() {
    let clock = Clock::fixed(NOW);
    let node = alone("hq", &clock).await;
    let other = alone("lyon", &clock).await;
    found(&node).await;
    brings_in(&node, &other).await;
    let (_, ada) = node.signed_in("ada").await;
    let browser = Browser::new(&node);
    browser.sign_in("ada", PASSWORD).await;
    let page = browser.get("/settings").await;
    assert!(page.text.contains("value=\"site\"") && !page.text.contains("value=\"open\""), "{}", page.text);
    let now = async || {
        let me = ada.get("/api/v1/accounts/verify_credentials").await.ok();
        (me["source"]["audience"].clone(), ada.get(ME).await.ok()["listed"].clone())
    };
    assert_eq!(now().await, (Value::Null, json!("organisation")));
    let fields = [("audience", "site"), ("listed", "unlisted")];
    let saved = browser.submit(&page, "/settings/reach", &fields).await;
    assert!(saved.status == 200 && saved.text.contains("value=\"site\" selected"), "{}", saved.text);
    assert_eq!(now().await, (json!("site"), json!("unlisted")));
    let refused = browser.submit(&page, "/settings/reach", &[("audience", "open"), ("listed", "site")]).await;
    assert_eq!(refused.status, 422, "the charter forbids it");
    assert_eq!(browser.submit(&page, "/settings/reach", &[("audience", ""), ("listed", "x")]).await.status, 422);
    assert_eq!(browser.post("/settings/reach", &[("audience", ""), ("listed", "site")]).await.status, 403);
    assert_eq!(now().await, (json!("site"), json!("unlisted")), "nothing changed");
    let asks = async |text: &str| crate::concierge::asks(&node, &ada, text).await;
    assert!(asks("my posts usual").await.contains("as far as the organisation says"));
    assert!(asks("zeig mich standort").await.contains("finden dich"));
    assert_eq!(now().await, (Value::Null, json!("site")));
    assert!(asks("my posts open").await.contains("keeps posts inside"));
    assert!(asks("meine beiträge offen").await.contains("behält Beiträge für sich"));
    assert!(asks("list me everywhere").await.contains("list me organisation"));
    assert_eq!(now().await, (Value::Null, json!("site")));
}

#[tokio::test]
async fn a_reach_that_the_charter_takes_back_does_not_stand_in_the_way_of_other_choices() {
    let node = alone("hq", &Clock::fixed(NOW)).await;
    found(&node).await;
    org(&node, &["set", "open_allowed=true"]).await.unwrap();
    let (_, ada) = node.signed_in("ada").await;
    let browser = Browser::new(&node);
    browser.sign_in("ada", PASSWORD).await;
    let page = browser.get("/settings").await;
    let fields = [("audience", "open"), ("listed", "site")];
    assert_eq!(browser.submit(&page, "/settings/reach", &fields).await.status, 200);
    org(&node, &["set", "open_allowed=false"]).await.unwrap();
    let page = browser.get("/settings").await;
    assert!(!page.text.contains("value=\"open\""), "{}", page.text);
    assert!(page.text.contains("value=\"organisation\" selected"), "as far as posts go now: {}", page.text);
    let fields = [("audience", "organisation"), ("listed", "unlisted")];
    assert_eq!(browser.submit(&page, "/settings/reach", &fields).await.status, 200);
    let me = ada.get("/api/v1/accounts/verify_credentials").await.ok();
    assert_eq!(
        (&me["source"]["audience"], &ada.get(ME).await.ok()["listed"]),
        (&json!("organisation"), &json!("unlisted"))
    );
}

#[tokio::test]
async fn what_the_concierge_is_told_to_ask_everybody_goes_to_everybody() {
    let node = alone("hq", &Clock::fixed(NOW)).await;
    found(&node).await;
    org(&node, &["set", "open_allowed=true"]).await.unwrap();
    let ada = node.member("ada").await;
    for (text, goes) in [
        ("!open ask Which glue survives steam?", "open"),
        ("ask !open Which glue survives frost?", "open"),
        ("ask Which glue survives salt?", "organisation"),
        ("!site ask Which glue survives sun?", "site"),
    ] {
        node.clock.advance(1_000);
        crate::concierge::asks(&node, &ada, text).await;
        let posts = ada.get(&format!("/api/v1/accounts/{}/statuses", ada.id)).await.ok();
        let words = text.rsplit_once("survives").unwrap().1;
        let question = posts
            .as_array()
            .unwrap()
            .iter()
            .find(|post| post["visibility"] == "public" && post["content"].as_str().unwrap().contains(words));
        let question = question.unwrap_or_else(|| panic!("{text}: {posts}"));
        assert_eq!(question["audience"], goes, "{text}");
        assert!(!question["content"].as_str().unwrap().contains("!open"), "{question}");
    }
}

#[tokio::test]
async fn everybody_is_asked_wherever_it_is_said_and_whoever_reads_the_order() {
    let node = alone("hq", &Clock::fixed(NOW)).await;
    found(&node).await;
    org(&node, &["set", "open_allowed=true"]).await.unwrap();
    let ada = node.member("ada").await;
    for (order, goes) in [
        (json!({ "status": "!open @concierge ask Who knows fog?", "visibility": "private" }), "open"),
        (json!({ "status": "@concierge !open ask Who knows ice?", "visibility": "private" }), "open"),
        (json!({ "status": "@concierge ask Who knows rime?", "visibility": "private" }), "organisation"),
        (
            json!({ "status": "@concierge ask Who knows hail?", "spoiler_text": "!open", "visibility": "direct" }),
            "open",
        ),
        (json!({ "status": "@concierge ask Who knows sleet?", "audience": "open", "visibility": "direct" }), "open"),
        (json!({ "status": "@concierge ask Who knows dew?", "local_only": true, "visibility": "private" }), "site"),
    ] {
        node.clock.advance(1_000);
        let told = ada.post("/api/v1/statuses", order.clone()).await.ok();
        node.settle().await;
        let posts = ada.get(&format!("/api/v1/accounts/{}/statuses", ada.id)).await.ok();
        let words = order["status"].as_str().unwrap().rsplit_once(' ').unwrap().1;
        let question = posts
            .as_array()
            .unwrap()
            .iter()
            .find(|post| post["visibility"] == "public" && post["content"].as_str().unwrap().contains(words));
        let question = question.unwrap_or_else(|| panic!("{order}: {posts}"));
        assert_eq!(question["audience"], goes, "{order}");
        assert!(!told["content"].as_str().unwrap().contains("!open"), "{told}");
    }
    // Where nobody is told to ask anything the word is gone for good.
    let post = json!({ "status": "!open Snow today", "visibility": "private" });
    let post = ada.post("/api/v1/statuses", post).await.ok();
    let source = ada.get(&format!("/api/v1/statuses/{}/source", post["id"].as_str().unwrap())).await.ok();
    assert_eq!(source["text"], "Snow today");
}
