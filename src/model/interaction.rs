//! What authors of other servers let others do to their posts, and what came of what somebody did.

use super::{
    account::Account,
    post::{Post, Visibility},
    types::small_enum,
};
use crate::{id::Id, time::Timestamp};
use diesel::prelude::*;

/// The tables, beside [`super::schema`].
mod schema {
    diesel::table! {
        interaction_policies (post_id) {
            post_id -> BigInt,
            reply -> SmallInt,
            favourite -> SmallInt,
            boost -> SmallInt,
            people -> Text,
        }
    }

    diesel::table! {
        interactions (id) {
            id -> BigInt,
            kind -> SmallInt,
            account_id -> BigInt,
            target_id -> BigInt,
            post_id -> Nullable<BigInt>,
            uri -> Text,
            visibility -> SmallInt,
            state -> SmallInt,
            stamp_uri -> Nullable<Text>,
            created_at -> BigInt,
        }
    }
}

small_enum!(
    /// What somebody does to a post of another server.
    InteractionKind { Reply = 0 "reply", Favourite = 1 "favourite", Boost = 2 "boost" }
);

small_enum!(
    /// What the author of that post says to it.
    InteractionState { Pending = 0 "pending", Accepted = 1 "accepted", Rejected = 2 "rejected" }
);

/// What the author of a post of another server lets others do to it, where that is not everything to everybody.
#[derive(Clone, Debug, Queryable)]
pub struct InteractionPolicy {
    pub post_id: Id<Post>,
    /// Who may answer it, as bits that the rules know (`domain::quotes::policy`).
    pub reply: i16,
    /// Who may like it.
    pub favourite: i16,
    /// Who may boost it.
    pub boost: i16,
    /// JSON: by the word of the kind a list of actor ids of those who are named one by one and need not ask.
    pub people: String,
}

/// What somebody did, or wants to do, to such a post.
#[derive(Clone, Debug, Queryable)]
pub struct Interaction {
    pub id: Id<Interaction>,
    pub kind: InteractionKind,
    /// Who.
    pub account_id: Id<Account>,
    /// To which post.
    pub target_id: Id<Post>,
    /// The reply, or the boost once it is there.
    pub post_id: Option<Id<Post>>,
    /// The id of the reply, Like or Announce.
    pub uri: String,
    /// How visible the reply or boost shall be.
    pub visibility: Visibility,
    pub state: InteractionState,
    /// The id of the authorisation; while it is pending only what the reply claims.
    pub stamp_uri: Option<String>,
    pub created_at: Timestamp,
}

impl super::Row for InteractionPolicy {
    type SqlTypes = diesel::dsl::SqlTypeOf<<schema::interaction_policies::table as diesel::Table>::AllColumns>;
}

impl super::Row for Interaction {
    type SqlTypes = diesel::dsl::SqlTypeOf<<schema::interactions::table as diesel::Table>::AllColumns>;
}
