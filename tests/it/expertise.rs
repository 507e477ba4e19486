//! People and expertise: facts through the profile fields of any client and through our own endpoints, as a document, in the
//! search box with reasons, and at every node of the organisation.

use crate::{
    cli::Place,
    support::{
        Client, Node, NodeBuilder,
        organisation::{alone, brings_in, charter_of, found, minutes, org},
        settle,
    },
};
use serde_json::{Value, json};
use std::fs;
use watercooler::{
    db::Sql,
    domain::{Task, people::answers},
    id::Id,
    time::Clock,
};

pub const ME: &str = "/api/watercooler/v1/people/me";

/// What somebody shows on their profile, as they edit it.
pub async fn shown(client: &Client) -> Vec<(String, String)> {
    let me = client.get("/api/v1/accounts/verify_credentials").await.ok();
    let text = |field: &Value, name: &str| field[name].as_str().unwrap().to_owned();
    me["source"]["fields"].as_array().unwrap().iter().map(|f| (text(f, "name"), text(f, "value"))).collect()
}

/// Sends fields as a client does.
pub async fn sends(client: &Client, fields: &[(String, String)]) -> Value {
    let fields: Vec<_> = fields.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    client.patch("/api/v1/accounts/update_credentials", json!({ "fields_attributes": fields })).await.ok()
}

/// The names and reasons of the people that a search box finds.
pub async fn finds(client: &Client, text: &str) -> Vec<(String, String)> {
    let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let found = client.get(&format!("/api/v2/search?q={query}")).await.ok();
    let accounts = found["accounts"].as_array().unwrap().iter();
    accounts
        .map(|account| {
            let note = account["note"].as_str().unwrap();
            let reason = note.strip_prefix("<p>").and_then(|rest| rest.split("</p>").next()).unwrap_or_default();
            assert_eq!(account["fields"][0]["value"], reason, "the field says the same");
            (account["username"].as_str().unwrap().to_owned(), reason.to_owned())
        })
        .collect()
}

pub fn names(found: &[(String, String)]) -> Vec<&str> {
    found.iter().map(|(name, _)| name.as_str()).collect()
}

pub async fn alice(node: &Node) -> Client {
    let alice = node.member("alice").await;
    alice.patch("/api/v1/accounts/update_credentials", json!({ "display_name": "Alice" })).await.ok();
    let works = json!([{ "name": "Quiet bearing", "url": node.url("/@quietbearing") }]);
    let facts = json!({
        "skills": [{ "name": "Vibration analysis", "stance": "ask" }, { "name": "Rust", "stance": "learning" }],
        "title": "Test engineer", "department": "Bench 3", "site": "Lyon", "time_zone": "Europe/Paris",
        "languages": ["fr", "en"], "works_on": works,
    });
    alice.patch(ME, facts).await.ok();
    alice
}

#[tokio::test]
async fn fed_org_02_the_document_of_a_person_says_it_in_fields_and_hashtags_that_every_server_shows() {
    let node = Node::start().await;
    let alice = alice(&node).await;
    node.settle().await;
    let document = alice.get_activity("/users/alice").await.ok();
    let at = |path: &str| node.url(path);
    assert_eq!(document["type"], "Person");
    assert_eq!((&document["jobTitle"], &document["timeZone"]), (&json!("Test engineer"), &json!("Europe/Paris")));
    assert_eq!(
        document["knowsAbout"],
        json!([
            { "type": "DefinedTerm", "id": at("/tags/vibrationanalysis"), "name": "Vibration analysis",
              "termCode": "vibrationanalysis", "stance": "ask" },
            { "type": "DefinedTerm", "id": at("/tags/rust"), "name": "Rust", "termCode": "rust", "stance": "learning" },
        ])
    );
    assert_eq!(document["worksOn"], at("/users/alice/projects"));
    let tag = at("/tags/vibrationanalysis");
    let field = |name: &str, value: String| json!({ "type": "PropertyValue", "name": name, "value": value });
    assert_eq!(
        document["attachment"],
        json!([
            field("Ask me about", format!("<a href=\"{tag}\" rel=\"tag\">#vibrationanalysis</a>")),
            field("Works on", format!("<a href=\"{}\">Quiet bearing</a>", at("/@quietbearing"))),
            field("Team", "Test engineer, Bench 3".into()),
            field("Site", "Lyon (Europe/Paris), fr en".into()),
        ])
    );
    let hashtag = json!({ "type": "Hashtag", "name": "#vibrationanalysis", "href": tag });
    assert!(document["tag"].as_array().unwrap().contains(&hashtag), "{}", document["tag"]);
    assert_eq!((&document["workLocation"], &document["knowsLanguage"]), (&json!("Lyon"), &json!(["fr", "en"])));
    assert_eq!(document["memberOf"], json!({ "type": "Organization", "name": "Bench 3" }));
    // The terms are defined in the document itself, under the addresses of the vocabulary.
    let terms = document["@context"].as_array().unwrap().iter().find(|context| context.is_object()).unwrap();
    for (term, meaning) in [
        ("sdo", "https://schema.org/"),
        ("wc", "https://w3id.org/watercooler/ns#"),
        ("knowsAbout", "sdo:knowsAbout"),
        ("DefinedTerm", "sdo:DefinedTerm"),
        ("termCode", "sdo:termCode"),
        ("jobTitle", "sdo:jobTitle"),
        ("stance", "wc:stance"),
        ("timeZone", "wc:timeZone"),
        ("PropertyValue", "schema:PropertyValue"),
        ("schema", "http://schema.org#"),
    ] {
        assert_eq!(terms[term], meaning, "{term}");
    }
    assert_eq!(terms["worksOn"], json!({ "@id": "wc:worksOn", "@type": "@id" }));
    let projects = alice.get_activity("/users/alice/projects").await.ok();
    assert_eq!(projects["orderedItems"], json!([]), "a page that is no project's is none");
    let tags = alice.get_activity("/users/alice/collections/tags").await.ok();
    assert_eq!(tags["items"][0]["name"], "#vibrationanalysis", "a skill is a featured hashtag");
    assert_eq!(tags["items"].as_array().unwrap().len(), 1, "what is being learnt is not");
    // Whoever is for their own site only gives none of it away.
    alice.patch(ME, json!({ "listed": "site" })).await.ok();
    let document = alice.get_activity("/users/alice").await.ok();
    assert_eq!((&document["attachment"], document.get("knowsAbout")), (&json!([]), None));
    assert_eq!(document["tag"], json!([]));
    let tags = alice.get_activity("/users/alice/collections/tags").await.ok();
    assert!(tags["items"].as_array().is_none_or(Vec::is_empty), "{tags}");
    assert_eq!(shown(&alice).await.len(), 4, "here it is on the profile");
}

#[tokio::test]
async fn a_client_that_knows_four_fields_edits_facts_and_keeps_the_others() {
    let node = Node::start().await;
    let alice = alice(&node).await;
    let mut fields = shown(&alice).await;
    let text = |fields: &[(String, String)]| fields.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>();
    assert_eq!(
        text(&fields),
        [
            "#vibrationanalysis · learning #Rust",
            "Quiet bearing",
            "Test engineer, Bench 3",
            "Lyon (Europe/Paris), fr en"
        ]
    );
    fields.push(("Blog".into(), "https://alice.example".into()));
    sends(&alice, &fields).await;
    assert_eq!(shown(&alice).await, fields);
    // It stops at four, and says something new about skills.
    let mut four = fields[..4].to_vec();
    four[0].1 = "#vibrationanalysis #Torque, knows #excel · learning #Rust".into();
    let me = sends(&alice, &four).await;
    assert!(me["fields"][0]["value"].as_str().unwrap().contains("/tags/torque\" rel=\"tag\">#Torque</a>"), "{me}");
    assert!(!me["fields"][0]["value"].as_str().unwrap().contains("Rust"), "learning is nobody else's business");
    let after = shown(&alice).await;
    assert_eq!((after.len(), &after[4]), (5, &fields[4]));
    let own = alice.get(ME).await.ok();
    assert_eq!(
        own["skills"],
        json!([
            { "name": "Vibration analysis", "tag": "vibrationanalysis", "stance": "ask" },
            { "name": "Torque", "tag": "torque", "stance": "ask" },
            { "name": "excel", "tag": "excel", "stance": "knows" },
            { "name": "Rust", "tag": "rust", "stance": "learning" },
        ]),
        "what was typed first stays beside its normal form"
    );
    // One that knows more replaces the others.
    let mut five = after.clone();
    five[4] = ("Motto".into(), "measure twice".into());
    sends(&alice, &five).await;
    assert_eq!(shown(&alice).await[4].0, "Motto");
    // Sending back what is shown changes nothing, not even the date.
    let before = alice.get_activity("/users/alice").await.ok();
    node.clock.advance(1_000);
    sends(&alice, &shown(&alice).await).await;
    assert_eq!(alice.get_activity("/users/alice").await.ok()["updated"], before["updated"]);
    // All four emptied: the facts are, and what was not shown stays.
    let motto = shown(&alice).await.split_off(4);
    sends(&alice, &vec![(String::new(), String::new()); 4]).await;
    assert_eq!(shown(&alice).await, motto);
    let own = alice.get(ME).await.ok();
    assert_eq!((&own["skills"], &own["site"], &own["title"]), (&json!([]), &json!(""), &json!("")));
}

#[tokio::test]
async fn fields_have_german_names_for_who_speaks_german_and_are_read_in_every_language() {
    let node = Node::start().await;
    let alice = alice(&node).await;
    node.app.write(|tx| Sql::new("update users set locale = 'de-AT'").execute(tx.conn).map(drop)).await.unwrap();
    let english: Vec<(String, String)> =
        vec![("Ask me about".into(), "#torque".into()), ("Standort".into(), "Wien (Europe/Vienna), de".into())];
    sends(&alice, &english).await;
    let fields = shown(&alice).await;
    let labels: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(labels, ["Frag mich zu", "Arbeitet an", "Team", "Standort"]);
    assert_eq!((fields[0].1.as_str(), fields[3].1.as_str()), ("#torque", "Wien (Europe/Vienna), de"));
    let mut fields = fields;
    fields[0].1 = "#torque, kennt #schweißen".into();
    sends(&alice, &fields).await;
    assert_eq!(alice.get(ME).await.ok()["skills"][1]["stance"], "knows");
}

#[tokio::test]
async fn a_client_that_sends_back_markup_loses_no_facts() {
    let node = Node::start().await;
    let alice = alice(&node).await;
    let before = alice.get(ME).await.ok();
    let me = alice.get("/api/v1/accounts/verify_credentials").await.ok();
    let text = |field: &Value, name: &str| field[name].as_str().unwrap().to_owned();
    let mut fields: Vec<(String, String)> =
        me["fields"].as_array().unwrap().iter().map(|f| (text(f, "name"), text(f, "value"))).collect();
    assert!(fields[0].1.contains("<a href="), "{fields:?}");
    sends(&alice, &fields).await;
    let after = alice.get(ME).await.ok();
    assert_eq!((&after["skills"], &after["works_on"]), (&before["skills"], &before["works_on"]));
    // One that adds to it is read as well.
    fields[0].1.push_str(" #torque");
    sends(&alice, &fields).await;
    let skills = alice.get(ME).await.ok()["skills"].to_string();
    assert!(skills.contains("vibrationanalysis") && skills.contains("torque"), "{skills}");
}

#[tokio::test]
async fn what_the_organisation_keeps_to_itself_is_ignored_when_a_client_changes_it() {
    let node = NodeBuilder::new("alpha").await.config(|config| config.people.may_change_title = false).start().await;
    let alice = node.member("alice").await;
    sends(&alice, &[("Team".into(), "Chief, Bench 3".into()), ("Site".into(), "Lyon".into())]).await;
    let own = alice.get(ME).await.ok();
    assert_eq!((&own["title"], &own["department"], &own["site"]), (&json!(""), &json!("Bench 3"), &json!("Lyon")));
    assert_eq!(own["may_change"]["title"], false);
    sends(&alice, &[("Team".into(), "Bench 4".into())]).await;
    assert_eq!(alice.get(ME).await.ok()["department"], "Bench 4");
    // An address is a page of theirs, not where they work.
    sends(&alice, &[("Site".into(), "https://alice.example".into())]).await;
    assert_eq!(shown(&alice).await.last().unwrap().1, "https://alice.example");
    for bad in [
        json!({ "time_zone": "noon" }),
        json!({ "time_zone": "Mars/Phobos" }),
        json!({ "languages": ["quite a few"] }),
        json!({ "listed": "maybe" }),
    ] {
        assert_eq!(alice.patch(ME, bad).await.status, 422);
    }
    // So is a field that names a zone which does not exist.
    let field = json!({ "fields_attributes": [{ "name": "Site", "value": "Lyon (Mars/Phobos)" }] });
    let refused = alice.patch("/api/v1/accounts/update_credentials", field).await;
    assert!(refused.status == 422 && refused.text.contains("Time zone"), "{}", refused.text);
}

#[tokio::test]
async fn the_search_box_answers_questions_with_reasons() {
    let node = Node::start().await;
    let (alice, bob) = (alice(&node).await, node.member("bob").await);
    bob.patch(ME, json!({ "skills": ["vibration analysis"], "site": "Oslo" })).await.ok();
    let found = finds(&bob, "Who knows vibration analysis?").await;
    assert_eq!(
        found,
        [
            ("alice".to_owned(), "because: lists #vibrationanalysis".to_owned()),
            ("bob".to_owned(), "because: knows #vibrationanalysis".to_owned())
        ]
    );
    assert_eq!(names(&finds(&bob, "skill:vibrations site:Oslo").await), ["bob"]);
    assert_eq!(
        finds(&bob, "project:Quiet bearing").await,
        [("alice".into(), "because: works on Quiet bearing".into())]
    );
    assert!(finds(&bob, "who knows rust").await.is_empty(), "who is learning is not asked");
    // A place or a language alone asks for everybody there.
    assert_eq!(finds(&bob, "site:Oslo").await, [("bob".into(), "because: works at Oslo".into())]);
    assert_eq!(finds(&bob, "who can help in Lyon?").await, [("alice".into(), "because: works at Lyon".into())]);
    for text in ["experts in Lyon", "Who is in Lyon?", "wer arbeitet in Lyon", "Kollegen in Lyon", "qui est à Lyon ?"]
    {
        assert_eq!(finds(&bob, text).await, [("alice".into(), "because: works at Lyon".into())], "{text}");
    }
    let ordinary = bob.get("/api/v2/search?q=who+is+alice").await.ok();
    assert!(!ordinary.to_string().contains("because"), "{ordinary}");
    assert_eq!(finds(&bob, "language:french").await, [("alice".into(), "because: speaks fr".into())]);
    // Accepted answers count, and say so.
    let id: Id<_> = node.member("carl").await.id.parse().unwrap();
    node.app
        .write(move |tx| (1..=4).try_for_each(|post| answers::accept(tx, id, Id::new(post), &["kafka".into()])))
        .await
        .unwrap();
    assert_eq!(
        finds(&alice, "who knows kafka").await,
        [("carl".into(), "because: answered 4 questions on #kafka".into())]
    );
    let asked = alice.get("/api/watercooler/v1/experts?q=who+knows+kafka").await.ok();
    assert_eq!(asked["experts"][0]["reasons"][0]["kind"], "answered");
    assert_eq!((&asked["experts"][0]["account"]["username"], asked["experts"][0].get("score")), (&json!("carl"), None));
    // Nobody: the hint, and no accounts.
    let nobody = alice.get("/api/watercooler/v1/experts?q=who+knows+falconry").await.ok();
    assert_eq!((&nobody["nobody"], &nobody["hint"]), (&json!(true), &json!("nobody listed: ask the network?")));
    assert!(finds(&alice, "who knows falconry").await.is_empty());
    // Ordinary searches are ordinary, and strangers ask no directory.
    let ordinary = alice.get("/api/v2/search?q=bob").await.ok();
    assert_eq!(ordinary["accounts"][0]["username"], "bob");
    assert!(!ordinary["accounts"][0]["note"].as_str().unwrap().contains("because"));
    let stranger = Client::anonymous(&node).get("/api/v2/search?q=who+knows+kafka").await;
    assert!(stranger.status != 200 || stranger.json()["accounts"] == json!([]));
    // Who blocks somebody is not found by them, and whoever is listed nowhere by nobody.
    alice.post(&format!("/api/v1/accounts/{}/block", bob.id), json!({})).await.ok();
    assert_eq!(names(&finds(&bob, "who knows vibration analysis").await), ["bob"]);
    bob.patch(ME, json!({ "listed": "unlisted" })).await.ok();
    assert!(finds(&bob, "who knows vibration analysis").await.is_empty());
    let suggested = alice.get("/api/watercooler/v1/skills?q=Vib").await.ok();
    assert_eq!(suggested[0]["tag"], "vibrationanalysis");
}

#[tokio::test]
async fn open_questions_are_those_nobody_else_answered() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let post = async |who: &Client, text: &str, to: Option<&str>| {
        let status = who.post("/api/v1/statuses", json!({ "status": text, "in_reply_to_id": to })).await.ok();
        status["id"].as_str().unwrap().to_owned()
    };
    let answered = post(&ada, "#ask Which glue survives the cold?", None).await;
    post(&bob, "Epoxy.", Some(&answered)).await;
    let open = post(&ada, "#ask Who has a torque wrench?", None).await;
    post(&ada, "I mean a small one.", Some(&open)).await;
    post(&ada, "ask me anything", None).await;
    let found = bob.get("/api/v2/search?q=open+questions").await.ok();
    let ids: Vec<&str> = found["statuses"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!((ids, &found["accounts"]), (vec![open.as_str()], &json!([])));
}

/// Three nodes under one charter, on one clock; alice is at Lyon, bob at headquarters, cleo at Oslo.
pub async fn three() -> (Node, Node, Node, [Client; 3]) {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon, oslo) = (alone("hq", &clock).await, alone("lyon", &clock).await, alone("oslo", &clock).await);
    let people = [alice(&lyon).await, hq.member("bob").await, oslo.member("cleo").await];
    found(&hq).await;
    for node in [&lyon, &oslo] {
        settle(&[&hq, &lyon, &oslo]).await;
        brings_in(&hq, node).await;
    }
    settle(&[&hq, &lyon, &oslo]).await;
    minutes(&[&hq, &lyon, &oslo], 3).await;
    (hq, lyon, oslo, people)
}

#[tokio::test]
async fn a_newcomer_has_everybody_and_everybody_has_the_newcomer() {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    let (alice, bob) = (alice(&lyon).await, hq.member("bob").await);
    bob.patch(ME, json!({ "skills": ["Kafka"] })).await.ok();
    found(&hq).await;
    settle(&[&hq, &lyon]).await;
    let joined = brings_in(&hq, &lyon).await;
    assert_eq!(joined["directory"], json!([format!("{}: 1 people and projects", hq.domain)]));
    assert_eq!(finds(&alice, "who knows kafka").await, [("bob".into(), "because: knows #kafka".into())]);
    minutes(&[&hq, &lyon], 2).await;
    assert_eq!(names(&finds(&bob, "who knows vibration analysis").await), ["alice"]);
    let status = org(&hq, &["status"]).await.unwrap();
    let line = status["nodes"].as_array().unwrap().iter().find(|node| node["domain"] == lyon.domain.as_str()).unwrap();
    assert_eq!((&line["directory"]["copied"], &line["directory"]["of"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn a_change_reaches_nodes_that_nobody_follows_from_and_an_opt_down_removes() {
    let (hq, lyon, oslo, [alice, bob, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    // Cleo follows: her node hears it once, as everybody's does.
    let found = cleo.get(&format!("/api/v2/search?resolve=true&q=@{}", lyon.handle("alice"))).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap();
    cleo.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    settle(&all).await;
    let skills = json!([{ "name": "Kafka", "stance": "ask" }]);
    alice.patch(ME, json!({ "skills": skills })).await.ok();
    lyon.clock.advance(60_000);
    node_work(&lyon).await;
    let sent = deliveries(&lyon, "Update").await;
    assert_eq!(sent.len(), 2, "one for each node: {sent:?}");
    settle(&all).await;
    for who in [&bob, &cleo] {
        assert_eq!(finds(who, "who knows kafka").await, [("alice".into(), "because: lists #kafka".into())]);
    }
    // Somebody new is known everywhere a minute later.
    let dora = lyon.member("dora").await;
    settle(&all).await;
    dora.patch(ME, json!({ "skills": ["Kafka"] })).await.ok();
    minutes(&all, 2).await;
    assert_eq!(names(&finds(&bob, "skill:kafka").await), ["alice", "dora"]);
    // For their own site only, then for nobody.
    dora.patch(ME, json!({ "listed": "site" })).await.ok();
    minutes(&all, 2).await;
    assert_eq!(names(&finds(&bob, "skill:kafka").await), ["alice"]);
    assert_eq!(names(&finds(&alice, "skill:kafka").await), ["alice", "dora"], "her own site finds her");
    alice.patch(ME, json!({ "listed": "unlisted" })).await.ok();
    minutes(&all, 2).await;
    assert!(finds(&bob, "skill:kafka").await.is_empty() && finds(&cleo, "skill:kafka").await.is_empty());
    alice.patch(ME, json!({ "listed": "organisation" })).await.ok();
    minutes(&all, 2).await;
    assert_eq!(names(&finds(&cleo, "skill:kafka").await), ["alice"]);
    // Whoever is gone is forgotten everywhere.
    let eve = lyon.member("eve").await;
    settle(&all).await;
    eve.patch(ME, json!({ "skills": ["Falconry"] })).await.ok();
    minutes(&all, 2).await;
    assert_eq!(names(&finds(&cleo, "skill:falconry").await), ["eve"]);
    let (id, by) = (eve.id.parse().unwrap(), watercooler::domain::audit::Staff::console());
    lyon.app.write(move |tx| watercooler::domain::accounts::disable(tx, &by, id)).await.unwrap();
    assert!(finds(&alice, "skill:falconry").await.is_empty(), "nobody who cannot sign in");
    minutes(&all, 2).await;
    assert!(finds(&cleo, "skill:falconry").await.is_empty());
    let by = watercooler::domain::audit::Staff::console();
    lyon.app.write(move |tx| watercooler::domain::accounts::delete(tx, &by, id)).await.unwrap();
    settle(&all).await;
    for node in [&lyon, &oslo] {
        let left =
            node.app.read(|conn| Sql::new("select s.name from skills s where s.tag = 'falconry'").load_texts(conn));
        assert!(left.await.unwrap().is_empty());
    }
    // Without a directory nothing leaves.
    org(&hq, &["set", "directory=false"]).await.unwrap();
    minutes(&all, 3).await;
    assert!(finds(&bob, "skill:kafka").await.is_empty());
    dora.patch(ME, json!({ "listed": "organisation" })).await.ok();
    lyon.clock.advance(60_000);
    node_work(&lyon).await;
    assert!(deliveries(&lyon, "Update").await.len() <= 2, "followers only");
}

/// Jobs of a node, without what they queue for others.
pub async fn node_work(node: &Node) {
    watercooler::jobs::run_due(&node.app).await.unwrap();
}

/// Where activities of a kind wait to be sent.
async fn deliveries(node: &Node, kind: &'static str) -> Vec<String> {
    node.app
        .read(move |conn| {
            Sql::new("select d.inbox from deliveries d join activities a on a.id = d.activity_id where a.kind = ")
                .bind(kind)
                .load_texts(conn)
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn a_lost_update_is_repaired_within_the_hour_and_a_dead_link_keeps_answers() {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    let (alice, bob) = (alice(&lyon).await, hq.member("bob").await);
    let gone = lyon.member("gone").await;
    gone.patch(ME, json!({ "skills": ["Kafka"] })).await.ok();
    found(&hq).await;
    settle(&[&hq, &lyon]).await;
    brings_in(&hq, &lyon).await;
    minutes(&[&hq, &lyon], 2).await;
    assert_eq!(names(&finds(&bob, "skill:kafka").await), ["gone"]);
    let found = bob.get("/api/v2/search?q=skill:kafka").await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap().to_owned();
    // What is sent is lost on the way.
    alice.patch(ME, json!({ "skills": ["Kafka"] })).await.ok();
    gone.patch(ME, json!({ "listed": "unlisted" })).await.ok();
    clock.advance(60_000);
    node_work(&lyon).await;
    assert!(!deliveries(&lyon, "Update").await.is_empty());
    lyon.app.write(|tx| Sql::new("delete from deliveries").execute(tx.conn).map(drop)).await.unwrap();
    settle(&[&hq, &lyon]).await;
    assert_eq!(names(&finds(&bob, "skill:kafka").await), ["gone"]);
    clock.advance(3_600_000);
    settle(&[&hq, &lyon]).await;
    assert_eq!(names(&finds(&bob, "skill:kafka").await), ["alice"]);
    // Of whoever is not listed any more nothing is kept.
    let account = bob.get(&format!("/api/v1/accounts/{id}")).await.ok();
    assert_eq!((&account["username"], &account["fields"]), (&json!("gone"), &json!([])));
    let kept = hq.app.read(|conn| {
        Sql::new("select a.username from skills s join accounts a on a.id = s.account_id where s.tag = 'kafka'")
            .load_texts(conn)
    });
    assert_eq!(kept.await.unwrap(), ["alice"]);
    // The link goes down; what was copied stays.
    drop(lyon);
    clock.advance(7_200_000);
    hq.settle().await;
    assert_eq!(names(&finds(&bob, "skill:kafka").await), ["alice"]);
    let status = org(&hq, &["status"]).await.unwrap();
    let line = status["nodes"].as_array().unwrap().iter().find(|node| node.get("directory").is_some()).unwrap();
    assert!(line["directory"]["error"].is_string(), "{line}");
    // The admin is told, by every way of asking.
    hq.app.write(|tx| Sql::new("delete from charter_peers").execute(tx.conn).map(drop)).await.unwrap();
    let status = org(&hq, &["status"]).await.unwrap();
    assert!(status["to_do"].to_string().contains("cannot be copied"), "{status}");
    let looked =
        watercooler::cli::doctor::run(&hq.app, &watercooler::cli::doctor::DoctorArgs::default()).await.unwrap();
    let found = looked["findings"].as_array().unwrap().iter().find(|f| f["check"] == "directory").unwrap();
    assert!(found["about"] == line["domain"] && found["state"] == "warning", "{found}");
}

#[tokio::test]
async fn nobody_else_reads_the_directory() {
    let (hq, lyon, _oslo, _) = three().await;
    let stranger = alone("stranger", &hq.clock).await;
    let asked = crate::support::organisation::letter(&stranger, &lyon, "GET", "/charter/directory", None).await;
    assert_eq!(asked.send(&lyon).await.status, 403);
    assert!(Client::anonymous(&lyon).get("/charter/directory").await.status >= 400);
    let member = crate::support::organisation::letter(&hq, &lyon, "GET", "/charter/directory", None).await;
    let page = member.send(&lyon).await.json();
    assert_eq!((&page["total"], &page["items"][0]["actor"]["preferredUsername"]), (&json!(1), &json!("alice")));
}

#[tokio::test]
async fn a_question_to_the_network_is_taken_in_wherever_nobody_follows() {
    let (hq, lyon, oslo, [alice, bob, _]) = three().await;
    alice.post("/api/v1/statuses", json!({ "status": "#ask Which glue survives the cold?" })).await.ok();
    alice.post("/api/v1/statuses", json!({ "status": "Lunch?" })).await.ok();
    settle(&[&hq, &lyon, &oslo]).await;
    let found = bob.get("/api/v2/search?q=open+questions").await.ok();
    assert_eq!(found["statuses"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["statuses"][0]["account"]["username"], "alice");
}

#[tokio::test]
async fn aliases_of_the_charter_count_and_answers_propose_new_ones() {
    let node = alone("hq", &Clock::fixed(crate::support::NOW)).await;
    let ada = node.member("ada").await;
    found(&node).await;
    ada.patch(ME, json!({ "skills": ["Kubernetes"] })).await.ok();
    assert!(finds(&ada, "who knows k8s").await.is_empty());
    org(&node, &["alias", "k8s", "kubernetes"]).await.unwrap();
    assert_eq!(names(&finds(&ada, "who knows k8s").await), ["ada"]);
    // Three people who list one thing are thanked under another.
    for name in ["bob", "cleo", "dora"] {
        let client = node.member(name).await;
        client.patch(ME, json!({ "skills": [{ "name": "Adhesives", "stance": "ask" }] })).await.ok();
        let id: Id<_> = client.id.parse().unwrap();
        node.app
            .write(move |tx| (1..=3).try_for_each(|post| answers::accept(tx, id, Id::new(post), &["klebstoff".into()])))
            .await
            .unwrap();
    }
    // What words mean is the gardener's.
    let staff = node.citizen_with("gardener", watercooler::model::Role::Moderator).await;
    let boss = Client::with_token(&node, &node.token(staff.id, "read write").await);
    assert_eq!(ada.get("/api/watercooler/v1/alias_proposals").await.status, 403);
    let body = json!({ "asked": "klebstoff", "listed": "adhesives" });
    assert_eq!(ada.post("/api/watercooler/v1/alias_proposals/accept", body).await.status, 403);
    let proposals = boss.get("/api/watercooler/v1/alias_proposals").await.ok();
    let pair = &proposals[0];
    assert_eq!((&pair["people"], &pair["answers"]), (&json!(3), &json!(9)), "{proposals}");
    let body = json!({ "asked": pair["asked"], "listed": pair["listed"] });
    let accepted = boss.post("/api/watercooler/v1/alias_proposals/accept", body).await.ok();
    assert_eq!(accepted["state"], "signed");
    assert_eq!(charter_of(&node).await.charter.aliases.get("klebstoff").map(String::as_str), Some("adhesives"));
    let left = boss.get("/api/watercooler/v1/alias_proposals").await.ok();
    assert!(!left.as_array().unwrap().iter().any(|other| other == pair), "{left}");
}

#[tokio::test]
async fn what_another_node_says_is_kept_whole_and_found() {
    let (hq, lyon, oslo, [_, bob, _]) = three().await;
    // A later version of the program says more about people.
    lyon.app
        .write(|tx| {
            let more = r#"{"wc:badge":{"level":3}}"#;
            let sql = "update expertise set version = version + 1, time_zone = 'Mars/Phobos', extra = ";
            Sql::new(sql).bind(more).execute(tx.conn).map(drop)
        })
        .await
        .unwrap();
    let task = Task::CheckDirectory { domain: lyon.domain.clone() };
    hq.app.write(move |tx| tx.enqueue(&task)).await.unwrap();
    settle(&[&hq, &lyon, &oslo]).await;
    let kept = hq
        .app
        .read(|conn| Sql::new("select e.extra from expertise e where e.extra <> '{}'").load_texts(conn))
        .await
        .unwrap();
    assert_eq!(kept, [r#"{"wc:badge":{"level":3}}"#]);
    let alice = finds(&bob, "who knows vibration analysis").await;
    assert_eq!(names(&alice), ["alice"]);
    let found = bob.get("/api/v2/search?q=who+knows+vibration+analysis").await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap();
    let facts = bob.get(&format!("/api/watercooler/v1/people/{id}")).await.ok();
    assert_eq!((&facts["title"], &facts["site"]), (&json!("Test engineer"), &json!("Lyon")));
    assert_eq!(facts["skills"].as_array().unwrap().len(), 1, "not what is being learnt: {facts}");
    assert_eq!(facts["time_zone"], "", "a time zone that does not exist is dropped");
}

#[test]
fn a_list_of_the_organisation_is_taken_over() {
    let place = Place::new();
    place.json(&["account", "create", "ada", "--email", "ada@example.org", "--json"]);
    let file = place.path().join("people.csv");
    fs::write(
        &file,
        "person;title;site;ask;listed\nada@example.org;Engineer;Lyon;torque sensors, Kafka;\nnobody;x;;;\nada;;;;sometimes\n",
    )
    .unwrap();
    let refused = place.run(&["people", "import", "people.csv", "--json"]);
    assert_eq!(refused.status.code(), Some(4), "{}", String::from_utf8_lossy(&refused.stderr));
    fs::write(&file, "person;time_zone\nada;Mars/Phobos\n").unwrap();
    let refused = place.json(&["people", "import", "people.csv", "--json"]);
    assert_eq!((&refused["refused"], &refused["changed"]), (&json!(1), &json!(0)), "{refused}");
    assert!(refused["lines"][0]["error"].as_str().unwrap().starts_with("time_zone"), "{refused}");
    fs::write(&file, "person;title;site;ask\nada@example.org;Engineer;Lyon;torque sensors, Kafka\nnobody;x;;\n")
        .unwrap();
    let dry = place.json(&["people", "import", "people.csv", "--dry-run", "--json"]);
    assert_eq!((&dry["changed"], &dry["unknown"], &dry["lines"][1]["line"]), (&json!(1), &json!(1), &json!(3)));
    assert_eq!(place.json(&["people", "import", "people.csv", "--json"])["changed"], 1, "the dry run changed nothing");
    let again = place.json(&["people", "import", "people.csv", "--json"]);
    assert_eq!((&again["changed"], &again["unchanged"]), (&json!(0), &json!(1)));
    // Who may find somebody is theirs to say: a list holds back, and brings nobody back into view.
    let listed = |word: &str, title: &str| {
        fs::write(&file, format!("person;listed;title\nada;{word};{title}\n")).unwrap();
        place.json(&["people", "import", "people.csv", "--json"])
    };
    assert_eq!(listed("site", "")["changed"], 1);
    let wider = listed("organisation", "");
    assert_eq!((&wider["refused"], &wider["changed"]), (&json!(1), &json!(0)), "{wider}");
    assert!(wider["lines"][0]["error"].as_str().unwrap().starts_with("listed: "), "{wider}");
    let wider = listed("organisation", "Director");
    assert_eq!((&wider["changed"], &wider["lines"][0]["state"]), (&json!(1), &json!("changed")), "the rest counts");
    assert_eq!((&listed("unlisted", "")["changed"], &listed("site", "")["changed"]), (&json!(1), &json!(0)));
}
