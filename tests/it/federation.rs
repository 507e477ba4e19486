//! Two and three real nodes: what somebody does here is seen there, over real HTTP with real signatures.

use crate::support::{Client, Node, NodeBuilder, settle};
use serde_json::{Value, json};
use watercooler::{
    config::{AuthorizedFetch, FederationPolicy},
    federation::{fetch::Budget, import},
};

/// The number of `@name@node`, as `client`'s node knows them after asking.
async fn find(from: &Node, name: &str, at: &Node) -> String {
    let handle = format!("@{}", at.handle(name));
    import::account_by_handle(&from.app, &handle, &Budget::new(20)).await.unwrap().id.to_string()
}

async fn follow(from: &Node, who: &Client, name: &str, at: &Node) -> String {
    let id = find(from, name, at).await;
    who.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    settle(&[from, at]).await;
    id
}

async fn publish(client: &Client, text: &str, more: Value) -> Value {
    let mut body = json!({"status": text});
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    client.post("/api/v1/statuses", body).await.ok()
}

async fn home(client: &Client) -> Vec<Value> {
    client.get("/api/v1/timelines/home").await.ok().as_array().unwrap().clone()
}

async fn told(client: &Client) -> Vec<String> {
    let all = client.get("/api/v1/notifications").await.ok();
    all.as_array().unwrap().iter().map(|n| n["type"].as_str().unwrap().to_owned()).collect()
}

async fn relationship(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/v1/accounts/relationships?id[]={id}")).await.ok()[0].clone()
}

/// Ada on alpha follows bea on beta, and bea follows ada.
async fn friends() -> (Node, Node, Client, Client, String, String) {
    let (alpha, beta) = Node::two().await;
    let (ada, bea) = (alpha.member("ada").await, beta.member("bea").await);
    let bea_at_alpha = follow(&alpha, &ada, "bea", &beta).await;
    let ada_at_beta = follow(&beta, &bea, "ada", &alpha).await;
    (alpha, beta, ada, bea, bea_at_alpha, ada_at_beta)
}

#[tokio::test]
async fn fed_fetch_05_a_handle_of_another_node_is_found_by_search() {
    let (alpha, beta) = Node::two().await;
    let (ada, _) = (alpha.member("ada").await, beta.member("bea").await);
    let handle = beta.handle("bea");
    let found = async |text: &str, resolve: bool| {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
        let path = format!("/api/v2/search?{query}&type=accounts&resolve={resolve}");
        let accounts = ada.get(&path).await.ok()["accounts"].clone();
        accounts.as_array().unwrap().iter().map(|a| a["acct"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(found(&handle, false).await.is_empty(), "nobody asks without being told to");
    assert_eq!(found(&format!("@{handle}"), true).await, std::slice::from_ref(&handle));
    assert_eq!(found(&handle.to_uppercase(), false).await, std::slice::from_ref(&handle), "known from now on");
    assert_eq!(found(&beta.url("/users/bea"), true).await, std::slice::from_ref(&handle));
    assert_eq!(found(&beta.url("/@bea"), true).await, std::slice::from_ref(&handle));
    assert!(found(&beta.handle("nobody"), true).await.is_empty());
    assert!(found("bea@nowhere.test", true).await.is_empty());
}

#[tokio::test]
async fn fed_fol_05_a_follow_stands_after_the_other_node_said_yes_and_ends_on_both() {
    let (alpha, beta, ada, bea, bea_id, ada_id) = friends().await;
    assert_eq!(relationship(&ada, &bea_id).await["following"], true);
    assert_eq!(relationship(&bea, &ada_id).await["followed_by"], true);
    assert!(told(&bea).await.contains(&"follow".to_owned()), "fed_fol_02");
    ada.post(&format!("/api/v1/accounts/{bea_id}/unfollow"), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    assert_eq!(relationship(&bea, &ada_id).await["followed_by"], false, "fed_fol_07 fed_fol_09");
    bea.post(&format!("/api/v1/accounts/{ada_id}/unfollow"), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    assert_eq!(relationship(&ada, &bea_id).await["followed_by"], false);
}

#[tokio::test]
async fn fed_fol_03_fed_fol_11_a_locked_account_answers_by_hand_and_takes_it_back() {
    let (alpha, beta) = Node::two().await;
    let (ada, bea) = (alpha.member("ada").await, beta.member("bea").await);
    let id = bea.id.parse().unwrap();
    beta.app
        .write(move |tx| {
            let _: watercooler::id::Id<watercooler::model::Account> = id;
            watercooler::db::Sql::new("update accounts set locked = ")
                .bind(true)
                .with(" where id = ", id)
                .execute(tx.conn)
        })
        .await
        .unwrap();
    let bea_id = follow(&alpha, &ada, "bea", &beta).await;
    let waiting = relationship(&ada, &bea_id).await;
    assert_eq!((&waiting["requested"], &waiting["following"]), (&json!(true), &json!(false)));
    assert_eq!(told(&bea).await, ["follow_request"]);
    let ada_id = bea.get("/api/v1/follow_requests").await.ok()[0]["id"].as_str().unwrap().to_owned();
    bea.post(&format!("/api/v1/follow_requests/{ada_id}/authorize"), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    assert_eq!(relationship(&ada, &bea_id).await["following"], true);
    bea.post(&format!("/api/v1/accounts/{ada_id}/remove_from_followers"), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    assert_eq!(relationship(&ada, &bea_id).await["following"], false, "fed_fol_11 fed_fol_12");
}

#[tokio::test]
async fn fed_out_01_a_post_is_read_on_the_other_node_and_answered_boosted_and_favourited() {
    let (alpha, beta, ada, bea, ..) = friends().await;
    let post = publish(&bea, "Hello #tea", json!({"spoiler_text": "cup"})).await;
    settle(&[&alpha, &beta]).await;
    let seen = home(&ada).await;
    let seen = seen.iter().find(|p| p["uri"] == post["uri"]).expect("it is at home").clone();
    assert!(seen["content"].as_str().unwrap().contains("#<span>tea</span>"), "{seen}");
    assert_eq!((&seen["spoiler_text"], &seen["visibility"]), (&json!("cup"), &json!("public")));
    assert_eq!(seen["tags"][0]["name"], "tea");
    assert_eq!(seen["account"]["acct"], beta.handle("bea"));
    let (there, here) = (seen["id"].as_str().unwrap(), post["id"].as_str().unwrap());
    publish(&ada, &format!("@{} yes", beta.handle("bea")), json!({"in_reply_to_id": there})).await;
    ada.post(&format!("/api/v1/statuses/{there}/favourite"), json!({})).await.ok();
    ada.post(&format!("/api/v1/statuses/{there}/reblog"), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    let own = bea.get(&format!("/api/v1/statuses/{here}")).await.ok();
    let counts = [&own["replies_count"], &own["favourites_count"], &own["reblogs_count"]];
    assert_eq!(counts, [&json!(1), &json!(1), &json!(1)]);
    let mut kinds = told(&bea).await;
    kinds.sort();
    assert_eq!(kinds, ["favourite", "follow", "mention", "reblog"]);
    let thread = bea.get(&format!("/api/v1/statuses/{here}/context")).await.ok();
    assert_eq!(thread["descendants"][0]["in_reply_to_id"], here);
    // And back again.
    ada.post(&format!("/api/v1/statuses/{there}/unfavourite"), json!({})).await.ok();
    ada.post(&format!("/api/v1/statuses/{there}/unreblog"), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    let own = bea.get(&format!("/api/v1/statuses/{here}")).await.ok();
    assert_eq!((&own["favourites_count"], &own["reblogs_count"]), (&json!(0), &json!(0)), "fed_int_02");
}

#[tokio::test]
async fn fed_out_08_an_edit_and_fed_out_09_a_deletion_reach_the_other_node() {
    let (alpha, beta, ada, bea, ..) = friends().await;
    let post = publish(&bea, "frist", json!({})).await;
    settle(&[&alpha, &beta]).await;
    let there = home(&ada).await[0]["id"].as_str().unwrap().to_owned();
    beta.clock.advance(60_000);
    let here = post["id"].as_str().unwrap();
    bea.put(&format!("/api/v1/statuses/{here}"), json!({"status": "first"})).await.ok();
    settle(&[&alpha, &beta]).await;
    let seen = ada.get(&format!("/api/v1/statuses/{there}")).await.ok();
    assert_eq!(seen["content"], "<p>first</p>");
    assert_ne!(seen["edited_at"], Value::Null);
    bea.delete(&format!("/api/v1/statuses/{here}")).await.ok();
    settle(&[&alpha, &beta]).await;
    assert_eq!(ada.get(&format!("/api/v1/statuses/{there}")).await.status, 404);
    assert!(home(&ada).await.is_empty());
}

#[tokio::test]
async fn fed_addr_out_02_sec_prv_10_private_and_direct_posts_reach_only_whom_they_are_for() {
    let (alpha, beta, ada, bea, ..) = friends().await;
    let eve = alpha.member("eve").await;
    let private = publish(&bea, "for followers", json!({"visibility": "private"})).await;
    let direct = publish(&bea, &format!("@{} psst", alpha.handle("ada")), json!({"visibility": "direct"})).await;
    settle(&[&alpha, &beta]).await;
    let seen = home(&ada).await;
    for (post, visibility) in [(&private, "private"), (&direct, "direct")] {
        let copy = seen.iter().find(|p| p["uri"] == post["uri"]);
        let copy = copy.unwrap_or_else(|| panic!("{visibility} {seen:?}"));
        assert_eq!(copy["visibility"], visibility);
        let id = copy["id"].as_str().unwrap();
        assert_eq!(eve.get(&format!("/api/v1/statuses/{id}")).await.status, 404, "sec_prv_10");
    }
    assert!(told(&ada).await.contains(&"mention".to_owned()));
}

#[tokio::test]
async fn fed_poll_02_a_vote_crosses_to_the_other_node_and_the_tally_comes_back() {
    let (alpha, beta, ada, bea, ..) = friends().await;
    let poll = json!({"poll": {"options": ["Tea", "Coffee"], "expires_in": 3600}});
    let post = publish(&bea, "Which?", poll).await;
    settle(&[&alpha, &beta]).await;
    let seen = home(&ada).await[0].clone();
    let poll = seen["poll"]["id"].as_str().unwrap().to_owned();
    ada.post(&format!("/api/v1/polls/{poll}/votes"), json!({"choices": [1]})).await.ok();
    settle(&[&alpha, &beta]).await;
    let own = bea.get(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.ok();
    assert_eq!(own["poll"]["options"][1]["votes_count"], 1, "fed_poll_04");
    beta.clock.advance(200_000);
    settle(&[&alpha, &beta]).await;
    let tallied = ada.get(&format!("/api/v1/polls/{poll}")).await.ok();
    assert_eq!(tallied["options"][1]["votes_count"], 1, "fed_poll_03 fed_poll_06");
}

#[tokio::test]
async fn fed_mod_01_a_block_is_felt_on_the_other_node() {
    let (alpha, beta, ada, bea, bea_id, ada_id) = friends().await;
    bea.post(&format!("/api/v1/accounts/{ada_id}/block"), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    let felt = relationship(&ada, &bea_id).await;
    assert_eq!(
        (&felt["following"], &felt["followed_by"], &felt["blocked_by"]),
        (&json!(false), &json!(false), &json!(true))
    );
    bea.post(&format!("/api/v1/accounts/{ada_id}/unblock"), json!({})).await.ok();
    settle(&[&alpha, &beta]).await;
    assert_eq!(relationship(&ada, &bea_id).await["blocked_by"], false);
}

#[tokio::test]
async fn fed_org_01_nodes_of_one_allowlist_federate_fully_with_authorised_fetch() {
    let (a, b) = (NodeBuilder::new("alpha").await, NodeBuilder::new("beta").await);
    let (a_name, b_name) = (a.authority(), b.authority());
    let strict = |c: &mut watercooler::config::Config| {
        c.federation.policy = FederationPolicy::Allowlist;
        c.federation.authorized_fetch = AuthorizedFetch::Auto;
    };
    let alpha = a.knows(&b_name).config(strict).start().await;
    let beta = b.knows(&a_name).config(strict).clock(&alpha.clock).start().await;
    let (ada, bea) = (alpha.member("ada").await, beta.member("bea").await);
    follow(&alpha, &ada, "bea", &beta).await;
    publish(&bea, "inside", json!({})).await;
    settle(&[&alpha, &beta]).await;
    assert_eq!(home(&ada).await[0]["content"], "<p>inside</p>");
}

#[tokio::test]
async fn fed_out_14_a_changed_profile_is_seen_on_the_other_node() {
    let (alpha, beta, ada, bea, bea_id, _) = friends().await;
    bea.patch("/api/v1/accounts/update_credentials", json!({"display_name": "Bea B."})).await.ok();
    beta.clock.advance(61_000);
    settle(&[&alpha, &beta]).await;
    let seen = ada.get(&format!("/api/v1/accounts/{bea_id}")).await.ok();
    assert_eq!(seen["display_name"], "Bea B.", "fed_upd_03");
}

#[tokio::test]
async fn fed_int_04_a_boost_shows_a_third_nodes_post_to_the_boosters_followers() {
    let (alpha, beta, gamma) = Node::three().await;
    let (ada, bea, cyd) = (alpha.member("ada").await, beta.member("bea").await, gamma.member("cyd").await);
    follow(&alpha, &ada, "bea", &beta).await;
    follow(&beta, &bea, "cyd", &gamma).await;
    let post = publish(&cyd, "from gamma", json!({})).await;
    settle(&[&alpha, &beta, &gamma]).await;
    let there = home(&bea).await[0]["id"].as_str().unwrap().to_owned();
    bea.post(&format!("/api/v1/statuses/{there}/reblog"), json!({})).await.ok();
    settle(&[&alpha, &beta, &gamma]).await;
    let boost = home(&ada).await[0].clone();
    assert_eq!(boost["reblog"]["uri"], post["uri"]);
    assert_eq!(boost["account"]["acct"], beta.handle("bea"));
    let own = cyd.get(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.ok();
    assert_eq!(own["reblogs_count"], 1, "fed_int_03");
}

#[tokio::test]
async fn fed_sigout_02_the_beginning_of_a_private_thread_is_read_by_a_follower() {
    let (alpha, beta) = Node::two().await;
    let (ada, cleo, bea) = (alpha.member("ada").await, alpha.member("cleo").await, beta.member("bea").await);
    let first = publish(&bea, "first", json!({"visibility": "private"})).await;
    follow(&alpha, &ada, "bea", &beta).await;
    let second = publish(&bea, "second", json!({"visibility": "private", "in_reply_to_id": first["id"]})).await;
    settle(&[&alpha, &beta]).await;
    let seen = home(&ada).await;
    let there = seen.iter().find(|p| p["uri"] == first["uri"]).expect("it was fetched")["id"].as_str().unwrap();
    let thread = ada.get(&format!("/api/v1/statuses/{there}/context")).await.ok();
    assert_eq!(thread["descendants"][0]["uri"], second["uri"]);
    assert_eq!(cleo.get(&format!("/api/v1/statuses/{there}")).await.status, 404, "only whoever follows her");
}
