//! Projects through the door: registered, found, followed, joined; what leaves the node and what does not.

use crate::support::{
    Client, NOW, Node,
    organisation::{alone, brings_in, found},
    settle,
};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
    domain::{Task, Tx},
    time::Clock,
};

pub const API: &str = "/api/watercooler/v1/projects";

/// Two nodes under one charter, on one clock.
pub async fn two() -> (Node, Node) {
    let clock = Clock::fixed(NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    settle(&[&hq, &lyon]).await;
    (hq, lyon)
}

pub fn bearing() -> Value {
    json!({
        "name": "Quiet bearing", "purpose": "Find why bearing B7 hums above 9 000 rpm and fix it.",
        "tags": ["Bearings", "vibration"], "looking_for": ["Acoustics"], "vendor": ["SoundCam rental"],
        "links": ["https://wiki.example/b7"], "language": "en", "state": "active", "publish": true,
    })
}

pub async fn register(client: &Client, fields: Value) -> Value {
    client.post(API, fields).await.ok()
}

pub fn path(project: &Value, end: &str) -> String {
    format!("{API}/{}{end}", project["id"].as_str().unwrap())
}

/// The project of this handle as somebody's own node knows it.
pub async fn known(reader: &Client, handle: &str) -> Value {
    let found = reader.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@{handle}")).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap_or_else(|| panic!("{handle}: {found}")).to_owned();
    reader.get(&format!("{API}/{id}")).await.ok()
}

pub async fn follow(reader: &Client, project: &Value) {
    let id = project["id"].as_str().unwrap();
    reader.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
}

/// What somebody reads at home, newest first: author or booster, and the text.
pub async fn home(reader: &Client) -> Vec<(String, String)> {
    let list = reader.get("/api/v1/timelines/home").await.ok();
    let text = |s: &Value| {
        let shown = if s["reblog"].is_null() { s } else { &s["reblog"] };
        shown["content"].as_str().unwrap_or_default().to_owned()
    };
    let entry = |s: &Value| (s["account"]["username"].as_str().unwrap_or_default().to_owned(), text(s));
    list.as_array().unwrap().iter().map(entry).collect()
}

/// Direct messages to somebody, newest first.
pub async fn letters(reader: &Client) -> Vec<Value> {
    let list = reader.get("/api/v1/notifications?types[]=mention").await.ok();
    let direct = |n: &Value| n["status"]["visibility"] == "direct";
    list.as_array().unwrap().iter().filter(|n| direct(n)).map(|n| n["status"].clone()).collect()
}

pub fn says(letter: &Value, text: &str) -> bool {
    letter["content"].as_str().unwrap_or_default().contains(text)
}

async fn count(node: &Node, sql: &'static str) -> i64 {
    node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
}

pub async fn order(node: &Node, task: Task) {
    node.app.write(move |tx: &mut Tx<'_>| tx.enqueue(&task)).await.unwrap();
    node.settle().await;
}

/// A register of unlike projects.
pub async fn fill(client: &Client) {
    let projects = [
        ("Canteen vouchers", "Replace paper vouchers in the canteen by the staff badge.", "canteen, payment"),
        ("Forklift training", "A simulator course for new drivers in the warehouse.", "logistics, safety"),
        ("Solar roof", "Panels on the roof of hall three and a battery in the cellar.", "energy, building"),
        ("Invoice robot", "Read supplier invoices by machine and book them.", "accounting, automation"),
        ("Paint shop air", "Less solvent in the exhaust of the paint shop.", "environment, coating"),
        ("Parental desk", "Advice for parents about leave and part time.", "people, family"),
        ("Cold store sensors", "Temperature loggers in the cold store with alarms.", "cooling, monitoring"),
        ("Password manager", "Give everybody a vault for passwords.", "security, login"),
        ("Bicycle leasing", "Staff lease bicycles through their salary.", "mobility, benefits"),
        ("Spare part catalogue", "Customers look up spare parts in drawings on the web.", "service, web"),
        (
            "Translation memory",
            "Keep translated manuals so that nothing is translated twice.",
            "documentation, language",
        ),
        ("Visitor gate", "Guests register themselves at the gate with a tablet.", "reception, access"),
    ];
    for (name, purpose, tags) in projects {
        register(client, json!({"name": name, "purpose": purpose, "tags": [tags], "publish": true})).await;
    }
}

#[tokio::test]
async fn a_published_project_is_a_group_that_says_what_the_vocabulary_asks_for() {
    let node = Node::start().await;
    let alice = node.member("alice").await;
    let made = register(&alice, bearing()).await;
    assert_eq!((&made["acct"], &made["draft"], &made["role"]), (&json!("quietbearing"), &json!(false), &json!("lead")));
    // Where there is nothing to compare with, the search box of any client finds it by name.
    let found = alice.get("/api/v2/search?q=project:quiet&type=accounts").await.ok();
    assert_eq!(found["accounts"][0]["acct"], "quietbearing", "{found}");
    // A place behind it is where it has to be.
    let site: String = url::form_urlencoded::byte_serialize(made["site"].as_str().unwrap().as_bytes()).collect();
    for (place, count) in [(site.as_str(), 1), ("Atlantis", 0)] {
        let found = alice.get(&format!("/api/v2/search?q=project:quiet%20site:{place}&type=accounts")).await.ok();
        let groups = found["accounts"].as_array().unwrap().iter().filter(|account| account["group"] == true).count();
        assert_eq!(groups, count, "{place}: {found}");
    }
    let page = Client::anonymous(&node).get("/@quietbearing").await;
    assert!(page.status == 200 && page.text.contains("Quiet bearing"), "{}", page.text);
    let reply = alice.get_activity("/users/quietbearing").await;
    let group = reply.ok();
    let user = |end: &str| json!(node.url(&format!("/users/quietbearing{end}")));
    let tag = |name: &str| node.url(&format!("/tags/{name}"));
    for (key, value) in [
        ("id", user("")),
        ("type", json!("Group")),
        ("preferredUsername", json!("quietbearing")),
        ("name", json!("Quiet bearing")),
        ("kind", json!("project")),
        ("additionalType", json!("https://schema.org/Project")),
        ("workState", json!("active")),
        ("startTime", json!(NOW.rfc3339())),
        ("lead", json!(node.url("/users/alice"))),
        ("attributedTo", user("/moderators")),
        ("member", user("/members")),
        ("inbox", user("/inbox")),
        ("outbox", user("/outbox")),
        ("followers", user("/followers")),
        ("vendor", json!(["SoundCam rental"])),
        ("discoverable", json!(true)),
        ("manuallyApprovesFollowers", json!(false)),
        ("parentOrganization", json!({"type": "Organization", "name": node.domain})),
        (
            "lookingFor",
            json!([{"type": "DefinedTerm", "id": tag("acoustics"), "name": "Acoustics", "termCode": "acoustics"}]),
        ),
    ] {
        assert_eq!(group[key], value, "{key}");
    }
    assert_eq!(
        group["knowsAbout"][0],
        json!({"type": "DefinedTerm", "id": tag("bearings"), "name": "Bearings", "termCode": "bearings"})
    );
    let summary = group["summary"].as_str().unwrap();
    assert!(summary.starts_with("<p>Active. Find why bearing B7 hums above 9 000 rpm and fix it.</p>"), "{summary}");
    let fields: Vec<(&str, &str)> = group["attachment"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["name"].as_str().unwrap(), f["value"].as_str().unwrap()))
        .collect();
    assert_eq!(fields.iter().map(|f| f.0).collect::<Vec<_>>(), ["State", "Lead", "Looking for", "Site"]);
    assert_eq!(fields[0].1, "active since November 2026");
    assert!(fields[1].1.contains("@alice</a>") && fields[2].1.contains("#acoustics</a>"), "{fields:?}");
    // Everything is defined in the document itself.
    let terms = group["@context"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&terms["sdo"], &terms["wc"]),
        (&json!("https://schema.org/"), &json!("https://w3id.org/watercooler/ns#"))
    );
    assert_eq!((&terms["workState"], &terms["knowsAbout"]), (&json!("wc:workState"), &json!("sdo:knowsAbout")));
    assert_eq!(terms["lead"], json!({"@id": "wc:lead", "@type": "@id"}));
    for key in group.as_object().unwrap().keys() {
        let plain = ["@context", "type", "id", "summary", "name", "attachment", "tag", "icon", "image", "url"];
        let known =
            ["publicKey", "assertionMethod", "endpoints", "preferredUsername", "published", "updated", "webfinger"];
        let streams = ["inbox", "outbox", "followers", "following", "startTime", "attributedTo", "generator"];
        let elsewhere = plain.iter().chain(&known).chain(&streams).any(|k| k == key);
        assert!(elsewhere || terms.get(key).is_some(), "{key} is not in the context");
    }
    for (end, who) in [("moderators", vec!["alice"]), ("members", vec!["alice"])] {
        let list = alice.get_activity(&format!("/users/quietbearing/{end}")).await.ok();
        let uris: Vec<String> = who.iter().map(|name| node.url(&format!("/users/{name}"))).collect();
        assert_eq!(list["orderedItems"], json!(uris), "{end}");
    }
    let mine = alice.get_activity("/users/alice/projects").await.ok();
    assert_eq!((&mine["orderedItems"], &mine["totalItems"]), (&json!([user("")]), &json!(1)));
    // Unchanged clients see an account with a first post; nobody gets its name.
    let account = alice.get("/api/v1/accounts/lookup?acct=quietbearing").await.ok();
    assert_eq!((&account["group"], &account["id"]), (&json!(true), &made["id"]));
    let posts = alice.get(&format!("/api/v1/accounts/{}/statuses", made["id"].as_str().unwrap())).await.ok();
    assert!(posts[0]["content"].as_str().unwrap().contains("New project: Quiet bearing"), "{posts}");
    let again = register(&alice, bearing()).await;
    assert_eq!(again["acct"], "quietbearing2");
    let taken = alice.post(API, json!({"name": "x", "purpose": "y", "publish": true, "username": "Alice"})).await;
    assert_eq!((taken.status, &taken.json()["details"]["username"][0]["error"]), (422, &json!("ERR_TAKEN")));
}

#[tokio::test]
async fn what_is_wrong_is_said_as_clients_expect_and_only_leads_change_a_project() {
    let node = Node::start().await;
    let (alice, bob) = (node.member("alice").await, node.member("bob").await);
    let made = register(&alice, bearing()).await;
    for (body, field) in [
        (json!({"name": "", "purpose": "x", "publish": true}), "name"),
        (json!({"name": "x", "publish": true}), "purpose"),
        (json!({"name": "x".repeat(101)}), "name"),
        (json!({"tags": vec!["a"; 1], "links": ["ftp://x"]}), "links"),
        (json!({"state": "burning"}), "state"),
    ] {
        let reply = alice.post(API, body.clone()).await;
        assert_eq!(reply.status, 422, "{body} {}", reply.text);
        assert!(reply.json()["details"][field].is_array(), "{body} {}", reply.text);
    }
    for (method, end) in [("PUT", ""), ("POST", "/state"), ("POST", "/relations"), ("POST", "/lead")] {
        let body = json!({"name": "Mine", "state": "done", "to": made["uri"], "account_id": bob.id});
        let reply = bob.send(bob.request(method, &path(&made, end)).json(&body)).await;
        assert_eq!(reply.status, 403, "{method} {end} {}", reply.text);
        assert!(reply.json()["error"].is_string());
    }
    assert_eq!(Client::anonymous(&node).get(API).await.status, 401);
    assert_eq!(bob.get(&format!("{API}/1")).await.status, 404);
    let edited = alice.put(&path(&made, ""), json!({"purpose": "Quieter still.", "tags": ["noise"]})).await.ok();
    assert_eq!((&edited["purpose"], &edited["tags"]), (&json!("Quieter still."), &json!(["noise"])));
    let account = bob.get("/api/v1/accounts/lookup?acct=quietbearing").await.ok();
    assert!(account["note"].as_str().unwrap().starts_with("<p>Active. Quieter still.</p>"), "{account}");
    assert_eq!(alice.delete(&path(&made, "")).await.status, 409, "what is published stays");
    let list = bob.get(API).await.ok();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["name"]), (1, &json!("Quiet bearing")));
}

#[tokio::test]
async fn a_change_of_state_is_read_at_home_on_another_node_and_its_register_learns_of_it() {
    let (hq, lyon) = two().await;
    let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
    let made = register(&alice, bearing()).await;
    settle(&[&hq, &lyon]).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    assert_eq!((&there["name"], &there["state"], &there["local"]), (&made["name"], &made["state"], &json!(false)));
    assert_eq!(
        (&there["purpose"], &there["vendor"], &there["tags"], &there["links"]),
        (&made["purpose"], &made["vendor"], &made["tags"], &made["links"])
    );
    settle(&[&hq, &lyon]).await;
    let there = bob.get(&path(&there, "")).await.ok();
    assert_eq!(there["lead"]["acct"], json!(hq.handle("alice")), "{there}");
    follow(&bob, &there).await;
    settle(&[&hq, &lyon]).await;
    assert_eq!(bob.get(&path(&there, "")).await.ok()["following"], true, "followers are taken in at once");
    // What was said before the follow came with it, and is older.
    hq.clock.advance(1_000);
    let body = json!({"state": "stopped", "reason": "the supplier changed the cage"});
    alice.post(&path(&made, "/state"), body).await.ok();
    settle(&[&hq, &lyon]).await;
    let read = home(&bob).await;
    assert_eq!(read[0].0, "quietbearing");
    assert!(read[0].1.contains("Quiet bearing is now stopped: the supplier changed the cage"), "{read:?}");
    // The Update follows a minute later.
    hq.clock.advance(61_000);
    settle(&[&hq, &lyon]).await;
    let there = bob.get(&path(&there, "")).await.ok();
    assert_eq!((&there["state"], &there["state_reason"]), (&json!("stopped"), &json!("the supplier changed the cage")));
    // What somebody else sends in its name is nothing.
    assert_eq!(bob.put(&path(&there, ""), json!({"name": "Mine"})).await.status, 403);
}

#[tokio::test]
async fn a_post_that_names_a_project_is_passed_on_to_its_followers_once() {
    let (hq, lyon) = two().await;
    let (alice, eve) = (hq.member("alice").await, hq.member("eve").await);
    let (bob, cleo) = (lyon.member("bob").await, lyon.member("cleo").await);
    let made = register(&alice, bearing()).await;
    settle(&[&hq, &lyon]).await;
    follow(&eve, &made).await;
    let there = known(&cleo, &hq.handle("quietbearing")).await;
    follow(&cleo, &there).await;
    settle(&[&hq, &lyon]).await;
    let text = format!("@{} have you tried ceramic balls?", hq.handle("quietbearing"));
    let post = bob.post("/api/v1/statuses", json!({"status": text})).await.ok();
    settle(&[&hq, &lyon]).await;
    for reader in [&eve, &cleo] {
        let read = home(reader).await;
        let passed: Vec<_> = read.iter().filter(|(_, text)| text.contains("ceramic")).collect();
        assert_eq!(passed.len(), 1, "{read:?}");
        assert_eq!(passed[0].0, "quietbearing");
    }
    assert_eq!(count(&hq, "select count(*) from posts where boost_of_id is not null").await, 1);
    let told = bob.get("/api/v1/notifications").await.ok();
    assert_eq!(told, json!([]), "that a group passes it on is no news for who sent it");
    // An edit does not pass it on again; what is not for everybody is not passed on at all.
    let id = post["id"].as_str().unwrap();
    let text = format!("@{} have you tried ceramic balls yet?", hq.handle("quietbearing"));
    bob.put(&format!("/api/v1/statuses/{id}"), json!({"status": text})).await.ok();
    let quiet = format!("@{} between us: steel", hq.handle("quietbearing"));
    bob.post("/api/v1/statuses", json!({"status": quiet, "visibility": "private"})).await.ok();
    bob.post("/api/v1/statuses", json!({"status": quiet, "visibility": "unlisted"})).await.ok();
    settle(&[&hq, &lyon]).await;
    assert_eq!(count(&hq, "select count(*) from posts where boost_of_id is not null").await, 1);
    // A moderator takes it out: gone from the followers' timelines, and the edit does not bring it back.
    let there_id = eve.get("/api/v1/timelines/home").await.ok()[0]["reblog"]["id"].clone();
    assert_eq!(eve.post(&path(&made, "/withdraw"), json!({"status_id": there_id})).await.status, 403);
    alice.post(&path(&made, "/withdraw"), json!({"status_id": there_id})).await.ok();
    settle(&[&hq, &lyon]).await;
    for reader in [&eve, &cleo] {
        assert!(!home(reader).await.iter().any(|(_, text)| text.contains("ceramic")));
    }
    assert_eq!(bob.get(&format!("/api/v1/statuses/{id}")).await.status, 200, "it is still its author's");
}

#[tokio::test]
async fn what_a_project_passed_on_goes_when_its_author_deletes_it() {
    let (hq, lyon) = two().await;
    let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
    register(&alice, bearing()).await;
    settle(&[&hq, &lyon]).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    follow(&bob, &there).await;
    settle(&[&hq, &lyon]).await;
    let post = alice.post("/api/v1/statuses", json!({"status": "@quietbearing a thought"})).await.ok();
    settle(&[&hq, &lyon]).await;
    assert!(home(&bob).await.iter().any(|(who, text)| who == "quietbearing" && text.contains("a thought")));
    assert_eq!(count(&lyon, "select count(*) from posts where content like '%a thought%'").await, 1);
    alice.delete(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.ok();
    settle(&[&hq, &lyon]).await;
    assert!(!home(&bob).await.iter().any(|(_, text)| text.contains("a thought")));
    assert_eq!(count(&lyon, "select count(*) from posts where content like '%a thought%'").await, 0);
}

#[tokio::test]
async fn somebody_of_another_site_asks_to_join_and_both_nodes_know_when_the_lead_says_yes() {
    let (hq, lyon) = two().await;
    let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
    let made = register(&alice, bearing()).await;
    settle(&[&hq, &lyon]).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    let asked = bob.post(&path(&there, "/join"), json!({"message": "I know cages"})).await.ok();
    assert_eq!(asked["role"], "requested");
    settle(&[&hq, &lyon]).await;
    let requests = alice.get(&path(&made, "/requests")).await.ok();
    assert_eq!(
        (&requests[0]["account"]["acct"], &requests[0]["message"]),
        (&json!(lyon.handle("bob")), &json!("I know cages"))
    );
    assert_eq!(bob.get_activity("/users/bob/projects").await.status, 401, "strangers are not told");
    // An unchanged client reads it as a direct message and answers it.
    let letter = letters(&alice).await.remove(0);
    assert!(says(&letter, "asks to join Quiet bearing") && says(&letter, "I know cages"), "{letter}");
    let reply = json!({"status": "@quietbearing Accept!", "visibility": "direct", "in_reply_to_id": letter["id"]});
    alice.post("/api/v1/statuses", reply).await.ok();
    settle(&[&hq, &lyon]).await;
    let members = alice.get(&path(&made, "/members")).await.ok();
    let people: Vec<_> = members.as_array().unwrap().iter().map(|m| (&m["role"], &m["account"]["acct"])).collect();
    assert_eq!(people, [(&json!("lead"), &json!("alice")), (&json!("member"), &json!(lyon.handle("bob")))]);
    assert_eq!(bob.get(&path(&there, "")).await.ok()["role"], "member");
    assert!(letters(&bob).await.iter().any(|l| says(l, "Welcome to Quiet bearing")));
    let id = bob.id.parse().unwrap();
    let works_on = lyon.app.read(move |conn| watercooler::domain::projects::works_on(conn, id)).await.unwrap();
    assert_eq!((works_on.len(), works_on[0].name.as_str()), (1, "Quiet bearing"));
    // Asking twice is once, and a member does not ask.
    assert_eq!(bob.post(&path(&there, "/join"), json!({})).await.status, 409);
    // The lead makes them a moderator, who may change it through no door of their own node; then they leave.
    let bob_there = members[1]["account"]["id"].as_str().unwrap().to_owned();
    alice.post(&path(&made, &format!("/moderators/{bob_there}")), json!({})).await.ok();
    let list = count(&hq, "select count(*) from project_members where role = 2").await;
    assert_eq!(list, 1);
    bob.post(&path(&there, "/leave"), json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    assert_eq!(alice.get(&path(&made, "/members")).await.ok().as_array().unwrap().len(), 1);
    assert_eq!(bob.get(&path(&there, "")).await.ok()["role"], Value::Null);
    // No is an answer too.
    bob.post(&path(&there, "/join"), json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    alice.post(&path(&made, &format!("/requests/{bob_there}/reject")), json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    assert_eq!(bob.get(&path(&there, "")).await.ok()["role"], Value::Null);
    assert_eq!(alice.get(&path(&made, "/requests")).await.ok(), json!([]));
}

#[tokio::test]
async fn who_is_not_of_the_organisation_cannot_join_and_nobody_answers_what_was_not_asked() {
    let (a, b) = Node::two().await;
    let (alice, bob) = (a.member("alice").await, b.member("bob").await);
    let made = register(&alice, bearing()).await;
    settle(&[&a, &b]).await;
    let there = known(&bob, &a.handle("quietbearing")).await;
    bob.post(&path(&there, "/join"), json!({})).await.ok();
    settle(&[&a, &b]).await;
    assert_eq!(alice.get(&path(&made, "/requests")).await.ok(), json!([]));
    assert_eq!(bob.get(&path(&there, "")).await.ok()["role"], Value::Null, "the answer was no");
    assert!(letters(&alice).await.is_empty());
    // A stranger's post is passed on only when they follow.
    let text = format!("@{} hello", a.handle("quietbearing"));
    bob.post("/api/v1/statuses", json!({"status": text})).await.ok();
    settle(&[&a, &b]).await;
    assert_eq!(count(&a, "select count(*) from posts where boost_of_id is not null").await, 0);
    follow(&bob, &there).await;
    bob.post("/api/v1/statuses", json!({"status": format!("{text} again")})).await.ok();
    settle(&[&a, &b]).await;
    assert_eq!(count(&a, "select count(*) from posts where boost_of_id is not null").await, 1);
}

#[tokio::test]
async fn a_draft_never_leaves_the_node_and_nobody_but_its_author_sees_it() {
    let (hq, lyon) = two().await;
    let (alice, eve) = (hq.member("alice").await, hq.member("eve").await);
    settle(&[&hq, &lyon]).await;
    let deliveries = count(&hq, "select count(*) from deliveries").await;
    let activities = count(&hq, "select count(*) from activities").await;
    let mut fields = bearing();
    fields["publish"] = json!(false);
    let draft = register(&alice, fields).await;
    alice.put(&path(&draft, ""), json!({"state": "paused"})).await.ok();
    settle(&[&hq, &lyon]).await;
    assert_eq!((&draft["draft"], &draft["uri"], &draft["acct"]), (&json!(true), &Value::Null, &Value::Null));
    assert_eq!(alice.get(&format!("{API}?drafts=true")).await.ok()[0]["id"], draft["id"]);
    for (method, end) in [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/publish"), ("POST", "/join")] {
        let reply = eve.send(eve.request(method, &path(&draft, end)).json(&json!({}))).await;
        assert_eq!(reply.status, 404, "{method} {end}");
    }
    assert_eq!(eve.get(API).await.ok(), json!([]));
    assert_eq!(eve.get(&format!("/api/v1/accounts/{}", draft["id"].as_str().unwrap())).await.status, 404);
    for end in ["", "/outbox", "/moderators", "/members"] {
        let status = eve.get_activity(&format!("/users/quietbearing{end}")).await.status;
        assert!(status == 404 || status == 401 && !end.is_empty(), "{end} {status}");
    }
    let similar = json!({"name": "Quiet bearing", "purpose": "Find why bearing B7 hums above 9 000 rpm and fix it."});
    assert_eq!(eve.post(&format!("{API}/check"), similar).await.ok()["candidates"], json!([]));
    assert_eq!(count(&hq, "select count(*) from deliveries").await, deliveries);
    assert_eq!(count(&hq, "select count(*) from activities").await, activities);
    assert_eq!(alice.post(&path(&draft, "/join"), json!({})).await.status, 403);
    let published = alice.post(&path(&draft, "/publish"), json!({"username": "hum"})).await.ok();
    assert_eq!(
        (&published["acct"], &published["id"], &published["state"]),
        (&json!("hum"), &draft["id"], &json!("paused"))
    );
    assert_eq!(alice.post(&path(&draft, "/publish"), json!({})).await.status, 409);
    assert_eq!(eve.get(API).await.ok()[0]["name"], "Quiet bearing");
    let other = register(&alice, json!({"name": "Never mind"})).await;
    alice.delete(&path(&other, "")).await.ok();
    assert_eq!(alice.get(&path(&other, "")).await.status, 404);
}

#[tokio::test]
async fn while_one_writes_finished_projects_of_other_sites_are_found_with_the_words_they_share() {
    let (hq, lyon) = two().await;
    let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
    let made = register(&alice, bearing()).await;
    alice.post(&path(&made, "/state"), json!({"state": "done", "reason": "new cage"})).await.ok();
    settle(&[&hq, &lyon]).await;
    known(&bob, &hq.handle("quietbearing")).await;
    fill(&bob).await;
    let writing = json!({
        "name": "Noise of the B7 bearings", "purpose": "The bearing B7 hums at high rpm; find the reason and fix it.",
        "tags": ["vibration"], "vendor": ["SoundCam rental"],
    });
    let check = format!("{API}/check");
    // The first question of a node is answered with a warning, if it is earned.
    let answer = bob.post(&check, writing).await.ok();
    let first = &answer["candidates"][0];
    assert!(answer["warning"].is_string() && answer["complete"] == true && first["warn"] == true, "{answer}");
    assert_eq!((&first["project"]["name"], &first["project"]["state"]), (&json!("Quiet bearing"), &json!("done")));
    assert_eq!((&first["project"]["state_reason"], &first["same_vendor"]), (&json!("new cage"), &json!(true)));
    assert_eq!(first["project"]["lead"]["uri"], json!(hq.url("/users/alice")));
    assert!(first["project"]["site"].as_str().is_some_and(|site| !site.is_empty()));
    let words: Vec<&str> = first["words"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    assert!(words.iter().any(|w| w.eq_ignore_ascii_case("hums")), "{words:?}");
    assert_eq!(first["matching_tags"], json!(["Bearings", "vibration"]));
    assert!(answer["candidates"].as_array().unwrap().len() <= 5);
    let unlike = json!({"name": "Choir", "purpose": "Sing together on Thursdays after work."});
    assert_eq!(bob.post(&check, unlike).await.ok()["warning"], Value::Null);
    let typed = bob.post(&check, json!({"text": "bearing that hums"})).await.ok();
    assert_eq!(typed["candidates"][0]["project"]["name"], "Quiet bearing");
    // So does the search box of any client, with the reason.
    let found = bob.get("/api/v2/search?q=project:bearing%20that%20hums&type=accounts").await.ok();
    assert_eq!(found["accounts"][0]["acct"], json!(hq.handle("quietbearing")), "{found}");
    assert!(found["accounts"][0]["note"].as_str().unwrap().starts_with("<p>because: it is about "), "{found}");
    // What was measured is kept: another process knows it at once.
    assert_eq!(count(&lyon, "select count(*) from project_register where measured is not null").await, 1);
    // A change is seen at once.
    let list = bob.get(&format!("{API}?mine=true&limit=40")).await.ok();
    let gate = list.as_array().unwrap().iter().find(|p| p["name"] == "Visitor gate").unwrap().clone();
    bob.put(&path(&gate, ""), json!({"purpose": "Marmalade for visitors."})).await.ok();
    let typed = bob.post(&check, json!({"text": "marmalade"})).await.ok();
    assert_eq!(typed["candidates"][0]["project"]["name"], "Visitor gate");
}

#[tokio::test]
async fn why_a_project_is_different_is_stored_with_both_and_read_by_both_leads() {
    let (hq, lyon) = two().await;
    let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
    let made = register(&alice, bearing()).await;
    settle(&[&hq, &lyon]).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    settle(&[&hq, &lyon]).await;
    let draft = register(&bob, json!({"name": "Bearing hum in Lyon", "purpose": "The B9 hums."})).await;
    let body = json!({"different_because": "ours is the B9, which has no cage", "of": there["uri"]});
    let mine = bob.post(&path(&draft, "/publish"), body).await.ok();
    assert_eq!(mine["relations"][0]["reason"], "ours is the B9, which has no cage");
    assert_eq!(
        (&mine["relations"][0]["kind"], &mine["relations"][0]["said_by"]),
        (&json!("related_to"), &json!("this"))
    );
    settle(&[&hq, &lyon]).await;
    let site = lyon.app.site().clone();
    let group = lyon.app.read(move |conn| {
        let account = watercooler::store::accounts::find_local(conn, "bearinghuminlyon")?.unwrap();
        watercooler::federation::documents::actor(
            conn,
            &site,
            &account,
            watercooler::federation::documents::Shown::Inside,
        )
    });
    let group: Value = serde_json::from_str(&group.await.unwrap()).unwrap();
    assert_eq!(group["relatedTo"], json!([{"id": made["uri"], "reason": "ours is the B9, which has no cage"}]));
    assert_eq!(group["reason"], "ours is the B9, which has no cage");
    for lead in [&alice, &bob] {
        let found = letters(lead).await;
        assert!(found.iter().any(|l| says(l, "ours is the B9, which has no cage")), "{found:?}");
    }
    let seen = alice.get(&path(&made, "")).await.ok();
    let relation = &seen["relations"][0];
    assert_eq!((&relation["said_by"], &relation["name"]), (&json!("other"), &json!("Bearing hum in Lyon")), "{seen}");
    assert_eq!(relation["reason"], "ours is the B9, which has no cage");
    // Taken back, it is gone at both.
    bob.delete(&format!("{}?to={}", path(&mine, "/relations"), there["id"].as_str().unwrap())).await.ok();
    assert_eq!(bob.get(&path(&mine, "")).await.ok()["relations"], json!([]));
}

#[tokio::test]
async fn at_night_the_leads_of_two_projects_that_look_alike_are_introduced_once() {
    let (hq, lyon) = two().await;
    let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
    register(&alice, bearing()).await;
    let mut twin = bearing();
    (twin["name"], twin["username"]) = (json!("Bearing that hums"), json!("humming"));
    twin["purpose"] = json!("Bearing B7 hums above 9 000 rpm: find why, and fix the vibration.");
    register(&bob, twin).await;
    fill(&alice).await;
    settle(&[&hq, &lyon]).await;
    known(&alice, &lyon.handle("humming")).await;
    known(&bob, &hq.handle("quietbearing")).await;
    settle(&[&hq, &lyon]).await;
    // Lyon knows too few projects to say anything; and only one of the two nodes would speak.
    for _ in 0..2 {
        for node in [&lyon, &hq] {
            order(node, Task::PairProjects).await;
        }
        settle(&[&hq, &lyon]).await;
    }
    for lead in [&alice, &bob] {
        let found = letters(lead).await;
        let introductions = found.iter().filter(|l| says(l, "Your projects look alike")).count();
        assert_eq!(introductions, 1, "{found:?}");
    }
    // Whether it was worth it is a tap of either lead, and counted where the concierge spoke.
    for (lead, choice) in [(&alice, 0), (&bob, 1)] {
        let found = letters(lead).await;
        let letter = found.iter().find(|l| says(l, "Your projects look alike")).unwrap();
        assert_eq!(letter["poll"]["options"][0]["title"], "Useful to know", "{letter}");
        let votes = format!("/api/v1/polls/{}/votes", letter["poll"]["id"].as_str().unwrap());
        lead.post(&votes, json!({ "choices": [choice] })).await.ok();
        settle(&[&hq, &lyon]).await;
    }
    let report = async |node: &Node| {
        let boss = crate::leavers::boss(node).await;
        boss.get("/api/watercooler/v1/admin/counters").await.ok()["shares"]["introductions_useful"].clone()
    };
    assert_eq!((report(&hq).await, report(&lyon).await), (json!(0.5), json!(null)));
    assert_eq!(count(&hq, "select count(*) from project_pairs").await, 1);
    assert_eq!(count(&lyon, "select count(*) from project_pairs").await, 0);
}

#[tokio::test]
async fn a_project_that_is_called_so_is_found_without_those_of_like_letters() {
    let node = Node::start().await;
    let alice = node.member("alice").await;
    for name in ["Lantern", "Lanterns for all", "Lantern two"] {
        let purpose = format!("{name}: light for the yard");
        register(&alice, json!({ "name": name, "purpose": purpose, "tags": ["light"], "publish": true })).await;
    }
    node.settle().await;
    let groups = async |name: &str| {
        let found = alice.get(&format!("/api/v2/search?q=project:{name}&type=accounts")).await.ok();
        let accounts = found["accounts"].as_array().unwrap().clone();
        let groups = accounts.into_iter().filter(|account| account["group"] == true);
        groups.map(|group| group["display_name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(groups("lantern").await, ["Lantern"]);
    assert_eq!(groups("LANTERN%20TWO").await, ["Lantern two"]);
    assert!(groups("lanter").await.len() > 1, "nobody is called so: what is near is offered");
}
