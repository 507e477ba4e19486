//! The journeys J4, J5 and J6 from end to end, by nothing but the Mastodon client API, on three nodes under one charter: the
//! first and the third on the embedded database, the second on PostgreSQL when `WATERCOOLER_TEST_DATABASE_URL` names one.
//! No clock is read: where something must happen at once, the clock of all nodes stands still while it does.

use crate::{
    concierge::{answers, tells},
    concierge_projects::{answer, replies, text},
    support::{
        Client, NOW, Node, NodeBuilder,
        organisation::{brings_in, found, minutes},
        settle,
    },
};
use serde_json::{Value, json};
use watercooler::{db::Dialect, domain::html::plain_text, time::Clock};

const DAY: i64 = 86_400_000;

/// Headquarters, Lyon and Oslo, with Bob, Alice and Cleo.
struct Sites {
    hq: Node,
    lyon: Node,
    oslo: Node,
    bob: Client,
    alice: Client,
    cleo: Client,
}

impl Sites {
    async fn new() -> Self {
        let clock = Clock::fixed(NOW);
        let hq = NodeBuilder::new("hq").await.embedded().clock(&clock).start().await;
        let lyon = NodeBuilder::new("lyon").await.clock(&clock).start().await;
        let oslo = NodeBuilder::new("oslo").await.embedded().clock(&clock).start().await;
        let second = match std::env::var("WATERCOOLER_TEST_DATABASE_URL") {
            Ok(_) => Dialect::Postgres,
            Err(_) => {
                eprintln!("WATERCOOLER_TEST_DATABASE_URL is not set: all three nodes run on the embedded database");
                Dialect::Sqlite
            }
        };
        for (node, expected) in [(&hq, Dialect::Sqlite), (&lyon, second), (&oslo, Dialect::Sqlite)] {
            let dialect = node.app.read(|conn| Ok(conn.dialect())).await.unwrap();
            assert_eq!(dialect, expected, "{}", node.domain);
        }
        let (bob, alice, cleo) = (hq.member("bob").await, lyon.member("alice").await, oslo.member("cleo").await);
        found(&hq).await;
        for node in [&lyon, &oslo] {
            Box::pin(settle(&[&hq, &lyon, &oslo])).await;
            Box::pin(brings_in(&hq, node)).await;
        }
        let sites = Self { hq, lyon, oslo, bob, alice, cleo };
        sites.minutes(3).await;
        sites
    }
    fn all(&self) -> [&Node; 3] {
        [&self.hq, &self.lyon, &self.oslo]
    }
    /// Everything that is due now.
    async fn settle(&self) {
        // Long tests hold many futures: on the heap.
        Box::pin(settle(&self.all())).await;
    }
    async fn minutes(&self, number: i64) {
        Box::pin(minutes(&self.all(), number)).await;
    }
    /// Writes to the concierge in a new thread; answers what it says, in the same moment.
    async fn begins(&self, client: &Client, said: &str) -> Value {
        let post = tells(client, said).await;
        Box::pin(self.settle()).await;
        answer(client, &post).await
    }
    /// The same in a thread.
    async fn goes_on(&self, client: &Client, to: &Value, said: &str) -> Value {
        let post = replies(client, to, said).await;
        Box::pin(self.settle()).await;
        answer(client, &post).await
    }
    /// Registers a project without asking what resembles it.
    async fn registers(&self, client: &Client, said: &str) -> String {
        let offer = self.begins(client, &format!("project new: {said}")).await;
        let done = text(&self.goes_on(client, &offer, "publish").await);
        done.split(' ').next().unwrap().to_owned()
    }
}

async fn posts(client: &Client, said: &str, to: Option<&Value>) -> Value {
    let to = to.map(|post| post["id"].clone());
    client.post("/api/v1/statuses", json!({ "status": said, "in_reply_to_id": to })).await.ok()
}

async fn home(client: &Client) -> Vec<String> {
    let list = client.get("/api/v1/timelines/home").await.ok();
    list.as_array().unwrap().iter().map(|post| plain_text(post["content"].as_str().unwrap())).collect()
}

/// Posts that somebody was told of because they are named, newest first.
async fn mentions(client: &Client) -> Vec<Value> {
    let list = client.get("/api/v1/notifications?types[]=mention&limit=80").await.ok();
    list.as_array().unwrap().iter().map(|n| n["status"].clone()).collect()
}

async fn mentioned_by(client: &Client, words: &str) -> Value {
    let all = mentions(client).await;
    all.iter().find(|post| text(post).contains(words)).unwrap_or_else(|| panic!("{words}: {all:?}")).clone()
}

/// What a search box finds.
async fn search(client: &Client, words: &str) -> Value {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", words).finish();
    client.get(&format!("/api/v2/search?limit=40&{query}")).await.ok()
}

/// Writes the field of the profile that says what somebody knows.
async fn lists(client: &Client, skills: &str) {
    let fields = json!({ "fields_attributes": [{ "name": "Ask me about", "value": skills }] });
    client.patch("/api/v1/accounts/update_credentials", fields).await.ok();
}

#[tokio::test]
async fn j4_an_employee_finds_an_expert_at_another_site_and_follows() {
    let s = Box::pin(Sites::new()).await;
    let dora = s.lyon.member("dora").await;
    posts(&s.alice, "The old bench rattled.", None).await;
    // Elsewhere posts of one and the same moment stand in any order.
    s.minutes(1).await;
    posts(&s.alice, "The new bench is quiet.", None).await;
    lists(&s.alice, "#vibrationanalysis").await;
    lists(&dora, "knows #vibrationanalysis").await;
    Box::pin(s.begins(&s.cleo, "skills +vibration analysis")).await;
    s.minutes(2).await;
    // 1, 2: searched, three people with the reason under each name.
    let found = search(&s.bob, "who knows vibration analysis").await;
    let people = found["accounts"].as_array().unwrap();
    assert_eq!(people.len(), 3, "{found}");
    for person in people {
        assert!(person["note"].as_str().unwrap().starts_with("<p>because: "), "{person}");
        assert!(person["fields"][0]["value"].as_str().unwrap().contains("vibrationanalysis"), "{person}");
    }
    assert_eq!(people[0]["acct"], s.lyon.handle("alice"), "whoever wants to be asked stands first");
    let said = text(&Box::pin(s.begins(&s.bob, "who knows vibration analysis?")).await);
    assert!(said.contains(&format!("@{} · because: lists #vibrationanalysis", s.lyon.handle("alice"))), "{said}");
    // 3: the profile has fields, hashtags, and what was written before anybody here followed.
    s.settle().await;
    let path = format!("/api/v1/accounts/{}", people[0]["id"].as_str().unwrap());
    let profile = s.bob.get(&path).await.ok();
    assert_eq!(profile["fields"][0]["name"], "Ask me about", "{profile}");
    // The profile is open: what she wrote is read from her site now, and not before.
    s.settle().await;
    let tags = s.bob.get(&format!("{path}/featured_tags")).await.ok();
    assert_eq!(tags[0]["name"], "vibrationanalysis", "{tags}");
    let written = s.bob.get(&format!("{path}/statuses")).await.ok();
    let written: Vec<String> = written.as_array().unwrap().iter().map(text).collect();
    assert_eq!(written, ["The new bench is quiet.", "The old bench rattled."]);
    // 4: followed, and accepted by itself.
    s.bob.post(&format!("{path}/follow"), json!({})).await.ok();
    s.settle().await;
    let relation =
        s.bob.get(&format!("/api/v1/accounts/relationships?id[]={}", people[0]["id"].as_str().unwrap())).await.ok();
    assert_eq!((&relation[0]["following"], &relation[0]["requested"]), (&json!(true), &json!(false)));
    // 5: the next post is there in the moment it was written.
    posts(&s.alice, "The bench hums at 9,000 rpm.", None).await;
    s.settle().await;
    assert!(home(&s.bob).await.contains(&"The bench hums at 9,000 rpm.".to_owned()));
}

#[tokio::test]
async fn j5_an_employee_asks_a_question_and_gets_an_answer() {
    let s = Box::pin(Sites::new()).await;
    let dora = s.lyon.member("dora").await;
    for client in [&s.alice, &dora, &s.cleo] {
        lists(client, "#adhesives").await;
    }
    s.settle().await;
    s.minutes(2).await;
    // Somebody at the third site who lists nothing follows the hashtag.
    let eve = s.oslo.member("eve").await;
    eve.post("/api/v1/tags/adhesives/follow", json!({})).await.ok();
    // 1, 2: written, and three people at two sites are told.
    let question = posts(&s.bob, "#ask Which glue survives −40 °C? #adhesives", None).await;
    s.settle().await;
    let told = answer(&s.bob, &question).await;
    assert!(text(&told).contains("People asked: 3, at sites: 2."), "{}", text(&told));
    assert_eq!(home(&eve).await, ["#ask Which glue survives −40 °C? #adhesives"]);
    assert!(mentions(&eve).await.is_empty());
    // 3: an ordinary mention for each of them, and an ordinary reply.
    for client in [&s.alice, &dora, &s.cleo] {
        assert_eq!(mentions(client).await.len(), 1, "{}", client.name);
    }
    let mention = mentioned_by(&s.alice, "can you help?").await;
    let asked = s.alice.get(&format!("/api/v1/statuses/{}", mention["in_reply_to_id"].as_str().unwrap())).await.ok();
    assert!(text(&asked).contains("Which glue survives"), "{asked}");
    posts(&s.alice, &format!("@{} Silicone.", s.hq.handle("bob")), Some(&asked)).await;
    // 4: the asker sees it in the same moment, and accepts it.
    s.settle().await;
    let seen = mentioned_by(&s.bob, "Silicone.").await;
    assert_eq!(seen["account"]["acct"], s.lyon.handle("alice"));
    posts(&s.bob, &format!("@{} ✅ thanks", s.lyon.handle("alice")), Some(&seen)).await;
    s.settle().await;
    // 5: answered everywhere, kept, counted.
    for client in [&s.bob, &s.alice, &s.cleo] {
        assert_eq!(search(client, "open questions").await["statuses"], json!([]), "{}", client.name);
        let known = search(client, "who knows adhesives").await["accounts"][0].clone();
        let note = known["note"].as_str().unwrap();
        assert!(known["username"] == "alice" && note.contains("answered 1 question on it"), "{}: {known}", client.name);
    }
    let thread = answers(&s.bob, &question).await;
    let said: Vec<String> = thread.iter().map(text).collect();
    assert!(said.iter().any(|t| t.starts_with(&format!("✅ answered by @{}", s.lyon.handle("alice")))), "{said:?}");
    let again = posts(&s.cleo, "#ask Glue for ice? #adhesives", None).await;
    s.settle().await;
    let told = text(&answer(&s.cleo, &again).await);
    assert!(told.contains("Answered before:"), "{told}");
    // 6: nobody answers: the next three a working day later, the desk after three, and the asker is told each time.
    let desk = s.oslo.citizen_with("desk", watercooler::model::Role::Moderator).await;
    let desk = Client::with_token(&s.oslo, &s.oslo.token(desk.id, "read write").await);
    let open = posts(&s.cleo, "#ask Who keeps falcons? #falconry", None).await;
    s.settle().await;
    assert!(text(&answer(&s.cleo, &open).await).contains("Nobody is listed for this"));
    lists(&s.alice, "#adhesives #falconry").await;
    s.minutes(2).await;
    s.hq.clock.advance(DAY);
    s.settle().await;
    mentioned_by(&s.alice, "People asked: 1, at sites: 1.").await;
    s.hq.clock.advance(2 * DAY);
    s.settle().await;
    mentioned_by(&desk, "For the gardener's desk").await;
    mentioned_by(&s.cleo, "The gardener's desk knows of it now").await;
    let uri = open["uri"].as_str().unwrap();
    for client in [&s.bob, &s.alice, &s.cleo] {
        let found = search(client, "open questions").await;
        let uris: Vec<&str> =
            found["statuses"].as_array().unwrap().iter().map(|p| p["uri"].as_str().unwrap()).collect();
        assert!(uris.contains(&uri), "{}: {uris:?}", client.name);
    }
}

/// Projects unlike one another.
const UNLIKE: [&str; 12] = [
    "Canteen vouchers - Replace paper vouchers in the canteen by the staff badge #canteen #payment",
    "Forklift training - A simulator course for new drivers in the warehouse #logistics #safety",
    "Solar roof - Panels on the roof of hall three and a battery in the cellar #energy #building",
    "Invoice robot - Read supplier invoices by machine and book them #accounting #automation",
    "Paint shop air - Less solvent in the exhaust of the paint shop #environment #coating",
    "Parental desk - Advice for parents about leave and part time #people #family",
    "Cold store sensors - Temperature loggers in the cold store with alarms #cooling #monitoring",
    "Password manager - Give everybody a vault for passwords #security #login",
    "Bicycle leasing - Staff lease bicycles through their salary #mobility #benefits",
    "Spare part catalogue - Customers look up spare parts in drawings on the web #service #web",
    "Translation memory - Keep translated manuals so that nothing is translated twice #documentation #language",
    "Visitor gate - Guests register themselves at the gate with a tablet #reception #access",
];

/// What somebody works on, as any client shows it.
async fn works_on(client: &Client, acct: &str) -> String {
    let found = client.get(&format!("/api/v1/accounts/lookup?acct={acct}")).await.ok();
    let fields = found["fields"].as_array().unwrap();
    let field = fields.iter().find(|field| field["name"] == "Works on");
    field.map(|field| plain_text(field["value"].as_str().unwrap())).unwrap_or_default()
}

#[tokio::test]
async fn j6_an_employee_registers_a_project_is_warned_and_joins_or_says_why_theirs_is_different() {
    let s = Box::pin(Sites::new()).await;
    for (number, project) in UNLIKE.iter().enumerate() {
        let who = [&s.bob, &s.alice, &s.cleo][number % 3];
        Box::pin(s.registers(who, project)).await;
    }
    let bearing = "Quiet bearing - Find why bearing B7 hums above 9000 rpm and fix it #bearings #vibration \
                   vendor: SoundCam rental state: active";
    Box::pin(s.registers(&s.alice, bearing)).await;
    s.minutes(3).await;
    // 1, 2: registered from an app, which is the first question of that site to its register, and warned with the reasons.
    let twin = "project new: Noise of the B7 bearings - The bearing B7 hums at high rpm; find the reason and fix it \
                #vibration vendor: SoundCam rental";
    let offer = Box::pin(s.begins(&s.cleo, twin)).await;
    let said = text(&offer);
    let first = said.lines().find(|line| line.starts_with("1. ")).unwrap_or_else(|| panic!("{said}"));
    let group = s.lyon.handle("quietbearing");
    for reason in ["Quiet bearing", &group, "active", &s.lyon.handle("alice"), "hums", "SoundCam rental"] {
        assert!(first.contains(reason), "{reason}: {first}");
    }
    assert!(said.contains("Somebody may be doing this already"), "{said}");
    // 3: asked to join; the lead at the other node says yes, and both nodes know.
    let said = text(&Box::pin(s.goes_on(&s.cleo, &offer, "join 1 I have a sound camera")).await);
    assert!(said.contains("The lead of “Quiet bearing” has your request"), "{said}");
    let request = mentioned_by(&s.alice, "asks to join Quiet bearing").await;
    assert!(text(&request).contains("I have a sound camera"), "{request}");
    Box::pin(s.goes_on(&s.alice, &request, "accept")).await;
    mentioned_by(&s.cleo, "Welcome to Quiet bearing").await;
    s.minutes(3).await;
    let cleo = s.oslo.handle("cleo");
    assert!(works_on(&s.cleo, "cleo").await.contains("Quiet bearing"), "at her own node");
    assert!(works_on(&s.alice, &cleo).await.contains("Quiet bearing"), "at the project's node");
    assert!(text(&Box::pin(s.begins(&s.cleo, "project mine")).await).contains("Quiet bearing"));
    // 4: or it is different: published, and both leads are introduced.
    let offer = Box::pin(s.begins(&s.bob, &twin.replace("Noise", "Sound"))).await;
    assert!(text(&offer).contains("1. Quiet bearing"), "{}", text(&offer));
    let offer = Box::pin(s.goes_on(&s.bob, &offer, "looking for: microphones")).await;
    assert!(text(&offer).contains("Somebody may be doing this already"), "{}", text(&offer));
    let done = Box::pin(s.goes_on(&s.bob, &offer, "publish because ours is in the cellar")).await;
    assert!(text(&done).contains("is published; you lead it."), "{}", text(&done));
    for lead in [&s.bob, &s.alice] {
        let letter = mentioned_by(lead, "ours is in the cellar").await;
        let mut named: Vec<String> =
            letter["mentions"].as_array().unwrap().iter().map(|m| m["username"].as_str().unwrap().to_owned()).collect();
        named.sort();
        assert_eq!(named, ["alice", "bob"]);
    }
    s.minutes(2).await;
    // 5: followable at another site, its updates appear as posts.
    let found = s.cleo.get(&format!("/api/v1/accounts/lookup?acct={}", s.hq.handle("soundoftheb7bearings"))).await;
    let account = if found.status == 200 {
        found.json()
    } else {
        search(&s.cleo, &s.hq.handle("soundoftheb7bearings")).await["accounts"][0].clone()
    };
    assert_eq!(
        (&account["group"], &account["display_name"]),
        (&json!(true), &json!("Sound of the B7 bearings")),
        "{account}"
    );
    s.cleo.post(&format!("/api/v1/accounts/{}/follow", account["id"].as_str().unwrap()), json!({})).await.ok();
    s.settle().await;
    let said = text(
        &Box::pin(s.begins(&s.bob, "project state Sound of the B7 bearings active because the microphones came")).await,
    );
    assert!(said.contains("is now active"), "{said}");
    let read = home(&s.cleo).await;
    assert!(read.contains(&"Sound of the B7 bearings is now active: the microphones came".to_owned()), "{read:?}");
    // 6: six silent months later its lead is asked, and one tap answers.
    for _ in 0..7 {
        s.hq.clock.advance(30 * DAY);
        s.settle().await;
    }
    // What the timer of a running node orders every hour.
    s.hq.app.write(|tx| tx.enqueue(&watercooler::domain::Task::Sweep)).await.unwrap();
    s.settle().await;
    let asked = mentioned_by(&s.bob, "Is it still alive?").await;
    let poll = &asked["poll"];
    let options: Vec<&str> = poll["options"].as_array().unwrap().iter().map(|o| o["title"].as_str().unwrap()).collect();
    let tap = options.iter().position(|option| *option == "Done").unwrap();
    let project = asked["account"]["display_name"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/polls/{}/votes", poll["id"].as_str().unwrap());
    s.bob.post(&path, json!({ "choices": [tap] })).await.ok();
    let account = s.bob.get(&format!("/api/v1/accounts/{}", asked["account"]["id"].as_str().unwrap())).await.ok();
    assert!(account["note"].as_str().unwrap().starts_with("<p>Done."), "{project}: {account}");
}
