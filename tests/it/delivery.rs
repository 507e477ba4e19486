//! Activities on their way to other servers, against scripted ones.

use crate::support::{Node, NodeBuilder, Peer, rows};
use serde_json::{Value, json};
use watercooler::{
    crypto::PublicKey,
    db::Sql,
    domain::{Fact, follows},
    federation::{
        own_keys,
        signatures::{self, Incoming, OwnNames},
    },
    model::{Account, Visibility},
    store,
};

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A node with ada, whom zoe and yan on one scripted server follow.
pub struct Scene {
    pub node: Node,
    pub peer: Peer,
    pub ada: Account,
    pub zoe: Account,
    pub yan: Account,
}

pub async fn scene() -> Scene {
    let peer = Peer::start("zeta").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let ada = rows::local(&node, "ada").await;
    let (zoe, yan) = (rows::remote(&node, &peer, "zoe").await, rows::remote(&node, &peer, "yan").await);
    rows::follows(&node, &zoe, &ada).await;
    rows::follows(&node, &yan, &ada).await;
    node.settle().await;
    Scene { node, peer, ada, zoe, yan }
}

pub async fn waiting(node: &Node) -> i64 {
    node.app.read(|conn| store::deliveries::count_waiting(conn, None)).await.unwrap()
}

/// Where each request went, and the type of its activity.
pub fn sent(peer: &Peer) -> Vec<(String, String)> {
    let posts = peer.received().into_iter().filter(|r| r.method == "POST");
    posts.map(|r| (r.path.clone(), r.json()["type"].as_str().unwrap_or_default().to_owned())).collect()
}

pub fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[tokio::test]
async fn fed_dlv_06_fed_out_06_followers_on_one_server_cost_one_request_to_its_shared_inbox() {
    let Scene { node, peer, ada, .. } = scene().await;
    let post = rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "Hi"), &[]).await;
    node.settle().await;
    assert_eq!(sent(&peer), pairs(&[("/inbox", "Create")]));
    let create = &peer.inbox()[0];
    assert_eq!(create["id"], format!("{}/activity", post.uri));
    assert_eq!(create["to"], json!([PUBLIC]));
    assert_eq!(create["cc"], json!([format!("{}/followers", ada.uri)]));
    assert_eq!(create["object"]["content"], "<p>Hi</p>");
    assert_eq!(create["object"]["attributedTo"], ada.uri);
    assert_eq!(create["object"]["to"], create["to"]);
    assert_eq!(create["object"]["url"], node.url(&format!("/@ada/{}", post.id)));
    assert_eq!(waiting(&node).await, 0);
    assert!(!create.to_string().contains("\"bcc\"") && !create.to_string().contains("\"bto\""));
}

#[tokio::test]
async fn fed_out_03_sec_prv_09_a_direct_post_goes_to_the_personal_inbox_of_each_person_mentioned() {
    let Scene { node, peer, ada, zoe, yan } = scene().await;
    let note = rows::post(&node, &ada, 1, Visibility::Direct, "psst");
    rows::publish(&node, note, &[&zoe, &yan]).await;
    node.settle().await;
    let mut to = sent(&peer);
    to.sort();
    assert_eq!(to, pairs(&[("/users/yan/inbox", "Create"), ("/users/zoe/inbox", "Create")]));
    let create = &peer.inbox()[0];
    assert_eq!(create["to"].as_array().map(Vec::len), Some(2));
    assert_eq!(create["cc"], json!([]));
    assert_eq!(create["object"]["tag"][0]["name"], format!("@zoe@{}", peer.authority));
}

#[tokio::test]
async fn fed_out_02_each_visibility_is_addressed_alike_in_activity_and_object() {
    let Scene { node, peer, ada, zoe, .. } = scene().await;
    let followers = format!("{}/followers", ada.uri);
    for (n, (visibility, to, cc)) in [
        (Visibility::Public, json!([PUBLIC]), json!([followers, zoe.uri])),
        (Visibility::Unlisted, json!([followers]), json!([PUBLIC, zoe.uri])),
        (Visibility::Private, json!([followers]), json!([zoe.uri])),
        (Visibility::Direct, json!([zoe.uri]), json!([])),
    ]
    .into_iter()
    .enumerate()
    {
        peer.forget();
        rows::publish(&node, rows::post(&node, &ada, n as i64 + 1, visibility, "Hi"), &[&zoe]).await;
        node.settle().await;
        let create = peer.inbox().into_iter().find(|a| a["type"] == "Create").unwrap();
        assert_eq!((&create["object"]["to"], &create["object"]["cc"]), (&to, &cc), "{visibility:?}");
        assert_eq!(create["to"], to, "{visibility:?}");
        assert_eq!(create["cc"], cc, "{visibility:?}");
    }
}

#[tokio::test]
async fn sec_prv_08_a_direct_post_among_people_of_this_node_never_leaves_it() {
    let Scene { node, peer, ada, .. } = scene().await;
    let bob = rows::local(&node, "bob").await;
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Direct, "here only"), &[&bob]).await;
    node.settle().await;
    assert!(sent(&peer).is_empty());
}

#[tokio::test]
async fn fed_sigout_01_a_delivery_is_signed_with_a_fresh_date_on_every_attempt() {
    let Scene { node, peer, ada, .. } = scene().await;
    peer.inbox_answers(503);
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "Hi"), &[]).await;
    node.settle().await;
    node.clock.advance(20_000);
    peer.inbox_answers(202);
    node.settle().await;
    let received = peer.received();
    assert_eq!(received.len(), 2);
    let key = own_keys::to_pem(&ada.public_key.clone().unwrap());
    let key = PublicKey::from_pem(&key).unwrap();
    let names = OwnNames::new(&peer.url("/").parse().unwrap(), &peer.authority);
    for (request, now) in received.iter().zip([node.clock.now().plus_seconds(-20), node.clock.now()]) {
        assert_eq!(request.headers["date"], now.http_date().as_str());
        assert_eq!(request.headers["content-type"], "application/activity+json");
        assert!(request.headers["digest"].to_str().unwrap().starts_with("SHA-256="));
        let signature = request.headers["signature"].to_str().unwrap();
        assert!(signature.contains(&format!("keyId=\"{}#main-key\"", ada.uri)), "{signature}");
        assert!(signature.contains("algorithm=\"rsa-sha256\""), "{signature}");
        let incoming = Incoming {
            method: "POST",
            target: &request.path,
            authority: &peer.authority,
            headers: &request.headers,
            now,
            names: &names,
        };
        let claim = signatures::read(&incoming).unwrap().remove(0);
        claim.body_fits(&request.body).unwrap();
        claim.verify(&key).unwrap();
    }
    assert_eq!(received[0].body, received[1].body);
}

#[tokio::test]
async fn fed_addr_out_04_followers_only_posts_stop_when_the_last_follower_is_gone() {
    let Scene { node, peer, ada, zoe, yan } = scene().await;
    peer.inbox_answers(500);
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "public"), &[]).await;
    rows::publish(&node, rows::post(&node, &ada, 2, Visibility::Private, "private"), &[]).await;
    node.settle().await;
    for follower in [&zoe, &yan] {
        assert_eq!(waiting(&node).await, 2);
        let (follower, ada) = (follower.id, ada.id);
        node.app.write(move |tx| follows::unfollow(tx, follower, ada)).await.unwrap();
    }
    assert_eq!(waiting(&node).await, 1);
    peer.inbox_answers(202);
    node.clock.advance(20_000);
    node.settle().await;
    assert!(peer.inbox().iter().all(|a| a["object"]["content"] != "<p>private</p>"));
    rows::publish(&node, rows::post(&node, &ada, 3, Visibility::Private, "private too"), &[]).await;
    node.settle().await;
    assert!(peer.inbox().iter().all(|a| a["object"]["content"] != "<p>private too</p>"));
}

#[tokio::test]
async fn fed_addr_out_04_who_is_named_gets_the_post_though_nobody_there_follows_any_more() {
    let Scene { node, peer, ada, zoe, yan } = scene().await;
    peer.inbox_answers(500);
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Private, "for yan"), &[&yan]).await;
    rows::publish(&node, rows::post(&node, &ada, 2, Visibility::Private, "for zoe"), &[&zoe]).await;
    node.settle().await;
    for follower in [yan.id, zoe.id] {
        let ada = ada.id;
        node.app.write(move |tx| follows::unfollow(tx, follower, ada)).await.unwrap();
    }
    assert_eq!(waiting(&node).await, 1, "what names nobody but the one who left last is taken back");
    peer.forget();
    peer.inbox_answers(202);
    node.clock.advance(20_000);
    node.settle().await;
    assert!(peer.inbox().iter().any(|a| a["object"]["content"] == "<p>for yan</p>"));
}

#[tokio::test]
async fn fed_dlv_08_a_post_deleted_before_it_was_sent_is_not_sent() {
    let Scene { node, peer, ada, .. } = scene().await;
    peer.inbox_answers(500);
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "first"), &[]).await;
    let post = rows::publish(&node, rows::post(&node, &ada, 2, Visibility::Public, "oops"), &[]).await;
    node.settle().await;
    rows::record(&node, Fact::PostDeleted(post.id)).await;
    peer.forget();
    peer.inbox_answers(202);
    node.clock.advance(20_000);
    node.settle().await;
    let inbox = peer.inbox();
    assert_eq!(inbox.iter().map(|a| a["type"].as_str().unwrap()).collect::<Vec<_>>(), ["Create", "Delete"]);
    assert_eq!(inbox[1]["object"], json!({"id": post.uri, "type": "Tombstone"}));
}

#[tokio::test]
async fn fed_out_09_a_delete_reaches_those_who_only_answered_or_boosted() {
    let Scene { node, peer, ada, .. } = scene().await;
    let other = Peer::start("eta").await;
    node.app.net().configure(|config| {
        let (host, port) = other.authority.rsplit_once(':').unwrap();
        config.peers.push(watercooler::net::Peer {
            domain: host.to_owned(),
            addresses: vec!["127.0.0.0/8".parse().unwrap()],
            port: Some(port.parse().unwrap()),
            scheme: watercooler::net::Scheme::Http,
            ca: None,
        });
    });
    let eve = rows::remote(&node, &other, "eve").await;
    let post = rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "Hi"), &[]).await;
    let mut reply = rows::post(&node, &eve, 2, Visibility::Public, "Hello");
    reply.in_reply_to_id = Some(post.id);
    rows::publish(&node, reply, &[]).await;
    node.settle().await;
    assert!(sent(&other).is_empty());
    rows::record(&node, Fact::PostDeleted(post.id)).await;
    node.settle().await;
    assert_eq!(sent(&other), pairs(&[("/inbox", "Delete")]));
    assert_eq!(sent(&peer).last().unwrap().1, "Delete");
}

#[tokio::test]
async fn fed_out_08_fed_out_09_who_got_a_post_hears_of_its_change_and_end_though_nobody_there_follows_any_more() {
    let Scene { node, peer, ada, zoe, yan } = scene().await;
    let open = rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "open"), &[]).await;
    let narrow = rows::publish(&node, rows::post(&node, &ada, 2, Visibility::Private, "narrow"), &[]).await;
    node.settle().await;
    // This one waits when the last follower goes, and never gets there.
    peer.inbox_answers(500);
    let late = rows::publish(&node, rows::post(&node, &ada, 3, Visibility::Private, "late"), &[]).await;
    node.settle().await;
    for follower in [&zoe, &yan] {
        let (follower, ada) = (follower.id, ada.id);
        node.app.write(move |tx| follows::unfollow(tx, follower, ada)).await.unwrap();
    }
    peer.inbox_answers(202);
    node.clock.advance(20_000);
    node.settle().await;
    peer.forget();
    for post in [open.id, narrow.id] {
        rows::record(&node, Fact::PostEdited { post, newly_mentioned: Vec::new(), quiet: false }).await;
    }
    node.settle().await;
    assert_eq!(sent(&peer), pairs(&[("/inbox", "Update")]), "what was for followers is for nobody there any more");
    assert_eq!(peer.inbox()[0]["object"]["id"], open.uri);
    peer.forget();
    for post in [open.id, narrow.id, late.id] {
        rows::record(&node, Fact::PostDeleted(post)).await;
    }
    node.settle().await;
    let gone: Vec<_> = peer.inbox().iter().map(|a| a["object"]["id"].clone()).collect();
    assert_eq!(gone, [open.uri, narrow.uri], "only of what was there");
}

#[tokio::test]
async fn fed_int_07_fed_dlv_06_a_boost_is_announced_to_followers_and_to_the_author_once_a_server() {
    let Scene { node, peer, ada, zoe, .. } = scene().await;
    let original = rows::publish(&node, rows::post(&node, &zoe, 1, Visibility::Public, "Nice"), &[]).await;
    let mut boost = rows::post(&node, &ada, 2, Visibility::Public, "");
    boost.uri = format!("{}/activity", boost.uri);
    boost.boost_of_id = Some(original.id);
    let boost = rows::publish(&node, boost, &[]).await;
    node.settle().await;
    // The author lives where the followers do.
    assert_eq!(sent(&peer), pairs(&[("/inbox", "Announce")]));
    let announce = &peer.inbox()[0];
    assert_eq!(announce["object"], original.uri);
    assert_eq!(announce["id"], boost.uri);
    assert_eq!(announce["cc"], json!([format!("{}/followers", ada.uri), zoe.uri]));
    peer.forget();
    rows::record(&node, Fact::PostUnboosted(boost.id)).await;
    node.settle().await;
    let undo = &peer.inbox()[0];
    assert_eq!((&undo["type"], &undo["object"]["type"]), (&json!("Undo"), &json!("Announce")));
    assert_eq!(undo["object"]["id"], boost.uri);
}

#[tokio::test]
async fn fed_fol_04_a_follow_goes_to_the_personal_inbox_and_its_undo_embeds_it() {
    let Scene { node, peer, ada, zoe, .. } = scene().await;
    let (a, z) = (ada.id, zoe.id);
    node.app.write(move |tx| follows::request(tx, a, z, &Default::default())).await.unwrap();
    node.settle().await;
    assert_eq!(sent(&peer), pairs(&[("/users/zoe/inbox", "Follow")]));
    let follow = peer.inbox()[0].clone();
    assert_eq!((&follow["actor"], &follow["object"]), (&json!(ada.uri), &json!(zoe.uri)));
    assert_eq!(follow["to"], json!([zoe.uri]));
    assert!(follow["id"].as_str().unwrap().starts_with(node.app.site().base()));
    node.app.write(move |tx| follows::unfollow(tx, a, z)).await.unwrap();
    node.settle().await;
    let undo = &peer.inbox()[1];
    assert_eq!(undo["type"], "Undo");
    assert_eq!(undo["object"]["id"], follow["id"], "fed_fol_09");
    assert_eq!(undo["object"]["object"], zoe.uri);
}

#[tokio::test]
async fn fed_fol_01_a_follow_from_elsewhere_is_accepted_in_the_followers_personal_inbox() {
    let Scene { node, peer, ada, .. } = scene().await;
    let xan = rows::remote(&node, &peer, "xan").await;
    let (x, a) = (xan.clone(), ada.clone());
    let uri = format!("{}/follows/7", xan.uri);
    let id = uri.clone();
    node.app.write(move |tx| follows::receive_request(tx, &x, &a, Some(id))).await.unwrap();
    node.settle().await;
    assert_eq!(sent(&peer), pairs(&[("/users/xan/inbox", "Accept")]));
    let accept = peer.inbox()[0].clone();
    assert_eq!(accept["actor"], ada.uri);
    assert!(accept["id"].as_str().unwrap().starts_with(node.app.site().base()));
    assert_eq!(accept["object"], json!({"id": uri, "type": "Follow", "actor": xan.uri, "object": ada.uri}));
    // Asked again: answered again (FOL-10).
    let (x, a) = (xan.clone(), ada.clone());
    node.app.write(move |tx| follows::receive_request(tx, &x, &a, Some(format!("{}/follows/8", x.uri)))).await.unwrap();
    node.settle().await;
    assert_eq!(peer.inbox()[1]["object"]["id"], format!("{}/follows/8", xan.uri));
    // Removed: told so (FOL-11).
    let (x, a) = (xan.id, ada.id);
    node.app.write(move |tx| follows::reject(tx, a, x)).await.unwrap();
    node.settle().await;
    assert_eq!(peer.inbox()[2]["type"], "Reject");
}

#[tokio::test]
async fn fed_mod_02_sec_prv_11_a_block_is_told_and_stops_what_waits() {
    let Scene { node, peer, ada, zoe, .. } = scene().await;
    peer.inbox_answers(500);
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Direct, "psst"), &[&zoe]).await;
    node.settle().await;
    peer.forget();
    let (a, z) = (ada.id, zoe.id);
    node.app.write(move |tx| follows::block(tx, a, z, None)).await.unwrap();
    peer.inbox_answers(202);
    node.clock.advance(20_000);
    node.settle().await;
    let kinds: Vec<_> = peer.inbox().iter().map(|a| a["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["Reject", "Block"]);
    node.app.write(move |tx| follows::unblock(tx, a, z)).await.unwrap();
    node.settle().await;
    let undo = peer.inbox()[2].clone();
    assert_eq!((&undo["type"], &undo["object"]["type"]), (&json!("Undo"), &json!("Block")));
}

#[tokio::test]
async fn fed_out_14_a_changed_profile_is_sent_once_a_minute_later() {
    let Scene { node, peer, ada, .. } = scene().await;
    for _ in 0..3 {
        rows::record(&node, Fact::AccountUpdated(ada.id)).await;
    }
    node.settle().await;
    assert!(sent(&peer).is_empty());
    node.clock.advance(61_000);
    node.settle().await;
    assert_eq!(sent(&peer), pairs(&[("/inbox", "Update")]));
    let update = &peer.inbox()[0];
    assert_eq!(update["object"]["id"], ada.uri);
    assert_eq!(update["object"]["type"], "Person");
    assert_eq!(update["object"]["followers"], format!("{}/followers", ada.uri));
}

#[tokio::test]
async fn fed_dlv_11_a_deleted_account_is_told_to_every_server_known_here() {
    let Scene { node, peer, ada, .. } = scene().await;
    rows::record(&node, Fact::AccountDeleted(ada.id)).await;
    node.settle().await;
    assert_eq!(sent(&peer), pairs(&[("/inbox", "Delete")]));
    assert_eq!(peer.inbox()[0]["object"], ada.uri);
}

#[tokio::test]
async fn sec_lan_09_what_waits_for_a_host_that_is_not_allowed_any_more_is_dropped() {
    let Scene { node, peer, ada, .. } = scene().await;
    peer.inbox_answers(500);
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "Hi"), &[]).await;
    node.settle().await;
    peer.forget();
    peer.inbox_answers(202);
    node.app.net().configure(|config| {
        config.peers.clear();
        config.allowlist = true;
    });
    node.settle().await;
    assert_eq!(waiting(&node).await, 0);
    node.clock.advance(3_600_000);
    node.settle().await;
    assert!(peer.received().is_empty());
}

#[tokio::test]
async fn fed_dlv_06_nothing_is_sent_to_ourselves() {
    let Scene { node, peer, ada, .. } = scene().await;
    let bob = rows::local(&node, "bob").await;
    rows::follows(&node, &bob, &ada).await;
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Public, "Hi"), &[&bob]).await;
    let hosts = node.app.read(|conn| Sql::new("select d.host from deliveries d").load_texts(conn)).await.unwrap();
    assert_eq!(hosts, std::slice::from_ref(&peer.authority));
}

#[tokio::test]
async fn a_follower_only_post_names_no_public_address() {
    let Scene { node, peer, ada, .. } = scene().await;
    rows::publish(&node, rows::post(&node, &ada, 1, Visibility::Private, "us"), &[]).await;
    node.settle().await;
    assert_eq!(sent(&peer), pairs(&[("/inbox", "Create")]));
    let create = &peer.inbox()[0];
    assert_eq!(create["to"], json!([format!("{}/followers", ada.uri)]));
    assert!(!create.to_string().contains("#Public"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fed_dlv_02_the_worker_keeps_up_with_many_posts_to_many_servers() {
    let mut peers = Vec::new();
    let mut builder = NodeBuilder::new("alpha").await.real_clock().workers();
    for n in 0..12 {
        let peer = Peer::start(&format!("p{n}")).await;
        builder = builder.knows(&peer.authority);
        peers.push(peer);
    }
    let node = builder.start().await;
    let ada = rows::local(&node, "ada").await;
    for (n, peer) in peers.iter().enumerate() {
        let follower = rows::remote(&node, peer, &format!("f{n}")).await;
        rows::follows(&node, &follower, &ada).await;
    }
    // More than a host has rows in memory, so that they are read again while they go out.
    for n in 1..=60 {
        let mut post = rows::post(&node, &ada, n, Visibility::Public, &format!("{n}"));
        post.id = watercooler::id::Id::new(post.id.raw() + (n << 16));
        post.uri = format!("{}/statuses/{}", ada.uri, post.id);
        rows::publish(&node, post, &[]).await;
    }
    let all = async {
        for peer in &peers {
            peer.has_received(60).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), all).await.expect("all of it in a minute");
    let expected: Vec<Value> = (1..=60).map(|n| json!(format!("<p>{n}</p>"))).collect();
    for peer in &peers {
        let got: Vec<Value> = peer.inbox().iter().map(|a| a["object"]["content"].clone()).collect();
        assert_eq!(got, expected, "each once and in order");
    }
}
