//! Settings as clients meet them: what new accounts start with, and the limits that are published and kept. And what is
//! refused of them before anything begins.

use crate::{
    cli::{Place, refusal},
    media::{picture, upload},
    support::{Client, Node, NodeBuilder},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};
use watercooler::config::DefaultVisibility;

async fn posts(who: &Client, body: Value) -> (u16, Value) {
    let reply = who.post("/api/v1/statuses", body).await;
    (reply.status, reply.json())
}

fn words(characters: usize) -> Value {
    json!({ "status": "x".repeat(characters) })
}

fn poll(options: usize, characters: usize, seconds: i64) -> Value {
    let options: Vec<String> = (10..10 + options).map(|n| format!("{n}{}", "x".repeat(characters - 2))).collect();
    json!({ "status": "Which?", "poll": { "options": options, "expires_in": seconds } })
}

/// A post with so many files, each of its own.
async fn files(who: &Client, count: usize) -> Value {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(upload(who, &picture(2, 2)).await["id"].clone());
    }
    json!({ "status": "look", "media_ids": ids })
}

#[tokio::test]
async fn new_accounts_start_with_what_the_settings_say() {
    let plain = Node::start().await;
    let node = NodeBuilder::new("alpha").await.config(|config| {
        config.accounts.default_locked = true;
        config.accounts.default_visibility = DefaultVisibility::Private;
    });
    let node = node.start().await;
    for (node, locked, visibility) in [(&plain, false, "public"), (&node, true, "private")] {
        let ada = node.member("ada").await;
        let own = ada.get("/api/v1/accounts/verify_credentials").await.ok();
        assert_eq!((&own["locked"], &own["source"]["privacy"]), (&json!(locked), &json!(visibility)));
        let said = ada.post("/api/v1/statuses", json!({ "status": "by default" })).await.ok();
        assert_eq!(said["visibility"], visibility);
        let said = ada.post("/api/v1/statuses", json!({ "status": "aloud", "visibility": "unlisted" })).await.ok();
        assert_eq!(said["visibility"], "unlisted", "who says something is heard");
        let actor = Client::anonymous(node).get_activity("/users/ada").await.ok();
        assert_eq!(actor["manuallyApprovesFollowers"], locked);
        let bob = node.member("bob").await;
        let relation = bob.post(&format!("/api/v1/accounts/{}/follow", ada.id), json!({})).await.ok();
        assert_eq!((&relation["following"], &relation["requested"]), (&json!(!locked), &json!(locked)));
    }
}

#[tokio::test]
async fn both_generations_of_the_instance_publish_the_same_limits() {
    let node = Node::start().await;
    let nobody = Client::anonymous(&node);
    let (first, second) = (nobody.get("/api/v1/instance").await.ok(), nobody.get("/api/v2/instance").await.ok());
    // As the permissions of every role say.
    assert_eq!(first["invites_enabled"], false);
    for (path, value) in [
        ("/statuses/max_characters", 5_000),
        ("/statuses/characters_reserved_per_url", 23),
        ("/statuses/max_media_attachments", 4),
        ("/media_attachments/description_limit", 1_500),
        ("/media_attachments/image_size_limit", 16 * 1024 * 1024),
        ("/media_attachments/image_matrix_limit", 33_000_000),
        ("/media_attachments/video_size_limit", 99 * 1024 * 1024),
        ("/polls/max_options", 4),
        ("/polls/max_characters_per_option", 50),
        ("/polls/min_expiration", 300),
        ("/polls/max_expiration", 2_629_746),
        ("/accounts/max_display_name_length", 100),
        ("/accounts/max_note_length", 1_000),
        ("/accounts/max_pinned_statuses", 5),
        ("/accounts/max_profile_fields", 8),
    ] {
        for (generation, document) in [("v1", &first), ("v2", &second)] {
            let published = document["configuration"].pointer(path);
            assert_eq!(published, Some(&json!(value)), "{generation} {path}");
        }
    }
    for section in ["accounts", "statuses", "media_attachments", "polls"] {
        assert_eq!(first["configuration"][section], second["configuration"][section], "{section}");
    }
    // What older apps ask.
    assert_eq!((&first["max_toot_chars"], &first["poll_limits"]), (&json!(5_000), &first["configuration"]["polls"]));
}

#[tokio::test]
async fn what_is_published_is_what_is_kept() {
    let plain = Node::start().await;
    let node = NodeBuilder::new("alpha").await.config(|config| {
        config.posts.characters = 600;
        config.posts.poll_options = 6;
        config.media.attachments = 5;
        config.media.image_bytes = 2_048;
        config.media.video_bytes = 4_096;
    });
    let node = node.start().await;
    for (node, characters, options, attachments) in [(&plain, 5_000, 4, 4), (&node, 600, 6, 5)] {
        let ada = node.member("ada").await;
        let instance = Client::anonymous(node).get("/api/v2/instance").await.ok()["configuration"].clone();
        assert_eq!(instance["statuses"]["max_characters"], characters);
        assert_eq!(instance["polls"]["max_options"], options);
        assert_eq!(instance["statuses"]["max_media_attachments"], attachments);
        assert_eq!(posts(&ada, words(characters)).await.0, 200);
        assert_eq!(posts(&ada, words(characters + 1)).await.0, 422);
        // An address counts as 23 however long it is.
        let link = format!("https://example.org/{}", "a".repeat(100));
        let text = |fill: usize| json!({ "status": format!("{} {link}", "x".repeat(fill)) });
        assert_eq!(posts(&ada, text(characters - 24)).await.0, 200);
        assert_eq!(posts(&ada, text(characters - 23)).await.0, 422);
        assert_eq!(posts(&ada, poll(options, 50, 300)).await.0, 200);
        assert_eq!(posts(&ada, poll(options + 1, 50, 300)).await.0, 422, "an option too many");
        assert_eq!(posts(&ada, poll(options, 51, 300)).await.0, 422, "a long option");
        assert_eq!(posts(&ada, poll(2, 50, 299)).await.0, 422, "over too soon");
        assert_eq!(posts(&ada, poll(2, 50, 2_629_746)).await.0, 200);
        assert_eq!(posts(&ada, poll(2, 50, 2_629_747)).await.0, 422, "open too long");
        let (status, post) = posts(&ada, files(&ada, attachments).await).await;
        assert_eq!((status, post["media_attachments"].as_array().unwrap().len()), (200, attachments));
        let (status, refusal) = posts(&ada, files(&ada, attachments + 1).await).await;
        assert!(status == 422 && refusal["error"].as_str().unwrap().contains(&attachments.to_string()), "{refusal}");
    }
    // The sizes of uploads, on the node with small ones.
    let ada = node.member("carl").await;
    let published =
        Client::anonymous(&node).get("/api/v2/instance").await.ok()["configuration"]["media_attachments"].clone();
    assert_eq!((&published["image_size_limit"], &published["video_size_limit"]), (&json!(2_048), &json!(4_096)));
    let sends =
        async |bytes: &[u8]| crate::media::send_form(&ada, "POST", "/api/v2/media", &[], ("file", bytes)).await.status;
    let mut large = picture(2, 2);
    assert_eq!(sends(&large).await, 200);
    large.resize(2_049, 0);
    assert_eq!(sends(&large).await, 413, "a picture of 2,049 bytes");
    let mut sound = b"OggS\0rest".to_vec();
    sound.resize(4_096, 0);
    assert_eq!(sends(&sound).await, 202);
    sound.push(0);
    assert_eq!(sends(&sound).await, 413, "a sound of 4,097 bytes");
}

#[tokio::test]
async fn five_posts_are_pinned_and_no_sixth() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let mut ids = Vec::new();
    for number in 0..6 {
        let post = ada.post("/api/v1/statuses", json!({ "status": format!("number {number}") })).await.ok();
        ids.push(post["id"].as_str().unwrap().to_owned());
    }
    let pin = async |id: &str, verb: &str| ada.post(&format!("/api/v1/statuses/{id}/{verb}"), json!({})).await;
    for id in &ids[..5] {
        assert_eq!(pin(id, "pin").await.ok()["pinned"], true);
    }
    let refused = pin(&ids[5], "pin").await;
    assert_eq!(refused.status, 422);
    assert!(refused.json()["error"].as_str().unwrap().contains("maximum number of posts (5)"), "{}", refused.text);
    assert_eq!(pin(&ids[0], "pin").await.status, 200, "again is no sixth");
    pin(&ids[0], "unpin").await.ok();
    assert_eq!(pin(&ids[5], "pin").await.status, 200);
    let pinned = ada.get(&format!("/api/v1/accounts/{}/statuses?pinned=true", ada.id)).await.ok();
    assert_eq!(pinned.as_array().unwrap().len(), 5);
}

#[test]
fn rel_31_config_check_refuses_what_serve_would_refuse() {
    let place = Place::embedded();
    for (text, wrong) in [
        ("log = \"info,x=blah\"\n", "watercooler.toml:3: `log`: "),
        ("[mail]\nserver = \"smtps://u:p@mail.example\"\nfrom = \"a b@c d\"\n", "watercooler.toml:5: `mail.from`: "),
        ("[mail]\nserver = \"smtp://mail.example?tls=perhaps\"\nfrom = \"a@b.example\"\n", ":4: `mail.server`: "),
    ] {
        place.settings(text);
        for verb in [["config", "check"], ["serve", "--json"]] {
            let output = place.run(&verb);
            let said = refusal(&output);
            assert_eq!(output.status.code(), Some(4), "{verb:?} {text}: {said}");
            assert!(said.contains(wrong) && said.lines().count() == 1, "{verb:?} {text}: {said}");
        }
    }
}

#[test]
fn config_check_says_what_a_proxy_is_asked_for() {
    let place = Place::embedded();
    let notes = |more: &str| {
        place.settings(more);
        place.json(&["config", "check", "--json"])["notes"].as_array().unwrap().clone()
    };
    assert!(notes("").is_empty());
    // Under the open policy names are looked up here and the proxy is asked for addresses; under an allowlist by name.
    let proxy = "[outgoing]\nproxy = \"http://proxy.example:3128\"\n";
    let said = notes(proxy);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].as_str().unwrap().contains("this node looks names up itself"), "{said:?}");
    assert!(notes(&format!("{proxy}[federation]\npolicy = \"allowlist\"\n")).is_empty());
}

#[test]
fn the_environment_may_hold_what_is_no_text_but_not_in_a_setting() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let place = Place::embedded();
    let odd = OsStr::from_bytes(b"caf\xe9");
    let run = |name: &OsStr, value: &OsStr| place.command(&["config", "check"]).env(name, value).output().unwrap();
    for (name, value) in [(OsStr::new("COFFEE"), odd), (odd, OsStr::new("x"))] {
        let output = run(name, value);
        assert!(output.status.success(), "{name:?}: {}", refusal(&output));
    }
    let output = run(OsStr::new("WATERCOOLER_INSTANCE__NAME"), odd);
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(refusal(&output), "watercooler: WATERCOOLER_INSTANCE__NAME: is no text in UTF-8");
}

#[test]
fn bench_says_what_it_did_and_how_it_was_set() {
    let place = Place::new();
    std::fs::write(place.path().join("bench.toml"), "[sqlite]\nsynchronous = \"normal\"\n").unwrap();
    let mut arguments = vec!["bench", "--posts", "250", "--operations", "20", "--config", "bench.toml", "--json"];
    arguments.extend(["--only", "WebFinger", "--data-dir", "."]);
    if let Some(url) = place.url() {
        arguments.extend(["--on", url]);
    }
    // The environment is a real node's, whose database is left alone.
    let mut command = place.command(&arguments);
    let output = command.env("WATERCOOLER_DATABASE", "sqlite://real.db").stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", refusal(&output));
    assert!(!place.path().join("real.db").exists());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let synchronous = if place.url().is_some() { Value::Null } else { json!("normal") };
    assert_eq!(report["workload"]["synchronous"], synchronous, "PostgreSQL has settings of its own for that");
    assert!(report["database_bytes"].as_u64().unwrap() > 1 << 20, "{report}");
    assert_eq!(report["figures"].as_array().unwrap().len(), 1);
    for measure in ["cores", "fsync_ms", "rsa_sign_ms", "thread_ms"] {
        assert!(report["machine"][measure].as_f64().unwrap() > 0.0, "{measure}: {report}");
    }
    let told = refusal(&output);
    let told: Vec<Value> = told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(told.iter().any(|step| step["doing"].as_str().unwrap().starts_with("Seeding 250 posts")), "{told:?}");
    assert!(told.len() >= 3, "{told:?}");
}

#[test]
fn a_bench_that_is_stopped_leaves_nothing_behind() {
    let place = Place::embedded();
    let mut command = place.command(&["bench", "--posts", "100000", "--data-dir", ".", "--json"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert!(line.contains("Seeding 100000 posts"), "{line}");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let left: Vec<String> = std::fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("watercooler-bench"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn init_counts_what_the_environment_says_and_writes_nothing_that_would_not_count() {
    let mut place = Place::embedded();
    fs::remove_file(place.path().join("watercooler.toml")).unwrap();
    place.environment("WATERCOOLER_DATABASE", "sqlite://other/node.db");
    place.environment("WATERCOOLER_DOMAIN", "localhost:1");
    let refused = place.run(&["init", "--yes", "--domain", "localhost:2"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(refusal(&refused).contains("WATERCOOLER_DOMAIN"), "{}", refusal(&refused));
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "nothing is left behind");
    let made = place.run(&["init", "--yes", "--listen", "127.0.0.1:0", "--admin", "ada", "--json"]);
    assert!(made.status.success(), "{}", refusal(&made));
    assert!(refusal(&made).contains("WATERCOOLER_DATABASE, WATERCOOLER_DOMAIN"), "{}", refusal(&made));
    let file = fs::read_to_string(place.path().join("watercooler.toml")).unwrap();
    assert!(!file.contains("database =") && !file.contains("domain ="), "{file}");
    assert!(!place.path().join("data/watercooler.db").exists());
    let _server = place.serve();
    assert_eq!(place.json(&["account", "list", "--json"])[0]["username"], "ada");
}

#[test]
fn settings_are_looked_for_here_and_then_in_the_data_folder() {
    let place = Place::embedded();
    for folder in ["data", "other"] {
        fs::create_dir(place.path().join(folder)).unwrap();
        let text = format!("domain = \"{folder}.example\"\ndatabase = \"sqlite://{folder}.db\"\n");
        fs::write(place.path().join(folder).join("watercooler.toml"), text).unwrap();
    }
    let shown = |arguments: &[&str]| {
        let checked = place.json(&[&["config", "check", "--json"][..], arguments].concat());
        (checked["file"].clone(), checked["values"]["domain"]["value"].clone())
    };
    assert_eq!(shown(&[]), (json!("watercooler.toml"), json!("localhost:1")));
    fs::remove_file(place.path().join("watercooler.toml")).unwrap();
    assert_eq!(shown(&[]), (json!("data/watercooler.toml"), json!("data.example")));
    assert_eq!(shown(&["--data-dir", "other"]), (json!("other/watercooler.toml"), json!("other.example")));
    // The folder it lies in is the data folder, and its paths count from there.
    place.json(&["account", "create", "ada", "--json"]);
    let there = |path: &str| place.path().join(path).exists();
    assert!(there("data/data.db") && there("data/secret.key") && !there("data/data"));
}
