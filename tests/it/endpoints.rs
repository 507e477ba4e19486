//! The table of endpoints (`tests/endpoints.csv`, facts of the public documentation and of what ten clients call): each
//! row that is built answers as it should in every way it is called, and each one that is not says so as clients expect.

use crate::{
    media::{picture, send_form},
    support::{Client, Node, NodeBuilder, PASSWORD, Peer, Reply},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use watercooler::{
    config::{Registration, Switch},
    db::Sql,
};

pub struct Row {
    pub method: String,
    pub path: String,
    tier: String,
    pub access: String,
    built: bool,
}

impl Row {
    /// Whether we have it.
    pub fn is_built(&self) -> bool {
        self.built
    }
}

pub fn rows() -> Vec<Row> {
    let table = include_str!("../endpoints.csv");
    let row = |line: &str| {
        let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        let [method, path, tier, access, built] = cells.try_into().unwrap();
        Row { method, path, tier, access, built: built == "yes" }
    };
    table.lines().skip(1).map(row).collect()
}

/// A node with something of every kind, made anew for each row that asks.
pub struct World {
    pub node: Node,
    pub ada: Client,
    pub bob: Client,
    pub app: Value,
    count: std::cell::Cell<u32>,
}

/// A call: where to, with what, and what is answered when all is well.
pub struct Call {
    pub path: String,
    pub body: Value,
    pub status: u16,
}

const EVERYTHING: &str = "read write follow push profile admin:read admin:write";

impl World {
    pub async fn new(limits: Switch) -> Self {
        let machine = Peer::start("babel").await;
        let spoken = r#"[{"code": "en", "targets": ["de"]}]"#;
        machine.serve_as("GET /languages", 200, "application/json", spoken);
        machine.serve_as("POST /translate", 200, "application/json", r#"{"translatedText": ["x"]}"#);
        let node = NodeBuilder::new("alpha").await.config(|c| {
            c.translation.url = Some(machine.url("/").parse().unwrap());
            c.translation.addresses = vec!["127.0.0.0/8".parse().unwrap()];
            c.registration = Registration::Open;
            (c.instance.privacy_policy, c.instance.terms_of_service) = crate::house::files(&c.data_dir);
            c.rate_limits.mode = limits;
            c.rate_limits.trusted = Some(vec!["127.0.0.0/8".parse().unwrap()]);
        });
        let node = node.start().await;
        let (ada, bob) = (node.member("ada").await, node.member("bob").await);
        ada.patch("/api/v1/accounts/update_credentials", json!({"locked": true, "discoverable": true})).await.ok();
        bob.patch("/api/v1/accounts/update_credentials", json!({"discoverable": true})).await.ok();
        // Whoever calls is staff: the calls of staff are in the table too.
        let id: watercooler::id::Id<watercooler::model::Account> = ada.id.parse().unwrap();
        let sql = "update users set role = 3 where account_id = ";
        node.app.write(move |tx| Sql::new(sql).bind(id).execute(tx.conn)).await.unwrap();
        ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
        let body = json!({"client_name": "Test", "redirect_uris": "a://b", "scopes": EVERYTHING});
        let app = Client::anonymous(&node).post("/api/v1/apps", body).await.ok();
        Self { node, ada, bob, app, count: 0.into() }
    }
    pub fn next(&self) -> u32 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }
    /// ada with a token nobody used yet, so that its limits are fresh.
    pub async fn me(&self) -> Client {
        let token = self.node.token(self.ada.id.parse().unwrap(), EVERYTHING).await;
        let mut me = self.ada.clone();
        me.token = Some(token);
        me
    }
    pub async fn app_token(&self) -> String {
        let body = json!({
            "grant_type": "client_credentials", "scope": EVERYTHING,
            "client_id": self.app["client_id"], "client_secret": self.app["client_secret"],
        });
        let token = Client::anonymous(&self.node).post("/oauth/token", body).await.ok();
        token["access_token"].as_str().unwrap().to_owned()
    }
    pub async fn post(&self, who: &Client, body: Value) -> Value {
        who.post("/api/v1/statuses", body).await.ok()
    }
    async fn notification(&self, me: &Client) -> Value {
        let post = self.post(me, json!({"status": "hm"})).await;
        let path = format!("/api/v1/statuses/{}/favourite", text(&post["id"]));
        self.bob.post(&path, json!({})).await.ok();
        me.get("/api/v2/notifications").await.ok()["notification_groups"][0].clone()
    }

    /// What a row is called with.
    pub async fn call(&self, row: &Row, me: &Client) -> Call {
        let (path, method) = (row.path.as_str(), row.method.as_str());
        let mut call = Call { path: path.to_owned(), body: json!({}), status: 200 };
        let mut fill = |name: &str, value: &str| call.path = call.path.replace(name, value);
        let part = |n: usize| path.split('/').nth(n).unwrap_or_default();
        match (part(3), part(4)) {
            ("collections", _) => {
                let me = if path.ends_with("/revoke") { &self.bob } else { me };
                let owner = me.clone();
                // Nobody has more than a few.
                let of = format!("/api/v1/accounts/{}/collections", owner.id);
                for old in owner.get(&of).await.ok()["collections"].as_array().unwrap().iter().skip(4) {
                    owner.delete(&format!("/api/v1/collections/{}", text(&old["id"]))).await.ok();
                }
                let made = owner.post("/api/v1/collections", json!({"name": "x"})).await.ok()["collection"].clone();
                let collection = text(&made["id"]).to_owned();
                let items = format!("/api/v1/collections/{collection}/items");
                if path.contains("/items/") {
                    let whom = if path.ends_with("/revoke") { &self.ada.id } else { &self.bob.id };
                    let item = owner.post(&items, json!({"account_id": whom})).await.ok();
                    fill(":collection_id", &collection);
                    fill(":id", text(&item["collection_item"]["id"]));
                } else {
                    fill(":collection_id", &collection);
                    fill(":id", &collection);
                }
                call.body = json!({"name": "y", "account_id": self.bob.id});
            }
            ("announcements", _) if path.contains(":id") => {
                fill(":id", &crate::announcements::announce(&self.node, "hello").await);
                fill(":name", "%F0%9F%91%8D");
            }
            ("instance", _) => fill(":date", "2026-01-31"),
            ("annual_reports", _) => fill(":year", "2026"),
            ("push", _) => {
                call.body = json!({ "subscription": {
                    "endpoint": "https://push.example/x", "keys": {
                        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
                    },
                } });
                if method != "POST" {
                    me.post(path, call.body.clone()).await.ok();
                }
            }
            ("suggestions", _) => fill(":account_id", &self.bob.id),
            ("admin", "accounts") if path.contains(":id") => {
                let one = self.node.member(&format!("other{}", self.next())).await.id;
                fill(":id", &one);
                let id: watercooler::id::Id<watercooler::model::Account> = one.parse().unwrap();
                let suspended = path.ends_with("/unsuspend") || method == "DELETE";
                if suspended {
                    let act = format!("/api/v1/admin/accounts/{one}/action");
                    me.post(&act, json!({"type": "suspend"})).await.ok();
                }
                call.body = json!({"type": "none"});
                if path.ends_with("/approve") || path.ends_with("/reject") {
                    let waits = async move |node: &Node| {
                        let sql = "update users set approved_at = null where account_id = ";
                        let write = move |tx: &mut watercooler::domain::Tx<'_>| Sql::new(sql).bind(id).execute(tx.conn);
                        node.app.write(write).await.unwrap();
                    };
                    waits(&self.node).await;
                }
            }
            ("admin", "reports") if path.contains(":id") => {
                let report = me.post("/api/v1/reports", json!({"account_id": self.bob.id})).await.ok();
                fill(":id", text(&report["id"]));
            }
            ("admin", "domain_blocks") if path.contains(":id") => {
                let domain = format!("bad{}.example", self.next());
                let block = me.post("/api/v1/admin/domain_blocks", json!({"domain": domain})).await.ok();
                fill(":id", text(&block["id"]));
            }
            ("admin", what @ ("ip_blocks" | "email_domain_blocks" | "canonical_email_blocks" | "domain_allows")) => {
                let n = self.next();
                let body = match what {
                    "ip_blocks" => {
                        json!({"ip": format!("198.51.{}.{}", n / 256, n % 256), "severity": "sign_up_block"})
                    }
                    "canonical_email_blocks" => json!({"email": format!("bad{n}@mail.example")}),
                    _ => json!({"domain": format!("some{n}.example")}),
                };
                if path.contains(":id") {
                    let made = me.post(&format!("/api/v1/admin/{what}"), body).await.ok();
                    fill(":id", text(&made["id"]));
                } else {
                    call.body = body;
                }
            }
            ("admin", "measures" | "retention") => {
                call.body = json!({
                    "keys": ["new_users"], "frequency": "day", "start_at": "2026-11-01", "end_at": "2026-11-02",
                });
            }
            ("admin", "dimensions") => call.body = json!({"keys": ["languages"]}),
            ("admin", "tags" | "trends") if path.contains(":id") => {
                let n = self.next();
                let link = format!("#tag{n} https://pages{n}.example/a");
                let post = self.post(me, json!({"status": link})).await;
                let id: watercooler::id::Id<watercooler::model::Post> = text(&post["id"]).parse().unwrap();
                if path.contains("/links/") {
                    // As if the page had been read.
                    let page = format!("https://pages{n}.example/a");
                    let write = move |tx: &mut watercooler::domain::Tx<'_>| {
                        let (card, now) = (tx.new_id(), tx.now);
                        let row = watercooler::store::cards::ensure(tx.conn, card, &page, "", now)?;
                        Sql::new("update cards set title = 'x', state = 1 where id = ")
                            .bind(row.id)
                            .execute(tx.conn)?;
                        watercooler::store::cards::link(tx.conn, id, row.id)?;
                        Ok(row.id)
                    };
                    let card = self.node.app.write(write).await.unwrap();
                    if path.contains("/publishers/") {
                        let hosts = me.get("/api/v1/admin/trends/links/publishers?limit=100").await.ok();
                        fill(":id", text(&hosts[0]["id"]));
                    } else {
                        fill(":id", &card.to_string());
                    }
                } else if path.contains("/statuses/") {
                    fill(":id", text(&post["id"]));
                } else {
                    let tags = me.get("/api/v1/admin/tags?limit=1").await.ok();
                    fill(":id", text(&tags[0]["id"]));
                }
            }
            ("admin", "domain_blocks") => call.body = json!({"domain": format!("bad{}.example", self.next())}),
            // Nobody else's standing shall change by what is done here.
            ("accounts", _) if method == "POST" && path.contains(":id") => {
                let other = self.node.member(&format!("other{}", self.next())).await.id;
                fill(":id", &other);
                // Only who is followed is recommended.
                if path.ends_with("/pin") || path.ends_with("/endorse") {
                    me.post(&format!("/api/v1/accounts/{other}/follow"), json!({})).await.ok();
                }
            }
            // Only one's own.
            ("accounts", _) if path.ends_with("/in_collections") => fill(":id", &self.ada.id),
            ("accounts", _) => fill(":id", &self.bob.id),
            ("statuses", _) | ("pleroma", "statuses") => {
                let post = self.post(me, json!({"status": "hello #rust", "language": "en"})).await;
                fill(":id", text(&post["id"]));
                fill(":emoji", "%F0%9F%91%8D");
                if path.ends_with("/translate") {
                    call.body = json!({"lang": "de"});
                }
                if path.ends_with("/interaction_policy") {
                    call.body = json!({"quote_approval_policy": "followers"});
                }
                if path.ends_with("/revoke") {
                    let quoting = self.post(&self.bob, json!({"status": "x", "quoted_status_id": post["id"]})).await;
                    fill(":quoting_status_id", text(&quoting["id"]));
                }
            }
            ("media", _) => {
                let file = send_form(me, "POST", "/api/v2/media", &[], ("file", &picture(8, 8))).await.ok();
                fill(":id", text(&file["id"]));
            }
            ("polls", _) => {
                let poll = json!({"options": ["a", "b"], "expires_in": 300, "multiple": true});
                let post = self.post(&self.bob, json!({"status": "?", "poll": poll})).await;
                fill(":id", text(&post["poll"]["id"]));
                call.body = json!({"choices": ["0"]});
            }
            ("lists", _) | ("timelines", "list") => {
                let list = me.post("/api/v1/lists", json!({"title": "x"})).await.ok();
                fill(":list_id", text(&list["id"]));
                fill(":id", text(&list["id"]));
                call.body = json!({"title": "y", "account_ids": [self.bob.id]});
            }
            ("timelines", "tag") => fill(":hashtag", "rust"),
            ("tags", _) => fill(":name", "rust"),
            ("filters", _) => {
                // Nobody has more than some.
                for old in me.get("/api/v2/filters").await.ok().as_array().unwrap().iter().rev().skip(20) {
                    me.delete(&format!("/api/v2/filters/{}", text(&old["id"]))).await.ok();
                }
                let word = format!("word{}", self.next());
                let body = json!({"title": word, "context": ["home"], "keywords_attributes": [{"keyword": word}]});
                let filter = me.post("/api/v2/filters", body).await.ok();
                let post = self.post(me, json!({"status": word})).await;
                let of = format!("/api/v2/filters/{}/statuses", text(&filter["id"]));
                let keyword = text(&filter["keywords"][0]["id"]);
                if path.ends_with("statuses/:id") {
                    let kept = me.post(&of, json!({"status_id": post["id"]})).await.ok();
                    fill(":id", text(&kept["id"]));
                } else if path.ends_with("keywords/:id") || part(2) == "v1" {
                    fill(":id", keyword);
                } else {
                    fill(":id", text(&filter["id"]));
                    fill(":filter_id", text(&filter["id"]));
                }
                call.body = json!({
                    "title": "t", "phrase": "p", "keyword": "k", "context": ["home", "thread"], "status_id": post["id"],
                });
            }
            ("follow_requests", _) => {
                let asker = self.node.member(&format!("asker{}", self.next())).await;
                asker.post(&format!("/api/v1/accounts/{}/follow", me.id), json!({})).await.ok();
                fill(":account_id", &asker.id);
            }
            ("notifications", "requests") if path.contains(":id") => {
                let policy = "/api/v2/notifications/policy";
                me.patch(policy, json!({"for_not_following": "filter"})).await.ok();
                let sender = self.node.member(&format!("sender{}", self.next())).await;
                self.post(&sender, json!({"status": "@ada hello"})).await;
                me.patch(policy, json!({"for_not_following": "accept"})).await.ok();
                let list = me.get("/api/v1/notifications/requests").await.ok();
                fill(":id", text(&list[0]["id"]));
            }
            ("notifications", _) => {
                let group = self.notification(me).await;
                fill(":id", &group["most_recent_notification_id"].to_string());
                fill(":group_key", text(&group["group_key"]));
                call.body = json!({"id": group["most_recent_notification_id"].to_string()});
            }
            ("conversations", _) => {
                self.post(&self.bob, json!({"status": "@ada psst", "visibility": "direct"})).await;
                let list = me.get("/api/v1/conversations").await.ok();
                fill(":id", text(&list[0]["id"]));
            }
            ("scheduled_statuses", _) => {
                let at = |days: i64| self.node.clock.now().plus_days(days).rfc3339();
                let kept = self.post(me, json!({"status": "later", "scheduled_at": at(1)})).await;
                fill(":id", text(&kept["id"]));
                call.body = json!({"scheduled_at": at(2)});
            }
            ("featured_tags", _) => {
                // Nobody has more than ten.
                for old in me.get("/api/v1/featured_tags").await.ok().as_array().unwrap() {
                    me.delete(&format!("/api/v1/featured_tags/{}", text(&old["id"]))).await.ok();
                }
                let name = format!("tag{}", self.next());
                if method == "DELETE" {
                    let tag = me.post("/api/v1/featured_tags", json!({"name": name})).await.ok();
                    fill(":id", text(&tag["id"]));
                }
                call.body = json!({"name": name});
            }
            _ => {}
        }
        self.particulars(row, &mut call).await;
        call
    }

    /// What single rows need beside that.
    async fn particulars(&self, row: &Row, call: &mut Call) {
        let query = |call: &mut Call, query: String| call.path = format!("{}?{query}", call.path);
        let (id, secret) = (self.app["client_id"].clone(), self.app["client_secret"].clone());
        match (row.method.as_str(), row.path.as_str()) {
            ("GET", "/api/v1/accounts/lookup") => query(call, "acct=bob".into()),
            ("GET", "/api/v1/accounts/search" | "/api/v1/search" | "/api/v2/search") => query(call, "q=bob".into()),
            ("GET", "/api/v1/accounts/relationships" | "/api/v1/accounts/familiar_followers" | "/api/v1/accounts") => {
                query(call, format!("id[]={}", self.bob.id));
            }
            // Nobody speaks of that page: that is the documented answer.
            ("GET", "/api/v1/timelines/link") => {
                query(call, "url=https://news.example/".into());
                call.status = 404;
            }
            ("GET", "/api/oembed") => {
                let post = self.post(&self.bob, json!({"status": "hello"})).await;
                query(call, format!("url={}", text(&post["url"])));
            }
            // No address waits to be confirmed: that is the documented answer.
            ("POST", "/api/v1/emails/confirmations") => call.status = 403,
            ("GET", "/.well-known/webfinger") => query(call, format!("resource=acct:{}", self.node.handle("ada"))),
            ("GET", "/oauth/authorize") => {
                query(call, format!("response_type=code&client_id={}&redirect_uri=a://b&state=None", text(&id)));
                call.status = 302;
            }
            ("GET", p) if p.starts_with("/api/v1/streaming/hashtag") => query(call, "tag=rust".into()),
            ("GET", "/api/v1/streaming/list") => {
                let list = self.ada.post("/api/v1/lists", json!({"title": "x"})).await.ok();
                query(call, format!("list={}", text(&list["id"])));
            }
            // There are none: that is the documented answer.
            ("GET", "/api/v1/annual_reports/:year" | "/api/v1_alpha/async_refreshes/:id")
            | ("POST", "/api/v1/annual_reports/:year/read") => call.status = 404,
            ("GET", "/api/v1/donation_campaigns") => call.status = 204,
            // An upgrade is missing: that is the documented answer.
            ("GET", "/api/v1/streaming") => call.status = 404,
            ("POST", "/api/v1/accounts") => {
                let name = format!("new{}", self.next());
                let email = format!("{name}@example.org");
                call.body =
                    json!({"username": name, "email": email, "password": PASSWORD, "agreement": true, "reason": "x"});
            }
            ("PATCH", "/api/v1/accounts/update_credentials") => call.body = json!({"display_name": "Ada"}),
            ("POST", "/api/v1/accounts/:id/note") => call.body = json!({"comment": "nice"}),
            ("POST", "/api/v1/markers") => call.body = json!({"home": {"last_read_id": "1"}}),
            ("POST", "/api/v1/statuses") => call.body = json!({"status": "hello"}),
            ("PUT", "/api/v1/statuses/:id") => call.body = json!({"status": "hello again"}),
            ("PUT", "/api/v1/media/:id") => call.body = json!({"description": "a wall"}),
            ("GET", "/api/v1/domain_blocks/preview") => query(call, "domain=elsewhere.example".into()),
            ("GET", "/invite/:code") => {
                let verb = json!({ "invite": { "create": { "role": "member" } } });
                let verb = serde_json::from_value(verb).unwrap();
                let made = watercooler::cli::data::run(&self.node.app, verb).await.unwrap();
                call.path = format!("/invite/{}", text(&made["code"]));
            }
            ("POST" | "DELETE", "/api/v1/domain_blocks") => call.body = json!({"domain": "elsewhere.example"}),
            ("POST", "/api/v1/reports") => call.body = json!({"account_id": self.bob.id}),
            ("POST", "/api/v1/apps") => call.body = json!({"client_name": "x", "redirect_uris": "a://b"}),
            ("POST", "/oauth/token") => {
                call.body = json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret});
            }
            ("POST", "/oauth/revoke") => {
                call.body = json!({"token": "unknown", "client_id": id, "client_secret": secret});
            }
            _ => {}
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

async fn send(who: &Client, row: &Row, method: &str, call: &Call) -> Reply {
    if row.path.ends_with("/media") {
        return send_form(who, method, &call.path, &[], ("file", &picture(8, 8))).await;
    }
    let request = who.request(method, &call.path);
    let request = if method == "GET" { request } else { request.json(&call.body) };
    if row.path.starts_with("/api/v1/streaming/") && !row.path.ends_with("health") {
        // It never ends: the head is enough.
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        return Reply { status, headers, text: String::new(), body: Vec::new() };
    }
    who.send(request).await
}

#[tokio::test]
async fn every_endpoint_of_the_table_answers_or_says_that_it_is_not_there() {
    let world = World::new(Switch::On).await;
    let nobody = Client::anonymous(&world.node);
    let (mut built, mut total) = (BTreeMap::<String, u32>::new(), BTreeMap::<String, u32>::new());
    let mut faults = Vec::new();
    for row in rows() {
        *total.entry(row.tier.clone()).or_default() += 1;
        let name = format!("{} {}", row.method, row.path);
        let mut fault =
            |reply: &Reply, what: &str| faults.push(format!("{name}: {what}: {} {}", reply.status, reply.text));
        let api = row.path.starts_with("/api/");
        let me = world.me().await;
        // An account's calls are counted over all its tokens.
        world.node.clock.advance(10_000);
        if !row.built {
            let path: String =
                row.path.split('/').map(|p| if p.starts_with(':') { "1" } else { p }).collect::<Vec<_>>().join("/");
            let call = Call { path, body: json!({}), status: 404 };
            let reply = send(&me, &row, &row.method, &call).await;
            if reply.status != 404 || (api && (!reply.json()["error"].is_string() || !is_json(&reply))) {
                fault(&reply, "it is not built and does not say so");
            }
            continue;
        }
        *built.entry(row.tier.clone()).or_default() += 1;
        let app = Client::with_token(&world.node, &world.app_token().await);
        let who = if row.access == "app" { &app } else { &me };
        let call = world.call(&row, &me).await;
        let reply = send(who, &row, &row.method, &call).await;
        if reply.status != call.status {
            fault(&reply, "the wrong answer");
        }
        let machine = api && !row.path.starts_with("/api/v1/streaming/");
        // One answers yes or no.
        let is_yes_or_no = row.path.ends_with("/check_confirmation") && reply.json().is_boolean();
        let speaks = machine && call.status != 204;
        if speaks && (!is_json(&reply) || !(reply.json().is_object() || reply.json().is_array() || is_yes_or_no)) {
            fault(&reply, "no JSON");
        }
        if api {
            if reply.header("access-control-allow-origin") != "*"
                || !reply.header("access-control-expose-headers").contains("Link")
            {
                fault(&reply, "no page may read it");
            }
            if reply.header("x-ratelimit-limit").is_empty() || reply.header("x-ratelimit-remaining").is_empty() {
                fault(&reply, "no limits are told");
            }
            let reset = reply.header("x-ratelimit-reset");
            if reset.len() != "2026-07-02T07:47:51.000000Z".len() || reply.header("date").is_empty() {
                fault(&reply, "no time when limits end");
            }
            if reply.header("cache-control") != "private, no-store" {
                fault(&reply, "caches may keep it");
            }
            let asks = nobody.request("OPTIONS", &call.path).header("origin", "https://client.example");
            let asks = asks.header("access-control-request-method", row.method.as_str());
            let preflight = nobody.send(asks.header("access-control-request-headers", "authorization")).await;
            if preflight.status != 200 || preflight.header("access-control-allow-headers") != "authorization" {
                fault(&preflight, "no page may call it");
            }
        }
        // Who shows no token, or a bad one.
        if matches!(row.access.as_str(), "user" | "app") {
            let call = world.call(&row, &me).await;
            // What is for staff is for nobody in particular either.
            let for_staff = row.path.contains("/admin/");
            let others = [
                (nobody.clone(), if for_staff { 403 } else { 401 }),
                (Client::with_token(&world.node, "Xnonsense"), 401),
            ];
            for (stranger, status) in others {
                let reply = send(&stranger, &row, &row.method, &call).await;
                let streaming = row.path == "/api/v1/streaming";
                if reply.status != status && !(streaming && reply.status == 404) {
                    fault(&reply, "a stranger may");
                }
                if machine && !reply.json()["error"].is_string() {
                    fault(&reply, "a stranger is not told");
                }
            }
        }
        // A slash at the end, and PUT for PATCH.
        let mut again = world.call(&row, &me).await;
        let at = again.path.find('?').unwrap_or(again.path.len());
        again.path.insert(at, '/');
        let method = match row.method.as_str() {
            "PUT" => "PATCH",
            "PATCH" => "PUT",
            other => other,
        };
        let reply = send(who, &row, method, &again).await;
        if reply.status != again.status {
            fault(&reply, "not with a slash, or PATCH for PUT");
        }
        if method == "GET" && row.path != "/api/v1/streaming" && !row.path.starts_with("/api/v1/streaming/") {
            let head = who.send(who.request("HEAD", &call.path)).await;
            if head.status != call.status || !head.body.is_empty() {
                fault(&head, "not as HEAD");
            }
        }
    }
    for (tier, total) in &total {
        println!("tier {tier}: {} of {total} endpoints", built.get(tier).copied().unwrap_or_default());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(built["1"], total["1"], "tier 1 is whole");
}

fn is_json(reply: &Reply) -> bool {
    reply.header("content-type").split(';').next() == Some("application/json")
}

#[tokio::test]
async fn every_route_of_the_client_api_stands_in_the_table() {
    let plain = |path: &str| {
        let name = |part: &str| if part.starts_with([':', '{']) { "*".to_owned() } else { part.to_owned() };
        path.split('/').map(name).collect::<Vec<_>>().join("/")
    };
    let rows = rows();
    for (method, path, _) in watercooler::api::routes().table() {
        // What is ours alone stands in no table of others.
        if path.starts_with("/api/watercooler/") {
            continue;
        }
        let row = rows.iter().find(|row| {
            let same = row.method == *method || (*method == "PUT" && row.method == "PATCH");
            same && plain(&row.path) == plain(path)
        });
        // `POST /oauth/userinfo` is the same call as its GET.
        let known = row.is_some_and(|row| row.built) || (*method, *path) == ("POST", "/oauth/userinfo");
        // The reactions of one emoji are the list of all of them, shorter.
        let known = known || (*method, *path) == ("GET", "/api/v1/pleroma/statuses/{id}/reactions/{emoji}");
        // What only says that there is no such stream is no endpoint.
        let known = known || *path == "/api/v1/streaming/{*stream}";
        assert!(known, "{method} {path}");
    }
}

#[tokio::test]
async fn the_figures_of_the_papers_are_those_of_the_table() {
    let (mut built, mut total) = (BTreeMap::<String, u32>::new(), BTreeMap::<String, u32>::new());
    for row in rows() {
        *built.entry(row.tier.clone()).or_default() += u32::from(row.built);
        *total.entry(row.tier).or_default() += 1;
    }
    let figures: Vec<String> =
        total.iter().map(|(tier, all)| format!("{} of {all} of tier {tier}", built[tier])).collect();
    let figures = figures.join(", ");
    let papers = [("README.md", include_str!("../../README.md")), ("docs", include_str!("../../docs/client-api.md"))];
    for (name, text) in papers {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&figures), "{name} says something else than {figures}");
    }
    // What is missing has its reason.
    for row in rows().iter().filter(|row| !row.built) {
        assert!(papers[1].1.contains(&format!("`{} {}`", row.method, row.path)), "{} {}", row.method, row.path);
    }
}
