//! The register: all projects of the organisation in memory, what a draft resembles in it, and which of its projects
//! resemble one another.

use super::{
    analysis::{Analysis, Draft, HEAD, KINDS, TAGS},
    calibration::{Background, DEPTH, ENOUGH, Limits, background, limit},
    concepts::{Concepts, SHIPPED},
    explain::Reasons,
    space::Space,
    text::Language,
};
use std::{collections::HashMap, sync::Arc};

/// Candidates that are put in order after the first look.
const POOL: usize = 60;
/// Most partners of one project that [`Register::pairs`] reports.
const PARTNERS: usize = 5;
/// Share of the register, one in so many, that may change before lengths are taken anew.
const STALE: usize = 20;
/// What is nearly a copy shares so much of what a copy would.
const NEARLY: f32 = 0.6;
/// Words of the purpose that stand for a draft when its limit is measured; people type about as many.
const TYPED: usize = 12;

/// The constants of the score; how they were found, and what they were checked on, is in
/// `docs/duplicate-check.md`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    /// Weights of the kinds of features for a project: letters, stems, meanings, tags, head.
    pub project: [f32; KINDS],
    /// The same for a few words.
    pub draft: [f32; KINDS],
    /// How much of what is usual around a project is taken off.
    pub usual: f32,
    /// What a candidate in another language must have more to be worth a warning.
    pub foreign: f32,
    /// Projects that chance may put above the limit of a warning, per registration.
    pub chance: f32,
    /// The same for announcing the same work.
    pub chance_same: f32,
    /// The same for a few words.
    pub chance_draft: f32,
}

impl Tuning {
    /// What is used.
    pub const SHIPPED: Self = Self {
        project: [0.12, 0.20, 0.38, 0.27, 0.27],
        draft: [0.2, 0.2, 0.3, 0.1, 0.2],
        usual: 0.5,
        foreign: 1.0,
        chance: 0.1,
        chance_same: 0.001,
        chance_draft: 0.08,
    };
}

/// A project as it is registered. Its state is no part of this: what is finished or was stopped is found as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    /// How the caller knows it; unique.
    pub key: String,
    /// Language tag, if known.
    pub language: Option<String>,
    /// What it is called.
    pub name: String,
    /// What it is for, in a few sentences.
    pub purpose: String,
    /// As they were typed.
    pub tags: Vec<String>,
    /// Who sells the tool it uses, or the tool.
    pub vendor: Option<String>,
}

impl Project {
    /// Its text, as that of a draft.
    pub fn draft(&self) -> Draft<'_> {
        Draft {
            language: self.language.as_deref(),
            name: &self.name,
            purpose: &self.purpose,
            tags: &self.tags,
            vendor: self.vendor.as_deref(),
        }
    }
}

/// A project that resembles a draft.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Key of the project.
    pub key: String,
    /// How much it resembles the draft, less what is usual in this register; comparable within one answer only.
    pub score: f32,
    /// Chance hardly explains it: worth interrupting the writer. Never before [`Register::calibrate`].
    pub warn: bool,
    /// It looks like the same work.
    pub same: bool,
    /// Words of the project that match the draft, in its own language, the rarest first; at most eight.
    pub words: Vec<String>,
    /// Its tags that the draft has or mentions, as its owner typed them.
    pub tags: Vec<String>,
    /// The vendor is the same, or the draft mentions it.
    pub vendor: bool,
}

/// Two projects that resemble one another.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The smaller of the two keys.
    pub a: String,
    /// The other.
    pub b: String,
    /// As that of a [`Candidate`].
    pub score: f32,
    /// It looks like the same work.
    pub same: bool,
}

/// What [`Register::measure`] found.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Calibration {
    usual: f32,
    limits: Limits,
    backgrounds: Vec<(String, Background)>,
}

#[derive(Debug)]
struct Entry {
    project: Project,
    language: Language,
    background: Option<Background>,
}

/// All projects of the organisation.
#[derive(Debug)]
pub struct Register {
    concepts: Arc<Concepts>,
    tuning: Tuning,
    spaces: [Space; KINDS],
    entries: Vec<Option<Entry>>,
    numbers: HashMap<String, u32>,
    free: Vec<u32>,
    changes: usize,
    /// The mean of all backgrounds, for projects that have none.
    usual: f32,
    limits: Option<Limits>,
}

/// A candidate before it has a face.
#[derive(Debug, Clone, Copy)]
struct Hit {
    number: u32,
    /// What is shared, before anything is taken off.
    raw: f32,
    order: f32,
    /// What is compared with the limit.
    score: f32,
}

/// How a text is asked about.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// Like a project: name, purpose, tags.
    Project,
    /// A few words.
    Typed,
}

impl Default for Register {
    fn default() -> Self {
        Self::new(SHIPPED.clone(), Tuning::SHIPPED)
    }
}

impl Register {
    /// An empty register with a list of concepts of one's own.
    pub fn new(concepts: Arc<Concepts>, tuning: Tuning) -> Self {
        Self {
            concepts,
            tuning,
            spaces: Default::default(),
            entries: Vec::new(),
            numbers: HashMap::new(),
            free: Vec::new(),
            changes: 0,
            usual: 0.0,
            limits: None,
        }
    }

    /// How many projects it holds.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Whether it holds a project.
    pub fn contains(&self, key: &str) -> bool {
        self.numbers.contains_key(key)
    }

    /// From where on a candidate is worth a warning; `None`, and nothing is announced, until [`Register::calibrate`].
    pub fn limits(&self) -> Option<Limits> {
        self.limits
    }

    /// Adds a project, or puts it in the place of the one with its key. In a calibrated register this looks once at all
    /// the others; fill an empty one before it is calibrated.
    pub fn insert(&mut self, project: Project) {
        self.remove(&project.key);
        let analysis = Analysis::of(&project.draft(), &self.concepts);
        let number = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
        });
        for (space, vector) in self.spaces.iter_mut().zip(&analysis.vectors) {
            space.insert(number, vector);
        }
        self.numbers.insert(project.key.clone(), number);
        self.changed();
        let background = if self.limits.is_some() { self.look_around(&analysis, number).1 } else { None };
        if let Some(place) = self.entries.get_mut(number as usize) {
            *place = Some(Entry { project, language: analysis.language, background });
        }
    }

    /// Takes out a project.
    pub fn remove(&mut self, key: &str) -> Option<Project> {
        let number = self.numbers.remove(key)?;
        let entry = self.entries.get_mut(number as usize)?.take()?;
        let analysis = Analysis::of(&entry.project.draft(), &self.concepts);
        for (space, vector) in self.spaces.iter_mut().zip(&analysis.vectors) {
            space.remove(number, vector);
        }
        self.free.push(number);
        self.changed();
        Some(entry.project)
    }

    fn changed(&mut self) {
        self.changes += 1;
        if self.changes * STALE > self.len() {
            self.refresh();
        }
    }

    fn refresh(&mut self) {
        self.changes = 0;
        for space in &mut self.spaces {
            space.refresh();
        }
    }

    fn entry(&self, number: u32) -> Option<&Entry> {
        self.entries.get(number as usize)?.as_ref()
    }

    /// The projects that share most with a text, best first; `own` is the one whose text it is, if it is registered.
    fn scores(&self, analysis: &Analysis, manner: Manner, own: Option<u32>, most: usize) -> Vec<(f32, u32)> {
        let mut out = vec![0.0; self.entries.len()];
        let mut sums = vec![0.0; self.entries.len()];
        let typed = manner == Manner::Typed;
        let weights = if typed { &self.tuning.draft } else { &self.tuning.project };
        for (kind, (space, weight)) in self.spaces.iter().zip(weights).enumerate() {
            // A few words have no tags; any of them may be one.
            let kind = if typed && kind == TAGS { HEAD } else { kind };
            if let Some(vector) = analysis.vectors.get(kind) {
                space.share(vector, *weight, typed, own.is_none(), &mut sums, &mut out);
            }
        }
        let mut ranked: Vec<(f32, u32)> = out
            .into_iter()
            .zip(0..)
            .filter(|(_, number)| Some(*number) != own && self.entry(*number).is_some())
            .collect();
        let best = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if ranked.len() > most {
            ranked.select_nth_unstable_by(most, best);
            ranked.truncate(most);
        }
        ranked.sort_unstable_by(best);
        ranked
    }

    /// The scores around a project of the register and what is usual among them.
    fn look_around(&self, analysis: &Analysis, number: u32) -> (Vec<(f32, u32)>, Option<Background>) {
        let ranked = self.scores(analysis, Manner::Project, Some(number), POOL.max(DEPTH));
        let background = background(ranked.iter().map(|(score, _)| *score));
        (ranked, background)
    }

    /// Scores less what is usual around both, best first. `usual` is what is usual around the text, `around` around a
    /// project.
    fn hits(&self, language: Language, usual: f32, ranked: &[(f32, u32)], around: impl Fn(u32) -> f32) -> Vec<Hit> {
        // A short text shares less with everything.
        let size = if self.usual > 0.0 { (usual / self.usual).min(1.0) } else { 1.0 };
        let mut hits: Vec<Hit> = ranked
            .iter()
            .map(|(raw, number)| {
                let theirs = around(*number);
                let foreign = self.entry(*number).is_some_and(|e| e.language != language);
                let score = raw - self.tuning.usual * (usual + theirs) / 2.0;
                let score = if foreign { score - self.tuning.foreign } else { score };
                Hit { number: *number, raw: *raw, order: raw - self.tuning.usual * theirs * size, score }
            })
            .collect();
        hits.sort_by(|a, b| b.order.total_cmp(&a.order));
        hits
    }

    /// What is usual around a project, as far as it is known.
    fn usual_around(&self, number: u32) -> f32 {
        self.entry(number).and_then(|e| e.background).map_or(self.usual, |b| b.mean)
    }

    /// The projects that resemble a draft most, best first; `except` names the project whose draft it is, when it is
    /// registered already.
    pub fn candidates(&self, draft: &Draft, most: usize, except: Option<&str>) -> Vec<Candidate> {
        let except = except.and_then(|key| self.numbers.get(key)).copied();
        let analysis = Analysis::of(draft, &self.concepts);
        let ranked = self.scores(&analysis, Manner::Project, except, POOL.max(DEPTH));
        let usual = background(ranked.iter().map(|(score, _)| *score)).map_or(self.usual, |b| b.mean);
        let hits = self.hits(analysis.language, usual, &ranked, |number| self.usual_around(number));
        let mut limits = self.limits.map(|l| (l.project, l.same));
        if self.len() < ENOUGH
            && let Some((project, _)) = &mut limits
        {
            // What is rare says little where all are few, so a copy may not reach the limit.
            *project = project.min(NEARLY * self.copy(&analysis));
        }
        self.present(draft, &hits, most, limits)
    }

    /// What a copy of a new project would have in common with it.
    fn copy(&self, analysis: &Analysis) -> f32 {
        let kinds = self.spaces.iter().zip(&analysis.vectors).zip(&self.tuning.project);
        kinds.map(|((space, vector), weight)| weight * space.copy(vector)).sum()
    }

    /// The same for a few words as typed in a search box or to the concierge. They are never called the same work.
    pub fn candidates_for_text(&self, text: &str, most: usize) -> Vec<Candidate> {
        let draft = Draft { name: text, ..Draft::default() };
        let analysis = Analysis::of(&draft, &self.concepts);
        let hits = self.typed(&analysis, None, most);
        self.present(&draft, &hits, most, self.limits.map(|l| (l.draft, f32::INFINITY)))
    }

    fn typed(&self, analysis: &Analysis, except: Option<u32>, most: usize) -> Vec<Hit> {
        self.scores(analysis, Manner::Typed, except, most)
            .into_iter()
            .map(|(raw, number)| Hit { number, raw, order: raw, score: raw })
            .collect()
    }

    fn present(&self, draft: &Draft, hits: &[Hit], most: usize, limits: Option<(f32, f32)>) -> Vec<Candidate> {
        let reasons = Reasons::of(draft, &self.concepts);
        hits.iter()
            .filter(|hit| hit.raw > 0.0)
            .take(most)
            .filter_map(|hit| {
                let project = &self.entry(hit.number)?.project;
                let why = reasons.shared_with(&project.draft(), &self.spaces);
                let broad = why.words.len() >= reasons.breadth();
                Some(Candidate {
                    key: project.key.clone(),
                    score: hit.score,
                    warn: broad && limits.is_some_and(|(warn, _)| hit.score >= warn),
                    same: broad && limits.is_some_and(|(_, same)| hit.score >= same),
                    words: why.words,
                    tags: why.tags,
                    vendor: why.vendor,
                })
            })
            .collect()
    }

    /// [`Register::measure`] and [`Register::adopt`] in one, for those who share the register with nobody.
    pub fn calibrate(&mut self, most: usize) {
        self.refresh();
        self.adopt(self.measure(most));
    }

    /// Measures what is usual in this register. At most `most` projects, evenly spread, are looked at; each costs about
    /// two questions. A few hundred are enough for the limits; all of them (`usize::MAX`) also give every project a
    /// background of its own, which [`Register::pairs`] wants.
    pub fn measure(&self, most: usize) -> Calibration {
        let all: Vec<(u32, &Entry)> = (0..).zip(&self.entries).filter_map(|(n, e)| Some((n, e.as_ref()?))).collect();
        let step = all.len().div_ceil(most.max(1)).max(1);
        let around: Vec<_> = all
            .into_iter()
            .step_by(step)
            .map(|(number, entry)| {
                let analysis = Analysis::of(&entry.project.draft(), &self.concepts);
                let (ranked, background) = self.look_around(&analysis, number);
                (number, entry, ranked, background)
            })
            .collect();
        let known: HashMap<u32, Background> = around.iter().filter_map(|(n, .., b)| Some((*n, (*b)?))).collect();
        let usual = known.values().map(|b| b.mean).sum::<f32>() / known.len().max(1) as f32;
        let usual_around = |number: u32| known.get(&number).map_or(usual, |b| b.mean);
        let mut projects = Vec::new();
        let mut drafts = Vec::new();
        for (number, entry, ranked, _) in &around {
            let hits = self.hits(entry.language, usual_around(*number), ranked, usual_around);
            let mut scores: Vec<f32> = hits.into_iter().map(|hit| hit.score).collect();
            scores.sort_by(|a, b| b.total_cmp(a));
            projects.extend(background(scores));
            for text in [entry.project.name.clone(), beginning(&entry.project.purpose)] {
                let analysis = Analysis::of(&Draft { name: &text, ..Draft::default() }, &self.concepts);
                let hits = self.typed(&analysis, Some(*number), DEPTH);
                drafts.extend(background(hits.into_iter().map(|hit| hit.score)));
            }
        }
        let tuning = self.tuning;
        let measured = limit(&projects, tuning.chance).and_then(|project| {
            let same = limit(&projects, tuning.chance_same)?;
            Some(Limits { project, same, draft: limit(&drafts, tuning.chance_draft)? })
        });
        let rarity = self.spaces.first().map_or(0.0, |space| space.rarity_of(1));
        let key = |number: u32| self.entry(number).map(|e| e.project.key.clone());
        Calibration {
            usual,
            limits: Limits::for_rarity(rarity, measured),
            backgrounds: known.into_iter().filter_map(|(number, b)| Some((key(number)?, b))).collect(),
        }
    }

    /// Takes over what was measured; quick. Projects that came or went in the meantime do no harm.
    pub fn adopt(&mut self, calibration: Calibration) {
        self.refresh();
        self.usual = calibration.usual;
        self.limits = Some(calibration.limits);
        for (key, background) in calibration.backgrounds {
            let number = self.numbers.get(&key).copied();
            if let Some(Some(entry)) = number.and_then(|n| self.entries.get_mut(n as usize)) {
                entry.background = Some(background);
            }
        }
    }

    /// All pairs of projects that are worth a warning to each other's leads, best first; empty before
    /// [`Register::calibrate`]. Costs about one question per project: a job for the night.
    pub fn pairs(&self) -> Vec<Pair> {
        let Some(limits) = self.limits else { return Vec::new() };
        let mut pairs = Vec::new();
        for (number, entry) in (0..).zip(&self.entries) {
            let Some(entry) = entry else { continue };
            let analysis = Analysis::of(&entry.project.draft(), &self.concepts);
            let (ranked, background) = self.look_around(&analysis, number);
            let usual = background.map_or(self.usual, |b| b.mean);
            let mut hits = self.hits(entry.language, usual, &ranked, |number| self.usual_around(number));
            hits.sort_by(|a, b| b.score.total_cmp(&a.score));
            for hit in hits.into_iter().take(PARTNERS).take_while(|hit| hit.score >= limits.project) {
                let Some(other) = self.entry(hit.number) else { continue };
                let (a, b) = (&entry.project.key, &other.project.key);
                let (a, b) = if a < b { (a, b) } else { (b, a) };
                let reasons = Reasons::of(&entry.project.draft(), &self.concepts);
                let why = reasons.shared_with(&other.project.draft(), &self.spaces);
                if why.words.len() >= reasons.breadth() {
                    pairs.push(Pair { a: a.clone(), b: b.clone(), score: hit.score, same: hit.score >= limits.same });
                }
            }
        }
        // Each pair is usually seen from both sides.
        pairs.sort_by(|x, y| (&x.a, &x.b).cmp(&(&y.a, &y.b)).then(y.score.total_cmp(&x.score)));
        pairs.dedup_by(|later, first| later.a == first.a && later.b == first.b);
        pairs.sort_by(|x, y| y.score.total_cmp(&x.score).then_with(|| (&x.a, &x.b).cmp(&(&y.a, &y.b))));
        pairs
    }
}

/// The first words of a purpose, as somebody might begin to type it.
fn beginning(purpose: &str) -> String {
    purpose.split_whitespace().take(TYPED).collect::<Vec<_>>().join(" ")
}
