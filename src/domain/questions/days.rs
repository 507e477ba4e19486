//! Working days, in the time zone of whoever asks.

use crate::{config::Questions, time::Timestamp};
use chrono::{DateTime, Datelike, Days, LocalResult, TimeZone, Utc};
use chrono_tz::Tz;

/// Hours of the day between which people work.
const BEGINS: u32 = 9;
const ENDS: u32 = 17;
/// Days over which working time is added up.
const MOST_DAYS: usize = 1_000;

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

/// The next Monday after a moment, at this hour of a time zone.
pub fn next_monday(at: Timestamp, hour: u32, zone: &str) -> Timestamp {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    let today = at.to_datetime().with_timezone(&zone).date_naive();
    let monday = u64::from((7 - today.weekday().num_days_from_monday()) % 7);
    let moment = |days: u64| {
        let day = today.checked_add_days(Days::new(days))?.and_hms_opt(hour, 0, 0)?;
        // No zone changes its clocks on Monday mornings.
        Some(Timestamp::from_millis(zone.from_local_datetime(&day).earliest()?.timestamp_millis()))
    };
    [monday, monday + 7].into_iter().filter_map(moment).find(|next| *next > at).unwrap_or_else(|| at.plus_days(7))
}

/// The working time between two moments: nine to five on working days where somebody works. Milliseconds.
pub fn working_time(from: Timestamp, to: Timestamp, zone: &str, settings: &Questions) -> i64 {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    let mut day = from.to_datetime().with_timezone(&zone).date_naive();
    let last = to.to_datetime().with_timezone(&zone).date_naive();
    let mut sum = 0;
    for _ in 0..MOST_DAYS {
        if day > last {
            break;
        }
        if settings.is_working(day.weekday().num_days_from_monday()) {
            let at = |hour| {
                let moment = day.and_hms_opt(hour, 0, 0)?;
                // No zone changes its clocks in working hours.
                Some(zone.from_local_datetime(&moment).earliest()?.timestamp_millis())
            };
            if let (Some(begin), Some(end)) = (at(BEGINS), at(ENDS)) {
                sum += (end.min(to.millis()) - begin.max(from.millis())).max(0);
            }
        }
        day = day.checked_add_days(Days::new(1)).unwrap_or(day);
    }
    sum
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
    fn mondays_are_those_of_the_reader() {
        let next = |at: &str, zone: &str| next_monday(Timestamp::parse(at).unwrap(), 9, zone).rfc3339();
        // Thursday; Monday before nine, at nine, and after it.
        assert_eq!(next("2026-11-26T10:00:00Z", "UTC"), "2026-11-30T09:00:00.000Z");
        assert_eq!(next("2026-11-30T08:59:59Z", ""), "2026-11-30T09:00:00.000Z");
        assert_eq!(next("2026-11-30T09:00:00Z", ""), "2026-12-07T09:00:00.000Z");
        assert_eq!(next("2026-11-30T07:30:00Z", "Europe/Berlin"), "2026-11-30T08:00:00.000Z");
        // Sunday in London is Monday in Tokyo.
        assert_eq!(next("2026-11-29T23:30:00Z", "Asia/Tokyo"), "2026-11-30T00:00:00.000Z");
    }

    #[test]
    fn only_working_time_counts() {
        let time = |from: &str, to: &str, zone: &str| {
            let at = |text| Timestamp::parse(text).unwrap();
            working_time(at(from), at(to), zone, &Questions::default()) / 60_000
        };
        assert_eq!(time("2026-11-26T10:00:00Z", "2026-11-26T10:30:00Z", ""), 30);
        // Friday at four to Monday at ten.
        assert_eq!(time("2026-11-27T16:00:00Z", "2026-11-30T10:00:00Z", "UTC"), 120);
        assert_eq!(time("2026-11-27T18:00:00Z", "2026-11-30T08:00:00Z", "UTC"), 0);
        // Four in the afternoon in Berlin is three in London.
        assert_eq!(time("2026-11-27T15:00:00Z", "2026-11-30T08:30:00Z", "Europe/Berlin"), 90);
        assert_eq!(time("2026-11-27T10:00:00Z", "2026-11-26T10:00:00Z", "UTC"), 0);
    }

    #[test]
    fn other_weeks_are_a_setting() {
        let week = Questions { working_days: vec!["sun".into(), "mon".into()], ..Questions::default() };
        let friday = Timestamp::parse("2026-11-27T10:00:00Z").unwrap();
        assert_eq!(after(friday, 1, "UTC", &week), Timestamp::parse("2026-11-30T10:00:00Z").unwrap());
    }
}
