//! From labels to people.

use super::{
    Day, Stance,
    directory::{Directory, Entry, LabelId, Slot},
    lexicon::{LANGUAGES, language},
    phrase::Senses,
    query::{Wish, may_ask_for_place, read},
    text::{fold, hashtag},
};

/// Why somebody is in an answer, for an edge to word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Lists the tag and wants to be asked about it.
    ListsAsk(String),
    /// Lists the tag as known.
    ListsKnows(String),
    /// So many answers under the tag were accepted in the last twelve months.
    Answered(String, u32),
    /// Has this title.
    Title(String),
    /// Works in this department.
    Department(String),
    /// Works or worked on the project with this id.
    Project(String),
    /// Names this in the bio.
    Bio(String),
    /// Speaks the language with this code.
    Speaks(String),
    /// Works at this site.
    Site(String),
    /// Works with the person of this key, who is in the same answer for better reasons, on the project with this id.
    WorksWith(String, String),
}

/// A person who may know.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The person's [`key`](super::Person::key).
    pub key: String,
    /// How well they fit; comparable within one answer only.
    pub score: f32,
    /// Why, best first; never empty.
    pub reasons: Vec<Reason>,
}

/// Who may know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Best first.
    pub hits: Vec<Hit>,
    /// Nobody the searcher may see: offer to ask the network.
    pub nobody: bool,
    /// How the question was understood.
    pub wish: Wish,
}

/// Days for which an accepted answer counts.
const YEAR: Day = 365;
/// Fit of another name of the same thing.
const SAME: f32 = 0.95;
/// That somebody speaks a language, as if they listed it.
const SPEAKS: f32 = 0.95;
/// Of two skills, who has the lesser one at least this well has both.
const HAS: f32 = 0.2;
/// What the searcher's own site, or at least the same time of day, adds: it only breaks ties.
const SAME_SITE: f32 = 0.001;
const SAME_ZONE: f32 = 0.0005;
/// More than everything that breaks ties adds together.
const MOST_FOR_TIES: f32 = 0.15;
/// An answer of fewer people than this is filled up from labels that fit less well.
const FEW: usize = 3;
/// What it says to work with somebody who knows.
const MATE: f32 = 0.5;
/// What having only one of two is worth.
const ONE_OF_TWO: f32 = 0.3;

/// One skill wanted: how well each label fits it.
#[derive(Default)]
struct Want {
    fit: Vec<f32>,
    /// Those above the limit, best first.
    labels: Vec<(LabelId, f32)>,
    /// The skill is to speak this.
    speaks: Option<&'static str>,
    /// The best fit of a label by its words alone.
    best: f32,
}

impl Want {
    fn of(&self, label: LabelId) -> f32 {
        self.fit.get(label as usize).copied().unwrap_or_default()
    }
}

/// What speaks for a person, for one skill.
#[derive(Default)]
struct Standing {
    score: f32,
    asks: bool,
}

impl Directory {
    /// Who knows what `text` asks for, as somebody at the site `from_site` may see it; at most `limit` people.
    pub fn search(&self, text: &str, from_site: &str, today: Day, limit: usize) -> Answer {
        let wish = self.wish(text);
        let hits = self.hits(&wish, from_site, today, limit);
        let is_name = |site: &String| wish.is_site_implied && self.is_label(site);
        if hits.is_empty() && wish.site.as_ref().is_some_and(is_name) {
            // The name of the site was meant as what it also is.
            let wish = read(text, &|_| false, &|_| true);
            let hits = self.hits(&wish, from_site, today, limit);
            if !hits.is_empty() {
                return Answer { nobody: false, hits, wish };
            }
        }
        Answer { nobody: hits.is_empty(), hits, wish }
    }

    /// Whether this asks for the people of a place that there is, and for nothing else: "who is in Lyon".
    pub fn asks_for_place(&self, text: &str) -> bool {
        let wish = self.wish(text);
        may_ask_for_place(text) && wish.is_site_implied && wish.skills.is_empty()
    }

    fn wish(&self, text: &str) -> Wish {
        read(text, &|name| self.is_site(name), &|name| self.is_skill(name))
    }

    fn hits(&self, wish: &Wish, from_site: &str, today: Day, limit: usize) -> Vec<Hit> {
        if limit == 0 {
            return Vec::new();
        }
        let from = self.place_of(from_site);
        let zone = from.and_then(|site| self.zones.get(&site).copied());
        let site = match &wish.site {
            Some(name) => match self.place_of(name) {
                None => return Vec::new(),
                known => known,
            },
            None => None,
        };
        let project = wish.project.as_ref().map(|name| fold(name));
        let mut senses = Senses::new();
        let wants = self.wants(wish, false, &mut senses);
        let fits = |entry: &Entry| {
            site.is_none_or(|site| site == entry.site)
                && (!entry.site_only || Some(entry.site) == from)
                && wish.language.is_none_or(|code| entry.languages.iter().any(|other| **other == *code))
                && project.as_ref().is_none_or(|name| self.is_member(entry, name))
        };
        let ranked = |wants: &[Want]| {
            let mut scores: Vec<(f32, Slot)> = Vec::new();
            let weigh = |slot: Slot, scores: &mut Vec<(f32, Slot)>| {
                let Some(entry) = self.people[slot].as_ref().filter(|entry| fits(entry)) else { return };
                let score = match wants {
                    [] if project.is_some() => 1.0,
                    [] => self.openness(entry),
                    wants => self.score(entry, wants, today),
                };
                if score > 0.0 {
                    let near = match from {
                        Some(site) if site == entry.site => SAME_SITE,
                        _ if zone == Some(entry.zone) => SAME_ZONE,
                        _ => 0.0,
                    };
                    scores.push((score + near, slot));
                }
            };
            if let [Want { speaks: None, labels, .. }] = wants {
                // Labels that fit best first, until no other can bring anybody into the answer.
                let mut seen = vec![false; self.people.len()];
                let mut checked = f32::MAX;
                for (label, fit) in labels {
                    if scores.len() >= limit && *fit < checked * 0.9 {
                        checked = *fit;
                        let nth = limit.saturating_sub(1).min(scores.len().saturating_sub(1));
                        let (_, worst, _) = scores.select_nth_unstable_by(nth, |a, b| b.0.total_cmp(&a.0));
                        if worst.0 > fit.powf(self.tuning.sharpness) + MOST_FOR_TIES {
                            break;
                        }
                    }
                    for slot in self.holders(*label) {
                        if let Some(seen) = seen.get_mut(slot as usize)
                            && !std::mem::replace(seen, true)
                        {
                            weigh(slot, &mut scores);
                        }
                    }
                }
            } else {
                self.candidates(wants, wish, project.as_deref()).into_iter().for_each(|slot| weigh(slot, &mut scores));
            }
            let best = |a: &(f32, Slot), b: &(f32, Slot)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
            if scores.len() > limit {
                scores.select_nth_unstable_by(limit, best);
                scores.truncate(limit);
            }
            scores.sort_unstable_by(best);
            scores.truncate(limit);
            scores
        };
        let hit = |(score, slot): &(f32, Slot), wants: &[Want]| {
            let entry = self.people[*slot].as_ref()?;
            Some(Hit { key: entry.key.to_string(), score: *score, reasons: self.reasons(entry, wants, wish, today) })
        };
        let sure = ranked(&wants);
        let mut hits: Vec<Hit> = sure.iter().filter_map(|one| hit(one, &wants)).collect();
        if !hits.is_empty() && hits.len() < FEW.min(limit) && !wants.is_empty() {
            let wider = self.wants(wish, true, &mut senses);
            let known = |slot: Slot| sure.iter().any(|(_, other)| *other == slot);
            let mut more: Vec<Hit> =
                ranked(&wider).iter().filter(|one| !known(one.1)).filter_map(|one| hit(one, &wider)).collect();
            more.extend(self.mates(&sure, |slot, entry| !known(slot) && fits(entry)));
            more.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.key.cmp(&b.key)));
            for one in more {
                if hits.len() < FEW.min(limit) && !hits.iter().any(|other| other.key == one.key) {
                    hits.push(one);
                }
            }
        }
        hits
    }

    /// Who works on the same projects as those found, best those who know what the project is about.
    fn mates(&self, found: &[(f32, Slot)], fits: impl Fn(Slot, &Entry) -> bool) -> Vec<Hit> {
        let mut out = Vec::new();
        for (score, slot) in found {
            let Some(who) = &self.people[*slot] else { continue };
            for project in who.projects.iter().map(|at| &self.projects[*at]).filter(|project| project.counts) {
                for mate in &project.members {
                    let Some(entry) = self.people[*mate].as_ref().filter(|entry| fits(*mate, entry)) else { continue };
                    let stances = entry.skills.iter().filter(|(label, _)| project.labels.contains(label));
                    let worth = stances.map(|(_, stance)| match stance {
                        Stance::Ask => 1.0,
                        Stance::Knows => self.tuning.knows,
                        Stance::Learning => 0.0,
                    });
                    let worth = worth.fold(self.tuning.hint, f32::max);
                    let reasons = vec![Reason::WorksWith(who.key.to_string(), project.id.to_string())];
                    out.push(Hit { key: entry.key.to_string(), score: score * MATE * worth, reasons });
                }
            }
        }
        out
    }

    fn is_member(&self, entry: &Entry, name: &str) -> bool {
        entry.projects.iter().any(|project| self.projects[*project].is_called(name))
    }

    /// Everybody a label leads to; some twice.
    fn holders(&self, label: LabelId) -> impl Iterator<Item = Slot> {
        let label = &self.labels[label];
        let counting = label.projects.iter().map(|project| &self.projects[*project]).filter(|project| project.counts);
        label.holders.iter().chain(counting.flat_map(|project| &project.members)).copied()
    }

    /// Everybody any label leads to, once each; where nothing but a condition is asked for, everybody it may fit.
    fn candidates(&self, wants: &[Want], wish: &Wish, project: Option<&str>) -> Vec<Slot> {
        let mut found: Vec<Slot> = Vec::new();
        for want in wants {
            for (label, _) in &want.labels {
                found.extend(self.holders(*label));
            }
            if let Some(code) = want.speaks {
                let speaks = |entry: &Option<Entry>| {
                    entry.as_ref().is_some_and(|entry| entry.languages.iter().any(|other| **other == *code))
                };
                found.extend(self.people.iter().filter(|(_, entry)| speaks(entry)).map(|(slot, _)| slot));
            }
        }
        if let (Some(name), true) = (project, wants.is_empty()) {
            let same = self.projects.iter().filter(|(_, project)| project.is_called(name));
            found.extend(same.flat_map(|(_, project)| &project.members));
        } else if wants.is_empty() && (wish.site.is_some() || wish.language.is_some()) {
            found.extend(self.people.ids());
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The skills wanted; a phrase that is none may be two side by side, and two joined by "and" may be one.
    fn wants(&self, wish: &Wish, wider: bool, senses: &mut Senses) -> Vec<Want> {
        let mut want = |words: &[String]| self.want(words, wish.french, wider, senses);
        if let Some(joined) = &wish.joined {
            let one = want(joined);
            if one.best >= self.tuning.split_from {
                return vec![one];
            }
        }
        let wants: Vec<Want> = wish.skills.iter().map(|words| want(words)).collect();
        let ([only], [words]) = (wants.as_slice(), wish.skills.as_slice()) else { return wants };
        if only.best >= self.tuning.split_below {
            return wants;
        }
        let mut halves: Option<(f32, Want, Want)> = None;
        for cut in 1..words.len() {
            let Some((first, second)) = words.split_at_checked(cut) else { continue };
            let first = want(first);
            if first.best < self.tuning.split_from {
                continue;
            }
            let second = want(second);
            let worst = first.best.min(second.best);
            if worst >= self.tuning.split_from && halves.as_ref().is_none_or(|(best, ..)| worst > *best) {
                halves = Some((worst, first, second));
            }
        }
        halves.map_or(wants, |(_, first, second)| vec![first, second])
    }

    fn want(&self, words: &[String], french: bool, wider: bool, senses: &mut Senses) -> Want {
        let tuning = &self.tuning;
        let mut fits = self.labels_for(words, french, senses);
        let mut speaks = None;
        if let [only] = words {
            speaks = language(only);
            let names = LANGUAGES.iter().filter(|(code, _)| Some(*code) == speaks).flat_map(|(_, names)| *names);
            for name in names.filter(|name| *name != only) {
                fits.extend(self.labels_for(&[(*name).to_owned()], false, senses));
            }
        }
        let mut want = Want { speaks, fit: vec![0.0; self.labels.len()], ..Want::default() };
        let mut raise = |label: LabelId, fit: f32| {
            if let Some(known) = want.fit.get_mut(label as usize).filter(|_| self.labels[label].used()) {
                *known = known.max(fit);
            }
        };
        for (label, fit) in &fits {
            raise(*label, *fit);
            want.best = want.best.max(*fit);
        }
        let floor = if wider { tuning.floor * tuning.wider } else { tuning.floor };
        for (label, fit) in fits.iter().filter(|(_, fit)| *fit >= floor) {
            let Some(concept) = self.links.concept(*label) else { continue };
            self.links.members(concept).iter().for_each(|other| raise(*other, fit * SAME));
            if *fit < tuning.link_from {
                continue;
            }
            for (near, strength) in
                self.links.near(concept).iter().filter(|(_, strength)| *strength > tuning.link_least)
            {
                let fit = fit * (tuning.link_base + tuning.link_gain * strength);
                self.links.members(*near).iter().for_each(|other| raise(*other, fit));
            }
        }
        let best = want.fit.iter().copied().fold(0.0, f32::max);
        let enough = if wider { floor } else { floor.max(tuning.relative * best) };
        for (label, fit) in (0..).zip(&mut want.fit) {
            if *fit >= enough {
                want.labels.push((label, *fit));
            } else {
                *fit = 0.0;
            }
        }
        want.labels.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        want
    }

    /// Where nothing but a condition is asked for, those who want to be asked about something come first.
    fn openness(&self, entry: &Entry) -> f32 {
        let stances = entry.skills.iter().map(|(_, stance)| match stance {
            Stance::Ask => 1.0,
            Stance::Knows => self.tuning.knows,
            Stance::Learning => self.tuning.hint,
        });
        stances.fold(self.tuning.hint, f32::max)
    }

    fn score(&self, entry: &Entry, wants: &[Want], today: Day) -> f32 {
        let all: Vec<Standing> = wants.iter().map(|want| self.standing(entry, want, today)).collect();
        let scores = || all.iter().map(|standing| standing.score);
        let worst = scores().fold(f32::MAX, f32::min);
        if all.len() == 1 {
            worst
        } else if worst >= HAS {
            0.6 * worst + 0.4 * scores().sum::<f32>() / all.len() as f32
        } else {
            all.iter().filter(|one| one.asks).map(|one| one.score * ONE_OF_TWO).fold(0.0, f32::max)
        }
    }

    /// How well a person fits one skill: by stance and how well the label fits, the rest only breaks ties.
    fn standing(&self, entry: &Entry, want: &Want, today: Day) -> Standing {
        let tuning = &self.tuning;
        let fit = |label: LabelId| match want.of(label) {
            fit if fit > 0.0 => fit.powf(tuning.sharpness),
            _ => 0.0,
        };
        let (mut ask, mut knows) = (0.0f32, 0.0f32);
        for (label, stance) in &entry.skills {
            match stance {
                Stance::Ask => ask = ask.max(fit(*label)),
                Stance::Knows => knows = knows.max(fit(*label)),
                Stance::Learning => {}
            }
        }
        if want.speaks.is_some_and(|code| entry.languages.iter().any(|other| **other == *code)) {
            knows = knows.max(SPEAKS);
        }
        let (mut answers, mut answered, mut recent) = (0u32, 0.0f32, 0.0f32);
        let mut last = None;
        for (label, day, answer) in &entry.answers {
            let (fit, age) = (fit(*label), today.saturating_sub(*day));
            if fit > 0.0 && age <= YEAR {
                answered = answered.max(fit);
                // Under two words for one thing it is still one answer.
                if last != Some(answer) {
                    answers += 1;
                    recent += fit * (1.0 - age.max(0) as f32 / YEAR as f32);
                }
                last = Some(answer);
            }
        }
        let title = fit(entry.title);
        let worked = entry.projects.iter().map(|project| &self.projects[*project]).filter(|project| project.counts);
        let other = (entry.mentions.iter())
            .chain(worked.flat_map(|project| &project.labels))
            .chain([&entry.department])
            .map(|label| fit(*label))
            .fold(0.0, f32::max);
        let mut score = ask.max(tuning.knows * knows.max(title)).max(tuning.hint * other);
        score = score.max(match answers {
            0 => 0.0,
            1 => tuning.hint * answered,
            // Who knows and keeps answering is as good as who wants to be asked.
            _ if knows > 0.0 => knows,
            _ => tuning.knows * answered,
        });
        if score > 0.0 {
            score += 0.02 * (1.0 + recent).ln() + 0.01 * (knows + title) + 0.005 * other;
        }
        Standing { score, asks: ask > 0.0 }
    }

    fn reasons(&self, entry: &Entry, wants: &[Want], wish: &Wish, today: Day) -> Vec<Reason> {
        let mut out: Vec<Reason> = Vec::new();
        let mut say = |reason: Reason| {
            if !out.contains(&reason) {
                out.push(reason);
            }
        };
        let name = |label: LabelId| self.labels[label].name.to_string();
        for want in wants {
            let fits = |label: LabelId| want.of(label) > 0.0;
            for (label, stance) in entry.skills.iter().filter(|(label, _)| fits(*label)) {
                match stance {
                    Stance::Ask => say(Reason::ListsAsk(tag(&name(*label)))),
                    Stance::Knows => say(Reason::ListsKnows(tag(&name(*label)))),
                    Stance::Learning => {}
                }
            }
            let (mut counts, mut last): (Vec<(LabelId, u32)>, _) = (Vec::new(), None);
            for (label, day, answer) in &entry.answers {
                if fits(*label) && today.saturating_sub(*day) <= YEAR && last != Some(answer) {
                    last = Some(answer);
                    match counts.iter_mut().find(|(other, _)| other == label) {
                        Some((_, count)) => *count += 1,
                        None => counts.push((*label, 1)),
                    }
                }
            }
            counts.into_iter().for_each(|(label, count)| say(Reason::Answered(tag(&name(label)), count)));
            if fits(entry.title) {
                say(Reason::Title(name(entry.title)));
            }
            if let Some(code) = want.speaks
                && entry.languages.iter().any(|other| **other == *code)
            {
                say(Reason::Speaks(code.to_owned()));
            }
            for project in entry.projects.iter().map(|project| &self.projects[*project]) {
                if project.counts && project.labels.iter().any(|label| fits(*label)) {
                    say(Reason::Project(project.id.to_string()));
                }
            }
            entry.mentions.iter().filter(|label| fits(**label)).for_each(|label| say(Reason::Bio(name(*label))));
            if fits(entry.department) {
                say(Reason::Department(name(entry.department)));
            }
        }
        if wants.is_empty() && wish.site.is_some() {
            say(Reason::Site(self.place_name(entry.site).to_owned()));
        }
        if let Some(code) = wish.language {
            say(Reason::Speaks(code.to_owned()));
        }
        if let Some(project) = &wish.project {
            let project_name = fold(project);
            let same = entry.projects.iter().map(|project| &self.projects[*project]);
            same.filter(|project| project.is_called(&project_name))
                .for_each(|project| say(Reason::Project(project.id.to_string())));
        }
        out
    }
}

/// The hashtag of a name, without the sign.
fn tag(name: &str) -> String {
    hashtag(name).to_lowercase()
}

impl Directory {
    /// The labels a question leads to and how well they fit, best first: why an answer is what it is.
    pub fn explain(&self, text: &str) -> Vec<Vec<(String, f32)>> {
        let wants = self.wants(&self.wish(text), false, &mut Senses::new());
        let names =
            |want: &Want| want.labels.iter().map(|(label, fit)| (self.labels[*label].name.to_string(), *fit)).collect();
        wants.iter().map(names).collect()
    }
}
