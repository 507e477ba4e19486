//! Bodies, read as a stream with their limits: bytes after decompression, ratio, deadline (NET-13 to NET-15).

use super::{failure::Failure, pace::Slot};
use crate::limits;
use flate2::write::GzDecoder;
use http_body_util::BodyExt;
use hyper::{
    HeaderMap, StatusCode,
    body::{Bytes, Incoming},
    header,
};
use std::io::Write;
use tokio::time::Instant;
use url::Url;

/// An answer whose body is still on its way. Holds its place in the line until dropped.
pub struct Opened {
    /// The status line.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The URL that answered, after redirects.
    pub url: Url,
    pub(super) body: Incoming,
    pub(super) deadline: Instant,
    pub(super) pause: Option<std::time::Duration>,
    pub(super) limit: usize,
    /// What is behind the limit is left, and no failure.
    pub(super) cut: bool,
    pub(super) _slot: Slot,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status line.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The URL that answered, after redirects.
    pub url: Url,
    /// The body, decompressed.
    pub body: Bytes,
}

impl Answer {
    /// A header as text; empty when absent or not ASCII.
    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

impl Opened {
    /// A header as text; empty when absent or not ASCII.
    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The next bytes as they stand on the wire; none at the end. For bodies that were asked for unencoded.
    ///
    /// # Errors
    /// [`Failure::TooLarge`], [`Failure::TimedOut`], [`Failure::Unreachable`] when the connection broke.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let until = self.pause.map_or(self.deadline, |pause| self.deadline.min(Instant::now() + pause));
            let frame = tokio::time::timeout_at(until, self.body.frame()).await;
            let Some(frame) = frame.map_err(|_| Failure::TimedOut)? else { return Ok(None) };
            let frame = frame.map_err(|e| Failure::Unreachable(e.to_string()))?;
            if let Ok(data) = frame.into_data() {
                match self.limit.checked_sub(data.len()) {
                    Some(left) => self.limit = left,
                    None if self.cut => {
                        let rest = data.slice(..std::mem::take(&mut self.limit));
                        return Ok(Some(rest).filter(|rest| !rest.is_empty()));
                    }
                    None => return Err(Failure::TooLarge),
                }
                return Ok(Some(data));
            }
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// As [`Opened::chunk`], and [`Failure::Nonsense`] for an encoding nobody asked for.
    pub async fn finish(mut self) -> Result<Answer, Failure> {
        let limit = self.limit;
        let declared = self.header(header::CONTENT_LENGTH).parse::<u64>().unwrap_or_default();
        if declared > limit as u64 && !self.cut {
            return Err(Failure::TooLarge);
        }
        let body = match encoding(&self.headers)? {
            Encoding::Identity => {
                let mut body = Vec::with_capacity(usize::try_from(declared).unwrap_or_default().min(64 * 1024));
                while let Some(chunk) = self.chunk().await? {
                    body.extend_from_slice(&chunk);
                }
                body
            }
            Encoding::Gzip => {
                let mut inflater = Inflater::new(limit);
                while let Some(chunk) = self.chunk().await? {
                    match inflater.push(&chunk) {
                        Err(Failure::TooLarge) if self.cut && inflater.is_honest() => {
                            self.limit = 0;
                            break;
                        }
                        other => other?,
                    }
                }
                // Cut at the limit, on the wire or behind it.
                if self.cut && self.limit == 0 { inflater.beginning() } else { inflater.finish()? }
            }
        };
        Ok(Answer { status: self.status, headers: self.headers, url: self.url, body: body.into() })
    }
}

enum Encoding {
    Identity,
    Gzip,
}

/// One layer of gzip or none; everything else was not asked for (NET-15).
fn encoding(headers: &HeaderMap) -> Result<Encoding, Failure> {
    let mut found = Encoding::Identity;
    let values = headers.get_all(header::CONTENT_ENCODING).iter().filter_map(|v| v.to_str().ok());
    for (nth, coding) in values.flat_map(|v| v.split(',')).map(str::trim).filter(|c| !c.is_empty()).enumerate() {
        found = match coding.to_ascii_lowercase().as_str() {
            "identity" if nth == 0 => Encoding::Identity,
            "gzip" | "x-gzip" if nth == 0 => Encoding::Gzip,
            _ => return Err(Failure::Nonsense("content encoding".into())),
        };
    }
    Ok(found)
}

/// True when the body stands on the wire as it is.
pub(super) fn is_plain(headers: &HeaderMap) -> bool {
    matches!(encoding(headers), Ok(Encoding::Identity))
}

/// Decompresses in small steps and looks at limit and ratio after each.
struct Inflater {
    decoder: GzDecoder<Vec<u8>>,
    read: usize,
    limit: usize,
}

impl Inflater {
    fn new(limit: usize) -> Self {
        Self { decoder: GzDecoder::new(Vec::new()), read: 0, limit }
    }

    fn push(&mut self, data: &[u8]) -> Result<(), Failure> {
        // A kilobyte of gzip makes at most one megabyte: the overshoot over the limit is bounded by that.
        for part in data.chunks(1024) {
            self.decoder.write_all(part).map_err(|e| Failure::Nonsense(e.to_string()))?;
            self.read += part.len();
            if self.decoder.get_ref().len() > self.limit || !self.is_honest() {
                return Err(Failure::TooLarge);
            }
        }
        Ok(())
    }

    /// Whether the ratio is one of ordinary text. Very small bodies may have a high one honestly.
    fn is_honest(&self) -> bool {
        self.decoder.get_ref().len() <= self.read.saturating_mul(limits::DECOMPRESSION_RATIO).max(64 * 1024)
    }

    /// What there is of it, up to the limit.
    fn beginning(mut self) -> Vec<u8> {
        let mut body = std::mem::take(self.decoder.get_mut());
        body.truncate(self.limit);
        body
    }

    fn finish(self) -> Result<Vec<u8>, Failure> {
        let body = self.decoder.finish().map_err(|e| Failure::Nonsense(e.to_string()))?;
        if body.len() > self.limit { Err(Failure::TooLarge) } else { Ok(body) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn sec_net_15_a_bomb_is_cut_and_ordinary_gzip_is_read() {
        let text: Vec<u8> = (0..50_000u32).flat_map(|n| n.to_string().into_bytes()).collect();
        let mut good = Inflater::new(limits::FETCH_BODY);
        good.push(&gzip(&text)).unwrap();
        assert_eq!(good.finish().unwrap(), text);

        let mut large = Inflater::new(limits::FETCH_BODY);
        assert!(matches!(large.push(&gzip(&vec![b' '; 20_000_000])), Err(Failure::TooLarge)));
        assert!(large.decoder.get_ref().len() < 4 * 1024 * 1024, "cut early");

        let mut ratio = Inflater::new(limits::FETCH_BODY);
        assert!(matches!(ratio.push(&gzip(&vec![b' '; 900_000])), Err(Failure::TooLarge)));
    }

    #[test]
    fn of_a_long_text_the_beginning_is_kept_and_of_a_bomb_nothing() {
        let text: Vec<u8> = (0..50_000u32).flat_map(|n| n.to_string().into_bytes()).collect();
        let mut long = Inflater::new(100_000);
        assert!(matches!(long.push(&gzip(&text)), Err(Failure::TooLarge)) && long.is_honest());
        assert_eq!(long.beginning(), text.get(..100_000).unwrap());
        let mut bomb = Inflater::new(limits::FETCH_BODY);
        assert!(bomb.push(&gzip(&vec![b' '; 20_000_000])).is_err() && !bomb.is_honest());
    }

    #[test]
    fn sec_net_15_unknown_and_double_encodings_are_refused() {
        for bad in ["br", "zstd", "deflate", "gzip, gzip", "gzip, br", "identity, gzip"] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_ENCODING, bad.parse().unwrap());
            assert!(encoding(&headers).is_err(), "{bad}");
        }
    }
}
