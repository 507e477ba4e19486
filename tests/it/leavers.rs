//! Somebody leaves (N3): everything of theirs is dead at once, everywhere, and coming back restores it.

use crate::{
    cli::Place,
    support::{Browser, Client, NOW, Node, NodeBuilder, PASSWORD, Peer, Scene, rows, settle},
};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio_tungstenite::{connect_async, tungstenite::Message};
use watercooler::{
    db::Sql,
    domain::{Task, accounts, audit::Staff, leavers},
    id::Id,
    model::{Account, Role},
    store,
    time::Clock,
};

const ALL: &str = "read write follow push profile";

pub async fn boss(node: &Node) -> Client {
    let boss = node.citizen_with("boss", Role::Admin).await;
    Client::with_token(node, &node.token(boss.id, "read write admin:read admin:write").await)
}

pub async fn leaves(boss: &Client, who: &Client) -> Value {
    boss.post(&format!("/api/watercooler/v1/admin/accounts/{}/leave", who.id), json!({})).await.ok()
}

async fn account(node: &Node, handle: &str) -> Account {
    let handle = handle.to_owned();
    node.app.read(move |conn| store::accounts::find_by_handle(conn, &handle)).await.unwrap().unwrap()
}

async fn count(node: &Node, sql: &'static str) -> i64 {
    node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
}

/// Finds somebody of another node and asks to follow them; answers the id they have here and the status of the request.
async fn follow(who: &Client, handle: &str) -> (String, u16) {
    let found = who.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@{handle}")).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap_or_else(|| panic!("{handle}: {found}")).to_owned();
    let status = who.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.status;
    (id, status)
}

#[tokio::test]
async fn leaving_ends_tokens_sessions_and_streams_at_once() {
    let node = Node::start().await;
    let boss = boss(&node).await;
    let (row, mut ada) = node.signed_in("ada").await;
    ada.id = row.id.to_string();
    let browser = Browser::new(&node);
    let sign_in = async |browser: &Browser| {
        let form = browser.get("/sign-in").await;
        browser.submit(&form, "/sign-in", &[("login", "ada"), ("password", PASSWORD)]).await
    };
    assert_eq!(sign_in(&browser).await.status, 302);
    let token = ada.token.clone().unwrap();
    let address = format!("ws://{}/api/v1/streaming?stream=user&access_token={token}", node.address);
    let (mut socket, _) = connect_async(address.as_str()).await.unwrap();
    let gone = leaves(&boss, &ada).await;
    assert_eq!(
        gone,
        json!({ "state": "left", "left_on": "2026-11-23", "handover": { "projects": [], "questions": [] } })
    );
    assert_eq!(ada.get("/api/v1/accounts/verify_credentials").await.status, 401);
    assert_eq!(ada.post("/api/v1/statuses", json!({ "status": "still here" })).await.status, 401);
    let closed = async {
        loop {
            match socket.next().await {
                None | Some(Ok(Message::Close(_)) | Err(_)) => return,
                Some(Ok(_)) => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), closed).await.unwrap();
    for table in ["sessions", "tokens"] {
        let sql = if table == "sessions" {
            "select count(*) from sessions"
        } else {
            "select count(*) from tokens t join accounts a on a.id = t.account_id where a.username = 'ada'"
        };
        assert_eq!(count(&node, sql).await, 0, "{table}");
    }
    // Nobody signs in again, and is told why; a token that a command makes is worth nothing.
    let told = sign_in(&Browser::new(&node)).await;
    assert_eq!(told.status, 403);
    assert!(told.text.contains("ended when its owner left"), "{}", told.text);
    let late = Client::with_token(&node, &node.token(row.id, ALL).await);
    assert_eq!(late.get("/api/v1/accounts/verify_credentials").await.status, 401);
    // What everybody sees.
    let seen = boss.get(&format!("/api/v1/accounts/{}", ada.id)).await.ok();
    assert_eq!((&seen["locked"], &seen["discoverable"]), (&json!(true), &json!(false)));
    assert_eq!(seen["fields"][0]["name"], "Left on");
    assert_eq!(seen["fields"][0]["value"], "2026-11-23: no longer at Watercooler since Nov 2026");
    assert_eq!(boss.post(&format!("/api/v1/accounts/{}/follow", ada.id), json!({})).await.status, 403);
    let audit = "select count(*) from audit_log where action = 'account.leave' and target = 'ada' and actor = 'boss'";
    assert_eq!(count(&node, audit).await, 1);
    // Back: the profile is as it was, and the old token stays dead.
    let path = format!("/api/watercooler/v1/admin/accounts/{}/rehire", ada.id);
    assert_eq!(boss.post(&path, json!({})).await.ok(), json!({ "state": "active" }));
    let seen = boss.get(&format!("/api/v1/accounts/{}", ada.id)).await.ok();
    assert_eq!((&seen["locked"], &seen["fields"]), (&json!(false), &json!([])));
    assert_eq!(ada.get("/api/v1/accounts/verify_credentials").await.status, 401);
    assert_eq!(sign_in(&Browser::new(&node)).await.status, 302);
    assert_eq!(boss.post(&format!("/api/v1/accounts/{}/follow", ada.id), json!({})).await.status, 200);
}

#[tokio::test]
async fn of_thirty_who_leave_at_once_everybody_is_out_within_five_seconds() {
    let node = NodeBuilder::new("alpha").await.real_clock().start().await;
    let boss = boss(&node).await;
    let mut people = Vec::new();
    for number in 0..30 {
        let person = node.member(&format!("p{number}")).await;
        let token = person.token.clone().unwrap();
        let address = format!("ws://{}/api/v1/streaming?stream=user&access_token={token}", node.address);
        people.push((person, connect_async(address.as_str()).await.unwrap().0));
    }
    let begun = std::time::Instant::now();
    let out = people.into_iter().map(|(person, mut socket)| {
        let boss = &boss;
        async move {
            leaves(boss, &person).await;
            assert_eq!(person.get("/api/v1/accounts/verify_credentials").await.status, 401);
            while !matches!(socket.next().await, None | Some(Ok(Message::Close(_)) | Err(_))) {}
        }
    });
    tokio::time::timeout(Duration::from_secs(5), futures_util::future::join_all(out)).await.expect("within 5 s");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn other_nodes_see_it_within_a_minute_drop_the_person_from_the_directory_and_refuse_new_follows() {
    let (alpha, beta) = Node::two().await;
    let boss = boss(&alpha).await;
    let (ada, bob, carl) = (alpha.member("ada").await, beta.member("bob").await, beta.member("carl").await);
    let profile = json!({ "discoverable": true, "fields_attributes": [{ "name": "Site", "value": "Lyon" }] });
    ada.patch("/api/v1/accounts/update_credentials", profile).await.ok();
    let handle = alpha.handle("ada");
    assert_eq!(follow(&bob, &handle).await.1, 200);
    settle(&[&alpha, &beta]).await;
    let directory = async || {
        let list = bob.get("/api/v1/directory").await.ok();
        list.as_array().unwrap().iter().filter(|one| one["username"] == "ada").count()
    };
    assert_eq!(directory().await, 1);
    leaves(&boss, &ada).await;
    settle(&[&alpha, &beta]).await;
    let copy = account(&beta, &handle).await;
    assert_eq!(copy.left_on, Some(NOW.midnight()));
    assert!(copy.locked && !copy.discoverable && copy.fields.contains("no longer at"), "{copy:?}");
    assert!(copy.fields.contains("Lyon"), "the rest of the profile stays");
    assert_eq!(directory().await, 0);
    assert_eq!(follow(&carl, &handle).await.1, 403);
    // What strangers are served says the same, with terms of its own and nothing to fetch.
    let actor = Client::anonymous(&alpha).get_activity("/users/ada").await.json();
    assert_eq!((&actor["leftOn"], &actor["discoverable"]), (&json!("2026-11-23"), &json!(false)));
    assert_eq!(actor["manuallyApprovesFollowers"], true);
    let terms = actor["@context"].as_array().unwrap().iter().find(|entry| entry.is_object()).unwrap();
    assert_eq!((&terms["wc"], &terms["leftOn"]), (&json!("https://w3id.org/watercooler/ns#"), &json!("wc:leftOn")));
    // Back again.
    boss.post(&format!("/api/watercooler/v1/admin/accounts/{}/rehire", ada.id), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    let copy = account(&beta, &handle).await;
    assert_eq!((copy.left_on, copy.locked, copy.discoverable), (None, false, true));
    assert!(!copy.fields.contains("no longer at"), "{}", copy.fields);
    assert_eq!((directory().await, follow(&carl, &handle).await.1), (1, 200));
}

#[tokio::test]
async fn a_follow_from_elsewhere_of_somebody_who_left_is_refused() {
    let scene = Scene::new().await;
    let id: Id<Account> = scene.carol.id.parse().unwrap();
    scene.node.app.write(move |tx| leavers::leave(tx, &Staff::console(), id, None)).await.unwrap();
    scene.node.settle().await;
    scene.east.forget();
    let uri = scene.uri(&scene.carol);
    scene.sends(&scene.mallory, &scene.mallory.activity("Follow", json!(uri))).await;
    let answers: Vec<Value> = scene.east.inbox();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0]["type"], "Reject");
    assert_eq!(
        scene
            .count("select count(*) from follows f join accounts a on a.id = f.target_id where a.username = 'carol'")
            .await,
        0
    );
}

#[tokio::test]
async fn what_waits_in_their_name_is_stopped_but_for_what_takes_something_back() {
    let peer = Peer::start("zeta").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let ada = node.member("ada").await;
    let row = account(&node, "ada").await;
    let zoe = rows::remote(&node, &peer, "zoe").await;
    rows::follows(&node, &zoe, &row).await;
    node.settle().await;
    let first = ada.post("/api/v1/statuses", json!({ "status": "sent" })).await.ok();
    node.settle().await;
    peer.inbox_answers(503);
    ada.post("/api/v1/statuses", json!({ "status": "never sent" })).await.ok();
    node.settle().await;
    ada.delete(&format!("/api/v1/statuses/{}", first["id"].as_str().unwrap())).await.ok();
    let boss = boss(&node).await;
    leaves(&boss, &ada).await;
    peer.forget();
    peer.inbox_answers(202);
    node.clock.advance(30_000);
    node.settle().await;
    let kinds: Vec<Value> = peer.inbox().iter().map(|activity| activity["type"].clone()).collect();
    assert_eq!(kinds, [json!("Delete"), json!("Update")]);
    assert_eq!(peer.inbox()[1]["object"]["leftOn"], "2026-11-23");
}

#[tokio::test]
async fn a_command_that_still_waits_is_not_done_in_the_name_of_somebody_who_left() {
    let node = Node::start().await;
    let (boss, ada) = (boss(&node).await, node.member("ada").await);
    // A letter that would be a command if it were taken for one.
    let letter = json!({ "status": "@boss skills +kafka", "visibility": "direct" });
    let letter = ada.post("/api/v1/statuses", letter).await.ok();
    let other = json!({ "status": "@boss skills +welding", "visibility": "direct" });
    let other = ada.post("/api/v1/statuses", other).await.ok();
    let run = async |post: &Value| {
        let post = post["id"].as_str().unwrap().parse().unwrap();
        node.app.write(move |tx| tx.enqueue(&Task::AnswerCommand { post })).await.unwrap();
        node.settle().await;
    };
    let skills = async || count(&node, "select count(*) from skills").await;
    run(&letter).await;
    assert_eq!(skills().await, 1);
    leaves(&boss, &ada).await;
    run(&other).await;
    assert_eq!(skills().await, 1);
    assert_eq!(count(&node, "select count(*) from jobs where queue = 'concierge'").await, 0, "and is not tried again");
}

#[tokio::test]
async fn requests_to_follow_end_in_both_directions() {
    let node = Node::start().await;
    let boss = boss(&node).await;
    let (ada, bob, carol) = (node.member("ada").await, node.member("bob").await, node.member("carol").await);
    for who in [&ada, &carol] {
        who.patch("/api/v1/accounts/update_credentials", json!({ "locked": true })).await.ok();
    }
    bob.post(&format!("/api/v1/accounts/{}/follow", ada.id), json!({})).await.ok();
    ada.post(&format!("/api/v1/accounts/{}/follow", carol.id), json!({})).await.ok();
    assert_eq!(count(&node, "select count(*) from follows").await, 2);
    leaves(&boss, &ada).await;
    assert_eq!(count(&node, "select count(*) from follows").await, 0);
    assert_eq!(carol.get("/api/v1/follow_requests").await.ok(), json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_accepted_after_the_answer_however_many_requests_race_with_it() {
    for round in 0..4 {
        let node = Arc::new(NodeBuilder::new("alpha").await.real_clock().start().await);
        let boss = boss(&node).await;
        let ada = node.member("ada").await;
        let (done, accepted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let senders: Vec<_> = (0..12)
            .map(|sender| {
                let (ada, done, accepted) = (ada.clone(), done.clone(), accepted.clone());
                tokio::spawn(async move {
                    let mut refused = 0;
                    for number in 0..1_000 {
                        // Asked before: what begins after the answer must be refused.
                        let late = done.load(Ordering::SeqCst);
                        let text = json!({ "status": format!("{sender} {number}") });
                        let reply = ada.post("/api/v1/statuses", text).await;
                        match reply.status {
                            200 => {
                                assert!(!late, "accepted after the answer");
                                accepted.fetch_add(1, Ordering::SeqCst);
                            }
                            401 => refused += 1,
                            other => panic!("{other} {}", reply.text),
                        }
                        if refused > 3 {
                            return refused;
                        }
                    }
                    refused
                })
            })
            .collect();
        while accepted.load(Ordering::SeqCst) < 10 + round * 7 {
            tokio::task::yield_now().await;
        }
        leaves(&boss, &ada).await;
        let at_the_answer = count(&node, "select count(*) from posts").await;
        done.store(true, Ordering::SeqCst);
        for sender in senders {
            assert!(sender.await.unwrap() > 3, "every sender went on until it was refused");
        }
        assert_eq!(count(&node, "select count(*) from posts").await, at_the_answer);
    }
}

#[tokio::test]
async fn nothing_is_accepted_after_the_answer_from_the_forms_of_a_browser_either() {
    let node = Node::start().await;
    let boss = boss(&node).await;
    let row = node.citizen("ada").await;
    let mut ada = Client::anonymous(&node);
    ada.id = row.id.to_string();
    let (done, accepted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut senders = Vec::new();
    for sender in 0..4 {
        let browser = Browser::new(&node);
        browser.sign_in("ada", PASSWORD).await;
        let page = browser.get("/ask").await;
        let hidden = crate::support::hidden_fields(&page.text, "/ask");
        let token = hidden.into_iter().find(|(name, _)| name == "token").unwrap().1;
        let (done, accepted) = (done.clone(), accepted.clone());
        senders.push(tokio::spawn(async move {
            let mut refused = 0;
            for number in 0..1_000 {
                // Asked before: what begins after the answer must be refused.
                let late = done.load(Ordering::SeqCst);
                let (text, once) = (format!("{sender} {number}?"), format!("{:0>43}", sender * 10_000 + number));
                let reply = browser.post("/ask", &[("token", &token), ("question", &text), ("once", &once)]).await;
                match (reply.status, reply.header("location").starts_with("/@ada/")) {
                    (302, true) => {
                        assert!(!late, "accepted after the answer");
                        accepted.fetch_add(1, Ordering::SeqCst);
                    }
                    (302 | 401, false) => refused += 1,
                    other => panic!("{other:?} {}", reply.text),
                }
                if refused > 3 {
                    return refused;
                }
            }
            refused
        }));
    }
    while accepted.load(Ordering::SeqCst) < 10 {
        tokio::task::yield_now().await;
    }
    leaves(&boss, &ada).await;
    let at_the_answer = count(&node, "select count(*) from posts").await;
    done.store(true, Ordering::SeqCst);
    for sender in senders {
        assert!(sender.await.unwrap() > 3, "every sender went on until it was refused");
    }
    assert_eq!(count(&node, "select count(*) from posts").await, at_the_answer);
}

#[tokio::test]
async fn open_questions_are_handed_over_and_projects_go_to_a_moderator_or_stand_without_a_lead() {
    let node = Node::start().await;
    let boss = boss(&node).await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    let ask = async |text: &str| ada.post("/api/v1/statuses", json!({ "status": text })).await.ok();
    let open = ask("#ask Which  glue? #adhesives").await;
    let answered = ask("#ask Which nail?").await;
    let reply = json!({ "status": "@ada a long one", "in_reply_to_id": answered["id"] });
    let reply = bob.post("/api/v1/statuses", reply).await.ok();
    let thanks = json!({ "status": "@bob ✅", "in_reply_to_id": reply["id"] });
    ada.post("/api/v1/statuses", thanks).await.ok();
    node.settle().await;
    let api = crate::projects::API;
    let mut led = Vec::new();
    for name in ["Quiet bearing", "Loud bearing", "Near bearing"] {
        let mut fields = crate::projects::bearing();
        fields["name"] = json!(name);
        if name == "Near bearing" {
            fields["audience"] = json!("site");
        }
        led.push(crate::projects::register(&ada, fields).await);
    }
    let path = |nth: usize, end: &str| format!("{api}/{}{end}", led[nth]["id"].as_str().unwrap());
    for who in [&bob, &eve] {
        who.post(&path(0, "/join"), json!({})).await.ok();
        ada.post(&path(0, &format!("/requests/{}/accept", who.id)), json!({})).await.ok();
    }
    ada.post(&path(0, &format!("/moderators/{}", eve.id)), json!({})).await.ok();
    node.settle().await;
    let gone = leaves(&boss, &ada).await;
    let questions = gone["handover"]["questions"].as_array().unwrap();
    assert_eq!(questions.len(), 1, "{gone}");
    assert_eq!((&questions[0]["title"], &questions[0]["url"]), (&json!("#ask Which glue? #adhesives"), &open["url"]));
    let projects = gone["handover"]["projects"].as_array().unwrap();
    assert_eq!(projects.len(), 3, "those for this site alone too: {gone}");
    node.settle().await;
    // The moderator leads the one, and is told.
    let first = eve.get(&path(0, "")).await.ok();
    assert_eq!((&first["lead"]["acct"], &first["role"]), (&json!("eve"), &json!("lead")));
    let told = crate::projects::letters(&eve).await;
    assert!(told.iter().any(|l| crate::projects::says(l, "“Quiet bearing” is yours to lead")), "{told:?}");
    // Nobody leads the other: it says so, and is taken over by whoever wants to.
    let second = bob.get(&path(1, "")).await.ok();
    assert_eq!(second["lead"], Value::Null, "{second}");
    let account = bob.get("/api/v1/accounts/lookup?acct=loudbearing").await.ok();
    let lead = account["fields"].as_array().unwrap().iter().find(|field| field["name"] == "Lead").unwrap();
    assert_eq!(lead["value"], "nobody at present");
    let posts = bob.get(&format!("/api/v1/accounts/{}/statuses", account["id"].as_str().unwrap())).await.ok();
    assert!(posts[0]["content"].as_str().unwrap().contains("Loud bearing has no lead any more"), "{posts}");
    let desk = crate::projects::letters(&boss).await;
    assert!(desk.iter().any(|l| crate::projects::says(l, "project lead Loud bearing")), "{desk:?}");
    assert!(crate::concierge::asks(&node, &bob, "project lead quiet bearing").await.contains("has a lead"));
    assert_eq!(crate::concierge::asks(&node, &bob, "project lead Loud bearing").await, "You lead “Loud bearing” now.");
    assert_eq!(eve.post(&path(1, "/lead"), json!({ "account_id": eve.id })).await.status, 403);
    assert_eq!(bob.get(&path(1, "")).await.ok()["role"], "lead");
}

#[tokio::test]
async fn a_day_to_come_is_waited_for_and_can_be_called_off() {
    let node = Node::start().await;
    let boss = boss(&node).await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let zone = json!({ "time_zone": "America/Los_Angeles" });
    ada.patch("/api/watercooler/v1/people/me", zone).await.ok();
    for who in [&ada, &bob] {
        let path = format!("/api/watercooler/v1/admin/accounts/{}/leave", who.id);
        let planned = boss.post(&path, json!({ "on": "2026-11-30" })).await.ok();
        assert_eq!((&planned["state"], &planned["left_on"]), (&json!("planned"), &json!("2026-11-30")));
    }
    let path = format!("/api/watercooler/v1/admin/accounts/{}/leave", bob.id);
    let planned = boss.post(&path, json!({ "on": "2026-11-29T22:00:00-08:00" })).await.ok();
    assert_eq!(planned["left_on"], "2026-11-29", "the day as it is written");
    boss.post(&format!("/api/watercooler/v1/admin/accounts/{}/rehire", bob.id), json!({})).await.ok();
    ada.post("/api/v1/statuses", json!({ "status": "#ask Which glue? #adhesives" })).await.ok();
    // It is Monday noon; the last day is the next Monday, all of it, where she works.
    node.clock.advance(7 * 86_400_000 + 19 * 3_600_000);
    node.settle().await;
    assert_eq!(ada.get("/api/v1/accounts/verify_credentials").await.status, 200, "eleven in the evening there");
    node.clock.advance(3_600_000);
    node.settle().await;
    assert_eq!(ada.get("/api/v1/accounts/verify_credentials").await.status, 401);
    // Nobody pressed a button that day: the moderators are written what is to be taken over.
    let told = crate::projects::letters(&boss).await;
    let letter = told.iter().find(|letter| crate::projects::says(letter, "ada has left")).unwrap();
    assert!(crate::projects::says(letter, "Which glue?"), "{letter}");
    assert_eq!(account(&node, "ada").await.left_on.unwrap().date(), "2026-11-30");
    assert_eq!(bob.get("/api/v1/accounts/verify_credentials").await.status, 200);
    let path = format!("/api/watercooler/v1/admin/accounts/{}/leave", bob.id);
    assert_eq!(boss.post(&path, json!({ "on": "soon" })).await.status, 422);
}

#[tokio::test]
async fn a_day_is_that_of_the_place_where_somebody_works() {
    let node = Node::start().await;
    let boss = boss(&node).await;
    let ada = node.member("ada").await;
    let zone = json!({ "time_zone": "America/Los_Angeles" });
    ada.patch("/api/watercooler/v1/people/me", zone).await.ok();
    // One in the morning of Tuesday in Greenwich is five in the evening of Monday there.
    node.clock.advance(13 * 3_600_000);
    let path = format!("/api/watercooler/v1/admin/accounts/{}/leave", ada.id);
    let planned = boss.post(&path, json!({ "on": "2026-11-24" })).await.ok();
    assert_eq!(planned["state"], "planned", "{planned}");
    assert_eq!(ada.get("/api/v1/accounts/verify_credentials").await.status, 200);
    let gone = boss.post(&path, json!({ "on": "2026-11-23" })).await.ok();
    assert_eq!((&gone["state"], &gone["left_on"]), (&json!("left"), &json!("2026-11-23")));
    assert_eq!(ada.get("/api/v1/accounts/verify_credentials").await.status, 401);
}

#[tokio::test]
async fn where_a_setting_says_so_who_left_long_ago_is_erased_with_all_posts() {
    let node = NodeBuilder::new("alpha").await.config(|config| config.people.erase_after_days = 30).start().await;
    let boss = boss(&node).await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let post = ada.post("/api/v1/statuses", json!({ "status": "to be forgotten" })).await.ok();
    leaves(&boss, &ada).await;
    let night = async || {
        node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
        node.settle().await;
    };
    let path = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
    node.clock.advance(29 * 86_400_000);
    night().await;
    assert_eq!(boss.get(&path).await.status, 200);
    node.clock.advance(2 * 86_400_000);
    night().await;
    assert_eq!(boss.get(&path).await.status, 404);
    assert_eq!(Client::anonymous(&node).get_activity("/users/ada").await.status, 410);
    assert_eq!(bob.get("/api/v1/accounts/verify_credentials").await.status, 200);
}

#[tokio::test]
async fn how_long_data_is_kept_counts_from_the_day_that_was_said_last() {
    let node = NodeBuilder::new("alpha").await.config(|config| config.people.erase_after_days = 30).start().await;
    let boss = boss(&node).await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    bob.patch("/api/v1/accounts/update_credentials", json!({ "discoverable": true })).await.ok();
    let path = |who: &Client, verb: &str| format!("/api/watercooler/v1/admin/accounts/{}/{verb}", who.id);
    for who in [&ada, &bob] {
        boss.post(&path(who, "leave"), json!({ "on": "2026-11-01" })).await.ok();
    }
    // It was another day, after all.
    let again = boss.post(&path(&bob, "leave"), json!({ "on": "2026-11-20" })).await.ok();
    assert_eq!((&again["state"], &again["left_on"]), (&json!("left"), &json!("2026-11-20")));
    assert_eq!(leaves(&boss, &bob).await["left_on"], "2026-11-20", "without a day the known one stays");
    let night = async |days: i64| {
        node.clock.advance(days * 86_400_000);
        node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
        node.settle().await;
    };
    // Thirty days after the first of November only.
    night(15).await;
    assert_eq!(Client::anonymous(&node).get_activity("/users/ada").await.status, 410);
    assert_eq!(Client::anonymous(&node).get_activity("/users/bob").await.status, 200);
    // What the profile said before the first word is what comes back.
    boss.post(&path(&bob, "rehire"), json!({})).await.ok();
    let shown = boss.get(&format!("/api/v1/accounts/{}", bob.id)).await.ok();
    assert_eq!(shown["discoverable"], true);
}

#[tokio::test]
async fn where_a_setting_says_so_the_posts_of_who_left_stay_without_the_name() {
    let clock = Clock::fixed(NOW);
    let (alpha, beta) = (NodeBuilder::new("alpha").await.clock(&clock), NodeBuilder::new("beta").await.clock(&clock));
    let (a_name, b_name) = (alpha.authority(), beta.authority());
    let node = alpha.knows(&b_name).config(|config| config.people.anonymise_after_days = 30).start().await;
    let beta = beta.knows(&a_name).start().await;
    let (boss, ben) = (boss(&node).await, beta.member("ben").await);
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let profile = json!({
        "display_name": "Ada Byron", "note": "Byron's daughter", "discoverable": true,
        "fields_attributes": [{"name": "Home", "value": "Ockham Byron"}],
    });
    ada.patch("/api/v1/accounts/update_credentials", profile).await.ok();
    ada.patch("/api/watercooler/v1/people/me", json!({ "skills": ["byronism"], "title": "Countess Byron" })).await.ok();
    node.app
        .write(|tx| Sql::new("update accounts set avatar = 'byron.png' where username = 'ada'").execute(tx.conn))
        .await
        .unwrap();
    let post = ada.post("/api/v1/statuses", json!({ "status": "how the engine counts" })).await.ok();
    let query = format!("/api/v2/search?resolve=true&type=accounts&q=@{}", node.handle("ada"));
    let there = ben.get(&query).await.ok()["accounts"][0]["id"].as_str().unwrap().to_owned();
    ben.post(&format!("/api/v1/accounts/{there}/follow"), json!({})).await.ok();
    settle(&[&node, &beta]).await;
    let path = |id: &str, what: &str| format!("/api/watercooler/v1/admin/accounts/{id}/{what}");
    assert_eq!(boss.post(&path(&ada.id, "anonymise"), json!({})).await.status, 409, "she is still here");
    leaves(&boss, &ada).await;
    let night = async |days: i64| {
        clock.advance(days * 86_400_000);
        node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
        settle(&[&node, &beta]).await;
    };
    night(29).await;
    assert!(boss.get(&format!("/api/v1/accounts/{}", ada.id)).await.text.contains("Ada Byron"));
    night(2).await;
    let shown = bob.get(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await;
    let seen = shown.ok();
    assert_eq!(seen["content"], "<p>how the engine counts</p>");
    assert_eq!((&seen["account"]["display_name"], &seen["account"]["note"]), (&json!("Former colleague"), &json!("")));
    assert!(seen["account"]["avatar"].as_str().unwrap().ends_with("/missing.png"), "{seen}");
    let fields = seen["account"]["fields"].as_array().unwrap();
    assert_eq!((fields.len(), &fields[0]["name"]), (1, &json!("Left on")));
    // Nothing is left of her anywhere that people, servers and staff look.
    let document = Client::anonymous(&node).get_activity("/users/ada").await.text;
    let of_staff = boss.get(&format!("/api/v1/admin/accounts/{}", ada.id)).await;
    assert_eq!(of_staff.ok()["email"], json!(""), "{}", of_staff.text);
    for text in [shown.text, document, of_staff.text, ben.get(&format!("/api/v1/accounts/{there}")).await.text] {
        assert!(!text.to_lowercase().contains("byron") && text.contains("Former colleague"), "{text}");
    }
    let found = bob.get("/api/v2/search?q=byron").await.ok();
    assert_eq!((&found["accounts"], &found["statuses"]), (&json!([]), &json!([])));
    // Said again it is the same; who is hired again begins anew, and is not emptied a second time.
    boss.post(&path(&ada.id, "anonymise"), json!({})).await.ok();
    boss.post(&path(&ada.id, "rehire"), json!({})).await.ok();
    night(1).await;
    let back = bob.get(&format!("/api/v1/accounts/{}", ada.id)).await.ok();
    assert_eq!((&back["display_name"], &back["fields"]), (&json!("Former colleague"), &json!([])));
}

#[tokio::test]
async fn two_owners_do_not_plan_to_leave_a_node_to_nobody() {
    let node = Node::start().await;
    let (first, second) = (node.citizen_with("one", Role::Owner).await, node.citizen_with("two", Role::Owner).await);
    let day = leavers::day("2026-12-24").unwrap();
    let plan = async |id| node.app.write(move |tx| leavers::leave(tx, &Staff::console(), id, Some(day))).await;
    assert_eq!(plan(first.id).await.unwrap().state, "planned");
    assert_eq!(plan(first.id).await.unwrap().state, "planned", "said twice");
    assert!(matches!(plan(second.id).await, Err(watercooler::Error::Conflict(_))));
}

#[tokio::test]
async fn rank_decides_who_may_say_so_and_the_last_owner_stays() {
    let node = Node::start().await;
    let boss = boss(&node).await;
    let owner = node.citizen_with("owner", Role::Owner).await;
    let ada = node.member("ada").await;
    let path = |id: &str| format!("/api/watercooler/v1/admin/accounts/{id}/leave");
    assert_eq!(boss.post(&path(&owner.id.to_string()), json!({})).await.status, 403);
    assert_eq!(ada.post(&path(&boss.id), json!({})).await.status, 403);
    assert_eq!(boss.post(&path("1"), json!({})).await.status, 404);
    let id = owner.id;
    let last = node.app.write(move |tx| leavers::leave(tx, &Staff::console(), id, None)).await;
    assert!(matches!(last, Err(watercooler::Error::Conflict(_))), "{last:?}");
    let session = node.app.write(move |tx| accounts::open_session(tx, id, None, None)).await;
    assert!(session.is_ok());
}

#[test]
fn the_command_line_says_it_too() {
    let place = Place::new();
    place.json(&["account", "create", "ada", "--json"]);
    let token = place.json(&["token", "create", "ada", "--json"]);
    let server = place.serve();
    let gone = place.json(&["account", "leave", "ada", "--on", "2020-01-31", "--json"]);
    assert_eq!(
        (&gone["state"], &gone["left_on"], &gone["handle"]),
        (&json!("left"), &json!("2020-01-31"), &json!("ada@localhost:1"))
    );
    assert!(token["token"].is_string());
    let list = place.json(&["account", "list", "--json"]);
    assert_eq!((&list[0]["state"], &list[0]["left_on"]), (&json!("left"), &json!("2020-01-31")));
    assert!(!place.run(&["account", "anonymise", "ada"]).status.success(), "not by a slip of the finger");
    place.json(&["account", "anonymise", "ada", "--yes", "--json"]);
    drop(server);
    assert_eq!(place.json(&["account", "rehire", "ada", "--json"])["state"], "active");
}
