//! Which labels are one thing written differently, and which go together, learnt from who answers under which tag.
//!
//! Somebody who lists *a* and *b* and is thanked under *x* shows that *x* is another name of *a* or of *b*, or close to
//! it. Over all people these hints are weighed against one another, as the words of two languages are aligned in parallel
//! texts (IBM model 1, expectation and maximisation). It is the only way from one language to another that needs no
//! dictionary.

use super::{
    Stance,
    directory::{Directory, Entry, LabelId},
    text::slips,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A pair of tags for the alias list, to be accepted or not by a gardener.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The tag answers were accepted under.
    pub asked: String,
    /// What those who answered list.
    pub listed: String,
    /// How many people answered under the one and list the other.
    pub people: u32,
    /// How many accepted answers that were.
    pub answers: u32,
    /// How likely it is the listed skill, among all those who answered under the tag, that explains the answers (0 to 1).
    pub share: f32,
}

/// A group of labels that are one thing.
pub(super) type Concept = u32;

/// What was learnt; empty before [`Directory::learn`].
#[derive(Debug, Default)]
pub(super) struct Links {
    /// By label.
    concepts: Vec<Concept>,
    /// By concept.
    members: Vec<Vec<LabelId>>,
    /// By concept: what goes together with it, and how surely.
    near: HashMap<Concept, Vec<(Concept, f32)>>,
    proposals: Vec<Proposal>,
}

/// Rounds of weighing; the shares hardly move after ten.
const ROUNDS: usize = 12;
/// Weight of a line in the bio or a project against an accepted answer.
const BIO: f32 = 1.0;
const PROJECT: f32 = 0.5;
/// What common roots add to the first guess.
const KIN: f32 = 4.0;
/// That none of the listed skills explains a tag.
const NONE: f32 = 0.02;
/// Smoothing of what one skill explains, and of how surely a tag is explained.
const SMOOTH: f32 = 0.5;
/// Links weaker than this are forgotten.
const WEAK: f32 = 0.1;
/// Proposals are at least this likely, or half of it with two people.
const LIKELY: f32 = 0.5;

/// A tag seen with a person, and the skills that may explain it.
struct Seen {
    weight: f32,
    answers: u32,
    pairs: Vec<u32>,
}

impl Links {
    pub fn concept(&self, label: LabelId) -> Option<Concept> {
        self.concepts.get(label as usize).copied()
    }

    pub fn members(&self, concept: Concept) -> &[LabelId] {
        self.members.get(concept as usize).map_or(&[], Vec::as_slice)
    }

    pub fn near(&self, concept: Concept) -> &[(Concept, f32)] {
        self.near.get(&concept).map_or(&[], Vec::as_slice)
    }

    pub fn learn(directory: &Directory) -> Self {
        let mut links = Self::default();
        links.group(directory);
        links.align(directory);
        links
    }

    /// Groups labels that are one thing: the same roots, a direct alias, a slip.
    fn group(&mut self, directory: &Directory) {
        let labels = &directory.labels;
        let mut groups = Groups::new(labels.len());
        let mut by_roots: HashMap<Vec<&str>, LabelId> = HashMap::new();
        let mut by_root: HashMap<&str, LabelId> = HashMap::new();
        for (id, label) in labels.iter().filter(|(_, label)| label.used()) {
            let mut roots: Vec<&str> = label.words.iter().map(|term| &*directory.terms[*term].root).collect();
            roots.sort_unstable();
            groups.join(*by_roots.entry(roots).or_insert(id), id);
            if label.words.len() == 1 {
                groups.join(*by_root.entry(&label.root).or_insert(id), id);
            }
            let alias = directory.aliases.get(&label.key).into_iter().flatten();
            for (name, _) in alias.filter(|(_, nearness)| *nearness >= directory.tuning.alias) {
                if let Some(other) = directory.by_label.get(name.concat().as_str()).filter(|id| labels[**id].used()) {
                    groups.join(*other, id);
                }
            }
        }
        // A rare label one slip away from a more common one.
        let mut lengths: BTreeMap<usize, Vec<LabelId>> = BTreeMap::new();
        for (id, label) in labels.iter().filter(|(_, label)| label.used() && label.key.len() >= 6) {
            if !label.key.bytes().any(|b| b.is_ascii_digit()) {
                lengths.entry(label.key.len()).or_default().push(id);
            }
        }
        for (length, ids) in &lengths {
            for rare in ids.iter().filter(|id| labels[**id].holders.len() <= 3) {
                let row = &labels[*rare];
                let near = lengths.range(length - 1..=length + 1).flat_map(|(_, ids)| ids);
                for other in near.filter(|other| labels[**other].holders.len() > row.holders.len()) {
                    let key = &labels[*other].key;
                    if key.as_bytes().first() == row.key.as_bytes().first() && slips(&row.key, key, 1).is_some() {
                        groups.join(*other, *rare);
                    }
                }
            }
        }
        let mut names: HashMap<u32, Concept> = HashMap::new();
        for id in labels.ids() {
            let next = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
            let concept = *names.entry(groups.top(id)).or_insert(next);
            if concept == next {
                self.members.push(Vec::new());
            }
            if let Some(members) = self.members.get_mut(concept as usize) {
                members.push(id);
            }
            self.concepts.push(concept);
        }
    }

    /// Weighs which listed skill explains which tag.
    fn align(&mut self, directory: &Directory) {
        let mut ids: HashMap<(Concept, Concept), u32> = HashMap::new();
        let mut pairs: Vec<Pair> = Vec::new();
        let mut seen: Vec<Seen> = Vec::new();
        for (_, entry) in directory.people.iter() {
            let Some(entry) = entry else { continue };
            let listed: HashSet<Concept> = (entry.skills.iter())
                .filter(|(_, stance)| *stance != Stance::Learning)
                .filter_map(|(label, _)| self.concept(*label))
                .collect();
            if listed.is_empty() {
                continue;
            }
            let mut listed: Vec<Concept> = listed.into_iter().collect();
            listed.sort_unstable();
            for (asked, (weight, answers)) in self.tags(directory, entry) {
                // Who lists a tag answered as what they list.
                let own = [asked];
                let sources: &[Concept] = if listed.contains(&asked) { &own } else { &listed };
                let found = sources.iter().map(|listed| {
                    *ids.entry((*listed, asked)).or_insert_with(|| {
                        let guess = 1.0 + KIN * self.kin(directory, *listed, asked);
                        pairs.push(Pair {
                            listed: *listed,
                            asked,
                            guess,
                            strength: 1.0,
                            count: 0.0,
                            people: 0,
                            answers: 0,
                        });
                        u32::try_from(pairs.len() - 1).unwrap_or(u32::MAX)
                    })
                });
                // Repetition by one person says less than two people.
                seen.push(Seen { weight: weight.sqrt(), answers, pairs: found.collect() });
            }
        }
        for _ in 0..ROUNDS {
            weigh(&seen, &mut pairs);
        }
        for seen in seen.iter().filter(|seen| seen.answers > 0) {
            for pair in &seen.pairs {
                if let Some(pair) = pairs.get_mut(*pair as usize) {
                    pair.people += 1;
                    pair.answers += seen.answers;
                }
            }
        }
        let mut asked: HashMap<Concept, f32> = HashMap::new();
        for seen in &seen {
            if let Some(pair) = seen.pairs.first().and_then(|pair| pairs.get(*pair as usize)) {
                *asked.entry(pair.asked).or_default() += seen.weight;
            }
        }
        for pair in pairs.iter().filter(|pair| pair.listed != pair.asked) {
            let share = pair.count / (asked.get(&pair.asked).copied().unwrap_or_default() + SMOOTH);
            if share < WEAK {
                continue;
            }
            self.near.entry(pair.asked).or_default().push((pair.listed, share));
            self.near.entry(pair.listed).or_default().push((pair.asked, share));
            if pair.people > 0 && (share >= LIKELY || (share >= LIKELY / 2.0 && pair.people >= 2)) {
                self.propose(directory, pair, share);
            }
        }
        self.proposals.sort_by(|a, b| {
            b.people
                .cmp(&a.people)
                .then(b.share.total_cmp(&a.share))
                .then(a.asked.cmp(&b.asked))
                .then(a.listed.cmp(&b.listed))
        });
    }

    /// What a person is known by beside their list: tags with a weight and how many accepted answers it comes from.
    fn tags(&self, directory: &Directory, entry: &Entry) -> BTreeMap<Concept, (f32, u32)> {
        let mut tags: BTreeMap<Concept, (f32, u32)> = BTreeMap::new();
        let mut add = |label: LabelId, weight: f32, answers: u32| {
            if let Some(concept) = self.concept(label) {
                let tag = tags.entry(concept).or_default();
                *tag = (tag.0 + weight, tag.1 + answers);
            }
        };
        entry.answers.iter().for_each(|(label, ..)| add(*label, 1.0, 1));
        entry.mentions.iter().for_each(|label| add(*label, BIO, 0));
        for project in &entry.projects {
            directory.projects[*project].labels.iter().for_each(|label| add(*label, PROJECT, 0));
        }
        tags
    }

    /// Which share of the words of two concepts has common roots.
    fn kin(&self, directory: &Directory, a: Concept, b: Concept) -> f32 {
        let words =
            |concept| self.members(concept).first().map_or(&[][..], |label| &directory.labels[*label].words[..]);
        let (a, b) = (words(a), words(b));
        let root = |term: &u32| &directory.terms[*term].root;
        let common = a.iter().filter(|a| b.iter().any(|b| root(a) == root(b))).count();
        common as f32 / a.len().max(b.len()).max(1) as f32
    }

    fn propose(&mut self, directory: &Directory, pair: &Pair, share: f32) {
        // The names most people use.
        let name = |concept| {
            let members = self.members(concept).iter().map(|label| &directory.labels[*label]);
            members
                .filter(|label| label.used())
                .max_by_key(|label| label.holders.len())
                .map(|label| label.name.to_string())
        };
        if let (Some(asked), Some(listed)) = (name(pair.asked), name(pair.listed)) {
            let (people, answers) = (pair.people, pair.answers);
            self.proposals.push(Proposal { asked, listed, people, answers, share });
        }
    }
}

/// A skill that may explain a tag.
struct Pair {
    listed: Concept,
    asked: Concept,
    /// Before anything was seen.
    guess: f32,
    /// How much of what the skill explains is this tag.
    strength: f32,
    /// How often the skill explains the tag, as it looks now.
    count: f32,
    people: u32,
    answers: u32,
}

/// One round: share every tag seen among the skills that may explain it, then see what each skill explains.
fn weigh(seen: &[Seen], pairs: &mut [Pair]) {
    pairs.iter_mut().for_each(|pair| pair.count = 0.0);
    for seen in seen {
        let likely = |pair: &Pair| pair.strength * pair.guess;
        let sum: f32 = seen.pairs.iter().filter_map(|pair| pairs.get(*pair as usize)).map(likely).sum();
        for pair in &seen.pairs {
            if let Some(pair) = pairs.get_mut(*pair as usize) {
                pair.count += seen.weight * likely(pair) / (sum + NONE);
            }
        }
    }
    let mut total: HashMap<Concept, f32> = HashMap::new();
    for pair in pairs.iter() {
        *total.entry(pair.listed).or_default() += pair.count;
    }
    for pair in pairs {
        pair.strength = pair.count / (total.get(&pair.listed).copied().unwrap_or_default() + SMOOTH);
    }
}

/// Groups that grow together.
struct Groups(Vec<u32>);

impl Groups {
    fn new(size: usize) -> Self {
        Self((0..u32::try_from(size).unwrap_or(u32::MAX)).collect())
    }
    fn top(&self, mut at: u32) -> u32 {
        while let Some(up) = self.0.get(at as usize).copied().filter(|up| *up != at) {
            at = up;
        }
        at
    }
    /// Joins two groups; the smaller number leads.
    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.top(a), self.top(b));
        if let Some(up) = self.0.get_mut(a.max(b) as usize) {
            *up = a.min(b);
        }
    }
}

impl Directory {
    /// Pairs of tags that the organisation's answers say belong together and the alias list does not know yet, strongest
    /// first. Computed by [`Self::learn`].
    pub fn proposals(&self) -> &[Proposal] {
        &self.links.proposals
    }
}
