//! What we send and serve, read by a program that knows nothing but plain ActivityStreams 2.0 and takes it at its word: terms
//! of others are nothing to it, those of ActivityStreams have the values that the vocabulary allows.

use crate::support::Scene;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every type of the vocabulary that we have a use for.
const TYPES: [&str; 33] = [
    "Accept",
    "Add",
    "Announce",
    "Application",
    "Block",
    "Collection",
    "CollectionPage",
    "Create",
    "Delete",
    "Document",
    "Flag",
    "Follow",
    "Group",
    "Image",
    "Join",
    "Leave",
    "Like",
    "Link",
    "Mention",
    "Move",
    "Note",
    "OrderedCollection",
    "OrderedCollectionPage",
    "Organization",
    "Person",
    "Place",
    "Question",
    "Reject",
    "Remove",
    "Service",
    "Tombstone",
    "Undo",
    "Update",
];
/// Terms whose values are addresses or objects, one or several.
const THINGS: [&str; 35] = [
    "actor",
    "anyOf",
    "attachment",
    "attributedTo",
    "audience",
    "bcc",
    "bto",
    "cc",
    "context",
    "current",
    "first",
    "followers",
    "following",
    "generator",
    "href",
    "icon",
    "image",
    "inReplyTo",
    "inbox",
    "instrument",
    "items",
    "last",
    "likes",
    "next",
    "object",
    "oneOf",
    "orderedItems",
    "outbox",
    "partOf",
    "prev",
    "replies",
    "shares",
    "tag",
    "target",
    "to",
];
const TEXTS: [&str; 6] = ["content", "mediaType", "name", "preferredUsername", "rel", "summary"];
const TIMES: [&str; 5] = ["deleted", "endTime", "published", "startTime", "updated"];
const NUMBERS: [&str; 4] = ["height", "startIndex", "totalItems", "width"];

fn is_address(text: &str) -> bool {
    url::Url::parse(text).is_ok()
}

/// `2026-11-23T12:00:00Z`, with a fraction or without.
fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let rest = shape.strip_prefix("0000-00-00T00:00:00").unwrap_or("wrong");
    let fraction = rest.strip_suffix('Z').unwrap_or("wrong");
    fraction.is_empty() || fraction.starts_with('.') && fraction[1..].chars().all(|c| c == '0') && fraction.len() > 1
}

/// Reads a thing; answers what is wrong with it, with the way there.
fn read(thing: &Value, at: &str, wrong: &mut Vec<String>, types: &mut BTreeSet<String>) {
    let Some(members) = thing.as_object() else {
        if !thing.as_str().is_some_and(is_address) {
            wrong.push(format!("{at}: neither an address nor an object: {thing}"));
        }
        return;
    };
    let known = match &thing["type"] {
        Value::String(kind) => {
            types.insert(kind.clone());
            TYPES.contains(&kind.as_str())
        }
        other => {
            wrong.push(format!("{at}: the type is {other}"));
            false
        }
    };
    // Of what it does not know it shows the name, or leads there.
    if !known && ["name", "id", "href"].iter().all(|key| thing[*key].is_null()) {
        wrong.push(format!("{at}: of a type it does not know, and nameless: {thing}"));
    }
    for (key, value) in members {
        let at = format!("{at}.{key}");
        let mut fail = |why: &str| wrong.push(format!("{at}: {why}: {value}"));
        match (key.as_str(), value) {
            // The same as left out.
            (_, Value::Null) => {}
            ("id", value) if !value.as_str().is_some_and(is_address) => fail("no address"),
            (key, value) if TEXTS.contains(&key) && !value.is_string() => fail("no text"),
            (key, value) if TIMES.contains(&key) && !value.as_str().is_some_and(is_time) => fail("no time"),
            (key, value) if NUMBERS.contains(&key) && value.as_u64().is_none() => fail("no number"),
            ("duration", value) if !value.as_str().is_some_and(|text| text.starts_with('P')) => fail("no duration"),
            ("contentMap" | "nameMap" | "summaryMap", value) => {
                let texts =
                    |map: &serde_json::Map<String, Value>| map.values().all(Value::is_string) && !map.is_empty();
                if !value.as_object().is_some_and(texts) {
                    fail("no texts by language");
                }
            }
            (key, Value::Array(list)) if THINGS.contains(&key) || key == "url" => {
                for (number, thing) in list.iter().enumerate() {
                    read(thing, &format!("{at}[{number}]"), wrong, types);
                }
            }
            (key, thing) if THINGS.contains(&key) || key == "url" => read(thing, &at, wrong, types),
            _ => {}
        }
    }
}

/// What a thing needs to be of use to it.
fn is_whole(document: &Value) -> bool {
    let has = |key: &str| !document[key].is_null();
    match document["type"].as_str().unwrap_or_default() {
        "Note" | "Question" => has("id") && has("attributedTo") && has("content") && has("to") && has("published"),
        "Collection" | "OrderedCollection" => {
            has("id") && ["totalItems", "first", "orderedItems"].map(has) != [false; 3]
        }
        "CollectionPage" | "OrderedCollectionPage" => has("id") && has("partOf"),
        "Person" | "Service" | "Application" | "Group" => {
            ["id", "inbox", "outbox", "preferredUsername"].map(has) == [true; 4]
        }
        "Tombstone" => has("id"),
        _ => has("id") && has("actor") && has("object"),
    }
}

#[tokio::test]
async fn whoever_knows_nothing_but_plain_activitystreams_reads_all_that_we_send_and_serve() {
    let s = Scene::new().await;
    for follower in [&s.ada, &s.vera, &s.mallory] {
        s.sends(follower, &follower.activity("Follow", s.uri(&s.bob))).await;
    }
    let vera = s.account(&s.vera).await.id;
    s.bob.post(&format!("/api/v1/accounts/{vera}/follow"), json!({})).await.ok();
    let text = format!("@vera@{} tea at https://tea.example/ #tea", s.west.authority);
    let first = json!({ "status": text, "spoiler_text": "tea", "language": "en" });
    let first = s.bob.post("/api/v1/statuses", first).await.ok();
    let at = format!("/api/v1/statuses/{}", first["id"].as_str().unwrap());
    let poll = json!({ "options": ["yes", "no"], "expires_in": 3_600 });
    s.bob
        .post("/api/v1/statuses", json!({ "status": "well?", "poll": poll, "in_reply_to_id": first["id"] }))
        .await
        .ok();
    s.bob.put(&at, json!({ "status": "coffee", "language": "en" })).await.ok();
    for verb in ["pin", "unpin"] {
        s.bob.post(&format!("{at}/{verb}"), json!({})).await.ok();
    }
    let theirs = s.creates(&s.ada, &s.note(&s.ada, "1", "theirs")).await;
    let theirs = s.post(&theirs).await.unwrap().id;
    for verb in ["favourite", "unfavourite", "reblog", "unreblog", "favourite", "reblog"] {
        s.bob.post(&format!("/api/v1/statuses/{theirs}/{verb}"), json!({})).await.ok();
    }
    for visibility in ["unlisted", "private"] {
        s.bob.post("/api/v1/statuses", json!({ "status": visibility, "visibility": visibility })).await.ok();
    }
    let ended = s.bob.post("/api/v1/statuses", json!({ "status": "no" })).await.ok()["id"].as_str().unwrap().to_owned();
    s.node.settle().await;
    s.bob.delete(&format!("/api/v1/statuses/{ended}")).await.ok();
    let fields = json!({ "display_name": "Bob", "note": "about me", "locked": true, "fields_attributes": [{ "name": "a", "value": "b" }] });
    s.bob.patch("/api/v1/accounts/update_credentials", fields).await.ok();
    let mallory = s.account(&s.mallory).await.id;
    s.carol.post("/api/v1/reports", json!({ "account_id": mallory, "comment": "rude", "forward": true })).await.ok();
    s.bob.post(&format!("/api/v1/accounts/{mallory}/block"), json!({})).await.ok();
    s.bob.post(&format!("/api/v1/accounts/{vera}/unfollow"), json!({})).await.ok();
    s.node.clock.advance(61_000);
    s.node.settle().await;

    let mut documents: Vec<(String, Value)> = Vec::new();
    for peer in [&s.east, &s.west] {
        documents.extend(peer.inbox().into_iter().map(|sent| (format!("sent {}", sent["type"]), sent)));
    }
    let post = first["uri"].as_str().unwrap().strip_prefix(&s.node.url("")).unwrap().to_owned();
    let mut paths = vec!["/actor".to_owned(), "/actor/outbox".to_owned(), "/users/bob".to_owned(), post.clone()];
    let of_people =
        ["outbox", "outbox?page=true", "followers", "followers?page=true", "following", "collections/featured"];
    paths.extend(of_people.map(|rest| format!("/users/bob/{rest}")));
    let of_posts = ["activity", "replies", "replies?page=true", "likes", "shares", "context"];
    paths.extend(of_posts.map(|rest| format!("{post}/{rest}")));
    for path in paths {
        let document = s.bob.get_activity(&path).await.ok();
        documents.push((path, document));
    }
    let (mut wrong, mut types) = (Vec::new(), BTreeSet::new());
    for (name, document) in &documents {
        let context = &document["@context"];
        let first = context.as_str().or_else(|| context[0].as_str());
        if first != Some("https://www.w3.org/ns/activitystreams") {
            wrong.push(format!("{name}: its context begins with {context}"));
        }
        if !is_whole(document) {
            wrong.push(format!("{name}: something is missing: {document}"));
        }
        read(document, name, &mut wrong, &mut types);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for kind in [
        "Accept", "Announce", "Block", "Create", "Delete", "Flag", "Follow", "Like", "Note", "Question", "Undo",
        "Update",
    ] {
        assert!(types.contains(kind), "{kind} was not looked at: {types:?}");
    }
}
