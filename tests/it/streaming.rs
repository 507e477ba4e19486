//! Streaming, as clients open it.

use crate::support::{Client, Node};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, handshake::client::Response},
};

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

async fn open(node: &Node, query: &str, headers: &[(&'static str, String)]) -> Result<(Socket, Response), Error> {
    let mut request = format!("ws://{}/api/v1/streaming{query}", node.address).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    connect_async(request).await
}

async fn frame(socket: &mut Socket) -> Value {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(20), socket.next()).await.unwrap().unwrap().unwrap();
        if let Message::Text(text) = message {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

async fn say(who: &Client, text: &str) -> String {
    let post = who.post("/api/v1/statuses", json!({"status": text})).await.ok();
    post["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_token_comes_in_three_ways_and_the_sub_protocol_is_echoed() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let token = ada.token.clone().unwrap();
    let protocol = [("sec-websocket-protocol", token.clone())];
    let (_, answer) = open(&node, "", &protocol).await.unwrap();
    assert_eq!(answer.headers()["sec-websocket-protocol"], token.as_str());
    open(&node, &format!("/?access_token={token}&stream=user"), &[]).await.unwrap();
    open(&node, "", &[("authorization", format!("Bearer {token}"))]).await.unwrap();
    for (query, headers) in [
        ("".to_owned(), vec![]),
        ("?access_token=nonsense".to_owned(), vec![]),
        ("".to_owned(), vec![("authorization", "Bearer x".to_owned())]),
    ] {
        let Err(Error::Http(refused)) = open(&node, &query, &headers).await else { panic!("accepted") };
        assert_eq!(refused.status(), 401);
        assert!(refused.headers().contains_key("x-error-message"));
    }
    assert_eq!(Client::anonymous(&node).get("/api/v1/streaming/health").await.text, "OK");
    assert_eq!(ada.get("/api/v1/streaming").await.status, 404);
}

#[tokio::test]
async fn posts_edits_deletes_and_notifications_arrive_with_their_streams() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    let query = format!("?stream=user&access_token={}", ada.token.clone().unwrap());
    let (mut socket, _) = open(&node, &query, &[]).await.unwrap();
    let id = say(&bob, "news #Rust").await;
    let update = frame(&mut socket).await;
    assert_eq!((&update["stream"], &update["event"]), (&json!(["user"]), &json!("update")));
    let payload: Value = serde_json::from_str(update["payload"].as_str().unwrap()).unwrap();
    assert_eq!((&payload["id"], &payload["favourited"]), (&json!(id), &json!(false)));
    let liked = say(&ada, "mine").await;
    assert_eq!(frame(&mut socket).await["event"], "update");
    bob.post(&format!("/api/v1/statuses/{liked}/favourite"), json!({})).await.ok();
    let notified = frame(&mut socket).await;
    assert_eq!(notified["event"], "notification");
    let payload: Value = serde_json::from_str(notified["payload"].as_str().unwrap()).unwrap();
    assert_eq!((&payload["type"], &payload["account"]["id"]), (&json!("favourite"), &json!(bob.id)));
    bob.put(&format!("/api/v1/statuses/{id}"), json!({"status": "old news"})).await.ok();
    assert_eq!(frame(&mut socket).await["event"], "status.update");
    bob.delete(&format!("/api/v1/statuses/{id}")).await.ok();
    let deleted = frame(&mut socket).await;
    assert_eq!((&deleted["event"], &deleted["payload"]), (&json!("delete"), &json!(id)));
}

#[tokio::test]
async fn whoever_has_a_boost_before_them_hears_that_it_went_with_its_post() {
    let node = Node::start().await;
    let (ada, bob, cat) = (node.member("ada").await, node.member("bob").await, node.member("cat").await);
    ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    let query = format!("?stream=user&access_token={}", ada.token.clone().unwrap());
    let (mut socket, _) = open(&node, &query, &[]).await.unwrap();
    // ada does not follow cat: all that she has of the post is the boost.
    let id = say(&cat, "soon gone").await;
    let boost = bob.post(&format!("/api/v1/statuses/{id}/reblog"), json!({})).await.ok();
    assert_eq!(frame(&mut socket).await["event"], "update");
    let count =
        async |who: &Client| who.get(&format!("/api/v1/accounts/{}", bob.id)).await.ok()["statuses_count"].clone();
    let nobody = Client::anonymous(&node);
    assert_eq!((count(&ada).await, count(&nobody).await), (json!(1), json!(1)));
    cat.delete(&format!("/api/v1/statuses/{id}")).await.ok();
    let deleted = frame(&mut socket).await;
    assert_eq!((&deleted["event"], &deleted["payload"]), (&json!("delete"), &boost["id"]));
    assert_eq!((count(&ada).await, count(&nobody).await), (json!(0), json!(0)));
    assert_eq!(ada.get("/api/v1/timelines/home").await.ok(), json!([]));
}

#[tokio::test]
async fn one_socket_carries_many_streams_and_survives_mistakes() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let headers = [("sec-websocket-protocol", ada.token.clone().unwrap())];
    let (mut socket, _) = open(&node, "", &headers).await.unwrap();
    let mut send = async |text: &str| socket.send(Message::text(text.to_owned())).await.unwrap();
    send("not json").await;
    send(r#"{"type":"subscribe","stream":"nonsense"}"#).await;
    send(r#"{"type":"subscribe","stream":"hashtag","tag":"Rust"}"#).await;
    send(r#"{"type":"subscribe","stream":"hashtag","tag":"Rust"}"#).await;
    send(r#"{"type":"subscribe","stream":"list","list":"12"}"#).await;
    let refused = frame(&mut socket).await;
    assert_eq!(refused["status"], 400);
    assert!(refused["error"].is_string());
    assert_eq!(frame(&mut socket).await["status"], 401);
    say(&bob, "about #rust").await;
    let update = frame(&mut socket).await;
    assert_eq!((&update["stream"], &update["event"]), (&json!(["hashtag", "Rust"]), &json!("update")));
    socket.send(Message::text(r#"{"type":"subscribe","stream":"public:local"}"#)).await.unwrap();
    socket.send(Message::text(r#"{"type":"unsubscribe","stream":"hashtag","tag":"RUST"}"#)).await.unwrap();
    socket.send(Message::text(r#"{"type":"subscribe","stream":"list","list":"13"}"#)).await.unwrap();
    assert_eq!(frame(&mut socket).await["status"], 401);
    say(&bob, "more #rust").await;
    assert_eq!(frame(&mut socket).await["stream"], json!(["public:local"]));
}

#[tokio::test]
async fn sec_prv_05_streams_of_others_are_silent() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    let query = format!("?stream=public&access_token={}", eve.token.clone().unwrap());
    let (mut socket, _) = open(&node, &query, &[]).await.unwrap();
    socket.send(Message::text(r#"{"type":"subscribe","stream":"direct"}"#)).await.unwrap();
    socket.send(Message::text(r#"{"type":"subscribe","stream":"user"}"#)).await.unwrap();
    for visibility in ["unlisted", "private", "direct"] {
        ada.post("/api/v1/statuses", json!({"status": "@bob hush", "visibility": visibility})).await.ok();
    }
    bob.post("/api/v1/statuses", json!({"status": "loud", "visibility": "public"})).await.ok();
    let first = frame(&mut socket).await;
    assert!(first["payload"].as_str().unwrap().contains("loud"), "{first}");
}

#[tokio::test]
async fn server_sent_events_are_lines_a_strict_reader_accepts() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let mut stream = ada.request("GET", "/api/v1/streaming/public/local").send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["x-accel-buffering"], "no");
    let mut text = String::from_utf8(stream.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(text.starts_with(":)"));
    let id = say(&ada, "hello").await;
    while !text.ends_with("\n\n") {
        text.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
    }
    let data = text.lines().find_map(|l| l.strip_prefix("data: ")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(data).unwrap()["id"], id.as_str());
    assert!(text.contains("event: update\n"));
    assert_eq!(ada.get("/api/v1/streaming/hashtag").await.status, 400);
    assert_eq!(ada.get("/api/v1/streaming/nonsense/local").await.status, 400);
    assert_eq!(Client::anonymous(&node).get("/api/v1/streaming/user").await.status, 401);
}

/// The code the server closes with.
async fn close_code(socket: &mut Socket) -> u16 {
    loop {
        match tokio::time::timeout(Duration::from_secs(20), socket.next()).await.unwrap() {
            Some(Ok(Message::Close(Some(close)))) => return close.code.into(),
            Some(Ok(_)) => {}
            other => panic!("no close frame: {other:?}"),
        }
    }
}

#[tokio::test]
async fn sec_oau_13_a_revoked_token_closes_its_sockets() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let query = format!("?stream=user&access_token={}", ada.token.clone().unwrap());
    let (mut socket, _) = open(&node, &query, &[]).await.unwrap();
    let account: watercooler::id::Id<watercooler::model::Account> = ada.id.parse().unwrap();
    node.app
        .write(move |tx| {
            let tokens = watercooler::db::Sql::new("select t.* from tokens t where t.account_id = ")
                .bind(account)
                .load::<watercooler::model::Token>(tx.conn)?;
            watercooler::domain::oauth::end_tokens(tx, &tokens)
        })
        .await
        .unwrap();
    assert_eq!(close_code(&mut socket).await, 1008);
    let Err(Error::Http(refused)) = open(&node, &query, &[]).await else { panic!("accepted") };
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn sec_lim_13_the_eleventh_socket_of_a_person_closes_the_oldest() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let query = format!("?stream=user&access_token={}", ada.token.clone().unwrap());
    let mut sockets = Vec::new();
    for _ in 0..11 {
        sockets.push(open(&node, &query, &[]).await.unwrap().0);
    }
    assert_eq!(close_code(&mut sockets[0]).await, 1013);
    say(&ada, "still here").await;
    assert_eq!(frame(&mut sockets[1]).await["event"], "update");
    assert_eq!(frame(&mut sockets[10]).await["event"], "update");
}

#[tokio::test]
async fn a_binary_message_ends_a_socket() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let (mut socket, _) = open(&node, &format!("?access_token={}", ada.token.clone().unwrap()), &[]).await.unwrap();
    socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(close_code(&mut socket).await, 1003);
}

#[tokio::test]
async fn each_stream_carries_what_its_name_says() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    let list = ada.post("/api/v1/lists", json!({"title": "crew"})).await.ok();
    let list = list["id"].as_str().unwrap();
    ada.post(&format!("/api/v1/lists/{list}/accounts"), json!({"account_ids": [bob.id]})).await.ok();
    let (mut socket, _) =
        open(&node, "/", &[("authorization", format!("Bearer {}", ada.token.clone().unwrap()))]).await.unwrap();
    for wish in [
        json!({"type": "subscribe", "stream": "user"}),
        json!({"type": "subscribe", "stream": "user:notification"}),
        json!({"type": "subscribe", "stream": "direct"}),
        json!({"type": "subscribe", "stream": "local"}),
        json!({"type": "subscribe", "stream": "public:remote"}),
        json!({"type": "subscribe", "stream": "public:local:media"}),
        json!({"type": "subscribe", "stream": "hashtag:local", "tag": "Tea"}),
        json!({"type": "subscribe", "stream": "list", "list": list.parse::<i64>().unwrap()}),
        json!({"type": "nonsense"}),
        // Its answer says that all before it were read.
        json!({"type": "subscribe", "stream": "nonsense"}),
    ] {
        socket.send(Message::text(wish.to_string())).await.unwrap();
    }
    assert_eq!(frame(&mut socket).await["status"], 400);
    let told = async |socket: &mut Socket, many: usize| {
        let mut names = Vec::new();
        for _ in 0..many {
            let frame = frame(socket).await;
            assert!(frame["stream"].is_array(), "{frame}");
            assert!(frame.get("payload").is_none_or(Value::is_string), "encoded twice: {frame}");
            names.push(format!("{}: {}", frame["stream"], frame["event"].as_str().unwrap()));
        }
        names.sort();
        names
    };
    say(&bob, "about #tea").await;
    let mut expected = vec![
        r#"["user"]: update"#.to_owned(),
        r#"["local"]: update"#.to_owned(),
        r#"["hashtag:local","Tea"]: update"#.to_owned(),
        format!(r#"["list","{list}"]: update"#),
    ];
    expected.sort();
    assert_eq!(told(&mut socket, 4).await, expected);
    // A list that wants no replies is not told of them: the next frame is of the direct post.
    ada.put(&format!("/api/v1/lists/{list}"), json!({"title": "crew", "replies_policy": "none"})).await.ok();
    let eve = node.member("eve").await;
    let root = say(&eve, "to be answered").await;
    assert_eq!(told(&mut socket, 1).await, [r#"["local"]: update"#]);
    bob.post("/api/v1/statuses", json!({"status": "well", "in_reply_to_id": root})).await.ok();
    bob.post("/api/v1/statuses", json!({"status": "@ada psst", "visibility": "direct"})).await.ok();
    let seen = told(&mut socket, 4).await;
    for name in [
        r#"["direct"]: conversation"#,
        r#"["user"]: notification"#,
        r#"["user:notification"]: notification"#,
        r#"["user"]: update"#,
    ] {
        assert!(seen.iter().any(|s| s == name), "{name}: {seen:?}");
    }
    ada.post("/api/v2/filters", json!({"title": "x", "context": ["home"]})).await.ok();
    assert_eq!(told(&mut socket, 1).await, [r#"["user"]: filters_changed"#]);
}

#[tokio::test]
async fn sec_oau_13_a_stream_of_events_ends_with_its_token() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let open = |path: &'static str| {
        let request =
            Client::anonymous(&node).request("GET", &format!("{path}?access_token={}", ada.token.clone().unwrap()));
        async move { request.send().await.unwrap() }
    };
    let mut streams = Vec::new();
    for path in ["user", "user/notification", "public", "public/local", "public/remote", "direct"] {
        let path: &'static str = Box::leak(format!("/api/v1/streaming/{path}").into_boxed_str());
        let mut stream = open(path).await;
        assert_eq!(
            (stream.status().as_u16(), &stream.headers()["cache-control"]),
            (200, &"private, no-store".parse().unwrap())
        );
        assert!(stream.chunk().await.unwrap().unwrap().starts_with(b":)"), "{path}");
        streams.push(stream);
    }
    ada.post("/api/v2/filters", json!({"title": "x", "context": ["home"]})).await.ok();
    let account: watercooler::id::Id<watercooler::model::Account> = ada.id.parse().unwrap();
    node.app.write(move |tx| watercooler::domain::oauth::access_ended(tx, Some(account), Vec::new())).await.unwrap();
    for mut stream in streams {
        // Nothing but the end: an event without a payload is not told here.
        assert_eq!(tokio::time::timeout(Duration::from_secs(1), stream.chunk()).await.unwrap().unwrap(), None);
    }
    let refused = Client::anonymous(&node).get("/api/v1/streaming/list?list=1").await;
    assert_eq!((refused.status, refused.json()["error"].is_string()), (401, true));
}
