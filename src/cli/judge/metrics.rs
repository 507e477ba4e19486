//! The labelled set of projects and the figures of its protocol.

use super::Failure;
use crate::matching::projects::{Project, space::feature};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

#[derive(Deserialize)]
struct ProjectLine {
    id: String,
    language: String,
    name: String,
    purpose: String,
    #[serde(default)]
    tags: Vec<String>,
    vendor: Option<String>,
}

#[derive(Deserialize)]
struct PairLine {
    a: String,
    b: String,
    label: String,
    category: String,
}

#[derive(Deserialize)]
struct DraftLine {
    language: String,
    text: String,
    expect: Vec<String>,
}

/// Why two projects are the same work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Category {
    Paraphrase,
    Overlap,
    CrossShared,
    CrossBare,
}

/// A few words and the projects somebody means by them.
pub struct DraftText {
    pub language: String,
    pub text: String,
    pub expect: Vec<usize>,
}

/// Everything in the folder; projects by their place.
pub struct LabelledSet {
    pub projects: Vec<Project>,
    pub languages: Vec<String>,
    pub drafts: Vec<DraftText>,
    same: HashMap<(usize, usize), Category>,
    related: HashSet<(usize, usize)>,
}

fn lines<T: for<'a> Deserialize<'a>>(folder: &Path, name: &str) -> Result<Vec<T>, Failure> {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).map_err(|e| Failure::new(format!("{}: {e}", path.display())))?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|e| Failure::new(format!("{}, line {}: {e}", path.display(), at + 1)))
        })
        .collect()
}

impl LabelledSet {
    pub fn read(folder: &Path) -> Result<Self, Failure> {
        let (mut projects, mut languages) = (Vec::new(), Vec::new());
        for line in lines::<ProjectLine>(folder, "projects.jsonl")? {
            languages.push(line.language);
            projects.push(Project {
                key: line.id,
                language: None,
                name: line.name,
                purpose: line.purpose,
                tags: line.tags,
                vendor: line.vendor,
            });
        }
        let places: HashMap<&str, usize> = projects.iter().enumerate().map(|(at, p)| (p.key.as_str(), at)).collect();
        let place =
            |id: &str| places.get(id).copied().ok_or_else(|| Failure::new(format!("{id} is not in projects.jsonl")));
        let (mut same, mut related) = (HashMap::new(), HashSet::new());
        for line in lines::<PairLine>(folder, "pairs.jsonl")? {
            let (a, b) = (place(&line.a)?, place(&line.b)?);
            for pair in [(a, b), (b, a)] {
                if line.label == "same" {
                    let category = match line.category.as_str() {
                        "paraphrase" => Category::Paraphrase,
                        "overlap" => Category::Overlap,
                        "cross-shared" => Category::CrossShared,
                        "cross-bare" => Category::CrossBare,
                        other => return Err(Failure::new(format!("{other} is no category of the same work"))),
                    };
                    same.insert(pair, category);
                } else {
                    related.insert(pair);
                }
            }
        }
        let mut drafts = Vec::new();
        for line in lines::<DraftLine>(folder, "drafts.jsonl")? {
            let expect = line.expect.iter().map(|id| place(id)).collect::<Result<_, _>>()?;
            drafts.push(DraftText { language: line.language, text: line.text, expect });
        }
        Ok(Self { projects, languages, drafts, same, related })
    }

    /// The place of a key.
    pub fn places(&self) -> HashMap<&str, usize> {
        self.projects.iter().enumerate().map(|(at, p)| (p.key.as_str(), at)).collect()
    }

    /// Ordered pairs of same-language twins among the projects that `keep` keeps.
    pub fn same_language_twins(&self, keep: impl Fn(&str) -> bool) -> usize {
        let kept = |at: usize| self.projects.get(at).is_some_and(|p| keep(&p.key));
        self.same
            .iter()
            .filter(|((a, b), c)| matches!(c, Category::Paraphrase | Category::Overlap) && kept(*a) && kept(*b))
            .count()
    }

    /// Which half of the pairs a pair belongs to: the weights were found on the second.
    fn half(&self, a: usize, b: usize) -> usize {
        let key = |at: usize| self.projects.get(at).map_or("", |p| p.key.as_str());
        let (a, b) = (key(a), key(b));
        (feature(9, &format!("{} {}", a.min(b), a.max(b))) >> 20) as usize & 1
    }
}

/// One answer: the places of the candidates, and which of them it would announce as the same work.
#[derive(Clone, Default)]
pub struct Answer(pub Vec<(usize, bool)>);

/// A share and what it is of.
#[derive(Clone, Copy, Default)]
pub struct Share {
    pub hits: usize,
    pub of: usize,
}

impl Share {
    fn add(&mut self, hit: bool) {
        self.hits += usize::from(hit);
        self.of += 1;
    }

    fn plus(self, other: Self) -> Self {
        Self { hits: self.hits + other.hits, of: self.of + other.of }
    }

    /// Not a number when there is nothing to have a share of.
    pub fn value(self) -> f64 {
        self.hits as f64 / self.of as f64
    }
}

/// Recall in the two halves of the pairs.
#[derive(Clone, Copy, Default)]
pub struct Halves([Share; 2]);

impl Halves {
    fn add(&mut self, half: usize, hit: bool) {
        if let Some(share) = self.0.get_mut(half) {
            share.add(hit);
        }
    }

    fn plus(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.0, other.0);
        Self([a.plus(c), b.plus(d)])
    }

    pub fn all(self) -> Share {
        let [a, b] = self.0;
        a.plus(b)
    }

    pub fn each(self) -> [f64; 2] {
        self.0.map(Share::value)
    }
}

/// All figures of the protocol.
#[derive(Clone, Default)]
pub struct Figures {
    pub paraphrase: Halves,
    pub overlap: Halves,
    pub cross_shared: Halves,
    pub cross_bare: Halves,
    /// Same-language twins that are announced as the same work.
    pub announced: Share,
    pub false_alarms: Share,
    pub unique_warned: Share,
    /// Of all candidates shown that carry a label, announced or not.
    pub precision_shown: Share,
    pub precision_labelled: Share,
    pub precision_all: Share,
    pub drafts_same_language: Share,
    pub drafts_other_language: Share,
    pub drafts_any: Share,
    pub drafts_false_alarms: Share,
    pub drafts_empty_answered: Share,
}

impl Figures {
    /// Same-language twins.
    pub fn same_language(&self) -> Halves {
        self.paraphrase.plus(self.overlap)
    }

    /// Twins in another language.
    pub fn cross_language(&self) -> Halves {
        self.cross_shared.plus(self.cross_bare)
    }

    /// Judges one answer per project and one per draft.
    pub fn of(set: &LabelledSet, registrations: &[Answer], drafts: &[Answer]) -> Self {
        let mut figures = Self::default();
        for (query, answer) in registrations.iter().enumerate() {
            figures.registration(set, query, &answer.0);
        }
        for (draft, answer) in set.drafts.iter().zip(drafts) {
            figures.draft(set, draft, &answer.0);
        }
        figures
    }

    fn registration(&mut self, set: &LabelledSet, query: usize, shown: &[(usize, bool)]) {
        let mut labelled = false;
        for other in 0..set.projects.len() {
            labelled |= set.related.contains(&(query, other));
            let Some(category) = set.same.get(&(query, other)) else { continue };
            labelled = true;
            let found = shown.iter().find(|(place, _)| *place == other);
            let half = set.half(query, other);
            match category {
                Category::Paraphrase => self.paraphrase.add(half, found.is_some()),
                Category::Overlap => self.overlap.add(half, found.is_some()),
                Category::CrossShared => self.cross_shared.add(half, found.is_some()),
                Category::CrossBare => self.cross_bare.add(half, found.is_some()),
            }
            if matches!(category, Category::Paraphrase | Category::Overlap) {
                self.announced.add(found.is_some_and(|(_, same)| *same));
            }
        }
        for (place, announced) in shown {
            let same = set.same.contains_key(&(query, *place));
            let related = set.related.contains(&(query, *place));
            if same || related {
                self.precision_shown.add(same);
            } else {
                self.false_alarms.hits += 1;
            }
            if *announced {
                if same || related {
                    self.precision_labelled.add(same);
                }
                self.precision_all.add(same);
            }
        }
        self.false_alarms.of += 1;
        if !labelled {
            self.unique_warned.add(!shown.is_empty());
        }
    }

    fn draft(&mut self, set: &LabelledSet, draft: &DraftText, shown: &[(usize, bool)]) {
        let mut any = false;
        for expected in &draft.expect {
            let hit = shown.iter().any(|(place, _)| place == expected);
            any |= hit;
            if set.languages.get(*expected) == Some(&draft.language) {
                self.drafts_same_language.add(hit);
            } else {
                self.drafts_other_language.add(hit);
            }
        }
        if draft.expect.is_empty() {
            self.drafts_empty_answered.add(!shown.is_empty());
        } else {
            self.drafts_any.add(any);
        }
        let wrong = shown.iter().filter(|(place, _)| {
            !draft.expect.contains(place)
                && !draft
                    .expect
                    .iter()
                    .any(|e| set.related.contains(&(*place, *e)) || set.same.contains_key(&(*place, *e)))
        });
        self.drafts_false_alarms.hits += wrong.count();
        self.drafts_false_alarms.of += 1;
    }

    /// Names and values, in the order of the protocol.
    pub fn rows(&self) -> Vec<(&'static str, f64)> {
        let all = |halves: Halves| halves.all().value();
        let [same_first, same_second] = self.same_language().each();
        let [paraphrase_first, paraphrase_second] = self.paraphrase.each();
        let [cross_first, cross_second] = self.cross_language().each();
        vec![
            ("recall_same_language", all(self.same_language())),
            ("recall_same_language_first_half", same_first),
            ("recall_same_language_second_half", same_second),
            ("recall_paraphrase", all(self.paraphrase)),
            ("recall_paraphrase_first_half", paraphrase_first),
            ("recall_paraphrase_second_half", paraphrase_second),
            ("recall_overlap", all(self.overlap)),
            ("recall_cross_language", all(self.cross_language())),
            ("recall_cross_language_first_half", cross_first),
            ("recall_cross_language_second_half", cross_second),
            ("recall_cross_shared", all(self.cross_shared)),
            ("recall_cross_bare", all(self.cross_bare)),
            ("false_alarms_per_registration", self.false_alarms.value()),
            ("unique_projects_warned", self.unique_warned.value()),
            ("shown_same_against_related", self.precision_shown.value()),
            ("precision_same_against_related", self.precision_labelled.value()),
            ("precision_same_against_all", self.precision_all.value()),
            ("announced_as_same_of_same_language", self.announced.value()),
            ("drafts_recall_same_language", self.drafts_same_language.value()),
            ("drafts_recall_other_language", self.drafts_other_language.value()),
            ("drafts_with_a_right_candidate", self.drafts_any.value()),
            ("drafts_false_alarms", self.drafts_false_alarms.value()),
            ("empty_drafts_answered", self.drafts_empty_answered.value()),
        ]
    }

    /// The same as an object.
    pub fn json(&self) -> Value {
        Value::Object(
            self.rows().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect::<Map<_, _>>(),
        )
    }
}
