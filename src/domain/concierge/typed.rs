//! What somebody types about a project in one message, read into its fields: `Quiet bearing - find why B7 hums #bearings`,
//! with labels (`looking for: acoustics`) for what is more. Forgiving: what is not understood stays in the purpose.

use crate::{
    domain::{
        projects::{Fields, words::state_of},
        text::{Token, scan},
    },
    model::{Audience, Membership},
};

/// A field that a label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    Name,
    Purpose,
    Tags,
    State,
    LookingFor,
    Vendor,
    Links,
    Audience,
    Membership,
}

/// What labels are called, English and German; behind each stands a colon.
const LABELS: &[(&str, Label)] = &[
    ("name", Label::Name),
    ("title", Label::Name),
    ("titel", Label::Name),
    ("what for", Label::Purpose),
    ("purpose", Label::Purpose),
    ("wofür", Label::Purpose),
    ("wozu", Label::Purpose),
    ("zweck", Label::Purpose),
    ("tags", Label::Tags),
    ("stichworte", Label::Tags),
    ("schlagworte", Label::Tags),
    ("state", Label::State),
    ("stand", Label::State),
    ("looking for", Label::LookingFor),
    ("sucht", Label::LookingFor),
    ("gesucht", Label::LookingFor),
    ("vendor", Label::Vendor),
    ("bought", Label::Vendor),
    ("hersteller", Label::Vendor),
    ("anbieter", Label::Vendor),
    ("gekauft", Label::Vendor),
    ("link", Label::Links),
    ("links", Label::Links),
    ("audience", Label::Audience),
    ("reichweite", Label::Audience),
    ("membership", Label::Membership),
    ("mitgliedschaft", Label::Membership),
];

/// What the ways to become a member are called.
const MEMBERSHIPS: &[(&str, Membership)] = &[
    ("open", Membership::Open),
    ("offen", Membership::Open),
    ("request", Membership::Request),
    ("anfrage", Membership::Request),
    ("invitation", Membership::Invitation),
    ("einladung", Membership::Invitation),
];

/// What an audience is called.
const AUDIENCES: &[(&str, Audience)] = &[
    ("site", Audience::Site),
    ("standort", Audience::Site),
    ("organisation", Audience::Organisation),
    ("organization", Audience::Organisation),
    ("open", Audience::Open),
    ("offen", Audience::Open),
];

/// What stands between a name and what the project is for; the first of them counts.
const SEPARATORS: [&str; 5] = [" - ", " – ", " — ", "\n", ": "];

/// Reads a message that registers a project.
pub fn project(text: &str) -> Fields {
    let mut fields = labelled(text);
    let (head, tags) = words(&head(text));
    push(&mut fields.tags, tags);
    let first = SEPARATORS.iter().filter_map(|s| head.find(s).map(|at| (at, at + s.len()))).min();
    // A sentence is the last resort: names have no full stops.
    let first = first.or_else(|| head.find(". ").map(|at| (at, at + 2)));
    let (name, purpose) = match first {
        Some((end, begin)) => (head.get(..end).unwrap_or_default(), head.get(begin..).unwrap_or_default()),
        None => (head.as_str(), ""),
    };
    let kept = |typed: &str| {
        let typed = typed.trim().trim_matches(['-', '–', '—', ',', ';']).trim();
        (!typed.is_empty()).then(|| typed.to_owned())
    };
    fields.name = fields.name.or(kept(name));
    fields.purpose = fields.purpose.or(kept(purpose));
    fields
}

/// Reads what is added to a draft: labels and hashtags; the rest is its purpose.
pub fn addition(text: &str) -> Fields {
    let mut fields = labelled(text);
    let (head, tags) = words(&head(text));
    push(&mut fields.tags, tags);
    let rest = head.trim();
    if !rest.is_empty() {
        fields.purpose = fields.purpose.or_else(|| Some(rest.to_owned()));
    }
    fields
}

/// Reads what changes about a project: its name before the first label, and the labelled rest.
pub fn edit(text: &str) -> (String, Fields) {
    let mut fields = labelled(text);
    let (name, tags) = words(&head(text));
    push(&mut fields.tags, tags);
    (name.trim().trim_matches(['"', '“', '”', '„', ':', ',']).trim().to_owned(), fields)
}

/// Whether a text begins with a label.
pub fn has_label(text: &str) -> bool {
    labels(text).first().is_some_and(|(begin, ..)| text.get(..*begin).is_some_and(|before| before.trim().is_empty()))
}

fn push(list: &mut Option<Vec<String>>, more: Vec<String>) {
    if !more.is_empty() {
        list.get_or_insert_default().extend(more);
    }
}

/// The audience that is named, the narrowest of several: `this site only`.
fn audience(said: &str) -> Option<Audience> {
    let words = said.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    let named = words.filter_map(|word| AUDIENCES.iter().find(|(called, _)| *called == word));
    named.map(|(_, audience)| *audience).min()
}

/// Who becomes a member, as it is named; the narrowest of several.
fn membership(said: &str) -> Option<Membership> {
    let words = said.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    let named = words.filter_map(|word| MEMBERSHIPS.iter().find(|(called, _)| *called == word));
    named.map(|(_, membership)| *membership).max()
}

/// What stands behind `audience:` and names none: nobody's project goes further than they meant by a slip.
pub fn odd_audience(text: &str) -> Option<String> {
    odd(text, Label::Audience, |value| audience(value).is_some())
}

/// What stands behind `membership:` and names none.
pub fn odd_membership(text: &str) -> Option<String> {
    odd(text, Label::Membership, |value| membership(value).is_some())
}

/// The first that stands behind such a label and is not known.
fn odd(text: &str, of: Label, is_known: fn(&str) -> bool) -> Option<String> {
    let labels = labels(text);
    let values = labels.iter().enumerate().filter(|(_, (.., label))| *label == of).map(|(at, (_, begin, _))| {
        let end = labels.get(at + 1).map_or(text.len(), |(begin, ..)| *begin);
        words(text.get(*begin..end).unwrap_or_default().trim().trim_end_matches([';', '|', ','])).0
    });
    let mut odd = values.filter(|value| !is_known(value));
    odd.next()
}

/// Where labels stand: beginning, end behind the colon, which.
fn labels(text: &str) -> Vec<(usize, usize, Label)> {
    let mut found = Vec::new();
    for (colon, _) in text.match_indices(':') {
        let before = text.get(..colon).unwrap_or_default().trim_end();
        let known = LABELS.iter().filter_map(|(word, label)| {
            let mut begin = before.len();
            let mut given = before.chars();
            for wanted in word.chars().rev() {
                let c = given.next_back()?;
                if !c.to_lowercase().eq(wanted.to_lowercase()) {
                    return None;
                }
                begin -= c.len_utf8();
            }
            given.next_back().is_none_or(|c| !c.is_alphanumeric()).then_some((begin, *label))
        });
        // The longest one begins first.
        if let Some((begin, label)) = known.min_by_key(|(begin, _)| *begin) {
            found.push((begin, colon + 1, label));
        }
    }
    found
}

fn head(text: &str) -> String {
    let end = labels(text).first().map_or(text.len(), |(begin, ..)| *begin);
    text.get(..end).unwrap_or_default().trim().trim_end_matches([';', ',', '-', '|']).to_owned()
}

fn labelled(text: &str) -> Fields {
    let mut fields = Fields::default();
    let labels = labels(text);
    for (at, (_, begin, label)) in labels.iter().enumerate() {
        let end = labels.get(at + 1).map_or(text.len(), |(begin, ..)| *begin);
        let value = text.get(*begin..end).unwrap_or_default().trim().trim_end_matches([';', '|', ',']).trim();
        if *label == Label::Links {
            let links = value.split_whitespace().map(|link| link.trim_end_matches([',', ';']).to_owned());
            push(&mut fields.links, links.collect());
            continue;
        }
        let list = |value: &str| {
            let entries = value.split([',', ';', '\n']).flat_map(|entry| match entry.matches('#').count() {
                0 | 1 => vec![entry],
                _ => entry.split('#').collect(),
            });
            let entries = entries.map(|entry| entry.trim().trim_matches(['#', '.']).trim().to_owned());
            entries.filter(|entry| !entry.is_empty()).collect::<Vec<_>>()
        };
        // Hashtags behind what is no list of tags are the project's.
        let (bare, tags) = words(value);
        match label {
            Label::Tags => push(&mut fields.tags, list(value)),
            Label::LookingFor => push(&mut fields.looking_for, list(value)),
            Label::Vendor => {
                push(&mut fields.vendor, list(&bare));
                push(&mut fields.tags, tags);
            }
            Label::State => {
                push(&mut fields.tags, tags);
                let word = value.split_whitespace().next().unwrap_or_default();
                fields.state = state_of(&word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase());
            }
            Label::Audience => {
                push(&mut fields.tags, tags);
                fields.audience = audience(&bare);
            }
            Label::Membership => {
                push(&mut fields.tags, tags);
                fields.membership = membership(&bare);
            }
            Label::Name | Label::Purpose => {
                push(&mut fields.tags, tags);
                let typed = (!bare.is_empty()).then_some(bare);
                match label {
                    Label::Name => fields.name = typed.map(|name| name.trim_end_matches('.').to_owned()),
                    _ => fields.purpose = typed,
                }
            }
            Label::Links => {}
        }
    }
    fields
}

/// The text without the hashtags at its end and without the signs of others, and all its hashtags. Nobody is named: a draft
/// rings nowhere, and its first post does not either.
fn words(text: &str) -> (String, Vec<String>) {
    let tokens = scan(text);
    let is_filler = |token: &Token<'_>| match token {
        Token::Hashtag(_) => true,
        Token::Text(text) => text.chars().all(|c| c.is_whitespace() || matches!(c, ',' | '.' | ';')),
        _ => false,
    };
    let has_tags = tokens.iter().any(|token| matches!(token, Token::Hashtag(_)));
    let end = if has_tags { tokens.iter().rposition(|t| !is_filler(t)).map_or(0, |at| at + 1) } else { tokens.len() };
    let mut out = String::new();
    let mut tags = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if let Token::Hashtag(tag) = token {
            tags.push((*tag).to_owned());
        }
        if at >= end {
            continue;
        }
        match token {
            Token::Text(text) | Token::Url(text) | Token::Hashtag(text) => out.push_str(text),
            Token::Mention { username, domain } => {
                out.push_str(username);
                if let Some(domain) = domain {
                    out.push_str(" (");
                    out.push_str(domain);
                    out.push(')');
                }
            }
        }
    }
    (out.trim().to_owned(), tags)
}

/// A number that a text begins with, as `2`, `#2` or `2.`, and what follows it.
pub fn number(text: &str) -> Option<(usize, &str)> {
    let text = text.trim_start().trim_start_matches(['#', '(']);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text.get(..digits)?.parse().ok().filter(|_| (1..=2).contains(&digits))?;
    let rest = text.get(digits..)?;
    let ends = rest.chars().next().is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | '@')));
    ends.then(|| (number, rest.trim_start_matches([')', '.', ':', ',']).trim()))
}

/// Words that begin a reason, longest first.
const BECAUSE: &[&str] = &["mine is different", "meins ist anders", "different", "anders", "because", "weil", "denn"];

/// Whether a reason begins with this word, wherever it stands: names have the others too.
pub fn is_because(word: &str) -> bool {
    ["because", "weil", "denn"].contains(&word)
}

/// The reason in `because ours is colder`: without the words that announce it. Signs alone are none.
pub fn reason(text: &str) -> &str {
    let mut rest = text.trim().trim_start_matches([':', '-', '–', '—', ',']).trim();
    for word in BECAUSE {
        let begins = rest.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
        if begins && rest.get(word.len()..).is_some_and(|r| r.chars().next().is_none_or(|c| !c.is_alphanumeric())) {
            rest = rest.get(word.len()..).unwrap_or_default().trim_start_matches([':', ',']).trim();
        }
    }
    if rest.chars().all(|c| c.is_ascii_punctuation() || c == '…') { "" } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WorkState;

    fn text(field: &Option<String>) -> &str {
        field.as_deref().unwrap_or("-")
    }

    fn list(field: &Option<Vec<String>>) -> String {
        field.clone().unwrap_or_default().join("|")
    }

    #[test]
    fn a_project_is_read_from_one_line() {
        for (typed, name, purpose, tags) in [
            (
                "Quiet bearing - find why B7 hums #bearings #noise",
                "Quiet bearing",
                "find why B7 hums",
                "bearings|noise",
            ),
            ("Quiet bearing – find why #B7 hums.", "Quiet bearing", "find why B7 hums.", "B7"),
            ("Leises Lager: wir suchen das Brummen", "Leises Lager", "wir suchen das Brummen", ""),
            ("Quiet bearing. Find why it hums", "Quiet bearing", "Find why it hums", ""),
            ("Quiet bearing\nFind why - and fix", "Quiet bearing", "Find why - and fix", ""),
            ("Quiet bearing", "Quiet bearing", "-", ""),
            ("X-ray - look @bob at it", "X-ray", "look bob at it", ""),
            ("#only", "-", "-", "only"),
            ("", "-", "-", ""),
        ] {
            let read = project(typed);
            assert_eq!((text(&read.name), text(&read.purpose)), (name, purpose), "{typed}");
            assert_eq!(list(&read.tags), tags, "{typed}");
        }
    }

    #[test]
    fn labels_say_the_rest() {
        let read = project(
            "Quiet bearing - find why it hums #b7 Looking for: acoustics, #cages; Vendor: SoundCam rental\n\
             State: Active. link: https://wiki.example/b7 tags: noise #air #cold",
        );
        assert_eq!((text(&read.name), text(&read.purpose)), ("Quiet bearing", "find why it hums"));
        assert_eq!((list(&read.looking_for), list(&read.vendor)), ("acoustics|cages".into(), "SoundCam rental".into()));
        assert_eq!((read.state, list(&read.links)), (Some(WorkState::Active), "https://wiki.example/b7".into()));
        assert_eq!(list(&read.tags), "noise|air|cold|b7");
        let read = project("Name: Lager. Wofür: leiser werden; Sucht: Akustik");
        assert_eq!(
            (text(&read.name), text(&read.purpose), list(&read.looking_for)),
            ("Lager", "leiser werden", "Akustik".into())
        );
        let read = edit("Lager mitgliedschaft: nur auf Einladung; sucht: Akustik");
        assert_eq!((read.0.as_str(), read.1.membership), ("Lager", Some(Membership::Invitation)));
        assert_eq!(project("Lager membership: open").membership, Some(Membership::Open));
        assert_eq!(
            (odd_membership("Lager membership: closed").as_deref(), odd_membership("membership: open")),
            (Some("closed"), None)
        );
        let read = addition("because customers complain #noise");
        assert_eq!((text(&read.purpose), list(&read.tags)), ("because customers complain", "noise".into()));
        assert_eq!(text(&addition("tags: x").purpose), "-");
    }

    #[test]
    fn numbers_and_reasons_are_found() {
        assert_eq!(number("2"), Some((2, "")));
        assert_eq!(number(" #3, I know cages"), Some((3, "I know cages")));
        assert_eq!(number("2nd try"), None);
        assert_eq!(number("B7"), None);
        assert_eq!(number("123"), None);
        assert_eq!(reason("because ours is colder"), "ours is colder");
        assert_eq!(reason(": weil unseres kälter ist"), "unseres kälter ist");
        assert_eq!(reason("mine is different because colder"), "colder");
        assert_eq!((reason("asphalt"), reason("because"), reason("")), ("asphalt", "", ""));
        assert_eq!((reason("!"), reason("because …"), reason("because 🤷")), ("", "", "🤷"));
        for odd in [":", "::: tags:::", "name:", "\u{130}: ß:", &"tags: a ".repeat(3_000)] {
            let _ = (project(odd), addition(odd), number(odd), reason(odd));
        }
    }
}
