//! The signing keys of an organisation, one after the other. Each but the first carries a hand-over that the key before
//! it, or the recovery key, signed: whoever knows the first key and the recovery key can follow the chain to the newest
//! one, however many versions were missed.

use super::{
    document::{Charter, fingerprint},
    refused::Refused,
};
use crate::{
    Result,
    crypto::{PrivateKey, PublicKey, integrity},
    limits,
    time::Timestamp,
};
use serde_json::{Value, json};
use std::cmp::Ordering;

/// The Multikey of a step.
pub fn key_of(step: &Value) -> Option<&str> {
    step.get("key").and_then(Value::as_str)
}

/// The first step.
pub fn first(key: &PrivateKey) -> Value {
    json!({ "key": key.public_multikey() })
}

/// The hand-over to `next`, signed by the key in force or by the recovery key.
///
/// # Errors
/// `Invalid` when `by` is neither of them.
pub fn hand_over(charter: &Charter, next: &str, by: &PrivateKey, now: Timestamp) -> Result<Value> {
    let own = by.public_multikey();
    if own != charter.signing_key() && own != charter.recovery_key {
        return Err(Refused::WrongKey { wanted: fingerprint(charter.signing_key()) }.into());
    }
    let mut step = json!({
        "type": "KeyHandover",
        "organisation": charter.id,
        "previousKey": charter.signing_key(),
        "key": next,
        "version": charter.version.saturating_add(1),
    });
    integrity::sign(&mut step, by, &format!("did:key:{own}#{own}"), now)?;
    Ok(step)
}

/// Follows the chain; answers the key in force.
///
/// # Errors
/// `Malformed`, or `WrongKey` where a hand-over was not signed by whom it must be.
pub fn verify(charter: &Charter) -> Result<PublicKey, Refused> {
    let bad = || Refused::Malformed("a signing key");
    if charter.keys.is_empty() || charter.keys.len() > limits::CHARTER_KEYS {
        return Err(bad());
    }
    let recovery = PublicKey::from_multikey(&charter.recovery_key).map_err(|_| bad())?;
    let mut before: Option<(&str, PublicKey)> = None;
    for step in &charter.keys {
        let name = key_of(step).ok_or_else(bad)?;
        let key = PublicKey::from_multikey(name).map_err(|_| bad())?;
        if let Some((previous, previous_key)) = &before {
            let text = |member: &str| step.get(member).and_then(Value::as_str);
            if text("type") != Some("KeyHandover")
                || text("organisation") != Some(&charter.id)
                || text("previousKey") != Some(previous)
            {
                return Err(bad());
            }
            let by = if is_recovery(charter, step) { &recovery } else { previous_key };
            integrity::verify(step, by, Timestamp::Y2000)
                .map_err(|_| Refused::WrongKey { wanted: fingerprint(previous) })?;
        }
        before = Some((name, key));
    }
    before.map(|(_, key)| key).ok_or_else(bad)
}

/// Whether a step claims to be signed by the recovery key; [`verify`] proves it.
fn is_recovery(charter: &Charter, step: &Value) -> bool {
    let own = &charter.recovery_key;
    integrity::method(step) == Some(&format!("did:key:{own}#{own}"))
}

/// How another chain of the same organisation stands to ours. Both were verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same keys.
    Same,
    /// Theirs goes on where ours ends, or the recovery key decided for theirs.
    Ahead,
    /// Ours goes on where theirs ends, or they part at a point where nothing speaks for theirs.
    Behind,
}

/// A chain that goes on counts more than one that does not: a key that was handed over is dead. Where two part, the step
/// signed by the recovery key counts, because that is what it is for; without one the chain that was known first stays,
/// so that a stolen old key can never displace its successor.
pub fn compare(theirs: &Charter, ours: &Charter) -> Relation {
    let mut pairs = theirs.keys.iter().zip(&ours.keys);
    let parted = pairs.find(|(a, b)| key_of(a) != key_of(b));
    match parted {
        None => match theirs.keys.len().cmp(&ours.keys.len()) {
            Ordering::Equal => Relation::Same,
            Ordering::Greater => Relation::Ahead,
            Ordering::Less => Relation::Behind,
        },
        Some((theirs_step, ours_step)) => match (is_recovery(theirs, theirs_step), is_recovery(ours, ours_step)) {
            (true, false) => Relation::Ahead,
            (true, true) if integrity::hash(theirs_step) < integrity::hash(ours_step) => Relation::Ahead,
            _ => Relation::Behind,
        },
    }
}
