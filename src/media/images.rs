//! Pictures: limits looked at before decoding, turned upright, scaled, written anew without any metadata (WEB-07,
//! WEB-10, WEB-11), with a small version and a blurhash. Only pure Rust decoders see foreign bytes.

use super::{Encoded, Kind, Processed, colours::Colours, gif, unusable};
use crate::{Error, Result, limits};
use fast_image_resize::{
    FilterType, IntoImageView, IntoImageViewMut, PixelTrait, ResizeAlg, ResizeOptions, Resizer,
    pixels::{U8x3, U8x4},
};
use image::{
    DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};
use std::io::Cursor;

/// Bytes a decoder may allocate, and a decoded picture have: of sixteen bits a channel the same pixels are twice as much.
const DECODER_BYTES: u64 = 512 * 1024 * 1024;
/// Bytes a decoder of PNG may allocate for what is beside the picture, and not as long as the file: a colour profile of
/// some hundred kilobytes unpacks to hundreds of megabytes (WEB-10).
const PNG_NOTES: u64 = 8 * 1024 * 1024;
/// Pixels of a small version (640 x 360).
const SMALL_PIXELS: u64 = 230_400;
/// Sides of an avatar and of a header.
const AVATAR: (u32, u32) = (400, 400);
const HEADER: (u32, u32) = (1500, 500);

/// The format, by the first bytes; `None` when it is no picture that we take.
pub fn recognise(head: &[u8]) -> Option<ImageFormat> {
    match image::guess_format(head).ok()? {
        format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::Gif | ImageFormat::WebP) => Some(format),
        _ => None,
    }
}

/// The content type of a picture that no decoder in here reads: AVIF and HEIC, by the brands they begin with.
pub fn foreign(head: &[u8]) -> Option<&'static str> {
    if head.get(4..8)? != b"ftyp" {
        return None;
    }
    let size = u32::from_be_bytes(head.get(..4)?.try_into().ok()?) as usize;
    let brands = head.get(8..size.min(head.len()))?.chunks_exact(4);
    // Behind the first brand stand four bytes that are none.
    let mut all = brands.enumerate().filter(|(n, _)| *n != 1).map(|(_, brand)| brand);
    let first = all.next()?;
    let kind = |brand: &[u8]| match brand {
        b"avif" | b"avis" => Some("image/avif"),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => Some("image/heic"),
        _ => None,
    };
    // These two only say that it is a picture; the others say which.
    if matches!(first, b"mif1" | b"msf1") { all.find_map(kind) } else { kind(first) }
}

/// A decoded picture, upright.
struct Decoded {
    image: DynamicImage,
    format: ImageFormat,
    profile: Option<Vec<u8>>,
}

/// A decoder that has read the header and no pixel yet.
fn decoder(bytes: &[u8], format: ImageFormat) -> image::ImageResult<impl ImageDecoder> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut allowed = image::Limits::default();
    allowed.max_alloc = Some(match format {
        // The pixels are not among what this decoder counts. A profile that is too large is left out, and a note counts by
        // its length in the file, some times over.
        ImageFormat::Png => (bytes.len() as u64).saturating_mul(4).saturating_add(PNG_NOTES),
        _ => DECODER_BYTES,
    });
    reader.limits(allowed);
    reader.into_decoder()
}

fn decode(bytes: &[u8], pixels: u64) -> Result<Decoded> {
    let format = recognise(bytes).ok_or_else(|| unusable("is not a picture of a known kind"))?;
    let broken = |_| unusable("type cannot be verified: it cannot be read as a picture");
    let mut decoder = decoder(bytes, format).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let too_many = u64::from(width) * u64::from(height) > pixels || decoder.total_bytes() > DECODER_BYTES;
    if width == 0 || height == 0 || too_many {
        return Err(unusable("has too many pixels"));
    }
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten().filter(|p| p.len() <= 512 * 1024);
    let mut image = DynamicImage::from_decoder(decoder).map_err(broken)?;
    image.apply_orientation(orientation);
    Ok(Decoded { image: eight_bits(image), format, profile })
}

/// Eight bits a channel, and no alpha channel where nothing is transparent.
fn eight_bits(image: DynamicImage) -> DynamicImage {
    let image = match image {
        DynamicImage::ImageRgb8(_) | DynamicImage::ImageRgba8(_) => image,
        other if other.color().has_alpha() => DynamicImage::ImageRgba8(other.into_rgba8()),
        other => DynamicImage::ImageRgb8(other.into_rgb8()),
    };
    match image {
        DynamicImage::ImageRgba8(pixels) if pixels.as_raw().chunks_exact(4).all(|p| p.last() == Some(&255)) => {
            DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(pixels).into_rgb8())
        }
        other => other,
    }
}

/// An attachment: the picture itself (at most 4096 pixels a side), a small version, a blurhash. Animated GIFs keep
/// their frames; other animations keep the first.
///
/// # Errors
/// `Invalid` when the bytes are no picture, broken, or more than `pixels` pixels.
pub fn attachment(bytes: &[u8], pixels: u64) -> Result<Processed> {
    let decoded = decode(bytes, pixels)?;
    let small = fit(&decoded.image, SMALL_PIXELS)?;
    let (blurhash, colours) = impression(&small)?;
    let small = encode_small(&small)?;
    let animated = if decoded.format == ImageFormat::Gif { gif::clean(bytes)?.filter(|g| g.frames > 1) } else { None };
    let original = match animated {
        Some(gif) => Encoded {
            mime: "image/gif",
            extension: "gif",
            bytes: gif.bytes,
            width: decoded.image.width(),
            height: decoded.image.height(),
        },
        None => encode(bounded(decoded.image, limits::IMAGE_SIDE)?, decoded.format, decoded.profile)?,
    };
    Ok(Processed {
        kind: Kind::Image,
        mime: original.mime,
        extension: original.extension,
        width: original.width,
        height: original.height,
        original: Some(original.bytes),
        duration_ms: None,
        small: Some(small),
        blurhash: Some(blurhash),
        colours: Some(colours),
    })
}

/// As [`attachment`], of a picture that came through PNG only: kept as JPEG where nothing is transparent.
///
/// # Errors
/// As [`attachment`].
pub fn converted(png: &[u8], pixels: u64) -> Result<Processed> {
    let decoded = decode(png, pixels)?;
    let small = fit(&decoded.image, SMALL_PIXELS)?;
    let (blurhash, colours) = impression(&small)?;
    let small = encode_small(&small)?;
    let format = if decoded.image.color().has_alpha() { ImageFormat::Png } else { ImageFormat::Jpeg };
    let original = encode(bounded(decoded.image, limits::IMAGE_SIDE)?, format, decoded.profile)?;
    Ok(Processed {
        kind: Kind::Image,
        mime: original.mime,
        extension: original.extension,
        width: original.width,
        height: original.height,
        original: Some(original.bytes),
        duration_ms: None,
        small: Some(small),
        blurhash: Some(blurhash),
        colours: Some(colours),
    })
}

/// What a profile picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Portrait {
    /// 400 x 400.
    Avatar,
    /// 1500 x 500.
    Header,
}

/// An avatar or header, cut to its shape around the middle. Animations keep the first frame.
///
/// # Errors
/// As [`attachment`].
pub fn portrait(bytes: &[u8], portrait: Portrait) -> Result<Encoded> {
    if bytes.len() > limits::IMAGE_BYTES {
        return Err(Error::TooLarge("The picture is too large".into()));
    }
    portrait_of_any_size(bytes, portrait)
}

/// As [`portrait`], of bytes that did not come from anybody: a PNG is larger than what it was made of.
///
/// # Errors
/// As [`attachment`].
pub fn portrait_of_any_size(bytes: &[u8], portrait: Portrait) -> Result<Encoded> {
    let decoded = decode(bytes, limits::IMAGE_PIXELS)?;
    let (width, height) = match portrait {
        Portrait::Avatar => AVATAR,
        Portrait::Header => HEADER,
    };
    // A smaller picture is not blown up, only cut to the right shape.
    let (w, h) = (decoded.image.width(), decoded.image.height());
    let scale = (f64::from(w) / f64::from(width)).min(f64::from(h) / f64::from(height)).min(1.0);
    let side = |n: u32| ((f64::from(n) * scale).round() as u32).max(1);
    let image = resize(&decoded.image, side(width), side(height), true)?;
    match decoded.format {
        ImageFormat::Jpeg => encode(image, ImageFormat::Jpeg, decoded.profile),
        _ => encode_small(&image),
    }
}

/// The picture of an emoji: as small as it needs to be, animated GIFs with their frames.
///
/// # Errors
/// As [`attachment`].
pub fn emoji(bytes: &[u8]) -> Result<Encoded> {
    if bytes.len() > limits::EMOJI_BYTES {
        return Err(Error::TooLarge("The picture of an emoji has at most 256 KiB".into()));
    }
    small_as_an_emoji(bytes)
}

/// As [`emoji`], of another server, which may allow larger ones than this node.
///
/// # Errors
/// As [`attachment`].
pub fn remote_emoji(bytes: &[u8]) -> Result<Encoded> {
    if bytes.len() > limits::REMOTE_EMOJI_BYTES {
        return Err(Error::TooLarge("The picture of an emoji is too large".into()));
    }
    small_as_an_emoji(bytes)
}

fn small_as_an_emoji(bytes: &[u8]) -> Result<Encoded> {
    let decoded = decode(bytes, EMOJI_PIXELS)?;
    let (width, height) = (decoded.image.width(), decoded.image.height());
    let animated = if decoded.format == ImageFormat::Gif { gif::clean(bytes)?.filter(|g| g.frames > 1) } else { None };
    match animated {
        Some(gif) => Ok(Encoded { mime: "image/gif", extension: "gif", bytes: gif.bytes, width, height }),
        None => encode(bounded(decoded.image, limits::EMOJI_SIDE)?, ImageFormat::Png, None),
    }
}

/// Pixels that the picture of an emoji may declare.
pub(super) const EMOJI_PIXELS: u64 = 2_048 * 2_048;

/// A neutral preview for films, whose frames we do not decode: some clients drop films without a preview.
pub fn film_preview(width: u32, height: u32) -> Result<Encoded> {
    let (width, height) = if width == 0 || height == 0 { (640, 360) } else { (width, height) };
    let scale = (640.0 / f64::from(width.max(height))).min(1.0);
    let w = ((f64::from(width) * scale) as u32).max(16);
    let h = ((f64::from(height) * scale) as u32).max(16);
    let side = f64::from(w.min(h)) / 5.0;
    let mut image = image::RgbImage::new(w, h);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let (dx, dy) = (f64::from(x) - f64::from(w) / 2.0, (f64::from(y) - f64::from(h) / 2.0).abs());
        let inside = dx > -side / 2.0 && dy < (side - dx - side / 2.0) * 0.6;
        *pixel = if inside { image::Rgb([225, 228, 235]) } else { image::Rgb([52, 56, 66]) };
    }
    encode_small(&DynamicImage::ImageRgb8(image))
}

fn bounded(image: DynamicImage, side: u32) -> Result<DynamicImage> {
    let longer = image.width().max(image.height());
    if longer <= side {
        return Ok(image);
    }
    let scale = f64::from(side) / f64::from(longer);
    let scaled = |n: u32| ((f64::from(n) * scale).round() as u32).clamp(1, side);
    resize(&image, scaled(image.width()), scaled(image.height()), false)
}

/// At most so many pixels, same shape.
fn fit(image: &DynamicImage, pixels: u64) -> Result<DynamicImage> {
    let area = u64::from(image.width()) * u64::from(image.height());
    if area <= pixels {
        return Ok(image.clone());
    }
    let scale = (pixels as f64 / area as f64).sqrt();
    let scaled = |n: u32| ((f64::from(n) * scale).round() as u32).clamp(1, limits::IMAGE_SIDE);
    resize(image, scaled(image.width()), scaled(image.height()), false)
}

fn resize(image: &DynamicImage, width: u32, height: u32, crop: bool) -> Result<DynamicImage> {
    if (image.width(), image.height()) == (width, height) {
        return Ok(image.clone());
    }
    let mut options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    if crop {
        options = options.fit_into_destination(Some((0.5, 0.5)));
    }
    let mut out = match image.color().has_alpha() {
        true => DynamicImage::new_rgba8(width, height),
        false => DynamicImage::new_rgb8(width, height),
    };
    match out {
        DynamicImage::ImageRgba8(_) => scale::<U8x4>(image, &mut out, &options)?,
        _ => scale::<U8x3>(image, &mut out, &options)?,
    }
    Ok(out)
}

/// The scaler for one kind of pixel: there are two kinds here (`eight_bits`), and asked for any it brings thirteen along.
fn scale<P: PixelTrait>(from: &DynamicImage, to: &mut DynamicImage, options: &ResizeOptions) -> Result<()> {
    let (Some(from), Some(mut to)) = (from.image_view::<P>(), to.image_view_mut::<P>()) else {
        return Err(Error::internal("a picture is scaled to another kind of pixel"));
    };
    Resizer::new().resize_typed(&from, &mut to, options).map_err(Error::internal)
}

fn encode(image: DynamicImage, format: ImageFormat, profile: Option<Vec<u8>>) -> Result<Encoded> {
    let (width, height) = (image.width(), image.height());
    let mut bytes = Vec::new();
    let (mime, extension) = match format {
        ImageFormat::Jpeg => {
            let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
            if let Some(profile) = profile {
                // A profile that does not fit is left out; the picture is shown all the same.
                let _ = encoder.set_icc_profile(profile);
            }
            image.into_rgb8().write_with_encoder(encoder).map_err(Error::internal)?;
            ("image/jpeg", "jpg")
        }
        ImageFormat::WebP => {
            bytes = webp_bytes(&image, 85.0)?;
            ("image/webp", "webp")
        }
        _ => {
            let mut encoder = PngEncoder::new(&mut bytes);
            if let Some(profile) = profile {
                let _ = encoder.set_icc_profile(profile);
            }
            image.write_with_encoder(encoder).map_err(Error::internal)?;
            ("image/png", "png")
        }
    };
    Ok(Encoded { mime, extension, bytes, width, height })
}

/// Small versions: JPEG, or WebP where something is transparent.
fn encode_small(image: &DynamicImage) -> Result<Encoded> {
    let (width, height) = (image.width(), image.height());
    if image.color().has_alpha() {
        return Ok(Encoded { mime: "image/webp", extension: "webp", bytes: webp_bytes(image, 80.0)?, width, height });
    }
    let mut bytes = Vec::new();
    image.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 82)).map_err(Error::internal)?;
    Ok(Encoded { mime: "image/jpeg", extension: "jpg", bytes, width, height })
}

fn webp_bytes(image: &DynamicImage, quality: f32) -> Result<Vec<u8>> {
    let rgba = image.to_rgba8();
    let encoded = webp::Encoder::from_rgba(rgba.as_raw(), rgba.width(), rgba.height()).encode_simple(false, quality);
    encoded.map(|memory| memory.to_vec()).map_err(|e| Error::internal(format!("webp: {e:?}")))
}

/// The blurhash of a picture, and its colours.
fn impression(image: &DynamicImage) -> Result<(String, Colours)> {
    let tiny = fit(image, 1024)?.into_rgb8();
    let (width, height) = (tiny.width() as usize, tiny.height() as usize);
    let (x, y) = if width >= height { (4, 3) } else { (3, 4) };
    let pixels: Vec<[u8; 3]> = tiny.pixels().map(|p| p.0).collect();
    let colours = Colours::of(&pixels, width);
    Ok((fast_blurhash::compute_dct(&pixels, width, height, x, y).into_blurhash(), colours))
}

/// Pixels that a picture declares; 0 when its header cannot be read.
pub fn pixels(bytes: &[u8]) -> u64 {
    let reader = recognise(bytes).map(|format| ImageReader::with_format(Cursor::new(bytes), format));
    let size = reader.and_then(|reader| reader.into_dimensions().ok());
    size.map_or(0, |(width, height)| u64::from(width) * u64::from(height))
}

/// Whether this is a blurhash a client can draw (POST-09): its length must fit the components its first digit names.
pub fn blurhash_is_sound(hash: &str) -> bool {
    const DIGITS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
    let Some(size) = hash.chars().next().and_then(|c| DIGITS.find(c)) else { return false };
    hash.len() == 4 + 2 * (size % 9 + 1) * (size / 9 + 1) && hash.chars().all(|c| DIGITS.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32, alpha: bool) -> Vec<u8> {
        let mut image = image::RgbaImage::new(width, height);
        for (x, y, p) in image.enumerate_pixels_mut() {
            *p = image::Rgba([(x % 256) as u8, (y % 256) as u8, 90, if alpha && x < 2 { 0 } else { 255 }]);
        }
        let mut out = Cursor::new(Vec::new());
        image.write_to(&mut out, ImageFormat::Png).unwrap();
        out.into_inner()
    }

    /// A JPEG, lying on its side by EXIF orientation 6, with a position and an author in its metadata.
    pub(crate) fn jpeg_with_exif(width: u32, height: u32) -> Vec<u8> {
        let mut plain = Vec::new();
        image::RgbImage::from_fn(width, height, |x, _| image::Rgb([(x % 256) as u8, 10, 200]))
            .write_with_encoder(JpegEncoder::new(&mut plain))
            .unwrap();
        let mut tiff =
            b"II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x3b\x01\x02\0\x0c\0\0\0\x26\0\0\0\0\0\0\0"
                .to_vec();
        tiff.extend_from_slice(b"SecretPlace\0");
        let mut exif = b"Exif\0\0".to_vec();
        exif.extend_from_slice(&tiff);
        let mut out = plain[..2].to_vec();
        out.extend_from_slice(&[0xFF, 0xE1]);
        out.extend_from_slice(&((exif.len() + 2) as u16).to_be_bytes());
        out.extend_from_slice(&exif);
        out.extend_from_slice(&plain[2..]);
        out
    }

    #[test]
    fn sec_web_11_metadata_goes_and_the_picture_stands_upright() {
        let done = attachment(&jpeg_with_exif(80, 40), limits::IMAGE_PIXELS).unwrap();
        assert_eq!((done.width, done.height, done.mime), (40, 80, "image/jpeg"));
        let bytes = done.original.unwrap();
        let has = |needle: &[u8]| bytes.windows(needle.len()).any(|w| w == needle);
        assert!(!has(b"Exif") && !has(b"SecretPlace"));
        assert!(blurhash_is_sound(&done.blurhash.unwrap()));
        let face = portrait(&jpeg_with_exif(900, 400), Portrait::Avatar).unwrap();
        assert_eq!((face.width, face.height), (400, 400));
        assert!(!face.bytes.windows(11).any(|w| w == b"SecretPlace"));
    }

    #[test]
    fn small_versions_fit_and_keep_transparency() {
        let done = attachment(&png(1600, 900, true), limits::IMAGE_PIXELS).unwrap();
        assert_eq!((done.width, done.height, done.mime), (1600, 900, "image/png"));
        let small = done.small.unwrap();
        assert_eq!((small.width, small.height, small.mime), (640, 360, "image/webp"));
        let opaque = attachment(&png(64, 32, false), limits::IMAGE_PIXELS).unwrap();
        assert_eq!(opaque.small.unwrap().mime, "image/jpeg");
        assert_eq!(bounded(DynamicImage::new_rgb8(5000, 10), limits::IMAGE_SIDE).unwrap().width(), 4096);
    }

    #[test]
    fn sec_web_10_pixel_bombs_are_refused_by_their_header() {
        // A PNG header that declares 40,000 x 40,000 pixels, and nothing behind it.
        let mut bomb = png(1, 1, false);
        bomb[16..24].copy_from_slice(&[0, 0, 0x9C, 0x40, 0, 0, 0x9C, 0x40]);
        assert!(matches!(attachment(&bomb, limits::IMAGE_PIXELS), Err(Error::Invalid { .. })));
        assert!(attachment(&png(100, 100, false), 9_999).is_err());
    }

    fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let body = [kind.as_slice(), content].concat();
        let mut sum = flate2::Crc::new();
        sum.update(&body);
        let length = (content.len() as u32).to_be_bytes();
        [length.as_slice(), body.as_slice(), sum.sum().to_be_bytes().as_slice()].concat()
    }

    /// A PNG with a chunk of this kind behind its header.
    fn with_chunk(png: &[u8], kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        // Eight bytes of signature, and the header with its length, kind and checksum.
        let (head, rest) = png.split_at(33);
        [head, chunk(kind, content).as_slice(), rest].concat()
    }

    #[test]
    fn sec_web_10_what_a_picture_takes_in_memory_counts_and_not_its_pixels_alone() {
        // 9990 pixels a side, four channels of sixteen bits.
        let header = chunk(b"IHDR", &[0, 0, 0x27, 0x06, 0, 0, 0x27, 0x06, 16, 6, 0, 0, 0]);
        let picture = [b"\x89PNG\r\n\x1a\n".as_slice(), header.as_slice(), chunk(b"IDAT", b"").as_slice()].concat();
        let why = attachment(&picture, limits::REMOTE_IMAGE_PIXELS).unwrap_err().to_string();
        assert!(why.contains("too many pixels"), "{why}");
    }

    #[test]
    fn sec_web_10_a_colour_profile_that_unpacks_to_megabytes_is_left_out() {
        let profile_of = |length: usize| {
            let mut packed = flate2::write::ZlibEncoder::new(b"a\0\0".to_vec(), flate2::Compression::fast());
            std::io::Write::write_all(&mut packed, &vec![0; length]).unwrap();
            with_chunk(&png(8, 8, false), b"iCCP", &packed.finish().unwrap())
        };
        let kept = |bytes: &[u8]| decoder(bytes, ImageFormat::Png).unwrap().icc_profile().unwrap().map(|p| p.len());
        assert_eq!(kept(&profile_of(3_000)), Some(3_000));
        let bomb = profile_of(16 * 1024 * 1024);
        assert!(bomb.len() < 256 * 1024, "{}", bomb.len());
        assert_eq!(kept(&bomb), None);
        // The picture itself is as good as any.
        assert_eq!(attachment(&bomb, limits::IMAGE_PIXELS).unwrap().width, 8);
        // Long notes are no reason to refuse it either.
        let mut note = b"Comment\0".to_vec();
        note.resize(12 << 20, b'a');
        let noted = with_chunk(&png(8, 8, false), b"tEXt", &note);
        assert_eq!(attachment(&noted, limits::IMAGE_PIXELS).unwrap().width, 8);
    }

    #[test]
    fn sec_web_07_what_is_no_picture_is_refused() {
        for bytes in [
            &b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..],
            b"%PDF-1.7",
            b"<html>",
            b"",
            b"\x89PNG\r\n\x1a\n",
            b"GIF89a",
        ] {
            assert!(matches!(attachment(bytes, limits::IMAGE_PIXELS), Err(Error::Invalid { .. })));
        }
        let mut cut = png(60, 60, false);
        cut.truncate(cut.len() / 2);
        assert!(attachment(&cut, limits::IMAGE_PIXELS).is_err());
        // A polyglot keeps nothing of what stands behind the picture.
        let mut polyglot = png(8, 8, false);
        polyglot.extend_from_slice(b"<script>alert(1)</script>");
        let done = attachment(&polyglot, limits::IMAGE_PIXELS).unwrap().original.unwrap();
        assert!(!done.windows(7).any(|w| w == b"<script"));
    }

    #[test]
    fn blurhashes_are_checked() {
        assert!(blurhash_is_sound("LlMF%n00%#MwS|WCWEM{R*bbWBbH"));
        assert!(!blurhash_is_sound("LlMF%n00%#MwS|WCWEM{R*bbWBb") && !blurhash_is_sound("") && !blurhash_is_sound("é"));
        let preview = film_preview(1920, 1080).unwrap();
        assert_eq!((preview.width, preview.height), (640, 360));
    }
}
