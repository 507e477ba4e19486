//! What came of deliveries, written down: in order, and many at once.

use super::{Deliveries, lock, schedule};
use crate::{
    Result,
    app::App,
    db::Sql,
    domain::{Task, Tx, remote},
    id::Id,
    model::{Activity, Delivery},
    store::{self, deliveries as rows},
    time::Timestamp,
    uri,
};
use std::{sync::Arc, time::Duration};

/// Rows that wait for one host; the oldest that are not durable go first (REL-13).
const PER_HOST_ROWS: i64 = 10_000;

/// What happens to rows and hosts; written in order, many at once.
#[derive(Debug)]
pub(super) enum Effect {
    Done(Id<Delivery>, Id<Activity>),
    /// As `Done`, but it did not arrive.
    Lost(Id<Delivery>, Id<Activity>, &'static str),
    Park(Id<Delivery>, String),
    Postpone(Id<Delivery>, String, Timestamp),
    ParkHost(String, &'static str),
    HostFailed {
        host: String,
        failures: u32,
        since: Timestamp,
        next: Timestamp,
        unavailable: bool,
    },
    /// It answered again; true: it took something.
    HostWell(String, bool),
    /// It was in trouble, and spoke.
    HostSpoke(String),
    InboxGone(String),
    InboxMissing(String, Timestamp),
    InboxDead(String),
    InboxThere(String),
}

/// Those that are still to be written.
#[derive(Default)]
pub(super) struct Effects {
    waiting: Vec<Effect>,
    writing: bool,
}

impl Deliveries {
    pub(super) fn is_written(&self) -> bool {
        let effects = lock(&self.effects);
        effects.waiting.is_empty() && !effects.writing
    }

    /// The host answered like a healthy one; `took`: with more than a refusal. What the database says of it ends with its
    /// trouble, or it would be in trouble again after a restart.
    pub(super) fn recovered(self: &Arc<Self>, app: &App, host: String, was_troubled: bool, took: bool) {
        if was_troubled {
            self.effect(app, Effect::HostWell(host, took));
        }
    }

    /// Writes this down soon, together with what else comes meanwhile.
    pub(super) fn effect(self: &Arc<Self>, app: &App, effect: Effect) {
        let mut effects = lock(&self.effects);
        effects.waiting.push(effect);
        if effects.writing {
            return;
        }
        effects.writing = true;
        drop(effects);
        let (this, app) = (self.clone(), app.clone());
        tokio::spawn(async move { this.write(&app).await });
    }

    async fn write(self: Arc<Self>, app: &App) {
        loop {
            let batch = {
                let mut effects = lock(&self.effects);
                if effects.waiting.is_empty() {
                    effects.writing = false;
                    drop(effects);
                    self.changed.notify_one();
                    return;
                }
                Arc::new(std::mem::take(&mut effects.waiting))
            };
            let done: Vec<Id<Delivery>> = batch.iter().filter_map(Effect::row).collect();
            let mut wait = 100;
            loop {
                let batch = batch.clone();
                match app.write(move |tx| apply(tx, &batch)).await {
                    Ok(back) => {
                        let mut lanes = lock(&self.lanes);
                        for host in back {
                            lanes.succeeded(&host);
                        }
                        break;
                    }
                    Err(error) => {
                        // The rows stay; at worst they are sent again after a restart.
                        tracing::warn!(%error, "cannot write the results of deliveries");
                        if app.stopping().is_cancelled() {
                            break;
                        }
                        tokio::time::sleep(Duration::from_millis(wait)).await;
                        wait = (wait * 2).min(5_000);
                    }
                }
            }
            lock(&self.lanes).written(&done);
        }
    }
}

impl Effect {
    /// The row that is over once this is written.
    fn row(&self) -> Option<Id<Delivery>> {
        match self {
            Self::Done(id, _) | Self::Lost(id, ..) | Self::Park(id, _) => Some(*id),
            _ => None,
        }
    }
}

/// Writes them down; answers the hosts that are well because they spoke.
fn apply(tx: &mut Tx<'_>, batch: &[Effect]) -> Result<Vec<String>> {
    let (now, mut back) = (tx.now, Vec::new());
    let mut done = Vec::with_capacity(batch.len());
    for effect in batch {
        match effect {
            Effect::Done(id, activity) => done.push((*id, *activity)),
            Effect::Lost(id, activity, why) => {
                store::ledger::lose(tx.conn, Sql::new("d.id = ").bind(*id), why, now)?;
                done.push((*id, *activity));
            }
            _ => {}
        }
    }
    rows::finish(tx.conn, &done)?;
    for effect in batch {
        match effect {
            Effect::Done(..) | Effect::Lost(..) => {}
            Effect::Park(id, why) => rows::park(tx.conn, *id, why, now)?,
            Effect::Postpone(id, why, at) => rows::postpone(tx.conn, *id, why, *at)?,
            Effect::ParkHost(host, why) => {
                rows::park_host(tx.conn, host, why, now)?;
            }
            Effect::HostWell(host, took) => {
                // What it said meanwhile it may have said to others only.
                let since = rows::find_host(tx.conn, host)?.and_then(|known| known.first_failure_at);
                rows::host_is_well(tx.conn, host, took.then_some(now), now)?;
                remote::outbox::back(tx, host, since)?;
            }
            // Where nothing waits for it that would show that it is well, its word does (DLV-05).
            Effect::HostSpoke(host) if !rows::is_waited_for(tx.conn, host)? => {
                let since = rows::find_host(tx.conn, host)?.and_then(|known| known.first_failure_at);
                rows::host_is_back(tx.conn, host)?;
                remote::outbox::back(tx, host, since)?;
                back.push(host.clone());
            }
            Effect::HostSpoke(_) => {}
            Effect::HostFailed { host, failures, since, next, unavailable } => {
                rows::host_failed(tx.conn, host, i64::from(*failures), *since, *next, now)?;
                if *unavailable {
                    let before = now.plus_millis(-schedule::KEPT_FOR);
                    rows::drop_for_unavailable(tx.conn, host, before, now)?;
                }
                rows::trim(tx.conn, host, PER_HOST_ROWS, now)?;
            }
            Effect::InboxGone(inbox) => look_again(tx, inbox)?,
            Effect::InboxMissing(inbox, since) => rows::inbox_is_missing(tx.conn, inbox, *since)?,
            Effect::InboxThere(inbox) => rows::inbox_is_there(tx.conn, inbox)?,
            Effect::InboxDead(inbox) => {
                rows::inbox_is_dead(tx.conn, inbox, now)?;
                look_again(tx, inbox)?;
            }
        }
    }
    Ok(back)
}

/// Whoever lives at this inbox is read again: gone for good, or at another inbox by now (DLV-04).
fn look_again(tx: &mut Tx<'_>, inbox: &str) -> Result<()> {
    for account in rows::accounts_at(tx.conn, inbox, &authority(inbox))? {
        tx.enqueue(&Task::RefreshAccount { account: account.raw() })?;
    }
    Ok(())
}

fn authority(inbox: &str) -> String {
    uri::host(inbox).to_owned()
}
