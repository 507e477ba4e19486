//! Pages of a list: `max_id`, `since_id`, `min_id`, `limit`, and the `Link` header that leads to the next one.

use super::{error::ApiResult, params::Params};
use crate::Error;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use std::fmt::Write;

pub use crate::store::page::Page;

/// Reads the page asked for; the limit is clamped to 1..=`2 * default`. Bounds that are no numbers are 422.
pub fn read(params: &Params, default: i64) -> ApiResult<Page> {
    let limit = match params.integer("limit")? {
        Some(n) => n.clamp(1, default * 2),
        None => default,
    };
    Ok(Page {
        max_id: bound(params, "max_id")?,
        since_id: bound(params, "since_id")?,
        min_id: bound(params, "min_id")?,
        limit,
    })
}

fn bound(params: &Params, name: &'static str) -> ApiResult<Option<i64>> {
    let Some(text) = params.filled(name) else { return Ok(None) };
    let text = text.trim();
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Error::invalid("", "invalid", format!("{name} is not an id")).into());
    }
    // More digits than an id can have: newer than everything.
    Ok(Some(text.parse().unwrap_or(i64::MAX)))
}

/// The parameter that leads back towards newer rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prev {
    /// Timelines.
    MinId,
    /// Lists of accounts.
    SinceId,
}

/// The caller's parameters but for these and tokens, each with an `&` behind it.
fn kept(uri: &Uri, but: &[&str]) -> String {
    let mut kept = String::new();
    for pair in uri.query().unwrap_or_default().split('&').filter(|p| !p.is_empty()) {
        let name = pair.split('=').next().unwrap_or("");
        if !but.contains(&name) && !matches!(name, "access_token" | "bearer_token") {
            kept.push_str(pair);
            kept.push('&');
        }
    }
    kept
}

/// The `Link` header of a page of a list that goes on by `offset`; none when there is no other page.
pub fn link_by_offset(base: &str, uri: &Uri, limit: i64, offset: i64, more: bool) -> HeaderMap {
    let (kept, path) = (kept(uri, &["offset"]), uri.path().trim_end_matches('/'));
    let to = |offset: i64, rel: &str| format!("<{base}{path}?{kept}offset={offset}>; rel=\"{rel}\"");
    let mut links = Vec::new();
    if more {
        links.push(to(offset + limit, "next"));
    }
    if offset > 0 {
        links.push(to((offset - limit).max(0), "prev"));
    }
    let mut headers = HeaderMap::new();
    if let (false, Ok(value)) = (links.is_empty(), HeaderValue::from_str(&links.join(", "))) {
        headers.insert(header::LINK, value);
    }
    headers
}

/// The `Link` header of a page whose newest row has the cursor `first` and whose oldest has `last`; `next` is left out
/// when `more` is false. Keeps the caller's other parameters. `base` is the public address without a slash at the end.
pub fn link(base: &str, uri: &Uri, first: i64, last: i64, more: bool, prev: Prev) -> HeaderMap {
    let kept = kept(uri, &["max_id", "since_id", "min_id"]);
    let path = uri.path().trim_end_matches('/');
    let back = match prev {
        Prev::MinId => "min_id",
        Prev::SinceId => "since_id",
    };
    let mut value = String::with_capacity(2 * (base.len() + path.len() + kept.len() + 48));
    if more {
        let _ = write!(value, "<{base}{path}?{kept}max_id={last}>; rel=\"next\", ");
    }
    let _ = write!(value, "<{base}{path}?{kept}{back}={first}>; rel=\"prev\"");
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(header::LINK, value);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> ApiResult<Page> {
        super::read(&Params::from_query(query)?, Page::POSTS)
    }

    #[test]
    fn sec_lim_07_limits_are_clamped_and_strange_ids_refused() {
        assert_eq!(read("").expect("a page").limit, 20);
        assert_eq!(read("limit=-1").expect("a page").limit, 1);
        assert_eq!(read("limit=1e20").expect("a page").limit, 40);
        assert_eq!(read("limit=99999999999999999999").expect("a page").limit, 40);
        assert_eq!(read("max_id=99999999999999999999999").expect("a page").max_id, Some(i64::MAX));
        assert_eq!(read("max_id=").expect("a page").max_id, None);
        let refused = read("max_id=%27%20OR%201=1").expect_err("refused");
        assert_eq!(refused.status().as_u16(), 422);
    }

    #[test]
    fn min_id_wins_over_since_id() {
        let page = read("min_id=5&since_id=9").expect("a page");
        assert!(page.upward());
        assert_eq!(page.above(), Some(5));
        assert!(!read("since_id=9").expect("a page").upward());
    }

    #[test]
    fn the_link_header_keeps_other_parameters_and_names_next_first() {
        let uri: Uri = "/api/v1/timelines/tag/x/?limit=2&max_id=9&any[]=a&any[]=b".parse().expect("a uri");
        let headers = link("https://host.example", &uri, 8, 7, true, Prev::MinId);
        assert_eq!(
            headers[header::LINK],
            "<https://host.example/api/v1/timelines/tag/x?limit=2&any[]=a&any[]=b&max_id=7>; rel=\"next\", \
             <https://host.example/api/v1/timelines/tag/x?limit=2&any[]=a&any[]=b&min_id=8>; rel=\"prev\""
        );
        let trends: Uri = "/api/v1/trends/tags?limit=2&offset=3".parse().expect("a uri");
        assert_eq!(
            link_by_offset("https://host.example", &trends, 2, 3, true)[header::LINK],
            "<https://host.example/api/v1/trends/tags?limit=2&offset=5>; rel=\"next\", \
             <https://host.example/api/v1/trends/tags?limit=2&offset=1>; rel=\"prev\""
        );
        assert!(link_by_offset("https://host.example", &trends, 2, 0, false).is_empty());
        let short = link("https://host.example", &uri, 8, 7, false, Prev::SinceId);
        assert_eq!(
            short[header::LINK],
            "<https://host.example/api/v1/timelines/tag/x?limit=2&any[]=a&any[]=b&since_id=8>; rel=\"prev\""
        );
    }
}
