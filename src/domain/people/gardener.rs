//! Pairs of tags that may be one thing, put to the gardener's desk: a letter of the concierge to each moderator, once for
//! each pair, with one tap to accept it. It is decided where versions of the charter are made; elsewhere the letter says
//! where that is.

use crate::{
    Result,
    domain::{
        Tx,
        charter::{self, Office, Outcome},
        concierge::{self, page::Page, words},
        posts::Meaning,
    },
    id::Id,
    model::{Account, Poll, Post, Role, Visibility},
    store,
};

/// Moderators who are written to.
const STAFF: usize = 20;

/// What is known of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The tag that was asked under.
    pub asked: String,
    /// What those who answered list.
    pub listed: String,
    /// How many of them.
    pub people: u32,
    /// How many answers.
    pub answers: u32,
}

/// Writes to the desk about a pair. False when that was done before, or when there is no organisation or nobody to write
/// to.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn propose(tx: &mut Tx<'_>, pair: &Pair) -> Result<bool> {
    let Some(ours) = charter::current(tx.conn)? else { return Ok(false) };
    let staff = store::notifications::staff(tx.conn, Role::Moderator)?;
    if staff.is_empty() || !store::reviews::propose(tx.conn, &pair.asked, &pair.listed, tx.now)? {
        return Ok(false);
    }
    let own = tx.site().domain();
    let stewards: Vec<&str> =
        ours.charter.nodes.iter().filter(|n| n.role == Office::Steward).map(|n| n.domain.as_str()).collect();
    let decides = stewards.contains(&own) || charter::steward::holds_key(tx.conn, &ours.charter)?;
    let stewards = stewards.join(", ");
    let concierge = concierge::ensure(tx)?;
    for member in staff.into_iter().take(STAFF) {
        let tongue = concierge::tongue_of(tx, member, None)?;
        let (people, answers) = (pair.people.to_string(), pair.answers.to_string());
        let mut page = Page::default();
        page.line(&words::ALIAS.with(tongue, &[&pair.asked, &pair.listed, &people, &answers]));
        let choices = words::ALIAS_CHOICES.map(|choice| choice.of(tongue));
        if decides {
            page.line(words::ALIAS_HOW.of(tongue));
        } else {
            page.line(&words::ALIAS_WHO.with(tongue, &[&stewards]));
        }
        let choices = if decides { &choices[..] } else { &[] };
        let letter = concierge::write(tx, &concierge, page, tongue, &[member], choices)?;
        if decides {
            store::reviews::insert_alias_letter(tx.conn, letter, &pair.asked, &pair.listed)?;
        }
    }
    Ok(true)
}

/// Somebody answers a letter: what they say is done by a job, which has the key. False for any other letter.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn said(tx: &mut Tx<'_>, letter: Id<Post>, by: Id<Account>, accept: bool, said: Option<Id<Post>>) -> Result<bool> {
    if store::reviews::alias_letter(tx.conn, letter)?.is_none() {
        return Ok(false);
    }
    let said = said.map(Id::raw);
    tx.enqueue(&crate::domain::Task::DecideAlias { letter: letter.raw(), by: by.raw(), accept, said })?;
    Ok(true)
}

/// Somebody of this node tapped a choice.
pub(super) fn tapped(tx: &mut Tx<'_>, poll: Id<Poll>, by: Id<Account>) -> Result<()> {
    let poll = store::polls::load(tx.conn, poll)?;
    match store::polls::choices(tx.conn, poll.id, by)?.into_iter().next() {
        Some(choice) => said(tx, poll.post_id, by, choice == 0, None).map(|_| ()),
        None => Ok(()),
    }
}

/// Tells a moderator, in answer to what they said or to the letter, what became of a pair; `outcome` is none where it was
/// declined.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn tell(tx: &mut Tx<'_>, to: Id<Post>, letter: Id<Post>, by: Id<Account>, outcome: Option<&Outcome>) -> Result<()> {
    let Some((asked, listed)) = store::reviews::alias_letter(tx.conn, letter)? else { return Ok(()) };
    let Some(post) = store::posts::find(tx.conn, to)? else { return Ok(()) };
    // A job may run again.
    if concierge::is_answered(tx, &post)? {
        return Ok(());
    }
    let tongue = concierge::tongue_of(tx, by, None)?;
    let mut page = Page::default();
    page.line(&match outcome {
        None => words::ALIAS_LEFT.of(tongue).to_owned(),
        Some(Outcome::Waiting(_)) => words::ALIAS_WAITS.with(tongue, &[&asked, &listed]),
        Some(_) => words::ALIAS_MADE.with(tongue, &[&asked, &listed]),
    });
    concierge::say(tx, &post, page, tongue, Visibility::Direct, &[by], Meaning::Plain).map(|_| ())
}
