//! Questions to the network (N6): a post with the organisation's ask tag, or one made by writing `ask` to the concierge.
//! The asker's node puts it to people who may know ([`ladder`]), each person's own node decides whether they are told of
//! it ([`cap`]), the asker accepts an answer by replying `✅` to it, and the state travels with the post.

pub mod cap;
pub mod days;
pub mod ladder;

use super::{
    Fact, Task, Tx, charter,
    concierge::{self, page::Page, typed, words},
    people,
    posts::Meaning,
};
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, AccountKind, Post, Visibility},
    store::{self, questions::Question},
};

/// Nobody's answer was accepted yet.
pub const OPEN: i16 = 0;
/// An answer was accepted.
pub const ANSWERED: i16 = 1;
/// It ended without one.
pub const CLOSED: i16 = 2;

/// What an asker puts before an accepting reply.
const MARK: char = '✅';

/// A question as another node tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// [`OPEN`], [`ANSWERED`] or [`CLOSED`].
    pub state: i16,
    /// The object id of the accepted answer.
    pub answer: Option<String>,
}

/// The word of the vocabulary for a state.
pub const fn state_word(state: i16) -> &'static str {
    match state {
        OPEN => "open",
        ANSWERED => "answered",
        _ => "closed",
    }
}

/// From that word; what is unknown is open.
pub fn state_of(word: &str) -> i16 {
    match word {
        "answered" => ANSWERED,
        "closed" => CLOSED,
        _ => OPEN,
    }
}

/// Whether an account belongs to another node of the organisation.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_member(tx: &mut Tx<'_>, account: &Account) -> Result<bool> {
    let Some(domain) = account.domain.as_deref() else { return Ok(false) };
    Ok(charter::current(tx.conn)?.is_some_and(|signed| signed.charter.node(domain).is_some()))
}

/// Writes down what a post that was just stored is, before anybody hears of it.
pub(super) fn note(
    tx: &mut Tx<'_>,
    post: &Post,
    author: &Account,
    meaning: &Meaning,
    tags: &[(String, String)],
) -> Result<()> {
    match meaning {
        Meaning::Route => store::questions::insert_route(tx.conn, post.id),
        Meaning::Ask(told) => {
            insert(tx, post)?;
            receive(tx, post, told)
        }
        Meaning::Plain => {
            let tag = &tx.config().questions.tag;
            let asks = post.local
                && author.kind == AccountKind::Person
                && post.in_reply_to_id.is_none()
                && post.visibility <= Visibility::Unlisted
                && tags.iter().any(|(name, _)| name == tag);
            if asks { begin(tx, post) } else { Ok(()) }
        }
    }
}

fn insert(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    let question = Question {
        post: post.id,
        asker: post.account_id,
        local: post.local,
        state: OPEN,
        step: 0,
        answers: 0,
        desk: false,
        answer: None,
        answer_uri: None,
        answered_by: None,
        asked_at: post.created_at,
        ended_at: None,
    };
    store::questions::insert(tx.conn, &question)
}

/// Makes a post of this node a question.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn begin(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    insert(tx, post)?;
    tx.enqueue(&Task::ClimbLadder { question: post.id.raw(), step: 0 })
}

/// Takes in what another node says of its question.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn receive(tx: &mut Tx<'_>, post: &Post, told: &Told) -> Result<()> {
    let Some(mut question) = store::questions::find(tx.conn, post.id)? else {
        insert(tx, post)?;
        return if *told == Told::default() { Ok(()) } else { receive(tx, post, told) };
    };
    if question.local || (question.state == told.state && question.answer_uri == told.answer) {
        return Ok(());
    }
    forget_answer(tx, &mut question)?;
    question.state = told.state;
    question.answer_uri = told.answer.clone().filter(|_| told.state == ANSWERED);
    question.ended_at = (told.state != OPEN).then_some(tx.now);
    store::questions::update(tx.conn, &question)?;
    if question.answer_uri.is_some() && !learn(tx, post.id)? {
        tx.enqueue(&Task::LearnAnswer { question: post.id.raw() })?;
    }
    Ok(())
}

/// Counts the accepted answer of another node's question for whoever gave it; false while it is not known here.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn learn(tx: &mut Tx<'_>, id: Id<Post>) -> Result<bool> {
    let Some(mut question) = store::questions::find(tx.conn, id)?.filter(|q| q.state == ANSWERED) else {
        return Ok(true);
    };
    let Some(uri) = question.answer_uri.as_deref() else { return Ok(true) };
    let Some(answer) = store::posts::find_by_uri(tx.conn, uri)? else { return Ok(false) };
    if answer.account_id != question.asker {
        count(tx, &mut question, &answer)?;
    }
    Ok(true)
}

/// The hashtags that a question is about.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn tags(tx: &mut Tx<'_>, question: Id<Post>) -> Result<Vec<String>> {
    let mut tags = store::posts::tag_names(tx.conn, question)?;
    tags.retain(|tag| *tag != tx.config().questions.tag);
    Ok(tags)
}

fn count(tx: &mut Tx<'_>, question: &mut Question, answer: &Post) -> Result<()> {
    (question.answer, question.answered_by) = (Some(answer.id), Some(answer.account_id));
    question.answer_uri = Some(answer.uri.clone());
    store::questions::update(tx.conn, question)?;
    let tags = tags(tx, question.post)?;
    people::answers::accept(tx, answer.account_id, answer.id, &tags)
}

fn forget_answer(tx: &mut Tx<'_>, question: &mut Question) -> Result<()> {
    if let (Some(answer), Some(by)) = (question.answer.take(), question.answered_by.take()) {
        people::answers::take_back(tx, by, answer)?;
    }
    question.answer_uri = None;
    Ok(())
}

/// The asker accepts an answer.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn accept(tx: &mut Tx<'_>, mut question: Question, answer: &Post) -> Result<()> {
    if question.answer == Some(answer.id) {
        return Ok(());
    }
    forget_answer(tx, &mut question)?;
    (question.state, question.ended_at) = (ANSWERED, Some(tx.now));
    count(tx, &mut question, answer)?;
    tx.record(Fact::QuestionChanged(question.post))?;
    let by = store::accounts::load(tx.conn, answer.account_id)?;
    let tongue = concierge::tongue_of(tx, question.asker, None)?;
    let post = store::posts::load(tx.conn, question.post)?;
    let mut page = Page::default();
    let who = concierge::page::handle(tx.site(), &by);
    page.post(&words::ANSWERED_BY.with(tongue, &[&who]), answer);
    concierge::say(tx, &post, page, tongue, post.visibility, &[by.id], Meaning::Plain).map(|_| ())
}

/// The asker ends a question without an accepted answer.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn close(tx: &mut Tx<'_>, mut question: Question) -> Result<()> {
    if question.state != OPEN {
        return Ok(());
    }
    (question.state, question.ended_at) = (CLOSED, Some(tx.now));
    store::questions::update(tx.conn, &question)?;
    tx.record(Fact::QuestionChanged(question.post))?;
    let tongue = concierge::tongue_of(tx, question.asker, None)?;
    let post = store::posts::load(tx.conn, question.post)?;
    let mut page = Page::default();
    page.line(words::CLOSED.of(tongue));
    let asker = question.asker;
    concierge::say(tx, &post, page, tongue, Visibility::Direct, &[asker], Meaning::Plain).map(|_| ())
}

/// Questions that nobody else answered yet, newest first.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn open(conn: &mut Conn, visible: Sql, limit: i64) -> Result<Vec<Post>> {
    store::questions::open(conn, visible, limit)
}

/// A reply in a thread: counted for its question, or its acceptance.
fn replied(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let post = store::posts::load(tx.conn, id)?;
    let Some(parent) = post.in_reply_to_id else { return Ok(()) };
    let Some(question) = store::questions::find(tx.conn, post.conversation_id)? else { return Ok(()) };
    if post.account_id != question.asker {
        let author = store::accounts::load(tx.conn, post.account_id)?;
        let counts = author.kind == AccountKind::Person && post.visibility <= Visibility::Private;
        return if counts { store::questions::count_answer(tx.conn, question.post, 1) } else { Ok(()) };
    }
    if !question.local || !concierge::parse::without_mentions(&typed(&post)).starts_with(MARK) {
        return Ok(());
    }
    let answer = store::posts::load(tx.conn, parent)?;
    let by = store::accounts::load(tx.conn, answer.account_id)?;
    if answer.account_id == question.asker || by.kind != AccountKind::Person {
        return close(tx, question);
    }
    accept(tx, question, &answer)
}

/// An answer goes.
fn going(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    if let Some(mut question) = store::questions::find_by_answer(tx.conn, id)? {
        forget_answer(tx, &mut question)?;
        question.state = CLOSED;
        store::questions::update(tx.conn, &question)?;
        if question.local {
            tx.record(Fact::QuestionChanged(question.post))?;
        }
    }
    let post = store::posts::load(tx.conn, id)?;
    if post.in_reply_to_id.is_none() || post.visibility > Visibility::Private {
        return Ok(());
    }
    let Some(question) = store::questions::find(tx.conn, post.conversation_id)? else { return Ok(()) };
    let author = store::accounts::load(tx.conn, post.account_id)?;
    if post.account_id != question.asker && author.kind == AccountKind::Person {
        store::questions::count_answer(tx.conn, question.post, -1)?;
    }
    Ok(())
}

/// The consumer (see [`super::Consumer`]).
pub fn consume(tx: &mut Tx<'_>, fact: &Fact) -> Result<()> {
    match fact {
        Fact::PostPublished { post, .. } => replied(tx, *post),
        Fact::PostDeleted(post) => going(tx, *post),
        Fact::AccountRegistered(_)
        | Fact::AccountUpdated(_)
        | Fact::AccountDeleted(_)
        | Fact::AccountSuspended(_)
        | Fact::AccountUnsuspended(_)
        | Fact::AccountLeft(_)
        | Fact::AccountReturned(_)
        | Fact::AccountMoved(_)
        | Fact::PostCameLate(_)
        | Fact::Membership { .. }
        | Fact::PostEdited { .. }
        | Fact::PostBoosted { .. }
        | Fact::PostUnboosted(_)
        | Fact::PostFavourited(_)
        | Fact::PostUnfavourited(_)
        | Fact::PostPinned(..)
        | Fact::PostUnpinned(..)
        | Fact::PollVoted(..)
        | Fact::PollVotedRemotely(_)
        | Fact::PollClosed(_)
        | Fact::QuestionChanged(_)
        | Fact::FollowRequested(_)
        | Fact::FollowAccepted(_)
        | Fact::FollowReaffirmed(_)
        | Fact::FollowRejected(_)
        | Fact::Unfollowed(_)
        | Fact::FollowRefused { .. }
        | Fact::FollowStale { .. }
        | Fact::Blocked(_)
        | Fact::Unblocked(_)
        | Fact::ReportFiled(_)
        | Fact::FiltersChanged(_)
        | Fact::Notified(_)
        | Fact::AccessRevoked { .. } => Ok(()),
    }
}
