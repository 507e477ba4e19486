//! What happened. Ids only: consumers read the rows, in the transaction that wrote them.

use super::interactions::requests::Answer;
use crate::{
    id::Id,
    model::{
        Account, AccountWarning, Block, Collection, CollectionItem, EmojiReaction, Favourite, Follow, Interaction,
        Notification, Poll, Post, Report, Severance, Tag,
    },
};

/// Something that happened, here or elsewhere. Facts marked *before* are recorded before their rows go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A person of this node signed up or was created.
    AccountRegistered(Id<Account>),
    /// The public profile of a local or remote account changed.
    AccountUpdated(Id<Account>),
    /// *Before*: an account and all it wrote is about to go.
    AccountDeleted(Id<Account>),
    /// Staff suspended an account.
    AccountSuspended(Id<Account>),
    /// Staff lifted a suspension.
    AccountUnsuspended(Id<Account>),
    /// A person of this node left; `left_on` is set.
    AccountLeft(Id<Account>),
    /// A person who had left is back.
    AccountReturned(Id<Account>),
    /// An account moved; `moved_to_id` is set.
    AccountMoved(Id<Account>),
    /// A post was stored that did not exist here before, local or remote; not a boost. Home streams of readers are
    /// told by `domain::posts` itself, which knows them (so for boosts, edits and ends too); other streams are not.
    PostPublished {
        /// The post.
        post: Id<Post>,
        /// It is news: notify and push. False for what is old or was fetched (POST-01).
        fresh: bool,
    },
    /// After `PostPublished` of an old post that was delivered to people it names: they are told, nobody else (POST-01).
    PostCameLate(Id<Post>),
    /// A post changed. The earlier state is its newest `post_edits` row.
    PostEdited {
        /// The post.
        post: Id<Post>,
        /// Mentioned now and not before.
        newly_mentioned: Vec<Id<Account>>,
        /// Only poll tallies changed: no edit mark, nobody is told (POLL-03).
        quiet: bool,
    },
    /// *Before*: a post is about to go.
    PostDeleted(Id<Post>),
    /// A boost was stored (its own row).
    PostBoosted {
        /// The boost.
        boost: Id<Post>,
        /// As in `PostPublished`.
        fresh: bool,
    },
    /// *Before*: a boost is about to go.
    PostUnboosted(Id<Post>),
    /// A favourite was stored.
    PostFavourited(Id<Favourite>),
    /// *Before*: a favourite is about to go.
    PostUnfavourited(Id<Favourite>),
    /// An emoji reaction was stored; the favourite it implies is a fact of its own.
    PostReacted(Id<EmojiReaction>),
    /// *Before*: an emoji reaction is about to go.
    PostUnreacted(Id<EmojiReaction>),
    /// A local person pinned a post.
    PostPinned(Id<Account>, Id<Post>),
    /// A local person unpinned a post.
    PostUnpinned(Id<Account>, Id<Post>),
    /// A local person put a hashtag on their profile.
    TagFeatured(Id<Account>, Id<Tag>),
    /// A local person took a hashtag off their profile.
    TagUnfeatured(Id<Account>, Id<Tag>),
    /// A local person voted; the votes are stored.
    PollVoted(Id<Poll>, Id<Account>),
    /// Somebody elsewhere voted in a poll of this node.
    PollVotedRemotely(Id<Poll>),
    /// A poll ended.
    PollClosed(Id<Poll>),
    /// A question of this node was answered or closed, or became one after it was published.
    QuestionChanged(Id<Post>),
    /// Something was said of an idea of this node, or a post became one after it was published.
    IdeaChanged(Id<Post>),
    /// A post of this node quotes one of another server, whose author has to be asked.
    QuoteAsked(Id<Post>),
    /// The quote of this post stands.
    QuoteAccepted {
        /// The quoting post.
        post: Id<Post>,
        /// It is news: notify.
        fresh: bool,
    },
    /// The quote of this post is over, or was refused; its row says which.
    QuoteEnded(Id<Post>),
    /// Somebody elsewhere who asked to quote a post of this node may not.
    QuoteRefused {
        /// The local account that was asked.
        author: Id<Account>,
        /// The remote account that asked.
        by: Id<Account>,
        /// The id of its QuoteRequest, when it had one.
        request: Option<String>,
        /// The id of the post to be quoted.
        object: String,
        /// The id of the quoting post.
        instrument: String,
    },
    /// Another one may, or may not, quote a post of this node from now on.
    QuotePolicyChanged(Id<Post>),
    /// A person of this node wants to do something to a post of another server whose author has to be asked; of a like the
    /// fact is that it is there.
    InteractionAsked(Id<Interaction>),
    /// An answer of this node has an authorisation now by the author of what it answers.
    InteractionAccepted(Id<Post>),
    /// An answer stood by an authorisation that was taken back.
    InteractionEnded(Id<Post>),
    /// Somebody elsewhere asked to do something to a post of this node.
    InteractionAnswered(Answer),
    /// A collection of people of somebody here; *before* it goes when it is removed. Hidden is removed, too.
    CollectionChanged(Id<Collection>, Recommending),
    /// Somebody's place in one; *before* it goes when it is removed.
    CollectionItemChanged(Id<CollectionItem>, Recommending),
    /// Somebody elsewhere asked to put a person of this node into a collection.
    FeatureAnswered {
        /// The person of this node.
        person: Id<Account>,
        /// Whose collection it is.
        by: Id<Account>,
        /// The id of the request.
        request: String,
        /// The number of the authorisation; none when they may not.
        granted: Option<i64>,
    },
    /// A follow waits for its target's consent.
    FollowRequested(Id<Follow>),
    /// A follow stands; it may have been requested before.
    FollowAccepted(Id<Follow>),
    /// The other server asked again for a follow that stands: say yes again, notify nobody (FOL-10).
    FollowReaffirmed(Id<Follow>),
    /// *Before*: the target refuses a request or removes a follower.
    FollowRejected(Id<Follow>),
    /// *Before*: the follower ends a follow or takes a request back.
    Unfollowed(Id<Follow>),
    /// A Follow that is refused without ever being stored (FOL-14).
    FollowRefused {
        /// The local account that was asked.
        target: Id<Account>,
        /// The remote account that asked.
        follower: Id<Account>,
        /// The id of its Follow, when it had one.
        uri: Option<String>,
    },
    /// The other server accepts a follow that was taken back here meanwhile: undo it again (FOL-05).
    FollowStale {
        /// The local account.
        account: Id<Account>,
        /// The remote account.
        target: Id<Account>,
        /// The id of our Follow.
        uri: String,
    },
    /// Somebody of this node asks to join a project, or a project of this node answers; the row of `project_members` is
    /// there. *Before* it goes when they leave or are refused.
    Membership {
        /// The project.
        project: Id<Account>,
        /// Who.
        person: Id<Account>,
        /// What happens.
        step: Step,
    },
    /// A project of this node takes no more answers in a thread, or takes them again; the row of `thread_locks` is there.
    /// *Before* it goes when it is opened.
    ThreadLocked {
        /// The project.
        group: Id<Account>,
        /// The post that is locked, with all below it.
        post: Id<Post>,
        /// Who did it.
        by: Id<Account>,
        /// The id of the Undo that arrived.
        undo: Option<String>,
        /// Whether it is locked now.
        locked: bool,
    },
    /// A block was stored.
    Blocked(Id<Block>),
    /// *Before*: a block is about to be lifted.
    Unblocked(Id<Block>),
    /// Somebody was put into a collection of this node.
    CollectionJoined(Id<CollectionItem>),
    /// *Before*: somebody is about to go from a collection, taken out by its owner or by themselves.
    CollectionLeft(Id<CollectionItem>),
    /// A collection of this node has another name or description.
    CollectionRenamed(Id<Collection>),
    /// A report reached the moderators.
    ReportFiled(Id<Report>),
    /// Staff warned somebody of this node, or says why it did something to their account.
    AccountWarned(Id<AccountWarning>),
    /// Somebody of this node lost follows with a block or a suspension.
    FollowsSevered(Id<Severance>),
    /// A person's filters changed.
    FiltersChanged(Id<Account>),
    /// A notification was written.
    Notified(Id<Notification>),
    /// Tokens of an account ended; its sockets close (OAU-13). Without an account: those tokens only.
    AccessRevoked {
        /// Whose access.
        account: Option<Id<Account>>,
        /// Which tokens; empty for all of the account.
        tokens: Vec<i64>,
    },
}

/// See [`Fact::CollectionChanged`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recommending {
    /// It is new; of a place: whom it is about agrees.
    Added,
    /// It is another one from now on.
    Changed,
    /// It is about to go.
    Removed,
    /// Whom a place is about is asked.
    Asked,
}

/// See [`Fact::Membership`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The person asks.
    Asked,
    /// The project says yes.
    Accepted,
    /// The project says no, or takes a member out.
    Refused,
    /// The person leaves, or takes the request back.
    Left,
}

/// What connected clients are told after the commit. Ids and texts only: the streaming edge renders.
#[derive(Clone, Debug)]
pub struct Event {
    /// Local accounts whose home stream it belongs to.
    pub home: std::sync::Arc<[Id<Account>]>,
    /// Other streams it belongs to: `public`, `public:local`, `hashtag:x`, `list:1`, `direct:ACCOUNT`...
    pub streams: Vec<String>,
    /// What happened.
    pub what: EventKind,
}

/// See [`Event`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A new post or boost.
    Update(Id<Post>),
    /// An edited post.
    Edit(Id<Post>),
    /// A post or boost that is gone.
    Delete(Id<Post>),
    /// A notification for the accounts in `home`.
    Notification(Id<Notification>),
    /// The reader's copy of a conversation changed.
    Conversation(Id<crate::model::Conversation>),
    /// Filters of the accounts in `home` changed.
    FiltersChanged,
    /// Staff tells everybody something.
    Announcement(Id<crate::model::Announcement>),
    /// What people think of it changed.
    AnnouncementReaction {
        /// Of which.
        announcement: Id<crate::model::Announcement>,
        /// The emoji.
        name: String,
        /// How many there are now.
        count: i64,
    },
    /// An announcement is taken back, or over.
    AnnouncementDelete(Id<crate::model::Announcement>),
    /// Notifications that were held back are there, for the accounts in `home`.
    NotificationsMerged,
    /// Close the sockets of these tokens, or of all tokens of the accounts in `home` when empty.
    Revoked(Vec<i64>),
    /// This process could not hear the others for a while: whoever listened may have missed something and has to look.
    Missed,
}
