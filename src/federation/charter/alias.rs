//! A moderator accepts or declines a pair of tags that the concierge proposed as an alias.

use crate::{
    Error, Result,
    app::{App, acting_as},
    domain::{
        audit::Staff,
        people::{answers, gardener},
    },
    federation::own_keys,
    id::Id,
    model::{Account, Post, Role},
    peers, store,
};

/// Does what a moderator said of a pair, and tells them.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn decide(app: &App, letter: Id<Post>, by: Id<Account>, accept: bool, said: Option<Id<Post>>) -> Result<()> {
    let vault = own_keys::vault(app)?;
    let decided = app.write(move |tx| {
        let Some((asked, listed)) = store::reviews::alias_letter(tx.conn, letter)? else { return Ok(()) };
        let outcome = match accept {
            true => {
                let staff = Staff::signed_in(tx, by, Role::Moderator, "concierge")?;
                Some(answers::make_alias(tx, &vault, &staff, &asked, &listed)?)
            }
            false => None,
        };
        gardener::tell(tx, said.unwrap_or(letter), letter, by, outcome.as_ref())
    });
    match acting_as(by, decided).await {
        // Who is no moderator any more, or left, decides nothing.
        Err(Error::Unauthorized(_) | Error::Forbidden(_) | Error::Invalid { .. }) => return Ok(()),
        done => done?,
    }
    peers::refresh(app).await
}
