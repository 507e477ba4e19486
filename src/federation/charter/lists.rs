//! The list of the organisation's domains at an address that stays, on every node: other servers subscribe to it.

use super::{auth, serve::Answered};
use crate::{
    app::App,
    domain::charter::{
        Refused,
        lists::{self, Form},
    },
    peers,
};
use axum::{
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::IntoResponse,
};
use serde::Deserialize;

/// How long a copy is good. Seconds.
const FRESH: &str = "max-age=300";

/// What may be asked for.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// A domain that is left out: that of whoever imports the list.
    #[serde(default)]
    without: Option<String>,
}

/// The list in one form: for nodes of the organisation; for everybody where the settings say so.
pub(super) async fn show(form: Form, State(app): State<App>, Query(asked): Query<Asked>, parts: Parts) -> Answered {
    let ours = peers::organisation(&app).ok_or(Refused::NoOrganisation)?;
    let public = app.config().federation.public_domain_list;
    if !public {
        auth::member(&auth::claims(&app, &parts)?, &ours, b"")?;
    }
    let list = lists::write(&ours.charter, form, asked.without.as_deref())?;
    let tag = format!("\"{}\"", crate::crypto::sha256_hex(list.as_bytes()));
    let known = parts.headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let same = known.flat_map(|value| value.split(',')).any(|value| value.trim().trim_start_matches("W/") == tag);
    let mut response = match same {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(header::CONTENT_TYPE, form.media_type())], list).into_response(),
    };
    let headers = response.headers_mut();
    let whose = if public { "public" } else { "private" };
    if let (Ok(cache), Ok(tag)) = (HeaderValue::from_str(&format!("{whose}, {FRESH}")), HeaderValue::from_str(&tag)) {
        headers.insert(header::CACHE_CONTROL, cache);
        headers.insert(header::ETAG, tag);
    }
    if !public {
        headers.insert(header::VARY, HeaderValue::from_static("Signature, Signature-Input"));
    }
    Ok(response)
}
