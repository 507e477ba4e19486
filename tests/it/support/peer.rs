//! A scripted server of the fediverse: serves the documents it is given and remembers what it receives.

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

/// A request it received.
#[derive(Clone, Debug)]
pub struct Received {
    /// Method.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Received {
    /// The body as JSON (null when it is none).
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// What it answers on a path: status, content type, body.
type Page = (u16, String, Bytes);

#[derive(Default)]
struct Script {
    pages: HashMap<String, Page>,
    received: Vec<Received>,
    /// Who may read a path: the start of the ids of their keys.
    readers: HashMap<String, String>,
    inbox_status: Option<u16>,
    /// Deliveries with this in them are answered with this status.
    stumbles: Option<(String, u16)>,
    /// The one format of signatures it believes: RFC 9421, or not.
    modern: Option<bool>,
    news: Arc<tokio::sync::Notify>,
}

/// See the module.
#[derive(Clone)]
pub struct Peer {
    /// `name.test:PORT`.
    pub authority: String,
    script: Arc<Mutex<Script>>,
}

impl Peer {
    /// Starts one called `NAME.test`.
    pub async fn start(name: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let authority = format!("{name}.test:{}", listener.local_addr().unwrap().port());
        let script = Arc::new(Mutex::new(Script::default()));
        let routes = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { authority, script }
    }
    /// An address on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.authority)
    }
    /// Serves an ActivityPub document at a path.
    pub fn serve(&self, path: &str, document: Value) {
        self.serve_as(path, 200, "application/activity+json", document.to_string());
    }
    /// Serves anything; a path with a method in front (`POST /inbox`) is for requests with that method alone.
    pub fn serve_as(&self, path: &str, status: u16, content_type: &str, body: impl Into<Bytes>) {
        let page = (status, content_type.to_owned(), body.into());
        self.script.lock().unwrap().pages.insert(path.to_owned(), page);
    }
    /// Serves an ActivityPub document to requests signed by this actor only; others are told that nothing is there.
    pub fn serve_for(&self, path: &str, reader: &str, document: Value) {
        self.serve(path, document);
        self.script.lock().unwrap().readers.insert(path.to_owned(), reader.to_owned());
    }
    /// Whose keys signed the reads of a path, in order; the empty string for an unsigned one.
    pub fn signers(&self, path: &str) -> Vec<String> {
        let reads = self.received().into_iter().filter(|r| r.method == "GET" && r.path == path);
        reads.map(|r| signer(&r.headers)).collect()
    }
    /// Redirects a path.
    pub fn redirect(&self, path: &str, to: &str) {
        self.serve_as(path, 302, "text/plain", to.to_owned());
    }
    /// What inboxes answer from now on (202 by default).
    pub fn inbox_answers(&self, status: u16) {
        self.script.lock().unwrap().inbox_status = Some(status);
    }
    /// Answers 401 to whatever is not signed in this format: RFC 9421 (true), or draft-cavage (false).
    pub fn takes_only(&self, modern: Option<bool>) {
        self.script.lock().unwrap().modern = modern;
    }
    /// Answers with this status what has this text in it, whatever other deliveries are answered.
    pub fn stumbles_over(&self, text: &str, status: u16) {
        self.script.lock().unwrap().stumbles = Some((text.to_owned(), status));
    }
    /// Everything received so far.
    pub fn received(&self) -> Vec<Received> {
        self.script.lock().unwrap().received.clone()
    }
    /// Activities received so far, in order.
    pub fn inbox(&self) -> Vec<Value> {
        self.received().iter().filter(|r| r.method == "POST").map(Received::json).collect()
    }
    /// Waits until this many activities were received.
    pub async fn has_received(&self, activities: usize) {
        let news = self.script.lock().unwrap().news.clone();
        loop {
            let heard = news.notified();
            if self.inbox().len() >= activities {
                return;
            }
            heard.await;
        }
    }
    /// Forgets what was received.
    pub fn forget(&self) {
        self.script.lock().unwrap().received.clear();
    }
    /// Serves a person with this key (and its WebFinger); answers the actor document.
    pub fn person(&self, name: &str, public_key_pem: &str) -> Value {
        let id = self.url(&format!("/users/{name}"));
        let actor = json!({
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": id,
            "type": "Person",
            "preferredUsername": name,
            "name": name,
            "summary": "",
            "url": self.url(&format!("/@{name}")),
            "inbox": format!("{id}/inbox"),
            "outbox": format!("{id}/outbox"),
            "followers": format!("{id}/followers"),
            "following": format!("{id}/following"),
            "endpoints": { "sharedInbox": self.url("/inbox") },
            "publicKey": { "id": format!("{id}#main-key"), "owner": id, "publicKeyPem": public_key_pem },
        });
        self.serve(&format!("/users/{name}"), actor.clone());
        let subject = format!("acct:{name}@{}", self.authority);
        let jrd = json!({
            "subject": subject,
            "links": [{ "rel": "self", "type": "application/activity+json", "href": id }],
        });
        for resource in [subject.as_str(), id.as_str()] {
            let query: String =
                url::form_urlencoded::Serializer::new(String::new()).append_pair("resource", resource).finish();
            self.serve_as(&format!("/.well-known/webfinger?{query}"), 200, "application/jrd+json", jrd.to_string());
        }
        actor
    }
}

/// The actor whose key signed, as the headers say.
fn signer(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let all = format!("{} {}", text("signature"), text("signature-input"));
    let key = all.split_once("keyid=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
    key.split('#').next().unwrap_or_default().to_owned()
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 4 << 20).await.unwrap_or_default();
    let path = parts.uri.path_and_query().map(|p| p.as_str().to_owned()).unwrap_or_default();
    let mut script = script.lock().unwrap();
    let stranger = script.readers.get(&path).is_some_and(|reader| *reader != signer(&parts.headers));
    let format = parts.headers.contains_key("signature").then(|| parts.headers.contains_key("signature-input"));
    if let Some((wanted, format)) = script.modern.zip(format)
        && wanted != format
    {
        script.received.push(Received { method: parts.method.to_string(), path, headers: parts.headers, body });
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let text = String::from_utf8_lossy(&body);
    let stumbles = script.stumbles.as_ref().filter(|(word, _)| parts.method == "POST" && text.contains(word));
    if let Some(status) = stumbles.map(|(_, status)| *status) {
        script.received.push(Received { method: "POST".into(), path, headers: parts.headers, body });
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    script.received.push(Received {
        method: parts.method.to_string(),
        path: path.clone(),
        headers: parts.headers,
        body,
    });
    script.news.notify_waiters();
    // A query may be written in several ways: pages are compared decoded.
    let plain =
        |p: &str| url::form_urlencoded::parse(p.as_bytes()).map(|(k, v)| format!("{k}={v}")).collect::<String>();
    let exact = script.pages.get(&format!("{} {path}", parts.method)).or_else(|| script.pages.get(&path));
    let page = exact.or_else(|| {
        let wanted = plain(&path);
        script.pages.iter().find(|(p, _)| plain(p) == wanted).map(|(_, page)| page)
    });
    match page.filter(|_| !stranger) {
        Some((status @ 300..400, _, to)) => {
            (StatusCode::from_u16(*status).unwrap(), [(header::LOCATION, to.as_ref())]).into_response()
        }
        Some((status, kind, body)) => {
            (StatusCode::from_u16(*status).unwrap(), [(header::CONTENT_TYPE, kind.clone())], body.clone())
                .into_response()
        }
        None if parts.method == "POST" => {
            StatusCode::from_u16(script.inbox_status.unwrap_or(202)).unwrap().into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
