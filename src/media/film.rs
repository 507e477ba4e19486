//! Films and sounds are kept as they are (nothing here decodes them) but for the notes a camera leaves in them: user
//! data, metadata and vendor boxes of MP4 files are overwritten in place, which moves nothing else.

use super::{Kind, Processed, images, unusable};
use crate::{Error, Result};
use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

/// Largest index of a film that is read, bytes.
const INDEX_BYTES: u64 = 16 * 1024 * 1024;

/// Boxes at the outermost level that are looked at: a film of fragments has two for each, and a file of nothing but
/// empty ones would keep a worker busy for minutes (WEB-10).
const BOXES: usize = 200_000;

/// What the beginning of a file, at most 64 bytes, promises. Whether an MP4 file holds pictures stands further behind: by its
/// brand it is taken for a film or a sound here.
///
/// # Errors
/// `Invalid` when it is neither.
pub fn kind(head: &[u8]) -> Result<Kind> {
    match recognise(head)? {
        None if matches!(head.get(8..12), Some(b"M4A " | b"M4B ")) => Ok(Kind::Audio),
        None | Some(("video/webm", _)) => Ok(Kind::Video),
        Some(_) => Ok(Kind::Audio),
    }
}

/// Content type and extension, by the first bytes; none for MP4 and its relatives, which say more inside.
fn recognise(head: &[u8]) -> Result<Option<(&'static str, &'static str)>> {
    let at = |offset: usize, magic: &[u8]| head.get(offset..offset + magic.len()) == Some(magic);
    Ok(Some(if at(4, b"ftyp") {
        return Ok(None);
    } else if at(0, &[0x1A, 0x45, 0xDF, 0xA3]) && head.windows(4).any(|w| w == b"webm") {
        ("video/webm", "webm")
    } else if at(0, b"OggS") {
        ("audio/ogg", "ogg")
    } else if at(0, b"fLaC") {
        ("audio/flac", "flac")
    } else if at(0, b"RIFF") && at(8, b"WAVE") {
        ("audio/wav", "wav")
    } else if at(0, b"ID3") || matches!(head, [0xFF, 0xFB | 0xF3 | 0xF2 | 0xFA, ..]) {
        ("audio/mpeg", "mp3")
    } else {
        return Err(unusable("type is not one that can be attached"));
    }))
}

/// Checks a film or sound by its bytes. `head` is its beginning, at most 64 bytes.
///
/// # Errors
/// `Invalid` when it is none, or broken.
pub fn process(upload: &Path, head: &[u8]) -> Result<Processed> {
    let Some((mime, extension)) = recognise(head)? else { return mp4(upload, head) };
    if mime == "video/webm" && is_sound(upload).map_err(Error::internal)? {
        return done(Kind::Audio, "audio/webm", "weba", Index::default());
    }
    done(kind(head)?, mime, extension, Index::default())
}

/// Bytes of a WebM file in which the codecs of its tracks are looked for.
const TRACKS: u64 = 256 * 1024;

/// Whether a WebM file names codecs at its beginning, and none for pictures. One that names none is taken for a film.
fn is_sound(upload: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    File::open(upload)?.take(TRACKS).read_to_end(&mut start)?;
    let names = |codec: &[u8]| start.windows(codec.len()).any(|part| part == codec);
    let sounds = names(b"A_OPUS") || names(b"A_VORBIS");
    Ok(sounds && !names(b"V_VP8") && !names(b"V_VP9") && !names(b"V_AV1"))
}

fn done(kind: Kind, mime: &'static str, extension: &'static str, index: Index) -> Result<Processed> {
    let small = match kind {
        Kind::Video => Some(images::film_preview(index.width, index.height)?),
        _ => None,
    };
    Ok(Processed {
        kind,
        mime,
        extension,
        original: None,
        width: index.width,
        height: index.height,
        duration_ms: index.duration_ms,
        small,
        blurhash: None,
        colours: None,
    })
}

/// What the index of an MP4 file tells.
#[derive(Default)]
struct Index {
    width: u32,
    height: u32,
    duration_ms: Option<i64>,
    has_picture: bool,
}

fn mp4(upload: &Path, head: &[u8]) -> Result<Processed> {
    let broken = || unusable("is a broken film");
    let mut file = OpenOptions::new().read(true).write(true).open(upload).map_err(Error::internal)?;
    let length = file.metadata().map_err(Error::internal)?.len();
    let (mut at, mut index, mut boxes) = (0u64, None, 0);
    while at < length {
        boxes += 1;
        if boxes > BOXES {
            return Err(broken());
        }
        let (kind, header, size) = box_header(&mut file, at, length).ok_or_else(broken)?;
        match &kind {
            b"moov" => {
                if size > INDEX_BYTES || index.is_some() {
                    return Err(broken());
                }
                let mut body = vec![0; (size - header) as usize];
                file.seek(SeekFrom::Start(at + header)).map_err(Error::internal)?;
                file.read_exact(&mut body).map_err(Error::internal)?;
                let mut found = Index::default();
                walk(&mut body, &mut found, 0).ok_or_else(broken)?;
                file.seek(SeekFrom::Start(at + header)).map_err(Error::internal)?;
                file.write_all(&body).map_err(Error::internal)?;
                index = Some(found);
            }
            b"udta" | b"meta" | b"uuid" => blank(&mut file, at, header, size).map_err(Error::internal)?,
            _ => {}
        }
        at += size;
    }
    let index = index.ok_or_else(broken)?;
    file.sync_all().map_err(Error::internal)?;
    let brand = head.get(8..12).unwrap_or_default();
    match (index.has_picture, brand) {
        (false, _) => done(Kind::Audio, "audio/mp4", "m4a", Index { width: 0, height: 0, ..index }),
        (true, b"qt  ") => done(Kind::Video, "video/quicktime", "mov", index),
        (true, _) => done(Kind::Video, "video/mp4", "mp4", index),
    }
}

/// Kind, header length and whole size of the box at `at`.
fn box_header(file: &mut File, at: u64, length: u64) -> Option<([u8; 4], u64, u64)> {
    let mut head = [0u8; 16];
    file.seek(SeekFrom::Start(at)).ok()?;
    let short = length.checked_sub(at)?.min(16) as usize;
    file.read_exact(head.get_mut(..short)?).ok()?;
    let [a, b, c, d, k0, k1, k2, k3, long @ ..] = head;
    let (header, size) = match u32::from_be_bytes([a, b, c, d]) {
        0 => (8, length - at),
        1 => (16, u64::from_be_bytes(long)),
        size => (8, u64::from(size)),
    };
    (size >= header && size <= length - at).then_some(([k0, k1, k2, k3], header, size))
}

fn blank(file: &mut File, at: u64, header: u64, size: u64) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(at + 4))?;
    file.write_all(b"free")?;
    file.seek(SeekFrom::Start(at + header))?;
    let mut left = size - header;
    let zeros = [0u8; 4096];
    while left > 0 {
        let part = left.min(zeros.len() as u64);
        file.write_all(zeros.get(..part as usize).unwrap_or_default())?;
        left -= part;
    }
    Ok(())
}

/// Reads what the index tells and blanks the notes in it.
fn walk(mut body: &mut [u8], index: &mut Index, depth: usize) -> Option<()> {
    while !body.is_empty() {
        let size = match number(body, 0)? {
            0 => body.len(),
            size => usize::try_from(size).ok()?,
        };
        let (this, rest) = body.split_at_mut_checked(size)?;
        let kind: [u8; 4] = this.get(4..8)?.try_into().ok()?;
        let content = this.get_mut(8..)?;
        match &kind {
            b"trak" | b"mdia" if depth < 4 => walk(content, index, depth + 1)?,
            b"mvhd" => {
                let wide = content.first()? == &1;
                let (scale, at) = (number(content, if wide { 20 } else { 12 })?, if wide { 24 } else { 16 });
                let mut units = u64::from(number(content, at)?);
                if wide {
                    units = units << 32 | u64::from(number(content, at + 4)?);
                }
                index.duration_ms = (scale > 0).then(|| (units.saturating_mul(1000) / u64::from(scale)) as i64);
            }
            b"tkhd" => {
                let end = content.len();
                let (w, h) = (number(content, end.checked_sub(8)?)? >> 16, number(content, end.checked_sub(4)?)? >> 16);
                // A film turned by a quarter has nothing on the diagonal of its matrix.
                let turned = number(content, end.checked_sub(44)?)? == 0 && number(content, end.checked_sub(28)?)? == 0;
                if w > 0 && h > 0 && index.width == 0 {
                    (index.width, index.height) = if turned { (h, w) } else { (w, h) };
                }
            }
            b"hdlr" if content.get(8..12) == Some(b"vide") => index.has_picture = true,
            b"udta" | b"meta" | b"uuid" => {
                content.fill(0);
                this.get_mut(4..8)?.copy_from_slice(b"free");
            }
            _ => {}
        }
        body = rest;
    }
    Some(())
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut out = ((content.len() + 8) as u32).to_be_bytes().to_vec();
        out.extend_from_slice(kind);
        out.extend_from_slice(content);
        out
    }

    fn film() -> Vec<u8> {
        let mut mvhd = vec![0; 100];
        mvhd[12..16].copy_from_slice(&600u32.to_be_bytes());
        mvhd[16..20].copy_from_slice(&1500u32.to_be_bytes());
        let mut tkhd = vec![0; 84];
        tkhd[40..44].copy_from_slice(&0x10000u32.to_be_bytes());
        tkhd[56..60].copy_from_slice(&0x10000u32.to_be_bytes());
        tkhd[76..80].copy_from_slice(&(640u32 << 16).to_be_bytes());
        tkhd[80..84].copy_from_slice(&(480u32 << 16).to_be_bytes());
        let mut hdlr = vec![0; 24];
        hdlr[8..12].copy_from_slice(b"vide");
        let track = boxed(b"trak", &[boxed(b"tkhd", &tkhd), boxed(b"mdia", &boxed(b"hdlr", &hdlr))].concat());
        let moov = [boxed(b"mvhd", &mvhd), track, boxed(b"udta", b"+48.1+011.5 SecretPlace")].concat();
        [
            boxed(b"ftyp", b"isom\0\0\0\0"),
            boxed(b"moov", &moov),
            boxed(b"uuid", b"SecretPlace"),
            boxed(b"mdat", b"pictures"),
        ]
        .concat()
    }

    fn run(bytes: &[u8]) -> (Result<Processed>, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, bytes).unwrap();
        (
            super::super::process(&path, super::super::Bounds::UPLOAD, &super::super::ffmpeg::Ffmpeg::default()),
            std::fs::read(&path).unwrap(),
        )
    }

    #[test]
    fn sec_web_11_films_lose_their_place() {
        let (done, after) = run(&film());
        let done = done.unwrap();
        assert_eq!((done.kind, done.width, done.height, done.duration_ms), (Kind::Video, 640, 480, Some(2500)));
        assert_eq!(after.len(), film().len());
        assert!(!after.windows(11).any(|w| w == b"SecretPlace"));
        assert!(done.small.is_some());
    }

    #[test]
    fn a_film_with_more_pixels_than_is_published_is_refused() {
        let mut large = film();
        let at = large.windows(4).position(|w| w == (640u32 << 16).to_be_bytes()).unwrap();
        large[at..at + 4].copy_from_slice(&(20_000u32 << 16).to_be_bytes());
        assert!(matches!(run(&large).0, Err(Error::Invalid { .. })));
    }

    #[test]
    fn sec_web_10_a_film_of_empty_boxes_without_end_is_refused() {
        let empty = |count: usize| [film(), boxed(b"free", b"").repeat(count)].concat();
        assert!(run(&empty(1_000)).0.is_ok());
        assert!(matches!(run(&empty(BOXES)).0, Err(Error::Invalid { .. })));
    }

    #[test]
    fn sec_web_07_broken_and_foreign_files_are_refused() {
        let whole = film();
        for bytes in
            [&whole[..whole.len() - 3], &whole[..40], b"#!/bin/sh\n", b"\x1A\x45\xDF\xA3matroska", b"PK\x03\x04"]
        {
            assert!(matches!(run(bytes).0, Err(Error::Invalid { .. })));
        }
        assert_eq!(run(b"ID3\x04rest").0.unwrap().mime, "audio/mpeg");
        assert_eq!(run(b"OggS\0rest").0.unwrap().kind, Kind::Audio);
    }

    #[test]
    fn a_webm_file_of_sound_alone_is_no_film() {
        let webm = |tracks: &str| [b"\x1A\x45\xDF\xA3\x42\x82\x84webm".as_slice(), tracks.as_bytes()].concat();
        for (tracks, mime) in [
            ("\u{6}A_OPUS", "audio/webm"),
            ("\u{8}A_VORBIS", "audio/webm"),
            ("\u{5}V_VP9 \u{6}A_OPUS", "video/webm"),
            ("\u{5}V_AV1", "video/webm"),
            ("nothing is said", "video/webm"),
        ] {
            let done = run(&webm(tracks)).0.unwrap();
            assert_eq!(
                (done.mime, done.kind == Kind::Audio, done.small.is_none()),
                (mime, mime == "audio/webm", mime == "audio/webm")
            );
        }
    }
}
