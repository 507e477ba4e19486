//! From the words of a question to the labels in use, each with how well it fits (0 to 1).

use super::{
    directory::{Directory, Label, LabelId, Term, TermId},
    lexicon::{ROLES, SMALL},
    text::{key, light, root, slips, tolerance, words},
};
use std::collections::{HashMap, HashSet};

/// The weights of the matching and the ranking. The defaults are measured; see `docs/expert-search.md`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    /// Exponent of the share of a label that the question covers.
    pub label_power: f32,
    /// Exponent of the share of the question that a label covers.
    pub query_power: f32,
    /// Weight of a word nobody uses, against the rarest word in use.
    pub unknown: f32,
    /// Weight of a word that only says who is wanted ("developer").
    pub role: f32,
    /// Weight of the word that says what a thing is, against those that say which: a *test bench* is a bench.
    pub head: f32,
    /// How well a label fits at least that is completely contained in the question.
    pub contained: f32,
    /// How well a label fits at least that completely contains the question.
    pub containing: f32,
    /// How much of a compound its beginning stands for, against its end.
    pub modifier: f32,
    /// Percent of the longer root that two words of a common origin share at least.
    pub cognate: usize,
    /// How much less sure a title with a role in it ("design engineer") is than a skill.
    pub title: f32,
    /// A label that fits worse is no reason.
    pub floor: f32,
    /// The limits are multiplied by this to fill up an answer of fewer than three people.
    pub wider: f32,
    /// Nor is one that fits worse than this share of the best.
    pub relative: f32,
    /// Exponent of the fit in the score of a person.
    pub sharpness: f32,
    /// Score of "knows", a title or several answers, where "ask me" is 1.
    pub knows: f32,
    /// Score of a project, a department, one answer or a line in the bio.
    pub hint: f32,
    /// Fit of a direct alias, and of another name of the same alias.
    pub alias: f32,
    /// See [`Self::alias`].
    pub alias_of_alias: f32,
    /// Labels that fit better than this lead to what goes together with them.
    pub link_from: f32,
    /// Links weaker than this lead nowhere.
    pub link_least: f32,
    /// Fit through a link: this and
    pub link_base: f32,
    /// this times its strength.
    pub link_gain: f32,
    /// A question that no label fits better than this may be two skills side by side,
    pub split_below: f32,
    /// if labels fit both better than this.
    pub split_from: f32,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            label_power: 1.2,
            query_power: 1.0,
            unknown: 0.8,
            role: 0.25,
            head: 0.7,
            contained: 0.2,
            containing: 0.7,
            modifier: 0.7,
            cognate: 75,
            title: 0.8,
            floor: 0.28,
            wider: 0.35,
            relative: 0.3,
            sharpness: 1.5,
            knows: 0.7,
            hint: 0.42,
            alias: 0.95,
            alias_of_alias: 0.836,
            link_from: 0.8,
            link_least: 0.3,
            link_base: 0.45,
            link_gain: 0.5,
            split_below: 0.75,
            split_from: 0.88,
        }
    }
}

/// Most readings of one question that are tried.
const READINGS: usize = 40;
/// Most words of a name inside a question.
const SPAN: usize = 5;
/// A share below this is a part of a word and adds up with other parts.
const WHOLE: f32 = 0.75;
/// A word in more labels than this is no name on its own inside a longer question.
const COMMON: usize = 25;

/// A word in use that a word of the question may mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sense {
    term: TermId,
    /// How much of the question's word it covers.
    asked: f32,
    /// How much of it the question's word covers.
    used: f32,
}

/// A word of the question and its stems.
struct Forms<'a> {
    word: &'a str,
    light: &'a str,
    root: &'a str,
}

/// One word of a question met in a label.
#[derive(Clone, Copy, Debug)]
struct Cell {
    label: LabelId,
    at: usize,
    sense: Sense,
}

/// What was found out about words during one search.
pub(super) type Senses = HashMap<String, Vec<Sense>>;

impl Directory {
    /// The labels that fit the words of one skill, best first.
    pub(super) fn labels_for(&self, wanted: &[String], french: bool, senses: &mut Senses) -> Vec<(LabelId, f32)> {
        let (right, trust) = self.correct(wanted);
        let mut readings = self.readings(&right);
        for (_, weight) in &mut readings {
            *weight *= trust;
        }
        if trust < 1.0 {
            readings.push((wanted.to_vec(), 1.0));
        }
        let mut best: HashMap<LabelId, f32> = HashMap::new();
        for (words, weight) in &readings {
            let as_typed = words == wanted || *words == right;
            for (label, fit) in self.fits(words, french, as_typed, senses) {
                let known = best.entry(label).or_default();
                *known = known.max(fit * weight);
            }
        }
        let mut out: Vec<(LabelId, f32)> = best.into_iter().collect();
        out.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        out
    }

    /// Whether folded words are the name of a skill that somebody lists, or a part of one; hashtags of projects are often
    /// places.
    pub(super) fn is_skill(&self, folded: &str) -> bool {
        self.is_in_use(folded, |label| label.skill && label.typed)
    }

    /// The same for anything else people can be found by, too: titles and departments.
    pub(super) fn is_label(&self, folded: &str) -> bool {
        self.is_in_use(folded, |_| true)
    }

    fn is_in_use(&self, folded: &str, counts: impl Fn(&Label) -> bool) -> bool {
        let fits = |label: &LabelId| self.labels[*label].used() && counts(&self.labels[*label]);
        if self.by_label.get(key(folded).as_str()).is_some_and(fits) {
            return true;
        }
        let mut common: Option<HashSet<LabelId>> = None;
        for word in words(folded).iter().filter(|word| !SMALL.contains(&word.as_str())) {
            let terms = self.terms_light.get(light(word)).into_iter().flatten();
            let with = terms.flat_map(|term| &self.terms[*term].labels).copied();
            common = Some(match common {
                None => with.collect(),
                Some(known) => with.filter(|label| known.contains(label)).collect(),
            });
        }
        common.is_some_and(|labels| labels.iter().any(fits))
    }

    /// In how many labels a word stands, in any inflection.
    fn spread(&self, word: &str) -> usize {
        let terms = self.terms_light.get(light(word)).into_iter().flatten();
        terms.map(|term| self.terms[*term].labels.len()).sum()
    }

    fn rarity(&self, labels: usize) -> f32 {
        (1.0 + self.labels.len() as f32 / labels.max(1) as f32).ln()
    }

    /// How much a word weighs that stands in so many labels.
    fn weight(&self, word: &str, labels: usize) -> f32 {
        let rarity = if labels == 0 { self.rarity(1) * self.tuning.unknown } else { self.rarity(labels) };
        if ROLES.contains(&word) { rarity * self.tuning.role } else { rarity }
    }

    /// Misspelt words set right by the words in use, and how sure that is.
    fn correct(&self, wanted: &[String]) -> (Vec<String>, f32) {
        let mut trust = 1.0;
        let right = wanted.iter().map(|word| match self.nearest(word) {
            Some((other, slips)) => {
                trust *= 1.0 - 0.06 * slips as f32;
                other.to_owned()
            }
            None => word.clone(),
        });
        (right.collect(), trust)
    }

    fn nearest(&self, word: &str) -> Option<(&str, usize)> {
        let most = tolerance(word.len());
        let known = self.by_term.get(word).is_some_and(|term| !self.terms[*term].labels.is_empty())
            || self.spread(word) > 0
            || (root(word).len() >= 5 && self.terms_root.contains_key(root(word)))
            || self.by_label.get(word).is_some_and(|label| self.labels[*label].used())
            || self.alias_words.contains(word)
            || ROLES.contains(&word);
        if most == 0 || known {
            return None;
        }
        let used = self.terms.iter().filter(|(_, term)| !term.labels.is_empty());
        let used = used.map(|(_, term)| (&*term.text, term.labels.len()));
        let of_aliases = self.alias_words.iter().map(|word| (&**word, 1));
        used.chain(of_aliases)
            .filter_map(|(other, uses)| Some((slip(word, other)?, usize::MAX - uses, other)))
            .min()
            .map(|(slips, _, other)| (other, slips))
    }

    /// The question, the names inside it, and what the alias list makes of either; with how much of the question each
    /// stands for.
    fn readings(&self, wanted: &[String]) -> Vec<(Vec<String>, f32)> {
        let mut out: Vec<(Vec<String>, f32)> = vec![(wanted.to_vec(), 1.0)];
        let mut put = |words: Vec<String>, weight: f32| {
            if let Some(known) = out.iter_mut().find(|known| known.0 == words) {
                known.1 = known.1.max(weight);
            } else if out.len() < READINGS {
                out.push((words, weight));
            }
        };
        let weights: Vec<f32> = wanted.iter().map(|word| self.weight(word, self.spread(word))).collect();
        let total: f32 = weights.iter().sum();
        for from in 0..wanted.len() {
            for to in from + 1..=wanted.len().min(from + SPAN) {
                let (Some(before), Some(span), Some(after)) =
                    (wanted.get(..from), wanted.get(from..to), wanted.get(to..))
                else {
                    continue;
                };
                let key = span.concat();
                let whole = span.len() == wanted.len();
                let weight: f32 = weights.iter().skip(from).take(to - from).sum();
                let least = self.tuning.contained;
                let part =
                    if whole { 1.0 } else { least + (1.0 - least) * (weight / total).powf(self.tuning.query_power) };
                if !whole && key.len() >= 2 && self.is_name(&key, span) {
                    put(span.to_vec(), part);
                }
                let Some((alias, sure)) = self.alias(&key) else { continue };
                for (name, nearness) in alias {
                    if !whole {
                        put([before, name, after].concat(), sure * nearness);
                    }
                    put(name.clone(), sure * nearness * part);
                }
            }
        }
        out
    }

    /// Whether words inside a question are a skill of their own.
    fn is_name(&self, key: &str, span: &[String]) -> bool {
        if let [only] = span
            && (ROLES.contains(&only.as_str()) || self.spread(only) > COMMON)
        {
            return false;
        }
        let same = self.by_label.get(key).into_iter();
        let inflected = self.labels_light.get(light(key)).filter(|_| key.len() >= 4).into_iter().flatten();
        same.chain(inflected).any(|label| self.labels[*label].skill && self.labels[*label].used())
    }

    fn alias(&self, key: &str) -> Option<(&super::directory::Alias, f32)> {
        if let Some(alias) = self.aliases.get(key) {
            return Some((alias, 1.0));
        }
        let by_light = self.aliases_light.get(light(key)).filter(|_| key.len() >= 4).map(|name| (name, 0.97));
        let by_root = || self.aliases_root.get(root(key)).filter(|_| key.len() >= 6).map(|name| (name, 0.93));
        let (name, sure) = by_light.or_else(by_root)?;
        Some((self.aliases.get(name)?, sure))
    }

    /// How well labels fit one reading of the question.
    fn fits(&self, words: &[String], french: bool, as_typed: bool, senses: &mut Senses) -> HashMap<LabelId, f32> {
        let mut out = HashMap::new();
        self.fits_as_a_whole(words, as_typed, &mut out);
        self.fits_by_word(words, french, senses, &mut out);
        out.retain(|_, fit| *fit >= self.tuning.floor * self.tuning.wider);
        out
    }

    /// Words run together, as in a tag; initials; slips.
    fn fits_as_a_whole(&self, words: &[String], as_typed: bool, out: &mut HashMap<LabelId, f32>) {
        let whole = words.concat();
        let mut put = |label: &LabelId, fit: f32| {
            if self.labels[*label].used() {
                let known = out.entry(*label).or_default();
                *known = known.max(fit);
            }
        };
        let same = self.by_label.get(whole.as_str());
        same.into_iter().for_each(|label| put(label, 1.0));
        if whole.len() >= 5 {
            self.labels_light.get(light(&whole)).into_iter().flatten().for_each(|label| put(label, 0.97));
        }
        if whole.len() >= 6 {
            self.labels_root.get(root(&whole)).into_iter().flatten().for_each(|label| put(label, 0.92));
        }
        if words.len() == 1 {
            self.labels_initials.get(whole.as_str()).into_iter().flatten().for_each(|label| put(label, 0.85));
        }
        let short = same.and_then(|label| self.labels[*label].initials.as_deref());
        let initials: String = words.iter().filter_map(|word| word.chars().next()).collect();
        let short = short.or((words.len() >= 3).then_some(&initials));
        short.and_then(|short| self.by_label.get(short)).into_iter().for_each(|label| put(label, 0.85));
        if as_typed && whole.len() >= 6 && !has_digit(&whole) {
            for (id, label) in self.labels.iter().filter(|(_, label)| label.key.len() >= 6) {
                if let Some(slips) = slips(&whole, &label.key, tolerance(whole.len()))
                    && slips > 0
                    && slips * 5 <= whole.len()
                {
                    put(&id, 0.93 - 0.06 * slips as f32);
                }
            }
        }
    }

    /// Word by word, weighed by how rare the words are among labels.
    fn fits_by_word(&self, words: &[String], french: bool, senses: &mut Senses, out: &mut HashMap<LabelId, f32>) {
        let mut cells: Vec<Cell> = Vec::new();
        let mut weights: Vec<f32> = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let found = senses.entry(word.clone()).or_insert_with(|| self.senses(word));
            let sure = found.iter().filter(|sense| sense.asked >= 0.85 && sense.used >= 0.85);
            weights.push(self.weight(word, sure.map(|sense| self.terms[sense.term].labels.len()).sum()));
            self.place_cells(found, &[at], &mut cells);
        }
        for (at, pair) in words.windows(2).enumerate() {
            // Two words that others write as one: "fork lift".
            let joined = pair.concat();
            if self.spread(&joined) > 0 {
                let found = senses.entry(joined.clone()).or_insert_with(|| self.senses(&joined));
                let same: Vec<Sense> = found.iter().copied().filter(|sense| sense.asked >= 0.9).collect();
                self.place_cells(&same, &[at, at + 1], &mut cells);
            }
        }
        if words.len() > 1 {
            let head = if french { weights.first_mut() } else { weights.last_mut() };
            head.into_iter().for_each(|weight| *weight *= self.tuning.head);
        }
        cells.sort_by(|a, b| {
            (a.label, a.at, a.sense.term)
                .cmp(&(b.label, b.at, b.sense.term))
                .then(b.sense.asked.total_cmp(&a.sense.asked))
        });
        cells.dedup_by_key(|cell| (cell.label, cell.at, cell.sense.term));
        for cells in cells.chunk_by(|a, b| a.label == b.label) {
            if let Some(first) = cells.first() {
                let fit = self.fit(words, &weights, first.label, cells);
                let known = out.entry(first.label).or_default();
                *known = known.max(fit);
            }
        }
    }

    fn place_cells(&self, senses: &[Sense], places: &[usize], cells: &mut Vec<Cell>) {
        for sense in senses {
            for label in &self.terms[sense.term].labels {
                cells.extend(places.iter().map(|at| Cell { label: *label, at: *at, sense: *sense }));
            }
        }
    }

    /// How well one label fits, from where its words meet those of the question.
    fn fit(&self, words: &[String], weights: &[f32], label: LabelId, cells: &[Cell]) -> f32 {
        let label = &self.labels[label];
        let head = if label.french { 0 } else { label.words.len().saturating_sub(1) };
        let of_label: Vec<f32> = (label.words.iter().enumerate())
            .map(|(at, term)| {
                let term = &self.terms[*term];
                let weight = self.weight(&term.text, term.labels.len());
                if at == head && label.words.len() > 1 { weight * self.tuning.head } else { weight }
            })
            .collect();
        let mut asked: Vec<f32> = (0..words.len())
            .map(|at| cover(cells.iter().filter(|cell| cell.at == at).map(|cell| cell.sense.asked)))
            .collect();
        let mut used: Vec<f32> = (label.words.iter())
            .map(|term| cover(cells.iter().filter(|cell| cell.sense.term == *term).map(|cell| cell.sense.used)))
            .collect();
        self.initials_inside(words, &label.words, &mut asked, &mut used);
        let share = |weights: &[f32], covered: &[f32]| {
            let total: f32 = weights.iter().sum();
            let sum: f32 = weights.iter().zip(covered).map(|(weight, share)| weight * share).sum();
            if total > 0.0 { sum / total } else { 0.0 }
        };
        let (of_label, of_query) = (share(&of_label, &used), share(weights, &asked));
        let tuning = &self.tuning;
        let nearly = |share: f32| ((share - 0.8) / 0.15).clamp(0.0, 1.0);
        let contained = if label.skill { tuning.contained * nearly(of_label) } else { 0.0 };
        let containing = tuning.containing * nearly(of_query);
        let (by_label, by_query) = (of_label.powf(tuning.label_power), of_query.powf(tuning.query_power));
        let broader = by_label * (contained + (1.0 - contained) * by_query);
        let narrower = by_query * (containing + (1.0 - containing) * by_label);
        let fit = broader.max(narrower);
        let vague = !label.skill && label.words.iter().any(|term| ROLES.contains(&&*self.terms[*term].text));
        if vague { fit * tuning.title } else { fit }
    }

    /// "SAP PP" and "SAP production planning": initials of the other words, once one word is the same.
    fn initials_inside(&self, words: &[String], terms: &[TermId], asked: &mut [f32], used: &mut [f32]) {
        const INITIALS: f32 = 0.8;
        if !asked.iter().any(|share| *share >= 0.95) {
            return;
        }
        let open = |covered: &[f32]| -> Vec<usize> {
            covered.iter().enumerate().filter(|(_, share)| **share < 0.7).map(|(at, _)| at).collect()
        };
        let text = |at: &usize| terms.get(*at).map_or("", |term| &*self.terms[*term].text);
        let word = |at: &usize| words.get(*at).map_or("", String::as_str);
        let of_query: Vec<usize> = open(asked).into_iter().filter(|at| !SMALL.contains(&word(at))).collect();
        let of_label = open(used);
        let first = |text: &str| text.chars().next();
        let meet = if let ([short], true) = (of_label.as_slice(), of_query.len() >= 2) {
            of_query.iter().filter_map(|at| first(word(at))).eq(text(short).chars())
        } else if let ([short], true) = (of_query.as_slice(), of_label.len() >= 2) {
            of_label.iter().filter_map(|at| first(text(at))).eq(word(short).chars())
        } else {
            false
        };
        if meet {
            of_query.iter().filter_map(|at| asked.get_mut(*at).map(|share| *share = INITIALS)).count();
            of_label.iter().filter_map(|at| used.get_mut(*at).map(|share| *share = INITIALS)).count();
        }
    }

    /// The words in use that a word of the question may mean.
    fn senses(&self, word: &str) -> Vec<Sense> {
        let forms = Forms { word, light: light(word), root: root(word) };
        let (word_light, word_root) = (forms.light, forms.root);
        let digits = has_digit(word);
        // Who types a word in use means it.
        let fuzzy = self.spread(word) == 0 && (!digits || word.len() >= 6);
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let mut out = Vec::new();
        for (id, term) in self.terms.iter().filter(|(_, term)| !term.labels.is_empty()) {
            let mut both = |share: f32| out.push(Sense { term: id, asked: share, used: share });
            if *term.text == *word {
                both(1.0);
            } else if *term.light == *word_light {
                both(0.97);
            } else if *term.root == *word_root && word_root.len() >= 4 {
                both(0.9);
            } else if bare.len() >= 4 && bare == term.text.trim_end_matches(|c: char| c.is_ascii_digit()) {
                // Versions: "python3".
                both(0.9);
            } else if let Some((asked, used)) = self.compound(&forms, term) {
                out.push(Sense { term: id, asked, used });
            } else if let Some(slips) = fuzzy.then(|| slip(word, &term.text)).flatten() {
                both(0.95 - 0.07 * slips as f32 - if word.len() < 6 { 0.05 } else { 0.0 });
            } else if let Some(share) = self.cognate(word_root, &term.root).filter(|_| !digits) {
                both(share);
            }
        }
        out
    }

    /// Words of a common origin begin alike.
    fn cognate(&self, a: &str, b: &str) -> Option<f32> {
        let longest = a.len().max(b.len());
        if a.len().min(b.len()) < 5 || a.as_bytes().first() != b.as_bytes().first() {
            return None;
        }
        let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
        (common >= 5 && common * 100 >= longest * self.tuning.cognate)
            .then(|| 0.6 + 0.3 * common as f32 / longest as f32)
    }

    /// Whether one of two words is a part of the other, as in German compounds; how much of either is covered then.
    fn compound(&self, word: &Forms, term: &Term) -> Option<(f32, f32)> {
        const PART: f32 = 0.88;
        const LEAST: f32 = 0.3;
        if word.word.len() < term.text.len() {
            let (share, _) = (self.part(word.light, &term.text))
                .or_else(|| self.part(word.word, &term.text))
                .or_else(|| self.part(word.root, &term.text).filter(|_| word.root.len() >= 5))?;
            return Some((PART, share.max(LEAST)));
        }
        let (share, end) = (self.part(&term.light, word.word))
            .or_else(|| self.part(&term.text, word.word))
            .or_else(|| self.part(&term.root, word.word).filter(|_| term.root.len() >= 6))?;
        // What a compound ends with is what it is; what it begins with only says which.
        Some(((share * if end { 1.0 } else { self.tuning.modifier }).max(LEAST), PART))
    }

    /// Which share of a word its beginning or (`true`) end is, when the rest may be a word, too.
    fn part(&self, part: &str, whole: &str) -> Option<(f32, bool)> {
        if part.len() < 4 || whole.len() < part.len() + 3 {
            return None;
        }
        let share = part.len() as f32 / whole.len() as f32;
        if let Some(rest) = whole.strip_prefix(part) {
            let long = part.len() >= 6 || (part.len() >= 5 && rest.len() >= 5);
            if long || self.is_part(rest) || self.is_part(rest.trim_start_matches(['s', 'n', 'e'])) {
                return Some((share, false));
            }
        }
        let rest = whole.strip_suffix(part)?;
        (part.len() >= 6 || self.is_part(rest)).then_some((share, true))
    }

    fn is_part(&self, rest: &str) -> bool {
        const JOINTS: [&str; 7] = ["", "s", "n", "en", "es", "e", "er"];
        if rest.len() < 3 {
            return false;
        }
        let stands = |part: &str| {
            let stems = self.terms_light.get(light(part)).into_iter().chain(self.terms_root.get(root(part)));
            part.len() >= 3 && stems.flatten().any(|term| !self.terms[*term].labels.is_empty())
        };
        self.parts.contains(root(rest)) || JOINTS.iter().any(|joint| rest.strip_suffix(joint).is_some_and(stands))
    }
}

/// Slips between two words, when they may be the same word misspelt.
fn slip(word: &str, other: &str) -> Option<usize> {
    let slips = slips(word, other, tolerance(word.len().min(other.len())))?;
    let same_start = word.as_bytes().first() == other.as_bytes().first();
    let likely = (slips <= 1 && (same_start || word.len() >= 6)) || (same_start && slips * 5 <= word.len());
    likely.then_some(slips)
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit())
}

/// How much of a word is covered: by one whole word, or by parts together.
fn cover(shares: impl Iterator<Item = f32>) -> f32 {
    let (whole, parts) =
        shares.fold(
            (0.0f32, 0.0f32),
            |(whole, parts), share| {
                if share < WHOLE { (whole, parts + share) } else { (whole.max(share), parts) }
            },
        );
    whole.max(parts).min(1.0)
}
