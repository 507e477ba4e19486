//! Real documents of about thirty programs (`../shared/federation/inbound`), read as they are. Where the folder is
//! absent the tests say so and pass.

use super::{Kind, actor, kind, post};
use crate::federation::json::{Bounds, Json};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Documents that are posts or actors by their type and cannot become one, with the reason.
const REFUSED: &[(&str, &str)] = &[
    ("bridge/activity_with_actor.json", "a post without text, name or files"),
    ("bridge/actor.json", NO_ID),
    ("bridge/actor_organization.json", NO_ID),
    ("bridge/actor_urls_displayname.json", NO_ID),
    ("bridge/actor_with_featured.json", NO_ID),
    ("bridge/actor_with_icon.json", NO_ID),
    ("bridge/actor_with_nickname_numeric_id.json", NO_ID),
    ("bridge/article_with_video_stream_list.json", NO_ID),
    ("bridge/comment_inreplyto_id.json", NO_ID),
    ("bridge/comment_multiple_in_reply_to.json", NO_ID),
    ("bridge/note_mastodon_with_video-b467.json", "nobody it is attributed to"),
    ("bridge/note_mastodon_with_video.json", "nobody it is attributed to"),
    ("bridge/note_public.json", NO_ID),
    ("bridge/note_unlisted.json", NO_ID),
    ("bridge/note_with_image_document_attachment.json", NO_ID),
    ("bridge/note_with_string_id_image-dcf5.json", NO_ID),
    ("bridge/note_with_string_id_image.json", NO_ID),
    ("bridge/question_multiple_choice.json", "nobody it is attributed to"),
    ("bridge/quote.json", NO_ID),
    ("gotosocial/gts-document-c831af.json", "an attachment on its own: no id"),
    ("gotosocial/gts-note-7affec.json", "a fragment about interaction policies: no id"),
    ("gotosocial/gts-note-faf618.json", "a fragment about interaction policies: no id"),
    ("gotosocial/gts-person-6567bc.json", "the stub that stands around a key: no inbox"),
    ("gotosocial/gts-person-a83cec.json", "a fragment of an actor: no inbox"),
    ("mastodon/recorded-activitypub-actor-noinbox.json", "no inbox, as its name says"),
    ("peertube/gts-video-c57abd.json", "nobody it is attributed to"),
    ("pleroma/info.pleroma.site_activity.json", "forged: attributed to somebody on another server"),
    ("pleroma/info.pleroma.site_activity3.json", "forged: attributed to somebody on another server"),
];
const NO_ID: &str = "a fragment without a web address as id";

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/federation/inbound");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not here", folder.display());
    None
}

/// Every document with its name, `software/kind.json`, in order.
fn documents() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = folder() else { return Vec::new() };
    let mut found = Vec::new();
    for software in fs::read_dir(&folder).unwrap().filter_map(Result::ok).filter(|e| e.path().is_dir()) {
        for file in fs::read_dir(software.path()).unwrap().filter_map(Result::ok) {
            let name = format!("{}/{}", software.file_name().display(), file.file_name().display());
            if name.ends_with(".json") {
                found.push((name, fs::read(file.path()).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Reads whatever is inside; counts what became something.
fn read(name: &str, json: &Json, around: Option<&Json>, problems: &mut Vec<String>) -> (usize, usize) {
    let refused = |what: String| format!("{name}: {what}");
    match kind(json) {
        Kind::Actor => match actor::read(json) {
            Ok(actor) => {
                assert!(!actor.username.is_empty(), "{name}");
                (1, 0)
            }
            // An actor inside of something is often only its name.
            Err(_) if around.is_some() => (0, 0),
            Err(e) => {
                problems.push(refused(e.to_string()));
                (0, 0)
            }
        },
        Kind::Post => match post::read(json, around) {
            Ok(post) => {
                let shows = !post.content.is_empty() || !post.attachments.is_empty() || post.vote.is_some();
                if !shows && post.poll.is_none() {
                    problems.push(refused("nothing to show".to_owned()));
                }
                (0, 1)
            }
            Err(e) => {
                problems.push(refused(e.to_string()));
                (0, 0)
            }
        },
        Kind::Activity => json.values("object").filter(|o| o.is_object()).fold((0, 0), |(a, p), inner| {
            let only_named =
                matches!(kind(inner), Kind::Post | Kind::Actor) && !json.is_a("Create") && !json.is_a("Update");
            if only_named {
                return (a, p);
            }
            let (more_a, more_p) = read(name, inner, Some(json), problems);
            (a + more_a, p + more_p)
        }),
        Kind::Collection | Kind::Tombstone | Kind::Key | Kind::Unknown => (0, 0),
    }
}

#[test]
fn fed_rob_12_every_recorded_document_parses_into_what_it_is() {
    let documents = documents();
    let (mut actors, mut posts, mut problems) = (0, 0, Vec::new());
    for (name, bytes) in documents.iter().filter(|(n, _)| !n.starts_with("hostile/") && !n.starts_with("funfedi")) {
        let specification = name.starts_with("w3c-as2/");
        let json = match Json::parse(bytes).or_else(|_| Json::parse_within(bytes, Bounds::COLLECTION)) {
            Ok(json) => json,
            Err(_) if name.starts_with("w3c-as2/fail-") => continue,
            Err(e) => {
                problems.push(format!("{name}: {e}"));
                continue;
            }
        };
        let mut own = Vec::new();
        let (a, p) = read(name, &json, None, &mut own);
        (actors, posts) = (actors + a, posts + p);
        let expected = specification || REFUSED.iter().any(|(known, _)| known == name);
        if !expected {
            problems.extend(own);
        } else if own.is_empty() && !specification {
            problems.push(format!("{name}: is said to be refused and is not"));
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    if !documents.is_empty() {
        assert!(actors >= 60 && posts >= 100, "only {actors} actors and {posts} posts of {}", documents.len());
    }
}

/// The default Note of the `funfedi-inputs`, inside a Create, with these properties replaced.
fn variation(overrides: &serde_json::Value) -> Vec<u8> {
    let mut note = serde_json::json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "type": "Note",
        "id": "http://pasture-one-actor/object/1",
        "attributedTo": "http://pasture-one-actor/actor",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "cc": ["http://pasture-one-actor/followers"],
        "published": "2024-01-01T00:00:00Z",
        "content": "text",
    });
    for (key, value) in overrides.as_object().unwrap() {
        note[key] = value.clone();
    }
    serde_json::to_vec(&serde_json::json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "type": "Create",
        "id": "http://pasture-one-actor/activity/1",
        "actor": "http://pasture-one-actor/actor",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "object": note,
    }))
    .unwrap()
}

#[test]
fn fed_rob_12_variations_of_a_note_become_posts_or_are_refused_for_a_reason() {
    let mut problems = Vec::new();
    let mut count = 0;
    for (name, bytes) in documents().iter().filter(|(n, _)| n.starts_with("funfedi")) {
        let group: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        for overrides in group["overrides"].as_array().unwrap() {
            count += 1;
            let json = Json::parse(&variation(overrides)).unwrap();
            let object = json.one("object");
            let usable =
                ["id", "type", "attributedTo"].iter().all(|key| !overrides.get(*key).is_some_and(|v| v.is_null()))
                    && !object.is_a("Tombstone");
            let read = post::read(object, Some(&json));
            match (usable, &read) {
                (true, Ok(post)) if post.author == "http://pasture-one-actor/actor" => {}
                (false, Err(_)) => {}
                _ => problems.push(format!("{name}: {overrides}: {read:?}")),
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    eprintln!("{count} variations");
}
