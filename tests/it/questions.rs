//! Questions to the network, through the client API: who is told, what happens while nobody answers, accepted answers at
//! every node.

use crate::{
    concierge::{answers, asks, tells, three},
    support::{
        Browser, Client, Node, NodeBuilder, PASSWORD,
        organisation::{brings_in, found, letter, minutes},
        settle,
    },
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use watercooler::{
    db::Sql,
    domain::{Fact, accounts, audit::Staff, html::plain_text, questions},
    id::Id,
    model::{Account, Role},
    time::Clock,
};

const DAY: i64 = 86_400_000;

pub async fn post(client: &Client, text: &str, to: Option<&Value>) -> Value {
    let to = to.map(|post| post["id"].clone());
    client.post("/api/v1/statuses", json!({ "status": text, "in_reply_to_id": to })).await.ok()
}

pub async fn skills(client: &Client, names: &[&str]) {
    client.patch("/api/watercooler/v1/people/me", json!({ "skills": names })).await.ok();
}

/// What a search box finds under `open questions`.
pub async fn open(client: &Client) -> BTreeSet<String> {
    let found = client.get("/api/v2/search?q=open+questions&limit=40").await.ok();
    found["statuses"].as_array().unwrap().iter().map(|post| post["uri"].as_str().unwrap().to_owned()).collect()
}

/// Mentions in somebody's notifications, newest first.
pub async fn mentions(client: &Client) -> Vec<Value> {
    let all = client.get("/api/v1/notifications?types[]=mention&limit=80").await.ok();
    all.as_array().unwrap().clone()
}

/// Questions that a concierge put to somebody.
pub async fn put_to(client: &Client) -> Vec<Value> {
    let mut found = mentions(client).await;
    found.retain(|n| {
        let post = &n["status"];
        n["account"]["bot"] == true
            && post["visibility"] == "public"
            && post["in_reply_to_account_id"] != json!(client.id)
            && plain_text(post["content"].as_str().unwrap()).contains("can you help?")
    });
    found
}

/// What the concierge wrote directly to somebody, oldest first.
pub async fn told(client: &Client) -> Vec<String> {
    let mut found: Vec<String> = mentions(client)
        .await
        .iter()
        .filter(|n| n["account"]["bot"] == true && n["status"]["visibility"] == "direct")
        .map(|n| plain_text(n["status"]["content"].as_str().unwrap()))
        .collect();
    found.reverse();
    found
}

pub fn names(post: &Value, but: &str) -> Vec<String> {
    let mut names: Vec<String> =
        post["mentions"].as_array().unwrap().iter().map(|m| m["acct"].as_str().unwrap().to_owned()).collect();
    names.retain(|name| name != but);
    names.sort();
    names
}

#[tokio::test]
async fn j5_a_question_is_put_to_three_people_answered_accepted_and_kept_at_every_node() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    skills(&alice, &["Adhesives"]).await;
    skills(&cleo, &["Adhesives"]).await;
    minutes(&all, 2).await;
    let question = post(&bob, "#ask Which glue survives −40 °C? #adhesives", None).await;
    settle(&all).await;
    let said = answers(&bob, &question).await;
    assert_eq!(said.len(), 1);
    assert_eq!(names(&said[0], "bob"), [lyon.handle("alice"), oslo.handle("cleo")]);
    let text = plain_text(said[0]["content"].as_str().unwrap());
    assert!(text.contains("People asked: 2, at sites: 2."), "{text}");
    let uri = question["uri"].as_str().unwrap().to_owned();
    // As another node reads it.
    let path = uri.strip_prefix(hq.app.site().base()).unwrap();
    let document = async || letter(&oslo, &hq, "GET", path, None).await.send(&hq).await.ok();
    let asked = document().await;
    assert_eq!((&asked["type"], &asked["kind"], &asked["askState"]), (&json!("Note"), &json!("ask"), &json!("open")));
    let terms = asked["@context"].as_array().unwrap().iter().find(|context| context.is_object()).unwrap();
    assert_eq!((&terms["kind"], &terms["askState"]), (&json!("wc:kind"), &json!("wc:askState")));
    assert_eq!(terms["acceptedAnswer"], json!({ "@id": "sdo:acceptedAnswer", "@type": "@id" }));
    for client in [&bob, &alice, &cleo] {
        assert_eq!(open(client).await, BTreeSet::from([uri.clone()]), "open at every node");
    }
    // An ordinary mention, and an ordinary answer.
    let mention = put_to(&alice).await.remove(0);
    let root = json!({ "id": mention["status"]["in_reply_to_id"] });
    let answer = post(&alice, &format!("@{} Silicone.", hq.handle("bob")), Some(&root)).await;
    settle(&all).await;
    let seen = mentions(&bob).await.remove(0);
    assert_eq!(seen["account"]["username"], "alice");
    assert!(open(&bob).await.is_empty(), "somebody answered");
    // Accepted.
    post(&bob, &format!("@{} ✅ thanks", lyon.handle("alice")), Some(&seen["status"])).await;
    settle(&all).await;
    let asked = document().await;
    assert_eq!((&asked["askState"], &asked["acceptedAnswer"]), (&json!("answered"), &answer["uri"]));
    let said = answers(&bob, &question).await;
    let last = said.iter().rfind(|post| post["account"]["bot"] == true).unwrap();
    let text = plain_text(last["content"].as_str().unwrap());
    assert!(text.starts_with(&format!("✅ answered by @{} —", lyon.handle("alice"))), "{text}");
    for client in [&bob, &alice, &cleo] {
        assert!(open(client).await.is_empty());
        let found = client.get("/api/watercooler/v1/experts?q=skill:adhesives").await.ok();
        let alice = &found["experts"][0];
        assert_eq!(alice["account"]["username"], "alice");
        assert_eq!(alice["because"], "because: knows #adhesives; answered 1 question on it", "{}", client.name);
    }
    // Another question is pointed to it, and the archive has it at a node that had no part in it.
    let again = post(&cleo, "#ask Glue for ice? #adhesives", None).await;
    settle(&all).await;
    let said = answers(&cleo, &again).await;
    assert!(said[0]["content"].as_str().unwrap().contains("Answered before:"), "{said:?}");
    oslo.citizen("dora").await;
    let browser = Browser::new(&oslo);
    browser.sign_in("dora", PASSWORD).await;
    for (path, there) in [("/answers", true), ("/answers/adhesives", true), ("/answers/kafka", false)] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.text.contains("Silicone."), there, "{path}");
        assert!(
            page.header("content-security-policy").contains("default-src 'none'") && !page.text.contains("<script")
        );
    }
    let stranger = Browser::new(&oslo).get("/answers").await;
    assert!(!stranger.text.contains("Silicone."), "inside of the organisation only");
}

#[tokio::test]
async fn an_unanswered_question_walks_on_and_ends_at_the_desk() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let desk = node.member("desk").await;
    let id = desk.id.parse().unwrap();
    node.app.write(move |tx| watercooler::store::users::set_role(tx.conn, id, Role::Moderator)).await.unwrap();
    let mut experts = Vec::new();
    for name in ["e1", "e2", "e3", "e4", "e5", "e6", "e7"] {
        let expert = node.member(name).await;
        skills(&expert, &["Kafka"]).await;
        experts.push(expert);
    }
    let question = post(&ada, "#ask Who runs our #kafka?", None).await;
    let uri = question["uri"].as_str().unwrap().to_owned();
    node.settle().await;
    let number = async || {
        let mut number = 0;
        for expert in &experts {
            number += put_to(expert).await.len();
        }
        number
    };
    assert_eq!(number().await, 3);
    // It is Monday; the next three are asked on Tuesday.
    node.clock.advance(DAY - 1_000);
    node.settle().await;
    assert_eq!(number().await, 3);
    node.clock.advance(1_000);
    node.settle().await;
    assert_eq!(number().await, 6);
    for expert in &experts {
        assert!(put_to(expert).await.len() <= 1);
    }
    assert!(told(&desk).await.is_empty());
    node.clock.advance(2 * DAY);
    node.settle().await;
    assert!(told(&desk).await[0].contains("For the gardener's desk"));
    assert!(told(&ada).await[0].contains("The gardener's desk knows of it now"));
    node.clock.advance(14 * DAY);
    node.settle().await;
    assert!(told(&ada).await[1].contains("Nobody has answered so far"));
    assert_eq!(open(&ada).await, BTreeSet::from([uri]));
    // The asker ends it in the thread.
    let close = json!({ "status": "@concierge close", "visibility": "direct", "in_reply_to_id": question["id"] });
    ada.post("/api/v1/statuses", close).await.ok();
    node.settle().await;
    assert!(open(&ada).await.is_empty());
    assert!(told(&ada).await[2].contains("The question is closed"));
    let document = ada.get_activity(question["uri"].as_str().unwrap()).await.ok();
    assert_eq!(document["askState"], "closed");
}

#[tokio::test]
async fn who_was_answered_is_reminded_once() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let question = post(&ada, "#ask Which glue?", None).await;
    node.settle().await;
    assert!(told(&ada).await[0].contains("Nobody is listed for this"), "{:?}", told(&ada).await);
    post(&bob, "@ada Epoxy.", Some(&question)).await;
    for _ in 0..20 {
        node.clock.advance(DAY);
        node.settle().await;
    }
    let told = told(&ada).await;
    assert_eq!(told.iter().filter(|text| text.contains("Reply ✅")).count(), 1, "{told:?}");
    assert!(told.last().unwrap().contains("The question is closed"), "{told:?}");
}

#[tokio::test]
async fn a_mark_in_answer_to_the_concierge_ends_a_question_and_is_no_command() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let question = post(&ada, "#ask Which glue?", None).await;
    node.settle().await;
    let answer = post(&bob, "@ada Epoxy.", Some(&question)).await;
    for _ in 0..4 {
        node.clock.advance(DAY);
        node.settle().await;
    }
    let all = mentions(&ada).await;
    let reminds = |n: &&Value| n["status"]["content"].as_str().unwrap().contains("Did it help?");
    let reminder = all.iter().find(reminds).unwrap_or_else(|| panic!("{all:?}"))["status"].clone();
    post(&ada, "@concierge ✅", Some(&reminder)).await;
    node.settle().await;
    let said = told(&ada).await;
    assert!(said.last().unwrap().contains("The question is closed"), "{said:?}");
    assert!(!said.iter().any(|text| text.contains("did not understand")), "{said:?}");
    // In answer to the answer it is accepted all the same.
    post(&ada, "@bob ✅", Some(&answer)).await;
    node.settle().await;
    let document = ada.get_activity(question["uri"].as_str().unwrap()).await.ok();
    assert_eq!((&document["askState"], &document["acceptedAnswer"]), (&json!("answered"), &answer["uri"]));
}

#[tokio::test]
async fn a_mark_that_comes_with_an_edit_accepts_the_answer_once() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    skills(&alice, &["adhesives"]).await;
    skills(&cleo, &["adhesives"]).await;
    settle(&all).await;
    let question = post(&bob, "#ask Which glue? #adhesives", None).await;
    settle(&all).await;
    let mut replies = Vec::new();
    for expert in [&alice, &cleo] {
        let found = format!("/api/v2/search?resolve=true&q={}", question["uri"].as_str().unwrap());
        let there = expert.get(&found).await.ok()["statuses"][0].clone();
        post(expert, &format!("@{} Silicone.", hq.handle("bob")), Some(&there)).await;
    }
    settle(&all).await;
    let answers: Vec<Value> = mentions(&bob).await.iter().map(|n| n["status"].clone()).collect();
    for handle in [lyon.handle("alice"), oslo.handle("cleo")] {
        let answer = answers.iter().find(|answer| answer["account"]["acct"] == handle.as_str()).unwrap();
        replies.push((post(&bob, &format!("@{handle} thanks"), Some(answer)).await, handle, answer["uri"].clone()));
    }
    let state = async || {
        settle(&all).await;
        let path = question["uri"].as_str().unwrap().strip_prefix(hq.app.site().base()).unwrap();
        let document = letter(&oslo, &hq, "GET", path, None).await.send(&hq).await.ok();
        (document["askState"].clone(), document["acceptedAnswer"].clone())
    };
    assert_eq!(state().await.0, "open");
    let edits = async |at: usize, text: &str| {
        let (reply, handle, _) = &replies[at];
        let path = format!("/api/v1/statuses/{}", reply["id"].as_str().unwrap());
        bob.put(&path, json!({ "status": format!("@{handle} {text}") })).await.ok();
    };
    edits(0, "✅ thanks").await;
    assert_eq!(state().await, (json!("answered"), replies[0].2.clone()));
    // At its end it says the same, of somebody's answer.
    let own = json!({ "status": "Ordered ✅", "in_reply_to_id": question["id"] });
    bob.post("/api/v1/statuses", own).await.ok();
    assert_eq!(state().await, (json!("answered"), replies[0].2.clone()));
    edits(1, "this one is better! ✅").await;
    assert_eq!(state().await, (json!("answered"), replies[1].2.clone()));
    // What stood there before is not said again by whoever mends a word.
    edits(0, "✅ thanks!").await;
    assert_eq!(state().await, (json!("answered"), replies[1].2.clone()));
    assert!(open(&alice).await.is_empty(), "answered at every node");
}

#[tokio::test]
async fn ones_own_node_decides_how_often_one_is_asked() {
    let (hq, lyon, oslo, [bob, alice, _]) = three().await;
    let all = [&hq, &lyon, &oslo];
    skills(&alice, &["Welding"]).await;
    minutes(&all, 2).await;
    let ask = async |number: usize| {
        let question = post(&bob, &format!("#ask Question {number}? #welding"), None).await;
        settle(&all).await;
        assert_eq!(names(&answers(&bob, &question).await[0], "bob"), [lyon.handle("alice")]);
        question["uri"].as_str().unwrap().to_owned()
    };
    let mut uris = BTreeSet::new();
    for number in 1..=4 {
        uris.insert(ask(number).await);
    }
    assert_eq!(put_to(&alice).await.len(), 3, "three a week");
    assert_eq!(open(&alice).await, uris, "the fourth is among the open ones");
    assert_eq!(asks(&lyon, &alice, "asks 5").await, "You are told of up to 5 questions a week.");
    ask(5).await;
    assert_eq!(put_to(&alice).await.len(), 4);
    assert!(asks(&lyon, &alice, "anfragen aus").await.contains("Du wirst nicht gefragt"));
    ask(6).await;
    assert_eq!(put_to(&alice).await.len(), 4);
    asks(&lyon, &alice, "asks on").await;
    assert_eq!(asks(&lyon, &alice, "away until 2026-12-24").await, "You are not asked before 2026-12-24.");
    ask(7).await;
    assert_eq!(put_to(&alice).await.len(), 4);
    asks(&lyon, &alice, "away off").await;
    ask(8).await;
    assert_eq!(put_to(&alice).await.len(), 5);
}

#[tokio::test]
async fn of_questions_that_come_at_once_no_more_ring_than_somebody_wants() {
    let node = Node::start().await;
    let bob = node.member("bob").await;
    let id: Id<Account> = bob.id.parse().unwrap();
    let put = (1..=12).map(|number: i64| node.app.write(move |tx| questions::cap::admit(tx, id, Id::new(number))));
    let told = futures_util::future::join_all(put).await;
    assert_eq!(told.into_iter().filter(|told| *told.as_ref().unwrap()).count(), 3);
}

#[tokio::test]
async fn a_question_is_asked_by_writing_to_the_concierge() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    skills(&bob, &["Welding"]).await;
    let said = asks(&node, &ada, "ask Who welds titanium? #welding").await;
    assert!(said.starts_with("Your question: http"), "{said}");
    let mine = ada.get(&format!("/api/v1/accounts/{}/statuses", ada.id)).await.ok();
    let question = mine.as_array().unwrap().iter().find(|post| post["visibility"] == "public").unwrap();
    let text = plain_text(question["content"].as_str().unwrap());
    assert_eq!(text, "Who welds titanium? #welding #ask");
    assert_eq!(put_to(&bob).await.len(), 1);
    // Written openly, the post is the question.
    let open_post = post(&ada, "@concierge frage Wer schweißt Kupfer?", None).await;
    node.settle().await;
    let document = ada.get_activity(open_post["uri"].as_str().unwrap()).await.ok();
    assert_eq!(document["kind"], "ask");
    let listed = asks(&node, &bob, "open questions").await;
    assert!(listed.contains("Who welds titanium?") && listed.contains("Wer schweißt Kupfer?"), "{listed}");
    // Neither a private post nor an answer is a question.
    for (visibility, to) in [("private", None), ("public", Some(question["id"].clone()))] {
        let status = json!({ "status": "#ask me?", "visibility": visibility, "in_reply_to_id": to });
        ada.post("/api/v1/statuses", status).await.ok();
    }
    node.settle().await;
    assert_eq!(open(&ada).await.len(), 2);
    // An answer that goes takes its acceptance along.
    let answer = post(&bob, "@ada I do.", Some(question)).await;
    post(&ada, "@bob ✅", Some(&answer)).await;
    node.settle().await;
    let state = async || ada.get_activity(question["uri"].as_str().unwrap()).await.ok()["askState"].clone();
    assert_eq!(state().await, "answered");
    bob.delete(&format!("/api/v1/statuses/{}", answer["id"].as_str().unwrap())).await.ok();
    assert_eq!(state().await, "closed");
    let page = Client::anonymous(&node).get("/answers").await;
    assert!(page.status == 200 && !page.text.contains("I do."));
    assert!(tells(&ada, "close").await["id"].is_string());
}

#[tokio::test]
async fn who_is_for_their_own_site_is_named_to_nobody_else() {
    let (hq, lyon, oslo, [bob, alice, _]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let carol = hq.member("carol").await;
    skills(&carol, &["Welding"]).await;
    carol.patch("/api/watercooler/v1/people/me", json!({ "listed": "site" })).await.ok();
    skills(&alice, &["Welding"]).await;
    minutes(&all, 2).await;
    let question = post(&bob, "#ask Who welds titanium? #welding", None).await;
    settle(&all).await;
    assert_eq!(names(&answers(&bob, &question).await[0], "bob"), [lyon.handle("alice")]);
    assert!(put_to(&carol).await.is_empty());
    // What stays at the site may name her.
    let near = post(&bob, "!site #ask Who welds copper? #welding", None).await;
    settle(&all).await;
    assert_eq!(put_to(&carol).await.len(), 1, "{:?}", answers(&bob, &near).await);
}

#[tokio::test]
async fn where_nobody_is_at_the_desk_the_asker_hears_it_and_the_question_stays_open() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let id = ada.id.parse().unwrap();
    node.app.write(move |tx| watercooler::store::users::set_role(tx.conn, id, Role::Moderator)).await.unwrap();
    let question = post(&ada, "#ask Who runs our #kafka?", None).await;
    node.settle().await;
    node.clock.advance(3 * DAY);
    node.settle().await;
    let said = told(&ada).await;
    assert!(said.last().unwrap().contains("nobody else looks after questions at this site"), "{said:?}");
    assert_eq!(open(&bob).await, BTreeSet::from([question["uri"].as_str().unwrap().to_owned()]));
}

#[tokio::test]
async fn the_desk_takes_over_what_somebody_asked_who_has_left() {
    let node = Node::start().await;
    let (ada, bob, desk) = (node.member("ada").await, node.member("bob").await, node.member("desk").await);
    let id = desk.id.parse().unwrap();
    node.app.write(move |tx| watercooler::store::users::set_role(tx.conn, id, Role::Moderator)).await.unwrap();
    skills(&bob, &["Kafka"]).await;
    let question = post(&ada, "#ask Who runs our #kafka?", None).await;
    let dora = node.member("dora").await;
    let other = post(&dora, "#ask Who knows #falconry?", None).await;
    node.settle().await;
    assert_eq!(put_to(&bob).await.len(), 1);
    let next = node.member("next").await;
    skills(&next, &["Kafka"]).await;
    crate::leavers::leaves(&crate::leavers::boss(&node).await, &ada).await;
    node.clock.advance(DAY);
    node.settle().await;
    assert!(put_to(&next).await.is_empty(), "nobody is asked for somebody who reads no answer");
    node.clock.advance(3 * DAY);
    node.settle().await;
    assert!(told(&desk).await.iter().any(|text| text.contains("For the gardener's desk")));
    // An answer comes, and the desk accepts it; nobody else may, and not for somebody who is here.
    let answer = post(&bob, "I do.", Some(&question)).await;
    let state =
        async |question: &Value| dora.get_activity(question["uri"].as_str().unwrap()).await.ok()["askState"].clone();
    post(&dora, "@bob ✅", Some(&answer)).await;
    assert_eq!(state(&question).await, "open");
    post(&desk, "@bob ✅", Some(&answer)).await;
    assert_eq!(state(&question).await, "answered");
    let close = json!({ "status": "@concierge close", "visibility": "direct", "in_reply_to_id": other["id"] });
    desk.post("/api/v1/statuses", close).await.ok();
    node.settle().await;
    assert_eq!(state(&other).await, "open");
}

#[tokio::test]
async fn only_a_post_of_the_same_thread_is_an_accepted_answer() {
    let (hq, lyon, oslo, [bob, alice, _]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let question = post(&bob, "#ask Which glue survives the cold? #adhesives", None).await;
    let other = post(&alice, "Lunch, anybody?", None).await;
    settle(&all).await;
    // Bob's node names a post of Alice's that answers nothing.
    let (id, uri): (i64, _) =
        (question["id"].as_str().unwrap().parse().unwrap(), other["uri"].as_str().unwrap().to_owned());
    let claim = async |uri: String| {
        hq.app
            .write(move |tx| {
                Sql::new("update questions set state = 1, answer_uri = ")
                    .bind(uri)
                    .with(" where post_id = ", id)
                    .execute(tx.conn)?;
                tx.record(Fact::QuestionChanged(Id::new(id)))
            })
            .await
            .unwrap();
        settle(&all).await;
    };
    claim(uri).await;
    let experts = async |client: &Client| {
        let found = client.get("/api/watercooler/v1/experts?q=skill:adhesives").await.ok();
        found["experts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["because"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(experts(&alice).await, Vec::<String>::new());
    // What answers is, at a node that had not heard of it before, too.
    let found = alice.get(&format!("/api/v2/search?resolve=true&q={}", question["uri"].as_str().unwrap())).await.ok();
    let answer = post(&alice, &format!("@{} Silicone.", hq.handle("bob")), Some(&found["statuses"][0])).await;
    settle(&all).await;
    claim(answer["uri"].as_str().unwrap().to_owned()).await;
    assert_eq!(experts(&alice).await, ["because: answered 1 question on #adhesives"]);
}

#[tokio::test]
async fn thanking_one_another_all_day_counts_a_few_times() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    for _ in 0..7 {
        let question = post(&ada, "#ask Glue? #adhesives #a1 #a2 #a3 #a4 #a5 #a6", None).await;
        let answer = post(&bob, "Silicone.", Some(&question)).await;
        post(&ada, "✅", Some(&answer)).await;
    }
    node.settle().await;
    let tags = node
        .app
        .read(|conn| {
            Sql::new("select x.tag || ' ' || count(*) from accepted_answers x group by x.tag order by 1")
                .load_texts(conn)
        })
        .await
        .unwrap();
    assert_eq!(tags.len(), 5, "{tags:?}");
    assert!(tags.iter().all(|tag| tag.ends_with(" 5")), "{tags:?}");
}

#[tokio::test]
async fn who_asks_what_nobody_can_be_asked_about_is_shown_what_was_answered_before() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    skills(&bob, &["Adhesives"]).await;
    let question = post(&ada, "#ask Which glue survives the cold? #adhesives", None).await;
    node.settle().await;
    let answer = post(&bob, "@ada Silicone.", Some(&question)).await;
    post(&ada, "@bob ✅", Some(&answer)).await;
    node.settle().await;
    let shown = format!("Answered before: {}", answer["url"].as_str().unwrap());
    let hears = async |text: &str| {
        post(&eve, text, None).await;
        node.settle().await;
        told(&eve).await.pop().unwrap()
    };
    asks(&node, &bob, "asks off").await;
    let said = hears("#ask Glue for ice? #adhesives").await;
    assert!(said.contains("Nobody is listed for this") && said.contains(&shown), "{said}");
    let said = hears("#ask Glue for ice? #falconry").await;
    assert!(said.contains("Nobody is listed for this") && !said.contains("Answered before"), "{said}");
    crate::leavers::leaves(&crate::leavers::boss(&node).await, &bob).await;
    let said = hears("#ask Glue for snow? #adhesives").await;
    assert!(said.contains("Nobody is listed for this") && said.contains(&shown), "{said}");
}

#[tokio::test]
async fn where_only_the_asker_lists_the_tag_the_words_of_the_question_find_somebody() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    skills(&ada, &["Kafka"]).await;
    skills(&bob, &["Welding"]).await;
    let question = post(&ada, "#ask Welding? #kafka", None).await;
    node.settle().await;
    assert_eq!(names(&answers(&ada, &question).await[0], "ada"), ["bob"]);
    assert_eq!(put_to(&bob).await.len(), 1);
}

#[tokio::test]
async fn whoever_asks_in_a_post_for_followers_is_told_that_nobody_is_asked() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    skills(&bob, &["Welding"]).await;
    let writes = async |text: &str, visibility: &str, to: Option<&Value>| {
        let to = to.map(|post| post["id"].clone());
        let status = json!({ "status": text, "visibility": visibility, "in_reply_to_id": to });
        let post = ada.post("/api/v1/statuses", status).await.ok();
        node.settle().await;
        post
    };
    let hidden = writes("#ask Who welds titanium? #welding", "private", None).await;
    let said = told(&ada).await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("#ask reaches the network only in a public post"), "{said:?}");
    assert!(open(&ada).await.is_empty() && put_to(&bob).await.is_empty());
    // Neither an answer, nor what has no such tag, nor a public one, which asks.
    writes("#ask is the tag", "private", Some(&hidden)).await;
    writes("#welding is fun", "private", None).await;
    writes("#ask Who welds titanium? #welding", "public", None).await;
    assert_eq!(told(&ada).await.len(), 1, "{:?}", told(&ada).await);
    assert_eq!(put_to(&bob).await.len(), 1);
    ada.patch("/api/v1/accounts/update_credentials", json!({ "source": { "language": "de" } })).await.ok();
    writes("#ask Wer schweißt Titan? #welding", "private", None).await;
    assert!(told(&ada).await[1].contains("#ask erreicht das Netz nur in einem öffentlichen Beitrag"));
}

#[tokio::test]
async fn the_way_of_a_question_waits_while_its_asker_is_suspended() {
    let (hq, lyon, oslo, [bob, alice, _]) = three().await;
    let all = [&hq, &lyon, &oslo];
    post(&bob, "#ask Who welds titanium? #welding", None).await;
    settle(&all).await;
    skills(&alice, &["Welding"]).await;
    minutes(&all, 2).await;
    let id: Id<_> = bob.id.parse().unwrap();
    hq.app.write(move |tx| accounts::suspend(tx, &Staff::console(), id)).await.unwrap();
    hq.clock.advance(DAY);
    settle(&all).await;
    assert!(put_to(&alice).await.is_empty(), "nobody is asked what nobody sees");
    hq.app.write(move |tx| accounts::unsuspend(tx, &Staff::console(), id)).await.unwrap();
    settle(&all).await;
    hq.clock.advance(DAY);
    settle(&all).await;
    assert_eq!(put_to(&alice).await.len(), 1, "and she was not asked in vain before");
}
