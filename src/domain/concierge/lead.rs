//! What somebody tells the concierge of projects that they work on or lead: which they are, how far they are, who may join,
//! and who takes over one that has no lead.

use super::{
    is_answered,
    page::Page,
    projects::{Alike, NUMBERS, described, is_same, line, merge, open_draft, refusal, say, thread},
    reply, typed, words,
};
use crate::{
    Error, Result,
    db::Conn,
    domain::{
        Tx,
        people::{fields::Tongue, gardener},
        projects::{
            self, Fields, members, succession,
            words::{Words, stands_alone, state_of},
        },
        questions::reviews,
    },
    id::Id,
    model::{Account, Audience, Post, Project, ProjectRole, WorkState},
    store::{self, concierge::Thread},
};

/// Projects of somebody that are shown, and drafts.
const SHOWN: i64 = 20;
/// Projects of somebody among which one is looked for by name.
pub(super) const OWN: i64 = 100;
/// What people put around a name.
const QUOTES: [char; 7] = ['"', '“', '”', '„', ':', ',', ' '];

/// Shows what somebody works on, by numbers, who waits for them, and their drafts.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn mine(tx: &mut Tx<'_>, post: &Post, tongue: Tongue) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let by = post.account_id;
    let own = store::projects::of_member(tx.conn, by, SHOWN)?;
    let drafts = store::projects::drafts(tx.conn, by, SHOWN)?;
    if own.is_empty() && drafts.is_empty() {
        return say(tx, post, tongue, words::NONE_MINE);
    }
    let mut said = thread(tx.conn, post)?;
    if said.offered.len() + own.len() > NUMBERS {
        said.offered.clear();
    }
    let mut page = line(words::MINE.of(tongue));
    for project in own {
        let Some(account) = store::accounts::find(tx.conn, project.account())? else { continue };
        let at = said.offered.iter().position(|id| *id == project.id).unwrap_or_else(|| {
            said.offered.push(project.id);
            said.offered.len() - 1
        });
        let mut parts = vec![Words::from(tongue).state(project.state).to_owned()];
        let role = projects::role(tx.conn, &project, by)?;
        let [lead, moderator, member] = words::ROLES;
        parts.push(match role {
            Some(ProjectRole::Lead) => lead.of(tongue).to_owned(),
            Some(ProjectRole::Moderator) => moderator.of(tongue).to_owned(),
            _ => member.of(tongue).to_owned(),
        });
        if project.local && role >= Some(ProjectRole::Moderator) {
            let waiting = store::projects::members(tx.conn, project.id, true, SHOWN)?.len();
            if waiting > 0 {
                parts.push(words::WAITING.with(tongue, &[&waiting.to_string()]));
            }
        }
        page.numbered(at + 1, &project.name, tx.site(), &account, &format!(" · {}", parts.join(" · ")));
    }
    for draft in drafts {
        page.line(&words::A_DRAFT.with(tongue, &[&draft.name, &draft.name]));
    }
    store::concierge::set_thread(tx.conn, &said, tx.now)?;
    reply(tx, post, page, tongue).map(|_| ())
}

/// Takes over a project without a lead.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn lead(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, id: Id<Project>) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let text = match succession::take_over(tx, post.account_id, id) {
        Ok(project) => words::YOU_LEAD.with(tongue, &[&project.name]),
        Err(Error::Conflict(_)) => {
            let name = store::projects::find(tx.conn, id)?.map(|project| project.name);
            words::HAS_LEAD.with(tongue, &[name.as_deref().unwrap_or_default()])
        }
        Err(error) => refusal(error, tongue)?,
    };
    reply(tx, post, line(&text), tongue).map(|_| ())
}

/// Leaves a project, here or at another node, or takes back that one asked to join.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn leave(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, id: Id<Project>) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let by = post.account_id;
    let before = store::projects::member(tx.conn, id, by)?.map(|member| member.role);
    let text = match members::leave(tx, by, id) {
        Ok(project) => {
            let sentence = match before {
                None => words::NO_MEMBER,
                Some(ProjectRole::Asked) => words::REQUEST_BACK,
                Some(_) => words::LEFT,
            };
            sentence.with(tongue, &[&project.name])
        }
        Err(Error::Conflict(_)) => {
            let name = store::projects::find(tx.conn, id)?.map(|project| project.name).unwrap_or_default();
            words::HAND_OVER_FIRST.with(tongue, &[&name, &name])
        }
        Err(error) => refusal(error, tongue)?,
    };
    reply(tx, post, line(&text), tongue).map(|_| ())
}

/// The project that the writer belongs to, or asked to join, of exactly this name: at every site others may be called the
/// same. Numbers and handles are nobody's names.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn joined(conn: &mut Conn, post: &Post, name: &str) -> Result<Option<Id<Project>>> {
    let name = name.trim_matches(['"', '“', '”', '„', '«', '»', '.', '!', ' ']);
    let own = store::projects::of_member_or_asking(conn, post.account_id, OWN)?;
    let mut named = own.iter().filter(|project| is_same(&project.name, name));
    Ok(match (named.next(), named.next()) {
        (Some(one), None) => Some(one.id),
        _ => None,
    })
}

/// The projects that the writer belongs to, or asked to join, whose name has these words in it: all for none.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn joined_like(conn: &mut Conn, post: &Post, text: &str) -> Result<Vec<Alike>> {
    let text = text.trim().to_lowercase();
    let mut own = store::projects::of_member_or_asking(conn, post.account_id, OWN)?;
    own.retain(|project| project.name.to_lowercase().contains(&text));
    let shown = own.into_iter().take(usize::try_from(SHOWN).unwrap_or_default());
    Ok(shown.map(|project| Alike { project, words: Vec::new(), tags: Vec::new(), warn: false }).collect())
}

/// Sets how far a project of the writer is: `NAME done because …`, `2 paused`, or only `done` where there is one.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn set_state(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, rest: &str) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let Some((id, state, reason)) = stated(tx, post, rest)? else { return say(tx, post, tongue, words::WHICH_STATE) };
    let text = match projects::set_state(tx, post.account_id, id, state, &reason) {
        Ok(project) => words::STATE_SET.with(tongue, &[&project.name, Words::from(tongue).state(state)]),
        Err(error) => refusal(error, tongue)?,
    };
    reply(tx, post, line(&text), tongue).map(|_| ())
}

fn stated(tx: &mut Tx<'_>, post: &Post, rest: &str) -> Result<Option<(Id<Project>, WorkState, String)>> {
    let mut own = store::projects::of_member(tx.conn, post.account_id, OWN)?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let said = words.join(" ").to_lowercase();
    let said = said.trim_matches(QUOTES);
    // A name alone says nothing of how far it is, though the word for that may stand in it: `Done deal`.
    if words.len() > 1 && own.iter().any(|project| is_same(&project.name, said)) {
        return Ok(None);
    }
    own.retain(|project| project.local);
    let thread = thread(tx.conn, post)?;
    let mut unnamed = None;
    for (at, word) in words.iter().enumerate() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let Some(state) = state_of(&bare) else { continue };
        let name = words.get(..at).unwrap_or_default().join(" ");
        let name = name.trim_matches(QUOTES);
        let reason = words.get(at + 1..).unwrap_or_default().join(" ");
        if name.is_empty() && !stands_alone(word, &reason) {
            continue;
        }
        let Some(id) = named_of(tx.conn, &own, &thread, name)? else { continue };
        // `Quiet idea box paused`: that the name begins so does not end it there.
        let longer = format!("{} {bare}", name.to_lowercase());
        if !name.is_empty() && own.iter().any(|p| p.id == id && p.name.to_lowercase().starts_with(&longer)) {
            continue;
        }
        let found = (id, state, typed::reason(&reason).to_owned());
        if !name.is_empty() {
            return Ok(Some(found));
        }
        // The name itself may begin with such a word: `Active badges paused`.
        unnamed.get_or_insert(found);
    }
    Ok(unnamed)
}

/// Which of somebody's projects a name means; nothing means the one of the thread, or the only one.
pub(super) fn named_of(conn: &mut Conn, own: &[Project], thread: &Thread, name: &str) -> Result<Option<Id<Project>>> {
    if name.is_empty() {
        let of_thread = own.iter().find(|project| Some(project.id) == thread.draft);
        let only = own.first().filter(|_| own.len() == 1);
        return Ok(of_thread.or(only).map(|project| project.id));
    }
    if let Some((number, "")) = typed::number(name) {
        return Ok(number.checked_sub(1).and_then(|at| thread.offered.get(at)).copied());
    }
    if let Some(project) = own.iter().find(|project| is_same(&project.name, name)) {
        return Ok(Some(project.id));
    }
    let ids: Vec<Id<Account>> = own.iter().map(Project::account).collect();
    let bare = name.trim_start_matches('@').split('@').next().unwrap_or_default();
    let accounts = store::accounts::list(conn, &ids)?;
    if let Some(account) = accounts.iter().find(|account| account.username.eq_ignore_ascii_case(bare)) {
        return Ok(Some(Id::new(account.id.raw())));
    }
    let mut begin = own.iter().filter(|project| project.name.to_lowercase().starts_with(&name.to_lowercase()));
    Ok(match (begin.next(), begin.next()) {
        (Some(one), None) => Some(one.id),
        _ => None,
    })
}

/// Answers who asks to join, in the thread of the message that told of it.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn consent(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, yes: bool) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let mut request = match post.in_reply_to_id {
        Some(told) => store::projects::told_by(tx.conn, told)?,
        None => None,
    };
    if request.is_none() {
        request = store::projects::told_by(tx.conn, post.conversation_id)?;
    }
    let Some(request) = request else { return other_letter(tx, post, tongue, yes) };
    let page = match members::answer(tx, post.account_id, request.project, request.account, yes) {
        Ok(project) => {
            let person = store::accounts::load(tx.conn, request.account)?;
            let sentence = if yes { words::ACCEPTED } else { words::DECLINED };
            let mut page = Page::default();
            page.person(tx.site(), &person, &format!(" {}", sentence.with(tongue, &[&project.name])));
            page
        }
        Err(error) => line(&refusal(error, tongue)?),
    };
    reply(tx, post, page, tongue).map(|_| ())
}

/// Answers another letter of the concierge that asks for yes or no.
fn other_letter(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, yes: bool) -> Result<()> {
    let letters = post.in_reply_to_id.into_iter().chain([post.conversation_id]);
    for letter in letters.collect::<Vec<_>>() {
        if reviews::say(tx, letter, post.account_id, yes)? {
            return say(tx, post, tongue, words::HOLDS_NOTED);
        }
        if gardener::said(tx, letter, post.account_id, yes, Some(post.id))? {
            return Ok(());
        }
    }
    say(tx, post, tongue, words::NO_REQUEST)
}

/// Changes a project of the writer: `NAME tags: …`. What is given replaces what was; in the thread of the project, where
/// no name is needed, lists are added to.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn edit(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, text: &str, adds: bool) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    if let Some(odd) = typed::odd_audience(text) {
        return reply(tx, post, line(&words::WHICH_AUDIENCE.with(tongue, &[&odd])), tongue).map(|_| ());
    }
    if let Some(odd) = typed::odd_membership(text) {
        return reply(tx, post, line(&words::WHICH_MEMBERSHIP.with(tongue, &[&odd])), tongue).map(|_| ());
    }
    let (name, mut fields) = typed::edit(text);
    let said = thread(tx.conn, post)?;
    let id = match adds {
        true => said.draft,
        false => {
            let mut own = store::projects::of_member(tx.conn, post.account_id, OWN)?;
            own.retain(|project| project.local);
            named_of(tx.conn, &own, &said, &name)?
        }
    };
    let Some(id) = id.filter(|_| fields != Fields::default()) else { return say(tx, post, tongue, words::WHICH_EDIT) };
    if adds && let Some(known) = store::projects::find(tx.conn, id)? {
        merge(&mut fields, &known);
    }
    let text = match projects::edit(tx, post.account_id, id, &fields) {
        Ok(project) => {
            if open_draft(tx.conn, post)?.is_none() {
                store::concierge::set_thread(tx.conn, &Thread { draft: Some(id), ..said }, tx.now)?;
            }
            words::EDITED.with(tongue, &[&described(&project, tongue)])
        }
        Err(Error::Conflict(_)) if fields.audience == Some(Audience::Site) => {
            words::KNOWN_ELSEWHERE.of(tongue).to_owned()
        }
        Err(error) => refusal(error, tongue)?,
    };
    reply(tx, post, line(&text), tongue).map(|_| ())
}
