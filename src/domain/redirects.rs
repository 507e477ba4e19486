//! Redirect URIs of apps (OAU-01, OAU-02; `api/oauth.md` section 2). They are kept and compared byte for byte and never
//! pass through a URL type that rewrites them: Elk registers percent-encoded ones, Ice Cubes one with nothing after the
//! slashes. The URL parser is only asked what a person should be shown.

use crate::{Error, Result, limits};

/// The out-of-band URN: the code is shown on a page and typed by the person (toot, tut, megalodon, Mastodon.py).
pub const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Schemes a browser would run or read locally.
const DANGEROUS: [&str; 6] = ["javascript", "data", "vbscript", "file", "blob", "about"];

/// A redirect URI that may be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Accepts any absolute URI but: fragments, wildcards, user names in web addresses, dangerous schemes, and plain
    /// http to another machine unless `plain_http` (a setting for intranets).
    ///
    /// # Errors
    /// `Invalid` for the field `redirect_uris`, saying why.
    pub fn parse(text: &str, plain_http: bool) -> Result<Self> {
        let refuse = |reason: &'static str| Err(Error::invalid("redirect_uris", "invalid", reason));
        if text.len() > limits::REDIRECT_URI {
            return refuse("Redirect URI is too long");
        }
        if !text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'<' | b'>')) {
            return refuse("Redirect URI contains characters that are not allowed in a URI");
        }
        let Some((scheme, rest)) = text.split_once(':') else {
            return refuse("Redirect URI must be an absolute URI");
        };
        let mut letters = scheme.bytes();
        if !letters.next().is_some_and(|b| b.is_ascii_alphabetic())
            || !letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
            || rest.is_empty()
        {
            return refuse("Redirect URI must be an absolute URI");
        }
        if text.contains('#') {
            return refuse("Redirect URI cannot contain a fragment");
        }
        if text.contains('*') {
            return refuse("Redirect URI cannot contain a wildcard");
        }
        let scheme = scheme.to_ascii_lowercase();
        if DANGEROUS.contains(&scheme.as_str()) {
            return refuse("Redirect URI uses a forbidden scheme");
        }
        if scheme == "http" || scheme == "https" {
            let host_part = rest.strip_prefix("//").unwrap_or_default();
            let authority = host_part.split(['/', '?']).next().unwrap_or_default();
            if authority.is_empty() {
                return refuse("Redirect URI must be an absolute URI");
            }
            if authority.contains('@') {
                return refuse("Redirect URI cannot contain a user name");
            }
            let Ok(url) = url::Url::parse(text) else {
                return refuse("Redirect URI must be an absolute URI");
            };
            if scheme == "http" && !plain_http && !is_loopback(&url) {
                return refuse("Redirect URI must be an HTTPS/SSL URI");
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads `redirect_uris` as clients send it: each string may hold several, with white space between them.
    ///
    /// # Errors
    /// `Invalid` for none at all, too many, or the first that is not acceptable.
    pub fn parse_all<'a>(texts: impl IntoIterator<Item = &'a str>, plain_http: bool) -> Result<Vec<Self>> {
        let mut uris: Vec<Self> = Vec::new();
        for text in texts.into_iter().flat_map(str::split_ascii_whitespace) {
            let uri = Self::parse(text, plain_http)?;
            if !uris.contains(&uri) {
                uris.push(uri);
            }
            if uris.len() > limits::REDIRECT_URIS {
                return Err(Error::invalid("redirect_uris", "too_long", "There are too many redirect URIs"));
            }
        }
        if uris.is_empty() {
            return Err(Error::invalid("redirect_uris", "blank", "Redirect URI can't be blank"));
        }
        Ok(uris)
    }

    /// As registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// `uri` with these parameters appended, each percent-encoded; nothing that was there is touched. Parameters with an
/// empty value are kept (an empty `state` is returned as it came).
pub fn with_parameters(uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut out = uri.to_owned();
    let mut separator = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    for (name, value) in parameters {
        out.push_str(separator);
        out.push_str(name);
        out.push('=');
        encode_into(&mut out, value);
        separator = "&";
    }
    out
}

/// Percent-encodes everything but unreserved characters (RFC 3986).
fn encode_into(out: &mut String, value: &str) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let hex = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or('0');
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(hex(byte >> 4));
            out.push(hex(byte & 15));
        }
    }
}

/// Where a person will be sent: what the consent page shows (OAU-17).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A web site: host, with the port when there is one.
    Site(String),
    /// A program on this device that owns the scheme.
    Program(String),
    /// Nowhere: the code is shown.
    Page,
}

/// Reads the destination out of a registered URI.
pub fn destination(uri: &str) -> Destination {
    if uri == OUT_OF_BAND {
        return Destination::Page;
    }
    match url::Url::parse(uri) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => Destination::Site(format!("{host}:{port}")),
            (Some(host), None) => Destination::Site(host.to_owned()),
            (None, _) => Destination::Program(url.scheme().to_owned()),
        },
        _ => Destination::Program(uri.split_once(':').map_or(uri, |(scheme, _)| scheme).to_owned()),
    }
}

/// The `website` of an app: an http(s) URL or nothing; an empty text is nothing (OAU-17).
///
/// # Errors
/// `Invalid` for another scheme, a relative URL or one that is too long.
pub fn website(text: &str) -> Result<Option<String>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() && text.len() <= limits::REDIRECT_URI => {
            Ok(Some(text.to_owned()))
        }
        _ => Err(Error::invalid("website", "invalid", "Website must be a valid HTTP(S) URL")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `api/oauth.md` section 2, one of each kind.
    const WORKING: [&str; 14] = [
        "urn:ietf:wg:oauth:2.0:oob",
        "mastodon://joinmastodon.org/oauth",
        "org.joinmastodon.android-auth://callback",
        "icecubesapp://",
        "oauth2redirect://com.keylesspalace.tusky/",
        "https://elk.zone/api/alpha.example/oauth/https%3A%2F%2Felk.zone",
        "https://phanpy.social/",
        "https://phanpy.social",
        "https://app.example/callback?source=a&b=",
        "http://localhost:5173/",
        "http://127.0.0.1:8080/callback",
        "http://[::1]:8080/callback",
        "http://chat.localhost/",
        "com.example.app:/oauth",
    ];

    #[test]
    fn the_redirect_uris_of_all_clients_are_kept_byte_for_byte() {
        for text in WORKING {
            assert_eq!(RedirectUri::parse(text, false).unwrap().as_str(), text);
        }
    }

    #[test]
    fn sec_oau_02_uris_that_could_run_or_wander_are_refused() {
        for text in [
            "",
            "/callback",
            "callback",
            "//host/callback",
            "://x",
            "1a://x",
            "https:",
            "https://",
            "https:///path",
            "https://app.example/#fragment",
            "app://x#y",
            "https://*.example/",
            "app://*",
            "https://user@app.example/",
            "https://app.example\\@evil.example/",
            "javascript:alert(1)",
            "JavaScript://x/%0aalert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://app.example/1",
            "about:blank",
            "http://app.example/callback",
            "http://127.0.0.1.example/",
            "http://localhost.example/",
            "https://app.example/\u{e9}",
            "https://app.example/<x>",
        ] {
            assert!(RedirectUri::parse(text, false).is_err(), "{text}");
        }
        assert!(RedirectUri::parse("http://app.intranet/callback", true).is_ok());
        assert!(RedirectUri::parse(&format!("https://a.example/{}", "x".repeat(3000)), false).is_err());
    }

    #[test]
    fn several_uris_come_in_one_string_or_in_several() {
        let uris = RedirectUri::parse_all(["https://a.example/\nicecubesapp://", " urn:ietf:wg:oauth:2.0:oob "], false)
            .unwrap();
        assert_eq!(
            uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>(),
            ["https://a.example/", "icecubesapp://", OUT_OF_BAND]
        );
        assert!(RedirectUri::parse_all([" "], false).is_err());
        assert!(RedirectUri::parse_all([], false).is_err());
    }

    #[test]
    fn parameters_are_appended_without_touching_the_rest() {
        let with = |uri| with_parameters(uri, &[("code", "a_b-1"), ("state", "x y/é")]);
        assert_eq!(with("icecubesapp://"), "icecubesapp://?code=a_b-1&state=x%20y%2F%C3%A9");
        assert_eq!(with("https://a.example/%3A"), "https://a.example/%3A?code=a_b-1&state=x%20y%2F%C3%A9");
        assert_eq!(with("https://a.example/?a=1"), "https://a.example/?a=1&code=a_b-1&state=x%20y%2F%C3%A9");
        assert_eq!(with("https://a.example/?"), "https://a.example/?code=a_b-1&state=x%20y%2F%C3%A9");
        assert_eq!(with_parameters("a:b", &[("state", "")]), "a:b?state=");
    }

    #[test]
    fn sec_oau_17_a_person_sees_the_real_destination() {
        assert_eq!(destination(OUT_OF_BAND), Destination::Page);
        assert_eq!(destination("icecubesapp://"), Destination::Program("icecubesapp".into()));
        assert_eq!(destination("mastodon://joinmastodon.org/oauth"), Destination::Program("mastodon".into()));
        assert_eq!(destination("https://Phanpy.Social/x"), Destination::Site("phanpy.social".into()));
        assert_eq!(destination("http://localhost:5173/"), Destination::Site("localhost:5173".into()));
        assert_eq!(website("").unwrap(), None);
        assert_eq!(website("https://a.example").unwrap().as_deref(), Some("https://a.example"));
        for bad in ["javascript:alert(1)", "ftp://a.example", "a.example", "https://"] {
            assert!(website(bad).is_err(), "{bad}");
        }
    }
}
