//! The traps of the client API by number (`tests/gotchas.txt`), and tests of those that no other file is about.

use crate::{
    media::{picture, send_form},
    support::{Client, Node, NodeBuilder, Scene, schema::Schema},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

/// Section and points of the reference, as many as each has.
const POINTS: [u32; 11] = [7, 9, 12, 3, 8, 10, 9, 6, 6, 8, 10];

fn names(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let mut is_test = false;
            for line in text.lines().map(str::trim_start) {
                let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
                if let Some((name, _)) = name.filter(|_| is_test).and_then(|name| name.split_once('(')) {
                    found.insert(name.to_owned());
                }
                is_test = line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            }
        }
    }
}

#[test]
fn every_gotcha_has_a_number_and_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    names(&root.join("tests/it"), &mut tests);
    names(&root.join("src"), &mut tests);
    let mut listed = BTreeSet::new();
    for line in include_str!("../gotchas.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (about, shown) = line.rsplit_once(": ").unwrap_or_else(|| panic!("no test: {line}"));
        for test in shown.split(", ") {
            assert!(tests.contains(test), "no test is called {test}: {line}");
        }
        assert!(listed.insert(about.split(' ').next().unwrap().to_owned()), "listed twice: {line}");
    }
    for (section, points) in (1..).zip(POINTS) {
        for point in 1..=points {
            assert!(listed.remove(&format!("1.{section}.{point}")), "1.{section}.{point} has no line");
        }
    }
    assert!(listed.is_empty(), "nothing has these numbers: {listed:?}");
}

fn id(document: &Value) -> String {
    document["id"].as_str().unwrap_or_else(|| panic!("no id: {document}")).to_owned()
}

async fn write(who: &Client, body: Value) -> Value {
    who.post("/api/v1/statuses", body).await.ok()
}

#[test]
fn every_number_and_text_is_what_clients_decode() {
    // Every answer of every test is held against this table.
    let schema = Schema::get();
    let (text, number) = (json!("12"), json!(12));
    let is = |shape: &str, field: &str, right: &Value, wrong: &Value| {
        let about = |value: &Value| {
            let mut inner = value.clone();
            for name in field.split('.').rev() {
                inner = if name == "[]" { json!([inner]) } else { json!({ name: inner }) };
            }
            let path = field.replace(".[]", "[0]");
            let faults = schema.faults(shape, &inner);
            faults.iter().any(|fault| fault.starts_with(&format!("{shape}.{path} is no")))
        };
        assert!(!about(right), "{shape}.{field} may not be {right}");
        assert!(about(wrong), "{shape}.{field} may be {wrong}");
    };
    for shape in
        ["Status", "Account", "MediaAttachment", "Poll", "List", "Filter", "Notification", "Conversation", "Rule"]
    {
        is(shape, "id", &text, &number);
        is(shape, "id", &text, &json!("01J9ZB"));
        is(shape, "id", &text, &json!(""));
    }
    is("Status", "in_reply_to_account_id", &text, &number);
    is("NotificationGroup", "most_recent_notification_id", &number, &text);
    is("WebPushSubscription", "id", &number, &text);
    is("NotificationRequest", "notifications_count", &text, &number);
    for field in ["day", "uses", "accounts"] {
        is("Tag", &format!("history.[].{field}"), &text, &number);
    }
    is("FeaturedTag", "statuses_count", &text, &number);
    is("Role", "permissions", &text, &number);
    is("Token", "created_at", &number, &text);
    is("Marker", "version", &number, &text);
    is("Marker", "last_read_id", &text, &number);
    is("Poll", "own_votes", &json!([1]), &json!(1));
    is("Status", "favourites_count", &number, &text);
    for shape in ["Status", "Account", "Notification", "StatusEdit"] {
        is(shape, "created_at", &json!("2026-07-02T07:47:51.000Z"), &json!("2026-07-02T07:47:51Z"));
        is(shape, "created_at", &json!("2026-07-02T07:47:51.000Z"), &json!("2026-07-02T07:47:51.000+00:00"));
    }
    is("Account", "last_status_at", &json!("2026-07-02"), &json!("2026-07-02T00:00:00.000Z"));
    is("Field", "verified_at", &json!("2026-07-02T07:47:51.000Z"), &json!("yes"));
}

#[tokio::test]
async fn counts_of_the_instance_are_texts() {
    let node = Node::start().await;
    let weeks = Client::anonymous(&node).get("/api/v1/instance/activity").await.ok();
    assert_eq!(weeks.as_array().unwrap().len(), 12);
    for week in weeks.as_array().unwrap() {
        for (name, value) in week.as_object().unwrap() {
            assert!(value.as_str().is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit())), "{name}: {value}");
        }
    }
}

#[tokio::test]
async fn ids_sort_by_age_and_small_ones_stay_small() {
    let scene = Scene::new().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(id(&write(&scene.bob, json!({"status": format!("{n}")})).await));
        scene.node.clock.advance(1_000);
    }
    let numbers: Vec<i64> = ids.iter().map(|id| id.parse().unwrap()).collect();
    assert!(numbers.is_sorted() && numbers[0] < numbers[1]);
    let padded: Vec<String> = ids.iter().map(|id| format!("{id:0>30}")).collect();
    assert!(padded.is_sorted());
    // One of another server that was written between the second and the third.
    let mut note = scene.note(&scene.ada, "late", "<p>late</p>");
    note["published"] = json!(scene.node.clock.now().plus_millis(-1_500).rfc3339());
    let uri = scene.creates(&scene.ada, &note).await;
    let late: i64 = id(&scene.status(&scene.bob, &uri).await).parse().unwrap();
    assert!(numbers[1] < late && late < numbers[2], "{numbers:?} {late}");
    // What counts in a table of its own.
    let carol = &scene.carol;
    carol.post(&format!("/api/v1/statuses/{}/favourite", ids[0]), json!({})).await.ok();
    let page = scene.bob.get("/api/v2/notifications").await.ok();
    let most = page["notification_groups"][0]["most_recent_notification_id"].as_i64().unwrap();
    assert!(most > 0 && most < 1 << 53);
}

#[tokio::test]
async fn what_says_nothing_is_empty_and_not_null() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let file = send_form(&ada, "POST", "/api/v2/media", &[], ("file", &picture(8, 8))).await.ok();
    let post = write(&ada, json!({"media_ids": [file["id"]]})).await;
    assert_eq!((&post["content"], &post["spoiler_text"]), (&json!(""), &json!("")));
    let account = &post["account"];
    assert!(account["display_name"].is_string(), "{account}");
    assert_eq!((&account["note"], &account["fields"], &account["emojis"]), (&json!(""), &json!([]), &json!([])));
    assert_eq!((&post["tags"], &post["mentions"], &post["card"]), (&json!([]), &json!([]), &Value::Null));
}

#[tokio::test]
async fn a_filter_warns_unless_its_owner_chose_otherwise() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let words = json!([{"keyword": "spoil"}]);
    let body = json!({"title": "x", "context": ["public"], "keywords_attributes": words});
    let filter = ada.post("/api/v2/filters", body).await.ok();
    assert_eq!(filter["filter_action"], "warn");
    write(&bob, json!({"status": "spoil it"})).await;
    let told = ada.get("/api/v1/timelines/public").await.ok()[0]["filtered"][0]["filter"]["filter_action"].clone();
    assert_eq!(told, "warn");
    let change = json!({"filter_action": "blur"});
    // What their owner chose one of the apps cannot read.
    let path = format!("/api/v2/filters/{}", id(&filter));
    assert_eq!(ada.unchecked().put(&path, change).await.ok()["filter_action"], "blur");
}

#[tokio::test]
async fn a_post_for_the_site_is_public_and_local_only() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let post = write(&ada, json!({"status": "!site hello", "visibility": "public"})).await;
    assert_eq!((&post["visibility"], &post["local_only"]), (&json!("public"), &json!(true)));
    for (asked, told) in [("public", "public"), ("unlisted", "unlisted"), ("private", "private"), ("direct", "direct")]
    {
        assert_eq!(write(&ada, json!({"status": "x", "visibility": asked})).await["visibility"], told);
    }
}

#[tokio::test]
async fn an_empty_page_leads_nowhere_and_limits_are_clamped() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    for path in [
        "/api/v1/timelines/home",
        "/api/v1/notifications",
        "/api/v2/notifications",
        "/api/v1/blocks",
        "/api/v1/bookmarks",
        "/api/v1/conversations",
        "/api/v1/timelines/tag/nothing",
        "/api/v1/followed_tags",
        "/api/v1/scheduled_statuses",
    ] {
        assert_eq!(ada.get(path).await.header("link"), "", "{path}");
    }
    for n in 0..42 {
        write(&bob, json!({"status": format!("{n} #many")})).await;
    }
    for (limit, told) in [("", 20), ("limit=3", 3), ("limit=40", 40), ("limit=1000", 40), ("limit=-5", 1)] {
        let page = ada.get(&format!("/api/v1/timelines/tag/many?{limit}")).await.ok();
        assert_eq!(page.as_array().unwrap().len(), told, "{limit}");
    }
    // All of a list.
    let list = ada.post("/api/v1/lists", json!({"title": "all"})).await.ok();
    let path = format!("/api/v1/lists/{}/accounts", id(&list));
    let mut people = Vec::new();
    for n in 0..83 {
        let person = node.member(&format!("person{n}")).await;
        ada.post(&format!("/api/v1/accounts/{}/follow", person.id), json!({})).await.ok();
        people.push(person.id);
    }
    ada.post(&path, json!({"account_ids": people})).await.ok();
    assert_eq!(ada.get(&format!("{path}?limit=0")).await.ok().as_array().unwrap().len(), 83);
    assert_eq!(ada.get(&path).await.ok().as_array().unwrap().len(), 40);
    // Where there is no cursor.
    let list = |page: &Value| page.as_array().unwrap().iter().map(|one| one.to_string()).collect::<Vec<_>>();
    for path in
        ["/api/v1/directory?order=new", "/api/v2/suggestions?", "/api/v1/trends/tags?", "/api/v1/trends/statuses?"]
    {
        let (both, second) =
            (ada.get(&format!("{path}&limit=2")).await.ok(), ada.get(&format!("{path}&limit=1&offset=1")).await);
        assert_eq!(list(&both).get(1), list(&second.ok()).first(), "{path}");
    }
    assert_eq!(ada.get("/api/v2/suggestions?offset=-1").await.status, 400);
    assert_eq!(ada.get("/api/v2/search?q=many&offset=-1").await.status, 400);
    assert_eq!(ada.get("/api/v2/search?q=many&limit=-1").await.status, 400);
}

#[tokio::test]
async fn four_ways_to_read_a_link_lead_to_the_same_page() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(id(&write(&ada, json!({"status": format!("{n}")})).await));
    }
    let first = ada.get("/api/v1/timelines/home?limit=2").await;
    let link = first.header("link").to_owned();
    let next = link.split_once('<').unwrap().1.split_once('>').unwrap().0;
    let url = url::Url::parse(next).unwrap();
    assert_eq!(
        format!("http://{}", url.host_str().unwrap()),
        format!("http://{}", node.domain.split(':').next().unwrap())
    );
    let query = url.query().unwrap();
    let max: String = url.query_pairs().find(|(name, _)| name == "max_id").unwrap().1.into_owned();
    // By its first run of digits behind max_id.
    let digits = link.split_once("max_id=").unwrap().1;
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    for path in [
        format!("{}?{query}", url.path()),
        format!("/api/v1/timelines/home?limit=2&max_id={max}"),
        format!("/api/v1/timelines/home?limit=2&max_id={digits}"),
        next.to_owned(),
    ] {
        let page = ada.get(&path).await.ok();
        assert_eq!([id(&page[0]), id(&page[1])], [ids[2].clone(), ids[1].clone()], "{path}");
    }
}

#[tokio::test]
async fn a_description_is_changed_on_the_file_and_later_with_the_post() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let file = send_form(&ada, "POST", "/api/v2/media", &[], ("file", &picture(8, 8))).await.ok();
    let path = format!("/api/v1/media/{}", id(&file));
    assert_eq!(ada.put(&path, json!({"description": "before"})).await.ok()["description"], "before");
    let post = write(&ada, json!({"status": "look", "media_ids": [file["id"]]})).await;
    assert_eq!(ada.put(&path, json!({"description": "too late"})).await.status, 404);
    let change = json!({
        "status": "look", "media_ids": [file["id"]],
        "media_attributes": [{"id": file["id"], "description": "after", "focus": "0.5,0"}],
    });
    let post = ada.put(&format!("/api/v1/statuses/{}", id(&post)), change).await.ok();
    assert_eq!(post["media_attachments"][0]["description"], "after");
    assert_eq!(post["media_attachments"][0]["meta"]["focus"]["x"], 0.5);
}

#[tokio::test]
async fn a_post_needs_words_or_a_file_and_counts_as_readers_do() {
    let node = Node::start().await;
    let (ada, _) = (node.member("ada").await, node.member("bob").await);
    assert_eq!(ada.post("/api/v1/statuses", json!({"status": " "})).await.status, 422);
    let most = ada.get("/api/v2/instance").await.ok()["configuration"]["statuses"]["max_characters"].as_u64().unwrap();
    let room = most as usize;
    let fits = async |text: String| ada.post("/api/v1/statuses", json!({"status": text})).await.status;
    assert_eq!((fits("é".repeat(room)).await, fits("é".repeat(room + 1)).await), (200, 422));
    let address = format!("https://long.example/{}", "a".repeat(300));
    let text = |more: usize| format!("{address} {}", "é".repeat(more));
    assert_eq!((fits(text(room - 24)).await, fits(text(room - 23)).await), (200, 422));
    let text = |more: usize| format!("@bob@{} {}", node.domain, "é".repeat(more));
    assert_eq!((fits(text(room - 5)).await, fits(text(room - 4)).await), (200, 422));
}

#[tokio::test]
async fn errors_of_oauth_have_a_description_and_those_of_fields_a_code() {
    let node = NodeBuilder::new("alpha").await.config(|c| c.registration = watercooler::config::Registration::Open);
    let node = node.start().await;
    let nobody = Client::anonymous(&node);
    let refused = nobody.post("/oauth/token", json!({"grant_type": "password"})).await;
    assert!(refused.json()["error_description"].as_str().unwrap().len() > 10, "{}", refused.text);
    let body = json!({"client_name": "x", "redirect_uris": "a://b", "scopes": "read write"});
    let app = nobody.post("/api/v1/apps", body).await.ok();
    let grant = json!({
        "grant_type": "client_credentials", "scope": "read write",
        "client_id": app["client_id"], "client_secret": app["client_secret"],
    });
    let token = nobody.post("/oauth/token", grant).await.ok();
    let app = Client::with_token(&node, token["access_token"].as_str().unwrap());
    let refused = app.post("/api/v1/accounts", json!({"username": "", "email": "x", "password": "y"})).await;
    assert_eq!(refused.status, 422);
    let details = refused.json()["details"].clone();
    let codes = details.as_object().unwrap().values().flat_map(|list| list.as_array().unwrap().clone());
    let codes: Vec<Value> = codes.collect();
    assert!(!codes.is_empty(), "{}", refused.text);
    for code in codes {
        assert!(code["error"].as_str().unwrap().starts_with("ERR_") && code["description"].is_string(), "{code}");
    }
}

#[tokio::test]
async fn nothing_is_called_deprecated_and_files_may_be_read_by_pages() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    for path in ["/api/v1/instance", "/api/v1/filters", "/api/v1/trends", "/api/v1/search?q=x", "/api/v1/notifications"]
    {
        assert!(!ada.get(path).await.headers.contains_key("deprecation"), "{path}");
    }
    let file = send_form(&ada, "POST", "/api/v2/media", &[], ("file", &picture(8, 8))).await.ok();
    let shown = ada.get(file["url"].as_str().unwrap()).await;
    assert_eq!((shown.status, shown.header("access-control-allow-origin")), (200, "*"));
    // Those that stand for what is missing, too.
    let me = ada.get("/api/v1/accounts/verify_credentials").await.ok();
    for name in ["avatar", "header"] {
        let shown = ada.get(me[name].as_str().unwrap()).await;
        assert_eq!((shown.status, shown.header("access-control-allow-origin")), (200, "*"), "{name}");
    }
}

#[tokio::test]
async fn what_is_written_is_marked_up_as_clients_read_it() {
    let scene = Scene::new().await;
    let (node, bob) = (&scene.node, &scene.bob);
    let text = "<b>Hi</b> @carol\nand #Rust :blob:\n\nhttps://www.long.example/a/path/that/is/long/enough?x=1 http://s.example";
    let post = write(bob, json!({"status": text})).await;
    let (content, profile) = (post["content"].as_str().unwrap(), node.url("/@carol"));
    assert_eq!(post["mentions"][0]["url"], profile.as_str(), "the very same address");
    for part in [
        "<p>&lt;b&gt;Hi&lt;/b&gt; ".to_owned(),
        format!("<span class=\"h-card\" translate=\"no\"><a href=\"{profile}\" class=\"u-url mention\">@<span>carol</span></a></span>"),
        format!("<a href=\"{}\" class=\"mention hashtag\" rel=\"tag\">#<span>Rust</span></a>", node.url("/tags/rust")),
        "</p><p>".to_owned(),
        " :blob:".to_owned(),
        "target=\"_blank\" rel=\"nofollow noopener\" translate=\"no\"><span class=\"invisible\">https://www.</span>\
         <span class=\"ellipsis\">long.example/a/path/that/is/lo</span><span class=\"invisible\">ng/enough?x=1</span></a>"
            .to_owned(),
        "<span class=\"invisible\">http://</span><span class=\"\">s.example</span><span class=\"invisible\"></span></a>".to_owned(),
    ] {
        assert!(content.contains(&part), "{part}\n{content}");
    }
    assert!(content.contains("<br") && !content.contains('\n'), "{content}");
    // What others send keeps the classes that clients know, and no others.
    let mut note = scene.note(&scene.ada, "classes", "");
    note["content"] = json!(
        "<p class=\"quote-inline mine\"><span class=\"h-card p-x u-y dt-z e-w invisible ellipsis evil\">x</span></p>"
    );
    let uri = scene.creates(&scene.ada, &note).await;
    let content = scene.status(bob, &uri).await["content"].clone();
    let content = content.as_str().unwrap();
    assert!(
        content.contains("h-card p-x u-y dt-z e-w invisible ellipsis") && content.contains("quote-inline"),
        "{content}"
    );
    assert!(!content.contains("evil") && !content.contains("mine"), "{content}");
}

#[tokio::test]
async fn a_profile_names_links_as_its_own() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let fields = json!({"fields_attributes": [{"name": "Site", "value": "https://ada.example/"}]});
    let me = ada.patch("/api/v1/accounts/update_credentials", fields).await.ok();
    let value = me["fields"][0]["value"].as_str().unwrap();
    let rel = value.split_once("rel=\"").unwrap().1.split_once('"').unwrap().0;
    assert!(rel.split(' ').any(|word| word == "me"), "{value}");
}

#[tokio::test]
async fn a_profile_that_is_too_long_is_told_which_part() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    for (body, what) in [
        (json!({"display_name": "x".repeat(101)}), "Display name is too long (maximum is 100 characters)"),
        (json!({"note": "x".repeat(1_001)}), "Note character limit of 1000 exceeded"),
        (
            json!({"fields_attributes": [{"name": "a", "value": "x".repeat(256)}]}),
            "A profile field is too long (maximum is 255 characters)",
        ),
        (
            json!({"avatar_description": "x".repeat(1_501)}),
            "Description of the profile picture is too long (maximum is 1500 characters)",
        ),
    ] {
        let refused = ada.patch("/api/v1/accounts/update_credentials", body).await;
        assert_eq!((refused.status, &refused.json()["error"]), (422, &json!(format!("Validation failed: {what}"))));
    }
}

#[tokio::test]
async fn filters_of_an_accounts_posts_work_together() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let other = id(&write(&bob, json!({"status": "bob's #rust"})).await);
    let file =
        async || send_form(&ada, "POST", "/api/v2/media", &[], ("file", &picture(8, 8))).await.ok()["id"].clone();
    let plain = id(&write(&ada, json!({"status": "plain #rust"})).await);
    let shown = id(&write(&ada, json!({"status": "with a picture #rust", "media_ids": [file().await]})).await);
    let answer = json!({"status": "answer #rust", "media_ids": [file().await], "in_reply_to_id": other});
    let answer = id(&write(&ada, answer).await);
    let boost = id(&ada.post(&format!("/api/v1/statuses/{other}/reblog"), json!({})).await.ok());
    let (path, ids) = (format!("/api/v1/accounts/{}/statuses", ada.id), |page: Value| {
        page.as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    });
    for (query, told) in [
        ("", vec![&boost, &answer, &shown, &plain]),
        ("exclude_reblogs=true", vec![&answer, &shown, &plain]),
        ("exclude_replies=true&exclude_reblogs=true", vec![&shown, &plain]),
        ("only_media=true&exclude_replies=true", vec![&shown]),
        ("only_media=true&tagged=rust", vec![&answer, &shown]),
        ("only_media=true&tagged=rust&exclude_replies=true&exclude_reblogs=true", vec![&shown]),
    ] {
        let page = ids(ada.get(&format!("{path}?{query}")).await.ok());
        assert_eq!(page.iter().collect::<Vec<_>>(), told, "{query}");
    }
    for post in [&plain, &shown] {
        ada.post(&format!("/api/v1/statuses/{post}/pin"), json!({})).await.ok();
        node.clock.advance(1_000);
    }
    let pinned = ids(ada.get(&format!("{path}?pinned=true")).await.ok());
    assert_eq!(pinned, [shown.clone(), plain.clone()], "the newest pin first");
    assert_eq!(ids(ada.get(&format!("{path}?pinned=true&only_media=true")).await.ok()), std::slice::from_ref(&shown));
    // What goes on from a post of one's own is no answer to others, pinned or not.
    let more = id(&write(&ada, json!({"status": "and more", "in_reply_to_id": shown})).await);
    for post in [&answer, &more] {
        ada.post(&format!("/api/v1/statuses/{post}/pin"), json!({})).await.ok();
        node.clock.advance(1_000);
    }
    for (query, told) in [
        ("", vec![&more, &answer, &shown, &plain]),
        ("exclude_replies=true", vec![&more, &shown, &plain]),
        ("limit=2", vec![&more, &answer]),
        (format!("max_id={answer}").as_str(), vec![&shown, &plain]),
        (format!("max_id={plain}").as_str(), vec![]),
    ] {
        let page = ids(ada.get(&format!("{path}?pinned=true&{query}")).await.ok());
        assert_eq!(page.iter().collect::<Vec<_>>(), told, "{query}");
    }
}

#[tokio::test]
async fn the_markers_asked_for_are_answered_and_no_others() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    assert_eq!(ada.get("/api/v1/markers?timeline[]=home").await.ok(), json!({}));
    let set = ada.post("/api/v1/markers", json!({"home": {"last_read_id": "7"}})).await.ok();
    assert_eq!(set.as_object().unwrap().keys().collect::<Vec<_>>(), ["home"]);
    ada.post("/api/v1/markers", json!({"notifications": {"last_read_id": "8"}})).await.ok();
    let told = ada.get("/api/v1/markers?timeline[]=notifications").await.ok();
    assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), ["notifications"]);
    assert_eq!(ada.get("/api/v1/markers").await.ok(), json!({}));
}

#[tokio::test]
async fn a_client_says_which_kinds_it_knows_and_how_much_it_wants_of_people() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let post = id(&write(&ada, json!({"status": "hm"})).await);
    let mut people = Vec::new();
    for name in ["bob", "carol", "dora"] {
        let who = node.member(name).await;
        who.patch("/api/v1/accounts/update_credentials", json!({"display_name": format!("{name} <b>")})).await.ok();
        who.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.ok();
        people.push(who);
    }
    write(&people[0], json!({"status": "look", "quoted_status_id": post})).await;
    for path in ["/api/v1/notifications", "/api/v2/notifications"] {
        let list = |page: Value| if path.contains("v1") { page } else { page["notification_groups"].clone() };
        let all = list(ada.get(path).await.ok());
        assert!(all.as_array().unwrap().iter().all(|one| one.get("fallback").is_none()));
        let known = list(ada.get(&format!("{path}?supported_types[]=favourite&supported_types[]=mention")).await.ok());
        for one in known.as_array().unwrap() {
            let is_known = one["type"] == "favourite";
            assert_eq!(one.get("fallback").is_none(), is_known, "{one}");
            if !is_known {
                assert_eq!(one["fallback"]["title"], "bob &lt;b&gt; quoted your post");
            }
        }
        assert!(known.as_array().unwrap().iter().any(|one| one["type"] == "quote"));
    }
    let whole = ada.get("/api/v2/notifications?types[]=favourite").await.ok();
    assert_eq!((whole["accounts"].as_array().unwrap().len(), whole.get("partial_accounts")), (3, None));
    let partly = ada.get("/api/v2/notifications?types[]=favourite&expand_accounts=partial_avatars").await.ok();
    assert_eq!(partly["accounts"][0]["id"], people[2].id.as_str(), "whoever came last");
    let others: Vec<&str> =
        partly["partial_accounts"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(others, [people[0].id.as_str(), people[1].id.as_str()]);
    assert_eq!(partly["partial_accounts"][0].as_object().unwrap().len(), 8);
    assert_eq!(ada.get("/api/v2/notifications?expand_accounts=some").await.status, 400);
}
