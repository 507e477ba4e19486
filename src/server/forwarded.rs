//! Who is really asking: forwarded headers count only from configured proxies (LIM-10).

use crate::config::Config;
use axum::http::{HeaderMap, HeaderValue, header};
use std::net::{IpAddr, SocketAddr};

const HEADERS: [&str; 5] = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "forwarded"];

/// The address of the client. Behind a configured proxy it is the rightmost hop that is no proxy of ours, and `Host`
/// becomes the name the client asked for; from anybody else the headers are removed.
pub(super) fn resolve(config: &Config, peer: SocketAddr, headers: &mut HeaderMap) -> SocketAddr {
    let mut client = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    if config.is_trusted_proxy(peer.ip()) {
        if let Some(address) = rightmost_stranger(config, headers) {
            client = SocketAddr::new(address, 0);
        }
        if let Some(host) = last(headers, "x-forwarded-host") {
            headers.insert(header::HOST, host);
        }
    }
    for name in HEADERS {
        headers.remove(name);
    }
    client
}

fn rightmost_stranger(config: &Config, headers: &HeaderMap) -> Option<IpAddr> {
    let mut farthest = None;
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        // What is no address was not written by our proxy: nothing left of it counts.
        let Some(address) = parse(hop.trim()) else { break };
        farthest = Some(address);
        if !config.is_trusted_proxy(address) {
            break;
        }
    }
    farthest
}

/// `1.2.3.4`, `1.2.3.4:567`, `2001:db8::1` or `[2001:db8::1]:567`.
fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_matches(['[', ']']);
    bare.parse::<IpAddr>().or_else(|_| hop.parse::<SocketAddr>().map(|a| a.ip())).ok().map(|a| a.to_canonical())
}

fn last(headers: &HeaderMap, name: &str) -> Option<HeaderValue> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    HeaderValue::from_str(line.rsplit(',').next()?.trim()).ok().filter(|v| !v.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(peer: &str, pairs: &[(&'static str, &str)]) -> (String, HeaderMap) {
        let config = Config { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Config::default() };
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        (resolve(&config, peer.parse().unwrap(), &mut headers).ip().to_string(), headers)
    }

    #[test]
    fn sec_lim_10_a_strangers_forwarded_headers_are_ignored_and_removed() {
        let (client, headers) =
            ask("8.8.8.8:1", &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-host", "evil.example")]);
        assert_eq!(client, "8.8.8.8");
        assert!(headers.is_empty());
    }

    #[test]
    fn sec_lim_10_behind_a_proxy_the_rightmost_untrusted_hop_counts() {
        for (value, client) in [
            ("1.1.1.1", "1.1.1.1"),
            ("6.6.6.6, 1.1.1.1, 10.2.2.2", "1.1.1.1"),
            ("6.6.6.6, nonsense, 10.2.2.2", "10.2.2.2"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("1.1.1.1:99", "1.1.1.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(ask("10.0.0.1:1", &[("x-forwarded-for", value)]).0, client, "{value}");
        }
        let two_lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.1.1.1")];
        assert_eq!(ask("[::ffff:10.0.0.1]:1", &two_lines).0, "1.1.1.1");
        let (_, headers) = ask("10.0.0.1:1", &[("host", "inner"), ("x-forwarded-host", "social.example")]);
        assert_eq!(headers.get("host").unwrap(), "social.example");
    }
}
