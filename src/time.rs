//! Time as the program stores it (milliseconds UTC) and the clock seam: nothing else reads the wall clock.

use chrono::{DateTime, SecondsFormat, Utc};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// A moment: milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 2000-01-01, the oldest date believed of anything remote.
    pub const Y2000: Self = Self(946_684_800_000);

    /// From milliseconds since 1970.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }
    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }
    /// The stored value, borrowed, for binding.
    pub const fn as_millis(&self) -> &i64 {
        &self.0
    }
    /// Whole seconds since 1970.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
    /// This moment plus `ms` milliseconds (saturating).
    pub const fn plus_millis(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
    /// This moment plus `s` seconds (saturating).
    pub const fn plus_seconds(self, s: i64) -> Self {
        Self(self.0.saturating_add(s.saturating_mul(1000)))
    }
    /// This moment plus `d` days (saturating).
    pub const fn plus_days(self, d: i64) -> Self {
        self.plus_seconds(d.saturating_mul(86_400))
    }
    /// As a `chrono` date; out of range becomes 1970.
    pub fn to_datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
    /// `2026-07-02T07:47:51.000Z`: UTC, exactly three decimals, as clients need it.
    pub fn rfc3339(self) -> String {
        self.to_datetime().to_rfc3339_opts(SecondsFormat::Millis, true)
    }
    /// The same without an allocation: dates stand on every line of a timeline. `None` outside the years 0 to 9999.
    fn write_rfc3339(self, out: &mut [u8; 24]) -> Option<()> {
        let days = self.0.div_euclid(86_400_000);
        let ms = self.0.rem_euclid(86_400_000);
        // Days since 0000-03-01, in eras of 400 years, so that the leap day ends a year.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        if !(0..=9999).contains(&year) {
            return None;
        }
        *out = *b"0000-00-00T00:00:00.000Z";
        let fields = [
            (year, 4, 0),
            (month, 2, 5),
            (day, 2, 8),
            (ms / 3_600_000, 2, 11),
            (ms / 60_000 % 60, 2, 14),
            (ms / 1_000 % 60, 2, 17),
            (ms % 1_000, 3, 20),
        ];
        for (mut value, digits, at) in fields {
            for slot in out.get_mut(at..at + digits)?.iter_mut().rev() {
                *slot = b'0' + (value % 10) as u8;
                value /= 10;
            }
        }
        Some(())
    }
    /// `2026-07-02`.
    pub fn date(self) -> String {
        let mut text = [0u8; 24];
        let written = self.write_rfc3339(&mut text).and_then(|()| std::str::from_utf8(&text).ok()?.get(..10));
        written.map_or_else(|| self.to_datetime().format("%Y-%m-%d").to_string(), str::to_owned)
    }
    /// Midnight UTC of the same day.
    pub const fn midnight(self) -> Self {
        Self(self.0.div_euclid(86_400_000) * 86_400_000)
    }
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, for HTTP headers.
    pub fn http_date(self) -> String {
        self.to_datetime().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
    /// Reads an RFC 3339 date, fractional seconds of any length; a date without zone is UTC (ROB-10).
    pub fn parse(s: &str) -> Option<Self> {
        let s = s.trim();
        if let Ok(d) = DateTime::parse_from_rfc3339(s) {
            return Some(Self(d.timestamp_millis()));
        }
        for f in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
            if let Ok(d) = chrono::NaiveDateTime::parse_from_str(s, f) {
                return Some(Self(d.and_utc().timestamp_millis()));
            }
        }
        let day = chrono::NaiveDate::parse_from_str(s, "%Y-%m-%d").ok()?;
        Some(Self(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis()))
    }
    /// Reads an HTTP date (RFC 9110 IMF-fixdate; the obsolete forms are refused).
    pub fn parse_http(s: &str) -> Option<Self> {
        DateTime::parse_from_rfc2822(s.trim()).ok().map(|d| Self(d.timestamp_millis()))
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut text = [0u8; 24];
        match self.write_rfc3339(&mut text).and_then(|()| std::str::from_utf8(&text).ok()) {
            Some(text) => s.serialize_str(text),
            None => s.serialize_str(&self.rfc3339()),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a date such as 2026-11-26T12:00:00Z"))
    }
}

/// The clock every layer reads. Tests hold a fixed one and move it.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The machine's clock.
    pub fn real() -> Self {
        Self(None)
    }
    /// A clock that stands still at `at` until [`Clock::set`] or [`Clock::advance`].
    pub fn fixed(at: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at.0))))
    }
    /// Now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(fixed) => Timestamp(fixed.load(Ordering::SeqCst)),
            None => Timestamp(Utc::now().timestamp_millis()),
        }
    }
    /// Moves a fixed clock forward; no effect on the real one.
    pub fn advance(&self, ms: i64) {
        if let Some(fixed) = &self.0 {
            fixed.fetch_add(ms, Ordering::SeqCst);
        }
    }
    /// Sets a fixed clock; no effect on the real one.
    pub fn set(&self, at: Timestamp) {
        if let Some(fixed) = &self.0 {
            fixed.store(at.0, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_chrono_writes_them() {
        let mut moments =
            vec![0, 1, 999, 951_782_399_999, 951_782_400_000, 951_868_800_000, 1_709_251_199_123, -1, -1_000];
        moments.extend((0..20_000).map(|n| n * 1_234_567_891 - 2_000_000_000_000));
        for ms in moments {
            let at = Timestamp::from_millis(ms);
            assert_eq!(serde_json::to_string(&at).expect("a string"), format!("\"{}\"", at.rfc3339()), "{ms}");
        }
    }
}
