//! What answers are held against, whatever a test looks at: their shape (`tests/answers.txt`, `tests/entities.txt`), and
//! whether four apps can decode them (`tests/decoders.txt`).

use super::{
    client::Reply,
    decoders::{APPS, Decoders},
    schema::Schema,
};
use serde_json::Value;
use std::{fs, path::Path, sync::OnceLock};

/// A line of the table.
pub struct Line {
    /// GET, POST, DELETE, or PUT for PATCH too.
    pub method: String,
    /// With `:name` for what varies.
    pub path: String,
    /// What is answered.
    pub kind: String,
}

/// All lines.
pub fn lines() -> &'static [Line] {
    static TABLE: OnceLock<Vec<Line>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers.txt");
        let text = fs::read_to_string(file).unwrap();
        let line = |line: &str| {
            let cells: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let [method, path, kind] = cells.try_into().unwrap();
            Line { method: same_verb(&method).to_owned(), path, kind }
        };
        text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).map(line).collect()
    })
}

fn same_verb(method: &str) -> &str {
    if method == "PATCH" { "PUT" } else { method }
}

/// What is answered there; nothing for what no client calls.
pub fn kind_of(method: &str, path: &str) -> Option<&'static str> {
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let literal = |line: &&Line| {
        let mut count = 0;
        let mut names = line.path.split('/');
        for part in &parts {
            match names.next()? {
                name if name.starts_with(':') => {}
                name if name == *part => count += 1,
                _ => return None,
            }
        }
        names.next().is_none().then_some(count)
    };
    let there = lines().iter().filter(|line| line.method == same_verb(method));
    let best = there.filter(|line| literal(line).is_some()).max_by_key(literal)?;
    Some(&best.kind)
}

/// What is wrong with an answer of this kind: its fields, and which apps refuse it.
pub fn faults(kind: &str, answer: &Value) -> Vec<String> {
    let mut faults = Schema::get().faults_of_kind(kind, answer);
    for (app, name) in APPS {
        faults.extend(refusals(app, kind, answer).into_iter().map(|fault| format!("{name}: {fault}")));
    }
    faults
}

/// Why an app cannot read the answer.
fn refusals(app: char, kind: &str, answer: &Value) -> Vec<String> {
    let inner = |start: &str| kind.strip_prefix(start).and_then(|k| k.strip_suffix('>'));
    if let Some(inner) = inner("array<") {
        return answer.as_array().into_iter().flatten().flat_map(|one| refusals(app, inner, one)).collect();
    }
    if let Some(inner) = inner("map<") {
        return answer.as_object().into_iter().flatten().flat_map(|(_, one)| refusals(app, inner, one)).collect();
    }
    let known = kind.split('|').filter(|kind| Decoders::get().knows(kind));
    known.map(|kind| Decoders::get().faults(app, kind, answer)).min_by_key(Vec::len).unwrap_or_default()
}

/// Panics when a client could not use this answer.
pub fn check(method: &str, path: &str, reply: &Reply) {
    let api = path.starts_with("/api/");
    if matches!(method, "HEAD" | "OPTIONS") || (300..400).contains(&reply.status) {
        return;
    }
    let kind = kind_of(method, path);
    if kind == Some("other") || !(api || kind.is_some()) {
        return;
    }
    let kind = match (reply.status, kind) {
        (400.., _) => "Error",
        (_, Some(kind)) => kind,
        // What is ours alone has no other clients.
        (_, None) if path.starts_with("/api/watercooler/") || path.starts_with("/api/v1/streaming") => return,
        // The reactions of one emoji are the list of all of them, shorter.
        (_, None) if path.starts_with("/api/v1/pleroma/statuses/") => return,
        (_, None) => panic!("{method} {path} answers, and stands in no line of tests/answers.txt"),
    };
    let what = || format!("{method} {path} {}", reply.status);
    let content_type = reply.header("content-type");
    assert!(content_type.split(';').next() == Some("application/json"), "{}: {content_type}", what());
    let answer = serde_json::from_str(&reply.text).unwrap_or_else(|e| panic!("{}: {e}: {}", what(), reply.text));
    // A file that is not ready is no attachment of a post yet, and no app takes it for one.
    let faults = match reply.status {
        202 | 206 => Schema::get().faults_of_kind(kind, &answer),
        _ => faults(kind, &answer),
    };
    assert!(faults.is_empty(), "{}: {kind}\n  {}\n{answer:#}", what(), faults.join("\n  "));
}

/// Panics when a client could not use what a stream tells it; `payload` is the text within the text.
pub fn check_event(event: &str, payload: &str) {
    let kind = match event {
        "update" | "status.update" => "Status",
        "notification" => "Notification",
        "conversation" => "Conversation",
        "announcement" => "Announcement",
        "announcement.reaction" => "Reaction",
        // Digits, as they are and as JSON.
        _ => return assert!(payload.bytes().all(|b| b.is_ascii_digit()) && !payload.is_empty(), "{event}: {payload}"),
    };
    let document = serde_json::from_str(payload).unwrap_or_else(|e| panic!("{event}: {e}: {payload}"));
    let faults = faults(kind, &document);
    assert!(faults.is_empty(), "{event}: {kind}\n  {}\n{document:#}", faults.join("\n  "));
}
