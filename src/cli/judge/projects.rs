//! `judge projects`: the duplicate check on a labelled set, by the protocol of the set: each project in turn is the new
//! one and all others exist; each draft is a question to the full register. Nothing is learnt from the labels.

use super::{
    Failure, Global, folder,
    metrics::{Answer, Figures, LabelledSet},
    plain::{self, Compared},
    print,
};
use crate::matching::projects::{
    Candidate, KINDS, Limits, Project, Register, Tuning, concepts::Concepts, concepts::SHIPPED, scale,
};
use clap::Args;
use serde_json::{Value, json};
use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Instant};

/// Which set, and what else to measure.
#[derive(Debug, Args)]
pub struct ProjectsArgs {
    /// Folder of the labelled set (`--set DIR` does as well)
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Size of the register at which the time of an answer is measured; 0 leaves it out
    #[arg(long, default_value_t = 10_000, value_name = "PROJECTS")]
    scale: usize,
    /// Measure plain methods on the same set, to compare
    #[arg(long)]
    compare: bool,
    /// Leave out the smaller registers, which take most of the time and have no bars
    #[arg(long)]
    whole: bool,
}

/// Candidates shown.
const SHOWN: usize = 5;
/// Projects that the limits of the large register are measured on.
const MEASURED: usize = 128;
/// Parts of the register on which the limits are tried again: shares, each this many times.
const PARTS: [(f64, u8); 3] = [(0.25, 8), (0.5, 8), (0.75, 8)];

/// What must be reached (issue and product.md, N4): figure, least or most, and whether less is better.
const LIST_BARS: &[(&str, f64, bool)] = &[
    ("recall_same_language", 0.88, false),
    ("recall_paraphrase", 0.78, false),
    ("recall_cross_language", 0.50, false),
    ("drafts_recall_same_language", 0.93, false),
];
const WARNING_BARS: &[(&str, f64, bool)] = &[
    ("recall_same_language", 0.58, false),
    ("false_alarms_per_registration", 0.20, true),
    ("precision_same_against_related", 0.90, false),
    ("unique_projects_warned", 0.15, true),
    ("empty_drafts_answered", 0.20, true),
];

/// Milliseconds in which 95 of 100 questions to the register of the set's size or larger are answered.
const P95_MS: f64 = 25.0;

/// The bars that are not reached; a figure that the set says nothing about misses none.
fn missed(list: &Figures, warning: &Figures, times: Option<&Times>) -> Vec<String> {
    let mut missed = Vec::new();
    for (part, figures, bars) in [("list", list, LIST_BARS), ("warning", warning, WARNING_BARS)] {
        for (name, value) in figures.rows() {
            let is_missed = |(figure, bar, less): &(&str, f64, bool)| {
                *figure == name && !value.is_nan() && if *less { value > *bar } else { value < *bar }
            };
            if bars.iter().any(is_missed) {
                missed.push(format!("{part}.{name}"));
            }
        }
    }
    if times.is_some_and(|times| times.p95_ms > P95_MS) {
        missed.push("p95_ms".to_owned());
    }
    missed
}

struct Times {
    projects: usize,
    fill_ms: f64,
    /// For [`MEASURED`] projects.
    calibrate_ms: f64,
    p50_ms: f64,
    p95_ms: f64,
}

struct Part {
    projects: f64,
    false_alarms: f64,
    recall: f64,
}

pub fn run(arguments: &ProjectsArgs, global: &Global) -> Result<(), Failure> {
    let set = LabelledSet::read(&folder(arguments.folder.as_ref(), global)?)?;
    let (list, warning, limits) = judge(&set, &SHIPPED, Tuning::SHIPPED);
    let smaller = if arguments.whole { &[][..] } else { &PARTS[..] };
    let parts: Vec<Part> = smaller.iter().map(|(share, times)| part(&set, *share, *times)).collect();
    let times = (arguments.scale > 0).then(|| measure(&set, arguments.scale));
    let mut compared = Vec::new();
    if arguments.compare {
        compared = plain::compare(&set);
        compared.extend(kinds(&set));
    }
    if global.json {
        let value = as_json(&set, &list, &warning, limits, &parts, times.as_ref(), &compared);
        return print(&value.to_string());
    }
    print(&as_text(&set, &list, &warning, limits, &parts, times.as_ref(), &compared))
}

fn filled(projects: &[Project], concepts: &Arc<Concepts>, tuning: Tuning) -> Register {
    let mut register = Register::new(concepts.clone(), tuning);
    for project in projects {
        register.insert(project.clone());
    }
    register.calibrate(usize::MAX);
    register
}

/// Always five, and those above the limits.
fn judge(set: &LabelledSet, concepts: &Arc<Concepts>, tuning: Tuning) -> (Figures, Figures, Option<Limits>) {
    let mut register = filled(&set.projects, concepts, tuning);
    let limits = register.limits();
    let places = set.places();
    let mut lists = (Vec::new(), Vec::new());
    let mut warnings = (Vec::new(), Vec::new());
    for project in &set.projects {
        register.remove(&project.key);
        let found = register.candidates(&project.draft(), SHOWN, None);
        register.insert(project.clone());
        lists.0.push(answer(&places, &found, |_| Some(true)));
        warnings.0.push(answer(&places, &found, |c| c.warn.then_some(c.same)));
    }
    for draft in &set.drafts {
        let found = register.candidates_for_text(&draft.text, SHOWN);
        lists.1.push(answer(&places, &found, |_| Some(true)));
        warnings.1.push(answer(&places, &found, |c| c.warn.then_some(c.same)));
    }
    (Figures::of(set, &lists.0, &lists.1), Figures::of(set, &warnings.0, &warnings.1), limits)
}

/// Each kind of feature alone, and all but one.
fn kinds(set: &LabelledSet) -> Vec<Compared> {
    let names = ["runs of letters", "word stems", "meanings", "tags", "name and tags"];
    let only = |keep: &dyn Fn(usize) -> bool| {
        let mut tuning = Tuning::SHIPPED;
        for weights in [&mut tuning.project, &mut tuning.draft] {
            for (kind, weight) in weights.iter_mut().enumerate().take(KINDS) {
                *weight = if keep(kind) { *weight } else { 0.0 };
            }
        }
        tuning
    };
    let compared_with = |name: String, concepts: &Arc<Concepts>, tuning: Tuning| {
        let (list, warning, _) = judge(set, concepts, tuning);
        Compared { name, list, warning }
    };
    let compared = |name: String, tuning: Tuning| compared_with(name, &SHIPPED, tuning);
    let alone = names.iter().enumerate().map(|(kind, name)| compared(format!("{name} alone"), only(&|k| k == kind)));
    let without =
        names.iter().enumerate().map(|(kind, name)| compared(format!("without {name}"), only(&|k| k != kind)));
    let last = [
        compared_with("without the list of words".into(), &Arc::new(Concepts::default()), Tuning::SHIPPED),
        compared("everything".into(), Tuning::SHIPPED),
    ];
    alone.chain(without).chain(last).collect()
}

fn answer(places: &HashMap<&str, usize>, found: &[Candidate], show: impl Fn(&Candidate) -> Option<bool>) -> Answer {
    Answer(found.iter().filter_map(|c| Some((*places.get(c.key.as_str())?, show(c)?))).collect())
}

/// A smaller register with limits of its own: the mean over several picks. The limits carry over when its false alarms
/// are those of the whole.
fn part(set: &LabelledSet, share: f64, times: u8) -> Part {
    let places = set.places();
    let mut sum = Part { projects: 0.0, false_alarms: 0.0, recall: 0.0 };
    let (mut found_twins, mut twins) = (0, 0);
    for pick in 0..times {
        let chosen: Vec<Project> = set.projects.iter().filter(|p| in_part(&p.key, pick, share)).cloned().collect();
        let register = filled(&chosen, &SHIPPED, Tuning::SHIPPED);
        let mut answers = vec![Answer::default(); set.projects.len()];
        for project in &chosen {
            let found = register.candidates(&project.draft(), SHOWN, Some(&project.key));
            if let Some(place) = places.get(project.key.as_str()).and_then(|at| answers.get_mut(*at)) {
                *place = answer(&places, &found, |c| c.warn.then_some(c.same));
            }
        }
        let figures = Figures::of(set, &answers, &[]);
        sum.projects += chosen.len() as f64 / f64::from(times);
        sum.false_alarms += figures.false_alarms.hits as f64 / chosen.len().max(1) as f64 / f64::from(times);
        found_twins += figures.same_language().all().hits;
        twins += set.same_language_twins(|key| in_part(key, pick, share));
    }
    sum.recall = f64::from(found_twins as u32) / f64::from(twins as u32);
    sum
}

fn in_part(key: &str, pick: u8, share: f64) -> bool {
    let hash = crate::matching::projects::space::feature(pick, key).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((hash >> 40) as f64) < share * f64::from(1_u32 << 24)
}

/// The set among invented projects; every project and draft of the set is asked once.
fn measure(set: &LabelledSet, size: usize) -> Times {
    let mut projects = set.projects.clone();
    projects.extend(scale::projects(&set.projects, size.saturating_sub(projects.len())));
    let begin = Instant::now();
    let mut register = Register::default();
    for project in projects {
        register.insert(project);
    }
    let fill_ms = begin.elapsed().as_secs_f64() * 1e3;
    let begin = Instant::now();
    register.calibrate(MEASURED);
    let calibrate_ms = begin.elapsed().as_secs_f64() * 1e3;
    let mut times = Vec::new();
    for project in &set.projects {
        let begin = Instant::now();
        std::hint::black_box(register.candidates(&project.draft(), SHOWN, Some(&project.key)));
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    for draft in &set.drafts {
        let begin = Instant::now();
        std::hint::black_box(register.candidates_for_text(&draft.text, SHOWN));
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    Times { projects: register.len(), fill_ms, calibrate_ms, p50_ms: at(0.5), p95_ms: at(0.95) }
}

fn as_json(
    set: &LabelledSet,
    list: &Figures,
    warning: &Figures,
    limits: Option<Limits>,
    parts: &[Part],
    times: Option<&Times>,
    compared: &[Compared],
) -> Value {
    let parts: Vec<Value> = parts
        .iter()
        .map(|p| {
            json!({ "projects": p.projects, "false_alarms_per_registration": p.false_alarms,
                    "recall_same_language": p.recall })
        })
        .collect();
    let compared: Vec<Value> = compared
        .iter()
        .map(|c| json!({ "method": c.name, "list": c.list.json(), "warning": c.warning.json() }))
        .collect();
    json!({
        "projects": set.projects.len(),
        "drafts": set.drafts.len(),
        "limits": limits.map(|l| json!({ "project": l.project, "same": l.same, "draft": l.draft })),
        "list": list.json(),
        "warning": warning.json(),
        "smaller_registers": parts,
        "bars_missed": missed(list, warning, times),
        "time": times.map(|t| json!({ "projects": t.projects, "p50_ms": t.p50_ms, "p95_ms": t.p95_ms,
                                   "fill_ms": t.fill_ms, "calibrate_ms": t.calibrate_ms, "measured": MEASURED })),
        "compared": compared,
    })
}

fn as_text(
    set: &LabelledSet,
    list: &Figures,
    warning: &Figures,
    limits: Option<Limits>,
    parts: &[Part],
    times: Option<&Times>,
    compared: &[Compared],
) -> String {
    let mut text = format!("{} projects, {} drafts\n\n", set.projects.len(), set.drafts.len());
    text.push_str(&format!("{:38} {:>7} {:>10} {:>9} {:>10}\n", "", "list", "", "warning", ""));
    for ((name, listed), (_, warned)) in list.rows().into_iter().zip(warning.rows()) {
        let figure = |value: f64| if value.is_nan() { "-".to_owned() } else { format!("{value:.3}") };
        let bar = |bars: &[(&str, f64, bool)], value: f64| {
            let bar = bars.iter().find(|(figure, ..)| *figure == name && !value.is_nan());
            bar.map_or(String::new(), |(_, bar, less)| {
                let (sign, met) = if *less { ("<=", value <= *bar) } else { (">=", value >= *bar) };
                format!("{sign} {bar:.2}{}", if met { "" } else { " !" })
            })
        };
        text.push_str(&format!(
            "{:38} {:>7} {:>10} {:>9} {:>10}\n",
            name.replace('_', " "),
            figure(listed),
            bar(LIST_BARS, listed),
            figure(warned),
            bar(WARNING_BARS, warned),
        ));
    }
    match limits {
        Some(l) => text.push_str(&format!(
            "\nLimits measured on this register: project {:.2}, same work {:.2}, draft {:.2}\n",
            l.project, l.same, l.draft
        )),
        None => text.push_str("\nToo few projects to measure limits: nothing is announced.\n"),
    }
    if !parts.is_empty() {
        text.push_str("\nSmaller registers, each with limits of its own (means)\n");
    }
    for part in parts {
        text.push_str(&format!(
            "{:>8.0} projects: {:.3} false alarms per registration, recall same-language {:.3}\n",
            part.projects, part.false_alarms, part.recall
        ));
    }
    if let Some(t) = times {
        text.push_str(&format!(
            "\nAnswer at {} projects: p50 {:.1} ms, p95 {:.1} ms; filled in {:.0} ms, limits by {MEASURED} projects in {:.0} ms\n",
            t.projects, t.p50_ms, t.p95_ms, t.fill_ms, t.calibrate_ms
        ));
    }
    if !compared.is_empty() {
        text.push_str(&format!(
            "\n{:36} {:>12} {:>11} {:>8} {:>6} {:>14} {:>8}\n",
            "method", "list: same", "paraphrase", "overlap", "cross", "warning: same", "drafts"
        ));
    }
    for c in compared {
        let all = |halves: super::metrics::Halves| halves.all().value();
        text.push_str(&format!(
            "{:36} {:>12.2} {:>11.2} {:>8.2} {:>6.2} {:>14.2} {:>8.2}\n",
            c.name,
            all(c.list.same_language()),
            all(c.list.paraphrase),
            all(c.list.overlap),
            all(c.list.cross_language()),
            all(c.warning.same_language()),
            c.list.drafts_same_language.value(),
        ));
    }
    text
}
