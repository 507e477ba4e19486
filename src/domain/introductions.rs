//! Introductions (N11): whom somebody may want to meet at other sites, and letters by which the concierge of the one who
//! wants it brings two people into one thread. The node of the other one decides whether it rings there: not for people who
//! are not asked or away, not across a block or a mute, and three times a week at most.

use super::{
    Tx, charter,
    concierge::{self, page::Page, words::Sentence},
    people::{self, Listed},
    posts::Meaning,
    questions,
};
use crate::{
    Result,
    id::Id,
    model::{Account, AccountKind, Post},
    store,
};
use std::collections::BTreeSet;

/// People offered at once.
const OFFERED: i64 = 5;
/// Other sites from which they come when nobody there lists the same.
const SITES: usize = 5;
/// Letters that somebody may want in seven days.
const ASKED: i64 = 5;
/// Letters that others wanted and that somebody is told of in seven days.
const TOLD: i64 = 3;
const WEEK: i64 = 7;
/// Days in which two people are introduced once.
const AGAIN: i64 = 90;

const LETTER: Sentence = Sentence("{} would like to meet {}.", "{} möchte {} kennenlernen.");
const WHY: Sentence = Sentence("Why: {}", "Warum: {}");
const SHARED: Sentence = Sentence("You both list: {}.", "Ihr nennt beide: {}.");
const REPLY: Sentence =
    Sentence("Whoever answers here is read by both.", "Wer hier antwortet, wird von beiden gelesen.");

/// What became of the wish to be introduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A letter is on its way.
    Written,
    /// They were introduced a short time ago.
    Already,
    /// Somebody wanted too many in a week.
    TooMany,
    /// That is nobody who is listed, or somebody with whom there is a block.
    Nobody,
}

/// Somebody to meet.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Who.
    pub account: Account,
    /// Hashtags that both list.
    pub shared: Vec<String>,
}

/// People of other sites whom somebody may want to meet: those who list the same, then others of each site. Nobody whom
/// they follow, and nobody to whom they were introduced.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn offers(tx: &mut Tx<'_>, me: Id<Account>) -> Result<Vec<Offer>> {
    let mut found = store::suggestions::alike(tx.conn, me, true, false, OFFERED * 2)?;
    let own = tx.site().domain().to_owned();
    let signed = charter::current(tx.conn)?;
    let nodes = signed.as_ref().map(|signed| signed.charter.nodes.as_slice()).unwrap_or_default();
    for node in nodes.iter().filter(|node| node.domain != own).take(SITES) {
        let others = store::suggestions::of_site(tx.conn, me, &node.domain, 2)?;
        found.extend(others);
    }
    let since = tx.now.plus_days(-AGAIN);
    let (mut offers, mut seen): (Vec<Offer>, BTreeSet<Id<Account>>) = (Vec::new(), BTreeSet::new());
    for id in found {
        if offers.len() as i64 == OFFERED {
            break;
        }
        if !seen.insert(id) || store::introductions::is_made(tx.conn, me, id, since)? {
            continue;
        }
        let account = store::accounts::load(tx.conn, id)?;
        let shared = shared(tx, me, id)?;
        offers.push(Offer { account, shared });
    }
    Ok(offers)
}

/// Hashtags that both list.
fn shared(tx: &mut Tx<'_>, a: Id<Account>, b: Id<Account>) -> Result<Vec<String>> {
    let theirs: BTreeSet<String> = store::people::skills(tx.conn, &[b])?.into_iter().map(|skill| skill.tag).collect();
    let mine = store::people::skills(tx.conn, &[a])?.into_iter().map(|skill| skill.tag);
    Ok(mine.filter(|tag| theirs.contains(tag)).map(|tag| format!("#{tag}")).collect())
}

/// Whether somebody can be met: a person who is listed where `me` is, and has not gone.
fn is_there(tx: &mut Tx<'_>, me: Id<Account>, other: &Account) -> Result<bool> {
    let gone = other.left_on.is_some()
        || other.deleted_at.is_some()
        || other.suspended_at.is_some()
        || other.suspended_by_origin
        || other.moved_to_id.is_some();
    let listed = people::load(tx.conn, other.id)?.listed;
    let is_found = match other.is_local() {
        true => listed != Listed::Unlisted,
        // Of other nodes only the directory of the organisation is here.
        false => {
            listed == Listed::Organisation
                && store::people::find(tx.conn, other.id)?.is_some()
                && questions::is_member(tx, other)?
        }
    };
    Ok(other.kind == AccountKind::Person
        && other.id != me
        && !gone
        && is_found
        && !store::follows::is_blocked_either_way(tx.conn, me, other.id)?)
}

/// Introduces somebody of this node to somebody of the organisation, in the words of the one who wants it.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn introduce(tx: &mut Tx<'_>, me: Id<Account>, other: &Account, why: &str) -> Result<Done> {
    // Two wishes at once must not both be the last one.
    store::remote::lock(tx.conn, &format!("introductions of {me}"))?;
    if !is_there(tx, me, other)? {
        return Ok(Done::Nobody);
    }
    if store::introductions::is_made(tx.conn, me, other.id, tx.now.plus_days(-AGAIN))? {
        return Ok(Done::Already);
    }
    if store::introductions::count_asked(tx.conn, me, tx.now.plus_days(-WEEK))? >= ASKED {
        return Ok(Done::TooMany);
    }
    let asker = store::accounts::load(tx.conn, me)?;
    let tongue = concierge::tongue_of(tx, other.id, None)?;
    let shared = shared(tx, me, other.id)?;
    let mut page = Page::default();
    let (one, two) = (concierge::page::handle(tx.site(), &asker), concierge::page::handle(tx.site(), other));
    page.people(tx.site(), &[asker, other.clone()], &LETTER.with(tongue, &[&one, &two]));
    if !why.is_empty() {
        page.line(&WHY.with(tongue, &[why]));
    }
    if !shared.is_empty() {
        page.line(&SHARED.with(tongue, &[&shared.join(", ")]));
    }
    page.line(REPLY.of(tongue));
    let own = concierge::ensure(tx)?;
    let meaning = Meaning::Introduction(Some(me));
    concierge::write_as(tx, &own, page, tongue, &[me, other.id], &[], meaning)?;
    Ok(Done::Written)
}

/// Writes down a letter, before anybody hears of it. Of another node it is wanted by somebody of that node, who may not be
/// known here yet.
pub(super) fn note(tx: &mut Tx<'_>, post: &Post, author: &Account, meaning: &Meaning) -> Result<()> {
    let Meaning::Introduction(asker) = meaning else { return Ok(()) };
    let named: Vec<Id<Account>> =
        store::posts::mentions(tx.conn, post.id)?.iter().map(|mention| mention.account_id).collect();
    let accounts = store::accounts::list(tx.conn, &named)?;
    let wanted = |account: &&Account| match asker {
        Some(asker) => account.id == *asker,
        None => account.domain == author.domain,
    };
    let asker = accounts.iter().find(wanted).map(|account| account.id);
    let mut others = accounts.iter().filter(|account| Some(account.id) != asker);
    match (others.next(), others.next()) {
        (Some(other), None) => store::introductions::insert(tx.conn, post.id, asker, other.id, tx.now),
        // A letter that names more is none.
        _ => Ok(()),
    }
}

/// Whether somebody of this node is told of a letter that one wanted about the other. Who wanted it always is.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn admit(
    tx: &mut Tx<'_>,
    account: Id<Account>,
    letter: Id<Post>,
    (asker, other): (Option<Id<Account>>, Id<Account>),
) -> Result<bool> {
    if account != other {
        return Ok(Some(account) == asker);
    }
    store::remote::lock(tx.conn, &format!("introductions to {account}"))?;
    let limits = store::questions::limits(tx.conn, account)?;
    let away = limits.off || limits.away_until.is_some_and(|until| tx.now < until);
    let enough = store::introductions::count_told(tx.conn, account, tx.now.plus_days(-WEEK))? >= TOLD;
    let minds = match asker {
        Some(asker) => store::notifications::willing(tx.conn, &[account], asker, None, tx.now)?.is_empty(),
        None => false,
    };
    if away || enough || minds {
        return Ok(false);
    }
    store::introductions::set_told(tx.conn, letter)?;
    Ok(true)
}
