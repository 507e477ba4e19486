//! Preview cards of the pages that posts link to.

use crate::{
    interactions::boost,
    media::picture,
    support::{Client, Node, NodeBuilder, PUBLIC, Scene, Web, schema::Schema},
};
use serde_json::{Value, json};
use watercooler::{
    config::FederationPolicy,
    db::Sql,
    domain::{EventKind, Task},
};

const DAY: i64 = 86_400_000;

/// A node that reaches the web, with ada and bob.
async fn world() -> (Node, Web, Client, Client) {
    let web = Web::start().await;
    let node = web.reachable(NodeBuilder::new("alpha").await).start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    (node, web, ada, bob)
}

async fn says(node: &Node, who: &Client, text: &str) -> String {
    says_to(node, who, "public", text).await
}

async fn says_to(node: &Node, who: &Client, visibility: &str, text: &str) -> String {
    node.clock.advance(1_000);
    let post = who.post("/api/v1/statuses", json!({"status": text, "visibility": visibility})).await.ok();
    post["id"].as_str().unwrap().to_owned()
}

async fn card(who: &Client, id: &str) -> Value {
    who.get(&format!("/api/v1/statuses/{id}")).await.ok()["card"].clone()
}

async fn count(node: &Node, sql: &'static str) -> i64 {
    node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap().to_owned()).collect()
}

const PAGE: &str = r#"<!doctype html><html lang="en-gb"><head><title>x</title>
    <meta property="og:title" content="Bearings &amp; glue"><meta property="og:description" content="All about them.">
    <meta property="og:image" content="/cow.png"><meta property="og:image:alt" content="a cow">
    <meta property="og:site_name" content="The News"><meta name="author" content="Ada L.">
    <meta property="article:published_time" content="2026-11-01T08:00:00Z">
    <link rel="canonical" href="/page"><link rel="alternate" type="application/json+oembed" href="/oembed?x=1">
    <meta name="fediverse:creator" content="@ada@DOMAIN"></head><body><h1>Bearings</h1></body></html>"#;

#[tokio::test]
async fn a_link_in_a_post_gets_a_card_with_what_the_page_says() {
    let (node, web, ada, bob) = world().await;
    web.page("/page?utm=1", PAGE.replace("DOMAIN", &node.domain));
    let said = json!({"type": "rich", "title": "other", "author_url": "https://secure.test/ada", "provider_name": "Other",
        "provider_url": "https://secure.test/", "html": "<iframe src='https://secure.test/x'></iframe>"});
    web.peer.serve_as("/oembed?x=1", 200, "application/json", said.to_string());
    web.peer.serve_as("/cow.png", 200, "image/png", picture(64, 48));
    let mut events = node.app.subscribe();
    let id = says(&node, &bob, "read https://secure.test/page?utm=1#middle and https://secure.test/other").await;
    assert!(card(&bob, &id).await.is_null());
    node.settle().await;
    let seen = bob.get(&format!("/api/v1/statuses/{id}")).await.ok();
    Schema::read().assert("Status", &seen);
    let first = &seen["card"];
    for (field, value) in [
        ("url", json!("https://secure.test/page?utm=1")),
        ("title", json!("Bearings & glue")),
        ("description", json!("All about them.")),
        ("type", json!("link")),
        ("language", json!("en-GB")),
        ("author_name", json!("Ada L.")),
        ("author_url", json!("https://secure.test/ada")),
        ("provider_name", json!("The News")),
        ("provider_url", json!("https://secure.test/")),
        ("html", json!("")),
        ("embed_url", json!("")),
        ("image_description", json!("a cow")),
        ("published_at", json!("2026-11-01T08:00:00.000Z")),
        ("missing_attribution", json!(false)),
        ("blurhash", json!(null)),
        ("authors", json!([{"name": "Ada L.", "url": "https://secure.test/ada", "account": null}])),
    ] {
        assert_eq!(first[field], value, "{field}");
    }
    assert!(first.get("history").is_none());
    // Whoever sees the post is told.
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.extend(matches!(&event.what, EventKind::Edit(post) if post.to_string() == id).then(|| event.home.len()));
    }
    assert!(told.contains(&1), "{told:?}");
    // The picture comes through this node's own door, when somebody looks.
    assert_eq!(web.times("/cow.png"), 0);
    let image = first["image"].as_str().unwrap();
    assert!(image.starts_with(&node.url("/media/remote/card/")), "{image}");
    let path = image.strip_prefix(&node.url("")).unwrap();
    let got = Client::anonymous(&node).get(path).await;
    assert_eq!((got.status, got.header("x-content-type-options")), (200, "nosniff"));
    Client::anonymous(&node).get(path).await;
    assert_eq!(web.times("/cow.png"), 1);
    let first = card(&bob, &id).await;
    assert_eq!((&first["width"], &first["height"]), (&json!(64), &json!(48)));
    assert!(first["blurhash"].is_string() && !first["image"].as_str().unwrap().contains("remote"));
    assert_eq!(Client::anonymous(&node).get(&path.replace('-', "-0")).await.status, 404, "not without the seal");
    // The author is the author once they name the site.
    assert_eq!(card(&ada, &id).await["missing_attribution"], true);
    assert!(card(&Client::anonymous(&node), &id).await["missing_attribution"].is_null());
    ada.patch("/api/v1/accounts/update_credentials", json!({"attribution_domains": ["secure.test"]})).await.ok();
    let attributed = card(&ada, &id).await;
    assert_eq!(
        (&attributed["missing_attribution"], &attributed["authors"][0]["account"]["id"]),
        (&json!(false), &json!(ada.id))
    );
    Schema::read().assert("PreviewCard", &attributed);
    // The page shows it, from this node alone.
    let page = Client::anonymous(&node).get(&format!("/@bob/{id}")).await;
    assert!(page.text.contains("Bearings &#38; glue") || page.text.contains("Bearings &amp; glue"), "{}", page.text);
    assert!(page.text.contains("application/json+oembed") && !page.text.contains("secure.test/cow.png"));
}

#[tokio::test]
async fn a_page_is_read_once_in_a_fortnight_and_one_that_fails_once_a_day() {
    let (node, web, ada, bob) = world().await;
    web.page("/a", "<title>One</title>");
    says(&node, &ada, "https://secure.test/a").await;
    node.settle().await;
    let second = says(&node, &bob, "me too https://secure.test/a").await;
    assert_eq!(card(&bob, &second).await["title"], "One", "at once");
    node.settle().await;
    assert_eq!(web.times("/a"), 1);
    node.clock.advance(15 * DAY);
    web.page("/a", "<title>Two</title>");
    let third = says(&node, &bob, "still https://secure.test/a").await;
    node.settle().await;
    assert_eq!((web.times("/a"), &card(&bob, &third).await["title"]), (2, &json!("Two")));
    // A later failure takes nothing away.
    node.clock.advance(15 * DAY);
    web.peer.serve_as("/a", 500, "text/html", "");
    says(&node, &bob, "again https://secure.test/a").await;
    node.settle().await;
    assert_eq!((web.times("/a"), &card(&bob, &third).await["title"]), (3, &json!("Two")));
    for (status, kind, body) in
        [(500, "text/html", "<title>x</title>"), (200, "image/png", "<title>x</title>"), (200, "text/html", "no title")]
    {
        let path = format!("/bad{status}{}", body.len() + kind.len());
        let text = format!("https://secure.test{path}");
        web.peer.serve_as(&path, status, kind, body);
        let first = says(&node, &ada, &text).await;
        node.settle().await;
        says(&node, &bob, &text).await;
        node.settle().await;
        assert_eq!((web.times(&path), card(&ada, &first).await), (1, json!(null)), "{path}");
        web.page(&path, "<title>better</title>");
        node.clock.advance(DAY + 1_000);
        let later = says(&node, &bob, &text).await;
        node.settle().await;
        assert_eq!((web.times(&path), &card(&bob, &later).await["title"]), (2, &json!("better")));
    }
}

#[tokio::test]
async fn an_edit_changes_the_card_and_a_post_takes_it_along() {
    let (node, web, ada, _) = world().await;
    web.page("/a", "<title>A</title><meta property=og:image content=/a.png>");
    web.page("/b", "<title>B</title>");
    web.peer.serve_as("/a.png", 200, "image/png", picture(8, 8));
    let id = says(&node, &ada, "https://secure.test/a").await;
    node.settle().await;
    let path = card(&ada, &id).await["image"].as_str().unwrap().strip_prefix(&node.url("")).unwrap().to_owned();
    assert_eq!(ada.get(&path).await.status, 200);
    let kept = card(&ada, &id).await["image"].as_str().unwrap().strip_prefix(&node.url("")).unwrap().to_owned();
    let edit = async |text: &str| {
        node.clock.advance(1_000);
        ada.put(&format!("/api/v1/statuses/{id}"), json!({"status": text})).await.ok();
    };
    edit("now https://secure.test/b").await;
    assert!(card(&ada, &id).await.is_null(), "never that of another page");
    node.settle().await;
    assert_eq!(card(&ada, &id).await["title"], "B");
    edit("nothing").await;
    assert!(card(&ada, &id).await.is_null());
    edit("back to https://secure.test/a").await;
    assert_eq!(card(&ada, &id).await["title"], "A");
    ada.delete(&format!("/api/v1/statuses/{id}")).await.ok();
    assert_eq!(count(&node, "select count(*) from post_cards").await, 0);
    // Nobody uses them any more; the file goes with the row.
    assert_eq!((count(&node, "select count(*) from cards").await, ada.get(&kept).await.status), (2, 200));
    node.clock.advance(2 * DAY);
    node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
    node.settle().await;
    assert_eq!((count(&node, "select count(*) from cards").await, ada.get(&kept).await.status), (0, 404));
}

#[tokio::test]
async fn copies_of_pictures_are_swept_and_fetched_again() {
    let (node, web, ada, _) = world().await;
    web.page("/a", "<title>A</title><meta property=og:image content=/a.png>");
    web.peer.serve_as("/a.png", 200, "image/png", picture(8, 8));
    let id = says(&node, &ada, "https://secure.test/a").await;
    node.settle().await;
    let image =
        async || card(&ada, &id).await["image"].as_str().unwrap().strip_prefix(&node.url("")).unwrap().to_owned();
    ada.get(&image().await).await;
    let copy = image().await;
    node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
    node.settle().await;
    assert_eq!(ada.get(&copy).await.status, 200, "a row knows it");
    node.clock.advance(40 * DAY);
    node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
    node.settle().await;
    assert_eq!(ada.get(&copy).await.status, 404);
    assert_eq!((ada.get(&image().await).await.status, web.times("/a.png")), (200, 2));
    // What is no picture is none.
    web.page("/b", "<title>B</title><meta property=og:image content=/b>");
    let id = says(&node, &ada, "https://secure.test/b").await;
    node.settle().await;
    let image = card(&ada, &id).await["image"].as_str().unwrap().strip_prefix(&node.url("")).unwrap().to_owned();
    assert_eq!(ada.get(&image).await.status, 404);
}

#[tokio::test]
async fn sec_web_06_a_hostile_page_gives_plain_text_or_nothing() {
    let (node, web, ada, _) = world().await;
    let padding = "<p>filler</p>".repeat(250_000);
    let many: String = (0..10_000).map(|n| format!("<meta name=m{n} content=x>")).collect();
    let attributes: String = (0..60_000).map(|n| format!(" a{n}=1")).collect();
    for (path, markup, title) in [
        ("/huge", format!("<head><title>Huge</title></head>{padding}"), Some("Huge")),
        ("/headless", "<meta property=og:title content=Headless><p>x".to_owned(), Some("Headless")),
        ("/late", format!("{many}<title>late</title>"), None),
        ("/wide", format!("<meta{attributes}><title>late</title>"), None),
        ("/empty", String::new(), None),
        ("/body", "<body><meta property=og:title content=x></body>".to_owned(), None),
    ] {
        web.page(path, markup);
        let id = says(&node, &ada, &format!("https://secure.test{path}")).await;
        node.settle().await;
        assert_eq!((card(&ada, &id).await["title"].as_str(), web.times(path)), (title, 1), "{path}");
    }
    web.page(
        "/evil",
        r#"<title>&lt;script&gt;alert(1)&lt;/script&gt; <b>bold</b></title>
        <meta property="og:description" content="<img src=x onerror=alert(1)>text&#0;&lt;b&gt;">
        <meta property="og:image" content="javascript:alert(1)"><meta property="article:author" content="javascript:x">
        <meta property="og:site_name" content="&lt;i&gt;name">
        <link rel=canonical href="https://moved.test/elsewhere">
        <link rel=alternate type=application/json+oembed href="https://inside.test/oembed">"#,
    );
    let id = says(&node, &ada, "https://secure.test/evil").await;
    node.settle().await;
    let seen = card(&ada, &id).await;
    for field in ["title", "description", "provider_name", "author_name"] {
        let text = seen[field].as_str().unwrap();
        assert!(!text.contains(['<', '\0']), "{field}: {text}");
    }
    assert!(seen["title"].as_str().unwrap().contains("bold"));
    for (field, value) in
        [("image", json!(null)), ("author_url", json!("")), ("html", json!("")), ("embed_url", json!(""))]
    {
        assert_eq!(seen[field], value, "{field}");
    }
    assert_eq!(count(&node, "select count(*) from cards where page like '%moved%'").await, 0);
    // A picture with a page of its own is a photo; what its page would embed is not asked for.
    web.page("/photo", r#"<title>P</title><link rel=alternate type=application/json+oembed href="/photo.json">"#);
    let said = json!({"type": "photo", "url": "https://secure.test/p.jpg", "width": 30, "height": "20", "html": "<b>"});
    web.peer.serve_as("/photo.json", 200, "application/json", said.to_string());
    let id = says(&node, &ada, "https://secure.test/photo").await;
    node.settle().await;
    let seen = card(&ada, &id).await;
    assert_eq!((&seen["type"], &seen["width"], &seen["height"]), (&json!("photo"), &json!(30), &json!(20)));
    assert_eq!((&seen["html"], &seen["embed_url"], web.times("/p.jpg")), (&json!(""), &json!(""), 0));
    // One that says too much is as one that says nothing.
    web.page("/big", r#"<title>Big</title><link rel=alternate type=application/json+oembed href="/big.json">"#);
    web.peer.serve_as("/big.json", 200, "application/json", format!("{{\"author_name\":\"{}\"}}", "x".repeat(70_000)));
    let id = says(&node, &ada, "https://secure.test/big").await;
    node.settle().await;
    let seen = card(&ada, &id).await;
    assert_eq!((&seen["title"], &seen["authors"]), (&json!("Big"), &json!([])));
    // Another encoding than the one of the header.
    web.peer.serve_as("/latin", 200, "text/html", b"<meta charset=iso-8859-1><title>caf\xe9</title>".to_vec());
    let id = says(&node, &ada, "https://secure.test/latin").await;
    node.settle().await;
    assert_eq!(card(&ada, &id).await["title"], "café");
}

#[tokio::test]
async fn sec_net_09_no_preview_is_read_from_inside() {
    let (node, web, ada, _) = world().await;
    for (n, to) in ["https://inside.test/", "https://127.0.0.1/", "http://secure.test/a", "https://[::1]/x"]
        .into_iter()
        .enumerate()
    {
        web.peer.redirect(&format!("/to{n}"), to);
        for text in [format!("https://secure.test/to{n}"), to.to_owned()] {
            let id = says(&node, &ada, &text).await;
            node.settle().await;
            assert!(card(&ada, &id).await.is_null(), "{text}");
        }
    }
    web.page("/a", "<title>A</title>");
    web.peer.redirect("/ok", "https://moved.test/a");
    let id = says(&node, &ada, "https://secure.test/ok").await;
    node.settle().await;
    let seen = card(&ada, &id).await;
    assert_eq!((&seen["title"], &seen["url"]), (&json!("A"), &json!("https://secure.test/ok")));
    assert!(web.dials().iter().all(|at| at.to_string() == "93.184.216.34:443"), "{:?}", web.dials());
    // Under an allowlist only who is on it is asked; and nobody at all with the setting off.
    let web = Web::start().await;
    web.page("/a", "<title>A</title>");
    let closed = web.reachable(NodeBuilder::new("beta").await.config(|c| {
        c.federation.policy = FederationPolicy::Allowlist;
    }));
    let closed = closed.start().await;
    let eve = closed.member("eve").await;
    says(&closed, &eve, "https://www.example.test/a").await;
    closed.settle().await;
    assert!(web.dials().is_empty());
    let id = says(&closed, &eve, "https://secure.test/a").await;
    closed.settle().await;
    assert_eq!(card(&eve, &id).await["title"], "A");
    let web = Web::start().await;
    let off = web.reachable(NodeBuilder::new("gamma").await.config(|c| c.media.previews = false)).start().await;
    let dan = off.member("dan").await;
    says(&off, &dan, "https://secure.test/a").await;
    assert_eq!(count(&off, "select count(*) from jobs where kind = 'fetch_card'").await, 0);
}

#[tokio::test]
async fn sec_net_19_pages_of_posts_of_others_are_read_later_and_only_if_somebody_sees_them() {
    let web = Web::start().await;
    let s = Scene::built(|node| web.reachable(node)).await;
    for path in ["/a", "/b", "/c", "/d"] {
        web.page(path, "<title>T</title>");
    }
    let link = |path: &str| format!("<p><a href=\"https://secure.test{path}\">look</a></p>");
    let later = async || {
        s.node.clock.advance(60_000);
        s.node.settle().await;
    };
    // Of somebody who is followed: within a minute.
    let seen = s.creates(&s.ada, &s.note(&s.ada, "1", &link("/a"))).await;
    let due = "select count(*) from jobs where kind = 'fetch_card'";
    assert_eq!(s.count(due).await + web.times("/a") as i64, 1);
    later().await;
    assert_eq!((web.times("/a"), &s.status(&s.bob, &seen).await["card"]["title"]), (1, &json!("T")));
    // Fetched because somebody looked for it: nobody sees it yet.
    s.east.serve("/users/mallory/notes/1", s.note(&s.mallory, "1", &link("/b")));
    let uri = format!("{}/notes/1", s.mallory.id);
    s.bob.get(&format!("/api/v2/search?resolve=true&q={uri}")).await.ok();
    later().await;
    assert!(s.post(&uri).await.is_some());
    assert_eq!(web.times("/b"), 0);
    // A boost by somebody who is followed brings it home.
    s.sends(&s.ada, &boost(&s.ada, json!(uri))).await;
    later().await;
    assert_eq!((web.times("/b"), &s.status(&s.bob, &uri).await["card"]["title"]), (1, &json!("T")));
    // It names somebody here.
    let mut named = s.note(&s.vera, "1", &link("/c"));
    named["tag"] = json!([{"type": "Mention", "href": s.uri(&s.bob), "name": "@bob"}]);
    named["to"] = json!([PUBLIC, s.uri(&s.bob)]);
    s.creates(&s.vera, &named).await;
    later().await;
    assert_eq!(web.times("/c"), 1);
    // Another server's edit.
    let mut note = s.note(&s.ada, "1", &link("/d"));
    note["updated"] = json!(s.node.clock.now().rfc3339());
    s.sends(&s.ada, &s.ada.activity("Update", note)).await;
    assert!(s.status(&s.bob, &seen).await["card"].is_null());
    later().await;
    assert_eq!((web.times("/d"), &s.status(&s.bob, &seen).await["card"]["url"]), (1, &json!("https://secure.test/d")));
}

#[tokio::test]
async fn fed_post_08_a_link_among_the_attachments_is_the_card_at_once() {
    let web = Web::start().await;
    let s = Scene::built(|node| web.reachable(node)).await;
    let text = "<p><a href=\"https://secure.test/other\">other</a></p>";
    let mut note = s.note(&s.ada, "1", text);
    note["attachment"] = json!([
        {"type": "Link", "href": "https://secure.test/page", "name": "<b>Told</b> &amp; true", "summary": "What ada's server says",
         "icon": {"type": "Image", "url": "https://secure.test/i.png"}},
    ]);
    let id = s.creates(&s.ada, &note).await;
    let seen = s.status(&s.bob, &id).await;
    assert_eq!(seen["media_attachments"], json!([]));
    let told = &seen["card"];
    assert_eq!((&told["url"], &told["title"]), (&json!("https://secure.test/page"), &json!("Told & true")));
    assert_eq!(told["description"], "What ada's server says");
    assert!(told["image"].as_str().unwrap().contains("/media/remote/card/"));
    Schema::read().assert("PreviewCard", told);
    // What one server says of a page is not said in the name of others.
    s.follows(&s.bob, &s.vera).await;
    let of_vera = s.creates(&s.vera, &s.note(&s.vera, "1", "<a href=\"https://secure.test/page\">x</a>")).await;
    assert!(s.status(&s.bob, &of_vera).await["card"].is_null());
    // A page that cannot be read leaves what was said.
    s.node.clock.advance(60_000);
    s.node.settle().await;
    assert_eq!(s.status(&s.bob, &id).await["card"]["title"], "Told & true");
    assert_eq!(s.status(&s.bob, &of_vera).await["card"], json!(null));
    // Read by this node, it is what the page says, for everybody.
    web.page("/page", "<title>Own words</title>");
    s.node.clock.advance(DAY + 1);
    let again = s.creates(&s.vera, &s.note(&s.vera, "2", "<a href=\"https://secure.test/page\">x</a>")).await;
    s.node.clock.advance(60_000);
    s.node.settle().await;
    assert_eq!(s.status(&s.bob, &again).await["card"]["title"], "Own words");
    assert_eq!(s.status(&s.bob, &of_vera).await["card"]["title"], "Own words");
    // A thing with nothing but an address; then none at all.
    let mut bare = s.note(&s.ada, "2", "text");
    bare["attachment"] = json!([{"href": "https://secure.test/page"}]);
    let id = s.creates(&s.ada, &bare).await;
    assert_eq!(s.status(&s.bob, &id).await["card"]["title"], "Own words");
    bare["attachment"] = json!([{"type": "Link", "href": "https://secure.test/third", "name": "Third"}]);
    bare["updated"] = json!(s.node.clock.now().rfc3339());
    s.sends(&s.ada, &s.ada.activity("Update", bare.clone())).await;
    assert_eq!(s.status(&s.bob, &id).await["card"]["title"], "Third");
    bare["attachment"] = json!([]);
    s.sends(&s.ada, &s.ada.activity("Update", bare)).await;
    assert_eq!(s.status(&s.bob, &id).await["card"], json!(null));
}

#[tokio::test]
async fn the_timeline_of_a_link_shows_what_public_timelines_may_show() {
    let (node, web, ada, bob) = world().await;
    web.page("/page", "<title>T</title><link rel=canonical href=/page>");
    web.page("/page?utm=2", "<title>T</title><link rel=canonical href=/page>");
    let mut shown = Vec::new();
    let text = "https://secure.test/page";
    shown.push(says(&node, &ada, text).await);
    for visibility in ["unlisted", "private", "direct"] {
        says_to(&node, &ada, visibility, text).await;
    }
    let site = says(&node, &ada, &format!("!site {text}")).await;
    says(&node, &ada, "https://secure.test/none").await;
    node.settle().await;
    shown.push(says(&node, &bob, "also https://secure.test/page?utm=2").await);
    node.settle().await;
    let path = "/api/v1/timelines/link?url=https%3A%2F%2Fsecure.test%2Fpage%23part";
    let nobody = Client::anonymous(&node);
    assert_eq!(ids(&nobody.get(path).await.ok()), [shown[1].clone(), shown[0].clone()]);
    assert_eq!(ids(&bob.get(path).await.ok()), [shown[1].clone(), site.clone(), shown[0].clone()]);
    let first = bob.get(&format!("{path}&limit=1")).await;
    assert_eq!(ids(&first.ok()), [shown[1].clone()]);
    assert!(first.header("link").contains("rel=\"next\""), "{}", first.header("link"));
    assert_eq!(ids(&bob.get(&format!("{path}&limit=1&max_id={}", shown[1])).await.ok()), [site]);
    bob.post(&format!("/api/v1/accounts/{}/block", ada.id), json!({})).await.ok();
    assert_eq!(ids(&bob.get(path).await.ok()), [shown[1].clone()]);
    for url in ["https://nowhere.example/", "nonsense", "javascript:alert(1)"] {
        assert_eq!(nobody.get(&format!("/api/v1/timelines/link?url={url}")).await.status, 404, "{url}");
    }
    assert_eq!(nobody.get("/api/v1/timelines/link").await.status, 400);
}

#[tokio::test]
async fn trends_of_links_count_people() {
    let (node, web, ada, bob) = world().await;
    for path in ["/one", "/two", "/two?x", "/three"] {
        web.page(path, format!("<title>{path}</title><link rel=canonical href={}>", &path[..4]));
    }
    web.peer.serve_as("/bad", 500, "text/html", "");
    for _ in 0..3 {
        says(&node, &ada, "https://secure.test/one").await;
    }
    node.clock.advance(DAY);
    says(&node, &ada, "https://secure.test/two").await;
    says(&node, &bob, "https://secure.test/two?x").await;
    says(&node, &ada, "!site https://secure.test/three").await;
    says_to(&node, &ada, "private", "https://secure.test/three").await;
    says_to(&node, &ada, "unlisted", "https://secure.test/three").await;
    says(&node, &ada, "https://secure.test/bad").await;
    node.settle().await;
    let nobody = Client::anonymous(&node);
    let list = nobody.get("/api/v1/trends/links").await.ok();
    let titles = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|c| c["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles(&list), ["/two", "/one"]);
    let schema = Schema::read();
    schema.assert_all("PreviewCard", &list);
    schema.assert_all("Trends::Link", &list);
    let history = list[0]["history"].as_array().unwrap();
    assert_eq!((history.len(), &history[0]["accounts"], &history[0]["uses"]), (7, &json!("2"), &json!("2")));
    let history = &list[1]["history"];
    assert_eq!(
        (&history[0]["uses"], &history[1]["uses"], &history[1]["accounts"]),
        (&json!("0"), &json!("3"), &json!("1"))
    );
    let second = nobody.get("/api/v1/trends/links?limit=1&offset=1").await;
    assert_eq!(titles(&second.ok()), ["/one"]);
    let to = |offset: u8| node.url(&format!("/api/v1/trends/links?limit=1&offset={offset}"));
    assert_eq!(second.header("link"), format!("<{}>; rel=\"next\", <{}>; rel=\"prev\"", to(2), to(0)));
    assert_eq!(nobody.get("/api/v1/trends/links?limit=1&offset=2").await.header("link"), "");
    let inside = bob.get("/api/v1/trends/links").await.ok();
    assert_eq!(titles(&inside).len(), 3, "what is for this site counts for its people");
    node.clock.advance(8 * DAY);
    assert_eq!(nobody.get("/api/v1/trends/links").await.ok(), json!([]));
}

#[tokio::test]
async fn other_sites_may_show_public_posts_of_this_node_and_no_others() {
    let s = Scene::new().await;
    let ask = async |url: &str| {
        let url: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
        Client::anonymous(&s.node).get(&format!("/api/oembed?url={url}")).await
    };
    let uri = s.writes(&s.bob, "public", "1 < 2 & more").await;
    let post = s.status(&s.bob, &uri).await;
    let page = post["url"].as_str().unwrap();
    for url in [page, &uri] {
        let told = ask(url).await.ok();
        assert_eq!((&told["type"], &told["version"], &told["width"]), (&json!("rich"), &json!("1.0"), &json!(400)));
        assert_eq!(told["author_name"], "bob");
        let html = told["html"].as_str().unwrap();
        assert!(html.contains("1 &lt; 2 &amp; more") && html.contains(page) && !html.contains("script"), "{html}");
    }
    for visibility in ["private", "direct"] {
        assert_eq!(ask(&s.writes(&s.bob, visibility, "secret").await).await.status, 404);
    }
    let site = s.writes(&s.bob, "public", "!site secret").await;
    let remote = s.creates(&s.ada, &s.note(&s.ada, "1", "theirs")).await;
    let other = page.replace("/@bob/", "/@carol/");
    for url in [site.as_str(), &remote, &other, "https://nowhere.example/1", "nonsense", &s.node.url("/@bob")] {
        assert_eq!(ask(url).await.status, 404, "{url}");
    }
    assert_eq!(Client::anonymous(&s.node).get("/api/oembed").await.status, 400);
}

#[tokio::test]
async fn posts_about_pages_on_which_something_plays_are_found_by_that() {
    let (node, web, ada, bob) = world().await;
    web.page("/film", "<title>A film</title><meta property='og:video' content='https://secure.test/v.mp4'>".to_owned());
    web.page(
        "/talk",
        "<title>A talk</title><link rel=alternate type=application/json+oembed href='/oembed?talk'>".to_owned(),
    );
    let said = json!({"type": "video", "title": "A talk", "html": "<iframe src='https://secure.test/x'></iframe>"});
    web.peer.serve_as("/oembed?talk", 200, "application/json", said.to_string());
    web.page("/text", "<title>A text</title>".to_owned());
    let found = async |who: &Client| {
        let page = who.get("/api/v2/search?type=statuses&q=has:embed%20from:bob").await.ok();
        page["statuses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|post| post["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut ids = Vec::new();
    for path in ["film", "talk", "text"] {
        ids.push(says(&node, &bob, &format!("look https://secure.test/{path}")).await);
    }
    assert_eq!(found(&bob).await, [""; 0]);
    node.settle().await;
    assert_eq!(found(&bob).await, [ids[1].clone(), ids[0].clone()]);
    // One that is known is found at once, and an edit takes it away.
    let again = says(&node, &bob, "again https://secure.test/film").await;
    node.settle().await;
    assert_eq!(found(&bob).await[0], again);
    bob.put(&format!("/api/v1/statuses/{again}"), json!({"status": "nothing to see"})).await.ok();
    node.settle().await;
    assert_eq!(found(&bob).await, [ids[1].clone(), ids[0].clone()]);
    // Nothing of the player is given out.
    let shown = card(&ada, &ids[1]).await;
    assert_eq!((&shown["type"], &shown["html"], &shown["embed_url"]), (&json!("link"), &json!(""), &json!("")));
}
