//! Custom emoji of the node.

use crate::support::{Client, Node, schema::Schema};
use serde_json::{Value, json};
use watercooler::{
    db::Sql,
    domain::{audit::Staff, emojis},
};

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
