//! `judge people`: the expert search on a labelled set, by the protocol of the set: the engine is given the text of each
//! question and where the searcher sits, and nothing else. Nothing is learnt from the labels.

use super::{Failure, Global, folder, print};
use crate::{
    matching::people::{
        Accepted, Answer, Day, Directory, Listed, Person, Progress, Project, Reason, Skill, Stance, Tuning,
    },
    telemetry::Usage,
};
use chrono::{Datelike, NaiveDate};
use clap::Args;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    time::Instant,
};

/// Which set, and what else to measure.
#[derive(Debug, Args)]
pub struct PeopleArgs {
    /// Folder of the labelled set (`--set DIR` does as well)
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Measure time and memory with these people, too: a folder with people.jsonl and projects.jsonl, or people.jsonl
    #[arg(long, value_name = "FILE")]
    scale: Option<PathBuf>,
    /// The day the search is made on
    #[arg(long, default_value = "2026-11-01", value_name = "DATE")]
    today: NaiveDate,
    /// List the questions that were not answered right
    #[arg(long)]
    misses: bool,
    /// List the pairs of tags proposed for the alias list
    #[arg(long)]
    proposals: bool,
    /// Measure weaker variants of the method on the same set, to compare
    #[arg(long)]
    compare: bool,
}

/// People per answer.
const PEOPLE: usize = 10;
/// How often every question is asked when time is measured.
const ROUNDS: usize = 3;

/// What must be reached (issue and product.md, N1): figure and least, or most for the last.
const BARS: &[(&str, f64)] = &[
    ("success_at_1", 0.68),
    ("success_at_3", 0.75),
    ("success_at_3_without_wall", 0.88),
    ("acceptable_at_3_without_wall", 0.96),
    ("success_at_3_typo", 0.85),
    ("success_at_3_two", 0.80),
    ("success_at_3_rare", 0.80),
    ("success_at_3_alias", 0.95),
];
const FALSE_POSITIVES: f64 = 0.05;
const P95_MS: f64 = 15.0;

#[derive(Deserialize)]
struct PersonRow {
    handle: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    department: String,
    site: String,
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    languages: Vec<String>,
    #[serde(default)]
    bio: String,
    skills: Vec<SkillRow>,
    projects: Vec<String>,
    accepted: Vec<AcceptedRow>,
    listed: String,
    left_on: Option<String>,
}

#[derive(Deserialize)]
struct SkillRow {
    name: String,
    stance: String,
}

#[derive(Deserialize)]
struct AcceptedRow {
    tag: String,
    date: NaiveDate,
}

#[derive(Deserialize)]
struct ProjectRow {
    id: String,
    name: String,
    tags: Vec<String>,
    state: String,
}

#[derive(Deserialize)]
struct QueryRow {
    id: String,
    text: String,
    lang: String,
    from_site: String,
    relevant: HashMap<String, u8>,
    kinds: Vec<String>,
}

impl QueryRow {
    fn is(&self, kind: &str) -> bool {
        self.kinds.iter().any(|other| other == kind)
    }
    /// Somebody visible knows it.
    fn answerable(&self) -> bool {
        !self.is("nobody") && !self.is("neighbour")
    }
}

/// The people of the set by key, to check answers against.
type People = HashMap<String, Person>;

/// Sums over questions.
#[derive(Clone, Copy, Default)]
struct Sums {
    questions: f64,
    success_at_1: f64,
    success_at_3: f64,
    acceptable_at_3: f64,
    ndcg_at_5: f64,
}

impl Sums {
    fn add(&mut self, answer: &Answer, query: &QueryRow) {
        let grade = |at: usize| answer.hits.get(at).and_then(|hit| query.relevant.get(&hit.key)).copied().unwrap_or(0);
        let one = |yes: bool| f64::from(u8::from(yes));
        self.questions += 1.0;
        self.success_at_1 += one(grade(0) == 2);
        self.success_at_3 += one((0..3).any(|at| grade(at) == 2));
        self.acceptable_at_3 += one((0..3).any(|at| grade(at) > 0));
        let gain = |(at, grade): (usize, u8)| (2f64.powi(i32::from(grade)) - 1.0) / ((at + 2) as f64).log2();
        let mut ideal: Vec<u8> = query.relevant.values().copied().collect();
        ideal.sort_unstable_by(|a, b| b.cmp(a));
        let best: f64 = ideal.into_iter().take(5).enumerate().map(gain).sum();
        if best > 0.0 {
            self.ndcg_at_5 += (0..5).map(|at| (at, grade(at))).map(gain).sum::<f64>() / best;
        }
    }

    fn json(self) -> Value {
        let mean = |sum: f64| rounded(sum / self.questions.max(1.0));
        json!({
            "questions": self.questions as u64,
            "success_at_1": mean(self.success_at_1),
            "success_at_3": mean(self.success_at_3),
            "acceptable_at_3": mean(self.acceptable_at_3),
            "ndcg_at_5": mean(self.ndcg_at_5),
        })
    }
}

fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

pub(super) fn run(arguments: &PeopleArgs, global: &Global) -> Result<(), Failure> {
    let folder = folder(arguments.folder.as_ref(), global)?;
    let today = day(arguments.today);
    let queries: Vec<QueryRow> = rows(&folder.join("queries.jsonl"))?.collect::<Result<_, _>>()?;
    let people_file = folder.join("people.jsonl");
    let mut people = People::new();
    let mut keep = |person: Person| drop(people.insert(person.key.clone(), person));
    let mut directory = load(&folder, &people_file, Tuning::default(), &mut keep)?;
    let mut report = judge(&directory, &queries, &people, today, arguments.misses);
    report.insert("success_at_3_with_a_slip".into(), json!(slipped(&directory, &queries, today)));
    report.insert("answered_without_the_relevant".into(), json!(held_out(&mut directory, &queries, &people, today)));
    if arguments.proposals {
        let pairs = directory.proposals().iter().map(|pair| {
            json!({ "asked": pair.asked, "listed": pair.listed, "people": pair.people, "answers": pair.answers,
                    "share": rounded(f64::from(pair.share)) })
        });
        report.insert("proposals".into(), pairs.collect());
    }
    if arguments.compare {
        report.insert("compared".into(), compare(&folder, &queries, &people, today)?);
    }
    drop(directory);
    if let Some(scale) = &arguments.scale {
        report.insert("scale".into(), measure(scale, &folder, &queries, today)?);
    }
    let failed = bars(&report);
    report.insert("bars_missed".into(), json!(failed));
    let report = Value::Object(report);
    print(&if global.json { report.to_string() } else { readable(&report) })
}

fn day(date: NaiveDate) -> Day {
    // 1970-01-01 is day 719,163 of the common era.
    date.num_days_from_ce() - 719_163
}

/// The lines of a JSON Lines file.
fn rows<T: DeserializeOwned>(path: &Path) -> Result<impl Iterator<Item = Result<T, Failure>>, Failure> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|e| Failure::new(format!("{name}: {e}")))?;
    let lines = BufReader::new(file).lines().enumerate();
    let lines = lines.filter(|(_, line)| line.as_ref().map_or(true, |line| !line.trim().is_empty()));
    Ok(lines.map(move |(at, line)| {
        let wrong = |error: String| Failure::new(format!("{name}:{}: {error}", at + 1));
        let line = line.map_err(|e| wrong(e.to_string()))?;
        serde_json::from_str(&line).map_err(|e| wrong(e.to_string()))
    }))
}

/// The texts of the questions in a folder.
pub(in crate::cli) fn questions(folder: &Path) -> Result<Vec<String>, Failure> {
    rows::<QueryRow>(&folder.join("queries.jsonl"))?.map(|row| row.map(|row| row.text)).collect()
}

/// The people in a file, one after the other.
pub(in crate::cli) fn read(people: &Path, keep: &mut dyn FnMut(Person)) -> Result<(), Failure> {
    rows::<PersonRow>(people)?.try_for_each(|row| row.map(|row| keep(person(row))))
}

/// The alias list of a folder, empty where there is none.
pub(in crate::cli) fn aliases(folder: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let file = folder.join("aliases.json");
    if !file.exists() {
        return Ok(BTreeMap::new());
    }
    let text = std::fs::read_to_string(&file)?;
    serde_json::from_str(&text).map_err(|e| Failure::new(format!("{}: {e}", file.display())))
}

/// The organisation in a folder as a directory, with the people in another file perhaps; every person is handed on.
fn load(folder: &Path, people: &Path, tuning: Tuning, keep: &mut dyn FnMut(Person)) -> Result<Directory, Failure> {
    let mut directory = Directory::with_tuning(tuning);
    directory.set_aliases(aliases(folder)?.iter().map(|(a, b)| (a.as_str(), b.as_str())));
    let projects = people.with_file_name("projects.jsonl");
    if projects.exists() {
        for row in rows::<ProjectRow>(&projects)? {
            directory.put_project(&project(row?));
        }
    }
    read(people, &mut |person| {
        directory.put(&person);
        keep(person);
    })?;
    directory.learn();
    Ok(directory)
}

fn project(row: ProjectRow) -> Project {
    let progress = if matches!(row.state.as_str(), "idea" | "stopped") { Progress::Unproven } else { Progress::Worked };
    Project { id: row.id, name: row.name, tags: row.tags, progress }
}

fn person(row: PersonRow) -> Person {
    let stance = |stance: &str| match stance {
        "ask" => Stance::Ask,
        "knows" => Stance::Knows,
        _ => Stance::Learning,
    };
    Person {
        key: row.handle,
        title: row.title,
        department: row.department,
        site: row.site,
        time_zone: row.time_zone,
        languages: row.languages,
        bio: row.bio,
        skills: row.skills.into_iter().map(|skill| Skill { stance: stance(&skill.stance), name: skill.name }).collect(),
        projects: row.projects,
        accepted: (0..)
            .zip(row.accepted)
            .map(|(answer, one)| Accepted { answer, tag: one.tag, day: day(one.date) })
            .collect(),
        listed: match row.listed.as_str() {
            "organisation" => Listed::Organisation,
            "site" => Listed::Site,
            _ => Listed::Unlisted,
        },
        left: row.left_on.is_some(),
    }
}

/// Asks every question and counts.
fn judge(
    directory: &Directory,
    queries: &[QueryRow],
    people: &People,
    today: Day,
    list_misses: bool,
) -> Map<String, Value> {
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    let (mut nobody, mut false_positives, mut neighbour, mut neighbour_right) = (0u32, 0u32, 0u32, 0u32);
    let (mut breaches, mut without_reason) = (0u32, 0u32);
    let mut misses = Vec::new();
    for query in queries {
        let answer = directory.search(&query.text, &query.from_site, today, PEOPLE);
        for hit in &answer.hits {
            let seen = people.get(&hit.key).is_some_and(|person| {
                let near = person.listed != Listed::Site || person.site == query.from_site;
                !person.left && person.listed != Listed::Unlisted && near
            });
            breaches += u32::from(!seen);
            without_reason += u32::from(hit.reasons.is_empty());
        }
        let first = answer.hits.first().and_then(|hit| query.relevant.get(&hit.key)).copied();
        let right = if query.is("nobody") {
            nobody += 1;
            false_positives += u32::from(!answer.hits.is_empty());
            answer.hits.is_empty()
        } else if query.is("neighbour") {
            neighbour += 1;
            let right = answer.hits.is_empty() || first.is_some();
            neighbour_right += u32::from(right);
            right
        } else {
            let half = if query.id.bytes().fold(7u32, |hash, b| hash.wrapping_mul(31) ^ u32::from(b)) & 4 == 0 {
                "a"
            } else {
                "b"
            };
            let mut groups = vec!["all".to_owned(), format!("language {}", query.lang), format!("half {half}")];
            groups.extend(query.kinds.iter().map(|kind| format!("kind {kind}")));
            if !query.is("wall") {
                groups.push("without wall".to_owned());
            }
            groups.into_iter().for_each(|group| sums.entry(group).or_default().add(&answer, query));
            answer.hits.iter().take(3).any(|hit| query.relevant.get(&hit.key) == Some(&2))
        };
        if list_misses && !right {
            misses.push(miss(query, &answer));
        }
    }
    let groups: Map<String, Value> = sums.into_iter().map(|(group, sums)| (group, sums.json())).collect();
    let share = |part: u32, whole: u32| rounded(f64::from(part) / f64::from(whole.max(1)));
    let mut report = Map::new();
    report.insert("questions".into(), json!(queries.len()));
    report.insert("people".into(), json!(directory.people()));
    report.insert("answerable".into(), Value::Object(groups));
    report.insert("false_positives_on_nobody".into(), json!(share(false_positives, nobody)));
    report.insert("neighbour_right".into(), json!(share(neighbour_right, neighbour)));
    report.insert("privacy_breaches".into(), json!(breaches));
    report.insert("hits_without_reason".into(), json!(without_reason));
    if list_misses {
        report.insert("misses".into(), json!(misses));
    }
    report
}

fn miss(query: &QueryRow, answer: &Answer) -> Value {
    let hits = answer.hits.iter().take(3).map(|hit| {
        let grade = query.relevant.get(&hit.key).copied().unwrap_or(0);
        json!({ "person": hit.key, "grade": grade, "because": hit.reasons.iter().map(because).collect::<Vec<_>>() })
    });
    json!({ "id": query.id, "text": query.text, "kinds": query.kinds, "hits": hits.collect::<Vec<_>>() })
}

/// A reason in words.
fn because(reason: &Reason) -> String {
    match reason {
        Reason::ListsAsk(tag) => format!("ask me about #{tag}"),
        Reason::ListsKnows(tag) => format!("lists #{tag}"),
        Reason::Answered(tag, 1) => format!("answered a question on #{tag}"),
        Reason::Answered(tag, count) => format!("answered {count} questions on #{tag}"),
        Reason::Title(title) => format!("is {title}"),
        Reason::Department(department) => format!("works in {department}"),
        Reason::Project(id) => format!("works on {id}"),
        Reason::Bio(name) => format!("names {name}"),
        Reason::Speaks(code) => format!("speaks {code}"),
        Reason::Site(name) => format!("works at {name}"),
        Reason::WorksWith(key, id) => format!("works with {key} on {id}"),
    }
}

/// Success at three over the answerable questions without `wall` and `typo`, when two letters in the middle of the longest
/// word are swapped: no set can be fitted to that.
fn slipped(directory: &Directory, queries: &[QueryRow], today: Day) -> f64 {
    let mut sums = Sums::default();
    for query in queries.iter().filter(|query| query.answerable() && !query.is("wall") && !query.is("typo")) {
        let words: Vec<&str> = query.text.split(' ').collect();
        let longest = words.iter().enumerate().max_by_key(|(_, word)| word.chars().count()).map(|(at, _)| at);
        let text = words.iter().enumerate().map(|(at, word)| {
            let mut letters: Vec<char> = word.chars().collect();
            if Some(at) == longest && letters.len() >= 7 {
                let middle = letters.len() / 2;
                letters.swap(middle, middle + 1);
            }
            letters.into_iter().collect::<String>()
        });
        let text = text.collect::<Vec<String>>().join(" ");
        sums.add(&directory.search(&text, &query.from_site, today, PEOPLE), query);
    }
    rounded(sums.success_at_3 / sums.questions.max(1.0))
}

/// The share of the same questions that are answered although everybody relevant is taken out: some by neighbours, which
/// is right, the others wrongly. No set can be fitted to that either.
fn held_out(directory: &mut Directory, queries: &[QueryRow], people: &People, today: Day) -> f64 {
    let (mut asked, mut answered) = (0u32, 0u32);
    for query in queries.iter().filter(|query| query.answerable() && !query.is("wall")) {
        query.relevant.keys().for_each(|key| directory.remove(key));
        let answer = directory.search(&query.text, &query.from_site, today, PEOPLE);
        asked += 1;
        answered += u32::from(!answer.nobody);
        query.relevant.keys().filter_map(|key| people.get(key)).for_each(|person| directory.put(person));
    }
    rounded(f64::from(answered) / f64::from(asked.max(1)))
}

/// The bars that a report does not reach.
fn bars(report: &Map<String, Value>) -> Vec<String> {
    let report = Value::Object(report.clone());
    let figure = |group: &str, name: &str| at(&report, &["answerable", group, name]).as_f64();
    let reached = |name: &str| match name {
        "success_at_1" | "success_at_3" => figure("all", name),
        "success_at_3_without_wall" => figure("without wall", "success_at_3"),
        "acceptable_at_3_without_wall" => figure("without wall", "acceptable_at_3"),
        _ => figure(&format!("kind {}", name.trim_start_matches("success_at_3_")), "success_at_3"),
    };
    let mut missed: Vec<String> = BARS
        .iter()
        .filter(|(name, least)| reached(name).is_some_and(|is| is < *least))
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let too_much =
        [("false_positives_on_nobody", FALSE_POSITIVES), ("privacy_breaches", 0.0), ("hits_without_reason", 0.0)];
    missed.extend(
        too_much
            .iter()
            .filter(|(name, most)| at(&report, &[*name]).as_f64().is_some_and(|is| is > *most))
            .map(|(name, _)| (*name).to_owned()),
    );
    if at(&report, &["scale", "p95_ms"]).as_f64().is_some_and(|is| is > P95_MS) {
        missed.push("p95_ms".to_owned());
    }
    missed
}

/// Time and memory with many people.
fn measure(scale: &Path, folder: &Path, queries: &[QueryRow], today: Day) -> Result<Value, Failure> {
    let people = if scale.is_dir() { scale.join("people.jsonl") } else { scale.to_owned() };
    let resident = || Usage::of_this_process().map_or(0, |usage| usage.resident);
    let (before, start) = (resident(), Instant::now());
    let mut rows = 0u32;
    let mut directory = load(folder, &people, Tuning::default(), &mut |_| rows += 1)?;
    let build = start.elapsed();
    let after = resident();
    let start = Instant::now();
    directory.learn();
    let learn = start.elapsed();
    let mut times = Vec::with_capacity(queries.len() * ROUNDS);
    for query in std::iter::repeat_n(queries, ROUNDS).flatten() {
        let start = Instant::now();
        std::hint::black_box(directory.search(&query.text, &query.from_site, today, PEOPLE));
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1))).copied().map(rounded)
    };
    Ok(json!({
        "people": rows,
        "people_listed": directory.people(),
        "searches": times.len(),
        "mean_ms": rounded(times.iter().sum::<f64>() / times.len().max(1) as f64),
        "p50_ms": at(0.5),
        "p95_ms": at(0.95),
        "max_ms": at(1.0),
        "memory_mib": after.saturating_sub(before) >> 20,
        "build_s": rounded(build.as_secs_f64()),
        "learn_s": rounded(learn.as_secs_f64()),
    }))
}

/// The same set with parts of the method taken away.
fn compare(folder: &Path, queries: &[QueryRow], people: &People, today: Day) -> Result<Value, Failure> {
    let all = Tuning::default;
    // A fit no label can have.
    const NEVER: f32 = 2.0;
    let variants = [
        ("everything", all()),
        ("no weight on heads", Tuning { head: 1.0, ..all() }),
        ("no alias list", Tuning { alias: 0.0, alias_of_alias: 0.0, ..all() }),
        ("no links from answers", Tuning { link_from: NEVER, ..all() }),
        ("no names inside a question", Tuning { contained: 0.0, containing: 0.0, ..all() }),
        ("no splitting into two skills", Tuning { split_below: 0.0, ..all() }),
        ("no filling up", Tuning { wider: 1.0, ..all() }),
        ("stance first, fit hardly", Tuning { sharpness: 0.3, ..all() }),
        ("fit only, no stance", Tuning { knows: 1.0, hint: 1.0, ..all() }),
    ];
    let mut out = Vec::new();
    for (name, tuning) in variants {
        let directory = load(folder, &folder.join("people.jsonl"), tuning, &mut drop)?;
        let report = Value::Object(judge(&directory, queries, people, today, false));
        let group = |group: &str, name: &str| at(&report, &["answerable", group, name]).clone();
        out.push(json!({
            "variant": name,
            "success_at_1": group("all", "success_at_1"),
            "success_at_3": group("all", "success_at_3"),
            "success_at_3_without_wall": group("without wall", "success_at_3"),
            "acceptable_at_3_without_wall": group("without wall", "acceptable_at_3"),
            "false_positives_on_nobody": at(&report, &["false_positives_on_nobody"]),
        }));
    }
    Ok(Value::Array(out))
}

/// What lies under these names; null where nothing does.
fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().try_fold(value, |value, name| value.get(name)).unwrap_or(&Value::Null)
}

fn readable(report: &Value) -> String {
    let mut out = String::new();
    let number = |value: &Value| value.as_f64().map_or_else(|| value.to_string(), |figure| format!("{figure}"));
    out.push_str(&format!("{} questions to {} listed people\n\n", at(report, &["questions"]), at(report, &["people"])));
    out.push_str("                   n  success@1  success@3  acceptable@3  nDCG@5\n");
    for (group, sums) in at(report, &["answerable"]).as_object().into_iter().flatten() {
        let figure = |name: &str| at(sums, &[name]).as_f64().unwrap_or_default();
        out.push_str(&format!(
            "{group:15} {:>4}  {:>9.3}  {:>9.3}  {:>12.3}  {:>6.3}\n",
            at(sums, &["questions"]),
            figure("success_at_1"),
            figure("success_at_3"),
            figure("acceptable_at_3"),
            figure("ndcg_at_5"),
        ));
    }
    out.push('\n');
    for name in [
        "false_positives_on_nobody",
        "neighbour_right",
        "privacy_breaches",
        "hits_without_reason",
        "success_at_3_with_a_slip",
        "answered_without_the_relevant",
    ] {
        out.push_str(&format!("{:28} {}\n", name.replace('_', " "), number(at(report, &[name]))));
    }
    for (name, value) in at(report, &["scale"]).as_object().into_iter().flatten() {
        out.push_str(&format!("{:28} {}\n", format!("at scale: {}", name.replace('_', " ")), number(value)));
    }
    for list in ["compared", "proposals", "misses"] {
        for row in at(report, &[list]).as_array().into_iter().flatten() {
            out.push_str(&format!("{list}: {row}\n"));
        }
    }
    let missed: Vec<&str> =
        at(report, &["bars_missed"]).as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    out.push_str(&if missed.is_empty() {
        "\nEvery bar is reached.\n".into()
    } else {
        format!("\nNot reached: {}\n", missed.join(", "))
    });
    out
}
