//! Answers for machines that watch: alive, ready, figures.

use crate::{app::App, store};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use std::time::Duration;

/// A database that takes longer is not ready.
const PATIENCE: Duration = Duration::from_secs(2);
/// A job that waited longer means that workers are stuck (REL-27).
const LAG_MS: i64 = 15 * 60 * 1000;

pub(super) fn routes(app: &App) -> Router {
    Router::new()
        .route("/health", get(alive))
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
    match tokio::time::timeout(PATIENCE, app.read(move |conn| store::health::oldest_due_job(conn, now))).await {
        Ok(Ok(oldest)) if oldest.is_some_and(|at| now.millis() - at.millis() > LAG_MS) => {
            answer(StatusCode::SERVICE_UNAVAILABLE, "a queue stands still")
        }
        Ok(Ok(_)) => answer(StatusCode::OK, "OK"),
        Ok(Err(_)) | Err(_) => answer(StatusCode::SERVICE_UNAVAILABLE, "the database is away"),
    }
}

/// Figures for Prometheus, behind the configured token; without one they do not exist here.
async fn figures(State(app): State<App>, headers: HeaderMap) -> Response {
    let given =
        headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    match (&app.config().metrics.token, given) {
        (Some(token), Some(given)) if same(token.expose().as_bytes(), given.as_bytes()) => {
            crate::telemetry::render(&app).into_response()
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
