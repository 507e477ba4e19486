//! Pairs of tags that may be one thing, put to the gardener's desk: a letter of the concierge to each moderator, once for
//! each pair, with one tap to accept it. Where versions of the charter are made it is decided at once; elsewhere what was
//! accepted goes to the stewards' nodes, and the letter says which they are.

use crate::{
    Result,
    crypto::Vault,
    domain::{
        Task, Tx,
        audit::Staff,
        charter::{self, Office, Outcome},
        concierge::{self, page::Page, words},
        people::fields::Tongue,
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
    let stewards: Vec<&str> =
        ours.charter.nodes.iter().filter(|n| n.role == Office::Steward).map(|n| n.domain.as_str()).collect();
    let stewards = stewards.join(", ");
    let decides = charter::steward::decides(tx, &ours.charter)?;
    let concierge = concierge::ensure(tx)?;
    for member in staff.into_iter().take(STAFF) {
        let tongue = concierge::tongue_of(tx, member, None)?;
        let (people, answers) = (pair.people.to_string(), pair.answers.to_string());
        let mut page = Page::default();
        page.line(&words::ALIAS.with(tongue, &[&pair.asked, &pair.listed, &people, &answers]));
        let choices = words::ALIAS_CHOICES.map(|choice| choice.of(tongue));
        page.line(words::ALIAS_HOW.of(tongue));
        if !decides {
            page.line(&words::ALIAS_WHO.with(tongue, &[&stewards]));
        }
        let letter = concierge::write(tx, &concierge, page, tongue, &[member], &choices)?;
        store::reviews::insert_alias_letter(tx.conn, letter, &pair.asked, &pair.listed)?;
    }
    Ok(true)
}

/// A moderator makes a pair an alias: at once where versions of the charter are made. None elsewhere: a job puts it to the
/// stewards' nodes.
///
/// # Errors
/// As [`charter::make_alias`].
pub fn accept(tx: &mut Tx<'_>, vault: &Vault, by: &Staff, word: &str, means: &str) -> Result<Option<Outcome>> {
    let ours = charter::required(tx.conn)?;
    match by.account {
        Some(account) if !charter::steward::decides(tx, &ours.charter)? => {
            let (word, means) = (word.to_owned(), means.to_owned());
            tx.enqueue(&Task::SendAlias { by: account.raw(), word, means, since: Some(tx.now.millis()) })?;
            Ok(None)
        }
        _ => charter::make_alias(tx, vault, by, word, means).map(Some),
    }
}

/// Somebody answers a letter: what they say is done by a job, which has the key. False for any other letter.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn said(tx: &mut Tx<'_>, letter: Id<Post>, by: Id<Account>, accept: bool, said: Option<Id<Post>>) -> Result<bool> {
    if store::reviews::alias_letter(tx.conn, letter)?.is_none() {
        return Ok(false);
    }
    let (said, since) = (said.map(Id::raw), Some(tx.now.millis()));
    tx.enqueue(&Task::DecideAlias { letter: letter.raw(), by: by.raw(), accept, said, since })?;
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

/// What became of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It was declined.
    Left,
    /// It is an alias.
    Made,
    /// It becomes one with the next version of the charter.
    Waits,
    /// The stewards' nodes take it from nobody, for this reason.
    Refused(String),
    /// No steward's node could be reached for so long that it is given up.
    Overdue,
}

/// Tells a moderator, in answer to what they said or to the letter, what became of a pair.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn tell(tx: &mut Tx<'_>, to: Id<Post>, letter: Id<Post>, by: Id<Account>, decided: &Decided) -> Result<()> {
    let Some((asked, listed)) = store::reviews::alias_letter(tx.conn, letter)? else { return Ok(()) };
    let Some(post) = store::posts::find(tx.conn, to)? else { return Ok(()) };
    // A job may run again.
    if concierge::is_answered(tx, &post)? {
        return Ok(());
    }
    let tongue = concierge::tongue_of(tx, by, None)?;
    let page = told(&asked, &listed, decided, tongue);
    concierge::say(tx, &post, page, tongue, Visibility::Direct, &[by], Meaning::Plain).map(|_| ())
}

/// Tells a moderator who accepted a pair through a client, where there is no letter to answer.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn write(tx: &mut Tx<'_>, by: Id<Account>, asked: &str, listed: &str, decided: &Decided) -> Result<()> {
    let tongue = concierge::tongue_of(tx, by, None)?;
    let page = told(asked, listed, decided, tongue);
    let concierge = concierge::ensure(tx)?;
    concierge::write(tx, &concierge, page, tongue, &[by], &[]).map(|_| ())
}

fn told(asked: &str, listed: &str, decided: &Decided, tongue: Tongue) -> Page {
    let mut page = Page::default();
    let pair = [asked, listed];
    page.line(&match decided {
        Decided::Left => words::ALIAS_LEFT.of(tongue).to_owned(),
        Decided::Refused(_) => words::ALIAS_REFUSED.with(tongue, &pair),
        Decided::Overdue => words::ALIAS_OVERDUE.with(tongue, &pair),
        Decided::Waits => words::ALIAS_WAITS.with(tongue, &pair),
        Decided::Made => words::ALIAS_MADE.with(tongue, &pair),
    });
    if let Decided::Refused(why) = decided {
        page.line(why);
    }
    page
}
