//! A database remembers under which name it lives.

use crate::{
    cli::Place,
    support::{Node, NodeBuilder, organisation::found},
};
use serde_json::json;
use watercooler::{
    Error,
    db::{Dialect, Sql},
    domain::{
        audit::Staff,
        emojis,
        identity::{self, Identity},
    },
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

/// Columns of the database that hold this text somewhere.
async fn columns_with(node: &Node, text: &str) -> Vec<String> {
    let text = format!("%{text}%");
    let look = move |conn: &mut watercooler::db::Conn| {
        let columns = Sql::new(match conn.dialect() {
            Dialect::Sqlite => {
                "select m.name || '.' || c.name from sqlite_master m, pragma_table_info(m.name) c \
                 where m.type = 'table' and m.sql not like 'CREATE VIRTUAL%' and upper(c.type) = 'TEXT'"
            }
            Dialect::Postgres => {
                "select table_name || '.' || column_name from information_schema.columns \
                 where table_schema = current_schema() and data_type in ('text', 'character varying')"
            }
        })
        .load_texts(conn)?;
        assert!(columns.len() > 100, "{columns:?}");
        let mut found = Vec::new();
        for column in columns {
            let (table, name) = column.split_once('.').unwrap();
            let sql = format!("select count(*) from {table} t where t.{name} like ");
            if Sql::new(sql).bind(text.as_str()).scalar_i64(conn)? > 0 {
                found.push(column);
            }
        }
        Ok(found)
    };
    node.app.read(look).await.unwrap()
}

#[tokio::test]
async fn a_new_name_is_in_every_place_that_had_the_old_one() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    node.app.write(|tx| emojis::add(tx, &Staff::console(), "party", "emoji/party.png", None, true)).await.unwrap();
    ada.patch("/api/v1/accounts/update_credentials", json!({ "display_name": "Ada :party:" })).await.ok();
    let first = ada.post("/api/v1/statuses", json!({ "status": "The first #word for @bob :party:" })).await.ok();
    let id = first["id"].as_str().unwrap().to_owned();
    let quote = json!({ "status": "The second word", "quoted_status_id": &id });
    bob.post("/api/v1/statuses", quote).await.ok();
    let again = json!({ "status": "The first #word for @bob, said again :party:" });
    ada.put(&format!("/api/v1/statuses/{id}"), again).await.ok();
    for act in ["favourite", "reblog", "bookmark"] {
        bob.post(&format!("/api/v1/statuses/{id}/{act}"), json!({})).await.ok();
    }
    bob.post(&format!("/api/v1/accounts/{}/follow", ada.id), json!({})).await.ok();
    let gone = ada.post("/api/v1/statuses", json!({ "status": "Gone soon" })).await.ok();
    ada.delete(&format!("/api/v1/statuses/{}", gone["id"].as_str().unwrap())).await.ok();
    let project = crate::projects::register(&ada, crate::projects::bearing()).await;
    bob.post(&crate::projects::path(&project, "/join"), json!({ "message": "May I?" })).await.ok();
    node.settle().await;
    // As it is with somebody who asked a project of another node.
    let join = node.url("/activities/7");
    node.app.write(move |tx| Sql::new("update project_members set uri = ").bind(join).execute(tx.conn)).await.unwrap();
    let old = node.url("/");
    let before = columns_with(&node, &old).await;
    for column in [
        "quotes.quoted_uri",
        "quotes.stamp_uri",
        "project_members.uri",
        "posts.uri",
        "posts.emojis",
        "accounts.emojis",
        "tombstones.uri",
    ] {
        assert!(before.iter().any(|found| found == column), "{column} has nothing to be rewritten: {before:?}");
    }
    let renamed = NodeBuilder::again(node).await.config(|config| {
        config.domain = "new.test".into();
        config.public_url = Some("http://new.test".parse().unwrap());
    });
    let node = renamed.start().await;
    assert_eq!(columns_with(&node, &old).await, Vec::<String>::new());
    let stamp = node.app.read(|conn| Sql::new("select q.stamp_uri from quotes q").load_texts(conn)).await.unwrap();
    assert!(stamp[0].starts_with("http://new.test/users/ada/"), "{stamp:?}");
}

#[tokio::test]
async fn a_name_that_a_charter_has_cannot_change() {
    let node = Node::start().await;
    found(&node).await;
    pretend(&node, "old.test", "http://old.test").await;
    let refused = node.app.write(identity::settle).await.unwrap_err();
    assert!(matches!(&refused, Error::Conflict(why) if why.contains("charter") && !why.contains('\n')), "{refused}");
}

#[test]
fn a_command_with_other_settings_renames_nothing_and_the_server_does() {
    let place = Place::new();
    let uri = place.json(&["account", "create", "ada", "--json"])["uri"].clone();
    assert_eq!(uri, "http://localhost:1/users/ada");
    for verb in [["account", "list"], ["jobs", "list"], ["migrate", "--json"]] {
        let output = place.command(&verb).args(["--domain", "localhost:2"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{verb:?}: {said}");
        assert!(said.contains("belongs to localhost:1 at http://localhost:1"), "{verb:?}: {said}");
        assert!(said.contains("`watercooler serve` changes it") && said.lines().count() == 1, "{verb:?}: {said}");
    }
    // The domain that a verb is about is not this node's.
    for verb in ["show", "add", "block", "unblock", "remove", "probe"] {
        let said = crate::cli::refusal(&place.run(&["peer", verb, "far.example"]));
        assert!(!said.contains("belongs to localhost"), "{verb}: {said}");
    }
    let said = crate::cli::refusal(&place.run(&["org", "remove", "far.example"]));
    assert!(!said.contains("belongs to localhost"), "{said}");
    assert_eq!(place.json(&["account", "list", "--json"])[0]["uri"], uri);
    place.settings_of("localhost:2", "");
    let mut server = place.serve();
    server.signal("TERM");
    let mut said = String::new();
    std::io::Read::read_to_string(&mut server.child.stderr.take().unwrap(), &mut said).unwrap();
    assert!(server.child.wait().unwrap().success());
    assert!(said.contains("this node was localhost:1 at http://localhost:1; it is localhost:2"), "{said}");
    assert_eq!(place.json(&["account", "list", "--json"])[0]["uri"], "http://localhost:2/users/ada");
}
