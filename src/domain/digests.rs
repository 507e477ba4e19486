//! The weekly letter of the concierge (N5, N8): up to five things, each from what its reader may see. What there is nothing
//! of is left out, and a letter without anything is not sent.

use super::{
    Task, Tx, Viewer, charter,
    concierge::{self, page::Page, typed, words::Sentence},
    people::{self, facts::tag_of, fields::Tongue},
    questions::days,
    visibility,
};
use crate::{
    Result,
    config::Site,
    id::Id,
    model::{Account, Post},
    store,
    time::Timestamp,
};

/// The hour on Mondays, where the reader is.
const HOUR: u32 = 9;
/// Days that a letter looks back.
const WEEK: i64 = 7;
/// People among whom one to meet is chosen, another one each week.
const PEOPLE: i64 = 40;
/// Characters of a post.
const EXCERPT: usize = 100;

/// The letter is on.
pub const ON: Sentence = Sentence(
    "On Mondays at nine I write to you: up to five things of the week. “digest off” ends it.",
    "Montags um neun schreibe ich dir: bis zu fünf Dinge der Woche. „wochenbrief aus“ beendet es.",
);
/// It is off.
pub const OFF: Sentence = Sentence("I write no weekly letter to you.", "Ich schreibe dir keinen Wochenbrief.");
const HEAD: Sentence = Sentence("Your week:", "Deine Woche:");
const OWN_SITE: Sentence = Sentence("From your site, {}: {}", "Von deinem Standort, {}: {}");
const OTHER_SITE: Sentence = Sentence("From another site, {}: {}", "Von einem anderen Standort, {}: {}");
const QUESTION: Sentence = Sentence("Can you answer this? {}: {}", "Kannst du das beantworten? {}: {}");
const PROJECT: Sentence = Sentence("A new project: {} · about #{}", "Ein neues Projekt: {} · zu #{}");
const PERSON: Sentence = Sentence(" · somebody to meet: lists #{} like you", " · zum Kennenlernen: nennt #{} wie du");

/// Switches the letter of somebody of this node on or off.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn set(tx: &mut Tx<'_>, account: Id<Account>, on: bool) -> Result<()> {
    match (on, store::digests::due(tx.conn, account)?) {
        (true, None) => plan(tx, account),
        (true, Some(_)) => Ok(()),
        (false, _) => store::digests::delete(tx.conn, account),
    }
}

fn plan(tx: &mut Tx<'_>, account: Id<Account>) -> Result<()> {
    let zone = people::load(tx.conn, account)?.time_zone;
    let at = days::next_monday(tx.now, HOUR, &zone);
    store::digests::set_due(tx.conn, account, at)?;
    tx.enqueue_at(&Task::SendDigest { account: account.raw(), at: at.millis() }, at)
}

/// The moment of a letter has come. Nothing, when it was switched off or planned anew meanwhile.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn send(tx: &mut Tx<'_>, id: Id<Account>, at: Timestamp) -> Result<()> {
    if store::digests::due(tx.conn, id)? != Some(at) || tx.now < at {
        return Ok(());
    }
    let account = store::accounts::find(tx.conn, id)?.filter(|a| !a.is_unavailable() && a.left_on.is_none());
    let Some(account) = account.filter(|a| a.moved_to_id.is_none()) else {
        return store::digests::delete(tx.conn, id);
    };
    plan(tx, id)?;
    let tongue = concierge::tongue_of(tx, id, None)?;
    let items = items(tx, &account, tongue)?;
    let Some(page) = items else { return Ok(()) };
    let own = concierge::ensure(tx)?;
    concierge::write(tx, &own, page, tongue, &[id], &[]).map(|_| ())
}

/// The letter; none where nothing is to be said.
fn items(tx: &mut Tx<'_>, reader: &Account, tongue: Tongue) -> Result<Option<Page>> {
    let (me, since) = (reader.id, tx.now.plus_days(-WEEK));
    let visible = || visibility::condition(Viewer::from(me));
    let own = tx.site().domain().to_owned();
    let signed = charter::current(tx.conn)?;
    let nodes = signed.as_ref().map(|signed| signed.charter.nodes.as_slice()).unwrap_or_default();
    let others: Vec<String> = nodes.iter().map(|node| node.domain.clone()).filter(|domain| *domain != own).collect();
    let skills = people::load(tx.conn, me)?.skills;
    let mut page = Page::default();
    let mut found = 0;
    page.line(HEAD.of(tongue));
    let posts = [
        (OWN_SITE, store::digests::liked_post(tx.conn, me, None, visible(), since)?),
        (OTHER_SITE, store::digests::liked_post(tx.conn, me, Some(&others), visible(), since)?),
        (QUESTION, store::digests::question(tx.conn, me, visible())?),
    ];
    for (sentence, post) in posts {
        let Some(post) = post else { continue };
        let author = store::accounts::load(tx.conn, post.account_id)?;
        page.post(&excerpt(tx.site(), sentence, tongue, &author, &post), &post);
        found += 1;
    }
    let shared = |tags: Vec<String>| {
        let tags: Vec<String> = tags.iter().filter_map(|tag| tag_of(tag)).collect();
        skills.iter().find(|skill| tags.contains(&skill.tag)).map(|skill| skill.tag.clone())
    };
    for project in store::digests::projects(tx.conn, me, since)? {
        let Some(tag) = shared(project.tag_list()).filter(|_| project.is_public()) else { continue };
        let Some(account) = store::accounts::find(tx.conn, project.account())? else { continue };
        if store::follows::is_blocked_either_way(tx.conn, me, account.id)? {
            continue;
        }
        let address = concierge::page::profile(tx.site(), &account);
        page.address(&PROJECT.with(tongue, &[&project.name, &tag]), &address);
        found += 1;
        break;
    }
    let alike = store::suggestions::alike(tx.conn, me, true, false, PEOPLE)?;
    let mut alike = store::accounts::list(tx.conn, &alike)?;
    alike.retain(|person| person.domain.as_ref().is_some_and(|domain| others.contains(domain)));
    alike.sort_by_key(|person| person.id);
    let week = usize::try_from(tx.now.seconds().div_euclid(WEEK * 86_400)).unwrap_or(0);
    if let Some(person) = week.checked_rem(alike.len()).and_then(|at| alike.get(at)) {
        let tags = store::people::skills(tx.conn, &[person.id])?.into_iter().map(|skill| skill.tag).collect();
        if let Some(tag) = shared(tags) {
            page.person(tx.site(), person, &PERSON.with(tongue, &[&tag]));
            found += 1;
        }
    }
    Ok((found > 0).then_some(page))
}

fn excerpt(site: &Site, sentence: Sentence, tongue: Tongue, author: &Account, post: &Post) -> String {
    let text = typed(post).split_whitespace().collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(EXCERPT).collect();
    sentence.with(tongue, &[&concierge::page::handle(site, author), &text])
}
