//! The style sheet and pictures of the pages, embedded in the binary. Names come from the embedded list, never from the
//! file system, so a path cannot leave it (LIM-08).

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::LazyLock;

#[derive(rust_embed::Embed)]
#[folder = "assets/"]
struct Files;

/// Address of the style sheet; the query changes with its content, so that it can be cached for ever.
pub fn sheet() -> &'static str {
    static SHEET: LazyLock<String> = LazyLock::new(|| format!("/assets/site.css?{}", fingerprint("site.css")));
    &SHEET
}

fn fingerprint(name: &str) -> String {
    Files::get(name).map_or_else(String::new, |file| hex(&file.metadata.sha256_hash()))
}

fn hex(hash: &[u8]) -> String {
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// `GET /avatars/original/missing.png`.
pub async fn no_avatar(headers: HeaderMap, uri: axum::http::Uri) -> Response {
    serve(Path("avatars/missing.png".to_owned()), headers, uri).await
}

/// `GET /headers/original/missing.png`.
pub async fn no_header(headers: HeaderMap, uri: axum::http::Uri) -> Response {
    serve(Path("headers/missing.png".to_owned()), headers, uri).await
}

/// `GET /assets/{*name}`.
pub async fn serve(Path(name): Path<String>, headers: HeaderMap, uri: axum::http::Uri) -> Response {
    let Some(file) = Files::get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", hex(&file.metadata.sha256_hash()));
    let kind = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        Some((_, "png")) => "image/png",
        Some((_, "txt")) => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    let keep = if uri.query().is_some() { "public, max-age=31536000, immutable" } else { "public, max-age=86400" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes());
    let mut answer =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { file.data.into_owned().into_response() };
    let to = answer.headers_mut();
    to.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    to.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    to.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    to.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    );
    to.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        to.insert(header::ETAG, tag);
    }
    answer
}
