//! The two formats of signatures, and which one a server takes: rows SIGOUT-03, SIGOUT-06 and SIGOUT-07.

use crate::support::{Peer, Received, Scene};
use watercooler::{
    crypto::{self, PublicKey},
    federation::fetch::{self, Budget},
};

/// For each delivery that was received: in the new format?
fn formats(peer: &Peer) -> Vec<bool> {
    let posts = peer.received().into_iter().filter(|r| r.method == "POST");
    posts.map(|r| r.headers.contains_key("signature-input")).collect()
}

async fn scene() -> Scene {
    let s = Scene::new().await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    s.east.forget();
    s
}

/// bob writes something; in which formats was it brought to east?
async fn brought(s: &Scene) -> Vec<bool> {
    s.east.forget();
    s.writes(&s.bob, "public", "x").await;
    s.node.settle().await;
    formats(&s.east)
}

#[tokio::test]
async fn fed_sigout_03_a_server_is_asked_in_the_other_format_once_and_what_it_takes_is_remembered() {
    let s = scene().await;
    assert_eq!(brought(&s).await, [false], "the common format first");
    s.east.takes_only(Some(true));
    assert_eq!(brought(&s).await, [false, true]);
    assert_eq!(brought(&s).await, [true], "remembered");
    assert_eq!(s.count("select count(*) from hosts where signature_scheme = 1").await, 1, "for good");
    s.east.takes_only(Some(false));
    assert_eq!(brought(&s).await, [true, false]);
    assert_eq!(brought(&s).await, [false], "and forgotten");
    // What the server is at fault for says nothing of the format.
    s.east.takes_only(None);
    s.east.inbox_answers(503);
    assert_eq!(brought(&s).await, [false]);
    s.east.inbox_answers(202);
    s.node.clock.advance(60_000);
    s.node.settle().await;
    // After 30 days it may have learned the other one.
    s.east.takes_only(Some(true));
    assert_eq!(brought(&s).await, [false, true]);
    s.east.takes_only(None);
    s.node.clock.advance(31 * 86_400_000);
    assert_eq!(brought(&s).await, [false]);
}

#[tokio::test]
async fn fed_sigout_03_documents_are_read_in_the_format_that_was_learned() {
    let s = scene().await;
    s.east.takes_only(Some(true));
    for (path, wanted) in [("/n/1", vec![false, true]), ("/n/2", vec![true])] {
        s.east.serve(path, serde_json::json!({"id": s.east.url(path), "type": "Note"}));
        fetch::document(&s.node.app, &s.east.url(path), &Budget::of_activity()).await.unwrap();
        let reads: Vec<_> = s.east.received().into_iter().filter(|r| r.path == path).collect();
        assert_eq!(
            reads.iter().map(|r| r.headers.contains_key("signature-input")).collect::<Vec<_>>(),
            wanted,
            "{path}"
        );
    }
    assert_eq!(brought(&s).await, [true], "deliveries know it too");
}

#[tokio::test]
async fn fed_sigout_06_the_newer_format_covers_the_target_and_the_body() {
    let s = scene().await;
    s.east.takes_only(Some(true));
    brought(&s).await;
    let request = s.east.received().pop().unwrap();
    let input = request.headers["signature-input"].to_str().unwrap();
    for part in
        ["sig1=(", "\"@method\"", "\"@target-uri\"", "\"content-digest\"", "\"content-type\"", ";created=", ";keyid=\""]
    {
        assert!(input.contains(part), "{part} in {input}");
    }
    assert!(!input.contains("alg="), "{input}");
    assert!(request.headers["content-digest"].to_str().unwrap().starts_with("sha-256=:"));
    assert!(request.headers.contains_key("date"));
}

#[tokio::test]
async fn fed_sigout_07_where_a_query_is_refused_it_is_left_out_of_what_is_signed() {
    let s = scene().await;
    s.east.serve_as("/n?page=1", 401, "text/plain", "");
    fetch::document(&s.node.app, &s.east.url("/n?page=1"), &Budget::of_activity()).await.unwrap_err();
    let reads: Vec<_> = s.east.received().into_iter().filter(|r| r.path == "/n?page=1").collect();
    assert_eq!(reads.len(), 3, "the common format, the other one, and the common one without the query");
    let actor = s.bob.get_activity("/actor").await.json();
    let key = PublicKey::from_pem(actor["publicKey"]["publicKeyPem"].as_str().unwrap()).unwrap();
    let host = s.east.authority.clone();
    // The order of what is covered is ours to choose.
    let covered = reads[0].headers["signature"]
        .to_str()
        .unwrap()
        .split("headers=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(covered.split(' ').count(), 3, "{covered}");
    let of = |target: &str, nth: usize| covers(&reads[nth], &key, &host, target, &covered);
    assert!(of("/n?page=1", 0) && of("/n", 2));
    assert!(!of("/n", 0) && !of("/n?page=1", 2));
}

/// Whether the signature covers this target; `covered` are the names in their order.
fn covers(request: &Received, key: &PublicKey, host: &str, target: &str, covered: &str) -> bool {
    let text = |name: &str| request.headers[name].to_str().unwrap().to_owned();
    let lines: Vec<String> = covered
        .split(' ')
        .map(|name| match name {
            "(request-target)" => format!("(request-target): get {target}"),
            "host" => format!("host: {host}"),
            other => format!("{other}: {}", text(other)),
        })
        .collect();
    let signature = text("signature");
    let value = signature.split("signature=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    key.verify(lines.join("\n").as_bytes(), &crypto::unbase64(&value).unwrap())
}
