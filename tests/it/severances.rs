//! What people are told of follows that end with a block of a domain or a suspension.

use crate::support::{Browser, Client, PASSWORD, Scene, schema::Schema};
use serde_json::{Value, json};
use watercooler::{
    crypto,
    domain::{accounts, audit::Staff},
    net::Severity,
    peers::{self, NewBlock},
    store,
};

/// What somebody was told of, the newest first: why, of whom, how many followers, how many followed.
async fn told(who: &Client) -> Vec<(String, String, i64, i64)> {
    let list = who.get("/api/v1/notifications").await.ok();
    let schema = Schema::read();
    list.as_array().unwrap().iter().for_each(|notification| schema.assert("Notification", notification));
    let lost = |n: &Value| {
        assert_eq!(n["type"], "severed_relationships");
        let (event, text) = (&n["event"], |value: &Value| value.as_str().unwrap().to_owned());
        let number = |name: &str| event[name].as_i64().unwrap();
        assert!(event["purged"].is_boolean());
        (text(&event["type"]), text(&event["target_name"]), number("followers_count"), number("following_count"))
    };
    list.as_array().unwrap().iter().map(lost).collect()
}

fn lost(kind: &str, name: &str, followers: i64, following: i64) -> (String, String, i64, i64) {
    (kind.to_owned(), name.to_owned(), followers, following)
}

async fn block(s: &Scene, domain: &str) {
    let block = NewBlock { domain: domain.to_owned(), severity: Severity::Suspend, ..NewBlock::default() };
    peers::block(&s.node.app, Staff::console(), block).await.unwrap();
}

#[tokio::test]
async fn whoever_loses_follows_with_a_domain_that_staff_blocks_is_told_how_many() {
    let s = Scene::new().await;
    let dora = s.node.member("dora").await;
    s.follows(&s.bob, &s.mallory).await;
    s.follows(&s.bob, &s.vera).await;
    for whom in [&s.bob, &s.carol] {
        s.sends(&s.ada, &s.ada.activity("Follow", s.uri(whom))).await;
    }
    for who in [&s.bob, &s.carol] {
        who.post("/api/v1/notifications/clear", json!({})).await.ok();
    }
    // A request is no follow.
    let mallory = s.account(&s.mallory).await.id;
    dora.post(&format!("/api/v1/accounts/{mallory}/follow"), json!({})).await.ok();
    block(&s, "east.test").await;
    assert_eq!(told(&s.bob).await, [lost("domain_block", "east.test", 1, 2)]);
    assert_eq!(told(&s.carol).await, [lost("domain_block", "east.test", 1, 0)]);
    assert!(told(&dora).await.is_empty());
    let news = s.bob.get("/api/v1/notifications").await.ok()[0].clone();
    assert_eq!(news["account"]["username"], s.node.domain.as_str());
    assert!(news.get("moderation_warning").is_none());
    let groups = s.bob.get("/api/v2/notifications").await.ok();
    Schema::read().assert("GroupedNotificationsResults", &groups);
    let group = &groups["notification_groups"][0];
    assert_eq!((&group["type"], &group["event"]), (&news["type"], &news["event"]));
    let words = s.bob.get("/api/v1/notifications?supported_types[]=mention").await.ok()[0]["fallback"].clone();
    assert_eq!(words["title"], format!("{} ended follows of yours", s.node.domain));
    assert_eq!(words["summary"], "east.test");
    for (query, n) in [("types[]=severed_relationships", 1), ("exclude_types[]=severed_relationships", 0)] {
        let list = s.bob.get(&format!("/api/v1/notifications?{query}")).await.ok();
        assert_eq!(list.as_array().unwrap().len(), n, "{query}");
    }
    // There is nothing to lose a second time.
    block(&s, "east.test").await;
    assert_eq!(told(&s.bob).await.len(), 1);
    // What was dismissed is forgotten, and in the end so is whom it was about.
    s.bob.post("/api/v1/notifications/clear", json!({})).await.ok();
    for (days, events, follows, purged) in [(89, 2, 4, false), (91, 1, 0, true)] {
        s.node.app.write(move |tx| store::sweep::chunk(tx.conn, tx.now.plus_days(days))).await.unwrap();
        assert_eq!(s.count("select count(*) from severances").await, events, "after {days} days");
        assert_eq!(s.count("select count(*) from severed_follows").await, follows, "after {days} days");
        let event = s.carol.get("/api/v1/notifications").await.ok()[0]["event"].clone();
        assert_eq!((&event["purged"], &event["followers_count"]), (&json!(purged), &json!(1)));
    }
    assert_eq!(told(&s.carol).await.len(), 1);
}

#[tokio::test]
async fn whoever_blocks_a_domain_is_told_what_that_ended_and_nobody_else_is() {
    let s = Scene::new().await;
    s.follows(&s.carol, &s.ada).await;
    s.sends(&s.mallory, &s.mallory.activity("Follow", s.uri(&s.bob))).await;
    let east = s.east.authority.clone();
    for domain in [&east, &east, &s.west.authority] {
        s.bob.post("/api/v1/domain_blocks", json!({"domain": domain})).await.ok();
    }
    assert_eq!(told(&s.bob).await, [lost("user_domain_block", &east, 1, 1)], "once, and of what was there");
    assert!(told(&s.carol).await.is_empty());
}

#[tokio::test]
async fn whoever_is_suspended_stops_following_and_who_loses_a_follower_is_told() {
    let s = Scene::new().await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.carol))).await;
    s.node.settle().await;
    s.carol.post("/api/v1/notifications/clear", json!({})).await.ok();
    s.east.forget();
    let ada = s.account(&s.ada).await.id;
    s.node.app.write(move |tx| accounts::suspend(tx, &Staff::console(), ada)).await.unwrap();
    s.node.settle().await;
    let name = s.account(&s.ada).await.acct();
    assert_eq!(told(&s.carol).await, [lost("account_suspension", &name, 1, 0)]);
    let sent: Vec<Value> = s.east.inbox().iter().map(|activity| activity["type"].clone()).collect();
    assert_eq!(sent, ["Reject"]);
    // Whoever follows goes on once it is lifted.
    assert!(told(&s.bob).await.is_empty());
    s.node.app.write(move |tx| accounts::unsuspend(tx, &Staff::console(), ada)).await.unwrap();
    let of = format!("/api/v1/accounts/relationships?id[]={ada}");
    assert_eq!(s.bob.get(&of).await.ok()[0]["following"], true);
    assert_eq!(s.carol.get(&of).await.ok()[0]["followed_by"], false);
}

#[tokio::test]
async fn nobody_is_told_of_lost_follows_who_left_and_they_go_with_the_account() {
    let s = Scene::new().await;
    s.follows(&s.carol, &s.ada).await;
    let leave = json!({"account": {"leave": {"name": "carol"}}});
    watercooler::cli::data::run(&s.node.app, serde_json::from_value(leave).unwrap()).await.unwrap();
    block(&s, "east.test").await;
    assert_eq!(s.count("select count(*) from severances").await, 1);
    assert_eq!(told(&s.bob).await, [lost("domain_block", "east.test", 0, 1)]);
    let bob = s.bob.id.parse().unwrap();
    s.node.app.write(move |tx| accounts::delete(tx, &Staff::console(), bob)).await.unwrap();
    s.node.settle().await;
    assert_eq!(s.count("select count(*) from severances").await, 0);
    assert_eq!(s.count("select count(*) from notifications where kind = 25").await, 0);
}

#[tokio::test]
async fn whom_somebody_lost_is_theirs_to_read_as_lists_that_other_servers_understand() {
    let s = Scene::new().await;
    let ada = s.account(&s.ada).await.id;
    let options = json!({"reblogs": false, "languages": ["de", "en"]});
    s.bob.post(&format!("/api/v1/accounts/{ada}/follow"), options).await.ok();
    s.follows(&s.bob, &s.mallory).await;
    s.sends(&s.vera, &s.vera.activity("Follow", s.uri(&s.bob))).await;
    let vera = s.account(&s.vera).await.acct();
    // Who is of a blocked domain goes in the end; the names stay.
    let (ada, mallory) = (s.account(&s.ada).await.acct(), s.account(&s.mallory).await.acct());
    block(&s, "east.test").await;
    let domain = s.west.authority.clone();
    s.bob.post("/api/v1/domain_blocks", json!({"domain": domain})).await.ok();
    for who in [&s.bob, &s.carol] {
        let id = who.id.parse().unwrap();
        let hash = crypto::password::hash_password(PASSWORD, &[7; 16]).unwrap();
        s.node.app.write(move |tx| accounts::reset_password(tx, &Staff::console(), id, &hash)).await.unwrap();
    }
    let browser = Browser::new(&s.node);
    assert_eq!(browser.get("/severed_relationships").await.header("location"), "/sign-in?next=%2Fsettings");
    browser.sign_in("bob", PASSWORD).await;
    assert_eq!(browser.get("/severed_relationships").await.header("location"), "/settings#severed");
    let page = browser.get("/settings").await.text;
    let links: Vec<&str> = page.split("href=\"").filter_map(|part| part.split('"').next()).collect();
    let links: Vec<&str> = links.into_iter().filter(|link| link.ends_with(".csv")).collect();
    let [own, staffs] = links[..] else { panic!("{links:?}") };
    let reply = browser.get(own).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert!(reply.header("content-disposition").contains("followers.csv"));
    assert_eq!(reply.text, format!("Account address\n{vera}\n"));
    let reply = browser.get(staffs).await;
    let head = "Account address,Show boosts,Notify on new posts,Languages";
    assert_eq!(reply.text, format!("{head}\n{ada},false,false,\"de, en\"\n{mallory},true,false,\n"));
    // The other list of the same is empty; there is no third one.
    assert_eq!(browser.get(&staffs.replace("following", "followers")).await.text, "Account address\n");
    assert_eq!(browser.get(&staffs.replace("following", "blocked")).await.status, 404);
    // Nobody else's.
    let other = Browser::new(&s.node);
    assert_eq!(other.get(staffs).await.status, 302);
    other.sign_in("carol", PASSWORD).await;
    assert_eq!(other.get(staffs).await.status, 404);
    assert!(!other.get("/settings").await.text.contains("severed"));
    // What is over is over, for who signs in again.
    s.node.app.write(|tx| store::sweep::chunk(tx.conn, tx.now.plus_days(91))).await.unwrap();
    let browser = Browser::new(&s.node);
    browser.sign_in("bob", PASSWORD).await;
    assert_eq!(browser.get(staffs).await.status, 410);
    assert!(!browser.get("/settings").await.text.contains(".csv"));
}
