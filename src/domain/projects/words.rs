//! The sentences a project says: to everybody in the language of the node, to somebody in theirs where it is known.

use crate::{
    domain::{Tx, people::fields::Tongue},
    model::{Membership, RelationKind, WorkState},
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

impl From<Tongue> for Words {
    fn from(tongue: Tongue) -> Self {
        match tongue {
            Tongue::English => Self::English,
            Tongue::German => Self::German,
        }
    }
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
    /// The same for the concierge.
    pub const fn tongue(self) -> Tongue {
        match self {
            Self::English => Tongue::English,
            Self::German => Tongue::German,
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
    /// The same to both leads, whose names stand before it.
    pub fn related_leads(self, name: &str, other: &str, reason: &str) -> String {
        match self {
            Self::English => format!("“{name}” was registered beside “{other}”. Why it is different: {reason}"),
            Self::German => format!("„{name}“ wurde neben „{other}“ eingetragen. Was daran anders ist: {reason}"),
        }
    }
    /// Somebody asks the lead, whose name stands before it.
    pub fn asks(self, who: &str, name: &str) -> String {
        match self {
            Self::English => format!("{who} asks to join {name}."),
            Self::German => format!("{who} möchte bei {name} mitmachen."),
        }
    }
    /// Somebody is a member whom nobody had to answer, to the lead, whose name stands before it.
    pub fn joined(self, who: &str, name: &str) -> String {
        match self {
            Self::English => format!("{who} is a member of {name} now."),
            Self::German => format!("{who} gehört jetzt zu {name}."),
        }
    }
    /// Somebody is invited.
    pub fn invited(self, who: &str, name: &str) -> String {
        match self {
            Self::English => {
                format!(
                    "{who} You are invited to {name}. Reply “join”, and you are a member; nothing happens otherwise."
                )
            }
            Self::German => {
                format!(
                    "{who} Du bist zu {name} eingeladen. Antworte „beitreten“, und du gehörst dazu; sonst geschieht nichts."
                )
            }
        }
    }
    /// Somebody asks who would have to be invited.
    pub fn by_invitation(self, who: &str, name: &str) -> String {
        match self {
            Self::English => format!(
                "{who} People join {name} by invitation only: its lead can invite you. You can follow it all the same."
            ),
            Self::German => format!(
                "{who} Zu {name} gehört nur, wer eingeladen wird: die Leitung kann dich einladen. Folgen kannst du dem Projekt \
                 trotzdem."
            ),
        }
    }
    /// Who becomes a member, as a choice.
    pub const fn membership(self, membership: Membership) -> &'static str {
        match membership {
            Membership::Open => self.pick("Open: whoever asks is a member", "Offen: wer fragt, gehört dazu"),
            Membership::Request => self.pick("On request: the lead answers", "Auf Anfrage: die Leitung antwortet"),
            Membership::Invitation => {
                self.pick("By invitation: the lead invites people", "Auf Einladung: die Leitung lädt ein")
            }
        }
    }
    /// How the lead answers.
    pub const fn how_to_answer(self) -> &'static str {
        self.pick("Choose, or reply “accept” or “decline”.", "Wähle, oder antworte „ja“ oder „nein“.")
    }
    /// The two answers.
    pub const fn yes_or_no(self) -> [&'static str; 2] {
        match self {
            Self::English => ["Accept", "Decline"],
            Self::German => ["Ja", "Nein"],
        }
    }
    /// Whether an introduction was worth it.
    pub const fn useful_or_not(self) -> [&'static str; 2] {
        match self {
            Self::English => ["Useful to know", "Not useful"],
            Self::German => ["Gut zu wissen", "Nicht hilfreich"],
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
    /// A project of this site alone is named in a post that goes further.
    pub fn for_this_site(self, username: &str) -> String {
        match self {
            Self::English => {
                format!("@{username} is for this site only, and this post goes further. Leave the name out.")
            }
            Self::German => {
                format!("@{username} ist nur für diesen Standort, und dieser Beitrag geht weiter. Lass den Namen weg.")
            }
        }
    }
    /// The lead took somebody out.
    pub fn taken_out(self, who: &str, name: &str) -> String {
        match self {
            Self::English => format!("{who} You are no member of {name} any more. You can follow it all the same."),
            Self::German => {
                format!("{who} Du gehörst nicht mehr zu {name}. Folgen kannst du dem Projekt trotzdem.")
            }
        }
    }
    /// Two leads meet, whose names stand before it.
    pub fn introduce(self, shared: &str) -> String {
        let both = match (self, shared.is_empty()) {
            (_, true) => String::new(),
            (Self::English, false) => format!(" Both speak of {shared}."),
            (Self::German, false) => format!(" Beide sprechen von {shared}."),
        };
        match self {
            Self::English => {
                format!("Your projects look alike.{both} You may want to talk; this is said once and never again.")
            }
            Self::German => {
                format!(
                    "Eure Projekte ähneln sich.{both} Vielleicht wollt ihr reden; das sage ich einmal und dann nicht wieder."
                )
            }
        }
    }
    /// Its lead is gone, and nobody took over.
    pub fn leaderless(self, name: &str) -> String {
        match self {
            Self::English => {
                format!(
                    "{name} has no lead any more. Would you take it over? Write to the concierge: project lead {name}"
                )
            }
            Self::German => {
                format!("{name} hat keine Leitung mehr. Willst du? Schreib dem Concierge: projekt leiten {name}")
            }
        }
    }
    /// What stands where the lead would.
    pub const fn nobody(self) -> &'static str {
        self.pick("nobody at present", "zurzeit niemand")
    }
    /// Half a year of silence, to the lead, whose name stands before it.
    pub fn still_alive(self, name: &str) -> String {
        match self {
            Self::English => format!(
                "Nothing was heard of {name} for six months. Is it still alive? Choose, or reply “active”, “paused”, \
                 “done” or “stopped” with a sentence."
            ),
            Self::German => format!(
                "Von {name} war sechs Monate lang nichts zu hören. Lebt es noch? Wähle, oder antworte „aktiv“, \
                 „unterbrochen“, „fertig“ oder „eingestellt“ mit einem Satz dazu."
            ),
        }
    }
    /// The states that one may choose of then, and what they are called.
    pub fn states_to_choose(self) -> [(WorkState, &'static str); 4] {
        [WorkState::Active, WorkState::Paused, WorkState::Done, WorkState::Stopped].map(|s| (s, self.headline(s)))
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

/// Whether a yes or no is clear in any company: `accept her, please`.
pub fn is_clear(word: &str) -> bool {
    ["accept", "decline", "reject", "annehmen", "ablehnen"].contains(&word)
}

/// What may follow a word that answers without a sign between them: why it is so, and since or until when.
const FOLLOWS: &[&str] = &["because", "weil", "denn", "since", "seit", "until", "till", "bis"];

/// Whether the word that `rest` follows answers by itself: nothing follows, a sign divides them, or a reason does. `Done deal,
/// see you at ten` says nothing of how far a project is, and `no idea who that is` turns nobody away.
pub fn stands_alone(word: &str, rest: &str) -> bool {
    let rest = rest.trim_start();
    let next: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
    next.is_empty() || !word.ends_with(char::is_alphanumeric) || FOLLOWS.contains(&next.to_lowercase().as_str())
}

/// Whether somebody writes that they join or that they leave, in either language, and what they say to it. Leaving is the
/// whole of a message, or its first word stands by itself (`leave: no time`): `leave it to me` is something else.
pub fn membership(text: &str) -> Option<(bool, String)> {
    let mut said = text.split_whitespace().filter(|word| !word.starts_with('@'));
    let first = said.next()?;
    let bare = first.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let rest = said.collect::<Vec<_>>().join(" ");
    match bare.as_str() {
        "join" | "mitmachen" | "beitreten" => Some((true, rest)),
        "leave" | "austreten" | "verlassen" if rest.is_empty() || !first.ends_with(char::is_alphanumeric) => {
            Some((false, rest))
        }
        _ => None,
    }
}
