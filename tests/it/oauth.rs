//! Sign-in as the clients do it: registration, consent in the browser, codes, tokens, scopes (rows OAU).

use crate::support::{Browser, Client, Node, NodeBuilder, PASSWORD, Reply};
use serde_json::{Value, json};
use watercooler::{
    api::{self, Access},
    crypto,
    domain::scopes::{Scope, Scopes},
    model::Role,
};

const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";
const WEB: &str = "https://app.example/callback?source=a";

async fn app_with(node: &Node, uris: Value, scopes: &str) -> Value {
    let body = json!({"client_name": "Tusky", "redirect_uris": uris, "scopes": scopes, "website": "https://tusky.app"});
    Client::anonymous(node).post("/api/v1/apps", body).await.ok()
}

async fn app(node: &Node) -> Value {
    app_with(node, json!([OOB, WEB, "icecubesapp://"]), "read write follow push").await
}

/// Query of the authorisation page.
fn ask(app: &Value, uri: &str, scope: &str, more: &[(&str, &str)]) -> String {
    let id = app["client_id"].as_str().unwrap();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([("response_type", "code"), ("client_id", id), ("redirect_uri", uri), ("scope", scope)]);
    query.extend_pairs(more);
    format!("/oauth/authorize?{}", query.finish())
}

/// The `code` of a redirect or of the out-of-band address.
fn code_of(reply: &Reply) -> String {
    assert_eq!(reply.status, 302, "{}", reply.text);
    let location = reply.header("location");
    let query = location.split_once('?').unwrap().1.to_owned();
    url::form_urlencoded::parse(query.as_bytes()).find(|(k, _)| k == "code").unwrap().1.into_owned()
}

/// Consents to a request in a browser that is signed in.
async fn consent(browser: &Browser, address: &str) -> Reply {
    let page = browser.get(address).await;
    assert_eq!(page.status, 200, "{}", page.text);
    browser.submit(&page, "/oauth/authorize", &[("decision", "allow")]).await
}

async fn signed_in_browser(node: &Node, login: &str) -> Browser {
    let browser = Browser::new(node);
    let reply = browser.sign_in(login, PASSWORD).await;
    assert_eq!(reply.status, 302, "{}", reply.text);
    browser
}

async fn exchange(node: &Node, app: &Value, code: &str, uri: &str, more: Value) -> Reply {
    let mut body = json!({
        "grant_type": "authorization_code", "client_id": app["client_id"], "client_secret": app["client_secret"],
        "code": code, "redirect_uri": uri,
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Client::anonymous(node).post("/oauth/token", body).await
}

/// The whole way: a token for `anna` on a node where she exists.
async fn whole_way(node: &Node, app: &Value, scope: &str) -> Value {
    let browser = signed_in_browser(node, "anna").await;
    let code = code_of(&consent(&browser, &ask(app, OOB, scope, &[("force_login", "ask")])).await);
    exchange(node, app, &code, OOB, json!({})).await.ok()
}

/// A node that counts how often one asks.
async fn limited_node() -> Node {
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
    // Without a challenge a verifier changes nothing.
    let code = code_of(&consent(&browser, &ask(&app, OOB, "read", &[])).await);
    exchange(&node, &app, &code, OOB, json!({"code_verifier": verifier})).await.ok();
}

#[tokio::test]
async fn sec_oau_07_a_token_holds_what_was_granted_and_admin_scopes_need_the_role() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let wide = app_with(&node, json!(OOB), "read write follow push admin:read admin:write").await;
    let token = whole_way(&node, &wide, "read admin:read").await;
    assert_eq!(token["scope"], "read admin:read");
    let client = Client::with_token(&node, token["access_token"].as_str().unwrap());
    client.get("/api/v1/accounts/verify_credentials").await.ok();
    assert_eq!(client.patch("/api/v1/accounts/update_credentials", json!({"locked": true})).await.status, 403);
    // An app that registered less cannot ask for more, for itself either.
    let narrow = app_with(&node, json!(OOB), "read:statuses").await;
    let body = json!({
        "grant_type": "client_credentials", "client_id": narrow["client_id"], "client_secret": narrow["client_secret"],
    });
    for (scope, status) in
        [("read:statuses", 200), ("read", 400), ("read:statusesx", 400), ("read:statuses write", 400)]
    {
        let mut body = body.clone();
        body["scope"] = json!(scope);
        assert_eq!(Client::anonymous(&node).post("/oauth/token", body).await.status, status, "{scope}");
    }
}

/// A path with something in place of its parameters.
fn filled(path: &str) -> String {
    let mut parts = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| format!("{path}/{part}"))
}

#[tokio::test]
async fn sec_oau_08_every_route_refuses_a_token_without_its_scope() {
    let node =
        NodeBuilder::new("alpha").await.config(|c| c.rate_limits.mode = watercooler::config::Switch::Off).start().await;
    let anna = node.citizen("anna").await;
    let routes = api::routes();
    assert!(routes.table().len() > 10);
    for (method, path, access) in routes.table() {
        let needed: &[Scope] = match access {
            Access::Open => continue,
            Access::Anyone(scopes) | Access::App(scopes) | Access::User(scopes) | Access::Staff(_, scopes) => scopes,
        };
        if needed.is_empty() {
            continue;
        }
        // Everything there is, but what would open this route.
        let others: Vec<Scope> =
            Scope::ALL.into_iter().filter(|s| !needed.iter().any(|n| Scopes::of(&[*s]).allows(*n))).collect();
        let token = node.token(anna.id, &Scopes::of(&others).to_string()).await;
        let client = Client::with_token(&node, &token);
        let reply = client.send(client.request(method, &filled(path))).await;
        assert_eq!(reply.status, 403, "{method} {path}: {}", reply.text);
        assert_eq!(reply.json()["error"], "This action is outside the authorized scopes", "{method} {path}");
    }
}

#[tokio::test]
async fn sec_oau_08_the_table_of_scopes_is_the_documented_one() {
    let Ok(csv) = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/api/endpoints.csv")) else {
        println!("skipped: the table of endpoints is not beside this repository");
        return;
    };
    let plain = |path: &str| {
        let name = |part: &str| if part.starts_with([':', '{']) { "*".to_owned() } else { part.to_owned() };
        path.split('/').map(name).collect::<Vec<_>>().join("/")
    };
    let routes = api::routes();
    let mut seen = 0;
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let (method, path, auth) = (cells[0], cells[1], cells[6]);
        let method = if method == "PATCH" { "PUT" } else { method };
        let Some((_, _, access)) = routes.table().iter().find(|(m, p, _)| *m == method && plain(p) == plain(path))
        else {
            continue;
        };
        if auth.is_empty() || path.starts_with("/api/v1/streaming") {
            // Nothing is documented. And tokens come in ways of their own there, so that route looks at them itself.
            continue;
        }
        seen += 1;
        let words = auth.split(" (").next().unwrap_or_default();
        let (kind, scopes) = words.split_once(' ').unwrap_or((words, ""));
        // A word in the table that a parent covers stands for itself only.
        let documented: Vec<Scope> =
            scopes.split_whitespace().filter(|word| *word != "follow").map(|word| word.parse().unwrap()).collect();
        let (fits, held): (bool, &[Scope]) = match access {
            Access::Open => (matches!(kind, "public" | "" | "auth"), &[]),
            Access::Anyone(scopes) => (kind.starts_with("public"), scopes),
            Access::App(scopes) => (kind == "app", scopes),
            Access::User(scopes) => (matches!(kind, "user" | "auth"), scopes),
            Access::Staff(_, scopes) => (kind == "user", scopes),
        };
        assert!(fits, "{method} {path}: documented as {auth}, built as {access:?}");
        if !documented.is_empty() {
            let mut held = held.to_vec();
            let mut documented = documented;
            held.sort();
            documented.sort();
            assert_eq!(held, documented, "{method} {path}");
        }
    }
    assert!(seen > 8, "{seen}");
}

#[tokio::test]
async fn sec_oau_09_an_app_token_is_nobody() {
    let node = Node::start().await;
    let app = app(&node).await;
    let basic = Client::anonymous(&node);
    let request = basic
        .request("POST", "/oauth/token")
        .basic_auth(app["client_id"].as_str().unwrap(), app["client_secret"].as_str())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("grant_type=client_credentials&scope=read+write&redirect_uri={OOB}"));
    let token = basic.send(request).await.ok();
    let client = Client::with_token(&node, token["access_token"].as_str().unwrap());
    assert_eq!(client.get("/api/v1/apps/verify_credentials").await.ok()["name"], "Tusky");
    let reply = client.get("/api/v1/accounts/verify_credentials").await;
    assert_eq!(reply.status, 422);
    assert_eq!(
        reply.json()["error"].as_str().unwrap().split(": ").last(),
        Some("This method requires an authenticated user")
    );
    assert_eq!(Client::anonymous(&node).get("/api/v1/apps/verify_credentials").await.status, 401);
}

#[tokio::test]
async fn grants_that_do_not_exist_are_named_so() {
    let node = Node::start().await;
    let app = app(&node).await;
    node.citizen("anna").await;
    for (grant, error) in [
        ("password", "unsupported_grant_type"),
        ("refresh_token", "unsupported_grant_type"),
        ("nonsense", "unsupported_grant_type"),
        ("", "invalid_request"),
    ] {
        let body = json!({
            "grant_type": grant, "client_id": app["client_id"], "client_secret": app["client_secret"],
            "username": "anna", "password": PASSWORD,
        });
        let reply = Client::anonymous(&node).post("/oauth/token", body).await;
        assert_eq!((reply.status, &reply.json()["error"]), (400, &json!(error)));
        assert!(reply.json()["error_description"].is_string());
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
async fn sec_oau_12_a_token_may_come_as_a_parameter_and_stays_out_of_what_we_hand_on() {
    let node =
        NodeBuilder::new("alpha").await.config(|c| c.rate_limits.mode = watercooler::config::Switch::On).start().await;
    let anna = node.member("anna").await;
    let (token, nobody) = (anna.token.clone().unwrap(), Client::anonymous(&node));
    for name in ["access_token", "bearer_token"] {
        let me = nobody.get(&format!("/api/v1/accounts/verify_credentials?{name}={token}")).await;
        assert_eq!(me.ok()["acct"], "anna", "{name}");
        assert_eq!(me.header("cache-control"), "private, no-store");
        assert_eq!(nobody.post_form("/api/v1/statuses", &[("status", "by form"), (name, &token)]).await.status, 200);
        let body = json!({"status": "by JSON", name: token});
        assert_eq!(nobody.post("/api/v1/statuses", body).await.ok()["account"]["acct"], "anna");
    }
    assert_eq!(anna.get("/api/v1/timelines/home").await.ok().as_array().unwrap().len(), 4);
    // The header wins, and the scopes hold as ever.
    let wrong = Client::with_token(&node, "nonsense");
    assert_eq!(wrong.get(&format!("/api/v1/accounts/verify_credentials?access_token={token}")).await.status, 401);
    let narrow = node.token(anna.id.parse().unwrap(), "read").await;
    assert_eq!(nobody.post_form("/api/v1/statuses", &[("status", "x"), ("access_token", &narrow)]).await.status, 403);
    for bad in ["", "nonsense"] {
        let refused = nobody.get(&format!("/api/v1/timelines/home?access_token={bad}")).await;
        assert_eq!((refused.status, &refused.json()["error"]), (401, &json!("The access token is invalid")));
    }
    // Neither addresses of other pages nor pages hand it on.
    let page = nobody.get(&format!("/api/v1/timelines/home?limit=2&access_token={token}")).await;
    assert!(page.header("link").contains("limit=2&max_id=") && !page.header("link").contains(&token));
    let other = nobody.get(&format!("/@anna?access_token={token}")).await;
    assert!(!other.text.contains(&token));
    assert_eq!(other.header("referrer-policy"), "same-origin");
    // Calls with it count as its own, not as the address's.
    assert_eq!(page.header("x-ratelimit-limit"), "300");
    let left = |reply: &Reply| reply.header("x-ratelimit-remaining").parse::<u32>().unwrap();
    let before = left(&nobody.get("/api/v1/custom_emojis").await);
    nobody.get(&format!("/api/v1/timelines/home?access_token={token}")).await.ok();
    assert_eq!(left(&nobody.get("/api/v1/custom_emojis").await), before - 1);
}

#[tokio::test]
async fn tokens_that_are_made_up_count_for_the_address_they_come_from() {
    let node =
        NodeBuilder::new("alpha").await.config(|c| c.rate_limits.mode = watercooler::config::Switch::On).start().await;
    let mut seen = Vec::new();
    for n in 0..301 {
        seen.push(Client::with_token(&node, &format!("guess{n}")).get("/api/v1/timelines/home").await.status);
    }
    assert_eq!((seen[0], seen[299], seen[300]), (401, 401, 429));
}

#[tokio::test]
async fn sec_oau_13_what_ends_a_token_ends_it_at_once() {
    let node = Node::start().await;
    let owner = node.citizen_with("owner", Role::Owner).await;
    let anna = node.citizen("anna").await;
    let app = app(&node).await;
    let fresh = async || {
        let token = node.token(anna.id, "read write").await;
        let client = Client::with_token(&node, &token);
        client.get("/api/v1/accounts/verify_credentials").await.ok();
        client.get("/api/v1/accounts/verify_credentials").await.ok();
        client
    };
    let dead = async |client: &Client| client.get("/api/v1/accounts/verify_credentials").await.status == 401;
    // Revoked by its app; not by another; an unknown one is fine.
    let issued = whole_way(&node, &app, "read").await;
    let client = Client::with_token(&node, issued["access_token"].as_str().unwrap());
    client.get("/api/v1/accounts/verify_credentials").await.ok();
    let other = self::app(&node).await;
    let revoke = async |by: &Value, token: &str| {
        let body = json!({"client_id": by["client_id"], "client_secret": by["client_secret"], "token": token});
        Client::anonymous(&node).post("/oauth/revoke", body).await
    };
    let token = issued["access_token"].as_str().unwrap();
    let foreign = revoke(&other, token).await;
    assert_eq!((foreign.status, &foreign.json()["error"]), (403, &json!("unauthorized_client")));
    assert!(!dead(&client).await);
    assert_eq!(revoke(&app, "unknown").await.ok(), json!({}));
    assert_eq!(revoke(&app, token).await.ok(), json!({}));
    assert!(dead(&client).await);
    // Withdrawn by its owner in the settings.
    let issued = whole_way(&node, &app, "read").await;
    let client = Client::with_token(&node, issued["access_token"].as_str().unwrap());
    client.get("/api/v1/accounts/verify_credentials").await.ok();
    let browser = signed_in_browser(&node, "anna").await;
    let action = format!("/settings/apps/{}/revoke", app["id"].as_str().unwrap());
    let settings = browser.get("/settings").await;
    assert_eq!(browser.submit(&settings, &action, &[]).await.status, 200);
    assert!(dead(&client).await);
    // A new password.
    let client = fresh().await;
    let elsewhere = signed_in_browser(&node, "anna").await;
    let settings = browser.get("/settings").await;
    let new = [("current", PASSWORD), ("new", "a different long one")];
    assert_eq!(browser.submit(&settings, "/settings/password", &new).await.status, 200);
    assert!(dead(&client).await);
    assert_eq!(browser.get("/settings").await.status, 200);
    assert_eq!(elsewhere.get("/settings").await.status, 302);
    // Disabled by staff; suspended; deleted.
    let id = anna.id;
    for step in ["disable", "suspend", "delete"] {
        let client = fresh().await;
        node.app
            .write(move |tx| {
                use watercooler::domain::{accounts, audit::Staff};
                let by = Staff::signed_in(tx, owner.id, Role::Owner, "192.0.2.1")?;
                match step {
                    "disable" => accounts::disable(tx, &by, id),
                    "suspend" => accounts::suspend(tx, &by, id),
                    _ => accounts::delete(tx, &by, id),
                }
            })
            .await
            .unwrap();
        assert!(dead(&client).await, "{step}");
        node.app
            .write(move |tx| {
                use watercooler::domain::{accounts, audit::Staff};
                match step {
                    "disable" => accounts::enable(tx, &Staff::console(), id),
                    "suspend" => accounts::unsuspend(tx, &Staff::console(), id),
                    _ => Ok(()),
                }
            })
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn sec_oau_13_open_sockets_close_within_a_second_when_their_token_ends() {
    use futures_util::StreamExt;
    use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
    use watercooler::domain::{accounts, audit::Staff};
    let node = Node::start().await;
    let id = node.citizen("anna").await.id;
    let token = node.token(id, "read").await;
    let address = format!("ws://{}/api/v1/streaming?stream=user", node.address);
    let open = async || {
        let mut request = address.as_str().into_client_request().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        tokio_tungstenite::connect_async(request).await
    };
    let (mut socket, _) = open().await.unwrap();
    node.app.write(move |tx| accounts::disable(tx, &Staff::console(), id)).await.unwrap();
    let closed = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| u16::from(frame.code));
            }
        }
        None
    };
    assert_eq!(tokio::time::timeout(std::time::Duration::from_secs(1), closed).await, Ok(Some(1008)));
    assert!(open().await.is_err(), "and no new one opens");
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

#[tokio::test]
async fn sec_oau_20_neither_tokens_nor_codes_nor_secrets_stand_in_the_database() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let app = app(&node).await;
    let browser = signed_in_browser(&node, "anna").await;
    let code = code_of(&consent(&browser, &ask(&app, OOB, "read", &[])).await);
    let token = exchange(&node, &app, &code, OOB, json!({})).await.ok();
    let session = browser.cookie("watercooler").unwrap();
    let Some(path) = node.app.config().database.sqlite_path() else { return };
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend(std::fs::read(path.with_extension("db-wal")).unwrap_or_default());
    let holds = |secret: &str| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
    assert!(holds(app["client_id"].as_str().unwrap()), "the test looks at the right file");
    for secret in
        [&code, token["access_token"].as_str().unwrap(), app["client_secret"].as_str().unwrap(), &session, PASSWORD]
    {
        assert!(!holds(secret));
    }
}

#[tokio::test]
async fn sec_oau_21_registrations_are_limited_and_unused_apps_go() {
    let node = limited_node().await;
    let client = Client::anonymous(&node);
    let used = app(&node).await;
    let body = json!({
        "grant_type": "client_credentials", "client_id": used["client_id"], "client_secret": used["client_secret"],
    });
    client.post("/oauth/token", body.clone()).await.ok();
    let unused = app(&node).await;
    for _ in 0..28 {
        app(&node).await;
    }
    let over = client.post("/api/v1/apps", json!({"client_name": "x", "redirect_uris": OOB})).await;
    assert_eq!(over.status, 429);
    assert!(!over.header("retry-after").is_empty());
    node.clock.advance(31 * 86_400_000);
    node.app.write(|tx| tx.enqueue(&watercooler::domain::Task::Sweep)).await.unwrap();
    node.settle().await;
    client.post("/oauth/token", body.clone()).await.ok();
    let mut gone = body;
    (gone["client_id"], gone["client_secret"]) = (unused["client_id"].clone(), unused["client_secret"].clone());
    assert_eq!(client.post("/oauth/token", gone).await.status, 401);
}

#[tokio::test]
async fn the_metadata_names_what_is_there() {
    let node = Node::start().await;
    let meta = Client::anonymous(&node).get("/.well-known/oauth-authorization-server").await.ok();
    assert_eq!(meta["issuer"], node.url("/"));
    assert_eq!(meta["token_endpoint"], node.url("/oauth/token"));
    assert_eq!(meta["app_registration_endpoint"], node.url("/api/v1/apps"));
    assert_eq!(meta["grant_types_supported"], json!(["authorization_code", "client_credentials"]));
    assert_eq!(meta["code_challenge_methods_supported"], json!(["S256"]));
    assert!(meta["scopes_supported"].as_array().unwrap().contains(&json!("write:media")));
}

#[tokio::test]
async fn userinfo_is_for_the_profile_scope() {
    let node = Node::start().await;
    let anna = node.citizen("anna").await;
    let read = Client::with_token(&node, &node.token(anna.id, "read").await);
    assert_eq!(read.get("/oauth/userinfo").await.status, 403);
    let profile = Client::with_token(&node, &node.token(anna.id, "profile").await);
    let info = profile.get("/oauth/userinfo").await.ok();
    assert_eq!((&info["sub"], &info["preferred_username"]), (&json!(anna.uri), &json!("anna")));
    assert_eq!(profile.post_form("/oauth/userinfo", &[]).await.ok(), info);
    profile.get("/api/v1/accounts/verify_credentials").await.ok();
}
