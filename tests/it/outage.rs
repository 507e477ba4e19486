//! Servers that are away, for a while or for a week, names that do not resolve, and clocks that jump: REL rows on the
//! simulated clock, over a network that can be cut.

use crate::{
    audiences::follow,
    support::{Client, NOW, Node, NodeBuilder, Peer, at_rest, rows, settle},
};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::watch;
use watercooler::{
    db::Sql,
    domain::{Task, remote::outbox},
    id::Id,
    model::Visibility,
    net::{Link, Network, SystemNetwork},
    store,
    time::{Clock, Timestamp},
};

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

/// What is wrong with a name.
#[derive(Clone)]
enum Fault {
    /// There is no such host just now.
    Down,
    /// Nothing is answered until this says so.
    Silent(watch::Receiver<bool>),
}

/// Every name is on this machine, but for those that are at fault; and how often each was asked for.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<HashMap<String, Fault>>>, Arc<Mutex<HashMap<String, usize>>>);

impl Names {
    fn fails(&self, host: &str, fault: Fault) {
        self.0.lock().unwrap().insert(host.to_owned(), fault);
    }
    fn heals(&self) {
        self.0.lock().unwrap().clear();
    }
}

struct Wires(Names, SystemNetwork);

impl Network for Wires {
    fn resolve(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        *self.0.1.lock().unwrap().entry(host.clone()).or_default() += 1;
        let fault = self.0.0.lock().unwrap().get(&host).cloned();
        Box::pin(async move {
            match fault {
                Some(Fault::Down) => return Err(io::ErrorKind::NotFound.into()),
                Some(Fault::Silent(mut answered)) => {
                    let _ = answered.wait_for(|answered| *answered).await;
                }
                None => {}
            }
            Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])
        })
    }
    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<Link>> {
        self.1.connect(to)
    }
}

fn wires(names: &Names) -> Arc<Wires> {
    Arc::new(Wires(names.clone(), SystemNetwork::default()))
}

/// Two nodes on one clock whose link can be cut, with ada here and carol there, who follow one another.
struct Pair {
    alpha: Node,
    beta: Node,
    ada: Client,
    carol: Client,
    names: Names,
}

impl Pair {
    async fn new() -> Self {
        let (names, clock) = (Names::default(), Clock::fixed(NOW));
        let (alpha, beta) = (NodeBuilder::new("alpha").await, NodeBuilder::new("beta").await);
        let (a, b) = (alpha.authority(), beta.authority());
        let alpha = alpha.knows(&b).clock(&clock).network(wires(&names)).start().await;
        let beta = beta.knows(&a).clock(&clock).network(wires(&names)).start().await;
        let (ada, carol) = (alpha.member("ada").await, beta.member("carol").await);
        follow(&carol, &alpha.handle("ada")).await;
        follow(&ada, &beta.handle("carol")).await;
        let pair = Self { alpha, beta, ada, carol, names };
        pair.settle().await;
        pair
    }
    async fn settle(&self) {
        Box::pin(settle(&[&self.alpha, &self.beta])).await;
    }
    /// Cuts the link both ways, also for connections that are open.
    fn cut(&self) {
        for name in ["alpha.test", "beta.test"] {
            self.names.fails(name, Fault::Down);
        }
        self.reconnect();
    }
    fn heal(&self) {
        self.names.heals();
        self.reconnect();
    }
    fn reconnect(&self) {
        for node in [&self.alpha, &self.beta] {
            node.app.net().configure(|_| {});
        }
    }
}

async fn write(who: &Client, text: &str, visibility: &str) -> Value {
    who.post("/api/v1/statuses", json!({"status": text, "visibility": visibility})).await.ok()
}

/// The texts of somebody's home timeline, newest first.
async fn home(who: &Client) -> Vec<String> {
    let list = who.get("/api/v1/timelines/home?limit=40").await.ok();
    let text = |one: &Value| watercooler::domain::html::plain_text(one["content"].as_str().unwrap()).trim().to_owned();
    list.as_array().unwrap().iter().map(text).collect()
}

async fn told(who: &Client) -> Vec<String> {
    let list = who.get("/api/v1/notifications?limit=40").await.ok();
    list.as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap().to_owned()).collect()
}

async fn count(node: &Node, sql: &'static str) -> i64 {
    node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
}

/// As much of a profile as both nodes should say alike.
async fn figures(who: &Client, handle: &str) -> Value {
    let found = who.get(&format!("/api/v2/search?type=accounts&q=@{handle}")).await.ok();
    let one = &found["accounts"][0];
    json!([one["followers_count"], one["following_count"]])
}

#[tokio::test]
async fn rel_13_fed_org_05_after_a_week_of_absence_a_node_has_what_was_written_meanwhile_once_and_in_order() {
    let mut pair = Pair::new().await;
    write(&pair.ada, "before", "public").await;
    pair.settle().await;
    pair.alpha.clock.advance(MINUTE);
    pair.cut();
    let mut expected = vec!["before".to_owned()];
    for day in 0..8 {
        write(&pair.ada, &format!("day{day}"), "public").await;
        expected.insert(0, format!("day{day}"));
        if day == 2 {
            pair.alpha.clock.advance(MINUTE);
            expected.insert(0, "@carol psst".to_owned());
            write(&pair.ada, &format!("@carol@{} psst", pair.beta.domain), "direct").await;
        }
        // Only the one that stays works.
        for _ in 0..4 {
            pair.alpha.settle().await;
            pair.alpha.clock.advance(6 * HOUR);
        }
    }
    // A week without success: what everybody may read is not kept, what is for one person is.
    pair.alpha.settle().await;
    assert_eq!(count(&pair.alpha, "select count(*) from deliveries where parked_at is null").await, 1);
    pair.heal();
    // It comes back as it was.
    let builder = NodeBuilder::again(pair.beta).await;
    pair.beta = builder.network(wires(&pair.names)).start().await;
    let (token, id) = (pair.carol.token.clone().unwrap(), pair.carol.id.clone());
    pair.carol = Client::with_token(&pair.beta, &token);
    pair.carol.id = id;
    Box::pin(at_rest(&[&pair.alpha, &pair.beta])).await;
    assert_eq!(home(&pair.carol).await, expected);
    let told = told(&pair.carol).await;
    assert_eq!(told.iter().filter(|kind| *kind == "mention").count(), 1, "{told:?}");
    assert_eq!(count(&pair.alpha, "select count(*) from deliveries where parked_at is null").await, 0);
    // And from then on all is as before.
    write(&pair.ada, "after", "public").await;
    Box::pin(at_rest(&[&pair.alpha, &pair.beta])).await;
    assert_eq!(home(&pair.carol).await[0], "after");
    assert_eq!(count(&pair.beta, "select count(*) from posts where boost_of_id is null").await, 11);
}

#[tokio::test]
async fn rel_13_fed_org_05_more_than_a_page_that_was_missed_is_read() {
    let mut pair = Pair::new().await;
    write(&pair.ada, "before", "public").await;
    pair.settle().await;
    pair.cut();
    for n in 0..45 {
        pair.alpha.clock.advance(MINUTE);
        write(&pair.ada, &format!("missed{n}"), "public").await;
    }
    // What waited for it is lost.
    pair.alpha.app.write(|tx| Sql::new("delete from deliveries").execute(tx.conn)).await.unwrap();
    pair.alpha.clock.advance(30 * HOUR);
    pair.heal();
    let builder = NodeBuilder::again(pair.beta).await;
    pair.beta = builder.network(wires(&pair.names)).start().await;
    Box::pin(at_rest(&[&pair.alpha, &pair.beta])).await;
    assert_eq!(count(&pair.beta, "select count(*) from posts where boost_of_id is null").await, 46);
}

#[tokio::test]
async fn rel_13_however_many_are_followed_at_a_server_all_are_caught_up_with() {
    const MANY: usize = 201;
    let (node, peer) = (Node::start().await, Peer::start("many").await);
    let bob = rows::local(&node, "bob").await;
    for n in 0..MANY {
        let far = rows::remote(&node, &peer, &format!("p{n}")).await;
        rows::follows(&node, &bob, &far).await;
    }
    let host = peer.authority.clone();
    let back = node.app.write(move |tx| {
        Sql::new("update accounts set outbox_url = uri || '/outbox' where domain is not null").execute(tx.conn)?;
        let since = tx.now.plus_days(-2);
        let followed = outbox::missed(tx.conn, Id::new(0), Some(host.as_str()))?;
        outbox::catch_up(tx, &followed, Some(since), Some(host.as_str()))
    });
    back.await.unwrap();
    let jobs = async || node.app.read(|conn| store::jobs::list(conn, 1_000)).await.unwrap();
    let rest = jobs().await.into_iter().find(|job| job.kind == "catch_up").expect("the rest comes later");
    let Task::CatchUp { after, since, host } = Task::parse(&rest.payload).unwrap() else { panic!("{}", rest.payload) };
    let next = node.app.write(move |tx| {
        let since = since.map(Timestamp::from_millis);
        let followed = outbox::missed(tx.conn, Id::new(after), host.as_deref())?;
        outbox::catch_up(tx, &followed, since, host.as_deref())
    });
    next.await.unwrap();
    let since = node.clock.now().plus_days(-2).millis();
    let mut read: Vec<i64> = jobs()
        .await
        .iter()
        .filter_map(|job| match Task::parse(&job.payload).unwrap() {
            Task::ReadOutbox { account, since: Some(at) } if at == since => Some(account),
            _ => None,
        })
        .collect();
    read.sort_unstable();
    read.dedup();
    assert_eq!(read.len(), MANY);
}

#[test]
fn whoever_opens_a_thread_does_not_wait_for_what_was_missed() {
    let (thread, missed) = (Task::ReadThread { post: 1 }, Task::ReadOutbox { account: 1, since: Some(1) });
    assert_ne!(thread.queue(), missed.queue());
    for task in [thread, missed] {
        assert!(watercooler::jobs::QUEUES.iter().any(|(queue, _)| *queue == task.queue()), "somebody does it");
    }
}

#[tokio::test]
async fn rel_13_who_did_not_reach_a_server_for_a_day_reads_what_it_missed_there() {
    let pair = Pair::new().await;
    pair.cut();
    write(&pair.carol, "to nobody", "public").await;
    write(&pair.ada, "tries", "public").await;
    for _ in 0..5 {
        pair.alpha.settle().await;
        pair.alpha.clock.advance(6 * HOUR);
    }
    // What waited at the other end is lost.
    pair.beta.app.write(|tx| Sql::new("delete from deliveries").execute(tx.conn)).await.unwrap();
    pair.heal();
    pair.alpha.clock.advance(12 * HOUR);
    for _ in 0..3 {
        pair.alpha.settle().await;
        pair.alpha.clock.advance(MINUTE);
    }
    assert!(home(&pair.ada).await.contains(&"to nobody".to_owned()));
    assert!(!told(&pair.ada).await.contains(&"status".to_owned()));
}

#[tokio::test]
async fn rel_32_a_quarter_of_an_hour_after_a_partition_both_nodes_say_the_same() {
    let pair = Pair::new().await;
    let (dave, erin) = (pair.beta.member("dave").await, pair.alpha.member("erin").await);
    follow(&dave, &pair.alpha.handle("ada")).await;
    let gone = write(&pair.ada, "gone", "public").await;
    let kept = write(&pair.ada, "kept", "public").await;
    pair.settle().await;
    pair.cut();
    // Both sides go on.
    let (gone, kept) = (gone["id"].as_str().unwrap(), kept["id"].as_str().unwrap());
    pair.ada.delete(&format!("/api/v1/statuses/{gone}")).await.ok();
    pair.ada.put(&format!("/api/v1/statuses/{kept}"), json!({"status": "changed"})).await.ok();
    write(&pair.ada, "new here", "public").await;
    write(&pair.carol, "new there", "public").await;
    let ada_there = dave.get(&format!("/api/v2/search?type=accounts&q=@{}", pair.alpha.handle("ada"))).await.ok();
    let ada_there = ada_there["accounts"][0]["id"].as_str().unwrap().to_owned();
    dave.post(&format!("/api/v1/accounts/{ada_there}/unfollow"), json!({})).await.ok();
    let carol_here = pair.ada.get(&format!("/api/v2/search?type=accounts&q=@{}", pair.beta.handle("carol"))).await.ok();
    let carol_here = carol_here["accounts"][0]["id"].as_str().unwrap().to_owned();
    erin.post(&format!("/api/v1/accounts/{carol_here}/follow"), json!({})).await.ok();
    for _ in 0..12 {
        pair.settle().await;
        pair.alpha.clock.advance(MINUTE);
    }
    let (a, b) = (pair.alpha.handle("ada"), pair.beta.handle("carol"));
    assert_ne!(figures(&pair.ada, &a).await, figures(&pair.carol, &a).await, "they are apart");
    pair.heal();
    for _ in 0..15 {
        pair.settle().await;
        pair.alpha.clock.advance(MINUTE);
    }
    for handle in [&a, &b] {
        assert_eq!(figures(&pair.ada, handle).await, figures(&pair.carol, handle).await, "{handle}");
    }
    assert_eq!(figures(&pair.ada, &a).await, json!([1, 1]));
    assert_eq!(figures(&pair.ada, &b).await, json!([2, 1]));
    let mut both = [home(&pair.ada).await, home(&pair.carol).await];
    both.iter_mut().for_each(|list| list.sort());
    assert_eq!(both[0], ["changed", "new here", "new there"]);
    assert_eq!(both[0], both[1]);
    assert_eq!(count(&pair.beta, "select count(*) from deliveries").await, 0);
}

#[tokio::test]
async fn rel_15_one_dead_inbox_of_500_holds_nobody_up() {
    let (names, peer) = (Names::default(), Peer::start("lists").await);
    let port = peer.authority.rsplit_once(':').unwrap().1.to_owned();
    let mut node = NodeBuilder::new("alpha").await.network(wires(&names));
    for n in 0..500 {
        node = node.knows(&format!("s{n}.test:{port}"));
    }
    let node = node.start().await;
    let ada = rows::local(&node, "ada").await;
    for n in 0..500 {
        let uri = format!("http://s{n}.test:{port}/users/zoe");
        let (domain, target) = (format!("s{n}.test:{port}"), ada.id);
        node.app
            .write(move |tx| {
                let id = tx.new_id();
                let account = watercooler::model::Account {
                    handle: format!("zoe@{domain}"),
                    domain: Some(domain),
                    inbox_url: Some(format!("{uri}/inbox")),
                    followers_url: Some(format!("{uri}/followers")),
                    uri,
                    ..watercooler::domain::accounts::blank(
                        tx,
                        id,
                        "zoe".into(),
                        watercooler::model::AccountKind::Person,
                    )
                };
                watercooler::store::actor_keys::insert_account(tx.conn, &account)?;
                Sql::new(
                    "insert into follows (id, account_id, target_id, state, show_boosts, notify, created_at) values (",
                )
                .bind(tx.new_id::<watercooler::model::Follow>())
                .with(", ", id)
                .with(", ", target)
                .with(", ", watercooler::model::FollowState::Accepted)
                .with(", ", true)
                .with(", ", false)
                .with(", ", tx.now)
                .push(")")
                .execute(tx.conn)
            })
            .await
            .unwrap();
    }
    // Its name is not answered for: nothing is known until the test says so.
    let (answer, answered) = watch::channel(false);
    names.fails("s250.test", Fault::Silent(answered));
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "Hi"), &[]).await;
    let app = node.app.clone();
    let sending = tokio::spawn(async move { watercooler::node::settle(&app).await });
    // All the others have it while that one is still waited for.
    tokio::time::timeout(Duration::from_secs(240), peer.has_received(499)).await.expect("the others wait for one");
    assert!(!sending.is_finished());
    names.heals();
    let _ = answer.send(true);
    sending.await.unwrap().unwrap();
    node.clock.advance(MINUTE);
    node.settle().await;
    assert_eq!(peer.inbox().len(), 500);
}

#[tokio::test]
async fn rel_29_where_names_are_not_answered_deliveries_wait_and_clients_do_not_notice() {
    let (names, slow, well) = (Names::default(), Peer::start("slow").await, Peer::start("well").await);
    let node = NodeBuilder::new("alpha").await.knows(&slow.authority).knows(&well.authority).network(wires(&names));
    let node = node.start().await;
    let client = node.member("bob").await;
    let bob = node.app.read(|conn| watercooler::store::accounts::find_local(conn, "bob")).await.unwrap().unwrap();
    for peer in [&slow, &well] {
        let follower = rows::remote(&node, peer, "zoe").await;
        rows::follows(&node, &follower, &bob).await;
    }
    let (answer, answered) = watch::channel(false);
    names.fails("slow.test", Fault::Silent(answered));
    write(&client, "one", "public").await;
    let app = node.app.clone();
    let sending = tokio::spawn(async move { watercooler::node::settle(&app).await });
    tokio::time::timeout(Duration::from_secs(30), well.has_received(1)).await.expect("others wait for it");
    // What people do goes on.
    assert_eq!(home(&client).await, ["one"]);
    write(&client, "two", "public").await;
    assert_eq!(home(&client).await, ["two", "one"]);
    assert!(slow.received().is_empty());
    // Then there are no names at all: it is tried again later, not given up.
    names.fails("slow.test", Fault::Down);
    let _ = answer.send(true);
    sending.await.unwrap().unwrap();
    node.app.net().configure(|_| {});
    write(&client, "three", "public").await;
    node.settle().await;
    assert!(count(&node, "select count(*) from hosts where failures > 0").await <= 1);
    names.heals();
    node.app.net().configure(|_| {});
    node.clock.advance(HOUR);
    node.settle().await;
    let texts: Vec<String> =
        slow.inbox().iter().map(|it| it["object"]["content"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts, ["<p>one</p>", "<p>two</p>", "<p>three</p>"]);
    assert_eq!(count(&node, "select count(*) from deliveries").await, 0);
}

#[tokio::test]
async fn rel_12_when_the_clock_jumps_ids_go_up_what_was_said_stays_in_order_and_what_is_due_is_done_once() {
    let peer = Peer::start("zeta").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let client = node.member("bob").await;
    let bob = node.app.read(|conn| watercooler::store::accounts::find_local(conn, "bob")).await.unwrap().unwrap();
    let zoe = rows::remote(&node, &peer, "zoe").await;
    rows::follows(&node, &zoe, &bob).await;
    let at = node.clock.now().plus_seconds(600);
    let kept = client.post("/api/v1/statuses", json!({"status": "later", "scheduled_at": at.rfc3339()})).await.ok();
    assert!(kept["scheduled_at"].is_string());
    let mut ids = Vec::new();
    // Forward and back, in the same second, not at all.
    let jumps = [0, -HOUR, 0, -1, 2 * HOUR, -HOUR, 1_000, -1_000, 0];
    for (n, jump) in jumps.into_iter().enumerate() {
        node.clock.set(node.clock.now().plus_millis(jump));
        let made = write(&client, &format!("n{n}"), "public").await;
        ids.push(made["id"].as_str().unwrap().parse::<i64>().unwrap());
        node.settle().await;
    }
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    // The waiting post came when its time had come, and not again when that came once more.
    let texts = home(&client).await;
    assert_eq!(texts.iter().filter(|text| *text == "later").count(), 1, "{texts:?}");
    let said: Vec<&String> = texts.iter().filter(|text| *text != "later").collect();
    assert_eq!(said, ["n8", "n7", "n6", "n5", "n4", "n3", "n2", "n1", "n0"]);
    // What was put off in a future that is past now is done when it comes; nothing is lost, nothing comes twice.
    node.clock.advance(3 * HOUR);
    node.settle().await;
    let sent: Vec<String> =
        peer.inbox().iter().map(|it| it["object"]["content"].as_str().unwrap().to_owned()).collect();
    let mut sorted: Vec<String> = sent.iter().filter(|text| *text != "<p>later</p>").cloned().collect();
    assert_eq!(sorted.len() + 1, sent.len(), "{sent:?}");
    sorted.dedup();
    assert_eq!(sorted, (0..9).map(|n| format!("<p>n{n}</p>")).collect::<Vec<_>>());
    // A process that starts with its clock set back does not begin below what it has written.
    node.clock.set(node.clock.now().plus_millis(-5 * HOUR));
    let token = client.token.clone().unwrap();
    let node = NodeBuilder::again(node).await.start().await;
    let again = Client::with_token(&node, &token);
    let made = write(&again, "n9", "public").await;
    assert!(made["id"].as_str().unwrap().parse::<i64>().unwrap() > *ids.last().unwrap());
    assert_eq!(home(&again).await[0], "n9");
}

#[tokio::test]
async fn rel_17_with_100_000_waiting_deliveries_a_node_answers_at_once_and_asks_no_host_more_than_twice_at_a_time() {
    const HOSTS: usize = 50;
    let names = Names::default();
    let mut node = NodeBuilder::new("alpha").await;
    for n in 0..HOSTS {
        node = node.knows(&format!("s{n}.test:1"));
    }
    let node = node.network(wires(&names)).start().await;
    let ada = rows::local(&node, "ada").await;
    let client = node.member("bob").await;
    node.settle().await;
    let (account, now) = (ada.id, node.clock.now().millis());
    node.app
        .write(move |tx| {
            Sql::new(format!(
                "insert into activities (id, uri, account_id, kind, json, created_at) \
                 values (5, 'http://alpha.test/5', {account}, 'Create', '{{}}', {now})"
            ))
            .execute(tx.conn)?;
            Sql::new(format!(
                "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000) \
                 insert into deliveries (id, activity_id, account_id, host, inbox, durable, created_at) \
                 select 1000000 + i, 5, {account}, 's' || cast(i % {HOSTS} as text) || '.test:1', \
                 'http://s' || cast(i % {HOSTS} as text) || '.test:1/inbox' || cast(i as text), true, {now} from n"
            ))
            .execute(tx.conn)
        })
        .await
        .unwrap();
    // Nobody answers.
    let (answer, answered) = watch::channel(false);
    for n in 0..HOSTS {
        names.fails(&format!("s{n}.test"), Fault::Silent(answered.clone()));
    }
    let token = client.token.clone().unwrap();
    let node = NodeBuilder::again(node).await.network(wires(&names)).start().await;
    names.1.lock().unwrap().clear();
    let client = Client::with_token(&node, &token);
    let app = node.app.clone();
    let sending = tokio::spawn(async move { watercooler::node::settle(&app).await });
    let asked = async {
        while names.1.lock().unwrap().len() < HOSTS {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asked).await.expect("every host is tried");
    // People are served while all of that waits.
    write(&client, "hello", "public").await;
    assert_eq!(home(&client).await, ["hello"]);
    let asked = names.1.lock().unwrap().clone();
    assert_eq!(asked.len(), HOSTS);
    assert!(asked.values().all(|times| *times <= 2), "{asked:?}");
    sending.abort();
    drop(answer);
}

#[tokio::test]
async fn rel_14_servers_that_are_slow_refuse_or_send_elsewhere_hold_two_connections_and_nobody_else_up() {
    let names = Names::default();
    let well = Peer::start("well").await;
    let answers = [("moved", 301), ("gone", 410), ("busy", 429), ("ill", 500), ("yes", 200)];
    let mut bad = vec![Peer::start("silent").await];
    for (name, status) in answers {
        let peer = Peer::start(name).await;
        peer.inbox_answers(status);
        bad.push(peer);
    }
    let mut node = NodeBuilder::new("alpha").await.knows(&well.authority).network(wires(&names));
    for peer in &bad {
        node = node.knows(&peer.authority);
    }
    let node = node.start().await;
    let client = node.member("bob").await;
    let bob = node.app.read(|conn| watercooler::store::accounts::find_local(conn, "bob")).await.unwrap().unwrap();
    for peer in bad.iter().chain([&well]) {
        let follower = rows::remote(&node, peer, "zoe").await;
        rows::follows(&node, &follower, &bob).await;
    }
    let (answer, answered) = watch::channel(false);
    names.fails("silent.test", Fault::Silent(answered));
    for n in 0..20 {
        write(&client, &format!("n{n}"), "public").await;
    }
    let app = node.app.clone();
    let sending = tokio::spawn(async move { watercooler::node::settle(&app).await });
    tokio::time::timeout(Duration::from_secs(60), well.has_received(20)).await.expect("a healthy one waits for others");
    assert!(names.1.lock().unwrap()["silent.test"] <= 2);
    names.heals();
    let _ = answer.send(true);
    sending.await.unwrap().unwrap();
    let texts: Vec<String> =
        well.inbox().iter().map(|it| it["object"]["content"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts, (0..20).map(|n| format!("<p>n{n}</p>")).collect::<Vec<_>>(), "once each, in order");
    // Who answers that there is no such thing for ever is asked who they are, and sent nothing more.
    let gone = bad.iter().find(|peer| peer.authority.starts_with("gone")).unwrap();
    let tries = gone.inbox().len();
    node.clock.advance(HOUR);
    node.settle().await;
    write(&client, "later", "public").await;
    node.settle().await;
    assert!(gone.inbox().len() <= tries + 1, "{tries}");
    assert!(gone.received().iter().any(|r| r.method == "GET" && r.path == "/users/zoe"));
    assert_eq!(well.inbox().len(), 21);
}
