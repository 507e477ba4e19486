//! Every endpoint with every encoding of its parameters (`tests/parameters.txt`): the same request has the same answer as JSON,
//! as a form, as multipart and in the query, with arrays in brackets and by index, and by PUT as by PATCH.

use crate::{
    endpoints::{Row, World, rows},
    media::picture,
    support::{Client, Reply},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use watercooler::config::Switch;

/// How parameters travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// JSON as it stands in the table.
    Json,
    /// JSON in which numbers and switches are texts.
    JsonOfTexts,
    /// JSON in which ids are numbers.
    JsonOfNumbers,
    /// JSON in which lists are objects with numbers for names.
    JsonIndexed,
    Form,
    FormIndexed,
    Multipart,
    MultipartIndexed,
    Query,
    QueryIndexed,
    /// One half in the query, the other one in a JSON body.
    Halves,
}

use Encoding::{
    Form, FormIndexed, Halves, Json, JsonIndexed, JsonOfNumbers, JsonOfTexts, Multipart, MultipartIndexed, Query,
    QueryIndexed,
};

const ALL: [Encoding; 11] = [
    Json,
    JsonOfTexts,
    JsonOfNumbers,
    JsonIndexed,
    Form,
    FormIndexed,
    Multipart,
    MultipartIndexed,
    Query,
    QueryIndexed,
    Halves,
];

/// A line of the table.
struct Line {
    method: String,
    path: String,
    parameters: Option<Value>,
    before: Option<(String, String, Value)>,
    then: Option<String>,
    same: bool,
}

fn lines() -> Vec<Line> {
    let line = |text: &str| {
        let mut cells = text.split(" | ");
        let head: Vec<&str> = cells.next().unwrap().splitn(3, ' ').collect();
        let [method, path, parameters] = head[..] else { panic!("{text}") };
        let json = |json: &str| serde_json::from_str(json).unwrap_or_else(|e| panic!("{e}: {text}"));
        let mut line = Line {
            method: method.to_owned(),
            path: path.to_owned(),
            parameters: (parameters != "-").then(|| json(parameters)),
            before: None,
            then: None,
            same: false,
        };
        for cell in cells {
            match cell.split_once(' ') {
                None if cell == "same" => line.same = true,
                Some(("then", path)) => line.then = Some(path.to_owned()),
                Some(("before", rest)) => {
                    let [method, path, body] = rest.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{text}") };
                    line.before = Some((method.to_owned(), path.to_owned(), json(body)));
                }
                _ => panic!("{text}"),
            }
        }
        line
    };
    let table = include_str!("../parameters.txt");
    table.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).map(line).collect()
}

/// `a[b]`, `a[]`, `a[][b]`; or with numbers between the brackets.
fn pairs(name: &str, value: &Value, indexed: bool, into: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| {
            let name = if name.is_empty() { key.clone() } else { format!("{name}[{key}]") };
            pairs(&name, inner, indexed, into);
        }),
        Value::Array(list) => list.iter().enumerate().for_each(|(n, inner)| {
            let name = if indexed { format!("{name}[{n}]") } else { format!("{name}[]") };
            pairs(&name, inner, indexed, into);
        }),
        Value::String(text) => into.push((name.to_owned(), text.clone())),
        Value::Null => into.push((name.to_owned(), String::new())),
        scalar => into.push((name.to_owned(), scalar.to_string())),
    }
}

fn mapped(value: &Value, scalar: &impl Fn(&Value) -> Value, indexed: bool) -> Value {
    let inner = |value| mapped(value, scalar, indexed);
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), inner(value))).collect::<Map<_, _>>().into(),
        Value::Array(list) if indexed => {
            list.iter().enumerate().map(|(n, value)| (n.to_string(), inner(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(list) => list.iter().map(inner).collect(),
        other => scalar(other),
    }
}

fn as_text(value: &Value) -> Value {
    if value.is_string() { value.clone() } else { json!(value.to_string()) }
}

fn as_number(value: &Value) -> Value {
    let number = value.as_str().and_then(|text| text.parse::<i64>().ok());
    number.map_or_else(|| value.clone(), |number| json!(number))
}

/// What a call carries.
#[derive(Default)]
struct Carried {
    query: Vec<(String, String)>,
    json: Option<Value>,
    form: Option<Vec<(String, String)>>,
    multipart: Option<Vec<(String, String)>>,
}

fn carried(encoding: Encoding, parameters: &Value) -> Carried {
    let flat = |value: &Value, indexed| {
        let mut flat = Vec::new();
        pairs("", value, indexed, &mut flat);
        flat
    };
    let none = Carried::default();
    match encoding {
        Json => Carried { json: Some(parameters.clone()), ..none },
        JsonOfTexts => Carried { json: Some(mapped(parameters, &as_text, false)), ..none },
        JsonOfNumbers => Carried { json: Some(mapped(parameters, &as_number, false)), ..none },
        JsonIndexed => Carried { json: Some(mapped_lists(parameters)), ..none },
        Form | FormIndexed => Carried { form: Some(flat(parameters, encoding == FormIndexed)), ..none },
        Multipart | MultipartIndexed => {
            Carried { multipart: Some(flat(parameters, encoding == MultipartIndexed)), ..none }
        }
        Query | QueryIndexed => Carried { query: flat(parameters, encoding == QueryIndexed), ..none },
        Halves => {
            let half = |which: usize| -> Value {
                let map = parameters.as_object().unwrap().iter().enumerate().filter(|(n, _)| n % 2 == which);
                map.map(|(_, (key, value))| (key.clone(), value.clone())).collect::<Map<_, _>>().into()
            };
            Carried { query: flat(&half(0), false), json: Some(half(1)), ..none }
        }
    }
}

fn mapped_lists(parameters: &Value) -> Value {
    let map = parameters.as_object().unwrap();
    map.iter().map(|(key, value)| (key.clone(), mapped(value, &Value::clone, true))).collect::<Map<_, _>>().into()
}

fn multipart(fields: &[(String, String)], file: Option<&[u8]>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--b0\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    if let Some(file) = file {
        body.extend_from_slice(b"--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\r\n");
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b0--\r\n");
    body
}

/// Sends it; `None` where this encoding cannot carry what must be there.
async fn send(who: &Client, method: &str, path: &str, carried: Carried) -> Option<Reply> {
    let mut address = path.to_owned();
    if !carried.query.is_empty() {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&carried.query).finish();
        address = format!("{path}?{query}");
    }
    let request = who.request(method, &address);
    let of_multipart = "multipart/form-data; boundary=b0";
    let request = if path.ends_with("/media") {
        if carried.json.is_some() || carried.form.is_some() {
            return None;
        }
        let body = multipart(&carried.multipart.unwrap_or_default(), Some(&picture(8, 8)));
        request.header("content-type", of_multipart).body(body)
    } else if let Some(json) = carried.json {
        request.json(&json)
    } else if let Some(form) = carried.form {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
        request.header("content-type", "application/x-www-form-urlencoded").body(body)
    } else if let Some(fields) = carried.multipart {
        request.header("content-type", of_multipart).body(multipart(&fields, None))
    } else {
        request
    };
    Some(who.send(request).await)
}

/// Numbers that grow with each call.
const GROWING: [&str; 7] =
    ["id", "version", "statuses_count", "followers_count", "following_count", "most_recent_notification_id", "uses"];
/// Texts that are new each time.
const SECRET: [&str; 3] = ["client_id", "client_secret", "access_token"];

/// A document without what is new each time: ids, and the digits of names. Times stay: the clock stands still.
fn blanked(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let one = |(key, value): (&String, &Value)| {
                let blank = SECRET.contains(&key.as_str()) || (value.is_number() && GROWING.contains(&key.as_str()));
                (key.clone(), if blank { Value::Null } else { blanked(value) })
            };
            map.iter().map(one).collect::<Map<_, _>>().into()
        }
        Value::Array(list) => list.iter().map(blanked).collect(),
        Value::String(text) if watercooler::time::Timestamp::parse(text).is_some() => value.clone(),
        Value::String(text) => {
            // Names of files and sums are long rows of hexadecimal digits.
            let is_sum = |word: &&str| word.len() >= 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
            let mut text = text.clone();
            for sum in value.as_str().into_iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric())) {
                if is_sum(&sum) {
                    text = text.replace(sum, "#");
                }
            }
            let mut short = String::new();
            for c in text.chars() {
                match c.is_ascii_digit() {
                    true if short.ends_with('#') => {}
                    true => short.push('#'),
                    false => short.push(c),
                }
            }
            json!(short)
        }
        other => other.clone(),
    }
}

/// What came of a call.
fn outcome(reply: &Reply, look: Option<&Reply>) -> Value {
    let document = |reply: &Reply| {
        let document = serde_json::from_str(&reply.text).unwrap_or_else(|_| json!(reply.text));
        json!([reply.status, blanked(&document)])
    };
    json!({"answer": document(reply), "then": look.map(document)})
}

/// A call that can be made.
struct Prepared {
    path: String,
    parameters: Value,
    then: Option<String>,
    status: u16,
    app: bool,
}

/// The world of the table of endpoints, with more in it.
struct Matrix {
    world: World,
    carol: Client,
    me: Client,
    app: Client,
}

impl Matrix {
    async fn new() -> Self {
        let world = World::new(Switch::Off).await;
        let (me, carol) = (world.me().await, world.node.member("carol").await);
        let app = Client::with_token(&world.node, &world.app_token().await);
        carol.patch("/api/v1/accounts/update_credentials", json!({"discoverable": true})).await.ok();
        let act = async |who: &Client, path: String| who.post(&path, json!({})).await.ok();
        act(&me, format!("/api/v1/accounts/{}/follow", carol.id)).await;
        act(&world.bob, format!("/api/v1/accounts/{}/follow", carol.id)).await;
        act(&carol, format!("/api/v1/accounts/{}/follow", world.bob.id)).await;
        Self { world, carol, me, app }
    }

    /// Two of most things, so that a page of one is not all there is.
    async fn stocked() -> Self {
        let it = Self::new().await;
        let (world, me, bob, carol) = (&it.world, &it.me, &it.world.bob, &it.carol);
        let act = async |who: &Client, path: String| who.post(&path, json!({})).await.ok();
        let file = crate::media::send_form(bob, "POST", "/api/v2/media", &[], ("file", &picture(8, 8))).await.ok();
        let first = world.post(bob, json!({"status": "hello @ada #rust #tea", "media_ids": [file["id"]]})).await;
        let first = first["id"].as_str().unwrap().to_owned();
        for text in ["hello #rust #tea #soup", "hello #soup", "hello #bread https://news.example/", "@ada well"] {
            let post = world.post(bob, json!({"status": text})).await;
            let id = post["id"].as_str().unwrap();
            for verb in ["favourite", "bookmark", "reblog"] {
                act(me, format!("/api/v1/statuses/{id}/{verb}")).await;
            }
        }
        world.post(carol, json!({"status": "hello from me #rust", "in_reply_to_id": first})).await;
        act(bob, format!("/api/v1/statuses/{first}/pin")).await;
        for who in [bob, carol] {
            world.post(who, json!({"status": "@ada psst", "visibility": "direct"})).await;
            let mine = world.post(me, json!({"status": "mine https://news.example/"})).await;
            let mine = mine["id"].as_str().unwrap();
            for verb in ["favourite", "reblog"] {
                act(who, format!("/api/v1/statuses/{mine}/{verb}")).await;
            }
        }
        for n in 0..2 {
            let other = world.node.member(&format!("stranger{n}")).await;
            act(&other, format!("/api/v1/accounts/{}/follow", me.id)).await;
            for verb in ["block", "mute"] {
                let other = world.node.member(&format!("{verb}ed{n}")).await;
                act(me, format!("/api/v1/accounts/{}/{verb}", other.id)).await;
            }
            let known = world.node.member(&format!("neighbour{n}")).await;
            known.patch("/api/v1/accounts/update_credentials", json!({"discoverable": true})).await.ok();
            act(bob, format!("/api/v1/accounts/{}/follow", known.id)).await;
            act(me, format!("/api/v1/tags/{}/follow", ["tea", "soup"][n])).await;
            me.post("/api/v1/domain_blocks", json!({"domain": format!("far{n}.example")})).await.ok();
            let at = world.node.clock.now().plus_days(1 + n as i64).rfc3339();
            world.post(me, json!({"status": "later", "scheduled_at": at})).await;
            me.post("/api/v1/reports", json!({"account_id": if n == 0 { &bob.id } else { &carol.id }})).await.ok();
            for (what, body) in [
                ("canonical_email_blocks", json!({"email": format!("bad{n}@far.example")})),
                ("email_domain_blocks", json!({"domain": format!("mail{n}.example")})),
                ("ip_blocks", json!({"ip": format!("192.0.2.{n}"), "severity": "no_access"})),
                ("domain_blocks", json!({"domain": format!("worse{n}.example")})),
                ("domain_allows", json!({"domain": format!("better{n}.example")})),
            ] {
                me.post(&format!("/api/v1/admin/{what}"), body).await.ok();
            }
            it.request("kept").await;
        }
        me.post("/api/v1/admin/canonical_email_blocks", json!({"email": "bad@far.example"})).await.ok();
        let read = json!({"home": {"last_read_id": "1"}, "notifications": {"last_read_id": "1"}});
        me.post("/api/v1/markers", read).await.ok();
        let announcement = crate::announcements::announce(&world.node, "hello").await;
        act(me, format!("/api/v1/announcements/{announcement}/dismiss")).await;
        it
    }

    /// Somebody whose mention waits for a yes.
    async fn request(&self, name: &str) -> String {
        let policy = "/api/v2/notifications/policy";
        self.me.patch(policy, json!({"for_not_following": "filter"})).await.ok();
        let sender = self.world.node.member(&format!("{name}{}", self.world.next())).await;
        let post = self.world.post(&sender, json!({"status": "@ada may I?"})).await;
        self.me.patch(policy, json!({"for_not_following": "accept"})).await.ok();
        let list = self.me.get("/api/v1/notifications/requests?limit=80").await.ok();
        let mine = list.as_array().unwrap().iter().find(|one| one["last_status"]["id"] == post["id"]);
        mine.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// What a word of the table that begins with `$` stands for.
    async fn thing(&self, name: &str, body: &Value) -> String {
        let id = |document: Value| document["id"].as_str().unwrap().to_owned();
        let (world, me) = (&self.world, &self.me);
        match name.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "ada" => me.id.clone(),
            "bob" => world.bob.id.clone(),
            "carol" => self.carol.id.clone(),
            "post" => id(world.post(me, json!({"status": "hello"})).await),
            "posturl" => world.post(&world.bob, json!({"status": "hello"})).await["url"].as_str().unwrap().to_owned(),
            "bobpost" => id(world.post(&world.bob, json!({"status": "hello"})).await),
            // One person has but a few.
            "bobcollection" => {
                let of = format!("/api/v1/accounts/{}/collections", world.bob.id);
                match world.bob.get(&of).await.ok()["collections"].as_array().unwrap().first() {
                    Some(known) => id(known.clone()),
                    None => {
                        id(world.bob.post("/api/v1/collections", json!({"name": "x"})).await.ok()["collection"].clone())
                    }
                }
            }
            "media" => {
                id(crate::media::send_form(me, "POST", "/api/v2/media", &[], ("file", &picture(8, 8))).await.ok())
            }
            "request" => self.request("asker").await,
            "notification" => {
                let post = world.post(&world.bob, json!({"status": "@ada hello"})).await;
                let list = me.get("/api/v1/notifications?limit=5").await.ok();
                let mine = list.as_array().unwrap().iter().find(|one| one["status"]["id"] == post["id"]);
                mine.unwrap()["id"].as_str().unwrap().to_owned()
            }
            "client_id" | "client_secret" => world.app[name].as_str().unwrap().to_owned(),
            _ => {
                let field = name.strip_prefix('.').unwrap_or_else(|| panic!("nothing is called ${name}"));
                body[field].as_str().unwrap_or_else(|| panic!("${name}: {body}")).to_owned()
            }
        }
    }

    /// The parameters with all such words replaced.
    async fn filled(&self, parameters: &Value, body: &Value) -> Value {
        let mut names = BTreeMap::new();
        let mut found = Vec::new();
        pairs("", parameters, false, &mut found);
        for (_, text) in found {
            if let Some(name) = text.strip_prefix('$').filter(|name| !names.contains_key(*name)) {
                names.insert(name.to_owned(), self.thing(name, body).await);
            }
        }
        let replaced = |value: &Value| match value.as_str().and_then(|text| text.strip_prefix('$')) {
            Some(name) => json!(names[name]),
            None => value.clone(),
        };
        mapped(parameters, &replaced, false)
    }

    /// Makes all that has to be there.
    async fn prepared(&self, row: &Row, line: &Line) -> Prepared {
        let call = self.world.call(row, &self.me).await;
        let path = call.path.split('?').next().unwrap().to_owned();
        let here = |other: &str| {
            let mut other = other.to_owned();
            for (name, part) in row.path.split('/').zip(path.split('/')).filter(|(name, _)| name.starts_with(':')) {
                other = other.replace(name, part);
            }
            other
        };
        if let Some((method, before, body)) = &line.before {
            let body = self.filled(body, &call.body).await;
            let request = self.me.request(method, &here(before)).json(&body);
            self.me.send(request).await.ok();
        }
        let parameters = self.filled(line.parameters.as_ref().unwrap(), &call.body).await;
        let then = line.then.as_deref().map(here);
        Prepared { path, parameters, then, status: call.status, app: row.access == "app" }
    }

    async fn called(&self, it: &Prepared, method: &str, encoding: Option<Encoding>) -> Option<Value> {
        let carried = encoding.map(|encoding| carried(encoding, &it.parameters)).unwrap_or_default();
        let who = if it.app { &self.app } else { &self.me };
        let reply = send(who, method, &it.path, carried).await?;
        let look = match &it.then {
            Some(path) => Some(self.me.get(path).await),
            None => None,
        };
        if encoding == Some(Json) {
            assert_eq!(reply.status, it.status, "{method} {}: {}", it.path, reply.text);
        }
        Some(outcome(&reply, look.as_ref()))
    }

    /// Holds every encoding of a line against the first one; says what differs.
    async fn tried(&self, row: &Row, line: &Line) -> Vec<String> {
        // What is only read is the same the next time; all else is made anew for each call.
        let once = if line.method == "GET" { Some(self.prepared(row, line).await) } else { None };
        let call = async |method: &str, encoding: Option<Encoding>| match &once {
            Some(prepared) => self.called(prepared, method, encoding).await,
            None => self.called(&self.prepared(row, line).await, method, encoding).await,
        };
        let other = match line.method.as_str() {
            "PUT" => Some("PATCH"),
            "PATCH" => Some("PUT"),
            _ => None,
        };
        let mut calls: Vec<(&str, Encoding)> = ALL.iter().map(|encoding| (line.method.as_str(), *encoding)).collect();
        calls.extend(other.into_iter().flat_map(|other| [Json, Form, Multipart, QueryIndexed].map(|e| (other, e))));
        let (mut expected, mut faults) = (None, Vec::new());
        for (method, encoding) in calls {
            let Some(outcome) = call(method, Some(encoding)).await else { continue };
            let expected = expected.get_or_insert_with(|| outcome.clone());
            if outcome != *expected {
                faults.push(format!("{method} {} by {encoding:?}: {outcome:#}\n  and not {expected:#}", line.path));
            }
        }
        if !line.same && call(&line.method, None).await == expected {
            faults.push(format!("{} {}: what was asked for makes no difference", line.method, line.path));
        }
        faults
    }
}

/// Tries the lines for which `part` says yes.
async fn try_lines(matrix: Matrix, part: impl Fn(usize, &Line) -> bool) {
    let (rows, lines) = (rows(), lines());
    let mut faults = Vec::new();
    let mut tried = 0;
    let with_parameters = lines.iter().filter(|line| line.parameters.is_some()).enumerate();
    for (_, line) in with_parameters.filter(|(n, line)| part(*n, line)) {
        let row = rows.iter().find(|row| row.method == line.method && row.path == line.path);
        faults.extend(matrix.tried(row.unwrap(), line).await);
        tried += 1;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(tried > 15, "{tried}");
}

#[test]
fn every_endpoint_that_is_built_says_with_what_it_is_called() {
    let lines = lines();
    for row in rows().iter().filter(|row| row.is_built()) {
        let found = lines.iter().filter(|line| line.method == row.method && line.path == row.path).count();
        assert!(found > 0, "{} {}: say in tests/parameters.txt what it is called with", row.method, row.path);
    }
    for line in &lines {
        let known = rows().iter().any(|row| row.is_built() && row.method == line.method && row.path == line.path);
        assert!(known, "{} {} stands in tests/parameters.txt and is not built", line.method, line.path);
    }
}

#[tokio::test]
async fn reading_is_the_same_in_every_encoding() {
    try_lines(Matrix::stocked().await, |_, line| line.method == "GET").await;
}

#[tokio::test]
async fn what_is_made_is_the_same_in_every_encoding() {
    try_lines(Matrix::new().await, |_, line| line.method == "POST").await;
}

#[tokio::test]
async fn what_is_changed_and_deleted_is_the_same_in_every_encoding() {
    try_lines(Matrix::new().await, |_, line| !["GET", "POST"].contains(&line.method.as_str())).await;
}
