//! Translations of posts.

use crate::{id::Id, model};
use serde::Serialize;

/// A post in another language.
#[derive(Clone, Debug, Serialize)]
pub struct Translation<'a> {
    pub content: String,
    pub spoiler_text: String,
    /// The language that was asked for.
    pub language: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<TranslatedPoll>,
    pub media_attachments: Vec<TranslatedMedia>,
    pub detected_source_language: String,
    pub provider: &'static str,
}

/// Its poll.
#[derive(Clone, Debug, Serialize)]
pub struct TranslatedPoll {
    pub id: Id<model::Poll>,
    pub options: Vec<TranslatedOption>,
}

/// One answer.
#[derive(Clone, Debug, Serialize)]
pub struct TranslatedOption {
    pub title: String,
}

/// The description of one of its files.
#[derive(Clone, Debug, Serialize)]
pub struct TranslatedMedia {
    pub id: Id<model::Media>,
    pub description: String,
}
