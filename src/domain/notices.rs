//! Fact -> notifications. The one place that decides who is told what.

use super::{Event, EventKind, Fact, Tx, accounts, coffee, introductions, notification_requests, push, questions};
use crate::{
    Result,
    db::Sql,
    id::Id,
    model::{Account, Favourite, FollowState, NotificationKind as Kind, Poll, Post, Role, Verdict},
    store::{
        self,
        notifications::{self, About},
    },
};

/// The consumer (see [`super::Consumer`]).
pub fn consume(tx: &mut Tx<'_>, fact: &Fact) -> Result<()> {
    match fact {
        Fact::FollowRequested(id) => {
            let follow = store::follows::load(tx.conn, *id)?;
            tell(tx, Kind::FollowRequest, &[follow.target_id], follow.account_id, About::Person, None)
        }
        Fact::FollowAccepted(id) => {
            let follow = store::follows::load(tx.conn, *id)?;
            let target = store::accounts::load(tx.conn, follow.target_id)?;
            // Whoever said yes by hand knows already.
            if !target.is_local() || target.locked || follow.state != FollowState::Accepted {
                return Ok(());
            }
            tell(tx, Kind::Follow, &[follow.target_id], follow.account_id, About::Person, None)
        }
        Fact::FollowRejected(id) | Fact::Unfollowed(id) => {
            let follow = store::follows::load(tx.conn, *id)?;
            for kind in [Kind::Follow, Kind::FollowRequest] {
                notifications::remove(tx.conn, follow.target_id, kind, follow.account_id, About::Person)?;
            }
            Ok(())
        }
        Fact::PostPublished { post, fresh: true } => published(tx, *post),
        Fact::PostCameLate(id) => {
            let new = post(tx, *id)?;
            mentioned(tx, &new).map(|_| ())
        }
        Fact::PostEdited { post, newly_mentioned, quiet: false } => edited(tx, *post, newly_mentioned),
        Fact::PostBoosted { boost, fresh: true } => {
            let boost = post(tx, *boost)?;
            let Some(original) = boost.boost_of_id else { return Ok(()) };
            // A group passes on what was sent to it: that is no news for who sent it (INT-11).
            if store::accounts::load(tx.conn, boost.account_id)?.kind == crate::model::AccountKind::Group {
                return Ok(());
            }
            let original = post(tx, original)?;
            let thread = Some(original.conversation_id);
            tell(tx, Kind::Reblog, &[original.account_id], boost.account_id, About::Post(original.id), thread)
        }
        Fact::PostUnboosted(id) => {
            let boost = post(tx, *id)?;
            let Some(original) = boost.boost_of_id else { return Ok(()) };
            let author = post(tx, original)?.account_id;
            notifications::remove(tx.conn, author, Kind::Reblog, boost.account_id, About::Post(original))
        }
        Fact::PostFavourited(id) => {
            let favourite = favourite(tx, *id)?;
            let liked = post(tx, favourite.post_id)?;
            let thread = Some(liked.conversation_id);
            tell(tx, Kind::Favourite, &[liked.account_id], favourite.account_id, About::Post(liked.id), thread)
        }
        Fact::PostUnfavourited(id) => {
            let favourite = favourite(tx, *id)?;
            let author = post(tx, favourite.post_id)?.account_id;
            let about = About::Post(favourite.post_id);
            notifications::remove(tx.conn, author, Kind::Favourite, favourite.account_id, about)
        }
        Fact::QuoteAccepted { post: id, fresh: true } => {
            let Some(author) = quoted_author(tx, *id)? else { return Ok(()) };
            let quoting = post(tx, *id)?;
            tell(tx, Kind::Quote, &[author], quoting.account_id, About::Post(*id), None)
        }
        Fact::QuoteEnded(id) => {
            let Some(author) = quoted_author(tx, *id)? else { return Ok(()) };
            let quoting = post(tx, *id)?;
            notifications::remove(tx.conn, author, Kind::Quote, quoting.account_id, About::Post(*id))
        }
        Fact::PollClosed(id) => poll_closed(tx, *id),
        Fact::AccountRegistered(id) => {
            let staff = notifications::staff(tx.conn, Role::Admin)?;
            tell(tx, Kind::AdminSignUp, &staff, *id, About::Person, None)
        }
        Fact::ReportFiled(id) => {
            let staff = notifications::staff(tx.conn, Role::Moderator)?;
            let report: crate::model::Report =
                Sql::new("select r.* from reports r where r.id = ").bind(*id).one(tx.conn)?;
            // Whoever is reported does not learn of it, staff or not (MOD-04).
            for member in staff.into_iter().filter(|member| *member != report.target_id) {
                write(tx, member, Kind::AdminReport, report.account_id, About::Report(*id))?;
            }
            Ok(())
        }
        Fact::CollectionJoined(id) => {
            let item = store::collections::item(tx.conn, *id)?;
            let owner = store::collections::load(tx.conn, item.collection_id)?.account_id;
            let about = About::Collection(item.collection_id);
            tell(tx, Kind::AddedToCollection, &[item.account_id], owner, about, None)
        }
        Fact::CollectionLeft(id) => {
            let item = store::collections::item(tx.conn, *id)?;
            let owner = store::collections::load(tx.conn, item.collection_id)?.account_id;
            for kind in [Kind::AddedToCollection, Kind::CollectionUpdate] {
                notifications::remove(tx.conn, item.account_id, kind, owner, About::Collection(item.collection_id))?;
            }
            Ok(())
        }
        Fact::CollectionRenamed(id) => {
            let owner = store::collections::load(tx.conn, *id)?.account_id;
            let people: Vec<_> =
                store::collections::items(tx.conn, &[*id])?.into_iter().map(|item| item.account_id).collect();
            for account in notifications::willing(tx.conn, &people, owner, None, tx.now)? {
                renew(tx, account, Kind::CollectionUpdate, owner, About::Collection(*id))?;
            }
            Ok(())
        }
        Fact::AccountWarned(id) => {
            let to = store::warnings::load(tx.conn, *id)?.account_id;
            write_from_node(tx, to, Kind::ModerationWarning, About::Warning(*id))
        }
        Fact::FollowsSevered(id) => {
            let to = store::severances::load(tx.conn, *id)?.account_id;
            write_from_node(tx, to, Kind::SeveredRelationships, About::Severance(*id))
        }
        Fact::Notified(id) => {
            let Some(row) = notifications::by_id(tx.conn, *id)? else { return Ok(()) };
            let home = [row.account_id].into();
            tx.announce(Event { home, streams: Vec::new(), what: EventKind::Notification(*id) });
            push::notified(tx, &row)
        }
        Fact::AccountUpdated(_)
        | Fact::AccountDeleted(_)
        | Fact::AccountSuspended(_)
        | Fact::AccountUnsuspended(_)
        | Fact::AccountLeft(_)
        | Fact::AccountReturned(_)
        | Fact::AccountMoved(_)
        | Fact::PostPublished { fresh: false, .. }
        | Fact::PostEdited { quiet: true, .. }
        | Fact::PostDeleted(_)
        | Fact::PostBoosted { fresh: false, .. }
        | Fact::PostReacted(_)
        | Fact::PostUnreacted(_)
        | Fact::PostPinned(..)
        | Fact::PostUnpinned(..)
        | Fact::TagFeatured(..)
        | Fact::TagUnfeatured(..)
        | Fact::PollVoted(..)
        | Fact::PollVotedRemotely(_)
        | Fact::QuestionChanged(_)
        | Fact::IdeaChanged(_)
        | Fact::QuoteAsked(_)
        | Fact::QuoteAccepted { fresh: false, .. }
        | Fact::CollectionChanged(..)
        | Fact::CollectionItemChanged(..)
        | Fact::FeatureAnswered { .. }
        | Fact::InteractionAsked(_)
        | Fact::InteractionAccepted(_)
        | Fact::InteractionEnded(_)
        | Fact::InteractionAnswered(_)
        | Fact::QuoteRefused { .. }
        | Fact::QuotePolicyChanged(_)
        | Fact::FollowReaffirmed(_)
        | Fact::FollowRefused { .. }
        | Fact::FollowStale { .. }
        | Fact::Membership { .. }
        | Fact::ThreadLocked { .. }
        | Fact::Blocked(_)
        | Fact::Unblocked(_)
        | Fact::FiltersChanged(_)
        | Fact::AccessRevoked { .. } => Ok(()),
    }
}

fn post(tx: &mut Tx<'_>, id: Id<Post>) -> Result<Post> {
    Sql::new("select p.* from posts p where p.id = ").bind(id).one(tx.conn)
}

/// Whose post is quoted by this one.
fn quoted_author(tx: &mut Tx<'_>, quoting: Id<Post>) -> Result<Option<Id<Account>>> {
    Ok(store::quotes::find(tx.conn, quoting)?.and_then(|quote| quote.quoted_account_id))
}

fn favourite(tx: &mut Tx<'_>, id: Id<Favourite>) -> Result<Favourite> {
    Sql::new("select f.* from favourites f where f.id = ").bind(id).one(tx.conn)
}

/// Writes one and says so.
fn write(tx: &mut Tx<'_>, to: Id<Account>, kind: Kind, from: Id<Account>, about: About) -> Result<()> {
    match notifications::insert(tx.conn, to, kind, from, about, tx.now)? {
        Some(written) => tx.record(Fact::Notified(written)),
        None => Ok(()),
    }
}

/// As [`write`], of what nobody did whom one could name: clients need somebody to show, and get the actor of the node.
fn write_from_node(tx: &mut Tx<'_>, to: Id<Account>, kind: Kind, about: About) -> Result<()> {
    let actor = accounts::instance::actor(tx)?;
    write(tx, to, kind, actor.id, about)
}

/// As [`write`]; the newest change takes the place of the word of an earlier one.
fn renew(tx: &mut Tx<'_>, to: Id<Account>, kind: Kind, from: Id<Account>, about: About) -> Result<()> {
    notifications::remove(tx.conn, to, kind, from, about)?;
    write(tx, to, kind, from, about)
}

/// Tells those of `to` who may be told, once each.
fn tell(
    tx: &mut Tx<'_>,
    kind: Kind,
    to: &[Id<Account>],
    from: Id<Account>,
    about: About,
    thread: Option<Id<Post>>,
) -> Result<()> {
    let willing = notifications::willing(tx.conn, to, from, thread, tx.now)?;
    for (account, verdict) in notification_requests::judge(tx, &willing, kind, from, about.post())? {
        if verdict == Verdict::Drop || notifications::is_there(tx.conn, account, kind, from, about)? {
            continue;
        }
        let Some(id) = notifications::insert(tx.conn, account, kind, from, about, tx.now)? else { continue };
        if verdict == Verdict::Filter {
            notifications::hold(tx.conn, id)?;
            notification_requests::note(tx, account, kind, from)?;
        } else {
            tx.record(Fact::Notified(id))?;
        }
    }
    Ok(())
}

/// Tells the people of this node whom a post names; answers who they are. Whoever is asked too often by a concierge sees
/// the question among the open ones only; whoever asks is told in any case.
fn mentioned(tx: &mut Tx<'_>, new: &Post) -> Result<Vec<Id<Account>>> {
    let mentioned: Vec<Id<Account>> = Sql::new(
        "select m.account_id from mentions m join accounts a on a.id = m.account_id and a.domain is null where not m.silent and m.post_id = ",
    )
    .bind(new.id)
    .push(" order by m.account_id")
    .load_ids(tx.conn)?;
    name(tx, new, mentioned)
}

/// Tells people of this node that a post names them; answers to whom it is no news any more. Nobody hears of a post that
/// also names or answers somebody whom they block, or whose notifications they mute.
fn name(tx: &mut Tx<'_>, new: &Post, mentioned: Vec<Id<Account>>) -> Result<Vec<Id<Account>>> {
    let averse = notifications::averse(tx.conn, &mentioned, new.id, new.in_reply_to_account_id, tx.now)?;
    let (averse, hearing): (Vec<_>, Vec<_>) = mentioned.into_iter().partition(|account| averse.contains(account));
    let mut told = admitted(tx, new, hearing)?;
    tell(tx, Kind::Mention, &told, new.account_id, About::Post(new.id), Some(new.conversation_id))?;
    // Nor do they hear of it as of a post of somebody whose posts they asked for.
    told.extend(averse);
    Ok(told)
}

/// Of the people of this node whom a post names, those whom their own node lets be told: not of one question, coffee or
/// introduction too many.
fn admitted(tx: &mut Tx<'_>, new: &Post, mut mentioned: Vec<Id<Account>>) -> Result<Vec<Id<Account>>> {
    if !mentioned.is_empty() && store::questions::is_route(tx.conn, new.id)? {
        let mut told = Vec::with_capacity(mentioned.len());
        for account in mentioned {
            if new.in_reply_to_account_id == Some(account) || questions::cap::admit(tx, account, new.id)? {
                told.push(account);
            }
        }
        mentioned = told;
    }
    if new.visibility == crate::model::Visibility::Direct && !mentioned.is_empty() {
        let is_coffee = store::coffee::is_letter(tx.conn, new.id)?;
        let introduced = store::introductions::find(tx.conn, new.id)?;
        let mut told = Vec::with_capacity(mentioned.len());
        for account in mentioned {
            let admitted = match introduced {
                Some(pair) => introductions::admit(tx, account, new.id, pair)?,
                None => !is_coffee || coffee::admit(tx, account, new.id)?,
            };
            if admitted {
                told.push(account);
            }
        }
        mentioned = told;
    }
    Ok(mentioned)
}

fn published(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let new = post(tx, id)?;
    let mentioned = mentioned(tx, &new)?;
    // Direct posts and replies are no news for subscribers, except replies to oneself.
    let subscribed = new.visibility != crate::model::Visibility::Direct
        && (new.in_reply_to_id.is_none() || new.in_reply_to_account_id == Some(new.account_id));
    if !subscribed {
        return Ok(());
    }
    let listeners: Vec<Id<Account>> =
        Sql::new("select f.account_id from follows f where f.notify and f.state = 1 and f.target_id = ")
            .bind(new.account_id)
            .push(" limit 1000")
            .load_ids(tx.conn)?;
    let listeners: Vec<_> = listeners.into_iter().filter(|l| !mentioned.contains(l)).collect();
    tell(tx, Kind::Status, &listeners, new.account_id, About::Post(id), None)
}

/// People mentioned since the edit; those who boosted, answered or quoted the post learn that it changed.
fn edited(tx: &mut Tx<'_>, id: Id<Post>, newly_mentioned: &[Id<Account>]) -> Result<()> {
    let new = post(tx, id)?;
    name(tx, &new, newly_mentioned.to_vec())?;
    let involved: Vec<Id<Account>> = Sql::new(
        "select p.account_id from posts p join accounts a on a.id = p.account_id and a.domain is null where p.boost_of_id = ",
    )
    .bind(id)
    .with(
        " union select p.account_id from posts p join accounts a on a.id = p.account_id and a.domain is null where p.in_reply_to_id = ",
        id,
    )
    .push(" limit 1000")
    .load_ids(tx.conn)?;
    for account in notifications::willing(tx.conn, &involved, new.account_id, Some(new.conversation_id), tx.now)? {
        renew(tx, account, Kind::Update, new.account_id, About::Post(id))?;
    }
    // Those who quote it, each about their own post that shows it.
    for (quoting, account) in store::quotes::local_quoting(tx.conn, id, 1_000)? {
        if notifications::willing(tx.conn, &[account], new.account_id, None, tx.now)?.is_empty() {
            continue;
        }
        renew(tx, account, Kind::QuotedUpdate, new.account_id, About::Post(quoting))?;
    }
    Ok(())
}

/// Author and voters of this node.
fn poll_closed(tx: &mut Tx<'_>, id: Id<Poll>) -> Result<()> {
    let poll: Poll = Sql::new("select p.* from polls p where p.id = ").bind(id).one(tx.conn)?;
    let author = post(tx, poll.post_id)?.account_id;
    let mut people: Vec<Id<Account>> = Sql::new(
        "select distinct v.account_id from poll_votes v join accounts a on a.id = v.account_id and a.domain is null where v.poll_id = ",
    )
    .bind(id)
    .load_ids(tx.conn)?;
    let by_local = store::accounts::load(tx.conn, author)?.is_local();
    if by_local && !people.contains(&author) {
        people.push(author);
    }
    let about = About::Post(poll.post_id);
    for account in people {
        if !notifications::is_there(tx.conn, account, Kind::Poll, author, about)? {
            write(tx, account, Kind::Poll, author, about)?;
        }
    }
    Ok(())
}
