//! Pairs for a coffee (N11): every second week everybody who is in meets somebody else who is in, of another site where
//! there is one, and nobody they met in the year before. Each node knows who is in and makes the same pairs from the same
//! people and the number of the week, without asking another one; the concierge of the one with the smaller actor id tells
//! both. Where nodes know different people, the letter that arrives decides: whoever has one is in no other pair of that
//! week that is made later, and a second letter rings nowhere.

use super::{
    Task, Tx, charter,
    concierge::{self, page::Page, words::Sentence},
    people::{self, By, FactsChange, Listed},
    posts::Meaning,
    questions::days,
};
use crate::{
    Result, crypto,
    id::Id,
    model::{Account, Post},
    store::{self, coffee::Taker},
    time::Timestamp,
};
use std::collections::{BTreeSet, VecDeque};

/// Weeks in which nobody meets the same person again.
const WEEKS: i64 = 52;
/// Pairs are made in the weeks whose number this divides.
const EVERY: i64 = 2;
/// People among whom pairs are made.
const PEOPLE: i64 = 2_000;
/// The hour on Mondays, UTC: all nodes at once.
const HOUR: u32 = 9;

/// Somebody is in.
pub const ON: Sentence = Sentence(
    "Every second Monday you get somebody to meet for a coffee, of another site where it can be. The other nodes of the organisation \
     know that you are in. “coffee off” ends it.",
    "Jeden zweiten Montag bekommst du jemanden für einen Kaffee, von einem anderen Standort, wenn es geht. Die anderen Knoten der \
     Organisation wissen, dass du dabei bist. „kaffee aus“ beendet es.",
);
/// Somebody is not.
pub const OFF: Sentence = Sentence("You are paired with nobody.", "Du wirst mit niemandem zusammengebracht.");
/// Somebody cannot be.
pub const NOT_LISTED: Sentence = Sentence(
    "Only who is listed in the organisation can be paired: “list me organisation” changes that, then write “coffee on” again.",
    "Nur wer in der Organisation eingetragen ist, kann jemanden bekommen: „zeig mich organisation“ ändert das, danach \
     schreib noch einmal „kaffee an“.",
);
const LETTER: Sentence = Sentence(
    "you two have a coffee this week, in one place or by video. Whoever reads this first proposes a time.",
    "ihr zwei trinkt diese Woche einen Kaffee, an einem Ort oder per Video. Wer das zuerst liest, schlägt eine Zeit vor.",
);
const SHARED: Sentence = Sentence("You both list: {}.", "Ihr nennt beide: {}.");

/// The number of a week; they begin on Mondays, UTC.
pub const fn week(at: Timestamp) -> i64 {
    // The first day of 1970 was a Thursday.
    (at.seconds().div_euclid(86_400) + 3).div_euclid(7)
}

/// The pairs of a week: the same on every node that knows the same people and the same pairs `before`.
fn pairs(week: i64, takers: &[Taker], before: &BTreeSet<(String, String)>) -> Vec<(Taker, Taker)> {
    let mut waiting: Vec<&Taker> = takers.iter().collect();
    waiting.sort_by_cached_key(|taker| crypto::sha256(format!("{week} {}", taker.uri).as_bytes()));
    let mut waiting: VecDeque<&Taker> = waiting.into();
    let mut pairs = Vec::new();
    for elsewhere in [true, false] {
        let mut alone = VecDeque::new();
        while let Some(one) = waiting.pop_front() {
            let found = waiting.iter().position(|other| {
                let (a, b) = ordered(one, other);
                (!elsewhere || one.domain != other.domain) && !before.contains(&(a.uri.clone(), b.uri.clone()))
            });
            match found.and_then(|at| waiting.remove(at)) {
                Some(other) => {
                    let (a, b) = ordered(one, other);
                    pairs.push((a.clone(), b.clone()));
                }
                None => alone.push_back(one),
            }
        }
        waiting = alone;
    }
    pairs
}

fn ordered<'t>(one: &'t Taker, other: &'t Taker) -> (&'t Taker, &'t Taker) {
    if one.uri < other.uri { (one, other) } else { (other, one) }
}

/// Somebody of this node is in from now on, or is not. False when they cannot be: they are not listed in the organisation.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn set(tx: &mut Tx<'_>, account: Id<Account>, on: bool) -> Result<bool> {
    if on && people::load(tx.conn, account)?.listed != Listed::Organisation {
        return Ok(false);
    }
    people::update(tx, account, &FactsChange { coffee: Some(on), ..FactsChange::default() }, By::Themselves)?;
    if on {
        plan(tx)?;
    }
    Ok(true)
}

fn plan(tx: &mut Tx<'_>) -> Result<()> {
    let mut at = days::next_monday(tx.now, HOUR, "UTC");
    while week(at) % EVERY != 0 {
        at = at.plus_days(7);
    }
    tx.enqueue_at(&Task::PairCoffee { week: week(at) }, at)
}

/// Makes the pairs of a week, and tells those whose letter is this node's. Nothing, when the week is over, or made before.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn pair(tx: &mut Tx<'_>, number: i64) -> Result<()> {
    /// The last week whose pairs were made.
    const MADE: &str = "coffee_week";
    store::remote::lock(tx.conn, MADE)?;
    let own = tx.site().domain().to_owned();
    let signed = charter::current(tx.conn)?;
    let nodes = signed.as_ref().map(|signed| signed.charter.nodes.as_slice()).unwrap_or_default();
    let domains: Vec<String> = nodes.iter().map(|node| node.domain.clone()).filter(|domain| *domain != own).collect();
    let mut takers = store::coffee::takers(tx.conn, &domains, PEOPLE)?;
    // Who is listed nowhere today may be listed next week.
    if store::coffee::is_anybody_in(tx.conn)? {
        plan(tx)?;
    }
    let made = store::users::find_setting(tx.conn, MADE)?.and_then(|week| week.parse::<i64>().ok());
    if number != week(tx.now) || number % EVERY != 0 || made.is_some_and(|made| made >= number) {
        return Ok(());
    }
    store::users::set_setting(tx.conn, MADE, &number.to_string())?;
    store::coffee::sweep(tx.conn, number - WEEKS)?;
    let known = store::coffee::since(tx.conn, number - WEEKS)?;
    // Who has a letter of this week from another node is in its pair.
    takers.retain(|taker| {
        !known.iter().any(|pair| pair.week == number && pair.told && (pair.a == taker.uri || pair.b == taker.uri))
    });
    let before: BTreeSet<(String, String)> = known.into_iter().map(|pair| (pair.a, pair.b)).collect();
    for (a, b) in pairs(number, &takers, &before) {
        store::coffee::insert(tx.conn, number, &a.uri, &b.uri, None)?;
        if a.domain.is_empty() && !store::follows::is_blocked_either_way(tx.conn, a.account, b.account)? {
            tell(tx, &a, &b)?;
        }
    }
    Ok(())
}

fn tell(tx: &mut Tx<'_>, a: &Taker, b: &Taker) -> Result<()> {
    let ids = [a.account, b.account];
    let mut accounts = store::accounts::list(tx.conn, &ids)?;
    accounts.sort_by_key(|account| account.id != a.account);
    let tongue = concierge::tongue_of(tx, a.account, None)?;
    let mut page = Page::default();
    page.people(tx.site(), &accounts, LETTER.of(tongue));
    let theirs: BTreeSet<String> =
        store::people::skills(tx.conn, &[b.account])?.into_iter().map(|skill| skill.tag).collect();
    let shared: Vec<String> = store::people::skills(tx.conn, &[a.account])?
        .into_iter()
        .filter(|skill| theirs.contains(&skill.tag))
        .map(|skill| format!("#{}", skill.tag))
        .collect();
    if !shared.is_empty() {
        page.line(&SHARED.with(tongue, &[&shared.join(", ")]));
    }
    let own = concierge::ensure(tx)?;
    concierge::write_as(tx, &own, page, tongue, &ids, &[], Meaning::Coffee).map(|_| ())
}

/// Writes down that a letter told a pair, before anybody hears of it.
pub(super) fn note(tx: &mut Tx<'_>, post: &Post, meaning: &Meaning) -> Result<()> {
    if *meaning != Meaning::Coffee {
        return Ok(());
    }
    let named = store::posts::mentions(tx.conn, post.id)?;
    let ids: Vec<Id<Account>> = named.iter().map(|mention| mention.account_id).collect();
    let mut uris: Vec<String> = store::accounts::list(tx.conn, &ids)?.into_iter().map(|account| account.uri).collect();
    uris.sort_unstable();
    match uris.as_slice() {
        [a, b] => store::coffee::insert(tx.conn, week(post.created_at), a, b, Some(post.id)),
        // A letter that names others is none.
        _ => Ok(()),
    }
}

/// Whether somebody of this node is told of a post: not of a second pair in a week.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn admit(tx: &mut Tx<'_>, account: Id<Account>, post: Id<Post>) -> Result<bool> {
    let uri = store::accounts::load(tx.conn, account)?.uri;
    Ok(!store::coffee::has_another(tx.conn, post, &uri)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takers(sites: &[(&str, usize)]) -> Vec<Taker> {
        let of = |(site, number): &(&str, usize)| {
            let site = (*site).to_owned();
            (0..*number).map(move |n| Taker {
                account: Id::new(1),
                uri: format!("https://{site}/users/{n}"),
                domain: site.clone(),
            })
        };
        sites.iter().flat_map(of).collect()
    }

    #[test]
    fn pairs_are_the_same_in_any_order_prefer_other_sites_and_repeat_nobody_for_a_year() {
        let people = takers(&[("a", 7), ("b", 5), ("c", 9)]);
        let mut other = people.clone();
        other.reverse();
        let mut before: Vec<(i64, (String, String))> = Vec::new();
        for week in (2_900..2_914).step_by(2) {
            before.retain(|(then, _)| *then >= week - WEEKS);
            let met: BTreeSet<(String, String)> = before.iter().map(|(_, pair)| pair.clone()).collect();
            let made = pairs(week, &people, &met);
            assert_eq!(made, pairs(week, &other, &met));
            let mut seen = BTreeSet::new();
            for (a, b) in &made {
                assert!(a.uri < b.uri && seen.insert(&a.uri) && seen.insert(&b.uri), "{week}");
                assert!(!met.contains(&(a.uri.clone(), b.uri.clone())));
                before.push((week, (a.uri.clone(), b.uri.clone())));
            }
            let elsewhere = made.iter().filter(|(a, b)| a.domain != b.domain).count();
            assert!(made.len() >= 8 && 2 * elsewhere > made.len(), "{week}: {elsewhere} of {}", made.len());
        }
    }

    #[test]
    fn weeks_begin_on_mondays() {
        let of = |at: &str| week(Timestamp::parse(at).unwrap());
        assert_eq!(of("2026-11-23T00:00:00Z"), of("2026-11-29T23:59:59Z"));
        assert_eq!(of("2026-11-23T00:00:00Z") + 1, of("2026-11-30T00:00:00Z"));
    }
}
