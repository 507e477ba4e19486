//! Where files lie: a folder, two levels of sub-folders, names of our own (`<32 hex digits>[-small].<extension>`). A file
//! is complete before its row exists; what has no row is swept later (REL-04). Every function blocks.

use crate::{Error, Result};
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

/// The folder of stored files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    root: Arc<PathBuf>,
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
fn failed(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Error::NoSpace,
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
        Self { root: Arc::new(root) }
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

    /// Keeps a received file under its name. On the disk when this returns.
    pub fn keep(&self, mut incoming: Incoming, name: &str) -> Result<()> {
        let path = self.path(name).ok_or_else(|| Error::internal("a file name that is not ours"))?;
        incoming.file.sync_all().map_err(failed)?;
        let folder = path.parent().ok_or_else(|| Error::internal("no folder"))?;
        fs::create_dir_all(folder).map_err(failed)?;
        fs::rename(&incoming.path, &path).map_err(failed)?;
        incoming.kept = true;
        File::open(folder).and_then(|f| f.sync_all()).map_err(failed)
    }

    /// Stores bytes under a name. On the disk when this returns.
    pub fn put(&self, key: [u8; 16], name: &str, bytes: &[u8]) -> Result<()> {
        let mut incoming = self.incoming(key)?;
        incoming.write(bytes)?;
        self.keep(incoming, name)
    }

    /// Removes a file; none there is fine.
    pub fn remove(&self, name: &str) -> Result<()> {
        let Some(path) = self.path(name) else { return Ok(()) };
        match fs::remove_file(path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(failed(e)),
            _ => Ok(()),
        }
    }

    /// Names of all files older than `age`, for the sweep that removes those without a row.
    pub fn older_than(&self, age: Duration) -> Result<Vec<String>> {
        let mut names = Vec::new();
        if !self.root.is_dir() {
            return Ok(names);
        }
        let limit = SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
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
                }
            }
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_kept_found_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::at(folder.path().to_owned());
        let name = name([0xab; 16], true, "png");
        storage.put([1; 16], &name, b"x").unwrap();
        assert_eq!(fs::read(storage.path(&name).unwrap()).unwrap(), b"x");
        assert_eq!(storage.older_than(Duration::ZERO).unwrap(), std::slice::from_ref(&name));
        assert!(storage.older_than(Duration::from_secs(60)).unwrap().is_empty());
        storage.remove(&name).unwrap();
        storage.remove(&name).unwrap();
        assert!(storage.older_than(Duration::ZERO).unwrap().is_empty());
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
