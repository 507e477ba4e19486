//! The one error type of the domain. It knows nothing of HTTP: each edge renders it in its own format.

use std::borrow::Cow;

/// What every operation answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Named for what the caller can do about it. Causes are kept and logged once, at the edge that answers.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not there, or not for this viewer: both look the same on purpose (PRV-16).
    #[error("Record not found")]
    NotFound,
    /// It was here and is gone for good (a tombstone).
    #[error("This record is gone")]
    Gone,
    /// Nobody is signed in, or the credentials are wrong.
    #[error("{0}")]
    Unauthorized(Cow<'static, str>),
    /// Signed in, but may not.
    #[error("{0}")]
    Forbidden(Cow<'static, str>),
    /// A parameter is missing or malformed (400).
    #[error("{0}")]
    BadRequest(Cow<'static, str>),
    /// The input is well formed and not acceptable (422). `field` is empty when it concerns the whole.
    #[error("{}", refusal(code, reason))]
    Invalid {
        /// Name of the input field as the caller sent it.
        field: &'static str,
        /// Machine word: `blank`, `taken`, `too_short`, `too_long`, `invalid`, `accepted`, `reserved`, `inclusion`. Empty
        /// when nothing was validated: then the sentence stands alone.
        code: &'static str,
        /// A sentence for a person.
        reason: Cow<'static, str>,
    },
    /// Several fields of one form are not acceptable (422): all of them are named at once.
    #[error("Validation failed: {}", reasons(.0))]
    InvalidFields(Vec<Fault>),
    /// The state of things changed under the caller's feet (409).
    #[error("{0}")]
    Conflict(Cow<'static, str>),
    /// Too much (413): a body, a file, a document.
    #[error("{0}")]
    TooLarge(Cow<'static, str>),
    /// Too often (429); seconds until it is worth trying again.
    #[error("Too many requests")]
    RateLimited {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// Another server could not be reached or answered nonsense (503 for clients). Never says why (NET-12).
    #[error("The remote server could not be reached")]
    Upstream(Cow<'static, str>),
    /// Not now: the database is away, a queue is full, we are stopping (503 with Retry-After).
    #[error("The service is temporarily unavailable")]
    Unavailable(Cow<'static, str>),
    /// The disk is full (507).
    #[error("There is no space left")]
    NoSpace,
    /// Our own bug or a broken machine (500).
    #[error("Internal error: {0}")]
    Internal(Cow<'static, str>),
}

/// What is wrong with one field, in the words of [`Error::Invalid`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Name of the input field as the caller sent it.
    pub field: &'static str,
    /// Machine word.
    pub code: &'static str,
    /// A sentence for a person.
    pub reason: Cow<'static, str>,
}

/// What is wrong with a form, collected field by field.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// The value of a field that is right; a wrong one is noted.
    ///
    /// # Errors
    /// What is no fault of a field ends the check.
    pub fn note<T>(&mut self, checked: Result<T>) -> Result<Option<T>> {
        match checked {
            Ok(value) => Ok(Some(value)),
            Err(Error::Invalid { field, code, reason }) => {
                self.0.push(Fault { field, code, reason });
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// # Errors
    /// When any field is wrong: `Invalid` for one, `InvalidFields` for several.
    pub fn into_result(mut self) -> Result<()> {
        match self.0.len() {
            0 => Ok(()),
            1 => self.0.pop().map_or(Ok(()), |fault| Err(fault.into())),
            _ => Err(Error::InvalidFields(self.0)),
        }
    }
}

impl From<Fault> for Error {
    fn from(Fault { field, code, reason }: Fault) -> Self {
        Self::Invalid { field, code, reason }
    }
}

fn reasons(faults: &[Fault]) -> String {
    faults.iter().map(|fault| fault.reason.as_ref()).collect::<Vec<_>>().join(", ")
}

fn refusal(code: &str, reason: &str) -> String {
    if code.is_empty() { reason.to_owned() } else { format!("Validation failed: {reason}") }
}

impl Error {
    /// A 422 for one field.
    pub fn invalid(field: &'static str, code: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid { field, code, reason: reason.into() }
    }
    /// A 400.
    pub fn bad_request(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::BadRequest(reason.into())
    }
    /// A 403.
    pub fn forbidden(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Forbidden(reason.into())
    }
    /// A 401.
    pub fn unauthorized(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Unauthorized(reason.into())
    }
    /// A bug or a broken machine.
    pub fn internal(reason: impl std::fmt::Display) -> Self {
        Self::Internal(reason.to_string().into())
    }
    /// A failure of another server; the text is for our log only.
    pub fn upstream(reason: impl std::fmt::Display) -> Self {
        Self::Upstream(reason.to_string().into())
    }
}
