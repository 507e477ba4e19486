//! Which of two versions counts. The rule needs nothing but the two documents, and the clock where one key was replaced
//! twice, and gives the same answer on every node, in whatever order they come.

use super::{
    document::{Signed, fingerprint},
    keychain::{self, Relation},
    refused::Refused,
};
use crate::time::Timestamp;
use std::cmp::Ordering;

/// Versions that are skipped at most: numbers end somewhere, and whoever signs the last one has the last word.
const LEAP: i64 = 1_000;

/// What an offered version is, compared with ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is ours.
    Same,
    /// It counts.
    Newer,
    /// It counts instead of ours, which was made from the same predecessor or with a key that was replaced.
    Overtakes,
}

/// First the keys ([`keychain::compare`]), then the larger version number, then the smaller hash.
///
/// # Errors
/// Why the offered one does not count.
pub fn judge(offered: &Signed, ours: &Signed, now: Timestamp) -> Result<Verdict, Refused> {
    if offered.hash == ours.hash {
        return Ok(Verdict::Same);
    }
    let (theirs, own) = (&offered.charter, &ours.charter);
    if theirs.id != own.id {
        return Err(Refused::Foreign { theirs: theirs.name.clone(), ours: own.name.clone() });
    }
    // The roots never change: whoever shows others is somebody else under our name.
    let first = |keys: &[serde_json::Value]| keys.first().and_then(keychain::key_of).map(str::to_owned);
    if theirs.recovery_key != own.recovery_key || first(&theirs.keys) != first(&own.keys) {
        return Err(Refused::WrongKey { wanted: fingerprint(own.signing_key()) });
    }
    let relation = keychain::compare(theirs, own, now);
    if theirs.version.saturating_sub(own.version) > LEAP && !keychain::is_rescue(theirs, own) {
        return Err(Refused::Leap { offered: theirs.version, ours: own.version });
    }
    let older = Refused::Older { offered: theirs.version, ours: own.version };
    match (relation, theirs.version.cmp(&own.version)) {
        (Relation::Ahead, Ordering::Greater) | (Relation::Same, Ordering::Greater) => Ok(Verdict::Newer),
        (Relation::Ahead, _) => Ok(Verdict::Overtakes),
        (Relation::Behind, Ordering::Less) | (Relation::Same, Ordering::Less) => Err(older),
        (Relation::Behind, _) => Err(Refused::OldKey),
        (Relation::Same, Ordering::Equal) if offered.hash < ours.hash => Ok(Verdict::Overtakes),
        (Relation::Same, Ordering::Equal) => Err(Refused::Overtaken { version: own.version }),
    }
}
