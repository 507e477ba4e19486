//! What people tell the organisation is for the organisation: what servers and visitors outside of it are shown of a person,
//! and of whom they hear at all.

use crate::{
    audiences::World,
    leavers::{boss, leaves},
    media::{picture, send_form},
    organisation::three,
    support::{
        Client, Node, NodeBuilder,
        organisation::{found, letter, minutes, org},
        settle,
    },
};
use serde_json::{Value, json};
use watercooler::{db::Sql, domain::html::plain_text, model::Role, store};

const ME: &str = "/api/watercooler/v1/people/me";

fn facts() -> Value {
    json!({
        "skills": [{ "name": "Secretwelding", "stance": "ask" }], "title": "Secrettitle", "department": "Secretbench",
        "site": "Secretplace", "time_zone": "Europe/Paris", "languages": ["fr"], "works_on": [{ "name": "Secretwork" }],
    })
}

/// What is for the organisation, in any form.
fn is_told(text: &str) -> bool {
    ["ecretwelding", "ecrettitle", "ecretbench", "ecretplace", "ecretwork", "Europe/Paris"]
        .iter()
        .any(|word| text.contains(word))
}

#[tokio::test]
async fn facts_of_colleagues_leave_the_organisation_by_no_door() {
    let w = World::new().await;
    w.ada.patch(ME, facts()).await.ok();
    let blog = json!({ "fields_attributes": [{ "name": "Blog", "value": "https://ada.example" }] });
    w.ada.patch("/api/v1/accounts/update_credentials", blog).await.ok();
    minutes(&[&w.hq, &w.lyon, &w.out], 2).await;
    // The Update that followers' servers get.
    let sent = w.arrived();
    assert!(sent.contains("\"Update\"") && sent.contains("ada.example") && !is_told(&sent), "{sent}");
    let copy = async |node: &Node| {
        let uri = w.hq.url("/users/ada");
        node.app.read(move |conn| store::accounts::find_by_uri(conn, &uri)).await.unwrap().unwrap()
    };
    assert!(!is_told(&copy(&w.out).await.fields) && is_told(&copy(&w.lyon).await.fields));
    let found = w.lea.get("/api/watercooler/v1/experts?q=skill:secretwelding").await.ok();
    assert_eq!(found["experts"][0]["account"]["username"], "ada", "colleagues find her");
    // Documents, by who asks.
    for path in ["/users/ada", "/users/ada/collections/tags"] {
        let inside = letter(&w.lyon, &w.hq, "GET", path, None).await.send(&w.hq).await;
        assert!(is_told(&inside.text), "{path}: {}", inside.text);
        for _ in 0..2 {
            let strangers = Client::anonymous(&w.hq).get_activity(path).await;
            let outside = letter(&w.out, &w.hq, "GET", path, None).await.send(&w.hq).await;
            for reply in [strangers, outside] {
                assert!(reply.status == 200 && !is_told(&reply.text), "{path}: {}", reply.text);
            }
        }
    }
    // Pages and the client API, for visitors; here and where she is known.
    for node in [&w.hq, &w.lyon] {
        let visitor = Client::anonymous(node);
        let id = copy(node).await.id;
        for path in [format!("/api/v1/accounts/{id}"), format!("/api/v1/accounts/{id}/featured_tags")] {
            let reply = visitor.get(&path).await;
            assert!(reply.status == 200 && !is_told(&reply.text), "{path}: {}", reply.text);
        }
    }
    let page = Client::anonymous(&w.hq).get("/@ada").await;
    assert!(page.text.contains("ada.example") && !is_told(&page.text), "{}", page.text);
    let seen = w.bob.get(&format!("/api/v1/accounts/{}", w.ada.id)).await;
    assert!(is_told(&seen.text), "colleagues see it");
    // She leaves: all servers hear of that, and of nothing else.
    w.far.forget();
    leaves(&boss(&w.hq).await, &w.ada).await;
    w.settle().await;
    let sent = w.arrived();
    assert!(sent.contains("leftOn") && !is_told(&sent), "{sent}");
}

#[tokio::test]
async fn a_node_on_its_own_shows_what_its_people_chose_to_show() {
    let (alpha, beta) = Node::two().await;
    let ada = alpha.member("ada").await;
    ada.patch(ME, facts()).await.ok();
    for document in [
        Client::anonymous(&alpha).get_activity("/users/ada").await,
        letter(&beta, &alpha, "GET", "/users/ada", None).await.send(&alpha).await,
    ] {
        assert!(is_told(&document.text), "{}", document.text);
    }
}

#[tokio::test]
async fn of_people_who_are_listed_nowhere_outside_nobody_hears_that_they_left() {
    let w = World::new().await;
    let (bea, cai) = (w.hq.member("bea").await, w.hq.member("cai").await);
    bea.patch(ME, json!({ "listed": "site" })).await.ok();
    minutes(&[&w.hq, &w.lyon, &w.out], 2).await;
    cai.patch(ME, json!({ "listed": "unlisted" })).await.ok();
    minutes(&[&w.hq, &w.lyon, &w.out], 2).await;
    w.far.forget();
    let boss = boss(&w.hq).await;
    for who in [&bea, &cai] {
        leaves(&boss, who).await;
    }
    w.settle().await;
    assert!(!w.arrived().contains("/users/bea") && !w.arrived().contains("/users/cai"), "{}", w.arrived());
    for node in [&w.lyon, &w.out] {
        let uri = w.hq.url("/users/bea");
        assert!(node.app.read(move |conn| store::accounts::find_by_uri(conn, &uri)).await.unwrap().is_none());
    }
    // Who follows somebody hears it whoever finds them.
    w.ada.patch(ME, json!({ "listed": "site" })).await.ok();
    w.far.forget();
    leaves(&boss, &w.ada).await;
    w.settle().await;
    assert!(w.arrived().contains("leftOn"));
}

#[tokio::test]
async fn the_switch_of_clients_says_what_the_directory_does_and_the_world_hears_the_persons_choice() {
    let w = World::new().await;
    org(&w.hq, &["set", "default_audience=open"]).await.unwrap();
    settle(&[&w.hq, &w.lyon]).await;
    let bea = w.hq.member("bea").await;
    minutes(&[&w.hq, &w.lyon, &w.out], 2).await;
    let own = async || bea.get("/api/v1/accounts/verify_credentials").await.ok();
    let says = async |from: &Node| {
        letter(from, &w.hq, "GET", "/users/bea", None).await.send(&w.hq).await.ok()["discoverable"].clone()
    };
    let all = async || (own().await["discoverable"].clone(), says(&w.lyon).await, says(&w.out).await);
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(all().await, (yes.clone(), yes.clone(), no.clone()));
    // A client that sends back what it shows changes nothing.
    let saved = json!({ "display_name": "Bea", "discoverable": own().await["discoverable"] });
    bea.patch("/api/v1/accounts/update_credentials", saved).await.ok();
    assert_eq!(all().await, (yes.clone(), yes.clone(), no.clone()));
    for on in [false, true] {
        bea.patch("/api/v1/accounts/update_credentials", json!({ "discoverable": on })).await.ok();
        assert_eq!(all().await, (json!(on), json!(on), json!(on)));
    }
    // A node whose settings say so lists nobody new.
    let clock = w.hq.clock.clone();
    let shy = NodeBuilder::new("shy").await.clock(&clock).config(|c| c.accounts.default_discoverable = Some(false));
    let shy = shy.start().await;
    found(&shy).await;
    let dan = shy.member("dan").await;
    assert_eq!(dan.get(ME).await.ok()["listed"], "unlisted");
    assert_eq!(dan.get("/api/v1/accounts/verify_credentials").await.ok()["discoverable"], false);
}

#[tokio::test]
async fn strangers_find_by_name_only_who_is_for_everybody() {
    let w = World::new().await;
    let finds = async |who: &Client, text: &str| {
        let found = who.get(&format!("/api/v2/search?type=accounts&q={text}")).await.ok();
        found["accounts"].as_array().unwrap().len()
    };
    let bea = w.hq.member("beatrix").await;
    let stranger = Client::anonymous(&w.hq);
    assert_eq!((finds(&stranger, "beat").await, finds(&w.bob, "beat").await), (1, 1));
    for listed in ["site", "unlisted"] {
        bea.patch(ME, json!({ "listed": listed })).await.ok();
        assert_eq!((finds(&stranger, "beat").await, finds(&w.bob, "beat").await), (0, 1), "{listed}");
        assert_eq!(finds(&stranger, "beatrix").await, 1, "whose handle one knows");
    }
}

#[tokio::test]
async fn looking_for_somebody_who_knows_asks_no_other_site_anything() {
    let w = World::new().await;
    w.lea.patch(ME, facts()).await.ok();
    minutes(&[&w.hq, &w.lyon, &w.out], 2).await;
    let found = w.ada.get("/api/v2/search?q=who+knows+secretwelding").await.ok();
    assert_eq!(found["accounts"][0]["username"], "lea");
    let waiting = w.hq.app.read(|conn| {
        watercooler::db::Sql::new("select count(*) from jobs where payload like '%read_outbox%'").scalar_i64(conn)
    });
    assert_eq!(waiting.await.unwrap(), 0);
}

#[tokio::test]
async fn staff_that_left_is_the_desk_no_longer() {
    let node = Node::start().await;
    let boss = boss(&node).await;
    let mara = node.citizen_with("mara", Role::Moderator).await;
    let staff = async || node.app.read(|conn| store::notifications::staff(conn, Role::Moderator)).await.unwrap();
    assert_eq!(staff().await.len(), 2);
    let path = format!("/api/watercooler/v1/admin/accounts/{}/leave", mara.id);
    boss.post(&path, json!({})).await.ok();
    assert!(!staff().await.contains(&mara.id) && staff().await.len() == 1);
}

#[tokio::test]
async fn what_a_project_says_of_itself_reaches_the_organisation_where_posts_stay_at_the_site() {
    let w = World::new().await;
    org(&w.hq, &["set", "default_audience=site"]).await.unwrap();
    settle(&[&w.hq, &w.lyon]).await;
    let made = crate::projects::register(&w.ada, crate::projects::bearing()).await;
    minutes(&[&w.hq, &w.lyon, &w.out], 2).await;
    crate::audiences::follow(&w.lea, &w.hq.handle("quietbearing")).await;
    w.settle().await;
    w.hq.clock.advance(1_000);
    let body = json!({ "state": "paused", "reason": "the bench moved" });
    w.ada.post(&crate::projects::path(&made, "/state"), body).await.ok();
    w.settle().await;
    assert!(crate::audiences::home(&w.lea).await.contains("the bench moved"));
    assert!(!w.arrived().contains("the bench moved"));
    let plain = crate::audiences::says(&w.ada, "just here").await;
    assert_eq!(plain["audience"], "site");
}

#[tokio::test]
async fn files_stay_at_their_site_where_the_charter_says_so_and_others_read_what_they_are() {
    let (hq, lyon, oslo, _) = three().await;
    let nodes = [&hq, &lyon, &oslo];
    let (ada, cleo) = (hq.member("ada").await, lyon.member("cleo").await);
    minutes(&nodes, 2).await;
    let found = cleo.get(&format!("/api/v1/accounts/lookup?acct={}", hq.handle("ada"))).await.ok();
    cleo.post(&format!("/api/v1/accounts/{}/follow", found["id"].as_str().unwrap()), json!({})).await.ok();
    settle(&nodes).await;
    let posts = async |text: &str| {
        let described = [("description", "a <red> bearing")];
        let file = send_form(&ada, "POST", "/api/v2/media", &described, ("file", &picture(8, 8))).await.ok();
        let status = json!({ "status": text, "media_ids": [file["id"]] });
        let post = ada.post("/api/v1/statuses", status).await.ok();
        settle(&nodes).await;
        minutes(&nodes, 2).await;
        post
    };
    let seen = async |text: &str| {
        let home = cleo.get("/api/v1/timelines/home").await.ok();
        let found = home.as_array().unwrap().iter().find(|post| post["content"].as_str().unwrap().contains(text));
        found.unwrap_or_else(|| panic!("{text}: {home}")).clone()
    };
    posts("Before the rule").await;
    assert_eq!(seen("Before the rule").await["media_attachments"].as_array().unwrap().len(), 1);
    org(&hq, &["set", "media_off_site=false"]).await.unwrap();
    minutes(&nodes, 2).await;
    let own = posts("With the rule").await;
    assert_eq!(own["media_attachments"].as_array().unwrap().len(), 1, "{own}");
    let there = seen("With the rule").await;
    assert_eq!(there["media_attachments"], json!([]), "{there}");
    let text = plain_text(there["content"].as_str().unwrap());
    let (site, page) = (hq.app.site().domain(), own["url"].as_str().unwrap());
    assert!(text.contains(&format!("Files that stay at {site}: 1 (“a <red> bearing”). {page}")), "{text}");
    // Neither does the document say where they are.
    let path = own["uri"].as_str().unwrap().strip_prefix(hq.app.site().base()).unwrap().to_owned();
    let document = letter(&lyon, &hq, "GET", &path, None).await.send(&hq).await.ok();
    assert!(!document.to_string().contains("/media/"), "{document}");
}

#[tokio::test]
async fn fed_coll_06_nobody_outside_is_asked_about_a_collection_that_stays_inside() {
    let w = World::new().await;
    let findable = "update accounts set discoverable = ";
    w.hq.app.write(move |tx| Sql::new(findable).bind(true).execute(tx.conn)).await.unwrap();
    let made = w.ada.post("/api/v1/collections", json!({ "name": "Welders" })).await.ok()["collection"].clone();
    let items = format!("/api/v1/collections/{}/items", made["id"].as_str().unwrap());
    let put = async |handle: String| {
        let found = w.ada.get(&format!("/api/v1/accounts/lookup?acct={handle}")).await.ok();
        w.ada.post(&items, json!({ "account_id": found["id"] })).await.status
    };
    assert_eq!(put(w.lyon.handle("lea")).await, 200);
    assert_eq!(put(w.out.handle("ola")).await, 403, "her server could not look at it");
}
