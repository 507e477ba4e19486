//! What may be sent now. A lane is one (sender, host): its rows go out one after the other, in the order they were
//! written (DLV-08). A host has at most two requests under way, one when it is in trouble (DLV-02). Only a few rows of
//! each host are in memory; the rest is read when they are used up. No waiting and no database in here.

use super::schedule;
use crate::{
    id::Id,
    limits,
    model::{Account, Activity, Delivery, Host},
    time::Timestamp,
};
use std::collections::{HashMap, HashSet, VecDeque};

/// Rows of one host in memory.
pub const PER_HOST_KEPT: usize = 32;
/// Fewer than this, and more are read.
const LOW: usize = 8;
/// Rows of one host in memory when all of them belong to senders that wait.
const HELD_KEPT: usize = 1_024;
/// Requests under way in all; the gate has a few more for fetches.
const UNDER_WAY: usize = limits::OUTGOING - 40;
/// Tries of a row that its host fails over, while it takes others, before the row is given up.
const STUMBLES: u32 = 5;
/// Rows remembered for each host that it failed over.
const SUSPECTS: usize = 64;
/// Hosts read from the database at once.
const REFILLED: usize = 64;

/// A delivery in memory.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: Id<Delivery>,
    pub activity: Id<Activity>,
    pub account: Id<Account>,
    pub inbox: String,
    pub durable: bool,
    /// Not for everybody: looked at again before it is sent (PRV-11).
    pub confidential: bool,
    pub attempts: i64,
    pub not_before: Timestamp,
    pub created_at: Timestamp,
    pub host: String,
}

impl Row {
    pub fn new(row: Delivery, confidential: &[Id<Activity>]) -> Self {
        Self {
            id: row.id,
            activity: row.activity_id,
            account: row.account_id,
            inbox: row.inbox,
            durable: row.durable,
            confidential: confidential.contains(&row.activity_id),
            attempts: row.attempts,
            not_before: row.not_before,
            created_at: row.created_at,
            host: row.host,
        }
    }

    /// After another try that did not work.
    pub fn waiting_until(self, at: Timestamp) -> Self {
        Self { not_before: at, attempts: self.attempts + 1, ..self }
    }
}

/// A row over which its host failed: perhaps the host is not well, perhaps it cannot take just this one.
#[derive(Debug)]
struct Suspect {
    /// How often.
    stumbles: u32,
    /// When it may be tried again.
    until: Timestamp,
    /// The host took another row since the first time.
    others_pass: bool,
}

impl Suspect {
    /// It was tried so often that others of its sender may overtake it, if order does not matter to either.
    fn may_be_overtaken(&self, row: &Row) -> bool {
        self.stumbles >= STUMBLES && !row.durable
    }
}

#[derive(Debug, Default)]
struct Lane {
    /// In the order they were written.
    rows: VecDeque<Row>,
    /// Rows above this id are only in the database.
    more_after: Option<i64>,
    /// Senders with a request under way, and its row.
    under_way: Vec<(Id<Account>, Id<Delivery>)>,
    /// Failures in a row, the first of them, and when it is tried again.
    failures: u32,
    since: Option<Timestamp>,
    next: Option<Timestamp>,
    /// Stands in `ready`.
    queued: bool,
    /// In memory only: after a restart all are tried anew.
    suspects: HashMap<Id<Delivery>, Suspect>,
}

/// All hosts.
#[derive(Debug, Default)]
pub struct Lanes {
    hosts: HashMap<String, Lane>,
    /// Hosts that may have something to send.
    ready: VecDeque<String>,
    under_way: usize,
    /// Rows that are over and not yet out of the table.
    unwritten: HashSet<Id<Delivery>>,
    /// Rows that ended since the last reading began.
    ended: HashSet<Id<Delivery>>,
    /// Requests made so far.
    pub sent: usize,
}

impl Lanes {
    /// What the database knows of a host in trouble.
    pub fn remember(&mut self, host: Host) {
        let lane = self.hosts.entry(host.host).or_default();
        lane.failures = u32::try_from(host.failures).unwrap_or(u32::MAX);
        lane.since = host.first_failure_at;
        lane.next = host.next_attempt_at;
        lane.more_after = Some(0);
    }

    /// Reading begins: the hosts whose rows are used up, and above which id to go on. Also forgets hosts with nothing to
    /// remember.
    pub fn begin_reading(&mut self, now: Timestamp) -> Vec<(String, i64)> {
        self.ended.clear();
        let mut wanted = Vec::new();
        self.hosts.retain(|_, lane| {
            lane.failures > 0 || !lane.rows.is_empty() || !lane.under_way.is_empty() || lane.more_after.is_some()
        });
        for (host, lane) in &mut self.hosts {
            let due = lane.next.is_none_or(|at| at <= now);
            if let Some(after) = lane.more_after
                && due
                && (lane.rows.len() < LOW || lane.is_held(now))
                && wanted.len() < REFILLED
            {
                wanted.push((host.clone(), after));
            }
            if due && !lane.rows.is_empty() && !lane.queued {
                lane.queued = true;
                self.ready.push_back(host.clone());
            }
        }
        wanted
    }

    /// New rows, in the order they were written.
    pub fn add(&mut self, rows: Vec<Row>) {
        for row in rows {
            if self.is_over(&row) {
                continue;
            }
            let lane = match self.hosts.get_mut(&row.host) {
                Some(lane) => lane,
                None => self.hosts.entry(row.host.clone()).or_default(),
            };
            if lane.more_after.is_some() {
                continue;
            }
            if lane.rows.len() >= PER_HOST_KEPT {
                lane.more_after = Some(row.id.raw() - 1);
                continue;
            }
            if !lane.queued {
                lane.queued = true;
                self.ready.push_back(row.host.clone());
            }
            lane.rows.push_back(row);
        }
    }

    /// The next rows of a host. Fewer than asked for: there are no more.
    pub fn refill(&mut self, host: &str, rows: Vec<Row>) {
        let full = rows.len() >= PER_HOST_KEPT;
        let last = rows.last().map(|row| row.id.raw());
        let rows: Vec<Row> = rows.into_iter().filter(|row| !self.is_over(row)).collect();
        let Some(lane) = self.hosts.get_mut(host) else { return };
        lane.more_after = if full { last } else { None };
        for row in rows {
            let known = lane.rows.iter().any(|r| r.id == row.id) || lane.under_way.iter().any(|(_, id)| *id == row.id);
            if !known {
                lane.rows.push_back(row);
            }
        }
        if !lane.rows.is_empty() && !lane.queued {
            lane.queued = true;
            self.ready.push_back(host.to_owned());
        }
    }

    fn is_over(&self, row: &Row) -> bool {
        self.unwritten.contains(&row.id) || self.ended.contains(&row.id)
    }

    /// The next row that may be sent, which counts as under way from now on.
    pub fn next(&mut self, now: Timestamp) -> Option<(String, Row)> {
        while self.under_way < UNDER_WAY {
            let host = self.ready.pop_front()?;
            let Some(lane) = self.hosts.get_mut(&host) else { continue };
            lane.queued = false;
            let Some(row) = lane.take(now) else { continue };
            lane.under_way.push((row.account, row.id));
            self.under_way += 1;
            // Round robin: the others come before its second request.
            lane.queued = true;
            self.ready.push_back(host.clone());
            return Some((host, row));
        }
        None
    }

    /// A row is no longer under way. `over`: it will leave the table; else it stays there and is read again.
    pub fn ended(&mut self, host: &str, row: &Row, over: bool) {
        self.under_way = self.under_way.saturating_sub(1);
        if over {
            self.unwritten.insert(row.id);
            self.ended.insert(row.id);
        }
        let Some(lane) = self.hosts.get_mut(host) else { return };
        lane.under_way.retain(|(_, id)| *id != row.id);
        if over {
            lane.suspects.remove(&row.id);
        }
        if !lane.queued && !lane.rows.is_empty() {
            lane.queued = true;
            self.ready.push_back(host.to_owned());
        }
    }

    /// A row goes back to where it was and waits.
    pub fn put_back(&mut self, host: &str, row: Row) {
        self.ended(host, &row, false);
        if let Some(lane) = self.hosts.get_mut(host) {
            let at = lane.rows.iter().position(|r| r.id > row.id).unwrap_or(lane.rows.len());
            lane.rows.insert(at, row);
        }
    }

    /// These rows have left the table.
    pub fn written(&mut self, rows: &[Id<Delivery>]) {
        for row in rows {
            self.unwritten.remove(row);
        }
    }

    /// The host answered like a healthy one. Whether it was in trouble before.
    pub fn succeeded(&mut self, host: &str) -> bool {
        let Some(lane) = self.hosts.get_mut(host) else { return false };
        let was_troubled = lane.failures > 0;
        (lane.failures, lane.since, lane.next) = (0, None, None);
        was_troubled
    }

    /// The host answered this row with a failure of its own. True when it is the row that is at fault: the host failed
    /// over it again and again and took others meanwhile. Else the row waits by itself, and others are tried before it.
    pub fn stumbled(&mut self, host: &str, row: &Row, now: Timestamp, jitter: u64) -> bool {
        let Some(lane) = self.hosts.get_mut(host) else { return false };
        if lane.suspects.len() >= SUSPECTS && !lane.suspects.contains_key(&row.id) {
            lane.suspects.clear();
        }
        let suspect = lane.suspects.entry(row.id).or_insert(Suspect { stumbles: 0, until: now, others_pass: false });
        suspect.stumbles = suspect.stumbles.saturating_add(1);
        suspect.until = now.plus_millis(schedule::delay(&schedule::STEPS, suspect.stumbles, jitter));
        suspect.stumbles >= STUMBLES && suspect.others_pass
    }

    /// The host took a row: those it failed over when it perhaps was not well are tried again at once. Most of what was
    /// tried until now says nothing of them.
    pub fn took_another(&mut self, host: &str) {
        let Some(lane) = self.hosts.get_mut(host) else { return };
        for suspect in lane.suspects.values_mut().filter(|suspect| !suspect.others_pass) {
            (suspect.others_pass, suspect.until) = (true, Timestamp::from_millis(0));
            suspect.stumbles = suspect.stumbles.min(STUMBLES / 2);
        }
    }

    /// The host failed: all its rows wait in the database. Answers failures, since when, and when it is tried again;
    /// none when this request only belonged to a failure that is counted already.
    pub fn failed(
        &mut self,
        host: &str,
        started: Timestamp,
        now: Timestamp,
        retry_after: Option<i64>,
        jitter: u64,
    ) -> Option<(u32, Timestamp, Timestamp)> {
        let lane = self.hosts.get_mut(host)?;
        lane.rows.clear();
        lane.more_after = Some(0);
        if lane.next.is_some_and(|next| next > started && next > now) {
            return None;
        }
        let since = *lane.since.get_or_insert(now);
        lane.failures = lane.failures.saturating_add(1);
        let next = schedule::next_attempt(now, since, lane.failures, retry_after, jitter);
        lane.next = Some(next);
        Some((lane.failures, since, next))
    }

    /// Nothing went to this host yet, and there is no room for another such one before `until` (LIM-04): what waits for it
    /// waits in the database.
    pub fn hold(&mut self, host: &str, row: &Row, until: Timestamp) {
        if let Some(lane) = self.hosts.get_mut(host) {
            lane.rows.clear();
            lane.more_after = Some(0);
            lane.next = Some(until);
        }
        self.ended(host, row, false);
    }

    /// There is room for a host that was held, at this time at the latest.
    pub fn sooner(&mut self, host: &str, at: Timestamp) {
        if let Some(lane) = self.hosts.get_mut(host)
            && lane.next.is_some_and(|next| next > at)
        {
            lane.next = Some(at);
        }
    }

    /// The host spoke: it is tried at once. Whether it was waiting.
    pub fn wake(&mut self, host: &str) -> bool {
        let Some(lane) = self.hosts.get_mut(host) else { return false };
        let was_waiting = lane.next.take().is_some();
        if was_waiting {
            for suspect in lane.suspects.values_mut().filter(|suspect| !suspect.others_pass) {
                suspect.until = Timestamp::from_millis(0);
            }
        }
        was_waiting
    }

    /// Are there rows of this host in the database that could be sent soon?
    pub fn is_hungry(&self, host: &str) -> bool {
        self.hosts
            .get(host)
            .is_some_and(|lane| lane.failures == 0 && lane.more_after.is_some() && lane.rows.len() < LOW)
    }

    /// Nothing of this host is sent any more.
    pub fn forget(&mut self, host: &str) {
        if let Some(lane) = self.hosts.get_mut(host) {
            lane.rows.clear();
            lane.more_after = None;
        }
    }

    /// All rows of this host are read again.
    pub fn reread(&mut self, host: &str) {
        let lane = self.hosts.entry(host.to_owned()).or_default();
        lane.rows.clear();
        lane.more_after = Some(0);
        lane.next = None;
        lane.suspects.clear();
    }

    /// Nothing is sent from here any more, but for what is under way.
    pub fn stand_down(&mut self) {
        self.hosts.clear();
        self.ready.clear();
    }

    /// Hosts with something waiting.
    pub fn hosts(&self) -> Vec<String> {
        let waits = |lane: &Lane| !lane.rows.is_empty() || lane.more_after.is_some();
        self.hosts.iter().filter(|(_, lane)| waits(lane)).map(|(host, _)| host.clone()).collect()
    }

    /// Rows in memory.
    pub fn kept(&self) -> usize {
        self.hosts.values().map(|lane| lane.rows.len()).sum()
    }

    /// Nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.under_way == 0
    }
}

impl Lane {
    /// All rows in memory belong to senders that wait: those of others must not wait with them.
    fn is_held(&self, now: Timestamp) -> bool {
        self.rows.len() < HELD_KEPT && self.first(now, Vec::new(), self.failures > 0).is_none()
    }

    /// The oldest row whose sender has nothing under way and nothing older waiting.
    fn take(&mut self, now: Timestamp) -> Option<Row> {
        if self.next.is_some_and(|at| at > now) {
            return None;
        }
        let troubled = self.failures > 0;
        let most = if troubled { 1 } else { limits::PER_HOST };
        if self.under_way.len() >= most {
            return None;
        }
        let busy: Vec<Id<Account>> = self.under_way.iter().map(|(account, _)| *account).collect();
        let mut found = self.first(now, busy.clone(), troubled);
        // One row must not be every probe of its host: only when there is nobody else's, not even in the database.
        if found.is_none() && troubled && (self.more_after.is_none() || self.rows.len() >= HELD_KEPT) {
            found = self.first(now, busy, false);
        }
        self.rows.remove(found?)
    }

    /// Where the oldest row stands that may go out now. `held`: senders that are busy. `others`: none over which the host
    /// failed before.
    fn first(&self, now: Timestamp, mut held: Vec<Id<Account>>, others: bool) -> Option<usize> {
        let mut overtaken: Vec<Id<Account>> = Vec::new();
        self.rows.iter().position(|row| {
            if held.contains(&row.account) {
                return false;
            }
            let suspect = self.suspects.get(&row.id);
            let waits = row.not_before > now || suspect.is_some_and(|suspect| others || suspect.until > now);
            let may_pass = !row.durable || !overtaken.contains(&row.account);
            if !waits && may_pass {
                return true;
            }
            if row.not_before <= now && suspect.is_some_and(|suspect| suspect.may_be_overtaken(row)) {
                overtaken.push(row.account);
            } else {
                held.push(row.account);
            }
            false
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn row(id: i64, account: i64, host: &str) -> Row {
        Row {
            id: Id::new(id),
            activity: Id::new(id),
            account: Id::new(account),
            inbox: format!("https://{host}/inbox"),
            durable: false,
            confidential: false,
            attempts: 0,
            not_before: Timestamp::from_millis(0),
            created_at: NOW,
            host: host.into(),
        }
    }

    fn all(lanes: &mut Lanes, now: Timestamp) -> Vec<i64> {
        std::iter::from_fn(|| lanes.next(now)).map(|(_, row)| row.id.raw()).collect()
    }

    #[test]
    fn fed_dlv_08_a_sender_has_one_request_to_a_host_and_keeps_its_order() {
        let mut lanes = Lanes::default();
        lanes.add(vec![row(1, 1, "b"), row(2, 1, "b"), row(3, 2, "b"), row(4, 1, "c")]);
        let mut first = all(&mut lanes, NOW);
        first.sort_unstable();
        assert_eq!(first, [1, 3, 4]);
        lanes.ended("b", &row(1, 1, "b"), true);
        assert_eq!(all(&mut lanes, NOW), [2]);
    }

    #[test]
    fn fed_dlv_02_a_host_has_two_requests_and_one_while_in_trouble() {
        let mut lanes = Lanes::default();
        lanes.add(vec![row(1, 1, "b"), row(2, 2, "b"), row(3, 3, "b")]);
        assert_eq!(all(&mut lanes, NOW), [1, 2]);
        let (failures, _, next) = lanes.failed("b", NOW, NOW, None, 0).unwrap();
        assert_eq!((failures, next), (1, NOW.plus_seconds(15)));
        lanes.ended("b", &row(1, 1, "b"), false);
        // The second one belonged to the same failure.
        assert!(lanes.failed("b", NOW, NOW, None, 0).is_none());
        lanes.ended("b", &row(2, 2, "b"), false);
        assert!(lanes.begin_reading(NOW).is_empty());
        let later = NOW.plus_seconds(15);
        assert_eq!(lanes.begin_reading(later), [("b".to_owned(), 0)]);
        lanes.refill("b", vec![row(1, 1, "b"), row(2, 2, "b"), row(3, 3, "b")]);
        assert_eq!(all(&mut lanes, later), [1]);
        assert!(lanes.succeeded("b"));
        lanes.ended("b", &row(1, 1, "b"), true);
        assert_eq!(all(&mut lanes, later), [2, 3]);
    }

    #[test]
    fn a_row_that_waits_holds_its_sender_and_nobody_else() {
        let mut lanes = Lanes::default();
        lanes.add(vec![row(1, 1, "b"), row(2, 1, "b"), row(3, 2, "b")]);
        assert_eq!(all(&mut lanes, NOW), [1, 3]);
        lanes.put_back("b", Row { not_before: NOW.plus_seconds(60), ..row(1, 1, "b") });
        assert!(all(&mut lanes, NOW).is_empty());
        lanes.begin_reading(NOW.plus_seconds(60));
        assert_eq!(all(&mut lanes, NOW.plus_seconds(60)), [1]);
    }

    #[test]
    fn sec_lim_04_a_host_that_is_held_waits_in_the_database_and_holds_no_other() {
        let mut lanes = Lanes::default();
        lanes.add(vec![row(1, 1, "b"), row(2, 1, "c")]);
        let (host, first) = lanes.next(NOW).unwrap();
        lanes.hold(&host, &first, NOW.plus_seconds(60));
        assert_eq!(all(&mut lanes, NOW), [2]);
        assert!(lanes.begin_reading(NOW).is_empty());
        lanes.sooner("b", NOW.plus_seconds(30));
        lanes.sooner("b", NOW.plus_seconds(90));
        assert_eq!(lanes.begin_reading(NOW.plus_seconds(30)), [("b".to_owned(), 0)]);
        lanes.refill("b", vec![row(1, 1, "b")]);
        assert_eq!(all(&mut lanes, NOW.plus_seconds(30)), [1]);
    }

    #[test]
    fn rows_beyond_the_few_in_memory_are_read_later() {
        let mut lanes = Lanes::default();
        lanes.add((1..=40).map(|id| row(id, id, "b")).collect());
        assert_eq!(lanes.kept(), PER_HOST_KEPT);
        for id in 1..=25 {
            assert_eq!(lanes.next(NOW).map(|(_, r)| r.id.raw()), Some(id));
            lanes.ended("b", &row(id, id, "b"), true);
        }
        assert_eq!(lanes.begin_reading(NOW), [("b".to_owned(), 32)]);
        lanes.refill("b", (33..=40).map(|id| row(id, id, "b")).collect());
        assert_eq!(lanes.kept(), 15);
        assert!(lanes.begin_reading(NOW).is_empty());
    }
}
