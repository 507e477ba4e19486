//! Delivery of our activities to other servers (DLV rows, REL-02, 13 to 15, 17).
//!
//! The table `deliveries` is the queue; this is only its reader. Rows come into memory in the order they were written,
//! a few for each host, and leave the table when their inbox has taken them, so a crash repeats at most what was under
//! way. [`lanes`] decides what may be sent now: one at a time for each (sender, host), two for each host, one probe
//! for a host in trouble. [`send`] signs, sends and judges the answer. [`schedule`] knows the waiting times.
//!
//! Of several processes on one database only the one that leads sends ([`App::leads`]): the order for each host is kept in
//! memory. One that takes the lead over begins with what stands in the table.

mod effects;
mod lanes;
mod missing;
mod proven;
pub mod schedule;
mod send;

use crate::{
    Result,
    app::App,
    db::Dialect,
    federation::contacts,
    id::Id,
    model::Delivery,
    net::Refusal,
    peers::health::{NOTED_EVERY, Seen},
    store::{self, deliveries as rows},
    time::Timestamp,
};
use effects::{Effect, Effects};
use lanes::{Lanes, Row};
use missing::{Missing, Verdict};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// Rows read at once.
const PAGE: i64 = 500;
/// Rows in memory beyond which no more are read.
const KEPT: usize = 20_000;
/// Milliseconds that a transaction may take to appear after it drew its ids (PostgreSQL only).
const LATE_MS: i64 = 5_000;

struct Deliveries {
    lanes: Mutex<Lanes>,
    missing: Mutex<Missing>,
    effects: Mutex<Effects>,
    seen: Arc<Seen>,
    /// One reader at a time.
    reading: tokio::sync::Mutex<Reader>,
    bodies: send::Bodies,
    /// Hosts that spoke to this process while another one sends.
    elsewhere: Mutex<Elsewhere>,
    /// Something ended, or was written down.
    changed: Notify,
    /// There is something to read before the clock says so.
    hungry: Notify,
}

/// How long one who sends elsewhere is not told again that a host spoke. Milliseconds.
const TOLD_EVERY: i64 = 30_000;
/// Hosts of which it is remembered.
const TOLD: usize = 4_096;

/// See [`Deliveries::elsewhere`].
#[derive(Default)]
struct Elsewhere {
    told: HashMap<String, Timestamp>,
    waiting: Vec<String>,
}

impl Elsewhere {
    fn note(&mut self, host: &str, now: Timestamp) {
        if self.told.get(host).is_some_and(|at| now.millis() - at.millis() < TOLD_EVERY) {
            return;
        }
        if self.told.len() >= TOLD {
            self.told.clear();
        }
        self.told.insert(host.to_owned(), now);
        if self.waiting.len() < TOLD {
            self.waiting.push(host.to_owned());
        }
    }
}

#[derive(Default)]
struct Reader {
    started: bool,
    cursor: i64,
    /// Ids above the cursor's late mark that were read already (PostgreSQL only).
    seen: BTreeSet<i64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn part(app: &App) -> Arc<Deliveries> {
    // Made before: a part must not be asked for while another is made.
    let seen = app.part();
    app.part_or(|| Deliveries {
        lanes: Mutex::default(),
        missing: Mutex::default(),
        effects: Mutex::default(),
        seen,
        reading: tokio::sync::Mutex::default(),
        bodies: send::bodies(),
        elsewhere: Mutex::default(),
        changed: Notify::new(),
        hungry: Notify::new(),
    })
}

/// Starts the worker. It ends when the app stops, after what is under way.
pub fn start(app: &App) {
    let app = app.clone();
    tokio::spawn(async move {
        let (this, wake) = (part(&app), app.wake_of(super::outgoing::QUEUE));
        let (mut leads, mut led) = (app.leads(), false);
        let mut looked = app.clock().now();
        let mut noted = looked;
        while !app.stopping().is_cancelled() {
            let woken = wake.notified();
            let leads_now = *leads.borrow_and_update();
            if led && !leads_now {
                stand_down(&app, &this).await;
            }
            led = leads_now;
            if leads_now && let Err(error) = read(&app, &this).await {
                tracing::warn!(%error, "cannot read deliveries");
            }
            let now = app.clock().now();
            if leads_now && now.millis() - looked.millis() >= 5_000 {
                looked = now;
                drop_forbidden(&app, &this);
            }
            if now.millis() - noted.millis() >= NOTED_EVERY {
                noted = now;
                note_seen(&app, &this).await;
            }
            tokio::select! {
                () = woken => {}
                () = this.hungry.notified() => {}
                _ = leads.changed() => {}
                () = tokio::time::sleep(app.look_again() / 5) => {}
                () = app.stopping().cancelled() => {}
            }
        }
        drain(&app, Duration::from_secs(8)).await;
        note_seen(&app, &this).await;
    });
}

/// Another process sends from now on: what is under way is finished, the rest forgotten.
async fn stand_down(app: &App, this: &Deliveries) {
    lock(&this.lanes).stand_down();
    drain(app, Duration::from_secs(30)).await;
    *this.reading.lock().await = Reader::default();
}

async fn note_seen(app: &App, this: &Deliveries) {
    if let Err(error) = this.seen.write_down(app).await {
        tracing::debug!(%error, "cannot note when other servers were last heard");
    }
}

/// Waits until nothing is under way and all results are written, but not longer than `at_most`.
pub async fn drain(app: &App, at_most: Duration) {
    let this = part(app);
    let _ = tokio::time::timeout(at_most, async {
        loop {
            let changed = this.changed.notified();
            if lock(&this.lanes).is_idle() && this.is_written() {
                return;
            }
            let _ = tokio::time::timeout(Duration::from_millis(50), changed).await;
        }
    })
    .await;
}

/// Delivers everything that is due, in this task; answers how many requests were made. For tests and for `settle`.
///
/// # Errors
/// Those of the database.
pub async fn run_due(app: &App) -> Result<usize> {
    let this = part(app);
    let before = lock(&this.lanes).sent;
    loop {
        drop_forbidden(app, &this);
        read(app, &this).await?;
        if lock(&this.lanes).is_idle() {
            break;
        }
        drain(app, Duration::from_secs(60)).await;
    }
    drain(app, Duration::from_secs(60)).await;
    Ok(lock(&this.lanes).sent - before)
}

/// `host` (an authority, as in the ids of its actors) spoke to us validly: what waits for it is tried at once (DLV-01).
pub fn heard_from(app: &App, host: &str) {
    let (this, now) = (part(app), app.clock().now());
    this.seen.heard(host, now);
    if *app.leads().borrow() {
        spoke(app, &this, host);
    } else {
        lock(&this.elsewhere).note(host, now);
    }
}

fn spoke(app: &App, this: &Arc<Deliveries>, host: &str) {
    let woken = lock(&this.lanes).wake(host);
    if woken {
        this.hungry.notify_one();
        this.effect(app, Effect::HostSpoke(host.to_owned()));
    }
}

/// `host` spoke to another process of this node.
pub fn heard_elsewhere(app: &App, host: &str) {
    spoke(app, &part(app), host);
}

/// Hosts that spoke to this process while another one sends, to be told to that one.
pub fn to_tell(app: &App) -> Vec<String> {
    std::mem::take(&mut lock(&part(app).elsewhere).waiting)
}

/// What waits for these hosts is read again and tried at once.
pub fn read_again(app: &App, hosts: &[String]) {
    let this = part(app);
    for host in hosts {
        lock(&this.lanes).reread(host);
    }
    this.hungry.notify_one();
}

/// Reads what may be sent and starts sending.
async fn read(app: &App, this: &Arc<Deliveries>) -> Result<()> {
    let mut reader = this.reading.lock().await;
    if !reader.started {
        for host in app.read(rows::troubled_hosts).await? {
            lock(&this.lanes).remember(host);
        }
        for inbox in app.read(rows::missing_inboxes).await? {
            lock(&this.missing).remember(inbox);
        }
        reader.started = true;
    }
    loop {
        let now = app.clock().now();
        // Rows that end while we read must not come back through what we read.
        let wanted = lock(&this.lanes).begin_reading(now);
        let mut found = false;
        for (host, after) in wanted {
            let (name, until) = (host.clone(), reader.cursor);
            let page = app
                .read(move |conn| {
                    let mut page = rows::next_of_host(conn, &name, Id::new(after), lanes::PER_HOST_KEPT as i64)?;
                    page.retain(|row| row.id.raw() <= until);
                    with_confidence(conn, page)
                })
                .await?;
            look_up(app, &page).await?;
            found |= !page.is_empty();
            lock(&this.lanes).refill(&host, page);
        }
        if lock(&this.lanes).kept() < KEPT {
            found |= read_new(app, this, &mut reader).await?;
        }
        dispatch(app, this);
        if !found {
            return Ok(());
        }
    }
}

/// The next rows in the order they were written. On PostgreSQL a transaction may become visible after one that drew its
/// ids later, so the last seconds are read again.
async fn read_new(app: &App, this: &Arc<Deliveries>, reader: &mut Reader) -> Result<bool> {
    let late = match app.db().dialect() {
        Dialect::Sqlite => i64::MAX,
        Dialect::Postgres => app.clock().now().plus_millis(-LATE_MS).millis() << 16,
    };
    let mut after = reader.cursor.min(late);
    if late != i64::MAX {
        reader.seen = reader.seen.split_off(&(after + 1));
    }
    loop {
        let page = app
            .read(move |conn| {
                let page = rows::next(conn, Id::new(after), PAGE)?;
                with_confidence(conn, page)
            })
            .await?;
        // Before the cursor moves: an error must not lose them.
        look_up(app, &page).await?;
        let full = page.len() as i64 == PAGE;
        let Some(last) = page.last().map(|row| row.id.raw()) else { return Ok(false) };
        after = last;
        reader.cursor = reader.cursor.max(last);
        let mut fresh = page;
        if late != i64::MAX {
            fresh.retain(|row| row.id.raw() <= late || reader.seen.insert(row.id.raw()));
        }
        if !fresh.is_empty() {
            sooner(app, this, &fresh);
            lock(&this.lanes).add(fresh);
            return Ok(true);
        }
        if !full {
            return Ok(false);
        }
    }
}

/// Whether their hosts are known, for [`contacts::may_send`].
async fn look_up(app: &App, rows: &[Row]) -> Result<()> {
    let unknown = contacts::unknown(app, rows.iter().map(|row| row.host.as_str()));
    contacts::look_up(app, unknown).await
}

/// Who writes to a host that waits because of somebody else's budget may have one of their own (LIM-04).
fn sooner(app: &App, this: &Deliveries, rows: &[Row]) {
    for row in rows.iter().filter(|row| contacts::is_awaited(app, &row.host)) {
        let at = contacts::may_send(app, &row.host, row.account.raw()).err().unwrap_or_else(|| app.clock().now());
        lock(&this.lanes).sooner(&row.host, at);
    }
}

fn with_confidence(conn: &mut crate::db::Conn, page: Vec<Delivery>) -> Result<Vec<Row>> {
    let mut activities: Vec<_> = page.iter().map(|row| row.activity_id).collect();
    activities.sort_unstable();
    activities.dedup();
    let confidential = rows::confidential(conn, &activities)?;
    Ok(page.into_iter().map(|row| Row::new(row, &confidential)).collect())
}

/// Starts every request that may start now.
fn dispatch(app: &App, this: &Arc<Deliveries>) {
    if app.stopping().is_cancelled() || !*app.leads().borrow() {
        return;
    }
    let now = app.clock().now();
    loop {
        let next = lock(&this.lanes).next(now);
        let Some((host, row)) = next else { return };
        // An inbox that has been missing for a week gets nothing (DLV-04). To a host that was silent for as long this is the
        // probe of the day, whatever it is: what else waits is dropped when that fails (DLV-05).
        if lock(&this.missing).is_dead(&row.inbox, now) {
            let (id, activity) = (row.id, row.activity);
            lock(&this.lanes).ended(&host, &row, true);
            this.effect(app, Effect::Lost(id, activity, "the inbox has been missing for a week"));
            continue;
        }
        if let Err(until) = contacts::may_send(app, &host, row.account.raw()) {
            lock(&this.lanes).hold(&host, &row, until);
            continue;
        }
        let (app, this) = (app.clone(), this.clone());
        tokio::spawn(async move {
            let started = app.clock().now();
            let outcome = send::send(&app, &this.bodies, &row).await;
            conclude(&app, &this, host.clone(), row, started, outcome);
            dispatch(&app, &this);
            // Reading costs more than sending leaves to spare: only where a host's rows in memory run out.
            if lock(&this.lanes).is_hungry(&host) {
                this.hungry.notify_one();
            }
            this.changed.notify_one();
        });
    }
}

fn conclude(app: &App, this: &Arc<Deliveries>, host: String, row: Row, started: Timestamp, outcome: send::Outcome) {
    use send::Outcome;
    let now = app.clock().now();
    metrics::counter!("deliveries_total", "outcome" => outcome.label()).increment(1);
    let mut lanes = lock(&this.lanes);
    lanes.sent += 1;
    match outcome {
        Outcome::Delivered | Outcome::Vanished => {
            let delivered = matches!(outcome, Outcome::Delivered);
            let was_troubled = delivered && lanes.succeeded(&host);
            lanes.ended(&host, &row, true);
            if delivered {
                lanes.took_another(&host);
            }
            drop(lanes);
            if delivered {
                this.seen.took(&host, now);
            }
            this.recovered(app, host, was_troubled, true);
            if delivered && lock(&this.missing).present(&row.inbox) {
                this.effect(app, Effect::InboxThere(row.inbox.clone()));
            }
            this.effect(app, Effect::Done(row.id, row.activity));
        }
        Outcome::Refused(why) => {
            let was_troubled = lanes.succeeded(&host);
            lanes.ended(&host, &row, true);
            drop(lanes);
            this.recovered(app, host, was_troubled, false);
            this.effect(app, Effect::Park(row.id, why));
        }
        Outcome::Missing(why) => {
            let was_troubled = lanes.succeeded(&host);
            lanes.ended(&host, &row, true);
            drop(lanes);
            this.recovered(app, host, was_troubled, false);
            let verdict = lock(&this.missing).absent(&row.inbox, now);
            match verdict {
                Verdict::First => this.effect(app, Effect::InboxMissing(row.inbox.clone(), now)),
                Verdict::Again => {}
                Verdict::Dead => this.effect(app, Effect::InboxDead(row.inbox.clone())),
            }
            this.effect(app, Effect::Park(row.id, why));
        }
        Outcome::Gone(why) => {
            let was_troubled = lanes.succeeded(&host);
            lanes.ended(&host, &row, true);
            drop(lanes);
            this.recovered(app, host, was_troubled, false);
            this.effect(app, Effect::InboxGone(row.inbox.clone()));
            this.effect(app, Effect::Park(row.id, why));
        }
        Outcome::Forbidden(refusal) => {
            // Our own rule: nothing to this host will go out any more (LAN-09), or nothing to this address.
            let of_host = matches!(refusal, Refusal::Blocked | Refusal::Removed | Refusal::NotAllowlisted);
            if of_host {
                lanes.forget(&host);
            }
            lanes.ended(&host, &row, true);
            drop(lanes);
            if of_host {
                this.effect(app, Effect::ParkHost(host, refusal.code()));
            }
            this.effect(app, Effect::Park(row.id, refusal.code().to_owned()));
        }
        Outcome::SenderLater { why, steps, tries } => {
            // What failed by our own fault says nothing of the host.
            let was_troubled = tries.is_none() && lanes.succeeded(&host);
            let attempts = row.attempts + 1;
            let old = now.millis() - row.created_at.millis() >= schedule::UNAVAILABLE_AFTER;
            if old || tries.is_some_and(|most| attempts >= most) {
                lanes.ended(&host, &row, true);
                drop(lanes);
                this.recovered(app, host, was_troubled, false);
                return this.effect(app, Effect::Park(row.id, why));
            }
            let tried = u32::try_from(attempts).unwrap_or(u32::MAX);
            let at = now.plus_millis(schedule::delay(steps, tried, app.random().u64()));
            let id = row.id;
            lanes.put_back(&host, row.waiting_until(at));
            drop(lanes);
            this.recovered(app, host, was_troubled, false);
            this.effect(app, Effect::Postpone(id, why, at));
        }
        Outcome::HostLater { why, retry_after, stumbled } => {
            // It takes what others send, and again and again not this: the row is at fault (DLV-01, REL-18).
            if stumbled && lanes.stumbled(&host, &row, now, app.random().u64()) {
                lanes.ended(&host, &row, true);
                drop(lanes);
                return this.effect(app, Effect::Park(row.id, why));
            }
            let failed = lanes.failed(&host, started, now, retry_after, app.random().u64());
            lanes.ended(&host, &row, false);
            drop(lanes);
            this.effect(app, Effect::Postpone(row.id, why, Timestamp::from_millis(0)));
            if let Some((failures, since, next)) = failed {
                let unavailable = schedule::is_unavailable(now, since);
                this.effect(app, Effect::HostFailed { host, failures, since, next, unavailable });
            }
        }
    }
}

/// Drops what waits for hosts that the policy forbids by now (LAN-09).
fn drop_forbidden(app: &App, this: &Arc<Deliveries>) {
    let rules = app.net().rules();
    let mut gone = Vec::new();
    {
        let mut lanes = lock(&this.lanes);
        for host in lanes.hosts() {
            if let Err(refusal @ (Refusal::Blocked | Refusal::Removed | Refusal::NotAllowlisted)) =
                rules.standing(&host).admitted
            {
                lanes.forget(&host);
                gone.push((host, refusal));
            }
        }
    }
    for (host, refusal) in gone {
        this.effect(app, Effect::ParkHost(host, refusal.code()));
    }
}

/// Parked deliveries wait again: one, or all with `None`; their hosts are tried at once. Answers how many. For
/// `watercooler jobs retry`.
///
/// # Errors
/// Those of the database.
pub async fn retry(app: &App, id: Option<Id<Delivery>>) -> Result<usize> {
    let (hosts, count) = app
        .write(move |tx| {
            let hosts = rows::parked_hosts(tx.conn, id)?;
            let count = store::deliveries::retry(tx.conn, id)?;
            tx.wake(super::outgoing::QUEUE);
            // Another process may be the one that sends.
            tx.read_again(&hosts);
            Ok((hosts, count))
        })
        .await?;
    read_again(app, &hosts);
    Ok(count)
}
