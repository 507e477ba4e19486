//! Texts of the node that stand in files of their own: the privacy policy and the versions of its terms of service. They
//! are Markdown, and read anew with each start.

use super::{ConfigError, Instance};
use crate::time::Timestamp;
use std::{fs, path::Path, time::UNIX_EPOCH};

/// Bytes of one of them.
const MOST: u64 = 256 * 1024;
/// Versions of the terms.
const VERSIONS: usize = 200;

/// What the files say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// The privacy policy, and when it was last changed.
    pub privacy: Option<(Timestamp, String)>,
    /// The terms by the day from which they are in force (`2026-01-31`), the oldest first.
    pub terms: Vec<(String, String)>,
}

impl Texts {
    /// Reads what the settings name.
    ///
    /// # Errors
    /// For a file that cannot be read, is too long, or has another name than a day.
    pub fn read(instance: &Instance) -> Result<Self, ConfigError> {
        let mut texts = Self::default();
        if let Some(file) = &instance.privacy_policy {
            let text = read("instance.privacy_policy", file)?;
            let changed = fs::metadata(file).and_then(|meta| meta.modified()).ok();
            let since = changed.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
            texts.privacy = Some((Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(0)), text));
        }
        if let Some(folder) = &instance.terms_of_service {
            const KEY: &str = "instance.terms_of_service";
            let wrong = |why: String| ConfigError::value(KEY, why);
            let list = fs::read_dir(folder).map_err(|e| wrong(format!("cannot read {}: {e}", folder.display())))?;
            for entry in list.take(VERSIONS).filter_map(Result::ok) {
                let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
                let Some(day) = name.strip_suffix(".md") else { continue };
                if Timestamp::parse(day).map(Timestamp::date).as_deref() != Some(day) {
                    return Err(wrong(format!("{} is not named by a day such as 2026-01-31.md", path.display())));
                }
                texts.terms.push((day.to_owned(), read(KEY, &path)?));
            }
            texts.terms.sort();
            if texts.terms.is_empty() {
                return Err(wrong(format!("{} has no file such as 2026-01-31.md", folder.display())));
            }
        }
        Ok(texts)
    }
}

fn read(key: &str, file: &Path) -> Result<String, ConfigError> {
    let wrong = |why: String| ConfigError::value(key, format!("cannot read {}: {why}", file.display()));
    if fs::metadata(file).map_err(|e| wrong(e.to_string()))?.len() > MOST {
        return Err(wrong("it has more than 256 KiB".into()));
    }
    fs::read_to_string(file).map_err(|e| wrong(e.to_string()))
}
