//! kill -9: what was acknowledged is there afterwards, once (security checklist, section 10). The program itself, under
//! load, killed at many moments and started again.

use crate::{
    cli::{Place, Server},
    support::{Peer, rsa},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};
use watercooler::{
    crypto,
    federation::signatures::{Content, Scheme, Signer, sign::sign},
    time::Clock,
};

/// Rounds of killing; each takes a fraction of a second.
const ROUNDS: u64 = 20;

/// When to kill in round `n`: different moments, the same in every run.
fn moment(n: u64) -> Duration {
    Duration::from_millis(15 + n * 53 % 190)
}

/// The client needs a cryptography provider even for plain http; no node of this process has installed one.
fn provider() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

pub struct Api {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Api {
    pub fn new(server: &Server, token: &str) -> Self {
        provider();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Self { http, base: format!("http://{}", server.address), token: token.to_owned() }
    }
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method.parse().unwrap(), format!("{}{path}", self.base))
            .header("host", "localhost:1")
            .bearer_auth(&self.token)
    }
    /// Posts with a key; `None` when the server died before it answered.
    pub async fn post(&self, text: &str) -> Option<String> {
        let request = self.request("POST", "/api/v1/statuses").header("idempotency-key", text);
        let response = request.json(&json!({ "status": text })).send().await.ok()?;
        let status = response.status();
        let answer: Value = response.json().await.ok()?;
        assert!(status.is_success(), "{status} {answer}");
        Some(answer["id"].as_str().unwrap().to_owned())
    }
    pub async fn get(&self, path: &str) -> Value {
        let response = self.request("GET", path).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().await.unwrap()
    }
}

/// A node with one person on it, without rate limits.
pub fn prepared(more: &str) -> (Place, String) {
    prepared_at(Place::new(), more)
}

/// The same at this place.
pub fn prepared_at(place: Place, more: &str) -> (Place, String) {
    place.settings(&format!("[rate_limits]\nmode = \"off\"\n{more}"));
    place.json(&["account", "create", "bob", "--email", "bob@example.org", "--json"]);
    let token = place.json(&["token", "create", "bob", "--json"])["token"].as_str().unwrap().to_owned();
    (place, token)
}

/// Waits for something that happens in the background of another process.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let mut again = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..600 {
        again.tick().await;
        if let Some(found) = look().await {
            return found;
        }
    }
    panic!("{what} never happened");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_01_every_acknowledged_post_survives_a_kill_once() {
    let (place, token) = prepared("");
    let acknowledged: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    for round in 0..ROUNDS {
        let mut server = place.serve();
        let mut writers = Vec::new();
        for writer in 0..4 {
            let (api, done) = (Api::new(&server, &token), acknowledged.clone());
            writers.push(tokio::spawn(async move {
                for i in 0.. {
                    let text = format!("round {round} writer {writer} post {i}");
                    let Some(id) = api.post(&text).await else { return text };
                    done.lock().unwrap().insert(text, id);
                }
                unreachable!()
            }));
        }
        tokio::time::sleep(moment(round)).await;
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        let mut cut = Vec::new();
        for writer in writers {
            cut.push(writer.await.unwrap());
        }
        let server = place.serve();
        let api = Api::new(&server, &token);
        // Sent again with the same key: the one that was written, or a new one, and from now on always that.
        for text in cut {
            let id = api.post(&text).await.unwrap();
            assert_eq!(api.post(&text).await.unwrap(), id);
            acknowledged.lock().unwrap().insert(text, id);
        }
    }
    let server = place.serve();
    let api = Api::new(&server, &token);
    let all = acknowledged.lock().unwrap().clone();
    assert!(all.len() > 40, "only {} posts", all.len());
    let mut seen = BTreeMap::new();
    let me = api.get("/api/v1/accounts/verify_credentials").await["id"].as_str().unwrap().to_owned();
    let mut max = String::new();
    loop {
        let page = api.get(&format!("/api/v1/accounts/{me}/statuses?limit=40{max}")).await;
        let page = page.as_array().unwrap();
        let Some(last) = page.last() else { break };
        max = format!("&max_id={}", last["id"].as_str().unwrap());
        for status in page {
            let html = status["content"].as_str().unwrap();
            let text = html.trim_start_matches("<p>").trim_end_matches("</p>").to_owned();
            let id = status["id"].as_str().unwrap().to_owned();
            assert!(seen.insert(text.clone(), id).is_none(), "{text} is there twice");
        }
    }
    assert_eq!(seen, all);
}

/// A node and a scripted server under `.localhost`, which the gate itself answers with loopback.
pub async fn neighbours() -> (Place, String, Peer, Signer) {
    neighbours_at(Place::new()).await
}

/// The same at this place.
pub async fn neighbours_at(place: Place) -> (Place, String, Peer, Signer) {
    let mut peer = Peer::start("far").await;
    peer.authority = peer.authority.replace(".test", ".localhost");
    let port = peer.authority.rsplit_once(':').unwrap().1.to_owned();
    let (place, token) = prepared_at(place, &neighbour(&port));
    let key = rsa(0);
    let actor = peer.person("ada", &key.public_pem().unwrap());
    let signer = Signer { key_id: format!("{}#main-key", actor["id"].as_str().unwrap()), key };
    (place, token, peer, signer)
}

/// The settings that let a node speak with the scripted server at this port.
pub fn neighbour(port: &str) -> String {
    format!(
        "[[federation.peer]]\ndomain = \"far.localhost\"\naddresses = [\"127.0.0.0/8\"]\nport = {port}\nscheme = \"http\"\n"
    )
}

/// Signs and delivers; the status, or none when the server died before it answered.
pub async fn deliver(server: &Server, signer: &Signer, body: &Value) -> Option<u16> {
    let body = body.to_string().into_bytes();
    let content = Content { media_type: "application/activity+json", sha256: crypto::sha256(&body) };
    let inbox = "http://localhost:1/inbox".parse().unwrap();
    let headers = sign(Scheme::Cavage, signer, "POST", &inbox, Some(content), Clock::real().now()).unwrap();
    provider();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http.post(format!("http://{}/inbox", server.address)).body(body);
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request = request.header("host", "localhost:1");
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send().await.ok().map(|response| response.status().as_u16())
}

pub fn follow(peer: &Peer) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": peer.url("/follows/1"),
        "type": "Follow",
        "actor": peer.url("/users/ada"),
        "object": "http://localhost:1/users/bob",
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_02_every_delivery_survives_a_kill_under_the_same_id() {
    let (place, token, peer, signer) = neighbours().await;
    let server = place.serve();
    assert_eq!(deliver(&server, &signer, &follow(&peer)).await, Some(202));
    eventually("the Accept", async || peer.inbox().iter().any(|a| a["type"] == "Accept").then_some(())).await;
    drop(server);
    let mut wanted = BTreeSet::new();
    for round in 0..6 {
        let mut server = place.serve();
        let api = Api::new(&server, &token);
        for i in 0..8 {
            if let Some(id) = api.post(&format!("round {round} post {i}")).await {
                wanted.insert(format!("http://localhost:1/users/bob/statuses/{id}/activity"));
            }
        }
        tokio::time::sleep(moment(round) / 4).await;
        server.child.kill().unwrap();
        server.child.wait().unwrap();
    }
    let _server = place.serve();
    let arrived = eventually("the last delivery", async || {
        let inbox = peer.inbox();
        let ids: BTreeSet<String> =
            inbox.iter().filter(|a| a["type"] == "Create").map(|a| a["id"].as_str().unwrap().to_owned()).collect();
        wanted.is_subset(&ids).then_some(ids)
    })
    .await;
    // A post written just before the kill may have lost its answer, never its id.
    assert!(arrived.len() <= wanted.len() + 6, "{} arrived, {} wanted", arrived.len(), wanted.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_03_every_acknowledged_activity_has_its_effect_once_after_a_kill() {
    let (place, token, peer, signer) = neighbours().await;
    let signer = Arc::new(signer);
    let mut acknowledged = BTreeSet::new();
    for round in 0..8 {
        let mut server = place.serve();
        let killer = server.child.id();
        let (stop, signer, peer) = (moment(round) * 2, signer.clone(), peer.clone());
        // The moment counts from the first activity that was taken: a busy machine starts slowly.
        let taken = Arc::new(tokio::sync::Notify::new());
        let first = taken.clone();
        let kill = tokio::spawn(async move {
            first.notified().await;
            tokio::time::sleep(stop).await;
            std::process::Command::new("kill").args(["-9", &killer.to_string()]).status().unwrap();
        });
        for i in 0..200 {
            let marker = format!("marker-{round}-{i}-");
            let id = peer.url(&format!("/notes/{round}/{i}"));
            let create = json!({
                "@context": "https://www.w3.org/ns/activitystreams",
                "id": format!("{id}/activity"),
                "type": "Create",
                "actor": peer.url("/users/ada"),
                "to": ["http://localhost:1/users/bob"],
                "object": {
                    "id": id,
                    "type": "Note",
                    "attributedTo": peer.url("/users/ada"),
                    "to": ["http://localhost:1/users/bob"],
                    "content": format!("<p>{marker}</p>"),
                    "published": Clock::real().now().rfc3339(),
                    "tag": [{ "type": "Mention", "href": "http://localhost:1/users/bob", "name": "@bob@localhost:1" }],
                },
            });
            match deliver(&server, &signer, &create).await {
                Some(202) => {
                    taken.notify_one();
                    acknowledged.insert(marker)
                }
                Some(status) => panic!("{status}"),
                None => break,
            };
        }
        taken.notify_one();
        kill.await.unwrap();
        server.child.wait().unwrap();
    }
    assert!(acknowledged.len() >= 8, "only {}", acknowledged.len());
    let server = place.serve();
    let api = Api::new(&server, &token);
    let seen = eventually("the last effect", async || {
        let mut seen: Vec<String> = Vec::new();
        let mut max = String::new();
        loop {
            let page = api.get(&format!("/api/v1/notifications?limit=40{max}")).await;
            let page = page.as_array().unwrap().clone();
            let Some(last) = page.last() else { break };
            max = format!("&max_id={}", last["id"].as_str().unwrap());
            seen.extend(page.iter().filter_map(|n| n["status"]["content"].as_str().map(str::to_owned)));
        }
        acknowledged.iter().all(|marker| seen.iter().any(|text| text.contains(marker.as_str()))).then_some(seen)
    })
    .await;
    for marker in &acknowledged {
        assert_eq!(seen.iter().filter(|text| text.contains(marker.as_str())).count(), 1, "{marker}");
    }
}

#[test]
fn rel_05_a_kill_during_migration_leaves_no_half_schema() {
    const KILLS: u32 = 20;
    // How long it takes here and now, so that the kills fall all over it.
    let begun = std::time::Instant::now();
    assert_eq!(Place::new().json(&["migrate", "--json"])["ok"], true);
    let whole = begun.elapsed();
    for round in 0..KILLS {
        let place = Place::new();
        let mut child = place
            .command(&["migrate"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * round / KILLS);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(place.json(&["migrate", "--json"])["ok"], true, "round {round}");
        place.json(&["account", "create", "ada", "--json"]);
    }
}
