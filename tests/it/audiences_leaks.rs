//! The leak test of the three audiences: every door is tried by everybody, and a post for everybody is found behind it, so
//! that nothing is proven by a door that is shut.

use crate::{
    audiences::{WORDS, World, act, answers, home, known, path, says, words},
    support::{
        Client, Node, PUBLIC, Sender,
        organisation::{letter, org},
        settle,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use watercooler::{db::Sql, domain::audit::Staff, federation::relays};

#[tokio::test]
async fn zero_leaks_on_the_way_out() {
    let world = World::new().await;
    let posts = world.three().await;
    for post in &posts {
        act(&world.bob, post, "reblog").await;
        act(&world.ada, post, "pin").await;
        let said = post["content"].as_str().unwrap().replace("<p>", "").replace("</p>", "");
        let word = words(&said)[0];
        // In an answer the word stands again, and the address, which is how a post is quoted.
        answers(&world.bob, post, &format!("re: {word} {}", post["uri"].as_str().unwrap())).await;
        let again = format!("{word} once more #glue");
        let path = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
        world.ada.put(&path, json!({ "status": again })).await.ok();
    }
    // Somebody outside follows bob too, before and after.
    let follow = world.sam.activity("Follow", world.hq.url("/users/bob"));
    world.sam.delivers(&world.hq, &follow).await;
    world.settle().await;
    for post in &posts {
        answers(&world.bob, post, &format!("{} again", words(&post.to_string())[0])).await;
        act(&world.bob, post, "unreblog").await;
        act(&world.bob, post, "reblog").await;
    }
    world.settle().await;
    assert_eq!(words(&world.arrived()), ["openword"]);
    for id in &posts[..2] {
        let uri = id["uri"].as_str().unwrap();
        assert!(!world.arrived().contains(uri), "not even its address");
    }
    assert!(world.arrived().contains(posts[2]["uri"].as_str().unwrap()));
    assert_eq!(words(&home(&world.ola).await), ["openword"]);
    assert_eq!(words(&home(&world.lea).await), ["orgsecret", "openword"]);
    assert_eq!(words(&home(&world.bob).await), WORDS);
    // Nothing of the others is even stored outside, nor what is for one site at the other.
    let stored = async |node: &Node, word: &'static str| {
        let sql = format!("select count(*) from posts p where p.content like '%{word}%'");
        node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap() > 0
    };
    for (node, expected) in [(&world.out, [false, false, true]), (&world.lyon, [false, true, true])] {
        for (word, there) in WORDS.into_iter().zip(expected) {
            assert_eq!(stored(node, word).await, there, "{word}");
        }
    }
    // They went where the first delivery went, so do their ends.
    world.far.forget();
    for post in &posts {
        world.ada.delete(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.ok();
    }
    world.settle().await;
    let ends: Vec<Value> = world.far.inbox().into_iter().filter(|a| a["type"] == "Delete").collect();
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!(ends[0]["object"]["id"], posts[2]["uri"]);
    assert!(known(&world.lea, &posts[1]).await.is_none() && known(&world.ola, &posts[2]).await.is_none());
}

/// Everything that may be asked for about the posts of ada, with a body that would show them: name, and path on hq.
fn doors(world: &World, posts: &[Value; 3]) -> Vec<(String, String)> {
    let mut doors = Vec::new();
    let mut door = |name: &str, path: String| doors.push((name.to_owned(), path));
    for (word, post) in WORDS.into_iter().zip(posts) {
        let note = path(&world.hq, &post["uri"]);
        door(&format!("note {word}"), note.clone());
        door(&format!("activity {word}"), format!("{note}/activity"));
    }
    door("outbox", "/users/ada/outbox?page=true".into());
    door("featured", "/users/ada/collections/featured".into());
    doors
}

/// The doors for which only addresses are listed.
fn lists(world: &World, posts: &[Value; 3]) -> Vec<(&'static str, String)> {
    let open = path(&world.hq, &posts[2]["uri"]);
    vec![
        ("own answers", format!("{open}/replies?page=true")),
        ("answers of others", format!("{open}/replies?page=true&others=true")),
        ("outbox of a booster", "/users/bob/outbox?page=true".into()),
    ]
}

#[tokio::test]
async fn zero_leaks_to_other_servers_that_read_here() {
    let world = World::new().await;
    let posts = world.three().await;
    let mut answered = Vec::new();
    for post in &posts {
        act(&world.ada, post, "pin").await;
        act(&world.bob, post, "reblog").await;
    }
    for mark in ["!site", "", "!open"] {
        answered.push(answers(&world.bob, &posts[2], &format!("{mark} answer")).await);
        answered.push(answers(&world.ada, &posts[2], &format!("{mark} more of mine")).await);
    }
    world.settle().await;
    let (outside, inside) = (vec!["openword"], vec!["orgsecret", "openword"]);
    for (who, expected) in [("nobody", &outside), ("sam", &outside), ("out", &outside), ("lyon", &inside)] {
        let read = async |path: &str| match who {
            "nobody" => Client::anonymous(&world.hq).get_activity(path).await,
            "sam" => world.sam.reading(&world.hq, path).send(&world.hq).await,
            "out" => letter(&world.out, &world.hq, "GET", path, None).await.send(&world.hq).await,
            _ => letter(&world.lyon, &world.hq, "GET", path, None).await.send(&world.hq).await,
        };
        let mut found = BTreeSet::new();
        for (name, path) in doors(&world, &posts) {
            let reply = read(&path).await;
            let here = words(&reply.text);
            match name.split_once(' ') {
                // A post that is not for the reader is not there.
                Some((_, word)) => {
                    let status = if expected.contains(&word) { 200 } else { 404 };
                    assert_eq!((reply.status, here.contains(&word)), (status, status == 200), "{who}: {name}");
                }
                None => assert_eq!(&here, expected, "{who}: {name}"),
            }
            found.extend(here);
        }
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected.iter().copied().collect(), "{who}");
        let mut listed = String::new();
        for (name, path) in lists(&world, &posts) {
            let reply = read(&path).await;
            assert_eq!(reply.status, 200, "{who}: {name}");
            listed += &reply.text;
        }
        for (post, audience) in posts.iter().chain(&answered).map(|post| (post, post["audience"].as_str().unwrap())) {
            let for_reader = audience == "open" || (audience == "organisation" && who == "lyon");
            assert_eq!(listed.contains(post["uri"].as_str().unwrap()), for_reader, "{who}: {audience} {listed}");
        }
        // Numbers too: pinned or not, boosted or not, nothing is counted that cannot be read.
        let total = read("/users/ada/outbox").await.ok()["totalItems"].as_i64().unwrap();
        assert_eq!(total, if who == "lyon" { 4 } else { 2 }, "{who}");
    }
    let info = Client::anonymous(&world.hq).get("/nodeinfo/2.0").await.ok();
    // The post, an answer of each, and the boost.
    assert_eq!(info["usage"]["localPosts"], 4);
}

#[tokio::test]
async fn zero_leaks_to_strangers_at_either_node() {
    let world = World::new().await;
    let posts = world.three().await;
    act(&world.ada, &posts[0], "pin").await;
    act(&world.ada, &posts[1], "pin").await;
    act(&world.ada, &posts[2], "pin").await;
    let answer = answers(&world.bob, &posts[2], "!site answering sitesecret").await;
    let answer = [answer, answers(&world.bob, &posts[2], "answering orgsecret").await];
    world.settle().await;
    let at_lyon = known(&world.lea, &posts[1]).await.unwrap();
    act(&world.lea, &at_lyon, "reblog").await;
    act(&world.lea, &known(&world.lea, &posts[2]).await.unwrap(), "reblog").await;
    world.settle().await;
    for (node, signed_in, inside) in [(&world.hq, &world.bob, &WORDS[..]), (&world.lyon, &world.lea, &WORDS[1..])] {
        let stranger = Client::anonymous(node);
        let author = known_account(signed_in, &world.hq.handle("ada")).await;
        let reader = known_account(signed_in, &signed_in.name).await;
        let open = known(signed_in, &posts[2]).await.unwrap();
        let mut paths = vec![
            "/api/v1/timelines/public".to_owned(),
            "/api/v1/timelines/tag/glue".to_owned(),
            format!("/api/v1/accounts/{author}/statuses"),
            format!("/api/v1/statuses/{}/context", open["id"].as_str().unwrap()),
            "/tags/glue".to_owned(),
            format!("/api/v2/search?type=statuses&q={}", posts[2]["uri"].as_str().unwrap()),
        ];
        match node.domain == world.hq.domain {
            true => paths.extend([
                "/api/v1/timelines/public?local=true".to_owned(),
                format!("/api/v1/accounts/{author}/statuses?pinned=true"),
                "/@ada".to_owned(),
                "/@ada/tagged/glue".to_owned(),
                format!("/@ada/{}", open["id"].as_str().unwrap()),
            ]),
            false => paths.extend([
                "/api/v1/timelines/public?remote=true".to_owned(),
                format!("/api/v1/accounts/{reader}/statuses"),
                "/@lea".to_owned(),
            ]),
        }
        let mut met = BTreeSet::new();
        for path in &paths {
            let page = if path.starts_with("/api") {
                stranger.get(path).await
            } else {
                stranger.send(stranger.request("GET", path).header("accept", "text/html")).await
            };
            assert_eq!(page.status, 200, "{path}");
            // The thread below the open post has none of the answers, and says nothing that it hides.
            let secret = words(&page.text).into_iter().find(|word| *word != "openword");
            assert_eq!(secret, None, "{path}: {}", page.text);
            let open = page.text.contains("openword") || path.ends_with("/context");
            assert!(open, "{path}: the post for everybody is there: {}", page.text);
            met.extend(words(&signed_in.get(path).await.text));
        }
        // Whoever is signed in meets all there is.
        assert_eq!(met.into_iter().collect::<Vec<_>>().len(), inside.len(), "{inside:?}");
        for post in posts[..2].iter().chain(&answer) {
            let uri = post["uri"].as_str().unwrap();
            let found = stranger.get(&format!("/api/v2/search?type=statuses&q={uri}")).await.ok();
            assert_eq!(found["statuses"], json!([]), "{uri}");
            let Some(here) = known(signed_in, post).await else { continue };
            let id = here["id"].as_str().unwrap();
            for end in ["", "/context", "/history", "/favourited_by", "/reblogged_by"] {
                let reply = stranger.get(&format!("/api/v1/statuses/{id}{end}")).await;
                assert_eq!(reply.status, 404, "{end}: {}", reply.text);
            }
            let page = stranger.request("GET", &format!("/@ada/{id}")).header("accept", "text/html");
            assert_eq!(stranger.send(page).await.status, 404);
        }
        assert_eq!(
            stranger.get(&format!("/api/v2/search?type=statuses&q={}", WORDS[1])).await.ok()["statuses"],
            json!([])
        );
        // A hashtag of such posts has no history for strangers.
        let uses = async |who: &Client| {
            let tag = who.get("/api/v1/tags/glue").await.ok();
            tag["history"][0]["uses"].as_str().unwrap().to_owned()
        };
        assert_eq!(uses(&stranger).await, "1");
        assert_eq!(uses(signed_in).await, inside.len().to_string());
        let listened = stranger.get("/api/v1/streaming/public").await;
        assert_eq!(listened.status, 401, "nobody listens without a token");
    }
    let count = async |who: &Client| {
        who.get(&format!("/api/v1/accounts/{}", world.ada.id)).await.ok()["statuses_count"].as_i64().unwrap()
    };
    assert_eq!((count(&world.bob).await, count(&Client::anonymous(&world.hq)).await), (3, 1));
    assert_eq!(open_replies(&Client::anonymous(&world.hq), &posts[2]).await, 0);
}

async fn open_replies(who: &Client, post: &Value) -> i64 {
    who.get(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.ok()["replies_count"].as_i64().unwrap()
}

pub async fn known_account(reader: &Client, handle: &str) -> String {
    let found = reader.get(&format!("/api/v1/accounts/lookup?acct={handle}")).await.ok();
    found["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn zero_leaks_through_a_colleague_who_boosts_or_answers() {
    let world = World::new().await;
    let [site, inside, open] = world.three().await;
    assert!(known(&world.lea, &site).await.is_none());
    world.far.forget();
    for post in [&inside, &open] {
        let here = known(&world.lea, post).await.unwrap();
        act(&world.lea, &here, "reblog").await;
        act(&world.lea, &here, "favourite").await;
        answers(&world.lea, &here, &format!("lyon on {}", words(&here.to_string())[0])).await;
    }
    let here = known(&world.lea, &open).await.unwrap();
    answers(&world.lea, &here, "!open lyon for everybody").await;
    world.settle().await;
    let arrived = world.arrived();
    assert!(arrived.contains("lyon for everybody") && !arrived.contains("lyon on"), "{arrived}");
    let announced: Vec<Value> =
        world.far.inbox().into_iter().filter(|a| a["type"] == "Announce").map(|a| a["object"].clone()).collect();
    assert_eq!(announced, [open["uri"].clone()]);
    // ada hears of all of it.
    let told = world.ada.get("/api/v1/notifications").await.ok();
    let kinds = |kind: &str| told.as_array().unwrap().iter().filter(|n| n["type"] == kind).count();
    assert_eq!((kinds("reblog"), kinds("favourite"), kinds("mention")), (2, 2, 3));
    // What the colleague's node serves of the boost.
    for (who, expected) in [("sam", 1), ("hq", 2)] {
        let path = "/users/lea/outbox?page=true";
        let page = match who {
            "sam" => world.sam.reading(&world.lyon, path).send(&world.lyon).await.ok(),
            _ => letter(&world.hq, &world.lyon, "GET", path, None).await.send(&world.lyon).await.ok(),
        };
        let boosts = page["orderedItems"].as_array().unwrap().iter().filter(|a| a["type"] == "Announce").count();
        assert_eq!(boosts, expected, "{who}");
    }
}

#[tokio::test]
async fn zero_leaks_to_relays_and_by_what_they_pass_on() {
    let world = World::new().await;
    let mut document = world.far.person("relay", &world.sam.signer.key.public_pem().unwrap());
    document["type"] = json!("Application");
    world.far.serve("/users/relay", document);
    let relay = Sender::known(&world.far, "relay");
    for node in [&world.hq, &world.lyon] {
        world.far.forget();
        relays::add(&node.app, Staff::console(), &relay.id).await.unwrap();
        world.settle().await;
        let follow = world.far.inbox().into_iter().find(|it| it["type"] == "Follow").unwrap();
        // It follows back, as some do.
        relay.delivers(node, &relay.activity("Follow", node.url("/actor"))).await;
        relay.delivers(node, &relay.activity("Accept", follow)).await;
        world.settle().await;
        assert_eq!(relays::list(&node.app).await.unwrap()[0].state, "accepted");
    }
    // On the way out: of what ada writes, sam follows her at the server of the relay.
    world.far.forget();
    world.three().await;
    let posts = [
        says(&world.bob, "!site The sitesecret").await,
        says(&world.bob, "The orgsecret").await,
        says(&world.bob, "!open The openword").await,
    ];
    world.settle().await;
    assert_eq!(words(&world.arrived()), ["openword"]);
    // It heard of their addresses all the same, and passes them on to both nodes. Nobody at Lyon follows bob.
    for node in [&world.hq, &world.lyon] {
        for post in &posts {
            let mut announce = relay.activity("Announce", post["uri"].clone());
            announce["to"] = json!([PUBLIC]);
            relay.deliver(node, &announce).await;
        }
    }
    world.settle().await;
    assert!(known(&world.lea, &posts[2]).await.is_some(), "what is for everybody comes");
    assert!(known(&world.lea, &posts[0]).await.is_none());
    // A colleague may read it; then it stays what it is.
    let inside = known(&world.lea, &posts[1]).await;
    assert!(inside.is_none_or(|post| post["audience"] == "organisation"));
    for node in [&world.hq, &world.lyon] {
        let shown = Client::anonymous(node).get("/api/v1/timelines/public").await;
        assert_eq!(words(&shown.text), ["openword"], "{}", node.domain);
    }
    assert_eq!(words(&world.arrived()), ["openword"]);
}

#[tokio::test]
async fn old_signatures_open_nothing_after_a_node_was_removed_or_left() {
    let world = World::new().await;
    let [_, inside, open] = world.three().await;
    let (note, public) = (path(&world.hq, &inside["uri"]), path(&world.hq, &open["uri"]));
    let ask = async |path: &str| letter(&world.lyon, &world.hq, "GET", path, None).await.send(&world.hq).await;
    let kept = letter(&world.lyon, &world.hq, "GET", &note, None).await;
    assert_eq!((kept.send(&world.hq).await.status, ask(&public).await.status), (200, 200));
    org(&world.hq, &["remove", &world.lyon.domain, "--reason", "sold"]).await.unwrap();
    settle(&[&world.hq]).await;
    for reply in [kept.send(&world.hq).await, ask(&note).await] {
        assert!(reply.status >= 400 && words(&reply.text).is_empty(), "{} {}", reply.status, reply.text);
    }
    // Outside the charter but admitted, as a named peer is: it reads what everybody reads.
    let read = async |path: &str| letter(&world.out, &world.hq, "GET", path, None).await.send(&world.hq).await.status;
    assert_eq!((read(&note).await, read(&public).await), (404, 200));
    // Whoever leaves keeps what it wrote for the organisation to itself.
    org(&world.hq, &["leave"]).await.unwrap();
    settle(&[&world.hq]).await;
    assert_eq!((read(&note).await, read(&public).await), (404, 200));
    assert_eq!(known(&world.bob, &inside).await.unwrap()["audience"], "organisation");
    assert_eq!(says(&world.ada, "on our own").await["audience"], "open");
}

#[tokio::test]
async fn streams_carry_to_each_what_is_for_them() {
    use futures_util::StreamExt;
    use tokio_tungstenite::{connect_async, tungstenite::Message};
    let world = World::new().await;
    let listen = async |node: &Node, who: &Client, stream: &str| {
        let token = who.token.clone().unwrap();
        let url = format!("ws://{}/api/v1/streaming?stream={stream}&access_token={token}", node.address);
        connect_async(url).await.unwrap().0
    };
    let mut sockets = vec![
        (listen(&world.hq, &world.bob, "public").await, &WORDS[..]),
        (listen(&world.hq, &world.bob, "hashtag&tag=glue").await, &WORDS[..]),
        (listen(&world.lyon, &world.lea, "public").await, &WORDS[1..]),
        (listen(&world.lyon, &world.lea, "hashtag&tag=glue").await, &WORDS[1..]),
        (listen(&world.lyon, &world.lea, "user").await, &WORDS[1..]),
        (listen(&world.out, &world.ola, "public").await, &WORDS[2..]),
        (listen(&world.out, &world.ola, "user").await, &WORDS[2..]),
    ];
    // The open one comes last: when it is there, nothing else is on its way.
    world.three().await;
    for (socket, expected) in &mut sockets {
        let mut heard = Vec::new();
        while heard.last() != Some(&"openword") {
            let message = tokio::time::timeout(std::time::Duration::from_secs(20), socket.next()).await;
            if let Message::Text(text) = message.unwrap().unwrap().unwrap() {
                heard.extend(words(&text));
            }
        }
        assert_eq!(heard, *expected);
    }
}
