//! A client that speaks JSON over real HTTP.

use super::{Node, answers};
use serde_json::Value;

/// An HTTP client of one node, signed in or not.
#[derive(Clone)]
pub struct Client {
    pub(super) http: reqwest::Client,
    pub(super) base: String,
    pub(super) host: String,
    /// Its access token.
    pub token: Option<String>,
    /// The id of the account it is signed in to; empty for nobody.
    pub id: String,
    /// The name of that account.
    pub name: String,
    pub(super) checked: bool,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
    /// Body.
    pub text: String,
    /// Body, byte for byte.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {} {}", self.status, self.text))
    }
    /// The body as JSON, after checking for 200.
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }
    /// A header, or the empty string.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

/// A client for plain http: reading the certificates of the machine takes longer than most requests here.
pub fn plain_http() -> reqwest::Client {
    // Perhaps no node of this process has done it.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // A server ends a connection that was quiet for ten seconds, perhaps while the next request is on its way.
    let quiet = std::time::Duration::from_secs(1);
    let builder =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().pool_idle_timeout(quiet);
    builder.tls_certs_only([]).build().unwrap()
}

impl Client {
    /// Nobody in particular.
    pub fn anonymous(node: &Node) -> Self {
        let http = plain_http();
        Self {
            http,
            base: format!("http://{}", node.address),
            host: node.domain.clone(),
            token: None,
            id: String::new(),
            name: String::new(),
            checked: true,
        }
    }
    /// The same, for answers that not every app can read: the test says why.
    pub fn unchecked(&self) -> Self {
        Self { checked: false, ..self.clone() }
    }
    /// With this token.
    pub fn with_token(node: &Node, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::anonymous(node) }
    }
    /// The same person at another process of their node.
    pub fn at(&self, node: &Node) -> Self {
        let (token, id, name) = (self.token.clone(), self.id.clone(), self.name.clone());
        Self { token, id, name, ..Self::anonymous(node) }
    }
    /// A request to be completed.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let path = path.strip_prefix(&format!("http://{}", self.host)).unwrap_or(path);
        let mut request =
            self.http.request(method.parse().unwrap(), format!("{}{path}", self.base)).header("host", &self.host);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        request
    }
    /// Sends it, and holds the answer against what clients can read.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let request = request.build().unwrap();
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self.http.execute(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.unwrap().to_vec();
        let reply = Reply { status, headers, text: String::from_utf8_lossy(&body).into_owned(), body };
        if self.checked {
            answers::check(method.as_str(), &path, &reply);
        }
        reply
    }
    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path)).await
    }
    /// GET of an ActivityPub document.
    pub async fn get_activity(&self, path: &str) -> Reply {
        self.send(self.request("GET", path).header("accept", "application/activity+json")).await
    }
    /// POST of a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.request("POST", path).json(&body)).await
    }
    /// PUT of a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(self.request("PUT", path).json(&body)).await
    }
    /// PATCH of a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(self.request("PATCH", path).json(&body)).await
    }
    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request("DELETE", path)).await
    }
    /// POST of a form.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(body)).await
    }
}
