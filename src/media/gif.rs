//! Animated GIFs keep their frames without being decoded and compressed again, which would cost quality and seconds:
//! the file is taken apart and put together from image and timing blocks only, so comments, foreign application data
//! and anything behind the end are gone.

use super::unusable;
use crate::{Result, limits};

/// A GIF made of nothing but pictures.
pub struct Gif {
    /// The file.
    pub bytes: Vec<u8>,
    /// Pictures in it.
    pub frames: usize,
}

/// Reads bytes; refuses to go past the end.
struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Cursor<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let end = self.at.checked_add(count)?;
        let part = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(part)
    }
    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }
    /// A chain of sub-blocks with its end mark.
    fn blocks(&mut self) -> Option<&'b [u8]> {
        let from = self.at;
        loop {
            match self.byte()? {
                0 => return self.bytes.get(from..self.at),
                length => self.take(usize::from(length))?,
            };
        }
    }
}

/// The file again, of its pictures only. `None` when it holds no picture.
///
/// # Errors
/// `Invalid` when it is broken or has more than [`limits::FRAMES`] pictures.
pub fn clean(bytes: &[u8]) -> Result<Option<Gif>> {
    let gif = read(bytes).ok_or_else(|| unusable("is a broken animation"))?;
    if gif.frames > limits::FRAMES {
        return Err(unusable("has too many frames"));
    }
    Ok((gif.frames > 0).then_some(gif))
}

fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn read(bytes: &[u8]) -> Option<Gif> {
    let mut from = Cursor { bytes, at: 0 };
    let head = from.take(13)?;
    if !(head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a")) {
        return None;
    }
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(b"GIF89a");
    out.extend_from_slice(head.get(6..)?);
    out.extend_from_slice(from.take(colours(*head.get(10)?))?);
    let mut frames = 0;
    while frames <= limits::FRAMES {
        match from.byte()? {
            0x21 => {
                let label = from.byte()?;
                let body = from.blocks()?;
                // Timing, and how often the animation runs.
                if label == 0xF9 || (label == 0xFF && body.get(1..12) == Some(b"NETSCAPE2.0") && body.len() == 17) {
                    out.extend_from_slice(&[0x21, label]);
                    out.extend_from_slice(body);
                }
            }
            0x2C => {
                let place = from.take(9)?;
                out.push(0x2C);
                out.extend_from_slice(place);
                out.extend_from_slice(from.take(colours(*place.last()?))?);
                out.push(from.byte().filter(|bits| *bits <= 11)?);
                out.extend_from_slice(from.blocks()?);
                frames += 1;
            }
            0x3B => break,
            _ => return None,
        }
    }
    out.push(0x3B);
    Some(Gif { bytes: out, frames })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Delay, Frame, RgbaImage, codecs::gif::GifEncoder};

    fn animation(frames: u8) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = GifEncoder::new_with_speed(&mut out, 30);
        encoder.set_repeat(image::codecs::gif::Repeat::Infinite).unwrap();
        for n in 0..frames {
            let picture = RgbaImage::from_pixel(6, 4, image::Rgba([n * 40, 10, 10, 255]));
            encoder.encode_frame(Frame::from_parts(picture, 0, 0, Delay::from_numer_denom_ms(100, 1))).unwrap();
        }
        drop(encoder);
        out
    }

    #[test]
    fn sec_web_07_animations_lose_comments_and_tails() {
        let mut bytes = animation(3);
        bytes.pop();
        bytes.extend_from_slice(b"\x21\xFE\x0bSecretPlace\0\x3b<script>alert(1)</script>");
        let gif = clean(&bytes).unwrap().unwrap();
        assert_eq!(gif.frames, 3);
        assert!(!gif.bytes.windows(11).any(|w| w == b"SecretPlace") && gif.bytes.ends_with(&[0x3B]));
        let done = super::super::images::attachment(&bytes, limits::IMAGE_PIXELS).unwrap();
        assert_eq!((done.mime, done.width, done.height), ("image/gif", 6, 4));
        assert_eq!(done.original.as_deref(), Some(&gif.bytes[..]));
        // One picture is not an animation.
        assert_eq!(super::super::images::attachment(&animation(1), limits::IMAGE_PIXELS).unwrap().mime, "image/png");
    }

    #[test]
    fn sec_web_10_endless_animations_are_refused() {
        let one = animation(1);
        let start = one.iter().rposition(|b| *b == 0x2C).unwrap();
        let (head, frame) = (&one[..start], &one[start..one.len() - 1]);
        let mut many = head.to_vec();
        for _ in 0..=limits::FRAMES {
            many.extend_from_slice(frame);
        }
        many.push(0x3B);
        assert!(clean(&many).is_err());
        for length in 0..one.len() - 1 {
            assert!(clean(&one[..length]).is_err());
        }
    }
}
