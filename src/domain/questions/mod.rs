//! Questions to the network (N6): a post with the organisation's ask tag, or one made by writing `ask` to the concierge.
//! The asker's node puts it to people who may know ([`ladder`]), each person's own node decides whether they are told of
//! it ([`cap`]), the asker accepts an answer by replying `✅` to it, and the state travels with the post.

pub mod accepting;
pub mod cap;
pub mod days;
pub mod decline;
pub mod export;
pub mod ladder;
pub mod replica;
pub mod reviews;
pub mod tags;

use super::{
    Fact, Task, Tx, Viewer,
    audiences::Wish,
    charter,
    concierge::{self, page::Page, typed, words},
    people,
    posts::{self, Draft, Meaning},
    text, visibility,
};
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, AccountKind, App, Audience, Post, Role, Visibility},
    store::{self, questions::Question},
};

/// Nobody's answer was accepted yet.
pub const OPEN: i16 = 0;
/// An answer was accepted.
pub const ANSWERED: i16 = 1;
/// It ended without one.
pub const CLOSED: i16 = 2;

/// Tags of one question under which its answer counts.
const TAGS: usize = 5;
/// Accepted answers of one person to one asker that count, of those of so many days.
const OF_ONE_ASKER: i64 = 5;
const COUNTED_DAYS: i64 = 365;

/// Seconds by which an acceptance may come here after it happened and be dated by when it came.
const MOMENTS: i64 = 3_600;

/// Replies of a thread that are looked at when its answers are counted anew.
const REPLIES: i64 = 1_000;

/// What an asker puts before an accepting reply.
const MARK: char = '✅';

/// A question as another node tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// [`OPEN`], [`ANSWERED`] or [`CLOSED`].
    pub state: i16,
    /// The object id of the accepted answer.
    pub answer: Option<String>,
    /// Somebody answered, accepted or not.
    pub is_answered: bool,
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
        Meaning::Idea(_) | Meaning::Coffee | Meaning::Introduction(_) => Ok(()),
        Meaning::Route => store::questions::insert_route(tx.conn, post.id),
        Meaning::Ask(told) => {
            insert(tx, post)?;
            receive(tx, post, told)
        }
        Meaning::Plain if asks(tx, post, author, tags.iter().map(|(name, _)| name)) => begin(tx, post),
        Meaning::Plain => Ok(()),
    }
}

/// Whether a post of this node asks the network by its tag.
fn asks<'t>(tx: &Tx<'_>, post: &Post, author: &Account, tags: impl Iterator<Item = &'t String>) -> bool {
    post.visibility <= Visibility::Unlisted && would_ask(tx, post, author, tags)
}

/// The same, if it went to more people.
fn would_ask<'t>(tx: &Tx<'_>, post: &Post, author: &Account, mut tags: impl Iterator<Item = &'t String>) -> bool {
    post.local
        && author.kind == AccountKind::Person
        && post.in_reply_to_id.is_none()
        && tags.any(|name| *name == tx.config().questions.tag)
}

/// Somebody puts the tag of questions into a post for followers: nobody is asked by it, and they hear how to ask.
fn asked_followers(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let post = store::posts::load(tx.conn, id)?;
    if !post.local || post.visibility != Visibility::Private {
        return Ok(());
    }
    let (author, tags) = (store::accounts::load(tx.conn, post.account_id)?, store::views::tags(tx.conn, &[id])?);
    if !would_ask(tx, &post, &author, tags.iter().map(|(_, name)| name)) {
        return Ok(());
    }
    let tongue = concierge::tongue_of(tx, author.id, None)?;
    let mut page = Page::default();
    let text = words::ASKED_FOLLOWERS.with(tongue, &[&tx.config().questions.tag]);
    page.people(tx.site(), std::slice::from_ref(&author), &text);
    let own = concierge::ensure(tx)?;
    concierge::write(tx, &own, page, tongue, &[author.id], &[]).map(|_| ())
}

fn insert(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    let question = Question {
        post: post.id,
        asker: post.account_id,
        local: post.local,
        state: OPEN,
        step: 0,
        answers: 0,
        answers_shown: 0,
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

/// The tag of questions may come with an edit; what is an idea stays one.
fn edited(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let post = store::posts::load(tx.conn, id)?;
    if !post.local {
        return Ok(());
    }
    let (author, tags) = (store::accounts::load(tx.conn, post.account_id)?, store::views::tags(tx.conn, &[id])?);
    if !asks(tx, &post, &author, tags.iter().map(|(_, name)| name))
        || store::questions::find(tx.conn, id)?.is_some()
        || store::ideas::find(tx.conn, id)?.is_some()
    {
        return Ok(());
    }
    begin(tx, &post)?;
    tx.record(Fact::QuestionChanged(id))
}

/// A question that somebody asks by a form, or by writing to the concierge.
#[derive(Clone, Debug, Default)]
pub struct Asking {
    /// As typed, hashtags in it.
    pub text: String,
    /// Its language.
    pub language: Option<String>,
    /// Two of the same are one.
    pub once: Option<String>,
    /// The program it is written with.
    pub app: Option<Id<App>>,
    /// How far it goes; none for the asker's default.
    pub audience: Option<Audience>,
}

/// Whether a text carries the tag of questions.
pub fn has_tag(typed: &str, tag: &str) -> bool {
    text::hashtags(&text::scan(typed)).iter().any(|name| name == tag)
}

/// Publishes a question in somebody's name.
///
/// # Errors
/// Those of [`posts::publish`].
pub fn ask(tx: &mut Tx<'_>, by: Id<Account>, asking: Asking) -> Result<Id<Post>> {
    let tag = &tx.config().questions.tag;
    let draft = Draft {
        app: asking.app,
        text: if has_tag(&asking.text, tag) { asking.text } else { format!("{} #{tag}", asking.text) },
        visibility: Some(Visibility::Public),
        audience: Wish { audience: asking.audience, local_only: None },
        language: asking.language,
        idempotency_key: asking.once,
        ..Draft::default()
    };
    posts::publish(tx, by, draft)
}

/// Questions of somebody that are neither answered nor closed, newest first.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn open_of(conn: &mut Conn, asker: Id<Account>, most: i64) -> Result<Vec<Post>> {
    store::questions::open_of(conn, asker, most)
}

/// Takes in what another node says of its question. One that ended is not opened again: where it came from nobody opens
/// one, so what says so is an older state that comes later.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn receive(tx: &mut Tx<'_>, post: &Post, told: &Told) -> Result<()> {
    change(tx, post, told, None)
}

/// The same, as a post tells or as the `list` of its node does.
fn change(tx: &mut Tx<'_>, post: &Post, told: &Told, list: Option<replica::List>) -> Result<()> {
    store::questions::hold(tx.conn, post.id)?;
    let Some(mut question) = store::questions::find(tx.conn, post.id)? else {
        insert(tx, post)?;
        return if *told == Told::default() { Ok(()) } else { change(tx, post, told, list) };
    };
    if question.local {
        return Ok(());
    }
    if told.state == OPEN && question.state != OPEN && !list.is_some_and(|list| list.is_newer(&question)) {
        return Ok(());
    }
    store::questions::set_answered_elsewhere(tx.conn, post.id, told.is_answered)?;
    let ended = list.and_then(|list| list.ended).map(|at| at.max(post.created_at).min(tx.now));
    let later = ended.zip(question.ended_at).is_some_and(|(at, known)| known > at.plus_seconds(MOMENTS));
    if question.state == told.state && question.answer_uri == told.answer && !later {
        return Ok(());
    }
    forget_answer(tx, &mut question)?;
    question.state = told.state;
    question.answer_uri = told.answer.clone().filter(|_| told.state == ANSWERED);
    question.ended_at = (told.state != OPEN).then(|| ended.unwrap_or(tx.now));
    store::questions::update(tx.conn, &question)?;
    if question.answer_uri.is_some() && !learn(tx, post.id)? {
        tx.enqueue(&Task::LearnAnswer { question: post.id.raw() })?;
    }
    Ok(())
}

/// Counts the accepted answer of another node's question for whoever gave it; false while it is not known here, or not
/// known to belong to this question: any post may be named, and only one of the same thread is an answer.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn learn(tx: &mut Tx<'_>, id: Id<Post>) -> Result<bool> {
    store::questions::hold(tx.conn, id)?;
    let Some(mut question) = store::questions::find(tx.conn, id)?.filter(|q| q.state == ANSWERED) else {
        return Ok(true);
    };
    let Some(uri) = question.answer_uri.as_deref() else { return Ok(true) };
    let Some(answer) = store::posts::find_by_uri(tx.conn, uri)? else { return Ok(false) };
    if answer.conversation_id != store::posts::load(tx.conn, id)?.conversation_id {
        return Ok(false);
    }
    let by = store::accounts::load(tx.conn, answer.account_id)?;
    if answer.account_id != question.asker && by.kind == AccountKind::Person {
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
    // Two people who thank one another all day are not better known for it.
    let since = tx.now.plus_days(-COUNTED_DAYS);
    if store::questions::accepted_between(tx.conn, question, answer.account_id, since)? >= OF_ONE_ASKER {
        return Ok(());
    }
    let mut tags = tags(tx, question.post)?;
    tags.truncate(TAGS);
    // What was accepted long before it came here counts from then.
    if let Some(at) = question.ended_at {
        for tag in &tags {
            store::people::insert_accepted(tx.conn, answer.account_id, answer.id.raw(), tag, at)?;
        }
    }
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
    let post = store::posts::load(tx.conn, question.post)?;
    // Nobody is told where an answer stands that they may not read: its address stays as near as the answer.
    let shown = goes_as_far(tx, answer, &post)?;
    if !shown {
        question.answer_uri = None;
        store::questions::update(tx.conn, &question)?;
    }
    tx.record(Fact::QuestionChanged(question.post))?;
    let by = store::accounts::load(tx.conn, answer.account_id)?;
    let tongue = concierge::tongue_of(tx, question.asker, None)?;
    let mut page = Page::default();
    let who = concierge::page::handle(tx.site(), &by);
    page.post(&words::ANSWERED_BY.with(tongue, &[&who]), answer);
    let (visibility, to) = match shown {
        true => (post.visibility, vec![by.id]),
        false => (Visibility::Direct, vec![question.asker, by.id]),
    };
    concierge::say(tx, &post, page, tongue, visibility, &to, Meaning::Plain).map(|_| ())
}

/// Whether everybody who may read a question may read this answer to it.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn goes_as_far(tx: &mut Tx<'_>, answer: &Post, question: &Post) -> Result<bool> {
    let reader = Viewer::anybody_in(question.audience);
    Ok(answer.visibility <= Visibility::Unlisted && visibility::can_see(tx.conn, reader, answer, tx.now)?)
}

/// Whether somebody left, or moved away, and so reads no answer here any more.
const fn is_gone(asker: &Account) -> bool {
    asker.left_on.is_some() || asker.moved_to_id.is_some()
}

/// Whether this account may accept an answer to a question or end it: whoever asked, and the gardener's desk once they
/// have left.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn may_end(conn: &mut Conn, question: &Question, account: Id<Account>) -> Result<bool> {
    if !question.local || question.asker == account {
        return Ok(question.local);
    }
    Ok(is_gone(&store::accounts::load(conn, question.asker)?)
        && store::users::find(conn, account)?.is_some_and(|user| user.role >= Role::Moderator))
}

/// Ends a question without an accepted answer, for who [`may_end`] it.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn close(tx: &mut Tx<'_>, question: Question, by: Id<Account>) -> Result<()> {
    store::questions::hold(tx.conn, question.post)?;
    let Some(mut question) = store::questions::find(tx.conn, question.post)? else { return Ok(()) };
    if question.state != OPEN {
        return Ok(());
    }
    (question.state, question.ended_at) = (CLOSED, Some(tx.now));
    store::questions::update(tx.conn, &question)?;
    tx.record(Fact::QuestionChanged(question.post))?;
    let tongue = concierge::tongue_of(tx, by, None)?;
    let post = store::posts::load(tx.conn, question.post)?;
    let mut page = Page::default();
    page.line(words::CLOSED.of(tongue));
    concierge::say(tx, &post, page, tongue, Visibility::Direct, &[by], Meaning::Plain).map(|_| ())
}

/// Questions that nobody else answered yet, newest first.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn open(conn: &mut Conn, visible: Sql, limit: i64) -> Result<Vec<Post>> {
    store::questions::open(conn, visible, limit)
}

/// The question of a reply, held.
fn of_reply(tx: &mut Tx<'_>, id: Id<Post>) -> Result<Option<Question>> {
    match store::questions::find_of_reply(tx.conn, id)? {
        Some(found) => {
            store::questions::hold(tx.conn, found.post)?;
            store::questions::find(tx.conn, found.post)
        }
        None => Ok(None),
    }
}

fn marks(post: &Post) -> bool {
    concierge::parse::without_mentions(&typed(post)).starts_with(MARK)
}

/// Whether a post accepts an answer to a question, or ends it: that is no command to the concierge.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_mark(tx: &mut Tx<'_>, post: &Post) -> Result<bool> {
    if post.in_reply_to_id.is_none() || !marks(post) {
        return Ok(false);
    }
    match store::questions::find_of_reply(tx.conn, post.id)? {
        Some(question) => may_end(tx.conn, &question, post.account_id),
        None => Ok(false),
    }
}

/// A reply in a thread: counted for its question, or its acceptance.
fn replied(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let Some(question) = of_reply(tx, id)? else { return Ok(()) };
    let post = store::posts::load(tx.conn, id)?;
    let Some(parent) = post.in_reply_to_id else { return Ok(()) };
    let ends = accepting::is_marked(tx.conn, &question, &post)? && may_end(tx.conn, &question, post.account_id)?;
    if post.account_id != question.asker && !ends {
        if decline::heard(tx, &question, &post)? || !is_answer(tx.conn, &question, &post)? {
            return Ok(());
        }
        let shown = question.answers_shown + i64::from(is_counted(tx, &question, &post)?);
        return set_answers(tx, &question, question.answers + 1, shown);
    }
    if !ends {
        return Ok(());
    }
    end(tx, question, &post, parent)
}

/// Does what a mark says: accepts the answer it replies to, or ends the question where that is nobody's answer.
fn end(tx: &mut Tx<'_>, question: Question, mark: &Post, parent: Id<Post>) -> Result<()> {
    let answer = store::posts::load(tx.conn, parent)?;
    let by = store::accounts::load(tx.conn, answer.account_id)?;
    if answer.account_id == question.asker || by.kind != AccountKind::Person {
        return close(tx, question, mark.account_id);
    }
    accept(tx, question, &answer)
}

/// An answer goes.
fn going(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    if let Some(found) = store::questions::find_by_answer(tx.conn, id)? {
        store::questions::hold(tx.conn, found.post)?;
    }
    if let Some(mut question) = store::questions::find_by_answer(tx.conn, id)? {
        forget_answer(tx, &mut question)?;
        question.state = CLOSED;
        store::questions::update(tx.conn, &question)?;
        if question.local {
            tx.record(Fact::QuestionChanged(question.post))?;
        }
    }
    let Some(question) = of_reply(tx, id)? else { return Ok(()) };
    let post = store::posts::load(tx.conn, id)?;
    if !is_answer(tx.conn, &question, &post)? {
        return Ok(());
    }
    // Counted anew: what was counted when it came may have been edited since, or come before its thread did.
    let (mut left, mut shown) = (0, 0);
    for reply in store::questions::replies(tx.conn, question.post, REPLIES)? {
        if reply.id != id && is_answer(tx.conn, &question, &reply)? {
            left += 1;
            shown += i64::from(is_counted(tx, &question, &reply)?);
        }
    }
    set_answers(tx, &question, left, shown)
}

/// Whether other nodes are told of an answer: that there is one says something, so only those that go as far as the
/// question does are counted.
fn is_counted(tx: &mut Tx<'_>, question: &Question, answer: &Post) -> Result<bool> {
    let post = store::posts::load(tx.conn, question.post)?;
    goes_as_far(tx, answer, &post)
}

/// Whether a reply in the thread of a question is an answer of somebody else, rather than `not me` or what the concierge says.
fn is_answer(conn: &mut Conn, question: &Question, post: &Post) -> Result<bool> {
    if post.account_id == question.asker || post.visibility > Visibility::Private {
        return Ok(false);
    }
    let author = store::accounts::load(conn, post.account_id)?;
    Ok(author.kind == AccountKind::Person && !decline::declines(conn, question, post)?)
}

/// Writes how many answers there are, and how many of them other nodes may know of. The first of those is told to them,
/// which may never see it: the question is open there no longer; so is the last one that goes.
fn set_answers(tx: &mut Tx<'_>, question: &Question, answers: i64, shown: i64) -> Result<()> {
    store::questions::set_answers(tx.conn, question.post, answers, shown)?;
    let turns = (question.answers_shown <= 0) != (shown <= 0);
    if turns && question.local && question.state == OPEN {
        tx.record(Fact::QuestionChanged(question.post))?;
    }
    Ok(())
}

/// The consumer (see [`super::Consumer`]).
pub fn consume(tx: &mut Tx<'_>, fact: &Fact) -> Result<()> {
    match fact {
        Fact::PostPublished { post, fresh } => {
            if *fresh {
                asked_followers(tx, *post)?;
            }
            replied(tx, *post)
        }
        Fact::PostEdited { post, quiet, .. } => {
            // Votes that are counted change no word of it.
            if !*quiet {
                accepting::marked(tx, *post)?;
            }
            edited(tx, *post)
        }
        Fact::PostDeleted(post) => going(tx, *post),
        Fact::PollVoted(poll, by) => reviews::tapped(tx, *poll, *by),
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
        | Fact::ThreadLocked { .. }
        | Fact::CollectionJoined(_)
        | Fact::CollectionLeft(_)
        | Fact::CollectionRenamed(_)
        | Fact::PostBoosted { .. }
        | Fact::PostUnboosted(_)
        | Fact::PostFavourited(_)
        | Fact::PostUnfavourited(_)
        | Fact::PostReacted(_)
        | Fact::PostUnreacted(_)
        | Fact::PostPinned(..)
        | Fact::PostUnpinned(..)
        | Fact::TagFeatured(..)
        | Fact::TagUnfeatured(..)
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
        | Fact::Blocked(_)
        | Fact::Unblocked(_)
        | Fact::ReportFiled(_)
        | Fact::FiltersChanged(_)
        | Fact::AccountWarned(_)
        | Fact::FollowsSevered(_)
        | Fact::Notified(_)
        | Fact::AccessRevoked { .. } => Ok(()),
    }
}
