//! One process per database file. The lock is the operating system's, so that it ends with the process however that ends;
//! the file beside it tells other processes where the control socket is.

use super::Failure;
use crate::config::Config;
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Write},
    path::{Path, PathBuf},
};

/// A held lock; shared with other processes or not.
pub struct Lock(File, bool);

/// What stands in the file of a shared lock.
const SEVERAL: &str = "several processes";

/// What a lock file says about its holder.
#[derive(Debug, PartialEq, Eq)]
pub struct Holder {
    /// Process number.
    pub process: u32,
    /// Its control socket.
    pub socket: PathBuf,
    /// There are several, none with a socket: each does a part, and the database may be opened beside them.
    pub several: bool,
}

/// The embedded database has its lock beside it, whatever data folder is named; PostgreSQL nodes one in the data folder.
fn path(config: &Config) -> PathBuf {
    match config.database.sqlite_path() {
        Some(database) => {
            // Beside the file itself, where the given name is a link to it.
            let mut name = std::fs::canonicalize(&database).unwrap_or(database).into_os_string();
            name.push(".lock");
            name.into()
        }
        None => config.data_dir.join("watercooler.lock"),
    }
}

/// The control socket of a node with these settings.
pub fn socket_path(config: &Config) -> PathBuf {
    std::path::absolute(config.data_dir.join("control.sock")).unwrap_or_else(|_| config.data_dir.join("control.sock"))
}

impl Lock {
    /// Takes the lock; answers the holder when another process has it.
    pub fn take(config: &Config) -> Result<Result<Self, Holder>, Failure> {
        Self::open(config, false)
    }

    /// Takes the lock together with others that share it; answers the holder when a process has it alone.
    pub fn share(config: &Config) -> Result<Result<Self, Holder>, Failure> {
        Self::open(config, true)
    }

    fn open(config: &Config, shared: bool) -> Result<Result<Self, Holder>, Failure> {
        let path = path(config);
        let cannot = |e: std::io::Error| Failure::new(format!("cannot lock {}: {e}", path.display()));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(cannot)?;
        }
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(cannot)?;
        match if shared { file.try_lock_shared() } else { file.try_lock() } {
            Ok(()) => {
                let line = if shared {
                    format!("{SEVERAL}\n")
                } else {
                    format!("{}\n{}\n", std::process::id(), socket_path(config).display())
                };
                // Those that share it write the same line over one another's.
                file.write_all(line.as_bytes()).map_err(cannot)?;
                file.set_len(line.len() as u64).map_err(cannot)?;
                Ok(Ok(Self(file, shared)))
            }
            Err(TryLockError::WouldBlock) => Ok(Err(Holder::read(&path))),
            Err(TryLockError::Error(e)) => Err(cannot(e)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The file stays: removing it would let a third process lock another file of the same name.
        if !self.1 {
            let _ = self.0.set_len(0);
        }
    }
}

impl Holder {
    fn read(path: &Path) -> Self {
        let mut text = String::new();
        let _ = File::open(path).and_then(|file| file.take(8192).read_to_string(&mut text));
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let (process, several) = (first.parse().unwrap_or(0), first == SEVERAL);
        Self { process, socket: lines.next().unwrap_or_default().into(), several }
    }
}
