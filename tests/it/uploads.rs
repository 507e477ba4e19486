//! Files that take long: answered before they are processed, asked for until they are; and pictures that stand for films.

use crate::{
    films::webm,
    media::{crc, picture, send_form},
    support::{Client, Node, NodeBuilder, Reply, files},
};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
    domain::media::{self, Described, Preview, Upload},
    id::Id,
    media::intake::Workshop,
    model::{Account, MediaKind},
};

/// A film that ends in the middle.
const BROKEN: &[u8] = b"\0\0\0\x10ftypisom\0\0\0\0\0\0\x10\0moov";

async fn send(who: &Client, path: &str, bytes: &[u8]) -> Reply {
    send_form(who, "POST", path, &[("description", "A fence")], ("file", bytes)).await
}

fn path(file: &Value) -> String {
    format!("/api/v1/media/{}", file["id"].as_str().unwrap())
}

/// Asks as apps do, until it is processed.
async fn processed(who: &Client, file: &Value) -> Reply {
    let asking = async {
        loop {
            let reply = who.get(&path(file)).await;
            if reply.status != 206 {
                return reply;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), asking).await.expect("it is never processed")
}

async fn count(node: &Node, sql: &'static str) -> i64 {
    node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
}

#[tokio::test]
async fn a_film_is_answered_before_it_is_processed_and_is_not_posted_until_then() {
    let node = Node::start().await;
    let (ada, eve) = (node.member("ada").await, node.member("eve").await);
    let shut = node.app.part::<Workshop>().shut().await.unwrap();
    let sent = send(&ada, "/api/v2/media", &webm()).await;
    assert_eq!(sent.status, 202, "{}", sent.text);
    let film = sent.json();
    assert_eq!((&film["type"], &film["description"]), (&json!("video"), &json!("A fence")));
    assert_eq!((&film["url"], &film["preview_url"]), (&Value::Null, &Value::Null));
    let asked = ada.get(&path(&film)).await;
    assert_eq!((asked.status, asked.json()), (206, film.clone()));
    assert_eq!(eve.get(&path(&film)).await.status, 404);
    let draft = json!({"status": "look", "media_ids": [film["id"]]});
    let refused = ada.post("/api/v1/statuses", draft.clone()).await;
    assert!(refused.status == 422 && refused.text.contains("not finished processing"), "{}", refused.text);
    let said = ada.put(&path(&film), json!({"description": "A gate", "focus": "0.5,0"})).await;
    assert_eq!((said.status, &said.json()["description"]), (206, &json!("A gate")));
    // A small picture does not take long.
    drop(shut);
    assert_eq!(send(&ada, "/api/v2/media", &picture(8, 8)).await.status, 200);
    let ready = processed(&ada, &film).await.ok();
    assert!(ready["url"].is_string() && ready["preview_url"].is_string(), "{ready}");
    assert_eq!((&ready["id"], &ready["description"]), (&film["id"], &json!("A gate")));
    assert_eq!(ready["meta"]["focus"], json!({"x": 0.5, "y": 0.0}));
    assert_eq!(ada.get(ready["url"].as_str().unwrap()).await.body, webm());
    let post = ada.post("/api/v1/statuses", draft).await.ok();
    assert_eq!(post["media_attachments"][0]["url"], ready["url"]);
    assert_eq!(ada.get(&path(&film)).await.status, 404);
}

#[tokio::test]
async fn a_film_that_turns_out_to_be_broken_is_said_to_be_when_it_is_asked_for() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let sent = send(&ada, "/api/v2/media", BROKEN).await;
    assert_eq!(sent.status, 202, "{}", sent.text);
    let film = sent.json();
    let asked = processed(&ada, &film).await;
    assert!(asked.status == 422 && asked.text.contains("cannot be processed"), "{}", asked.text);
    let draft = json!({"status": "look", "media_ids": [film["id"]]});
    assert_eq!(ada.post("/api/v1/statuses", draft).await.status, 422);
    assert_eq!(ada.put(&path(&film), json!({"description": "x"})).await.status, 422);
    // A picture of very many points, and nothing behind its head.
    let mut large = picture(1, 1);
    large[16..24].copy_from_slice(&[0, 0, 0x13, 0x88, 0, 0, 0x13, 0x88]);
    let sum = crc(&large[12..29]);
    large[29..33].copy_from_slice(&sum.to_be_bytes());
    let large = send(&ada, "/api/v2/media", &large).await;
    assert_eq!((large.status, &large.json()["type"]), (202, &json!("image")));
    assert_eq!(processed(&ada, &large.json()).await.status, 422);
    assert_eq!(ada.delete(&path(&film)).await.status, 200);
    assert_eq!(ada.get(&path(&film)).await.status, 404);
    assert_eq!(files(&node.app.storage()).len(), 0, "nothing stays");
}

#[tokio::test]
async fn apps_of_the_first_generation_get_an_answer_when_it_is_processed() {
    let node = NodeBuilder::new("alpha").await.config(|c| c.media.video_bytes = 2_000).start().await;
    let ada = node.member("ada").await;
    let film = send(&ada, "/api/v1/media", &webm()).await.ok();
    assert!(film["url"].is_string(), "{film}");
    assert_eq!(ada.get(&path(&film)).await.ok(), film);
    assert_eq!(send(&ada, "/api/v1/media", BROKEN).await.status, 422);
    // What can be told at once is told at once, in both.
    let large = [&b"ID3\x04"[..], &[0; 2_000]].concat();
    for generation in ["/api/v1/media", "/api/v2/media"] {
        assert_eq!(send(&ada, generation, b"no film").await.status, 422);
        assert_eq!(send(&ada, generation, &large).await.status, 413);
    }
    assert_eq!(count(&node, "select count(*) from media").await, 1);
}

#[tokio::test]
async fn who_comes_when_many_files_wait_waits_for_the_answer() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let shut = node.app.part::<Workshop>().shut().await.unwrap();
    for n in 0..16 {
        assert_eq!(send(&ada, "/api/v2/media", b"OggS and more").await.status, 202, "{n}");
    }
    let received = node.app.config().data_dir.join("media/incoming");
    let (waiting, ()) = tokio::join!(send(&ada, "/api/v2/media", b"OggS and more"), async {
        while std::fs::read_dir(&received).unwrap().count() < 17 {
            tokio::task::yield_now().await;
        }
        drop(shut);
    });
    assert_eq!(waiting.status, 200, "{}", waiting.text);
    assert_eq!(waiting.json()["type"], "audio");
}

#[tokio::test]
async fn rel_04_what_was_processed_when_a_node_ended_is_given_up() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let shut = node.app.part::<Workshop>().shut().await.unwrap();
    let film = send(&ada, "/api/v2/media", &webm()).await;
    assert_eq!(film.status, 202);
    let node = NodeBuilder::again(node).await.start().await;
    let asked = ada.at(&node).get(&path(&film.json())).await;
    assert_eq!(asked.status, 422, "{}", asked.text);
    drop(shut);
    // A sweep removes it, as all that never came onto a post.
    node.clock.advance(25 * 3_600_000);
    node.app.write(|tx| tx.enqueue(&watercooler::domain::Task::Sweep)).await.unwrap();
    node.settle().await;
    assert_eq!(count(&node, "select count(*) from media").await, 0);
}

#[tokio::test]
async fn a_picture_of_ones_choice_stands_for_a_film_or_sound() {
    let node = Node::start().await;
    let (ada, eve) = (node.member("ada").await, node.member("eve").await);
    let sound = send(&ada, "/api/v1/media", b"OggS and more").await.ok();
    assert_eq!((&sound["preview_url"], &sound["blurhash"]), (&Value::Null, &Value::Null));
    let put = async |who: &Client, file: &Value, picture: &[u8]| {
        send_form(who, "PUT", &path(file), &[], ("thumbnail", picture)).await
    };
    let shown = put(&ada, &sound, &picture(64, 48)).await.ok();
    assert_eq!((&shown["url"], &shown["description"]), (&sound["url"], &json!("A fence")));
    assert_eq!((&shown["meta"]["small"]["width"], shown["blurhash"].is_string()), (&json!(64), true));
    assert!(shown["meta"]["colors"]["background"].is_string(), "{shown}");
    assert_eq!(ada.get(shown["preview_url"].as_str().unwrap()).await.header("content-type"), "image/jpeg");
    let other = put(&ada, &sound, &picture(48, 64)).await.ok();
    assert_eq!(other["meta"]["small"]["width"], 48);
    assert_ne!(other["preview_url"], shown["preview_url"]);
    assert_eq!(ada.get(shown["preview_url"].as_str().unwrap()).await.status, 404, "the one before is gone");
    assert_eq!(put(&ada, &sound, b"<svg/>").await.status, 422);
    assert_eq!(put(&eve, &sound, &picture(8, 8)).await.status, 404);
    // A picture stands for itself.
    let image = send(&ada, "/api/v2/media", &picture(64, 48)).await.ok();
    assert_eq!(put(&ada, &image, &picture(8, 8)).await.ok(), image);
    let post = json!({"status": "listen", "media_ids": [sound["id"]]});
    let post = ada.post("/api/v1/statuses", post).await.ok();
    assert_eq!(post["media_attachments"][0], other);
    assert_eq!(put(&ada, &sound, &picture(8, 8)).await.status, 404, "it hangs on a post");
    // There an edit of the post chooses another one.
    let post_path = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
    let edit = async |who: &Client, picture: &[u8]| {
        let id = sound["id"].as_str().unwrap();
        let fields = [("status", "listen"), ("media_ids[]", id), ("media_attributes[][id]", id)];
        send_form(who, "PUT", &post_path, &fields, ("media_attributes[][thumbnail]", picture)).await
    };
    let edited = edit(&ada, &picture(40, 30)).await.ok();
    let file = &edited["media_attachments"][0];
    assert_eq!((&file["meta"]["small"]["width"], &file["url"]), (&json!(40), &sound["url"]));
    assert_ne!(file["preview_url"], other["preview_url"]);
    assert!(edited["edited_at"].is_string(), "{edited}");
    assert_eq!(ada.get(other["preview_url"].as_str().unwrap()).await.status, 404, "the one before is gone here too");
    assert_eq!(ada.get(file["preview_url"].as_str().unwrap()).await.header("content-type"), "image/jpeg");
    assert_eq!(edit(&ada, b"<svg/>").await.status, 422);
    assert_eq!(edit(&eve, &picture(8, 8)).await.status, 404);
    assert_eq!(ada.get(&post_path).await.ok()["media_attachments"][0], *file);
}

#[tokio::test]
async fn what_its_owner_does_while_a_film_is_processed_stays_done() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let owner: Id<Account> = ada.id.parse().unwrap();
    let film = Upload {
        kind: MediaKind::Audio,
        mime: "audio/mp4".into(),
        file: "sound.m4a".into(),
        thumbnail: Some("plain.jpg".into()),
        size: 7,
        blurhash: None,
        colours: None,
        width: 0,
        height: 0,
        small: Some((16, 16)),
        duration_ms: Some(2_500),
    };
    let preview = Preview {
        file: "chosen.jpg".into(),
        size: 3,
        small: (64, 48),
        blurhash: Some("LlMF%n00%#MwS|WCWEM{R*bbWBbH".into()),
        colours: Some("#101018,#f0f0e6,#e61e28".into()),
    };
    let [chosen, gone] = node
        .app
        .write(move |tx| {
            let chosen = media::begin(tx, owner, MediaKind::Video, Described::default())?;
            media::choose_preview(tx, owner, chosen, preview)?;
            let gone = media::begin(tx, owner, MediaKind::Video, Described::default())?;
            media::discard(tx, owner, &[gone])?;
            for id in [chosen, gone] {
                media::finish(tx, id, film.clone())?;
            }
            Ok([chosen, gone])
        })
        .await
        .unwrap();
    let sound = ada.get(&format!("/api/v1/media/{chosen}")).await.ok();
    assert_eq!((&sound["type"], &sound["meta"]["original"]["duration"]), (&json!("audio"), &json!(2.5)));
    assert_eq!(
        (&sound["preview_url"], &sound["url"]),
        (&json!(node.url("/media/chosen.jpg")), &json!(node.url("/media/sound.m4a")))
    );
    let colors = json!({"background": "#101018", "foreground": "#f0f0e6", "accent": "#e61e28"});
    assert_eq!((&sound["meta"]["small"]["width"], &sound["meta"]["colors"]), (&json!(64), &colors));
    assert_eq!(ada.get(&format!("/api/v1/media/{gone}")).await.status, 404);
}
