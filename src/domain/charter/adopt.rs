//! How a version comes into force here, and what follows from it: nodes that were removed, changes that were overtaken,
//! others who must be told.

use super::{
    Change, Charter, Removed, Signed, Software, Verdict,
    document::{CLOCK, fingerprint},
    keychain, open,
    refused::Refused,
    revocation,
    steward::LEFT,
    succession::judge,
};
use crate::{
    Result,
    domain::{
        Task, Tx, audiences,
        audit::{self, Staff},
        concierge::arrivals,
        remote,
    },
    model::Role,
    store::{
        self,
        charter::{State, Stored, Waiting},
    },
};

/// Past versions that are kept.
const KEPT: i64 = 50;
/// How often one other node is asked for its version. Seconds.
pub const ASK_SECONDS: i64 = 60;
/// Between two comparisons of directories. Seconds.
pub const COMPARE_SECONDS: i64 = 3_600;
/// Until the directory of a node that came is copied: it learns that it belongs first. Seconds.
const COPY_SECONDS: i64 = 5;

/// Takes a version that another node offered. It was read and verified ([`super::document::read`]).
///
/// # Errors
/// `Invalid` saying why it does not count here.
pub fn adopt(tx: &mut Tx<'_>, offered: &Signed, from: &str) -> Result<Verdict> {
    let ours = super::required(tx.conn)?;
    let verdict = judge(offered, &ours, tx.now)?;
    if verdict != Verdict::Same {
        // What actors show of themselves depends on the policy.
        tx.document_changed();
        // From nowhere: the person at the machine brings what was signed elsewhere.
        put(tx, offered, from, from.is_empty())?;
        let by = if from.is_empty() { Staff::console() } else { by_node(from) };
        let detail = format!("version {}", offered.charter.version);
        audit::write(tx, &by, "org.adopt", &offered.charter.name, &detail)?;
    }
    Ok(verdict)
}

/// Takes a version in which the recovery key took another way than the one in force here, or than the one under which this
/// node was removed: whoever held the key before may have removed anybody.
///
/// # Errors
/// `Invalid` saying why it does not count.
pub fn rescue(tx: &mut Tx<'_>, offered: &Signed, from: &str) -> Result<()> {
    let row = match store::charter::in_force(tx.conn)? {
        Some(row) => Some(row),
        None => store::charter::ended(tx.conn)?,
    };
    let ours = open(&row.ok_or(Refused::NoOrganisation)?)?;
    let verdict = judge(offered, &ours, tx.now)?;
    if !keychain::is_rescue(&offered.charter, &ours.charter) {
        return Err(Refused::Stranger.into());
    }
    if verdict != Verdict::Same {
        tx.document_changed();
        put(tx, offered, from, false)?;
        let detail = format!("version {}, by the recovery key", offered.charter.version);
        audit::write(tx, &by_node(from), "org.adopt", &offered.charter.name, &detail)?;
    }
    Ok(())
}

/// Takes the first version of an organisation that this node joins: it must be signed under the key that the invitation
/// names, and list this node with the keys that it has.
///
/// # Errors
/// `Invalid` saying why not.
pub fn join(tx: &mut Tx<'_>, by: &Staff, offered: &Signed, wanted: &str, own_key: &str, from: &str) -> Result<()> {
    let charter = &offered.charter;
    if let Some(ours) = super::current(tx.conn)? {
        if ours.charter.id != charter.id {
            return Err(Refused::AlreadyMember { ours: ours.charter.name.clone() }.into());
        }
        if judge(offered, &ours, tx.now)? == Verdict::Same {
            return Ok(());
        }
    }
    if !charter.keys.iter().filter_map(keychain::key_of).any(|key| fingerprint(key) == wanted) {
        return Err(Refused::WrongKey { wanted: wanted.to_owned() }.into());
    }
    let domain = tx.site().domain();
    if charter.node(domain).is_none_or(|node| node.key != own_key) {
        return Err(Refused::NotListed { domain: domain.to_owned() }.into());
    }
    put(tx, offered, from, false)?;
    audit::write(tx, by, "org.join", &charter.name, &format!("version {} from {from}", charter.version))
}

/// This node belongs to no organisation from now on.
///
/// # Errors
/// `Invalid` (`no_organisation`).
pub fn leave(tx: &mut Tx<'_>, by: &Staff) -> Result<()> {
    super::steward::allowed(by)?;
    let ours = super::required(tx.conn)?;
    store::charter::end(tx.conn, State::Ended)?;
    audiences::follow(tx, None)?;
    revocation::follow(tx, None)?;
    store::charter::forget_peers(tx.conn, None)?;
    for waiting in store::charter::changes(tx.conn)? {
        store::charter::delete_change(tx.conn, waiting.id)?;
    }
    audit::write(tx, by, "org.leave", &ours.charter.name, "")
}

/// Brings a version into force.
pub(super) fn put(tx: &mut Tx<'_>, signed: &Signed, from: &str, issued_here: bool) -> Result<()> {
    let charter = &signed.charter;
    let before = store::charter::in_force(tx.conn)?;
    let old = before.as_ref().map(open).transpose()?.map(|old| old.charter);
    let mut purged = Vec::new();
    if let Some(row) = &before {
        let old = open(row)?;
        let overtaken = !charter.descends_from(&old);
        store::charter::end(tx.conn, if overtaken { State::Overtaken } else { State::Past })?;
        if overtaken {
            remember_lost(tx, row, charter)?;
        }
        let known = |gone: &&Removed| old.charter.removed.iter().any(|g| g.domain == gone.domain && g.purge);
        let newly = charter.removed.iter().filter(|gone| gone.purge && !known(gone));
        purged.extend(newly.map(|gone| gone.domain.clone()));
        // Who comes back is not gone any more.
        for back in old.charter.removed.iter().filter(|gone| gone.purge && charter.node(&gone.domain).is_some()) {
            store::charter::lift(tx.conn, &back.domain, back.removed.plus_millis(-CLOCK))?;
        }
        let known = old.charter.nodes.iter().map(|node| &node.domain);
        let gone: Vec<String> = known.filter(|domain| charter.node(domain).is_none()).cloned().collect();
        store::charter::forget_peers(tx.conn, Some(&gone))?;
        // Who is refused does not come back with a code from before. Who left by themselves may.
        let refused =
            charter.removed.iter().filter(|gone| gone.reason != LEFT && old.charter.node(&gone.domain).is_some());
        for gone in refused {
            store::charter::withdraw_invitations(tx.conn, &gone.domain)?;
        }
    }
    let row = Stored {
        hash: signed.hash.clone(),
        version: charter.version,
        document: signed.document.to_string(),
        issued_here,
        learned_from: from.to_owned(),
        adopted_at: tx.now,
    };
    let belongs = charter.node(tx.site().domain()).is_some();
    store::charter::insert(tx.conn, &row, if belongs { State::InForce } else { State::Ended })?;
    store::charter::trim(tx.conn, KEPT)?;
    audiences::follow(tx, belongs.then_some(signed))?;
    revocation::follow(tx, belongs.then_some(signed))?;
    if !belongs {
        tracing::warn!(organisation = charter.name, "this node does not belong to its organisation any more");
        return store::charter::forget_peers(tx.conn, None);
    }
    settle_changes(tx, signed)?;
    arrivals::announce(tx, old.as_ref(), signed)?;
    copy_directories(tx, signed, before.as_ref())?;
    for domain in purged {
        tx.enqueue(&Task::PurgeDomain { domain })?;
    }
    tx.enqueue(&Task::SpreadCharter { hash: signed.hash.clone(), from: from.to_owned() })?;
    tx.enqueue_at(&Task::AskCharter, tx.now.plus_seconds(ASK_SECONDS))
}

/// Directories that are new here are copied in a moment: those of nodes that came, or all when this node came itself or the
/// directory was switched on.
fn copy_directories(tx: &mut Tx<'_>, signed: &Signed, before: Option<&Stored>) -> Result<()> {
    let charter = &signed.charter;
    tx.enqueue_at(&Task::CompareDirectory, tx.now.plus_seconds(COMPARE_SECONDS))?;
    if !charter.policy.directory {
        return Ok(());
    }
    let old = before.map(open).transpose()?.map(|old| old.charter).filter(|old| old.policy.directory);
    if old.is_none() {
        // Whom the others learn of this way is somebody they are told about later.
        store::people::set_all_pushed(tx.conn)?;
    }
    let is_new = |domain: &str| old.as_ref().is_none_or(|old| old.node(domain).is_none());
    let own = tx.site().domain();
    let others = charter.nodes.iter().filter(|node| node.domain != own && node.software == Software::Watercooler);
    for node in others.filter(|node| is_new(&node.domain)) {
        let task = Task::CheckDirectory { domain: node.domain.clone() };
        tx.enqueue_at(&task, tx.now.plus_seconds(COPY_SECONDS))?;
    }
    Ok(())
}

/// What was signed here and does not count is kept, so that it can be made again: the loser is told to redo it. All of it,
/// back to the version that both come from.
fn remember_lost(tx: &mut Tx<'_>, last: &Stored, counts: &Charter) -> Result<()> {
    let (mut row, mut lost) = (last.clone(), Vec::new());
    for _ in 0..KEPT {
        let after = open(&row)?;
        if counts.descends_from(&after) {
            break;
        }
        let Some(hash) = &after.charter.previous else { break };
        let Some(before) = store::charter::find(tx.conn, hash)? else { break };
        if row.issued_here {
            lost.push(Change::between(&open(&before)?.charter, &after.charter));
        }
        row = before;
    }
    for change in lost.into_iter().rev().flatten() {
        tracing::warn!(change = change.describe(), "another version of the charter counts; this must be made again");
        audit::write(tx, &Staff::console(), "org.overtaken", &change.describe(), "run `watercooler org redo`")?;
        wait(tx, &change, true, "console")?;
    }
    Ok(())
}

/// Lets a change wait.
pub(super) fn wait(tx: &mut Tx<'_>, change: &Change, lost: bool, asked_by: &str) -> Result<()> {
    let row = Waiting {
        id: tx.new_id::<()>().raw(),
        change: serde_json::to_string(change).map_err(crate::Error::internal)?,
        lost,
        asked_by: asked_by.to_owned(),
        created_at: tx.now,
    };
    store::charter::insert_change(tx.conn, &row)
}

/// Changes that the new version brought are waited for no longer, nor are those that cannot be made any more.
fn settle_changes(tx: &mut Tx<'_>, signed: &Signed) -> Result<()> {
    // One upon the other: what was changed first may be what allows the next.
    let mut copy = signed.charter.clone();
    for waiting in store::charter::changes(tx.conn)? {
        let change: Change = serde_json::from_str(&waiting.change).map_err(crate::Error::internal)?;
        if change == Change::Renew || !matches!(change.apply(&mut copy, tx.now), Ok(true)) {
            store::charter::delete_change(tx.conn, waiting.id)?;
        }
    }
    Ok(())
}

/// The trace of what another node brought about.
pub(in crate::domain) fn by_node(domain: &str) -> Staff {
    Staff { account: None, name: domain.to_owned(), role: Role::Admin, origin: "charter".into() }
}

/// Accounts that are erased in one transaction.
const CHUNK: i64 = 50;

/// Erases some accounts of a node that was removed with all it wrote; false when none is left, or when the node is back.
pub fn purge_some(tx: &mut Tx<'_>, domain: &str) -> Result<bool> {
    let Some(ours) = super::current(tx.conn)? else { return Ok(false) };
    if !ours.charter.removed.iter().any(|gone| gone.domain == domain && gone.purge) {
        return Ok(false);
    }
    let accounts = store::charter::accounts_of(tx.conn, domain, CHUNK)?;
    for account in &accounts {
        remote::delete_actor(tx, account)?;
    }
    Ok(!accounts.is_empty())
}
