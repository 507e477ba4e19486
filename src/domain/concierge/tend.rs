//! What somebody tells the concierge to do with a project that they lead: relate it to another one, name a moderator, hand it
//! over, invite somebody, lock a thread, take a member or a post out. The sentences about that continue the table of
//! [`super::words`].

use super::{
    is_answered,
    lead::{OWN, named_of},
    page::Page,
    projects::{line, refusal, say, thread},
    reply, typed,
    verbs::{OFF, VERBS, Verb, column},
    words::{self, Sentence},
};
use crate::{
    Error, Result,
    config::Site,
    db::Conn,
    domain::{
        Tx,
        people::fields::Tongue,
        projects::{group, locks, members, relations, words::Words},
    },
    id::Id,
    model::{Account, Post, Project, RelationKind},
    store,
};

/// How to say it; the usage of the verb stands in it.
const HOW: Sentence =
    Sentence("Write it so: {} (a project that you lead)", "Schreib es so: {} (ein Projekt, das du leitest)");
/// A name that no member has.
const NO_MEMBER: Sentence =
    Sentence("Nobody of that name belongs to “{}”.", "Niemand mit diesem Namen gehört zu „{}“.");
/// Behind a person.
const MODERATES: Sentence = Sentence("moderates “{}” now.", "moderiert jetzt „{}“.");
/// The same.
const MODERATES_NOT: Sentence = Sentence("does not moderate “{}” any more.", "moderiert „{}“ nicht mehr.");
/// The same.
const LEADS: Sentence = Sentence("leads “{}” now.", "leitet jetzt „{}“.");
/// Why somebody of another site does not.
const LED_AT_HOME: Sentence = Sentence(
    "“{}” is led by somebody of the site where it lives. Somebody of another site can moderate it: project moderator.",
    "„{}“ leitet jemand vom Standort, an dem es liegt. Wer an einem anderen ist, kann es moderieren: projekt moderation.",
);
/// Behind a person.
const IS_OUT: Sentence = Sentence("does not belong to “{}” any more.", "gehört nicht mehr zu „{}“.");
/// Behind a person.
const INVITED: Sentence = Sentence(
    "is invited to “{}”, and a member as soon as they say so.",
    "ist zu „{}“ eingeladen, und gehört dazu, sobald sie oder er das will.",
);
/// The same.
const INVITED_NOT: Sentence = Sentence("is not invited to “{}” any more.", "ist nicht mehr zu „{}“ eingeladen.");
/// There is no invitation to take back.
const NOT_INVITED: Sentence = Sentence("They are not invited to “{}”.", "Diese Person ist nicht zu „{}“ eingeladen.");
/// A handle of nobody.
const NOBODY: Sentence = Sentence("I know nobody called “{}”.", "Ich kenne niemanden, der „{}“ heißt.");
/// A post is taken out.
const WITHDRAWN: Sentence = Sentence(
    "“{}” does not pass that post on any more. The post itself stays where it is.",
    "„{}“ gibt diesen Beitrag nicht mehr weiter. Der Beitrag selbst bleibt, wo er ist.",
);
/// A thread is locked.
const LOCKED: Sentence = Sentence(
    "“{}” passes no more answers on in that thread. What is there stays; “project unlock” opens it again.",
    "„{}“ gibt in diesem Faden keine Antworten mehr weiter. Was da ist, bleibt; „projekt entsperren“ öffnet ihn wieder.",
);
/// It is open again.
const UNLOCKED: Sentence =
    Sentence("“{}” passes answers on in that thread again.", "„{}“ gibt in diesem Faden wieder Antworten weiter.");
/// A post that the project did not pass on.
const NOT_PASSED_ON: Sentence =
    Sentence("“{}” did not pass that post on.", "„{}“ hat diesen Beitrag nicht weitergegeben.");
/// Nothing is said of another project any more.
const UNRELATED: Sentence = Sentence("“{}” says nothing about “{}” any more.", "„{}“ sagt nichts mehr über „{}“.");
/// Nothing was said of it.
const NOT_RELATED: Sentence = Sentence("“{}” says nothing about “{}”.", "„{}“ sagt nichts über „{}“.");

/// Words between two projects, and what they say.
const BETWEEN: &[(&str, RelationKind)] = &[
    ("supersedes", RelationKind::Supersedes),
    ("replaces", RelationKind::Supersedes),
    ("ersetzt", RelationKind::Supersedes),
    ("same work as", RelationKind::Same),
    ("is the same work as", RelationKind::Same),
    ("same as", RelationKind::Same),
    ("dieselbe arbeit wie", RelationKind::Same),
    ("dasselbe wie", RelationKind::Same),
    ("to", RelationKind::Related),
    ("with", RelationKind::Related),
    ("mit", RelationKind::Related),
    ("zu", RelationKind::Related),
];
/// Words behind the second project, and what they say.
const BEHIND: &[(&str, RelationKind)] = &[
    ("supersedes", RelationKind::Supersedes),
    ("superseded", RelationKind::Supersedes),
    ("ersetzt", RelationKind::Supersedes),
    ("same work", RelationKind::Same),
    ("same", RelationKind::Same),
    ("dieselbe arbeit", RelationKind::Same),
    ("gleiche arbeit", RelationKind::Same),
    ("dasselbe", RelationKind::Same),
];
/// Before a person who gets something.
const TO: &[&str] = &["to", "an"];

/// What somebody wants to be said of two projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// That of the writer.
    pub project: Id<Project>,
    /// The other one, as they named it.
    pub other: String,
    /// What is said; none takes it back.
    pub kind: Option<RelationKind>,
    /// Why.
    pub reason: String,
}

fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric() && c != '@').to_lowercase()
}

/// Whether `words` begin with the words of `phrase`; how many those are.
fn begins(words: &[&str], phrase: &str) -> Option<usize> {
    let wanted: Vec<&str> = phrase.split(' ').collect();
    let is = words.len() >= wanted.len() && wanted.iter().zip(words).all(|(wanted, word)| bare(word) == *wanted);
    is.then_some(wanted.len())
}

fn name(words: &[&str]) -> String {
    words.join(" ").trim_matches(['"', '“', '”', '„', ':', ',', ' ']).to_owned()
}

fn own(conn: &mut Conn, by: Id<Account>) -> Result<Vec<Project>> {
    let mut own = store::projects::of_member(conn, by, OWN)?;
    own.retain(|project| project.local);
    Ok(own)
}

/// The project of the writer at this node that they name.
fn own_named(tx: &mut Tx<'_>, post: &Post, named: &str) -> Result<Option<Project>> {
    let (own, thread) = (own(tx.conn, post.account_id)?, thread(tx.conn, post)?);
    let id = named_of(tx.conn, &own, &thread, named)?;
    Ok(id.and_then(|id| own.into_iter().find(|project| project.id == id)))
}

/// Reads `NAME to NAME because …`, `NAME supersedes NAME`, `NAME to NAME same work because …`, `NAME to NAME off`. None
/// when it is none of that, or the first is no project of the writer at this node.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn relation(conn: &mut Conn, post: &Post, rest: &str) -> Result<Option<Relation>> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let because = words.iter().position(|word| typed::is_because(&bare(word))).unwrap_or(words.len());
    let (said, reason) = words.split_at_checked(because).unwrap_or_default();
    let reason = typed::reason(&reason.join(" ")).to_owned();
    let (own, thread) = (own(conn, post.account_id)?, thread(conn, post)?);
    for at in 1..said.len() {
        let (first, second) = said.split_at_checked(at).unwrap_or_default();
        // The longest says most: `same work as` is not `same as`.
        let between = BETWEEN.iter().filter_map(|(phrase, kind)| Some((begins(second, phrase)?, *kind)));
        let Some((length, mut kind)) = between.max_by_key(|(length, _)| *length) else { continue };
        let mut other = second.get(length..).unwrap_or_default();
        let mut gone = false;
        if kind == RelationKind::Related {
            let ends = |phrase: &str| {
                let from = other.len().checked_sub(phrase.split(' ').count())?;
                (from > 0).then_some(()).and(begins(other.get(from..)?, phrase)).map(|_| from)
            };
            if let Some((from, behind)) = BEHIND.iter().find_map(|(phrase, kind)| Some((ends(phrase)?, *kind))) {
                (other, kind) = (other.get(..from).unwrap_or_default(), behind);
            } else if let Some(from) = OFF.iter().find_map(|word| ends(word)) {
                (other, gone) = (other.get(..from).unwrap_or_default(), true);
            }
        }
        let Some(project) = named_of(conn, &own, &thread, &name(first))? else { continue };
        let other = name(other);
        if !other.is_empty() {
            return Ok(Some(Relation { project, other, kind: Some(kind).filter(|_| !gone), reason }));
        }
    }
    Ok(None)
}

/// Says how a verb is used.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn how(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, verb: Verb) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let usage = VERBS.iter().find(|entry| entry.verb == verb).and_then(|entry| entry.usage.get(column(tongue)));
    reply(tx, post, line(&HOW.with(tongue, &[usage.copied().unwrap_or_default()])), tongue).map(|_| ())
}

/// Says it of two projects.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn relate(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, said: &Relation, other: Id<Project>) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let other = store::projects::find(tx.conn, other)?.filter(Project::is_public);
    let Some((other, uri)) = other.and_then(|other| Some((other.clone(), other.uri?))) else {
        return say(tx, post, tongue, super::words::NO_PROJECT);
    };
    let project = store::projects::find(tx.conn, said.project)?.map(|project| project.name).unwrap_or_default();
    let both = [project.as_str(), other.name.as_str()];
    let text = match said.kind {
        Some(kind) => match relations::relate(tx, post.account_id, said.project, &uri, kind, &said.reason) {
            Ok(project) => Words::from(tongue).related(&project.name, kind, &other.name, &said.reason),
            Err(error) => refusal(error, tongue)?,
        },
        None => match relations::unrelate(tx, post.account_id, said.project, &uri) {
            Ok(()) => UNRELATED.with(tongue, &both),
            Err(Error::NotFound) => NOT_RELATED.with(tongue, &both),
            Err(error) => refusal(error, tongue)?,
        },
    };
    reply(tx, post, line(&text), tongue).map(|_| ())
}

/// `NAME @who`, and `off` behind it: the project, the handle, and whether it is taken back.
fn whose(rest: &str) -> Option<(String, String, bool)> {
    let mut words: Vec<&str> = rest.split_whitespace().collect();
    let off = words.len() > 1 && words.last().is_some_and(|word| OFF.contains(&bare(word).as_str()));
    if off {
        words.pop();
    }
    // Apps put somebody who is mentioned anywhere.
    let at = words.iter().rposition(|word| word.starts_with('@')).or(words.len().checked_sub(1))?;
    let who = words.remove(at).trim_start_matches('@').trim_end_matches(['.', ',', '!', ':']).to_owned();
    if words.last().is_some_and(|word| TO.contains(&bare(word).as_str())) {
        words.pop();
    }
    Some((name(&words), who, off)).filter(|(_, who, _)| !who.is_empty())
}

/// The member of a project of this handle; the name alone does where one has it.
fn member(conn: &mut Conn, site: &Site, project: Id<Project>, who: &str) -> Result<Option<Account>> {
    let members = store::projects::members(conn, project, false, members::MEMBERS)?;
    let ids: Vec<Id<Account>> = members.iter().map(|member| member.account).collect();
    let accounts = store::accounts::list(conn, &ids)?;
    let (username, domain) = who.split_once('@').map_or((who, None), |(name, domain)| (name, Some(domain)));
    let is_of = |account: &Account| match (domain, &account.domain) {
        (None, _) => true,
        (Some(domain), None) => site.is_own_name(domain),
        (Some(domain), Some(of)) => domain.eq_ignore_ascii_case(of),
    };
    let mut found: Vec<Account> = accounts.into_iter().filter(|a| a.username.eq_ignore_ascii_case(username)).collect();
    found.retain(is_of);
    // Without a domain somebody of this node is meant first.
    found.sort_by_key(|account| account.domain.is_some());
    let is_clear = match found.as_slice() {
        [first, second, ..] => first.is_local() && !second.is_local(),
        _ => true,
    };
    Ok(found.into_iter().next().filter(|_| is_clear))
}

/// A person, and what is so of them and a project now.
fn said_of(tx: &Tx<'_>, account: &Account, sentence: Sentence, project: &Project, tongue: Tongue) -> Page {
    let mut page = Page::default();
    page.person(tx.site(), account, &format!(" {}", sentence.with(tongue, &[&project.name])));
    page
}

/// Names a moderator, hands over, or takes a member out.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn person(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, verb: Verb, rest: &str) -> Result<()> {
    let Some((named, who, off)) = whose(rest) else { return how(tx, post, tongue, verb) };
    if is_answered(tx, post)? {
        return Ok(());
    }
    let by = post.account_id;
    let Some(project) = own_named(tx, post, &named)? else { return how(tx, post, tongue, verb) };
    let site = tx.site().clone();
    let Some(account) = member(tx.conn, &site, project.id, &who)? else {
        return reply(tx, post, line(&NO_MEMBER.with(tongue, &[&project.name])), tongue).map(|_| ());
    };
    if verb == Verb::ProjectHandover && !account.is_local() {
        return reply(tx, post, line(&LED_AT_HOME.with(tongue, &[&project.name])), tongue).map(|_| ());
    }
    let (done, sentence) = match (verb, off) {
        (Verb::ProjectModerator, false) => (members::moderate(tx, by, project.id, account.id, true), MODERATES),
        (Verb::ProjectModerator, true) => (members::moderate(tx, by, project.id, account.id, false), MODERATES_NOT),
        (Verb::ProjectHandover, _) => (members::hand_over(tx, by, project.id, account.id).map(|_| ()), LEADS),
        _ => (members::remove(tx, by, project.id, account.id), IS_OUT),
    };
    let page = match done {
        Ok(()) => said_of(tx, &account, sentence, &project, tongue),
        Err(error) => line(&refusal(error, tongue)?),
    };
    reply(tx, post, page, tongue).map(|_| ())
}

/// The handle in `NAME @who@domain`, where somebody is to be invited who may not be known here.
pub fn handle_elsewhere(rest: &str) -> Option<String> {
    whose(rest).map(|(_, who, _)| who).filter(|who| who.contains('@'))
}

/// Invites somebody to a project, or takes that back.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn invite(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, rest: &str) -> Result<()> {
    let Some((named, who, off)) = whose(rest) else { return how(tx, post, tongue, Verb::ProjectInvite) };
    if is_answered(tx, post)? {
        return Ok(());
    }
    let by = post.account_id;
    let Some(project) = own_named(tx, post, &named)? else { return how(tx, post, tongue, Verb::ProjectInvite) };
    let handle = match who.split_once('@') {
        Some((name, domain)) if tx.site().is_own_name(domain) => name.to_owned(),
        _ => who,
    };
    let Some(account) = store::accounts::find_by_handle(tx.conn, &handle)?.filter(|a| !a.is_unavailable()) else {
        return reply(tx, post, line(&NOBODY.with(tongue, &[&handle])), tongue).map(|_| ());
    };
    let before = store::projects::member(tx.conn, project.id, account.id)?;
    let (done, sentence) = match (off, before) {
        (true, None) => (members::remove(tx, by, project.id, account.id), INVITED_NOT),
        (true, Some(_)) => (Err(Error::Conflict("They are a member of this project already".into())), INVITED_NOT),
        // They asked: that was answered by it.
        (false, Some(_)) => (members::invite(tx, by, project.id, account.id).map(|_| ()), words::ACCEPTED),
        (false, None) => (members::invite(tx, by, project.id, account.id).map(|_| ()), INVITED),
    };
    let page = match done {
        Ok(()) => said_of(tx, &account, sentence, &project, tongue),
        Err(Error::NotFound) => line(&NOT_INVITED.with(tongue, &[&project.name])),
        Err(error) => line(&refusal(error, tongue)?),
    };
    reply(tx, post, page, tongue).map(|_| ())
}

/// The address in `NAME https://…`, where a post is to be taken out.
pub fn address(rest: &str) -> Option<&str> {
    rest.split_whitespace().find(|word| word.starts_with("https://") || word.starts_with("http://"))
}

/// Takes a post out of a project.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn withdraw(tx: &mut Tx<'_>, to: &Post, tongue: Tongue, rest: &str, post: Option<Id<Post>>) -> Result<()> {
    let words: Vec<&str> = rest.split_whitespace().filter(|word| address(word).is_none()).collect();
    let Some(project) = own_named(tx, to, &name(&words))? else {
        return how(tx, to, tongue, Verb::ProjectRemove);
    };
    if is_answered(tx, to)? {
        return Ok(());
    }
    let done = match post {
        Some(post) => group::withdraw(tx, to.account_id, project.id, post),
        None => Err(Error::NotFound),
    };
    let text = match done {
        Ok(()) => WITHDRAWN.with(tongue, &[&project.name]),
        Err(Error::NotFound) => NOT_PASSED_ON.with(tongue, &[&project.name]),
        Err(error) => refusal(error, tongue)?,
    };
    reply(tx, to, line(&text), tongue).map(|_| ())
}

/// Locks the thread below a post of a project, or opens it again.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn lock(
    tx: &mut Tx<'_>,
    to: &Post,
    tongue: Tongue,
    rest: &str,
    (post, locked): (Option<Id<Post>>, bool),
) -> Result<()> {
    let verb = if locked { Verb::ProjectLock } else { Verb::ProjectUnlock };
    let words: Vec<&str> = rest.split_whitespace().filter(|word| address(word).is_none()).collect();
    let Some(project) = own_named(tx, to, &name(&words))? else { return how(tx, to, tongue, verb) };
    if address(rest).is_none() {
        return how(tx, to, tongue, verb);
    }
    if is_answered(tx, to)? {
        return Ok(());
    }
    let done = match post {
        Some(post) => locks::set(tx, to.account_id, project.id, post, locked),
        None => Err(Error::NotFound),
    };
    let text = match done {
        Ok(()) => (if locked { LOCKED } else { UNLOCKED }).with(tongue, &[&project.name]),
        Err(Error::NotFound) => NOT_PASSED_ON.with(tongue, &[&project.name]),
        Err(error) => refusal(error, tongue)?,
    };
    reply(tx, to, line(&text), tongue).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_read_wherever_an_app_puts_them() {
        let read = |text: &str| whose(text).map(|(name, who, off)| format!("{name}|{who}|{off}"));
        assert_eq!(read("Quiet bearing @ada").as_deref(), Some("Quiet bearing|ada|false"));
        assert_eq!(read("@ada@b.example Quiet bearing").as_deref(), Some("Quiet bearing|ada@b.example|false"));
        assert_eq!(read("Quiet bearing to ada.").as_deref(), Some("Quiet bearing|ada|false"));
        assert_eq!(read("Leises Lager an @ada aus").as_deref(), Some("Leises Lager|ada|true"));
        assert_eq!(read("ada").as_deref(), Some("|ada|false"));
        assert_eq!((read(""), read("@")), (None, None));
        assert_eq!(begins(&["same", "work", "as", "x"], "same work as"), Some(3));
        assert_eq!(begins(&["same"], "same work as"), None);
    }
}
