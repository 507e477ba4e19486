//! Every document of the client API over real answers, field for field, as the strictest clients decode it.

use crate::{
    media::{picture, send_form},
    support::{Client, Node, NodeBuilder, Scene, schema::Schema},
};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
    model::{MediaKind, Role},
};

fn id(document: &Value) -> &str {
    document["id"].as_str().unwrap_or_else(|| panic!("no id: {document}"))
}

async fn write(who: &Client, body: Value) -> Value {
    who.post("/api/v1/statuses", body).await.ok()
}

async fn act(who: &Client, path: String) -> Value {
    who.post(&path, json!({})).await.ok()
}

/// What only a signed-in viewer is told.
const MARKS: [&str; 5] = ["favourited", "reblogged", "muted", "bookmarked", "filtered"];

#[tokio::test]
async fn accounts_have_every_field() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let me = ada
        .patch(
            "/api/v1/accounts/update_credentials",
            json!({
                "display_name": "Ada", "note": "I count\n\nhttps://a.example", "locked": true, "bot": true,
                "fields_attributes": [{"name": "Site", "value": "https://ada.example"}],
                "source": {"privacy": "unlisted", "sensitive": true, "language": "de"},
            }),
        )
        .await
        .ok();
    schema.assert("CredentialAccount", &me);
    assert_eq!(ada.get("/api/v1/accounts/verify_credentials").await.ok(), me);
    assert_eq!(me["source"]["fields"], json!([{"name": "Site", "value": "https://ada.example", "verified_at": null}]));
    assert_eq!((&me["source"]["privacy"], &me["source"]["language"]), (&json!("unlisted"), &json!("de")));
    assert_eq!(me["role"]["permissions"], "0");
    for seen in [
        bob.get(&format!("/api/v1/accounts/{}", ada.id)).await.ok(),
        Client::anonymous(&node).get("/api/v1/accounts/lookup?acct=ada").await.ok(),
    ] {
        schema.assert("Account", &seen);
        assert!(seen.get("source").is_none() && seen.get("role").is_none());
        assert!(seen["url"].is_string(), "an account has a page");
        for picture in ["avatar", "avatar_static", "header", "header_static"] {
            assert!(seen[picture].as_str().unwrap().ends_with("/missing.png"), "{picture}");
        }
        assert!(seen["created_at"].as_str().unwrap().ends_with("T00:00:00.000Z"));
        assert!(seen.get("suspended").is_none() && seen.get("moved").is_none());
    }
    schema.assert_all("Account", &bob.get("/api/v1/accounts/search?q=ada").await.ok());
    schema.assert_all("Relationship", &bob.get(&format!("/api/v1/accounts/relationships?id={}", ada.id)).await.ok());
    for (verb, key) in [("follow", "requested"), ("block", "blocking"), ("mute", "muting")] {
        let path = format!("/api/v1/accounts/{}/{verb}", ada.id);
        let relation = bob.post(&path, json!({"duration": 600, "notify": true, "languages": ["en"]})).await.ok();
        schema.assert("Relationship", &relation);
        assert_eq!(relation[key], true, "{verb}");
        if verb == "mute" {
            schema.assert_all("MutedAccount", &bob.get("/api/v1/mutes").await.ok());
        }
        if verb == "block" {
            schema.assert_all("Account", &bob.get("/api/v1/blocks").await.ok());
        }
        if verb == "follow" {
            schema.assert_all("Account", &ada.get("/api/v1/follow_requests").await.ok());
        }
    }
    let report = json!({"account_id": ada.id, "comment": "x", "category": "spam", "forward": true, "rule_ids": ["1"]});
    schema.assert("Report", &bob.post("/api/v1/reports/", report).await.ok());
    let familiar = bob.get(&format!("/api/v1/accounts/familiar_followers?id[]={}", ada.id)).await.ok();
    schema.assert_all("FamiliarFollowers", &familiar);
    // Suspended: the shape stays, the content goes.
    let target: watercooler::id::Id<watercooler::model::Account> = ada.id.parse().unwrap();
    node.app
        .write(move |tx| Sql::new("update accounts set suspended_at = 1 where id = ").bind(target).execute(tx.conn))
        .await
        .unwrap();
    let gone = bob.get(&format!("/api/v1/accounts/{}", ada.id)).await.ok();
    schema.assert("Account", &gone);
    assert_eq!((&gone["suspended"], &gone["display_name"], &gone["fields"]), (&json!(true), &json!(""), &json!([])));
}

#[tokio::test]
async fn statuses_of_every_shape_have_every_field() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    act(&bob, format!("/api/v1/accounts/{}/follow", ada.id)).await;
    let filter =
        json!({"title": "words", "context": ["home", "thread"], "keywords_attributes": [{"keyword": "spoil"}]});
    let filter = bob.post("/api/v2/filters", filter).await.ok();
    schema.assert("Filter", &filter);
    let first = write(&ada, json!({"status": "Hello @bob #World https://a.example/x :none:", "language": "en"})).await;
    let answer = write(&ada, json!({"status": "spoil it", "spoiler_text": "cw", "in_reply_to_id": first["id"]})).await;
    let poll = json!({"options": ["a", "b"], "expires_in": 600, "multiple": true, "hide_totals": true});
    let asked = write(&ada, json!({"status": "which?", "poll": poll})).await;
    let private = write(&ada, json!({"status": "quietly", "visibility": "private"})).await;
    let direct = write(&ada, json!({"status": "@bob psst", "visibility": "direct"})).await;
    let file = send_form(&ada, "POST", "/api/v2/media", &[("description", "a wall")], ("file", &picture(64, 48))).await;
    let pictured = write(&ada, json!({"media_ids": [file.ok()["id"]], "sensitive": true})).await;
    let boosted = act(&bob, format!("/api/v1/statuses/{}/reblog", id(&first))).await;
    let edited =
        ada.put(&format!("/api/v1/statuses/{}", id(&first)), json!({"status": "Hello again #World"})).await.ok();
    for status in [&first, &answer, &asked, &private, &direct, &pictured, &boosted, &edited] {
        schema.assert("Status", status);
        for mark in MARKS {
            assert!(!status[mark].is_null(), "{mark}");
        }
        assert!(["public", "unlisted", "private", "direct"].contains(&status["visibility"].as_str().unwrap()));
    }
    assert_eq!(pictured["content"], "");
    assert!(edited["edited_at"].is_string() && first["edited_at"].is_null());
    schema.assert("Status", &boosted["reblog"]);
    assert_eq!(boosted["reblog"]["id"], first["id"]);
    assert!(boosted.get("pinned").is_none() && direct.get("pinned").is_none() && first["pinned"] == json!(false));
    // As others see them, on every kind of page.
    let home = bob.get("/api/v1/timelines/home").await.ok();
    schema.assert_all("Status", &home);
    let marked = home.as_array().unwrap().iter().find(|s| s["id"] == answer["id"]).unwrap();
    assert_eq!(marked["filtered"][0]["keyword_matches"], json!(["spoil"]));
    assert_eq!(marked["filtered"][0]["filter"]["filter_action"], "warn");
    for path in [
        "/api/v1/timelines/public".to_owned(),
        "/api/v1/timelines/tag/world".to_owned(),
        format!("/api/v1/accounts/{}/statuses", ada.id),
    ] {
        let page = Client::anonymous(&node).get(&path).await.ok();
        schema.assert_all("Status", &page);
        for status in page.as_array().unwrap() {
            assert!(MARKS.iter().all(|mark| status.get(mark).is_none()), "{path}: nobody has marks");
            assert!(status.get("pinned").is_none());
        }
    }
    for verb in ["favourite", "bookmark", "unbookmark", "unfavourite"] {
        schema.assert("Status", &act(&bob, format!("/api/v1/statuses/{}/{verb}", id(&first))).await);
    }
    for verb in ["pin", "unpin", "mute", "unmute"] {
        schema.assert("Status", &act(&ada, format!("/api/v1/statuses/{}/{verb}", id(&first))).await);
    }
    let thread = bob.get(&format!("/api/v1/statuses/{}/context", id(&answer))).await.ok();
    schema.assert("Context", &thread);
    assert_eq!(thread["ancestors"][0]["id"], first["id"]);
    schema.assert("StatusSource", &ada.get(&format!("/api/v1/statuses/{}/source", id(&first))).await.ok());
    schema.assert_all("StatusEdit", &bob.get(&format!("/api/v1/statuses/{}/history", id(&first))).await.ok());
    schema.assert_all("StatusEdit", &bob.get(&format!("/api/v1/statuses/{}/history", id(&asked))).await.ok());
    let gone = ada.delete(&format!("/api/v1/statuses/{}", id(&pictured))).await.ok();
    schema.assert("Status", &gone);
    assert_eq!((&gone["text"], gone["media_attachments"].as_array().unwrap().len()), (&json!(""), 1));
    // Polls: before and after a vote, for nobody in particular, and at their end.
    let path = format!("/api/v1/polls/{}", id(&asked["poll"]));
    let unvoted = bob.get(&path).await.ok();
    assert_eq!((&unvoted["voted"], &unvoted["own_votes"]), (&json!(false), &json!([])));
    let voted = bob.post_form(&format!("{path}/votes"), &[("choices[]", "1"), ("choices[]", "0")]).await.ok();
    assert_eq!((&voted["voted"], &voted["own_votes"]), (&json!(true), &json!([0, 1])));
    assert_eq!(voted["options"][0]["votes_count"], json!(null), "totals are hidden until the end");
    let nobody = Client::anonymous(&node).get(&path).await.ok();
    assert!(nobody.get("voted").is_none() && nobody.get("own_votes").is_none());
    node.clock.advance(601_000);
    let ended = bob.get(&path).await.ok();
    assert_eq!((&ended["expired"], &ended["options"][0]["votes_count"]), (&json!(true), &json!(1)));
    for poll in [&unvoted, &voted, &nobody, &ended] {
        schema.assert("Poll", poll);
        assert_eq!(poll["emojis"], json!([]));
    }
    // What a direct post belongs to.
    schema.assert_all("Conversation", &bob.get("/api/v1/conversations/").await.ok());
}

#[tokio::test]
async fn posts_of_other_servers_have_every_field() {
    let (schema, scene) = (Schema::read(), Scene::new().await);
    let mut note = scene.note(&scene.ada, "1", "<p>Hi <a href=\"https://x.example/\">there</a> :blob:</p>");
    note["summary"] = json!("warm");
    note["cc"] = json!([format!("{}/followers", scene.ada.id), scene.uri(&scene.bob)]);
    note["tag"] = json!([
        {"type": "Emoji", "name": ":blob:", "icon": {"type": "Image", "url": "https://east.example/blob.png"}},
        {"type": "Hashtag", "name": "#Rust", "href": "https://east.example/tags/rust"},
        {"type": "Mention", "href": scene.uri(&scene.bob), "name": "@bob"},
    ]);
    let file = |kind: &str, name: &str| json!({"type": "Document", "mediaType": kind, "url": format!("https://east.example/{name}"), "name": name});
    note["attachment"] = json!([
        file("image/png", "a.png"),
        file("video/mp4", "b.mp4"),
        file("audio/ogg", "c.ogg"),
        file("application/pdf", "d.pdf"),
    ]);
    let uri = scene.creates(&scene.ada, &note).await;
    let status = scene.status(&scene.bob, &uri).await;
    schema.assert("Status", &status);
    assert_eq!(status["account"]["acct"], format!("ada@{}", scene.east.authority));
    assert_eq!((&status["tags"][0]["name"], &status["mentions"][0]["acct"]), (&json!("rust"), &json!("bob")));
    assert_eq!(status["emojis"][0]["shortcode"], "blob");
    for emoji in status["emojis"].as_array().unwrap() {
        schema.assert("CustomEmoji", emoji);
    }
    for file in status["media_attachments"].as_array().unwrap() {
        assert!(file["url"].is_string() && file["remote_url"].is_string(), "{file}");
        let previewed = ["image", "video", "gifv"].contains(&file["type"].as_str().unwrap());
        assert_eq!(file["preview_url"].is_string(), previewed, "{file}");
    }
    let mut question = scene.note(&scene.ada, "2", "<p>Which?</p>");
    question["type"] = json!("Question");
    question["endTime"] = json!("2026-12-01T00:00:00Z");
    let option = |name: &str| json!({"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": 2}});
    question["oneOf"] = json!([option("a"), option("b :blob:")]);
    let emoji = |name: &str, url: &str| json!({"type": "Emoji", "name": name, "icon": {"type": "Image", "url": url}});
    question["tag"] =
        json!([emoji(":blob:", "https://east.example/blob.png"), emoji(":tea:", "https://east.example/tea.png"),]);
    let uri = scene.creates(&scene.ada, &question).await;
    let status = scene.status(&scene.bob, &uri).await;
    schema.assert("Status", &status);
    assert_eq!(status["poll"]["votes_count"], 4);
    // Clients look for the pictures of options here, not at the post.
    assert_eq!(status["emojis"].as_array().unwrap().len(), 2);
    assert_eq!(status["poll"]["emojis"], json!([status["emojis"][0]]));
    let poll = scene.bob.get(&format!("/api/v1/polls/{}", status["poll"]["id"].as_str().unwrap())).await.ok();
    assert_eq!(poll["emojis"], status["poll"]["emojis"]);
    schema.assert_all("Status", &scene.bob.get("/api/v1/timelines/home").await.ok());
    let page = scene.bob.get("/api/v2/notifications").await.ok();
    schema.assert("GroupedNotificationsResults", &page);
}

#[tokio::test]
async fn files_of_every_kind_have_every_field() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let ada = node.member("ada").await;
    let fields = [("description", "a wall"), ("focus", "-0.5,0.25")];
    for path in ["/api/v1/media", "/api/v2/media"] {
        let image = send_form(&ada, "POST", path, &fields, ("file", &picture(640, 480))).await.ok();
        schema.assert("MediaAttachment", &image);
        assert_eq!(image["type"], "image");
        assert_eq!(image["meta"]["focus"], json!({"x": -0.5, "y": 0.25}));
        assert_eq!(
            image["meta"]["original"],
            json!({"width": 640, "height": 480, "size": "640x480", "aspect": 640.0 / 480.0})
        );
        assert!(image["meta"]["small"]["width"].is_u64() && image["blurhash"].is_string());
        for colour in ["background", "foreground", "accent"] {
            let colour = image["meta"]["colors"][colour].as_str().unwrap();
            assert!(
                colour.len() == 7 && u32::from_str_radix(colour.strip_prefix('#').unwrap(), 16).is_ok(),
                "{colour}"
            );
        }
        let shown = ada.get(&format!("/api/v1/media/{}", id(&image))).await;
        assert_eq!(shown.ok(), image);
        let changed =
            ada.put(&format!("/api/v1/media/{}", id(&image)), json!({"description": null, "focus": "0,0"})).await;
        schema.assert("MediaAttachment", &changed.ok());
        let used = write(&ada, json!({"status": "look", "media_ids": [image["id"]]})).await;
        schema.assert_all("MediaAttachment", &used["media_attachments"]);
        assert_eq!(ada.get(&format!("/api/v1/media/{}", id(&image))).await.status, 404, "attached");
    }
    // The other kinds as they are stored, whatever made them.
    for kind in [MediaKind::Video, MediaKind::Gifv, MediaKind::Audio, MediaKind::Unknown] {
        let image = send_form(&ada, "POST", "/api/v2/media", &[], ("file", &picture(64, 48))).await.ok();
        let row: watercooler::id::Id<watercooler::model::Media> = id(&image).parse().unwrap();
        node.app
            .write(move |tx| {
                Sql::new("update media set duration_ms = 2500, thumbnail = null, kind = ")
                    .bind(kind)
                    .with(" where id = ", row)
                    .execute(tx.conn)
            })
            .await
            .unwrap();
        let shown = ada.get(&format!("/api/v1/media/{}", id(&image))).await.ok();
        schema.assert("MediaAttachment", &shown);
        assert_eq!(shown["type"], kind.as_str());
        assert!(shown["url"].is_string());
        assert_eq!(shown["meta"]["original"]["duration"], 2.5);
        if matches!(kind, MediaKind::Video | MediaKind::Gifv) {
            assert!(shown["preview_url"].is_string(), "a video without a preview is dropped by a client");
        }
    }
}

#[tokio::test]
async fn notifications_of_every_kind_have_every_field() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let staff: watercooler::id::Id<watercooler::model::Account> = ada.id.parse().unwrap();
    node.app
        .write(move |tx| {
            let sql = Sql::new("update users set role = ").bind(Role::Moderator);
            sql.with(" where account_id = ", staff).execute(tx.conn)
        })
        .await
        .unwrap();
    act(&bob, format!("/api/v1/accounts/{}/follow", ada.id)).await;
    act(&ada, format!("/api/v1/accounts/{}/follow", bob.id)).await;
    ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({"notify": true})).await.ok();
    let post = write(&ada, json!({"status": "hm", "poll": {"options": ["a", "b"], "expires_in": 300}})).await;
    write(&bob, json!({"status": "news @ada"})).await;
    write(&bob, json!({"status": "more news"})).await;
    act(&bob, format!("/api/v1/statuses/{}/favourite", id(&post))).await;
    act(&bob, format!("/api/v1/statuses/{}/reblog", id(&post))).await;
    bob.post(&format!("/api/v1/polls/{}/votes", id(&post["poll"])), json!({"choices": [0]})).await.ok();
    let same = json!({"status": "hm, hm", "poll": {"options": ["a", "b"], "expires_in": 300}});
    ada.put(&format!("/api/v1/statuses/{}", id(&post)), same).await.ok();
    // Not about the moderator: nobody hears of a report about themselves.
    let eve = node.member("eve").await;
    eve.post("/api/v1/reports", json!({"account_id": bob.id})).await.ok();
    ada.patch("/api/v1/accounts/update_credentials", json!({"locked": true})).await.ok();
    act(&eve, format!("/api/v1/accounts/{}/follow", ada.id)).await;
    node.clock.advance(301_000);
    node.settle().await;
    let mut kinds = Vec::new();
    for who in [&ada, &bob] {
        let list = who.get("/api/v1/notifications").await.ok();
        schema.assert_all("Notification", &list);
        for notification in list.as_array().unwrap() {
            let kind = notification["type"].as_str().unwrap().to_owned();
            let about_a_post = ["mention", "status", "reblog", "favourite", "poll", "update"].contains(&kind.as_str());
            assert_eq!(notification.get("status").is_some(), about_a_post, "{kind}");
            assert_eq!(notification.get("report").is_some(), kind == "admin.report", "{kind}");
            let key = notification["group_key"].as_str().unwrap();
            assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{key}");
            schema.assert("Notification", &who.get(&format!("/api/v1/notifications/{}", id(notification))).await.ok());
            kinds.push(kind);
        }
        let grouped = who.get("/api/v2/notifications?grouped_types[]=favourite&grouped_types[]=follow").await.ok();
        schema.assert("GroupedNotificationsResults", &grouped);
        for group in grouped["notification_groups"].as_array().unwrap() {
            let people = grouped["accounts"].as_array().unwrap();
            for person in group["sample_account_ids"].as_array().unwrap() {
                assert!(people.iter().any(|a| a["id"] == *person));
            }
            let (posts, about) = (grouped["statuses"].as_array().unwrap(), &group["status_id"]);
            assert!(about.is_null() || posts.iter().any(|s| s["id"] == *about));
            assert!(group["latest_page_notification_at"].is_string());
        }
    }
    for kind in
        ["follow", "follow_request", "mention", "status", "favourite", "reblog", "poll", "update", "admin.report"]
    {
        assert!(kinds.iter().any(|k| k == kind), "no {kind} among {kinds:?}");
    }
    let policy = json!({"for_not_following": "filter"});
    schema.assert("NotificationPolicy", &ada.patch("/api/v2/notifications/policy", policy).await.ok());
    write(&node.member("zoe").await, json!({"status": "@ada hello"})).await;
    schema.assert_all("NotificationRequest", &ada.get("/api/v1/notifications/requests").await.ok());
    let later = json!({"status": "later", "scheduled_at": "2027-01-01T00:00:00.000Z", "in_reply_to_id": null});
    schema.assert("ScheduledStatus", &write(&ada, later).await);
    let poll = json!({"options": ["a", "b"], "expires_in": 600});
    write(&ada, json!({"status": "later", "scheduled_at": "2027-01-01T00:00:00.000Z", "poll": poll})).await;
    schema.assert_all("ScheduledStatus", &ada.get("/api/v1/scheduled_statuses").await.ok());
}

#[tokio::test]
async fn the_rest_has_every_field() {
    let schema = Schema::read();
    let node = NodeBuilder::new("alpha").await.config(|c| c.instance.rules = vec!["Be kind.".into()]).start().await;
    let (ada, nobody) = (node.member("ada").await, Client::anonymous(&node));
    node.citizen_with("root", Role::Owner).await;
    let v2 = nobody.get("/api/v2/instance/").await.ok();
    schema.assert("Instance", &v2);
    schema.assert("Account", &v2["contact"]["account"]);
    let v1 = nobody.get("/api/v1/instance/").await.ok();
    schema.assert("V1::Instance", &v1);
    assert!(v1["max_toot_chars"].is_u64() && v1["poll_limits"].is_object());
    assert_eq!(v1["uri"], node.domain.as_str());
    assert!(v2["configuration"]["urls"]["streaming"].as_str().unwrap().starts_with("ws://"));
    schema.assert_all("Rule", &nobody.get("/api/v1/instance/rules").await.ok());
    schema.assert("ExtendedDescription", &nobody.get("/api/v1/instance/extended_description").await.ok());
    write(&ada, json!({"status": "I like #Rust"})).await;
    schema.assert("Tag", &ada.get("/api/v1/tags/rust/").await.ok());
    schema.assert("Tag", &nobody.get("/api/v1/tags/never_used").await.ok());
    let followed = act(&ada, "/api/v1/tags/rust/follow".into()).await;
    assert_eq!(followed["following"], true);
    schema.assert_all("Tag", &ada.get("/api/v1/followed_tags").await.ok());
    schema.assert("FeaturedTag", &ada.post("/api/v1/featured_tags", json!({"name": "rust"})).await.ok());
    schema.assert_all("FeaturedTag", &nobody.get(&format!("/api/v1/accounts/{}/featured_tags", ada.id)).await.ok());
    let found = ada.get("/api/v2/search?q=rust&type=hashtags").await.ok();
    schema.assert("Search", &found);
    assert_eq!((&found["hashtags"][0]["name"], &found["accounts"]), (&json!("rust"), &json!([])));
    let list =
        ada.post("/api/v1/lists", json!({"title": "Crew", "replies_policy": "none", "exclusive": true})).await.ok();
    schema.assert("List", &list);
    schema.assert_all("List", &ada.get("/api/v1/lists").await.ok());
    let old =
        ada.post_form("/api/v1/filters", &[("phrase", "spoil"), ("context[]", "home"), ("expires_in", "600")]).await;
    schema.assert("V1::Filter", &old.ok());
    schema.assert_all("V1::Filter", &ada.get("/api/v1/filters").await.ok());
    schema.assert_all("Filter", &ada.get("/api/v2/filters").await.ok());
    let set = json!({"home": {"last_read_id": 7}, "notifications": {"last_read_id": "8"}});
    let markers = ada.post("/api/v1/markers", set).await.ok();
    for timeline in ["home", "notifications"] {
        schema.assert("Marker", &markers[timeline]);
    }
    schema.assert("Marker", &ada.get("/api/v1/markers?timeline[]=notifications").await.ok()["notifications"]);
    schema.assert("Preferences", &ada.get("/api/v1/preferences").await.ok());
    let body =
        json!({"client_name": "Test", "redirect_uris": ["urn:ietf:wg:oauth:2.0:oob", "a://b"], "scopes": "read"});
    let app = nobody.post("/api/v1/apps", body).await.ok();
    schema.assert("CredentialApplication", &app);
    assert_eq!(app["redirect_uri"], "urn:ietf:wg:oauth:2.0:oob\na://b");
    let grant = json!({"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"]});
    let token = nobody.post("/oauth/token", grant).await.ok();
    schema.assert("Token", &token);
    let its = Client::with_token(&node, token["access_token"].as_str().unwrap());
    schema.assert("Application", &its.get("/api/v1/apps/verify_credentials").await.ok());
}

#[tokio::test]
async fn every_error_is_an_object_with_a_sentence() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let (ada, nobody) = (node.member("ada").await, Client::anonymous(&node));
    let narrow = Client::with_token(&node, &node.token(ada.id.parse().unwrap(), "read:lists").await);
    let body = json!({"client_name": "Test", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read"});
    let app = nobody.post("/api/v1/apps", body).await.ok();
    let grant = json!({"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"]});
    let token = nobody.post("/oauth/token", grant).await.ok();
    let app = Client::with_token(&node, token["access_token"].as_str().unwrap());
    for (reply, status, words) in [
        (ada.get("/api/v2/search").await, 400, "Missing parameter: q"),
        (ada.get("/api/v2/search?q=x&limit=-1").await, 400, ""),
        (nobody.get("/api/v1/timelines/home").await, 401, "The access token is invalid"),
        (narrow.get("/api/v1/timelines/home").await, 403, "This action is outside the authorized scopes"),
        (app.get("/api/v1/timelines/home").await, 422, "This method requires an authenticated user"),
        (ada.get("/api/v1/statuses/1").await, 404, "Record not found"),
        (ada.get("/api/v1/statuses/abc").await, 404, "Record not found"),
        (ada.get("/api/v1/nothing").await, 404, "Record not found"),
        (ada.get("/api/v1/push/subscription").await, 404, "Record not found"),
        (ada.post("/api/v1/statuses", json!({"status": ""})).await, 422, "Validation failed: "),
        (nobody.post("/oauth/token", json!({"grant_type": "password"})).await, 400, "unsupported_grant_type"),
    ] {
        assert_eq!(reply.status, status, "{}", reply.text);
        schema.assert("Error", &reply.json());
        assert!(reply.json()["error"].as_str().unwrap().starts_with(words), "{}", reply.text);
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
    }
}
