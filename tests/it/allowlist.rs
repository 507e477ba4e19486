//! A node that speaks with named peers only: nothing of anybody else comes in by a side door (LAN-08). Also what no
//! visitor may make us fetch (NET-17, NET-19, NET-21).

use crate::support::{Client, Node, NodeBuilder, Peer, Sender, settle};
use serde_json::{Value, json};
use watercooler::{
    config::FederationPolicy,
    db::Sql,
    domain::audit::Staff,
    federation::{fetch::Budget, import, relays},
    model::Post,
    store,
};

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

async fn closed(peer: &Peer) -> Node {
    let closed = NodeBuilder::new("alpha").await.config(|c| c.federation.policy = FederationPolicy::Allowlist);
    closed.knows(&peer.authority).start().await
}

async fn count(node: &Node, sql: &'static str) -> i64 {
    node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
}

async fn post(node: &Node, uri: String) -> Option<Post> {
    node.app.read(move |conn| store::posts::find_by_uri(conn, &uri)).await.unwrap()
}

/// A public note of the sender.
fn note(sender: &Sender, path: &str) -> Value {
    json!({
        "id": sender.peer.url(path), "type": "Note", "attributedTo": sender.id, "content": "<p>hello</p>",
        "to": [PUBLIC], "published": "2026-11-23T11:00:00Z",
    })
}

fn create(sender: &Sender, note: &Value) -> Value {
    let mut create = sender.activity("Create", note.clone());
    create["to"] = note["to"].clone();
    create["cc"] = note["cc"].clone();
    create
}

fn gets(peer: &Peer) -> Vec<String> {
    peer.received().into_iter().filter(|r| r.method == "GET").map(|r| r.path).collect()
}

/// Somebody here follows the sender, so that what they do matters.
async fn follower(node: &Node, sender: &Sender) -> Client {
    let bo = node.member("bo").await;
    let found = import::account(&node.app, &sender.id, &Budget::of_activity()).await.unwrap();
    bo.post(&format!("/api/v1/accounts/{}/follow", found.id), json!({})).await.ok();
    node.settle().await;
    let follow = sender.peer.inbox().into_iter().find(|a| a["type"] == "Follow").unwrap();
    sender.delivers(node, &sender.activity("Accept", follow)).await;
    node.settle().await;
    bo
}

/// An outsider who serves a post, and an insider who is followed.
async fn insider_and_outsider() -> (Node, Sender, Peer, Client) {
    let (inside, outside) = (Peer::start("inside").await, Peer::start("outside").await);
    let node = closed(&inside).await;
    let ada = Sender::new(&inside, "ada");
    let eve = Sender::new(&outside, "eve");
    outside.serve("/n/1", note(&eve, "/n/1"));
    let bo = follower(&node, &ada).await;
    (node, ada, outside, bo)
}

#[tokio::test]
async fn sec_lan_08_a_boost_brings_no_post_of_an_outsider() {
    let (node, ada, outside, _) = insider_and_outsider().await;
    ada.delivers(&node, &ada.activity("Announce", outside.url("/n/1"))).await;
    let eve = outside.url("/users/eve");
    let embedded =
        json!({"id": outside.url("/n/1"), "type": "Note", "attributedTo": eve, "content": "x", "to": [PUBLIC]});
    ada.delivers(&node, &ada.activity("Announce", embedded.clone())).await;
    ada.delivers(&node, &ada.activity("Create", embedded)).await;
    node.settle().await;
    assert!(outside.received().is_empty(), "{:?}", gets(&outside));
    assert_eq!(count(&node, "select count(*) from posts").await, 0);
    assert_eq!(count(&node, "select count(*) from accounts where handle like '%outside%'").await, 0);
}

#[tokio::test]
async fn sec_lan_08_a_reply_a_mention_and_files_come_without_the_outsider() {
    let (node, ada, outside, bo) = insider_and_outsider().await;
    let mut reply = note(&ada, "/n/2");
    reply["inReplyTo"] = outside.url("/n/1").into();
    reply["quoteUrl"] = outside.url("/n/1").into();
    reply["cc"] = json!([outside.url("/users/eve")]);
    reply["attachment"] = json!([
        {"type": "Document", "mediaType": "image/png", "url": outside.url("/a.png")},
        {"type": "Document", "mediaType": "image/png", "url": ada.peer.url("/b.png")},
    ]);
    reply["tag"] = json!([
        {"type": "Mention", "href": outside.url("/users/eve"), "name": format!("@eve@{}", outside.authority)},
        {"type": "Emoji", "name": ":fox:", "icon": {"type": "Image", "url": outside.url("/fox.png")}},
    ]);
    ada.delivers(&node, &create(&ada, &reply)).await;
    node.settle().await;
    let stored = post(&node, ada.peer.url("/n/2")).await.expect("the wrapper is stored");
    assert!(outside.received().is_empty(), "{:?}", gets(&outside));
    let shown = bo.get(&format!("/api/v1/statuses/{}", stored.id)).await;
    let media = shown.ok()["media_attachments"].as_array().unwrap().len();
    assert_eq!((media, &shown.ok()["mentions"], &shown.ok()["emojis"]), (1, &json!([]), &json!([])));
    let strange = [outside.url("/a.png"), outside.url("/fox.png")];
    assert!(strange.iter().all(|url| !shown.text.contains(url)), "{}", shown.text);
    assert_eq!(count(&node, "select count(*) from accounts where handle like '%outside%'").await, 0);
}

#[tokio::test]
async fn sec_lan_08_neither_search_nor_delivery_reaches_an_outsider() {
    let (node, _, outside, bo) = insider_and_outsider().await;
    let eve = Sender::new(&outside, "eve");
    for wanted in [outside.url("/n/1"), format!("@eve@{}", outside.authority)] {
        assert!(import::lookup(&node.app, &wanted, &Budget::of_activity()).await.is_err());
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("q", &wanted)
            .append_pair("resolve", "true")
            .finish();
        let found = bo.get(&format!("/api/v2/search?{query}")).await;
        assert!(!found.text.contains("outside.test/users"), "{}", found.text);
    }
    let refused = eve.deliver(&node, &eve.activity("Follow", node.url("/users/bo"))).await;
    assert_eq!(refused.status, 403);
    assert!(outside.received().is_empty(), "{:?}", gets(&outside));
}

#[tokio::test]
async fn sec_net_17_a_thread_without_beginning_is_read_so_far_and_no_further() {
    let peer = Peer::start("remote").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let ada = Sender::new(&peer, "ada");
    for nth in 0..130 {
        let mut one = note(&ada, &format!("/n/{nth}"));
        one["inReplyTo"] = peer.url(&format!("/n/{}", nth + 1)).into();
        peer.serve(&format!("/n/{nth}"), one);
    }
    let first = import::post(&node.app, &peer.url("/n/0"), &Budget::of_activity()).await.unwrap().unwrap();
    import::ancestors(&node.app, first.id).await.unwrap();
    let read = gets(&peer).iter().filter(|path| path.starts_with("/n/")).count();
    assert!((100..=102).contains(&read), "{read}");
    // Two posts that answer one another.
    for (here, there) in [("/c/1", "/c/2"), ("/c/2", "/c/1")] {
        let mut one = note(&ada, here);
        one["inReplyTo"] = peer.url(there).into();
        peer.serve(here, one);
    }
    let first = import::post(&node.app, &peer.url("/c/1"), &Budget::of_activity()).await.unwrap().unwrap();
    import::ancestors(&node.app, first.id).await.unwrap();
    assert_eq!(gets(&peer).iter().filter(|path| path.starts_with("/c/")).count(), 2);
}

#[tokio::test]
async fn sec_net_19_files_of_a_post_are_fetched_when_somebody_looks() {
    let peer = Peer::start("remote").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let ada = Sender::new(&peer, "ada");
    let mut one = note(&ada, "/n/1");
    one["content"] = format!("<p>see <a href=\"{0}\">{0}</a></p>", peer.url("/page")).into();
    one["attachment"] = json!([{"type": "Document", "mediaType": "image/png", "url": peer.url("/a.png")}]);
    peer.serve("/n/1", one);
    import::post(&node.app, &peer.url("/n/1"), &Budget::of_activity()).await.unwrap().unwrap();
    node.settle().await;
    let touched = gets(&peer);
    assert!(!touched.iter().any(|path| path == "/a.png" || path == "/page"), "{touched:?}");
}

#[tokio::test]
async fn sec_net_21_a_stranger_makes_us_fetch_one_key_once_and_a_visitor_nothing() {
    let peer = Peer::start("remote").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let ada = Sender::new(&peer, "ada");
    let like = ada.activity("Like", "https://elsewhere.example/posts/1");
    let letters = (0..10).map(|_| ada.letter(&node, "/inbox", &like)).collect::<Vec<_>>();
    let replies = futures_util::future::join_all(letters.iter().map(|letter| letter.send(&node))).await;
    assert!(replies.iter().all(|reply| reply.status == 202));
    assert_eq!(gets(&peer).iter().filter(|path| *path == "/users/ada").count(), 1);
    peer.forget();
    let visitor = Client::anonymous(&node);
    for path in
        ["/api/v2/search?resolve=true&q=", "/api/v1/accounts/lookup?acct=", "/api/v1/accounts/search?resolve=true&q="]
    {
        let wanted: String =
            url::form_urlencoded::byte_serialize(format!("new@{}", peer.authority).as_bytes()).collect();
        visitor.get(&format!("{path}{wanted}")).await;
    }
    node.settle().await;
    assert!(gets(&peer).is_empty(), "{:?}", gets(&peer));
}

#[tokio::test]
async fn fed_org_01_nodes_of_one_organisation_federate_among_themselves_and_show_strangers_nothing() {
    let closed = |c: &mut watercooler::config::Config| c.federation.policy = FederationPolicy::Allowlist;
    let (a, b) = (NodeBuilder::new("alpha").await, NodeBuilder::new("beta").await);
    let (a_name, b_name) = (a.authority(), b.authority());
    let a = a.knows(&b_name).config(closed).start().await;
    let b = b.knows(&a_name).config(closed).clock(&a.clock).start().await;
    let (ada, ben) = (a.member("ada").await, b.member("ben").await);
    let found = import::account_by_handle(&a.app, &b.handle("ben"), &Budget::of_activity()).await.unwrap();
    assert_eq!(found.acct(), b.handle("ben"));
    ada.post(&format!("/api/v1/accounts/{}/follow", found.id), json!({})).await.ok();
    settle(&[&a, &b]).await;
    let written = ben.post("/api/v1/statuses", json!({"status": "for colleagues"})).await.ok();
    settle(&[&a, &b]).await;
    let home = ada.get("/api/v1/timelines/home").await.ok();
    assert_eq!(home[0]["content"], "<p>for colleagues</p>", "{home}");
    assert_eq!(home[0]["account"]["acct"], b.handle("ben"));
    // Without a signature of a colleague's node there is nothing to read.
    let stranger = Client::anonymous(&b);
    let uri = written["uri"].as_str().unwrap();
    let refused = stranger.get_activity(uri.strip_prefix(&b.url("")).unwrap()).await;
    assert_eq!(refused.status, 401, "{}", refused.text);
    let outside = Sender::new(&Peer::start("outside").await, "eve");
    let refused = outside.reading(&b, uri.strip_prefix(&b.url("")).unwrap()).send(&b).await;
    assert!(matches!(refused.status, 401 | 403), "{} {}", refused.status, refused.text);
    assert!(outside.peer.received().is_empty());
}

/// Rows of all tables in which this text stands.
async fn rows_with(node: &Node, text: &str) -> Vec<String> {
    let is_embedded = node.app.db().dialect() == watercooler::db::Dialect::Sqlite;
    let text = text.to_owned();
    let search = move |conn: &mut watercooler::db::Conn| {
        let tables = match is_embedded {
            true => {
                "select name from sqlite_master where type = 'table' and sql not like 'CREATE VIRTUAL%' \
                     and name not like 'sqlite_%'"
            }
            false => "select tablename::text as name from pg_tables where schemaname = current_schema()",
        };
        let mut found = Vec::new();
        for table in Sql::new(tables).load_texts(conn)? {
            let row = if is_embedded {
                let columns =
                    Sql::new("select name from pragma_table_info(").bind(&table).push(")").load_texts(conn)?;
                let quoted: Vec<String> = columns.iter().map(|name| format!("quote(\"{name}\")")).collect();
                quoted.join(" || ' ' || ")
            } else {
                "t::text".to_owned()
            };
            let rows = Sql::new(format!("select '{table}: ' || {row} as row from \"{table}\" t")).load_texts(conn)?;
            found.extend(rows.into_iter().filter(|row| row.contains(&text)));
        }
        Ok(found)
    };
    node.app.read(search).await.unwrap()
}

#[tokio::test]
async fn sec_lan_08_neither_a_relay_nor_a_forwarded_activity_brings_an_outsider() {
    let (node, ada, outside, _) = insider_and_outsider().await;
    let eve = Sender::new(&outside, "eve");
    let mut document = ada.peer.person("relay", &ada.signer.key.public_pem().unwrap());
    document["type"] = json!("Application");
    ada.peer.serve("/users/relay", document);
    let relay = Sender::known(&ada.peer, "relay");
    relays::add(&node.app, Staff::console(), &relay.id).await.unwrap();
    node.settle().await;
    let follow = ada.peer.inbox().into_iter().rfind(|it| it["type"] == "Follow").unwrap();
    relay.delivers(&node, &relay.activity("Accept", follow)).await;
    assert_eq!(relays::list(&node.app).await.unwrap()[0].state, "accepted");
    outside.forget();
    let mut announce = relay.activity("Announce", outside.url("/n/1"));
    announce["to"] = json!([PUBLIC]);
    relay.delivers(&node, &announce).await;
    // Forwarded, by the relay and by a follower's server, with and without what old software signs documents with.
    let (mut plain, mut signed) = (create(&eve, &note(&eve, "/n/1")), create(&eve, &note(&eve, "/n/1")));
    for (at, one) in [&mut plain, &mut signed].into_iter().enumerate() {
        one["id"] = outside.url(&format!("/creates/{at}")).into();
        outside.serve(&format!("/creates/{at}"), one.clone());
    }
    let value = json!({"type": "RsaSignature2017", "creator": eve.signer.key_id, "signatureValue": "AAAA"});
    signed["signature"] = value;
    for carrier in [&relay, &ada] {
        for forwarded in [&plain, &signed] {
            let status = carrier.deliver(&node, forwarded).await.status;
            assert!(status == 202 || (400..500).contains(&status), "{status}");
        }
    }
    node.settle().await;
    assert!(outside.received().is_empty(), "{:?}", gets(&outside));
    assert_eq!(count(&node, "select count(*) from posts").await, 0);
    assert_eq!(rows_with(&node, "outside.test").await, Vec::<String>::new());
}

#[tokio::test]
async fn sec_lan_08_quotes_profiles_pins_and_moves_bring_nothing_of_an_outsider() {
    let (node, ada, outside, bo) = insider_and_outsider().await;
    let away = outside.url("/users/eve");
    // Quoted in each of the words that are in use, changed later, and answered inside of a document.
    for (at, key) in ["quote", "quoteUrl", "quoteUri", "_misskey_quote"].into_iter().enumerate() {
        let mut quoting = note(&ada, &format!("/n/{}", 10 + at));
        quoting[key] = outside.url("/n/1").into();
        quoting["quoteAuthorization"] = outside.url("/stamps/1").into();
        quoting["replies"] = json!({"type": "Collection", "items": [outside.url("/n/1")]});
        ada.delivers(&node, &create(&ada, &quoting)).await;
        quoting["content"] = json!("<p>changed</p>");
        quoting["updated"] = json!("2026-11-23T11:30:00Z");
        let mut update = ada.activity("Update", quoting.clone());
        update["to"] = quoting["to"].clone();
        ada.delivers(&node, &update).await;
        let stored = post(&node, ada.peer.url(&format!("/n/{}", 10 + at))).await.expect("the wrapper is stored");
        let shown = bo.get(&format!("/api/v1/statuses/{}", stored.id)).await.ok();
        assert_eq!((&shown["content"], &shown["quote"]), (&json!("<p>changed</p>"), &Value::Null), "{key}");
    }
    // Embedded whole, where an activity has its object.
    let whole = json!({
        "id": outside.url("/n/2"), "type": "Note", "attributedTo": away, "content": "<p>seenoutside</p>", "to": [PUBLIC],
        "published": "2026-11-23T11:00:00Z",
    });
    for kind in ["Announce", "Create", "Update", "Like", "Add"] {
        let mut activity = ada.activity(kind, whole.clone());
        activity["target"] = ada.peer.url("/users/ada/collections/featured").into();
        activity["to"] = json!([PUBLIC]);
        let status = ada.deliver(&node, &activity).await.status;
        assert!(status == 202 || (400..500).contains(&status), "{kind}: {status}");
    }
    // A profile with pictures, emoji and names from there, and its owner who goes there.
    let mut profile = ada.peer.person("ada", &ada.signer.key.public_pem().unwrap());
    profile["icon"] = json!({"type": "Image", "mediaType": "image/png", "url": outside.url("/face.png")});
    profile["image"] = json!({"type": "Image", "mediaType": "image/png", "url": outside.url("/wide.png")});
    profile["tag"] =
        json!([{"type": "Emoji", "name": ":fox:", "icon": {"type": "Image", "url": outside.url("/fox.png")}}]);
    profile["name"] = json!("Ada :fox:");
    profile["alsoKnownAs"] = json!([away]);
    profile["movedTo"] = away.clone().into();
    ada.peer.serve("/users/ada", profile.clone());
    ada.delivers(&node, &ada.activity("Update", profile)).await;
    let mut moves = ada.activity("Move", ada.id.clone());
    moves["target"] = away.clone().into();
    ada.deliver(&node, &moves).await;
    node.settle().await;
    let shown = bo.get(&format!("/api/v1/accounts/lookup?acct=ada@{}", ada.peer.authority)).await;
    assert_eq!((&shown.ok()["emojis"], &shown.ok()["moved"]), (&json!([]), &Value::Null));
    assert!(!shown.text.contains("outside.test"), "{}", shown.text);
    assert!(outside.received().is_empty(), "{:?}", gets(&outside));
    assert_eq!(count(&node, "select count(*) from accounts where handle like '%outside%'").await, 0);
    assert_eq!(rows_with(&node, "seenoutside").await, Vec::<String>::new());
    // Which other ids she claims is what she says of herself.
    let mut rows = rows_with(&node, "outside.test").await;
    rows.retain(|row| !row.starts_with("accounts: "));
    assert_eq!(rows, Vec::<String>::new());
}
