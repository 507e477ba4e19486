//! When a delivery is tried again (DLV-01) and what an answer to it means (DLV-03). Pure.

use crate::time::Timestamp;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Milliseconds after the first, second ... failure in a row of a host; the last one repeats (DLV-01).
pub const STEPS: [i64; 11] = [
    15 * SECOND,
    30 * SECOND,
    90 * SECOND,
    5 * MINUTE,
    10 * MINUTE,
    20 * MINUTE,
    40 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
];

/// Milliseconds after the first, second ... 401 of one row: slowly, the other side may not be able to fetch our key
/// just now (DLV-03).
pub const UNAUTHORIZED_STEPS: [i64; 4] = [5 * MINUTE, HOUR, 6 * HOUR, 12 * HOUR];

/// Milliseconds without a success after which a host is unavailable (DLV-05).
pub const UNAVAILABLE_AFTER: i64 = 7 * 24 * HOUR;

/// Milliseconds between two probes of an unavailable host.
pub const PROBE_EVERY: i64 = 24 * HOUR;

/// Milliseconds that what must not be lost is kept for an unavailable host.
pub const KEPT_FOR: i64 = 30 * 24 * HOUR;

/// Milliseconds to wait after failure number `failures` (counted from 1), with up to 20 % more by `jitter`, any random
/// number.
pub fn delay(steps: &[i64], failures: u32, jitter: u64) -> i64 {
    let index = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    let step = steps.get(index).or(steps.last()).copied().unwrap_or(HOUR);
    let per_mille = i64::try_from(jitter % 201).unwrap_or(0);
    step + step * per_mille / 1_000
}

/// When a host that failed `failures` times in a row, for the first time at `since`, is tried again. `retry_after` is
/// what it asked for, in seconds; it is obeyed up to a week, and never makes a long broken host a busy one.
pub fn next_attempt(
    now: Timestamp,
    since: Timestamp,
    failures: u32,
    retry_after: Option<i64>,
    jitter: u64,
) -> Timestamp {
    let step = delay(&STEPS, failures, jitter);
    let wait = match retry_after {
        Some(seconds) => {
            let asked = seconds.saturating_mul(SECOND).clamp(SECOND, UNAVAILABLE_AFTER);
            if failures > 5 { asked.max(step) } else { asked }
        }
        None if is_unavailable(now, since) => PROBE_EVERY.max(step),
        None => step,
    };
    now.plus_millis(wait)
}

/// Whether a host that last failed for the first time at `since` counts as unavailable (DLV-05).
pub fn is_unavailable(now: Timestamp, since: Timestamp) -> bool {
    now.millis() - since.millis() >= UNAVAILABLE_AFTER
}

/// What the answer to a delivery means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Delivered,
    /// This row will never be taken; the host is well (DLV-03).
    Refused,
    /// As `Refused`; after seven days of it the inbox is dead (DLV-04).
    Missing,
    /// The inbox is gone for good (DLV-04).
    Gone,
    /// This sender is not believed just now: the row waits, the host is well.
    Unauthorized,
    /// It is sent elsewhere, and a POST does not follow (DLV-10): the row waits, the host is well.
    Elsewhere,
    /// The host is not well: everything to it waits (DLV-01).
    Later {
        /// Seconds the host asked for.
        retry_after: Option<i64>,
        /// It took the request and failed over it: the activity may be the reason, not the host.
        stumbled: bool,
    },
}

/// Judges a status code (DLV-01, DLV-03). `retry_after` is the raw header, a number of seconds or an HTTP date.
pub fn judge(status: u16, retry_after: Option<&str>, now: Timestamp) -> Answer {
    match status {
        200..=299 => Answer::Delivered,
        401 => Answer::Unauthorized,
        404 => Answer::Missing,
        410 => Answer::Gone,
        408 | 425 | 429 | 500..=599 => {
            let retry_after = retry_after.and_then(|text| seconds(text, now));
            Answer::Later { retry_after, stumbled: status >= 500 && retry_after.is_none() }
        }
        400..=499 => Answer::Refused,
        // Like an answer nobody understands it may pass.
        _ => Answer::Elsewhere,
    }
}

fn seconds(text: &str, now: Timestamp) -> Option<i64> {
    let text = text.trim();
    match text.parse::<i64>() {
        Ok(seconds) => (seconds >= 0).then_some(seconds),
        Err(_) => Timestamp::parse_http(text).map(|at| (at.millis() - now.millis()).max(0) / SECOND),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    #[test]
    fn fed_dlv_01_the_steps_are_these_and_the_last_repeats() {
        let seconds: Vec<i64> = (1..=12).map(|failures| delay(&STEPS, failures, 0) / SECOND).collect();
        assert_eq!(seconds, [15, 30, 90, 300, 600, 1200, 2400, 3600, 10_800, 21_600, 43_200, 43_200]);
    }

    #[test]
    fn fed_dlv_01_jitter_adds_at_most_a_fifth() {
        for jitter in 0..1_000 {
            let wait = delay(&STEPS, 2, jitter);
            assert!((30_000..=36_000).contains(&wait), "{wait}");
        }
        assert_eq!(delay(&STEPS, 1, 200), 18_000);
    }

    #[test]
    fn fed_dlv_01_retry_after_is_obeyed_in_both_forms() {
        let at = |answer| match answer {
            Answer::Later { retry_after, .. } => next_attempt(NOW, NOW, 1, retry_after, 0).millis() - NOW.millis(),
            other => panic!("{other:?}"),
        };
        assert_eq!(at(judge(429, Some("120"), NOW)), 120_000);
        assert_eq!(at(judge(503, Some(&NOW.plus_seconds(90).http_date()), NOW)), 90_000);
        assert_eq!(at(judge(503, Some("soon"), NOW)), 15_000);
        assert_eq!(at(judge(503, Some("-5"), NOW)), 15_000);
        assert_eq!(at(judge(503, Some("99999999999999999999"), NOW)), 15_000);
    }

    #[test]
    fn fed_dlv_03_answers_are_told_apart() {
        assert_eq!(judge(200, None, NOW), Answer::Delivered);
        assert_eq!(judge(202, None, NOW), Answer::Delivered);
        assert_eq!(judge(401, None, NOW), Answer::Unauthorized);
        assert_eq!(judge(410, None, NOW), Answer::Gone);
        assert_eq!(judge(404, None, NOW), Answer::Missing);
        for status in [400, 403, 405, 413, 422] {
            assert_eq!(judge(status, None, NOW), Answer::Refused, "{status}");
        }
        for status in [301, 302, 307, 308, 600] {
            assert_eq!(judge(status, None, NOW), Answer::Elsewhere, "{status}");
        }
        for status in [408, 425, 429, 500, 502, 503, 504] {
            let stumbled = status >= 500;
            assert_eq!(judge(status, None, NOW), Answer::Later { retry_after: None, stumbled }, "{status}");
        }
        let busy = Answer::Later { retry_after: Some(9), stumbled: false };
        assert_eq!(judge(503, Some("9"), NOW), busy, "a host that says when is a host that knows");
    }

    #[test]
    fn fed_dlv_05_after_a_week_without_success_a_host_is_probed_once_a_day() {
        let since = Timestamp::from_millis(NOW.millis() - UNAVAILABLE_AFTER);
        assert!(is_unavailable(NOW, since) && !is_unavailable(NOW, since.plus_millis(1)));
        assert_eq!(next_attempt(NOW, since, 30, None, 0), NOW.plus_millis(PROBE_EVERY));
    }
}
