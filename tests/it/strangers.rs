//! People of other servers whom nobody here knew, or whose keys cannot be had: what is fetched, believed and refused.

use crate::{
    inbox::{like, pair, reads},
    support::{Node, NodeBuilder, Peer, Scene, Sender, rsa},
};
use serde_json::{Value, json};
use watercooler::{
    domain::audit::Staff,
    federation::fetch::{self, Budget},
    model::Account,
    net::Severity,
    peers::{self, NewBlock},
    store,
};

async fn row(node: &Node, who: &Sender) -> Option<Account> {
    let id = who.id.clone();
    node.app.read(move |conn| store::accounts::find_by_uri(conn, &id)).await.unwrap()
}

/// The same person with another key under the same id.
fn forged(who: &Sender, key: usize) -> Sender {
    let mut forged = who.clone();
    forged.signer.key = rsa(key);
    forged
}

#[tokio::test]
async fn sec_sig_19_nothing_is_fetched_for_a_suspended_actor_whatever_the_signature() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    let id = row(&node, &ada).await.unwrap().id;
    node.app.write(move |tx| store::users::set_suspended(tx.conn, id, Some(tx.now))).await.unwrap();
    node.clock.advance(3_600_000);
    peer.forget();
    assert_eq!(forged(&ada, 1).deliver(&node, &like(&ada)).await.status, 403);
    assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 403);
    assert!(peer.received().is_empty());
}

#[tokio::test]
async fn sec_sig_20_who_is_known_to_be_gone_is_not_asked_for_when_a_signature_is_wrong() {
    let (node, peer) = pair().await;
    let (ada, bea) = (Sender::new(&peer, "ada"), Sender::new(&peer, "bea"));
    for known in [&ada, &bea] {
        known.delivers(&node, &like(known)).await;
    }
    ada.delivers(&node, &ada.activity("Delete", ada.id.clone())).await;
    node.clock.advance(301_000);
    peer.forget();
    assert_eq!(forged(&ada, 1).deliver(&node, &like(&ada)).await.status, 401);
    assert!(peer.received().is_empty(), "her own word was enough");
    // What her server said of somebody counts for a day.
    peer.serve_as("/users/bea", 410, "text/plain", "");
    for _ in 0..3 {
        assert_eq!(forged(&bea, 1).deliver(&node, &like(&bea)).await.status, 401);
        node.clock.advance(2 * 3_600_000);
    }
    assert_eq!(reads(&peer, "/users/bea"), 1);
}

#[tokio::test]
async fn fed_sigin_28_a_key_at_an_address_of_its_own_tells_nothing_of_its_owners_end() {
    let (node, peer) = pair().await;
    let mut ada = Sender::new(&peer, "ada");
    ada.signer.key_id = format!("{}/main-key", ada.id);
    let mut actor = peer.person("ada", &ada.signer.key.public_pem().unwrap());
    actor["publicKey"]["id"] = json!(ada.signer.key_id);
    peer.serve("/users/ada", actor.clone());
    peer.serve("/users/ada/main-key", actor);
    ada.delivers(&node, &like(&ada)).await;
    node.clock.advance(301_000);
    // She rotated her key and left: her server knows of neither key.
    peer.serve_as("/users/ada/main-key", 404, "text/plain", "");
    let (mut rotated, mut other) = (forged(&ada, 2), forged(&ada, 2));
    other.signer.key_id = format!("{}/other-key", ada.id);
    let end = || ada.activity("Delete", ada.id.clone());
    assert_eq!(rotated.deliver(&node, &end()).await.status, 401, "she is still there");
    assert_eq!(other.deliver(&node, &end()).await.status, 401);
    node.clock.advance(301_000);
    peer.serve_as("/users/ada", 410, "text/plain", "");
    let mut neighbour = end();
    neighbour["object"] = json!(peer.url("/users/bea"));
    assert_eq!(rotated.deliver(&node, &neighbour).await.status, 401, "only about herself");
    assert!(row(&node, &ada).await.unwrap().deleted_at.is_none());
    rotated.signer.key_id.clone_from(&other.signer.key_id);
    assert_eq!(rotated.deliver(&node, &end()).await.status, 202);
    assert!(row(&node, &ada).await.unwrap().deleted_at.is_some());
}

#[tokio::test]
async fn sec_sig_23_a_second_key_dies_when_its_owner_does_not_list_it_any_more() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    let mut second = forged(&ada, 1);
    second.signer.key_id = format!("{}#second", ada.id);
    let key = |of: &Sender| json!({ "id": of.signer.key_id, "owner": ada.id, "publicKeyPem": of.signer.key.public_pem().unwrap() });
    let mut actor = peer.person("ada", &ada.signer.key.public_pem().unwrap());
    actor["publicKey"] = json!([key(&ada), key(&second)]);
    peer.serve("/users/ada", actor.clone());
    for signer in [&ada, &second, &ada, &second] {
        signer.delivers(&node, &like(signer)).await;
    }
    assert_eq!(reads(&peer, "/users/ada"), 2, "one for each key");
    actor["publicKey"] = json!([key(&ada)]);
    peer.serve("/users/ada", actor);
    // She acts a day later, and is read again.
    node.clock.advance(25 * 3_600_000);
    ada.delivers(&node, &like(&ada)).await;
    node.settle().await;
    assert_eq!(second.deliver(&node, &like(&second)).await.status, 401);
    ada.delivers(&node, &like(&ada)).await;
}

fn silence(domain: &str) -> NewBlock {
    NewBlock {
        domain: domain.to_owned(),
        severity: Severity::Silence,
        reject_media: false,
        reject_reports: false,
        comment: String::new(),
        ..NewBlock::default()
    }
}

/// Object ids in the timeline of everything public, newest first.
async fn everybody(s: &Scene) -> Vec<String> {
    let list = s.bob.get("/api/v1/timelines/public?remote=true").await.ok();
    list.as_array().unwrap().iter().map(|s| s["uri"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn fed_mod_06_a_silenced_domain_is_silent_about_what_was_there_and_who_comes_later() {
    let s = Scene::new().await;
    s.follows(&s.carol, &s.vera).await;
    let before = s.creates(&s.vera, &s.note(&s.vera, "before", "x")).await;
    let mut answer = s.note(&s.vera, "answer", "x");
    answer["inReplyTo"] = json!(s.writes(&s.carol, "public", "mine").await);
    s.creates(&s.vera, &answer).await;
    let ours = s.creates(&s.ada, &s.note(&s.ada, "1", "x")).await;
    let mut both = vec![ours.clone(), before.clone()];
    both.sort();
    let listed = async || {
        let mut list = everybody(&s).await;
        list.sort();
        list
    };
    assert_eq!(listed().await, both);
    peers::block(&s.node.app, Staff::console(), silence("west.test")).await.unwrap();
    assert_eq!(listed().await, std::slice::from_ref(&ours), "what was there is not listed any more");
    // Somebody nobody knew, by what they send; another by a search.
    let (late, found) = (Sender::new(&s.west, "late"), Sender::new(&s.west, "found"));
    s.meet(&late).await;
    let handle = format!("found@{}", s.west.authority);
    s.bob.get(&format!("/api/v2/search?resolve=true&type=accounts&q={handle}")).await.ok();
    s.follows(&s.carol, &late).await;
    let after = s.creates(&late, &s.note(&late, "after", "x")).await;
    for newcomer in [&late, &found] {
        assert!(s.account(newcomer).await.silenced_at.is_some(), "{}", newcomer.id);
    }
    assert!(s.post(&after).await.is_some() && listed().await == [ours.clone()]);
    peers::unblock(&s.node.app, Staff::console(), "west.test").await.unwrap();
    both.push(after);
    both.sort();
    assert_eq!(listed().await, both, "and all of it is back, the answer where it was");
    assert!(s.account(&late).await.silenced_at.is_none());
}

#[tokio::test]
async fn fed_post_06_people_named_in_a_post_become_known_and_nobody_is_told() {
    let s = Scene::new().await;
    let (yuri, xenia) = (Sender::new(&s.west, "yuri"), Sender::new(&s.west, "xenia"));
    let names = |who: &Sender| json!([{ "type": "Mention", "href": who.id, "name": "@somebody" }]);
    let mut note = s.note(&s.ada, "1", "hello yuri");
    note["tag"] = names(&yuri);
    note["cc"] = json!([yuri.id, format!("{}/followers", s.ada.id)]);
    let id = s.creates(&s.ada, &note).await;
    let seen = s.status(&s.bob, &id).await;
    assert_eq!(seen["mentions"][0]["acct"], format!("yuri@{}", s.west.authority), "{}", seen["mentions"]);
    assert!(s.told(&s.bob).await.is_empty());
    // Of what is only passed on the way nobody is asked for.
    let mut root = s.note(&s.vera, "root", "hello xenia");
    root["tag"] = names(&xenia);
    s.west.serve("/users/vera/notes/root", root.clone());
    let mut answer = s.note(&s.ada, "2", "an answer");
    answer["inReplyTo"] = root["id"].clone();
    s.creates(&s.ada, &answer).await;
    assert!(s.post(root["id"].as_str().unwrap()).await.is_some());
    assert_eq!(reads(&s.west, "/users/xenia"), 0);
    // Whoever cannot be had is left out.
    let mut broken = s.note(&s.ada, "3", "hello nobody");
    broken["tag"] = json!([{ "type": "Mention", "href": s.west.url("/users/nobody"), "name": "@nobody" }]);
    let id = s.creates(&s.ada, &broken).await;
    assert_eq!(s.status(&s.bob, &id).await["mentions"], json!([]));
}

#[tokio::test]
async fn sec_net_18_two_thousand_names_in_one_post_cost_twenty_fetches_at_most() {
    let s = Scene::new().await;
    let mut note = s.note(&s.ada, "crowd", "hello everybody");
    let name = |n: usize| json!({ "type": "Mention", "href": s.west.url(&format!("/users/u{n}")), "name": "@u" });
    note["tag"] = (0..2_000).map(name).collect();
    note["cc"] = json!([s.uri(&s.bob)]);
    s.west.forget();
    let id = s.creates(&s.ada, &note).await;
    assert!(s.post(&id).await.is_some(), "the post itself is taken");
    let asked = s.west.received().iter().filter(|request| request.method == "GET").count();
    assert!((1..=20).contains(&asked), "{asked} fetches");
}

#[tokio::test]
async fn fed_coll_05_a_long_collection_on_one_page_is_read_and_nothing_else_of_that_length() {
    let (node, peer) = pair().await;
    let items: Vec<String> = (0..3_000).map(|n| peer.url(&format!("/notes/{n}"))).collect();
    let document = |path: &str, kind: &str| {
        peer.serve(path, json!({ "id": peer.url(path), "type": kind, "orderedItems": items, "content": "x" }));
        peer.url(path)
    };
    let budget = || Budget::of_activity();
    let list = fetch::document(&node.app, &document("/list", "OrderedCollection"), &budget()).await.unwrap();
    assert_eq!(list.json.values("orderedItems").count(), 3_000);
    assert!(fetch::document(&node.app, &document("/note", "Note"), &budget()).await.is_err());
}

#[tokio::test]
async fn sec_lim_14_a_domain_with_subdomains_without_end_does_not_fill_the_database_and_harms_nobody_else() {
    let (one, two, other) = (Peer::start("one.evil").await, Peer::start("two.evil").await, Peer::start("good").await);
    let node = NodeBuilder::new("alpha").await.knows(&one.authority).knows(&two.authority).knows(&other.authority);
    // Servers with an entry, as all in these tests, have ten times as many.
    let node = node.config(|config| config.federation.new_actors_per_hour = 1).start().await;
    let people: Vec<Sender> =
        (0..10).map(|n| Sender::new(if n % 2 == 0 { &one } else { &two }, &format!("person{n}"))).collect();
    for somebody in &people {
        somebody.delivers(&node, &like(somebody)).await;
    }
    let late = Sender::new(&one, "late");
    let reply = late.deliver(&node, &like(&late)).await;
    assert_eq!((reply.status, reply.json()), (429, json!({ "error": "rate_limit" })));
    let wait: i64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=3_600).contains(&wait), "{wait}");
    assert_eq!((reads(&one, "/users/late"), row(&node, &late).await.is_none()), (0, true), "not even asked for");
    // Not through what a key at an address of its own leads to, either.
    let mut elsewhere = Sender::new(&two, "elsewhere");
    elsewhere.signer.key_id = format!("{}/main-key", elsewhere.id);
    let mut actor = two.person("elsewhere", &elsewhere.signer.key.public_pem().unwrap());
    actor["publicKey"]["id"] = json!(elsewhere.signer.key_id);
    two.serve("/users/elsewhere", actor.clone());
    two.serve("/users/elsewhere/main-key", actor);
    assert_eq!(elsewhere.deliver(&node, &like(&elsewhere)).await.status, 503);
    assert!(row(&node, &elsewhere).await.is_none());
    // Whoever is known goes on, also with a new key; other domains do not notice.
    people[0].delivers(&node, &like(&people[0])).await;
    let mut rotated = forged(&people[1], 1);
    rotated.signer.key_id = format!("{}#second-key", rotated.id);
    let mut actor = two.person("person1", &rotated.signer.key.public_pem().unwrap());
    actor["publicKey"]["id"] = json!(rotated.signer.key_id);
    two.serve("/users/person1", actor);
    rotated.delivers(&node, &like(&rotated)).await;
    let stranger = Sender::new(&other, "stranger");
    stranger.delivers(&node, &like(&stranger)).await;
    // Later there is room again.
    node.clock.advance((wait + 1) * 1_000);
    late.delivers(&node, &like(&late)).await;
}
