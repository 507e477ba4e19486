//! Posts and what hangs on them.

use super::{account::Account, schema, types::small_enum, whole_row};
use crate::{id::Id, time::Timestamp};
use diesel::prelude::*;

small_enum!(
    /// Who a post is for.
    Visibility { Public = 0 "public", Unlisted = 1 "unlisted", Private = 2 "private", Direct = 3 "direct" }
);

small_enum!(
    /// How far a post may go, whatever its visibility: what is narrower comes first.
    Audience { Site = 0 "site", Organisation = 1 "organisation", Open = 2 "open" }
);

small_enum!(
    /// Does the post stand in the public timelines? Computed once, when it is stored.
    Listing { Hidden = 0 "hidden", Remote = 1 "remote", Local = 2 "local" }
);

small_enum!(
    /// What an attachment is.
    MediaKind { Unknown = 0 "unknown", Image = 1 "image", Gifv = 2 "gifv", Video = 3 "video", Audio = 4 "audio" }
);

small_enum!(
    /// Where an attachment is on its way.
    MediaState { Processing = 0 "processing", Ready = 1 "ready", Failed = 2 "failed" }
);

small_enum!(
    /// Whether a quote stands.
    QuoteState {
        Pending = 0 "pending",
        Accepted = 1 "accepted",
        Rejected = 2 "rejected",
        Revoked = 3 "revoked",
        Deleted = 4 "deleted",
    }
);

small_enum!(
    /// Who may quote what somebody writes, as they choose it.
    QuotePolicy { Public = 0 "public", Followers = 1 "followers", Nobody = 2 "nobody" }
);

/// A post, here or elsewhere; a boost when `boost_of_id` is set.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::posts, treat_none_as_default_value = false)]
pub struct Post {
    pub id: Id<Post>,
    /// The object id; of a boost the id of the Announce.
    pub uri: String,
    pub url: Option<String>,
    pub account_id: Id<Account>,
    pub visibility: Visibility,
    pub local: bool,
    /// Whether public timelines show it.
    pub listing: Listing,
    /// Sanitised HTML.
    pub content: String,
    /// What a local author typed.
    pub source_text: Option<String>,
    pub source_type: i16,
    pub spoiler_text: String,
    pub sensitive: bool,
    pub language: Option<String>,
    pub in_reply_to_id: Option<Id<Post>>,
    pub in_reply_to_account_id: Option<Id<Account>>,
    /// The parent while it is not known here.
    pub in_reply_to_uri: Option<String>,
    /// Id of the first post of the thread that is known here.
    pub conversation_id: Id<Post>,
    pub boost_of_id: Option<Id<Post>>,
    pub poll_id: Option<Id<Poll>>,
    pub app_id: Option<Id<super::access::App>>,
    /// JSON list of ids (numbers) in order.
    pub media_ids: String,
    /// JSON list of `{shortcode, url}`.
    pub emojis: String,
    pub replies_count: i64,
    pub boosts_count: i64,
    pub favourites_count: i64,
    /// What the origin claims, untrusted.
    pub remote_boosts_count: i64,
    pub remote_favourites_count: i64,
    pub created_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    pub fetched_at: Option<Timestamp>,
    /// The group it was posted to.
    pub group_id: Option<Id<Account>>,
    /// How far it may go.
    pub audience: Audience,
    /// Who may quote it, as bits that the rules know (`domain::quotes::policy`).
    pub quote_policy: i16,
    /// Quotes of it that stand and may be counted by everybody who sees it.
    pub quotes_count: i64,
}

impl Post {
    /// Is it somebody's boost of another post?
    pub fn is_boost(&self) -> bool {
        self.boost_of_id.is_some()
    }
    /// Ids of its attachments in order; unreadable JSON counts as none.
    pub fn media(&self) -> Vec<Id<Media>> {
        if self.media_ids == "[]" {
            return Vec::new();
        }
        serde_json::from_str::<Vec<i64>>(&self.media_ids).unwrap_or_default().into_iter().map(Id::new).collect()
    }
}

/// An attachment.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::media, treat_none_as_default_value = false)]
pub struct Media {
    pub id: Id<Media>,
    pub account_id: Id<Account>,
    pub post_id: Option<Id<Post>>,
    pub position: i16,
    pub kind: MediaKind,
    pub state: MediaState,
    pub mime: Option<String>,
    pub file: Option<String>,
    pub thumbnail: Option<String>,
    pub remote_url: Option<String>,
    pub remote_thumbnail_url: Option<String>,
    pub size: i64,
    pub description: Option<String>,
    pub blurhash: Option<String>,
    pub focus_x: Option<f64>,
    pub focus_y: Option<f64>,
    pub width: Option<i64>,
    pub height: Option<i64>,
    pub small_width: Option<i64>,
    pub small_height: Option<i64>,
    pub duration_ms: Option<i64>,
    pub cached_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// The waiting post that it is kept for.
    pub scheduled_id: Option<Id<ScheduledPost>>,
    /// Background, foreground and accent of the picture or preview, as `#0a0b0c,#...,#...`.
    pub colours: Option<String>,
}

/// What a post quotes.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::quotes, treat_none_as_default_value = false)]
pub struct Quote {
    /// The quoting post.
    pub post_id: Id<Post>,
    /// As the quoting post names it; its object id as soon as it is known here.
    pub quoted_uri: String,
    /// The quoted post, while it is here.
    pub quoted_id: Option<Id<Post>>,
    /// Whose it is, when that is known.
    pub quoted_account_id: Option<Id<Account>>,
    pub state: QuoteState,
    /// The id of the QuoteRequest: ours, or the one that arrived.
    pub request_uri: Option<String>,
    /// The id of the QuoteAuthorization; while the quote is pending only what the quoting post claims.
    pub stamp_uri: Option<String>,
    /// Whether it stands in the count of the quoted post.
    pub counted: bool,
}

/// A post that waits for its time. `draft` is JSON of the rules' own.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::scheduled_posts, treat_none_as_default_value = false)]
pub struct ScheduledPost {
    pub id: Id<ScheduledPost>,
    pub account_id: Id<Account>,
    pub scheduled_at: Timestamp,
    pub draft: String,
    pub created_at: Timestamp,
}

/// Somebody addressed by a post; `silent` ones are not notified.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::mentions, treat_none_as_default_value = false)]
pub struct Mention {
    pub post_id: Id<Post>,
    pub account_id: Id<Account>,
    pub silent: bool,
}

/// A hashtag; `name` is its normal form, `display` as it was first typed.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::tags, treat_none_as_default_value = false)]
pub struct Tag {
    pub id: Id<Tag>,
    pub name: String,
    pub display: String,
    pub created_at: Timestamp,
}

/// A poll.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::polls, treat_none_as_default_value = false)]
pub struct Poll {
    pub id: Id<Poll>,
    pub post_id: Id<Post>,
    pub multiple: bool,
    pub hide_totals: bool,
    pub expires_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub voters_count: Option<i64>,
    pub fetched_at: Option<Timestamp>,
    pub update_due_at: Option<Timestamp>,
}

/// One answer of a poll.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::poll_options, treat_none_as_default_value = false)]
pub struct PollOption {
    pub poll_id: Id<Poll>,
    pub position: i16,
    pub title: String,
    pub votes_count: i64,
}

/// One vote.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::poll_votes, treat_none_as_default_value = false)]
pub struct PollVote {
    pub poll_id: Id<Poll>,
    pub account_id: Id<Account>,
    pub choice: i16,
    pub created_at: Timestamp,
}

/// An earlier state of a post.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::post_edits, treat_none_as_default_value = false)]
pub struct PostEdit {
    pub id: Id<PostEdit>,
    pub post_id: Id<Post>,
    pub content: String,
    pub source_text: Option<String>,
    pub spoiler_text: String,
    pub sensitive: bool,
    pub media: String,
    pub poll_options: Option<String>,
    pub created_at: Timestamp,
}

/// Somebody likes a post.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::favourites, treat_none_as_default_value = false)]
pub struct Favourite {
    pub id: Id<Favourite>,
    pub account_id: Id<Account>,
    pub post_id: Id<Post>,
    pub uri: Option<String>,
    pub created_at: Timestamp,
    /// It stands for their emoji reactions alone; nothing was said by a Like of its own.
    pub implied: bool,
}

/// What somebody thinks of a post, in one emoji.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::emoji_reactions, treat_none_as_default_value = false)]
pub struct EmojiReaction {
    pub id: Id<EmojiReaction>,
    pub account_id: Id<Account>,
    pub post_id: Id<Post>,
    /// The emoji, or the shortcode of a custom one.
    pub name: String,
    /// The server of the custom one; empty for this node and for emoji that everybody has.
    pub domain: String,
    /// The picture of a custom one.
    pub url: Option<String>,
    pub uri: Option<String>,
    /// It went out as a Like with the emoji in it, not as an EmojiReact.
    pub is_like: bool,
    pub created_at: Timestamp,
}

/// Somebody kept a post.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::bookmarks, treat_none_as_default_value = false)]
pub struct Bookmark {
    pub id: Id<Bookmark>,
    pub account_id: Id<Account>,
    pub post_id: Id<Post>,
    pub created_at: Timestamp,
}

/// A post shown first on its author's profile.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::pins, treat_none_as_default_value = false)]
pub struct Pin {
    pub id: Id<Pin>,
    pub account_id: Id<Account>,
    pub post_id: Id<Post>,
    pub created_at: Timestamp,
}

whole_row!(Post => posts, Media => media, Mention => mentions, Tag => tags, Poll => polls, PollOption => poll_options, PollVote => poll_votes, PostEdit => post_edits, Favourite => favourites, EmojiReaction => emoji_reactions, Bookmark => bookmarks, Pin => pins, ScheduledPost => scheduled_posts, Quote => quotes);
