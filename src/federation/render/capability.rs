//! What this program can do, as it says it to other servers (FEP-844e): the instance actor lists it, every other actor
//! points to it.

use serde::Serialize;

/// By this a node of Watercooler is known: it keeps the audiences of posts, and reads expertise and projects.
pub const WATERCOOLER: &str = "https://w3id.org/watercooler/ns#";

/// A specification that is followed.
#[derive(Debug, Serialize)]
pub struct Capability {
    /// Its address.
    pub href: &'static str,
    /// Its name, for people.
    pub name: &'static str,
}

/// All of them.
pub const ALL: &[Capability] = &[
    Capability { href: "https://datatracker.ietf.org/doc/html/rfc9421", name: "RFC-9421: HTTP Message Signatures" },
    Capability { href: WATERCOOLER, name: "Watercooler: audiences, expertise and projects of an organisation" },
];

/// The program behind an actor.
#[derive(Debug, Serialize)]
pub struct Generator {
    /// `Application`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The instance actor.
    pub id: String,
    /// What it can do.
    pub implements: &'static [Capability],
}

impl Generator {
    /// This node, whose instance actor has this id.
    pub fn of(id: String) -> Self {
        Self { kind: "Application", id, implements: ALL }
    }
}
