//! What errors of the databases mean to whoever asked.

use crate::{Error, Result};
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind as Kind, Error as E};

/// What contention is called in the error; see [`super::runs`].
pub(super) const CONTENTION: &str = "another transaction was in the way";

/// What a unique value that another transaction wrote first is called in the error.
pub(super) const TAKEN: &str = "somebody else did this at the same moment";

/// What a failing disk is called in the error.
pub(super) const DISK: &str = "the disk failed";

/// Begins what is not understood.
const OTHER: &str = "database: ";

impl From<E> for Error {
    /// The one place that reads database errors. SQLite does not name the violated constraint, so callers that care
    /// check before or use upserts; what is left is a conflict.
    fn from(error: E) -> Self {
        match error {
            E::NotFound => Self::NotFound,
            E::DatabaseError(Kind::UniqueViolation, info) => {
                tracing::debug!(why = info.message(), "a unique value was taken");
                Self::Conflict(TAKEN.into())
            }
            E::DatabaseError(Kind::ClosedConnection, info) => Self::Unavailable(info.message().to_owned().into()),
            E::DatabaseError(Kind::SerializationFailure, _) => Self::Unavailable(CONTENTION.into()),
            E::DatabaseError(kind, info) => {
                let message = info.message();
                let has = |words: &[&str]| words.iter().any(|w| message.contains(w));
                if has(&["database or disk is full", "No space left", "readonly database", "could not extend file"]) {
                    Self::NoSpace
                } else if has(&["disk I/O error"]) {
                    Self::Unavailable(DISK.into())
                } else if has(&["deadlock detected", "could not serialize access"]) {
                    Self::Unavailable(CONTENTION.into())
                } else if has(&["database is locked", "lock timeout", "connection closed", "terminating connection"]) {
                    Self::Unavailable(message.to_owned().into())
                } else if has(&["invalid byte sequence for encoding"]) {
                    Self::bad_request(UNSTORABLE)
                } else {
                    in_any_language(&*info).unwrap_or_else(|| Self::internal(format!("{OTHER}{kind:?}: {message}")))
                }
            }
            other => Self::internal(format!("{OTHER}{other}")),
        }
    }
}

const UNSTORABLE: &str = "a text holds a character that cannot be stored";

/// An error of a PostgreSQL that speaks another language: only its superusers choose which (`lc_messages`), and diesel does
/// not pass the code of the error on. What never is translated tells it: names of locks, of files, of encodings.
fn in_any_language(info: &dyn DatabaseErrorInformation) -> Option<Error> {
    let (message, details) = (info.message(), info.details().unwrap_or_default());
    let names_lock = |line: &&str| line.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word.ends_with("Lock"));
    // One line for each of those that wait in a circle, with the lock that it waits for.
    if details.lines().filter(names_lock).count() > 1 {
        return Some(Error::Unavailable(CONTENTION.into()));
    }
    // A file of a table, and the hint to look at the disk.
    if info.hint().is_some() && (message.contains("base/") || message.contains("pg_tblspc/")) {
        return Some(Error::NoSpace);
    }
    (message.contains("UTF8") && message.contains(": 0x")).then(|| Error::bad_request(UNSTORABLE))
}

/// An error together with what was seen of the operation from outside: what is not understood of it is no fault of ours
/// where the connection is gone, or a lock was waited for as long as may be.
pub(super) fn seen_with(error: Error, ended: Result<()>) -> Error {
    match (error, ended) {
        (Error::Internal(why), Err(Error::Unavailable(_))) if why.starts_with(OTHER) => Error::Unavailable(why),
        (Error::Internal(why), Err(Error::NoSpace)) if why.starts_with(OTHER) => Error::NoSpace,
        (error, _) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Said(&'static str, Option<&'static str>, Option<&'static str>);

    impl DatabaseErrorInformation for Said {
        fn message(&self) -> &str {
            self.0
        }
        fn details(&self) -> Option<&str> {
            self.1
        }
        fn hint(&self) -> Option<&str> {
            self.2
        }
        fn table_name(&self) -> Option<&str> {
            None
        }
        fn column_name(&self) -> Option<&str> {
            None
        }
        fn constraint_name(&self) -> Option<&str> {
            None
        }
        fn statement_position(&self) -> Option<i32> {
            None
        }
    }

    fn read(said: Said) -> Error {
        E::DatabaseError(Kind::Unknown, Box::new(said)).into()
    }

    #[test]
    fn what_a_server_says_in_another_language_is_understood() {
        for (message, circle) in [
            (
                "deadlock detected",
                "Process 11 waits for ShareLock on transaction 7; blocked by process 12.\nProcess 12 waits for ShareLock on \
                 transaction 8; blocked by process 11.",
            ),
            (
                "Verklemmung (Deadlock) entdeckt",
                "Prozess 11 wartet auf ShareLock-Sperre auf Transaktion 7; blockiert von Prozess 12.\nProzess 12 wartet auf \
                 ShareLock-Sperre auf Transaktion 8; blockiert von Prozess 11.",
            ),
            (
                "デッドロックを検出しました",
                "プロセス 11 は ShareLock を トランザクション 7 で待機していましたが、プロセス 12 でブロックされました\nプロセス 12 は\
                 ShareLockを トランザクション 8 で待機していましたが、プロセス 11 でブロックされました",
            ),
        ] {
            let error = read(Said(message, Some(circle), None));
            assert_eq!(super::super::runs(&error), super::super::MOST_RUNS, "{message}: {error:?}");
        }
        let full = "konnte Datei »base/5/16384« nicht erweitern: Auf dem Gerät ist kein Speicherplatz mehr verfügbar";
        assert!(matches!(read(Said(full, None, Some("Prüfen Sie den freien Festplattenplatz."))), Error::NoSpace));
        let text = "ungültige Byte-Sequenz für Kodierung »UTF8«: 0x00";
        assert!(matches!(read(Said(text, None, None)), Error::BadRequest(_)));
        // What somebody wrote is no lock, and no file.
        let other = read(Said("ungültiges Token", Some("Token »WarLock base/1« ist ungültig."), None));
        assert!(matches!(other, Error::Internal(_)), "{other:?}");
    }

    #[test]
    fn what_is_not_understood_is_seen_with_what_became_of_the_connection() {
        let away = || Err(Error::Unavailable("the connection is gone".into()));
        let said = || read(Said("Verbindung wird abgebrochen", None, None));
        assert!(matches!(seen_with(said(), away()), Error::Unavailable(why) if why.contains("abgebrochen")));
        assert!(matches!(seen_with(said(), Ok(())), Error::Internal(_)));
        assert!(matches!(seen_with(Error::NotFound, away()), Error::NotFound));
        assert!(matches!(seen_with(Error::internal("our own"), away()), Error::Internal(_)));
    }
}
