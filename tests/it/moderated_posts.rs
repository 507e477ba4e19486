//! What staff does to posts that others wrote.

use crate::support::{Client, Node, Scene};
use serde_json::{Value, json};
use watercooler::{db::Sql, model::Role};

const DELETE: &str = "/api/watercooler/v1/admin/statuses/delete";
const HIDE: &str = "/api/watercooler/v1/admin/statuses/sensitive";

async fn staff(node: &Node, name: &str, role: Role) -> Client {
    let row = node.citizen_with(name, role).await;
    let scopes = "read write admin:read admin:write";
    let mut client = Client::with_token(node, &node.token(row.id, scopes).await);
    client.id = row.id.to_string();
    client
}

/// The number of a new post.
async fn say(who: &Client, text: &str) -> String {
    let made = who.post("/api/v1/statuses", json!({ "status": text })).await.ok();
    made["id"].as_str().unwrap().to_owned()
}

/// What somebody was told of acts of staff, the newest first: which, the posts, the words.
async fn told(who: &Client) -> Vec<(Value, Value, Value)> {
    let list = who.get("/api/v1/notifications?types[]=moderation_warning").await.ok();
    let list = list.as_array().unwrap().iter().map(|news| news["moderation_warning"].clone());
    list.map(|one| (one["action"].clone(), one["status_ids"].clone(), one["text"].clone())).collect()
}

/// The log, the newest first: who, what, about whom, more.
async fn log(node: &Node) -> Vec<String> {
    let sql = "select actor || ' ' || action || ' ' || target || ' ' || detail from audit_log \
               where action like 'post.%' order by id desc";
    node.app.read(move |conn| Sql::new(sql).load_texts(conn)).await.unwrap()
}

#[tokio::test]
async fn staff_deletes_posts_everywhere_and_their_author_is_told_which_and_why() {
    let s = Scene::new().await;
    let mona = staff(&s.node, "mona", Role::Moderator).await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    let (first, second) = (say(&s.bob, "rude").await, say(&s.bob, "ruder").await);
    let kept = say(&s.bob, "fine").await;
    s.node.settle().await;
    s.east.forget();
    let report = json!({"account_id": s.bob.id, "status_ids": [first, second]});
    let report = s.carol.post("/api/v1/reports", report).await.ok()["id"].clone();
    let done = mona.post(DELETE, json!({"report_id": report, "text": " Be kind "})).await.ok();
    assert_eq!(done["status_ids"], json!([first, second]));
    s.node.settle().await;
    let deleted: Vec<String> = s
        .east
        .inbox()
        .iter()
        .filter(|activity| activity["type"] == "Delete")
        .map(|activity| activity["object"]["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(deleted.len(), 2, "{deleted:?}");
    for (id, status) in [(&first, 404), (&second, 404), (&kept, 200)] {
        assert_eq!(s.carol.get(&format!("/api/v1/statuses/{id}")).await.status, status, "{id}");
    }
    assert_eq!(told(&s.bob).await, [(json!("delete_statuses"), json!([first, second]), json!("Be kind"))]);
    assert!(told(&s.carol).await.is_empty());
    let closed = mona.get(&format!("/api/v1/admin/reports/{}", report.as_str().unwrap())).await.ok();
    assert_eq!((&closed["action_taken"], &closed["statuses"]), (&json!(true), &json!([])));
    let report = report.as_str().unwrap();
    assert_eq!(log(&s.node).await, [format!("mona post.delete bob {first}, {second}; report {report}: Be kind")]);
    // Its posts are gone, so there is nothing left that it could mean.
    assert_eq!(mona.post(DELETE, json!({"report_id": report})).await.status, 422);
    // By number, a boost with what it boosts, and without a word.
    let boost = s.carol.post(&format!("/api/v1/statuses/{kept}/reblog"), json!({})).await.ok()["id"].clone();
    let both = json!({"status_ids": [kept, boost], "quiet": true});
    assert_eq!(mona.post(DELETE, both).await.ok()["status_ids"].as_array().unwrap().len(), 2);
    assert_eq!(s.carol.get(&format!("/api/v1/statuses/{kept}")).await.status, 404);
    assert_eq!((told(&s.bob).await.len(), told(&s.carol).await.len()), (1, 0));
    assert_eq!(log(&s.node).await.len(), 3, "one entry for each author");
}

#[tokio::test]
async fn staff_hides_the_files_of_posts_which_is_an_edit_that_goes_where_they_went() {
    let s = Scene::new().await;
    let mona = staff(&s.node, "mona", Role::Moderator).await;
    s.sends(&s.ada, &s.ada.activity("Follow", s.uri(&s.bob))).await;
    let post = say(&s.bob, "gore with #tags for @carol").await;
    s.node.settle().await;
    s.east.forget();
    let before = s.carol.get(&format!("/api/v1/statuses/{post}")).await.ok();
    s.node.clock.advance(60_000);
    assert_eq!(mona.post(HIDE, json!({"status_ids": [post]})).await.ok()["status_ids"], json!([post]));
    s.node.settle().await;
    let update = s.east.inbox().into_iter().find(|activity| activity["type"] == "Update").unwrap();
    assert_eq!((&update["object"]["sensitive"], &update["actor"]), (&json!(true), &json!(s.uri(&s.bob))));
    let after = s.carol.get(&format!("/api/v1/statuses/{post}")).await.ok();
    assert_eq!((&after["sensitive"], after["edited_at"].is_string()), (&json!(true), true));
    for same in ["content", "mentions", "tags", "spoiler_text"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    let history = s.carol.get(&format!("/api/v1/statuses/{post}/history")).await.ok();
    let states: Vec<&Value> = history.as_array().unwrap().iter().map(|state| &state["sensitive"]).collect();
    assert_eq!(states, [&json!(false), &json!(true)]);
    assert_eq!(told(&s.bob).await, [(json!("mark_statuses_as_sensitive"), json!([post]), json!(""))]);
    // Nothing to do is nothing to tell.
    assert_eq!(mona.post(HIDE, json!({"status_ids": [post]})).await.ok()["status_ids"], json!([]));
    assert_eq!((told(&s.bob).await.len(), log(&s.node).await.len()), (1, 1));
}

#[tokio::test]
async fn posts_of_other_servers_change_here_alone_and_what_was_deleted_does_not_come_again() {
    let s = Scene::new().await;
    let mona = staff(&s.node, "mona", Role::Moderator).await;
    let (spam, gore) = (s.note(&s.ada, "1", "spam"), s.note(&s.ada, "2", "gore"));
    let (spam_id, gore_id) = (s.creates(&s.ada, &spam).await, s.creates(&s.ada, &gore).await);
    let number = s.post(&spam_id).await.unwrap().id.to_string();
    let hidden = s.post(&gore_id).await.unwrap().id.to_string();
    mona.post(DELETE, json!({"status_ids": number, "text": "spam"})).await.ok();
    mona.post(HIDE, json!({"status_ids": [hidden]})).await.ok();
    s.node.settle().await;
    assert_eq!(s.status(&s.bob, &gore_id).await["sensitive"], true);
    assert_eq!(s.home(&s.bob).await, [gore_id]);
    s.sends(&s.ada, &s.ada.activity("Create", spam)).await;
    assert!(s.post(&spam_id).await.is_none());
    assert!(s.east.inbox().is_empty(), "{:?}", s.east.inbox());
    assert_eq!(s.count("select count(*) from account_warnings").await, 0);
    let ada = s.account(&s.ada).await.acct();
    let wanted = [format!("mona post.sensitive {ada} {hidden}"), format!("mona post.delete {ada} {number}: spam")];
    assert_eq!(log(&s.node).await, wanted);
}

#[tokio::test]
async fn nobody_touches_posts_of_those_above_them_and_it_is_all_of_them_or_none() {
    let node = Node::start().await;
    let (root, mona) = (staff(&node, "root", Role::Owner).await, staff(&node, "mona", Role::Moderator).await);
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let (high, low) = (say(&root, "from above").await, say(&bob, "from below").await);
    let boost = ada.post(&format!("/api/v1/statuses/{low}/reblog"), json!({})).await.ok()["id"].clone();
    let about_root = ada.post("/api/v1/reports", json!({"account_id": root.id})).await.ok()["id"].clone();
    for (by, path, body, status) in [
        (&mona, DELETE, json!({"status_ids": [low, high]}), 403),
        (&mona, HIDE, json!({"status_ids": [low, high]}), 403),
        (&bob, DELETE, json!({"status_ids": [low]}), 403),
        (&mona, DELETE, json!({"status_ids": [low, "12345"]}), 404),
        (&mona, DELETE, json!({"status_ids": [low, "abc"]}), 404),
        (&mona, DELETE, json!({"status_ids": [null], "report_id": about_root}), 404),
        (&mona, DELETE, json!({"status_ids": [low], "report_id": "12345"}), 404),
        (&mona, DELETE, json!({}), 422),
        (&mona, DELETE, json!({"report_id": about_root}), 422),
        (&mona, DELETE, json!({"status_ids": [low], "report_id": about_root}), 422),
        (&mona, HIDE, json!({"status_ids": [low, boost]}), 422),
        (&mona, DELETE, json!({"status_ids": (1..=51).map(|id| id.to_string()).collect::<Vec<_>>()}), 422),
    ] {
        assert_eq!(by.post(path, body.clone()).await.status, status, "{path} {body}");
    }
    assert_eq!(Client::anonymous(&node).post(DELETE, json!({"status_ids": [low]})).await.status, 403);
    // Neither is one an act on an account.
    let action = format!("/api/v1/admin/accounts/{}/action", bob.id);
    assert_eq!(mona.post(&action, json!({"type": "delete_statuses"})).await.status, 422);
    let shown = ada.get(&format!("/api/v1/statuses/{low}")).await.ok();
    assert_eq!((&shown["sensitive"], log(&node).await.len(), told(&bob).await.len()), (&json!(false), 0, 0));
    // Whoever is above may, and nobody is told of what they did themselves.
    root.post(DELETE, json!({"status_ids": [high, low]})).await.ok();
    assert_eq!((told(&bob).await.len(), told(&root).await.len()), (1, 0));
}
