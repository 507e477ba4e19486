//! Fact -> activities for other servers, and one delivery for each inbox, in the transaction of the fact: nothing is sent
//! unless it was committed, nothing committed is forgotten. Sending is `deliver`'s; signatures are made there too.

mod collections;
pub mod forward;
mod interactions;
mod people;
mod pins;
mod projects;
mod quotes;
mod reach;
mod reactions;
mod relations;

use super::{
    documents::Whole,
    render::{
        activity::{Activity, Tombstone},
        context::Terms,
        post::Vote,
    },
};
use crate::{
    Result,
    domain::{Fact, Task, Tx, charter},
    id::Id,
    model::{self, Account, Audience as Reach, Poll, Post, Visibility},
    store,
};
use activitypub_federation::kinds::object::NoteType;
use people::{
    PROFILE_DELAY, account_deleted, account_moved, add_nodes, profile_changed, registered, whereabouts_changed,
};
use pins::{featured, pinned};
use relations::{Answer, blocked, follow, refuse, reported, stale};
pub(super) use relations::{follow_public, unfollow_public};

pub use people::send_profile;

/// The queue whose workers are woken.
pub const QUEUE: &str = "deliver";
/// Milliseconds between two Updates of a poll's tallies (POLL-06).
const POLL_DELAY: i64 = 180_000;

/// The consumer (see [`crate::domain::Consumer`]).
pub fn consume(tx: &mut Tx<'_>, fact: &Fact) -> Result<()> {
    match fact {
        Fact::AccountUpdated(id) => profile_changed(tx, *id, PROFILE_DELAY),
        Fact::AccountSuspended(id) | Fact::AccountUnsuspended(id) => profile_changed(tx, *id, 0),
        Fact::AccountLeft(id) | Fact::AccountReturned(id) => whereabouts_changed(tx, *id),
        Fact::AccountDeleted(id) => account_deleted(tx, *id),
        Fact::AccountMoved(id) => {
            account_moved(tx, *id)?;
            profile_changed(tx, *id, 0)
        }
        Fact::AccountRegistered(id) => registered(tx, *id),
        Fact::PostPublished { post, .. } => published(tx, *post, "Create"),
        Fact::PostEdited { post, newly_mentioned: _, quiet: false } => {
            tx.document_changed();
            edited(tx, *post)
        }
        Fact::PostDeleted(id) => {
            tx.document_changed();
            projects::post_ended(tx, *id)?;
            post_deleted(tx, *id)
        }
        Fact::PostBoosted { boost, .. } => published(tx, *boost, "Announce"),
        Fact::PostUnboosted(id) => {
            tx.document_changed();
            unboosted(tx, *id)
        }
        Fact::PostFavourited(id) => reactions::favourited(tx, *id, false),
        Fact::PostUnfavourited(id) => reactions::favourited(tx, *id, true),
        Fact::PostReacted(id) => reactions::reacted(tx, *id, false),
        Fact::PostUnreacted(id) => reactions::reacted(tx, *id, true),
        Fact::PostPinned(account, post) => pinned(tx, *account, *post, "Add"),
        Fact::PostUnpinned(account, post) => pinned(tx, *account, *post, "Remove"),
        Fact::TagFeatured(account, tag) => featured(tx, *account, *tag, "Add"),
        Fact::TagUnfeatured(account, tag) => featured(tx, *account, *tag, "Remove"),
        Fact::PollVoted(poll, account) => voted(tx, *poll, *account),
        Fact::PollVotedRemotely(poll) => poll_changed(tx, *poll, POLL_DELAY),
        Fact::PollClosed(poll) => poll_changed(tx, *poll, 0),
        Fact::QuestionChanged(id) | Fact::IdeaChanged(id) | Fact::QuotePolicyChanged(id) => {
            tx.document_changed();
            edited(tx, *id)
        }
        Fact::InteractionAsked(id) => interactions::asked(tx, *id),
        Fact::InteractionAccepted(post) | Fact::InteractionEnded(post) => {
            tx.document_changed();
            interactions::settled(tx, *post)
        }
        Fact::InteractionAnswered(answer) => interactions::answered(tx, answer),
        Fact::CollectionChanged(id, step) => collections::changed(tx, *id, *step),
        Fact::CollectionItemChanged(id, step) => collections::item_changed(tx, *id, *step),
        Fact::FeatureAnswered { person, by, request, granted } => {
            collections::answered(tx, *person, *by, request, *granted)
        }
        Fact::QuoteAsked(id) => quotes::asked(tx, *id),
        Fact::QuoteAccepted { post, .. } => quotes::accepted(tx, *post),
        Fact::QuoteEnded(id) => {
            tx.document_changed();
            quotes::ended(tx, *id)
        }
        Fact::QuoteRefused { author, by, request, object, instrument } => {
            quotes::refused(tx, *author, *by, request.as_deref(), object, instrument)
        }
        Fact::FollowRequested(id) => follow(tx, *id, Answer::Ask),
        Fact::FollowAccepted(id) | Fact::FollowReaffirmed(id) => follow(tx, *id, Answer::Accept),
        Fact::FollowRejected(id) => follow(tx, *id, Answer::Reject),
        Fact::Unfollowed(id) => follow(tx, *id, Answer::Undo),
        Fact::FollowRefused { target, follower, uri } => refuse(tx, *target, *follower, uri.as_deref()),
        Fact::FollowStale { account, target, uri } => stale(tx, *account, *target, uri),
        Fact::Blocked(id) => blocked(tx, *id, false),
        Fact::Unblocked(id) => blocked(tx, *id, true),
        Fact::ReportFiled(id) => reported(tx, *id),
        Fact::Membership { project, person, step } => projects::membership(tx, *project, *person, *step),
        Fact::ThreadLocked { group, post, by, undo, locked } => {
            projects::thread_locked(tx, *group, *post, *by, undo.as_deref(), *locked)
        }
        // Nothing of these leaves the node.
        Fact::PostCameLate(_)
        | Fact::PostEdited { quiet: true, .. }
        | Fact::CollectionJoined(_)
        | Fact::CollectionLeft(_)
        | Fact::CollectionRenamed(_)
        | Fact::FiltersChanged(_)
        | Fact::AccountWarned(_)
        | Fact::FollowsSevered(_)
        | Fact::Notified(_)
        | Fact::AccessRevoked { .. } => Ok(()),
    }
}

/// An activity about to be queued.
struct Draft<'a> {
    id: i64,
    uri: &'a str,
    account: Id<Account>,
    kind: &'static str,
    object: Option<&'a str>,
    post: Option<Id<Post>>,
    /// How far it may go.
    reach: Reach,
    /// Outlives an unavailable host (DLV-05).
    durable: bool,
    json: String,
}

/// Queues an activity for these inboxes: each once, never our own (DLV-06). Without any nothing is written.
fn send(tx: &mut Tx<'_>, draft: Draft<'_>, inboxes: Vec<String>) -> Result<()> {
    let inboxes = reach::distinct(tx, inboxes);
    let inboxes = reach::admitted(tx, &draft, inboxes)?;
    if inboxes.is_empty() {
        return Ok(());
    }
    reach::write_down(tx, &draft, &inboxes)?;
    let activity = model::Activity {
        id: Id::new(draft.id),
        uri: draft.uri.to_owned(),
        account_id: draft.account,
        kind: draft.kind.to_owned(),
        object_uri: draft.object.map(str::to_owned),
        post_id: draft.post,
        json: draft.json,
        created_at: tx.now,
    };
    let ids: Vec<_> = inboxes.iter().map(|_| tx.new_id()).collect();
    let mut ids = ids.into_iter();
    let fresh = || ids.next().unwrap_or(Id::new(0));
    store::deliveries::insert(tx.conn, &activity, &inboxes, draft.durable, fresh)?;
    tx.wake(QUEUE);
    Ok(())
}

/// The id of an activity of which nothing is kept here (Accept, Undo, Move ...): a part of its actor's document, which
/// is what it answers with for as long as the actor is there (OUT-10).
fn passing_uri<T>(actor: &str, kind: &str, number: Id<T>) -> String {
    format!("{actor}#{}s/{number}", kind.to_ascii_lowercase())
}

/// Whether the kind outlives an unavailable host (DLV-05).
fn is_durable(kind: &str) -> bool {
    matches!(
        kind,
        "Delete"
            | "Undo"
            | "Block"
            | "Reject"
            | "Accept"
            | "Move"
            | "Flag"
            | "Join"
            | "Leave"
            | "QuoteRequest"
            | "ReplyRequest"
            | "LikeRequest"
            | "AnnounceRequest"
            | "FeatureRequest"
    )
}

/// Sends to one person, in their personal inbox.
#[expect(clippy::too_many_arguments, reason = "a delivery has that many sides")]
fn send_to_person(
    tx: &mut Tx<'_>,
    id: i64,
    uri: &str,
    from: &Account,
    to: &Account,
    kind: &'static str,
    object: Option<&str>,
    json: String,
) -> Result<()> {
    let inboxes = to.inbox_url.iter().filter(|_| !to.is_local()).cloned().collect();
    let draft = Draft {
        id,
        uri,
        account: from.id,
        kind,
        object,
        post: None,
        reach: Reach::Open,
        durable: is_durable(kind),
        json,
    };
    send(tx, draft, inboxes)
}

/// Where a post, its boost or what becomes of it goes: followers' servers and the people addressed; personal inboxes
/// for direct posts (DLV-06, PRV-09).
fn inboxes(tx: &mut Tx<'_>, whole: &Whole) -> Result<Vec<String>> {
    if whole.post.visibility == Visibility::Direct {
        return Ok(whole.addressees.iter().filter(|a| a.domain.is_some()).filter_map(|a| a.inbox.clone()).collect());
    }
    let mut all = store::deliveries::follower_inboxes(tx.conn, whole.author.id)?;
    let addressed = whole.addressees.iter().filter(|a| a.domain.is_some());
    all.extend(addressed.filter_map(|a| a.shared_inbox.clone().or_else(|| a.inbox.clone())));
    // A question to the network reaches it, whoever follows its author; so does an idea, and what is said of it.
    if whole.boosted.is_none()
        && whole.post.visibility <= Visibility::Unlisted
        && whole.is_for_the_network()
        && let Some(signed) = charter::current(tx.conn)?
    {
        add_nodes(tx, &signed, &mut all);
    }
    if let Some((_, by)) = whole.boosted.as_ref().filter(|(_, by)| !by.is_local()) {
        all.extend(by.shared_inbox_or_inbox().map(str::to_owned));
    }
    Ok(all)
}

fn local_post(tx: &mut Tx<'_>, id: Id<Post>) -> Result<Option<Whole>> {
    let Some(post) = store::documents::post(tx.conn, id)?.filter(|p| p.local) else { return Ok(None) };
    let author = store::accounts::load(tx.conn, post.account_id)?;
    let site = tx.site();
    Whole::read(tx.conn, site, post, author).map(Some)
}

fn published(tx: &mut Tx<'_>, id: Id<Post>, kind: &'static str) -> Result<()> {
    let Some(whole) = local_post(tx, id)? else { return Ok(()) };
    let to = inboxes(tx, &whole)?;
    if to.is_empty() {
        return Ok(());
    }
    let site = tx.site();
    let json = whole.activity(site)?;
    let uri = whole.activity_id(site);
    let draft = Draft {
        id: id.raw(),
        uri: &uri,
        account: whole.author.id,
        kind,
        object: Some(&whole.post.uri),
        post: Some(id),
        reach: whole.post.audience,
        durable: whole.post.visibility == Visibility::Direct,
        json,
    };
    send(tx, draft, to)
}

/// Update with the whole object, to all who got the Create and to the newly mentioned, who are mentioned now (OUT-08).
fn edited(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let Some(whole) = local_post(tx, id)? else { return Ok(()) };
    let mut to = inboxes(tx, &whole)?;
    if whole.post.visibility <= Visibility::Unlisted {
        to.extend(store::deliveries::involved_inboxes(tx.conn, id)?);
        to.extend(reach::told_of(tx, id, &to)?);
    }
    update(tx, &whole, to)
}

fn update(tx: &mut Tx<'_>, whole: &Whole, to: Vec<String>) -> Result<()> {
    if to.is_empty() || whole.refused {
        return Ok(());
    }
    let number = tx.new_id::<model::Activity>().raw();
    let site = tx.site();
    let uri = format!("{}#updates/{number}", whole.post.uri);
    let note = whole.note(site);
    let (terms, audience) = (note.terms(), note.audience.clone());
    let json = Activity::new("Update", &uri, &whole.author.uri, note)
        .at(tx.now.rfc3339())
        .for_audience(audience)
        .document(terms)?;
    let draft = Draft {
        id: number,
        uri: &uri,
        account: whole.author.id,
        kind: "Update",
        object: Some(&whole.post.uri),
        post: Some(whole.post.id),
        reach: whole.post.audience,
        durable: whole.post.visibility == Visibility::Direct,
        json,
    };
    send(tx, draft, to)
}

/// Delete{Tombstone} to all who got it, boosters' and repliers' servers included (OUT-09).
fn post_deleted(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let Some(whole) = local_post(tx, id)? else { return Ok(()) };
    if whole.boosted.is_some() {
        return unboosted(tx, id);
    }
    let mut to = inboxes(tx, &whole)?;
    if whole.post.visibility <= Visibility::Private {
        to.extend(store::deliveries::involved_inboxes(tx.conn, id)?);
        to.extend(reach::told_of(tx, id, &to)?);
    }
    store::deliveries::take_back_post(tx.conn, id)?;
    let number = tx.new_id::<model::Activity>().raw();
    let uri = format!("{}#delete", whole.post.uri);
    let json = Activity::new("Delete", &uri, &whole.author.uri, Tombstone::new(&whole.post.uri))
        .for_audience(whole.audience(tx.site()))
        .document(Terms::NONE)?;
    let draft = Draft {
        id: number,
        uri: &uri,
        account: whole.author.id,
        kind: "Delete",
        object: Some(&whole.post.uri),
        post: Some(id),
        reach: whole.post.audience,
        durable: true,
        json,
    };
    send(tx, draft, to)
}

fn unboosted(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let Some(whole) = local_post(tx, id)? else { return Ok(()) };
    let Some((original, _)) = &whole.boosted else { return Ok(()) };
    let mut to = inboxes(tx, &whole)?;
    to.extend(reach::told_of(tx, id, &to)?);
    store::deliveries::take_back_post(tx.conn, id)?;
    let number = tx.new_id::<model::Activity>();
    let uri = passing_uri(&whole.author.uri, "Undo", number);
    let audience = whole.audience(tx.site());
    let announce = Activity::new("Announce", &whole.post.uri, &whole.author.uri, original.as_str())
        .at(whole.post.created_at.rfc3339())
        .for_audience(audience.clone());
    let json = Activity::new("Undo", &uri, &whole.author.uri, announce).for_audience(audience).document(Terms::NONE)?;
    let draft = Draft {
        id: number.raw(),
        uri: &uri,
        account: whole.author.id,
        kind: "Undo",
        object: Some(&whole.post.uri),
        post: Some(id),
        reach: whole.post.audience,
        durable: true,
        json,
    };
    send(tx, draft, to)
}

/// A vote for each option, to the author's personal inbox and nobody else's (POLL-02).
fn voted(tx: &mut Tx<'_>, poll: Id<Poll>, account: Id<Account>) -> Result<()> {
    let Some(row) = store::documents::poll(tx.conn, poll)? else { return Ok(()) };
    let Some(post) = store::documents::post(tx.conn, row.post_id)? else { return Ok(()) };
    if post.local {
        return poll_changed(tx, poll, POLL_DELAY);
    }
    let (from, author) = (store::accounts::load(tx.conn, account)?, store::accounts::load(tx.conn, post.account_id)?);
    let options = store::documents::poll_options(tx.conn, poll)?;
    // Choices made earlier were sent then.
    for choice in store::documents::choices(tx.conn, poll, account, tx.now)? {
        let Some(option) = options.iter().find(|o| i64::from(o.position) == choice) else { continue };
        let vote_uri = format!("{}#votes/{poll}/{choice}", from.uri);
        let number = tx.new_id::<model::Activity>();
        let uri = format!("{vote_uri}/activity");
        let vote = Vote {
            id: vote_uri,
            kind: NoteType::Note,
            name: &option.title,
            attributed_to: &from.uri,
            in_reply_to: &post.uri,
            to: [&author.uri],
        };
        let json = Activity::new("Create", &uri, &from.uri, vote).to(&author.uri).document(Terms::NONE)?;
        send_to_person(tx, number.raw(), &uri, &from, &author, "Create", Some(&post.uri), json)?;
    }
    Ok(())
}

fn poll_changed(tx: &mut Tx<'_>, poll: Id<Poll>, wait: i64) -> Result<()> {
    let at = tx.now.plus_millis(wait);
    if wait == 0 {
        return send_poll(tx, poll);
    }
    tx.enqueue_at(&Task::SendPollUpdate { poll: poll.raw() }, at)
}

/// Update{Question} with the tallies as they are, to the servers of followers and voters (POLL-06). The job
/// `SendPollUpdate` calls this; a poll of another server, or one that is gone, does nothing.
///
/// # Errors
/// Those of the database.
pub fn send_poll(tx: &mut Tx<'_>, poll: Id<Poll>) -> Result<()> {
    let Some(row) = store::documents::poll(tx.conn, poll)? else { return Ok(()) };
    let Some(whole) = local_post(tx, row.post_id)? else { return Ok(()) };
    let mut to = inboxes(tx, &whole)?;
    if whole.post.visibility != Visibility::Direct {
        to.extend(store::deliveries::voter_inboxes(tx.conn, poll)?);
    }
    update(tx, &whole, to)
}
