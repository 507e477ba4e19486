//! What people and other servers see when a node has joined: the concierge's post for its own site, and the lists of domains
//! that every node serves.

use crate::{
    organisation::three,
    support::{
        Client, NOW, Node, NodeBuilder,
        organisation::{alone, brings_in, charter_of, found, invite, letter, org},
        settle,
    },
};
use serde_json::{Value, json};
use watercooler::time::Clock;

/// What the concierge told its site, the newest first: the text, and its visibility.
async fn told(client: &Client) -> Vec<(String, String)> {
    let timeline = client.get("/api/v1/timelines/public?local=true").await.ok();
    let by_concierge = timeline.as_array().unwrap().iter().filter(|post| post["account"]["username"] == "concierge");
    by_concierge
        .map(|post| (post["content"].as_str().unwrap().to_owned(), post["visibility"].as_str().unwrap().to_owned()))
        .collect()
}

#[tokio::test]
async fn every_site_is_told_once_who_has_joined_and_nothing_of_it_leaves() {
    let clock = Clock::fixed(NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    let oslo = NodeBuilder::new("oslo").await.clock(&clock);
    let oslo = oslo.config(|config| config.instance.languages = vec!["de".into()]).start().await;
    let nodes = [&hq, &lyon, &oslo];
    let (ada, bob, cleo) = (hq.member("ada").await, lyon.member("bob").await, oslo.member("cleo").await);
    found(&hq).await;
    assert!(told(&ada).await.is_empty(), "nobody has joined");
    clock.advance(60_000);
    brings_in(&hq, &lyon).await;
    settle(&nodes).await;
    clock.advance(60_000);
    brings_in(&hq, &oslo).await;
    settle(&nodes).await;
    // Headquarters saw both come, each once; whoever came sees one post for all who were there.
    let at_hq = told(&ada).await;
    assert_eq!(at_hq.len(), 2, "{at_hq:?}");
    assert!(at_hq.iter().all(|(text, visibility)| text.contains("Site has joined Example:") && visibility == "public"));
    assert!(at_hq[0].0.contains(&format!("href=\"http://{}/\"", oslo.domain)), "{at_hq:?}");
    assert!(at_hq[1].0.contains(&format!("href=\"http://{}/\"", lyon.domain)), "{at_hq:?}");
    let at_lyon = told(&bob).await;
    assert_eq!(at_lyon.len(), 2, "{at_lyon:?}");
    assert!(at_lyon[0].0.contains(&oslo.domain));
    assert!(at_lyon[1].0.contains("This site has joined Example. Other sites: 1."), "{at_lyon:?}");
    let at_oslo = told(&cleo).await;
    assert_eq!(at_oslo.len(), 1, "{at_oslo:?}");
    assert!(at_oslo[0].0.contains("Dieser Standort gehört jetzt zu Example. Andere Standorte: 2."), "{at_oslo:?}");
    // It is for the site: nobody else gets or reads it.
    let posts = ada.get("/api/v1/timelines/public?local=true").await.ok();
    for (reader, name) in [(&bob, "bob"), (&cleo, "cleo")] {
        let all = reader.get("/api/v1/timelines/public").await.ok().to_string();
        assert!(!all.contains(&hq.domain) || !all.contains("\"acct\":\"concierge@"), "{name}: {all}");
    }
    let address = posts[0]["uri"].as_str().unwrap().strip_prefix(&hq.url("")).unwrap().to_owned();
    assert_eq!(letter(&lyon, &hq, "GET", &address, None).await.send(&hq).await.status, 404);
    // Other changes, and a node that leaves, are no arrivals; one that comes back is.
    org(&hq, &["alias", "k8s", "kubernetes"]).await.unwrap();
    org(&hq, &["remove", &oslo.domain]).await.unwrap();
    settle(&nodes).await;
    assert_eq!((told(&ada).await.len(), told(&bob).await.len()), (2, 2));
    clock.advance(60_000);
    brings_in(&hq, &oslo).await;
    settle(&nodes).await;
    // Oslo itself was never told that it was gone.
    assert_eq!((told(&ada).await.len(), told(&bob).await.len(), told(&cleo).await.len()), (3, 3, 1));
}

#[tokio::test]
async fn an_arrival_that_is_made_again_after_another_version_won_is_told_once() {
    let (hq, lyon, oslo, key) = three().await;
    let nodes = [&hq, &lyon, &oslo];
    let (ada, bob) = (hq.member("ada").await, lyon.member("bob").await);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, key.secret_multikey().unwrap()).unwrap();
    org(&lyon, &["hold-key", path.to_str().unwrap()]).await.unwrap();
    let count = (told(&ada).await.len(), told(&bob).await.len());
    hq.clock.advance(1_000);
    org(&hq, &["add", "toot.example", "--department", "Sales"]).await.unwrap();
    // Lyon makes two versions meanwhile: they count, and the arrival is made again upon them.
    org(&lyon, &["alias", "js", "javascript"]).await.unwrap();
    org(&lyon, &["alias", "ts", "typescript"]).await.unwrap();
    settle(&nodes).await;
    assert!(charter_of(&hq).await.charter.node("toot.example").is_none());
    assert_eq!(told(&ada).await.len(), count.0 + 1);
    org(&hq, &["redo"]).await.unwrap();
    settle(&nodes).await;
    assert!(charter_of(&lyon).await.charter.node("toot.example").is_some());
    assert_eq!((told(&ada).await.len(), told(&bob).await.len()), (count.0 + 1, count.1 + 1));
}

#[tokio::test]
async fn whoever_was_away_for_long_sees_one_post_for_many_arrivals() {
    let (hq, lyon, oslo, key) = three().await;
    let ada = lyon.member("ada").await;
    let before = told(&ada).await.len();
    hq.clock.advance(1_000);
    let version = crate::organisation::next(&hq, &key, |charter| {
        let toot = charter.node(&oslo.domain).unwrap().clone();
        for number in 0..6 {
            let domain = format!("site{number}.example");
            let actor = format!("https://{domain}/actor");
            let scheme = "https".to_owned();
            let department = format!("Plant <{number}>");
            charter.nodes.push(watercooler::domain::charter::Member {
                domain,
                actor,
                scheme,
                department,
                port: None,
                ..toot.clone()
            });
        }
    })
    .await;
    assert_eq!(crate::support::organisation::offers(&hq, &lyon, &version).await.status, 200);
    let told = told(&ada).await;
    assert_eq!(told.len(), before + 1);
    assert!(told[0].0.contains("6 sites have joined Example:") && told[0].0.contains("Plant &lt;5&gt;"), "{told:?}");
}

#[tokio::test]
async fn every_node_serves_the_domains_to_nodes_and_to_the_public_only_where_it_is_set() {
    let clock = Clock::fixed(NOW);
    let (hq, lyon) = (alone("hq", &clock).await, alone("lyon", &clock).await);
    let elsewhere = alone("elsewhere", &clock).await;
    let open = NodeBuilder::new("open").await.clock(&clock);
    let open = open.config(|config| config.federation.public_domain_list = true).start().await;
    found(&hq).await;
    let nobody = Client::anonymous(&open);
    let reply = nobody.get("/charter/domains.txt").await;
    assert_eq!((reply.status, reply.json()["code"].clone()), (404, json!("no_organisation")));
    for node in [&lyon, &open] {
        brings_in(&hq, node).await;
        settle(&[&hq, &lyon, &open]).await;
    }
    let (a, b, c) = (&hq.domain, &lyon.domain, &open.domain);
    let wanted = [
        ("csv", "text/csv", format!("#domain\n{a}\n{b}\n{c}\n")),
        ("txt", "text/plain", format!("{a}\n{b}\n{c}\n")),
        ("mitra", "text/plain", format!("reject *\naccept {a}\naccept {b}\naccept {c}\n")),
    ];
    for (form, kind, list) in &wanted {
        let path = format!("/charter/domains.{form}");
        // Members read it everywhere, strangers only where it is set; a letter that is not signed says who may.
        let signed = letter(&open, &lyon, "GET", &path, None).await.send(&lyon).await;
        assert_eq!((signed.status, &signed.text), (200, list));
        assert!(signed.header("content-type").starts_with(kind) && signed.header("cache-control").contains("private"));
        let refused = Client::anonymous(&lyon).get(&path).await;
        assert_eq!((refused.status, refused.json()["code"].clone()), (401, json!("unsigned")), "{}", refused.text);
        let stranger = letter(&elsewhere, &lyon, "GET", &path, None).await.send(&lyon).await;
        assert_eq!((stranger.status, stranger.json()["code"].clone()), (403, json!("stranger")));
        let read = nobody.get(&path).await;
        assert_eq!((read.status, &read.text), (200, list));
        let again = nobody.send(nobody.request("GET", &path).header("if-none-match", read.header("etag"))).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""));
    }
    let json: Value = nobody.get(&format!("/charter/domains.json?without={b}")).await.ok();
    assert_eq!((json.as_array().unwrap().len(), &json[0]["domain"], &json[1]["domain"]), (2, &json!(a), &json!(c)));
    let left_out = nobody.get(&format!("/charter/domains.mitra?without={c}")).await.text;
    assert_eq!(left_out, format!("reject *\naccept {a}\naccept {b}\n"));
    assert_eq!(nobody.get("/charter/domains.xml").await.status, 404);
    // What is printed is what is served.
    assert_eq!(org(&lyon, &["export", "--form", "mitra"]).await.unwrap()["list"], json!(wanted[2].2));
}
