//! Blocks, reports and what domains may do here: the MOD rows of the federation checklist, and PRV-12.

use crate::{
    interactions::boost,
    support::{Client, NodeBuilder, Scene, Sender},
};
use serde_json::json;
use watercooler::{
    db::Sql,
    domain::audit::Staff,
    id::Id,
    model::{Account, Report, Role},
    net::Severity,
    peers::{self, NewBlock},
};

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
async fn fed_mod_03_what_somebody_blocked_does_towards_the_blocker_has_no_effect() {
    let s = Scene::new().await;
    let own = s.writes(&s.carol, "public", "mine").await;
    let poll = json!({"status": "which?", "poll": {"options": ["tea", "coffee"], "expires_in": 600}});
    let poll = s.carol.post("/api/v1/statuses", poll).await.ok()["uri"].as_str().unwrap().to_owned();
    let mallory = s.account(&s.mallory).await.id;
    s.carol.post(&format!("/api/v1/accounts/{mallory}/block"), json!({})).await.ok();
    s.node.settle().await;
    let direct = |name: &str| {
        let mut note = s.note(&s.mallory, name, "psst");
        (note["to"], note["cc"]) = (json!([s.uri(&s.carol)]), json!([]));
        note["tag"] = json!([{"type": "Mention", "href": s.uri(&s.carol)}]);
        note
    };
    let mut vote = direct("vote");
    (vote["name"], vote["content"], vote["inReplyTo"]) = (json!("tea"), json!(null), json!(poll));
    let mut answer = direct("answer");
    answer["inReplyTo"] = json!(own);
    for activity in [
        s.mallory.activity("Follow", s.uri(&s.carol)),
        s.mallory.activity("Like", own.clone()),
        boost(&s.mallory, own.clone()),
        s.mallory.activity("Create", direct("1")),
        s.mallory.activity("Create", answer),
        s.mallory.activity("Create", vote),
    ] {
        assert_eq!(s.sends(&s.mallory, &activity).await, 202, "{activity}");
    }
    // In the personal inbox as well.
    let letter = s.mallory.activity("Create", direct("2"));
    assert_eq!(s.mallory.letter(&s.node, "/users/carol/inbox", &letter).send(&s.node).await.status, 202);
    s.node.settle().await;
    assert!(s.told(&s.carol).await.is_empty());
    assert_eq!(s.carol.get("/api/v1/conversations").await.ok(), json!([]));
    assert_eq!(s.count("select count(*) from posts where not local").await, 0, "said to nobody");
    assert_eq!(s.count("select count(*) from follows where state = 1").await, 1, "bob's alone");
    let seen = s.status(&s.carol, &own).await;
    assert_eq!((&seen["favourites_count"], &seen["reblogs_count"]), (&json!(0), &json!(0)));
    assert_eq!(
        (&seen["replies_count"], &s.status(&s.carol, &poll).await["poll"]["votes_count"]),
        (&json!(0), &json!(0))
    );
    // What everybody may read names her as it is, and tells her nothing.
    let mut open = s.note(&s.mallory, "3", "about carol");
    open["cc"] = json!([s.uri(&s.carol), s.uri(&s.bob)]);
    open["tag"] = json!([{"type": "Mention", "href": s.uri(&s.carol)}, {"type": "Mention", "href": s.uri(&s.bob)}]);
    s.creates(&s.mallory, &open).await;
    assert!(s.told(&s.carol).await.is_empty());
    assert_eq!(s.told(&s.bob).await, ["mention"]);
}

#[tokio::test]
async fn fed_mod_04_reports_reach_the_moderators_with_their_server_and_never_the_reported() {
    let s = Scene::new().await;
    let judge = s.node.citizen_with("judge", Role::Moderator).await;
    let accused = s.node.citizen_with("accused", Role::Moderator).await;
    let client = async |id| Client::with_token(&s.node, &s.node.token(id, "read write").await);
    let (judge, accused) = (client(judge.id).await, client(accused.id).await);
    let own = accused.post("/api/v1/statuses", json!({"status": "mine"})).await.ok()["uri"].clone();
    let accused_uri = s.node.url("/users/accused");
    // In any order, with things that are nothing here.
    let mut flag = s.ada.activity("Flag", json!([s.node.url("/users/accused/outbox"), own, accused_uri, s.vera.id, 7]));
    flag["content"] = json!(format!("<p>{}</p>", "x".repeat(6_000)));
    assert_eq!(s.sends(&s.ada, &flag).await, 202);
    let report: Report = s.node.app.read(|conn| Sql::new("select r.* from reports r").one(conn)).await.unwrap();
    assert_eq!(report.comment.chars().count(), 5_000);
    assert_eq!(report.from_host.as_deref(), Some(s.east.authority.as_str()));
    assert_eq!(report.post_ids, format!("[{}]", s.post(own.as_str().unwrap()).await.unwrap().id));
    assert_eq!(s.told(&judge).await, ["admin.report"]);
    assert!(s.told(&accused).await.is_empty() && s.told(&s.bob).await.is_empty());
    // One address as a text, and those that Misskey writes into the reason.
    s.sends(&s.vera, &s.vera.activity("Flag", s.uri(&s.bob))).await;
    let hers = s.writes(&s.carol, "public", "mine").await;
    let mut misskey = s.mallory.activity("Flag", s.uri(&s.carol));
    misskey["content"] = json!(format!("Note: {hers}\n-----\nrude"));
    s.sends(&s.mallory, &misskey).await;
    let carol: Id<Account> = s.carol.id.parse().unwrap();
    let about_carol: Report = s
        .node
        .app
        .read(move |conn| Sql::new("select r.* from reports r where r.target_id = ").bind(carol).one(conn))
        .await
        .unwrap();
    assert_eq!(about_carol.post_ids, format!("[{}]", s.post(&hers).await.unwrap().id));
    assert_eq!(s.count("select count(*) from reports").await, 3);
    assert!(s.told(&s.bob).await.is_empty() && s.told(&s.carol).await.is_empty());
}

/// Blocks a domain for the whole node.
async fn limit(s: &Scene, domain: &str, reject_media: bool, reject_reports: bool) {
    let block = NewBlock {
        domain: domain.to_owned(),
        severity: Severity::None,
        reject_media,
        reject_reports,
        comment: String::new(),
        ..NewBlock::default()
    };
    peers::block(&s.node.app, Staff::console(), block).await.unwrap();
}

#[tokio::test]
async fn fed_mod_06_reports_and_media_of_a_domain_can_be_refused_while_its_posts_are_read() {
    let s = Scene::new().await;
    limit(&s, "east.test", false, true).await;
    let about_bob = |who: &Sender| who.activity("Flag", s.uri(&s.bob));
    assert_eq!(s.sends(&s.ada, &about_bob(&s.ada)).await, 202);
    let mut two = about_bob(&s.ada);
    two["type"] = json!(["Flag", "Create"]);
    s.sends(&s.ada, &two).await;
    assert_eq!(s.count("select count(*) from reports").await, 0);
    s.sends(&s.vera, &about_bob(&s.vera)).await;
    assert_eq!(s.count("select count(*) from reports").await, 1, "of others they are taken");
    let picture = |s: &Scene, name: &str| {
        let mut note = s.note(&s.ada, name, "look");
        note["attachment"] = json!([{"type": "Image", "url": s.east.url("/1.png")}]);
        note["tag"] = json!([{"type": "Emoji", "name": ":cow:", "icon": {"url": s.east.url("/cow.png")}}]);
        note
    };
    let before = s.creates(&s.ada, &picture(&s, "1")).await;
    assert_eq!(s.status(&s.bob, &before).await["media_attachments"].as_array().unwrap().len(), 1);
    limit(&s, "east.test", true, true).await;
    let after = s.creates(&s.ada, &picture(&s, "2")).await;
    let seen = s.status(&s.bob, &after).await;
    assert_eq!((&seen["content"], &seen["media_attachments"]), (&json!("look"), &json!([])));
    assert_eq!(seen["emojis"], json!([]));
    // What was known before is not fetched any more either.
    s.east.forget();
    let url = s.status(&s.bob, &before).await["media_attachments"][0]["url"].as_str().unwrap_or_default().to_owned();
    if let Some(at) = url.find("/media") {
        assert_ne!(s.bob.get(&url[at..]).await.status, 200);
    }
    assert!(s.east.received().is_empty());
}

#[tokio::test]
async fn sec_prv_12_a_person_reads_nothing_of_a_domain_they_block() {
    let s = Scene::new().await;
    let (ada, vera) = (s.account(&s.ada).await.id, s.account(&s.vera).await.id);
    s.follows(&s.carol, &s.ada).await;
    s.follows(&s.bob, &s.vera).await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    let own = s.writes(&s.bob, "public", "mine").await;
    s.sends(&s.mallory, &s.mallory.activity("Like", own.clone())).await;
    let hers = s.creates(&s.ada, &s.note(&s.ada, "1", "from the east")).await;
    let post = s.post(&hers).await.unwrap().id;
    s.sends(&s.vera, &boost(&s.vera, hers.clone())).await;
    let domain = s.east.authority.to_uppercase();
    s.east.forget();
    for _ in 0..2 {
        s.bob.post("/api/v1/domain_blocks", json!({"domain": domain})).await.ok();
    }
    s.node.settle().await;
    assert_eq!(s.bob.get("/api/v1/domain_blocks").await.ok(), json!([s.east.authority]));
    // Follows end both ways; the others' stand.
    let mut sent: Vec<String> = s.east.inbox().iter().map(|a| a["type"].as_str().unwrap().to_owned()).collect();
    sent.sort();
    assert_eq!(sent, ["Reject", "Undo"]);
    let relation = s.bob.get(&format!("/api/v1/accounts/relationships?id[]={ada}")).await.ok()[0].clone();
    assert_eq!(
        (&relation["domain_blocking"], &relation["following"], &relation["followed_by"]),
        (&json!(true), &json!(false), &json!(false))
    );
    // Posts, boosts of them, notifications, profiles; old ones and new ones.
    let newer = s.creates(&s.ada, &s.note(&s.ada, "2", "from the east again")).await;
    let mut personal = s.note(&s.mallory, "3", "hey");
    (personal["to"], personal["cc"]) = (json!([s.uri(&s.bob)]), json!([]));
    personal["tag"] = json!([{"type": "Mention", "href": s.uri(&s.bob)}]);
    s.creates(&s.mallory, &personal).await;
    s.sends(&s.vera, &boost(&s.vera, newer.clone())).await;
    assert_eq!(s.home(&s.bob).await, [own]);
    assert_eq!(s.told(&s.bob).await, ["severed_relationships"], "of what the block ended, and nothing from there");
    let of = async |path: &str| {
        let list = s.bob.get(path).await.ok();
        list.as_array().unwrap().iter().map(|p| p["uri"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("/api/v1/timelines/public?remote=true").await, Vec::<String>::new());
    assert_eq!(of(&format!("/api/v1/accounts/{ada}/statuses")).await, Vec::<String>::new());
    assert_eq!(of(&format!("/api/v1/accounts/{vera}/statuses")).await, Vec::<String>::new(), "boosts from there");
    assert_eq!(s.bob.get("/api/v1/conversations").await.ok(), json!([]));
    assert_eq!(s.bob.post(&format!("/api/v1/accounts/{ada}/follow"), json!({})).await.status, 403);
    s.east.forget();
    s.sends(&s.mallory, &s.mallory.activity("Follow", s.uri(&s.bob))).await;
    assert_eq!(s.east.inbox()[0]["type"], "Reject");
    // Nobody else is concerned, and a single post can still be looked at.
    assert!(s.home(&s.carol).await.contains(&newer));
    assert_eq!(s.bob.get(&format!("/api/v1/statuses/{post}")).await.status, 200);
    // Lifted, by query or by body.
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("domain", &domain).finish();
    s.bob.delete(&format!("/api/v1/domain_blocks?{query}")).await.ok();
    assert_eq!(s.bob.get("/api/v1/domain_blocks").await.ok(), json!([]));
    assert!(!of(&format!("/api/v1/accounts/{ada}/statuses")).await.is_empty());
    for nonsense in ["", "no domain", &s.node.domain] {
        assert_eq!(s.bob.post("/api/v1/domain_blocks", json!({"domain": nonsense})).await.status, 422, "{nonsense}");
    }
}

#[tokio::test]
async fn members_of_an_exclusive_list_are_read_there_and_not_at_home() {
    let s = Scene::new().await;
    let ada = s.account(&s.ada).await.id;
    let old = s.creates(&s.ada, &s.note(&s.ada, "1", "old")).await;
    let made = s.bob.post("/api/v1/lists", json!({"title": "later", "exclusive": true})).await.ok();
    let list = format!("/api/v1/lists/{}", made["id"].as_str().unwrap());
    s.bob.post(&format!("{list}/accounts"), json!({"account_ids": [ada]})).await.ok();
    assert!(s.home(&s.bob).await.is_empty(), "what was at home goes");
    let new = s.creates(&s.ada, &s.note(&s.ada, "2", "new")).await;
    let own = s.writes(&s.carol, "public", "x").await;
    s.sends(&s.ada, &boost(&s.ada, own)).await;
    assert!(s.home(&s.bob).await.is_empty());
    let there = s.bob.get(&list.replace("/lists/", "/timelines/list/")).await.ok();
    assert_eq!(there.as_array().unwrap().len(), 3);
    // An ordinary list keeps nobody out; neither does one without her.
    s.bob.put(&list, json!({"exclusive": false})).await.ok();
    assert!(s.home(&s.bob).await.contains(&new) && s.home(&s.bob).await.contains(&old));
    s.bob.put(&list, json!({"exclusive": true})).await.ok();
    assert!(s.home(&s.bob).await.is_empty());
    s.bob.delete(&format!("{list}/accounts?account_ids[]={ada}")).await.ok();
    assert!(s.home(&s.bob).await.contains(&new));
    s.bob.post(&format!("{list}/accounts"), json!({"account_ids": [ada]})).await.ok();
    s.bob.delete(&list).await.ok();
    let newest = s.creates(&s.ada, &s.note(&s.ada, "3", "newest")).await;
    assert!(s.home(&s.bob).await.contains(&newest) && s.home(&s.bob).await.contains(&old));
}

/// Suspends a domain for the whole node.
async fn suspend(s: &Scene, domain: &str) {
    let severity = Severity::Suspend;
    let comment = String::new();
    let block = NewBlock {
        domain: domain.to_owned(),
        severity,
        reject_media: false,
        reject_reports: false,
        comment,
        ..NewBlock::default()
    };
    peers::block(&s.node.app, Staff::console(), block).await.unwrap();
}

#[tokio::test]
async fn fed_mod_07_a_server_that_is_blocked_later_is_told_once_that_its_follows_are_over() {
    let s = Scene::built(NodeBuilder::workers).await;
    s.ada.delivers(&s.node, &s.ada.activity("Follow", s.uri(&s.carol))).await;
    s.east.has_received(1).await;
    s.east.forget();
    suspend(&s, "east.test").await;
    assert_eq!(s.count("select count(*) from follows").await, 0);
    let mut told: Vec<(String, String)> = Vec::new();
    for it in s.east.inbox() {
        assert_eq!(it["object"]["type"], "Follow");
        told.push((it["type"].as_str().unwrap().to_owned(), it["actor"].as_str().unwrap().to_owned()));
    }
    told.sort();
    assert_eq!(told, [("Reject".to_owned(), s.uri(&s.carol)), ("Undo".to_owned(), s.uri(&s.bob))]);
    // Nothing more, ever.
    s.east.forget();
    s.writes(&s.carol, "public", "mine").await;
    assert_eq!(s.count("select count(*) from deliveries where parked_at is null").await, 0);
    assert!(s.east.inbox().is_empty());
}

#[tokio::test]
async fn fed_mod_07_a_server_that_does_not_answer_is_blocked_all_the_same() {
    let s = Scene::built(NodeBuilder::workers).await;
    s.east.inbox_answers(503);
    suspend(&s, "east.test").await;
    assert_eq!(s.count("select count(*) from follows").await, 0);
    assert_eq!(s.ada.deliver(&s.node, &s.ada.activity("Follow", s.uri(&s.carol))).await.status, 403);
}

#[tokio::test]
async fn fed_mod_06_a_block_ends_the_follows_of_its_people_and_turns_them_away() {
    let s = Scene::new().await;
    let ada = s.account(&s.ada).await.id;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.carol))).await;
    assert_eq!(s.count("select count(*) from follows where state = 1").await, 2);
    suspend(&s, "east.test").await;
    assert_eq!(s.count("select count(*) from follows").await, 0);
    s.node.settle().await;
    s.east.forget();
    assert_eq!(s.ada.deliver(&s.node, &s.ada.activity("Follow", s.uri(&s.carol))).await.status, 403);
    let unknown = Sender::new(&s.east, "unknown");
    assert_eq!(unknown.deliver(&s.node, &unknown.activity("Follow", s.uri(&s.carol))).await.status, 403);
    s.writes(&s.carol, "public", "mine").await;
    s.node.settle().await;
    assert!(s.east.received().is_empty(), "nothing is fetched and nothing is sent");
    assert_ne!(s.bob.post(&format!("/api/v1/accounts/{ada}/follow"), json!({})).await.status, 200);
}

#[tokio::test]
async fn sec_aut_26_who_is_blocked_does_not_come_back_through_a_boost_an_answer_or_a_search() {
    let s = Scene::new().await;
    let known = s.note(&s.vera, "known", "old words");
    let (fresh, root) = (s.note(&s.vera, "fresh", "new words"), s.note(&s.vera, "root", "root"));
    for (name, note) in [("known", &known), ("fresh", &fresh), ("root", &root)] {
        s.west.serve(&format!("/users/vera/notes/{name}"), note.clone());
    }
    s.sends(&s.ada, &boost(&s.ada, known["id"].clone())).await;
    assert!(s.post(known["id"].as_str().unwrap()).await.is_some());
    suspend(&s, "west.test").await;
    s.west.forget();
    for note in [&known, &fresh] {
        s.sends(&s.ada, &boost(&s.ada, note["id"].clone())).await;
    }
    let mut answers = Vec::new();
    for (name, parent) in [("1", &root), ("2", &known)] {
        let mut answer = s.note(&s.ada, name, "an answer");
        answer["inReplyTo"] = parent["id"].clone();
        answers.push(s.creates(&s.ada, &answer).await);
    }
    let home = s.bob.get("/api/v1/timelines/home").await.ok();
    assert!(!home.to_string().contains("words"), "{home}");
    for id in &answers {
        let Some(post) = s.post(id).await else { continue };
        let context = s.bob.get(&format!("/api/v1/statuses/{}/context", post.id)).await.ok();
        assert_eq!(context["ancestors"], json!([]));
    }
    for wanted in [&known, &fresh] {
        let q = wanted["id"].as_str().unwrap();
        let found = s.bob.get(&format!("/api/v2/search?resolve=true&q={q}")).await.ok();
        assert_eq!((&found["statuses"], &found["accounts"]), (&json!([]), &json!([])));
    }
    assert!(s.post(fresh["id"].as_str().unwrap()).await.is_none());
    assert!(s.west.received().is_empty());
}
