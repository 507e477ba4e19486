//! Somebody here opens a post of another server, or one of a thread that others answered in: what they wrote there, and
//! nobody sent us, is read (THR-03).

use crate::{
    Result,
    db::Conn,
    domain::{Task, Tx, posts},
    id::Id,
    model::{Post, Visibility},
    store,
    time::Timestamp,
};

/// Seconds between two readings from one post.
const AGAIN_SECONDS: i64 = 900;
/// Age of a post, in seconds, before anybody is asked: until then its answers are still on their way.
const SETTLED_SECONDS: i64 = 300;

/// From which post the thread of this one should be read now: itself, or the first of its thread when itself is of this
/// node; none when nobody elsewhere wrote in it, when it is not for everybody, or was read a moment ago.
///
/// # Errors
/// Those of the database.
pub fn due(conn: &mut Conn, post: Id<Post>, now: Timestamp) -> Result<Option<Id<Post>>> {
    let Some(mut post) = store::posts::find(conn, post)? else { return Ok(None) };
    if post.local && post.conversation_id != post.id {
        let Some(first) = store::posts::find(conn, post.conversation_id)? else { return Ok(None) };
        post = first;
    }
    let settled = post.created_at < now.plus_seconds(-SETTLED_SECONDS);
    if post.is_boost() || post.visibility > Visibility::Unlisted || !settled {
        return Ok(None);
    }
    let since = now.plus_seconds(-AGAIN_SECONDS);
    // Whoever answers an answer of others need not name anybody of this node, and then nobody sends it here.
    let unread = match post.local {
        true => store::remote::is_unread_elsewhere(conn, post.id, since)?,
        false => !store::remote::is_thread_read(conn, post.id, since)?,
    };
    Ok(unread.then_some(post.id))
}

/// Has the thread read in the background.
///
/// # Errors
/// Those of the database.
pub fn order(tx: &mut Tx<'_>, post: Id<Post>) -> Result<()> {
    if store::remote::claim_thread(tx.conn, post, tx.now.plus_seconds(-AGAIN_SECONDS), tx.now)? {
        tx.enqueue(&Task::ReadThread { post: post.raw() })?;
    }
    Ok(())
}

/// Hangs an answer below what was found for it, when it still waits for that.
///
/// # Errors
/// Those of the database.
pub fn hang(tx: &mut Tx<'_>, answer: Id<Post>, parent: Id<Post>) -> Result<()> {
    let Some(waiting) = store::posts::find(tx.conn, answer)? else { return Ok(()) };
    store::remote::lock(tx.conn, &waiting.uri)?;
    let (answer, parent) = (store::posts::find(tx.conn, answer)?, store::posts::find(tx.conn, parent)?);
    match (answer, parent) {
        (Some(answer), Some(parent)) if answer.in_reply_to_uri.is_some() && !parent.is_boost() => {
            posts::adopt_orphan(tx, &answer, &parent)
        }
        _ => Ok(()),
    }
}
