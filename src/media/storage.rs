//! Where files lie: a folder, two levels of sub-folders, names of our own (`<32 hex digits>[-small].<extension>`), or a
//! bucket with the same names. A file is complete before its row exists; what has no row is swept later (REL-04). Every
//! function blocks, but for those that read.

use super::bucket::{self, Bucket};
use crate::{Error, Result};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use hyper::body::Bytes;
use std::{
    fs::{self, File},
    io::{self, SeekFrom, Write},
    mem,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// Bytes read from a disk at once.
const PIECE: usize = 64 * 1024;

/// The stored files: a folder, and where the settings name one a bucket into which new ones go. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    root: Arc<PathBuf>,
    bucket: Option<Bucket>,
}

/// A stored file, found.
#[derive(Debug)]
pub enum Opened {
    /// In the folder: the file, and its bytes.
    Here(tokio::fs::File, u64),
    /// In the bucket.
    There(bucket::Found),
}

impl Opened {
    /// Bytes.
    pub const fn length(&self) -> u64 {
        match self {
            Self::Here(_, length) => *length,
            Self::There(found) => found.length,
        }
    }

    /// `count` bytes from `from` on, as they are read.
    ///
    /// # Errors
    /// When the beginning cannot be had; what fails later ends the stream with an error.
    pub async fn stream(self, from: u64, count: u64) -> Result<BoxStream<'static, io::Result<Bytes>>> {
        match self {
            Self::Here(mut file, _) => {
                if from > 0 {
                    file.seek(SeekFrom::Start(from)).await.map_err(failed)?;
                }
                Ok(tokio_util::io::ReaderStream::with_capacity(file.take(count), PIECE).boxed())
            }
            Self::There(found) => {
                let first = found.part(from, count).await?;
                let read = first.len() as u64;
                let rest = stream::try_unfold((found, from + read, count - read), async |(found, at, left)| {
                    if left == 0 {
                        return Ok(None);
                    }
                    let part = found.part(at, left).await.map_err(io::Error::other)?;
                    if part.is_empty() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    let read = part.len() as u64;
                    Ok(Some((part, (found, at + read, left.saturating_sub(read)))))
                });
                Ok(stream::once(async move { Ok(first) }).chain(rest).boxed())
            }
        }
    }
}

/// A file that is still being received; removed when dropped without being kept.
#[derive(Debug)]
pub struct Incoming {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl Incoming {
    /// Where it lies meanwhile.
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// Appends.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(failed)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A full disk is told apart from a broken one.
fn failed(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::NoSpace,
        _ => Error::internal(error),
    }
}

/// Content type of a stored name, by its extension; `None` for names that are not ours.
pub fn mime_of(name: &str) -> Option<&'static str> {
    let (stem, extension) = name.split_once('.')?;
    let key = stem.strip_suffix("-small").unwrap_or(stem);
    if key.len() != 32 || !key.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return None;
    }
    Some(match extension {
        "jpg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "weba" => "audio/webm",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "m4a" => "audio/mp4",
        _ => return None,
    })
}

/// The name of a new file: `key` are 128 random bits, so that nobody can guess it (PRV-13).
pub fn name(key: [u8; 16], small: bool, extension: &str) -> String {
    use std::fmt::Write;
    let mut name = String::with_capacity(48);
    for byte in key {
        let _ = write!(name, "{byte:02x}");
    }
    name.push_str(if small { "-small." } else { "." });
    name.push_str(extension);
    name
}

impl Storage {
    /// The folder; it is made when the first file comes.
    pub fn at(root: PathBuf) -> Self {
        Self { root: Arc::new(root), bucket: None }
    }

    /// New files go into this bucket from now on. The folder stays: what is received lies there until it is complete, and
    /// what was stored there before is read from there.
    pub fn with(self, bucket: Option<Bucket>) -> Self {
        Self { bucket, ..self }
    }

    /// The bucket, where there is one.
    pub const fn bucket(&self) -> Option<&Bucket> {
        self.bucket.as_ref()
    }

    /// Finds a file; none when there is none of this name. With `begin` it is read from its beginning on, soon.
    ///
    /// # Errors
    /// `Unavailable` when the bucket does not answer.
    pub async fn open(&self, name: &str, begin: bool) -> Result<Option<Opened>> {
        let Some(path) = self.path(name) else { return Ok(None) };
        if let Ok(file) = tokio::fs::File::open(path).await {
            let length = file.metadata().await.map_err(failed)?.len();
            return Ok(Some(Opened::Here(file, length)));
        }
        match &self.bucket {
            Some(bucket) => Ok(bucket.find(name, begin).await?.map(Opened::There)),
            None => Ok(None),
        }
    }

    /// Removes leftovers of uploads that never ended and are older than this: of any age before the first upload, and so
    /// old that nothing arrives any more while another process may be receiving.
    pub fn clear_incoming(&self, age: Duration) {
        let Ok(entries) = fs::read_dir(self.root.join("incoming")) else { return };
        let limit = SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        for entry in entries.flatten() {
            let old = || entry.metadata().and_then(|m| m.modified()).is_ok_and(|at| at <= limit);
            if age.is_zero() || old() {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// The path of a stored name; `None` for anything that is not a name of ours (LIM-08).
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        mime_of(name)?;
        Some(self.root.join(name.get(..2)?).join(name.get(2..4)?).join(name))
    }

    /// A file to receive an upload in.
    pub fn incoming(&self, key: [u8; 16]) -> Result<Incoming> {
        let folder = self.root.join("incoming");
        fs::create_dir_all(&folder).map_err(failed)?;
        let path = folder.join(self::name(key, false, "part"));
        let file = File::create_new(&path).map_err(failed)?;
        Ok(Incoming { path, file, kept: false })
    }

    /// Keeps a received file under its name. On the disk, or in the bucket, when this returns.
    pub fn keep(&self, mut incoming: Incoming, name: &str) -> Result<()> {
        if let Some(bucket) = &self.bucket {
            return bucket.keep(&incoming.path, name);
        }
        let path = self.path(name).ok_or_else(|| Error::internal("a file name that is not ours"))?;
        incoming.file.sync_all().map_err(failed)?;
        let folder = path.parent().ok_or_else(|| Error::internal("no folder"))?;
        fs::create_dir_all(folder).map_err(failed)?;
        fs::rename(&incoming.path, &path).map_err(failed)?;
        incoming.kept = true;
        File::open(folder).and_then(|f| f.sync_all()).map_err(failed)
    }

    /// Stores bytes under a name. As [`Storage::keep`].
    pub fn put(&self, key: [u8; 16], name: &str, bytes: &[u8]) -> Result<()> {
        let mut incoming = self.incoming(key)?;
        incoming.write(bytes)?;
        self.keep(incoming, name)
    }

    /// Removes a file; none there is fine.
    pub fn remove(&self, name: &str) -> Result<()> {
        let Some(path) = self.path(name) else { return Ok(()) };
        match fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(failed(e)),
            // It lies in one of the two.
            Ok(()) => Ok(()),
            Err(_) => self.bucket.as_ref().map_or(Ok(()), |bucket| bucket.remove(name)),
        }
    }

    /// Removes files, as far as that goes: the sweep comes back to what stays.
    pub fn remove_all(&self, names: &[String]) {
        for name in names {
            if let Err(error) = self.remove(name) {
                tracing::warn!(%error, "cannot remove a file yet");
            }
        }
    }

    /// Gives the bytes of a file a second name. On the disk, or in the bucket, when this returns. Blocks.
    ///
    /// # Errors
    /// `NotFound` when there is no such file; `Unavailable` when the bucket does not answer.
    pub fn copy(&self, name: &str, second: &str) -> Result<()> {
        let (Some(from), Some(to)) = (self.path(name), self.path(second)) else { return Err(Error::NotFound) };
        if !from.is_file() {
            return self.bucket.as_ref().map_or(Err(Error::NotFound), |bucket| bucket.copy(name, second));
        }
        let folder = to.parent().ok_or_else(|| Error::internal("no folder"))?;
        fs::create_dir_all(folder).map_err(failed)?;
        // Not every file system has links. A second name is young: no sweep takes it before it has its row.
        match fs::hard_link(&from, &to) {
            Ok(()) => File::open(&to).and_then(|file| file.set_modified(SystemTime::now())).map_err(failed)?,
            Err(_) => fs::copy(&from, &to).map(drop).map_err(failed)?,
        }
        File::open(folder).and_then(|f| f.sync_all()).map_err(failed)
    }

    /// Hands over the names of all files older than `age`, at most `most` at once, for the sweep that removes those without
    /// a row; until `take` says that it wants no more.
    pub fn older_than(&self, age: Duration, most: usize, take: &mut dyn FnMut(Vec<String>) -> bool) -> Result<()> {
        let limit = SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        if let Some(bucket) = &self.bucket {
            bucket.older_than(limit, most, take)?;
        }
        if !self.root.is_dir() {
            return Ok(());
        }
        let mut names = Vec::new();
        let folders = |path: &Path| -> Result<Vec<PathBuf>> {
            Ok(fs::read_dir(path).map_err(failed)?.flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect())
        };
        for outer in folders(&self.root)? {
            for inner in folders(&outer)? {
                for entry in fs::read_dir(inner).map_err(failed)?.flatten() {
                    let old = entry.metadata().and_then(|m| m.modified()).is_ok_and(|at| at <= limit);
                    if old && let Some(name) = entry.file_name().to_str().filter(|n| mime_of(n).is_some()) {
                        names.push(name.to_owned());
                    }
                    if names.len() >= most && !take(mem::take(&mut names)) {
                        return Ok(());
                    }
                }
            }
        }
        if !names.is_empty() {
            take(names);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn old(storage: &Storage, age: Duration) -> Vec<String> {
        let mut found = Vec::new();
        let mut take = |names: Vec<String>| {
            found.extend(names);
            true
        };
        storage.older_than(age, 1, &mut take).unwrap();
        found
    }

    #[test]
    fn files_are_kept_found_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::at(folder.path().to_owned());
        let name = name([0xab; 16], true, "png");
        storage.put([1; 16], &name, b"x").unwrap();
        assert_eq!(fs::read(storage.path(&name).unwrap()).unwrap(), b"x");
        assert_eq!(old(&storage, Duration::ZERO), std::slice::from_ref(&name));
        assert!(old(&storage, Duration::from_secs(60)).is_empty());
        let second = super::name([0xcd; 16], true, "png");
        storage.copy(&name, &second).unwrap();
        storage.remove(&name).unwrap();
        storage.remove(&name).unwrap();
        assert_eq!(fs::read(storage.path(&second).unwrap()).unwrap(), b"x");
        assert!(matches!(storage.copy(&name, &second), Err(Error::NotFound)));
        storage.remove_all(&[name, second]);
        assert!(old(&storage, Duration::ZERO).is_empty());
    }

    #[test]
    fn rel_04_an_upload_that_never_ends_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::at(folder.path().to_owned());
        let mut incoming = storage.incoming([7; 16]).unwrap();
        incoming.write(b"half").unwrap();
        let path = incoming.path().to_owned();
        std::mem::forget(incoming);
        assert!(path.exists());
        Storage::at(folder.path().to_owned()).clear_incoming(Duration::ZERO);
        assert!(!path.exists());
        drop(storage.incoming([8; 16]).unwrap());
        assert_eq!(fs::read_dir(folder.path().join("incoming")).unwrap().count(), 0);
    }

    #[test]
    fn sec_lim_08_only_names_of_ours_lead_to_files() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::at(folder.path().to_owned());
        for bad in ["../../etc/passwd", "", "a.png", "abababababababababababababababab.html", "ab/..", "\0.png"] {
            assert_eq!(storage.path(bad), None, "{bad}");
        }
    }
}
