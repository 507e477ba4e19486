//! The checklists of security, reliability and federation: every row has a test named after it, or says in
//! `tests/rows.txt` why it has none.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Rows by id, with the reason of those that are waived.
fn rows() -> BTreeMap<String, Option<String>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rows.txt")).unwrap();
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (id, reason) = match line.split_once(' ') {
            Some((id, reason)) => (id, Some(reason.trim().to_owned())),
            None => (line, None),
        };
        assert!(rows.insert(id.to_owned(), reason).is_none(), "{id} is listed twice");
    }
    rows
}

/// Ids of rows in the names of tests: `sec_sig_06_...`, `rel_11_...`, `fed_fol_01_02_...` (two rows), and further ones
/// anywhere behind them: `fed_post_02_fed_post_03_...`.
fn tested() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in ["tests", "src"] {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    found
}

fn read(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("node_modules") {
                read(&path, found);
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            for line in fs::read_to_string(&path).unwrap().lines() {
                let line = line.trim_start();
                let line = line.strip_prefix("async ").unwrap_or(line);
                if let Some(name) = line.strip_prefix("fn ") {
                    ids(name, found);
                }
            }
        }
    }
}

fn ids(name: &str, found: &mut BTreeSet<String>) {
    let mut words = name.split(['_', '(']).peekable();
    let is_mark = |word: &str| matches!(word, "rel" | "sec" | "fed");
    if !words.peek().is_some_and(|word| is_mark(word)) {
        return;
    }
    while let Some(word) = words.next() {
        if !is_mark(word) {
            continue;
        }
        // `fed_addr_out_01` belongs to the area ADDR-OUT.
        let mut area = if word == "rel" { word } else { words.next().unwrap_or_default() }.to_uppercase();
        if words.peek().is_some_and(|word| matches!(*word, "out" | "in")) {
            area = format!("{area}-{}", words.next().unwrap_or_default().to_uppercase());
        }
        while let Some(number) = words.next_if(|word| word.starts_with(|c: char| c.is_ascii_digit())) {
            found.insert(format!("{area}-{}", number.to_uppercase()));
        }
    }
}

#[test]
fn every_row_of_the_checklists_has_a_test_or_a_reason() {
    let (rows, tested) = (rows(), tested());
    let missing: Vec<&str> = rows
        .iter()
        .filter(|(id, reason)| reason.is_none() && !tested.contains(&id.to_uppercase()))
        .map(|(id, _)| id.as_str())
        .collect();
    let stale: Vec<&str> = rows
        .iter()
        .filter(|(id, reason)| reason.is_some() && tested.contains(&id.to_uppercase()))
        .map(|(id, _)| id.as_str())
        .collect();
    let waived = rows.values().filter(|reason| reason.is_some()).count();
    println!("{} rows, {} tested, {waived} waived", rows.len(), rows.len() - waived - missing.len());
    for (id, reason) in rows.iter().filter_map(|(id, reason)| Some((id, reason.as_ref()?))) {
        println!("waived {id}: {reason}");
    }
    assert!(stale.is_empty(), "these rows have a test, so their reasons in tests/rows.txt are not true: {stale:?}");
    assert!(missing.is_empty(), "no test is named after these rows, and tests/rows.txt gives no reason: {missing:?}");
}
