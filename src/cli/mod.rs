//! The command line. Verbs that touch data are the same operations as everywhere else: they run inside the running server
//! (`control.rs`), or on the opened database when none runs. Answers are JSON; `--json` prints it, otherwise `show.rs`
//! makes it readable.

mod bench;
mod config_verbs;
mod control;
pub mod data;
mod demo;
pub mod doctor;
mod init;
mod judge;
mod lock;
pub mod org;
mod serve;
mod show;

use crate::{
    Error,
    config::{Config, Loaded, Sources},
};
use clap::{Args, CommandFactory, Parser, Subcommand};
use serde_json::{Value, json};
use std::{ffi::OsString, io::Write, path::PathBuf, process::ExitCode};

/// What scripts go by; see [`exit_of`].
const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused or not valid, 5 not reachable.";

/// The social network inside organisations, federated over ActivityPub.
#[derive(Debug, Parser)]
#[command(name = "watercooler", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What every verb understands.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Settings file [default: watercooler.toml here or in the data folder, when there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder [default: data, beside the settings file]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    /// One setting, such as federation.policy=allowlist (repeatable)
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Right side of handles [default: localhost with the port of --listen]
    #[arg(long, global = true, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Address people and other nodes use
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// sqlite://PATH or postgres://... [default: watercooler.db in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
}

impl Global {
    /// For verbs that start nodes of their own: what would be ignored is refused.
    fn refuse(&self, verb: &str) -> Result<(), Failure> {
        let given = [
            ("--set", !self.set.is_empty()),
            ("--domain", self.domain.is_some()),
            ("--listen", self.listen.is_some()),
            ("--public-url", self.public_url.is_some()),
            ("--database", self.database.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((flag, _)) => {
                let message = format!("{verb} starts nodes of its own and takes no {flag}; see {verb} --help");
                Err(Failure { code: "invalid", message, exit: 2 })
            }
            None => Ok(()),
        }
    }
}

/// What to do; `serve` when nothing is said.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the node
    Serve(serve::ServeArgs),
    /// Write a settings file and create the first account
    Init(init::InitArgs),
    /// Run three departments with sample people that federate with one another
    ///
    /// Of a settings file (--config) each department takes [instance] but for its name, [people], [questions], [media],
    /// [web] and [sqlite]; the rest is the demo's own. --data-dir is the same as --keep.
    Demo(demo::DemoArgs),
    /// Measure a node under load and print the workload with the figures
    ///
    /// Of a settings file (--config) the measured server takes [sqlite], [postgres], [posts], [media], [people] and
    /// [questions]; the rest belongs to the workload. --data-dir says on which disk: the database is made in a folder
    /// there that goes with the measurement.
    Bench(bench::BenchArgs),
    /// Measure how well things are found, on a labelled set
    ///
    /// Needs no node and no settings: --config and --data-dir are taken and change nothing.
    #[command(subcommand)]
    Judge(judge::JudgeVerb),
    #[command(flatten)]
    Data(data::DataVerb),
    /// Look at settings
    #[command(subcommand)]
    Config(config_verbs::ConfigVerb),
    /// Bring the database up to date and stop
    Migrate,
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Why a verb failed.
#[derive(Debug)]
pub struct Failure {
    code: &'static str,
    message: String,
    exit: u8,
}

impl Failure {
    /// The machine or the settings do not allow it (exit code 1).
    pub fn new(message: impl Into<String>) -> Self {
        Self { code: "failed", message: message.into(), exit: 1 }
    }
    /// Whether it says that something is not there, and not what.
    fn is_bare(&self) -> bool {
        [Error::NotFound, Error::Gone].iter().any(|error| error.to_string() == self.message)
    }
    /// What went wrong, for people.
    fn message(&self) -> &str {
        &self.message
    }
    fn as_json(&self) -> Value {
        json!({ "error": self.message, "code": self.code })
    }
    /// From the JSON of another process.
    fn from_json(value: &Value) -> Self {
        let code = ["not_found", "refused", "invalid", "unavailable"]
            .into_iter()
            .find(|code| value.get("code").and_then(Value::as_str) == Some(code))
            .unwrap_or("failed");
        let message = value.get("error").and_then(Value::as_str).unwrap_or("the server gave no reason").to_owned();
        Self { code, message, exit: exit_of(code) }
    }
}

fn exit_of(code: &str) -> u8 {
    match code {
        "not_found" => 3,
        "refused" | "invalid" => 4,
        "unavailable" => 5,
        _ => 1,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Invalid { code: "not_found", .. } | Error::NotFound | Error::Gone => "not_found",
            Error::Unauthorized(_) | Error::Forbidden(_) | Error::Conflict(_) => "refused",
            Error::BadRequest(_) | Error::Invalid { .. } | Error::InvalidFields(_) | Error::TooLarge(_) => "invalid",
            Error::RateLimited { .. } | Error::Upstream(_) | Error::Unavailable(_) | Error::NoSpace => "unavailable",
            Error::Internal(_) => "failed",
        };
        // The person at the terminal may know why.
        let message = match &error {
            Error::Upstream(why) | Error::Unavailable(why) => format!("{error}: {why}"),
            Error::Invalid { reason, .. } => reason.to_string(),
            _ => error.to_string(),
        };
        Self { code, message, exit: exit_of(code) }
    }
}
impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Self {
        Self { code: "invalid", message: error.to_string(), exit: 4 }
    }
}
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// Runs a command line and answers its exit code: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused or not valid,
/// 5 not reachable.
///
/// The environment is read by name and value; what is no setting of ours is nobody's business here.
pub fn main(args: impl Iterator<Item = OsString>, environment: impl Iterator<Item = (OsString, OsString)>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    let wants_json = args.iter().any(|argument| argument == "--json");
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) if wants_json && error.use_stderr() => {
            let _ = writeln!(std::io::stderr(), "{}", wrong_usage(&error).as_json());
            return ExitCode::from(2);
        }
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let json = cli.global.json;
    match run(cli, environment.collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = if json {
                writeln!(std::io::stderr(), "{}", failure.as_json())
            } else {
                writeln!(std::io::stderr(), "watercooler: {}", failure.message)
            };
            ExitCode::from(failure.exit)
        }
    }
}

/// What is wrong with a command line, in one line.
fn wrong_usage(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let message = first.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ");
    Failure { code: "invalid", message, exit: 2 }
}

/// The environment as the caller found it.
type Environment = Vec<(OsString, OsString)>;

fn run(cli: Cli, environment: Environment) -> Result<(), Failure> {
    let Cli { mut global, verb } = cli;
    if let Some(Verb::Data(verb)) = &verb
        && verb.names_another_domain()
    {
        // `--domain` after this verb, or the domain it is about, is another node's and not this one's.
        global.domain = None;
    }
    match verb.unwrap_or_else(|| Verb::Serve(serve::ServeArgs::default())) {
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "watercooler", &mut script);
            let script = String::from_utf8_lossy(&script);
            match global.json {
                true => print(&json!({ "shell": shell.to_string(), "script": script }).to_string()),
                false => print(&script),
            }
        }
        Verb::Config(config_verbs::ConfigVerb::Reference) => config_verbs::reference(global.json),
        Verb::Config(config_verbs::ConfigVerb::Check) => config_verbs::check(&load(&global, environment)?, global.json),
        Verb::Data(mut verb) => {
            let loaded = load(&global, environment)?;
            if let data::DataVerb::Doctor(arguments) = &mut verb {
                arguments.look_at(loaded.file.as_deref());
            }
            data::dispatch(verb, loaded.config, &global)
        }
        Verb::Serve(arguments) => serve::run(&arguments, load(&global, environment)?.config, global.json),
        Verb::Init(arguments) => init::run(arguments, &global, settings_of(environment)?),
        Verb::Demo(mut arguments) => {
            global.refuse("demo")?;
            arguments.keep = arguments.keep.or(global.data_dir);
            demo::run(&arguments, global.config, global.json)
        }
        Verb::Bench(arguments) => {
            global.refuse("bench")?;
            bench::run(&arguments, &global)
        }
        Verb::Judge(verb) => judge::run(&verb, &global),
        Verb::Migrate => serve::migrate(load(&global, environment)?.config, global.json),
    }
}

/// The variables that are settings, as text; what another program left in the environment may be anything.
fn settings_of(environment: Environment) -> Result<Vec<(String, String)>, Failure> {
    let ours = environment.into_iter().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"WATERCOOLER_"));
    ours.map(|(name, value)| match (name.to_str(), value.to_str()) {
        (Some(name), Some(value)) => Ok((name.to_owned(), value.to_owned())),
        _ => {
            let message = format!("{}: is no text in UTF-8", name.to_string_lossy());
            Err(Failure { code: "invalid", message, exit: 4 })
        }
    })
    .collect()
}

fn load(global: &Global, environment: Environment) -> Result<Loaded, Failure> {
    let environment = settings_of(environment)?;
    let mut flags = Vec::new();
    for text in &global.set {
        let Some((key, value)) = text.split_once('=') else {
            return Err(Failure { code: "invalid", message: format!("--set {text}: KEY=VALUE is needed"), exit: 2 });
        };
        flags.push((key.trim().to_owned(), value.to_owned()));
    }
    let named = [
        ("domain", &global.domain),
        ("listen", &global.listen),
        ("public_url", &global.public_url),
        ("database", &global.database),
    ];
    for (key, value) in named {
        flags.extend(value.clone().map(|value| (key.to_owned(), value)));
    }
    let sources = Sources { file: global.config.clone(), data_dir: global.data_dir.clone(), environment, flags };
    let loaded = sources.load()?;
    let database = &loaded.config.database;
    if !database.is_sqlite() {
        crate::db::check_address(database.expose()).map_err(|why| loaded.wrong("database", why))?;
    }
    crate::net::check_mail(&loaded.config.mail).map_err(|(key, why)| loaded.wrong(key, why))?;
    Ok(loaded)
}

/// Standard output, where a closed pipe is no crash.
fn print(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{}", text.trim_end()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// A line beside the answer, for whoever waits; nobody need read it.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A runtime for one verb.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(format!("cannot start: {e}")))
}

/// The data folder, made when it is missing; only its owner may look into one we made.
fn data_folder(config: &Config) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data_dir)
        .map_err(|e| Failure::new(format!("cannot create {}: {e}", config.data_dir.display())))
}
