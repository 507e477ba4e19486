//! Whom one may want to follow, one's own profile, and what other sites show of a post.

use crate::{
    concierge::three,
    questions::skills,
    support::{Client, Node, organisation::minutes, schema::Schema},
};
use serde_json::{Value, json};

async fn follow(who: &Client, whom: &Client) {
    who.post(&format!("/api/v1/accounts/{}/follow", whom.id), json!({})).await.ok();
}

async fn names(who: &Client) -> Vec<(String, Value)> {
    let list = who.get("/api/v2/suggestions").await.ok();
    let one = |s: &Value| (s["account"]["acct"].as_str().unwrap().to_owned(), s["sources"].clone());
    list.as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn people_are_suggested_for_a_reason_and_not_again_when_they_were_dismissed() {
    let node = Node::start().await;
    let mut people = Vec::new();
    for name in ["ada", "bob", "carl", "dora", "eve", "shy"] {
        let one = node.member(name).await;
        one.patch("/api/v1/accounts/update_credentials", json!({"discoverable": name != "shy"})).await.ok();
        people.push(one);
    }
    let [ada, bob, carl, dora, eve, shy] = &people[..] else { panic!() };
    follow(ada, bob).await;
    for (who, whom) in [(bob, carl), (bob, shy), (eve, dora), (eve, carl)] {
        follow(who, whom).await;
    }
    let both = json!(["friends_of_friends", "most_followed"]);
    assert_eq!(names(ada).await, [("carl".into(), both), ("dora".into(), json!(["most_followed"]))]);
    Schema::read().assert_all("Suggestion", &ada.get("/api/v2/suggestions").await.ok());
    assert_eq!(ada.get("/api/v2/suggestions").await.ok()[0]["source"], "past_interactions");
    let first = ada.get("/api/v1/suggestions?limit=1").await.ok();
    assert_eq!((first.as_array().unwrap().len(), &first[0]["acct"]), (1, &json!("carl")));
    assert_eq!(ada.delete(&format!("/api/v1/suggestions/{}", carl.id)).await.ok(), json!({}));
    assert_eq!(ada.delete("/api/v1/suggestions/1").await.status, 404);
    ada.post(&format!("/api/v1/accounts/{}/block", dora.id), json!({})).await.ok();
    assert!(names(ada).await.is_empty());
}

#[tokio::test]
async fn colleagues_of_other_sites_are_suggested_who_know_the_same_or_whose_site_is_new() {
    let (hq, lyon, oslo, [bob, alice, cleo]) = three().await;
    let all = [&hq, &lyon, &oslo];
    skills(&alice, &["Welding"]).await;
    skills(&bob, &["Welding"]).await;
    cleo.patch("/api/watercooler/v1/people/me", json!({ "listed": "site" })).await.ok();
    minutes(&all, 2).await;
    let lyons = lyon.handle("alice");
    assert_eq!(names(&bob).await, [(lyons.clone(), json!(["similar_to_recently_followed", "featured"]))]);
    hq.clock.advance(31 * 86_400_000);
    assert_eq!(names(&bob).await, [(lyons, json!(["similar_to_recently_followed"]))]);
}

#[tokio::test]
async fn a_profile_is_read_and_changed_as_it_is_edited() {
    let (schema, node) = (Schema::read(), Node::start().await);
    let ada = node.member("ada").await;
    let first = ada.get("/api/v1/profile").await.ok();
    schema.assert("Profile", &first);
    assert!(first["avatar"].is_null() && first["header_static"].is_null());
    let body = json!({"display_name": "Ada", "note": "I *count*", "locked": true, "fields_attributes": [{"name": "a", "value": "b"}]});
    let changed = ada.patch("/api/v1/profile", body).await.ok();
    schema.assert("Profile", &changed);
    assert_eq!((&changed["note"], &changed["locked"]), (&json!("I *count*"), &json!(true)));
    assert_eq!(changed["fields"], json!([{"name": "a", "value": "b", "verified_at": null}]));
    assert_eq!(ada.get("/api/v1/profile").await.ok(), changed);
    assert_eq!((&changed["show_media"], &changed["show_featured"]), (&json!(true), &json!(true)));
    let tabs = json!({"show_media": false, "show_media_replies": "0", "show_featured": false});
    let changed = ada.put("/api/v1/profile", tabs).await.ok();
    let seen = Client::anonymous(&node).get(&format!("/api/v1/accounts/{}", ada.id)).await.ok();
    for name in ["show_media", "show_media_replies", "show_featured"] {
        assert_eq!((&changed[name], &seen[name]), (&json!(false), &json!(false)), "{name}");
    }
    // This node asks nobody to confirm an address.
    let reply = ada.post("/api/v1/emails/confirmations", json!({})).await;
    assert_eq!(reply.status, 403);
    assert!(reply.json()["error"].as_str().unwrap().contains("awaiting confirmation"));
}

#[tokio::test]
async fn other_sites_show_a_public_post_as_a_quotation_and_nothing_else() {
    let node = Node::start().await;
    let (ada, nobody) = (node.member("ada").await, Client::anonymous(&node));
    let write = async |body: Value| ada.post("/api/v1/statuses", body).await.ok()["url"].as_str().unwrap().to_owned();
    let url = write(json!({"status": "1 < 2 & <script>"})).await;
    let reply = nobody.get(&format!("/api/oembed?url={url}&maxwidth=200&maxheight=150")).await;
    assert_eq!(reply.header("cache-control"), "private, no-store");
    let shown = reply.ok();
    assert_eq!(shown["height"], 150);
    assert_eq!((&shown["type"], &shown["version"], &shown["width"]), (&json!("rich"), &json!("1.0"), &json!(200)));
    assert_eq!((&shown["author_name"], &shown["author_url"]), (&json!("ada"), &json!(node.url("/@ada"))));
    let html = shown["html"].as_str().unwrap();
    assert!(
        html.contains("1 &lt; 2 &amp; &lt;script&gt;") && html.contains(&url) && !html.contains("<script"),
        "{html}"
    );
    let warned = write(json!({"status": "the end", "spoiler_text": "spoiler"})).await;
    let shown = nobody.get(&format!("/api/oembed?url={warned}")).await.ok();
    assert!(
        shown["html"].as_str().unwrap().contains("spoiler") && !shown["html"].as_str().unwrap().contains("the end")
    );
    let private = write(json!({"status": "x", "visibility": "private"})).await;
    for url in [private.as_str(), "https://elsewhere.example/@ada/1", "nonsense"] {
        assert_eq!(nobody.get(&format!("/api/oembed?url={url}")).await.status, 404, "{url}");
    }
}
