//! Follows that end by a decision that was not about them: a domain is blocked, an account elsewhere is suspended. Whoever of
//! this node loses some is told how many, once for each decision, and finds for a time whom (`store::severances`).

use super::{Fact, Tx};
use crate::{
    Result,
    id::Id,
    model::{Account, Follow, FollowState, Severance, SeveranceKind},
    store,
};
use std::collections::BTreeMap;

/// The follows with a blocked domain end in several steps; those within this time are told of as one. Milliseconds.
const TOGETHER: i64 = 3_600_000;

/// The follows that each of some people loses, and whether it is that of a follower.
#[derive(Debug, Default)]
pub struct Lost(BTreeMap<Id<Account>, Vec<(Follow, bool)>>);

impl Lost {
    /// A follow ends between one of this node and one elsewhere, who is the follower or not. A request is nothing to lose.
    pub fn note(&mut self, follow: &Follow, by_remote: bool) {
        if follow.state == FollowState::Accepted {
            let person = if by_remote { follow.target_id } else { follow.account_id };
            self.0.entry(person).or_default().push((follow.clone(), by_remote));
        }
    }
}

/// Tells those of them who are people of this node and still here. `name` is the domain or the handle that it is about.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn tell(tx: &mut Tx<'_>, kind: SeveranceKind, name: &str, lost: &Lost) -> Result<()> {
    let people: Vec<Id<Account>> = lost.0.keys().copied().collect();
    for batch in people.chunks(256) {
        for person in store::severances::present(tx.conn, batch)? {
            let follows = lost.0.get(&person).map(Vec::as_slice).unwrap_or_default();
            let followers = follows.iter().filter(|(_, incoming)| *incoming).count() as i64;
            let row = row(tx, person, kind, name, (followers, follows.len() as i64 - followers));
            let since = tx.now.plus_millis(-TOGETHER);
            let told = match kind {
                SeveranceKind::DomainBlock => store::severances::find_told(tx.conn, &row, since)?,
                _ => None,
            };
            match told {
                Some(id) => store::severances::add(tx.conn, id, row.followers_count, row.following_count)?,
                None => store::severances::insert(tx.conn, &row)?,
            }
            for (follow, incoming) in follows {
                store::severances::insert_follow(tx.conn, told.unwrap_or(row.id), follow, *incoming)?;
            }
            if told.is_none() {
                tx.record(Fact::FollowsSevered(row.id))?;
            }
        }
    }
    Ok(())
}

/// Tells somebody of all follows with people of a domain that they block themselves, before they end: that takes several
/// steps.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn tell_of_own_block(tx: &mut Tx<'_>, person: Id<Account>, domain: &str) -> Result<()> {
    let (following, followers) = store::domain_blocks::count_follows(tx.conn, person, domain)?;
    if following + followers == 0 || store::severances::present(tx.conn, &[person])?.is_empty() {
        return Ok(());
    }
    let row = row(tx, person, SeveranceKind::UserDomainBlock, domain, (followers, following));
    store::severances::insert(tx.conn, &row)?;
    store::severances::insert_domain(tx.conn, row.id, domain)?;
    tx.record(Fact::FollowsSevered(row.id))
}

fn row(
    tx: &mut Tx<'_>,
    person: Id<Account>,
    kind: SeveranceKind,
    name: &str,
    (followers_count, following_count): (i64, i64),
) -> Severance {
    Severance {
        id: tx.new_id(),
        account_id: person,
        kind,
        target_name: name.to_owned(),
        followers_count,
        following_count,
        created_at: tx.now,
        purged: false,
    }
}
