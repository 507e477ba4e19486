//! The rules: operations on one transaction, `fn(&mut Tx, Input) -> Result<Output>`. No network and no waiting in here.
//! An operation records facts ([`Fact`]); deliveries, notifications and events follow from facts in the same
//! transaction.

pub mod accounts;
pub mod aliases;
pub mod audit;
pub mod charter;
pub mod concierge;
pub mod delivery;
pub mod domain_blocks;
pub mod fact;
pub mod filters;
pub mod follows;
pub mod hashtags;
pub mod html;
pub mod identity;
pub mod leavers;
pub mod lists;
pub mod media;
pub mod moves;
pub mod names;
pub mod notices;
pub mod oauth;
pub mod peers;
pub mod people;
pub mod polls;
pub mod posts;
pub mod profiles;
pub mod projects;
pub mod questions;
pub mod reactions;
pub mod redirects;
pub mod remote;
pub mod reports;
pub mod scopes;
pub mod search;
pub mod setup;
pub mod streams;
pub mod task;
pub mod text;
pub mod timelines;
pub mod tx;
pub mod views;
pub mod visibility;

pub use fact::{Event, EventKind, Fact};
pub use task::Task;
pub use tx::{Aftermath, Consumer, Env, IdSource, Tx};

use crate::{id::Id, model::Account};

/// Who looks: a local person, or nobody in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer(pub Option<Id<Account>>);

impl Viewer {
    /// An anonymous visitor.
    pub const ANYONE: Self = Self(None);
}

impl From<Id<Account>> for Viewer {
    fn from(id: Id<Account>) -> Self {
        Self(Some(id))
    }
}
