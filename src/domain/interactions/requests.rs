//! Requests of people elsewhere to answer, like or boost a post of this node (INT-13). Everybody may do that to what they
//! see, so they hear it at once, with an authorisation that others can look at.

use crate::{
    Error, Result,
    db::Conn,
    domain::{Fact, Tx, remote, visibility::sees},
    id::Id,
    model::{Account, Interaction, InteractionKind, InteractionState, Post, Visibility},
    store, uri,
};

/// One as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub kind: InteractionKind,
    /// Its id.
    pub uri: Option<String>,
    /// The post.
    pub object: String,
    /// The id of the reply, Like or Announce.
    pub instrument: String,
}

/// What is said to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whose post it is.
    pub author: Id<Account>,
    /// Who asked.
    pub by: Id<Account>,
    /// What they asked for.
    pub request: Request,
    /// The number of the authorisation; none when they may not.
    pub granted: Option<Id<Interaction>>,
}

/// Somebody elsewhere asks. A like counts from then on: some send nothing else.
///
/// # Errors
/// Those of the database.
pub fn receive(tx: &mut Tx<'_>, by: &Account, request: &Request) -> Result<()> {
    store::remote::lock(tx.conn, &request.instrument)?;
    let target = store::posts::find_by_uri(tx.conn, &request.object)?;
    let Some(target) = target.filter(|post| post.local && !post.is_boost()) else { return Ok(()) };
    let author = store::accounts::load(tx.conn, target.account_id)?;
    // Of what they cannot see they are not even told that it is there.
    if author.is_unavailable() || by.is_unavailable() || !sees(tx.conn, by, &target, tx.now)? {
        return Ok(());
    }
    let may = uri::same_authority(&request.instrument, &by.uri)
        // What is not for everybody is boosted by its author alone.
        && (request.kind != InteractionKind::Boost || target.visibility <= Visibility::Unlisted)
        && !store::follows::is_blocked_either_way(tx.conn, author.id, by.id)?;
    let granted = if may { grant(tx, by, &target, request)? } else { None };
    if granted.is_some() && request.kind == InteractionKind::Favourite {
        remote::receive_like(tx, by, &target, Some(&request.instrument), None)?;
    }
    let answer = Answer { author: author.id, by: by.id, request: request.clone(), granted };
    tx.record(Fact::InteractionAnswered(answer))
}

fn grant(tx: &mut Tx<'_>, by: &Account, target: &Post, request: &Request) -> Result<Option<Id<Interaction>>> {
    if let Some(known) = store::interactions::find_by_uri(tx.conn, &request.instrument)? {
        let same = known.kind == request.kind
            && known.account_id == by.id
            && known.target_id == target.id
            && known.state == InteractionState::Accepted;
        return Ok(same.then_some(known.id));
    }
    let row = Interaction {
        id: tx.new_id(),
        kind: request.kind,
        account_id: by.id,
        target_id: target.id,
        post_id: None,
        uri: request.instrument.clone(),
        visibility: target.visibility,
        state: InteractionState::Accepted,
        stamp_uri: None,
        created_at: tx.now,
    };
    store::interactions::insert(tx.conn, &row)?;
    Ok(Some(row.id))
}

/// The authorisation with this number by this person of this node, while it stands, and the post that it is about. Whoever
/// may see that may see it.
///
/// # Errors
/// `NotFound` when there is none.
pub fn authorisation(conn: &mut Conn, author: Id<Account>, id: Id<Interaction>) -> Result<(Interaction, Post)> {
    let row = store::interactions::find(conn, id)?.ok_or(Error::NotFound)?;
    let target = store::posts::load(conn, row.target_id)?;
    let stands = row.state == InteractionState::Accepted
        && target.local
        && target.account_id == author
        && !store::follows::is_blocked_either_way(conn, author, row.account_id)?;
    if stands { Ok((row, target)) } else { Err(Error::NotFound) }
}
