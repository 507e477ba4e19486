//! What the concierge understands, in each language, in one table.

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
    /// An idea.
    Idea,
    /// Ideas that wait for a decision.
    Ideas,
    /// Take an idea on, or say how far it is.
    IdeaTake,
    /// People to meet, and introductions to them.
    Introduce,
    /// Pairs for a coffee.
    Coffee,
    /// The weekly letter.
    Digest,
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
    /// Leave a project, or take back that one asked to join.
    ProjectLeave,
    /// Follow a project.
    ProjectFollow,
    /// Say how far a project is.
    ProjectState,
    /// Change what a project says.
    ProjectEdit,
    /// Which sites have a post of one's own.
    Delivery,
    /// Say how a project relates to another one.
    ProjectRelate,
    /// Name a moderator of a project.
    ProjectModerator,
    /// Give a project to another lead.
    ProjectHandover,
    /// Invite somebody to a project.
    ProjectInvite,
    /// Let a thread of a project have no more answers.
    ProjectLock,
    /// Let it have them again.
    ProjectUnlock,
    /// Take a member or a post out of a project.
    ProjectRemove,
    /// Who may find the writer.
    Listed,
    /// How far the writer's posts go.
    Reach,
    /// Take over a project without a lead.
    ProjectLead,
    /// Publish the draft of a thread.
    ProjectPublish,
    /// Forget the draft of a thread.
    ProjectCancel,
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
        Verb::Idea,
        &["idea"],
        &["idee"],
        ["idea Lights in the hall that switch themselves off", "idee Licht in der Halle, das von selbst ausgeht"],
    ),
    entry(Verb::Ideas, &["idea list", "ideas"], &["idee liste", "ideen"], ["idea list", "idee liste"]),
    entry(
        Verb::IdeaTake,
        &["idea take"],
        &["idee nehmen"],
        [
            "idea take (in answer to an idea; then: idea doing: we start in May, idea not now: …, idea done: …)",
            "idee nehmen (als Antwort auf eine Idee; dann: idee machen: wir beginnen im Mai, idee nicht jetzt: …, idee \
             erledigt: …)",
        ],
    ),
    entry(
        Verb::ProjectNew,
        &["project new", "new project"],
        &["projekt neu", "neues projekt"],
        [
            "project new: Quiet bearing - find why B7 hums #bearings",
            "projekt neu: Leises Lager - finden, warum B7 brummt #lager",
        ],
    ),
    entry(
        Verb::ProjectFind,
        &["project find", "find project", "projects"],
        &["projekt suche", "projekt finde", "projekte"],
        ["project find bearing", "projekt suche lager"],
    ),
    entry(
        Verb::ProjectMine,
        &["project mine", "my projects"],
        &["projekt meine", "meine projekte"],
        ["project mine", "projekt meine"],
    ),
    entry(
        Verb::ProjectJoin,
        &["project join", "join"],
        &["projekt beitreten", "projekt mitmachen", "beitreten", "mitmachen"],
        ["project join Quiet bearing", "projekt beitreten Leises Lager"],
    ),
    entry(
        Verb::ProjectLeave,
        &["project leave", "leave project", "leave"],
        &["projekt verlassen", "projekt verlasse", "projekt austreten", "verlassen", "verlasse", "austreten"],
        [
            "project leave Quiet bearing (also takes back that you asked to join)",
            "projekt verlassen Leises Lager (nimmt auch zurück, dass du mitmachen wolltest)",
        ],
    ),
    entry(
        Verb::ProjectState,
        &["project state"],
        &["projekt stand", "projekt status"],
        ["project state Quiet bearing done because …", "projekt stand Leises Lager fertig weil …"],
    ),
    entry(
        Verb::ProjectEdit,
        &["project edit", "edit project"],
        &["projekt ändern", "projekt aendern", "projekt bearbeiten"],
        [
            "project edit Quiet bearing tags: noise, bearings; looking for: acoustics",
            "projekt ändern Leises Lager stichworte: lärm, lager; sucht: akustik",
        ],
    ),
    entry(
        Verb::Delivery,
        &["delivery", "who has it", "who has this"],
        &["zustellung", "wer hat es", "wer hat das"],
        [
            "delivery (in reply to your post, or with its address)",
            "zustellung (als Antwort auf deinen Beitrag, oder mit seiner Adresse)",
        ],
    ),
    entry(
        Verb::ProjectRelate,
        &["project relate", "relate project"],
        &["projekt verknüpfe", "projekt verknüpfen", "projekt verknuepfe", "projekt verknuepfen"],
        [
            "project relate Quiet bearing to Loud cage because … (or: supersedes Loud cage, same work as Loud cage)",
            "projekt verknüpfe Leises Lager mit Lauter Käfig weil … (oder: ersetzt Lauter Käfig, dieselbe Arbeit wie Lauter \
             Käfig)",
        ],
    ),
    entry(
        Verb::ProjectModerator,
        &["project moderator"],
        &["projekt moderation", "projekt moderator", "projekt moderatorin"],
        [
            "project moderator Quiet bearing @ada (or: @ada off)",
            "projekt moderation Leises Lager @ada (oder: @ada aus)",
        ],
    ),
    entry(
        Verb::ProjectHandover,
        &["project handover", "project hand over"],
        &["projekt übergeben", "projekt übergib", "projekt uebergeben"],
        ["project handover Quiet bearing to @ada", "projekt übergeben Leises Lager an @ada"],
    ),
    entry(
        Verb::ProjectInvite,
        &["project invite", "project add"],
        &["projekt einladen", "projekt einlade", "projekt lade"],
        [
            "project invite Quiet bearing @ada@lyon.example (or: @ada off)",
            "projekt einladen Leises Lager @ada@lyon.example (oder: @ada aus)",
        ],
    ),
    entry(
        Verb::ProjectLock,
        &["project lock"],
        &["projekt sperren", "projekt sperre"],
        [
            "project lock Quiet bearing https://… (the post that takes no more answers)",
            "projekt sperren Leises Lager https://… (der Beitrag, der keine Antworten mehr annimmt)",
        ],
    ),
    entry(
        Verb::ProjectUnlock,
        &["project unlock"],
        &["projekt entsperren", "projekt entsperre"],
        ["project unlock Quiet bearing https://…", "projekt entsperren Leises Lager https://…"],
    ),
    entry(
        Verb::ProjectRemove,
        &["project remove"],
        &["projekt entferne", "projekt entfernen"],
        [
            "project remove Quiet bearing @ada (or the address of a post that it passed on)",
            "projekt entferne Leises Lager @ada (oder die Adresse eines Beitrags, den es weitergab)",
        ],
    ),
    entry(
        Verb::Introduce,
        &["intro", "introduce me to", "introduce me", "introductions"],
        &["vorstellen", "stell mich vor", "stelle mich vor", "bekannt machen"],
        [
            "intro (people to meet; then: intro 2 because …)",
            "vorstellen (wen du treffen könntest; dann: vorstellen 2 weil …)",
        ],
    ),
    entry(Verb::Coffee, &["coffee"], &["kaffee"], ["coffee on (or: coffee off)", "kaffee an (oder: kaffee aus)"]),
    entry(
        Verb::Digest,
        &["digest"],
        &["wochenbrief"],
        ["digest weekly (or: digest off)", "wochenbrief an (oder: wochenbrief aus)"],
    ),
    entry(
        Verb::Listed,
        &["list me"],
        &["zeig mich", "zeige mich"],
        [
            "list me organisation (or: list me site, list me nobody)",
            "zeig mich organisation (oder: zeig mich standort, zeig mich niemand)",
        ],
    ),
    entry(
        Verb::Reach,
        &["my posts"],
        &["meine beiträge", "meine beitraege"],
        [
            "my posts organisation (or: my posts site, my posts open, my posts usual)",
            "meine beiträge organisation (oder: standort, offen, üblich)",
        ],
    ),
    entry(Verb::Help, &["help", "?"], &["hilfe"], ["help", "hilfe"]),
];

/// What is said in a thread in which the concierge offered it; the help does not show them.
pub const ANSWERS: &[Entry] = &[
    entry(
        Verb::ProjectFollow,
        &["project follow", "follow"],
        &["projekt folgen", "folgen", "folge"],
        ["follow 2", "folgen 2"],
    ),
    entry(
        Verb::ProjectLead,
        &["project lead"],
        &["projekt leiten"],
        ["project lead Quiet bearing", "projekt leiten Leises Lager"],
    ),
    entry(
        Verb::ProjectPublish,
        &["project publish", "publish", "mine is different"],
        &["projekt veröffentlichen", "veröffentlichen", "veröffentliche", "meins ist anders"],
        ["publish because …", "veröffentlichen weil …"],
    ),
    entry(
        Verb::ProjectCancel,
        &["project cancel", "cancel"],
        &["projekt abbrechen", "abbrechen", "verwerfen"],
        ["cancel", "abbrechen"],
    ),
];

/// The word that chooses a numbered project.
pub const fn answer_word(verb: Verb, tongue: Tongue) -> &'static str {
    match (verb, tongue) {
        (Verb::ProjectJoin, Tongue::English) => "join",
        (Verb::ProjectJoin, Tongue::German) => "beitreten",
        (Verb::ProjectLeave, Tongue::English) => "leave",
        (Verb::ProjectLeave, Tongue::German) => "verlassen",
        (Verb::ProjectLead, Tongue::English) => "project lead",
        (Verb::ProjectLead, Tongue::German) => "projekt leiten",
        (_, Tongue::English) => "follow",
        (_, Tongue::German) => "folgen",
    }
}

/// The words for one stance, in all languages.
pub const ASK: &[&str] = &["ask", "frag", "frage"];
/// The same.
pub const KNOWS: &[&str] = &["knows", "know", "kennt", "kenne", "kann"];
/// The same.
pub const LEARNING: &[&str] = &["learning", "learn", "lernt", "lerne"];
/// On.
pub const ON: &[&str] = &["on", "an", "ein"];
/// Once a week.
pub const EVERY_WEEK: &[&str] = &["weekly", "wöchentlich", "woechentlich"];
/// Off.
pub const OFF: &[&str] = &["off", "aus", "back", "zurück", "none", "keine"];

/// The place of a language in the table.
pub const fn column(tongue: Tongue) -> usize {
    match tongue {
        Tongue::English => 0,
        Tongue::German => 1,
    }
}

/// What somebody says who is asked and is the wrong one, in lower case.
pub const NOT_ME: &[&str] = &["not me", "nicht ich", "ich nicht"];
