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
        let wanted = fingerprint(charter.signing_key());
        return Err(Refused::NotTheKey { wanted, given: fingerprint(&own) }.into());
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
    /// Ours goes on where theirs ends, or ours counts where they part.
    Behind,
}

/// How long two hand-overs by the same key may be weighed against one another. Hours.
const OPEN_HOURS: i64 = 24;

/// A chain that goes on counts more than one that does not: a key that was handed over is dead. Where two part, the step
/// signed by the recovery key counts, because that is what it is for.
///
/// Where the key before signed both steps, two stewards replaced it at once, or somebody has a copy of it. Nothing in the
/// documents tells these apart, so both cannot be served by one rule: for a day, by the date of the step that is in force
/// here, the smaller hash counts, so that two honest stewards end with one chain everywhere; afterwards a step stays
/// whatever comes, so that a copy of a key that was replaced long ago is worth nothing. Whoever replaces a key because it
/// was stolen does it with the recovery key: no copy of the old one comes up against that.
pub fn compare(theirs: &Charter, ours: &Charter, now: Timestamp) -> Relation {
    let mut pairs = theirs.keys.iter().zip(&ours.keys);
    let parted = pairs.find(|(a, b)| key_of(a) != key_of(b));
    let Some((theirs_step, ours_step)) = parted else {
        return match theirs.keys.len().cmp(&ours.keys.len()) {
            Ordering::Equal => Relation::Same,
            Ordering::Greater => Relation::Ahead,
            Ordering::Less => Relation::Behind,
        };
    };
    let is_open = |step: &Value| made_at(step).is_some_and(|at| at > now.plus_seconds(-OPEN_HOURS * 3600));
    let smaller = integrity::hash(theirs_step) < integrity::hash(ours_step);
    let counts = match (is_recovery(theirs, theirs_step), is_recovery(ours, ours_step)) {
        (true, false) => true,
        (false, true) => false,
        (true, true) => smaller,
        // One that is settled elsewhere comes before one that is not.
        (false, false) => is_open(ours_step) && (smaller || !is_open(theirs_step)),
    };
    if counts { Relation::Ahead } else { Relation::Behind }
}

/// Whether the recovery key took another way in theirs than ours went. Both were verified.
pub fn is_rescue(theirs: &Charter, ours: &Charter) -> bool {
    let parted = theirs.keys.iter().zip(&ours.keys).find(|(a, b)| key_of(a) != key_of(b));
    match parted {
        Some((step, other)) => is_recovery(theirs, step) && !is_recovery(ours, other),
        None => theirs.keys.get(ours.keys.len()).is_some_and(|step| is_recovery(theirs, step)),
    }
}

/// When a step says that it was signed.
fn made_at(step: &Value) -> Option<Timestamp> {
    Timestamp::parse(step.get("proof")?.get("created")?.as_str()?)
}
