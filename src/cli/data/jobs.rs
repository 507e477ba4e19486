//! `jobs ...`: nothing that works in the background is hidden.

use crate::{
    Error, Result,
    app::App,
    domain::audit::{self, Staff},
    id::Id,
    store,
};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What to do with background work.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobsVerb {
    /// List what waits, runs and failed, the newest first
    List {
        /// At most so many
        #[arg(long, default_value_t = 200)]
        limit: u16,
    },
    /// Try failed jobs again
    Retry {
        /// The number of one job
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// All of them
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

pub(super) async fn run(app: &App, verb: JobsVerb) -> Result<Value> {
    let now = app.clock().now();
    match verb {
        JobsVerb::List { limit } => {
            app.read(move |conn| {
                // Three queues, of which any may have the newest.
                let mut all: Vec<(i64, Value)> = store::jobs::list(conn, limit.into())?
                    .iter()
                    .map(|job| {
                        let state = match () {
                            () if job.buried_at.is_some() => "failed",
                            () if job.locked_until.is_some_and(|until| until > now) => "running",
                            () if job.run_at > now => "later",
                            () => "waiting",
                        };
                        let line = json!({
                            "id": job.id,
                            "queue": job.queue,
                            "kind": job.kind,
                            "state": state,
                            "attempts": job.attempts,
                            "run_at": job.run_at,
                            "last_error": job.last_error,
                        });
                        (job.id.raw(), line)
                    })
                    .collect();
                all.extend(store::deliveries::list(conn, limit.into())?.iter().map(|d| {
                    let line = json!({
                        "id": d.id,
                        "queue": "deliver",
                        "kind": d.inbox,
                        "state": state_of(d.parked_at.is_some(), d.not_before > now),
                        "attempts": d.attempts,
                        // What was never postponed may go since it is there.
                        "run_at": d.not_before.max(d.created_at),
                        "last_error": d.last_error,
                    });
                    (d.id.raw(), line)
                }));
                all.extend(store::health::inbox(conn, limit.into())?.iter().map(|i| {
                    let line = json!({
                        "id": i.id,
                        "queue": "inbox",
                        "kind": i.host,
                        "state": state_of(i.parked_at.is_some(), i.run_at > now),
                        "attempts": i.attempts,
                        "run_at": i.run_at,
                        "last_error": i.last_error,
                    });
                    (i.id.raw(), line)
                }));
                all.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
                all.truncate(limit.into());
                Ok(all.into_iter().map(|(_, line)| line).collect())
            })
            .await
        }
        JobsVerb::Retry { id, .. } => {
            let number = |id: String| {
                id.parse::<i64>().map_err(|_| Error::invalid("id", "invalid", format!("`{id}` is no number")))
            };
            let id: Option<i64> = id.map(number).transpose()?;
            let retried = app
                .write(move |tx| {
                    let jobs = store::jobs::retry(tx.conn, id.map(Id::new), tx.now)?;
                    let received = store::inbox::retry(tx.conn, id.map(Id::new), tx.now)?;
                    for (queue, _) in crate::jobs::QUEUES {
                        tx.wake(queue);
                    }
                    tx.wake(crate::federation::inbox::QUEUE);
                    Ok(jobs + received)
                })
                .await?;
            let retried = retried + crate::federation::deliver::retry(app, id.map(Id::new)).await?;
            if retried == 0 && id.is_some() {
                return Err(Error::invalid("id", "not_found", "there is no failed job of this number"));
            }
            if retried > 0 {
                let (target, detail) = (id.map_or_else(|| "all".to_owned(), |id| id.to_string()), retried.to_string());
                app.write(move |tx| audit::write(tx, &Staff::console(), "jobs.retry", &target, &detail)).await?;
            }
            Ok(json!({ "retried": retried }))
        }
    }
}

fn state_of(failed: bool, later: bool) -> &'static str {
    match (failed, later) {
        (true, _) => "failed",
        (_, true) => "later",
        _ => "waiting",
    }
}
