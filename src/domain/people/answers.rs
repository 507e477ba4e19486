//! Answers that their askers accepted.

use crate::{
    Result,
    domain::Tx,
    id::Id,
    model::{Account, Post},
    store,
};

/// An answer was accepted under these tags (normal forms) of its question.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn accept(tx: &mut Tx<'_>, account: Id<Account>, answer: Id<Post>, tags: &[String]) -> Result<()> {
    for tag in tags {
        store::people::insert_accepted(tx.conn, account, answer.raw(), tag, tx.now)?;
    }
    super::directory::touch_index(tx, account)
}

/// An answer is not accepted any more.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn take_back(tx: &mut Tx<'_>, account: Id<Account>, answer: Id<Post>) -> Result<()> {
    store::people::delete_accepted(tx.conn, account, answer.raw())?;
    super::directory::touch_index(tx, account)
}
