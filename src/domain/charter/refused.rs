//! Why a charter or an invitation is refused. Each says what to do, because the person who reads it did nothing wrong.

use crate::{Error, time::Timestamp};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a charter.
    #[error(
        "This is not a charter that this version can read ({0} cannot be accepted). Fetch it again from a member, and \
         upgrade this node if others have a newer version of Watercooler."
    )]
    Malformed(&'static str),
    /// Not signed by whom it should be.
    #[error(
        "The charter is not signed by the organisation's key ({wanted}). Do not use it: compare the fingerprint with a \
         steward by telephone. If the signing key was lost or stolen, a steward replaces it with `watercooler org \
         rotate-key --recovery`."
    )]
    WrongKey {
        /// Fingerprint of the key that should have signed.
        wanted: String,
    },
    /// Not signed at all: a draft.
    #[error(
        "This version is not signed. Sign the file where the key is (`watercooler org sign FILE --key-file KEY`), and bring \
         it back then (`watercooler org adopt FILE`)."
    )]
    Draft,
    /// A steward's key that is not the one.
    #[error(
        "This key has the fingerprint {given}; the signing key of the organisation has {wanted}. Look for the file of that \
         one; where it is lost, a steward replaces it with `watercooler org rotate-key --recovery` and the recovery key."
    )]
    NotTheKey {
        /// Fingerprint of the key that must sign.
        wanted: String,
        /// Fingerprint of the one that was given.
        given: String,
    },
    /// It was replaced by another key.
    #[error(
        "The charter is signed with a key that was replaced meanwhile. The steward who signed it must take the newest \
         version from a member and make the change again."
    )]
    OldKey,
    /// Another organisation's.
    #[error(
        "This charter belongs to another organisation ({theirs}); this node belongs to {ours}. To change, run \
         `watercooler org leave` and then join with an invitation of the other organisation."
    )]
    Foreign {
        /// Whose it is.
        theirs: String,
        /// Where this node belongs.
        ours: String,
    },
    /// Too late.
    #[error(
        "The charter expired on {}. A steward must sign a new version with `watercooler org renew`.", .at.date()
    )]
    Expired {
        /// When.
        at: Timestamp,
    },
    /// Too early.
    #[error(
        "The charter was issued at {}, but the clock here says {}. Set the clock of whichever machine is wrong (NTP), \
         then try again.", .issued.rfc3339(), .now.rfc3339()
    )]
    Future {
        /// When it says it was signed.
        issued: Timestamp,
        /// What our clock says.
        now: Timestamp,
    },
    /// We have a newer one.
    #[error(
        "Version {offered} is older than version {ours}, which is in force here. Nothing is to be done: any member \
         serves the newest version."
    )]
    Older {
        /// What was offered.
        offered: i64,
        /// What is in force.
        ours: i64,
    },
    /// Its number is out of all proportion.
    #[error(
        "Version {offered} does not follow version {ours}, which is in force here: somebody signs numbers that nobody \
         reached. If the signing key was stolen, a steward replaces it with `watercooler org rotate-key --recovery`; a \
         node that was away for a very long time joins with a new invitation."
    )]
    Leap {
        /// What was offered.
        offered: i64,
        /// What is in force.
        ours: i64,
    },
    /// Two were made from one, and this is the one that loses.
    #[error(
        "Two versions {version} were made from the same predecessor, and the other one counts. The steward who made \
         this one repeats the change with `watercooler org redo`."
    )]
    Overtaken {
        /// Of both.
        version: i64,
    },
    /// We are not in it.
    #[error(
        "The charter does not list {domain}. Ask a steward for an invitation (`watercooler org invite --domain \
         {domain}`) and run `watercooler org join CODE`."
    )]
    NotListed {
        /// Who is missing.
        domain: String,
    },
    /// This node belongs nowhere.
    #[error(
        "This node belongs to no organisation. Found one with `watercooler org init`, or ask a steward for an \
         invitation and run `watercooler org join CODE`."
    )]
    NoOrganisation,
    /// It asked to belong, and the version that lists it is not signed yet.
    #[error(
        "This node asked at {at} to join and waits until a steward has signed the version that lists it; then it belongs by \
         itself. Where that takes long, ask the steward for `watercooler org status` there."
    )]
    Waiting {
        /// Where it asked.
        at: String,
    },
    /// It belongs somewhere already.
    #[error("This node belongs to {ours} already. To change, run `watercooler org leave` first.")]
    AlreadyMember {
        /// Where.
        ours: String,
    },
    /// Older than the invitation that this node waits with.
    #[error(
        "This version was signed at {}, before the invitation was given ({}): it is a recording. Nothing is to be done; the \
         version that lists this node comes when a steward signs it.", .issued.rfc3339(), .given.rfc3339()
    )]
    Recorded {
        /// When it says it was signed.
        issued: Timestamp,
        /// When the invitation was given.
        given: Timestamp,
    },
    /// Not an invitation.
    #[error("This is not an invitation code: copy it whole, from `wc1-` to its end, or ask for a new one.")]
    NotACode,
    /// The invitation is over.
    #[error("The invitation expired at {}. Ask the steward for a new one (`watercooler org invite`).", .at.rfc3339())]
    CodeExpired {
        /// When.
        at: Timestamp,
    },
    /// It was used.
    #[error(
        "The invitation was used already, by {by} at {}. A code works once: ask the steward for a new one. If nobody \
         of yours used it, tell the steward at once.", .at.rfc3339()
    )]
    CodeUsed {
        /// By whom.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// No such invitation.
    #[error(
        "This node has given no such invitation, or it was withdrawn, or used long ago. Ask the steward for a new one \
         (`watercooler org invite`)."
    )]
    CodeUnknown,
    /// It was meant for another.
    #[error(
        "The invitation is for {invited}, not for {domain}. Ask the steward for one with `watercooler org invite \
         --domain {domain}`."
    )]
    CodeOfAnother {
        /// Whom it was meant for.
        invited: String,
        /// Who came.
        domain: String,
    },
    /// The clocks are apart.
    #[error(
        "The clock here says {}, that of {other} says {}: {} seconds apart, at most 300 are allowed. Set the clock of \
         whichever machine is wrong (NTP), then try again.",
        .here.rfc3339(), .there.rfc3339(), (.here.millis() - .there.millis()).abs() / 1_000
    )]
    Clock {
        /// Whose clock.
        other: String,
        /// Ours.
        here: Timestamp,
        /// Theirs.
        there: Timestamp,
    },
    /// Removed, and still asking.
    #[error(
        "{domain} was removed from the organisation on {} ({reason}). Ask a steward for a new invitation if that was a \
         mistake.", .at.date()
    )]
    Removed {
        /// Who.
        domain: String,
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// Nobody we know, or not proven.
    #[error(
        "Only nodes of the organisation are answered here, by a request signed with the key that the charter names for \
         them. If this node's keys were replaced, ask a steward for a new invitation."
    )]
    Stranger,
    /// Not signed, or not as it must be.
    #[error(
        "The request is not signed as it must be ({0}). Both nodes need a version of Watercooler that knows charters, and \
         clocks that agree."
    )]
    Unsigned(&'static str),
    /// The signing key is elsewhere.
    #[error(
        "The signing key is not on this node. Run `watercooler org draft`, sign the file where the key is \
         (`watercooler org sign FILE --key-file KEY`; with `--new-key-file NEW` a new key takes over), then run `watercooler org \
         adopt FILE`. A key that is lost is replaced with `watercooler org rotate-key --recovery`."
    )]
    NoKey,
    /// A check between two nodes failed.
    #[error("{0}")]
    Unreachable(String),
    /// Input of a person that makes no sense.
    #[error("{0}")]
    Input(String),
}

impl Refused {
    /// One word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::WrongKey { .. } | Self::Draft | Self::NotTheKey { .. } => "wrong_key",
            Self::OldKey => "old_key",
            Self::Foreign { .. } => "foreign",
            Self::Expired { .. } => "expired",
            Self::Future { .. } => "future",
            Self::Older { .. } => "older",
            Self::Leap { .. } => "leap",
            Self::Overtaken { .. } => "overtaken",
            Self::NotListed { .. } => "not_listed",
            Self::NoOrganisation => "no_organisation",
            Self::Waiting { .. } => "waiting",
            Self::AlreadyMember { .. } => "already_member",
            Self::Recorded { .. } => "recorded",
            Self::NotACode => "not_a_code",
            Self::CodeExpired { .. } => "code_expired",
            Self::CodeUsed { .. } => "code_used",
            Self::CodeUnknown => "code_unknown",
            Self::CodeOfAnother { .. } => "code_of_another",
            Self::Clock { .. } => "clock",
            Self::Removed { .. } => "removed",
            Self::Stranger => "stranger",
            Self::Unsigned(_) => "unsigned",
            Self::NoKey => "no_key",
            Self::Unreachable(_) => "unreachable",
            Self::Input(_) => "invalid",
        }
    }
}

/// The status for a code of [`Refused::code`] that came as an [`Error`].
pub fn status_of(code: &str) -> u16 {
    match code {
        "malformed" | "not_a_code" | "invalid" => 400,
        "unsigned" => 401,
        "wrong_key" | "foreign" | "code_unknown" | "code_of_another" | "removed" | "stranger" => 403,
        "no_organisation" => 404,
        "old_key" | "older" | "recorded" | "overtaken" | "leap" | "already_member" | "code_used" => 409,
        "code_expired" => 410,
        _ => 422,
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::invalid("charter", refused.code(), refused.to_string())
    }
}
