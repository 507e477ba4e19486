//! What is expected of a good citizen of the fediverse, in small things: rows of the second and third priority of the
//! federation checklist that no other file is about.

use crate::support::{NodeBuilder, PUBLIC, Scene, Sender};
use serde_json::{Value, json};
use watercooler::{db, federation::signatures::Scheme, store};

#[tokio::test]
async fn fed_sigin_11_a_clock_that_is_nearly_an_hour_wrong_breaks_nothing() {
    let s = Scene::new().await;
    for scheme in [Scheme::Cavage, Scheme::Rfc9421] {
        let ada = Sender { scheme, ..s.ada.clone() };
        for wrong in [3_540_000, -3_540_000] {
            let letter = ada.letter(&s.node, "/inbox", &ada.activity("Like", "https://far.example/1"));
            s.node.clock.advance(wrong);
            assert_eq!(letter.send(&s.node).await.status, 202, "{scheme:?} {wrong}");
            s.node.clock.advance(-wrong);
        }
    }
}

#[tokio::test]
async fn fed_sigin_14_a_covered_header_that_is_not_there_proves_nothing_and_breaks_nothing() {
    let s = Scene::new().await;
    let body = s.ada.activity("Like", "https://far.example/1");
    for (scheme, header, from, to) in [
        (Scheme::Cavage, "signature", "headers=\"", "headers=\"x-missing "),
        (Scheme::Rfc9421, "signature-input", "\"content-type\")", "\"content-type\" \"x-missing\")"),
    ] {
        let ada = Sender { scheme, ..s.ada.clone() };
        let mut letter = ada.letter(&s.node, "/inbox", &body);
        let value = letter.header(header);
        assert!(value.contains(from), "{value}");
        *value = value.replace(from, to);
        assert_eq!(letter.send(&s.node).await.status, 401, "{scheme:?}");
    }
    assert_eq!(s.ada.deliver(&s.node, &body).await.status, 202, "content-type is one header more than needed");
}

#[tokio::test]
async fn fed_sigout_08_an_actor_has_one_rsa_key_for_all_and_an_ed25519_key_beside_it() {
    let s = Scene::new().await;
    let actor = s.bob.get_activity("/users/bob").await.ok();
    let id = s.uri(&s.bob);
    assert!(actor["publicKey"].is_object(), "old readers know no list");
    assert_eq!(
        (&actor["publicKey"]["id"], &actor["publicKey"]["owner"]),
        (&json!(format!("{id}#main-key")), &json!(id))
    );
    let listed = actor["assertionMethod"].as_array().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], format!("{id}#ed25519-key"));
    assert_eq!((&listed[0]["type"], &listed[0]["controller"]), (&json!("Multikey"), &json!(id)));
}

#[tokio::test]
async fn fed_fol_08_an_undo_that_came_first_is_remembered() {
    let s = Scene::new().await;
    let follow = s.mallory.activity("Follow", s.uri(&s.bob));
    s.sends(&s.mallory, &s.mallory.activity("Undo", follow["id"].clone())).await;
    assert_eq!(s.sends(&s.mallory, &follow).await, 202);
    assert_eq!(s.count("select count(*) from follows").await, 1, "bob's own");
    assert!(s.east.inbox().is_empty(), "nothing is accepted");
}

#[tokio::test]
async fn fed_post_10_emoji_come_with_the_post_and_are_shown_with_it() {
    let s = Scene::new().await;
    let note = |name: &str, picture: &str| {
        let mut note = s.note(&s.ada, name, "<p>:tea:</p>");
        note["tag"] = json!([{
            "id": s.east.url("/emojis/tea"), "type": "Emoji", "name": ":tea:", "updated": "2026-11-23T00:00:00Z",
            "icon": {"type": "Image", "mediaType": "image/png", "url": s.east.url(picture)},
        }]);
        note
    };
    let mut pictures = Vec::new();
    for (name, picture) in [("1", "/a.png"), ("2", "/b.png")] {
        let id = s.creates(&s.ada, &note(name, picture)).await;
        let seen = s.status(&s.bob, &id).await;
        assert_eq!(seen["emojis"].as_array().map(Vec::len), Some(1), "{seen}");
        assert_eq!(seen["emojis"][0]["shortcode"], "tea");
        pictures.push(seen["emojis"][0]["url"].clone());
    }
    assert_ne!(pictures[0], pictures[1], "each post has the picture that it came with");
}

#[tokio::test]
async fn fed_post_10_a_newer_picture_of_an_emoji_is_shown_in_older_posts_and_profiles_of_its_server_too() {
    let s = Scene::new().await;
    let at = |days: i64| s.node.clock.now().plus_days(days).rfc3339();
    let tag = |picture: &str, updated: Value| {
        let icon = json!({"type": "Image", "url": s.east.url(picture)});
        json!([{"type": "Emoji", "name": ":tea:", "updated": updated, "icon": icon}])
    };
    let note = |who: &Sender, name: &str, tag: Value| {
        let mut note = s.note(who, name, "<p>:tea:</p>");
        (note["tag"], note["cc"]) = (tag, json!([s.uri(&s.bob)]));
        note
    };
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    (actor["name"], actor["tag"]) = (json!("Ada :tea:"), tag("/old.png", json!(at(-9))));
    s.east.serve("/users/ada", actor.clone());
    s.sends(&s.ada, &s.ada.activity("Update", actor)).await;
    let first = s.creates(&s.ada, &note(&s.ada, "1", tag("/old.png", json!(at(-9))))).await;
    let undated = s.creates(&s.ada, &note(&s.ada, "2", tag("/undated.png", Value::Null))).await;
    // The same name on another server is another emoji.
    let far = s.creates(&s.vera, &note(&s.vera, "1", tag("/far.png", json!(at(-9))))).await;
    let newer = s.creates(&s.mallory, &note(&s.mallory, "3", tag("/new.png", json!(at(-2))))).await;
    assert!(s.post(&newer).await.is_some());
    // What comes late is old.
    s.creates(&s.ada, &note(&s.ada, "4", tag("/older.png", json!(at(-5))))).await;
    let picture = async |uri: &str| s.status(&s.bob, uri).await["emojis"][0]["url"].as_str().unwrap().to_owned();
    let handed_out = |name: &str| crate::emojis::address(&s, &s.east.url(name));
    assert_eq!(picture(&first).await, handed_out("/new.png"));
    assert_eq!(picture(&undated).await, handed_out("/undated.png"));
    assert_eq!(picture(&far).await, handed_out("/far.png"));
    let account = s.status(&s.bob, &first).await["account"]["emojis"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(account, handed_out("/new.png"));
}

#[tokio::test]
async fn fed_post_27_the_html_of_a_post_counts_not_its_source() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "<p>shown <b>well</b></p>");
    note["_misskey_content"] = json!("$[spin source]");
    note["source"] = json!({"content": "$[spin source]", "mediaType": "text/x.misskeymarkdown"});
    let id = s.creates(&s.ada, &note).await;
    let content = s.status(&s.bob, &id).await["content"].as_str().unwrap().to_owned();
    assert!(content.contains("<b>well</b>") || content.contains("<strong>well</strong>"), "{content}");
    assert!(!content.contains("spin"), "{content}");
}

#[tokio::test]
async fn fed_post_28_a_chat_message_is_a_direct_post() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "psst");
    note["type"] = json!("ChatMessage");
    (note["to"], note["cc"]) = (json!([s.uri(&s.bob)]), json!([]));
    note["tag"] = json!([{"type": "Mention", "href": s.uri(&s.bob)}]);
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(s.status(&s.bob, &id).await["visibility"], "direct");
    let found = s.post(&id).await.unwrap().id;
    assert_eq!(s.carol.get(&format!("/api/v1/statuses/{found}")).await.status, 404);
}

#[tokio::test]
async fn fed_out_15_pins_are_told_to_the_servers_of_followers() {
    let s = Scene::new().await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    let uri = s.writes(&s.bob, "public", "mine").await;
    s.node.settle().await;
    let id = s.post(&uri).await.unwrap().id;
    for (verb, kind) in [("pin", "Add"), ("unpin", "Remove")] {
        s.east.forget();
        s.bob.post(&format!("/api/v1/statuses/{id}/{verb}"), json!({})).await.ok();
        s.node.settle().await;
        let told = s.east.inbox().into_iter().find(|a| a["type"] == kind).unwrap();
        assert_eq!((&told["object"], &told["actor"]), (&json!(uri), &json!(s.uri(&s.bob))));
        assert_eq!(told["target"], format!("{}/collections/featured", s.uri(&s.bob)));
    }
}

#[tokio::test]
async fn fed_thr_07_a_conversation_of_another_server_does_not_merge_threads() {
    let s = Scene::new().await;
    let mut first = s.note(&s.ada, "1", "one thread");
    let mut second = s.note(&s.vera, "2", "another one");
    for note in [&mut first, &mut second] {
        note["conversation"] = json!("tag:east.test,2026:1");
        note["context"] = json!(s.east.url("/contexts/1"));
        note["cc"] = json!([s.uri(&s.bob)]);
    }
    let (one, two) = (s.creates(&s.ada, &first).await, s.creates(&s.vera, &second).await);
    let (one, two) = (s.post(&one).await.unwrap(), s.post(&two).await.unwrap());
    assert_ne!(one.conversation_id, two.conversation_id);
    let seen = s.bob.get(&format!("/api/v1/statuses/{}/context", one.id)).await.ok();
    assert_eq!(seen, json!({"ancestors": [], "descendants": []}));
}

#[tokio::test]
async fn fed_out_17_fed_thr_07_an_answer_calls_a_thread_elsewhere_as_its_first_post_does() {
    let s = Scene::new().await;
    let mut first = s.note(&s.ada, "1", "a thread");
    let (name, context) = ("tag:east.test,2026:1", s.east.url("/contexts/1"));
    (first["conversation"], first["context"]) = (json!(name), json!(context));
    let mut plain = s.note(&s.ada, "2", "a post without a name");
    plain["conversation"] = json!("x".repeat(3_000));
    for (note, named) in [(&first, true), (&plain, false)] {
        let uri = s.creates(&s.ada, note).await;
        let mut above = s.post(&uri).await.unwrap().id.to_string();
        for _ in 0..2 {
            let body = json!({"status": "mine", "in_reply_to_id": above});
            let made = s.bob.post("/api/v1/statuses", body).await.ok();
            above = made["id"].as_str().unwrap().to_owned();
            let path = made["uri"].as_str().unwrap().strip_prefix(&s.node.url("")).unwrap().to_owned();
            let note = s.bob.get_activity(&path).await.ok();
            let wanted = if named { (json!(name), json!(context)) } else { (Value::Null, Value::Null) };
            assert_eq!((&note["conversation"], &note["context"]), (&wanted.0, &wanted.1));
        }
    }
}

#[tokio::test]
async fn fed_del_08_an_undone_deletion_is_taken_and_changes_nothing() {
    let s = Scene::new().await;
    let id = s.creates(&s.ada, &s.note(&s.ada, "1", "x")).await;
    let delete = s.ada.activity("Delete", id.clone());
    s.sends(&s.ada, &delete).await;
    assert_eq!(s.sends(&s.ada, &s.ada.activity("Undo", delete)).await, 202);
    assert!(s.post(&id).await.is_none());
}

#[tokio::test]
async fn fed_move_03_who_says_to_have_moved_is_shown_so_and_not_followed_any_more() {
    let s = Scene::new().await;
    let pem = s.ada.signer.key.public_pem().unwrap();
    let mut vera = s.west.person("vera", &pem);
    vera["alsoKnownAs"] = json!([s.mallory.id]);
    s.west.serve("/users/vera", vera.clone());
    s.sends(&s.vera, &s.vera.activity("Update", vera)).await;
    let mut mallory = s.east.person("mallory", &pem);
    mallory["movedTo"] = json!(s.vera.id);
    s.east.serve("/users/mallory", mallory.clone());
    s.sends(&s.mallory, &s.mallory.activity("Update", mallory)).await;
    let (old, new) = (s.account(&s.mallory).await.id, s.account(&s.vera).await.id);
    let seen = s.bob.get(&format!("/api/v1/accounts/{old}")).await.ok();
    assert_eq!(seen["moved"]["id"], new.to_string(), "{seen}");
    assert_eq!(s.carol.post(&format!("/api/v1/accounts/{old}/follow"), json!({})).await.status, 403);
}

#[tokio::test]
async fn fed_mod_05_a_forwarded_report_comes_from_the_node_and_names_nobody_who_reported() {
    let s = Scene::new().await;
    let uri = s.creates(&s.ada, &s.note(&s.ada, "1", "rude")).await;
    let (account, post) = (s.account(&s.ada).await.id, s.post(&uri).await.unwrap().id);
    let report = json!({
        "account_id": account.to_string(), "status_ids": [post.to_string()], "comment": "please look", "forward": true,
    });
    s.bob.post("/api/v1/reports", report).await.ok();
    s.node.settle().await;
    let flag = s.east.inbox().into_iter().find(|a| a["type"] == "Flag").unwrap();
    assert_eq!(flag["actor"], s.node.url("/actor"));
    assert_eq!((&flag["object"], &flag["content"]), (&json!([s.ada.id, uri]), &json!("please look")));
    assert!(!flag.to_string().contains("users/bob"));
}

#[tokio::test]
async fn fed_rob_05_an_activity_without_a_context_is_understood() {
    let s = Scene::new().await;
    let note = s.note(&s.ada, "1", "plain");
    let mut create = s.ada.activity("Create", note.clone());
    (create["to"], create["cc"]) = (note["to"].clone(), note["cc"].clone());
    create.as_object_mut().unwrap().remove("@context");
    assert_eq!(s.sends(&s.ada, &create).await, 202);
    assert!(s.post(note["id"].as_str().unwrap()).await.is_some());
}

#[tokio::test]
async fn fed_post_26_counts_that_others_claim_never_hide_our_own() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "x");
    for (name, total) in [("likes", 0), ("shares", 0), ("replies", 0)] {
        note[name] = json!({"type": "Collection", "totalItems": total});
    }
    let id = s.creates(&s.ada, &note).await;
    let post = s.post(&id).await.unwrap().id;
    s.bob.post(&format!("/api/v1/statuses/{post}/favourite"), json!({})).await.ok();
    let updated = |likes: u32| {
        let mut note = note.clone();
        note["likes"] = json!({"type": "Collection", "totalItems": likes});
        note["updated"] = json!(s.node.clock.now().plus_seconds(i64::from(likes) + 1).rfc3339());
        s.ada.activity("Update", note)
    };
    s.sends(&s.ada, &updated(0)).await;
    assert_eq!(s.status(&s.bob, &id).await["favourites_count"], 1);
}

#[tokio::test]
async fn fed_int_12_a_post_to_a_group_is_addressed_to_it() {
    let s = Scene::new().await;
    let mut document = s.east.person("rust", &s.ada.signer.key.public_pem().unwrap());
    document["type"] = json!("Group");
    s.east.serve("/users/rust", document);
    let group = Sender::known(&s.east, "rust");
    s.meet(&group).await;
    s.east.forget();
    s.writes(&s.bob, "public", &format!("@rust@{} hello", s.east.authority)).await;
    s.node.settle().await;
    let create: Value = s.east.inbox().into_iter().find(|a| a["type"] == "Create").unwrap();
    let all = [&create["object"]["to"], &create["object"]["cc"]];
    assert!(all.iter().any(|list| list.as_array().unwrap().contains(&json!(group.id))), "{create}");
    assert!(create["object"]["to"].as_array().unwrap().contains(&json!(PUBLIC)));
    assert_eq!(create["object"]["tag"][0]["href"], group.id);
}

/// Serves a note of somebody of east, answering `parent`, with these replies.
fn serves(s: &Scene, name: &str, parent: Option<&str>, replies: &[&str]) -> String {
    let path = format!("/notes/{name}");
    let id = s.east.url(&path);
    let replies: Vec<String> = replies.iter().map(|name| s.east.url(&format!("/notes/{name}"))).collect();
    let mut note = json!({
        "id": id, "type": "Note", "attributedTo": s.mallory.id, "to": [PUBLIC], "content": name,
        "published": s.node.clock.now().rfc3339(),
        "replies": {"type": "Collection", "first": {"type": "CollectionPage", "items": replies}},
    });
    if let Some(parent) = parent {
        note["inReplyTo"] = json!(parent);
    }
    s.east.serve(&path, note);
    id
}

/// The texts under a post.
async fn under(s: &Scene, post: &str) -> Vec<String> {
    let id = s.post(post).await.unwrap().id;
    let seen = s.bob.get(&format!("/api/v1/statuses/{id}/context")).await.ok();
    s.node.settle().await;
    let texts = seen["descendants"].as_array().unwrap().iter().map(|p| p["uri"].as_str().unwrap().to_owned());
    let mut texts: Vec<String> = texts.map(|uri| uri.rsplit('/').next().unwrap().to_owned()).collect();
    texts.sort();
    texts
}

#[tokio::test]
async fn fed_thr_03_opening_a_post_of_another_server_brings_what_others_answered() {
    let s = Scene::new().await;
    let root = serves(&s, "root", None, &["a", "b", "stray"]);
    let a = serves(&s, "a", Some(&root), &["c"]);
    serves(&s, "b", Some(&root), &["a"]);
    serves(&s, "c", Some(&a), &[]);
    serves(&s, "stray", Some("https://far.example/1"), &[]);
    let mut note = s.note(&s.mallory, "unused", "root");
    (note["id"], note["cc"]) = (json!(root), json!([s.uri(&s.bob)]));
    s.creates(&s.mallory, &note).await;
    s.east.forget();
    assert!(under(&s, &root).await.is_empty());
    assert!(s.east.received().is_empty(), "answers to a post of a moment ago are still on their way");
    s.node.clock.advance(301_000);
    assert!(under(&s, &root).await.is_empty(), "they come in the background");
    assert_eq!(under(&s, &root).await, ["a", "b", "c"], "and nothing that belongs to another thread");
    assert!(s.told(&s.bob).await.is_empty());
    let reads = s.east.received().len();
    under(&s, &root).await;
    assert_eq!(s.east.received().len(), reads, "not again so soon");
    serves(&s, "root", None, &["a", "b", "d"]);
    serves(&s, "d", Some(&a), &[]);
    s.node.clock.advance(901_000);
    under(&s, &root).await;
    assert_eq!(under(&s, &root).await, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn fed_thr_03_fed_upd_01_a_post_that_somebody_opens_is_shown_as_it_is_by_now() {
    let s = Scene::new().await;
    let root = serves(&s, "root", None, &[]);
    let mut note = s.note(&s.mallory, "unused", "as it was");
    (note["id"], note["cc"]) = (json!(root), json!([s.uri(&s.bob)]));
    s.creates(&s.mallory, &note).await;
    s.node.clock.advance(8 * 86_400_000);
    // Its Update was given up while this node was away.
    note["content"] = json!("as it is");
    note["updated"] = json!(s.node.clock.now().plus_seconds(-86_400).rfc3339());
    s.east.serve("/notes/root", note.clone());
    under(&s, &root).await;
    let seen = s.status(&s.bob, &root).await;
    assert_eq!(seen["content"], "as it is");
    assert!(!seen["edited_at"].is_null());
    // An older state that is served still does not come back.
    note["content"] = json!("older");
    note["updated"] = json!(s.node.clock.now().plus_seconds(-2 * 86_400).rfc3339());
    s.east.serve("/notes/root", note);
    s.node.clock.advance(901_000);
    under(&s, &root).await;
    assert_eq!(s.status(&s.bob, &root).await["content"], "as it is");
}

#[tokio::test]
async fn fed_fetch_06_a_long_thread_is_read_page_by_page() {
    const PAGES: usize = 12;
    const EACH: usize = 30;
    let s = Scene::new().await;
    let root = s.east.url("/notes/root");
    for page in 0..PAGES {
        let answers = (0..EACH).map(|nth| serves(&s, &format!("{page}-{nth}"), Some(&root), &[]));
        let path = |page: usize| format!("/pages/{page}");
        let mut document =
            json!({"id": s.east.url(&path(page)), "type": "CollectionPage", "items": answers.collect::<Vec<_>>()});
        if page + 1 < PAGES {
            document["next"] = json!(s.east.url(&path(page + 1)));
        }
        s.east.serve(&path(page), document);
    }
    let mut note = s.note(&s.mallory, "unused", "root");
    (note["id"], note["cc"]) = (json!(root), json!([s.uri(&s.bob)]));
    note["replies"] = json!({"type": "Collection", "first": s.east.url("/pages/0")});
    s.east.serve("/notes/root", note.clone());
    s.creates(&s.mallory, &note).await;
    s.node.clock.advance(301_000);
    under(&s, &root).await;
    let found = s.count("select count(*) from posts where in_reply_to_id is not null").await;
    assert_eq!(found, (PAGES * EACH) as i64);
}

#[tokio::test]
async fn fed_thr_03_the_context_of_a_thread_is_read_first() {
    let s = Scene::new().await;
    let root = serves(&s, "root", None, &[]);
    let a = serves(&s, "a", Some(&root), &[]);
    let c = serves(&s, "c", Some(&a), &[]);
    let context = s.east.url("/contexts/1");
    s.east.serve("/contexts/1", json!({"id": context, "type": "OrderedCollection", "orderedItems": [root, a, c]}));
    let mut note = s.note(&s.mallory, "unused", "root");
    (note["id"], note["cc"], note["context"]) = (json!(root), json!([s.uri(&s.bob)]), json!(context));
    s.east.serve("/notes/root", note.clone());
    s.creates(&s.mallory, &note).await;
    s.node.clock.advance(301_000);
    under(&s, &root).await;
    assert_eq!(under(&s, &root).await, ["a", "c"]);
}

#[tokio::test]
async fn fed_thr_03_a_context_may_name_answers_first_and_activities() {
    let s = Scene::new().await;
    let root = serves(&s, "root", None, &[]);
    let a = serves(&s, "a", Some(&root), &[]);
    let b = serves(&s, "b", Some(&a), &[]);
    let c = serves(&s, "c", Some(&b), &[]);
    serves(&s, "stray", Some("https://far.example/1"), &[]);
    // The newest first, each as what put it there.
    let create = |id: &str| json!({"type": "Create", "actor": s.mallory.id, "object": {"id": id, "type": "Note"}});
    let add = json!({"type": "Add", "actor": s.mallory.id, "object": create(&a)});
    let stray = s.east.url("/notes/stray");
    let items = json!([c, create(&b), stray, add, root]);
    let history = s.east.url("/histories/1");
    s.east.serve("/histories/1", json!({"id": history, "type": "OrderedCollection", "orderedItems": items}));
    let mut note = s.note(&s.mallory, "unused", "root");
    (note["id"], note["cc"], note["contextHistory"]) = (json!(root), json!([s.uri(&s.bob)]), json!(history));
    note["context"] = json!("tag:east.example,2026:1");
    s.east.serve("/notes/root", note.clone());
    s.creates(&s.mallory, &note).await;
    s.node.clock.advance(301_000);
    under(&s, &root).await;
    assert_eq!(under(&s, &root).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn fed_thr_03_what_is_known_already_is_asked_for_what_answers_it() {
    let s = Scene::new().await;
    // A thread that began here: somebody answers, and somebody else answers that without naming anybody here.
    let uri = s.writes(&s.bob, "public", "who knows?").await;
    let a = serves(&s, "a", Some(&uri), &["b"]);
    let b = serves(&s, "b", Some(&a), &["c"]);
    serves(&s, "c", Some(&b), &[]);
    let mut note = s.note(&s.mallory, "unused", "a");
    (note["id"], note["inReplyTo"], note["cc"]) = (json!(a), json!(uri), json!([s.uri(&s.bob)]));
    s.creates(&s.mallory, &note).await;
    s.node.clock.advance(301_000);
    assert_eq!(under(&s, &uri).await, ["a"]);
    assert_eq!(under(&s, &uri).await, ["a", "b", "c"]);
    // Something new below what was found the last time.
    serves(&s, "c", Some(&b), &["d"]);
    let c = s.east.url("/notes/c");
    serves(&s, "d", Some(&c), &["a"]);
    s.node.clock.advance(901_000);
    under(&s, &uri).await;
    assert_eq!(under(&s, &uri).await, ["a", "b", "c", "d"]);
    // Where nobody elsewhere wrote, nobody is asked.
    let alone = s.writes(&s.bob, "public", "alone").await;
    s.node.clock.advance(301_000);
    s.east.forget();
    assert!(under(&s, &alone).await.is_empty());
    assert!(s.east.received().iter().all(|request| request.method != "GET"));
}

#[tokio::test]
async fn fed_fetch_08_a_post_that_is_not_there_any_more_goes_at_once_or_after_a_second_look() {
    let s = Scene::new().await;
    let mut ids = Vec::new();
    for name in ["gone", "tomb", "lost", "back", "shut", "sick"] {
        let id = serves(&s, name, None, &[]);
        let mut note = s.note(&s.mallory, "unused", name);
        (note["id"], note["cc"]) = (json!(id), json!([s.uri(&s.bob)]));
        s.creates(&s.mallory, &note).await;
        ids.push(id);
    }
    s.node.clock.advance(301_000);
    for (name, status) in [("gone", 410), ("lost", 404), ("back", 404), ("shut", 403), ("sick", 500)] {
        s.east.serve_as(&format!("/notes/{name}"), status, "text/plain", "");
    }
    s.east.serve("/notes/tomb", json!({"id": s.east.url("/notes/tomb"), "type": "Tombstone"}));
    for id in &ids {
        under(&s, id).await;
    }
    let left = async || {
        let mut left = Vec::new();
        for id in &ids {
            if s.post(id).await.is_some() {
                left.push(id.rsplit('/').next().unwrap());
            }
        }
        left
    };
    assert_eq!(left().await, ["lost", "back", "shut", "sick"]);
    serves(&s, "back", None, &[]);
    s.node.clock.advance(3_601_000);
    s.node.settle().await;
    assert_eq!(left().await, ["back", "shut", "sick"]);
}

#[tokio::test]
async fn rel_24_what_was_deleted_elsewhere_after_an_old_backup_goes_when_somebody_opens_it() {
    let mut s = Scene::built(NodeBuilder::embedded).await;
    let mut ids = Vec::new();
    for name in ["gone", "kept"] {
        let id = serves(&s, name, None, &[]);
        let mut note = s.note(&s.mallory, "unused", name);
        (note["id"], note["cc"]) = (json!(id), json!([s.uri(&s.bob)]));
        s.creates(&s.mallory, &note).await;
        ids.push(id);
    }
    let (gone, kept) = (ids[0].clone(), ids[1].clone());
    let config = s.node.app.config().clone();
    let file = std::path::PathBuf::from(config.database.expose().strip_prefix("sqlite://").unwrap());
    let backup = file.with_extension("backup");
    db::copy_sqlite(&db::Settings::new(config.database.expose()), &backup).unwrap();
    drop(config);
    // The Delete comes, and then something of our own; both are after the backup.
    s.east.serve_as("/notes/gone", 410, "text/plain", "");
    s.mallory.delivers(&s.node, &s.mallory.activity("Delete", gone.clone())).await;
    s.node.settle().await;
    assert!(s.post(&gone).await.is_none() && s.post(&kept).await.is_some());
    s.writes(&s.bob, "public", "lost with the disk").await;
    let node = NodeBuilder::again(s.node).await;
    for end in ["-wal", "-shm"] {
        let mut beside = file.clone().into_os_string();
        beside.push(end);
        let _ = std::fs::remove_file(beside);
    }
    std::fs::copy(&backup, &file).unwrap();
    s.node = node.start().await;
    s.bob = s.bob.at(&s.node);
    assert!(s.post(&gone).await.is_some(), "nobody will tell of its end again");
    let id = s.post(&gone).await.unwrap().id;
    // Ids go on above all that the backup knows.
    let largest = s.node.app.read(store::sweep::largest_id).await.unwrap();
    let made = s.bob.post("/api/v1/statuses", json!({ "status": "new", "visibility": "public" })).await.ok();
    assert!(made["id"].as_str().unwrap().parse::<i64>().unwrap() > largest);
    s.node.clock.advance(301_000);
    for post in [&gone, &kept] {
        under(&s, post).await;
    }
    assert_eq!(s.bob.get(&format!("/api/v1/statuses/{id}")).await.status, 404);
    assert!(s.post(&gone).await.is_none());
    assert_eq!(s.status(&s.bob, &kept).await["content"], "kept");
}
