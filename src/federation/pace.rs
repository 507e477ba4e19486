//! Token buckets per host: how often a host may send, and how often its name may make us fetch. In memory; losing them
//! loses no work.

use crate::time::Timestamp;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Hosts remembered before full buckets are swept out.
const SWEEP_AT: usize = 4_096;
/// Hosts remembered whatever happens; beyond, counting starts anew: a domain has as many host names as its owner likes.
const HOSTS_MAX: usize = 262_144;

/// Buckets of one kind.
#[derive(Debug)]
pub struct Buckets {
    full: f64,
    per_second: f64,
    hosts: Mutex<Hosts>,
}

#[derive(Debug, Default)]
struct Hosts {
    buckets: HashMap<String, Bucket>,
    /// Swept when there are this many; doubles with what is left, so that sweeping stays cheap.
    sweep_at: usize,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

impl Buckets {
    /// Of `burst` tokens that come back at `per_second`.
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self { full: f64::from(burst), per_second: f64::from(per_second), hosts: Mutex::default() }
    }

    /// Of as many tokens as come back in an hour.
    pub fn an_hour(most: u32) -> Self {
        let full = f64::from(most.max(1));
        Self { full, per_second: full / 3_600.0, hosts: Mutex::default() }
    }

    /// Takes a token; else the seconds until there is one.
    pub fn take(&self, host: &str, now: Timestamp) -> Result<(), u64> {
        self.spend(host, now, 1.0)
    }

    /// As [`Buckets::take`] without taking: for decisions before the sender is proven, so that nobody can empty the
    /// bucket of another.
    pub fn peek(&self, host: &str, now: Timestamp) -> Result<(), u64> {
        self.spend(host, now, 0.0)
    }

    fn spend(&self, host: &str, now: Timestamp, cost: f64) -> Result<(), u64> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let Hosts { buckets: hosts, sweep_at } = &mut *hosts;
        if hosts.len() >= (*sweep_at).max(SWEEP_AT) {
            hosts.retain(|_, bucket| self.filled(*bucket, now) < self.full);
            if hosts.len() >= HOSTS_MAX {
                hosts.clear();
            }
            *sweep_at = hosts.len() * 2;
        }
        let left = hosts.get(host).map_or(self.full, |bucket| self.filled(*bucket, now));
        if left < 1.0 {
            return Err(((1.0 - left) / self.per_second).ceil().max(1.0) as u64);
        }
        if cost > 0.0 {
            match hosts.get_mut(host) {
                Some(bucket) => *bucket = Bucket { left: left - cost, at: now },
                None => {
                    hosts.insert(host.to_owned(), Bucket { left: left - cost, at: now });
                }
            }
        }
        Ok(())
    }

    fn filled(&self, bucket: Bucket, now: Timestamp) -> f64 {
        let passed = (now.millis() - bucket.at.millis()).max(0) as f64 / 1_000.0;
        (bucket.left + passed * self.per_second).min(self.full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let buckets = Buckets::new(2, 3);
        let now = Timestamp::from_millis(1_000_000);
        for _ in 0..3 {
            assert_eq!(buckets.peek("a", now), Ok(()));
            assert_eq!(buckets.take("a", now), Ok(()));
        }
        assert_eq!((buckets.take("a", now), buckets.peek("a", now)), (Err(1), Err(1)));
        assert_eq!(buckets.take("b", now), Ok(()), "others are unharmed");
        assert_eq!(buckets.take("a", now.plus_millis(500)), Ok(()));
        assert_eq!(buckets.take("a", now.plus_millis(500)), Err(1));
        assert_eq!(buckets.take("a", now.plus_seconds(-5)), Err(1), "a clock set back gives nothing");
    }

    #[test]
    fn made_up_host_names_do_not_grow_the_memory_for_ever() {
        let buckets = Buckets::new(1, 10);
        let now = Timestamp::from_millis(1_000_000);
        for n in 0..600_000 {
            assert_eq!(buckets.take(&format!("h{n}.example"), now), Ok(()));
        }
        assert!(buckets.hosts.lock().unwrap().buckets.len() <= HOSTS_MAX);
        for n in 0..10_000 {
            assert_eq!(buckets.take(&format!("later{n}.example"), now.plus_seconds(60)), Ok(()));
        }
        assert!(buckets.hosts.lock().unwrap().buckets.len() <= HOSTS_MAX);
    }
}
