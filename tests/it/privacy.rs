//! Privacy by enumeration (PRV): every address that can be read, asked of the router itself, tried by every kind of reader
//! on posts of every visibility, against the one predicate. What each address does stands in `tests/doors.txt`.

use crate::{
    media::{picture, send_form},
    support::{Browser, Client, Node, NodeBuilder, PASSWORD, Peer, Reply, Sender},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use watercooler::{
    domain::{Viewer, visibility},
    id::Id,
    model::{self, Account},
    store,
};

/// A line of the table.
struct Door {
    path: String,
    does: String,
    asked: Vec<String>,
}

fn doors() -> Vec<Door> {
    let door = |line: &str| {
        let mut cells = line.split(' ').map(str::to_owned);
        let (path, does) = (cells.next().unwrap(), cells.next().unwrap());
        assert!(["shows", "public", "silent", "may", "stream"].contains(&does.as_str()), "{line}");
        let mut asked: Vec<String> = cells.collect();
        if asked.is_empty() {
            let part = |part: &str| if part.starts_with('{') { "1".to_owned() } else { part.to_owned() };
            asked.push(path.split('/').map(part).collect::<Vec<_>>().join("/"));
        }
        Door { path, does, asked }
    };
    let table = include_str!("../doors.txt");
    table.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(door).collect()
}

/// Every path that the router of this node answers GET for, as the router itself tells.
fn readable(node: &Node) -> BTreeSet<String> {
    let told = format!("{:?}", watercooler::server::outer(&node.app, watercooler::node::routes_behind(&node.app)));
    let mut found = BTreeSet::new();
    let mut gets = BTreeMap::new();
    for part in told.split("RouteId(").skip(1) {
        let Some((number, rest)) = part.split_once(')') else { continue };
        let rest = rest.trim_start_matches(": ");
        if let Some(method) = rest.strip_prefix("MethodRouter(MethodRouter { get: ") {
            gets.insert(number.to_owned(), !method.starts_with("None"));
        } else if let Some(path) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next())
            && gets.get(number) == Some(&true)
        {
            found.insert(path.to_owned());
        }
    }
    found
}

#[tokio::test]
async fn sec_prv_02_every_address_that_can_be_read_stands_in_the_table_of_doors() {
    let node = Node::start().await;
    let (routes, doors) = (readable(&node), doors());
    assert!(routes.len() > 180 && routes.contains("/api/v1/statuses/{id}") && routes.contains("/users/{name}/outbox"));
    let listed: BTreeSet<String> = doors.iter().map(|door| door.path.clone()).collect();
    assert_eq!(listed.len(), doors.len(), "a path stands twice");
    let missing: Vec<_> = routes.difference(&listed).collect();
    assert!(missing.is_empty(), "say in tests/doors.txt what these do with posts: {missing:?}");
    let stale: Vec<_> = listed.difference(&routes).collect();
    assert!(stale.is_empty(), "nobody answers there any more: {stale:?}");
    for (method, path, _) in watercooler::api::routes().table().iter().filter(|(method, ..)| *method == "GET") {
        assert!(routes.contains(*path), "{method} {path}: the router was not understood");
    }
}

/// A post of ada's, and what gives it away.
struct Secret {
    id: String,
    uri: String,
    url: String,
    /// In all that it says, and nowhere else.
    word: String,
    /// By which it is looked for.
    clue: String,
    tag: String,
    poll: Option<String>,
    file: Option<String>,
    kind: &'static str,
    /// Whether mia, ben and the two elsewhere are named.
    names: bool,
}

/// Who reads.
enum Eyes {
    /// With this token, or none.
    App(Client),
    Page(Browser),
    Signed(Sender),
}

struct Reader {
    name: &'static str,
    /// Their row; none for nobody.
    account: Option<Account>,
    /// All of one person are the same to the predicate.
    eyes: Vec<Eyes>,
    list: String,
}

struct World {
    node: Node,
    secrets: Vec<Secret>,
    readers: Vec<Reader>,
    /// Values of the names in the table that are about others than posts.
    names: BTreeMap<&'static str, Vec<String>>,
}

const KINDS: [&str; 5] = ["public", "unlisted", "private", "direct", "site"];

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

async fn act(who: &Client, path: String) -> Reply {
    who.post(&path, json!({})).await
}

/// A post with one of everything that can carry a word.
async fn write(ada: &Client, kind: &'static str, form: &str, named: &str, answers: Option<&str>) -> Secret {
    let (word, clue, tag) = (format!("seen{kind}{form}"), format!("find{kind}{form}"), format!("tag{kind}{form}"));
    let mark = if kind == "site" { "!site " } else { "" };
    let status = format!("{mark}{named} {clue} {word} #{tag} #common https://page.test/{kind}");
    let visibility = if kind == "site" { "public" } else { kind };
    let mut body = json!({ "status": status, "visibility": visibility, "spoiler_text": format!("cw {word}") });
    if form == "poll" {
        body["poll"] = json!({ "options": [format!("{word} yes"), "no"], "expires_in": 3600 });
    }
    if form == "file" {
        let file = send_form(ada, "POST", "/api/v2/media", &[("description", &word)], ("file", &picture(8, 8))).await;
        body["media_ids"] = json!([file.ok()["id"]]);
    }
    if let Some(answers) = answers {
        body["in_reply_to_id"] = json!(answers);
    }
    let post = ada.post("/api/v1/statuses", body).await.ok();
    Secret {
        id: text(&post["id"]),
        uri: text(&post["uri"]),
        url: text(&post["url"]),
        word,
        clue,
        tag,
        poll: post["poll"]["id"].as_str().map(str::to_owned),
        file: post["media_attachments"][0]["id"].as_str().map(str::to_owned),
        kind,
        names: !named.is_empty(),
    }
}

async fn person(node: &Node, name: &'static str) -> (Account, Client) {
    let account = node.citizen(name).await;
    let token = node.token(account.id, "read write follow push profile").await;
    let mut client = Client::with_token(node, &token);
    (client.id, client.name) = (account.id.to_string(), name.to_owned());
    (account, client)
}

impl World {
    async fn new() -> Self {
        let east = Peer::start("east").await;
        let node = NodeBuilder::new("alpha").await.knows(&east.authority).start().await;
        let (ada_row, ada) = person(&node, "ada").await;
        let mut people = Vec::new();
        for name in ["fred", "mia", "sam", "ben"] {
            people.push(person(&node, name).await);
        }
        let [fred, mia, sam, ben] = [0, 1, 2, 3].map(|n: usize| people[n].1.clone());
        // Elsewhere: a follower, somebody who is named, a stranger, somebody who is blocked.
        let [fay, max, ray, bo] = ["fay", "max", "ray", "bo"].map(|name| Sender::new(&east, name));
        let hers = node.url("/users/ada");
        for somebody in [&fay, &max, &ray, &bo] {
            somebody.delivers(&node, &somebody.activity("View", "https://nowhere.example/1")).await;
        }
        for follower in [&fay, &bo] {
            follower.delivers(&node, &follower.activity("Follow", hers.as_str())).await;
        }
        for follower in [&fred, &ben] {
            follower.post(&format!("/api/v1/accounts/{}/follow", ada.id), json!({"notify": true})).await.ok();
        }
        act(&ben, format!("/api/v1/accounts/{}/follow", sam.id)).await.ok();
        node.settle().await;
        let named = format!("@mia @ben @max@{0} @bo@{0}", east.authority);
        let mut secrets = Vec::new();
        for kind in KINDS {
            let first = write(&ada, kind, "file", &named, None).await;
            let answer = write(&ada, kind, "answer", "", Some(&first.id)).await;
            secrets.push(first);
            secrets.push(answer);
            secrets.push(write(&ada, kind, "poll", "", None).await);
        }
        node.settle().await;
        // All that can be kept of a post, by all who may, before anybody is blocked.
        for secret in &secrets {
            for who in [&fred, &mia, &sam, &ben, &ada] {
                for verb in ["favourite", "bookmark"] {
                    act(who, format!("/api/v1/statuses/{}/{verb}", secret.id)).await;
                }
                if let Some(poll) = &secret.poll {
                    who.post(&format!("/api/v1/polls/{poll}/votes"), json!({"choices": [0]})).await;
                }
            }
            for who in [&sam, &ada, &ben] {
                act(who, format!("/api/v1/statuses/{}/reblog", secret.id)).await;
            }
            act(&ada, format!("/api/v1/statuses/{}/pin", secret.id)).await;
            let quote = json!({"status": "quoting", "quoted_status_id": secret.id});
            for who in [&fred, &ada] {
                who.post("/api/v1/statuses", quote.clone()).await;
            }
        }
        for secret in secrets.iter().filter(|secret| secret.file.is_some()) {
            // A version that is past.
            let source = ada.get(&format!("/api/v1/statuses/{}/source", secret.id)).await.ok();
            let mark = if secret.kind == "site" { "!site " } else { "" };
            let body = json!({
                "status": format!("{mark}{} again", text(&source["text"])), "spoiler_text": source["spoiler_text"],
                "media_ids": [secret.file],
            });
            ada.put(&format!("/api/v1/statuses/{}", secret.id), body).await.ok();
        }
        let later = json!({"status": "seenscheduled", "scheduled_at": "2026-12-24T12:00:00.000Z"});
        let scheduled = ada.post("/api/v1/statuses", later).await.ok();
        node.settle().await;
        for who in [&ben.id, &node.app.read(account_of(bo.id.clone())).await.unwrap().id.to_string()] {
            act(&ada, format!("/api/v1/accounts/{who}/block")).await.ok();
        }
        node.settle().await;
        let mut readers = vec![Reader { name: "nobody", account: None, eyes: Vec::new(), list: "1".into() }];
        let app = json!({"client_name": "x", "redirect_uris": "a://b", "scopes": "read write"});
        let app = Client::anonymous(&node).post("/api/v1/apps", app).await.ok();
        let grant = json!({
            "grant_type": "client_credentials", "scope": "read write",
            "client_id": app["client_id"], "client_secret": app["client_secret"],
        });
        let token = Client::anonymous(&node).post("/oauth/token", grant).await.ok();
        readers[0].eyes.push(Eyes::App(Client::anonymous(&node)));
        readers[0].eyes.push(Eyes::App(Client::with_token(&node, &text(&token["access_token"]))));
        readers[0].eyes.push(Eyes::Page(Browser::new(&node)));
        let mut lists = Vec::new();
        let mut told = (Vec::new(), Vec::new());
        people.push((ada_row, ada.clone()));
        for ((row, client), name) in people.into_iter().zip(["follower", "mentioned", "stranger", "blocked", "author"])
        {
            let list = text(&client.post("/api/v1/lists", json!({"title": "crew"})).await.ok()["id"]);
            client.post(&format!("/api/v1/lists/{list}/accounts"), json!({"account_ids": [ada.id]})).await;
            for one in client.get("/api/v1/notifications?limit=80").await.ok().as_array().unwrap() {
                told.0.push(text(&one["id"]));
                told.1.push(text(&one["group_key"]));
            }
            let browser = Browser::new(&node);
            let signed_in = browser.sign_in(&client.name, PASSWORD).await;
            assert_eq!(signed_in.status, 302, "{}", signed_in.text);
            lists.push(list.clone());
            readers.push(Reader { name, account: Some(row), eyes: vec![Eyes::App(client), Eyes::Page(browser)], list });
        }
        for (sender, name) in [
            (fay, "follower elsewhere"),
            (max, "mentioned elsewhere"),
            (ray, "stranger elsewhere"),
            (bo, "blocked elsewhere"),
        ] {
            let account = node.app.read(account_of(sender.id.clone())).await.unwrap();
            readers.push(Reader { name, account: Some(account), eyes: vec![Eyes::Signed(sender)], list: "1".into() });
        }
        let filter = json!({"title": "w", "context": ["home"], "keywords_attributes": [{"keyword": "nothing"}]});
        let filter = ada.post("/api/v2/filters", filter).await.ok();
        let of = format!("/api/v2/filters/{}/statuses", text(&filter["id"]));
        let kept = ada.post(&of, json!({"status_id": secrets[0].id})).await.ok();
        let collection = ada.post("/api/v1/collections", json!({"name": "x"})).await.ok();
        let names = BTreeMap::from([
            ("$author", vec![ada.id.clone()]),
            ("$name", vec!["ada".to_owned()]),
            ("$herlist", lists),
            ("$scheduled", vec![text(&scheduled["id"])]),
            ("$filter", vec![text(&filter["id"])]),
            ("$keyword", vec![text(&filter["keywords"][0]["id"])]),
            ("$kept", vec![text(&kept["id"])]),
            ("$collection", vec![text(&collection["collection"]["id"])]),
            ("$notification", told.0),
            ("$group", told.1),
        ]);
        Self { node, secrets, readers, names }
    }

    /// Which posts the predicate lets this reader see.
    async fn allowed(&self, reader: &Reader) -> Vec<bool> {
        let account = reader.account.clone();
        let ids: Vec<Id<model::Post>> = self.secrets.iter().map(|secret| secret.id.parse().unwrap()).collect();
        let now = self.node.clock.now();
        let judged = self.node.app.read(move |conn| {
            let see = |id: &Id<model::Post>| {
                let post = store::views::post(conn, *id)?;
                match &account {
                    Some(account) => visibility::sees(conn, account, &post, now),
                    None => visibility::can_see(conn, Viewer::ANYONE, &post, now),
                }
            };
            ids.iter().map(see).collect::<watercooler::Result<Vec<bool>>>()
        });
        judged.await.unwrap()
    }

    /// The addresses of a line of the table, each with the number of the post that it is about.
    fn addresses(&self, asked: &str, reader: &Reader) -> Vec<(String, Option<usize>)> {
        let mut paths = vec![(asked.to_owned(), None)];
        let encode = |value: &str| url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>();
        let mine = reader.account.as_ref().map_or("1".to_owned(), |account| account.id.to_string());
        let mut names: Vec<(&str, Vec<String>)> = self.names.iter().map(|(name, list)| (*name, list.clone())).collect();
        names.push(("$self", vec![mine]));
        names.push(("$list", vec![reader.list.clone()]));
        for (name, values) in names {
            if asked.contains(name) {
                let with =
                    |(path, _): &(String, _)| values.iter().map(|v| (path.replace(name, v), None)).collect::<Vec<_>>();
                paths = paths.iter().flat_map(with).collect();
            }
        }
        let of_post = ["$post", "$poll", "$file", "$word", "$tag", "$link", "$url", "$uri"];
        let Some(name) = of_post.into_iter().find(|name| asked.contains(name)) else { return paths };
        let value = |secret: &Secret| {
            Some(match name {
                "$post" => secret.id.clone(),
                "$poll" => secret.poll.clone()?,
                "$file" => secret.file.clone()?,
                "$word" => secret.clue.clone(),
                "$tag" => secret.tag.clone(),
                "$link" => encode(&format!("https://page.test/{}", secret.kind)),
                "$url" => encode(&secret.url),
                _ => encode(&secret.uri),
            })
        };
        let about = ["$post", "$poll", "$file"].contains(&name);
        let mut all = Vec::new();
        for (path, _) in &paths {
            for (n, secret) in self.secrets.iter().enumerate() {
                let value = value(secret);
                all.extend(value.map(|value| (fill(path, name, &value, &secret.tag), about.then_some(n))));
            }
        }
        all
    }
}

/// A path may name a post and its hashtag.
fn fill(path: &str, name: &str, value: &str, tag: &str) -> String {
    path.replace(name, value).replace("$tag", tag)
}

fn account_of(uri: String) -> impl FnOnce(&mut watercooler::db::Conn) -> watercooler::Result<Account> + Send + 'static {
    move |conn| store::accounts::find_by_uri(conn, &uri)?.ok_or(watercooler::Error::NotFound)
}

impl Eyes {
    /// What is read with them; nothing where they are not for.
    async fn read(&self, node: &Node, path: &str) -> Option<Reply> {
        let api = path.starts_with("/api/") || path.starts_with("/oauth/userinfo");
        match self {
            // Pages and documents know nothing of tokens: there it is nobody.
            Self::App(client) if api || client.token.is_none() => Some(client.get(path).await),
            Self::Page(browser) if !api => Some(browser.get(path).await),
            Self::Signed(sender) if !api => Some(sender.reading(node, path).send(node).await),
            _ => None,
        }
    }
}

/// The predicate against what this world was made for, so that both cannot be wrong in the same way.
fn expected(reader: &str, secret: &Secret) -> bool {
    let (reader, elsewhere) = reader.split_once(' ').map_or((reader, false), |(reader, _)| (reader, true));
    if secret.kind == "site" && (elsewhere || reader == "nobody") {
        return false;
    }
    let open = ["public", "unlisted", "site"].contains(&secret.kind);
    match reader {
        "author" => true,
        "blocked" => false,
        "mentioned" => open || secret.names,
        "follower" => open || secret.kind == "private",
        _ => open,
    }
}

#[tokio::test]
async fn sec_prv_01_02_sec_prv_04_sec_prv_06_sec_prv_07_sec_prv_16_every_door_shows_what_the_predicate_allows() {
    let world = World::new().await;
    let mut faults = Vec::new();
    let mut shown: BTreeSet<String> = BTreeSet::new();
    let mut reads = 0;
    for reader in &world.readers {
        let allowed = world.allowed(reader).await;
        let in_public = world.allowed(&world.readers[0]).await;
        for (secret, allowed) in world.secrets.iter().zip(&allowed) {
            assert_eq!(*allowed, expected(reader.name, secret), "{} {}", reader.name, secret.word);
        }
        for door in doors().iter().filter(|door| door.does != "stream") {
            for (asked, eyes) in door.asked.iter().flat_map(|asked| reader.eyes.iter().map(move |eyes| (asked, eyes))) {
                for (path, about) in world.addresses(asked, reader) {
                    let Some(reply) = eyes.read(&world.node, &path).await else { continue };
                    reads += 1;
                    // Pages know sessions, documents know signatures: with the other of the two one is nobody.
                    let is_page = reply.header("content-type").starts_with("text/html");
                    // A feed is the same for everybody.
                    let is_feed = reply.header("content-type").starts_with("application/rss");
                    let unknown = match eyes {
                        _ if is_feed => true,
                        Eyes::Page(_) => !is_page,
                        Eyes::Signed(_) => is_page,
                        Eyes::App(_) => false,
                    };
                    let allowed = if unknown || door.does == "public" { &in_public } else { &allowed };
                    let mut fault = |what: String| faults.push(format!("{}: {path}: {what}", reader.name));
                    if reply.status >= 500 {
                        fault(format!("{} {}", reply.status, reply.text));
                    }
                    for (n, (secret, allowed)) in world.secrets.iter().zip(allowed).enumerate() {
                        let there = reply.text.contains(&secret.word);
                        if there && (!allowed || door.does == "silent") {
                            fault(format!("shows {}", secret.word));
                        }
                        if there && ["shows", "public"].contains(&door.does.as_str()) {
                            shown.insert(door.path.clone());
                        }
                        // Nor that there is one.
                        let named = reply.text.contains(&secret.id) || reply.text.contains(&secret.uri);
                        let asked_for = path.contains(&secret.id) || about == Some(n);
                        let own = reader.name == "author";
                        if named && !allowed && !asked_for && !own && !path.contains("url=") && !path.contains("uri=") {
                            fault(format!("names the post of {}", secret.word));
                        }
                    }
                    let scheduled = reply.text.contains("seenscheduled");
                    if scheduled && (reader.name != "author" || door.does == "silent") {
                        fault("shows what is scheduled".into());
                    }
                    if scheduled {
                        shown.insert(door.path.clone());
                    }
                    // A hidden post answers as one that is not there.
                    let Some(n) = about.filter(|n| !allowed[*n]) else { continue };
                    let secret = &world.secrets[n];
                    let id = [Some(&secret.id), secret.poll.as_ref(), secret.file.as_ref()];
                    let id = id.into_iter().flatten().find(|id| path.contains(id.as_str())).unwrap();
                    let nothing = "109999999999999999";
                    let Some(other) = eyes.read(&world.node, &path.replace(id.as_str(), nothing)).await else {
                        continue;
                    };
                    let told = (reply.status, reply.text.replace(id.as_str(), nothing));
                    if told != (other.status, other.text.clone()) {
                        fault(format!("{} {} but {} {}", told.0, short(&told.1), other.status, short(&other.text)));
                    }
                }
            }
        }
    }
    println!("{reads} reads");
    let closed: Vec<String> = doors()
        .into_iter()
        .filter(|door| ["shows", "public"].contains(&door.does.as_str()) && !shown.contains(&door.path))
        .map(|d| d.path)
        .collect();
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    assert!(closed.is_empty(), "these show nothing to anybody, so nothing is proven: {closed:?}");
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

/// What belongs to one person is not there for anybody else, by whatever id it is asked for.
#[tokio::test]
async fn sec_prv_14_what_is_somebody_elses_is_not_there() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    let id = |value: &Value| value["id"].as_str().unwrap_or_else(|| panic!("no id: {value}")).to_owned();
    let made = async |path: &str, body: Value| id(&ada.post(path, body).await.ok());
    let list = made("/api/v1/lists", json!({"title": "Team"})).await;
    let words = json!({"title": "Noise", "context": ["home"], "keywords_attributes": [{"keyword": "noise"}]});
    let filter = ada.post("/api/v2/filters", words).await.ok();
    let (filter, keyword) = (id(&filter), id(&filter["keywords"][0]));
    let post = made("/api/v1/statuses", json!({"status": "mine"})).await;
    let hidden = made(&format!("/api/v2/filters/{filter}/statuses"), json!({"status_id": post})).await;
    let older = made("/api/v1/filters", json!({"phrase": "din", "context": ["home"]})).await;
    let tomorrow = node.clock.now().plus_days(1).rfc3339();
    let waiting = made("/api/v1/statuses", json!({"status": "later", "scheduled_at": tomorrow})).await;
    let tag = made("/api/v1/featured_tags", json!({"name": "cats"})).await;
    let file = id(&crate::media::upload(&ada, &picture(20, 20)).await);
    bob.post("/api/v1/statuses", json!({"status": "@ada psst", "visibility": "direct"})).await.ok();
    node.settle().await;
    let talk = id(&ada.get("/api/v1/conversations").await.ok()[0]);
    let told = id(&ada.get("/api/v1/notifications").await.ok()[0]);

    let nothing = || json!({});
    for (method, path, body) in [
        ("GET", format!("/api/v1/lists/{list}"), nothing()),
        ("PUT", format!("/api/v1/lists/{list}"), json!({"title": "Mine"})),
        ("GET", format!("/api/v1/lists/{list}/accounts"), nothing()),
        ("POST", format!("/api/v1/lists/{list}/accounts"), json!({"account_ids": [bob.id]})),
        ("DELETE", format!("/api/v1/lists/{list}/accounts"), json!({"account_ids": [bob.id]})),
        ("GET", format!("/api/v1/timelines/list/{list}"), nothing()),
        ("DELETE", format!("/api/v1/lists/{list}"), nothing()),
        ("GET", format!("/api/v2/filters/{filter}"), nothing()),
        ("PUT", format!("/api/v2/filters/{filter}"), json!({"title": "Mine"})),
        ("GET", format!("/api/v2/filters/{filter}/keywords"), nothing()),
        ("POST", format!("/api/v2/filters/{filter}/keywords"), json!({"keyword": "mine"})),
        ("GET", format!("/api/v2/filters/keywords/{keyword}"), nothing()),
        ("PUT", format!("/api/v2/filters/keywords/{keyword}"), json!({"keyword": "mine"})),
        ("DELETE", format!("/api/v2/filters/keywords/{keyword}"), nothing()),
        ("GET", format!("/api/v2/filters/{filter}/statuses"), nothing()),
        ("POST", format!("/api/v2/filters/{filter}/statuses"), json!({"status_id": post})),
        ("GET", format!("/api/v2/filters/statuses/{hidden}"), nothing()),
        ("DELETE", format!("/api/v2/filters/statuses/{hidden}"), nothing()),
        ("DELETE", format!("/api/v2/filters/{filter}"), nothing()),
        ("GET", format!("/api/v1/filters/{older}"), nothing()),
        ("PUT", format!("/api/v1/filters/{older}"), json!({"phrase": "mine", "context": ["home"]})),
        ("DELETE", format!("/api/v1/filters/{older}"), nothing()),
        ("GET", format!("/api/v1/scheduled_statuses/{waiting}"), nothing()),
        ("PUT", format!("/api/v1/scheduled_statuses/{waiting}"), json!({"scheduled_at": tomorrow})),
        ("DELETE", format!("/api/v1/scheduled_statuses/{waiting}"), nothing()),
        ("GET", format!("/api/v1/media/{file}"), nothing()),
        ("PUT", format!("/api/v1/media/{file}"), json!({"description": "mine"})),
        ("DELETE", format!("/api/v1/media/{file}"), nothing()),
        ("DELETE", format!("/api/v1/featured_tags/{tag}"), nothing()),
        ("PUT", format!("/api/v1/statuses/{post}"), json!({"status": "not yours"})),
        ("DELETE", format!("/api/v1/statuses/{post}"), nothing()),
        ("POST", format!("/api/v1/conversations/{talk}/read"), nothing()),
        ("POST", format!("/api/v1/conversations/{talk}/unread"), nothing()),
        ("DELETE", format!("/api/v1/conversations/{talk}"), nothing()),
        ("GET", format!("/api/v1/notifications/{told}"), nothing()),
    ] {
        let mut request = eve.request(method, &path);
        if body != nothing() {
            request = request.json(&body);
        }
        assert_eq!(eve.send(request).await.status, 404, "{method} {path}");
    }
    // This says nothing of what is there, and does nothing.
    eve.post(&format!("/api/v1/notifications/{told}/dismiss"), nothing()).await;
    assert_eq!(eve.post("/api/v1/statuses", json!({"status": "look", "media_ids": [file]})).await.status, 422);

    assert_eq!(ada.get(&format!("/api/v1/lists/{list}")).await.ok()["title"], "Team");
    let kept = ada.get(&format!("/api/v2/filters/{filter}")).await.ok();
    assert_eq!((&kept["title"], &kept["keywords"][0]["keyword"]), (&json!("Noise"), &json!("noise")));
    for (kind, id) in [("scheduled_statuses", waiting), ("media", file), ("notifications", told), ("statuses", post)] {
        ada.get(&format!("/api/v1/{kind}/{id}")).await.ok();
    }
    assert_eq!(id(&ada.get("/api/v1/conversations").await.ok()[0]), talk);
}
