//! What the concierge answers. Who knows something comes from the index in memory, which the caller asks; everything else
//! is found here.

use super::{
    page::Page,
    parse::{Command, Parsed, SkillChange},
    reply, tongue_of,
    words::{self, Entry, VERBS, Verb, column},
};
use crate::{
    Error, Result,
    domain::{
        Fact, Tx, Viewer, concierge,
        people::{self, By, FactsChange, Stance, facts::tag_of, fields::Tongue, wording},
        posts::{self, Draft},
        questions, text, visibility,
    },
    id::Id,
    model::{Account, Post, Visibility},
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
        Command::Skills(changes) => skills(tx, post.account_id, changes, tongue)?,
        Command::Knows(_) => return Ok(()),
        Command::Project(..) => not_yet(tongue),
        Command::Ask(text) => ask(tx, post, text, tongue)?,
        Command::Open => open(tx, post.account_id, tongue)?,
        Command::Close => match store::questions::find(tx.conn, post.conversation_id)? {
            Some(question) if question.local && question.asker == post.account_id => {
                return questions::close(tx, question);
            }
            _ => line(words::WHICH.of(tongue)),
        },
        Command::Asks(asks) => {
            let limits = questions::cap::set(tx, post.account_id, asks)?;
            let most = limits.weekly.map_or(tx.config().questions.weekly as i64, i64::from);
            match limits.away_until.filter(|until| tx.now < *until) {
                _ if limits.off => line(words::ASKS_OFF.of(tongue)),
                Some(until) => line(&words::AWAY.with(tongue, &[&until.date()])),
                None => line(&words::WEEKLY.with(tongue, &[&most.to_string()])),
            }
        }
    };
    reply(tx, post, page, tongue).map(|_| ())
}

fn not_yet(tongue: Tongue) -> Page {
    line(words::NOT_YET.of(tongue))
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
        let tag = &tx.config().questions.tag;
        let tagged = text::hashtags(&text::scan(text)).iter().any(|name| name == tag);
        let draft = Draft {
            app: post.app_id,
            text: if tagged { text.to_owned() } else { format!("{text} #{tag}") },
            visibility: Some(Visibility::Public),
            language: post.language.clone(),
            ..Draft::default()
        };
        match posts::publish(tx, post.account_id, draft) {
            Ok(id) => store::posts::load(tx.conn, id)?,
            Err(Error::Invalid { reason, .. }) => return Ok(line(&reason)),
            Err(other) => return Err(other),
        }
    };
    let mut page = Page::default();
    page.post(words::ASKED.of(tongue), &question);
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
            Err(Error::Invalid { reason, .. }) => page.line(&reason),
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
