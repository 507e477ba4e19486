//! Attachments.

use crate::{id::Id, model};
use serde::Serialize;
use std::borrow::Cow;

/// A picture, video or sound. `url` is `null` only while it is being processed.
#[derive(Clone, Debug, Serialize)]
pub struct MediaAttachment<'a> {
    pub id: Id<model::Media>,
    /// `image`, `gifv`, `video`, `audio` or `unknown`.
    pub r#type: &'static str,
    pub url: Option<Cow<'a, str>>,
    pub preview_url: Option<Cow<'a, str>>,
    pub remote_url: Option<&'a str>,
    pub preview_remote_url: Option<&'a str>,
    pub text_url: Option<&'a str>,
    pub meta: Option<Meta>,
    pub description: Option<&'a str>,
    pub blurhash: Option<&'a str>,
}

/// Sizes, the point of interest, and colours.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Meta {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focus: Option<Focus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub small: Option<Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colors: Option<Colors>,
}

/// The colours of the picture or preview, as `#rrggbb`.
#[derive(Clone, Debug, Serialize)]
pub struct Colors {
    pub background: String,
    pub foreground: String,
    pub accent: String,
}

impl Colors {
    /// From what is stored; nothing for what is not three colours.
    pub fn read(stored: &str) -> Option<Self> {
        let mut parts = stored.split(',').map(str::to_owned);
        Some(Self { background: parts.next()?, foreground: parts.next()?, accent: parts.next()? })
    }
}

/// The point of interest, each from -1 to 1, `y` upwards.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Focus {
    pub x: f64,
    pub y: f64,
}

/// The size of a picture or video in pixels; of a sound only the duration, in seconds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Size {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<i64>,
    /// `1024x768`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
}

impl Size {
    /// The size of a picture; nothing for a side of zero.
    pub fn of(width: i64, height: i64) -> Option<Self> {
        if width <= 0 || height <= 0 {
            return None;
        }
        Some(Self {
            width: Some(width),
            height: Some(height),
            size: Some(format!("{width}x{height}")),
            aspect: Some(width as f64 / height as f64),
            duration: None,
        })
    }
}
