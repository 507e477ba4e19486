//! Whom the searches of the last hour found, in memory and nowhere else: only so can be counted how often a search ends in
//! two people meeting ([`Counter::SearchFollowed`]). What was searched for is not kept at all.

use super::Expert;
use crate::{
    app::App,
    domain::counters::{Counter, count, count_many},
    id::Id,
    model::Account,
    store,
    time::Timestamp,
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Searchers that are remembered at once; beyond, the oldest are forgotten.
const SEARCHERS: usize = 10_000;
/// How long. Milliseconds.
const HOUR: i64 = 3_600_000;

/// When somebody searched, and whom the search found.
type Find = (Timestamp, Vec<Id<Account>>);

/// How long searches are counted in memory before the counters in the database hear of them: nobody waits for a write, and
/// the disk is not synced, for a search.
const WRITTEN_AFTER: Duration = Duration::from_secs(60);

/// The last search of each searcher that found somebody.
#[derive(Default)]
struct Finds(Mutex<HashMap<Id<Account>, Find>>);

/// Searches that are not written down yet: all, and those that found somebody.
#[derive(Default)]
struct Waiting(Mutex<(i64, i64)>);

/// Somebody looked for who knows something, and this is who was found.
pub fn searched(app: &App, viewer: Id<Account>, experts: &[Expert]) {
    let (now, found) = (app.clock().now(), !experts.is_empty());
    if found {
        let whom: Vec<Id<Account>> = experts.iter().map(|expert| expert.account).collect();
        let finds = app.part::<Finds>();
        let mut finds = finds.0.lock().unwrap_or_else(PoisonError::into_inner);
        if finds.len() >= SEARCHERS {
            finds.retain(|_, (at, _)| now.millis() - at.millis() < HOUR);
        }
        if finds.len() < SEARCHERS || finds.contains_key(&viewer) {
            finds.insert(viewer, (now, whom));
        }
    }
    let is_first = {
        let waiting = app.part::<Waiting>();
        let mut waiting = waiting.0.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = (waiting.0 + 1, waiting.1 + i64::from(found));
        waiting.0 == 1
    };
    if is_first {
        let (node, stopping) = (app.downgrade(), app.stopping().clone());
        tokio::spawn(async move {
            let _ = tokio::time::timeout(WRITTEN_AFTER, stopping.cancelled()).await;
            if let Some(app) = node.upgrade() {
                write_down(&app).await;
            }
        });
    }
}

/// Writes down how many searches there were since the last time. What cannot be written waits for the next time.
pub async fn write_down(app: &App) {
    let waiting = app.part::<Waiting>();
    let (all, found) = std::mem::take(&mut *waiting.0.lock().unwrap_or_else(PoisonError::into_inner));
    if all == 0 {
        return;
    }
    let counted = app.write(move |tx| {
        count_many(tx, Counter::Search, all)?;
        if found > 0 { count_many(tx, Counter::SearchFound, found) } else { Ok(()) }
    });
    if let Err(error) = counted.await {
        tracing::debug!(%error, "searches are counted later");
        let mut waiting = waiting.0.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = (waiting.0 + all, waiting.1 + found);
    }
}

/// Whether the last search of somebody is remembered: most people have none, and nothing more is to be asked.
pub fn remembers(app: &App, viewer: Id<Account>) -> bool {
    let finds = app.part::<Finds>();
    finds.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&viewer)
}

/// Somebody followed these people, or wrote to them: counted once for each search, when it found one of them at another
/// site.
pub async fn met(app: &App, viewer: Id<Account>, people: Vec<Id<Account>>) {
    let now = app.clock().now();
    let finds = app.part::<Finds>();
    let found = {
        let finds = finds.0.lock().unwrap_or_else(PoisonError::into_inner);
        match finds.get(&viewer) {
            Some((at, whom)) if now.millis() - at.millis() < HOUR => {
                people.into_iter().filter(|id| whom.contains(id)).collect::<Vec<_>>()
            }
            _ => return,
        }
    };
    if found.is_empty() {
        return;
    }
    let counted = app.write(move |tx| {
        let elsewhere = store::accounts::list(tx.conn, &found)?.iter().any(|account| !account.is_local());
        if elsewhere {
            count(tx, Counter::SearchFollowed)?;
        }
        Ok(elsewhere)
    });
    match counted.await {
        Ok(true) => drop(finds.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&viewer)),
        Ok(false) => {}
        Err(error) => tracing::debug!(%error, "a meeting was not counted"),
    }
}
