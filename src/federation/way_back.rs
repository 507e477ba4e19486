//! Whether another server reaches this one and believes it, for staff (`peer probe`). A node of the organisation is asked. Any
//! other server is sent an activity that means nothing, signed by this node: to take it, it has to fetch the key here.

use super::{
    charter::checks,
    fetch::{self, Budget},
    knock, own_keys,
    render::{PUBLIC, activity::Activity, context::Terms},
    signatures::HopSigner,
};
use crate::{
    Result,
    app::App,
    id::Id,
    model,
    net::{self, Ask, Purpose},
    peers::{self, health},
    store,
    time::Timestamp,
    uri,
};
use hyper::{StatusCode, body::Bytes};
use serde::Serialize;
use std::sync::Arc;
use url::Url;

/// The way from another server to this one.
#[derive(Clone, Debug, Serialize)]
pub struct WayBack {
    /// Whether it is open; none when that could not be found out.
    pub open: Option<bool>,
    /// What was found.
    pub found: String,
    /// What to do about it; none when nothing is wrong.
    pub to_do: Option<String>,
    /// When it last spoke to this node validly.
    pub last_heard: Option<Timestamp>,
}

const OURS: &str = "it is about the way to this node: its name there, the firewall between, the certificate and the proxy in front of \
                    this node; and about both clocks";
const THEIRS: &str = "ask its admin: this node is blocked there, or not on the list of those it speaks with";
const WAIT: &str = "let somebody there follow somebody here, and look when it was last heard";

/// Tries the way back from a domain that is reached.
///
/// # Errors
/// Those of the database, and of this node's own key.
pub async fn look(app: &App, domain: &str) -> Result<WayBack> {
    let known = health::all(app).await?;
    let written = known.iter().find(|peer| peer.domain == domain).and_then(|peer| peer.last_heard);
    let last_heard = written.max(app.part::<health::Seen>().of(domain).heard);
    let said =
        |open, found: String, to_do: Option<&str>| WayBack { open, found, to_do: to_do.map(str::to_owned), last_heard };
    if let Some(signed) = peers::organisation(app) {
        let is_it = |node: &crate::domain::charter::Member| node.domain == domain || uri::host(&node.actor) == domain;
        if let Some(node) = checks::others(app, &signed).into_iter().find(is_it) {
            return Ok(match checks::back(app, &node).await {
                Ok(true) => said(Some(true), "it reaches this node".into(), None),
                Ok(false) => {
                    said(None, "its version cannot say whether it reaches this node".into(), Some("upgrade it"))
                }
                Err(trouble) => said(Some(false), trouble.found, Some(&trouble.to_do)),
            });
        }
    }
    let Some(inbox) = inbox(app, domain).await? else {
        return Ok(said(None, "it names no inbox in which this could be tried".into(), Some(WAIT)));
    };
    Ok(match knock_at(app, &inbox).await? {
        Ok(status) if status.is_success() => said(Some(true), "it took what this node signed".into(), None),
        Ok(status @ (StatusCode::UNAUTHORIZED | StatusCode::SERVICE_UNAVAILABLE)) => {
            said(Some(false), format!("it does not believe what this node signed ({status})"), Some(OURS))
        }
        Ok(status @ StatusCode::FORBIDDEN) => {
            said(Some(false), format!("it does not want to hear from this node ({status})"), Some(THEIRS))
        }
        Ok(status) => said(None, format!("it answers {status} to what this node signed"), Some(WAIT)),
        Err(failure) => {
            let to_do = checks::advice_for(&failure);
            said(None, format!("its inbox cannot be reached: {failure}"), Some(&to_do))
        }
    })
}

/// The inbox of a server: of somebody who is known there, else that of its own actor.
async fn inbox(app: &App, domain: &str) -> Result<Option<Url>> {
    let host = domain.to_owned();
    let known = app.read(move |conn| store::remote::inbox_at(conn, &host)).await?;
    let inbox = match known {
        Some(inbox) => Some(inbox),
        None => fetch::actor_by_handle(app, &format!("{domain}@{domain}"), &Budget::of_activity())
            .await
            .ok()
            .map(|found| found.actor.shared_inbox.unwrap_or(found.actor.inbox)),
    };
    Ok(inbox.and_then(|inbox| uri::parse(&inbox)))
}

/// What it says to an activity without a meaning, in either format of signatures.
async fn knock_at(app: &App, inbox: &Url) -> Result<Result<StatusCode, String>> {
    let (site, number) = (app.site(), Id::<model::Activity>::new(app.clock().now().millis()));
    let actor = site.instance_actor_uri();
    let id = format!("{actor}#probes/{number}");
    let body: Bytes = Activity::new("View", &id, &actor, actor.as_str()).to(PUBLIC).document(Terms::NONE)?.into();
    let signer = own_keys::instance_signer(app).await?;
    let mut last = Ok(StatusCode::UNAUTHORIZED);
    for scheme in knock::order(app, &net::authority(inbox)).await {
        let hop = HopSigner::of_activity(signer.clone(), scheme, app.clock().clone());
        let ask = Ask::post(Purpose::Deliver, inbox.clone(), body.clone()).signed_by(Arc::new(hop));
        last = app.net().fetch(ask).await.map(|answer| answer.status).map_err(|failure| failure.to_string());
        if !matches!(last, Ok(StatusCode::UNAUTHORIZED)) {
            break;
        }
    }
    Ok(last)
}
