//! Every stream with every event that it carries, over a socket and as server-sent events; and how connections end: with the
//! token, with the account, without an answer to a ping, or behind a reader that does not read.

use crate::{
    announcements::{announce, announcement},
    support::{Client, Node, Scene, answers},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::{connect_async, tungstenite::Message};
use watercooler::{api::streaming::Pace, model::Role};

/// A busy machine takes its time.
const SOON: Duration = Duration::from_secs(60);

/// What is gone before it could be shown is not told of: then all of it happens again, so many times at most.
const ROUNDS: usize = 5;
/// So long after an event nothing more comes of what happened.
const QUIET: Duration = Duration::from_secs(4);

/// Each stream, how it is asked for as server-sent events, and what it carries of what happens below: the posts of a
/// colleague, of another server, both with pictures; and what only its reader is told.
const STREAMS: [(&str, &str, &[&str]); 12] = [
    ("user", "user", &["posts", "notification", "announcements", "merged", "filters"]),
    ("user:notification", "user/notification", &["notification"]),
    ("public", "public", &["posts"]),
    ("public:local", "public/local", &["posts"]),
    ("public:remote", "public/remote", &["posts"]),
    ("public:media", "public?only_media=true", &["posts"]),
    ("public:local:media", "public/local?only_media=true", &["posts"]),
    ("public:remote:media", "public/remote?only_media=true", &["posts"]),
    ("hashtag", "hashtag?tag=Tea", &["posts"]),
    ("hashtag:local", "hashtag/local?tag=Tea", &["posts"]),
    ("list", "list?list=$list", &["posts"]),
    ("direct", "direct", &["conversation"]),
];

/// The events behind a word of the table. What has no payload is told over sockets only.
fn events(word: &str, socket: bool) -> &'static [&'static str] {
    match word {
        "posts" => &["update", "status.update", "delete"],
        "notification" => &["notification"],
        "conversation" => &["conversation"],
        "announcements" => &["announcement", "announcement.reaction", "announcement.delete"],
        "merged" => &["notifications_merged"],
        "filters" if socket => &["filters_changed"],
        "filters" => &[],
        _ => panic!("{word}"),
    }
}

type Told = BTreeSet<(String, String)>;

fn expected(socket: bool) -> Told {
    let of = |(name, _, words): &(&str, &str, &'static [&'static str])| {
        let name = (*name).to_owned();
        let all = words.iter().flat_map(move |word| events(word, socket));
        all.map(move |event| (name.clone(), (*event).to_owned())).collect::<Vec<_>>()
    };
    STREAMS.iter().flat_map(of).collect()
}

/// Does everything that a stream can tell of.
async fn everything_happens(scene: &Scene, round: usize) {
    let (node, bob, carol) = (&scene.node, &scene.bob, &scene.carol);
    let file = crate::media::picture(8, 8);
    let file = crate::media::send_form(carol, "POST", "/api/v2/media", &[], ("file", &file)).await.ok();
    let post = carol.post("/api/v1/statuses", json!({"status": "@bob #tea", "media_ids": [file["id"]]})).await.ok();
    let path = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
    carol.put(&path, json!({"status": "@bob more #tea", "media_ids": [file["id"]]})).await.ok();
    carol.delete(&path).await.ok();
    let mut note = scene.note(&scene.ada, &format!("streamed{round}"), "<p>Hi</p>");
    note["tag"] = json!([{"type": "Hashtag", "name": "#Tea", "href": "https://east.example/tags/tea"}]);
    note["attachment"] = json!([
        {"type": "Document", "mediaType": "image/png", "url": "https://east.example/a.png", "name": "a wall"},
    ]);
    scene.creates(&scene.ada, &note).await;
    note["content"] = json!("<p>Hi again</p>");
    note["updated"] = json!(node.clock.now().plus_seconds(1).rfc3339());
    scene.sends(&scene.ada, &scene.ada.activity("Update", note.clone())).await;
    scene.sends(&scene.ada, &scene.ada.activity("Delete", note["id"].clone())).await;
    carol.post("/api/v1/statuses", json!({"status": "@bob psst", "visibility": "direct"})).await.ok();
    // That of the round before: one that is gone before its turn comes is told of no more.
    for gone in bob.get("/api/v1/announcements").await.ok().as_array().unwrap() {
        announcement(node, json!({"delete": {"id": gone["id"]}})).await.unwrap();
    }
    let id = announce(node, "Tea").await;
    bob.put(&format!("/api/v1/announcements/{id}/reactions/%F0%9F%91%8D"), json!({})).await.ok();
    bob.post("/api/v2/filters", json!({"title": "x", "context": ["home"]})).await.ok();
    let eve = node.member(&format!("eve{round}")).await;
    bob.patch("/api/v2/notifications/policy", json!({"for_not_following": "filter"})).await.ok();
    eve.post("/api/v1/statuses", json!({"status": "@bob hello", "visibility": "unlisted"})).await.ok();
    let waiting = bob.get("/api/v1/notifications/requests").await.ok();
    let path = format!("/api/v1/notifications/requests/{}/accept", waiting[0]["id"].as_str().unwrap());
    bob.post(&path, json!({})).await.ok();
    bob.patch("/api/v2/notifications/policy", json!({"for_not_following": "accept"})).await.ok();
    node.settle().await;
}

/// bob follows carol of his node and ada of another one, and keeps both in a list; what he may listen with.
async fn listener() -> (Scene, String) {
    let scene = Scene::new().await;
    let bob = &scene.bob;
    bob.post(&format!("/api/v1/accounts/{}/follow", scene.carol.id), json!({})).await.ok();
    let list = bob.post("/api/v1/lists", json!({"title": "crew"})).await.ok();
    let list = list["id"].as_str().unwrap().to_owned();
    let ada = scene.account(&scene.ada).await.id.to_string();
    let members = json!({"account_ids": [scene.carol.id, ada]});
    bob.post(&format!("/api/v1/lists/{list}/accounts"), members).await.ok();
    (scene, list)
}

#[tokio::test]
async fn every_stream_tells_every_event_of_its_own_over_a_socket() {
    let (scene, list) = listener().await;
    let token = scene.bob.token.clone().unwrap();
    let address = format!("ws://{}/api/v1/streaming?access_token={token}", scene.node.address);
    let (mut socket, _) = connect_async(address.as_str()).await.unwrap();
    for (stream, ..) in STREAMS {
        let wish = match stream {
            "list" => json!({"type": "subscribe", "stream": stream, "list": list}),
            "hashtag" | "hashtag:local" => json!({"type": "subscribe", "stream": stream, "tag": "Tea"}),
            _ => json!({"type": "subscribe", "stream": stream}),
        };
        socket.send(Message::text(wish.to_string())).await.unwrap();
    }
    // Its answer says that all before it were read.
    socket.send(Message::text(r#"{"type": "subscribe", "stream": "nonsense"}"#)).await.unwrap();
    let mut next = async || loop {
        let message = tokio::time::timeout(SOON, socket.next()).await.unwrap().unwrap().unwrap();
        if let Message::Text(text) = message {
            return serde_json::from_str::<Value>(&text).unwrap();
        }
    };
    assert_eq!(next().await["status"], 400);
    let (all, mut told) = (expected(true), Told::new());
    for round in 0..ROUNDS {
        everything_happens(&scene, round).await;
        while told != all
            && let Ok(frame) = tokio::time::timeout(QUIET, next()).await
        {
            let (name, event) = (frame["stream"][0].as_str().unwrap(), frame["event"].as_str().unwrap());
            match name {
                "list" => assert_eq!(frame["stream"], json!(["list", list])),
                "hashtag" | "hashtag:local" => assert_eq!(frame["stream"], json!([name, "Tea"])),
                _ => assert_eq!(frame["stream"], json!([name])),
            }
            match frame["payload"].as_str() {
                Some(payload) => answers::check_event(event, payload),
                None => assert_eq!(event, "filters_changed"),
            }
            let seen = (name.to_owned(), event.to_owned());
            assert!(all.contains(&seen), "{frame}");
            told.insert(seen);
        }
        if told == all {
            return;
        }
    }
    panic!("not told of {:?}", all.difference(&told).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_stream_tells_every_event_of_its_own_as_server_sent_events() {
    let (scene, list) = listener().await;
    // Nobody has more than ten connections.
    for (number, half) in STREAMS.chunks(6).enumerate() {
        let mut open = Vec::new();
        for (name, path, _) in half {
            let path = format!("/api/v1/streaming/{}", path.replace("$list", &list));
            let mut stream = scene.bob.request("GET", &path).send().await.unwrap();
            assert_eq!(stream.status(), 200, "{path}");
            assert!(stream.chunk().await.unwrap().unwrap().starts_with(b":)"), "{path}");
            let missing: Told = expected(false).into_iter().filter(|(stream, _)| stream == name).collect();
            open.push((*name, stream, missing.clone(), missing, String::new()));
        }
        for round in 0..ROUNDS {
            everything_happens(&scene, number * ROUNDS + round).await;
            for (name, stream, all, missing, text) in &mut open {
                while !missing.is_empty()
                    && let Ok(chunk) = tokio::time::timeout(QUIET, stream.chunk()).await
                {
                    text.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
                    while let Some((event, rest)) = text.split_once("\n\n") {
                        let lines: Vec<&str> = event.lines().filter(|line| !line.starts_with(':')).collect();
                        let [("event", kind), ("data", data)] =
                            lines.iter().map(|line| line.split_once(": ").unwrap()).collect::<Vec<_>>()[..]
                        else {
                            panic!("{event}")
                        };
                        answers::check_event(kind, data);
                        let seen = ((*name).to_owned(), kind.to_owned());
                        assert!(all.contains(&seen), "{name}: {event}");
                        missing.remove(&seen);
                        *text = rest.to_owned();
                    }
                }
            }
            open.retain(|(_, _, _, missing, _)| !missing.is_empty());
        }
        let missing: Vec<_> = open.iter().map(|(_, _, _, missing, _)| missing).collect();
        assert!(missing.is_empty(), "not told of {missing:?}");
    }
}

/// A connection whose other end has room for a few kilobytes only.
async fn narrow(node: &Node, path: &str, token: &str, more: &str) -> tokio::net::TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(node.address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n{more}\r\n", node.domain);
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(tokio::time::timeout(SOON, stream.read_u8()).await.unwrap().unwrap());
    }
    stream
}

const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Reads until the other end closes; how many bytes that were.
async fn drain(stream: &mut tokio::net::TcpStream) -> usize {
    let (mut bytes, mut part) = (0, vec![0; 65_536]);
    loop {
        match tokio::time::timeout(SOON, stream.read(&mut part)).await.expect("it does not end") {
            Ok(0) | Err(_) => return bytes,
            Ok(read) => bytes += read,
        }
    }
}

#[tokio::test]
async fn who_does_not_read_is_given_up_and_holds_nobody_else_up() {
    let node = Node::start().await;
    let moment = Duration::from_millis(50);
    node.app.part_or(|| Pace { patience: moment, ..Pace::default() });
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let token = ada.token.clone().unwrap();
    let mut socket = narrow(&node, "/api/v1/streaming?stream=public:local", &token, UPGRADE).await;
    let mut events = narrow(&node, "/api/v1/streaming/public/local", &token, "").await;
    let other = node.member("carol").await.token.unwrap();
    let address = format!("ws://{}/api/v1/streaming?stream=public:local&access_token={other}", node.address);
    let (mut reader, _) = connect_async(address.as_str()).await.unwrap();
    // A long document, told again with every edit: in all more than what the machine keeps for both ends of a connection.
    let mut files = Vec::new();
    for _ in 0..4 {
        let (picture, words) = (crate::media::picture(8, 8), "\"".repeat(1_500));
        let fields = [("description", words.as_str())];
        let file = crate::media::send_form(&bob, "POST", "/api/v2/media", &fields, ("file", &picture)).await.ok();
        files.push(file["id"].clone());
    }
    let mut next = async || {
        let told = tokio::time::timeout(SOON, reader.next()).await.unwrap().unwrap().unwrap();
        told.into_text().unwrap().len()
    };
    let text = |n: usize| json!({"status": format!("{n} {}", "&".repeat(480)), "media_ids": files});
    let post = bob.post("/api/v1/statuses", text(0)).await.ok();
    let path = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
    let mut all = next().await;
    for n in 1..500 {
        bob.put(&path, text(n)).await.ok();
        all += next().await;
    }
    assert!(all > 6_000_000, "{all}");
    for (name, stream) in [("socket", &mut socket), ("events", &mut events)] {
        let bytes = drain(stream).await;
        assert!(bytes < all * 3 / 4, "{name}: {bytes} of {all}");
    }
}

#[tokio::test]
async fn a_socket_that_does_not_answer_a_ping_ends_before_the_next_one() {
    let node = Node::start().await;
    node.app.part_or(|| Pace { ping: Duration::from_millis(500), ..Pace::default() });
    let ada = node.member("ada").await;
    let token = ada.token.clone().unwrap();
    let mut silent = narrow(&node, "/api/v1/streaming?stream=user", &token, UPGRADE).await;
    // One ping, of two bytes, and the end.
    assert_eq!(drain(&mut silent).await, 2);
    // Who answers stays.
    let address = format!("ws://{}/api/v1/streaming?stream=user&access_token={token}", node.address);
    let (mut socket, _) = connect_async(address.as_str()).await.unwrap();
    for _ in 0..3 {
        let message = tokio::time::timeout(SOON, socket.next()).await.unwrap().unwrap().unwrap();
        assert!(matches!(message, Message::Ping(_)), "{message:?}");
    }
    // And is answered when it asks itself.
    socket.send(Message::Ping("here?".into())).await.unwrap();
    loop {
        match tokio::time::timeout(SOON, socket.next()).await.unwrap().unwrap().unwrap() {
            Message::Pong(said) => break assert_eq!(said, "here?"),
            other => assert!(matches!(other, Message::Ping(_)), "{other:?}"),
        }
    }
}

#[tokio::test]
async fn server_sent_events_have_a_heartbeat() {
    let node = Node::start().await;
    node.app.part_or(|| Pace { thump: Duration::from_millis(20), ..Pace::default() });
    let ada = node.member("ada").await;
    let mut stream = ada.request("GET", "/api/v1/streaming/user").send().await.unwrap();
    let mut text = String::new();
    while text.matches(":thump\n").count() < 3 {
        let chunk = tokio::time::timeout(SOON, stream.chunk()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(text.starts_with(":)\n") && text.lines().all(|line| line.starts_with(':')), "{text}");
}

#[test]
fn heartbeats_come_as_often_as_clients_expect() {
    let pace = Pace::default();
    assert_eq!((pace.ping.as_secs(), pace.thump.as_secs(), pace.patience.as_secs()), (30, 15, 10));
}

/// Every way in which somebody's right to listen ends.
const ENDS: [&str; 6] = ["revoke", "sign out", "disable", "suspend", "delete", "leave"];

#[tokio::test]
async fn sec_oau_13_connections_end_within_a_second_with_their_token_or_account() {
    let node = Node::start().await;
    let staff = node.citizen_with("staff", Role::Admin).await;
    let staff = Client::with_token(&node, &node.token(staff.id, "read write admin:read admin:write").await);
    for (n, how) in ENDS.into_iter().enumerate() {
        let (person, other) = (node.member(&format!("person{n}")).await, node.member(&format!("other{n}")).await);
        let open = async |who: &Client| {
            let token = who.token.clone().unwrap();
            let address = format!("ws://{}/api/v1/streaming?stream=user&access_token={token}", node.address);
            let (socket, _) = connect_async(address.as_str()).await.unwrap();
            let mut events = who.request("GET", "/api/v1/streaming/user").send().await.unwrap();
            assert!(events.chunk().await.unwrap().unwrap().starts_with(b":)"));
            (socket, events)
        };
        let (mut socket, mut events) = open(&person).await;
        let (mut kept, _stays) = open(&other).await;
        let action = async |kind: &str| {
            let path = format!("/api/v1/admin/accounts/{}/action", person.id);
            staff.post(&path, json!({"type": kind})).await.ok();
        };
        let id: watercooler::id::Id<watercooler::model::Account> = person.id.parse().unwrap();
        let tokens = move |conn: &mut watercooler::db::Conn| {
            let of = watercooler::db::Sql::new("select t.* from tokens t where t.account_id = ").bind(id);
            of.load::<watercooler::model::Token>(conn)
        };
        match how {
            "revoke" => {
                let ended = move |tx: &mut watercooler::domain::Tx<'_>| {
                    let tokens = tokens(tx.conn)?;
                    watercooler::domain::oauth::end_tokens(tx, &tokens)
                };
                node.app.write(ended).await.unwrap();
            }
            "sign out" => {
                node.app
                    .write(move |tx| watercooler::domain::oauth::access_ended(tx, Some(id), Vec::new()))
                    .await
                    .unwrap();
            }
            "disable" => action("disable").await,
            "suspend" => action("suspend").await,
            "delete" => {
                action("suspend").await;
                staff.delete(&format!("/api/v1/admin/accounts/{}", person.id)).await.ok();
            }
            _ => {
                let verb = json!({"account": {"leave": {"name": person.name}}});
                let verb = serde_json::from_value(verb).unwrap();
                watercooler::cli::data::run(&node.app, verb).await.unwrap();
            }
        }
        let ended = Instant::now();
        let closed = loop {
            match tokio::time::timeout(SOON, socket.next()).await.unwrap() {
                Some(Ok(Message::Close(Some(close)))) => break u16::from(close.code),
                Some(Ok(_)) => {}
                other => panic!("{how}: no close frame: {other:?}"),
            }
        };
        while let Some(chunk) = tokio::time::timeout(SOON, events.chunk()).await.unwrap().unwrap() {
            assert!(chunk.starts_with(b"event"), "{how}: {chunk:?}");
        }
        assert_eq!(closed, 1008, "{how}");
        assert!(ended.elapsed() < Duration::from_secs(1), "{how}: {:?}", ended.elapsed());
        // Nobody else's ends.
        other.post("/api/v1/statuses", json!({"status": "still here"})).await.ok();
        let told = tokio::time::timeout(SOON, kept.next()).await.unwrap().unwrap().unwrap();
        assert!(told.to_text().unwrap().contains("still here"), "{how}");
    }
}
