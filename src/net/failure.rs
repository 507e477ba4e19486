//! Why an outgoing request gave nothing. The reasons are for our log, our counters and the delivery back-off; whoever
//! asked for the fetch only ever reads "could not be fetched" (NET-12).

use std::{fmt, time::Duration};

/// A rule of ours said no; nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Not a URL that names a host, or one of more than 2 KiB.
    Malformed,
    /// Another scheme than https (or http where a peer's entry says so), or a step down from https to http (NET-05).
    Scheme,
    /// The URL carries a user name or password (NET-06).
    UserInfo,
    /// A port that no entry names (NET-06, LAN-05).
    Port,
    /// A private or special address without a peer entry (NET-01 to NET-04).
    PrivateAddress,
    /// A peer's name led to an address outside its ranges (LAN-03).
    OutsideRanges,
    /// A metadata service, multicast and the like (NET-07).
    NeverAllowed,
    /// One of our own listeners, our database, or our own domain (NET-07, AUTH-08).
    Ourselves,
    /// The host is blocked (MOD-06).
    Blocked,
    /// The host was removed from our organisation.
    Removed,
    /// Allowlist mode, and no entry matches (LAN-08).
    NotAllowlisted,
    /// This purpose never goes to a private peer (LAN-06).
    Purpose,
    /// Push goes only to configured relays (NET-09), texts to be translated only to the configured machine.
    NotARelay,
    /// The proxy is not asked for internal names.
    ProxyInternalName,
    /// More than three redirects (NET-05).
    TooManyRedirects,
}

impl Refusal {
    /// The label of the counter and the log line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Scheme => "scheme",
            Self::UserInfo => "userinfo",
            Self::Port => "port",
            Self::PrivateAddress => "private_address",
            Self::OutsideRanges => "outside_ranges",
            Self::NeverAllowed => "never_allowed",
            Self::Ourselves => "ourselves",
            Self::Blocked => "blocked",
            Self::Removed => "removed",
            Self::NotAllowlisted => "not_allowlisted",
            Self::Purpose => "purpose",
            Self::NotARelay => "not_a_relay",
            Self::ProxyInternalName => "proxy_internal_name",
            Self::TooManyRedirects => "too_many_redirects",
        }
    }
}

/// What became of a request that gave no answer.
#[derive(Clone, Debug)]
pub enum Failure {
    /// Our own rule; trying again changes nothing until the settings change.
    Refused(Refusal),
    /// Name, connection or TLS did not work. Worth another try later.
    Unreachable(String),
    /// The deadline of the purpose passed (NET-13).
    TimedOut,
    /// More bytes than the limit, or a decompression bomb (NET-14, NET-15).
    TooLarge,
    /// Not HTTP, or an encoding that was not asked for (NET-15).
    Nonsense(String),
    /// The host asked for a pause, or failed repeatedly a moment ago; time until it is worth trying (NET-20).
    Paused(Duration),
    /// The request could not be signed; our own fault.
    Unsigned(String),
}

impl Failure {
    /// The label of the counter and the log line.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Unreachable(_) => "unreachable",
            Self::TimedOut => "timed_out",
            Self::TooLarge => "too_large",
            Self::Nonsense(_) => "nonsense",
            Self::Paused(_) => "paused",
            Self::Unsigned(_) => "unsigned",
        }
    }
    /// True when a rule of ours forbids the host or address: a queued delivery is dropped, not retried (LAN-09).
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) | Self::Nonsense(why) | Self::Unsigned(why) => write!(f, "{}: {why}", self.code()),
            _ => f.write_str(self.code()),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for crate::Error {
    /// The reason stays in the log text of [`crate::Error::Upstream`]; its message to the outside is always the same.
    fn from(failure: Failure) -> Self {
        crate::Error::upstream(failure)
    }
}
