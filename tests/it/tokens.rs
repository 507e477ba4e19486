//! What a token opens, and what ends it (rows OAU).

use crate::{
    oauth::{OOB, WEB, app, app_with, ask, code_of, consent, exchange, limited_node, signed_in_browser, whole_way},
    support::{Browser, Client, Node, NodeBuilder, PASSWORD, Reply},
};
use serde_json::{Value, json};
use watercooler::{
    api::{self, Access},
    crypto,
    domain::scopes::{Scope, Scopes},
    model::Role,
};

#[tokio::test]
async fn sec_oau_07_a_token_holds_what_was_granted_and_admin_scopes_need_the_role() {
    let node = Node::start().await;
    node.citizen("anna").await;
    let wide = app_with(&node, json!(OOB), "read write follow push admin:read admin:write").await;
    // Some clients escape the plus that stands for a blank.
    let token = whole_way(&node, &wide, "read+admin:read").await;
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
            Access::Anyone(scopes)
            | Access::App(scopes)
            | Access::User(scopes)
            | Access::Waiting(scopes)
            | Access::Staff(_, scopes) => scopes,
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
            Access::User(scopes) | Access::Waiting(scopes) => (matches!(kind, "user" | "auth"), scopes),
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
async fn whoever_posts_or_follows_is_told_how_often_they_still_may() {
    let node =
        NodeBuilder::new("alpha").await.config(|c| c.rate_limits.mode = watercooler::config::Switch::On).start().await;
    let (anna, bob) = (node.member("anna").await, node.member("bob").await);
    let told = |reply: &Reply| -> (u32, u32) {
        let number = |name: &str| reply.header(name).parse().unwrap();
        (number("x-ratelimit-limit"), number("x-ratelimit-remaining"))
    };
    for n in 1..4 {
        let read = anna.get("/api/v1/timelines/home").await;
        assert_eq!(told(&read), (300, 301 - 2 * n));
        let wrote = anna.post("/api/v1/statuses", json!({"status": "x"})).await;
        assert_eq!(told(&wrote), (300, 300 - n));
        assert_eq!(wrote.header("x-ratelimit-reset"), "2026-11-23T15:00:00.000000Z");
    }
    let followed = anna.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await;
    assert_eq!(told(&followed), (400, 399));
    for _ in 0..297 {
        anna.post("/api/v1/statuses", json!({})).await;
        node.clock.advance(2_000);
    }
    let refused = anna.post("/api/v1/statuses", json!({"status": "x"})).await;
    assert_eq!((refused.status, told(&refused)), (429, (300, 0)));
}

#[tokio::test]
async fn posts_and_follows_count_for_the_account_whichever_of_its_apps_makes_them() {
    let node =
        NodeBuilder::new("alpha").await.config(|c| c.rate_limits.mode = watercooler::config::Switch::On).start().await;
    let (anna, bob) = (node.member("anna").await, node.member("bob").await);
    let other = Client::with_token(&node, &node.token(anna.id.parse().unwrap(), "read write follow").await);
    let left = |reply: &Reply| reply.header("x-ratelimit-remaining").parse::<u32>().unwrap();
    assert_eq!(left(&anna.post("/api/v1/statuses", json!({"status": "one"})).await), 299);
    assert_eq!(left(&other.post("/api/v1/statuses", json!({"status": "two"})).await), 298);
    let follow = format!("/api/v1/accounts/{}/follow", bob.id);
    assert_eq!(left(&other.post(&follow, json!({})).await), 399);
    assert_eq!(left(&anna.post(&follow, json!({})).await), 398);
    assert_eq!(left(&bob.post("/api/v1/statuses", json!({"status": "his own"})).await), 299);
    for n in 0..298 {
        let who = if n % 2 == 0 { &anna } else { &other };
        who.post("/api/v1/statuses", json!({})).await;
        node.clock.advance(2_000);
    }
    for who in [&anna, &other] {
        let refused = who.post("/api/v1/statuses", json!({"status": "x"})).await;
        assert_eq!((refused.status, left(&refused)), (429, 0));
        assert!(!refused.header("retry-after").is_empty());
    }
    // A token that is none counts for nobody.
    let nobody = Client::with_token(&node, "nonsense");
    assert_eq!(nobody.post("/api/v1/statuses", json!({"status": "x"})).await.status, 401);
    assert_eq!(bob.post("/api/v1/statuses", json!({"status": "x"})).await.status, 200);
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
