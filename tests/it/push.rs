//! Web Push against a push service of our own, which decrypts what it is sent and checks who vouches for it.

use crate::{
    leavers::{boss, leaves},
    push_device::{Device, bytes, text},
    support::{Client, NOW, Node, NodeBuilder, Peer, Received, settle},
};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use watercooler::{
    config::{FederationPolicy, Scheme},
    db::Sql,
    domain::{
        audit::Staff,
        severances::{self, Lost},
        warnings,
    },
    id::Id,
    model::{Account, Follow, FollowState, SeveranceKind, WarningAction},
    net::Peer as Door,
};

const PATH: &str = "/api/v1/push/subscription";

/// A node and a push service, which is a relay of its settings: tests have no public addresses.
struct World {
    node: Node,
    service: Peer,
    ada: Client,
    bob: Client,
    device: Device,
}

impl World {
    async fn new() -> Self {
        let (node, service) = (Node::start().await, Peer::start("push").await);
        let (host, port) = service.authority.rsplit_once(':').unwrap();
        let door = Door {
            domain: host.to_owned(),
            addresses: vec!["127.0.0.0/8".parse().unwrap()],
            port: Some(port.parse().unwrap()),
            scheme: Scheme::Http,
            ca: None,
        };
        node.app.net().configure(|config| config.relays.push(door));
        let (ada, bob) = (node.member("ada").await, node.member("bob").await);
        Self { node, service, ada, bob, device: Device::new() }
    }
    fn wish(&self, standard: bool) -> Value {
        json!({
            "subscription": { "endpoint": self.service.url("/send/1"), "keys": self.device.keys(), "standard": standard },
            "data": { "alerts": { "mention": true, "favourite": true, "status": true }, "policy": "all" },
        })
    }
    async fn subscribed() -> Self {
        let world = Self::new().await;
        world.ada.post(PATH, world.wish(true)).await.ok();
        world
    }
    async fn mention(&self, text: &str) -> String {
        let post = self.bob.post("/api/v1/statuses", json!({ "status": format!("@ada {text}") })).await.ok();
        post["id"].as_str().unwrap().to_owned()
    }
    /// The bodies of what arrived after everything due was done.
    async fn arrived(&self) -> Vec<String> {
        self.node.settle().await;
        let read = |message: &Received| self.device.read(message)["body"].as_str().unwrap().to_owned();
        self.service.received().iter().map(read).collect()
    }
    async fn count(&self, sql: &'static str) -> i64 {
        self.node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
    }
    async fn queued(&self) -> i64 {
        self.count("select count(*) from jobs where kind = 'push'").await
    }
    async fn subscriptions(&self) -> i64 {
        self.count("select count(*) from push_subscriptions").await
    }
}

#[tokio::test]
async fn a_client_subscribes_changes_its_mind_and_leaves() {
    let world = World::new().await;
    let ada = &world.ada;
    let none = ada.get(PATH).await;
    assert_eq!((none.status, none.json()["error"].as_str().unwrap().contains("not found")), (404, true));
    let made = ada.post(PATH, world.wish(true)).await.ok();
    crate::support::schema::Schema::read().assert("WebPushSubscription", &made);
    assert!(made["id"].as_i64().is_some_and(|id| 0 < id && id < 1 << 31), "{made}");
    assert_eq!(made["endpoint"], world.service.url("/send/1"));
    assert_eq!((&made["standard"], &made["policy"]), (&json!(true), &json!("all")));
    assert_eq!((&made["alerts"]["mention"], &made["alerts"]["reblog"]), (&json!(true), &json!(false)));
    assert_eq!(ada.get(PATH).await.ok(), made);
    // The key is the node's, whoever asks.
    let key = made["server_key"].clone();
    assert_eq!(bytes(key.as_str().unwrap()).len(), 65);
    assert_eq!(ada.get("/api/v2/instance").await.ok()["configuration"]["vapid"]["public_key"], key);
    assert_eq!(ada.get("/api/v1/instance").await.ok()["configuration"]["vapid"]["public_key"], key);
    let app = ada.post("/api/v1/apps", json!({ "client_name": "x", "redirect_uris": "a://b" })).await.ok();
    assert_eq!(app["vapid_key"], key);
    // As a form, with brackets; what is not named is off, and what is not said stays.
    let change = [("data[alerts][follow]", "true"), ("data[alerts][admin.sign_up]", "1"), ("data[policy]", "follower")];
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(change).finish();
    let request = ada.request("PUT", PATH).header("content-type", "application/x-www-form-urlencoded").body(form);
    let changed = ada.send(request).await.ok();
    let on: Vec<&str> =
        changed["alerts"].as_object().unwrap().iter().filter(|(_, on)| **on == true).map(|(k, _)| k.as_str()).collect();
    assert_eq!(on, ["admin.sign_up", "follow"]);
    assert_eq!(
        (&changed["policy"], &changed["id"], &changed["standard"]),
        (&json!("follower"), &made["id"], &json!(true))
    );
    let beside = ada.put(PATH, json!({ "policy": "none" })).await.ok();
    assert_eq!((&beside["policy"], &beside["alerts"]["follow"]), (&json!("none"), &json!(true)));
    assert_eq!(ada.put(PATH, json!({ "data": { "policy": "everybody" } })).await.status, 422);
    // Another one takes its place; another token has its own.
    let again = ada.post(PATH, world.wish(false)).await.ok();
    assert!(again["id"].as_i64() > made["id"].as_i64() && again["standard"] == false, "{again}");
    let token = world.node.token(ada.id.parse().unwrap(), "read push").await;
    let other = Client::with_token(&world.node, &token);
    assert_eq!(other.get(PATH).await.status, 404);
    other.post(PATH, world.wish(true)).await.ok();
    assert_eq!(world.subscriptions().await, 2);
    for _ in 0..2 {
        assert_eq!(ada.delete(PATH).await.ok(), json!({}));
    }
    assert_eq!((ada.get(PATH).await.status, other.get(PATH).await.status), (404, 200));
    // Without the scope there is none.
    let reader = Client::with_token(&world.node, &world.node.token(ada.id.parse().unwrap(), "read write").await);
    assert_eq!(reader.post(PATH, world.wish(true)).await.status, 403);
}

#[tokio::test]
async fn whoever_is_put_into_a_collection_hears_what_it_is_called() {
    let world = World::new().await;
    world.ada.patch("/api/v1/accounts/update_credentials", json!({ "discoverable": true })).await.ok();
    let mut wish = world.wish(true);
    wish["data"]["alerts"] = json!({ "added_to_collection": true });
    world.ada.post(PATH, wish).await.ok();
    world.bob.post("/api/v1/collections", json!({ "name": "Torque", "account_ids": [world.ada.id] })).await.ok();
    assert_eq!(world.arrived().await, ["Torque"]);
    let told = world.device.read(&world.service.received()[0]);
    assert_eq!(told["title"], "bob has put you into a collection");
}

#[tokio::test]
async fn whoever_is_warned_or_loses_follows_hears_what_the_node_says() {
    let world = World::new().await;
    let mut wish = world.wish(true);
    wish["data"]["alerts"] = json!({ "moderation_warning": true, "severed_relationships": true });
    let made = world.ada.post(PATH, wish).await.ok();
    assert_eq!(made["alerts"]["moderation_warning"], true);
    let ada: Id<Account> = world.ada.id.parse().unwrap();
    let tells = move |tx: &mut watercooler::domain::Tx<'_>| {
        warnings::warn(tx, &Staff::console(), ada, WarningAction::Silence, "Be  kind", None)?;
        let (id, created_at) = (tx.new_id(), tx.now);
        let (state, show_boosts, notify) = (FollowState::Accepted, true, false);
        let (account_id, target_id) = (ada, ada);
        let mut lost = Lost::default();
        lost.note(
            &Follow { id, account_id, target_id, state, uri: None, show_boosts, notify, languages: None, created_at },
            false,
        );
        severances::tell(tx, SeveranceKind::DomainBlock, "bad.example", &lost)
    };
    world.node.app.write(tells).await.unwrap();
    let mut arrived = world.arrived().await;
    arrived.sort();
    assert_eq!(arrived, ["Be kind", "bad.example"]);
    let mut titles: Vec<String> = Vec::new();
    for message in world.service.received() {
        titles.push(world.device.read(&message)["title"].as_str().unwrap().to_owned());
    }
    titles.sort();
    let name = &world.node.domain;
    assert_eq!(titles, [format!("A moderation warning from {name}"), format!("You have lost follows on {name}")]);
}

#[tokio::test]
async fn what_is_no_subscription_is_refused() {
    let world = World::new().await;
    let refused = async |change: &[(&str, Value)], status: u16| {
        let mut wish = world.wish(true);
        for (pointer, value) in change {
            *wish.pointer_mut(pointer).unwrap() = value.clone();
        }
        let answer = world.ada.post(PATH, wish).await;
        assert_eq!(answer.status, status, "{change:?}: {}", answer.text);
    };
    for endpoint in [
        "nonsense",
        "http://push.example/1",
        "https://push.example:8443/1",
        "ftp://push.example/",
        "https://u:p@push.example/",
    ] {
        refused(&[("/subscription/endpoint", json!(endpoint))], 422).await;
    }
    refused(&[("/subscription/endpoint", json!(format!("https://push.example/{}", "x".repeat(3000))))], 422).await;
    refused(&[("/subscription/endpoint", json!(""))], 400).await;
    refused(&[("/subscription/keys/auth", json!("AAAA"))], 422).await;
    refused(&[("/subscription/keys/p256dh", json!(text(&[4; 65])))], 422).await;
    refused(&[("/subscription", json!("x"))], 400).await;
    assert_eq!(world.subscriptions().await, 0);
    // Any push service in public.
    refused(&[("/subscription/endpoint", json!("https://fcm.googleapis.com/fcm/send/x"))], 200).await;
    refused(&[("/subscription/endpoint", json!("https://push.example"))], 200).await;
    // Letter for letter: clients compare it with what they asked for.
    assert_eq!(world.ada.get(PATH).await.ok()["endpoint"], "https://push.example");
}

#[tokio::test]
async fn sec_net_09_push_reaches_nothing_inside_and_a_relay_only_as_it_is_named() {
    let world = World::new().await;
    for endpoint in [
        "https://10.0.0.1/".to_owned(),
        "https://127.0.0.1/".to_owned(),
        "https://[::1]/".to_owned(),
        "https://localhost/".to_owned(),
        "https://169.254.169.254/".to_owned(),
        format!("https://{}/", world.service.authority),
        world.node.url("/inbox"),
        // The relay's name on another port.
        "https://push.test/".to_owned(),
    ] {
        let mut wish = world.wish(true);
        wish["subscription"]["endpoint"] = json!(endpoint);
        let answer = world.ada.post(PATH, wish).await;
        assert_eq!(answer.status, 422, "{endpoint}: {}", answer.text);
    }
    // A public name that leads inside is not dialled.
    let mut wish = world.wish(true);
    wish["subscription"]["endpoint"] = json!("https://inside.test/");
    world.ada.post(PATH, wish).await.ok();
    world.mention("hello").await;
    assert_eq!(world.arrived().await, [""; 0]);
    assert_eq!(world.node.app.net().counts().get("private_address"), Some(&1));
    assert_eq!(world.queued().await, 0, "a refusal of ours is not tried again at once");
}

#[tokio::test]
async fn sec_lan_06_a_node_with_an_allowlist_pushes_to_its_relays_alone() {
    let node = NodeBuilder::new("alpha").await.config(|c| c.federation.policy = FederationPolicy::Allowlist);
    let node = node.start().await;
    let (ada, device) = (node.member("ada").await, Device::new());
    let door = Door { domain: "relay.corp".into(), addresses: vec!["10.0.0.0/8".parse().unwrap()], ..Door::default() };
    node.app.net().configure(|config| config.relays.push(door));
    let wish = |endpoint: &str| json!({ "subscription": { "endpoint": endpoint, "keys": device.keys() } });
    for endpoint in ["https://fcm.googleapis.com/fcm/send/x", "https://updates.push.services.mozilla.com/x"] {
        let answer = ada.post(PATH, wish(endpoint)).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
    }
    ada.post(PATH, wish("https://relay.corp/x")).await.ok();
}

#[tokio::test]
async fn a_message_arrives_once_in_the_encoding_that_was_asked_for_and_the_node_vouches_for_it() {
    for standard in [true, false] {
        let world = World::new().await;
        world.bob.patch("/api/v1/accounts/update_credentials", json!({ "display_name": "Bob <b>B.</b>" })).await.ok();
        let made = world.ada.post(PATH, world.wish(standard)).await.ok();
        world.mention("how are <you>?").await;
        let heard = world.ada.get("/api/v1/notifications").await.ok();
        assert_eq!(world.service.received().len(), 0, "a job of its own");
        world.node.settle().await;
        world.node.settle().await;
        let received = world.service.received();
        assert_eq!(received.len(), 1);
        let message = &received[0];
        assert_eq!((message.method.as_str(), message.path.as_str()), ("POST", "/send/1"));
        let said = world.device.read(message);
        let names: BTreeSet<&str> = said.as_object().unwrap().keys().map(String::as_str).collect();
        let all = ["access_token", "body", "icon", "notification_id", "notification_type", "preferred_locale", "title"];
        assert_eq!(names, all.into());
        assert_eq!(said["access_token"], json!(world.ada.token));
        assert_eq!(said["notification_id"].to_string(), heard[0]["id"].as_str().unwrap());
        assert_eq!((&said["notification_type"], &said["preferred_locale"]), (&json!("mention"), &json!("en")));
        assert_eq!(said["icon"], heard[0]["account"]["avatar_static"]);
        assert!(said["title"].as_str().unwrap().contains("mentions you"), "{said}");
        assert_eq!(said["body"], "@ada how are <you>?");
        // What push services read.
        let head = |name: &str| message.headers.get(name).map_or("", |v| v.to_str().unwrap()).to_owned();
        assert_eq!(head("content-encoding"), if standard { "aes128gcm" } else { "aesgcm" });
        assert_eq!((head("ttl"), head("urgency")), ("172800".into(), "high".into()));
        assert_eq!(head("topic").len(), 32);
        let key = made["server_key"].as_str().unwrap();
        let token = if standard {
            assert!(head("crypto-key").is_empty() && head("encryption").is_empty());
            let (token, named) = head("authorization")
                .strip_prefix("vapid t=")
                .unwrap()
                .split_once(", k=")
                .map(|(t, k)| (t.to_owned(), k.to_owned()))
                .unwrap();
            assert_eq!(named, key);
            token
        } else {
            assert!(head("crypto-key").ends_with(&format!(";p256ecdsa={key}")), "{}", head("crypto-key"));
            head("authorization").strip_prefix("WebPush ").unwrap().to_owned()
        };
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes(key));
        public.verify(signed.as_bytes(), &bytes(signature)).expect("the node's own signature");
        let (head, claims) = signed.split_once('.').unwrap();
        let read = |part: &str| serde_json::from_slice::<Value>(&bytes(part)).unwrap();
        assert_eq!(read(head), json!({ "typ": "JWT", "alg": "ES256" }));
        let claims = read(claims);
        assert_eq!(claims["aud"], world.service.url(""));
        let ahead = claims["exp"].as_i64().unwrap() - NOW.seconds();
        assert!(0 < ahead && ahead <= 86_400, "{claims}");
        assert!(
            claims["sub"].as_str().is_some_and(|sub| sub.starts_with("mailto:") || sub.contains("://")),
            "{claims}"
        );
    }
}

#[tokio::test]
async fn only_what_was_asked_for_and_from_whom_is_sent() {
    let world = World::subscribed().await;
    let (ada, bob) = (&world.ada, &world.bob);
    let post = ada.post("/api/v1/statuses", json!({ "status": "mine" })).await.ok();
    let act = async |verb: &str| {
        let path = format!("/api/v1/statuses/{}/{verb}", post["id"].as_str().unwrap());
        bob.post(&path, json!({})).await.ok();
    };
    act("favourite").await;
    act("reblog").await;
    assert_eq!(world.arrived().await, ["mine"]);
    let policy = async |word: &str| {
        ada.put(PATH, json!({ "data": { "policy": word } })).await.ok();
        world.service.forget();
    };
    let follow = async |who: &Client, whom: &Client| {
        who.post(&format!("/api/v1/accounts/{}/follow", whom.id), json!({})).await.ok();
    };
    policy("none").await;
    world.mention("1").await;
    assert_eq!(world.arrived().await, [""; 0]);
    policy("followed").await;
    world.mention("2").await;
    assert_eq!(world.arrived().await, [""; 0]);
    follow(ada, bob).await;
    world.mention("3").await;
    assert_eq!(world.arrived().await, ["@ada 3"]);
    policy("follower").await;
    world.mention("4").await;
    assert_eq!(world.arrived().await, [""; 0]);
    follow(bob, ada).await;
    world.mention("5").await;
    assert_eq!(world.arrived().await, ["@ada 5"]);
}

#[tokio::test]
async fn what_its_reader_does_not_want_or_may_not_see_any_more_is_not_sent() {
    let world = World::subscribed().await;
    let (ada, bob) = (&world.ada, &world.bob);
    // Kept back by policy.
    ada.patch("/api/v2/notifications/policy", json!({ "for_not_following": "filter" })).await.ok();
    world.mention("held").await;
    assert_eq!(world.queued().await, 0);
    ada.patch("/api/v2/notifications/policy", json!({ "for_not_following": "accept" })).await.ok();
    // Filtered.
    let keywords = json!([{ "keyword": "spoiler", "whole_word": false }]);
    let filter = json!({ "title": "x", "context": ["notifications"], "keywords_attributes": keywords });
    ada.post("/api/v2/filters", filter).await.ok();
    world.mention("a spoiler").await;
    // Deleted, and for others, before it is sent.
    let gone = world.mention("gone").await;
    assert!(world.queued().await >= 1);
    bob.delete(&format!("/api/v1/statuses/{gone}")).await.ok();
    // A muted thread.
    let muted = world.mention("muted").await;
    ada.post(&format!("/api/v1/statuses/{muted}/mute"), json!({})).await.ok();
    assert_eq!(world.arrived().await, [""; 0]);
    world.mention("seen").await;
    assert_eq!(world.arrived().await, ["@ada seen"]);
    // Blocked between the two.
    world.service.forget();
    world.mention("blocked").await;
    ada.post(&format!("/api/v1/accounts/{}/block", bob.id), json!({})).await.ok();
    assert_eq!(world.arrived().await, [""; 0]);
    ada.post(&format!("/api/v1/accounts/{}/unblock", bob.id), json!({})).await.ok();
    ada.post(&format!("/api/v1/accounts/{}/mute", bob.id), json!({})).await.ok();
    world.mention("muted").await;
    assert_eq!(world.queued().await, 0);
    ada.post(&format!("/api/v1/accounts/{}/unmute", bob.id), json!({})).await.ok();
    // What is older than two days is no news.
    world.mention("late").await;
    world.node.clock.advance(3 * 86_400_000);
    assert_eq!(world.arrived().await, [""; 0]);
    assert_eq!(world.queued().await, 0);
}

#[tokio::test]
async fn sec_oau_13_a_subscription_ends_with_its_token_its_app_and_its_account() {
    let world = World::new().await;
    let node = &world.node;
    let app = Client::anonymous(node)
        .post("/api/v1/apps", json!({ "client_name": "x", "redirect_uris": "a://b" }))
        .await
        .ok();
    let boss = boss(node).await;
    let person = async |name: &str| {
        let client = node.member(name).await;
        client.post(PATH, world.wish(true)).await.ok();
        client
    };
    let write = async |who: &str| {
        let text = format!("@{who} hello");
        world.bob.post("/api/v1/statuses", json!({ "status": text })).await.ok();
    };
    // A token that is revoked.
    let carl = person("carl").await;
    write("carl").await;
    let revoked = json!({ "token": carl.token, "client_id": app["client_id"], "client_secret": app["client_secret"] });
    Client::anonymous(node).post("/oauth/revoke", revoked).await;
    let id: watercooler::id::Id<watercooler::model::Account> = carl.id.parse().unwrap();
    let all = move |tx: &mut watercooler::domain::Tx<'_>| {
        let tokens = watercooler::store::oauth::list_tokens(tx.conn, id)?;
        let ids: Vec<_> = tokens.iter().map(|token| token.id).collect();
        watercooler::store::oauth::delete_tokens(tx.conn, &ids)
    };
    node.app.write(all).await.unwrap();
    // Somebody who leaves, with a message under way; and one who is suspended, locked out, deleted.
    let dora = person("dora").await;
    write("dora").await;
    assert_eq!(world.queued().await, 2);
    leaves(&boss, &dora).await;
    assert_eq!(world.subscriptions().await, 0);
    for (name, verb) in [("emil", "suspend"), ("fred", "disable")] {
        let who = person(name).await;
        write(name).await;
        let path = format!("/api/v1/admin/accounts/{}/action", who.id);
        boss.post(&path, json!({ "type": verb })).await.ok();
        assert_eq!(world.subscriptions().await, 0, "{verb}");
    }
    node.settle().await;
    assert_eq!((world.service.received().len(), world.queued().await), (0, 0));
}

#[tokio::test]
async fn an_endpoint_that_is_gone_ends_its_subscription() {
    for status in [404, 410] {
        let world = World::subscribed().await;
        world.service.inbox_answers(status);
        world.mention("hello").await;
        world.node.settle().await;
        assert_eq!((world.service.received().len(), world.subscriptions().await, world.queued().await), (1, 0, 0));
        assert_eq!(world.ada.get(PATH).await.status, 404);
    }
}

#[tokio::test]
async fn a_push_service_that_refuses_is_left_alone_until_its_client_comes_back_or_a_day_has_passed() {
    let world = World::subscribed().await;
    world.service.inbox_answers(403);
    world.mention("1").await;
    world.mention("2").await;
    world.node.settle().await;
    assert_eq!(world.service.received().len(), 1, "the second one is not sent any more");
    world.mention("3").await;
    assert_eq!(world.queued().await, 0);
    world.ada.get(PATH).await.ok();
    // The client says again what it wants.
    world.service.inbox_answers(201);
    world.service.forget();
    world.ada.put(PATH, json!({ "data": { "alerts": { "mention": true } } })).await.ok();
    world.mention("4").await;
    assert_eq!(world.arrived().await, ["@ada 4"]);
    // Or a day has passed; ten days of nothing but refusals are the end.
    world.service.inbox_answers(400);
    for day in 1..=10 {
        assert_eq!(world.subscriptions().await, 1, "day {day}");
        world.mention(&format!("day {day}")).await;
        world.node.settle().await;
        world.node.clock.advance(86_400_000);
    }
    assert_eq!(world.subscriptions().await, 0);
}

#[tokio::test]
async fn a_push_service_in_trouble_is_tried_again_ever_more_seldom_and_then_not_any_more() {
    let world = World::subscribed().await;
    world.service.inbox_answers(503);
    world.mention("hello").await;
    let mut tries = Vec::new();
    for _ in 0..100 {
        world.node.settle().await;
        tries.push(world.service.received().len());
        if world.queued().await == 0 {
            break;
        }
        world.node.clock.advance(if tries.len() < 40 { 60_000 } else { 1_800_000 });
    }
    assert_eq!(tries.last(), Some(&8));
    assert_eq!((tries[1], tries[2], tries[9], tries[30]), (2, 2, 3, 4), "30 s, 2 min, 8 min, 32 min later");
    assert_eq!((world.queued().await, world.subscriptions().await), (0, 1));
    // And what comes later arrives.
    world.service.inbox_answers(201);
    world.service.forget();
    world.node.clock.advance(86_400_000);
    world.mention("again").await;
    assert_eq!(world.arrived().await, ["@ada again"]);
    assert_eq!(world.count("select failures from push_subscriptions").await, 0);
}

#[tokio::test]
async fn no_flood_of_messages_and_no_crowd_of_subscriptions() {
    let world = World::subscribed().await;
    let sql = format!("update push_subscriptions set sent = 299, hour = {}", NOW.seconds() / 3_600);
    world.node.app.write(move |tx| Sql::new(sql).execute(tx.conn)).await.unwrap();
    world.mention("300").await;
    assert_eq!(world.arrived().await, ["@ada 300"]);
    world.mention("301").await;
    assert_eq!(world.arrived().await, ["@ada 300"]);
    world.node.clock.advance(3_600_000);
    world.mention("later").await;
    assert_eq!(world.arrived().await, ["@ada 300", "@ada later"]);
    for _ in 0..25 {
        let token = world.node.token(world.ada.id.parse().unwrap(), "push").await;
        Client::with_token(&world.node, &token).post(PATH, world.wish(true)).await.ok();
    }
    assert_eq!(world.subscriptions().await, 20);
    assert_eq!(world.ada.get(PATH).await.status, 404, "the oldest one ended");
}

#[tokio::test]
async fn a_mention_from_another_node_is_pushed_too() {
    let (alpha, beta) = Node::two().await;
    let service = Peer::start("push").await;
    let (host, port) = service.authority.rsplit_once(':').unwrap();
    let door = Door {
        domain: host.to_owned(),
        addresses: vec!["127.0.0.0/8".parse().unwrap()],
        port: Some(port.parse().unwrap()),
        scheme: Scheme::Http,
        ca: None,
    };
    alpha.app.net().configure(|config| config.relays.push(door));
    let (ada, bob, device) = (alpha.member("ada").await, beta.member("bob").await, Device::new());
    let endpoint = service.url("/x");
    let wish = json!({ "subscription": { "endpoint": endpoint, "keys": device.keys() }, "data": { "alerts": { "mention": true } } });
    ada.post(PATH, wish).await.ok();
    let handle = alpha.handle("ada");
    bob.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@{handle}")).await.ok();
    bob.post("/api/v1/statuses", json!({ "status": format!("@{handle} hello") })).await.ok();
    settle(&[&alpha, &beta]).await;
    let received = service.received();
    assert_eq!(received.len(), 1);
    let said = device.read(&received[0]);
    assert_eq!(said["access_token"], json!(ada.token));
    assert!(said["title"].as_str().unwrap().starts_with("bob "), "{said}");
}
