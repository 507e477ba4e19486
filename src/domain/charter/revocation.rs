//! Revoked actors (N3): the charter says that nobody may act in the name of this actor any more, whatever its keys sign and
//! whoever holds them. Peers refuse those signatures, drop what waits of them, and treat the person as one who left; the
//! actor's own node ends their access. What the actor wrote before stays. An undone revocation restores all of it.

use super::{Charter, Revoked, Signed, refused::Refused};
use crate::{
    Error, Result,
    config::Site,
    db::Conn,
    domain::{
        Fact, Task, Tx,
        audit::{self, Staff},
        leavers, people,
    },
    model::Account,
    store::{self, revocations::Row},
    time::Timestamp,
    uri,
};

/// Whether the keys of this actor count no more.
pub fn is_revoked(charter: &Charter, actor: &str) -> bool {
    charter.revoked.iter().any(|gone| gone.actor == actor)
}

/// The actor that somebody names: by its id, or by its handle where this node knows it.
///
/// # Errors
/// `Input` for what is neither.
pub fn actor_of(conn: &mut Conn, site: &Site, typed: &str) -> Result<String> {
    let typed = typed.trim();
    if typed.contains("://") {
        let input = || Refused::Input(format!("`{typed}` is no address of an actor."));
        return uri::normalize(typed).ok_or_else(|| input().into());
    }
    let handle = typed.trim_start_matches('@').to_lowercase();
    let known = match handle.split_once('@') {
        Some((_, domain)) if !site.is_own_name(domain) => store::accounts::find_by_handle(conn, &handle)?,
        Some((name, _)) => store::accounts::find_local(conn, name)?,
        None => store::accounts::find_local(conn, &handle)?,
    };
    known.map(|account| account.uri).ok_or_else(|| {
        Refused::Input(format!(
            "Nobody is known here as `{typed}`. Give the id of the actor, such as https://fab.example/users/eve."
        ))
        .into()
    })
}

/// Does what a version that came into force says of actors. None: this node belongs nowhere, and nobody's word counts.
///
/// # Errors
/// `Unavailable` when the database is away.
pub(super) fn follow(tx: &mut Tx<'_>, signed: Option<&Signed>) -> Result<()> {
    let wanted: &[Revoked] = signed.map_or(&[], |signed| &signed.charter.revoked);
    let known = store::revocations::all(tx.conn)?;
    for row in known.iter().filter(|row| !wanted.iter().any(|gone| gone.actor == row.uri)) {
        restore(tx, row)?;
    }
    for gone in wanted.iter().filter(|gone| !known.iter().any(|row| row.uri == gone.actor)) {
        revoke(tx, gone)?;
    }
    Ok(())
}

fn revoke(tx: &mut Tx<'_>, gone: &Revoked) -> Result<()> {
    tracing::warn!(
        actor = gone.actor,
        reason = gone.reason,
        "the charter revokes an actor: its signatures are refused"
    );
    audit::write(tx, &Staff::charter(), "org.revoked", &gone.actor, &gone.reason)?;
    let account = store::accounts::find_by_uri(tx.conn, &gone.actor)?.filter(|account| account.deleted_at.is_none());
    let mut row = Row {
        uri: gone.actor.clone(),
        revoked_at: gone.revoked,
        left_before: account.as_ref().and_then(|account| account.left_on),
        discoverable: account.as_ref().map(|account| account.discoverable),
        left_here: false,
    };
    if let Some(account) = account {
        if account.is_local() {
            row.left_here = ends_here(tx, &account)?;
        } else {
            let left_on = account.left_on.unwrap_or(gone.revoked.midnight());
            store::revocations::show(tx.conn, account.id, Some(left_on), false)?;
            store::revocations::drop_waiting(tx.conn, account.id)?;
            shown(tx, &account)?;
        }
    }
    store::revocations::insert(tx.conn, &row)
}

/// The leaver switch for somebody of this node; false when they left before, or cannot leave.
fn ends_here(tx: &mut Tx<'_>, account: &Account) -> Result<bool> {
    if account.left_on.is_some() || store::users::find(tx.conn, account.id)?.is_none() {
        return Ok(false);
    }
    match leavers::leave(tx, &Staff::charter(), account.id, None) {
        Ok(_) => Ok(true),
        // The last owner: the node would be nobody's. Peers refuse the signatures all the same.
        Err(Error::Conflict(why)) => {
            tracing::warn!(account = account.username, %why, "the charter revokes an actor that cannot leave here");
            Ok(false)
        }
        Err(other) => Err(other),
    }
}

fn restore(tx: &mut Tx<'_>, row: &Row) -> Result<()> {
    tracing::info!(actor = row.uri, "the charter restores an actor");
    audit::write(tx, &Staff::charter(), "org.restored", &row.uri, "")?;
    store::revocations::delete(tx.conn, &row.uri)?;
    let Some(account) = store::accounts::find_by_uri(tx.conn, &row.uri)?.filter(|a| a.deleted_at.is_none()) else {
        return Ok(());
    };
    if !account.is_local() {
        let discoverable = row.discoverable.unwrap_or(account.discoverable);
        store::revocations::show(tx.conn, account.id, row.left_before, discoverable)?;
        // What its own node said meanwhile was refused.
        tx.enqueue(&Task::RefreshAccount { account: account.id.raw() })?;
        return shown(tx, &account);
    }
    if row.left_here { leavers::rehire(tx, &Staff::charter(), account.id) } else { Ok(()) }
}

/// Pages, directory and routing show it from now on.
fn shown(tx: &mut Tx<'_>, account: &Account) -> Result<()> {
    people::directory::touch_index(tx, account.id)?;
    tx.record(Fact::AccountUpdated(account.id))
}

/// What is shown of somebody of another node, whatever their node says: since when they act no more.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn since(conn: &mut Conn, actor: &str) -> Result<Option<Timestamp>> {
    store::revocations::since(conn, actor)
}
