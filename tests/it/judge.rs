//! `judge`: figures of labelled sets. The set here is invented and tiny; what counts is that the protocol is counted right.

use crate::cli::Place;
use std::{fs, path::Path};

fn write_set(folder: &Path) {
    let project = |id: &str, language: &str, name: &str, purpose: &str| {
        format!(
            r#"{{"id":"{id}","site":"x","language":"{language}","name":"{name}","purpose":"{purpose}","tags":["{id}"],"state":"active","started":"2026-01"}}"#
        )
    };
    let projects = [
        project("bees-1", "en", "Beehives on the roof", "We keep bees above the canteen and sell honey."),
        project(
            "bees-2",
            "en",
            "Beehives of the canteen",
            "We keep bees on the roof above the canteen and sell the honey.",
        ),
        project("bees-3", "de", "Bienen auf dem Dach", "Honig aus der Kantine, Imker sind willkommen."),
        project("choir", "en", "Lunch break choir", "Singing together on Wednesdays."),
        project("honey", "en", "Honey tasting", "An evening with honey from the region."),
        project("zinc", "en", "Zinc bath temperature", "A model instead of feeling."),
        project("badge", "en", "Canteen vouchers", "Replace paper vouchers by the staff badge."),
        project("lift", "en", "Forklift training", "A simulator course for new drivers in the warehouse."),
        project("sun", "en", "Solar roof", "Panels and a battery in the cellar of hall three."),
        project("bill", "en", "Invoice robot", "Read supplier invoices by machine and book them."),
        project("air", "en", "Paint shop air", "Less solvent in the exhaust."),
        project("cold", "en", "Cold store sensors", "Loggers with alarms where it is freezing."),
        project("vault", "en", "Password manager", "Give everybody a safe for secrets."),
        project("cycle", "en", "Bicycle leasing", "Staff lease bicycles through their salary."),
    ];
    let pair = |a: &str, b: &str, label: &str, category: &str| {
        format!(r#"{{"a":"{a}","b":"{b}","label":"{label}","category":"{category}","shared_words":0.3,"reason":"-"}}"#)
    };
    let pairs = [
        pair("bees-1", "bees-2", "same", "overlap"),
        pair("bees-1", "bees-3", "same", "cross-bare"),
        pair("bees-2", "honey", "related", "overlap"),
    ];
    let drafts = [
        r#"{"id":"d1","language":"en","text":"keeping bees","expect":["bees-1","bees-2","bees-3"]}"#.to_owned(),
        r#"{"id":"d2","language":"en","text":"chess club","expect":[]}"#.to_owned(),
    ];
    for (name, lines) in [("projects", projects.join("\n")), ("pairs", pairs.join("\n")), ("drafts", drafts.join("\n"))]
    {
        fs::write(folder.join(format!("{name}.jsonl")), lines).unwrap();
    }
}

#[test]
fn the_duplicate_check_is_judged_on_any_labelled_set() {
    let place = Place::new();
    write_set(place.path());
    let folder = place.path().to_str().unwrap();
    let figures = place.json(&["judge", "projects", "--set", folder, "--scale", "60", "--compare", "--json"]);
    assert_eq!(figures["projects"], 14);
    assert_eq!(figures["drafts"], 2);
    let list = &figures["list"];
    // Always five, right or not.
    assert_eq!(list["recall_same_language"], 1.0);
    assert_eq!(list["recall_overlap"], 1.0);
    assert_eq!(list["recall_paraphrase"], serde_json::Value::Null);
    assert_eq!(list["drafts_with_a_right_candidate"], 1.0);
    assert!(list["precision_same_against_related"].as_f64().unwrap() <= 0.8);
    // Those two are warned of, and of nothing else: above twelve projects there are limits.
    assert!(figures["limits"]["project"].as_f64().unwrap() > 0.0, "{figures}");
    let warning = &figures["warning"];
    assert_eq!(warning["recall_same_language"], 1.0, "{warning}");
    assert_eq!(warning["recall_overlap"], 1.0, "{warning}");
    assert!(warning["false_alarms_per_registration"].as_f64().unwrap() <= 0.2, "{warning}");
    assert_eq!(warning["empty_drafts_answered"], 0.0);
    assert_eq!(figures["time"]["projects"], 60);
    let names: Vec<&str> =
        figures["compared"].as_array().unwrap().iter().filter_map(|c| c["method"].as_str()).collect();
    assert!(names.contains(&"BM25 on words") && names.contains(&"everything"), "{names:?}");
    // The folder may stand there without a flag; people get a table.
    let text = place.run(&["judge", "projects", folder, "--scale", "0"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.starts_with("14 projects, 2 drafts") && text.contains("recall paraphrase"), "{text}");
}

#[test]
fn a_set_that_cannot_be_read_is_named_with_its_line() {
    let place = Place::new();
    let run = |arguments: &[&str]| {
        let output = place.run(arguments);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(run(&["judge", "projects"]).contains("--set DIR"));
    let folder = place.path().to_str().unwrap();
    assert!(run(&["judge", "projects", folder]).contains("projects.jsonl"));
    write_set(place.path());
    fs::write(place.path().join("pairs.jsonl"), "\n{\"a\":\"bees-1\"}\n").unwrap();
    assert!(run(&["judge", "projects", folder]).contains("pairs.jsonl, line 2"));
    fs::write(place.path().join("pairs.jsonl"), r#"{"a":"bees-1","b":"nobody","label":"same","category":"overlap"}"#)
        .unwrap();
    assert!(run(&["judge", "projects", folder]).contains("nobody is not in projects.jsonl"));
}

/// The labelled sets, where there are some: in the folder that `LABELLED_SETS` names, or beside the checkout.
fn labelled() -> Option<std::path::PathBuf> {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/labelled").into();
    let folder: std::path::PathBuf = std::env::var_os("LABELLED_SETS").map_or_else(beside, Into::into);
    // A folder that is named has to be there.
    let is_there = std::env::var_os("LABELLED_SETS").is_some() || folder.is_dir();
    is_there.then_some(folder)
}

#[test]
fn no_bar_of_the_labelled_sets_is_missed() {
    let Some(folder) = labelled() else {
        eprintln!("skipped: no labelled sets beside the checkout, and LABELLED_SETS names none");
        return;
    };
    let place = Place::new();
    for (kind, more) in [("people", &[][..]), ("projects", &["--whole", "--scale", "0"][..])] {
        let set = folder.join(kind);
        let mut arguments = vec!["judge", kind, set.to_str().unwrap(), "--json"];
        arguments.extend(more);
        let report = place.json(&arguments);
        // How long it takes on a busy machine is not judged here.
        let missed = report["bars_missed"].as_array().unwrap_or_else(|| panic!("{report}"));
        let missed: Vec<_> = missed.iter().filter(|bar| *bar != "p95_ms").collect();
        assert!(missed.is_empty(), "{kind}: {missed:?} in {report}");
    }
}
