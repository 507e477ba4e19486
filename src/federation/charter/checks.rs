//! What is tried between two nodes: the way there with its name, its certificate and its clock, and the way back. Joining
//! tries this once; `watercooler doctor` tries it again.

use super::client;
use crate::{
    Error, Result,
    app::App,
    crypto,
    domain::charter::{Member, Refused, Signed},
    federation::{fetch::ACCEPT, json::Json, objects::actor},
    limits,
    net::{Ask, Failure, Purpose},
    time::Timestamp,
};
use hyper::StatusCode;
use serde_json::Value;
use url::Url;

/// Why something does not work, and what to do about it.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// What was found.
    pub found: String,
    /// What to do.
    pub to_do: String,
}

impl Trouble {
    fn of(domain: &str, failure: &Failure) -> Self {
        Self { found: format!("{domain} cannot be reached ({failure})"), to_do: client::advice(failure).to_owned() }
    }
    fn new(found: String, to_do: &str) -> Self {
        Self { found, to_do: to_do.to_owned() }
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        Refused::Unreachable(format!("{}: {}.", trouble.found, trouble.to_do)).into()
    }
}

/// What a node says about itself to anybody.
#[derive(Clone, Debug)]
pub struct Hello {
    /// Its clock.
    pub time: Timestamp,
    /// Fingerprint of its organisation's key.
    pub fingerprint: Option<String>,
    /// Those of the keys before it. What is true of them shows in the charter.
    pub earlier: Vec<String>,
}

/// The other nodes of a charter that speak this protocol.
pub fn others(app: &App, signed: &Signed) -> Vec<Member> {
    super::others(app, signed)
}

/// What to do about a reason that a probe gave.
pub fn advice_for(outcome: &str) -> String {
    client::advice_for(outcome).to_owned()
}

/// The way there.
///
/// # Errors
/// What does not work.
pub async fn hello(app: &App, node: &Member) -> Result<Hello, Trouble> {
    let url = client::address(node, "/hello").map_err(|_| unusable(node))?;
    let ask = Ask::get(Purpose::Object, url).accept(client::JSON).limit(16 * 1024);
    let answer = app.net().fetch(ask).await.map_err(|failure| Trouble::of(&node.domain, &failure))?;
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let time = json.get("time").and_then(Value::as_str).and_then(Timestamp::parse);
    let time = time.filter(|_| answer.status == StatusCode::OK).ok_or_else(|| {
        let found = format!("What listens at {} is no Watercooler that knows charters", node.domain);
        Trouble::new(found, "upgrade it, or correct its address")
    })?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let earlier = json.get("earlier").and_then(Value::as_array).into_iter().flatten().filter_map(text);
    let earlier = earlier.take(limits::CHARTER_KEYS).collect();
    Ok(Hello { time, fingerprint: json.get("fingerprint").and_then(text), earlier })
}

fn unusable(node: &Member) -> Trouble {
    Trouble::new(format!("the address of {} in the charter is unusable", node.domain), "let a steward correct it")
}

/// The way back: the other node is asked to visit this one. `false` when its version cannot be asked.
///
/// # Errors
/// What does not work, as the other node sees it.
pub async fn back(app: &App, node: &Member) -> Result<bool, Trouble> {
    let url = client::address(node, "/reach").map_err(|_| unusable(node))?;
    let ask = client::signed(app, Ask::post(Purpose::Deliver, url, "{}"))
        .await
        .map_err(|error| Trouble::new(format!("this node cannot sign: {error}"), "see `secret.key`"))?;
    let answer = app.net().fetch(ask).await.map_err(|failure| Trouble::of(&node.domain, &failure))?;
    if answer.status == StatusCode::NOT_FOUND || answer.status == StatusCode::METHOD_NOT_ALLOWED {
        return Ok(false);
    }
    if answer.status.is_success() {
        return Ok(true);
    }
    let (_, why) = client::said(&answer);
    Err(Trouble::new(
        format!("{} says: {why}", node.domain),
        "what it says is about the way to this node: its name there, the firewall between, the certificate and the proxy \
         in front of this one",
    ))
}

/// Whether a node's name leads to its actor, and the actor has the keys that it came with.
///
/// # Errors
/// What does not work.
pub async fn visit(app: &App, node: &Member) -> Result<(), Trouble> {
    let failed = |failure| Trouble::of(&node.domain, &failure);
    let wrong = |what: &str, to_do: &str| Trouble::new(format!("{}: {what}", node.domain), to_do);
    let url = Url::parse(&node.actor).map_err(|_| unusable(node))?;
    let answer = app.net().fetch(Ask::get(Purpose::Object, url).accept(ACCEPT)).await.map_err(failed)?;
    let json = Json::parse(&answer.body).ok().filter(|_| answer.status == StatusCode::OK);
    let json =
        json.ok_or_else(|| wrong("its instance actor is not served", "check its public address and its proxy"))?;
    let listed = actor::keys(&json);
    let material = |id: String| listed.iter().find(|key| key.id == id).map(|key| key.material.as_str());
    let pinned = material(format!("{}#main-key", node.actor))
        .and_then(|pem| crypto::PublicKey::parse(pem).ok())
        .map(|key| crypto::sha256_hex(key.stored()));
    if json.id().as_deref() != Some(node.actor.as_str())
        || material(node.key_id()) != Some(node.key.as_str())
        || pinned.as_deref() != Some(node.http_key.as_str())
    {
        return Err(wrong(
            "what is served there has other keys than the node that came. Its name leads to another machine",
            "correct DNS or the proxy",
        ));
    }
    let mut finger = app.net().rules().origin_of(&node.domain).ok_or_else(|| unusable(node))?;
    finger.set_path("/.well-known/webfinger");
    finger.query_pairs_mut().append_pair("resource", &format!("acct:{0}@{0}", node.domain));
    let answer = app.net().fetch(Ask::get(Purpose::Webfinger, finger)).await.map_err(failed)?;
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let links = json.get("links").and_then(Value::as_array).into_iter().flatten();
    let leads = links.into_iter().any(|link| {
        link.get("rel").and_then(Value::as_str) == Some("self")
            && link.get("href").and_then(Value::as_str) == Some(node.actor.as_str())
    });
    if leads {
        Ok(())
    } else {
        Err(wrong("WebFinger of its domain does not lead to it", "check `domain` and the proxy"))
    }
}
