//! Time as the program stores it (milliseconds UTC) and the clock seam: nothing else reads the wall clock.

use chrono::{DateTime, SecondsFormat, Utc};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// A moment: milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// `2026-07-02`.
    pub fn date(self) -> String {
        self.to_datetime().format("%Y-%m-%d").to_string()
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
        s.serialize_str(&self.rfc3339())
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
