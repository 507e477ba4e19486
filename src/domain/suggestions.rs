//! Whom somebody may want to follow, and why: people followed by those whom they follow, people who list the same, people of
//! a site that joined the organisation a short time ago (N2), then the most followed of this node.

use super::{charter, people};
use crate::{Result, db::Conn, id::Id, model::Account, store, time::Timestamp};

/// Days for which a site is new.
const NEW_DAYS: i64 = 30;
/// New sites that are looked at, and people of each.
const NEW_SITES: usize = 10;
const OF_NEW_SITE: i64 = 3;
/// People who list the same.
const ALIKE: i64 = 10;

/// Why somebody is suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Those follow them whom one follows.
    FriendsOfFriends,
    /// They list what one lists oneself.
    Alike,
    /// Their site joined the organisation a short time ago.
    NewSite,
    /// Many of this node follow them.
    MostFollowed,
}

impl Source {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FriendsOfFriends => "friends_of_friends",
            // Clients know no other words than these.
            Self::Alike => "similar_to_recently_followed",
            Self::NewSite => "featured",
            Self::MostFollowed => "most_followed",
        }
    }
    /// The word that clients knew before there were several.
    pub const fn legacy(self) -> &'static str {
        match self {
            Self::FriendsOfFriends | Self::Alike => "past_interactions",
            Self::NewSite => "staff",
            Self::MostFollowed => "global",
        }
    }
}

/// Suggestions for somebody, each with every reason, the best first.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn list(conn: &mut Conn, me: Id<Account>, now: Timestamp, most: i64) -> Result<Vec<(Id<Account>, Vec<Source>)>> {
    let mut found: Vec<(Id<Account>, Vec<Source>)> = Vec::new();
    let mut add = |ids: Vec<Id<Account>>, source| {
        for id in ids {
            match found.iter_mut().find(|(known, _)| *known == id) {
                Some((_, sources)) => sources.push(source),
                None => found.push((id, vec![source])),
            }
        }
    };
    let directory = people::directory::is_on(conn)?;
    add(store::suggestions::of_friends(conn, me, directory, most)?, Source::FriendsOfFriends);
    add(store::suggestions::alike(conn, me, false, directory, most.min(ALIKE))?, Source::Alike);
    if let Some(signed) = charter::current(conn)? {
        let since = now.plus_days(-NEW_DAYS);
        let mut new: Vec<_> = signed.charter.nodes.iter().filter(|node| node.joined > since).collect();
        new.sort_by_key(|node| std::cmp::Reverse(node.joined));
        for node in new.iter().take(NEW_SITES) {
            // Of this node itself nobody has that domain.
            let people = store::suggestions::of_site(conn, me, &node.domain, OF_NEW_SITE)?;
            add(people, Source::NewSite);
        }
    }
    add(store::suggestions::most_followed(conn, me, directory, most)?, Source::MostFollowed);
    found.truncate(usize::try_from(most).unwrap_or(0));
    Ok(found)
}
