//! Likes, boosts, polls and threads across servers: the INT, POLL and THR rows of the federation checklist.

use crate::support::{PUBLIC, Scene, Sender};
use serde_json::{Value, json};

/// An Announce for everybody.
pub fn boost(who: &Sender, object: impl Into<Value>) -> Value {
    let mut it = who.activity("Announce", object);
    it["to"] = json!([PUBLIC]);
    it["cc"] = json!([format!("{}/followers", who.id)]);
    it
}

#[tokio::test]
async fn fed_int_01_02_08_09_likes_and_reactions_count_once_and_can_be_taken_back() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let like = s.ada.activity("Like", own.clone());
    s.ada.delivers(&s.node, &like).await;
    s.ada.delivers(&s.node, &s.ada.activity("Like", own.clone())).await;
    assert_eq!(s.status(&s.bob, &own).await["favourites_count"], 1);
    assert_eq!(s.told(&s.bob).await, ["favourite"]);
    assert_eq!(s.sends(&s.ada, &s.ada.activity("Like", "https://far.example/unknown")).await, 202);
    s.ada.delivers(&s.node, &s.ada.activity("Undo", like["id"].clone())).await;
    assert_eq!(s.status(&s.bob, &own).await["favourites_count"], 0);
    assert!(s.told(&s.bob).await.is_empty());
    // Embedded, without an id we know.
    let again = s.ada.activity("Like", own.clone());
    s.ada.delivers(&s.node, &again).await;
    let nameless = json!({"type": "Like", "actor": s.ada.id, "object": own});
    s.ada.delivers(&s.node, &s.ada.activity("Undo", nameless)).await;
    assert_eq!(s.status(&s.bob, &own).await["favourites_count"], 0);
    // The Undo came first.
    let late = s.ada.activity("Like", own.clone());
    s.ada.delivers(&s.node, &s.ada.activity("Undo", late["id"].clone())).await;
    s.ada.delivers(&s.node, &late).await;
    assert_eq!(s.status(&s.bob, &own).await["favourites_count"], 0);
    // Reactions are likes with a picture.
    let mut react = s.ada.activity("EmojiReact", own.clone());
    react["content"] = json!("🍩");
    s.ada.delivers(&s.node, &react).await;
    assert_eq!(s.status(&s.bob, &own).await["favourites_count"], 1);
}

#[tokio::test]
async fn fed_int_02_what_came_again_under_another_id_is_taken_back_by_either_id_alone() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let mut reaction = s.ada.activity("EmojiReact", own.clone());
    reaction["content"] = json!("🍩");
    for first in [s.ada.activity("Like", own.clone()), reaction, boost(&s.ada, own.clone())] {
        for named in 0..2 {
            let count = async || {
                let seen = s.status(&s.bob, &own).await;
                seen["favourites_count"].as_i64().unwrap() + seen["reblogs_count"].as_i64().unwrap()
            };
            let ids: Vec<String> =
                ["a", "b"].iter().map(|x| format!("{}{named}{x}", first["id"].as_str().unwrap())).collect();
            for id in &ids {
                let mut once = first.clone();
                once["id"] = json!(id);
                s.sends(&s.ada, &once).await;
            }
            assert_eq!(count().await, 1, "{first}");
            // Somebody else's word about that id is none.
            s.sends(&s.mallory, &s.mallory.activity("Undo", ids[named].clone())).await;
            assert_eq!(count().await, 1, "{first}");
            s.sends(&s.ada, &s.ada.activity("Undo", ids[named].clone())).await;
            assert_eq!(count().await, 0, "{first}");
        }
    }
    // Nothing is kept of what is over.
    s.node.clock.advance(3 * 24 * 3_600_000);
    s.node.app.write(|tx| watercooler::store::sweep::chunk(tx.conn, tx.now)).await.unwrap();
    assert_eq!(s.count("select count(*) from repeated_activities").await, 0);
}

#[tokio::test]
async fn fed_int_03_fed_int_05_boosts_of_local_posts() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let announce = boost(&s.mallory, own.clone());
    s.mallory.delivers(&s.node, &announce).await;
    s.mallory.delivers(&s.node, &boost(&s.mallory, own.clone())).await;
    assert_eq!(s.status(&s.bob, &own).await["reblogs_count"], 1);
    assert_eq!(s.told(&s.bob).await, ["reblog"]);
    s.mallory.delivers(&s.node, &s.mallory.activity("Undo", announce["id"].clone())).await;
    assert_eq!(s.status(&s.bob, &own).await["reblogs_count"], 0);
    // Followers-only: nobody but the author.
    let secret = s.writes(&s.bob, "private", "for followers").await;
    s.sends(&s.ada, &boost(&s.ada, secret.clone())).await;
    assert_eq!(s.status(&s.bob, &secret).await["reblogs_count"], 0);
    let mut note = s.note(&s.ada, "1", "hers");
    note["to"] = json!([format!("{}/followers", s.ada.id)]);
    note["cc"] = json!([]);
    let hers = s.creates(&s.ada, &note).await;
    let mut own_boost = boost(&s.ada, hers.clone());
    own_boost["to"] = json!([format!("{}/followers", s.ada.id)]);
    s.sends(&s.ada, &own_boost).await;
    assert_eq!(s.count("select count(*) from posts where boost_of_id is not null").await, 1);
}

#[tokio::test]
async fn fed_int_04_a_boost_of_an_unknown_post_fetches_it_and_stands_by_its_own_date() {
    let s = Scene::new().await;
    let mut note = s.note(&s.vera, "1", "old words");
    note["published"] = json!("2024-05-05T05:05:05Z");
    s.west.serve("/users/vera/notes/1", note.clone());
    let newer = s.creates(&s.ada, &s.note(&s.ada, "1", "now")).await;
    let mut announce = boost(&s.ada, note["id"].clone());
    announce["published"] = json!(s.node.clock.now().plus_seconds(-60).rfc3339());
    s.sends(&s.ada, &announce).await;
    assert_eq!(s.home(&s.bob).await, [newer, announce["id"].as_str().unwrap().to_owned()]);
    let seen = s.status(&s.bob, note["id"].as_str().unwrap()).await;
    assert_eq!((&seen["content"], &seen["created_at"]), (&json!("old words"), &json!("2024-05-05T05:05:05.000Z")));
    // What is no post is nothing; strangers make us fetch nothing.
    s.west.serve("/things/1", json!({"id": s.west.url("/things/1"), "type": "Spaceship", "attributedTo": s.vera.id}));
    s.sends(&s.ada, &boost(&s.ada, s.west.url("/things/1"))).await;
    s.west.forget();
    s.sends(&s.mallory, &boost(&s.mallory, s.west.url("/users/vera/notes/2"))).await;
    assert!(s.west.received().is_empty());
}

#[tokio::test]
async fn fed_int_10_fed_rob_02_what_has_no_meaning_here_is_answered_and_ignored() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    for kind in [
        "Dislike", "View", "Listen", "Read", "Arrive", "Travel", "Offer", "Invite", "Join", "Leave", "Lock", "Ignore",
        "Question", "X",
    ] {
        assert_eq!(s.sends(&s.ada, &s.ada.activity(kind, own.clone())).await, 202, "{kind}");
    }
    let post = s.post(&own).await.unwrap();
    assert_eq!((post.favourites_count, post.boosts_count, post.replies_count), (0, 0, 0));
}

fn question(s: &Scene, votes: [i64; 2]) -> Value {
    let mut it = s.note(&s.ada, "q", "which?");
    it["type"] = json!("Question");
    it["oneOf"] = json!([
        {"type": "Note", "name": "tea", "replies": {"type": "Collection", "totalItems": votes[0]}},
        {"type": "Note", "name": "coffee", "replies": {"type": "Collection", "totalItems": votes[1]}},
    ]);
    it["votersCount"] = json!(votes[0] + votes[1]);
    it["endTime"] = json!(s.node.clock.now().plus_days(1).rfc3339());
    it
}

#[tokio::test]
async fn fed_poll_01_fed_poll_03_polls_come_with_their_counts_and_are_refreshed_quietly() {
    let s = Scene::new().await;
    let id = s.creates(&s.ada, &question(&s, [1, 2])).await;
    let poll = s.status(&s.bob, &id).await["poll"].clone();
    assert_eq!((&poll["votes_count"], &poll["multiple"], &poll["expired"]), (&json!(3), &json!(false), &json!(false)));
    assert_eq!(poll["options"][1], json!({"title": "coffee", "votes_count": 2}));
    s.ada.delivers(&s.node, &s.ada.activity("Update", question(&s, [5, 2]))).await;
    let seen = s.status(&s.bob, &id).await;
    assert_eq!((&seen["poll"]["votes_count"], &seen["edited_at"]), (&json!(7), &Value::Null));
    let mut other = question(&s, [0, 0]);
    other["oneOf"][0]["name"] = json!("cocoa");
    other["updated"] = json!(s.node.clock.now().plus_seconds(1).rfc3339());
    s.node.clock.advance(2_000);
    s.ada.delivers(&s.node, &s.ada.activity("Update", other)).await;
    let seen = s.status(&s.bob, &id).await;
    assert_eq!((&seen["poll"]["options"][0]["title"], &seen["poll"]["votes_count"]), (&json!("cocoa"), &json!(0)));
    assert!(seen["edited_at"].is_string());
    let mut several = question(&s, [1, 1]);
    several["id"] = json!(format!("{}/notes/q2", s.ada.id));
    several["anyOf"] = several["oneOf"].take();
    several["closed"] = json!(true);
    let id = s.creates(&s.ada, &several).await;
    let poll = s.status(&s.bob, &id).await["poll"].clone();
    assert_eq!((&poll["multiple"], &poll["expired"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn fed_thr_01_replies_are_threaded_counted_and_told() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let mut reply = s.note(&s.vera, "1", "yes");
    reply["inReplyTo"] = json!(own);
    reply["cc"] = json!([s.uri(&s.bob)]);
    reply["tag"] = json!([{"type": "Mention", "href": s.uri(&s.bob)}]);
    let id = s.creates(&s.vera, &reply).await;
    let seen = s.status(&s.bob, &own).await;
    assert_eq!(seen["replies_count"], 1);
    assert_eq!(s.told(&s.bob).await, ["mention"]);
    let context = s.bob.get(&format!("/api/v1/statuses/{}/context", seen["id"].as_str().unwrap())).await.ok();
    assert_eq!(context["descendants"][0]["uri"], id);
}

#[tokio::test]
async fn fed_thr_01_people_elsewhere_answer_what_is_for_the_followers_of_one_another() {
    let s = Scene::new().await;
    s.follows(&s.bob, &s.vera).await;
    // Whether vera follows ada only their servers know.
    let mut root = s.note(&s.ada, "root", "<p>for my followers</p>");
    (root["to"], root["cc"]) = (json!([format!("{}/followers", s.ada.id)]), json!([]));
    let root = s.creates(&s.ada, &root).await;
    let mut answer = s.note(&s.vera, "answer", "<p>thank you</p>");
    (answer["to"], answer["cc"]) = (json!([format!("{}/followers", s.vera.id)]), json!([s.ada.id]));
    answer["inReplyTo"] = json!(root);
    let answer = s.creates(&s.vera, &answer).await;
    let (above, below) = (s.status(&s.bob, &root).await, s.status(&s.bob, &answer).await);
    assert_eq!((&below["in_reply_to_id"], &below["visibility"]), (&above["id"], &json!("private")));
    assert!(s.home(&s.bob).await.contains(&answer));
    // A letter is between those whom it names.
    let mut letter = s.note(&s.ada, "letter", "<p>between us</p>");
    (letter["to"], letter["cc"]) = (json!([s.uri(&s.bob)]), json!([]));
    let letter = s.creates(&s.ada, &letter).await;
    let mut stray = s.note(&s.vera, "stray", "<p>I am here too</p>");
    (stray["to"], stray["cc"], stray["inReplyTo"]) = (json!([s.uri(&s.bob)]), json!([]), json!(letter));
    let stray = s.creates(&s.vera, &stray).await;
    assert!(s.post(&letter).await.is_some() && s.post(&stray).await.is_none());
}

#[tokio::test]
async fn fed_thr_02_fed_rob_08_unknown_ancestors_are_fetched_and_circles_end() {
    let s = Scene::new().await;
    let root = s.note(&s.vera, "root", "root");
    let mut middle = s.note(&s.vera, "middle", "middle");
    middle["inReplyTo"] = root["id"].clone();
    s.west.serve("/users/vera/notes/root", root.clone());
    s.west.serve("/users/vera/notes/middle", middle.clone());
    let mut leaf = s.note(&s.ada, "leaf", "leaf");
    leaf["inReplyTo"] = middle["id"].clone();
    let id = s.creates(&s.ada, &leaf).await;
    let leaf = s.post(&id).await.unwrap();
    let context = s.bob.get(&format!("/api/v1/statuses/{}/context", leaf.id)).await.ok();
    let above: Vec<&str> =
        context["ancestors"].as_array().unwrap().iter().map(|p| p["content"].as_str().unwrap()).collect();
    assert_eq!(above, ["root", "middle"]);
    // A circle of two, and a note that answers itself.
    let mut one = s.note(&s.vera, "one", "one");
    let mut two = s.note(&s.vera, "two", "two");
    one["inReplyTo"] = two["id"].clone();
    two["inReplyTo"] = one["id"].clone();
    s.west.serve("/users/vera/notes/one", one.clone());
    s.west.serve("/users/vera/notes/two", two.clone());
    let mut entry = s.note(&s.ada, "entry", "entry");
    entry["inReplyTo"] = one["id"].clone();
    s.creates(&s.ada, &entry).await;
    let mut own = s.note(&s.ada, "own", "own");
    own["inReplyTo"] = own["id"].clone();
    let id = s.creates(&s.ada, &own).await;
    assert!(s.post(&id).await.unwrap().in_reply_to_uri.is_none());
}

#[tokio::test]
async fn fed_int_02_an_undo_of_a_like_or_boost_names_it_whole_or_by_its_id() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    for whole in [true, false] {
        for (activity, count) in
            [(s.ada.activity("Like", own.clone()), "favourites_count"), (boost(&s.ada, own.clone()), "reblogs_count")]
        {
            s.ada.delivers(&s.node, &activity).await;
            assert_eq!(s.status(&s.bob, &own).await[count], 1);
            // Nobody else takes it back.
            assert!(s.sends(&s.mallory, &s.mallory.activity("Undo", activity.clone())).await < 500);
            assert_eq!(s.status(&s.bob, &own).await[count], 1);
            let object = if whole { activity.clone() } else { activity["id"].clone() };
            s.ada.delivers(&s.node, &s.ada.activity("Undo", object)).await;
            assert_eq!(s.status(&s.bob, &own).await[count], 0);
        }
    }
    assert!(s.told(&s.bob).await.is_empty(), "what was taken back is not told any more");
}

#[tokio::test]
async fn fed_int_05_what_is_not_for_everybody_is_boosted_by_its_author_alone() {
    let s = Scene::new().await;
    for (n, visibility) in ["private", "direct"].into_iter().enumerate() {
        let mut note = s.note(&s.ada, &n.to_string(), "hers");
        let to = if visibility == "private" { format!("{}/followers", s.ada.id) } else { s.uri(&s.bob) };
        (note["to"], note["cc"]) = (json!([to]), json!([]));
        let hers = s.creates(&s.ada, &note).await;
        assert_eq!(s.sends(&s.mallory, &boost(&s.mallory, hers.clone())).await, 202);
        assert_eq!(s.status(&s.bob, &hers).await["reblogs_count"], 0, "{visibility}");
        assert_eq!(s.sends(&s.ada, &boost(&s.ada, hers.clone())).await, 202);
        let own = i64::from(visibility == "private");
        assert_eq!(s.status(&s.bob, &hers).await["reblogs_count"], own, "{visibility}");
    }
    // Her boost of what is for followers is for followers, whatever its Announce says.
    assert_eq!(s.count("select count(*) from posts where boost_of_id is not null and visibility < 2").await, 0);
}

#[tokio::test]
async fn fed_int_06_a_like_and_its_undo_go_to_the_author_alone() {
    let s = Scene::new().await;
    let id = s.creates(&s.ada, &s.note(&s.ada, "1", "x")).await;
    let post = s.post(&id).await.unwrap().id;
    s.east.forget();
    s.west.forget();
    s.bob.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.ok();
    s.bob.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.ok();
    s.node.settle().await;
    s.bob.post(&format!("/api/v1/statuses/{post}/unfavourite"), json!({})).await.ok();
    s.node.settle().await;
    let requests = s.east.received();
    assert!(requests.iter().all(|r| r.path == "/users/ada/inbox"), "{requests:?}");
    let [like, undo] = &s.east.inbox()[..] else { panic!("{requests:?}") };
    assert_eq!((&like["type"], &like["actor"], &like["object"]), (&json!("Like"), &json!(s.uri(&s.bob)), &json!(id)));
    assert_eq!(like["to"], json!([s.ada.id]));
    assert_eq!((&undo["type"], &undo["object"]["id"]), (&json!("Undo"), &like["id"]));
    assert_eq!((&undo["object"]["type"], &undo["object"]["object"]), (&json!("Like"), &json!(id)));
    assert!(s.west.received().is_empty());
}

#[tokio::test]
async fn fed_int_11_what_a_group_passes_on_is_read_at_its_origin_and_shown_to_the_followers_of_the_group() {
    let s = Scene::new().await;
    let mut document = s.east.person("club", &s.ada.signer.key.public_pem().unwrap());
    document["type"] = json!("Group");
    s.east.serve("/users/club", document);
    let club = Sender::known(&s.east, "club");
    s.meet(&club).await;
    s.follows(&s.carol, &club).await;
    s.node.settle().await;
    let pass_on = |kind: &str, by: &Sender, object: Value| boost(&club, by.activity(kind, object));
    // What is embedded counts for nothing: the origin says what was written.
    let note = s.note(&s.vera, "1", "true words");
    s.west.serve("/users/vera/notes/1", note.clone());
    let mut forged = note.clone();
    forged["content"] = json!("false words");
    let announce = pass_on("Create", &s.vera, forged);
    assert_eq!(s.sends(&club, &announce).await, 202);
    assert_eq!(s.home(&s.carol).await, [announce["id"].as_str().unwrap()]);
    let id = note["id"].as_str().unwrap();
    assert_eq!(s.status(&s.carol, id).await["content"], "true words");
    // It changed, and it is gone: at its origin, or not at all.
    s.sends(&club, &pass_on("Delete", &s.vera, json!(id))).await;
    assert!(s.post(id).await.is_some(), "its origin still has it");
    let mut changed = note.clone();
    changed["content"] = json!("newer words");
    changed["updated"] = json!(s.node.clock.now().rfc3339());
    s.west.serve("/users/vera/notes/1", changed.clone());
    s.sends(&club, &pass_on("Update", &s.vera, changed)).await;
    assert_eq!(s.status(&s.carol, id).await["content"], "newer words");
    // A like that somebody else is said to have given.
    let own = s.writes(&s.bob, "public", "mine").await;
    s.sends(&club, &pass_on("Like", &s.vera, json!(own))).await;
    assert_eq!(s.status(&s.bob, &own).await["favourites_count"], 0);
    // A post of ours that the group passes on is no news for its author.
    let announce = pass_on("Create", &s.vera, json!({"id": own, "type": "Note"}));
    s.sends(&club, &announce).await;
    assert!(s.told(&s.bob).await.is_empty());
    assert!(s.home(&s.carol).await.contains(&announce["id"].as_str().unwrap().to_owned()));
    s.west.serve_as("/users/vera/notes/1", 410, "application/activity+json", "");
    s.sends(&club, &pass_on("Delete", &s.vera, json!(id))).await;
    assert!(s.post(id).await.is_none());
}

#[tokio::test]
async fn fed_poll_03_tallies_are_asked_for_when_somebody_looks_and_at_the_end() {
    let s = Scene::new().await;
    let id = s.creates(&s.ada, &question(&s, [1, 2])).await;
    let poll = s.status(&s.bob, &id).await["poll"].clone();
    let path = format!("/api/v1/polls/{}", poll["id"].as_str().unwrap());
    s.bob.post(&format!("{path}/votes"), json!({"choices": [0]})).await.ok();
    s.node.settle().await;
    let serve = |votes| s.east.serve("/users/ada/notes/q", question(&s, votes));
    serve([3, 2]);
    s.bob.get(&path).await.ok();
    s.node.settle().await;
    assert_eq!(s.bob.get(&path).await.ok()["votes_count"], 3, "it is not a minute old");
    s.node.clock.advance(61_000);
    s.bob.get(&path).await.ok();
    s.node.settle().await;
    let seen = s.bob.get(&path).await.ok();
    assert_eq!((&seen["votes_count"], &seen["own_votes"]), (&json!(5), &json!([0])));
    assert_eq!(s.status(&s.bob, &id).await["edited_at"], Value::Null);
    let mut end = question(&s, [8, 2]);
    end["closed"] = json!(s.node.clock.now().rfc3339());
    s.east.serve("/users/ada/notes/q", end);
    s.node.clock.advance(24 * 3_600_000);
    s.node.settle().await;
    let seen = s.bob.get(&path).await.ok();
    assert_eq!((&seen["votes_count"], &seen["expired"]), (&json!(10), &json!(true)));
    assert_eq!(s.told(&s.bob).await, ["poll"]);
}

#[tokio::test]
async fn fed_poll_03_other_options_make_our_votes_void() {
    let s = Scene::new().await;
    let id = s.creates(&s.ada, &question(&s, [1, 2])).await;
    let poll = s.status(&s.bob, &id).await["poll"]["id"].as_str().unwrap().to_owned();
    s.bob.post(&format!("/api/v1/polls/{poll}/votes"), json!({"choices": [1]})).await.ok();
    s.node.clock.advance(2_000);
    let mut other = question(&s, [0, 0]);
    other["oneOf"][1]["name"] = json!("cocoa");
    other["updated"] = json!(s.node.clock.now().rfc3339());
    // Nobody but the author changes it.
    let mut foreign = s.mallory.activity("Update", other.clone());
    foreign["object"]["oneOf"][0]["name"] = json!("mud");
    assert!(s.sends(&s.mallory, &foreign).await < 500);
    assert_eq!(s.status(&s.bob, &id).await["poll"]["options"][0]["title"], "tea");
    s.ada.delivers(&s.node, &s.ada.activity("Update", other)).await;
    let seen = s.status(&s.bob, &id).await;
    assert_eq!((&seen["poll"]["voted"], &seen["poll"]["own_votes"]), (&json!(false), &json!([])));
    assert!(seen["edited_at"].is_string());
}

#[tokio::test]
async fn fed_poll_05_a_vote_is_never_a_post() {
    let s = Scene::new().await;
    let draft = json!({"status": "which?", "poll": {"options": ["tea", "coffee"], "expires_in": 600}});
    let own = s.bob.post("/api/v1/statuses", draft).await.ok();
    let uri = own["uri"].as_str().unwrap();
    let theirs = s.creates(&s.ada, &question(&s, [0, 0])).await;
    let posts = s.count("select count(*) from posts").await;
    let lost = format!("{}/statuses/77", s.uri(&s.bob));
    for (n, (to, name, content)) in [
        (uri, "tea", json!(null)),
        (uri, "coffee", json!("")),
        (uri, "mud", json!(null)),
        (theirs.as_str(), "tea", json!(null)),
        (lost.as_str(), "tea", json!(null)),
    ]
    .into_iter()
    .enumerate()
    {
        let who = if n % 2 == 0 { &s.ada } else { &s.mallory };
        let mut vote = s.note(who, &format!("vote{n}"), "");
        (vote["content"], vote["name"], vote["inReplyTo"]) = (content, json!(name), json!(to));
        (vote["to"], vote["cc"]) = (json!([s.uri(&s.bob)]), json!([]));
        s.creates(who, &vote).await;
    }
    assert_eq!(s.count("select count(*) from posts").await, posts);
    let poll = s.status(&s.bob, uri).await["poll"].clone();
    assert_eq!((&poll["votes_count"], &poll["voters_count"]), (&json!(2), &json!(2)));
    assert_eq!(s.status(&s.bob, uri).await["replies_count"], 0);
    assert!(s.told(&s.bob).await.is_empty());
    assert_eq!(s.bob.get("/api/v1/conversations").await.ok(), json!([]));
}

/// On PostgreSQL two transactions do not see each other: one has to wait.
#[tokio::test]
async fn fed_thr_02_an_answer_and_what_it_answers_that_come_at_the_same_moment_find_each_other() {
    let s = Scene::new().await;
    s.follows(&s.bob, &s.vera).await;
    for n in 0..80 {
        let root = s.note(&s.ada, &format!("root{n}"), "root");
        let mut leaf = s.note(&s.vera, &format!("leaf{n}"), "leaf");
        leaf["inReplyTo"] = root["id"].clone();
        s.east.serve(&format!("/users/ada/notes/root{n}"), root.clone());
        let (first, second) = (s.ada.activity("Create", root.clone()), s.vera.activity("Create", leaf.clone()));
        tokio::join!(s.sends(&s.vera, &second), s.sends(&s.ada, &first));
        let (root, leaf) = (root["id"].as_str().unwrap(), leaf["id"].as_str().unwrap());
        let (root, leaf) = (s.post(root).await.unwrap(), s.post(leaf).await.unwrap());
        assert_eq!((leaf.in_reply_to_id, leaf.in_reply_to_uri), (Some(root.id), None), "{n}");
        assert_eq!(root.replies_count, 1, "{n}");
    }
}

#[tokio::test]
async fn fed_thr_02_ancestors_of_a_boosted_answer_are_fetched_and_a_broken_walk_goes_on_later() {
    let s = Scene::new().await;
    let root = s.note(&s.vera, "root", "root");
    let mut middle = s.note(&s.vera, "middle", "middle");
    middle["inReplyTo"] = root["id"].clone();
    let mut leaf = s.note(&s.vera, "leaf", "leaf");
    leaf["inReplyTo"] = middle["id"].clone();
    s.west.serve_as("/users/vera/notes/root", 503, "text/plain", "");
    s.west.serve("/users/vera/notes/middle", middle.clone());
    s.west.serve("/users/vera/notes/leaf", leaf.clone());
    s.sends(&s.ada, &boost(&s.ada, leaf["id"].clone())).await;
    let above = async || {
        let leaf = s.post(leaf["id"].as_str().unwrap()).await.unwrap().id;
        let context = s.bob.get(&format!("/api/v1/statuses/{leaf}/context")).await.ok();
        let above = context["ancestors"].as_array().unwrap().clone();
        above.iter().map(|p| p["content"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(above().await, ["middle"]);
    s.west.serve("/users/vera/notes/root", root);
    s.node.clock.advance(60_000);
    s.node.settle().await;
    assert_eq!(above().await, ["root", "middle"]);
}

#[tokio::test]
async fn fed_thr_02_an_answer_that_names_its_parent_by_another_address_hangs_below_it() {
    let s = Scene::new().await;
    let root = s.note(&s.vera, "root", "root");
    s.west.serve("/users/vera/notes/root", root.clone());
    s.west.redirect("/old/root", &s.west.url("/users/vera/notes/root"));
    let mut leaf = s.note(&s.ada, "leaf", "leaf");
    leaf["inReplyTo"] = json!(s.west.url("/old/root"));
    let id = s.creates(&s.ada, &leaf).await;
    let root = s.post(root["id"].as_str().unwrap()).await.unwrap();
    let leaf = s.post(&id).await.unwrap();
    assert_eq!(
        (leaf.in_reply_to_id, leaf.in_reply_to_uri, leaf.conversation_id),
        (Some(root.id), None, root.conversation_id)
    );
    assert_eq!(root.replies_count, 1);
}
