//! The colours of a picture, for clients that paint what is around it: the background it fades into, a foreground that can
//! be read on that, and an accent.

use std::fmt;

/// Three colours of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colours {
    /// The most frequent one at the edge.
    pub background: [u8; 3],
    /// One of the picture that stands out from the background, else black or white.
    pub foreground: [u8; 3],
    /// The most colourful one that can be told from the background, else the foreground.
    pub accent: [u8; 3],
}

/// Contrast that a text needs at least, and one that is seen at all (WCAG 2.2, 1.4.3 and 1.4.11).
const READABLE: f64 = 4.5;
const SEEN: f64 = 3.0;
/// Colours that are looked at, the most frequent ones.
const PALETTE: usize = 12;

impl Colours {
    /// Of the pixels of a picture, row by row; meant for a few hundred.
    pub fn of(pixels: &[[u8; 3]], width: usize) -> Self {
        let height = pixels.len() / width.max(1);
        let at_edge = |n: usize| {
            let (x, y) = (n % width.max(1), n / width.max(1));
            x == 0 || y == 0 || x + 1 == width || y + 1 == height
        };
        let edge = pixels.iter().enumerate().filter(|(n, _)| at_edge(*n)).map(|(_, pixel)| *pixel);
        let background = palette(edge).first().copied().unwrap_or([0; 3]);
        let palette = palette(pixels.iter().copied());
        let apart = |colour: &[u8; 3]| contrast(*colour, background);
        let best = palette.iter().max_by(|a, b| apart(a).total_cmp(&apart(b)));
        let foreground = match best {
            Some(colour) if apart(colour) >= READABLE => *colour,
            _ if contrast([255; 3], background) >= contrast([0; 3], background) => [255; 3],
            _ => [0; 3],
        };
        let accent = palette.iter().filter(|colour| apart(colour) >= SEEN).max_by_key(|colour| chroma(**colour));
        Self { background, foreground, accent: accent.copied().unwrap_or(foreground) }
    }
}

impl fmt::Display for Colours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, [red, green, blue]) in [self.background, self.foreground, self.accent].into_iter().enumerate() {
            if n > 0 {
                f.write_str(",")?;
            }
            write!(f, "#{red:02x}{green:02x}{blue:02x}")?;
        }
        Ok(())
    }
}

/// How far the strongest channel is above the weakest.
fn chroma([red, green, blue]: [u8; 3]) -> u8 {
    red.max(green).max(blue) - red.min(green).min(blue)
}

/// The most frequent colours, where colours that differ little are one: their mean.
fn palette(pixels: impl Iterator<Item = [u8; 3]>) -> Vec<[u8; 3]> {
    // Eight steps to each channel.
    let mut drawers: std::collections::BTreeMap<[u8; 3], ([u64; 3], u64)> = std::collections::BTreeMap::new();
    for pixel in pixels {
        let (sums, count) = drawers.entry(pixel.map(|channel| channel >> 5)).or_default();
        for (sum, channel) in sums.iter_mut().zip(pixel) {
            *sum += u64::from(channel);
        }
        *count += 1;
    }
    let mut drawers: Vec<([u64; 3], u64)> = drawers.into_values().collect();
    drawers.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mean = |(sums, count): ([u64; 3], u64)| sums.map(|sum| u8::try_from(sum / count).unwrap_or(u8::MAX));
    drawers.into_iter().take(PALETTE).map(mean).collect()
}

/// The contrast of two colours, from 1 to 21 (WCAG 2.2).
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Relative luminance, from 0 to 1 (WCAG 2.2).
fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|channel| {
        let part = f64::from(channel) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of one colour, and a field of others in it.
    fn framed(frame: [u8; 3], field: &[[u8; 3]]) -> Vec<[u8; 3]> {
        let inside = |n: usize| (2..14).contains(&(n % 16)) && (2..14).contains(&(n / 16));
        (0..256).map(|n| if inside(n) { field[n % field.len()] } else { frame }).collect()
    }

    #[test]
    fn the_background_is_what_is_at_the_edge_and_the_rest_stands_out_from_it() {
        let (dark, pale, red) = ([16, 16, 24], [240, 240, 230], [230, 30, 40]);
        let seen = Colours::of(&framed(dark, &[pale, pale, red]), 16);
        assert_eq!(seen, Colours { background: dark, foreground: pale, accent: red });
        assert_eq!(seen.to_string(), "#101018,#f0f0e6,#e61e28");
    }

    #[test]
    fn what_cannot_be_read_on_the_background_is_black_or_white() {
        for (all, foreground) in [([200, 200, 200], [0; 3]), ([30, 30, 30], [255; 3])] {
            let seen = Colours::of(&framed(all, &[all.map(|c| c + 8)]), 16);
            assert_eq!((seen.foreground, seen.accent), (foreground, foreground), "{all:?}");
        }
        assert_eq!(Colours::of(&[], 0).background, [0; 3]);
        assert_eq!(Colours::of(&[[9, 9, 9]], 1).background, [9, 9, 9]);
    }

    #[test]
    fn contrasts_are_those_of_the_standard() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        assert!((contrast([119; 3], [255; 3]) - 4.48).abs() < 0.01);
    }
}
