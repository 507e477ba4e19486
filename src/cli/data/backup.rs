//! `backup`: what a node cannot be made again from nothing, in a folder, while it runs: a consistent copy of the embedded
//! database, the key file, and the media. Media files never change once they are written, so only new ones are copied.

use super::super::Failure;
use crate::{
    app::App,
    db::{self, Dialect},
    store,
    time::Timestamp,
};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// When the last one was made, among the settings that the node keeps.
pub(crate) const MADE_AT: &str = "backup_made_at";
/// The copies of the database are called so, with the moment between.
const NAME: (&str, &str) = ("watercooler-", ".db");

/// Where to.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct BackupArgs {
    /// The folder; it is made when there is none. Best one on another disk
    folder: PathBuf,
    /// Copies of the database that are kept, the newest
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    keep: u16,
}

impl BackupArgs {
    /// A server may run in another folder than the command.
    pub(super) fn make_absolute(&mut self) -> Result<(), Failure> {
        let absolute = std::path::absolute(&self.folder);
        self.folder = absolute.map_err(|error| Failure::new(format!("{}: {error}", self.folder.display())))?;
        Ok(())
    }
}

/// What was copied.
struct Copied {
    database: Option<PathBuf>,
    media: usize,
    removed: usize,
}

pub(super) async fn run(app: &App, arguments: BackupArgs) -> Result<Value, Failure> {
    let now = app.clock().now();
    let (config, folder) = (app.config_arc(), arguments.folder.clone());
    let is_embedded = app.db().dialect() == Dialect::Sqlite;
    let work = tokio::task::spawn_blocking(move || {
        let inside = config.data_dir.canonicalize().unwrap_or_else(|_| config.data_dir.clone());
        if folder.starts_with(&inside) {
            return Err(Failure::new("a backup inside the data folder is lost with it: name another folder"));
        }
        let cannot = |error: io::Error| Failure::new(format!("cannot write to {}: {error}", folder.display()));
        private_folder(&folder).map_err(cannot)?;
        let database = if is_embedded {
            Some(database(&db::Settings::new(config.database.expose()), &folder, now)?)
        } else {
            None
        };
        let key = config.data_dir.join("secret.key");
        copy(&key, &folder.join("secret.key")).map_err(cannot)?;
        let mut media = 0;
        mirror(&config.data_dir.join("media"), &folder.join("media"), &mut media).map_err(cannot)?;
        let removed = sweep(&folder, usize::from(arguments.keep)).map_err(cannot)?;
        Ok(Copied { database, media, removed })
    });
    let copied = work.await.map_err(|error| Failure::new(error.to_string()))??;
    app.write(move |tx| store::users::set_setting(tx.conn, MADE_AT, &now.rfc3339())).await?;
    let mut shown = json!({
        "folder": arguments.folder.display().to_string(),
        "database": copied.database.map(|path| path.display().to_string()),
        "new_media": copied.media,
        "removed": copied.removed,
    });
    let mut elsewhere = Vec::new();
    if !is_embedded {
        elsewhere.push("the database itself is not in it: back PostgreSQL up with pg_dump");
    }
    if app.storage().bucket().is_some() {
        elsewhere.push("files in the bucket are not in it: copy the bucket with a tool of its store");
    }
    if !elsewhere.is_empty()
        && let Some(shown) = shown.as_object_mut()
    {
        shown.insert("to_do".into(), elsewhere.join("; ").into());
    }
    Ok(shown)
}

fn database(settings: &db::Settings, folder: &Path, now: Timestamp) -> Result<PathBuf, Failure> {
    let stamp: String = now.rfc3339().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    let path = folder.join(format!("{}{stamp}{}", NAME.0, NAME.1));
    let partial = folder.join("partial");
    let cannot = |error: io::Error| Failure::new(format!("cannot write {}: {error}", path.display()));
    let _ = fs::remove_file(&partial);
    // Made here with the right permissions; the copy goes into an empty file.
    drop(OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial).map_err(cannot)?);
    db::copy_sqlite(settings, &partial)?;
    File::open(&partial).and_then(|file| file.sync_all()).map_err(cannot)?;
    fs::rename(&partial, &path).map_err(cannot)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)?;
    Ok(path)
}

fn private_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Copies a file whole or not at all.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let partial = to.with_extension("partial");
    let _ = fs::remove_file(&partial);
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
    io::copy(&mut File::open(from)?, &mut out)?;
    out.sync_all()?;
    fs::rename(&partial, to)
}

/// Copies what is not there yet.
fn mirror(from: &Path, to: &Path, copied: &mut usize) -> io::Result<()> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    private_folder(to)?;
    for entry in entries {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            mirror(&entry.path(), &target, copied)?;
        } else if kind.is_file() && !target.exists() {
            match copy(&entry.path(), &target) {
                Ok(()) => *copied += 1,
                // Removed meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Removes older copies of the database than are kept; answers how many.
fn sweep(folder: &Path, keep: usize) -> io::Result<usize> {
    let mut copies = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(NAME.0) && name.ends_with(NAME.1) {
            copies.push(path);
        }
    }
    // Their names are moments: the newest first.
    copies.sort_by(|a, b| b.cmp(a));
    let old = copies.get(keep..).unwrap_or_default();
    old.iter().try_for_each(fs::remove_file)?;
    Ok(old.len())
}
