//! `people ...`: facts of people from a list that the organisation keeps.

use super::super::Failure;
use crate::{
    Result,
    app::App,
    domain::{
        audit::{self, Staff},
        people::intake,
    },
    experts,
};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Largest file. Bytes.
const LARGEST: u64 = 12 * 1024 * 1024;
/// Lines that are written in one transaction.
const STEP: usize = 20;

/// What to do with what is known of people.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeopleVerb {
    /// Take over facts from a CSV file with a column `person` and any of title, department, site, time_zone, languages,
    /// ask, knows, learning, works_on, listed
    Import {
        /// The file
        #[serde(skip)]
        file: PathBuf,
        /// Only say what would change
        #[arg(long)]
        dry_run: bool,
        /// Read from the file
        #[arg(skip)]
        text: String,
    },
}

impl PeopleVerb {
    /// Reads the file here: the server may run elsewhere in the file system.
    pub(super) fn read_file(&mut self) -> std::result::Result<(), Failure> {
        let Self::Import { file, text, .. } = self;
        let cannot = |why: String| Failure::new(format!("cannot read {}: {why}", file.display()));
        let size = std::fs::metadata(&*file).map_err(|e| cannot(e.to_string()))?.len();
        if size > LARGEST {
            return Err(cannot("it is larger than 12 MiB; split it".into()));
        }
        *text = std::fs::read_to_string(&*file).map_err(|e| cannot(e.to_string()))?;
        Ok(())
    }
}

/// Lines that are told about one by one.
const TOLD: usize = 1_000;

pub(super) async fn run(app: &App, verb: PeopleVerb) -> Result<Value> {
    let PeopleVerb::Import { text, dry_run, .. } = verb;
    let entries = intake::read(&text)?;
    let mut told = Vec::new();
    let (mut changed, mut unchanged, mut unknown, mut refused) = (0, 0, 0, 0);
    for some in entries.chunks(STEP) {
        let some = some.to_vec();
        let outcomes = app
            .write(move |tx| some.iter().map(|entry| intake::apply(tx, entry, dry_run)).collect::<Result<Vec<_>>>())
            .await?;
        for outcome in outcomes {
            *match outcome.state {
                "changed" => &mut changed,
                "unchanged" => &mut unchanged,
                "unknown" => &mut unknown,
                _ => &mut refused,
            } += 1;
            if told.len() < TOLD && outcome.state != "unchanged" {
                told.push(outcome);
            }
        }
    }
    if !dry_run {
        let detail = format!("{changed} changed");
        app.write(move |tx| audit::write(tx, &Staff::console(), "people.import", "", &detail)).await?;
        experts::refresh(app).await?;
    }
    Ok(json!({
        "dry_run": dry_run,
        "changed": changed,
        "unchanged": unchanged,
        "unknown": unknown,
        "refused": refused,
        "lines": told,
    }))
}
