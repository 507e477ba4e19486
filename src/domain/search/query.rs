//! What somebody typed to find posts: words, "words in this order", -what must not be there, and operators as Mastodon
//! has them. What is no operator, or one without sense, is words: nothing that is typed is an error (LIM-06).

use crate::{
    store::search::{self as rows, Trait},
    time::Timestamp,
};
use chrono::{LocalResult, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;

/// Operators of one query; more are words.
const OPERATORS: usize = 16;

/// Where is looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// In all that the viewer may find.
    #[default]
    All,
    /// In what is theirs: written, addressed to them, kept, liked or boosted by them.
    Library,
    /// In public posts of people who want to be found.
    Public,
}

/// A stretch of time: from `from`, before `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first moment; none: since ever.
    pub from: Option<Timestamp>,
    /// The first moment after it; none: for ever.
    pub until: Option<Timestamp>,
}

/// What was typed, read. With each condition stands whether it must hold (true) or must not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Words that stand in this order; most are of one word.
    pub phrases: Vec<Vec<String>>,
    /// Of these none may be there.
    pub without: Vec<Vec<String>>,
    /// What the post is like.
    pub traits: Vec<(Trait, bool)>,
    /// Its language.
    pub languages: Vec<(String, bool)>,
    /// Its author, as typed; `me` is the viewer.
    pub from: Vec<(String, bool)>,
    /// Its time.
    pub spans: Vec<(Span, bool)>,
    /// Where is looked.
    pub scope: Scope,
    /// Operators that were understood.
    pub operators: usize,
}

impl Query {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty() && self.without.is_empty() && self.operators == 0
    }

    /// Reads what was typed. Days are those of `zone`, by its name (`Europe/Paris`); without one those of UTC.
    pub fn read(text: &str, zone: &str) -> Self {
        let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
        let mut query = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            rest = query.piece(rest, zone).trim_start();
        }
        let mut left = rows::WORDS;
        for phrases in [&mut query.phrases, &mut query.without] {
            for phrase in phrases.iter_mut() {
                phrase.truncate(left);
                left -= phrase.len();
            }
            phrases.retain(|phrase| !phrase.is_empty());
        }
        query
    }

    /// Reads one piece from the beginning; answers what follows.
    fn piece<'t>(&mut self, text: &'t str, zone: Tz) -> &'t str {
        let (wanted, body) = match text.strip_prefix('-') {
            Some(body) => (false, body),
            None => (true, text.strip_prefix('+').unwrap_or(text)),
        };
        if let Some(quoted) = body.strip_prefix(QUOTES)
            && let Some(end) = quoted.find(QUOTES)
        {
            let (phrase, rest) = quoted.split_at(end);
            self.add(vec![rows::words(phrase)], wanted);
            return rest.strip_prefix(QUOTES).unwrap_or(rest);
        }
        let (word, rest) = body.split_at(body.find(char::is_whitespace).unwrap_or(body.len()));
        if self.operator(word, wanted, zone) {
            return rest;
        }
        let words = rows::words(word);
        if wanted {
            self.add(words.into_iter().map(|word| vec![word]).collect(), true);
        } else {
            self.add(vec![words], false);
        }
        rest
    }

    fn add(&mut self, phrases: Vec<Vec<String>>, wanted: bool) {
        let into = if wanted { &mut self.phrases } else { &mut self.without };
        into.extend(phrases.into_iter().filter(|phrase| !phrase.is_empty()));
    }

    /// Takes a word as an operator; false when it is none.
    fn operator(&mut self, word: &str, wanted: bool, zone: Tz) -> bool {
        let Some((name, value)) = word.split_once(':').filter(|_| self.operators < OPERATORS) else { return false };
        let known = match name.to_ascii_lowercase().as_str() {
            "has" | "is" => Trait::parse(&value.to_ascii_lowercase()).map(|found| self.traits.push((found, wanted))),
            "in" => scope(&value.to_ascii_lowercase()).filter(|_| wanted).map(|scope| self.scope = scope),
            "language" => language(value).map(|language| self.languages.push((language, wanted))),
            "from" => author(value).map(|author| self.from.push((author, wanted))),
            "before" => span(value, zone).map(|span| self.spans.push((Span { from: None, until: span.from }, wanted))),
            "after" => span(value, zone).map(|span| self.spans.push((Span { from: span.until, until: None }, wanted))),
            "during" => span(value, zone).map(|span| self.spans.push((span, wanted))),
            _ => None,
        };
        self.operators += usize::from(known.is_some());
        known.is_some()
    }
}

/// What opens and closes a phrase: keyboards of telephones write others than those of the table.
const QUOTES: [char; 4] = ['"', '“', '”', '„'];

fn scope(value: &str) -> Option<Scope> {
    match value {
        "all" => Some(Scope::All),
        "library" => Some(Scope::Library),
        "public" => Some(Scope::Public),
        _ => None,
    }
}

/// `de`, `pt-BR`.
fn language(value: &str) -> Option<String> {
    let primary = value.split(['-', '_']).next()?;
    let fits = matches!(primary.len(), 2 | 3) && primary.chars().all(|c| c.is_ascii_alphabetic());
    let rest = value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) && value.len() <= 16;
    (fits && rest).then(|| value.to_ascii_lowercase())
}

/// `me`, `ada`, `@ada@east.example`.
fn author(value: &str) -> Option<String> {
    let bare = value.strip_prefix('@').unwrap_or(value);
    let (name, host) = bare.split_once('@').unwrap_or((bare, "x"));
    let plain = |text: &str, more: &[char]| {
        !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || more.contains(&c)) && text.len() <= 255
    };
    (plain(name, &['_', '.', '-']) && plain(host, &['.', '-', ':'])).then(|| bare.to_owned())
}

/// A day, or a moment: seconds and milliseconds that are not given are all of them.
fn span(value: &str, zone: Tz) -> Option<Span> {
    let (from, until) = if let Some(day) = day(value) {
        (midnight(day, zone)?, midnight(day.succ_opt()?, zone)?)
    } else {
        let (at, length) = match value.len() {
            11..=14 if value.bytes().all(|b| b.is_ascii_digit()) => (Timestamp::from_millis(value.parse().ok()?), 1),
            16..=40 if value.contains(['T', 't']) => (Timestamp::parse(value)?, 1_000),
            _ => return None,
        };
        (at, at.plus_millis(length))
    };
    (from.millis() >= 0 && from.millis() < END).then_some(Span { from: Some(from), until: Some(until) })
}

/// `2026-07-02`, `2026-7-2`.
fn day(value: &str) -> Option<NaiveDate> {
    let mut parts = value.split('-');
    let mut part = |least: usize, most: usize| {
        let part = parts.next().filter(|part| (least..=most).contains(&part.len()))?;
        part.bytes().all(|b| b.is_ascii_digit()).then_some(part)
    };
    let (year, month, day) = (part(4, 4)?, part(1, 2)?, part(1, 2)?);
    if parts.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// The first moment of a day.
fn midnight(day: NaiveDate, zone: Tz) -> Option<Timestamp> {
    let local = day.and_time(NaiveTime::MIN);
    let at = match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.timestamp_millis(),
        // An hour that the clocks skip.
        LocalResult::None => local.and_utc().timestamp_millis(),
    };
    Some(Timestamp::from_millis(at))
}

/// The end of what fits into an id, in milliseconds.
const END: i64 = i64::MAX >> 17;

#[cfg(test)]
mod tests {
    use super::*;

    fn one(words: &[&str]) -> Vec<Vec<String>> {
        words.iter().map(|word| vec![(*word).to_owned()]).collect()
    }

    fn read(text: &str) -> Query {
        Query::read(text, "")
    }

    #[test]
    fn operators_are_read_as_mastodon_reads_them() {
        let query = read("Kaffee from:me -from:@ada@east.example HAS:image -is:reply in:library language:pt-BR");
        assert_eq!(query.phrases, one(&["kaffee"]));
        assert_eq!(query.from, [("me".to_owned(), true), ("ada@east.example".to_owned(), false)]);
        assert_eq!(query.traits, [(Trait::Image, true), (Trait::Reply, false)]);
        assert_eq!((query.scope, query.operators), (Scope::Library, 6));
        assert_eq!(query.languages, [("pt-br".to_owned(), true)]);
        let query = read(r#"one "two Three" -four -"five six" +seven “acht neun”"#);
        let phrase = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            query.phrases,
            [phrase(&["one"]), phrase(&["two", "three"]), phrase(&["seven"]), phrase(&["acht", "neun"])]
        );
        assert_eq!(query.without, [phrase(&["four"]), phrase(&["five", "six"])]);
    }

    #[test]
    fn a_day_is_a_day_and_the_day_after_a_day_is_after_it() {
        let day = |text: &str| Timestamp::parse(text).unwrap();
        let spans = |text: &str| read(text).spans;
        let (first, next) = (Some(day("2026-11-26")), Some(day("2026-11-27")));
        assert_eq!(spans("during:2026-11-26"), [(Span { from: first, until: next }, true)]);
        assert_eq!(spans("-during:2026-11-26"), [(Span { from: first, until: next }, false)]);
        assert_eq!(spans("before:2026-11-26"), [(Span { from: None, until: first }, true)]);
        assert_eq!(spans("after:2026-11-26"), [(Span { from: next, until: None }, true)]);
        assert_eq!(spans("during:2026-11-6")[0].0.from, Some(day("2026-11-06")));
        let paris = Query::read("during:2026-11-26 before:2026-07-01", "Europe/Paris").spans;
        let (begins, ends) = (Some(day("2026-11-25T23:00:00Z")), Some(day("2026-11-26T23:00:00Z")));
        assert_eq!(paris[0].0, Span { from: begins, until: ends });
        assert_eq!(paris[1].0, Span { from: None, until: Some(day("2026-06-30T22:00:00Z")) });
        let at = Some(day("2026-11-26T12:00:00Z"));
        assert_eq!(spans("before:2026-11-26T13:00:00+01:00"), [(Span { from: None, until: at }, true)]);
        assert_eq!(spans("before:1795694400000"), [(Span { from: None, until: at }, true)]);
    }

    #[test]
    fn sec_lim_06_operators_without_sense_are_words() {
        for odd in [
            "from:",
            "from:@",
            "from:a@",
            "has:",
            "has:money",
            "is:x",
            "in:",
            "in:bed",
            "-in:library",
            "before:",
            "before:tomorrow",
            "during:2026-13-40",
            "after:99999999999999",
            "language:",
            "language:klingon",
            "x:y",
            "after:2026-1-1x",
            "before:-1",
            "a:b:c",
            ":",
            "::",
            "-:",
            "\"",
            "\"open",
            "-\"open",
            "-",
            "--",
            "+-",
            "”",
        ] {
            let query = read(odd);
            assert_eq!((query.operators, query.scope), (0, Scope::All), "{odd}: {query:?}");
            assert!(query.traits.is_empty() && query.spans.is_empty() && query.from.is_empty(), "{odd}");
        }
        assert_eq!(read("before:tomorrow").phrases, one(&["before", "tomorrow"]));
        assert_eq!(read("--x").without, one(&["x"]));
        assert!(read(" \" - \" ").is_empty() && read("").is_empty());
        let many = read(&"has:image ".repeat(500));
        assert_eq!(many.operators, OPERATORS);
        let words = |query: &Query| query.phrases.iter().chain(&query.without).map(Vec::len).sum::<usize>();
        assert_eq!(words(&many), rows::WORDS);
        assert_eq!(words(&read(&"-a \"b c d\" e ".repeat(100))), rows::WORDS);
    }
}
