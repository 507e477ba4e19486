//! Posts that other servers send, and what stands here of them: the POST rows of the federation checklist.

use crate::{
    interactions::boost,
    support::{PUBLIC, Scene, Sender},
};
use serde_json::json;

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
    // Either alone: pictures are hidden without a warning, a warning collapses without pictures.
    for (name, summary, sensitive) in [("2", json!(null), true), ("3", json!("<i>spiders</i>"), false)] {
        let mut note = s.note(&s.ada, name, "x");
        (note["summary"], note["sensitive"]) = (summary.clone(), json!(sensitive));
        let id = s.creates(&s.ada, &note).await;
        let seen = s.status(&s.bob, &id).await;
        assert_eq!(seen["spoiler_text"], if summary.is_null() { "" } else { "spiders" });
        assert_eq!(seen["sensitive"], sensitive);
    }
}

#[tokio::test]
async fn sec_lim_11_a_post_of_nothing_but_beginnings_costs_no_more_than_another() {
    let s = Scene::new().await;
    for (name, piece) in [("1", "<"), ("2", "<!--"), ("3", "<a '"), ("4", "<ul><li>")] {
        let markup = format!("<p>words</p>{}", piece.repeat(90_000 / piece.len()));
        let id = s.creates(&s.ada, &s.note(&s.ada, name, &markup)).await;
        let seen = s.status(&s.bob, &id).await;
        assert!(seen["content"].as_str().unwrap().contains("words"), "{piece}");
    }
}

#[tokio::test]
async fn fed_post_02_blocks_that_are_unwrapped_keep_their_texts_apart() {
    let s = Scene::new().await;
    let markup = "<div>one</div><div>two <b>bold</b></div>\n<section><p>three</p><div>four</div></section>five";
    let id = s.creates(&s.ada, &s.note(&s.ada, "1", markup)).await;
    let seen = s.status(&s.bob, &id).await;
    assert_eq!(seen["content"], "one<br>two <b>bold</b><p>three</p>four<br>five");
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
    for spelling in ["plain", "PLAIN"] {
        let list = s.carol.get(&format!("/api/v1/timelines/tag/{spelling}")).await.ok();
        assert_eq!(list[0]["uri"], id);
    }
    // Case and width make no difference; what is not public stands in no timeline of a tag.
    let mut wide = s.note(&s.ada, "wide", "x");
    wide["tag"] = json!({"type": "Hashtag", "name": "＃ＰＬＡＩＮ"});
    let wide = s.creates(&s.ada, &wide).await;
    let mut hidden = s.note(&s.ada, "hidden", "x");
    (hidden["to"], hidden["cc"]) = (json!([format!("{}/followers", s.ada.id)]), json!([PUBLIC]));
    hidden["tag"] = json!({"type": "Hashtag", "name": "#plain"});
    s.creates(&s.ada, &hidden).await;
    let list = s.carol.get("/api/v1/timelines/tag/plain").await.ok();
    let found: Vec<&str> = list.as_array().unwrap().iter().map(|p| p["uri"].as_str().unwrap()).collect();
    assert!(found.len() == 2 && found.contains(&wide.as_str()) && found.contains(&id.as_str()), "{found:?}");
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
        {"type": "Link", "href": "http://east.test/page", "name": "a page"},
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
    // The Link is no file but the card.
    assert_eq!((&seen["card"]["url"], &seen["card"]["title"]), (&json!("http://east.test/page"), &json!("a page")));
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
async fn fed_post_20_21_22_23_24_25_other_kinds_are_shown_with_title_and_link() {
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
    for kind in ["Create", "Update"] {
        assert_eq!(s.sends(&s.ada, &s.ada.activity(kind, unknown.clone())).await, 202, "fed_rob_02 {kind}");
    }
    assert!(s.post(unknown["id"].as_str().unwrap()).await.is_none());
}

#[tokio::test]
async fn fed_post_21_a_page_shows_its_title_link_text_and_the_community_it_was_posted_to() {
    let s = Scene::new().await;
    let mut group = s.west.person("rust", &s.vera.signer.key.public_pem().unwrap());
    group["type"] = json!("Group");
    s.west.serve("/users/rust", group);
    let rust = Sender::known(&s.west, "rust");
    s.meet(&rust).await;
    let mut page = s.note(&s.ada, "1", "<p>the body</p>");
    page["type"] = json!("Page");
    page["name"] = json!("A story");
    page["attachment"] = json!([{"type": "Link", "href": "https://news.example/story"}]);
    page["audience"] = json!(rust.id);
    page["cc"] = json!([rust.id]);
    let id = s.creates(&s.ada, &page).await;
    let seen = s.status(&s.bob, &id).await;
    let content = seen["content"].as_str().unwrap();
    assert!(content.contains("<a href=\"https://news.example/story\"") && content.contains("A story"), "{content}");
    assert!(content.contains("the body") && content.contains(&format!("<a href=\"{}\"", rust.id)), "{content}");
    assert_eq!(seen["mentions"][0]["acct"], format!("rust@{}", s.west.authority));
    assert_eq!(seen["visibility"], "public");
}

#[tokio::test]
async fn fed_post_11_fed_addr_in_04_a_second_personal_delivery_adds_its_owner() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "for two of you");
    (note["to"], note["cc"]) = (json!([s.uri(&s.bob)]), json!([]));
    let mut create = s.ada.activity("Create", note.clone());
    (create["to"], create["cc"]) = (note["to"].clone(), note["cc"].clone());
    let reads = async || {
        let id = s.post(note["id"].as_str().unwrap()).await.unwrap().id;
        let path = format!("/api/v1/statuses/{id}");
        (s.bob.get(&path).await.status, s.carol.get(&path).await.status)
    };
    for (name, seen) in [("bob", (200, 404)), ("carol", (200, 200)), ("carol", (200, 200))] {
        let reply = s.ada.letter(&s.node, &format!("/users/{name}/inbox"), &create).send(&s.node).await;
        assert_eq!(reply.status, 202, "{}", reply.text);
        s.node.settle().await;
        assert_eq!(reads().await, seen, "{name}");
    }
    assert_eq!(s.count("select count(*) from posts").await, 1);
}

#[tokio::test]
async fn fed_post_01_an_old_post_is_news_to_those_it_names_and_to_nobody_else() {
    let s = Scene::new().await;
    let ada = s.account(&s.ada).await.id;
    s.bob.post(&format!("/api/v1/accounts/{ada}/follow"), json!({ "notify": true })).await.ok();
    let mut note = s.note(&s.ada, "1", "long ago");
    note["published"] = json!(s.node.clock.now().plus_seconds(-7 * 3_600).rfc3339());
    note["cc"] = json!([s.uri(&s.carol), format!("{}/followers", s.ada.id)]);
    note["tag"] = json!([{ "type": "Mention", "href": s.uri(&s.carol) }]);
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(s.told(&s.carol).await, ["mention"]);
    assert!(s.told(&s.bob).await.is_empty());
    assert_eq!(s.home(&s.bob).await, [id]);
    // A young one is news to both.
    note["id"] = json!(format!("{}/notes/2", s.ada.id));
    note["published"] = json!(s.node.clock.now().rfc3339());
    s.creates(&s.ada, &note).await;
    assert_eq!((s.told(&s.carol).await.len(), s.told(&s.bob).await), (2, vec!["status".to_owned()]));
}

#[tokio::test]
async fn fed_poll_01_tallies_beyond_all_bounds_are_cut() {
    let s = Scene::new().await;
    let option = |name: &str| json!({ "type": "Note", "name": name, "replies": { "totalItems": i64::MAX } });
    let mut poll = s.note(&s.ada, "1", "which?");
    poll["type"] = json!("Question");
    poll["oneOf"] = json!([option("tea"), option("coffee"), option("water")]);
    poll["votersCount"] = json!(i64::MAX);
    poll["endTime"] = json!(s.node.clock.now().plus_days(1).rfc3339());
    let id = s.creates(&s.ada, &poll).await;
    let seen = s.status(&s.bob, &id).await["poll"].clone();
    let total = seen["votes_count"].as_i64().unwrap();
    assert!(total > 0 && total < 1 << 50, "{seen}");
    let post = s.post(&id).await.unwrap().id;
    let page = s.bob.get(&format!("/@ada@{}/{post}", s.east.authority)).await;
    assert!(page.status < 500, "{}", page.status);
}
