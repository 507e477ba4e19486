//! Projects by writing to the concierge: register one and see who does the same already, find, join, follow, publish. The
//! numbers of what was offered, and the draft, belong to the thread. What resembles what comes from the register in memory,
//! which the caller asks. What leads say is in [`super::lead`].

use super::{
    is_answered,
    page::{Page, handle},
    reply, typed,
    words::{self, Sentence},
};
use crate::{
    Error, Result,
    db::Conn,
    domain::{
        Tx,
        counters::{Counter, count},
        follows::{self, FollowOptions},
        people::fields::Tongue,
        projects::{self, Fields, fields as limits, members, relations, words::Words},
        text::{Token, scan},
    },
    id::Id,
    model::{Membership, Post, Project, ProjectRole, RelationKind, Visibility, WorkState},
    store::{self, concierge::Thread},
};

/// Shared words that are named, and shared tags.
const WORDS: usize = 5;
/// Numbers of one thread.
pub(super) const NUMBERS: usize = 50;
/// Drafts of somebody, and projects, among which one is looked for by name.
const OWN: i64 = 100;
/// Characters of a purpose in an answer.
const SHORT: usize = 200;

/// A project that was found, and why.
#[derive(Clone, Debug)]
pub struct Alike {
    /// Which.
    pub project: Project,
    /// Words it shares with what was asked for.
    pub words: Vec<String>,
    /// Tags it shares.
    pub tags: Vec<String>,
    /// It is part of a warning.
    pub warn: bool,
}

/// Which project somebody means.
#[derive(Clone, Debug)]
pub enum Meant {
    /// This one; the rest of what they wrote.
    One(Id<Project>, String),
    /// One of this handle, which is not known here; the rest.
    Handle(String, String),
    /// Words to look for.
    Look(String),
    /// A number that nothing has.
    NoNumber,
}

pub(super) fn thread(conn: &mut Conn, post: &Post) -> Result<Thread> {
    let known = store::concierge::thread(conn, post.conversation_id, post.account_id)?;
    Ok(known.unwrap_or(Thread {
        conversation: post.conversation_id,
        account: post.account_id,
        draft: None,
        warned: false,
        offered: Vec::new(),
        people: Vec::new(),
    }))
}

/// The draft that the thread of a post is about.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn open_draft(conn: &mut Conn, post: &Post) -> Result<Option<Project>> {
    let Some(id) = thread(conn, post)?.draft else { return Ok(None) };
    let draft = store::projects::find(conn, id)?;
    Ok(draft.filter(|p| p.owner_id == Some(post.account_id) && p.published_at.is_none() && p.removed_at.is_none()))
}

/// Whether a text that is no command changes the published project that its thread is about, and the writer may.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_change(conn: &mut Conn, post: &Post, text: &str) -> Result<bool> {
    let Some(id) = thread(conn, post)?.draft else { return Ok(false) };
    let Some(project) = store::projects::find(conn, id)?.filter(|p| p.local && p.is_public()) else { return Ok(false) };
    let may = projects::role(conn, &project, post.account_id)? >= Some(ProjectRole::Moderator);
    // Only what has a label: talk has hashtags too.
    Ok(may && typed::has_label(text))
}

/// Whether a text that is no command adds something to the draft of its thread.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn is_addition(conn: &mut Conn, post: &Post, text: &str) -> Result<bool> {
    let Some(draft) = open_draft(conn, post)? else { return Ok(false) };
    let added = typed::addition(text);
    let only_text = Fields { purpose: added.purpose.clone(), ..Fields::default() };
    Ok(added != only_text || (draft.purpose.is_empty() && added.purpose.is_some()))
}

pub(super) fn line(text: &str) -> Page {
    let mut page = Page::default();
    page.line(text);
    page
}

pub(super) fn say(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, sentence: Sentence) -> Result<()> {
    reply(tx, post, line(sentence.of(tongue)), tongue).map(|_| ())
}

/// What to tell somebody whose input was refused before anything was written; other errors stay errors.
pub(super) fn refusal(error: Error, tongue: Tongue) -> Result<String> {
    let sentence = match error {
        Error::Invalid { field: "", code: "too_many", .. } => words::TOO_MANY_DRAFTS,
        Error::Invalid { code: "too_long" | "too_many", .. } => words::TOO_LONG,
        Error::Invalid { field: "links", .. } => words::NO_LINK,
        Error::Invalid { field: "purpose", .. } => words::WHAT_FOR,
        Error::Invalid { field: "name", .. } => words::WHAT_NAME,
        Error::Invalid { code, reason, .. } => return Ok(super::why(code, &reason, tongue)),
        Error::NotFound => words::NO_PROJECT,
        Error::Forbidden(reason) | Error::Conflict(reason) => {
            let mut text = words::NOT_ALLOWED.of(tongue).to_owned();
            if let Some((_, why)) = words::REFUSED.iter().find(|(said, _)| *said == reason) {
                text.push(' ');
                text.push_str(why.of(tongue));
            }
            return Ok(text);
        }
        other => return Err(other),
    };
    Ok(sentence.of(tongue).to_owned())
}

/// Writes down a draft, or changes that of the thread (or that of the same name, for whoever begins again elsewhere). None
/// when the answer is given already.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn draft(tx: &mut Tx<'_>, post: &Post, text: &str, adds: bool, tongue: Tongue) -> Result<Option<Project>> {
    if is_answered(tx, post)? {
        return Ok(None);
    }
    if let Some(odd) = typed::odd_audience(text) {
        reply(tx, post, line(&words::WHICH_AUDIENCE.with(tongue, &[&odd])), tongue)?;
        return Ok(None);
    }
    if let Some(odd) = typed::odd_membership(text) {
        reply(tx, post, line(&words::WHICH_MEMBERSHIP.with(tongue, &[&odd])), tongue)?;
        return Ok(None);
    }
    let by = post.account_id;
    let mut fields = if adds { typed::addition(text) } else { typed::project(text) };
    fields.language.clone_from(&post.language);
    let known = match (open_draft(tx.conn, post)?, &fields.name) {
        (Some(draft), _) => Some(draft),
        (None, Some(name)) => {
            let drafts = store::projects::drafts(tx.conn, by, OWN)?;
            drafts.into_iter().find(|draft| is_same(&draft.name, name))
        }
        (None, None) => None,
    };
    if let (true, Some(known)) = (adds, &known) {
        merge(&mut fields, known);
    }
    let made = match &known {
        Some(known) => projects::edit(tx, by, known.id, &fields),
        None if fields.name.is_none() => {
            say(tx, post, tongue, words::WHAT_NAME)?;
            return Ok(None);
        }
        None => projects::create(tx, by, &fields),
    };
    match made {
        Ok(draft) => Ok(Some(draft)),
        Err(error) => {
            let text = refusal(error, tongue)?;
            reply(tx, post, line(&text), tongue)?;
            Ok(None)
        }
    }
}

/// Puts what a project has already before what is added to its lists.
pub(super) fn merge(fields: &mut Fields, known: &Project) {
    let before = |added: &mut Option<Vec<String>>, mut before: Vec<String>| {
        if let Some(added) = added {
            added.retain(|one| !before.iter().any(|known| is_same(known, one)));
            before.append(added);
            *added = before;
        }
    };
    before(&mut fields.tags, known.tag_list());
    before(&mut fields.looking_for, known.looking_for_list());
    before(&mut fields.vendor, known.vendor_list());
    before(&mut fields.links, known.link_list());
}

pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Shows a draft, and what resembles it by numbers.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn offer(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, draft: &Project, alike: &[Alike]) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let warned = alike.iter().any(|found| found.warn);
    let said = Thread { draft: Some(draft.id), warned, offered: Vec::new(), ..thread(tx.conn, post)? };
    let secret = post.visibility == Visibility::Direct;
    let head = if secret { words::DRAFT } else { words::OPEN_DRAFT };
    let mut page = line(&format!("{} {}", head.of(tongue), described(draft, tongue)));
    if !secret {
        page.line(words::WRITTEN_OPENLY.of(tongue));
    }
    page.line(match (alike.is_empty(), warned) {
        (true, _) => words::NONE_ALIKE.of(tongue),
        (_, true) => words::WARNED.of(tongue),
        (_, false) => words::ALIKE.of(tongue),
    });
    let said = number(tx, &mut page, said, alike, tongue)?;
    let ways = match (draft.purpose.is_empty(), warned) {
        (true, _) => Some(words::WHAT_FOR.of(tongue).to_owned()),
        (_, true) => ways(tx, post, &said, alike, tongue, (words::THREE_WAYS, words::TWO_WAYS))?,
        (_, false) => ways(tx, post, &said, alike, tongue, (words::MAY_PUBLISH, words::PUBLISH_OR_FOLLOW))?,
    };
    page.line(ways.as_deref().unwrap_or(words::ONLY_PUBLISH.of(tongue)));
    page.line(words::ADD.of(tongue));
    store::concierge::set_thread(tx.conn, &said, tx.now)?;
    reply(tx, post, page, tongue).map(|_| ())
}

pub(super) fn described(project: &Project, tongue: Tongue) -> String {
    let words = Words::from(tongue);
    let mut parts = vec![project.name.clone()];
    if !project.purpose.is_empty() {
        parts.push(short(&project.purpose));
    }
    parts.push(words.state(project.state).to_owned());
    let tags: Vec<String> = project.tag_list().iter().map(|tag| format!("#{tag}")).collect();
    if !tags.is_empty() {
        parts.push(tags.join(" "));
    }
    for (head, list) in [(words.looking_field(), project.looking_for_list()), (words.bought(), project.vendor_list())] {
        if !list.is_empty() {
            parts.push(format!("{head}: {}", list.join(", ")));
        }
    }
    parts.extend(project.link_list());
    if project.local && project.membership != Membership::Request {
        parts.push(words.membership(project.membership).to_owned());
    }
    parts.join(" · ")
}

fn short(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        None => text,
    }
}

/// Puts projects into an answer, each with its number in the thread; one that has a number keeps it.
fn number(tx: &mut Tx<'_>, page: &mut Page, mut said: Thread, alike: &[Alike], tongue: Tongue) -> Result<Thread> {
    if said.offered.len() + alike.len() > NUMBERS {
        said.offered.clear();
    }
    for found in alike {
        let Some(account) = store::accounts::find(tx.conn, found.project.account())? else { continue };
        let at = said.offered.iter().position(|id| *id == found.project.id).unwrap_or_else(|| {
            said.offered.push(found.project.id);
            said.offered.len() - 1
        });
        let site = tx.site().clone();
        let why = because(tx.conn, &site, found, tongue)?;
        page.numbered(at + 1, &found.project.name, tx.site(), &account, &format!(" · {why}"));
    }
    Ok(said)
}

/// What whoever wrote `post` can do about projects that were shown: `both` says which can be joined and which followed, `follow`
/// is said where nobody works on any of them, or they would ask in vain. None where none was shown.
fn ways(
    tx: &mut Tx<'_>,
    post: &Post,
    said: &Thread,
    alike: &[Alike],
    tongue: Tongue,
    (both, follow): (Sentence, Sentence),
) -> Result<Option<String>> {
    let number = |found: &Alike| number_of(said, found.project.id);
    let Some(first) = alike.iter().find_map(number) else { return Ok(None) };
    for found in alike.iter().filter(|found| !found.project.state.has_ended()) {
        let Some(open) = number(found) else { continue };
        if !members::is_closed_to(tx.conn, &found.project, post.account_id)? {
            return Ok(Some(both.with(tongue, &[&open, &first])));
        }
    }
    Ok(Some(follow.with(tongue, &[&first])))
}

/// The number of a project in a thread.
fn number_of(said: &Thread, id: Id<Project>) -> Option<String> {
    said.offered.iter().position(|offered| *offered == id).map(|at| (at + 1).to_string())
}

/// Why a project is shown: site, state, lead, what both share, what was bought.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn because(conn: &mut Conn, site: &crate::config::Site, found: &Alike, tongue: Tongue) -> Result<String> {
    let project = &found.project;
    let mut parts = vec![project.site.clone()];
    let words = Words::from(tongue);
    // Of what was tried it matters when.
    let state = match project.state.has_ended() || project.state == WorkState::Paused {
        true => words.since(project.state, project.state_since),
        false => words.state(project.state).to_owned(),
    };
    parts.push(match project.state_reason.as_str() {
        "" => state,
        reason => format!("{state}: {}", short(reason)),
    });
    if let Some(lead) = members::lead(conn, project)? {
        parts.push(words::LEAD.with(tongue, &[&handle(site, &lead)]));
    }
    let mut shared: Vec<String> = found.words.iter().take(WORDS).cloned().collect();
    for tag in found.tags.iter().take(WORDS) {
        if !shared.iter().any(|word| is_same(word, tag)) {
            shared.push(format!("#{tag}"));
        }
    }
    if !shared.is_empty() {
        parts.push(words::SHARED.with(tongue, &[&shared.join(", ")]));
    }
    let vendor = project.vendor_list();
    if !vendor.is_empty() {
        parts.push(words::BOUGHT.with(tongue, &[&vendor.join(", ")]));
    }
    parts.retain(|part| !part.is_empty());
    Ok(parts.join(" · "))
}

/// Which project `rest` names: by number, handle, name or account name.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn meant(conn: &mut Conn, own: &crate::config::Site, post: &Post, rest: &str) -> Result<Meant> {
    if let Some((number, more)) = typed::number(rest) {
        let thread = thread(conn, post)?;
        if let Some(id) = number.checked_sub(1).and_then(|at| thread.offered.get(at)) {
            return Ok(Meant::One(*id, more.to_owned()));
        }
        // Some are called so.
        return Ok(named(conn, rest)?.map_or(Meant::NoNumber, |id| Meant::One(id, String::new())));
    }
    if let Some(Token::Mention { username, domain }) = scan(rest).first() {
        let length = 1 + username.len() + domain.map_or(0, |domain| domain.len() + 1);
        let after = rest.get(length..).unwrap_or_default().trim_start_matches([':', ',']).trim().to_owned();
        let elsewhere = domain.filter(|domain| !own.is_own_name(domain));
        let handle = elsewhere.map_or_else(|| (*username).to_owned(), |domain| format!("{username}@{domain}"));
        return Ok(match (of_handle(conn, &handle)?, elsewhere) {
            (Some(project), _) => Meant::One(project.id, after),
            (None, Some(_)) => Meant::Handle(handle, after),
            (None, None) => Meant::Look((*username).to_owned()),
        });
    }
    let name = bare(rest);
    if let Some(id) = named(conn, name)? {
        return Ok(Meant::One(id, String::new()));
    }
    Ok(match of_handle(conn, name)? {
        Some(project) => Meant::One(project.id, String::new()),
        None => Meant::Look(name.to_owned()),
    })
}

fn bare(name: &str) -> &str {
    name.trim_matches(['"', '“', '”', '„', '«', '»', '.', '!', '?', ' '])
}

/// The only project of exactly this name.
fn named(conn: &mut Conn, name: &str) -> Result<Option<Id<Project>>> {
    let name = bare(name);
    let named = store::projects::named(conn, name, OWN)?;
    let mut exact = named.iter().filter(|project| is_same(&project.name, name));
    Ok(match (exact.next(), exact.next()) {
        (Some(one), None) => Some(one.id),
        _ => None,
    })
}

/// The project of this handle, as far as it is known here.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn of_handle(conn: &mut Conn, handle: &str) -> Result<Option<Project>> {
    match store::accounts::find_by_handle(conn, handle)? {
        Some(account) if !account.is_unavailable() => store::projects::of_account(conn, account.id),
        _ => Ok(None),
    }
}

/// Shows projects that were looked for, by numbers. `verb` is what to answer with, where one of them is to be chosen.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn found(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, alike: &[Alike], verb: Option<&str>) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    if alike.is_empty() {
        return say(tx, post, tongue, words::NO_PROJECT);
    }
    let said = thread(tx.conn, post)?;
    let mut page = line(words::PROJECTS.of(tongue));
    let said = number(tx, &mut page, said, alike, tongue)?;
    let what = match verb {
        Some(verb) => {
            let first = alike.iter().find_map(|found| number_of(&said, found.project.id));
            first.map(|first| words::WHICH_PROJECT.with(tongue, &[verb, &first]))
        }
        None => ways(tx, post, &said, alike, tongue, (words::JOIN_OR_FOLLOW, words::ONLY_FOLLOW))?,
    };
    if let Some(what) = what {
        page.line(&what);
    }
    store::concierge::set_thread(tx.conn, &said, tx.now)?;
    reply(tx, post, page, tongue).map(|_| ())
}

/// Says that nothing has this number.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn no_number(tx: &mut Tx<'_>, post: &Post, tongue: Tongue) -> Result<()> {
    say(tx, post, tongue, words::NO_NUMBER)
}

/// Asks to join a project.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn join(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, id: Id<Project>, message: &str) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let drafts = open_draft(tx.conn, post)?.is_some();
    let ask = if drafts { members::ask_instead } else { members::ask };
    let text = match ask(tx, post.account_id, id, typed::reason(message)) {
        Ok(project) => {
            let is_in = projects::role(tx.conn, &project, post.account_id)? > Some(ProjectRole::Asked);
            let waits = project.local && members::lead(tx.conn, &project)?.is_none();
            let sentence = match (is_in, waits) {
                (true, _) => words::MEMBER_NOW,
                (false, true) => words::ASKED_NOBODY,
                (false, false) => words::ASKED_TO_JOIN,
            };
            let mut text = sentence.with(tongue, &[&project.name]);
            if project.state.has_ended() {
                let since = Words::from(tongue).since(project.state, project.state_since);
                text.push(' ');
                text.push_str(&words::HAS_ENDED.with(tongue, &[&since]));
            }
            text
        }
        Err(Error::Conflict(_)) => {
            let name = store::projects::find(tx.conn, id)?.map(|project| project.name);
            let known = store::projects::member(tx.conn, id, post.account_id)?.is_some();
            let sentence = if known { words::IS_MEMBER } else { words::TOO_MANY_REQUESTS };
            sentence.with(tongue, &[name.as_deref().unwrap_or_default()])
        }
        Err(error) => refusal(error, tongue)?,
    };
    instead(tx, post, tongue, &text)
}

/// Follows a project.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn follow(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, id: Id<Project>) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let Some(project) = store::projects::find(tx.conn, id)?.filter(Project::is_public) else {
        return say(tx, post, tongue, words::NO_PROJECT);
    };
    let known = store::follows::find(tx.conn, post.account_id, project.account())?.is_some();
    let text = match follows::request(tx, post.account_id, project.account(), &FollowOptions::default()) {
        Ok(_) => {
            if !known && open_draft(tx.conn, post)?.is_some() {
                count(tx, Counter::DraftFollowed)?;
            }
            words::FOLLOWED.with(tongue, &[&project.name])
        }
        Err(error) => refusal(error, tongue)?,
    };
    instead(tx, post, tongue, &text)
}

/// Answers; whoever has a draft in the thread hears that it is still there.
fn instead(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, text: &str) -> Result<()> {
    let mut page = line(text);
    if open_draft(tx.conn, post)?.is_some() {
        page.line(words::KEPT.of(tongue));
    }
    reply(tx, post, page, tongue).map(|_| ())
}

/// The project beside which the draft of the thread would be published, and why it is different: the one of the number,
/// or the first that was offered. None without a reason or without others.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn beside(conn: &mut Conn, post: &Post, rest: &str) -> Result<Option<(Project, String)>> {
    let thread = thread(conn, post)?;
    let (at, rest) = typed::number(rest).map_or((0, rest), |(number, rest)| (number.saturating_sub(1), rest));
    let reason = typed::reason(rest);
    let (Some(id), false) = (thread.offered.get(at), reason.is_empty()) else { return Ok(None) };
    let other = store::projects::find(conn, *id)?.filter(Project::is_public);
    Ok(other.map(|other| (other, reason.to_owned())))
}

/// Publishes the draft of the thread.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn publish(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, rest: &str) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let Some(draft) = open_draft(tx.conn, post)? else { return say(tx, post, tongue, words::NO_DRAFT) };
    let beside = beside(tx.conn, post, rest)?;
    let thread = thread(tx.conn, post)?;
    // A reason beside a number that nothing has is not lost.
    if let (None, Some((number, said))) = (&beside, typed::number(rest))
        && !thread.offered.is_empty()
        && number.checked_sub(1).is_none_or(|at| thread.offered.get(at).is_none())
        && !typed::reason(said).is_empty()
    {
        return no_number(tx, post, tongue);
    }
    if thread.warned && beside.is_none() {
        return say(tx, post, tongue, words::WHY);
    }
    // All that can be refused is looked at before anything is written.
    let checked = match &beside {
        Some((_, reason)) => limits::line("reason", reason, limits::REASON).map(|_| ()),
        None => Ok(()),
    };
    let by = post.account_id;
    let made = match checked.and_then(|()| projects::publish(tx, by, draft.id, None)) {
        Ok(made) => made,
        Err(error) => {
            let text = refusal(error, tongue)?;
            return reply(tx, post, line(&text), tongue).map(|_| ());
        }
    };
    let account = store::accounts::load(tx.conn, made.account())?;
    let mut page = Page::default();
    page.person(tx.site(), &account, &format!(" {}", words::PUBLISHED.of(tongue)));
    if let Some((other, reason)) = beside
        && let Some(uri) = &other.uri
    {
        relations::different(tx, by, draft.id, uri, RelationKind::Related, &reason)?;
        page.line(&words::BOTH_READ.with(tongue, &[&other.name]));
    }
    reply(tx, post, page, tongue).map(|_| ())
}

/// Forgets the draft of the thread.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn cancel(tx: &mut Tx<'_>, post: &Post, tongue: Tongue) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let Some(draft) = open_draft(tx.conn, post)? else { return say(tx, post, tongue, words::NO_DRAFT) };
    projects::discard(tx, post.account_id, draft.id)?;
    let said = Thread { draft: None, warned: false, ..thread(tx.conn, post)? };
    store::concierge::set_thread(tx.conn, &said, tx.now)?;
    say(tx, post, tongue, words::FORGOTTEN)
}
