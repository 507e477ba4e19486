//! Follows between this node and others: the rows of FOL that need both sides of the door.

use crate::support::{Client, Node, Scene, Sender};
use serde_json::{Value, json};
use watercooler::{db::Sql, domain::accounts, domain::audit::Staff, id::Id, model::Account};

/// Activities of a kind that a scripted server received.
fn received(who: &Sender, kind: &str) -> Vec<Value> {
    who.peer.inbox().into_iter().filter(|a| a["type"] == kind).collect()
}

async fn relation(s: &Scene, client: &Client, other: &Sender) -> Value {
    let id = s.account(other).await.id;
    client.get(&format!("/api/v1/accounts/relationships?id[]={id}")).await.ok()[0].clone()
}

async fn lock(s: &Scene, who: &Client) {
    who.patch("/api/v1/accounts/update_credentials", json!({"locked": true})).await.ok();
    s.node.settle().await;
    s.east.forget();
}

#[tokio::test]
async fn fed_fol_05_an_accept_by_id_counts_for_the_follow_that_waits_and_for_no_other() {
    let s = Scene::new().await;
    let mallory = s.account(&s.mallory).await.id;
    let ask = async || {
        s.east.forget();
        s.carol.post(&format!("/api/v1/accounts/{mallory}/follow"), json!({})).await.ok();
        s.node.settle().await;
        received(&s.mallory, "Follow")[0]["id"].clone()
    };
    let state = async || {
        let relation = relation(&s, &s.carol, &s.mallory).await;
        (relation["following"] == true, relation["requested"] == true)
    };
    let first = ask().await;
    assert_eq!(state().await, (false, true));
    s.carol.post(&format!("/api/v1/accounts/{mallory}/unfollow"), json!({})).await.ok();
    s.node.settle().await;
    assert_eq!(received(&s.mallory, "Undo").len(), 1);
    s.east.forget();
    // Too late: nothing stands, and nothing is said about what is over on both sides.
    assert_eq!(s.sends(&s.mallory, &s.mallory.activity("Accept", first.clone())).await, 202);
    assert_eq!(state().await, (false, false));
    assert_eq!(s.carol.get(&format!("/api/v1/accounts/{}", s.carol.id)).await.ok()["following_count"], 0);
    assert!(s.east.inbox().is_empty(), "{:?}", s.east.inbox());
    // Nor does the old answer stand for a new question.
    let second = ask().await;
    assert_ne!(first, second);
    s.sends(&s.mallory, &s.mallory.activity("Accept", first)).await;
    assert_eq!(state().await, (false, true));
    // And nobody else answers it.
    s.sends(&s.ada, &s.ada.activity("Accept", second.clone())).await;
    assert_eq!(state().await, (false, true));
    s.sends(&s.mallory, &s.mallory.activity("Accept", second)).await;
    assert_eq!(state().await, (true, false));
}

#[tokio::test]
async fn fed_fol_07_an_undo_takes_back_a_follow_or_a_request_that_waits() {
    let s = Scene::new().await;
    let follow = s.mallory.activity("Follow", s.uri(&s.carol));
    s.sends(&s.mallory, &follow).await;
    assert_eq!(relation(&s, &s.carol, &s.mallory).await["followed_by"], true);
    s.sends(&s.mallory, &s.mallory.activity("Undo", follow)).await;
    assert_eq!(relation(&s, &s.carol, &s.mallory).await["followed_by"], false);
    lock(&s, &s.bob).await;
    for by_id in [true, false] {
        let request = s.mallory.activity("Follow", s.uri(&s.bob));
        s.sends(&s.mallory, &request).await;
        assert_eq!(relation(&s, &s.bob, &s.mallory).await["requested_by"], true);
        assert_eq!(s.told(&s.bob).await, ["follow_request"]);
        let object = if by_id { request["id"].clone() } else { request };
        s.sends(&s.mallory, &s.mallory.activity("Undo", object)).await;
        assert_eq!(relation(&s, &s.bob, &s.mallory).await["requested_by"], false);
        assert_eq!(s.bob.get("/api/v1/follow_requests").await.ok(), json!([]));
        assert!(s.told(&s.bob).await.is_empty(), "nothing is left to be answered");
    }
    assert!(received(&s.mallory, "Reject").is_empty() && received(&s.mallory, "Accept").is_empty());
}

#[tokio::test]
async fn fed_fol_10_the_newest_follow_is_the_one_that_is_answered() {
    let s = Scene::new().await;
    let follows: Vec<Value> = (0..2).map(|_| s.ada.activity("Follow", s.uri(&s.carol))).collect();
    for follow in &follows {
        s.sends(&s.ada, follow).await;
    }
    let accepts = received(&s.ada, "Accept");
    assert_eq!(
        accepts.iter().map(|a| a["object"]["id"].clone()).collect::<Vec<_>>(),
        [follows[0]["id"].clone(), follows[1]["id"].clone()]
    );
    assert_eq!(s.count("select count(*) from follows").await, 2, "one of hers, one of bob's");
    // Also while the request waits for an answer.
    lock(&s, &s.bob).await;
    let requests: Vec<Value> = (0..2).map(|_| s.mallory.activity("Follow", s.uri(&s.bob))).collect();
    for request in &requests {
        s.sends(&s.mallory, request).await;
    }
    assert!(received(&s.mallory, "Accept").is_empty());
    let mallory = s.account(&s.mallory).await.id;
    s.bob.post(&format!("/api/v1/follow_requests/{mallory}/authorize"), json!({})).await.ok();
    s.node.settle().await;
    let accepts = received(&s.mallory, "Accept");
    assert_eq!((accepts.len(), &accepts[0]["object"]["id"]), (1, &requests[1]["id"]));
    assert_eq!(s.told(&s.bob).await.iter().filter(|kind| *kind == "follow_request").count(), 0, "it is answered");
}

#[tokio::test]
async fn fed_fol_01_fed_fol_10_who_asks_again_is_accepted_once_nobody_decides_about_followers_any_more() {
    let s = Scene::new().await;
    lock(&s, &s.bob).await;
    let again = format!("/api/v1/accounts/{}/follow", s.bob.id);
    assert_eq!(s.carol.post(&again, json!({})).await.ok()["requested"], true);
    s.sends(&s.mallory, &s.mallory.activity("Follow", s.uri(&s.bob))).await;
    assert!(received(&s.mallory, "Accept").is_empty());
    s.bob.patch("/api/v1/accounts/update_credentials", json!({"locked": false})).await.ok();
    let second = s.mallory.activity("Follow", s.uri(&s.bob));
    s.sends(&s.mallory, &second).await;
    let accepts = received(&s.mallory, "Accept");
    assert_eq!((accepts.len(), &accepts[0]["object"]["id"]), (1, &second["id"]));
    assert_eq!(relation(&s, &s.bob, &s.mallory).await["followed_by"], true);
    let now = s.carol.post(&again, json!({})).await.ok();
    assert_eq!((&now["following"], &now["requested"]), (&json!(true), &json!(false)));
    assert_eq!(s.bob.get("/api/v1/follow_requests").await.ok(), json!([]));
}

#[tokio::test]
async fn who_waits_is_accepted_when_the_account_is_unlocked() {
    let s = Scene::new().await;
    lock(&s, &s.bob).await;
    s.carol.post(&format!("/api/v1/accounts/{}/follow", s.bob.id), json!({})).await.ok();
    let asked = s.mallory.activity("Follow", s.uri(&s.bob));
    s.sends(&s.mallory, &asked).await;
    // A change of something else lets nobody in.
    s.bob.patch("/api/v1/accounts/update_credentials", json!({"display_name": "Bob"})).await.ok();
    s.node.settle().await;
    assert_eq!(s.bob.get("/api/v1/follow_requests").await.ok().as_array().unwrap().len(), 2);
    assert!(received(&s.mallory, "Accept").is_empty());
    s.bob.patch("/api/v1/accounts/update_credentials", json!({"locked": false})).await.ok();
    s.node.settle().await;
    assert_eq!(s.bob.get("/api/v1/follow_requests").await.ok(), json!([]));
    let accepts = received(&s.mallory, "Accept");
    assert_eq!((accepts.len(), &accepts[0]["object"]["id"]), (1, &asked["id"]));
    assert_eq!(relation(&s, &s.bob, &s.mallory).await["followed_by"], true);
    let carol = s.carol.get(&format!("/api/v1/accounts/relationships?id[]={}", s.bob.id)).await.ok();
    assert_eq!((&carol[0]["following"], &carol[0]["requested"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn fed_fol_12_a_reject_ends_an_accepted_follow() {
    for by_id in [true, false] {
        let s = Scene::new().await;
        let id = s.creates(&s.ada, &s.note(&s.ada, "1", "x")).await;
        assert_eq!(s.home(&s.bob).await, [id]);
        assert_eq!(relation(&s, &s.bob, &s.ada).await["following"], true);
        let uri = s.node.app.read(|conn| Sql::new("select f.uri from follows f").load_texts(conn)).await.unwrap();
        let object = match by_id {
            true => json!(uri[0]),
            false => json!({"type": "Follow", "actor": s.uri(&s.bob), "object": s.ada.id}),
        };
        s.east.forget();
        // A stranger's word counts for nothing.
        s.sends(&s.mallory, &s.mallory.activity("Reject", object.clone())).await;
        assert_eq!(relation(&s, &s.bob, &s.ada).await["following"], true);
        s.sends(&s.ada, &s.ada.activity("Reject", object)).await;
        let relation = relation(&s, &s.bob, &s.ada).await;
        assert_eq!((&relation["following"], &relation["requested"]), (&json!(false), &json!(false)));
        assert!(s.home(&s.bob).await.is_empty());
        let own = s.bob.get(&format!("/api/v1/accounts/{}", s.bob.id)).await.ok();
        assert_eq!(own["following_count"], 0);
        assert!(s.east.inbox().is_empty(), "there is nothing to answer");
    }
}

#[tokio::test]
async fn fed_fol_14_blocked_moved_and_instance_actors_refuse_and_nobody_is_404() {
    let s = Scene::new().await;
    let mallory = s.account(&s.mallory).await.id;
    s.carol.post(&format!("/api/v1/accounts/{mallory}/block"), json!({})).await.ok();
    let (bob, vera): (Id<Account>, _) = (s.bob.id.parse().unwrap(), s.account(&s.vera).await.id);
    s.node
        .app
        .write(move |tx| {
            Sql::new("update accounts set moved_to_id = ").bind(vera).with(" where id = ", bob).execute(tx.conn)
        })
        .await
        .unwrap();
    s.node.settle().await;
    for whom in [s.uri(&s.carol), s.uri(&s.bob), s.node.url("/actor")] {
        s.east.forget();
        let follow = s.mallory.activity("Follow", whom.clone());
        assert_eq!(s.sends(&s.mallory, &follow).await, 202);
        let rejects = received(&s.mallory, "Reject");
        assert_eq!(rejects.len(), 1, "{whom}");
        assert_eq!(rejects[0]["actor"], whom);
        assert_eq!(
            rejects[0]["object"],
            json!({"id": follow["id"], "type": "Follow", "actor": s.mallory.id, "object": whom})
        );
        assert!(received(&s.mallory, "Accept").is_empty());
    }
    assert_eq!(s.count("select count(*) from follows").await, 1, "only that of bob");
    // Nobody of that name, somebody who is gone, and somebody who is to be approved of.
    let (dave, erin) = (s.node.member("dave").await, s.node.member("erin").await);
    let (id, waits): (Id<Account>, Id<Account>) = (dave.id.parse().unwrap(), erin.id.parse().unwrap());
    s.node.app.write(move |tx| accounts::delete(tx, &Staff::console(), id)).await.unwrap();
    let sql = "update users set approved_at = null where account_id = ";
    s.node.app.write(move |tx| Sql::new(sql).bind(waits).execute(tx.conn)).await.unwrap();
    s.node.settle().await;
    for name in ["nobody", "dave", "erin"] {
        s.east.forget();
        let follow = s.ada.activity("Follow", s.node.url(&format!("/users/{name}")));
        let own = s.ada.letter(&s.node, &format!("/users/{name}/inbox"), &follow).send(&s.node).await;
        assert_eq!(own.status, 404, "{name}");
        let other = s.ada.letter(&s.node, "/users/carol/inbox", &follow).send(&s.node).await;
        assert_eq!(other.status, 404, "{name}, at somebody else's");
        assert_eq!(s.sends(&s.ada, &follow).await, 202, "{name}");
        assert!(s.east.inbox().is_empty(), "{name}");
    }
    assert_eq!(s.count("select count(*) from follows").await, 1);
}

#[tokio::test]
async fn fed_fol_17_a_group_is_followed_and_follows_like_a_person() {
    let s = Scene::new().await;
    let group = Sender::new(&s.east, "tea");
    let mut document = s.east.person("tea", &group.signer.key.public_pem().unwrap());
    document["type"] = json!("Group");
    s.east.serve("/users/tea", document);
    s.meet(&group).await;
    let id = s.account(&group).await.id;
    assert_eq!(s.bob.get(&format!("/api/v1/accounts/{id}")).await.ok()["group"], true);
    s.east.forget();
    s.bob.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    s.node.settle().await;
    let follow = received(&group, "Follow")[0].clone();
    assert_eq!((&follow["actor"], &follow["object"]), (&json!(s.uri(&s.bob)), &json!(group.id)));
    assert_eq!(relation(&s, &s.bob, &group).await["requested"], true);
    s.sends(&group, &group.activity("Accept", follow.clone())).await;
    assert_eq!(relation(&s, &s.bob, &group).await["following"], true);
    let note = s.creates(&group, &s.note(&group, "1", "news")).await;
    assert_eq!(s.home(&s.bob).await, [note]);
    // The other way round.
    s.sends(&group, &group.activity("Follow", s.uri(&s.bob))).await;
    assert_eq!(relation(&s, &s.bob, &group).await["followed_by"], true);
    assert_eq!(received(&group, "Accept").len(), 1);
    s.bob.post(&format!("/api/v1/accounts/{id}/unfollow"), json!({})).await.ok();
    s.node.settle().await;
    assert_eq!(received(&group, "Undo")[0]["object"]["id"], follow["id"]);
    assert!(s.home(&s.bob).await.is_empty());
}

#[tokio::test]
async fn what_a_new_follow_brings_home_is_what_it_would_have_brought_all_along() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    let say = async |who: &Client, body: Value| {
        let post = who.post("/api/v1/statuses", body).await.ok();
        post["id"].as_str().unwrap().to_owned()
    };
    let stranger = say(&eve, json!({"status": "a stranger's"})).await;
    bob.post(&format!("/api/v1/statuses/{stranger}/reblog"), json!({})).await.ok();
    say(&bob, json!({"status": "auf Deutsch", "language": "de"})).await;
    say(&bob, json!({"status": "an answer", "in_reply_to_id": stranger})).await;
    let own = say(&bob, json!({"status": "in English", "language": "en"})).await;
    let follow = json!({"reblogs": false, "languages": ["en"]});
    ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), follow).await.ok();
    let home = ada.get("/api/v1/timelines/home").await.ok();
    let ids: Vec<_> = home.as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [own]);
}
