//! What no handler sees: paths and queries that cannot be read, bodies of requests that usually have none.

use crate::support::{Client, Node, Reply};
use serde_json::json;

async fn raw(client: &Client, method: &str, path: &str) -> Reply {
    client.send(client.request(method, path)).await
}

#[tokio::test]
async fn what_is_refused_before_a_handler_is_json_for_programs() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    for path in
        ["/api/v1/statuses/%FF", "/api/v1/accounts/%FF%FE/followers", "/users/%FF", "/api", "/api/", "/api/v1/%FF"]
    {
        let reply = raw(&ada, "GET", path).await;
        assert!((400..500).contains(&reply.status), "{path}: {}", reply.status);
        assert!(reply.header("content-type").starts_with("application/json"), "{path}: {}", reply.text);
        assert!(reply.json()["error"].is_string(), "{path}: {}", reply.text);
    }
    let twice = ada
        .send(ada.request("GET", "/users/ada/followers?page=1&page=2").header("accept", "application/activity+json"))
        .await;
    assert!(twice.status < 500 && !twice.header("content-type").starts_with("text/plain"), "{}", twice.text);
    // People get pages.
    let page = Client::anonymous(&node);
    let reply = page.send(page.request("GET", "/nothing/here").header("accept", "text/html")).await;
    assert!(reply.status == 404 && reply.header("content-type").starts_with("text/html"));
}

#[tokio::test]
async fn a_body_counts_on_every_verb() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let post = bob.post("/api/v1/statuses", json!({ "status": "hello" })).await.ok();
    let id = post["account"]["id"].as_str().unwrap();
    for (kind, body) in [
        ("application/json", json!({ "id": [id] }).to_string()),
        ("application/x-www-form-urlencoded", format!("id[]={id}")),
        (
            "multipart/form-data; boundary=b",
            format!("--b\r\nContent-Disposition: form-data; name=\"id[]\"\r\n\r\n{id}\r\n--b--\r\n"),
        ),
    ] {
        let request = ada.request("GET", "/api/v1/accounts/relationships").header("content-type", kind).body(body);
        let found = ada.send(request).await.ok();
        assert_eq!(found[0]["id"], id, "{kind}: {found}");
    }
}

#[tokio::test]
async fn whoever_asks_what_may_be_done_at_an_address_is_told() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let post = ada.post("/api/v1/statuses", json!({ "status": "hello" })).await.ok();
    let note = post["uri"].as_str().unwrap().strip_prefix(&node.url("")).unwrap().to_owned();
    let nobody = Client::anonymous(&node);
    // Servers deliver here, pages of other sites have no business.
    for path in ["/inbox", "/users/ada/inbox", "/actor/inbox"] {
        let reply = raw(&nobody, "OPTIONS", path).await;
        assert_eq!((reply.status, reply.header("allow"), reply.text.as_str()), (204, "POST,OPTIONS", ""), "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), "", "{path}");
    }
    for path in ["/actor", "/actor/outbox", "/charter"] {
        let reply = raw(&nobody, "OPTIONS", path).await;
        assert_eq!(reply.status, 204, "{path}");
        assert!(reply.header("allow").starts_with("GET,HEAD"), "{path}: {}", reply.header("allow"));
    }
    // What any page may read, with and without the questions of a browser.
    let documents = ["/users/ada", "/users/ada/outbox", "/@ada", &note, "/.well-known/webfinger", "/nodeinfo/2.0"];
    for path in documents {
        for asks in [false, true] {
            let mut request = nobody.request("OPTIONS", path);
            if asks {
                request =
                    request.header("origin", "https://client.example").header("access-control-request-method", "GET");
            }
            let reply = nobody.send(request).await;
            assert_eq!(reply.status, 200, "{path}");
            assert_eq!(reply.header("allow"), "GET, HEAD, OPTIONS", "{path}");
            assert_eq!(reply.header("access-control-allow-origin"), "*", "{path}");
            assert_eq!(reply.header("access-control-allow-methods"), "GET", "{path}");
        }
    }
    // Where nothing is, nothing may be done.
    assert_eq!(raw(&nobody, "OPTIONS", "/nothing/here").await.status, 404);
}
