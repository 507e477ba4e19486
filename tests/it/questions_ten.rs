//! The property of questions over ten nodes: nobody is asked too often, or twice, or while they do not want to be, and no
//! question is lost. Five seeds, one after the other in one organisation, which is harder than in five: what the seeds before
//! left behind counts too.

use crate::{
    concierge::{answers, asks},
    leavers::{boss, leaves},
    questions::{names, open, post, put_to, skills},
    support::{
        Client, Lot, Node, NodeBuilder, at_rest,
        organisation::{brings_in, found, minutes},
    },
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use watercooler::time::{Clock, Timestamp};

const DAY: i64 = 86_400_000;
/// Nobody knows the last one.
const TAGS: [&str; 4] = ["kafka", "welding", "adhesives", "falconry"];
const SEEDS: u64 = 5;

/// Who is asked, and what they want.
struct Person {
    at: usize,
    client: Client,
    /// Not to be asked, by switch or because they are away: how often they had been asked when they said so.
    quiet: Option<usize>,
    /// The number of questions when they left.
    left: Option<usize>,
    /// What they were asked until they left: afterwards nobody reads it any more.
    told: Vec<Value>,
}

struct Question {
    by: usize,
    post: Value,
    uri: String,
    /// Answers that stand.
    answered: usize,
}

struct World {
    clock: Clock,
    nodes: Vec<Node>,
    people: Vec<Person>,
    questions: Vec<Question>,
    /// Answers that may be deleted: who wrote it, its id, the question.
    said: Vec<(usize, String, usize)>,
}

impl World {
    async fn new() -> Self {
        let clock = Clock::fixed(crate::support::NOW);
        let (mut nodes, mut people) = (Vec::new(), Vec::new());
        for number in 0..10 {
            let node = NodeBuilder::new(&format!("site{number}")).await.clock(&clock);
            // Each third one on PostgreSQL when there is one.
            let node = if number % 3 == 2 { node } else { node.embedded() }.start().await;
            let client = node.member(&format!("p{number}")).await;
            skills(&client, &[TAGS[number % 3], TAGS[(number + 1) % 3]]).await;
            people.push(Person { at: number, client, quiet: None, left: None, told: Vec::new() });
            nodes.push(node);
        }
        let world = Self { clock, nodes, people, questions: Vec::new(), said: Vec::new() };
        found(&world.nodes[0]).await;
        for node in &world.nodes[1..] {
            world.settle().await;
            brings_in(&world.nodes[0], node).await;
        }
        world.minutes(3).await;
        world
    }
    fn all(&self) -> Vec<&Node> {
        self.nodes.iter().collect()
    }
    async fn settle(&self) {
        Box::pin(at_rest(&self.all())).await;
    }
    async fn minutes(&self, number: i64) {
        Box::pin(minutes(&self.all(), number)).await;
        self.settle().await;
    }
    async fn day(&self) {
        self.clock.advance(DAY);
        self.settle().await;
    }
    /// Somebody who is still here.
    fn someone(&self, lot: &mut Lot) -> usize {
        loop {
            let who = lot.below(self.people.len());
            if self.people[who].left.is_none() {
                return who;
            }
        }
    }
    async fn told(&self, who: usize) -> Vec<Value> {
        match self.people[who].left {
            Some(_) => self.people[who].told.clone(),
            None => put_to(&self.people[who].client).await,
        }
    }

    /// `asks off` or away, or back again if they were.
    async fn turns(&mut self, who: usize, lot: &mut Lot) {
        let (node, client) = (&self.nodes[self.people[who].at], &self.people[who].client);
        let asked = put_to(client).await.len();
        if let Some(before) = self.people[who].quiet {
            assert_eq!(asked, before, "{} was asked while they did not want to be", client.name);
            asks(node, client, "asks on").await;
            asks(node, client, "away off").await;
            self.people[who].quiet = None;
        } else {
            let said = ["asks off", "away until 2027-12-24"][lot.below(2)];
            asks(node, client, said).await;
            self.people[who].quiet = Some(asked);
        }
        // What other nodes know of it takes a minute.
        self.minutes(2).await;
    }

    async fn goes(&mut self, who: usize) {
        self.people[who].told = put_to(&self.people[who].client).await;
        leaves(&boss(&self.nodes[self.people[who].at]).await, &self.people[who].client).await;
        self.people[who].left = Some(self.questions.len());
        self.minutes(2).await;
    }

    /// One of those who were told answers.
    async fn answers(&mut self, who: usize) {
        let client = &self.people[who].client;
        let Some(told) = put_to(client).await.into_iter().next() else { return };
        let root =
            client.get(&format!("/api/v1/statuses/{}", told["status"]["in_reply_to_id"].as_str().unwrap())).await;
        let root = root.ok();
        let to = format!("@{} I do.", root["account"]["acct"].as_str().unwrap());
        let answer = post(client, &to, Some(&root)).await;
        let number = self.questions.iter().position(|question| root["uri"] == *question.uri).unwrap();
        self.questions[number].answered += 1;
        self.said.push((who, answer["id"].as_str().unwrap().to_owned(), number));
        self.settle().await;
    }

    /// An answer is taken back: the question has one less.
    async fn takes_back(&mut self, lot: &mut Lot) {
        if self.said.is_empty() {
            return;
        }
        let (who, id, number) = self.said.swap_remove(lot.below(self.said.len()));
        if self.people[who].left.is_some() {
            return;
        }
        self.people[who].client.delete(&format!("/api/v1/statuses/{id}")).await.ok();
        self.questions[number].answered -= 1;
        self.settle().await;
    }
}

#[tokio::test]
async fn over_ten_nodes_nobody_is_asked_too_often_or_twice_and_no_question_is_lost() {
    let mut world = World::new().await;
    for seed in 0..SEEDS {
        let mut lot = Lot::new(7 + seed);
        for _ in 0..2 {
            for _ in 0..4 {
                let by = world.someone(&mut lot);
                let (tag, number) = (TAGS[lot.below(TAGS.len())], world.questions.len());
                let post = post(&world.people[by].client, &format!("#ask Number {number}? #{tag}"), None).await;
                let uri = post["uri"].as_str().unwrap().to_owned();
                world.questions.push(Question { by, post, uri, answered: 0 });
            }
            world.settle().await;
            let who = world.someone(&mut lot);
            world.answers(who).await;
            let who = world.someone(&mut lot);
            world.turns(who, &mut lot).await;
            if lot.below(2) == 0 {
                world.takes_back(&mut lot).await;
            }
            world.day().await;
        }
        // Two of ten leave in all.
        if seed % 2 == 1 {
            let who = world.someone(&mut lot);
            world.goes(who).await;
        }
    }
    // The last ladders end.
    for _ in 0..16 {
        world.day().await;
    }
    let mut total = 0;
    for (who, person) in world.people.iter().enumerate() {
        let (told, name) = (world.told(who).await, &person.client.name);
        total += told.len();
        let at = |n: &Value| Timestamp::parse(n["created_at"].as_str().unwrap()).unwrap().millis();
        let mut times: Vec<i64> = told.iter().map(at).collect();
        times.sort_unstable();
        for window in times.windows(4) {
            assert!(window[3] - window[0] >= 7 * DAY, "{name} is told of four questions within a week");
        }
        let roots: BTreeSet<String> = told.iter().map(|n| n["status"]["in_reply_to_id"].to_string()).collect();
        assert_eq!(roots.len(), told.len(), "{name} is told twice");
        if let (Some(before), None) = (person.quiet, person.left) {
            assert_eq!(told.len(), before, "{name} was asked while they did not want to be");
        }
    }
    assert!(total > 20, "{total}: people are told at all");
    let gone: BTreeMap<String, usize> = world
        .people
        .iter()
        .filter_map(|person| Some((world.nodes[person.at].handle(&person.client.name), person.left?)))
        .collect();
    assert_eq!(gone.len(), 2);
    let (mut capped, mut lost) = (0, Vec::new());
    for (number, Question { by, post, uri, answered }) in world.questions.iter().enumerate() {
        let asker = &world.people[*by];
        if asker.left.is_none() {
            let mut named = BTreeSet::new();
            for said in answers(&asker.client, post).await {
                if said["account"]["bot"] == true && said["visibility"] == "public" {
                    for name in names(&said, &asker.client.name) {
                        capped += 1;
                        assert!(gone.get(&name).is_none_or(|left| number < *left), "{name} had left before {number}");
                        assert!(named.insert(name), "asked twice about one question");
                    }
                }
            }
        }
        if *answered == 0 {
            // At the asker's node while they are there, and elsewhere.
            for person in [*by, (by + 3) % 10, (by + 5) % 10].map(|who| &world.people[who]) {
                if person.left.is_none() && !open(&person.client).await.contains(uri) {
                    lost.push(format!("{number} of {by} is not seen at {}", person.at));
                }
            }
        }
    }
    assert!(lost.is_empty(), "{lost:?}");
    assert!(capped > total, "some were spared");
}
