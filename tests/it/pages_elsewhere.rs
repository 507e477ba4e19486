//! The page that somebody of another server has here: for people of this node; visitors are sent to the original.

use crate::support::{Browser, PASSWORD, Scene, hidden_fields};
use serde_json::json;

#[tokio::test]
async fn somebody_of_another_server_has_a_page_here_for_who_is_signed_in_and_visitors_are_sent_to_theirs() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "there", "<p>hello from the east <a href=\"javascript:x\">x</a></p>");
    note["url"] = json!(s.east.url("/@ada/there"));
    let uri = s.creates(&s.ada, &note).await;
    let id = s.post(&uri).await.unwrap().id;
    s.follows(&s.bob, &s.vera).await;
    let mut reply = s.note(&s.vera, "reply", "<p>and from the west</p>");
    reply["inReplyTo"] = json!(uri);
    s.creates(&s.vera, &reply).await;
    let own = format!("/@ada@{}", s.east.authority);
    let page = format!("{own}/{id}");
    let visitor = Browser::new(&s.node);
    for (path, original) in [(&own, "/@ada"), (&page, "/@ada/there"), (&format!("{own}/tagged/x"), "/@ada")] {
        let reply = visitor.get(path).await;
        assert_eq!((reply.status, reply.header("location")), (302, &*s.east.url(original)), "{path}");
    }
    s.node.citizen("dora").await;
    let browser = Browser::new(&s.node);
    browser.sign_in("dora", PASSWORD).await;
    // In any case, as handles are written.
    let profile = browser.get(&format!("/@Ada@{}", s.east.authority.to_uppercase())).await;
    assert_eq!(profile.status, 200, "{}", profile.text);
    for part in [
        "hello from the east",
        &format!("@ada@{}", s.east.authority),
        &format!("href=\"{}\"", s.east.url("/@ada")),
        &format!("href=\"{own}\""),
        &format!("href=\"{page}\""),
        "content=\"noindex\"",
        "Original page",
    ] {
        assert!(profile.text.contains(part), "{part}: {}", profile.text);
    }
    assert!(!profile.text.contains("application/rss+xml"), "their server may have none: {}", profile.text);
    assert!(
        !profile.text.contains("javascript:") && !profile.text.contains("<script") && !profile.text.contains("<form")
    );
    assert_eq!(profile.header("cache-control"), "private, no-store");
    assert!(browser.get(&format!("{own}?lang=de")).await.text.contains("Seite im Original"));
    let shown = browser.get(&page).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    for part in ["hello from the east", "and from the west", &format!("href=\"{}\"", s.east.url("/@ada/there"))] {
        assert!(shown.text.contains(part), "{part}: {}", shown.text);
    }
    // The number alone does not make a page, nor does another name.
    for path in [format!("/@vera@{}/{id}", s.west.authority), format!("/@dora/{id}"), format!("{own}/1")] {
        let reply = browser.get(&path).await;
        assert!(reply.status == 404 && !reply.text.contains("authorize_interaction"), "{path}: {}", reply.text);
        assert_eq!(visitor.get(&path).await.status, 404, "{path}");
    }
    // From there one follows, and reads that one does.
    let link = profile.text.split("href=\"/authorize_interaction?").nth(1).expect("a way to follow");
    let link = crate::support::unescape(link.split('"').next().unwrap());
    let form = browser.get(&format!("/authorize_interaction?{link}")).await;
    assert!(form.text.contains(&format!("href=\"{own}\"")), "{}", form.text);
    assert!(!hidden_fields(&form.text, "/authorize_interaction").is_empty());
    assert_eq!(browser.submit(&form, "/authorize_interaction", &[]).await.status, 302);
    let followed = browser.get(&own).await.text;
    assert!(followed.contains("You asked to follow.") && !followed.contains("authorize_interaction"), "{followed}");
}

#[tokio::test]
async fn a_feed_leads_to_the_original_of_what_another_server_has_whoever_asks() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "there", "<p>tea for two</p>");
    note["url"] = json!(s.east.url("/@ada/there"));
    note["tag"] = json!([{"type": "Hashtag", "name": "#tea"}]);
    s.creates(&s.ada, &note).await;
    s.node.citizen("dora").await;
    let (visitor, browser) = (Browser::new(&s.node), Browser::new(&s.node));
    browser.sign_in("dora", PASSWORD).await;
    let feed = visitor.get("/tags/tea.rss").await;
    let link = format!("<link>{}</link>", s.east.url("/@ada/there"));
    assert!(feed.status == 200 && feed.text.contains(&link), "{}", feed.text);
    assert_eq!(browser.get("/tags/tea.rss").await.text, feed.text);
}

#[tokio::test]
async fn sec_prv_07_what_is_for_others_is_not_shown_on_the_pages_of_who_wrote_it_elsewhere() {
    let s = Scene::new().await;
    let mut ids = Vec::new();
    for (name, to) in [("direct", s.uri(&s.bob)), ("followers", format!("{}/followers", s.ada.id))] {
        let mut note = s.note(&s.ada, name, "<p>between us</p>");
        (note["to"], note["cc"]) = (json!([to]), json!([]));
        let uri = s.creates(&s.ada, &note).await;
        ids.push(s.post(&uri).await.unwrap().id);
    }
    s.node.citizen("dora").await;
    let browser = Browser::new(&s.node);
    browser.sign_in("dora", PASSWORD).await;
    let own = format!("/@ada@{}", s.east.authority);
    let profile = browser.get(&own).await;
    assert!(profile.status == 200 && !profile.text.contains("between us"), "{}", profile.text);
    for id in ids {
        for reader in [&browser, &Browser::new(&s.node)] {
            let reply = reader.get(&format!("{own}/{id}")).await;
            assert!(reply.status == 404 && !reply.text.contains("between us"), "{}", reply.text);
        }
    }
}

#[tokio::test]
async fn whom_nobody_here_knows_may_be_looked_up_by_who_is_signed_in() {
    let s = Scene::new().await;
    s.node.citizen("dora").await;
    let (visitor, browser) = (Browser::new(&s.node), Browser::new(&s.node));
    browser.sign_in("dora", PASSWORD).await;
    for path in ["/@nobody@nowhere.test", "/@nobody@nowhere.test/7", "/@nobody@nowhere.test/tagged/x"] {
        let reply = browser.get(path).await;
        assert_eq!(reply.status, 404, "{path}");
        let offer = "href=\"/authorize_interaction?uri=nobody%40nowhere.test\"";
        assert!(reply.text.contains(offer) && reply.text.contains("@nobody@nowhere.test"), "{path}: {}", reply.text);
        let reply = visitor.get(path).await;
        assert!(reply.status == 404 && !reply.text.contains("authorize_interaction"), "{path}: {}", reply.text);
    }
    assert!(browser.get("/@nobody@nowhere.test?lang=de").await.text.contains("Nachsehen, wer das ist"));
    let odd = browser.get("/@%3Cb%3E@nowhere.test").await;
    assert!(odd.status == 404 && odd.text.contains("@&#60;b&#62;@nowhere.test"), "{}", odd.text);
    for path in ["/@a%20b@nowhere.test", "/@@nowhere.test", "/@nobody@", "/@a@b@c", "/@nobody"] {
        let reply = browser.get(path).await;
        assert!(reply.status == 404 && !reply.text.contains("authorize_interaction"), "{path}: {}", reply.text);
    }
    // Our own domain is no other server.
    let dora = s.node.handle("dora");
    for (path, to) in [
        (format!("/@{dora}"), "/@dora"),
        (format!("/@{dora}/7"), "/@dora/7"),
        (format!("/@{dora}/tagged/x"), "/@dora/tagged/x"),
        (format!("/@{dora}/tagged/gr%C3%B6%C3%9Fe"), "/@dora/tagged/gr%C3%B6%C3%9Fe"),
        (format!("/@%2Fx%20y@{}", s.node.domain), "/"),
    ] {
        for reader in [&visitor, &browser] {
            let reply = reader.get(&path).await;
            assert_eq!((reply.status, reply.header("location")), (302, to), "{path}");
        }
    }
}

#[tokio::test]
async fn where_strangers_see_no_pages_they_are_sent_nowhere() {
    let s = Scene::built(|node| node.config(|config| config.web.public_pages = false)).await;
    let id = {
        let uri = s.creates(&s.ada, &s.note(&s.ada, "1", "<p>hello</p>")).await;
        s.post(&uri).await.unwrap().id
    };
    let visitor = Browser::new(&s.node);
    let own = format!("/@ada@{}", s.east.authority);
    for path in
        [own.clone(), format!("{own}/{id}"), "/@nobody@nowhere.test".to_owned(), format!("/@{}", s.node.handle("bob"))]
    {
        let reply = visitor.get(&path).await;
        assert_eq!((reply.status, reply.header("location")), (401, ""), "{path}");
    }
    s.node.citizen("dora").await;
    visitor.sign_in("dora", PASSWORD).await;
    assert!(visitor.get(&format!("{own}/{id}")).await.text.contains("hello"));
}
