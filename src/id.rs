//! Ids: 64-bit, decimal in every document, sortable by age. 48 bits of milliseconds, 16 bits that tell ids of one
//! millisecond apart, so that a remote post stands in a timeline where its `published` puts it.

use crate::time::Timestamp;
use std::{fmt, marker::PhantomData, str::FromStr};

/// The id of a `T`. Zero and negative values never occur in the database.
pub struct Id<T> {
    raw: i64,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// Wraps a stored value.
    pub const fn new(raw: i64) -> Self {
        Self { raw, of: PhantomData }
    }
    /// The stored value.
    pub const fn raw(self) -> i64 {
        self.raw
    }
    /// The stored value, borrowed, for binding.
    pub const fn as_raw(&self) -> &i64 {
        &self.raw
    }
    /// The moment the id stands for. Unit: milliseconds.
    pub const fn timestamp(self) -> Timestamp {
        Timestamp::from_millis(self.raw >> 16)
    }
    /// The id at `at` with these low bits. `at` is clamped to 2000-01-01..=`now` (POST-01).
    pub fn compose(at: Timestamp, now: Timestamp, low: u16) -> Self {
        let at = at.clamp(Timestamp::Y2000, now.max(Timestamp::Y2000));
        Self::new((at.millis() << 16) | i64::from(low))
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.raw.cmp(&other.raw)
    }
}
impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.raw)
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.raw)
    }
}
impl<T> FromStr for Id<T> {
    type Err = crate::Error;
    /// Decimal digits only, in the range of a positive `i64`; anything else names nothing and is `NotFound` (LIM-07).
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        if s.is_empty() || s.len() > 19 || !s.bytes().all(|b| b.is_ascii_digit()) {
            return Err(crate::Error::NotFound);
        }
        s.parse().map(Self::new).map_err(|_| crate::Error::NotFound)
    }
}
impl<T> serde::Serialize for Id<T> {
    /// A JSON string of decimal digits, as every client expects.
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.raw)
    }
}
