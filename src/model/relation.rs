//! What stands between accounts, and what one person keeps to read by.

use super::{
    Row,
    account::Account,
    post::{Post, Tag},
    schema,
    types::small_enum,
    whole_row,
};
use crate::{id::Id, time::Timestamp};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Nullable, SmallInt, Text},
};

small_enum!(
    /// A follow that waits for its target's consent, or one that stands.
    FollowState { Requested = 0 "requested", Accepted = 1 "accepted" }
);

small_enum!(
    /// Why somebody is notified; the words are those of the client API.
    NotificationKind {
        Mention = 0 "mention",
        Status = 1 "status",
        Reblog = 2 "reblog",
        Follow = 3 "follow",
        FollowRequest = 4 "follow_request",
        Favourite = 5 "favourite",
        Poll = 6 "poll",
        Update = 7 "update",
        AdminSignUp = 8 "admin.sign_up",
        AdminReport = 9 "admin.report",
        Quote = 20 "quote",
        QuotedUpdate = 21 "quoted_update",
        AddedToCollection = 22 "added_to_collection",
        CollectionUpdate = 23 "collection_update",
        ModerationWarning = 24 "moderation_warning",
        SeveredRelationships = 25 "severed_relationships",
    }
);

/// A follow or the request for one.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::follows, treat_none_as_default_value = false)]
pub struct Follow {
    pub id: Id<Follow>,
    pub account_id: Id<Account>,
    pub target_id: Id<Account>,
    pub state: FollowState,
    pub uri: Option<String>,
    pub show_boosts: bool,
    pub notify: bool,
    pub languages: Option<String>,
    pub created_at: Timestamp,
}

/// A block.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::blocks, treat_none_as_default_value = false)]
pub struct Block {
    pub id: Id<Block>,
    pub account_id: Id<Account>,
    pub target_id: Id<Account>,
    pub uri: Option<String>,
    pub created_at: Timestamp,
}

/// A mute.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::mutes, treat_none_as_default_value = false)]
pub struct Mute {
    pub id: Id<Mute>,
    pub account_id: Id<Account>,
    pub target_id: Id<Account>,
    pub hide_notifications: bool,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A person's private remark about another.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::account_notes, treat_none_as_default_value = false)]
pub struct AccountNote {
    pub account_id: Id<Account>,
    pub target_id: Id<Account>,
    pub comment: String,
}

/// A list of followed people.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::lists, treat_none_as_default_value = false)]
pub struct List {
    pub id: Id<List>,
    pub account_id: Id<Account>,
    pub title: String,
    pub replies_policy: i16,
    pub exclusive: bool,
    pub created_at: Timestamp,
}

/// One of them.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::list_members, treat_none_as_default_value = false)]
pub struct ListMember {
    pub list_id: Id<List>,
    pub account_id: Id<Account>,
}

/// Direct messages of one thread, as one reader sees them.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::conversations, treat_none_as_default_value = false)]
pub struct Conversation {
    pub id: Id<Conversation>,
    pub account_id: Id<Account>,
    pub conversation_id: Id<Post>,
    pub last_post_id: Id<Post>,
    pub unread: bool,
    pub hidden: bool,
    pub participants: String,
    pub updated_at: Timestamp,
}

/// A notification.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::notifications, treat_none_as_default_value = false)]
pub struct Notification {
    pub id: Id<Notification>,
    pub account_id: Id<Account>,
    pub kind: NotificationKind,
    pub from_account_id: Id<Account>,
    pub post_id: Option<Id<Post>>,
    pub report_id: Option<Id<super::work::Report>>,
    pub group_key: Option<String>,
    pub created_at: Timestamp,
    /// The reader's policy keeps it back.
    pub held: bool,
    pub collection_id: Option<Id<Collection>>,
    pub warning_id: Option<Id<AccountWarning>>,
    pub severance_id: Option<Id<Severance>>,
}

small_enum!(
    /// What staff did to an account whose owner is warned; the words are those of the client API.
    WarningAction {
        Nothing = 0 "none", Disable = 1 "disable", Sensitive = 2 "sensitive", Silence = 3 "silence",
        Suspend = 4 "suspend", DeletePosts = 5 "delete_statuses", HidePosts = 6 "mark_statuses_as_sensitive",
    }
);

/// What staff told somebody of this node about an act on their account.
#[derive(Clone, Debug, Queryable)]
pub struct AccountWarning {
    pub id: Id<AccountWarning>,
    pub account_id: Id<Account>,
    pub action: WarningAction,
    /// Plain text; empty when staff said nothing.
    pub text: String,
    /// Posts that are the reason, or that the act was about, as a JSON array.
    pub post_ids: Option<String>,
    pub created_at: Timestamp,
}

impl Row for AccountWarning {
    type SqlTypes = (BigInt, BigInt, SmallInt, Text, Nullable<Text>, BigInt);
}

small_enum!(
    /// Why follows ended that nobody ended one by one; the words are those of the client API.
    SeveranceKind {
        DomainBlock = 0 "domain_block", UserDomainBlock = 1 "user_domain_block",
        AccountSuspension = 2 "account_suspension",
    }
);

/// Follows that somebody of this node lost at once.
#[derive(Clone, Debug, Queryable)]
pub struct Severance {
    pub id: Id<Severance>,
    pub account_id: Id<Account>,
    pub kind: SeveranceKind,
    /// The domain, or the handle of the account.
    pub target_name: String,
    pub followers_count: i64,
    pub following_count: i64,
    pub created_at: Timestamp,
    /// Whom it was about is not known any more.
    pub purged: bool,
}

impl Row for Severance {
    type SqlTypes = (BigInt, BigInt, SmallInt, Text, BigInt, BigInt, BigInt, Bool);
}

small_enum!(
    /// What becomes of a notification.
    Verdict { Accept = 0 "accept", Filter = 1 "filter", Drop = 2 "drop" }
);

/// What somebody wants done with notifications of people they have nothing to do with.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::notification_policies, treat_none_as_default_value = false)]
pub struct NotificationPolicy {
    pub account_id: Id<Account>,
    pub not_following: Verdict,
    pub not_followers: Verdict,
    pub new_accounts: Verdict,
    pub private_mentions: Verdict,
    pub limited_accounts: Verdict,
}

/// Somebody whose mentions were held back.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::notification_requests, treat_none_as_default_value = false)]
pub struct NotificationRequest {
    pub id: Id<NotificationRequest>,
    pub account_id: Id<Account>,
    pub from_account_id: Id<Account>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// How far somebody has read.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::markers, treat_none_as_default_value = false)]
pub struct Marker {
    pub account_id: Id<Account>,
    pub timeline: String,
    pub last_read_id: i64,
    pub version: i64,
    pub updated_at: Timestamp,
}

/// A keyword filter. `contexts` is a bit set.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::filters, treat_none_as_default_value = false)]
pub struct Filter {
    pub id: Id<Filter>,
    pub account_id: Id<Account>,
    pub title: String,
    pub contexts: i16,
    pub action: i16,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// One word of a filter.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::filter_keywords, treat_none_as_default_value = false)]
pub struct FilterKeyword {
    pub id: Id<FilterKeyword>,
    pub filter_id: Id<Filter>,
    pub keyword: String,
    pub whole_word: bool,
}

/// One post of a filter.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::filter_posts, treat_none_as_default_value = false)]
pub struct FilterPost {
    pub id: Id<FilterPost>,
    pub filter_id: Id<Filter>,
    pub post_id: Id<Post>,
}

/// Somebody follows a hashtag.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::followed_tags, treat_none_as_default_value = false)]
pub struct FollowedTag {
    pub id: Id<FollowedTag>,
    pub account_id: Id<Account>,
    pub tag_id: Id<Tag>,
    pub created_at: Timestamp,
}

/// A hashtag on a profile.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::featured_tags, treat_none_as_default_value = false)]
pub struct FeaturedTag {
    pub id: Id<FeaturedTag>,
    pub account_id: Id<Account>,
    pub tag_id: Id<Tag>,
    pub posts_count: i64,
    pub last_post_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A custom emoji of this node (`domain` empty) or another.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::custom_emojis, treat_none_as_default_value = false)]
pub struct CustomEmoji {
    pub id: Id<CustomEmoji>,
    pub shortcode: String,
    pub domain: String,
    pub uri: Option<String>,
    pub image_remote_url: Option<String>,
    pub file: Option<String>,
    pub category: Option<String>,
    pub visible_in_picker: bool,
    pub updated_at: Timestamp,
}

/// People whom somebody recommends together.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::collections, treat_none_as_default_value = false)]
pub struct Collection {
    pub id: Id<Collection>,
    pub account_id: Id<Account>,
    pub name: String,
    /// Plain text; clean HTML of one of another server.
    pub description: String,
    pub language: Option<String>,
    pub sensitive: bool,
    pub discoverable: bool,
    /// Normal name of a hashtag.
    pub tag: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The id of one of another server; none for one of this node.
    pub uri: Option<String>,
    /// Its page there.
    pub url: Option<String>,
    /// Whom its server lists, as JSON.
    pub listed: Option<String>,
}

small_enum!(
    /// Whether somebody is in a collection. Withdrawn: of another server, asked once, and taken out since by whose
    /// collection it is.
    ItemState {
        Accepted = 0 "accepted", Revoked = 1 "revoked", Pending = 2 "pending", Rejected = 3 "rejected",
        Withdrawn = 4 "withdrawn",
    }
);

/// Somebody in a collection.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::collection_items, treat_none_as_default_value = false)]
pub struct CollectionItem {
    pub id: Id<CollectionItem>,
    pub collection_id: Id<Collection>,
    pub account_id: Id<Account>,
    pub state: ItemState,
    pub created_at: Timestamp,
    /// The authorisation of somebody of another server.
    pub stamp_uri: Option<String>,
    /// Its id, in a collection of another server that lists it.
    pub uri: Option<String>,
    /// When the authorisation was looked at last, of who is in a collection of another server.
    pub checked_at: Option<Timestamp>,
}

whole_row!(Follow => follows, Block => blocks, Mute => mutes, AccountNote => account_notes, List => lists, ListMember => list_members, Conversation => conversations, Notification => notifications, Marker => markers, Filter => filters, FilterKeyword => filter_keywords, FilterPost => filter_posts, FollowedTag => followed_tags, FeaturedTag => featured_tags, CustomEmoji => custom_emojis, NotificationPolicy => notification_policies, NotificationRequest => notification_requests, Collection => collections, CollectionItem => collection_items);
