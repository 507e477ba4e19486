//! Documents of this node's own actors and posts as they were last written: other servers ask for the same few again and
//! again when a post spreads (REL-20). Any change of an own actor, an edit and an end of a post forgets all of them, before
//! it is answered; what another process changed is heard of within moments, and at the latest seen within seconds, as are
//! the votes of a poll. While others cannot be heard nothing is kept.

use moka::sync::Cache;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Documents kept in memory; one takes some 3 KiB.
const KEPT: u64 = 512;
/// How long one is kept whatever happens: only a second process on the same database can make it old.
const LASTS: Duration = Duration::from_secs(5);

/// The form of a post, which has one. Actors, in whose names a `/` may stand when they are asked for, have others.
pub const POST: u8 = u8::MAX;

/// See the module. The second part of a key tells the forms apart that different readers are shown.
pub struct Kept {
    documents: Cache<(String, u8), Arc<[u8]>>,
    changes: AtomicU64,
}

/// The state that a document is about to be read in.
#[derive(Clone, Copy, Debug)]
pub struct Mark(u64);

impl Default for Kept {
    fn default() -> Self {
        let documents = Cache::builder().max_capacity(KEPT).time_to_live(LASTS).build();
        Self { documents, changes: AtomicU64::new(0) }
    }
}

impl Kept {
    /// The document of this name, when nothing changed since it was written.
    pub fn get(&self, name: &str, form: u8) -> Option<Arc<[u8]>> {
        self.documents.get(&(name.to_owned(), form))
    }

    /// To be taken before the rows are read.
    pub fn mark(&self) -> Mark {
        Mark(self.changes.load(Ordering::Acquire))
    }

    /// Keeps a document, unless one changed since the mark was taken: its rows may be older than that.
    pub fn put(&self, mark: Mark, name: &str, form: u8, document: Arc<[u8]>) {
        let key = (name.to_owned(), form);
        let unchanged = || self.changes.load(Ordering::Acquire) == mark.0;
        if unchanged() {
            self.documents.insert(key.clone(), document);
            // The change may have come between the look and the insertion.
            if !unchanged() {
                self.documents.invalidate(&key);
            }
        }
    }

    /// An actor or a post of this node changed.
    pub fn forget(&self) {
        self.changes.fetch_add(1, Ordering::Release);
        self.documents.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_read_before_a_change_is_not_kept_after_it() {
        let kept = Kept::default();
        let mark = kept.mark();
        kept.put(mark, "alice", 2, Arc::from(*b"old"));
        assert_eq!(kept.get("alice", 2).as_deref(), Some(&b"old"[..]));
        assert_eq!(kept.get("alice", 0), None);
        kept.forget();
        assert_eq!(kept.get("alice", 2), None);
        kept.put(mark, "alice", 2, Arc::from(*b"old"));
        assert_eq!(kept.get("alice", 2), None);
    }
}
