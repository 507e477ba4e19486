//! What somebody wants of the concierge: deterministic, in any shipped language, whatever language the rest is in.

use super::verbs::{ANSWERS, ASK, EVERY_WEEK, KNOWS, LEARNING, OFF, ON, VERBS, Verb, column};
use crate::{
    domain::{
        audiences::after_names,
        people::{
            Listed, Stance,
            fields::Tongue,
            wording::{self, Asked},
        },
        projects::words::{consent, is_clear},
        questions::cap::MOST,
        text::{Token, scan},
    },
    matching::people::{is_question, may_ask_for_place},
    model::Audience,
};

/// Skills changed by one command.
const SKILLS: usize = 50;

/// One change of a skill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkillChange {
    /// Lists it; without a stance it keeps the one it has, or is known.
    Add(String, Option<Stance>),
    /// Takes it off.
    Remove(String),
}

/// How much somebody wants to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// At most so many questions a week; none for what the node says.
    Weekly(Option<i16>),
    /// Not at all.
    Off,
    /// Not before this day (`2026-12-24`).
    Away(String),
    /// Back again.
    Back,
}

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Who knows something, in the words of the asker.
    Knows(String),
    /// Changes of one's own skills; none shows them.
    Skills(Vec<SkillChange>),
    /// Everything that can be said.
    Help,
    /// A question to the network.
    Ask(String),
    /// Questions nobody answered.
    Open,
    /// Something about ideas: a new one, or what is said in answer to one.
    Idea(String),
    /// Ideas that wait for a decision.
    Ideas,
    /// People to meet; with whom and why behind it, an introduction.
    Introduce(String),
    /// Pairs for a coffee, in or not.
    Coffee(bool),
    /// The weekly letter, on or off.
    Digest(bool),
    /// End the question of this thread.
    Close,
    /// How much somebody wants to be asked.
    Asks(Asks),
    /// Which sites have a post: the one with this address, or what is replied to.
    Delivery(Option<String>),
    /// Who may find the writer; none for a word that says nothing.
    List(Option<Listed>),
    /// How far the writer's posts go: inner none as the organisation says; none for a word that says nothing.
    Reach(Option<Option<Audience>>),
    /// Something about projects: the verb and the rest.
    Project(Verb, String),
    /// Yes or no to what the concierge asked.
    Consent(bool),
    /// Thanks, and nothing else.
    Thanks,
    /// The three nearest verbs.
    Unknown([Verb; 3]),
}

/// A command and the language of its verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What.
    pub command: Command,
    /// The language of its verb, when it has one.
    pub tongue: Option<Tongue>,
}

fn is_address(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://")) && !text.contains(char::is_whitespace)
}

/// The text behind the people it begins with.
pub fn without_mentions(text: &str) -> &str {
    let text = text.trim_start();
    text.get(after_names(text)..).unwrap_or_default().trim()
}

/// The same without the name of the concierge itself behind it, where some people put it. `is_own` tells whether a handle,
/// without its first sign, is that.
pub fn spoken(text: &str, is_own: impl Fn(&str) -> bool) -> &str {
    let mut spoken = without_mentions(text);
    while let Some((before, last)) = spoken.rsplit_once(char::is_whitespace)
        && last.strip_prefix('@').is_some_and(|name| is_own(name.trim_end_matches(['.', '!', '?', ','])))
    {
        spoken = before.trim_end();
    }
    spoken
}

/// The people whom a text begins with, as handles, but for the concierge itself.
pub fn named_before(text: &str, is_own: impl Fn(&str) -> bool) -> Vec<String> {
    let text = text.trim_start();
    let names = scan(text.get(..after_names(text)).unwrap_or_default()).into_iter().filter_map(|token| match token {
        Token::Mention { username, domain: None } => Some(username.to_owned()),
        Token::Mention { username, domain: Some(domain) } => Some(format!("{username}@{domain}")),
        _ => None,
    });
    names.filter(|name| !is_own(name)).collect()
}

/// The same command about whom or what stood before its verb, where it needs that and nothing behind it says who:
/// `@ada project invite Quiet bearing`.
pub fn about(parsed: Parsed, before: &[String]) -> Parsed {
    let [who] = before else { return parsed };
    let command = match parsed.command {
        Command::Project(
            verb @ (Verb::ProjectModerator | Verb::ProjectHandover | Verb::ProjectInvite | Verb::ProjectRemove),
            rest,
        ) if !rest.split_whitespace().any(|word| word.starts_with('@') || is_address(word)) => {
            Command::Project(verb, format!("@{who} {rest}"))
        }
        Command::Project(
            verb @ (Verb::ProjectJoin | Verb::ProjectLeave | Verb::ProjectFollow | Verb::ProjectLead),
            rest,
        ) if rest.is_empty() => Command::Project(verb, format!("@{who}")),
        Command::Introduce(rest) if rest.is_empty() => Command::Introduce(who.clone()),
        other => other,
    };
    Parsed { command, ..parsed }
}

/// Reads a text without its leading mentions.
pub fn parse(text: &str) -> Parsed {
    let text = text.trim();
    let known = |command, tongue| Parsed { command, tongue: Some(tongue) };
    if let Some((verb, tongue, rest)) = verb_of(text) {
        let rest = rest.trim_start_matches([':', ',']).trim();
        match verb {
            Verb::Help => return known(Command::Help, tongue),
            // `skill:kafka` is a search; `skills: +kafka` is not.
            Verb::Skills if !is_search(text) => return known(Command::Skills(skills(rest)), tongue),
            // `ask?` asks how it is done.
            Verb::Ask if says(rest) => return known(Command::Ask(rest.to_owned()), tongue),
            Verb::Open => return known(Command::Open, tongue),
            Verb::Ideas if rest.trim_end_matches(['?', '.', '!']).is_empty() => return known(Command::Ideas, tongue),
            Verb::Idea | Verb::IdeaTake | Verb::Ideas => {
                if let Some(said) = idea(text) {
                    return known(Command::Idea(said), tongue);
                }
            }
            Verb::Introduce => return known(Command::Introduce(rest.to_owned()), tongue),
            Verb::Coffee => {
                if let Some(on) = switch(rest) {
                    return known(Command::Coffee(on), tongue);
                }
            }
            Verb::Digest => {
                if let Some(on) = switch(rest) {
                    return known(Command::Digest(on), tongue);
                }
            }
            Verb::Close if rest.is_empty() => return known(Command::Close, tongue),
            Verb::Asks => {
                if let Some(asks) = asks(rest) {
                    return known(Command::Asks(asks), tongue);
                }
            }
            Verb::Away => {
                if let Some(away) = away(rest) {
                    return known(Command::Asks(away), tongue);
                }
            }
            Verb::Delivery if rest.trim_end_matches('?').is_empty() => return known(Command::Delivery(None), tongue),
            Verb::Delivery if is_address(rest) => return known(Command::Delivery(Some(rest.to_owned())), tongue),
            Verb::Listed => return known(Command::List(listed(rest)), tongue),
            Verb::Reach => return known(Command::Reach(reach(rest)), tongue),
            Verb::ProjectNew
            | Verb::ProjectFind
            | Verb::ProjectMine
            | Verb::ProjectJoin
            | Verb::ProjectLeave
            | Verb::ProjectFollow
            | Verb::ProjectState
            | Verb::ProjectEdit
            | Verb::ProjectLead
            | Verb::ProjectRelate
            | Verb::ProjectModerator
            | Verb::ProjectHandover
            | Verb::ProjectInvite
            | Verb::ProjectLock
            | Verb::ProjectUnlock
            | Verb::ProjectRemove
            | Verb::ProjectPublish
            | Verb::ProjectCancel => {
                return known(Command::Project(verb, rest.to_owned()), tongue);
            }
            Verb::Knows if !rest.is_empty() && !is_question(text) => {
                return known(Command::Knows(format!("who knows {rest}")), tongue);
            }
            Verb::Knows if !rest.is_empty() => return known(Command::Knows(text.to_owned()), tongue),
            _ => {}
        }
    }
    if let Some((yes, tongue)) = agreed(text) {
        return Parsed { command: Command::Consent(yes), tongue };
    }
    if let Some(tongue) = thanks(text) {
        return known(Command::Thanks, tongue);
    }
    match wording::asked(text) {
        Some(Asked::Experts) => Parsed { command: Command::Knows(text.to_owned()), tongue: None },
        Some(Asked::OpenQuestions) => Parsed { command: Command::Open, tongue: None },
        None if may_ask_for_place(text) => Parsed { command: Command::Knows(text.to_owned()), tongue: None },
        None => Parsed { command: Command::Unknown(nearest(text)), tongue: None },
    }
}

/// Yes or no, said and nothing else: `no idea who that is` is no answer. Some words are clear in any company.
fn agreed(text: &str) -> Option<(bool, Option<Tongue>)> {
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    let word = word.to_lowercase();
    let alone = rest.trim().is_empty() || rest.starts_with([',', '.', '!', ':', ';', '\n']);
    let yes = consent(&word).filter(|_| alone || is_clear(&word))?;
    let german = ["ja", "nein", "annehmen", "ablehnen", "willkommen"].contains(&word.as_str());
    Some((yes, german.then_some(Tongue::German)))
}

/// The language of thanks that are all that is said.
fn thanks(text: &str) -> Option<Tongue> {
    const ENGLISH: &[&str] =
        &["thanks", "thank you", "thx", "thanks a lot", "many thanks", "thank you very much", "thanks concierge"];
    const GERMAN: &[&str] =
        &["danke", "danke schön", "dankeschön", "danke sehr", "danke dir", "vielen dank", "besten dank"];
    if text.len() > 60 {
        return None;
    }
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let said = words.join(" ");
    match said.as_str() {
        said if ENGLISH.contains(&said) => Some(Tongue::English),
        said if GERMAN.contains(&said) => Some(Tongue::German),
        _ => None,
    }
}

fn is_search(text: &str) -> bool {
    text.to_lowercase().starts_with("skill:")
}

/// The longest form of a verb that the text begins with, and what follows it.
fn verb_of(text: &str) -> Option<(Verb, Tongue, &str)> {
    let mut found: Option<(usize, Verb, Tongue, &str)> = None;
    for entry in VERBS.iter().chain(ANSWERS) {
        for tongue in [Tongue::English, Tongue::German] {
            for form in entry.forms.get(column(tongue)).copied().unwrap_or_default() {
                let Some(rest) = after(text, form) else { continue };
                if found.is_none_or(|(length, ..)| form.len() > length) {
                    found = Some((form.len(), entry.verb, tongue, rest));
                }
            }
        }
    }
    found.map(|(_, verb, tongue, rest)| (verb, tongue, rest))
}

/// What follows `form` at the beginning of the text, whatever its case and however its words are spaced.
fn after<'t>(text: &'t str, form: &str) -> Option<&'t str> {
    let mut rest = text;
    for (at, word) in form.split(' ').enumerate() {
        if at > 0 {
            let next = rest.trim_start();
            if next.len() == rest.len() {
                return None;
            }
            rest = next;
        }
        for wanted in word.chars() {
            let given = rest.chars().next()?;
            if !given.to_lowercase().eq(wanted.to_lowercase()) {
                return None;
            }
            rest = rest.get(given.len_utf8()..)?;
        }
    }
    let ends = rest.chars().next().is_none_or(|c| !(c.is_alphanumeric() || c == '_'));
    ends.then_some(rest)
}

fn is_one(word: &str, of: &[&str]) -> bool {
    of.contains(&word.to_lowercase().as_str())
}

/// `+x`, `-y`, and words that say how well.
fn skills(text: &str) -> Vec<SkillChange> {
    let mut changes: Vec<SkillChange> = Vec::new();
    let mut stance = None;
    let mut open = false;
    for word in text.split([' ', '\n', '\t']).filter(|word| !word.is_empty()) {
        if changes.len() > SKILLS {
            break;
        }
        let (name, ends) = match word.strip_suffix([',', ';']) {
            Some(name) => (name, true),
            None => (word, false),
        };
        if let Some(name) = name.strip_prefix('+') {
            changes.push(SkillChange::Add(name.to_owned(), stance));
            open = true;
        } else if let Some(name) = name.strip_prefix(['-', '–', '−']) {
            changes.push(SkillChange::Remove(name.to_owned()));
            open = true;
        } else if is_one(name, ASK) {
            (stance, open) = (Some(Stance::Ask), false);
        } else if is_one(name, KNOWS) {
            (stance, open) = (Some(Stance::Knows), false);
        } else if is_one(name, LEARNING) {
            (stance, open) = (Some(Stance::Learning), false);
        } else if open && let Some(SkillChange::Add(last, _) | SkillChange::Remove(last)) = changes.last_mut() {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(name);
        }
        open &= !ends;
    }
    changes
}

/// What stands behind the one word.
fn idea(text: &str) -> Option<String> {
    let rest = after(text, "idea").or_else(|| after(text, "idee"))?;
    let rest = rest.trim_start_matches([':', ',', ' ', '\n', '\t']).trim();
    says(rest).then(|| rest.to_owned())
}

/// Whether there is a word in it.
fn says(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// On or off.
fn switch(text: &str) -> Option<bool> {
    let word = text.split_whitespace().next()?.trim_end_matches(['.', '!']);
    match word {
        word if is_one(word, OFF) => Some(false),
        word if is_one(word, ON) || is_one(word, EVERY_WEEK) => Some(true),
        _ => None,
    }
}

fn asks(text: &str) -> Option<Asks> {
    let word = text.split_whitespace().next()?;
    if is_one(word, OFF) {
        return Some(Asks::Off);
    }
    if is_one(word, ON) {
        return Some(Asks::Weekly(None));
    }
    let number: i16 = word.trim_end_matches(['.', '!']).parse().ok()?;
    if number == 0 {
        return Some(Asks::Off);
    }
    (1..=MOST).contains(&number).then_some(Asks::Weekly(Some(number)))
}

fn listed(text: &str) -> Option<Listed> {
    match text.to_lowercase().trim_end_matches(['.', '!']) {
        "organisation" | "organization" => Some(Listed::Organisation),
        "site" | "standort" => Some(Listed::Site),
        "nobody" | "unlisted" | "niemand" => Some(Listed::Unlisted),
        _ => None,
    }
}

fn reach(text: &str) -> Option<Option<Audience>> {
    match text.to_lowercase().trim_end_matches(['.', '!']) {
        "site" | "standort" => Some(Some(Audience::Site)),
        "organisation" | "organization" => Some(Some(Audience::Organisation)),
        "open" | "offen" => Some(Some(Audience::Open)),
        "usual" | "default" | "üblich" => Some(None),
        _ => None,
    }
}

fn away(text: &str) -> Option<Asks> {
    let word = text.split_whitespace().next()?;
    if is_one(word, OFF) {
        return Some(Asks::Back);
    }
    let day = chrono::NaiveDate::parse_from_str(word, "%Y-%m-%d")
        .or_else(|_| chrono::NaiveDate::parse_from_str(word, "%d.%m.%Y"))
        .ok()?;
    Some(Asks::Away(day.format("%Y-%m-%d").to_string()))
}

/// The three verbs whose forms are nearest to the beginning of a text.
fn nearest(text: &str) -> [Verb; 3] {
    let text: String = text.to_lowercase().chars().take(60).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut ranked: Vec<(f64, Verb)> = VERBS
        .iter()
        .map(|entry| {
            let forms = entry.forms.iter().flat_map(|forms| forms.iter());
            let distance = forms
                .map(|form| {
                    let count = form.split(' ').count();
                    let beginning = words.iter().take(count).copied().collect::<Vec<_>>().join(" ");
                    strsim::normalized_damerau_levenshtein(&beginning, form)
                })
                .fold(0.0_f64, f64::max);
            (distance, entry.verb)
        })
        .collect();
    // Stable: equally near ones stay in the order of the help.
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut verbs = ranked.into_iter().map(|(_, verb)| verb);
    std::array::from_fn(|_| verbs.next().unwrap_or(Verb::Help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Command {
        parse(without_mentions(text)).command
    }

    fn introduce(rest: &str) -> Command {
        Command::Introduce(rest.into())
    }

    #[test]
    fn commands_are_read_in_both_languages() {
        assert_eq!(command("@concierge who knows GDPR in French?"), Command::Knows("who knows GDPR in French?".into()));
        assert_eq!(command("@concierge@a.example:80, Wer kennt Kafka"), Command::Knows("Wer kennt Kafka".into()));
        assert_eq!(command("skill:kafka"), Command::Knows("skill:kafka".into()));
        assert_eq!(command("Experten Kafka"), Command::Knows("who knows Kafka".into()));
        assert_eq!(command("HELP"), Command::Help);
        assert_eq!(parse("Hilfe!").tongue, Some(Tongue::German));
        assert_eq!(command("ask: Which glue? #x"), Command::Ask("Which glue? #x".into()));
        assert_eq!(command("Frage Welcher Kleber?"), Command::Ask("Welcher Kleber?".into()));
        assert_eq!(command("offene  Fragen"), Command::Open);
        assert_eq!(command("Idea: a bench by the river"), Command::Idea("a bench by the river".into()));
        assert_eq!(command("idea list of all tools"), Command::Idea("list of all tools".into()));
        assert_eq!(command("Idee nicht jetzt: kein Geld"), Command::Idea("nicht jetzt: kein Geld".into()));
        assert_eq!(command("idea take"), Command::Idea("take".into()));
        assert_eq!(
            (command("digest weekly"), command("Wochenbrief aus!")),
            (Command::Digest(true), Command::Digest(false))
        );
        assert_eq!((command("Intro"), command("introduce me to ada")), (introduce(""), introduce("ada")));
        assert_eq!(command("Vorstellen 2 weil Löten"), introduce("2 weil Löten"));
        assert_eq!((command("coffee on"), command("Kaffee aus")), (Command::Coffee(true), Command::Coffee(false)));
        assert_eq!((command("idea list"), command("Ideen?")), (Command::Ideas, Command::Ideas));
        assert!(matches!(command("ideas for the canteen"), Command::Unknown([Verb::Ideas, ..])));
        assert_eq!(command("asks 5"), Command::Asks(Asks::Weekly(Some(5))));
        assert_eq!((command("anfragen aus"), command("asks 0")), (Command::Asks(Asks::Off), Command::Asks(Asks::Off)));
        // Who asks how it is done publishes nothing.
        assert!(matches!(command("ask?"), Command::Unknown([Verb::Ask, ..])));
        assert!(matches!(command("Idee …?"), Command::Unknown(_)));
        assert_eq!(command("abwesend bis 24.12.2026"), Command::Asks(Asks::Away("2026-12-24".into())));
        assert_eq!(command("away off"), Command::Asks(Asks::Back));
        assert_eq!(command("project new: Quiet"), Command::Project(Verb::ProjectNew, "Quiet".into()));
        assert_eq!(command("@concierge Join 2"), Command::Project(Verb::ProjectJoin, "2".into()));
        assert_eq!(command("Leave 2"), Command::Project(Verb::ProjectLeave, "2".into()));
        assert_eq!(command("projekt verlassen: Lager"), Command::Project(Verb::ProjectLeave, "Lager".into()));
        assert_eq!(command("projekt  stand Lager fertig"), Command::Project(Verb::ProjectState, "Lager fertig".into()));
        assert_eq!(command("Publish because …"), Command::Project(Verb::ProjectPublish, "because …".into()));
        assert_eq!(command("mine is different: x"), Command::Project(Verb::ProjectPublish, "x".into()));
        assert_eq!((command("Accept!"), command("nein.")), (Command::Consent(true), Command::Consent(false)));
        assert_eq!(command("accept her please"), Command::Consent(true));
        assert!(matches!(command("no idea who that is"), Command::Unknown(_)));
        assert_eq!((command("Thanks!"), parse("Vielen  Dank :)").tongue), (Command::Thanks, Some(Tongue::German)));
        assert_ne!(command("thanks to whoever knows kafka"), Command::Thanks);
    }

    #[test]
    fn the_name_of_the_concierge_may_stand_behind_a_command() {
        let said = |text| spoken(text, |name| name == "concierge" || name == "concierge@a.example:80");
        assert_eq!(said("who knows kafka @concierge"), "who knows kafka");
        assert_eq!(said("@bob help  @concierge@a.example:80? @concierge"), "help");
        assert_eq!(said("project remove Lager @ada"), "project remove Lager @ada");
        assert_eq!((said("@concierge"), said("join me@concierge"), said("")), ("", "join me@concierge", ""));
    }

    #[test]
    fn who_stands_before_a_verb_is_not_lost() {
        let is_own = |name: &str| name == "concierge";
        let read = |text: &str| about(parse(spoken(text, is_own)), &named_before(text, is_own)).command;
        let project = |verb, rest: &str| Command::Project(verb, rest.into());
        assert_eq!(
            read("@ada@b.example:80, @concierge project invite Lager"),
            project(Verb::ProjectInvite, "@ada@b.example:80 Lager")
        );
        assert_eq!(read("@ada projekt entferne Lager"), project(Verb::ProjectRemove, "@ada Lager"));
        assert_eq!(read("@ada project handover Lager to @bob"), project(Verb::ProjectHandover, "Lager to @bob"));
        assert_eq!(
            read("@ada project remove Lager https://a.example/1"),
            project(Verb::ProjectRemove, "Lager https://a.example/1")
        );
        assert_eq!(read("@ada @bob project invite Lager"), project(Verb::ProjectInvite, "Lager"));
        assert_eq!(read("@concierge @lager follow"), project(Verb::ProjectFollow, "@lager"));
        assert_eq!(read("@lager @concierge join 2"), project(Verb::ProjectJoin, "2"));
        assert_eq!((read("@ada intro"), read("@ada help")), (introduce("ada"), Command::Help));
    }

    #[test]
    fn skills_have_stances_and_names_of_several_words() {
        let add = |name: &str, stance| SkillChange::Add(name.to_owned(), stance);
        assert_eq!(
            command("skills +vibration analysis, -fax ask +#torque +C++ lernt +rust"),
            Command::Skills(vec![
                add("vibration analysis", None),
                SkillChange::Remove("fax".into()),
                add("#torque", Some(Stance::Ask)),
                add("C++", Some(Stance::Ask)),
                add("rust", Some(Stance::Learning)),
            ])
        );
        assert_eq!(command("skills"), Command::Skills(Vec::new()));
        assert_eq!(command("Kenntnisse: –Fax"), Command::Skills(vec![SkillChange::Remove("Fax".into())]));
    }

    #[test]
    fn what_is_not_understood_has_three_neighbours() {
        let Command::Unknown(near) = command("hlep") else { panic!() };
        assert_eq!(near[0], Verb::Help);
        let Command::Unknown(near) = command("whi knws kafka") else { panic!() };
        assert_eq!(near[0], Verb::Knows);
        for text in ["", "?!", "ask", "idea", "idea:", "asks lots", "away soon", "@", "+", "\u{0}", &"x".repeat(10_000)]
        {
            let _ = command(text);
        }
    }
}
