//! How ideas are spoken of, in each language.

use super::State;
use crate::domain::{concierge::words::Sentence, people::fields::Tongue};

/// What somebody says to take an idea on, in lower case.
const TAKE: &[&str] = &["take", "nehmen", "nehme", "übernehmen", "uebernehmen"];
/// The states that somebody may set, and what they say for it, in lower case.
const STATES: &[(&str, State)] = &[
    ("looking at it", State::Looking),
    ("looking", State::Looking),
    ("wird geprüft", State::Looking),
    ("in prüfung", State::Looking),
    ("prüfen", State::Looking),
    ("doing", State::Doing),
    ("wird gemacht", State::Doing),
    ("machen", State::Doing),
    ("not now", State::NotNow),
    ("nicht jetzt", State::NotNow),
    ("jetzt nicht", State::NotNow),
    ("done", State::Done),
    ("erledigt", State::Done),
    ("fertig", State::Done),
];

/// What is said of an idea.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The writer takes it on, with a sentence or none.
    Take(String),
    /// How far it is, and the sentence with it.
    State(State, String),
    /// Anything else: a new idea, or a name.
    Other(String),
}

/// Reads what stands behind `idea`. `is_answer`: in answer to an idea, where no sign has to stand between a state and its sentence.
pub fn read(text: &str, is_answer: bool) -> Said {
    let text = text.trim();
    for word in TAKE {
        if let Some(sentence) = behind(text, word, is_answer) {
            return Said::Take(sentence);
        }
    }
    for (word, state) in STATES {
        if let Some(sentence) = behind(text, word, is_answer) {
            return Said::State(*state, sentence);
        }
    }
    Said::Other(text.to_owned())
}

/// What stands behind these words at the beginning; none when they do not stand there for themselves.
fn behind(text: &str, words: &str, is_answer: bool) -> Option<String> {
    let mut rest = text;
    for wanted in words.chars() {
        let given = rest.chars().next()?;
        if !given.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
        rest = rest.get(given.len_utf8()..)?;
    }
    let sentence = rest.trim_start();
    match sentence.chars().next() {
        None => Some(String::new()),
        Some(':' | ',' | '.' | '!' | '-' | '–' | '—') => {
            let signs = [':', ',', '.', '!', '-', '–', '—', ' ', '\n'];
            Some(sentence.trim_start_matches(signs).trim().to_owned())
        }
        Some(_) => (is_answer && sentence.len() < rest.len()).then(|| sentence.trim().to_owned()),
    }
}

/// What a state is called.
pub const fn state(state: State, tongue: Tongue) -> &'static str {
    match state {
        State::New => Sentence("new", "neu"),
        State::Looking => Sentence("being looked at", "wird geprüft"),
        State::Doing => Sentence("being done", "wird gemacht"),
        State::NotNow => Sentence("not now", "nicht jetzt"),
        State::Done => Sentence("done", "erledigt"),
    }
    .of(tongue)
}

/// Below an idea: its state and the sentence.
pub const NEWS: Sentence = Sentence("This idea is now: {}.", "Diese Idee ist jetzt: {}.");
/// The same without a sentence of its own: behind the owner.
pub const LOOKS_AFTER: Sentence = Sentence("looks after it.", "kümmert sich darum.");
/// To the author, once.
pub const WHAT_HAPPENS: Sentence = Sentence(
    "Your idea is noted. Favourites are its support. Somebody of this node takes it on, and you read below it how far it is: \
     being looked at, being done, not now or done, each with a sentence. All ideas:",
    "Deine Idee ist notiert. Favoriten sind ihre Unterstützung. Jemand von diesem Knoten nimmt sich ihrer an, und du liest \
     darunter, wie weit sie ist: wird geprüft, wird gemacht, nicht jetzt oder erledigt, jeweils mit einem Satz. Alle Ideen:",
);
/// Before the link to an idea that was published.
pub const YOURS: Sentence = Sentence("Your idea:", "Deine Idee:");
/// To whoever changed something.
pub const SAID: Sentence = Sentence("Everybody reads it below the idea.", "Alle lesen es unter der Idee.");
/// To whoever changed nothing.
pub const SAME: Sentence = Sentence("The idea says so already.", "Das sagt die Idee schon.");
/// To whoever may not.
pub const NOT_YOURS: Sentence = Sentence(
    "Only who looks after this idea says how far it is, and moderators. “idea take” in answer to it takes it on while nobody has.",
    "Wie weit diese Idee ist, sagt nur, wer sich darum kümmert, und die Moderation. „idee nehmen“ als Antwort darauf nimmt \
     sie, solange niemand sie hat.",
);
/// To whoever is no moderator.
pub const MODERATORS: Sentence =
    Sentence("Only moderators give an idea to somebody.", "Nur die Moderation gibt eine Idee an jemanden.");
/// Somebody has it.
pub const TAKEN: Sentence = Sentence(
    "{} looks after it already. Moderators may give it to somebody else.",
    "{} kümmert sich schon darum. Die Moderation kann sie jemand anderem geben.",
);
/// Of another node.
pub const ELSEWHERE: Sentence = Sentence(
    "This idea is of another site: somebody there takes it on. Your favourite and your answer reach it.",
    "Diese Idee ist von einem anderen Standort: dort nimmt sich jemand ihrer an. Dein Favorit und deine Antwort kommen an.",
);
/// Without a sentence.
pub const WHY: Sentence = Sentence(
    "Say it with a sentence, of up to 500 characters: idea doing: we start in May",
    "Sag es mit einem Satz, von bis zu 500 Zeichen: idee machen: wir beginnen im Mai",
);
/// Without an idea.
pub const WHICH: Sentence = Sentence("Write that in answer to an idea.", "Schreib das als Antwort auf eine Idee.");
/// A name that nobody has.
pub const NO_SUCH: Sentence = Sentence(
    "Nobody of this node who may see the idea is called “{}”.",
    "Niemand an diesem Knoten, der die Idee sehen darf, heißt „{}“.",
);
/// Before open ideas.
pub const OPEN: Sentence =
    Sentence("Ideas, those with most support first:", "Ideen, die mit der meisten Unterstützung zuerst:");
/// There are none.
pub const NONE_OPEN: Sentence = Sentence(
    "No idea waits for a decision. Yours: idea TEXT",
    "Keine Idee wartet auf eine Entscheidung. Deine: idee TEXT",
);
/// To an owner who says nothing for long.
pub const REMINDER: Sentence = Sentence(
    "You look after this idea, and nothing was said of it for {} days. Answer here: “idea doing: …”, “idea not now: …” or \
     “idea done: …”.",
    "Du kümmerst dich um diese Idee, und seit {} Tagen wurde nichts davon gesagt. Antworte hier: „idee machen: …“, „idee \
     nicht jetzt: …“ oder „idee erledigt: …“.",
);
/// To the staff.
pub const NO_OWNER_DESK: Sentence = Sentence(
    "For the gardener's desk: nobody looks after this idea any more.",
    "Für die Gärtnerei: um diese Idee kümmert sich niemand mehr.",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_an_idea_is_read_in_both_languages() {
        let state = |state, sentence: &str| Said::State(state, sentence.to_owned());
        assert_eq!(read("doing: we start in May", false), state(State::Doing, "we start in May"));
        assert_eq!(read("Not now, no money", false), state(State::NotNow, "no money"));
        assert_eq!(read("nicht jetzt – kein Geld", false), state(State::NotNow, "kein Geld"));
        assert_eq!(read("doing we start", true), state(State::Doing, "we start"));
        assert_eq!(read("doing we start", false), Said::Other("doing we start".into()));
        assert_eq!(read("doings", true), Said::Other("doings".into()));
        assert_eq!(read("take", false), Said::Take(String::new()));
        assert_eq!(read("take the stairs", false), Said::Other("take the stairs".into()));
        for text in ["", ":", "ı", "take:", "not", "not now", &"x".repeat(10_000)] {
            let _ = (read(text, true), read(text, false));
        }
    }
}
