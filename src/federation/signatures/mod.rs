//! HTTP signatures on requests, both directions: draft-cavage ([`cavage`]) and RFC 9421 ([`rfc9421`]).
//!
//! [`read`] judges everything that the headers alone can tell (shape, minimum cover, time window, host), without
//! touching the body, the network or a key; the caller then finds the key and asks [`Claim::body_fits`] and
//! [`Claim::verify`]. A request is proven only when all three agree. Where keys come from is not known here: see
//! `federation::keys`.

pub mod answer;
pub mod cavage;
mod fields;
mod hop;
pub mod rfc9421;
pub mod sign;
#[cfg(test)]
mod tests;

use crate::{
    crypto::{self, KeyKind, PublicKey},
    time::Timestamp,
};
use axum::http::HeaderMap;
use url::Url;

pub use hop::{Elsewhere, HopSigner};
pub use sign::{Content, Signer};

/// How far the signing time may lie from now, either way (SIGIN-09, SIG-04, SIG-05). Seconds.
const WINDOW: i64 = 3600;
/// Names that a signature may cover.
const COVERED: usize = 64;

/// Which format a request used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// draft-cavage-http-signatures-12.
    Cavage,
    /// RFC 9421.
    Rfc9421,
}

/// How the ids of the first keys of an actor end. Those that took their place are known to the database.
const FIRST_KEYS: [&str; 2] = ["#main-key", "#ed25519-key"];

/// Why a request is not believed. The words are answered to the sender and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// No signature at all (SIG-01).
    Missing,
    /// The headers cannot be read, or say a thing twice (SIG-02, SIG-15).
    Malformed,
    /// An algorithm we do not take, or one that contradicts the key (SIG-12).
    Algorithm,
    /// Too little is covered, or something that is not there (SIGIN-08).
    Cover,
    /// Signed for another host (SIG-10).
    Host,
    /// Signed more than an hour ago (SIG-04).
    Stale,
    /// Signed more than an hour ahead (SIG-05).
    Future,
    /// Its own `expires` has passed.
    Expired,
    /// A POST without a digest (SIG-07).
    NoDigest,
    /// The digest is not the body's (SIG-06).
    Digest,
    /// `Content-Digest` cannot be read (SIGIN-07).
    BadDigest,
    /// The key did not make this signature (SIG-03).
    Signature,
}

impl Reject {
    /// One word for answers, logs and metrics.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "unsigned",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::Cover => "cover",
            Self::Host => "host",
            Self::Stale => "stale",
            Self::Future => "future",
            Self::Expired => "expired",
            Self::NoDigest => "no_digest",
            Self::Digest => "digest",
            Self::BadDigest => "bad_digest",
            Self::Signature => "signature",
        }
    }

    /// The HTTP status it is answered with.
    pub fn status(self) -> u16 {
        if self == Self::BadDigest { 400 } else { 401 }
    }
}

/// The names this node is reached under; a signature for any other is somebody else's request (SIG-10).
#[derive(Clone, Debug)]
pub struct OwnNames {
    scheme: String,
    /// Lower-case host and, when it is not the scheme's own, port.
    names: Vec<(String, Option<u16>)>,
}

impl OwnNames {
    /// The authority of `public_url`, and the handles' domain when that differs.
    pub fn new(public_url: &Url, domain: &str) -> Self {
        let mut names = vec![(public_url.host_str().unwrap_or_default().to_ascii_lowercase(), public_url.port())];
        let domain = split_authority(domain);
        if !names.contains(&domain) {
            names.push(domain);
        }
        Self { scheme: public_url.scheme().to_owned(), names }
    }

    /// Whether `authority` (as received) is ours: with our port, the default port or none.
    pub fn contains(&self, authority: &str) -> bool {
        self.find(authority).is_some()
    }

    fn find(&self, authority: &str) -> Option<&(String, Option<u16>)> {
        let (host, port) = split_authority(authority);
        let default = if self.scheme == "https" { 443 } else { 80 };
        self.names
            .iter()
            .find(|(name, own)| *name == host && port.is_none_or(|p| own.map_or(p == default, |own| own == p)))
    }

    /// The spellings under which the sender may have signed the host: as received first, then with and without our
    /// port (SIGIN-08). `None` when it is not ours.
    fn spellings(&self, authority: &str) -> Option<Vec<String>> {
        let (name, own) = self.find(authority)?;
        let mut all = vec![authority.to_owned()];
        if let Some(port) = own {
            all.extend([format!("{name}:{port}"), name.clone()]);
        } else if authority.contains(':') {
            all.push(name.clone());
        }
        let mut seen = Vec::with_capacity(all.len());
        all.retain(|a| {
            !seen.contains(a) && {
                seen.push(a.clone());
                true
            }
        });
        Some(all)
    }
}

fn split_authority(authority: &str) -> (String, Option<u16>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (host.to_ascii_lowercase(), port.parse().ok())
        }
        _ => (authority.to_ascii_lowercase(), None),
    }
}

/// What arrived, as far as signatures are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// `GET`, `POST`...
    pub method: &'a str,
    /// Path and query exactly as received.
    pub target: &'a str,
    /// The host the request was for: `Host`, `:authority`, or what a trusted proxy forwarded (SIGIN-10).
    pub authority: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The clock.
    pub now: Timestamp,
    /// Who we are.
    pub names: &'a OwnNames,
}

impl Incoming<'_> {
    fn has_body(&self) -> bool {
        !matches!(self.method, "GET" | "HEAD")
    }

    /// The value of a covered header: several lines are joined with comma and blank; `host` is the effective one.
    fn value(&self, name: &str, authority: &str) -> Result<String, Reject> {
        if name == "host" {
            return Ok(authority.to_owned());
        }
        let mut out: Option<String> = None;
        for value in self.headers.get_all(name) {
            let value = std::str::from_utf8(value.as_bytes()).map_err(|_| Reject::Malformed)?.trim();
            match &mut out {
                None => out = Some(value.to_owned()),
                Some(out) => {
                    out.push_str(", ");
                    out.push_str(value);
                }
            }
        }
        out.ok_or(Reject::Cover)
    }

    /// The one value of a header that must not come twice; `None` when it is absent.
    fn only(&self, name: &str) -> Result<Option<&str>, Reject> {
        let mut all = self.headers.get_all(name).iter();
        let Some(first) = all.next() else { return Ok(None) };
        if all.next().is_some() {
            return Err(Reject::Malformed);
        }
        std::str::from_utf8(first.as_bytes()).map(Some).map_err(|_| Reject::Malformed)
    }

    /// The time window (SIGIN-09). Unit of both: seconds.
    fn in_time(&self, signed: i64, expires: Option<i64>) -> Result<(), Reject> {
        let now = self.now.seconds();
        if signed < now.saturating_sub(WINDOW) {
            return Err(Reject::Stale);
        }
        if signed > now.saturating_add(WINDOW) {
            return Err(Reject::Future);
        }
        if expires.is_some_and(|e| e < now) {
            return Err(Reject::Expired);
        }
        Ok(())
    }
}

/// A well-formed, timely, sufficient claim that `key_id` signed this request; proven by [`Claim::verify`].
#[derive(Clone, Debug)]
pub struct Claim {
    /// The format.
    pub scheme: Scheme,
    /// Where the key is said to live; at most [`crate::limits::KEY_ID`] bytes, an http(s) URL.
    pub key_id: String,
    /// When it says it was signed; within the window. Seconds.
    pub signed: i64,
    /// The algorithm that was named, if any: only compared with the key's own.
    algorithm: Option<KeyKind>,
    /// The strings that may have been signed, the likely one first.
    bases: Vec<String>,
    /// Where the target ends in each of them, when it is a read whose target was signed as a whole; else empty. A target URI
    /// has no fragment (RFC 9110 section 7.1), but Fedify signs that of the key it asks for.
    targets: Vec<usize>,
    signature: Vec<u8>,
    /// SHA-256 of the body, for requests that have one.
    digest: Option<[u8; 32]>,
}

impl Claim {
    /// Whether the digest that was signed is the body's, byte for byte as received (SIG-06).
    pub fn body_fits(&self, body: &[u8]) -> Result<(), Reject> {
        match self.digest {
            Some(digest) if digest != crypto::sha256(body) => Err(Reject::Digest),
            _ => Ok(()),
        }
    }

    /// Whether this key made the signature. Errors: `Algorithm` when the message names another kind than the key's.
    pub fn verify(&self, key: &PublicKey) -> Result<(), Reject> {
        if self.algorithm.is_some_and(|named| named != key.kind()) {
            return Err(Reject::Algorithm);
        }
        if self.bases.iter().any(|base| key.verify(base.as_bytes(), &self.signature)) {
            return Ok(());
        }
        self.verify_behind(key, &FIRST_KEYS)
    }

    /// Whether a fragment may have been signed behind the target.
    pub fn has_target(&self) -> bool {
        !self.targets.is_empty()
    }

    /// The same as [`Claim::verify`], when one of these fragments was signed behind the target.
    pub fn verify_behind(&self, key: &PublicKey, fragments: &[impl AsRef<str>]) -> Result<(), Reject> {
        let parts = self.bases.iter().zip(&self.targets).filter_map(|(base, end)| base.split_at_checked(*end));
        for (head, tail) in parts {
            let made = |fragment: &str| key.verify(format!("{head}{fragment}{tail}").as_bytes(), &self.signature);
            if fragments.iter().any(|fragment| made(fragment.as_ref())) {
                return Ok(());
            }
        }
        Err(Reject::Signature)
    }
}

/// Judges the headers. One claim for draft-cavage; for RFC 9421 up to three, of which the first whose key resolves
/// counts (SIGIN-03). `Signature-Input` alone decides which format is read (SIG-26). Errors: see [`Reject`].
pub fn read(request: &Incoming<'_>) -> Result<Vec<Claim>, Reject> {
    // Two places for one signature invite two opinions about which of them was checked (SIG-15).
    let scheme_of = |v: &axum::http::HeaderValue| v.as_bytes().get(..9).map(<[u8]>::to_ascii_lowercase);
    if request.headers.get_all("authorization").iter().any(|v| scheme_of(v).as_deref() == Some(b"signature")) {
        return Err(Reject::Malformed);
    }
    let Some(signature) = request.only("signature")? else { return Err(Reject::Missing) };
    match request.only("signature-input")? {
        Some(input) => rfc9421::read(request, input, signature),
        None => cavage::read(request, signature).map(|claim| vec![claim]),
    }
}

fn good_key_id(key_id: &str) -> Result<(), Reject> {
    let http = key_id.starts_with("https://") || key_id.starts_with("http://");
    if http && key_id.len() <= crate::limits::KEY_ID { Ok(()) } else { Err(Reject::Malformed) }
}

/// Base64 as senders write it: standard alphabet, padding wanted but not insisted on.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    use base64::{Engine, alphabet, engine};
    const LENIENT: engine::GeneralPurpose = engine::GeneralPurpose::new(
        &alphabet::STANDARD,
        engine::GeneralPurposeConfig::new().with_decode_padding_mode(engine::DecodePaddingMode::Indifferent),
    );
    LENIENT.decode(text).ok()
}
