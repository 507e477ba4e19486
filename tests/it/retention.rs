//! What of other servers goes with age, and what stays because somebody here has to do with it (LIM-14).

use crate::{
    interactions::boost,
    media::{picture, remote_media},
    posts::stranger,
    support::{Client, NOW, Node, NodeBuilder, PUBLIC, Peer, Scene},
};
use serde_json::json;
use watercooler::{
    db::Sql,
    domain::{Task, Tx, posts},
    id::Id,
    model::{Account, Media, Visibility},
};

const DAY: i64 = 86_400_000;

/// Puts a post of mallory's, whom nobody follows, where bob finds it, and finds it; answers its number.
async fn found(s: &Scene, name: &str, parent: Option<&str>) -> String {
    s.node.clock.advance(60_000);
    let path = format!("/notes/{name}");
    let id = s.east.url(&path);
    let mut note = s.note(&s.mallory, "unused", name);
    (note["id"], note["tag"]) = (json!(id), json!([{"type": "Hashtag", "name": format!("#{name}")}]));
    if let Some(parent) = parent {
        note["inReplyTo"] = json!(s.east.url(&format!("/notes/{parent}")));
    }
    s.east.serve(&path, note);
    let seen = s.bob.get(&format!("/api/v2/search?resolve=true&type=statuses&q={id}")).await.ok();
    s.node.settle().await;
    seen["statuses"][0]["id"].as_str().unwrap_or_else(|| panic!("{name}: {seen}")).to_owned()
}

/// The names of mallory's posts that are here.
async fn here(s: &Scene) -> Vec<String> {
    let sql = "select p.uri from posts p where p.uri like '%/notes/%' and not p.local and p.boost_of_id is null order by p.uri";
    let all = s.node.app.read(move |conn| Sql::new(sql).load_texts(conn)).await.unwrap();
    let mut names: Vec<String> = all.iter().map(|uri| uri.rsplit('/').next().unwrap().to_owned()).collect();
    names.sort();
    names
}

async fn sweep(s: &Scene) {
    s.node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
    s.node.settle().await;
}

#[tokio::test]
async fn sec_lim_14_old_posts_of_others_go_unless_somebody_here_has_to_do_with_them() {
    let s = Scene::new().await;
    for (name, verb) in [("kept", "bookmark"), ("liked", "favourite"), ("passed", "reblog")] {
        let id = found(&s, name, None).await;
        s.bob.post(&format!("/api/v1/statuses/{id}/{verb}"), json!({})).await.ok();
    }
    let answered = found(&s, "answered", None).await;
    s.bob.post("/api/v1/statuses", json!({"status": "yes", "in_reply_to_id": answered})).await.ok();
    found(&s, "beside", Some("answered")).await;
    found(&s, "tagged", None).await;
    s.carol.post("/api/v1/tags/tagged/follow", json!({})).await.ok();
    // Somebody whom bob follows answered one, and passed one on.
    s.follows(&s.bob, &s.vera).await;
    let mut below = s.note(&s.vera, "below", "mine");
    found(&s, "above", None).await;
    below["inReplyTo"] = json!(s.east.url("/notes/above"));
    s.creates(&s.vera, &below).await;
    found(&s, "shown", None).await;
    let mut announce = s.vera.activity("Announce", s.east.url("/notes/shown"));
    announce["to"] = json!([PUBLIC]);
    s.sends(&s.vera, &announce).await;
    // Of these nobody wants anything, and one names somebody.
    found(&s, "plain", None).await;
    found(&s, "reply", Some("plain")).await;
    let mut note = s.note(&s.mallory, "named", "you");
    (note["cc"], note["tag"]) = (json!([s.uri(&s.bob)]), json!([{"type": "Mention", "href": s.uri(&s.bob)}]));
    s.creates(&s.mallory, &note).await;
    let all = here(&s).await;
    assert_eq!(all.len(), 12, "{all:?}");

    s.node.clock.advance(364 * DAY);
    sweep(&s).await;
    assert_eq!(here(&s).await, all, "they are not old enough");
    s.node.clock.advance(2 * DAY);
    sweep(&s).await;
    let left: Vec<String> = all.into_iter().filter(|name| !["plain", "reply"].contains(&name.as_str())).collect();
    assert_eq!(here(&s).await, left);
    // It is not gone for good.
    assert_eq!(s.count("select count(*) from tombstones where uri like '%/notes/plain'").await, 0);
}

#[tokio::test]
async fn who_passed_on_or_quoted_what_was_written_here_counts_however_long_ago() {
    let s = Scene::new().await;
    let own = s.writes(&s.bob, "public", "mine").await;
    s.sends(&s.mallory, &boost(&s.mallory, own.clone())).await;
    let mut note = s.note(&s.mallory, "quoting", "look");
    note["quote"] = json!(own);
    let mut asks = s.mallory.activity("QuoteRequest", own.clone());
    asks["instrument"] = note.clone();
    s.sends(&s.mallory, &asks).await;
    s.bob.post("/api/v1/notifications/clear", json!({})).await.ok();
    let counted = "select count(*) from posts where local and boosts_count = 1 and quotes_count = 1";
    assert_eq!(s.count(counted).await, 1);
    s.node.clock.advance(366 * DAY);
    sweep(&s).await;
    assert_eq!(s.count(counted).await, 1);
    // What lets it be quoted hangs on it.
    assert!(s.post(note["id"].as_str().unwrap()).await.is_some());
}

#[tokio::test]
async fn what_solved_a_question_stays_with_it() {
    let s = Scene::new().await;
    let asked: i64 = found(&s, "asked", None).await.parse().unwrap();
    let solved: i64 = found(&s, "solved", Some("asked")).await.parse().unwrap();
    found(&s, "aside", Some("asked")).await;
    let question = move |tx: &mut Tx<'_>| {
        Sql::new("insert into questions (post_id, account_id, local, state, answer_id, asked_at) ")
            .push("select p.id, p.account_id, p.local, 1, ")
            .bind(solved)
            .with(", p.created_at from posts p where p.id = ", asked)
            .execute(tx.conn)
    };
    s.node.app.write(question).await.unwrap();
    s.node.clock.advance(366 * DAY);
    sweep(&s).await;
    assert_eq!(here(&s).await, ["asked", "solved"]);
}

/// Three posts with a file each, of which ada has seen: of somebody whom she does not know, one that she bookmarked, and of
/// somebody whom she follows. Answers the addresses of the files here.
async fn looked_at(node: &Node, peer: &Peer, ada: &Client) -> Vec<String> {
    let (far, near) = (stranger(node, "far").await, stranger(node, "near").await);
    let me: Id<Account> = ada.id.parse().unwrap();
    let follow = node.app.write(move |tx| {
        watercooler::domain::follows::request(tx, me, near, &watercooler::domain::follows::FollowOptions::default())?;
        watercooler::domain::follows::accept(tx, near, me)
    });
    follow.await.unwrap();
    let mut addresses = Vec::new();
    for (name, author) in [("plain", far), ("kept", far), ("followed", near)] {
        let path = format!("/{name}.png");
        peer.serve_as(&path, 200, "image/png", picture(64, 48));
        let url = peer.url(&path);
        let post = node.app.write(move |tx| {
            let id = posts::free_id(tx, NOW)?;
            let media = vec![Media { account_id: author, ..remote_media(tx.new_id(), url) }];
            let uri = format!("https://far.example/{name}");
            let new = crate::posts::remote(author, id, &uri, "<p>pictures</p>");
            Ok(posts::insert_post(tx, posts::NewPost { visibility: Visibility::Public, media, ..new })?.unwrap().id)
        });
        let post = post.await.unwrap();
        if name == "kept" {
            ada.post(&format!("/api/v1/statuses/{post}/bookmark"), json!({})).await.ok();
        }
        let shown = ada.get(&format!("/api/v1/statuses/{post}")).await.ok();
        addresses.push(shown["media_attachments"][0]["url"].as_str().unwrap().to_owned());
    }
    for address in &addresses {
        assert_eq!(ada.get(address).await.status, 200);
    }
    assert_eq!(copies(node).await.len(), 3);
    addresses
}

/// The names of the files of which there is a copy.
async fn copies(node: &Node) -> Vec<String> {
    let sql = "select m.remote_url from media m where m.file is not null order by m.remote_url";
    let all = node.app.read(move |conn| Sql::new(sql).load_texts(conn)).await.unwrap();
    all.iter().map(|url| url.rsplit('/').next().unwrap().to_owned()).collect()
}

/// What is left after the round of an hour.
async fn left(node: &Node) -> Vec<String> {
    node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
    node.settle().await;
    copies(node).await
}

#[tokio::test]
async fn copies_of_files_stay_where_somebody_here_has_to_do_with_their_posts() {
    let peer = Peer::start("remote").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let ada = node.member("ada").await;
    looked_at(&node, &peer, &ada).await;
    node.clock.advance(31 * DAY);
    assert_eq!(left(&node).await, ["followed.png", "kept.png"]);
}

#[tokio::test]
async fn for_want_of_room_only_copies_go_that_nobody_used_and_that_can_be_fetched_again() {
    let peer = Peer::start("remote").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).config(|c| c.media.cache_mebibytes = 1);
    let node = node.start().await;
    let ada = node.member("ada").await;
    let addresses = looked_at(&node, &peer, &ada).await;
    // As if each were of two mebibytes.
    let sql = "update media set size = 2097152 where remote_url is not null";
    node.app.write(move |tx| Sql::new(sql).execute(tx.conn)).await.unwrap();
    let host = peer.authority.clone();
    node.app
        .write(move |tx| {
            let next = tx.now.plus_days(1);
            watercooler::store::deliveries::host_failed(tx.conn, &host, 1, tx.now, next, tx.now)
        })
        .await
        .unwrap();
    assert_eq!(left(&node).await, ["followed.png", "kept.png"], "their server does not answer");
    let host = peer.authority.clone();
    node.app.write(move |tx| watercooler::store::deliveries::host_is_back(tx.conn, &host)).await.unwrap();
    assert_eq!(left(&node).await, ["kept.png"], "what is used takes more room than there is");
    assert_eq!(ada.get(&addresses[2]).await.status, 200);
    assert_eq!(copies(&node).await, ["followed.png", "kept.png"], "it was fetched again");
}
