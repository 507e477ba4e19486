//! Invitations: a code that works once, within 24 hours, for one domain. It carries everything the other side needs to
//! find this node and to know that it found the right one.

use super::{
    change::check_about,
    document::{Charter, Member, Office, Software, fingerprint},
    refused::Refused,
};
use crate::{Error, Result, crypto, db::Conn, domain::Tx, domain::audit, domain::audit::Staff, store, time::Timestamp};
use serde::{Deserialize, Serialize};

/// How long a code is good. Hours.
const HOURS: i64 = 24;
/// How long an ended invitation is remembered, so that a second use is told apart from nonsense. Days.
const REMEMBERED: i64 = 30;
const PREFIX: &str = "wc1-";
/// Longest code that is read: it may carry certificates. Bytes.
const LONGEST: usize = 200_000;

/// What a steward agrees to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// The right side of the new node's handles.
    pub domain: String,
    /// Which part of the organisation it is.
    pub department: String,
    /// Whom to write to about it.
    pub contact: String,
    /// It may invite and remove, once it holds the signing key.
    pub steward: bool,
    /// Private ranges it may have.
    pub addresses: Vec<String>,
    /// Its port, when it is not that of the scheme.
    pub port: Option<u16>,
    /// Plain http.
    pub http: bool,
    /// Certificates trusted for it alone, PEM.
    pub ca: Option<String>,
}

/// What a code says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Address of the inviting node.
    #[serde(rename = "u")]
    pub url: String,
    /// Fingerprint of the organisation's key.
    #[serde(rename = "f")]
    pub fingerprint: String,
    /// Works once.
    #[serde(rename = "n")]
    pub nonce: String,
    /// For whom.
    #[serde(rename = "d")]
    pub domain: String,
    /// Until when.
    #[serde(rename = "e")]
    pub expires: Timestamp,
    /// Private ranges of the inviting node.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Certificates trusted for it, PEM.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

impl Code {
    /// As it is handed over.
    ///
    /// # Errors
    /// None but `Internal`.
    pub fn write(&self) -> Result<String> {
        let json = serde_json::to_vec(self).map_err(Error::internal)?;
        Ok(format!("{PREFIX}{}", crypto::base64url(&json)))
    }

    /// When it was given.
    pub fn given(&self) -> Timestamp {
        self.expires.plus_seconds(-HOURS * 3_600)
    }

    /// Reads a code.
    ///
    /// # Errors
    /// `NotACode`.
    pub fn read(text: &str) -> Result<Self, Refused> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let body = text.strip_prefix(PREFIX).filter(|body| body.len() <= LONGEST).ok_or(Refused::NotACode)?;
        let json = crypto::unbase64url(body).ok_or(Refused::NotACode)?;
        serde_json::from_slice(&json).map_err(|_| Refused::NotACode)
    }
}

/// Gives an invitation; an unused one for the same domain is withdrawn.
///
/// # Errors
/// `Invalid` when this node belongs nowhere or the terms make no sense.
pub fn invite(tx: &mut Tx<'_>, by: &Staff, charter: &Charter, terms: &Terms) -> Result<(Code, String)> {
    check_about(&terms.department, &terms.contact, &terms.addresses)?;
    let own = charter.node(tx.site().domain()).ok_or(Refused::NoOrganisation)?;
    if terms.domain == own.domain {
        return Err(Refused::Input(format!("{} is this node itself.", own.domain)).into());
    }
    let nonce = tx.random().token();
    let code = Code {
        url: tx.site().base().to_owned(),
        fingerprint: fingerprint(charter.signing_key()),
        nonce: nonce.clone(),
        domain: terms.domain.clone(),
        expires: tx.now.plus_seconds(HOURS * 3_600),
        addresses: own.addresses.clone(),
        ca: own.ca.clone(),
    };
    let row = store::charter::Invitation {
        nonce_hash: crypto::token_hash(&nonce),
        domain: terms.domain.clone(),
        terms: serde_json::to_string(terms).map_err(Error::internal)?,
        created_at: tx.now,
        expires_at: code.expires,
        used: None,
    };
    store::charter::insert_invitation(tx.conn, &row)?;
    store::charter::sweep_invitations(tx.conn, tx.now.plus_days(-REMEMBERED))?;
    audit::write(tx, by, "org.invite", &terms.domain, &terms.department)?;
    let text = code.write()?;
    Ok((code, text))
}

/// The terms under which this domain may join with this nonce. Nothing is used up yet.
///
/// # Errors
/// `Invalid`: unknown, expired, used, or meant for another.
pub fn terms_of(conn: &mut Conn, nonce: &str, domain: &str, now: Timestamp) -> Result<Terms> {
    let found = store::charter::find_invitation(conn, &crypto::token_hash(nonce))?.ok_or(Refused::CodeUnknown)?;
    if found.domain != domain {
        return Err(Refused::CodeOfAnother { invited: found.domain, domain: domain.to_owned() }.into());
    }
    if let Some((at, by)) = found.used {
        return Err(Refused::CodeUsed { by, at }.into());
    }
    if found.expires_at <= now {
        return Err(Refused::CodeExpired { at: found.expires_at }.into());
    }
    serde_json::from_str(&found.terms).map_err(Error::internal)
}

/// Uses the invitation up.
///
/// # Errors
/// As [`terms_of`].
pub fn use_up(tx: &mut Tx<'_>, nonce: &str, domain: &str) -> Result<Terms> {
    let terms = terms_of(tx.conn, nonce, domain, tx.now)?;
    if !store::charter::use_invitation(tx.conn, &crypto::token_hash(nonce), domain, tx.now)? {
        return Err(Refused::CodeUsed { by: domain.to_owned(), at: tx.now }.into());
    }
    Ok(terms)
}

impl Terms {
    /// The node that joins under these terms. Its keys and its actor come from itself; what the terms leave open, it may
    /// say too.
    ///
    /// # Errors
    /// `Input` when its address is not the one that was agreed.
    pub fn admit(&self, offered: &Member, now: Timestamp) -> Result<Member, Refused> {
        let scheme = if self.http { "http" } else { "https" };
        if offered.scheme != scheme || offered.port != self.port {
            let port = |port: Option<u16>| port.map_or_else(|| "the usual port".to_owned(), |p| format!("port {p}"));
            return Err(Refused::Input(format!(
                "The invitation is for {} on {scheme} and {}, but the node is on {} and {}. Ask for an invitation with \
                 {}`--port` as they are.",
                self.domain,
                port(self.port),
                offered.scheme,
                port(offered.port),
                if offered.scheme == "http" { "`--http` and " } else { "" },
            )));
        }
        let or = |agreed: &str, said: &str| if agreed.is_empty() { said.to_owned() } else { agreed.to_owned() };
        Ok(Member {
            domain: self.domain.clone(),
            department: or(&self.department, &offered.department),
            contact: or(&self.contact, &offered.contact),
            role: if self.steward { Office::Steward } else { Office::Member },
            joined: now,
            software: Software::Watercooler,
            closed: false,
            addresses: self.addresses.clone(),
            ca: self.ca.clone().or_else(|| offered.ca.clone()),
            actor: offered.actor.clone(),
            key: offered.key.clone(),
            http_key: offered.http_key.clone(),
            port: offered.port,
            scheme: offered.scheme.clone(),
            rest: serde_json::Map::new(),
        })
    }
}
