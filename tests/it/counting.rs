//! How many statements an answer needs: as many for many things as for a few, at every address of the client API that can
//! be read. The routes are asked of the router, so a new one is counted too.

use crate::{
    media::{picture, send_form},
    support::{Client, Node, NodeBuilder, Reply},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use watercooler::{
    db::Sql,
    domain::{
        audit::Staff,
        severances::{self, Lost},
        warnings,
    },
    id::Id,
    model,
};

/// Addresses that do need more, with the reason: none should.
fn excused() -> BTreeSet<String> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/statements.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

/// A few kinds of thing, and many.
const FEW: usize = 4;
const MANY: usize = 21;

/// A node on which everything grows.
struct Town {
    node: Node,
    me: Client,
    people: Vec<Client>,
    /// By the words of [`Town::address`].
    names: BTreeMap<&'static str, String>,
}

fn id(document: &Value) -> String {
    document["id"].as_str().unwrap_or_else(|| panic!("no id: {document}")).to_owned()
}

async fn act(who: &Client, path: String) -> Value {
    who.post(&path, json!({})).await.ok()
}

async fn write(who: &Client, body: Value) -> Value {
    who.post("/api/v1/statuses", body).await.ok()
}

impl Town {
    async fn new() -> Self {
        let node = NodeBuilder::new("alpha").await.config(|c| {
            (c.instance.privacy_policy, c.instance.terms_of_service) = crate::house::files(&c.data_dir);
        });
        let node = node.start().await;
        let token = "read write follow push profile admin:read admin:write";
        let me = node.person("ada", token).await;
        let staff: Id<model::Account> = me.id.parse().unwrap();
        let sql = "update users set role = 3 where account_id = ";
        node.app.write(move |tx| Sql::new(sql).bind(staff).execute(tx.conn)).await.unwrap();
        me.patch("/api/v1/accounts/update_credentials", json!({"locked": true, "discoverable": true})).await.ok();
        let root = write(&me, json!({"status": "the root #root"})).await;
        let list = me.post("/api/v1/lists", json!({"title": "crew"})).await.ok();
        let collection = me.post("/api/v1/collections", json!({"name": "x"})).await.ok()["collection"].clone();
        let filter = me.post("/api/v2/filters", json!({"title": "many", "context": ["home"]})).await.ok();
        let names = BTreeMap::from([
            ("root", id(&root)),
            ("root_url", root["url"].as_str().unwrap().to_owned()),
            ("list", id(&list)),
            ("collection", id(&collection)),
            ("filter", id(&filter)),
        ]);
        Self { node, me, people: Vec::new(), names }
    }

    async fn everything(&mut self, up_to: usize) {
        for n in self.people.len()..up_to {
            let person = self.person(n).await;
            self.people.push(person);
        }
        self.node.settle().await;
    }

    /// Somebody, and one of everything that somebody brings along.
    async fn person(&mut self, n: usize) -> Client {
        let (me, root) = (self.me.clone(), self.names["root"].clone());
        let who = self.node.member(&format!("person{n}")).await;
        let profile = json!({
            "discoverable": true, "indexable": true, "note": "a person of many words",
            "fields_attributes": [{"name": "Skills", "value": "welding"}, {"name": "Site", "value": "Lyon"}],
        });
        who.patch("/api/v1/accounts/update_credentials", profile).await.ok();
        // They follow one another.
        act(&who, format!("/api/v1/accounts/{}/follow", me.id)).await;
        act(&me, format!("/api/v1/follow_requests/{}/authorize", who.id)).await;
        act(&me, format!("/api/v1/accounts/{}/follow", who.id)).await;
        act(&me, format!("/api/v1/accounts/{}/pin", who.id)).await;
        if let Some(first) = self.people.first() {
            act(first, format!("/api/v1/accounts/{}/follow", who.id)).await;
            act(&who, format!("/api/v1/accounts/{}/follow", first.id)).await;
        }
        let account = json!({"account_ids": [who.id]});
        me.post(&format!("/api/v1/lists/{}/accounts", self.names["list"]), account.clone()).await.ok();
        let list = me.post("/api/v1/lists", json!({"title": format!("list {n}")})).await.ok();
        if let Some(first) = self.people.first() {
            let account = json!({"account_ids": [first.id]});
            me.post(&format!("/api/v1/lists/{}/accounts", id(&list)), account).await.ok();
        }
        let item = json!({"account_id": who.id});
        me.post(&format!("/api/v1/collections/{}/items", self.names["collection"]), item).await.ok();
        let mine = json!({"name": format!("collection {n}"), "account_ids": [me.id]});
        who.post("/api/v1/collections", mine).await.ok();
        let file =
            send_form(&who, "POST", "/api/v2/media", &[("description", "a wall")], ("file", &picture(8, 8))).await;
        let words = format!("hello @ada #common #tag{n} https://page{n}.example/ https://news.example/");
        let post = write(&who, json!({"status": words, "media_ids": [file.ok()["id"]], "language": "en"})).await;
        let poll = json!({"options": ["yes", "no"], "expires_in": 3600});
        let asked = write(&who, json!({"status": "@ada well? #common", "poll": poll})).await;
        write(&who, json!({"status": "an answer #common", "in_reply_to_id": root})).await;
        write(&who, json!({"status": "look at this #common", "quoted_status_id": root})).await;
        write(&who, json!({"status": "@ada psst", "visibility": "direct"})).await;
        for verb in ["favourite", "reblog"] {
            act(&who, format!("/api/v1/statuses/{root}/{verb}")).await;
        }
        let emoji = char::from_u32(0x1F600 + n as u32).unwrap().to_string();
        let emoji = url::form_urlencoded::byte_serialize(emoji.as_bytes()).collect::<String>();
        act(&who, format!("/api/v1/statuses/{root}/react/{emoji}")).await;
        for verb in ["favourite", "bookmark", "reblog"] {
            act(&me, format!("/api/v1/statuses/{}/{verb}", id(&post))).await;
        }
        me.post(&format!("/api/v1/polls/{}/votes", id(&asked["poll"])), json!({"choices": ["0"]})).await.ok();
        act(&me, format!("/api/v1/tags/tag{n}/follow")).await;
        self.mine(n, &post, &who).await;
        self.others(n).await;
        who
    }

    /// What one keeps oneself.
    async fn mine(&mut self, n: usize, post: &Value, who: &Client) {
        let me = self.me.clone();
        let word = format!("word{n}");
        let body = json!({"title": word, "context": ["public"], "keywords_attributes": [{"keyword": word}]});
        let filter = me.post("/api/v2/filters", body).await.ok();
        self.names.insert("keyword", id(&filter["keywords"][0]));
        let many = format!("/api/v2/filters/{}", self.names["filter"]);
        me.post(&format!("{many}/keywords"), json!({"keyword": word})).await.ok();
        let kept = me.post(&format!("{many}/statuses"), json!({"status_id": post["id"]})).await.ok();
        self.names.insert("kept", id(&kept));
        let at = self.node.clock.now().plus_days(1 + n as i64).rfc3339();
        let waiting = write(&me, json!({"status": "later", "scheduled_at": at})).await;
        self.names.insert("waiting", id(&waiting));
        me.post("/api/v1/domain_blocks", json!({"domain": format!("far{n}.example")})).await.ok();
        me.put(&format!("/api/v1/statuses/{}", self.names["root"]), json!({"status": format!("the root {n} #root")}))
            .await
            .ok();
        let words = format!("hello @person{n} #tag{n} {}", post["url"].as_str().unwrap());
        let announcement = crate::announcements::announce(&self.node, &words).await;
        let reaction = format!("/api/v1/announcements/{announcement}/reactions/%F0%9F%91%8D");
        for reader in [&me, who] {
            reader.put(&reaction, json!({})).await.ok();
        }
        self.names.insert(
            "poll",
            id(&write(
                &me,
                json!({"status": "?", "poll": {
                    "options": ["a", "b"], "expires_in": 3600,
                }}),
            )
            .await["poll"]),
        );
        let report = json!({"account_id": who.id, "status_ids": [post["id"]], "comment": "x", "rule_ids": ["1"]});
        self.names.insert("report", id(&me.post("/api/v1/reports", report).await.ok()));
        for (name, what, body) in [
            ("mail_block", "canonical_email_blocks", json!({"email": format!("bad{n}@far.example")})),
            ("mail_domain", "email_domain_blocks", json!({"domain": format!("mail{n}.example")})),
            ("ip", "ip_blocks", json!({"ip": format!("192.0.2.{n}"), "severity": "sign_up_block"})),
            ("blocked_domain", "domain_blocks", json!({"domain": format!("worse{n}.example")})),
            ("allowed_domain", "domain_allows", json!({"domain": format!("better{n}.example")})),
        ] {
            self.names.insert(name, id(&me.post(&format!("/api/v1/admin/{what}"), body).await.ok()));
        }
        let page = format!("https://page{n}.example/");
        let post: Id<model::Post> = id(post).parse().unwrap();
        let write = move |tx: &mut watercooler::domain::Tx<'_>| {
            let (card, now) = (tx.new_id(), tx.now);
            let row = watercooler::store::cards::ensure(tx.conn, card, &page, "", now)?;
            Sql::new("update cards set title = 'x', state = 1 where id = ").bind(row.id).execute(tx.conn)?;
            watercooler::store::cards::link(tx.conn, post, row.id)
        };
        self.node.app.write(write).await.unwrap();
        let project = json!({
            "name": format!("Project number {n}"), "purpose": format!("Find out all about subject {n}."),
            "language": "en", "state": "active", "publish": true, "different_because": "it is of another kind",
        });
        if let Ok(project) = serde_json::from_str::<Value>(&me.post(crate::projects::API, project).await.text)
            && let Some(id) = project["id"].as_str()
        {
            self.names.insert("project", id.to_owned());
        }
    }

    /// People whom one does not want to hear, and who want something.
    async fn others(&mut self, n: usize) {
        let me = self.me.clone();
        for verb in ["block", "mute"] {
            let other = self.node.member(&format!("{verb}ed{n}")).await;
            act(&me, format!("/api/v1/accounts/{}/{verb}", other.id)).await;
        }
        let mine: Id<model::Account> = me.id.parse().unwrap();
        let tells = move |tx: &mut watercooler::domain::Tx<'_>| {
            warnings::warn(tx, &Staff::console(), mine, model::WarningAction::Nothing, "be kind", None)?;
            let (kind, name) = (model::SeveranceKind::UserDomainBlock, format!("gone{n}.example"));
            let (id, created_at) = (tx.new_id(), tx.now);
            let (state, show_boosts, notify) = (model::FollowState::Accepted, true, false);
            let (account_id, target_id) = (mine, mine);
            let mut lost = Lost::default();
            lost.note(
                &model::Follow {
                    id,
                    account_id,
                    target_id,
                    state,
                    uri: None,
                    show_boosts,
                    notify,
                    languages: None,
                    created_at,
                },
                false,
            );
            severances::tell(tx, kind, &name, &lost)
        };
        self.node.app.write(tells).await.unwrap();
        let asker = self.node.member(&format!("asker{n}")).await;
        act(&asker, format!("/api/v1/accounts/{}/follow", me.id)).await;
        me.patch("/api/v2/notifications/policy", json!({"for_not_following": "filter"})).await.ok();
        let stranger = self.node.member(&format!("stranger{n}")).await;
        write(&stranger, json!({"status": "@ada may I?"})).await;
        me.patch("/api/v2/notifications/policy", json!({"for_not_following": "accept"})).await.ok();
        // Whom those follow whom one follows.
        let near = self.node.member(&format!("near{n}")).await;
        near.patch("/api/v1/accounts/update_credentials", json!({"discoverable": true})).await.ok();
        if let Some(first) = self.people.first() {
            act(first, format!("/api/v1/accounts/{}/follow", near.id)).await;
        }
    }

    /// What stands there, and how many statements that took.
    async fn ask(&self, address: &str) -> (Reply, u64) {
        let before = self.node.statements();
        let reply = self.me.get(address).await;
        (reply, self.node.statements() - before)
    }

    /// What is asked for there.
    async fn address(&self, path: &str) -> String {
        let name = |name: &str| self.names[name].clone();
        let first = self.people[0].id.clone();
        let ids = self.people.iter().map(|who| format!("id[]={}", who.id)).collect::<Vec<_>>().join("&");
        let said = match path {
            "/api/oembed" => return format!("{path}?url={}", self.names["root_url"]),
            "/api/v1/accounts" | "/api/v1/accounts/relationships" | "/api/v1/accounts/familiar_followers" => {
                return format!("{path}?{ids}");
            }
            "/api/v1/statuses" => {
                let list = self.me.get("/api/v1/timelines/tag/common?limit=20").await.ok();
                let ids = list.as_array().unwrap().iter().map(|post| format!("id[]={}", id(post)));
                return format!("{path}?{}", ids.collect::<Vec<_>>().join("&"));
            }
            "/api/v1/accounts/lookup" => return format!("{path}?acct=ada"),
            "/api/v1/accounts/search" => return format!("{path}?q=person&limit=80"),
            "/api/v1/search" | "/api/v2/search" => return format!("{path}?q=common&limit=40"),
            "/api/v1/peers/search" => return format!("{path}?q=better"),
            "/api/v1/domain_blocks/preview" => return format!("{path}?domain=far0.example"),
            "/api/v1/timelines/link" => return format!("{path}?limit=40&url=https://news.example/"),
            "/api/v1/markers" => return format!("{path}?timeline[]=home"),
            "/api/watercooler/v1/experts" => return format!("{path}?q=welding&limit=40"),
            "/api/v1/admin/accounts/{id}" | "/api/watercooler/v1/people/{id}" => path.replace("{id}", &first),
            "/api/v1/admin/canonical_email_blocks/{id}" => path.replace("{id}", &name("mail_block")),
            "/api/v1/admin/domain_allows/{id}" => path.replace("{id}", &name("allowed_domain")),
            "/api/v1/admin/domain_blocks/{id}" => path.replace("{id}", &name("blocked_domain")),
            "/api/v1/admin/email_domain_blocks/{id}" => path.replace("{id}", &name("mail_domain")),
            "/api/v1/admin/ip_blocks/{id}" => path.replace("{id}", &name("ip")),
            "/api/v1/admin/reports/{id}" => path.replace("{id}", &name("report")),
            "/api/v1/collections/{id}" => path.replace("{id}", &name("collection")),
            "/api/v1/filters/{id}" | "/api/v2/filters/keywords/{id}" => path.replace("{id}", &name("keyword")),
            "/api/v2/filters/statuses/{id}" => path.replace("{id}", &name("kept")),
            "/api/v1/polls/{id}" => path.replace("{id}", &name("poll")),
            "/api/v1/scheduled_statuses/{id}" => path.replace("{id}", &name("waiting")),
            "/api/v1/accounts/{id}/in_collections" => path.replace("{id}", &self.me.id),
            // In all lists.
            "/api/v1/accounts/{id}/lists" => path.replace("{id}", &first),
            "/api/v1/accounts/{id}/statuses" => path.replace("{id}", &self.me.id),
            _ if path.starts_with("/api/v1/accounts/") => path.replace("{id}", &self.me.id),
            _ if path.starts_with("/api/v2/filters/") => path.replace("{id}", &name("filter")),
            _ if path.starts_with("/api/v1/lists/") => path.replace("{id}", &name("list")),
            _ if path.starts_with("/api/v1/timelines/") => {
                path.replace("{id}", &name("list")).replace("{hashtag}", "common")
            }
            _ if path.starts_with("/api/v1/tags/") => path.replace("{name}", "common"),
            _ if path.contains("/statuses/{id}") => path.replace("{id}", &name("root")),
            _ if path.starts_with("/api/watercooler/v1/projects/") => {
                path.replace("{id}", self.names.get("project").map_or("1", String::as_str))
            }
            _ if path.starts_with("/api/v2/notifications/{key}") => {
                let groups = self.me.get("/api/v2/notifications?types[]=favourite").await.ok();
                path.replace("{key}", groups["notification_groups"][0]["group_key"].as_str().unwrap())
            }
            "/api/v1/notifications/{id}" => {
                path.replace("{id}", &id(&self.me.get("/api/v1/notifications").await.ok()[0]))
            }
            "/api/v1/notifications/requests/{id}" => {
                path.replace("{id}", &id(&self.me.get("/api/v1/notifications/requests").await.ok()[0]))
            }
            _ => path.replace("{emoji}", "%F0%9F%98%80").replace("{date}", "2026-01-31").replace("{year}", "2026"),
        };
        let said = said.replace("{id}", "1").replace("{emoji}", "%F0%9F%98%80");
        format!("{said}?limit=80")
    }
}

/// What an answer lists, the longest list in it.
fn longest(answer: &Value) -> usize {
    match answer {
        Value::Array(list) => list.len().max(list.iter().map(longest).max().unwrap_or_default()),
        Value::Object(map) => map.values().map(longest).max().unwrap_or_default(),
        _ => 0,
    }
}

#[tokio::test]
async fn no_answer_needs_more_statements_when_there_is_more_to_show() {
    let mut town = Town::new().await;
    let paths: Vec<String> = {
        let routes = watercooler::api::routes();
        let gets = routes.table().iter().filter(|(method, ..)| *method == "GET").map(|(_, path, _)| path.to_string());
        gets.filter(|path| !path.contains("/streaming") && path != "/oauth/authorize").collect()
    };
    let mut seen: BTreeMap<String, (usize, u64)> = BTreeMap::new();
    let (mut faults, mut same, mut more) = (BTreeMap::new(), Vec::new(), 0);
    for many in [FEW, MANY] {
        town.everything(many).await;
        for path in &paths {
            let address = town.address(path).await;
            // The first one may fill what is kept in memory.
            town.me.get(&address).await;
            let (mut reply, mut needed) = town.ask(&address).await;
            let was = seen.get(path).map(|(_, needed)| *needed);
            // What is kept in memory for some seconds may end just then, on a busy machine: what an answer needs, it needs
            // each time.
            for _ in 0..4 {
                if was.is_some_and(|was| needed > was + 1) {
                    let again = town.ask(&address).await;
                    (reply, needed) = if again.1 < needed { again } else { (reply, needed) };
                }
            }
            let length = serde_json::from_str(&reply.text).map_or(0, |answer| longest(&answer));
            let Some((was_long, was_needed)) = seen.insert(path.clone(), (length, needed)) else { continue };
            // A longer page may have something of a kind that the shorter one lacks: that is one question more, however many
            // there are.
            if needed > was_needed + 1 {
                faults.insert(path.clone(), format!("{was_needed} for {was_long}, {needed} for {length}"));
            }
            match length > was_long {
                true => more += 1,
                false => same.push(format!("{path}: {} {length}", reply.status)),
            }
        }
    }
    println!("these show as much as before, so nothing is proven of them:\n{}", same.join("\n"));
    assert!(more >= 50, "only {more} show more\n{}", same.join("\n"));
    assert!(seen.values().any(|(_, needed)| *needed > 5), "nothing is counted");
    let excused = excused();
    for path in &excused {
        assert!(faults.remove(path).is_some(), "{path} needs no excuse in tests/statements.txt");
    }
    assert!(faults.is_empty(), "these need more statements for more to show: {faults:#?}");
}
