//! `serve`: everything of a node in one process, or a part of it in one of several (`--only`), until a signal ends it
//! (REL-25); and `migrate`.

use super::{Failure, control, data_folder, lock::Lock, print, runtime};
use crate::{
    app::App,
    config::Config,
    db::{Step, Watch},
    domain::{identity, setup},
    node,
    processes::{self, Part},
    server, telemetry,
};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::{
    io::Write,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// What to run.
#[derive(Debug, Default, Args)]
pub struct ServeArgs {
    /// Run one part of the node: several processes share one PostgreSQL, with the same settings and the same data folder
    #[arg(long, value_enum, value_name = "PART")]
    only: Option<Only>,
}

/// A part of a node's work.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Only {
    /// Answer requests
    Web,
    /// Work in the background: deliveries, the inbox, jobs, timers. It listens nowhere
    Jobs,
}

/// How long a process waits for an errand of the command line to end.
const ERRAND: Duration = Duration::from_secs(5);

/// Time for running requests when the disk failed (REL-08).
const DISK_GRACE: Duration = Duration::from_secs(3);

/// Runs the node.
pub(super) fn run(arguments: &ServeArgs, config: Config, as_json: bool) -> Result<(), Failure> {
    let started = Instant::now();
    telemetry::start_log(&config).map_err(Failure::new)?;
    data_folder(&config)?;
    let (part, lock) = match arguments.only {
        None => (Part::All, held(&config)?),
        Some(_) if config.database.is_sqlite() => {
            return Err(Failure::new(
                "--only is for several processes on one PostgreSQL (database = \"postgres://...\"); the embedded database \
                 has one process, which does everything: serve",
            ));
        }
        Some(only) => (if matches!(only, Only::Web) { Part::Web } else { Part::Jobs }, shared(&config)?),
    };
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let mut signals = Signals::new()?;
        let listener = match part {
            Part::Jobs => None,
            _ => Some(bind(config.listen).await?),
        };
        let app = tokio::select! {
            opened = open_with(config, part, node::Parts::default()) => opened?,
            // Nothing was promised to anybody yet, and a migration that is cut off begins again (REL-05).
            () = signals.next() => return Ok(()),
        };
        node::start_part(&app, part);
        telemetry::start_figures(&app).await.map_err(Failure::new)?;
        // Beside several processes the command line opens the database itself.
        let control = if part == Part::All { Some(control::listen(&app)?) } else { None };
        let routes = server::outer(&app, node::routes(&app));
        let address = listener.as_ref().map(TcpListener::local_addr).transpose()?;
        let setup = match address {
            Some(_) => app.write(setup::open_setup).await?,
            None => None,
        };
        announce(&app, address, setup.as_deref(), started, as_json)?;
        let stop = app.stopping().clone();
        let watcher = tokio::spawn(async move {
            signals.next().await;
            tracing::info!("stopping; a second signal stops at once");
            stop.cancel();
            signals.next().await;
            std::process::exit(130);
        });
        let (db, stop) = (app.db().clone(), app.stopping().clone());
        let disk = tokio::spawn(async move {
            db.failed().await;
            // Whoever was told that it could not be written hears of it; then a new process reads what the disk has.
            stop.cancel();
            tokio::time::sleep(DISK_GRACE).await;
            std::process::exit(1);
        });
        match listener {
            Some(listener) => server::serve(&app, listener, routes).await,
            None => app.stopping().cancelled().await,
        }
        if app.db().has_failed() {
            tracing::error!("the disk failed under the database: start the program again when the disk is well");
            std::process::exit(1);
        }
        disk.abort();
        drop(control);
        close(app).await;
        watcher.abort();
        Ok(())
    });
    // What still runs (a picture being scaled, a slow name server) was promised to nobody.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    drop(lock);
    result
}

/// Brings the database up to date; the server must not run.
pub(super) fn migrate(config: Config, as_json: bool) -> Result<(), Failure> {
    data_folder(&config)?;
    let _lock = held(&config)?;
    let database = config.database.masked();
    if !as_json {
        telemetry::start_log(&config).map_err(Failure::new)?;
    }
    let steps = Arc::new(AtomicUsize::new(0));
    let counted = steps.clone();
    // Beside the answer: whoever reads that need not sort it out.
    let watch: Watch = Arc::new(move |step: &Step| {
        counted.store(step.number, Ordering::Relaxed);
        let _ = match as_json {
            true => {
                let told = json!({ "step": step.number, "of": step.of, "migration": step.name });
                writeln!(std::io::stderr(), "{told}")
            }
            false => writeln!(std::io::stderr(), "Step {} of {}: {}", step.number, step.of, step.name),
        };
    });
    runtime()?.block_on(async {
        let app =
            open_with(config, Part::Errand, node::Parts { migrating: Some(watch), ..node::Parts::default() }).await?;
        close(app).await;
        Ok::<(), Failure>(())
    })?;
    let steps = steps.load(Ordering::Relaxed);
    if as_json {
        return print(&json!({ "ok": true, "database": database, "steps": steps }).to_string());
    }
    print(&format!("{database} is up to date ({steps} steps)."))
}

/// Opens the database for an errand.
pub(super) async fn open(config: Config) -> Result<App, Failure> {
    open_with(config, Part::Errand, node::Parts::default()).await
}

/// Opens the database away from the runtime's threads: migrating may take a while.
async fn open_with(config: Config, part: Part, parts: node::Parts) -> Result<App, Failure> {
    let opened = tokio::task::spawn_blocking(move || node::assemble(config, parts)).await;
    let app = opened.map_err(|e| Failure::new(e.to_string()))??;
    if part == Part::Errand {
        let site = app.site().clone();
        app.read(move |conn| identity::compare(conn, &site)).await?;
    }
    processes::join(&app, part).await?;
    node::prepare(&app).await?;
    Ok(app)
}

/// Workers have ended or will at their next step; what is written is on disk when this returns.
pub(super) async fn close(app: App) {
    app.stopping().cancel();
    if let Err(error) = node::give_back(&app).await {
        tracing::warn!(%error, "what the workers had taken is taken up again when its lease ends");
    }
    let db = app.db().clone();
    drop(app);
    let _ = tokio::task::spawn_blocking(move || db.close()).await;
}

/// The database for this process alone; a command that has it for a moment is waited for.
fn held(config: &Config) -> Result<Lock, Failure> {
    let until = Instant::now() + ERRAND;
    loop {
        let holder = match Lock::take(config)? {
            Ok(lock) => return Ok(lock),
            Err(holder) => holder,
        };
        let who = match holder.several {
            true => "other processes of this node (serve --only) already serve".to_owned(),
            false => format!("another watercooler (process {}) already serves", holder.process),
        };
        if holder.several || control::is_answered(&holder.socket) || Instant::now() >= until {
            return Err(Failure::new(format!("{who} {}; stop it first", config.database.masked())));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The data folder, together with the other processes of this node.
fn shared(config: &Config) -> Result<Lock, Failure> {
    let until = Instant::now() + ERRAND;
    loop {
        match Lock::share(config)? {
            Ok(lock) => return Ok(lock),
            Err(_) if Instant::now() < until => std::thread::sleep(Duration::from_millis(50)),
            Err(holder) => {
                return Err(Failure::new(format!(
                    "another watercooler (process {}) does everything for {}; stop it first, or start this one without --only \
                     on another data folder",
                    holder.process,
                    config.database.masked()
                )));
            }
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|e| Failure::new(format!("cannot listen on {address}: {e}")))
}

/// The lines a person at the terminal needs.
fn announce(
    app: &App,
    address: Option<SocketAddr>,
    setup: Option<&str>,
    started: Instant,
    as_json: bool,
) -> Result<(), Failure> {
    let site = app.site();
    let millis = started.elapsed().as_millis();
    if as_json {
        return print(
            &json!({ "ready": true, "url": site.base(), "listen": address.map(|address| address.to_string()), "domain": site.domain(), "setup": setup, "millis": millis })
                .to_string(),
        );
    }
    let version = env!("CARGO_PKG_VERSION");
    match address {
        Some(address) => print(&format!(
            "Watercooler {version} serves {} (listening on {address}, ready in {millis} ms).",
            site.base()
        ))?,
        None => {
            print(&format!(
                "Watercooler {version} works for {} in the background (ready in {millis} ms).",
                site.base()
            ))?;
        }
    }
    match setup {
        Some(link) => print(&format!("No admin yet. This link works once and makes the first account: {link}")),
        None => Ok(()),
    }
}

/// SIGTERM and SIGINT.
pub(super) struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
