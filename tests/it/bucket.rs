//! Files in a bucket: a store of our own that checks every signature, and what a node does with it.

use crate::{
    media::{picture, send_form, upload},
    support::{Client, Node, NodeBuilder, files},
};
use aws_lc_rs::{digest, hmac};
use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;
use watercooler::{
    cli::doctor::{self, DoctorArgs},
    config::Secret,
    domain::Task,
    media::storage::{self, Storage},
};

const KEY: &str = "the secret of the store";

#[derive(Clone, Default)]
struct Kept {
    bytes: Vec<u8>,
    mime: String,
}

#[derive(Default)]
struct Shelf {
    files: BTreeMap<String, Kept>,
    uploads: HashMap<String, (Kept, BTreeMap<u32, Vec<u8>>)>,
    /// Parts that came of files in several parts.
    parts: usize,
    asked: Vec<String>,
    broken: bool,
}

/// A store with one bucket, `files`.
#[derive(Clone)]
struct Store {
    port: u16,
    shelf: Arc<Mutex<Shelf>>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

fn sha(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// Whether the request is signed as AWS Signature Version 4 asks, body included.
fn is_signed(method: &str, path: &str, query: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let told = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let authorization = told("authorization");
    let part = |name: &str| {
        let (_, rest) = authorization.split_once(&format!("{name}="))?;
        Some(rest.split(',').next().unwrap().trim().to_owned())
    };
    let (Some(credential), Some(signed), Some(signature)) =
        (part("Credential"), part("SignedHeaders"), part("Signature"))
    else {
        return false;
    };
    let Some(scope) = credential.strip_prefix("reader/") else { return false };
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(|p| if p.contains('=') { p.into() } else { format!("{p}=") })
        .collect();
    pairs.sort();
    let lines: String = signed.split(';').map(|name| format!("{name}:{}\n", told(name).trim())).collect();
    let hash = told("x-amz-content-sha256");
    let canonical = format!("{method}\n{path}\n{}\n{lines}\n{signed}\n{hash}", pairs.join("&"));
    let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", told("x-amz-date"), sha(canonical.as_bytes()));
    let key = scope.split('/').fold(format!("AWS4{KEY}").into_bytes(), |key, step| mac(&key, step));
    signed.split(';').any(|name| name == "host") && hash == sha(body) && signature == hex(&mac(&key, &text))
}

fn xml(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/xml")], text).into_response()
}

fn no_such_key() -> Response {
    (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response()
}

async fn answer(State(shelf): State<Arc<Mutex<Shelf>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let (method, query) = (parts.method.as_str().to_owned(), parts.uri.query().unwrap_or_default().to_owned());
    let mut shelf = shelf.lock().unwrap();
    shelf.asked.push(format!("{method} {}", parts.uri));
    if shelf.broken {
        return (StatusCode::INTERNAL_SERVER_ERROR, "<Error><Code>InternalError</Code></Error>").into_response();
    }
    if !is_signed(&method, parts.uri.path(), &query, &parts.headers, &body) {
        return (StatusCode::FORBIDDEN, "<Error><Code>SignatureDoesNotMatch</Code></Error>").into_response();
    }
    let Some(key) = parts.uri.path().strip_prefix("/files").map(|key| key.trim_start_matches('/').to_owned()) else {
        return (StatusCode::NOT_FOUND, "<Error><Code>NoSuchBucket</Code></Error>").into_response();
    };
    let asked: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let mime = parts.headers.get("content-type").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    let tag = [(header::ETAG, "\"one\"")];
    match (method.as_str(), asked.get("uploadId"), asked.get("partNumber")) {
        ("GET", ..) if key.is_empty() => {
            let lines: String = shelf
                .files
                .iter()
                .map(|(key, kept)| {
                    let size = kept.bytes.len();
                    format!(
                        "<Contents><Key>{key}</Key><LastModified>2020-01-01T00:00:00.000Z</LastModified>\
                         <ETag>\"one\"</ETag><Size>{size}</Size></Contents>"
                    )
                })
                .collect();
            xml(format!("<ListBucketResult><IsTruncated>false</IsTruncated>{lines}</ListBucketResult>"))
        }
        ("GET" | "HEAD", ..) => {
            shelf.files.get(&key).map_or_else(no_such_key, |kept| give(kept, &method, &parts.headers))
        }
        ("DELETE", Some(upload), _) => {
            shelf.uploads.remove(upload);
            StatusCode::NO_CONTENT.into_response()
        }
        ("DELETE", ..) => {
            shelf.files.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        ("PUT", Some(upload), Some(number)) => {
            shelf.parts += 1;
            shelf.uploads.get_mut(upload).unwrap().1.insert(number.parse().unwrap(), body.to_vec());
            tag.into_response()
        }
        ("PUT", ..) if parts.headers.contains_key("x-amz-copy-source") => {
            let from = parts.headers["x-amz-copy-source"].to_str().unwrap().trim_start_matches('/');
            let Some(kept) = shelf.files.get(from.strip_prefix("files/").unwrap()).cloned() else {
                return no_such_key();
            };
            shelf.files.insert(key, kept);
            xml("<CopyObjectResult><ETag>\"one\"</ETag></CopyObjectResult>".into())
        }
        ("PUT", ..) => {
            shelf.files.insert(key, Kept { bytes: body.to_vec(), mime });
            tag.into_response()
        }
        ("POST", Some(upload), _) => {
            let (kept, all) = shelf.uploads.remove(upload).unwrap();
            shelf.files.insert(key, Kept { bytes: all.into_values().flatten().collect(), ..kept });
            xml("<CompleteMultipartUploadResult><ETag>\"one\"</ETag></CompleteMultipartUploadResult>".into())
        }
        ("POST", ..) if asked.contains_key("uploads") => {
            shelf.uploads.insert(key.clone(), (Kept { bytes: Vec::new(), mime }, BTreeMap::new()));
            xml(format!("<InitiateMultipartUploadResult><UploadId>{key}</UploadId></InitiateMultipartUploadResult>"))
        }
        _ => StatusCode::NOT_IMPLEMENTED.into_response(),
    }
}

fn give(kept: &Kept, method: &str, headers: &HeaderMap) -> Response {
    let all = kept.bytes.len();
    let range = headers.get("range").and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("bytes="));
    let (status, from, to) = match range.and_then(|range| range.split_once('-')) {
        Some((from, to)) => (206, from.parse().unwrap(), to.parse::<usize>().map_or(all, |to| (to + 1).min(all))),
        None => (200, 0, all),
    };
    let mut response = Response::builder()
        .status(status)
        .header("etag", "\"one\"")
        .header("last-modified", "Wed, 01 Jan 2020 00:00:00 GMT")
        .header("content-length", to - from);
    if status == 206 {
        response = response.header("content-range", format!("bytes {from}-{}/{all}", to - 1));
    }
    let body = if method == "HEAD" { Bytes::new() } else { Bytes::copy_from_slice(&kept.bytes[from..to]) };
    response.body(body.into()).unwrap()
}

impl Store {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (port, shelf) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Shelf::default())));
        let routes = Router::new().fallback(answer).with_state(shelf.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { port, shelf }
    }

    /// A node that keeps its files there.
    async fn node(&self) -> Node {
        self.node_with(KEY).await
    }

    async fn node_with(&self, key: &str) -> Node {
        let builder = NodeBuilder::new("alpha").await.config(|c| {
            let s3 = &mut c.media.s3;
            s3.endpoint = Some(format!("http://127.0.0.1:{}", self.port).parse().unwrap());
            s3.bucket = Some("files".into());
            s3.access_key_id = Some("reader".into());
            s3.secret_access_key = Some(Secret::new(key));
            s3.addresses = vec!["127.0.0.0/8".parse().unwrap()];
        });
        builder.start().await
    }

    fn names(&self) -> Vec<String> {
        self.shelf.lock().unwrap().files.keys().cloned().collect()
    }

    fn set_broken(&self, broken: bool) {
        self.shelf.lock().unwrap().broken = broken;
    }
}

fn folder(node: &Node) -> Storage {
    Storage::at(node.app.config().data_dir.join("media"))
}

fn path(address: &Value) -> String {
    let address = address.as_str().unwrap();
    address[address.find("/media/").unwrap()..].to_owned()
}

/// Bytes none like the one before.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

async fn attach(client: &Client, bytes: &[u8]) -> Value {
    send_form(client, "POST", "/api/v1/media", &[], ("file", bytes)).await.ok()
}

#[tokio::test]
async fn files_go_to_the_bucket_and_come_back_from_it_as_from_a_folder() {
    let store = Store::start().await;
    let node = store.node().await;
    let ada = node.member("ada").await;
    let attached = upload(&ada, &picture(600, 400)).await;
    let name = path(&attached["url"]).rsplit('/').next().unwrap().to_owned();
    let key = format!("{}/{}/{name}", &name[..2], &name[2..4]);
    assert_eq!(store.names().len(), 2, "the picture and its small version");
    let kept = store.shelf.lock().unwrap().files[&key].clone();
    assert_eq!(kept.mime, "image/png");
    assert!(files(&folder(&node)).is_empty(), "nothing stays in the folder");

    let got = ada.get(&path(&attached["url"])).await;
    assert_eq!((got.status, got.body.as_ref()), (200, kept.bytes.as_slice()));
    assert_eq!((got.header("content-type"), got.header("x-content-type-options")), ("image/png", "nosniff"));
    assert_eq!(got.header("cache-control"), "private, max-age=31536000, immutable");
    let tag = got.header("etag").to_owned();
    let again = ada.send(ada.request("GET", &path(&attached["url"])).header("if-none-match", tag)).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(ada.get(&path(&attached["preview_url"])).await.status, 200);
    assert_eq!(ada.get(&format!("/media/{}.png", "ab".repeat(16))).await.status, 404);

    // What nobody attaches is swept, in the bucket too.
    node.clock.advance(25 * 3_600_000);
    node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
    node.settle().await;
    assert_eq!(store.names(), Vec::<String>::new());
    assert_eq!(ada.get(&path(&attached["url"])).await.status, 404);
}

#[tokio::test]
async fn sec_prv_13_a_file_in_the_bucket_ends_with_its_post_or_goes_on_under_another_name() {
    let store = Store::start().await;
    let node = store.node().await;
    let ada = node.member("ada").await;
    let attached = upload(&ada, &picture(60, 40)).await;
    let (old, kept) = (path(&attached["url"]), ada.get(&path(&attached["url"])).await.body);
    let draft = json!({ "media_ids": [attached["id"]] });
    let post = ada.post("/api/v1/statuses", draft.clone()).await.ok();
    let gone = ada.delete(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.ok();
    let new = path(&gone["media_attachments"][0]["url"]);
    assert_eq!((ada.get(&old).await.status, ada.get(&new).await.body), (404, kept));
    assert_eq!(store.names().len(), 2);
    let post = ada.post("/api/v1/statuses", draft).await.ok();
    ada.delete(&format!("/api/v1/statuses/{}?delete_media=true", post["id"].as_str().unwrap())).await.ok();
    assert_eq!(ada.get(&new).await.status, 404);
    assert_eq!(store.names(), Vec::<String>::new());
}

#[tokio::test]
async fn a_post_is_deleted_while_the_store_fails_and_its_file_stays_where_it_was() {
    let store = Store::start().await;
    let node = store.node().await;
    let ada = node.member("ada").await;
    let attached = upload(&ada, &picture(60, 40)).await;
    let post = ada.post("/api/v1/statuses", json!({ "media_ids": [attached["id"]] })).await.ok();
    let post_path = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
    store.set_broken(true);
    let gone = ada.delete(&post_path).await.ok();
    assert_eq!(gone["media_attachments"][0]["url"], attached["url"]);
    assert_eq!(ada.get(&post_path).await.status, 404);
    store.set_broken(false);
    assert_eq!(ada.get(&path(&attached["url"])).await.status, 200);
}

#[tokio::test]
async fn a_long_file_goes_in_parts_and_any_part_of_it_can_be_had() {
    let store = Store::start().await;
    let node = store.node().await;
    let ada = node.member("ada").await;
    let bytes = [b"RIFF\0\0\0\0WAVEfmt ".to_vec(), noise(9 * 1024 * 1024)].concat();
    let attached = attach(&ada, &bytes).await;
    assert_eq!(attached["type"], "audio");
    assert_eq!(store.shelf.lock().unwrap().parts, 2);
    let whole = ada.get(&path(&attached["url"])).await;
    assert!(whole.body == bytes, "as it was sent");
    assert_eq!(whole.header("content-length"), bytes.len().to_string());
    let part = |range: &'static str| {
        let request = ada.request("GET", &path(&attached["url"])).header("range", range);
        ada.send(request)
    };
    let middle = part("bytes=524280-1600000").await;
    assert_eq!(
        (middle.status, middle.header("content-range")),
        (206, &*format!("bytes 524280-1600000/{}", bytes.len()))
    );
    assert!(middle.body == bytes[524_280..=1_600_000], "over the edges of parts");
    let tail = part("bytes=-5").await;
    assert_eq!((tail.status, tail.body.as_ref()), (206, &bytes[bytes.len() - 5..]));
    assert_eq!(part("bytes=99999999-").await.status, 416);
}

#[tokio::test]
async fn while_the_store_fails_nothing_is_kept_and_everybody_is_told_not_now() {
    let store = Store::start().await;
    let node = store.node().await;
    let ada = node.member("ada").await;
    let kept = upload(&ada, &picture(20, 20)).await;
    store.set_broken(true);
    let refused = send_form(&ada, "POST", "/api/v2/media", &[], ("file", &picture(30, 30))).await;
    assert_eq!(refused.status, 503);
    assert!(refused.json()["error"].is_string());
    assert_eq!(ada.get(&path(&kept["url"])).await.status, 503);
    // The rest of the node goes on.
    ada.post("/api/v1/statuses", json!({ "status": "no picture today" })).await.ok();
    store.set_broken(false);
    assert_eq!(store.names().len(), 2, "only what was acknowledged");
    assert_eq!(std::fs::read_dir(node.app.config().data_dir.join("media/incoming")).unwrap().count(), 0);
    assert_eq!(ada.get(&path(&kept["url"])).await.status, 200);
}

#[tokio::test]
async fn what_lay_in_the_folder_before_is_still_found_and_swept_there() {
    let store = Store::start().await;
    let node = store.node().await;
    let ada = node.member("ada").await;
    let name = storage::name([0xab; 16], false, "png");
    folder(&node).put([1; 16], &name, b"from before").unwrap();
    let got = ada.get(&format!("/media/{name}")).await;
    assert_eq!((got.status, got.body.as_ref()), (200, &b"from before"[..]));
    assert!(store.shelf.lock().unwrap().asked.is_empty());
    let all = node.app.storage();
    tokio::task::spawn_blocking(move || all.remove(&name)).await.unwrap().unwrap();
    assert!(files(&folder(&node)).is_empty());
}

#[tokio::test]
async fn the_doctor_tries_the_bucket_and_says_what_is_wrong_with_the_key() {
    let store = Store::start().await;
    let found = async |node: &Node| {
        let report = doctor::run(&node.app, &DoctorArgs::default()).await.unwrap();
        report["findings"].as_array().unwrap().iter().find(|f| f["check"] == "bucket").unwrap().clone()
    };
    let good = found(&store.node().await).await;
    assert_eq!(good["state"], "ok", "{good}");
    assert!(store.names().is_empty(), "the try leaves nothing");
    let bad = found(&store.node_with("another key").await).await;
    assert_eq!(bad["state"], "problem");
    assert!(bad["to_do"].as_str().unwrap().contains("[media.s3]"), "{bad}");
    let text = bad.to_string();
    assert!(!text.contains("another key"), "no secret is shown: {text}");
}
