//! One delivery: sign, send, judge. Signed at send time, so the date is fresh on every attempt (SIGOUT-01).

use super::{lanes::Row, proven, schedule};
use crate::{
    Error, Result,
    app::App,
    federation::{
        followers_sync, knock, own_keys,
        signatures::{HopSigner, Scheme},
    },
    net::{self, Answer, Ask, Failure, Purpose, Refusal},
    store::deliveries as rows,
};
use axum::http::header::RETRY_AFTER;
use hyper::{StatusCode, body::Bytes};
use std::{panic::AssertUnwindSafe, sync::Arc};
use url::Url;

/// Bodies on their way to several inboxes are read once.
pub type Bodies = moka::future::Cache<i64, Bytes>;

/// An empty cache.
pub fn bodies() -> Bodies {
    moka::future::Cache::new(512)
}

/// Tries of a row that fails by our own fault before it is parked (REL-18).
const POISON: i64 = 5;
/// Milliseconds between them.
const POISON_STEPS: [i64; 1] = [60_000];

/// Milliseconds after which a row that was read is looked at again before it is sent.
const MOMENT: i64 = 2_000;

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// Taken.
    Delivered,
    /// There is nothing to send any more.
    Vanished,
    /// Refused for good.
    Refused(String),
    /// There is no such inbox (404).
    Missing(String),
    /// The inbox is gone for good.
    Gone(String),
    /// A rule of ours forbids it.
    Forbidden(Refusal),
    /// The host is well, this sender's rows wait; after `tries` this one is parked.
    SenderLater { why: String, steps: &'static [i64], tries: Option<i64> },
    /// The host is not well; `stumbled`: it answered, and it may be this row that it cannot take.
    HostLater { why: String, retry_after: Option<i64>, stumbled: bool },
}

impl Outcome {
    /// The label of the counter.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Vanished => "vanished",
            Self::Refused(_) => "refused",
            Self::Missing(_) => "missing",
            Self::Gone(_) => "gone",
            Self::Forbidden(_) => "forbidden",
            Self::SenderLater { .. } => "sender_later",
            Self::HostLater { .. } => "host_later",
        }
    }
}

/// Sends a row. Never panics: a row that does so is poison, and others go on.
pub async fn send(app: &App, bodies: &Bodies, row: &Row) -> Outcome {
    let guarded = AssertUnwindSafe(attempt(app, bodies, row));
    match futures_util::FutureExt::catch_unwind(guarded).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => ours(error.to_string()),
        Err(_) => ours("the delivery panicked".to_owned()),
    }
}

fn ours(why: String) -> Outcome {
    Outcome::SenderLater { why, steps: &POISON_STEPS, tries: Some(POISON) }
}

fn later(why: String, retry_after: Option<i64>) -> Outcome {
    Outcome::HostLater { why, retry_after, stumbled: false }
}

async fn attempt(app: &App, bodies: &Bodies, row: &Row) -> Result<Outcome> {
    // Between reading and sending a follow may have ended (ADDR-OUT-04) or a block fallen (PRV-11);
    // what is older than a moment may be of somebody who left meanwhile (N3).
    let id = row.id;
    let is_old = app.clock().now().millis() - row.created_at.millis() > MOMENT;
    if (row.confidential || is_old) && !app.glance(move |conn| rows::is_waiting(conn, id)).await? {
        return Ok(Outcome::Vanished);
    }
    let Some(body) = body(app, bodies, row).await? else { return Ok(Outcome::Vanished) };
    let Ok(url) = row.inbox.parse() else { return Ok(Outcome::Forbidden(Refusal::Malformed)) };
    Ok(match knock(app, row, &url, &body).await? {
        Ok(answer) => {
            let status = answer.status.as_u16();
            let why = || format!("answered {status}");
            match schedule::judge(status, Some(answer.header(RETRY_AFTER)), app.clock().now()) {
                schedule::Answer::Delivered => Outcome::Delivered,
                schedule::Answer::Refused => Outcome::Refused(why()),
                schedule::Answer::Missing => Outcome::Missing(why()),
                schedule::Answer::Gone => Outcome::Gone(why()),
                schedule::Answer::Unauthorized => {
                    Outcome::SenderLater { why: why(), steps: &schedule::UNAUTHORIZED_STEPS, tries: None }
                }
                schedule::Answer::Elsewhere => {
                    Outcome::SenderLater { why: why(), steps: &schedule::STEPS, tries: None }
                }
                schedule::Answer::Later { retry_after, stumbled } => {
                    Outcome::HostLater { why: why(), retry_after, stumbled }
                }
            }
        }
        // An answer of any length is an answer.
        Err(Failure::TooLarge) => Outcome::Delivered,
        Err(Failure::Unsigned(why)) => ours(why),
        // What a name resolves to may be a mistake that passes; the rest are rules that stay.
        Err(Failure::Refused(refusal @ (Refusal::PrivateAddress | Refusal::OutsideRanges | Refusal::NeverAllowed))) => {
            later(refusal.code().to_owned(), None)
        }
        Err(Failure::Refused(refusal)) => Outcome::Forbidden(refusal),
        Err(Failure::Paused(wait)) => {
            let seconds = i64::try_from(wait.as_secs()).ok();
            later("paused".to_owned(), seconds)
        }
        Err(failure @ (Failure::Unreachable(_) | Failure::TimedOut | Failure::Nonsense(_))) => {
            later(failure.to_string(), None)
        }
    })
}

/// Sends it in the format that this host is known to take, and once in the other one when it is not believed (SIGOUT-03).
async fn knock(app: &App, row: &Row, url: &Url, body: &Bytes) -> Result<std::result::Result<Answer, Failure>> {
    let signer = own_keys::signer(app, row.account).await?;
    let followers = match row.confidential {
        true => followers_sync::header(app, row.activity, row.account, &row.inbox).await?,
        false => None,
    };
    let post = |scheme: Scheme| {
        let hop = HopSigner::of_activity(signer.clone(), scheme, app.clock().clone());
        let ask = Ask::post(Purpose::Deliver, url.clone(), body.clone()).signed_by(Arc::new(hop));
        app.net().fetch(match &followers {
            Some(value) => ask.header(followers_sync::HEADER, value.clone()),
            None => ask,
        })
    };
    let host = net::authority(url);
    let [first, second] = knock::order(app, &host).await;
    let answer = post(first).await;
    if !matches!(&answer, Ok(answer) if answer.status == StatusCode::UNAUTHORIZED) {
        if matches!(&answer, Ok(answer) if answer.status.is_success()) {
            knock::took(app, &host);
        }
        return Ok(answer);
    }
    match post(second).await {
        Ok(other) if other.status.is_success() => {
            knock::learned(app, &host, second).await;
            Ok(Ok(other))
        }
        // The first answer is the one that tells.
        _ => {
            knock::refused(app, &host).await;
            Ok(answer)
        }
    }
}

async fn body(app: &App, bodies: &Bodies, row: &Row) -> Result<Option<Bytes>> {
    let activity = row.activity;
    match bodies.try_get_with(activity.raw(), proven::body(app, activity)).await {
        Ok(body) => Ok(Some(body)),
        Err(error) if matches!(*error, Error::NotFound) => Ok(None),
        Err(error) => Err(Error::internal(error)),
    }
}
