//! One kind of feature as an inverted index: it answers, for a query, how much every document shares with it. What is
//! rare in the register counts more; the rarity is taken at the time of the question.

use std::collections::HashMap;

/// A feature, hashed.
pub type Feature = u64;
/// The features of a text and their weights, each once.
pub type Vector = Vec<(Feature, f32)>;

/// How strongly rarity counts. 1 is the usual tf-idf.
const RARITY: f32 = 1.3;
/// How far long texts are scaled down: 1 makes it a cosine, where two words that share all their letters are as alike as
/// two pages that do; 0 the plain sum of what is shared. In between, much that is shared counts for more than little.
const LENGTH: f32 = 0.5;

/// FNV-1a: the same on every machine and in every version.
pub fn feature(kind: u8, text: &str) -> Feature {
    text.bytes().chain([kind]).fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

/// Features while a text is read.
#[derive(Debug, Default)]
pub struct Counts(HashMap<Feature, f32>);

impl Counts {
    /// One more mention.
    pub fn add(&mut self, feature: Feature, weight: f32) {
        *self.0.entry(feature).or_insert(0.0) += weight;
    }

    /// The second mention says less than the first.
    pub fn into_vector(self) -> Vector {
        let mut vector: Vector = self.0.into_iter().map(|(f, n)| (f, if n > 1.0 { 1.0 + n.ln() } else { n })).collect();
        vector.sort_unstable_by_key(|(f, _)| *f);
        vector
    }
}

/// The index. Documents are small numbers that the owner gives out.
#[derive(Debug, Default)]
pub struct Space {
    postings: HashMap<Feature, Vec<(u32, f32)>>,
    /// What a document's share is multiplied by, for its length; by document.
    scales: Vec<f32>,
    documents: usize,
}

impl Space {
    /// Adds a document that is not in it.
    pub fn insert(&mut self, document: u32, vector: &Vector) {
        self.documents += 1;
        for (feature, weight) in vector {
            self.postings.entry(*feature).or_default().push((document, *weight));
        }
        let scale = self.scale(vector, LENGTH);
        let at = document as usize;
        if self.scales.len() <= at {
            self.scales.resize(at + 1, 0.0);
        }
        if let Some(slot) = self.scales.get_mut(at) {
            *slot = scale;
        }
    }

    /// Takes out a document; `vector` is what it was inserted with.
    pub fn remove(&mut self, document: u32, vector: &Vector) {
        self.documents = self.documents.saturating_sub(1);
        for (feature, _) in vector {
            if let Some(list) = self.postings.get_mut(feature) {
                list.retain(|(d, _)| *d != document);
                if list.is_empty() {
                    self.postings.remove(feature);
                }
            }
        }
    }

    /// Scales of all documents by the rarities of now.
    pub fn refresh(&mut self) {
        let mut squares = vec![0.0_f32; self.scales.len()];
        for list in self.postings.values() {
            let rarity = self.rarity_of(list.len());
            for (document, weight) in list {
                if let Some(square) = squares.get_mut(*document as usize) {
                    *square += (weight * rarity).powi(2);
                }
            }
        }
        self.scales = squares.into_iter().map(|s| scale(s, LENGTH)).collect();
    }

    /// How much a feature says.
    pub fn rarity(&self, feature: Feature) -> f32 {
        self.rarity_of(self.postings.get(&feature).map_or(0, Vec::len))
    }

    /// The same for a feature that so many documents have.
    pub fn rarity_of(&self, with: usize) -> f32 {
        rarity(with, self.documents)
    }

    fn scale(&self, vector: &Vector, length: f32) -> f32 {
        scale(vector.iter().map(|(f, w)| (w * self.rarity(*f)).powi(2)).sum(), length)
    }

    /// What a document would share with a new query whose copy it is.
    pub fn copy(&self, query: &Vector) -> f32 {
        let (mut asked, mut kept) = (0.0, 0.0);
        for (feature, weight) in query {
            let with = self.postings.get(feature).map_or(0, Vec::len);
            asked += (weight * rarity(with + 1, self.documents.max(with + 1))).powi(2);
            kept += (weight * self.rarity_of(with.max(1))).powi(2);
        }
        asked * scale(asked, LENGTH) * scale(kept, LENGTH)
    }

    /// Adds `factor` times what each document shares with the query to `out[document]`. `whole` scales the query fully,
    /// so that a short one and a long one give figures of the same size. A query that is `new`, no document itself,
    /// counts as one for the rarity of what it has: a word of two projects is as rare while the second is a draft as
    /// later. `sums` is room to work in, as long as `out`.
    pub fn share(&self, query: &Vector, factor: f32, whole: bool, new: bool, sums: &mut [f32], out: &mut [f32]) {
        sums.fill(0.0);
        let mut square = 0.0;
        for (feature, weight) in query {
            let list = self.postings.get(feature);
            // There are at least as many as have it: else what all have would say nothing, and where all are one or two
            // that is everything.
            let with = list.map_or(0, Vec::len) + usize::from(new);
            let rarity = rarity(with, self.documents.max(with));
            square += (weight * rarity).powi(2);
            let gain = weight * rarity * rarity;
            if gain > 0.0 {
                for (document, w) in list.into_iter().flatten() {
                    if let Some(sum) = sums.get_mut(*document as usize) {
                        *sum += gain * w;
                    }
                }
            }
        }
        let own = factor * scale(square, if whole { 1.0 } else { LENGTH });
        for ((total, sum), scale) in out.iter_mut().zip(sums).zip(&self.scales) {
            *total += own * *sum * scale;
        }
    }
}

/// How much a feature says that so many of all documents have: more than 0, even where all have it.
fn rarity(with: usize, of: usize) -> f32 {
    ((of as f32 + 1.0) / (with as f32 + 0.5)).ln().max(0.0).powf(RARITY)
}

fn scale(square: f32, length: f32) -> f32 {
    if square > 0.0 { square.powf(-length / 2.0) } else { 0.0 }
}
