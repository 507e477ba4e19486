//! Somebody leaves (J9), seen from the other nodes of the organisation: nobody is sent to them any more, at any site, until
//! they are back.

use crate::{
    concierge::three,
    leavers::{boss, leaves},
    questions::{post, put_to, skills, told},
    support::{Client, Node, organisation::minutes, settle},
};
use serde_json::json;
use watercooler::db::Sql;

async fn experts(reader: &Client) -> usize {
    let found = reader.get("/api/watercooler/v1/experts?q=skill:adhesives").await.ok();
    found["experts"].as_array().unwrap().len()
}

/// How often the audit log of a node says that somebody left, or came back.
async fn traces(node: &Node, action: &'static str) -> i64 {
    let sql = format!("select count(*) from audit_log where action = '{action}' and target like 'alice%'");
    node.app.read(move |conn| Sql::new(sql).scalar_i64(conn)).await.unwrap()
}

#[tokio::test]
async fn j9_directory_and_routing_of_all_nodes_forget_who_left_within_a_minute_and_have_them_again_when_hired_again() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let boss = boss(&lyon).await;
    skills(&alice, &["Adhesives"]).await;
    minutes(&all, 2).await;
    assert_eq!([experts(&bob).await, experts(&cleo).await], [1, 1]);
    leaves(&boss, &alice).await;
    minutes(&all, 1).await;
    assert_eq!([experts(&bob).await, experts(&cleo).await, experts(&boss).await], [0, 0, 0]);
    for node in all {
        assert_eq!(traces(node, "account.leave").await, 1, "{}", node.domain);
    }
    // Nobody is asked in her place, and the asker hears it.
    post(&bob, "#ask Which glue survives frost? #adhesives", None).await;
    settle(&all).await;
    assert!(told(&bob).await.pop().unwrap().contains("Nobody is listed for this"));
    // Whoever looks her up sees why.
    let handle = format!("/api/v1/accounts/lookup?acct={}", lyon.handle("alice"));
    let seen = cleo.get(&handle).await.ok();
    assert!(seen["fields"].to_string().contains("Left on") && seen["locked"] == true, "{seen}");
    let path = format!("/api/watercooler/v1/admin/accounts/{}/rehire", alice.id);
    boss.post(&path, json!({})).await.ok();
    minutes(&all, 1).await;
    assert_eq!([experts(&bob).await, experts(&cleo).await, experts(&boss).await], [1, 1, 1]);
    let token = lyon.token(alice.id.parse().unwrap(), "read write follow").await;
    let mut again = Client::with_token(&lyon, &token);
    again.id.clone_from(&alice.id);
    assert!(put_to(&again).await.is_empty());
    post(&cleo, "#ask Which glue survives heat? #adhesives", None).await;
    settle(&all).await;
    assert_eq!(put_to(&again).await.len(), 1);
}
