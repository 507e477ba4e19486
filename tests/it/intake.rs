//! What becomes of a proven delivery: its shape, its effect, repetition, the queue, and deletions of actors.

use crate::{
    inbox::{like, local, pair, reads, strangers, taken},
    support::{Node, NodeBuilder, Peer, Scene, Sender, rsa, settle},
};
use serde_json::{Value, json};
use watercooler::{
    cli::data::{DataVerb, JobsVerb},
    db::Sql,
    domain::audit::Staff,
    federation::signatures::Scheme,
    net::Severity,
    peers::{self, NewBlock},
    store,
};

#[tokio::test]
async fn fed_sigin_25_a_replay_is_acknowledged_and_has_no_second_effect() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    let letter = ada.letter(&node, "/inbox", &like(&ada));
    let all = futures_util::future::join_all((0..5).map(|_| letter.send(&node))).await;
    assert!(all.iter().all(|reply| reply.status == 202));
    assert_eq!(letter.send(&node).await.status, 202);
    assert_eq!((taken(&node).await, strangers(&node).await), (1, 1));
    assert_eq!(reads(&peer, "/users/ada"), 1, "the key was asked for once");
}

#[tokio::test]
async fn sec_sig_18_nobody_uses_up_the_id_of_another() {
    let (node, peer) = pair().await;
    let (ada, eve) = (Sender::new(&peer, "ada"), Sender::new(&peer, "eve"));
    let mut foreign = like(&eve);
    foreign["id"] = json!("https://victim.example/activities/1");
    assert_eq!(eve.deliver(&node, &foreign).await.status, 400);
    foreign["id"] = json!(node.url("/activities/1"));
    assert_eq!(eve.deliver(&node, &foreign).await.status, 400, "sec_aut_06: an id of ours");
    ada.delivers(&node, &like(&ada)).await;
    assert_eq!(taken(&node).await, 1);
}

#[tokio::test]
async fn sec_sig_20_who_is_gone_stays_gone_and_is_not_asked_for_again() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    peer.serve_as("/users/ada", 410, "text/plain", "");
    for _ in 0..3 {
        assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 401);
    }
    node.clock.advance(23 * 3_600_000);
    assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 401);
    assert_eq!(reads(&peer, "/users/ada"), 1, "a day's silence");
    assert_eq!((taken(&node).await, strangers(&node).await), (0, 0));
    // The same for a Tombstone.
    peer.serve("/users/bea", json!({ "type": "Tombstone", "id": peer.url("/users/bea") }));
    let bea = Sender { id: peer.url("/users/bea"), ..ada.clone() };
    let mut bea = bea;
    bea.signer.key_id = format!("{}#main-key", bea.id);
    assert_eq!(bea.deliver(&node, &like(&bea)).await.status, 401);
    assert_eq!(bea.deliver(&node, &like(&bea)).await.status, 401);
    assert_eq!(reads(&peer, "/users/bea"), 1);
}

/// Of somebody nobody here ever heard of, about themselves.
async fn about_itself(kind: &str) {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    let own = ada.activity(kind, ada.id.clone());
    assert_eq!(ada.deliver(&node, &own).await.status, 202);
    let embedded = ada.activity(kind, json!({ "id": ada.id, "type": "Person" }));
    assert_eq!(ada.deliver(&node, &embedded).await.status, 202);
    assert!(peer.received().is_empty(), "no fetch");
    assert_eq!((taken(&node).await, strangers(&node).await), (0, 0));
}

#[tokio::test]
async fn sec_sig_21_the_end_of_an_unknown_account_is_acknowledged_and_forgotten() {
    about_itself("Delete").await;
}

#[tokio::test]
async fn fed_sigin_27_the_update_of_an_unknown_account_is_acknowledged_and_forgotten() {
    about_itself("Update").await;
}

#[tokio::test]
async fn fed_sigin_26_a_body_of_more_than_a_mebibyte_or_with_two_opinions_is_refused() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    let mut big = like(&ada);
    big["content"] = json!("y".repeat(1 << 20));
    assert_eq!(ada.deliver(&node, &big).await.status, 413);
    let twice = like(&ada).to_string().replacen('{', &format!("{{\"actor\":\"{}\",", peer.url("/users/eve")), 1);
    assert_eq!(ada.letter_of(&node, "/inbox", twice.into_bytes()).send(&node).await.status, 400);
    assert_eq!(taken(&node).await, 0);
}

#[tokio::test]
async fn rel_16_every_order_of_arrival_ends_in_the_same_state() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    followed(&node, &ada).await;
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (number, order) in orders.into_iter().enumerate() {
        let id = peer.url(&format!("/posts/{number}"));
        let note = |text: &str, updated: Value| {
            json!({
                "id": id, "type": "Note", "attributedTo": ada.id, "content": text, "updated": updated,
                "to": "https://www.w3.org/ns/activitystreams#Public", "published": "2026-11-23T11:00:00Z",
            })
        };
        let letters = [
            ada.activity("Create", note("<p>first</p>", Value::Null)),
            ada.activity("Update", note("<p>second</p>", json!("2026-11-23T11:30:00Z"))),
            ada.activity("Delete", json!({ "id": id, "type": "Tombstone" })),
        ];
        for which in order {
            let status = ada.deliver(&node, &letters[which]).await.status;
            assert_eq!(status, 202, "{order:?}");
        }
    }
    node.settle().await;
    assert_eq!(count(&node, "select count(*) from posts").await, 0);
    // A Follow and its Undo, in both orders.
    for undone_first in [false, true] {
        let eve = Sender::new(&peer, if undone_first { "eve" } else { "pia" });
        eve.delivers(&node, &like(&eve)).await;
        let follow = eve.activity("Follow", node.url("/users/bo"));
        let undo = eve.activity("Undo", follow.clone());
        let (first, second) = if undone_first { (&undo, &follow) } else { (&follow, &undo) };
        eve.delivers(&node, first).await;
        eve.delivers(&node, second).await;
    }
    assert_eq!(count(&node, FOLLOWS).await, 1, "only the one of this test");
}

#[tokio::test]
async fn fed_sigin_28_the_deletion_of_a_known_actor_is_proven_by_its_absence() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    let mut rotated = ada.clone();
    rotated.signer.key = rsa(2);
    node.clock.advance(301_000);
    let delete = ada.activity("Delete", ada.id.clone());
    assert_eq!(rotated.deliver(&node, &delete).await.status, 401, "she is still there");
    node.clock.advance(301_000);
    peer.serve_as("/users/ada", 410, "text/plain", "");
    let delete = ada.activity("Delete", ada.id.clone());
    assert_eq!(rotated.deliver(&node, &delete).await.status, 202);
    let id = ada.id.clone();
    let row = node.app.read(move |conn| store::accounts::find_by_uri(conn, &id)).await.unwrap();
    assert!(row.is_none_or(|row| row.deleted_at.is_some()));
}

#[tokio::test]
async fn fed_rob_01_03_04_06_06b_a_body_is_small_flat_and_says_each_thing_once() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    let send = async |body: String| ada.letter_of(&node, "/inbox", body.into_bytes()).send(&node).await.status;
    let with = |more: &str| format!("{{\"type\":\"Like\",\"actor\":\"{}\",{more}}}", ada.id);
    assert_eq!(send(with(&format!("\"x\":\"{}\"", "y".repeat(1 << 20)))).await, 413);
    assert_eq!(send(with(&format!("\"x\":{}1{}", "[".repeat(100), "]".repeat(100)))).await, 400);
    assert_eq!(send(with(&format!("\"x\":{}1{}", "[".repeat(200_000), "]".repeat(200_000)))).await, 400);
    assert_eq!(send(with("\"actor\":\"https://evil.example/x\"")).await, 400, "sec_aut_15");
    for malformed in ["", "{", "[]", "7", "\"text\"", "nonsense", "{\"type\":\"Like\"}"] {
        assert_eq!(send(malformed.into()).await, 400, "{malformed}");
    }
    let broken = [b"{\"type\":\"Like\",\"actor\":\"".as_slice(), &[0xff, 0xfe], b"\"}"].concat();
    assert_eq!(ada.letter_of(&node, "/inbox", broken).send(&node).await.status, 400);
    assert_eq!(taken(&node).await, 0);
    // No id: what counts is its bytes. No context: fine. An unknown type: fine.
    assert_eq!(send(with("\"object\":\"https://elsewhere.example/1\"")).await, 202);
    assert_eq!(send(with("\"object\":\"https://elsewhere.example/1\"")).await, 202);
    assert_eq!(taken(&node).await, 1);
    ada.delivers(&node, &ada.activity("Levitate", "https://elsewhere.example/1")).await;
}

#[tokio::test]
async fn fed_sigin_15_an_inbox_takes_activities_and_is_not_read() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    for (kind, expected) in [
        ("application/activity+json", 202),
        ("Application/LD+JSON; profile=\"https://www.w3.org/ns/activitystreams\"; charset=utf-8", 202),
        ("application/json", 202),
        ("text/plain", 415),
        ("image/png", 415),
    ] {
        let content = watercooler::federation::signatures::Content {
            media_type: kind,
            sha256: watercooler::crypto::sha256(b"{}"),
        };
        let body = like(&ada).to_string().into_bytes();
        let content =
            watercooler::federation::signatures::Content { sha256: watercooler::crypto::sha256(&body), ..content };
        let url = node.url("/inbox").parse().unwrap();
        let headers = watercooler::federation::signatures::sign::sign(
            Scheme::Cavage,
            &ada.signer,
            "POST",
            &url,
            Some(content),
            node.clock.now(),
        )
        .unwrap();
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let letter = crate::support::Letter { path: "/inbox".into(), headers, body };
        assert_eq!(letter.send(&node).await.status, expected, "{kind}");
    }
    let status = crate::support::Client::anonymous(&node).get("/inbox").await.status;
    assert!(matches!(status, 403..=405), "{status}");
}

#[tokio::test]
async fn sec_lim_03_a_flood_from_one_host_is_told_to_wait() {
    use watercooler::{federation::proof, net::Purpose};
    let _ = Purpose::Key;
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    let prover = proof::prover(&node.app);
    // An unnamed host has 3,000 at once, then 50 a second.
    for _ in 0..3_000 {
        prover.charge(&node.app, "flood.example").unwrap();
    }
    let refusal = prover.charge(&node.app, "flood.example").unwrap_err();
    assert_eq!((refusal.status(), refusal.retry_after()), (429, Some(1)));
    prover.charge(&node.app, "calm.example").unwrap();
    node.clock.advance(1_000);
    prover.charge(&node.app, "flood.example").unwrap();
    ada.delivers(&node, &like(&ada)).await;
    settle(&[&node]).await;
}

async fn count(node: &Node, sql: &'static str) -> i64 {
    node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
}

async fn run(node: &Node, sql: &'static str) {
    node.app.write(move |tx| Sql::new(sql).execute(tx.conn)).await.unwrap();
}

/// Somebody here follows the sender, so that their boosts matter.
async fn followed(node: &Node, sender: &Sender) {
    local(node, "bo").await;
    sender.delivers(node, &like(sender)).await;
    run(
        node,
        "insert into follows (id, account_id, target_id, state, show_boosts, notify, created_at) \
         select 1, b.id, a.id, 1, true, false, 0 from accounts b, accounts a where b.handle = 'bo' and a.domain is not null",
    )
    .await;
}

const WAITING: &str = "select count(*) from inbox_items where parked_at is null";
const PARKED: &str = "select count(*) from inbox_items where parked_at is not null";
const FOLLOWS: &str = "select count(*) from follows";

#[tokio::test]
async fn sec_sig_18_five_equal_deliveries_have_one_effect_before_the_202() {
    let (node, peer) = pair().await;
    local(&node, "bo").await;
    let ada = Sender::new(&peer, "ada");
    let follow = ada.activity("Follow", node.url("/users/bo"));
    let letter = ada.letter(&node, "/users/bo/inbox", &follow);
    let all = futures_util::future::join_all((0..5).map(|_| letter.send(&node))).await;
    assert!(all.iter().all(|reply| reply.status == 202));
    // Nothing was settled: the transaction that stored it had the effect.
    assert_eq!((count(&node, FOLLOWS).await, count(&node, WAITING).await, taken(&node).await), (1, 0, 1));
    node.settle().await;
    let accepts = peer.inbox().iter().filter(|a| a["type"] == "Accept").count();
    assert_eq!(accepts, 1, "sec_sig_18: one effect");
    assert!(reads(&peer, "/users/ada") <= 1);
}

#[tokio::test]
async fn fed_dlv_09_what_needs_the_network_waits_in_the_database() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    followed(&node, &ada).await;
    ada.delivers(&node, &ada.activity("Announce", peer.url("/posts/1"))).await;
    assert_eq!(count(&node, WAITING).await, 1);
    peer.serve(
        "/posts/1",
        json!({
            "id": peer.url("/posts/1"), "type": "Note", "attributedTo": ada.id, "content": "<p>hello</p>",
            "to": "https://www.w3.org/ns/activitystreams#Public", "published": "2026-11-23T11:00:00Z",
        }),
    );
    node.settle().await;
    assert_eq!((count(&node, WAITING).await, count(&node, PARKED).await), (0, 0));
    assert_eq!(reads(&peer, "/posts/1"), 1);
}

#[tokio::test]
async fn sec_lan_09_what_waits_from_a_host_that_is_blocked_meanwhile_is_dropped() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    followed(&node, &ada).await;
    ada.delivers(&node, &ada.activity("Announce", peer.url("/posts/1"))).await;
    assert_eq!(count(&node, WAITING).await, 1);
    peer.forget();
    let block = NewBlock {
        domain: "remote.test".into(),
        severity: Severity::Suspend,
        reject_media: false,
        reject_reports: false,
        comment: String::new(),
        ..NewBlock::default()
    };
    peers::block(&node.app, Staff::console(), block).await.unwrap();
    node.settle().await;
    assert_eq!((count(&node, WAITING).await, count(&node, PARKED).await), (0, 0));
    assert_eq!(reads(&peer, "/posts/1"), 0);
}

#[tokio::test]
async fn fed_del_03_an_early_delete_holds_for_its_owner_whoever_spoke_first() {
    let s = Scene::new().await;
    for (name, speakers, stays) in [
        ("1", vec![&s.mallory], true),
        ("2", vec![&s.mallory, &s.ada], false),
        ("3", vec![&s.ada, &s.mallory], false),
        ("4", vec![&s.mallory, &s.ada, &s.mallory], false),
    ] {
        let note = s.note(&s.ada, name, "x");
        for who in speakers {
            s.sends(who, &who.activity("Delete", note["id"].clone())).await;
        }
        let id = s.creates(&s.ada, &note).await;
        assert_eq!(s.post(&id).await.is_some(), stays, "{name}");
    }
    // Hours later it may come after all; said again, it is remembered again.
    let note = s.note(&s.ada, "5", "x");
    for _ in 0..2 {
        s.node.clock.advance(7 * 3_600_000);
        s.sends(&s.ada, &s.ada.activity("Delete", note["id"].clone())).await;
    }
    let mut late = note.clone();
    late["published"] = json!(s.node.clock.now().rfc3339());
    let id = s.creates(&s.ada, &late).await;
    assert!(s.post(&id).await.is_none());
}

#[tokio::test]
async fn rel_18_a_poisonous_activity_is_parked_and_others_flow() {
    let (node, peer) = pair().await;
    local(&node, "bo").await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    // Every Follow fails here, whatever is tried.
    run(&node, "alter table follows rename to follows_away").await;
    ada.delivers(&node, &ada.activity("Follow", node.url("/users/bo"))).await;
    assert_eq!(count(&node, WAITING).await, 1, "acknowledged means stored");
    for _ in 0..6 {
        node.settle().await;
        node.clock.advance(600_000);
        ada.delivers(&node, &like(&ada)).await;
    }
    assert_eq!((count(&node, WAITING).await, count(&node, PARKED).await), (0, 1));
    let parked = node.app.read(|conn| store::inbox::parked(conn, 10)).await.unwrap();
    assert!(parked[0].last_error.as_deref().is_some_and(|e| e.contains("follows")), "{parked:?}");
    assert_eq!(parked[0].attempts, 5);
    run(&node, "alter table follows_away rename to follows").await;
    // As `watercooler jobs retry NUMBER` does.
    let verb = DataVerb::Jobs(JobsVerb::Retry { id: Some(parked[0].id.to_string()), all: false });
    let retried = watercooler::cli::data::run(&node.app, verb).await.map_err(|e| format!("{e:?}")).unwrap();
    assert_eq!(retried["retried"], 1);
    node.settle().await;
    assert_eq!((count(&node, FOLLOWS).await, count(&node, PARKED).await, count(&node, WAITING).await), (1, 0, 0));
}

#[tokio::test]
async fn rel_03_a_queued_activity_runs_again_after_a_crash() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    followed(&node, &ada).await;
    peer.serve(
        "/posts/1",
        json!({
            "id": peer.url("/posts/1"), "type": "Note", "attributedTo": ada.id, "content": "<p>hello</p>",
            "to": "https://www.w3.org/ns/activitystreams#Public", "published": "2026-11-23T11:00:00Z",
        }),
    );
    ada.delivers(&node, &ada.activity("Announce", peer.url("/posts/1"))).await;
    // A worker took it and died.
    let taken = node.app.write(|tx| store::inbox::claim(tx.conn, tx.now, 0, &[], &[])).await.unwrap().unwrap();
    assert_eq!(taken.attempts, 1);
    peer.forget();
    node.settle().await;
    assert!(peer.received().is_empty(), "somebody holds it");
    node.clock.advance(301_000);
    let id = taken.id;
    let again = node.app.write(move |tx| store::inbox::claim(tx.conn, tx.now, 0, &[], &[id])).await.unwrap();
    assert!(again.is_none(), "whoever has it in work takes up something else");
    node.settle().await;
    assert_eq!(reads(&peer, "/posts/1"), 1);
}

/// Whether somebody is known and not deleted.
async fn is_here(node: &Node, who: &Sender) -> bool {
    let id = who.id.clone();
    let row = node.app.read(move |conn| store::accounts::find_by_uri(conn, &id)).await.unwrap();
    row.is_some_and(|row| row.deleted_at.is_none())
}

#[tokio::test]
async fn fed_sigin_28_only_the_actors_own_address_proves_its_end() {
    let (node, peer) = pair().await;
    let (ada, bea, cleo) = (Sender::new(&peer, "ada"), Sender::new(&peer, "bea"), Sender::new(&peer, "cleo"));
    for known in [&ada, &bea, &cleo] {
        known.delivers(&node, &like(known)).await;
    }
    // A page that somebody removed, named as the key of a deletion that anybody can write.
    peer.serve_as("/posts/removed", 410, "text/plain", "");
    let mut eve = ada.clone();
    (eve.signer.key, eve.signer.key_id) = (rsa(1), peer.url("/posts/removed"));
    assert_eq!(eve.deliver(&node, &ada.activity("Delete", ada.id.clone())).await.status, 401);
    // The key of a neighbour who really is gone.
    node.clock.advance(301_000);
    peer.serve_as("/users/bea", 410, "text/plain", "");
    eve.signer.key_id = bea.signer.key_id.clone();
    assert_eq!(eve.deliver(&node, &ada.activity("Delete", ada.id.clone())).await.status, 401);
    assert!(is_here(&node, &ada).await);
    // It is asked at most once in five minutes whether she is gone.
    assert!(reads(&peer, "/users/ada") <= 3);
    // Her own address says so, under whatever key; a Tombstone says the same.
    node.clock.advance(301_000);
    peer.serve_as("/users/ada", 410, "text/plain", "");
    assert_eq!(eve.deliver(&node, &ada.activity("Delete", ada.id.clone())).await.status, 202);
    assert!(!is_here(&node, &ada).await);
    node.clock.advance(301_000);
    peer.serve("/users/cleo", json!({ "id": cleo.id, "type": "Tombstone" }));
    assert_eq!(eve.deliver(&node, &cleo.activity("Delete", cleo.id.clone())).await.status, 202);
    assert!(!is_here(&node, &cleo).await);
}

#[tokio::test]
async fn fed_sigin_28_a_known_actor_is_deleted_by_the_key_that_is_stored() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    peer.serve_as("/users/ada", 404, "text/plain", "");
    peer.forget();
    ada.delivers(&node, &ada.activity("Delete", ada.id.clone())).await;
    assert!(!is_here(&node, &ada).await);
    assert!(peer.received().is_empty());
}

#[tokio::test]
async fn fed_sigin_16_the_same_rules_hold_for_personal_inboxes() {
    let (node, peer) = pair().await;
    local(&node, "bo").await;
    let ada = Sender::new(&peer, "ada");
    let letter = ada.letter(&node, "/users/bo/inbox", &like(&ada));
    assert_eq!(letter.clone().without("signature").send(&node).await.status, 401);
    let mut altered = letter.clone();
    altered.body.push(b' ');
    assert_eq!(altered.send(&node).await.status, 401);
    assert_eq!(letter.send(&node).await.status, 202);
    assert_eq!(ada.letter(&node, "/users/nobody/inbox", &like(&ada)).send(&node).await.status, 404, "fed_fol_14");
    assert_eq!(ada.letter(&node, "/actor/inbox", &like(&ada)).send(&node).await.status, 202);
    assert_eq!(taken(&node).await, 2);
}

#[tokio::test]
async fn fed_sigin_21_an_unreachable_key_host_is_503_and_one_error_silences_nobody() {
    let node = NodeBuilder::new("alpha").await.knows("away.test:1").start().await;
    let peer = Peer::start("remote").await;
    let mut ada = Sender::new(&peer, "ada");
    ada.id = "http://away.test:1/users/ada".into();
    ada.signer.key_id = format!("{}#main-key", ada.id);
    let reply = ada.deliver(&node, &like(&ada)).await;
    assert_eq!(reply.status, 503);
    assert!(!reply.header("retry-after").is_empty());

    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    peer.serve_as("/users/ada", 404, "text/plain", "");
    assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 401);
    peer.person("ada", &rsa(0).public_pem().unwrap());
    assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 401, "remembered for five minutes");
    let bob = Sender::new(&peer, "bob");
    bob.delivers(&node, &like(&bob)).await;
    node.clock.advance(301_000);
    ada.delivers(&node, &like(&ada)).await;
    peer.serve_as("/users/cleo", 500, "text/plain", "");
    let mut cleo = bob.clone();
    (cleo.id, cleo.signer.key_id) = (peer.url("/users/cleo"), peer.url("/users/cleo#main-key"));
    assert_eq!(cleo.deliver(&node, &like(&cleo)).await.status, 503);
}

#[tokio::test]
async fn fed_sigin_29_a_refused_signature_is_answered_with_what_is_wanted() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    let letter = ada.letter(&node, "/inbox", &like(&ada));
    let mut altered = letter.clone();
    altered.body.push(b' ');
    for refused in [letter.clone().without("signature"), altered] {
        let reply = refused.send(&node).await;
        assert_eq!(reply.status, 401);
        let wanted = reply.header("accept-signature");
        assert_eq!(wanted, "sig1=(\"@method\" \"@target-uri\" \"content-digest\");created;keyid");
    }
    // A signature that covers just that is taken.
    let modern = Sender { scheme: Scheme::Rfc9421, ..ada.clone() };
    assert_eq!(modern.deliver(&node, &like(&modern)).await.status, 202);
    let taken = letter.send(&node).await;
    assert_eq!((taken.status, taken.header("accept-signature")), (202, ""));
    // Reads too, where they must be signed.
    let mut reading = ada.reading(&node, "/users/bo");
    *reading.header("signature") = reading.header("signature").replace("rsa-sha256", "rsa-sha1");
    let reply = reading.send(&node).await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.header("accept-signature"), "sig1=(\"@method\" \"@target-uri\");created;keyid");
}
