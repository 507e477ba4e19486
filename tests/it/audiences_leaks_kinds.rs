//! The leak test of the three audiences, of what is more than a text: links, questions and their answers, polls, projects and
//! what names them.

use crate::{
    audiences::{WORDS, World, answers, follow, home, path, says, words},
    audiences_leaks::known_account,
    projects::{bearing, register},
    support::{Client, Node, Web, organisation::letter},
};
use serde_json::{Value, json};
use watercooler::db::Sql;

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
