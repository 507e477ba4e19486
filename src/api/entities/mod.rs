//! The documents of the client API, field for field as clients decode them. They borrow from views: a page is
//! serialised straight from the rows it was read from. Field names, order of nulls and number types matter.

pub mod account;
pub mod admin;
pub mod announcement;
pub mod card;
pub mod collection;
pub mod filter;
pub mod instance;
pub mod media;
pub mod misc;
pub mod notification;
pub mod poll;
pub mod project;
pub mod render;
pub mod status;
pub mod translation;

pub use render::Render;

use crate::time::Timestamp;
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// A date without a time (`2026-07-02`).
#[derive(Clone, Copy, Debug)]
pub struct Date(pub Timestamp);

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0.date())
    }
}

/// A count as a string of digits, where clients expect one.
#[derive(Clone, Copy, Debug)]
pub struct Digits(pub i64);

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0)
    }
}

/// A custom emoji.
#[derive(Clone, Debug, Serialize)]
pub struct CustomEmoji<'a> {
    pub shortcode: Cow<'a, str>,
    pub url: Cow<'a, str>,
    pub static_url: Cow<'a, str>,
    pub visible_in_picker: bool,
    pub category: Option<&'a str>,
}
