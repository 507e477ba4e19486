//! Uploads, stored files, profile pictures, and files of other servers.

use crate::{
    posts::stranger,
    support::{Client, NOW, Node, NodeBuilder, Peer, Reply, files},
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

/// The checksum of a part of a PNG.
pub fn crc(bytes: &[u8]) -> u32 {
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

pub async fn upload(client: &Client, bytes: &[u8]) -> Value {
    send_form(client, "POST", "/api/v2/media", &[("description", "A test")], ("file", bytes)).await.ok()
}

/// The path of one of our addresses.
fn path(address: &Value) -> String {
    let address = address.as_str().unwrap();
    address[address.find("/media/").unwrap()..].to_owned()
}

fn count_files(node: &Node) -> usize {
    files(&node.app.storage()).len()
}

#[tokio::test]
async fn fed_out_07_attachments_go_out_with_all_that_is_known_of_them() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let fields = [("description", "A fence"), ("focus", "0.5,-1")];
    let file = send_form(&ada, "POST", "/api/v2/media", &fields, ("file", &picture(90, 60))).await.ok();
    let bare = send_form(&ada, "POST", "/api/v2/media", &[], ("file", &picture(20, 20))).await.ok();
    let read = async |media: &[&Value]| {
        let post = ada.post("/api/v1/statuses", json!({"status": "look", "media_ids": media})).await.ok();
        let note = Client::anonymous(&node).get_activity(post["uri"].as_str().unwrap()).await.ok();
        note["attachment"].as_array().unwrap().clone()
    };
    let both = read(&[&file["id"], &bare["id"]]).await;
    let [first, second] = &both[..] else { panic!("{both:?}") };
    assert_eq!((&first["type"], &first["mediaType"]), (&json!("Document"), &json!("image/png")));
    assert_eq!((&first["url"], &first["name"]), (&file["url"], &json!("A fence")));
    assert_eq!((&first["width"], &first["height"]), (&json!(90), &json!(60)));
    assert_eq!((&first["blurhash"], &first["focalPoint"]), (&file["blurhash"], &json!([0.5, -1.0])));
    assert!(first["blurhash"].is_string() && first.get("duration").is_none() && first.get("icon").is_none());
    assert_eq!((&second["url"], &second["name"]), (&bare["url"], &Value::Null));
    // A film has a length and a still picture.
    let still = send_form(&ada, "POST", "/api/v2/media", &[], ("file", &picture(30, 20))).await.ok();
    let id: Id<Media> = still["id"].as_str().unwrap().parse().unwrap();
    let film = MediaKind::Video;
    node.app
        .write(move |tx| {
            Sql::new("update media set mime = 'video/mp4', duration_ms = 61500, thumbnail = 'still.jpg', kind = ")
                .bind(film)
                .with(" where id = ", id)
                .execute(tx.conn)
        })
        .await
        .unwrap();
    let film = read(&[&still["id"]]).await.remove(0);
    assert_eq!((&film["mediaType"], &film["duration"]), (&json!("video/mp4"), &json!("PT61.500S")));
    assert_eq!((&film["icon"]["type"], &film["icon"]["url"]), (&json!("Image"), &json!(node.url("/media/still.jpg"))));
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
async fn an_edit_takes_off_what_it_does_not_name() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let files = [upload(&ada, &picture(40, 40)).await, upload(&ada, &picture(50, 40)).await];
    let ids = [&files[0]["id"], &files[1]["id"]];
    let full = json!({ "status": "look", "media_ids": ids, "spoiler_text": "cw", "language": "de" });
    let post = ada.post("/api/v1/statuses", full).await.ok();
    let path = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
    let edited = ada.put(&path, json!({ "status": "", "media_ids": [ids[1]], "sensitive": true })).await.ok();
    let left: Vec<&Value> = edited["media_attachments"].as_array().unwrap().iter().map(|file| &file["id"]).collect();
    assert_eq!(left, [ids[1]]);
    let said = (&edited["content"], &edited["spoiler_text"], &edited["sensitive"], &edited["language"]);
    assert_eq!(said, (&json!(""), &json!(""), &json!(true), &json!("de")));
    let bare = ada.put(&path, json!({ "status": "words alone" })).await.ok();
    assert_eq!((&bare["media_attachments"], &bare["sensitive"]), (&json!([]), &json!(false)));
    let history = ada.get(&format!("{path}/history")).await.ok();
    let counts: Vec<usize> =
        history.as_array().unwrap().iter().map(|edit| edit["media_attachments"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [2, 1, 0]);
    // What was taken off may be put back, and nothing at all is no post.
    let back = ada.put(&path, json!({ "status": "again", "media_ids": ids })).await.ok();
    assert_eq!(back["media_attachments"].as_array().unwrap().len(), 2);
    assert_eq!(ada.put(&path, json!({ "media_ids": [] })).await.status, 422);
    assert_eq!(ada.put(&path, json!({ "spoiler_text": "no words" })).await.ok()["content"], "<p>no words</p>");
    let asked = json!({ "status": "?", "poll": { "options": ["a", "b"], "expires_in": 600 } });
    let asked = ada.post("/api/v1/statuses", asked).await.ok();
    let path = format!("/api/v1/statuses/{}", asked["id"].as_str().unwrap());
    assert_eq!(ada.put(&path, json!({ "status": "no question" })).await.ok()["poll"], Value::Null);
}

#[tokio::test]
async fn fed_auth_12_no_file_is_ever_served_as_a_document() {
    let peer = Peer::start("zeta").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let ada = node.member("ada").await;
    let document = |id: String| {
        json!({
            "@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": "Note", "content": "forged",
            "attributedTo": node.url("/users/ada"), "to": "https://www.w3.org/ns/activitystreams#Public",
        })
    };
    // A document is nothing that can be uploaded, and a name ends in nothing else than a kind of picture or film.
    let text = document(node.url("/media/note.json")).to_string();
    for name in ["note.json", "note.png", "note.activity+json"] {
        assert_eq!(send_form(&ada, "POST", "/api/v2/media", &[], (name, text.as_bytes())).await.status, 422, "{name}");
    }
    let asks = async |path: &str| {
        let request = ada.request("GET", path).header("accept", "application/activity+json");
        ada.send(request).await
    };
    let media = upload(&ada, &picture(40, 40)).await;
    for address in [&media["url"], &media["preview_url"]] {
        let file = asks(&path(address)).await;
        assert_eq!(file.status, 200);
        assert!(file.header("content-type").starts_with("image/"), "{}", file.header("content-type"));
        assert_eq!(file.header("x-content-type-options"), "nosniff");
    }
    let stem = path(&media["url"]).rsplit_once('.').unwrap().0.to_owned();
    for end in [".json", ".jsonld", "", ".activity"] {
        assert_eq!(asks(&format!("{stem}{end}")).await.status, 404, "{end}");
    }
    // Pictures of others: what their server calls them does not matter.
    let mut actor = peer.person("zoe", "none");
    actor["icon"] = json!({"type": "Image", "url": peer.url("/icon")});
    actor["image"] = json!({"type": "Image", "url": peer.url("/header")});
    peer.serve("/users/zoe", actor);
    peer.serve_as("/icon", 200, "application/activity+json", picture(40, 40));
    peer.serve_as("/header", 200, "application/activity+json", document(peer.url("/header")).to_string());
    let budget = watercooler::federation::fetch::Budget::of_activity();
    let zoe = watercooler::federation::import::account(&node.app, &peer.url("/users/zoe"), &budget).await.unwrap().id;
    let icon = asks(&format!("/media/remote/avatar/{zoe}")).await;
    assert_eq!((icon.status, icon.header("x-content-type-options")), (200, "nosniff"));
    assert!(icon.header("content-type").starts_with("image/"), "{}", icon.header("content-type"));
    let header = asks(&format!("/media/remote/header/{zoe}")).await;
    assert_eq!(header.status, 404);
    assert!(!header.header("content-type").contains("json"));
}

#[tokio::test]
async fn sec_web_08_sec_web_09_files_are_inert_and_complete_and_have_names_of_ours() {
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
    // Whoever goes on with a part says of which state it is.
    for (known, status) in [(tag.as_str(), 206), ("\"another\"", 200), ("Mon, 23 Nov 2026 12:00:00 GMT", 200)] {
        let request = anybody.request("GET", &path(&media["url"])).header("range", "bytes=1-3");
        let reply = anybody.send(request.header("if-range", known)).await;
        let whole = reply.body.len() == file.body.len();
        assert_eq!((reply.status, whole), (status, status == 200), "{known}");
    }
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
async fn sec_prv_13_nobody_guesses_the_file_of_a_private_post_and_no_cache_that_others_share_keeps_it() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let media = upload(&ada, &picture(40, 30)).await;
    let body = json!({ "visibility": "private", "media_ids": [media["id"]] });
    let post = ada.post("/api/v1/statuses", body).await.ok();
    let file = &post["media_attachments"][0];
    let anybody = Client::anonymous(&node);
    for address in [&file["url"], &file["preview_url"]] {
        let path = path(address);
        let key = path.rsplit('/').next().unwrap().get(..32).unwrap();
        assert!(key.bytes().all(|b| b.is_ascii_hexdigit()), "{path}");
        assert!(anybody.get(&path).await.header("cache-control").starts_with("private"), "{path}");
    }
    assert_eq!(anybody.get(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.status, 404);
    ada.delete(&format!("/api/v1/statuses/{}?delete_media=true", post["id"].as_str().unwrap())).await.ok();
    let left = node.app.read(|c| Sql::new("select count(*) from media").scalar_i64(c)).await.unwrap();
    assert_eq!(left, 0, "it goes with the post");
    for address in [&file["url"], &file["preview_url"]] {
        assert_eq!(anybody.get(&path(address)).await.status, 404, "and answers nobody from then on");
    }
    assert_eq!(count_files(&node), 0);
}

#[tokio::test]
async fn sec_prv_13_a_file_of_a_post_that_is_written_anew_is_where_only_its_author_knows() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let media = upload(&ada, &picture(40, 30)).await;
    let draft = json!({ "visibility": "private", "media_ids": [media["id"]] });
    let post = ada.post("/api/v1/statuses", draft.clone()).await.ok();
    let before = &post["media_attachments"][0];
    let (whole, small) = (path(&before["url"]), path(&before["preview_url"]));
    let (bytes, few) = (ada.get(&whole).await.body, ada.get(&small).await.body);
    let post_path = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
    let eve = node.member("eve").await;
    assert_eq!(eve.delete(&post_path).await.status, 404);
    assert_eq!(ada.get(&whole).await.status, 200, "whose post it is not moves nothing");
    // However old it is, it is there for a day.
    node.clock.advance(25 * 3_600_000);
    let gone = ada.delete(&post_path).await.ok();
    node.app.write(|tx| tx.enqueue(&watercooler::domain::Task::Sweep)).await.unwrap();
    node.settle().await;
    let after = &gone["media_attachments"][0];
    for old in [&whole, &small] {
        assert_eq!(ada.get(old).await.status, 404, "{old}");
    }
    assert_eq!(ada.get(&path(&after["url"])).await.body, bytes);
    assert_eq!(ada.get(&path(&after["preview_url"])).await.body, few);
    let anew = ada.post("/api/v1/statuses", draft).await.ok();
    assert_eq!((&anew["media_attachments"][0]["url"], &after["id"]), (&after["url"], &media["id"]));
}

#[tokio::test]
async fn sec_prv_13_a_copy_of_a_file_of_another_server_ends_with_its_post() {
    let peer = Peer::start("far").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    let ada = node.member("ada").await;
    peer.serve_as("/good", 200, "image/png", picture(30, 30));
    let door = files_at(&node, &ada, vec![peer.url("/good")]).await.remove(0);
    assert_eq!(ada.get(&door).await.status, 200);
    let copy = node
        .app
        .write(move |tx| {
            let id = store::posts::find_by_uri(tx.conn, "https://far.example/1")?.unwrap().id;
            let file = store::remote::media_of(tx.conn, id)?.remove(0).file.unwrap();
            posts::remove(tx, id)?;
            Ok(file)
        })
        .await
        .unwrap();
    for address in [door, format!("/media/{copy}")] {
        assert_eq!(ada.get(&address).await.status, 404, "{address}");
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
        let said = reply.json();
        assert!(said["error"].as_str().unwrap().starts_with("Validation failed: File "), "{said}");
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
    assert_eq!(count_files(&node), 4, "the files of the discarded one are gone");
    node.clock.advance(25 * 3_600_000);
    node.app.write(|tx| tx.enqueue(&watercooler::domain::Task::Sweep)).await.unwrap();
    node.settle().await;
    let rows = node.app.read(|c| Sql::new("select count(*) from media").scalar_i64(c)).await.unwrap();
    assert_eq!(rows, 1);
    assert_eq!(count_files(&node), 2);
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
    // A form of a browser in which no file was chosen says nothing.
    let kept = send_form(&ada, "PATCH", route, &[], ("avatar", b"")).await.ok();
    assert_eq!(kept["avatar"], me["avatar"]);
    let me = ada.patch(route, json!({ "avatar": "" })).await.ok();
    assert!(me["avatar"].as_str().unwrap().ends_with("missing.png"));
}

pub fn remote_media(id: Id<Media>, url: String) -> Media {
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
        scheduled_id: None,
        colours: None,
    }
}

#[tokio::test]
async fn fed_post_08_sec_web_14_remote_files_are_fetched_once_and_only_for_who_was_shown_them() {
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

/// A post of a stranger with files at these addresses; answers where this node hands them out.
async fn files_at(node: &Node, who: &Client, urls: Vec<String>) -> Vec<String> {
    let far = stranger(node, "far").await;
    let post = node.app.write(move |tx| {
        let id = posts::free_id(tx, NOW)?;
        let media = urls.into_iter().map(|url| Media { account_id: far, ..remote_media(tx.new_id(), url) }).collect();
        let new = posts::NewPost {
            visibility: Visibility::Public,
            media,
            ..crate::posts::remote(far, id, "https://far.example/1", "<p>pictures</p>")
        };
        Ok(posts::insert_post(tx, new)?.unwrap().id)
    });
    let shown = who.get(&format!("/api/v1/statuses/{}", post.await.unwrap())).await.ok();
    shown["media_attachments"].as_array().unwrap().iter().map(|file| path(&file["url"])).collect()
}

#[tokio::test]
async fn a_server_that_never_answers_keeps_nobody_from_the_files_of_others() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = format!("silent.test:{}", silent.local_addr().unwrap().port());
    let peer = Peer::start("quick").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).knows(&name).start().await;
    let ada = node.member("ada").await;
    peer.serve_as("/good", 200, "image/png", picture(20, 20));
    let mut urls: Vec<String> = (0..12).map(|n| format!("http://{name}/{n}.png")).collect();
    urls.push(peer.url("/good"));
    let mut files = files_at(&node, &ada, urls).await;
    let good = files.pop().unwrap();
    let mut asking = tokio::task::JoinSet::new();
    for file in files {
        let anybody = Client::anonymous(&node);
        asking.spawn(async move { anybody.get(&file).await.status });
    }
    // Its connections are taken, and not answered.
    let mut taken = Vec::new();
    for _ in 0..watercooler::limits::PER_HOST {
        taken.push(silent.accept().await.unwrap());
    }
    let quick = Client::anonymous(&node);
    let asked = tokio::time::timeout(std::time::Duration::from_secs(15), quick.get(&good)).await;
    assert_eq!(asked.expect("nobody waits for a stranger's server").status, 200);
    asking.abort_all();
}

#[tokio::test]
async fn without_the_proxy_clients_are_sent_to_the_other_server_but_never_to_a_peer() {
    use crate::support::{PUBLIC, Sender};
    let (peer, asked) = (Peer::start("remote").await, "https://files.example/a.png");
    peer.serve_as("/b.png", 200, "image/png", picture(8, 8));
    let shown = async |proxy: bool| {
        let node = NodeBuilder::new("alpha")
            .await
            .knows(&peer.authority)
            .config(|config| config.media.proxy_remote = proxy)
            .start()
            .await;
        let bob = node.member("bob").await;
        let ada = Sender::new(&peer, "ada");
        let file = |url: &str| json!({ "type": "Document", "mediaType": "image/png", "url": url });
        let mentioned = node.url("/users/bob");
        let note = json!({
            "id": format!("{}/notes/1", ada.id), "type": "Note", "attributedTo": ada.id, "content": "<p>look</p>",
            "to": [PUBLIC, mentioned], "published": "2026-11-23T11:59:00Z",
            "tag": [{ "type": "Mention", "href": mentioned }],
            "attachment": [file(asked), file(&peer.url("/b.png"))],
        });
        ada.delivers(&node, &ada.activity("Create", note)).await;
        node.settle().await;
        let told = bob.get("/api/v1/notifications").await.ok();
        let media = told[0]["status"]["media_attachments"].clone();
        let mut answers = Vec::new();
        for attachment in media.as_array().unwrap() {
            let url = attachment["url"].as_str().unwrap();
            assert!(url.starts_with(&node.url("/media/")), "the API names this node only: {url}");
            let reply = Client::anonymous(&node).get(url).await;
            answers.push((reply.status, reply.header("location").to_owned()));
        }
        answers
    };
    assert_eq!(shown(false).await, [(307, asked.to_owned()), (200, String::new())]);
    assert_eq!(shown(true).await, [(404, String::new()), (200, String::new())], "what cannot be fetched is not there");
}
