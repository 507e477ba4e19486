//! The organisation's charter (N2): one signed, versioned document that says who belongs. Any member serves the newest
//! version, so no node owns it; who holds the signing key makes the next one.
//!
//! [`document`] is what it says, [`keychain`] who may sign it, [`succession`] which of two versions counts, [`change`]
//! what may be done to it, [`invitation`] how a node comes in, [`steward`] the operations of whoever signs, [`adopt`] how
//! a version comes into force here, [`revocation`] what becomes of actors that it revokes, [`status`] what people see of it, [`lists`] what other servers import.

pub mod adopt;
pub mod change;
pub mod document;
pub mod invitation;
pub mod keychain;
pub mod lists;
pub mod refused;
pub mod revocation;
pub mod status;
pub mod steward;
pub mod succession;
#[cfg(test)]
mod tests;

pub use adopt::{adopt, join, leave, purge_some, rescue};
pub use change::Change;
pub use document::{Charter, Member, Office, Policy, Removed, Revoked, Signed, Software, fingerprint};
pub use invitation::{Code, Terms};
pub use refused::Refused;
pub use steward::{Founding, Outcome, found, invite, make, make_alias, recover, redeem, redo, rotate};
pub use succession::Verdict;

use crate::{
    Error, Result, config::Site, crypto, db::Conn, model::Account, store, store::charter::Stored, time::Timestamp,
};
use serde_json::Map;
use std::sync::Arc;

/// Under this name a node remembers the invitation with which it asked to join, while it waits for the version that lists it.
pub const JOINING: &str = "charter_joining";

/// The version that counts here; none while this node belongs nowhere. Nearly every operation asks, and a charter may list
/// hundreds of nodes and words: each version is parsed once.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn current(conn: &mut Conn) -> Result<Option<Arc<Signed>>> {
    let Some(hash) = store::charter::hash_in_force(conn)? else { return Ok(None) };
    if let Some(signed) = conn.kept(&hash) {
        return Ok(Some(signed));
    }
    let Some(row) = store::charter::find(conn, &hash)? else { return Ok(None) };
    let signed = Arc::new(open(&row)?);
    conn.keep(hash, signed.clone());
    Ok(Some(signed))
}

/// As [`current`], where there must be one.
///
/// # Errors
/// `Invalid` (`no_organisation`).
pub fn required(conn: &mut Conn) -> Result<Arc<Signed>> {
    current(conn)?.ok_or_else(|| Refused::NoOrganisation.into())
}

/// A stored version. Its signature was checked before it was stored.
///
/// # Errors
/// `Internal` when a later version of the program wrote something that this one cannot read.
pub fn open(row: &Stored) -> Result<Signed> {
    let document: serde_json::Value = serde_json::from_str(&row.document).map_err(Error::internal)?;
    let charter = serde_json::from_value(document.clone()).map_err(Error::internal)?;
    Ok(Signed { charter, document, hash: row.hash.clone(), made: document::Made::default() })
}

/// This node, as a charter lists it. `actor` is its instance actor, with keys.
///
/// # Errors
/// `Internal` when the actor has no keys yet.
pub fn own_member(site: &Site, actor: &Account, now: Timestamp) -> Result<Member> {
    let (Some(rsa), Some(point)) = (&actor.public_key, &actor.ed25519_key) else {
        return Err(Error::internal("the instance actor has no keys yet"));
    };
    let url = site.base_url();
    Ok(Member {
        domain: site.domain().to_owned(),
        department: String::new(),
        actor: site.instance_actor_uri(),
        key: crypto::keys::multikey_of_ed25519(point),
        http_key: crypto::sha256_hex(rsa),
        contact: String::new(),
        role: Office::Member,
        joined: now,
        software: Software::Watercooler,
        closed: false,
        addresses: Vec::new(),
        port: url.port(),
        scheme: url.scheme().to_owned(),
        ca: None,
        rest: Map::new(),
    })
}
