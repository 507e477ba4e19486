//! Projects by writing to the concierge, from an unchanged client: registered, warned of, joined, followed, published, led.

use crate::{
    concierge::{answers, asks, tells},
    projects::{bearing, fill, home, letters, order, path, register, says},
    support::{
        Client, NOW, Node,
        organisation::{alone, brings_in, found, minutes},
        settle,
    },
};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
    domain::{Task, html::plain_text},
    time::Clock,
};

/// A draft that resembles [`bearing`].
const TWIN: &str = "project new: Noise of the B7 bearings - The bearing B7 hums at high rpm; find the reason and fix it \
                    #vibration vendor: SoundCam rental";

pub fn text(post: &Value) -> String {
    plain_text(post["content"].as_str().unwrap())
}

/// Answers a post of a thread directly, as clients do: with the name of whom it answers in front.
pub async fn replies(client: &Client, to: &Value, text: &str) -> Value {
    let acct = to["account"]["acct"].as_str().unwrap();
    let status = json!({ "status": format!("@{acct} {text}"), "visibility": "direct", "in_reply_to_id": to["id"] });
    client.post("/api/v1/statuses", status).await.ok()
}

/// The only direct answer to a post.
pub async fn answer(client: &Client, post: &Value) -> Value {
    let mut all = answers(client, post).await;
    all.retain(|answer| answer["in_reply_to_id"] == post["id"]);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// Writes in a thread and reads the answer.
async fn goes_on(node: &Node, client: &Client, to: &Value, said: &str) -> Value {
    let post = replies(client, to, said).await;
    node.settle().await;
    answer(client, &post).await
}

/// Begins a thread; answers what the concierge says.
async fn begins(node: &Node, client: &Client, said: &str) -> Value {
    let post = tells(client, said).await;
    node.settle().await;
    answer(client, &post).await
}

/// A node with thirteen projects, the last of which is the humming bearing that was stopped; its lead and somebody else.
async fn full() -> (Node, Client, Client) {
    let node = Node::start().await;
    let (alice, bob) = (node.member("alice").await, node.member("bob").await);
    fill(&alice).await;
    let made = register(&alice, bearing()).await;
    alice.post(&path(&made, "/state"), json!({"state": "stopped", "reason": "the cage was changed"})).await.ok();
    node.settle().await;
    (node, alice, bob)
}

async fn count(node: &Node, sql: &'static str) -> i64 {
    node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
}

#[tokio::test]
async fn whoever_registers_a_project_is_warned_by_numbers_and_nothing_leaves_before_they_publish() {
    let (node, alice, bob) = full().await;
    let before = count(&node, "select count(*) from deliveries").await;
    let told = alice.get("/api/v1/notifications").await.ok();
    let offer = begins(&node, &bob, TWIN).await;
    let said = text(&offer);
    assert!(said.contains("Somebody may be doing this already, or has tried it:"), "{said}");
    let first = said.lines().find(|line| line.starts_with("1. ")).unwrap();
    for reason in [
        "Quiet bearing (@quietbearing@",
        &node.domain,
        "stopped since November 2026: the cage was changed",
        "lead @alice@",
        "hums",
        "uses SoundCam rental",
    ] {
        assert!(first.contains(reason), "{reason}: {first}");
    }
    assert!(said.contains("“follow 1”, “publish because …”") && !said.contains("“join 1”"), "{said}");
    let people: Vec<&str> = offer["mentions"].as_array().unwrap().iter().map(|m| m["acct"].as_str().unwrap()).collect();
    assert_eq!(people, ["bob"]);
    // A warning asks for a reason.
    for none in ["publish", "Publish!", "publish because …"] {
        assert!(text(&goes_on(&node, &bob, &offer, none).await).contains("Say why yours is different"), "{none}");
    }
    let wrong = goes_on(&node, &bob, &offer, "publish 9 because ours is the noise").await;
    assert!(text(&wrong).contains("Nothing has this number"), "{wrong}");
    assert_eq!(count(&node, "select count(*) from projects where published_at is null").await, 1);
    assert_eq!(count(&node, "select count(*) from deliveries").await, before);
    assert_eq!(alice.get("/api/v1/notifications").await.ok(), told, "leads hear nothing of a draft");
    assert!(asks(&node, &alice, "project find noise").await.find("Noise of the B7").is_none());
    // With one, it is published, and both leads read it.
    let done = goes_on(&node, &bob, &offer, "publish because ours is the noise, not the cage").await;
    assert!(text(&done).contains("is published; you lead it."), "{done}");
    node.settle().await;
    let account = alice.get("/api/v1/accounts/lookup?acct=noiseoftheb7bearings").await.ok();
    assert_eq!(account["display_name"], "Noise of the B7 bearings");
    assert!(account["note"].as_str().unwrap().contains("SoundCam rental"), "{account}");
    for lead in [&alice, &bob] {
        let read = letters(lead).await;
        let letter = read.iter().find(|l| says(l, "ours is the noise, not the cage")).unwrap();
        assert_eq!(letter["account"]["acct"], "concierge");
        assert_eq!(letter["mentions"].as_array().unwrap().len(), 2, "both are named");
    }
    assert!(
        text(&goes_on(&node, &bob, &offer, "publish because x").await).contains("There is no draft in this thread")
    );
    assert_eq!(count(&node, "select count(*) from projects where published_at is null").await, 0);
}

#[tokio::test]
async fn instead_of_a_project_of_ones_own_one_joins_or_follows_another_and_its_lead_answers_with_a_word_or_a_tap() {
    let (node, alice, bob) = full().await;
    let offer = begins(&node, &bob, TWIN).await;
    let said = text(&goes_on(&node, &bob, &offer, "follow 1").await);
    assert!(said.starts_with("You follow “Quiet bearing”") && said.contains("Your draft is kept"), "{said}");
    let said = text(&goes_on(&node, &bob, &offer, "join 1 I know cages").await);
    assert!(said.starts_with("The lead of “Quiet bearing” has your request"), "{said}");
    assert!(text(&goes_on(&node, &bob, &offer, "join 9").await).contains("Nothing has this number"));
    assert_eq!(text(&goes_on(&node, &bob, &offer, "cancel").await), "The draft is forgotten.");
    assert!(text(&goes_on(&node, &bob, &offer, "publish").await).contains("There is no draft"));
    // The lead reads it and answers with a word.
    let letter = letters(&alice).await.remove(0);
    assert_eq!(letter["account"]["acct"], "concierge");
    assert!(says(&letter, "asks to join Quiet bearing") && says(&letter, "I know cages"), "{letter}");
    let mine = asks(&node, &alice, "project mine").await;
    assert!(mine.contains("you lead it · asking to join: 1"), "{mine}");
    // Somebody else does not answer it, nor does what only looks like an answer.
    let no = goes_on(&node, &alice, &letter, "no idea who that is").await;
    assert!(text(&no).contains("Did you mean one of these?"), "{no}");
    let yes = goes_on(&node, &alice, &letter, "Accept!").await;
    assert!(text(&yes).contains("is a member of “Quiet bearing” now"), "{yes}");
    assert!(letters(&bob).await.iter().any(|l| says(l, "Welcome to Quiet bearing")));
    assert!(asks(&node, &bob, "project mine").await.contains("Quiet bearing (@quietbearing@"));
    assert!(
        asks(&node, &bob, "project join quiet bearing").await.contains("You are a member of “Quiet bearing” already")
    );
    assert!(text(&goes_on(&node, &alice, &letter, "accept").await).contains("Nothing waits for an answer here"));
    // With a tap.
    let eve = node.member("eve").await;
    let said = asks(&node, &eve, "join @quietbearing please").await;
    assert!(said.contains("has your request"), "{said}");
    let letter = letters(&alice).await.remove(0);
    let options: Vec<&str> =
        letter["poll"]["options"].as_array().unwrap().iter().map(|o| o["title"].as_str().unwrap()).collect();
    assert_eq!(options, ["Accept", "Decline"]);
    let vote = format!("/api/v1/polls/{}/votes", letter["poll"]["id"].as_str().unwrap());
    eve.post(&vote, json!({ "choices": [0] })).await;
    assert_eq!(count(&node, "select count(*) from project_members where role = 0").await, 1, "not hers to answer");
    alice.post(&vote, json!({ "choices": [1] })).await.ok();
    node.settle().await;
    assert!(letters(&eve).await.iter().any(|l| says(l, "cannot take you in")));
    assert_eq!(count(&node, "select count(*) from project_members where role = 0").await, 0);
}

#[tokio::test]
async fn what_has_ended_is_offered_to_be_followed_and_not_to_be_joined() {
    let node = Node::start().await;
    let (alice, bob) = (node.member("alice").await, node.member("bob").await);
    assert_eq!(asks(&node, &bob, "projects").await, "I know no such project.");
    let made = register(&alice, bearing()).await;
    node.settle().await;
    let find = "project find bearing";
    assert!(asks(&node, &bob, find).await.contains("Answer here: “join 1” or “follow 1”."));
    for (state, since) in [("done", "done since November 2026"), ("stopped", "stopped since November 2026")] {
        alice.post(&path(&made, "/state"), json!({ "state": state })).await.ok();
        let said = asks(&node, &bob, find).await;
        assert!(said.contains(since) && said.ends_with("Answer here: “follow 1”."), "{said}");
        // Whoever says it all the same is heard, and told how it stands.
        let asked = asks(&node, &bob, "project join Quiet bearing").await;
        assert!(asked.contains("has your request") && asked.contains(&format!("It is {since}")), "{asked}");
        assert!(asks(&node, &bob, "project leave Quiet bearing").await.contains("is taken back"));
    }
    // Beside one that goes on, the number of that one is named.
    register(&alice, json!({ "name": "Loud bearing", "purpose": "Why the bearing rattles.", "publish": true })).await;
    node.settle().await;
    let said = asks(&node, &bob, find).await;
    let open = said.lines().find(|line| line.contains("Loud bearing")).unwrap();
    let number = open.split('.').next().unwrap();
    assert!(said.ends_with(&format!("Answer here: “join {number}” or “follow 1”.")), "{said}");
    // Without a word those that changed last are shown.
    for all in ["projects", "projekte?", "project find"] {
        let said = asks(&node, &bob, all).await;
        assert!(said.contains("Loud bearing (@") && said.contains("Quiet bearing (@"), "{all}: {said}");
    }
    let said = asks(&node, &bob, "project follow").await;
    assert!(said.ends_with("Answer here with “follow 1”."), "{said}");
    // What begins with a number that nothing has in this thread is a name.
    register(&alice, json!({ "name": "5 stars", "purpose": "Rate the canteen.", "publish": true })).await;
    assert!(asks(&node, &bob, "project join 5 stars").await.contains("The lead of “5 stars” has your request"));
    assert!(asks(&node, &bob, "project join 5 moons").await.contains("Nothing has this number"));
}

#[tokio::test]
async fn a_draft_is_completed_in_its_thread_and_published_where_nothing_resembles_it() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let offer = begins(&node, &ada, "project new: Choir").await;
    assert!(
        text(&offer).contains("What is it for?") && text(&offer).contains("Nothing like it is registered."),
        "{offer}"
    );
    assert!(text(&goes_on(&node, &ada, &offer, "publish").await).contains("What is it for?"));
    let offer = goes_on(&node, &ada, &offer, "Sing together after work, see https://choir.example").await;
    assert!(text(&offer).contains("Choir · Sing together after work"), "{offer}");
    let offer = goes_on(&node, &ada, &offer, "looking for: tenors, piano\nstate: active #singing").await;
    let said = text(&offer);
    assert!(said.contains("active · #singing · Looking for: tenors, piano"), "{said}");
    assert!(text(&goes_on(&node, &ada, &offer, "what a nice day").await).contains("Did you mean one of these?"));
    // Begun again elsewhere, it is the same draft.
    let again = begins(&node, &ada, "new project: choir - Sing together, loudly").await;
    assert!(text(&again).contains("Sing together, loudly · active · #singing"), "{again}");
    assert_eq!(count(&node, "select count(*) from projects").await, 1);
    assert!(asks(&node, &ada, "my projects").await.contains("Draft: choir"));
    let done = goes_on(&node, &ada, &again, "publish").await;
    assert!(text(&done).contains("@choir@"), "{done}");
    // The lead says how far it is; its followers read it.
    let bob = node.member("bob").await;
    assert!(asks(&node, &bob, "follow choir").await.contains("You follow “choir”"));
    let said = asks(&node, &ada, "project state choir paused because the tenors left").await;
    assert_eq!(said, "“choir” is now paused. Its followers read it.");
    assert!(home(&bob).await[0].1.contains("choir is now paused: the tenors left"));
    assert!(asks(&node, &bob, "project state choir done").await.contains("Write it so"));
    assert!(asks(&node, &ada, "project state done").await.contains("“choir” is now done"), "there is only one");
    assert!(asks(&node, &ada, "project state choir burning").await.contains("Write it so"));
    // What is wrong is said, and changes nothing.
    let long = format!("project new: {} - x", "long ".repeat(30));
    assert!(asks(&node, &ada, &long).await.contains("That is too long"));
    assert!(asks(&node, &ada, "project new: x - y link: ftp://z").await.contains("A link begins with https://"));
    assert!(asks(&node, &ada, "project new").await.contains("Give it a name"));
    assert!(asks(&node, &ada, "join 1").await.contains("Nothing has this number"));
    assert!(asks(&node, &ada, "project join falconry").await.contains("I know no such project"));
    assert_eq!(count(&node, "select count(*) from projects where published_at is null").await, 0);
}

#[tokio::test]
async fn all_of_it_is_understood_and_said_in_german() {
    let (node, _, bob) = full().await;
    bob.patch("/api/v1/accounts/update_credentials", json!({ "source": { "language": "de" } })).await.ok();
    let offer = begins(
        &node,
        &bob,
        "projekt neu: Lärm der Lager B7 - Das Lager B7 brummt, bearing hums at high rpm. Sucht: Akustik #vibration #bearings",
    )
    .await;
    let said = text(&offer);
    assert!(said.starts_with("Dein Entwurf") && said.contains("Sucht: Akustik"), "{said}");
    assert!(
        said.contains("Quiet bearing (@") && said.contains("eingestellt seit November 2026: the cage was changed"),
        "{said}"
    );
    assert!(said.contains("Leitung @alice@") && said.contains("gemeinsam: "), "{said}");
    let said = text(&goes_on(&node, &bob, &offer, "folgen 1").await);
    assert!(said.contains("Du folgst „Quiet bearing“"), "{said}");
    let done = text(&goes_on(&node, &bob, &offer, "meins ist anders weil es um Lärm geht").await);
    assert!(done.contains("ist veröffentlicht; du leitest es."), "{done}");
    let said = asks(&node, &bob, "projekt stand Lärm der Lager B7 unterbrochen weil Urlaub").await;
    assert!(said.contains("ist jetzt unterbrochen"), "{said}");
    assert!(asks(&node, &bob, "projekt meine").await.contains("du leitest es"));
    let said = asks(&node, &bob, "projekt suche lager").await;
    let number = said.split("Antworte hier: „beitreten ").nth(1).unwrap().split('“').next().unwrap();
    let offered = said.lines().find(|line| line.starts_with(&format!("{number}. "))).unwrap();
    assert!(!offered.contains("eingestellt"), "{said}");
    assert!(asks(&node, &bob, "beitreten 1").await.contains("Diese Nummer hat in diesem Faden nichts"));
}

#[tokio::test]
async fn the_concierge_introduces_leads_and_keeps_out_of_what_they_say_to_one_another() {
    let clock = Clock::fixed(NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    let all = [&hq, &lyon];
    minutes(&all, 2).await;
    let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
    fill(&alice).await;
    register(&alice, bearing()).await;
    settle(&all).await;
    minutes(&all, 2).await;
    let post = tells(&bob, TWIN).await;
    settle(&all).await;
    let offer = answer(&bob, &post).await;
    assert!(text(&offer).contains("Somebody may be doing this already"), "{}", text(&offer));
    let post = replies(&bob, &offer, "publish because it is about noise").await;
    settle(&all).await;
    assert!(text(&answer(&bob, &post).await).contains("Both leads read why it is different from “Quiet bearing”"));
    // Both have the same letter of bob's concierge, and talk below it.
    let letter = letters(&alice).await.remove(0);
    assert_eq!(letter["account"]["acct"], json!(lyon.handle("concierge")));
    let talk = format!("@{} @{} join us on Friday?", lyon.handle("concierge"), lyon.handle("bob"));
    let talk = json!({ "status": talk, "visibility": "direct", "in_reply_to_id": letter["id"] });
    alice.post("/api/v1/statuses", talk).await.ok();
    settle(&all).await;
    let heard = letters(&bob).await.remove(0);
    assert!(says(&heard, "join us on Friday?"), "{heard}");
    for said in ["ok, thanks", "leave it to me"] {
        let talk = format!("@{} @concierge {said}", hq.handle("alice"));
        let talk = json!({ "status": talk, "visibility": "direct", "in_reply_to_id": heard["id"] });
        let last = bob.post("/api/v1/statuses", talk).await.ok();
        settle(&all).await;
        assert!(answers(&bob, &last).await.is_empty(), "{said}");
    }
    assert!(!letters(&alice).await.iter().any(|l| says(l, "my own node only")));
}

#[tokio::test]
async fn how_far_a_project_goes_is_understood_or_asked_again() {
    let node = Node::start().await;
    let bob = node.member("bob").await;
    let drafts = async || bob.get(&format!("{}?drafts=true", crate::projects::API)).await.ok();
    let said = asks(&node, &bob, "project new: Yard lamp - A lamp for the yard audience: galaxy").await;
    assert!(said.contains("“galaxy” does not say how far a project goes"), "{said}");
    assert_eq!(drafts().await, json!([]), "nothing goes further than was meant by a slip");
    for (text, audience) in [("this site only", "site"), ("open", "open"), ("nur Standort", "site")] {
        asks(&node, &bob, &format!("project new: Yard lamp - A lamp for the yard audience: {text}")).await;
        assert_eq!(drafts().await[0]["audience"], audience, "{text}");
    }
    let said = asks(&node, &bob, "project edit Yard lamp reichweite: überall").await;
    assert!(said.contains("„überall“ sagt nicht") || said.contains("“überall” does not say"), "{said}");
}

#[tokio::test]
async fn after_six_silent_months_the_lead_is_asked_once_and_answers_with_a_word() {
    let node = Node::start().await;
    let alice = node.member("alice").await;
    let made = register(&alice, bearing()).await;
    node.settle().await;
    node.clock.advance(182 * 86_400_000);
    order(&node, Task::PairProjects).await;
    assert!(letters(&alice).await.is_empty());
    node.clock.advance(2 * 86_400_000);
    for _ in 0..2 {
        order(&node, Task::PairProjects).await;
        node.clock.advance(86_400_000);
    }
    let found = letters(&alice).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(says(&found[0], "Is it still alive?"));
    let options: Vec<&str> =
        found[0]["poll"]["options"].as_array().unwrap().iter().map(|o| o["title"].as_str().unwrap()).collect();
    assert_eq!(options, ["Active", "Paused", "Done", "Stopped"]);
    let asked = found[0]["id"].clone();
    let reply = |text: &str| json!({"status": format!("@quietbearing {text}"), "visibility": "direct", "in_reply_to_id": asked});
    alice.post("/api/v1/statuses", reply("what?")).await.ok();
    assert!(says(&letters(&alice).await[0], "I did not understand"));
    alice.post("/api/v1/statuses", reply("Paused: waiting for parts")).await.ok();
    let now = alice.get(&path(&made, "")).await.ok();
    assert_eq!((&now["state"], &now["state_reason"]), (&json!("paused"), &json!("waiting for parts")));
    // The next silence is another one; who is done is left alone.
    node.clock.advance(190 * 86_400_000);
    order(&node, Task::PairProjects).await;
    let found = letters(&alice).await;
    assert_eq!(found.iter().filter(|l| says(l, "still alive")).count(), 2);
    // So is yes, which lets in nobody who happens to ask to join; no says too little.
    let eve = node.member("eve").await;
    eve.post(&path(&made, "/join"), json!({})).await.ok();
    for (text, state) in [("No.", "paused"), ("Yes, it is!", "active")] {
        let status = format!("@quietbearing {text}");
        let reply = json!({"status": status, "visibility": "direct", "in_reply_to_id": found[0]["id"]});
        alice.post("/api/v1/statuses", reply).await.ok();
        node.settle().await;
        assert_eq!(alice.get(&path(&made, "")).await.ok()["state"], state, "{text}");
    }
    assert_eq!(alice.get(&path(&made, "/requests")).await.ok().as_array().unwrap().len(), 1, "eve still waits");
    // One tap is an answer, too.
    let vote = format!("/api/v1/polls/{}/votes", found[0]["poll"]["id"].as_str().unwrap());
    alice.post(&vote, json!({ "choices": [2] })).await.ok();
    assert_eq!(alice.get(&path(&made, "")).await.ok()["state"], "done");
    node.clock.advance(400 * 86_400_000);
    order(&node, Task::PairProjects).await;
    assert_eq!(letters(&alice).await.iter().filter(|l| says(l, "still alive")).count(), 2);
}

#[tokio::test]
async fn a_published_project_is_changed_by_name_or_in_its_thread_by_who_may() {
    let node = Node::start().await;
    let (alice, bob) = (node.member("alice").await, node.member("bob").await);
    let made = register(&alice, bearing()).await;
    let tags = async || alice.get(&path(&made, "")).await.ok()["tags"].clone();
    let said = begins(&node, &alice, "project edit Quiet bearing tags: cages, noise; vendor: SoundCam").await;
    assert!(text(&said).contains("It says now: Quiet bearing") && text(&said).contains("#cages #noise"), "{said}");
    assert_eq!(tags().await, json!(["cages", "noise"]), "what is given replaces what was");
    let more = goes_on(&node, &alice, &said, "Stichworte: #hum").await;
    assert!(text(&more).contains("#cages #noise #hum"), "{more}");
    assert_eq!(tags().await, json!(["cages", "noise", "hum"]), "and in the thread it adds");
    // Somebody else, talk, and what is too long change nothing.
    for (who, text_of, answered) in [
        (&bob, "project edit Quiet bearing tags: x".to_owned(), "Write it so: project edit"),
        (&alice, "project edit Quiet bearing".to_owned(), "Write it so: project edit"),
        (&alice, format!("project edit Quiet bearing tags: {}", "y".repeat(200)), "That is too long"),
    ] {
        let said = begins(&node, who, &text_of).await;
        assert!(text(&said).contains(answered), "{text_of}: {said}");
    }
    assert!(text(&goes_on(&node, &alice, &said, "it has #rust").await).contains("I did not understand"));
    assert_eq!(tags().await, json!(["cages", "noise", "hum"]));
    // The thread in which it was published is its thread too.
    let offer = begins(&node, &alice, "project new: Loud fan - make the fan quiet #fans").await;
    let out = goes_on(&node, &alice, &offer, "publish").await;
    assert!(text(&out).contains("is published"), "{out}");
    assert!(text(&goes_on(&node, &alice, &out, "looking for: acoustics").await).contains("acoustics"));
}

#[tokio::test]
async fn a_draft_that_was_written_openly_is_not_called_secret() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let status = json!({ "status": "@concierge project new: Buy Acme - merge with them #acme" });
    let post = ada.post("/api/v1/statuses", status).await.ok();
    node.settle().await;
    let said = text(&answer(&ada, &post).await);
    assert!(said.contains("Careful") && !said.contains("nobody else sees"), "{said}");
    let said = text(&begins(&node, &ada, "project new: Buy Zeta - merge with them too").await);
    assert!(said.contains("nobody else sees") && !said.contains("Careful"), "{said}");
}

#[tokio::test]
async fn who_reads_a_letter_about_a_project_alone_reads_it_in_their_own_language() {
    let node = Node::start().await;
    let (alice, bob) = (node.member("alice").await, node.member("bob").await);
    fill(&alice).await;
    let made = register(&alice, bearing()).await;
    node.settle().await;
    for who in [&alice, &bob] {
        who.patch("/api/v1/accounts/update_credentials", json!({ "source": { "language": "de" } })).await.ok();
    }
    let newest = async |who: &Client| letters(who).await.remove(0);
    let direct = |text: &str| json!({ "status": format!("@quietbearing {text}"), "visibility": "direct" });
    bob.post("/api/v1/statuses", direct("mitmachen")).await.ok();
    let asked = newest(&alice).await;
    assert!(says(&asked, "möchte bei Quiet bearing mitmachen"), "{asked}");
    alice.post("/api/v1/statuses", direct("was?")).await.ok();
    let said = newest(&alice).await;
    assert!(says(&said, "Das habe ich nicht verstanden") && said["language"] == "de", "{said}");
    alice.post("/api/v1/statuses", direct("ja")).await.ok();
    let said = newest(&bob).await;
    assert!(says(&said, "Willkommen bei Quiet bearing") && said["language"] == "de", "{said}");
    // Both leads are one person, or speak one language.
    let twin = register(&bob, json!({ "name": "Loud cage", "purpose": "Why cages rattle.", "publish": true })).await;
    let uri = json!({ "to": made["uri"], "kind": "related_to", "reason": "Käfige brummen" });
    bob.post(&path(&twin, "/relations"), uri).await.ok();
    node.settle().await;
    let said = newest(&alice).await;
    assert!(says(&said, "„Loud cage“ wurde neben „Quiet bearing“ eingetragen") && said["language"] == "de", "{said}");
    node.clock.advance(190 * 86_400_000);
    order(&node, Task::PairProjects).await;
    let said = letters(&alice).await.into_iter().find(|letter| says(letter, "Lebt es noch?")).unwrap();
    assert_eq!((&said["poll"]["options"][0]["title"], &said["language"]), (&json!("Aktiv"), &json!("de")));
    // Who speaks another one has a letter in that of the node together with others.
    bob.patch("/api/v1/accounts/update_credentials", json!({ "source": { "language": "en" } })).await.ok();
    let uri = json!({ "to": made["uri"], "kind": "related_to", "reason": "cages hum" });
    bob.post(&path(&twin, "/relations"), uri).await.ok();
    node.settle().await;
    let said = newest(&alice).await;
    assert!(says(&said, "“Loud cage” was registered beside “Quiet bearing”") && said["language"] == "en", "{said}");
}

#[tokio::test]
async fn a_name_that_begins_with_the_word_for_a_state_is_a_name() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let fields =
        json!({"name": "Active badges", "purpose": "Badges that tell the door.", "state": "active", "publish": true});
    register(&ada, fields).await;
    node.settle().await;
    let said = asks(&node, &ada, "project state Active badges paused").await;
    assert_eq!(said, "“Active badges” is now paused. Its followers read it.");
    let said = asks(&node, &ada, "project state done because every door has one").await;
    assert!(said.contains("“Active badges” is now done"), "{said}");
}

#[tokio::test]
async fn a_name_with_the_word_for_a_state_in_it_changes_no_state() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let mut made = Vec::new();
    for name in ["Done deal", "Quiet idea box", "Deal done"] {
        let fields = json!({"name": name, "purpose": "Contracts.", "state": "active", "publish": true});
        made.push(register(&ada, fields).await);
    }
    node.settle().await;
    for text in ["Done deal", "done deal!", "“Deal done”", "Quiet idea box"] {
        let said = asks(&node, &ada, &format!("project state {text}")).await;
        assert!(said.contains("Write it so"), "{text}: {said}");
    }
    for project in &made {
        assert_eq!(ada.get(&path(project, "")).await.ok()["state"], "active");
    }
    for (text, said) in [
        ("Done deal paused", "“Done deal” is now paused"),
        ("Deal done done", "“Deal done” is now done"),
        ("Quiet idea box stopped because nobody writes", "“Quiet idea box” is now stopped"),
    ] {
        let told = asks(&node, &ada, &format!("project state {text}")).await;
        assert!(told.contains(said), "{text}: {told}");
    }
}

#[tokio::test]
async fn what_a_lead_says_to_a_project_in_passing_changes_nothing() {
    let node = Node::start().await;
    let (alice, bob) = (node.member("alice").await, node.member("bob").await);
    let made = register(&alice, bearing()).await;
    bob.post(&path(&made, "/join"), json!({})).await.ok();
    node.settle().await;
    let says_to = async |text: &str| {
        let status = json!({ "status": format!("@quietbearing {text}"), "visibility": "direct" });
        alice.post("/api/v1/statuses", status).await.ok();
        node.settle().await;
        letters(&alice).await.remove(0)
    };
    for text in ["Done deal", "Active discussion at ten, who comes?", "No idea who Bob is", "ok who is Bob?"] {
        let said = says_to(text).await;
        assert!(says(&said, "I did not understand"), "{text}: {said}");
    }
    let now = alice.get(&path(&made, "")).await.ok();
    assert_eq!(now["state"], "active");
    assert_eq!(alice.get(&path(&made, "/requests")).await.ok().as_array().unwrap().len(), 1, "Bob still waits");
    says_to("Paused until May").await;
    let now = alice.get(&path(&made, "")).await.ok();
    assert_eq!((&now["state"], &now["state_reason"]), (&json!("paused"), &json!("until May")));
}
