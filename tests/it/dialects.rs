//! How other programs say what ours say otherwise: forms that no paper forbids and that live servers and libraries send.

use crate::{
    inbox::{like, pair, reads, taken},
    support::{NodeBuilder, PUBLIC, Peer, Scene, Sender, rsa},
};
use serde_json::{Value, json};

#[tokio::test]
async fn fed_sigin_18_a_signature_may_name_the_actor_where_it_means_the_actors_key() {
    let (node, peer) = pair().await;
    // As activitypub-express does, and so Guppe.
    let mut ada = Sender::new(&peer, "ada");
    ada.signer.key_id = ada.id.clone();
    ada.delivers(&node, &like(&ada)).await;
    peer.forget();
    ada.delivers(&node, &like(&ada)).await;
    let by_its_name = Sender::known(&peer, "ada");
    by_its_name.delivers(&node, &like(&ada)).await;
    assert_eq!(reads(&peer, "/users/ada"), 0, "both names are known");

    // A new key is read with the first request that it signs; one that the actor does not list proves nothing.
    peer.person("ada", &rsa(1).public_pem().unwrap());
    ada.signer.key = rsa(1);
    ada.delivers(&node, &like(&ada)).await;
    ada.signer.key = rsa(2);
    assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 401);
    assert_eq!(taken(&node).await, 4);
}

#[tokio::test]
async fn fed_sigin_19_an_actor_may_list_no_more_than_the_id_of_its_key() {
    let (node, peer) = pair().await;
    let pem = rsa(0).public_pem().unwrap();
    let mut document = peer.person("ada", &pem);
    let id = document["id"].as_str().unwrap().to_owned();
    document["publicKey"] = json!(peer.url("/keys/1"));
    peer.serve("/users/ada", document);
    for number in [1, 2] {
        let name = format!("/keys/{number}");
        let key = json!({ "id": peer.url(&name), "type": "Key", "owner": id, "publicKeyPem": pem });
        peer.serve(&name, key);
    }
    let mut ada = Sender::known(&peer, "ada");
    ada.signer.key_id = peer.url("/keys/1");
    ada.delivers(&node, &like(&ada)).await;
    ada.delivers(&node, &like(&ada)).await;
    ada.signer.key_id = peer.url("/keys/2");
    assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 401, "the actor does not list it");
    assert_eq!(taken(&node).await, 2);
}

#[tokio::test]
async fn fed_thr_01_fed_int_01_fed_fol_01_the_page_of_a_person_or_a_post_stands_for_its_id() {
    let s = Scene::new().await;
    let post = s.writes(&s.bob, "public", "hello").await;
    let written = s.status(&s.bob, &post).await;
    let (page, profile) = (written["url"].clone(), s.node.url("/@bob"));
    let mut note = s.note(&s.mallory, "1", "an answer");
    note["inReplyTo"] = page.clone();
    note["cc"] = json!([s.uri(&s.bob)]);
    note["tag"] = json!([{ "type": "Mention", "href": profile, "name": "@bob" }]);
    let answer = s.creates(&s.mallory, &note).await;
    let answer = s.status(&s.bob, &answer).await;
    assert_eq!(answer["in_reply_to_id"], written["id"]);
    assert_eq!(answer["mentions"][0]["username"], "bob");

    s.sends(&s.mallory, &s.mallory.activity("Like", page.clone())).await;
    s.sends(&s.mallory, &s.mallory.activity("Follow", profile)).await;
    let mut told = s.told(&s.bob).await;
    told.sort();
    assert_eq!(told, ["favourite", "follow", "mention"]);
    let like = json!({ "type": "Like", "actor": s.mallory.id, "object": page });
    s.sends(&s.mallory, &s.mallory.activity("Undo", like)).await;
    assert_eq!(s.status(&s.bob, &post).await["favourites_count"], 0);
}

#[tokio::test]
async fn fed_fetch_09_fed_post_09_objects_where_others_write_texts_and_files_without_a_type() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "");
    note["content"] = json!({ "@value": "<p>Hallo</p>", "@language": "de" });
    note["cc"] = json!([s.uri(&s.bob)]);
    note["tag"] = json!([{ "type": "Mention", "href": { "@id": s.uri(&s.bob) }, "name": "@bob" }]);
    note["attachment"] =
        json!([{ "url": s.east.url("/a.png"), "mediaType": "image/png", "name": "a cat" }, { "name": "b" }]);
    let id = s.creates(&s.ada, &note).await;
    let shown = s.status(&s.bob, &id).await;
    assert_eq!((&shown["content"], &shown["language"]), (&json!("<p>Hallo</p>"), &json!("de")));
    assert_eq!(shown["mentions"][0]["username"], "bob");
    let files = shown["media_attachments"].as_array().unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!((&files[0]["type"], &files[0]["description"]), (&json!("image"), &json!("a cat")));
    let mut note = s.note(&s.ada, "picture", "");
    note["image"] = json!([{ "type": "Image", "url": s.east.url("/b.png"), "name": "a dog" }]);
    let id = s.creates(&s.ada, &note).await;
    assert_eq!(s.status(&s.bob, &id).await["media_attachments"][0]["description"], "a dog");

    // All of it written out, as a processor of JSON-LD leaves it that knows no shorter names.
    let term = |name: &str| format!("https://www.w3.org/ns/activitystreams#{name}");
    let id = format!("{}/notes/2", s.ada.id);
    let (bob, public) = (json!([{ "@id": s.uri(&s.bob) }]), json!([{ "@id": PUBLIC }]));
    let mention = json!({ "@type": [term("Mention")], term("href"): bob, term("name"): [{ "@value": "@bob" }] });
    let note = json!({
        "@id": id,
        "@type": [term("Note")],
        term("attributedTo"): [{ "@id": s.ada.id }],
        term("to"): public,
        term("cc"): bob,
        term("content"): [{ "@value": "<p>Hej</p>", "@language": "sv" }],
        term("sensitive"): [{ "@value": true }],
        term("tag"): [mention],
    });
    let create = json!({
        "@id": format!("{id}/create"),
        "@type": [term("Create")],
        term("actor"): [{ "@id": s.ada.id }],
        term("to"): public,
        term("cc"): bob,
        term("object"): [note],
    });
    assert_eq!(s.sends(&s.ada, &create).await, 202);
    let shown = s.status(&s.bob, &id).await;
    assert_eq!((&shown["content"], &shown["language"]), (&json!("<p>Hej</p>"), &json!("sv")));
    assert_eq!((&shown["visibility"], &shown["mentions"][0]["username"]), (&json!("public"), &json!("bob")));
    assert_eq!(shown["sensitive"], true);
}

#[tokio::test]
async fn fed_fetch_09_lists_of_others_may_say_that_they_are_lists() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "1", "<p>with all of it</p>");
    note["to"] = json!({ "@set": [PUBLIC] });
    note["cc"] = json!([{ "@list": [s.uri(&s.bob)] }, format!("{}/followers", s.ada.id)]);
    note["tag"] = json!({ "@list": [
        { "type": "Mention", "href": s.uri(&s.bob), "name": "@bob" }, { "type": "Hashtag", "name": "#tea" },
    ] });
    note["attachment"] = json!([{ "@list": [
        { "type": "Image", "url": s.east.url("/a.png"), "mediaType": "image/png", "name": "a cat" },
        { "type": "Image", "url": s.east.url("/b.png"), "mediaType": "image/png", "focalPoint": { "@list": [0.5, -0.5] } },
    ] }]);
    let id = s.creates(&s.ada, &note).await;
    let shown = s.status(&s.bob, &id).await;
    assert_eq!((&shown["visibility"], &shown["tags"][0]["name"]), (&json!("public"), &json!("tea")));
    assert_eq!(shown["mentions"][0]["username"], "bob");
    let files = shown["media_attachments"].as_array().unwrap();
    assert_eq!((files.len(), &files[0]["description"]), (2, &json!("a cat")));
    assert_eq!(files[1]["meta"]["focus"], json!({ "x": 0.5, "y": -0.5 }));
    // A collection that is read: what she pins.
    s.east.serve(
        "/users/ada/collections/featured",
        json!({
            "id": s.east.url("/users/ada/collections/featured"), "type": "OrderedCollection", "totalItems": 1,
            "orderedItems": { "@list": [id] },
        }),
    );
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    actor["featured"] = json!(s.east.url("/users/ada/collections/featured"));
    s.east.serve("/users/ada", actor.clone());
    s.sends(&s.ada, &s.ada.activity("Update", actor)).await;
    let ada = s.account(&s.ada).await.id;
    let pinned = s.bob.get(&format!("/api/v1/accounts/{ada}/statuses?pinned=true")).await.ok();
    assert_eq!(pinned[0]["uri"], json!(id));
}

#[tokio::test]
async fn fed_post_04_fed_post_05_names_and_warnings_in_several_languages_say_what_and_in_which() {
    let s = Scene::new().await;
    let shown = async |note: Value| {
        let id = s.creates(&s.ada, &note).await;
        s.status(&s.bob, &id).await
    };
    // Nothing but a title, in a language.
    let mut article = s.note(&s.ada, "article", "");
    article["type"] = json!("Article");
    article["nameMap"] = json!({ "de": "Lager, die singen", "en": "Bearings that sing" });
    let article = shown(article).await;
    let text = article["content"].as_str().unwrap();
    assert!(text.contains("Lager, die singen") && !text.contains("Bearings"), "{text}");
    assert_eq!(article["language"], "de");
    // Title and warning in the language of the text.
    let mut note = s.note(&s.ada, "note", "");
    note["contentMap"] = json!({ "en": "<p>hello</p>" });
    note["summaryMap"] = json!({ "und": " ", "de": "Vorsicht", "en": "careful" });
    let note = shown(note).await;
    assert_eq!((&note["content"], &note["spoiler_text"]), (&json!("<p>hello</p>"), &json!("careful")));
    assert_eq!(note["language"], "en");
    let mut warned = s.note(&s.ada, "warned", "<p>hello</p>");
    warned["summaryMap"] = json!({ "fr": "attention" });
    warned["attachment"] = json!([{
        "type": "Image", "url": s.east.url("/a.png"), "mediaType": "image/png", "nameMap": { "fr": "un chat" },
    }]);
    let warned = shown(warned).await;
    assert_eq!((&warned["spoiler_text"], &warned["language"]), (&json!("attention"), &json!("fr")));
    assert_eq!(warned["media_attachments"][0]["description"], "un chat");
    // What is said plainly counts before any of them.
    let mut plain = s.note(&s.ada, "plain", "<p>hello</p>");
    plain["summary"] = json!("plain");
    plain["summaryMap"] = json!({ "fr": "attention" });
    plain["language"] = json!("en");
    let plain = shown(plain).await;
    assert_eq!((&plain["spoiler_text"], &plain["language"]), (&json!("plain"), &json!("en")));
    // Somebody, and the answers of a poll.
    let mut actor = s.east.person("ada", &s.ada.signer.key.public_pem().unwrap());
    (actor["name"], actor["summary"]) = (Value::Null, Value::Null);
    (actor["nameMap"], actor["summaryMap"]) = (json!({ "de": "Ada L." }), json!({ "de": "<p>rechnet</p>" }));
    actor["attachment"] = json!([{ "type": "PropertyValue", "nameMap": { "de": "Ort" }, "value": "Lyon" }]);
    s.sends(&s.ada, &s.ada.activity("Update", actor)).await;
    let ada = s.account(&s.ada).await.id;
    let ada = s.bob.get(&format!("/api/v1/accounts/{ada}")).await.ok();
    assert_eq!((&ada["display_name"], &ada["note"]), (&json!("Ada L."), &json!("<p>rechnet</p>")));
    assert_eq!(ada["fields"][0]["name"], "Ort");
    let mut question = s.note(&s.ada, "question", "<p>which?</p>");
    question["type"] = json!("Question");
    question["oneOf"] = json!([{ "type": "Note", "nameMap": { "en": "tea" } }, { "type": "Note", "name": "coffee" }]);
    assert_eq!(shown(question).await["poll"]["options"][0]["title"], "tea");
}

#[tokio::test]
async fn fed_fetch_03_an_actor_may_be_a_part_of_the_document_at_its_address() {
    let (node, peer) = pair().await;
    let mut document = peer.person("ada", &rsa(0).public_pem().unwrap());
    let page = document["id"].as_str().unwrap().to_owned();
    let (id, key) = (format!("{page}#me"), format!("{page}#key"));
    document["id"] = json!(id);
    document["publicKey"] = json!({ "id": key, "owner": id, "publicKeyPem": rsa(0).public_pem().unwrap() });
    peer.serve("/users/ada", document);
    let subject = format!("acct:ada@{}", peer.authority);
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("resource", &subject).finish();
    let found = json!({
        "subject": subject, "links": [{ "rel": "self", "type": "application/activity+json", "href": id }],
    });
    peer.serve_as(&format!("/.well-known/webfinger?{query}"), 200, "application/jrd+json", found.to_string());
    let mut ada = Sender::known(&peer, "ada");
    (ada.id, ada.signer.key_id) = (id, key);
    ada.delivers(&node, &like(&ada)).await;
    assert_eq!(taken(&node).await, 1);
}

#[tokio::test]
async fn fed_fetch_05_a_handle_may_be_typed_as_webfinger_writes_it() {
    let s = Scene::new().await;
    s.east.person("ben", "none");
    let handle = format!("ben@{}", s.east.authority);
    for typed in [format!("acct:{handle}"), format!("acct:@{handle}")] {
        let found = s.bob.get(&format!("/api/v2/search?resolve=true&q={typed}")).await.ok();
        assert_eq!(found["accounts"][0]["acct"], json!(handle), "{typed}");
    }
}

#[tokio::test]
async fn fed_rob_09_somebody_is_named_by_the_letters_of_their_host() {
    let peer = Peer::start("xn--bcher-kva").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let ada = node.member("ada").await;
    peer.person("ben", "none");
    let typed = peer.authority.replace("xn--bcher-kva", "Bücher");
    let made = ada.post("/api/v1/statuses", json!({ "status": format!("hello @ben@{typed}") })).await.ok();
    assert_eq!(made["mentions"][0]["acct"], json!(format!("ben@{}", peer.authority)));
    assert!(made["content"].as_str().unwrap().contains("u-url mention"), "{made}");
}

#[tokio::test]
async fn fed_upd_03_fed_upd_04_who_says_of_their_update_only_who_they_are_is_read_where_they_live() {
    let s = Scene::new().await;
    let mut document = s.east.person("ada", &rsa(0).public_pem().unwrap());
    document["name"] = json!("Ada Lovelace");
    s.east.serve("/users/ada", document);
    let update = s.ada.activity("Update", json!({ "id": s.ada.id, "type": "Person" }));
    assert_eq!(s.sends(&s.ada, &update).await, 202);
    assert_eq!(s.account(&s.ada).await.display_name, "Ada Lovelace");
    let update = s.mallory.activity("Update", json!({ "id": s.ada.id, "type": "Person" }));
    assert_eq!(s.sends(&s.mallory, &update).await, 403, "of somebody else");
}
