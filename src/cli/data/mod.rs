//! Verbs that touch data: parsed here, sent to the running server as they are, run on its `App`. Each calls one operation
//! of the domain as the console's [`Staff`], so it leaves the same trace as a click.

mod accounts;
mod announcements;
mod answers;
mod audit;
pub(crate) mod backup;
mod emojis;
mod expertise;
mod jobs;
mod moderation;
mod peers;
mod people;
mod posts;

pub use accounts::{AccountVerb, Word};
pub use announcements::AnnouncementVerb;
pub use answers::AnswersVerb;
pub use audit::AuditVerb;
pub use emojis::EmojiVerb;
pub use expertise::PeopleVerb;
pub use jobs::JobsVerb;
pub use moderation::ReportVerb;
pub use peers::PeerVerb;
pub use people::{InviteVerb, TokenVerb};
pub use posts::PostVerb;

use super::{Failure, Global, control, doctor, lock::Lock, org, print, serve, show};
use crate::{Error, app::App, config::Config, db::Conn, domain::counters, experts, model::Account, store};
use clap::Subcommand;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Between two looks at how far joining is.
const LOOK: Duration = Duration::from_millis(500);
/// How long a command waits for a server that starts or stops, or for another command that has the database.
const PATIENCE: Duration = Duration::from_secs(15);
/// So often somebody at a terminal hears that long work is still going on.
const TOLD: Duration = Duration::from_secs(4);

/// A verb about the node's data.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataVerb {
    /// People of this node
    #[command(subcommand)]
    Account(AccountVerb),
    /// What people know and where they work
    #[command(subcommand)]
    People(PeopleVerb),
    /// Questions with accepted answers
    #[command(subcommand)]
    Answers(AnswersVerb),
    /// Invitations
    #[command(subcommand)]
    Invite(InviteVerb),
    /// What everybody of this node is told
    #[command(subcommand)]
    Announcement(AnnouncementVerb),
    /// Reports to the moderators
    #[command(subcommand)]
    Report(ReportVerb),
    /// Posts that staff deletes or hides
    #[command(subcommand)]
    Post(PostVerb),
    /// Custom emoji
    #[command(subcommand)]
    Emoji(EmojiVerb),
    /// Access tokens for scripts and tests
    #[command(subcommand)]
    Token(TokenVerb),
    /// Other nodes
    #[command(subcommand)]
    Peer(PeerVerb),
    /// Background work
    #[command(subcommand)]
    Jobs(JobsVerb),
    /// What staff, commands and the organisation did
    #[command(subcommand)]
    Audit(AuditVerb),
    /// The organisation that this node belongs to
    #[command(subcommand)]
    Org(org::OrgVerb),
    /// What the node counts about itself: skills listed, questions answered, projects that met
    Counters {
        /// Over how many days
        #[arg(long, default_value_t = 90)]
        days: i64,
    },
    /// Copy what cannot be made again into a folder, while the node runs: database, key file, media
    Backup(backup::BackupArgs),
    /// Look for what is wrong, here and between this node and the others, and say what to do
    Doctor(doctor::DoctorArgs),
}

impl DataVerb {
    /// Whether its `domain` is not this node's: the command line has the same word for both.
    pub(super) fn names_another_domain(&self) -> bool {
        match self {
            Self::Org(verb) => {
                use org::OrgVerb::{Add, Invite, Remove};
                matches!(verb, Invite { .. } | Add { .. } | Remove { .. })
            }
            Self::Peer(verb) => !matches!(verb, PeerVerb::List | PeerVerb::Relays | PeerVerb::Relay { .. }),
            _ => false,
        }
    }
}

/// Runs a verb: inside the server when one runs, on the opened database otherwise.
pub(super) fn dispatch(mut verb: DataVerb, config: Config, global: &Global) -> Result<(), Failure> {
    if let DataVerb::Account(account) = &mut verb {
        account.read_password()?;
    }
    if let DataVerb::Token(token) = &mut verb {
        token.read_token()?;
    }
    if let DataVerb::Peer(peer) = &mut verb {
        peer.read_ca()?;
    }
    if let DataVerb::People(people) = &mut verb {
        people.read_file()?;
    }
    if let DataVerb::Backup(backup) = &mut verb {
        backup.make_absolute()?;
    }
    if let DataVerb::Emoji(emoji) = &mut verb {
        emoji.read_file()?;
    }
    let mut alone = None;
    if let DataVerb::Org(org) = &mut verb {
        org.prepare()?;
        alone = org.run_alone()?;
    }
    let value = match alone {
        Some(value) => value,
        None => {
            super::data_folder(&config)?;
            let again = config.clone();
            let fresh = config.database.sqlite_path().filter(|path| !path.exists());
            let value = match &verb {
                DataVerb::Emoji(emoji @ EmojiVerb::Import { .. }) => import(emoji, &config, global.json)?,
                DataVerb::Org(org::OrgVerb::Join { .. }) if !global.json => {
                    super::runtime()?.block_on(join(&verb, config))?
                }
                _ if global.json => super::runtime()?.block_on(find_and_run(&verb, config))?,
                _ => super::runtime()?.block_on(patiently(&verb, config))?,
            };
            // Right before the first start, and a surprise in the wrong folder.
            if let Some(path) = fresh.filter(|path| path.exists() && !global.json) {
                super::tell(&format!(
                    "There was no database at {}; a new one was begun. --data-dir or --config name another one.",
                    path.display()
                ));
            }
            match &verb {
                DataVerb::Org(org) => org.finish(value, global.json)?,
                DataVerb::Answers(answers) => export(answers, value, &again)?,
                _ => value,
            }
        }
    };
    match (&verb, global.json) {
        (_, true) => print(&value.to_string())?,
        (DataVerb::Doctor(_), false) => print(&doctor::text(&value))?,
        _ => print(&show::value(&value))?,
    }
    match verb {
        DataVerb::Doctor(_) => doctor::verdict(&value),
        _ => Ok(()),
    }
}

/// Reads what is left, part by part, and writes the files.
fn export(verb: &AnswersVerb, mut value: Value, config: &Config) -> Result<Value, Failure> {
    let name = value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut entries = Vec::new();
    loop {
        let part = value.get_mut("entries").map(Value::take).unwrap_or_default();
        let part: Vec<_> = serde_json::from_value(part).map_err(|error| Failure::new(error.to_string()))?;
        entries.extend(part);
        let Some(next) = verb.next(&value) else { break };
        value = super::runtime()?.block_on(find_and_run(&DataVerb::Answers(next), config.clone()))?;
    }
    verb.write(&name, &entries)
}

/// Adds the pictures of a folder one by one. One that is refused does not stop the others.
fn import(verb: &EmojiVerb, config: &Config, quiet: bool) -> Result<Value, Failure> {
    let mut list = Vec::new();
    let all = verb.each()?;
    let (total, mut told) = (all.len(), Instant::now());
    for mut one in all {
        if !quiet && told.elapsed() >= TOLD {
            super::tell(&format!("{} of {total} pictures ...", list.len()));
            told = Instant::now();
        }
        let name = one.name().to_owned();
        let done = one
            .read_file()
            .map_err(Failure::from)
            .and_then(|()| super::runtime()?.block_on(find_and_run(&DataVerb::Emoji(one), config.clone())));
        list.push(match done {
            Ok(value) => value,
            Err(failure) => serde_json::json!({ "shortcode": name, "refused": failure.message() }),
        });
    }
    Ok(Value::Array(list))
}

/// Runs a verb, and says now and then that it has not come to its end: a backup with many files takes its time.
async fn patiently(verb: &DataVerb, config: Config) -> Result<Value, Failure> {
    let started = Instant::now();
    let done = find_and_run(verb, config);
    tokio::pin!(done);
    loop {
        tokio::select! {
            done = &mut done => return done,
            () = tokio::time::sleep(TOLD) => {
                super::tell(&format!("Still at it after {} seconds ...", started.elapsed().as_secs()));
            }
        }
    }
}

/// Joins an organisation, and tells on the way how much of what the others list has come: a large one takes its time.
async fn join(verb: &DataVerb, config: Config) -> Result<Value, Failure> {
    let socket = super::lock::socket_path(&config);
    let status = DataVerb::Org(org::OrgVerb::Status);
    let mut told: Vec<String> = Vec::new();
    let done = find_and_run(verb, config);
    tokio::pin!(done);
    loop {
        tokio::select! {
            done = &mut done => return done,
            () = tokio::time::sleep(LOOK) => {}
        }
        // Before it belongs to one there is none to ask about.
        let Ok(Some(status)) = control::ask(&socket, &status).await else { continue };
        let lines = org::progress(&status);
        for line in lines.iter().filter(|line| !told.contains(line)) {
            super::tell(line);
        }
        told = lines;
    }
}

/// Finds the server, or opens the database where none runs. One may just be starting or stopping, and another command may
/// have the database for a moment: that is waited for.
async fn find_and_run(verb: &DataVerb, config: Config) -> Result<Value, Failure> {
    let socket = super::lock::socket_path(&config);
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = control::ask(&socket, verb).await? {
            return Ok(value);
        }
        let holder = match Lock::take(&config)? {
            Ok(_lock) => return open_and_run(config, verb, true).await,
            Err(holder) if holder.several => return open_and_run(config, verb, false).await,
            Err(holder) => holder,
        };
        // A server with another data folder has this database.
        if holder.socket != socket
            && !holder.socket.as_os_str().is_empty()
            && let Some(value) = control::ask(&holder.socket, verb).await?
        {
            return Ok(value);
        }
        if Instant::now() >= until {
            let message = format!("process {} has the database open and does not answer", holder.process);
            return Err(Failure::new(message));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn open_and_run(config: Config, verb: &DataVerb, alone: bool) -> Result<Value, Failure> {
    let app = serve::open(config).await?;
    let mut verb = verb.clone();
    if let DataVerb::Doctor(arguments) = &mut verb {
        arguments.alone = alone;
    }
    let value = run(&app, verb).await;
    serve::close(app).await;
    value
}

/// The sentence for what a verb names and is not there; none where nothing is named.
fn missing(verb: &DataVerb) -> Option<String> {
    Some(match verb {
        DataVerb::Account(verb) => format!("`{}` is no person of this node", verb.name()?),
        DataVerb::Invite(InviteVerb::Revoke { code }) => format!("there is no invitation `{code}`"),
        DataVerb::Report(ReportVerb::Close { id }) => format!("there is no report {id}"),
        DataVerb::Post(_) => "one of these posts, or the report, is not there".into(),
        DataVerb::Announcement(verb) => format!("there is no announcement {}", verb.id()?),
        DataVerb::Emoji(EmojiVerb::Remove { shortcode }) => format!("there is no emoji `{shortcode}` of this node"),
        DataVerb::Token(TokenVerb::Revoke { token: Some(_), .. }) => "there is no such token".into(),
        DataVerb::Peer(PeerVerb::Remove { domain }) => format!("no peer `{domain}` was added by command"),
        DataVerb::Peer(PeerVerb::Unblock { domain }) => format!("no block of `{domain}` was set by command"),
        DataVerb::Peer(PeerVerb::Relay { address, remove: true }) => format!("no relay `{address}` is followed"),
        _ => return None,
    })
}

/// Runs a verb on this node.
///
/// # Errors
/// What its operation refuses, in words that say what was not found.
pub async fn run(app: &App, verb: DataVerb) -> Result<Value, Failure> {
    let missing = missing(&verb);
    work(app, verb).await.map_err(|failure| match missing {
        Some(sentence) if failure.is_bare() => Error::invalid("", "not_found", sentence).into(),
        _ => failure,
    })
}

/// On the heap from the beginning: the largest of all verbs has no place on the stack of a worker.
fn work(app: &App, verb: DataVerb) -> BoxFuture<'_, Result<Value, Failure>> {
    Box::pin(async move {
        Ok(match verb {
            DataVerb::Account(verb) => accounts::run(app, verb).await?,
            DataVerb::People(verb) => expertise::run(app, verb).await?,
            DataVerb::Answers(verb) => answers::run(app, verb).await?,
            DataVerb::Invite(verb) => people::invite(app, verb).await?,
            DataVerb::Announcement(verb) => announcements::run(app, verb).await?,
            DataVerb::Report(verb) => moderation::report(app, verb).await?,
            DataVerb::Post(verb) => posts::run(app, verb).await?,
            DataVerb::Emoji(verb) => emojis::run(app, verb).await?,
            DataVerb::Token(verb) => people::token(app, verb).await?,
            DataVerb::Peer(verb) => peers::run(app, verb).await?,
            DataVerb::Jobs(verb) => jobs::run(app, verb).await?,
            DataVerb::Audit(verb) => audit::run(app, verb).await?,
            DataVerb::Org(verb) => org::run(app, verb).await?,
            DataVerb::Counters { days } => {
                let (now, config) = (app.clock().now(), app.config_arc());
                experts::finds::write_down(app).await;
                let report = app.read(move |conn| counters::report(conn, &config.questions, days, now)).await?;
                serde_json::to_value(report).map_err(Error::internal)?
            }
            DataVerb::Backup(arguments) => backup::run(app, arguments).await?,
            DataVerb::Doctor(arguments) => doctor::run(app, &arguments).await?,
        })
    })
}

/// The account that somebody at a terminal means: `ada`, `@ada`, `ada@this.node` or `ada@other.node`.
fn find(conn: &mut Conn, domain: &str, name: &str) -> crate::Result<Account> {
    let name = name.trim().trim_start_matches('@').to_lowercase();
    let name = name.strip_suffix(&format!("@{}", domain.to_lowercase())).unwrap_or(&name);
    store::accounts::find_by_handle(conn, name)?
        .filter(|account| account.deleted_at.is_none())
        .ok_or_else(|| Error::invalid("name", "not_found", format!("there is no account `{name}` here")))
}
