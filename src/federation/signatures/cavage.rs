//! draft-cavage-http-signatures-12, reading. The signing string is built by the `http-signatures` crate; its header
//! parser, clock and defaults are not used: it splits at every comma, lets the last of two equal parameters win, and
//! asks the machine's clock.

use super::{COVERED, Claim, Incoming, Reject, Scheme, decode_base64, good_key_id};
use crate::{crypto::KeyKind, time::Timestamp};
use http_signatures::verify::ParsedHeader;
use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

/// Longer than any date, so that the crate's own age check (machine clock) never speaks; ours is [`Incoming::in_time`].
const FOREVER: Duration = Duration::from_secs(100_000_000_000);

/// Reads `Signature: keyId="...",algorithm="...",headers="...",signature="..."` and judges it against the request.
pub(super) fn read(request: &Incoming<'_>, header: &str) -> Result<Claim, Reject> {
    let mut given = Parameters::parse(header)?;
    let key_id = given.key_id.take().ok_or(Reject::Malformed)?;
    good_key_id(&key_id)?;
    let signature =
        given.signature.as_deref().and_then(decode_base64).filter(|s| !s.is_empty()).ok_or(Reject::Malformed)?;
    let (algorithm, dated_only) = match given.algorithm.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("rsa-sha256") => (Some(KeyKind::Rsa), true),
        Some("hs2019") | None => (None, false),
        Some(_) => return Err(Reject::Algorithm),
    };

    let covered = names(given.headers.as_deref().unwrap_or("(created)"))?;
    let covers = |name: &str| covered.iter().any(|c| c == name);
    if !covers("(request-target)") || !covers("host") || !(covers("date") || covers("(created)")) {
        return Err(Reject::Cover);
    }
    if dated_only && (covers("(created)") || covers("(expires)")) {
        return Err(Reject::Cover);
    }
    let digest = if request.has_body() { Some(digest(request, covers("digest"))?) } else { None };

    let created = given.created.as_deref().map(whole_seconds).transpose()?;
    let expires = given.expires.as_deref().map(seconds).transpose()?;
    let signed = if covers("(created)") {
        created.ok_or(Reject::Cover)?
    } else {
        let date = request.only("date")?.ok_or(Reject::Cover)?;
        Timestamp::parse_http(date).ok_or(Reject::Malformed)?.seconds()
    };
    request.in_time(signed, expires)?;

    let hosts = request.names.spellings(request.authority).ok_or(Reject::Host)?;
    let mut bases = Vec::with_capacity(1);
    for host in &hosts {
        bases.push(signing_string(request, &covered, &given, request.target, host)?);
    }
    // Old Mastodon and Fedify leave the query out of the request target (SIGIN-17).
    if let Some((path, _)) = request.target.split_once('?') {
        for host in &hosts {
            bases.push(signing_string(request, &covered, &given, path, host)?);
        }
    }
    Ok(Claim { scheme: Scheme::Cavage, key_id, signed, algorithm, bases, targets: Vec::new(), signature, digest })
}

fn signing_string(
    request: &Incoming<'_>,
    covered: &[String],
    given: &Parameters,
    target: &str,
    host: &str,
) -> Result<String, Reject> {
    let mut values = BTreeMap::new();
    for name in covered {
        // The crate would compare `created` and `expires` with the machine's clock; as plain values it only prints them.
        let value = match name.as_str() {
            "(request-target)" => continue,
            "(created)" => given.created.clone().ok_or(Reject::Cover)?,
            "(expires)" => given.expires.clone().ok_or(Reject::Cover)?,
            name => request.value(name, host)?,
        };
        values.insert(name.clone(), value);
    }
    let canonical = format!("keyId=\"k\",headers=\"{}\",signature=\"s\"", covered.join(" "));
    let parsed: ParsedHeader = canonical.parse().map_err(|_| Reject::Malformed)?;
    let unverified = parsed
        .into_unvalidated(request.method, target, &mut values, HashSet::new())
        .map_err(|_| Reject::Cover)?
        .validate(FOREVER)
        .map_err(|_| Reject::Stale)?;
    Ok(unverified.signing_string().to_owned())
}

/// The covered names in lower case, each once.
fn names(headers: &str) -> Result<Vec<String>, Reject> {
    let mut all: Vec<String> = Vec::new();
    for name in headers.split_ascii_whitespace() {
        let name = name.to_ascii_lowercase();
        let pseudo = matches!(name.as_str(), "(request-target)" | "(created)" | "(expires)");
        let token = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.!#$&'*+^`|~%".contains(&b));
        if !(pseudo || token) || all.contains(&name) || all.len() >= COVERED {
            return Err(Reject::Malformed);
        }
        all.push(name);
    }
    Ok(all)
}

/// Unix seconds in plain digits, short enough for every calculation.
fn whole_seconds(text: &str) -> Result<i64, Reject> {
    if text.is_empty() || text.len() > 12 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Reject::Malformed);
    }
    text.parse().map_err(|_| Reject::Malformed)
}

/// The same, of a time that may have a fraction (section 2.1.5 of the draft).
fn seconds(text: &str) -> Result<i64, Reject> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let plain = !fraction.is_empty() && fraction.len() <= 9 && fraction.bytes().all(|b| b.is_ascii_digit());
    if plain { whole_seconds(whole) } else { Err(Reject::Malformed) }
}

/// The SHA-256 of `Digest` (RFC 3230): among several, its name in any case; two that differ are a lie (SIGIN-06).
fn digest(request: &Incoming<'_>, covered: bool) -> Result<[u8; 32], Reject> {
    let all = request.value("digest", "").map_err(|_| Reject::NoDigest)?;
    if !covered {
        return Err(Reject::Cover);
    }
    let mut found: Option<[u8; 32]> = None;
    for part in all.split(',') {
        let Some((name, value)) = part.trim().split_once('=') else { continue };
        if !name.eq_ignore_ascii_case("sha-256") {
            continue;
        }
        let value: [u8; 32] = decode_base64(value).and_then(|v| v.try_into().ok()).ok_or(Reject::Digest)?;
        if found.is_some_and(|f| f != value) {
            return Err(Reject::Digest);
        }
        found = Some(value);
    }
    found.ok_or(Reject::NoDigest)
}

#[derive(Debug, Default)]
struct Parameters {
    key_id: Option<String>,
    algorithm: Option<String>,
    headers: Option<String>,
    signature: Option<String>,
    created: Option<String>,
    expires: Option<String>,
}

impl Parameters {
    /// `name="value"` or `name=value`, separated by commas; a name twice is refused (SIG-15), unknown ones are read over.
    fn parse(header: &str) -> Result<Self, Reject> {
        let mut out = Self::default();
        let mut seen: Vec<String> = Vec::new();
        let mut rest = header.trim();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=').ok_or(Reject::Malformed)?;
            let name = name.trim().to_ascii_lowercase();
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
                return Err(Reject::Malformed);
            }
            if seen.contains(&name) || seen.len() >= 32 {
                return Err(Reject::Malformed);
            }
            let (value, after) = Self::value(after.trim_start())?;
            match name.as_str() {
                "keyid" => out.key_id = Some(value),
                "algorithm" => out.algorithm = Some(value),
                "headers" => out.headers = Some(value),
                "signature" => out.signature = Some(value),
                "created" => out.created = Some(value),
                "expires" => out.expires = Some(value),
                _ => {}
            }
            seen.push(name);
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if after.is_empty() => "",
                None => return Err(Reject::Malformed),
            };
        }
        Ok(out)
    }

    fn value(text: &str) -> Result<(String, &str), Reject> {
        let Some(quoted) = text.strip_prefix('"') else {
            let end = text.find(',').unwrap_or(text.len());
            let (value, rest) = text.split_at_checked(end).ok_or(Reject::Malformed)?;
            let value = value.trim();
            let plain = !value.is_empty() && !value.contains(['"', ' ', '\t']);
            return if plain { Ok((value.to_owned(), rest)) } else { Err(Reject::Malformed) };
        };
        let mut value = String::new();
        let mut chars = quoted.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => return Ok((value, quoted.get(at + 1..).unwrap_or_default())),
                '\\' => value.push(chars.next().ok_or(Reject::Malformed)?.1),
                c => value.push(c),
            }
        }
        Err(Reject::Malformed)
    }
}
