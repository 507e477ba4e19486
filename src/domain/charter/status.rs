//! What people see of the charter: who belongs, who has which version, what waits, and what to do about it.

use super::{
    Change, Code, JOINING, Office, Removed, Revoked, Software, change::rules, document::fingerprint, invitation::Terms,
    open, refused::Refused, steward::holds_key,
};
use crate::{Error, Result, db::Conn, domain::questions::replica, store, time::Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// A charter that ends within so many days is worth a word.
const SOON: i64 = 30;

/// See the module.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Its name.
    pub organisation: String,
    /// Its id.
    pub id: String,
    /// The version in force here.
    pub version: i64,
    /// Its hash.
    pub hash: String,
    /// When it was signed.
    pub issued: Timestamp,
    /// Until when it is good.
    pub expires: Timestamp,
    /// Fingerprint of the signing key.
    pub fingerprint: String,
    /// This node.
    pub this_node: String,
    /// What this node does for the organisation.
    pub role: Office,
    /// Whether the signing key is here.
    pub holds_key: bool,
    /// What is to be done, one sentence each.
    pub to_do: Vec<String>,
    /// The nodes.
    pub nodes: Vec<NodeStatus>,
    /// Nodes that are refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Removed>,
    /// Actors in whose name nobody may act any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<Revoked>,
    /// Changes that wait for a signature.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<String>,
    /// Changes that another version overtook.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overtaken: Vec<String>,
    /// Invitations that can still be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub invited: Vec<Invited>,
    /// The rules.
    pub policy: BTreeMap<String, String>,
    /// How many aliases for skills there are.
    pub aliases: usize,
}

/// A node, and how far it is.
#[derive(Clone, Debug, Serialize)]
pub struct NodeStatus {
    /// Its domain.
    pub domain: String,
    /// Which part of the organisation it is.
    pub department: String,
    /// What it does for the organisation.
    pub role: Office,
    /// What it runs.
    pub software: Software,
    /// Whether its posts stay inside, for other software.
    pub closed: bool,
    /// Whom to write to about it.
    pub contact: String,
    /// The version it had when it was last heard.
    pub version: Option<i64>,
    /// How many versions it is behind this node.
    pub behind: Option<i64>,
    /// When it was last heard.
    pub heard: Option<Timestamp>,
    /// Why it cannot be asked.
    pub error: Option<String>,
    /// How far the copy of its directory is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryStatus>,
}

/// The copy of a node's directory.
#[derive(Clone, Debug, Serialize)]
pub struct DirectoryStatus {
    /// People and projects that are here.
    pub copied: i64,
    /// How many there are.
    pub of: i64,
    /// Questions that are here.
    pub questions_copied: i64,
    /// How many there are.
    pub questions_of: i64,
    /// When both were last compared.
    pub compared: Option<Timestamp>,
    /// Why that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// An invitation.
#[derive(Clone, Debug, Serialize)]
pub struct Invited {
    /// For whom.
    pub domain: String,
    /// Which part of the organisation it will be.
    pub department: String,
    /// Until when.
    pub expires: Timestamp,
}

/// Reads it.
///
/// # Errors
/// `Invalid` when this node belongs to no organisation, with what became of the one it had.
pub fn status(conn: &mut Conn, this_node: &str, now: Timestamp) -> Result<Status> {
    let Some(row) = store::charter::in_force(conn)? else {
        let gone = store::charter::ended(conn)?.map(|row| open(&row)).transpose()?;
        let gone = gone.and_then(|ended| ended.charter.removed.into_iter().find(|gone| gone.domain == this_node));
        let asked = store::users::find_setting(conn, JOINING)?;
        let asked = asked.and_then(|code| serde_json::from_str::<Code>(&code).ok());
        return Err(match (asked, gone) {
            (Some(code), _) => Refused::Waiting { at: code.url },
            (None, Some(gone)) => Refused::Removed { domain: gone.domain, at: gone.removed, reason: gone.reason },
            (None, None) => Refused::NoOrganisation,
        }
        .into());
    };
    let charter = open(&row)?.charter;
    let seen = store::charter::peers(conn)?;
    let copies = store::people::copies(conn)?;
    let mut status = Status {
        fingerprint: fingerprint(charter.signing_key()),
        role: charter.node(this_node).map(|node| node.role).unwrap_or_default(),
        holds_key: holds_key(conn, &charter)?,
        this_node: this_node.to_owned(),
        organisation: charter.name,
        id: charter.id,
        version: row.version,
        hash: row.hash,
        issued: charter.issued,
        expires: charter.expires,
        to_do: Vec::new(),
        nodes: Vec::new(),
        removed: charter.removed,
        revoked: charter.revoked,
        waiting: Vec::new(),
        overtaken: Vec::new(),
        invited: Vec::new(),
        policy: rules(&charter.policy).into_iter().collect(),
        aliases: charter.aliases.len(),
    };
    for node in charter.nodes {
        let mut line = NodeStatus {
            department: node.department,
            role: node.role,
            software: node.software,
            closed: node.closed,
            contact: node.contact,
            version: None,
            behind: None,
            heard: None,
            error: None,
            directory: None,
            domain: node.domain,
        };
        if line.domain == this_node {
            (line.version, line.behind, line.heard) = (Some(status.version), Some(0), Some(now));
        } else if let Some(seen) = seen.iter().find(|seen| seen.domain == line.domain) {
            line.version = seen.version;
            line.behind = seen.version.map(|version| (status.version - version).max(0));
            line.heard = seen.heard_at;
            line.error.clone_from(&seen.error);
        }
        if let Some(copied) = copies.iter().find(|copied| copied.domain == line.domain) {
            let questions = replica::count_copied(conn, &line.domain)?;
            line.directory = Some(DirectoryStatus {
                copied: copied.done,
                of: copied.total,
                questions_copied: questions,
                questions_of: copied.questions.max(questions),
                compared: copied.checked_at,
                error: copied.error.clone(),
            });
        }
        status.nodes.push(line);
    }
    for waiting in store::charter::changes(conn)? {
        let change: Change = serde_json::from_str(&waiting.change).map_err(Error::internal)?;
        // Who a change is from is said where another node's desk accepted it.
        let from =
            matches!(change, Change::Alias { .. }) && status.nodes.iter().any(|node| node.domain == waiting.asked_by);
        let text = match from {
            true => format!("{}, accepted by {}", change.describe(), waiting.asked_by),
            false => change.describe(),
        };
        if waiting.lost { &mut status.overtaken } else { &mut status.waiting }.push(text);
    }
    for row in store::charter::open_invitations(conn, now)? {
        let terms: Terms = serde_json::from_str(&row.terms).map_err(Error::internal)?;
        status.invited.push(Invited { domain: row.domain, department: terms.department, expires: row.expires_at });
    }
    status.to_do = to_do(&status, now);
    Ok(status)
}

fn to_do(status: &Status, now: Timestamp) -> Vec<String> {
    let mut list = Vec::new();
    if status.expires < now {
        list.push(format!(
            "The charter expired on {}: new nodes cannot join. A steward runs `watercooler org renew`.",
            status.expires.date()
        ));
    } else if status.expires < now.plus_days(SOON) {
        list.push(format!("The charter expires on {}: a steward runs `watercooler org renew`.", status.expires.date()));
    }
    if !status.waiting.is_empty() {
        list.push(format!(
            "{} wait for a signature: run `watercooler org draft`, sign the file where the key is, then `watercooler org \
             adopt FILE`.",
            count(status.waiting.len(), "change")
        ));
    }
    if !status.overtaken.is_empty() {
        list.push(format!(
            "{} were overtaken by another steward's version: repeat them with `watercooler org redo`.",
            count(status.overtaken.len(), "change")
        ));
    }
    for node in status.nodes.iter().filter(|node| node.software == Software::Watercooler) {
        if let Some(error) = &node.error {
            list.push(format!("{} does not answer as it should: {error}", node.domain));
        } else if let Some(error) = node.directory.as_ref().and_then(|directory| directory.error.as_ref()) {
            list.push(format!("The directory of {} cannot be copied: {error}", node.domain));
        }
    }
    list
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
