//! What needs ffmpeg (AVIF, HEIC, previews and lengths of films), with and without it; what copies of remote files may take;
//! and files at a name of their own.

use crate::{
    media::{picture, remote_media, send_form},
    posts::stranger,
    support::{Client, NOW, Node, NodeBuilder, Peer, Reply, files, plain_http},
};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
    domain::posts,
    model::{Media, Visibility},
};

const FFMPEG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ffmpeg");

async fn node_with(ffmpeg: &str) -> Node {
    NodeBuilder::new("alpha").await.config(|c| c.media.ffmpeg = ffmpeg.to_owned()).start().await
}

/// Answered when it is processed.
async fn upload(client: &Client, bytes: &[u8]) -> Reply {
    send_form(client, "POST", "/api/v1/media", &[], ("file", bytes)).await
}

/// The beginning of a picture in a file like a film's: its kinds, the main one first.
fn brands(brands: &[&str]) -> Vec<u8> {
    let mut out = (8 + 4 * (brands.len() as u32 + 1)).to_be_bytes().to_vec();
    out.extend_from_slice(b"ftyp");
    for (n, brand) in brands.iter().enumerate() {
        out.extend_from_slice(brand.as_bytes());
        if n == 0 {
            out.extend_from_slice(&[0; 4]);
        }
    }
    out.extend_from_slice(&[7; 64]);
    out
}

/// A film whose size and length nobody here can read.
pub fn webm() -> Vec<u8> {
    let mut out = vec![0x1A, 0x45, 0xDF, 0xA3];
    out.extend_from_slice(b"\x01\0\0\0\0\0\0\x1FB\x82\x84webm");
    out.extend_from_slice(&[0; 64]);
    out
}

#[tokio::test]
async fn pictures_that_only_ffmpeg_reads_become_pictures_that_everybody_reads() {
    let node = node_with(FFMPEG).await;
    let ada = node.member("ada").await;
    for kinds in [&["avif", "mif1"][..], &["heic"], &["mif1", "miaf", "heic"], &["msf1", "hevc"]] {
        let file = upload(&ada, &brands(kinds)).await.ok();
        assert_eq!((&file["type"], &file["meta"]["original"]["size"]), (&json!("image"), &json!("64x48")), "{kinds:?}");
        assert!(file["url"].as_str().unwrap().ends_with(".jpg") && file["blurhash"].is_string(), "{file}");
        let post = json!({"status": "look", "media_ids": [file["id"]]});
        let post = ada.post("/api/v1/statuses", post).await.ok();
        assert_eq!(post["media_attachments"][0]["url"], file["url"]);
        let shown = ada.get(file["url"].as_str().unwrap()).await;
        assert_eq!((shown.status, shown.header("content-type")), (200, "image/jpeg"));
        assert!(shown.body.starts_with(&[0xFF, 0xD8]));
    }
    let path = "/api/v1/accounts/update_credentials";
    let me = send_form(&ada, "PATCH", path, &[], ("avatar", &brands(&["heic"]))).await.ok();
    let shown = ada.get(me["avatar"].as_str().unwrap()).await;
    assert!(shown.body.len() > 100 && shown.header("content-type").starts_with("image/"), "{me}");
    let types = ada.get("/api/v2/instance").await.ok()["configuration"]["media_attachments"].clone();
    let types = types["supported_mime_types"].as_array().unwrap();
    assert!(types.contains(&json!("image/avif")) && types.contains(&json!("image/heic")));
}

#[tokio::test]
async fn without_ffmpeg_they_are_refused_in_words_that_help() {
    for ffmpeg in ["", "no-such-program", "/no/such/program"] {
        let node = node_with(ffmpeg).await;
        let ada = node.member("ada").await;
        for kinds in [&["avif"][..], &["heic"]] {
            let reply = upload(&ada, &brands(kinds)).await;
            assert_eq!(reply.status, 422);
            let said = reply.json()["error"].as_str().unwrap().to_owned();
            assert!(said.contains("AVIF or HEIC") && said.contains("JPEG"), "{said}");
        }
        let avatar = ("avatar", &brands(&["heic"])[..]);
        let reply = send_form(&ada, "PATCH", "/api/v1/accounts/update_credentials", &[], avatar).await;
        assert!(reply.status == 422 && reply.text.contains("AVIF or HEIC"), "{}", reply.text);
        let types = ada.get("/api/v2/instance").await.ok()["configuration"]["media_attachments"].clone();
        let types = types["supported_mime_types"].as_array().unwrap();
        assert!(!types.contains(&json!("image/avif")) && types.contains(&json!("image/webp")));
        // Its absence harms no film.
        let film = upload(&ada, &webm()).await.ok();
        assert_eq!((&film["type"], &film["blurhash"]), (&json!("video"), &Value::Null));
        assert!(film["preview_url"].is_string());
    }
    // One that is there and cannot read it is as good as none.
    let node = node_with("/bin/false").await;
    let ada = node.member("ada").await;
    let reply = upload(&ada, &brands(&["heic"])).await;
    assert!(reply.status == 422 && reply.text.contains("cannot be read"), "{}", reply.text);
    assert_eq!(upload(&ada, &webm()).await.ok()["type"], "video");
    assert!(files(&node.app.storage()).len() <= 2, "nothing else stays");
}

#[tokio::test]
async fn with_ffmpeg_a_film_has_a_picture_of_its_own_and_a_length() {
    let node = node_with(FFMPEG).await;
    let ada = node.member("ada").await;
    let film = upload(&ada, &webm()).await.ok();
    assert_eq!(film["meta"]["original"]["duration"], 2.5);
    assert_eq!((&film["meta"]["original"]["width"], &film["meta"]["small"]["width"]), (&json!(64), &json!(64)));
    assert!(film["blurhash"].is_string());
    let sound = upload(&ada, b"OggS and more").await.ok();
    assert_eq!((&sound["type"], &sound["meta"]["original"]["duration"]), (&json!("audio"), &json!(2.5)));
}

#[tokio::test]
async fn copies_of_remote_files_take_no_more_than_they_may() {
    let peer = Peer::start("remote").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).config(|c| c.media.cache_mebibytes = 1);
    let node = node.start().await;
    let ada = node.member("ada").await;
    let urls = ["/0", "/1", "/2"].map(|path| {
        peer.serve_as(path, 200, "image/png", picture(64, 48));
        peer.url(path)
    });
    let (far, all) = (stranger(&node, "far").await, urls.clone());
    let post = node.app.write(move |tx| {
        let id = posts::free_id(tx, NOW)?;
        let media = all.into_iter().map(|url| Media { account_id: far, ..remote_media(tx.new_id(), url) }).collect();
        let new = crate::posts::remote(far, id, "https://far.example/1", "<p>pictures</p>");
        Ok(posts::insert_post(tx, posts::NewPost { visibility: Visibility::Public, media, ..new })?.unwrap().id)
    });
    let post = ada.get(&format!("/api/v1/statuses/{}", post.await.unwrap())).await.ok();
    let addresses: Vec<String> =
        (0..3).map(|n| post["media_attachments"][n]["url"].as_str().unwrap().to_owned()).collect();
    for address in &addresses {
        assert_eq!(ada.get(address).await.status, 200);
        node.clock.advance(60_000);
    }
    let copies = async || {
        let sql = "select m.remote_url from media m where m.file is not null order by m.remote_url";
        node.app.read(move |conn| Sql::new(sql).load_texts(conn)).await.unwrap()
    };
    // As if each were of half a mebibyte.
    let sql = "update media set size = 524288 where remote_url is not null";
    node.app.write(move |tx| Sql::new(sql).execute(tx.conn)).await.unwrap();
    assert_eq!(copies().await.len(), 3);
    node.app.write(|tx| tx.enqueue(&watercooler::domain::Task::Sweep)).await.unwrap();
    node.settle().await;
    assert_eq!(copies().await, urls[1..], "the oldest is gone");
    // It is fetched again when somebody looks.
    assert_eq!(ada.get(&addresses[0]).await.status, 200);
    assert_eq!(copies().await.len(), 3);
}

#[tokio::test]
async fn sec_web_08_files_at_a_name_of_their_own_stand_alone_there() {
    let node = NodeBuilder::new("alpha").await;
    let files = node.authority().replace("alpha", "files");
    let url = format!("http://{files}");
    let node = node.config(|c| c.media.files_url = Some(url.parse().unwrap())).start().await;
    let ada = node.member("ada").await;
    let file = upload(&ada, &picture(64, 48)).await.ok();
    let address = file["url"].as_str().unwrap();
    assert!(address.starts_with(&format!("{url}/media/")), "{address}");
    let path = address.strip_prefix(&url).unwrap();
    let there = async |path: &str| {
        let request = plain_http().get(format!("http://{}{path}", node.address));
        request.header("host", &files).send().await.unwrap()
    };
    let shown = there(path).await;
    assert_eq!(
        (shown.status().as_u16(), &shown.headers()["x-content-type-options"]),
        (200, &"nosniff".parse().unwrap())
    );
    // Nothing else is there, and nothing that a page could be made of.
    for other in
        ["/", "/api/v2/instance", "/auth/sign_in", "/@ada", "/oauth/authorize", "/.well-known/webfinger", "/mediax"]
    {
        assert_eq!(there(other).await.status().as_u16(), 404, "{other}");
    }
    // Old addresses go on, and pages may show what is at the new one.
    assert_eq!(ada.get(path).await.status, 200);
    let page = Client::anonymous(&node).get("/@ada").await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains(&format!("img-src 'self' data: http://{} {url}", node.domain)), "{policy}");
    let note = ada.post("/api/v1/statuses", json!({"status": "look", "media_ids": [file["id"]]})).await.ok();
    let note = Client::anonymous(&node).get_activity(note["uri"].as_str().unwrap()).await.ok();
    assert_eq!(note["attachment"][0]["url"], address);
}
