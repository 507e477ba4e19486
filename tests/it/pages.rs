//! Pages for people with a browser: profiles, posts with their threads, hashtags; who sees them and how they are sent.

use crate::support::{Browser, Client, NOW, Node, NodeBuilder, PASSWORD, Scene, organisation};
use serde_json::{Value, json};
use watercooler::{
    config::{AuthorizedFetch, FederationPolicy},
    time::Clock,
};

async fn publish(client: &Client, body: Value) -> Value {
    client.post("/api/v1/statuses", body).await.ok()
}

fn id(post: &Value) -> &str {
    post["id"].as_str().unwrap()
}

#[tokio::test]
async fn sec_prv_07_a_profile_shows_what_is_public_and_nothing_else() {
    let node = Node::start().await;
    let (_, anna) = node.signed_in("anna").await;
    let change = json!({
        "display_name": "Anna <i>Lund</i>", "note": "Sensors & coffee",
        "fields_attributes": [{"name": "Site", "value": "https://anna.example"}],
    });
    anna.patch("/api/v1/accounts/update_credentials", change).await.ok();
    for visibility in ["public", "unlisted", "private", "direct"] {
        publish(&anna, json!({"status": format!("a {visibility} thought"), "visibility": visibility})).await;
    }
    let page = Browser::new(&node).get("/@anna").await;
    assert_eq!(page.status, 200, "{}", page.text);
    for part in [
        "Anna &#60;i&#62;Lund&#60;/i&#62;",
        &format!("@anna@{}", node.domain),
        "Sensors &amp; coffee",
        "anna.example",
        "a public thought",
        "a unlisted thought",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    // Nothing else is there, not even as a preview.
    for part in ["a private thought", "a direct thought", "<script", " style="] {
        assert!(!page.text.contains(part), "{part}");
    }
    // The author sees those as well, and for whom each is.
    let own = Browser::new(&node);
    own.sign_in("anna", PASSWORD).await;
    let own = own.get("/@anna").await.text;
    for part in ["a private thought", "a direct thought", "Followers only", "Only those it names"] {
        assert_eq!(own.matches(part).count(), 1, "{part}: {own}");
        assert!(!page.text.contains(part), "{part}");
    }
    let uri = node.url("/users/anna");
    assert_eq!(page.header("link"), format!("<{uri}>; rel=\"alternate\"; type=\"application/activity+json\""));
    assert!(page.text.contains(&format!("<link rel=\"alternate\" type=\"application/activity+json\" href=\"{uri}\">")));
    assert!(page.header("vary").contains("Accept"));
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(Browser::new(&node).get("/@nobody").await.status, 404);
    assert_eq!(Browser::new(&node).get("/@anna@elsewhere.example").await.status, 404);
}

#[tokio::test]
async fn programs_that_ask_for_a_page_are_sent_to_its_document() {
    let node = Node::start().await;
    let (_, anna) = node.signed_in("anna").await;
    let post = publish(&anna, json!({"status": "hello"})).await;
    let client = Client::anonymous(&node);
    let reply = client.get_activity("/@anna").await;
    assert_eq!((reply.status, reply.header("location")), (302, &*node.url("/users/anna")));
    let reply = client.get_activity(&format!("/@anna/{}", id(&post))).await;
    assert_eq!(
        (reply.status, reply.header("location")),
        (302, &*node.url(&format!("/users/anna/statuses/{}", id(&post))))
    );
}

#[tokio::test]
async fn sec_prv_07_a_post_is_shown_with_what_is_public_of_its_thread() {
    let node = Node::start().await;
    let (_, anna) = node.signed_in("anna").await;
    let (_, berta) = node.signed_in("berta").await;
    let first = publish(&anna, json!({"status": "Who has a sensor?"})).await;
    let second = publish(&berta, json!({"status": "@anna We do.", "in_reply_to_id": id(&first)})).await;
    let third = publish(&anna, json!({"status": "@berta Great!", "in_reply_to_id": id(&second)})).await;
    let secret = json!({"status": "@anna psst", "in_reply_to_id": id(&first), "visibility": "direct"});
    let secret = publish(&berta, secret).await;
    let page = Browser::new(&node).get(&format!("/@berta/{}", id(&second))).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let at = |text: &str| page.text.find(text).unwrap_or_else(|| panic!("{text}: {}", page.text));
    assert!(at("Who has a sensor?") < at("We do.</p>") && at("We do.</p>") < at("Great!</p>"));
    assert!(!page.text.contains("psst"));
    assert!(page.text.contains(&format!("id=\"post-{}\"", id(&third))));
    for (name, id) in [("berta", id(&secret)), ("anna", id(&second)), ("berta", "1"), ("berta", "x")] {
        assert_eq!(Browser::new(&node).get(&format!("/@{name}/{id}")).await.status, 404, "{name} {id}");
    }
    // Somebody it is addressed to sees it when signed in here.
    let browser = Browser::new(&node);
    browser.sign_in("anna", PASSWORD).await;
    let page = browser.get(&format!("/@berta/{}", id(&secret))).await;
    assert!(page.text.contains("psst"));
    assert_eq!(page.header("cache-control"), "private, no-store");
}

#[tokio::test]
async fn the_page_of_a_boost_is_that_of_what_was_boosted() {
    let s = Scene::new().await;
    let mine = publish(&s.carol, json!({"status": "here"})).await;
    let mut note = s.note(&s.ada, "there", "<p>there</p>");
    note["url"] = json!(s.east.url("/@ada/there"));
    let theirs = s.creates(&s.ada, &note).await;
    let theirs = s.status(&s.bob, &theirs).await;
    for (post, page) in [(&mine, &mine["url"]), (&theirs, &note["url"])] {
        let boost = s.bob.post(&format!("/api/v1/statuses/{}/reblog", id(post)), json!({})).await.ok();
        let url = boost["url"].as_str().unwrap().strip_prefix(&s.node.url("")).unwrap().to_owned();
        let reply = Browser::new(&s.node).get(&url).await;
        assert_eq!((reply.status, reply.header("location")), (302, page.as_str().unwrap()));
        // Not under another name, and nothing that the visitor may not see.
        let other = url.replace("/@bob/", "/@carol/");
        assert_eq!(Browser::new(&s.node).get(&other).await.status, 404);
    }
    let private = publish(&s.carol, json!({"status": "mine", "visibility": "private"})).await;
    let boost = s.carol.post(&format!("/api/v1/statuses/{}/reblog", id(&private)), json!({})).await.ok();
    assert_eq!(Browser::new(&s.node).get(&format!("/@carol/{}", id(&boost))).await.status, 404);
}

#[tokio::test]
async fn warnings_hide_and_polls_and_hashtags_show() {
    let node = Node::start().await;
    let (_, anna) = node.signed_in("anna").await;
    let body = json!({"status": "It was the bearing. #torque", "spoiler_text": "The end of the story"});
    let post = publish(&anna, body).await;
    let page = Browser::new(&node).get(&format!("/@anna/{}", id(&post))).await;
    assert!(page.text.contains("<details><summary>The end of the story</summary>"));
    assert!(!page.text.contains("<meta name=\"description\" content=\"It was"));
    let poll = json!({"status": "When?", "poll": {"options": ["Tuesday", "Friday"], "expires_in": 3600}});
    let poll = publish(&anna, poll).await;
    let page = Browser::new(&node).get(&format!("/@anna/{}", id(&poll))).await;
    assert!(page.text.contains("Tuesday") && page.text.contains("<meter") && page.text.contains("open until"));
    let tagged = Browser::new(&node).get("/tags/torque").await;
    assert!(tagged.status == 200 && tagged.text.contains("The end of the story"), "{}", tagged.text);
}

#[tokio::test]
async fn a_visitor_to_whom_nothing_is_shown_is_told_so_and_comes_back_from_signing_in() {
    let node = Node::start().await;
    node.signed_in("anna").await;
    let browser = Browser::new(&node);
    assert!(browser.get("/").await.text.contains("<strong>1</strong> <span>person</span>"));
    let sign_in = "/sign-in?next=%2F%40anna%3Fmax_id%3D9";
    let page = browser.get("/@anna?max_id=9").await.text;
    assert!(page.contains("Nothing here is for everybody"), "{page}");
    assert_eq!(page.matches(&format!("href=\"{sign_in}\"")).count(), 2, "{page}");
    for (path, next) in [("/tags/none", "%2Ftags%2Fnone"), ("/answers", "%2Fanswers"), ("/ideas", "%2Fideas")] {
        let page = browser.get(path).await.text;
        assert!(page.contains(&format!("href=\"/sign-in?next={next}\"")), "{path}: {page}");
    }
    // Nobody is led back to a form that came to nothing.
    assert!(browser.get("/nowhere").await.text.contains("href=\"/sign-in\""));
    let form = browser.get(sign_in).await;
    let typed = [("login", "anna"), ("password", PASSWORD)];
    assert_eq!(browser.submit(&form, "/sign-in", &typed).await.header("location"), "/@anna?max_id=9");
    let page = browser.get("/@anna").await.text;
    assert!(page.contains("Nothing to see here yet.") && !page.contains("/sign-in"), "{page}");
    // On a small node each of them counts at once.
    node.citizen("berta").await;
    assert!(browser.get("/").await.text.contains("<strong>2</strong> <span>people</span>"));
}

#[tokio::test]
async fn the_front_page_of_an_organisation_counts_its_posts_for_its_people_only() {
    let node = organisation::alone("hq", &Clock::fixed(NOW)).await;
    organisation::found(&node).await;
    let (_, anna) = node.signed_in("anna").await;
    publish(&anna, json!({"status": "the new bench is up"})).await;
    node.settle().await;
    let none = "<strong>0</strong> <span>posts</span>";
    let browser = Browser::new(&node);
    assert!(browser.get("/").await.text.contains(none));
    browser.sign_in("anna", PASSWORD).await;
    let page = browser.get("/").await.text;
    assert!(page.contains("<span>person</span>") && !page.contains(none), "{page}");
}

/// Every address that has a page for people, filled in from a post: those of `tests/doors.txt` without the documents and files
/// that are for programs.
fn pages(post: &Value) -> Vec<String> {
    const PROGRAMS: [&str; 10] = [
        "/api/",
        "/.well-known/",
        "/nodeinfo/",
        "/users/",
        "/activities/",
        "/actor",
        "/charter",
        "/media/",
        "/emojis/",
        "/assets/",
    ];
    let address: String = url::form_urlencoded::byte_serialize(post["uri"].as_str().unwrap().as_bytes()).collect();
    let lines = include_str!("../doors.txt").lines().filter(|line| line.starts_with('/'));
    let lines = lines.filter(|line| !PROGRAMS.iter().any(|begins| line.starts_with(begins)));
    let examples = lines.flat_map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        if words.len() > 2 { words[2..].to_vec() } else { words[..1].to_vec() }
    });
    let fill = |path: &str| {
        path.replace("$name", "anna").replace("$post", id(post)).replace("$tag", "torque").replace("$uri", &address)
    };
    examples.map(fill).collect()
}

#[tokio::test]
async fn sec_web_12_while_reads_must_be_signed_strangers_see_the_front_page_and_nothing_else() {
    for setting in ["authorized", "allowlist", "pages off"] {
        let node = NodeBuilder::new("alpha")
            .await
            .config(|c| match setting {
                "authorized" => c.federation.authorized_fetch = AuthorizedFetch::On,
                "allowlist" => c.federation.policy = FederationPolicy::Allowlist,
                _ => c.web.public_pages = false,
            })
            .start()
            .await;
        let (_, anna) = node.signed_in("anna").await;
        let name = json!({ "display_name": "Anna Lund" });
        anna.patch("/api/v1/accounts/update_credentials", name).await.ok();
        let post = publish(&anna, json!({"status": "hello #torque"})).await;
        let path = format!("/@anna/{}", id(&post));
        let stranger = Browser::new(&node);
        assert_eq!(stranger.get("/").await.status, 200);
        // But for the way back, which repeats what was asked for.
        let without = |text: &str, path: &str| {
            let back = url::form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>();
            text.replace(&format!("?next={back}\""), "\"")
        };
        let nobody = without(&stranger.get("/@nobody").await.text, "/@nobody");
        for path in ["/@anna", &path, "/@anna/tagged/torque", "/tags/torque", "/answers", "/answers/torque", "/ideas"] {
            let reply = stranger.get(path).await;
            assert_eq!(reply.status, 401, "{setting} {path}");
            // What exists looks like what does not.
            assert_eq!(without(&reply.text, path), nobody, "{setting} {path}");
        }
        // Nor does any other page say a word of who is here, or what they wrote.
        let mut walked = 0;
        for path in pages(&post) {
            let reply = stranger.get(&path).await;
            assert!(reply.status < 500, "{setting} {path}: {}", reply.status);
            for word in ["hello", "Anna Lund"] {
                assert!(!reply.text.contains(word), "{setting} {path}: {}", reply.text);
            }
            walked += 1;
        }
        assert!(walked > 25, "{walked}");
        let address =
            url::form_urlencoded::byte_serialize(post["url"].as_str().unwrap().as_bytes()).collect::<String>();
        let embed = Client::anonymous(&node).get(&format!("/api/oembed?url={address}")).await;
        assert_eq!(embed.status, 404, "{setting}: {}", embed.text);
        let browser = Browser::new(&node);
        browser.sign_in("anna", PASSWORD).await;
        assert!(browser.get(&path).await.text.contains("hello"), "{setting}");
    }
}

#[tokio::test]
async fn the_page_of_a_post_says_when_and_in_which_language_it_was_written() {
    let node = Node::start().await;
    let (_, client) = node.signed_in("anna").await;
    let post = publish(&client, json!({"status": "Una prova d'estatus català", "language": "ca"})).await;
    let page = Client::anonymous(&node).get(&format!("/@anna/{}", id(&post))).await;
    let meta = |name: &str, value: &str| format!("<meta property=\"og:{name}\" content=\"{value}\">");
    for (name, value) in
        [("type", "article"), ("published_time", post["created_at"].as_str().unwrap()), ("locale", "ca")]
    {
        assert!(page.text.contains(&meta(name, value)), "{name}: {}", page.text);
    }
}

#[tokio::test]
async fn suspended_and_deleted_people_have_no_page() {
    use watercooler::domain::{accounts, audit::Staff};
    let node = Node::start().await;
    let (anna, client) = node.signed_in("anna").await;
    let post = publish(&client, json!({"status": "hello"})).await;
    let path = format!("/@anna/{}", id(&post));
    let id = anna.id;
    node.app.write(move |tx| accounts::suspend(tx, &Staff::console(), id)).await.unwrap();
    for path in ["/@anna", &path] {
        assert_eq!(Browser::new(&node).get(path).await.status, 404);
    }
    node.app.write(move |tx| accounts::unsuspend(tx, &Staff::console(), id)).await.unwrap();
    assert_eq!(Browser::new(&node).get(&path).await.status, 200);
    node.app.write(move |tx| accounts::delete(tx, &Staff::console(), id)).await.unwrap();
    node.settle().await;
    assert_eq!(Browser::new(&node).get("/@anna").await.status, 410);
    assert_ne!(Browser::new(&node).get(&path).await.status, 200);
}

#[tokio::test]
async fn whoever_loads_the_answer_to_a_form_anew_comes_back_to_the_form() {
    let node = Node::start().await;
    let (_, anna) = node.signed_in("anna").await;
    let post = publish(&anna, json!({"status": "#ask Which glue?"})).await;
    let browser = Browser::new(&node);
    browser.sign_in("anna", PASSWORD).await;
    for path in
        ["/settings/password", "/settings/reach", "/settings/apps/1/revoke", "/settings/sessions/1/end", "/sign-out"]
    {
        assert_eq!(browser.post(path, &[("token", "x")]).await.status, 403, "{path}");
        let again = browser.get(path).await;
        assert_eq!((again.status, again.header("location")), (302, "/settings"), "{path}");
    }
    let question = format!("/@anna/{}", id(&post));
    let accept = format!("{question}/accept");
    assert_eq!(browser.post(&accept, &[("answer", "1"), ("token", "x")]).await.status, 403);
    let again = browser.get(&accept).await;
    assert_eq!((again.status, again.header("location")), (302, &*question));
    // Nobody is led elsewhere by it, and nobody is signed out by it.
    assert_eq!(browser.get("/@%2F%2Fevil.example/x%20y/accept").await.header("location"), "/");
    assert_eq!(browser.get("/settings").await.status, 200);
    let stranger = Browser::new(&node);
    assert_eq!(stranger.get("/settings/reach").await.header("location"), "/settings");
    assert_eq!(stranger.get("/.well-known/change-password").await.header("location"), "/settings");
    // Apps send people to where the original has these pages.
    for (there, here) in [
        ("/about", "/"),
        ("/auth/edit", "/settings"),
        ("/auth/password/new", "/password"),
        ("/auth/sign_in", "/sign-in"),
        ("/auth/sign_up", "/register"),
        ("/settings/delete", "/settings"),
        ("/settings/preferences", "/settings"),
    ] {
        assert_eq!(stranger.get(there).await.header("location"), here, "{there}");
    }
    assert_eq!(stranger.get("/settings").await.header("location"), "/sign-in?next=%2Fsettings");
}

#[tokio::test]
async fn feeds_hold_what_strangers_see_on_the_page_whoever_asks() {
    let node = Node::start().await;
    let (_, anna) = node.signed_in("anna").await;
    let (_, bob) = node.signed_in("bob").await;
    let change = json!({"display_name": "Anna <i> & Co"});
    anna.patch("/api/v1/accounts/update_credentials", change).await.ok();
    let bobs = publish(&bob, json!({"status": "what bob says"})).await;
    anna.post(&format!("/api/v1/statuses/{}/reblog", id(&bobs)), json!({})).await.ok();
    publish(&anna, json!({"status": "an answer", "in_reply_to_id": id(&bobs)})).await;
    for visibility in ["public", "unlisted", "private", "direct"] {
        publish(&anna, json!({"status": format!("a {visibility} thought"), "visibility": visibility})).await;
    }
    let tagged = publish(&anna, json!({"status": "by hand #Torque", "spoiler_text": "bolts & nuts"})).await;
    let own = Browser::new(&node);
    own.sign_in("anna", PASSWORD).await;
    let stranger = Browser::new(&node);
    let feed = stranger.get("/@anna.rss").await;
    assert_eq!((feed.status, feed.header("content-type")), (200, "application/rss+xml; charset=utf-8"));
    let url = tagged["url"].as_str().unwrap();
    for part in [
        "<title>Anna &lt;i&gt; &amp; Co</title>",
        &format!("<description>@anna@{}</description>", node.domain),
        &format!("<guid isPermaLink=\"true\">{url}</guid>"),
        "<pubDate>Mon, 23 Nov 2026 12:00:00 +0000</pubDate>",
        "&lt;strong&gt;bolts &amp;amp; nuts&lt;/strong&gt;",
        "a public thought",
        "a unlisted thought",
    ] {
        assert!(feed.text.contains(part), "{part}: {}", feed.text);
    }
    for part in ["a private thought", "a direct thought", "an answer", "what bob says"] {
        assert!(!feed.text.contains(part), "{part}: {}", feed.text);
    }
    assert_eq!(feed.text.matches("<item>").count(), 3);
    assert_eq!(own.get("/@anna.rss").await.text, feed.text, "the author reads the same");
    let of_tag = stranger.get("/tags/torque.rss").await;
    assert_eq!((of_tag.status, of_tag.text.matches("<item>").count()), (200, 1));
    assert!(of_tag.text.contains("<title>#torque</title>") && of_tag.text.contains(url));
    assert_eq!(stranger.get("/tags/Torque.rss").await.text, of_tag.text);
    for page in ["/@anna", "/tags/torque"] {
        let link =
            format!("<link rel=\"alternate\" type=\"application/rss+xml\" href=\"{}\">", node.url(page) + ".rss");
        assert!(stranger.get(page).await.text.contains(&link), "{page}");
    }
    for nothing in ["/@nobody.rss", "/@.rss", "/tags/.rss", "/tags/1.rss"] {
        assert_eq!(stranger.get(nothing).await.status, 404, "{nothing}");
    }
}

#[tokio::test]
async fn there_are_no_feeds_where_strangers_see_no_pages() {
    let node = NodeBuilder::new("alpha").await.config(|c| c.federation.authorized_fetch = AuthorizedFetch::On);
    let node = node.start().await;
    let (_, anna) = node.signed_in("anna").await;
    publish(&anna, json!({"status": "hello #torque"})).await;
    let own = Browser::new(&node);
    own.sign_in("anna", PASSWORD).await;
    for page in ["/@anna", "/tags/torque"] {
        assert!(!own.get(page).await.text.contains("application/rss"), "{page}");
        for who in [&own, &Browser::new(&node)] {
            let reply = who.get(&format!("{page}.rss")).await;
            assert_eq!((reply.status, reply.text.contains("hello")), (401, false), "{page}");
        }
    }
}
