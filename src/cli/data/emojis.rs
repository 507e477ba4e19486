//! `emoji ...`

use crate::{
    Error, Result,
    app::App,
    config::Site,
    crypto,
    domain::{audit::Staff, emojis},
    media::{intake, intake::Workshop},
    model::CustomEmoji,
    store,
};
use base64::Engine;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Pictures of one import.
const IMPORT: usize = 2_000;

/// What to do with custom emoji.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmojiVerb {
    /// Add an emoji, or give one another picture
    Add {
        /// What people write between colons: letters, digits and underscores
        shortcode: String,
        /// The picture: PNG, GIF, WebP or JPEG, 256 KiB at most
        file: PathBuf,
        /// The heading under which pickers show it
        #[arg(long)]
        category: Option<String>,
        /// Pickers do not show it; it works all the same
        #[arg(long)]
        hidden: bool,
        /// The bytes of the file, base64
        #[arg(skip)]
        bytes: String,
    },
    /// List the emoji of this node
    List,
    /// Remove an emoji; what was written with it keeps its shortcode
    Remove {
        /// Its shortcode
        shortcode: String,
    },
    /// Add all pictures of a folder; their names are the shortcodes
    Import {
        /// The folder
        folder: PathBuf,
        /// The heading under which pickers show them
        #[arg(long)]
        category: Option<String>,
    },
}

impl EmojiVerb {
    /// Reads the file here: the server may see another file system.
    pub(super) fn read_file(&mut self) -> Result<()> {
        if let Self::Add { file, bytes, .. } = self {
            let size = std::fs::metadata(&*file).map_err(|error| unreadable(file, &error))?.len();
            if size > crate::limits::EMOJI_BYTES as u64 {
                return Err(Error::invalid("file", "too_long", format!("{} has more than 256 KiB", file.display())));
            }
            let read = std::fs::read(&*file).map_err(|error| unreadable(file, &error))?;
            *bytes = base64::engine::general_purpose::STANDARD.encode(read);
        }
        Ok(())
    }

    /// The shortcode.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Add { shortcode, .. } | Self::Remove { shortcode } => shortcode,
            Self::List | Self::Import { .. } => "",
        }
    }

    /// An `add` for each picture of the folder, by name.
    pub(super) fn each(&self) -> Result<Vec<Self>> {
        let Self::Import { folder, category } = self else { return Ok(Vec::new()) };
        let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
        let mut files: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
        files.sort();
        let pictures = files.into_iter().filter_map(|file| {
            let known = ["png", "gif", "webp", "jpg", "jpeg", "svg"];
            let extension = file.extension()?.to_str()?.to_ascii_lowercase();
            let shortcode = file.file_stem()?.to_str()?.to_owned();
            known.contains(&extension.as_str()).then(|| Self::Add {
                shortcode,
                file,
                category: category.clone(),
                hidden: false,
                bytes: String::new(),
            })
        });
        Ok(pictures.take(IMPORT).collect())
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid("file", "invalid", format!("cannot read {}: {error}", path.display()))
}

pub(super) async fn run(app: &App, verb: EmojiVerb) -> Result<Value> {
    let site = app.site().clone();
    match verb {
        EmojiVerb::Add { shortcode, category, hidden, bytes, .. } => {
            // Before the picture is stored.
            emojis::shortcode(&shortcode)?;
            let picture = crypto::unbase64(&bytes).ok_or_else(|| Error::bad_request("the file was not read"))?;
            let (storage, random) = (app.storage(), app.random().clone());
            let file = app.part::<Workshop>().run(move || intake::emoji(&storage, &random, &picture)).await?;
            app.write(move |tx| {
                let row = emojis::add(tx, &Staff::console(), &shortcode, &file, category.as_deref(), !hidden)?;
                Ok(describe(&row, &site))
            })
            .await
        }
        EmojiVerb::List => {
            let rows = app.read(store::emojis::all).await?;
            Ok(rows.iter().map(|row| describe(row, &site)).collect())
        }
        EmojiVerb::Remove { shortcode } => {
            app.write(move |tx| {
                emojis::remove(tx, &Staff::console(), &shortcode)?;
                Ok(json!({ "removed": shortcode }))
            })
            .await
        }
        EmojiVerb::Import { .. } => Err(Error::bad_request("a folder is read where the command runs")),
    }
}

fn describe(row: &CustomEmoji, site: &Site) -> Value {
    json!({
        "shortcode": row.shortcode,
        "category": row.category,
        "visible": row.visible_in_picker,
        "url": row.file.as_deref().map(|file| site.media_url(file)),
    })
}
