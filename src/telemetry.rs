//! Log and figures. Neither ever holds bodies, keys, tokens, e-mail addresses or query strings (PRV-20).

use crate::{
    app::App,
    config::{Config, LogFormat},
    server,
};
use axum::{Router, extract::State, routing::get};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tracing_subscriber::{EnvFilter, fmt};

/// What renders the figures; a part of the app while they are switched on.
#[derive(Default)]
struct Figures(std::sync::OnceLock<PrometheusHandle>);

/// Starts the log of this process, on standard error. Called by `main`'s verbs only, once.
///
/// # Errors
/// A sentence when the filter cannot be read.
pub fn start_log(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log).map_err(|e| format!("log: {e}"))?;
    let log = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    // A second start in one process keeps the first.
    let _ = match config.log_format {
        LogFormat::Text => log.with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    Ok(())
}

/// Switches the figures on when the settings ask for them, and serves them on their own address when one is given.
///
/// # Errors
/// A sentence when the address cannot be bound.
pub async fn start_figures(app: &App) -> Result<(), String> {
    let settings = &app.config().metrics;
    if settings.listen.is_none() && settings.token.is_none() {
        return Ok(());
    }
    match PrometheusBuilder::new().install_recorder() {
        Ok(handle) => {
            let _ = app.part::<Figures>().0.set(handle);
        }
        Err(error) => tracing::warn!(%error, "figures are already on in this process"),
    }
    let upkeep = app.clone();
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(std::time::Duration::from_secs(5));
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = upkeep.stopping().cancelled() => return,
            }
            if let Some(handle) = upkeep.part::<Figures>().0.get() {
                handle.run_upkeep();
            }
        }
    });
    let Some(address) = settings.listen else { return Ok(()) };
    let listener = TcpListener::bind(address).await.map_err(|e| format!("metrics.listen {address}: {e}"))?;
    let routes = Router::new()
        .route("/metrics", get(|State(app): State<App>| async move { render(&app).await }))
        .with_state(app.clone());
    let app = app.clone();
    tokio::spawn(async move { crate::server::serve(&app, listener, routes).await });
    Ok(())
}

/// The figures in Prometheus' text format; empty while they are off.
pub async fn render(app: &App) -> String {
    let figures = app.part::<Figures>();
    let Some(handle) = figures.0.get() else { return String::new() };
    server::measure_queues(app).await;
    if let Some(usage) = Usage::of_this_process() {
        metrics::gauge!("process_resident_memory_bytes").set(usage.resident as f64);
        metrics::gauge!("process_cpu_seconds_total").set(usage.cpu.as_secs_f64());
    }
    handle.render()
}

/// What a process has used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// User and system time.
    pub cpu: std::time::Duration,
    /// Resident memory, bytes.
    pub resident: u64,
}

impl Usage {
    /// Of this process; `None` where there is no `/proc`.
    pub fn of_this_process() -> Option<Self> {
        Self::of("self")
    }
    /// Of the process with this number (or `self`).
    pub fn of(process: &str) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name in parentheses may hold anything; what follows it is numbers. Ticks are 10 ms on every Linux.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let kib: u64 =
            status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?.trim().trim_end_matches(" kB").parse().ok()?;
        Some(Self { cpu: std::time::Duration::from_millis(ticks * 10), resident: kib * 1024 })
    }
}
