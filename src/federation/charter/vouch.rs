//! Nodes of one charter vouch for what they serve: documents and keys of a node count only when the key that the charter
//! names signed the answer. A stolen name, a wrong DNS entry or a false certificate brings nothing.

use crate::{
    app::App,
    crypto::PublicKey,
    domain::charter::Software,
    federation::{own_keys, signatures::answer},
    net::Answer,
    peers, uri,
};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Bytes of an answer that is signed.
const LARGEST: usize = 4 * 1024 * 1024;

/// Signs answers for those who ask for it, while this node belongs to an organisation.
pub async fn sign_answers(State(app): State<App>, request: Request, next: Next) -> Response {
    let asked = request.headers().contains_key("accept-signature") && peers::organisation(&app).is_some();
    let target = app.site().url(request.uri().path_and_query().map_or("/", |target| target.as_str()));
    let response = next.run(request).await;
    if !asked || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let failed = |what: &str| {
        tracing::error!(what, "an answer could not be signed");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    };
    let Ok(body) = axum::body::to_bytes(body, LARGEST).await else { return failed("body") };
    let Ok(signer) = own_keys::node_signer(&app).await else { return failed("key") };
    let Ok(values) = answer::sign(&signer, &target, parts.status.as_u16(), &body, app.clock().now()) else {
        return failed("signature");
    };
    for (name, value) in answer::HEADERS.into_iter().zip(values) {
        if let Ok(value) = HeaderValue::try_from(value) {
            parts.headers.insert(HeaderName::from_static(name), value);
        }
    }
    Response::from_parts(parts, Body::from(body))
}

/// What a request for a document asks for in `Accept-Signature`; nothing while this node belongs nowhere.
pub fn wish(app: &App) -> Option<(HeaderName, HeaderValue)> {
    peers::organisation(app)?;
    Some((HeaderName::from_static("accept-signature"), HeaderValue::from_static(answer::WANTED)))
}

/// Whether an answer may be believed: always where no node of the charter speaks, otherwise when that node signed it.
pub fn is_believed(app: &App, found: &Answer) -> bool {
    let Some(ours) = peers::organisation(app) else { return true };
    let Some(node) = ours.charter.node_at(uri::authority(found.url.as_str())) else { return true };
    if node.software != Software::Watercooler {
        return true;
    }
    let Ok(key) = PublicKey::from_multikey(&node.key) else { return false };
    let signed = answer::is_signed(
        &found.headers,
        (&node.key_id(), &key),
        found.url.as_str(),
        found.status.as_u16(),
        &found.body,
        app.clock().now(),
    );
    if !signed {
        metrics::counter!("charter_refused_total", "reason" => "unvouched").increment(1);
        tracing::warn!(domain = node.domain, "what answers under the name of a node does not have its key");
    }
    signed
}
