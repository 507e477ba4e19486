//! Uploads, stored files, profile pictures, and files of other servers.

use crate::{
    posts::stranger,
    support::{Client, NOW, Node, NodeBuilder, Peer, Reply},
};
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
    domain::{html::Html, posts},
    id::Id,
    model::{Media, MediaKind, MediaState, Visibility},
    store,
};

/// A plain picture with an author's note in it.
pub fn picture(width: u32, height: u32) -> Vec<u8> {
    let pixels: Vec<u8> = (0..width * height).flat_map(|n| [(n % 251) as u8, 40, 90]).collect();
    let mut out = Vec::new();
    PngEncoder::new(&mut out).write_image(&pixels, width, height, ExtendedColorType::Rgb8).unwrap();
    // A tEXt chunk before the end, with its checksum left wrong on purpose: decoders skip what they do not need.
    let end = out.len() - 12;
    let mut noted = out[..end].to_vec();
    let text = b"Author\0SecretPlace";
    noted.extend_from_slice(&(text.len() as u32).to_be_bytes());
    noted.extend_from_slice(b"tEXt");
    noted.extend_from_slice(text);
    noted.extend_from_slice(&crc(&[&b"tEXt"[..], text].concat()).to_be_bytes());
    noted.extend_from_slice(&out[end..]);
    noted
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

/// Sends a multipart form: fields, and one file without a telling name or type.
pub async fn send_form(
    client: &Client,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    file: (&str, &[u8]),
) -> Reply {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend_from_slice(
            format!("--b0\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes(),
        );
    }
    let head = format!("--b0\r\nContent-Disposition: form-data; name=\"{0}\"; filename=\"{0}\"\r\n\r\n", file.0);
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file.1);
    body.extend_from_slice(b"\r\n--b0--\r\n");
    let request = client.request(method, path).header("content-type", "multipart/form-data; boundary=b0").body(body);
    client.send(request).await
}

async fn upload(client: &Client, bytes: &[u8]) -> Value {
    send_form(client, "POST", "/api/v2/media", &[("description", "A test")], ("file", bytes)).await.ok()
}

/// The path of one of our addresses.
fn path(address: &Value) -> String {
    let address = address.as_str().unwrap();
    address[address.find("/media/").unwrap()..].to_owned()
}

fn count_files(node: &Node) -> usize {
    node.app.storage().older_than(std::time::Duration::ZERO).unwrap().len()
}

#[tokio::test]
async fn an_upload_is_ready_at_once_and_hangs_on_one_post() {
    let node = Node::start().await;
    let (ada, eve) = (node.member("ada").await, node.member("eve").await);
    let fields = [("description", "A fence"), ("focus", "0.5,-1")];
    let media = send_form(&ada, "POST", "/api/v2/media", &fields, ("file", &picture(900, 600))).await.ok();
    assert_eq!((&media["type"], &media["description"]), (&json!("image"), &json!("A fence")));
    assert_eq!(media["meta"]["original"]["size"], "900x600");
    assert_eq!(media["meta"]["small"]["width"], 588);
    assert_eq!(media["meta"]["focus"], json!({ "x": 0.5, "y": -1.0 }));
    assert!(media["blurhash"].as_str().unwrap().len() > 6);
    let id = media["id"].as_str().unwrap();
    assert_eq!(ada.get(&format!("/api/v1/media/{id}")).await.ok(), media);
    assert_eq!(eve.get(&format!("/api/v1/media/{id}")).await.status, 404);
    let changed = ada.put(&format!("/api/v1/media/{id}"), json!({ "description": "A gate" })).await.ok();
    assert_eq!((&changed["description"], &changed["meta"]["focus"]["x"]), (&json!("A gate"), &json!(0.5)));
    let body = json!({ "media_ids": [id], "status": "" });
    assert_eq!(eve.post("/api/v1/statuses", body.clone()).await.status, 422);
    let post = ada.post("/api/v1/statuses", body.clone()).await.ok();
    assert_eq!((&post["media_attachments"][0]["description"], &post["content"]), (&json!("A gate"), &json!("")));
    assert_eq!(ada.post("/api/v1/statuses", body.clone()).await.status, 422);
    assert_eq!(ada.get(&format!("/api/v1/media/{id}")).await.status, 404);
    let post_path = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
    let edit = json!({ "status": "with words", "media_ids": [id],
        "media_attributes": [{ "id": id, "description": "A door" }] });
    let edited = ada.put(&post_path, edit).await.ok();
    assert_eq!(edited["media_attachments"][0]["description"], "A door");
    let history = ada.get(&format!("{post_path}/history")).await.ok();
    assert_eq!(history[0]["media_attachments"][0]["description"], "A gate");
    // Delete and redraft: the file may be attached again.
    assert_eq!(ada.delete(&post_path).await.ok()["media_attachments"][0]["id"], id);
    assert_eq!(ada.post("/api/v1/statuses", body).await.status, 200);
}

#[tokio::test]
async fn sec_web_08_files_are_inert_and_complete() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let media = upload(&ada, &picture(40, 30)).await;
    let anybody = Client::anonymous(&node);
    let file = anybody.get(&path(&media["url"])).await;
    assert_eq!((file.status, file.header("content-type")), (200, "image/png"));
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    assert_eq!(file.header("content-security-policy"), "default-src 'none'; sandbox");
    assert!(file.header("cache-control").starts_with("private"));
    assert_eq!(file.header("access-control-allow-origin"), "*");
    assert!(!file.body.windows(11).any(|w| w == b"SecretPlace"), "metadata is removed (WEB-11)");
    let tag = file.header("etag").to_owned();
    let again = anybody.send(anybody.request("GET", &path(&media["url"])).header("if-none-match", &tag)).await;
    assert_eq!(again.status, 304);
    let part = anybody.send(anybody.request("GET", &path(&media["url"])).header("range", "bytes=1-3")).await;
    assert_eq!((part.status, &part.body[..]), (206, &file.body[1..4]));
    assert_eq!(part.header("content-range"), format!("bytes 1-3/{}", file.body.len()));
    assert_eq!(anybody.get(&path(&media["preview_url"])).await.status, 200);
    for bad in [
        "/media/../watercooler.db",
        "/media/%2e%2e%2fwatercooler.db",
        "/media/x.png",
        "/media/00000000000000000000000000000000.png",
        "/media/",
    ] {
        assert_eq!(anybody.get(bad).await.status, 404, "{bad}");
    }
}

#[tokio::test]
async fn sec_web_07_what_is_no_media_is_refused_and_leaves_nothing() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let mut cut = picture(50, 50);
    cut.truncate(100);
    for bytes in [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"<html></html>", b"%PDF-1.7", b"{}", &cut] {
        let reply = send_form(&ada, "POST", "/api/v2/media", &[], ("file", bytes)).await;
        assert_eq!(reply.status, 422);
    }
    assert_eq!(ada.post("/api/v1/media", json!({})).await.status, 422);
    let long = "x".repeat(1_501);
    let reply = send_form(&ada, "POST", "/api/v1/media", &[("description", &long)], ("file", &picture(9, 9))).await;
    assert_eq!(reply.status, 422);
    let reply = send_form(&ada, "POST", "/api/v1/media", &[("focus", "left")], ("file", &picture(9, 9))).await;
    assert_eq!(reply.status, 422);
    assert_eq!(count_files(&node), 0);
    let rows = node.app.read(|c| Sql::new("select count(*) from media").scalar_i64(c)).await.unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn rel_04_the_sweep_removes_what_never_came_onto_a_post() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let kept = upload(&ada, &picture(20, 20)).await;
    ada.post("/api/v1/statuses", json!({ "media_ids": [kept["id"]] })).await.ok();
    upload(&ada, &picture(30, 30)).await;
    let discarded = upload(&ada, &picture(25, 25)).await;
    ada.delete(&format!("/api/v1/media/{}", discarded["id"].as_str().unwrap())).await.ok();
    assert_eq!(count_files(&node), 6);
    node.clock.advance(25 * 3_600_000);
    node.app.write(|tx| tx.enqueue(&watercooler::domain::Task::Sweep)).await.unwrap();
    node.settle().await;
    let rows = node.app.read(|c| Sql::new("select count(*) from media").scalar_i64(c)).await.unwrap();
    assert_eq!(rows, 1);
    // The discarded one has no row; its files are too young to be swept without one.
    assert_eq!(count_files(&node), 4);
    assert_eq!(ada.get(&path(&kept["url"])).await.status, 200);
}

#[tokio::test]
async fn profile_pictures_are_cut_to_shape() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let before = ada.get("/api/v1/accounts/verify_credentials").await.ok();
    assert!(before["avatar"].as_str().unwrap().ends_with("missing.png"));
    let route = "/api/v1/accounts/update_credentials";
    let me = send_form(&ada, "PATCH", route, &[], ("avatar", &picture(900, 500))).await.ok();
    let file = ada.get(&path(&me["avatar"])).await;
    let shape = image::load_from_memory(&file.body).unwrap();
    assert_eq!((shape.width(), shape.height()), (400, 400));
    let me = send_form(&ada, "PATCH", route, &[], ("header", &picture(300, 300))).await.ok();
    let shape = image::load_from_memory(&ada.get(&path(&me["header"])).await.body).unwrap();
    assert_eq!((shape.width(), shape.height()), (300, 100));
    assert_eq!(send_form(&ada, "PATCH", route, &[], ("avatar", b"<svg/>")).await.status, 422);
    let me = ada.patch(route, json!({ "avatar": "" })).await.ok();
    assert!(me["avatar"].as_str().unwrap().ends_with("missing.png"));
}

fn remote_media(id: Id<Media>, url: String) -> Media {
    Media {
        id,
        account_id: Id::new(0),
        post_id: None,
        position: 0,
        kind: MediaKind::Image,
        state: MediaState::Ready,
        mime: Some("image/jpeg".into()),
        file: None,
        thumbnail: None,
        remote_url: Some(url),
        remote_thumbnail_url: None,
        size: 0,
        description: Some("far away".into()),
        blurhash: None,
        focus_x: None,
        focus_y: None,
        width: None,
        height: None,
        small_width: None,
        small_height: None,
        duration_ms: None,
        cached_at: None,
        created_at: NOW,
    }
}

#[tokio::test]
async fn fed_post_08_remote_files_are_fetched_once_and_only_for_who_was_shown_them() {
    let peer = Peer::start("far").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let ada = node.member("ada").await;
    peer.serve_as("/good", 200, "text/html", picture(700, 700));
    peer.serve_as("/bad", 200, "image/png", b"<html><script>alert(1)</script>".to_vec());
    let urls = [peer.url("/good"), peer.url("/bad"), peer.url("/missing")];
    let far = stranger(&node, "far").await;
    let avatar = peer.url("/good");
    let post = node
        .app
        .write(move |tx| {
            Sql::new("update accounts set avatar_remote_url = ")
                .bind(avatar)
                .with(" where id = ", far)
                .execute(tx.conn)?;
            let id = posts::free_id(tx, NOW)?;
            let media: Vec<Media> =
                urls.into_iter().map(|url| Media { account_id: far, ..remote_media(tx.new_id(), url) }).collect();
            let new = posts::NewPost {
                visibility: Visibility::Public,
                media,
                ..crate::posts::remote(far, id, "https://far.example/1", "<p>pictures</p>")
            };
            Ok(posts::insert_post(tx, new)?.unwrap().id)
        })
        .await
        .unwrap();
    let shown = ada.get(&format!("/api/v1/statuses/{post}")).await.ok();
    let files = shown["media_attachments"].as_array().unwrap();
    assert_eq!(files.len(), 3);
    assert!(files[0]["url"].as_str().unwrap().starts_with(&node.url("/media/remote/")));
    assert_eq!(files[0]["remote_url"], peer.url("/good"));
    let anybody = Client::anonymous(&node);
    let first = anybody.get(&path(&files[0]["url"])).await;
    assert_eq!((first.status, first.header("content-type")), (200, "image/png"));
    assert!(!first.body.windows(11).any(|w| w == b"SecretPlace"));
    assert_eq!(anybody.get(&path(&files[0]["preview_url"])).await.header("content-type"), "image/jpeg");
    for file in &files[1..] {
        assert_eq!(anybody.get(&path(&file["url"])).await.status, 404);
        assert_eq!(anybody.get(&path(&file["url"])).await.status, 404);
    }
    let fetched = peer.received().len();
    assert_eq!(fetched, 3, "one fetch a file, also for those that failed");
    // A number alone opens nothing.
    let id = files[0]["id"].as_str().unwrap();
    let guess = anybody.get(&format!("/media/remote/{id}/00000000000000000000000000000000")).await;
    assert_eq!(guess.status, 404);
    let after = ada.get(&format!("/api/v1/statuses/{post}")).await.ok();
    let file = &after["media_attachments"][0];
    assert_eq!(file["meta"]["original"]["width"], 700);
    assert!(!file["url"].as_str().unwrap().contains("remote"));
    assert_eq!(anybody.get(&path(&file["url"])).await.body, first.body);
    let face = anybody.get(&path(&shown["account"]["avatar"])).await;
    let shape = image::load_from_memory(&face.body).unwrap();
    assert_eq!((shape.width(), shape.height()), (400, 400));
    let _ = (Html::default(), store::media::find);
}
