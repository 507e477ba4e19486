//! What the concierge answers. Who knows something comes from the index in memory, which the caller asks; everything else
//! is found here.

use super::{
    lead,
    page::Page,
    parse::{Command, Parsed, SkillChange},
    reply, tongue_of,
    verbs::{Entry, VERBS, Verb, column},
    why, wished, words,
};
use crate::{
    Error, Result,
    domain::{
        Fact, Tx, Viewer, coffee, concierge, delivery, digests,
        people::{self, By, FactsChange, Listed, Stance, facts::tag_of, fields::Tongue, wording},
        profiles::{self, ProfileChange},
        questions::{self, Asking},
        visibility,
    },
    id::Id,
    model::{Account, Audience, Post, Visibility},
    store,
};

/// Open questions of one answer.
const OPEN_QUESTIONS: i64 = 5;

/// Somebody who may know, and why in words.
pub type Reasoned = (Id<Account>, String);

/// Answers who may know something.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn knows(tx: &mut Tx<'_>, post: &Post, tongue: Tongue, found: &[Reasoned]) -> Result<()> {
    let mut page = Page::default();
    if found.is_empty() {
        page.line(wording::nobody(tongue));
        page.line(words::ASK_NETWORK.of(tongue));
        return reply(tx, post, page, tongue).map(|_| ());
    }
    page.line(words::FOUND.of(tongue));
    for (id, because) in found {
        let Some(account) = store::accounts::find(tx.conn, *id)? else { continue };
        page.person(tx.site(), &account, &format!(" · {because}"));
    }
    reply(tx, post, page, tongue).map(|_| ())
}

/// Answers a command that needs no index.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn run(tx: &mut Tx<'_>, post: &Post, parsed: &Parsed) -> Result<()> {
    let tongue = tongue_of(tx, post.account_id, parsed.tongue)?;
    let page = match &parsed.command {
        Command::Help => help(tongue),
        Command::Unknown(near) => unknown(tongue, near),
        Command::Thanks => line(words::WELCOME.of(tongue)),
        Command::Skills(changes) => skills(tx, post.account_id, changes, tongue)?,
        Command::Consent(yes) => return lead::consent(tx, post, tongue, *yes),
        // What needs an index is the caller's.
        Command::Knows(_) | Command::Project(..) => return Ok(()),
        Command::List(listed) => list(tx, post.account_id, *listed, tongue)?,
        Command::Reach(audience) => reach(tx, post.account_id, *audience, tongue)?,
        Command::Ask(text) => ask(tx, post, text, tongue)?,
        Command::Idea(text) => return super::ideas::run(tx, post, text, tongue),
        Command::Ideas => super::ideas::list(tx, post.account_id, tongue)?,
        Command::Introduce(rest) => return super::introduce::run(tx, post, rest, tongue),
        Command::Coffee(on) => line(match (coffee::set(tx, post.account_id, *on)?, on) {
            (false, _) => coffee::NOT_LISTED.of(tongue),
            (true, true) => coffee::ON.of(tongue),
            (true, false) => coffee::OFF.of(tongue),
        }),
        Command::Digest(on) => {
            digests::set(tx, post.account_id, *on)?;
            line(if *on { digests::ON } else { digests::OFF }.of(tongue))
        }
        Command::Open => open(tx, post.account_id, tongue)?,
        Command::Close => match store::questions::find(tx.conn, post.conversation_id)? {
            Some(question) if questions::may_end(tx.conn, &question, post.account_id)? => {
                if question.state == questions::OPEN {
                    return questions::close(tx, question, post.account_id);
                }
                line(words::CLOSED.of(tongue))
            }
            _ => line(words::WHICH.of(tongue)),
        },
        Command::Delivery(address) => where_it_is(tx, post, address.as_deref(), tongue)?,
        Command::Asks(asks) => {
            let limits = questions::cap::set(tx, post.account_id, asks)?;
            let most = limits.weekly.map_or(tx.config().questions.weekly as i64, i64::from);
            match limits.away_until.filter(|until| tx.now < *until) {
                _ if limits.off => line(words::ASKS_OFF.of(tongue)),
                Some(until) => line(&words::AWAY.with(tongue, &[&written(until.date(), tongue)])),
                None => line(&words::WEEKLY.with(tongue, &[&most.to_string()])),
            }
        }
    };
    reply(tx, post, page, tongue).map(|_| ())
}

/// Which sites have a post of the writer: the one with this address, the one that is replied to, or the newest that went
/// to more than those it names.
fn where_it_is(tx: &mut Tx<'_>, post: &Post, address: Option<&str>, tongue: Tongue) -> Result<Page> {
    let id = match address {
        // The pages and the objects of posts end in the same number.
        Some(address) => address.trim_end_matches('/').rsplit('/').next().and_then(|last| last.parse().ok()),
        None => match post.in_reply_to_id {
            Some(parent) => Some(parent),
            None => store::posts::newest_of(tx.conn, post.account_id, post.id)?,
        },
    };
    let Some(id) = id else { return Ok(line(words::WHICH_POST.of(tongue))) };
    match delivery::of_post(tx.conn, post.account_id, id, tx.now, tongue) {
        Ok(told) => {
            let of = store::posts::load(tx.conn, told.id)?;
            let mut page = Page::default();
            page.post(&told.text, &of);
            Ok(page)
        }
        Err(Error::NotFound) => Ok(line(words::WHICH_POST.of(tongue))),
        Err(other) => Err(other),
    }
}

/// Who may find the writer.
fn list(tx: &mut Tx<'_>, account: Id<Account>, listed: Option<Listed>, tongue: Tongue) -> Result<Page> {
    let Some(listed) = listed else { return Ok(line(words::WHICH_LISTED.of(tongue))) };
    let change = FactsChange { listed: Some(listed), ..FactsChange::default() };
    people::update(tx, account, &change, By::Themselves)?;
    let [organisation, site, nobody] = words::LISTED;
    Ok(line(match listed {
        Listed::Organisation => organisation.of(tongue),
        Listed::Site => site.of(tongue),
        Listed::Unlisted => nobody.of(tongue),
    }))
}

/// How far the writer's posts go.
fn reach(tx: &mut Tx<'_>, account: Id<Account>, audience: Option<Option<Audience>>, tongue: Tongue) -> Result<Page> {
    let Some(audience) = audience else { return Ok(line(words::WHICH_REACH.of(tongue))) };
    let change = ProfileChange { default_audience: Some(audience), ..ProfileChange::default() };
    let [site, organisation, open, usual] = words::REACH;
    match profiles::update(tx, account, &change) {
        Ok(_) => {}
        Err(Error::Invalid { code, reason, .. }) => return Ok(line(&why(code, &reason, tongue))),
        Err(other) => return Err(other),
    }
    Ok(line(match audience {
        Some(Audience::Site) => site.of(tongue),
        Some(Audience::Organisation) => organisation.of(tongue),
        Some(Audience::Open) => open.of(tongue),
        None => usual.of(tongue),
    }))
}

/// A day, `2026-12-24`, as the language writes it.
fn written(day: String, tongue: Tongue) -> String {
    match tongue {
        Tongue::English => day,
        Tongue::German => day.rsplit('-').collect::<Vec<_>>().join("."),
    }
}

fn line(text: &str) -> Page {
    let mut page = Page::default();
    page.line(text);
    page
}

/// Publishes a question in the name of whoever asks. An open post is the question itself.
fn ask(tx: &mut Tx<'_>, post: &Post, text: &str, tongue: Tongue) -> Result<Page> {
    let own = concierge::ensure(tx)?;
    if store::concierge::has_answered(tx.conn, own.id, post.id)? {
        return Ok(Page::default());
    }
    let question = if post.visibility <= Visibility::Unlisted {
        if store::questions::find(tx.conn, post.id)?.is_none() {
            questions::begin(tx, post)?;
            tx.record(Fact::QuestionChanged(post.id))?;
        }
        post.clone()
    } else {
        let asking = Asking {
            text: text.to_owned(),
            language: post.language.clone(),
            once: None,
            app: post.app_id,
            audience: wished(post),
        };
        match questions::ask(tx, post.account_id, asking) {
            Ok(id) => store::posts::load(tx.conn, id)?,
            Err(Error::Invalid { code, reason, .. }) => return Ok(line(&why(code, &reason, tongue))),
            Err(other) => return Err(other),
        }
    };
    let mut page = Page::default();
    page.post(words::ASKED.of(tongue), &question);
    if question.id != post.id && super::has_files(tx, post)? {
        page.line(&words::ATTACHED.with(tongue, &[&tx.config().questions.tag]));
    }
    Ok(page)
}

/// Questions that nobody answered.
fn open(tx: &mut Tx<'_>, account: Id<Account>, tongue: Tongue) -> Result<Page> {
    let visible = visibility::condition(Viewer::from(account));
    let open = questions::open(tx.conn, visible, OPEN_QUESTIONS)?;
    if open.is_empty() {
        return Ok(line(words::NONE_OPEN.of(tongue)));
    }
    let mut page = Page::default();
    page.line(words::OPEN.of(tongue));
    for post in open {
        let text: String = concierge::typed(&post).split_whitespace().collect::<Vec<_>>().join(" ");
        page.post(&text.chars().take(100).collect::<String>(), &post);
    }
    Ok(page)
}

fn usage(page: &mut Page, entry: &Entry, tongue: Tongue) {
    page.line(&format!("• {}", entry.usage.get(column(tongue)).copied().unwrap_or_default()));
}

fn help(tongue: Tongue) -> Page {
    let mut page = Page::default();
    page.line(words::HELP.of(tongue));
    VERBS.iter().for_each(|entry| usage(&mut page, entry, tongue));
    page
}

fn unknown(tongue: Tongue, near: &[Verb; 3]) -> Page {
    let mut page = Page::default();
    page.line(words::UNKNOWN.of(tongue));
    near.iter()
        .filter_map(|verb| VERBS.iter().find(|entry| entry.verb == *verb))
        .for_each(|entry| usage(&mut page, entry, tongue));
    page.line(words::MORE.of(tongue));
    page
}

/// Changes the skills of the writer and shows them.
fn skills(tx: &mut Tx<'_>, account: Id<Account>, changes: &[SkillChange], tongue: Tongue) -> Result<Page> {
    let mut page = Page::default();
    let mut facts = people::load(tx.conn, account)?;
    if !changes.is_empty() {
        let mut skills: Vec<(String, Stance)> =
            facts.skills.iter().map(|skill| (skill.name.clone(), skill.stance)).collect();
        for change in changes {
            let (SkillChange::Add(name, _) | SkillChange::Remove(name)) = change;
            let Some(tag) = tag_of(name) else { continue };
            let known = skills.iter().position(|(name, _)| tag_of(name).as_ref() == Some(&tag));
            match (change, known) {
                (SkillChange::Add(_, Some(stance)), Some(at)) => {
                    if let Some(skill) = skills.get_mut(at) {
                        skill.1 = *stance;
                    }
                }
                (SkillChange::Add(_, stance), None) => skills.push((name.clone(), stance.unwrap_or(Stance::Knows))),
                (SkillChange::Remove(_), Some(at)) => {
                    skills.remove(at);
                }
                _ => {}
            }
        }
        let change = FactsChange { skills: Some(skills), ..FactsChange::default() };
        match people::update(tx, account, &change, By::Themselves) {
            Ok(changed) => facts = changed,
            Err(Error::Invalid { code, reason, .. }) => page.line(&why(code, &reason, tongue)),
            Err(other) => return Err(other),
        }
    }
    if facts.skills.is_empty() {
        page.line(words::NO_SKILLS.of(tongue));
        return Ok(page);
    }
    page.line(words::SKILLS.of(tongue));
    for (stance, heading) in [Stance::Ask, Stance::Knows, Stance::Learning].into_iter().zip(words::STANCES) {
        let names: Vec<&str> =
            facts.skills.iter().filter(|skill| skill.stance == stance).map(|skill| skill.name.as_str()).collect();
        if !names.is_empty() {
            page.line(&format!("{}: {}", heading.of(tongue), names.join(", ")));
        }
    }
    Ok(page)
}
