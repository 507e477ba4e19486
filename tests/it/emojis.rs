//! Custom emoji of the node.

use crate::{
    media::picture,
    support::{Client, Node, Scene, schema::Schema},
};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
    domain::{Task, audit::Staff, emojis},
    media::intake::seal,
    net::Severity,
    peers::{self, NewBlock},
};

/// Where the node of a scene hands out the picture that has this address elsewhere.
pub fn address(s: &Scene, url: &str) -> String {
    s.node.url(&format!("/media/remote/emoji/{}", seal(url)))
}

/// A document as other servers read it.
async fn document(node: &Node, path: &str) -> Value {
    Client::anonymous(node).get_activity(path).await.ok()
}

async fn traces(node: &Node, action: &'static str) -> Vec<String> {
    let sql = "select l.target from audit_log l where l.action = ";
    node.app.read(move |conn| Sql::new(sql).bind(action).push(" order by l.id").load_texts(conn)).await.unwrap()
}

#[tokio::test]
async fn custom_emoji_stand_with_what_is_written_with_them_here_and_elsewhere() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let picture = crate::media::picture(300, 20);
    let (storage, random) = (node.app.storage(), node.app.random().clone());
    let file = watercooler::media::intake::emoji(&storage, &random, &picture).unwrap();
    let key = file.clone();
    node.app
        .write(move |tx| {
            emojis::add(tx, &Staff::console(), ":blob_cat:", &key, Some("Blobs"), true)?;
            emojis::add(tx, &Staff::console(), "secret", &key, None, false)
        })
        .await
        .unwrap();
    let list = ada.get("/api/v1/custom_emojis").await.ok();
    Schema::read().assert_all("CustomEmoji", &list);
    assert_eq!((&list[0]["shortcode"], &list[0]["category"]), (&json!("blob_cat"), &json!("Blobs")));
    assert_eq!((&list[1]["visible_in_picker"], &list[1]["category"]), (&json!(false), &Value::Null));
    let body = json!({"status": "hi :blob_cat:, 12:30:15 :unknown:", "spoiler_text": ":secret:"});
    let post = ada.post("/api/v1/statuses", body).await.ok();
    let used = |emojis: &Value| -> Vec<String> {
        emojis.as_array().unwrap().iter().map(|one| one["shortcode"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(used(&post["emojis"]), ["blob_cat", "secret"]);
    assert!(post["emojis"][0]["url"].as_str().unwrap().ends_with(&file));
    let path = format!("/users/ada/statuses/{}", post["id"].as_str().unwrap());
    let note = document(&node, &path).await;
    let tag = note["tag"].as_array().unwrap().iter().find(|tag| tag["type"] == "Emoji").unwrap().clone();
    assert_eq!((&tag["name"], &tag["icon"]["mediaType"]), (&json!(":blob_cat:"), &json!("image/png")));
    let id = tag["id"].as_str().unwrap();
    let alone = document(&node, &id[id.find("/emojis/").unwrap()..]).await;
    assert_eq!((&alone["type"], &alone["name"], &alone["id"]), (&json!("Emoji"), &tag["name"], &tag["id"]));
    // Those of the options of a poll stand with the poll, whoever votes.
    let options = json!({"options": ["a :secret:", "b"], "expires_in": 300});
    let asked = ada.post("/api/v1/statuses", json!({"status": "which? :blob_cat:", "poll": options})).await.ok();
    assert_eq!(
        (used(&asked["emojis"]), used(&asked["poll"]["emojis"])),
        (vec!["blob_cat".to_owned(), "secret".to_owned()], vec!["secret".to_owned()])
    );
    let vote = format!("/api/v1/polls/{}/votes", asked["poll"]["id"].as_str().unwrap());
    let voted = node.member("bob").await.post(&vote, json!({"choices": [0]})).await.ok();
    assert_eq!(voted["emojis"], asked["poll"]["emojis"]);
    // As many as are left when it is edited; in a profile too.
    let edit = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
    assert_eq!(used(&ada.put(&edit, json!({"status": ":secret:"})).await.ok()["emojis"]), ["secret"]);
    let me = ada.patch("/api/v1/accounts/update_credentials", json!({"display_name": "Ada :blob_cat:"})).await.ok();
    assert_eq!(used(&me["emojis"]), ["blob_cat"]);
    let actor = document(&node, "/users/ada").await;
    assert!(actor["tag"].as_array().unwrap().iter().any(|tag| tag["name"] == ":blob_cat:"));
    // Removed, it is only text again.
    node.app.write(|tx| emojis::remove(tx, &Staff::console(), "blob_cat")).await.unwrap();
    let post = ada.post("/api/v1/statuses", json!({"status": ":blob_cat:"})).await.ok();
    assert_eq!(post["emojis"], json!([]));
    assert_eq!(traces(&node, "emoji.add").await, ["blob_cat", "secret"]);
    assert_eq!(traces(&node, "emoji.remove").await, ["blob_cat"]);
}

#[tokio::test]
async fn sec_web_07_an_emoji_is_a_small_picture_and_nothing_else() {
    let node = Node::start().await;
    let (storage, random) = (node.app.storage(), node.app.random().clone());
    let take = |bytes: &[u8]| watercooler::media::intake::emoji(&storage, &random, bytes);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    for bad in [&svg[..], b"<?xml version='1.0'?><svg/>", b"", b"GIF89a", b"%PDF-1.7"] {
        assert!(take(bad).is_err(), "{}", String::from_utf8_lossy(bad));
    }
    assert!(take(&vec![0; 300 * 1024]).is_err());
    let file = take(&crate::media::picture(400, 200)).unwrap();
    let stored = std::fs::read(storage.path(&file).unwrap()).unwrap();
    let size = |at: usize| u32::from_be_bytes(stored[at..at + 4].try_into().unwrap());
    assert_eq!((size(16), size(20)), (256, 128), "it is as small as it is shown");
}

#[tokio::test]
async fn the_command_line_keeps_emoji() {
    use watercooler::cli::data::{DataVerb, EmojiVerb, run};
    let node = Node::start().await;
    let bob = node.member("bob").await;
    let does = async |verb: DataVerb| run(&node.app, verb).await.unwrap();
    let bytes = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(crate::media::picture(16, 16))
    };
    let add = |shortcode: &str, bytes: &str| EmojiVerb::Add {
        shortcode: shortcode.into(),
        file: "cat.png".into(),
        category: Some("Cats".into()),
        hidden: false,
        bytes: bytes.into(),
    };
    assert_eq!(does(DataVerb::Emoji(add("cat", &bytes))).await["category"], "Cats");
    assert!(run(&node.app, DataVerb::Emoji(add("no cat", &bytes))).await.is_err());
    assert!(run(&node.app, DataVerb::Emoji(add("svg", "PHN2Zy8+"))).await.is_err(), "an SVG is no picture");
    assert_eq!(does(DataVerb::Emoji(EmojiVerb::List)).await.as_array().unwrap().len(), 1);
    does(DataVerb::Emoji(EmojiVerb::Remove { shortcode: "cat".into() })).await;
    assert_eq!(bob.get("/api/v1/custom_emojis").await.ok(), json!([]));
}

/// A post of ada's with the emoji `:cow:`, whose picture has this address; as bob sees it.
async fn with_cow(s: &Scene, name: &str, url: &str) -> Value {
    let mut note = s.note(&s.ada, name, "<p>:cow:</p>");
    note["tag"] = json!([{"type": "Emoji", "name": ":cow:", "icon": {"type": "Image", "url": url}}]);
    let uri = s.creates(&s.ada, &note).await;
    s.status(&s.bob, &uri).await
}

/// How often ada's server was asked for this.
fn asked(s: &Scene, path: &str) -> usize {
    s.east.received().iter().filter(|request| request.method == "GET" && request.path == path).count()
}

async fn sweep(s: &Scene) {
    s.node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
    s.node.settle().await;
}

#[tokio::test]
async fn sec_web_14_pictures_of_emoji_elsewhere_come_through_this_node_which_fetches_each_once() {
    let s = Scene::new().await;
    s.east.serve_as("/cow.png", 200, "image/png", picture(300, 20));
    let status = with_cow(&s, "1", &s.east.url("/cow.png")).await;
    let ours = address(&s, &s.east.url("/cow.png"));
    assert_eq!(
        status["emojis"],
        json!([{"shortcode": "cow", "url": ours, "static_url": ours, "visible_in_picker": true, "category": null}])
    );
    assert_eq!(asked(&s, "/cow.png"), 0, "when somebody looks");
    let anybody = Client::anonymous(&s.node);
    let got = anybody.get(&ours).await;
    assert_eq!((got.status, got.header("content-type")), (200, "image/png"));
    assert_eq!(got.header("x-content-type-options"), "nosniff");
    assert_eq!(got.header("content-security-policy"), "default-src 'none'; sandbox");
    assert!(got.header("cache-control").starts_with("private"));
    assert!(!got.body.windows(11).any(|w| w == b"SecretPlace"));
    assert_eq!(image::load_from_memory(&got.body).unwrap().width(), 256, "as small as it is shown");
    // In every post, and for everybody, it is the same.
    assert_eq!(with_cow(&s, "2", &s.east.url("/cow.png")).await["emojis"], status["emojis"]);
    assert_eq!(anybody.get(&ours).await.body, got.body);
    assert_eq!(asked(&s, "/cow.png"), 1);
    // An address that nobody told of opens nothing, though it is there.
    s.east.serve_as("/calf.png", 200, "image/png", picture(20, 20));
    for made_up in
        [address(&s, &s.east.url("/calf.png")), s.node.url("/media/remote/emoji/x"), ours.replace("emoji/", "emoji/0")]
    {
        assert_eq!(anybody.get(&made_up).await.status, 404, "{made_up}");
    }
    assert_eq!(asked(&s, "/calf.png"), 0);
    // Copies do not stay for ever.
    s.node.clock.advance((i64::from(s.node.app.config().media.cache_days) + 1) * 86_400_000);
    sweep(&s).await;
    assert_eq!(anybody.get(&ours).await.body, got.body);
    assert_eq!(asked(&s, "/cow.png"), 2);
    // Nothing of a host whose media are refused.
    let block = NewBlock {
        domain: "east.test".to_owned(),
        severity: Severity::None,
        reject_media: true,
        ..NewBlock::default()
    };
    peers::block(&s.node.app, Staff::console(), block).await.unwrap();
    assert_eq!(anybody.get(&ours).await.status, 404, "not even our copy");
}

#[tokio::test]
async fn sec_web_07_what_is_no_small_picture_is_not_handed_out_as_an_emoji_of_another_server() {
    let s = Scene::new().await;
    let svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    s.east.serve_as("/a.svg", 200, "image/svg+xml", svg);
    s.east.serve_as("/b.png", 200, "image/png", "<script>alert(1)</script>");
    s.east.serve_as("/c.png", 404, "image/png", picture(8, 8));
    s.east.serve_as("/d.png", 200, "image/png", vec![0_u8; watercooler::limits::REMOTE_EMOJI_BYTES + 1]);
    for (n, path) in ["/a.svg", "/b.png", "/c.png", "/d.png"].into_iter().enumerate() {
        let status = with_cow(&s, &n.to_string(), &s.east.url(path)).await;
        let ours = status["emojis"][0]["url"].as_str().unwrap();
        for _ in 0..2 {
            assert_eq!(Client::anonymous(&s.node).get(ours).await.status, 404, "{path}");
        }
        assert_eq!(asked(&s, path), 1, "{path} is left alone for a while");
    }
    // Nor what lies within the network of this node.
    let status = with_cow(&s, "within", "http://127.0.0.1:1/cow.png").await;
    if let Some(ours) = status["emojis"][0]["url"].as_str() {
        assert_eq!(Client::anonymous(&s.node).get(ours).await.status, 404);
    }
}

#[tokio::test]
async fn without_the_proxy_clients_are_sent_to_the_other_server_for_its_emoji() {
    let s = Scene::built(|node| node.config(|config| config.media.proxy_remote = false)).await;
    let theirs = "https://files.example/cow.png";
    let status = with_cow(&s, "1", theirs).await;
    let got = Client::anonymous(&s.node).get(status["emojis"][0]["url"].as_str().unwrap()).await;
    assert_eq!((got.status, got.header("location")), (307, theirs));
    let guess = Client::anonymous(&s.node).get(&address(&s, "https://files.example/calf.png")).await;
    assert_eq!((guess.status, guess.header("location")), (404, ""), "nobody is sent anywhere else");
}

#[tokio::test]
async fn emoji_that_came_before_this_node_handed_out_their_pictures_are_shown_too() {
    let s = Scene::new().await;
    s.east.serve_as("/cow.png", 200, "image/png", picture(20, 20));
    let status = with_cow(&s, "1", &s.east.url("/cow.png")).await;
    let forget = |sql: &'static str| s.node.app.write(move |tx| Sql::new(sql).execute(tx.conn));
    forget("delete from emoji_pictures").await.unwrap();
    forget("delete from node_settings where name like 'emoji_of_%'").await.unwrap();
    let ours = status["emojis"][0]["url"].as_str().unwrap();
    assert_eq!(Client::anonymous(&s.node).get(ours).await.status, 404);
    sweep(&s).await;
    assert_eq!(Client::anonymous(&s.node).get(ours).await.status, 200);
}
