//! Which sites have my post, and how late each other server is (N15).

use crate::support::{
    Browser, Client, NOW, Node, NodeBuilder, PASSWORD, Peer,
    organisation::{alone, brings_in, found, letter, minutes, org},
    rows, settle,
};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
    federation::deliver,
    id::Id,
    model::{Account, Role},
    store,
    time::Clock,
};

/// ada, whom one person each on two scripted servers follows, and an admin.
struct Scene {
    node: Node,
    zeta: Peer,
    omega: Peer,
    ada: Client,
    boss: Client,
    zoe: Account,
}

async fn scene() -> Scene {
    let (zeta, omega) = (Peer::start("zeta").await, Peer::start("omega").await);
    let node = NodeBuilder::new("alpha").await.knows(&zeta.authority).knows(&omega.authority).start().await;
    let ada = node.member("ada").await;
    let id: Id<Account> = ada.id.parse().unwrap();
    let row = node.app.read(move |conn| store::accounts::load(conn, id)).await.unwrap();
    let (zoe, olga) = (rows::remote(&node, &zeta, "zoe").await, rows::remote(&node, &omega, "olga").await);
    rows::follows(&node, &zoe, &row).await;
    rows::follows(&node, &olga, &row).await;
    let boss = node.citizen_with("boss", Role::Admin).await;
    let boss = Client::with_token(&node, &node.token(boss.id, "read write admin:read admin:write").await);
    node.settle().await;
    Scene { node, zeta, omega, ada, boss, zoe }
}

async fn says(who: &Client, text: &str) -> String {
    who.post("/api/v1/statuses", json!({ "status": text })).await.ok()["id"].as_str().unwrap().to_owned()
}

async fn delivery(who: &Client, id: &str) -> Value {
    who.get(&format!("/api/watercooler/v1/statuses/{id}/delivery")).await.ok()
}

fn counts(delivery: &Value) -> [i64; 4] {
    ["sites", "received", "waiting", "refused"].map(|name| delivery[name].as_i64().unwrap())
}

#[tokio::test]
async fn next_to_my_post_stands_which_sites_have_it_and_which_is_offline_since_when() {
    let Scene { node, zeta, omega, ada, .. } = scene().await;
    zeta.inbox_answers(503);
    let id = says(&ada, "hello").await;
    assert_eq!(counts(&delivery(&ada, &id).await), [2, 0, 2, 0]);
    node.settle().await;
    let late = delivery(&ada, &id).await;
    assert_eq!(counts(&late), [2, 1, 1, 0]);
    let name = zeta.authority.clone();
    assert_eq!(late["text"], format!("1 of 2 sites have it. {name} is offline since 12:00 UTC."));
    assert_eq!((&late["late"][0]["domain"], &late["late"][0]["state"]), (&json!(name), &json!("offline")));
    assert!(late["late"][0]["next_try"].as_str().unwrap() > node.clock.now().rfc3339().as_str());
    // From any client, in one's own language.
    let asked = async |text: &str, to: Option<&str>| {
        let post = json!({ "status": format!("@concierge {text}"), "visibility": "direct", "in_reply_to_id": to });
        let post = ada.post("/api/v1/statuses", post).await.ok();
        node.settle().await;
        let said = crate::concierge::answers(&ada, &post).await.remove(0);
        watercooler::domain::html::plain_text(said["content"].as_str().unwrap())
    };
    let here = node.url(&format!("/@ada/{id}"));
    assert_eq!(asked("delivery", Some(&id)).await, format!("{} {here}", late["text"].as_str().unwrap()));
    let german = format!("1 von 2 Standorten haben es. {name} ist seit 12:00 UTC nicht erreichbar. {here}");
    assert_eq!(asked(&format!("zustellung {here}"), None).await, german);
    assert_eq!(asked("wer hat es?", None).await, german, "the newest");
    let foreign = asked("delivery https://example.org/@x/123456", None).await;
    assert!(foreign.contains("in reply to a post of your own"), "{foreign}");
    // What only staff may know is not told.
    assert!(!late.to_string().contains("503"), "{late}");
    zeta.inbox_answers(202);
    node.clock.advance(20_000);
    node.settle().await;
    let done = delivery(&ada, &id).await;
    assert_eq!((counts(&done), &done["text"]), ([2, 2, 0, 0], &json!("2 of 2 sites have it.")));
    assert_eq!(done["late"], json!([]));
    assert_eq!((zeta.inbox().len(), omega.inbox().len()), (2, 1), "asked again once, told once");
}

#[tokio::test]
async fn only_the_author_reads_where_a_post_is() {
    let Scene { node, ada, boss, .. } = scene().await;
    let id = says(&ada, "hello").await;
    let path = format!("/api/watercooler/v1/statuses/{id}/delivery");
    assert_eq!(boss.get(&path).await.status, 404);
    assert_eq!(Client::anonymous(&node).get(&path).await.status, 401);
    assert_eq!(ada.get("/api/watercooler/v1/statuses/1/delivery").await.status, 404);
    let alone = node.member("hermit").await;
    let id = says(&alone, "nobody follows me").await;
    let told = delivery(&alone, &id).await;
    assert_eq!((counts(&told), &told["text"]), ([0; 4], &json!("It went to no other site.")));
}

#[tokio::test]
async fn a_refusal_is_shown_until_it_is_tried_again() {
    let Scene { node, zeta, ada, .. } = scene().await;
    zeta.inbox_answers(403);
    let id = says(&ada, "hello").await;
    node.settle().await;
    let refused = delivery(&ada, &id).await;
    assert_eq!(counts(&refused), [2, 1, 0, 1]);
    assert!(refused["text"].as_str().unwrap().ends_with("will not get it."), "{refused}");
    zeta.inbox_answers(202);
    deliver::retry(&node.app, None).await.unwrap();
    assert_eq!(counts(&delivery(&ada, &id).await), [2, 1, 1, 0]);
    node.settle().await;
    assert_eq!(counts(&delivery(&ada, &id).await), [2, 2, 0, 0]);
}

#[tokio::test]
async fn a_server_that_is_silent_for_a_week_does_not_have_the_post() {
    let Scene { node, zeta, ada, .. } = scene().await;
    zeta.inbox_answers(503);
    let id = says(&ada, "hello").await;
    for _ in 0..17 {
        node.settle().await;
        node.clock.advance(12 * 3_600_000);
    }
    node.settle().await;
    assert_eq!(counts(&delivery(&ada, &id).await), [2, 1, 0, 1]);
    let second = says(&ada, "again").await;
    node.clock.advance(25 * 3_600_000);
    node.settle().await;
    assert_eq!(counts(&delivery(&ada, &second).await), [2, 1, 0, 1], "the probe of the day failed");
}

#[tokio::test]
async fn an_edit_that_mentions_somebody_new_brings_their_site() {
    let Scene { node, zoe, .. } = scene().await;
    let bob = node.member("bob").await;
    let id = says(&bob, "draft").await;
    assert_eq!(counts(&delivery(&bob, &id).await), [0; 4]);
    let text = format!("for @{}", zoe.handle);
    node.clock.advance(3_600_000);
    bob.put(&format!("/api/v1/statuses/{id}"), json!({ "status": text })).await.ok();
    let told = delivery(&bob, &id).await;
    assert_eq!(counts(&told), [1, 0, 1, 0]);
    // It is no later than the edit that it waits for.
    assert_eq!(told["late"][0]["state"], "waiting", "{told}");
    assert_eq!(told["late"][0]["since"], node.clock.now().rfc3339());
    bob.patch("/api/v1/accounts/update_credentials", json!({ "source": { "language": "de" } })).await.ok();
    let text_of = delivery(&bob, &id).await["text"].clone();
    assert!(text_of.as_str().unwrap().starts_with("0 von 1 Standorten haben es."), "{text_of}");
    node.settle().await;
    bob.put(&format!("/api/v1/statuses/{id}"), json!({ "status": format!("{text}!") })).await.ok();
    node.settle().await;
    assert_eq!(counts(&delivery(&bob, &id).await), [1, 1, 0, 0]);
}

#[tokio::test]
async fn staff_sees_how_late_each_server_is_and_why() {
    let Scene { node, zeta, omega, ada, boss, .. } = scene().await;
    let path = "/api/watercooler/v1/admin/peers";
    assert_eq!(ada.get(path).await.status, 403);
    zeta.inbox_answers(503);
    says(&ada, "hello").await;
    node.settle().await;
    node.clock.advance(10_000);
    let list = boss.get(path).await.ok();
    let of = |authority: &str| list.as_array().unwrap().iter().find(|peer| peer["domain"] == authority).cloned();
    let late = of(&zeta.authority).unwrap();
    assert_eq!(list[0], late, "trouble comes first");
    assert_eq!((&late["state"], &late["waiting"], &late["lag_seconds"]), (&json!("offline"), &json!(1), &json!(10)));
    assert_eq!((&late["why"], &late["failures"]), (&json!("answered 503"), &json!(1)));
    assert_eq!(late["failing_since"], "2026-11-23T12:00:00.000Z");
    assert!(late["next_try"].is_string() && late["last_success"].is_null(), "{late}");
    // A server that is well has a last success once it was written down, and before.
    assert!(of(&omega.authority).is_none() || of(&omega.authority).unwrap()["state"] == "fine");
    zeta.inbox_answers(202);
    node.clock.advance(10_000);
    node.settle().await;
    let list = boss.get(path).await.ok();
    let well = list.as_array().unwrap().iter().find(|peer| peer["domain"] == zeta.authority.as_str()).unwrap();
    assert_eq!((&well["state"], &well["waiting"]), (&json!("fine"), &json!(0)));
    assert_eq!(well["last_success"], node.clock.now().rfc3339());
}

#[tokio::test]
async fn the_ledger_is_kept_for_ninety_days() {
    let Scene { node, ada, .. } = scene().await;
    let id = says(&ada, "hello").await;
    node.settle().await;
    let sweep = |days| node.app.write(move |tx| store::sweep::chunk(tx.conn, tx.now.plus_days(days)));
    sweep(89).await.unwrap();
    assert_eq!(counts(&delivery(&ada, &id).await), [2, 2, 0, 0]);
    sweep(93).await.unwrap();
    node.clock.advance(93 * 86_400_000);
    let told = delivery(&ada, &id).await;
    assert_eq!((counts(&told), &told["text"]), ([0; 4], &json!("What became of a post is known for 90 days.")));
}

/// Two nodes of one organisation; bob of lyon follows ada of hq, who is asked about her posts, and an admin of hq.
struct Pair {
    hq: Node,
    lyon: Node,
    ada: Client,
    boss: Client,
}

async fn pair() -> Pair {
    let clock = Clock::fixed(NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    let (ada, bob) = (hq.member("ada").await, lyon.member("bob").await);
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    settle(&[&hq, &lyon]).await;
    let found = bob.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@ada@{}", hq.domain)).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap();
    bob.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    let boss = hq.citizen_with("boss", Role::Admin).await;
    let boss = Client::with_token(&hq, &hq.token(boss.id, "read write admin:read admin:write").await);
    Pair { hq, lyon, ada, boss }
}

impl Pair {
    async fn settle(&self) {
        settle(&[&self.hq, &self.lyon]).await;
    }
    /// What staff of hq sees of lyon.
    async fn peer(&self) -> Value {
        let list = self.boss.get("/api/watercooler/v1/admin/peers").await.ok();
        list.as_array().unwrap().iter().find(|peer| peer["domain"] == self.lyon.domain.as_str()).unwrap().clone()
    }
    /// Renames a post where it was received: to the other side it is not there.
    async fn hide_at_lyon(&self, from: &str, to: &str) {
        let (from, to) = (from.to_owned(), to.to_owned());
        let change = self
            .lyon
            .app
            .write(move |tx| Sql::new("update posts set uri = ").bind(to).with(" where uri = ", from).execute(tx.conn));
        assert_eq!(change.await.unwrap(), 1);
    }
}

#[tokio::test]
async fn what_a_node_of_the_organisation_took_counts_as_stored_once_its_digest_said_so() {
    let pair = pair().await;
    let (hq, lyon) = (&pair.hq, &pair.lyon);
    let id = says(&pair.ada, "hello").await;
    pair.settle().await;
    let told = delivery(&pair.ada, &id).await;
    assert_eq!(
        (counts(&told), &told["stored"], &told["text"]),
        ([1, 1, 0, 0], &json!(0), &json!("1 of 1 site has it."))
    );
    assert!(pair.peer().await["stored_checked"].is_null());
    minutes(&[hq, lyon], 62).await;
    let told = delivery(&pair.ada, &id).await;
    assert_eq!((counts(&told), &told["stored"]), ([1, 1, 0, 0], &json!(1)));
    assert_eq!(told["text"], "1 of 1 site has it. 1 of them has confirmed that it is stored.");
    let peer = pair.peer().await;
    assert!(peer["stored_checked"].is_string() && peer["not_stored"] == 0, "{peer}");
    // It took the next one and lost it: received, and not stored.
    hq.clock.advance(1_000);
    let id = says(&pair.ada, "lost").await;
    pair.settle().await;
    let uri = hq.url(&format!("/users/ada/statuses/{id}"));
    pair.hide_at_lyon(&uri, "https://nowhere.example/1").await;
    minutes(&[hq, lyon], 62).await;
    let told = delivery(&pair.ada, &id).await;
    assert_eq!((counts(&told), &told["stored"]), ([1, 1, 0, 0], &json!(0)), "{told}");
    assert_eq!(pair.peer().await["not_stored"], 1);
    // It is asked again each hour, and says when it is there.
    pair.hide_at_lyon("https://nowhere.example/1", &uri).await;
    minutes(&[hq, lyon], 62).await;
    assert_eq!((&delivery(&pair.ada, &id).await["stored"], &pair.peer().await["not_stored"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn only_a_node_of_the_organisation_is_told_what_is_stored_and_only_of_its_own_posts() {
    let pair = pair().await;
    let (hq, lyon) = (&pair.hq, &pair.lyon);
    let stranger = alone("stranger", &hq.clock).await;
    let id = says(&pair.ada, "hello").await;
    pair.settle().await;
    let own = hq.url(&format!("/users/ada/statuses/{id}"));
    let ask = async |from: &Node, posts: Value| {
        letter(from, lyon, "POST", "/charter/stored", Some(&json!({ "posts": posts }))).await.send(lyon).await
    };
    let said = ask(hq, json!([own, hq.url("/users/ada/statuses/1")])).await.ok();
    assert_eq!(said["missing"], json!([hq.url("/users/ada/statuses/1")]));
    assert_eq!(said["digest"].as_str().unwrap().len(), 64);
    assert_eq!(ask(&stranger, json!([own])).await.status, 403);
    assert_eq!(ask(hq, json!([lyon.url("/users/bob/statuses/1")])).await.status, 400);
    assert_eq!(ask(hq, json!(vec![own.clone(); 501])).await.status, 400);
    assert_eq!(ask(hq, json!("x")).await.status, 400);
    assert_eq!(Client::anonymous(lyon).post("/charter/stored", json!({ "posts": [own] })).await.status, 401);
}

#[tokio::test]
async fn a_fault_is_shown_within_a_minute_to_author_and_staff() {
    let pair = pair().await;
    let clock = pair.hq.clock.clone();
    // Nothing is taken, and nothing says why: after half a minute that is late.
    let id = says(&pair.ada, "hello").await;
    assert_eq!(delivery(&pair.ada, &id).await["late"][0]["state"], "waiting");
    clock.advance(31_000);
    let told = delivery(&pair.ada, &id).await;
    assert_eq!(told["late"][0]["state"], "late", "{told}");
    let name = told["late"][0]["site"].as_str().unwrap();
    assert_eq!(told["text"], format!("0 of 1 site has it. {name} has taken nothing since 12:00 UTC."));
    let peer = pair.peer().await;
    assert_eq!((&peer["state"], &peer["lag_seconds"]), (&json!("late"), &json!(31)));
    let status = org(&pair.hq, &["status"]).await.unwrap();
    let node = status["nodes"].as_array().unwrap().iter().find(|node| node["domain"] == pair.lyon.domain.as_str());
    let told = &node.unwrap()["delivery"];
    assert_eq!((&told["state"], &told["lag_seconds"]), (&json!("late"), &json!(31)), "{status}");
    assert_eq!(told["waiting"], peer["waiting"]);
    pair.settle().await;
    assert_eq!((counts(&delivery(&pair.ada, &id).await), &pair.peer().await["state"]), ([1, 1, 0, 0], &json!("fine")));
    // Lyon stops. Nothing is to be delivered: the minute's question meets it.
    let Pair { hq, lyon, ada, boss } = pair;
    let domain = lyon.domain.clone();
    drop(lyon);
    clock.advance(60_000);
    hq.settle().await;
    let list = boss.get("/api/watercooler/v1/admin/peers").await.ok();
    assert_eq!((&list[0]["domain"], &list[0]["state"]), (&json!(domain), &json!("offline")), "{list}");
    let why = list[0]["why"].as_str().unwrap();
    assert!(why.contains("unreachable") || why.contains("cannot be reached"), "{list}");
    // What is written now waits for a site that is known to be away, before anything was tried.
    let id = says(&ada, "are you there?").await;
    let told = delivery(&ada, &id).await;
    assert_eq!((&told["late"][0]["state"], counts(&told)), (&json!("offline"), [1, 0, 1, 0]), "{told}");
    hq.settle().await;
    assert_eq!(delivery(&ada, &id).await["late"][0]["state"], "offline");
}

#[tokio::test]
async fn a_node_that_is_reached_and_never_speaks_is_shown_as_quiet() {
    let pair = pair().await;
    minutes(&[&pair.hq, &pair.lyon], 2).await;
    assert_eq!(pair.peer().await["state"], "fine");
    // Only headquarters asks: what Lyon sends is stopped somewhere.
    minutes(&[&pair.hq], 11).await;
    let peer = pair.peer().await;
    assert_eq!(peer["state"], "quiet", "{peer}");
    minutes(&[&pair.hq, &pair.lyon], 1).await;
    assert_eq!(pair.peer().await["state"], "fine");
}

#[tokio::test]
async fn a_node_that_stops_is_shown_by_all_others_within_a_minute_though_nothing_waits_for_it() {
    let clock = Clock::fixed(NOW);
    let mut nodes = vec![alone("hq", &clock).await];
    found(&nodes[0]).await;
    for name in ["lyon", "oslo", "graz", "pune"] {
        let node = alone(name, &clock).await;
        brings_in(&nodes[0], &node).await;
        nodes.push(node);
    }
    minutes(&nodes.iter().collect::<Vec<_>>(), 2).await;
    let mut staff = Vec::new();
    for node in &nodes {
        let boss = node.citizen_with("boss", Role::Admin).await;
        staff.push(Client::with_token(node, &node.token(boss.id, "read admin:read").await));
    }
    let gone = nodes.pop().unwrap();
    let domain = gone.domain.clone();
    let states = async || {
        let mut states = Vec::new();
        for boss in &staff[..nodes.len()] {
            let list = boss.get("/api/watercooler/v1/admin/peers").await.ok();
            let trouble = list.as_array().unwrap().iter().filter(|peer| peer["state"] != "fine");
            let named =
                |peer: &Value| format!("{} {}", peer["domain"].as_str().unwrap(), peer["state"].as_str().unwrap());
            states.push(trouble.map(named).collect::<Vec<_>>());
        }
        states
    };
    assert_eq!(states().await, [const { Vec::<String>::new() }; 4], "all is well");
    drop(gone);
    clock.advance(60_000);
    settle(&nodes.iter().collect::<Vec<_>>()).await;
    let shown = vec![format!("{domain} offline")];
    assert_eq!(states().await, [shown.clone(), shown.clone(), shown.clone(), shown]);
}

#[tokio::test]
async fn the_page_of_a_post_tells_its_author_and_nobody_else_which_sites_have_it() {
    let Scene { node, zeta, zoe, .. } = scene().await;
    let (row, anna) = node.signed_in("anna").await;
    node.citizen("berta").await;
    rows::follows(&node, &zoe, &row).await;
    zeta.inbox_answers(503);
    let post = anna.post("/api/v1/statuses", json!({ "status": "hello" })).await.ok();
    node.settle().await;
    let path = post["url"].as_str().unwrap().strip_prefix(node.app.site().base()).unwrap().to_owned();
    let reads = async |who: Option<&str>, query: &str| {
        let browser = Browser::new(&node);
        if let Some(who) = who {
            browser.sign_in(who, PASSWORD).await;
        }
        let page = browser.get(&format!("{path}{query}")).await;
        assert!(page.status == 200 && page.text.contains("hello"), "{}", page.text);
        page.text
    };
    let page = reads(Some("anna"), "").await;
    let told = format!("0 of 1 site has it. {} is offline since 12:00 UTC.", zeta.authority);
    assert!(page.contains(&told), "{page}");
    assert!(reads(Some("anna"), "?lang=de").await.contains("ist seit 12:00 UTC nicht erreichbar."));
    for who in [Some("berta"), None] {
        let page = reads(who, "").await;
        assert!(!page.contains("offline since") && !page.contains("has it."), "{page}");
    }
    zeta.inbox_answers(202);
    node.clock.advance(3_600_000);
    node.settle().await;
    assert!(reads(Some("anna"), "").await.contains("1 of 1 site has it."));
}
