//! Shapes that the tests of other servers send, each of which means something.

use crate::support::{Client, PUBLIC, Scene, Sender};
use serde_json::{Value, json};
use watercooler::{
    domain::{audit::Staff, limited},
    model::FollowState,
    store,
};

/// A question of ada's that says how it ends.
fn question(s: &Scene, closed: Value) -> Value {
    let mut it = s.note(&s.ada, "q", "which?");
    it["type"] = json!("Question");
    it["oneOf"] = json!([{"type": "Note", "name": "tea"}, {"type": "Note", "name": "coffee"}]);
    it["closed"] = closed;
    it
}

#[tokio::test]
async fn fed_poll_01_a_poll_that_says_when_it_will_close_is_open_until_then() {
    let s = Scene::new().await;
    let end = json!(s.node.clock.now().plus_days(1).rfc3339());
    let id = s.creates(&s.ada, &question(&s, end.clone())).await;
    let poll = s.status(&s.bob, &id).await["poll"].clone();
    assert_eq!(poll["expired"], json!(false));
    assert!(poll["expires_at"].is_string(), "{poll}");
    let path = format!("/api/v1/polls/{}", poll["id"].as_str().unwrap());
    s.bob.post(&format!("{path}/votes"), json!({"choices": [0]})).await.ok();
    s.node.settle().await;
    // New tallies close nothing either.
    let mut counted = question(&s, end);
    counted["oneOf"][0]["replies"] = json!({"type": "Collection", "totalItems": 3});
    s.ada.delivers(&s.node, &s.ada.activity("Update", counted.clone())).await;
    let seen = s.status(&s.bob, &id).await["poll"].clone();
    assert_eq!((&seen["expired"], &seen["votes_count"]), (&json!(false), &json!(3)));
    s.east.serve("/users/ada/notes/q", counted);
    s.node.clock.advance(25 * 3_600_000);
    s.node.settle().await;
    assert_eq!(s.bob.get(&path).await.ok()["expired"], json!(true));
    assert_eq!(s.told(&s.bob).await, ["poll"]);
}

fn anonymous(mut note: Value) -> Value {
    note.as_object_mut().unwrap().remove("attributedTo");
    note
}

#[tokio::test]
async fn fed_post_13_an_object_that_says_nothing_of_an_author_is_whose_activity_it_came_in() {
    let s = Scene::new().await;
    let mut note = anonymous(s.note(&s.ada, "1", "mine"));
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(s.post(&id).await.unwrap().account_id, s.account(&s.ada).await.id);
    s.node.clock.advance(2_000);
    note["content"] = json!("mine, and better");
    note["updated"] = json!(s.node.clock.now().rfc3339());
    s.ada.delivers(&s.node, &s.ada.activity("Update", note.clone())).await;
    assert!(s.status(&s.bob, &id).await["content"].as_str().unwrap().contains("better"));
    // It makes nobody the author of what is somebody else's.
    note["content"] = json!("stolen");
    for (who, status) in [(&s.mallory, 403), (&s.vera, 202)] {
        for kind in ["Create", "Update"] {
            let answer = s.sends(who, &who.activity(kind, note.clone())).await;
            assert!(answer == 403 || answer == status, "{kind} {answer}");
        }
    }
    assert!(s.status(&s.bob, &id).await["content"].as_str().unwrap().contains("better"));
    let unknown = anonymous(s.note(&s.ada, "2", "never written"));
    s.sends(&s.vera, &s.vera.activity("Create", unknown.clone())).await;
    assert!(s.post(unknown["id"].as_str().unwrap()).await.is_none());
}

#[tokio::test]
async fn fed_poll_04_a_vote_that_says_nothing_of_an_author_counts() {
    let s = Scene::new().await;
    let draft = json!({"status": "which?", "poll": {"options": ["tea", "coffee"], "expires_in": 600}});
    let own = s.bob.post("/api/v1/statuses", draft).await.ok()["uri"].as_str().unwrap().to_owned();
    let mut vote = anonymous(s.note(&s.ada, "vote", ""));
    (vote["content"], vote["contentMap"]) = (json!(null), json!({}));
    (vote["name"], vote["inReplyTo"]) = (json!("tea"), json!(own));
    (vote["to"], vote["cc"]) = (json!(s.uri(&s.bob)), json!([]));
    let id = s.creates(&s.ada, &vote).await;
    assert_eq!(s.status(&s.bob, &own).await["poll"]["votes_count"], json!(1));
    assert!(s.post(&id).await.is_none());
}

#[tokio::test]
async fn fed_upd_03_an_update_with_a_part_of_its_actor_has_the_whole_one_read() {
    let s = Scene::new().await;
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    actor["name"] = json!("Renamed");
    s.east.serve("/users/ada", actor);
    let part = json!({"id": s.ada.id, "type": "Person", "name": "Something else"});
    assert_eq!(s.sends(&s.mallory, &s.mallory.activity("Update", part.clone())).await, 403);
    assert_eq!(s.account(&s.ada).await.display_name, "ada");
    assert_eq!(s.sends(&s.ada, &s.ada.activity("Update", part)).await, 202);
    assert_eq!(s.account(&s.ada).await.display_name, "Renamed");
}

#[tokio::test]
async fn fed_post_06_fed_thr_01_who_and_what_of_ours_is_named_by_its_page_is_meant() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let page = s.post(&own).await.unwrap().url.unwrap();
    assert_ne!(page, own);
    let profile = s.node.url("/@bob");
    let mut reply = s.note(&s.vera, "1", "yes");
    reply["inReplyTo"] = json!(page);
    reply["cc"] = json!([profile]);
    reply["tag"] = json!([{"type": "Mention", "href": profile}]);
    let id = s.creates(&s.vera, &reply).await;
    let (above, below) = (s.status(&s.bob, &own).await, s.status(&s.bob, &id).await);
    assert_eq!((&above["replies_count"], &below["in_reply_to_id"]), (&json!(1), &above["id"]));
    assert_eq!(s.told(&s.bob).await, ["mention"]);
    for kind in ["Like", "Announce"] {
        let mut it = s.ada.activity(kind, page.clone());
        it["to"] = json!([PUBLIC]);
        s.sends(&s.ada, &it).await;
    }
    let seen = s.status(&s.bob, &own).await;
    assert_eq!((&seen["favourites_count"], &seen["reblogs_count"]), (&json!(1), &json!(1)));
    let like = json!({"type": "Like", "actor": s.ada.id, "object": page});
    s.ada.delivers(&s.node, &s.ada.activity("Undo", like)).await;
    assert_eq!(s.status(&s.bob, &own).await["favourites_count"], json!(0));
    s.sends(&s.mallory, &s.mallory.activity("Follow", profile.clone())).await;
    assert_eq!(s.told(&s.bob).await.first().map(String::as_str), Some("follow"));
    // Nothing of ours is changed from outside, however it is named.
    assert_eq!(s.sends(&s.mallory, &s.mallory.activity("Delete", page)).await, 403);
    assert!(s.post(&own).await.is_some());
}

#[tokio::test]
async fn fed_post_28_a_chat_message_is_told_to_whom_it_is_addressed_without_naming_them() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "psst");
    note["type"] = json!("ChatMessage");
    (note["to"], note["cc"]) = (json!([s.uri(&s.bob)]), json!([]));
    let id = s.creates(&s.ada, &note).await;
    let seen = s.status(&s.bob, &id).await;
    assert_eq!((&seen["visibility"], &seen["mentions"][0]["id"]), (&json!("direct"), &json!(s.bob.id)));
    assert_eq!(s.told(&s.bob).await, ["mention"]);
}

#[tokio::test]
async fn fed_mod_01_who_is_kept_out_of_a_group_is_not_blocked_by_its_moderator() {
    let s = Scene::new().await;
    let mut ban = s.ada.activity("Block", s.uri(&s.bob));
    ban["target"] = json!(s.east.url("/c/main"));
    ban["removeData"] = json!(true);
    assert_eq!(s.sends(&s.ada, &ban).await, 202);
    assert_eq!(s.count("select count(*) from blocks").await, 0);
    assert_eq!(s.count("select count(*) from follows").await, 1);
    assert_eq!(s.sends(&s.ada, &s.ada.activity("Undo", ban)).await, 202);
}

#[tokio::test]
async fn fed_fol_05_whoever_takes_an_accept_back_is_asked_again() {
    let s = Scene::new().await;
    let state = async |who: &Client, whom: &Sender| {
        let (who, whom) = (who.id.parse().unwrap(), s.account(whom).await.id);
        s.node.app.read(move |conn| store::follows::find(conn, who, whom)).await.unwrap().unwrap()
    };
    let follow = state(&s.bob, &s.ada).await;
    assert_eq!(follow.state, FollowState::Accepted);
    let accept = |who: &Sender| json!({"type": "Accept", "actor": who.id, "object": follow.uri});
    assert_eq!(s.sends(&s.mallory, &s.mallory.activity("Undo", accept(&s.mallory))).await, 202);
    assert_eq!(state(&s.bob, &s.ada).await.state, FollowState::Accepted, "only by whoever gave it");
    let followers = s.account(&s.ada).await.followers_count;
    s.ada.delivers(&s.node, &s.ada.activity("Undo", accept(&s.ada))).await;
    assert_eq!(state(&s.bob, &s.ada).await.state, FollowState::Requested);
    assert_eq!(s.account(&s.ada).await.followers_count, followers - 1);
    s.ada.delivers(&s.node, &s.ada.activity("Accept", json!(follow.uri))).await;
    assert_eq!(state(&s.bob, &s.ada).await.state, FollowState::Accepted);
}

#[tokio::test]
async fn fed_mod_04_a_report_may_say_why_in_its_summary() {
    let s = Scene::new().await;
    let mut flag = s.ada.activity("Flag", s.uri(&s.bob));
    flag["summary"] = json!("<b>rude</b>");
    assert_eq!(s.sends(&s.ada, &flag).await, 202);
    assert_eq!(s.count("select count(*) from reports where comment = 'rude'").await, 1);
}

#[tokio::test]
async fn fed_post_21_the_group_a_page_was_posted_to_may_stand_beside_the_public() {
    let s = Scene::new().await;
    let group = s.east.url("/c/main");
    let mut page = s.note(&s.ada, "1", "body");
    (page["type"], page["name"]) = (json!("Page"), json!("Title"));
    page["audience"] = json!([PUBLIC, group]);
    let id = s.creates(&s.ada, &page).await;
    let content = s.status(&s.bob, &id).await["content"].as_str().unwrap().to_owned();
    assert!(content.contains(&group), "{content}");
}

#[tokio::test]
async fn fed_mod_04_a_report_may_name_a_post_by_the_activity_that_brought_it() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let named = json!([s.uri(&s.bob), format!("{own}/activity")]);
    assert_eq!(s.sends(&s.ada, &s.ada.activity("Flag", named)).await, 202);
    assert_eq!(s.count("select count(*) from reports where post_ids <> '[]'").await, 1);
}

#[tokio::test]
async fn fed_post_08_a_file_that_says_nothing_of_its_type_is_one() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "look");
    note["attachment"] = json!([
        "malformed", {"name": "no address"}, {"type": "Note", "url": s.east.url("/n/1"), "content": "not a file"},
        {"mediaType": "image/png", "url": s.east.url("/a")}, {"url": [s.east.url("/b.mp4")]},
    ]);
    let id = s.creates(&s.ada, &note).await;
    let files = s.status(&s.bob, &id).await["media_attachments"].clone();
    let kinds: Vec<&str> = files.as_array().unwrap().iter().map(|file| file["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["image", "video"]);
}

#[tokio::test]
async fn fed_poll_01_fed_poll_02_answers_that_look_like_markup_are_voted_for_as_they_are_written() {
    let s = Scene::new().await;
    let names = ["List<String>", "List<u8>", "R&amp;D", "<b>"];
    let mut it = question(&s, json!(null));
    it["oneOf"] = names.iter().map(|name| json!({"type": "Note", "name": name})).collect();
    let id = s.creates(&s.ada, &it).await;
    let poll = s.status(&s.bob, &id).await["poll"].clone();
    let options = poll["options"].as_array().unwrap().clone();
    let shown: Vec<&str> = options.iter().map(|option| option["title"].as_str().unwrap()).collect();
    assert_eq!(shown, names);
    let path = format!("/api/v1/polls/{}/votes", poll["id"].as_str().unwrap());
    s.bob.post(&path, json!({"choices": [0]})).await.ok();
    s.node.settle().await;
    let vote = s.east.inbox().into_iter().find(|a| a["type"] == "Create").unwrap();
    assert_eq!((&vote["object"]["name"], &vote["object"]["inReplyTo"]), (&json!(names[0]), &json!(id)));
}

#[tokio::test]
async fn fed_mod_01_a_block_that_came_twice_is_undone_by_the_id_of_the_second() {
    let s = Scene::new().await;
    let (first, second) = (s.ada.activity("Block", s.uri(&s.carol)), s.ada.activity("Block", s.uri(&s.carol)));
    for block in [&first, &second] {
        s.ada.delivers(&s.node, block).await;
    }
    assert_eq!(s.count("select count(*) from blocks").await, 1);
    s.ada.delivers(&s.node, &s.ada.activity("Undo", second["id"].clone())).await;
    assert_eq!(s.count("select count(*) from blocks").await, 0);
}

#[tokio::test]
async fn fed_mod_06_whom_staff_limits_asks_before_following() {
    let s = Scene::new().await;
    let ada = s.account(&s.ada).await.id;
    s.node.app.write(move |tx| limited::silence(tx, &Staff::console(), ada)).await.unwrap();
    for _ in 0..2 {
        s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.carol))).await;
    }
    let accepted = || s.east.inbox().iter().any(|activity| activity["type"] == "Accept");
    assert!(!accepted());
    let asking = s.carol.get("/api/v1/follow_requests").await.ok();
    assert_eq!(asking.as_array().unwrap().len(), 1);
    s.carol.post(&format!("/api/v1/follow_requests/{ada}/authorize"), json!({})).await.ok();
    s.node.settle().await;
    assert!(accepted());
}
