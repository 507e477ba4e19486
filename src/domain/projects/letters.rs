//! What a project says to its lead, and what it understands of the answers: plain direct messages, so that any client will
//! do.

use super::{
    Words, handle, members,
    relations::RELATIONS,
    role, say, set_state,
    words::{consent, state_of},
};
use crate::{
    Error, Result,
    domain::{Tx, html},
    id::Id,
    model::{Account, AccountKind, Post, Project, ProjectRole, Visibility},
    store,
};

/// Days of silence after which a lead is asked.
const SILENCE_DAYS: i64 = 183;
/// Leads asked in one transaction.
const ASKED: i64 = 50;
/// Words named in an introduction.
const WORDS: usize = 5;

/// Both leads read why a project is different from another one.
pub(super) fn different(tx: &mut Tx<'_>, project: &Project, other: &Project, reason: &str) -> Result<()> {
    let Some(theirs) = members::lead(tx, other)? else { return Ok(()) };
    let own = members::lead(tx, project)?.filter(|lead| lead.id != theirs.id);
    let people: Vec<String> = own.iter().chain([&theirs]).map(handle).collect();
    let text = Words::of(tx).related_leads(&people.join(" "), &project.name, &other.name, &reason.replace('@', ""));
    say(tx, project, text, Visibility::Direct).map(|_| ())
}

/// Introduces the leads of two projects that look alike: once for ever, unless they know of one another already. The
/// project with the smaller id introduces, at its node; `by` is the account that speaks, which is that project's own.
/// True when they were introduced.
///
/// # Errors
/// Those of the database.
pub fn introduce(tx: &mut Tx<'_>, by: &Project, other: &Project, shared: &[String]) -> Result<bool> {
    let (Some(one), Some(two)) = (&by.uri, &other.uri) else { return Ok(false) };
    if !by.local || one >= two || by.lead_uri == other.lead_uri || (by.state.has_ended() && other.state.has_ended()) {
        return Ok(false);
    }
    let related = |list: Vec<crate::model::ProjectRelation>, uri: &str| list.iter().any(|r| r.other_uri == uri);
    if related(store::projects::relations(tx.conn, by.id, RELATIONS)?, two)
        || related(store::projects::relations(tx.conn, other.id, RELATIONS)?, one)
    {
        return Ok(false);
    }
    let (Some(first), Some(second)) = (members::lead(tx, by)?, members::lead(tx, other)?) else { return Ok(false) };
    if !store::projects::pair(tx.conn, one, two, tx.now)? {
        return Ok(false);
    }
    let words = Words::of(tx);
    let named = |p: &Project| format!("{} ({}, {})", p.name, p.site, words.state(p.state));
    let people = format!("{} {}", handle(&first), handle(&second));
    let shared: Vec<String> = shared.iter().take(WORDS).map(|word| word.replace(['@', '#'], "")).collect();
    let text = words.introduce(&people, &named(by), &named(other), &shared.join(", "));
    say(tx, by, text, Visibility::Direct)?;
    Ok(true)
}

/// Asks leads whose projects were silent for six months whether they are alive: once for each silence. True when there
/// may be more to ask.
///
/// # Errors
/// Those of the database.
pub fn ask_quiet(tx: &mut Tx<'_>) -> Result<bool> {
    let quiet = store::projects::quiet(tx.conn, tx.now.plus_days(-SILENCE_DAYS), ASKED)?;
    let full = quiet.len() as i64 == ASKED;
    for mut project in quiet {
        project.asked_at = Some(tx.now);
        store::projects::update(tx.conn, &project)?;
        if let Some(lead) = members::lead(tx, &project)? {
            let text = Words::of(tx).still_alive(&handle(&lead), &project.name);
            say(tx, &project, text, Visibility::Direct)?;
        }
    }
    Ok(full)
}

/// Somebody wrote to the project alone: its lead or a moderator answers a request or says how far it is, somebody else of
/// this node asks to join.
pub(super) fn heard(tx: &mut Tx<'_>, project: &Project, post: &Post) -> Result<()> {
    let author = store::accounts::load(tx.conn, post.account_id)?;
    if !author.is_local() || author.kind != AccountKind::Person {
        return Ok(());
    }
    let text = html::plain_text(&post.content);
    let mut said = text.split_whitespace().filter(|word| !word.starts_with('@'));
    let Some(first) = said.next() else { return Ok(()) };
    let first = first.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let rest = said.collect::<Vec<_>>().join(" ");
    let done = match role(tx.conn, project, author.id)? {
        Some(ProjectRole::Lead | ProjectRole::Moderator) => obey(tx, project, post, &author, &first, &rest),
        _ => match first.as_str() {
            "join" | "mitmachen" => members::ask(tx, author.id, project.id, &rest).map(|_| ()),
            "leave" | "austreten" => members::leave(tx, author.id, project.id).map(|_| ()),
            _ => return Ok(()),
        },
    };
    match done {
        Ok(()) => Ok(()),
        // What was checked before anything was written: a wrong word, nothing to answer, too long.
        Err(Error::NotFound | Error::Invalid { .. } | Error::Conflict(_) | Error::Forbidden(_)) => {
            let text = format!("{} {}", handle(&author), Words::of(tx).not_understood());
            say(tx, project, text, Visibility::Direct).map(|_| ())
        }
        Err(error) => Err(error),
    }
}

fn obey(tx: &mut Tx<'_>, project: &Project, post: &Post, by: &Account, word: &str, rest: &str) -> Result<()> {
    if let Some(yes) = consent(word) {
        let who = asked(tx, project, post)?.ok_or(Error::NotFound)?;
        return members::answer(tx, by.id, project.id, who, yes).map(|_| ());
    }
    let state = state_of(word).ok_or(Error::NotFound)?;
    set_state(tx, by.id, project.id, state, rest.trim_start_matches([':', '-', ',']).trim()).map(|_| ())
}

/// Whose request an answer means: that of the message it answers, or the only one there is.
fn asked(tx: &mut Tx<'_>, project: &Project, post: &Post) -> Result<Option<Id<Account>>> {
    if let Some(told) = post.in_reply_to_id
        && let Some(member) = store::projects::asked_in(tx.conn, project.id, told)?
    {
        return Ok(Some(member.account));
    }
    Ok(match store::projects::members(tx.conn, project.id, true, 2)?.as_slice() {
        [only] => Some(only.account),
        _ => None,
    })
}
