//! How other servers find this one and its people: WebFinger, NodeInfo, and the documents of actors.

use crate::{
    documents::{fetch, publish, scene},
    support::{Client, Node, NodeBuilder, Peer, rows},
};
use serde_json::json;
use watercooler::{
    config::AuthorizedFetch,
    crypto::PublicKey,
    id::Id,
    model::{Account, Visibility},
    peers,
};

#[tokio::test]
async fn fed_disc_01_webfinger_finds_people_in_any_case_and_by_their_addresses() {
    let node = Node::start().await;
    let ada = rows::local(&node, "Ada").await;
    let client = Client::anonymous(&node);
    for resource in [
        format!("acct:ada@{}", node.domain),
        format!("acct:ADA@{}", node.domain.to_uppercase()),
        ada.uri.clone(),
        node.url("/@Ada"),
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("resource", &resource).finish();
        let reply = client.get(&format!("/.well-known/webfinger?{query}")).await;
        let jrd = reply.ok();
        assert_eq!(jrd["subject"], format!("acct:Ada@{}", node.domain), "{resource}");
        assert!(reply.header("content-type").starts_with("application/jrd+json"));
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        let link = jrd["links"].as_array().unwrap().iter().find(|l| l["rel"] == "self").unwrap().clone();
        // Lemmy takes no link that lacks properties.
        let properties = json!({});
        assert_eq!(
            link,
            json!({"rel": "self", "type": "application/activity+json", "href": ada.uri, "properties": properties})
        );
        assert!(jrd["links"].as_array().unwrap().iter().all(|l| l["properties"] == properties), "{jrd}");
    }
}

#[tokio::test]
async fn nodeinfo_and_the_client_api_call_the_same_people_active() {
    let node = Node::start().await;
    let (here, away) = (rows::local(&node, "ada").await, rows::local(&node, "bob").await);
    node.app.write(move |tx| watercooler::store::users::touch(tx.conn, here.id, tx.now)).await.unwrap();
    let client = Client::anonymous(&node);
    let told = client.get("/api/v2/instance").await.ok()["usage"]["users"]["active_month"].clone();
    let users = client.get("/nodeinfo/2.0").await.ok()["usage"]["users"].clone();
    assert_eq!(told, 1, "{} was never here", away.username);
    assert_eq!(users, json!({"total": 2, "activeMonth": 1, "activeHalfyear": 1}));
}

#[tokio::test]
async fn fed_disc_02_webfinger_says_what_is_wrong_with_a_question() {
    let node = Node::start().await;
    let ada = rows::local(&node, "ada").await;
    let client = Client::anonymous(&node);
    assert_eq!(client.get("/.well-known/webfinger").await.status, 400);
    assert_eq!(client.get("/.well-known/webfinger?resource=").await.status, 400);
    for stranger in ["acct:bob@{}", "acct:ada@elsewhere.test", "x", "acct:{}@{}x"] {
        let resource = stranger.replace("{}", &node.domain);
        assert_eq!(client.get(&format!("/.well-known/webfinger?resource={resource}")).await.status, 404, "{resource}");
    }
    let id = ada.id;
    node.app
        .write(move |tx| {
            watercooler::db::Sql::new("update accounts set deleted_at = 1 where id = ").bind(id).execute(tx.conn)
        })
        .await
        .unwrap();
    assert_eq!(client.get(&format!("/.well-known/webfinger?resource=acct:ada@{}", node.domain)).await.status, 410);
    let gone = fetch(&node, &ada.uri).await;
    assert_eq!((gone.status, &gone.json()["type"]), (410, &json!("Tombstone")));
}

#[tokio::test]
async fn fed_disc_06_nodeinfo_and_fed_disc_07_host_meta_tell_what_this_is() {
    let node = Node::start().await;
    let ada = rows::local(&node, "ada").await;
    publish(&node, &ada, "one", Visibility::Public).await;
    let client = Client::anonymous(&node);
    let index = client.get("/.well-known/nodeinfo").await.ok();
    let links = index["links"].as_array().unwrap();
    assert!(links.iter().any(|l| l["rel"] == "https://www.w3.org/ns/activitystreams#Application"
        && l["href"] == node.url("/actor")));
    for version in ["2.0", "2.1"] {
        let rel = format!("http://nodeinfo.diaspora.software/ns/schema/{version}");
        let href = links.iter().find(|l| l["rel"] == rel).unwrap()["href"].as_str().unwrap();
        let info = client.get(href).await.ok();
        assert_eq!(info["version"], version);
        assert_eq!(info["software"]["name"], "watercooler");
        assert_eq!(info["protocols"], json!(["activitypub"]));
        assert_eq!(info["usage"]["users"]["total"], 1);
        assert_eq!(info["usage"]["localPosts"], 1);
        assert_eq!(info["metadata"]["upstream"]["name"], "mastodon");
    }
    assert_eq!(client.get("/nodeinfo/3.0").await.status, 404);
    let meta = client.get("/.well-known/host-meta").await;
    assert!(meta.text.contains(&node.url("/.well-known/webfinger?resource={uri}")));
    assert!(meta.header("content-type").starts_with("application/xrd+xml"));
}

#[tokio::test]
async fn fed_disc_03_an_actor_shows_its_profile_keys_and_collections() {
    let node = Node::start().await;
    let ada = rows::local(&node, "ada").await;
    let reply = fetch(&node, &ada.uri).await;
    let actor = reply.ok();
    assert_eq!(reply.header("content-type"), "application/activity+json; charset=utf-8");
    assert!(reply.header("vary").contains("Accept") && reply.header("vary").contains("Signature"));
    for key in "id type inbox outbox followers following featured featuredTags preferredUsername name summary url \
        manuallyApprovesFollowers discoverable indexable published publicKey endpoints assertionMethod webfinger"
        .split_whitespace()
    {
        assert!(actor.get(key).is_some(), "{key}");
    }
    assert_eq!(actor["webfinger"], node.handle("ada"));
    assert_eq!(actor["published"], "2026-11-23T00:00:00.000Z");
    PublicKey::from_pem(actor["publicKey"]["publicKeyPem"].as_str().unwrap()).unwrap();
    PublicKey::from_multikey(actor["assertionMethod"][0]["publicKeyMultibase"].as_str().unwrap()).unwrap();
    let other = Client::anonymous(&node);
    let ld = "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";
    let again = other.send(other.request("GET", "/users/ada").header("accept", ld)).await;
    assert_eq!(again.text, reply.text, "fed_disc_04");
    let page = other.send(other.request("GET", "/users/ada").header("accept", "text/html")).await;
    assert_eq!((page.status, page.header("location")), (302, node.url("/@ada").as_str()), "fed_disc_05");
    assert_eq!(fetch(&node, "/users/nobody").await.status, 404);
}

#[tokio::test]
async fn fed_disc_04_both_accept_forms_get_the_same_document() {
    let (node, _, _, ada) = scene().await;
    let post = publish(&node, &ada, "Hi", Visibility::Public).await;
    let client = Client::anonymous(&node);
    for path in [ada.uri.clone(), post.uri.clone(), format!("{}/outbox", ada.uri), "/actor".to_owned()] {
        let mut bodies = Vec::new();
        for accept in [
            "application/activity+json",
            "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
            "application/activity+json, application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
            "APPLICATION/LD+JSON;profile=\"https://www.w3.org/ns/activitystreams\";charset=utf-8",
        ] {
            let reply = client.send(client.request("GET", &path).header("accept", accept)).await;
            assert_eq!(reply.status, 200, "{path} {accept}");
            assert_eq!(reply.header("content-type"), "application/activity+json; charset=utf-8", "{path} {accept}");
            assert!(reply.header("vary").split(',').any(|v| v.trim() == "Accept"), "{path} {accept}");
            bodies.push(reply.text);
        }
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{path}");
    }
    // What a browser gets in its place varies as well, or a cache would mix them up.
    let page = client.send(client.request("GET", &ada.uri).header("accept", "text/html")).await;
    assert!(page.header("vary").contains("Accept"));
}

#[tokio::test]
async fn fed_disc_05_page_and_document_never_lead_to_one_another() {
    let (node, _, _, ada) = scene().await;
    let post = publish(&node, &ada, "Hi", Visibility::Public).await;
    let client = Client::anonymous(&node);
    for (page, document) in [("/@ada".to_owned(), ada.uri.clone()), (format!("/@ada/{}", post.id), post.uri.clone())] {
        for (accept, wanted) in [
            ("text/html, application/activity+json;q=0.1", [200, 302]),
            ("text/html", [200, 302]),
            ("application/activity+json;q=0.9, text/html;q=0.8", [302, 200]),
            ("text/html, application/activity+json", [302, 200]),
            ("Application/Activity+JSON", [302, 200]),
            ("*/*", [200, 200]),
        ] {
            let ask =
                async |path: &String| client.send(client.request("GET", path).header("accept", accept)).await.status;
            assert_eq!([ask(&page).await, ask(&document).await], wanted, "{page} {accept}");
        }
    }
}

#[tokio::test]
async fn fed_disc_15_the_shared_inbox_is_told_and_lies_where_the_actors_are() {
    let (node, _, zoe, ada) = scene().await;
    for actor in [ada.uri.clone(), node.url("/actor")] {
        let document = fetch(&node, &actor).await.ok();
        let shared = document["endpoints"]["sharedInbox"].as_str().unwrap().to_owned();
        assert!(watercooler::uri::same_authority(&shared, &actor), "{shared}");
        // It is there.
        let path = shared.strip_prefix(node.app.site().base()).unwrap();
        let activity = zoe.activity("View", "https://nowhere.example/1");
        assert_eq!(zoe.letter(&node, path, &activity).send(&node).await.status, 202);
    }
}

#[tokio::test]
async fn fed_disc_03_an_actor_names_sites_other_ids_and_the_place_it_went_to() {
    let (node, peer, ..) = scene().await;
    let eve = node.member("eve").await;
    let plain = fetch(&node, "/users/eve").await.ok();
    for absent in ["attributionDomains", "alsoKnownAs", "movedTo", "memorial", "suspended", "icon", "image"] {
        assert!(plain.get(absent).is_none(), "{absent}");
    }
    let change = json!({"attribution_domains": ["news.example", "blog.example"]});
    eve.patch("/api/v1/accounts/update_credentials", change).await.ok();
    let zoe = rows::remote(&node, &peer, "zoe").await;
    let (id, to, old): (Id<Account>, _, _) =
        (eve.id.parse().unwrap(), zoe.id, json!([peer.url("/users/old")]).to_string());
    node.app
        .write(move |tx| {
            watercooler::db::Sql::new("update accounts set moved_to_id = ")
                .bind(to)
                .with(", also_known_as = ", old)
                .with(", memorial = ", true)
                .with(" where id = ", id)
                .execute(tx.conn)
        })
        .await
        .unwrap();
    let actor = fetch(&node, "/users/eve").await.ok();
    assert_eq!(actor["attributionDomains"], json!(["news.example", "blog.example"]));
    assert_eq!(actor["alsoKnownAs"], json!([peer.url("/users/old")]));
    assert_eq!((&actor["movedTo"], &actor["memorial"]), (&json!(zoe.uri), &json!(true)));
    let terms = actor["@context"].as_array().unwrap().last().unwrap();
    assert_eq!(terms["attributionDomains"]["@id"], "toot:attributionDomains");
}

#[tokio::test]
async fn fed_disc_17_people_name_what_their_server_can_do_and_a_probe_reads_it() {
    let (alpha, beta) = Node::two().await;
    let ada = rows::local(&alpha, "ada").await;
    let actor = fetch(&alpha, &ada.uri).await.ok();
    assert_eq!(
        (&actor["generator"]["type"], &actor["generator"]["id"]),
        (&json!("Application"), &json!(alpha.url("/actor")))
    );
    assert_eq!(actor["generator"]["implements"], fetch(&alpha, "/actor").await.ok()["implements"]);
    let probe = peers::probe(&beta.app, &alpha.domain).await.unwrap();
    assert!(probe.is_watercooler(), "{probe:?}");
    // Another program says what it likes, and of that a little is read.
    let node = NodeBuilder::new("gamma").await;
    let peer = Peer::start("far").await;
    let node = node.knows(&peer.authority).start().await;
    let serve = |implements: serde_json::Value| {
        peer.serve(
            "/.well-known/nodeinfo",
            json!({ "links": [
            { "rel": "https://www.w3.org/ns/activitystreams#Application", "href": peer.url("/app") }
        ] }),
        );
        peer.serve("/app", json!({ "type": "Application", "id": peer.url("/app"), "implements": implements }));
    };
    let many: Vec<_> = (0..200).map(|n| json!({ "href": format!("https://x.example/{n}") })).collect();
    for (said, read, ours) in [
        (json!(null), 0, false),
        (json!("https://x.example/"), 1, false),
        (json!([{ "href": 1 }, {}, 7, { "href": "https://w3id.org/watercooler/ns#" }]), 1, true),
        (json!(many), 50, false),
    ] {
        serve(said.clone());
        let probe = peers::probe(&node.app, &peer.authority).await.unwrap();
        assert_eq!((probe.implements.len(), probe.is_watercooler()), (read, ours), "{said}");
    }
}

#[tokio::test]
async fn fed_disc_16_the_instance_actor_is_an_application_that_everybody_may_read() {
    let node =
        NodeBuilder::new("alpha").await.config(|c| c.federation.authorized_fetch = AuthorizedFetch::On).start().await;
    let actor = fetch(&node, "/actor").await.ok();
    assert_eq!(actor["type"], "Application");
    assert_eq!(actor["id"], node.url("/actor"));
    assert_eq!(actor["inbox"], node.url("/actor/inbox"));
    let key = actor["publicKey"]["publicKeyPem"].as_str().unwrap().to_owned();
    PublicKey::from_pem(&key).unwrap();
    assert_eq!(fetch(&node, "/actor").await.ok()["publicKey"]["publicKeyPem"], key);
    // By its capabilities a node of Watercooler is known (FEP-844e).
    let can: Vec<_> = actor["implements"].as_array().unwrap().iter().map(|c| c["href"].clone()).collect();
    assert_eq!(
        can,
        [json!("https://datatracker.ietf.org/doc/html/rfc9421"), json!("https://w3id.org/watercooler/ns#")]
    );
    let terms = actor["@context"].as_array().unwrap().last().unwrap();
    assert_eq!(terms["implements"]["@id"], "https://w3id.org/fep/844e#implements");
    let client = Client::anonymous(&node);
    for resource in [format!("acct:{0}@{0}", node.domain), node.url("/")] {
        let jrd = client.get(&format!("/.well-known/webfinger?resource={resource}")).await.ok();
        assert_eq!(jrd["links"][0]["href"], actor["id"]);
    }
    // Lemmy looks for it at the front page, and reads none that has no name and no date.
    let front = client.get_activity("/").await;
    assert_eq!((front.status, front.header("location")), (302, &*node.url("/actor")));
    assert_eq!(client.get("/").await.status, 200);
    assert_eq!(actor["name"], json!(node.domain));
    assert!(actor["published"].as_str().unwrap().ends_with("T00:00:00.000Z"), "{}", actor["published"]);
    assert_eq!(fetch(&node, "/actor/outbox").await.ok()["totalItems"], 0);
    let handle = format!("/users/{0}@{0}", node.domain);
    assert_eq!(fetch(&node, &handle).await.status, 404);
}
