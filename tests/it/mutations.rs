//! Real activities with every key changed to what does not belong there: never a server error, never an effect that is
//! not honest, and the node lives on (security checklist, rule 2, AUT-14, ROB-04, ROB-06b, REL-19).

use crate::support::{PUBLIC, Scene, Sender};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};
use watercooler::{db::Sql, model::Account, store, uri};

/// Paths of a document as lists of keys and positions; objects and lists themselves too.
fn paths(value: &Value, here: &[String], out: &mut Vec<Vec<String>>) {
    let mut deeper = |key: String, value: &Value| {
        let mut path = here.to_vec();
        path.push(key);
        out.push(path.clone());
        paths(value, &path, out);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| deeper(key.clone(), value)),
        Value::Array(list) => list.iter().enumerate().for_each(|(at, value)| deeper(at.to_string(), value)),
        _ => {}
    }
}

fn set(value: &mut Value, path: &[String], new: Value) {
    let place = path.iter().fold(value, |value, key| match value {
        Value::Array(list) => &mut list[key.parse::<usize>().unwrap()],
        other => &mut other[key.as_str()],
    });
    *place = new;
}

fn deep(levels: usize) -> Value {
    (0..levels).fold(json!("end"), |inner, _| json!({ "object": inner }))
}

/// What stands in the place of a value.
fn replacements(victims: &[String]) -> Vec<Value> {
    let mut all = vec![
        Value::Null,
        json!([]),
        json!({}),
        json!(0),
        json!(-9_223_372_036_854_775_808_i64),
        json!(1e308),
        json!(true),
        json!(""),
        json!("word \u{0}\u{202e}\u{1f4a9}"),
        json!([[["x"]]]),
        json!([null, 7, {"id": null, "type": [null, {}]}]),
        json!({"id": {"id": 7}, "type": {}, "href": [], "name": [1], "url": {"href": null}}),
        deep(40),
        json!("x".repeat(70_000)),
        json!("http://[::1"),
    ];
    all.extend(victims.iter().map(|victim| json!(victim)));
    all
}

/// What must be the same afterwards, whatever was sent: everything of this node, and everything of the victim.
async fn sacred(scene: &Scene) -> Vec<String> {
    let vera = scene.vera.id.clone();
    scene
        .node
        .app
        .read(move |conn| {
            let mut all = Vec::new();
            for sql in [
                "select p.uri || ' ' || p.content || ' ' || p.visibility || ' ' || p.account_id from posts p where p.local order by p.id",
                "select a.handle || ' ' || a.display_name || ' ' || a.note || ' ' || coalesce(a.inbox_url, '') from accounts a \
                 where a.domain is null order by a.id",
                "select o.title || ' ' || p.id from poll_options o join polls p on p.id = o.poll_id join posts x on x.id = p.post_id \
                 where x.local order by p.id, o.title",
            ] {
                all.extend(Sql::new(sql).load_texts(conn)?);
            }
            let Account { handle, inbox_url, public_key_id, public_key, display_name, deleted_at, moved_to_id, .. } =
                store::accounts::find_by_uri(conn, &vera)?.unwrap();
            all.push(format!("{handle} {inbox_url:?} {public_key_id:?} {public_key:?} {display_name} {deleted_at:?} {moved_to_id:?}"));
            Ok(all)
        })
        .await
        .unwrap()
}

/// Nothing stands in the database that nobody could have proven.
async fn honest(scene: &Scene, what: &str) {
    let pairs = scene
        .node
        .app
        .read(|conn| {
            Sql::new("select p.uri || ' ' || a.uri from posts p join accounts a on a.id = p.account_id")
                .load_texts(conn)
        })
        .await
        .unwrap();
    for pair in pairs {
        let (post, author) = pair.split_once(' ').unwrap();
        assert!(uri::same_authority(post, author), "{what}: {post} is not {author}'s");
    }
    for (sql, why) in [
        (
            "select count(*) from posts p join accounts a on a.id = p.account_id where p.local and a.domain is not null",
            "a foreign local post",
        ),
        (
            "select count(*) from accounts a where a.domain is null and a.handle not in ('bob', 'carol', 'concierge') and a.handle not like '%.%'",
            "a new local account",
        ),
        ("select count(*) from inbox_items where parked_at is not null", "a poisonous activity"),
        ("select count(*) from jobs j where j.buried_at is not null", "a poisonous job"),
        (
            "select count(*) from (select v.account_id from poll_votes v group by v.account_id, v.poll_id having count(*) > 1) x",
            "two votes",
        ),
    ] {
        let found = scene.node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap();
        assert_eq!(found, 0, "{what}: {why}");
    }
}

/// The pages and lists in which something broken would show.
async fn healthy(scene: &Scene, what: &str) {
    for path in [
        "/api/v1/timelines/home?limit=40",
        "/api/v1/timelines/public?limit=40",
        "/api/v1/notifications?limit=80",
        "/api/v1/conversations",
        "/api/v1/accounts/verify_credentials",
    ] {
        let reply = scene.bob.get(path).await;
        assert_eq!(reply.status, 200, "{what}: {path} {}", reply.text);
    }
    for uri in [&scene.ada.id, &scene.mallory.id] {
        if let Some(account) = scene.account_of(uri).await.filter(|a| a.deleted_at.is_none()) {
            let id = account.id;
            assert_eq!(scene.bob.get(&format!("/api/v1/accounts/{id}")).await.status, 200, "{what}");
            assert_eq!(scene.bob.get(&format!("/api/v1/accounts/{id}/statuses")).await.status, 200, "{what}");
        }
    }
}

/// Sends an activity with each of its values replaced, one at a time.
async fn torment(scene: &Scene, who: &Sender, what: &str, make: impl Fn(usize) -> Value) {
    let bob = scene.uri(&scene.bob);
    let own = scene.count("select max(id) from posts where local").await;
    let victims = [
        scene.vera.id.clone(),
        bob.clone(),
        format!("{bob}/statuses/{own}"),
        scene.node.url("/actor"),
        PUBLIC.to_owned(),
    ];
    let before = sacred(scene).await;
    let mut all = Vec::new();
    paths(&make(0), &[], &mut all);
    let mut letters = Vec::new();
    for path in &all {
        for new in replacements(&victims) {
            let mut activity = make(letters.len() + 1);
            set(&mut activity, path, new);
            letters.push((path.join("."), activity));
        }
    }
    // A key more than once is refused whole; keys that nobody knows mean nothing.
    let mut odd: Map<String, Value> = make(letters.len() + 1).as_object().unwrap().clone();
    for key in [
        "bcc",
        "bto",
        "audience",
        "instrument",
        "result",
        "origin",
        "signature",
        "proof",
        "@graph",
        "@reverse",
        "@included",
    ] {
        odd.insert(key.into(), json!([{ "id": victims[0], "type": "Person", "actor": victims[1] }]));
    }
    letters.push(("more".into(), Value::Object(odd)));
    let answers = stream::iter(letters)
        .map(|(path, activity)| async move {
            let reply = who.deliver(&scene.node, &activity).await;
            (path, activity, reply)
        })
        .buffer_unordered(8);
    let wrong: Vec<String> = answers
        .filter_map(|(path, activity, reply)| async move {
            let fine = matches!(reply.status, 200..=202 | 400..=413);
            (!fine).then(|| format!("{} {} at {path}: {:.600}", reply.status, reply.text, activity.to_string()))
        })
        .collect()
        .await;
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    scene.node.settle().await;
    assert_eq!(sacred(scene).await, before, "{what}");
    honest(scene, what).await;
    healthy(scene, what).await;
}

fn activity(who: &Sender, n: usize, kind: &str, object: Value) -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/activitystreams", { "toot": "http://joinmastodon.org/ns#" }],
        "id": format!("{}/{kind}/{n}", who.id),
        "type": kind,
        "actor": who.id,
        "object": object,
        "to": [PUBLIC],
        "cc": [format!("{}/followers", who.id)],
        "published": "2026-11-23T11:59:00Z",
    })
}

/// A note with about everything that programs put into one.
fn note(scene: &Scene, who: &Sender, n: usize, answers: &str) -> Value {
    let bob = scene.uri(&scene.bob);
    json!({
        "id": format!("{}/notes/m{n}", who.id),
        "type": "Note",
        "attributedTo": who.id,
        "to": [PUBLIC, bob],
        "cc": [format!("{}/followers", who.id)],
        "inReplyTo": answers,
        "url": who.peer.url(&format!("/@x/{n}")),
        "published": "2026-11-23T11:59:00Z",
        "updated": "2026-11-23T11:59:30Z",
        "summary": "careful",
        "sensitive": true,
        "content": "<p>hello</p>",
        "contentMap": { "en": "<p>hello</p>" },
        "source": { "content": "hello", "mediaType": "text/markdown" },
        "conversation": "tag:x,2026:1",
        "tag": [
            { "type": "Mention", "href": bob, "name": "@bob" },
            { "type": "Hashtag", "href": who.peer.url("/tags/a"), "name": "#a" },
            { "type": "Emoji", "id": who.peer.url("/emoji/1"), "name": ":blob:", "updated": "2026-01-01T00:00:00Z",
              "icon": { "type": "Image", "mediaType": "image/png", "url": who.peer.url("/e.png") } },
        ],
        "attachment": [
            { "type": "Document", "mediaType": "image/png", "url": who.peer.url("/a.png"), "name": "alt", "width": 3, "height": 4,
              "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj", "focalPoint": [0.1, -0.2] },
        ],
        "replies": { "type": "Collection", "first": { "type": "CollectionPage", "items": [] } },
        "likes": { "type": "Collection", "totalItems": 3 },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_19_posts_with_any_value_anywhere_do_no_harm() {
    let scene = Scene::new().await;
    let mine = scene.writes(&scene.bob, "public", "mine").await;
    let ada = scene.ada.clone();
    torment(&scene, &ada, "Create", |n| activity(&ada, n, "Create", note(&scene, &ada, n, &mine))).await;
    torment(&scene, &ada, "Create of a poll", |n| {
        let mut question = note(&scene, &ada, n, &mine);
        question["id"] = json!(format!("{}/notes/q{n}", ada.id));
        question["type"] = json!("Question");
        question["oneOf"] = json!([{ "type": "Note", "name": "yes", "replies": { "type": "Collection", "totalItems": 1 } }, { "name": "no" }]);
        question["endTime"] = json!("2026-11-24T12:00:00Z");
        question["votersCount"] = json!(1);
        for key in ["tag", "attachment", "contentMap", "source", "replies", "likes", "cc"] {
            question.as_object_mut().unwrap().remove(key);
        }
        activity(&ada, n, "Create", question)
    })
    .await;
    let known = scene.creates(&ada, &note(&scene, &ada, 900_000, &mine)).await;
    torment(&scene, &ada, "Update", |n| {
        let mut changed = note(&scene, &ada, 900_000, &mine);
        changed["content"] = json!(format!("<p>changed {n}</p>"));
        for key in ["contentMap", "source", "replies", "likes"] {
            changed.as_object_mut().unwrap().remove(key);
        }
        activity(&ada, n, "Update", changed)
    })
    .await;
    assert!(scene.post(&known).await.is_some());
    // Posts of one and the same moment stand in any order.
    scene.node.clock.advance(1_000);
    let again = scene.note(&ada, "after", "<p>and on it goes</p>");
    let uri = scene.creates(&ada, &again).await;
    assert!(scene.home(&scene.bob).await.contains(&uri), "a whole post is taken as before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_19_profiles_and_moves_with_any_value_anywhere_do_no_harm() {
    let scene = Scene::new().await;
    scene.writes(&scene.bob, "public", "mine").await;
    let mallory = scene.mallory.clone();
    let key = mallory.signer.key.public_pem().unwrap();
    torment(&scene, &mallory, "Update of an actor", |n| {
        let mut actor = mallory.peer.person("mallory", &key);
        actor["summary"] = json!("<p>x</p>");
        actor["icon"] = json!({ "type": "Image", "url": mallory.peer.url("/i.png") });
        actor["attachment"] = json!([{ "type": "PropertyValue", "name": "a", "value": "b" }]);
        actor["tag"] = json!([{ "type": "Hashtag", "name": "#a" }]);
        actor["alsoKnownAs"] = json!([mallory.peer.url("/users/old")]);
        actor["published"] = json!("2020-01-01T00:00:00Z");
        actor["discoverable"] = json!(true);
        actor["manuallyApprovesFollowers"] = json!(false);
        activity(&mallory, n, "Update", actor)
    })
    .await;
    let row = scene.account(&mallory).await;
    assert_eq!(row.handle, format!("mallory@{}", scene.east.authority));
    assert_eq!(row.inbox_url, Some(format!("{}/inbox", mallory.id)));
    torment(&scene, &mallory, "Move", |n| {
        let mut moved = activity(&mallory, n, "Move", json!(mallory.id));
        moved["target"] = json!(scene.vera.id);
        moved
    })
    .await;
    assert_eq!(scene.account(&mallory).await.moved_to_id, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_19_relations_with_any_value_anywhere_do_no_harm() {
    let scene = Scene::new().await;
    let mine = scene.writes(&scene.bob, "public", "mine").await;
    let secret = scene.writes(&scene.bob, "direct", "secret").await;
    let (mallory, bob) = (scene.mallory.clone(), scene.uri(&scene.bob));
    let made = scene
        .bob
        .post(
            "/api/v1/statuses",
            json!({ "status": "which?", "poll": { "options": ["yes", "no"], "expires_in": 86_400 } }),
        )
        .await
        .ok();
    let poll = made["uri"].as_str().unwrap().to_owned();
    let featured = format!("{}/collections/featured", mallory.id);
    for (kind, object) in [
        ("Follow", json!(bob)),
        ("Like", json!(mine)),
        ("Like", json!(secret)),
        ("EmojiReact", json!(mine)),
        ("Announce", json!(mine)),
        ("Announce", json!(secret)),
        ("Announce", activity(&mallory, 0, "Create", note(&scene, &scene.vera, 1, &mine))),
        ("Flag", json!([bob, mine, mallory.peer.url("/x")])),
        ("Block", json!(bob)),
        ("Delete", json!({ "id": format!("{}/notes/d", mallory.id), "type": "Tombstone", "formerType": "Note" })),
        ("Accept", json!({ "id": format!("{bob}/follows/1"), "type": "Follow", "actor": bob, "object": mallory.id })),
        ("Reject", json!({ "id": format!("{bob}/follows/1"), "type": "Follow", "actor": bob, "object": mallory.id })),
        (
            "Undo",
            json!({ "id": format!("{}/Follow/1", mallory.id), "type": "Follow", "actor": mallory.id, "object": bob }),
        ),
        (
            "Undo",
            json!({ "id": format!("{}/Like/1", mallory.id), "type": "Like", "actor": mallory.id, "object": mine }),
        ),
        (
            "Undo",
            json!({ "id": format!("{}/Announce/1", mallory.id), "type": "Announce", "actor": mallory.id, "object": mine }),
        ),
        (
            "Undo",
            json!({ "id": format!("{}/Block/1", mallory.id), "type": "Block", "actor": mallory.id, "object": bob }),
        ),
        ("Dislike", json!(mine)),
    ] {
        torment(&scene, &mallory, kind, |n| {
            let mut sent = activity(&mallory, n, kind, object.clone());
            sent["content"] = json!("because");
            sent
        })
        .await;
    }
    for kind in ["Add", "Remove"] {
        torment(&scene, &mallory, kind, |n| {
            let mut sent = activity(&mallory, n, kind, json!(format!("{}/notes/p{n}", mallory.id)));
            sent["target"] = json!(featured);
            sent
        })
        .await;
    }
    torment(&scene, &mallory, "a vote", |n| {
        let vote = json!({
            "id": format!("{}/votes/{n}", mallory.id), "type": "Note", "name": "yes", "attributedTo": mallory.id,
            "inReplyTo": poll, "to": [bob], "published": "2026-11-23T11:59:00Z",
        });
        let mut sent = activity(&mallory, n, "Create", vote);
        sent["to"] = json!([bob]);
        sent.as_object_mut().unwrap().remove("cc");
        sent
    })
    .await;
    // bob follows ada as before, who had no part in this; nobody follows or is followed who did not say so.
    let follows = scene
        .count("select count(*) from follows f join accounts a on a.id = f.account_id where a.handle = 'bob'")
        .await;
    assert_eq!(follows, 1);
    let seen =
        scene.count("select count(*) from favourites f join posts p on p.id = f.post_id where p.visibility > 1").await;
    assert_eq!(seen, 0, "nobody likes what they cannot see");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sec_sig_02_odd_headers_are_refused_or_read_and_never_a_failure_of_ours() {
    let scene = Scene::new().await;
    let ada = scene.ada.clone();
    let long = "x".repeat(3_000);
    let odd = [
        "",
        " ",
        ",",
        ";",
        "=",
        "\"",
        "\\",
        "(",
        "()",
        "sig1=()",
        "sig1=();created=99999999999999999999",
        "null",
        "0",
        "-1",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Thu, 99 Foo 9999 99:99:99 GMT",
        "SHA-256=",
        "SHA-256=x",
        "sha-256=:AA==:",
        "SHA-512=AAAA,SHA-256=AAAA",
        "keyId=\"x\"",
        "keyId=\"http://[::1]/\",signature=\"AAAA\"",
        "keyId=\"http://localhost./x\",headers=\"\",signature=\"AAAA\"",
        "keyId=\"//x\",headers=\"(request-target) host date digest\",signature=\"AAAA\"",
        "application/ld+json; profile=\"",
        "APPLICATION/JSON",
        "text/html",
        "multipart/form-data",
        "[::1]",
        "[::ffff:127.0.0.1]:80",
        "127.0.0.1",
        "alpha.test.",
        "ALPHA.TEST",
        "\u{e4}\u{1f4a9}.test",
        "a b",
        "a@b",
        "bob:secret@alpha.test",
        "gzip",
        "chunked",
        long.as_str(),
    ];
    let fields = [
        "signature",
        "signature-input",
        "digest",
        "content-digest",
        "date",
        "content-type",
        "host",
        "authorization",
        "accept",
        "content-encoding",
        "expect",
        "x-forwarded-for",
        "x-forwarded-host",
        "forwarded",
        "collection-synchronization",
    ];
    let mut letters = Vec::new();
    for (number, (field, value)) in fields.iter().flat_map(|f| odd.iter().map(move |v| (*f, *v))).enumerate() {
        let body = activity(&ada, number, "View", json!("https://nowhere.example/1"));
        let mut instead = ada.letter(&scene.node, "/inbox", &body);
        instead.headers.retain(|(name, _)| name != field);
        instead.headers.push((field.to_owned(), value.to_owned()));
        let mut beside = ada.letter(&scene.node, "/inbox", &body);
        beside.headers.push((field.to_owned(), value.to_owned()));
        letters.extend([(field, value, instead), (field, value, beside)]);
    }
    let node = &scene.node;
    let wrong: Vec<String> = stream::iter(letters)
        .map(|(field, value, letter)| async move {
            let reply = letter.try_send(node).await;
            let fine = reply.as_ref().is_none_or(|reply| matches!(reply.status, 200..=202 | 400..=431));
            (!fine).then(|| format!("{field}: {value:.80} {reply:?}"))
        })
        .buffer_unordered(8)
        .filter_map(|wrong| async move { wrong })
        .collect()
        .await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(scene.east.received().iter().all(|r| r.path != "/x"), "nobody was asked for what an odd header names");
    healthy(&scene, "odd headers").await;
    honest(&scene, "odd headers").await;
}

#[tokio::test]
async fn fed_rob_07_odd_addresses_are_not_found_and_never_a_failure_of_ours() {
    let scene = Scene::new().await;
    let own = scene.writes(&scene.bob, "public", "mine").await;
    let id = own.rsplit('/').next().unwrap().to_owned();
    let names = [
        "bob",
        "BOB",
        "bob%00",
        "b%6fb",
        "%ff",
        "%2e%2e",
        "..%2f..",
        "bob%2Finbox",
        "%E2%80%AEbob",
        "-1",
        "actor",
        "'or'1'='1",
        "*",
        &"x".repeat(4_000),
    ];
    let ids = [id.as_str(), "0", "-1", "99999999999999999999", "1e9", "%00", "abc", "0x1", "'"];
    let queries = [
        "",
        "?page=true",
        "?page=1e99",
        "?page=-1",
        "?max_id=abc",
        "?min_id=-9&max_id=99999999999999999999",
        "?page=true&max_id=%00",
        "?%ff=%ff",
        "?page[]=1",
    ];
    let mut paths = Vec::new();
    for name in names {
        for rest in ["", "/inbox", "/outbox", "/followers", "/following", "/collections/featured", "/collections/tags"]
        {
            paths.push(format!("/users/{name}{rest}"));
        }
        paths.push(format!("/@{name}"));
        paths.push(format!("/.well-known/webfinger?resource=acct:{name}@{}", scene.node.domain));
        paths.push(format!("/.well-known/webfinger?resource={name}"));
    }
    for id in ids {
        for rest in ["", "/activity", "/replies", "/likes", "/shares"] {
            paths.push(format!("/users/bob/statuses/{id}{rest}"));
        }
        paths.extend([format!("/@bob/{id}"), format!("/activities/{id}"), format!("/nodeinfo/{id}")]);
    }
    for query in queries {
        for rest in ["outbox", "followers", "following", "collections/featured", "collections/tags"] {
            paths.push(format!("/users/bob/{rest}{query}"));
        }
        for rest in ["replies", "likes", "shares"] {
            paths.push(format!("/users/bob/statuses/{id}/{rest}{query}"));
        }
    }
    let stranger = crate::support::Client::anonymous(&scene.node);
    for path in paths {
        for accept in ["application/activity+json", "text/html", "*/*;q=x", "application/ld+json; profile=\""] {
            let reply = stranger.send(stranger.request("GET", &path).header("accept", accept)).await;
            assert!(reply.status < 500, "{} {path} {accept}: {}", reply.status, reply.text);
        }
    }
}
