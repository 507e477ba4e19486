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
    domain::{accounts, audit::Staff, leavers},
    id::Id,
    model::{Account, Role},
    store,
};

const ALL: &str = "read write follow push profile";

async fn boss(node: &Node) -> Client {
    let boss = node.citizen_with("boss", Role::Admin).await;
    Client::with_token(node, &node.token(boss.id, "read write admin:read admin:write").await)
}

async fn leaves(boss: &Client, who: &Client) -> Value {
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
    assert!(beta.clock.now().millis() - NOW.millis() <= 60_000);
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
async fn a_day_to_come_is_waited_for_and_can_be_called_off() {
    let node = Node::start().await;
    let boss = boss(&node).await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    for who in [&ada, &bob] {
        let path = format!("/api/watercooler/v1/admin/accounts/{}/leave", who.id);
        let planned = boss.post(&path, json!({ "on": "2026-11-30" })).await.ok();
        assert_eq!((&planned["state"], &planned["left_on"]), (&json!("planned"), &json!("2026-11-30")));
    }
    boss.post(&format!("/api/watercooler/v1/admin/accounts/{}/rehire", bob.id), json!({})).await.ok();
    node.clock.advance(6 * 86_400_000);
    node.settle().await;
    assert_eq!(ada.get("/api/v1/accounts/verify_credentials").await.status, 200);
    node.clock.advance(86_400_000);
    node.settle().await;
    assert_eq!(ada.get("/api/v1/accounts/verify_credentials").await.status, 401);
    assert_eq!(account(&node, "ada").await.left_on.unwrap().date(), "2026-11-30");
    assert_eq!(bob.get("/api/v1/accounts/verify_credentials").await.status, 200);
    let path = format!("/api/watercooler/v1/admin/accounts/{}/leave", bob.id);
    assert_eq!(boss.post(&path, json!({ "on": "soon" })).await.status, 422);
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
    drop(server);
    assert_eq!(place.json(&["account", "rehire", "ada", "--json"])["state"], "active");
}
