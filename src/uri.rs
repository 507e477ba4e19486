//! Addresses as identity: one normaliser, used wherever ids are compared or stored (AUT-18, ROB-09).

use std::borrow::Cow;
use url::Url;

/// Bytes of an id beyond which it is refused, as it came and in its normal form: an index of PostgreSQL has no room for more.
const LONGEST: usize = 2_048;

/// Reads an absolute `http` or `https` address in its normal form: host in lower case and punycode without trailing
/// dot, no default port, percent-encoding in upper case and only where needed. `None` for anything else, for user info,
/// and for what is longer than 2 KiB.
pub fn parse(text: &str) -> Option<Url> {
    let text = text.trim();
    if text.len() > LONGEST || !(text.get(..4)?.eq_ignore_ascii_case("http")) {
        return None;
    }
    let mut url = Url::parse(text).ok()?;
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let host = url.host_str()?;
    if let Some(bare) = host.strip_suffix('.') {
        let bare = bare.to_owned();
        if bare.is_empty() || bare.ends_with('.') {
            return None;
        }
        url.set_host(Some(&bare)).ok()?;
    }
    let rewritten = match unreserved(url.as_str()) {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => Some(text),
    };
    let normal = match rewritten {
        None => url,
        Some(text) => Url::parse(&text).ok()?,
    };
    // What is not ASCII became three times as long.
    (normal.as_str().len() <= LONGEST).then_some(normal)
}

/// The normal form of [`parse`] as text.
pub fn normalize(text: &str) -> Option<String> {
    parse(text).map(String::from)
}

/// Scheme, host and port of a **normalised** address: what owns it. The empty string for anything that is not one.
pub fn authority(uri: &str) -> &str {
    let Some(start) = uri.find("://").map(|at| at + 3) else { return "" };
    let end = uri.get(start..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(uri.len(), |at| start + at);
    uri.get(..end).unwrap_or("")
}

/// Host and port of a **normalised** address, as in handles and peer entries; the default port is left out.
pub fn host(uri: &str) -> &str {
    authority(uri).split_once("://").map_or("", |(_, host)| host)
}

/// The domain of a handle as somebody typed it (`host` or `host:port`), in the form that is stored: lower case, punycode.
pub fn domain(typed: &str) -> String {
    if typed.is_ascii() {
        return typed.to_ascii_lowercase();
    }
    let (name, port) = typed.split_once(':').map_or((typed, None), |(name, port)| (name, Some(port)));
    let name = url::Host::parse(name).map_or_else(|_| name.to_lowercase(), |host| host.to_string());
    port.map_or_else(|| name.clone(), |port| format!("{name}:{port}"))
}

/// Whether two **normalised** addresses belong to the same authority.
pub fn same_authority(a: &str, b: &str) -> bool {
    let a = authority(a);
    !a.is_empty() && a == authority(b)
}

/// Upper-case escapes; unreserved characters (RFC 3986) are not escaped.
fn unreserved(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('%') else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    let (head, mut rest) = text.split_at_checked(first).unwrap_or((text, ""));
    out.push_str(head);
    while let Some(escape) = rest.strip_prefix('%') {
        let byte = escape.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let used = match byte {
            Some(b) if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') => {
                out.push(char::from(b));
                2
            }
            Some(b) => {
                out.push_str(&format!("%{b:02X}"));
                2
            }
            None => {
                out.push('%');
                0
            }
        };
        let tail = escape.get(used..).unwrap_or("");
        let next = tail.find('%').unwrap_or(tail.len());
        let (plain, tail) = tail.split_at_checked(next).unwrap_or((tail, ""));
        out.push_str(plain);
        rest = tail;
    }
    if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) }
}

/// Whether whoever sends these values of `Accept` wants the page that stands at an address more than its document
/// (DISC-05). Pages and documents lead to one another, so both ask here.
pub fn wants_page<'a>(accept: impl Iterator<Item = &'a str>) -> bool {
    let (mut page, mut data) = (0_u16, 0_u16);
    for range in accept.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts
            .find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")))
            .and_then(|q| q.trim().parse::<f32>().ok())
            .unwrap_or(1.0);
        // Thousandths, as the specification counts them.
        let quality = (quality.clamp(0.0, 1.0) * 1000.0) as u16;
        match kind.as_str() {
            "text/html" | "application/xhtml+xml" => page = page.max(quality),
            "application/activity+json" | "application/ld+json" | "application/json" | "*/*" => {
                data = data.max(quality);
            }
            _ => {}
        }
    }
    page > data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fed_rob_09_the_domain_of_a_handle_has_one_spelling() {
        for (typed, stored) in [
            ("Bücher.Example", "xn--bcher-kva.example"),
            ("bücher.example:8443", "xn--bcher-kva.example:8443"),
            ("XN--bcher-kva.example", "xn--bcher-kva.example"),
            ("localhost:80", "localhost:80"),
        ] {
            assert_eq!(domain(typed), stored, "{typed}");
        }
    }

    #[test]
    fn sec_aut_18_fed_rob_09_spellings_of_one_address_are_one_id() {
        for (given, normal) in [
            ("HTTPS://Example.COM:443/Users/a", "https://example.com/Users/a"),
            ("http://example.com:80/a", "http://example.com/a"),
            ("https://example.com./a", "https://example.com/a"),
            ("https://example.com:8443/a", "https://example.com:8443/a"),
            ("https://bücher.example/%7euser/%e4", "https://xn--bcher-kva.example/~user/%E4"),
            ("https://example.com", "https://example.com/"),
            ("https://example.com/a#main-key", "https://example.com/a#main-key"),
            ("https://example.com/post/https%3A%2F%2Fx", "https://example.com/post/https%3A%2F%2Fx"),
        ] {
            assert_eq!(normalize(given).as_deref(), Some(normal), "{given}");
            assert_eq!(normalize(normal).as_deref(), Some(normal), "stable: {normal}");
        }
    }

    #[test]
    fn sec_aut_14_what_is_no_web_address_is_no_id() {
        for bad in
            ["", "word", "acct:a@b", "ftp://x/", "https://u:p@x/", "https://u@x/", "https://", "javascript:x", "http"]
        {
            assert_eq!(normalize(bad), None, "{bad}");
        }
        assert_eq!(normalize(&format!("https://x/{}", "a".repeat(3_000))), None);
        // 1,810 bytes as they came, 5,410 as they would be stored.
        assert_eq!(normalize(&format!("https://x/{}", "語".repeat(600))), None);
        assert!(normalize(&format!("https://x/{}", "語".repeat(200))).is_some());
    }

    #[test]
    fn authorities_are_scheme_host_and_port() {
        assert_eq!(authority("https://a.example:8443/x?y"), "https://a.example:8443");
        assert_eq!(host("https://a.example/x"), "a.example");
        assert!(same_authority("https://a.example/x", "https://a.example/y"));
        assert!(!same_authority("https://a.example/x", "http://a.example/x"));
        assert!(!same_authority("word", "word"));
    }
}
