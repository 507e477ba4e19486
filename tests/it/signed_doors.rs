//! Section 1 of the security checklist as a table: every door that takes a signature, as the router itself tells which there
//! are, and everything that proves nothing, in both formats. Nothing of it is believed anywhere, and an honest letter is.

use crate::{
    inbox::taken,
    organisation::{next, three},
    support::{
        Letter, Node, NodeBuilder, Peer, Sender,
        organisation::{alone, charter_of, found, letter_by},
        rsa,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use watercooler::{
    crypto::PrivateKey,
    federation::{
        inbox::DOORS,
        own_keys,
        signatures::{Scheme, Signer},
    },
    time::Clock,
};

/// Doors for deliveries, and those for the nodes of an organisation.
fn takes_deliveries(path: &str) -> bool {
    path.ends_with("/inbox") || path.starts_with("/charter")
}

/// Documents that depend on who reads them.
fn is_read_signed(path: &str) -> bool {
    ["/users/", "/activities/", "/charter/directory"].iter().any(|start| path.starts_with(start))
}

/// Every path that the router answers this method for, as it tells itself.
fn routes(node: &Node, method: &str) -> BTreeSet<String> {
    let told = format!("{:?}", watercooler::server::outer(&node.app, watercooler::node::routes_behind(&node.app)));
    let (mut found, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for part in told.split("RouteId(").skip(1) {
        let Some((number, rest)) = part.split_once(')') else { continue };
        let rest = rest.trim_start_matches(": ");
        if let Some(methods) = rest.strip_prefix("MethodRouter(MethodRouter { ") {
            let handler = methods.split(&format!("{method}: ")).nth(1);
            if handler.is_some_and(|handler| !handler.starts_with("None")) {
                numbers.insert(number.to_owned());
            }
        } else if let Some(path) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next())
            && numbers.contains(number)
        {
            found.insert(path.to_owned());
        }
    }
    found
}

/// A letter with this in place of that in one of its headers, which must be there.
fn with(letter: &Letter, header: &str, old: &str, new: &str) -> Letter {
    let mut letter = letter.clone();
    let value = letter.header(header);
    assert!(value.contains(old), "{header}: {value}");
    *value = value.replace(old, new);
    letter
}

fn beside(letter: &Letter, header: &str, value: &str) -> Letter {
    let mut letter = letter.clone();
    letter.headers.push((header.to_owned(), value.to_owned()));
    letter
}

/// What proves nothing, of an honest letter.
fn spoiled(letter: &Letter, scheme: Scheme) -> Vec<(&'static str, Letter)> {
    let signature = letter.headers.iter().find(|(name, _)| name == "signature").unwrap().1.clone();
    let set = |header: &str, value: &str| {
        let mut letter = letter.clone();
        *letter.header(header) = value.to_owned();
        letter
    };
    let mut all = vec![
        ("SIG-01 unsigned", letter.clone().without("signature")),
        ("SIG-02 empty", set("signature", "")),
        ("SIG-02 garbage", set("signature", "\"\\,=;(")),
        ("SIG-10 for another host", beside(letter, "host", "elsewhere.example")),
        ("SIG-15 twice", beside(letter, "signature", &signature)),
        ("SIG-15 in two places", beside(letter, "authorization", &format!("Signature {signature},x=\"y\""))),
    ];
    if !letter.body.is_empty() {
        let mut other = letter.clone();
        other.body.push(b' ');
        all.push(("SIG-06 another body", other));
    }
    match scheme {
        Scheme::Cavage => {
            all.push(("SIG-09 no target", with(letter, "signature", "(request-target) ", "")));
            all.push(("SIG-10 no host", with(letter, "signature", " host", "")));
            all.push(("SIG-11 no date", with(letter, "signature", " date", "")));
            all.push(("SIG-12 another algorithm", with(letter, "signature", "rsa-sha256", "hmac-sha256")));
            if !letter.body.is_empty() {
                all.push(("SIG-07 no digest", letter.clone().without("digest")));
                all.push(("SIG-08 digest not covered", with(letter, "signature", " digest", "")));
            }
        }
        Scheme::Rfc9421 => {
            all.push(("SIG-01 no input", letter.clone().without("signature-input")));
            all.push(("SIG-09 no method", with(letter, "signature-input", "\"@method\" ", "")));
            all.push(("SIG-09 no target", with(letter, "signature-input", "\"@target-uri\"", "\"@scheme\"")));
            all.push(("SIG-11 no time", with(letter, "signature-input", ";created=", ";nonce=")));
            if !letter.body.is_empty() {
                all.push(("SIG-07 no digest", letter.clone().without("content-digest")));
                all.push(("SIG-08 digest not covered", with(letter, "signature-input", "\"content-digest\" ", "")));
            }
        }
    }
    all
}

/// The parts of a path in braces, filled in.
fn filled(path: &str, post: &str) -> String {
    let part = |part: &str| match part {
        "{name}" => "bob".to_owned(),
        part if part.starts_with('{') => post.to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn sec_sig_01_02_06_07_08_09_10_11_12_15_at_every_door_that_takes_deliveries_only_what_is_proven_counts() {
    let peer = Peer::start("remote").await;
    let node = NodeBuilder::new("alpha").await.knows(&peer.authority).start().await;
    node.member("bob").await;
    let doors: BTreeSet<String> = routes(&node, "post").into_iter().filter(|path| takes_deliveries(path)).collect();
    assert!(DOORS.iter().all(|door| doors.contains(*door)) && doors.len() >= DOORS.len() + 5, "{doors:?}");
    let (mut ada, mallory) = (Sender::new(&peer, "ada"), Sender::new(&peer, "mallory"));
    let mut honest = 0;
    for scheme in [Scheme::Cavage, Scheme::Rfc9421] {
        ada.scheme = scheme;
        for door in &doors {
            let path = filled(door, "1");
            let say = || ada.activity("Like", "https://elsewhere.example/posts/1");
            let letter = ada.letter(&node, &path, &say());
            let mut wrong = spoiled(&letter, scheme);
            let mut other_key = ada.clone();
            other_key.signer.key = rsa(1);
            wrong.push(("SIG-03 another key", other_key.letter(&node, &path, &say())));
            wrong.push(("SIG-13 somebody else", mallory.letter(&node, &path, &say())));
            let mut elsewhere = ada.letter(&node, if door == "/inbox" { "/actor/inbox" } else { "/inbox" }, &say());
            elsewhere.path = path.clone();
            wrong.push(("SIG-17 for another door", elsewhere));
            for (what, letter) in wrong {
                let reply = letter.send(&node).await;
                assert!(
                    (400..500).contains(&reply.status),
                    "{door} {scheme:?} {what}: {} {}",
                    reply.status,
                    reply.text
                );
                if DOORS.contains(&door.as_str()) {
                    assert!(
                        matches!(reply.status, 401 | 421),
                        "{door} {scheme:?} {what}: {} {}",
                        reply.status,
                        reply.text
                    );
                }
            }
            assert_eq!(taken(&node).await, honest, "{door} {scheme:?}");
            let old = letter.send(&node).await;
            if DOORS.contains(&door.as_str()) {
                assert_eq!(old.status, 202, "{door} {scheme:?}: {}", old.text);
                honest += 1;
            } else {
                assert!(old.status >= 400, "{door}: a stranger is nobody there");
            }
            assert_eq!(taken(&node).await, honest, "{door} {scheme:?}");
        }
    }
    // SIG-04, the only one that takes time.
    let letters: Vec<Letter> = DOORS
        .iter()
        .map(|door| ada.letter(&node, &filled(door, "1"), &ada.activity("Like", "https://elsewhere.example/posts/2")))
        .collect();
    node.clock.advance(3_601_000);
    for letter in letters {
        assert_eq!(letter.send(&node).await.status, 401, "{}", letter.path);
    }
    assert_eq!(taken(&node).await, honest);
}

#[tokio::test]
async fn fed_sigin_23_at_no_door_is_a_read_with_a_wrong_signature_taken_for_one_without() {
    let clock = Clock::fixed(crate::support::NOW);
    let node = alone("hq", &clock).await;
    found(&node).await;
    let bob = node.member("bob").await;
    let post = bob.post("/api/v1/statuses", json!({"status": "hello"})).await.ok()["id"].as_str().unwrap().to_owned();
    let peer = Peer::start("remote").await;
    let ada = Sender::new(&peer, "ada");
    let doors: BTreeSet<String> = routes(&node, "get").into_iter().filter(|path| is_read_signed(path)).collect();
    assert!(doors.len() >= 20 && doors.contains("/users/{name}/statuses/{id}"), "{doors:?}");
    for door in &doors {
        let path = filled(door, &post);
        for scheme in [Scheme::Cavage, Scheme::Rfc9421] {
            let ada = Sender { scheme, ..ada.clone() };
            for (what, letter) in spoiled(&ada.reading(&node, &path), scheme) {
                if what.starts_with("SIG-01 unsigned") {
                    continue;
                }
                let reply = letter.send(&node).await;
                assert!(
                    (400..500).contains(&reply.status),
                    "{path} {scheme:?} {what}: {} {}",
                    reply.status,
                    reply.text
                );
            }
        }
    }
}

/// What a door of the charter is asked with.
fn asked(path: &str, document: &Value) -> Value {
    match path {
        "/charter" => document.clone(),
        "/charter/aliases" => json!({ "word": "tin", "means": "metal" }),
        "/charter/stored" => json!({ "posts": [] }),
        _ => json!({}),
    }
}

#[tokio::test]
async fn sec_sig_01_02_03_04_06_07_08_09_10_11_13_15_17_no_spoiled_letter_of_a_member_counts_at_the_doors_of_the_charter()
 {
    let (hq, lyon, oslo, key) = three().await;
    let document = next(&hq, &key, |charter| charter.name = "Another".into()).await;
    let own = own_keys::node_signer(&lyon.app).await.unwrap();
    let of_oslo = own_keys::node_signer(&oslo.app).await.unwrap().key.clone();
    let thief = Signer { key_id: own.key_id.clone(), key: PrivateKey::generate_ed25519().unwrap() };
    let other = Signer { key_id: own.key_id.clone(), key: of_oslo };
    let mut doors: Vec<(&str, String)> = Vec::new();
    for (method, name) in [("GET", "get"), ("POST", "post")] {
        let found = routes(&hq, name).into_iter();
        // That one tells everybody who it is.
        doors.extend(found.filter(|p| p.starts_with("/charter") && p != "/charter/hello").map(|path| (method, path)));
    }
    assert!(doors.len() >= 14, "{doors:?}");
    let before = charter_of(&hq).await.hash;
    let mut old = Vec::new();
    for (method, path) in &doors {
        let body = (*method == "POST").then(|| asked(path, &document));
        let by = |signer: &Signer, to: &Node| letter_by(signer, &lyon, to, method, path, body.as_ref());
        let letter = by(&own, &hq);
        let mut wrong = spoiled(&letter, Scheme::Rfc9421);
        wrong.push(("SIG-03 another key", by(&thief, &hq)));
        wrong.push(("SIG-13 the key of another member", by(&other, &hq)));
        wrong.push(("SIG-17 for another node", by(&own, &oslo)));
        let mut elsewhere = letter_by(&own, &lyon, &hq, method, "/charter/hello", body.as_ref());
        elsewhere.path = path.clone();
        wrong.push(("SIG-17 for another door", elsewhere));
        for (what, letter) in wrong {
            let reply = letter.send(&hq).await;
            assert!((400..500).contains(&reply.status), "{method} {path} {what}: {} {}", reply.status, reply.text);
        }
        assert_eq!(charter_of(&hq).await.hash, before, "{method} {path}");
        old.push(letter);
    }
    // SIG-04: the honest ones, an hour too late.
    hq.clock.advance(3_601_000);
    for letter in old {
        let reply = letter.send(&hq).await;
        assert!((400..500).contains(&reply.status), "{}: {} {}", letter.path, reply.status, reply.text);
    }
    assert_eq!(charter_of(&hq).await.hash, before);
    // In time they count, and the same once more changes nothing. Whoever left is nobody any more: that comes last.
    doors.retain(|(_, path)| path != "/charter/join");
    doors.sort_by_key(|(_, path)| path == "/charter/leave");
    for (method, path) in &doors {
        let body = (*method == "POST").then(|| asked(path, &document));
        let letter = letter_by(&own, &lyon, &hq, method, path, body.as_ref());
        let reply = letter.send(&hq).await;
        let proven = reply.status != 401 && !reply.text.contains("\"stranger\"");
        assert!(proven, "{method} {path}: {} {}", reply.status, reply.text);
        let after = charter_of(&hq).await.hash;
        letter.send(&hq).await;
        assert_eq!(charter_of(&hq).await.hash, after, "{method} {path} again");
    }
    let charter = charter_of(&hq).await.charter;
    assert_eq!((charter.name.as_str(), charter.node(&lyon.domain).is_none()), ("Another", true));
}
