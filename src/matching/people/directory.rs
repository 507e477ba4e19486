//! The index: labels and the words they are made of, people, projects, and what is learnt from the whole.

use super::{
    Day, Listed, Person, Progress, Project, Stance,
    lexicon::{NO_LONGER, SMALL, french},
    links::Links,
    phrase::Tuning,
    table::Table,
    text::{fold, key, light, root, words},
};
use std::collections::{HashMap, HashSet};

pub(super) type Slot = u32;
pub(super) type LabelId = u32;
pub(super) type TermId = u32;

/// Most things of one kind that are taken from one person; the rest is ignored.
const MOST: usize = 200;
/// Most characters of a bio that are read.
const LONGEST_BIO: usize = 1_000;
/// Most words a bio may use for one label.
const BIO_WORDS: usize = 5;

/// A word that occurs in labels.
#[derive(Debug, Default)]
pub(super) struct Term {
    pub text: Box<str>,
    pub light: Box<str>,
    pub root: Box<str>,
    /// The labels in use that contain it.
    pub labels: Vec<LabelId>,
}

/// A name in use for something one can know: a skill, a tag, a title or a department.
#[derive(Debug, Default)]
pub(super) struct Label {
    /// Its words run together, folded.
    pub key: Box<str>,
    /// The root of the key.
    pub root: Box<str>,
    /// As somebody typed it.
    pub name: Box<str>,
    /// Typed by somebody as words, not only seen as a tag.
    pub typed: bool,
    /// A skill or a tag, not only a title or a department.
    pub skill: bool,
    /// Reads like French, where the first noun is what the thing is.
    pub french: bool,
    pub words: Vec<TermId>,
    pub initials: Option<Box<str>>,
    /// People who have it in any way, once each.
    pub holders: Vec<Slot>,
    pub projects: Vec<u32>,
}

impl Label {
    /// Whether anybody has it; a label nobody has does not exist for the matching.
    pub fn used(&self) -> bool {
        !self.holders.is_empty() || !self.projects.is_empty()
    }
}

/// A person in the index.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub key: Box<str>,
    pub site: u32,
    pub zone: u32,
    pub site_only: bool,
    pub languages: Box<[Box<str>]>,
    pub title: LabelId,
    pub department: LabelId,
    pub skills: Box<[(LabelId, Stance)]>,
    /// Under which tag, when, and which answer it is; those to one question side by side.
    pub answers: Box<[(LabelId, Day, i64)]>,
    pub projects: Box<[u32]>,
    pub bio: Box<str>,
    /// Labels the bio names, those excepted that it says are over.
    pub mentions: Vec<LabelId>,
}

impl Entry {
    fn direct(&self) -> Vec<LabelId> {
        let mut all: Vec<LabelId> = self.skills.iter().map(|skill| skill.0).collect();
        all.extend(self.answers.iter().map(|answer| answer.0));
        all.extend([self.title, self.department]);
        all.sort_unstable();
        all.dedup();
        all
    }
}

#[derive(Debug, Default)]
pub(super) struct ProjectEntry {
    pub id: Box<str>,
    pub name: Box<str>,
    pub labels: Vec<LabelId>,
    pub counts: bool,
    pub members: Vec<Slot>,
}

impl ProjectEntry {
    /// Whether this (folded) name or id means the project.
    pub fn is_called(&self, name: &str) -> bool {
        *self.name == *name || self.id.eq_ignore_ascii_case(name)
    }
}

/// An alias and what it leads to: words, and how near they are.
pub(super) type Alias = Vec<(Vec<String>, f32)>;

/// The people and projects of an organisation, ready to be searched. See the [module](super).
#[derive(Debug, Default)]
pub struct Directory {
    pub(super) tuning: Tuning,
    pub(super) people: Table<Option<Entry>>,
    by_key: HashMap<Box<str>, Slot>,
    free: Vec<Slot>,
    pub(super) labels: Table<Label>,
    pub(super) by_label: HashMap<Box<str>, LabelId>,
    pub(super) labels_light: HashMap<Box<str>, Vec<LabelId>>,
    pub(super) labels_root: HashMap<Box<str>, Vec<LabelId>>,
    pub(super) labels_initials: HashMap<Box<str>, Vec<LabelId>>,
    pub(super) terms: Table<Term>,
    pub(super) by_term: HashMap<Box<str>, TermId>,
    pub(super) terms_light: HashMap<Box<str>, Vec<TermId>>,
    pub(super) terms_root: HashMap<Box<str>, Vec<TermId>>,
    places: HashMap<Box<str>, u32>,
    /// What they are called, as somebody typed it first.
    place_names: Table<Box<str>>,
    zone_numbers: HashMap<Box<str>, u32>,
    /// The time zone people of a site are in.
    pub(super) zones: HashMap<u32, u32>,
    pub(super) projects: Table<ProjectEntry>,
    by_project: HashMap<Box<str>, u32>,
    pub(super) aliases: HashMap<Box<str>, Alias>,
    pub(super) aliases_light: HashMap<Box<str>, Box<str>>,
    pub(super) aliases_root: HashMap<Box<str>, Box<str>>,
    pub(super) alias_words: HashSet<Box<str>>,
    /// Stems that are parts of compounds.
    pub(super) parts: HashSet<Box<str>>,
    pub(super) links: Links,
}

impl Directory {
    /// An empty directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty directory with other weights than the usual ones.
    pub fn with_tuning(tuning: Tuning) -> Self {
        Self { tuning, ..Self::default() }
    }

    /// How many people can be found.
    pub fn people(&self) -> usize {
        self.by_key.len()
    }

    /// Replaces the alias list: pairs such as `("k8s", "kubernetes")`, used both ways. Call [`Self::learn`] afterwards.
    pub fn set_aliases<'a>(&mut self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let mut names: HashMap<String, Vec<String>> = HashMap::new();
        let mut near: HashMap<String, Vec<String>> = HashMap::new();
        for (a, b) in pairs {
            let (a_key, b_key) = (key(a), key(b));
            if a_key.is_empty() || b_key.is_empty() || a_key == b_key {
                continue;
            }
            names.entry(a_key.clone()).or_insert_with(|| words(a));
            names.entry(b_key.clone()).or_insert_with(|| words(b));
            near.entry(a_key.clone()).or_default().push(b_key.clone());
            near.entry(b_key).or_default().push(a_key);
        }
        self.alias_words = names.values().flatten().map(|word| word.as_str().into()).collect();
        (self.aliases, self.aliases_light, self.aliases_root) = Default::default();
        let mut order: Vec<&String> = near.keys().collect();
        order.sort();
        for from in order {
            // Its neighbours, then theirs, which share a name with it.
            let mut found: Vec<(&String, f32)> = Vec::new();
            let mut edge: Vec<&String> = vec![from];
            for nearness in [self.tuning.alias, self.tuning.alias_of_alias] {
                let mut next = Vec::new();
                for name in edge.iter().flat_map(|name| near.get(*name)).flatten() {
                    if name != from && !found.iter().any(|(other, _)| *other == name) {
                        found.push((name, nearness));
                        next.push(name);
                    }
                }
                edge = next;
            }
            let found = found.into_iter().filter_map(|(name, w)| Some((names.get(name)?.clone(), w))).collect();
            self.aliases_light.entry(light(from).into()).or_insert_with(|| from.as_str().into());
            if from.len() >= 6 {
                self.aliases_root.entry(root(from).into()).or_insert_with(|| from.as_str().into());
            }
            self.aliases.insert(from.as_str().into(), found);
        }
    }

    pub(super) fn place_of(&self, name: &str) -> Option<u32> {
        self.places.get(fold(name).as_str()).copied()
    }

    pub(super) fn is_site(&self, folded: &str) -> bool {
        self.places.contains_key(folded)
    }

    pub(super) fn place_name(&self, place: u32) -> &str {
        &self.place_names[place]
    }

    fn place(&mut self, name: &str) -> u32 {
        let folded = fold(name);
        if let Some(known) = self.places.get(folded.as_str()) {
            return *known;
        }
        let place = self.place_names.push(name.into());
        self.places.insert(folded.into(), place);
        place
    }

    fn zone(&mut self, name: &str) -> u32 {
        let next = u32::try_from(self.zone_numbers.len()).unwrap_or(u32::MAX);
        *self.zone_numbers.entry(name.into()).or_insert(next)
    }

    fn term(&mut self, word: &str) -> TermId {
        if let Some(id) = self.by_term.get(word) {
            return *id;
        }
        let (light, root): (Box<str>, Box<str>) = (light(word).into(), root(word).into());
        let id =
            self.terms.push(Term { text: word.into(), light: light.clone(), root: root.clone(), labels: Vec::new() });
        self.by_term.insert(word.into(), id);
        self.terms_light.entry(light).or_default().push(id);
        self.terms_root.entry(root).or_default().push(id);
        id
    }

    /// The label of a name; `typed` when somebody wrote it as words.
    fn label(&mut self, name: &str, typed: bool) -> LabelId {
        let key = key(name);
        let id = match self.by_label.get(key.as_str()) {
            Some(id) => *id,
            None => {
                let (light, root): (Box<str>, Box<str>) = (light(&key).into(), root(&key).into());
                let row = Label { root: root.clone(), key: key.as_str().into(), ..Label::default() };
                let id = self.labels.push(row);
                self.by_label.insert(key.into(), id);
                self.labels_light.entry(light).or_default().push(id);
                self.labels_root.entry(root).or_default().push(id);
                id
            }
        };
        let known = &self.labels[id];
        let spelt = known.words.len();
        if spelt == 0 || (typed && !known.typed) {
            let row = &mut self.labels[id];
            row.name = name.into();
            row.typed = typed;
            self.spell(id, &words(name));
        } else if typed && words(name).iter().filter(|word| !SMALL.contains(&word.as_str())).count() > spelt {
            // "laser cutting" tells more than "lasercutting".
            self.labels[id].name = name.into();
            self.spell(id, &words(name));
        }
        id
    }

    /// Sets the words of a label.
    fn spell(&mut self, id: LabelId, all: &[String]) {
        self.unspell(id);
        let mut kept: Vec<&String> = all.iter().filter(|word| !SMALL.contains(&word.as_str())).collect();
        if kept.is_empty() {
            kept = all.iter().collect();
        }
        let initials = initials(&kept, &self.labels[id].name);
        let mut ids = Vec::with_capacity(kept.len());
        for word in &kept {
            let term = self.term(word);
            if !ids.contains(&term) {
                ids.push(term);
                self.terms[term].labels.push(id);
            }
        }
        if let Some(initials) = &initials {
            self.labels_initials.entry(initials.clone()).or_default().push(id);
        }
        let row = &mut self.labels[id];
        row.french = french(&row.name) || all.iter().any(|word| matches!(word.as_str(), "de" | "des" | "du" | "d"));
        row.initials = initials;
        row.words = ids;
    }

    fn unspell(&mut self, id: LabelId) {
        for term in std::mem::take(&mut self.labels[id].words) {
            self.terms[term].labels.retain(|label| *label != id);
        }
        if let Some(initials) = self.labels[id].initials.take()
            && let Some(same) = self.labels_initials.get_mut(&initials)
        {
            same.retain(|label| *label != id);
        }
    }

    /// Forgets the spelling of a label nobody has any more: what only a leaver knew leaves with them.
    fn retire(&mut self, id: LabelId) {
        if !self.labels[id].used() {
            self.unspell(id);
            let row = &mut self.labels[id];
            (row.name, row.typed, row.skill) = Default::default();
        }
    }

    /// Takes a project in, or replaces it.
    pub fn put_project(&mut self, project: &Project) {
        let at = self.project(&project.id);
        self.empty_project(at);
        let mut labels = Vec::new();
        for tag in project.tags.iter().take(MOST) {
            let label = self.label(tag, false);
            if !labels.contains(&label) {
                labels.push(label);
                self.labels[label].skill = true;
                self.labels[label].projects.push(at);
            }
        }
        let entry = &mut self.projects[at];
        entry.name = fold(&project.name).into();
        entry.labels = labels;
        entry.counts = project.progress == Progress::Worked;
    }

    /// Takes a project out; its members stay.
    pub fn remove_project(&mut self, id: &str) {
        if let Some(at) = self.by_project.get(id).copied() {
            self.empty_project(at);
            let entry = &mut self.projects[at];
            (entry.name, entry.counts) = Default::default();
        }
    }

    fn empty_project(&mut self, at: u32) {
        for label in std::mem::take(&mut self.projects[at].labels) {
            self.labels[label].projects.retain(|project| *project != at);
            self.retire(label);
        }
    }

    fn project(&mut self, id: &str) -> u32 {
        if let Some(at) = self.by_project.get(id) {
            return *at;
        }
        let at = self.projects.push(ProjectEntry { id: id.into(), ..ProjectEntry::default() });
        self.by_project.insert(id.into(), at);
        at
    }

    /// Takes a person out: they are in no answer from now on.
    pub fn remove(&mut self, key: &str) {
        let Some(slot) = self.by_key.remove(key) else { return };
        let Some(entry) = self.people[slot].take() else { return };
        for label in entry.direct().into_iter().chain(entry.mentions) {
            self.labels[label].holders.retain(|holder| *holder != slot);
            self.retire(label);
        }
        for project in &entry.projects {
            self.projects[*project].members.retain(|member| *member != slot);
        }
        self.free.push(slot);
    }

    /// Takes a person in, or replaces them. Who has left or is unlisted is only taken out.
    pub fn put(&mut self, person: &Person) {
        self.remove(&person.key);
        if person.left || person.listed == Listed::Unlisted {
            return;
        }
        let slot = self.free.pop().unwrap_or_else(|| self.people.push(None));
        let mut skills: Vec<(LabelId, Stance)> = Vec::new();
        for skill in person.skills.iter().take(MOST) {
            let label = self.label(&skill.name, true);
            self.labels[label].skill = true;
            if !skills.iter().any(|(other, _)| *other == label) {
                skills.push((label, skill.stance));
            }
        }
        let mut answers: Vec<(LabelId, Day, i64)> = Vec::new();
        for answer in person.accepted.iter().take(MOST) {
            let label = self.label(&answer.tag, false);
            self.labels[label].skill = true;
            answers.push((label, answer.day, answer.answer));
        }
        answers.sort_by_key(|(.., answer)| *answer);
        let mut projects = Vec::new();
        for id in person.projects.iter().take(MOST) {
            let at = self.project(id);
            if !projects.contains(&at) {
                projects.push(at);
                self.projects[at].members.push(slot);
            }
        }
        let entry = Entry {
            key: person.key.as_str().into(),
            site: self.place(&person.site),
            zone: self.zone(&person.time_zone),
            site_only: person.listed == Listed::Site,
            languages: person.languages.iter().take(MOST).map(|code| fold(code).into()).collect(),
            title: self.label(&person.title, true),
            department: self.label(&person.department, true),
            skills: skills.into(),
            answers: answers.into(),
            projects: projects.into(),
            bio: person.bio.chars().take(LONGEST_BIO).collect::<String>().into(),
            mentions: Vec::new(),
        };
        self.zones.insert(entry.site, entry.zone);
        for label in entry.direct() {
            self.labels[label].holders.push(slot);
        }
        self.by_key.insert(person.key.as_str().into(), slot);
        self.people[slot] = Some(entry);
        self.read_bio(slot);
    }

    /// Finds the labels a bio names.
    fn read_bio(&mut self, slot: Slot) {
        let Some(entry) = &self.people[slot] else { return };
        let mut found: Vec<LabelId> = Vec::new();
        for sentence in entry.bio.split(['.', '!', '?', ';', ':']) {
            let all = words(sentence);
            let flat = format!(" {} ", all.join(" "));
            if NO_LONGER.iter().any(|phrase| flat.contains(&format!(" {phrase} "))) {
                continue;
            }
            let mut rest = all.as_slice();
            while !rest.is_empty() {
                let longest = (1..=BIO_WORDS.min(rest.len())).rev().find_map(|count| {
                    let head = rest.get(..count)?;
                    let key = head.concat();
                    let small = count == 1 && (key.len() < 2 || SMALL.contains(&key.as_str()));
                    let label = self.by_label.get(key.as_str()).filter(|id| !small && self.labels[**id].used())?;
                    Some((count, *label))
                });
                if let Some((_, label)) = longest
                    && !found.contains(&label)
                {
                    found.push(label);
                }
                rest = rest.get(longest.map_or(1, |(count, _)| count)..).unwrap_or_default();
            }
        }
        let direct = entry.direct();
        found.retain(|label| *label != entry.title && *label != entry.department);
        for label in found.iter().filter(|label| !direct.contains(label)) {
            self.labels[*label].holders.push(slot);
        }
        if let Some(entry) = &mut self.people[slot] {
            entry.mentions = found;
        }
    }

    /// Learns what only shows in the whole: how tags that nobody typed as words are cut, what bios name, which labels are
    /// one thing and which go together. To be called after loading and then now and again; people who come in between
    /// are found by what they list at once. At 50,000 people about two seconds.
    pub fn learn(&mut self) {
        self.learn_parts();
        for id in self.labels.ids() {
            if !self.labels[id].typed && self.labels[id].used() {
                let key = self.labels[id].key.clone();
                if let Some(words) = self.cut(&key) {
                    self.spell(id, &words);
                }
            }
        }
        for slot in self.people.ids() {
            let Some(entry) = &mut self.people[slot] else { continue };
            if entry.bio.is_empty() {
                continue;
            }
            let direct = entry.direct();
            for label in std::mem::take(&mut entry.mentions) {
                if !direct.contains(&label) {
                    self.labels[label].holders.retain(|holder| *holder != slot);
                }
            }
            self.read_bio(slot);
        }
        self.links = Links::learn(self);
    }

    /// Halves of compounds whose other half stands alone somewhere.
    fn learn_parts(&mut self) {
        let mut parts: HashSet<Box<str>> = HashSet::new();
        let used = |term: &TermId| !self.terms[*term].labels.is_empty();
        let stands = |part: &str| self.by_term.get(part).is_some_and(used);
        let root_stands = |part: &str| self.terms_root.get(part).is_some_and(|terms| terms.iter().any(used));
        for (_, term) in self.terms.iter().filter(|(_, term)| term.text.len() >= 9 && !term.labels.is_empty()) {
            for at in 4..term.text.len() - 4 {
                let Some((first, second)) = term.text.split_at_checked(at) else { continue };
                if stands(first) || (at > 5 && root_stands(root(first))) {
                    parts.insert(root(second).into());
                }
                if stands(second) || root_stands(root(second)) {
                    parts.insert(root(first).into());
                    parts.insert(root(first.trim_end_matches('s')).into());
                }
            }
        }
        self.parts = parts;
    }

    /// Cuts a run-together tag into words that are typed elsewhere: fewest pieces, at most one of them unknown.
    fn cut(&self, key: &str) -> Option<Vec<String>> {
        const SMALL_PIECE: u32 = 1;
        const KNOWN_PIECE: u32 = 2;
        const UNKNOWN_PIECE: u32 = 9;
        let typed = |term: &TermId| self.terms[*term].labels.iter().any(|label| self.labels[*label].typed);
        let ends: Vec<usize> = key.char_indices().map(|(at, _)| at).chain([key.len()]).collect();
        // For each end: the cost, where its last piece starts.
        let mut best: HashMap<usize, (u32, usize)> = HashMap::from([(0, (0, 0))]);
        for (nth, end) in ends.iter().copied().enumerate().skip(1) {
            for start in ends.iter().copied().take(nth) {
                let (Some((cost, _)), Some(piece)) = (best.get(&start).copied(), key.get(start..end)) else { continue };
                let (first, last) = (start == 0, end == key.len());
                if first && last {
                    continue;
                }
                let letters = piece.len();
                let known = (letters >= 3 && self.by_term.get(piece).is_some_and(typed))
                    || (letters >= 5 && self.terms_light.get(light(piece)).is_some_and(|ids| ids.iter().any(typed)))
                    || piece.bytes().all(|b| b.is_ascii_digit());
                let more = if SMALL.contains(&piece) && !first && !last {
                    SMALL_PIECE
                } else if known {
                    KNOWN_PIECE
                } else if letters >= 4 && (first || last) {
                    UNKNOWN_PIECE
                } else {
                    continue;
                };
                let total = cost + more;
                if total < 2 * UNKNOWN_PIECE && best.get(&end).is_none_or(|(old, _)| total < *old) {
                    best.insert(end, (total, start));
                }
            }
        }
        let mut words = Vec::new();
        let mut end = key.len();
        while end > 0 {
            let (_, start) = best.get(&end).copied()?;
            words.push(key.get(start..end)?.to_owned());
            end = start;
        }
        words.reverse();
        Some(words)
    }
}

/// `Bluetooth Low Energy` is also asked for as `BLE`, and `TypeScript` as `TS`.
fn initials(words: &[&String], name: &str) -> Option<Box<str>> {
    if words.len() >= 3 {
        let found: String = words.iter().filter_map(|word| word.chars().next()).collect();
        return Some(found.into());
    }
    let humps = words.len() == 1
        && name.chars().next().is_some_and(char::is_uppercase)
        && name.chars().any(char::is_lowercase)
        && name.chars().all(char::is_alphanumeric);
    let capitals: String = name.chars().filter(|c| c.is_uppercase()).flat_map(char::to_lowercase).collect();
    (humps && capitals.chars().count() == 2).then(|| capitals.into())
}
