//! Documents that carry their own signature: FEP-8b32 with the suite `eddsa-jcs-2022`. One scheme for everything that
//! is signed for longer than a request lasts.

use super::{PrivateKey, PublicKey, jcs, sha256, sha256_hex};
use crate::{Error, Result, time::Timestamp};
use serde_json::{Map, Value, json};

const SUITE: &str = "eddsa-jcs-2022";

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// There is no proof of this suite.
    Missing,
    /// The proof cannot be read, or speaks of another document's context.
    Malformed,
    /// Its own `expires` has passed.
    Expired,
    /// Another key made it, or the document was changed.
    Signature,
}

/// Adds `proof` to a document, replacing one it has. `method` says where the key is found.
///
/// # Errors
/// `Internal` for what is no object, and when signing fails.
pub fn sign(document: &mut Value, key: &PrivateKey, method: &str, created: Timestamp) -> Result<()> {
    let members = document.as_object_mut().ok_or_else(|| Error::internal("only an object is signed"))?;
    members.remove("proof");
    let mut proof = Map::new();
    if let Some(context) = members.get("@context") {
        proof.insert("@context".into(), context.clone());
    }
    let created = created.to_datetime().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for (name, value) in [
        ("type", "DataIntegrityProof"),
        ("cryptosuite", SUITE),
        ("verificationMethod", method),
        ("proofPurpose", "assertionMethod"),
        ("created", &created),
    ] {
        proof.insert(name.into(), json!(value));
    }
    let signature = key.sign(&hash_data(document, &proof))?;
    proof.insert("proofValue".into(), json!(format!("z{}", bs58::encode(signature).into_string())));
    if let Some(members) = document.as_object_mut() {
        members.insert("proof".into(), Value::Object(proof));
    }
    Ok(())
}

/// Where the key of the first proof of this suite is said to be.
pub fn method(document: &Value) -> Option<&str> {
    find(document)?.get("verificationMethod")?.as_str()
}

/// When the first proof of this suite says that it was made.
pub fn created(document: &Value) -> Option<Timestamp> {
    find(document)?.get("created")?.as_str().and_then(Timestamp::parse)
}

/// Whether this key made the document's proof.
///
/// # Errors
/// See [`Unproven`].
pub fn verify(document: &Value, key: &PublicKey, now: Timestamp) -> std::result::Result<(), Unproven> {
    let proof = find(document).ok_or(Unproven::Missing)?;
    let text = |name: &str| proof.get(name).and_then(Value::as_str);
    if text("type") != Some("DataIntegrityProof") || text("proofPurpose") != Some("assertionMethod") {
        return Err(Unproven::Malformed);
    }
    if let Some(expires) = proof.get("expires") {
        let expires = expires.as_str().and_then(Timestamp::parse).ok_or(Unproven::Malformed)?;
        if expires < now {
            return Err(Unproven::Expired);
        }
    }
    let signature = text("proofValue").and_then(|value| value.strip_prefix('z')).filter(|value| value.len() <= 100);
    let signature = signature.and_then(|value| bs58::decode(value).into_vec().ok()).ok_or(Unproven::Malformed)?;
    let mut plain = document.clone();
    let members = plain.as_object_mut().ok_or(Unproven::Malformed)?;
    members.remove("proof");
    if let Some(context) = proof.get("@context") {
        // The signature speaks of these contexts; the document may not put others before them.
        let own = members.get("@context").ok_or(Unproven::Malformed)?;
        if !listed(own).starts_with(&listed(context)) {
            return Err(Unproven::Malformed);
        }
        members.insert("@context".into(), context.clone());
    }
    let mut config = proof.clone();
    config.remove("proofValue");
    if key.verify(&hash_data(&plain, &config), &signature) {
        return Ok(());
    }
    // Some programs sign the document's context with the proof, and leave it out of the proof that they send.
    if let (false, Some(context)) = (config.contains_key("@context"), plain.get("@context")) {
        config.insert("@context".into(), context.clone());
        if key.verify(&hash_data(&plain, &config), &signature) {
            return Ok(());
        }
    }
    Err(Unproven::Signature)
}

/// The name of a document's content: SHA-256 of its canonical form without proofs, 64 hexadecimal digits.
pub fn hash(document: &Value) -> String {
    let mut plain = document.clone();
    if let Some(members) = plain.as_object_mut() {
        members.remove("proof");
    }
    sha256_hex(jcs::canonical(&plain).as_bytes())
}

fn hash_data(document: &Value, config: &Map<String, Value>) -> Vec<u8> {
    let config = jcs::canonical(&Value::Object(config.clone()));
    [sha256(config.as_bytes()), sha256(jcs::canonical(document).as_bytes())].concat()
}

fn find(document: &Value) -> Option<&Map<String, Value>> {
    let proof = document.get("proof")?;
    let mut all = match proof {
        Value::Array(list) => list.iter(),
        one => std::slice::from_ref(one).iter(),
    };
    all.find_map(|proof| proof.as_object().filter(|p| p.get("cryptosuite").and_then(Value::as_str) == Some(SUITE)))
}

fn listed(context: &Value) -> Vec<&Value> {
    match context {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fep-8b32.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn the_vector_of_the_proposal_is_made_and_verified() {
        let vector = vector();
        let key = PrivateKey::from_secret_multikey(vector["secret_key_multibase"].as_str().unwrap()).unwrap();
        let public = vector["actor"]["assertionMethod"][0]["publicKeyMultibase"].as_str().unwrap();
        assert_eq!(key.public_multikey(), public);
        let now = Timestamp::parse(vector["created"].as_str().unwrap()).unwrap();
        let public = PublicKey::from_multikey(public).unwrap();
        assert_eq!(verify(&vector["signed"], &public, now), Ok(()));
        let mut made = vector["unsigned"].clone();
        sign(&mut made, &key, "https://server.example/users/alice#ed25519-key", now).unwrap();
        assert_eq!(made, vector["signed"]);
        assert_eq!(method(&made), Some("https://server.example/users/alice#ed25519-key"));
        assert_eq!(hash(&made), hash(&vector["unsigned"]));
    }

    #[test]
    fn what_was_changed_proves_nothing() {
        let signed = vector()["signed"].clone();
        let key = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
        let key = PublicKey::from_multikey(key).unwrap();
        let altered = |change: fn(&mut Value)| {
            let mut document = signed.clone();
            change(&mut document);
            verify(&document, &key, Timestamp::Y2000)
        };
        assert_eq!(altered(|d| d["object"]["content"] = json!("Hello")), Err(Unproven::Signature));
        assert_eq!(altered(|d| d["proof"]["created"] = json!("2024-02-24T23:36:38Z")), Err(Unproven::Signature));
        assert_eq!(altered(|d| d["proof"]["proofPurpose"] = json!("authentication")), Err(Unproven::Malformed));
        assert_eq!(altered(|d| d["proof"]["proofValue"] = json!("z!")), Err(Unproven::Malformed));
        assert_eq!(altered(|d| d["proof"]["expires"] = json!("1999-01-01T00:00:00Z")), Err(Unproven::Expired));
        assert_eq!(altered(|d| d["@context"] = json!(["https://evil.example/"])), Err(Unproven::Malformed));
        assert_eq!(altered(|d| d["proof"]["cryptosuite"] = json!("eddsa-rdfc-2022")), Err(Unproven::Missing));
        assert_eq!(altered(|d| d["proof"] = json!([d["proof"]])), Ok(()));
        let without_context = |d: &mut Value| {
            d["proof"].as_object_mut().map(|proof| proof.remove("@context"));
        };
        assert_eq!(altered(without_context), Ok(()), "as some send it");
        let other = PrivateKey::generate_ed25519().unwrap().public().unwrap();
        assert_eq!(verify(&signed, &other, Timestamp::Y2000), Err(Unproven::Signature));
    }
}
