//! Projects of other software, and their people elsewhere: one scripted server on each side.

use crate::{
    projects::{API, bearing, follow, home, known, letters, path, register, says, two},
    support::{
        Client, Scene, Sender,
        organisation::{found, letter, org},
        settle,
    },
};
use serde_json::{Value, json};
use watercooler::{db::Sql, domain::Tx};

#[tokio::test]
async fn a_project_of_other_software_is_taken_in_liberally_and_what_is_not_understood_is_kept() {
    let s = Scene::new().await;
    let group = Sender::new(&s.east, "quiet");
    let mut document = s.east.person("quiet", &group.signer.key.public_pem().unwrap());
    for (key, value) in [
        ("type", json!(["Group", "schema:Project"])),
        ("name", json!("Quiet bearing")),
        ("summary", json!("<p>Paused. Find why bearing B7 hums.</p>")),
        ("schema:additionalType", json!("http://schema.org/Project")),
        ("wc:workState", json!("paused")),
        ("knowsAbout", json!("Bearings")),
        ("lead", json!({"id": s.ada.id, "type": "Person"})),
        ("budgetCode", json!({"code": "B7", "year": 2026})),
    ] {
        document[key] = value;
    }
    s.east.serve("/users/quiet", document.clone());
    s.meet(&group).await;
    s.node.settle().await;
    let id = s.account(&group).await.id;
    let seen = s.bob.get(&format!("{API}/{id}")).await.ok();
    assert_eq!(
        (&seen["name"], &seen["state"], &seen["tags"]),
        (&json!("Quiet bearing"), &json!("paused"), &json!(["Bearings"]))
    );
    assert_eq!((&seen["purpose"], &seen["lead"]["uri"]), (&json!("Find why bearing B7 hums."), &json!(s.ada.id)));
    assert_eq!(seen["site"], json!(s.east.authority));
    let rest = s.node.app.read(|conn| Sql::new("select p.rest from projects p").load_texts(conn)).await.unwrap();
    assert_eq!(rest, [r#"{"budgetCode":{"code":"B7","year":2026}}"#]);
    // An Update says the whole of it anew, from the project itself only.
    document["wc:workState"] = json!("done");
    document["name"] = json!("Silent bearing");
    s.east.serve("/users/quiet", document.clone());
    s.sends(&s.mallory, &s.mallory.activity("Update", document.clone())).await;
    assert_eq!(s.bob.get(&format!("{API}/{id}")).await.ok()["state"], "paused");
    s.sends(&group, &group.activity("Update", document)).await;
    let seen = s.bob.get(&format!("{API}/{id}")).await.ok();
    assert_eq!((&seen["name"], &seen["state"]), (&json!("Silent bearing"), &json!("done")));
    // Gone for good, it leaves the register.
    s.sends(&group, &group.activity("Delete", group.id.clone())).await;
    assert_eq!(s.bob.get(&format!("{API}/{id}")).await.status, 404);
    assert_eq!(s.bob.get(API).await.ok(), json!([]));
}

/// ada, who lives elsewhere, moderates a project of the node.
pub async fn ada_moderates(s: &Scene, project: &Value) {
    let (id, ada): (i64, _) = (project["id"].as_str().unwrap().parse().unwrap(), s.account(&s.ada).await.id);
    let moderates = move |tx: &mut Tx<'_>| {
        Sql::new("insert into project_members (project_id, account_id, role, created_at) values (")
            .bind(id)
            .with(",", ada)
            .push(",2,0)")
            .execute(tx.conn)
    };
    s.node.app.write(moderates).await.unwrap();
}

#[tokio::test]
async fn a_moderator_elsewhere_takes_a_post_out_of_the_project_and_nobody_else_does() {
    let s = Scene::new().await;
    let made = register(&s.bob, bearing()).await;
    let project = s.node.url("/users/quietbearing");
    follow(&s.carol, &made).await;
    // mallory follows, so that what she writes is passed on; ada moderates.
    s.sends(&s.mallory, &s.mallory.activity("Follow", project.clone())).await;
    ada_moderates(&s, &made).await;
    let mut note = s.note(&s.mallory, "1", "buy cheap bearings");
    note["cc"] = json!([project]);
    note["audience"] = json!(project);
    let uri = s.creates(&s.mallory, &note).await;
    let passed =
        || async { home(&s.carol).await.iter().any(|(who, text)| who == "quietbearing" && text.contains("cheap")) };
    assert!(passed().await, "addressed, not named");
    assert_eq!(s.sends(&s.vera, &s.vera.activity("Delete", uri.clone())).await, 403);
    assert!(passed().await);
    s.sends(&s.ada, &s.ada.activity("Delete", uri.clone())).await;
    assert!(!passed().await);
    assert!(s.post(&uri).await.is_some(), "the post is its author's");
    // Once is for good.
    note["content"] = json!("buy cheap bearings now");
    note["updated"] = json!(s.node.clock.now().plus_seconds(1).rfc3339());
    s.node.clock.advance(2_000);
    s.sends(&s.mallory, &s.mallory.activity("Update", note)).await;
    assert!(!passed().await);
}

/// A project of east's, as its server shows it.
fn quiet(s: &Scene, group: &Sender) -> Value {
    let mut document = s.east.person("quiet", &group.signer.key.public_pem().unwrap());
    for (key, value) in [
        ("type", json!("Group")),
        ("name", json!("Quiet bearing")),
        ("wc:kind", json!("project")),
        ("wc:workState", json!("active")),
        ("sdo:member", json!(s.east.url("/users/quiet/members"))),
    ] {
        document[key] = value;
    }
    s.east.serve("/users/quiet", document.clone());
    document
}

#[tokio::test]
async fn nobody_is_made_the_lead_or_a_member_of_a_project_elsewhere_by_what_it_says() {
    let s = Scene::new().await;
    let group = Sender::new(&s.east, "quiet");
    let mut document = quiet(&s, &group);
    document["wc:lead"] = json!(s.uri(&s.bob));
    s.east.serve("/users/quiet", document.clone());
    let people = json!([s.uri(&s.bob), s.uri(&s.carol), s.ada.id]);
    let members = json!({ "id": s.east.url("/users/quiet/members"), "type": "Collection", "items": people });
    s.east.serve("/users/quiet/members", members);
    s.meet(&group).await;
    s.node.settle().await;
    let id = s.account(&group).await.id;
    let seen = s.bob.get(&format!("{API}/{id}")).await.ok();
    assert_eq!((&seen["lead"], &seen["role"]), (&Value::Null, &Value::Null), "{seen}");
    let named = s.bob.get(&format!("{API}/{id}/members")).await.ok();
    let named: Vec<_> = named.as_array().unwrap().iter().map(|m| m["account"]["username"].clone()).collect();
    assert_eq!(named, [json!("ada")], "its own people are who it says");
    for who in [&s.bob, &s.carol] {
        let me = who.get("/api/v1/accounts/verify_credentials").await.ok();
        assert_eq!(me["fields"], json!([]), "nothing is put on a profile");
    }
    // Whoever asked, and was accepted, is a member whether a list names them or not; and may leave when it says that they
    // lead it.
    s.bob.post(&format!("{API}/{id}/join"), json!({})).await.ok();
    let (row, bob) = (id.raw(), s.bob.id.parse::<i64>().unwrap());
    let accepted = move |tx: &mut Tx<'_>| {
        Sql::new("update project_members set role = 1 where project_id = ")
            .bind(row)
            .with(" and account_id = ", bob)
            .execute(tx.conn)
    };
    s.node.app.write(accepted).await.unwrap();
    let role = async || s.bob.get(&format!("{API}/{id}")).await.ok()["role"].clone();
    s.sends(&group, &group.activity("Update", document.clone())).await;
    assert_eq!(role().await, "lead");
    document["name"] = json!("Silent bearing");
    document["wc:lead"] = json!(s.ada.id);
    s.east.serve("/users/quiet", document.clone());
    s.east.serve(
        "/users/quiet/members",
        json!({ "id": s.east.url("/users/quiet/members"), "type": "Collection", "items": [] }),
    );
    s.sends(&group, &group.activity("Update", document.clone())).await;
    assert_eq!(role().await, "member");
    document["wc:lead"] = json!(s.uri(&s.bob));
    s.east.serve("/users/quiet", document.clone());
    s.sends(&group, &group.activity("Update", document)).await;
    assert_eq!(role().await, "lead");
    s.bob.post(&format!("{API}/{id}/leave"), json!({})).await.ok();
    assert_eq!(role().await, Value::Null);
}

#[tokio::test]
async fn the_register_of_an_organisation_takes_in_nothing_from_outside() {
    let s = Scene::new().await;
    let group = Sender::new(&s.east, "quiet");
    quiet(&s, &group);
    s.meet(&group).await;
    s.node.settle().await;
    assert_eq!(s.bob.get(API).await.ok()[0]["name"], "Quiet bearing", "on its own, a node listens to everybody");
    found(&s.node).await;
    org(&s.node, &["set", "open_allowed=true"]).await.unwrap();
    let other = Sender::new(&s.east, "loud");
    let mut document = quiet(&s, &group);
    for (name, value) in [("id", s.east.url("/users/loud")), ("preferredUsername", "loud".to_owned())] {
        document[name] = json!(value);
    }
    for end in ["inbox", "outbox", "followers", "following"] {
        document[end] = json!(s.east.url(&format!("/users/loud/{end}")));
    }
    document["publicKey"] = s.east.person("loud", &other.signer.key.public_pem().unwrap())["publicKey"].clone();
    s.east.serve("/users/loud", document);
    s.meet(&other).await;
    s.node.settle().await;
    assert!(s.account_of(&other.id).await.is_some(), "it is an account like any other");
    let mut document = quiet(&s, &group);
    document["name"] = json!("Very quiet bearing");
    s.east.serve("/users/quiet", document.clone());
    s.sends(&group, &group.activity("Update", document)).await;
    assert_eq!(s.bob.get(API).await.ok(), json!([]));
}

/// What the search box says of somebody, and why.
async fn experts(reader: &Client, text: &str) -> Vec<(String, String)> {
    let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let found = reader.get(&format!("/api/watercooler/v1/experts?q={query}")).await.ok();
    let one = |e: &Value| {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        (text(&e["account"]["username"]), text(&e["because"]))
    };
    found["experts"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn who_works_on_a_project_knows_what_it_is_about_once_it_is_more_than_an_idea() {
    let (hq, lyon) = two().await;
    let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
    let mut idea = bearing();
    idea["state"] = json!("idea");
    let made = register(&alice, idea).await;
    settle(&[&hq, &lyon]).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    settle(&[&hq, &lyon]).await;
    assert_eq!(experts(&alice, "who knows bearings").await, []);
    alice.patch(&path(&made, ""), json!({"state": "active"})).await.ok();
    let why = |name: &str| (name.to_owned(), "because: works on Quiet bearing".to_owned());
    assert_eq!(experts(&alice, "who knows bearings").await, [why("alice")]);
    assert_eq!(experts(&alice, "project:Quiet bearing").await, [why("alice")]);
    // Where it does not live, too; and for whoever joins it.
    bob.post(&path(&there, "/join"), json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    let asked = alice.get(&path(&made, "/requests")).await.ok();
    let id = asked[0]["account"]["id"].as_str().unwrap().to_owned();
    alice.post(&path(&made, &format!("/requests/{id}/accept")), json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    hq.clock.advance(120_000);
    settle(&[&hq, &lyon]).await;
    for reader in [&alice, &bob] {
        let mut found = experts(reader, "who knows bearings").await;
        found.sort();
        assert_eq!(found, [why("alice"), why("bob")]);
    }
    // Whoever is for nobody is a member that other nodes are not told of, and stays one at home.
    let listed = json!({"listed": "unlisted"});
    bob.patch("/api/watercooler/v1/people/me", listed).await.ok();
    hq.clock.advance(120_000);
    settle(&[&hq, &lyon]).await;
    let told = letter(&lyon, &hq, "GET", "/users/quietbearing/members", None).await.send(&hq).await.ok();
    assert_eq!(told["orderedItems"], json!([hq.url("/users/alice")]), "{told}");
    alice.patch(&path(&made, ""), json!({"purpose": "Find why bearing B7 hums."})).await.ok();
    settle(&[&hq, &lyon]).await;
    assert_eq!(bob.get(&path(&there, "")).await.ok()["role"], "member");
    bob.patch("/api/watercooler/v1/people/me", json!({"listed": "organisation"})).await.ok();
    hq.clock.advance(120_000);
    settle(&[&hq, &lyon]).await;
    // Its tags are its own: they go with it.
    alice.patch(&path(&made, ""), json!({"tags": ["cages"]})).await.ok();
    assert_eq!(experts(&alice, "who knows bearings").await, []);
    assert_eq!(experts(&alice, "who knows cages").await.len(), 2);
}

#[tokio::test]
async fn an_answer_may_name_a_request_to_join_by_its_id_alone() {
    let s = Scene::new().await;
    let (group, other) = (Sender::new(&s.east, "quiet"), Sender::new(&s.east, "loud"));
    quiet(&s, &group);
    s.meet(&group).await;
    s.node.settle().await;
    let id = s.account(&group).await.id;
    let role = async || s.bob.get(&format!("{API}/{id}")).await.ok()["role"].clone();
    for (answer, becomes) in [("Accept", json!("member")), ("Reject", Value::Null)] {
        s.east.forget();
        s.bob.post(&format!("{API}/{id}/join"), json!({})).await.ok();
        s.node.settle().await;
        let sent = s.east.inbox();
        let join = sent.iter().find(|a| a["type"] == "Join").unwrap_or_else(|| panic!("{sent:?}"))["id"].clone();
        s.sends(&other, &other.activity(answer, join.clone())).await;
        s.sends(&s.mallory, &s.mallory.activity(answer, join.clone())).await;
        assert!(![json!("member"), json!("lead")].contains(&role().await), "nobody else answers");
        s.sends(&group, &group.activity(answer, join)).await;
        assert_eq!(role().await, becomes);
        s.bob.post(&format!("{API}/{id}/leave"), json!({})).await.ok();
        s.node.settle().await;
    }
}

#[tokio::test]
async fn an_answer_to_a_request_that_was_taken_back_does_not_end_the_next_one() {
    let s = Scene::new().await;
    let group = Sender::new(&s.east, "quiet");
    quiet(&s, &group);
    s.meet(&group).await;
    s.node.settle().await;
    let id = s.account(&group).await.id;
    let role = async || s.bob.get(&format!("{API}/{id}")).await.ok()["role"].clone();
    let mut joins = Vec::new();
    for _ in 0..2 {
        s.east.forget();
        s.bob.post(&format!("{API}/{id}/leave"), json!({})).await.ok();
        s.bob.post(&format!("{API}/{id}/join"), json!({})).await.ok();
        s.node.settle().await;
        joins.extend(s.east.inbox().into_iter().find(|activity| activity["type"] == "Join"));
    }
    assert_eq!(joins.len(), 2);
    assert_ne!(joins[0]["id"], joins[1]["id"]);
    for (answer, join, becomes) in [
        ("Reject", &joins[0], json!("requested")),
        ("Accept", &joins[0], json!("requested")),
        ("Accept", &joins[1], json!("member")),
        ("Reject", &joins[0], json!("member")),
        ("Reject", &joins[1], Value::Null),
    ] {
        s.sends(&group, &group.activity(answer, join.clone())).await;
        assert_eq!(role().await, becomes, "{answer} {join}");
    }
}

#[tokio::test]
async fn a_post_that_thanks_somebody_by_name_says_so() {
    let s = Scene::new().await;
    let document = async |text: &str| {
        let id = s.writes(&s.bob, "public", text).await;
        s.bob.get_activity(id.strip_prefix(s.node.app.site().base()).unwrap()).await.ok()
    };
    assert_eq!(document("@carol #thanks for the bearing").await["kind"], "kudos");
    assert!(document("#thanks everybody").await["kind"].is_null());
    assert!(document("@carol hello").await["kind"].is_null());
}

/// Somebody of another site writes to a project alone, by whatever handle it has there.
async fn tells(who: &Client, project: &str, text: &str) {
    let letter = json!({ "status": format!("@{project} {text}"), "visibility": "direct" });
    who.post("/api/v1/statuses", letter).await.ok();
}

#[tokio::test]
async fn whoever_writes_join_or_leave_to_a_project_of_another_node_is_understood_at_both() {
    let (hq, lyon) = two().await;
    let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
    let made = register(&alice, bearing()).await;
    settle(&[&hq, &lyon]).await;
    let project = hq.handle("quietbearing");
    let there = known(&bob, &project).await;
    let role = async || bob.get(&path(&there, "")).await.ok()["role"].clone();
    let members = async || alice.get(&path(&made, "/members")).await.ok().as_array().unwrap().len();
    tells(&bob, &project, "join I know cages").await;
    settle(&[&hq, &lyon]).await;
    let requests = alice.get(&path(&made, "/requests")).await.ok();
    assert_eq!(requests.as_array().unwrap().len(), 1, "{requests}");
    assert_eq!((&requests[0]["message"], role().await), (&json!("I know cages"), json!("requested")));
    let told = letters(&alice).await.iter().filter(|letter| says(letter, "asks to join")).count();
    assert_eq!(told, 1, "the letter and the Join are one request");
    let id = requests[0]["account"]["id"].as_str().unwrap();
    alice.post(&path(&made, &format!("/requests/{id}/accept")), json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    assert_eq!((members().await, role().await), (2, json!("member")));
    tells(&bob, &project, "leave it to me").await;
    settle(&[&hq, &lyon]).await;
    assert_eq!((members().await, role().await), (2, json!("member")), "talk is talk");
    tells(&bob, &project, "Leave: no time this year").await;
    settle(&[&hq, &lyon]).await;
    assert_eq!((members().await, role().await), (1, Value::Null));
    // A request is taken back in the same way.
    tells(&bob, &project, "beitreten").await;
    settle(&[&hq, &lyon]).await;
    assert_eq!(role().await, "requested");
    tells(&bob, &project, "austreten").await;
    settle(&[&hq, &lyon]).await;
    assert_eq!((alice.get(&path(&made, "/requests")).await.ok(), role().await), (json!([]), Value::Null));
}

#[tokio::test]
async fn a_member_on_other_software_joins_and_leaves_by_writing_to_the_project() {
    let s = Scene::new().await;
    found(&s.node).await;
    let actor = s.east.url("/actor");
    org(&s.node, &["add", &s.east.authority, "--actor", &actor, "--address", "127.0.0.0/8", "--closed"]).await.unwrap();
    let made = register(&s.bob, bearing()).await;
    s.node.settle().await;
    let project = s.node.url("/users/quietbearing");
    let writes = async |name: &str, text: &str| {
        let mut note = s.note(&s.ada, name, &format!("<p>@quietbearing {text}</p>"));
        note["to"] = json!([project]);
        note["cc"] = json!([]);
        note["tag"] = json!([{ "type": "Mention", "href": project, "name": "@quietbearing" }]);
        s.creates(&s.ada, &note).await;
    };
    let members = async || s.bob.get(&path(&made, "/members")).await.ok().as_array().unwrap().len();
    let sent = |kind: &str| s.east.inbox().iter().any(|activity| activity["type"] == kind);
    writes("1", "leave").await;
    assert!(members().await == 1 && !sent("Reject"), "there is nothing to leave");
    writes("2", "join I have a microphone").await;
    let asked = s.bob.get(&path(&made, "/requests")).await.ok();
    assert_eq!(
        (&asked[0]["account"]["username"], &asked[0]["message"]),
        (&json!("ada"), &json!("I have a microphone")),
        "{asked}"
    );
    let id = asked[0]["account"]["id"].as_str().unwrap();
    s.bob.post(&path(&made, &format!("/requests/{id}/accept")), json!({})).await.ok();
    s.node.settle().await;
    assert!(members().await == 2 && sent("Accept"));
    writes("3", "leave").await;
    assert!(members().await == 1 && sent("Reject"), "its server is told");
}
