//! Connections to the embedded database for reads so short that the thread that asks does them itself ([`super::Db::look`]).

use super::{Conn, Operation};
use crate::{Error, Result};
use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};

/// As many threads can read at once; a node's runtime has one for each core.
fn many() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8)
}

/// The connections that nobody uses right now; None once the database is closed.
#[derive(Clone)]
pub(super) struct Near(Arc<Mutex<Option<Vec<Conn>>>>);

impl Near {
    /// Opens them.
    pub fn new(open: impl Fn() -> Result<Conn>) -> Result<Self> {
        let free = (0..many()).map(|_| open()).collect::<Result<_>>()?;
        Ok(Self(Arc::new(Mutex::new(Some(free)))))
    }

    /// The one that was used last: what it read lies in its memory.
    pub fn take(&self) -> Option<Taken> {
        let conn = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.pop()?;
        Some(Taken { conn: Some(conn), back: self.clone() })
    }

    /// No more reads here. Those that run end by themselves.
    pub fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// A connection in use; goes back when dropped.
pub(super) struct Taken {
    conn: Option<Conn>,
    back: Near,
}

impl Taken {
    /// Runs a read-only operation that sees one consistent state.
    pub fn run(&mut self, mut operation: Operation) -> Result<()> {
        let conn = self.conn.as_mut().ok_or_else(|| Error::internal("a connection was gone"))?;
        conn.control("BEGIN")?;
        // A panicking operation must not leave a transaction open, which would never see anything new.
        let found = std::panic::catch_unwind(AssertUnwindSafe(|| operation(conn, true)));
        let ended = conn.control("COMMIT");
        if ended.is_err() {
            // What does not end so is not left open for the next one. The engine may have ended it already.
            let _ = conn.batch("ROLLBACK");
        }
        found.unwrap_or_else(|_| Err(Error::internal("an operation panicked")))?;
        ended
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut free = self.back.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(free), Some(conn)) = (free.as_mut(), self.conn.take()) {
            free.push(conn);
        }
    }
}
