//! What the inbox hands to the activities once a request is proven, and what it wants back.
//!
//! The inbox (`inbox`) parses the body once, proves the signature, finds the signer's row and forgets repeated ids.
//! Then, in **one** write transaction that also remembers the id, it calls
//! `activities::apply(&mut Tx, &Received) -> Result<Outcome>`, which must have the whole effect or none: whatever it
//! wrote before an error is rolled back. `Outcome::Fetch` means that the network is needed first: the inbox stores the
//! body in its durable queue in the same transaction, answers 202, and later a worker calls
//! `activities::receive(&App, &Received) -> Result<()>`, which fetches, and applies in a transaction of its own
//! (*resolve, then commit*). Errors: `BadRequest`, `Forbidden`, `Unauthorized`, `NotFound`, `Gone`, `Invalid` and
//! `TooLarge` mean "no effect, for good"; anything else is tried again and parked after five tries (REL-18).

use super::activities::parsed::Parsed;
use crate::{id::Id, model::Account};
use std::sync::Arc;

/// A proven activity.
#[derive(Clone, Debug)]
pub struct Received {
    /// Who signed the request: the activity's only `actor` is this account's `uri`. Remote, not suspended here, not
    /// deleted, as of this transaction.
    pub signer: Account,
    /// Whose personal inbox it came to; none for the shared one.
    pub recipient: Option<Id<Account>>,
    /// The signer is of our own organisation, or of a node that an allowlist names: what they write is taken in whoever
    /// it is addressed to (POST-15).
    pub colleague: bool,
    /// The activity, read before the transaction began. Its `id`, when it has one, is on the signer's authority.
    pub activity: Arc<Parsed>,
}

/// What came of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It had its effect, or rightly none.
    Done,
    /// Something must be fetched before its effect can be decided; nothing was written.
    Fetch,
}
