//! Time for reads whose cost depends on what somebody typed (LIM-06). PostgreSQL stops a statement that takes too long.
//! SQLite cannot be stopped from outside, so there the caller asks in small steps and looks at the budget between them.

use super::{Conn, Dialect};
use crate::Result;
use std::time::{Duration, Instant};

/// How long such a read may take in all, and each statement of it.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    started: Instant,
    most: Duration,
}

impl Budget {
    /// A budget of this many milliseconds, counted from now.
    pub fn new(milliseconds: usize) -> Self {
        Self { started: Instant::now(), most: Duration::from_millis(milliseconds as u64) }
    }

    /// Whether it is used up.
    pub fn is_spent(&self) -> bool {
        self.started.elapsed() >= self.most
    }

    /// Runs statements that only read, none of which may take longer than the whole budget; `None` when one did. Only
    /// within a read ([`super::Db::look`]): on PostgreSQL it opens a transaction of its own.
    ///
    /// # Errors
    /// What `read` answers for another reason.
    pub fn run<T>(&self, conn: &mut Conn, read: impl FnOnce(&mut Conn) -> Result<T>) -> Result<Option<T>> {
        if conn.dialect() == Dialect::Sqlite {
            return read(conn).map(Some);
        }
        conn.batch(&format!("BEGIN; SET LOCAL statement_timeout = {}", self.most.as_millis()))?;
        let asked = Instant::now();
        match read(conn) {
            Ok(value) => {
                conn.batch("COMMIT")?;
                Ok(Some(value))
            }
            Err(error) => {
                // Takes the timeout back as well. It fails when the connection is gone.
                conn.batch("ROLLBACK")?;
                if asked.elapsed() < self.most { Err(error) } else { Ok(None) }
            }
        }
    }
}
