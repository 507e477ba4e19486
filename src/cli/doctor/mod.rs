//! `doctor`: looks at everything that an admin is asked about when something does not work, and says for each finding
//! what to do. It changes nothing. It runs inside the running server, whose state it sees, or alone.

mod here;
mod others;

use super::Failure;
use crate::{app::App, config::secrets_in};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// How to look.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
pub struct DoctorArgs {
    /// Ask no other machine
    #[arg(long)]
    offline: bool,
    /// No server runs; set by the command itself
    #[arg(skip)]
    pub(super) alone: bool,
    /// The settings file that the command read
    #[arg(skip)]
    settings: Option<SettingsFile>,
}

/// A settings file, as the command that read it found it: the server may have been started with another one.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SettingsFile {
    path: PathBuf,
    /// Permission bits.
    mode: u32,
    /// Keys whose values are secrets in clear.
    secrets: Vec<String>,
}

impl DoctorArgs {
    /// Notes who may read the settings file, and what they would learn.
    pub(super) fn look_at(&mut self, file: Option<&Path>) {
        self.settings = file.and_then(|file| {
            let path = std::path::absolute(file).ok()?;
            Some(SettingsFile { mode: here::mode(file).ok()?, secrets: secrets_in(file), path })
        });
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and somebody should look at it.
    Warning,
    /// It does not work.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// Of which node or file; empty for this node.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// How bad it is.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do; empty when there is nothing to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub to_do: String,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, about: String::new(), state: State::Ok, found: found.into(), to_do: String::new() }
    }
    fn warning(check: &'static str, found: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { state: State::Warning, to_do: to_do.into(), ..Self::ok(check, found) }
    }
    fn problem(check: &'static str, found: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { state: State::Problem, ..Self::warning(check, found, to_do) }
    }
    fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }
}

/// Looks at everything.
///
/// # Errors
/// None that a check could say itself.
pub async fn run(app: &App, arguments: &DoctorArgs) -> crate::Result<Value> {
    let mut all = here::look(app, arguments.alone).await;
    all.extend(arguments.settings.as_ref().and_then(here::settings));
    if arguments.offline {
        all.push(Finding::ok("peers", "not asked, as you wished"));
    } else {
        all.extend(others::look(app, arguments.alone).await);
    }
    let count = |state| all.iter().filter(|finding| finding.state == state).count();
    let worst = all.iter().map(|finding| finding.state).max().unwrap_or(State::Ok);
    Ok(json!({
        "state": worst,
        "problems": count(State::Problem),
        "warnings": count(State::Warning),
        "findings": all,
    }))
}

/// The findings for people: what is wrong comes last, where it is seen.
pub(super) fn text(value: &Value) -> String {
    let mut findings: Vec<&Value> = value.get("findings").and_then(Value::as_array).into_iter().flatten().collect();
    let word = |finding: &Value, name: &str| finding.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rank = |finding: &Value| match word(finding, "state").as_str() {
        "ok" => 0,
        "warning" => 1,
        _ => 2,
    };
    findings.sort_by_key(|finding| rank(finding));
    let mut out = String::new();
    for finding in findings {
        let state = if rank(finding) == 0 { "ok".to_owned() } else { word(finding, "state").to_uppercase() };
        let about = word(finding, "about");
        let about = if about.is_empty() { about } else { format!(" {about}:") };
        out += &format!("{state:8} {:12}{about} {}\n", word(finding, "check"), word(finding, "found"));
        let to_do = word(finding, "to_do");
        if !to_do.is_empty() {
            out += &format!("         -> {to_do}\n");
        }
    }
    out
}

/// A problem that stands is the command's own failure (exit code 1).
pub(super) fn verdict(value: &Value) -> Result<(), Failure> {
    match value.get("problems").and_then(Value::as_u64).unwrap_or(0) {
        0 => Ok(()),
        1 => Err(Failure::new("1 problem stands")),
        n => Err(Failure::new(format!("{n} problems stand"))),
    }
}
