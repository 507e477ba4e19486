//! Previews of pages.

use super::misc::History;
use crate::{
    config::Site,
    domain::cards::is_attributed,
    id::Id,
    media::intake::seal,
    model::{self, CardKind},
    time::Timestamp,
};
use serde::Serialize;
use serde_json::value::RawValue;

/// What a page is about. Plain text; no markup of the page is ever given out (WEB-06).
#[derive(Clone, Debug, Serialize)]
pub struct PreviewCard<'a> {
    pub url: &'a str,
    pub title: &'a str,
    pub description: &'a str,
    pub language: Option<&'a str>,
    /// `link` or `photo`; what can be played is a link too, since no player of others is given out.
    pub r#type: &'static str,
    pub author_name: &'a str,
    pub author_url: &'a str,
    pub authors: Vec<PreviewCardAuthor<'a>>,
    pub provider_name: &'a str,
    pub provider_url: &'a str,
    /// Always empty.
    pub html: &'static str,
    pub width: i64,
    pub height: i64,
    /// Our copy; `null` without one, never empty.
    pub image: Option<String>,
    pub image_description: &'a str,
    /// Always empty.
    pub embed_url: &'static str,
    pub blurhash: Option<&'a str>,
    pub published_at: Option<Timestamp>,
    /// The page names the viewer as its author, and the viewer does not name the page's site. Unknown for strangers.
    pub missing_attribution: Option<bool>,
    /// In trends only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<Vec<History>>,
}

/// Who wrote a page.
#[derive(Clone, Debug, Serialize)]
pub struct PreviewCardAuthor<'a> {
    pub name: &'a str,
    pub url: &'a str,
    pub account: Option<&'a RawValue>,
}

impl<'a> PreviewCard<'a> {
    /// For a viewer; `creator` is the account that the page names, with its document.
    pub fn new(
        site: &Site,
        card: &'a model::Card,
        creator: Option<(&'a model::Account, &'a RawValue)>,
        viewer: Option<Id<model::Account>>,
    ) -> Self {
        let account = creator.filter(|(row, _)| is_attributed(card, row));
        let named = account.is_some() || !card.author_name.is_empty() || !card.author_url.is_empty();
        let author = named.then(|| PreviewCardAuthor {
            name: match account {
                Some((row, _)) if card.author_name.is_empty() => &row.display_name,
                _ => &card.author_name,
            },
            url: &card.author_url,
            account: account.map(|(_, document)| document),
        });
        Self {
            url: &card.url,
            title: &card.title,
            description: &card.description,
            language: card.language.as_deref(),
            r#type: if card.kind == CardKind::Photo { "photo" } else { "link" },
            author_name: &card.author_name,
            author_url: &card.author_url,
            authors: author.into_iter().collect(),
            provider_name: &card.provider_name,
            provider_url: &card.provider_url,
            html: "",
            width: card.width.unwrap_or(0),
            height: card.height.unwrap_or(0),
            image: match (&card.image, &card.image_remote_url) {
                (Some(key), _) => Some(site.media_url(key)),
                // Fetched when first looked at.
                (None, Some(url)) => Some(site.media_url(&format!("remote/card/{}-{}", card.id, seal(url)))),
                (None, None) => None,
            },
            image_description: &card.image_description,
            embed_url: "",
            blurhash: card.blurhash.as_deref(),
            published_at: card.published_at,
            missing_attribution: viewer.map(|me| card.creator_id == Some(me) && account.is_none()),
            history: None,
        }
    }
}
