//! A browser without scripts: keeps cookies, fills in forms, follows nothing by itself.

use super::{Client, Node, Reply};
use std::{collections::BTreeMap, sync::Mutex};

/// Cookies and a client.
pub struct Browser {
    client: Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    /// A fresh one.
    pub fn new(node: &Node) -> Self {
        Self { client: Client::anonymous(node), cookies: Mutex::default() }
    }
    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }
    /// Plants a cookie.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.into(), value.into());
    }
    async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let jar: Vec<String> = self.cookies.lock().unwrap().iter().map(|(k, v)| format!("{k}={v}")).collect();
        let request = if jar.is_empty() { request } else { request.header("cookie", jar.join("; ")) };
        let reply = self.client.send(request).await;
        for value in reply.headers.get_all("set-cookie") {
            let (name, rest) = value.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.lock().unwrap().remove(name);
            } else {
                self.cookies.lock().unwrap().insert(name.into(), value.into());
            }
        }
        reply
    }
    /// GET of a page.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.client.request("GET", path).header("accept", "text/html")).await
    }
    fn form(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.client.request("POST", path).header("content-type", "application/x-www-form-urlencoded").body(body)
    }
    /// POST of exactly these fields.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.send(self.form(path, fields)).await
    }
    /// POST as a page of another site would send it.
    pub async fn post_from(&self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.send(self.form(path, fields).header("origin", origin)).await
    }
    /// Fills in the first form of a page that goes to `action` and sends it.
    pub async fn submit(&self, page: &Reply, action: &str, fields: &[(&str, &str)]) -> Reply {
        let hidden = hidden_fields(&page.text, action);
        let mut all: Vec<(&str, &str)> = hidden.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        all.extend(fields);
        self.post(action, &all).await
    }
    /// Signs in; answers what came of it.
    pub async fn sign_in(&self, login: &str, password: &str) -> Reply {
        let page = self.get("/sign-in").await;
        self.submit(&page, "/sign-in", &[("login", login), ("password", password)]).await
    }
}

/// The hidden fields of the first form with this action that is not a search.
pub fn hidden_fields(html: &str, action: &str) -> Vec<(String, String)> {
    let sent = |form: &&str| {
        let searches = form.split('>').next().is_some_and(|tag| tag.contains("method=\"get\""));
        !searches && form.contains(&format!("action=\"{action}\""))
    };
    let form = html.split("<form ").find(sent).expect("the form");
    let form = form.split("</form>").next().unwrap();
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!(" {name}=\"")).nth(1).unwrap_or_default().split('"').next().unwrap_or_default();
        unescape(value)
    };
    let inputs = form.split("<input ").skip(1).filter(|tag| tag.contains("type=\"hidden\""));
    inputs.map(|tag| (attribute(&format!(" {tag}"), "name"), attribute(&format!(" {tag}"), "value"))).collect()
}

/// Undoes the escaping of templates.
pub fn unescape(text: &str) -> String {
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}
