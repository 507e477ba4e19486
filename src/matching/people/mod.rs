//! Who knows X: an index of people and projects in memory, and the ranking of people for a question.
//!
//! The method has two steps: the words of the question are matched to the *labels in use* (skills, tags of answers and
//! projects, titles, departments), then people are ordered by their stance towards the labels that matched. Nothing here
//! knows a trade: words of the same meaning come from the organisation's alias list and from what its people do, that is
//! from answers accepted under one tag and given by people who list another ([`Directory::learn`]).
//!
//! The module is pure: no clock, no database, no network. Rows go in ([`Directory::put`], [`Directory::put_project`],
//! [`Directory::set_aliases`]), an [`Answer`] comes out of [`Directory::search`], every hit with its [`Reason`]s as plain
//! data for an edge to word. Method, alternatives and figures: `docs/expert-search.md`; `watercooler judge people`
//! measures them.
//!
//! | file | does |
//! |---|---|
//! | `text` | words, stems, slips of the finger |
//! | `lexicon` | how questions are asked in English, German and French; names of languages |
//! | `query` | takes a question apart |
//! | `directory` | the index |
//! | `phrase` | from words to labels |
//! | `links` | which labels are one thing, which go together |
//! | `search` | from labels to people |

mod directory;
mod lexicon;
mod links;
mod phrase;
mod query;
mod search;
mod table;
mod text;

pub use directory::Directory;
pub use links::Proposal;
pub use phrase::Tuning;
pub use query::{Wish, is_question, may_ask_for_place, parse};
pub use search::{Answer, Hit, Reason};
pub use text::hashtag;

/// A date: days since 1970-01-01.
pub type Day = i32;

/// What somebody says about one of their skills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// Ask me about it.
    Ask,
    /// I know it.
    Knows,
    /// I am learning it: never a reason to be found.
    Learning,
}

/// Who may find a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Everybody in the organisation.
    Organisation,
    /// People of the same site.
    Site,
    /// Nobody: the person is not taken into the index at all.
    Unlisted,
}

/// One skill of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skill {
    /// As the person typed it; the hashtag follows from it.
    pub name: String,
    /// What they say about it.
    pub stance: Stance,
}

/// An answer that its asker accepted, under one tag of its question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Which of the person's answers it is: one to a question with several tags is there once for each, and counts once.
    pub answer: i64,
    /// The tag of the question: the asker's wording.
    pub tag: String,
    /// When it was accepted.
    pub day: Day,
}

/// A person as the index takes them in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What a [`Hit`] names them by; unique.
    pub key: String,
    /// Job title, as typed.
    pub title: String,
    /// Department, as typed.
    pub department: String,
    /// Id of the site.
    pub site: String,
    /// IANA name.
    pub time_zone: String,
    /// Codes of the languages they speak.
    pub languages: Vec<String>,
    /// Free text about themselves.
    pub bio: String,
    /// Skills with their stances.
    pub skills: Vec<Skill>,
    /// Ids of their projects.
    pub projects: Vec<String>,
    /// Their accepted answers.
    pub accepted: Vec<Accepted>,
    /// Who may find them.
    pub listed: Listed,
    /// Left the organisation: not taken into the index.
    pub left: bool,
}

/// How far a project is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Only an idea, or given up: says nothing about what its members know.
    Unproven,
    /// Under way, paused or done.
    Worked,
}

/// A project as the index takes it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// What [`Reason::Project`] names it by; unique.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// How far it is.
    pub progress: Progress,
}

#[cfg(test)]
mod tests;
