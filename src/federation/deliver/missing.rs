//! Inboxes that answer 404 (DLV-04): for seven days this may be a mistake on the other side; then the inbox is dead, and
//! nothing but one probe a day goes there until it takes something again.

use super::schedule;
use crate::{store::deliveries::MissingInbox, time::Timestamp};
use std::collections::HashMap;

/// What is known of one.
#[derive(Clone, Copy, Debug)]
struct Absence {
    since: Timestamp,
    dead: bool,
    probe: Timestamp,
}

/// All of them. Few: those that somebody here still writes to.
#[derive(Debug, Default)]
pub(super) struct Missing(HashMap<String, Absence>);

/// What a 404 means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The first one: remember the day.
    First,
    /// Again.
    Again,
    /// For seven days now.
    Dead,
}

impl Missing {
    /// What the database knows.
    pub fn remember(&mut self, row: MissingInbox) {
        let absence = Absence { since: row.since, dead: row.dead, probe: Timestamp::from_millis(0) };
        self.0.insert(row.inbox, absence);
    }

    /// The inbox answered 404.
    pub fn absent(&mut self, inbox: &str, now: Timestamp) -> Verdict {
        let Some(absence) = self.0.get_mut(inbox) else {
            self.0.insert(inbox.to_owned(), Absence { since: now, dead: false, probe: now });
            return Verdict::First;
        };
        if absence.dead || now.millis() - absence.since.millis() < schedule::UNAVAILABLE_AFTER {
            return Verdict::Again;
        }
        absence.dead = true;
        absence.probe = now.plus_millis(schedule::PROBE_EVERY);
        Verdict::Dead
    }

    /// The inbox took something; whether it was missing.
    pub fn present(&mut self, inbox: &str) -> bool {
        !self.0.is_empty() && self.0.remove(inbox).is_some()
    }

    /// Whether nothing is sent there now. Once a day the answer is no.
    pub fn is_dead(&mut self, inbox: &str, now: Timestamp) -> bool {
        if self.0.is_empty() {
            return false;
        }
        match self.0.get_mut(inbox) {
            Some(absence) if absence.dead && now < absence.probe => true,
            Some(absence) => {
                absence.probe = now.plus_millis(schedule::PROBE_EVERY);
                false
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fed_dlv_04_an_inbox_is_dead_after_seven_days_of_404_and_probed_once_a_day() {
        let now = Timestamp::from_millis(1_790_000_000_000);
        let mut missing = Missing::default();
        assert_eq!(missing.absent("a", now), Verdict::First);
        assert_eq!(missing.absent("a", now.plus_days(6)), Verdict::Again);
        assert!(!missing.is_dead("a", now.plus_days(6)));
        assert_eq!(missing.absent("a", now.plus_days(7)), Verdict::Dead);
        assert_eq!(missing.absent("a", now.plus_days(7)), Verdict::Again);
        assert!(missing.is_dead("a", now.plus_days(7)) && !missing.is_dead("b", now.plus_days(7)));
        assert!(!missing.is_dead("a", now.plus_days(8)), "the probe of the day");
        assert!(missing.is_dead("a", now.plus_days(8)));
        assert!(missing.present("a") && !missing.present("a"));
        assert!(!missing.is_dead("a", now.plus_days(8)));
    }
}
