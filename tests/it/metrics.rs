//! Figures for Prometheus: off unless they are asked for, on an address of their own or behind a token.

use crate::{
    cli::{Place, Server},
    crash::{deliver, neighbour, neighbours},
    support::PUBLIC,
};
use serde_json::json;
use std::io::{Read, Write};

/// Status and body of `GET path` at an address, with a token or without.
fn ask(address: &str, path: &str, token: Option<&str>) -> (u16, String) {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:1\r\n{token}Connection: close\r\n\r\n").unwrap();
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    let status = text.split_whitespace().nth(1).unwrap().parse().unwrap();
    (status, text.split_once("\r\n\r\n").unwrap().1.to_owned())
}

fn main_door(server: &Server, token: Option<&str>) -> (u16, String) {
    ask(&server.address, "/metrics", token)
}

fn are_figures(body: &str) -> bool {
    body.contains("http_requests_total{status=\"2xx\"}") && body.contains("process_resident_memory_bytes")
}

#[test]
fn figures_are_off_until_somebody_asks_for_them() {
    let place = Place::new();
    let server = place.serve();
    for token in [None, Some(""), Some("figures")] {
        let (status, body) = main_door(&server, token);
        assert_eq!((status, body.as_str()), (404, "not found"), "{token:?}");
    }
}

#[test]
fn with_a_token_the_main_address_gives_figures_to_who_has_it_and_to_nobody_else() {
    let place = Place::new();
    std::fs::write(place.path().join("token"), "figures\n").unwrap();
    place.settings("[metrics]\ntoken = \"file:token\"\n");
    let server = place.serve();
    assert_eq!(ask(&server.address, "/health", None).0, 200);
    for token in [None, Some(""), Some("figure"), Some("figures2")] {
        let (status, body) = main_door(&server, token);
        assert_eq!((status, body.as_str()), (404, "not found"), "{token:?}");
    }
    let (status, body) = main_door(&server, Some("figures"));
    assert!(status == 200 && are_figures(&body), "{status} {body}");
}

#[test]
fn an_address_of_their_own_gives_figures_without_a_token_and_nothing_else() {
    let place = Place::new();
    // Free a moment ago, and below the ports that the system hands out by itself.
    let own = (0..100)
        .map(|n| format!("127.0.0.1:{}", 29_000 + (std::process::id() + n * 97) % 2_000))
        .find(|address| std::net::TcpListener::bind(address).is_ok())
        .unwrap();
    place.settings(&format!("[metrics]\nlisten = \"{own}\"\n"));
    let server = place.serve();
    assert_eq!(ask(&server.address, "/health", None).0, 200);
    let (status, body) = ask(&own, "/metrics", None);
    assert!(status == 200 && are_figures(&body), "{status} {body}");
    for path in ["/", "/health", "/api/v2/instance"] {
        assert_eq!(ask(&own, path, None).0, 404, "{path}");
    }
    assert_eq!(main_door(&server, None).0, 404, "the main address has no token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fed_post_15_what_concerns_nobody_here_is_counted_as_what_is_refused_is() {
    let (place, _, peer, signer) = neighbours().await;
    std::fs::write(place.path().join("token"), "figures\n").unwrap();
    let port = peer.authority.rsplit_once(':').unwrap().1;
    place.settings(&format!("{}[metrics]\ntoken = \"file:token\"\n", neighbour(port)));
    let server = place.serve();
    let (ada, id) = (peer.url("/users/ada"), peer.url("/notes/1"));
    let create = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{id}/activity"), "type": "Create", "actor": ada,
        "to": [PUBLIC],
        "object": { "id": id, "type": "Note", "attributedTo": ada, "to": [PUBLIC], "content": "to the world" },
    });
    assert_eq!(deliver(&server, &signer, &create).await, Some(202));
    let mut forged = create.clone();
    forged["actor"] = json!(peer.url("/users/eve"));
    assert_eq!(deliver(&server, &signer, &forged).await, Some(401));
    let (_, body) = main_door(&server, Some("figures"));
    for reason in ["irrelevant", "not_the_actor"] {
        let line = format!("federation_rejected_total{{reason=\"{reason}\"}} 1");
        assert!(body.contains(&line), "{line} in {body}");
    }
}
