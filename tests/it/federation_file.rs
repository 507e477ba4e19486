//! FEDERATION.md against the code: every activity, type, property and FEP that the program speaks of stands in it, with the
//! limits as they are, and every behaviour that is left out. Found in the sources themselves, so that a new one is missed.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use watercooler::limits;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn document() -> String {
    fs::read_to_string(root().join("FEDERATION.md")).unwrap()
}

/// Words of the document, of letters, digits and `_`.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect()
}

/// The sources below a folder, or a file, without comments and tests.
fn code(place: &str) -> Vec<String> {
    let place = root().join("src").join(place);
    let mut files = Vec::new();
    let mut left = vec![place];
    while let Some(place) = left.pop() {
        if place.is_dir() {
            left.extend(fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files.push(place);
        }
    }
    let plain = |path: PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
        text[..end].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    };
    files.into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs")).map(plain).collect()
}

/// What stands in quotation marks behind one of these openings.
fn quoted<'t>(text: &'t str, behind: &[&str]) -> Vec<&'t str> {
    let mut found = Vec::new();
    for opening in behind {
        for (at, _) in text.match_indices(opening) {
            let rest = text[at + opening.len()..].trim_start();
            let Some(rest) = rest.strip_prefix('"') else { continue };
            found.extend(rest.split('"').next());
        }
    }
    found
}

fn missing<'n>(names: impl IntoIterator<Item = &'n str>, excused: &[&str]) -> Vec<&'n str> {
    let document = document();
    let known = words(&document);
    let wanted: BTreeSet<&str> = names.into_iter().collect();
    wanted.into_iter().filter(|name| !known.contains(name) && !excused.contains(name)).collect()
}

/// Names of types: a capital letter, then letters.
fn types(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split('"').skip(1).step_by(2);
    names.filter(|name| {
        name.len() > 2
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.contains(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_alphabetic())
    })
}

#[test]
fn every_activity_and_type_that_we_send_or_understand_stands_in_federation_md() {
    let sources: Vec<String> = [
        "federation/outgoing.rs",
        "federation/outgoing",
        "federation/render",
        "federation/activities",
        "federation/objects",
        "federation/documents.rs",
        "federation/documents",
        "federation/authorizations.rs",
    ]
    .into_iter()
    .flat_map(code)
    .collect();
    let found: BTreeSet<&str> = sources.iter().flat_map(|text| types(text)).collect();
    for known in ["Create", "Follow", "Note", "Question", "QuoteAuthorization", "ReplyRequest", "Emoji"] {
        assert!(found.contains(known), "{known} is not found in the sources any more: this test sees nothing");
    }
    // A word of the log of deliveries.
    let missing = missing(found, &["Forward"]);
    assert!(missing.is_empty(), "FEDERATION.md says nothing of {missing:?}");
}

#[test]
fn every_property_that_we_write_or_read_stands_in_federation_md() {
    let written: Vec<String> = code("federation/render");
    let mut names: Vec<&str> = Vec::new();
    for text in &written {
        names.extend(quoted(text, &["serialize_entry(", "term(", "typed("]));
    }
    let read: Vec<String> =
        code("federation/objects").into_iter().chain(code("federation/activities/parsed.rs")).collect();
    for text in &read {
        let ways = [".get(", ".one(", ".uri(", ".uris(", ".text(", ".flag(", ".time(", ".values(", ".count("];
        names.extend(quoted(text, &ways));
        names.extend(quoted(text, &["said(json, ", "word(json, ", "address(json, "]));
    }
    for known in ["inReplyTo", "replyAuthorization", "blurhash", "quoteUrl", "interactionPolicy"] {
        assert!(names.contains(&known), "{known} is not found in the sources any more: this test sees nothing");
    }
    // Prefixes of contexts, and the names of JSON-LD itself.
    let excused = ["litepub", "gts", "id", "type"];
    let missing = missing(names.into_iter().filter(|name| !name.starts_with('@') && !name.contains(':')), &excused);
    assert!(missing.is_empty(), "FEDERATION.md says nothing of {missing:?}");
}

#[test]
fn every_fep_that_the_code_names_and_every_limit_as_it_is_stand_in_federation_md() {
    let document = document();
    let mut feps = BTreeSet::new();
    let mut left = vec![root().join("src")];
    while let Some(place) = left.pop() {
        if place.is_dir() {
            left.extend(fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()));
        } else if place.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(place).unwrap();
            for (at, _) in text.match_indices("FEP-") {
                feps.extend(text.get(at..at + 8).map(str::to_owned));
            }
        }
    }
    assert!(feps.len() > 10, "{feps:?}");
    let missing: Vec<_> = feps.iter().filter(|fep| !document.contains(fep.as_str())).collect();
    assert!(missing.is_empty(), "FEDERATION.md says nothing of {missing:?}");

    let thousands = |n: usize| match n {
        1_000.. => format!("{},{:03}", n / 1_000, n % 1_000),
        _ => n.to_string(),
    };
    let kib = |bytes: usize| format!("{} KiB", bytes / 1_024);
    for limit in [
        format!(
            "{} MiB; {} levels; {} values",
            limits::INBOX_BODY >> 20,
            limits::JSON_DEPTH,
            thousands(limits::JSON_NODES)
        ),
        format!("up to {} items and refused above {}", thousands(limits::ARRAY_KEPT), thousands(limits::ARRAY_REFUSED)),
        format!("| {},000; of one host {},000 |", limits::INBOX_QUEUE / 1_000, limits::INBOX_QUEUE_PER_HOST / 1_000),
        format!("{}; ancestors of a post {}", limits::FETCHES_PER_ACTIVITY, limits::ANCESTORS),
        format!(
            "{} posts, {} pages and {} new people",
            thousands(limits::THREAD_POSTS),
            limits::THREAD_PAGES,
            limits::THREAD_PEOPLE
        ),
        format!(
            "{} mentions, {} hashtags, {} attachments, {} emoji, {} poll options",
            limits::MENTIONS,
            limits::HASHTAGS,
            limits::REMOTE_ATTACHMENTS,
            limits::EMOJI,
            limits::REMOTE_POLL_OPTIONS
        ),
        format!("content {}, summary {}", kib(limits::REMOTE_CONTENT), kib(limits::REMOTE_SUMMARY)),
        format!("alt text {} characters", thousands(limits::REMOTE_ALT)),
        format!("name {} bytes, bio {}", limits::REMOTE_NAME, kib(limits::REMOTE_BIO)),
        format!("{} fields of {}, {} keys", limits::REMOTE_FIELDS, kib(limits::REMOTE_FIELD), limits::KEYS_PER_ACTOR),
        format!("{} kinds, {} of one person", limits::REACTION_KINDS, limits::REACTIONS_EACH),
        format!("{} elements of its head; oEmbed {}", thousands(limits::CARD_ELEMENTS), kib(limits::CARD_OEMBED)),
        format!(
            "{} at once to a host; {} seconds for a document, {} for a delivery; {} redirects",
            limits::PER_HOST,
            limits::FETCH_TOTAL_MS / 1_000,
            limits::DELIVERY_TOTAL_MS / 1_000,
            limits::REDIRECTS
        ),
    ] {
        assert!(document.contains(&limit), "FEDERATION.md does not say `{limit}`");
    }
}

#[test]
fn every_behaviour_that_is_left_out_carries_its_reason_in_federation_md() {
    let rows = fs::read_to_string(root().join("tests/rows.txt")).unwrap();
    let federation = rows.split("# Federation").skip(1).collect::<String>();
    let waived = federation.lines().filter_map(|line| line.split_once(' ')).map(|(id, _)| id);
    let document = document();
    // Headings have a space in them too.
    let missing: Vec<&str> = waived.filter(|id| id.contains('-') && !document.contains(&format!("`{id}` ("))).collect();
    assert!(missing.is_empty(), "FEDERATION.md gives no reason for {missing:?}");
}
