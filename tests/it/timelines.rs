//! Timelines, threads, and who sees what.

use crate::support::{Client, Node, Scene};
use serde_json::{Value, json};
use watercooler::{
    db::{Conn, Sql},
    domain::{Viewer, visibility},
    id::Id,
    model::{Account, Audience, Post},
    store,
    time::Timestamp,
};

async fn say(who: &Client, text: &str, visibility: &str) -> String {
    let post = who.post("/api/v1/statuses", json!({"status": text, "visibility": visibility})).await.ok();
    post["id"].as_str().unwrap().to_owned()
}

async fn answer(who: &Client, to: &str, text: &str) -> String {
    let post = who.post("/api/v1/statuses", json!({"status": text, "in_reply_to_id": to})).await.ok();
    post["id"].as_str().unwrap().to_owned()
}

async fn act(who: &Client, path: &str) {
    who.post(path, json!({})).await.ok();
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap().to_owned()).collect()
}

fn link(header: &str, rel: &str) -> Option<String> {
    let part = header.split(", ").find(|p| p.ends_with(&format!("rel=\"{rel}\"")))?;
    Some(part[1..part.find('>')?].to_owned())
}

#[tokio::test]
async fn the_home_timeline_is_walked_in_both_directions() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    act(&ada, &format!("/api/v1/accounts/{}/follow", bob.id)).await;
    let mut all = Vec::new();
    for n in 0..25 {
        all.insert(0, say(&bob, &format!("post {n}"), "public").await);
    }
    let first = ada.get("/api/v1/timelines/home?limit=10").await;
    assert_eq!(ids(&first.ok()), all[..10]);
    let next = link(first.header("link"), "next").unwrap();
    assert!(next.starts_with(&node.url("/api/v1/timelines/home?limit=10&max_id=")), "{next}");
    let second = ada.get(&next).await;
    assert_eq!(ids(&second.ok()), all[10..20]);
    let back = ada.get(&link(second.header("link"), "prev").unwrap()).await;
    assert_eq!(ids(&back.ok()), all[..10]);
    let third = ada.get(&link(second.header("link"), "next").unwrap()).await;
    assert_eq!(ids(&third.ok()), all[20..]);
    let end = ada.get(&link(third.header("link"), "next").unwrap()).await;
    assert_eq!(end.ok(), json!([]));
    assert_eq!(end.header("link"), "");
    let newest = ada.get(&format!("/api/v1/timelines/home?limit=3&since_id={}", all[20])).await;
    assert_eq!(ids(&newest.ok()), all[..3]);
    let above = ada.get(&format!("/api/v1/timelines/home?limit=3&min_id={}", all[20])).await;
    assert_eq!(ids(&above.ok()), all[17..20]);
}

#[tokio::test]
async fn a_status_has_every_field_clients_insist_on() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    say(&ada, "hello #World", "public").await;
    let page = ada.get("/api/v1/timelines/home").await.ok();
    let status = &page[0];
    for field in [
        "id",
        "uri",
        "created_at",
        "account",
        "content",
        "visibility",
        "sensitive",
        "spoiler_text",
        "media_attachments",
        "mentions",
        "tags",
        "emojis",
        "reblogs_count",
        "favourites_count",
        "replies_count",
        "quotes_count",
        "url",
        "favourited",
        "reblogged",
        "muted",
        "bookmarked",
        "filtered",
        "pinned",
        "quote_approval",
        "application",
    ] {
        assert!(!status[field].is_null(), "{field}: {status}");
    }
    for field in ["in_reply_to_id", "in_reply_to_account_id", "reblog", "poll", "card", "edited_at", "quote"] {
        assert!(status.as_object().unwrap().contains_key(field) && status[field].is_null(), "{field}");
    }
    assert_eq!(status["tags"][0]["name"], "world");
    let account = &status["account"];
    for field in [
        "id",
        "username",
        "acct",
        "url",
        "uri",
        "display_name",
        "note",
        "avatar",
        "avatar_static",
        "header",
        "header_static",
        "locked",
        "fields",
        "emojis",
        "bot",
        "group",
        "discoverable",
        "indexable",
        "created_at",
        "statuses_count",
        "followers_count",
        "following_count",
        "roles",
        "hide_collections",
    ] {
        assert!(!account[field].is_null(), "{field}: {account}");
    }
    assert!(account["avatar"].as_str().unwrap().ends_with("/missing.png"));
    assert!(account["created_at"].as_str().unwrap().ends_with("T00:00:00.000Z"));
    assert_eq!(account["last_status_at"].as_str().unwrap().len(), 10);
    let stranger = Client::anonymous(&node).get("/api/v1/timelines/public").await.ok();
    for field in ["favourited", "reblogged", "muted", "bookmarked", "filtered", "pinned"] {
        assert!(!stranger[0].as_object().unwrap().contains_key(field), "{field}");
    }
}

#[tokio::test]
async fn timelines_leave_out_whom_the_reader_blocks_or_mutes_and_their_boosted_posts() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    act(&ada, &format!("/api/v1/accounts/{}/follow", bob.id)).await;
    let kept = say(&bob, "kept", "public").await;
    let hers = say(&eve, "hers", "public").await;
    act(&bob, &format!("/api/v1/statuses/{hers}/reblog")).await;
    assert_eq!(ids(&ada.get("/api/v1/timelines/home").await.ok()).len(), 2);
    act(&ada, &format!("/api/v1/accounts/{}/mute", eve.id)).await;
    assert_eq!(ids(&ada.get("/api/v1/timelines/home").await.ok()), std::slice::from_ref(&kept));
    assert_eq!(ids(&ada.get("/api/v1/timelines/public").await.ok()), std::slice::from_ref(&kept));
    // Nor on the profile of whoever boosted it; on her own it stands, for who looks for it.
    let profile = |who: &Client| format!("/api/v1/accounts/{}/statuses", who.id);
    assert_eq!(ids(&ada.get(&profile(&bob)).await.ok()), std::slice::from_ref(&kept));
    assert_eq!(ids(&ada.get(&profile(&eve)).await.ok()), std::slice::from_ref(&hers));
    act(&bob, &format!("/api/v1/accounts/{}/mute", eve.id)).await;
    assert_eq!(ids(&bob.get(&profile(&bob)).await.ok()).len(), 2, "in one's own lists nothing is passed over");
    act(&ada, &format!("/api/v1/accounts/{}/unmute", eve.id)).await;
    assert_eq!(ids(&ada.get(&profile(&bob)).await.ok()).len(), 2);
    act(&eve, &format!("/api/v1/accounts/{}/block", ada.id)).await;
    assert_eq!(ids(&ada.get("/api/v1/timelines/public").await.ok()), [kept]);
    assert_eq!(ada.get(&format!("/api/v1/statuses/{hers}")).await.status, 404);
    assert_eq!(Client::anonymous(&node).get(&format!("/api/v1/statuses/{hers}")).await.status, 200);
}

#[tokio::test]
async fn sec_prv_02_sec_prv_04_private_and_direct_posts_stay_with_their_readers() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    act(&bob, &format!("/api/v1/accounts/{}/follow", ada.id)).await;
    let private = say(&ada, "for followers xyzzy", "private").await;
    let direct = say(&ada, "@bob for you xyzzy", "direct").await;
    let anonymous = Client::anonymous(&node);
    for id in [&private, &direct] {
        for path in ["", "/context", "/history", "/favourited_by", "/reblogged_by"] {
            let path = format!("/api/v1/statuses/{id}{path}");
            assert_eq!(bob.get(&path).await.status, 200, "{path}");
            assert_eq!(eve.get(&path).await.status, 404, "{path}");
            assert_eq!(anonymous.get(&path).await.status, 404, "{path}");
        }
    }
    for viewer in [&eve, &anonymous] {
        for path in [
            format!("/api/v1/accounts/{}/statuses", ada.id),
            "/api/v1/timelines/public".to_owned(),
            "/api/v1/timelines/tag/xyzzy".to_owned(),
        ] {
            assert_eq!(viewer.get(&path).await.ok(), json!([]), "{path}");
        }
    }
    assert_eq!(eve.get("/api/v2/search?q=xyzzy").await.ok()["statuses"], json!([]));
    assert_eq!(ids(&bob.get("/api/v2/search?q=xyzzy").await.ok()["statuses"]).len(), 1);
    assert_eq!(ids(&bob.get(&format!("/api/v1/accounts/{}/statuses", ada.id)).await.ok()).len(), 2);
    assert_eq!(bob.get("/api/v1/conversations").await.ok()[0]["last_status"]["id"], direct.as_str());
}

#[tokio::test]
async fn the_predicate_and_the_condition_agree_on_everybody_and_everything() {
    let node = Node::start().await;
    let mut people = Vec::new();
    for name in ["author", "follower", "asked", "mentioned", "stranger", "blocked", "blocker", "gone"] {
        people.push(node.member(name).await);
    }
    let by = |name: &str| people.iter().find(|p| p.name == name).unwrap();
    let author = by("author");
    act(by("follower"), &format!("/api/v1/accounts/{}/follow", author.id)).await;
    act(by("blocked"), &format!("/api/v1/accounts/{}/follow", author.id)).await;
    let mut posts: Vec<Id<Post>> = Vec::new();
    for visibility in ["public", "unlisted", "private", "direct"] {
        posts.push(say(author, "words", visibility).await.parse().unwrap());
        posts.push(say(author, "@mentioned @blocked words", visibility).await.parse().unwrap());
        posts.push(say(by("gone"), "@mentioned words", visibility).await.parse().unwrap());
    }
    act(author, &format!("/api/v1/accounts/{}/block", by("blocked").id)).await;
    act(by("blocker"), &format!("/api/v1/accounts/{}/block", author.id)).await;
    let gone: Id<Account> = by("gone").id.parse().unwrap();
    node.app
        .write(move |tx| Sql::new("update accounts set suspended_at = 1 where id = ").bind(gone).execute(tx.conn))
        .await
        .unwrap();
    let ids: Vec<Id<Account>> = people.iter().map(|p| p.id.parse().unwrap()).collect();
    let now = node.app.clock().now();
    for audience in Audience::ALL.iter().copied() {
        node.app
            .write(move |tx| Sql::new("update posts set audience = ").bind(audience).execute(tx.conn))
            .await
            .unwrap();
        // The same people as if they lived here, elsewhere in the organisation, or outside.
        for place in Audience::ALL.iter().copied() {
            let mut viewers = vec![Viewer::anybody_in(place)];
            viewers.extend(ids.iter().map(|id| Viewer::placed(*id, place)));
            let mut seen = 0;
            for viewer in viewers {
                for post in posts.clone() {
                    let (by_code, by_sql) = node.app.read(move |conn| both(conn, viewer, post, now)).await.unwrap();
                    assert_eq!(by_code, by_sql, "{viewer:?} {post:?} {audience}");
                    seen += usize::from(by_code);
                }
            }
            // anyone 4, author 8, follower 6, asked 4, mentioned 6, stranger 4, blocked 0, blocker 4, gone 4; outside of the
            // audience nobody but the author.
            assert_eq!(seen, if place <= audience { 40 } else { 8 }, "{place} {audience}");
        }
    }
    assert_eq!(Viewer::ANYONE, Viewer::anybody_in(Audience::Open));
    assert_eq!(Viewer::from(ids[0]), Viewer::placed(ids[0], Audience::Site));
}

/// What the predicate and the condition say.
fn both(conn: &mut Conn, viewer: Viewer, post: Id<Post>, now: Timestamp) -> watercooler::Result<(bool, bool)> {
    let row = store::views::post(conn, post)?;
    let code = visibility::can_see(conn, viewer, &row, now)?;
    let sql = Sql::new("select p.id from posts p where p.id = ")
        .bind(post)
        .push(" and ")
        .append(visibility::condition(viewer))
        .exists(conn)?;
    Ok((code, sql))
}

#[tokio::test]
async fn a_thread_is_shown_whole_and_depth_first() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let root = say(&ada, "root", "public").await;
    let one = answer(&bob, &root, "one").await;
    let two = answer(&bob, &root, "two").await;
    let one_one = answer(&ada, &one, "one one").await;
    let deep = answer(&bob, &one_one, "deep").await;
    let context = bob.get(&format!("/api/v1/statuses/{one}/context")).await.ok();
    assert_eq!(ids(&context["ancestors"]), std::slice::from_ref(&root));
    assert_eq!(ids(&context["descendants"]), [one_one.clone(), deep.clone()]);
    let context = Client::anonymous(&node).get(&format!("/api/v1/statuses/{root}/context")).await.ok();
    assert_eq!(ids(&context["descendants"]), [one.clone(), one_one.clone(), deep.clone(), two]);
    let context = ada.get(&format!("/api/v1/statuses/{deep}/context")).await.ok();
    assert_eq!(ids(&context["ancestors"]), [root, one, one_one]);
}

#[tokio::test]
async fn lists_hashtags_and_accounts_have_timelines() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    act(&ada, &format!("/api/v1/accounts/{}/follow", bob.id)).await;
    let list = ada.post("/api/v1/lists", json!({"title": "Team"})).await.ok();
    assert_eq!(
        (&list["title"], &list["replies_policy"], &list["exclusive"]),
        (&json!("Team"), &json!("list"), &json!(false))
    );
    let list = list["id"].as_str().unwrap().to_owned();
    assert_eq!(
        ada.post(&format!("/api/v1/lists/{list}/accounts"), json!({"account_ids": [bob.id]})).await.ok(),
        json!({})
    );
    let tagged = say(&bob, "about #Rust", "public").await;
    let plain = say(&bob, "plain", "unlisted").await;
    assert_eq!(ids(&ada.get(&format!("/api/v1/timelines/list/{list}")).await.ok()), [plain.clone(), tagged.clone()]);
    assert_eq!(bob.get(&format!("/api/v1/timelines/list/{list}")).await.status, 404);
    assert_eq!(
        ids(&ada.get(&format!("/api/v1/lists/{list}/accounts?limit=0")).await.ok()),
        std::slice::from_ref(&bob.id)
    );
    assert_eq!(ids(&ada.get("/api/v1/timelines/tag/RUST").await.ok()), std::slice::from_ref(&tagged));
    assert_eq!(ada.get("/api/v1/timelines/tag/rust?none[]=rust").await.ok(), json!([]));
    assert_eq!(ada.get("/api/v1/timelines/tag/unused").await.ok(), json!([]));
    let path = format!("/api/v1/accounts/{}/statuses", bob.id);
    assert_eq!(ids(&ada.get(&path).await.ok()), [plain, tagged.clone()]);
    assert_eq!(ids(&ada.get(&format!("{path}?tagged=rust")).await.ok()), std::slice::from_ref(&tagged));
    assert_eq!(ada.get(&format!("{path}?only_media=true")).await.ok(), json!([]));
    act(&bob, &format!("/api/v1/statuses/{tagged}/pin")).await;
    assert_eq!(ids(&ada.get(&format!("{path}?pinned=true")).await.ok()), [tagged]);
    let tag = ada.post("/api/v1/tags/rust/follow", json!({})).await.ok();
    assert_eq!((&tag["name"], &tag["following"]), (&json!("rust"), &json!(true)));
    assert_eq!(ada.get("/api/v1/followed_tags").await.ok()[0]["name"], "rust");
    assert_eq!(ada.get("/api/v1/tags/rust/").await.ok()["history"][0]["uses"], "1");
    let featured = bob.post("/api/v1/featured_tags", json!({"name": "rust"})).await.ok();
    assert_eq!(featured["statuses_count"], "1");
    assert_eq!(ada.get(&format!("/api/v1/accounts/{}/featured_tags", bob.id)).await.ok()[0]["name"], "rust");
    assert_eq!(ada.delete(&format!("/api/v1/lists/{list}")).await.ok(), json!({}));
}

#[tokio::test]
async fn sec_lim_14_all_filters_of_a_person_have_so_many_words_together() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let filter = |title: usize, words: usize| {
        let words: Vec<Value> = (0..words).map(|n| json!({"keyword": format!("word{title}of{n}")})).collect();
        json!({"title": format!("Filter {title}"), "context": ["home"], "keywords_attributes": words})
    };
    let mut last = Value::Null;
    for title in 0..10 {
        last = ada.post("/api/v2/filters", filter(title, 200)).await.ok();
    }
    assert_eq!(ada.post("/api/v2/filters", filter(10, 1)).await.status, 422);
    // Without words of its own it is a filter all the same, and gets none later.
    let other = ada.post("/api/v2/filters", filter(10, 0)).await.ok();
    let words = format!("/api/v2/filters/{}/keywords", other["id"].as_str().unwrap());
    assert_eq!(ada.post(&words, json!({"keyword": "one more"})).await.status, 422);
    assert_eq!(ada.get("/api/v2/filters").await.ok().as_array().unwrap().len(), 11);
    // Where one goes there is room for another.
    let gone = format!("/api/v2/filters/keywords/{}", last["keywords"][0]["id"].as_str().unwrap());
    ada.delete(&gone).await.ok();
    ada.post(&words, json!({"keyword": "one more"})).await.ok();
}

#[tokio::test]
async fn filters_mark_what_they_match_in_both_generations() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    act(&ada, &format!("/api/v1/accounts/{}/follow", bob.id)).await;
    say(&bob, "nothing of the kind", "public").await;
    say(&bob, "all about Cheese!", "public").await;
    let made = ada
        .post_form(
            "/api/v2/filters",
            &[
                ("title", "food"),
                ("context[]", "home"),
                ("context[]", "public"),
                ("expires_in", ""),
                ("keywords_attributes[][keyword]", "cheese"),
                ("keywords_attributes[][whole_word]", "true"),
            ],
        )
        .await
        .ok();
    assert_eq!(made["filter_action"], "warn");
    assert_eq!(made["context"], json!(["home", "public"]));
    assert_eq!(made["expires_at"], Value::Null);
    let page = ada.get("/api/v1/timelines/home").await.ok();
    assert_eq!(page[0]["filtered"][0]["keyword_matches"], json!(["cheese"]));
    assert_eq!(page[0]["filtered"][0]["filter"]["title"], "food");
    assert_eq!(page[1]["filtered"], json!([]));
    let old = ada.get("/api/v1/filters").await.ok();
    assert_eq!((&old[0]["phrase"], &old[0]["whole_word"]), (&json!("cheese"), &json!(true)));
    let id = made["id"].as_str().unwrap();
    assert_eq!(bob.get(&format!("/api/v2/filters/{id}")).await.status, 404);
    assert_eq!(ada.patch(&format!("/api/v2/filters/{id}"), json!({"title": "x"})).await.ok()["title"], "x");
    assert_eq!(ada.delete(&format!("/api/v1/filters/{}", old[0]["id"].as_str().unwrap())).await.ok(), json!({}));
    assert_eq!(ada.get("/api/v2/filters").await.ok(), json!([]));
}

#[tokio::test]
async fn a_client_finds_what_it_asks_for_right_after_sign_in() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let v2 = ada.get("/api/v2/instance/").await.ok();
    for pointer in [
        "/title",
        "/description",
        "/domain",
        "/version",
        "/registrations/enabled",
        "/thumbnail/url",
        "/contact/email",
        "/languages",
        "/rules",
        "/configuration/statuses/max_characters",
        "/configuration/statuses/max_media_attachments",
        "/configuration/polls/max_options",
        "/configuration/polls/max_characters_per_option",
        "/configuration/polls/min_expiration",
        "/configuration/polls/max_expiration",
        "/configuration/accounts/max_featured_tags",
        "/configuration/translation/enabled",
        "/configuration/urls/streaming",
        "/configuration/vapid/public_key",
        "/api_versions/mastodon",
    ] {
        assert!(v2.pointer(pointer).is_some_and(|v| !v.is_null()), "{pointer}");
    }
    assert!(v2["version"].as_str().unwrap().starts_with("4.6.0+watercooler."));
    let v1 = ada.get("/api/v1/instance").await.ok();
    for pointer in [
        "/uri",
        "/title",
        "/short_description",
        "/description",
        "/email",
        "/version",
        "/urls/streaming_api",
        "/stats/user_count",
        "/stats/status_count",
        "/stats/domain_count",
        "/languages",
        "/registrations",
        "/configuration",
        "/rules",
        "/max_toot_chars",
        "/poll_limits",
    ] {
        assert!(v1.pointer(pointer).is_some_and(|v| !v.is_null()), "{pointer}");
    }
    assert_eq!(v1["uri"], node.domain.as_str());
    for path in ["lists", "filters", "custom_emojis", "announcements", "followed_tags", "conversations", "trends/tags"]
    {
        assert_eq!(ada.get(&format!("/api/v1/{path}")).await.ok(), json!([]), "{path}");
    }
    assert_eq!(ada.get("/api/v1/preferences").await.ok()["posting:default:visibility"], "public");
    let push = ada.get("/api/v1/push/subscription").await;
    assert_eq!(push.status, 404);
    assert!(push.json()["error"].as_str().unwrap().contains("not found"));
    assert_eq!(ada.get("/api/v1/markers?timeline[]=home").await.ok(), json!({}));
    let set = ada.post_form("/api/v1/markers", &[("home[last_read_id]", "123")]).await.ok();
    assert_eq!((&set["home"]["last_read_id"], &set["home"]["version"]), (&json!("123"), &json!(1)));
    assert_eq!(ada.post("/api/v1/markers", json!({"home": {"last_read_id": "124"}})).await.ok()["home"]["version"], 2);
    assert_eq!(ada.get("/api/v1/markers?timeline=home").await.ok()["home"]["last_read_id"], "124");
    assert_eq!(ada.get("/api/v1/accounts/lookup?acct=ada").await.ok()["id"], ada.id);
    assert_eq!(ada.get(&format!("/api/v1/accounts/lookup?acct={}", node.handle("ADA"))).await.ok()["id"], ada.id);
    assert_eq!(ada.get("/api/v1/accounts/lookup?acct=nobody").await.status, 404);
    assert_eq!(ada.get("/api/v9/new").await.status, 404);
}

#[tokio::test]
async fn search_finds_people_posts_and_hashtags_and_never_fails() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob_builder").await);
    let post = say(&ada, "Größe matters to #Builders", "public").await;
    let found = ada.get("/api/v2/search?q=bob").await.ok();
    assert_eq!(ids(&found["accounts"]), std::slice::from_ref(&bob.id));
    assert_eq!((&found["statuses"], &found["hashtags"]), (&json!([]), &json!([])));
    assert_eq!(ids(&ada.get("/api/v1/accounts/search?q=@build").await.ok()), std::slice::from_ref(&bob.id));
    let found = ada.get("/api/v2/search?q=gr%C3%B6%C3%9Fe%20matters").await.ok();
    assert_eq!(ids(&found["statuses"]), std::slice::from_ref(&post));
    assert_eq!(ada.get("/api/v2/search?q=%23build&type=hashtags").await.ok()["hashtags"][0]["name"], "builders");
    let page = node.url(&format!("/@ada/{post}"));
    assert_eq!(ids(&bob.get(&format!("/api/v2/search?resolve=true&q={page}")).await.ok()["statuses"]), [post]);
    let anonymous = Client::anonymous(&node);
    for (more, word) in [("resolve=true", "resolve remote resources"), ("offset=1", "pagination is not supported")] {
        let refused = anonymous.get(&format!("/api/v2/search?q=x&{more}")).await;
        assert!(refused.status == 401 && refused.text.contains(word), "{}", refused.text);
    }
    assert_eq!(ada.get("/api/v2/search?q=x&limit=-1").await.status, 400);
    assert_eq!(ada.get("/api/v2/search?q=x&offset=-1").await.status, 400);
    for odd in ["%27%20%22%20%25%20_%20*%20(%20NEAR%20AND%20-", "%00", "%F0%9F%8E%89", "a%22b", "*", &"x".repeat(6000)]
    {
        assert_eq!(ada.get(&format!("/api/v2/search?q={odd}x")).await.status, 200, "{odd}");
    }
}

#[tokio::test]
async fn the_page_of_a_known_post_leads_to_it_though_its_server_shows_it_to_nobody() {
    let s = Scene::new().await;
    let (origin, ada) = (s.east.url(""), s.ada.id.clone());
    let find = async |who: &Client, page: &str| who.get(&format!("/api/v2/search?resolve=true&q={page}")).await.ok();
    // As most servers name them, as others do, and by a page that says nothing of the id.
    for (uri, page) in [
        (format!("{ada}/statuses/7"), format!("{origin}/@ada/7")),
        (format!("{ada}/statuses/01AB"), format!("{origin}/@ada/statuses/01AB")),
        (format!("{origin}/notes/x"), format!("{origin}/@ada/9")),
    ] {
        let mut note = s.note(&s.ada, "x", "<p>for followers</p>");
        (note["id"], note["url"]) = (json!(uri), json!(page));
        (note["to"], note["cc"]) = (json!([format!("{ada}/followers")]), json!([]));
        s.creates(&s.ada, &note).await;
        assert_eq!(find(&s.bob, &page).await["statuses"][0]["uri"], uri);
        assert_eq!(find(&s.carol, &page).await["statuses"], json!([]), "she does not follow ada");
    }
    for nothing in ["/@ada/8", "/@ada/7?x", "/@eve/7", "/@ada/7/8"] {
        let found = find(&s.bob, &format!("{origin}{nothing}")).await;
        assert_eq!((&found["statuses"], &found["accounts"]), (&json!([]), &json!([])), "{nothing}");
    }
    // The page of a person, too.
    let found = find(&s.bob, &format!("{origin}/@ada")).await;
    assert_eq!(found["accounts"][0]["uri"], ada);
}

#[tokio::test]
async fn direct_posts_stand_in_the_timeline_of_who_is_in_them() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    let first = say(&ada, "@bob psst", "direct").await;
    node.clock.advance(1_000);
    let second = say(&bob, "@ada what?", "direct").await;
    say(&ada, "for all", "public").await;
    for who in [&ada, &bob] {
        assert_eq!(ids(&who.get("/api/v1/timelines/direct").await.ok()), [second.clone(), first.clone()]);
    }
    assert_eq!(ids(&eve.get("/api/v1/timelines/direct").await.ok()), [""; 0]);
}

#[tokio::test]
async fn an_old_app_changes_its_own_word_and_not_the_others_of_the_filter() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let made =
        ada.post("/api/v1/filters", json!({"phrase": "one", "context": ["home"], "irreversible": true})).await.ok();
    assert_eq!((&made["whole_word"], &made["irreversible"]), (&json!(true), &json!(true)));
    let path = format!("/api/v1/filters/{}", made["id"].as_str().unwrap());
    let changed =
        ada.put(&path, json!({"phrase": "two", "context": ["home", "public"], "irreversible": false})).await.ok();
    assert_eq!((&changed["phrase"], &changed["context"]), (&json!("two"), &json!(["home", "public"])));
    // The title it was given by the app goes with its only word, one that its owner gave stays.
    assert_eq!(ada.get("/api/v2/filters").await.ok()[0]["title"], "two");
    let filter = ada.get("/api/v2/filters").await.ok()[0]["id"].as_str().unwrap().to_owned();
    ada.post(&format!("/api/v2/filters/{filter}/keywords"), json!({"keyword": "three"})).await.ok();
    let refused = ada.put(&path, json!({"phrase": "two", "context": ["home"]})).await;
    assert_eq!(
        (refused.status, refused.text.contains("more than one filter keyword")),
        (422, true),
        "{}",
        refused.text
    );
    let same = json!({"phrase": "zwei", "context": ["public", "home"], "irreversible": false});
    assert_eq!(ada.put(&path, same).await.ok()["phrase"], "zwei");
    assert_eq!(ada.get("/api/v1/filters").await.ok().as_array().unwrap().len(), 2);
    assert_eq!(ada.get("/api/v2/filters").await.ok()[0]["title"], "two");
    // What an old app cannot say stays; one that knows only the two older actions cannot read it either.
    let new = ada.unchecked();
    new.put(&format!("/api/v2/filters/{filter}"), json!({"filter_action": "blur"})).await.ok();
    ada.put(&path, json!({"phrase": "zwei", "context": ["public", "home"], "irreversible": false})).await.ok();
    assert_eq!(new.get("/api/v2/filters").await.ok()[0]["filter_action"], "blur");
    assert_eq!(ada.delete(&path).await.ok(), json!({}));
    assert_eq!(ada.get("/api/v1/filters").await.ok()[0]["phrase"], "three");
}
