//! Room for signing in on a full disk (REL-07): a file beside the embedded database that is given up when the disk is
//! full. What it leaves is for sign-ins and tokens alone: everything else goes on being refused until the file fits
//! again, so that staff can come in and make room.

use crate::{db::Db, random::Random};
use futures_util::future::BoxFuture;
use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
};
use tokio::io::AsyncWriteExt;

/// Bytes of the file: some thousand sign-ins, with what the database's log needs beside them.
const BYTES: usize = 8 << 20;
/// Milliseconds between two tries to have it back.
const AGAIN: i64 = 1_000;

/// Where the room comes from; a seam for tests.
pub trait Reserve: Send + Sync {
    /// Makes room; false when there is none to make.
    fn release<'a>(&'a self, db: &'a Db) -> BoxFuture<'a, bool>;
    /// Takes the room again; false while the disk is full.
    fn restore<'a>(&'a self, db: &'a Db) -> BoxFuture<'a, bool>;
}

/// The reserve and whether it has been given up.
pub struct Room {
    reserve: Box<dyn Reserve>,
    given_up: AtomicBool,
    tried: AtomicI64,
}

impl Room {
    /// A reserve that has not been given up.
    pub fn new(reserve: Box<dyn Reserve>) -> Self {
        Self { reserve, given_up: AtomicBool::new(false), tried: AtomicI64::new(0) }
    }

    /// Whether anybody may write. While the reserve is given up it is tried to have it back, at most once a second.
    pub async fn is_there(&self, db: &Db, now: i64) -> bool {
        if !self.given_up.load(Ordering::Acquire) {
            return true;
        }
        let before = self.tried.swap(now, Ordering::AcqRel);
        if (before..before.saturating_add(AGAIN)).contains(&now) {
            self.tried.store(before, Ordering::Release);
            return false;
        }
        let restored = self.reserve.restore(db).await;
        if restored {
            self.given_up.store(false, Ordering::Release);
        }
        restored
    }

    /// Gives the reserve up; whether there is room now.
    pub async fn give_up(&self, db: &Db) -> bool {
        let released = self.reserve.release(db).await;
        if released {
            self.given_up.store(true, Ordering::Release);
            tracing::error!("the disk is full: only signing in still works, in room that was kept for it");
        }
        released
    }

    /// Takes the room when the node starts.
    pub async fn take(&self, db: &Db) {
        if !self.reserve.restore(db).await {
            tracing::warn!("there is no room on the disk to keep for signing in");
        }
    }
}

/// The file `reserve` in the data folder.
pub struct FileReserve {
    path: PathBuf,
    random: Random,
}

impl FileReserve {
    /// At this path.
    pub fn new(path: PathBuf, random: Random) -> Self {
        Self { path, random }
    }

    async fn write(&self) -> std::io::Result<()> {
        // Noise: zeros would take no room on file systems that compress.
        let noise: [u8; 65_536] = self.random.bytes();
        let mut file = tokio::fs::File::create(&self.path).await?;
        for _ in 0..BYTES / noise.len() {
            file.write_all(&noise).await?;
        }
        file.flush().await?;
        file.sync_all().await
    }
}

impl Reserve for FileReserve {
    fn release<'a>(&'a self, _db: &'a Db) -> BoxFuture<'a, bool> {
        Box::pin(async { tokio::fs::remove_file(&self.path).await.is_ok() })
    }

    fn restore<'a>(&'a self, _db: &'a Db) -> BoxFuture<'a, bool> {
        Box::pin(async {
            if tokio::fs::metadata(&self.path).await.is_ok_and(|meta| meta.len() == BYTES as u64) {
                return true;
            }
            let written = self.write().await.is_ok();
            if !written {
                // Half a reserve only takes what others could use.
                let _ = tokio::fs::remove_file(&self.path).await;
            }
            written
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_reserve_is_a_file_that_comes_and_goes() {
        let folder = tempfile::tempdir().unwrap();
        let db =
            Db::open(&crate::db::Settings::new(format!("sqlite://{}", folder.path().join("x.db").display()))).unwrap();
        let path = folder.path().join("reserve");
        let room = Room::new(Box::new(FileReserve::new(path.clone(), Random::default())));
        room.take(&db).await;
        assert_eq!(std::fs::metadata(&path).unwrap().len(), BYTES as u64);
        assert!(room.is_there(&db, 0).await);
        assert!(room.give_up(&db).await && !path.exists());
        assert!(!room.give_up(&db).await, "there is nothing left to give up");
        assert!(room.is_there(&db, 5_000).await, "the file fits again");
        assert!(path.exists());
    }
}
