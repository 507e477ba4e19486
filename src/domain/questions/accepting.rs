//! Accepting an answer by a button, which is what `✅` says in an app, or by a `✅` that comes with an edit (N6).

use super::{MARK, accept, end, is_answer, marks, may_end, of_reply};
use crate::{
    Error, Result,
    db::Conn,
    domain::{Tx, Viewer, concierge::typed, visibility},
    id::Id,
    model::{Account, Post},
    store::{self, questions::Question},
};

/// A question as a page shows it to somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The accepted answer, when there is one that is known here.
    pub accepted: Option<Id<Post>>,
    /// What else may be accepted by whoever looks; none when that is not theirs to say.
    pub offers: Vec<Id<Post>>,
}

/// How the question that a post is stands for `viewer`, who sees `replies` of its thread; none for any other post.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn standing<'p>(
    conn: &mut Conn,
    viewer: Viewer,
    post: Id<Post>,
    replies: impl Iterator<Item = &'p Post>,
) -> Result<Option<Standing>> {
    let Some(question) = store::questions::find(conn, post)? else { return Ok(None) };
    let mut standing = Standing { accepted: question.answer, offers: Vec::new() };
    if let Some(me) = viewer.0
        && may_end(conn, &question, me)?
    {
        for reply in replies {
            if question.answer != Some(reply.id) && is_theirs(conn, &question, reply)? {
                standing.offers.push(reply.id);
            }
        }
    }
    Ok(Some(standing))
}

/// An answer in the thread of this very question.
fn is_theirs(conn: &mut Conn, question: &Question, reply: &Post) -> Result<bool> {
    let is_reply = reply.conversation_id == question.post && reply.id != question.post && !reply.is_boost();
    Ok(is_reply && reply.in_reply_to_id.is_some() && is_answer(conn, question, reply)?)
}

/// Accepts an answer in the name of who may.
///
/// # Errors
/// `NotFound` for what is no question, or no answer to it that `by` sees; `Forbidden` for who may not end the question.
pub fn choose(tx: &mut Tx<'_>, by: Id<Account>, question: Id<Post>, answer: Id<Post>) -> Result<()> {
    let viewer = Viewer::from(by);
    visibility::visible_post(tx.conn, viewer, question, tx.now)?;
    let answer = visibility::visible_post(tx.conn, viewer, answer, tx.now)?;
    store::questions::hold(tx.conn, question)?;
    let question = store::questions::find(tx.conn, question)?.ok_or(Error::NotFound)?;
    if !may_end(tx.conn, &question, by)? {
        return Err(Error::forbidden("Only who asked can accept an answer"));
    }
    if !is_theirs(tx.conn, &question, &answer)? {
        return Err(Error::NotFound);
    }
    accept(tx, question, &answer)
}

/// Whether a reply in the thread of a question begins with the mark, or, to somebody's answer, ends with it: `Thank you! ✅`. To
/// one's own post, or to what the concierge says, it has to begin with it: "ordered ✅" ends no question.
pub(super) fn is_marked(conn: &mut Conn, question: &Question, reply: &Post) -> Result<bool> {
    if marks(reply) {
        return Ok(true);
    }
    let text = typed(reply);
    // Behind it there may be the sign that asks for a picture of it.
    let text = text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '\u{fe0f}' | '.' | '!'));
    let Some(parent) = reply.in_reply_to_id.filter(|_| text.ends_with(MARK)) else { return Ok(false) };
    let answer = store::posts::load(conn, parent)?;
    is_theirs(conn, question, &answer)
}

/// A mark may come with an edit. One that stood there before says nothing anew: another answer may be accepted by now.
pub(super) fn marked(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let post = store::posts::load(tx.conn, id)?;
    let Some(parent) = post.in_reply_to_id.filter(|_| post.local) else { return Ok(()) };
    let Some(question) = of_reply(tx, id)? else { return Ok(()) };
    let Some(before) = store::posts::edits(tx.conn, id)?.pop() else { return Ok(()) };
    let before = Post { content: before.content, source_text: before.source_text, ..post.clone() };
    let is_new = is_marked(tx.conn, &question, &post)? && !is_marked(tx.conn, &question, &before)?;
    if !is_new || !may_end(tx.conn, &question, post.account_id)? {
        return Ok(());
    }
    end(tx, question, &post, parent)
}
