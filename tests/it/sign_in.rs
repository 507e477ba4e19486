//! Signing in with a browser: how often one may guess, the session and its cookie, forms from elsewhere, signing out (rows OAU).

use crate::support::{Browser, Node, NodeBuilder, PASSWORD};

#[tokio::test]
async fn sec_oau_14_guessing_is_slow_and_tells_nothing() {
    let on = watercooler::config::Switch::On;
    let node = NodeBuilder::new("alpha").await.config(move |c| c.rate_limits.mode = on).start().await;
    node.citizen("anna").await;
    let browser = Browser::new(&node);
    let wrong = browser.sign_in("anna", "wrong password").await;
    let unknown = browser.sign_in("nobody", "wrong password").await;
    assert_eq!((wrong.status, unknown.status), (422, 422));
    let blank = |text: &str, name: &str| text.replace(name, "NAME");
    assert_eq!(blank(&wrong.text, "anna"), blank(&unknown.text, "nobody"));
    for _ in 0..9 {
        browser.sign_in("Anna", "wrong password").await;
    }
    let limited = browser.sign_in("anna", PASSWORD).await;
    assert_eq!(limited.status, 429);
    assert!(!limited.header("retry-after").is_empty());
    node.clock.advance(300_000);
    assert_eq!(browser.sign_in("anna", PASSWORD).await.status, 302);
}

#[tokio::test]
async fn sec_oau_14_an_account_has_one_allowance_under_all_its_spellings() {
    let on = watercooler::config::Switch::On;
    let node = NodeBuilder::new("alpha").await.config(move |c| c.rate_limits.mode = on).start().await;
    node.citizen("anna").await;
    let browser = Browser::new(&node);
    let handle = node.handle("anna");
    let spellings = ["anna", "@ANNA", &handle, &format!("@{handle}"), "anna@example.org", "@Anna@example.org"];
    for typed in spellings.iter().cycle().take(10) {
        assert_eq!(browser.sign_in(typed, "wrong password").await.status, 422, "{typed}");
    }
    for typed in spellings {
        assert_eq!(browser.sign_in(typed, PASSWORD).await.status, 429, "{typed}");
    }
    node.citizen("berta").await;
    assert_eq!(browser.sign_in("berta", PASSWORD).await.status, 302, "somebody else's allowance is their own");
}

#[tokio::test]
async fn sec_oau_15_every_sign_in_is_a_new_session_with_a_strict_cookie() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = Browser::new(&node);
    browser.set_cookie("watercooler", "planted-by-somebody-else");
    let reply = browser.sign_in("anna", PASSWORD).await;
    let cookie = reply.header("set-cookie").to_owned();
    assert!(cookie.starts_with("watercooler=") && !cookie.contains("planted"), "{cookie}");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "plain http: many cookie jars would not send it back");
    let first = browser.cookie("watercooler").unwrap();
    browser.sign_in("anna", PASSWORD).await;
    assert_ne!(browser.cookie("watercooler").unwrap(), first);
    let old = Browser::new(&node);
    old.set_cookie("watercooler", &first);
    assert_eq!(old.get("/settings").await.status, 302, "the earlier session of this browser has ended");
    // Behind TLS the cookie is bound to the host.
    let tls = NodeBuilder::new("alpha")
        .await
        .config(|c| c.public_url = Some("https://alpha.test".parse().unwrap()))
        .start()
        .await;
    tls.citizen("anna").await;
    let browser = Browser::new(&tls);
    let reply = browser.sign_in("anna", PASSWORD).await;
    let cookie = reply.header("set-cookie");
    assert!(cookie.starts_with("__Host-watercooler=") && cookie.contains("Secure"), "{cookie}");
    assert!(!cookie.contains("Domain"));
    assert_eq!(reply.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn sec_oau_19_odd_login_names_are_just_names() {
    let node = Node::start().await;
    node.citizen("anna").await;
    for login in
        ["*)(uid=*", "anna' or '1'='1", "anna\"; drop table users; --", "%", "\u{0}", "@", "anna@elsewhere.example"]
    {
        let reply = Browser::new(&node).sign_in(login, PASSWORD).await;
        assert_eq!(reply.status, 422, "{login:?}");
    }
    for login in ["@anna", "ANNA", &format!("anna@{}", node.domain), " anna "] {
        let reply = Browser::new(&node).sign_in(login, PASSWORD).await;
        assert_eq!(reply.status, 302, "{login:?}");
        node.clock.advance(300_000);
    }
}

#[tokio::test]
async fn a_form_from_another_site_or_without_its_token_signs_nobody_in() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = Browser::new(&node);
    let fields = [("login", "anna"), ("password", PASSWORD)];
    assert_eq!(browser.post("/sign-in", &fields).await.status, 403);
    let page = browser.get("/sign-in").await;
    let token =
        crate::support::hidden_fields(&page.text, "/sign-in").into_iter().find(|(k, _)| k == "token").unwrap().1;
    let fields = [("login", "anna"), ("password", PASSWORD), ("token", &token)];
    assert_eq!(browser.post_from("https://evil.example", "/sign-in", &fields).await.status, 403);
    assert_eq!(browser.post_from("null", "/sign-in", &fields).await.status, 403);
    assert_eq!(Browser::new(&node).post("/sign-in", &fields).await.status, 403);
    let with_next = [fields[0], fields[1], fields[2], ("next", "https://evil.example/")];
    let reply = browser.post_from(&node.url(""), "/sign-in", &with_next).await;
    assert_eq!((reply.status, reply.header("location")), (302, "/"));
}

#[tokio::test]
async fn sessions_are_listed_ended_and_signed_out() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let (here, there) = (Browser::new(&node), Browser::new(&node));
    for browser in [&here, &there] {
        browser.sign_in("anna", PASSWORD).await;
    }
    let page = here.get("/settings").await;
    assert!(page.text.contains("this browser"));
    let action = page.text.split("action=\"").find(|part| part.starts_with("/settings/sessions/")).unwrap();
    let action = action.split('"').next().unwrap().to_owned();
    assert_eq!(here.submit(&page, &action, &[]).await.status, 200);
    assert_eq!(there.get("/settings").await.status, 302);
    let page = here.get("/settings").await;
    let reply = here.submit(&page, "/sign-out", &[]).await;
    assert_eq!(reply.status, 302);
    assert_eq!(here.get("/settings").await.status, 302);
}
