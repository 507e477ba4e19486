//! An answer that its author alone saw, because somebody elsewhere had to be asked, is for those from now on whom it is
//! meant for.

use super::{count, edit, index, publish, to_homes};
use crate::{
    Result,
    domain::{Fact, Tx, audiences, text},
    id::Id,
    model::{Account, Post, Visibility},
    store,
};

/// See the module.
///
/// # Errors
/// Those of the database.
pub(in crate::domain) fn release(tx: &mut Tx<'_>, id: Id<Post>, visibility: Visibility) -> Result<()> {
    store::interactions::open(tx.conn, id, visibility)?;
    let post = store::posts::load(tx.conn, id)?;
    let author = store::accounts::load(tx.conn, post.account_id)?;
    let typed = post.source_text.clone().unwrap_or_default();
    let mut people = publish::mentioned(tx, author.id, &text::scan(&typed))?;
    if let Some(parent) = post.in_reply_to_account_id.filter(|parent| !people.iter().any(|a| a.id == *parent)) {
        people.push(store::accounts::load(tx.conn, parent)?);
    }
    let mut mentions: Vec<(Id<Account>, bool)> = Vec::with_capacity(people.len());
    for person in people {
        // It was checked when it was written; whoever has left the organisation since is left out.
        if audiences::place(tx.conn, &person)? <= post.audience {
            mentions.push((person.id, false));
        }
    }
    edit::put_mentions(tx, id, &mentions)?;
    index::again(tx, &post, &author)?;
    to_homes(tx, &post, &author, true)?;
    tx.record(Fact::PostPublished { post: id, fresh: true })?;
    count(tx, &post, 1)
}
