//! What other servers read here: posts, activities and collections, and who may read what.

use crate::support::{Client, Node, NodeBuilder, Peer, Reply, Scene, Sender, rows};
use serde_json::json;
use watercooler::{
    config::AuthorizedFetch,
    db::Sql,
    domain::{
        accounts,
        audit::Staff,
        follows, polls,
        posts::{self, Draft, PollDraft},
        reactions,
    },
    model::{Account, Post, Visibility},
    store,
};

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

pub async fn publish(node: &Node, author: &Account, text: &str, visibility: Visibility) -> Post {
    write(node, author, Draft { text: text.into(), visibility: Some(visibility), ..Draft::default() }).await
}

async fn write(node: &Node, author: &Account, draft: Draft) -> Post {
    let author = author.id;
    node.app
        .write(move |tx| {
            let id = posts::publish(tx, author, draft)?;
            store::posts::load(tx.conn, id)
        })
        .await
        .unwrap()
}

/// `GET` of an id as another server asks for it, unsigned.
pub async fn fetch(node: &Node, uri: &str) -> Reply {
    Client::anonymous(node).get_activity(uri).await
}

/// The same, signed.
async fn signed(node: &Node, sender: &Sender, uri: &str) -> Reply {
    let path = uri.strip_prefix(node.app.site().base()).unwrap();
    sender.reading(node, path).send(node).await
}

/// A node that knows a scripted server with zoe and yan.
pub async fn scene() -> (Node, Peer, Sender, Account) {
    let peer = Peer::start("zeta").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let ada = rows::local(&node, "ada").await;
    let zoe = Sender::new(&peer, "zoe");
    (node, peer, zoe, ada)
}

/// Servers that process JSON-LD (activitypub-bot and activitypub-express among them) have two contexts built in.
#[tokio::test]
async fn fed_out_16_nobody_has_to_fetch_a_context_to_read_what_is_here() {
    let (node, _peer, _zoe, ada) = scene().await;
    let post = publish(&node, &ada, "Hi #there", Visibility::Public).await;
    let known = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"];
    for uri in [&ada.uri, &node.url("/actor"), &post.uri, &format!("{}/outbox?page=true", ada.uri)] {
        let document = fetch(&node, uri).await.ok();
        let contexts = match &document["@context"] {
            serde_json::Value::Array(list) => list.clone(),
            one => vec![one.clone()],
        };
        for context in contexts {
            assert!(context.is_object() || known.iter().any(|it| context == *it), "{uri}: {context}");
        }
    }
    let actor = fetch(&node, &ada.uri).await.ok();
    let terms = actor["@context"].as_array().unwrap().last().unwrap();
    for name in ["assertionMethod", "controller", "publicKeyMultibase"] {
        assert_eq!(terms[name]["@id"], format!("https://w3id.org/security#{name}"));
    }
}

#[tokio::test]
async fn fed_sigin_23_with_authorised_fetch_strangers_learn_only_what_they_need() {
    let peer = Peer::start("zeta").await;
    let node = NodeBuilder::new("alpha")
        .await
        .knows(&peer.authority)
        .config(|c| c.federation.authorized_fetch = AuthorizedFetch::On)
        .start()
        .await;
    let ada = rows::local(&node, "ada").await;
    let zoe = Sender::new(&peer, "zoe");
    let post = publish(&node, &ada, "Hi", Visibility::Public).await;
    let actor = fetch(&node, &ada.uri).await.ok();
    let mut keys: Vec<_> = actor.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let mut allowed: Vec<_> = "@context id type preferredUsername name url inbox outbox followers following endpoints \
        manuallyApprovesFollowers publicKey assertionMethod"
        .split_whitespace()
        .collect();
    allowed.sort_unstable();
    assert_eq!(keys, allowed);
    for path in [
        post.uri.clone(),
        format!("{}/activity", post.uri),
        format!("{}/replies", post.uri),
        format!("{}/outbox", ada.uri),
        format!("{}/followers", ada.uri),
        format!("{}/collections/featured", ada.uri),
    ] {
        assert_eq!(fetch(&node, &path).await.status, 401, "{path}");
        let read = signed(&node, &zoe, &path).await;
        assert_eq!(read.status, 200, "{path} {}", read.text);
        assert!(read.header("cache-control").contains("private"), "fed_sigin_24");
        assert!(read.header("vary").contains("Signature"), "fed_sigin_24");
    }
    assert!(signed(&node, &zoe, &ada.uri).await.ok().get("summary").is_some());
    assert_eq!(Client::anonymous(&node).get("/.well-known/nodeinfo").await.status, 200);
    // A bad signature is not the same as none.
    let mut forged = zoe.reading(&node, "/users/ada");
    forged.header("date").push(' ');
    *forged.header("signature") = forged.header("signature").replace("signature=\"", "signature=\"AAAA");
    assert_eq!(forged.send(&node).await.status, 401);
}

#[tokio::test]
async fn fed_addr_out_03_fed_out_11_sec_prv_11_private_and_direct_posts_are_read_by_those_they_are_for_only() {
    let (node, peer, zoe, ada) = scene().await;
    let yan = Sender::new(&peer, "yan");
    let (zoe_row, yan_row) = (rows::remote(&node, &peer, "zoe").await, rows::remote(&node, &peer, "yan").await);
    for (row, sender) in [(&zoe_row, &zoe), (&yan_row, &yan)] {
        let (id, key, pem) = (row.id, sender.signer.key_id.clone(), sender.signer.key.public_pem().unwrap());
        let der =
            watercooler::crypto::unbase64(&pem.lines().filter(|l| !l.starts_with('-')).collect::<String>()).unwrap();
        node.app
            .write(move |tx| {
                watercooler::db::Sql::new("update accounts set public_key_id = ")
                    .bind(key)
                    .with(", public_key = ", der)
                    .with(" where id = ", id)
                    .execute(tx.conn)
            })
            .await
            .unwrap();
    }
    rows::follows(&node, &zoe_row, &ada).await;
    let private = publish(&node, &ada, "for followers", Visibility::Private).await;
    let direct = publish(&node, &ada, &format!("@zoe@{} psst", peer.authority), Visibility::Direct).await;
    for post in [&private, &direct] {
        for path in ["", "/activity", "/replies", "/likes", "/shares"] {
            let uri = format!("{}{path}", post.uri);
            let nothing = fetch(&node, &uri).await;
            assert_eq!(nothing.status, 404, "{uri}");
            assert_eq!(nothing.text, fetch(&node, &format!("{}/statuses/1{path}", ada.uri)).await.text, "sec_prv_16");
            assert_eq!(signed(&node, &yan, &uri).await.status, 404, "sec_prv_01 {uri}");
            assert_eq!(signed(&node, &zoe, &uri).await.status, 200, "{uri}");
        }
    }
    let outbox = fetch(&node, &format!("{}/outbox", ada.uri)).await.ok();
    assert_eq!(outbox["totalItems"], 0, "sec_prv_06");
    let page = signed(&node, &zoe, outbox["first"].as_str().unwrap()).await.ok();
    assert_eq!(page["orderedItems"], json!([]));
    // A follower who was blocked reads nothing any more.
    let (a, z) = (ada.id, zoe_row.id);
    node.app.write(move |tx| follows::block(tx, a, z, None)).await.unwrap();
    assert_eq!(signed(&node, &zoe, &private.uri).await.status, 404, "sec_prv_11");
}

#[tokio::test]
async fn fed_out_05_10_what_we_emit_can_be_read_at_its_id() {
    let (node, _, _, ada) = scene().await;
    let draft = Draft {
        text: "Look @ada #Tea https://example.org/".into(),
        spoiler_text: "tea".into(),
        language: Some("en".into()),
        visibility: Some(Visibility::Public),
        ..Draft::default()
    };
    let post = write(&node, &ada, draft).await;
    let reply = fetch(&node, &post.uri).await;
    let note = reply.ok();
    assert_eq!(reply.header("content-type"), "application/activity+json; charset=utf-8");
    assert_eq!(note["id"], post.uri);
    assert_eq!(note["type"], "Note");
    assert_eq!((&note["summary"], &note["sensitive"]), (&json!("tea"), &json!(true)));
    let plain =
        write(&node, &ada, Draft { text: "plain".into(), language: Some("de".into()), ..Draft::default() }).await;
    let plain = fetch(&node, &plain.uri).await.ok();
    assert_eq!((&plain["summary"], &plain["sensitive"]), (&json!(null), &json!(false)));
    assert_eq!(plain["contentMap"], json!({"de": plain["content"]}));
    assert_eq!(note["contentMap"]["en"], note["content"], "fed_out_05");
    assert_eq!(note["url"], node.url(&format!("/@ada/{}", post.id)));
    assert!(note["published"].as_str().unwrap().ends_with('Z'));
    let tags = note["tag"].as_array().unwrap();
    assert!(tags.contains(&json!({"type": "Hashtag", "href": node.url("/tags/tea"), "name": "#tea"})), "{tags:?}");
    assert!(note["content"].as_str().unwrap().contains("rel=\"tag\""), "fed_out_04");
    let create = fetch(&node, &format!("{}/activity", post.uri)).await.ok();
    assert_eq!((&create["type"], &create["object"]["content"]), (&json!("Create"), &note["content"]));
    assert_eq!((&create["to"], &create["cc"]), (&note["to"], &note["cc"]), "fed_addr_out_01");
    let page = Client::anonymous(&node);
    let page = page.send(page.request("GET", &post.uri).header("accept", "text/html,*/*;q=0.8")).await;
    assert_eq!(page.header("location"), note["url"]);
    // Follow and Like.
    let peer = Peer::start("zeta").await;
    let zoe = rows::remote(&node, &peer, "zoe").await;
    let theirs = rows::publish(&node, rows::post(&node, &zoe, 9, Visibility::Public, "Nice"), &[]).await;
    let (a, z) = (ada.id, zoe.id);
    let follow = node.app.write(move |tx| follows::request(tx, a, z, &Default::default())).await.unwrap();
    let read = fetch(&node, follow.uri.as_deref().unwrap()).await.ok();
    assert_eq!((&read["type"], &read["object"]), (&json!("Follow"), &json!(zoe.uri)));
    let liked = theirs.id;
    node.app.write(move |tx| reactions::favourite(tx, a, liked).map(|_| ())).await.unwrap();
    let like = node
        .app
        .read(|conn| watercooler::db::Sql::new("select a.uri from activities a where a.kind = 'Like'").load_texts(conn))
        .await
        .unwrap();
    let read = fetch(&node, &like[0]).await.ok();
    assert_eq!((&read["type"], &read["object"]), (&json!("Like"), &json!(theirs.uri)));
}

#[tokio::test]
async fn fed_out_10_every_id_of_an_activity_answers_after_it_was_delivered() {
    let s = Scene::new().await;
    // Follow, Undo, Accept, Reject, Like, Undo, Create, Update, Add, Remove, Announce, Undo, Block, Undo, Delete.
    let ada = s.account(&s.ada).await.id;
    let act = async |path: String| s.carol.post(&path, json!({})).await.ok();
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.carol))).await;
    act(format!("/api/v1/accounts/{ada}/follow")).await;
    s.node.settle().await;
    let hers = s.creates(&s.ada, &s.note(&s.ada, "1", "x")).await;
    let hers = s.post(&hers).await.unwrap().id;
    for action in ["favourite", "reblog"] {
        act(format!("/api/v1/statuses/{hers}/{action}")).await;
    }
    s.node.settle().await;
    let standing = s.east.inbox();
    let own = s.writes(&s.carol, "public", "mine").await;
    let own = s.post(&own).await.unwrap().id;
    s.carol.put(&format!("/api/v1/statuses/{own}"), json!({"status": "mine, edited"})).await.ok();
    act(format!("/api/v1/statuses/{own}/pin")).await;
    act(format!("/api/v1/statuses/{own}/unpin")).await;
    s.node.settle().await;
    for activity in s.east.inbox() {
        let id = activity["id"].as_str().unwrap();
        let reply = fetch(&s.node, id).await;
        assert_eq!(reply.status, 200, "{activity}");
        assert_eq!(reply.header("content-type"), "application/activity+json; charset=utf-8", "{id}");
        // Either the activity itself, or the document its id is a part of.
        assert_eq!(reply.json()["id"], id.split('#').next().unwrap());
        if standing.iter().any(|a| a["id"] == id) && !id.contains('#') {
            assert_eq!((&reply.json()["type"], &reply.json()["object"]), (&activity["type"], &activity["object"]));
        }
    }
    s.east.forget();
    for action in ["unfavourite", "unreblog"] {
        act(format!("/api/v1/statuses/{hers}/{action}")).await;
    }
    act(format!("/api/v1/accounts/{ada}/unfollow")).await;
    act(format!("/api/v1/accounts/{ada}/remove_from_followers")).await;
    act(format!("/api/v1/accounts/{ada}/block")).await;
    s.node.settle().await;
    // Who follows and the author get the Undo of a boost in an inbox each.
    let mut sent = s.east.inbox();
    sent.sort_by_key(|a| a["id"].as_str().unwrap().to_owned());
    sent.dedup_by_key(|a| a["id"].clone());
    let mut kinds = Vec::new();
    for activity in sent {
        let (id, kind) = (activity["id"].as_str().unwrap(), activity["type"].as_str().unwrap());
        kinds.push(kind.to_owned());
        if kind == "Block" {
            // Private: for the one it is about.
            let path = id.strip_prefix(s.node.app.site().base()).unwrap();
            assert_eq!(fetch(&s.node, id).await.status, 404);
            assert_eq!(s.mallory.reading(&s.node, path).send(&s.node).await.status, 404);
            let read = s.ada.reading(&s.node, path).send(&s.node).await.ok();
            assert_eq!((&read["type"], &read["object"]), (&json!("Block"), &json!(s.ada.id)));
        } else {
            assert_eq!(fetch(&s.node, id).await.status, 200, "{activity}");
        }
    }
    kinds.sort();
    assert_eq!(kinds, ["Block", "Reject", "Undo", "Undo", "Undo"]);
    // A deleted post: the id of its Delete is a part of its own, which says that it is gone.
    s.sends(&s.mallory, &s.mallory.activity("Follow", s.uri(&s.carol))).await;
    s.east.forget();
    s.carol.delete(&format!("/api/v1/statuses/{own}")).await.ok();
    s.node.settle().await;
    let delete = s.east.inbox().into_iter().find(|a| a["type"] == "Delete").unwrap();
    let gone = fetch(&s.node, delete["id"].as_str().unwrap()).await;
    assert_eq!((gone.status, &gone.json()["type"]), (410, &json!("Tombstone")));
    assert_eq!(gone.header("content-type"), "application/activity+json; charset=utf-8");
}

#[tokio::test]
async fn fed_out_09_a_deleted_post_answers_410_with_a_tombstone() {
    let (node, _, _, ada) = scene().await;
    let post = publish(&node, &ada, "oops", Visibility::Public).await;
    let (a, id) = (ada.id, post.id);
    node.app.write(move |tx| posts::delete_own(tx, a, id, true)).await.unwrap();
    let gone = fetch(&node, &post.uri).await;
    assert_eq!((gone.status, gone.json()["type"].clone()), (410, json!("Tombstone")));
    assert_eq!(gone.json()["id"], post.uri);
}

#[tokio::test]
async fn fed_out_13_the_outbox_pages_through_public_posts_and_boosts() {
    let (node, _, _, ada) = scene().await;
    let bob = rows::local(&node, "bob").await;
    let other = publish(&node, &bob, "bob's", Visibility::Public).await;
    let (a, o) = (ada.id, other.id);
    node.app.write(move |tx| reactions::boost(tx, a, o, None).map(|_| ())).await.unwrap();
    for n in 0..22 {
        node.clock.advance(1_000);
        publish(&node, &ada, &format!("post {n}"), Visibility::Public).await;
    }
    publish(&node, &ada, "secret", Visibility::Private).await;
    let outbox = fetch(&node, &format!("{}/outbox", ada.uri)).await.ok();
    assert_eq!((&outbox["type"], &outbox["totalItems"]), (&json!("OrderedCollection"), &json!(23)));
    let first = fetch(&node, outbox["first"].as_str().unwrap()).await.ok();
    assert_eq!(first["partOf"], outbox["id"]);
    let items = first["orderedItems"].as_array().unwrap();
    assert_eq!(items.len(), 20);
    assert_eq!(items[0]["object"]["content"], "<p>post 21</p>");
    assert_eq!(items[0]["type"], "Create");
    let second = fetch(&node, first["next"].as_str().unwrap()).await.ok();
    let items = second["orderedItems"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert_eq!((&items[2]["type"], &items[2]["object"]), (&json!("Announce"), &json!(other.uri)));
    assert_eq!(second.get("next"), None);
    let announce = fetch(&node, items[2]["id"].as_str().unwrap()).await.ok();
    assert_eq!(announce["type"], "Announce");
}

#[tokio::test]
async fn fed_disc_13_sec_prv_18_followers_are_listed_unless_they_are_hidden() {
    let (node, peer, _, ada) = scene().await;
    let zoe = rows::remote(&node, &peer, "zoe").await;
    rows::follows(&node, &zoe, &ada).await;
    let followers = fetch(&node, &format!("{}/followers", ada.uri)).await.ok();
    assert_eq!((&followers["type"], &followers["totalItems"]), (&json!("OrderedCollection"), &json!(1)));
    let page = fetch(&node, followers["first"].as_str().unwrap()).await.ok();
    assert_eq!(page["orderedItems"], json!([zoe.uri]));
    let following = fetch(&node, &format!("{}/following", ada.uri)).await.ok();
    assert_eq!(following["totalItems"], 0);
    let id = ada.id;
    node.app
        .write(move |tx| {
            watercooler::db::Sql::new("update accounts set hide_collections = ")
                .bind(true)
                .with(" where id = ", id)
                .execute(tx.conn)
        })
        .await
        .unwrap();
    for path in ["followers", "followers?page=true"] {
        let hidden = fetch(&node, &format!("{}/{path}", ada.uri)).await.ok();
        assert_eq!(hidden.get("first").or(hidden.get("orderedItems")), None, "sec_prv_18");
        assert_eq!(hidden["totalItems"], 1);
    }
}

#[tokio::test]
async fn fed_disc_14_pinned_posts_are_embedded() {
    let (node, _, _, ada) = scene().await;
    let post = publish(&node, &ada, "pinned #tea", Visibility::Public).await;
    let (a, p) = (ada.id, post.id);
    node.app.write(move |tx| reactions::pin(tx, a, p).map(|_| ())).await.unwrap();
    let featured = fetch(&node, &format!("{}/collections/featured", ada.uri)).await.ok();
    assert_eq!(featured["type"], "OrderedCollection");
    assert_eq!(featured["orderedItems"][0]["id"], post.uri);
    assert_eq!(featured["@context"][1]["Hashtag"], "as:Hashtag");
    let tags = fetch(&node, &format!("{}/collections/tags", ada.uri)).await.ok();
    assert_eq!((&tags["type"], &tags["items"]), (&json!("Collection"), &json!([])));
}

#[tokio::test]
async fn fed_out_12_replies_come_with_the_authors_own_first() {
    let (node, _, _, ada) = scene().await;
    let bob = rows::local(&node, "bob").await;
    let post = publish(&node, &ada, "root", Visibility::Public).await;
    let answer = |text: &str, visibility| Draft {
        text: text.into(),
        visibility: Some(visibility),
        in_reply_to: Some(post.id),
        ..Draft::default()
    };
    let theirs = write(&node, &bob, answer("@ada hello", Visibility::Public)).await;
    write(&node, &bob, answer("@ada psst", Visibility::Direct)).await;
    let own = write(&node, &ada, answer("more", Visibility::Unlisted)).await;
    let replies = fetch(&node, &format!("{}/replies", post.uri)).await.ok();
    assert_eq!(replies["type"], "Collection");
    assert_eq!(replies["first"]["items"], json!([own.uri]));
    let next = fetch(&node, replies["first"]["next"].as_str().unwrap()).await.ok();
    assert_eq!(next["items"], json!([theirs.uri]));
    assert_eq!(next.get("next"), None);
    let note = fetch(&node, &theirs.uri).await.ok();
    assert_eq!(note["inReplyTo"], post.uri, "fed_thr_04");
    assert!(note["cc"].as_array().unwrap().contains(&json!(ada.uri)), "fed_thr_04");
    assert_eq!(note["conversation"], fetch(&node, &post.uri).await.ok()["conversation"], "fed_out_17");
    for count in ["likes", "shares"] {
        assert_eq!(fetch(&node, &format!("{}/{count}", post.uri)).await.ok()["totalItems"], 0);
    }
}

#[tokio::test]
async fn fed_poll_06_a_poll_is_a_question_and_its_votes_are_sent_after_a_while() {
    let (node, peer, _, ada) = scene().await;
    let zoe = rows::remote(&node, &peer, "zoe").await;
    rows::follows(&node, &zoe, &ada).await;
    let draft = Draft {
        text: "Tea?".into(),
        visibility: Some(Visibility::Public),
        poll: Some(PollDraft {
            options: vec!["Yes".into(), "No".into()],
            expires_in: 3_600,
            multiple: false,
            hide_totals: false,
        }),
        ..Draft::default()
    };
    let post = write(&node, &ada, draft).await;
    let question = fetch(&node, &post.uri).await.ok();
    assert_eq!(question["type"], "Question");
    assert_eq!(question["oneOf"][1]["name"], "No");
    assert_eq!(question["endTime"], "2026-11-23T13:00:00.000Z");
    node.settle().await;
    assert_eq!(peer.inbox()[0]["object"]["type"], "Question");
    peer.forget();
    for name in ["bob", "cyd"] {
        let (voter, poll) = (rows::local(&node, name).await.id, post.poll_id.unwrap());
        node.app.write(move |tx| polls::vote(tx, voter, poll, &[0])).await.unwrap();
    }
    node.settle().await;
    assert!(peer.inbox().is_empty());
    node.clock.advance(181_000);
    node.settle().await;
    assert_eq!(peer.inbox().len(), 1);
    let update = &peer.inbox()[0];
    assert_eq!((&update["type"], &update["object"]["type"]), (&json!("Update"), &json!("Question")));
    assert_eq!(update["object"]["oneOf"][0]["replies"]["totalItems"], 2);
    assert_eq!(update["object"]["votersCount"], 2);
}

#[tokio::test]
async fn fed_rob_07_documents_answer_head_too() {
    let (node, _, _, ada) = scene().await;
    let client = Client::anonymous(&node);
    for path in ["/users/ada", "/actor", "/users/ada/outbox", "/.well-known/host-meta", "/nodeinfo/2.0"] {
        let reply = client.send(client.request("HEAD", path).header("accept", "application/activity+json")).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, ""), "{path}");
    }
    let _ = ada;
}

#[tokio::test]
async fn what_is_kept_in_memory_ends_with_the_post_and_with_its_author() {
    let node = Node::start().await;
    let names = ["ada", "bob", "eve"];
    let mut posts = Vec::new();
    for name in names {
        let author = node.citizen(name).await;
        let [first, second] = ["one", "two"].map(|text| publish(&node, &author, text, Visibility::Public));
        let (first, second) = (first.await, second.await);
        for uri in [&author.uri, &first.uri, &second.uri] {
            fetch(&node, uri).await.ok();
        }
        posts.push((author, first, second));
    }
    let [(ada, one, two), (bob, three, _), (eve, five, _)] = &posts[..] else { panic!("three authors") };
    // The post is not served where its author would be.
    let path = format!("/users/ada%2Fstatuses%2F{}", one.id);
    assert_eq!(fetch(&node, &path).await.status, 404);
    let (author, id) = (ada.id, one.id);
    node.app.write(move |tx| posts::delete_own(tx, author, id, true)).await.unwrap();
    assert_eq!((fetch(&node, &one.uri).await.status, fetch(&node, &two.uri).await.status), (410, 200));
    let id = ada.id;
    node.app.write(move |tx| accounts::suspend(tx, &Staff::console(), id)).await.unwrap();
    assert_eq!(fetch(&node, &two.uri).await.status, 404);
    assert_eq!(fetch(&node, &ada.uri).await.ok()["suspended"], true);
    let id = bob.id;
    node.app.write(move |tx| accounts::delete(tx, &Staff::console(), id)).await.unwrap();
    assert_ne!(fetch(&node, &three.uri).await.status, 200);
    assert_eq!(fetch(&node, &bob.uri).await.status, 410);
    // What another process commits while it cannot be heard is seen too: nothing is kept then.
    node.app.is_deaf();
    fetch(&node, &five.uri).await.ok();
    let id = eve.id;
    let suspended = "update accounts set suspended_at = 1 where id = ";
    node.app.write(move |tx| Sql::new(suspended).bind(id).execute(tx.conn)).await.unwrap();
    let seen = if node.app.hears_others() { 200 } else { 404 };
    assert_eq!(fetch(&node, &five.uri).await.status, seen);
}
