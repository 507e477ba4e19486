//! Announcements: what staff tells everybody of a node, on the command line and in clients.

use crate::{
    cli::Place,
    support::{Client, NOW, Node, schema::Schema},
};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};
use watercooler::{
    cli::data::{self, DataVerb},
    db::Sql,
};

const ALL: &str = "/api/v1/announcements";

/// Runs `watercooler announcement ...` on this node.
pub async fn announcement(node: &Node, verb: Value) -> Result<Value, String> {
    let verb: DataVerb = serde_json::from_value(json!({ "announcement": verb })).unwrap();
    data::run(&node.app, verb).await.map_err(|failure| format!("{failure:?}"))
}

/// Tells everybody something; answers its id.
pub async fn announce(node: &Node, text: &str) -> String {
    let made = announcement(node, json!({ "create": { "text": text, "all_day": false } })).await.unwrap();
    made["id"].as_str().unwrap().to_owned()
}

async fn seen(who: &Client, path: &str) -> Vec<Value> {
    who.get(path).await.ok().as_array().unwrap().clone()
}

#[tokio::test]
async fn staff_tells_everybody_and_each_says_what_they_have_read() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    assert_eq!(seen(&ada, ALL).await, [Value::Null; 0]);
    let id = announce(&node, "Lunch with @bob today <b>at</b> noon: https://menu.example #lunch").await;
    let list = ada.get(ALL).await.ok();
    Schema::read().assert_all("Announcement", &list);
    let one = &list[0];
    assert_eq!((&one["id"], &one["read"], &one["reactions"]), (&json!(id), &json!(false), &json!([])));
    let content = one["content"].as_str().unwrap();
    assert!(
        content.contains("&lt;b&gt;at&lt;/b&gt;") && content.contains("<a href=\"https://menu.example\""),
        "{content}"
    );
    assert_eq!((&one["mentions"][0]["acct"], &one["mentions"][0]["id"]), (&json!("bob"), &json!(bob.id)));
    assert!(content.contains(one["mentions"][0]["url"].as_str().unwrap()), "{content}");
    assert_eq!(one["tags"][0]["name"], "lunch");
    assert_eq!(one["published_at"], NOW.rfc3339());
    ada.post(&format!("{ALL}/{id}/dismiss"), json!({})).await.ok();
    ada.post(&format!("{ALL}/{id}/dismiss"), json!({})).await.ok();
    // It stays in the list, marked as read, unless an app wants only what is new.
    let unread = format!("{ALL}?with_dismissed=false");
    assert_eq!(
        (seen(&ada, ALL).await[0]["read"].clone(), seen(&bob, ALL).await[0]["read"].clone()),
        (json!(true), json!(false))
    );
    assert_eq!((seen(&ada, &unread).await.len(), seen(&bob, &unread).await.len()), (0, 1));
    assert_eq!(seen(&ada, &format!("{ALL}?with_dismissed=true")).await[0]["read"], true);
    assert_eq!(ada.post(&format!("{ALL}/1/dismiss"), json!({})).await.status, 404);
    assert_eq!(Client::anonymous(&node).get(ALL).await.status, 401);
    // Said differently, and taken back.
    let edited = announcement(&node, json!({ "edit": { "id": id, "text": "Dinner" } })).await.unwrap();
    assert_eq!(edited["text"], "Dinner");
    assert_eq!(seen(&bob, ALL).await[0]["content"], "<p>Dinner</p>");
    assert_eq!(seen(&ada, &unread).await.len(), 0, "who has dismissed it is not told again");
    announcement(&node, json!({ "delete": { "id": id } })).await.unwrap();
    assert_eq!(seen(&bob, ALL).await.len(), 0);
    assert!(announcement(&node, json!({ "delete": { "id": id } })).await.is_err());
    assert!(announcement(&node, json!({ "edit": { "id": id, "text": "x" } })).await.is_err());
    // Each act of staff left a trace.
    let log = "select action from audit_log where action like 'announcement.%' order by id";
    let acts = node.app.read(move |conn| Sql::new(log).load_texts(conn)).await.unwrap();
    assert_eq!(acts, ["announcement.create", "announcement.edit", "announcement.delete"]);
}

#[tokio::test]
async fn an_announcement_names_the_posts_it_links_to_to_those_who_may_see_them() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let mut posts = Vec::new();
    for visibility in ["public", "private"] {
        posts.push(ada.post("/api/v1/statuses", json!({"status": "read", "visibility": visibility})).await.ok());
    }
    let urls: Vec<&str> = posts.iter().map(|post| post["url"].as_str().unwrap()).collect();
    announce(&node, &format!("See {} and {} {} {}", urls[0], urls[1], urls[0], node.url("/@ada/1"))).await;
    let one = |n: usize| json!({"id": posts[n]["id"], "url": urls[n]});
    assert_eq!(seen(&bob, ALL).await[0]["statuses"], json!([one(0)]));
    assert_eq!(seen(&ada, ALL).await[0]["statuses"], json!([one(0), one(1)]));
}

#[tokio::test]
async fn each_of_several_announcements_has_its_own_people_posts_and_reactions() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let mut made = Vec::new();
    for (who, other) in [(&ada, &bob), (&bob, &ada)] {
        let post = who.post("/api/v1/statuses", json!({"status": "read"})).await.ok();
        let url = post["url"].as_str().unwrap().to_owned();
        let id = announce(&node, &format!("@{0} and @{0}@{1}: {url} {url}", who.name, node.domain)).await;
        other.put(&format!("{ALL}/{id}/reactions/%F0%9F%91%8D"), json!({})).await.ok();
        made.push((id, who.id.clone(), post["id"].clone(), url));
    }
    who_says(&ada, ALL, &made, [false, true]).await;
    who_says(&bob, ALL, &made, [true, false]).await;
    // What is dismissed is left out where only the others are wanted, and the rest is as it was.
    ada.post(&format!("{ALL}/{}/dismiss", made[0].0), json!({})).await.ok();
    who_says(&ada, ALL, &made, [false, true]).await;
    who_says(&ada, &format!("{ALL}?with_dismissed=false"), &made[1..], [true, true]).await;
}

/// What somebody sees: of each the person and the post it names, and whether they reacted.
async fn who_says(reader: &Client, path: &str, made: &[(String, String, Value, String)], mine: [bool; 2]) {
    let list = seen(reader, path).await;
    assert_eq!(list.len(), made.len());
    for ((one, (id, person, post, url)), me) in list.iter().zip(made).zip(mine) {
        let people: Vec<&Value> = one["mentions"].as_array().unwrap().iter().map(|person| &person["id"]).collect();
        assert_eq!((&one["id"], people), (&json!(id), vec![&json!(person)]));
        assert_eq!(one["statuses"], json!([{"id": post, "url": url}]));
        assert_eq!(one["reactions"], json!([{"name": "👍", "count": 1, "me": me}]));
    }
}

#[tokio::test]
async fn an_announcement_goes_when_what_it_is_about_is_over() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let create = async |text: &str, starts: &str, ends: &str, all_day: bool| {
        let verb = json!({ "create": { "text": text, "starts_at": starts, "ends_at": ends, "all_day": all_day } });
        announcement(&node, verb).await
    };
    let hour = create("an hour", "2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z", false).await.unwrap();
    assert_eq!(hour["ends_at"], "2026-11-23T13:00:00.000Z");
    let days = create("two days", "2026-11-23T09:00:00Z", "2026-11-24", true).await.unwrap();
    assert_eq!((&days["starts_at"], &days["all_day"]), (&json!("2026-11-23T00:00:00.000Z"), &json!(true)));
    for (starts, ends, all_day) in [("2026-11-24", "2026-11-23", false), ("soon", "", false), ("", "", true)] {
        assert!(create("x", starts, ends, all_day).await.is_err(), "{starts} {ends} {all_day}");
    }
    assert!(create(" ", "", "", false).await.is_err());
    let texts = async || {
        let list = seen(&ada, ALL).await;
        list.iter().map(|one| one["content"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts().await, ["<p>two days</p>", "<p>an hour</p>"], "in the order in which they begin");
    node.clock.advance(3_600_000);
    assert_eq!(texts().await, ["<p>two days</p>"]);
    let over = format!("{ALL}/{}/reactions/%F0%9F%91%8D", hour["id"].as_str().unwrap());
    assert_eq!(ada.put(&over, json!({})).await.status, 404);
    // The last day is a whole one.
    node.clock.advance(34 * 3_600_000);
    assert_eq!(texts().await, ["<p>two days</p>"]);
    node.clock.advance(3_600_000);
    assert_eq!(texts().await, [""; 0]);
    assert_eq!(announcement(&node, json!("list")).await.unwrap().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn people_say_with_emoji_what_they_think() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let insert = "insert into custom_emojis (id, shortcode, domain, file, visible_in_picker, updated_at) values \
                  (1, 'party', '', 'emoji/party.png', true, 0)";
    node.app.write(move |tx| Sql::new(insert).execute(tx.conn)).await.unwrap();
    let id = announce(&node, "New coffee machine :party:").await;
    let path = |name: &str| format!("{ALL}/{id}/reactions/{name}");
    const THUMB: &str = "%F0%9F%91%8D";
    for _ in 0..2 {
        assert_eq!(ada.put(&path(THUMB), json!({})).await.ok(), json!({}));
    }
    bob.put(&path(THUMB), json!({})).await.ok();
    bob.put(&path("party"), json!({})).await.ok();
    let one = seen(&ada, ALL).await.remove(0);
    Schema::read().assert_all("Reaction", &one["reactions"]);
    assert_eq!(one["reactions"][0], json!({ "name": "👍", "count": 2, "me": true }));
    let party = &one["reactions"][1];
    assert_eq!((&party["name"], &party["count"], &party["me"]), (&json!("party"), &json!(1), &json!(false)));
    assert!(party["url"].as_str().unwrap().ends_with("emoji/party.png") && party["static_url"] == party["url"]);
    assert_eq!(one["emojis"][0]["shortcode"], "party");
    for bad in ["unknown", "%3Cb%3E", "%F0%9F%91%8D%F0%9F%91%8D", "x"] {
        let refused = ada.put(&path(bad), json!({})).await;
        assert_eq!(refused.status, 422, "{bad}: {}", refused.text);
    }
    bob.delete(&path(THUMB)).await.ok();
    bob.delete(&path(THUMB)).await.ok();
    assert_eq!(seen(&bob, ALL).await[0]["reactions"][0], json!({ "name": "👍", "count": 1, "me": false }));
    // Eight kinds at most; of those that are there any number.
    for emoji in ["🍎", "🍏", "🍐", "🍊", "🍋", "🍌"] {
        ada.put(&path(&url::form_urlencoded::byte_serialize(emoji.as_bytes()).collect::<String>()), json!({}))
            .await
            .ok();
    }
    assert_eq!(ada.put(&path("%F0%9F%8D%89"), json!({})).await.status, 422);
    ada.put(&path("party"), json!({})).await.ok();
    assert_eq!(ada.put(&format!("{ALL}/1/reactions/{THUMB}"), json!({})).await.status, 404);
    // Only reading is not enough.
    let reader = Client::with_token(&node, &node.token(ada.id.parse().unwrap(), "read").await);
    assert_eq!(reader.put(&path(THUMB), json!({})).await.status, 403);
}

#[tokio::test]
async fn open_clients_hear_of_announcements_and_reactions_at_once() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let token = ada.token.clone().unwrap();
    let address = format!("ws://{}/api/v1/streaming?stream=user&access_token={token}", node.address);
    let (mut socket, _) = connect_async(address.as_str()).await.unwrap();
    let mut next = async || loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            let frame: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(frame["stream"], json!(["user"]));
            let payload: Value = serde_json::from_str(frame["payload"].as_str().unwrap()).unwrap();
            return (frame["event"].as_str().unwrap().to_owned(), payload);
        }
    };
    let create = json!({ "create": { "text": "Tea", "ends_at": "2026-11-23T13:00:00Z", "all_day": false } });
    let id = announcement(&node, create).await.unwrap()["id"].clone();
    let (event, payload) = next().await;
    Schema::read().assert("Announcement", &payload);
    assert_eq!((event.as_str(), &payload["id"], &payload["content"]), ("announcement", &id, &json!("<p>Tea</p>")));
    let path = format!("{ALL}/{}/reactions/%F0%9F%91%8D", id.as_str().unwrap());
    bob.put(&path, json!({})).await.ok();
    let thumbs = |count: i64| json!({ "name": "👍", "count": count, "announcement_id": id });
    assert_eq!(next().await, ("announcement.reaction".into(), thumbs(1)));
    bob.delete(&path).await.ok();
    assert_eq!(next().await, ("announcement.reaction".into(), thumbs(0)));
    announcement(&node, json!({ "edit": { "id": id, "text": "Hot tea" } })).await.unwrap();
    assert_eq!(next().await.1["content"], "<p>Hot tea</p>");
    // It is over.
    node.clock.advance(3_600_000);
    node.settle().await;
    let (event, payload) = next().await;
    assert_eq!((event.as_str(), payload.to_string()), ("announcement.delete", id.as_str().unwrap().to_owned()));
    let id = announce(&node, "again").await;
    assert_eq!(next().await.0, "announcement");
    announcement(&node, json!({ "delete": { "id": id } })).await.unwrap();
    assert_eq!(next().await.0, "announcement.delete");
}

#[tokio::test]
async fn a_stream_of_events_tells_of_them_in_lines_a_strict_reader_accepts() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let mut stream = ada.request("GET", "/api/v1/streaming/user").send().await.unwrap();
    let id = announce(&node, "Tea").await;
    ada.put(&format!("{ALL}/{id}/reactions/%F0%9F%91%8D"), json!({})).await.ok();
    announcement(&node, json!({ "delete": { "id": id } })).await.unwrap();
    let mut text = String::new();
    while text.matches("\n\n").count() < 3 {
        text.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
    }
    let said = |start: &str| -> Vec<String> {
        text.lines().filter_map(|l| l.strip_prefix(start)).map(str::to_owned).collect()
    };
    // What was taken back meanwhile may be told of as gone only.
    assert!(
        said("event: ").ends_with(&["announcement.reaction".to_owned(), "announcement.delete".to_owned()]),
        "{text}"
    );
    let data = said("data: ");
    assert!(data.iter().all(|data| serde_json::from_str::<Value>(data).is_ok()), "{text}");
    assert_eq!(data.last(), Some(&id));
}

#[test]
fn the_command_line_announces_and_says_what_is_wrong_with_a_date() {
    let place = Place::new();
    let create = [
        "announcement",
        "create",
        "Hello",
        "--starts-at",
        "2030-12-01",
        "--ends-at",
        "2030-12-02",
        "--all-day",
        "--json",
    ];
    let made = place.json(&create);
    assert_eq!((&made["starts_at"], &made["all_day"]), (&json!("2030-12-01T00:00:00.000Z"), &json!(true)));
    let id = made["id"].as_str().unwrap();
    let edited = place.json(&["announcement", "edit", id, "--ends-at", "", "--all-day", "false", "--json"]);
    assert_eq!(
        (&edited["text"], &edited["ends_at"], &edited["all_day"]),
        (&json!("Hello"), &Value::Null, &json!(false))
    );
    let wrong = place.run(&["announcement", "edit", id, "--ends-at", "soon"]);
    assert_eq!(wrong.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("`soon` is no day"), "{wrong:?}");
    assert_eq!(place.json(&["announcement", "list", "--json"]).as_array().unwrap().len(), 1);
    place.json(&["announcement", "delete", id, "--json"]);
    assert_eq!(place.run(&["announcement", "delete", id]).status.code(), Some(3));
}
