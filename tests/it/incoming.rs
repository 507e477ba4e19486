//! What other servers send, and what it means here: the in-direction rows of the federation checklist.

use crate::support::{PUBLIC, Scene, Sender};
use serde_json::{Value, json};
use watercooler::{model::FollowState, store};

/// An Announce for everybody.
fn boost(who: &Sender, object: impl Into<Value>) -> Value {
    let mut it = who.activity("Announce", object);
    it["to"] = json!([PUBLIC]);
    it["cc"] = json!([format!("{}/followers", who.id)]);
    it
}

#[tokio::test]
async fn fed_post_01_a_note_stands_in_the_home_timelines_of_followers_by_its_date() {
    let s = Scene::new().await;
    let now = s.node.clock.now();
    let mut late = s.note(&s.ada, "1", "<p>one hour ago</p>");
    late["published"] = json!(now.plus_seconds(-3600).rfc3339());
    let mut future = s.note(&s.ada, "2", "from the future");
    future["published"] = json!("2999-01-01T00:00:00Z");
    future["url"] = json!("http://east.test/@ada/2");
    let mut old = s.note(&s.ada, "3", "old");
    old["published"] = json!(now.plus_days(-3).rfc3339());
    let mut odd = s.note(&s.ada, "4", "no date");
    odd["published"] = json!("yesterday");
    let future = s.creates(&s.ada, &future).await;
    s.node.clock.advance(1000);
    let odd = s.creates(&s.ada, &odd).await;
    let late = s.creates(&s.ada, &late).await;
    let old = s.creates(&s.ada, &old).await;
    assert_eq!(s.home(&s.bob).await, [odd, future.clone(), late.clone(), old]);
    let seen = s.status(&s.bob, &late).await;
    assert_eq!(seen["content"], "<p>one hour ago</p>");
    assert_eq!(seen["url"], late, "without a page the id is the page");
    assert_eq!(seen["account"]["acct"], format!("ada@{}", s.east.authority));
    assert_eq!(s.status(&s.bob, &future).await["url"], "http://east.test/@ada/2");
}

#[tokio::test]
async fn fed_post_02_fed_post_03_markup_is_cleaned_and_a_summary_becomes_a_warning() {
    let s = Scene::new().await;
    let mut note =
        s.note(&s.ada, "1", "<p onclick=\"x()\">hi<script>alert(1)</script> <a href=\"javascript:x()\">a</a></p>");
    note["summary"] = json!("<b>careful</b> &amp; slow");
    note["sensitive"] = json!(true);
    let id = s.creates(&s.ada, &note).await;
    let seen = s.status(&s.bob, &id).await;
    let content = seen["content"].as_str().unwrap();
    assert!(!content.contains("script") && !content.contains("onclick") && content.contains("hi"), "{content}");
    assert_eq!((&seen["spoiler_text"], &seen["sensitive"]), (&json!("careful & slow"), &json!(true)));
}

#[tokio::test]
async fn fed_post_04_fed_post_05_language_and_text_are_found_where_they_are() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "hallo");
    note["contentMap"] = json!({"en": "hello", "de": "hallo"});
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(s.status(&s.bob, &id).await["language"], "de");
    let mut note = s.note(&s.ada, "2", "");
    note["contentMap"] = json!({"fr": "bonjour"});
    let id = s.creates(&s.ada, &note).await;
    let seen = s.status(&s.bob, &id).await;
    assert_eq!((&seen["content"], &seen["language"]), (&json!("bonjour"), &json!("fr")));
    let mut note = s.note(&s.ada, "3", "a <b> c\n\nd");
    note["mediaType"] = json!("text/plain");
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(s.status(&s.bob, &id).await["content"], "<p>a &lt;b&gt; c</p><p>d</p>");
    let mut note = s.note(&s.ada, "4", "");
    note["name"] = json!("only a name");
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(s.status(&s.bob, &id).await["content"], "<p>only a name</p>");
}

#[tokio::test]
async fn fed_post_06_fed_post_07_mentions_and_hashtags_are_found_in_tags() {
    let s = Scene::new().await;
    let mut note = s.note(&s.vera, "1", "hi @bob #Café");
    note["cc"] = json!([s.uri(&s.bob)]);
    note["tag"] = json!([
        {"type": "Mention", "href": s.uri(&s.bob), "name": "@bob"},
        {"type": "Hashtag", "name": "#Café", "href": "https://x.example/tags/cafe"},
        {"type": "Hashtag", "name": "Plain"},
    ]);
    let id = s.creates(&s.vera, &note).await;
    assert_eq!(s.told(&s.bob).await, ["mention"]);
    let seen = s.status(&s.bob, &id).await;
    assert_eq!(seen["mentions"][0]["acct"], "bob");
    let mut tags: Vec<&str> = seen["tags"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    tags.sort_unstable();
    assert_eq!(tags, ["café", "plain"]);
    let list = s.carol.get("/api/v1/timelines/tag/plain").await.ok();
    assert_eq!(list[0]["uri"], id);
    // Named in the text alone is not mentioned; named without being addressed is not told.
    let untagged = s.note(&s.ada, "2", "hi @carol");
    s.creates(&s.ada, &untagged).await;
    let mut unaddressed = s.note(&s.ada, "3", "hi @carol");
    unaddressed["tag"] = json!({"type": "Mention", "href": s.uri(&s.carol)});
    s.creates(&s.ada, &unaddressed).await;
    assert!(s.told(&s.carol).await.is_empty());
}

#[tokio::test]
async fn fed_post_08_fed_post_09_attachments_keep_order_and_description() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "look");
    note["attachment"] = json!([
        {"type": "Document", "mediaType": "image/png", "url": "http://east.test/1.png", "name": "a cow", "width": 10,
         "height": 20, "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj", "focalPoint": [0.5, -0.5]},
        {"type": "Link", "href": "http://east.test/page"},
        {"type": "Image", "url": [{"type": "Link", "href": "http://east.test/2.jpg"}], "summary": "two"},
        {"type": "Video", "url": "http://east.test/3.mp4", "duration": "PT2S", "blurhash": "nonsense"},
        {"type": "Document", "url": "data:image/png;base64,AAAA"},
    ]);
    let id = s.creates(&s.ada, &note).await;
    let seen = s.status(&s.bob, &id).await;
    let files = seen["media_attachments"].as_array().unwrap();
    let kinds: Vec<&str> = files.iter().map(|f| f["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["image", "image", "video"], "{seen}");
    assert_eq!(files[0]["description"], "a cow");
    assert_eq!(files[0]["remote_url"], "http://east.test/1.png");
    assert_eq!(files[0]["blurhash"], "LEHV6nWB2yk8pyo0adR*.7kCMdnj");
    assert_eq!(files[1]["description"], "two");
    assert!(files[2]["blurhash"].is_null());
    let mut many = s.note(&s.ada, "2", "many");
    many["attachment"] =
        (0..40).map(|n| json!({"type": "Image", "url": format!("http://east.test/{n}.png")})).collect();
    let id = s.creates(&s.ada, &many).await;
    assert_eq!(s.status(&s.bob, &id).await["media_attachments"].as_array().unwrap().len(), 16);
}

#[tokio::test]
async fn fed_post_11_fed_del_09_one_object_is_one_post_however_it_comes() {
    let s = Scene::new().await;
    let note = s.note(&s.ada, "1", "once");
    let create = s.ada.activity("Create", note.clone());
    let (a, b) = tokio::join!(s.ada.deliver(&s.node, &create), s.ada.deliver(&s.node, &create));
    assert_eq!((a.status, b.status), (202, 202));
    s.creates(&s.ada, &note).await;
    s.ada.letter(&s.node, "/users/bob/inbox", &s.ada.activity("Create", note.clone())).send(&s.node).await;
    s.sends(&s.ada, &boost(&s.ada, note["id"].clone())).await;
    assert_eq!(s.count("select count(*) from posts where boost_of_id is null").await, 1);
    // A personal delivery of a direct post adds its owner.
    let mut direct = s.note(&s.ada, "2", "for two");
    direct["to"] = json!([s.uri(&s.bob)]);
    direct["cc"] = json!([]);
    let id = s.creates(&s.ada, &direct).await;
    let post = s.post(&id).await.unwrap().id;
    assert_eq!(s.carol.get(&format!("/api/v1/statuses/{post}")).await.status, 404);
    let again = s.ada.activity("Create", direct);
    assert_eq!(s.ada.letter(&s.node, "/users/carol/inbox", &again).send(&s.node).await.status, 202);
    assert_eq!(s.carol.get(&format!("/api/v1/statuses/{post}")).await.status, 200);
}

#[tokio::test]
async fn fed_post_12_an_object_named_only_by_its_id_is_fetched() {
    let s = Scene::new().await;
    let note = s.note(&s.ada, "1", "fetched");
    s.east.serve("/users/ada/notes/1", note.clone());
    s.sends(&s.ada, &s.ada.activity("Create", note["id"].clone())).await;
    assert_eq!(s.post(note["id"].as_str().unwrap()).await.unwrap().content, "fetched");
}

#[tokio::test]
async fn fed_post_13_fed_post_14_single_values_and_lists_mean_the_same() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "x");
    note["type"] = json!(["Note", "http://example.org/Other"]);
    note["attributedTo"] = json!({"id": s.ada.id});
    note["to"] = json!({"id": PUBLIC});
    note["cc"] = json!(null);
    note["content"] = json!(["x"]);
    note["url"] = json!([{"type": "Link", "mediaType": "video/mp4", "href": "http://east.test/v"},
        "http://east.test/other", {"type": "Link", "mediaType": "text/html", "href": "http://east.test/page"}]);
    let id = s.creates(&s.ada, &note).await;
    let seen = s.status(&s.carol, &id).await;
    assert_eq!((&seen["visibility"], &seen["url"]), (&json!("public"), &json!("http://east.test/page")));
}

#[tokio::test]
async fn fed_post_15_what_concerns_nobody_here_is_dropped() {
    let s = Scene::new().await;
    let note = s.note(&s.vera, "1", "to the world");
    s.creates(&s.vera, &note).await;
    assert_eq!(s.count("select count(*) from posts").await, 0);
    let mut note = s.note(&s.vera, "2", "to bob");
    note["cc"] = json!([s.uri(&s.bob)]);
    let to_bob = s.creates(&s.vera, &note).await;
    assert!(s.post(&to_bob).await.is_some());
    let mut reply = s.note(&s.mallory, "3", "a reply to a thread we know");
    reply["inReplyTo"] = json!(to_bob);
    assert!(s.post(&s.creates(&s.mallory, &reply).await).await.is_some());
}

#[tokio::test]
async fn fed_post_16_fed_rob_04_lists_are_cut_and_the_post_is_kept() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", &"x".repeat(300_000));
    note["cc"] = (0..1_500).map(|n| json!(format!("https://far.example/u/{n}"))).collect();
    note["tag"] = (0..1_500).map(|n| json!({"type": "Hashtag", "name": format!("#t{n}")})).collect();
    let id = s.creates(&s.ada, &note).await;
    assert!(s.post(&id).await.unwrap().content.len() <= 102_500);
    assert_eq!(s.count("select count(*) from post_tags").await, 50);
}

#[tokio::test]
async fn fed_post_20_fed_post_21_fed_post_22_fed_post_23_fed_post_25_other_kinds_are_shown_with_title_and_link() {
    let s = Scene::new().await;
    for (kind, extra) in [
        ("Article", json!({"summary": "an abstract"})),
        ("Page", json!({"attachment": [{"type": "Link", "href": "https://news.example/story"}]})),
        (
            "Video",
            json!({"duration": "PT65S", "url": [{"type": "Link", "mediaType": "text/html", "href": "http://east.test/w/1"},
            {"type": "Link", "mediaType": "video/mp4", "href": "http://east.test/v.mp4", "height": 720}]}),
        ),
        ("Event", json!({"startTime": "2026-12-01T18:00:00Z", "location": {"type": "Place", "name": "Canteen"}})),
        ("Audio", json!({"url": [{"type": "Link", "mediaType": "audio/ogg", "href": "http://east.test/a.ogg"}]})),
        ("Image", json!({"url": "http://east.test/i.png"})),
    ] {
        let mut note = s.note(&s.ada, kind, "<p>the body</p>");
        note["type"] = json!(kind);
        note["name"] = json!("Tea & <3");
        for (key, value) in extra.as_object().unwrap() {
            note[key] = value.clone();
        }
        let id = s.creates(&s.ada, &note).await;
        let seen = s.status(&s.bob, &id).await;
        let content = seen["content"].as_str().unwrap();
        assert!(content.contains("Tea &amp; &lt;3") && content.contains("the body"), "{kind}: {content}");
        assert!(content.contains("<a href=\"http"), "{kind}: {content}");
        assert_eq!(seen["spoiler_text"], "", "{kind}: an abstract is no warning");
        match kind {
            "Page" => assert!(content.contains("https://news.example/story")),
            "Event" => assert!(content.contains("2026-12-01 18:00 UTC") && content.contains("Canteen")),
            "Video" => {
                assert!(content.contains("1:05") && content.contains("http://east.test/w/1"));
                assert_eq!(seen["media_attachments"][0]["type"], "video");
            }
            "Audio" => assert_eq!(seen["media_attachments"][0]["type"], "audio"),
            "Image" => assert_eq!(seen["media_attachments"][0]["type"], "image"),
            _ => {}
        }
    }
    let mut unknown = s.note(&s.ada, "x", "x");
    unknown["type"] = json!("Spaceship");
    assert!(s.sends(&s.ada, &s.ada.activity("Create", unknown.clone())).await < 500);
    assert!(s.post(unknown["id"].as_str().unwrap()).await.is_none());
}

#[tokio::test]
async fn fed_addr_in_01_fed_addr_in_02_fed_addr_in_03_fed_addr_in_04_the_audience_decides_who_reads() {
    let s = Scene::new().await;
    let followers = format!("{}/followers", s.ada.id);
    let bob = s.uri(&s.bob);
    for (name, to, cc, word, bob_reads, carol_reads, at_home) in [
        ("1", json!([PUBLIC]), json!([followers]), "public", true, true, true),
        ("2", json!([followers]), json!(["as:Public"]), "unlisted", true, true, true),
        ("3", json!([]), json!(followers), "private", true, false, true),
        ("4", json!(s.uri(&s.carol)), json!([]), "direct", false, true, false),
        ("5", json!([{"id": bob}]), json!(null), "direct", true, false, false),
    ] {
        let mut note = s.note(&s.ada, name, "x");
        note["to"] = to;
        note["cc"] = cc;
        let id = s.creates(&s.ada, &note).await;
        let post = s.post(&id).await.unwrap();
        assert_eq!(post.visibility.as_str(), word, "{name}");
        let path = format!("/api/v1/statuses/{}", post.id);
        assert_eq!(s.bob.get(&path).await.status == 200, bob_reads, "{name}");
        assert_eq!(s.carol.get(&path).await.status == 200, carol_reads, "{name}");
        if word != "direct" {
            assert_eq!(s.home(&s.bob).await.contains(&id), at_home, "{name}");
        }
    }
    assert!(s.told(&s.bob).await.is_empty() && s.told(&s.carol).await.is_empty(), "addressed is not mentioned");
    let list = s.carol.get("/api/v1/timelines/public?remote=true").await.ok();
    assert_eq!(list.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn fed_addr_in_05_fed_addr_in_06_fed_addr_in_07_spellings_of_audiences() {
    let s = Scene::new().await;
    for (n, public) in [PUBLIC, "as:Public", "Public"].into_iter().enumerate() {
        let mut note = s.note(&s.ada, &format!("p{n}"), "x");
        note["to"] = json!(public);
        let id = s.creates(&s.ada, &note).await;
        assert_eq!(s.post(&id).await.unwrap().visibility.as_str(), "public", "{public}");
    }
    // The object has no audience: that of the activity counts.
    let mut note = s.note(&s.ada, "none", "x");
    note.as_object_mut().unwrap().retain(|k, _| k != "to" && k != "cc");
    let mut create = s.ada.activity("Create", note.clone());
    create["to"] = json!([PUBLIC]);
    s.ada.delivers(&s.node, &create).await;
    assert_eq!(s.post(note["id"].as_str().unwrap()).await.unwrap().visibility.as_str(), "public");
    // It has one: then only that.
    let mut note = s.note(&s.ada, "own", "x");
    note["to"] = json!([s.uri(&s.bob)]);
    note["cc"] = json!([]);
    let mut create = s.ada.activity("Create", note.clone());
    create["to"] = json!([PUBLIC]);
    s.ada.delivers(&s.node, &create).await;
    assert_eq!(s.post(note["id"].as_str().unwrap()).await.unwrap().visibility.as_str(), "direct");
    let mut note = s.note(&s.ada, "flag", "x");
    note["directMessage"] = json!(true);
    assert_eq!(s.post(&s.creates(&s.ada, &note).await).await.unwrap().visibility.as_str(), "direct");
}

#[tokio::test]
async fn fed_int_01_fed_int_02_fed_int_09_likes_count_once_and_can_be_taken_back() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let like = s.ada.activity("Like", own.clone());
    s.ada.delivers(&s.node, &like).await;
    s.ada.delivers(&s.node, &s.ada.activity("Like", own.clone())).await;
    assert_eq!(s.status(&s.bob, &own).await["favourites_count"], 1);
    assert_eq!(s.told(&s.bob).await, ["favourite"]);
    assert_eq!(s.sends(&s.ada, &s.ada.activity("Like", "https://far.example/unknown")).await, 202);
    s.ada.delivers(&s.node, &s.ada.activity("Undo", like["id"].clone())).await;
    assert_eq!(s.status(&s.bob, &own).await["favourites_count"], 0);
    assert!(s.told(&s.bob).await.is_empty());
    // Embedded, without an id we know.
    let again = s.ada.activity("Like", own.clone());
    s.ada.delivers(&s.node, &again).await;
    let nameless = json!({"type": "Like", "actor": s.ada.id, "object": own});
    s.ada.delivers(&s.node, &s.ada.activity("Undo", nameless)).await;
    assert_eq!(s.status(&s.bob, &own).await["favourites_count"], 0);
    // The Undo came first.
    let late = s.ada.activity("Like", own.clone());
    s.ada.delivers(&s.node, &s.ada.activity("Undo", late["id"].clone())).await;
    s.ada.delivers(&s.node, &late).await;
    assert_eq!(s.status(&s.bob, &own).await["favourites_count"], 0);
    // Reactions are likes with a picture.
    let mut react = s.ada.activity("EmojiReact", own.clone());
    react["content"] = json!("🍩");
    s.ada.delivers(&s.node, &react).await;
    assert_eq!(s.status(&s.bob, &own).await["favourites_count"], 1);
}

#[tokio::test]
async fn fed_int_03_fed_int_05_boosts_of_local_posts() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let announce = boost(&s.mallory, own.clone());
    s.mallory.delivers(&s.node, &announce).await;
    s.mallory.delivers(&s.node, &boost(&s.mallory, own.clone())).await;
    assert_eq!(s.status(&s.bob, &own).await["reblogs_count"], 1);
    assert_eq!(s.told(&s.bob).await, ["reblog"]);
    s.mallory.delivers(&s.node, &s.mallory.activity("Undo", announce["id"].clone())).await;
    assert_eq!(s.status(&s.bob, &own).await["reblogs_count"], 0);
    // Followers-only: nobody but the author.
    let secret = s.writes(&s.bob, "private", "for followers").await;
    s.sends(&s.ada, &boost(&s.ada, secret.clone())).await;
    assert_eq!(s.status(&s.bob, &secret).await["reblogs_count"], 0);
    let mut note = s.note(&s.ada, "1", "hers");
    note["to"] = json!([format!("{}/followers", s.ada.id)]);
    note["cc"] = json!([]);
    let hers = s.creates(&s.ada, &note).await;
    let mut own_boost = boost(&s.ada, hers.clone());
    own_boost["to"] = json!([format!("{}/followers", s.ada.id)]);
    s.sends(&s.ada, &own_boost).await;
    assert_eq!(s.count("select count(*) from posts where boost_of_id is not null").await, 1);
}

#[tokio::test]
async fn fed_int_04_a_boost_of_an_unknown_post_fetches_it_and_stands_by_its_own_date() {
    let s = Scene::new().await;
    let mut note = s.note(&s.vera, "1", "old words");
    note["published"] = json!("2024-05-05T05:05:05Z");
    s.west.serve("/users/vera/notes/1", note.clone());
    let newer = s.creates(&s.ada, &s.note(&s.ada, "1", "now")).await;
    let mut announce = boost(&s.ada, note["id"].clone());
    announce["published"] = json!(s.node.clock.now().plus_seconds(-60).rfc3339());
    s.sends(&s.ada, &announce).await;
    assert_eq!(s.home(&s.bob).await, [newer, announce["id"].as_str().unwrap().to_owned()]);
    let seen = s.status(&s.bob, note["id"].as_str().unwrap()).await;
    assert_eq!((&seen["content"], &seen["created_at"]), (&json!("old words"), &json!("2024-05-05T05:05:05.000Z")));
    // What is no post is nothing; strangers make us fetch nothing.
    s.west.serve("/things/1", json!({"id": s.west.url("/things/1"), "type": "Spaceship", "attributedTo": s.vera.id}));
    s.sends(&s.ada, &boost(&s.ada, s.west.url("/things/1"))).await;
    s.west.forget();
    s.sends(&s.mallory, &boost(&s.mallory, s.west.url("/users/vera/notes/2"))).await;
    assert!(s.west.received().is_empty());
}

#[tokio::test]
async fn fed_int_10_fed_rob_02_what_has_no_meaning_here_is_answered_and_ignored() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    for kind in [
        "Dislike", "View", "Listen", "Read", "Arrive", "Travel", "Offer", "Invite", "Join", "Leave", "Lock", "Ignore",
        "Question", "X",
    ] {
        assert_eq!(s.sends(&s.ada, &s.ada.activity(kind, own.clone())).await, 202, "{kind}");
    }
    let post = s.post(&own).await.unwrap();
    assert_eq!((post.favourites_count, post.boosts_count, post.replies_count), (0, 0, 0));
}

fn question(s: &Scene, votes: [i64; 2]) -> Value {
    let mut it = s.note(&s.ada, "q", "which?");
    it["type"] = json!("Question");
    it["oneOf"] = json!([
        {"type": "Note", "name": "tea", "replies": {"type": "Collection", "totalItems": votes[0]}},
        {"type": "Note", "name": "coffee", "replies": {"type": "Collection", "totalItems": votes[1]}},
    ]);
    it["votersCount"] = json!(votes[0] + votes[1]);
    it["endTime"] = json!(s.node.clock.now().plus_days(1).rfc3339());
    it
}

#[tokio::test]
async fn fed_poll_01_fed_poll_03_polls_come_with_their_counts_and_are_refreshed_quietly() {
    let s = Scene::new().await;
    let id = s.creates(&s.ada, &question(&s, [1, 2])).await;
    let poll = s.status(&s.bob, &id).await["poll"].clone();
    assert_eq!((&poll["votes_count"], &poll["multiple"], &poll["expired"]), (&json!(3), &json!(false), &json!(false)));
    assert_eq!(poll["options"][1], json!({"title": "coffee", "votes_count": 2}));
    s.ada.delivers(&s.node, &s.ada.activity("Update", question(&s, [5, 2]))).await;
    let seen = s.status(&s.bob, &id).await;
    assert_eq!((&seen["poll"]["votes_count"], &seen["edited_at"]), (&json!(7), &Value::Null));
    let mut other = question(&s, [0, 0]);
    other["oneOf"][0]["name"] = json!("cocoa");
    other["updated"] = json!(s.node.clock.now().plus_seconds(1).rfc3339());
    s.node.clock.advance(2_000);
    s.ada.delivers(&s.node, &s.ada.activity("Update", other)).await;
    let seen = s.status(&s.bob, &id).await;
    assert_eq!((&seen["poll"]["options"][0]["title"], &seen["poll"]["votes_count"]), (&json!("cocoa"), &json!(0)));
    assert!(seen["edited_at"].is_string());
    let mut several = question(&s, [1, 1]);
    several["id"] = json!(format!("{}/notes/q2", s.ada.id));
    several["anyOf"] = several["oneOf"].take();
    several["closed"] = json!(true);
    let id = s.creates(&s.ada, &several).await;
    let poll = s.status(&s.bob, &id).await["poll"].clone();
    assert_eq!((&poll["multiple"], &poll["expired"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn fed_thr_01_replies_are_threaded_counted_and_told() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let mut reply = s.note(&s.vera, "1", "yes");
    reply["inReplyTo"] = json!(own);
    reply["cc"] = json!([s.uri(&s.bob)]);
    reply["tag"] = json!([{"type": "Mention", "href": s.uri(&s.bob)}]);
    let id = s.creates(&s.vera, &reply).await;
    let seen = s.status(&s.bob, &own).await;
    assert_eq!(seen["replies_count"], 1);
    assert_eq!(s.told(&s.bob).await, ["mention"]);
    let context = s.bob.get(&format!("/api/v1/statuses/{}/context", seen["id"].as_str().unwrap())).await.ok();
    assert_eq!(context["descendants"][0]["uri"], id);
}

#[tokio::test]
async fn fed_thr_02_fed_rob_08_unknown_ancestors_are_fetched_and_circles_end() {
    let s = Scene::new().await;
    let root = s.note(&s.vera, "root", "root");
    let mut middle = s.note(&s.vera, "middle", "middle");
    middle["inReplyTo"] = root["id"].clone();
    s.west.serve("/users/vera/notes/root", root.clone());
    s.west.serve("/users/vera/notes/middle", middle.clone());
    let mut leaf = s.note(&s.ada, "leaf", "leaf");
    leaf["inReplyTo"] = middle["id"].clone();
    let id = s.creates(&s.ada, &leaf).await;
    let leaf = s.post(&id).await.unwrap();
    let context = s.bob.get(&format!("/api/v1/statuses/{}/context", leaf.id)).await.ok();
    let above: Vec<&str> =
        context["ancestors"].as_array().unwrap().iter().map(|p| p["content"].as_str().unwrap()).collect();
    assert_eq!(above, ["root", "middle"]);
    // A circle of two, and a note that answers itself.
    let mut one = s.note(&s.vera, "one", "one");
    let mut two = s.note(&s.vera, "two", "two");
    one["inReplyTo"] = two["id"].clone();
    two["inReplyTo"] = one["id"].clone();
    s.west.serve("/users/vera/notes/one", one.clone());
    s.west.serve("/users/vera/notes/two", two.clone());
    let mut entry = s.note(&s.ada, "entry", "entry");
    entry["inReplyTo"] = one["id"].clone();
    s.creates(&s.ada, &entry).await;
    let mut own = s.note(&s.ada, "own", "own");
    own["inReplyTo"] = own["id"].clone();
    let id = s.creates(&s.ada, &own).await;
    assert!(s.post(&id).await.unwrap().in_reply_to_uri.is_none());
}

#[tokio::test]
async fn fed_upd_01_an_edit_is_shown_kept_in_the_history_and_told() {
    let s = Scene::new().await;
    let note = s.note(&s.ada, "1", "first");
    let id = s.creates(&s.ada, &note).await;
    let post = s.post(&id).await.unwrap().id;
    s.bob.post(&format!("/api/v1/statuses/{post}/reblog"), json!({})).await.ok();
    s.node.clock.advance(60_000);
    let mut changed = note.clone();
    changed["content"] = json!("second");
    changed["summary"] = json!("careful");
    changed["updated"] = json!(s.node.clock.now().rfc3339());
    changed["cc"] = json!([s.uri(&s.carol)]);
    changed["tag"] = json!([{"type": "Mention", "href": s.uri(&s.carol)}]);
    s.ada.delivers(&s.node, &s.ada.activity("Update", changed.clone())).await;
    let seen = s.status(&s.bob, &id).await;
    assert_eq!((&seen["content"], &seen["spoiler_text"]), (&json!("second"), &json!("careful")));
    assert_eq!(seen["edited_at"], s.node.clock.now().rfc3339());
    assert_eq!(s.told(&s.bob).await, ["update"]);
    assert_eq!(s.told(&s.carol).await, ["mention"]);
    let history = s.bob.get(&format!("/api/v1/statuses/{post}/history")).await.ok();
    assert_eq!(history.as_array().unwrap().len(), 2);
    // The same once more changes nothing.
    s.ada.delivers(&s.node, &s.ada.activity("Update", changed)).await;
    let history = s.bob.get(&format!("/api/v1/statuses/{post}/history")).await.ok();
    assert_eq!(history.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn fed_upd_02_an_update_of_an_unknown_young_post_is_its_create() {
    let s = Scene::new().await;
    let young = s.note(&s.ada, "1", "young");
    s.ada.delivers(&s.node, &s.ada.activity("Update", young.clone())).await;
    assert!(s.post(young["id"].as_str().unwrap()).await.is_some());
    let mut old = s.note(&s.ada, "2", "old");
    old["published"] = json!("2025-01-01T00:00:00Z");
    s.ada.delivers(&s.node, &s.ada.activity("Update", old.clone())).await;
    assert!(s.post(old["id"].as_str().unwrap()).await.is_none());
}

#[tokio::test]
async fn fed_upd_03_fed_upd_04_fed_upd_05_profiles_are_refreshed() {
    let s = Scene::new().await;
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    actor["name"] = json!("Ada L.");
    actor["summary"] = json!("<p>new<script>x</script></p>");
    actor["attachment"] =
        json!([{"type": "PropertyValue", "name": "site", "value": "<a href=\"https://x.example\">x</a>"}]);
    actor["icon"] = json!({"type": "Image", "url": "http://east.test/a.png"});
    s.ada.delivers(&s.node, &s.ada.activity("Update", actor.clone())).await;
    let id = s.account(&s.ada).await.id;
    let seen = s.bob.get(&format!("/api/v1/accounts/{id}")).await.ok();
    assert_eq!((&seen["display_name"], &seen["note"]), (&json!("Ada L."), &json!("<p>new</p>")));
    assert_eq!(seen["fields"][0]["name"], "site");
    actor["name"] = json!("Countess");
    s.east.serve("/users/ada", actor.clone());
    s.sends(&s.ada, &s.ada.activity("Update", s.ada.id.clone())).await;
    assert_eq!(s.account(&s.ada).await.display_name, "Countess");
    actor["suspended"] = json!(true);
    s.ada.delivers(&s.node, &s.ada.activity("Update", actor.clone())).await;
    assert!(s.account(&s.ada).await.suspended_by_origin);
    actor["suspended"] = json!(false);
    s.ada.delivers(&s.node, &s.ada.activity("Update", actor)).await;
    assert!(!s.account(&s.ada).await.suspended_by_origin);
}

#[tokio::test]
async fn fed_del_02_fed_del_05_fed_del_07_deletes_come_in_several_forms() {
    let s = Scene::new().await;
    for (n, form) in ["id", "object", "tombstone"].into_iter().enumerate() {
        let note = s.note(&s.ada, &n.to_string(), "x");
        let id = s.creates(&s.ada, &note).await;
        let object = match form {
            "id" => json!(id),
            "object" => note,
            _ => json!({"id": id, "type": "Tombstone", "formerType": "Note"}),
        };
        s.ada.delivers(&s.node, &s.ada.activity("Delete", object)).await;
        assert!(s.post(&id).await.is_none(), "{form}");
    }
    s.east.forget();
    assert_eq!(s.sends(&s.ada, &s.ada.activity("Delete", format!("{}/notes/unknown", s.ada.id))).await, 202);
    assert!(s.east.received().is_empty(), "nobody looks");
}

#[tokio::test]
async fn fed_del_03_fed_upd_a_delete_that_overtakes_its_create_wins() {
    let s = Scene::new().await;
    let note = s.note(&s.ada, "1", "x");
    s.ada.delivers(&s.node, &s.ada.activity("Delete", note["id"].clone())).await;
    s.creates(&s.ada, &note).await;
    assert_eq!(s.count("select count(*) from posts").await, 0);
    // Nobody can keep a post of another away like this.
    let other = s.note(&s.ada, "2", "x");
    s.sends(&s.mallory, &s.mallory.activity("Delete", other["id"].clone())).await;
    s.creates(&s.ada, &other).await;
    assert_eq!(s.count("select count(*) from posts").await, 1);
}

#[tokio::test]
async fn fed_del_06_an_actor_that_deletes_itself_takes_everything_along() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let id = s.creates(&s.ada, &s.note(&s.ada, "1", "x")).await;
    s.ada.delivers(&s.node, &s.ada.activity("Like", own.clone())).await;
    s.ada.delivers(&s.node, &boost(&s.ada, own.clone())).await;
    s.ada.delivers(&s.node, &s.ada.activity("Delete", s.ada.id.clone())).await;
    s.node.settle().await;
    assert!(s.post(&id).await.is_none());
    let seen = s.status(&s.bob, &own).await;
    assert_eq!((&seen["favourites_count"], &seen["reblogs_count"]), (&json!(0), &json!(0)));
    assert_eq!(s.count("select count(*) from follows").await, 0);
    assert!(s.told(&s.bob).await.is_empty());
    let gone = s.account(&s.ada).await;
    assert!(gone.deleted_at.is_some());
    // The handle is free for a new id.
    let heir = Sender::new(&s.east, "ada");
    let mut document = s.east.person("ada", &heir.signer.key.public_pem().unwrap());
    let id = s.east.url("/people/2");
    document["id"] = json!(id);
    document["publicKey"]["id"] = json!(format!("{id}#main-key"));
    document["publicKey"]["owner"] = json!(id);
    s.east.serve("/people/2", document);
    let mut heir = heir;
    heir.id = id.clone();
    heir.signer.key_id = format!("{id}#main-key");
    s.meet(&heir).await;
    assert_eq!(s.account(&heir).await.username, "ada");
}

#[tokio::test]
async fn fed_fol_01_fed_fol_02_fed_fol_07_fed_fol_10_a_follow_is_accepted_repeated_and_undone() {
    let s = Scene::new().await;
    let follow = s.ada.activity("Follow", s.uri(&s.bob));
    s.sends(&s.ada, &follow).await;
    assert_eq!(s.told(&s.bob).await, ["follow"]);
    let accepts = || s.east.inbox().into_iter().filter(|a| a["type"] == "Accept").collect::<Vec<_>>();
    assert_eq!(accepts()[0]["object"]["id"], follow["id"]);
    let again = s.ada.activity("Follow", s.uri(&s.bob));
    s.sends(&s.ada, &again).await;
    assert_eq!(accepts().len(), 2);
    assert_eq!(accepts()[1]["object"]["id"], again["id"]);
    assert_eq!(s.told(&s.bob).await, ["follow"], "told once");
    s.ada.delivers(&s.node, &s.ada.activity("Undo", again)).await;
    assert_eq!(s.count("select count(*) from follows").await, 1, "only that of bob");
    // Undone by id, and an Undo that came first (FOL-08).
    let third = s.ada.activity("Follow", s.uri(&s.bob));
    s.ada.delivers(&s.node, &third).await;
    s.ada.delivers(&s.node, &s.ada.activity("Undo", third["id"].clone())).await;
    let fourth = s.ada.activity("Follow", s.uri(&s.bob));
    s.ada.delivers(&s.node, &s.ada.activity("Undo", fourth["id"].clone())).await;
    s.ada.delivers(&s.node, &fourth).await;
    assert_eq!(s.count("select count(*) from follows").await, 1);
}

#[tokio::test]
async fn fed_fol_03_fed_fol_14_locked_people_are_asked_and_some_follows_are_refused() {
    let s = Scene::new().await;
    s.bob.patch("/api/v1/accounts/update_credentials", json!({"locked": true})).await.ok();
    s.node.settle().await;
    s.east.forget();
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    assert_eq!(s.told(&s.bob).await, ["follow_request"]);
    assert!(s.east.inbox().iter().all(|a| a["type"] != "Accept"));
    let ada = s.account(&s.ada).await.id;
    s.bob.post(&format!("/api/v1/follow_requests/{ada}/authorize"), json!({})).await.ok();
    s.node.settle().await;
    assert!(s.east.inbox().iter().any(|a| a["type"] == "Accept"));
    // Blocked ones are refused.
    let mallory = s.account(&s.mallory).await.id;
    s.carol.post(&format!("/api/v1/accounts/{mallory}/block"), json!({})).await.ok();
    s.sends(&s.mallory, &s.mallory.activity("Follow", s.uri(&s.carol))).await;
    assert!(s.east.inbox().iter().any(|a| a["type"] == "Reject"));
    // Nobody of that name.
    let stray = s.ada.activity("Follow", s.node.url("/users/nobody"));
    assert_eq!(s.sends(&s.ada, &stray).await, 202);
}

#[tokio::test]
async fn fed_fol_06_fed_fol_12_answers_find_the_follow_by_id_or_by_who_and_whom() {
    let s = Scene::new().await;
    let vera = s.account(&s.vera).await.id;
    for (n, who) in [&s.bob, &s.carol].into_iter().enumerate() {
        who.post(&format!("/api/v1/accounts/{vera}/follow"), json!({})).await.ok();
        let who_id = who.id.parse().unwrap();
        let follow = s.node.app.read(move |conn| store::follows::find(conn, who_id, vera)).await.unwrap().unwrap();
        let object = match n {
            0 => json!(follow.uri),
            _ => json!({"type": "Follow", "actor": s.uri(who), "object": s.vera.id}),
        };
        s.vera.delivers(&s.node, &s.vera.activity("Accept", object)).await;
        let follow = s.node.app.read(move |conn| store::follows::find(conn, who_id, vera)).await.unwrap();
        assert_eq!(follow.unwrap().state, FollowState::Accepted);
    }
    let object = json!({"type": "Follow", "actor": s.uri(&s.bob), "object": s.vera.id});
    s.vera.delivers(&s.node, &s.vera.activity("Reject", object)).await;
    assert_eq!(s.count("select count(*) from follows").await, 2, "bob's of ada and carol's of vera");
}

#[tokio::test]
async fn fed_mod_01_fed_mod_03_a_block_ends_follows_and_hides_until_it_is_undone() {
    let s = Scene::new().await;
    let id = s.creates(&s.ada, &s.note(&s.ada, "1", "x")).await;
    let block = s.ada.activity("Block", s.uri(&s.bob));
    s.ada.delivers(&s.node, &block).await;
    let ada = s.account(&s.ada).await.id;
    let relation = s.bob.get(&format!("/api/v1/accounts/relationships?id[]={ada}")).await.ok()[0].clone();
    assert_eq!((&relation["blocked_by"], &relation["following"]), (&json!(true), &json!(false)));
    let post = s.post(&id).await.unwrap().id;
    assert_eq!(s.bob.get(&format!("/api/v1/statuses/{post}")).await.status, 404);
    s.ada.delivers(&s.node, &s.ada.activity("Undo", block)).await;
    assert_eq!(s.bob.get(&format!("/api/v1/statuses/{post}")).await.status, 200);
    // The other way round: what a blocked one does reaches nobody.
    let own = s.writes(&s.carol, "public", "mine").await;
    let mallory = s.account(&s.mallory).await.id;
    s.carol.post(&format!("/api/v1/accounts/{mallory}/block"), json!({})).await.ok();
    for activity in [s.mallory.activity("Like", own.clone()), boost(&s.mallory, own.clone())] {
        assert_eq!(s.sends(&s.mallory, &activity).await, 202);
    }
    let mut reply = s.note(&s.mallory, "1", "x");
    reply["inReplyTo"] = json!(own);
    reply["cc"] = json!([s.uri(&s.carol)]);
    reply["tag"] = json!([{"type": "Mention", "href": s.uri(&s.carol)}]);
    s.creates(&s.mallory, &reply).await;
    assert!(s.told(&s.carol).await.is_empty());
    assert_eq!(s.status(&s.carol, &own).await["favourites_count"], 0);
}

#[tokio::test]
async fn fed_move_01_followers_go_along_with_what_they_noted() {
    let s = Scene::new().await;
    let ada = s.account(&s.ada).await.id;
    s.bob.post(&format!("/api/v1/accounts/{ada}/note"), json!({"comment": "knows torque"})).await.ok();
    s.carol.post(&format!("/api/v1/accounts/{ada}/mute"), json!({})).await.ok();
    let mut actor = s.west.person("vera", &s.vera.signer.key.public_pem().unwrap());
    actor["alsoKnownAs"] = json!([s.ada.id]);
    s.west.serve("/users/vera", actor);
    let mut it = s.ada.activity("Move", s.ada.id.clone());
    it["target"] = json!(s.vera.id);
    s.sends(&s.ada, &it).await;
    let vera = s.account(&s.vera).await.id;
    let follows: Vec<Value> = s.west.inbox().into_iter().filter(|a| a["type"] == "Follow").collect();
    assert_eq!((&follows[0]["actor"], &follows[0]["object"]), (&json!(s.uri(&s.bob)), &json!(s.vera.id)));
    assert!(s.east.inbox().iter().any(|a| a["type"] == "Undo"));
    let relation = s.bob.get(&format!("/api/v1/accounts/relationships?id[]={vera}")).await.ok()[0].clone();
    assert_eq!((&relation["requested"], &relation["note"]), (&json!(true), &json!("knows torque")));
    let relation = s.carol.get(&format!("/api/v1/accounts/relationships?id[]={vera}")).await.ok()[0].clone();
    assert_eq!(relation["muting"], true);
    let seen = s.bob.get(&format!("/api/v1/accounts/{ada}")).await.ok();
    assert_eq!(seen["moved"]["id"], vera.to_string());
}

#[tokio::test]
async fn fed_coll_02_pins_follow_the_featured_collection() {
    let s = Scene::new().await;
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    actor["featured"] = json!(format!("{}/featured", s.ada.id));
    s.east.serve("/users/ada", actor.clone());
    s.sends(&s.ada, &s.ada.activity("Update", actor)).await;
    let note = s.note(&s.ada, "1", "pinned");
    s.east.serve("/users/ada/notes/1", note.clone());
    let about = |kind: &str| {
        let mut it = s.ada.activity(kind, note["id"].clone());
        it["target"] = json!(format!("{}/featured", s.ada.id));
        it
    };
    s.sends(&s.ada, &about("Add")).await;
    let ada = s.account(&s.ada).await.id;
    let pinned = s.bob.get(&format!("/api/v1/accounts/{ada}/statuses?pinned=true")).await.ok();
    assert_eq!(pinned[0]["uri"], note["id"]);
    s.sends(&s.ada, &about("Remove")).await;
    assert_eq!(s.bob.get(&format!("/api/v1/accounts/{ada}/statuses?pinned=true")).await.ok(), json!([]));
}

#[tokio::test]
async fn fed_disc_18_an_actor_that_acts_is_read_again_after_a_day() {
    let s = Scene::new().await;
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    actor["name"] = json!("Renamed");
    s.east.serve("/users/ada", actor);
    s.east.serve(
        "/users/ada/followers",
        json!({"id": s.east.url("/users/ada/followers"), "type": "OrderedCollection", "totalItems": 42}),
    );
    s.east.serve(
        "/users/ada/following",
        json!({"id": s.east.url("/users/ada/following"), "type": "OrderedCollection", "totalItems": 0}),
    );
    s.creates(&s.ada, &s.note(&s.ada, "1", "x")).await;
    assert_eq!(s.account(&s.ada).await.display_name, "ada", "it was read today");
    s.node.clock.advance(25 * 3_600_000);
    s.creates(&s.ada, &s.note(&s.ada, "2", "x")).await;
    let after = s.account(&s.ada).await;
    assert_eq!(after.display_name, "Renamed");
    assert_eq!((after.followers_count, after.following_count), (42, 0));
}

#[tokio::test]
async fn fed_addr_in_03_an_unknown_followers_collection_is_asked_for_before_deciding() {
    let s = Scene::new().await;
    let id = s.account(&s.ada).await.id;
    s.node
        .app
        .write(move |tx| {
            watercooler::db::Sql::new("update accounts set followers_url = null where id = ").bind(id).execute(tx.conn)
        })
        .await
        .unwrap();
    s.node.clock.advance(2 * 3_600_000);
    let mut note = s.note(&s.ada, "1", "x");
    note["to"] = json!([format!("{}/followers", s.ada.id)]);
    note["cc"] = json!([]);
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(s.post(&id).await.unwrap().visibility.as_str(), "private");
}
