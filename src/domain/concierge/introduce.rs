//! `intro`: people to meet at other sites, each with a number and a reason; then `intro 2 because …`, or anybody's name. To
//! whoever is new it drafts a first post.

use super::{
    is_answered,
    page::Page,
    projects::{line, thread},
    reply, typed,
    words::Sentence,
};
use crate::{
    Result,
    domain::{
        Tx,
        introductions::{self, Done, Offer},
        people::{self, Facts, Stance, fields::Tongue},
    },
    model::{Account, Post},
    store::{self, concierge::Thread},
};

/// Days in which somebody is new.
const NEW: i64 = 30;
/// Numbers of one thread.
const NUMBERS: usize = 50;

const PEOPLE: Sentence = Sentence(
    "People at other sites whom you may want to meet:",
    "Leute an anderen Standorten, die du treffen könntest:",
);
const BOTH: Sentence = Sentence("you both list {}", "ihr nennt beide {}");
const NONE: Sentence = Sentence(
    "I know of nobody at another site now. List what you know: skills +torque sensors, +chess.",
    "Ich weiß gerade niemanden an einem anderen Standort. Nenn, was du kannst: kenntnisse +Drehmomentsensoren, +Schach.",
);
const HOW: Sentence = Sentence(
    "Answer here: “intro 1 because …”. A name does as well, without @: intro ada@lyon.example.",
    "Antworte hier: „vorstellen 1 weil …“. Ein Name geht auch, ohne @: vorstellen ada@lyon.example.",
);
const WRITTEN: Sentence =
    Sentence("has a letter from me that names you both.", "hat einen Brief von mir, in dem ihr beide steht.");
const ALREADY: Sentence = Sentence("was introduced to you a short time ago.", "kennst du seit Kurzem durch mich.");
const TOO_MANY: Sentence =
    Sentence("You met five people in a week: wait some days.", "Das waren fünf in einer Woche: warte ein paar Tage.");
const NOBODY: Sentence = Sentence(
    "Nobody of that name is listed. “intro” alone shows people to meet.",
    "Niemand mit diesem Namen ist eingetragen. „vorstellen“ allein zeigt, wen du treffen könntest.",
);
const FIRST: Sentence = Sentence(
    "A first post that you could send, changed as you like:",
    "Ein erster Beitrag, den du senden könntest, nach deinem Geschmack:",
);
const HELLO: Sentence = Sentence("Hello, I am {}{}.", "Hallo, ich bin {}{}.");
const WORKS: Sentence = Sentence("I work on {}.", "Ich arbeite an {}.");
const ASK: Sentence = Sentence("Ask me about {}.", "Frag mich zu {}.");
const KNOWS: Sentence = Sentence("I know {}.", "Ich kenne {}.");
const LEARNS: Sentence = Sentence("I am learning {}.", "Ich lerne {}.");
const TAG: Sentence = Sentence("#introduction", "#vorstellung");

/// Does what somebody wrote.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn run(tx: &mut Tx<'_>, post: &Post, rest: &str, tongue: Tongue) -> Result<()> {
    if is_answered(tx, post)? {
        return Ok(());
    }
    let page = if rest.trim_end_matches(['?', '.', '!']).is_empty() {
        offer(tx, post, tongue)?
    } else {
        let (who, why) = split(rest);
        introduce(tx, post, who, why, tongue)?
    };
    reply(tx, post, page, tongue).map(|_| ())
}

/// Who, and behind a word that begins a reason, why.
fn split(rest: &str) -> (&str, &str) {
    let mut from = 0;
    for word in rest.split_whitespace() {
        let at = from + rest.get(from..).and_then(|rest| rest.find(word)).unwrap_or_default();
        if typed::is_because(&word.to_lowercase()) {
            return (rest.get(..at).unwrap_or_default().trim(), typed::reason(rest.get(at..).unwrap_or_default()));
        }
        from = at + word.len();
    }
    (rest.trim(), "")
}

fn offer(tx: &mut Tx<'_>, post: &Post, tongue: Tongue) -> Result<Page> {
    let me = post.account_id;
    let offers = introductions::offers(tx, me)?;
    let mut page = Page::default();
    if offers.is_empty() {
        page.line(NONE.of(tongue));
    } else {
        page.line(PEOPLE.of(tongue));
        number(tx, post, &offers, &mut page, tongue)?;
        page.line(HOW.of(tongue));
    }
    let account = store::accounts::load(tx.conn, me)?;
    if account.created_at > tx.now.plus_days(-NEW) {
        let facts = people::load(tx.conn, me)?;
        page.line(FIRST.of(tongue));
        page.line(&draft(&account, &facts, tongue));
    }
    Ok(page)
}

/// Shows people with their numbers in this thread.
fn number(tx: &mut Tx<'_>, post: &Post, offers: &[Offer], page: &mut Page, tongue: Tongue) -> Result<()> {
    let mut said: Thread = thread(tx.conn, post)?;
    if said.people.len() + offers.len() > NUMBERS {
        said.people.clear();
    }
    for Offer { account, shared } in offers {
        let at = said.people.iter().position(|id| *id == account.id).unwrap_or_else(|| {
            said.people.push(account.id);
            said.people.len() - 1
        });
        let facts = people::load(tx.conn, account.id)?;
        let both = (!shared.is_empty()).then(|| BOTH.with(tongue, &[&shared.join(", ")]));
        let told = [facts.title, facts.site].into_iter().filter(|text| !text.is_empty()).chain(both);
        let told: String = told.map(|text| format!(" · {text}")).collect();
        page.numbered(at + 1, named(account), tx.site(), account, &told);
    }
    store::concierge::set_thread(tx.conn, &said, tx.now)
}

fn named(account: &Account) -> &str {
    match account.display_name.trim() {
        "" => &account.username,
        name => name,
    }
}

fn introduce(tx: &mut Tx<'_>, post: &Post, who: &str, why: &str, tongue: Tongue) -> Result<Page> {
    let Some(other) = meant(tx, post, who)? else { return Ok(line(NOBODY.of(tongue))) };
    let mut page = Page::default();
    match introductions::introduce(tx, post.account_id, &other, why)? {
        Done::Written => page.person(tx.site(), &other, &format!(" {}", WRITTEN.of(tongue))),
        Done::Already => page.person(tx.site(), &other, &format!(" {}", ALREADY.of(tongue))),
        Done::TooMany => page.line(TOO_MANY.of(tongue)),
        Done::Nobody => page.line(NOBODY.of(tongue)),
    }
    Ok(page)
}

/// A number of this thread, or a handle.
fn meant(tx: &mut Tx<'_>, post: &Post, who: &str) -> Result<Option<Account>> {
    if let Some((number, rest)) = typed::number(who)
        && rest.is_empty()
    {
        let said = thread(tx.conn, post)?;
        return match number.checked_sub(1).and_then(|at| said.people.get(at)) {
            Some(id) => store::accounts::find(tx.conn, *id),
            None => Ok(None),
        };
    }
    let who = who.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
    let handle = match who.split_once('@') {
        Some((name, domain)) if tx.site().is_own_name(domain) => name,
        _ => who,
    };
    store::accounts::find_by_handle(tx.conn, handle)
}

/// A first post from what somebody lists.
fn draft(account: &Account, facts: &Facts, tongue: Tongue) -> String {
    let of = |stance| {
        let skills = facts.skills.iter().filter(|skill| skill.stance == stance);
        skills.map(|skill| format!("#{}", skill.tag)).take(5).collect::<Vec<_>>().join(" ")
    };
    let place: Vec<&str> = [&facts.title, &facts.department, &facts.site]
        .into_iter()
        .map(String::as_str)
        .filter(|s| !s.is_empty())
        .collect();
    let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
    let mut parts = vec![HELLO.with(tongue, &[named(account), &place])];
    let works: Vec<&str> = facts.works_on.iter().map(|work| work.name.as_str()).take(3).collect();
    for (sentence, value) in
        [(WORKS, works.join(", ")), (ASK, of(Stance::Ask)), (KNOWS, of(Stance::Knows)), (LEARNS, of(Stance::Learning))]
    {
        if !value.is_empty() {
            parts.push(sentence.with(tongue, &[&value]));
        }
    }
    parts.push(TAG.of(tongue).to_owned());
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn who_and_why_are_read_from_one_line() {
        assert_eq!(split("2 because we both weld"), ("2", "we both weld"));
        assert_eq!(split("ada@lyon.example weil wir beide löten"), ("ada@lyon.example", "wir beide löten"));
        assert_eq!((split("ada"), split("because")), (("ada", ""), ("", "")));
    }
}
