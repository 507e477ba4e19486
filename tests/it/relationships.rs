//! What stands between people of one node.

use crate::support::{Client, Node};
use serde_json::{Value, json};
use watercooler::db::Sql;

async fn relationship(client: &Client, other: &Client) -> Value {
    client.get(&format!("/api/v1/accounts/relationships?id[]={}", other.id)).await.ok()[0].clone()
}

#[tokio::test]
async fn a_follow_of_an_open_account_stands_at_once_and_can_be_ended() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let followed = ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    assert_eq!(followed["following"], true);
    assert_eq!(followed["showing_reblogs"], true);
    assert_eq!(followed["id"], bob.id);
    assert_eq!(relationship(&bob, &ada).await["followed_by"], true);
    let changed =
        ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({"reblogs": false, "notify": true})).await;
    assert_eq!((&changed.ok()["showing_reblogs"], &changed.ok()["notifying"]), (&json!(false), &json!(true)));
    let ended = ada.post(&format!("/api/v1/accounts/{}/unfollow", bob.id), json!({})).await.ok();
    assert_eq!(ended["following"], false);
    assert_eq!(relationship(&bob, &ada).await["followed_by"], false);
}

#[tokio::test]
async fn a_form_takes_the_choice_of_languages_back_by_an_empty_one() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let path = format!("/api/v1/accounts/{}/follow", bob.id);
    for (form, told) in [
        (vec![("languages[]", "de"), ("languages[]", "fr")], json!(["de", "fr"])),
        (vec![("notify", "false")], json!(["de", "fr"])),
        (vec![("languages[]", "")], json!(null)),
    ] {
        assert_eq!(ada.post_form(&path, &form).await.ok()["languages"], told, "{form:?}");
    }
    bob.post("/api/v1/statuses", json!({"status": "for everybody", "language": "en"})).await.ok();
    assert_eq!(ada.get("/api/v1/timelines/home").await.ok().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_removed_follower_is_gone_and_may_come_again() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    let removed = bob.post(&format!("/api/v1/accounts/{}/remove_from_followers", ada.id), json!({})).await.ok();
    assert_eq!(removed["followed_by"], false);
    let again = ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    assert_eq!(again["following"], true);
}

#[tokio::test]
async fn a_block_ends_both_follows_and_forbids_new_ones() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.ok();
    bob.post(&format!("/api/v1/accounts/{}/follow", ada.id), json!({})).await.ok();
    let blocked = bob.post(&format!("/api/v1/accounts/{}/block", ada.id), json!({})).await.ok();
    assert_eq!(
        (&blocked["blocking"], &blocked["following"], &blocked["followed_by"]),
        (&json!(true), &json!(false), &json!(false))
    );
    assert_eq!(relationship(&ada, &bob).await["blocked_by"], true);
    assert_eq!(ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.status, 403);
    bob.post(&format!("/api/v1/accounts/{}/unblock", ada.id), json!({})).await.ok();
    assert_eq!(ada.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.status, 200);
}

#[tokio::test]
async fn a_mute_ends_by_itself() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let muted = ada
        .post(&format!("/api/v1/accounts/{}/mute", bob.id), json!({"duration": 60, "notifications": false}))
        .await
        .ok();
    assert_eq!((&muted["muting"], &muted["muting_notifications"]), (&json!(true), &json!(false)));
    assert_eq!(muted["muting_expires_at"], "2026-11-23T12:01:00.000Z");
    assert_eq!(relationship(&bob, &ada).await["blocked_by"], false);
    node.clock.advance(61_000);
    assert_eq!(relationship(&ada, &bob).await["muting"], false);
}

#[tokio::test]
async fn what_somebody_wrote_while_muted_comes_home_when_the_mute_ends() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    let act = async |who: &Client, what: &str, body: Value| {
        ada.post(&format!("/api/v1/accounts/{}/{what}", who.id), body).await.ok();
    };
    let home = async || {
        let list = ada.get("/api/v1/timelines/home").await.ok();
        list.as_array().unwrap().iter().map(|post| post["id"].clone()).collect::<Vec<_>>()
    };
    act(&bob, "follow", json!({})).await;
    for who in [&bob, &eve] {
        act(who, "mute", json!({})).await;
    }
    let first = bob.post("/api/v1/statuses", json!({"status": "meanwhile"})).await.ok()["id"].clone();
    eve.post("/api/v1/statuses", json!({"status": "of somebody else"})).await.ok();
    assert!(home().await.is_empty());
    for who in [&bob, &eve] {
        act(who, "unmute", json!({})).await;
    }
    assert_eq!(home().await, std::slice::from_ref(&first));
    // One with an end, when it is swept out.
    act(&bob, "mute", json!({"duration": 60})).await;
    let second = bob.post("/api/v1/statuses", json!({"status": "later"})).await.ok()["id"].clone();
    assert!(home().await.is_empty());
    node.clock.advance(61_000);
    node.app.write(|tx| tx.enqueue(&watercooler::domain::Task::Sweep)).await.unwrap();
    node.settle().await;
    assert_eq!(home().await, [second, first]);
}

#[tokio::test]
async fn nobody_follows_blocks_or_mutes_themselves_or_nobody() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    for verb in ["follow", "block", "mute"] {
        assert_eq!(ada.post(&format!("/api/v1/accounts/{}/{verb}", ada.id), json!({})).await.status, 403, "{verb}");
        assert_eq!(ada.post(&format!("/api/v1/accounts/12345/{verb}"), json!({})).await.status, 404, "{verb}");
        assert_eq!(ada.post(&format!("/api/v1/accounts/x/{verb}"), json!({})).await.status, 404, "{verb}");
    }
}

#[tokio::test]
async fn relationships_come_for_known_ids_in_the_order_asked() {
    let node = Node::start().await;
    let (ada, bob, eve) = (node.member("ada").await, node.member("bob").await, node.member("eve").await);
    let path = format!("/api/v1/accounts/relationships?id[]={}&id[]=77&id[]={}", eve.id, bob.id);
    let list = ada.get(&path).await.ok();
    let ids: Vec<&str> = list.as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [eve.id.as_str(), bob.id.as_str()]);
    assert_eq!(ada.get("/api/v1/accounts/relationships").await.ok(), json!([]));
    assert_eq!(ada.get(&format!("/api/v1/accounts/relationships?id={}", bob.id)).await.ok()[0]["id"], bob.id);
    // Suspended people are there only for who asks for them.
    let suspended: i64 = eve.id.parse().unwrap();
    let sql = "update accounts set suspended_at = 1 where id = ";
    node.app.write(move |tx| Sql::new(sql).bind(suspended).execute(tx.conn)).await.unwrap();
    assert_eq!(ada.get(&path).await.ok().as_array().unwrap().len(), 1);
    assert_eq!(ada.get(&format!("{path}&with_suspended=true")).await.ok(), list);
}

#[tokio::test]
async fn a_private_remark_is_kept_for_its_author_only() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let noted =
        ada.post(&format!("/api/v1/accounts/{}/note", bob.id), json!({"comment": "knows torque sensors"})).await.ok();
    assert_eq!(noted["note"], "knows torque sensors");
    assert_eq!(relationship(&bob, &ada).await["note"], "");
    let cleared = ada.post(&format!("/api/v1/accounts/{}/note", bob.id), json!({"comment": ""})).await.ok();
    assert_eq!(cleared["note"], "");
}

#[tokio::test]
async fn sec_oau_08_a_token_does_only_what_its_scopes_say() {
    let node = Node::start().await;
    let bob = node.member("bob").await;
    let reader = node.person("reader", "read").await;
    let follower = node.person("follower", "follow").await;
    assert_eq!(reader.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.status, 403);
    assert_eq!(follower.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.status, 200);
    assert_eq!(follower.post(&format!("/api/v1/accounts/{}/note", bob.id), json!({})).await.status, 403);
    let nobody = Client::anonymous(&node);
    assert_eq!(nobody.post(&format!("/api/v1/accounts/{}/follow", bob.id), json!({})).await.status, 401);
}

#[tokio::test]
async fn strangers_see_no_lists_of_people_while_reads_must_be_signed() {
    use watercooler::config::AuthorizedFetch;
    let node = crate::support::NodeBuilder::new("alpha").await;
    let node = node.config(|c| c.federation.authorized_fetch = AuthorizedFetch::On).start().await;
    let ada = node.member("ada").await;
    let post = ada.post("/api/v1/statuses", json!({"status": "hello"})).await.ok();
    let (account, post) = (format!("accounts/{}", ada.id), format!("statuses/{}", post["id"].as_str().unwrap()));
    for list in [
        format!("/api/v1/{account}/followers"),
        format!("/api/v1/{account}/following"),
        format!("/api/v1/{post}/favourited_by"),
        format!("/api/v1/{post}/reblogged_by"),
    ] {
        assert_eq!(Client::anonymous(&node).get(&list).await.status, 401, "{list}");
        assert_eq!(ada.get(&list).await.ok(), json!([]), "{list}");
    }
}

#[tokio::test]
async fn lists_of_people_pass_over_whom_the_reader_blocks_or_mutes_and_who_blocks_the_reader() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let (carol, dan, eve, zoe) =
        (node.member("carol").await, node.member("dan").await, node.member("eve").await, node.member("zoe").await);
    let act = async |who: &Client, verb: &str, whom: &Client| {
        who.post(&format!("/api/v1/accounts/{}/{verb}", whom.id), json!({})).await.ok()
    };
    let post = ada.post("/api/v1/statuses", json!({"status": "hello"})).await.ok();
    let post = format!("/api/v1/statuses/{}", post["id"].as_str().unwrap());
    for fan in [&bob, &carol, &dan, &eve] {
        act(fan, "follow", &ada).await;
        act(&ada, "follow", fan).await;
        fan.post(&format!("{post}/favourite"), json!({})).await.ok();
        fan.post(&format!("{post}/reblog"), json!({})).await.ok();
    }
    act(&zoe, "block", &bob).await;
    act(&zoe, "mute", &carol).await;
    act(&dan, "block", &zoe).await;
    act(&ada, "mute", &bob).await;
    let names = |list: Value| {
        let mut names: Vec<String> =
            list.as_array().unwrap().iter().map(|one| one["username"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let account = format!("/api/v1/accounts/{}", ada.id);
    for list in [
        format!("{account}/followers"),
        format!("{account}/following"),
        format!("{post}/favourited_by"),
        format!("{post}/reblogged_by"),
    ] {
        assert_eq!(names(zoe.get(&list).await.ok()), ["eve"], "{list}");
        assert_eq!(names(bob.get(&list).await.ok()), ["bob", "carol", "dan", "eve"], "{list}");
    }
    // In their own lists everybody finds everybody.
    for list in [format!("{account}/followers"), format!("{account}/following")] {
        assert_eq!(names(ada.get(&list).await.ok()), ["bob", "carol", "dan", "eve"], "{list}");
    }
}

#[tokio::test]
async fn whom_one_follows_no_more_is_in_none_of_ones_lists() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    let follow = async |verb: &str| ada.post(&format!("/api/v1/accounts/{}/{verb}", bob.id), json!({})).await.ok();
    follow("follow").await;
    let list = ada.post("/api/v1/lists", json!({"title": "friends"})).await.ok();
    let members = format!("/api/v1/lists/{}/accounts", list["id"].as_str().unwrap());
    ada.post(&members, json!({"account_ids": [bob.id]})).await.ok();
    assert_eq!(ada.get(&members).await.ok()[0]["id"], json!(bob.id));
    follow("unfollow").await;
    assert_eq!(ada.get(&members).await.ok(), json!([]));
    follow("follow").await;
    assert_eq!(ada.get(&members).await.ok(), json!([]));
}

#[tokio::test]
async fn direct_posts_may_be_left_out_of_an_accounts_posts_and_missing_pictures_are_where_clients_know_them() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    ada.post("/api/v1/statuses", json!({"status": "open"})).await.ok();
    ada.post("/api/v1/statuses", json!({"status": "@bob psst", "visibility": "direct"})).await.ok();
    let posts = format!("/api/v1/accounts/{}/statuses", ada.id);
    assert_eq!(ada.get(&posts).await.ok().as_array().unwrap().len(), 2);
    let open = ada.get(&format!("{posts}?exclude_direct=true")).await.ok();
    assert_eq!((open.as_array().unwrap().len(), &open[0]["visibility"]), (1, &json!("public")));
    let seen = bob.get(&format!("/api/v1/accounts/{}", ada.id)).await.ok();
    for picture in ["avatar", "header"] {
        let address = seen[picture].as_str().unwrap();
        assert!(address.ends_with(&format!("/{picture}s/original/missing.png")), "{address}");
        assert_eq!(bob.get(address).await.header("content-type"), "image/png");
    }
}
