//! The page that other servers send people of this node to (`/authorize_interaction`).

use crate::support::{Browser, Node, NodeBuilder, PASSWORD, Peer, Scene, Sender, settle};
use serde_json::json;

fn page(uri: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("uri", uri).finish();
    format!("/authorize_interaction?{query}")
}

#[tokio::test]
async fn fed_disc_01_the_subscribe_template_leads_to_a_page_that_follows() {
    let (alpha, beta) = Node::two().await;
    let bea = beta.member("bea").await;
    let ada = alpha.citizen("ada").await;
    let found = bea.get(&format!("/.well-known/webfinger?resource=acct:{}", beta.handle("bea"))).await.ok();
    let template = found["links"].as_array().unwrap().iter().find_map(|link| link["template"].as_str()).unwrap();
    assert_eq!(template, beta.url("/authorize_interaction?uri={uri}"));

    // Not signed in: sign in first, and come back.
    let browser = Browser::new(&alpha);
    let path = page(&format!("acct:{}", beta.handle("bea")));
    let reply = browser.get(&path).await;
    assert_eq!(reply.status, 302);
    let at = reply.header("location").to_owned();
    assert!(at.starts_with("/sign-in?next=%2Fauthorize_interaction%3Furi%3D"), "{at}");
    let form = browser.get(&at).await;
    let reply = browser.submit(&form, "/sign-in", &[("login", "ada"), ("password", PASSWORD)]).await;
    let back = reply.header("location").to_owned();
    assert!(back.starts_with("/authorize_interaction?uri="), "{back}");

    let shown = browser.get(&back).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    assert!(shown.text.contains(&format!("@{}", beta.handle("bea"))));
    assert!(shown.header("content-security-policy").contains("form-action 'self'"));
    assert_eq!(shown.header("cache-control"), "private, no-store");
    let reply = browser.submit(&shown, "/authorize_interaction", &[]).await;
    assert_eq!(reply.status, 302, "{}", reply.text);
    let back = reply.header("location").to_owned();
    assert!(back.starts_with("/authorize_interaction?uri="), "{back}");
    settle(&[&alpha, &beta]).await;
    let shown = browser.get(&back).await;
    assert!(shown.text.contains("You follow this account.") && !shown.text.contains("<button"), "{}", shown.text);
    let followers = bea.get(&format!("/api/v1/accounts/{}/followers", bea.id)).await.ok();
    assert_eq!(followers[0]["acct"], alpha.handle("ada"));
    let german = browser.get(&format!("{back}&lang=de")).await;
    assert!(german.text.contains("Du folgst diesem Konto."));
    let _ = ada;
}

#[tokio::test]
async fn a_post_of_another_server_is_shown_with_its_author() {
    let scene = Scene::new().await;
    scene.node.citizen("dora").await;
    let browser = Browser::new(&scene.node);
    browser.sign_in("dora", PASSWORD).await;
    let uri = scene.creates(&scene.ada, &scene.note(&scene.ada, "1", "<p>hello there</p>")).await;
    let shown = browser.get(&page(&uri)).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    assert!(shown.text.contains("hello there") && shown.text.contains("action=\"/authorize_interaction\""));
    // Films and sounds of it may be played there.
    assert!(shown.header("content-security-policy").contains("; media-src 'self'"));
    // What one may not see is not there.
    let mut direct = scene.note(&scene.ada, "2", "<p>between us</p>");
    (direct["to"], direct["cc"]) = (json!([scene.uri(&scene.bob)]), json!([]));
    let uri = scene.creates(&scene.ada, &direct).await;
    let hidden = browser.get(&page(&uri)).await;
    assert_eq!(hidden.status, 404);
    assert!(!hidden.text.contains("between us"));
}

#[tokio::test]
async fn the_page_sends_nobody_elsewhere_and_follows_by_its_own_form_only() {
    let scene = Scene::new().await;
    let dora = scene.node.citizen("dora").await;
    let browser = Browser::new(&scene.node);
    browser.sign_in("dora", PASSWORD).await;
    for nonsense in ["", " ", "a b", "https://evil.example/\r\nx"] {
        assert_eq!(browser.get(&page(nonsense)).await.status, 400, "{nonsense:?}");
    }
    assert_eq!(browser.get("/authorize_interaction").await.status, 400);
    for nobody in ["nobody@nowhere.test", "https://nowhere.test/x", "javascript:alert(1)", "//evil.example", "@", "x"] {
        let reply = browser.get(&page(nobody)).await;
        assert_eq!(reply.status, 404, "{nobody}");
        assert!(!reply.text.contains(nobody) || nobody.len() < 3, "{nobody}");
    }
    let shown = browser.get(&page(&scene.vera.id)).await;
    let hidden = crate::support::hidden_fields(&shown.text, "/authorize_interaction");
    let field = |name: &str| hidden.iter().find(|(key, _)| key == name).unwrap().1.clone();
    let (token, account) = (field("token"), field("account"));
    let with =
        |token: &str| [("token", token.to_owned()), ("uri", scene.vera.id.clone()), ("account", account.clone())];
    let send = async |origin: Option<&str>, fields: [(&str, String); 3]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(key, value)| (*key, value.as_str())).collect();
        match origin {
            Some(origin) => browser.post_from(origin, "/authorize_interaction", &fields).await,
            None => browser.post("/authorize_interaction", &fields).await,
        }
    };
    assert_eq!(send(None, with("")).await.status, 403);
    assert_eq!(send(None, with("made up")).await.status, 403);
    assert_eq!(send(Some("https://evil.example"), with(&token)).await.status, 403);
    let follows = "select count(*) from follows f join accounts a on a.id = f.account_id where a.handle = 'dora'";
    assert_eq!(scene.count(follows).await, 0);
    // Nobody signed in: to the sign-in page of this node, whatever the address says.
    let stranger = Browser::new(&scene.node);
    let reply = stranger.post("/authorize_interaction", &[("uri", "https://evil.example/")]).await;
    assert!(reply.header("location").starts_with("/sign-in?next=%2Fauthorize_interaction"), "{:?}", reply.headers);
    assert_eq!(send(None, with(&token)).await.status, 302);
    assert_eq!(scene.count(follows).await, 1);
    let own = browser.get(&page(&scene.node.url("/users/dora"))).await;
    assert!(own.status == 200 && !own.text.contains("<button"), "one does not follow oneself");
    let _ = dora;
}
