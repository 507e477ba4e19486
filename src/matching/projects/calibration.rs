//! When to speak up. How similar two unrelated projects happen to be depends on the register: on its size, its topics,
//! the length of its texts. So the limit is taken from the register itself: of each project's look-alikes those from the
//! fifth on are not duplicates, and their scores, which fall off exponentially, say how high chance alone reaches. This
//! is the expectation value of sequence searches, with all constants measured.

/// The first rank that is taken for chance: the same work is rarely done at more than five sites.
const FIRST: usize = 5;
/// The last rank that is looked at; chance has the more projects to choose from the larger the register is, and this rank
/// moves up with it.
const LAST: usize = 30;
/// Scores that [`background`] looks at.
pub const DEPTH: usize = 2 * LAST;
/// Fewer projects say nothing.
pub const ENOUGH: usize = 12;
/// Least limits of a measured register, by rarity: project, same work, draft.
const LEAST: [f32; 3] = [0.7, 1.1, 0.25];
/// Limits of a register that is too small to be measured.
const UNMEASURED: [f32; 3] = [0.75, 1.2, 0.4];

/// From where on a candidate is worth a warning: scores.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// While a project is registered.
    pub project: f32,
    /// To call it the same work; never below `project`.
    pub same: f32,
    /// For a few words.
    pub draft: f32,
}

impl Limits {
    /// What was measured, but never less than what a few rare words in common give: chance cannot be told from so little
    /// in a small register. Scores grow with the rarity of the rarest word
    /// (`rarity`), those of drafts with its root; seen that way the limits of registers of 50 to 160 projects are alike.
    pub fn for_rarity(rarity: f32, measured: Option<Self>) -> Self {
        let [project, same, draft] = if measured.is_some() { LEAST } else { UNMEASURED };
        let least = Self { project: project * rarity, same: same * rarity, draft: draft * rarity.sqrt() };
        let measured = measured.unwrap_or(least);
        Self {
            project: measured.project.max(least.project),
            same: measured.same.max(measured.project).max(least.same),
            draft: measured.draft.max(least.draft),
        }
    }
}

/// What is usual around one project or draft.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Background {
    /// The mean score of the look-alikes that are chance.
    pub mean: f32,
    /// The best score among them.
    pub first: f32,
    /// How quickly scores fall: the mean of the exponential.
    pub step: f32,
}

/// The background from scores, best first; `None` when there are too few.
pub fn background(scores: impl IntoIterator<Item = f32>) -> Option<Background> {
    let scores: Vec<f32> = scores.into_iter().take(DEPTH).collect();
    if scores.len() < ENOUGH {
        return None;
    }
    let chance = scores.get(FIRST - 1..LAST.min(scores.len() / 2).max(FIRST + 3))?;
    let mean = chance.iter().sum::<f32>() / chance.len() as f32;
    // The distances of the ranked values of an exponential, each times its rank, have the same mean.
    let steps = chance.windows(2).zip(FIRST..).filter_map(|(pair, rank)| match pair {
        [a, b] => Some(rank as f32 * (a - b)),
        _ => None,
    });
    let step = steps.sum::<f32>() / (chance.len() - 1) as f32;
    Some(Background { mean, first: *chance.first()?, step })
}

/// The score that chance alone gives to `expected` projects per question, by the backgrounds of many questions; `None`
/// without any.
pub fn limit(backgrounds: &[Background], expected: f32) -> Option<f32> {
    if backgrounds.is_empty() {
        return None;
    }
    let count = backgrounds.len() as f32;
    // One step for all: that of a single project is known too poorly.
    let step = (backgrounds.iter().map(|b| b.step).sum::<f32>() / count).max(f32::EPSILON);
    // expected = mean of FIRST * exp((first - limit) / step), solved for the limit.
    let highest = backgrounds.iter().map(|b| b.first).fold(f32::NEG_INFINITY, f32::max);
    let mean = backgrounds.iter().map(|b| ((b.first - highest) / step).exp()).sum::<f32>() / count;
    Some(highest + step * (FIRST as f32 * mean / expected).ln())
}
