//! Documents, handles and collections of other servers: rows FETCH, DISC-08, DISC-09, COLL-05, AUT-19, AUT-22, AUT-23.

use crate::support::{Node, NodeBuilder, Peer};
use futures_util::future::join_all;
use serde_json::{Value, json};
use watercooler::{
    Error,
    federation::{
        collections::{self, Bounds},
        fetch::{self, Budget},
        import::{self, Imported},
        json::Json,
        webfinger::Handle,
    },
};

async fn node_and_peers<const N: usize>(names: [&str; N]) -> (Node, [Peer; N]) {
    let mut node = NodeBuilder::new("alpha").await;
    let mut peers = Vec::new();
    for name in names {
        let peer = Peer::start(name).await;
        node = node.knows(&peer.authority);
        peers.push(peer);
    }
    let node = node.start().await;
    (node, peers.try_into().unwrap_or_else(|_| unreachable!()))
}

fn note(id: &str) -> Value {
    json!({"id": id, "type": "Note", "content": "x"})
}

fn gets(peer: &Peer) -> Vec<String> {
    peer.received().into_iter().filter(|r| r.method == "GET").map(|r| r.path).collect()
}

async fn document(node: &Node, url: &str) -> watercooler::Result<String> {
    fetch::document(&node.app, url, &Budget::of_activity()).await.map(|d| d.id.clone())
}

#[track_caller]
fn bad(result: watercooler::Result<String>) {
    assert!(matches!(result, Err(Error::BadRequest(_))), "{result:?}");
}

#[tokio::test]
async fn fed_fetch_01_fed_sigout_04_documents_are_asked_for_by_their_media_types_and_signed() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    peer.serve("/n/1", note(&peer.url("/n/1")));
    assert_eq!(document(&node, &peer.url("/n/1#part")).await.unwrap(), peer.url("/n/1"));
    let request = &peer.received()[0];
    assert_eq!(request.headers["accept"], fetch::ACCEPT);
    let signature = request.headers["signature"].to_str().unwrap();
    assert!(signature.contains(&format!("keyId=\"{}\"", node.url("/actor#main-key"))), "{signature}");
    assert!(["(request-target)", "host", "date"].iter().all(|part| signature.contains(part)), "{signature}");
    let agent = request.headers["user-agent"].to_str().unwrap();
    assert!(
        agent.starts_with("Watercooler/") && agent.ends_with(&format!("(+{}/)", node.app.site().base())),
        "{agent}"
    );
}

#[tokio::test]
async fn sec_aut_22_an_uploaded_file_is_no_document() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    let kinds = ["image/png", "text/html", "application/json", "text/plain", "application/ld+json"];
    for (nth, kind) in kinds.iter().enumerate() {
        let path = format!("/upload/{nth}");
        peer.serve_as(&path, 200, kind, note(&peer.url(&path)).to_string());
        bad(document(&node, &peer.url(&path)).await);
    }
}

#[tokio::test]
async fn fed_fetch_02_a_document_has_an_activitypub_media_type_with_any_parameters() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    let profile = "application/ld+json; charset=utf-8; profile=\"https://www.w3.org/ns/activitystreams\"";
    for (nth, kind) in ["Application/activity+JSON ; charset=UTF-8", profile].iter().enumerate() {
        let path = format!("/good/{nth}");
        peer.serve_as(&path, 200, kind, note(&peer.url(&path)).to_string());
        document(&node, &peer.url(&path)).await.unwrap();
    }
}

#[tokio::test]
async fn fed_fetch_03_the_id_must_be_the_address_that_answered() {
    let (node, [victim, evil]) = node_and_peers(["victim", "evil"]).await;
    victim.serve("/n/1", json!({"id": victim.url("/n/1"), "type": "Note", "content": "true"}));
    // Another spelling on the same host: asked again at the id.
    victim.serve("/short/1", note(&victim.url("/n/1")));
    assert_eq!(document(&node, &victim.url("/short/1")).await.unwrap(), victim.url("/n/1"));
    // A document elsewhere that claims the victim's id: nothing of it counts.
    evil.serve("/copy", json!({"id": victim.url("/n/1"), "type": "Note", "content": "false"}));
    let found = fetch::document(&node.app, &evil.url("/copy"), &Budget::of_activity()).await.unwrap();
    assert_eq!((found.id.as_str(), found.json.text("content")), (victim.url("/n/1").as_str(), Some("true")));
    // A pair that points at one another never matches.
    evil.serve("/a", note(&evil.url("/b")));
    evil.serve("/b", note(&evil.url("/a")));
    bad(document(&node, &evil.url("/a")).await);
    // An honest redirect.
    victim.redirect("/@x/1", &victim.url("/n/1"));
    assert_eq!(document(&node, &victim.url("/@x/1")).await.unwrap(), victim.url("/n/1"));
}

#[tokio::test]
async fn sec_aut_23_an_open_redirect_lends_no_authority() {
    let (node, [victim, evil]) = node_and_peers(["victim", "evil"]).await;
    evil.serve("/forged", json!({"id": victim.url("/go"), "type": "Note", "content": "false"}));
    victim.redirect("/go", &evil.url("/forged"));
    bad(document(&node, &victim.url("/go")).await);
}

#[tokio::test]
async fn fed_auth_08_an_id_of_this_node_is_never_fetched_nor_believed() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    bad(document(&node, &node.url("/users/ada")).await);
    peer.serve("/claims", note(&node.url("/users/ada/statuses/1")));
    bad(document(&node, &peer.url("/claims")).await);
}

#[tokio::test]
async fn fed_fetch_04_a_page_leads_to_its_document() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    peer.serve("/n/1", note(&peer.url("/n/1")));
    let head = format!(r#"<link rel="alternate" type="application/activity+json" href="{}">"#, peer.url("/n/1"));
    peer.serve_as("/page", 200, "text/html; charset=utf-8", format!("<html><head>{head}</head></html>"));
    let budget = Budget::of_activity();
    assert_eq!(fetch::by_page(&node.app, &peer.url("/page"), &budget).await.unwrap().id, peer.url("/n/1"));
    // As other programs and minifiers write it.
    let profile = r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams""#;
    for (name, head) in [
        ("small", "<link rel=alternate type=application/activity+json href=/n/1>".to_owned()),
        ("profile", format!("<link rel='alternate' type='{profile}' href='/n/1'>")),
    ] {
        let path = format!("/{name}");
        peer.serve_as(&path, 200, "text/html", format!("<html><head>{head}</head></html>"));
        assert_eq!(fetch::by_page(&node.app, &peer.url(&path), &budget).await.unwrap().id, peer.url("/n/1"), "{name}");
    }
    peer.serve_as("/plain", 200, "text/html", "<html></html>");
    assert!(fetch::by_page(&node.app, &peer.url("/plain"), &budget).await.is_err());
}

#[tokio::test]
async fn fed_fetch_05_an_address_or_a_handle_imports_who_or_what_it_names() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    peer.person("ben", "none");
    peer.redirect("/@ben", &peer.url("/users/ben"));
    let mut one = note(&peer.url("/n/1"));
    one["attributedTo"] = peer.url("/users/ben").into();
    one["to"] = json!(["https://www.w3.org/ns/activitystreams#Public"]);
    peer.serve("/n/1", one);
    let look = async |text: String| import::lookup(&node.app, &text, &Budget::of_activity()).await.unwrap();
    for text in [format!("@ben@{}", peer.authority), peer.url("/users/ben"), peer.url("/@ben")] {
        let Imported::Account(found) = look(text.clone()).await else { panic!("{text}") };
        assert_eq!(
            (found.acct(), found.uri.as_str()),
            (format!("ben@{}", peer.authority), peer.url("/users/ben").as_str())
        );
    }
    let Imported::Post(found) = look(peer.url("/n/1")).await else { panic!("no post") };
    assert_eq!(found.uri, peer.url("/n/1"));
}

#[tokio::test]
async fn fed_fetch_10_a_context_is_never_fetched() {
    let (node, [peer, other]) = node_and_peers(["peer", "other"]).await;
    let mut one = note(&peer.url("/n/1"));
    one["@context"] = json!(["https://www.w3.org/ns/activitystreams", peer.url("/context"), other.url("/context")]);
    peer.serve("/n/1", one);
    document(&node, &peer.url("/n/1")).await.unwrap();
    assert_eq!((gets(&peer), gets(&other)), (vec!["/n/1".to_owned()], vec![]));
}

#[tokio::test]
async fn fed_sigout_02_documents_are_asked_for_signed_and_everything_else_unsigned() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    peer.person("ben", "none");
    fetch::actor(&node.app, &peer.url("/users/ben"), &Budget::of_activity()).await.unwrap();
    let media = watercooler::net::Ask::get(watercooler::net::Purpose::Media, peer.url("/a.png").parse().unwrap());
    node.app.net().fetch(media).await.unwrap();
    let signed = |path: &str| {
        let request = peer.received().into_iter().find(|r| r.path.starts_with(path)).unwrap();
        request.headers.get("signature").map(|s| s.to_str().unwrap().to_owned())
    };
    assert!(signed("/users/ben").unwrap().contains("/actor#main-key"));
    assert_eq!((signed("/.well-known/webfinger"), signed("/a.png")), (None, None));
}

#[tokio::test]
async fn fed_disc_10_a_profile_is_imported_with_all_it_says() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    let mut actor = peer.person("zoe", "none");
    actor["type"] = "Service".into();
    actor["name"] = "Zoe <b>Z</b>".into();
    actor["summary"] = "<p onclick=\"x()\">Hello <script>x()</script></p>".into();
    actor["manuallyApprovesFollowers"] = true.into();
    actor["discoverable"] = true.into();
    actor["indexable"] = true.into();
    actor["published"] = "2020-02-03T00:00:00Z".into();
    actor["icon"] = json!({"type": "Image", "mediaType": "image/png", "url": peer.url("/a.png")});
    actor["image"] = peer.url("/h.png").into();
    let field =
        |n: usize| json!({"type": "PropertyValue", "name": format!("f{n}"), "value": "<a href=\"javascript:x\">v</a>"});
    actor["attachment"] = (0..60).map(field).collect();
    peer.serve("/users/zoe", actor);
    let stored = import::account(&node.app, &peer.url("/users/zoe"), &Budget::of_activity()).await.unwrap();
    assert_eq!(stored.kind, watercooler::model::AccountKind::Service);
    assert!(stored.locked && stored.discoverable && stored.indexable);
    assert!(stored.note.contains("Hello") && !stored.note.contains("script") && !stored.note.contains("onclick"));
    assert_eq!(stored.created_at.date(), "2020-02-03");
    assert_eq!(stored.avatar_remote_url.as_deref(), Some(peer.url("/a.png").as_str()));
    assert_eq!(stored.header_remote_url.as_deref(), Some(peer.url("/h.png").as_str()));
    let fields: Value = serde_json::from_str(&stored.fields).unwrap();
    assert_eq!(fields.as_array().unwrap().len(), 50);
    assert!(!stored.fields.contains("javascript"));
    let shown = node.member("bo").await.get(&format!("/api/v1/accounts/{}", stored.id)).await.ok();
    assert_eq!((&shown["bot"], &shown["locked"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn fed_disc_10_counts_come_from_the_collections_and_hidden_ones_stay_hidden() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    peer.person("zoe", "none");
    let collection = |name: &str, total: i64, first: bool| {
        let id = peer.url(&format!("/users/zoe/{name}"));
        let mut document = json!({"id": id, "type": "OrderedCollection", "totalItems": total});
        if first {
            document["first"] = json!(format!("{id}?page=1"));
        }
        peer.serve(&format!("/users/zoe/{name}"), document);
    };
    collection("outbox", 12, true);
    collection("followers", 7, false);
    collection("following", 5, true);
    let bo = node.member("bo").await;
    let found = bo.get(&format!("/api/v2/search?resolve=true&q=@zoe@{}", peer.authority)).await.ok();
    let zoe = found["accounts"][0].clone();
    assert_eq!(
        (&zoe["statuses_count"], &zoe["followers_count"], &zoe["following_count"]),
        (&json!(12), &json!(7), &json!(5))
    );
    let id = zoe["id"].as_str().unwrap().to_owned();
    let shown = async || bo.get(&format!("/api/v1/accounts/{id}")).await.ok();
    bo.post(&format!("/api/v1/accounts/{id}/follow"), json!({})).await.ok();
    let (a, z) = (bo.id.parse().unwrap(), id.parse().unwrap());
    node.app.write(move |tx| watercooler::domain::follows::accept(tx, z, a)).await.unwrap();
    assert_eq!(shown().await["hide_collections"], true);
    assert_eq!(bo.get(&format!("/api/v1/accounts/{id}/followers")).await.ok(), json!([]));
    // She shows them again.
    collection("followers", 8, true);
    node.clock.advance(2 * 3_600_000);
    let z: watercooler::id::Id<watercooler::model::Account> = id.parse().unwrap();
    import::refresh_account(&node.app, z).await.unwrap();
    assert_eq!((&shown().await["hide_collections"], &shown().await["followers_count"]), (&json!(false), &json!(8)));
    assert_eq!(bo.get(&format!("/api/v1/accounts/{id}/followers")).await.ok().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn fed_dlv_12_an_inbox_on_an_address_nobody_opened_gets_nothing() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    let hidden = Peer::start("hidden").await;
    let mut actor = peer.person("zoe", "none");
    actor["inbox"] = hidden.url("/inbox").into();
    actor["endpoints"] = json!({});
    peer.serve("/users/zoe", actor);
    let stored = import::account(&node.app, &peer.url("/users/zoe"), &Budget::of_activity()).await.unwrap();
    let bo = node.member("bo").await;
    bo.post(&format!("/api/v1/accounts/{}/follow", stored.id), json!({})).await;
    node.settle().await;
    assert!(hidden.received().is_empty());
}

#[tokio::test]
async fn fed_fetch_06_one_cause_has_twenty_fetches() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    let budget = Budget::of_activity();
    for nth in 0..30 {
        peer.serve(&format!("/n/{nth}"), note(&peer.url(&format!("/n/{nth}"))));
    }
    let mut found = 0;
    for nth in 0..30 {
        found += usize::from(fetch::document(&node.app, &peer.url(&format!("/n/{nth}")), &budget).await.is_ok());
    }
    assert_eq!((found, gets(&peer).len()), (20, 20));
    // What the budget left out is not remembered as missing.
    document(&node, &peer.url("/n/25")).await.unwrap();
}

#[tokio::test]
async fn fed_fetch_07_the_same_address_is_fetched_once_at_a_time_and_what_is_missing_is_remembered() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    peer.serve("/n/1", note(&peer.url("/n/1")));
    let url = peer.url("/n/1");
    let all = join_all((0..10).map(|_| document(&node, &url)));
    assert!(all.await.iter().all(Result::is_ok));
    assert_eq!(gets(&peer).len(), 1);
    assert!(matches!(document(&node, &peer.url("/none")).await, Err(Error::NotFound)));
    peer.serve("/none", note(&peer.url("/none")));
    assert!(matches!(document(&node, &peer.url("/none")).await, Err(Error::NotFound)));
    node.clock.advance(6 * 60 * 1000);
    document(&node, &peer.url("/none")).await.unwrap();
}

#[tokio::test]
async fn fed_fetch_08_statuses_say_what_to_do_with_what_is_known() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    for status in [401, 403, 404, 410, 500, 503] {
        peer.serve_as(&format!("/{status}"), status, "text/plain", "");
    }
    assert!(matches!(document(&node, &peer.url("/401")).await, Err(Error::Forbidden(_))));
    assert_eq!(gets(&peer).len(), 2, "asked again in the other signature format");
    assert!(peer.received()[1].headers.contains_key("signature-input"));
    assert!(matches!(document(&node, &peer.url("/403")).await, Err(Error::Forbidden(_))));
    assert!(matches!(document(&node, &peer.url("/404")).await, Err(Error::NotFound)));
    assert!(matches!(document(&node, &peer.url("/410")).await, Err(Error::Gone)));
    assert!(matches!(document(&node, &peer.url("/500")).await, Err(Error::Upstream(_))));
    assert!(matches!(document(&node, &peer.url("/503")).await, Err(Error::Upstream(_))));
    assert!(matches!(document(&node, "https://127.0.0.1/x").await, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn sec_net_16_hostile_json_is_refused_quickly() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    let id = |n: &str| peer.url(&format!("/{n}"));
    let deep = format!("{{\"id\":\"{}\",\"a\":{}1{}}}", id("deep"), "[".repeat(200_000), "]".repeat(200_000));
    let wide = format!("{{\"id\":\"{}\",\"a\":[{}1]}}", id("wide"), "1,".repeat(100_000));
    let twice = format!("{{\"id\":\"{}\",\"id\":\"{}\"}}", id("twice"), id("twice"));
    let nan = format!("{{\"id\":\"{}\",\"a\":NaN}}", id("nan"));
    let lone = format!("{{\"id\":\"{}\",\"a\":\"\\ud800\"}}", id("lone"));
    for (name, body) in [("deep", deep), ("wide", wide), ("twice", twice), ("nan", nan), ("lone", lone)] {
        peer.serve_as(&format!("/{name}"), 200, "application/activity+json", body);
        bad(document(&node, &id(name)).await);
    }
    let long = format!("{{\"id\":\"{}\",\"a\":\"{}\"}}", id("long"), "x".repeat(10_000_000));
    peer.serve_as("/long", 200, "application/activity+json", long);
    bad(document(&node, &id("long")).await);
}

#[tokio::test]
async fn fed_disc_08_a_handle_leads_to_an_actor_in_two_fetches() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    peer.person("Ben", "none");
    let found = fetch::actor_by_handle(&node.app, &format!("@ben@{}", peer.authority), &Budget::new(3)).await;
    // The peer's WebFinger knows the exact spelling only.
    assert!(matches!(found, Err(Error::NotFound)), "{found:?}");
    let found = fetch::actor_by_handle(&node.app, &format!("@Ben@{}", peer.authority), &Budget::new(3)).await.unwrap();
    assert_eq!(found.actor.uri, peer.url("/users/Ben"));
    assert_eq!(found.handle.to_string(), format!("Ben@{}", peer.authority));
    peer.forget();
    fetch::actor(&node.app, &peer.url("/users/Ben"), &Budget::new(3)).await.unwrap();
    assert_eq!(gets(&peer).len(), 2, "the actor and its WebFinger: {:?}", gets(&peer));
    let unsigned = peer.received().into_iter().find(|r| r.path.contains("webfinger")).unwrap();
    assert!(!unsigned.headers.contains_key("signature"));
}

fn finger(at: &Peer, handle: &str, subject: &str, actor: &str) {
    let jrd = json!({
        "subject": format!("acct:{subject}"),
        "links": [{"rel": "self", "type": "application/activity+json", "href": actor}],
    });
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("resource", &format!("acct:{handle}"))
        .finish();
    at.serve_as(&format!("/.well-known/webfinger?{query}"), 200, "application/jrd+json", jrd.to_string());
}

fn person(peer: &Peer, name: &str) -> String {
    let id = peer.url(&format!("/users/{name}"));
    let actor = json!({"id": id, "type": "Person", "preferredUsername": name, "inbox": format!("{id}/inbox")});
    peer.serve(&format!("/users/{name}"), actor);
    id
}

#[tokio::test]
async fn fed_disc_09_the_account_domain_may_differ_from_the_web_domain() {
    let (node, [web, domain]) = node_and_peers(["social", "corp"]).await;
    let id = person(&web, "ada");
    let handle = format!("ada@{}", domain.authority);
    let on_web = format!("ada@{}", web.authority);
    finger(&domain, &handle, &handle, &id);
    finger(&web, &on_web, &handle, &id);
    for typed in [&handle, &on_web] {
        let found = fetch::actor_by_handle(&node.app, typed, &Budget::of_activity()).await.unwrap();
        assert_eq!(found.handle.to_string(), handle, "{typed}");
    }
    let found = fetch::actor(&node.app, &id, &Budget::of_activity()).await.unwrap();
    assert_eq!(found.handle.to_string(), handle);
}

#[tokio::test]
async fn sec_aut_19_a_domain_cannot_give_a_handle_to_somebody_elses_actor() {
    let (node, [victim, evil]) = node_and_peers(["victim", "evil"]).await;
    let vera = person(&victim, "vera");
    let own = format!("vera@{}", victim.authority);
    finger(&victim, &own, &own, &vera);
    // A handle on the forger's domain that names the victim's actor: the victim's own handle stays.
    let fake = format!("ceo@{}", evil.authority);
    finger(&evil, &fake, &fake, &vera);
    let found = fetch::actor_by_handle(&node.app, &fake, &Budget::of_activity()).await.unwrap();
    assert_eq!(found.handle.to_string(), own);
    // The forger's WebFinger claims a subject on the victim that the victim gives to somebody else.
    let mallory = person(&evil, "mallory");
    finger(&evil, &format!("mallory@{}", evil.authority), &own, &mallory);
    let found = fetch::actor(&node.app, &mallory, &Budget::of_activity()).await.unwrap();
    assert_eq!(found.handle.to_string(), format!("mallory@{}", evil.authority));
    // A subject that wanders on and on is not followed, and ours is never given away.
    let (first, second) = (format!("a@{}", evil.authority), format!("b@{}", evil.authority));
    let wanderer = person(&evil, "a");
    finger(&evil, &first, &second, &wanderer);
    finger(&evil, &second, &format!("c@{}", evil.authority), &wanderer);
    let found = fetch::actor(&node.app, &wanderer, &Budget::of_activity()).await.unwrap();
    assert_eq!(found.handle.to_string(), first);
    let local = person(&evil, "local");
    finger(&evil, &format!("local@{}", evil.authority), &format!("admin@{}", node.domain), &local);
    let found = fetch::actor(&node.app, &local, &Budget::of_activity()).await.unwrap();
    assert_eq!(found.handle.to_string(), format!("local@{}", evil.authority));
    // Unicode look-alikes are one host in punycode, and no WebFinger at all is no obstacle.
    let bare = person(&victim, "bare");
    let found = fetch::actor(&node.app, &bare, &Budget::of_activity()).await.unwrap();
    assert_eq!(found.handle, Handle::parse(&format!("bare@{}", victim.authority)).unwrap());
}

#[tokio::test]
async fn sec_aut_19_who_only_calls_themselves_like_somebody_of_their_host_does_not_get_that_handle() {
    let (node, [host]) = node_and_peers(["host"]).await;
    let own = format!("vera@{}", host.authority);
    let actor = |path: &str| {
        let id = host.url(path);
        host.serve(
            path,
            json!({"id": id, "type": "Person", "preferredUsername": "vera", "inbox": format!("{id}/inbox")}),
        );
        id
    };
    let (vera, mallory) = (actor("/users/vera"), actor("/~mallory"));
    let lookup = async |id: &str| import::account(&node.app, id, &Budget::of_activity()).await.unwrap();
    let known_as = async || {
        let handle = own.clone();
        let found = node.app.read(move |conn| watercooler::store::accounts::find_by_handle(conn, &handle));
        found.await.unwrap().map(|account| account.uri)
    };
    // Whoever comes first has it, as long as their server confirms nobody.
    lookup(&mallory).await;
    assert_eq!(known_as().await.as_deref(), Some(mallory.as_str()));
    // The one that the server names takes it, and keeps it whatever others call themselves, and however often.
    finger(&host, &own, &own, &vera);
    lookup(&vera).await;
    assert_eq!(known_as().await.as_deref(), Some(vera.as_str()));
    let third = actor("/~third");
    lookup(&third).await;
    import::account_now(&node.app, &mallory, &Budget::of_activity()).await.unwrap();
    assert_eq!(known_as().await.as_deref(), Some(vera.as_str()));
}

#[tokio::test]
async fn fed_disc_08_host_meta_helps_where_webfinger_is_elsewhere() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    let id = person(&peer, "ben");
    let handle = format!("ben@{}", peer.authority);
    let template = peer.url("/finger?resource={uri}");
    let xrd = format!("<?xml version='1.0'?><XRD><Link rel=\"lrdd\" template=\"{template}\"/></XRD>");
    peer.serve_as("/.well-known/host-meta", 200, "application/xrd+xml", xrd);
    let jrd = json!({"subject": format!("acct:{handle}"),
        "links": [{"rel": "self", "type": "application/activity+json", "href": id}]});
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("resource", &format!("acct:{handle}"))
        .finish();
    peer.serve_as(&format!("/finger?{query}"), 200, "application/json", jrd.to_string());
    let found = fetch::actor_by_handle(&node.app, &handle, &Budget::of_activity()).await.unwrap();
    assert_eq!(found.actor.uri, id);
}

async fn items(node: &Node, address: &str, bounds: Bounds) -> (Vec<String>, bool) {
    let given = Json::Text(address.to_owned());
    let found = collections::read(&node.app, &given, address, bounds, &Budget::new(100)).await.unwrap();
    (found.items.iter().filter_map(|i| i.as_uri()).collect(), found.is_complete)
}

#[tokio::test]
async fn fed_coll_05_collections_are_read_in_all_their_shapes() {
    let (node, [peer, other]) = node_and_peers(["peer", "other"]).await;
    let url = |path: &str| peer.url(path);
    let all = Bounds::default();
    peer.serve(
        "/plain",
        json!({"id": url("/plain"), "type": "OrderedCollection", "totalItems": 99,
        "orderedItems": [url("/1"), {"id": url("/2"), "type": "Note"}]}),
    );
    assert_eq!(items(&node, &url("/plain"), all).await, (vec![url("/1"), url("/2")], true));
    peer.serve(
        "/paged",
        json!({"id": url("/paged"), "type": "Collection", "totalItems": "3", "first": url("/paged?page=1")}),
    );
    peer.serve("/paged?page=1", json!({"id": url("/paged?page=1"), "type": "CollectionPage", "items": [url("/1")], "next": url("/paged?page=2")}));
    peer.serve("/paged?page=2", json!({"id": url("/paged?page=2"), "type": "CollectionPage", "items": url("/2")}));
    assert_eq!(items(&node, &url("/paged"), all).await, (vec![url("/1"), url("/2")], true));
    peer.serve(
        "/inside",
        json!({"id": url("/inside"), "type": "OrderedCollection",
        "first": {"type": "OrderedCollectionPage", "orderedItems": [url("/1")], "next": url("/paged?page=2")}}),
    );
    assert_eq!(items(&node, &url("/inside"), all).await, (vec![url("/1"), url("/2")], true));
    // The next page on another server is not asked for.
    other.serve("/p", json!({"id": other.url("/p"), "type": "CollectionPage", "items": [url("/3")]}));
    peer.serve(
        "/away",
        json!({"id": url("/away"), "type": "Collection", "items": [url("/1")], "next": other.url("/p")}),
    );
    assert_eq!(items(&node, &url("/away"), all).await, (vec![url("/1")], false));
    assert!(other.received().is_empty());
}

#[tokio::test]
async fn sec_net_17_collections_without_end_are_bounded() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    let url = |path: &str| peer.url(path);
    peer.serve("/self", json!({"id": url("/self"), "type": "Collection", "items": [url("/1")], "next": url("/self")}));
    assert_eq!(items(&node, &url("/self"), Bounds::default()).await, (vec![url("/1")], false));
    assert_eq!(gets(&peer).len(), 1, "a page is never read twice");
    for nth in 0..30 {
        let (here, next) = (format!("/page/{nth}"), url(&format!("/page/{}", nth + 1)));
        peer.serve(
            &here,
            json!({"id": url(&here), "type": "CollectionPage", "items": [url(&format!("/n/{nth}"))], "next": next}),
        );
    }
    let (found, complete) = items(&node, &url("/page/0"), Bounds::default()).await;
    assert_eq!((found.len(), complete), (11, false));
    let (found, complete) = items(&node, &url("/page/0"), Bounds { items: 3, ..Bounds::default() }).await;
    assert_eq!((found.len(), complete), (3, false));
    let many: Vec<String> = (0..900).map(|nth| url(&format!("/many/{nth}"))).collect();
    peer.serve("/many", json!({"id": url("/many"), "type": "Collection", "items": many}));
    assert_eq!(items(&node, &url("/many"), Bounds::default()).await.0.len(), 500);
}

#[tokio::test]
async fn fed_rob_08_redirects_and_pages_that_go_round_end() {
    let (node, [peer]) = node_and_peers(["peer"]).await;
    peer.redirect("/round", &peer.url("/round"));
    assert!(matches!(document(&node, &peer.url("/round")).await, Err(Error::Forbidden(_))));
    assert_eq!(gets(&peer).len(), 4, "the first and three redirects");
    let url = |path: &str| peer.url(path);
    peer.serve("/a", json!({"id": url("/a"), "type": "Collection", "items": [url("/1")], "next": url("/b")}));
    peer.serve("/b", json!({"id": url("/b"), "type": "CollectionPage", "items": [url("/2")], "next": url("/a")}));
    assert_eq!(items(&node, &url("/a"), Bounds::default()).await, (vec![url("/1"), url("/2")], false));
}
