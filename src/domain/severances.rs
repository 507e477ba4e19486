//! Follows that end by a decision that was not about them: a domain is blocked, an account elsewhere is suspended. Whoever of
//! this node loses some is told how many, once for each decision.

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

/// How many followers, and how many whom they follow, each of some people loses.
#[derive(Debug, Default)]
pub struct Lost(BTreeMap<Id<Account>, (i64, i64)>);

impl Lost {
    /// What one of them loses.
    pub fn of(person: Id<Account>, followers: i64, following: i64) -> Self {
        Self(BTreeMap::from([(person, (followers, following))]))
    }

    /// A follow ends between one of this node and one elsewhere, who is the follower or not. A request is nothing to lose.
    pub fn note(&mut self, follow: &Follow, by_remote: bool) {
        if follow.state != FollowState::Accepted {
            return;
        }
        if by_remote {
            self.0.entry(follow.target_id).or_default().0 += 1;
        } else {
            self.0.entry(follow.account_id).or_default().1 += 1;
        }
    }
}

/// Tells those of them who are people of this node and still here. `name` is the domain or the handle that it is about.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn tell(tx: &mut Tx<'_>, kind: SeveranceKind, name: &str, lost: &Lost) -> Result<()> {
    let people: Vec<Id<Account>> =
        lost.0.iter().filter(|(_, (followers, following))| followers + following > 0).map(|(id, _)| *id).collect();
    for batch in people.chunks(256) {
        for person in store::severances::present(tx.conn, batch)? {
            let (followers_count, following_count) = lost.0.get(&person).copied().unwrap_or_default();
            let row = Severance {
                id: tx.new_id(),
                account_id: person,
                kind,
                target_name: name.to_owned(),
                followers_count,
                following_count,
                created_at: tx.now,
            };
            let since = tx.now.plus_millis(-TOGETHER);
            if kind == SeveranceKind::DomainBlock && store::severances::add(tx.conn, &row, since)? {
                continue;
            }
            store::severances::insert(tx.conn, &row)?;
            tx.record(Fact::FollowsSevered(row.id))?;
        }
    }
    Ok(())
}
