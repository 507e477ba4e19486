//! `serve`: everything of a node in one process, until a signal ends it (REL-25); and `migrate`.

use super::{Failure, control, data_folder, lock::Lock, print, runtime};
use crate::{
    app::App,
    config::Config,
    db::{Step, Watch},
    domain::setup,
    node, server, telemetry,
};
use serde_json::json;
use std::{
    io::Write,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// Runs the node.
pub(super) fn run(config: Config, as_json: bool) -> Result<(), Failure> {
    let started = Instant::now();
    telemetry::start_log(&config).map_err(Failure::new)?;
    data_folder(&config)?;
    let lock = held(&config)?;
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let mut signals = Signals::new()?;
        let listener = bind(config.listen).await?;
        let app = open(config).await?;
        node::start_workers(&app);
        telemetry::start_figures(&app).await.map_err(Failure::new)?;
        let control = control::listen(&app)?;
        let routes = server::outer(&app, node::routes(&app));
        let address = listener.local_addr()?;
        let setup = app.write(setup::open_setup).await?;
        announce(&app, address, setup.as_deref(), started, as_json)?;
        let stop = app.stopping().clone();
        let watcher = tokio::spawn(async move {
            signals.next().await;
            tracing::info!("stopping; a second signal stops at once");
            stop.cancel();
            signals.next().await;
            std::process::exit(130);
        });
        server::serve(&app, listener, routes).await;
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
        let app = open_with(config, node::Parts { migrating: Some(watch), ..node::Parts::default() }).await?;
        close(app).await;
        Ok::<(), Failure>(())
    })?;
    let steps = steps.load(Ordering::Relaxed);
    if as_json {
        return print(&json!({ "ok": true, "database": database, "steps": steps }).to_string());
    }
    print(&format!("{database} is up to date ({steps} steps)."))
}

/// Opens the database away from the runtime's threads: migrating may take a while.
pub(super) async fn open(config: Config) -> Result<App, Failure> {
    open_with(config, node::Parts::default()).await
}

async fn open_with(config: Config, parts: node::Parts) -> Result<App, Failure> {
    let opened = tokio::task::spawn_blocking(move || node::assemble(config, parts)).await;
    let app = opened.map_err(|e| Failure::new(e.to_string()))??;
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

fn held(config: &Config) -> Result<Lock, Failure> {
    Lock::take(config)?.map_err(|holder| {
        Failure::new(format!(
            "another watercooler (process {}) already serves {}; stop it first",
            holder.process,
            config.database.masked()
        ))
    })
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|e| Failure::new(format!("cannot listen on {address}: {e}")))
}

/// The lines a person at the terminal needs.
fn announce(
    app: &App,
    address: SocketAddr,
    setup: Option<&str>,
    started: Instant,
    as_json: bool,
) -> Result<(), Failure> {
    let site = app.site();
    let millis = started.elapsed().as_millis();
    if as_json {
        return print(
            &json!({ "ready": true, "url": site.base(), "listen": address.to_string(), "domain": site.domain(), "setup": setup, "millis": millis })
                .to_string(),
        );
    }
    print(&format!(
        "Watercooler {} serves {} (listening on {address}, ready in {millis} ms).",
        env!("CARGO_PKG_VERSION"),
        site.base()
    ))?;
    match setup {
        Some(link) => print(&format!("No owner yet. This link works once and makes the first account: {link}")),
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
