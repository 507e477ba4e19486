//! The rules: operations on one transaction, `fn(&mut Tx, Input) -> Result<Output>`. No network and no waiting in here.
//! An operation records facts ([`Fact`]); deliveries, notifications and events follow from facts in the same
//! transaction.

pub mod accounts;
pub mod admission;
pub mod aliases;
pub mod announcements;
pub mod audiences;
pub mod audit;
pub mod cards;
pub mod charter;
pub mod coffee;
pub mod collections;
pub mod concierge;
pub mod confirmations;
pub mod counters;
pub mod delivery;
pub mod digests;
pub mod domain_blocks;
pub mod emoji_reactions;
pub mod emojis;
pub mod endorsements;
pub mod fact;
pub mod filters;
pub mod follows;
pub mod hashtags;
pub mod html;
pub mod ideas;
pub mod identity;
pub mod interactions;
pub mod introductions;
pub mod leavers;
pub mod legal;
pub mod limited;
pub mod lists;
pub mod media;
pub mod moves;
pub mod names;
pub mod notices;
pub mod notification_requests;
pub mod oauth;
pub mod peers;
pub mod people;
pub mod polls;
pub mod posts;
pub mod profiles;
pub mod projects;
pub mod push;
pub mod questions;
pub mod quotes;
pub mod reactions;
pub mod redirects;
pub mod remote;
pub mod reports;
pub mod scopes;
pub mod search;
pub mod setup;
pub mod severances;
pub mod stored;
pub mod streams;
pub mod suggestions;
pub mod task;
pub mod text;
pub mod timelines;
pub mod translations;
pub mod trends;
pub mod tx;
pub mod views;
pub mod visibility;
pub mod warnings;
pub mod words;

pub use fact::{Event, EventKind, Fact, Recommending};
pub use task::Task;
pub use tx::{Aftermath, Consumer, Env, IdSource, PLACES, Tx};

use crate::{
    id::Id,
    model::{Account, Audience},
};

/// Who looks: somebody, or nobody in particular; and the narrowest audience they belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer(pub Option<Id<Account>>, Audience);

impl Viewer {
    /// An anonymous visitor.
    pub const ANYONE: Self = Self(None, Audience::Open);

    /// Nobody in particular, of those who belong to this audience.
    pub const fn anybody_in(audience: Audience) -> Self {
        Self(None, audience)
    }

    /// Somebody who belongs to this audience: [`audiences::viewer`] knows to which.
    pub const fn placed(id: Id<Account>, audience: Audience) -> Self {
        Self(Some(id), audience)
    }

    /// The narrowest audience whose posts this viewer may have.
    pub const fn audience(self) -> Audience {
        self.1
    }
}

/// Somebody of **this** node. Of accounts that may be of another one, [`audiences::viewer`] makes a viewer.
impl From<Id<Account>> for Viewer {
    fn from(id: Id<Account>) -> Self {
        Self(Some(id), Audience::Site)
    }
}

/// A person of this node, or nobody in particular.
impl From<Option<Id<Account>>> for Viewer {
    fn from(id: Option<Id<Account>>) -> Self {
        id.map_or(Self::ANYONE, Self::from)
    }
}
