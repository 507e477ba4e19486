//! Answers for machines that watch: alive, ready, figures.

use crate::{app::App, store};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A database that takes longer is not ready.
const PATIENCE: Duration = Duration::from_secs(2);
/// A job, or an activity that arrived, that waited longer means that workers are stuck (REL-27).
const LAG_MS: i64 = 15 * 60 * 1000;

pub(super) fn routes(app: &App) -> Router {
    Router::new()
        .route("/health", get(alive))
        .route("/health/", get(alive))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(app.clone())
}

/// The process runs and answers.
async fn alive() -> Response {
    answer(StatusCode::OK, "OK")
}

/// The database answers and no queue stands still.
async fn ready(State(app): State<App>) -> Response {
    if app.stopping().is_cancelled() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    let now = app.clock().now();
    let oldest = app.read(move |conn| {
        let (job, arrived) = (store::health::oldest_due_job(conn, now)?, store::health::oldest_arrived(conn, now)?);
        Ok(job.into_iter().chain(arrived).min())
    });
    match tokio::time::timeout(PATIENCE, oldest).await {
        Ok(Ok(oldest)) if oldest.is_some_and(|at| now.millis() - at.millis() > LAG_MS) => {
            answer(StatusCode::SERVICE_UNAVAILABLE, "a queue stands still")
        }
        Ok(Ok(_)) => answer(StatusCode::OK, "OK"),
        Ok(Err(_)) | Err(_) => answer(StatusCode::SERVICE_UNAVAILABLE, "the database is away"),
    }
}

/// Writes down for how long the oldest row of each queue has been waiting; while the database is away nothing.
pub async fn measure_queues(app: &App) {
    let now = app.clock().now();
    let oldest = app.read(move |conn| store::health::oldest_by_queue(conn, now));
    let oldest = match tokio::time::timeout(PATIENCE, oldest).await {
        Ok(Ok(oldest)) => oldest,
        Ok(Err(_)) | Err(_) => return,
    };
    // What was measured once and is empty now says so.
    let measured = app.part::<Measured>();
    let mut known = measured.0.lock().unwrap_or_else(PoisonError::into_inner);
    known.extend(oldest.iter().map(|(queue, _)| queue.clone()));
    for queue in known.iter() {
        let since = oldest.iter().find(|(name, _)| name == queue).map_or(now, |(_, since)| *since);
        let seconds = (now.millis() - since.millis()).max(0) as f64 / 1_000.0;
        metrics::gauge!("queue_oldest_seconds", "queue" => queue.clone()).set(seconds);
    }
}

/// The queues that were measured since the node started; a part of the app.
#[derive(Default)]
struct Measured(Mutex<BTreeSet<String>>);

/// Figures for Prometheus, behind the configured token; without one they do not exist here.
async fn figures(State(app): State<App>, headers: HeaderMap) -> Response {
    let given =
        headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    match (&app.config().metrics.token, given) {
        (Some(token), Some(given)) if same(token.expose().as_bytes(), given.as_bytes()) => {
            crate::telemetry::render(&app).await.into_response()
        }
        _ => answer(StatusCode::NOT_FOUND, "not found"),
    }
}

/// Compares without telling by time where the difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

fn answer(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "text/plain; charset=utf-8")], text)
        .into_response()
}
