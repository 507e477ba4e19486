//! Whether kept answers still hold (N18): once a year the concierge asks their author, and what they say stands beside the
//! answer in the archive of their node.

use crate::{
    Result,
    domain::{
        Tx,
        concierge::{self, page::Page, words},
    },
    id::Id,
    model::{Account, Poll, Post},
    store::{self, reviews::Review},
};

/// Days after which an author is asked.
const YEAR: i64 = 365;
/// Authors asked in one transaction.
const ASKED: i64 = 50;

/// Asks authors whose answers were accepted, or looked at by them, a year ago. True when there may be more to ask.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn ask_authors(tx: &mut Tx<'_>) -> Result<bool> {
    let due = store::reviews::due(tx.conn, tx.now.plus_days(-YEAR), ASKED)?;
    let full = due.len() as i64 == ASKED;
    for id in due {
        let answer = store::posts::load(tx.conn, id)?;
        let tongue = concierge::tongue_of(tx, answer.account_id, None)?;
        let own = concierge::ensure(tx)?;
        let mut page = Page::default();
        page.post(words::STILL_TRUE.of(tongue), &answer);
        let choices = words::HOLDS.map(|choice| choice.of(tongue));
        let letter = concierge::write(tx, &own, page, tongue, &[answer.account_id], &choices)?;
        store::reviews::ask(tx.conn, id, letter, tx.now)?;
    }
    Ok(full)
}

/// The author of an answer says whether it still holds, to the letter that asked; false for any other letter, and for
/// anybody else.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn say(tx: &mut Tx<'_>, letter: Id<Post>, by: Id<Account>, holds: bool) -> Result<bool> {
    let Some(answer) = store::reviews::of_letter(tx.conn, letter)? else { return Ok(false) };
    if store::posts::load(tx.conn, answer)?.account_id != by {
        return Ok(false);
    }
    store::reviews::say(tx.conn, Review { answer, holds, said_at: tx.now })?;
    Ok(true)
}

/// Somebody of this node tapped a choice.
pub(super) fn tapped(tx: &mut Tx<'_>, poll: Id<Poll>, by: Id<Account>) -> Result<()> {
    let poll = store::polls::load(tx.conn, poll)?;
    match store::polls::choices(tx.conn, poll.id, by)?.into_iter().next() {
        Some(choice) => say(tx, poll.post_id, by, choice == 0).map(|_| ()),
        None => Ok(()),
    }
}
