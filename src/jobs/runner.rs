//! Claim, run, reschedule, bury.

use super::{QUEUES, TRIES, run};
use crate::{Result, app::App, domain::Task, id::Id, model::Job, store};
use std::{
    collections::HashSet,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};

/// Jobs that this process has taken.
#[derive(Default)]
struct Taken(Mutex<HashSet<Id<Job>>>);

/// A job is taken until this is dropped.
struct Hold(Arc<Taken>, Id<Job>);

impl Hold {
    fn new(app: &App, id: Id<Job>) -> Self {
        let taken = app.part::<Taken>();
        taken.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        Self(taken, id)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

fn taken(app: &App) -> Vec<Id<Job>> {
    app.part::<Taken>().0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
}

/// Gives back what is not finished, when the node stops (REL-25): whoever comes next need not wait for the lease to end.
///
/// # Errors
/// Those of the database.
pub async fn give_back(app: &App) -> Result<()> {
    let ids = taken(app);
    if ids.is_empty() {
        return Ok(());
    }
    app.write(move |tx| store::jobs::release(tx.conn, &ids)).await
}

/// Starts the workers of every queue; they end when the app stops.
pub fn start(app: &App) {
    for (queue, workers) in QUEUES {
        for _ in 0..*workers {
            let app = app.clone();
            tokio::spawn(async move {
                let wake = app.wake_of(queue);
                while !app.stopping().is_cancelled() {
                    let woken = wake.notified();
                    match work(&app, queue).await {
                        Ok(0) => {}
                        Ok(_) => continue,
                        Err(error) => tracing::warn!(%error, queue, "cannot take a job"),
                    }
                    // The timer is the safety net: jobs of another process, and those that were not due yet.
                    tokio::select! {
                        () = woken => {}
                        () = tokio::time::sleep(app.look_again()) => {}
                        () = app.stopping().cancelled() => {}
                    }
                }
            });
        }
    }
}

/// Runs everything that is due, in this task; answers how many jobs ran. For tests and for `jobs --once`.
pub async fn run_due(app: &App) -> Result<usize> {
    let mut ran = 0;
    for (queue, _) in QUEUES {
        loop {
            match work(app, queue).await? {
                0 => break,
                n => ran += n,
            }
        }
    }
    Ok(ran)
}

async fn work(app: &App, queue: &'static str) -> Result<usize> {
    // Looking is cheap and read-only; only a due job costs a write.
    let now = app.clock().now();
    match app.read(move |conn| store::jobs::next_due(conn, queue, now)).await? {
        Some(at) if at <= now => {}
        _ => return Ok(0),
    }
    // What this process has in work is not taken for dead, however the clock jumps.
    let held = taken(app);
    let jobs = app.write(move |tx| store::jobs::claim(tx.conn, queue, tx.now, tx.place(), 1, &held)).await?;
    let n = jobs.len();
    let jobs: Vec<(Hold, Job)> = jobs.into_iter().map(|job| (Hold::new(app, job.id), job)).collect();
    for (_hold, job) in jobs {
        one(app, job).await?;
    }
    Ok(n)
}

async fn one(app: &App, job: Job) -> Result<()> {
    let id: Id<Job> = job.id;
    let outcome = match Task::parse(&job.payload) {
        Ok(task) => {
            // A panicking job is a failed job, never a dead worker.
            let guarded = Box::pin(futures_util::FutureExt::catch_unwind(AssertUnwindSafe(run(app, task))));
            match app.held(guarded, move |tx| store::jobs::renew(tx.conn, id, tx.place(), tx.now)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(crate::Error::internal("the job panicked")),
            }
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => app.write(move |tx| store::jobs::finish(tx.conn, id)).await,
        Err(error) => {
            tracing::info!(%error, job = job.kind, attempts = job.attempts, "a job failed");
            // 10 s, 20 s, 40 s ... at most 6 h, with up to 20 % jitter so that many failures do not return together.
            let wait = (10_000_i64 << job.attempts.clamp(1, 12)).min(21_600_000);
            let jitter = app.random().below(wait.unsigned_abs() / 5) as i64;
            let again = (job.attempts < TRIES).then(|| app.clock().now().plus_millis(wait + jitter));
            let text: String = error.to_string().chars().take(500).collect();
            app.write(move |tx| store::jobs::fail(tx.conn, id, &text, again, tx.now)).await
        }
    }
}
