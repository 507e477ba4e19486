//! The hourly round of removing what has served its time.

use crate::{
    Error, Result,
    app::App,
    domain::{Task, confirmations, counters, emojis, follows, leavers, media, questions::reviews, remote},
    id::Id,
    model::{Media, Post},
    register, store,
};
use std::collections::HashSet;

/// Removes in chunks, a transaction each, until nothing is left that has expired.
pub(super) async fn run(app: &App) -> Result<()> {
    app.write(remote::outbox::alive).await?;
    while !app.stopping().is_cancelled() {
        if app.write(|tx| store::sweep::chunk(tx.conn, tx.now)).await? == 0 {
            break;
        }
    }
    while !app.stopping().is_cancelled() && app.write(follows::end_mutes).await? > 0 {}
    while !app.stopping().is_cancelled() && app.write(confirmations::forget).await? > 0 {}
    app.write(|tx| media::give_up_unfinished(tx, media::UNFINISHED_SECONDS)).await?;
    // Before their files.
    old_posts(app).await?;
    unattached(app).await?;
    cards(app).await?;
    emoji_pictures(app).await?;
    stale_copies(app).await?;
    spare_copies(app).await?;
    stray_files(app).await?;
    night(app).await
}

/// The day on which pairs of projects were last looked for.
const PAIRED: &str = "projects_paired_on";

/// Once a day, at the first round of the day: what is looked for in the register of projects. By day the register is only
/// kept current.
async fn night(app: &App) -> Result<()> {
    let is_first = app.write(|tx| {
        let today = tx.now.date();
        if store::users::find_setting(tx.conn, PAIRED)?.as_deref() == Some(today.as_str()) {
            return Ok(false);
        }
        store::users::set_setting(tx.conn, PAIRED, &today)?;
        counters::forget(tx)?;
        tx.enqueue(&Task::PairProjects)?;
        Ok(true)
    });
    if is_first.await? {
        while app.write(reviews::ask_authors).await? {}
        while app.write(leavers::erase).await? > 0 {}
        while app.write(leavers::anonymise_some).await? > 0 {}
        super::gardener::propose(app).await?;
    }
    register::catch_up(app).await
}

/// Rows a round looks at, at a time.
const CHUNK: i64 = 500;
/// Copies that are chosen at once: all there are have to be looked at for it.
const COPIES: i64 = 5_000;
/// Posts that are looked at one by one in a transaction.
const SOME: usize = 50;
/// Rows that are judged in one read, for which much is looked up.
const MANY: i64 = 2_000;

/// Uploads that never came onto a post, and files of posts that are gone.
async fn unattached(app: &App) -> Result<()> {
    while !app.stopping().is_cancelled() {
        let gone = app
            .write(|tx| {
                let until = tx.now.plus_seconds(-media::UNATTACHED_SECONDS);
                let rows = store::media::unattached(tx.conn, until, CHUNK)?;
                for row in &rows {
                    store::media::delete(tx.conn, row.id)?;
                }
                Ok(rows)
            })
            .await?;
        let full = gone.len() as i64 == CHUNK;
        let names = gone.into_iter().flat_map(|m| [m.file, m.thumbnail]).flatten().collect();
        remove(app, names).await?;
        if !full {
            break;
        }
    }
    Ok(())
}

/// The day on which old posts of other servers were last looked for.
const LET_GO: &str = "posts_let_go_on";

/// Once a day: posts of other servers that are older than the settings keep them, and with which nobody here has anything to
/// do.
async fn old_posts(app: &App) -> Result<()> {
    let days = i64::from(app.config().federation.keep_posts_days);
    if days == 0 {
        return Ok(());
    }
    let is_first = app.write(|tx| {
        let today = tx.now.date();
        if store::users::find_setting(tx.conn, LET_GO)?.as_deref() == Some(today.as_str()) {
            return Ok(false);
        }
        store::users::set_setting(tx.conn, LET_GO, &today)?;
        Ok(true)
    });
    if !is_first.await? {
        return Ok(());
    }
    let until = app.clock().now().plus_days(-days);
    let mut below: Id<Post> = Id::new(until.millis() << 16);
    while !app.stopping().is_cancelled() {
        let looked = app.read(move |conn| store::retention::old_posts(conn, until, below, MANY)).await?;
        let Some((lowest, old)) = looked else { break };
        below = lowest;
        for some in old.chunks(SOME) {
            let some = some.to_vec();
            app.write(move |tx| remote::let_go(tx, &some)).await?;
        }
    }
    Ok(())
}

/// Copies of remote files that are older than the settings keep them; they are fetched again when asked for.
async fn stale_copies(app: &App) -> Result<()> {
    let days = i64::from(app.config().media.cache_days);
    let until = app.clock().now().plus_days(-days);
    let mut above: Id<Media> = Id::new(0);
    while !app.stopping().is_cancelled() {
        let looked = app.read(move |conn| store::retention::stale_copies(conn, until, above, MANY)).await?;
        let Some((highest, stale)) = looked else { break };
        above = highest;
        forget(app, stale).await?;
    }
    Ok(())
}

/// Forgets copies of remote files, which were chosen before: that takes long, and whoever writes waits for one another.
async fn forget(app: &App, mut copies: Vec<Media>) -> Result<()> {
    while !copies.is_empty() {
        let some = copies.split_off(copies.len().saturating_sub(CHUNK as usize));
        let ids: Vec<Id<Media>> = some.iter().map(|copy| copy.id).collect();
        app.write(move |tx| ids.iter().try_for_each(|id| store::media::forget_copy(tx.conn, *id))).await?;
        remove(app, some.into_iter().flat_map(|copy| [copy.file, copy.thumbnail]).flatten().collect()).await?;
    }
    Ok(())
}

/// The oldest copies of remote files, while all of them take more than the settings give them.
async fn spare_copies(app: &App) -> Result<()> {
    let most = i64::try_from(app.config().media.cache_mebibytes.saturating_mul(1 << 20)).unwrap_or(i64::MAX);
    while most > 0 && !app.stopping().is_cancelled() {
        let gone = app
            .read(move |conn| {
                let mut held = store::media::bytes_of_copies(conn)?;
                let mut gone = Vec::new();
                if held > most {
                    for row in store::retention::oldest_copies(conn, COPIES)? {
                        if held <= most {
                            break;
                        }
                        held -= row.size;
                        gone.push(row);
                    }
                }
                Ok(gone)
            })
            .await?;
        if gone.is_empty() {
            break;
        }
        forget(app, gone).await?;
    }
    Ok(())
}

/// Cards that no post has any more, and copies of their pictures that are older than the settings keep them.
async fn cards(app: &App) -> Result<()> {
    let days = i64::from(app.config().media.cache_days);
    while !app.stopping().is_cancelled() {
        let now = app.clock().now();
        let unused = app.read(move |conn| store::cards::unused(conn, now.plus_days(-1), CHUNK)).await?;
        let full = unused.len() as i64 == CHUNK;
        let gone = app.write(move |tx| {
            let mut names = Vec::new();
            for card in &unused {
                // One that a post got meanwhile stays, with its picture.
                if store::cards::delete(tx.conn, card.id)? {
                    names.extend(card.image.clone());
                }
            }
            Ok(names)
        });
        remove(app, gone.await?).await?;
        if !full {
            break;
        }
    }
    while !app.stopping().is_cancelled() {
        let gone = app
            .write(move |tx| {
                let mut rows = store::cards::stale_images(tx.conn, tx.now.plus_days(-days), CHUNK)?;
                let mut names = Vec::new();
                for card in &mut rows {
                    names.extend(card.image.take());
                    card.cached_at = None;
                    store::cards::save(tx.conn, card)?;
                }
                Ok(names)
            })
            .await?;
        let full = gone.len() as i64 == CHUNK;
        remove(app, gone).await?;
        if !full {
            break;
        }
    }
    Ok(())
}

/// Copies of the pictures of emoji of other servers that are older than the settings keep them. What came before such
/// pictures had an address here gets one.
async fn emoji_pictures(app: &App) -> Result<()> {
    let days = i64::from(app.config().media.cache_days);
    while !app.stopping().is_cancelled() {
        let Some(earlier) = app.read(emojis::earlier).await? else { break };
        app.write(move |tx| emojis::catch_up(tx, &earlier)).await?;
    }
    while !app.stopping().is_cancelled() {
        let gone = app.write(move |tx| store::emojis::forget_copies(tx.conn, tx.now.plus_days(-days), CHUNK)).await?;
        let full = gone.len() as i64 == CHUNK;
        remove(app, gone).await?;
        if !full {
            break;
        }
    }
    Ok(())
}

/// Files that no row knows: of uploads cut short by a crash (REL-04), of pictures that were replaced. Young ones may
/// still be getting their row.
async fn stray_files(app: &App) -> Result<()> {
    let storage = app.storage();
    let hour = std::time::Duration::from_secs(3600);
    let (pages, mut names) = tokio::sync::mpsc::channel(1);
    let found = tokio::task::spawn_blocking(move || {
        storage.clear_incoming(hour);
        storage.older_than(hour, CHUNK as usize, &mut |names| pages.blocking_send(names).is_ok())
    });
    while let Some(names) = names.recv().await {
        let stray = app
            .read(move |conn| {
                let used: HashSet<String> = store::media::used_names(conn, &names)?.into_iter().collect();
                Ok(names.into_iter().filter(|name| !used.contains(name)).collect::<Vec<_>>())
            })
            .await?;
        remove(app, stray).await?;
    }
    found.await.map_err(Error::internal)?
}

async fn remove(app: &App, names: Vec<String>) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let storage = app.storage();
    let done = tokio::task::spawn_blocking(move || names.iter().try_for_each(|name| storage.remove(name)));
    done.await.map_err(Error::internal)?
}

/// Orders a round every hour, and one when this process takes the lead; of several processes only that one does.
pub(super) fn start(app: &App) {
    let app = app.clone();
    tokio::spawn(async move {
        let mut leads = app.leads();
        let mut hour = tokio::time::interval(std::time::Duration::from_secs(3600));
        loop {
            tokio::select! {
                _ = hour.tick() => {}
                _ = leads.changed() => {}
                () = app.stopping().cancelled() => return,
            }
            if !*leads.borrow_and_update() {
                continue;
            }
            if let Err(error) = app.write(|tx| tx.enqueue(&Task::Sweep)).await {
                tracing::warn!(%error, "cannot order the sweep");
            }
        }
    });
}
