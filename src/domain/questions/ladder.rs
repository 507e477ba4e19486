//! The way of a question over time: three people who may know, the next three after a working day, the gardener's desk
//! after three, and a last look after ten, or three days later for who has to be reminded of a late answer. Whoever asked is told at each step. Who may know comes from the index in
//! memory, which the caller asks between [`plan`] and [`climb`].

use super::{CLOSED, OPEN, cap, days};
use crate::{
    Result,
    db::Conn,
    domain::{
        Fact, Task, Tx, Viewer, audiences,
        concierge::{self, page::Page, typed, words},
        people,
        posts::Meaning,
        visibility,
    },
    id::Id,
    matching::projects::text::is_stop_word,
    model::{Account, Audience, Post, Role, Visibility},
    store::{self, questions::Question},
};
use std::collections::BTreeSet;

/// People asked at each step.
const ASKED: usize = 3;
/// Working days after the question at which each step is due.
const DAYS: [u32; 5] = [0, 1, 3, 10, 13];
/// The step of the gardener's desk, and the last one.
const DESK: i16 = 2;
const LAST: i16 = 3;
/// After the last one, when the reminder came with it.
const AFTER_ALL: i16 = 4;
/// Tags whose experts are looked for.
const TAGS: usize = 3;
/// Staff that is told.
const STAFF: usize = 20;
/// Similar answered questions that are linked.
const SIMILAR: usize = 2;
/// Answered questions among which those are looked for.
const LOOKED_AT: i64 = 10;
/// Words of a question by which they are looked for, when it has no tag.
const WORDS: usize = 8;

/// What the index is asked for a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Who asks.
    pub asker: Id<Account>,
    /// Questions to the directory whose answers are taken in turn; empty when nobody is to be asked.
    pub queries: Vec<String>,
    /// Asked when those bring nobody.
    pub otherwise: String,
    /// Tags by which earlier answers are looked for at the first step.
    pub tags: Vec<String>,
    /// Words by which they are where there is no tag.
    pub words: Vec<String>,
    /// How far the question goes, and with it what it is pointed to.
    pub audience: Audience,
}

fn due(tx: &mut Tx<'_>, id: Id<Post>, step: i16) -> Result<Option<Question>> {
    Ok(store::questions::find(tx.conn, id)?.filter(|q| q.local && q.state == OPEN && q.step == step))
}

/// Whether whoever asked reads no answer any more: then nobody is asked for them, and the desk takes the question over.
fn has_left(tx: &mut Tx<'_>, question: &Question) -> Result<bool> {
    let asker = store::accounts::load(tx.conn, question.asker)?;
    Ok(super::is_gone(&asker) || asker.is_unavailable())
}

/// What has to be known for a step; none when it is not due any more.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn plan(tx: &mut Tx<'_>, id: Id<Post>, step: i16) -> Result<Option<Plan>> {
    let Some(question) = due(tx, id, step)? else { return Ok(None) };
    if step >= DESK || question.answers > 0 || has_left(tx, &question)? {
        let audience = store::posts::load(tx.conn, id)?.audience;
        let (queries, tags, words) = (Vec::new(), Vec::new(), Vec::new());
        return Ok(Some(Plan { asker: question.asker, queries, otherwise: String::new(), tags, words, audience }));
    }
    let mut plan = plan_for(tx, &question)?;
    if step > 0 {
        plan.tags.clear();
        plan.words.clear();
    }
    Ok(Some(plan))
}

/// What has to be known to ask somebody else, when one of those who were asked is the wrong one; none when nobody needs to.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn plan_another(tx: &mut Tx<'_>, id: Id<Post>) -> Result<Option<Plan>> {
    match store::questions::find(tx.conn, id)? {
        Some(question) if question.local && waits(tx, &question)? => plan_for(tx, &question).map(Some),
        _ => Ok(None),
    }
}

fn waits(tx: &mut Tx<'_>, question: &Question) -> Result<bool> {
    Ok(question.state == OPEN && question.answers <= 0 && !has_left(tx, question)?)
}

/// Asks the best of those who may know and were not asked yet, once for each who declined.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn ask_another(tx: &mut Tx<'_>, id: Id<Post>, instead: Id<Account>, candidates: &[Id<Account>]) -> Result<()> {
    store::questions::hold(tx.conn, id)?;
    let Some(question) = store::questions::find(tx.conn, id)?.filter(|q| q.local) else { return Ok(()) };
    if !waits(tx, &question)? || !store::questions::replace(tx.conn, id, instead)? {
        return Ok(());
    }
    let post = store::posts::load(tx.conn, id)?;
    let chosen = chosen(tx, &question, &post, candidates, 1)?;
    let Some(account) = chosen.first() else { return Ok(()) };
    store::questions::insert_person(tx.conn, id, account.id, question.step, tx.now)?;
    let tongue = concierge::tongue_of(tx, question.asker, None)?;
    let mut page = Page::default();
    page.people(tx.site(), &chosen, words::CAN_YOU_HELP.of(tongue));
    concierge::say(tx, &post, page, tongue, post.visibility, &[account.id], Meaning::Route).map(|_| ())
}

fn plan_for(tx: &mut Tx<'_>, question: &Question) -> Result<Plan> {
    let id = question.post;
    let post = store::posts::load(tx.conn, id)?;
    let tags = super::tags(tx, id)?;
    let text: Vec<String> = typed(&post)
        .split_whitespace()
        .filter(|word| !word.starts_with(['#', '@']))
        .map(|word| word.trim_matches(['?', '!', '.', ',']).to_owned())
        .collect();
    let words = if tags.is_empty() { telling(&text) } else { Vec::new() };
    let queries = tags.iter().take(TAGS).map(|tag| format!("skill:{tag}")).collect();
    let otherwise = format!("who knows {}", text.join(" "));
    Ok(Plan { asker: question.asker, queries, otherwise, tags, words, audience: post.audience })
}

/// The words of a question that say what it is about, the longest first.
fn telling(text: &[String]) -> Vec<String> {
    let typed = text.iter().filter(|word| !word.contains("://"));
    let mut words: Vec<String> = typed.flat_map(|word| store::search::words(word)).collect();
    words.retain(|word| word.chars().nth(2).is_some() && !is_stop_word(word));
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    let mut seen = BTreeSet::new();
    words.retain(|word| seen.insert(word.clone()));
    words.truncate(WORDS);
    words
}

/// Accepted answers to questions with the same tags, or tags that mean the same, the newest first. Where there is no tag, to
/// those in which at least two of the words stand, and a third of them, those with most of them first.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn alike(conn: &mut Conn, plan: &Plan) -> Result<Vec<Id<Post>>> {
    let (tags, words) = (&plan.tags, &plan.words);
    let visible = visibility::condition(Viewer::anybody_in(plan.audience));
    let found = if !tags.is_empty() {
        let tags = super::tags::with_aliases(conn, tags)?;
        store::questions::answered(conn, &tags, visible, None, LOOKED_AT)?
    } else if !words.is_empty() {
        let least = words.len().div_ceil(3).max(words.len().min(2));
        store::questions::answered_alike(conn, words, least as i64, visible, LOOKED_AT)?
    } else {
        Vec::new()
    };
    Ok(found.into_iter().map(|(_, answer)| answer).collect())
}

/// Takes a step, with those who may know, best first, and the answers that are [`alike`] what is asked.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn climb(tx: &mut Tx<'_>, id: Id<Post>, step: i16, candidates: &[Id<Account>], earlier: &[Id<Post>]) -> Result<()> {
    store::questions::hold(tx.conn, id)?;
    let Some(mut question) = due(tx, id, step)? else { return Ok(()) };
    if store::accounts::load(tx.conn, question.asker)?.is_unavailable() {
        // Nobody sees it meanwhile: the step is taken when it is shown again.
        return tx.enqueue_at(&Task::ClimbLadder { question: id.raw(), step }, tx.now.plus_days(1));
    }
    let post = store::posts::load(tx.conn, id)?;
    let mut next = step + 1;
    match step {
        // Nobody had answered when the desk was told: there was no reminder yet.
        LAST if question.desk && question.answers > 0 => tell_asker(tx, &question, &post, words::REMINDER)?,
        LAST | AFTER_ALL => {
            end(tx, &mut question, &post)?;
            next = AFTER_ALL + 1;
        }
        _ if question.answers > 0 => {
            tell_asker(tx, &question, &post, words::REMINDER)?;
            next = LAST;
        }
        DESK => to_desk(tx, &mut question, &post)?,
        _ if has_left(tx, &question)? => {}
        _ => ask(tx, &question, &post, step, candidates, earlier)?,
    }
    question.step = next;
    store::questions::update(tx.conn, &question)?;
    if let Some(days) = usize::try_from(next).ok().and_then(|next| DAYS.get(next)) {
        let zone = people::load(tx.conn, question.asker)?.time_zone;
        let at = days::after(question.asked_at, *days, &zone, &tx.config().questions);
        tx.enqueue_at(&Task::ClimbLadder { question: id.raw(), step: next }, at)?;
    }
    Ok(())
}

/// Whom to ask now: nobody twice, nobody who is busy as far as this node knows.
fn chosen(
    tx: &mut Tx<'_>,
    question: &Question,
    post: &Post,
    candidates: &[Id<Account>],
    most: usize,
) -> Result<Vec<Account>> {
    let settings = &tx.config().questions;
    let before = store::questions::people(tx.conn, question.post)?;
    let mut chosen: Vec<Account> = Vec::new();
    for id in candidates {
        if chosen.len() == most {
            break;
        }
        if *id == question.asker || before.contains(id) || chosen.iter().any(|account| account.id == *id) {
            continue;
        }
        let Some(account) = store::accounts::find(tx.conn, *id)? else { continue };
        let free = !account.is_local() || cap::may_be_asked(tx.conn, *id, settings, tx.now)?;
        let reachable = !account.is_unavailable()
            && account.moved_to_id.is_none()
            && account.left_on.is_none()
            // What their own node lets them see is seen to there.
            && match account.is_local() {
                true => {
                    visibility::can_see(tx.conn, Viewer::from(*id), post, tx.now)?
                        // To be asked is to be named, by everybody who reads the question, as one who may know.
                        && (post.audience == Audience::Site
                            || people::load(tx.conn, *id)?.listed == people::Listed::Organisation)
                }
                false => audiences::place(tx.conn, &account)? <= post.audience,
            };
        if free && reachable {
            chosen.push(account);
        }
    }
    Ok(chosen)
}

fn ask(
    tx: &mut Tx<'_>,
    question: &Question,
    post: &Post,
    step: i16,
    candidates: &[Id<Account>],
    earlier: &[Id<Post>],
) -> Result<()> {
    let chosen = chosen(tx, question, post, candidates, ASKED)?;
    if chosen.is_empty() {
        return nobody(tx, question, post, step, earlier);
    }
    let mut told = vec![question.asker];
    let mut sites = BTreeSet::new();
    for account in &chosen {
        store::questions::insert_person(tx.conn, question.post, account.id, step, tx.now)?;
        told.push(account.id);
        sites.insert(account.domain.clone());
    }
    let tongue = concierge::tongue_of(tx, question.asker, None)?;
    let mut page = Page::default();
    page.people(tx.site(), &chosen, words::CAN_YOU_HELP.of(tongue));
    let (people, sites) = (chosen.len().to_string(), sites.len().to_string());
    page.line(&words::TOLD.with(tongue, &[&people, &sites]));
    if step == 0 {
        similar(tx, post, &mut page, words::SIMILAR.of(tongue), earlier)?;
    }
    concierge::say(tx, post, page, tongue, post.visibility, &told, Meaning::Route).map(|_| ())
}

/// Nobody can be asked: the asker hears it, and at first what was answered before, which may be all they need.
fn nobody(tx: &mut Tx<'_>, question: &Question, post: &Post, step: i16, earlier: &[Id<Post>]) -> Result<()> {
    let tongue = concierge::tongue_of(tx, question.asker, None)?;
    let mut page = Page::default();
    if step == 0 {
        page.line(words::NOBODY.of(tongue));
        similar(tx, post, &mut page, words::SIMILAR.of(tongue), earlier)?;
    } else {
        page.line(words::NOBODY_ELSE.of(tongue));
    }
    concierge::say(tx, post, page, tongue, Visibility::Direct, &[question.asker], Meaning::Plain).map(|_| ())
}

/// Links what was answered before and may be read by everybody who reads this.
fn similar(tx: &mut Tx<'_>, post: &Post, page: &mut Page, head: &str, earlier: &[Id<Post>]) -> Result<()> {
    let mut shown = 0;
    for answer in earlier {
        if shown == SIMILAR {
            break;
        }
        let Some(answer) = store::posts::find(tx.conn, *answer)? else { continue };
        if super::goes_as_far(tx, &answer, post)? {
            page.post(head, &answer);
            shown += 1;
        }
    }
    Ok(())
}

fn tell_asker(tx: &mut Tx<'_>, question: &Question, post: &Post, sentence: words::Sentence) -> Result<()> {
    if has_left(tx, question)? {
        return Ok(());
    }
    let tongue = concierge::tongue_of(tx, question.asker, None)?;
    let mut page = Page::default();
    page.line(sentence.of(tongue));
    concierge::say(tx, post, page, tongue, Visibility::Direct, &[question.asker], Meaning::Plain).map(|_| ())
}

/// The desk is the staff of the asker's node, whoever else can be reached; where there is nobody but the asker, they hear that
/// too, and the question stays where everybody sees it.
fn to_desk(tx: &mut Tx<'_>, question: &mut Question, post: &Post) -> Result<()> {
    question.desk = true;
    let mut staff = store::notifications::staff(tx.conn, Role::Moderator)?;
    staff.retain(|id| *id != question.asker);
    staff.truncate(STAFF);
    let told = if staff.is_empty() { words::NO_DESK } else { words::AT_DESK };
    for member in staff {
        let tongue = concierge::tongue_of(tx, member, None)?;
        let mut page = Page::default();
        page.post(words::DESK.of(tongue), post);
        concierge::say(tx, post, page, tongue, Visibility::Direct, &[member], Meaning::Plain)?;
    }
    tell_asker(tx, question, post, told)
}

/// The last look: what was answered is closed, what was not stays among the open ones.
fn end(tx: &mut Tx<'_>, question: &mut Question, post: &Post) -> Result<()> {
    if question.answers == 0 {
        return tell_asker(tx, question, post, words::STILL_OPEN);
    }
    (question.state, question.ended_at) = (CLOSED, Some(tx.now));
    store::questions::update(tx.conn, question)?;
    tx.record(Fact::QuestionChanged(question.post))?;
    tell_asker(tx, question, post, words::CLOSED)
}
