//! Sign-in as the clients do it: registration, consent in the browser, codes, tokens, scopes (rows OAU).

use crate::support::{Browser, Client, Node, NodeBuilder, PASSWORD, Reply};
use serde_json::{Value, json};
use watercooler::{
    api::{self, Access},
    crypto,
    domain::scopes::{Scope, Scopes},
    model::Role,
};

pub const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";
pub const WEB: &str = "https://app.example/callback?source=a";

pub async fn app_with(node: &Node, uris: Value, scopes: &str) -> Value {
    let body = json!({"client_name": "Tusky", "redirect_uris": uris, "scopes": scopes, "website": "https://tusky.app"});
    Client::anonymous(node).post("/api/v1/apps", body).await.ok()
}

pub async fn app(node: &Node) -> Value {
    app_with(node, json!([OOB, WEB, "icecubesapp://"]), "read write follow push").await
}

/// Query of the authorisation page.
pub fn ask(app: &Value, uri: &str, scope: &str, more: &[(&str, &str)]) -> String {
    let id = app["client_id"].as_str().unwrap();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([("response_type", "code"), ("client_id", id), ("redirect_uri", uri), ("scope", scope)]);
    query.extend_pairs(more);
    format!("/oauth/authorize?{}", query.finish())
}

/// The `code` of a redirect or of the out-of-band address.
pub fn code_of(reply: &Reply) -> String {
    assert_eq!(reply.status, 302, "{}", reply.text);
    let location = reply.header("location");
    let query = location.split_once('?').unwrap().1.to_owned();
    url::form_urlencoded::parse(query.as_bytes()).find(|(k, _)| k == "code").unwrap().1.into_owned()
}

/// Consents to a request in a browser that is signed in.
pub async fn consent(browser: &Browser, address: &str) -> Reply {
    let page = browser.get(address).await;
    assert_eq!(page.status, 200, "{}", page.text);
    browser.submit(&page, "/oauth/authorize", &[("decision", "allow")]).await
}

pub async fn signed_in_browser(node: &Node, login: &str) -> Browser {
    let browser = Browser::new(node);
    let reply = browser.sign_in(login, PASSWORD).await;
    assert_eq!(reply.status, 302, "{}", reply.text);
    browser
}

pub async fn exchange(node: &Node, app: &Value, code: &str, uri: &str, more: Value) -> Reply {
    let mut body = json!({
        "grant_type": "authorization_code", "client_id": app["client_id"], "client_secret": app["client_secret"],
        "code": code, "redirect_uri": uri,
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Client::anonymous(node).post("/oauth/token", body).await
}

/// The whole way: a token for `anna` on a node where she exists.
pub async fn whole_way(node: &Node, app: &Value, scope: &str) -> Value {
    let browser = signed_in_browser(node, "anna").await;
    let code = code_of(&consent(&browser, &ask(app, OOB, scope, &[("force_login", "ask")])).await);
    exchange(node, app, &code, OOB, json!({})).await.ok()
}

/// A node that counts how often one asks.
pub async fn limited_node() -> Node {
    NodeBuilder::new("alpha").await.config(|c| c.rate_limits.mode = watercooler::config::Switch::On).start().await
}

#[tokio::test]
async fn an_app_registers_in_every_way_clients_do() {
    let node = Node::start().await;
    let client = Client::anonymous(&node);
    let form = client.post_form("/api/v1/apps", &[("client_name", "toot"), ("redirect_uris", OOB)]).await.ok();
    assert_eq!(form["scopes"], json!(["read"]));
    assert_eq!(form["website"], Value::Null);
    assert_eq!(form["redirect_uri"], OOB);
    assert_eq!(form["client_secret_expires_at"], 0);
    for field in ["id", "client_id", "client_secret", "vapid_key"] {
        assert!(form[field].is_string(), "{field}");
    }
    let lines = app_with(&node, json!(format!("{OOB}\n{WEB}")), "read write").await;
    assert_eq!(lines["redirect_uris"], json!([OOB, WEB]));
    assert_eq!(lines["redirect_uri"], format!("{OOB}\n{WEB}"));
    let list = app_with(&node, json!([OOB, "icecubesapp://"]), "read admin:read admin:write").await;
    assert_eq!(list["redirect_uris"], json!([OOB, "icecubesapp://"]));
    assert_eq!(list["website"], "https://tusky.app");
    let brackets = client
        .post_form(
            "/api/v1/apps/",
            &[("client_name", "x"), ("redirect_uris[]", OOB), ("redirect_uris[]", WEB), ("website", "")],
        )
        .await
        .ok();
    assert_eq!(brackets["redirect_uris"], json!([OOB, WEB]));
    assert_eq!(brackets["website"], Value::Null);
}

#[tokio::test]
async fn sec_oau_02_bad_registrations_are_refused_in_the_clients_words() {
    let node = Node::start().await;
    let client = Client::anonymous(&node);
    for (name, uri, scopes, website) in [
        ("", OOB, "read", ""),
        ("x", "", "read", ""),
        ("x", "/relative", "read", ""),
        ("x", "https://app.example/#top", "read", ""),
        ("x", "https://*.example/", "read", ""),
        ("x", "javascript:alert(1)", "read", ""),
        ("x", "data:text/html,x", "read", ""),
        ("x", "http://app.example/", "read", ""),
        ("x", OOB, "read everything", ""),
        ("x", OOB, "readx", ""),
        ("x", OOB, "read", "javascript:alert(1)"),
    ] {
        let body = json!({"client_name": name, "redirect_uris": uri, "scopes": scopes, "website": website});
        let reply = client.post("/api/v1/apps", body).await;
        assert_eq!(reply.status, 422, "{name} {uri} {scopes} {website}");
        assert!(reply.json()["error"].is_string());
    }
}

#[tokio::test]
async fn a_person_signs_in_consents_and_the_app_gets_a_token() {
    let node = Node::start().await;
    let anna = node.citizen("anna").await;
    let app = app(&node).await;
    let browser = Browser::new(&node);
    // toot asks with a trailing slash; Mastodon.py sends the word None.
    let address = ask(&app, WEB, "read write", &[("state", "None"), ("lang", "None"), ("force_login", "False")]);
    let slashed = address.replace("/oauth/authorize?", "/oauth/authorize/?");
    let reply = browser.get(&slashed).await;
    assert_eq!(reply.status, 302);
    let sign_in = browser.get(reply.header("location")).await;
    assert!(sign_in.text.contains("to continue to Tusky"), "{}", sign_in.text);
    let back = browser.submit(&sign_in, "/sign-in", &[("login", "Anna@Example.org"), ("password", PASSWORD)]).await;
    assert_eq!(back.status, 302, "{}", back.text);
    let page = browser.get(back.header("location")).await;
    assert!(page.text.contains("Allow Tusky to use your account?"));
    assert!(page.text.contains("you return to app.example"));
    let done = browser.submit(&page, "/oauth/authorize", &[("decision", "allow")]).await;
    let code = code_of(&done);
    assert_eq!(done.header("location"), format!("{WEB}&code={code}&state=None"));
    let before = exchange(&node, &app, &code, WEB, json!({"scope": "read write", "code_verifier": null})).await;
    let token = before.ok();
    assert_eq!(before.header("cache-control"), "no-store");
    assert_eq!(before.header("access-control-allow-origin"), "*");
    assert_eq!(token["token_type"], "Bearer");
    assert_eq!(token["scope"], "read write");
    assert_eq!(token["created_at"], crate::support::NOW.seconds());
    assert!(token.get("refresh_token").is_none() && token.get("expires_in").is_none());
    let secret = token["access_token"].as_str().unwrap();
    assert!(secret.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
    let me = Client::with_token(&node, secret).get("/api/v1/accounts/verify_credentials").await.ok();
    assert_eq!((me["id"].as_str(), me["username"].as_str()), (Some(&*anna.id.to_string()), Some("anna")));
    assert_eq!(me["source"]["privacy"], "public");
    let own = Client::with_token(&node, secret).get("/api/v1/apps/verify_credentials").await.ok();
    assert_eq!((&own["name"], &own["id"]), (&app["name"], &app["id"]));
}

#[tokio::test]
async fn every_kind_of_redirect_gets_its_code_byte_for_byte() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    for (uri, start) in [
        ("icecubesapp://", "icecubesapp://?code="),
        ("mastodon://joinmastodon.org/oauth", "mastodon://joinmastodon.org/oauth?code="),
        ("org.joinmastodon.android-auth://callback", "org.joinmastodon.android-auth://callback?code="),
        ("oauth2redirect://com.keylesspalace.tusky/", "oauth2redirect://com.keylesspalace.tusky/?code="),
        (
            "https://elk.zone/api/alpha.test/oauth/https%3A%2F%2Felk.zone",
            "https://elk.zone/api/alpha.test/oauth/https%3A%2F%2Felk.zone?code=",
        ),
        ("http://localhost:5173/", "http://localhost:5173/?code="),
        (OOB, "/oauth/authorize/native?code="),
    ] {
        let app = app_with(&node, json!(uri), "read").await;
        let done = consent(&browser, &ask(&app, uri, "read", &[])).await;
        assert!(done.header("location").starts_with(start), "{}", done.header("location"));
        assert!(!done.header("location").contains("state"));
        exchange(&node, &app, &code_of(&done), uri, json!({})).await.ok();
    }
}

#[tokio::test]
async fn the_out_of_band_page_shows_the_code_and_nothing_a_link_could_put_there() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    let app = app(&node).await;
    let done = consent(&browser, &ask(&app, OOB, "read", &[])).await;
    let page = browser.get(done.header("location")).await;
    assert!(page.text.contains(&format!(">{}</textarea>", code_of(&done))));
    assert_eq!(browser.get("/oauth/authorize/native?code=Call+0900+and+pay").await.status, 400);
}

#[tokio::test]
async fn saying_no_is_told_to_the_app() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    let app = app(&node).await;
    let page = browser.get(&ask(&app, WEB, "read", &[("state", "s 1")])).await;
    let no = browser.submit(&page, "/oauth/authorize", &[("decision", "deny")]).await;
    let location = no.header("location");
    assert!(location.starts_with(&format!("{WEB}&error=access_denied&error_description=")), "{location}");
    assert!(location.ends_with("&state=s%201"));
    // Where no app hears of it, the person reads that it is done, in their language.
    let page = browser.get(&ask(&app, OOB, "read", &[])).await;
    let fields = crate::support::hidden_fields(&page.text, "/oauth/authorize");
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("decision", "deny"));
    let no = browser.post("/oauth/authorize?lang=de", &fields).await;
    assert!(no.status == 200 && no.text.contains("Du hast abgelehnt"), "{}", no.text);
}

#[tokio::test]
async fn sec_oau_01_a_foreign_redirect_uri_is_never_followed() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    let app = app(&node).await;
    for uri in [
        "https://evil.example/",
        "https://app.example/callback",
        "https://app.example/callback?source=a&x=1",
        "https://app.example/callback/../callback?source=a",
        "https://APP.example/callback?source=a",
        "https://user@app.example/callback?source=a",
        "icecubesapp://x",
        "",
    ] {
        let reply = browser.get(&ask(&app, uri, "read", &[])).await;
        assert_eq!(reply.status, 400, "{uri}");
        assert!(reply.header("location").is_empty());
    }
    let unknown = json!({"client_id": "nobody"});
    assert_eq!(browser.get(&ask(&unknown, WEB, "read", &[])).await.status, 400);
    // The form is checked like the page.
    let page = browser.get(&ask(&app, WEB, "read", &[])).await;
    let mut fields = crate::support::hidden_fields(&page.text, "/oauth/authorize");
    fields.iter_mut().find(|(name, _)| name == "redirect_uri").unwrap().1 = "https://evil.example/".into();
    fields.push(("decision".into(), "allow".into()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let reply = browser.post("/oauth/authorize", &fields).await;
    assert_eq!((reply.status, reply.header("location")), (400, ""));
}

#[tokio::test]
async fn what_an_app_may_not_ask_is_told_by_redirect() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    let app = app(&node).await;
    for (scope, more, error) in [
        ("admin:read", vec![], "invalid_scope"),
        ("nonsense", vec![], "invalid_scope"),
        ("read", vec![("code_challenge", "x"), ("code_challenge_method", "plain")], "invalid_request"),
        ("read", vec![("code_challenge", "too-short"), ("code_challenge_method", "S256")], "invalid_request"),
    ] {
        let reply = browser.get(&ask(&app, WEB, scope, &more)).await;
        assert_eq!(reply.status, 302);
        assert!(reply.header("location").starts_with(&format!("{WEB}&error={error}&")), "{}", reply.header("location"));
    }
    let token = ask(&app, WEB, "read", &[]).replace("response_type=code", "response_type=token");
    assert!(browser.get(&token).await.header("location").contains("error=unsupported_response_type"));
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_the_words_of_oauth() {
    let node = Node::start().await;
    let nobody = Client::anonymous(&node);
    let long = json!({ "grant_type": "x".repeat(70_000) }).to_string();
    let deep = format!("grant_type{}=x", "[a]".repeat(40));
    for path in ["/oauth/token", "/oauth/revoke"] {
        for (kind, body) in [
            ("application/json", "{"),
            ("application/json", long.as_str()),
            ("application/json", "\u{0}"),
            ("application/x-www-form-urlencoded", "grant_type=a&grant_type[b]=c"),
            ("application/x-www-form-urlencoded", deep.as_str()),
            ("multipart/form-data; boundary=x", "no part"),
        ] {
            let request = nobody.request("POST", path).header("content-type", kind).body(body.to_owned());
            let reply = nobody.send(request).await;
            assert_eq!(reply.status, 400, "{path} {kind}: {}", reply.text);
            let said = reply.json();
            assert_eq!(said["error"], "invalid_request", "{path} {kind}");
            assert!(said["error_description"].as_str().is_some_and(|text| !text.is_empty()), "{said}");
            assert_eq!(said.as_object().unwrap().len(), 2, "{said}");
            assert_eq!((reply.header("cache-control"), reply.header("pragma")), ("no-store", "no-cache"));
        }
        let huge = "x".repeat(2 * 1024 * 1024);
        let request = nobody.request("POST", path).header("content-type", "application/json").body(huge);
        let reply = nobody.send(request).await;
        assert_eq!((reply.status, &reply.json()["error"]), (413, &json!("invalid_request")));
    }
    // What can be read and says nothing keeps the words that it had.
    let reply = nobody.post("/oauth/token", json!([])).await;
    assert_eq!((reply.status, &reply.json()["error"]), (400, &json!("invalid_request")));
    let reply = nobody.post("/oauth/revoke", json!({"token": "x"})).await;
    assert_eq!((reply.status, &reply.json()["error"]), (reply.status, &json!("invalid_client")));
}

#[tokio::test]
async fn sec_oau_03_a_code_used_twice_takes_its_tokens_with_it() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    let app = app(&node).await;
    let code = code_of(&consent(&browser, &ask(&app, OOB, "read", &[])).await);
    let token = exchange(&node, &app, &code, OOB, json!({})).await.ok();
    let client = Client::with_token(&node, token["access_token"].as_str().unwrap());
    client.get("/api/v1/accounts/verify_credentials").await.ok();
    let again = exchange(&node, &app, &code, OOB, json!({})).await;
    assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_grant")));
    assert_eq!(client.get("/api/v1/accounts/verify_credentials").await.status, 401);
}

#[tokio::test]
async fn sec_oau_04_a_code_dies_with_the_wrong_client_or_redirect() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    let (app, other) = (app(&node).await, app(&node).await);
    for (by, uri) in [(&other, OOB), (&app, WEB)] {
        let code = code_of(&consent(&browser, &ask(&app, OOB, "read", &[])).await);
        assert_eq!(exchange(&node, by, &code, uri, json!({})).await.status, 400);
        assert_eq!(exchange(&node, &app, &code, OOB, json!({})).await.json()["error"], "invalid_grant");
    }
    let wrong = json!({"client_id": app["client_id"], "client_secret": "wrong"});
    let reply = exchange(&node, &wrong, "code", OOB, json!({})).await;
    assert_eq!((reply.status, &reply.json()["error"]), (401, &json!("invalid_client")));
}

#[tokio::test]
async fn sec_oau_05_a_code_lives_ten_minutes() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    let app = app(&node).await;
    let code = code_of(&consent(&browser, &ask(&app, OOB, "read", &[])).await);
    node.clock.advance(600_000);
    exchange(&node, &app, &code, OOB, json!({})).await.ok();
    let code = code_of(&consent(&browser, &ask(&app, OOB, "read", &[])).await);
    node.clock.advance(600_001);
    assert_eq!(exchange(&node, &app, &code, OOB, json!({})).await.status, 400);
}

#[tokio::test]
async fn sec_oau_06_a_challenge_once_given_must_be_answered() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    let app = app(&node).await;
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = crypto::base64url(&crypto::sha256(verifier.as_bytes()));
    let address = ask(&app, OOB, "read", &[("code_challenge", &challenge), ("code_challenge_method", "S256")]);
    for (answer, status) in [
        (json!({"code_verifier": verifier}), 200),
        (json!({}), 400),
        (json!({"code_verifier": null}), 400),
        (json!({"code_verifier": ""}), 400),
        (json!({"code_verifier": challenge}), 400),
        (json!({"code_verifier": verifier.replace('d', "e")}), 400),
    ] {
        let code = code_of(&consent(&browser, &address).await);
        let reply = exchange(&node, &app, &code, OOB, answer.clone()).await;
        assert_eq!(reply.status, status, "{answer} {}", reply.text);
    }
}

#[tokio::test]
async fn sec_oau_06_a_verifier_without_a_challenge_says_that_somebody_took_the_challenge_out() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    let app = app(&node).await;
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    for (answer, status) in [
        (json!({"code_verifier": verifier}), 400),
        // An app that fills in a form of its own leaves the field empty.
        (json!({"code_verifier": ""}), 200),
        (json!({"code_verifier": null}), 200),
    ] {
        let code = code_of(&consent(&browser, &ask(&app, OOB, "read", &[])).await);
        let reply = exchange(&node, &app, &code, OOB, answer.clone()).await;
        assert_eq!(reply.status, status, "{answer} {}", reply.text);
        // The code is dead afterwards, whichever it was.
        assert_eq!(exchange(&node, &app, &code, OOB, json!({})).await.status, 400);
    }
}

#[tokio::test]
async fn sec_oau_10_consent_needs_the_session_its_token_and_its_page_and_counts_once() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    let app = app(&node).await;
    let page = browser.get(&ask(&app, WEB, "read", &[])).await;
    let fields = crate::support::hidden_fields(&page.text, "/oauth/authorize");
    let send = |token: Option<&str>| {
        let mut fields: Vec<(String, String)> = fields.iter().filter(|(k, _)| k != "token").cloned().collect();
        fields.extend(token.map(|token| ("token".to_owned(), token.to_owned())));
        fields.push(("decision".into(), "allow".into()));
        fields
    };
    let token = fields.iter().find(|(k, _)| k == "token").unwrap().1.clone();
    let pairs = |fields: &[(String, String)]| fields.iter().map(|(k, v)| (k.clone(), v.clone())).collect::<Vec<_>>();
    let post = async |browser: &Browser, fields: Vec<(String, String)>, origin: Option<&str>| {
        let owned = pairs(&fields);
        let fields: Vec<(&str, &str)> = owned.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        match origin {
            Some(origin) => browser.post_from(origin, "/oauth/authorize", &fields).await,
            None => browser.post("/oauth/authorize", &fields).await,
        }
    };
    // Without a session: sign in first.
    let stranger = Browser::new(&node);
    let reply = post(&stranger, send(Some(&token)), None).await;
    assert!(reply.header("location").starts_with("/sign-in?"), "{}", reply.header("location"));
    // Without the token, with a wrong one, from another site: asked again, nothing granted.
    for (token, origin) in [(None, None), (Some("x"), None), (Some(token.as_str()), Some("https://evil.example"))] {
        let reply = post(&browser, send(token), origin).await;
        assert_eq!(reply.status, 403);
        assert!(reply.text.contains("grown old"));
    }
    let own = node.url("");
    assert_eq!(post(&browser, send(Some(&token)), Some(&own)).await.status, 302);
    // The same form a second time.
    assert_eq!(post(&browser, send(Some(&token)), Some(&own)).await.status, 403);
}

#[tokio::test]
async fn sec_oau_11_no_page_can_be_framed_or_run_scripts() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    let app = app(&node).await;
    let consent = ask(&app, WEB, "read", &[]);
    for path in ["/", "/sign-in", "/settings", "/register", "/nowhere", &consent] {
        let reply = browser.get(path).await;
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{path}");
        assert!(!policy.contains("script-src") && !policy.contains("unsafe"), "{path}");
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("referrer-policy"), "same-origin");
        assert!(reply.header("access-control-allow-origin").is_empty());
        assert!(reply.header("cross-origin-opener-policy").is_empty());
        assert!(!reply.text.contains("<script") && !reply.text.contains("style="));
    }
    // Chromium would stop the redirect to the app.
    for path in ["/sign-in", &consent] {
        assert!(!browser.get(path).await.header("content-security-policy").contains("form-action"));
    }
}

#[tokio::test]
async fn consent_is_skipped_only_for_a_web_site_that_holds_the_same_already() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    let app = app(&node).await;
    let code = code_of(&consent(&browser, &ask(&app, WEB, "read", &[])).await);
    exchange(&node, &app, &code, WEB, json!({})).await.ok();
    assert_eq!(browser.get(&ask(&app, WEB, "read", &[])).await.status, 302);
    assert_eq!(browser.get(&ask(&app, WEB, "read:statuses", &[("force_login", "false")])).await.status, 302);
    assert_eq!(browser.get(&ask(&app, WEB, "read write", &[])).await.status, 200);
    assert_eq!(browser.get(&ask(&app, "icecubesapp://", "read", &[])).await.status, 200);
    // force_login: the session is not taken for granted, and neither is the consent.
    let forced = browser.get(&ask(&app, WEB, "read", &[("force_login", "true"), ("state", "s")])).await;
    assert!(forced.header("location").starts_with("/sign-in?"));
    let sign_in = browser.get(forced.header("location")).await;
    let back = browser.submit(&sign_in, "/sign-in", &[("login", "anna"), ("password", PASSWORD)]).await;
    assert!(back.header("location").contains("state=s"));
    assert_eq!(browser.get(back.header("location")).await.status, 200);
}

#[tokio::test]
async fn the_pages_speak_the_language_that_is_asked_for() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = Browser::new(&node);
    let app = app(&node).await;
    let reply = browser.get(&ask(&app, WEB, "read", &[("lang", "de-AT")])).await;
    let page = browser.get(reply.header("location")).await;
    assert!(page.text.contains("<html lang=\"de\">") && page.text.contains("Anmelden"));
}

#[tokio::test]
async fn sec_oau_17_the_consent_page_shows_where_it_leads_and_what_is_granted() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let browser = signed_in_browser(&node, "anna").await;
    let body = json!({
        "client_name": "Official <b>App</b>", "redirect_uris": "https://evil.example/", "scopes": "read write",
        "website": "https://official.example/"
    });
    let app = Client::anonymous(&node).post("/api/v1/apps", body).await.ok();
    let page = browser.get(&ask(&app, "https://evil.example/", "read write", &[])).await;
    assert!(page.text.contains("you return to evil.example"));
    assert!(page.text.contains("Post and change things in your name"));
    assert!(!page.text.contains("<b>App</b>"));
}
