//! Posts through the client API.

use crate::support::{Client, Node, Reply, settle};
use serde_json::{Value, json};

async fn write(client: &Client, body: Value) -> Value {
    client.post("/api/v1/statuses", body).await.ok()
}

fn id(document: &Value) -> String {
    document["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_post_has_every_field_clients_decode() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let body = json!({ "status": "Hello #World\n\nSee https://a.example/x", "spoiler_text": "news", "language": "en" });
    let post = write(&ada, body).await;
    assert_eq!(
        post["content"],
        format!(
            "<p>Hello <a href=\"{}\" class=\"mention hashtag\" rel=\"tag\">#<span>World</span></a></p><p>See <a \
             href=\"https://a.example/x\" target=\"_blank\" rel=\"nofollow noopener\" translate=\"no\"><span \
             class=\"invisible\">https://</span><span class=\"\">a.example/x</span><span \
             class=\"invisible\"></span></a></p>",
            node.url("/tags/world")
        )
    );
    for (field, value) in [
        ("visibility", json!("public")),
        ("sensitive", json!(true)),
        ("spoiler_text", json!("news")),
        ("language", json!("en")),
        ("created_at", json!("2026-11-23T12:00:00.000Z")),
        ("edited_at", json!(null)),
        ("in_reply_to_id", json!(null)),
        ("reblog", json!(null)),
        ("card", json!(null)),
        ("poll", json!(null)),
        ("media_attachments", json!([])),
        ("mentions", json!([])),
        ("emojis", json!([])),
        ("favourited", json!(false)),
        ("reblogged", json!(false)),
        ("bookmarked", json!(false)),
        ("muted", json!(false)),
        ("pinned", json!(false)),
        ("filtered", json!([])),
        ("url", json!(node.url(&format!("/@ada/{}", id(&post))))),
        ("uri", json!(node.url(&format!("/users/ada/statuses/{}", id(&post))))),
        ("tags", json!([{ "name": "world", "url": node.url("/tags/world") }])),
    ] {
        assert_eq!(post[field], value, "{field}");
    }
    assert_eq!(post["account"]["acct"], "ada");
    assert!(post["application"]["name"].is_string());
    let path = format!("/api/v1/statuses/{}", id(&post));
    assert_eq!(ada.get(&path).await.ok(), post);
    let seen = Client::anonymous(&node).get(&path).await.ok();
    assert!(seen.get("favourited").is_none() && seen.get("pinned").is_none());
    let source = ada.get(&format!("{path}/source")).await.ok();
    assert_eq!(source["text"], "Hello #World\n\nSee https://a.example/x");
    assert_eq!(source["spoiler_text"], "news");
}

#[tokio::test]
async fn posts_come_in_every_encoding_and_their_key_makes_them_once() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let form = [("status", "formed"), ("visibility", "unlisted"), ("sensitive", "1")];
    let formed = ada.post_form("/api/v1/statuses", &form).await.ok();
    assert_eq!((&formed["visibility"], &formed["sensitive"]), (&json!("unlisted"), &json!(true)));
    let queried = ada.send(ada.request("POST", "/api/v1/statuses/?status=queried")).await.ok();
    assert_eq!(queried["content"], "<p>queried</p>");
    let keyed = |text: &str| {
        ada.request("POST", "/api/v1/statuses").header("Idempotency-Key", "k").json(&json!({ "status": text }))
    };
    let first = ada.send(keyed("once")).await.ok();
    assert_eq!(ada.send(keyed("once")).await.ok(), first);
}

#[tokio::test]
async fn rel_01_long_keys_that_only_begin_alike_are_different_requests() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let keyed = |end: &str| {
        let key = format!("{}{end}", "k".repeat(255));
        ada.request("POST", "/api/v1/statuses").header("Idempotency-Key", &key).json(&json!({ "status": "long" }))
    };
    let first = ada.send(keyed("1")).await.ok();
    assert_ne!(ada.send(keyed("2")).await.ok()["id"], first["id"]);
    assert_ne!(ada.send(keyed("")).await.ok()["id"], first["id"]);
    assert_eq!(ada.send(keyed("1")).await.ok()["id"], first["id"]);
}

#[tokio::test]
async fn refusals_name_what_is_wrong() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    for body in [
        json!({}),
        json!({ "status": "" }),
        json!({ "status": "x".repeat(5_001) }),
        json!({ "status": "x", "visibility": "limited" }),
        json!({ "status": "x", "media_ids": ["1"] }),
        json!({ "status": "x", "media_ids": ["nonsense"] }),
        json!({ "status": "x", "language": "gibberish" }),
        json!({ "status": "x", "poll": { "options": ["only one"], "expires_in": 600 } }),
        json!({ "status": "x", "poll": { "options": ["a", "b"] } }),
        json!({ "status": "x", "scheduled_at": "2026-11-23T12:04:00Z" }),
    ] {
        let reply = ada.post("/api/v1/statuses", body.clone()).await;
        assert_eq!(reply.status, 422, "{body}");
        assert!(reply.json()["error"].is_string());
    }
    assert_eq!(ada.post("/api/v1/statuses", json!({ "status": "x", "in_reply_to_id": "1" })).await.status, 404);
    assert_eq!(Client::anonymous(&node).post("/api/v1/statuses", json!({ "status": "x" })).await.status, 401);
    for path in ["/api/v1/statuses/1", "/api/v1/statuses/x", "/api/v1/statuses/99999999999999999999/history"] {
        assert_eq!(ada.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn sec_prv_02_an_invisible_post_is_not_there() {
    let node = Node::start().await;
    let (ada, eve) = (node.member("ada").await, node.member("eve").await);
    let post = write(
        &ada,
        json!({ "status": "for nobody", "visibility": "direct", "poll": {
        "options": ["a", "b"], "expires_in": 600 } }),
    )
    .await;
    let (post_id, poll_id) = (id(&post), id(&post["poll"]));
    for viewer in [&eve, &Client::anonymous(&node)] {
        for path in ["", "/history", "/source", "/context", "/favourited_by", "/reblogged_by"] {
            let reply = viewer.get(&format!("/api/v1/statuses/{post_id}{path}")).await;
            let signed_in_only = path == "/source" && viewer.id.is_empty();
            assert_eq!(reply.status, if signed_in_only { 401 } else { 404 }, "{path}");
        }
        assert_eq!(viewer.get(&format!("/api/v1/polls/{poll_id}")).await.status, 404);
        assert_eq!(viewer.get(&format!("/api/v1/statuses?id[]={post_id}")).await.ok(), json!([]));
    }
    for action in ["favourite", "unfavourite", "reblog", "unreblog", "bookmark", "unbookmark", "pin", "mute", "unmute"]
    {
        let reply = eve.post(&format!("/api/v1/statuses/{post_id}/{action}"), json!({})).await;
        assert_eq!(reply.status, 404, "{action}");
    }
    assert_eq!(eve.post(&format!("/api/v1/polls/{poll_id}/votes"), json!({ "choices": [0] })).await.status, 404);
    assert_eq!(eve.delete(&format!("/api/v1/statuses/{post_id}")).await.status, 404);
    assert_eq!(eve.put(&format!("/api/v1/statuses/{post_id}"), json!({ "status": "x" })).await.status, 404);
}

#[tokio::test]
async fn reactions_show_on_the_post_and_act_on_the_original() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let post = write(&ada, json!({ "status": "like me" })).await;
    let act = async |who: &Client, id: &str, action: &str| -> Reply {
        who.post(&format!("/api/v1/statuses/{id}/{action}"), json!({})).await
    };
    let boost = act(&bob, &id(&post), "reblog").await.ok();
    assert_ne!(boost["id"], post["id"]);
    assert_eq!((&boost["reblog"]["id"], &boost["reblog"]["reblogged"]), (&post["id"], &json!(true)));
    assert_eq!(boost["reblog"]["reblogs_count"], 1);
    let liked = act(&bob, &id(&boost), "favourite").await.ok();
    assert_eq!(
        (&liked["id"], &liked["favourited"], &liked["favourites_count"]),
        (&post["id"], &json!(true), &json!(1))
    );
    act(&bob, &id(&post), "bookmark").await.ok();
    for (list, other) in [("/api/v1/favourites", "/api/v1/bookmarks"), ("/api/v1/bookmarks", "/api/v1/favourites")] {
        let reply = bob.get(list).await;
        assert_eq!(reply.ok()[0]["id"], post["id"]);
        assert!(reply.header("link").contains("rel=\"next\""), "{other}");
    }
    let plain = act(&bob, &id(&post), "unfavourite").await.ok();
    assert_eq!((&plain["favourited"], &plain["favourites_count"]), (&json!(false), &json!(0)));
    let plain = act(&bob, &id(&boost), "unreblog").await.ok();
    assert_eq!((&plain["id"], &plain["reblogged"], &plain["reblogs_count"]), (&post["id"], &json!(false), &json!(0)));
    assert_eq!(act(&bob, &id(&post), "unbookmark").await.ok()["bookmarked"], false);
    assert_eq!(bob.get("/api/v1/bookmarks").await.ok(), json!([]));
    assert_eq!(act(&bob, &id(&boost), "favourite").await.status, 404);
    assert_eq!(act(&bob, &id(&post), "pin").await.status, 422);
    assert_eq!(act(&ada, &id(&post), "pin").await.ok()["pinned"], true);
    assert_eq!(act(&ada, &id(&post), "unpin").await.ok()["pinned"], false);
    assert_eq!(act(&bob, &id(&post), "mute").await.ok()["muted"], true);
    assert_eq!(act(&bob, &id(&post), "unmute").await.ok()["muted"], false);
}

#[tokio::test]
async fn what_is_taken_back_from_a_post_of_whoever_blocks_is_answered_with_the_post() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let post = write(&ada, json!({ "status": "for a while" })).await;
    let act = async |action: &str| bob.post(&format!("/api/v1/statuses/{}/{action}", id(&post)), json!({})).await;
    for action in ["reblog", "favourite", "bookmark"] {
        act(action).await.ok();
    }
    ada.post(&format!("/api/v1/accounts/{}/block", bob.id), json!({})).await.ok();
    for (action, mark) in [("unreblog", "reblogged"), ("unfavourite", "favourited"), ("unbookmark", "bookmarked")] {
        let seen = act(action).await.ok();
        assert_eq!((&seen["id"], &seen[mark]), (&post["id"], &json!(false)), "{action}");
        assert_eq!(bob.get(&format!("/api/v1/statuses/{}", id(&post))).await.status, 404);
    }
    assert_eq!(act("unfavourite").await.status, 404, "nothing is left to take back");
    let left = ada.get(&format!("/api/v1/statuses/{}", id(&post))).await.ok();
    assert_eq!((&left["reblogs_count"], &left["favourites_count"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn a_client_says_whom_a_post_may_name() {
    let node = Node::start().await;
    let (ada, bob, carl) = (node.member("ada").await, node.member("bob").await, node.member("carl").await);
    let text = "@bob hm, @carl is rather slow lately";
    for allowed in [json!([bob.id]), json!(bob.id), json!([])] {
        let refused = ada.post("/api/v1/statuses", json!({ "status": text, "allowed_mentions": allowed })).await;
        assert_eq!(refused.status, 422);
        let said = refused.json();
        assert!(said["error"].as_str().unwrap().contains("unexpected accounts"), "{said}");
        let strangers = said["unexpected_accounts"].as_array().unwrap();
        assert!(strangers.iter().any(|one| one["id"] == carl.id && one["acct"] == "carl"), "{said}");
        assert_eq!(strangers.len(), if allowed == json!([]) { 2 } else { 1 });
    }
    assert_eq!(ada.get(&format!("/api/v1/accounts/{}/statuses", ada.id)).await.ok(), json!([]));
    assert_eq!(carl.get("/api/v1/notifications?types[]=mention").await.ok(), json!([]));
    for allowed in [json!([carl.id, bob.id]), json!(null)] {
        let post = write(&ada, json!({ "status": text, "allowed_mentions": allowed })).await;
        assert_eq!(post["mentions"].as_array().unwrap().len(), 2);
    }
    // A post that waits names them as well.
    let later = json!({ "status": text, "allowed_mentions": [bob.id], "scheduled_at": "2026-11-25T08:30:00.000Z" });
    assert_eq!(ada.post("/api/v1/statuses", later).await.status, 422);
    assert_eq!(ada.get("/api/v1/scheduled_statuses").await.ok(), json!([]));
}

#[tokio::test]
async fn posts_are_asked_for_twenty_at_once() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let post = write(&ada, json!({ "status": "one of many" })).await;
    let ask = async |others: usize| {
        let others: String = (1..=others).map(|n| format!("&id[]={n}")).collect();
        ada.get(&format!("/api/v1/statuses?id[]={}{others}", id(&post))).await
    };
    assert_eq!(ask(19).await.ok()[0]["id"], post["id"]);
    let refused = ask(20).await;
    assert!(refused.status == 422 && refused.json()["error"].is_string(), "{}", refused.text);
}

#[tokio::test]
async fn edits_are_shown_with_their_history() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let post = write(&ada, json!({ "status": "frist" })).await;
    let path = format!("/api/v1/statuses/{}", id(&post));
    node.clock.advance(5_000);
    let edited = ada.put(&path, json!({ "status": "first", "spoiler_text": "typo" })).await.ok();
    assert_eq!(
        (&edited["content"], &edited["edited_at"]),
        (&json!("<p>first</p>"), &json!("2026-11-23T12:00:05.000Z"))
    );
    assert_eq!(edited["created_at"], post["created_at"]);
    let history = ada.get(&format!("{path}/history")).await.ok();
    assert_eq!(history[0]["content"], "<p>frist</p>");
    assert_eq!((&history[1]["content"], &history[1]["spoiler_text"]), (&json!("<p>first</p>"), &json!("typo")));
    assert_eq!(history[1]["created_at"], "2026-11-23T12:00:05.000Z");
    assert_eq!(history[0]["account"]["id"], ada.id);
    assert_eq!(ada.patch(&path, json!({ "status": "" })).await.status, 422);
}

#[tokio::test]
async fn a_deleted_post_comes_back_with_its_source_once() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let post = write(&ada, json!({ "status": "redraft *me*" })).await;
    let path = format!("/api/v1/statuses/{}", id(&post));
    let gone = ada.delete(&path).await.ok();
    assert_eq!((&gone["id"], &gone["text"]), (&post["id"], &json!("redraft *me*")));
    assert_eq!(ada.get(&path).await.status, 404);
    assert_eq!(ada.delete(&path).await.status, 404);
}

#[tokio::test]
async fn polls_are_voted_in_once_and_end() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let post = write(
        &ada,
        json!({ "status": "tea?", "poll": {
        "options": ["yes", "no"], "expires_in": 600, "multiple": "false", "hide_totals": true } }),
    )
    .await;
    let poll = &post["poll"];
    assert_eq!(
        (&poll["voted"], &poll["own_votes"], &poll["expired"], &poll["multiple"], &poll["emojis"]),
        (&json!(true), &json!([]), &json!(false), &json!(false), &json!([]))
    );
    assert_eq!(poll["expires_at"], "2026-11-23T12:10:00.000Z");
    let path = format!("/api/v1/polls/{}", id(poll));
    let votes = format!("{path}/votes");
    for bad in [json!({}), json!({ "choices": [2] }), json!({ "choices": [0, 1] }), json!({ "choices": ["x"] })] {
        assert_eq!(bob.post(&votes, bad).await.status, 422);
    }
    let voted = bob.send(bob.request("POST", &format!("{votes}?choices[]=1"))).await.ok();
    assert_eq!((&voted["voted"], &voted["own_votes"], &voted["voters_count"]), (&json!(true), &json!([1]), &json!(1)));
    assert_eq!(voted["options"][1], json!({ "title": "no", "votes_count": null }));
    assert_eq!(bob.post(&votes, json!({ "choices": [0] })).await.status, 422);
    assert_eq!(ada.post(&votes, json!({ "choices": [0] })).await.status, 422);
    node.clock.advance(600_000);
    node.settle().await;
    let ended = Client::anonymous(&node).get(&path).await.ok();
    assert_eq!((&ended["expired"], &ended["votes_count"]), (&json!(true), &json!(1)));
    assert_eq!(ended["options"][1]["votes_count"], 1);
    assert!(ended.get("voted").is_none());
    let told = bob.get("/api/v1/notifications?types[]=poll").await.ok();
    assert_eq!(told[0]["status"]["id"], post["id"]);
}

#[tokio::test]
async fn where_several_may_be_chosen_others_may_be_added_later_and_a_poll_may_have_a_picture() {
    let (alpha, beta) = Node::two().await;
    let (ada, bob, eve) = (alpha.member("ada").await, alpha.member("bob").await, beta.member("eve").await);
    let file = crate::media::upload(&ada, &crate::media::picture(20, 20)).await;
    let question = json!({ "status": "what?", "media_ids": [file["id"]], "poll": {
        "options": ["tea", "coffee", "milk"], "expires_in": 600, "multiple": true } });
    let post = write(&ada, question).await;
    assert_eq!(post["media_attachments"][0]["id"], file["id"]);
    let votes = |id: &str| format!("/api/v1/polls/{id}/votes");
    let here = votes(&id(&post["poll"]));
    assert_eq!(bob.post(&here, json!({ "choices": [1] })).await.ok()["own_votes"], json!([1]));
    let said = bob.post(&here, json!({ "choices": [1, 2] })).await;
    assert!(said.status == 422 && said.text.contains("already voted"), "{}", said.text);
    alpha.clock.advance(1_000);
    let more = bob.post(&here, json!({ "choices": [0] })).await.ok();
    assert_eq!(
        (&more["own_votes"], &more["votes_count"], &more["voters_count"]),
        (&json!([1, 0]), &json!(2), &json!(1))
    );
    // From elsewhere, each choice is sent once.
    let query = format!("/api/v2/search?resolve=true&q={}", post["uri"].as_str().unwrap());
    let there = eve.get(&query).await.ok()["statuses"][0].clone();
    let there = votes(&id(&there["poll"]));
    for choice in [2, 0] {
        eve.post(&there, json!({ "choices": [choice] })).await.ok();
        alpha.clock.advance(1_000);
        settle(&[&alpha, &beta]).await;
    }
    let poll = ada.get(&format!("/api/v1/polls/{}", id(&post["poll"]))).await.ok();
    let counts: Vec<i64> =
        poll["options"].as_array().unwrap().iter().map(|o| o["votes_count"].as_i64().unwrap()).collect();
    assert_eq!((counts, &poll["voters_count"]), (vec![2, 1, 1], &json!(2)));
}

#[tokio::test]
async fn fed_out_04_a_mention_of_a_stranger_reaches_them() {
    let (alpha, beta) = Node::two().await;
    let (ada, bob) = (alpha.member("ada").await, beta.member("bob").await);
    let text = format!("psst @bob@{} and @nobody@{}", beta.domain, beta.domain);
    let post = write(&ada, json!({ "status": text, "visibility": "direct" })).await;
    assert_eq!(post["mentions"].as_array().unwrap().len(), 1);
    assert_eq!(post["mentions"][0]["acct"], format!("bob@{}", beta.domain));
    let content = post["content"].as_str().unwrap();
    assert!(content.contains(&format!("href=\"{}\"", post["mentions"][0]["url"].as_str().unwrap())), "{content}");
    settle(&[&alpha, &beta]).await;
    let told = bob.get("/api/v1/notifications").await.ok();
    assert_eq!((&told[0]["type"], &told[0]["status"]["uri"]), (&json!("mention"), &post["uri"]));
}

#[tokio::test]
async fn fed_thr_04_an_answer_to_another_node_reaches_its_author_and_comes_back_in_the_thread() {
    let (alpha, beta) = Node::two().await;
    let (ada, bob) = (alpha.member("ada").await, beta.member("bob").await);
    let found = bob.get(&format!("/api/v2/search?resolve=true&q=ada@{}", alpha.domain)).await.ok();
    let ada_there = found["accounts"][0]["id"].as_str().unwrap().to_owned();
    bob.post(&format!("/api/v1/accounts/{ada_there}/follow"), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    let root = write(&ada, json!({ "status": "anybody?" })).await;
    settle(&[&alpha, &beta]).await;
    let seen = bob.get("/api/v1/timelines/home").await.ok();
    assert_eq!(seen[0]["uri"], root["uri"]);
    // Nobody is named: the author of the parent is addressed all the same.
    let answer = write(&bob, json!({ "status": "me", "in_reply_to_id": seen[0]["id"] })).await;
    settle(&[&alpha, &beta]).await;
    let thread = ada.get(&format!("/api/v1/statuses/{}/context", id(&root))).await.ok();
    assert_eq!(thread["descendants"][0]["uri"], answer["uri"]);
    assert_eq!(ada.get(&format!("/api/v1/statuses/{}", id(&root))).await.ok()["replies_count"], 1);
    assert_eq!(ada.get("/api/v1/notifications?types[]=mention").await.ok()[0]["status"]["uri"], answer["uri"]);
}

#[tokio::test]
async fn fed_poll_02_votes_travel_to_the_poll_and_tallies_travel_back() {
    let (alpha, beta) = Node::two().await;
    let (ada, bob) = (alpha.member("ada").await, beta.member("bob").await);
    let poll = json!({ "options": ["yes", "no"], "expires_in": 3600 });
    let post = write(&ada, json!({ "status": "tea?", "poll": poll })).await;
    let query = format!("/api/v2/search?resolve=true&type=statuses&q={}", post["url"].as_str().unwrap());
    let there = bob.get(&query).await.ok()["statuses"][0].clone();
    assert_eq!(there["poll"]["options"][1]["title"], "no");
    let voted = bob.post(&format!("/api/v1/polls/{}/votes", id(&there["poll"])), json!({ "choices": [1] })).await.ok();
    // The count waits for the author's server.
    assert_eq!((&voted["voted"], &voted["votes_count"]), (&json!(true), &json!(0)));
    settle(&[&alpha, &beta]).await;
    let here = ada.get(&format!("/api/v1/polls/{}", id(&post["poll"]))).await.ok();
    assert_eq!((&here["votes_count"], &here["voters_count"]), (&json!(1), &json!(1)));
    alpha.clock.advance(181_000);
    settle(&[&alpha, &beta]).await;
    let told = bob.get(&format!("/api/v1/polls/{}", id(&there["poll"]))).await.ok();
    assert_eq!((&told["options"][1]["votes_count"], &told["own_votes"]), (&json!(1), &json!([1])));
    // A vote is no post (POLL-05).
    assert!(ada.get("/api/v1/notifications?types[]=mention").await.ok().as_array().unwrap().is_empty());
}

#[tokio::test]
async fn another_language_alone_is_an_edit_and_the_post_is_found_by_it() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let post = write(&ada, json!({ "status": "Harbour", "language": "en" })).await;
    let path = format!("/api/v1/statuses/{}", id(&post));
    node.clock.advance(5_000);
    let edited = ada.put(&path, json!({ "status": "Harbour", "language": "de" })).await.ok();
    let at = &json!("2026-11-23T12:00:05.000Z");
    assert_eq!((&edited["language"], &edited["edited_at"]), (&json!("de"), at));
    for (language, many) in [("de", 1), ("en", 0)] {
        let found = ada.get(&format!("/api/v2/search?type=statuses&q=harbour%20language:{language}")).await.ok();
        assert_eq!(found["statuses"].as_array().unwrap().len(), many, "{language}");
    }
    // Without a word of it the language stays.
    node.clock.advance(5_000);
    for body in [json!({ "status": "Harbour" }), json!({ "status": "Harbour", "language": "DE" })] {
        let same = ada.put(&path, body).await.ok();
        assert_eq!((&same["language"], &same["edited_at"]), (&json!("de"), at));
    }
    assert_eq!(ada.get(&format!("{path}/history")).await.ok().as_array().unwrap().len(), 2);
}
