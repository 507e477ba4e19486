//! The shape of the program, guarded: who may import whom, and where the network, the clock, the database and the
//! frameworks may be touched. The picture and the reasons are in the crate's documentation (`src/lib.rs`).

use std::{collections::BTreeSet, fs, path::Path};

/// What everything may use.
const BASE: &[&str] = &["error", "id", "limits", "random", "time", "uri", "Error", "Result", "config", "on_backend"];

/// A layer and what it may import beside [`BASE`] and itself. Edges do not know one another, but for those who run what
/// federation offers (workers, the command line): `node` puts them together.
const LAYERS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("id", &[]),
    ("limits", &[]),
    ("matching", &[]),
    ("random", &[]),
    ("time", &[]),
    ("uri", &[]),
    ("config", &[]),
    ("crypto", &[]),
    ("rate", &[]),
    ("kept", &[]),
    ("reserve", &["db"]),
    ("net", &["crypto"]),
    ("media", &["crypto", "net"]),
    ("model", &[]),
    ("db", &["model"]),
    ("store", &["model", "db", "crypto"]),
    ("domain", &["model", "db", "store", "crypto", "matching"]),
    ("app", &["model", "db", "store", "domain", "crypto", "net", "media", "rate", "kept", "reserve", "matching"]),
    ("peers", &["app", "model", "store", "domain", "crypto", "net"]),
    // The index of people in memory, as all edges ask it.
    ("experts", &["app", "peers", "model", "db", "store", "domain", "matching"]),
    // Reads pages for the workers.
    ("previews", &["app", "domain", "model", "net"]),
    // Sends letters for the workers, and reads the links in them for the pages.
    ("mail", &["app", "crypto", "domain", "model", "net"]),
    // Sends messages to push services for the workers.
    ("push", &["app", "crypto", "domain", "model", "net"]),
    // What the rules remember in memory, for the edges and the workers.
    ("register", &["app", "model", "db", "store", "domain", "matching"]),
    ("api", EDGE),
    ("web", EDGE),
    ("federation", EDGE),
    // Workers run what the fediverse asks for; federation knows nothing of workers.
    (
        "jobs",
        &[
            "federation",
            "experts",
            "register",
            "previews",
            "push",
            "mail",
            "app",
            "model",
            "db",
            "store",
            "domain",
            "crypto",
            "net",
            "media",
            "rate",
        ],
    ),
    ("events", EDGE),
    // What the processes of one node tell one another.
    ("processes", &["app", "db", "store", "domain", "federation"]),
    ("server", &["app", "store", "telemetry"]),
    ("telemetry", &["app", "server"]),
    (
        "node",
        &[
            "app",
            "peers",
            "processes",
            "experts",
            "register",
            "api",
            "web",
            "federation",
            "jobs",
            "events",
            "domain",
            "store",
            "db",
            "net",
            "crypto",
            "media",
            "rate",
            "reserve",
            "server",
            "telemetry",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "processes",
            "peers",
            "experts",
            "domain",
            "store",
            "db",
            "model",
            "crypto",
            "net",
            "media",
            "node",
            "server",
            "telemetry",
            "jobs",
            "federation",
            "matching",
        ],
    ),
    ("main", &[]),
    ("lib", &[]),
];
const EDGE: &[&str] = &[
    "app", "peers", "experts", "register", "mail", "model", "db", "store", "domain", "crypto", "net", "media", "rate",
    "kept",
];

/// Texts that may stand in these layers (or files) only, and why.
const PLACES: &[(&str, &[&str], &str)] = &[
    ("diesel::", &["model", "db", "store"], "SQL stays below the rules"),
    ("diesel_async::", &["db"], "operations are synchronous closures on both databases"),
    ("axum::", &["api", "web", "federation", "server", "telemetry", "node", "cli"], "HTTP stays at the edges"),
    ("object_store::", &["media"], "one place knows where files lie"),
    ("activitypub_federation::", &["federation"], "wire types do not leak into the rules"),
    ("Utc::now", &["time"], "the clock is a seam"),
    ("Local::now", &["time"], "the clock is a seam"),
    ("SystemTime::now", &["time", "media"], "the clock is a seam; only the age of files is told by the machine's"),
    ("rand::", &["random", "crypto"], "randomness is a seam"),
    ("SystemRandom::new", &["random", "crypto"], "randomness is a seam"),
    ("getrandom::", &["random"], "randomness is a seam"),
    ("OsRng", &["random"], "randomness is a seam"),
    (
        "TcpStream::connect",
        &["net", "cli"],
        "one gate opens outgoing connections; `bench` is a client of its own server",
    ),
    ("UnixStream::connect", &["cli"], "commands speak to the server of their own data folder"),
    ("TcpSocket::", &["net"], "one gate opens outgoing connections"),
    ("UdpSocket::", &["net"], "one gate opens outgoing connections"),
    ("tokio_postgres::", &["db", "net"], "SQL stays below the rules; the gate reads the address, to lead nobody there"),
    ("to_socket_addrs", &["net"], "one gate asks for addresses"),
    ("lookup_host", &["net"], "one gate opens outgoing connections"),
    ("reqwest::", &["net"], "one gate opens outgoing connections"),
    ("lettre::", &["net"], "one gate opens outgoing connections"),
    ("env::var", &["main"], "settings are passed in"),
];

/// Code of a source file without comments, texts and tests.
fn code(source: &str) -> String {
    let end = source.find("#[cfg(test)]\nmod ").unwrap_or(source.len());
    let mut out = String::new();
    for line in source[..end].lines() {
        let line = line.split("//").next().unwrap();
        let mut quoted = false;
        let mut before = ' ';
        for c in line.chars() {
            if c == '"' && before != '\\' && before != '\'' {
                quoted = !quoted;
            } else if !quoted {
                out.push(c);
            }
            before = c;
        }
        out.push('\n');
    }
    out
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
            let name = path.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap();
            let name = name.to_str().unwrap().to_owned();
            if !name.ends_with("_tests.rs") {
                found.push((name, code(&fs::read_to_string(&path).unwrap())));
            }
        }
    }
}

fn all_sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut found);
    found.sort();
    found
}

fn layer(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// First names behind `crate::`, also those in braces.
fn imports(code: &str) -> BTreeSet<String> {
    let ident =
        |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = 0;
            for (i, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => {
                        names.insert(ident(&group[start..i]));
                        break;
                    }
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        names.insert(ident(&group[start..i]));
                        start = i + 1;
                    }
                    _ => {}
                }
            }
        } else {
            names.insert(ident(rest));
        }
    }
    names.remove("");
    names
}

/// How many modules deep a file is: two for `config/load.rs`, one for `config.rs` and `api/mod.rs`.
fn depth(file: &str) -> usize {
    file.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").count()
}

#[test]
fn imports_point_down_and_edges_do_not_know_one_another() {
    let mut wrong = Vec::new();
    for (file, code) in all_sources() {
        let own = layer(&file);
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == own) else {
            wrong.push(format!("{file}: say in tests/it/layers.rs which layer it is"));
            continue;
        };
        // From the root every layer could be reached by names that say nothing of `crate`.
        if code.contains(&"super::".repeat(depth(&file))) {
            wrong.push(format!("{file}: say `crate::` for what is not of this layer"));
        }
        for name in imports(&code) {
            let known = LAYERS.iter().any(|(layer, _)| *layer == name);
            if known && name != own && !BASE.contains(&name.as_str()) && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{file}: {own} must not import {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn frameworks_clock_randomness_and_sockets_stay_behind_their_seams() {
    let mut wrong = Vec::new();
    for (file, code) in all_sources() {
        for (text, places, why) in PLACES {
            let found = code.match_indices(text).any(|(at, _)| {
                // `rand::` is not `fastrand::`; `tokio::net::TcpStream::connect` is `TcpStream::connect`.
                !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
            });
            if found && !places.contains(&layer(&file)) {
                wrong.push(format!("{file}: `{text}` does not belong here: {why}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What of `activitypub_federation` does by itself what has one gate here: its inbox, its fetcher, its queue.
const GATED: &[&str] = &[
    "receive_activity",
    "webfinger_resolve_actor",
    "fetch_object_http",
    ".dereference",
    "queue_activity",
    "SendActivityTask",
    "FederationMiddleware",
];

#[test]
fn of_the_protocol_crate_types_and_traits_are_used_and_neither_inbox_nor_fetcher_nor_queue() {
    let mut all = String::new();
    for (file, code) in all_sources() {
        for text in GATED {
            assert!(!code.contains(text), "{file}: `{text}` goes past the gates");
        }
        all += &code;
    }
    for used in [
        "impl Object for",
        "impl ActorTrait for",
        "ObjectId<",
        "Data<Link>",
        "WithContext::new",
        "traits::Activity for",
    ] {
        assert!(all.contains(used), "{used}");
    }
    // Its own copy of the signature draft is not asked either: that is `http-signatures`, and the rest is ours.
    assert!(all.contains("http_signatures::"));
}

#[test]
fn rules_and_queries_never_wait() {
    let mut wrong = Vec::new();
    for (file, code) in all_sources() {
        let waits = [".await", "async fn", "async move", "block_on", "thread::sleep", ".blocking_"];
        if ["domain", "store", "model"].contains(&layer(&file)) && waits.iter().any(|text| code.contains(text)) {
            wrong.push(file);
        }
    }
    assert!(wrong.is_empty(), "no network and no waiting inside a transaction: {wrong:?}");
}

#[test]
fn two_nodes_can_live_in_one_process() {
    let mut wrong = Vec::new();
    for (file, code) in all_sources() {
        for line in code.lines().map(str::trim_start) {
            let line = line.strip_prefix("pub ").or_else(|| line.strip_prefix("pub(crate) ")).unwrap_or(line);
            let global = line.starts_with("static ") || line.starts_with("thread_local!");
            let changes = ["Mutex", "RwLock", "Atomic", "OnceLock", "OnceCell", "Cell<", "thread_local!"];
            // A database thread owns its connection and the runtime that drives it.
            let owned = file == "db/conn.rs" && (line.starts_with("thread_local!") || line.contains("RUNTIME"));
            if global && !owned && changes.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{file}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "state belongs to the App, not to the process:\n{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long_to_read() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests"] {
        let mut files = Vec::new();
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
        for (path, lines) in files {
            if lines > 1_000 {
                wrong.push(format!("{path}: {lines} lines"));
            }
        }
    }
    assert!(wrong.is_empty(), "split them:\n{}", wrong.join("\n"));
}

fn walk(folder: &Path, files: &mut Vec<(String, usize)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            walk(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push((path.display().to_string(), fs::read_to_string(&path).unwrap().lines().count()));
        }
    }
}

#[test]
fn every_file_of_tests_is_built() {
    // A file that nobody names is no test, however green it looks.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for (folder, list) in [("", "main.rs"), ("support", "support/mod.rs")] {
        let built = fs::read_to_string(root.join(list)).unwrap();
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            if path.extension().is_some_and(|end| end == "rs") && !["main", "mod"].contains(&name) {
                let named = built.lines().any(|line| line.trim_start_matches("pub ") == format!("mod {name};"));
                assert!(named, "{list} does not name {name}");
            }
        }
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |dialect: &str| -> BTreeSet<String> {
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(dialect))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[test]
fn sec_ops_06_crates_come_from_the_registry_and_none_is_another_cryptography_of_ours() {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    let lock: toml::Table = toml::from_str(&lock).unwrap();
    let mut with_rsa = Vec::new();
    for package in lock["package"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        assert!(!["openssl-sys", "native-tls"].contains(&name), "{name} is in the tree");
        let needs = package.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
        if needs.filter_map(toml::Value::as_str).any(|needed| needed.split(' ').next() == Some("rsa")) {
            with_rsa.push(name);
        }
        if name == "watercooler" {
            continue;
        }
        let source = package.get("source").and_then(toml::Value::as_str);
        assert_eq!(source, Some("registry+https://github.com/rust-lang/crates.io-index"), "{name}");
        assert!(package.get("checksum").is_some(), "{name}");
    }
    // RUSTSEC-2023-0071: no private key goes through that crate.
    assert_eq!(with_rsa, ["activitypub_federation"]);
}

#[test]
fn the_map_names_every_layer() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let map: String = text.lines().filter(|line| line.starts_with("//! |")).collect();
    for module in text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        assert!(map.contains(&format!("[`{module}`]")), "{module} is not on the map of src/lib.rs");
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    // Modules say what they are for: the first line of each file is its purpose.
    let mut wrong = Vec::new();
    let mut files = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    for (path, _) in files {
        let text = fs::read_to_string(&path).unwrap();
        let is_test = path.ends_with("tests.rs");
        if !is_test && !text.starts_with("//!") {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "these files do not say what they are for:\n{}", wrong.join("\n"));
}
