//! What all pages have.

use super::super::words::{Lang, Words, fill};
use crate::time::Timestamp;
use chrono::Datelike;

/// What surrounds every page.
pub struct Frame {
    /// Language of the page.
    pub lang: Lang,
    /// Name of the node.
    pub site: String,
    /// User name of whoever is signed in here, when the page may show it.
    pub signed_in: Option<String>,
    /// Address of the style sheet, with its fingerprint.
    pub sheet: String,
    /// The node has a privacy policy.
    pub privacy: bool,
    /// It has terms of service.
    pub terms: bool,
    /// Where one signs in, to come back to what everybody may look at.
    pub sign_in: String,
}

impl Frame {
    /// The sentences in the language of the page.
    pub fn w(&self) -> &'static Words {
        self.lang.words()
    }
    /// A sentence with a value put in.
    pub fn put(&self, sentence: &str, value: &str) -> String {
        fill(sentence, value)
    }
    /// A number with separators between thousands, as the language writes it.
    pub fn count(&self, number: &i64) -> String {
        let separator = match self.lang {
            Lang::English => ',',
            Lang::German => '.',
        };
        let digits = number.unsigned_abs().to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
        if *number < 0 {
            out.push('-');
        }
        for (n, digit) in digits.chars().enumerate() {
            if n > 0 && (digits.len() - n).is_multiple_of(3) {
                out.push(separator);
            }
            out.push(digit);
        }
        out
    }
    /// What so many are called: one or more.
    pub fn noun<'a>(&self, number: &i64, one: &'a str, more: &'a str) -> &'a str {
        // Both languages say it of one alone.
        match (self.lang, number) {
            (Lang::English | Lang::German, 1) => one,
            _ => more,
        }
    }
    /// `2 July 2026`.
    pub fn day(&self, at: Timestamp) -> String {
        let date = at.to_datetime();
        let month = self.w().months.get(date.month0() as usize).copied().unwrap_or_default();
        match self.lang {
            Lang::English => format!("{} {month} {}", date.day(), date.year()),
            Lang::German => format!("{}. {month} {}", date.day(), date.year()),
        }
    }
    /// `2 July 2026, 07:47 UTC`.
    pub fn moment(&self, at: Timestamp) -> String {
        format!("{}, {} UTC", self.day(at), at.to_datetime().format("%H:%M"))
    }
}
