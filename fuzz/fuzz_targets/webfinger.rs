//! What another server says of a handle, and handles as people type them: the first line is the handle, the rest the answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watercooler::federation::{
    json::Json,
    webfinger::{Handle, read},
};

fuzz_target!(|bytes: &[u8]| {
    let (typed, answer) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (&b"ada@far.example"[..], bytes),
    };
    let Some(handle) = Handle::parse(&String::from_utf8_lossy(typed)) else { return };
    assert_eq!(Handle::parse(&handle.to_string()).map(|again| again.key()), Some(handle.key()));
    if let Ok(json) = Json::parse(answer) {
        let _ = read(&json, &handle, Some("https://far.example/users/ada"));
    }
});
