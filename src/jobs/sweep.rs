//! The hourly round of removing what has served its time.

use crate::{Result, app::App, domain::Task, store};

/// Removes in chunks, a transaction each, until nothing is left that has expired.
pub(super) async fn run(app: &App) -> Result<()> {
    while !app.stopping().is_cancelled() {
        if app.write(|tx| store::sweep::chunk(tx.conn, tx.now)).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// Orders a round every hour; several processes order one round together, because a task has one key.
pub(super) fn start(app: &App) {
    let app = app.clone();
    tokio::spawn(async move {
        let mut hour = tokio::time::interval(std::time::Duration::from_secs(3600));
        loop {
            tokio::select! {
                _ = hour.tick() => {}
                () = app.stopping().cancelled() => return,
            }
            if let Err(error) = app.write(|tx| tx.enqueue(&Task::Sweep)).await {
                tracing::warn!(%error, "cannot order the sweep");
            }
        }
    });
}
