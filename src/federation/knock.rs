//! In which of the two formats a server takes signatures (SIGOUT-03). The common one is tried first, where it is refused
//! the other one once; a server that takes only that one is remembered for 30 days, until it refuses it three times.

use super::signatures::Scheme;
use crate::{
    app::App,
    store::{self, deliveries::Format},
    time::Timestamp,
};
use std::sync::Arc;

/// How long a format is remembered. Milliseconds.
const REMEMBERED: i64 = 30 * 24 * 3_600_000;
/// How long memory is believed without a look into the database: another process may have learned more. Milliseconds.
const FRESH: i64 = 600_000;
/// Refusals in a row after which a format is forgotten.
const REFUSALS: u32 = 3;
/// Hosts in memory.
const KEPT: u64 = 16_384;

/// What is known of a host.
#[derive(Clone, Copy)]
struct Known {
    /// It takes RFC 9421, learned at this time.
    modern: Option<Timestamp>,
    /// Refusals of that format in a row.
    refusals: u32,
    /// When the database was read.
    read: Timestamp,
}

struct Knocks(moka::sync::Cache<String, Known>);

fn knocks(app: &App) -> Arc<Knocks> {
    app.part_or(|| Knocks(moka::sync::Cache::new(KEPT)))
}

async fn known(app: &App, host: &str) -> Known {
    let (knocks, now) = (knocks(app), app.clock().now());
    if let Some(known) = knocks.0.get(host).filter(|known| (0..FRESH).contains(&(now.millis() - known.read.millis()))) {
        return known;
    }
    let name = host.to_owned();
    // Without the database the common format does.
    let modern = app.glance(move |conn| store::deliveries::modern_since(conn, &name)).await.unwrap_or_default();
    let refusals = knocks.0.get(host).map_or(0, |known| known.refusals);
    let known = Known { modern, refusals, read: now };
    knocks.0.insert(host.to_owned(), known);
    known
}

/// The format to begin with, and the other one. `host` is `host:port`.
pub async fn order(app: &App, host: &str) -> [Scheme; 2] {
    let now = app.clock().now();
    match known(app, host).await.modern {
        Some(at) if at > now.plus_millis(-REMEMBERED) => [Scheme::Rfc9421, Scheme::Cavage],
        _ => [Scheme::Cavage, Scheme::Rfc9421],
    }
}

/// The host refused the format it was asked in first, and took this one.
pub async fn learned(app: &App, host: &str, scheme: Scheme) {
    remember(app, host, (scheme == Scheme::Rfc9421).then(|| app.clock().now())).await;
}

/// The host took the format it was asked in first.
pub fn took(app: &App, host: &str) {
    let knocks = knocks(app);
    if let Some(known) = knocks.0.get(host).filter(|known| known.refusals > 0) {
        knocks.0.insert(host.to_owned(), Known { refusals: 0, ..known });
    }
}

/// The host refused both.
pub async fn refused(app: &App, host: &str) {
    let before = known(app, host).await;
    if before.modern.is_none() {
        return;
    }
    let refusals = before.refusals + 1;
    if refusals >= REFUSALS {
        return remember(app, host, None).await;
    }
    knocks(app).0.insert(host.to_owned(), Known { refusals, ..before });
}

async fn remember(app: &App, host: &str, modern: Option<Timestamp>) {
    let now = app.clock().now();
    knocks(app).0.insert(host.to_owned(), Known { modern, refusals: 0, read: now });
    let name = host.to_owned();
    let format = if modern.is_some() { Format::Rfc9421 } else { Format::Cavage };
    if let Err(error) = app.write(move |tx| store::deliveries::learn_format(tx.conn, &name, format, tx.now)).await {
        tracing::debug!(%error, "the format of a host could not be written down");
    }
}
