//! The end of a post.

use super::{boosts, conversations, count, tell_readers};
use crate::{
    Error, Result,
    domain::{EventKind, Fact, Tx, media, quotes},
    id::Id,
    model::{Account, Audience, Post, Visibility},
    store,
};
use std::collections::HashMap;

/// What becomes of the files of a post that ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Files {
    /// They end with it (PRV-13).
    End,
    /// Their author may put them on another post, until they are swept.
    Stay,
}

/// Removes a post or a boost, here and (by the fact) elsewhere; its files too. Its id answers 410 from now on.
///
/// # Errors
/// `NotFound` when it is not there.
pub fn remove(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    end(tx, id, Files::End)
}

fn end(tx: &mut Tx<'_>, id: Id<Post>, files: Files) -> Result<()> {
    let post = store::posts::load(tx.conn, id)?;
    if post.is_boost() {
        return boosts::remove_boost(tx, &post);
    }
    tx.record(Fact::PostDeleted(id))?;
    tell_readers(tx, &post, EventKind::Delete(id))?;
    boosts::end_all(tx, id)?;
    let author = store::accounts::load(tx.conn, post.account_id)?;
    count(tx, &post, -1)?;
    quotes::forget(tx, &post)?;
    // Nobody elsewhere ever heard of what was for this site.
    if post.audience != Audience::Site {
        store::posts::bury(tx.conn, &post.uri, Some(&author.uri), post.audience, tx.now)?;
    }
    match files {
        Files::Stay => store::media::release(tx.conn, id, tx.now)?,
        Files::End => end_files(tx, id)?,
    }
    if post.visibility == Visibility::Direct {
        conversations::forget(tx, &post)?;
    }
    store::posts::delete(tx.conn, id)
}

/// Forgets a post or a boost of another server. Nobody is told, and it may come again; how much its author wrote stays
/// what their own server says.
pub(in crate::domain) fn let_go(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    super::count_above(tx, post, -1)?;
    if !post.is_boost() {
        quotes::forget(tx, post)?;
        end_files(tx, post.id)?;
    }
    store::posts::delete(tx.conn, post.id)
}

fn end_files(tx: &mut Tx<'_>, post: Id<Post>) -> Result<()> {
    store::remote::media_of(tx.conn, post)?.into_iter().try_for_each(|file| media::destroy(tx, file))
}

fn load_own(tx: &mut Tx<'_>, author: Id<Account>, id: Id<Post>) -> Result<Post> {
    let post = store::posts::load(tx.conn, id)?;
    if post.account_id == author { Ok(post) } else { Err(Error::NotFound) }
}

/// Gives the files of a post, that its author deletes to write it anew, the other ones of these names (old to new), under
/// which their bytes lie already: the old ones end with the post (PRV-13).
///
/// # Errors
/// As [`delete_own`].
pub fn rename_files(tx: &mut Tx<'_>, author: Id<Account>, id: Id<Post>, names: &HashMap<String, String>) -> Result<()> {
    let post = load_own(tx, author, id)?;
    for file in store::remote::media_of(tx.conn, post.id)? {
        media::rename(tx, file, names)?;
    }
    Ok(())
}

/// A local person deletes a post of theirs, and its files `with_media`.
///
/// # Errors
/// `NotFound` when there is none of theirs with this id.
pub fn delete_own(tx: &mut Tx<'_>, author: Id<Account>, id: Id<Post>, with_media: bool) -> Result<()> {
    let post = load_own(tx, author, id)?;
    end(tx, post.id, if with_media { Files::End } else { Files::Stay })
}
