//! What a steward does: found, invite, change, hand over the key. With the key here a change is signed at once; without it
//! the change waits until the next version is drafted, signed elsewhere and brought back.

use super::{
    Change, Charter, Code, Member, Office, Policy, Signed, Software, Terms,
    adopt::{by_node, put, wait},
    change::{check_about, check_name},
    current,
    document::{LIFE, fingerprint},
    invitation, keychain, open,
    refused::Refused,
    required,
};
use crate::{
    Error, Result,
    crypto::{self, PrivateKey, Vault},
    db::Conn,
    domain::{
        Tx,
        audit::{self, Staff},
    },
    limits,
    model::Role,
    store,
    time::Timestamp,
};
use serde_json::{Map, Value};

/// What sealed signing keys are sealed for.
const PURPOSE: &str = "charter-key";
/// Letters of a word that another node's desk lets mean another one.
const WORD: usize = 100;

/// Why a node is not listed any more that said so itself.
pub(super) const LEFT: &str = "left";

/// A new organisation.
#[derive(Clone, Debug, Default)]
pub struct Founding {
    /// Its name.
    pub name: String,
    /// Which part of it this node is.
    pub department: String,
    /// Whom to write to about this node.
    pub contact: String,
    /// Private ranges of this node.
    pub addresses: Vec<String>,
    /// Certificates trusted for this node, PEM.
    pub ca: Option<String>,
    /// Rules that differ from the defaults, as [`Change::Set`] takes them.
    pub rules: Vec<(String, String)>,
    /// The signing key is handed over and not kept here.
    pub offline: bool,
}

/// What exists once.
#[derive(Clone, Debug)]
pub struct Founded {
    /// Version 1.
    pub signed: Signed,
    /// The recovery key, to be printed once and kept on paper.
    pub recovery: String,
    /// The signing key, when it is not kept here.
    pub key: Option<String>,
}

/// What became of a change.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is in this version, which is in force.
    Signed(Box<Signed>),
    /// It waits for a signature, as one of so many.
    Waiting(usize),
    /// It was so already.
    Unchanged,
}

pub(super) fn allowed(by: &Staff) -> Result<()> {
    if by.role >= Role::Admin { Ok(()) } else { Err(Error::forbidden("This action is not allowed")) }
}

/// Founds an organisation with this node as its first. `own` is this node ([`super::own_member`]).
///
/// # Errors
/// `Invalid` when this node belongs to one, or for what was typed; `Forbidden` below admin.
pub fn found(tx: &mut Tx<'_>, vault: &Vault, by: &Staff, new: Founding, own: Member) -> Result<Founded> {
    allowed(by)?;
    if let Some(ours) = current(tx.conn)? {
        return Err(Refused::AlreadyMember { ours: ours.charter.name.clone() }.into());
    }
    check_name(&new.name)?;
    check_about(&new.department, &new.contact, &new.addresses)?;
    let (key, recovery) = (PrivateKey::generate_ed25519()?, PrivateKey::generate_ed25519()?);
    let mut charter = Charter {
        context: Charter::contexts(),
        kind: Charter::kind(),
        id: urn(tx.random().bytes()),
        name: new.name.trim().to_owned(),
        version: 1,
        issued: tx.now,
        expires: tx.now.plus_days(LIFE),
        previous: None,
        ancestors: Vec::new(),
        keys: vec![keychain::first(&key)],
        recovery_key: recovery.public_multikey(),
        nodes: vec![Member {
            department: new.department,
            contact: new.contact,
            addresses: new.addresses,
            ca: new.ca,
            role: Office::Steward,
            ..own
        }],
        removed: Vec::new(),
        revoked: Vec::new(),
        policy: Policy::default(),
        aliases: std::collections::BTreeMap::new(),
        rest: Map::new(),
    };
    for (key, value) in new.rules {
        Change::Set { key, value }.apply(&mut charter, tx.now)?;
    }
    let signed = charter.sign(&key)?;
    if !new.offline {
        keep(tx, vault, &key)?;
    }
    put(tx, &signed, "", true)?;
    audit::write(tx, by, "org.init", &charter.name, &format!("key {}", fingerprint(charter.signing_key())))?;
    let secret = if new.offline { Some(key.secret_multikey()?) } else { None };
    Ok(Founded { signed, recovery: recovery.secret_multikey()?, key: secret })
}

/// `urn:uuid:` of sixteen random bytes.
fn urn(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = crypto::hex(&bytes);
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("urn:uuid:{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

fn keep(tx: &mut Tx<'_>, vault: &Vault, key: &PrivateKey) -> Result<()> {
    let sealed = vault.seal_text(PURPOSE, &key.to_pkcs8()?)?;
    store::charter::insert_key(tx.conn, &key.public_multikey(), &sealed, tx.now)
}

/// Whether the signing key in force is held here.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn holds_key(conn: &mut Conn, charter: &Charter) -> Result<bool> {
    Ok(store::charter::find_key(conn, charter.signing_key())?.is_some())
}

fn key(tx: &mut Tx<'_>, vault: &Vault, charter: &Charter) -> Result<Option<PrivateKey>> {
    let sealed = store::charter::find_key(tx.conn, charter.signing_key())?;
    sealed.map(|sealed| PrivateKey::from_pkcs8(&vault.open_text(PURPOSE, &sealed)?)).transpose()
}

/// Only a steward's node prepares versions: a member's changes would wait for nobody.
fn must_be_steward(tx: &mut Tx<'_>, charter: &Charter) -> Result<()> {
    if charter.node(tx.site().domain()).is_some_and(|node| node.role == Office::Steward) {
        return Ok(());
    }
    let stewards: Vec<&str> =
        charter.nodes.iter().filter(|n| n.role == Office::Steward).map(|n| n.domain.as_str()).collect();
    let text = format!("Only a steward changes the charter: ask at {}.", stewards.join(" or "));
    Err(Refused::Input(text).into())
}

/// Makes a change.
///
/// # Errors
/// `Invalid` for a change that makes no sense, or on a node that is no steward; `Forbidden` below admin, for an alias below
/// moderator: what words mean is the gardeners' (N1).
pub fn make(tx: &mut Tx<'_>, vault: &Vault, by: &Staff, change: &Change) -> Result<Outcome> {
    let is_gardening = matches!(change, Change::Alias { .. }) && by.role >= Role::Moderator;
    if !is_gardening {
        allowed(by)?;
    }
    let ours = required(tx.conn)?;
    makes_sense(change, &ours.charter, tx.site().domain())?;
    make_all(tx, vault, by, &ours, std::slice::from_ref(change))
}

/// What a steward would not want, though it can be said: to refuse the own node, with the key that may be on it, and to
/// list a node that speaks for itself as a server of other software, which would shut it out.
fn makes_sense(change: &Change, ours: &Charter, own: &str) -> Result<(), Refused> {
    let speaks = |domain: &str| ours.node(domain).is_some_and(|known| known.software == Software::Watercooler);
    match change {
        Change::Remove { domain, .. } if domain == own => {
            Err(Refused::Input(format!("{own} is this node itself. To go, run `watercooler org leave`.")))
        }
        Change::Add { node } if node.software == Software::Other && speaks(&node.domain) => {
            let domain = &node.domain;
            Err(Refused::Input(format!(
                "{domain} is listed already as a node that speaks for itself. If it runs other software now, refuse it first: \
                 `watercooler org remove {domain}`."
            )))
        }
        _ => Ok(()),
    }
}

/// Makes an alias: the gardener's, who is a moderator.
///
/// # Errors
/// As [`make`]; `Forbidden` below moderator.
pub fn make_alias(tx: &mut Tx<'_>, vault: &Vault, by: &Staff, word: &str, means: &str) -> Result<Outcome> {
    if by.role < Role::Moderator {
        return Err(Error::forbidden("This action is not allowed"));
    }
    let ours = required(tx.conn)?;
    let change = Change::Alias { word: word.to_owned(), means: Some(means.to_owned()) };
    make_all(tx, vault, by, &ours, &[change])
}

/// Whether versions of the charter are prepared at this node: it is a steward's, or it holds the key.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn decides(tx: &mut Tx<'_>, charter: &Charter) -> Result<bool> {
    let is_steward = charter.node(tx.site().domain()).is_some_and(|node| node.role == Office::Steward);
    Ok(is_steward || holds_key(tx.conn, charter)?)
}

/// Takes over an alias that the gardener's desk of another node accepted: signed at once where the key is, otherwise it
/// waits here, as theirs. A word that means something else already stays as it is: that is for a steward to change.
///
/// # Errors
/// `Invalid` on a node that is no steward, and for what is no alias.
pub fn alias_from(tx: &mut Tx<'_>, vault: &Vault, node: &str, word: &str, means: &str) -> Result<Outcome> {
    let ours = required(tx.conn)?;
    let fits = |text: &str| text.chars().count() <= WORD && !text.chars().any(char::is_control);
    if !fits(word) || !fits(means) || ours.charter.aliases.len() >= limits::CHARTER_ALIASES {
        return Err(Refused::Input(format!(
            "An alias is two words of up to {WORD} letters, and there is room for {}.",
            limits::CHARTER_ALIASES
        ))
        .into());
    }
    // However they were typed: the same change does not wait twice.
    let normal = |text: &str| text.trim().trim_start_matches('#').to_lowercase();
    let (word, means) = (normal(word), normal(means));
    if let Some(other) = ours.charter.aliases.get(&word) {
        if *other == means {
            return Ok(Outcome::Unchanged);
        }
        let text = format!("#{word} means #{other} already: a steward changes that with `watercooler org alias`.");
        return Err(Refused::Input(text).into());
    }
    let change = Change::Alias { word, means: Some(means) };
    let waiting = store::charter::changes(tx.conn)?;
    let is_same = |text: &str| serde_json::from_str::<Change>(text).is_ok_and(|known| known == change);
    if waiting.iter().any(|known| !known.lost && is_same(&known.change)) {
        return Ok(Outcome::Waiting(waiting.len()));
    }
    make_all(tx, vault, &by_node(node), &ours, &[change])
}

fn make_all(tx: &mut Tx<'_>, vault: &Vault, by: &Staff, ours: &Signed, changes: &[Change]) -> Result<Outcome> {
    let key = key(tx, vault, &ours.charter)?;
    if key.is_none() {
        must_be_steward(tx, &ours.charter)?;
    }
    let mut next = ours.charter.successor(&ours.hash, tx.now);
    let mut made = Vec::new();
    for change in changes {
        if change.apply(&mut next, tx.now)? {
            made.push(change);
        }
    }
    if made.is_empty() {
        return Ok(Outcome::Unchanged);
    }
    for change in &made {
        audit::write(tx, by, "org.change", &change.describe(), if key.is_some() { "signed" } else { "waits" })?;
    }
    let Some(key) = key else {
        for change in made {
            wait(tx, change, false, &by.name)?;
        }
        return Ok(Outcome::Waiting(store::charter::changes(tx.conn)?.len()));
    };
    let signed = next.sign(&key)?;
    put(tx, &signed, "", true)?;
    Ok(Outcome::Signed(Box::new(signed)))
}

/// Makes again what another version overtook.
///
/// # Errors
/// `Invalid` when there is nothing of the kind.
pub fn redo(tx: &mut Tx<'_>, vault: &Vault, by: &Staff) -> Result<Outcome> {
    allowed(by)?;
    let ours = required(tx.conn)?;
    let lost: Vec<_> = store::charter::changes(tx.conn)?.into_iter().filter(|w| w.lost).collect();
    if lost.is_empty() {
        return Err(Refused::Input("No change was overtaken: nothing is to be repeated.".into()).into());
    }
    let mut changes = Vec::with_capacity(lost.len());
    for waiting in &lost {
        changes.push(serde_json::from_str(&waiting.change).map_err(Error::internal)?);
        store::charter::delete_change(tx.conn, waiting.id)?;
    }
    make_all(tx, vault, by, &ours, &changes)
}

/// Signs a new date when half of the life of the version in force is over and the key is here.
///
/// # Errors
/// `Internal` when the key cannot be opened.
pub fn renew_when_due(tx: &mut Tx<'_>, vault: &Vault) -> Result<()> {
    let Some(ours) = current(tx.conn)? else { return Ok(()) };
    if tx.now > ours.charter.expires.plus_days(-LIFE / 2) && holds_key(tx.conn, &ours.charter)? {
        make(tx, vault, &Staff::console(), &Change::Renew)?;
    }
    Ok(())
}

/// Gives an invitation.
///
/// # Errors
/// `Invalid` when this node is no steward; `Forbidden` below admin.
pub fn invite(tx: &mut Tx<'_>, by: &Staff, terms: &Terms) -> Result<(Code, String)> {
    allowed(by)?;
    let ours = required(tx.conn)?;
    must_be_steward(tx, &ours.charter)?;
    invitation::invite(tx, by, &ours.charter, terms)
}

/// Lets a node in that came with an invitation and was proven to be who it says. A node whose answer was lost on the way
/// may come again with the same code.
///
/// # Errors
/// `Invalid` saying why not.
pub fn redeem(tx: &mut Tx<'_>, vault: &Vault, nonce: &str, offered: &Member) -> Result<Outcome> {
    let ours = required(tx.conn)?;
    let known = ours.charter.node(&offered.domain).is_some_and(|node| node.key == offered.key);
    let row = store::charter::find_invitation(tx.conn, &crypto::token_hash(nonce))?;
    if row.is_some_and(|row| row.used.is_some_and(|(_, by)| by == offered.domain)) {
        if known {
            return Ok(Outcome::Signed(Box::new(Signed::clone(&ours))));
        }
        let waiting = store::charter::changes(tx.conn)?;
        let adds = |text: &str| {
            serde_json::from_str(text).is_ok_and(
                |c| matches!(c, Change::Add { node } if node.domain == offered.domain && node.key == offered.key),
            )
        };
        if waiting.iter().any(|w| !w.lost && adds(&w.change)) {
            return Ok(Outcome::Waiting(waiting.len()));
        }
    }
    let terms = invitation::use_up(tx, nonce, &offered.domain)?;
    let node = terms.admit(offered, tx.now)?;
    make_all(tx, vault, &by_node(&offered.domain), &ours, &[Change::Add { node: Box::new(node) }])
}

/// A node says that it leaves. What it wrote for the organisation stays with the others.
///
/// # Errors
/// `Invalid` when it is the only one.
pub fn dismiss(tx: &mut Tx<'_>, vault: &Vault, domain: &str) -> Result<Outcome> {
    let ours = required(tx.conn)?;
    let change = Change::Remove { domain: domain.to_owned(), reason: LEFT.into(), purge: false, keep: true };
    make_all(tx, vault, &by_node(domain), &ours, &[change])
}

/// A new signing key, handed over by the old one that is held here, or by the recovery key. Answers the version, and the
/// key when it is not to be kept here.
///
/// # Errors
/// `Invalid` (`no_key`, `wrong_key`).
pub fn rotate(
    tx: &mut Tx<'_>,
    vault: &Vault,
    by: &Staff,
    recovery: Option<&PrivateKey>,
    offline: bool,
) -> Result<(Signed, Option<String>)> {
    allowed(by)?;
    let ours = required(tx.conn)?;
    let held = key(tx, vault, &ours.charter)?;
    let old = recovery.or(held.as_ref()).ok_or(Refused::NoKey)?;
    let new = PrivateKey::generate_ed25519()?;
    let next = handed_over(&ours.charter.successor(&ours.hash, tx.now), &ours.charter, old, &new, tx.now)?;
    let signed = next.sign(&new)?;
    if !offline {
        keep(tx, vault, &new)?;
    }
    put(tx, &signed, "", true)?;
    store::charter::delete_keys_but(tx.conn, next.signing_key())?;
    let how = if recovery.is_some() { "by the recovery key" } else { "by the old key" };
    audit::write(tx, by, "org.rotate_key", &fingerprint(next.signing_key()), how)?;
    Ok((signed, if offline { Some(new.secret_multikey()?) } else { None }))
}

/// Ends a theft: the recovery key hands over after this version, as if nothing had been signed since; also on a node that
/// the thief removed. The nodes, rules and keys are those of that version.
///
/// # Errors
/// `Invalid` when that version is not kept here, saying which are.
pub fn recover(
    tx: &mut Tx<'_>,
    vault: &Vault,
    by: &Staff,
    recovery: &PrivateKey,
    after: i64,
    offline: bool,
) -> Result<(Signed, Option<String>)> {
    allowed(by)?;
    let row = match store::charter::in_force(tx.conn)? {
        Some(row) => Some(row),
        None => store::charter::ended(tx.conn)?,
    };
    let last = open(&row.ok_or(Refused::NoOrganisation)?)?;
    let kept = store::charter::all(tx.conn)?;
    let Some(good) = kept.iter().find(|row| row.version == after) else {
        let kept: Vec<String> =
            kept.iter().map(|row| format!("{} (since {})", row.version, row.adopted_at.rfc3339())).collect();
        return Err(Refused::Input(format!("Version {after} is not kept here; these are: {}.", kept.join(", "))).into());
    };
    let good = open(good)?;
    if good.charter.id != last.charter.id {
        return Err(Refused::Foreign { theirs: good.charter.name, ours: last.charter.name }.into());
    }
    let new = PrivateKey::generate_ed25519()?;
    let mut next = good.charter.successor(&good.hash, tx.now);
    next.version = last.charter.version.saturating_add(1).min(1 << 53);
    let signed = handed_over(&next, &good.charter, recovery, &new, tx.now)?.sign(&new)?;
    if signed.charter.node(tx.site().domain()).is_none() {
        return Err(Refused::NotListed { domain: tx.site().domain().to_owned() }.into());
    }
    if !offline {
        keep(tx, vault, &new)?;
    }
    put(tx, &signed, "", true)?;
    store::charter::delete_keys_but(tx.conn, signed.charter.signing_key())?;
    let detail = format!("by the recovery key, after version {after}");
    audit::write(tx, by, "org.rotate_key", &fingerprint(signed.charter.signing_key()), &detail)?;
    Ok((signed, if offline { Some(new.secret_multikey()?) } else { None }))
}

fn handed_over(next: &Charter, ours: &Charter, old: &PrivateKey, new: &PrivateKey, now: Timestamp) -> Result<Charter> {
    let mut next = next.clone();
    next.keys.push(keychain::hand_over(ours, &new.public_multikey(), old, now)?);
    Ok(next)
}

/// Keeps a signing key here from now on: another steward's, or one that was offline.
///
/// # Errors
/// `Invalid` when it is not the one in force.
pub fn hold(tx: &mut Tx<'_>, vault: &Vault, by: &Staff, key: &PrivateKey) -> Result<()> {
    allowed(by)?;
    let ours = required(tx.conn)?;
    if key.public_multikey() != ours.charter.signing_key() {
        let (wanted, given) = (fingerprint(ours.charter.signing_key()), fingerprint(&key.public_multikey()));
        return Err(Refused::NotTheKey { wanted, given }.into());
    }
    keep(tx, vault, key)?;
    audit::write(tx, by, "org.hold_key", &fingerprint(ours.charter.signing_key()), "")
}

/// The next version, unsigned, with all changes that wait for a signature, and what they are.
///
/// # Errors
/// `Invalid` when this node belongs nowhere.
pub fn draft(conn: &mut Conn, now: Timestamp) -> Result<(Value, Vec<String>)> {
    let ours = required(conn)?;
    let mut next = ours.charter.successor(&ours.hash, now);
    // That of the version before, which says nothing about this one.
    next.rest.remove("proof");
    let mut made = Vec::new();
    for waiting in store::charter::changes(conn)?.iter().filter(|w| !w.lost) {
        let change: Change = serde_json::from_str(&waiting.change).map_err(Error::internal)?;
        if matches!(change.apply(&mut next, now), Ok(true)) {
            made.push(change.describe());
        }
    }
    Ok((serde_json::to_value(next).map_err(Error::internal)?, made))
}

/// Signs a draft where the key is, without any node. With `next`, that key takes over.
///
/// # Errors
/// `Invalid` for what is no draft, and when the key is not the one that must sign.
pub fn sign_draft(draft: Value, key: &PrivateKey, next: Option<&PrivateKey>, now: Timestamp) -> Result<Signed> {
    let mut charter: Charter = serde_json::from_value(draft).map_err(|_| Refused::Malformed("the draft"))?;
    charter.rest.remove("proof");
    (charter.issued, charter.expires) = (now, now.plus_days(LIFE));
    match next {
        None => charter.sign(key),
        Some(next) => {
            let mut before = charter.clone();
            before.version = charter.version.saturating_sub(1);
            handed_over(&charter, &before, key, next, now)?.sign(next)
        }
    }
}

/// Signs a draft with the key that is held here.
///
/// # Errors
/// As [`sign_draft`]; `no_key`.
pub fn sign_here(tx: &mut Tx<'_>, vault: &Vault, draft: Value) -> Result<Signed> {
    let ours = required(tx.conn)?;
    let key = key(tx, vault, &ours.charter)?.ok_or(Refused::NoKey)?;
    sign_draft(draft, &key, None, tx.now)
}
