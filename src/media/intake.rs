//! From received bytes to stored files: one way for uploads and for copies of remote files. Decoding happens on one
//! blocking thread at a time, because a picture may take hundreds of megabytes while it is open.

use super::{
    Bounds, Kind,
    ffmpeg::Ffmpeg,
    images,
    storage::{self, Incoming, Storage},
    unusable,
};
pub use crate::crypto::address_seal as seal;
use crate::{Error, Result, random::Random};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Files whose uploaders were answered before they are processed; who comes when as many wait, waits for the answer.
const WAITING: usize = 16;

/// Lets one file at a time be decoded. One per node.
#[derive(Debug)]
pub struct Workshop {
    bench: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Workshop {
    fn default() -> Self {
        Self { bench: Arc::new(Semaphore::new(1)), waiting: Arc::new(Semaphore::new(WAITING)) }
    }
}

impl Workshop {
    /// Nothing is decoded while this is held.
    ///
    /// # Errors
    /// None while the node runs.
    pub async fn shut(&self) -> Result<OwnedSemaphorePermit> {
        self.bench.clone().acquire_owned().await.map_err(Error::internal)
    }

    /// A place among those who need not wait for an answer; none when all are taken.
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.waiting.clone().try_acquire_owned().ok()
    }

    /// Runs `work` on a blocking thread, after those that came before. A decoder that panics refuses the file and
    /// nothing else (WEB-10).
    ///
    /// # Errors
    /// What `work` answers.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let place = self.shut().await?;
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.unwrap_or_else(|_| Err(unusable("cannot be read")))
    }
}

/// A file and its small version, stored.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What it is.
    pub kind: Kind,
    /// Content type.
    pub mime: &'static str,
    /// Name of the file.
    pub file: String,
    /// Name of the small version.
    pub thumbnail: Option<String>,
    /// Bytes of both.
    pub size: i64,
    /// Pixels; 0 when unknown.
    pub width: u32,
    /// Pixels; 0 when unknown.
    pub height: u32,
    /// Pixels of the small version.
    pub small: Option<(u32, u32)>,
    /// Length, where known.
    pub duration_ms: Option<i64>,
    /// Compact preview.
    pub blurhash: Option<String>,
    /// Background, foreground and accent of the picture or preview.
    pub colours: Option<String>,
}

/// A picture of an uploader's choice that stands for a film or sound, stored.
#[derive(Clone, Debug)]
pub struct Poster {
    /// Name of the file.
    pub file: String,
    /// Bytes.
    pub size: i64,
    /// Pixels.
    pub small: (u32, u32),
    /// Compact preview.
    pub blurhash: Option<String>,
    /// As [`Stored::colours`].
    pub colours: Option<String>,
}

/// Processes a received file and stores it under a new name that nobody can guess. Blocks.
///
/// # Errors
/// As [`super::process`]; `NoSpace` when the disk is full. Then nothing stays.
pub fn take(storage: &Storage, random: &Random, incoming: Incoming, bounds: Bounds, ffmpeg: &Ffmpeg) -> Result<Stored> {
    let done = super::process(incoming.path(), bounds, ffmpeg)?;
    let key = random.bytes();
    let file = storage::name(key, false, done.extension);
    let length = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |m| m.len() as i64);
    let mut size = match done.original {
        Some(bytes) => {
            storage.put(random.bytes(), &file, &bytes)?;
            bytes.len() as i64
        }
        None => {
            let size = length(incoming.path());
            storage.keep(incoming, &file)?;
            size
        }
    };
    let mut thumbnail = None;
    if let Some(small) = &done.small {
        let name = storage::name(key, true, small.extension);
        storage.put(random.bytes(), &name, &small.bytes)?;
        size += small.bytes.len() as i64;
        thumbnail = Some(name);
    }
    Ok(Stored {
        kind: done.kind,
        mime: done.mime,
        file,
        thumbnail,
        size,
        width: done.width,
        height: done.height,
        small: done.small.as_ref().map(|s| (s.width, s.height)),
        duration_ms: done.duration_ms,
        blurhash: done.blurhash,
        colours: done.colours.map(|colours| colours.to_string()),
    })
}

/// Stores a picture of the uploader's choice that is to stand for a film or sound. Blocks.
///
/// # Errors
/// `Invalid` when it is no picture.
pub fn poster(storage: &Storage, random: &Random, picture: &[u8]) -> Result<Poster> {
    let done = images::attachment(picture, crate::limits::IMAGE_PIXELS)?;
    let small = done.small.ok_or_else(|| unusable("has no small version"))?;
    let file = storage::name(random.bytes(), true, small.extension);
    storage.put(random.bytes(), &file, &small.bytes)?;
    Ok(Poster {
        file,
        size: small.bytes.len() as i64,
        small: (small.width, small.height),
        blurhash: done.blurhash,
        colours: done.colours.map(|colours| colours.to_string()),
    })
}

impl Stored {
    /// With this picture instead of the preview it has.
    pub fn shown_by(&mut self, poster: Poster) {
        self.thumbnail = Some(poster.file);
        self.small = Some(poster.small);
        self.blurhash = poster.blurhash;
        self.colours = poster.colours;
        self.size += poster.size;
    }
}

/// Cuts and stores a profile picture; answers its name. Blocks.
///
/// # Errors
/// `Invalid` when it is no picture.
pub fn portrait(
    storage: &Storage,
    random: &Random,
    picture: &[u8],
    kind: images::Portrait,
    ffmpeg: &Ffmpeg,
) -> Result<String> {
    let done = if images::foreign(picture).is_some() {
        let mut incoming = storage.incoming(random.bytes())?;
        incoming.write(picture)?;
        let png = super::still(incoming.path(), ffmpeg, crate::limits::IMAGE_PIXELS)?;
        images::portrait_of_any_size(&png, kind)?
    } else {
        images::portrait(picture, kind)?
    };
    let name = storage::name(random.bytes(), false, done.extension);
    storage.put(random.bytes(), &name, &done.bytes)?;
    Ok(name)
}

/// Stores the picture of an emoji; answers its name. Blocks.
///
/// # Errors
/// `Invalid` when it is no picture (an SVG is none); `TooLarge`.
pub fn emoji(storage: &Storage, random: &Random, picture: &[u8]) -> Result<String> {
    let done = images::emoji(picture)?;
    let name = storage::name(random.bytes(), false, done.extension);
    storage.put(random.bytes(), &name, &done.bytes)?;
    Ok(name)
}

/// Stores our copy of the picture of an emoji of another server; answers its name. Blocks.
///
/// # Errors
/// As [`emoji`].
pub fn remote_emoji(storage: &Storage, random: &Random, picture: &[u8], ffmpeg: &Ffmpeg) -> Result<String> {
    let done = if images::foreign(picture).is_some() {
        let mut incoming = storage.incoming(random.bytes())?;
        incoming.write(picture)?;
        images::remote_emoji(&super::still(incoming.path(), ffmpeg, images::EMOJI_PIXELS)?)?
    } else {
        images::remote_emoji(picture)?
    };
    let name = storage::name(random.bytes(), false, done.extension);
    storage.put(random.bytes(), &name, &done.bytes)?;
    Ok(name)
}
