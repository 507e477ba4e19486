//! What other servers change, pin and take back: the UPD, DEL and COLL rows of the federation checklist.

use crate::{
    inbox::reads,
    interactions::boost,
    support::{PUBLIC, Scene, Sender, rsa},
};
use serde_json::{Value, json};

#[tokio::test]
async fn fed_upd_01_an_edit_is_shown_kept_in_the_history_and_told() {
    let s = Scene::new().await;
    let note = s.note(&s.ada, "1", "first");
    let id = s.creates(&s.ada, &note).await;
    let post = s.post(&id).await.unwrap().id;
    s.bob.post(&format!("/api/v1/statuses/{post}/reblog"), json!({})).await.ok();
    s.node.clock.advance(60_000);
    let mut changed = note.clone();
    changed["content"] = json!("second");
    changed["summary"] = json!("careful");
    changed["updated"] = json!(s.node.clock.now().rfc3339());
    changed["cc"] = json!([s.uri(&s.carol)]);
    changed["tag"] = json!([{"type": "Mention", "href": s.uri(&s.carol)}]);
    s.ada.delivers(&s.node, &s.ada.activity("Update", changed.clone())).await;
    let seen = s.status(&s.bob, &id).await;
    assert_eq!((&seen["content"], &seen["spoiler_text"]), (&json!("second"), &json!("careful")));
    assert_eq!(seen["edited_at"], s.node.clock.now().rfc3339());
    assert_eq!(s.told(&s.bob).await, ["update"]);
    assert_eq!(s.told(&s.carol).await, ["mention"]);
    let history = s.bob.get(&format!("/api/v1/statuses/{post}/history")).await.ok();
    assert_eq!(history.as_array().unwrap().len(), 2);
    // The same once more changes nothing.
    s.ada.delivers(&s.node, &s.ada.activity("Update", changed)).await;
    let history = s.bob.get(&format!("/api/v1/statuses/{post}/history")).await.ok();
    assert_eq!(history.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn fed_upd_01_what_a_post_names_changes_without_its_text() {
    let s = Scene::new().await;
    let note = s.note(&s.ada, "1", "same");
    let id = s.creates(&s.ada, &note).await;
    s.node.clock.advance(60_000);
    let mut changed = note.clone();
    changed["updated"] = json!(s.node.clock.now().rfc3339());
    changed["cc"] = json!([format!("{}/followers", s.ada.id), s.uri(&s.carol)]);
    changed["tag"] =
        json!([{"type": "Hashtag", "name": "#tea"}, {"type": "Mention", "href": s.uri(&s.carol), "name": "@carol"}]);
    s.ada.delivers(&s.node, &s.ada.activity("Update", changed.clone())).await;
    let seen = s.status(&s.bob, &id).await;
    assert_eq!((&seen["tags"][0]["name"], &seen["edited_at"]), (&json!("tea"), &Value::Null));
    assert_eq!(seen["mentions"][0]["id"], s.carol.id.as_str());
    let tagged = s.bob.get("/api/v1/timelines/tag/tea").await.ok();
    assert_eq!(tagged.as_array().unwrap().len(), 1);
    s.node.clock.advance(60_000);
    changed["updated"] = json!(s.node.clock.now().rfc3339());
    changed["tag"] = json!([]);
    s.ada.delivers(&s.node, &s.ada.activity("Update", changed)).await;
    assert_eq!(s.status(&s.bob, &id).await["tags"], json!([]));
}

#[tokio::test]
async fn fed_upd_01_a_change_without_a_date_comes_after_what_came_before_but_not_over_what_its_author_dated() {
    let s = Scene::new().await;
    let note = s.note(&s.ada, "1", "first");
    let id = s.creates(&s.ada, &note).await;
    let says = async |content: &str, activity: Value| {
        let mut update = s.ada.activity("Update", note.clone());
        update["object"]["content"] = json!(content);
        for (key, value) in activity.as_object().unwrap() {
            match key.as_str() {
                "dated" => update["object"]["updated"] = value.clone(),
                key => update[key] = value.clone(),
            }
        }
        s.node.clock.advance(60_000);
        assert_eq!(s.sends(&s.ada, &update).await, 202);
        s.status(&s.bob, &id).await["content"].clone()
    };
    let at = |seconds| s.node.clock.now().plus_seconds(seconds).rfc3339();
    // Programs that say no date anywhere: as it comes.
    assert_eq!(says("second", json!({})).await, "second");
    assert_eq!(says("third", json!({})).await, "third");
    // One that does so begins to say when.
    let dated = at(30);
    assert_eq!(says("fourth", json!({ "dated": dated })).await, "fourth");
    assert_eq!(s.status(&s.bob, &id).await["edited_at"], dated);
    // What comes now without a date may be older: it is an old one that somebody sends again.
    assert_eq!(says("second", json!({})).await, "fourth");
    assert_eq!(says("second", json!({ "published": note["published"] })).await, "fourth");
    assert_eq!(says("second", json!({ "published": at(-400) })).await, "fourth");
    assert_eq!(s.status(&s.bob, &id).await["edited_at"], dated);
    // The activity around it may say when.
    assert_eq!(says("fifth", json!({ "published": at(50) })).await, "fifth");
    assert_eq!(says("second", json!({})).await, "fifth");
    // What stands where it lives is as it is now.
    let mut now = note.clone();
    now["content"] = json!("as it stands");
    s.east.serve("/users/ada/notes/1", now);
    s.sends(&s.ada, &s.ada.activity("Update", json!(id))).await;
    assert_eq!(s.status(&s.bob, &id).await["content"], "as it stands");
}

#[tokio::test]
async fn fed_upd_02_an_update_of_an_unknown_young_post_is_its_create() {
    let s = Scene::new().await;
    let young = s.note(&s.ada, "1", "young");
    s.ada.delivers(&s.node, &s.ada.activity("Update", young.clone())).await;
    assert!(s.post(young["id"].as_str().unwrap()).await.is_some());
    let mut old = s.note(&s.ada, "2", "old");
    old["published"] = json!("2025-01-01T00:00:00Z");
    s.ada.delivers(&s.node, &s.ada.activity("Update", old.clone())).await;
    assert!(s.post(old["id"].as_str().unwrap()).await.is_none());
}

#[tokio::test]
async fn fed_upd_03_fed_upd_04_fed_upd_05_profiles_are_refreshed() {
    let s = Scene::new().await;
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    actor["name"] = json!("Ada L.");
    actor["summary"] = json!("<p>new<script>x</script></p>");
    actor["attachment"] =
        json!([{"type": "PropertyValue", "name": "site", "value": "<a href=\"https://x.example\">x</a>"}]);
    actor["icon"] = json!({"type": "Image", "url": "http://east.test/a.png"});
    s.ada.delivers(&s.node, &s.ada.activity("Update", actor.clone())).await;
    let id = s.account(&s.ada).await.id;
    let seen = s.bob.get(&format!("/api/v1/accounts/{id}")).await.ok();
    assert_eq!((&seen["display_name"], &seen["note"]), (&json!("Ada L."), &json!("<p>new</p>")));
    assert_eq!(seen["fields"][0]["name"], "site");
    actor["name"] = json!("Countess");
    s.east.serve("/users/ada", actor.clone());
    s.sends(&s.ada, &s.ada.activity("Update", s.ada.id.clone())).await;
    assert_eq!(s.account(&s.ada).await.display_name, "Countess");
    actor["suspended"] = json!(true);
    s.ada.delivers(&s.node, &s.ada.activity("Update", actor.clone())).await;
    assert!(s.account(&s.ada).await.suspended_by_origin);
    actor["suspended"] = json!(false);
    s.ada.delivers(&s.node, &s.ada.activity("Update", actor)).await;
    assert!(!s.account(&s.ada).await.suspended_by_origin);
}

#[tokio::test]
async fn fed_del_02_fed_del_05_fed_del_07_deletes_come_in_several_forms() {
    let s = Scene::new().await;
    for (n, form) in ["id", "object", "tombstone"].into_iter().enumerate() {
        let note = s.note(&s.ada, &n.to_string(), "x");
        let id = s.creates(&s.ada, &note).await;
        let object = match form {
            "id" => json!(id),
            "object" => note,
            _ => json!({"id": id, "type": "Tombstone", "formerType": "Note"}),
        };
        s.ada.delivers(&s.node, &s.ada.activity("Delete", object)).await;
        assert!(s.post(&id).await.is_none(), "{form}");
    }
    s.east.forget();
    assert_eq!(s.sends(&s.ada, &s.ada.activity("Delete", format!("{}/notes/unknown", s.ada.id))).await, 202);
    assert!(s.east.received().is_empty(), "nobody looks");
}

#[tokio::test]
async fn fed_del_03_fed_upd_a_delete_that_overtakes_its_create_wins() {
    let s = Scene::new().await;
    let note = s.note(&s.ada, "1", "x");
    s.ada.delivers(&s.node, &s.ada.activity("Delete", note["id"].clone())).await;
    s.creates(&s.ada, &note).await;
    assert_eq!(s.count("select count(*) from posts").await, 0);
    // Nobody can keep a post of another away like this.
    let other = s.note(&s.ada, "2", "x");
    s.sends(&s.mallory, &s.mallory.activity("Delete", other["id"].clone())).await;
    s.creates(&s.ada, &other).await;
    assert_eq!(s.count("select count(*) from posts").await, 1);
}

#[tokio::test]
async fn fed_del_06_an_actor_that_deletes_itself_takes_everything_along() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    let id = s.creates(&s.ada, &s.note(&s.ada, "1", "x")).await;
    s.ada.delivers(&s.node, &s.ada.activity("Like", own.clone())).await;
    s.ada.delivers(&s.node, &boost(&s.ada, own.clone())).await;
    s.ada.delivers(&s.node, &s.ada.activity("Delete", s.ada.id.clone())).await;
    s.node.settle().await;
    assert!(s.post(&id).await.is_none());
    let seen = s.status(&s.bob, &own).await;
    assert_eq!((&seen["favourites_count"], &seen["reblogs_count"]), (&json!(0), &json!(0)));
    assert_eq!(s.count("select count(*) from follows").await, 0);
    assert!(s.told(&s.bob).await.is_empty());
    let gone = s.account(&s.ada).await;
    assert!(gone.deleted_at.is_some());
    // The handle is free for a new id.
    let heir = Sender::new(&s.east, "ada");
    let mut document = s.east.person("ada", &heir.signer.key.public_pem().unwrap());
    let id = s.east.url("/people/2");
    document["id"] = json!(id);
    document["publicKey"]["id"] = json!(format!("{id}#main-key"));
    document["publicKey"]["owner"] = json!(id);
    s.east.serve("/people/2", document);
    let mut heir = heir;
    heir.id = id.clone();
    heir.signer.key_id = format!("{id}#main-key");
    s.meet(&heir).await;
    assert_eq!(s.account(&heir).await.username, "ada");
}

#[tokio::test]
async fn fed_del_08_sec_sig_20_who_was_suspended_elsewhere_is_back_when_their_server_shows_them_again() {
    let s = Scene::new().await;
    let pem = s.ada.signer.key.public_pem().unwrap();
    let id = s.creates(&s.ada, &s.note(&s.ada, "1", "x")).await;
    let delete = s.ada.activity("Delete", s.ada.id.clone());
    let gone = async || s.account(&s.ada).await.deleted_at.is_some();
    s.sends(&s.ada, &delete).await;
    assert!(gone().await);
    // Her word alone is not enough while her server shows nobody, which is asked once a day.
    s.east.serve_as("/users/ada", 410, "text/plain", "");
    s.east.forget();
    for _ in 0..3 {
        assert_eq!(s.sends(&s.ada, &s.ada.activity("Undo", delete.clone())).await, 401);
        s.node.clock.advance(7 * 3_600_000);
    }
    assert_eq!(reads(&s.east, "/users/ada"), 1);
    // Neither is somebody else's, a signature that is not hers, or anything else that she signs; nobody is asked for those.
    s.east.person("ada", &pem);
    s.node.clock.advance(24 * 3_600_000);
    s.east.forget();
    let mut forged = s.ada.clone();
    forged.signer.key = rsa(1);
    assert_eq!(s.sends(&forged, &s.ada.activity("Undo", delete.clone())).await, 401);
    assert_eq!(s.sends(&s.mallory, &s.mallory.activity("Undo", delete.clone())).await, 403);
    assert_eq!(s.sends(&s.ada, &s.ada.activity("Like", s.writes(&s.bob, "public", "mine").await)).await, 401);
    assert_eq!(s.sends(&s.ada, &s.ada.activity("Undo", delete["id"].clone())).await, 401);
    assert!(gone().await);
    assert_eq!(reads(&s.east, "/users/ada"), 0);
    // She is there again, and says so.
    let undo = s.ada.activity("Undo", delete.clone());
    assert_eq!(s.sends(&s.ada, &undo).await, 202);
    assert!(!gone().await);
    let ada = s.account(&s.ada).await;
    assert_eq!((ada.display_name.as_str(), ada.handle.starts_with("ada@")), ("ada", true));
    assert!(s.post(&id).await.is_none(), "what went is gone");
    s.follows(&s.bob, &s.ada).await;
    let new = s.creates(&s.ada, &s.note(&s.ada, "2", "back")).await;
    assert!(s.home(&s.bob).await.contains(&new));
    // The next end is one, and what she said before is over.
    s.sends(&s.ada, &s.ada.activity("Delete", s.ada.id.clone())).await;
    s.node.clock.advance(301_000);
    assert_eq!(s.sends(&s.ada, &undo).await, 202);
    assert!(gone().await);
    // An end that was taken back before it came is none.
    let late = s.vera.activity("Delete", s.vera.id.clone());
    s.sends(&s.vera, &s.vera.activity("Undo", late.clone())).await;
    s.sends(&s.vera, &late).await;
    assert!(s.account(&s.vera).await.deleted_at.is_none());
}

#[tokio::test]
async fn fed_coll_02_pins_follow_the_featured_collection() {
    let s = Scene::new().await;
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    actor["featured"] = json!(format!("{}/featured", s.ada.id));
    s.east.serve("/users/ada", actor.clone());
    s.sends(&s.ada, &s.ada.activity("Update", actor)).await;
    let note = s.note(&s.ada, "1", "pinned");
    s.east.serve("/users/ada/notes/1", note.clone());
    let about = |kind: &str| {
        let mut it = s.ada.activity(kind, note["id"].clone());
        it["target"] = json!(format!("{}/featured", s.ada.id));
        it
    };
    s.sends(&s.ada, &about("Add")).await;
    let ada = s.account(&s.ada).await.id;
    let pinned = s.bob.get(&format!("/api/v1/accounts/{ada}/statuses?pinned=true")).await.ok();
    assert_eq!(pinned[0]["uri"], note["id"]);
    s.sends(&s.ada, &about("Remove")).await;
    assert_eq!(s.bob.get(&format!("/api/v1/accounts/{ada}/statuses?pinned=true")).await.ok(), json!([]));
}

#[tokio::test]
async fn fed_del_01_fed_del_04_a_deleted_post_takes_everything_along_and_never_comes_back() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "x");
    note["cc"] = json!([s.uri(&s.bob)]);
    note["tag"] = json!([{"type": "Mention", "href": s.uri(&s.bob)}]);
    note["attachment"] = json!([{"type": "Image", "url": s.east.url("/1.png")}]);
    s.east.serve("/users/ada/notes/1", note.clone());
    let create = s.ada.activity("Create", note.clone());
    s.sends(&s.ada, &create).await;
    let id = note["id"].as_str().unwrap();
    let post = s.post(id).await.unwrap().id;
    s.carol.post(&format!("/api/v1/statuses/{post}/reblog"), json!({})).await.ok();
    s.bob.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.ok();
    s.mallory.delivers(&s.node, &boost(&s.mallory, id)).await;
    s.node.settle().await;
    assert_eq!(s.told(&s.bob).await, ["mention"]);
    let tombstone = json!({"id": id, "type": "Tombstone"});
    assert_eq!(s.sends(&s.ada, &s.ada.activity("Delete", tombstone)).await, 202);
    let nothing = async |when: &str| {
        assert_eq!(s.count("select count(*) from posts").await, 0, "{when}");
        assert_eq!(s.count("select count(*) from favourites").await, 0, "{when}");
        assert!(s.told(&s.bob).await.is_empty(), "{when}");
        assert!(s.home(&s.bob).await.is_empty() && s.home(&s.carol).await.is_empty(), "{when}");
        assert_eq!(s.bob.get(&format!("/api/v1/statuses/{post}")).await.status, 404, "{when}");
    };
    nothing("deleted").await;
    s.node.clock.advance(25 * 3_600_000);
    s.node.app.write(|tx| tx.enqueue(&watercooler::domain::Task::Sweep)).await.unwrap();
    s.node.settle().await;
    assert_eq!(s.count("select count(*) from media").await, 0);
    // The same Create once more, another one, an Update, boosts, a fetch.
    s.sends(&s.ada, &create).await;
    s.creates(&s.ada, &note).await;
    s.sends(&s.ada, &s.ada.activity("Create", id)).await;
    s.sends(&s.ada, &s.ada.activity("Update", note.clone())).await;
    s.sends(&s.ada, &boost(&s.ada, id)).await;
    let found = s.bob.get(&format!("/api/v2/search?resolve=true&type=statuses&q={id}")).await.ok();
    assert_eq!(found["statuses"], json!([]));
    s.node.settle().await;
    nothing("asked for again").await;
}

#[tokio::test]
async fn fed_del_05_fed_del_07_a_delete_that_means_nothing_here_is_taken_without_a_fetch_or_an_error() {
    let s = Scene::new().await;
    let known = s.creates(&s.ada, &s.note(&s.ada, "1", "x")).await;
    // Somebody nobody knows, of a server that answers nothing.
    let mut stranger = Sender::new(&s.east, "stranger");
    stranger.id = "http://east.test:1/users/stranger".to_owned();
    stranger.signer.key_id = format!("{}#main-key", stranger.id);
    for object in [json!(stranger.id), json!(format!("{}/notes/1", stranger.id)), json!({"type": "Tombstone"})] {
        let status = s.sends(&stranger, &stranger.activity("Delete", object.clone())).await;
        assert!(status == 202 || status == 401 || status == 403, "{status} {object}");
    }
    // Somebody unknown of a server that is there; a key that is not there any more; a signature that does not fit.
    let unknown = Sender::new(&s.east, "unknown");
    s.east.forget();
    let status = s.sends(&unknown, &unknown.activity("Delete", format!("{}/notes/1", unknown.id))).await;
    assert_eq!((status, s.east.received().len()), (202, 0), "nobody looks");
    for answer in [404, 410, 500, 503] {
        s.east.serve_as("/users/ghost", answer, "text/plain", "");
        let ghost = Sender::known(&s.east, "ghost");
        let status = s.sends(&ghost, &ghost.activity("Delete", known.clone())).await;
        assert!(status < 500, "{status} for a key host that answers {answer}");
    }
    let mut letter = s.ada.letter(&s.node, "/inbox", &s.ada.activity("Delete", known.clone()));
    letter.header("signature").push('x');
    assert!((400..500).contains(&letter.send(&s.node).await.status));
    s.node.settle().await;
    assert!(s.post(&known).await.is_some());
}

#[tokio::test]
async fn fed_del_09_a_post_that_comes_changes_and_goes_at_once_is_gone() {
    let s = Scene::new().await;
    for round in 0..6 {
        let note = s.note(&s.ada, &format!("n{round}"), "first");
        let mut changed = note.clone();
        changed["content"] = json!("second");
        changed["updated"] = json!(s.node.clock.now().rfc3339());
        let (create, twin) = (s.ada.activity("Create", note.clone()), s.ada.activity("Create", note.clone()));
        let (update, announce) = (s.ada.activity("Update", changed), boost(&s.ada, note["id"].clone()));
        let delete = s.ada.activity("Delete", json!({"id": note["id"], "type": "Tombstone"}));
        let (a, b, c, d, e) = tokio::join!(
            s.ada.deliver(&s.node, &create),
            s.ada.deliver(&s.node, &update),
            s.ada.deliver(&s.node, &delete),
            s.ada.deliver(&s.node, &twin),
            s.ada.deliver(&s.node, &announce),
        );
        for reply in [a, b, c, d, e] {
            assert_eq!(reply.status, 202, "{}", reply.text);
        }
    }
    s.node.settle().await;
    assert_eq!(s.count("select count(*) from posts").await, 0);
    assert_eq!(s.account(&s.ada).await.posts_count, 0);
}

#[tokio::test]
async fn fed_coll_01_pinned_posts_are_read_with_an_account_and_again_when_it_is_refreshed() {
    let s = Scene::new().await;
    let hers = |n: usize| s.note(&s.ada, &n.to_string(), &format!("pin {n}"));
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    let featured = format!("{}/featured", s.ada.id);
    actor["featured"] = json!(featured);
    s.east.serve("/users/ada", actor.clone());
    let serve = |items: Value| {
        let collection = json!({"id": featured, "type": "OrderedCollection", "totalItems": 999, "orderedItems": items});
        s.east.serve("/users/ada/featured", collection);
    };
    s.east.serve("/users/ada/notes/2", hers(2));
    let foreign = s.note(&s.mallory, "1", "not hers");
    let far = s.note(&s.vera, "1", "not even there");
    s.west.serve("/users/vera/notes/1", far.clone());
    serve(json!([hers(1), hers(2)["id"], foreign, far["id"], s.east.url("/nothing"), 7]));
    s.sends(&s.ada, &s.ada.activity("Update", actor)).await;
    let ada = s.account(&s.ada).await.id;
    let pinned = async || {
        let list = s.bob.get(&format!("/api/v1/accounts/{ada}/statuses?pinned=true")).await.ok();
        list.as_array().unwrap().iter().map(|p| p["uri"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let ids = |numbers: &[usize]| numbers.iter().map(|n| format!("{}/notes/{n}", s.ada.id)).collect::<Vec<_>>();
    assert_eq!(pinned().await, ids(&[1, 2]));
    assert_eq!(s.count("select count(*) from posts").await, 2, "nothing of others");
    assert!(s.told(&s.bob).await.is_empty());
    // A day later she acts, and is read again; twenty are enough.
    serve((2..40).map(hers).collect());
    s.node.clock.advance(25 * 3_600_000);
    s.creates(&s.ada, &s.note(&s.ada, "new", "x")).await;
    let now = pinned().await;
    assert_eq!(now.len(), 20);
    assert!(now.contains(&ids(&[2])[0]));
    serve(json!([hers(3)]));
    s.node.clock.advance(25 * 3_600_000);
    s.creates(&s.ada, &s.note(&s.ada, "newer", "x")).await;
    assert_eq!(pinned().await, ids(&[3]));
}
