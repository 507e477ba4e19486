//! In which words the profile of who left says so.

use crate::{
    leavers::{boss, leaves},
    support::NodeBuilder,
};
use serde_json::{Value, json};
use watercooler::db::Sql;

#[tokio::test]
async fn a_german_node_says_in_german_that_somebody_left_and_takes_it_back_in_any_language() {
    let node = NodeBuilder::new("alpha").await.config(|config| config.instance.languages = vec!["de".into()]);
    let node = node.start().await;
    let (boss, ada) = (boss(&node).await, node.member("ada").await);
    // Her own fields of these names are hers.
    let own = json!([{ "name": "Left on", "value": "Mondays" }, { "name": "Ausgeschieden am", "value": "nie" }]);
    ada.patch("/api/v1/accounts/update_credentials", json!({ "fields_attributes": own })).await.ok();
    let fields = async || {
        let seen = boss.get(&format!("/api/v1/accounts/{}", ada.id)).await.ok();
        let text = |field: &Value| format!("{} {}", field["name"].as_str().unwrap(), field["value"].as_str().unwrap());
        seen["fields"].as_array().unwrap().iter().map(text).collect::<Vec<_>>()
    };
    let theirs = fields().await;
    assert_eq!(theirs.len(), 2, "{theirs:?}");
    let path = format!("/api/watercooler/v1/admin/accounts/{}/rehire", ada.id);
    leaves(&boss, &ada).await;
    let left = fields().await;
    assert_eq!(left[0], "Ausgeschieden am 2026-11-23: nicht mehr bei Watercooler seit 11/2026");
    assert_eq!(left[1..], theirs);
    boss.post(&path, json!({})).await.ok();
    assert_eq!(fields().await, theirs);
    // What was written while the node spoke English goes, too.
    leaves(&boss, &ada).await;
    let english = "update accounts set fields = replace(fields, 'Ausgeschieden am\",\"value\":\"2026', 'Left on\",\"value\":\"2026') \
                   where username = 'ada'";
    node.app.write(move |tx| Sql::new(english).execute(tx.conn)).await.unwrap();
    assert!(fields().await[0].starts_with("Left on 2026"), "{:?}", fields().await);
    boss.post(&path, json!({})).await.ok();
    assert_eq!(fields().await, theirs);
}
