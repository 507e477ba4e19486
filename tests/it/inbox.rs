//! The inbox gate: who may deliver, and what a refused delivery costs (security checklist, section 1).

use crate::support::{Node, NodeBuilder, Peer, Sender, rsa, settle};
use serde_json::{Value, json};
use watercooler::{
    crypto::PrivateKey,
    db::Sql,
    domain::{
        accounts::{self, NewPerson},
        audit::Staff,
    },
    federation::signatures::Scheme,
    net::Severity,
    peers::{self, NewBlock},
    store,
};

/// A node, and a server it knows.
pub async fn pair() -> (Node, Peer) {
    let peer = Peer::start("remote").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    (node, peer)
}

pub async fn local(node: &Node, name: &str) {
    let name = name.to_owned();
    node.app.write(move |tx| accounts::create(tx, &NewPerson::member(&name, None, None)).map(|_| ())).await.unwrap();
}

/// Activities that were taken in.
pub async fn taken(node: &Node) -> i64 {
    node.app.read(|conn| Sql::new("select count(*) from seen_activities").scalar_i64(conn)).await.unwrap()
}

/// Remote accounts that are known.
pub async fn strangers(node: &Node) -> i64 {
    node.app
        .read(|conn| Sql::new("select count(*) from accounts where domain is not null").scalar_i64(conn))
        .await
        .unwrap()
}

/// How often a path of the server was read.
pub fn reads(peer: &Peer, path: &str) -> usize {
    peer.received().iter().filter(|r| r.method == "GET" && r.path == path).count()
}

pub fn like(sender: &Sender) -> Value {
    sender.activity("Like", "https://elsewhere.example/posts/1")
}

#[tokio::test]
async fn sec_sig_01_fed_sigin_04_an_unsigned_delivery_is_refused_unread_and_unfetched() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    let mut letter = ada.letter(&node, "/inbox", &like(&ada)).without("signature");
    let reply = letter.send(&node).await;
    assert_eq!((reply.status, reply.json()), (401, json!({ "error": "unsigned" })));
    letter.body = vec![b' '; 2 << 20];
    assert_eq!(letter.send(&node).await.status, 401, "the size does not matter: nobody looks");
    assert!(peer.received().is_empty());
    assert_eq!((taken(&node).await, strangers(&node).await), (0, 0));
}

#[tokio::test]
async fn sec_sig_02_garbage_for_a_signature_is_401() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    for garbage in ["", "x", "keyId=\"", "keyId=\"a\",signature=\"\"", "sig1=:AAAA:", "\u{1f4a9}"] {
        let mut letter = ada.letter(&node, "/inbox", &like(&ada));
        *letter.header("signature") = garbage.into();
        assert_eq!(letter.send(&node).await.status, 401, "{garbage}");
    }
    assert!(peer.received().is_empty());
}

#[tokio::test]
async fn sec_sig_03_a_wrong_key_costs_one_refetch_in_five_minutes() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    assert_eq!(reads(&peer, "/users/ada"), 1);
    let mut mallory = ada.clone();
    mallory.signer.key = rsa(1);
    for _ in 0..3 {
        assert_eq!(mallory.deliver(&node, &like(&ada)).await.status, 401);
    }
    assert_eq!(reads(&peer, "/users/ada"), 2, "asked again once");
    node.clock.advance(301_000);
    for _ in 0..3 {
        assert_eq!(mallory.deliver(&node, &like(&ada)).await.status, 401);
    }
    assert_eq!(reads(&peer, "/users/ada"), 3);
    assert_eq!(taken(&node).await, 1);
    ada.delivers(&node, &like(&ada)).await;
}

#[tokio::test]
async fn fed_sigin_09_a_date_an_hour_away_is_refused() {
    let (node, peer) = pair().await;
    for scheme in [Scheme::Cavage, Scheme::Rfc9421] {
        let ada = Sender { scheme, ..Sender::new(&peer, "ada") };
        let letter = ada.letter(&node, "/inbox", &like(&ada));
        node.clock.advance(3_601_000);
        let reply = letter.send(&node).await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (401, Some("stale")));
        let letter = ada.letter(&node, "/inbox", &like(&ada));
        node.clock.advance(-3_601_000);
        let reply = letter.send(&node).await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (401, Some("future")));
    }
    assert!(peer.received().is_empty());
}

#[tokio::test]
async fn fed_sigin_06_07_the_body_is_the_one_that_was_signed() {
    let (node, peer) = pair().await;
    for scheme in [Scheme::Cavage, Scheme::Rfc9421] {
        let ada = Sender { scheme, ..Sender::new(&peer, "ada") };
        let mut letter = ada.letter(&node, "/inbox", &like(&ada));
        letter.body.push(b' ');
        let reply = letter.send(&node).await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (401, Some("digest")));
        let header = if scheme == Scheme::Cavage { "digest" } else { "content-digest" };
        let letter = ada.letter(&node, "/inbox", &like(&ada)).without(header);
        assert_eq!(letter.send(&node).await.status, 401);
    }
    // RFC 9530 names what cannot be read a bad request; a digest we do not know, or of another length, proves nothing.
    let modern = Sender { scheme: Scheme::Rfc9421, ..Sender::new(&peer, "ada") };
    for (digest, status) in [("nonsense:::", 400), ("sha-256=:AAAA:", 401), ("sha-256=1", 400), ("md5=:AAAA:", 401)] {
        let mut letter = modern.letter(&node, "/inbox", &like(&modern));
        *letter.header("content-digest") = digest.into();
        assert_eq!(letter.send(&node).await.status, status, "{digest}");
    }
    assert!(peer.received().is_empty());
}

#[tokio::test]
async fn fed_sigin_10_a_delivery_for_another_host_or_inbox_is_refused() {
    let (node, peer) = pair().await;
    let other = NodeBuilder::new("beta").await.knows(&peer.authority).clock(&node.clock).start().await;
    local(&node, "bo").await;
    for scheme in [Scheme::Cavage, Scheme::Rfc9421] {
        let ada = Sender { scheme, ..Sender::new(&peer, "ada") };
        let letter = ada.letter(&node, "/inbox", &like(&ada));
        assert_eq!(letter.send(&node).await.status, 202);
        assert_eq!(letter.send(&other).await.status, 401, "captured here, replayed there");
        let mut honest = letter.clone();
        honest.headers.push(("host".into(), node.domain.clone()));
        assert_eq!(honest.send(&other).await.status, 401, "under the name it was signed for");
        let mut moved = letter.clone();
        moved.path = "/users/bo/inbox".into();
        assert_eq!(moved.send(&node).await.status, 401);
        // An unbelievable forwarded host changes nothing: this peer is no configured proxy.
        let mut forwarded = letter.clone();
        forwarded.headers.push(("x-forwarded-host".into(), "evil.example".into()));
        assert_eq!(forwarded.send(&node).await.status, 202);
    }
    assert_eq!(taken(&other).await, 0);
}

#[tokio::test]
async fn fed_sigin_10_a_forwarded_host_counts_behind_a_trusted_proxy_only() {
    let peer = Peer::start("remote").await;
    let proxied = NodeBuilder::new("alpha").await.knows(&peer.authority);
    let proxied = proxied.config(|c| c.trusted_proxies.push("127.0.0.0/8".parse().unwrap())).start().await;
    let ada = Sender::new(&peer, "ada");
    let send = async |host: &str, forwarded: Option<&str>| {
        let mut letter = ada.letter(&proxied, "/inbox", &like(&ada));
        letter.headers.push(("host".into(), host.into()));
        letter.headers.extend(forwarded.map(|name| ("x-forwarded-host".into(), name.into())));
        letter.send(&proxied).await.status
    };
    let own = proxied.domain.clone();
    assert_eq!(send("inside.test:8080", Some(&own)).await, 202);
    assert_eq!(
        send("inside.test:8080", Some(&format!("made-up.example, {own}"))).await,
        202,
        "the nearest proxy's word"
    );
    assert_eq!(send("inside.test:8080", None).await, 401);
    assert_eq!(send(&own, Some("elsewhere.example")).await, 401);
    // The same from somebody who is no proxy.
    let direct = NodeBuilder::new("beta").await.knows(&peer.authority).clock(&proxied.clock).start().await;
    let mut letter = ada.letter(&direct, "/inbox", &like(&ada));
    letter.headers.push(("host".into(), "inside.test:8080".into()));
    letter.headers.push(("x-forwarded-host".into(), direct.domain.clone()));
    assert_eq!(letter.send(&direct).await.status, 401);
}

#[tokio::test]
async fn fed_sigin_19_a_bare_key_elsewhere_leads_to_nobody() {
    let (victim, evil) = (Peer::start("victim").await, Peer::start("evil").await);
    let node = NodeBuilder::new("alpha").await.knows(&victim.authority).knows(&evil.authority).start().await;
    // The key's address answers with a document of another server, which names an owner where the key is.
    let mut ada = Sender::new(&victim, "ada");
    let key = json!({
        "id": evil.url("/key"), "type": "Key", "owner": ada.id, "publicKeyPem": rsa(0).public_pem().unwrap(),
    });
    evil.serve("/key", key.clone());
    victim.serve("/key", key);
    ada.signer.key_id = victim.url("/key");
    assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 401);
    assert_eq!(reads(&victim, "/users/ada"), 0, "not even asked");
}

#[tokio::test]
async fn sec_sig_12_the_algorithm_is_the_keys() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    for claimed in ["hmac-sha256", "none", "rsa-sha1", "quantum"] {
        let mut letter = ada.letter(&node, "/inbox", &like(&ada));
        *letter.header("signature") = letter.header("signature").replace("rsa-sha256", claimed);
        assert_eq!(letter.send(&node).await.status, 401);
    }
    assert!(peer.received().is_empty());
}

#[tokio::test]
async fn sec_sig_13_fed_sigin_12_the_actor_is_the_owner_of_the_key() {
    let (node, peer) = pair().await;
    let (ada, eve) = (Sender::new(&peer, "ada"), Sender::new(&peer, "eve"));
    let mut forged = like(&ada);
    assert_eq!(eve.deliver(&node, &forged).await.status, 401, "the same server");
    forged["actor"] = json!("https://victim.example/users/vera");
    forged["id"] = json!("https://victim.example/1");
    peer.forget();
    assert_eq!(eve.deliver(&node, &forged).await.status, 401, "another server");
    assert!(peer.received().is_empty(), "nothing is worth a fetch");
    assert_eq!(taken(&node).await, 0);
}

#[tokio::test]
async fn sec_sig_14_16_fed_sigin_19_fed_auth_09_a_document_proves_only_its_own_keys() {
    let victim = Peer::start("victim").await;
    let evil = Peer::start("evil").await;
    let node = NodeBuilder::new("alpha").await.knows(&victim.authority).knows(&evil.authority).start().await;
    let vera = Sender::new(&victim, "vera");
    let pem = rsa(1).public_pem().unwrap();

    // A bare key on E that says it belongs to Vera.
    let mut mallory = vera.clone();
    mallory.signer.key = rsa(1);
    mallory.signer.key_id = evil.url("/key");
    evil.serve("/key", json!({ "id": evil.url("/key"), "type": "Key", "owner": vera.id, "publicKeyPem": pem }));
    assert_eq!(mallory.deliver(&node, &like(&vera)).await.status, 401);

    // An actor document on E with an id on V.
    let mut forged = victim.person("vera", &rsa(0).public_pem().unwrap());
    forged["publicKey"] = json!({ "id": evil.url("/users/vera#main-key"), "owner": vera.id, "publicKeyPem": pem });
    evil.serve("/users/vera", forged.clone());
    mallory.signer.key_id = evil.url("/users/vera#main-key");
    assert_eq!(mallory.deliver(&node, &like(&vera)).await.status, 401);

    // The key is on Vera's own server, and her document does not list it.
    victim.serve("/stray", json!({ "id": victim.url("/stray"), "type": "Key", "owner": vera.id, "publicKeyPem": pem }));
    mallory.signer.key_id = victim.url("/stray");
    assert_eq!(mallory.deliver(&node, &like(&vera)).await.status, 401);

    // A listed key that names another owner.
    let mut odd = evil.person("odd", &pem);
    odd["publicKey"]["owner"] = json!(vera.id);
    evil.serve("/users/odd", odd);
    let mut odd = Sender::new(&evil, "other");
    (odd.id, odd.signer.key_id, odd.signer.key) = (evil.url("/users/odd"), evil.url("/users/odd#main-key"), rsa(1));
    assert_eq!(odd.deliver(&node, &like(&odd)).await.status, 401);

    assert_eq!((taken(&node).await, strangers(&node).await), (0, 0), "nothing is cached under anybody");
    vera.delivers(&node, &like(&vera)).await;
}

#[tokio::test]
async fn sec_sig_15_26_one_signature_in_one_place() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    let letter = ada.letter(&node, "/inbox", &like(&ada));
    let signature = letter.clone().header("signature").clone();
    let mut twice = letter.clone();
    twice.headers.push(("signature".into(), signature.clone()));
    assert_eq!(twice.send(&node).await.status, 401);
    let mut beside = letter.clone();
    beside.headers.push(("authorization".into(), format!("Signature {signature}")));
    assert_eq!(beside.send(&node).await.status, 401);
    let mut said_twice = letter.clone();
    said_twice.header("signature").push_str(",keyId=\"https://other.example/k\"");
    assert_eq!(said_twice.send(&node).await.status, 401);
    let mut both = letter.clone();
    let mut modern = Sender { scheme: Scheme::Rfc9421, ..ada.clone() }.letter(&node, "/inbox", &like(&ada));
    both.headers.push(("signature-input".into(), modern.header("signature-input").clone()));
    assert_eq!(both.send(&node).await.status, 401);
    assert_eq!(letter.send(&node).await.status, 202);
}

#[tokio::test]
async fn sec_sig_19_who_is_suspended_is_refused_without_a_fetch() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    let id = ada.id.clone();
    node.app
        .write(move |tx| {
            Sql::new("update accounts set suspended_at = ").bind(tx.now).with(" where uri = ", id).execute(tx.conn)
        })
        .await
        .unwrap();
    peer.forget();
    assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 403);
    // Also under a key that is not known yet.
    let mut other_key = ada.clone();
    other_key.signer.key_id = format!("{}#second-key", ada.id);
    assert_eq!(other_key.deliver(&node, &like(&ada)).await.status, 403);
    assert_eq!((taken(&node).await, peer.received().len()), (1, 0));
    // A signed read of theirs is refused as well.
    local(&node, "bo").await;
    node.clock.advance(60_000);
    assert_eq!(ada.reading(&node, "/users/bo").send(&node).await.status, 403);
}

#[tokio::test]
async fn fed_sigin_22_a_blocked_domain_is_refused_without_a_fetch() {
    let peer = Peer::start("sub.blocked").await;
    let node = NodeBuilder::new("alpha")
        .await
        .knows(&peer.authority)
        .config(|c| c.federation.blocked.push("blocked.test".into()))
        .start()
        .await;
    let bob = Sender::new(&peer, "bob");
    assert_eq!(bob.deliver(&node, &like(&bob)).await.status, 403, "a block of the parent domain");
    assert!(peer.received().is_empty());
}

#[tokio::test]
async fn fed_sigin_04_nothing_that_an_unproven_body_names_is_fetched() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    peer.forget();
    let mut mallory = ada.clone();
    mallory.signer.key = rsa(1);
    for kind in ["Announce", "Create", "Follow", "Move"] {
        let reply = mallory.deliver(&node, &ada.activity(kind, peer.url("/posts/1"))).await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (401, Some("signature")));
    }
    node.settle().await;
    let asked = peer.received();
    assert_eq!(asked.len(), reads(&peer, "/users/ada"), "the key's own address at most");
    assert_eq!(taken(&node).await, 1);
}

#[tokio::test]
async fn fed_sigin_05_a_signature_that_does_not_fit_is_tried_with_the_key_as_it_is_now() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    peer.person("ada", &rsa(2).public_pem().unwrap());
    let mut rotated = ada.clone();
    rotated.signer.key = rsa(2);
    rotated.scheme = Scheme::Rfc9421;
    rotated.delivers(&node, &like(&ada)).await;
}

#[tokio::test]
async fn fed_sigin_13_a_key_that_another_process_replaced_is_read_from_the_database() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    let mut mallory = ada.clone();
    mallory.signer.key = rsa(1);
    assert_eq!(mallory.deliver(&node, &like(&ada)).await.status, 401);
    peer.forget();
    let (id, key) = (ada.id.clone(), rsa(3).public().unwrap().stored().to_vec());
    node.app
        .write(move |tx| {
            Sql::new("update accounts set public_key = ").bind(key).with(" where uri = ", id).execute(tx.conn)
        })
        .await
        .unwrap();
    assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 401, "the old key");
    let mut rotated = ada.clone();
    rotated.signer.key = rsa(3);
    rotated.delivers(&node, &like(&ada)).await;
    assert!(peer.received().is_empty(), "the peer was asked again less than five minutes ago");
    assert_eq!(taken(&node).await, 2);
}

#[tokio::test]
async fn fed_sigin_12_the_actor_may_be_an_object_or_a_list_of_one() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    for actor in [json!({ "id": ada.id, "type": "Person" }), json!([ada.id]), json!([{ "id": ada.id }])] {
        let mut activity = like(&ada);
        activity["actor"] = actor;
        ada.delivers(&node, &activity).await;
    }
    assert_eq!(taken(&node).await, 3);
    let mut two = like(&ada);
    two["actor"] = json!([ada.id, "https://other.example/users/x"]);
    assert_eq!(ada.deliver(&node, &two).await.status, 400);
}

#[tokio::test]
async fn fed_sigin_24_what_depends_on_the_signature_is_kept_by_nobody() {
    let (node, peer) = pair().await;
    node.member("bo").await;
    let ada = Sender::new(&peer, "ada");
    for scheme in [Scheme::Cavage, Scheme::Rfc9421] {
        let reader = Sender { scheme, ..ada.clone() };
        let reply = reader.reading(&node, "/users/bo").send(&node).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert!(reply.header("vary").contains("Accept") && reply.header("vary").contains("Signature"));
        assert!(
            reply.header("cache-control").contains("private") || reply.header("cache-control").contains("no-store")
        );
        let mut bad = reader.clone();
        bad.signer.key = rsa(1);
        assert_eq!(
            bad.reading(&node, "/users/bo").send(&node).await.status,
            401,
            "a bad signature is not taken for none"
        );
    }
}

#[tokio::test]
async fn sec_sig_22_fed_fetch_11_a_linked_data_signature_proves_nothing() {
    let (node, peer) = pair().await;
    let (ada, eve) = (Sender::new(&peer, "ada"), Sender::new(&peer, "eve"));
    let mut forwarded = like(&ada);
    forwarded["signature"] = json!({
        "type": "RsaSignature2017",
        "creator": format!("{}#main-key", ada.id),
        "created": "2026-11-23T12:00:00Z",
        "signatureValue": "AAAA",
    });
    assert_eq!(eve.deliver(&node, &forwarded).await.status, 401);
    assert_eq!(taken(&node).await, 0);
    ada.delivers(&node, &forwarded).await;
}

#[tokio::test]
async fn sec_sig_23_fed_sigin_13_a_rotated_key_is_accepted_after_one_refetch_and_the_old_one_dies() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    ada.delivers(&node, &like(&ada)).await;
    peer.person("ada", &rsa(3).public_pem().unwrap());
    let mut rotated = ada.clone();
    rotated.signer.key = rsa(3);
    peer.forget();
    rotated.delivers(&node, &like(&ada)).await;
    rotated.delivers(&node, &like(&ada)).await;
    assert_eq!(reads(&peer, "/users/ada"), 1);
    assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 401, "the old key");
    assert_eq!(taken(&node).await, 3);
}

#[tokio::test]
async fn sec_sig_24_made_up_keys_cost_little() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    for bad in ["http://127.0.0.1/key", "http://10.0.0.1/key", "file:///etc/passwd", "http://[::1]/k", "gopher://x/"] {
        let mut eve = ada.clone();
        eve.signer.key_id = bad.into();
        let status = eve.deliver(&node, &like(&ada)).await.status;
        assert!(matches!(status, 401 | 403), "{bad}: {status}");
    }
    let mut eve = ada.clone();
    eve.signer.key_id = format!("{}?{}", ada.id, "x".repeat(3_000));
    assert_eq!(eve.deliver(&node, &like(&ada)).await.status, 401);
    assert!(peer.received().is_empty());
    for number in 0..100 {
        let mut eve = ada.clone();
        eve.signer.key_id = peer.url(&format!("/made/up/{number}"));
        let status = eve.deliver(&node, &like(&ada)).await.status;
        assert!(matches!(status, 401 | 503), "{status}");
    }
    assert!(peer.received().len() <= 60, "{}", peer.received().len());
    // The host is not silenced by that: it is asked again a little later.
    node.clock.advance(60_000);
    ada.delivers(&node, &like(&ada)).await;
}

#[test]
fn sec_sig_27_private_keys_never_meet_pure_rust_rsa() {
    fn look(folder: &std::path::Path) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                look(&entry.path());
            } else if entry.path().extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(entry.path()).unwrap();
                assert!(!text.contains("rsa::RsaPrivateKey") && !text.contains("use rsa::"), "{:?}", entry.path());
                assert!(!text.contains("activitypub_federation::http_signatures"), "{:?}", entry.path());
            }
        }
    }
    look(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
}

#[tokio::test]
async fn fed_sigin_01_02_03_30_both_formats_and_both_kinds_of_keys_are_understood() {
    let (node, peer) = pair().await;
    let ed = PrivateKey::generate_ed25519().unwrap();
    let mut document = peer.person("ada", &rsa(0).public_pem().unwrap());
    let id = document["id"].as_str().unwrap().to_owned();
    document["assertionMethod"] = json!([{
        "id": format!("{id}#ed25519-key"), "type": "Multikey", "controller": id, "publicKeyMultibase": ed.public_multikey(),
    }]);
    peer.serve("/users/ada", document.clone());
    let ada = Sender::new(&peer, "ada");
    peer.serve("/users/ada", document);
    let mut modern = ada.clone();
    (modern.signer.key, modern.signer.key_id) = (ed, format!("{id}#ed25519-key"));
    for scheme in [Scheme::Cavage, Scheme::Rfc9421] {
        for mut sender in [ada.clone(), modern.clone()] {
            sender.scheme = scheme;
            sender.delivers(&node, &like(&sender)).await;
        }
    }
    assert_eq!(taken(&node).await, 4);
}

#[tokio::test]
async fn fed_sigin_08_less_than_the_minimum_cover_is_401() {
    let (node, peer) = pair().await;
    let ada = Sender::new(&peer, "ada");
    for part in ["(request-target) ", " host", " date", " digest"] {
        let mut letter = ada.letter(&node, "/inbox", &like(&ada));
        *letter.header("signature") = letter.header("signature").replace(part, "");
        assert_eq!(letter.send(&node).await.status, 401, "{part}");
    }
    // The host may be signed without our port.
    let host = node.domain.split(':').next().unwrap().to_owned();
    let body = like(&ada).to_string();
    let digest = format!("SHA-256={}", watercooler::crypto::base64(&watercooler::crypto::sha256(body.as_bytes())));
    let date = node.clock.now().http_date();
    let base = format!("(request-target): post /inbox\nhost: {host}\ndate: {date}\ndigest: {digest}");
    let signature = watercooler::crypto::base64(&ada.signer.key.sign(base.as_bytes()).unwrap());
    let mut letter = ada.letter_of(&node, "/inbox", body.into_bytes());
    (*letter.header("digest"), *letter.header("date")) = (digest, date);
    *letter.header("signature") = format!(
        "keyId=\"{}\",headers=\"(request-target) host date digest\",signature=\"{signature}\"",
        ada.signer.key_id
    );
    assert_eq!(letter.send(&node).await.status, 202);
    letter.headers.push(("host".into(), host));
    assert_eq!(letter.send(&node).await.status, 202);
}

#[tokio::test]
async fn fed_sigin_18_19_a_key_may_have_a_document_of_its_own() {
    let (node, peer) = pair().await;
    // As GoToSocial does: a stub of the actor at the key's path.
    let pem = rsa(0).public_pem().unwrap();
    let mut document = peer.person("ada", &pem);
    let id = document["id"].as_str().unwrap().to_owned();
    let key = json!({ "id": format!("{id}/main-key"), "owner": id, "publicKeyPem": pem });
    document["publicKey"] = key.clone();
    peer.serve("/users/ada", document);
    peer.serve(
        "/users/ada/main-key",
        json!({ "id": id, "type": "Person", "preferredUsername": "ada", "publicKey": key }),
    );
    let mut ada = Sender::new(&peer, "zoe");
    (ada.id, ada.signer.key_id) = (id.clone(), format!("{id}/main-key"));
    ada.delivers(&node, &like(&ada)).await;

    // A bare key, in a list of several, as PKCS#1.
    let mut document = peer.person("bea", &pem);
    let id = document["id"].as_str().unwrap().to_owned();
    let key = json!({ "id": peer.url("/keys/7"), "type": "Key", "owner": id, "publicKeyPem": pem });
    document["publicKey"] =
        json!([{ "id": format!("{id}#old"), "owner": id, "publicKeyPem": rsa(1).public_pem().unwrap() }, key]);
    peer.serve("/users/bea", document);
    peer.serve("/keys/7", key);
    let mut bea = Sender::new(&peer, "zoe");
    (bea.id, bea.signer.key_id) = (id.clone(), peer.url("/keys/7"));
    bea.delivers(&node, &like(&bea)).await;
    bea.delivers(&node, &like(&bea)).await;
    assert_eq!(taken(&node).await, 3);
}

#[tokio::test]
async fn fed_sigin_20_small_keys_are_refused_and_at_most_ten_are_looked_at() {
    let (node, peer) = pair().await;
    let mut document = peer.person("ada", &rsa(0).public_pem().unwrap());
    let id = document["id"].as_str().unwrap().to_owned();
    let key =
        |n: usize| json!({ "id": format!("{id}#key-{n}"), "owner": id, "publicKeyPem": rsa(0).public_pem().unwrap() });
    document["publicKey"] = (0..12).map(key).collect();
    peer.serve("/users/ada", document);
    let mut ada = Sender::new(&peer, "zoe");
    ada.id = id.clone();
    ada.signer.key_id = format!("{id}#key-9");
    ada.delivers(&node, &like(&ada)).await;
    ada.signer.key_id = format!("{id}#key-11");
    assert_eq!(ada.deliver(&node, &like(&ada)).await.status, 401);
}
