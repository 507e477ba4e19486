//! What somebody typed, taken apart: the skills wanted and the conditions.

use super::{
    lexicon::{
        AFTER_LANGUAGE, ALL_OF, BEFORE_LANGUAGE, BEFORE_PLACE, ENDINGS, EXPERTS, JOINTS, LANGUAGES, OPENINGS, PEOPLE,
        PRESENT, SMALL, WEAK_BEFORE_PLACE, WHO_KNOWS, french, language,
    },
    text::{fold, words},
};

/// Characters of a query that are read; the rest is ignored.
const LONGEST: usize = 200;
/// Words of one skill that are looked at.
const MOST_WORDS: usize = 10;
/// Skills of one query that are looked at.
const MOST_SKILLS: usize = 3;

/// A question taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// What is wanted, one list of folded words for each skill; all of them are wanted.
    pub skills: Vec<Vec<String>>,
    /// Skills joined by "and" as one phrase, since a name may contain the word.
    pub joined: Option<Vec<String>>,
    /// Whether the text is surely French.
    pub french: bool,
    /// Only people of this site.
    pub site: Option<String>,
    /// The site is a name in the sentence, not behind `site:`; it may have been meant otherwise.
    pub is_site_implied: bool,
    /// Only people who speak the language with this code.
    pub language: Option<&'static str>,
    /// Only people of the project with this name or id.
    pub project: Option<String>,
}

impl Wish {
    /// Whether there is a condition, which may be all that is asked for.
    fn is_conditional(&self) -> bool {
        self.site.is_some() || self.language.is_some() || self.project.is_some()
    }
}

/// Words before a colon, folded.
const KEYS: &[(&str, Key)] = &[
    ("skill", Key::Skill),
    ("skills", Key::Skill),
    ("competence", Key::Skill),
    ("kenntnis", Key::Skill),
    ("fahigkeit", Key::Skill),
    ("site", Key::Site),
    ("standort", Key::Site),
    ("project", Key::Project),
    ("projekt", Key::Project),
    ("projet", Key::Project),
    ("language", Key::Language),
    ("lang", Key::Language),
    ("sprache", Key::Language),
    ("langue", Key::Language),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Skill,
    Site,
    Project,
    Language,
}

/// Takes a query apart. `is_site` tells whether folded words, with a space between each two, are the name of a site.
///
/// ```
/// use watercooler::matching::people::parse;
///
/// let wish = parse("Who knows torque sensors in Lyon?", |word| word == "lyon");
/// assert_eq!(wish.skills, [["torque", "sensors"]]);
/// assert_eq!(wish.site.as_deref(), Some("lyon"));
/// ```
pub fn parse(text: &str, is_site: impl Fn(&str) -> bool) -> Wish {
    read(text, &is_site, &|_| false)
}

/// The same, where it is also known whether folded words are the name of a skill or a part of one: what many know is no
/// site only because a department is called so too.
pub(super) fn read(text: &str, is_site: &dyn Fn(&str) -> bool, is_skill: &dyn Fn(&str) -> bool) -> Wish {
    let text: String = text.chars().take(LONGEST).collect();
    let mut wish = Wish { french: french(&text), ..Wish::default() };
    let mut free: Vec<String> = Vec::new();
    let mut current: Option<Key> = None;
    let mut value: Vec<String> = Vec::new();
    for chunk in fold(&text).split_whitespace() {
        let key = chunk.split_once(':').and_then(|(name, rest)| {
            let (_, key) = KEYS.iter().find(|(known, _)| *known == name)?;
            Some((*key, rest))
        });
        if let Some((key, rest)) = key {
            free.extend(keep(&mut wish, current, &mut value, is_site));
            current = Some(key);
            if !rest.is_empty() {
                value.push(rest.to_owned());
            }
        } else if matches!(current, Some(Key::Skill | Key::Project | Key::Site))
            || (current.is_some() && value.is_empty())
        {
            value.push(chunk.to_owned());
        } else {
            // A language is one word; what follows is free text again.
            keep(&mut wish, current.take(), &mut value, is_site);
            free.push(chunk.to_owned());
        }
    }
    free.extend(keep(&mut wish, current, &mut value, is_site));
    sentence(&mut wish, &free, is_site, is_skill);
    wish.skills.truncate(MOST_SKILLS);
    wish
}

/// Whether somebody who typed this into a box for everything asks for people: with a condition (`skill:`, `site:` ...), or
/// with a question after one who knows. A bare "who", and "who is ada", are not.
pub fn is_question(text: &str) -> bool {
    let text: String = text.chars().take(LONGEST).collect();
    let folded = fold(&text);
    // `language:de` alone is how one searches for posts in a language.
    let of_posts = |name: &str, value: &str| {
        let code = value.split(['-', '_']).next().unwrap_or_default();
        name == "language" && matches!(code.len(), 2 | 3) && code.chars().all(|c| c.is_ascii_alphabetic())
    };
    let condition = |chunk: &str| {
        let Some((name, value)) = chunk.split_once(':') else { return false };
        KEYS.iter().any(|(known, _)| *known == name) && !of_posts(name, value)
    };
    if folded.split_whitespace().any(condition) {
        return true;
    }
    let all: Vec<Word> = words(&text).into_iter().map(|text| Word { text, joint: false }).collect();
    let asks = all.first().is_some_and(|word| is_who(&word.text) || EXPERTS.contains(&word.text.as_str()));
    let vague = ["who is", "wer ist", "qui est"];
    let opened = OPENINGS.iter().filter(|opening| opening.contains(' ') && !vague.contains(opening));
    let longest = opened.filter_map(|opening| begins(&all, opening)).max();
    asks && longest.is_some_and(|length| all.len() > length)
}

fn is_who(word: &str) -> bool {
    matches!(word, "who" | "wer" | "qui")
}

/// Whether a word means people, whoever they are.
fn is_anybody(word: &str) -> bool {
    [PEOPLE, EXPERTS, ALL_OF].iter().any(|list| list.contains(&word))
}

/// Whether a text may ask for the people of a place, as "who is in Lyon" and "colleagues at Lyon" do: it begins with people
/// and goes on with a word such as "in". Whether a place follows, only the sites that there are tell.
pub fn may_ask_for_place(text: &str) -> bool {
    let text: String = text.chars().take(LONGEST).collect();
    let all = words(&text);
    let mut rest = all.iter().map(String::as_str).skip_while(|word| SMALL.contains(word) && !is_who(word));
    let begins = rest.next().is_some_and(|word| is_who(word) || is_anybody(word));
    begins && rest.skip_while(|word| !BEFORE_PLACE.contains(word)).nth(1).is_some()
}

/// Keeps what stands behind a key; answers what is free text again.
fn keep(wish: &mut Wish, key: Option<Key>, value: &mut Vec<String>, is_site: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut value = std::mem::take(value);
    let mut rest = Vec::new();
    if key == Some(Key::Site) {
        rest = value.split_off(site_length(&value, is_site));
    }
    let text = value.join(" ");
    let text = bare(&text, around);
    if text.is_empty() {
        return rest;
    }
    match key {
        Some(Key::Skill) => push(&mut wish.skills, words(text)),
        Some(Key::Site) => wish.site = Some(text.to_owned()),
        Some(Key::Project) => wish.project = Some(text.to_owned()),
        Some(Key::Language) => {
            let code = LANGUAGES.iter().find(|(code, _)| *code == text).map(|(code, _)| *code);
            wish.language = language(text).or(code);
        }
        None => {}
    }
    rest
}

/// What stands around a value and is none of it.
fn around(c: char) -> bool {
    matches!(c, '"' | '?' | ',')
}

/// The same around a word of a sentence.
fn outer(c: char) -> bool {
    matches!(c, '?' | '!' | ',' | ';' | '.' | '"' | '(' | ')')
}

/// A text without what stands around it, and without the sign of a hashtag in front; behind a letter it is part of a
/// name, as in `C#`.
fn bare(text: &str, around: fn(char) -> bool) -> &str {
    text.trim_start_matches(|c| c == '#' || around(c)).trim_end_matches(around)
}

/// How many of these chunks are the site: those in quotes, or as many as are the name of one; otherwise the first.
fn site_length(chunks: &[String], is_site: &dyn Fn(&str) -> bool) -> usize {
    let ends = |chunk: &String| chunk.trim_end_matches([',', '?']).ends_with('"');
    if chunks.first().is_some_and(|first| first.starts_with('"')) {
        let closed = chunks.iter().enumerate().position(|(at, chunk)| ends(chunk) && (at > 0 || chunk.len() > 1));
        if let Some(last) = closed {
            return last + 1;
        }
    }
    let is_named = |length: &usize| {
        let name = chunks.get(..*length).unwrap_or_default().join(" ");
        is_site(bare(&name, around))
    };
    (1..=chunks.len().min(MOST_WORDS)).rev().find(is_named).unwrap_or(1).min(chunks.len())
}

/// The site that a sentence names last, by as many words as it is called: where it begins, with the words in front that go
/// with it, where the name does, and where both end. Without a word such as "in" in front it is one only where something
/// else is asked for and it is no skill.
fn site_in(
    chunks: &[&str],
    wish: &Wish,
    is_site: &dyn Fn(&str) -> bool,
    is_skill: &dyn Fn(&str) -> bool,
) -> Option<(usize, usize, usize)> {
    (1..=chunks.len()).rev().find_map(|end| {
        let name = |start: usize| chunks.get(start..end).unwrap_or_default().join(" ");
        let start = (end.saturating_sub(MOST_WORDS)..end).find(|start| is_site(&name(*start)))?;
        let (front, behind) = (chunks.get(..start)?, chunks.get(end..)?);
        let is_before = |word: &&&str| BEFORE_PLACE.contains(word);
        let first = start - front.iter().rev().take_while(is_before).count();
        let rest = front.get(..first)?;
        let leads = |word: &&str| !WEAK_BEFORE_PLACE.contains(word) && (*word != "a" || wish.french);
        let is_led = front.get(first..)?.iter().any(leads);
        // "Expert in": of a skill, or at a place.
        let is_framed = is_led && is_frame(&spelt(front));
        let asks = || !wish.skills.is_empty() || !skills(unframed(&spelt(&[rest, behind].concat()), true)).is_empty();
        let is_place = (is_led && !is_framed) || ((is_framed || asks()) && !is_skill(&name(start)));
        is_place.then_some((first, start, end))
    })
}

/// Whether these words are but the beginning of a question, so that the last of them belongs to it: "expert in".
fn is_frame(words: &[Word]) -> bool {
    !words.is_empty() && unopened(words, true).is_empty()
}

fn push(skills: &mut Vec<Vec<String>>, mut words: Vec<String>) {
    words.truncate(MOST_WORDS);
    if !words.is_empty() {
        skills.push(words);
    }
}

/// Free text: the site, the frame of the question, the language, then the skills.
fn sentence(wish: &mut Wish, chunks: &[String], is_site: &dyn Fn(&str) -> bool, is_skill: &dyn Fn(&str) -> bool) {
    let mut chunks: Vec<&str> = chunks.iter().map(|chunk| bare(chunk, outer)).collect();
    chunks.retain(|chunk| !chunk.is_empty());
    if wish.site.is_none()
        && let Some((first, start, end)) = site_in(&chunks, wish, is_site, is_skill)
    {
        wish.site = chunks.get(start..end).map(|run| run.join(" "));
        wish.is_site_implied = true;
        chunks.drain(first..end);
    }
    let all = spelt(&chunks);
    let conditional = wish.is_conditional();
    let mut parts = skills(condition(wish, unframed(&all, conditional)));
    if conditional {
        // Nobody in particular is meant by people, all of them, and where they are.
        let says_something = |word: &String| !is_anybody(word) && !PRESENT.contains(&word.as_str());
        parts.retain(|part| part.iter().any(says_something));
    }
    if parts.len() > 1 {
        wish.joined = Some(parts.concat());
    }
    parts.into_iter().for_each(|part| push(&mut wish.skills, part));
}

/// The words of a sentence.
fn spelt(chunks: &[&str]) -> Vec<Word> {
    let mut all: Vec<Word> = Vec::new();
    let mut joint = false;
    for chunk in chunks {
        if matches!(*chunk, "&" | "+") {
            joint = true;
            continue;
        }
        joint |= JOINTS.contains(chunk);
        for text in words(chunk) {
            let is_joint = JOINTS.contains(&text.as_str());
            all.push(Word { text, joint });
            joint = is_joint;
        }
    }
    all
}

/// The skills that words name, cut at "and" and the like.
fn skills(words: &[Word]) -> Vec<Vec<String>> {
    let mut parts: Vec<Vec<String>> = vec![Vec::new()];
    let mut joint = false;
    for word in words {
        joint |= word.joint;
        if SMALL.contains(&word.text.as_str()) || AFTER_LANGUAGE.contains(&word.text.as_str()) {
            continue;
        }
        if joint && parts.last().is_some_and(|part| !part.is_empty()) {
            parts.push(Vec::new());
        }
        joint = false;
        if let Some(part) = parts.last_mut() {
            part.push(word.text.clone());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// A word of the sentence, and whether "and" or the like leads to it.
#[derive(Debug)]
struct Word {
    text: String,
    joint: bool,
}

/// The question without what it begins and ends with; at least one word stays, unless there is a condition, which may be
/// all that is asked for. Behind "who knows" a single word belongs
/// to what is known: a help desk, search engines.
fn unframed(all: &[Word], conditional: bool) -> &[Word] {
    let mut rest = unopened(all, conditional);
    while let Some(length) = ENDINGS.iter().filter_map(|ending| ends(rest, ending)).max() {
        match rest.get(..rest.len() - length) {
            Some(shorter) if conditional || !shorter.is_empty() => rest = shorter,
            _ => break,
        }
    }
    rest
}

/// The question without its beginning.
fn unopened(all: &[Word], conditional: bool) -> &[Word] {
    let mut rest = all;
    let mut asked = false;
    loop {
        let openings = OPENINGS.iter().filter(|opening| !asked || opening.contains(' '));
        let longest = openings.filter_map(|opening| Some((begins(rest, opening)?, opening))).max_by_key(|(n, _)| *n);
        let Some((length, opening)) = longest else { break };
        match rest.get(length..) {
            Some(shorter) if conditional || !shorter.is_empty() => rest = shorter,
            _ => break,
        }
        asked |= length > 1 && opening.split(' ').any(|word| WHO_KNOWS.contains(&word));
    }
    rest
}

/// How many words a phrase has that these begin with.
fn begins(words: &[Word], phrase: &str) -> Option<usize> {
    let mut count = 0;
    for part in phrase.split(' ') {
        if words.get(count)?.text != part {
            return None;
        }
        count += 1;
    }
    Some(count)
}

fn ends(words: &[Word], phrase: &str) -> Option<usize> {
    begins(words.get(words.len().checked_sub(phrase.split(' ').count())?..)?, phrase)
}

/// Takes "in French", "auf Englisch" or "German-speaking" away when something else is wanted.
fn condition<'a>(wish: &mut Wish, words: &'a [Word]) -> &'a [Word] {
    let is = |at: Option<usize>, list: &[&str]| {
        at.and_then(|at| words.get(at)).is_some_and(|word| list.contains(&word.text.as_str()))
    };
    let content = |part: &&[Word]| part.iter().any(|word| !SMALL.contains(&word.text.as_str()));
    for (at, word) in words.iter().enumerate().rev() {
        let Some(code) = language(&word.text) else { continue };
        let before = is(at.checked_sub(1), BEFORE_LANGUAGE);
        let after = is(Some(at + 1), AFTER_LANGUAGE);
        let end = at + 1 + usize::from(after);
        let start = at - usize::from(before);
        let rest = if (before || after) && end == words.len() {
            words.get(..start)
        } else if (before || after) && start == 0 {
            words.get(end..)
        } else {
            None
        };
        if let Some(rest) = rest.filter(content) {
            wish.language = Some(code);
            return rest;
        }
    }
    words
}
