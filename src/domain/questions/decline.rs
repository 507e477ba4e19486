//! `not me`: somebody who was asked says that they are the wrong one (N6). It is noted and counted, it is no answer, and the
//! next expert is asked, once for each of them.

use super::OPEN;
use crate::{
    Result,
    db::Conn,
    domain::{
        Task, Tx,
        concierge::{self, page::Page, parse::without_mentions, typed, verbs, words},
        people::fields::Tongue,
        posts::Meaning,
    },
    model::{AccountKind, Post, Visibility},
    store::{self, questions::Question},
};

/// Characters of what may stand behind the words when no sign divides them: "not me sorry", "not me, ask Ben".
const ASIDE: usize = 24;

/// Whether a text says it: the words alone, before a sentence, or before a few words more.
pub fn is_said(text: &str) -> bool {
    let text = without_mentions(text).to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    verbs::NOT_ME.iter().any(|phrase| {
        let Some(rest) = text.strip_prefix(phrase) else { return false };
        match rest.trim_start().chars().next() {
            None => true,
            // "not me - ask Ben".
            Some(c) if !c.is_alphanumeric() => true,
            Some(_) => rest.starts_with(' ') && rest.chars().count() <= ASIDE,
        }
    })
}

/// Whether a reply in the thread of a question says it to the question, or to what the concierge of its node wrote: on any node, such
/// a reply is no answer.
///
/// # Errors
/// `Unavailable` when the database is away.
pub(super) fn declines(conn: &mut Conn, question: &Question, post: &Post) -> Result<bool> {
    if !is_said(&typed(post)) {
        return Ok(false);
    }
    let Some(parent) = post.in_reply_to_id.filter(|parent| *parent != question.post) else { return Ok(true) };
    if store::questions::is_route(conn, parent)? {
        return Ok(true);
    }
    let author = store::posts::load(conn, parent)?.account_id;
    Ok(store::accounts::load(conn, author)?.kind != AccountKind::Person)
}

/// Whether a post says it in answer to what asked its author: that is no command to the concierge.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_meant(tx: &mut Tx<'_>, post: &Post) -> Result<bool> {
    let Some(parent) = post.in_reply_to_id.filter(|_| is_said(&typed(post))) else { return Ok(false) };
    Ok(parent == post.conversation_id && store::questions::find(tx.conn, parent)?.is_some()
        || store::questions::is_route(tx.conn, parent)?)
}

/// Hears it of a reply in the thread of a question. True: it is no answer.
pub(super) fn heard(tx: &mut Tx<'_>, question: &Question, post: &Post) -> Result<bool> {
    if !declines(tx.conn, question, post)? {
        return Ok(false);
    }
    if !question.local || !store::questions::people(tx.conn, question.post)?.contains(&post.account_id) {
        return Ok(true);
    }
    if store::questions::decline(tx.conn, question.post, post.account_id, tx.now)? {
        metrics::counter!("questions_declined_total").increment(1);
        let author = store::accounts::load(tx.conn, post.account_id)?;
        let tongue = match author.is_local() {
            true => concierge::tongue_of(tx, author.id, None)?,
            false => Tongue::of(post.language.as_deref()),
        };
        let mut page = Page::default();
        page.line(words::DECLINED_ASK.of(tongue));
        concierge::say(tx, post, page, tongue, Visibility::Direct, &[author.id], Meaning::Plain)?;
        if question.state == OPEN {
            tx.enqueue(&Task::AskAnother { question: question.post.raw(), instead: author.id.raw() })?;
        }
    }
    Ok(true)
}
