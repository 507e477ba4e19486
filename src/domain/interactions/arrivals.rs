//! What authors elsewhere answer to what people here asked for, and what others did to posts whose authors decide.

use super::{REQUEST, consent};
use crate::{
    Result,
    db::Conn,
    domain::{
        Fact, Task, Tx,
        posts::{self, NewBoost},
        quotes::policy::Consent,
        reactions,
        remote::RemotePost,
    },
    id::Id,
    model::{Account, Interaction, InteractionKind, InteractionState, Post},
    store, uri,
};

/// Rows that one authorisation is looked for in.
const MANY: i64 = 1_000;

/// What an answer is about: the id of the request or of what was asked for, or what the request has in it. Only who was
/// asked can answer (AUTH-07).
fn asked(
    tx: &mut Tx<'_>,
    by: &Account,
    object: Option<&str>,
    instrument: Option<&str>,
) -> Result<Option<(Interaction, Post)>> {
    let named = object.map(|object| object.strip_suffix(REQUEST).unwrap_or(object));
    for uri in instrument.into_iter().chain(named) {
        let Some(row) = store::interactions::find_by_uri(tx.conn, uri)? else { continue };
        let target = store::posts::load(tx.conn, row.target_id)?;
        let ours = store::accounts::load(tx.conn, row.account_id)?.is_local();
        return Ok((ours && target.account_id == by.id).then_some((row, target)));
    }
    Ok(None)
}

/// The author of a post agrees to what somebody here wants to do, or did, to it. Without an authorisation that everybody can
/// look at it has no effect: it is looked at first.
///
/// # Errors
/// Those of the database.
pub fn receive_accept(
    tx: &mut Tx<'_>,
    by: &Account,
    object: Option<&str>,
    instrument: Option<&str>,
    stamp: Option<&str>,
) -> Result<()> {
    let Some(stamp) = stamp.filter(|stamp| uri::same_authority(stamp, &by.uri)) else { return Ok(()) };
    let object = match asked(tx, by, object, instrument)? {
        Some((row, _)) => {
            // What somebody who is suspended now asked for before does not come about.
            let unavailable = store::accounts::load(tx.conn, row.account_id)?.is_unavailable();
            if row.state != InteractionState::Pending || unavailable {
                return Ok(());
            }
            store::interactions::settle(tx.conn, row.id, InteractionState::Pending, Some(stamp))?;
            row.uri
        }
        None => match unasked(tx.conn, by.id, instrument.or(object))? {
            Some((reply, _)) => reply.uri,
            None => return Ok(()),
        },
    };
    tx.enqueue(&Task::CheckConsent { by: by.id.raw(), object, stamp: stamp.to_owned(), quote: false, looks: 0 })
}

/// What `by` agreed to with this authorisation, and waits for that to be looked at, with what it is about.
fn agreeing(
    conn: &mut Conn,
    by: Id<Account>,
    object: &str,
    stamp: &str,
) -> Result<Option<(InteractionKind, Post, Option<Interaction>)>> {
    if let Some(row) = store::interactions::find_by_uri(conn, object)? {
        let target = store::posts::load(conn, row.target_id)?;
        let waits = row.state == InteractionState::Pending
            && row.stamp_uri.as_deref() == Some(stamp)
            && target.account_id == by
            && !store::accounts::load(conn, row.account_id)?.is_unavailable();
        return Ok(waits.then_some((row.kind, target, Some(row))));
    }
    Ok(unasked(conn, by, Some(object))?.map(|(_, target)| (InteractionKind::Reply, target, None)))
}

/// What the authorisation has to say that `by` agreed with; none when that is over.
///
/// # Errors
/// Those of the database.
pub fn agreed(conn: &mut Conn, by: Id<Account>, object: &str, stamp: &str) -> Result<Option<(InteractionKind, Claim)>> {
    let Some((kind, target, _)) = agreeing(conn, by, object, stamp)? else { return Ok(None) };
    let author = store::accounts::load(conn, by)?.uri;
    Ok(Some((kind, Claim { stamp: stamp.to_owned(), author, object: object.to_owned(), target: target.uri })))
}

/// It was looked at, and says so: what was asked for comes about.
///
/// # Errors
/// Those of the database.
pub fn agree(tx: &mut Tx<'_>, by: Id<Account>, object: &str, stamp: &str) -> Result<()> {
    let author = store::accounts::load(tx.conn, by)?.uri;
    store::remote::lock(tx.conn, stamp)?;
    if store::remote::is_gone(tx.conn, &[stamp], &author, tx.now)? {
        return Ok(());
    }
    let Some((_, target, row)) = agreeing(tx.conn, by, object, stamp)? else { return Ok(()) };
    let Some(row) = row else { return agree_unasked(tx, by, object, stamp) };
    store::interactions::settle(tx.conn, row.id, InteractionState::Accepted, Some(stamp))?;
    match (row.kind, row.post_id) {
        (InteractionKind::Favourite, _) => Ok(()),
        (InteractionKind::Reply, Some(post)) => posts::release(tx, post, row.visibility),
        (InteractionKind::Reply, None) => Ok(()),
        (InteractionKind::Boost, _) => boost(tx, &row, &target),
    }
}

/// An answer of somebody here to a post of `by` that needed no asking, and of which nothing was said yet, with that post.
fn unasked(conn: &mut Conn, by: Id<Account>, uri: Option<&str>) -> Result<Option<(Post, Post)>> {
    let Some(uri) = uri else { return Ok(None) };
    let Some(reply) = store::posts::find_by_uri(conn, uri)?.filter(|post| post.local) else { return Ok(None) };
    let Some(target) = reply.in_reply_to_id else { return Ok(None) };
    let target = store::posts::load(conn, target)?;
    let decides = target.account_id == by && store::interactions::policy(conn, target.id)?.is_some();
    Ok(decides.then_some((reply, target)))
}

/// Such an answer was agreed to all the same: others can look at that from now on.
fn agree_unasked(tx: &mut Tx<'_>, by: Id<Account>, uri: &str, stamp: &str) -> Result<()> {
    let Some((reply, target)) = unasked(tx.conn, by, Some(uri))? else { return Ok(()) };
    claims(tx, InteractionKind::Reply, &reply, &target, InteractionState::Accepted, Some(stamp.to_owned()))?;
    tx.record(Fact::InteractionAccepted(reply.id))
}

fn boost(tx: &mut Tx<'_>, row: &Interaction, original: &Post) -> Result<()> {
    let new = NewBoost {
        id: posts::free_id(tx, tx.now)?,
        uri: row.uri.clone(),
        url: None,
        account: row.account_id,
        local: true,
        visibility: row.visibility,
        created_at: tx.now,
        fresh: true,
    };
    match posts::insert_boost(tx, original, new)? {
        Some(boost) => store::interactions::set_post(tx.conn, row.id, boost.id),
        None => Ok(()),
    }
}

/// The author of a post does not agree, or not any more.
///
/// # Errors
/// Those of the database.
pub fn receive_reject(tx: &mut Tx<'_>, by: &Account, object: Option<&str>, instrument: Option<&str>) -> Result<()> {
    let Some((row, target)) = asked(tx, by, object, instrument)? else { return Ok(()) };
    end(tx, &row, &target)
}

/// `by` takes an authorisation back. Answers whether this is one of theirs that anything here relies on.
///
/// # Errors
/// Those of the database.
pub fn receive_revocation(tx: &mut Tx<'_>, by: &Account, stamp: &str) -> Result<bool> {
    let mut known = false;
    for row in store::interactions::by_stamp(tx.conn, stamp, MANY)? {
        let target = store::posts::load(tx.conn, row.target_id)?;
        if target.account_id == by.id {
            known = true;
            end(tx, &row, &target)?;
        }
    }
    Ok(known)
}

/// The author of a post does not agree, or not any more: a like is taken back, a boost goes, and an answer does not hang
/// there any more. One that waited stays with whoever wrote it.
fn end(tx: &mut Tx<'_>, row: &Interaction, target: &Post) -> Result<()> {
    if row.state == InteractionState::Rejected {
        return Ok(());
    }
    let stood = row.state == InteractionState::Accepted;
    store::interactions::settle(tx.conn, row.id, InteractionState::Rejected, row.stamp_uri.as_deref())?;
    match (row.kind, row.post_id.filter(|_| stood)) {
        (InteractionKind::Favourite, _) => reactions::unfavourite_as(tx, row.account_id, target.id),
        (InteractionKind::Reply, Some(reply)) => {
            posts::come_off(tx, reply, target)?;
            tx.record(Fact::InteractionEnded(reply))
        }
        (InteractionKind::Boost, Some(boost)) => posts::remove(tx, boost),
        (InteractionKind::Reply | InteractionKind::Boost, None) => Ok(()),
    }
}

/// Whether an answer that arrived may hang below a post of another server: its author may always be answered by this
/// person, or has agreed to this answer.
///
/// # Errors
/// Those of the database.
pub fn may_hang(tx: &mut Tx<'_>, author: &Account, reply: &str, parent: &Post) -> Result<bool> {
    if !author.is_local() && consent(tx.conn, parent, InteractionKind::Reply, author)? == Consent::Automatic {
        return Ok(true);
    }
    let known = store::interactions::find_by_uri(tx.conn, reply)?.filter(|row| row.target_id == parent.id);
    Ok(match known {
        Some(row) => row.state == InteractionState::Accepted,
        // Whoever writes here was asked to wait before it was sent.
        None => author.is_local(),
    })
}

/// An answer of another server that may not hang below what it answers names an authorisation: it is looked at.
///
/// # Errors
/// Those of the database.
pub fn look_into(tx: &mut Tx<'_>, reply: &Post, told: &RemotePost) -> Result<()> {
    let (Some(stamp), Some(parent)) = (&told.reply_stamp, &reply.in_reply_to_uri) else { return Ok(()) };
    let Some(parent) = store::posts::find_by_uri(tx.conn, parent)?.filter(|parent| !parent.local) else {
        return Ok(());
    };
    let author = store::accounts::load(tx.conn, parent.account_id)?;
    if !uri::same_authority(stamp, &author.uri) {
        return Ok(());
    }
    if let Some(known) = store::interactions::find_by_uri(tx.conn, &reply.uri)? {
        store::interactions::delete(tx.conn, known.id)?;
    }
    claims(tx, InteractionKind::Reply, reply, &parent, InteractionState::Pending, Some(stamp.clone()))?;
    tx.enqueue(&Task::ResolveReply { post: reply.id.raw(), looks: 0 })
}

/// What a post (an answer or a boost) stands by, or claims to, about the one it answers or boosts.
fn claims(
    tx: &mut Tx<'_>,
    kind: InteractionKind,
    post: &Post,
    target: &Post,
    state: InteractionState,
    stamp_uri: Option<String>,
) -> Result<()> {
    let row = Interaction {
        id: tx.new_id(),
        kind,
        account_id: post.account_id,
        target_id: target.id,
        post_id: Some(post.id),
        uri: post.uri.clone(),
        visibility: post.visibility,
        state,
        stamp_uri,
        created_at: tx.now,
    };
    store::interactions::insert(tx.conn, &row)
}

/// An answer that waits for its place was read again: if it names no authorisation then, it stays so until it changes, and
/// is not read for that once more.
///
/// # Errors
/// Those of the database.
pub fn was_read(tx: &mut Tx<'_>, post: Id<Post>) -> Result<()> {
    let Some(reply) = store::posts::find(tx.conn, post)? else { return Ok(()) };
    let Some(parent) = &reply.in_reply_to_uri else { return Ok(()) };
    let parent = store::posts::find_by_uri(tx.conn, parent)?.filter(|parent| !parent.local);
    match parent {
        Some(parent) if store::interactions::of_post(tx.conn, post)?.is_none() => {
            claims(tx, InteractionKind::Reply, &reply, &parent, InteractionState::Rejected, None)
        }
        _ => Ok(()),
    }
}

/// An authorisation that somebody names.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its id.
    pub stamp: String,
    /// Whose it has to be.
    pub author: String,
    /// The reply, Like or Announce.
    pub object: String,
    /// What that is about.
    pub target: String,
}

/// A boost of another server stands by an authorisation, which was looked at: it goes when that is taken back.
///
/// # Errors
/// Those of the database.
pub fn note_boost(tx: &mut Tx<'_>, by: &Account, original: &Post, uri: &str, stamp: &str) -> Result<()> {
    let boost = store::posts::find_by_uri(tx.conn, uri)?;
    let Some(boost) = boost.filter(|boost| boost.account_id == by.id && boost.boost_of_id == Some(original.id)) else {
        return Ok(());
    };
    claims(tx, InteractionKind::Boost, &boost, original, InteractionState::Accepted, Some(stamp.to_owned()))
}

/// The id of an answer of another server that waits for its place, and of which it is not known what it claims.
///
/// # Errors
/// Those of the database.
pub fn unread(conn: &mut Conn, post: Id<Post>) -> Result<Option<String>> {
    let waits = |post: &Post| !post.local && post.in_reply_to_uri.is_some();
    let Some(answer) = store::posts::find(conn, post)?.filter(waits) else { return Ok(None) };
    Ok(store::interactions::of_post(conn, post)?.is_none().then_some(answer.uri))
}

/// What an answer of another server claims, or stands by (true); none when there is nothing to be looked at any more.
///
/// # Errors
/// Those of the database.
pub fn open(conn: &mut Conn, post: Id<Post>) -> Result<Option<(Claim, bool)>> {
    let Some(row) = store::interactions::of_post(conn, post)? else { return Ok(None) };
    let Some(stamp) = row.stamp_uri.filter(|_| row.state != InteractionState::Rejected) else { return Ok(None) };
    let target = store::posts::load(conn, row.target_id)?;
    let author = store::accounts::load(conn, target.account_id)?.uri;
    let stands = row.state == InteractionState::Accepted;
    Ok(Some((Claim { stamp, author, object: row.uri, target: target.uri }, stands)))
}

/// It was looked at: the answer finds its place or keeps it, or is without one from now on.
///
/// # Errors
/// Those of the database.
pub fn verified(tx: &mut Tx<'_>, post: Id<Post>, stamp: &str, genuine: bool) -> Result<()> {
    let Some(row) = store::interactions::of_post(tx.conn, post)? else { return Ok(()) };
    if row.stamp_uri.as_deref() != Some(stamp) {
        return Ok(());
    }
    let parent = store::posts::load(tx.conn, row.target_id)?;
    if !genuine {
        return end(tx, &row, &parent);
    }
    if row.state != InteractionState::Pending {
        return Ok(());
    }
    store::interactions::settle(tx.conn, row.id, InteractionState::Accepted, Some(stamp))?;
    let reply = store::posts::load(tx.conn, post)?;
    posts::adopt_orphan(tx, &reply, &parent)
}

/// A post of another server changed: what its author lets others do to it, or what it claims about what it answers.
///
/// # Errors
/// Those of the database.
pub fn receive_change(tx: &mut Tx<'_>, author: &Account, post: &Post, told: &RemotePost) -> Result<()> {
    super::note(tx, author, post.id, &told.policies, true)?;
    if post.in_reply_to_uri.is_some() && told.reply_stamp.is_some() {
        return look_into(tx, post, told);
    }
    // Its author may have taken it back without our hearing of it.
    let standing = store::interactions::of_post(tx.conn, post.id)?;
    match standing.filter(|row| row.state == InteractionState::Accepted && row.stamp_uri.is_some()) {
        Some(_) => tx.enqueue(&Task::ResolveReply { post: post.id.raw(), looks: 0 }),
        None => Ok(()),
    }
}
