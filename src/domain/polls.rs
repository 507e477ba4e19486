//! Polls: votes of people here and elsewhere, tallies, the end.

use super::{
    Fact, Task, Tx, Viewer,
    posts::{self, NewPoll},
    visibility,
};
use crate::{
    Error, Result,
    db::Conn,
    id::Id,
    model::{Account, Poll, Post},
    store,
    time::Timestamp,
};

/// Stores the poll of a new post and plans its end.
pub(super) fn insert(tx: &mut Tx<'_>, id: Id<Poll>, post: Id<Post>, new: &NewPoll) -> Result<()> {
    let poll = Poll {
        id,
        post_id: post,
        multiple: new.multiple,
        hide_totals: new.hide_totals,
        expires_at: new.expires_at,
        closed_at: new.closed_at,
        voters_count: new.voters,
        fetched_at: Some(tx.now),
        update_due_at: None,
    };
    store::polls::insert(tx.conn, &poll, &new.options)?;
    plan_end(tx, &poll)
}

fn plan_end(tx: &mut Tx<'_>, poll: &Poll) -> Result<()> {
    match poll.expires_at {
        Some(at) if poll.closed_at.is_none() && at > tx.now => {
            tx.enqueue_at(&Task::ClosePoll { poll: poll.id.raw() }, at)
        }
        _ => Ok(()),
    }
}

/// A stored poll as it would be written anew.
pub(super) fn as_new(conn: &mut Conn, poll: &Poll) -> Result<NewPoll> {
    let options = store::polls::options(conn, poll.id)?.into_iter().map(|o| (o.title, o.votes_count)).collect();
    Ok(NewPoll {
        options,
        multiple: poll.multiple,
        hide_totals: poll.hide_totals,
        expires_at: poll.expires_at,
        closed_at: poll.closed_at,
        voters: poll.voters_count,
    })
}

/// The poll's part of an edit: answers the poll the post has now, and whether only tallies moved.
pub(super) fn revise(
    tx: &mut Tx<'_>,
    post: &Post,
    old: Option<Poll>,
    new: Option<NewPoll>,
    changed: bool,
) -> Result<(Option<Id<Poll>>, bool)> {
    match (old, new) {
        (None, None) => Ok((None, false)),
        (None, Some(new)) => {
            let id = tx.new_id();
            insert(tx, id, post.id, &new)?;
            Ok((Some(id), false))
        }
        (Some(old), None) => {
            store::polls::delete(tx.conn, old.id)?;
            Ok((None, false))
        }
        (Some(old), Some(new)) => {
            let mut poll = old.clone();
            poll.multiple = new.multiple;
            poll.hide_totals = new.hide_totals;
            poll.expires_at = new.expires_at;
            poll.fetched_at = Some(tx.now);
            if changed {
                store::polls::replace_options(tx.conn, poll.id, &new.options)?;
                (poll.voters_count, poll.closed_at) = (new.voters, new.closed_at);
            }
            let mut tallies = false;
            if !changed && !post.local {
                for stored in store::polls::options(tx.conn, poll.id)? {
                    let told = new.options.iter().find(|(title, _)| *title == stored.title).map(|(_, votes)| *votes);
                    if let Some(votes) = told.filter(|votes| *votes != stored.votes_count) {
                        store::polls::set_votes(tx.conn, poll.id, stored.position, votes)?;
                        tallies = true;
                    }
                }
                poll.voters_count = new.voters;
                poll.closed_at = new.closed_at.or(poll.closed_at);
            }
            let ended = old.closed_at.is_none() && poll.closed_at.is_some();
            store::polls::update(tx.conn, &poll)?;
            if ended {
                tx.record(Fact::PollClosed(poll.id))?;
            } else if poll.expires_at != old.expires_at {
                plan_end(tx, &poll)?;
            }
            Ok((Some(poll.id), tallies || ended))
        }
    }
}

/// Seconds after which the tallies of a remote poll are asked for again when somebody looks (POLL-03).
const STALE_SECONDS: i64 = 60;

/// Whether somebody who looks at this poll should find newer tallies next time.
pub fn is_stale(poll: &Poll, post: &Post, now: Timestamp) -> bool {
    let asked = poll.fetched_at.unwrap_or(post.created_at);
    !post.local && poll.closed_at.is_none() && asked.plus_seconds(STALE_SECONDS) <= now
}

/// Whether nobody can vote any more.
pub fn is_over(poll: &Poll, now: Timestamp) -> bool {
    poll.closed_at.is_some() || poll.expires_at.is_some_and(|at| at <= now)
}

/// A poll whose post `viewer` may see.
///
/// # Errors
/// `NotFound`.
pub fn visible_poll(conn: &mut Conn, viewer: Viewer, id: Id<Poll>, now: Timestamp) -> Result<(Poll, Post)> {
    let poll = store::polls::load(conn, id)?;
    let post = visibility::visible_post(conn, viewer, poll.post_id, now)?;
    Ok((poll, post))
}

/// A local person votes. The tally of a remote poll waits for its author (POLL-02).
///
/// # Errors
/// `NotFound` for what they may not see; `Invalid` after the end, for one's own poll, a second time, or without a sound
/// choice.
pub fn vote(tx: &mut Tx<'_>, voter: Id<Account>, id: Id<Poll>, choices: &[i64]) -> Result<()> {
    let (poll, post) = visible_poll(tx.conn, Viewer::from(voter), id, tx.now)?;
    let refuse = |code, reason: &'static str| Err(Error::invalid("choices", code, reason));
    if is_over(&poll, tx.now) {
        return refuse("invalid", "The poll has already ended");
    }
    if post.account_id == voter {
        return refuse("invalid", "You cannot vote in your own polls");
    }
    if store::follows::is_blocked_either_way(tx.conn, voter, post.account_id)? {
        return Err(Error::NotFound);
    }
    let mut chosen: Vec<i64> = choices.to_vec();
    chosen.sort_unstable();
    chosen.dedup();
    let options = store::polls::options(tx.conn, id)?.len() as i64;
    if chosen.is_empty() || chosen.iter().any(|c| !(0..options).contains(c)) {
        return refuse("inclusion", "The chosen vote option does not exist");
    }
    // The second choice of a poll for one is a second vote, and clients know this text.
    if !poll.multiple && chosen.len() > 1 {
        return refuse("taken", "You have already voted on this poll");
    }
    // Where several may be chosen, others may be added later.
    let before = store::polls::choices(tx.conn, id, voter)?;
    if !before.is_empty() && (!poll.multiple || chosen.iter().any(|choice| before.contains(choice))) {
        return refuse("taken", "You have already voted on this poll");
    }
    for choice in chosen {
        let choice = i16::try_from(choice).unwrap_or(i16::MAX);
        store::polls::insert_vote(tx.conn, id, voter, choice, tx.now)?;
        if post.local {
            store::polls::add_vote(tx.conn, id, choice)?;
        }
    }
    if post.local && before.is_empty() {
        store::polls::add_voter(tx.conn, id)?;
    }
    if before.is_empty() {
        posts::may_be_found_by(tx, voter, &post)?;
    }
    tx.record(Fact::PollVoted(id, voter))
}

/// A vote arrives for a poll of this node (POLL-04): each answer once per actor, one answer only where one is allowed,
/// each voter counted once, nothing after the end. What does not count is no error.
pub fn receive_vote(tx: &mut Tx<'_>, voter: &Account, post: &Post, title: &str) -> Result<()> {
    let Some(poll) = store::polls::find_by_post(tx.conn, post.id)? else { return Ok(()) };
    let allowed = visibility::sees(tx.conn, voter, post, tx.now)?;
    if !post.local || !allowed || is_over(&poll, tx.now) || voter.id == post.account_id {
        return Ok(());
    }
    let Some(option) = store::polls::options(tx.conn, poll.id)?.into_iter().find(|o| o.title == title) else {
        return Ok(());
    };
    let before = store::polls::choices(tx.conn, poll.id, voter.id)?;
    if !before.is_empty() && !poll.multiple {
        return Ok(());
    }
    if !store::polls::insert_vote(tx.conn, poll.id, voter.id, option.position, tx.now)? {
        return Ok(());
    }
    store::polls::add_vote(tx.conn, poll.id, option.position)?;
    if before.is_empty() {
        store::polls::add_voter(tx.conn, poll.id)?;
    }
    tx.record(Fact::PollVotedRemotely(poll.id))
}

/// The task [`Task::ClosePoll`]: ends a poll whose time is up. Runs again harmlessly.
pub fn close(tx: &mut Tx<'_>, id: Id<Poll>) -> Result<()> {
    let Some(mut poll) = found(tx, id)? else { return Ok(()) };
    if poll.closed_at.is_some() {
        return Ok(());
    }
    if poll.expires_at.is_some_and(|at| at > tx.now) {
        return plan_end(tx, &poll);
    }
    poll.closed_at = Some(poll.expires_at.unwrap_or(tx.now));
    store::polls::update(tx.conn, &poll)?;
    if !store::posts::load(tx.conn, poll.post_id)?.local {
        // The final tallies are at its author's server.
        tx.enqueue(&Task::RefreshPoll { poll: id.raw() })?;
    }
    tx.record(Fact::PollClosed(id))
}

fn found(tx: &mut Tx<'_>, id: Id<Poll>) -> Result<Option<Poll>> {
    match store::polls::load(tx.conn, id) {
        Ok(poll) => Ok(Some(poll)),
        Err(Error::NotFound) => Ok(None),
        Err(e) => Err(e),
    }
}
