//! Who may do what to which object: the AUT rows of the security checklist, and AUTH of the federation checklist.

use crate::support::{PUBLIC, Peer, Scene, Sender};
use serde_json::{Value, json};
use watercooler::{
    domain::reactions,
    model::{Account, FollowState},
    store,
};

/// How often a server was read.
fn reads(peer: &Peer) -> usize {
    peer.received().iter().filter(|r| r.method == "GET").count()
}

#[tokio::test]
async fn sec_aut_01_fed_auth_02_nobody_writes_in_anothers_name() {
    let s = Scene::new().await;
    let mut note = s.note(&s.mallory, "1", "vera says");
    note["attributedTo"] = json!(s.vera.id);
    s.sends(&s.mallory, &s.mallory.activity("Create", note.clone())).await;
    note["attributedTo"] = json!(s.ada.id);
    s.sends(&s.mallory, &s.mallory.activity("Create", note.clone())).await;
    assert!(s.post(note["id"].as_str().unwrap()).await.is_none());
    assert_eq!(s.count("select count(*) from posts").await, 0);
}

#[tokio::test]
async fn sec_aut_02_fed_auth_01_an_object_of_another_server_is_what_that_server_says() {
    let s = Scene::new().await;
    let id = s.west.url("/users/vera/notes/9");
    let forged = json!({"id": id, "type": "Note", "attributedTo": s.ada.id, "to": [PUBLIC], "content": "forged"});
    s.sends(&s.ada, &s.ada.activity("Create", forged)).await;
    assert!(s.post(&id).await.is_none(), "nothing is there, so nothing is shown");
    let genuine = s.note(&s.vera, "10", "genuine");
    s.west.serve("/users/vera/notes/10", genuine.clone());
    let mut forged = genuine.clone();
    forged["content"] = json!("forged");
    s.sends(&s.ada, &s.ada.activity("Create", forged)).await;
    assert_eq!(s.post(genuine["id"].as_str().unwrap()).await.unwrap().content, "genuine");
}

#[tokio::test]
async fn sec_aut_03_a_boost_brings_the_post_as_its_server_has_it() {
    let s = Scene::new().await;
    let genuine = s.note(&s.vera, "1", "genuine");
    s.west.serve("/users/vera/notes/1", genuine.clone());
    let mut altered = genuine.clone();
    altered["content"] = json!("altered");
    let mut announce = s.ada.activity("Announce", altered);
    announce["to"] = json!([PUBLIC]);
    assert_eq!(s.sends(&s.ada, &announce).await, 202);
    let seen = s.status(&s.bob, genuine["id"].as_str().unwrap()).await;
    assert_eq!(seen["content"], "genuine");
    assert_eq!(s.home(&s.bob).await, [announce["id"].as_str().unwrap()]);
}

#[tokio::test]
async fn sec_aut_04_fed_auth_03_fed_auth_06_only_the_owner_updates() {
    let s = Scene::new().await;
    s.follows(&s.bob, &s.vera).await;
    for owner in [&s.vera, &s.ada] {
        let note = s.note(owner, "1", "original");
        let id = s.creates(owner, &note).await;
        let mut changed = note.clone();
        changed["content"] = json!("defaced");
        changed["updated"] = json!(s.node.clock.now().plus_seconds(5).rfc3339());
        assert!(s.sends(&s.mallory, &s.mallory.activity("Update", changed.clone())).await < 500);
        changed["attributedTo"] = json!(s.mallory.id);
        s.sends(&s.mallory, &s.mallory.activity("Update", changed)).await;
        s.sends(&s.mallory, &s.mallory.activity("Update", id.clone())).await;
        assert_eq!(s.post(&id).await.unwrap().content, "original");
        let before = s.account(owner).await;
        let actor = json!({"id": owner.id, "type": "Person", "preferredUsername": "x", "name": "defaced",
            "inbox": s.mallory.peer.url("/users/mallory/inbox")});
        s.sends(&s.mallory, &s.mallory.activity("Update", actor)).await;
        let after = s.account(owner).await;
        assert_eq!((after.display_name, after.inbox_url), (before.display_name, before.inbox_url));
    }
}

#[tokio::test]
async fn sec_aut_05_fed_auth_11_only_the_owner_deletes() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let theirs = s.creates(&s.ada, &s.note(&s.ada, "1", "hers")).await;
    for object in [own.clone(), theirs.clone(), s.uri(&s.bob), s.vera.id.clone(), s.ada.id.clone()] {
        s.sends(&s.mallory, &s.mallory.activity("Delete", object.clone())).await;
        let tombstone = json!({"id": object, "type": "Tombstone"});
        s.sends(&s.mallory, &s.mallory.activity("Delete", tombstone)).await;
    }
    assert!(s.post(&own).await.is_some() && s.post(&theirs).await.is_some());
    for id in [s.uri(&s.bob), s.vera.id.clone(), s.ada.id.clone()] {
        assert!(s.account_of(&id).await.unwrap().deleted_at.is_none(), "{id}");
    }
}

#[tokio::test]
async fn sec_aut_06_fed_auth_08_what_is_ours_changes_here_alone() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let object = json!({"id": own, "type": "Note", "attributedTo": s.mallory.id, "to": [PUBLIC], "content": "x"});
    for kind in ["Create", "Update", "Delete"] {
        assert_eq!(s.sends(&s.mallory, &s.mallory.activity(kind, object.clone())).await, 403);
    }
    let mut like = s.mallory.activity("Like", own.clone());
    like["id"] = json!(s.node.url("/activities/1"));
    assert!(s.sends(&s.mallory, &like).await >= 400);
    let content = s.post(&own).await.unwrap();
    assert!(content.content.contains("mine") && content.favourites_count == 0);
    // Referring to it is ordinary.
    s.mallory.delivers(&s.node, &s.mallory.activity("Like", own.clone())).await;
    assert_eq!(s.post(&own).await.unwrap().favourites_count, 1);
}

/// bob asks vera for a follow; answers the id of the Follow that was sent.
async fn asks(s: &Scene) -> String {
    let vera = s.account(&s.vera).await;
    s.bob.post(&format!("/api/v1/accounts/{}/follow", vera.id), json!({})).await.ok();
    let (bob, vera) = (s.bob.id.parse().unwrap(), vera.id);
    s.node.app.read(move |conn| store::follows::find(conn, bob, vera)).await.unwrap().unwrap().uri.unwrap()
}

async fn state(s: &Scene) -> Option<FollowState> {
    let (bob, vera) = (s.bob.id.parse().unwrap(), s.account(&s.vera).await.id);
    s.node.app.read(move |conn| store::follows::find(conn, bob, vera)).await.unwrap().map(|f| f.state)
}

#[tokio::test]
async fn sec_aut_07_fed_auth_07_only_who_was_asked_accepts() {
    let s = Scene::new().await;
    let follow = asks(&s).await;
    let embedded = json!({"id": follow, "type": "Follow", "actor": s.uri(&s.bob), "object": s.vera.id});
    s.sends(&s.mallory, &s.mallory.activity("Accept", follow.clone())).await;
    s.sends(&s.mallory, &s.mallory.activity("Accept", embedded.clone())).await;
    assert_eq!(state(&s).await, Some(FollowState::Requested));
    // A Follow that was never sent, and somebody else's.
    let invented =
        json!({"id": s.node.url("/activities/77"), "type": "Follow", "actor": s.uri(&s.carol), "object": s.vera.id});
    s.sends(&s.vera, &s.vera.activity("Accept", invented)).await;
    let mixed = json!({"id": follow, "type": "Follow", "actor": s.uri(&s.carol), "object": s.mallory.id});
    s.sends(&s.mallory, &s.mallory.activity("Accept", mixed)).await;
    assert_eq!(s.count("select count(*) from follows where state = 1").await, 1, "only that of ada");
    assert_eq!(state(&s).await, Some(FollowState::Requested));
    s.vera.delivers(&s.node, &s.vera.activity("Accept", embedded)).await;
    assert_eq!(state(&s).await, Some(FollowState::Accepted));
}

#[tokio::test]
async fn sec_aut_08_third_parties_neither_reject_nor_undo_nor_block() {
    let s = Scene::new().await;
    let follow = asks(&s).await;
    let embedded = json!({"id": follow, "type": "Follow", "actor": s.uri(&s.bob), "object": s.vera.id});
    s.vera.delivers(&s.node, &s.vera.activity("Accept", embedded.clone())).await;
    for kind in ["Reject", "Undo"] {
        s.sends(&s.mallory, &s.mallory.activity(kind, follow.clone())).await;
        s.sends(&s.mallory, &s.mallory.activity(kind, embedded.clone())).await;
    }
    let mut block = s.mallory.activity("Block", s.uri(&s.bob));
    block["actor"] = json!(s.vera.id);
    s.sends(&s.mallory, &block).await;
    assert_eq!(state(&s).await, Some(FollowState::Accepted));
    assert_eq!(s.count("select count(*) from blocks").await, 0);
}

#[tokio::test]
async fn sec_aut_09_fed_auth_05_fed_auth_10_only_ones_own_deeds_are_undone() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let like = s.ada.activity("Like", own.clone());
    s.ada.delivers(&s.node, &like).await;
    let mut announce = s.ada.activity("Announce", own.clone());
    announce["to"] = json!([PUBLIC]);
    s.ada.delivers(&s.node, &announce).await;
    for done in [&like, &announce] {
        let mut edited = done.clone();
        edited["actor"] = json!(s.mallory.id);
        s.sends(&s.mallory, &s.mallory.activity("Undo", edited)).await;
        s.sends(&s.mallory, &s.mallory.activity("Undo", done.clone())).await;
        s.sends(&s.mallory, &s.mallory.activity("Undo", done["id"].clone())).await;
    }
    let post = s.post(&own).await.unwrap();
    assert_eq!((post.favourites_count, post.boosts_count), (1, 1));
}

#[tokio::test]
async fn sec_aut_10_only_ones_own_pinned_posts_change() {
    let s = Scene::new().await;
    let id = s.creates(&s.ada, &s.note(&s.ada, "1", "x")).await;
    for target in [format!("{}/featured", s.ada.id), s.node.url("/users/bob/collections/featured")] {
        let mut add = s.mallory.activity("Add", id.clone());
        add["target"] = json!(target);
        s.sends(&s.mallory, &add).await;
    }
    assert_eq!(s.count("select count(*) from pins").await, 0);
}

/// Serves an actor with other ids of the same person.
fn also(who: &Sender, path: &str, others: &[&str]) {
    let mut actor = who.peer.person(path, &who.signer.key.public_pem().unwrap());
    actor["alsoKnownAs"] = json!(others);
    who.peer.serve(&format!("/users/{path}"), actor);
}

#[tokio::test]
async fn sec_aut_11_fed_move_02_a_move_needs_both_ends() {
    let s = Scene::new().await;
    let moves = |to: &str| {
        let mut it = s.ada.activity("Move", s.ada.id.clone());
        it["target"] = json!(to);
        it
    };
    // Signed by somebody else.
    let mut foreign = s.mallory.activity("Move", s.ada.id.clone());
    foreign["target"] = json!(s.vera.id);
    s.sends(&s.mallory, &foreign).await;
    // Without an alias on the target.
    s.sends(&s.ada, &moves(&s.vera.id)).await;
    let before = s.account(&s.ada).await;
    assert!(before.moved_to_id.is_none() && before.move_processed_at.is_none(), "a refused one does not count");
    // The alias appears: now it counts, and vera may not send her on at once.
    also(&s.vera, "vera", &[&s.ada.id]);
    s.sends(&s.ada, &moves(&s.vera.id)).await;
    assert_eq!(s.account(&s.ada).await.moved_to_id, Some(s.account(&s.vera).await.id));
    also(&s.mallory, "mallory", &[&s.ada.id]);
    s.sends(&s.ada, &moves(&s.mallory.id)).await;
    assert_eq!(s.account(&s.ada).await.moved_to_id, Some(s.account(&s.vera).await.id), "once in seven days");
    // A loop.
    also(&s.ada, "ada", &[&s.vera.id]);
    let mut back = s.vera.activity("Move", s.vera.id.clone());
    back["target"] = json!(s.ada.id);
    s.sends(&s.vera, &back).await;
    assert!(s.account(&s.vera).await.moved_to_id.is_none());
}

#[tokio::test]
async fn sec_aut_12_fed_poll_04_fed_poll_05_votes_count_once_and_only_where_they_may() {
    let s = Scene::new().await;
    let poll = json!({"status": "?", "poll": {"options": ["a", "b"], "expires_in": 600}});
    let made = s.bob.post("/api/v1/statuses", poll).await.ok();
    let uri = made["uri"].as_str().unwrap().to_owned();
    let vote = |who: &Sender, n: u8, option: &str| {
        let note = json!({"id": format!("{}/votes/{n}", who.id), "type": "Note", "attributedTo": who.id, "name": option,
            "inReplyTo": uri, "to": s.uri(&s.bob)});
        who.activity("Create", note)
    };
    for n in 0..5 {
        s.ada.delivers(&s.node, &vote(&s.ada, n, if n == 0 { "a" } else { "b" })).await;
    }
    s.ada.delivers(&s.node, &vote(&s.ada, 9, "missing")).await;
    // In the name of somebody else.
    let mut forged = vote(&s.mallory, 1, "b");
    forged["object"]["attributedTo"] = json!(s.vera.id);
    s.sends(&s.mallory, &forged).await;
    s.vera.delivers(&s.node, &vote(&s.vera, 1, "b")).await;
    let seen = s.status(&s.bob, &uri).await;
    assert_eq!(seen["poll"]["votes_count"], 2);
    assert_eq!(seen["poll"]["voters_count"], 2);
    assert_eq!(s.count("select count(*) from posts").await, 1, "votes are no posts");
    assert_eq!(seen["replies_count"], 0);
    s.node.clock.advance(601_000);
    s.node.settle().await;
    s.mallory.delivers(&s.node, &vote(&s.mallory, 2, "a")).await;
    assert_eq!(s.status(&s.bob, &uri).await["poll"]["votes_count"], 2, "it is over");
    // Nobody else moves the counts.
    let mut question = s.note(&s.mallory, "q", "?");
    question["id"] = json!(uri);
    question["type"] = json!("Question");
    question["oneOf"] = json!([{"name": "a", "replies": {"totalItems": 99}}]);
    assert_eq!(s.sends(&s.mallory, &s.mallory.activity("Update", question)).await, 403);
}

#[tokio::test]
async fn sec_aut_13_fed_mod_04_reports_are_grouped_capped_and_about_people_here() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let flag = |objects: Value, content: &str| {
        let mut it = s.mallory.activity("Flag", objects);
        it["content"] = json!(content);
        it
    };
    s.mallory.delivers(&s.node, &flag(json!([own, s.uri(&s.bob)]), "<b>rude</b>")).await;
    for _ in 0..5 {
        s.mallory.delivers(&s.node, &flag(json!([s.uri(&s.bob)]), "again")).await;
    }
    assert_eq!(s.count("select count(*) from reports").await, 1, "one a day from one sender about one person");
    let newest = async || -> watercooler::model::Report {
        let sql = "select r.* from reports r order by r.id desc limit 1";
        s.node.app.read(move |conn| watercooler::db::Sql::new(sql).one(conn)).await.unwrap()
    };
    let report = newest().await;
    assert_eq!(report.comment, "rude");
    assert_eq!(report.from_host.as_deref(), Some(s.east.authority.as_str()));
    assert_eq!(report.post_ids, format!("[{}]", s.post(&own).await.unwrap().id));
    s.mallory.delivers(&s.node, &flag(json!(s.vera.id), "not here")).await;
    // Far more than one report may name, all of them there.
    let mut many = vec![s.uri(&s.carol)];
    for number in 0..60 {
        many.push(s.writes(&s.carol, "public", &format!("mine {number}")).await);
    }
    assert_eq!(s.sends(&s.mallory, &flag(json!(many), "many")).await, 202);
    let report = newest().await;
    let named: Vec<i64> = serde_json::from_str(&report.post_ids).unwrap();
    assert!((40..=50).contains(&named.len()), "{}", named.len());
    // Misskey writes the address into the text: that of the page, where there is one.
    let page = s.post(&own).await.unwrap().url.unwrap();
    assert_ne!(page, own);
    s.vera
        .delivers(&s.node, &{
            let mut it = s.vera.activity("Flag", s.uri(&s.bob));
            it["content"] = json!(format!("Note: {page}\n-----\nrude"));
            it
        })
        .await;
    assert_eq!(s.count("select count(*) from reports").await, 3);
    assert_eq!(newest().await.post_ids, format!("[{}]", s.post(&own).await.unwrap().id));
    assert!(s.told(&s.bob).await.is_empty(), "the reported person is not told");
}

#[tokio::test]
async fn sec_aut_14_fed_rob_06b_nonsense_for_an_address_has_no_effect() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    for nonsense in [json!(null), json!(7), json!([]), json!("word"), json!({}), json!({"type": "Note"}), json!(true)] {
        for kind in [
            "Create", "Update", "Delete", "Follow", "Accept", "Reject", "Undo", "Announce", "Like", "Block", "Flag",
            "Add", "Remove", "Move",
        ] {
            let mut it = s.mallory.activity(kind, nonsense.clone());
            it["target"] = nonsense.clone();
            s.sends(&s.mallory, &it).await;
        }
        let mut note = s.note(&s.mallory, "1", "x");
        note["attributedTo"] = nonsense.clone();
        s.sends(&s.mallory, &s.mallory.activity("Create", note)).await;
        let mut like = s.mallory.activity("Like", own.clone());
        like["actor"] = nonsense.clone();
        assert!(s.sends(&s.mallory, &like).await >= 400);
    }
    let mut two = s.mallory.activity("Like", own.clone());
    two["actor"] = json!([s.mallory.id, s.ada.id]);
    assert!(s.sends(&s.mallory, &two).await >= 400);
    assert_eq!(s.count("select count(*) from posts").await, 1);
    assert_eq!(s.post(&own).await.unwrap().favourites_count, 0);
    // One actor in a list, and an author among several, are fine.
    let mut one = s.mallory.activity("Like", own.clone());
    one["actor"] = json!([{"id": s.mallory.id}]);
    s.mallory.delivers(&s.node, &one).await;
    assert_eq!(s.post(&own).await.unwrap().favourites_count, 1);
    let mut note = s.note(&s.ada, "2", "x");
    note["attributedTo"] =
        json!([{"type": "Person", "id": s.ada.id}, {"type": "Group", "id": s.east.url("/video-channels/x")}]);
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(s.post(&id).await.unwrap().account_id, s.account(&s.ada).await.id);
}

#[tokio::test]
async fn sec_aut_15_a_key_that_occurs_twice_is_refused() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let like = s.mallory.activity("Like", own.clone()).to_string();
    let twice = like.replacen('{', &format!("{{\"actor\":\"{}\",", s.vera.id), 1);
    assert_eq!(s.mallory.letter_of(&s.node, "/inbox", twice.into_bytes()).send(&s.node).await.status, 400);
    assert_eq!(s.post(&own).await.unwrap().favourites_count, 0);
}

#[tokio::test]
async fn sec_aut_16_fed_fetch_10_contexts_are_not_fetched_and_give_terms_no_new_meaning() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "hello");
    note["to"] = json!("as:Public");
    note["stranger"] = json!("replaced");
    let mut create = s.ada.activity("Create", note.clone());
    create["@context"] = json!([s.west.url("/context.jsonld"), {"stranger": "as:content", "object": "as:target"}]);
    create["@graph"] = json!([{"id": s.vera.id, "type": "Person", "name": "graphed"}]);
    s.ada.delivers(&s.node, &create).await;
    s.node.settle().await;
    assert_eq!(reads(&s.west), 0);
    let seen = s.status(&s.bob, note["id"].as_str().unwrap()).await;
    assert_eq!((&seen["content"], &seen["visibility"]), (&json!("hello"), &json!("public")));
}

#[tokio::test]
async fn sec_aut_17_fed_int_11_fed_fol_17_what_a_group_passes_on_is_read_at_its_origin() {
    let s = Scene::new().await;
    let group = Sender::new(&s.east, "group");
    let mut document = s.east.person("group", &group.signer.key.public_pem().unwrap());
    document["type"] = json!("Group");
    s.east.serve("/users/group", document);
    s.meet(&group).await;
    s.follows(&s.bob, &group).await;
    let genuine = s.note(&s.vera, "1", "genuine");
    s.west.serve("/users/vera/notes/1", genuine.clone());
    let mut altered = genuine.clone();
    altered["content"] = json!("altered");
    let inner = s.vera.activity("Create", altered);
    let mut announce = group.activity("Announce", inner);
    announce["to"] = json!([PUBLIC]);
    s.sends(&group, &announce).await;
    let id = genuine["id"].as_str().unwrap();
    assert_eq!(s.status(&s.bob, id).await["content"], "genuine");
    assert_eq!(s.home(&s.bob).await, [announce["id"].as_str().unwrap()]);
    // A like of somebody else's proves nothing.
    let own = s.writes(&s.bob, "public", "mine").await;
    s.sends(&group, &group.activity("Announce", s.vera.activity("Like", own.clone()))).await;
    assert_eq!(s.post(&own).await.unwrap().favourites_count, 0);
    // A deletion is believed when the origin says so.
    let delete = group.activity("Announce", s.vera.activity("Delete", id));
    s.sends(&group, &delete).await;
    assert!(s.post(id).await.is_some());
    s.west.serve_as("/users/vera/notes/1", 410, "application/activity+json", "{}");
    s.sends(&group, &group.activity("Announce", s.vera.activity("Delete", id))).await;
    assert!(s.post(id).await.is_none());
}

#[tokio::test]
async fn sec_aut_18_spellings_of_an_id_are_one_object() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "one");
    let id = s.creates(&s.ada, &note).await;
    note["id"] = json!(id.replace("http://east", "HTTP://EAST").replace("/ada/", "/%61da/"));
    note["content"] = json!("two");
    s.sends(&s.ada, &s.ada.activity("Create", note)).await;
    assert_eq!(s.count("select count(*) from posts").await, 1);
    assert_eq!(s.post(&id).await.unwrap().content, "one");
    for bad in ["http://u:p@", "ftp://"] {
        let mut note = s.note(&s.ada, "2", "x");
        note["id"] = json!(note["id"].as_str().unwrap().replace("http://", bad));
        s.sends(&s.ada, &s.ada.activity("Create", note)).await;
    }
    assert_eq!(s.count("select count(*) from posts").await, 1);
}

#[tokio::test]
async fn sec_aut_20_fed_del_01_fed_del_04_what_was_deleted_stays_away() {
    let s = Scene::new().await;
    let note = s.note(&s.ada, "1", "x");
    let id = s.creates(&s.ada, &note).await;
    s.east.serve("/users/ada/notes/1", note.clone());
    s.ada.delivers(&s.node, &s.ada.activity("Delete", json!({"id": id, "type": "Tombstone"}))).await;
    assert!(s.post(&id).await.is_none());
    assert!(s.home(&s.bob).await.is_empty());
    s.creates(&s.ada, &note).await;
    let mut announce = s.ada.activity("Announce", id.clone());
    announce["to"] = json!([PUBLIC]);
    s.sends(&s.ada, &announce).await;
    assert!(s.post(&id).await.is_none());
}

#[tokio::test]
async fn sec_aut_21_an_update_changes_neither_author_nor_date_nor_thread_and_never_widens() {
    let s = Scene::new().await;
    let parent = s.writes(&s.bob, "public", "parent").await;
    let mut note = s.note(&s.ada, "1", "first");
    note["to"] = json!([format!("{}/followers", s.ada.id)]);
    note["cc"] = json!([]);
    let id = s.creates(&s.ada, &note).await;
    let before = s.post(&id).await.unwrap();
    let mut changed = note.clone();
    changed["to"] = json!([PUBLIC]);
    changed["inReplyTo"] = json!(parent);
    changed["published"] = json!("2020-01-01T00:00:00Z");
    changed["content"] = json!("second");
    changed["updated"] = json!(s.node.clock.now().rfc3339());
    s.ada.delivers(&s.node, &s.ada.activity("Update", changed.clone())).await;
    let after = s.post(&id).await.unwrap();
    assert_eq!(after.content, "second");
    assert_eq!(
        (after.account_id, after.visibility, after.created_at, after.in_reply_to_id),
        (before.account_id, before.visibility, before.created_at, None)
    );
    // Older than what we have.
    changed["content"] = json!("old");
    changed["updated"] = json!(s.node.clock.now().plus_seconds(-60).rfc3339());
    s.ada.delivers(&s.node, &s.ada.activity("Update", changed.clone())).await;
    assert_eq!(s.post(&id).await.unwrap().content, "second");
    // Another author of the same server.
    changed["attributedTo"] = json!(s.mallory.id);
    changed["updated"] = json!(s.node.clock.now().rfc3339());
    s.sends(&s.ada, &s.ada.activity("Update", changed)).await;
    assert_eq!(s.post(&id).await.unwrap().content, "second");
}

#[tokio::test]
async fn sec_aut_24_addresses_of_an_actor_are_believed_from_its_own_document_alone() {
    let s = Scene::new().await;
    let key = s.ada.signer.key.public_pem().unwrap();
    let mut actor = s.east.person("ada", &key);
    actor["inbox"] = json!(s.west.url("/users/vera/inbox"));
    s.east.person("ada", &key);
    s.sends(&s.ada, &s.ada.activity("Update", actor.clone())).await;
    assert_eq!(s.account(&s.ada).await.inbox_url.unwrap(), format!("{}/inbox", s.ada.id), "as its document says");
    // Never an inbox of ours, whoever says so.
    actor["inbox"] = json!(s.node.url("/users/bob/inbox"));
    s.east.serve("/users/ada", actor.clone());
    s.sends(&s.ada, &s.ada.activity("Update", actor.clone())).await;
    assert_eq!(s.account(&s.ada).await.inbox_url.unwrap(), format!("{}/inbox", s.ada.id));
    // A shared inbox elsewhere is left out.
    actor["inbox"] = json!(format!("{}/inbox2", s.ada.id));
    actor["endpoints"] = json!({"sharedInbox": s.west.url("/inbox")});
    s.east.serve("/users/ada", actor.clone());
    s.sends(&s.ada, &s.ada.activity("Update", actor)).await;
    let after = s.account(&s.ada).await;
    assert_eq!((after.inbox_url.unwrap(), after.shared_inbox_url), (format!("{}/inbox2", s.ada.id), None));
}

#[tokio::test]
async fn sec_aut_25_what_one_cannot_see_one_cannot_like_boost_or_answer() {
    let s = Scene::new().await;
    for visibility in ["private", "direct"] {
        let own = s.writes(&s.bob, visibility, "secret").await;
        s.sends(&s.mallory, &s.mallory.activity("Like", own.clone())).await;
        let mut announce = s.mallory.activity("Announce", own.clone());
        announce["to"] = json!([PUBLIC]);
        s.sends(&s.mallory, &announce).await;
        let mut reply = s.note(&s.mallory, visibility, "I saw that");
        reply["inReplyTo"] = json!(own);
        reply["cc"] = json!([s.uri(&s.bob)]);
        reply["tag"] = json!([{"type": "Mention", "href": s.uri(&s.bob), "name": "@bob"}]);
        s.creates(&s.mallory, &reply).await;
        let post = s.post(&own).await.unwrap();
        assert_eq!((post.favourites_count, post.boosts_count, post.replies_count), (0, 0, 0));
    }
    assert!(s.told(&s.bob).await.is_empty());
}

#[tokio::test]
async fn sec_aut_26_who_is_suspended_does_not_come_back_through_a_boost() {
    let s = Scene::new().await;
    let note = s.note(&s.vera, "1", "x");
    s.west.serve("/users/vera/notes/1", note.clone());
    let vera = s.account(&s.vera).await.id;
    s.node.app.write(move |tx| store::users::set_suspended(tx.conn, vera, Some(tx.now))).await.unwrap();
    let mut announce = s.ada.activity("Announce", note["id"].clone());
    announce["to"] = json!([PUBLIC]);
    s.sends(&s.ada, &announce).await;
    assert!(s.post(note["id"].as_str().unwrap()).await.is_none());
    assert!(s.home(&s.bob).await.is_empty());
}

#[tokio::test]
async fn sec_aut_27_a_forged_permission_to_quote_counts_for_nothing() {
    let s = Scene::new().await;
    let own = json!({"status": "mine", "quote_approval_policy": "nobody"});
    let own = s.bob.post("/api/v1/statuses", own).await.ok();
    let mut note = s.note(&s.ada, "1", "look at this");
    note["quote"] = own["uri"].clone();
    note["quoteAuthorization"] = json!(format!("{}/stamps/1", s.ada.id));
    let id = s.creates(&s.ada, &note).await;
    let refused = json!({"state": "rejected", "quoted_status": null});
    assert_eq!(s.status(&s.bob, &id).await["quote"], refused);
    let request =
        json!({"id": s.node.url("/activities/5"), "type": "QuoteRequest", "actor": s.uri(&s.bob), "object": s.vera.id});
    s.sends(&s.mallory, &s.mallory.activity("Accept", request)).await;
    s.sends(&s.mallory, &s.mallory.activity("Delete", format!("{}/stamps/1", s.mallory.id))).await;
    assert_eq!(s.status(&s.bob, &id).await["quote"], refused);
}

#[tokio::test]
async fn fed_auth_11_a_neighbour_cannot_end_what_is_still_to_come() {
    let s = Scene::new().await;
    let newcomer = Sender::new(&s.east, "newcomer");
    // mallory says that an account and a post of the same server are gone, before either was seen here.
    let early = s.note(&s.ada, "early", "<p>early</p>");
    for id in [json!(newcomer.id), early["id"].clone()] {
        s.sends(&s.mallory, &s.mallory.activity("Delete", id)).await;
    }
    newcomer.delivers(&s.node, &newcomer.activity("Follow", s.uri(&s.bob))).await;
    assert!(s.account_of(&newcomer.id).await.is_some());
    s.east.serve("/users/ada/notes/early", early.clone());
    s.sends(&s.ada, &s.ada.activity("Announce", early["id"].clone())).await;
    let uri = early["id"].as_str().unwrap();
    assert!(s.post(uri).await.is_some(), "its author says that it is there");
    // And a deletion by the author lasts, whoever spoke first.
    let late = s.note(&s.ada, "late", "<p>late</p>");
    s.sends(&s.mallory, &s.mallory.activity("Delete", late["id"].clone())).await;
    let uri = s.creates(&s.ada, &late).await;
    s.sends(&s.ada, &s.ada.activity("Delete", late["id"].clone())).await;
    s.creates(&s.ada, &late).await;
    assert!(s.post(&uri).await.is_none(), "sec_aut_20");
}
