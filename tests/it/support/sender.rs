//! Somebody on a scripted server who signs what they send.

use super::{Node, Peer, Reply};
use serde_json::{Value, json};
use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering},
};
use watercooler::{
    crypto::{self, PrivateKey},
    federation::signatures::{Content, Scheme, Signer, sign::sign},
};

/// A person of another server, with their key.
#[derive(Clone)]
pub struct Sender {
    /// Their server.
    pub peer: Peer,
    /// Their actor id.
    pub id: String,
    /// What they sign with.
    pub signer: Signer,
    /// Which format they speak.
    pub scheme: Scheme,
}

/// A request ready to be sent; tests alter it.
#[derive(Clone)]
pub struct Letter {
    /// Path and query.
    pub path: String,
    /// All headers, the signature among them.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Letter {
    /// A header to be changed.
    pub fn header(&mut self, name: &str) -> &mut String {
        &mut self.headers.iter_mut().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{name}")).1
    }
    /// Leaves a header out.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self
    }
    /// Sends it.
    pub async fn send(&self, node: &Node) -> Reply {
        self.try_send(node).await.unwrap()
    }
    /// Sends it; none when it is no HTTP, or the node closed the connection.
    pub async fn try_send(&self, node: &Node) -> Option<Reply> {
        let http = super::client::plain_http();
        let url = format!("http://{}{}", node.address, self.path);
        let method = if self.headers.iter().any(|(n, _)| n == "content-type") { "POST" } else { "GET" };
        let mut request = http.request(method.parse().unwrap(), url).body(self.body.clone());
        if !self.headers.iter().any(|(n, _)| n == "host") {
            request = request.header("host", &node.domain);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.ok()?.to_vec();
        Some(Reply { status, headers, text: String::from_utf8_lossy(&body).into_owned(), body })
    }
}

/// One of a few RSA keys, made once for all tests: making one takes a while.
pub fn rsa(number: usize) -> PrivateKey {
    static KEYS: [OnceLock<PrivateKey>; 4] = [const { OnceLock::new() }; 4];
    KEYS[number].get_or_init(|| PrivateKey::generate_rsa().unwrap()).clone()
}

/// The next of some more, none of those of [`rsa`]: for the people of our nodes. A test with fewer of them than there are
/// has no two with the same.
pub fn next_rsa() -> PrivateKey {
    static KEYS: [OnceLock<PrivateKey>; 64] = [const { OnceLock::new() }; 64];
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed) % KEYS.len();
    KEYS[number].get_or_init(|| PrivateKey::generate_rsa().unwrap()).clone()
}

impl Sender {
    /// A person called `name` on this server, whose document it serves.
    pub fn new(peer: &Peer, name: &str) -> Self {
        let key = rsa(0);
        let actor = peer.person(name, &key.public_pem().unwrap());
        let id = actor["id"].as_str().unwrap().to_owned();
        let signer = Signer { key_id: format!("{id}#main-key"), key };
        Self { peer: peer.clone(), id, signer, scheme: Scheme::Cavage }
    }
    /// The same of somebody whose document stands as it is; the key is that of [`Sender::new`].
    pub fn known(peer: &Peer, name: &str) -> Self {
        let id = peer.url(&format!("/users/{name}"));
        let signer = Signer { key_id: format!("{id}#main-key"), key: rsa(0) };
        Self { peer: peer.clone(), id, signer, scheme: Scheme::Cavage }
    }
    /// An activity of theirs with a fresh id.
    pub fn activity(&self, kind: &str, object: impl Into<Value>) -> Value {
        json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": format!("{}/activities/{}", self.id, hex(&crypto::sha256(&crypto::base64(&random()).into_bytes())[..8])),
            "type": kind,
            "actor": self.id,
            "object": object.into(),
        })
    }
    /// Signs a delivery as of the node's time.
    pub fn letter(&self, node: &Node, path: &str, body: &Value) -> Letter {
        self.letter_of(node, path, body.to_string().into_bytes())
    }
    /// The same, of raw bytes.
    pub fn letter_of(&self, node: &Node, path: &str, body: Vec<u8>) -> Letter {
        let content = Content { media_type: "application/activity+json", sha256: crypto::sha256(&body) };
        self.sign(node, "POST", path, Some(content), body)
    }
    /// A signed read.
    pub fn reading(&self, node: &Node, path: &str) -> Letter {
        let mut letter = self.sign(node, "GET", path, None, Vec::new());
        letter.headers.push(("accept".into(), "application/activity+json".into()));
        letter
    }
    fn sign(&self, node: &Node, method: &str, path: &str, content: Option<Content<'_>>, body: Vec<u8>) -> Letter {
        let url = node.url(path).parse().unwrap();
        let headers = sign(self.scheme, &self.signer, method, &url, content, node.clock.now()).unwrap();
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Letter { path: path.to_owned(), headers, body }
    }
    /// Signs and delivers to the shared inbox.
    pub async fn deliver(&self, node: &Node, body: &Value) -> Reply {
        self.letter(node, "/inbox", body).send(node).await
    }
    /// Signs and delivers to the shared inbox; it must be taken.
    pub async fn delivers(&self, node: &Node, body: &Value) {
        let reply = self.deliver(node, body).await;
        assert_eq!(reply.status, 202, "{} {body}", reply.text);
    }
}

fn random() -> [u8; 16] {
    watercooler::random::Random::real().bytes()
}

fn hex(bytes: &[u8]) -> String {
    crypto::hex(bytes)
}
