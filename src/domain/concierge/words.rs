//! What the concierge says, in each language, in one table.

use crate::domain::people::fields::Tongue;

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
/// A post that waited for its time was refused: its time, why, and what it said.
pub const NOT_PUBLISHED: Sentence = Sentence(
    "Your post scheduled for {} was not published: {}",
    "Dein für {} geplanter Beitrag wurde nicht veröffentlicht: {}",
);
/// Before what it said.
pub const IT_SAID: Sentence = Sentence("It said: {}", "Er lautete: {}");
/// Why, when something is gone.
pub const SOMETHING_GONE: Sentence = Sentence(
    "what it answers is not there any more, or you may not see it",
    "was er beantwortet, gibt es nicht mehr, oder du darfst es nicht sehen",
);
/// Before all verbs.
pub const HELP: Sentence = Sentence("You can write to me:", "Du kannst mir schreiben:");
/// In answer to thanks.
pub const WELCOME: Sentence = Sentence("You are welcome.", "Gern.");
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
/// To whoever said that they are the wrong one.
pub const DECLINED_ASK: Sentence = Sentence(
    "Noted, thank you: you are not asked about this again, and somebody else is.",
    "Notiert, danke: dazu wirst du nicht mehr gefragt, sondern jemand anders.",
);
/// Once a year, to the author of an accepted answer; behind it stands its address.
pub const STILL_TRUE: Sentence = Sentence(
    "Your answer is kept for everybody. Is it still true? Tap, or reply “yes” or “no”:",
    "Deine Antwort bleibt für alle aufgehoben. Stimmt sie noch? Tippe, oder antworte „ja“ oder „nein“:",
);
/// The choices.
pub const HOLDS: [Sentence; 2] = [Sentence("Still true", "Stimmt noch"), Sentence("Not any more", "Stimmt nicht mehr")];
/// That was heard.
pub const HOLDS_NOTED: Sentence =
    Sentence("Thank you: that stands beside your answer.", "Danke: das steht jetzt bei deiner Antwort.");
/// To the gardener: what was asked for, what is listed, people, answers.
pub const ALIAS: Sentence = Sentence(
    "For the gardener's desk: #{} and #{} may be one thing. People who list the second one gave accepted answers under the \
     first one (people: {}, answers: {}). Shall the first word mean the second one, for the whole organisation?",
    "Für die Gärtnerei: #{} und #{} sind vielleicht dasselbe. Leute, die das zweite nennen, gaben angenommene Antworten \
     unter dem ersten (Leute: {}, Antworten: {}). Soll das erste Wort das zweite bedeuten, für die ganze Organisation?",
);
/// The choices.
pub const ALIAS_CHOICES: [Sentence; 2] = [Sentence("Accept", "Annehmen"), Sentence("Decline", "Ablehnen")];
/// How to answer.
pub const ALIAS_HOW: Sentence =
    Sentence("Tap, or reply “accept” or “decline”.", "Tippe, oder antworte „annehmen“ oder „ablehnen“.");
/// Where it is signed when not here.
pub const ALIAS_WHO: Sentence = Sentence(
    "What you accept goes to {}, where the charter is signed.",
    "Was du annimmst, geht an {}: dort wird die Charta unterschrieben.",
);
/// It is decided.
pub const ALIAS_MADE: Sentence = Sentence("#{} means #{} now.", "#{} bedeutet jetzt #{}.");
/// It waits for the key.
pub const ALIAS_WAITS: Sentence = Sentence(
    "#{} will mean #{} with the next version of the charter that is signed.",
    "#{} bedeutet #{} ab der nächsten Version der Charta, die unterschrieben wird.",
);
/// It is not to be.
pub const ALIAS_LEFT: Sentence = Sentence("They stay two things.", "Es bleiben zwei Dinge.");
/// The stewards refuse it; why follows.
pub const ALIAS_REFUSED: Sentence =
    Sentence("#{} and #{} stay two things: it was refused.", "#{} und #{} bleiben zwei Dinge: es wurde abgelehnt.");
/// No steward could be reached.
pub const ALIAS_OVERDUE: Sentence = Sentence(
    "#{} and #{} are two things still: no node of a steward could be reached for half a day, and I stopped trying. Accept it \
     again to begin anew.",
    "#{} und #{} sind noch zwei Dinge: einen halben Tag lang war kein Knoten zu erreichen, auf dem die Charta unterschrieben \
     wird, und ich habe aufgehört. Nimm es noch einmal an, dann beginne ich neu.",
);
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
/// The same where nobody but the asker belongs to it.
pub const NO_DESK: Sentence = Sentence(
    "Nobody has answered yet, and nobody else looks after questions at this site. It stays among the open questions, \
     where everybody sees it.",
    "Noch hat niemand geantwortet, und an diesem Standort kümmert sich sonst niemand um Fragen. Sie bleibt bei den offenen \
     Fragen, wo alle sie sehen.",
);
/// The last word where nobody answered.
pub const STILL_OPEN: Sentence = Sentence(
    "Nobody has answered so far. It stays among the open questions until you write “close” in reply to me.",
    "Bisher hat niemand geantwortet. Sie bleibt bei den offenen Fragen, bis du mir als Antwort „schließen“ schreibst.",
);
/// To whoever asks in a post for their followers.
pub const ASKED_FOLLOWERS: Sentence = Sentence(
    "#{} reaches the network only in a public post: yours is for your followers, so nobody else is asked. Write it again as a \
     public post, or write to me: ask, then your question.",
    "#{} erreicht das Netz nur in einem öffentlichen Beitrag: deiner ist für deine Folgenden, also wird sonst niemand gefragt. \
     Schreib ihn noch einmal als öffentlichen Beitrag, oder schreib mir: frage, dann deine Frage.",
);
/// A question was published.
pub const ASKED: Sentence = Sentence("Your question:", "Deine Frage:");
/// What was attached to a command; the tag that takes it along.
pub const ATTACHED: Sentence = Sentence(
    "What you attached stays with your message to me. A public post with #{} takes it along.",
    "Was du angehängt hast, bleibt bei deiner Nachricht an mich. Ein öffentlicher Beitrag mit #{} nimmt es mit.",
);
/// Before open questions.
pub const OPEN: Sentence = Sentence("Nobody answered these yet:", "Das hat noch niemand beantwortet:");
/// There are none.
pub const NONE_OPEN: Sentence = Sentence("No question is open.", "Keine Frage ist offen.");
/// `close` without a question.
pub const WHICH: Sentence = Sentence(
    "Write that in reply to your own question, or to what I wrote below it.",
    "Schreib das als Antwort auf deine eigene Frage, oder auf das, was ich darunter geschrieben habe.",
);
/// `delivery` without a post.
pub const WHICH_POST: Sentence = Sentence(
    "Write that in reply to a post of your own, or with its address behind it.",
    "Schreib das als Antwort auf einen eigenen Beitrag, oder mit seiner Adresse dahinter.",
);
/// Somebody left; projects and questions of theirs follow.
pub const HANDOVER: Sentence =
    Sentence("{} has left. To be taken over by others:", "{} ist gegangen. Zu übernehmen ist:");
/// In the place of a name that is no longer said.
pub const NAMELESS: Sentence = Sentence("Former colleague", "Nicht mehr hier");
/// How much somebody is asked.
pub const WEEKLY: Sentence =
    Sentence("You are told of up to {} questions a week.", "Du hörst von bis zu {} Fragen in der Woche.");
/// Not at all.
pub const ASKS_OFF: Sentence =
    Sentence("You are not asked. “asks on” changes that.", "Du wirst nicht gefragt. „anfragen an“ ändert das.");
/// Not before a day.
pub const AWAY: Sentence = Sentence("You are not asked before {}.", "Du wirst vor dem {} nicht gefragt.");
/// A node has joined; behind it stands its address.
pub const NODE_JOINED: Sentence = Sentence("{} has joined {}:", "{} gehört jetzt zu {}:");
/// Several at once, one a line.
pub const NODES_JOINED: Sentence = Sentence("{} sites have joined {}:", "{} Standorte gehören jetzt zu {}:");
/// This node has joined.
pub const SITE_JOINED: Sentence = Sentence(
    "This site has joined {}. Other sites: {}. Their people and projects are in the search box: try “who knows …”.",
    "Dieser Standort gehört jetzt zu {}. Andere Standorte: {}. Ihre Leute und Projekte stehen im Suchfeld: probier \
     „wer kennt …“.",
);
/// Before a draft.
pub const DRAFT: Sentence = Sentence("Your draft, which nobody else sees:", "Dein Entwurf, den sonst niemand sieht:");
/// The same, where what was written to the concierge was no direct message.
pub const OPEN_DRAFT: Sentence = Sentence("Your draft:", "Dein Entwurf:");
/// What to do about that.
pub const WRITTEN_OPENLY: Sentence = Sentence(
    "Careful: what you wrote to me is no direct message, so others read it. Delete it, and go on in this thread by direct \
     messages.",
    "Vorsicht: was du mir geschrieben hast, ist keine Direktnachricht, andere lesen es. Lösche es, und schreib hier mit \
     Direktnachrichten weiter.",
);
/// A purpose is missing.
pub const WHAT_FOR: Sentence =
    Sentence("What is it for? Answer with a sentence.", "Wofür ist es? Antworte mit einem Satz.");
/// A name is missing.
pub const WHAT_NAME: Sentence = Sentence(
    "Give it a name: project new: NAME - what for #tags",
    "Gib ihm einen Namen: projekt neu: NAME - wofür #stichworte",
);
/// Before projects that earn a warning.
pub const WARNED: Sentence = Sentence(
    "Somebody may be doing this already, or has tried it:",
    "Das macht vielleicht schon jemand, oder hat es versucht:",
);
/// Before projects that earn none.
pub const ALIKE: Sentence = Sentence(
    "Nothing is close enough to warn of. The most similar projects:",
    "Nichts ist ähnlich genug, um davor zu warnen. Die ähnlichsten Projekte:",
);
/// There are no such projects.
pub const NONE_ALIKE: Sentence = Sentence("Nothing like it is registered.", "Nichts dergleichen ist eingetragen.");
/// A published project is not called back.
pub const KNOWN_ELSEWHERE: Sentence = Sentence(
    "Other sites know this project already. Only a draft can be kept at one site.",
    "Andere Standorte kennen dieses Projekt schon. Nur ein Entwurf kann an einem Standort bleiben.",
);
/// How far a project is to go was not understood.
pub const WHICH_AUDIENCE: Sentence = Sentence(
    "“{}” does not say how far a project goes, so nothing is changed. Write: audience: site, audience: organisation or \
     audience: open.",
    "„{}“ sagt nicht, wie weit ein Projekt geht, also ist nichts geändert. Schreib: reichweite: standort, reichweite: \
     organisation oder reichweite: offen.",
);
/// Who becomes a member was not understood.
pub const WHICH_MEMBERSHIP: Sentence = Sentence(
    "“{}” does not say who becomes a member, so nothing is changed. Write: membership: open, membership: on request or \
     membership: by invitation.",
    "„{}“ sagt nicht, wer dazugehört, also ist nichts geändert. Schreib: mitgliedschaft: offen, mitgliedschaft: auf Anfrage \
     oder mitgliedschaft: auf Einladung.",
);
/// The ways out of a warning: numbers of projects to join and to follow.
pub const THREE_WAYS: Sentence = Sentence(
    "Answer here: “join {}”, “follow {}”, “publish because …” if yours is different, or “cancel”.",
    "Antworte hier: „beitreten {}“, „folgen {}“, „veröffentlichen weil …“, wenn deins anders ist, oder „abbrechen“.",
);
/// The same where all of them have ended.
pub const TWO_WAYS: Sentence = Sentence(
    "Answer here: “follow {}”, “publish because …” if yours is different, or “cancel”.",
    "Antworte hier: „folgen {}“, „veröffentlichen weil …“, wenn deins anders ist, oder „abbrechen“.",
);
/// The ways where nothing is to be warned of: numbers of projects to join and to follow.
pub const MAY_PUBLISH: Sentence = Sentence(
    "Answer here: “publish”, “join {}”, “follow {}” or “cancel”.",
    "Antworte hier: „veröffentlichen“, „beitreten {}“, „folgen {}“ oder „abbrechen“.",
);
/// The same where all of them have ended.
pub const PUBLISH_OR_FOLLOW: Sentence = Sentence(
    "Answer here: “publish”, “follow {}” or “cancel”.",
    "Antworte hier: „veröffentlichen“, „folgen {}“ oder „abbrechen“.",
);
/// The same without others.
pub const ONLY_PUBLISH: Sentence =
    Sentence("Answer here: “publish” or “cancel”.", "Antworte hier: „veröffentlichen“ oder „abbrechen“.");
/// What can be added.
pub const ADD: Sentence = Sentence(
    "You can add: tags: …, state: …, looking for: …, vendor: …, link: …",
    "Du kannst ergänzen: stichworte: …, stand: …, sucht: …, hersteller: …, link: …",
);
/// Publishing in spite of a warning.
pub const WHY: Sentence = Sentence(
    "Say why yours is different: “publish because …”. Both leads read it.",
    "Sag, was an deinem anders ist: „veröffentlichen weil …“. Beide Leitungen lesen es.",
);
/// A project is out; its account stands before it.
pub const PUBLISHED: Sentence = Sentence("is published; you lead it.", "ist veröffentlicht; du leitest es.");
/// Both leads have the reason.
pub const BOTH_READ: Sentence = Sentence(
    "Both leads read why it is different from “{}”.",
    "Beide Leitungen lesen, was daran anders ist als an „{}“.",
);
/// No draft in this thread.
pub const NO_DRAFT: Sentence = Sentence(
    "There is no draft in this thread. Begin one: project new: NAME - what for #tags",
    "In diesem Faden ist kein Entwurf. Beginne einen: projekt neu: NAME - wofür #stichworte",
);
/// A draft is gone.
pub const FORGOTTEN: Sentence = Sentence("The draft is forgotten.", "Der Entwurf ist vergessen.");
/// It is not gone.
pub const KEPT: Sentence =
    Sentence("Your draft is kept; “cancel” forgets it.", "Dein Entwurf bleibt; „abbrechen“ vergisst ihn.");
/// The lead of a project has a request.
pub const ASKED_TO_JOIN: Sentence = Sentence(
    "The lead of “{}” has your request; you are told of the answer.",
    "Die Leitung von „{}“ hat deine Anfrage; die Antwort bekommst du.",
);
/// No request was needed.
pub const MEMBER_NOW: Sentence = Sentence("You are a member of “{}” now.", "Du gehörst jetzt zu „{}“.");
/// A request waits for a lead.
pub const ASKED_NOBODY: Sentence = Sentence(
    "“{}” has no lead at the moment. Your request waits: whoever takes it over is told of it.",
    "„{}“ hat gerade keine Leitung. Deine Anfrage wartet: wer die Leitung übernimmt, erfährt davon.",
);
/// Behind that, where nobody works on it any more: since when it is what.
pub const HAS_ENDED: Sentence = Sentence(
    "It is {}, so there may be nothing to do. You can follow it all the same.",
    "Es ist {}, also gibt es vielleicht nichts zu tun. Folgen kannst du ihm trotzdem.",
);
/// No request is needed.
pub const IS_MEMBER: Sentence = Sentence("You are a member of “{}” already.", "Du gehörst schon zu „{}“.");
/// Somebody left a project.
pub const LEFT: Sentence = Sentence("You have left “{}”.", "Du gehörst nicht mehr zu „{}“.");
/// A request is taken back.
pub const REQUEST_BACK: Sentence =
    Sentence("Your request to join “{}” is taken back.", "Deine Anfrage, bei „{}“ mitzumachen, ist zurückgenommen.");
/// There is nothing to leave.
pub const NO_MEMBER: Sentence = Sentence("You do not belong to “{}”.", "Du gehörst nicht zu „{}“.");
/// The lead cannot leave.
pub const HAND_OVER_FIRST: Sentence = Sentence(
    "You lead “{}”: hand it over before you leave. Write: project handover {} to @ada",
    "Du leitest „{}“: übergib es, bevor du gehst. Schreib: projekt übergeben {} an @ada",
);
/// A project is followed.
pub const FOLLOWED: Sentence = Sentence(
    "You follow “{}”: what it says comes to your home timeline.",
    "Du folgst „{}“: was es sagt, steht in deiner Startseite.",
);
/// Several projects may be meant.
pub const WHICH_PROJECT: Sentence =
    Sentence("Which one? Answer here with “{} {}”.", "Welches? Antworte hier mit „{} {}“.");
/// None is.
pub const NO_PROJECT: Sentence = Sentence("I know no such project.", "Ich kenne kein solches Projekt.");
/// A number without a list.
pub const NO_NUMBER: Sentence = Sentence(
    "Nothing has this number in this thread. “project find …” makes a list.",
    "Diese Nummer hat in diesem Faden nichts. „projekt suche …“ macht eine Liste.",
);
/// Before projects.
pub const PROJECTS: Sentence = Sentence("Projects:", "Projekte:");
/// Below them: numbers of projects to join and to follow.
pub const JOIN_OR_FOLLOW: Sentence =
    Sentence("Answer here: “join {}” or “follow {}”.", "Antworte hier: „beitreten {}“ oder „folgen {}“.");
/// The same where all of them have ended, or take an invitation.
pub const ONLY_FOLLOW: Sentence = Sentence("Answer here: “follow {}”.", "Antworte hier: „folgen {}“.");
/// Before one's own.
pub const MINE: Sentence = Sentence("Your projects:", "Deine Projekte:");
/// There are none.
pub const NONE_MINE: Sentence = Sentence("You work on no project.", "Du arbeitest an keinem Projekt.");
/// A draft among them.
pub const A_DRAFT: Sentence =
    Sentence("Draft: {} (go on with: project new: {})", "Entwurf: {} (weiter mit: projekt neu: {})");
/// Requests that wait.
pub const WAITING: Sentence = Sentence("asking to join: {}", "möchten mitmachen: {}");
/// What somebody is to a project, from the lead down.
pub const ROLES: [Sentence; 3] = [
    Sentence("you lead it", "du leitest es"),
    Sentence("you moderate it", "du moderierst es"),
    Sentence("member", "Mitglied"),
];
/// A state is set.
pub const STATE_SET: Sentence =
    Sentence("“{}” is now {}. Its followers read it.", "„{}“ ist jetzt {}. Die ihm folgen, lesen es.");
/// How to set it.
pub const WHICH_STATE: Sentence = Sentence(
    "Write it so: project state NAME done because … (idea, active, paused, done or stopped; a project that you lead).",
    "Schreib es so: projekt stand NAME fertig weil … (idee, aktiv, unterbrochen, fertig oder eingestellt; ein Projekt, das du leitest).",
);
/// A request is accepted.
pub const ACCEPTED: Sentence = Sentence("is a member of “{}” now.", "gehört jetzt zu „{}“.");
/// It is not.
pub const DECLINED: Sentence =
    Sentence("hears that “{}” cannot take them in.", "erfährt, dass „{}“ niemanden aufnehmen kann.");
/// Nothing was asked.
pub const NO_REQUEST: Sentence = Sentence(
    "Nothing waits for an answer here. Reply to the message that tells you of a request.",
    "Hier wartet nichts auf Antwort. Antworte auf die Nachricht, die von einer Anfrage erzählt.",
);
/// How to change a project.
pub const WHICH_EDIT: Sentence = Sentence(
    "Write it so: project edit NAME tags: …; looking for: …; vendor: …; link: …; what for: …; membership: … (a project that \
     you lead or moderate)",
    "Schreib es so: projekt ändern NAME stichworte: …; sucht: …; hersteller: …; link: …; wofür: …; mitgliedschaft: … (ein \
     Projekt, das du leitest oder moderierst)",
);
/// It is changed.
pub const EDITED: Sentence = Sentence(
    "It says now: {}. In this thread “tags: …” and the like add to it.",
    "Es sagt jetzt: {}. In diesem Faden ergänzen „stichworte: …“ und dergleichen.",
);
/// Who may find somebody.
pub const LISTED: [Sentence; 3] = [
    Sentence("Everybody in the organisation finds you.", "Alle in der Organisation finden dich."),
    Sentence(
        "People of your own site find you, and nobody else.",
        "Leute deines Standorts finden dich, sonst niemand.",
    ),
    Sentence("You are listed nowhere.", "Du bist nirgends eingetragen."),
];
/// How to say it.
pub const WHICH_LISTED: Sentence = Sentence(
    "Write: list me organisation, list me site or list me nobody.",
    "Schreib: zeig mich organisation, zeig mich standort oder zeig mich niemand.",
);
/// How far somebody's posts go when they say nothing.
pub const REACH: [Sentence; 4] = [
    Sentence("Your public posts stay at your site.", "Deine öffentlichen Beiträge bleiben am Standort."),
    Sentence("Your public posts go to the organisation.", "Deine öffentlichen Beiträge gehen an die Organisation."),
    Sentence("Your public posts go to everybody.", "Deine öffentlichen Beiträge gehen an alle."),
    Sentence(
        "Your public posts go as far as the organisation says.",
        "Deine öffentlichen Beiträge gehen so weit, wie die Organisation es sagt.",
    ),
];
/// How to say it.
pub const WHICH_REACH: Sentence = Sentence(
    "Write: my posts site, my posts organisation, my posts open or my posts usual.",
    "Schreib: meine beiträge standort, meine beiträge organisation, meine beiträge offen oder meine beiträge üblich.",
);
/// What has to stand between two people.
pub const NOT_ALLOWED: Sentence = Sentence("That is not allowed.", "Das ist nicht erlaubt.");
/// Behind that: why, as the rest of the program says it, and as people are told.
pub const REFUSED: &[(&str, Sentence)] = &[
    ("Only its lead may do this", Sentence("Only its lead may do this.", "Das darf nur seine Leitung.")),
    (
        "The node of this project has left: nobody would answer",
        Sentence(
            "Its site has left the organisation: nobody would answer.",
            "Sein Standort ist nicht mehr in der Organisation: niemand würde antworten.",
        ),
    ),
    (
        "This project lives on another node: it is changed there",
        Sentence(
            "It lives at another site, and is changed there.",
            "Es liegt an einem anderen Standort und wird dort geändert.",
        ),
    ),
    (
        "This project is led by somebody of the node it lives on",
        Sentence("Somebody of the site where it lives leads it.", "Es leitet jemand vom Standort, an dem es liegt."),
    ),
    ("They are not there any more", Sentence("They are not there any more.", "Diese Person ist nicht mehr da.")),
    (
        "People join this project by invitation only: its lead can invite you",
        Sentence(
            "People join it by invitation only: its lead can invite you. You can follow it all the same.",
            "Dazu gehört nur, wer eingeladen wird: die Leitung kann dich einladen. Folgen kannst du ihm trotzdem.",
        ),
    ),
    (
        "They are a member of this project already",
        Sentence("They are a member already.", "Diese Person gehört schon dazu."),
    ),
    (
        "Only people whom this project reaches can be invited",
        Sentence(
            "Only people whom the project reaches can be invited: those of the organisation, or of this site.",
            "Einladen kannst du, wen das Projekt erreicht: Leute der Organisation, oder dieses Standorts.",
        ),
    ),
    (
        "Too many invitations of this project wait",
        Sentence(
            "So many invitations wait that there can be no more just now.",
            "Es warten so viele Einladungen, dass gerade keine mehr dazukommt.",
        ),
    ),
    (
        "This project has too many members",
        Sentence(
            "It has as many members as a project can have.",
            "Es hat so viele Mitglieder, wie ein Projekt haben kann.",
        ),
    ),
    (
        "The lead cannot be taken out: hand over first",
        Sentence(
            "Its lead is not taken out: hand it over first.",
            "Seine Leitung geht nicht hinaus: übergib es zuerst.",
        ),
    ),
    (
        "That project is for this site only: let it name this one instead",
        Sentence(
            "The other one is for this site only: let it name this one instead.",
            "Das andere ist nur für diesen Standort: lass umgekehrt jenes dieses hier nennen.",
        ),
    ),
];
/// Why an audience cannot be chosen.
pub const OPEN_FORBIDDEN: Sentence = Sentence(
    "Your organisation keeps posts inside: its charter does not allow the open fediverse. Leave `!open` out.",
    "Deine Organisation behält Beiträge für sich: ihre Charta erlaubt das offene Fediverse nicht. Lass `!open` weg.",
);
/// The same.
pub const NO_ORGANISATION: Sentence = Sentence(
    "This site belongs to no organisation. Choose `site`, or nothing.",
    "Dieser Standort gehört zu keiner Organisation. Wähle `standort`, oder nichts.",
);
/// The same.
pub const TWO_AUDIENCES: Sentence = Sentence(
    "The post asks for two audiences at once. Choose one of them.",
    "Der Beitrag soll zugleich verschieden weit gehen. Entscheide dich für eines.",
);
/// Whom a post names and does not reach.
pub const OUT_OF_REACH: Sentence = Sentence(
    "{} would not get this: it does not go that far. Leave the name out, or begin with `!org` or `!site` to post it all \
     the same.",
    "{} bekäme das nicht: So weit geht es nicht. Lass den Namen weg, oder beginne mit `!org` oder `!site`, um es trotzdem zu \
     schreiben.",
);
/// Why a post may not quote another one.
pub const NO_QUOTE: Sentence = Sentence("This post may not be quoted", "Dieser Beitrag darf nicht zitiert werden.");
/// The same, where its author would have to agree.
pub const QUOTE_OUT_OF_REACH: Sentence = Sentence(
    "The author of the quoted post would have to be asked, and does not get this post. Quote it further, or put a link to \
     it.",
    "Wer den zitierten Beitrag geschrieben hat, müsste gefragt werden und bekommt deinen nicht. Lass deinen weiter gehen, \
     oder setze einen Link.",
);
/// Why nobody may answer a post.
pub const NO_ANSWER: Sentence = Sentence(
    "The author of this post does not want it to be answered",
    "Wer diesen Beitrag geschrieben hat, möchte keine Antworten darauf.",
);
/// The same, where its author would have to agree.
pub const ANSWER_OUT_OF_REACH: Sentence = Sentence(
    "The author would have to be asked, and does not get what stays inside the organisation.",
    "Wer das geschrieben hat, müsste gefragt werden und bekommt nicht, was in der Organisation bleibt.",
);
/// The same, with a quote in the answer.
pub const ANSWER_WITH_QUOTE: Sentence = Sentence(
    "The author of the post you answer has to agree first: answer it without a quote",
    "Wer den Beitrag geschrieben hat, auf den du antwortest, muss erst zustimmen: Antworte ohne Zitat.",
);
/// Why an answer may not go to a group.
pub const THREAD_LOCKED: Sentence = Sentence(
    "The moderators of this group locked the thread: it takes no more answers. Leave the name of the group out",
    "Wer diese Gruppe moderiert, hat den Faden geschlossen: Er nimmt keine Antworten mehr an. Lass den Namen der Gruppe weg.",
);
/// Why nobody posts with an account.
pub const HAS_MOVED: Sentence =
    Sentence("This account has moved: post from the new one", "Dieses Konto ist umgezogen: Schreib mit dem neuen.");
/// What is refused with one of these sentences is said in the language of whoever reads it.
pub const REFUSALS: [Sentence; 7] =
    [NO_QUOTE, QUOTE_OUT_OF_REACH, NO_ANSWER, ANSWER_OUT_OF_REACH, ANSWER_WITH_QUOTE, THREAD_LOCKED, HAS_MOVED];
/// Whatever has a limit.
pub const TOO_MUCH: Sentence =
    Sentence("That is too long, or too much at once.", "Das ist zu lang, oder zu viel auf einmal.");
/// More requests wait than a lead can read.
pub const TOO_MANY_REQUESTS: Sentence = Sentence(
    "So many requests wait for the lead of “{}” that it takes no more just now. You can follow it.",
    "Bei der Leitung von „{}“ warten so viele Anfragen, dass gerade keine mehr dazukommt. Folgen kannst du ihm.",
);
/// A limit.
pub const TOO_MANY_DRAFTS: Sentence = Sentence(
    "You have too many drafts: publish or cancel some. “project mine” shows them.",
    "Du hast zu viele Entwürfe: veröffentliche oder verwirf einige. „projekt meine“ zeigt sie.",
);
/// A limit.
pub const TOO_LONG: Sentence = Sentence(
    "That is too long. A name has up to 100 characters, a reason 500, a tag 60; there are up to 20 tags.",
    "Das ist zu lang. Ein Name hat bis zu 100 Zeichen, ein Grund 500, ein Stichwort 60; es sind bis zu 20 Stichworte.",
);
/// A link that is none.
pub const NO_LINK: Sentence =
    Sentence("A link begins with https:// or http://.", "Ein Link beginnt mit https:// oder http://.");
/// Before the lead of a project.
pub const LEAD: Sentence = Sentence("lead {}", "Leitung {}");
/// Before words that two projects share.
pub const SHARED: Sentence = Sentence("both: {}", "gemeinsam: {}");
/// Before what was bought.
pub const BOUGHT: Sentence = Sentence("uses {}", "benutzt {}");
/// To a moderator whose project lost its lead.
pub const NEW_LEAD: Sentence = Sentence(
    "“{}” is yours to lead: its lead is gone, and you have moderated it for longest.",
    "„{}“ leitest jetzt du: seine Leitung ist gegangen, und du moderierst es am längsten.",
);
/// To the staff, about a project that lost its lead.
pub const NO_LEAD_DESK: Sentence = Sentence(
    "For the gardener's desk: “{}” has no lead any more. Whoever takes it over writes to me: project lead {}",
    "Für die Gärtnerei: „{}“ hat keine Leitung mehr. Wer es übernimmt, schreibt mir: projekt leiten {}",
);
/// A project has a new lead.
pub const YOU_LEAD: Sentence = Sentence("You lead “{}” now.", "Du leitest jetzt „{}“.");
/// A project has a lead.
pub const HAS_LEAD: Sentence =
    Sentence("“{}” has a lead, who can hand it over.", "„{}“ hat eine Leitung, die es übergeben kann.");
