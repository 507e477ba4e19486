//! For whom something is: the rows of ADDR, and what a recipient list hides (DLV-07).

use crate::support::{Client, PUBLIC, Scene};
use serde_json::{Value, json};
use watercooler::model::Visibility;

/// Whether a client may read the post with this object id.
async fn reads(s: &Scene, who: &Client, uri: &str) -> bool {
    let id = s.post(uri).await.expect("it is stored").id;
    who.get(&format!("/api/v1/statuses/{id}")).await.status == 200
}

async fn listed(who: &Client, path: &str) -> Vec<String> {
    let list = who.get(path).await.ok();
    list.as_array().unwrap().iter().map(|s| s["uri"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn fed_addr_in_02_unlisted_posts_are_for_everybody_who_has_the_link() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "x #tea");
    (note["to"], note["cc"]) = (json!([format!("{}/followers", s.ada.id)]), json!([PUBLIC]));
    note["tag"] = json!([{"type": "Hashtag", "name": "#tea"}]);
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(s.post(&id).await.unwrap().visibility, Visibility::Unlisted);
    assert!(reads(&s, &s.carol, &id).await && s.home(&s.bob).await == [id]);
    assert!(listed(&s.carol, "/api/v1/timelines/public").await.is_empty());
    assert!(listed(&s.carol, "/api/v1/timelines/tag/tea").await.is_empty());
    // In both lists it is public.
    let mut note = s.note(&s.ada, "2", "x");
    (note["to"], note["cc"]) = (json!([PUBLIC]), json!([PUBLIC]));
    assert_eq!(s.post(&s.creates(&s.ada, &note).await).await.unwrap().visibility, Visibility::Public);
}

#[tokio::test]
async fn fed_addr_in_04_a_direct_post_is_for_whom_it_addresses_or_mentions() {
    let s = Scene::new().await;
    let dave = s.node.member("dave").await;
    // To carol, mentioning bob.
    let mut note = s.note(&s.ada, "1", "x");
    (note["to"], note["cc"]) = (json!([s.uri(&s.carol)]), json!([]));
    note["tag"] = json!([{"type": "Mention", "href": s.uri(&s.bob), "name": "@bob"}]);
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(s.post(&id).await.unwrap().visibility, Visibility::Direct);
    assert!(reads(&s, &s.carol, &id).await && reads(&s, &s.bob, &id).await && !reads(&s, &dave, &id).await);
    assert!(s.told(&s.carol).await.is_empty(), "addressed without being mentioned");
    assert!(s.told(&s.bob).await.is_empty(), "mentioned without being addressed");
    // Both: told.
    let mut note = s.note(&s.mallory, "1", "x");
    (note["to"], note["cc"]) = (json!([s.uri(&s.bob)]), json!([]));
    note["tag"] = json!([{"type": "Mention", "href": s.uri(&s.bob), "name": "@bob"}]);
    s.creates(&s.mallory, &note).await;
    assert_eq!(s.told(&s.bob).await, ["mention"]);
    // To nobody here, but left in the inbox of dave.
    let mut note = s.note(&s.mallory, "2", "x");
    (note["to"], note["cc"]) = (json!([s.vera.id]), json!([]));
    let create = s.mallory.activity("Create", note.clone());
    assert_eq!(s.mallory.letter(&s.node, "/users/dave/inbox", &create).send(&s.node).await.status, 202);
    s.node.settle().await;
    let id = note["id"].as_str().unwrap();
    assert!(reads(&s, &dave, id).await && !reads(&s, &s.bob, id).await && s.told(&dave).await.is_empty());
    // No timeline of anybody else has any of them.
    for path in ["/api/v1/timelines/home", "/api/v1/timelines/public"] {
        assert!(listed(&s.carol, path).await.is_empty(), "{path}");
    }
    assert!(listed(&dave, "/api/v1/timelines/public").await.is_empty());
    let ada = s.account(&s.ada).await.id;
    assert!(listed(&dave, &format!("/api/v1/accounts/{ada}/statuses")).await.is_empty());
}

#[tokio::test]
async fn fed_addr_in_06_recipients_are_read_in_every_form_and_the_objects_own_win() {
    let s = Scene::new().await;
    let followers = format!("{}/followers", s.ada.id);
    for (n, (to, cc, expected)) in [
        (json!(PUBLIC), json!(null), Visibility::Public),
        (json!({"id": PUBLIC}), json!([]), Visibility::Public),
        (json!([{"id": followers}]), json!({"type": "Collection", "id": PUBLIC}), Visibility::Unlisted),
        (json!(followers), json!(null), Visibility::Private),
        (json!([]), json!([{"type": "Collection", "id": followers}]), Visibility::Private),
        (json!({"type": "Person", "id": s.uri(&s.bob)}), json!(null), Visibility::Direct),
    ]
    .into_iter()
    .enumerate()
    {
        let mut note = s.note(&s.ada, &n.to_string(), "x");
        (note["to"], note["cc"]) = (to, cc);
        // The activity says otherwise, which counts for nothing.
        let mut create = s.ada.activity("Create", note.clone());
        (create["to"], create["cc"]) = (json!([PUBLIC]), json!([s.uri(&s.carol)]));
        s.sends(&s.ada, &create).await;
        let post = s.post(note["id"].as_str().unwrap()).await.unwrap();
        assert_eq!(post.visibility, expected, "{n}");
        if expected >= Visibility::Private {
            assert!(!reads(&s, &s.carol, &post.uri).await, "{n}");
        }
        // Without its own it has those of the activity.
        let mut note = s.note(&s.ada, &format!("bare{n}"), "x");
        let (to, cc) = (create["to"].clone(), create["cc"].clone());
        note.as_object_mut().unwrap().retain(|key, _| key != "to" && key != "cc");
        let mut create = s.ada.activity("Create", note.clone());
        (create["to"], create["cc"]) = (cc, to);
        s.sends(&s.ada, &create).await;
        assert_eq!(s.post(note["id"].as_str().unwrap()).await.unwrap().visibility, Visibility::Unlisted);
    }
}

#[tokio::test]
async fn fed_dlv_07_hidden_recipients_are_neither_sent_nor_served() {
    let s = Scene::new().await;
    let hides = |text: &str| !text.contains("\"bto\"") && !text.contains("\"bcc\"") && !text.contains("secret");
    // What somebody hid in their Follow does not come back in our answer.
    let mut follow = s.ada.activity("Follow", s.uri(&s.bob));
    (follow["bto"], follow["bcc"]) = (json!([s.east.url("/users/secret")]), json!(s.east.url("/users/secret")));
    s.sends(&s.ada, &follow).await;
    let ada = s.account(&s.ada).await;
    let handle = format!("@{}", ada.handle);
    for visibility in ["public", "unlisted", "private", "direct"] {
        let uri = s.writes(&s.bob, visibility, &format!("{handle} x")).await;
        s.node.settle().await;
        for address in [uri.clone(), format!("{uri}/activity")] {
            let path = address.strip_prefix(s.node.app.site().base()).unwrap().to_owned();
            let read = s.ada.reading(&s.node, &path).send(&s.node).await;
            assert_eq!(read.status, 200, "{visibility}");
            assert!(hides(&read.text), "{}", read.text);
        }
    }
    // A post with hidden recipients, passed on by us: named, never copied.
    let mut note = s.note(&s.ada, "1", "x");
    note["bcc"] = json!([s.east.url("/users/secret")]);
    let id = s.creates(&s.ada, &note).await;
    let post = s.post(&id).await.unwrap().id;
    s.bob.post(&format!("/api/v1/statuses/{post}/reblog"), json!({})).await.ok();
    s.node.settle().await;
    let outbox = s.ada.reading(&s.node, "/users/bob/outbox?page=true").send(&s.node).await;
    assert!(outbox.ok()["orderedItems"].as_array().unwrap().len() >= 3 && hides(&outbox.text));
    let sent: Vec<Value> = s.east.inbox();
    assert!(sent.iter().any(|a| a["type"] == "Accept") && sent.iter().any(|a| a["type"] == "Announce"));
    assert!(sent.iter().filter(|a| a["type"] == "Create").count() >= 4);
    assert!(sent.iter().all(|a| hides(&a.to_string())));
}
