//! `backup`: a copy that is made while the node runs, and from which it begins again.

use crate::{
    cli::Place,
    crash::{Api, deliver, eventually, follow, neighbour, neighbours_at},
};
use diesel::{Connection, QueryableByName, RunQueryDsl, sql_types::Text, sqlite::SqliteConnection};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

fn copies(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".db")).collect()
}

fn backup_of(doctor: &Value) -> String {
    let findings = doctor["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["check"] == "backup").unwrap()["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_node_begins_again_from_a_backup_that_was_made_while_it_ran() {
    let place = Place::embedded();
    place.json(&["account", "create", "ada", "--json"]);
    let media = place.path().join("data/media/ab");
    fs::create_dir_all(&media).unwrap();
    fs::write(media.join("picture.webp"), "x").unwrap();
    let server = place.serve();
    let doctor = || serde_json::from_slice(&place.run(&["doctor", "--offline", "--json"]).stdout).unwrap();
    assert_eq!(backup_of(&doctor()), "warning");
    let first = place.json(&["backup", "safe", "--json"]);
    assert_eq!((&first["new_media"], &first["removed"]), (&json!(1), &json!(0)), "{first}");
    let token = place.json(&["token", "create", "ada", "--json"]);
    // The second copies no file again; only the newest copy of the database is kept.
    let second = place.json(&["backup", "safe", "--keep", "1", "--json"]);
    assert_eq!((&second["new_media"], &second["removed"]), (&json!(0), &json!(1)), "{second}");
    assert_eq!(backup_of(&doctor()), "ok");
    let refused = place.run(&["backup", "data/safe", "--json"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("inside the data folder"), "{refused:?}");
    drop(server);
    let safe = place.path().join("safe");
    let [copy] = &copies(&safe)[..] else { panic!("{:?}", copies(&safe)) };
    for private in [copy.as_str(), "secret.key", "media/ab/picture.webp"] {
        assert_eq!(fs::metadata(safe.join(private)).unwrap().permissions().mode() & 0o077, 0, "{private}");
    }
    let again = Place::embedded();
    let data = again.path().join("data");
    fs::create_dir_all(&data).unwrap();
    fs::copy(safe.join(copy), data.join("watercooler.db")).unwrap();
    fs::copy(safe.join("secret.key"), data.join("secret.key")).unwrap();
    assert_eq!(again.json(&["account", "list", "--json"])[0]["username"], "ada");
    let revoked = again.json(&["token", "revoke", token["token"].as_str().unwrap(), "--json"]);
    assert_eq!(revoked["revoked"], 1, "what was done before the second is in it");
}

#[test]
fn of_a_node_on_another_database_the_rest_is_copied_and_it_says_what_is_not() {
    let place = Place::new();
    place.json(&["account", "create", "ada", "--json"]);
    let made = place.json(&["backup", "safe", "--json"]);
    let embedded = made["database"].is_string();
    assert_eq!(made.get("to_do").is_some_and(|text| text.to_string().contains("pg_dump")), !embedded, "{made}");
    assert!(place.path().join("safe/secret.key").exists());
    assert_eq!(copies(&place.path().join("safe")).len(), usize::from(embedded));
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(database: &mut SqliteConnection, sql: &str) -> Vec<String> {
    diesel::sql_query(sql).load::<Line>(database).unwrap().into_iter().map(|row| row.line).collect()
}

/// Every row of every table, hashed.
fn rows(path: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut database = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    assert_eq!(lines(&mut database, "select integrity_check as line from pragma_integrity_check"), ["ok"]);
    let tables = lines(
        &mut database,
        "select name as line from sqlite_master where type = 'table' and sql not like 'CREATE VIRTUAL%' \
         and name not like 'sqlite_%' and name not like '%search%'",
    );
    let mut all = BTreeMap::new();
    for table in tables {
        let columns = lines(&mut database, &format!("select name as line from pragma_table_info('{table}')"));
        let quoted: Vec<String> = columns.iter().map(|name| format!("quote(\"{name}\")")).collect();
        let rows = lines(&mut database, &format!("select {} as line from \"{table}\"", quoted.join(" || ',' || ")));
        let hash = |row: String| watercooler::crypto::sha256_hex(row.as_bytes());
        all.insert(table, rows.into_iter().map(hash).collect());
    }
    all
}

fn texts(path: &Path) -> BTreeSet<String> {
    let mut database = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    lines(&mut database, "select source_text as line from posts where source_text is not null").into_iter().collect()
}

/// A node that begins again from a copy.
fn restored(copy: &Path, key: &Path, settings: &str) -> Place {
    let place = Place::embedded();
    place.settings(settings);
    let data = place.path().join("data");
    fs::create_dir_all(&data).unwrap();
    fs::copy(copy, data.join("watercooler.db")).unwrap();
    fs::copy(key, data.join("secret.key")).unwrap();
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rel_23_sec_ops_05_a_backup_under_load_is_one_moment_and_what_begins_from_it_sends_and_tells_nothing_again() {
    let (place, token, peer, signer) = neighbours_at(Place::embedded()).await;
    let mut server = place.serve();
    assert_eq!(deliver(&server, &signer, &follow(&peer)).await, Some(202));
    eventually("the Accept", async || peer.inbox().iter().any(|a| a["type"] == "Accept").then_some(())).await;
    let (over, written) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(BTreeSet::<(usize, usize)>::new())));
    let mut writers = Vec::new();
    for writer in 0..3 {
        let (api, over, written) = (Api::new(&server, &token), over.clone(), written.clone());
        writers.push(tokio::spawn(async move {
            for number in 0.. {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                api.post(&format!("{writer} {number}")).await.unwrap();
                written.lock().unwrap().insert((writer, number));
            }
        }));
    }
    let so_far = || written.lock().unwrap().clone();
    eventually("some posts", async || (so_far().len() > 30).then_some(())).await;
    let before = so_far();
    tokio::task::block_in_place(|| place.json(&["backup", "busy", "--json"]));
    let meanwhile = so_far().len() - before.len();
    over.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    let all = so_far();
    eventually("the last delivery", async || {
        (peer.inbox().iter().filter(|a| a["type"] == "Create").count() == all.len()).then_some(())
    })
    .await;
    let quiet = Api::new(&server, &token);
    eventually("rest", async || {
        let jobs = tokio::task::block_in_place(|| place.json(&["jobs", "list", "--json"]));
        jobs.as_array().unwrap().iter().all(|job| job["state"] == "later").then_some(())
    })
    .await;
    let told = quiet.get("/api/v1/notifications?limit=80").await.as_array().unwrap().len();
    tokio::task::block_in_place(|| place.json(&["backup", "safe", "--json"]));
    server.signal("TERM");
    assert!(server.child.wait().unwrap().success());

    // The one of the busy hour: everything that was acknowledged before it began, nothing that came before something it lacks.
    let copy = |folder: &str| {
        let folder = place.path().join(folder);
        folder.join(copies(&folder).pop().unwrap())
    };
    let busy = texts(&copy("busy"));
    let number = |text: &String| text.split_once(' ').map(|(w, n)| (w.parse().unwrap(), n.parse().unwrap()));
    let busy: BTreeSet<(usize, usize)> = busy.iter().filter_map(number).collect();
    assert!(before.is_subset(&busy) && busy.is_subset(&all), "{meanwhile} were written meanwhile");
    for (writer, number) in &busy {
        assert!((0..*number).all(|earlier| busy.contains(&(*writer, earlier))), "a hole before {writer} {number}");
    }
    let original = rows(&place.path().join("data/watercooler.db"));
    assert!(rows(&copy("busy"))["posts"].is_subset(&original["posts"]), "a post is another one in the copy");

    // The quiet one: row for row what the node had.
    let safe = rows(&copy("safe"));
    let differing: Vec<_> =
        original.iter().filter(|(table, rows)| safe.get(*table) != Some(rows)).map(|(t, _)| t).collect();
    // When the backup was made, when the node was alive and when a host last answered is written down in its own time.
    let may_differ = ["node_settings", "hosts"];
    assert!(differing.iter().all(|table| may_differ.contains(&table.as_str())), "{differing:?}");

    // Who gets hold of one is not signed in with it.
    let bytes = fs::read(copy("safe")).unwrap();
    assert!(bytes.windows(3).any(|part| part == b"bob"), "this is where it would be");
    assert!(!bytes.windows(token.len()).any(|part| part == token.as_bytes()), "a token in clear");

    let port = peer.authority.rsplit_once(':').unwrap().1.to_owned();
    let settings = format!("[rate_limits]\nmode = \"off\"\n{}", neighbour(&port));
    let again = restored(&copy("safe"), &place.path().join("safe/secret.key"), &settings);
    let sent = peer.inbox().len();
    let server = again.serve();
    let api = Api::new(&server, &token);
    api.post("after the restore").await.unwrap();
    // To one host everything goes in order: what was sent again would be there before this.
    eventually("the new post", async || {
        peer.inbox().iter().any(|a| a.to_string().contains("after the restore")).then_some(())
    })
    .await;
    assert_eq!(peer.inbox().len(), sent + 1);
    assert_eq!(api.get("/api/v1/notifications?limit=80").await.as_array().unwrap().len(), told);
}
