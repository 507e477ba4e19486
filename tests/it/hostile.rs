//! Forged documents that other programs keep to test themselves (`../shared/federation/inbound/hostile`, where that is there):
//! each is refused, or made harmless, for what is wrong with it. Their servers are played by those of the tests.

use crate::{
    interactions::boost,
    support::{PUBLIC, Peer, Scene, Sender, rsa},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

/// Each file, and what is wrong with it.
const FILES: [(&str, &str); 6] = [
    ("bogus-mastodon-announce.json", "a boost with a post of another server inside"),
    ("recorded-webfinger-hacker2.json", "WebFinger that answers for somebody on another server, and names no actor"),
    ("recorded-webfinger-hacker3.json", "the same, behind it"),
    ("spoofed-object.json", "a post that somebody uploaded as a file to the server of whom it claims"),
    ("webfinger-imposter-webfinger.json", "WebFinger that names an actor as somebody of another server"),
    ("webfinger_spoof.json", "the same, with an alias on a third one"),
];

/// The document, with these servers of the tests in place of the real ones. None where the folder is absent.
fn document(name: &str, servers: &[(&str, &Peer)]) -> Option<Value> {
    assert!(FILES.iter().any(|(known, _)| *known == name), "{name}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/federation/inbound/hostile").join(name);
    let Ok(mut text) = fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not here", path.display());
        return None;
    };
    for (real, peer) in servers {
        for scheme in ["https", "http"] {
            text = text.replace(&format!("{scheme}://{real}/"), &peer.url("/"));
        }
        text = text.replace(&format!("@{real}\""), &format!("@{}\"", peer.authority));
    }
    Some(serde_json::from_str(&text).unwrap())
}

fn finger(peer: &Peer, name: &str, answer: &Value) {
    let resource = format!("acct:{name}@{}", peer.authority);
    let query: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("resource", &resource).finish();
    let path = format!("/.well-known/webfinger?{query}");
    peer.serve_as(&path, 200, "application/jrd+json", answer.to_string());
}

/// What bob finds for this.
async fn found(s: &Scene, kind: &str, words: &str) -> Vec<Value> {
    let words: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
    let reply = s.bob.get(&format!("/api/v2/search?resolve=true&type={kind}&q={words}")).await.ok();
    reply[kind].as_array().unwrap().clone()
}

async fn handles(s: &Scene) -> Vec<String> {
    let sql = "select a.handle from accounts a where a.domain is not null";
    s.node.app.read(move |conn| watercooler::db::Sql::new(sql).load_texts(conn)).await.unwrap()
}

#[test]
fn every_hostile_document_is_spoken_of() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/federation/inbound/hostile");
    let Ok(entries) = fs::read_dir(&folder) else { return eprintln!("skipped: {} is not here", folder.display()) };
    let there: BTreeSet<String> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(there, FILES.iter().map(|(name, _)| (*name).to_owned()).collect());
}

#[tokio::test]
async fn sec_aut_19_nobody_gets_a_name_on_another_server_by_a_webfinger_of_their_own() {
    for (name, path, real) in [
        ("webfinger-imposter-webfinger.json", "/webfingertest", "notwhereitshouldbe.com"),
        ("webfinger_spoof.json", "/users/meanie", "notwhereitshouldbe.org"),
    ] {
        let s = Scene::new().await;
        let (evil, victim) = (&s.east, &s.west);
        let Some(jrd) = document(name, &[("bad.com", evil), (real, victim)]) else { return };
        assert_eq!(jrd["subject"], format!("acct:oopsie@{}", victim.authority), "{name}");
        let mut actor = evil.person("meanie", &rsa(1).public_pem().unwrap());
        actor["id"] = json!(evil.url(path));
        evil.serve(path, actor);
        finger(evil, "meanie", &jrd);
        // Asked by name, by address, and as whom it claims to be: first there is no such person, then there is one.
        let meanie = format!("@meanie@{}", evil.authority);
        let oopsie = format!("@oopsie@{}", victim.authority);
        for words in [meanie.clone(), evil.url(path), oopsie.clone()] {
            for account in found(&s, "accounts", &words).await {
                assert_eq!(account["acct"], meanie[1..], "{name}: {words}");
            }
        }
        let all = handles(&s).await;
        assert!(all.iter().all(|handle| !handle.contains("oopsie")), "{name}: {all:?}");
        s.node.clock.advance(600_000);
        Sender::new(victim, "oopsie");
        for words in [meanie.clone(), evil.url(path), oopsie.clone()] {
            for account in found(&s, "accounts", &words).await {
                let is_victim = account["acct"] == oopsie[1..];
                let is_theirs = account["url"] == victim.url("/@oopsie");
                assert_eq!(is_victim, is_theirs, "{name}: {words}: {account}");
                assert_eq!(is_victim, words == oopsie, "{name}: {words}: {account}");
            }
        }
        assert_eq!(found(&s, "accounts", &oopsie).await.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn sec_aut_19_a_webfinger_that_answers_for_another_server_and_names_no_actor_finds_nobody() {
    for (name, real) in
        [("recorded-webfinger-hacker2.json", "quitter.no"), ("recorded-webfinger-hacker3.json", "kickass.zone")]
    {
        let s = Scene::new().await;
        let (evil, victim) = (&s.east, &s.west);
        let Some(jrd) = document(name, &[(real, victim)]) else { return };
        let subject = jrd["subject"].as_str().unwrap().trim_start_matches("acct:").to_owned();
        let (user, domain) = subject.split_once('@').unwrap();
        assert_eq!(domain, victim.authority, "{name}");
        // There they say the same, as the recorded ones do.
        finger(evil, "hacker", &jrd);
        finger(victim, user, &jrd);
        let before = handles(&s).await;
        for words in [format!("@hacker@{}", evil.authority), format!("@{subject}")] {
            assert!(found(&s, "accounts", &words).await.is_empty(), "{name}: {words}");
        }
        assert_eq!(handles(&s).await, before, "{name}");
    }
}

#[tokio::test]
async fn sec_aut_03_what_stands_inside_of_a_boost_is_asked_for_where_it_is_from() {
    let s = Scene::new().await;
    let servers = [("mastodon.example.org", &s.east), ("mastodon.social", &s.west)];
    let Some(mut announce) = document("bogus-mastodon-announce.json", &servers) else { return };
    let (admin, emelie) = (Sender::new(&s.east, "admin"), Sender::new(&s.west, "emelie"));
    s.meet(&admin).await;
    s.follows(&s.bob, &admin).await;
    let object = announce["object"]["id"].as_str().unwrap().to_owned();
    assert_eq!((announce["actor"].as_str(), object.starts_with(&emelie.id)), (Some(admin.id.as_str()), true));
    // Her server knows nothing of it.
    assert!(matches!(s.sends(&admin, &announce).await, 202 | 401 | 403));
    assert!(s.post(&object).await.is_none());
    assert!(s.home(&s.bob).await.is_empty());
    // Or it is another one.
    s.node.clock.advance(600_000);
    let path = object.strip_prefix(&s.west.url("")).unwrap();
    let mut note = announce["object"].clone();
    note["@context"] = json!("https://www.w3.org/ns/activitystreams");
    note["content"] = json!("<p>what she wrote</p>");
    s.west.serve(path, note);
    announce["id"] = json!(format!("{}/again", admin.id));
    announce["published"] = json!(s.node.clock.now().rfc3339());
    s.sends(&admin, &announce).await;
    let post = s.post(&object).await.expect("her own server shows it");
    assert!(post.content.contains("what she wrote") && !post.content.contains("public toot"), "{}", post.content);
}

#[tokio::test]
async fn sec_aut_02_22_23_a_post_that_somebody_uploaded_as_a_file_is_nobodys() {
    let s = Scene::new().await;
    let Some(note) = document("spoofed-object.json", &[("patch.cx", &s.west)]) else { return };
    let rin = Sender::new(&s.west, "rin");
    let id = note["id"].as_str().unwrap().to_owned();
    assert_eq!((note["attributedTo"].as_str(), id.starts_with(&s.west.url("/"))), (Some(rin.id.as_str()), true));
    // An upload has the type of a file; where it had the right one it would not be at its own address; nor is it elsewhere.
    s.west.serve_as("/media/a.json", 200, "application/json", note.to_string());
    s.west.serve_as("/media/b.json", 200, "text/plain", note.to_string());
    s.west.serve("/media/c.json", note.clone());
    s.east.serve("/objects/spoof", note.clone());
    s.east.redirect("/redirected", &s.west.url("/media/c.json"));
    for address in [
        s.west.url("/media/a.json"),
        s.west.url("/media/b.json"),
        s.west.url("/media/c.json"),
        s.east.url("/objects/spoof"),
        s.east.url("/redirected"),
    ] {
        assert!(found(&s, "statuses", &address).await.is_empty(), "{address}");
        assert!(s.post(&id).await.is_none(), "{address}");
    }
    // Whoever is followed here may bring it as well, as new or as changed, and boost the file.
    for kind in ["Create", "Update"] {
        let mut activity = s.ada.activity(kind, note.clone());
        activity["to"] = json!([PUBLIC]);
        s.sends(&s.ada, &activity).await;
        assert!(s.post(&id).await.is_none(), "{kind}");
    }
    for address in [id.clone(), s.west.url("/media/c.json")] {
        s.sends(&s.ada, &boost(&s.ada, address.as_str())).await;
        assert!(s.post(&id).await.is_none(), "{address}");
    }
    assert!(s.home(&s.bob).await.is_empty());
}
