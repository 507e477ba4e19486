//! Plain rows and enums. Derives only: no function here touches a database, none knows a rule.

pub mod access;
pub mod account;
mod admission;
pub mod announcement;
pub mod card;
pub mod interaction;
pub mod post;
pub mod project;
pub mod relation;
pub mod schema;
pub mod types;
pub mod work;

pub use access::{ActorKeys, App, AuditEntry, Invite, OauthCode, PushPolicy, PushSubscription, Session, Token};
pub use account::{Account, AccountKind, Role, User};
pub use admission::{EmailBlock, EmailDomainBlock, IpBlock};
pub use announcement::Announcement;
pub use card::{Card, CardKind, CardState};
pub use interaction::{Interaction, InteractionKind, InteractionPolicy, InteractionState};
pub use post::{
    Audience, Bookmark, EmojiReaction, Favourite, Listing, Media, MediaKind, MediaState, Mention, Pin, Poll,
    PollOption, PollVote, Post, PostEdit, Quote, QuotePolicy, QuoteState, ScheduledPost, Tag, Visibility,
};
pub use project::{Membership, Project, ProjectMember, ProjectRelation, ProjectRole, RelationKind, WorkState};
pub use relation::{
    AccountNote, AccountWarning, Block, Collection, CollectionItem, Conversation, CustomEmoji, FeaturedTag, Filter,
    FilterKeyword, FilterPost, Follow, FollowState, FollowedTag, ItemState, List, ListMember, Marker, Mute,
    Notification, NotificationKind, NotificationPolicy, NotificationRequest, Severance, SeveranceKind, Verdict,
    WarningAction,
};
pub use work::{Activity, Delivery, DomainBlock, Host, InboxItem, Job, PeerRow, Report};

/// A whole row of one table, its fields in the column order of the schema, so that `select t.*` reads it by position.
pub trait Row: Sized {
    /// The SQL types of the columns.
    type SqlTypes;
}

/// Ties a row struct to its table.
macro_rules! whole_row {
    ($($row:ty => $table:ident),+ $(,)?) => {$(
        impl $crate::model::Row for $row {
            type SqlTypes = diesel::dsl::SqlTypeOf<<$crate::model::schema::$table::table as diesel::Table>::AllColumns>;
        }
    )+};
}
pub(crate) use whole_row;
