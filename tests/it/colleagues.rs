//! What nodes of one charter do for one another that strangers do not.

use crate::support::{
    Client, NOW, Node, NodeBuilder, PUBLIC,
    organisation::{alone, brings_in, found, letter, letter_by, minutes, org},
    settle,
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use watercooler::{
    db::Sql,
    domain::{accounts, audit::Staff},
    federation::own_keys,
    id::Id,
    model::Account,
    store,
    time::Clock,
};

/// Two nodes under one charter, and one outside.
async fn nodes() -> (Node, Node, Node) {
    let clock = Clock::fixed(crate::support::NOW);
    let (hq, lyon, out) = (alone("hq", &clock).await, alone("lyon", &clock).await, alone("out", &clock).await);
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    settle(&[&hq, &lyon]).await;
    (hq, lyon, out)
}

/// Somebody's activity, signed by them and delivered by hand.
async fn sends(from: &Node, who: &Client, to: &Node, kind: &str, more: Value) -> u16 {
    let id: Id<Account> = who.id.parse().unwrap();
    let signer = own_keys::signer(&from.app, id).await.unwrap();
    let actor = from.url(&format!("/users/{}", who.name));
    let number = watercooler::random::Random::real().u64();
    let mut activity = json!({ "id": format!("{actor}#{kind}-{number}"), "type": kind, "actor": actor });
    for (name, value) in more.as_object().unwrap() {
        activity[name] = value.clone();
    }
    let reply = letter_by(&signer, from, to, "POST", "/inbox", Some(&activity)).send(to).await;
    settle(&[from, to]).await;
    reply.status
}

async fn known(node: &Node, uri: &str) -> Option<Account> {
    let uri = uri.to_owned();
    node.app.read(move |conn| store::accounts::find_by_uri(conn, &uri)).await.unwrap()
}

#[tokio::test]
async fn fed_sigin_27_the_update_of_a_colleague_nobody_knew_makes_them_known() {
    let (hq, lyon, _) = nodes().await;
    let bob = lyon.member("bob").await;
    let uri = lyon.url("/users/bob");
    assert!(known(&hq, &uri).await.is_none());
    assert_eq!(sends(&lyon, &bob, &hq, "Update", json!({ "object": uri })).await, 202);
    assert!(known(&hq, &uri).await.is_some_and(|account| !account.is_unavailable()));
    // What somebody says of themselves is verified, in the other direction too.
    let cleo = lyon.member("cleo").await;
    let uri = lyon.url("/users/cleo");
    let signer = own_keys::signer(&lyon.app, bob.id.parse().unwrap()).await.unwrap();
    let forged = json!({ "id": format!("{uri}#1"), "type": "Delete", "actor": uri, "object": uri });
    let reply = letter_by(&signer, &lyon, &hq, "POST", "/inbox", Some(&forged)).send(&hq).await;
    assert_eq!(reply.status, 401, "{}", reply.text);
    assert_eq!(sends(&lyon, &cleo, &hq, "Delete", json!({ "object": uri })).await, 202);
    assert!(known(&hq, &uri).await.is_none_or(|account| account.deleted_at.is_some()));
}

#[tokio::test]
async fn sec_aut_11_colleagues_may_move_twice_within_a_week() {
    let (hq, lyon, _) = nodes().await;
    let (ada, bob, cleo) = (hq.member("ada").await, lyon.member("bob").await, lyon.member("cleo").await);
    let from = hq.url("/users/ada");
    for target in [&bob, &cleo] {
        let (id, aliases): (Id<Account>, _) = (target.id.parse().unwrap(), json!([from]).to_string());
        lyon.app
            .write(move |tx| {
                Sql::new("update accounts set also_known_as = ").bind(aliases).with(" where id = ", id).execute(tx.conn)
            })
            .await
            .unwrap();
    }
    for target in ["bob", "cleo"] {
        let to = lyon.url(&format!("/users/{target}"));
        assert_eq!(sends(&hq, &ada, &lyon, "Move", json!({ "object": from, "target": to })).await, 202);
        let went = known(&lyon, &from).await.unwrap().moved_to_id;
        assert_eq!(went, known(&lyon, &to).await.map(|account| account.id), "{target}");
    }
}

#[tokio::test]
async fn fed_post_15_what_a_colleague_writes_for_everybody_is_taken_in_unasked() {
    let (hq, lyon, _) = nodes().await;
    let bob = lyon.member("bob").await;
    let note = |number: u32| {
        let (uri, actor) = (lyon.url(&format!("/users/bob/statuses/{number}")), lyon.url("/users/bob"));
        json!({ "object": { "id": uri, "type": "Note", "attributedTo": actor, "to": [PUBLIC], "content": "news" } })
    };
    assert_eq!(sends(&lyon, &bob, &hq, "Create", note(1)).await, 202);
    let uri = lyon.url("/users/bob/statuses/1");
    let post = hq.app.read(move |conn| store::posts::find_by_uri(conn, &uri)).await.unwrap();
    assert!(post.is_some_and(|post| post.content == "news"));
}

async fn flags(person: &Client) -> (Value, Value) {
    let own = person.get("/api/v1/accounts/verify_credentials").await.ok();
    (own["discoverable"].clone(), own["indexable"].clone())
}

#[tokio::test]
async fn fed_org_03_people_of_an_organisation_are_listed_and_found_unless_they_say_no() {
    let (hq, _, out) = nodes().await;
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(flags(&hq.member("ada").await).await, (yes.clone(), yes.clone()));
    assert_eq!(flags(&out.member("zoe").await).await, (no.clone(), no.clone()), "open to the world: not until chosen");
    for rule in ["open_allowed=true", "default_audience=open"] {
        org(&hq, &["set", rule]).await.unwrap();
    }
    // The organisation lists her all the same; what the world is told waits for her.
    assert_eq!(flags(&hq.member("bea").await).await, (yes.clone(), no.clone()));
    // It is what the actors say.
    for (name, value) in [("ada", yes), ("bea", no)] {
        let uri = hq.url(&format!("/users/{name}"));
        let row = known(&hq, &uri).await.unwrap();
        assert_eq!((json!(row.discoverable), json!(row.indexable)), (value.clone(), value), "{name}");
    }
}

#[tokio::test]
async fn fed_org_04_who_leaves_is_gone_on_every_node() {
    let (hq, lyon, _) = nodes().await;
    let (ada, bob) = (hq.member("ada").await, lyon.member("bob").await);
    let handle = hq.handle("ada");
    let found = bob.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@{handle}")).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap().to_owned();
    bob.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    ada.post("/api/v1/statuses", json!({ "status": "good morning" })).await.ok();
    settle(&[&hq, &lyon]).await;
    assert_eq!(bob.get("/api/v1/timelines/home").await.ok().as_array().unwrap().len(), 1);
    let own: Id<Account> = ada.id.parse().unwrap();
    hq.app.write(move |tx| accounts::delete(tx, &Staff::console(), own)).await.unwrap();
    settle(&[&hq, &lyon]).await;
    assert!(known(&lyon, &hq.url("/users/ada")).await.is_none_or(|account| account.deleted_at.is_some()));
    assert_eq!(bob.get("/api/v1/timelines/home").await.ok(), json!([]));
    let found = bob.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@{handle}")).await.ok();
    assert_eq!(found["accounts"], json!([]));
}

/// Announces megabytes and sends none of them: what is answered was known from the headers.
async fn begins_to_offer(from: &Node, to: &Node) -> String {
    let letter = letter(from, to, "POST", "/charter", Some(&json!({}))).await;
    let mut head = "POST /charter HTTP/1.1\r\nconnection: close\r\ncontent-length: 4000000\r\n".to_owned();
    if !letter.headers.iter().any(|(name, _)| name == "host") {
        head.push_str(&format!("host: {}\r\n", to.domain));
    }
    for (name, value) in &letter.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut io = TcpStream::connect(to.address).await.unwrap();
    io.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), io.read_to_end(&mut answer)).await;
    read.expect("it waits for the body").unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_stranger_who_offers_a_charter_is_turned_away_before_its_megabytes_are_read() {
    let (hq, _, out) = nodes().await;
    let answer = begins_to_offer(&out, &hq).await;
    assert!(answer.contains("\"stranger\""), "{answer}");
    // A node that waits for none reads none either.
    let answer = begins_to_offer(&hq, &out).await;
    assert!(answer.contains("\"no_organisation\""), "{answer}");
}

#[tokio::test]
async fn a_directory_of_more_entries_than_are_allowed_is_not_copied() {
    let clock = Clock::fixed(NOW);
    let hq = NodeBuilder::new("hq").await.clock(&clock);
    let hq = hq.config(|config| config.federation.directory_entries = 2).start().await;
    let lyon = alone("lyon", &clock).await;
    let mut people = Vec::new();
    for name in ["bob", "bea", "ben"] {
        people.push(lyon.member(name).await);
    }
    lyon.settle().await;
    found(&hq).await;
    brings_in(&hq, &lyon).await;
    settle(&[&hq, &lyon]).await;
    minutes(&[&hq, &lyon], 2).await;
    let copy = async || {
        let status = org(&hq, &["status"]).await.unwrap();
        let nodes = status["nodes"].as_array().unwrap().clone();
        nodes.into_iter().find(|node| node["domain"] == lyon.domain.as_str()).unwrap()["directory"].clone()
    };
    let refused = copy().await;
    let why = refused["error"].as_str().unwrap_or_else(|| panic!("{refused}"));
    assert!(why.contains("3 entries") && why.contains("at most 2") && why.contains("ask its admin"), "{why}");
    assert_eq!(refused["copied"], 0);
    for name in ["bob", "bea", "ben"] {
        assert!(known(&hq, &lyon.url(&format!("/users/{name}"))).await.is_none(), "{name}");
    }
    // As many as are allowed are copied with the next comparison.
    people[2].patch("/api/watercooler/v1/people/me", json!({ "listed": "unlisted" })).await.ok();
    minutes(&[&hq, &lyon], 62).await;
    let copied = copy().await;
    assert_eq!((&copied["copied"], &copied["of"], copied.get("error")), (&json!(2), &json!(2), None), "{copied}");
    assert!(known(&hq, &lyon.url("/users/bea")).await.is_some());
}

#[tokio::test]
async fn strangers_are_told_of_no_posts_of_a_colleague_that_they_may_not_see() {
    let clock = Clock::fixed(NOW);
    let (hq, lyon) = (open_pages("hq", &clock).await, alone("lyon", &clock).await);
    found(&hq).await;
    org(&hq, &["set", "open_allowed=true"]).await.unwrap();
    brings_in(&hq, &lyon).await;
    settle(&[&hq, &lyon]).await;
    let (ada, bob) = (hq.member("ada").await, lyon.member("bob").await);
    let found = ada.get(&format!("/api/v2/search?resolve=true&type=accounts&q=@bob@{}", lyon.domain)).await.ok();
    let id = found["accounts"][0]["id"].as_str().unwrap().to_owned();
    ada.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    settle(&[&hq, &lyon]).await;
    for text in ["for us", "for us too", "!open for all"] {
        clock.advance(1_000);
        bob.post("/api/v1/statuses", json!({ "status": text })).await.ok();
        settle(&[&hq, &lyon]).await;
    }
    let count = async |who: &Client| who.get(&format!("/api/v1/accounts/{id}")).await.ok()["statuses_count"].clone();
    assert_eq!((count(&ada).await, count(&Client::anonymous(&hq)).await), (json!(3), json!(1)));
}

async fn open_pages(name: &str, clock: &Clock) -> Node {
    let builder = NodeBuilder::new(name).await.clock(clock);
    builder
        .config(|config| config.federation.authorized_fetch = watercooler::config::AuthorizedFetch::Off)
        .start()
        .await
}

#[tokio::test]
async fn whoever_has_just_come_and_says_what_they_know_is_found_at_every_site() {
    let (hq, lyon, oslo, [_, alice, cleo]) = crate::concierge::three().await;
    let eve = hq.member("eve").await;
    eve.patch("/api/watercooler/v1/people/me", json!({ "skills": [{ "name": "Falconry", "stance": "ask" }] }))
        .await
        .ok();
    crate::support::organisation::minutes(&[&hq, &lyon, &oslo], 2).await;
    for reader in [&alice, &cleo] {
        let found = reader.get("/api/v2/search?q=who+knows+falconry").await.ok();
        assert_eq!(found["accounts"][0]["username"], "eve", "{found}");
    }
}
