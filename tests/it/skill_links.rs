//! What skills and works lead to: public vocabularies, from node to node, and projects.

use crate::{
    expertise::{ME, finds, sends, three},
    projects::{known, path, register, two},
    support::{
        Node, NodeBuilder,
        organisation::{letter, minutes},
        settle,
    },
};
use serde_json::{Value, json};

#[tokio::test]
async fn what_a_skill_means_elsewhere_goes_along_with_it() {
    let (hq, lyon, oslo, [alice, bob, _]) = three().await;
    let all = [&hq, &lyon, &oslo];
    let links = json!(["https://www.wikidata.org/wiki/Q3047384", "https://esco.example/skill/1"]);
    let skills = json!([{ "name": "Kafka", "stance": "ask", "same_as": links }, { "name": "Rust" }]);
    let own = alice.patch(ME, json!({ "skills": skills })).await.ok();
    assert_eq!((&own["skills"][0]["same_as"], &own["skills"][1]["same_as"]), (&links, &Value::Null));
    minutes(&all, 2).await;
    let id = bob.get("/api/v2/search?q=skill:kafka").await.ok()["accounts"][0]["id"].as_str().unwrap().to_owned();
    let there = bob.get(&format!("/api/watercooler/v1/people/{id}")).await.ok();
    assert_eq!(there["skills"][0], json!({"name": "Kafka", "tag": "kafka", "stance": "ask", "same_as": links}));
    // In the words of the vocabulary, and only where it is said.
    let document = letter(&hq, &lyon, "GET", "/users/alice", None).await.send(&lyon).await.ok();
    assert_eq!(document["knowsAbout"][0]["sameAs"], links, "{document}");
    assert!(document["knowsAbout"][1].get("sameAs").is_none(), "{document}");
    let terms = document["@context"].as_array().unwrap().last().unwrap();
    assert_eq!(terms["sameAs"], json!({"@id": "sdo:sameAs", "@type": "@id"}));
    // Whoever types the skill again says nothing about what it means; whoever says so, does.
    let again = alice.patch(ME, json!({ "skills": [{ "name": "kafka", "stance": "knows" }] })).await.ok();
    assert_eq!((&again["skills"][0]["stance"], &again["skills"][0]["same_as"]), (&json!("knows"), &links));
    let none = alice.patch(ME, json!({ "skills": [{ "name": "kafka", "same_as": [] }] })).await.ok();
    assert_eq!(none["skills"][0]["same_as"], Value::Null);
    for wrong in
        [json!(["javascript:alert(1)"]), json!(["x"]), json!([1, 2, 3, 4, 5].map(|n| format!("https://a.example/{n}")))]
    {
        let body = json!({ "skills": [{ "name": "kafka", "same_as": wrong }] });
        assert_eq!(alice.patch(ME, body).await.status, 422, "{wrong}");
    }
    minutes(&all, 2).await;
    let there = bob.get(&format!("/api/watercooler/v1/people/{id}")).await.ok();
    assert_eq!(there["skills"][0]["same_as"], Value::Null);
}

#[tokio::test]
async fn what_a_tag_of_a_project_means_elsewhere_goes_along_with_it() {
    let (hq, lyon) = two().await;
    let (alice, bob) = (hq.member("alice").await, lyon.member("bob").await);
    let links = json!(["https://www.wikidata.org/wiki/Q102047"]);
    let fields = json!({
        "name": "Quiet bearing", "purpose": "Find why it hums.", "publish": true,
        "tags": [{ "name": "#Bearings", "same_as": links }, "noise"],
        "looking_for": [{ "name": "Acoustics", "same_as": "https://esco.example/1" }],
    });
    let made = register(&alice, fields).await;
    let both = json!({ "bearings": links, "acoustics": ["https://esco.example/1"] });
    assert_eq!((&made["tags"], &made["same_as"]), (&json!(["Bearings", "noise"]), &both), "{made}");
    assert_eq!(made["looking_for"], json!(["Acoustics"]));
    // In the words of the vocabulary, and only where it is said; the other node keeps it.
    let document = letter(&lyon, &hq, "GET", "/users/quietbearing", None).await.send(&hq).await.ok();
    let about = &document["knowsAbout"];
    assert_eq!((&about[0]["name"], &about[0]["sameAs"]), (&json!("Bearings"), &links), "{document}");
    assert!(about[1].get("sameAs").is_none(), "{document}");
    assert_eq!(document["lookingFor"][0]["sameAs"], json!(["https://esco.example/1"]));
    settle(&[&hq, &lyon]).await;
    let there = known(&bob, &hq.handle("quietbearing")).await;
    assert_eq!(there["same_as"], both, "{there}");
    // Who types a tag again, or sends null, says nothing about what it means; what is gone is gone.
    let same = alice.patch(&path(&made, ""), json!({ "tags": ["bearings", "noise"], "looking_for": null })).await.ok();
    assert_eq!((&same["same_as"], &same["looking_for"]), (&both, &json!(["Acoustics"])));
    let wrong = json!({ "tags": [{ "name": "bearings", "same_as": ["javascript:alert(1)"] }] });
    assert_eq!(alice.patch(&path(&made, ""), wrong).await.status, 422);
    let fewer = json!({ "tags": [{ "name": "bearings", "same_as": [] }], "looking_for": ["Ears"] });
    let fewer = alice.patch(&path(&made, ""), fewer).await.ok();
    assert_eq!((&fewer["tags"], &fewer["same_as"]), (&json!(["bearings"]), &json!({})));
}

#[tokio::test]
async fn the_collection_of_what_somebody_works_on_has_the_actors_of_projects_and_nothing_else() {
    let node = Node::start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    for name in ["Quiet bearing", "Loud cage"] {
        register(&bob, json!({ "name": name, "purpose": "Find why it hums.", "publish": true })).await;
    }
    let near = json!({ "name": "Secret fan", "purpose": "Ours.", "publish": true, "audience": "site" });
    register(&bob, near).await;
    node.settle().await;
    let works = json!([
        { "name": "Quiet bearing", "url": node.url("/@quietbearing") },
        { "name": "Loud cage", "url": node.url("/users/loudcage") },
        { "name": "Secret fan", "url": node.url("/@secretfan") },
        { "name": "Bob", "url": node.url("/@bob") },
        { "name": "A page", "url": "https://wiki.example/b7" },
        { "name": "Nothing" },
    ]);
    ada.patch(ME, json!({ "works_on": works })).await.ok();
    let collection = async || ada.get_activity("/users/ada/projects").await.ok()["orderedItems"].clone();
    let both = json!([node.url("/users/quietbearing"), node.url("/users/loudcage")]);
    assert_eq!(collection().await, both);
    // By their handles in a field of a profile, too: there a person is only a name.
    sends(&ada, &[("Works on".into(), "@quietbearing, @bob".into())]).await;
    assert_eq!(collection().await, json!([node.url("/users/quietbearing")]));
    let own = ada.get(ME).await.ok();
    assert_eq!(
        own["works_on"],
        json!([{ "name": "@quietbearing", "url": node.url("/@quietbearing") }, { "name": "@bob", "url": null }])
    );
}

#[tokio::test]
async fn names_and_objects_may_stand_in_one_list_and_null_says_nothing() {
    let node = Node::start().await;
    let ada = node.member("ada").await;
    let mixed = json!({
        "skills": ["Rust", { "name": "Kafka", "stance": "ask" }, "Welding"], "languages": ["fr"],
        "works_on": [{ "name": "Wiki", "url": "https://wiki.example/" }, "Choir"],
    });
    let own = ada.patch(ME, mixed).await.ok();
    let skill = |name: &str, tag: &str, stance: &str| json!({ "name": name, "tag": tag, "stance": stance });
    let skills = [skill("Rust", "rust", "knows"), skill("Kafka", "kafka", "ask"), skill("Welding", "welding", "knows")];
    assert_eq!(own["skills"], json!(skills), "{own}");
    let works = json!([{ "name": "Wiki", "url": "https://wiki.example/" }, { "name": "Choir", "url": null }]);
    assert_eq!(own["works_on"], works);
    let nulls = json!({ "skills": null, "languages": null, "works_on": null, "title": null, "listed": null });
    assert_eq!(ada.patch(ME, nulls).await.ok(), own);
    // An empty list is one.
    let none = ada.patch(ME, json!({ "skills": [] })).await.ok();
    assert_eq!((&none["skills"], &none["languages"]), (&json!([]), &json!(["fr"])));
}

#[tokio::test]
async fn the_search_box_gives_its_reasons_in_the_language_in_which_the_concierge_answers() {
    let node = NodeBuilder::new("alpha").await.config(|config| config.instance.languages = vec!["de".into()]);
    let node = node.start().await;
    let (ada, bob) = (node.member("ada").await, node.member("bob").await);
    ada.patch(ME, json!({ "skills": [{ "name": "Kafka", "stance": "ask" }] })).await.ok();
    assert_eq!(finds(&bob, "skill:kafka").await, [("ada".into(), "weil: nennt #kafka".into())]);
    bob.patch("/api/v1/accounts/update_credentials", json!({ "source": { "language": "en" } })).await.ok();
    assert_eq!(finds(&bob, "skill:kafka").await, [("ada".into(), "because: lists #kafka".into())]);
}
