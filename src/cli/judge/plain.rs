//! The plain methods that the duplicate check is measured against: what one would try first.

use super::metrics::{Answer, Figures, LabelledSet};
use crate::matching::projects::{
    Draft,
    space::feature,
    text::{Language, guess, is_stop_word, stem, words},
};
use std::collections::HashMap;

/// False alarms per registration at which warnings are compared.
const FALSE_ALARMS: f64 = 0.2;
/// Hash functions of MinHash.
const HASHES: u64 = 128;
/// The constant of reciprocal rank fusion.
const FUSION: f64 = 60.0;
/// Candidates shown.
const SHOWN: usize = 5;

/// How one text resembles all others: a row per query.
type Scores = Vec<Vec<f64>>;

/// How a text is taken apart.
type Bag = fn(&str) -> Vec<u64>;
/// How texts that were taken apart are compared: queries, documents.
type Scoring = fn(&[Vec<u64>], &[Vec<u64>]) -> Scores;

/// A method's figures.
pub struct Compared {
    pub name: String,
    /// Always five.
    pub list: Figures,
    /// With the best fixed limit that keeps within [`FALSE_ALARMS`]; chosen with the labels, which flatters it.
    pub warning: Figures,
}

/// Measures all of them.
pub fn compare(set: &LabelledSet) -> Vec<Compared> {
    let projects: Vec<String> = set.projects.iter().map(|p| whole(&p.draft())).collect();
    let drafts: Vec<String> = set.drafts.iter().map(|d| d.text.clone()).collect();
    let method = |bag: Bag, score: Scoring| {
        let documents: Vec<_> = projects.iter().map(|t| bag(t)).collect();
        let texts: Vec<_> = drafts.iter().map(|t| bag(t)).collect();
        (score(&documents, &documents), score(&texts, &documents))
    };
    let by_words = method(plain_words, bm25);
    let trigrams = method(|text| runs(text, 3), cosine);
    let fused = (fuse(&by_words.0, &trigrams.0), fuse(&by_words.1, &trigrams.1));
    let methods = [
        ("MinHash, character 4-grams", method(|text| runs(text, 4), min_hash)),
        ("BM25 on words", by_words),
        ("BM25 on word stems", method(stems, bm25)),
        ("character trigrams, tf-idf cosine", trigrams),
        ("trigrams and BM25, ranks fused", fused),
    ];
    methods.into_iter().map(|(name, (projects, drafts))| judge(set, name, &projects, &drafts)).collect()
}

fn judge(set: &LabelledSet, name: &str, projects: &Scores, drafts: &Scores) -> Compared {
    let draft_answers: Vec<Answer> = drafts.iter().map(|row| answer(row, None, f64::NEG_INFINITY)).collect();
    let figures = |limit: f64| {
        let answers: Vec<Answer> = projects.iter().enumerate().map(|(at, row)| answer(row, Some(at), limit)).collect();
        Figures::of(set, &answers, &draft_answers)
    };
    let mut limits: Vec<f64> =
        projects.iter().enumerate().flat_map(|(at, row)| top(row, Some(at))).map(|(_, s)| s).collect();
    limits.sort_by(|a, b| b.total_cmp(a));
    // False alarms only grow as the limit falls.
    let last = limits.partition_point(|limit| figures(*limit).false_alarms.value() <= FALSE_ALARMS);
    let limit = last.checked_sub(1).and_then(|at| limits.get(at)).copied().unwrap_or(f64::INFINITY);
    Compared { name: name.to_owned(), list: figures(f64::NEG_INFINITY), warning: figures(limit) }
}

fn top(row: &[f64], except: Option<usize>) -> Vec<(usize, f64)> {
    let mut ranked: Vec<(usize, f64)> = row.iter().copied().enumerate().filter(|(at, _)| Some(*at) != except).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.truncate(SHOWN);
    ranked
}

fn answer(row: &[f64], except: Option<usize>, limit: f64) -> Answer {
    Answer(top(row, except).into_iter().filter(|(_, score)| *score >= limit).map(|(at, _)| (at, true)).collect())
}

fn whole(draft: &Draft) -> String {
    format!("{} {} {} {}", draft.name, draft.purpose, draft.tags.join(" "), draft.vendor.unwrap_or_default())
}

fn plain_words(text: &str) -> Vec<u64> {
    words(text).into_iter().filter(|w| !is_stop_word(&w.folded)).map(|w| feature(1, &w.folded)).collect()
}

fn stems(text: &str) -> Vec<u64> {
    let words = words(text);
    let language = guess(&words).unwrap_or(Language::English);
    words.iter().filter(|w| !is_stop_word(&w.folded)).map(|w| feature(1, &stem(&w.folded, language))).collect()
}

fn runs(text: &str, length: usize) -> Vec<u64> {
    let folded: Vec<String> = words(text).into_iter().map(|w| w.folded).collect();
    let letters: Vec<char> = format!(" {} ", folded.join(" ")).chars().collect();
    letters.windows(length).map(|run| feature(1, &run.iter().collect::<String>())).collect()
}

fn counts(bag: &[u64]) -> HashMap<u64, f64> {
    let mut counts = HashMap::new();
    for feature in bag {
        *counts.entry(*feature).or_insert(0.0) += 1.0;
    }
    counts
}

fn with(documents: &[HashMap<u64, f64>]) -> HashMap<u64, f64> {
    let mut with = HashMap::new();
    for feature in documents.iter().flat_map(HashMap::keys) {
        *with.entry(*feature).or_insert(0.0) += 1.0;
    }
    with
}

fn bm25(queries: &[Vec<u64>], documents: &[Vec<u64>]) -> Scores {
    const K: f64 = 1.2;
    const B: f64 = 0.75;
    let counted: Vec<_> = documents.iter().map(|d| counts(d)).collect();
    let with = with(&counted);
    let n = documents.len() as f64;
    let mean = documents.iter().map(Vec::len).sum::<usize>() as f64 / n;
    let score = |query: &HashMap<u64, f64>, document: &HashMap<u64, f64>, length: usize| -> f64 {
        let gain = |feature: &u64| {
            let tf = document.get(feature)?;
            let df = with.get(feature)?;
            let idf = ((n - df + 0.5) / (df + 0.5) + 1.0).ln();
            Some(idf * tf * (K + 1.0) / (tf + K * (1.0 - B + B * length as f64 / mean)))
        };
        query.keys().filter_map(gain).sum()
    };
    let row = |query: &Vec<u64>| {
        let query = counts(query);
        counted.iter().zip(documents).map(|(document, bag)| score(&query, document, bag.len())).collect()
    };
    queries.iter().map(row).collect()
}

fn cosine(queries: &[Vec<u64>], documents: &[Vec<u64>]) -> Scores {
    let counted: Vec<_> = documents.iter().map(|d| counts(d)).collect();
    let with = with(&counted);
    let n = documents.len() as f64;
    let weigh = |counts: HashMap<u64, f64>| -> HashMap<u64, f64> {
        let idf = |feature: &u64| ((n + 1.0) / (with.get(feature).copied().unwrap_or(0.0) + 0.5)).ln().max(0.0);
        let weights: HashMap<u64, f64> = counts.into_iter().map(|(f, tf)| (f, (1.0 + tf.ln()) * idf(&f))).collect();
        let length = weights.values().map(|w| w * w).sum::<f64>().sqrt().max(f64::EPSILON);
        weights.into_iter().map(|(f, w)| (f, w / length)).collect()
    };
    let weighed: Vec<_> = counted.into_iter().map(weigh).collect();
    let row = |query: &Vec<u64>| {
        let query = weigh(counts(query));
        let dot = |d: &HashMap<u64, f64>| query.iter().filter_map(|(f, w)| Some(w * d.get(f)?)).sum();
        weighed.iter().map(dot).collect()
    };
    queries.iter().map(row).collect()
}

fn min_hash(queries: &[Vec<u64>], documents: &[Vec<u64>]) -> Scores {
    let sketch = |bag: &Vec<u64>| -> Vec<u64> {
        let mix = |feature: u64, k: u64| {
            let x = (feature ^ k.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            (x ^ (x >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB)
        };
        (1..=HASHES).map(|k| bag.iter().map(|f| mix(*f, k)).min().unwrap_or(k)).collect()
    };
    let sketches: Vec<_> = documents.iter().map(sketch).collect();
    let row = |query: &Vec<u64>| {
        let own = sketch(query);
        let agree = |other: &Vec<u64>| own.iter().zip(other).filter(|(a, b)| a == b).count() as f64 / HASHES as f64;
        sketches.iter().map(agree).collect()
    };
    queries.iter().map(row).collect()
}

fn fuse(a: &Scores, b: &Scores) -> Scores {
    let ranks = |row: &[f64]| {
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.sort_by(|x, y| row.get(*y).unwrap_or(&0.0).total_cmp(row.get(*x).unwrap_or(&0.0)));
        let mut ranks = vec![0.0; row.len()];
        for (rank, at) in order.into_iter().enumerate() {
            if let Some(place) = ranks.get_mut(at) {
                *place = 1.0 / (FUSION + rank as f64);
            }
        }
        ranks
    };
    a.iter().zip(b).map(|(a, b)| ranks(a).into_iter().zip(ranks(b)).map(|(a, b)| a + b).collect()).collect()
}
