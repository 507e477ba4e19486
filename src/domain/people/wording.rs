//! Questions to the directory, and its reasons, in words.

use super::fields::Tongue;
use crate::matching::people::{Reason, is_question};

/// What somebody typed into a search box, when it is a question to the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Who knows something.
    Experts,
    /// Questions nobody answered.
    OpenQuestions,
}

const OPEN_QUESTIONS: [&str; 3] = ["open questions", "offene fragen", "questions ouvertes"];

/// Reads what somebody typed; none for an ordinary search.
pub fn asked(text: &str) -> Option<Asked> {
    let folded = text.trim().trim_end_matches(['?', '!', '.']).to_lowercase();
    if OPEN_QUESTIONS.contains(&folded.as_str()) {
        return Some(Asked::OpenQuestions);
    }
    is_question(text).then_some(Asked::Experts)
}

/// What stands behind `project:`, where a question asks for nothing else, and behind `site:` after it.
pub fn project_asked(text: &str) -> Option<(&str, Option<&str>)> {
    let (name, rest) = text.trim().split_once(':')?;
    if !["project", "projekt", "projet"].contains(&name.trim().to_lowercase().as_str()) {
        return None;
    }
    let placed = rest.rmatch_indices(':').find_map(|(colon, _)| {
        let (what, word) = rest.get(..colon)?.rsplit_once(char::is_whitespace)?;
        let place = bare(rest.get(colon + 1..)?);
        let is_place =
            ["site", "standort"].contains(&word.to_lowercase().as_str()) && place.chars().any(char::is_alphanumeric);
        is_place.then_some((what, Some(place)))
    });
    let (what, place) = placed.unwrap_or((rest, None));
    Some((bare(what), place)).filter(|(what, _)| !what.is_empty())
}

fn bare(text: &str) -> &str {
    text.trim().trim_matches('"').trim()
}

/// Why a project was found: the words that it shares with the question. None where it shares none.
pub fn shared<'a>(words: impl Iterator<Item = &'a str>, tongue: Tongue) -> Option<String> {
    let mut kept: Vec<&str> = Vec::new();
    for word in words {
        if kept.len() < 5 && !kept.iter().any(|other| other.eq_ignore_ascii_case(word)) {
            kept.push(word);
        }
    }
    let head = match tongue {
        Tongue::English => "because: it is about",
        Tongue::German => "weil: es geht um",
    };
    (!kept.is_empty()).then(|| format!("{head} {}", kept.join(", ")))
}

/// What is said where nobody is listed.
pub const fn nobody(tongue: Tongue) -> &'static str {
    match tongue {
        Tongue::English => "nobody listed: ask the network?",
        Tongue::German => "niemand eingetragen: das Netz fragen?",
    }
}

/// The name of the field that carries the reasons.
pub const fn why(tongue: Tongue) -> &'static str {
    match tongue {
        Tongue::English => "Why",
        Tongue::German => "Warum",
    }
}

/// Reasons as one line: `because: lists #kafka; answered 4 questions on it`. `name` tells what to call the person of a
/// key.
pub fn because(reasons: &[Reason], tongue: Tongue, name: impl Fn(&str) -> String) -> String {
    let mut listed: Option<&str> = None;
    let mut parts = Vec::with_capacity(reasons.len());
    for reason in reasons.iter().take(4) {
        parts.push(one(reason, tongue, listed, &name));
        if let Reason::ListsAsk(tag) | Reason::ListsKnows(tag) = reason {
            listed = Some(tag);
        }
    }
    let head = match tongue {
        Tongue::English => "because",
        Tongue::German => "weil",
    };
    format!("{head}: {}", parts.join("; "))
}

/// One reason.
pub fn one(reason: &Reason, tongue: Tongue, listed: Option<&str>, name: impl Fn(&str) -> String) -> String {
    let english = tongue == Tongue::English;
    match reason {
        Reason::ListsAsk(tag) if english => format!("lists #{tag}"),
        Reason::ListsAsk(tag) => format!("nennt #{tag}"),
        Reason::ListsKnows(tag) if english => format!("knows #{tag}"),
        Reason::ListsKnows(tag) => format!("kennt #{tag}"),
        Reason::Answered(tag, count) => {
            let questions = match (count, english) {
                (1, true) => "answered 1 question".to_owned(),
                (n, true) => format!("answered {n} questions"),
                (1, false) => "beantwortete 1 Frage".to_owned(),
                (n, false) => format!("beantwortete {n} Fragen"),
            };
            match (listed == Some(tag.as_str()), english) {
                (true, true) => format!("{questions} on it"),
                (true, false) => format!("{questions} dazu"),
                (false, true) => format!("{questions} on #{tag}"),
                (false, false) => format!("{questions} zu #{tag}"),
            }
        }
        Reason::Title(title) if english => format!("is {title}"),
        Reason::Title(title) => format!("ist {title}"),
        Reason::Department(department) if english => format!("works in {department}"),
        Reason::Department(department) => format!("arbeitet in {department}"),
        Reason::Project(project) if english => format!("works on {project}"),
        Reason::Project(project) => format!("arbeitet an {project}"),
        Reason::Bio(text) if english => format!("mentions {text} in the bio"),
        Reason::Bio(text) => format!("erwähnt {text} im Profil"),
        Reason::Speaks(code) if english => format!("speaks {code}"),
        Reason::Speaks(code) => format!("spricht {code}"),
        Reason::Site(site) if english => format!("works at {site}"),
        Reason::Site(site) => format!("arbeitet am Standort {site}"),
        Reason::WorksWith(key, project) if english => format!("works with {} on {project}", name(key)),
        Reason::WorksWith(key, project) => format!("arbeitet mit {} an {project}", name(key)),
    }
}

/// The key of the other person whom a reason names, if it names one.
pub fn colleague(reason: &Reason) -> Option<&str> {
    match reason {
        Reason::WorksWith(key, _) => Some(key),
        _ => None,
    }
}

/// The word of a reason, for programs, and what it is about.
pub fn named(reason: &Reason) -> (&'static str, &str) {
    match reason {
        Reason::ListsAsk(tag) => ("lists_ask", tag),
        Reason::ListsKnows(tag) => ("lists_knows", tag),
        Reason::Answered(tag, _) => ("answered", tag),
        Reason::Title(title) => ("title", title),
        Reason::Department(department) => ("department", department),
        Reason::Project(project) => ("project", project),
        Reason::Bio(text) => ("bio", text),
        Reason::Speaks(code) => ("speaks", code),
        Reason::Site(site) => ("site", site),
        Reason::WorksWith(_, project) => ("works_with", project),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_to_the_directory_are_told_from_ordinary_searches() {
        for text in [
            "who knows torque sensors",
            "Wer kennt sich mit Kafka aus?",
            "skill:kafka",
            "site:Lyon",
            "project:Quiet bearing",
            "Who can weld",
            "experts in welding",
            "Experten für Kafka",
        ] {
            assert_eq!(asked(text), Some(Asked::Experts), "{text}");
        }
        assert_eq!(asked("Open questions?"), Some(Asked::OpenQuestions));
        for text in ["anna", "who", "help", "whoever knows", "https://a.example/skill:x", "who is ada", "coffee: black"]
        {
            assert_eq!(asked(text), None, "{text}");
        }
    }

    #[test]
    fn a_project_may_be_looked_for_at_a_site() {
        assert_eq!(project_asked("Project: \"Quiet bearing\""), Some(("Quiet bearing", None)));
        assert_eq!(project_asked("projekt:lager Standort: \"Plant 3\""), Some(("lager", Some("Plant 3"))));
        assert_eq!(project_asked("project:web site: launch site:Lyon"), Some(("web site: launch", Some("Lyon"))));
        for nowhere in ["noise site:", "noise site: -"] {
            assert_eq!(project_asked(&format!("project:{nowhere}")), Some((nowhere, None)));
        }
        assert_eq!((project_asked("project:"), project_asked("skill:x site:y")), (None, None));
    }

    #[test]
    fn reasons_are_one_line() {
        let reasons = [Reason::ListsAsk("kafka".into()), Reason::Answered("kafka".into(), 4)];
        let name = |key: &str| key.to_owned();
        assert_eq!(because(&reasons, Tongue::English, name), "because: lists #kafka; answered 4 questions on it");
        assert_eq!(because(&reasons, Tongue::German, name), "weil: nennt #kafka; beantwortete 4 Fragen dazu");
        let reasons = [Reason::Site("Lyon".into()), Reason::Speaks("fr".into())];
        assert_eq!(because(&reasons, Tongue::English, name), "because: works at Lyon; speaks fr");
        assert_eq!(because(&reasons, Tongue::German, name), "weil: arbeitet am Standort Lyon; spricht fr");
    }
}
