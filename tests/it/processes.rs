//! Several processes of one node, on one PostgreSQL. On the embedded database there is one, and these tests only see that
//! a second one is refused.

use crate::{
    cli::{Place, Server},
    crash::{Api, deliver, eventually, follow, neighbours},
    support::{Client, Node, NodeBuilder, Peer, Sender, rsa},
};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use watercooler::{db::Sql, domain::Task, processes::Part};

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// How often workers look for work nobody told them of: rarely enough that what arrives at once was told.
const RARELY: Duration = Duration::from_secs(2);

/// Whether these tests have a server.
fn on_postgres() -> bool {
    std::env::var("WATERCOOLER_TEST_DATABASE_URL").is_ok()
}

/// Two processes of a node that has these peers.
async fn two(first: Part, second: Part, peers: &[&str]) -> (Node, Node) {
    let mut builder = NodeBuilder::new("alpha").await.part(first).look_again(RARELY);
    for peer in peers {
        builder = builder.knows(peer);
    }
    let a = builder.start().await;
    let b = NodeBuilder::beside(&a).await.part(second).look_again(RARELY).start().await;
    (a, b)
}

async fn listen(node: &Node, who: &Client) -> Socket {
    let address = format!("ws://{}/api/v1/streaming?stream=user", node.address);
    let mut request = address.into_client_request().unwrap();
    let token = format!("Bearer {}", who.token.as_ref().unwrap());
    request.headers_mut().insert("authorization", token.parse().unwrap());
    connect_async(request).await.unwrap().0
}

/// The next message that is no ping.
async fn message(socket: &mut Socket) -> Message {
    loop {
        let next = tokio::time::timeout(Duration::from_secs(60), socket.next()).await.expect("a message");
        match next.expect("an open socket").expect("a message") {
            Message::Ping(_) => {}
            message => return message,
        }
    }
}

async fn event(socket: &mut Socket) -> (String, String) {
    let Message::Text(text) = message(socket).await else { panic!("the stream ended") };
    let frame: Value = serde_json::from_str(&text).unwrap();
    let text = |field: &str| frame[field].as_str().unwrap_or_default().to_owned();
    (text("event"), text("payload"))
}

#[test]
fn the_embedded_database_has_one_process_and_says_so() {
    let place = Place::embedded();
    for part in ["web", "jobs"] {
        let output = place.run(&["serve", "--only", part]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("PostgreSQL") && said.lines().count() == 1, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_at_one_process_is_streamed_by_another() {
    if !on_postgres() {
        return;
    }
    let (a, b) = two(Part::All, Part::Web, &[]).await;
    let (ada, bob) = (a.member("ada").await, a.member("bob").await);
    ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    let mut there = listen(&b, &ada).await;
    let mut here = listen(&a, &ada).await;
    let post = bob.post("/api/v1/statuses", json!({ "status": "@ada hello" })).await.ok();
    for socket in [&mut there, &mut here] {
        let mut seen = BTreeMap::new();
        for _ in 0..2 {
            let (name, payload) = event(socket).await;
            seen.insert(name, serde_json::from_str::<Value>(&payload).unwrap());
        }
        assert_eq!(seen["update"]["id"], post["id"]);
        assert_eq!(seen["notification"]["status"]["id"], post["id"]);
    }
    // The other way round, and nobody hears what they said themselves a second time.
    let post = bob.at(&b).post("/api/v1/statuses", json!({ "status": "again" })).await.ok();
    bob.at(&b).delete(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.ok();
    for socket in [&mut there, &mut here] {
        assert_eq!(event(socket).await.0, "update");
        assert_eq!(event(socket).await, ("delete".to_owned(), post["id"].as_str().unwrap().to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ends_at_one_process_ends_at_the_others() {
    if !on_postgres() {
        return;
    }
    let (a, b) = two(Part::All, Part::Web, &[]).await;
    let ada = a.member("ada").await;
    let there = ada.at(&b);
    // Twice: the second time it is remembered, on a clock that stands still.
    there.get("/api/v1/accounts/verify_credentials").await.ok();
    there.get("/api/v1/accounts/verify_credentials").await.ok();
    let mut socket = listen(&b, &ada).await;
    let id: i64 = ada.id.parse().unwrap();
    a.app
        .write(move |tx| {
            let tokens = watercooler::store::oauth::list_tokens(tx.conn, watercooler::id::Id::new(id))?;
            watercooler::domain::oauth::end_tokens(tx, &tokens)
        })
        .await
        .unwrap();
    let Message::Close(Some(close)) = message(&mut socket).await else { panic!("it goes on") };
    assert_eq!(u16::from(close.code), 1008);
    eventually("the end of the token", async || {
        (there.get("/api/v1/accounts/verify_credentials").await.status == 401).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_job_is_done_once_by_whichever_process_takes_it() {
    const JOBS: usize = 60;
    if !on_postgres() {
        return;
    }
    let peer = Peer::start("far").await;
    peer.person("ada", &rsa(0).public_pem().unwrap());
    for n in 0..JOBS {
        peer.serve(
            &format!("/notes/{n}"),
            json!({
                "@context": "https://www.w3.org/ns/activitystreams",
                "id": peer.url(&format!("/notes/{n}")),
                "type": "Note",
                "attributedTo": peer.url("/users/ada"),
                "to": ["https://www.w3.org/ns/activitystreams#Public"],
                "content": "<p>hello</p>",
                "published": "2026-11-23T10:00:00Z",
            }),
        );
    }
    let (a, b) = two(Part::Jobs, Part::Jobs, &[&peer.authority]).await;
    let uris: Vec<String> = (0..JOBS).map(|n| peer.url(&format!("/notes/{n}"))).collect();
    a.app.write(move |tx| uris.into_iter().try_for_each(|uri| tx.enqueue(&Task::FetchPost { uri }))).await.unwrap();
    let counts = eventually("the last job", async || {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for read in peer.received().into_iter().filter(|read| read.path.starts_with("/notes/")) {
            *counts.entry(read.path).or_default() += 1;
        }
        (counts.len() == JOBS).then_some(counts)
    })
    .await;
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    let places: BTreeSet<i16> = [&a, &b].map(|node| node.app.ids().place()).into();
    assert_eq!(places.len(), 2, "each has a place of its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fed_fol_16_a_list_of_followers_is_asked_for_once_whichever_process_hears_of_it() {
    if !on_postgres() {
        return;
    }
    let peer = Peer::start("far").await;
    // Web processes only: what is asked for waits, so that it can be counted.
    let (a, b) = two(Part::Web, Part::Web, &[&peer.authority]).await;
    let zoe = Sender::new(&peer, "zoe");
    let url = peer.url("/users/zoe/followers_synchronization");
    let say = async |node: &Node, number: usize| {
        let digest =
            watercooler::federation::followers_sync::digest([format!("https://far.example/{number}").as_str()]);
        let value = format!("collectionId=\"{}/followers\", url=\"{url}\", digest=\"{digest}\"", zoe.id);
        let mut letter = zoe.letter(node, "/inbox", &zoe.activity("View", "https://nowhere.example/1"));
        letter.headers.push(("collection-synchronization".into(), value));
        assert_eq!(letter.send(node).await.status, 202);
    };
    let asked = async || {
        // A job that is done is gone, and one that waits keeps the next one out: done here.
        let sql = "delete from jobs where kind = 'sync_followers'";
        a.app.write(move |tx| Sql::new(sql).execute(tx.conn)).await.unwrap()
    };
    for (number, node) in [&a, &b, &a, &b].into_iter().enumerate() {
        say(node, number).await;
        assert_eq!(asked().await, usize::from(number == 0), "{number}");
    }
    a.clock.advance(601_000);
    say(&b, 4).await;
    assert_eq!(asked().await, 1);
    say(&a, 5).await;
    assert_eq!(asked().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_delivers_and_when_it_ends_another_goes_on() {
    if !on_postgres() {
        return;
    }
    let far = NodeBuilder::new("beta").await;
    let name = far.authority();
    let (a, b) = two(Part::All, Part::All, &[&name]).await;
    let far = far.knows(&a.domain).clock(&a.clock).workers().start().await;
    assert!(*a.app.leads().borrow() && !*b.app.leads().borrow());
    let (bob, eve) = (b.member("bob").await, far.member("eve").await);
    let found = eve.get(&format!("/api/v1/accounts/lookup?acct={}", a.handle("bob"))).await;
    let found = if found.status == 200 {
        found.json()
    } else {
        let query = format!("/api/v2/search?q=@{}&resolve=true&type=accounts", a.handle("bob"));
        eve.get(&query).await.ok()["accounts"][0].clone()
    };
    eve.post(&format!("/api/v1/accounts/{}/follow", found["id"].as_str().unwrap()), json!({})).await.ok();
    let relation = format!("/api/v1/accounts/relationships?id={}", found["id"].as_str().unwrap());
    eventually("the follow", async || (eve.get(&relation).await.ok()[0]["following"] == json!(true)).then_some(()))
        .await;
    let home = async |text: &str| {
        let posts = eve.get("/api/v1/timelines/home").await.ok();
        posts.as_array().unwrap().iter().filter(|post| post["content"] == format!("<p>{text}</p>")).count()
    };
    // Written at the one, sent by the other.
    bob.post("/api/v1/statuses", json!({ "status": "first" })).await.ok();
    eventually("the first post", async || (home("first").await == 1).then_some(())).await;
    a.app.stopping().cancel();
    bob.post("/api/v1/statuses", json!({ "status": "second" })).await.ok();
    eventually("the second post", async || (home("second").await == 1).then_some(())).await;
    assert!(*b.app.leads().borrow());
    assert_eq!(home("first").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_line_sends_listeners_to_look_and_is_there_again() {
    if !on_postgres() {
        return;
    }
    let (a, b) = two(Part::All, Part::All, &[]).await;
    let (ada, bob) = (a.member("ada").await, a.member("bob").await);
    ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    let mut socket = listen(&b, &ada).await;
    let url = a.app.config().database.expose().to_owned();
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let ended = client
        .query(
            "select pg_terminate_backend(pid) from (select distinct pid from pg_locks where locktype = 'advisory' and \
             database = (select oid from pg_database where datname = current_database()) and \
             classid::int8 = hashtext(current_schema()::text) & 2147483647) lines",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(ended.len(), 2);
    let Message::Close(Some(close)) = message(&mut socket).await else { panic!("it goes on") };
    assert_eq!(u16::from(close.code), 1013);
    eventually("the lines", async || (a.app.knows_all() && b.app.knows_all()).then_some(())).await;
    let mut socket = listen(&b, &ada).await;
    bob.post("/api/v1/statuses", json!({ "status": "still here" })).await.ok();
    assert_eq!(event(&mut socket).await.0, "update");
    eventually("one that leads", async || (*a.app.leads().borrow() != *b.app.leads().borrow()).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_takes_long_is_not_taken_for_dead() {
    // Somebody who takes the call and says nothing.
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let far = format!("far.test:{}", silent.local_addr().unwrap().port());
    let quickly = Duration::from_millis(20);
    let node = NodeBuilder::new("alpha").await.knows(&far).workers().look_again(quickly).start().await;
    let uri = format!("http://{far}/notes/1");
    node.app.write(move |tx| tx.enqueue(&Task::FetchPost { uri })).await.unwrap();
    let held = async || {
        let jobs = node.app.read(|conn| watercooler::store::jobs::list(conn, 100)).await.unwrap();
        let now = node.clock.now();
        let job = jobs.into_iter().find(|job| job.kind == "fetch_post");
        job.filter(|job| job.locked_until.is_some_and(|until| until > now))
    };
    eventually("the job", async || held().await.map(drop)).await;
    // In steps: were all the time gone at once, whoever looks for work might find it before it is held on to.
    for _ in 0..3 {
        node.clock.advance(400_000);
        let later = node.clock.now().plus_millis(500_000);
        let renewed = async || held().await.filter(|job| job.locked_until.is_some_and(|until| until > later));
        let job = eventually("the lease", renewed).await;
        assert_eq!(job.attempts, 1, "nobody else took it up");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_process_had_taken_is_given_back() {
    if !on_postgres() {
        return;
    }
    let quickly = Duration::from_millis(100);
    let a = NodeBuilder::new("alpha").await.part(Part::All).look_again(quickly).start().await;
    let b = NodeBuilder::beside(&a).await.part(Part::Web).look_again(quickly).start().await;
    let dead = b.app.ids().place();
    a.app
        .write(move |tx| {
            let at = tx.now.plus_seconds(-1);
            tx.enqueue_at(&Task::IndexAccounts { after: 0 }, at)?;
            let taken = watercooler::store::jobs::claim(tx.conn, "heavy", tx.now, dead, 10, &[])?;
            assert!(taken.iter().any(|job| job.kind == "index_accounts"));
            Ok(())
        })
        .await
        .unwrap();
    drop(b);
    eventually("the job", async || {
        let jobs = a.app.read(|conn| watercooler::store::jobs::list(conn, 100)).await.unwrap();
        jobs.iter().all(|job| job.kind != "index_accounts").then_some(())
    })
    .await;
}

/// The updates that somebody is sent, in order, until the stream ends.
async fn updates(server: &Server, token: &str) -> tokio::sync::mpsc::UnboundedReceiver<String> {
    let api = Api::new(server, token);
    let mut response = api.request("GET", "/api/v1/streaming/user").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let (send, receive) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut text = String::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            text.push_str(&String::from_utf8_lossy(&chunk));
            while let Some((event, rest)) = text.clone().split_once("\n\n") {
                if let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: "))
                    && event.contains("event: update")
                {
                    let post: Value = serde_json::from_str(data).unwrap();
                    let _ = send.send(post["id"].as_str().unwrap().to_owned());
                }
                rest.clone_into(&mut text);
            }
        }
    });
    receive
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_processes_lose_nothing_when_one_of_them_is_killed() {
    if !on_postgres() {
        return;
    }
    let (place, token, peer, signer) = neighbours().await;
    let (mut first, second, mut jobs) = (place.serve_only("web"), place.serve_only("web"), place.serve_only("jobs"));
    assert!(!place.run(&["serve"]).status.success(), "a process that does everything runs beside them");
    assert_eq!(deliver(&first, &signer, &follow(&peer)).await, Some(202));
    eventually("the Accept", async || peer.inbox().iter().any(|a| a["type"] == "Accept").then_some(())).await;
    let mut stream = updates(&second, &token).await;
    let (here, there) = (Api::new(&first, &token), Api::new(&second, &token));
    let mut wanted = Vec::new();
    let mut post = async |api: &Api, text: String| {
        let id = api.post(&text).await;
        wanted.extend(id.clone());
        id.is_some()
    };
    for n in 0..10 {
        assert!(post(&here, format!("before {n}")).await && post(&there, format!("before there {n}")).await);
    }
    // The one that delivers, in the middle of it.
    jobs.child.kill().unwrap();
    jobs.child.wait().unwrap();
    for n in 0..10 {
        assert!(post(&here, format!("between {n}")).await);
    }
    let _jobs = place.serve_only("jobs");
    let killer = first.child.id();
    let busy = std::sync::Arc::new(tokio::sync::Notify::new());
    let under_way = busy.clone();
    let kill = tokio::spawn(async move {
        under_way.notified().await;
        std::process::Command::new("kill").args(["-9", &killer.to_string()]).status().unwrap();
    });
    for n in 0.. {
        if !post(&here, format!("until the end {n}")).await {
            break;
        }
        if n == 5 {
            busy.notify_one();
        }
    }
    kill.await.unwrap();
    first.child.wait().unwrap();
    assert!(post(&there, "the last one".to_owned()).await);
    let last = wanted.last().unwrap().clone();
    let mut seen = BTreeSet::new();
    while !seen.contains(&last) {
        let next = tokio::time::timeout(Duration::from_secs(30), stream.recv()).await.expect("an event");
        assert!(seen.insert(next.expect("an open stream")), "an event came twice");
    }
    assert!(wanted.iter().all(|id| seen.contains(id)), "an acknowledged post was not streamed");
    eventually("the last delivery", async || {
        let inbox = peer.inbox();
        let ids: BTreeSet<&str> = inbox.iter().filter_map(|a| a["object"]["id"].as_str()).collect();
        let is_there = |id: &String| ids.contains(format!("http://localhost:1/users/bob/statuses/{id}").as_str());
        wanted.iter().all(is_there).then_some(())
    })
    .await;
    // The command line works beside them, and they hear of what it did.
    place.json(&["account", "disable", "bob", "--json"]);
    let ended = tokio::time::timeout(Duration::from_secs(10), async { while stream.recv().await.is_some() {} });
    ended.await.expect("the stream ends with the account");
    let answer = there.request("GET", "/api/v1/accounts/verify_credentials").send().await.unwrap();
    assert!(matches!(answer.status().as_u16(), 401 | 403), "{}", answer.status());
}
