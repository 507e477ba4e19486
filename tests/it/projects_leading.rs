//! What whoever leads a project does about it in a browser, and how somebody of another node leaves it there.

use crate::{
    projects::{bearing, known, path, register, two},
    support::{Browser, Client, Node, PASSWORD, Reply, organisation::minutes, settle},
};
use serde_json::{Value, json};

/// The value of the first button that does this.
fn button(page: &Reply, way: &str) -> String {
    let (_, rest) = page.text.split_once(&format!("value=\"{way} ")).unwrap_or_else(|| panic!("{way}: {}", page.text));
    format!("{way} {}", rest.split('"').next().unwrap())
}

fn address(project: &Value) -> String {
    format!("/projects/{}", project["id"].as_str().unwrap())
}

async fn role(who: &Client, project: &Value) -> Value {
    who.get(&path(project, "")).await.ok()["role"].clone()
}

async fn signed_in(node: &Node, name: &str) -> Browser {
    let browser = Browser::new(node);
    browser.sign_in(name, PASSWORD).await;
    browser
}

#[tokio::test]
async fn a_lead_answers_who_asks_to_join_in_a_browser_and_who_is_in_leaves_there_from_another_node() {
    let (hq, lyon) = two().await;
    let nodes = [&hq, &lyon];
    let (_, alice) = hq.signed_in("alice").await;
    let (_, eve) = hq.signed_in("eve").await;
    let (_, bob) = lyon.signed_in("bob").await;
    let made = register(&alice, bearing()).await;
    settle(&nodes).await;
    minutes(&nodes, 2).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    bob.post(&path(&there, "/join"), json!({ "message": "I have <b>ideas" })).await.ok();
    settle(&nodes).await;
    let browser = signed_in(&hq, "alice").await;
    let at = address(&made);
    assert!(browser.get("/@quietbearing").await.text.contains(&format!("href=\"{at}\"")));
    let page = browser.get(&at).await;
    assert!(page.status == 200 && page.text.contains("I have &#60;b&#62;ideas"), "{}", page.text);
    assert!(!page.text.contains("<script") && page.header("content-security-policy").contains("form-action 'self'"));
    assert!(page.text.contains(&format!("href=\"/@{}\"", lyon.handle("bob"))), "{}", page.text);
    let accept = button(&page, "accept");
    assert_eq!(browser.post(&at, &[("do", &*accept), ("token", "x")]).await.status, 403);
    let done = browser.submit(&page, &at, &[("do", &*accept)]).await;
    assert!(done.status == 200 && done.text.contains("They are a member now"), "{}", done.text);
    assert!(done.text.contains("Nobody waits for an answer."), "{}", done.text);
    settle(&nodes).await;
    assert_eq!(role(&bob, &there).await, "member");
    // The same answer again has nobody to go to.
    assert_eq!(browser.submit(&page, &at, &[("do", &*accept)]).await.status, 404);
    eve.post(&path(&made, "/join"), json!({})).await.ok();
    let page = browser.get(&at).await;
    let refused = browser.submit(&page, &at, &[("do", &*button(&page, "refuse"))]).await;
    assert!(refused.status == 200 && refused.text.contains("Declined"), "{}", refused.text);
    assert!(role(&eve, &made).await.is_null());
    // On the page of the project at their own node somebody leaves it, and may ask again.
    let browser = signed_in(&lyon, "bob").await;
    let own = format!("/@{}", hq.handle("quietbearing"));
    for step in ["leave", "join"] {
        let page = browser.get(&own).await;
        assert!(page.text.contains("You belong to this project.") == (step == "leave"), "{}", page.text);
        let done = browser.submit(&page, "/projects", &[("do", &*button(&page, step))]).await;
        assert_eq!((done.status, done.header("location")), (302, &*own), "{}", done.text);
        settle(&nodes).await;
    }
    assert_eq!(role(&bob, &there).await, "requested");
    assert_eq!(alice.get(&path(&made, "/requests")).await.ok()[0]["account"]["username"], "bob");
    // It is changed where it lives.
    let elsewhere = browser.get(&address(&there)).await;
    assert_eq!((elsewhere.status, elsewhere.header("location")), (302, &*own));
}

#[tokio::test]
async fn a_lead_says_how_far_a_project_is_edits_it_and_hands_it_over_in_a_browser() {
    let node = Node::start().await;
    let (_, alice) = node.signed_in("alice").await;
    let (eve_row, eve) = node.signed_in("eve").await;
    let mut fields = bearing();
    fields["tags"] = json!(["Bearings", "C# tools"]);
    fields["vendor"] = json!(["Sound; Cam"]);
    let made = register(&alice, fields).await;
    node.settle().await;
    let at = address(&made);
    let browser = signed_in(&node, "alice").await;
    let now = async || alice.get(&path(&made, "")).await.ok();
    let page = browser.get(&at).await;
    let moved = [("do", "state"), ("state", "paused"), ("reason", "waiting for parts")];
    let done = browser.submit(&page, &at, &moved).await;
    assert!(done.status == 200 && done.text.contains("Saved."), "{}", done.text);
    assert_eq!(now().await["state"], "paused");
    let shown = browser.get("/@quietbearing").await.text;
    assert!(shown.contains("waiting for parts"), "{shown}");
    let long = "x".repeat(501);
    let refused = browser.submit(&page, &at, &[("do", "state"), ("state", "done"), ("reason", &*long)]).await;
    assert!(refused.status == 422 && refused.text.contains("id=\"reason-wrong\""), "{}", refused.text);
    for nonsense in
        [[("do", "state"), ("state", "gone")], [("do", "sell"), ("state", "done")], [("do", "accept x"), ("x", "")]]
    {
        assert_eq!(browser.submit(&page, &at, &nonsense).await.status, 404, "{nonsense:?}");
    }
    assert_eq!(now().await["state"], "paused");
    // What is sent back as it was shown stays as it is, whatever the language of the page.
    let form = |name: &'static str, purpose: &'static str| {
        vec![
            ("do", "edit"),
            ("name", name),
            ("purpose", purpose),
            ("tags", "Bearings, C# tools"),
            ("looking_for", "Acoustics, a quiet room"),
            ("vendor", "Sound; Cam"),
            ("link", "https://wiki.example/b7"),
            ("membership", "open"),
        ]
    };
    let german = format!("{at}?lang=de");
    let token = crate::support::hidden_fields(&page.text, &at).into_iter().find(|(name, _)| name == "token").unwrap().1;
    let mut typed: Vec<(&str, &str)> = form("Silent bearing", "Find why it hums.");
    typed.push(("token", &*token));
    let done = browser.post(&german, &typed).await;
    assert!(done.status == 200 && done.text.contains("Gespeichert."), "{}", done.text);
    let edited = now().await;
    for (name, value) in [
        ("name", json!("Silent bearing")),
        ("purpose", json!("Find why it hums.")),
        ("tags", json!(["Bearings", "C# tools"])),
        ("looking_for", json!(["Acoustics", "a quiet room"])),
        ("vendor", json!(["Sound; Cam"])),
        ("links", json!(["https://wiki.example/b7"])),
        ("membership", json!("open")),
        ("language", json!("en")),
        ("state", json!("paused")),
    ] {
        assert_eq!(edited[name], value, "{name}: {edited}");
    }
    let blank = browser.submit(&page, &at, &form(" ", "It hums & hums")).await;
    assert!(blank.status == 422 && blank.text.contains("id=\"name-wrong\""), "{}", blank.text);
    assert!(blank.text.contains("It hums &#38; hums"), "what was typed stays: {}", blank.text);
    let mut wrong = form("Silent bearing", "It hums.");
    wrong[6].1 = "ftp://x";
    let refused = browser.submit(&page, &at, &wrong).await;
    assert!(refused.status == 422 && refused.text.contains("id=\"link-wrong\""), "{}", refused.text);
    // Handed over to a member.
    assert!(!browser.get(&at).await.text.contains("name=\"lead\""), "there is nobody else");
    assert_eq!(eve.post(&path(&made, "/join"), json!({})).await.ok()["role"], "member");
    let page = browser.get(&at).await;
    let id = eve_row.id.to_string();
    assert!(page.text.contains(&format!("<option value=\"{id}\">eve</option>")), "{}", page.text);
    let done = browser.submit(&page, &at, &[("do", "lead"), ("lead", &*id)]).await;
    assert!(done.status == 200 && done.text.contains("Handed over."), "{}", done.text);
    assert_eq!((role(&alice, &made).await, role(&eve, &made).await), (json!("moderator"), json!("lead")));
    assert!(!done.text.contains("name=\"lead\""), "{}", done.text);
}

#[tokio::test]
async fn a_project_is_changed_by_those_who_lead_it_alone() {
    let node = Node::start().await;
    let (_, alice) = node.signed_in("alice").await;
    node.signed_in("eve").await;
    let made = register(&alice, bearing()).await;
    let mut draft = bearing();
    (draft["publish"], draft["name"]) = (json!(false), json!("Other bearing"));
    let draft = register(&alice, draft).await;
    node.settle().await;
    let at = address(&made);
    let stranger = Browser::new(&node).get(&at).await;
    let to = format!("/sign-in?next=%2Fprojects%2F{}", made["id"].as_str().unwrap());
    assert_eq!(stranger.header("location"), to);
    assert_eq!(Browser::new(&node).post(&at, &[("do", "edit")]).await.header("location"), to);
    let browser = signed_in(&node, "eve").await;
    let seen = browser.get(&at).await;
    assert_eq!((seen.status, seen.header("location")), (302, "/@quietbearing"));
    assert!(!browser.get("/@quietbearing").await.text.contains(&at));
    let page = browser.get("/@quietbearing").await;
    let token =
        crate::support::hidden_fields(&page.text, "/projects").into_iter().find(|(name, _)| name == "token").unwrap().1;
    for way in ["state", "edit", "accept 1", "refuse 1"] {
        let fields = [("do", way), ("token", &*token), ("state", "done"), ("name", "Mine"), ("purpose", "now")];
        let refused = browser.post(&format!("{at}?lang=de"), &fields).await;
        assert!(refused.status == 403 && refused.text.contains("wer das Projekt leitet"), "{way}: {}", refused.text);
    }
    for nowhere in ["/projects/1".to_owned(), "/projects/x".to_owned(), address(&draft)] {
        assert_eq!(browser.get(&nowhere).await.status, 404, "{nowhere}");
    }
    let now = alice.get(&path(&made, "")).await.ok();
    assert_eq!((&now["name"], &now["state"]), (&json!("Quiet bearing"), &json!("active")));
}
