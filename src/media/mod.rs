//! Files people attach: recognised by their bytes, pictures decoded and written anew (so that nothing of the original
//! container survives), films and sounds checked and freed of their location data, all stored under names of our own.
//! Nothing here knows of posts or of HTTP; everything blocks and runs on a blocking thread.

pub mod bucket;
pub mod colours;
pub mod ffmpeg;
pub mod film;
pub mod gif;
pub mod images;
pub mod intake;
pub mod storage;

use crate::{Error, Result, limits};
use colours::Colours;
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
    /// Background, foreground and accent of the picture or preview.
    pub colours: Option<Colours>,
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

/// What a file is before anything of it is decoded, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// What it seems to be; a film may turn out to be a sound.
    pub kind: Kind,
    /// Nobody wants to wait for it: a film, a sound, a large picture, one that another program reads.
    pub takes_long: bool,
}

/// Pixels of a picture up to which it is decoded and written anew within a moment: nothing has to be made smaller.
const QUICK_PIXELS: u64 = limits::IMAGE_SIDE as u64 * limits::IMAGE_SIDE as u64;

/// Looks at an upload without decoding it.
///
/// # Errors
/// As [`process`], for what can be told by the first bytes and the length.
pub fn outlook(bytes: &[u8], bounds: Bounds, ffmpeg: &Ffmpeg) -> Result<Outlook> {
    let head = bytes.get(..64).unwrap_or(bytes);
    let picture = images::foreign(head).map(|_| None).or_else(|| images::recognise(head).map(Some));
    let most = if picture.is_some() { bounds.image_bytes } else { bounds.film_bytes };
    if bytes.len() > most {
        return Err(too_large(picture.is_some()));
    }
    match picture {
        Some(Some(_)) => Ok(Outlook { kind: Kind::Image, takes_long: images::pixels(bytes) > QUICK_PIXELS }),
        Some(None) if ffmpeg.is_there() => Ok(Outlook { kind: Kind::Image, takes_long: true }),
        Some(None) => Err(unreadable()),
        None => Ok(Outlook { kind: film::kind(head)?, takes_long: true }),
    }
}

fn too_large(picture: bool) -> Error {
    Error::TooLarge(if picture { "The picture is too large" } else { "The file is too large" }.into())
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
            return Err(too_large(true));
        }
        if foreign.is_some() {
            return images::converted(&still(upload, ffmpeg, bounds.image_pixels)?, bounds.image_pixels);
        }
        let bytes = std::fs::read(upload).map_err(Error::internal)?;
        return images::attachment(&bytes, bounds.image_pixels);
    }
    if length > bounds.film_bytes as u64 {
        return Err(too_large(false));
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
        (done.small, done.blurhash, done.colours) = (poster.small, poster.blurhash, poster.colours);
    }
    done.duration_ms = done.duration_ms.or_else(|| ffmpeg.length_ms(upload, container));
}

/// A picture that nothing in here can decode, as PNG.
fn still(picture: &Path, ffmpeg: &Ffmpeg, pixels: u64) -> Result<Vec<u8>> {
    if !ffmpeg.is_there() {
        return Err(unreadable());
    }
    ffmpeg.still(picture, Container::Mov, pixels).ok_or_else(|| unusable("cannot be read as a picture"))
}

/// A picture that only a program reads that is not here.
fn unreadable() -> Error {
    unusable("is a picture in AVIF or HEIC, which this server cannot read: send JPEG, PNG, GIF or WebP")
}

/// A 422 about the file.
fn unusable(reason: &'static str) -> Error {
    Error::invalid("file", "invalid", format!("File {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_told_by_the_first_bytes() {
        let look =
            |bytes: &[u8], ffmpeg: &Ffmpeg| outlook(bytes, Bounds::UPLOAD, ffmpeg).map(|o| (o.kind, o.takes_long));
        let (none, some) = (Ffmpeg::default(), Ffmpeg::find("/bin/sh"));
        let png = |side: u32| {
            let mut head = b"IHDR".to_vec();
            for number in [side, side] {
                head.extend_from_slice(&number.to_be_bytes());
            }
            head.extend_from_slice(&[8, 2, 0, 0, 0]);
            let sum = !head.iter().fold(u32::MAX, |crc, byte| {
                (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
            });
            [&b"\x89PNG\r\n\x1a\n\0\0\0\x0D"[..], &head, &sum.to_be_bytes(), b"\0\0\0\x04IDAT"].concat()
        };
        for (bytes, is) in [
            (&png(4_096)[..], (Kind::Image, false)),
            (&png(4_097)[..], (Kind::Image, true)),
            // Not even a head: refused when it is read, at once.
            (&b"\x89PNG\r\n\x1a\n"[..], (Kind::Image, false)),
            (&b"\0\0\0\x10ftypisom"[..], (Kind::Video, true)),
            (&b"\0\0\0\x10ftypM4A "[..], (Kind::Audio, true)),
            (&b"\x1A\x45\xDF\xA3\x42\x82\x84webm"[..], (Kind::Video, true)),
            (&b"OggS"[..], (Kind::Audio, true)),
        ] {
            assert_eq!(look(bytes, &none).unwrap(), is, "{bytes:?}");
        }
        let heic = b"\0\0\0\x10ftypheic\0\0\0\0";
        assert_eq!(look(heic, &some).unwrap(), (Kind::Image, true));
        assert!(matches!(look(heic, &none), Err(Error::Invalid { .. })));
        assert!(matches!(look(b"<svg/>", &some), Err(Error::Invalid { .. })));
        let small = Bounds { image_bytes: 12, film_bytes: 3, ..Bounds::UPLOAD };
        for bytes in [&png(1)[..], b"OggS"] {
            assert!(matches!(outlook(bytes, small, &none), Err(Error::TooLarge(_))));
        }
    }
}
