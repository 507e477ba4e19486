//! Markup of strangers: what comes out is at rest (cleaning it again changes nothing) and holds nothing that runs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watercooler::domain::html::{plain_line, plain_text, sanitize_html};

fuzz_target!(|bytes: &[u8]| {
    let markup = String::from_utf8_lossy(bytes);
    let clean = sanitize_html(&markup).into_string();
    assert_eq!(sanitize_html(&clean).as_str(), clean);
    let lower = clean.to_ascii_lowercase();
    for bad in ["<script", "<style", "<iframe", "<object", "<svg", "<math", "<form", " onerror=", " onload=", "href=\"javascript"] {
        assert!(!lower.contains(bad) || !is_markup(&lower, bad), "{bad} in {clean}");
    }
    let _ = plain_text(&markup);
    let _ = plain_line(&markup, 100);
});

/// Whether this stands within a tag, and not in a text, where `<` is written out.
fn is_markup(clean: &str, bad: &str) -> bool {
    bad.starts_with('<') || clean.match_indices(bad).any(|(at, _)| clean[..at].rfind('<') > clean[..at].rfind('>'))
}
