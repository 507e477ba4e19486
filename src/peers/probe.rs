//! Asking another node who it is, for staff: through the gate, with all its rules.

use super::normal_domain;
use crate::{
    Error, Result,
    app::App,
    config::Purpose,
    net::{self, Ask},
};
use serde::Serialize;
use std::time::Instant;

/// Capabilities of another program that are read.
const CAPABILITIES: usize = 50;
/// By which a node of Watercooler is known.
const WATERCOOLER: &str = "https://w3id.org/watercooler/ns#";
/// The link relation of the instance actor in NodeInfo (FEP-2677).
const APPLICATION: &str = "https://www.w3.org/ns/activitystreams#Application";

/// The outcome of a probe that was answered as it should be.
pub const REACHABLE: &str = "reachable";

/// How another node answers.
#[derive(Clone, Debug, Serialize)]
pub struct Probe {
    /// The domain.
    pub domain: String,
    /// `reachable`, or the reason why not. Only for staff: it says more than any client is told.
    pub outcome: String,
    /// Program and version, as it says.
    pub software: Option<String>,
    /// What its instance actor says that it can do (FEP-844e), at most [`CAPABILITIES`].
    pub implements: Vec<String>,
    /// Until its answer. Unit: milliseconds.
    pub milliseconds: u64,
}

/// Asks another node for its NodeInfo through the gate, with all its rules.
///
/// # Errors
/// `Invalid` for what is no domain.
pub async fn probe(app: &App, domain: &str) -> Result<Probe> {
    let domain = normal_domain(domain, false)?;
    let bad = || Error::invalid("domain", "invalid", "is no domain");
    let mut url = app.net().rules().origin_of(&domain).ok_or_else(bad)?;
    url.set_path("/.well-known/nodeinfo");
    let started = Instant::now();
    let answer = app.net().fetch(Ask::get(Purpose::Webfinger, url.clone()).accept("application/json")).await;
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut probe = Probe { domain, outcome: REACHABLE.into(), software: None, implements: Vec::new(), milliseconds };
    match answer {
        Err(failure) => probe.outcome = failure.to_string(),
        Ok(answer) if !answer.status.is_success() => probe.outcome = format!("answers {}", answer.status),
        Ok(answer) => {
            probe.software = software(app, &answer).await;
            probe.implements = implements(app, &answer).await.unwrap_or_default();
        }
    }
    Ok(probe)
}

impl Probe {
    /// Whether it says that it is a node of Watercooler.
    pub fn is_watercooler(&self) -> bool {
        self.implements.iter().any(|href| href == WATERCOOLER)
    }
}

/// What the instance actor that a NodeInfo index names says of its program; none where it names none.
async fn implements(app: &App, index: &net::Answer) -> Option<Vec<String>> {
    let index_json: serde_json::Value = serde_json::from_slice(&index.body).ok()?;
    let href = index_json
        .get("links")?
        .as_array()?
        .iter()
        .find_map(|link| (link.get("rel")?.as_str()? == APPLICATION).then(|| link.get("href")?.as_str())?)?;
    let url = index.url.join(href).ok().filter(|url| url.origin() == index.url.origin())?;
    let answer = app.net().fetch(Ask::get(Purpose::Object, url).accept("application/activity+json")).await.ok()?;
    let json: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    let named = match json.get("implements")? {
        serde_json::Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let href = |one: &serde_json::Value| {
        one.as_str().or_else(|| one.get("href")?.as_str()).map(|s| s.chars().take(200).collect())
    };
    Some(named.iter().take(CAPABILITIES).filter_map(href).collect())
}

async fn software(app: &App, index: &net::Answer) -> Option<String> {
    let index_json: serde_json::Value = serde_json::from_slice(&index.body).ok()?;
    let href = index_json.get("links")?.as_array()?.iter().find_map(|link| {
        let rel = link.get("rel")?.as_str()?;
        rel.starts_with("http://nodeinfo.diaspora.software/ns/schema/").then(|| link.get("href")?.as_str())?
    })?;
    let url = index.url.join(href).ok()?;
    let answer = app.net().fetch(Ask::get(Purpose::Webfinger, url).accept("application/json")).await.ok()?;
    let json: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    let software = json.get("software")?;
    let part = |name: &str| software.get(name)?.as_str().map(|s| s.chars().take(64).collect::<String>());
    Some(format!("{} {}", part("name")?, part("version").unwrap_or_default()))
}
