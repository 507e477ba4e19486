//! Files people attach: recognised by their bytes, pictures decoded and written anew (so that nothing of the original
//! container survives), films and sounds checked and freed of their location data, all stored under names of our own.
//! Nothing here knows of posts or of HTTP; everything blocks and runs on a blocking thread.

pub mod bucket;
pub mod ffmpeg;
pub mod film;
pub mod gif;
pub mod images;
pub mod intake;
pub mod storage;

use crate::{Error, Result, limits};
use ffmpeg::{Container, Ffmpeg};
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

/// Content types that may be uploaded, for `instance`; the first two where [`ffmpeg`] is at hand ([`accepted`]).
static ACCEPTED: [&str; 18] = [
    "image/avif",
    "image/heic",
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

/// What may be uploaded with this program at hand, or without it.
pub fn accepted(ffmpeg: &Ffmpeg) -> &'static [&'static str] {
    ACCEPTED.get(if ffmpeg.is_there() { 0 } else { 2 }..).unwrap_or_default()
}

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
/// `Invalid` (422) for anything that is not [`accepted`] or is broken, `TooLarge` (413) above the bounds.
pub fn process(upload: &Path, bounds: Bounds, ffmpeg: &Ffmpeg) -> Result<Processed> {
    use std::io::Read;
    let mut file = std::fs::File::open(upload).map_err(Error::internal)?;
    let length = file.metadata().map_err(Error::internal)?.len();
    let mut head = Vec::with_capacity(64);
    file.by_ref().take(64).read_to_end(&mut head).map_err(Error::internal)?;
    let foreign = images::foreign(&head);
    if foreign.is_some() || images::recognise(&head).is_some() {
        if length > bounds.image_bytes as u64 {
            return Err(Error::TooLarge("The picture is too large".into()));
        }
        if foreign.is_some() {
            return images::converted(&still(upload, ffmpeg, bounds.image_pixels)?, bounds.image_pixels);
        }
        let bytes = std::fs::read(upload).map_err(Error::internal)?;
        return images::attachment(&bytes, bounds.image_pixels);
    }
    if length > bounds.film_bytes as u64 {
        return Err(Error::TooLarge("The file is too large".into()));
    }
    let mut done = film::process(upload, &head)?;
    if u64::from(done.width) * u64::from(done.height) > bounds.film_pixels {
        return Err(unusable("has more pixels than a film may have"));
    }
    if let Some(container) = Container::of(done.mime).filter(|_| ffmpeg.is_there()) {
        look_into(upload, container, &mut done, ffmpeg);
    }
    Ok(done)
}

/// What only the program can tell of a film or sound: its first picture, and its length. What it cannot read stays as it
/// is.
fn look_into(upload: &Path, container: Container, done: &mut Processed, ffmpeg: &Ffmpeg) {
    if done.kind == Kind::Video
        && let Some(png) = ffmpeg.still(upload, container, limits::VIDEO_PIXELS)
        && let Ok(poster) = images::converted(&png, limits::VIDEO_PIXELS)
    {
        if done.width == 0 || done.height == 0 {
            (done.width, done.height) = (poster.width, poster.height);
        }
        (done.small, done.blurhash) = (poster.small, poster.blurhash);
    }
    done.duration_ms = done.duration_ms.or_else(|| ffmpeg.length_ms(upload, container));
}

/// A picture that nothing in here can decode, as PNG.
fn still(picture: &Path, ffmpeg: &Ffmpeg, pixels: u64) -> Result<Vec<u8>> {
    if !ffmpeg.is_there() {
        return Err(unusable(
            "is a picture in AVIF or HEIC, which this server cannot read: send JPEG, PNG, GIF or WebP",
        ));
    }
    ffmpeg.still(picture, Container::Mov, pixels).ok_or_else(|| unusable("cannot be read as a picture"))
}

/// A 422 about the file.
fn unusable(reason: &'static str) -> Error {
    Error::invalid("file", "invalid", reason)
}
