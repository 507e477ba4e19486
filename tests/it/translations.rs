//! Posts in another language, by a machine of one's own.

use crate::support::{Client, Node, NodeBuilder, Peer, schema::Schema};
use serde_json::{Value, json};
use watercooler::config::Secret;

const SPOKEN: &str = r#"[{"code": "de", "name": "German", "targets": ["en", "fr", "de"]},
                        {"code": "en", "name": "English", "targets": ["de"]}]"#;

async fn translating(machine: &Peer) -> Node {
    let builder = NodeBuilder::new("alpha").await.config(|c| {
        c.translation.url = Some(machine.url("/").parse().unwrap());
        c.translation.addresses = vec!["127.0.0.0/8".parse().unwrap()];
        c.translation.api_key = Some(Secret::new("the key"));
    });
    machine.serve_as("GET /languages", 200, "application/json", SPOKEN);
    builder.start().await
}

fn answers(machine: &Peer, texts: Value) {
    let body = json!({"translatedText": texts, "detectedLanguage": [{"confidence": 90, "language": "de"}]});
    machine.serve_as("POST /translate", 200, "application/json", body.to_string());
}

async fn write(who: &Client, body: Value) -> String {
    who.post("/api/v1/statuses", body).await.ok()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_post_is_translated_with_its_warning_and_its_poll_and_the_machine_is_not_believed() {
    let machine = Peer::start("babel").await;
    let node = translating(&machine).await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let poll = json!({"options": ["ja", "nein"], "expires_in": 600});
    let body = json!({"status": "Guten Tag <b>", "spoiler_text": "Gruß", "language": "de", "poll": poll});
    let id = write(&ada, body).await;
    answers(&machine, json!(["<p>Good day<script>alert(1)</script></p>", "<i>Greeting</i>", "yes", "no"]));
    let path = format!("/api/v1/statuses/{id}/translate");
    let told = bob.post(&path, json!({"lang": "en"})).await.ok();
    Schema::read().assert("Translation", &told);
    assert_eq!((&told["content"], &told["spoiler_text"]), (&json!("<p>Good day</p>"), &json!("Greeting")));
    assert_eq!((&told["language"], &told["detected_source_language"]), (&json!("en"), &json!("de")));
    assert_eq!(told["poll"]["options"], json!([{"title": "yes"}, {"title": "no"}]));
    let asked = machine.received().into_iter().find(|r| r.path == "/translate").unwrap().json();
    assert_eq!((&asked["source"], &asked["target"], &asked["format"]), (&json!("de"), &json!("en"), &json!("html")));
    assert_eq!((&asked["q"][0], &asked["api_key"]), (&json!("<p>Guten Tag &lt;b&gt;</p>"), &json!("the key")));
    assert_eq!(asked["q"].as_array().unwrap().len(), 4);
    // Without a language, into the one of the node.
    assert_eq!(bob.post(&path, json!({})).await.ok()["language"], "en");
    // What it can do is asked once.
    let languages = machine.received().iter().filter(|r| r.path == "/languages").count();
    assert_eq!(languages, 1);
    let pairs = Client::anonymous(&node).get("/api/v1/instance/translation_languages").await.ok();
    assert_eq!(pairs, json!({"de": ["en", "fr"], "en": ["de"], "und": ["de", "en", "fr"]}));
    let instance = Client::anonymous(&node).get("/api/v2/instance").await.ok();
    assert_eq!(instance["configuration"]["translation"]["enabled"], true);
}

#[tokio::test]
async fn what_is_for_few_stays_here_and_what_cannot_be_translated_is_refused() {
    let machine = Peer::start("babel").await;
    let node = translating(&machine).await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    answers(&machine, json!(["x"]));
    let german = |visibility: &str| json!({"status": "@bob Tag", "language": "de", "visibility": visibility});
    for (visibility, status) in [("public", 200), ("unlisted", 200), ("direct", 403)] {
        let path = format!("/api/v1/statuses/{}/translate", write(&ada, german(visibility)).await);
        assert_eq!(bob.post(&path, json!({"lang": "en"})).await.status, status, "{visibility}");
    }
    let hidden =
        format!("/api/v1/statuses/{}/translate", write(&ada, json!({"status": "x", "visibility": "private"})).await);
    assert_eq!(bob.post(&hidden, json!({"lang": "en"})).await.status, 404);
    assert_eq!(Client::anonymous(&node).post(&hidden, json!({})).await.status, 401);
    let open = format!("/api/v1/statuses/{}/translate", write(&ada, german("public")).await);
    for language in ["de", "ja", "nonsense"] {
        assert_eq!(bob.post(&open, json!({"lang": language})).await.status, 403, "{language}");
    }
    let before = machine.received().len();
    machine.serve_as("POST /translate", 500, "text/plain", "no");
    assert_eq!(bob.post(&open, json!({"lang": "en"})).await.status, 503);
    machine.serve_as("POST /translate", 200, "application/json", "[]");
    assert_eq!(bob.post(&open, json!({"lang": "en"})).await.status, 503);
    answers(&machine, json!(["one", "too many"]));
    assert_eq!(bob.post(&open, json!({"lang": "en"})).await.status, 503);
    assert_eq!(machine.received().len(), before + 3);
}

#[tokio::test]
async fn without_a_machine_nothing_is_translated_and_nothing_is_announced() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let id = write(&ada, json!({"status": "Tag", "language": "de"})).await;
    assert_eq!(ada.post(&format!("/api/v1/statuses/{id}/translate"), json!({"lang": "en"})).await.status, 404);
    assert_eq!(ada.get("/api/v1/instance/translation_languages").await.ok(), json!({}));
    let instance = ada.get("/api/v2/instance").await.ok();
    assert_eq!(instance["configuration"]["translation"]["enabled"], false);
}

#[tokio::test]
async fn a_machine_on_an_address_that_nobody_allowed_is_not_asked() {
    let machine = Peer::start("babel").await;
    let builder = NodeBuilder::new("alpha").await;
    let node = builder.config(|c| c.translation.url = Some(machine.url("/").parse().unwrap())).start().await;
    let ada = node.member("ada").await;
    let id = write(&ada, json!({"status": "Tag", "language": "de"})).await;
    assert_eq!(ada.post(&format!("/api/v1/statuses/{id}/translate"), json!({"lang": "en"})).await.status, 503);
    assert!(machine.received().is_empty());
}

#[tokio::test]
async fn what_is_for_the_site_goes_to_a_machine_inside_only() {
    let machine = Peer::start("babel").await;
    let inside = translating(&machine).await;
    answers(&machine, json!(["x"]));
    let ada = inside.member("ada").await;
    let id = write(&ada, json!({"status": "!site Guten Tag", "language": "de"})).await;
    let path = format!("/api/v1/statuses/{id}/translate");
    ada.post(&path, json!({"lang": "en"})).await.ok();
    // A machine that is somewhere in the world.
    let node = NodeBuilder::new("beta").await.config(|c| c.translation.url = Some(machine.url("/").parse().unwrap()));
    let node = node.start().await;
    let bob = node.member("bob").await;
    let id = write(&bob, json!({"status": "!site Guten Tag", "language": "de"})).await;
    machine.forget();
    let refused = bob.post(&format!("/api/v1/statuses/{id}/translate"), json!({"lang": "en"})).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    assert!(machine.received().is_empty());
}

#[tokio::test]
async fn languages_that_the_machine_names_with_a_script_or_region_are_found() {
    let machine = Peer::start("babel").await;
    let node = translating(&machine).await;
    let spoken = r#"[{"code": "de", "targets": ["en", "zh-Hans", "zh-Hant", "pt-BR"]},
                     {"code": "zh-Hans", "targets": ["de"]}]"#;
    machine.serve_as("GET /languages", 200, "application/json", spoken);
    answers(&machine, json!(["x"]));
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let german = write(&ada, json!({"status": "Tag", "language": "de"})).await;
    let chinese = write(&ada, json!({"status": "x", "language": "zh-CN"})).await;
    for (post, wanted, source, target) in [
        (&german, "zh-Hant", "de", "zh-Hant"),
        (&german, "ZH_hant", "de", "zh-Hant"),
        (&german, "zh", "de", "zh-Hans"),
        (&german, "pt", "de", "pt-BR"),
        (&german, "en-GB", "de", "en"),
        (&chinese, "de-AT", "zh-Hans", "de"),
    ] {
        machine.forget();
        let told = bob.post(&format!("/api/v1/statuses/{post}/translate"), json!({"lang": wanted})).await.ok();
        let named = (&told["detected_source_language"], &told["language"]);
        assert_eq!(named, (&json!(source), &json!(target)), "{wanted}");
        let asked = machine.received().into_iter().find(|r| r.path == "/translate").unwrap().json();
        assert_eq!((&asked["source"], &asked["target"]), (&json!(source), &json!(target)), "{wanted}");
    }
}
