//! What a person says about themselves, changed in a browser: the same as from an app, with the same limits.

use crate::{
    projects::{bearing, register},
    support::{Browser, Client, Node, NodeBuilder, PASSWORD, Reply, hidden_fields},
};
use serde_json::{Value, json};

const PAGE: &str = "/settings/profile";
const ME: &str = "/api/watercooler/v1/people/me";

async fn node_with(name: &str) -> (Node, Client, Browser) {
    let node = Node::start().await;
    let (_, client) = node.signed_in(name).await;
    let browser = Browser::new(&node);
    browser.sign_in(name, PASSWORD).await;
    (node, client, browser)
}

/// Names and values of the person's own fields as an app edits them, behind those that are made.
async fn own_fields(who: &Client) -> Vec<(String, String)> {
    let me = who.get("/api/v1/accounts/verify_credentials").await.ok();
    let made = ["Ask me about", "Works on", "Team", "Site"];
    let text = |field: &Value, name: &str| field[name].as_str().unwrap().to_owned();
    let all = me["source"]["fields"].as_array().unwrap().iter();
    all.map(|field| (text(field, "name"), text(field, "value"))).filter(|(name, _)| !made.contains(&&**name)).collect()
}

async fn saves(browser: &Browser, fields: &[(&str, &str)]) -> Reply {
    let page = browser.get(PAGE).await;
    let saved = browser.submit(&page, PAGE, fields).await;
    assert!(saved.status == 200 && saved.text.contains("Saved."), "{}", saved.text);
    saved
}

#[tokio::test]
async fn what_one_says_of_oneself_is_changed_in_a_browser_as_in_an_app() {
    let (node, anna, browser) = node_with("anna").await;
    assert_eq!(Browser::new(&node).get(PAGE).await.header("location"), "/sign-in?next=%2Fsettings%2Fprofile");
    // Where one looks for it, and on nobody else's page.
    node.signed_in("berta").await;
    for page in ["/", "/settings", "/@anna"] {
        assert!(browser.get(page).await.text.contains("href=\"/settings/profile\""), "{page}");
    }
    assert!(!browser.get("/@berta").await.text.contains("href=\"/settings/profile\""));
    let page = browser.get(PAGE).await;
    assert!(page.status == 200 && !page.text.contains("<script"), "{}", page.text);
    assert!(page.header("content-security-policy").contains("form-action 'self'"));
    assert_eq!(page.header("cache-control"), "private, no-store");
    for name in ["display_name", "note", "title", "department", "site", "time_zone", "languages"] {
        assert!(page.text.contains(&format!("<label for=\"{name}\">")), "{name}");
    }
    saves(
        &browser,
        &[
            ("display_name", "Anna <b>Lund"),
            ("note", "Sensors & coffee\r\nwith @berta"),
            ("field-0", "Pronouns"),
            ("value-0", "she/her"),
            ("field-1", ""),
            ("value-1", ""),
            ("title", "Engineer"),
            ("department", "Bench 3"),
            ("site", "Lyon"),
            ("time_zone", "Europe/Paris"),
            ("languages", "fr, en"),
            ("skill-0", "Vibration analysis"),
            ("stance-0", "ask"),
            ("skill-1", "Excel"),
            ("stance-1", "knows"),
            ("skill-2", ""),
            ("stance-2", "ask"),
            ("skill-3", "Rust"),
            ("stance-3", "learning"),
        ],
    )
    .await;
    let facts = anna.get(ME).await.ok();
    for (name, value) in [
        ("title", json!("Engineer")),
        ("department", json!("Bench 3")),
        ("site", json!("Lyon")),
        ("time_zone", json!("Europe/Paris")),
        ("languages", json!(["fr", "en"])),
    ] {
        assert_eq!(facts[name], value, "{name}");
    }
    let skills = async || {
        let facts = anna.get(ME).await.ok();
        let text = |skill: &Value| format!("{} {}", skill["stance"].as_str().unwrap(), skill["name"].as_str().unwrap());
        facts["skills"].as_array().unwrap().iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(skills().await, ["ask Vibration analysis", "knows Excel", "learning Rust"]);
    let me = anna.get("/api/v1/accounts/verify_credentials").await.ok();
    assert_eq!(me["display_name"], "Anna <b>Lund");
    assert_eq!(me["source"]["note"], "Sensors & coffee\nwith @berta");
    assert!(me["note"].as_str().unwrap().contains(&node.url("/@berta")), "{me}");
    assert_eq!(own_fields(&anna).await, [("Pronouns".to_owned(), "she/her".to_owned())]);
    let shown = browser.get("/@anna").await.text;
    for part in ["Anna &#60;b&#62;Lund", "Sensors &amp; coffee", "she/her", "Bench 3", "#vibrationanalysis"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // The form shows what is stored.
    let page = browser.get(PAGE).await.text;
    for part in ["value=\"Anna &#60;b&#62;Lund\"", "value=\"Excel\"", "value=\"fr en\"", "value=\"she/her\""] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // A skill is changed, one is taken away, and what a form leaves out stays.
    saves(
        &browser,
        &[
            ("skill-0", ""),
            ("stance-0", "ask"),
            ("skill-1", "Excel"),
            ("stance-1", "ask"),
            ("skill-2", "Rust"),
            ("stance-2", "knows"),
        ],
    )
    .await;
    assert_eq!(skills().await, ["ask Excel", "knows Rust"]);
    saves(&browser, &[("display_name", "Anna")]).await;
    assert_eq!(skills().await, ["ask Excel", "knows Rust"]);
    assert_eq!(anna.get(ME).await.ok()["title"], "Engineer");
    assert_eq!(own_fields(&anna).await.len(), 1);
    saves(&browser, &[("field-0", ""), ("value-0", ""), ("title", "")]).await;
    assert!(own_fields(&anna).await.is_empty());
    assert_eq!(anna.get(ME).await.ok()["title"], "");
    assert_eq!(anna.get(ME).await.ok()["department"], "Bench 3");
}

#[tokio::test]
async fn the_fifth_of_somebodys_own_fields_is_taken_away_in_a_browser_and_those_made_of_facts_stay() {
    let (_node, anna, browser) = node_with("anna").await;
    for made in [false, true] {
        if made {
            anna.patch(ME, json!({ "skills": ["Rust"], "site": "Lyon" })).await.ok();
        }
        let mut rows: Vec<(String, String)> = Vec::new();
        for (at, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
            rows.push((format!("field-{at}"), name.to_owned()));
            rows.push((format!("value-{at}"), format!("{name}{name}")));
        }
        let typed: Vec<(&str, &str)> = rows.iter().map(|(name, value)| (&**name, &**value)).collect();
        saves(&browser, &typed).await;
        assert_eq!(own_fields(&anna).await.len(), 5, "{made}");
        let typed: Vec<(&str, &str)> = typed[..8].iter().copied().chain([("field-4", ""), ("value-4", "")]).collect();
        saves(&browser, &typed).await;
        let left: Vec<String> = own_fields(&anna).await.into_iter().map(|(name, _)| name).collect();
        assert_eq!(left, ["a", "b", "c", "d"], "{made}");
        let facts = anna.get(ME).await.ok();
        assert_eq!(facts["site"], if made { "Lyon" } else { "" });
        assert_eq!(facts["skills"].as_array().unwrap().len(), usize::from(made));
    }
}

#[tokio::test]
async fn what_is_refused_is_said_beside_its_field_in_the_language_of_the_page_and_nothing_is_saved() {
    let (node, anna, browser) = node_with("anna").await;
    let hidden = hidden_fields(&browser.get(PAGE).await.text, PAGE);
    let token = hidden.iter().find(|(name, _)| name == "token").unwrap().1.as_str();
    let long = "x".repeat(1_001);
    for (name, value, id, english, german) in [
        ("display_name", &long[..101], "display_name", "Display name is too long", "Der angezeigte Name ist zu lang"),
        ("note", &*long, "note", "Note character limit of 1000 exceeded", "höchstens 1.000 Zeichen"),
        ("title", &long[..101], "title", "maximum is 100 characters", "höchstens 100 Zeichen"),
        ("site", &long[..101], "site", "maximum is 100 characters", "höchstens 100 Zeichen"),
        ("time_zone", "around noon", "zone", "Europe/Paris", "keine Zeitzone"),
        ("languages", "quite a few", "languages", "Languages are codes", "Sprachen sind Kürzel"),
        ("languages", "aa ab ac ad ae af ag ah ai aj ak", "languages", "maximum is 10", "höchstens 10"),
        ("field-0", &long[..256], "fields", "A profile field is too long", "Eines der Felder ist zu lang"),
        ("skill-0", &long[..61], "skills", "A skill is too long", "Eine Kenntnis ist zu lang"),
        ("stance-0", "loves", "skills", "A stance is", "wie du dazu stehst"),
    ] {
        for (page, says) in [(PAGE, english), ("/settings/profile?lang=de", german)] {
            let mut typed = vec![("token", token), ("department", "Bench 3"), (name, value)];
            if name == "stance-0" {
                typed.push(("skill-0", "Rust"));
            }
            let refused = browser.post(page, &typed).await;
            assert!(refused.status == 422 && refused.text.contains(says), "{name} {page}: {}", refused.text);
            assert!(refused.text.contains(&format!("id=\"{id}-wrong\"")), "{name} {page}: {}", refused.text);
            // What was typed stays in the form.
            assert!(refused.text.contains("value=\"Bench 3\""), "{name} {page}: {}", refused.text);
        }
    }
    let rows: Vec<(String, String)> = (0..9).map(|n| (format!("field-{n}"), format!("name {n}"))).collect();
    let mut typed = vec![("token", token)];
    typed.extend(rows.iter().map(|(name, value)| (&**name, &**value)));
    let refused = browser.post(PAGE, &typed).await;
    assert!(refused.status == 422 && refused.text.contains("too many fields (maximum is 8)"), "{}", refused.text);
    let facts = anna.get(ME).await.ok();
    assert_eq!((&facts["department"], &facts["skills"]), (&json!(""), &json!([])), "{facts}");
    // By its own form only.
    let good = [("token", token), ("display_name", "Anna")];
    for reply in [
        browser.post(PAGE, &good[1..]).await,
        browser.post(PAGE, &[("token", "x"), good[1]]).await,
        browser.post_from("https://evil.example", PAGE, &good).await,
    ] {
        assert_eq!(reply.status, 403);
    }
    let stranger = Browser::new(&node).post(PAGE, &good).await;
    assert_eq!(stranger.header("location"), "/sign-in?next=%2Fsettings%2Fprofile");
    assert_eq!(anna.get("/api/v1/accounts/verify_credentials").await.ok()["display_name"], "");
}

#[tokio::test]
async fn what_the_organisation_says_is_shown_and_not_changed_in_a_browser() {
    let node = NodeBuilder::new("alpha").await.config(|config| config.people.may_change_location = false);
    let node = node.start().await;
    let (_, anna) = node.signed_in("anna").await;
    let browser = Browser::new(&node);
    browser.sign_in("anna", PASSWORD).await;
    let page = browser.get(PAGE).await;
    let field = page.text.split("<input id=\"site\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(field.contains("readonly") && page.text.contains("Your organisation says this."), "{}", page.text);
    let saved = browser.submit(&page, PAGE, &[("site", "Lyon"), ("title", "Engineer")]).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    let facts = anna.get(ME).await.ok();
    assert_eq!((&facts["site"], &facts["title"]), (&json!(""), &json!("Engineer")));
}

#[tokio::test]
async fn the_page_shows_what_one_works_on() {
    let (node, anna, browser) = node_with("anna").await;
    assert!(browser.get(PAGE).await.text.contains("No project yet."));
    register(&anna, bearing()).await;
    node.settle().await;
    let page = browser.get(&format!("{PAGE}?lang=de")).await.text;
    let (_, works) = page.split_once("Woran du arbeitest").unwrap();
    assert!(works.contains(&format!("<a href=\"{}\">Quiet bearing</a>", node.url("/@quietbearing"))), "{works}");
    // It stays when the rest is saved.
    saves(&browser, &[("display_name", "Anna")]).await;
    assert_eq!(anna.get(ME).await.ok()["works_on"][0]["name"], "Quiet bearing");
}
