//! Questions that nodes of an organisation keep for one another: which of its own a node lists, what such a list and its
//! copy come to, and what a list says of questions that are known here. Pushes bring them at once; this repairs what was
//! missed, and gives a newcomer what was asked before it came.

use super::{ANSWERED, CLOSED, OPEN, Told, change, forget_answer, is_member, state_word};
use crate::{
    Result,
    db::{Conn, Sql},
    domain::{Task, Tx, Viewer, people::directory::Digest, visibility},
    id::Id,
    model::{AccountKind, Audience, Post, Visibility},
    store::{
        self,
        questions::{Listed, Question},
    },
    time::Timestamp,
};

/// Questions of a page.
pub const PAGE: i64 = 200;

/// Accepted answers that could not be had, and are asked for again in one comparison; for so many days.
const AGAIN: i64 = 20;
const AGAIN_DAYS: i64 = 30;

/// What everybody in the organisation may read; what is for the site is in no list.
fn shown() -> Sql {
    visibility::condition(Viewer::anybody_in(Audience::Organisation))
}

/// What this node lists behind a post, in order: its questions that are open or have an accepted answer, as far as
/// everybody in the organisation may read both.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn own(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Listed>> {
    store::questions::own_listed(conn, shown(), after, limit)
}

/// How many those are.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn count(conn: &mut Conn) -> Result<i64> {
    store::questions::count_own_listed(conn, shown())
}

/// How many questions of another node's list are here.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn count_copied(conn: &mut Conn, domain: &str) -> Result<i64> {
    store::questions::count_copied_listed(conn, domain)
}

/// The digest of this node's own list (`None`), or of the copy of another's.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn digest(conn: &mut Conn, domain: Option<&str>) -> Result<Digest> {
    const STEP: i64 = 5_000;
    let (mut digest, mut after) = (Digest::default(), 0);
    loop {
        let some = match domain {
            None => own(conn, after, STEP)?,
            Some(domain) => store::questions::copied_listed(conn, domain, after, STEP)?,
        };
        some.iter().for_each(|question| digest.add(&text(question)));
        match some.last() {
            Some(last) if some.len() as i64 == STEP => after = last.post.raw(),
            _ => return Ok(digest),
        }
    }
}

/// All that is compared of a question.
fn text(question: &Listed) -> String {
    let answered = if question.is_answered { "1" } else { "0" };
    let answer = question.answer.as_deref().unwrap_or_default();
    format!("{} {} {answered} {answer}", question.uri, state_word(question.state))
}

/// A question as the list of its node tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its object id.
    pub uri: String,
    /// How it stands.
    pub told: Told,
    /// When it was answered.
    pub ended: Option<Timestamp>,
}

impl Heard {
    /// Whether a copy says the same.
    pub fn is_like(&self, copy: &Listed) -> bool {
        let answer = copy.answer.as_ref().filter(|_| copy.state == ANSWERED);
        let told = &self.told;
        (told.state, told.answer.as_ref(), told.is_answered) == (copy.state, answer, copy.is_answered)
    }
}

/// What a list says beside what a post does.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    /// When it was asked for: it knows of all that was known here before.
    asked: Timestamp,
    /// When this question ended.
    pub(super) ended: Option<Timestamp>,
}

impl List {
    /// Whether what it says is newer than what is known of a question that ended.
    pub(super) fn is_newer(&self, known: &Question) -> bool {
        known.ended_at.is_none_or(|at| at < self.asked)
    }
}

/// Takes in what the list of its node, `asked` for at that moment, says of a question. False when the post is not here.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn take_over(tx: &mut Tx<'_>, heard: &Heard, asked: Timestamp) -> Result<bool> {
    let Some(post) = store::posts::find_by_uri(tx.conn, &heard.uri)? else { return Ok(false) };
    let asks = !post.local && !post.is_boost() && post.in_reply_to_id.is_none() && post.in_reply_to_uri.is_none();
    let author = store::accounts::load(tx.conn, post.account_id)?;
    if asks && post.visibility <= Visibility::Unlisted && author.kind == AccountKind::Person && is_member(tx, &author)?
    {
        change(tx, &post, &heard.told, Some(List { asked, ended: heard.ended }))?;
    }
    Ok(true)
}

/// Its node shows this question to nobody here any more: it waits for no answer, and has none. It is believed again as soon
/// as it is listed again.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn withdraw(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    store::questions::hold(tx.conn, id)?;
    let Some(mut question) = store::questions::find(tx.conn, id)? else { return Ok(()) };
    if question.local || !matches!(question.state, OPEN | ANSWERED) {
        return Ok(());
    }
    forget_answer(tx, &mut question)?;
    (question.state, question.ended_at) = (CLOSED, Some(tx.now));
    store::questions::update(tx.conn, &question)
}

/// Asks again for accepted answers of a node's questions that could not be had.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn learn_again(tx: &mut Tx<'_>, domain: &str) -> Result<()> {
    let since = tx.now.plus_days(-AGAIN_DAYS);
    for question in store::questions::unlearned(tx.conn, domain, since, AGAIN)? {
        tx.enqueue(&Task::LearnAnswer { question: question.raw() })?;
    }
    Ok(())
}
