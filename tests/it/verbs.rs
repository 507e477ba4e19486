//! Verbs about a node's data, each with success: what it answers and what it leaves. How they get to the node is in `cli.rs`.

use crate::support::{Client, Node, NodeBuilder, settle};
use clap::{Command, CommandFactory, Parser, error::ErrorKind};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use watercooler::{
    cli::{
        Cli,
        data::{self, DataVerb},
    },
    db::Sql,
    domain::Task,
    id::Id,
    store,
};

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    verb: DataVerb,
}

/// Runs a command line on a node; answers what it prints as JSON, or the refusal.
async fn tries(node: &Node, line: &[&str]) -> Result<Value, String> {
    let line = Line::try_parse_from(std::iter::once(&"watercooler").chain(line)).unwrap_or_else(|e| panic!("{e}"));
    Box::pin(data::run(&node.app, line.verb)).await.map_err(|failure| format!("{failure:?}"))
}

/// Every verb, as `noun verb`.
fn all() -> BTreeSet<String> {
    fn leaves(command: &Command, before: &str, into: &mut BTreeSet<String>) {
        for verb in command.get_subcommands() {
            let name = format!("{before}{}", verb.get_name());
            match verb.has_subcommands() {
                true => leaves(verb, &format!("{name} "), into),
                false => drop(into.insert(name)),
            }
        }
    }
    let mut names = BTreeSet::new();
    leaves(&Line::command(), "", &mut names);
    names
}

/// What needs more than a node, and where it is tried.
const ELSEWHERE: [(&str, &str); 10] = [
    ("account move", "cli.rs, and moves.rs"),
    ("account rekey", "rekeying.rs"),
    ("answers export", "kept_answers.rs"),
    ("backup", "backup.rs"),
    ("doctor", "doctor.rs"),
    ("emoji ", "emojis.rs"),
    ("org ", "organisation.rs, and organisation_keys.rs"),
    ("peer relay", "allowlist.rs"),
    ("people import", "expertise.rs"),
    ("peer list", "cli.rs"),
];

/// A node and what was done on it.
struct Walk {
    node: Node,
    done: BTreeSet<String>,
}

impl Walk {
    async fn does(&mut self, line: &[&str]) -> Value {
        let value = tries(&self.node, line).await.unwrap_or_else(|why| panic!("{line:?}: {why}"));
        assert!(value.is_object() || value.is_array(), "{line:?}: {value}");
        let all = all();
        let words: Vec<String> = (1..=2).map(|words| line[..words.min(line.len())].join(" ")).collect();
        self.done.extend(words.into_iter().filter(|name| all.contains(name)));
        value
    }
    async fn count(&self, sql: &'static str) -> i64 {
        self.node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
    }
}

async fn home(who: &Client) -> u16 {
    who.get("/api/v1/timelines/home").await.status
}

#[tokio::test]
async fn every_verb_does_what_it_says_and_answers_json() {
    let other = NodeBuilder::new("beta").await;
    let name = other.authority();
    let other = other.start().await;
    let node = NodeBuilder::new("alpha").await.knows(&name).start().await;
    let mut walk = Walk { node, done: BTreeSet::new() };

    // People.
    let made = walk.does(&["account", "create", "root", "--role", "owner", "--email", "root@example.org"]).await;
    assert_eq!((&made["state"], &made["role"]), (&json!("active"), &json!("owner")));
    let ada = walk.node.member("ada").await;
    assert_eq!(walk.does(&["account", "role", "@Ada", "moderator"]).await["role"], "moderator");
    assert_eq!(walk.does(&["account", "role", "ada", "member"]).await["role"], "member");
    assert_eq!(walk.does(&["account", "warn", "ada", "Be kind"]).await["state"], "active");
    let changed = walk.does(&["account", "disable", "ada"]).await;
    assert_eq!((&changed["state"], home(&ada).await), (&json!("disabled"), 401));
    let changed = walk.does(&["account", "enable", "ada"]).await;
    assert_eq!((&changed["state"], home(&ada).await), (&json!("active"), 200));
    let changed = walk.does(&["account", "suspend", "ada", "--text", "Spam"]).await;
    assert_eq!((&changed["state"], home(&ada).await), (&json!("suspended"), 401));
    let refused = tries(&walk.node, &["account", "enable", "ada"]).await.unwrap_err();
    assert!(refused.contains("`account suspend ada --lift`"), "{refused}");
    let changed = walk.does(&["account", "suspend", "ada", "--lift"]).await;
    assert_eq!((&changed["state"], home(&ada).await), (&json!("active"), 200));
    for (verb, said) in [("limit", "limited"), ("sensitive", "sensitive")] {
        assert_eq!(walk.does(&["account", verb, "ada", "--quiet"]).await[said], true, "{verb}");
        assert_eq!(walk.does(&["account", verb, "ada", "--lift"]).await[said], Value::Null, "{verb}");
    }
    let told = ada.get("/api/v1/notifications?types[]=moderation_warning").await.ok();
    let told = told.as_array().unwrap().iter().map(|one| &one["moderation_warning"]);
    let told: Vec<_> = told.map(|one| (one["action"].as_str().unwrap(), one["text"].as_str().unwrap())).collect();
    assert_eq!(told, [("suspend", "Spam"), ("disable", ""), ("none", "Be kind")]);
    assert_eq!(walk.does(&["account", "audience", "ada", "site"]).await["audience"], "site");
    let aliases = walk.does(&["account", "alias", "ada", "https://old.example/users/ada"]).await["aliases"].clone();
    assert_eq!(aliases, json!(["https://old.example/users/ada"]));
    let aliases = walk.does(&["account", "alias", "ada", "https://old.example/users/ada", "--remove"]).await;
    assert_eq!(aliases["aliases"], json!([]));
    assert!(Line::try_parse_from(["watercooler", "account", "alias", "ada", "--remove"]).is_err(), "which one?");
    let changed = walk.does(&["account", "password", "ada"]).await;
    assert!(changed["password"].as_str().unwrap().len() >= 20, "one is made up");
    assert_eq!(home(&ada).await, 401, "all tokens end");
    for name in ["bob", "carl", "dora"] {
        walk.node.citizen(name).await;
    }
    let waiting = "update users set approved_at = null, sign_up_reason = 'I work here' where account_id in \
                   (select a.id from accounts a where a.username in ('bob', 'carl'))";
    walk.node.app.write(move |tx| Sql::new(waiting).execute(tx.conn)).await.unwrap();
    let pending = walk.does(&["account", "list", "--pending"]).await;
    assert_eq!(pending[0]["reason"], "I work here");
    let states: Vec<_> = pending.as_array().unwrap().iter().map(|one| (&one["username"], &one["state"])).collect();
    assert_eq!(states, [(&json!("bob"), &json!("waiting")), (&json!("carl"), &json!("waiting"))]);
    assert_eq!(walk.does(&["account", "approve", "bob"]).await["state"], "active");
    let unsure = "update users set confirmed_at = null where account_id in \
                  (select a.id from accounts a where a.username = 'bob')";
    walk.node.app.write(move |tx| Sql::new(unsure).execute(tx.conn)).await.unwrap();
    let listed = walk.does(&["account", "list"]).await;
    let of_bob = listed.as_array().unwrap().iter().find(|one| one["username"] == "bob").unwrap();
    assert_eq!(of_bob["state"], "unconfirmed", "who cannot sign in is not called active");
    assert_eq!(walk.does(&["account", "confirm", "bob"]).await["state"], "active");
    let sure = "select count(*) from users u join accounts a on a.id = u.account_id \
                where a.username = 'bob' and u.confirmed_at is not null";
    assert_eq!(walk.count(sure).await, 1);
    assert_eq!(walk.does(&["account", "reject", "carl"]).await["state"], "gone");
    assert_eq!(walk.count("select count(*) from accounts where username = 'carl'").await, 0);
    assert_eq!(walk.does(&["account", "leave", "bob"]).await["handle"], walk.node.handle("bob"));
    assert_eq!(walk.does(&["account", "rehire", "bob"]).await["state"], "active");
    walk.does(&["account", "leave", "bob"]).await;
    assert_eq!(walk.does(&["account", "anonymise", "bob", "--yes"]).await["state"], "left");
    assert_eq!(walk.does(&["account", "delete", "dora", "--yes"]).await["state"], "deleted");
    assert!(tries(&walk.node, &["account", "role", "dora", "member"]).await.is_err());

    // Invitations and tokens.
    let first = walk.does(&["invite", "create", "--uses", "2", "--role", "moderator"]).await;
    let second = walk.does(&["invite", "create", "--days", "3"]).await;
    let list = walk.does(&["invite", "list"]).await;
    let codes: Vec<_> = list.as_array().unwrap().iter().map(|one| (&one["code"], &one["state"])).collect();
    assert_eq!(codes, [(&second["code"], &json!("open")), (&first["code"], &json!("open"))]);
    let link = format!("{}/", first["url"].as_str().unwrap());
    assert_eq!(walk.does(&["invite", "revoke", &link]).await["state"], "closed");
    let token = walk.does(&["token", "create", "ada", "--scopes", "read"]).await["token"].as_str().unwrap().to_owned();
    let reader = Client::with_token(&walk.node, &token);
    assert_eq!(home(&reader).await, 200);
    assert_eq!(walk.does(&["token", "revoke", &token]).await["revoked"], 1);
    assert_eq!(home(&reader).await, 401);
    walk.does(&["token", "create", "ada"]).await;
    assert_eq!(walk.does(&["token", "revoke", "--account", "ada"]).await["revoked"], 1);

    // Reports.
    let (eve, mallory) = (walk.node.member("eve").await, walk.node.member("mallory").await);
    let rude = mallory.post("/api/v1/statuses", json!({ "status": "rude words" })).await.ok();
    let about = json!({ "account_id": mallory.id, "status_ids": [rude["id"]], "comment": "rude" });
    eve.post("/api/v1/reports", about).await.ok();
    let open = walk.does(&["report", "list"]).await;
    assert_eq!((&open[0]["posts"], &open[0]["post_addresses"]), (&json!([rude["id"]]), &json!([rude["url"]])));
    assert_eq!(open[0]["about_address"], rude["account"]["url"]);
    let number = open[0]["id"].as_str().unwrap().to_owned();
    let closed = walk.does(&["report", "close", &number]).await;
    for (key, value) in [("from", "eve"), ("about", "mallory"), ("comment", "rude")] {
        assert_eq!((&open[0][key], &closed[key]), (&json!(value), &json!(value)), "{key}");
    }
    assert!(open[0]["closed_at"].is_null() && closed["closed_at"].is_string());
    assert_eq!(walk.does(&["report", "list"]).await, json!([]));
    assert_eq!(walk.does(&["report", "list", "--all"]).await[0]["id"], number.as_str());

    // Posts.
    let mut posts = Vec::new();
    for text in ["rude", "ruder"] {
        let made = mallory.post("/api/v1/statuses", json!({ "status": text })).await.ok();
        posts.push(made["id"].as_str().unwrap().to_owned());
    }
    let hidden = walk.does(&["post", "sensitive", &posts[0], "--text", "Gore"]).await;
    assert_eq!(hidden, json!([{ "id": posts[0], "author": "mallory", "state": "sensitive" }]));
    let report = json!({ "account_id": mallory.id, "status_ids": posts });
    let number = eve.post("/api/v1/reports", report).await.ok()["id"].as_str().unwrap().to_owned();
    let gone = walk.does(&["post", "delete", "--report", &number, "--reason", "Spam"]).await;
    assert_eq!(gone.as_array().unwrap().iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&posts[0], &posts[1]]);
    assert_eq!(mallory.get(&format!("/api/v1/statuses/{}", posts[0])).await.status, 404);
    assert_eq!(walk.does(&["report", "list"]).await, json!([]));
    assert!(Line::try_parse_from(["watercooler", "post", "delete"]).is_err(), "which?");

    // Announcements.
    let told = walk.does(&["announcement", "create", "The node rests tonight"]).await["id"].clone();
    let told = told.as_str().unwrap();
    assert_eq!(walk.does(&["announcement", "edit", told, "--text", "Not tonight"]).await["text"], "Not tonight");
    assert_eq!(walk.does(&["announcement", "list"]).await.as_array().unwrap().len(), 1);
    assert_eq!(walk.does(&["announcement", "delete", told]).await["state"], "deleted");

    // Other nodes.
    assert_eq!(walk.does(&["peer", "add", "hr.corp.example", "--address", "10.20.0.0/16"]).await["added"], true);
    assert_eq!(walk.does(&["peer", "show", "hr.corp.example"]).await["state"], "unknown");
    assert_eq!(walk.does(&["peer", "remove", "hr.corp.example"]).await["removed"], true);
    assert_eq!(walk.does(&["peer", "block", "bad.example"]).await["blocked"], true);
    assert_eq!(walk.does(&["peer", "unblock", "bad.example"]).await["blocked"], false);
    let probe = walk.does(&["peer", "probe", &other.domain]).await;
    assert_eq!((&probe["domain"], &probe["outcome"]), (&json!(other.domain), &json!("reachable")), "{probe}");

    // Work.
    let task = walk.node.app.write(|tx| tx.enqueue(&Task::PairProjects));
    task.await.unwrap();
    let failed = "update jobs set buried_at = 1, attempts = 9, last_error = 'broken' where kind = 'pair_projects'";
    assert_eq!(walk.node.app.write(move |tx| Sql::new(failed).execute(tx.conn)).await.unwrap(), 1);
    let jobs = walk.does(&["jobs", "list"]).await;
    let job = jobs.as_array().unwrap().iter().find(|job| job["state"] == "failed").unwrap_or_else(|| panic!("{jobs}"));
    assert_eq!((&job["kind"], &job["last_error"]), (&json!("pair_projects"), &json!("broken")));
    assert_eq!(walk.does(&["jobs", "retry", job["id"].as_str().unwrap()]).await["retried"], 1);
    assert_eq!(walk.does(&["jobs", "retry", "--all"]).await["retried"], 0);
    walk.does(&["counters", "--days", "7"]).await;

    // What was done is in the log, page by page.
    let log = walk.does(&["audit", "list"]).await;
    let log = log.as_array().unwrap();
    assert_eq!((log.len() as i64, log.len() > 20), (walk.count("select count(*) from audit_log").await, true));
    let line = |action: &str| log.iter().find(|line| line["action"] == action).unwrap_or_else(|| panic!("{action}"));
    for (action, target, detail) in [
        ("account.reject", "carl", ""),
        ("account.role", "ada", "moderator -> member"),
        ("account.create", "root", "owner"),
    ] {
        let line = line(action);
        assert_eq!((&line["target"], &line["detail"]), (&json!(target), &json!(detail)), "{line}");
        assert_eq!((&line["actor"], &line["origin"]), (&json!("console"), &json!("console")), "{line}");
        assert!(line["at"].as_str().unwrap().starts_with("2026-11-23T12:00:00"), "{line}");
    }
    assert_eq!((&line("jobs.retry")["target"], &line("jobs.retry")["detail"]), (&job["id"], &json!("1")));
    let first = walk.does(&["audit", "list", "--limit", "3"]).await;
    let last = first[2]["id"].as_str().unwrap().to_owned();
    let next = walk.does(&["audit", "list", "--limit", "3", "--before", &last]).await;
    let pages = [first.as_array().unwrap().as_slice(), next.as_array().unwrap()].concat();
    assert_eq!(pages, log[..6]);

    let elsewhere = |name: &String| ELSEWHERE.iter().any(|(begins, _)| name.starts_with(begins));
    let missing: Vec<String> = all().into_iter().filter(|n| !walk.done.contains(n) && !elsewhere(n)).collect();
    assert!(missing.is_empty(), "no success of these is tried: {missing:?}");
}

#[tokio::test]
async fn what_is_not_there_is_named_in_the_refusal() {
    let (node, other) = Node::two().await;
    let (ada, eve) = (node.member("ada").await, other.member("eve").await);
    let (far, nobody) = (other.handle("eve"), other.handle("nobody"));
    let own = node.app.site().domain().to_uppercase();
    let found = ada.get(&format!("/api/v2/search?resolve=true&q=@{far}")).await.ok();
    assert_eq!(found["accounts"].as_array().unwrap().len(), 1);
    drop(eve);
    for (line, sentence) in [
        (vec!["report", "close", "9"], "there is no report 9"),
        (vec!["report", "close", "abc"], "there is no report abc"),
        (vec!["invite", "create", "--days", "0"], "An invitation ends in the future"),
        (vec!["invite", "revoke", "x"], "there is no invitation `x`"),
        (vec!["token", "revoke", "x"], "there is no such token"),
        (vec!["peer", "remove", "far.example"], "no peer `far.example` was added by command"),
        (vec!["peer", "unblock", "far.example"], "no block of `far.example` was set by command"),
        (vec!["peer", "block", &own], "is this node itself"),
        (vec!["account", "role", &far, "admin"], "is no person of this node"),
        (vec!["account", "disable", "nobody"], "there is no account `nobody` here"),
        (vec!["account", "warn", &far, "be kind"], "is no person of this node"),
        (vec!["account", "move", "ada", &nobody], "there is no account `nobody@"),
        (vec!["post", "delete", "9"], "one of these posts"),
        (vec!["announcement", "delete", "9"], "there is no announcement 9"),
        (vec!["emoji", "remove", "cat"], "there is no emoji `cat` of this node"),
        (vec!["jobs", "retry", "x"], "`x` is no number"),
        (vec!["audit", "list", "--before", "x"], "`x` is no number"),
    ] {
        let refusal = tries(&node, &line).await.unwrap_err();
        assert!(refusal.contains(sentence) && !refusal.contains("Record not found"), "{line:?}: {refusal}");
    }
}

#[tokio::test]
async fn jobs_of_all_queues_are_listed_together_newest_first_and_no_more_than_asked_for() {
    let (node, other) = Node::two().await;
    let (ada, bob) = (node.member("ada").await, other.member("bob").await);
    let found = bob.get(&format!("/api/v2/search?resolve=true&q=@{}", node.handle("ada"))).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap();
    bob.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    settle(&[&node, &other]).await;
    for text in ["one", "two", "three"] {
        ada.post("/api/v1/statuses", json!({ "status": text })).await.ok();
        node.clock.advance(1_000);
        node.app.write(move |tx| tx.enqueue(&Task::PairProjects)).await.unwrap();
        let key = text;
        node.app
            .write(move |tx| {
                let (id, now) = (tx.new_id(), tx.now);
                store::jobs::insert(tx.conn, id, "slow", "test", Some(key.into()), "{}", now.plus_seconds(60), now)
            })
            .await
            .unwrap();
        node.clock.advance(1_000);
    }
    let list = tries(&node, &["jobs", "list"]).await.unwrap();
    let list = list.as_array().unwrap();
    let number = |job: &Value| job["id"].as_str().unwrap().parse::<i64>().unwrap();
    assert!(list.windows(2).all(|two| number(&two[0]) > number(&two[1])), "{list:?}");
    let queues: BTreeSet<&str> = list.iter().map(|job| job["queue"].as_str().unwrap()).collect();
    assert!(queues.contains("deliver") && queues.contains("slow"), "{list:?}");
    let places: Vec<usize> = (0..list.len()).filter(|at| list[*at]["queue"] == "deliver").collect();
    assert!(places.windows(2).any(|two| two[1] > two[0] + 1), "the queues are mixed: {list:?}");
    for job in list {
        assert!(job["run_at"].as_str().unwrap().starts_with("2026-11-23T12:"), "{job}");
    }
    let some = tries(&node, &["jobs", "list", "--limit", "2"]).await.unwrap();
    assert_eq!(some.as_array().unwrap().as_slice(), &list[..2]);
}

/// The texts below a folder.
fn texts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, found);
        } else if path.extension().is_some_and(|end| ["md", "rs", "html"].iter().any(|known| end == *known)) {
            found.push(path);
        }
    }
}

/// The command lines in a text: between backquotes, or behind a prompt.
fn commands(text: &str) -> Vec<String> {
    // A sentence of the program goes on in the next line behind a backslash.
    let text: String = text.split("\\\n").map(str::trim_start).collect();
    let quoted = text.split('`').filter(|piece| !piece.contains('\n'));
    let prompted = text.lines().filter_map(|line| {
        let (node, command) = line.split_once("$ ")?;
        let command = command.split(" #").next()?.trim();
        node.chars().all(|c| c.is_ascii_lowercase()).then_some(command)
    });
    let all = quoted.chain(prompted).map(|command| command.split('|').next().unwrap_or_default());
    all.map(|command| command.trim_end_matches([' ', '\\']))
        .filter(|command| command.starts_with("watercooler "))
        .map(str::to_owned)
        .collect()
}

/// The words of a command line; what may be left out stands in brackets.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for c in command.chars() {
        match c {
            '"' => quoted = !quoted,
            '[' | ']' => {}
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_that_documents_and_sentences_name_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> =
        ["README.md", "FEDERATION.md", "SECURITY.md", "CONTRIBUTING.md"].map(|name| root.join(name)).to_vec();
    for folder in ["docs", "src", "templates"] {
        texts(&root.join(folder), &mut files);
    }
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for path in files {
        for command in commands(&fs::read_to_string(&path).unwrap()) {
            tried += 1;
            let words = words(&command);
            let Err(error) = Cli::command().try_get_matches_from(&words) else { continue };
            // Many name a verb and leave the rest to its help, or end with the flag that matters.
            let is_short = match error.kind() {
                ErrorKind::MissingRequiredArgument
                | ErrorKind::MissingSubcommand
                | ErrorKind::DisplayHelp
                | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => true,
                ErrorKind::InvalidValue => words.last().is_some_and(|word| word.starts_with("--")),
                _ => false,
            };
            if !is_short {
                wrong.push(format!("{}: `{command}`: {error}", path.display()));
            }
        }
    }
    assert!(tried > 50, "{tried}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
