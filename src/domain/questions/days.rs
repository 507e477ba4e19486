//! Working days, in the time zone of whoever asks.

use crate::{config::Questions, time::Timestamp};
use chrono::{DateTime, Datelike, Days, LocalResult, TimeZone, Utc};
use chrono_tz::Tz;

/// The moment so many working days after another, at the same time of day. What is asked on a day off counts from the
/// next working day.
pub fn after(at: Timestamp, days: u32, zone: &str, settings: &Questions) -> Timestamp {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    let local = at.to_datetime().with_timezone(&zone);
    let mut day = local.date_naive();
    let works = |day: chrono::NaiveDate| settings.is_working(day.weekday().num_days_from_monday());
    let mut left = days;
    // A week holds one working day at least: this ends.
    for _ in 0..7 * (days + 2) {
        if works(day) && left == 0 {
            break;
        }
        if works(day) {
            left -= 1;
        }
        day = day.checked_add_days(Days::new(1)).unwrap_or(day);
    }
    let moment = day.and_time(local.time());
    let moment: DateTime<Utc> = match zone.from_local_datetime(&moment) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => moment.to_utc(),
        // An hour that the clocks skip.
        LocalResult::None => moment.and_utc(),
    };
    Timestamp::from_millis(moment.timestamp_millis()).max(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(at: &str, days: u32, zone: &str, expected: &str) {
        let at = Timestamp::parse(at).unwrap();
        let after = after(at, days, zone, &Questions::default());
        assert_eq!(after, Timestamp::parse(expected).unwrap(), "{} + {days} in {zone}", at.rfc3339());
    }

    #[test]
    fn working_days_are_those_of_the_asker() {
        check("2026-11-26T10:00:00Z", 1, "UTC", "2026-11-27T10:00:00Z");
        check("2026-11-27T10:00:00Z", 1, "UTC", "2026-11-30T10:00:00Z");
        check("2026-11-27T10:00:00Z", 3, "", "2026-12-02T10:00:00Z");
        // Saturday counts as Monday.
        check("2026-11-28T10:00:00Z", 1, "UTC", "2026-12-01T10:00:00Z");
        // Friday in London is Saturday in Tokyo.
        check("2026-11-27T20:00:00Z", 1, "Asia/Tokyo", "2026-11-30T20:00:00Z");
        check("2026-11-27T20:00:00Z", 1, "Europe/London", "2026-11-30T20:00:00Z");
        check("2026-11-26T20:00:00Z", 1, "Asia/Tokyo", "2026-11-29T20:00:00Z");
        // The same time of day when the clocks change in between.
        check("2026-10-23T10:00:00Z", 1, "Europe/Paris", "2026-10-26T11:00:00Z");
    }

    #[test]
    fn other_weeks_are_a_setting() {
        let week = Questions { working_days: vec!["sun".into(), "mon".into()], ..Questions::default() };
        let friday = Timestamp::parse("2026-11-27T10:00:00Z").unwrap();
        assert_eq!(after(friday, 1, "UTC", &week), Timestamp::parse("2026-11-30T10:00:00Z").unwrap());
    }
}
