//! Answers that are kept: how far they go, who is the wrong one to ask, whether they still hold, and files of them.

use crate::{
    cli::Place,
    concierge::{answers, three},
    questions::{open, post, put_to, skills, told},
    support::{
        Browser, Client, Node, PASSWORD,
        organisation::{letter, minutes},
        settle,
    },
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};
use watercooler::{db::Sql, domain::Task, store};

const DAY: i64 = 86_400_000;

async fn document(from: &Node, of: &Node, question: &Value) -> Value {
    let uri = question["uri"].as_str().unwrap();
    let path = uri.strip_prefix(of.app.site().base()).unwrap();
    letter(from, of, "GET", path, None).await.send(of).await.ok()
}

#[tokio::test]
async fn an_accepted_answer_for_the_site_does_not_give_its_address_away() {
    let (hq, lyon, oslo, [bob, alice, _]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let ben = hq.member("ben").await;
    for who in [&ben, &alice] {
        skills(who, &["Adhesives"]).await;
    }
    minutes(&all, 2).await;
    let question = post(&bob, "#ask Which glue survives? #adhesives", None).await;
    settle(&all).await;
    let near = json!({ "status": "@bob Sitesecret glue.", "in_reply_to_id": question["id"], "local_only": true });
    let answer = ben.post("/api/v1/statuses", near).await.ok();
    hq.clock.advance(1_000);
    post(&bob, "@ben ✅", Some(&answer)).await;
    settle(&all).await;
    let asked = document(&lyon, &hq, &question).await;
    assert_eq!((&asked["askState"], asked.get("acceptedAnswer")), (&json!("answered"), None));
    let id = answer["id"].as_str().unwrap().to_owned();
    for node in [&lyon, &oslo] {
        let texts = node.app.read(|conn| Sql::new("select p.content from posts p").load_texts(conn)).await.unwrap();
        assert!(texts.iter().all(|text| !text.contains(&id) && !text.contains("Sitesecret")), "{texts:?}");
    }
    // Whoever asked, and who answered, have it.
    assert!(told(&bob).await.iter().any(|text| text.starts_with("✅ answered by")), "{:?}", told(&bob).await);
    // It is pointed to below questions of the site, and below no other.
    for (text, there) in [("#ask Glue for ice? #adhesives", false), ("!site #ask Glue for snow? #adhesives", true)] {
        hq.clock.advance(1_000);
        let again = post(&bob, text, None).await;
        settle(&all).await;
        let said = answers(&bob, &again).await;
        assert_eq!(said[0]["content"].as_str().unwrap().contains(&id), there, "{text}: {said:?}");
    }
    let browser = Browser::new(&hq);
    hq.citizen("dora").await;
    browser.sign_in("dora", PASSWORD).await;
    assert!(browser.get("/answers").await.text.contains("Sitesecret"));
}

#[tokio::test]
async fn who_is_the_wrong_one_to_ask_says_so_and_the_next_is_asked_once() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let (ben, dan) = (hq.member("ben").await, hq.member("dan").await);
    let experts = [&alice, &cleo, &ben, &dan];
    for expert in experts {
        skills(expert, &["Welding"]).await;
    }
    minutes(&all, 2).await;
    let question = post(&bob, "#ask Who welds titanium? #welding", None).await;
    settle(&all).await;
    let asked = async || {
        let mut names = Vec::new();
        for expert in experts {
            names.extend(put_to(expert).await.iter().map(|_| expert.name.clone()));
        }
        names
    };
    let first = asked().await;
    assert_eq!(first.len(), 3, "{first:?}");
    // One at another site says it openly, as clients answer.
    let elsewhere = [&alice, &cleo].into_iter().find(|expert| first.contains(&expert.name)).unwrap();
    let route = put_to(elsewhere).await.remove(0)["status"].clone();
    let names_in_front = format!("@{} @{}", hq.handle("concierge"), hq.handle("bob"));
    for text in ["Not me, sorry.", "nicht ich"] {
        post(elsewhere, &format!("{names_in_front} {text}"), Some(&route)).await;
        settle(&all).await;
        let now = asked().await;
        assert_eq!((now.len(), now.iter().collect::<BTreeSet<_>>().len()), (4, 4), "{text}: {now:?}");
        hq.clock.advance(1_000);
    }
    assert!(told(elsewhere).await.iter().any(|text| text.contains("somebody else is")), "{:?}", told(elsewhere).await);
    assert!(open(&bob).await.contains(question["uri"].as_str().unwrap()), "it is no answer");
    // One of this site says it directly; nobody is left to ask.
    let here = [&ben, &dan].into_iter().find(|expert| first.contains(&expert.name)).unwrap();
    let route = put_to(here).await.remove(0)["status"].clone();
    let status = json!({ "status": "@concierge not me", "visibility": "direct", "in_reply_to_id": route["id"] });
    here.post("/api/v1/statuses", status).await.ok();
    settle(&all).await;
    assert_eq!(asked().await.len(), 4);
    let said = told(here).await;
    assert!(said.iter().any(|text| text.contains("Noted, thank you")), "{said:?}");
    assert!(said.iter().all(|text| !text.contains("I did not understand")), "{said:?}");
    assert_eq!(hq.app.read(store::questions::declined).await.unwrap(), (4, 2), "counted");
    // The same words of somebody who was not asked are no answer either; of what only begins like them it is one.
    let eve = hq.member("eve").await;
    post(&eve, "@bob not me", Some(&question)).await;
    settle(&all).await;
    assert!(!open(&bob).await.is_empty());
    post(&eve, "@bob Not me alone: Bob and I weld titanium together.", Some(&question)).await;
    settle(&all).await;
    assert!(open(&bob).await.is_empty());
}

#[tokio::test]
async fn that_somebody_is_the_wrong_one_answers_nothing_at_any_node_and_taking_it_back_changes_nothing() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    // Whatever alice says is read at oslo too.
    let id = cleo.get(&format!("/api/v2/search?resolve=true&q={}", lyon.handle("alice"))).await.ok();
    cleo.post(&format!("/api/v1/accounts/{}/follow", id["accounts"][0]["id"].as_str().unwrap()), json!({})).await.ok();
    skills(&alice, &["Welding"]).await;
    minutes(&all, 2).await;
    let question = post(&bob, "#ask Who welds titanium? #welding", None).await;
    let uri = BTreeSet::from([question["uri"].as_str().unwrap().to_owned()]);
    settle(&all).await;
    let is_open = async |yes: bool| {
        for client in [&bob, &alice, &cleo] {
            assert_eq!(open(client).await, if yes { uri.clone() } else { BTreeSet::new() }, "{}", client.name);
        }
    };
    let route = put_to(&alice).await.remove(0)["status"].clone();
    let names = format!("@{} @{}", hq.handle("concierge"), hq.handle("bob"));
    let said = post(&alice, &format!("{names} not me - ask Ben"), Some(&route)).await;
    settle(&all).await;
    is_open(true).await;
    alice.delete(&format!("/api/v1/statuses/{}", said["id"].as_str().unwrap())).await.ok();
    settle(&all).await;
    is_open(true).await;
    // It did not count, so the first answer is the first.
    hq.clock.advance(1_000);
    let answer = post(&alice, &format!("{names} With argon."), Some(&route)).await;
    settle(&all).await;
    is_open(false).await;
    assert_eq!(document(&lyon, &hq, &question).await["answerCount"], 1);
    alice.delete(&format!("/api/v1/statuses/{}", answer["id"].as_str().unwrap())).await.ok();
    settle(&all).await;
    is_open(true).await;
}

#[tokio::test]
async fn what_is_answered_anywhere_is_open_nowhere() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let question = post(&bob, "#ask Which glue? #adhesives", None).await;
    settle(&all).await;
    let uri = question["uri"].as_str().unwrap().to_owned();
    let found = alice.get(&format!("/api/v2/search?resolve=true&q={uri}")).await.ok();
    // Nobody at Oslo follows her, so the answer never gets there.
    let answer = post(&alice, &format!("@{} Silicone.", hq.handle("bob")), Some(&found["statuses"][0])).await;
    settle(&all).await;
    assert_eq!(document(&oslo, &hq, &question).await["answerCount"], 1);
    for client in [&bob, &alice, &cleo] {
        assert!(open(client).await.is_empty(), "{}", client.name);
    }
    // An answer that goes leaves it open again.
    alice.delete(&format!("/api/v1/statuses/{}", answer["id"].as_str().unwrap())).await.ok();
    settle(&all).await;
    for client in [&bob, &alice, &cleo] {
        assert_eq!(open(client).await, BTreeSet::from([uri.clone()]), "{}", client.name);
    }
}

async fn night(node: &Node) {
    node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
    node.settle().await;
}

#[tokio::test]
async fn once_a_year_the_author_is_asked_whether_an_answer_still_holds() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let question = post(&ada, "#ask Which glue? #adhesives", None).await;
    node.clock.advance(1_000);
    let answer = post(&bob, "@ada Silicone.", Some(&question)).await;
    node.clock.advance(1_000);
    post(&ada, "@bob ✅", Some(&answer)).await;
    node.settle().await;
    let letters = async || {
        let all = bob.get("/api/v1/notifications?types[]=mention&limit=80").await.ok();
        let mut all = all.as_array().unwrap().clone();
        all.retain(|n| n["status"]["content"].as_str().unwrap().contains("Is it still true?"));
        all.into_iter().map(|n| n["status"].clone()).collect::<Vec<_>>()
    };
    node.clock.advance(364 * DAY);
    night(&node).await;
    assert!(letters().await.is_empty());
    for _ in 0..2 {
        node.clock.advance(2 * DAY);
        night(&node).await;
        assert_eq!(letters().await.len(), 1, "once");
    }
    let page = async || Client::anonymous(&node).get("/answers").await.text;
    assert!(!page().await.contains("says its author"));
    let letter = letters().await.remove(0);
    let vote = format!("/api/v1/polls/{}/votes", letter["poll"]["id"].as_str().unwrap());
    bob.post(&vote, json!({ "choices": [1] })).await.ok();
    node.settle().await;
    assert!(page().await.contains("Not true any more, says its author"));
    // The next year, in words.
    node.clock.advance(370 * DAY);
    night(&node).await;
    let letter = letters().await.remove(0);
    let said = crate::concierge_projects::replies(&bob, &letter, "yes").await;
    node.settle().await;
    let heard = crate::concierge_projects::answer(&bob, &said).await;
    assert!(heard["content"].as_str().unwrap().contains("beside your answer"), "{heard}");
    assert!(page().await.contains("Still true, says its author"));
}

#[tokio::test]
async fn the_archive_is_written_to_files_that_need_no_node() {
    let place = Place::new();
    let mut tokens = Vec::new();
    for name in ["ada", "bob"] {
        place.json(&["account", "create", name, "--json"]);
        let token = place.json(&["token", "create", name, "--json"]);
        tokens.push(token["token"].as_str().unwrap().to_owned());
    }
    let server = place.serve();
    let http = crate::support::plain_http();
    let says = async |who: usize, text: &str, to: Option<&Value>| -> Value {
        let body = json!({ "status": text, "in_reply_to_id": to.map(|post| post["id"].clone()) });
        let request = http.post(format!("http://{}/api/v1/statuses", server.address)).header("host", "localhost:1");
        let answer = request.bearer_auth(&tokens[who]).json(&body).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    };
    for (text, near) in [("Which <b>glue</b>? #adhesives #Kälte", false), ("Which paint? #paint", true)] {
        let mark = if near { "!site " } else { "" };
        let question = says(0, &format!("{mark}#ask {text}"), None).await;
        let answer = says(1, "@ada Silicone.", Some(&question)).await;
        says(0, "@bob ✅", Some(&answer)).await;
    }
    let out = place.path().join("kept");
    let told = place.json(&["answers", "export", out.to_str().unwrap(), "--json"]);
    assert_eq!(told["answers"], 1, "{told}");
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let data: Value = serde_json::from_str(&read("answers.json")).unwrap();
    let entry = &data["answers"][0];
    assert_eq!((&entry["answer"]["author"], entry["tags"].as_array().unwrap().len()), (&json!("@bob@localhost:1"), 3));
    let page = read(&format!("questions/{}.html", entry["id"]));
    assert!(page.contains("Silicone.") && page.contains("&lt;b&gt;glue") && !page.contains("<b>glue"), "{page}");
    assert!(read("index.html").contains("tags/adhesives.html") && read("tags/k_e4lte.html").contains("glue"));
    assert!(!read("index.html").contains("paint"), "what is for the site is not in it");
    let told = place.json(&["answers", "export", out.to_str().unwrap(), "--for", "site", "--json"]);
    assert_eq!(told["answers"], 2);
}
