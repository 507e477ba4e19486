//! Words as the matching sees them: folded, cut into pieces, reduced to a stem, and how far two of them are apart.
//!
//! Nothing here knows a subject. What it knows is how English, German and French write: endings, joints of compounds,
//! accents and umlauts, and where typing goes wrong.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Longest word that is compared letter by letter; the rest of a longer one is ignored.
pub const LONGEST: usize = 48;

/// Lower case, without accents, umlauts or ligatures: `Prüfmittel` and `prufmittel`, `Maß` and `mass` are the same.
/// `+` and `#` behind a letter are kept as words, since `C`, `C++` and `C#` are three languages.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => out.push_str("ss"),
            'œ' => out.push_str("oe"),
            'æ' => out.push_str("ae"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            '’' | '‘' | '`' | '´' => out.push('\''),
            '‐' | '‑' | '–' | '—' | '_' => out.push('-'),
            _ => out.push(c),
        }
    }
    out
}

/// The words of a text, folded: cut at spaces, hyphens and apostrophes; other signs inside a word only disappear
/// (`GD&T` is `gdt`), except a stroke between two longer words.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut out = Vec::new();
    for chunk in
        folded.split(|c: char| c.is_whitespace() || matches!(c, '-' | '\'' | ',' | ';' | ':' | '(' | ')' | '"'))
    {
        let strokes: Vec<&str> = chunk.split('/').collect();
        if strokes.len() > 1 && strokes.iter().all(|part| part.chars().filter(|c| c.is_alphanumeric()).count() >= 4) {
            out.extend(strokes.into_iter().filter_map(word));
        } else {
            out.extend(word(chunk));
        }
    }
    out
}

fn word(chunk: &str) -> Option<String> {
    let mut out = String::with_capacity(chunk.len());
    for c in chunk.chars() {
        match c {
            c if c.is_alphanumeric() => out.push(c),
            '+' if !out.is_empty() => out.push_str("plus"),
            '#' if !out.is_empty() => out.push_str("sharp"),
            _ => {}
        }
    }
    (!out.is_empty()).then(|| out.chars().take(LONGEST).collect())
}

/// Whether a word is a sign spelt out behind a letter or two (`C++`, `C#`, `F#`): each letter of it counts.
fn is_sign(word: &str) -> bool {
    let stem = word.strip_suffix("sharp").or_else(|| word.strip_suffix("plus"));
    stem.is_some_and(|stem| matches!(stem.trim_end_matches("plus").len(), 1 | 2))
}

/// The hashtag of a name as it is typed: its letters and digits run together, with what tells `C++` and `C#` apart.
pub fn hashtag(name: &str) -> String {
    let mut run = String::new();
    let name = name.trim().trim_start_matches('#');
    for (at, c) in name.char_indices() {
        match c {
            '+' => run.push_str("plus"),
            '#' if at > 0 => run.push_str("sharp"),
            c if c.is_alphanumeric() || c == '_' => run.push(c),
            _ => {}
        }
    }
    run
}

/// A text as one key: its words without anything between them, which is how a hashtag is made from a name.
pub fn key(text: &str) -> String {
    words(text).concat()
}

/// Endings that only inflect: number, case, gender, tense.
const INFLECTIONS: &[&str] =
    &["ungen", "ionen", "ieren", "ens", "ern", "ers", "ies", "es", "en", "er", "em", "s", "e", "n", "x"];

/// Endings that make a noun, an adjective or a doer from the same root, longest first.
const DERIVATIONS: &[&str] = &[
    "isierungen",
    "isierung",
    "isations",
    "isation",
    "izations",
    "ization",
    "ierungen",
    "ierung",
    "iereurs",
    "ateurs",
    "ateur",
    "ations",
    "ation",
    "atoren",
    "ators",
    "ator",
    "ements",
    "ement",
    "ments",
    "ment",
    "ungen",
    "ung",
    "ieren",
    "ierer",
    "ismus",
    "iques",
    "ique",
    "ische",
    "isch",
    "ities",
    "ity",
    "ites",
    "ite",
    "itat",
    "keit",
    "heit",
    "schaft",
    "ions",
    "ion",
    "eurs",
    "euses",
    "euse",
    "eur",
    "rices",
    "rice",
    "ieres",
    "iere",
    "iers",
    "ier",
    "ives",
    "ive",
    "ifs",
    "if",
    "iv",
    "ances",
    "ance",
    "ences",
    "ence",
    "ages",
    "age",
    "ures",
    "ure",
    "aires",
    "aire",
    "ings",
    "ing",
    "ics",
    "ical",
    "ic",
    "ik",
    "iker",
    "als",
    "al",
    "els",
    "el",
    "ers",
    "er",
    "eln",
    "ors",
    "or",
    "ants",
    "ant",
    "ium",
    "um",
    "ees",
    "ee",
    "ed",
    "es",
    "en",
    "ern",
    "ez",
    "e",
    "s",
    "n",
    "y",
    "ie",
    "ies",
    "t",
];

/// Without an inflecting ending. Short words stay as they are.
pub fn light(word: &str) -> &str {
    let length = word.len();
    if !word.is_ascii() || length < 4 || word.bytes().any(|b| b.is_ascii_digit()) {
        return word;
    }
    INFLECTIONS
        .iter()
        .find_map(|end| word.strip_suffix(end).filter(|stem| stem.len() >= 4 || (stem.len() == 3 && end.len() == 1)))
        .unwrap_or(word)
}

/// Without endings of either kind, so that `welder` and `welding`, `Schweißer` and `schweißen`, `soudure` and `soudeur` meet.
pub fn root(word: &str) -> &str {
    let length = word.len();
    if !word.is_ascii() || length < 5 || word.bytes().any(|b| b.is_ascii_digit()) {
        return word;
    }
    let strip = |word: &'_ str, least: usize, shortest: usize| -> Option<usize> {
        DERIVATIONS
            .iter()
            .filter(|end| end.len() >= shortest)
            .find_map(|end| word.strip_suffix(end).filter(|s| s.len() >= least).map(str::len))
    };
    let Some(first) = strip(word, 4, 1) else { return undouble(word) };
    let stem = word.get(..first).unwrap_or(word);
    // A short ending may sit on a longer one: welder-s, program-mierung-en.
    if length - first <= 2
        && let Some(second) = strip(stem, 4, 3)
    {
        return undouble(stem.get(..second).unwrap_or(stem));
    }
    undouble(stem)
}

fn undouble(stem: &str) -> &str {
    // A doubled last letter belongs to the ending: planning, planner, plan.
    let bytes = stem.as_bytes();
    match bytes {
        [.., a, b] if a == b && bytes.len() > 4 => stem.get(..bytes.len() - 1).unwrap_or(stem),
        _ => stem,
    }
}

/// How many slips of the finger a word of this many letters may hold: none in short ones, where every letter counts.
pub fn tolerance(letters: usize) -> usize {
    match letters {
        0..=4 => 0,
        5..=7 => 1,
        _ => 2,
    }
}

/// Slips between two words (a letter too many, missing, wrong, or two swapped), when there are at most `most`.
pub fn slips(a: &str, b: &str, most: usize) -> Option<usize> {
    if most == 0 || a.len().abs_diff(b.len()) > most || is_sign(a) || is_sign(b) {
        return (a == b).then_some(0);
    }
    // A slip puts at most one letter in the place of another: cheap to rule most words out.
    if (letters(a) ^ letters(b)).count_ones() as usize > 2 * most {
        return None;
    }
    let found = strsim::osa_distance(a, b);
    if found <= most {
        return Some(found);
    }
    // The same letters in another order are one slip of a hurried hand (`phyton`).
    if found == 2 && most == 1 && a.len() == b.len() && a.len() >= 5 {
        let (mut x, mut y): (Vec<u8>, Vec<u8>) = (a.bytes().collect(), b.bytes().collect());
        x.sort_unstable();
        y.sort_unstable();
        if x == y {
            return Some(1);
        }
    }
    None
}

/// Which letters a word has, one bit each.
fn letters(word: &str) -> u64 {
    word.bytes().fold(0, |set, b| set | 1 << (b & 63))
}
