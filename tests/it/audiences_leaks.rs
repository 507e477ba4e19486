//! The leak test of the three audiences: every door is tried by everybody, and a post for everybody is found behind it, so
//! that nothing is proven by a door that is shut.

use crate::{
    audiences::{WORDS, World, act, answers, follow, home, known, path, says, words},
    projects::{bearing, register},
    support::{
        Client, Node, Web,
        organisation::{letter, org},
        settle,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use watercooler::db::Sql;

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

async fn known_account(reader: &Client, handle: &str) -> String {
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

/// What ada writes of one kind.
struct Rich {
    link: Value,
    question: Value,
    hum: Value,
    poll: Value,
    /// bob's, which she accepted.
    answer: Value,
}

impl Rich {
    fn all(&self) -> [&Value; 5] {
        [&self.link, &self.question, &self.hum, &self.poll, &self.answer]
    }
}

/// In each of the three kinds: a link, a question with an accepted answer, a post that names a project which everybody
/// follows, wherever they are, and a poll in which bob votes.
async fn rich(world: &World) -> [Rich; 3] {
    let mut made = Vec::new();
    for (mark, word) in ["!site", "", "!open"].into_iter().zip(WORDS) {
        let link = says(&world.ada, &format!("{mark} The {word} https://secure.test/glue")).await;
        let question = says(&world.ada, &format!("{mark} #ask Which {word}? #glue")).await;
        let hum = says(&world.ada, &format!("{mark} @quietbearing the {word} hums")).await;
        let poll = json!({ "status": format!("{mark} The {word}?"), "poll": { "options": [word, "no"], "expires_in": 86_400 } });
        let poll = world.ada.post("/api/v1/statuses", poll).await.ok();
        world.settle().await;
        let answer = answers(&world.bob, &question, &format!("{mark} The {word}, of course")).await;
        world.settle().await;
        answers(&world.ada, &answer, &format!("{mark} @bob ✅")).await;
        let path = format!("/api/v1/polls/{}/votes", poll["poll"]["id"].as_str().unwrap());
        world.bob.post(&path, json!({ "choices": [0] })).await.ok();
        world.settle().await;
        made.push(Rich { link, question, hum, poll, answer });
    }
    // Tallies are sent after a while.
    world.hq.clock.advance(600_000);
    world.settle().await;
    made.try_into().ok().unwrap()
}

/// What is only for the organisation of the project that everybody follows, in any form.
fn is_about(text: &str) -> bool {
    let words = [
        "hums above",
        "SoundCam",
        "wiki.example",
        "coustics",
        "ibration",
        "#bearings",
        "/users/ada",
        "@ada",
        "workState",
    ];
    words.iter().any(|word| text.contains(word))
}

#[tokio::test]
async fn zero_leaks_of_what_a_project_of_the_organisation_is_about() {
    let (_web, world) = linked().await;
    // Outside they know that there is a project, and follow it.
    let project = world.hq.url("/users/quietbearing");
    let copy = async |node: &Node| {
        let uri = project.clone();
        node.app.read(move |conn| watercooler::store::accounts::find_by_uri(conn, &uri)).await.unwrap().unwrap()
    };
    let known = async |node: &Node| {
        let copy = copy(node).await;
        assert_eq!(copy.display_name, "Quiet bearing");
        is_about(&format!("{} {}", copy.note, copy.fields))
    };
    assert!(!known(&world.out).await && known(&world.lyon).await);
    let path = crate::projects::path(&json!({ "id": copy(&world.hq).await.id.to_string() }), "");
    let edit = async |fields: Value| {
        world.ada.put(&path, fields).await.ok();
        world.far.forget();
        crate::support::organisation::minutes(&[&world.hq, &world.lyon, &world.out], 2).await;
        let said = world.far.inbox().into_iter().filter(|activity| activity["actor"] == *project);
        said.map(|activity| activity.to_string()).collect::<String>()
    };
    let doors = ["", "/moderators", "/members", "/collections/tags"].map(|end| format!("/users/quietbearing{end}"));
    let (here, there) = (copy(&world.hq).await.id, copy(&world.lyon).await.id);
    let pages = [
        (&world.hq, "/@quietbearing".to_owned()),
        (&world.hq, format!("/api/v1/accounts/{here}")),
        (&world.hq, format!("/api/v1/accounts/{here}/featured_tags")),
        (&world.lyon, format!("/api/v1/accounts/{there}")),
        (&world.lyon, format!("/api/v1/accounts/{there}/featured_tags")),
    ];
    // As it is, by a word of its lead, and as everybody may know it.
    for (number, audience) in [None, Some("organisation"), Some("open")].into_iter().enumerate() {
        let mut fields = json!({ "vendor": [format!("SoundCam {number}")] });
        if let Some(audience) = audience {
            fields["audience"] = json!(audience);
        }
        let (open, sent) = (audience == Some("open"), edit(fields).await);
        assert!(sent.contains("\"Update\"") && is_about(&sent) == open, "{audience:?}: {sent}");
        assert_eq!((known(&world.out).await, known(&world.lyon).await), (open, true), "{audience:?}");
        for door in &doors {
            let inside = letter(&world.lyon, &world.hq, "GET", door, None).await.send(&world.hq).await;
            assert!(inside.status == 200 && is_about(&inside.text), "{door}: {}", inside.text);
            for reply in [
                Client::anonymous(&world.hq).get_activity(door).await,
                world.sam.reading(&world.hq, door).send(&world.hq).await,
                letter(&world.out, &world.hq, "GET", door, None).await.send(&world.hq).await,
            ] {
                assert_eq!((reply.status, is_about(&reply.text)), (200, open), "{audience:?} {door}: {}", reply.text);
            }
        }
        for (node, page) in &pages {
            let reply = Client::anonymous(node).get(page).await;
            // Of one of another site nobody knows there how far it goes.
            let told = open && node.domain == world.hq.domain;
            assert_eq!((reply.status, is_about(&reply.text)), (200, told), "{audience:?} {page}: {}", reply.text);
            if !page.ends_with("featured_tags") {
                assert!(reply.text.contains("Quiet bearing"), "{page}: {}", reply.text);
            }
        }
        let seen = world.bob.get(&pages[1].1).await;
        assert!(is_about(&seen.text), "{}", seen.text);
    }
}

/// The addresses of everything written at a node that is not for everybody, the concierge's posts too.
async fn hidden(node: &Node) -> Vec<String> {
    let sql = "select p.uri from posts p where p.local and p.audience < 2";
    node.app.read(move |conn| Sql::new(sql).load_texts(conn)).await.unwrap()
}

async fn linked() -> (Web, World) {
    let web = Web::start().await;
    web.page("/glue", "<title>Glue</title><link rel=canonical href=/glue>");
    let world = World::reading(&web).await;
    register(&world.ada, bearing()).await;
    crate::questions::skills(&world.lea, &["glue"]).await;
    world.settle().await;
    let join = world.sam.activity("Follow", world.hq.url("/users/quietbearing"));
    world.sam.delivers(&world.hq, &join).await;
    for who in [&world.ola, &world.lea] {
        follow(who, &world.hq.handle("quietbearing")).await;
    }
    world.hq.clock.advance(120_000);
    world.settle().await;
    world.far.forget();
    (web, world)
}

#[tokio::test]
async fn zero_leaks_of_questions_projects_and_polls_on_the_way_out() {
    let (_web, world) = linked().await;
    let [site, inside, open] = rich(&world).await;
    // An open question with an answer for the organisation.
    let question = says(&world.ada, "!open #ask And which other openword? #glue").await;
    world.settle().await;
    let answer = answers(&world.bob, &question, "Only here: orgsecret").await;
    assert_eq!(answer["audience"], "organisation");
    answers(&world.ada, &answer, "@bob ✅").await;
    world.settle().await;
    assert_eq!(words(&world.arrived()), ["openword"]);
    assert_eq!(words(&home(&world.ola).await), ["openword"]);
    assert_eq!(words(&home(&world.lea).await), ["orgsecret", "openword"]);
    let arrived = world.arrived();
    let mut secret = hidden(&world.hq).await;
    secret.extend(hidden(&world.lyon).await);
    let written: Vec<&Value> = site.all().into_iter().chain(inside.all()).collect();
    assert!(written.iter().all(|post| secret.iter().any(|uri| uri == post["uri"].as_str().unwrap())), "{secret:?}");
    assert!(secret.len() > written.len(), "the concierge has written too");
    for uri in &secret {
        assert!(!arrived.contains(uri.as_str()), "{uri} in {arrived}");
    }
    for post in open.all() {
        assert!(arrived.contains(post["uri"].as_str().unwrap()), "{post}");
    }
    // What is open went each of these ways, and nothing else did.
    let inbox = world.far.inbox();
    let project = world.hq.url("/users/quietbearing");
    let passed: Vec<&Value> =
        inbox.iter().filter(|a| a["type"] == "Announce" && a["actor"] == *project).map(|a| &a["object"]).collect();
    assert_eq!(passed, [&open.hum["uri"]]);
    let updates = |kind: &str, is: &dyn Fn(&Value) -> bool| -> Vec<Value> {
        let of = inbox.iter().filter(|a| a["type"] == "Update" && a["object"]["type"] == *kind);
        of.map(|a| &a["object"]).filter(|object| is(object)).map(|object| object["id"].clone()).collect()
    };
    let voted = |question: &Value| question["votersCount"] == 1 && question["oneOf"][0]["replies"]["totalItems"] == 1;
    assert_eq!(updates("Question", &voted), [open.poll["uri"].clone()], "{inbox:?}");
    let settled = |note: &Value| note["askState"] == "answered" && note["acceptedAnswer"] == open.answer["uri"];
    assert_eq!(updates("Note", &settled), [open.question["uri"].clone()], "{inbox:?}");
    let ended = |note: &Value| note["askState"] == "answered" && note["acceptedAnswer"].is_null();
    assert_eq!(updates("Note", &ended), [question["uri"].clone()], "{inbox:?}");
    // Somebody at Lyon is asked what is for the organisation or for everybody, and is reminded of those answers only.
    let told = world.lea.get("/api/v1/notifications?types[]=mention").await.ok();
    assert_eq!(told.as_array().unwrap().len(), 3, "{told}");
    let question = says(&world.lea, "#ask What else sticks? #glue").await;
    world.settle().await;
    let thread = world.lea.get(&format!("/api/v1/statuses/{}/context", question["id"].as_str().unwrap())).await.text;
    let there = |post: &Value| thread.contains(post["url"].as_str().unwrap());
    // Two are named, of those that everybody who reads the question may read.
    assert_eq!([&inside.answer, &open.answer, &answer].into_iter().filter(|post| there(post)).count(), 2, "{thread}");
    assert!(!there(&site.answer), "{thread}");
    // Their ends.
    world.far.forget();
    for kind in [&site, &inside, &open] {
        for post in [&kind.link, &kind.question, &kind.hum, &kind.poll] {
            world.ada.delete(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.ok();
        }
    }
    world.settle().await;
    let ends: Vec<Value> =
        world.far.inbox().into_iter().filter(|a| a["type"] == "Announce").map(|a| a["object"].clone()).collect();
    assert_eq!(ends.iter().map(|end| &end["type"]).collect::<Vec<_>>(), ["Delete"], "{ends:?}");
    assert_eq!(ends[0]["object"], open.hum["uri"]);
    for uri in &secret {
        assert!(!world.arrived().contains(uri.as_str()), "{uri}");
    }
}

#[tokio::test]
async fn zero_leaks_of_questions_projects_and_polls_to_who_reads() {
    let (_web, world) = linked().await;
    let kinds = rich(&world).await;
    let nobody = Client::anonymous(&world.hq);
    let page = async |who: &Client, path: &str| {
        if path.starts_with("/api") {
            return who.get(path).await;
        }
        who.send(who.request("GET", path).header("accept", "text/html")).await
    };
    // Lists: each shows the open one to strangers and nothing else; people of the node meet all three.
    let project = known_account(&world.bob, "quietbearing").await;
    let url = "https%3A%2F%2Fsecure.test%2Fglue";
    for (path, for_people) in [
        (format!("/api/v1/timelines/link?url={url}"), true),
        ("/answers".to_owned(), false),
        ("/answers/glue".to_owned(), false),
        ("/api/v1/timelines/tag/glue".to_owned(), true),
        ("/tags/glue".to_owned(), false),
        ("/@quietbearing".to_owned(), false),
        (format!("/api/v1/accounts/{project}/statuses"), true),
    ] {
        let seen = page(&nobody, &path).await;
        assert_eq!((seen.status, words(&seen.text)), (200, vec!["openword"]), "{path}: {}", seen.text);
        if for_people {
            assert_eq!(words(&page(&world.bob, &path).await.text), WORDS, "{path}");
        }
    }
    let uses = async |who: &Client| {
        let trends = who.get("/api/v1/trends/links").await.ok();
        (trends[0]["title"].clone(), trends[0]["history"][0]["uses"].clone())
    };
    assert_eq!(uses(&nobody).await, (json!("Glue"), json!("1")));
    assert_eq!(uses(&world.bob).await, (json!("Glue"), json!("3")));
    // Each post behind each of its doors.
    for (number, (kind, word)) in kinds.iter().zip(WORDS).enumerate() {
        for post in kind.all() {
            let (id, uri) = (post["id"].as_str().unwrap(), post["uri"].as_str().unwrap());
            let (note, author) = (path(&world.hq, &post["uri"]), post["account"]["acct"].as_str().unwrap());
            let embed =
                format!("/api/oembed?url={}", url::form_urlencoded::byte_serialize(uri.as_bytes()).collect::<String>());
            let mut doors = vec![format!("/@{author}/{id}"), format!("/api/v1/statuses/{id}"), embed];
            doors.extend(
                ["context", "history", "reblogged_by", "favourited_by"]
                    .map(|end| format!("/api/v1/statuses/{id}/{end}")),
            );
            if let Some(poll) = post["poll"]["id"].as_str() {
                doors.push(format!("/api/v1/polls/{poll}"));
            }
            for door in doors {
                let seen = page(&nobody, &door).await;
                assert_eq!(seen.status, if number == 2 { 200 } else { 404 }, "{door}: {}", seen.text);
                assert!(number == 2 || words(&seen.text).is_empty(), "{door}: {}", seen.text);
            }
            for (who, is_for) in [("sam", number == 2), ("out", number == 2), ("lyon", number >= 1)] {
                for end in ["", "/activity", "/replies", "/replies?page=true", "/likes", "/shares"] {
                    let door = format!("{note}{end}");
                    let seen = match who {
                        "sam" => world.sam.reading(&world.hq, &door).send(&world.hq).await,
                        "out" => letter(&world.out, &world.hq, "GET", &door, None).await.send(&world.hq).await,
                        _ => letter(&world.lyon, &world.hq, "GET", &door, None).await.send(&world.hq).await,
                    };
                    assert_eq!(seen.status, if is_for { 200 } else { 404 }, "{who} {door}: {}", seen.text);
                    let told = words(&seen.text);
                    let expected = if is_for && matches!(end, "" | "/activity") { vec![word] } else { Vec::new() };
                    assert_eq!(told, expected, "{who} {door}: {}", seen.text);
                }
            }
        }
    }
    // What the project passed on is listed as far as it goes.
    for (who, expected) in [("sam", &kinds[2..]), ("lyon", &kinds[1..])] {
        let door = "/users/quietbearing/outbox?page=true";
        let listed = match who {
            "sam" => world.sam.reading(&world.hq, door).send(&world.hq).await.ok(),
            _ => letter(&world.lyon, &world.hq, "GET", door, None).await.send(&world.hq).await.ok(),
        };
        let mut passed: Vec<&Value> = listed["orderedItems"].as_array().unwrap().iter().collect();
        passed.retain(|item| item["type"] == "Announce");
        let mut passed: Vec<&str> = passed.iter().map(|item| item["object"].as_str().unwrap()).collect();
        passed.sort_unstable();
        let mut expected: Vec<&str> = expected.iter().map(|kind| kind.hum["uri"].as_str().unwrap()).collect();
        expected.sort_unstable();
        assert_eq!(passed, expected, "{who}");
    }
}
