//! Other nodes: entries and blocks set by staff, with their trace (OPS-02). What they mean for connections is the
//! outgoing gate's; [`crate::peers`] brings both together.

use super::{
    Tx,
    audit::{self, Staff},
    follows, people,
    severances::{self, Lost},
};
use crate::{
    Error, Result,
    id::Id,
    model::{Account, DomainBlock, PeerRow, Role, SeveranceKind},
    store,
};

/// Whether they may decide about other servers.
///
/// # Errors
/// `Forbidden` below admin.
pub fn allowed(by: &Staff) -> Result<()> {
    if by.role >= Role::Admin { Ok(()) } else { Err(Error::forbidden("This action is not allowed")) }
}

/// The node of these accounts left the organisation, and what it wrote stays: nobody of it is in the directory, asked or
/// followed anew from now on.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn left(tx: &mut Tx<'_>, ids: &[Id<Account>]) -> Result<()> {
    store::peers::set_left(tx.conn, ids, Some(tx.now))?;
    ids.iter().try_for_each(|id| people::directory::touch_index(tx, *id))
}

/// It is back.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn returned(tx: &mut Tx<'_>, ids: &[Id<Account>]) -> Result<()> {
    store::peers::set_left(tx.conn, ids, None)?;
    ids.iter().try_for_each(|id| people::directory::touch_index(tx, *id))
}

/// Adds a peer, or changes the one of that name. The row was checked by the caller.
///
/// # Errors
/// `Forbidden` below admin.
pub fn add(tx: &mut Tx<'_>, by: &Staff, mut peer: PeerRow) -> Result<()> {
    allowed(by)?;
    peer.created_at = tx.now;
    store::peers::upsert(tx.conn, &peer)?;
    let detail = format!(
        "addresses {} port {} scheme {}{}",
        peer.addresses,
        peer.port.map_or("default".to_owned(), |p| p.to_string()),
        peer.scheme.as_deref().unwrap_or("https"),
        if peer.ca_pem.is_some() { " with its own certificate authority" } else { "" }
    );
    audit::write(tx, by, "peer.add", &peer.domain, &detail)
}

/// Removes a peer that was added by command.
///
/// # Errors
/// `NotFound` when there is none; `Forbidden` below admin.
pub fn remove(tx: &mut Tx<'_>, by: &Staff, domain: &str) -> Result<()> {
    allowed(by)?;
    if !store::peers::delete(tx.conn, domain)? {
        return Err(Error::NotFound);
    }
    audit::write(tx, by, "peer.remove", domain, "")
}

/// Blocks a domain, or changes how much of it is blocked.
///
/// # Errors
/// `Forbidden` below admin.
pub fn block(tx: &mut Tx<'_>, by: &Staff, mut block: DomainBlock) -> Result<()> {
    allowed(by)?;
    block.created_at = tx.now;
    store::peers::upsert_block(tx.conn, &block)?;
    let word = match block.severity {
        0 => "suspend",
        1 => "silence",
        _ => "limited",
    };
    let detail =
        [word, if block.reject_media { "no media" } else { "" }, if block.reject_reports { "no reports" } else { "" }]
            .into_iter()
            .chain([block.comment.as_str()])
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ");
    audit::write(tx, by, "peer.block", &block.domain, &detail)
}

/// Lifts a block.
///
/// # Errors
/// `NotFound` when there is none; `Forbidden` below admin.
pub fn unblock(tx: &mut Tx<'_>, by: &Staff, domain: &str) -> Result<()> {
    allowed(by)?;
    if !store::peers::delete_block(tx.conn, domain)? {
        return Err(Error::NotFound);
    }
    audit::write(tx, by, "peer.unblock", domain, "")
}

/// Ends all follows between people here and these accounts of a blocked domain, both ways (MOD-06), and tells those who
/// lose some.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn sever(tx: &mut Tx<'_>, domain: &str, remote: &[Id<Account>]) -> Result<()> {
    let mut lost = Lost::default();
    for follow in store::peers::follows_with(tx.conn, remote)? {
        let by_remote = remote.contains(&follow.account_id);
        lost.note(&follow, by_remote);
        if by_remote {
            follows::reject(tx, follow.target_id, follow.account_id)?;
        } else {
            follows::unfollow(tx, follow.account_id, follow.target_id)?;
        }
    }
    severances::tell(tx, SeveranceKind::DomainBlock, domain, &lost)
}
