//! Speaking to other nodes about the charter.

use crate::{
    Result,
    app::App,
    domain::charter::{Member, Refused, Signed},
    federation::{
        own_keys,
        signatures::{HopSigner, Scheme},
    },
    limits,
    net::{Answer, Ask, Failure, Purpose, Refusal},
};
use hyper::{
    StatusCode,
    body::Bytes,
    header::{self, HeaderValue},
};
use serde_json::Value;
use std::sync::Arc;
use url::Url;

/// What the charter is sent as.
pub const JSON: &str = "application/json";

/// What became of a question.
pub enum Asked {
    /// It has the version that was named.
    Same,
    /// It has another one.
    Other(Bytes),
    /// It has none, and says this: it left, or it waits for its first.
    None(String),
    /// Why it cannot be asked.
    Failed(String),
}

/// What became of an offer.
pub enum Offered {
    /// It has our version now.
    Taken,
    /// It has one that counts more.
    HasBetter,
    /// Why it cannot be told.
    Failed(String),
}

/// The address of a node's charter, or of something below it.
///
/// # Errors
/// `Malformed`.
pub fn address(node: &Member, below: &str) -> Result<Url, Refused> {
    Url::parse(&format!("{}/charter{below}", node.authority())).map_err(|_| Refused::Malformed("a node's actor"))
}

/// Signs with the node's own key.
///
/// # Errors
/// `Internal` when it cannot be opened.
pub async fn signed(app: &App, ask: Ask) -> Result<Ask> {
    let signer = own_keys::node_signer(app).await?;
    let hop = HopSigner {
        signer,
        elsewhere: None,
        scheme: Scheme::Rfc9421,
        bare: false,
        media_type: JSON,
        clock: app.clock().clone(),
    };
    Ok(ask.signed_by(Arc::new(hop)))
}

pub(super) async fn send(app: &App, node: &Member, ask: Ask) -> std::result::Result<Answer, String> {
    let ask = signed(app, ask).await.map_err(|error| error.to_string())?;
    app.net().fetch(ask).await.map_err(|failure| explain(&node.domain, &failure))
}

/// Asks a node whether it has another version than this one.
pub async fn ask(app: &App, node: &Member, hash: &str) -> Asked {
    let (Ok(url), Ok(tag)) = (address(node, ""), HeaderValue::from_str(&format!("\"{hash}\""))) else {
        return Asked::Failed("its address is unusable".into());
    };
    let ask = Ask::get(Purpose::Object, url).accept(JSON).header(header::IF_NONE_MATCH, tag);
    match send(app, node, ask.limit(limits::CHARTER_BYTES)).await {
        Ok(answer) if answer.status == StatusCode::NOT_MODIFIED => Asked::Same,
        Ok(answer) if answer.status == StatusCode::OK => Asked::Other(answer.body),
        Ok(answer) => match said(&answer) {
            (code, why) if code == Refused::NoOrganisation.code() => Asked::None(why),
            (_, why) => Asked::Failed(why),
        },
        Err(why) => Asked::Failed(why),
    }
}

/// Offers a node our version.
pub async fn offer(app: &App, node: &Member, charter: &Signed) -> Offered {
    let Ok(url) = address(node, "") else { return Offered::Failed("its address is unusable".into()) };
    let ask = Ask::post(Purpose::Deliver, url, charter.document.to_string());
    match send(app, node, ask).await {
        Ok(answer) if answer.status.is_success() => Offered::Taken,
        Ok(answer) => match said(&answer) {
            (code, _) if matches!(code.as_str(), "older" | "overtaken" | "old_key") => Offered::HasBetter,
            (_, why) => Offered::Failed(why),
        },
        Err(why) => Offered::Failed(why),
    }
}

/// The word and the sentence of a refusal.
pub fn said(answer: &Answer) -> (String, String) {
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| json.get(name).and_then(Value::as_str).map(|t| t.chars().take(1_000).collect::<String>());
    let code = text("code").unwrap_or_default();
    (code, text("error").unwrap_or_else(|| format!("it answers {}", answer.status)))
}

/// Why a node cannot be reached, and what to do about it.
pub fn explain(domain: &str, failure: &Failure) -> String {
    format!("{domain} cannot be reached ({failure}): {}.", advice(failure))
}

/// What to do about an outcome that is only known as text.
pub fn advice_for(outcome: &str) -> &'static str {
    if is_about_certificates(outcome) {
        CERTIFICATE
    } else if outcome == Refusal::Blocked.code() {
        "it is blocked here: `watercooler peer unblock`"
    } else if outcome == Refusal::PrivateAddress.code() || outcome == Refusal::OutsideRanges.code() {
        "its name has an address that no entry allows: correct DNS, or `watercooler peer add NAME --address RANGE`"
    } else if outcome == Refusal::Ourselves.code() {
        "its name leads to this machine's own address: correct DNS"
    } else if is_about_names(outcome) {
        "correct DNS"
    } else if outcome.starts_with("answers") {
        "check what listens there, and the proxy in front of it"
    } else {
        "check that its server runs, its entry (`watercooler peer list`), its port and the firewalls between"
    }
}

const CERTIFICATE: &str = "its TLS certificate is not trusted. Give the certificate authority with `--ca-file FILE`, or \
     correct the certificate's name and dates (and this machine's clock)";

/// What to do about it.
pub fn advice(failure: &Failure) -> &'static str {
    match failure {
        Failure::Refused(Refusal::PrivateAddress) => {
            "its name has a private address. Name the range: `--address RANGE` with `org init` or `org invite`"
        }
        Failure::Refused(Refusal::OutsideRanges) => {
            "its name has an address outside the ranges that were agreed. Correct DNS, or invite it with the right \
             `--address RANGE`"
        }
        Failure::Refused(Refusal::Blocked) => "it is blocked here. Lift the block with `watercooler peer unblock`",
        Failure::Refused(Refusal::Removed) => "it was removed from the organisation. Invite it again",
        Failure::Refused(Refusal::Port | Refusal::Scheme) => {
            "its port or scheme is another than agreed. Invite it with `--port` and, for plain http, `--http`"
        }
        Failure::Refused(Refusal::Ourselves | Refusal::NeverAllowed) => {
            "its name leads to this machine's own address. Correct DNS"
        }
        Failure::Refused(_) => "a rule of this node forbids it",
        Failure::Unreachable(why) if is_about_certificates(why) => CERTIFICATE,
        Failure::Unreachable(why) if is_about_names(why) => "its name cannot be resolved. Correct DNS",
        Failure::Unreachable(_) => "no connection. Check that its server runs, its port and the firewalls between",
        Failure::TimedOut => "it does not answer in time. Check the firewalls between",
        Failure::TooLarge | Failure::Nonsense(_) => "it answers nonsense. Check what listens there",
        Failure::Paused(_) => "it failed a moment ago and is left alone for some seconds",
        Failure::Unsigned(_) => "this node's own key is unusable",
    }
}

fn is_about_certificates(why: &str) -> bool {
    let why = why.to_lowercase();
    why.contains("certificate") || why.contains("unknownissuer")
}

fn is_about_names(why: &str) -> bool {
    ["lookup", "resolve", "no address", "Name or service", "name resolution"].iter().any(|word| why.contains(word))
}
