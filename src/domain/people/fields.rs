//! The first profile fields: what is known of somebody in a form that every client shows, in front of the person's own
//! fields. Clients edit what they show and send it back, so what was made here is read here, and is never typed twice.

use super::{By, Facts, FactsChange, Skill, Stance, Work, facts};
use crate::{
    Error, Result,
    config::Site,
    domain::{
        Tx,
        html::{escape, plain_text},
        profiles::{self, Field},
    },
    limits,
    model::{Account, AccountKind},
    store,
};

/// Fields that a client which knows no better shows and sends.
const CLIENT_FIELDS: usize = 4;
/// Characters that are read of a field made here, whatever the limit of others.
const READ: usize = 4_000;

/// The fields that are made, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// Ask me about.
    Ask,
    /// Works on.
    Works,
    /// Team.
    Team,
    /// Site.
    Site,
}

/// All of them.
pub const MADE: [Made; 4] = [Made::Ask, Made::Works, Made::Team, Made::Site];

/// A language that the fields are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tongue {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

const TONGUES: [Tongue; 2] = [Tongue::English, Tongue::German];

impl Tongue {
    /// From a language tag such as `de-AT`; English for all that is not shipped.
    pub fn of(locale: Option<&str>) -> Self {
        match locale.and_then(|tag| tag.get(..2)) {
            Some(tag) if tag.eq_ignore_ascii_case("de") => Self::German,
            _ => Self::English,
        }
    }

    fn knows(self) -> &'static str {
        match self {
            Self::English => "knows",
            Self::German => "kennt",
        }
    }

    fn learning(self) -> &'static str {
        match self {
            Self::English => "learning",
            Self::German => "lernt",
        }
    }
}

impl Made {
    /// As stored with the field.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Works => "works",
            Self::Team => "team",
            Self::Site => "site",
        }
    }

    /// The name of the field.
    pub const fn name(self, tongue: Tongue) -> &'static str {
        match (self, tongue) {
            (Self::Ask, Tongue::English) => "Ask me about",
            (Self::Ask, Tongue::German) => "Frag mich zu",
            (Self::Works, Tongue::English) => "Works on",
            (Self::Works, Tongue::German) => "Arbeitet an",
            (Self::Team, _) => "Team",
            (Self::Site, Tongue::English) => "Site",
            (Self::Site, Tongue::German) => "Standort",
        }
    }

    /// Which one has this name, in any shipped language.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim().trim_end_matches(':').to_lowercase();
        MADE.into_iter().find(|made| TONGUES.iter().any(|tongue| made.name(*tongue).to_lowercase() == name))
    }
}

/// A skill as a hashtag: as it was typed, where that is one.
fn hashtag(skill: &Skill) -> String {
    let typed = !skill.name.is_empty() && skill.name.chars().all(|c| c.is_alphanumeric() || c == '_');
    format!("#{}", if typed { &skill.name } else { &skill.tag })
}

/// The skills that fit into a field, by stance.
fn fitting(facts: &Facts, tongue: Tongue) -> Vec<(Stance, Vec<&Skill>)> {
    let mut room = limits::FIELD_CHARACTERS;
    let mut parts = Vec::new();
    for stance in [Stance::Ask, Stance::Knows, Stance::Learning] {
        let mut shown = Vec::new();
        let head = if stance == Stance::Ask { 0 } else { tongue.knows().len().max(tongue.learning().len()) + 4 };
        room = room.saturating_sub(head);
        for skill in facts.skills.iter().filter(|skill| skill.stance == stance) {
            let length = hashtag(skill).chars().count() + 1;
            if length > room {
                room = 0;
                break;
            }
            room -= length;
            shown.push(skill);
        }
        if !shown.is_empty() {
            parts.push((stance, shown));
        }
    }
    parts
}

/// What somebody works on, as far as it fits into a field.
fn fitting_works(facts: &Facts) -> &[Work] {
    let mut length = 0;
    let fits = |work: &Work| {
        length += work.name.chars().count() + if length == 0 { 0 } else { 2 };
        length <= limits::FIELD_CHARACTERS
    };
    let count = facts.works_on.iter().map(fits).take_while(|fits| *fits).count();
    facts.works_on.get(..count).unwrap_or_default()
}

/// The plain text of a field, as its owner edits it; empty when there is nothing to say.
pub fn plain(made: Made, facts: &Facts, tongue: Tongue) -> String {
    match made {
        Made::Ask => skills_line(facts, tongue, true, hashtag),
        Made::Works => {
            let shown: Vec<&str> = fitting_works(facts).iter().map(|work| work.name.as_str()).collect();
            shown.join(", ")
        }
        Made::Team => {
            let parts: Vec<&str> =
                [&facts.title, &facts.department].into_iter().map(String::as_str).filter(|t| !t.is_empty()).collect();
            parts.join(", ")
        }
        Made::Site => {
            let mut text = facts.site.clone();
            if !facts.time_zone.is_empty() {
                text.push_str(&format!(" ({})", facts.time_zone));
            }
            if !facts.languages.is_empty() {
                text.push_str(&format!(", {}", facts.languages.join(" ")));
            }
            text.trim_start_matches([',', ' ']).to_owned()
        }
    }
}

fn skills_line(facts: &Facts, tongue: Tongue, learning: bool, tag: impl Fn(&Skill) -> String) -> String {
    let parts = fitting(facts, tongue).into_iter().filter(|(stance, _)| learning || *stance != Stance::Learning);
    let parts: Vec<String> = parts
        .map(|(stance, skills)| {
            let tags: Vec<String> = skills.into_iter().map(&tag).collect();
            let tags = tags.join(" ");
            match stance {
                Stance::Ask => tags,
                Stance::Knows => format!("{} {tags}", tongue.knows()),
                Stance::Learning => format!("{} {tags}", tongue.learning()),
            }
        })
        .collect();
    parts.join(" · ")
}

/// What everybody sees of it, as markup. Skills that are being learnt are nobody else's business.
fn markup(made: Made, facts: &Facts, tongue: Tongue, site: &Site) -> String {
    match made {
        Made::Ask => skills_line(facts, tongue, false, |skill| {
            format!("<a href=\"{}\" rel=\"tag\">{}</a>", escape(&site.tag_url(&skill.tag)), escape(&hashtag(skill)))
        }),
        Made::Works => {
            let one = |work: &Work| match &work.url {
                Some(url) => format!("<a href=\"{}\">{}</a>", escape(url), escape(&work.name)),
                None => escape(&work.name).into_owned(),
            };
            facts.works_on.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        Made::Team | Made::Site => escape(&plain(made, facts, tongue)).into_owned(),
    }
}

/// The fields made of what is known.
pub fn made(facts: &Facts, tongue: Tongue, site: &Site) -> Vec<Field> {
    let field = |made: Made| {
        let source = plain(made, facts, tongue);
        (!source.is_empty()).then(|| Field {
            name: made.name(tongue).to_owned(),
            value: markup(made, facts, tongue, site),
            source: Some(source),
            verified_at: None,
            generated: Some(made.word().to_owned()),
        })
    };
    MADE.into_iter().filter_map(field).collect()
}

/// The language of somebody's fields.
fn tongue(tx: &mut Tx<'_>, account: &Account) -> Result<Tongue> {
    let user = store::users::find(tx.conn, account.id)?;
    let own = user.and_then(|user| user.locale);
    Ok(match own {
        Some(locale) => Tongue::of(Some(&locale)),
        None => Tongue::of(tx.config().instance.languages.first().map(String::as_str)),
    })
}

/// The fields of an account as stored: those that are made, then its own (those it has, unless `own` says others).
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn composed(tx: &mut Tx<'_>, account: &Account, facts: &Facts, own: Option<Vec<Field>>) -> Result<String> {
    let tongue = tongue(tx, account)?;
    let own = own
        .unwrap_or_else(|| profiles::fields(account).into_iter().filter(|field| field.generated.is_none()).collect());
    let mut all = made(facts, tongue, tx.site());
    all.extend(own);
    serde_json::to_string(&all).map_err(Error::internal)
}

/// What a client sent in place of the fields it shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// What follows for the facts.
    pub change: FactsChange,
    /// The person's own fields, as typed.
    pub own: Vec<(String, String)>,
}

/// Takes apart what a client sent: fields of the four names change facts, the others are the person's own. Fields that
/// a client did not send because it stops at four are kept.
pub fn take(shown: &[Field], facts: &Facts, typed: &[(String, String)], locale: Tongue) -> Taken {
    let mut taken = Taken::default();
    let mut seen: Vec<Made> = Vec::new();
    for (at, (name, value)) in typed.iter().enumerate() {
        let blank = name.trim().is_empty() && value.trim().is_empty();
        let made = if blank {
            // Emptied where a field made here was shown.
            let word = shown.get(at).and_then(|field| field.generated.as_deref());
            MADE.into_iter()
                .find(|made| word == Some(made.word()) && !typed.iter().any(|(n, _)| Made::named(n) == Some(*made)))
        } else {
            // An address is somebody's page, not where they work.
            Made::named(name).filter(|_| !is_address(value))
        };
        match made.filter(|made| !seen.contains(made)) {
            Some(made) => {
                seen.push(made);
                let sent = value.trim();
                // Some clients send back what everybody is shown, markup and all.
                let as_shown = |field: &Field| field.generated.as_deref() == Some(made.word()) && field.value == sent;
                let text = if sent.contains("</") { plain_text(sent) } else { sent.to_owned() };
                let text: String = text.chars().take(READ).collect();
                if blank || (text.trim() != plain(made, facts, locale) && !shown.iter().any(as_shown)) {
                    read(made, text.trim(), facts, locale, &mut taken.change);
                }
            }
            None if blank || made.is_some() => {}
            None => taken.own.push((name.clone(), value.clone())),
        }
    }
    let (front, back) = shown.split_at_checked(CLIENT_FIELDS).unwrap_or((shown, &[]));
    // What was made here comes back under its name in whatever language it was shown.
    let is = |name: &str, field: &Field| {
        *name.trim() == field.name
            || field.generated.is_some() && Made::named(name).map(Made::word) == field.generated.as_deref()
    };
    let sent = |field: &Field| typed.iter().any(|(name, _)| is(name, field));
    // A field that comes back with nothing in it was shown.
    let emptied = |at: usize| typed.get(at).is_some_and(|(name, value)| (name.trim(), value.trim()) == ("", ""));
    let knows = front.iter().enumerate().any(|(at, field)| sent(field) || emptied(at));
    if typed.len() <= CLIENT_FIELDS && knows && !back.iter().any(sent) {
        let kept = back.iter().filter(|field| field.generated.is_none());
        taken.own.extend(
            kept.map(|field| (field.name.clone(), field.source.clone().unwrap_or_else(|| field.value.clone()))),
        );
    }
    taken
}

fn is_address(value: &str) -> bool {
    let value = value.trim();
    ["https://", "http://", "www."]
        .iter()
        .any(|start| value.get(..start.len()).is_some_and(|s| s.eq_ignore_ascii_case(start)))
}

fn read(made: Made, text: &str, facts: &Facts, locale: Tongue, change: &mut FactsChange) {
    match made {
        Made::Ask => change.skills = Some(read_skills(text, facts, locale)),
        Made::Works => change.works_on = Some(read_works(text, facts)),
        Made::Team => {
            let (title, department) = match text.rsplit_once(',') {
                Some((title, department)) => (title.trim(), department.trim()),
                // Whoever shows a department alone changes that.
                None if text == facts.department || (facts.title.is_empty() && !facts.department.is_empty()) => {
                    ("", text)
                }
                None => (text, ""),
            };
            (change.title, change.department) = (Some(title.to_owned()), Some(department.to_owned()));
        }
        Made::Site => {
            let (site, zone, languages) = read_site(text);
            (change.site, change.time_zone, change.languages) = (Some(site), Some(zone), Some(languages));
        }
    }
}

/// Words that change the stance of the hashtags behind them.
fn stance_named(word: &str) -> Option<Stance> {
    match word {
        "ask" | "frag" | "frage" | "fragen" => Some(Stance::Ask),
        "knows" | "know" | "kennt" | "kenne" | "kann" | "weiß" => Some(Stance::Knows),
        "learning" | "learn" | "learns" | "lernt" | "lerne" => Some(Stance::Learning),
        _ => None,
    }
}

fn read_skills(text: &str, facts: &Facts, locale: Tongue) -> Vec<(String, Stance)> {
    let mut read: Vec<(String, Stance)> = Vec::new();
    let mut stance = Stance::Ask;
    let known = |tag: &str| facts.skills.iter().find(|skill| skill.tag == tag);
    let tokens = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '·' | '|'));
    for token in tokens.map(|token| token.trim_matches(|c: char| matches!(c, '(' | ')' | '.' | ':' | '"'))) {
        if let Some(typed) = token.strip_prefix(['#', '＃']) {
            let typed = typed.split(['#', '＃']).next().unwrap_or_default();
            let Some(tag) = facts::tag_of(typed) else { continue };
            // What was typed first stays: the field shows it run together.
            let same = known(&tag).filter(|skill| hashtag(skill).trim_start_matches('#') == typed);
            let name = same.map_or_else(|| typed.to_owned(), |skill| skill.name.clone());
            read.push((name, stance));
        } else if let Some(named) = stance_named(&token.to_lowercase()) {
            stance = named;
        }
    }
    if read.is_empty() && !text.is_empty() {
        // Somebody who does not care for hashtags writes a list.
        let parts = text.split([',', ';', '·', '|']).map(str::trim).filter(|part| !part.is_empty());
        read.extend(
            parts.filter(|part| part.split_whitespace().count() <= 4).map(|part| (part.to_owned(), Stance::Ask)),
        );
    }
    // What found no room in the field was not seen, so it was not deleted either.
    let shown: Vec<&str> =
        fitting(facts, locale).into_iter().flat_map(|(_, skills)| skills).map(|skill| skill.tag.as_str()).collect();
    let hidden = facts.skills.iter().filter(|skill| !shown.contains(&skill.tag.as_str()));
    read.extend(hidden.map(|skill| (skill.name.clone(), skill.stance)));
    read.retain(|(name, _)| name.chars().count() <= super::SKILL_CHARACTERS);
    read
}

/// A list with commas between; a name that is known may have one in it.
fn read_works(text: &str, facts: &Facts) -> Vec<Work> {
    let between = |c: char| c == ',' || c.is_whitespace();
    let mut works: Vec<Work> = Vec::new();
    let mut rest = text.trim_start_matches(between);
    while !rest.is_empty() {
        let known = facts.works_on.iter().filter_map(|work| {
            let (head, tail) = rest.split_at_checked(work.name.len())?;
            let whole = tail.is_empty() || tail.trim_start().starts_with(',');
            (!head.is_empty() && whole && head.eq_ignore_ascii_case(&work.name)).then_some((work.clone(), tail))
        });
        let (work, tail) = known.max_by_key(|(work, _)| work.name.len()).unwrap_or_else(|| {
            let (name, tail) = rest.split_once(',').unwrap_or((rest, ""));
            (Work { name: name.trim().to_owned(), ..Work::default() }, tail)
        });
        works.push(work);
        rest = tail.trim_start_matches(between);
    }
    // What found no room in the field was not seen, so it was not deleted either.
    let hidden = facts.works_on.get(fitting_works(facts).len()..).unwrap_or_default();
    works.extend(hidden.iter().cloned());
    works
}

/// `Lyon (Europe/Paris), fr en`.
fn read_site(text: &str) -> (String, String, Vec<String>) {
    let mut rest = text.to_owned();
    let mut zone = String::new();
    if let Some((before, inner)) = text.split_once('(')
        && let Some((inner, after)) = inner.split_once(')')
        && facts::looks_like_time_zone(inner.trim())
    {
        zone = inner.trim().to_owned();
        rest = format!("{}{after}", before.trim_end());
    }
    let mut languages = Vec::new();
    let (site, tail) = rest.rsplit_once(',').unwrap_or((rest.as_str(), ""));
    let tags: Vec<&str> = tail.split_whitespace().collect();
    // "Lyon, Sud" is a place.
    let is_name = |tag: &str| tag.starts_with(char::is_uppercase) && tag.ends_with(char::is_lowercase);
    let site = if !tags.is_empty() && tags.iter().all(|tag| facts::is_language(tag) && !is_name(tag)) {
        languages = tags.into_iter().map(str::to_owned).collect();
        site
    } else {
        rest.as_str()
    };
    (site.trim().trim_matches(',').trim().to_owned(), zone, languages)
}

/// What came of the fields that a client sent.
#[derive(Debug)]
pub(in crate::domain) struct Received {
    /// The facts as they are now.
    pub facts: Facts,
    /// The person's own fields, as typed.
    pub own: Vec<(String, String)>,
    /// The facts changed.
    pub is_new: bool,
}

/// Takes what a client sent for the fields of a person: changes the facts, answers them and the person's own fields as
/// typed.
///
/// # Errors
/// As [`facts::update`].
pub(in crate::domain) fn receive(tx: &mut Tx<'_>, account: &Account, typed: &[(String, String)]) -> Result<Received> {
    let before = facts::load(tx.conn, account.id)?;
    let locale = tongue(tx, account)?;
    let mut taken = take(&profiles::fields(account), &before, typed, locale);
    if let (Some(title), Some(department)) = (&taken.change.title, &mut taken.change.department)
        && !tx.config().people.may_change_title
        && department.is_empty()
        && *title != before.title
    {
        // The title is not theirs to say: one thing alone is the department.
        department.clone_from(title);
    }
    if let Some(works) = &mut taken.change.works_on {
        for work in works.iter_mut().filter(|work| work.url.is_none() && work.name.starts_with('@')) {
            let handle = work.name.trim_start_matches('@').to_lowercase();
            let found = store::accounts::find_by_handle(tx.conn, &handle)?;
            // Nobody works on a person.
            if let Some(found) = found.filter(|a| a.kind == AccountKind::Group && !a.is_unavailable())
                && !store::projects::is_near(tx.conn, found.id)?
            {
                work.url = Some(found.url.unwrap_or(found.uri));
            }
        }
    }
    let facts = facts::changed(before.clone(), &taken.change, By::Themselves, &tx.config().people)?;
    let is_new = facts != before;
    if is_new {
        facts::keep(tx, account.id, &before, &facts)?;
    }
    Ok(Received { facts, own: taken.own, is_new })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> Facts {
        let skill = |name: &str, stance| {
            let tag = facts::tag_of(name).unwrap();
            Skill { name: name.into(), tag, stance, same_as: Vec::new() }
        };
        Facts {
            skills: vec![
                skill("Vibration analysis", Stance::Ask),
                skill("Excel", Stance::Knows),
                skill("Rust", Stance::Learning),
            ],
            title: "Test engineer".into(),
            department: "Bench 3".into(),
            site: "Lyon".into(),
            time_zone: "Europe/Paris".into(),
            languages: vec!["fr".into(), "en".into()],
            works_on: vec![Work {
                name: "Quiet bearing".into(),
                url: Some("https://a.test/@quietbearing".into()),
                ..Work::default()
            }],
            ..Facts::default()
        }
    }

    fn lines(facts: &Facts, tongue: Tongue) -> Vec<(String, String)> {
        let lines = MADE.into_iter().map(|made| (made.name(tongue).to_owned(), plain(made, facts, tongue)));
        lines.filter(|(_, text)| !text.is_empty()).collect()
    }

    fn fields(lines: &[(String, String)]) -> Vec<Field> {
        lines
            .iter()
            .map(|(name, text)| Field {
                name: name.clone(),
                value: text.clone(),
                source: Some(text.clone()),
                verified_at: None,
                generated: Made::named(name).map(|made| made.word().to_owned()),
            })
            .collect()
    }

    #[test]
    fn what_is_shown_and_sent_back_changes_nothing() {
        for tongue in TONGUES {
            let shown = lines(&alice(), tongue);
            assert_eq!(shown[3].1, "Lyon (Europe/Paris), fr en");
            assert_eq!(take(&fields(&shown), &alice(), &shown, tongue), Taken::default());
            // Also when each is read anew.
            let mut change = FactsChange::default();
            for (made, (_, text)) in MADE.into_iter().zip(&shown) {
                read(made, text, &alice(), tongue, &mut change);
            }
            let again = facts::changed(alice(), &change, By::Themselves, &crate::config::People::default()).unwrap();
            assert_eq!(again, alice(), "{tongue:?}");
        }
    }

    #[test]
    fn fields_that_a_client_stops_before_are_kept_and_others_are_replaced() {
        let mut shown = lines(&alice(), Tongue::English);
        shown.push(("Blog".into(), "https://alice.example".into()));
        let four = shown[..4].to_vec();
        assert_eq!(take(&fields(&shown), &alice(), &four, Tongue::English).own, [shown[4].clone()]);
        let other = vec![("Motto".to_owned(), "measure twice".to_owned())];
        assert_eq!(take(&fields(&shown), &alice(), &other, Tongue::English).own, other);
        let five: Vec<_> = shown
            .iter()
            .cloned()
            .map(|(name, text)| if name == "Blog" { (name, "x".into()) } else { (name, text) })
            .collect();
        assert_eq!(take(&fields(&shown), &alice(), &five, Tongue::English).own, [("Blog".to_owned(), "x".to_owned())]);
        // Under the names of another language, too: one that was shown before its owner chose this one.
        let german = [(Made::Ask.name(Tongue::German).to_owned(), "#torque".to_owned())];
        assert_eq!(take(&fields(&shown), &alice(), &german, Tongue::English).own, [shown[4].clone()]);
        // Emptying a line empties what it stands for.
        let mut emptied = four.clone();
        emptied[1] = Default::default();
        let taken = take(&fields(&shown), &alice(), &emptied, Tongue::English);
        assert_eq!((taken.change.works_on, taken.own.len()), (Some(Vec::new()), 1));
        // All of them, too: what was not shown is not emptied with them.
        let blank = |number: usize| vec![(String::new(), String::new()); number];
        let taken = take(&fields(&shown), &alice(), &blank(4), Tongue::English);
        assert_eq!((taken.change.works_on, taken.own), (Some(Vec::new()), vec![shown[4].clone()]));
        assert!(take(&fields(&shown), &alice(), &blank(5), Tongue::English).own.is_empty());
    }

    #[test]
    fn hashtags_have_a_stance_and_lists_without_them_count_too() {
        let none = Facts::default();
        assert_eq!(
            read_skills("#torque, #Sensors; knows #excel · lernt #rust", &none, Tongue::English),
            [
                ("torque".to_owned(), Stance::Ask),
                ("Sensors".to_owned(), Stance::Ask),
                ("excel".to_owned(), Stance::Knows),
                ("rust".to_owned(), Stance::Learning)
            ]
        );
        let plain = read_skills("torque sensors, orbital welding", &none, Tongue::English);
        assert_eq!(plain[1], ("orbital welding".to_owned(), Stance::Ask));
        assert_eq!(read_site("Lyon"), ("Lyon".into(), String::new(), vec![]));
        assert_eq!(read_site("Building 4, East").0, "Building 4, East");
        assert_eq!(read_site("(Europe/Paris)"), (String::new(), "Europe/Paris".into(), vec![]));
        assert_eq!(read_site("Lyon, Sud").0, "Lyon, Sud");
        assert_eq!(read_site("Lyon, FR pt-BR"), ("Lyon".into(), String::new(), vec!["FR".into(), "pt-BR".into()]));
    }

    #[test]
    fn one_thing_alone_is_the_department_of_whoever_has_no_title() {
        let team = |facts: &Facts, text: &str| {
            let mut change = FactsChange::default();
            read(Made::Team, text, facts, Tongue::English, &mut change);
            (change.title.unwrap_or_default(), change.department.unwrap_or_default())
        };
        let bench = Facts { title: String::new(), ..alice() };
        assert_eq!(team(&bench, "Bench 4"), (String::new(), "Bench 4".into()));
        assert_eq!(team(&bench, "Welder, Bench 4"), ("Welder".into(), "Bench 4".into()));
        assert_eq!(team(&alice(), "Welder"), ("Welder".into(), String::new()));
        assert_eq!(team(&Facts::default(), "Welder"), ("Welder".into(), String::new()));
    }
}
