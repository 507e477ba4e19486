//! How often somebody may do something: fixed windows counted in memory (losing them loses no work). One limiter for
//! all edges; figures of the security checklist, section 0.

use crate::{
    Error, Result,
    time::{Clock, Timestamp},
};
use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hash},
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// Windows kept per shard before expired ones are swept out.
const SWEEP_AT: usize = 4_096;
/// Windows kept per shard whatever happens; beyond, counting starts anew.
const SHARD_MAX: usize = 65_536;
const SHARDS: usize = 16;
/// A whole site can sit behind one trusted address.
const TRUSTED_FACTOR: u32 = 50;

/// What is counted, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// All calls of an account: 1,500 in 5 minutes.
    Account,
    /// All calls with a token: 300 in 5 minutes.
    Token,
    /// Anonymous calls of an address: 300 in 5 minutes.
    Address,
    /// Anonymous calls for later pages, per address: 300 in 15 minutes.
    Paging,
    /// Uploads: 30 in 30 minutes.
    Media,
    /// Deletes and taken back boosts: 30 in 30 minutes.
    Deletes,
    /// App registrations of an address: 30 in 10 minutes.
    Apps,
    /// Sign-in attempts for a name: 10 in 5 minutes.
    LoginName,
    /// Sign-in attempts from an address: 60 in 5 minutes.
    LoginAddress,
    /// Posts of an account: 300 in 3 hours.
    Posts,
    /// Follows of an account: 400 in 24 hours.
    Follows,
    /// Collections that an account makes, and people whom it puts into one: 300 in 24 hours. Who is of another server is asked
    /// each time.
    Collects,
    /// Requests of an address that did not prove who sent them: 600 in 5 minutes. Beyond, nothing is fetched for it.
    Unproven,
    /// Aliases that the desk of one other node accepted: 60 in 24 hours.
    Aliases,
}

impl Rule {
    /// How many in how many seconds.
    pub const fn figures(self) -> (u32, i64) {
        match self {
            Self::Account => (1_500, 300),
            Self::Token | Self::Address => (300, 300),
            Self::Unproven => (600, 300),
            Self::Paging => (300, 900),
            Self::Media | Self::Deletes => (30, 1_800),
            Self::Apps => (30, 600),
            Self::LoginName => (10, 300),
            Self::LoginAddress => (60, 300),
            Self::Posts => (300, 10_800),
            Self::Follows => (400, 86_400),
            Self::Collects => (300, 86_400),
            Self::Aliases => (60, 86_400),
        }
    }
}

/// What is left in the current window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Calls per window.
    pub limit: u32,
    /// Calls left.
    pub remaining: u32,
    /// When the window ends.
    pub reset: Timestamp,
    /// Whether this call was one too many.
    pub exceeded: bool,
}

impl Allowance {
    /// The stricter of two, for the headers of an answer.
    pub fn stricter(self, other: Self) -> Self {
        if other.exceeded || (!self.exceeded && other.remaining < self.remaining) { other } else { self }
    }
}

#[derive(Clone, Copy)]
struct Window {
    ends: Timestamp,
    used: u32,
}

#[derive(Default)]
struct Shard {
    windows: HashMap<u64, Window>,
    /// Expired windows are swept out when there are this many; doubles with what is left, so that sweeping stays cheap.
    sweep_at: usize,
}

/// The counters. Cheap to ask; share one per node.
pub struct RateLimiter {
    clock: Clock,
    on: bool,
    trusted: Vec<ipnet::IpNet>,
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
}

impl std::fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RateLimiter").field("on", &self.on).field("trusted", &self.trusted).finish_non_exhaustive()
    }
}

/// The address a request came from, after trusted proxies were looked through. The server puts it on each request.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

impl RateLimiter {
    /// A limiter that counts when `on`; addresses in `trusted` have 50 times the per-address figures.
    pub fn new(clock: Clock, on: bool, trusted: Vec<ipnet::IpNet>) -> Self {
        Self { clock, on, trusted, hasher: RandomState::new(), shards: Default::default() }
    }

    /// Whether anything is counted at all.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Counts one call of `who`. `None` when limits are off.
    pub fn hit(&self, rule: Rule, who: &impl Hash) -> Option<Allowance> {
        self.count(rule, who, 1)
    }

    /// Counts one call from an address; IPv6 neighbours (a /64) count as one.
    pub fn hit_address(&self, rule: Rule, address: IpAddr) -> Option<Allowance> {
        let factor = if self.is_trusted(address) { TRUSTED_FACTOR } else { 1 };
        self.count(rule, &network(address), factor)
    }

    /// As [`Self::check_address`] for the next call, without counting it.
    ///
    /// # Errors
    /// [`Error::RateLimited`] with the seconds until the window ends.
    pub fn peek_address(&self, rule: Rule, address: IpAddr) -> Result<()> {
        let factor = if self.is_trusted(address) { TRUSTED_FACTOR } else { 1 };
        let allowance = self.spend(rule, &network(address), factor, 0);
        self.refuse(allowance.map(|a| Allowance { exceeded: a.remaining == 0, ..a }))
    }

    /// Counts one call and refuses it when it is one too many.
    ///
    /// # Errors
    /// [`Error::RateLimited`] with the seconds until the window ends.
    pub fn check(&self, rule: Rule, who: &impl Hash) -> Result<()> {
        self.refuse(self.hit(rule, who))
    }

    /// As [`Self::check`], for an address.
    ///
    /// # Errors
    /// [`Error::RateLimited`] with the seconds until the window ends.
    pub fn check_address(&self, rule: Rule, address: IpAddr) -> Result<()> {
        self.refuse(self.hit_address(rule, address))
    }

    /// The error for an allowance that is exceeded.
    ///
    /// # Errors
    /// [`Error::RateLimited`] with the seconds until the window ends.
    pub fn refuse(&self, allowance: Option<Allowance>) -> Result<()> {
        match allowance {
            Some(a) if a.exceeded => {
                let wait = a.reset.millis() - self.clock.now().millis();
                Err(Error::RateLimited { retry_after: wait.max(0).unsigned_abs().div_ceil(1000).max(1) })
            }
            _ => Ok(()),
        }
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&address.to_canonical()))
    }

    fn count(&self, rule: Rule, who: &impl Hash, factor: u32) -> Option<Allowance> {
        self.spend(rule, who, factor, 1)
    }

    fn spend(&self, rule: Rule, who: &impl Hash, factor: u32, cost: u32) -> Option<Allowance> {
        if !self.on {
            return None;
        }
        let now = self.clock.now();
        let (limit, seconds) = rule.figures();
        let limit = limit * factor;
        let key = self.hasher.hash_one((rule, who));
        let shard = self.shards.get(usize::try_from(key >> 60).unwrap_or(0) % SHARDS)?;
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let Shard { windows, sweep_at } = &mut *shard;
        if windows.len() >= (*sweep_at).max(SWEEP_AT) {
            windows.retain(|_, w| w.ends > now);
            if windows.len() >= SHARD_MAX {
                windows.clear();
            }
            *sweep_at = windows.len() * 2;
        }
        let fresh = Window { ends: now.plus_seconds(seconds), used: 0 };
        let mut window = windows.get(&key).copied().filter(|window| window.ends > now).unwrap_or(fresh);
        window.used = window.used.saturating_add(cost);
        // Looking leaves nothing behind.
        if cost > 0 {
            windows.insert(key, window);
        }
        let exceeded = window.used > limit;
        Some(Allowance { limit, remaining: limit.saturating_sub(window.used), reset: window.ends, exceeded })
    }
}

/// An IPv6 subscriber has at least a /64 to choose from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> (RateLimiter, Clock) {
        let clock = Clock::fixed(Timestamp::from_millis(1_800_000_000_000));
        (RateLimiter::new(clock.clone(), true, vec!["10.0.0.0/8".parse().expect("a net")]), clock)
    }

    #[test]
    fn a_window_lets_its_number_pass_and_opens_again() {
        let (limiter, clock) = limiter();
        for n in 0..10 {
            let a = limiter.hit(Rule::LoginName, &"ann").expect("on");
            assert_eq!((a.remaining, a.exceeded), (9 - n, false));
        }
        assert!(matches!(limiter.check(Rule::LoginName, &"ann"), Err(Error::RateLimited { retry_after: 300 })));
        assert!(limiter.check(Rule::LoginName, &"bob").is_ok());
        assert!(limiter.check(Rule::Token, &"ann").is_ok());
        clock.advance(299_999);
        assert!(limiter.check(Rule::LoginName, &"ann").is_err());
        clock.advance(1);
        assert!(limiter.check(Rule::LoginName, &"ann").is_ok());
    }

    #[test]
    fn trusted_addresses_have_fifty_times_as_much_and_ipv6_neighbours_share() {
        let (limiter, _) = limiter();
        let a = limiter.hit_address(Rule::Apps, "10.1.2.3".parse().expect("ip")).expect("on");
        assert_eq!(a.limit, 1_500);
        let mapped = limiter.hit_address(Rule::Apps, "::ffff:10.1.2.3".parse().expect("ip")).expect("on");
        assert_eq!((mapped.limit, mapped.remaining), (1_500, 1_498));
        let one = limiter.hit_address(Rule::Apps, "2001:db8::1".parse().expect("ip")).expect("on");
        let two = limiter.hit_address(Rule::Apps, "2001:db8::2".parse().expect("ip")).expect("on");
        assert_eq!((one.remaining, two.remaining), (29, 28));
    }

    #[test]
    fn looking_counts_nothing() {
        let (limiter, clock) = limiter();
        let address = "192.0.2.1".parse().expect("ip");
        for _ in 0..600 {
            assert!(limiter.peek_address(Rule::Unproven, address).is_ok());
            assert!(limiter.check_address(Rule::Unproven, address).is_ok());
        }
        assert!(limiter.peek_address(Rule::Unproven, address).is_err());
        clock.advance(300_000);
        assert!(limiter.peek_address(Rule::Unproven, address).is_ok());
    }

    #[test]
    fn nothing_is_counted_when_limits_are_off() {
        let limiter = RateLimiter::new(Clock::real(), false, Vec::new());
        assert!(limiter.hit(Rule::Media, &1).is_none());
        assert!((0..1000).all(|_| limiter.check(Rule::Media, &1).is_ok()));
    }

    #[test]
    fn a_flood_of_names_does_not_grow_the_memory_for_ever() {
        let (limiter, clock) = limiter();
        for n in 0..200_000u32 {
            limiter.hit(Rule::Token, &n);
        }
        clock.advance(301_000);
        for n in 200_000..400_000u32 {
            limiter.hit(Rule::Token, &n);
        }
        let kept: usize = limiter.shards.iter().map(|s| s.lock().map(|s| s.windows.len()).unwrap_or(0)).sum();
        assert!(kept < 300_000, "{kept}");
    }
}
