//! Projects of other software, and their people elsewhere: one scripted server on each side.

use crate::{
    projects::{API, bearing, follow, home, register},
    support::{Scene, Sender},
};
use serde_json::json;
use watercooler::{db::Sql, domain::Tx};

#[tokio::test]
async fn a_project_of_other_software_is_taken_in_liberally_and_what_is_not_understood_is_kept() {
    let s = Scene::new().await;
    let group = Sender::new(&s.east, "quiet");
    let mut document = s.east.person("quiet", &group.signer.key.public_pem().unwrap());
    for (key, value) in [
        ("type", json!(["Group", "schema:Project"])),
        ("name", json!("Quiet bearing")),
        ("summary", json!("<p>Paused. Find why bearing B7 hums.</p>")),
        ("schema:additionalType", json!("http://schema.org/Project")),
        ("wc:workState", json!("paused")),
        ("knowsAbout", json!("Bearings")),
        ("lead", json!({"id": s.ada.id, "type": "Person"})),
        ("budgetCode", json!({"code": "B7", "year": 2026})),
    ] {
        document[key] = value;
    }
    s.east.serve("/users/quiet", document.clone());
    s.meet(&group).await;
    s.node.settle().await;
    let id = s.account(&group).await.id;
    let seen = s.bob.get(&format!("{API}/{id}")).await.ok();
    assert_eq!(
        (&seen["name"], &seen["state"], &seen["tags"]),
        (&json!("Quiet bearing"), &json!("paused"), &json!(["Bearings"]))
    );
    assert_eq!((&seen["purpose"], &seen["lead"]["uri"]), (&json!("Find why bearing B7 hums."), &json!(s.ada.id)));
    assert_eq!(seen["site"], json!(s.east.authority));
    let rest = s.node.app.read(|conn| Sql::new("select p.rest from projects p").load_texts(conn)).await.unwrap();
    assert_eq!(rest, [r#"{"budgetCode":{"code":"B7","year":2026}}"#]);
    // An Update says the whole of it anew, from the project itself only.
    document["wc:workState"] = json!("done");
    document["name"] = json!("Silent bearing");
    s.east.serve("/users/quiet", document.clone());
    s.sends(&s.mallory, &s.mallory.activity("Update", document.clone())).await;
    assert_eq!(s.bob.get(&format!("{API}/{id}")).await.ok()["state"], "paused");
    s.sends(&group, &group.activity("Update", document)).await;
    let seen = s.bob.get(&format!("{API}/{id}")).await.ok();
    assert_eq!((&seen["name"], &seen["state"]), (&json!("Silent bearing"), &json!("done")));
    // Gone for good, it leaves the register.
    s.sends(&group, &group.activity("Delete", group.id.clone())).await;
    assert_eq!(s.bob.get(&format!("{API}/{id}")).await.status, 404);
    assert_eq!(s.bob.get(API).await.ok(), json!([]));
}

#[tokio::test]
async fn a_moderator_elsewhere_takes_a_post_out_of_the_project_and_nobody_else_does() {
    let s = Scene::new().await;
    let made = register(&s.bob, bearing()).await;
    let project = s.node.url("/users/quietbearing");
    follow(&s.carol, &made).await;
    // mallory follows, so that what she writes is passed on; ada moderates.
    s.sends(&s.mallory, &s.mallory.activity("Follow", project.clone())).await;
    let (id, ada): (i64, _) = (made["id"].as_str().unwrap().parse().unwrap(), s.account(&s.ada).await.id);
    let moderates = move |tx: &mut Tx<'_>| {
        Sql::new("insert into project_members (project_id, account_id, role, created_at) values (")
            .bind(id)
            .with(",", ada)
            .push(",2,0)")
            .execute(tx.conn)
    };
    s.node.app.write(moderates).await.unwrap();
    let mut note = s.note(&s.mallory, "1", "buy cheap bearings");
    note["cc"] = json!([project]);
    note["audience"] = json!(project);
    let uri = s.creates(&s.mallory, &note).await;
    let passed =
        || async { home(&s.carol).await.iter().any(|(who, text)| who == "quietbearing" && text.contains("cheap")) };
    assert!(passed().await, "addressed, not named");
    assert_eq!(s.sends(&s.vera, &s.vera.activity("Delete", uri.clone())).await, 403);
    assert!(passed().await);
    s.sends(&s.ada, &s.ada.activity("Delete", uri.clone())).await;
    assert!(!passed().await);
    assert!(s.post(&uri).await.is_some(), "the post is its author's");
    // Once is for good.
    note["content"] = json!("buy cheap bearings now");
    note["updated"] = json!(s.node.clock.now().plus_seconds(1).rfc3339());
    s.node.clock.advance(2_000);
    s.sends(&s.mallory, &s.mallory.activity("Update", note)).await;
    assert!(!passed().await);
}
