//! Fact -> events of the public, hashtag and list streams. Home streams are told by those who fill home timelines.

use super::{Event, EventKind, Fact, Tx};
use crate::{
    Result,
    id::Id,
    model::{Listing, Post, Visibility},
    store,
};

/// The consumer (see [`super::Consumer`]).
pub fn consume(tx: &mut Tx<'_>, fact: &Fact) -> Result<()> {
    match fact {
        Fact::PostPublished { post, fresh: true } => tell(tx, *post, EventKind::Update(*post)),
        Fact::PostBoosted { boost, fresh: true } => tell(tx, *boost, EventKind::Update(*boost)),
        Fact::PostEdited { post, .. } => tell(tx, *post, EventKind::Edit(*post)),
        Fact::PostDeleted(post) | Fact::PostUnboosted(post) => tell(tx, *post, EventKind::Delete(*post)),
        Fact::FiltersChanged(owner) => {
            let home = [*owner].into();
            tx.announce(Event { home, streams: Vec::new(), what: EventKind::FiltersChanged });
            Ok(())
        }
        Fact::PostPublished { fresh: false, .. }
        | Fact::PostCameLate(_)
        | Fact::PostBoosted { fresh: false, .. }
        | Fact::AccountRegistered(_)
        | Fact::AccountUpdated(_)
        | Fact::AccountDeleted(_)
        | Fact::AccountSuspended(_)
        | Fact::AccountUnsuspended(_)
        | Fact::AccountLeft(_)
        | Fact::AccountReturned(_)
        | Fact::AccountMoved(_)
        | Fact::PostFavourited(_)
        | Fact::PostUnfavourited(_)
        | Fact::PostReacted(_)
        | Fact::PostUnreacted(_)
        | Fact::PostPinned(..)
        | Fact::PostUnpinned(..)
        | Fact::TagFeatured(..)
        | Fact::TagUnfeatured(..)
        | Fact::PollVoted(..)
        | Fact::PollVotedRemotely(_)
        | Fact::PollClosed(_)
        | Fact::QuestionChanged(_)
        | Fact::IdeaChanged(_)
        | Fact::QuoteAsked(_)
        | Fact::QuoteAccepted { .. }
        | Fact::QuoteEnded(_)
        | Fact::CollectionChanged(..)
        | Fact::CollectionItemChanged(..)
        | Fact::FeatureAnswered { .. }
        | Fact::InteractionAsked(_)
        | Fact::InteractionAccepted(_)
        | Fact::InteractionEnded(_)
        | Fact::InteractionAnswered(_)
        | Fact::QuoteRefused { .. }
        | Fact::QuotePolicyChanged(_)
        | Fact::FollowRequested(_)
        | Fact::FollowAccepted(_)
        | Fact::FollowReaffirmed(_)
        | Fact::FollowRejected(_)
        | Fact::Unfollowed(_)
        | Fact::FollowRefused { .. }
        | Fact::FollowStale { .. }
        | Fact::Membership { .. }
        | Fact::ThreadLocked { .. }
        | Fact::CollectionJoined(_)
        | Fact::CollectionLeft(_)
        | Fact::CollectionRenamed(_)
        | Fact::Blocked(_)
        | Fact::Unblocked(_)
        | Fact::ReportFiled(_)
        | Fact::AccountWarned(_)
        | Fact::FollowsSevered(_)
        | Fact::Notified(_)
        | Fact::AccessRevoked { .. } => Ok(()),
    }
}

/// Tells the public, hashtag and list streams that a post stands in.
pub(super) fn tell(tx: &mut Tx<'_>, id: Id<Post>, what: EventKind) -> Result<()> {
    let post = store::views::post(tx.conn, id)?;
    if post.visibility == Visibility::Direct {
        return Ok(());
    }
    let mut streams = Vec::new();
    let half = if post.local { "local" } else { "remote" };
    if post.listing != Listing::Hidden {
        let media = post.media_ids != "[]";
        for stream in ["public".to_owned(), format!("public:{half}")] {
            if media {
                streams.push(format!("{stream}:media"));
            }
            streams.push(stream);
        }
    }
    if post.visibility == Visibility::Public && !post.is_boost() {
        for (_, tag) in store::views::tags(tx.conn, &[id])? {
            if post.local {
                streams.push(format!("hashtag:local:{tag}"));
            }
            streams.push(format!("hashtag:{tag}"));
        }
    }
    let lists = store::lists::streamed(tx.conn, &post)?;
    streams.extend(lists.into_iter().map(|list| format!("list:{list}")));
    if !streams.is_empty() {
        tx.announce(Event { home: [].into(), streams, what });
    }
    Ok(())
}
