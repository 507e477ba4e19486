//! What is compared: the features of a project or a draft, in five kinds.

use super::{
    concepts::Concepts,
    space::{Counts, Vector, feature},
    text::{Language, Word, guess, is_stop_word, stem, words},
};

/// Kinds of features.
pub const KINDS: usize = 5;
/// Runs of letters: typing errors, compounds, names of products.
pub const LETTERS: usize = 0;
/// Word stems.
pub const STEMS: usize = 1;
/// What words mean, in any language.
pub const MEANINGS: usize = 2;
/// Stems and meanings of the tags alone.
pub const TAGS: usize = 3;
/// Stems and meanings of name and tags.
pub const HEAD: usize = 4;

/// How much a word of the name counts, one of the purpose counting 1.
const NAME: f32 = 2.0;
/// A word of a tag.
const TAG: f32 = 1.5;
/// A meaning that took several words to say.
const PHRASE: f32 = 1.5;
/// A part of a compound.
const PART: f32 = 0.7;
/// Words of a field that are read; what comes later says little new.
const READ: usize = 400;
/// Tags that are read.
const TAGS_READ: usize = 30;
/// Lengths of runs of letters.
const RUNS: std::ops::RangeInclusive<usize> = 3..=5;

/// A draft or the text of a project.
#[derive(Debug, Clone, Copy, Default)]
pub struct Draft<'a> {
    /// Its language as a tag (`de`, `en-GB`), if known; guessed otherwise.
    pub language: Option<&'a str>,
    /// What it is called; or all there is, for a few words.
    pub name: &'a str,
    /// What it is for. The first 400 words count.
    pub purpose: &'a str,
    /// As they were typed. The first 30 count.
    pub tags: &'a [String],
    /// Who sells the tool it uses, or the tool.
    pub vendor: Option<&'a str>,
}

/// The features of a text.
#[derive(Debug, Default)]
pub struct Analysis {
    /// The language by whose rules it was read.
    pub language: Language,
    /// By kind.
    pub vectors: [Vector; KINDS],
}

/// One word with everything by which it can match, to tell the reader why.
#[derive(Debug)]
pub struct Mention {
    /// As it was written.
    pub written: String,
    /// Features of [`STEMS`]: its own stem and those of its parts.
    pub stems: Vec<u64>,
    /// Features of [`MEANINGS`].
    pub meanings: Vec<u64>,
}

struct Field<'a> {
    words: &'a [Word],
    weight: f32,
    head: bool,
    tag: bool,
}

impl Analysis {
    /// Reads a draft.
    pub fn of(draft: &Draft, concepts: &Concepts) -> Self {
        let mut counts: [Counts; KINDS] = Default::default();
        let language = read(draft, concepts, |field, word, mention| {
            let mut add = |kind: usize, feature: u64, weight: f32| {
                if let Some(counts) = counts.get_mut(kind) {
                    counts.add(feature, weight);
                }
            };
            runs(&word.folded, |run| add(LETTERS, run, field.weight));
            for (at, stem) in mention.stems.iter().enumerate() {
                let part = if at == 0 { 1.0 } else { PART };
                add(STEMS, *stem, field.weight * part);
                if field.head {
                    add(HEAD, *stem, part);
                }
                if field.tag {
                    add(TAGS, *stem, part);
                }
            }
            for (meaning, weight) in &mention.meanings {
                add(MEANINGS, *meaning, field.weight * weight);
                if field.head {
                    add(HEAD, *meaning, *weight);
                }
                if field.tag {
                    add(TAGS, *meaning, *weight);
                }
            }
        });
        // A tag as one word, however it is written: `OPC UA`, `opc-ua`, `OPCUA`.
        for tag in draft.tags.iter().take(TAGS_READ) {
            let joined: String = words(tag).into_iter().map(|w| w.folded).collect();
            if let (Some(counts), false) = (counts.get_mut(TAGS), joined.is_empty()) {
                counts.add(feature(b't', &joined), 1.0);
            }
        }
        Self { language, vectors: counts.map(Counts::into_vector) }
    }
}

/// The words of a text with what they can match by, in order.
pub fn mentions(draft: &Draft, concepts: &Concepts) -> Vec<Mention> {
    let mut all = Vec::new();
    read(draft, concepts, |_, word, found| {
        all.push(Mention {
            written: word.written.clone(),
            stems: found.stems.clone(),
            meanings: found.meanings.iter().map(|(m, _)| *m).collect(),
        });
    });
    all
}

#[derive(Default)]
struct Found {
    /// The word's own, then those of its parts.
    stems: Vec<u64>,
    meanings: Vec<(u64, f32)>,
}

fn read(draft: &Draft, concepts: &Concepts, mut take: impl FnMut(&Field, &Word, &Found)) -> Language {
    let name = words(draft.name);
    let purpose = words(draft.purpose);
    let tags: Vec<_> = draft.tags.iter().take(TAGS_READ).map(|t| words(t)).collect();
    let vendor = draft.vendor.map(words).unwrap_or_default();
    let language =
        draft.language.and_then(Language::from_tag).or_else(|| guess(purpose.iter().chain(&name))).unwrap_or_default();
    let mut fields = vec![
        Field { words: &name, weight: NAME, head: true, tag: false },
        Field { words: &purpose, weight: 1.0, head: false, tag: false },
        Field { words: &vendor, weight: 1.0, head: false, tag: false },
    ];
    fields.extend(tags.iter().map(|words| Field { words, weight: TAG, head: true, tag: true }));
    for field in fields {
        let kept: Vec<&Word> = field.words.iter().filter(|w| !is_stop_word(&w.folded)).take(READ).collect();
        // Parts of a compound stand behind it, so that phrases are found across them.
        let mut sequence: Vec<(String, usize, f32)> = Vec::new();
        let mut found: Vec<Found> = Vec::new();
        for (at, word) in kept.iter().enumerate() {
            let parts = concepts.split(&word.folded);
            let stems = std::iter::once(word.folded.as_str()).chain(parts.iter().map(String::as_str));
            found.push(Found {
                stems: stems.map(|w| feature(b's', &stem(w, language))).collect(),
                meanings: Vec::new(),
            });
            sequence.push((word.folded.clone(), at, 1.0));
            sequence.extend(parts.into_iter().map(|p| (p, at, PART)));
        }
        let folded: Vec<&str> = sequence.iter().map(|(w, ..)| w.as_str()).collect();
        for (at, len, concept) in concepts.look_up(&folded, language) {
            let Some((_, word, weight)) = sequence.get(at) else { continue };
            if let Some(found) = found.get_mut(*word) {
                let weight = if len > 1 { PHRASE } else { *weight };
                found.meanings.push((feature(b'm', &concept.to_string()), weight));
            }
        }
        for (word, found) in kept.iter().zip(&found) {
            take(&field, word, found);
        }
    }
    language
}

fn runs(word: &str, mut take: impl FnMut(u64)) {
    let letters: Vec<char> = std::iter::once('^').chain(word.chars()).chain(std::iter::once('$')).collect();
    let mut run = String::new();
    for length in RUNS {
        for window in letters.windows(length) {
            run.clear();
            run.extend(window);
            take(feature(b'r', &run));
        }
    }
}
