//! Which node of the charter signed a request. The charter itself names the keys.

use crate::{
    app::App,
    crypto::PublicKey,
    domain::charter::{Member, Refused, Signed},
    federation::{
        proof,
        signatures::{self, Claim, Incoming, OwnNames, Reject},
    },
    time::Timestamp,
    uri,
};
use axum::http::{header, request::Parts};

/// Reads what the headers claim.
///
/// # Errors
/// `Unsigned`, `Clock`.
pub fn claims(app: &App, parts: &Parts) -> Result<Vec<Claim>, Refused> {
    let now = app.clock().now();
    let authority = proof::authority(parts);
    let names = OwnNames::new(app.site().base_url(), app.site().domain());
    signatures::read(&Incoming {
        method: parts.method.as_str(),
        target: parts.uri.path_and_query().map_or("/", |target| target.as_str()),
        authority: &authority,
        headers: &parts.headers,
        now,
        names: &names,
    })
    .map_err(|reject| {
        let date = parts.headers.get(header::DATE).and_then(|v| v.to_str().ok()).and_then(Timestamp::parse_http);
        match (reject, date) {
            (Reject::Stale | Reject::Future | Reject::Expired, Some(there)) => {
                Refused::Clock { other: "the other node".into(), here: now, there }
            }
            _ => Refused::Unsigned(reject.reason()),
        }
    })
}

/// Whether this node signed, with the key that is known of it.
///
/// # Errors
/// `Stranger`, `Unsigned`.
pub fn prove(claims: &[Claim], node: &Member, body: &[u8]) -> Result<(), Refused> {
    let wanted = node.key_id();
    let claim = claims.iter().find(|claim| claim.key_id == wanted).ok_or(Refused::Stranger)?;
    let key = PublicKey::from_multikey(&node.key).map_err(|_| Refused::Stranger)?;
    claim.body_fits(body).map_err(|reject| Refused::Unsigned(reject.reason()))?;
    claim.verify(&key).map_err(|_| Refused::Stranger)
}

/// Whether one of the keys belongs to a node of the charter, or to one that was removed: from the headers alone.
///
/// # Errors
/// `Stranger`.
pub fn may_be_member(claims: &[Claim], signed: &Signed) -> Result<(), Refused> {
    let charter = &signed.charter;
    let listed = claims.iter().map(|claim| uri::authority(&claim.key_id)).any(|authority| {
        charter.node_at(authority).is_some()
            || charter.removed.iter().any(|gone| uri::authority(&gone.actor) == authority)
    });
    if listed { Ok(()) } else { Err(Refused::Stranger) }
}

/// The node that signed.
///
/// # Errors
/// `Removed` for one that was removed, `Stranger` for everybody else.
pub fn member(claims: &[Claim], signed: &Signed, body: &[u8]) -> Result<Member, Refused> {
    let charter = &signed.charter;
    for claim in claims {
        let authority = uri::authority(&claim.key_id);
        if let Some(node) = charter.node_at(authority) {
            prove(claims, node, body)?;
            return Ok(node.clone());
        }
        if let Some(gone) = charter.removed.iter().find(|gone| uri::authority(&gone.actor) == authority) {
            return Err(Refused::Removed {
                domain: gone.domain.clone(),
                at: gone.removed,
                reason: gone.reason.clone(),
            });
        }
    }
    Err(Refused::Stranger)
}

/// Whether the claim that [`prove`] proved was made since the node belongs: a letter from an earlier time that it belonged is a
/// recording.
///
/// # Errors
/// `Unsigned` for a recording.
pub fn signed_since_joined(claims: &[Claim], node: &Member) -> Result<(), Refused> {
    let wanted = node.key_id();
    // Not any of them: whoever plays a recording may put a younger claim beside it that nobody signed.
    let claim = claims.iter().find(|claim| claim.key_id == wanted).ok_or(Refused::Stranger)?;
    // Signatures know no fractions of a second.
    if claim.signed < node.joined.seconds() { Err(Refused::Unsigned(Reject::Stale.reason())) } else { Ok(()) }
}
