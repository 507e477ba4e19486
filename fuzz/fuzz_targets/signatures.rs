//! Headers of signed requests, both formats: lines of `name: value`, the first the request line.
#![no_main]

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use watercooler::{
    federation::signatures::{Incoming, OwnNames, read},
    time::Timestamp,
};

fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let (method, target) = first.split_once(' ').unwrap_or(("POST", "/inbox"));
    let mut headers = HeaderMap::new();
    for line in lines.take(64) {
        let Some(at) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = line.split_at(at);
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value[1..].trim_ascii())) {
            headers.append(name, value);
        }
    }
    let authority = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("alpha.test").to_owned();
    let names = OwnNames::new(&"https://alpha.test".parse().unwrap(), "alpha.test");
    let now = Timestamp::from_millis(1_795_435_200_000);
    let request = Incoming { method, target, authority: &authority, headers: &headers, now, names: &names };
    for claim in read(&request).into_iter().flatten() {
        let _ = claim.body_fits(b"{}");
    }
});
