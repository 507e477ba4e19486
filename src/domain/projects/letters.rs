//! What leads are told and asked, and what is understood of their answers: plain direct messages, so that any client will
//! do. The concierge speaks where two projects or two people meet, a project where it is about itself.

use super::{
    Words, handle, is_inside, members,
    relations::RELATIONS,
    role, say_in, set_state,
    words::{consent, is_clear, membership, stands_alone, state_of},
};
use crate::{
    Error, Result,
    domain::{
        Tx,
        concierge::{self, page::Page, words::HAND_OVER_FIRST},
        html,
    },
    id::Id,
    model::{Account, AccountKind, Audience, Poll, Post, Project, ProjectRole, Visibility, WorkState},
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
    let Some(theirs) = members::lead(tx.conn, other)? else { return Ok(()) };
    let own = members::lead(tx.conn, project)?.filter(|lead| lead.id != theirs.id);
    let people: Vec<Account> = own.into_iter().chain([theirs]).collect();
    if is_secret(&[project, other], &people) {
        return Ok(());
    }
    let words = for_readers(tx, &people)?;
    let text = words.related_leads(&project.name, &other.name, reason);
    bring_together(tx, &people, words, &text, &[project, other], &[])
}

/// The language of a letter: that which all its readers chose, or that of the node where they differ or belong elsewhere.
pub(super) fn for_readers(tx: &mut Tx<'_>, readers: &[Account]) -> Result<Words> {
    let mut shared: Option<Words> = None;
    for reader in readers {
        if !reader.is_local() {
            return Ok(Words::of(tx));
        }
        let theirs = Words::from(concierge::tongue_of(tx, reader.id, None)?);
        if shared.is_some_and(|shared| shared != theirs) {
            return Ok(Words::of(tx));
        }
        shared = Some(theirs);
    }
    Ok(shared.unwrap_or_else(|| Words::of(tx)))
}

/// Whether one of these projects is for this site alone and one of these people is not of it.
fn is_secret(about: &[&Project], people: &[Account]) -> bool {
    about.iter().any(|project| project.audience == Some(Audience::Site)) && people.iter().any(|who| !who.is_local())
}

/// The concierge writes to both leads, and shows what it is about.
fn bring_together(
    tx: &mut Tx<'_>,
    people: &[Account],
    words: Words,
    text: &str,
    about: &[&Project],
    choices: &[&str],
) -> Result<()> {
    let mut page = Page::default();
    page.people(tx.site(), people, text);
    for project in about {
        let Some(account) = store::accounts::find(tx.conn, project.account())? else { continue };
        let line = format!(" · {} · {} · {}", project.name, project.site, words.state(project.state));
        page.person(tx.site(), &account, &line);
    }
    let ids: Vec<Id<Account>> = people.iter().map(|account| account.id).collect();
    let own = concierge::ensure(tx)?;
    concierge::write(tx, &own, page, words.tongue(), &ids, choices).map(|_| ())
}

/// Introduces the leads of two projects that look alike: once for ever, unless they know of one another already. `by` is
/// the project with the smaller id, and the concierge of its node speaks. Strangers introduce themselves. True when they
/// were introduced.
///
/// # Errors
/// Those of the database.
pub fn introduce(tx: &mut Tx<'_>, by: &Project, other: &Project, shared: &[String]) -> Result<bool> {
    let (Some(one), Some(two)) = (&by.uri, &other.uri) else { return Ok(false) };
    if !by.local || one >= two || by.lead_uri == other.lead_uri || (by.state.has_ended() && other.state.has_ended()) {
        return Ok(false);
    }
    let account = store::accounts::load(tx.conn, other.account())?;
    if !is_inside(tx.conn, &account)? {
        return Ok(false);
    }
    let related = |list: Vec<crate::model::ProjectRelation>, uri: &str| list.iter().any(|r| r.other_uri == uri);
    if related(store::projects::relations(tx.conn, by.id, RELATIONS)?, two)
        || related(store::projects::relations(tx.conn, other.id, RELATIONS)?, one)
    {
        return Ok(false);
    }
    let (Some(first), Some(second)) = (members::lead(tx.conn, by)?, members::lead(tx.conn, other)?) else {
        return Ok(false);
    };
    if is_secret(&[by, other], &[first.clone(), second.clone()]) || !store::projects::pair(tx.conn, one, two, tx.now)? {
        return Ok(false);
    }
    let shared: Vec<&str> = shared.iter().take(WORDS).map(String::as_str).collect();
    let leads = [first, second];
    let words = for_readers(tx, &leads)?;
    let text = words.introduce(&shared.join(", "));
    // What they tap is only counted (`domain::counters`).
    let choices = words.useful_or_not();
    bring_together(tx, &leads, words, &text, &[by, other], &choices)?;
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
        if let Some(lead) = members::lead(tx.conn, &project)? {
            let words = for_readers(tx, std::slice::from_ref(&lead))?;
            let choices = words.states_to_choose().map(|(_, called)| called);
            let mut page = Page::default();
            page.people(tx.site(), std::slice::from_ref(&lead), &words.still_alive(&project.name));
            let own = store::accounts::load(tx.conn, project.account())?;
            concierge::write(tx, &own, page, words.tongue(), &[lead.id], &choices)?;
        }
    }
    Ok(full)
}

/// Somebody of this node tapped a choice: the lead says how far a project is, or answers a request.
///
/// # Errors
/// Those of the database.
pub(super) fn tapped(tx: &mut Tx<'_>, poll: Id<Poll>, by: Id<Account>) -> Result<()> {
    let poll = store::polls::load(tx.conn, poll)?;
    let post = store::posts::load(tx.conn, poll.post_id)?;
    if !post.local || post.visibility != Visibility::Direct {
        return Ok(());
    }
    let choice = store::polls::choices(tx.conn, poll.id, by)?.into_iter().next();
    let Some(choice) = choice.and_then(|choice| usize::try_from(choice).ok()) else { return Ok(()) };
    let done = if let Some(project) = store::projects::of_account(tx.conn, post.account_id)? {
        let Some((state, _)) = Words::of(tx).states_to_choose().get(choice).copied() else { return Ok(()) };
        set_state(tx, by, project.id, state, "").map(|_| ())
    } else if let Some(request) = store::projects::told_by(tx.conn, post.id)? {
        members::answer(tx, by, request.project, request.account, choice == 0).map(|_| ())
    } else {
        return Ok(());
    };
    match done {
        // Checked before anything was written: they lead it no longer, or it is full.
        Err(Error::NotFound | Error::Conflict(_) | Error::Forbidden(_) | Error::Invalid { .. }) => Ok(()),
        done => done,
    }
}

/// Somebody wrote to the project alone: its lead or a moderator answers a request or says how far it is; whoever else of
/// the organisation asks to join, and whoever belongs to it leaves.
pub(super) fn heard(tx: &mut Tx<'_>, project: &Project, post: &Post) -> Result<()> {
    let author = store::accounts::load(tx.conn, post.account_id)?;
    if author.kind != AccountKind::Person {
        return Ok(());
    }
    let text = html::plain_text(&post.content);
    let about = membership(&text);
    if !author.is_local() {
        return match about {
            Some((true, rest)) if is_inside(tx.conn, &author)? => {
                members::receive_join(tx, &author, project, None, &rest)
            }
            Some((false, _)) => members::receive_goodbye(tx, &author, project),
            _ => Ok(()),
        };
    }
    let rank = role(tx.conn, project, author.id)?;
    let done = match (about, rank) {
        (Some((true, rest)), _) => members::ask(tx, author.id, project.id, &rest).map(|_| ()),
        (Some((false, _)), Some(ProjectRole::Lead)) => {
            let words = for_readers(tx, std::slice::from_ref(&author))?;
            let first = HAND_OVER_FIRST.with(words.tongue(), &[&project.name, &project.name]);
            return say_in(tx, project, words, format!("{} {first}", handle(&author)), Visibility::Direct).map(|_| ());
        }
        (Some((false, _)), _) => members::leave(tx, author.id, project.id).map(|_| ()),
        (None, Some(ProjectRole::Lead | ProjectRole::Moderator)) => obey(tx, project, post, &author, &text),
        (None, _) => return Ok(()),
    };
    match done {
        Ok(()) => Ok(()),
        Err(Error::Forbidden(reason)) if reason == members::BY_INVITATION => {
            let words = for_readers(tx, std::slice::from_ref(&author))?;
            let text = words.by_invitation(&handle(&author), &project.name);
            say_in(tx, project, words, text, Visibility::Direct).map(|_| ())
        }
        // What was checked before anything was written: a wrong word, nothing to answer, too long.
        Err(Error::NotFound | Error::Invalid { .. } | Error::Conflict(_) | Error::Forbidden(_)) => {
            let words = for_readers(tx, std::slice::from_ref(&author))?;
            let text = format!("{} {}", handle(&author), words.not_understood());
            say_in(tx, project, words, text, Visibility::Direct).map(|_| ())
        }
        Err(error) => Err(error),
    }
}

/// Somebody of this node wrote to a project of another one alone. What they say of their membership is done here as well,
/// so that both nodes know; the rest is for the project.
pub(super) fn written(tx: &mut Tx<'_>, project: &Project, post: &Post) -> Result<()> {
    let author = store::accounts::load(tx.conn, post.account_id)?;
    if !author.is_local() || author.kind != AccountKind::Person {
        return Ok(());
    }
    let done = match membership(&html::plain_text(&post.content)) {
        Some((true, rest)) => members::ask(tx, author.id, project.id, &rest),
        Some((false, _)) => members::leave(tx, author.id, project.id),
        None => return Ok(()),
    };
    match done {
        // Checked before anything was written; the project answers what it does not understand.
        Ok(_) | Err(Error::NotFound | Error::Invalid { .. } | Error::Conflict(_) | Error::Forbidden(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn obey(tx: &mut Tx<'_>, project: &Project, post: &Post, by: &Account, text: &str) -> Result<()> {
    let mut said = text.split_whitespace().filter(|word| !word.starts_with('@'));
    let Some(first) = said.next() else { return Ok(()) };
    let word = first.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let rest = said.collect::<Vec<_>>().join(" ");
    let alone = stands_alone(first, &rest);
    if let Some(yes) = consent(&word).filter(|_| alone || is_clear(&word)) {
        if answers_whether_alive(tx, project, post)? {
            // No says neither paused nor done nor stopped, and turns away nobody who happens to ask to join.
            let state = Some(WorkState::Active).filter(|_| yes).ok_or(Error::NotFound)?;
            return set_state(tx, by.id, project.id, state, "").map(|_| ());
        }
        let who = asked(tx, project, post)?.ok_or(Error::NotFound)?;
        return members::answer(tx, by.id, project.id, who, yes).map(|_| ());
    }
    let state = state_of(&word).filter(|_| alone).ok_or(Error::NotFound)?;
    set_state(tx, by.id, project.id, state, rest.trim_start_matches([':', '-', ',']).trim()).map(|_| ())
}

/// Whether a post answers the letter in which a silent project asks how far it is: that alone offers choices in its own name.
fn answers_whether_alive(tx: &mut Tx<'_>, project: &Project, post: &Post) -> Result<bool> {
    let Some(letter) = post.in_reply_to_id else { return Ok(false) };
    Ok(store::polls::find_by_post(tx.conn, letter)?.is_some()
        && store::posts::load(tx.conn, letter)?.account_id == project.account())
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
