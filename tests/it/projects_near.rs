//! Projects that are for their site alone: every door is tried from elsewhere, and another project is found behind it, so
//! that nothing is proven by a door that is shut.

use crate::{
    concierge::asks,
    projects::{API, bearing, follow, home, known, letters, path, register, two},
    support::{
        Client, Node,
        organisation::{letter, minutes, org},
        settle,
    },
};
use serde_json::{Value, json};
use watercooler::{db::Sql, domain::Task};

/// A project of one site, about what nobody else says.
fn lantern() -> Value {
    json!({
        "name": "Blue lantern", "purpose": "Build the lanternsecret in the yard.", "tags": ["lanternsecret"],
        "language": "en", "state": "active", "publish": true, "audience": "site",
    })
}

/// How often a word stands in what a node keeps of accounts, posts and projects.
async fn kept(node: &Node, word: &str) -> i64 {
    let sql = [
        format!(
            "select count(*) from accounts a where lower(a.uri || a.display_name || a.note || a.fields) like '%{word}%'"
        ),
        format!("select count(*) from posts p where lower(p.content || p.uri) like '%{word}%'"),
        format!("select count(*) from projects p where lower(p.name || p.purpose || p.tags) like '%{word}%'"),
    ];
    node.app
        .read(move |conn| sql.into_iter().map(|sql| Sql::new(sql).scalar_i64(conn)).sum::<Result<i64, _>>())
        .await
        .unwrap()
}

async fn says(client: &Client, text: &str, visibility: &str) -> crate::support::Reply {
    client.post("/api/v1/statuses", json!({ "status": text, "visibility": visibility })).await
}

async fn joins(client: &Client, lead: &Client, project: &Value) {
    client.post(&path(project, "/join"), json!({})).await.ok();
    lead.post(&path(project, &format!("/requests/{}/accept", client.id)), json!({})).await.ok();
}

async fn edits(client: &Client, project: &Value, audience: &str) -> crate::support::Reply {
    client.put(&path(project, ""), json!({ "audience": audience })).await
}

#[tokio::test]
async fn sec_zero_leaks_of_a_project_that_is_for_its_site_alone() {
    let (hq, lyon) = two().await;
    let all = [&hq, &lyon];
    let (ada, carol, alice) = (hq.member("ada").await, hq.member("carol").await, lyon.member("alice").await);
    let (near, wide) = (register(&ada, lantern()).await, register(&ada, bearing()).await);
    assert_eq!((&near["audience"], &wide["audience"]), (&json!("site"), &Value::Null));
    for project in [&near, &wide] {
        follow(&carol, project).await;
        joins(&carol, &ada, project).await;
    }
    settle(&all).await;
    follow(&alice, &known(&alice, &hq.handle("quietbearing")).await).await;
    let dora = hq.member("dora").await;
    follow(&dora, &near).await;
    follow(&dora, &wide).await;
    settle(&all).await;
    // What is written to it stays, and reaches who follows it here.
    let said = says(&carol, "@bluelantern the wick of the lanternsecret glows", "public").await.ok();
    assert_eq!((&said["audience"], &said["local_only"]), (&json!("site"), &json!(true)));
    let open = says(&carol, "@quietbearing it hums", "public").await.ok();
    ada.post(&path(&near, "/state"), json!({ "state": "paused", "reason": "lanternsecret" })).await.ok();
    ada.post(&path(&near, "/relations"), json!({ "to": wide["uri"], "reason": "the lanternsecret hums" })).await.ok();
    settle(&all).await;
    let passed = |read: &[(String, String)], by: &str, text: &str| {
        read.iter().any(|(who, what)| who == by && what.contains(text))
    };
    let read = home(&dora).await;
    assert!(passed(&read, "bluelantern", "the wick") && passed(&read, "quietbearing", "it hums"), "{read:?}");
    // Letters and posts that name it beside somebody elsewhere are refused, and so is what would name it afterwards.
    let named = format!("@{} look at @bluelantern", lyon.handle("alice"));
    for visibility in ["public", "private", "direct"] {
        assert_eq!(says(&ada, &named, visibility).await.status, 422, "{visibility}");
        assert_eq!(says(&ada, &format!("!org {named}"), visibility).await.status, 422, "{visibility}");
    }
    let edit = json!({ "status": "@quietbearing it hums, see @bluelantern" });
    let at = format!("/api/v1/statuses/{}", open["id"].as_str().unwrap());
    for (language, sentence) in [("de", "nur für diesen Standort"), ("en", "for this site only")] {
        carol.patch("/api/v1/accounts/update_credentials", json!({ "source": { "language": language } })).await.ok();
        let refused = carol.put(&at, edit.clone()).await;
        assert!(refused.status == 422 && refused.text.contains(sentence), "{}", refused.text);
    }
    let named = ada.post(&path(&wide, "/relations"), json!({ "to": near["uri"] })).await;
    assert_eq!(named.status, 409, "{}", named.text);
    // Every night and every hour.
    for _ in 0..2 {
        hq.clock.advance(86_400_000);
        for node in all {
            node.app.write(|tx| tx.enqueue(&Task::Sweep)).await.unwrap();
        }
        minutes(&all, 2).await;
    }
    settle(&all).await;
    assert_eq!((kept(&lyon, "lantern").await, kept(&hq, "lantern").await > 0), (0, true));
    assert!(kept(&lyon, "bearing").await >= 3 && kept(&lyon, "it hums").await == 1);
    // Nobody of the other node, and no stranger, finds the way to it.
    let read = async |path: &str| letter(&lyon, &hq, "GET", path, None).await.send(&hq).await;
    for end in [
        "",
        "/outbox",
        "/outbox?page=true",
        "/followers",
        "/moderators",
        "/members",
        "/collections/featured",
        "/collections/tags",
    ] {
        assert_eq!(read(&format!("/users/bluelantern{end}")).await.status, 404, "{end}");
        assert_eq!(read(&format!("/users/quietbearing{end}")).await.status, 200, "{end}");
    }
    let uri = said["uri"].as_str().unwrap().strip_prefix(hq.app.site().base()).unwrap().to_owned();
    assert_eq!(read(&uri).await.status, 404);
    for path in [
        "/users/ada",
        "/users/ada/projects",
        "/users/carol",
        "/users/carol/following?page=true",
        "/users/carol/outbox?page=true",
        "/users/quietbearing",
        "/charter/directory",
    ] {
        let reply = read(path).await;
        assert_eq!(reply.status, 200, "{path}");
        assert!(!reply.text.to_lowercase().contains("lantern"), "{path}: {}", reply.text);
        assert!(
            path.contains("outbox") || reply.text.contains("quietbearing") || reply.text.contains("Quiet bearing"),
            "{path}: {}",
            reply.text
        );
    }
    let anyone = Client::anonymous(&hq);
    for (door, status) in [("bluelantern", 404), ("quietbearing", 200)] {
        let webfinger = anyone.get(&format!("/.well-known/webfinger?resource=acct:{door}@{}", hq.domain)).await;
        assert_eq!(webfinger.status, status, "{door}");
    }
    let query: String = url::form_urlencoded::byte_serialize(near["uri"].as_str().unwrap().as_bytes()).collect();
    for what in [query.as_str(), "@bluelantern", "lanternsecret", "project:lanternsecret", "who knows lanternsecret"] {
        let found = alice.get(&format!("/api/v2/search?resolve=true&q={}", what.replace(' ', "+"))).await.ok();
        assert!(!found.to_string().to_lowercase().contains("blue lantern"), "{what}: {found}");
    }
    for letter in letters(&alice).await {
        assert!(!letter.to_string().to_lowercase().contains("lantern"), "{letter}");
    }
}

#[tokio::test]
async fn strangers_see_no_page_of_a_project_that_is_for_its_site_alone() {
    let node = crate::support::NodeBuilder::new("hq")
        .await
        .config(|c| c.federation.authorized_fetch = watercooler::config::AuthorizedFetch::Off)
        .start()
        .await;
    let ada = node.member("ada").await;
    let (near, wide) = (register(&ada, lantern()).await, register(&ada, bearing()).await);
    node.settle().await;
    let anyone = Client::anonymous(&node);
    for (project, status) in [(&near, 404), (&wide, 200)] {
        let name = project["acct"].as_str().unwrap();
        let id = project["id"].as_str().unwrap();
        let api = ["", "/featured_tags", "/followers", "/following"].map(|end| format!("/api/v1/accounts/{id}{end}"));
        for door in [format!("/@{name}"), format!("/api/v1/accounts/lookup?acct={name}")].into_iter().chain(api) {
            assert_eq!(anyone.get(&door).await.status, status, "{door}");
            assert!(ada.get(&door).await.status < 400 || door.starts_with("/@"), "{door}");
        }
    }
    let listed = anyone.get("/api/v1/directory?local=true").await;
    assert!(!listed.text.contains("bluelantern"), "{}", listed.text);
    // Nor among those that somebody recommends.
    let made = ada.post("/api/v1/collections", json!({"name": "Lamps"})).await.ok()["collection"].clone();
    for project in [&near, &wide] {
        let items = format!("/api/v1/collections/{}/items", made["id"].as_str().unwrap());
        ada.post(&items, json!({"account_id": project["id"]})).await.ok();
    }
    let uri = made["uri"].as_str().unwrap();
    let told = anyone.get_activity(uri.strip_prefix(&node.url("")).unwrap()).await.ok();
    let told: Vec<&str> =
        told["orderedItems"].as_array().unwrap().iter().map(|i| i["featuredObject"].as_str().unwrap()).collect();
    assert_eq!(told, [node.url("/users/quietbearing")]);
}

#[tokio::test]
async fn the_lead_lets_a_project_go_further_and_never_calls_it_back() {
    let (hq, lyon) = two().await;
    let all = [&hq, &lyon];
    let (ada, carol) = (hq.member("ada").await, hq.member("carol").await);
    let near = register(&ada, lantern()).await;
    joins(&carol, &ada, &near).await;
    says(&carol, "@bluelantern the first lanternsecret", "public").await.ok();
    settle(&all).await;
    assert_eq!(kept(&lyon, "lantern").await, 0);
    // Not for everybody to say, and not what the charter forbids.
    ada.post(&path(&near, &format!("/moderators/{}", carol.id)), json!({})).await.ok();
    assert_eq!(edits(&carol, &near, "organisation").await.status, 403);
    assert_eq!(edits(&ada, &near, "open").await.status, 422);
    assert_eq!(edits(&ada, &near, "galaxy").await.status, 422);
    let heard = asks(&hq, &ada, "project edit Blue lantern audience: organisation").await;
    assert!(heard.contains("Blue lantern"), "{heard}");
    minutes(&all, 2).await;
    let known = lyon.member("alice").await.get(&format!("{API}?limit=40")).await.ok();
    assert!(known.to_string().contains("Blue lantern"), "{known}");
    assert_eq!(kept(&lyon, "the first lanternsecret").await, 0, "what was said at the site stays there");
    let said = says(&carol, "@bluelantern the second", "public").await.ok();
    assert_eq!(said["audience"], "organisation");
    let worked = letter(&lyon, &hq, "GET", "/users/carol/projects", None).await.send(&hq).await;
    assert!(worked.text.contains("bluelantern"), "{}", worked.text);
    let back = edits(&ada, &near, "site").await;
    assert!(back.status == 409 && back.text.contains("know this project already"), "{}", back.text);
    let heard = asks(&hq, &ada, "project edit Blue lantern audience: site").await;
    assert!(heard.contains("Other sites know this project already"), "{heard}");
    // A draft is its author's to keep here.
    let draft = json!({ "name": "Third thing", "purpose": "Something else entirely." });
    let draft = ada.post(API, draft).await.ok();
    assert_eq!(edits(&ada, &draft, "site").await.ok()["audience"], "site");
    // Where people may write to everybody, a project may be for less.
    org(&hq, &["set", "open_allowed=true"]).await.unwrap();
    settle(&all).await;
    for (audience, gets) in [("organisation", "organisation"), ("open", "open")] {
        edits(&ada, &near, audience).await.ok();
        let said = says(&carol, &format!("!open @bluelantern for all, {audience}"), "public").await.ok();
        assert_eq!(said["audience"], gets);
        settle(&all).await;
        let boosts = carol.get(&format!("/api/v1/accounts/{}/statuses", near["id"].as_str().unwrap())).await.ok();
        let boost = boosts.as_array().unwrap().iter().find(|post| post["reblog"]["id"] == said["id"]).unwrap();
        assert_eq!(boost["audience"], gets, "{boost}");
    }
}

#[tokio::test]
async fn what_resembles_a_project_of_this_site_alone_is_registered_and_only_both_leads_read_why() {
    let (hq, lyon) = two().await;
    let all = [&hq, &lyon];
    let (ada, carol, alice) = (hq.member("ada").await, hq.member("carol").await, lyon.member("alice").await);
    let near = register(&ada, lantern()).await;
    settle(&all).await;
    let different = json!({
        "name": "Yard lamp", "purpose": "A lamp for the yard.", "tags": ["lamps"], "language": "en", "publish": true,
        "of": near["id"], "different_because": "mine is electric",
    });
    let made = register(&carol, different).await;
    assert_eq!((&made["draft"], &made["relations"]), (&json!(false), &json!([])), "{made}");
    minutes(&all, 2).await;
    for lead in [&ada, &carol] {
        let told = letters(lead).await;
        let read =
            told.iter().filter(|letter| letter["content"].as_str().unwrap().contains("mine is electric")).count();
        assert_eq!(read, 1, "{}: {told:?}", lead.name);
    }
    let known = known(&alice, &hq.handle("yardlamp")).await;
    assert_eq!(known["name"], "Yard lamp");
    assert_eq!((kept(&lyon, "lantern").await, kept(&lyon, "electric").await), (0, 0));
    // From one of this site to another of its like it is said as ever.
    let mut like = lantern();
    like["name"] = json!("Red lantern");
    like["of"] = near["id"].clone();
    like["different_because"] = json!("mine is red");
    let made = register(&carol, like).await;
    assert_eq!(made["relations"][0]["reason"], "mine is red", "{made}");
    minutes(&all, 2).await;
    assert_eq!(kept(&lyon, "lantern").await, 0);
}
