//! Why a project was found: the words, tags and vendor it has in common with the draft, as they stand in the project.

use super::{
    analysis::{Draft, KINDS, MEANINGS, STEMS, mentions},
    concepts::Concepts,
    space::{Feature, Space},
    text::{fold, words},
};
use std::collections::HashSet;

/// Most words that are named.
const WORDS: usize = 8;
/// A word that only begins like one of the draft, which rules of grammar do not explain.
const ALIKE: f32 = 0.1;
/// Letters of such a beginning.
const BEGIN: usize = 6;
/// See [`Reasons::breadth`].
const BREADTH: usize = 3;
/// A word that means the same, beside one that is the same.
const MEANT: f32 = 0.8;

/// What a draft has that a project may share.
pub struct Reasons<'a> {
    concepts: &'a Concepts,
    features: HashSet<Feature>,
    words: HashSet<String>,
    beginnings: HashSet<String>,
    tags: HashSet<String>,
}

/// What it shares with one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// Different words, the rarest first, as they stand in the project.
    pub words: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its vendor.
    pub vendor: bool,
}

impl<'a> Reasons<'a> {
    /// Reads the draft once, for all candidates.
    pub fn of(draft: &Draft, concepts: &'a Concepts) -> Self {
        let mut features = HashSet::new();
        let mut seen = HashSet::new();
        for mention in mentions(draft, concepts) {
            features.extend(mention.stems);
            features.extend(mention.meanings);
            seen.insert(fold(&mention.written));
        }
        let tags = draft.tags.iter().map(|tag| joined(tag)).collect();
        let beginnings = seen.iter().filter_map(|word| word.get(..BEGIN)).map(str::to_owned).collect();
        Self { concepts, features, words: seen, beginnings, tags }
    }

    /// Whether a word of the draft begins with the same letters.
    fn begin_alike(&self, folded: &str) -> bool {
        folded.get(..BEGIN).is_some_and(|begin| self.beginnings.contains(begin))
    }

    /// Different words that make more than a topic in common: one rare word, repeated, is no more. A draft that has fewer
    /// must share all of them.
    pub fn breadth(&self) -> usize {
        BREADTH.min(self.words.len())
    }

    /// What a project has in common with it; rarities are those of the register's `spaces`.
    pub fn shared_with(&self, project: &Draft, spaces: &[Space; KINDS]) -> Shared {
        let (Some(stems), Some(meanings)) = (spaces.get(STEMS), spaces.get(MEANINGS)) else { return Shared::default() };
        let mut found: Vec<(f32, String)> = Vec::new();
        let mut known = HashSet::new();
        let mut matching = HashSet::new();
        for mention in mentions(project, self.concepts) {
            let rarity = |space: &Space, features: &[Feature]| {
                let shared = features.iter().filter(|f| self.features.contains(f));
                shared.map(|f| space.rarity(*f)).fold(0.0_f32, f32::max)
            };
            let gain = rarity(stems, &mention.stems).max(MEANT * rarity(meanings, &mention.meanings));
            let folded = fold(&mention.written);
            let gain = if gain > 0.0 || !self.begin_alike(&folded) { gain } else { ALIKE };
            if gain > 0.0 {
                matching.insert(folded.clone());
                if known.insert(folded) {
                    found.push((gain, mention.written));
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let all = |text: &str, of: &HashSet<String>| {
            let words = words(text);
            !words.is_empty() && words.iter().all(|w| of.contains(&w.folded))
        };
        Shared {
            words: found.into_iter().take(WORDS).map(|(_, word)| word).collect(),
            tags: project
                .tags
                .iter()
                .filter(|tag| self.tags.contains(&joined(tag)) || all(tag, &matching))
                .cloned()
                .collect(),
            // Where several things were bought, one of them is enough.
            vendor: project.vendor.is_some_and(|vendor| vendor.split(',').any(|one| all(one, &self.words))),
        }
    }
}

/// A tag as one word, however it is written.
fn joined(tag: &str) -> String {
    words(tag).into_iter().map(|w| w.folded).collect()
}
