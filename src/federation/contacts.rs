//! How fast this node begins to speak with servers that it never spoke with (LIM-04). Whoever owns a domain has as many host
//! names below it, and people on them, as they like: ten thousand followers on as many hosts must not make one post, or one
//! stranger's letters, ten thousand connections to whomever those names lead to. So each account here has a budget of hosts
//! that get something from this node for the first time, and each registered domain out there one of hosts that its people's
//! letters make us read from for the first time; both come back with time. What is over the budget waits, in the order it
//! was written, and is not lost. Hosts that took something before, that failed (they have pauses of their own) or that belong to
//! the organisation are never counted.
//!
//! In memory: of several processes one sends, and each that reads counts for itself; after a restart the budgets are whole again.

use super::{admit, fetch::Budget, newcomers, pace::Buckets};
use crate::{Error, Result, app::App, store, time::Timestamp, uri};
use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use url::Url;

/// Servers that an entry names have so many times the figure.
const PEERS: u32 = 10;
/// All hosts below one registered name have this part of what an account has: one domain must not use up all of it.
const DOMAIN_PART: u32 = 4;
const HOUR: i64 = 3_600_000;
/// Hosts that wait, or accounts and domains that had one, before those that are over are swept out.
const SWEEP_AT: usize = 4_096;
/// How long after its turn a host is remembered that nothing waits for any more. Milliseconds.
const LATE: i64 = 24 * HOUR;
/// Hosts remembered that something went to; beyond, they are looked up again.
const MET: usize = 262_144;

/// So many at once, and as many in each hour. Whoever comes too early is told their turn, which is theirs then.
#[derive(Debug)]
struct Turns<K> {
    step: i64,
    burst: i64,
    next: HashMap<K, i64>,
    sweep_at: usize,
}

impl<K: Eq + Hash> Turns<K> {
    fn new(an_hour: u32) -> Self {
        let most = i64::from(an_hour.max(1));
        let step = (HOUR / most).max(1);
        Self { step, burst: step * (most - 1), next: HashMap::new(), sweep_at: SWEEP_AT }
    }

    fn reserve(&mut self, whose: K, now: Timestamp) -> Timestamp {
        if self.next.len() >= self.sweep_at {
            self.next.retain(|_, next| *next > now.millis());
            self.sweep_at = (self.next.len() * 2).max(SWEEP_AT);
        }
        let next = self.next.entry(whose).or_insert(0);
        let begins = (*next).max(now.millis());
        *next = begins + self.step;
        Timestamp::from_millis((begins - self.burst).max(now.millis()))
    }
}

/// The turns of one kind of hosts.
#[derive(Debug)]
struct Budgets {
    accounts: Turns<i64>,
    domains: Turns<String>,
}

impl Budgets {
    fn new(an_hour: u32) -> Self {
        Self { accounts: Turns::new(an_hour), domains: Turns::new(an_hour / DOMAIN_PART) }
    }
}

/// A host that waits for its first contact.
#[derive(Debug, Default)]
struct Place {
    /// The turn of its domain.
    domain: Option<Timestamp>,
    /// The turns of those who write to it: the first of them counts.
    accounts: Vec<(i64, Timestamp)>,
    until: Timestamp,
}

#[derive(Debug)]
struct State {
    strangers: Budgets,
    peers: Budgets,
    waiting: HashMap<String, Place>,
    sweep_at: usize,
    met: HashSet<String>,
}

impl State {
    fn new(an_hour: u32) -> Self {
        Self {
            strangers: Budgets::new(an_hour),
            peers: Budgets::new(an_hour.saturating_mul(PEERS)),
            waiting: HashMap::new(),
            sweep_at: SWEEP_AT,
            met: HashSet::new(),
        }
    }

    fn meet(&mut self, host: &str) {
        self.waiting.remove(host);
        if self.met.len() >= MET {
            self.met.clear();
        }
        self.met.insert(host.to_owned());
    }

    /// Whether something of this account may go to this host now; else when to look again.
    fn ask(&mut self, host: &str, account: i64, is_peer: bool, now: Timestamp) -> Result<(), Timestamp> {
        if self.met.contains(host) {
            return Ok(());
        }
        if self.waiting.len() >= self.sweep_at {
            self.waiting.retain(|_, place| place.until.millis() + LATE > now.millis());
            self.sweep_at = (self.waiting.len() * 2).max(SWEEP_AT);
        }
        let Budgets { accounts, domains } = if is_peer { &mut self.peers } else { &mut self.strangers };
        let place = self.waiting.entry(host.to_owned()).or_default();
        let domain = *place.domain.get_or_insert_with(|| domains.reserve(newcomers::registered(host).to_owned(), now));
        place.until = domain;
        if domain <= now {
            if !place.accounts.iter().any(|(who, _)| *who == account) {
                place.accounts.push((account, accounts.reserve(account, now)));
            }
            place.until = place.accounts.iter().map(|(_, turn)| *turn).min().unwrap_or(now);
        }
        if place.until > now {
            return Err(place.until);
        }
        self.meet(host);
        Ok(())
    }
}

/// A part of the app.
struct Contacts {
    state: Mutex<State>,
    /// Hosts that letters make us read from for the first time, by the registered domain of their senders.
    read: Buckets,
}

impl Contacts {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// None where there is no limit.
fn part(app: &App) -> Option<Arc<Contacts>> {
    let most = app.config().federation.new_hosts_per_hour;
    (most > 0).then(|| app.part_or(|| Contacts { state: Mutex::new(State::new(most)), read: Buckets::an_hour(most) }))
}

/// Those of these hosts of which this process does not know that something went to them.
pub fn unknown<'a>(app: &App, hosts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let Some(contacts) = part(app) else { return Vec::new() };
    let state = contacts.state();
    let unknown: HashSet<&str> = hosts.filter(|host| !state.met.contains(*host)).collect();
    unknown.into_iter().map(str::to_owned).collect()
}

/// Looks up which of these hosts are known, before [`may_send`] is asked for them.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn look_up(app: &App, unknown: Vec<String>) -> Result<()> {
    if unknown.is_empty() {
        return Ok(());
    }
    let known = app.read(move |conn| store::deliveries::met(conn, &unknown)).await?;
    if let Some(contacts) = part(app) {
        let mut state = contacts.state();
        for host in &known {
            state.meet(host);
        }
    }
    Ok(())
}

/// Whether something that this account sends may go to this host now; else when to look again.
///
/// # Errors
/// That time.
pub fn may_send(app: &App, host: &str, account: i64) -> Result<(), Timestamp> {
    let (Some(contacts), rules) = (part(app), app.net().rules()) else { return Ok(()) };
    if admit::is_colleague(&rules, host) {
        return Ok(());
    }
    contacts.state().ask(host, account, rules.standing(host).is_peer, app.clock().now())
}

/// Whether a host waits for its first contact: somebody else who writes to it may be earlier than whoever did first.
pub fn is_awaited(app: &App, host: &str) -> bool {
    part(app).is_some_and(|contacts| contacts.state().waiting.contains_key(host))
}

/// Whether what a letter brought may make us read from this address.
///
/// # Errors
/// `Upstream` when its sender's domain named too many new hosts within the hour: worth another try later.
pub async fn may_read(app: &App, budget: &Budget, url: &Url) -> Result<()> {
    let (Some(sender), Some(contacts)) = (budget.sender(), part(app)) else { return Ok(()) };
    let Some(address) = uri::normalize(url.as_str()) else { return Ok(()) };
    let (sender, host) = (newcomers::registered(sender), uri::host(&address));
    if newcomers::registered(host) == sender || admit::is_colleague(&app.net().rules(), host) {
        return Ok(());
    }
    let is_met = contacts.state().met.contains(host);
    if is_met {
        return Ok(());
    }
    let name = host.to_owned();
    if !app.glance(move |conn| store::deliveries::is_known(conn, &name)).await?
        && let Err(seconds) = contacts.read.take(sender, app.clock().now())
    {
        metrics::counter!("federation_rejected_total", "reason" => "new_hosts").increment(1);
        tracing::debug!(sender, host, seconds, "letters of one domain name too many new hosts");
        return Err(Error::upstream("too many new servers named by one within the hour"));
    }
    // Also before anything of it is kept: a post and its author are two reads.
    contacts.state().meet(host);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    #[test]
    fn sec_lim_04_so_many_hosts_at_once_and_then_one_after_the_other() {
        let mut state = State::new(4);
        let step = HOUR / 4;
        for n in 0..4 {
            assert_eq!(state.ask(&format!("s{n}.example"), 1, false, NOW), Ok(()));
        }
        let turn = |n: i64| Err(NOW.plus_millis(n * step));
        assert_eq!(state.ask("s4.example", 1, false, NOW), turn(1));
        assert_eq!(state.ask("s5.example", 1, false, NOW), turn(2));
        assert_eq!(state.ask("s4.example", 1, false, NOW), turn(1), "its turn stays");
        assert_eq!(state.ask("s0.example", 1, false, NOW), Ok(()), "known by now");
        // Somebody else has a budget of their own, and may be first.
        assert_eq!(state.ask("s5.example", 2, false, NOW), Ok(()));
        assert_eq!(state.ask("s5.example", 1, false, NOW), Ok(()));
        assert_eq!(state.ask("s4.example", 1, false, NOW.plus_millis(step)), Ok(()));
    }

    #[test]
    fn sec_lim_04_one_domain_does_not_use_up_what_an_account_has() {
        let mut state = State::new(8);
        let asked: Vec<bool> =
            (0..100).map(|n| state.ask(&format!("s{n}.evil.example"), 1, false, NOW).is_ok()).collect();
        assert_eq!(asked.iter().filter(|may| **may).count(), 2);
        for n in 0..6 {
            assert_eq!(state.ask(&format!("good{n}.test"), 1, false, NOW), Ok(()), "{n}");
        }
        assert!(state.ask("good6.test", 1, false, NOW).is_err());
        assert_eq!(state.ask("friend.example", 1, true, NOW), Ok(()), "entries have their own");
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_forgotten() {
        let mut state = State::new(1);
        for n in 0..20_000 {
            let _ = state.ask(&format!("s{n}.test"), 1, false, NOW);
        }
        let later = NOW.plus_millis(20_000 * HOUR + 2 * LATE);
        for n in 0..20_000 {
            let _ = state.ask(&format!("later{n}.test"), 2, false, later);
        }
        assert!(state.waiting.len() <= 20_000, "{}", state.waiting.len());
        assert!(state.strangers.domains.next.len() <= 40_000);
    }
}
