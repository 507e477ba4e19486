//! Answers that their askers accepted, and the aliases that follow from them: where answers under one tag come from people
//! who list another, both may be one thing.

use crate::{
    Result,
    crypto::Vault,
    domain::{
        Tx,
        audit::Staff,
        charter::{self, Outcome},
    },
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

/// Makes a proposed pair an alias of the organisation.
///
/// # Errors
/// As [`charter::make_alias`].
pub fn make_alias(tx: &mut Tx<'_>, vault: &Vault, by: &Staff, asked: &str, listed: &str) -> Result<Outcome> {
    charter::make_alias(tx, vault, by, asked, listed)
}
