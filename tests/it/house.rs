//! What a node says of its house: privacy policy, terms of service, languages, blocked domains; and invitations as apps ask
//! for them.

use crate::{
    cli::Place,
    support::{Browser, Client, Node, NodeBuilder, Peer},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};
use watercooler::config::{Instance, Registration, Texts};

/// A privacy policy and three versions of the terms, one of them to come.
pub fn files(folder: &Path) -> (Option<PathBuf>, Option<PathBuf>) {
    let (privacy, terms) = (folder.join("privacy.md"), folder.join("terms"));
    fs::create_dir_all(&terms).unwrap();
    fs::write(&privacy, "# What we keep\n\n*Little.* <script>alert(1)</script> [More](https://corp.example/privacy)")
        .unwrap();
    for (day, text) in [("2026-01-31", "First"), ("2026-06-30", "Second"), ("2027-01-01", "Third")] {
        fs::write(terms.join(format!("{day}.md")), format!("{text} **terms**")).unwrap();
    }
    (Some(privacy), Some(terms))
}

#[tokio::test]
async fn privacy_policy_and_terms_are_files_and_clients_and_browsers_show_them() {
    let node = NodeBuilder::new("alpha").await.config(|c| {
        c.registration = Registration::Open;
        (c.instance.privacy_policy, c.instance.terms_of_service) = files(&c.data_dir);
    });
    let node = node.start().await;
    let nobody = Client::anonymous(&node);
    let policy = nobody.get("/api/v1/instance/privacy_policy").await.ok();
    let content = policy["content"].as_str().unwrap();
    assert!(content.contains("What we keep") && content.contains("<em>Little.</em>"), "{content}");
    assert!(content.contains("href=\"https://corp.example/privacy\"") && !content.contains("<script"), "{content}");
    assert_eq!(policy["updated_at"].as_str().unwrap().len(), "2026-07-02T07:47:51.000Z".len());
    let terms = nobody.get("/api/v1/instance/terms_of_service").await.ok();
    let second = json!({
        "effective_date": "2026-06-30", "effective": true, "content": "<p>Second <strong>terms</strong></p>",
        "succeeded_by": "2027-01-01",
    });
    assert_eq!(terms, second);
    let of = async |day: &str| nobody.get(&format!("/api/v1/instance/terms_of_service/{day}")).await;
    assert_eq!(of("2026-06-30").await.ok(), second);
    let third = of("2027-01-01").await.ok();
    assert_eq!((&third["effective"], &third["succeeded_by"]), (&json!(false), &Value::Null));
    for unknown in ["2026-02-01", "2026-01-31.md", "x"] {
        assert_eq!(of(unknown).await.status, 404, "{unknown}");
    }
    // Their addresses, and the pages behind them, which are linked from every page.
    let urls = nobody.get("/api/v2/instance").await.ok()["configuration"]["urls"].clone();
    assert_eq!(urls["privacy_policy"], node.url("/privacy-policy"));
    assert_eq!(urls["terms_of_service"], node.url("/terms-of-service"));
    let browser = Browser::new(&node);
    for page in ["/", "/register"] {
        let page = browser.get(page).await;
        assert!(
            page.text.contains("href=\"/privacy-policy\"") && page.text.contains("href=\"/terms-of-service\""),
            "{}",
            page.text
        );
    }
    let page = browser.get("/privacy-policy").await;
    assert!(
        page.status == 200 && page.text.contains("<em>Little.</em>") && !page.text.contains("<script"),
        "{}",
        page.text
    );
    assert!(browser.get("/terms-of-service").await.text.contains("Second <strong>terms"));
    let page = browser.get("/terms-of-service/2026-01-31").await;
    assert!(page.text.contains("First <strong>terms") && page.text.contains("31 January 2026"), "{}", page.text);
    assert_eq!(browser.get("/terms-of-service/2026-02-01").await.status, 404);
}

#[tokio::test]
async fn the_description_changed_when_the_settings_were_read_and_not_when_somebody_asks() {
    let node = NodeBuilder::new("alpha").await.config(|c| c.instance.description = "Ours".into()).start().await;
    let changed = async |node: &Node| {
        let shown = Client::anonymous(node).get("/api/v1/instance/extended_description").await.ok();
        assert!(shown["content"].as_str().unwrap().contains("Ours"), "{shown}");
        shown["updated_at"].clone()
    };
    let first = node.clock.now().rfc3339();
    assert_eq!(changed(&node).await, first.as_str());
    node.clock.advance(3_600_000);
    assert_eq!(changed(&node).await, first.as_str());
    // They are read anew with each start.
    let node = NodeBuilder::again(node).await.start().await;
    assert_eq!(changed(&node).await, node.clock.now().rfc3339().as_str());
}

#[tokio::test]
async fn a_node_without_such_texts_says_that_there_are_none() {
    let node = Node::start().await;
    let nobody = Client::anonymous(&node);
    for path in ["privacy_policy", "terms_of_service", "terms_of_service/2026-01-31"] {
        assert_eq!(nobody.get(&format!("/api/v1/instance/{path}")).await.status, 404, "{path}");
    }
    let urls = nobody.get("/api/v2/instance").await.ok()["configuration"]["urls"].clone();
    assert_eq!((&urls["privacy_policy"], &urls["terms_of_service"]), (&Value::Null, &Value::Null));
    assert!(!Browser::new(&node).get("/").await.text.contains("/privacy-policy"));
    assert_eq!(Browser::new(&node).get("/privacy-policy").await.status, 404);
}

#[test]
fn a_text_that_cannot_be_read_is_said_when_the_node_starts() {
    let place = Place::embedded();
    place.settings("[instance]\nprivacy_policy = \"missing.md\"\n");
    let said = String::from_utf8_lossy(&place.run(&["config", "check"]).stderr).into_owned();
    assert!(said.contains("instance.privacy_policy") && said.contains("missing.md"), "{said}");
    let folder = tempfile::tempdir().unwrap();
    let instance = Instance { terms_of_service: Some(folder.path().to_owned()), ..Instance::default() };
    assert!(Texts::read(&instance).unwrap_err().to_string().contains("has no file"));
    fs::write(folder.path().join("2026-1-31.md"), "x").unwrap();
    assert!(Texts::read(&instance).unwrap_err().to_string().contains("2026-1-31.md"));
}

#[tokio::test]
async fn languages_and_blocked_domains_are_listed_and_known_ones_are_found() {
    let east = Peer::start("east").await;
    let node = NodeBuilder::new("alpha").await.knows(&east.authority).config(|c| {
        c.federation.blocked = vec!["bad.example".into()];
    });
    let node = node.start().await;
    let (ada, nobody) = (node.member("ada").await, Client::anonymous(&node));
    let languages = nobody.get("/api/v1/instance/languages").await.ok();
    let list = languages.as_array().unwrap();
    assert!(list.len() > 150 && list.contains(&json!({ "code": "de", "name": "German" })));
    assert!(list.windows(2).all(|pair| pair[0]["code"].as_str() < pair[1]["code"].as_str()));
    let blocks = ada.get("/api/v1/instance/domain_blocks").await.ok();
    assert_eq!(blocks[0]["domain"], "bad.example");
    assert_eq!((&blocks[0]["severity"], &blocks[0]["comment"]), (&json!("suspend"), &json!("")));
    assert_eq!(blocks[0]["digest"].as_str().unwrap().len(), 64);
    assert_eq!(nobody.get("/api/v1/instance/domain_blocks").await.status, 401, "for people of this node");
    // Known servers by the beginning of their names.
    east.person("eve", &crate::support::rsa(0).public_pem().unwrap());
    let found = ada.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@eve@{}", east.authority)).await.ok();
    let eve = found["accounts"][0]["id"].as_str().unwrap_or_else(|| panic!("{found}")).to_owned();
    let search = async |q: &str| nobody.get(&format!("/api/v1/peers/search?q={q}")).await.ok();
    assert_eq!(search("EAS").await, json!([east.authority]));
    assert_eq!((search("west").await, search("").await), (json!([]), json!([])));
    // Whom a block of a domain would cut off.
    ada.post(&format!("/api/v1/accounts/{eve}/follow"), json!({})).await.ok();
    let accept = "update follows set state = 1";
    node.app.write(move |tx| watercooler::db::Sql::new(accept).execute(tx.conn)).await.unwrap();
    let preview = ada.get(&format!("/api/v1/domain_blocks/preview?domain={}", east.authority)).await.ok();
    assert_eq!(preview, json!({ "following_count": 1, "followers_count": 0 }));
    let preview = ada.get("/api/v1/domain_blocks/preview?domain=elsewhere.example").await.ok();
    assert_eq!(preview, json!({ "following_count": 0, "followers_count": 0 }));
}

#[tokio::test]
async fn an_app_asks_whether_an_invitation_is_good_and_a_browser_gets_its_page() {
    let node = Node::start().await;
    let verb = async |verb: Value| {
        let verb = serde_json::from_value(json!({ "invite": verb })).unwrap();
        watercooler::cli::data::run(&node.app, verb).await.unwrap()
    };
    let code = verb(json!({ "create": { "role": "member" } })).await["code"].as_str().unwrap().to_owned();
    let nobody = Client::anonymous(&node);
    let asks = async |accept: &str| {
        nobody.send(nobody.request("GET", &format!("/invite/{code}")).header("accept", accept)).await
    };
    let told = asks("application/json").await.ok();
    assert_eq!(told, json!({ "invite_code": code, "instance_api_url": node.url("/api/v2/instance") }));
    let page = asks("text/html,application/xhtml+xml,*/*;q=0.8").await;
    assert!(page.status == 200 && page.text.contains("<form"), "{}", page.text);
    verb(json!({ "revoke": { "code": code } })).await;
    let told = asks("application/json").await;
    assert_eq!((told.status, told.json()["error"].is_string()), (401, true));
}

#[tokio::test]
async fn old_clients_remove_notifications_with_delete() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    for text in ["one", "two", "three"] {
        bob.post("/api/v1/statuses", json!({ "status": format!("@ada {text}") })).await.ok();
    }
    let ids = async || -> Vec<String> {
        let list = ada.get("/api/v1/notifications").await.ok();
        list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = ids().await;
    assert_eq!(bob.delete(&format!("/api/v1/notifications/{}", all[0])).await.status, 404);
    assert_eq!(ids().await.len(), 3, "nobody else's");
    ada.delete(&format!("/api/v1/notifications/{}", all[0])).await.ok();
    assert_eq!(ids().await, all[1..]);
    let several = format!("/api/v1/notifications/destroy_multiple?ids[]={}&ids[]={}&ids[]=99999", all[1], all[2]);
    assert_eq!(ada.delete(&several).await.ok(), json!({}));
    assert_eq!(ids().await, [""; 0]);
}
