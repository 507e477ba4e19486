//! "Is somebody already doing this?": which projects of the organisation's register a draft resembles, with the reasons.
//!
//! ```text
//!  text --words, stems, meanings, runs of letters--> Analysis (five kinds of features)
//!  Register (one inverted index a kind) --what is shared, weighted by rarity--> score
//!  score - what is usual around both projects --order--> the list of five
//!                                             --limit--> the warning
//! ```
//!
//! The list is always offered; a warning is shown when chance alone would hardly have reached the score in this register
//! ([`calibration`]). Everything is lexical and deterministic: no model, no network, no clock. `docs/duplicate-check.md`
//! says how it was chosen and how well it does.

mod analysis;
pub mod calibration;
pub mod concepts;
mod explain;
mod register;
pub mod scale;
pub mod space;
#[cfg(test)]
mod tests;
pub mod text;

pub use analysis::{Analysis, Draft, KINDS};
pub use calibration::Limits;
pub use register::{Calibration, Candidate, Pair, Project, Register, Tuning};
