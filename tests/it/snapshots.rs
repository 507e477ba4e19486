//! Documents as other programs send them, and the account or post that each becomes as the client API shows it: those of our
//! own (`tests/fixtures/inbound`), each with what is to be seen of it, and real ones (`../shared/federation/inbound`, where
//! that is there), with what was seen of them in `tests/inbound.txt`. Real ones are read from where they are and not copied:
//! of their texts the file has the length and a digest.

use crate::support::{Client, Node, NodeBuilder, Peer};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};
use watercooler::{
    crypto,
    federation::{
        fetch::Budget,
        import::{self, Imported},
        json::{Bounds, Json},
        objects::{self, Kind},
    },
    model::Visibility,
    store,
};

/// Files that one node is shown.
const AT_ONCE: usize = 25;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The documents below a folder, with their names, in order; a file that is no JSON is null.
fn documents(folder: &Path) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(place) = left.pop() {
        for entry in fs::read_dir(place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|e| e == "json") {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, serde_json::from_slice(&fs::read(&path).unwrap()).unwrap_or_default()));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn kind(json: &Value) -> Kind {
    let text = json.to_string();
    let read = Json::parse(text.as_bytes()).or_else(|_| Json::parse_within(text.as_bytes(), Bounds::COLLECTION));
    read.map_or(Kind::Unknown, |json| objects::kind(&json))
}

/// What is in a document that somebody could look at: an actor, a post, or what an activity brings. `by`: whose activity it is.
fn gather(json: &Value, by: Option<&Value>, found: &mut Vec<Value>) {
    match kind(json) {
        // Inside of something an actor is often only its name.
        Kind::Actor if by.is_none() || json["inbox"].is_string() => found.push(json.clone()),
        Kind::Post => {
            let mut post = json.clone();
            if post["attributedTo"].is_null()
                && let Some(by) = by
            {
                post["attributedTo"] = by.clone();
            }
            found.push(post);
        }
        Kind::Activity => {
            let brings = json["type"] == "Create" || json["type"] == "Update";
            let inner = match &json["object"] {
                Value::Array(list) => list.first().cloned().unwrap_or_default(),
                one => one.clone(),
            };
            if inner.is_object() && (brings || kind(&inner) == Kind::Activity) {
                gather(&inner, json.get("actor").or(by), found);
            }
        }
        _ => {}
    }
}

/// The document as if this peer had sent it: all that is at its own server is below `place` there. None where its id is no
/// address.
fn moved(peer: &Peer, place: &str, document: &Value) -> Option<Value> {
    let id = url::Url::parse(document["id"].as_str()?).ok()?;
    let authority = match (id.host_str()?, id.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let (own, mut text) = (peer.url(place), document.to_string());
    for scheme in ["https", "http"] {
        for end in ["/", "\"", "?", "#"] {
            text = text.replace(&format!("{scheme}://{authority}{end}"), &format!("{own}{end}"));
        }
    }
    serde_json::from_str(&text).ok()
}

/// The path of an address on this peer, without what stands behind `#`.
fn path<'a>(peer: &Peer, address: &'a str) -> Option<&'a str> {
    let path = address.strip_prefix(&peer.url("")).filter(|path| path.starts_with('/'))?;
    path.split('#').next()
}

/// Whose a post is.
fn owners(post: &Value) -> Vec<String> {
    let said = [&post["attributedTo"], &post["actor"]];
    let all = said.into_iter().flat_map(|said| match said {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    });
    all.filter_map(|one| one.as_str().or_else(|| one["id"].as_str()).map(str::to_owned)).collect()
}

/// A node, somebody who looks, and the server where the documents are.
struct Place {
    node: Node,
    peer: Peer,
    bob: Client,
}

impl Place {
    async fn new() -> Self {
        let peer = Peer::start("east").await;
        let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
        let bob = node.member("bob").await;
        Self { node, peer, bob }
    }

    /// The account or post that this document becomes, as bob sees it; else why it does not.
    async fn shows(&self, place: &str, document: &Value) -> Result<Value, String> {
        let document = moved(&self.peer, place, document).ok_or("its id is no address")?;
        let id = document["id"].as_str().unwrap_or_default().to_owned();
        if kind(&document) == Kind::Post {
            for owner in owners(&document) {
                let Some(path) = path(&self.peer, &owner) else { continue };
                let somebody = json!({
                    "@context": "https://www.w3.org/ns/activitystreams", "id": owner, "type": "Person",
                    "preferredUsername": "somebody", "inbox": format!("{owner}/inbox"), "outbox": format!("{owner}/outbox"),
                    "followers": format!("{owner}/followers"),
                });
                self.peer.serve(path, somebody);
            }
        }
        self.peer.serve(path(&self.peer, &id).ok_or("its id is no address of its server")?, document);
        let app = &self.node.app;
        let shown = match import::lookup(app, &id, &Budget::of_activity()).await.map_err(|e| e.to_string())? {
            Imported::Account(account) => format!("/api/v1/accounts/{}", account.id),
            Imported::Post(post) => {
                if post.visibility > Visibility::Unlisted {
                    // One of those it is for.
                    let (post, bob) = (post.id, self.bob.id.parse().unwrap());
                    app.write(move |tx| store::posts::insert_mention(tx.conn, post, bob, true)).await.unwrap();
                }
                format!("/api/v1/statuses/{}", post.id)
            }
        };
        let text = self.bob.get(&shown).await.ok().to_string();
        let text = text.replace(&self.peer.authority, "peer.test").replace(&self.node.domain, "alpha.test");
        Ok(serde_json::from_str(&text).unwrap())
    }
}

/// A name as a part of an address.
fn place(name: &str, number: usize) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("/{plain}-{number}")
}

fn text_of(text: &Value) -> Value {
    let text = text.as_str().unwrap_or_default();
    if text.is_empty() {
        return json!("");
    }
    json!(format!("{} {}", text.chars().count(), &crypto::sha256_hex(text.as_bytes())[..12]))
}

/// These properties of each of a list.
fn each(list: &Value, keys: &[&str]) -> Value {
    let of = |one: &Value| keys.iter().map(|key| one[*key].to_string().replace('"', "")).collect::<Vec<_>>().join(" ");
    list.as_array().into_iter().flatten().map(of).collect()
}

/// What there is to be seen, without the texts.
fn facts(shown: &Value) -> Value {
    if shown.get("username").is_some() {
        let has = |key: &str| shown[key].as_str().is_some_and(|url| !url.contains("missing"));
        return json!({
            "account": shown["username"], "name": text_of(&shown["display_name"]), "note": text_of(&shown["note"]),
            "locked": shown["locked"], "bot": shown["bot"], "group": shown["group"], "since": shown["created_at"],
            "discoverable": shown["discoverable"], "fields": shown["fields"].as_array().map(Vec::len),
            "emojis": each(&shown["emojis"], &["shortcode"]),
            "avatar": has("avatar"), "header": has("header"),
        });
    }
    let poll = &shown["poll"];
    json!({
        "status": shown["created_at"], "visibility": shown["visibility"], "language": shown["language"],
        "sensitive": shown["sensitive"], "warning": text_of(&shown["spoiler_text"]), "content": text_of(&shown["content"]),
        "files": shown["media_attachments"].as_array().into_iter().flatten()
            .map(|file| json!([file["type"], text_of(&file["description"])])).collect::<Vec<_>>(),
        "mentions": shown["mentions"].as_array().map(Vec::len), "tags": each(&shown["tags"], &["name"]),
        "emojis": each(&shown["emojis"], &["shortcode"]),
        "poll": poll.is_object().then(|| json!([poll["multiple"], poll["expired"], each(&poll["options"], &["votes_count"])])),
        "quote": shown["quote"]["state"], "card": shown["card"].is_object(),
    })
}

/// Whether everything wanted is there, and how it is where it is not.
fn differs(wanted: &Value, shown: &Value, at: &str, found: &mut Vec<String>) {
    match (wanted, shown) {
        (Value::Object(wanted), Value::Object(_)) => {
            for (key, value) in wanted {
                differs(value, &shown[key.as_str()], &format!("{at}.{key}"), found);
            }
        }
        (Value::Array(wanted), Value::Array(list)) if wanted.len() == list.len() => {
            for (n, (value, one)) in wanted.iter().zip(list).enumerate() {
                differs(value, one, &format!("{at}[{n}]"), found);
            }
        }
        (wanted, shown) if wanted == shown => {}
        _ => found.push(format!("{at} is {shown} and not {wanted}")),
    }
}

#[tokio::test]
async fn fed_rob_12_what_other_programs_send_is_shown_as_they_mean_it() {
    let files = documents(&root().join("tests/fixtures/inbound"));
    assert!(files.len() >= 20, "{}", files.len());
    let here = Place::new().await;
    let mut problems = Vec::new();
    for (name, file) in &files {
        let mut found = Vec::new();
        gather(&file["document"], None, &mut found);
        assert_eq!(found.len(), 1, "{name}");
        let shown = match here.shows(&place(name, 0), &found[0]).await {
            Ok(shown) => shown,
            Err(why) => {
                problems.push(format!("{name}: {why}"));
                continue;
            }
        };
        differs(&file["shown"], &shown, name, &mut problems);
        let text = shown[if shown.get("username").is_some() { "note" } else { "content" }].as_str().unwrap();
        let words = |key: &str| file[key].as_array().cloned().unwrap_or_default();
        for word in words("says") {
            if !text.contains(word.as_str().unwrap()) {
                problems.push(format!("{name}: {word} is not in {text}"));
            }
        }
        for word in words("leaves_out") {
            if text.contains(word.as_str().unwrap()) {
                problems.push(format!("{name}: {word} is in {text}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The variations of a Note in the files that list those, each as a document of its own.
fn variations(file: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    for overrides in file["overrides"].as_array().into_iter().flatten() {
        let mut note = json!({
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
            note[key.as_str()] = value.clone();
        }
        all.push(note);
    }
    all
}

#[tokio::test]
async fn fed_rob_12_every_recorded_document_is_shown_as_it_was_or_says_why_not() {
    let folder = root().join("../shared/federation/inbound");
    if !folder.is_dir() {
        eprintln!("skipped: {} is not here", folder.display());
        return;
    }
    let (mut lines, mut accounts, mut statuses) = (Vec::new(), 0, 0);
    for some in documents(&folder).chunks(AT_ONCE) {
        let here = Place::new().await;
        for (name, file) in some {
            let mut found = Vec::new();
            match file.get("overrides") {
                Some(_) => found = variations(file),
                None => gather(file, None, &mut found),
            }
            if found.is_empty() {
                lines.push(format!("{name} nothing to look at: {:?}", kind(file)));
            }
            for (number, document) in found.iter().enumerate() {
                let seen = match here.shows(&place(name, number), document).await {
                    Ok(shown) => {
                        accounts += usize::from(shown.get("username").is_some());
                        statuses += usize::from(shown.get("username").is_none());
                        facts(&shown).to_string()
                    }
                    Err(why) => format!("not shown: {why}"),
                };
                lines.push(format!("{name} {number} {seen}"));
            }
        }
    }
    assert!(accounts >= 45 && statuses >= 150, "only {accounts} accounts and {statuses} posts are shown");
    let file = root().join("tests/inbound.txt");
    let Ok(before) = fs::read_to_string(&file) else {
        fs::write(&file, lines.join("\n") + "\n").unwrap();
        eprintln!("{} was written: it is to be looked at and kept", file.display());
        return;
    };
    let before: Vec<&str> = before.lines().collect();
    let gone = before.iter().filter(|line| !lines.iter().any(|now| now == *line)).map(|line| format!("- {line}"));
    let new = lines.iter().filter(|line| !before.contains(&line.as_str())).map(|line| format!("+ {line}"));
    let changed: Vec<String> = gone.chain(new).collect();
    assert!(
        changed.is_empty(),
        "other things are seen of recorded documents than before. Where that is right, remove {} and run this again.\n{}",
        file.display(),
        changed.join("\n")
    );
}
