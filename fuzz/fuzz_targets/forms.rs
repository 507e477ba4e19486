//! Bodies and queries of the client API: the first byte chooses the content type, the first line is the query.
#![no_main]

use axum::{body::Body, extract::FromRequest, http::Request};
use libfuzzer_sys::fuzz_target;
use watercooler::api::params::Params;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let at = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (query, body) = (&rest[..at], rest.get(at + 1..).unwrap_or_default());
    let _ = Params::from_query(&String::from_utf8_lossy(query));
    let kind = match kind % 4 {
        0 => "application/x-www-form-urlencoded",
        1 => "application/json",
        2 => "multipart/form-data; boundary=b",
        _ => "",
    };
    let request = Request::builder().method("POST").uri("/api/v1/statuses").header("content-type", kind);
    let Ok(request) = request.body(Body::from(body.to_vec())) else { return };
    if let Ok(params) = futures_executor::block_on(Params::from_request(request, &())) {
        let _ = (params.texts("media_ids"), params.ids::<()>("ids"), params.maps("fields"), params.integer("limit"));
        let _ = (params.flag("sensitive"), params.map("poll").map(|poll| poll.texts("options")));
    }
});
