//! A database remembers under which name it lives.

use crate::support::Node;
use watercooler::{
    Error,
    db::Sql,
    domain::identity::{self, Identity},
    store,
};

async fn pretend(node: &Node, domain: &str, base: &str) {
    let (domain, base) = (domain.to_owned(), base.to_owned());
    let (from, to) = (node.url("/"), format!("{base}/"));
    node.app
        .write(move |tx| {
            store::users::set_setting(tx.conn, "domain", &domain)?;
            store::users::set_setting(tx.conn, "public_url", &base)?;
            Sql::new("update accounts set uri = replace(uri, ").bind(from).with(",", to).push(")").execute(tx.conn)
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn rel_30_a_name_nobody_elsewhere_knows_may_change_and_every_id_with_it() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    assert_eq!(node.app.write(identity::settle).await.unwrap(), Identity::Same);
    let post = ada.post("/api/v1/statuses", serde_json::json!({ "status": "gone soon" })).await.ok();
    ada.delete(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.ok();
    node.app
        .write(|tx| {
            Sql::new("update tombstones set uri = 'http://old.test/users/ada/statuses/7'").execute(tx.conn)?;
            Sql::new("update accounts set also_known_as = '[\"http://old.test/users/eva\"]'").execute(tx.conn)
        })
        .await
        .unwrap();
    pretend(&node, "old.test", "http://old.test").await;
    let found = node.app.write(identity::settle).await.unwrap();
    assert_eq!(found, Identity::Rewritten { domain: "old.test".into(), base: "http://old.test".into() });
    let id = ada.id.parse().unwrap();
    let account = node.app.read(move |conn| store::accounts::load(conn, id)).await.unwrap();
    assert_eq!(account.uri, node.url("/users/ada"));
    assert_eq!(account.also_known_as, format!("[\"{}\"]", node.url("/users/eva")));
    let buried = node.url("/users/ada/statuses/7");
    assert!(node.app.read(move |conn| store::posts::is_buried(conn, &buried)).await.unwrap());
    assert_eq!(node.app.write(identity::settle).await.unwrap(), Identity::Same);
}

#[tokio::test]
async fn rel_30_a_name_others_know_cannot_change() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let id = ada.id.parse().unwrap();
    node.app
        .write(move |tx| {
            let mut stranger = store::accounts::load(tx.conn, id)?;
            stranger.id = tx.new_id();
            stranger.handle = "eve@far.example".into();
            stranger.domain = Some("far.example".into());
            stranger.uri = "https://far.example/users/eve".into();
            stranger.public_key_id = None;
            store::users::insert_account(tx.conn, &stranger)
        })
        .await
        .unwrap();
    pretend(&node, "old.test", "http://old.test").await;
    let refused = node.app.write(identity::settle).await.unwrap_err();
    assert!(matches!(&refused, Error::Conflict(why) if why.contains("old.test") && !why.contains('\n')), "{refused}");
}
