//! `judge`: measures how well things are found, on labelled sets that lie in a folder; prints every figure of the set's
//! protocol. Needs no node.

mod metrics;
pub(super) mod people;
mod plain;
mod projects;

use super::{Failure, Global, print};
use clap::Subcommand;
use std::path::PathBuf;

/// What to judge.
#[derive(Debug, Subcommand)]
pub enum JudgeVerb {
    /// "Who knows X": people.jsonl, projects.jsonl, aliases.json and queries.jsonl in a folder
    People(people::PeopleArgs),
    /// "Is somebody already doing this?": projects.jsonl, pairs.jsonl and drafts.jsonl in a folder
    Projects(projects::ProjectsArgs),
}

pub(super) fn run(verb: &JudgeVerb, global: &Global) -> Result<(), Failure> {
    match verb {
        JudgeVerb::People(arguments) => people::run(arguments, global),
        JudgeVerb::Projects(arguments) => projects::run(arguments, global),
    }
}

/// The folder of the set: the argument, or what stands behind `--set`, which means settings elsewhere; this verb has none.
fn folder(argument: Option<&PathBuf>, global: &Global) -> Result<PathBuf, Failure> {
    argument
        .cloned()
        .or_else(|| global.set.first().map(PathBuf::from))
        .ok_or_else(|| Failure::new("say in which folder the labelled set is: --set DIR"))
}
