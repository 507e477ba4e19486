//! Words of different languages, and different words of one, that mean the same: a general list of working vocabulary
//! (`assets/words`), looked up by word stems. German compounds are taken apart with the same list.

use super::text::{Language, is_stop_word, stem, words};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock},
};

/// Longest term of the list that is looked for, words.
const TERM: usize = 4;
/// Shortest part of a compound, letters.
const PART: usize = 4;
/// Most parts of a compound.
const PARTS: usize = 4;
/// Letters between two parts.
const LINKS: &[&str] = &["", "s", "n", "en", "es", "er", "e"];
/// The word itself.
const ONLY: &[&str] = &[""];
/// A first part that lost its ending (`Schul-`, `Speicher-`).
const SHORTENED: &[&str] = &["+e", "+en"];
/// The last part may be inflected.
const LAST: &[&str] = &["", "s", "n", "en", "e", "es", "er", "ern", "+e", "+en"];

/// A line of the list.
pub type Concept = u32;

/// The files of the shipped list.
pub(super) const FILES: [&str; 6] = [
    include_str!("../../../assets/words/work.txt"),
    include_str!("../../../assets/words/it.txt"),
    include_str!("../../../assets/words/industry.txt"),
    include_str!("../../../assets/words/health.txt"),
    include_str!("../../../assets/words/public.txt"),
    include_str!("../../../assets/words/verbs.txt"),
];

/// The list that is shipped.
pub static SHIPPED: LazyLock<Arc<Concepts>> = LazyLock::new(|| Arc::new(Concepts::read(&FILES)));

fn lines<'a>(files: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    files.iter().flat_map(|file| file.lines()).filter(|line| !line.starts_with('#') && !line.trim().is_empty())
}

/// What a term is looked up by: its stems; `None` when nothing is left of it or too much.
fn key(term: &str, language: Language) -> Option<String> {
    let words: Vec<_> = words(term).into_iter().filter(|w| !is_stop_word(&w.folded)).collect();
    let stems: Vec<_> = words.iter().map(|w| stem(&w.folded, language)).collect();
    (1..=TERM).contains(&stems.len()).then(|| stems.join(" "))
}

/// The list, ready to look up.
#[derive(Debug, Clone, Default)]
pub struct Concepts {
    /// Stems of a term, joined by spaces, in its language.
    terms: HashMap<(Language, String), Vec<Concept>>,
    /// Folded words that may be parts of compounds.
    parts: HashSet<String>,
    len: Concept,
}

impl Concepts {
    /// Reads files of lines `English | German | French`, synonyms separated by commas; `#` begins a comment.
    pub fn read(files: &[&str]) -> Self {
        let mut list = Self::default();
        for line in lines(files) {
            list.add(line.split('|').zip(Language::ALL).map(|(terms, language)| (language, terms)));
        }
        list
    }

    /// One concept: its terms in each language, separated by commas.
    pub fn add<'a>(&mut self, terms: impl IntoIterator<Item = (Language, &'a str)>) -> Concept {
        let concept = self.len;
        self.len += 1;
        for (language, terms) in terms {
            for term in terms.split(',') {
                let Some(key) = key(term, language) else { continue };
                let concepts = self.terms.entry((language, key)).or_default();
                if !concepts.contains(&concept) {
                    concepts.push(concept);
                }
                if language == Language::German {
                    let parts = words(term).into_iter().map(|w| w.folded);
                    self.parts.extend(parts.filter(|w| w.len() >= PART && !is_stop_word(w)));
                }
            }
        }
        concept
    }

    /// Another word for something, as organisations keep them (`k8s` is `kubernetes`), in any language.
    pub fn alias(&mut self, alias: &str, of: &str) {
        let meanings: Vec<Concept> = Language::ALL
            .iter()
            .filter_map(|language| self.terms.get(&(*language, key(of, *language)?)))
            .flatten()
            .copied()
            .collect();
        if meanings.is_empty() {
            self.add(Language::ALL.iter().flat_map(|l| [(*l, alias), (*l, of)]));
            return;
        }
        for language in Language::ALL {
            let Some(key) = key(alias, language) else { return };
            let known = self.terms.entry((language, key)).or_default();
            for meaning in &meanings {
                if !known.contains(meaning) {
                    known.push(*meaning);
                }
            }
        }
    }

    /// The number of concepts.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What the words of a text in `language` mean: where a term begins, how many words it has, its concept. `folded` is
    /// the text without stop words. A single word that its own language does not know is looked up in the others:
    /// technical English is everywhere.
    pub fn look_up(&self, folded: &[&str], language: Language) -> Vec<(usize, usize, Concept)> {
        let stems: Vec<String> = folded.iter().map(|w| stem(w, language)).collect();
        let mut found = Vec::new();
        for at in 0..stems.len() {
            let mut known = false;
            for len in (1..=TERM.min(stems.len() - at)).rev() {
                let Some(term) = stems.get(at..at + len) else { continue };
                if let Some(concepts) = self.terms.get(&(language, term.join(" "))) {
                    found.extend(concepts.iter().map(|c| (at, len, *c)));
                    known |= len == 1;
                }
            }
            if known {
                continue;
            }
            let Some(word) = folded.get(at) else { continue };
            for other in Language::ALL.into_iter().filter(|l| *l != language) {
                if let Some(concepts) = self.terms.get(&(other, stem(word, other))) {
                    found.extend(concepts.iter().map(|c| (at, 1, *c)));
                }
            }
        }
        found
    }

    /// The parts of a German compound, folded; empty for a word that is none.
    pub fn split(&self, folded: &str) -> Vec<String> {
        let mut parts = Vec::new();
        if folded.len() >= 2 * PART && folded.is_ascii() && self.split_into(folded, &mut parts) {
            parts
        } else {
            Vec::new()
        }
    }

    fn split_into(&self, rest: &str, parts: &mut Vec<String>) -> bool {
        if !parts.is_empty() && self.is_part(rest, LAST) {
            parts.push(rest.to_owned());
            return true;
        }
        if parts.len() >= PARTS {
            return false;
        }
        // The longest first part wins.
        for at in (PART..=rest.len().saturating_sub(PART)).rev() {
            let Some((head, tail)) = rest.split_at_checked(at) else { continue };
            let known = LINKS.iter().find_map(|link| head.strip_suffix(link).filter(|h| self.is_part(h, ONLY)));
            if let Some(part) = known.or_else(|| self.is_part(head, SHORTENED).then_some(head)) {
                parts.push(part.to_owned());
                if self.split_into(tail, parts) {
                    return true;
                }
                parts.pop();
            }
        }
        false
    }

    /// Whether the list knows the word, or what is left without an ending (`-n`) or with one (`+e`).
    fn is_part(&self, word: &str, endings: &[&str]) -> bool {
        word.len() >= PART
            && endings.iter().any(|ending| match ending.strip_prefix('+') {
                Some(more) => self.parts.contains(&format!("{word}{more}")),
                None => word.strip_suffix(ending).is_some_and(|w| w.len() >= PART && self.parts.contains(w)),
            })
    }
}

/// All terms of the shipped list in one language.
pub fn terms(language: Language) -> Vec<&'static str> {
    let column = Language::ALL.iter().position(|l| *l == language).unwrap_or_default();
    lines(&FILES)
        .filter_map(|line| line.split('|').nth(column))
        .flat_map(|terms| terms.split(',').map(str::trim))
        .collect()
}
