//! Signatures on answers (RFC 9421, section 2.4), between nodes that know one another's keys: what a node of the charter
//! serves is believed when the node itself signed it, so that whoever takes over its name can serve nothing.

use super::{
    Signer,
    fields::{Item, Member, dictionary},
};
use crate::{
    Result,
    crypto::{self, PublicKey},
    time::Timestamp,
};
use axum::http::HeaderMap;

/// The value of `Accept-Signature` that asks for one.
pub const WANTED: &str = "node=(\"@status\" \"unencoded-digest\" \"@target-uri\";req);created;keyid";
/// What is covered. The digest is that of the body before any compression on the way.
const COVERED: &str = "(\"@status\" \"unencoded-digest\" \"@target-uri\";req)";
/// The names of the headers, with [`sign`]'s values.
pub const HEADERS: [&str; 3] = ["unencoded-digest", "signature-input", "signature"];
/// How old a signed answer may be. Seconds.
const WINDOW: i64 = 3_600;

fn digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", crypto::base64(&crypto::sha256(body)))
}

fn base(target: &str, status: u16, digest: &str, params: &str) -> String {
    format!(
        "\"@status\": {status}\n\"unencoded-digest\": {digest}\n\"@target-uri\";req: {target}\n\"@signature-params\": {params}"
    )
}

/// The values of [`HEADERS`] for an answer to the request for `target`.
///
/// # Errors
/// `Internal` when signing fails.
pub fn sign(signer: &Signer, target: &str, status: u16, body: &[u8], now: Timestamp) -> Result<[String; 3]> {
    let digest = digest(body);
    let params = format!("{COVERED};created={};keyid=\"{}\"", now.seconds(), signer.key_id);
    let signature = signer.key.sign(base(target, status, &digest, &params).as_bytes())?;
    Ok([digest, format!("node={params}"), format!("node=:{}:", crypto::base64(&signature))])
}

/// Whether this key signed this answer to the request for `target`.
pub fn is_signed(
    headers: &HeaderMap,
    (key_id, key): (&str, &PublicKey),
    target: &str,
    status: u16,
    body: &[u8],
    now: Timestamp,
) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let member = |name: &str| dictionary(text(name)?)?.into_iter().find(|(label, _)| label == "node").map(|(_, m)| m);
    let (Some(Member::List(_, params)), Some(Member::Item(Item::Bytes(signature), _))) =
        (member("signature-input"), member("signature"))
    else {
        return false;
    };
    let parameter = |name: &str| params.iter().find(|(k, _)| k == name).map(|(_, value)| value);
    let (Some(Item::Integer(created)), Some(Item::Text(by))) = (parameter("created"), parameter("keyid")) else {
        return false;
    };
    // Both ends are ours: exactly what is asked for, in this order.
    let params = format!("{COVERED};created={created};keyid=\"{by}\"");
    let digest = digest(body);
    by == key_id
        && (now.seconds() - created).abs() <= WINDOW
        && text("unencoded-digest") == Some(&digest)
        && key.verify(base(target, status, &digest, &params).as_bytes(), &signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::PrivateKey;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn an_answer_is_signed_for_one_address_one_body_and_one_hour() {
        let key = PrivateKey::generate_ed25519().unwrap();
        let public = key.public().unwrap();
        let signer = Signer { key_id: "https://a.example/actor#ed25519-key".into(), key };
        let (target, now) = ("https://a.example/users/ada", Timestamp::from_millis(1_795_435_200_000));
        let signed = sign(&signer, target, 200, b"body", now).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in HEADERS.into_iter().zip(&signed) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let by = (signer.key_id.as_str(), &public);
        assert!(is_signed(&headers, by, target, 200, b"body", now.plus_seconds(3_600)));
        assert!(!is_signed(&headers, by, target, 200, b"body", now.plus_seconds(3_601)));
        assert!(!is_signed(&headers, by, target, 200, b"other", now));
        assert!(!is_signed(&headers, by, target, 404, b"body", now));
        assert!(!is_signed(&headers, by, "https://a.example/users/eve", 200, b"body", now));
        assert!(!is_signed(&headers, ("https://b.example/actor#ed25519-key", &public), target, 200, b"body", now));
        let other = PrivateKey::generate_ed25519().unwrap().public().unwrap();
        assert!(!is_signed(&headers, (&signer.key_id, &other), target, 200, b"body", now));
        headers.remove("signature-input");
        assert!(!is_signed(&headers, by, target, 200, b"body", now));
    }
}
