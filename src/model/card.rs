//! Previews of pages that posts link to.

use super::{account::Account, schema, types::small_enum, whole_row};
use crate::{id::Id, time::Timestamp};
use diesel::prelude::*;

small_enum!(
    /// Where what is known of a page comes from.
    CardState { Told = 0 "told", Fetched = 1 "fetched", Failed = 2 "failed" }
);

small_enum!(
    /// What a page is.
    CardKind { Link = 0 "link", Photo = 1 "photo", Video = 2 "video" }
);

/// What is known of a page. All texts are plain.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::cards, treat_none_as_default_value = false)]
pub struct Card {
    pub id: Id<Card>,
    /// As posts link to it; normalised, without fragment.
    pub url: String,
    /// Domain of the server that says so, for its posts only; empty for what this node read.
    pub told_by: String,
    /// The address the page says it has, on the same host; else `url`.
    pub page: String,
    pub state: CardState,
    pub kind: CardKind,
    pub title: String,
    pub description: String,
    pub author_name: String,
    /// A web address or empty.
    pub author_url: String,
    pub provider_name: String,
    /// A web address or empty.
    pub provider_url: String,
    /// Whom the page names as its author; believed when that account names the site.
    pub creator_id: Option<Id<Account>>,
    pub image_remote_url: Option<String>,
    pub image_description: String,
    /// Our copy.
    pub image: Option<String>,
    /// Pixels of the picture.
    pub width: Option<i64>,
    /// Pixels of the picture.
    pub height: Option<i64>,
    pub blurhash: Option<String>,
    pub language: Option<String>,
    pub published_at: Option<Timestamp>,
    /// Last read with success.
    pub fetched_at: Option<Timestamp>,
    /// Last tried.
    pub tried_at: Option<Timestamp>,
    /// Since when our copy of the picture is there.
    pub cached_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

whole_row!(Card => cards);
