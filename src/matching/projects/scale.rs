//! Registers of any size for measurements: invented projects whose texts are mixed from the words of given ones and of
//! the shipped list. They say nothing about quality.

use super::{concepts::terms, register::Project, text::Language};

/// A small generator of numbers that repeats itself everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }
}

/// `count` invented projects with keys `sample-0`, `sample-1`, ...
pub fn projects(source: &[Project], count: usize) -> Vec<Project> {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let lists = Language::ALL.map(terms);
    (0..count)
        .map(|at| {
            let mut texts: Vec<&Project> = Vec::new();
            for _ in 0..4 {
                texts.extend(numbers.of(source));
            }
            let known: Vec<&str> = texts.iter().flat_map(|p| p.name.split(' ').chain(p.purpose.split(' '))).collect();
            let [english, german, french] = &lists;
            let list = [english, german, french, english].get(at % 4).copied().unwrap_or(english);
            let mut some = |count: usize| {
                let words: Vec<&str> = (0..count)
                    .filter_map(|_| {
                        if numbers.below(10) < 6 && !known.is_empty() { numbers.of(&known) } else { numbers.of(list) }
                    })
                    .copied()
                    .collect();
                words.join(" ")
            };
            let (name, purpose) = (some(6), some(25 + at % 50));
            let tags = (0..2 + at % 4).map(|_| some(1)).collect();
            Project { key: format!("sample-{at}"), language: None, name, purpose, tags, vendor: None }
        })
        .collect()
}
