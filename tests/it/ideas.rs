//! Ideas that get an owner and an answer (N10), through the client API: written, supported, taken on and decided, at every
//! node that may see them.

use crate::{
    audiences::{act, known},
    concierge::{answers, asks, tells, three},
    leavers::{boss, leaves},
    questions::{mentions, post, told},
    support::{
        Browser, Client, Node, PASSWORD,
        organisation::{letter, minutes},
        settle,
    },
};
use serde_json::{Value, json};
use watercooler::{domain::html::plain_text, model::Role};

const DAY: i64 = 86_400_000;

/// The newest post of somebody that is no direct one.
async fn newest(client: &Client) -> Value {
    let all = client.get(&format!("/api/v1/accounts/{}/statuses", client.id)).await.ok();
    let mut all = all.as_array().unwrap().iter().filter(|post| post["visibility"] != "direct").cloned();
    all.next().unwrap()
}

async fn has_idea(node: &Node, who: &Client, text: &str) -> Value {
    let told = asks(node, who, &format!("idea {text}")).await;
    assert!(told.starts_with("Your idea: ") && told.contains("Favourites are its support."), "{told}");
    let idea = newest(who).await;
    assert!(plain_text(idea["content"].as_str().unwrap()).contains("#idea"), "{idea}");
    idea
}

/// Answers an idea, and reads what the concierge says to that.
async fn says(node: &Node, who: &Client, idea: &Value, text: &str) -> String {
    let said = post(who, text, Some(idea)).await;
    node.settle().await;
    let answers = answers(who, &said).await;
    assert_eq!(answers.len(), 1, "{text}: {answers:?}");
    assert_eq!((&answers[0]["visibility"], &answers[0]["account"]["bot"]), (&json!("direct"), &json!(true)));
    plain_text(answers[0]["content"].as_str().unwrap())
}

/// What the concierge says below an idea to everybody, oldest first.
async fn news(who: &Client, idea: &Value) -> Vec<String> {
    let mut found = answers(who, idea).await;
    found.retain(|post| post["account"]["bot"] == true && post["visibility"] == "public");
    found.iter().map(|post| plain_text(post["content"].as_str().unwrap())).collect()
}

async fn moderator(node: &Node, name: &str) -> Client {
    let who = node.member(name).await;
    let id = who.id.parse().unwrap();
    node.app.write(move |tx| watercooler::store::users::set_role(tx.conn, id, Role::Moderator)).await.unwrap();
    who
}

#[tokio::test]
async fn an_idea_is_supported_from_elsewhere_taken_on_and_decided_at_every_node() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let (carol, dan, boss) = (hq.member("carol").await, hq.member("dan").await, boss(&hq).await);
    minutes(&all, 3).await;
    has_idea(&hq, &dan, "Fewer meetings").await;
    let idea = has_idea(&hq, &bob, "A bench by the river").await;
    has_idea(&hq, &dan, "More meetings").await;
    settle(&all).await;
    for client in [&alice, &cleo] {
        act(client, &known(client, &idea).await.expect("it reaches every node"), "favourite").await;
    }
    settle(&all).await;
    let list = asks(&hq, &carol, "idea list").await;
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[1].starts_with("★ 2 · new · A bench by the river"), "{list}");
    assert!(lines[2].starts_with("★ 0 · new · More meetings") && lines[3].contains("Fewer meetings"), "{list}");
    assert!(asks(&lyon, &alice, "idee liste").await.contains("neu · A bench by the river"));
    // Whoever takes it on need not name the concierge.
    assert!(says(&hq, &carol, &idea, "@bob idea take").await.contains("Everybody reads it below the idea."));
    let taken = format!("This idea is now: being looked at.\n@{} looks after it.", hq.handle("carol"));
    assert_eq!(news(&bob, &idea).await, [taken]);
    let path = idea["uri"].as_str().unwrap().strip_prefix(hq.app.site().base()).unwrap().to_owned();
    let document = async || letter(&oslo, &hq, "GET", &path, None).await.send(&hq).await.ok();
    let seen = document().await;
    assert_eq!((&seen["kind"], &seen["workState"]), (&json!("idea"), &json!("looking")), "{seen}");
    assert_eq!(seen["lead"], hq.app.site().actor_uri("carol"));
    let terms = seen["@context"].as_array().unwrap().iter().find(|context| context.is_object()).unwrap();
    assert_eq!((&terms["workState"], &terms["lead"]["@id"]), (&json!("wc:workState"), &json!("wc:lead")));
    // Nobody else says how far it is.
    assert!(says(&hq, &dan, &idea, "@bob idea take").await.contains("carol@"));
    assert!(says(&hq, &dan, &idea, "@bob idea done: I say so").await.contains("Only who looks after this idea"));
    let there = known(&alice, &idea).await.unwrap();
    let text = format!("@{} idea done: from afar", hq.handle("bob"));
    assert!(says(&lyon, &alice, &there, &text).await.contains("This idea is of another site"));
    assert!(says(&hq, &carol, &idea, "@bob idea doing").await.contains("Say it with a sentence"));
    assert!(says(&hq, &carol, &idea, "@bob idea doing: we start in May").await.contains("Everybody reads it"));
    assert!(says(&hq, &carol, &idea, "@bob idea doing: we start in May").await.contains("says so already"));
    // Talk is no command.
    let talk = post(&dan, "@bob Idea for the wood: oak", Some(&idea)).await;
    settle(&all).await;
    assert!(answers(&dan, &talk).await.is_empty());
    assert_eq!(document().await["workState"], "active");
    assert!(news(&bob, &idea).await.contains(&"This idea is now: being done.\nwe start in May".to_owned()));
    let told = mentions(&bob).await.iter().filter(|n| n["account"]["bot"] == true).count();
    assert_eq!(told, 3, "what will happen, and two changes");
    // At the other nodes as well.
    let there = news(&alice, &known(&alice, &idea).await.unwrap()).await;
    assert!(
        there.len() == 2 && there.contains(&"This idea is now: being done.\nwe start in May".to_owned()),
        "{there:?}"
    );
    oslo.citizen("dora").await;
    let browser = Browser::new(&oslo);
    browser.sign_in("dora", PASSWORD).await;
    let page = browser.get("/ideas").await;
    assert!(page.header("content-security-policy").contains("default-src 'none'") && !page.text.contains("<script"));
    let doing = page.text.split("href=\"/ideas/doing\"").nth(1).unwrap();
    assert!(doing.contains("A bench by the river") && doing.contains("we start in May"), "{}", page.text);
    assert!(doing.contains(&hq.handle("carol")) && !doing.contains("Fewer meetings"));
    let page = browser.get("/ideas/new").await.text;
    assert!(page.contains("Fewer meetings") && !page.contains("A bench by the river"), "{page}");
    assert_eq!(browser.get("/ideas/never").await.status, 404);
    let stranger = Browser::new(&hq).get("/ideas").await;
    assert!(!stranger.text.contains("bench"), "inside of the organisation only");
    // What was taken on and decided in time counts, and what is still young does not.
    let shares = boss.get("/api/watercooler/v1/admin/counters").await.ok()["shares"].clone();
    let of = |name: &str| shares[name].as_f64();
    assert_eq!((of("ideas"), of("ideas_owned_in_7_days")), (Some(3.0), Some(1.0)), "{shares}");
    assert_eq!((of("ideas_decided_in_30_days"), of("ideas_supported_from_elsewhere")), (Some(1.0), Some(0.333)));
    hq.clock.advance(8 * DAY);
    let shares = boss.get("/api/watercooler/v1/admin/counters").await.ok()["shares"].clone();
    assert_eq!(shares["ideas_owned_in_7_days"], 0.333, "{shares}");
    settle(&all).await;
}

#[tokio::test]
async fn a_tagged_post_is_an_idea_moderators_give_it_and_its_owner_is_reminded_once() {
    let node = Node::start().await;
    let (ada, ben) = (node.member("ada").await, node.member("ben").await);
    let (desk, boss) = (moderator(&node, "desk").await, boss(&node).await);
    let idea = post(&ada, "#Idea Bicycles for the yard", None).await;
    node.settle().await;
    let said = told(&ada).await;
    assert!(said.len() == 1 && said[0].starts_with("Your idea is noted."), "{said:?}");
    // What is no idea: an answer, and what is not for everybody.
    post(&ben, "@ada #idea Scooters", Some(&idea)).await;
    ben.post("/api/v1/statuses", json!({ "status": "#idea Horses", "visibility": "private" })).await.ok();
    node.settle().await;
    assert!(told(&ben).await.is_empty());
    assert!(!asks(&node, &ben, "ideas").await.contains("Horses"));
    // Without an idea above it, it is said of none.
    assert!(asks(&node, &ben, "idea take").await.contains("Write that in answer to an idea."));
    assert!(asks(&node, &ben, "idea ideas").await.starts_with("Your idea:"));
    // Only moderators give it to somebody.
    let give = async |who: &Client, text: &str| {
        let status = json!({ "status": text, "visibility": "direct", "in_reply_to_id": idea["id"] });
        let said = who.post("/api/v1/statuses", status).await.ok();
        node.settle().await;
        plain_text(answers(who, &said).await[0]["content"].as_str().unwrap())
    };
    assert!(give(&ben, "@concierge idea ben please").await.contains("Only"));
    assert!(give(&desk, "@concierge idea nobody please").await.contains("is called “nobody”"));
    assert!(give(&desk, "@concierge idea ben, please look at it").await.contains("Everybody reads it"));
    let given = &news(&ada, &idea).await[0];
    assert!(given.contains("please look at it") && given.contains("@ben@"), "{given}");
    assert_eq!(told(&ben).await.iter().filter(|text| text.contains("You look after this idea")).count(), 0);
    node.clock.advance(14 * DAY - 1_000);
    node.settle().await;
    let reminded = async || told(&ben).await.iter().filter(|text| text.contains("for 14 days")).count();
    assert_eq!(reminded().await, 0);
    node.clock.advance(1_000);
    node.settle().await;
    assert_eq!(reminded().await, 1);
    node.clock.advance(20 * DAY);
    node.settle().await;
    assert_eq!(reminded().await, 1, "once");
    // Said anew, it begins anew; decided, it is over.
    assert!(says(&node, &ben, &idea, "@ada idee machen: nach den Ferien").await.contains("Alle lesen es"));
    node.clock.advance(15 * DAY);
    node.settle().await;
    assert_eq!(
        told(&ben).await.iter().filter(|text| text.contains("seit 14 Tagen") || text.contains("for 14")).count(),
        2
    );
    // Whoever has it leaves: the desk is told, and somebody else takes it.
    leaves(&boss, &ben).await;
    node.settle().await;
    assert!(told(&desk).await.iter().any(|text| text.contains("nobody looks after this idea any more")));
    assert!(says(&node, &desk, &idea, "@ada idea not now: no money this year").await.contains("Everybody reads it"));
    let page = Client::anonymous(&node).get("/ideas/not-now").await.text;
    assert!(page.contains("Bicycles for the yard") && page.contains("no money this year"), "{page}");
    let document = ada.get_activity(idea["uri"].as_str().unwrap()).await.ok();
    assert_eq!((&document["workState"], &document["stateReason"]), (&json!("notNow"), &json!("no money this year")));
    let before = told(&desk).await.len();
    node.clock.advance(15 * DAY);
    node.settle().await;
    assert_eq!(told(&desk).await.len(), before, "nobody is reminded of what is decided");
}

#[tokio::test]
async fn an_idea_for_the_site_is_shown_nowhere_else_and_no_stranger_reads_any() {
    let (hq, lyon, oslo, [bob, alice, _]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let site = post(&bob, "!site #idea The sitesecret", None).await;
    let inside = post(&bob, "#idea The orgsecret", None).await;
    settle(&all).await;
    let list = asks(&lyon, &alice, "idea list").await;
    assert!(list.contains("orgsecret") && !list.contains("sitesecret"), "{list}");
    for (idea, text) in [(&site, "sitereason"), (&inside, "orgreason")] {
        assert!(says(&hq, &bob, idea, "idea take").await.contains("Everybody reads it"));
        assert!(says(&hq, &bob, idea, &format!("idea done: the {text}")).await.contains("Everybody reads it"));
    }
    settle(&all).await;
    assert!(known(&alice, &site).await.is_none() && known(&alice, &inside).await.is_some());
    let page = async |node: &Node, name: Option<&str>| {
        let browser = Browser::new(node);
        if let Some(name) = name {
            node.citizen(name).await;
            browser.sign_in(name, PASSWORD).await;
        }
        format!("{}{}", browser.get("/ideas").await.text, browser.get("/ideas/done").await.text)
    };
    let shown = |page: &str| ["sitesecret", "sitereason", "orgsecret", "orgreason"].map(|word| page.contains(word));
    assert_eq!(shown(&page(&hq, Some("hugo")).await), [true; 4]);
    assert_eq!(shown(&page(&lyon, Some("lola")).await), [false, false, true, true]);
    for node in all {
        assert_eq!(shown(&page(node, None).await), [false; 4], "{}", node.domain);
    }
    // Nor whoever fetches it, nor in what another node was sent.
    let path = site["uri"].as_str().unwrap().strip_prefix(hq.app.site().base()).unwrap();
    assert_eq!(letter(&oslo, &hq, "GET", path, None).await.send(&hq).await.status, 404);
    assert!(!alice.get("/api/v1/timelines/public").await.text.contains("sitereason"));
}

#[tokio::test]
async fn the_tag_may_come_with_an_edit_and_makes_nothing_of_a_question() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let plain = post(&ada, "Lights that switch themselves off", None).await;
    let question = post(&ada, "#ask Which lights switch themselves off?", None).await;
    node.settle().await;
    for (post, text) in [
        (&plain, "Lights that switch themselves off #idea"),
        (&plain, "Lights that switch themselves off #idea #ask"),
        (&question, "Which lights switch themselves off? #idea"),
    ] {
        let path = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
        ada.put(&path, json!({ "status": text })).await.ok();
        node.settle().await;
    }
    let listed = asks(&node, &ada, "idea list").await;
    assert!(listed.contains("Lights that switch") && !listed.contains("Which lights"), "{listed}");
    let open = ada.get("/api/v2/search?q=open+questions").await.ok();
    let open: Vec<&Value> = open["statuses"].as_array().unwrap().iter().map(|post| &post["id"]).collect();
    assert_eq!(open, [&question["id"]]);
}
