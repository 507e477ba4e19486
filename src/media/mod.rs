//! Files people attach: recognised by their bytes, pictures decoded and written anew (so that nothing of the original
//! container survives), films and sounds checked and freed of their location data, all stored under names of our own.
//! Nothing here knows of posts or of HTTP; everything blocks and runs on a blocking thread.

pub mod film;
pub mod gif;
pub mod images;
pub mod intake;
pub mod storage;

use crate::{Error, Result, limits};
use std::path::Path;

/// What a stored file is to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A picture, animated or not.
    Image,
    /// A film with sound or without.
    Video,
    /// Sound alone.
    Audio,
}

/// One file ready to be stored.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// Content type.
    pub mime: &'static str,
    /// File name extension that stands for the content type.
    pub extension: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// An upload after processing. The original of a film stays in the file it came in.
#[derive(Clone, Debug)]
pub struct Processed {
    /// What it is.
    pub kind: Kind,
    /// Content type of the original.
    pub mime: &'static str,
    /// Extension of the original.
    pub extension: &'static str,
    /// The new original, `None` when the uploaded file itself is kept.
    pub original: Option<Vec<u8>>,
    /// Pixels, 0 when unknown or sound.
    pub width: u32,
    /// Pixels, 0 when unknown or sound.
    pub height: u32,
    /// Length of films and sounds, where the file says it.
    pub duration_ms: Option<i64>,
    /// Preview picture; sounds have none.
    pub small: Option<Encoded>,
    /// Compact preview.
    pub blurhash: Option<String>,
}

/// Content types that may be uploaded, for `instance`.
pub const ACCEPTED: [&str; 16] = [
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "audio/mpeg",
    "audio/mp3",
    "audio/ogg",
    "audio/wav",
    "audio/x-wav",
    "audio/flac",
    "audio/mp4",
    "audio/x-m4a",
    "audio/webm",
];

/// What a file may be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of a picture.
    pub image_bytes: usize,
    /// Pixels of a picture, by its header.
    pub image_pixels: u64,
    /// Bytes of a film or sound.
    pub film_bytes: usize,
    /// Pixels of a film, where its header tells them.
    pub film_pixels: u64,
}

impl Bounds {
    /// For uploads, with the defaults of the settings.
    pub const UPLOAD: Self = Self {
        image_bytes: limits::IMAGE_BYTES,
        image_pixels: limits::IMAGE_PIXELS,
        film_bytes: limits::VIDEO_BYTES,
        film_pixels: limits::VIDEO_PIXELS,
    };
    /// For files of other servers.
    pub const REMOTE: Self = Self {
        image_bytes: limits::REMOTE_MEDIA,
        image_pixels: limits::REMOTE_IMAGE_PIXELS,
        film_bytes: limits::REMOTE_MEDIA,
        // It is not decoded here, and its author's server took it.
        film_pixels: u64::MAX,
    };
}

/// Looks at the bytes, not at names or declared types (WEB-07), and makes the upload fit to be served.
///
/// # Errors
/// `Invalid` (422) for anything that is not one of [`ACCEPTED`] or is broken, `TooLarge` (413) above the bounds.
pub fn process(upload: &Path, bounds: Bounds) -> Result<Processed> {
    use std::io::Read;
    let mut file = std::fs::File::open(upload).map_err(Error::internal)?;
    let length = file.metadata().map_err(Error::internal)?.len();
    let mut head = Vec::with_capacity(64);
    file.by_ref().take(64).read_to_end(&mut head).map_err(Error::internal)?;
    if images::recognise(&head).is_some() {
        if length > bounds.image_bytes as u64 {
            return Err(Error::TooLarge("The picture is too large".into()));
        }
        let bytes = std::fs::read(upload).map_err(Error::internal)?;
        return images::attachment(&bytes, bounds.image_pixels);
    }
    if length > bounds.film_bytes as u64 {
        return Err(Error::TooLarge("The file is too large".into()));
    }
    let done = film::process(upload, &head)?;
    if u64::from(done.width) * u64::from(done.height) > bounds.film_pixels {
        return Err(unusable("has more pixels than a film may have"));
    }
    Ok(done)
}

/// A 422 about the file.
fn unusable(reason: &'static str) -> Error {
    Error::invalid("file", "invalid", reason)
}
