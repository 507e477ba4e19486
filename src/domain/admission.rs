//! Who may not come in, and who only after approval: by the address of the machine, and by that of the mail. What staff
//! decides leaves a trace.

use super::{
    Tx,
    audit::{self, Staff},
    names,
};
use crate::{
    Error, Result, crypto,
    db::Conn,
    id::Id,
    limits,
    model::{EmailBlock, EmailDomainBlock, IpBlock, Role},
    store::admission as rows,
    time::Timestamp,
};
use ipnet::IpNet;
use std::net::IpAddr;

/// Characters of a comment.
const COMMENT: usize = 1_000;

/// What somebody of a range may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Sign up without approval.
    Approval,
    /// Sign up.
    NoSignUp,
    /// Anything.
    NoAccess,
}

impl Severity {
    const ALL: [(Self, &str); 3] = [
        (Self::Approval, "sign_up_requires_approval"),
        (Self::NoSignUp, "sign_up_block"),
        (Self::NoAccess, "no_access"),
    ];

    /// From the word of the client API.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == word).map(|(one, _)| *one)
    }

    /// The word of the client API.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(one, _)| *one == self).map_or("", |(_, name)| *name)
    }

    /// From the stored number.
    pub const fn from_code(code: i16) -> Self {
        match code {
            0 => Self::Approval,
            1 => Self::NoSignUp,
            _ => Self::NoAccess,
        }
    }
}

/// A range of addresses, or one address; its host part is cut off.
///
/// # Errors
/// `Invalid` for what is neither.
pub fn range(text: &str) -> Result<IpNet> {
    let text = text.trim();
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    net.map(|net| net.trunc()).map_err(|_| Error::invalid("ip", "invalid", "Ip is not a valid IP address or range"))
}

/// Ranges with what people there may not.
pub type Ranges = Vec<(IpNet, Severity)>;

/// The ranges that count now.
pub fn ranges(conn: &mut Conn, now: Timestamp) -> Result<Ranges> {
    let rows = rows::ips_in_force(conn, now, limits::IP_BLOCKS)?;
    Ok(rows.iter().filter_map(|row| Some((row.range.parse().ok()?, Severity::from_code(row.severity)))).collect())
}

/// What somebody at this address may not; the most severe of what is said.
pub fn of_address(ranges: &[(IpNet, Severity)], address: IpAddr) -> Option<Severity> {
    let address = address.to_canonical();
    ranges.iter().filter(|(range, _)| range.contains(&address)).map(|(_, severity)| *severity).max()
}

/// An address without what providers ignore: in lower case, without dots and without what follows a plus.
pub fn canonical(email: &str) -> String {
    let email = email.trim().to_lowercase();
    let (local, domain) = email.split_once('@').unwrap_or((&email, ""));
    let local = local.split('+').next().unwrap_or_default().replace('.', "");
    format!("{local}@{domain}")
}

fn hash(email: &str) -> String {
    crypto::sha256_hex(canonical(email).as_bytes())
}

/// The domain and those it is part of: `a.b.example`, `b.example`, `example`.
fn domains_of(email: &str) -> Vec<&str> {
    let mut rest = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    let mut out = Vec::new();
    while !rest.is_empty() && out.len() < 32 {
        out.push(rest);
        rest = rest.split_once('.').map_or("", |(_, parent)| parent);
    }
    out
}

/// Whether somebody signs up here by this address of a machine and of mail, and then whether they have to be approved.
///
/// # Errors
/// `Forbidden` for an address that nobody signs up from; `Invalid` for a mail address that is blocked.
pub fn check(conn: &mut Conn, address: Option<IpAddr>, email: &str, now: Timestamp) -> Result<bool> {
    let mut approval = false;
    if let Some(address) = address {
        match of_address(&ranges(conn, now)?, address) {
            Some(Severity::NoSignUp | Severity::NoAccess) => {
                return Err(Error::forbidden("Nobody can sign up from this network"));
            }
            Some(Severity::Approval) => approval = true,
            None => {}
        }
    }
    Ok(check_email(conn, email)? || approval)
}

/// The same for a mail address alone: whenever somebody gets one.
///
/// # Errors
/// `Invalid` when it is blocked.
pub fn check_email(conn: &mut Conn, email: &str) -> Result<bool> {
    let refuse = || Error::invalid("email", "blocked", "Email provider or address is not allowed");
    let lower = email.to_lowercase();
    let named = rows::domains_named(conn, &domains_of(&lower))?;
    if named.iter().any(|block| !block.approval) || rows::email_of(conn, &hash(email))?.is_some() {
        return Err(refuse());
    }
    Ok(!named.is_empty())
}

fn allowed(by: &Staff) -> Result<()> {
    if by.role >= Role::Admin { Ok(()) } else { Err(Error::forbidden("This action is not allowed")) }
}

/// A range as staff wants it; what is none stays as it is.
#[derive(Clone, Debug, Default)]
pub struct IpChange {
    /// The range.
    pub range: Option<IpNet>,
    /// What people there may not.
    pub severity: Option<Severity>,
    /// Why.
    pub comment: Option<String>,
    /// Until when; `Some(None)` for ever.
    pub expires_at: Option<Option<Timestamp>>,
}

/// Blocks a range, or changes a block. `own` is the address that asks: nobody shuts themselves out.
///
/// # Errors
/// `Forbidden` below admin; `Invalid` naming the field; `NotFound` for an unknown id.
pub fn block_ip(
    tx: &mut Tx<'_>,
    by: &Staff,
    id: Option<Id<IpBlock>>,
    change: IpChange,
    own: Option<IpAddr>,
) -> Result<IpBlock> {
    allowed(by)?;
    let mut row = match id {
        Some(id) => rows::ip(tx.conn, id)?,
        None => {
            if rows::count_ips(tx.conn)? >= limits::IP_BLOCKS {
                return Err(Error::invalid("ip", "too_long", "There are too many blocked ranges"));
            }
            let severity = change.severity.ok_or_else(|| {
                let reason =
                    "Severity is not included in the list: sign_up_requires_approval, sign_up_block, no_access";
                Error::invalid("severity", "inclusion", reason)
            })?;
            let range = change.range.ok_or_else(|| Error::invalid("ip", "blank", "Ip can't be blank"))?;
            IpBlock {
                id: tx.new_id(),
                range: range.to_string(),
                severity: severity as i16,
                comment: String::new(),
                expires_at: None,
                created_at: tx.now,
            }
        }
    };
    if let Some(range) = change.range {
        row.range = range.to_string();
    }
    if rows::ip_of_range(tx.conn, &row.range)?.is_some_and(|other| other.id != row.id) {
        return Err(Error::invalid("ip", "taken", "Ip has already been taken"));
    }
    if let Some(severity) = change.severity {
        row.severity = severity as i16;
    }
    if let Some(comment) = change.comment {
        row.comment = comment.chars().take(COMMENT).collect();
    }
    if let Some(expires_at) = change.expires_at {
        row.expires_at = expires_at;
    }
    let range = row.range.parse::<IpNet>().map_err(Error::internal)?;
    let holds = own.is_some_and(|own| range.contains(&own.to_canonical()));
    if Severity::from_code(row.severity) == Severity::NoAccess && holds {
        return Err(Error::invalid("ip", "invalid", "Ip holds the address you come from: you would shut yourself out"));
    }
    rows::save_ip(tx.conn, &row)?;
    let word = Severity::from_code(row.severity).as_str();
    audit::write(tx, by, if id.is_some() { "ip_block.change" } else { "ip_block.add" }, &row.range, word)?;
    Ok(row)
}

/// Lifts a block of a range.
///
/// # Errors
/// `Forbidden` below admin; `NotFound` for an unknown id.
pub fn unblock_ip(tx: &mut Tx<'_>, by: &Staff, id: Id<IpBlock>) -> Result<()> {
    allowed(by)?;
    let row = rows::ip(tx.conn, id)?;
    rows::delete_ip(tx.conn, id)?;
    audit::write(tx, by, "ip_block.remove", &row.range, "")
}

/// Blocks a domain of mail addresses, with its subdomains; `approval`: people sign up with it, and have to be approved.
///
/// # Errors
/// `Forbidden` below admin; `Invalid` for what is no domain, or is blocked already.
pub fn block_domain(tx: &mut Tx<'_>, by: &Staff, domain: &str, approval: bool) -> Result<EmailDomainBlock> {
    allowed(by)?;
    let domain = domain.trim().trim_start_matches('@').to_lowercase();
    if domain.is_empty() {
        return Err(Error::invalid("domain", "blank", "Domain can't be blank"));
    }
    // What stands behind the sign of an address that could be one.
    if names::email(&format!("x@{domain}")).is_err() {
        return Err(Error::invalid("domain", "invalid", "Domain is not a valid domain name"));
    }
    if rows::domains_named(tx.conn, &[domain.as_str()])?.pop().is_some() {
        return Err(Error::invalid("domain", "taken", "Domain has already been taken"));
    }
    let row = EmailDomainBlock { id: tx.new_id(), domain, approval, created_at: tx.now };
    rows::insert_domain(tx.conn, &row)?;
    audit::write(tx, by, "email_domain_block.add", &row.domain, if approval { "approval" } else { "" })?;
    Ok(row)
}

/// Lifts that.
///
/// # Errors
/// `Forbidden` below admin; `NotFound` for an unknown id.
pub fn unblock_domain(tx: &mut Tx<'_>, by: &Staff, id: Id<EmailDomainBlock>) -> Result<()> {
    allowed(by)?;
    let row = rows::domain(tx.conn, id)?;
    rows::delete_domain(tx.conn, id)?;
    audit::write(tx, by, "email_domain_block.remove", &row.domain, "")
}

/// A mail address, or the hash of its canonical form.
#[derive(Clone, Debug)]
pub enum Email {
    /// As somebody writes it.
    Address(String),
    /// SHA-256 in hexadecimal digits.
    Hash(String),
}

/// Blocks a mail address. Only its hash is kept.
///
/// # Errors
/// `Forbidden` below admin; `Invalid` for what is no address or no hash, or is blocked already.
pub fn block_email(tx: &mut Tx<'_>, by: &Staff, email: Email) -> Result<EmailBlock> {
    allowed(by)?;
    let hash = match email {
        Email::Address(address) => hash(&names::email(&address)?),
        Email::Hash(text) => {
            let text = text.trim().to_lowercase();
            if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(Error::invalid("canonical_email_hash", "invalid", "Canonical email hash is invalid"));
            }
            text
        }
    };
    if rows::email_of(tx.conn, &hash)?.is_some() {
        return Err(Error::invalid("canonical_email_hash", "taken", "Canonical email hash has already been taken"));
    }
    let row = EmailBlock { id: tx.new_id(), hash, created_at: tx.now };
    rows::insert_email(tx.conn, &row)?;
    audit::write(tx, by, "email_block.add", &row.hash, "")?;
    Ok(row)
}

/// Lifts that.
///
/// # Errors
/// `Forbidden` below admin; `NotFound` for an unknown id.
pub fn unblock_email(tx: &mut Tx<'_>, by: &Staff, id: Id<EmailBlock>) -> Result<()> {
    allowed(by)?;
    let row = rows::email(tx.conn, id)?;
    rows::delete_email(tx.conn, id)?;
    audit::write(tx, by, "email_block.remove", &row.hash, "")
}

/// The block of a mail address, if there is one.
pub fn blocks_of(conn: &mut Conn, email: &str) -> Result<Option<EmailBlock>> {
    rows::email_of(conn, &hash(email))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_canonical_address() {
        for one in ["anna.lund@mail.example", "Anna.Lund+work@Mail.example", " annalund+a+b@mail.example "] {
            assert_eq!(canonical(one), "annalund@mail.example", "{one}");
        }
        assert_ne!(canonical("anna@mail.example"), canonical("anna@mailexample"));
        assert_eq!(domains_of("a@x.mail.example"), ["x.mail.example", "mail.example", "example"]);
        assert!(domains_of("nobody").is_empty());
    }

    #[test]
    fn the_most_severe_of_the_ranges_that_hold_an_address_counts() {
        let ranges = [
            (range("203.0.113.7/24").unwrap(), Severity::Approval),
            (range("203.0.113.9").unwrap(), Severity::NoAccess),
            (range("2001:db8::/32").unwrap(), Severity::NoSignUp),
        ];
        let of = |text: &str| of_address(&ranges, text.parse().unwrap());
        assert_eq!(ranges[0].0.to_string(), "203.0.113.0/24");
        assert_eq!((of("203.0.113.1"), of("203.0.113.9")), (Some(Severity::Approval), Some(Severity::NoAccess)));
        assert_eq!((of("203.0.114.1"), of("2001:db8::1")), (None, Some(Severity::NoSignUp)));
        assert_eq!(of("::ffff:203.0.113.9"), Some(Severity::NoAccess), "as a mapped address too");
        for bad in ["", "x", "1.2.3.4/33", "1.2.3"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }
}
