//! What the concierge understands and what it says, in each language, in one table.

use crate::domain::people::fields::Tongue;

/// What can be asked of the concierge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Who knows something.
    Knows,
    /// Own skills.
    Skills,
    /// What can be said.
    Help,
    /// A question to the network.
    Ask,
    /// Questions nobody answered.
    Open,
    /// End a question.
    Close,
    /// How many questions somebody wants to be told of.
    Asks,
    /// Not to be asked until a day.
    Away,
    /// Register a project.
    ProjectNew,
    /// Find projects.
    ProjectFind,
    /// One's own projects.
    ProjectMine,
    /// Join a project.
    ProjectJoin,
}

/// A verb with its forms and how it is used, English and German.
pub struct Entry {
    /// Which.
    pub verb: Verb,
    /// What it is recognised by, in lower case; several words are separated by one space.
    pub forms: [&'static [&'static str]; 2],
    /// How it is used.
    pub usage: [&'static str; 2],
}

const fn entry(
    verb: Verb,
    english: &'static [&'static str],
    german: &'static [&'static str],
    usage: [&'static str; 2],
) -> Entry {
    Entry { verb, forms: [english, german], usage }
}

/// All of them, in the order of the help.
pub const VERBS: &[Entry] = &[
    entry(
        Verb::Knows,
        &["who knows", "who can", "experts"],
        &["wer kennt", "wer kann", "wer weiß", "experten"],
        ["who knows GDPR", "wer kennt DSGVO"],
    ),
    entry(
        Verb::Skills,
        &["skills", "skill"],
        &["kenntnisse", "fähigkeiten"],
        ["skills ask +torque knows +excel -fax", "kenntnisse frag +drehmoment kennt +excel -fax"],
    ),
    entry(
        Verb::Ask,
        &["ask"],
        &["frage", "frag"],
        ["ask Which glue survives the cold? #adhesives", "frage Welcher Kleber hält Kälte aus? #kleber"],
    ),
    entry(Verb::Open, &["open questions"], &["offene fragen"], ["open questions", "offene fragen"]),
    entry(Verb::Close, &["close"], &["schließen", "schliessen"], ["close", "schließen"]),
    entry(
        Verb::Asks,
        &["asks"],
        &["anfragen"],
        ["asks 5 (a week; or: asks off, asks on)", "anfragen 5 (in der Woche; oder: anfragen aus, anfragen an)"],
    ),
    entry(
        Verb::Away,
        &["away until", "away"],
        &["abwesend bis", "abwesend"],
        ["away until 2026-12-24 (or: away off)", "abwesend bis 2026-12-24 (oder: abwesend aus)"],
    ),
    entry(
        Verb::ProjectNew,
        &["project new"],
        &["projekt neu"],
        ["project new: Quiet bearing", "projekt neu: Leises Lager"],
    ),
    entry(
        Verb::ProjectFind,
        &["project find"],
        &["projekt suche", "projekt finde"],
        ["project find bearing", "projekt suche lager"],
    ),
    entry(Verb::ProjectMine, &["project mine"], &["projekt meine"], ["project mine", "projekt meine"]),
    entry(Verb::ProjectJoin, &["project join"], &["projekt beitreten"], ["project join 2", "projekt beitreten 2"]),
    entry(Verb::Help, &["help", "?"], &["hilfe"], ["help", "hilfe"]),
];

/// The words for one stance, in all languages.
pub const ASK: &[&str] = &["ask", "frag", "frage"];
/// The same.
pub const KNOWS: &[&str] = &["knows", "know", "kennt", "kenne", "kann"];
/// The same.
pub const LEARNING: &[&str] = &["learning", "learn", "lernt", "lerne"];
/// On.
pub const ON: &[&str] = &["on", "an", "ein"];
/// Off.
pub const OFF: &[&str] = &["off", "aus", "back", "zurück", "none", "keine"];

/// The place of a language in the table.
pub const fn column(tongue: Tongue) -> usize {
    match tongue {
        Tongue::English => 0,
        Tongue::German => 1,
    }
}

/// One sentence, English and German. `{}` stands for a value.
#[derive(Clone, Copy)]
pub struct Sentence(pub &'static str, pub &'static str);

impl Sentence {
    /// In a language.
    pub const fn of(self, tongue: Tongue) -> &'static str {
        match tongue {
            Tongue::English => self.0,
            Tongue::German => self.1,
        }
    }

    /// In a language, with values in the order of their places.
    pub fn with(self, tongue: Tongue, values: &[&str]) -> String {
        let mut rest = self.of(tongue);
        let mut out = String::with_capacity(rest.len() + 32);
        for value in values {
            let Some((before, after)) = rest.split_once("{}") else { break };
            out.push_str(before);
            out.push_str(value);
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// The bio of the account.
pub const BIO: Sentence = Sentence(
    "I answer people of this node. Write “help” to me.",
    "Ich antworte den Leuten dieses Knotens. Schreib mir „hilfe“.",
);
/// To people of other nodes.
pub const NOT_YOURS: Sentence = Sentence(
    "I serve the people of my own node only. The concierge of yours does the same for you.",
    "Ich bin nur für die Leute meines eigenen Knotens da. Der Concierge deines Knotens macht dasselbe für dich.",
);
/// Before all verbs.
pub const HELP: Sentence = Sentence("You can write to me:", "Du kannst mir schreiben:");
/// Before the three nearest verbs.
pub const UNKNOWN: Sentence = Sentence(
    "I did not understand that. Did you mean one of these?",
    "Das habe ich nicht verstanden. Meintest du eines davon?",
);
/// The last line of that.
pub const MORE: Sentence = Sentence("“help” shows everything.", "„hilfe“ zeigt alles.");
/// Before people who may know.
pub const FOUND: Sentence = Sentence("They may know:", "Die könnten es wissen:");
/// What to do where nobody is listed.
pub const ASK_NETWORK: Sentence = Sentence(
    "Write to me: ask, then your question, with hashtags for what it is about.",
    "Schreib mir: frage, dann deine Frage, mit Hashtags dafür, worum es geht.",
);
/// Before one's skills.
pub const SKILLS: Sentence = Sentence("Your skills:", "Deine Kenntnisse:");
/// None.
pub const NO_SKILLS: Sentence = Sentence("You list no skills.", "Du nennst keine Kenntnisse.");
/// A heading of skills.
pub const STANCES: [Sentence; 3] =
    [Sentence("Ask me about", "Frag mich zu"), Sentence("I know", "Ich kenne"), Sentence("I am learning", "Ich lerne")];
/// What this node cannot do.
pub const NOT_YET: Sentence = Sentence("Not yet on this node.", "Auf diesem Knoten noch nicht.");
/// An answer was accepted; behind it stands its address.
pub const ANSWERED_BY: Sentence = Sentence("✅ answered by {} —", "✅ beantwortet von {} —");
/// A question ended.
pub const CLOSED: Sentence = Sentence(
    "The question is closed. A ✅ in reply to an answer still accepts it.",
    "Die Frage ist geschlossen. Ein ✅ als Antwort auf eine Antwort nimmt sie auch jetzt noch an.",
);
/// Somebody answered and the asker said nothing.
pub const REMINDER: Sentence = Sentence(
    "Somebody answered. Did it help? Reply ✅ to the answer that did: it is kept for everybody.",
    "Jemand hat geantwortet. Half es? Antworte mit ✅ auf die Antwort, die half: sie bleibt allen erhalten.",
);
/// Behind the names of those who are asked.
pub const CAN_YOU_HELP: Sentence = Sentence("can you help?", "könnt ihr helfen?");
/// How many are told.
pub const TOLD: Sentence = Sentence("People asked: {}, at sites: {}.", "Gefragte Leute: {}, an Standorten: {}.");
/// Before an answer to something similar.
pub const SIMILAR: Sentence = Sentence("Answered before:", "Schon beantwortet:");
/// Nobody can be asked.
pub const NOBODY: Sentence = Sentence(
    "Nobody is listed for this who can be asked now. It stands among the open questions, and after three working days \
     the gardener's desk looks for somebody.",
    "Niemand ist dafür eingetragen, der jetzt gefragt werden kann. Sie steht bei den offenen Fragen, und nach drei \
     Arbeitstagen sucht die Gärtnerei jemanden.",
);
/// Nobody more can be asked.
pub const NOBODY_ELSE: Sentence = Sentence(
    "Nobody has answered yet, and nobody else is listed for this. It stays among the open questions.",
    "Noch hat niemand geantwortet, und sonst ist niemand dafür eingetragen. Sie bleibt bei den offenen Fragen.",
);
/// To the staff.
pub const DESK: Sentence = Sentence(
    "For the gardener's desk: nobody answered this for three working days. Whom do you know?",
    "Für die Gärtnerei: das hat drei Arbeitstage lang niemand beantwortet. Wen kennst du dafür?",
);
/// To the asker, at that step.
pub const AT_DESK: Sentence = Sentence(
    "Nobody has answered yet. The gardener's desk knows of it now; it stays among the open questions.",
    "Noch hat niemand geantwortet. Die Gärtnerei weiß jetzt davon; sie bleibt bei den offenen Fragen.",
);
/// The last word where nobody answered.
pub const STILL_OPEN: Sentence = Sentence(
    "Nobody has answered so far. It stays among the open questions until you write “close” in reply to me.",
    "Bisher hat niemand geantwortet. Sie bleibt bei den offenen Fragen, bis du mir als Antwort „schließen“ schreibst.",
);
/// A question was published.
pub const ASKED: Sentence = Sentence("Your question:", "Deine Frage:");
/// Before open questions.
pub const OPEN: Sentence = Sentence("Nobody answered these yet:", "Das hat noch niemand beantwortet:");
/// There are none.
pub const NONE_OPEN: Sentence = Sentence("No question is open.", "Keine Frage ist offen.");
/// `close` without a question.
pub const WHICH: Sentence = Sentence(
    "Write that in reply to your own question, or to what I wrote below it.",
    "Schreib das als Antwort auf deine eigene Frage, oder auf das, was ich darunter geschrieben habe.",
);
/// How much somebody is asked.
pub const WEEKLY: Sentence =
    Sentence("You are told of up to {} questions a week.", "Du hörst von bis zu {} Fragen in der Woche.");
/// Not at all.
pub const ASKS_OFF: Sentence =
    Sentence("You are not asked. “asks on” changes that.", "Du wirst nicht gefragt. „anfragen an“ ändert das.");
/// Not before a day.
pub const AWAY: Sentence = Sentence("You are not asked before {}.", "Du wirst vor dem {} nicht gefragt.");
