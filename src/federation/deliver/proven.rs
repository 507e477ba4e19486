//! The proof that public activities carry (SIGOUT-05, FEP-8b32): whoever passes them on need not be believed. Nothing that
//! is not for everybody gets one: it would stay true in anybody's hands.

use crate::{
    Error, Result,
    app::App,
    crypto::integrity,
    federation::{
        own_keys,
        render::{PUBLIC, context},
    },
    id::Id,
    model::Activity,
    store::deliveries as rows,
};
use hyper::body::Bytes;
use serde_json::Value;

/// The body of an activity as it is sent: the same for all inboxes and all tries.
///
/// # Errors
/// `NotFound` when there is nothing to send any more; those of the keys.
pub(super) async fn body(app: &App, id: Id<Activity>) -> Result<Bytes> {
    let (row, open) = app
        .glance(move |conn| Ok((rows::find_activity(conn, id)?.ok_or(Error::NotFound)?, rows::is_open(conn, id)?)))
        .await?;
    // A post is gone when its Delete is sent; that names nothing but its id.
    if !open && row.kind != "Delete" {
        return Ok(Bytes::from(row.json));
    }
    let mut document: Value = serde_json::from_str(&row.json).map_err(Error::internal)?;
    if !is_public(&document) {
        return Ok(Bytes::from(row.json));
    }
    let signer = own_keys::document_signer(app, row.account_id).await?;
    context::define_proof(&mut document);
    integrity::sign(&mut document, &signer.key, &signer.key_id, row.created_at)?;
    Ok(Bytes::from(document.to_string()))
}

fn is_public(document: &Value) -> bool {
    let everybody = |name: &str| match document.get(name) {
        Some(Value::Array(list)) => list.iter().any(|one| one.as_str() == Some(PUBLIC)),
        Some(one) => one.as_str() == Some(PUBLIC),
        None => false,
    };
    everybody("to") || everybody("cc")
}
