//! Threads in which a group takes no more answers (FEP-1b12, the Lock of Lemmy): of projects of this node, by their moderators
//! here and elsewhere, and of groups of other servers.

use crate::{
    concierge::asks,
    projects::{bearing, follow, home, known, path, register, two},
    projects_elsewhere::ada_moderates,
    support::{Client, Node, PUBLIC, Scene, Sender, settle},
};
use serde_json::{Value, json};
use watercooler::db::Sql;

/// Somebody of a node answers a post as they know it.
async fn answers(who: &Client, uri: &str, text: &str) -> u16 {
    let found = who.get(&format!("/api/v2/search?resolve=true&type=statuses&q={uri}")).await.ok();
    let id = found["statuses"][0]["id"].as_str().unwrap_or_else(|| panic!("{uri}: {found}")).to_owned();
    who.post("/api/v1/statuses", json!({"status": text, "in_reply_to_id": id})).await.status
}

async fn reads(who: &Client, text: &str) -> bool {
    home(who).await.iter().any(|(by, said)| by == "quietbearing" && said.contains(text))
}

#[tokio::test]
async fn answers_in_a_locked_thread_that_name_the_project_are_refused_at_both_nodes_until_it_is_opened() {
    let (hq, lyon) = two().await;
    let (alice, eve, bob) = (hq.member("alice").await, hq.member("eve").await, lyon.member("bob").await);
    let made = register(&alice, bearing()).await;
    settle(&[&hq, &lyon]).await;
    let handle = hq.handle("quietbearing");
    follow(&eve, &made).await;
    let there = known(&bob, &handle).await;
    follow(&bob, &there).await;
    settle(&[&hq, &lyon]).await;
    let begun = eve.post("/api/v1/statuses", json!({"status": "@quietbearing steel or ceramic?"})).await.ok();
    let (id, uri) = (begun["id"].as_str().unwrap().to_owned(), begun["uri"].as_str().unwrap().to_owned());
    settle(&[&hq, &lyon]).await;
    assert!(reads(&bob, "steel or ceramic").await);
    let lock = path(&made, &format!("/locks/{id}"));
    assert_eq!(eve.post(&lock, json!({})).await.status, 403, "only who leads or moderates it");
    for _ in 0..2 {
        alice.post(&lock, json!({})).await.ok();
    }
    settle(&[&hq, &lyon]).await;
    assert_eq!(answers(&eve, &uri, "@quietbearing one more thing").await, 403);
    assert_eq!(answers(&bob, &uri, &format!("@{handle} one more thing")).await, 403);
    // Whoever leaves the project out goes on talking, and its lead has the last word.
    assert_eq!(answers(&bob, &uri, "between us: ceramic").await, 200);
    assert_eq!(answers(&alice, &uri, "@quietbearing this is decided").await, 200);
    settle(&[&hq, &lyon]).await;
    assert!(reads(&bob, "this is decided").await && !reads(&eve, "between us").await);
    let elsewhere = eve.post("/api/v1/statuses", json!({"status": "@quietbearing something else"})).await;
    assert_eq!(elsewhere.status, 200, "other threads are open");
    alice.delete(&lock).await.ok();
    settle(&[&hq, &lyon]).await;
    assert_eq!(answers(&bob, &uri, &format!("@{handle} brass then")).await, 200);
    settle(&[&hq, &lyon]).await;
    assert!(reads(&eve, "brass then").await);
    // What the project has nothing to do with is not its to lock.
    let other = eve.post("/api/v1/statuses", json!({"status": "good morning"})).await.ok();
    let other = path(&made, &format!("/locks/{}", other["id"].as_str().unwrap()));
    assert_eq!(alice.post(&other, json!({})).await.status, 404);
}

#[tokio::test]
async fn an_edit_does_not_bring_an_answer_to_a_project_that_locked_the_thread() {
    let node = Node::start().await;
    let (alice, eve) = (node.member("alice").await, node.member("eve").await);
    let made = register(&alice, bearing()).await;
    let begun = eve.post("/api/v1/statuses", json!({"status": "@quietbearing steel or ceramic?"})).await.ok();
    let thread = begun["id"].as_str().unwrap();
    let answer = async |text: &str| {
        let made = eve.post("/api/v1/statuses", json!({"status": text, "in_reply_to_id": thread})).await.ok();
        format!("/api/v1/statuses/{}", made["id"].as_str().unwrap())
    };
    let (named, quiet) = (answer("@quietbearing ceramic").await, answer("ceramic").await);
    node.settle().await;
    alice.post(&path(&made, &format!("/locks/{thread}")), json!({})).await.ok();
    let edit = async |post: &str, text: &str| eve.put(post, json!({"status": text})).await.status;
    assert_eq!(edit(&quiet, "@quietbearing ceramic after all").await, 403);
    assert_eq!(edit(&quiet, "steel").await, 200);
    assert_eq!(edit(&named, "@quietbearing ceramic, I think").await, 200, "the project has it already");
}

#[tokio::test]
async fn the_concierge_locks_a_thread_by_the_address_of_its_post() {
    let (hq, lyon) = two().await;
    let (alice, eve) = (hq.member("alice").await, hq.member("eve").await);
    register(&alice, bearing()).await;
    let begun = eve.post("/api/v1/statuses", json!({"status": "@quietbearing steel or ceramic?"})).await.ok();
    settle(&[&hq, &lyon]).await;
    let (url, uri) = (begun["url"].as_str().unwrap(), begun["uri"].as_str().unwrap());
    let said = asks(&hq, &alice, &format!("project lock Quiet bearing {url}")).await;
    assert!(said.contains("passes no more answers on in that thread"), "{said}");
    assert_eq!(answers(&eve, uri, "@quietbearing and brass?").await, 403);
    let said = asks(&hq, &alice, &format!("projekt entsperren Quiet bearing {url}")).await;
    assert!(said.contains("gibt in diesem Faden wieder Antworten weiter"), "{said}");
    assert_eq!(answers(&eve, uri, "@quietbearing and brass?").await, 200);
    for (who, text) in [(&eve, format!("project lock Quiet bearing {url}")), (&alice, "project lock".to_owned())] {
        let said = asks(&hq, who, &text).await;
        assert!(said.contains("Write it so:"), "{text}: {said}");
    }
}

/// The activities of this kind that a group passed on to a server, by what is inside.
fn passed_on(inbox: &[Value], kind: &str) -> Vec<Value> {
    let announced = inbox.iter().filter(|activity| activity["type"] == "Announce");
    announced.map(|activity| activity["object"].clone()).filter(|object| object["type"] == kind).collect()
}

#[tokio::test]
async fn a_moderator_on_another_server_locks_a_thread_of_a_project_and_its_followers_servers_are_told() {
    let s = Scene::new().await;
    let made = register(&s.bob, bearing()).await;
    let project = s.node.url("/users/quietbearing");
    for who in [&s.mallory, &s.vera] {
        s.sends(who, &who.activity("Follow", project.clone())).await;
    }
    ada_moderates(&s, &made).await;
    follow(&s.carol, &made).await;
    let thread = s.writes(&s.bob, "public", "@quietbearing steel or ceramic?").await;
    s.node.settle().await;
    let answer = async |name: &str| {
        let mut note = s.note(&s.mallory, name, &format!("<p>answer {name}</p>"));
        note["inReplyTo"] = json!(thread);
        note["cc"] = json!([project]);
        note["tag"] = json!([{"type": "Mention", "href": project, "name": "@quietbearing"}]);
        s.creates(&s.mallory, &note).await;
    };
    answer("1").await;
    assert!(reads(&s.carol, "answer 1").await);
    assert_eq!(s.sends(&s.vera, &s.vera.activity("Lock", thread.clone())).await, 403);
    answer("2").await;
    assert!(reads(&s.carol, "answer 2").await, "vera only follows it");
    // As Lemmy sends it.
    let mut lock = s.ada.activity("Lock", thread.clone());
    lock["to"] = json!([PUBLIC, project]);
    lock["cc"] = json!([project]);
    lock["audience"] = json!(project);
    s.west.forget();
    s.sends(&s.ada, &lock).await;
    s.node.settle().await;
    let told = passed_on(&s.west.inbox(), "Lock");
    assert_eq!(told.len(), 1, "{told:?}");
    for (key, value) in [("actor", &json!(s.ada.id)), ("object", &json!(thread)), ("id", &lock["id"])] {
        assert_eq!(&told[0][key], value, "{key}");
    }
    assert_eq!((&told[0]["to"], &told[0]["cc"]), (&json!([PUBLIC]), &json!([project])));
    answer("3").await;
    assert!(!reads(&s.carol, "answer 3").await);
    // Below an answer it is the same thread.
    let below = s.mallory.id.clone() + "/notes/1";
    assert_eq!(answers(&s.carol, &below, "@quietbearing me too").await, 403);
    assert_eq!(s.sends(&s.vera, &s.vera.activity("Undo", json!({
        "type": "Lock", "id": s.vera.activity("Lock", thread.clone())["id"], "actor": s.vera.id, "object": thread,
    }))).await, 403);
    answer("4").await;
    assert!(!reads(&s.carol, "answer 4").await);
    s.west.forget();
    s.sends(&s.ada, &s.ada.activity("Undo", lock)).await;
    s.node.settle().await;
    let told = passed_on(&s.west.inbox(), "Undo");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["object"]["type"], &told[0]["object"]["object"]), (&json!("Lock"), &json!(thread)));
    answer("5").await;
    assert!(reads(&s.carol, "answer 5").await);
    assert!(!reads(&s.carol, "answer 3").await, "what came meanwhile is not passed on later");
}

#[tokio::test]
async fn a_lock_and_an_end_that_a_project_passes_on_say_all_that_lemmy_asks_of_them() {
    let s = Scene::new().await;
    let made = register(&s.bob, bearing()).await;
    let project = s.node.url("/users/quietbearing");
    s.sends(&s.vera, &s.vera.activity("Follow", project.clone())).await;
    let thread = s.writes(&s.bob, "public", "@quietbearing steel or ceramic?").await;
    s.node.settle().await;
    let id = s.status(&s.bob, &thread).await["id"].as_str().unwrap().to_owned();
    s.west.forget();
    s.bob.post(&path(&made, &format!("/locks/{id}")), json!({})).await.ok();
    s.bob.delete(&format!("/api/v1/statuses/{id}")).await.ok();
    s.node.settle().await;
    let inbox = s.west.inbox();
    for kind in ["Lock", "Delete"] {
        let around = inbox.iter().find(|activity| activity["type"] == "Announce" && activity["object"]["type"] == kind);
        let around = around.unwrap_or_else(|| panic!("no {kind}: {inbox:?}"));
        assert_eq!(around["cc"], json!([format!("{project}/followers")]), "{kind}");
        let inner = &around["object"];
        assert!(inner["id"].as_str().unwrap().starts_with(&s.node.url("/users/")), "{inner}");
        assert_eq!((&inner["actor"], &inner["object"]), (&json!(s.uri(&s.bob)), &json!(thread)), "{kind}");
        assert_eq!((&inner["to"], &inner["cc"]), (&json!([PUBLIC]), &json!([project])), "{kind}");
    }
}

/// A group of another server, moderated by mallory.
async fn group(s: &Scene) -> Sender {
    let group = Sender::new(&s.east, "group");
    let mut document = s.east.person("group", &group.signer.key.public_pem().unwrap());
    document["type"] = json!("Group");
    document["attributedTo"] = json!([s.mallory.id]);
    s.east.serve("/users/group", document);
    s.meet(&group).await;
    group
}

#[tokio::test]
async fn fed_int_11_a_lock_under_the_id_of_something_else_does_not_keep_that_from_being_undone() {
    let s = Scene::new().await;
    let group = group(&s).await;
    let mut note = s.note(&s.vera, "1", "x");
    note["cc"] = json!([s.uri(&s.bob), group.id]);
    note["audience"] = json!(group.id);
    let thread = s.creates(&s.vera, &note).await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let like = s.vera.activity("Like", own);
    s.sends(&s.vera, &like).await;
    let mut lock = s.vera.activity("Lock", thread);
    lock["id"] = like["id"].clone();
    s.sends(&group, &group.activity("Announce", lock)).await;
    assert_eq!(s.count("select count(*) from favourites").await, 1);
    s.sends(&s.vera, &s.vera.activity("Undo", like["id"].clone())).await;
    assert_eq!(s.count("select count(*) from favourites").await, 0);
}

#[tokio::test]
async fn fed_int_11_what_a_group_elsewhere_locked_takes_no_answers_to_the_group_from_here() {
    let s = Scene::new().await;
    let group = group(&s).await;
    let handle = s.account(&group).await.acct();
    let begun = |name: &str| {
        let mut note = s.note(&s.vera, name, "x");
        note["cc"] = json!([s.uri(&s.bob), group.id]);
        note["audience"] = json!(group.id);
        note
    };
    let thread = s.creates(&s.vera, &begun("1")).await;
    let open = async || match answers(&s.bob, &thread, &format!("@{handle} an answer")).await {
        200 => true,
        403 => false,
        status => panic!("{status}"),
    };
    assert!(open().await);
    // One of its moderators, and nobody else; opened again by the whole Lock, and by its id.
    s.sends(&s.ada, &s.ada.activity("Lock", thread.clone())).await;
    assert!(open().await, "ada only lives where the group lives");
    for by_id in [false, true] {
        let lock = s.mallory.activity("Lock", thread.clone());
        s.sends(&s.mallory, &lock).await;
        assert!(!open().await);
        assert_eq!(answers(&s.bob, &thread, "to you alone").await, 200, "vera may still be answered");
        let undone = if by_id { lock["id"].clone() } else { lock };
        s.sends(&s.mallory, &s.mallory.activity("Undo", undone)).await;
        assert!(open().await);
    }
    // Passed on by the group; an announcement by others says nothing.
    let lock = s.mallory.activity("Lock", thread.clone());
    s.sends(&s.ada, &s.ada.activity("Announce", lock.clone())).await;
    assert!(open().await);
    s.sends(&group, &group.activity("Announce", lock.clone())).await;
    assert!(!open().await);
    // The author of the post does not open what they locked.
    s.node.clock.advance(2_000);
    let mut claimed = begun("1");
    claimed["commentsEnabled"] = json!(true);
    claimed["updated"] = json!(s.node.clock.now().rfc3339());
    s.sends(&s.vera, &s.vera.activity("Update", claimed)).await;
    assert!(!open().await);
    let undo = s.mallory.activity("Undo", lock);
    s.sends(&group, &group.activity("Announce", undo)).await;
    assert!(open().await);
    // What the document itself says (Lemmy, PeerTube).
    let mut closed = begun("2");
    closed["commentsEnabled"] = json!(false);
    let closed_uri = s.creates(&s.vera, &closed).await;
    assert_eq!(answers(&s.bob, &closed_uri, &format!("@{handle} an answer")).await, 403);
    s.node.clock.advance(2_000);
    closed["commentsEnabled"] = json!(true);
    closed["updated"] = json!(s.node.clock.now().rfc3339());
    s.sends(&s.vera, &s.vera.activity("Update", closed)).await;
    assert_eq!(answers(&s.bob, &closed_uri, &format!("@{handle} an answer")).await, 200);
    // Without a group it is the word of its author.
    let mut film = s.note(&s.vera, "3", "a film");
    film["cc"] = json!([s.uri(&s.bob)]);
    film["commentsEnabled"] = json!(false);
    let film = s.creates(&s.vera, &film).await;
    assert_eq!(answers(&s.bob, &film, "nice").await, 403);
}

#[tokio::test]
async fn fed_int_11_a_lock_of_a_thread_that_nobody_here_knows_yet_is_not_lost() {
    let s = Scene::new().await;
    let group = group(&s).await;
    let handle = s.account(&group).await.acct();
    s.follows(&s.carol, &group).await;
    s.node.settle().await;
    for name in ["1", "2"] {
        let mut note = s.note(&s.vera, name, "x");
        note["cc"] = json!([group.id]);
        note["audience"] = json!(group.id);
        s.west.serve(&format!("/users/vera/notes/{name}"), note.clone());
        let lock = s.mallory.activity("Lock", note["id"].clone());
        // By a moderator of the group, or passed on by it.
        match name {
            "1" => s.sends(&s.mallory, &lock).await,
            _ => s.sends(&group, &group.activity("Announce", lock)).await,
        };
        let thread = note["id"].as_str().unwrap();
        assert_eq!(answers(&s.bob, thread, &format!("@{handle} an answer")).await, 403, "{name}");
    }
    // Nobody else makes us read anything.
    s.west.forget();
    let other = s.west.url("/users/vera/notes/3");
    s.sends(&s.vera, &s.vera.activity("Lock", other.clone())).await;
    s.sends(&s.vera, &s.vera.activity("Announce", s.vera.activity("Lock", other))).await;
    assert!(s.west.received().is_empty(), "{:?}", s.west.received());
}

#[tokio::test]
async fn fed_int_11_a_moderator_here_of_a_group_elsewhere_locks_a_thread_there() {
    let s = Scene::new().await;
    let group = group(&s).await;
    let handle = s.account(&group).await.acct();
    let mut document = s.east.person("group", &group.signer.key.public_pem().unwrap());
    (document["type"], document["attributedTo"]) = (json!("Group"), json!([s.uri(&s.bob)]));
    s.east.serve("/users/group", document);
    let mut note = s.note(&s.vera, "1", "x");
    note["cc"] = json!([s.uri(&s.bob), group.id]);
    note["audience"] = json!(group.id);
    let thread = s.creates(&s.vera, &note).await;
    let number = s.account(&group).await.id;
    let lock = format!("/api/watercooler/v1/projects/{number}/locks/{}", s.post(&thread).await.unwrap().id);
    let said = |kind: &str| s.east.inbox().into_iter().find(|activity| activity["type"] == kind);
    s.east.forget();
    // Nothing goes out in the name of somebody whom the group does not list.
    s.carol.post(&lock, json!({})).await.ok();
    s.node.settle().await;
    assert!(said("Lock").is_none());
    s.bob.post(&lock, json!({})).await.ok();
    s.node.settle().await;
    let sent = said("Lock").unwrap();
    assert_eq!((&sent["actor"], &sent["object"]), (&json!(s.uri(&s.bob)), &json!(thread)));
    assert_eq!((&sent["to"], &sent["cc"], &sent["audience"]), (&json!([PUBLIC]), &json!([group.id]), &json!(group.id)));
    assert_eq!(answers(&s.carol, &thread, &format!("@{handle} an answer")).await, 403);
    s.bob.delete(&lock).await.ok();
    s.node.settle().await;
    let undo = said("Undo").unwrap();
    assert_eq!((&undo["object"]["type"], &undo["object"]["id"]), (&json!("Lock"), &sent["id"]));
    assert_eq!((&undo["object"]["object"], &undo["cc"]), (&json!(thread), &json!([group.id])));
    assert_eq!(answers(&s.carol, &thread, &format!("@{handle} an answer")).await, 200);
    // What was not written to the group is not its to lock.
    let own = s.writes(&s.bob, "public", "mine").await;
    let other = format!("/api/watercooler/v1/projects/{number}/locks/{}", s.post(&own).await.unwrap().id);
    assert_eq!(s.bob.post(&other, json!({})).await.status, 404);
}

#[tokio::test]
async fn a_moderator_at_another_node_locks_a_thread_of_a_project_from_there() {
    let (hq, lyon) = two().await;
    let (alice, eve, bob) = (hq.member("alice").await, hq.member("eve").await, lyon.member("bob").await);
    let made = register(&alice, bearing()).await;
    settle(&[&hq, &lyon]).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    follow(&bob, &there).await;
    let begun = eve.post("/api/v1/statuses", json!({"status": "@quietbearing steel or ceramic?"})).await.ok();
    let uri = begun["uri"].as_str().unwrap();
    settle(&[&hq, &lyon]).await;
    let people = alice.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@{}", lyon.handle("bob"))).await.ok();
    let moderator: i64 = people["accounts"][0]["id"].as_str().unwrap().parse().unwrap();
    let project: i64 = made["id"].as_str().unwrap().parse().unwrap();
    hq.app
        .write(move |tx| {
            Sql::new("insert into project_members (project_id, account_id, role, created_at) values (")
                .bind(project)
                .with(",", moderator)
                .push(",2,0)")
                .execute(tx.conn)
        })
        .await
        .unwrap();
    let found = bob.get(&format!("/api/v2/search?resolve=true&type=statuses&q={uri}")).await.ok();
    let lock = path(&there, &format!("/locks/{}", found["statuses"][0]["id"].as_str().unwrap()));
    bob.post(&lock, json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    assert_eq!(answers(&eve, uri, "@quietbearing one more thing").await, 403);
    bob.delete(&lock).await.ok();
    settle(&[&hq, &lyon]).await;
    assert_eq!(answers(&eve, uri, "@quietbearing one more thing").await, 200);
}
