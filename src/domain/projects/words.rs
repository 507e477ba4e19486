//! The sentences a project says, in the language of the node.

use crate::{
    domain::Tx,
    model::{RelationKind, WorkState},
    time::Timestamp,
};

/// A language that projects speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// English.
    English,
    /// German.
    German,
}

const MONTHS: [[&str; 12]; 2] = [
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
];

impl Words {
    /// That of this node.
    pub fn of(tx: &Tx<'_>) -> Self {
        match tx.config().instance.languages.first() {
            Some(language) if language.starts_with("de") => Self::German,
            _ => Self::English,
        }
    }
    /// Its tag.
    pub const fn tag(self) -> &'static str {
        self.pick("en", "de")
    }
    const fn pick(self, english: &'static str, german: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::German => german,
        }
    }
    /// A state in the middle of a sentence.
    pub const fn state(self, state: WorkState) -> &'static str {
        match state {
            WorkState::Idea => self.pick("an idea", "eine Idee"),
            WorkState::Active => self.pick("active", "aktiv"),
            WorkState::Paused => self.pick("paused", "unterbrochen"),
            WorkState::Done => self.pick("done", "fertig"),
            WorkState::Stopped => self.pick("stopped", "eingestellt"),
        }
    }
    /// A state as the first word of a bio.
    pub const fn headline(self, state: WorkState) -> &'static str {
        match state {
            WorkState::Idea => self.pick("Idea", "Idee"),
            WorkState::Active => self.pick("Active", "Aktiv"),
            WorkState::Paused => self.pick("Paused", "Unterbrochen"),
            WorkState::Done => self.pick("Done", "Fertig"),
            WorkState::Stopped => self.pick("Stopped", "Eingestellt"),
        }
    }
    /// `active since March 2026`.
    pub fn since(self, state: WorkState, at: Timestamp) -> String {
        let date = at.date();
        let mut parts = date.split('-');
        let (year, month) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let months = match self {
            Self::English => &MONTHS[0],
            Self::German => &MONTHS[1],
        };
        let month = month.parse::<usize>().ok().and_then(|n| months.get(n.saturating_sub(1))).copied().unwrap_or("");
        let word = if state == WorkState::Idea { self.pick("idea", "Idee") } else { self.state(state) };
        format!("{word} {} {month} {year}", self.pick("since", "seit"))
    }
    /// Name of the profile field.
    pub const fn state_field(self) -> &'static str {
        self.pick("State", "Stand")
    }
    /// Name of the profile field.
    pub const fn lead_field(self) -> &'static str {
        self.pick("Lead", "Leitung")
    }
    /// Name of the profile field.
    pub const fn looking_field(self) -> &'static str {
        self.pick("Looking for", "Sucht")
    }
    /// Name of the profile field.
    pub const fn site_field(self) -> &'static str {
        self.pick("Site", "Standort")
    }
    /// Before what was bought.
    pub const fn bought(self) -> &'static str {
        self.pick("Uses", "Benutzt")
    }

    /// The first post of a project.
    pub fn registered(self, name: &str, purpose: &str) -> String {
        match self {
            Self::English => format!("New project: {name}. {purpose}"),
            Self::German => format!("Neues Projekt: {name}. {purpose}"),
        }
    }
    /// A change of state.
    pub fn moved_on(self, name: &str, state: WorkState, reason: &str) -> String {
        let state = self.state(state);
        let end = if reason.is_empty() { ".".to_owned() } else { format!(": {reason}") };
        match self {
            Self::English => format!("{name} is now {state}{end}"),
            Self::German => format!("{name} ist jetzt {state}{end}"),
        }
    }
    /// What a project says about another one, to everybody. `other` ends in nothing.
    pub fn related(self, name: &str, kind: RelationKind, other: &str, reason: &str) -> String {
        let says = match kind {
            RelationKind::Related => self.pick("is related to", "ist verwandt mit"),
            RelationKind::Same => self.pick("is the same work as", "ist dieselbe Arbeit wie"),
            RelationKind::Supersedes => self.pick("takes the place of", "tritt an die Stelle von"),
        };
        let end = if reason.is_empty() { ".".to_owned() } else { format!(": {reason}") };
        format!("{name} {says} {other}{end}")
    }
    /// The same to both leads; `people` are their handles.
    pub fn related_leads(self, people: &str, name: &str, other: &str, reason: &str) -> String {
        match self {
            Self::English => {
                format!("{people} “{name}” was registered beside “{other}”. Why it is different: {reason}")
            }
            Self::German => {
                format!("{people} „{name}“ wurde neben „{other}“ eingetragen. Was daran anders ist: {reason}")
            }
        }
    }
    /// Somebody asks the lead.
    pub fn asks(self, lead: &str, who: &str, name: &str, message: &str) -> String {
        let message = if message.is_empty() { String::new() } else { format!(" “{message}”") };
        match self {
            Self::English => format!(
                "{lead} {who} asks to join {name}.{message} Reply to this message with “accept” or with “decline”."
            ),
            Self::German => format!(
                "{lead} {who} möchte bei {name} mitmachen.{message} Antworte auf diese Nachricht mit „ja“ oder mit „nein“."
            ),
        }
    }
    /// The answer.
    pub fn answered(self, who: &str, name: &str, yes: bool) -> String {
        match (self, yes) {
            (Self::English, true) => format!("{who} Welcome to {name}: you are a member now."),
            (Self::German, true) => format!("{who} Willkommen bei {name}: Du gehörst jetzt dazu."),
            (Self::English, false) => {
                format!("{who} {name} cannot take you in just now. You can follow it all the same.")
            }
            (Self::German, false) => {
                format!("{who} {name} kann dich gerade nicht aufnehmen. Folgen kannst du dem Projekt trotzdem.")
            }
        }
    }
    /// Two leads meet. `people` are their handles, `one` and `other` are projects with site and state.
    pub fn introduce(self, people: &str, one: &str, other: &str, shared: &str) -> String {
        match self {
            Self::English => format!(
                "{people} Your projects look alike: {one} and {other}. Both speak of {shared}. You may want to talk; this \
                 is said once and never again."
            ),
            Self::German => format!(
                "{people} Eure Projekte ähneln sich: {one} und {other}. Beide sprechen von {shared}. Vielleicht wollt ihr \
                 reden; das sage ich einmal und dann nicht wieder."
            ),
        }
    }
    /// Half a year of silence.
    pub fn still_alive(self, lead: &str, name: &str) -> String {
        match self {
            Self::English => format!(
                "{lead} Nothing was heard of {name} for six months. Is it still alive? Reply “active”, “paused”, “done” or \
                 “stopped”, with a sentence if you like."
            ),
            Self::German => format!(
                "{lead} Von {name} war sechs Monate lang nichts zu hören. Lebt es noch? Antworte „aktiv“, „unterbrochen“, \
                 „fertig“ oder „eingestellt“, gern mit einem Satz dazu."
            ),
        }
    }
    /// An answer that was not understood.
    pub const fn not_understood(self) -> &'static str {
        self.pick(
            "I did not understand. Reply “accept” or “decline” to a request, or “active”, “paused”, “done” or “stopped”.",
            "Das habe ich nicht verstanden. Antworte „ja“ oder „nein“ auf eine Anfrage, oder „aktiv“, „unterbrochen“, „fertig“ \
             oder „eingestellt“.",
        )
    }
}

/// The state that a word means, in either language.
pub fn state_of(word: &str) -> Option<WorkState> {
    Some(match word {
        "idea" | "idee" => WorkState::Idea,
        "active" | "alive" | "aktiv" | "lebt" => WorkState::Active,
        "paused" | "pause" | "unterbrochen" | "pausiert" => WorkState::Paused,
        "done" | "finished" | "fertig" | "abgeschlossen" => WorkState::Done,
        "stopped" | "stop" | "eingestellt" | "beendet" => WorkState::Stopped,
        _ => return None,
    })
}

/// Whether a word says yes or no, in either language.
pub fn consent(word: &str) -> Option<bool> {
    Some(match word {
        "accept" | "yes" | "ok" | "okay" | "welcome" | "ja" | "annehmen" | "willkommen" => true,
        "decline" | "reject" | "no" | "nein" | "ablehnen" => false,
        _ => return None,
    })
}
